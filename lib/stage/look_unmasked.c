/* A look at what identifies a payee: recorded first, then given. */
#include "stage/look_unmasked.h"

#include <string.h>

static enum nks_status not_found(struct nks_run *run, int64_t batch_id, uint64_t seq)
{
    enum nks_status status =
        nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such payment that is kept");
    run->fault.batch = batch_id;
    run->fault.seq = (int64_t)seq;
    return status;
}

static enum nks_status payment_find(struct nks_run *run, const struct nks_batch *batch, uint64_t seq,
                                    const struct nks_payment **payment)
{
    const struct nks_slice_want want = {.details = true, .decisions = true};
    int64_t slice_id = 0;
    uint32_t n = 0;
    if (batch->state == NKS_BATCH_ACCEPTED)
        NKS_TRY(nks_payment_find_seq(run->payments, batch->id, seq, &slice_id, &n, &run->fault));
    if (slice_id == 0)
        return not_found(run, batch->id, seq);
    NKS_TRY(nks_slice_load(run->payments, batch, slice_id, want, run->slice, &run->fault));
    if (n == 0 || n > run->slice->count)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS", "a payment is not in its slice");
    *payment = &run->slice->payments[n - 1];
    return NKS_OK;
}

static enum nks_status record_look(struct nks_run *run, int64_t batch_id, const struct nks_payment *payment,
                                   const char *who, const char *reason)
{
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_LOOK,
        .batch_id = batch_id,
        .slice_id = run->slice->id,
        .number = (int64_t)payment->seq,
        .who = who,
        .reason = reason,
        .detail = "id, name and account of a payee",
        .holder = payment->holder_kind == NKS_HOLDER_NONE ? NULL : &payment->holder,
    };
    return nks_run_link(run, &entry);
}

static void give(const struct nks_slice *slice, const struct nks_payment *payment, struct nks_unmasked *out)
{
    struct nks_text record = nks_payment_record(slice, payment);
    struct nks_payee payee;
    nks_payee_find(record, &payee);
    if (payee.found == NKS_PAYEE_GOOD) {
        out->kind = payee.kind;
        memcpy(out->id, payee.id, sizeof out->id);
    }
    if (!nks_text_copy(nks_record_slot(record, NKS_SLOT_CDTR_NM), out->name, sizeof out->name))
        out->name[0] = '\0';
    if (payment->account != NULL)
        out->account = *payment->account;
    else
        (void)nks_creditor_account_find(record, &out->account);
    explicit_bzero(&payee, sizeof payee);
}

enum nks_status nks_look_unmasked(struct nks_run *run, int64_t batch_id, uint64_t seq, const char *who,
                                  const char *reason, struct nks_unmasked *out)
{
    struct nks_batch batch;
    const struct nks_payment *payment = NULL;
    bool exists = false;
    *out = (struct nks_unmasked){.kind = NKS_HOLDER_NONE};
    NKS_TRY(nks_batch_load(run->payments, batch_id, &batch, &exists, &run->fault));
    if (exists && batch.erased != 0)
        return nks_batch_erased_fault(&batch, &run->fault);
    enum nks_status status = exists ? payment_find(run, &batch, seq, &payment) : not_found(run, batch_id, seq);
    if (status == NKS_OK)
        status = record_look(run, batch_id, payment, who, reason);
    if (status == NKS_OK)
        give(run->slice, payment, out);
    nks_batch_close(&batch);
    return status;
}
