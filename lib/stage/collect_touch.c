/* collect: what an answer has touched, and the move of one leg by a booking. */
#include "stage/collect.h"
#include "stage/step.h"

#include <stdlib.h>
#include <string.h>

enum { TOUCHES_FIRST = 256 };

/* ---- touched slices: as many rows as there are slices in files, whatever the order in which an answer names them */

static int touch_order(const void *a, const void *b)
{
    const struct nks_touch *left = a, *right = b;
    if (left->slice_id != right->slice_id)
        return left->slice_id < right->slice_id ? -1 : 1;
    return (left->file_id > right->file_id) - (left->file_id < right->file_id);
}

void nks_answer_touches_sort(struct nks_answer *answer)
{
    size_t kept = 0;
    if (answer->touch_count == 0)
        return;
    qsort(answer->touched, answer->touch_count, sizeof *answer->touched, touch_order);
    for (size_t i = 1; i < answer->touch_count; i++) {
        struct nks_touch *last = &answer->touched[kept];
        const struct nks_touch *next = &answer->touched[i];
        if (touch_order(last, next) == 0)
            last->back = last->back || next->back;
        else
            answer->touched[++kept] = *next;
    }
    answer->touch_count = kept + 1;
}

static enum nks_status touches_grow(struct nks_answer *answer)
{
    nks_answer_touches_sort(answer);
    if (answer->touch_count < answer->touch_cap / 2)
        return NKS_OK;
    size_t want = answer->touch_cap == 0 ? TOUCHES_FIRST : answer->touch_cap * 2;
    struct nks_touch *grown = realloc(answer->touched, want * sizeof *grown);
    if (grown == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
    answer->touched = grown;
    answer->touch_cap = want;
    return NKS_OK;
}

enum nks_status nks_answer_touch(struct nks_answer *answer, int64_t slice_id, int64_t file_id, bool back)
{
    struct nks_touch *last = answer->touch_count > 0 ? &answer->touched[answer->touch_count - 1] : NULL;
    if (last != NULL && last->slice_id == slice_id && last->file_id == file_id) {
        last->back = last->back || back;
        return NKS_OK;
    }
    if (answer->touch_count == answer->touch_cap)
        NKS_TRY(touches_grow(answer));
    answer->touched[answer->touch_count++] = (struct nks_touch){slice_id, file_id, back};
    return NKS_OK;
}

/* ---- what is looked at */

enum nks_status nks_answer_batch_use(struct nks_answer *answer, int64_t batch_id)
{
    struct nks_run *run = answer->run;
    bool found = false;
    if (answer->batch.id == batch_id)
        return NKS_OK;
    nks_batch_close(&answer->batch);
    free(answer->groups);
    free(answer->group_said);
    answer->groups = NULL;
    answer->group_said = NULL;
    NKS_TRY(nks_batch_load(run->payments, batch_id, &answer->batch, &found, &run->fault));
    return found ? NKS_OK
                 : nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld is missing", (long long)batch_id);
}

enum nks_status nks_answer_file_use(struct nks_answer *answer, int64_t file_id, bool *ours)
{
    struct nks_run *run = answer->run;
    struct nks_order_detail detail;
    bool found = true;
    if (answer->file.id != file_id)
        NKS_TRY(nks_out_file_load(run->exchange, file_id, &answer->file, &found, &run->fault));
    *ours = found && answer->file.kind == NKS_FILE_ORDER && answer->file.folder == NKS_FOLDER_CENTRAL &&
            strcmp(answer->file.party, answer->delivery.party) == 0;
    nks_time erased = 0;
    bool done = false;
    if (*ours)
        NKS_TRY(nks_batch_erased(run->payments, answer->file.batch_id, &erased, &done, &run->fault));
    answer->erased = erased != 0;
    *ours = *ours && erased == 0;
    if (!*ours)
        return NKS_OK;
    /* The slices of the file stand where emit put them (emit_order.c). */
    if (!nks_order_detail_parse(nks_text_from(answer->file.detail), &detail) ||
        nks_slice_batch(detail.first) != answer->file.batch_id || nks_slice_batch(detail.last) != answer->file.batch_id)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "the row of out file %lld is damaged",
                             (long long)file_id);
    answer->first = detail.first;
    answer->last = detail.last;
    return NKS_OK;
}

enum nks_odd nks_answer_not_ours(const struct nks_answer *answer)
{
    return answer->erased ? NKS_ODD_ERASED : NKS_ODD_OTHER_CENTRAL;
}

enum nks_status nks_answer_each_file(struct nks_answer *answer, nks_answer_file_fn fn, void *context)
{
    struct nks_run *run = answer->run;
    for (nks_date day = run->today - NKS_ANSWER_WINDOW_DAYS; day <= run->today; day++) {
        for (int64_t id = 0;;) {
            bool ours = false;
            NKS_TRY(nks_out_file_next_day(run->exchange, answer->delivery.party, day, NKS_FILE_ORDER, id, &id,
                                          &run->fault));
            if (id == 0)
                break;
            NKS_TRY(nks_answer_file_use(answer, id, &ours));
            if (ours && answer->file.state >= NKS_FILE_PUBLISHED)
                NKS_TRY(fn(answer, context));
        }
    }
    return NKS_OK;
}

/* ---- one leg */

/* Rejected or returned, the money is with the payer. */
static bool is_back(enum nks_leg_state state)
{
    return state == NKS_LEG_REJECTED || state == NKS_LEG_RETURNED;
}

enum nks_status nks_answer_book(struct nks_answer *answer, const struct nks_booking *booking, int64_t slice_id,
                                const struct nks_leg *leg)
{
    struct nks_run *run = answer->run;
    enum nks_leg_state from = (enum nks_leg_state)leg->state;
    bool moved = false;
    if (from == booking->to || (is_back(from) && is_back(booking->to))) {
        answer->already++;
        return NKS_OK;
    }
    if (!nks_state_may_move(NKS_STATE_LEG, (int)from, (int)booking->to)) {
        nks_answer_odd(answer, &booking->place, NKS_ODD_OTHER_STATE);
        return NKS_OK;
    }
    NKS_TRY(nks_leg_move(run->payments, slice_id, leg, from, booking->to, booking->reason, &moved, &run->fault));
    if (!moved) { /* it is not as the caller read it: nothing is lost without a word */
        nks_answer_odd(answer, &booking->place, NKS_ODD_OTHER_STATE);
        return NKS_OK;
    }
    answer->moved++;
    return nks_answer_touch(answer, slice_id, leg->file_id, is_back(booking->to));
}
