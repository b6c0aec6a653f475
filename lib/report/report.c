/* From a batch or a night to the page, and the page into a file. */
#include "report/report_private.h"

#include <stdlib.h>
#include <string.h>

void nks_page_free(struct nks_page *page)
{
    free(page->bytes);
    *page = (struct nks_page){.bytes = NULL};
}

/* `status` is that of the summary's content. */
static enum nks_status finish(struct nks_run *run, struct nks_summary *summary, enum nks_status status,
                              struct nks_page *page)
{
    if (status == NKS_OK)
        status = nks_summary_end(summary);
    if (status == NKS_OK)
        status = nks_report_transform(summary, page, &run->fault);
    nks_summary_free(summary);
    return status;
}

static enum nks_status report_loaded(struct nks_run *run, const struct nks_batch *batch,
                                     enum nks_report_language language, struct nks_page *page)
{
    struct nks_summary *summary = NULL;
    NKS_TRY(nks_summary_begin(run, "batch", language, &summary));
    return finish(run, summary, nks_summary_of_batch(run, batch, language, summary), page);
}

enum nks_status nks_report_batch(struct nks_run *run, int64_t batch_id, enum nks_report_language language,
                                 struct nks_page *page)
{
    struct nks_batch batch;
    bool found = false;
    *page = (struct nks_page){.bytes = NULL};
    enum nks_status status = nks_batch_load(run->payments, batch_id, &batch, &found, &run->fault);
    if (status == NKS_OK)
        status = found ? report_loaded(run, &batch, language, page)
                       : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                                       "there is no such batch; `nks list` shows their numbers and refs");
    nks_batch_close(&batch);
    return status;
}

enum nks_status nks_report_delivery(struct nks_run *run, int64_t delivery_id, enum nks_report_language language,
                                    struct nks_page *page)
{
    struct nks_delivery delivery;
    struct nks_summary *summary = NULL;
    bool found = false;
    int64_t batch_id = 0;
    *page = (struct nks_page){.bytes = NULL};
    NKS_TRY(nks_delivery_load(run->exchange, delivery_id, &delivery, &found, &run->fault));
    if (!found)
        return nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such delivery; `nks list` shows them");
    NKS_TRY(nks_batch_find_delivery(run->payments, delivery_id, &batch_id, &run->fault));
    if (batch_id != 0)
        return nks_report_batch(run, batch_id, language, page);
    NKS_TRY(nks_summary_begin(run, "delivery", language, &summary));
    return finish(run, summary, nks_summary_of_delivery(run, &delivery, language, summary), page);
}

enum nks_status nks_report_night(struct nks_run *run, nks_date date, enum nks_report_language language,
                                 struct nks_page *page)
{
    struct nks_summary *summary = NULL;
    *page = (struct nks_page){.bytes = NULL};
    NKS_TRY(nks_summary_begin(run, "night", language, &summary));
    return finish(run, summary, nks_summary_of_night(run, date, language, summary), page);
}

/* ---- into a file */

static enum nks_status write_all(const struct nks_page *page, int fd, struct nks_fault *fault)
{
    enum nks_status status = nks_sys_write(fd, page->bytes, page->len, fault);
    if (status == NKS_OK)
        status = nks_sys_fsync(fd, fault);
    enum nks_status closed = nks_sys_close(fd, fault);
    return status != NKS_OK ? status : closed;
}

enum nks_status nks_page_write(const struct nks_page *page, const char *path, struct nks_fault *fault)
{
    char part[NKS_PATH_MAX];
    int fd = -1;
    struct nks_buf buf;
    nks_buf_init(&buf, part, sizeof part - 1);
    nks_buf_str(&buf, path);
    nks_buf_str(&buf, ".part");
    part[buf.len] = '\0';
    if (buf.overflow)
        return nks_fault_set(fault, NKS_REFUSED, "PATH-LONG", "the path of the page is too long");
    if (nks_sys_exists(path) || nks_sys_exists(part))
        return nks_fault_set(fault, NKS_REFUSED, "REPORT-EXISTS",
                             "there is a file of that name, or of that name with .part, already; name another, or "
                             "remove it first");
    NKS_TRY(nks_sys_create(part, &fd, fault));
    enum nks_status status = write_all(page, fd, fault);
    if (status == NKS_OK)
        status = nks_sys_rename(part, path, fault);
    if (status == NKS_OK)
        return NKS_OK;
    enum nks_status ignored = nks_sys_unlink(part, NULL);
    (void)ignored;
    return status;
}
