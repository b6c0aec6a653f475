/* Payment references that the payer used before (DU04): keys of 64 bits give candidates, the texts decide. */
#include "stage/ingest.h"

#include <stdlib.h>
#include <string.h>

enum { N_BITS = 14, N_MASK = (1 << N_BITS) - 1 };

static struct nks_text reference_of(const struct nks_slice *slice, uint32_t n)
{
    if (n == 0 || n > slice->count)
        return (struct nks_text){NULL, 0};
    return nks_text_trim(nks_record_slot(nks_payment_record(slice, &slice->payments[n - 1]), NKS_SLOT_END_TO_END_ID));
}

static void reject(struct nks_ingest *ingest, struct nks_slice *slice, struct nks_payment *payment)
{
    payment->state = NKS_PAYMENT_REJECTED;
    payment->flags |= NKS_FLAG_AT_RECEIPT;
    payment->reason = NKS_REASON_DUPLICATE_PAYMENT;
    slice->rejected++;
    ingest->batch.rejected++;
}

/* ---- inside one slice, while it is in memory */

/* Of references with the same key, from `first` on: is one the same text as that of payment n? */
static bool seen_in_slice(const struct nks_open_slice *open, size_t first, size_t count, uint32_t n)
{
    struct nks_text text = reference_of(open->slice, n);
    for (size_t i = first; i < count; i++) {
        if (nks_text_equal(reference_of(open->slice, (uint32_t)open->references[i].payment_id), text))
            return true;
    }
    return false;
}

void nks_ingest_slice_duplicates(struct nks_ingest *ingest, struct nks_open_slice *open)
{
    struct nks_reference *references = open->references;
    if (open->reference_count == 0)
        return;
    qsort(references, open->reference_count, sizeof *references, nks_reference_order);
    size_t kept = 0, first = 0;
    for (size_t i = 0; i < open->reference_count; i++) {
        uint32_t n = (uint32_t)references[i].payment_id;
        if (kept == 0 || references[kept - 1].key != references[i].key)
            first = kept;
        if (seen_in_slice(open, first, kept, n))
            reject(ingest, open->slice, &open->slice->payments[n - 1]);
        else
            references[kept++] = references[i];
    }
    open->reference_count = kept;
}

/* ---- against all other slices */

struct check {
    struct nks_ingest *ingest;
    struct nks_slice *slice; /* loaded with details; id 0: none */
    struct nks_batch other_batch;
    bool changed; /* the slice has payments rejected here */
};

static enum nks_status changes_save(struct check *check)
{
    struct nks_run *run = check->ingest->run;
    struct nks_slice *slice = check->slice;
    if (!check->changed)
        return NKS_OK;
    check->changed = false;
    for (size_t i = 0; i < slice->count; i++) {
        if (slice->payments[i].changed)
            NKS_TRY(nks_payment_save(run->payments, slice->id, &slice->payments[i], &run->fault));
    }
    NKS_TRY(nks_slice_rejected(run->payments, slice, &run->fault));
    NKS_TRY(nks_slice_rows_sign(run->payments, slice, &run->fault));
    return nks_status_totals_renew(run->payments, slice, &run->fault);
}

static enum nks_status slice_load(struct check *check, int64_t slice_id)
{
    struct nks_run *run = check->ingest->run;
    const struct nks_batch *batch = &check->ingest->batch;
    int64_t batch_id = slice_id >> N_BITS;
    if (check->slice->id == slice_id)
        return NKS_OK;
    NKS_TRY(changes_save(check));
    if (batch_id != batch->id) {
        batch = &check->other_batch;
        bool found = true;
        if (batch->id != batch_id) {
            nks_batch_close(&check->other_batch);
            NKS_TRY(nks_batch_load(run->payments, batch_id, &check->other_batch, &found, &run->fault));
        }
        if (!found)
            return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld is missing", (long long)batch_id);
    }
    const struct nks_slice_want details = {.details = true};
    return nks_slice_load(run->payments, batch, slice_id, details, check->slice, &run->fault);
}

/* The text of a payment as 128 keyed bits: so many texts fit into memory that each slice is loaded once. */
static enum nks_status text_mark(struct check *check, int64_t payment_id, struct nks_blind *mark)
{
    NKS_TRY(slice_load(check, payment_id >> N_BITS));
    struct nks_text text = reference_of(check->slice, (uint32_t)(payment_id & N_MASK));
    return nks_ingest_reference(check->ingest, text, mark);
}

static int other_order(const void *a, const void *b)
{
    const struct nks_reference_hit *left = a, *right = b;
    return (left->other_id > right->other_id) - (left->other_id < right->other_id);
}

static int own_order(const void *a, const void *b)
{
    const struct nks_reference_hit *left = a, *right = b;
    return (left->payment_id > right->payment_id) - (left->payment_id < right->payment_id);
}

static enum nks_status hit_judge(struct check *check, struct nks_reference_hit *hit)
{
    struct nks_blind mark = {0, 0};
    NKS_TRY(text_mark(check, hit->payment_id, &mark));
    uint32_t n = (uint32_t)(hit->payment_id & N_MASK);
    hit->same = mark.key == hit->mark.key && mark.check == hit->mark.check;
    if (!hit->same || n == 0 || n > check->slice->count)
        return NKS_OK;
    struct nks_payment *payment = &check->slice->payments[n - 1];
    if (payment->state != NKS_PAYMENT_ACCEPTED)
        return NKS_OK;
    reject(check->ingest, check->slice, payment);
    payment->changed = true;
    check->changed = true;
    return NKS_OK;
}

/* First the earlier texts slice by slice, then the batch's own: candidates may lie anywhere in 13 months. */
static enum nks_status on_hits(void *context, struct nks_reference_hit *hits, size_t count, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    struct check *check = context;
    qsort(hits, count, sizeof *hits, other_order);
    for (size_t i = 0; i < count; i++)
        NKS_TRY(text_mark(check, hits[i].other_id, &hits[i].mark));
    qsort(hits, count, sizeof *hits, own_order);
    for (size_t i = 0; i < count; i++)
        NKS_TRY(hit_judge(check, &hits[i]));
    return NKS_OK;
}

enum nks_status nks_ingest_duplicates(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    struct check check = {.ingest = ingest, .slice = run->slice};
    nks_slice_reset(check.slice);
    enum nks_status status =
        nks_reference_check(run->payments, &ingest->batch, run->today, on_hits, &check, &run->fault);
    if (status == NKS_OK)
        status = changes_save(&check);
    if (status == NKS_OK)
        status = nks_reference_tidy(run->payments, &ingest->batch, run->today, &run->fault);
    nks_batch_close(&check.other_batch);
    return status;
}
