/* The page of one batch, or of a delivery of which no batch was made. */
#include "report/report_private.h"

#include "iso20022/version.h"

#include <stdlib.h>

static void put_facts(struct nks_summary *summary, const struct nks_batch *batch, enum nks_report_language language)
{
    nks_summary_open(summary, "batch");
    nks_summary_number(summary, "number", batch->id);
    nks_summary_text(summary, "ref", batch->ref);
    nks_summary_text(summary, "payer", batch->payer);
    nks_summary_text(summary, "sender", batch->sender);
    nks_summary_text(summary, "message", nks_pain001_name(batch->version));
    nks_summary_text(summary, "state", nks_state_name(NKS_STATE_BATCH, (int)batch->state));
    nks_summary_reason(summary, batch->reason, language);
    nks_summary_number(summary, "groups", batch->groups);
    nks_summary_number(summary, "payments", batch->payments);
    nks_summary_number(summary, "rejected", batch->rejected);
    nks_summary_sum(summary, "sum", batch->sum);
    nks_summary_close(summary, "batch");
}

static enum nks_status put_findings(struct nks_run *run, int64_t delivery_id, struct nks_summary *summary)
{
    struct nks_finding *rows = calloc(NKS_FINDINGS_MAX, sizeof *rows);
    size_t count = 0;
    if (rows == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for findings");
    enum nks_status status = nks_delivery_findings(run->exchange, delivery_id, rows, &count, &run->fault);
    nks_summary_open(summary, "findings");
    for (size_t i = 0; status == NKS_OK && i < count; i++) {
        nks_summary_open(summary, "finding");
        nks_summary_count(summary, "line", rows[i].line);
        nks_summary_count(summary, "group", rows[i].group);
        nks_summary_count(summary, "payment", (int64_t)rows[i].seq);
        nks_summary_text(summary, "text", rows[i].text);
        nks_summary_close(summary, "finding");
    }
    nks_summary_close(summary, "findings");
    free(rows);
    return status;
}

/* The next file of a batch; *id 0: none. */
static enum nks_status next_file(struct nks_run *run, const struct nks_batch *batch, enum nks_file_kind kind,
                                 int64_t *id, struct nks_out_file *file)
{
    bool found = false;
    NKS_TRY(nks_out_file_next_of(run->exchange, batch->id, kind, *id, id, &run->fault));
    if (*id == 0)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, *id, file, &found, &run->fault));
    return found ? NKS_OK : nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "an out file is missing");
}

/* The order files that the page shows: only of them the legs are counted one by one. */
static enum nks_status choose_files(struct nks_run *run, const struct nks_batch *batch, struct nks_tally *tally)
{
    for (int64_t id = 0; tally->file_count < NKS_REPORT_FILES_MAX;) {
        NKS_TRY(nks_out_file_next_of(run->exchange, batch->id, NKS_FILE_ORDER, id, &id, &run->fault));
        if (id == 0)
            break;
        tally->files[tally->file_count++].id = id;
    }
    return NKS_OK;
}

static enum nks_status put_files(struct nks_run *run, const struct nks_batch *batch, enum nks_file_kind kind,
                                 const char *name, const struct nks_tally *tally, struct nks_summary *summary)
{
    struct nks_part_files files = {.files = 0};
    nks_summary_open(summary, name);
    for (int64_t id = 0;;) {
        struct nks_out_file file;
        bool shown = false;
        NKS_TRY(next_file(run, batch, kind, &id, &file));
        if (id == 0)
            break;
        NKS_TRY(nks_part_files_add(&files, &file, &shown, &run->fault));
        if (shown)
            nks_part_file(summary, &file, nks_tally_file_find(tally, id));
    }
    nks_part_files_put(summary, &files);
    nks_summary_close(summary, name);
    return NKS_OK;
}

static enum nks_status put_receipt(struct nks_run *run, int64_t delivery_id, struct nks_summary *summary)
{
    struct nks_out_file file;
    int64_t id = 0;
    bool found = false;
    NKS_TRY(nks_out_file_of_delivery(run->exchange, delivery_id, NKS_FILE_RECEIPT, &id, &run->fault));
    if (id == 0)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
    nks_summary_open(summary, "receipts");
    if (found)
        nks_part_file(summary, &file, NULL);
    nks_summary_close(summary, "receipts");
    return NKS_OK;
}

static enum nks_status put_statuses(struct nks_run *run, const struct nks_batch *batch, struct nks_summary *summary)
{
    struct nks_status_total rows[NKS_STATUS_TOTALS_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_status_totals(run, batch->id, rows, &count));
    nks_summary_open(summary, "statuses");
    for (size_t i = 0; i < count; i++) {
        nks_summary_open(summary, "status");
        nks_summary_text(summary, "code", rows[i].status);
        nks_summary_number(summary, "payments", rows[i].payments);
        nks_summary_sum(summary, "sum", rows[i].sum);
        nks_summary_close(summary, "status");
    }
    nks_summary_close(summary, "statuses");
    return NKS_OK;
}

static enum nks_status put_dates(struct nks_run *run, const struct nks_batch *batch, struct nks_summary *summary)
{
    int64_t slices = 0;
    nks_summary_open(summary, "dates");
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            break;
        if (++slices > NKS_REPORT_DATES_MAX)
            continue;
        nks_summary_open(summary, "slice");
        nks_summary_number(summary, "number", slices);
        nks_summary_date(summary, "execution", row.execution_date);
        nks_summary_date(summary, "due", row.due_date);
        nks_summary_text(summary, "state", nks_state_name(NKS_STATE_SLICE, (int)row.state));
        nks_summary_number(summary, "payments", row.payments);
        nks_summary_number(summary, "rejected", row.rejected);
        nks_summary_close(summary, "slice");
    }
    if (slices > NKS_REPORT_DATES_MAX)
        nks_summary_number(summary, "more", slices - NKS_REPORT_DATES_MAX);
    nks_summary_close(summary, "dates");
    return NKS_OK;
}

static enum nks_status put_accepted(struct nks_run *run, const struct nks_batch *batch,
                                    enum nks_report_language language, struct nks_tally *tally,
                                    struct nks_summary *summary)
{
    NKS_TRY(choose_files(run, batch, tally));
    NKS_TRY(nks_tally_batch(tally, run, batch));
    nks_tally_put(tally, summary, language, false);
    NKS_TRY(put_files(run, batch, NKS_FILE_ORDER, "orders", tally, summary));
    NKS_TRY(put_files(run, batch, NKS_FILE_STATUS, "reports", tally, summary));
    NKS_TRY(put_statuses(run, batch, summary));
    return put_dates(run, batch, summary);
}

enum nks_status nks_summary_of_delivery(struct nks_run *run, const struct nks_delivery *delivery,
                                        enum nks_report_language language, struct nks_summary *summary)
{
    nks_summary_open(summary, "received");
    nks_part_delivery(summary, delivery, language);
    nks_summary_close(summary, "received");
    NKS_TRY(put_findings(run, delivery->id, summary));
    return put_receipt(run, delivery->id, summary);
}

enum nks_status nks_summary_of_batch(struct nks_run *run, const struct nks_batch *batch,
                                     enum nks_report_language language, struct nks_summary *summary)
{
    struct nks_delivery delivery;
    struct nks_tally *tally = NULL;
    bool found = false;
    put_facts(summary, batch, language);
    NKS_TRY(nks_delivery_load(run->exchange, batch->delivery_id, &delivery, &found, &run->fault));
    if (found)
        NKS_TRY(nks_summary_of_delivery(run, &delivery, language, summary));
    if (batch->state != NKS_BATCH_ACCEPTED)
        return NKS_OK;
    enum nks_status status = nks_tally_new(&tally, &run->fault);
    if (status == NKS_OK)
        status = put_accepted(run, batch, language, tally, summary);
    free(tally);
    return status;
}
