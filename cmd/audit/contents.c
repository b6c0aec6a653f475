/*
 * What the payers wrote, against the rows: the details of every slice decrypt where they stand, and say the amount, the
 * currency and the payee of every payment. Who could change the blind key of a payee in a row before it is decided
 * would turn the money to another account; here it shows.
 */
#include "audit.h"

#include <string.h>

struct contents {
    struct nks_batch batch;
    struct nks_sum written; /* of all amounts as the payer wrote them */
    bool whole;             /* every slice could be read */
};

struct expected { /* a payment's row by what the payer wrote */
    int64_t amount_minor, currency, holder_kind;
    struct nks_blind holder;
    bool complete, maybe_se;
};

static void expect_amount(struct contents *contents, struct nks_text record, struct expected *expected)
{
    struct nks_text amount = nks_record_slot(record, NKS_SLOT_INSTD_AMT);
    struct nks_text code = nks_record_slot(record, NKS_SLOT_INSTD_AMT_CCY);
    struct nks_money money = {.minor = 0};
    struct nks_sum sum;
    char currency[4];
    if (nks_sum_parse(amount, &sum))
        contents->written.scaled += sum.scaled;
    if (!nks_currency_is_form(code) || !nks_text_copy(code, currency, sizeof currency))
        return;
    expected->currency = nks_currency_number(currency);
    if (nks_money_parse(amount, currency, &money) == NKS_AMOUNT_GOOD)
        expected->amount_minor = money.minor;
}

/* A number that may be a CVR or an SE is the one the register knew; the row's flag says which. */
static enum nks_status expect_payee(struct audit *audit, const struct nks_payment *payment, struct nks_text record,
                                    struct expected *expected)
{
    struct nks_payee payee;
    struct nks_account account;
    nks_payee_find(record, &payee);
    expected->complete = nks_creditor_account_find(record, &account) != NKS_CREDITOR_ACCOUNT_NONE;
    if (payee.found != NKS_PAYEE_GOOD)
        return NKS_OK;
    expected->maybe_se = payee.maybe_se;
    enum nks_holder_kind kind = payee.kind;
    if (payee.maybe_se && (payment->flags & NKS_FLAG_ALTERNATIVE))
        kind = NKS_HOLDER_SE;
    expected->holder_kind = kind;
    return nks_blind(audit->keys, nks_holder_kind_name(kind), nks_text_from(payee.id), &expected->holder,
                     &audit->fault);
}

static void payment_compare(struct audit *audit, const struct nks_payment *payment, const struct expected *expected)
{
    if (payment->amount_minor != expected->amount_minor)
        audit_find(audit, "amount_minor is %lld, the payer wrote %lld", (long long)payment->amount_minor,
                   (long long)expected->amount_minor);
    if (payment->currency != expected->currency)
        audit_find(audit, "currency is not what the payer wrote");
    if (payment->holder_kind != expected->holder_kind || payment->holder.key != expected->holder.key ||
        payment->holder.check != expected->holder.check)
        audit_find(audit, "holder_kind, holder_key or holder_check is not the payee's");
    if (((payment->flags & NKS_FLAG_COMPLETE) != 0) != expected->complete ||
        ((payment->flags & NKS_FLAG_MAYBE_SE) != 0) != expected->maybe_se)
        audit_find(audit, "flags %u do not fit what the payer wrote", (unsigned)payment->flags);
}

static enum nks_status payment_check(struct audit *audit, struct contents *contents, const struct nks_slice *slice,
                                     const struct nks_payment *payment)
{
    struct nks_text record = nks_payment_record(slice, payment);
    struct expected expected = {.amount_minor = 0};
    audit_looked(audit);
    audit_at(audit, "payment slice_id %lld n %u", (long long)slice->id, payment->n);
    if (!nks_record_check(record)) {
        audit_find(audit, "its details are no record");
        return NKS_OK;
    }
    expect_amount(contents, record, &expected);
    NKS_TRY(expect_payee(audit, payment, record, &expected));
    payment_compare(audit, payment, &expected);
    return NKS_OK;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct contents *contents = context;
    const struct nks_slice_want details = {.details = true};
    audit_at(audit, "slice_details slice_id %lld", (long long)slice->id);
    enum nks_status status =
        nks_slice_load(audit->payments, &contents->batch, slice->id, details, audit->slice, &audit->fault);
    if (status == NKS_INTEGRITY)
        contents->whole = false;
    if (status != NKS_OK)
        return audit_take_fault(audit, status);
    for (size_t i = 0; i < audit->slice->count; i++)
        NKS_TRY(payment_check(audit, contents, audit->slice, &audit->slice->payments[i]));
    return NKS_OK;
}

static enum nks_status batch_contents(struct audit *audit, struct contents *contents, const struct audit_batch *batch)
{
    NKS_TRY(audit_each_slice(audit, batch->id, slice_check, contents));
    audit_at(audit, "batch %lld", (long long)batch->id);
    if (contents->whole && (!batch->sum_good || batch->sum.scaled != contents->written.scaled))
        audit_find(audit, "control_sum is %s, the amounts in its details add up to %s", batch->control_sum,
                   audit_sum_show(contents->written).text);
    return NKS_OK;
}

/* The key by which a message id that comes again is found: sender, payer and MsgId, each with a byte 1F after it. */
static enum nks_status message_check(struct audit *audit, const struct nks_batch *batch)
{
    char memory[2 * NKS_PARTY_MAX + 256];
    struct nks_buf buf;
    struct nks_blind key;
    struct nks_text header = {batch->header, batch->header_len};
    const struct nks_text parts[] = {nks_text_from(batch->sender), nks_text_from(batch->payer),
                                     nks_text_trim(nks_record_slot(header, NKS_SLOT_MSG_ID))};
    if (batch->origin != NKS_ORIGIN_SENDER || (batch->message.key == 0 && batch->message.check == 0)) {
        if (batch->origin != NKS_ORIGIN_SENDER && (batch->message.key != 0 || batch->message.check != 0))
            audit_find(audit, "it has a message_key, but no message of its own");
        return NKS_OK;
    }
    nks_buf_init(&buf, memory, sizeof memory);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        nks_buf_text(&buf, parts[i]);
        nks_buf_char(&buf, 0x1F);
    }
    NKS_TRY(nks_blind(audit->keys, "message", nks_buf_view(&buf), &key, &audit->fault));
    if (buf.overflow || key.key != batch->message.key || key.check != batch->message.check)
        audit_find(audit, "message_key or message_check is not of its sender, payer and MsgId");
    return NKS_OK;
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    (void)context;
    struct contents contents = {.whole = true};
    bool found = false;
    audit_at(audit, "batch %lld", (long long)batch->id);
    enum nks_status status = nks_batch_load(audit->payments, batch->id, &contents.batch, &found, &audit->fault);
    if (status != NKS_OK)
        return audit_take_fault(audit, status);
    if (contents.batch.header_len > 0)
        status = message_check(audit, &contents.batch);
    if (batch->state == NKS_BATCH_ACCEPTED && batch->erased == 0 && status == NKS_OK)
        status = batch_contents(audit, &contents, batch);
    nks_batch_close(&contents.batch);
    return status;
}

enum nks_status audit_check_contents(struct audit *audit)
{
    return audit_each_batch(audit, batch_check, NULL);
}
