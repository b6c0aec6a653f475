/* Payment references that the payer used before (DU04): the runs give candidates by 50 bits, the texts decide. */
#include "stage/ingest.h"

#include <string.h>

enum { DAYS_OF_REFERENCES = NKS_MONTHS_OF_REFERENCES * 31 };

struct check {
    struct nks_ingest *ingest;
    struct nks_slice *own, *other; /* loaded with details; id 0: none */
    struct nks_batch other_batch;
    bool changed; /* own has payments rejected here */
};

static enum nks_status own_finish(struct check *check)
{
    struct nks_run *run = check->ingest->run;
    if (!check->changed)
        return NKS_OK;
    check->changed = false;
    for (size_t i = 0; i < check->own->count; i++) {
        if (check->own->payments[i].changed)
            NKS_TRY(nks_payment_save(run->payments, check->own->id, &check->own->payments[i], &run->fault));
    }
    NKS_TRY(nks_slice_rejected(run->payments, check->own, &run->fault));
    NKS_TRY(nks_slice_rows_sign(run->payments, check->own, &run->fault));
    return nks_status_totals_renew(run->payments, check->own, &run->fault);
}

static enum nks_status own_load(struct check *check, int64_t slice_id)
{
    struct nks_run *run = check->ingest->run;
    if (check->own->id == slice_id)
        return NKS_OK;
    NKS_TRY(own_finish(check));
    const struct nks_slice_want details = {.details = true};
    return nks_slice_load(run->payments, &check->ingest->batch, slice_id, details, check->own, &run->fault);
}

static enum nks_status other_load(struct check *check, int64_t slice_id)
{
    struct nks_run *run = check->ingest->run;
    if (check->other->id == slice_id)
        return NKS_OK;
    int64_t batch_id = slice_id >> 14;
    const struct nks_slice_want details = {.details = true};
    if (batch_id == check->ingest->batch.id)
        return nks_slice_load(run->payments, &check->ingest->batch, slice_id, details, check->other, &run->fault);
    if (check->other_batch.id != batch_id) {
        bool found = false;
        nks_batch_close(&check->other_batch);
        NKS_TRY(nks_batch_load(run->payments, batch_id, &check->other_batch, &found, &run->fault));
        if (!found)
            return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld is missing", (long long)batch_id);
    }
    return nks_slice_load(run->payments, &check->other_batch, slice_id, details, check->other, &run->fault);
}

static struct nks_text reference_of(const struct nks_slice *slice, uint32_t n)
{
    if (n == 0 || n > slice->count)
        return (struct nks_text){NULL, 0};
    return nks_text_trim(nks_record_slot(nks_payment_record(slice, &slice->payments[n - 1]), NKS_SLOT_END_TO_END_ID));
}

static enum nks_status on_hit(void *context, const struct nks_reference_hit *hit, struct nks_fault *fault)
{
    (void)fault;
    struct check *check = context;
    NKS_TRY(own_load(check, hit->slice_id));
    const struct nks_slice *other = check->own;
    if (hit->other_slice_id != hit->slice_id) {
        NKS_TRY(other_load(check, hit->other_slice_id));
        other = check->other;
    }
    if (hit->n == 0 || hit->n > check->own->count ||
        !nks_text_equal(reference_of(check->own, hit->n), reference_of(other, hit->other_n)))
        return NKS_OK; /* the same 50 bits by chance */
    struct nks_payment *payment = &check->own->payments[hit->n - 1];
    if (payment->state != NKS_PAYMENT_ACCEPTED)
        return NKS_OK;
    payment->state = NKS_PAYMENT_REJECTED;
    payment->flags |= NKS_FLAG_AT_RECEIPT;
    payment->reason = NKS_REASON_DUPLICATE_PAYMENT;
    payment->changed = true;
    check->changed = true;
    check->own->rejected++;
    check->ingest->batch.rejected++;
    return NKS_OK;
}

enum nks_status nks_ingest_duplicates(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    struct check check = {.ingest = ingest, .own = run->slice, .other = nks_slice_new()};
    if (check.other == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
    nks_slice_reset(check.own);
    enum nks_status status = nks_reference_check(run->payments, ingest->batch.id, ingest->batch.payer,
                                                 run->today - DAYS_OF_REFERENCES, on_hit, &check, &run->fault);
    if (status == NKS_OK)
        status = own_finish(&check);
    nks_slice_free(check.other);
    nks_batch_close(&check.other_batch);
    return status;
}
