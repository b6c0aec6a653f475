/* What is found out about a batch, its groups and its payments while a file is read. */
#include "stage/ingest.h"
#include "stage/step.h"

#include "denmark/bankday.h"

#include <string.h>

enum { KEY_TEXT_MAX = 256 };

void nks_delivery_ref(const struct nks_delivery *delivery, char out[NKS_BATCH_REF + 1])
{
    char bytes[NKS_HASH_SIZE + NKS_PARTY_MAX + 24];
    uint8_t hash[NKS_HASH_SIZE];
    struct nks_buf buf;
    nks_buf_init(&buf, bytes, sizeof bytes);
    nks_buf_text(&buf, (struct nks_text){(const char *)delivery->hash, NKS_HASH_SIZE});
    nks_buf_str(&buf, delivery->party);
    if (delivery->generation > 1) { /* no short id has a blank: a replay never has the stem of another file */
        nks_buf_char(&buf, ' ');
        nks_buf_u64(&buf, (uint64_t)delivery->generation);
    }
    nks_hash_once(bytes, buf.len, hash);
    nks_base32(hash, NKS_BATCH_REF, out);
}

enum nks_status nks_ingest_batch_begin(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    struct nks_batch *batch = &ingest->batch;
    *batch = (struct nks_batch){
        .delivery_id = ingest->delivery.id,
        .kind = NKS_BATCH_ORDER,
        .origin = NKS_ORIGIN_SENDER,
        .mode = NKS_MODE_LIVE,
        .created = run->now,
    };
    memcpy(batch->sender, ingest->delivery.party, sizeof batch->sender);
    nks_delivery_ref(&ingest->delivery, batch->ref);
    return NKS_OK;
}

void nks_ingest_payer(struct nks_ingest *ingest)
{
    if (ingest->agreement == NULL)
        return;
    ingest->batch.agreement_id = ingest->agreement->id;
    memcpy(ingest->batch.payer, ingest->agreement->payer, sizeof ingest->batch.payer);
}

void nks_facts_date(struct nks_text group, nks_date today, nks_date earliest, struct nks_payment_facts *facts,
                    struct nks_execution *out)
{
    nks_execution_decide(nks_record_slot(group, NKS_SLOT_REQD_EXCTN_DT), today, earliest, out);
    facts->date_good = out->good;
    facts->date_past = out->past;
    facts->date_beyond = out->beyond;
}

enum nks_status nks_facts_group_id(struct nks_text group, struct nks_seen *seen, struct nks_payment_facts *facts,
                                   bool *full, struct nks_fault *fault)
{
    enum nks_seen_answer answer = NKS_SEEN_NEW;
    NKS_TRY(nks_seen_add(seen, nks_text_trim(nks_record_slot(group, NKS_SLOT_PMT_INF_ID)), &answer, fault));
    facts->group_repeated = answer == NKS_SEEN_BEFORE;
    *full = answer == NKS_SEEN_FULL;
    return NKS_OK;
}

/* Without a central its payments are rejected, and no cut-off matters. */
static void date_facts(struct nks_ingest *ingest, struct nks_text record, const struct nks_central *central)
{
    const struct nks_run *run = ingest->run;
    struct nks_execution execution;
    nks_date earliest = central == NULL
                            ? nks_bankday_on_or_after(run->today)
                            : nks_execution_earliest(run->today, nks_copenhagen_minute(run->now), central->cut_off);
    nks_facts_date(record, run->today, earliest, &ingest->group_facts, &execution);
    ingest->group.execution_date = execution.date;
    ingest->group.moved = execution.moved;
}

/* Without an id of the initiating party the payer is the one whose debtor account the first group names. */
static void agreement_by_account(struct nks_ingest *ingest, const struct nks_account *account)
{
    const struct nks_agreement *found = nks_agreement_find_account(
        &ingest->run->agreements, nks_text_from(ingest->batch.sender), account, ingest->run->today);
    if (ingest->agreement == NULL) {
        ingest->agreement = found;
        nks_ingest_payer(ingest);
    } else if (found != NULL && found != ingest->agreement && !ingest->by_customer) {
        ingest->two_payers = true;
    }
}

enum nks_status nks_ingest_group_facts(struct nks_ingest *ingest)
{
    struct nks_text record = {ingest->group.record, ingest->group.record_len};
    struct nks_account account = {.kind = NKS_ACCOUNT_NONE};
    ingest->group_facts = (struct nks_payment_facts){.date_good = false};
    ingest->two_payers = false;
    bool readable = nks_debtor_account_find(record, &account);
    if (readable)
        agreement_by_account(ingest, &account);
    ingest->group.regnr = readable ? nks_account_regnr(&account) : -1;
    ingest->group_facts.debtor_account_allowed =
        readable && ingest->agreement != NULL && nks_agreement_has_account(ingest->agreement, &account);
    ingest->group_facts.debtor_is_other =
        ingest->agreement != NULL && nks_agreement_is_other_payer(&ingest->run->agreements, ingest->agreement,
                                                                  nks_record_slot(record, NKS_SLOT_DBTR_ORG_ID));
    const struct nks_central *central = nks_central_for_regnr(&ingest->run->centrals, ingest->group.regnr);
    ingest->group_facts.central_known = central != NULL;
    date_facts(ingest, record, central);
    return nks_facts_group_id(record, &ingest->groups, &ingest->group_facts, &ingest->too_many_groups,
                              &ingest->run->fault);
}

static enum nks_status payee_facts(struct nks_ingest *ingest, struct nks_text record, struct nks_payment_facts *facts,
                                   struct nks_payment *payment)
{
    struct nks_payee payee;
    nks_payee_find(record, &payee);
    facts->payee = payee.found;
    if (payee.found != NKS_PAYEE_GOOD)
        return NKS_OK;
    payment->holder_kind = (uint8_t)payee.kind;
    if (payee.maybe_se)
        payment->flags |= NKS_FLAG_MAYBE_SE;
    return nks_register_holder_key(ingest->run->reg, payee.kind, payee.id, &payment->holder, &ingest->run->fault);
}

int32_t nks_facts_amount(struct nks_text record, struct nks_payment_facts *facts, struct nks_sum *written)
{
    struct nks_text amount = nks_record_slot(record, NKS_SLOT_INSTD_AMT);
    struct nks_text code = nks_record_slot(record, NKS_SLOT_INSTD_AMT_CCY);
    struct nks_money money = {.minor = 0, .currency = "XXX"};
    char currency[4];
    bool has_form = nks_currency_is_form(code) && nks_text_copy(code, currency, sizeof currency);
    facts->currency_good = has_form && nks_currency_known(currency);
    facts->amount_fault = NKS_AMOUNT_FORM;
    if (has_form)
        facts->amount_fault = nks_money_parse(amount, currency, &money);
    facts->amount_minor = facts->amount_fault == NKS_AMOUNT_GOOD ? money.minor : 0;
    *written = (struct nks_sum){0};
    if (!nks_sum_parse(amount, written))
        *written = (struct nks_sum){0};
    return has_form ? nks_currency_number(currency) : 0;
}

bool nks_facts_no_reference(struct nks_text record)
{
    return nks_text_is(nks_text_trim(nks_record_slot(record, NKS_SLOT_END_TO_END_ID)), "NOTPROVIDED");
}

bool nks_facts_count_differs(struct nks_text written, int64_t counted)
{
    uint64_t value = 0;
    return written.len > 0 && (!nks_text_number(written, INT64_MAX, &value) || value != (uint64_t)counted);
}

bool nks_facts_sum_differs(struct nks_text written, struct nks_sum counted)
{
    struct nks_sum value;
    return written.len > 0 && (!nks_sum_parse(written, &value) || !nks_sum_equal(value, counted));
}

static void amount_facts(struct nks_ingest *ingest, struct nks_text record, struct nks_payment_facts *facts,
                         struct nks_payment *payment)
{
    /* The control sum counts what was written, also of payments that are rejected. */
    struct nks_sum written;
    payment->currency = nks_facts_amount(record, facts, &written);
    payment->amount_minor = facts->amount_minor;
    facts->above_max = ingest->agreement != NULL && nks_agreement_payment_above(ingest->agreement, written);
    ingest->group_sum.scaled += written.scaled;
    ingest->batch.sum.scaled += written.scaled;
}

enum nks_status nks_ingest_payment(struct nks_ingest *ingest, struct nks_text record, struct nks_payment *payment)
{
    struct nks_payment_facts facts = ingest->group_facts;
    struct nks_text group = {ingest->group.record, ingest->group.record_len};
    amount_facts(ingest, record, &facts, payment);
    NKS_TRY(payee_facts(ingest, record, &facts, payment));
    nks_creditor_facts(record, &facts);
    facts.ydelsesart_allowed = ingest->agreement != NULL &&
                               nks_agreement_has_ydelsesart(ingest->agreement, nks_ydelsesart_find(record, group));
    if (facts.account != NKS_CREDITOR_ACCOUNT_NONE)
        payment->flags |= NKS_FLAG_COMPLETE;
    if (nks_facts_no_reference(record))
        payment->flags |= NKS_FLAG_NO_E2E;
    payment->reason = (uint16_t)nks_payment_check(&facts);
    payment->state = payment->reason == NKS_REASON_NONE ? NKS_PAYMENT_ACCEPTED : NKS_PAYMENT_REJECTED;
    if (payment->state == NKS_PAYMENT_REJECTED)
        payment->flags |= NKS_FLAG_AT_RECEIPT;
    return NKS_OK;
}

/* A blind key over several texts, which a 0x1F keeps apart: it cannot stand in an XML text. */
static enum nks_status joined_key(struct nks_ingest *ingest, const char *domain, const struct nks_text *parts,
                                  size_t count, struct nks_blind *out)
{
    char memory[KEY_TEXT_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    for (size_t i = 0; i < count; i++) {
        nks_buf_text(&buf, parts[i]);
        nks_buf_char(&buf, 0x1F);
    }
    if (buf.overflow) { /* the schema bounds every part far below this: the reader did not do its work */
        *out = (struct nks_blind){0, 0};
        nks_ingest_refuse(ingest, NKS_REASON_UNREADABLE, NKS_FINDING_CEILING, 0, 0, ingest->seq,
                          NKS_TEXT("an identification is too long"));
        return NKS_OK;
    }
    return nks_blind(ingest->run->keys, domain, nks_buf_view(&buf), out, &ingest->run->fault);
}

enum nks_status nks_ingest_message_key(struct nks_ingest *ingest)
{
    struct nks_text header = {ingest->batch.header, ingest->batch.header_len};
    const struct nks_text parts[] = {nks_text_from(ingest->batch.sender), nks_text_from(ingest->batch.payer),
                                     nks_text_trim(nks_record_slot(header, NKS_SLOT_MSG_ID))};
    return joined_key(ingest, "message", parts, sizeof parts / sizeof parts[0], &ingest->batch.message);
}

enum nks_status nks_ingest_reference(struct nks_ingest *ingest, struct nks_text end_to_end_id, struct nks_blind *out)
{
    const struct nks_text parts[] = {nks_text_from(ingest->batch.payer), nks_text_from(ingest->batch.sender),
                                     nks_text_trim(end_to_end_id)};
    return joined_key(ingest, "reference", parts, sizeof parts / sizeof parts[0], out);
}
