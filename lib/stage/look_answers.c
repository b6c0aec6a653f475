/*
 * Which order files wait for their answer, and since when one should have come. The deadline follows from the central's
 * row and is nowhere stored: a row that is corrected tells better from then on.
 */
#include "stage/look.h"
#include "stage/step.h"

/* A central that answers with bookings alone cannot answer before the execution date. */
static enum nks_status base_date(struct nks_run *run, const struct nks_unanswered *row,
                                 const struct nks_order_detail *detail, nks_date *base)
{
    *base = row->file.business_date;
    if (row->central->answers != NKS_ANSWERS_CAMT054)
        return NKS_OK;
    for (int64_t id = detail->first - 1; id < detail->last;) {
        struct nks_slice_row slice = {.id = 0};
        NKS_TRY(nks_slice_row_next(run->payments, row->file.batch_id, id, &slice, &run->fault));
        id = slice.id;
        if (id == 0 || id > detail->last)
            return NKS_OK;
        *base = slice.execution_date > *base ? slice.execution_date : *base;
    }
    return NKS_OK;
}

static enum nks_status row_fill(struct nks_run *run, struct nks_unanswered *row)
{
    struct nks_order_detail detail;
    nks_date base = 0;
    if (!nks_order_detail_parse(nks_text_from(row->file.detail), &detail))
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "the row of out file %lld is damaged",
                             (long long)row->file.id);
    row->central = nks_central_by_name(&run->centrals, nks_text_from(row->file.party));
    row->answer_by = row->file.created;
    if (row->central != NULL) {
        NKS_TRY(base_date(run, row, &detail, &base));
        row->answer_by = nks_central_answer_by(row->central, row->file.created, base);
    }
    row->overdue = run->now >= row->answer_by;
    return nks_legs_count_file(run->payments, detail.first, detail.last, row->file.id, NKS_LEG_IN_FILE, &row->open,
                               &run->fault);
}

enum nks_status nks_look_unanswered(struct nks_run *run, nks_unanswered_fn fn, void *context)
{
    for (int64_t id = 0;;) {
        struct nks_unanswered row = {.open = 0};
        bool found = false;
        NKS_TRY(nks_out_file_next_unanswered(run->exchange, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_out_file_load(run->exchange, id, &row.file, &found, &run->fault));
        NKS_TRY(row_fill(run, &row));
        if (row.open > 0)
            NKS_TRY(fn(context, &row));
    }
}
