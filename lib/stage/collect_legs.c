/*
 * collect, a pain.002. Statuses are taken at the level where they stand, the most specific first: a payment's own while
 * the report is read, then those of groups, then that of the whole message, each for legs that are still IN_FILE. So
 * nothing but the statuses of groups is remembered, whatever the size of the report.
 */
#include "stage/collect.h"
#include "stage/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a status means */

/* ISO 20022 ExternalPaymentTransactionStatus and -GroupStatus, as far as banks use them for payments. Only what is
 * final moves a leg; the rest says that the bank is at work. A status that is not here is for a person. */
static const struct {
    const char *code;
    enum nks_leg_state to;
    bool accepts; /* the bank will carry it out; else it has but received it */
} statuses[] = {
    {"RJCT", NKS_LEG_REJECTED, false},
    {"ACSC", NKS_LEG_SETTLED, true}, /* settled on the debtor's account */
    {"ACCC", NKS_LEG_SETTLED, true}, /* settled on the creditor's account */
    {"ACCP", 0, true},
    {"ACSP", 0, true},
    {"ACTC", 0, false},
    {"ACWC", 0, true},
    {"ACFC", 0, true},
    {"ACWP", 0, true},
    {"RCVD", 0, false},
    {"PDNG", 0, false},
    {"PART", 0, false},
};

static enum nks_leg_state state_of(struct nks_answer *answer, const struct nks_frame_place *place,
                                   struct nks_text status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (nks_text_is(status, statuses[i].code))
            return statuses[i].to;
    }
    if (status.len > 0)
        nks_answer_odd(answer, place, NKS_ODD_UNKNOWN_STATUS);
    return 0;
}

/* The bank's code as one of ours. NARR says nothing but that the bank said no. */
enum nks_reason nks_answer_reason(struct nks_text record, enum nks_reason otherwise)
{
    struct nks_text code = nks_text_trim(nks_record_slot(record, NKS_SLOT_STS_RSN_CD));
    if (code.len == 0 && nks_text_trim(nks_record_slot(record, NKS_SLOT_STS_RSN_PRTRY)).len == 0)
        return otherwise;
    enum nks_reason reason = nks_text_is(code, "NARR") ? NKS_REASON_NONE : nks_reason_find(code);
    return reason != NKS_REASON_NONE ? reason : NKS_REASON_BANK;
}

/* A bank that refuses a whole file or group for an account speaks of the debtor's account, or of nobody's: 10,000
 * payees have not lost theirs in one night. The codes stay, but nothing is carried on after them (collect_back.c). */
static const struct {
    enum nks_reason one, many;
} reasons_of_many[] = {
    {NKS_REASON_BANK_ACCOUNT, NKS_REASON_WHOLE_ACCOUNT},
    {NKS_REASON_BANK_ACCOUNT_CLOSED, NKS_REASON_WHOLE_ACCOUNT_CLOSED},
    {NKS_REASON_BANK_ACCOUNT_BLOCKED, NKS_REASON_WHOLE_ACCOUNT_BLOCKED},
    {NKS_REASON_BANK_REFUSED_BY_PAYEE, NKS_REASON_WHOLE_REFUSED},
    {NKS_REASON_BANK_UNSPECIFIED, NKS_REASON_WHOLE_UNSPECIFIED},
    {NKS_REASON_CREDITOR_ACCOUNT, NKS_REASON_WHOLE_AC03},
    {NKS_REASON_BANK_PAYEE_CLOSED, NKS_REASON_WHOLE_AC07},
    {NKS_REASON_PAYEE_MISSING, NKS_REASON_WHOLE_BE06},
    {NKS_REASON_BANK_DECEASED, NKS_REASON_WHOLE_MD07},
};

static enum nks_reason reason_of_many(enum nks_reason reason)
{
    for (size_t i = 0; i < sizeof reasons_of_many / sizeof reasons_of_many[0]; i++) {
        if (reason == reasons_of_many[i].one)
            return reasons_of_many[i].many;
    }
    return reason;
}

/* A level that gives no reason has that of the level above. */
static struct nks_answer_status status_of(struct nks_answer *answer, const struct nks_frame_place *place,
                                          struct nks_text record, enum nks_reason above)
{
    struct nks_answer_status status = {.reason = nks_answer_reason(record, above)};
    status.to = state_of(answer, place, nks_text_trim(nks_record_slot(record, NKS_SLOT_STS)));
    return status;
}

/* Settled legs have no reason; rejected ones have one. */
static enum nks_reason stored_reason(const struct nks_answer_status *status)
{
    if (status->to != NKS_LEG_REJECTED)
        return NKS_REASON_NONE;
    return status->reason != NKS_REASON_NONE ? status->reason : NKS_REASON_BANK;
}

/* ---- the message: which file of ours */

static enum nks_status foreign(struct nks_answer *answer, const struct nks_frame_place *place, enum nks_odd kind)
{
    nks_answer_odd(answer, place, kind);
    answer->foreign = true;
    return NKS_OK;
}

/* Legs that an earlier answer moved are left; counted before this one moves any. */
static enum nks_status count_final(struct nks_answer *answer, const struct nks_frame_place *place)
{
    static const enum nks_leg_state finals[] = {NKS_LEG_SETTLED, NKS_LEG_REJECTED, NKS_LEG_RETURNED};
    struct nks_run *run = answer->run;
    for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
        int64_t count = 0;
        NKS_TRY(nks_legs_count_file(run->payments, answer->first, answer->last, answer->file.id, finals[i], &count,
                                    &run->fault));
        if (finals[i] == answer->head.to)
            answer->already += count;
        else if (count > 0)
            nks_answer_odd(answer, place, NKS_ODD_FILE_OTHER_STATE);
    }
    return NKS_OK;
}

/* A status of the message after which no other answer needs to come: a final one, or that the bank accepts it all,
 * unless the central says nothing when a user rejects what it has accepted. A receipt is no answer. */
static bool speaks_of_all(const struct nks_answer *answer, struct nks_text status)
{
    if (answer->head.to != 0)
        return true;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (nks_text_is(status, statuses[i].code))
            return statuses[i].accepts && answer->central != NULL && !answer->central->silent_reject;
    }
    return false;
}

enum nks_status nks_answer_head(struct nks_answer *answer, const struct nks_frame_place *place, struct nks_text record)
{
    struct nks_run *run = answer->run;
    int64_t id = 0;
    bool ours = false;
    struct nks_text message_id = nks_text_trim(nks_record_slot(record, NKS_SLOT_ORGNL_MSG_ID));
    NKS_TRY(nks_out_file_by_message(run->exchange, message_id, &id, &run->fault));
    if (id == 0)
        return foreign(answer, place, NKS_ODD_UNKNOWN_MESSAGE);
    NKS_TRY(nks_answer_file_use(answer, id, &ours));
    if (!ours)
        return foreign(answer, place, nks_answer_not_ours(answer));
    if (answer->file.state == NKS_FILE_RESERVED)
        return foreign(answer, place, NKS_ODD_NOT_WRITTEN);
    NKS_TRY(nks_answer_batch_use(answer, answer->file.batch_id));
    answer->head = status_of(answer, place, record, NKS_REASON_NONE);
    answer->head.reason = reason_of_many(answer->head.reason);
    answer->whole = speaks_of_all(answer, nks_text_trim(nks_record_slot(record, NKS_SLOT_STS)));
    return answer->head.to != 0 ? count_final(answer, place) : NKS_OK;
}

/* ---- groups, found by the hash of their ids */

uint64_t nks_answer_hash(struct nks_text id)
{
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t first = 0;
    nks_hash_once(id.ptr, id.len, hash);
    memcpy(&first, hash, sizeof first);
    return first;
}

static int group_order(const void *a, const void *b)
{
    const struct nks_answer_group *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

static enum nks_status group_id(struct nks_answer *answer, uint32_t number, struct nks_text *id)
{
    struct nks_run *run = answer->run;
    const struct nks_group *group = NULL;
    NKS_TRY(nks_group_load(run->payments, &answer->batch, number, &group, &run->fault));
    *id = nks_text_trim(nks_record_slot((struct nks_text){group->record, group->record_len}, NKS_SLOT_PMT_INF_ID));
    return NKS_OK;
}

static enum nks_status groups_make(struct nks_answer *answer)
{
    size_t count = (size_t)answer->batch.groups;
    if (answer->groups != NULL)
        return NKS_OK;
    answer->groups = calloc(count + 1, sizeof *answer->groups);
    answer->group_said = calloc(count + 1, sizeof *answer->group_said);
    if (answer->groups == NULL || answer->group_said == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory for the groups of an answer");
    for (size_t i = 0; i < count; i++) {
        struct nks_text id;
        NKS_TRY(group_id(answer, (uint32_t)i + 1, &id));
        answer->groups[i] = (struct nks_answer_group){nks_answer_hash(id), (uint32_t)i + 1};
    }
    qsort(answer->groups, count, sizeof *answer->groups, group_order);
    return NKS_OK;
}

/* The first place in the list whose hash is not smaller. */
static size_t group_place(const struct nks_answer *answer, uint64_t hash)
{
    size_t low = 0, high = (size_t)answer->batch.groups;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (answer->groups[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum nks_status nks_answer_group_find(struct nks_answer *answer, struct nks_text id, uint32_t *number)
{
    NKS_TRY(groups_make(answer));
    uint64_t hash = nks_answer_hash(id);
    size_t at = group_place(answer, hash), count = (size_t)answer->batch.groups;
    struct nks_text ours = {NULL, 0};
    *number = 0;
    if (at == count || answer->groups[at].hash != hash || (at + 1 < count && answer->groups[at + 1].hash == hash))
        return NKS_OK;
    NKS_TRY(group_id(answer, answer->groups[at].number, &ours));
    if (nks_text_equal(ours, id))
        *number = answer->groups[at].number;
    return NKS_OK;
}

static bool contradicts(const struct nks_answer_status *status, const struct nks_answer_status *above)
{
    return status->to != 0 && above->to != 0 && status->to != above->to;
}

static enum nks_status group_say(struct nks_answer *answer, const struct nks_frame_place *place, struct nks_text id)
{
    uint32_t number = 0;
    NKS_TRY(nks_answer_group_find(answer, id, &number));
    if (number == 0) {
        nks_answer_odd(answer, place, NKS_ODD_UNKNOWN_GROUP);
        return NKS_OK;
    }
    if (contradicts(&answer->group, &answer->group_said[number]))
        nks_answer_odd(answer, place, NKS_ODD_GROUP_TWICE);
    else
        answer->group_said[number] = answer->group;
    answer->groups_said = true;
    return NKS_OK;
}

enum nks_status nks_answer_group_take(struct nks_answer *answer, const struct nks_frame_place *place,
                                      struct nks_text record)
{
    answer->group = status_of(answer, place, record, answer->head.reason);
    answer->group.reason = reason_of_many(answer->group.reason);
    if (answer->group.to == 0)
        return NKS_OK;
    if (contradicts(&answer->group, &answer->head))
        nks_answer_odd(answer, place, NKS_ODD_GROUP_CONTRADICTS);
    return group_say(answer, place, nks_text_trim(nks_record_slot(record, NKS_SLOT_PMT_INF_ID)));
}

/* ---- legs */

static enum nks_status leg_move(struct nks_answer *answer, int64_t slice_id, const struct nks_leg *leg,
                                const struct nks_answer_status *status)
{
    struct nks_run *run = answer->run;
    bool moved = false;
    NKS_TRY(nks_leg_move(run->payments, slice_id, leg, NKS_LEG_IN_FILE, status->to, stored_reason(status), &moved,
                         &run->fault));
    answer->moved += moved;
    return moved ? nks_answer_touch(answer, slice_id, leg->file_id, status->to == NKS_LEG_REJECTED) : NKS_OK;
}

static enum nks_status leg_answer(struct nks_answer *answer, const struct nks_frame_place *place, int64_t slice_id,
                                  const struct nks_leg *leg, const struct nks_answer_status *status)
{
    if (status->to == 0)
        return NKS_OK;
    if (leg->state == NKS_LEG_IN_FILE)
        return leg_move(answer, slice_id, leg, status);
    if (leg->state != status->to)
        nks_answer_odd(answer, place, NKS_ODD_OTHER_STATE);
    else if (answer->head.to != status->to) /* else it was counted with the whole file */
        answer->already++;
    return NKS_OK;
}

/* The leg must be ours, of the file that is answered, and there. */
static enum nks_status leg_of(struct nks_answer *answer, struct nks_text id, int64_t *slice_id, struct nks_leg *leg,
                              bool *found)
{
    struct nks_run *run = answer->run;
    struct nks_leg_address address;
    int32_t currency = 0;
    *found = false;
    if (!nks_leg_id_parse(id, &address) || strcmp(address.ref, answer->batch.ref) != 0)
        return NKS_OK;
    *slice_id = nks_slice_id(answer->batch.id, address.slice_number);
    if (*slice_id < answer->first || *slice_id > answer->last)
        return NKS_OK;
    NKS_TRY(nks_leg_find(run->payments, *slice_id, &address, leg, &currency, found, &run->fault));
    *found = *found && leg->file_id == answer->file.id;
    return NKS_OK;
}

enum nks_status nks_answer_payment(struct nks_answer *answer, const struct nks_frame_place *place,
                                   struct nks_text record)
{
    struct nks_leg leg;
    int64_t slice_id = 0;
    bool found = false;
    const struct nks_answer_status *above = answer->group.to != 0 ? &answer->group : &answer->head;
    NKS_TRY(leg_of(answer, nks_record_slot(record, NKS_SLOT_INSTR_ID), &slice_id, &leg, &found));
    if (!found) {
        nks_answer_odd(answer, place, NKS_ODD_UNKNOWN_PAYMENT);
        return NKS_OK;
    }
    struct nks_answer_status status = status_of(answer, place, record, answer->group.reason);
    if (contradicts(&status, above))
        nks_answer_odd(answer, place, NKS_ODD_PAYMENT_CONTRADICTS);
    return leg_answer(answer, place, slice_id, &leg, &status);
}

/* ---- after the last frame: groups, and the message */

static enum nks_status groups_apply(struct nks_answer *answer, int64_t slice_id)
{
    static const struct nks_frame_place nowhere;
    struct nks_run *run = answer->run;
    const struct nks_slice_want want = {.legs = true};
    NKS_TRY(nks_slice_load(run->payments, &answer->batch, slice_id, want, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->leg_count; i++) {
        const struct nks_leg *leg = &run->slice->legs[i];
        uint32_t number = run->slice->payments[leg->n - 1].group;
        if (leg->file_id != answer->file.id || number > (uint64_t)answer->batch.groups)
            continue;
        /* What the report says of single payments of the group has been done: they are no news. */
        if (leg->state == NKS_LEG_IN_FILE)
            NKS_TRY(leg_answer(answer, &nowhere, slice_id, leg, &answer->group_said[number]));
    }
    return NKS_OK;
}

static enum nks_status head_apply(struct nks_answer *answer, int64_t slice_id)
{
    struct nks_run *run = answer->run;
    const struct nks_legs_answer legs = {.file_id = answer->file.id,
                                         .from = NKS_LEG_IN_FILE,
                                         .to = answer->head.to,
                                         .reason = stored_reason(&answer->head)};
    int64_t moved = 0;
    NKS_TRY(nks_legs_answer_file(run->payments, slice_id, &legs, &moved, &run->fault));
    answer->moved += moved;
    return moved > 0 ? nks_answer_touch(answer, slice_id, answer->file.id, legs.to == NKS_LEG_REJECTED) : NKS_OK;
}

enum nks_status nks_answer_apply(struct nks_answer *answer)
{
    for (int64_t id = answer->first; id <= answer->last; id++) {
        if (answer->groups_said)
            NKS_TRY(groups_apply(answer, id));
        if (answer->head.to != 0)
            NKS_TRY(head_apply(answer, id));
    }
    return NKS_OK;
}
