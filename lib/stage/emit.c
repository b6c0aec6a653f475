/*
 * emit: slices -> files. First what was reserved by an earlier, killed run is written; then new files are reserved, all
 * of a batch in one transaction, and written one by one: staging and archive first, the row last.
 */
#include "stage/lost.h"
#include "stage/report.h"
#include "stage/sink.h"
#include "stage/step.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first answer again: its bytes come from the archive. */
static enum nks_status repeat_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    char path[NKS_PATH_MAX];
    int fd = -1;
    struct nks_stream_reader *reader = NULL;
    NKS_TRY(nks_run_archive_path(run, file->repeats, path));
    NKS_TRY(nks_sys_open_read(path, &fd, &run->fault));
    enum nks_status status = nks_stream_read_open(run->keys, NKS_KEY_ARCHIVE, file->repeats, fd, &reader, &run->fault);
    const void *data = NULL;
    for (size_t len = 1; status == NKS_OK && len > 0;) {
        status = nks_stream_read(reader, &data, &len, &run->fault);
        if (status == NKS_OK && len > 0)
            status = nks_out_sink_write(sink, data, len, &run->fault);
    }
    nks_stream_read_free(reader);
    close(fd);
    return status;
}

static enum nks_status batch_missing(struct nks_run *run, int64_t batch_id)
{
    return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld is missing", (long long)batch_id);
}

static enum nks_status batch_file_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    struct nks_batch batch;
    bool found = false;
    NKS_TRY(nks_batch_load(run->payments, file->batch_id, &batch, &found, &run->fault));
    enum nks_status status = NKS_OK;
    if (!found)
        status = batch_missing(run, file->batch_id);
    else if (file->kind == NKS_FILE_ORDER)
        status = nks_order_file_write(run, file, &batch, sink);
    else if (file->kind == NKS_FILE_RECALL)
        status = nks_recall_write(run, file, &batch, sink);
    else
        status = nks_status_report_write(run, file, &batch, sink);
    nks_batch_close(&batch);
    return status;
}

static enum nks_status content_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    if (file->repeats != 0)
        return repeat_write(run, file, sink);
    if (file->kind == NKS_FILE_RECEIPT)
        return nks_receipt_write(run, file, sink);
    if (file->kind == NKS_FILE_MANIFEST)
        return nks_manifest_write(run, file, sink);
    return batch_file_write(run, file, sink);
}

struct writing {
    struct nks_run *run;
    struct nks_out_file *file;
};

static enum nks_status written_body(void *context, struct nks_fault *fault)
{
    const struct writing *writing = context;
    NKS_TRY(nks_out_file_written(writing->run->exchange, writing->file, fault));
    return nks_run_trail(writing->run, NKS_TRAIL_EMIT, writing->file->batch_id, 0, writing->file->id);
}

static enum nks_status row_written(struct nks_run *run, struct nks_out_file *file, const struct nks_out_sink *sink)
{
    struct nks_buf sum;
    nks_buf_init(&sum, file->sum, sizeof file->sum - 1);
    nks_sum_format(&sum, sink->sum);
    file->sum[sum.len] = '\0';
    file->entries = sink->entries;
    file->bytes = sink->bytes;
    struct writing writing = {run, file};
    return nks_run_transact(run, written_body, &writing);
}

static enum nks_status file_write(struct nks_run *run, int64_t file_id)
{
    struct nks_out_file file;
    bool found = false;
    NKS_TRY(nks_out_file_load(run->exchange, file_id, &file, &found, &run->fault));
    struct nks_out_sink sink;
    enum nks_status status = nks_out_sink_open(run, file_id, &sink);
    if (status == NKS_OK)
        status = content_write(run, &file, &sink);
    nks_sys_point("publish.staged");
    if (status == NKS_OK)
        status = nks_out_sink_finish(&sink, file.hash);
    nks_out_sink_close(&sink);
    if (status != NKS_OK)
        return status;
    nks_sys_point("publish.synced");
    NKS_TRY(row_written(run, &file, &sink));
    nks_sys_point("publish.written");
    return NKS_OK;
}

enum nks_status nks_reserved_write(struct nks_run *run)
{
    for (int64_t id = 0;;) {
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_RESERVED, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(file_write(run, id));
    }
}

struct reserving {
    struct nks_run *run;
    struct nks_batch batch;
};

/* Order files of the batch, its slices EMITTED, the status report reserved where one is due. */
static enum nks_status reserve_body(void *context, struct nks_fault *fault)
{
    struct reserving *reserving = context;
    struct nks_run *run = reserving->run;
    struct nks_report_news news;
    bool any = false;
    (void)fault; /* the run's own */
    NKS_TRY(nks_report_news_routed(run, &reserving->batch, &news));
    NKS_TRY(nks_order_files_reserve(run, &reserving->batch, &any));
    if (any)
        NKS_TRY(nks_routed_report_reserve(run, &reserving->batch, &news));
    return nks_run_trail(run, NKS_TRAIL_EMIT, reserving->batch.id, 0, 0);
}

static enum nks_status batch_reserve(struct nks_run *run, int64_t batch_id)
{
    struct reserving reserving = {.run = run};
    bool found = false;
    NKS_TRY(nks_batch_load(run->payments, batch_id, &reserving.batch, &found, &run->fault));
    enum nks_status status = found ? nks_run_transact(run, reserve_body, &reserving) : batch_missing(run, batch_id);
    nks_batch_close(&reserving.batch);
    nks_sys_point("publish.reserved");
    return status;
}

static enum nks_status routed_reserve(struct nks_run *run, int64_t batch_id)
{
    for (int64_t id = 0;;) {
        NKS_TRY(nks_slice_next(run->payments, NKS_SLICE_ROUTED, id, INT32_MAX, batch_id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(batch_reserve(run, nks_slice_batch(id)));
    }
}

static enum nks_status receipts_body(void *context, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    return nks_receipts_reserve(context);
}

static enum nks_status receipts(struct nks_run *run)
{
    return nks_run_transact(run, receipts_body, run);
}

enum nks_status nks_stage_emit(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_lost_stage(run)); /* a file that was published before gets its creation time back */
    NKS_TRY(nks_reserved_write(run));
    NKS_TRY(receipts(run));
    NKS_TRY(nks_reserved_write(run));
    NKS_TRY(routed_reserve(run, batch_id));
    return nks_reserved_write(run);
}
