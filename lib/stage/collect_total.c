/*
 * collect, totals: a total moves all payments of an order file, or of one of its groups, when count and sum are those
 * of the payments that are still in the file or settled.
 */
#include "stage/collect.h"

#include <stdlib.h>

struct tally { /* legs of a file, or of a group of it, that a total could be about */
    uint32_t group;
    int32_t currency; /* of the first */
    int64_t count, open;
    nks_int128 minor;
    bool mixed; /* there are some in another currency */
};

static enum nks_status on_tally(void *context, const struct nks_leg_row *row, struct nks_fault *fault)
{
    struct tally *tally = context;
    (void)fault;
    if ((tally->group != 0 && row->group != tally->group) ||
        (row->leg.state != NKS_LEG_IN_FILE && row->leg.state != NKS_LEG_SETTLED))
        return NKS_OK;
    if (tally->count == 0)
        tally->currency = row->currency;
    tally->mixed = tally->mixed || row->currency != tally->currency;
    tally->count++;
    tally->open += row->leg.state == NKS_LEG_IN_FILE;
    tally->minor += row->leg.amount_minor;
    return NKS_OK;
}

/* Of answer->file. */
static enum nks_status tally_make(struct nks_answer *answer, struct tally *tally)
{
    struct nks_run *run = answer->run;
    for (int64_t id = answer->first; id <= answer->last; id++)
        NKS_TRY(nks_legs_of_file(run->payments, id, answer->file.id, on_tally, tally, &run->fault));
    return NKS_OK;
}

static bool tally_is(const struct tally *tally, const struct nks_total *total)
{
    return total->has_amount && tally->count > 0 && !tally->mixed && tally->count == total->count &&
           tally->currency == nks_currency_number(total->amount.currency) && tally->minor == total->amount.minor;
}

static enum nks_status total_apply(struct nks_answer *answer, const struct nks_total *total, uint32_t group)
{
    struct nks_run *run = answer->run;
    static const enum nks_leg_state froms[] = {NKS_LEG_IN_FILE, NKS_LEG_SETTLED};
    int64_t all = 0;
    for (int64_t id = answer->first; id <= answer->last; id++) {
        for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
            const struct nks_legs_answer legs = {answer->file.id, group, froms[i], total->to, total->reason};
            int64_t moved = 0;
            if (!nks_state_may_move(NKS_STATE_LEG, (int)froms[i], (int)total->to))
                continue;
            NKS_TRY(nks_legs_answer_file(run->payments, id, &legs, &moved, &run->fault));
            if (moved > 0)
                NKS_TRY(nks_answer_touch(answer, id, answer->file.id, total->to == NKS_LEG_RETURNED));
            all += moved;
        }
    }
    answer->moved += all;
    answer->already += total->count - all;
    return NKS_OK;
}

/* The order file that the total names, and perhaps the group. */
static enum nks_status total_named(struct nks_answer *answer, const struct nks_total *total)
{
    struct nks_run *run = answer->run;
    struct tally tally = {.group = 0};
    struct nks_text group_id = nks_text_from(total->group_id);
    int64_t id = 0;
    bool ours = false;
    NKS_TRY(nks_out_file_by_message(run->exchange, nks_text_from(total->message_id), &id, &run->fault));
    if (id != 0)
        NKS_TRY(nks_answer_file_use(answer, id, &ours));
    if (!ours) {
        nks_answer_odd(answer, &total->place, id == 0 ? NKS_ODD_UNKNOWN_MESSAGE : nks_answer_not_ours(answer));
        return NKS_OK;
    }
    if (group_id.len > 0) {
        NKS_TRY(nks_answer_batch_use(answer, answer->file.batch_id));
        NKS_TRY(nks_answer_group_find(answer, group_id, &tally.group));
        if (tally.group == 0) {
            nks_answer_odd(answer, &total->place, NKS_ODD_UNKNOWN_GROUP);
            return NKS_OK;
        }
    }
    NKS_TRY(tally_make(answer, &tally));
    if (tally_is(&tally, total))
        return total_apply(answer, total, tally.group);
    nks_answer_odd(answer, &total->place, NKS_ODD_TOTALS);
    return NKS_OK;
}

/* ---- totals that name nothing: kept, and compared with each order file of the central in one walk */

enum { TOTALS_MAX = 1000, TOTALS_FIRST = 16 }; /* of one notice */

struct search {
    struct nks_total total;
    int64_t file_id; /* the first that fits */
    int open, done;
};

struct nks_totals {
    size_t count, cap;
    struct search *rows;
};

static enum nks_status totals_grow(struct nks_answer *answer, struct nks_totals **totals)
{
    if (*totals == NULL)
        *totals = calloc(1, sizeof **totals);
    size_t want = *totals == NULL || (*totals)->cap == 0 ? TOTALS_FIRST : (*totals)->cap * 2;
    struct search *grown = *totals == NULL ? NULL : realloc((*totals)->rows, want * sizeof *grown);
    if (grown == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
    (*totals)->rows = grown;
    (*totals)->cap = want;
    return NKS_OK;
}

static enum nks_status total_keep(struct nks_answer *answer, struct nks_totals **totals, const struct nks_total *total)
{
    if (*totals != NULL && (*totals)->count == TOTALS_MAX) {
        nks_answer_odd(answer, &total->place, NKS_ODD_TOO_MANY);
        return NKS_OK;
    }
    if (*totals == NULL || (*totals)->count == (*totals)->cap)
        NKS_TRY(totals_grow(answer, totals));
    (*totals)->rows[(*totals)->count++] = (struct search){.total = *total};
    return NKS_OK;
}

void nks_totals_free(struct nks_totals *totals)
{
    if (totals == NULL)
        return;
    free(totals->rows);
    free(totals);
}

static bool file_may_fit(const struct nks_answer *answer, const struct nks_totals *totals)
{
    for (size_t i = 0; i < totals->count; i++) {
        if (totals->rows[i].total.count <= answer->file.entries)
            return true;
    }
    return false;
}

static enum nks_status file_compare(struct nks_answer *answer, void *context)
{
    struct nks_totals *totals = context;
    struct tally tally = {.group = 0};
    if (!file_may_fit(answer, totals))
        return NKS_OK;
    NKS_TRY(tally_make(answer, &tally));
    for (size_t i = 0; i < totals->count; i++) {
        struct search *search = &totals->rows[i];
        if (!tally_is(&tally, &search->total))
            continue;
        search->done += tally.open == 0;
        if (tally.open > 0 && search->open++ == 0)
            search->file_id = answer->file.id;
    }
    return NKS_OK;
}

/* Exactly one order file of the central has that count and sum and waits for it. */
static enum nks_status search_apply(struct nks_answer *answer, const struct search *search)
{
    bool ours = false;
    if (search->open == 1) {
        NKS_TRY(nks_answer_file_use(answer, search->file_id, &ours));
        return total_apply(answer, &search->total, 0);
    }
    if (search->open == 0 && search->done > 0)
        answer->already += search->total.count;
    else
        nks_answer_odd(answer, &search->total.place, search->open == 0 ? NKS_ODD_NO_MATCH : NKS_ODD_AMBIGUOUS);
    return NKS_OK;
}

enum nks_status nks_totals_apply(struct nks_answer *answer, struct nks_totals *totals)
{
    if (totals == NULL)
        return NKS_OK;
    NKS_TRY(nks_answer_each_file(answer, file_compare, totals));
    for (size_t i = 0; i < totals->count; i++)
        NKS_TRY(search_apply(answer, &totals->rows[i]));
    return NKS_OK;
}

enum nks_status nks_match_total(struct nks_answer *answer, struct nks_totals **totals, const struct nks_total *total)
{
    if (total->message_id[0] != '\0')
        return total_named(answer, total);
    if (answer->central != NULL && answer->central->totals && total->to == NKS_LEG_SETTLED)
        return total_keep(answer, totals, total);
    nks_answer_odd(answer, &total->place, NKS_ODD_NO_MATCH);
    return NKS_OK;
}
