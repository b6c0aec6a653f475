/*
 * replay of rejected payments: those that nks rejected because register or centrals lacked something go again, as a new
 * batch of origin CORRECTION. They were checked when they were read and never had a leg; what they are rejected for at
 * receipt is their own, and stays.
 */
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/replay.h"
#include "stage/step.h"

#include "denmark/bankday.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct again {
    struct nks_run *run;
    struct nks_batch from, to; /* to.id 0: not begun */
    struct nks_slice *slice;   /* of `to` */
    uint32_t *numbers;         /* of groups in `to`, by that in `from`; 0: not in it */
    int64_t *counts;           /* payments of groups, by number in `to` */
    uint32_t *origins;         /* the other way round */
    nks_date execution_date;
};

/* Reasons of resolve and route that reference data explain. */
static bool may_go_again(const struct nks_payment *payment)
{
    static const enum nks_reason reasons[] = {NKS_REASON_NO_ACCOUNT, NKS_REASON_NO_CENTRAL};
    if (payment->state != NKS_PAYMENT_REJECTED || (payment->flags & NKS_FLAG_AT_RECEIPT) || payment->legs > 0)
        return false;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (payment->reason == (uint16_t)reasons[i])
            return true;
    }
    return false;
}

/* ---- the new batch */

/* A payment goes again once, so its number makes the stem unique among the replays of a batch. */
static void make_ref(const struct again *again, uint64_t first_seq, char out[NKS_BATCH_REF + 1])
{
    char text[NKS_BATCH_REF + 48];
    uint8_t hash[NKS_HASH_SIZE];
    int len = snprintf(text, sizeof text, "%s rejected %llu", again->from.ref, (unsigned long long)first_seq);
    nks_hash_once(text, (size_t)len, hash);
    nks_base32(hash, NKS_BATCH_REF, out);
}

/* The earliest day that every bank of the batch can still do: the one that was asked for may be gone, and all slices of
 * the new batch have one. */
static enum nks_status date_set(struct again *again)
{
    struct nks_run *run = again->run;
    again->execution_date = nks_bankday_on_or_after(run->today);
    for (uint32_t number = 1; number <= (uint64_t)again->from.groups; number++) {
        const struct nks_group *group = NULL;
        NKS_TRY(nks_group_load(run->payments, &again->from, number, &group, &run->fault));
        const struct nks_central *central = nks_central_for_regnr(&run->centrals, group->regnr);
        nks_date earliest = central == NULL
                                ? again->execution_date
                                : nks_execution_earliest(run->today, nks_copenhagen_minute(run->now), central->cut_off);
        if (earliest > again->execution_date)
            again->execution_date = earliest;
    }
    return NKS_OK;
}

static enum nks_status batch_begin(struct again *again, uint64_t first_seq)
{
    struct nks_run *run = again->run;
    const struct nks_batch *from = &again->from;
    again->to = (struct nks_batch){
        .delivery_id = from->delivery_id,
        .kind = from->kind,
        .origin = NKS_ORIGIN_CORRECTION,
        .mode = from->mode,
        .version = from->version,
        .encoding = from->encoding,
        .agreement_id = from->agreement_id,
        .created = run->now,
        .header = malloc(from->header_len + 1),
        .header_len = from->header_len,
    };
    again->slice = nks_slice_new();
    again->numbers = calloc((size_t)from->groups + 1, sizeof *again->numbers);
    again->counts = calloc((size_t)from->groups + 1, sizeof *again->counts);
    again->origins = calloc((size_t)from->groups + 1, sizeof *again->origins);
    if (again->to.header == NULL || again->slice == NULL || again->numbers == NULL || again->counts == NULL ||
        again->origins == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for replayed payments");
    memcpy(again->to.header, from->header, from->header_len);
    memcpy(again->to.sender, from->sender, sizeof again->to.sender);
    memcpy(again->to.payer, from->payer, sizeof again->to.payer);
    make_ref(again, first_seq, again->to.ref);
    NKS_TRY(date_set(again));
    return nks_batch_create(run->payments, &again->to, &run->fault);
}

static enum nks_status slice_flush(struct again *again)
{
    struct nks_run *run = again->run;
    struct nks_slice *slice = again->slice;
    if (slice->count == 0)
        return NKS_OK;
    if (again->to.slices == NKS_SLICES_MAX)
        return nks_fault_set(&run->fault, NKS_FAILED, "SLICE-FULL", "more payments are replayed than a batch holds");
    slice->number = (int32_t)++again->to.slices;
    slice->execution_date = again->execution_date;
    slice->due_date = run->today;
    slice->epoch = run->epoch;
    NKS_TRY(nks_slice_create(run->payments, &again->to, slice, &run->fault));
    nks_slice_reset(slice);
    return NKS_OK;
}

static enum nks_status group_of(struct again *again, uint32_t from, uint32_t *number)
{
    if (from == 0 || from > (uint64_t)again->from.groups)
        return nks_fault_set(&again->run->fault, NKS_INTEGRITY, "SLICE-ROWS",
                             "a rejected payment is of no group of its batch; do not restart, run nks-audit");
    if (again->numbers[from] == 0) {
        again->numbers[from] = (uint32_t)++again->to.groups;
        again->origins[again->numbers[from]] = from;
    }
    *number = again->numbers[from];
    again->counts[*number]++;
    return NKS_OK;
}

static enum nks_status groups_save(struct again *again)
{
    struct nks_run *run = again->run;
    for (uint32_t number = 1; number <= (uint64_t)again->to.groups; number++) {
        const struct nks_group *loaded = NULL;
        NKS_TRY(nks_group_load(run->payments, &again->from, again->origins[number], &loaded, &run->fault));
        struct nks_group group = *loaded;
        group.batch_id = again->to.id;
        group.number = number;
        group.payments = again->counts[number];
        group.execution_date = again->execution_date;
        group.moved = NKS_REASON_NONE;
        NKS_TRY(nks_group_save(run->payments, &again->to, &group, &run->fault));
    }
    return NKS_OK;
}

/* ---- payments */

static enum nks_status payment_add(struct again *again, const struct nks_payment *from)
{
    struct nks_run *run = again->run;
    struct nks_text record = nks_payment_record(run->slice, from);
    struct nks_money money = {.minor = from->amount_minor};
    struct nks_payment payment = {
        .seq = (uint64_t)again->to.payments + 1,
        .amount_minor = from->amount_minor,
        .currency = from->currency,
        .state = NKS_PAYMENT_ACCEPTED,
        .holder_kind = from->holder_kind,
        .flags = from->flags,
        .holder = from->holder,
    };
    if (again->slice->count == NKS_SLICE_PAYMENTS || record.len > NKS_SLICE_DETAILS - again->slice->details_len)
        NKS_TRY(slice_flush(again));
    NKS_TRY(group_of(again, from->group, &payment.group));
    NKS_TRY(nks_slice_add(again->slice, &payment, record, &run->fault));
    again->to.payments++;
    nks_payment_currency(from, money.currency);
    return nks_sum_add(&again->to.sum, money)
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_FAILED, "SLICE-TOTAL", "the sum of replayed payments does not fit");
}

static enum nks_status payment_again(struct again *again, const struct nks_payment *from)
{
    struct nks_run *run = again->run;
    struct nks_replayed row = {run->slice->id, from->n, 0, 0};
    bool gone = false;
    NKS_TRY(nks_replayed_find(run->payments, &row, &gone, &run->fault));
    if (gone)
        return NKS_OK;
    if (again->to.id == 0)
        NKS_TRY(batch_begin(again, from->seq));
    NKS_TRY(payment_add(again, from));
    row.slice_id = nks_slice_id(again->to.id, again->to.slices + 1);
    row.n = (uint32_t)again->slice->count;
    return nks_replayed_add(run->payments, &row, &run->fault);
}

static enum nks_status slice_again(struct again *again, int64_t slice_id)
{
    struct nks_run *run = again->run;
    const struct nks_slice_want want = {.details = true, .legs = true};
    NKS_TRY(nks_slice_load(run->payments, &again->from, slice_id, want, run->slice, &run->fault));
    NKS_TRY(nks_slice_rows_verify(run->payments, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->count; i++) {
        if (may_go_again(&run->slice->payments[i]))
            NKS_TRY(payment_again(again, &run->slice->payments[i]));
    }
    return NKS_OK;
}

/* ---- the batch */

static enum nks_status link_add(struct again *again, const char *reason)
{
    char detail[80];
    snprintf(detail, sizeof detail, "rejected payments of batch %lld again as batch %lld", (long long)again->from.id,
             (long long)again->to.id);
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_REPLAY,
                                          .batch_id = again->from.id,
                                          .number = again->to.payments,
                                          .reason = reason,
                                          .detail = detail};
    return nks_trail_add(again->run->trail, &entry, &again->run->fault);
}

static enum nks_status batch_again(struct again *again, int64_t batch_id, const struct nks_by_hand *hand)
{
    struct nks_run *run = again->run;
    bool found = false;
    NKS_TRY(nks_batch_load(run->payments, batch_id, &again->from, &found, &run->fault));
    if (!found || again->from.state != NKS_BATCH_ACCEPTED)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-STATE",
                             "the batch was not accepted; a refused file is read again by the number of its delivery");
    if (again->from.origin == NKS_ORIGIN_RETURNED)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-STATE", "the batch carries on money that came back");
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            break;
        if (row.rejected > 0)
            NKS_TRY(slice_again(again, row.id));
    }
    if (again->to.id == 0)
        return NKS_OK;
    NKS_TRY(slice_flush(again));
    NKS_TRY(groups_save(again));
    again->to.state = NKS_BATCH_ACCEPTED;
    NKS_TRY(nks_batch_finish(run->payments, &again->to, &run->fault));
    if (!hand->dry_run)
        NKS_TRY(nks_lost_act(run, "replay", again->from.ref, "rejected"));
    return link_add(again, hand->reason);
}

static void again_free(struct again *again)
{
    nks_batch_close(&again->from);
    nks_batch_close(&again->to);
    nks_slice_free(again->slice);
    free(again->numbers);
    free(again->counts);
    free(again->origins);
}

static enum nks_status rejected_once(struct nks_run *run, int64_t batch_id, const struct nks_by_hand *hand,
                                     struct nks_replay_result *result)
{
    struct again again = {.run = run};
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = batch_again(&again, batch_id, hand);
    *result = (struct nks_replay_result){again.to.id, again.to.payments, again.to.sum};
    again_free(&again);
    if (status == NKS_OK && !hand->dry_run && result->batch_id != 0) {
        nks_sys_point("hand.before");
        return nks_db_commit(run->db, &run->fault);
    }
    nks_db_rollback(run->db);
    return status;
}

enum nks_status nks_replay_rejected(struct nks_run *run, int64_t batch_id, const struct nks_by_hand *hand,
                                    struct nks_replay_result *result)
{
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        status = rejected_once(run, batch_id, hand, result);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}
