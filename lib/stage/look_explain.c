/* Why one payment went where it went. */
#include "stage/look.h"

#include <stdio.h>
#include <string.h>

/* ---- words that identify nobody */

static const char *ending(const char *id)
{
    size_t len = strlen(id);
    return len > 4 ? id + len - 4 : "";
}

void nks_look_account(const struct nks_account *account, char out[NKS_LOOK_ACCOUNT])
{
    const char *id = account->id;
    bool danish_iban = account->kind == NKS_ACCOUNT_IBAN && strncmp(id, "DK", 2) == 0 && strlen(id) == 18;
    if (account->kind == NKS_ACCOUNT_BBAN && strlen(id) == NKS_BBAN_DIGITS)
        snprintf(out, NKS_LOOK_ACCOUNT, "account ending %s at %.4s", ending(id), id);
    else if (danish_iban)
        snprintf(out, NKS_LOOK_ACCOUNT, "account ending %s at %.4s", ending(id), id + 4);
    else if (account->kind == NKS_ACCOUNT_IBAN)
        snprintf(out, NKS_LOOK_ACCOUNT, "account %.2s…%s", id, ending(id));
    else if (account->kind == NKS_ACCOUNT_FIK)
        snprintf(out, NKS_LOOK_ACCOUNT, "payment slip %.2s ending %s", id, ending(id));
    else
        snprintf(out, NKS_LOOK_ACCOUNT, "account as the payer wrote it");
}

const char *nks_look_payee(enum nks_holder_kind kind)
{
    static const char *const names[] = {
        [NKS_HOLDER_NONE] = "not given by an id",
        [NKS_HOLDER_CPR] = "a person (CPR)",
        [NKS_HOLDER_CVR] = "a company (CVR)",
        [NKS_HOLDER_SE] = "a company (SE)",
        [NKS_HOLDER_PNR] = "a production unit (P-number)",
        [NKS_HOLDER_FOREIGN] = "a foreign company",
    };
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

/* Free text of payers and creditors may hold anything. */
static void copy_masked(struct nks_text text, char *out, size_t size)
{
    if (!nks_text_copy(text, out, size))
        out[size - 1] = '\0';
    nks_name_mask(out);
}

/* ---- the parts */

static void from_batch(const struct nks_run *run, const struct nks_batch *batch, struct nks_explanation *out)
{
    out->batch_id = batch->id;
    out->delivery_id = batch->delivery_id;
    memcpy(out->ref, batch->ref, sizeof out->ref);
    memcpy(out->sender, batch->sender, sizeof out->sender);
    memcpy(out->payer, batch->payer, sizeof out->payer);
    const struct nks_agreement *agreement = nks_agreement_by_id(&run->agreements, batch->agreement_id);
    if (agreement == NULL)
        return;
    out->agreement_version = agreement->version;
    out->offset_mode = agreement->offset_mode;
    out->no_account = agreement->no_account;
    out->offset_allowed = nks_agreement_offsets(agreement, nks_text_from(out->ydelsesart));
}

static enum nks_status asked(struct nks_run *run, const struct nks_batch *batch, const struct nks_payment *payment,
                             struct nks_explanation *out)
{
    struct nks_text record = nks_payment_record(run->slice, payment);
    const struct nks_group *group = NULL;
    NKS_TRY(nks_group_load(run->payments, batch, payment->group, &group, &run->fault));
    out->seq = payment->seq;
    out->group = payment->group;
    out->date_moved = group->moved != NKS_REASON_NONE;
    out->amount.minor = payment->amount_minor;
    nks_payment_currency(payment, out->amount.currency);
    /* The positive list is asked with the written text, before it is masked. */
    struct nks_text ydelsesart = nks_ydelsesart_find(record, (struct nks_text){group->record, group->record_len});
    if (!nks_text_copy(ydelsesart, out->ydelsesart, sizeof out->ydelsesart))
        out->ydelsesart[sizeof out->ydelsesart - 1] = '\0';
    from_batch(run, batch, out);
    nks_name_mask(out->ydelsesart);
    out->complete = (payment->flags & NKS_FLAG_COMPLETE) != 0;
    out->maybe_se = (payment->flags & NKS_FLAG_MAYBE_SE) != 0;
    out->used_se = (payment->flags & NKS_FLAG_ALTERNATIVE) != 0;
    out->payee = (enum nks_holder_kind)payment->holder_kind;
    return NKS_OK;
}

static void found(const struct nks_slice *slice, const struct nks_payment *payment, struct nks_explanation *out)
{
    out->state = (enum nks_payment_state)payment->state;
    out->reason = (enum nks_reason)payment->reason;
    out->resolved = slice->has_decisions;
    out->found = (enum nks_found)payment->found;
    out->register_version = payment->register_version;
    out->account_from = payment->account_from;
    out->account_to = payment->account_to;
    if (payment->account != NULL) {
        nks_look_account(payment->account, out->account);
    } else if (out->complete) {
        struct nks_account account;
        (void)nks_creditor_account_find(nks_payment_record(slice, payment), &account);
        nks_look_account(&account, out->account);
        explicit_bzero(&account, sizeof account);
    }
}

static enum nks_status leg_file(struct nks_run *run, const struct nks_leg *leg, struct nks_look_leg *out,
                                bool *published)
{
    struct nks_out_file file;
    bool exists = false;
    *published = false;
    const struct nks_central *central = nks_central_by_number(&run->centrals, leg->central);
    if (central != NULL)
        memcpy(out->central, central->name, sizeof out->central);
    if (leg->file_id == 0)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, leg->file_id, &file, &exists, &run->fault));
    if (!exists)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "the order file of a leg is missing");
    memcpy(out->file, file.name, sizeof out->file);
    out->file_state = file.state;
    *published = file.state == NKS_FILE_PUBLISHED;
    return NKS_OK;
}

static enum nks_status one_leg(struct nks_run *run, const struct nks_batch *batch, const struct nks_leg *leg,
                               struct nks_look_leg *out, bool *published)
{
    nks_leg_id(batch->ref, run->slice->number, leg, out->id);
    out->kind = (enum nks_leg_kind)leg->kind;
    out->state = (enum nks_leg_state)leg->state;
    out->reason = (enum nks_reason)leg->reason;
    out->amount_minor = leg->amount_minor;
    if (leg->to != NULL) {
        nks_look_account(&leg->to->account, out->account);
        memcpy(out->party, leg->to->party_name, sizeof out->party);
        copy_masked(nks_text_from(leg->to->reference), out->reference, sizeof out->reference);
        out->redirect = leg->kind == NKS_LEG_DEBT && leg->to->claim_key == 0;
        out->version = leg->to->version;
    }
    return leg_file(run, leg, out, published);
}

static enum nks_status legs(struct nks_run *run, const struct nks_batch *batch, const struct nks_payment *payment,
                            struct nks_explanation *out)
{
    bool published[NKS_LOOK_LEGS_MAX] = {false};
    const struct nks_leg *first = &run->slice->legs[payment->first_leg];
    if (payment->legs > NKS_LOOK_LEGS_MAX)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS", "a payment has more legs than it may");
    for (uint32_t i = 0; i < payment->legs; i++)
        NKS_TRY(one_leg(run, batch, &first[i], &out->legs[i], &published[i]));
    out->leg_count = payment->legs;
    out->outcome = nks_payment_outcome(payment, run->slice->state, first, published, payment->legs);
    return NKS_OK;
}

static enum nks_status not_found(struct nks_run *run, const struct nks_batch *batch, uint64_t seq)
{
    struct nks_fault *fault = &run->fault;
    enum nks_status status =
        batch->state == NKS_BATCH_ACCEPTED
            ? nks_fault_set(fault, NKS_REFUSED, "NOT-FOUND", "it has payments 1 to %lld", (long long)batch->payments)
            : nks_fault_set(fault, NKS_REFUSED, "NOT-FOUND",
                            "the file was not accepted, so none of its payments is kept; `nks show %lld` tells why",
                            (long long)batch->id);
    fault->batch = batch->id;
    fault->seq = (int64_t)seq;
    return status;
}

static enum nks_status explain(struct nks_run *run, const struct nks_batch *batch, uint64_t seq,
                               struct nks_explanation *out)
{
    int64_t slice_id = 0;
    uint32_t n = 0;
    struct nks_slice *slice = run->slice;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    if (batch->state == NKS_BATCH_ACCEPTED)
        NKS_TRY(nks_payment_find_seq(run->payments, batch->id, seq, &slice_id, &n, &run->fault));
    if (slice_id == 0)
        return not_found(run, batch, seq);
    NKS_TRY(nks_slice_load(run->payments, batch, slice_id, want, slice, &run->fault));
    if (slice->state == NKS_SLICE_ROUTED || slice->state == NKS_SLICE_EMITTED)
        NKS_TRY(nks_slice_verify(run->payments, slice, &run->fault));
    if (n == 0 || n > slice->count)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS", "a payment is not in its slice");
    const struct nks_payment *payment = &slice->payments[n - 1];
    out->slice_number = slice->number;
    out->slice_state = slice->state;
    out->execution_date = slice->execution_date;
    out->due_date = slice->due_date;
    NKS_TRY(asked(run, batch, payment, out));
    found(slice, payment, out);
    return legs(run, batch, payment, out);
}

enum nks_status nks_look_explain(struct nks_run *run, int64_t batch_id, uint64_t seq, struct nks_explanation *out)
{
    struct nks_batch batch;
    bool exists = false;
    memset(out, 0, sizeof *out);
    NKS_TRY(nks_batch_load(run->payments, batch_id, &batch, &exists, &run->fault));
    if (exists && batch.erased != 0)
        return nks_batch_erased_fault(&batch, &run->fault);
    enum nks_status status = exists ? explain(run, &batch, seq, out)
                                    : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such batch");
    nks_batch_close(&batch);
    return status;
}
