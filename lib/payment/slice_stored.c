/*
 * What a killed reading of a message left: its slices count as read when the next reading comes to the same ones.
 *
 * Everything that a slice of ingest has is compared, so that nothing needs to be known about what may have changed in
 * between: day, agreement, register of senders. What differs is made anew.
 */
#include "payment/reference_run.h"
#include "payment/store.h"

#include <string.h>

static bool payment_same(const struct nks_payment *a, const struct nks_payment *b)
{
    return a->n == b->n && a->group == b->group && a->seq == b->seq && a->amount_minor == b->amount_minor &&
           a->currency == b->currency && a->state == b->state && a->holder_kind == b->holder_kind &&
           a->flags == b->flags && a->reason == b->reason && a->holder.key == b->holder.key &&
           a->holder.check == b->holder.check;
}

static bool slice_same(const struct nks_slice *a, const struct nks_slice *b)
{
    bool same = a->execution_date == b->execution_date && a->due_date == b->due_date && a->count == b->count &&
                a->details_len == b->details_len && memcmp(a->details, b->details, a->details_len) == 0;
    for (size_t i = 0; same && i < a->count; i++)
        same = payment_same(&a->payments[i], &b->payments[i]);
    return same;
}

enum nks_status nks_slice_is_stored(struct nks_payments *payments, const struct nks_batch *batch,
                                    const struct nks_slice *slice, nks_date received_on, size_t references,
                                    struct nks_slice *stored, bool *is, struct nks_fault *fault)
{
    const struct nks_slice_want details = {.details = true};
    const struct nks_reference_owner owner = {nks_text_from(batch->payer), nks_text_from(batch->sender)};
    struct nks_slice_row row = {.id = 0};
    int64_t id = nks_slice_id(batch->id, slice->number);
    *is = false;
    NKS_TRY(nks_slice_row_next(payments, batch->id, id - 1, &row, fault));
    if (row.id != id || row.state != NKS_SLICE_READ)
        return NKS_OK;
    NKS_TRY(nks_slice_load(payments, batch, id, details, stored, fault));
    NKS_TRY(nks_slice_rows_verify(payments, stored, fault));
    if (!slice_same(slice, stored))
        return NKS_OK;
    if (references == 0) { /* leaves no run */
        *is = true;
        return NKS_OK;
    }
    return nks_reference_run_is(payments, id, &owner, nks_reference_month(received_on), (int64_t)references, is, fault);
}
