/*
 * collect, bookings that do not name a leg, and totals.
 *
 * Bookings are kept until the notice has been read, and then looked for together in one pass over the legs of the
 * central's order files of the last WINDOW_DAYS: by the payer's reference and the amount, or by the amount and the
 * execution date, as the central's row says. A booking moves a leg only when it fits exactly one, none that is there
 * already, and no other booking of the notice fits that one. What carries returned money on has the original's
 * reference and amount, and a second notice of the return must not move it: it wants its file's id too. A return is
 * never found by amount and date: its date says nothing about the payment; nor is a booking that names a message which
 * is none of ours.
 *
 * A total moves all payments of an order file, or of one of its groups, when count and sum are those of the payments
 * that are still in the file or settled.
 */
#include "stage/collect.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_DAYS = 45,  /* how far back order files are looked at */
    WANTS_MAX = 10000, /* bookings without our ids, of one notice */
    WANTS_FIRST = 64,
};

struct hit { /* legs that a booking fits */
    int64_t slice_id;
    struct nks_leg leg;  /* the first */
    uint32_t open, done; /* that it could move; that it could have moved: there already, or come back since */
};

struct want {
    struct nks_booking booking;
    struct hit hits[NKS_MATCHES + 1]; /* by enum nks_match */
};

struct nks_wants {
    size_t count, cap;
    struct want *rows; /* sorted by amount before the pass */
};

/* ---- keeping */

static bool may_match(const struct nks_answer *answer, const struct nks_booking *booking, enum nks_match match)
{
    if (answer->central == NULL || !booking->has_amount || !nks_central_matches(answer->central, match))
        return false;
    if (match == NKS_MATCH_REFERENCE)
        return booking->reference != 0;
    return match == NKS_MATCH_DATE && booking->to == NKS_LEG_SETTLED && !booking->other_message &&
           (booking->booked != NKS_DATE_NONE || booking->value != NKS_DATE_NONE);
}

static enum nks_status wants_grow(struct nks_answer *answer, struct nks_wants **wants)
{
    if (*wants == NULL)
        *wants = calloc(1, sizeof **wants);
    size_t want = *wants == NULL || (*wants)->cap == 0 ? WANTS_FIRST : (*wants)->cap * 2;
    struct want *grown = *wants == NULL ? NULL : realloc((*wants)->rows, want * sizeof *grown);
    if (grown == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
    (*wants)->rows = grown;
    (*wants)->cap = want;
    return NKS_OK;
}

enum nks_status nks_match_want(struct nks_answer *answer, struct nks_wants **wants, const struct nks_booking *booking)
{
    if (!may_match(answer, booking, NKS_MATCH_REFERENCE) && !may_match(answer, booking, NKS_MATCH_DATE)) {
        nks_answer_odd(answer, &booking->place, NKS_ODD_NO_MATCH);
        return NKS_OK;
    }
    if (*wants != NULL && (*wants)->count == WANTS_MAX) {
        nks_answer_odd(answer, &booking->place, NKS_ODD_TOO_MANY);
        return NKS_OK;
    }
    if (*wants == NULL || (*wants)->count == (*wants)->cap)
        NKS_TRY(wants_grow(answer, wants));
    (*wants)->rows[(*wants)->count++] = (struct want){.booking = *booking};
    return NKS_OK;
}

void nks_wants_free(struct nks_wants *wants)
{
    if (wants == NULL)
        return;
    free(wants->rows);
    free(wants);
}

static int want_order(const void *a, const void *b)
{
    const struct nks_booking *left = &((const struct want *)a)->booking, *right = &((const struct want *)b)->booking;
    if (left->amount.minor != right->amount.minor)
        return left->amount.minor < right->amount.minor ? -1 : 1;
    if (left->to != right->to) /* a debit before its return, wherever they stand */
        return left->to == NKS_LEG_SETTLED ? -1 : 1;
    return (left->place.line > right->place.line) - (left->place.line < right->place.line);
}

/* The first with at least that amount. */
static size_t want_place(const struct nks_wants *wants, int64_t minor)
{
    size_t low = 0, high = wants->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wants->rows[middle].booking.amount.minor < minor)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- files of the central, by day */

typedef enum nks_status (*file_fn)(struct nks_answer *answer, void *context);

/* For each published order file of the window, as answer->file. */
static enum nks_status each_file(struct nks_answer *answer, file_fn fn, void *context)
{
    struct nks_run *run = answer->run;
    for (nks_date day = run->today - WINDOW_DAYS; day <= run->today; day++) {
        for (int64_t id = 0;;) {
            bool ours = false;
            NKS_TRY(nks_out_file_next_day(run->exchange, answer->delivery.party, day, NKS_FILE_ORDER, id, &id,
                                          &run->fault));
            if (id == 0)
                break;
            NKS_TRY(nks_answer_file_use(answer, id, &ours));
            if (ours && answer->file.state == NKS_FILE_PUBLISHED)
                NKS_TRY(fn(answer, context));
        }
    }
    return NKS_OK;
}

/* ---- the pass over legs */

struct pass {
    struct nks_answer *answer;
    struct nks_wants *wants;
    int64_t slice_id;
    nks_date execution_date;
    bool carries;    /* the file is of a batch that carries returned money on */
    bool references; /* a leg of the slice has the amount of a booking with a reference */
};

static void hit_add(const struct pass *pass, struct want *want, enum nks_match match, const struct nks_leg *leg)
{
    struct hit *hit = &want->hits[match];
    bool original = pass->carries && want->booking.file_id == 0; /* it may be meant, and too old to be seen */
    bool returns = want->booking.to == NKS_LEG_RETURNED;
    bool open = leg->state == NKS_LEG_IN_FILE || (returns && leg->state == NKS_LEG_SETTLED);
    bool done =
        leg->state == want->booking.to || leg->state == NKS_LEG_RETURNED || (returns && leg->state == NKS_LEG_REJECTED);
    hit->done += done || original;
    if (!open)
        return;
    if (hit->open++ == 0) {
        hit->slice_id = pass->slice_id;
        hit->leg = *leg;
        hit->leg.to = NULL;
    }
}

static bool fits(const struct nks_booking *booking, const struct nks_leg *leg, int32_t currency)
{
    return booking->amount.minor == leg->amount_minor && nks_currency_number(booking->amount.currency) == currency &&
           (booking->file_id == 0 || booking->file_id == leg->file_id);
}

static enum nks_status on_leg(void *context, const struct nks_leg_row *row, struct nks_fault *fault)
{
    struct pass *pass = context;
    struct nks_wants *wants = pass->wants;
    (void)fault;
    for (size_t i = want_place(wants, row->leg.amount_minor);
         i < wants->count && wants->rows[i].booking.amount.minor == row->leg.amount_minor; i++) {
        struct want *want = &wants->rows[i];
        const struct nks_booking *booking = &want->booking;
        if (!fits(booking, &row->leg, row->currency))
            continue;
        pass->references = pass->references || may_match(pass->answer, booking, NKS_MATCH_REFERENCE);
        if (may_match(pass->answer, booking, NKS_MATCH_DATE) &&
            (booking->booked == pass->execution_date || booking->value == pass->execution_date))
            hit_add(pass, want, NKS_MATCH_DATE, &row->leg);
    }
    return NKS_OK;
}

static void reference_compare(struct pass *pass, const struct nks_slice *slice, const struct nks_leg *leg)
{
    struct nks_wants *wants = pass->wants;
    const struct nks_payment *payment = &slice->payments[leg->n - 1];
    uint64_t reference = 0;
    for (size_t i = want_place(wants, leg->amount_minor);
         i < wants->count && wants->rows[i].booking.amount.minor == leg->amount_minor; i++) {
        struct want *want = &wants->rows[i];
        if (!fits(&want->booking, leg, payment->currency) ||
            !may_match(pass->answer, &want->booking, NKS_MATCH_REFERENCE))
            continue;
        if (reference == 0)
            reference = nks_answer_hash(
                nks_text_trim(nks_record_slot(nks_payment_record(slice, payment), NKS_SLOT_END_TO_END_ID)));
        if (reference == want->booking.reference)
            hit_add(pass, want, NKS_MATCH_REFERENCE, leg);
    }
}

/* References stand in the details: only slices that have a wanted amount are read. */
static enum nks_status references_compare(struct pass *pass)
{
    struct nks_answer *answer = pass->answer;
    struct nks_run *run = answer->run;
    const struct nks_slice_want want = {.details = true, .legs = true};
    NKS_TRY(nks_slice_load(run->payments, &answer->batch, pass->slice_id, want, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->leg_count; i++) {
        if (run->slice->legs[i].file_id == answer->file.id)
            reference_compare(pass, run->slice, &run->slice->legs[i]);
    }
    return NKS_OK;
}

static enum nks_status file_pass(struct nks_answer *answer, void *context)
{
    struct nks_run *run = answer->run;
    struct pass *pass = context;
    NKS_TRY(nks_answer_batch_use(answer, answer->file.batch_id));
    pass->carries = answer->batch.origin == NKS_ORIGIN_RETURNED;
    for (int64_t id = answer->first - 1; id < answer->last;) {
        struct nks_slice_row row = {.id = 0};
        NKS_TRY(nks_slice_row_next(run->payments, answer->file.batch_id, id, &row, &run->fault));
        id = row.id;
        if (id == 0 || id > answer->last)
            return NKS_OK;
        pass->slice_id = id;
        pass->execution_date = row.execution_date;
        pass->references = false;
        NKS_TRY(nks_legs_of_file(run->payments, id, answer->file.id, on_leg, pass, &run->fault));
        if (pass->references)
            NKS_TRY(references_compare(pass));
    }
    return NKS_OK;
}

/* ---- what was found */

static bool same_leg(const struct hit *a, const struct hit *b)
{
    return a->slice_id == b->slice_id && a->leg.n == b->leg.n && a->leg.generation == b->leg.generation &&
           a->leg.leg_no == b->leg.leg_no;
}

/* Another booking of the notice fits the same leg: they have the same amount, so they stand together. */
static bool is_contested(const struct nks_wants *wants, const struct want *own, const struct hit *hit)
{
    for (size_t i = want_place(wants, own->booking.amount.minor);
         i < wants->count && wants->rows[i].booking.amount.minor == own->booking.amount.minor; i++) {
        const struct want *other = &wants->rows[i];
        for (int m = NKS_MATCH_REFERENCE; other != own && m <= NKS_MATCH_DATE; m++) {
            if (other->hits[m].open == 1 && other->booking.to == own->booking.to && same_leg(&other->hits[m], hit))
                return true;
        }
    }
    return false;
}

/* As it is now: a booking of the same notice may have moved it since the pass. */
static enum nks_status hit_book(struct nks_answer *answer, const struct nks_booking *booking, const struct hit *hit)
{
    struct nks_run *run = answer->run;
    const struct nks_leg_address address = {
        .n = hit->leg.n, .leg_no = hit->leg.leg_no, .generation = hit->leg.generation};
    struct nks_leg leg = {.n = 0};
    int32_t currency = 0;
    bool found = false;
    NKS_TRY(nks_leg_find(run->payments, hit->slice_id, &address, &leg, &currency, &found, &run->fault));
    if (!found)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SLICE-ROWS", "a leg that was just read is gone");
    return nks_answer_book(answer, booking, hit->slice_id, &leg);
}

static enum nks_status want_apply(struct nks_answer *answer, const struct nks_wants *wants, const struct want *want)
{
    const struct nks_booking *booking = &want->booking;
    for (size_t m = 0; m < answer->central->match_count; m++) {
        enum nks_match match = answer->central->match[m];
        const struct hit *hit = &want->hits[match];
        if (!may_match(answer, booking, match) || (hit->open == 0 && hit->done == 0))
            continue;
        if (hit->open == 1 && hit->done == 0 && !is_contested(wants, want, hit))
            return hit_book(answer, booking, hit);
        if (hit->open > 0)
            nks_answer_odd(answer, &booking->place, NKS_ODD_AMBIGUOUS);
        answer->already += hit->open == 0;
        return NKS_OK;
    }
    nks_answer_odd(answer, &booking->place, NKS_ODD_NO_MATCH);
    return NKS_OK;
}

enum nks_status nks_match_apply(struct nks_answer *answer, struct nks_wants *wants)
{
    struct pass pass = {.answer = answer, .wants = wants};
    if (wants == NULL || wants->count == 0)
        return NKS_OK;
    qsort(wants->rows, wants->count, sizeof *wants->rows, want_order);
    NKS_TRY(each_file(answer, file_pass, &pass));
    for (size_t i = 0; i < wants->count; i++)
        NKS_TRY(want_apply(answer, wants, &wants->rows[i]));
    return NKS_OK;
}

/* ---- totals */

struct tally { /* legs of a file, or of a group of it, that a total could be about */
    uint32_t group;
    int32_t currency;
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
    tally->mixed = tally->mixed || row->currency != tally->currency;
    tally->count++;
    tally->open += row->leg.state == NKS_LEG_IN_FILE;
    tally->minor += row->leg.amount_minor;
    return NKS_OK;
}

/* Of answer->file. */
static enum nks_status tally_make(struct nks_answer *answer, const struct nks_total *total, struct tally *tally)
{
    struct nks_run *run = answer->run;
    tally->currency = nks_currency_number(total->amount.currency);
    for (int64_t id = answer->first; id <= answer->last; id++)
        NKS_TRY(nks_legs_of_file(run->payments, id, answer->file.id, on_tally, tally, &run->fault));
    return NKS_OK;
}

static bool tally_is(const struct tally *tally, const struct nks_total *total)
{
    return total->has_amount && tally->count > 0 && !tally->mixed && tally->count == total->count &&
           tally->minor == total->amount.minor;
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
        nks_answer_odd(answer, &total->place, id == 0 ? NKS_ODD_UNKNOWN_MESSAGE : NKS_ODD_OTHER_CENTRAL);
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
    NKS_TRY(tally_make(answer, total, &tally));
    if (tally_is(&tally, total))
        return total_apply(answer, total, tally.group);
    nks_answer_odd(answer, &total->place, NKS_ODD_TOTALS);
    return NKS_OK;
}

struct search {
    const struct nks_total *total;
    int64_t file_id; /* the first that fits */
    int open, done;
};

static enum nks_status file_compare(struct nks_answer *answer, void *context)
{
    struct search *search = context;
    struct tally tally = {.group = 0};
    if (answer->file.entries < search->total->count)
        return NKS_OK;
    NKS_TRY(tally_make(answer, search->total, &tally));
    if (!tally_is(&tally, search->total))
        return NKS_OK;
    search->done += tally.open == 0;
    if (tally.open > 0 && search->open++ == 0)
        search->file_id = answer->file.id;
    return NKS_OK;
}

/* A total that names nothing: exactly one order file of the central has that count and sum and waits for it. */
static enum nks_status total_nameless(struct nks_answer *answer, const struct nks_total *total)
{
    struct search search = {.total = total};
    bool ours = false;
    NKS_TRY(each_file(answer, file_compare, &search));
    if (search.open == 1) {
        NKS_TRY(nks_answer_file_use(answer, search.file_id, &ours));
        return total_apply(answer, total, 0);
    }
    if (search.open == 0 && search.done > 0)
        answer->already += total->count;
    else
        nks_answer_odd(answer, &total->place, search.open == 0 ? NKS_ODD_NO_MATCH : NKS_ODD_AMBIGUOUS);
    return NKS_OK;
}

enum nks_status nks_match_total(struct nks_answer *answer, const struct nks_total *total)
{
    if (total->message_id[0] != '\0')
        return total_named(answer, total);
    if (answer->central != NULL && answer->central->totals && total->to == NKS_LEG_SETTLED)
        return total_nameless(answer, total);
    nks_answer_odd(answer, &total->place, NKS_ODD_NO_MATCH);
    return NKS_OK;
}
