/*
 * collect, a camt.054: what was booked on the payers' accounts.
 *
 *   the entry is booked (Sts BOOK), and its detail is      legs
 *   a debit                                                IN_FILE -> SETTLED
 *   a credit that is said to be a return: RtrInf, RvslInd, IN_FILE, SETTLED -> RETURNED, with the bank's reason
 *     or a bank transaction code of returns
 *   another credit                                         none: income of the payer that is no business of ours
 *   a debit that is said to be a return                    none, odd
 * Entries that are not booked yet move nothing.
 *
 * A detail (TxDtls) names its leg by our leg id; where it does not, the central's row says what else may be tried
 * (collect_match.c). A Btch is a total; where the details of all its payments follow, they count and the total does
 * not. An entry without details is a detail itself. Nobody is guessed: what fits no leg, or several, is told.
 */
#include "stage/collect.h"

#include "iso20022/token.h"

#include <stdlib.h>
#include <string.h>

enum side { SIDE_NONE, SIDE_DEBIT, SIDE_CREDIT };

struct entry {
    bool open, booked, reversal, return_code;
    enum side side;
    struct nks_frame_place place;
    struct nks_money amount;
    bool has_amount;
    nks_date booked_on, value_on;
    int64_t details, totals;
    nks_int128 details_minor; /* of details on the entry's side */
    bool details_known;       /* all of them have an amount in the entry's currency, on its side */
    bool has_total;           /* one that waits for its details */
    struct nks_total total;
    int64_t total_details;  /* so many came */
    nks_int128 total_minor; /* that add up to so much */
    bool has_lone;          /* a detail without amount: the entry's, if it stays the only one */
    struct nks_booking lone;
    bool has_named; /* the same, and it names a leg */
    struct nks_booking named;
    struct nks_leg_address address;
};

struct nks_notice {
    struct entry entry;
    struct nks_wants *wants;
    struct nks_totals *totals;
    int64_t others, pending; /* details that are no business of ours; entries that are not booked yet */
};

/* ---- what a record says */

static struct nks_text slot_of(struct nks_text record, enum nks_slot slot)
{
    return record.len == 0 ? (struct nks_text){NULL, 0} : nks_text_trim(nks_record_slot(record, slot));
}

static enum side side_of(struct nks_text record, enum side otherwise)
{
    struct nks_text side = slot_of(record, NKS_SLOT_CDT_DBT_IND);
    if (side.len == 0)
        return otherwise;
    return nks_text_is(side, "DBIT") ? SIDE_DEBIT : nks_text_is(side, "CRDT") ? SIDE_CREDIT : SIDE_NONE;
}

/* False: there is one, and it cannot be read. */
static bool amount_of(struct nks_text record, struct nks_money *amount, bool *has)
{
    struct nks_text code = slot_of(record, NKS_SLOT_INSTD_AMT_CCY), text = slot_of(record, NKS_SLOT_INSTD_AMT);
    char currency[4];
    *has = false;
    if (text.len == 0)
        return true;
    *has = nks_currency_is_form(code) && nks_text_copy(code, currency, sizeof currency) &&
           nks_money_parse(text, currency, amount) == NKS_AMOUNT_GOOD;
    return *has;
}

static nks_date date_of(struct nks_text record, enum nks_slot slot)
{
    struct nks_text text = slot_of(record, slot);
    nks_date date = NKS_DATE_NONE;
    nks_time time = 0;
    if (nks_date_parse(text, true, &date))
        return date;
    return nks_time_parse(text, &time) ? nks_copenhagen_date(time) : NKS_DATE_NONE;
}

/* ISO 20022 ExternalBankTransactionSubFamily: reversals because a payment came back or was called back. */
static bool is_return_code(struct nks_text record)
{
    static const char *const codes[] = {"RRTN", "RPCR"};
    struct nks_text code = slot_of(record, NKS_SLOT_BK_TX_SUB_FMLY);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (nks_text_is(code, codes[i]))
            return true;
    }
    return false;
}

static bool has_return_reason(struct nks_text record)
{
    return slot_of(record, NKS_SLOT_STS_RSN_CD).len > 0 || slot_of(record, NKS_SLOT_STS_RSN_PRTRY).len > 0;
}

static bool is_true(struct nks_text text)
{
    return nks_text_is(text, "true") || nks_text_is(text, "1");
}

/* What a booking on this side does to legs; 0: nothing, and if it is odd, that is told. */
static enum nks_leg_state move_of(struct nks_answer *answer, const struct nks_frame_place *place, enum side side,
                                  bool returned)
{
    if (side == SIDE_CREDIT)
        return returned ? NKS_LEG_RETURNED : (enum nks_leg_state)0;
    if (side == SIDE_DEBIT && !returned)
        return NKS_LEG_SETTLED;
    nks_answer_odd(answer, place, NKS_ODD_DIRECTION);
    return (enum nks_leg_state)0;
}

static enum nks_reason reason_for(enum nks_leg_state to, struct nks_text record)
{
    if (to != NKS_LEG_RETURNED)
        return NKS_REASON_NONE;
    return has_return_reason(record) ? nks_answer_reason(record, NKS_REASON_BANK) : NKS_REASON_BANK;
}

/* ---- a leg by our id */

/* Not from the EndToEndId: it is the payer's own text, which may look like the leg id of another payer's payment. */
static bool leg_id_of(struct nks_text record, struct nks_leg_address *address)
{
    static const enum nks_slot slots[] = {NKS_SLOT_INSTR_ID, NKS_SLOT_TX_ID};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        if (nks_leg_id_parse(slot_of(record, slots[i]), address))
            return true;
    }
    return false;
}

static enum nks_status batch_of(struct nks_answer *answer, const char *ref, bool *found)
{
    struct nks_run *run = answer->run;
    int64_t id = answer->batch.id;
    if (id == 0 || strcmp(answer->batch.ref, ref) != 0)
        NKS_TRY(nks_batch_find_ref(run->payments, ref, &id, &run->fault));
    *found = id != 0;
    if (!*found)
        return NKS_OK;
    NKS_TRY(nks_answer_batch_use(answer, id));
    *found = answer->batch.erased == 0; /* of a payment that was erased nothing is known any more */
    return NKS_OK;
}

static bool amount_differs(const struct nks_booking *booking, const struct nks_leg *leg, int32_t currency)
{
    return booking->has_amount &&
           (booking->amount.minor != leg->amount_minor || nks_currency_number(booking->amount.currency) != currency);
}

static enum nks_status leg_book(struct nks_answer *answer, const struct nks_booking *booking,
                                const struct nks_leg_address *address)
{
    struct nks_run *run = answer->run;
    struct nks_leg leg = {.n = 0};
    int32_t currency = 0;
    bool found = false, ours = false;
    NKS_TRY(batch_of(answer, address->ref, &found));
    int64_t slice_id = nks_slice_id(answer->batch.id, address->slice_number);
    if (found)
        NKS_TRY(nks_leg_find(run->payments, slice_id, address, &leg, &currency, &found, &run->fault));
    if (!found || leg.file_id == 0) {
        nks_answer_odd(answer, &booking->place, NKS_ODD_UNKNOWN_PAYMENT);
        return NKS_OK;
    }
    NKS_TRY(nks_answer_file_use(answer, leg.file_id, &ours));
    if (ours && !amount_differs(booking, &leg, currency))
        return nks_answer_book(answer, booking, slice_id, &leg);
    nks_answer_odd(answer, &booking->place, ours ? NKS_ODD_AMOUNT : nks_answer_not_ours(answer));
    return NKS_OK;
}

/* The first detail that names a leg without an amount, once it is known whether it is the only one of its entry. */
static enum nks_status named_close(struct nks_answer *answer)
{
    struct entry *entry = &answer->notice->entry;
    if (!entry->has_named)
        return NKS_OK;
    entry->has_named = false;
    if (entry->details == 1 && entry->totals == 0) {
        entry->named.amount = entry->amount;
        entry->named.has_amount = entry->has_amount;
    }
    return leg_book(answer, &entry->named, &entry->address);
}

/* ---- a detail, or an entry without details */

static bool tries(const struct nks_answer *answer, enum nks_match match)
{
    return answer->central == NULL ? match == NKS_MATCH_LEG : nks_central_matches(answer->central, match);
}

static enum nks_status want(struct nks_answer *answer, struct nks_booking *booking, struct nks_text record)
{
    struct nks_run *run = answer->run;
    struct nks_text reference = slot_of(record, NKS_SLOT_END_TO_END_ID);
    struct nks_text message = slot_of(record, NKS_SLOT_ORGNL_MSG_ID);
    if (reference.len > 0 && !nks_text_is(reference, "NOTPROVIDED"))
        booking->reference = nks_answer_hash(reference);
    if (message.len > 0 && !nks_text_is(message, "NOTPROVIDED")) {
        NKS_TRY(nks_out_file_by_message(run->exchange, message, &booking->file_id, &run->fault));
        booking->other_message = booking->file_id == 0;
    }
    struct entry *entry = &answer->notice->entry;
    if (booking->has_amount || record.len == 0)
        return nks_match_want(answer, &answer->notice->wants, booking);
    if (entry->has_lone) /* two without amounts: neither is the entry's */
        nks_answer_odd(answer, &booking->place, NKS_ODD_NO_MATCH);
    entry->has_lone = true;
    entry->lone = *booking;
    return NKS_OK;
}

/* `record` empty: the entry itself. */
static enum nks_status booking_take(struct nks_answer *answer, const struct nks_frame_place *place,
                                    struct nks_text record)
{
    struct entry *entry = &answer->notice->entry;
    struct nks_leg_address address;
    struct nks_booking booking = {.place = *place, .booked = entry->booked_on, .value = entry->value_on};
    enum side side = side_of(record, entry->side);
    bool returned = entry->reversal || entry->return_code || has_return_reason(record) || is_return_code(record);
    bool named = leg_id_of(record, &address);
    if (record.len == 0) {
        booking.amount = entry->amount;
        booking.has_amount = entry->has_amount;
    } else if (!amount_of(record, &booking.amount, &booking.has_amount)) {
        nks_answer_odd(answer, place, NKS_ODD_AMOUNT);
        return NKS_OK;
    }
    bool same_side =
        side == entry->side && booking.has_amount && strcmp(booking.amount.currency, entry->amount.currency) == 0;
    entry->details_known = entry->details_known && same_side;
    entry->details_minor += booking.amount.minor;
    entry->total_minor += booking.amount.minor;
    booking.to = move_of(answer, place, side, returned);
    booking.reason = reason_for(booking.to, record);
    if (booking.to == 0) {
        if (side == SIDE_CREDIT && named)
            nks_answer_odd(answer, place, NKS_ODD_CREDIT);
        answer->notice->others += side == SIDE_CREDIT && !named;
        return NKS_OK;
    }
    if (!named || !tries(answer, NKS_MATCH_LEG))
        return want(answer, &booking, record);
    if (booking.has_amount || entry->details != 1)
        return leg_book(answer, &booking, &address);
    entry->has_named = true;
    entry->named = booking;
    entry->address = address;
    return NKS_OK;
}

/* ---- totals */

static void copy_id(struct nks_text id, char out[NKS_TOTAL_ID_MAX])
{
    if (!nks_text_copy(id, out, NKS_TOTAL_ID_MAX)) /* too long to be one of ours: it will be found nowhere */
        out[NKS_TOTAL_ID_MAX - 1] = '\0';
}

/* Whether the details of all payments of a total came: as many as it says, or, where it does not say how many, so that
 * they make up its amount. */
static bool total_is_told(const struct entry *entry)
{
    const struct nks_total *total = &entry->total;
    if (entry->total_details == 0 || total->count >= 0)
        return entry->total_details > 0 && entry->total_details == total->count;
    return entry->details_known && total->has_amount && entry->total_minor == total->amount.minor &&
           strcmp(total->amount.currency, entry->amount.currency) == 0;
}

static enum nks_status total_close(struct nks_answer *answer)
{
    struct entry *entry = &answer->notice->entry;
    bool waits = entry->has_total;
    entry->has_total = false;
    if (!waits || total_is_told(entry))
        return NKS_OK;
    return entry->total.to != 0 ? nks_match_total(answer, &answer->notice->totals, &entry->total) : NKS_OK;
}

static enum nks_status total_take(struct nks_answer *answer, const struct nks_frame_place *place,
                                  struct nks_text record)
{
    struct entry *entry = &answer->notice->entry;
    uint64_t count = 0;
    entry->totals++;
    NKS_TRY(named_close(answer));
    NKS_TRY(total_close(answer));
    entry->has_total = true;
    entry->total_details = 0;
    entry->total_minor = 0;
    struct nks_total *total = &entry->total;
    enum side side = side_of(record, entry->side);
    bool returned = entry->reversal || entry->return_code;
    *total = (struct nks_total){.place = *place, .count = -1};
    if (nks_text_number(slot_of(record, NKS_SLOT_NB_OF_TXS), INT64_MAX, &count))
        total->count = (int64_t)count;
    bool good = amount_of(record, &total->amount, &total->has_amount);
    if (good && !total->has_amount) {
        total->amount = entry->amount;
        total->has_amount = entry->has_amount;
    }
    copy_id(slot_of(record, NKS_SLOT_ORGNL_MSG_ID), total->message_id);
    copy_id(slot_of(record, NKS_SLOT_PMT_INF_ID), total->group_id);
    total->to = move_of(answer, place, side, returned);
    total->reason = reason_for(total->to, record);
    answer->notice->others += total->to == 0 && side == SIDE_CREDIT;
    return NKS_OK;
}

/* ---- entries */

static enum nks_status lone_close(struct nks_answer *answer)
{
    struct entry *entry = &answer->notice->entry;
    if (!entry->has_lone)
        return NKS_OK;
    entry->has_lone = false;
    if (entry->details == 1) {
        entry->lone.amount = entry->amount;
        entry->lone.has_amount = entry->has_amount;
    }
    return nks_match_want(answer, &answer->notice->wants, &entry->lone);
}

static enum nks_status entry_close(struct nks_answer *answer)
{
    struct entry *entry = &answer->notice->entry;
    bool open = entry->open && entry->booked;
    entry->open = false;
    if (!open)
        return NKS_OK;
    NKS_TRY(named_close(answer));
    NKS_TRY(total_close(answer));
    NKS_TRY(lone_close(answer));
    if (entry->details == 0 && entry->totals == 0)
        return booking_take(answer, &entry->place, (struct nks_text){NULL, 0});
    if (entry->totals == 0 && entry->details_known && entry->has_amount && entry->details_minor != entry->amount.minor)
        nks_answer_odd(answer, &entry->place, NKS_ODD_DETAILS_SUM);
    return NKS_OK;
}

enum nks_status nks_notice_entry(struct nks_answer *answer, const struct nks_frame_place *place, struct nks_text record)
{
    struct nks_notice *notice = answer->notice;
    struct entry *entry = &notice->entry;
    NKS_TRY(entry_close(answer));
    *entry = (struct entry){
        .open = true,
        .booked = nks_text_is(slot_of(record, NKS_SLOT_STS), "BOOK"),
        .reversal = is_true(slot_of(record, NKS_SLOT_RVSL_IND)),
        .return_code = is_return_code(record),
        .side = side_of(record, SIDE_NONE),
        .place = *place,
        .booked_on = date_of(record, NKS_SLOT_BOOKG_DT),
        .value_on = date_of(record, NKS_SLOT_VAL_DT),
        .details_known = true,
    };
    notice->pending += !entry->booked;
    if (!amount_of(record, &entry->amount, &entry->has_amount))
        nks_answer_odd(answer, place, NKS_ODD_AMOUNT);
    return NKS_OK;
}

enum nks_status nks_notice_detail(struct nks_answer *answer, const struct nks_frame_place *place,
                                  struct nks_text record)
{
    struct entry *entry = &answer->notice->entry;
    if (!entry->booked)
        return NKS_OK;
    if ((unsigned char)nks_record_tokens(record).ptr[0] == (unsigned)NKS_E_Btch)
        return total_take(answer, place, record);
    entry->details++;
    entry->total_details++;
    if (entry->details == 2)
        NKS_TRY(named_close(answer));
    return booking_take(answer, place, record);
}

/* ---- the notice */

enum nks_status nks_notice_head(struct nks_answer *answer, const struct nks_frame_place *place, struct nks_text record)
{
    (void)place, (void)record;
    answer->notice = calloc(1, sizeof *answer->notice);
    return answer->notice != NULL
               ? NKS_OK
               : nks_fault_set(&answer->run->fault, NKS_RETRY, "MEMORY", "no memory to take an answer");
}

static void note_count(struct nks_answer *answer, int64_t count, const char *words)
{
    static const struct nks_frame_place nowhere;
    char memory[NKS_FINDING_TEXT_MAX];
    struct nks_buf text;
    if (count == 0)
        return;
    nks_buf_init(&text, memory, sizeof memory);
    nks_buf_printf(&text, "%lld %s", (long long)count, words);
    nks_answer_note(answer, NKS_FINDING_SCHEMA, &nowhere, nks_buf_view(&text));
}

enum nks_status nks_notice_apply(struct nks_answer *answer)
{
    NKS_TRY(entry_close(answer));
    NKS_TRY(nks_totals_apply(answer, answer->notice->totals));
    NKS_TRY(nks_match_apply(answer, answer->notice->wants));
    note_count(answer, answer->notice->others, "bookings are of other money than ours; they were left");
    note_count(answer, answer->notice->pending, "entries are not booked yet; they were left");
    return NKS_OK;
}

void nks_notice_free(struct nks_notice *notice)
{
    if (notice == NULL)
        return;
    nks_wants_free(notice->wants);
    nks_totals_free(notice->totals);
    free(notice);
}
