/*
 * collect, what follows when all legs were moved.
 *
 * A debt leg that comes back gives its use of the claim back, a leg to the ventekonto returns its entry. The payee's
 * own leg, where the bank says that his account cannot take the money, follows the agreement's policy for payees
 * without an account: told to the payer (REJECT), or carried on to the ventekonto or the error account. Then it becomes
 * a payment of a new batch of origin RETURNED, one per answer and original batch, which is decided and sent as any
 * other; payment_return ties the two together, so that no leg goes on twice.
 *
 * Every batch that was touched gets a status report, every order file its note of how much of it is answered.
 */
#include "stage/collect.h"
#include "stage/step.h"

#include "denmark/bankday.h"

#include <stdlib.h>
#include <string.h>

/* ---- the policy */

/* Reasons that are about the payee's account: money for it may rest elsewhere. After all others (the payer's own
 * account, a recall, a duplicate, a reversal that says nothing, whatever is said of a whole file or group) the money
 * stays with the payer, who settles it with the bank. A rejection without a reason of its own says nothing about the
 * payee; a return without one does. */
static const struct {
    enum nks_reason reason;
    bool when_rejected;
} payee_reasons[] = {
    {NKS_REASON_BANK_ACCOUNT, true},         {NKS_REASON_BANK_ACCOUNT_CLOSED, true},
    {NKS_REASON_BANK_ACCOUNT_BLOCKED, true}, {NKS_REASON_BANK_PAYEE_CLOSED, true},
    {NKS_REASON_CREDITOR_ACCOUNT, true},     {NKS_REASON_PAYEE_MISSING, true},
    {NKS_REASON_BANK_DECEASED, true},        {NKS_REASON_BANK_REFUSED_BY_PAYEE, true},
    {NKS_REASON_BANK_UNSPECIFIED, false},
};

/* The ventekonto keeps money for somebody: a payee who was given by an account alone could never claim it. */
bool nks_step_goes_on(const struct nks_agreement *agreement, const struct nks_payment *payment,
                      const struct nks_leg *leg)
{
    bool rejected = leg->state == NKS_LEG_REJECTED;
    bool nobody = agreement->no_account == NKS_NO_ACCOUNT_VENTEKONTO && payment->holder_kind == NKS_HOLDER_NONE;
    if (agreement->no_account == NKS_NO_ACCOUNT_REJECT || nobody || leg->kind != NKS_LEG_PAYEE ||
        (!rejected && leg->state != NKS_LEG_RETURNED))
        return false;
    for (size_t i = 0; i < sizeof payee_reasons / sizeof payee_reasons[0]; i++) {
        if (leg->reason == payee_reasons[i].reason)
            return !rejected || payee_reasons[i].when_rejected;
    }
    return false;
}

/* ---- the batch that carries money on */

struct carried { /* a group of the original batch, and its number in the new one */
    uint32_t from, number;
    int64_t payments;
};

struct back {
    struct nks_answer *answer;
    const struct nks_agreement *agreement; /* of answer->batch */
    const struct nks_touch *touches;       /* of the slice at hand */
    size_t touch_count;
    struct nks_batch to; /* id 0: not begun */
    struct nks_slice *slice;
    int64_t amount_minor; /* of the slice being made: must fit into 64 bits */
    nks_date execution_date;
    struct carried *groups; /* in the order of their numbers */
    size_t group_cap;
    uint32_t *by_from; /* the numbers by that of the original's group, 0: not carried; batch.groups + 1 of them */
};

/* From the received answer and the original batch only: the same in every home. */
static void make_ref(const struct nks_answer *answer, char out[NKS_BATCH_REF + 1])
{
    uint8_t bytes[NKS_HASH_SIZE + NKS_BATCH_REF], hash[NKS_HASH_SIZE];
    memcpy(bytes, answer->delivery.hash, NKS_HASH_SIZE);
    memcpy(bytes + NKS_HASH_SIZE, answer->batch.ref, NKS_BATCH_REF);
    nks_hash_once(bytes, sizeof bytes, hash);
    nks_base32(hash, NKS_BATCH_REF, out);
}

static enum nks_status batch_begin(struct back *back)
{
    struct nks_run *run = back->answer->run;
    const struct nks_batch *from = &back->answer->batch;
    struct nks_batch *to = &back->to;
    *to = (struct nks_batch){
        .delivery_id = back->answer->delivery.id,
        .kind = from->kind,
        .origin = NKS_ORIGIN_RETURNED,
        .mode = from->mode,
        .version = from->version,
        .encoding = from->encoding,
        .agreement_id = from->agreement_id,
        .created = run->now,
        .header = malloc(from->header_len + 1),
        .header_len = from->header_len,
    };
    if (back->slice == NULL)
        back->slice = nks_slice_new();
    back->by_from = calloc((size_t)from->groups + 1, sizeof *back->by_from);
    if (to->header == NULL || back->slice == NULL || back->by_from == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for returned payments");
    memcpy(to->header, from->header, from->header_len);
    memcpy(to->sender, from->sender, sizeof to->sender);
    memcpy(to->payer, from->payer, sizeof to->payer);
    make_ref(back->answer, to->ref);
    nks_slice_reset(back->slice);
    return nks_batch_create(run->payments, to, &run->fault);
}

static nks_date execution_date(const struct nks_run *run, int regnr)
{
    const struct nks_central *central = nks_central_for_regnr(&run->centrals, regnr);
    return central == NULL ? nks_bankday_on_or_after(run->today)
                           : nks_execution_earliest(run->today, nks_copenhagen_minute(run->now), central->cut_off);
}

static enum nks_status slice_flush(struct back *back)
{
    struct nks_run *run = back->answer->run;
    struct nks_slice *slice = back->slice;
    if (slice == NULL || slice->count == 0)
        return NKS_OK;
    if (back->to.slices == NKS_SLICES_MAX)
        return nks_fault_set(&run->fault, NKS_FAILED, "SLICE-FULL",
                             "an answer returns more payments than a batch holds");
    slice->number = (int32_t)++back->to.slices;
    slice->execution_date = back->execution_date;
    slice->due_date = run->today;
    slice->epoch = run->epoch;
    NKS_TRY(nks_slice_create(run->payments, &back->to, slice, &run->fault));
    nks_slice_reset(slice);
    back->amount_minor = 0;
    return NKS_OK;
}

/* The number of the original's group in the new batch; its row is written at the end, with its count. */
static enum nks_status group_carry(struct back *back, uint32_t from, uint32_t *number)
{
    struct nks_run *run = back->answer->run;
    if (from > (uint64_t)back->answer->batch.groups)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS",
                             "a returned payment is of no group of its batch");
    *number = back->by_from[from];
    if (*number != 0) {
        back->groups[*number - 1].payments++;
        return NKS_OK;
    }
    if ((size_t)back->to.groups == back->group_cap) {
        size_t want = back->group_cap == 0 ? 16 : back->group_cap * 2;
        struct carried *grown = realloc(back->groups, want * sizeof *grown);
        if (grown == NULL)
            return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for returned payments");
        back->groups = grown;
        back->group_cap = want;
    }
    if (back->to.groups == 0) {
        const struct nks_group *group = NULL;
        NKS_TRY(nks_group_load(run->payments, &back->answer->batch, from, &group, &run->fault));
        back->execution_date = execution_date(run, group->regnr);
    }
    *number = (uint32_t)++back->to.groups;
    back->by_from[from] = *number;
    back->groups[back->to.groups - 1] = (struct carried){from, *number, 1};
    return NKS_OK;
}

/* The payer's words with the amount that came back: debts may have had a part of the payment. */
static enum nks_status record_make(struct nks_run *run, const struct nks_payment *payment, int64_t amount_minor,
                                   char *memory, struct nks_text *record)
{
    char text[NKS_CONTROL_SUM_MAX];
    struct nks_buf amount;
    struct nks_money money = {.minor = amount_minor};
    struct nks_text written = nks_payment_record(run->slice, payment);
    nks_payment_currency(payment, money.currency);
    nks_buf_init(&amount, text, sizeof text);
    nks_money_format(&amount, money);
    *record = nks_record_replace(written, NKS_SLOT_INSTD_AMT, nks_buf_view(&amount), memory, NKS_RECORD_MAX);
    return record->len > 0 ? NKS_OK
                           : nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS",
                                           "the details of a returned payment are no record; do not restart");
}

static enum nks_status payment_carry(struct back *back, const struct nks_leg *leg)
{
    struct nks_run *run = back->answer->run;
    const struct nks_payment *from = &run->slice->payments[leg->n - 1];
    char *memory = malloc(NKS_RECORD_MAX);
    struct nks_text record = {NULL, 0};
    int64_t amount_minor = 0;
    if (memory == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for returned payments");
    struct nks_payment payment = {
        .seq = (uint64_t)back->to.payments + 1,
        .amount_minor = leg->amount_minor,
        .currency = from->currency,
        .state = NKS_PAYMENT_ACCEPTED,
        .holder_kind = from->holder_kind,
        .flags = from->flags,
        .holder = from->holder,
    };
    enum nks_status status = record_make(run, from, leg->amount_minor, memory, &record);
    if (status == NKS_OK &&
        (!nks_minor_add(back->amount_minor, leg->amount_minor, &amount_minor) ||
         back->slice->count == NKS_SLICE_PAYMENTS || record.len > NKS_SLICE_DETAILS - back->slice->details_len))
        status = slice_flush(back);
    if (status == NKS_OK)
        status = group_carry(back, from->group, &payment.group);
    if (status == NKS_OK)
        status = nks_slice_add(back->slice, &payment, record, &run->fault);
    back->amount_minor += leg->amount_minor;
    free(memory);
    return status;
}

static enum nks_status leg_carry(struct back *back, const struct nks_leg *leg)
{
    struct nks_run *run = back->answer->run;
    struct nks_money money = {.minor = leg->amount_minor};
    struct nks_return row = {run->slice->id, leg->n, leg->generation, leg->leg_no, 0, 0};
    bool gone = false;
    if (!nks_step_goes_on(back->agreement, &run->slice->payments[leg->n - 1], leg))
        return NKS_OK;
    NKS_TRY(nks_return_of_leg(run->payments, &row, &gone, &run->fault));
    if (gone)
        return NKS_OK;
    if (back->to.id == 0)
        NKS_TRY(batch_begin(back));
    NKS_TRY(payment_carry(back, leg));
    row.slice_id = nks_slice_id(back->to.id, back->to.slices + 1);
    row.n = (uint32_t)back->slice->count;
    NKS_TRY(nks_return_add(run->payments, &row, &run->fault));
    back->to.payments++;
    run->counts.carried_on++;
    nks_payment_currency(&run->slice->payments[leg->n - 1], money.currency);
    return nks_sum_add(&back->to.sum, money)
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_FAILED, "SLICE-TOTAL", "the sum of returned payments does not fit");
}

static enum nks_status groups_save(struct back *back)
{
    struct nks_run *run = back->answer->run;
    for (int64_t i = 0; i < back->to.groups; i++) {
        const struct nks_group *loaded = NULL;
        NKS_TRY(nks_group_load(run->payments, &back->answer->batch, back->groups[i].from, &loaded, &run->fault));
        struct nks_group group = *loaded;
        group.batch_id = back->to.id;
        group.number = back->groups[i].number;
        group.payments = back->groups[i].payments;
        group.execution_date = back->execution_date;
        NKS_TRY(nks_group_save(run->payments, &back->to, &group, &run->fault));
    }
    return NKS_OK;
}

static enum nks_status batch_end(struct back *back)
{
    struct nks_run *run = back->answer->run;
    if (back->to.id == 0)
        return NKS_OK;
    NKS_TRY(slice_flush(back));
    NKS_TRY(groups_save(back));
    back->to.state = NKS_BATCH_ACCEPTED;
    NKS_TRY(nks_batch_finish(run->payments, &back->to, &run->fault));
    nks_batch_close(&back->to);
    free(back->by_from);
    back->by_from = NULL;
    back->to = (struct nks_batch){.id = 0};
    return NKS_OK;
}

/* ---- legs that came back */

/* A use of a claim lives as long as its leg. A redirect (no claim) used nothing up. */
static enum nks_status debt_return(struct back *back, const struct nks_leg *leg)
{
    struct nks_run *run = back->answer->run;
    if (leg->to->claim_key == 0)
        return NKS_OK;
    const struct nks_debt_use use = {
        .holder_key = run->slice->payments[leg->n - 1].holder.key,
        .claim_key = leg->to->claim_key,
        .slice_id = run->slice->id,
        .n = (int32_t)leg->n,
        .generation = leg->generation,
        .leg_no = leg->leg_no,
        .amount_minor = leg->amount_minor,
    };
    return nks_debt_use_give_back(run->debt, &use, run->now, &run->fault);
}

/* An entry that has gone on (released) is for a person; the leg came back all the same. */
static enum nks_status ventekonto_return(struct back *back, const struct nks_leg *leg)
{
    static const struct nks_frame_place nowhere;
    struct nks_run *run = back->answer->run;
    enum nks_status status =
        nks_ventekonto_return(run->ventekonto, run->slice->id, (int32_t)leg->n, leg->generation, &run->fault);
    if (status != NKS_HELD)
        return status;
    nks_fault_clear(&run->fault);
    nks_answer_odd(back->answer, &nowhere, NKS_ODD_ENTRY_GONE);
    return NKS_OK;
}

static const struct {
    enum nks_status (*take)(struct back *, const struct nks_leg *);
} kinds[] = {
    [NKS_LEG_PAYEE] = {leg_carry},
    [NKS_LEG_DEBT] = {debt_return},
    [NKS_LEG_VENTEKONTO] = {ventekonto_return},
    [NKS_LEG_ERROR_ACCOUNT] = {NULL},
};

static bool came_back(const struct back *back, const struct nks_leg *leg)
{
    if (leg->state != NKS_LEG_REJECTED && leg->state != NKS_LEG_RETURNED)
        return false;
    for (size_t i = 0; i < back->touch_count; i++) {
        if (back->touches[i].back && back->touches[i].file_id == leg->file_id)
            return true;
    }
    return false;
}

/* For all legs of the files in the slice that came back: what an earlier answer did is done already. */
static enum nks_status slice_back(struct back *back)
{
    struct nks_run *run = back->answer->run;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    NKS_TRY(
        nks_slice_load(run->payments, &back->answer->batch, back->touches[0].slice_id, want, run->slice, &run->fault));
    NKS_TRY(nks_slice_verify(run->payments, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->leg_count; i++) {
        const struct nks_leg *leg = &run->slice->legs[i];
        if (came_back(back, leg) && leg->kind < sizeof kinds / sizeof kinds[0] && kinds[leg->kind].take != NULL)
            NKS_TRY(kinds[leg->kind].take(back, leg));
    }
    return NKS_OK;
}

/* ---- batches and files */

static enum nks_status batch_use(struct back *back, int64_t batch_id)
{
    struct nks_run *run = back->answer->run;
    NKS_TRY(nks_answer_batch_use(back->answer, batch_id));
    back->agreement = nks_agreement_by_id(&run->agreements, back->answer->batch.agreement_id);
    return back->agreement != NULL ? NKS_OK
                                   : nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW",
                                                   "the agreement of batch %lld is missing", (long long)batch_id);
}

/* The touches of one batch, by slice. */
static enum nks_status batch_back(struct back *back, const struct nks_touch *touches, size_t count)
{
    NKS_TRY(batch_use(back, nks_slice_batch(touches[0].slice_id)));
    for (size_t i = 0, end; i < count; i = end) {
        bool any = false;
        for (end = i; end < count && touches[end].slice_id == touches[i].slice_id; end++)
            any = any || touches[end].back;
        back->touches = &touches[i];
        back->touch_count = end - i;
        if (any)
            NKS_TRY(slice_back(back));
    }
    NKS_TRY(batch_end(back));
    return nks_status_report_reserve(back->answer->run, &back->answer->batch, "answer");
}

static enum nks_status batches_back(struct back *back)
{
    const struct nks_touch *touches = back->answer->touched;
    size_t count = back->answer->touch_count;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && nks_slice_batch(touches[end].slice_id) == nks_slice_batch(touches[i].slice_id);
             end++)
            ;
        NKS_TRY(batch_back(back, &touches[i], end - i));
    }
    return NKS_OK;
}

static enum nks_status file_answered(struct nks_answer *answer, int64_t file_id, bool whole)
{
    struct nks_run *run = answer->run;
    bool ours = false;
    int64_t open = 0;
    NKS_TRY(nks_answer_file_use(answer, file_id, &ours));
    if (ours && !whole)
        NKS_TRY(nks_legs_count_file(run->payments, answer->first, answer->last, file_id, NKS_LEG_IN_FILE, &open,
                                    &run->fault));
    return nks_out_file_answered(run->exchange, file_id, whole || open == 0 ? NKS_ANSWERED_WHOLE : NKS_ANSWERED_PARTLY,
                                 &run->fault);
}

/* A file's slices stand together, so one that was touched in many slices is asked for a few times only. */
static enum nks_status files_answered(struct nks_answer *answer)
{
    int64_t last = 0;
    if (answer->report == NKS_REPORT_03 || answer->report == NKS_REPORT_10) {
        last = answer->file.id;
        answer->answered_batch = answer->file.batch_id;
        return file_answered(answer, last, answer->whole);
    }
    for (size_t i = 0; i < answer->touch_count; i++) {
        if (answer->touched[i].file_id != last)
            NKS_TRY(file_answered(answer, answer->touched[i].file_id, false));
        last = answer->touched[i].file_id;
    }
    return NKS_OK;
}

enum nks_status nks_answer_back(struct nks_answer *answer)
{
    struct back back = {.answer = answer};
    nks_answer_touches_sort(answer);
    NKS_TRY(files_answered(answer));
    enum nks_status status = batches_back(&back);
    nks_batch_close(&back.to);
    nks_slice_free(back.slice);
    free(back.groups);
    free(back.by_from);
    return status;
}
