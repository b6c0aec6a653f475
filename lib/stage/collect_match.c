/*
 * collect, bookings that do not name a leg.
 *
 * Bookings are kept until the notice has been read, and then looked for together in one pass over the legs of the
 * central's order files of the last NKS_ANSWER_WINDOW_DAYS: by the payer's reference and the amount, or by the amount
 * and the execution date, as the central's row says. A booking moves a leg only when it fits exactly one, none that is
 * there already, and no other booking of the notice fits that one. What carries returned money on has the original's
 * reference and amount, and a second notice of the return must not move it: it wants its file's id too. A return is
 * never found by amount and date: its date says nothing about the payment; nor is a booking that names a message which
 * is none of ours.
 */
#include "stage/collect.h"

#include <stdlib.h>

enum {
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
    struct hit named; /* by reference and amount */
};

/* Legs of an amount that are carried out on a day, in one order file or in any (0). Bookings of equal amounts, as wages
 * and pensions have them, share it: each leg is counted once or twice, however many bookings ask. */
struct day {
    int64_t minor, file_id;
    int32_t currency;
    nks_date date;
    struct hit hit;
};

struct claim { /* a booking fits this leg alone */
    enum nks_leg_state to;
    int64_t slice_id;
    uint32_t n;
    uint16_t generation, leg_no;
    const struct want *by;
};

struct nks_wants {
    size_t count, cap;
    struct want *rows; /* sorted by amount and reference before the pass */
    struct day *days;  /* sorted, each once */
    size_t day_count;
    nks_date first, last; /* of the days */
    struct claim *claims; /* sorted, after the pass */
    size_t claim_count;
};

/* ---- keeping */

static bool may_match(const struct nks_answer *answer, const struct nks_booking *booking, enum nks_match match)
{
    if (answer->central == NULL || !booking->has_amount || !nks_central_matches(answer->central, match))
        return false;
    if (match == NKS_MATCH_REFERENCE)
        return booking->reference != 0;
    /* A booking that has a reference, and not that of a payment of ours, is of other money. */
    return match == NKS_MATCH_DATE && booking->to == NKS_LEG_SETTLED && !booking->other_message &&
           booking->reference == 0 && (booking->booked != NKS_DATE_NONE || booking->value != NKS_DATE_NONE);
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
    free(wants->days);
    free(wants->claims);
    free(wants);
}

static int want_order(const void *a, const void *b)
{
    const struct nks_booking *left = &((const struct want *)a)->booking, *right = &((const struct want *)b)->booking;
    if (left->amount.minor != right->amount.minor)
        return left->amount.minor < right->amount.minor ? -1 : 1;
    if (left->reference != right->reference)
        return left->reference < right->reference ? -1 : 1;
    return (left->place.line > right->place.line) - (left->place.line < right->place.line);
}

/* The first with that amount and at least that reference; NULL: none. */
static struct want *want_find(const struct nks_wants *wants, int64_t minor, uint64_t reference)
{
    size_t low = 0, high = wants->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct nks_booking *booking = &wants->rows[middle].booking;
        if (booking->amount.minor < minor || (booking->amount.minor == minor && booking->reference < reference))
            low = middle + 1;
        else
            high = middle;
    }
    return low < wants->count && wants->rows[low].booking.amount.minor == minor ? &wants->rows[low] : NULL;
}

/* ---- the days that are asked for */

static int day_order(const void *a, const void *b)
{
    const struct day *left = a, *right = b;
    if (left->minor != right->minor)
        return left->minor < right->minor ? -1 : 1;
    if (left->date != right->date)
        return left->date < right->date ? -1 : 1;
    if (left->currency != right->currency)
        return left->currency < right->currency ? -1 : 1;
    return (left->file_id > right->file_id) - (left->file_id < right->file_id);
}

static struct day *day_find(const struct nks_wants *wants, const struct day *key)
{
    return wants->day_count == 0 ? NULL : bsearch(key, wants->days, wants->day_count, sizeof *key, day_order);
}

static struct day day_of(const struct nks_booking *booking, nks_date date)
{
    return (struct day){.minor = booking->amount.minor,
                        .file_id = booking->file_id,
                        .currency = nks_currency_number(booking->amount.currency),
                        .date = date};
}

static void days_sort(struct nks_wants *wants)
{
    size_t kept = 0;
    qsort(wants->days, wants->day_count, sizeof *wants->days, day_order);
    for (size_t i = 0; i < wants->day_count; i++) {
        const struct day *day = &wants->days[i];
        wants->first = i == 0 || day->date < wants->first ? day->date : wants->first;
        wants->last = i == 0 || day->date > wants->last ? day->date : wants->last;
        if (kept == 0 || day_order(&wants->days[kept - 1], day) != 0)
            wants->days[kept++] = *day;
    }
    wants->day_count = kept;
}

static enum nks_status days_make(struct nks_answer *answer, struct nks_wants *wants)
{
    wants->days = calloc(wants->count * 2, sizeof *wants->days);
    if (wants->days == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
    for (size_t i = 0; i < wants->count; i++) {
        const struct nks_booking *booking = &wants->rows[i].booking;
        const nks_date dates[] = {booking->booked, booking->value};
        for (size_t d = 0; may_match(answer, booking, NKS_MATCH_DATE) && d < 2; d++) {
            if (dates[d] != NKS_DATE_NONE)
                wants->days[wants->day_count++] = day_of(booking, dates[d]);
        }
    }
    days_sort(wants);
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

struct asks { /* what a booking, or a day, asks of a leg */
    enum nks_leg_state to;
    bool names_file;
};

static void hit_add(const struct pass *pass, struct hit *hit, struct asks asks, const struct nks_leg *leg)
{
    bool returns = asks.to == NKS_LEG_RETURNED;
    bool open = leg->state == NKS_LEG_IN_FILE || (returns && leg->state == NKS_LEG_SETTLED);
    bool done = leg->state == asks.to || leg->state == NKS_LEG_RETURNED || (returns && leg->state == NKS_LEG_REJECTED);
    bool original = pass->carries && !asks.names_file; /* it may be meant, and too old to be seen */
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

static bool has_references(const struct nks_answer *answer)
{
    return answer->central != NULL && nks_central_matches(answer->central, NKS_MATCH_REFERENCE);
}

static enum nks_status on_leg(void *context, const struct nks_leg_row *row, struct nks_fault *fault)
{
    struct pass *pass = context;
    const int64_t files[] = {0, row->leg.file_id};
    (void)fault;
    for (size_t i = 0; i < 2; i++) {
        const struct day key = {.minor = row->leg.amount_minor,
                                .file_id = files[i],
                                .currency = row->currency,
                                .date = pass->execution_date};
        struct day *day = day_find(pass->wants, &key);
        if (day != NULL)
            hit_add(pass, &day->hit, (struct asks){NKS_LEG_SETTLED, files[i] != 0}, &row->leg);
    }
    pass->references = pass->references || want_find(pass->wants, row->leg.amount_minor, 1) != NULL;
    return NKS_OK;
}

static void reference_compare(struct pass *pass, const struct nks_slice *slice, const struct nks_leg *leg)
{
    struct nks_wants *wants = pass->wants;
    const struct nks_payment *payment = &slice->payments[leg->n - 1];
    if (want_find(wants, leg->amount_minor, 1) == NULL)
        return;
    uint64_t reference =
        nks_answer_hash(nks_text_trim(nks_record_slot(nks_payment_record(slice, payment), NKS_SLOT_END_TO_END_ID)));
    struct want *want = want_find(wants, leg->amount_minor, reference);
    for (; want != NULL && want < wants->rows + wants->count && want->booking.reference == reference &&
           want->booking.amount.minor == leg->amount_minor;
         want++) {
        const struct nks_booking *booking = &want->booking;
        if (fits(booking, leg, payment->currency))
            hit_add(pass, &want->named, (struct asks){booking->to, booking->file_id != 0}, leg);
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
        if (!has_references(answer) &&
            (row.execution_date < pass->wants->first || row.execution_date > pass->wants->last))
            continue;
        pass->slice_id = id;
        pass->execution_date = row.execution_date;
        pass->references = false;
        NKS_TRY(nks_legs_of_file(run->payments, id, answer->file.id, on_leg, pass, &run->fault));
        if (pass->references && has_references(answer))
            NKS_TRY(references_compare(pass));
    }
    return NKS_OK;
}

/* ---- what was found */

/* What a booking fits by that kind of match. */
static struct hit hit_of(const struct nks_wants *wants, const struct want *want, enum nks_match match)
{
    const nks_date dates[] = {want->booking.booked, want->booking.value};
    struct hit sum = {.open = 0};
    if (match == NKS_MATCH_REFERENCE)
        return want->named;
    for (size_t i = 0; i < 2; i++) {
        const struct day key = day_of(&want->booking, dates[i]);
        const struct day *day = i == 1 && dates[1] == dates[0] ? NULL : day_find(wants, &key);
        if (day == NULL)
            continue;
        struct hit both = sum.open > 0 ? sum : day->hit;
        both.open = sum.open + day->hit.open;
        both.done = sum.done + day->hit.done;
        sum = both;
    }
    return sum;
}

static int claim_leg_order(const struct claim *left, const struct claim *right)
{
    if (left->slice_id != right->slice_id)
        return left->slice_id < right->slice_id ? -1 : 1;
    if (left->n != right->n)
        return left->n < right->n ? -1 : 1;
    if (left->leg_no != right->leg_no)
        return left->leg_no < right->leg_no ? -1 : 1;
    if (left->generation != right->generation)
        return left->generation < right->generation ? -1 : 1;
    return ((int)left->to > (int)right->to) - ((int)left->to < (int)right->to);
}

static int claim_order(const void *a, const void *b)
{
    const struct claim *left = a, *right = b;
    int order = claim_leg_order(left, right);
    return order != 0 ? order : (left->by > right->by) - (left->by < right->by);
}

static struct claim claim_of(const struct want *want, const struct hit *hit)
{
    return (struct claim){want->booking.to, hit->slice_id, hit->leg.n, hit->leg.generation, hit->leg.leg_no, want};
}

static enum nks_status claims_make(struct nks_answer *answer, struct nks_wants *wants)
{
    wants->claims = calloc(wants->count * 2, sizeof *wants->claims);
    if (wants->claims == NULL)
        return nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
    for (size_t i = 0; i < wants->count; i++) {
        for (enum nks_match match = NKS_MATCH_REFERENCE; match <= NKS_MATCH_DATE; match++) {
            struct hit hit = hit_of(wants, &wants->rows[i], match);
            if (may_match(answer, &wants->rows[i].booking, match) && hit.open == 1)
                wants->claims[wants->claim_count++] = claim_of(&wants->rows[i], &hit);
        }
    }
    qsort(wants->claims, wants->claim_count, sizeof *wants->claims, claim_order);
    return NKS_OK;
}

/* Another booking of the notice fits the same leg. Its own claims, one for each kind of match, stand beside. */
static bool is_contested(const struct nks_wants *wants, const struct want *own, const struct hit *hit)
{
    const struct claim key = claim_of(own, hit);
    const struct claim *at = bsearch(&key, wants->claims, wants->claim_count, sizeof key, claim_order);
    const struct claim *end = wants->claims + wants->claim_count;
    const struct claim *before = at, *after = at;
    while (before > wants->claims && before->by == own && claim_leg_order(before - 1, &key) == 0)
        before--;
    while (after + 1 < end && after->by == own && claim_leg_order(after + 1, &key) == 0)
        after++;
    return before->by != own || after->by != own;
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
        const struct hit hit = hit_of(wants, want, match);
        if (!may_match(answer, booking, match) || (hit.open == 0 && hit.done == 0))
            continue;
        if (hit.open == 1 && hit.done == 0 && !is_contested(wants, want, &hit))
            return hit_book(answer, booking, &hit);
        if (hit.open > 0)
            nks_answer_odd(answer, &booking->place, NKS_ODD_AMBIGUOUS);
        answer->already += hit.open == 0;
        return NKS_OK;
    }
    nks_answer_odd(answer, &booking->place, NKS_ODD_NO_MATCH);
    return NKS_OK;
}

enum nks_status nks_match_apply(struct nks_answer *answer, struct nks_wants *wants)
{
    /* a debit before its return, wherever they stand */
    static const enum nks_leg_state order[] = {NKS_LEG_SETTLED, NKS_LEG_RETURNED};
    struct pass pass = {.answer = answer, .wants = wants};
    if (wants == NULL || wants->count == 0)
        return NKS_OK;
    qsort(wants->rows, wants->count, sizeof *wants->rows, want_order);
    NKS_TRY(days_make(answer, wants));
    NKS_TRY(nks_answer_each_file(answer, file_pass, &pass));
    NKS_TRY(claims_make(answer, wants));
    for (size_t t = 0; t < sizeof order / sizeof order[0]; t++) {
        for (size_t i = 0; i < wants->count; i++) {
            if (wants->rows[i].booking.to == order[t])
                NKS_TRY(want_apply(answer, wants, &wants->rows[i]));
        }
    }
    return NKS_OK;
}
