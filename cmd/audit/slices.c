/* Slices: count, sums, state and the two kinds of totals, recounted from payments and legs. */
#include "audit.h"

#include <string.h>

enum { STATUSES = 4, RJCT = 3 };
static const char *const statuses[STATUSES] = {"ACCP", "ACWC", "PDNG", "RJCT"}; /* in the order of the reading */

struct recount {
    int64_t count, rejected, live_legs;
    nks_int128 amount;
    int64_t by_status[STATUSES];
    struct nks_sum sum_by_status[STATUSES];
    bool as_written; /* a rejected payment has no amount in its row: its total counts it as the payer wrote it */
    bool money_good;
};

static void slice_at(struct audit *audit, const struct audit_slice *slice)
{
    audit_at(audit, "slice slice_id %lld", (long long)slice->id);
}

/* ---- one pass over payments and legs */

static size_t status_of(const struct audit_slice *slice, const struct audit_payment *payment)
{
    if (payment->state != NKS_PAYMENT_ACCEPTED)
        return RJCT;
    if (slice->state < NKS_SLICE_ROUTED)
        return 2;
    return payment->reason == NKS_REASON_TO_VENTEKONTO || payment->reason == NKS_REASON_TO_ERROR_ACCOUNT ? 1 : 0;
}

static enum nks_status payment_count(struct audit *audit, void *context, const struct audit_slice *slice,
                                     const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct recount *recount = context;
    for (size_t i = 0; i < count; i++)
        recount->live_legs += legs[i].generation == slice->generation;
    if (payment == NULL) /* told by legs */
        return NKS_OK;
    recount->count++;
    if (payment->n != recount->count) {
        audit_at(audit, "payment slice_id %lld n %lld", (long long)slice->id, (long long)recount->count);
        audit_find(audit, "the row is missing; the next one is n %lld", (long long)payment->n);
        recount->count = payment->n;
    }
    recount->rejected += payment->state == NKS_PAYMENT_REJECTED;
    recount->amount += payment->amount_minor;
    size_t status = status_of(slice, payment);
    struct nks_sum sum = {0};
    recount->money_good = audit_money(payment->amount_minor, payment->currency, &sum) && recount->money_good;
    recount->by_status[status]++;
    recount->sum_by_status[status].scaled += sum.scaled;
    recount->as_written = recount->as_written || (payment->state == NKS_PAYMENT_REJECTED && payment->amount_minor == 0);
    return NKS_OK;
}

static void numbers_check(struct audit *audit, const struct audit_slice *slice, const struct recount *recount)
{
    slice_at(audit, slice);
    if (recount->count != slice->payments)
        audit_find(audit, "payments is %lld, table payment has %lld", (long long)slice->payments,
                   (long long)recount->count);
    if (recount->rejected != slice->rejected)
        audit_find(audit, "rejected is %lld, table payment has %lld", (long long)slice->rejected,
                   (long long)recount->rejected);
    if (recount->amount != slice->amount_minor)
        audit_find(audit, "amount_minor is %lld, its payments add up to %lld", (long long)slice->amount_minor,
                   (long long)recount->amount);
    if (recount->live_legs != slice->legs)
        audit_find(audit, "legs is %lld, table leg has %lld of generation %lld", (long long)slice->legs,
                   (long long)recount->live_legs, (long long)slice->generation);
    if (!audit_routed(slice) && recount->live_legs > 0)
        audit_find(audit, "state %s, but it has legs", nks_state_name(NKS_STATE_SLICE, (int)slice->state));
}

/* ---- the row by itself, and the rows that belong to it */

static void state_check(struct audit *audit, const struct audit_slice *slice, const struct audit_batch *batch)
{
    bool routed = audit_routed(slice);
    slice_at(audit, slice);
    if (slice->state < NKS_SLICE_READ || slice->state > NKS_SLICE_STOPPED)
        audit_find(audit, "state %lld is none", (long long)slice->state);
    if (slice->batch_id != batch->id)
        audit_find(audit, "batch_id is %lld, its number says %lld", (long long)slice->batch_id, (long long)batch->id);
    if (slice->generation < 1 || slice->generation > 99)
        audit_find(audit, "generation %lld is none", (long long)slice->generation);
    if ((slice->state == NKS_SLICE_READ) != (batch->state == NKS_BATCH_READING))
        audit_find(audit, "state %s does not go with batch state %s",
                   nks_state_name(NKS_STATE_SLICE, (int)slice->state),
                   nks_state_name(NKS_STATE_BATCH, (int)batch->state));
    if (slice->hash_len != (routed ? NKS_HASH_SIZE : 0) || slice->signature_len != (routed ? NKS_SIGNATURE_SIZE : 0))
        audit_find(audit, "state %s, but legs_hash has %zu bytes and signature %zu",
                   nks_state_name(NKS_STATE_SLICE, (int)slice->state), slice->hash_len, slice->signature_len);
    if (slice->due_date > slice->execution_date)
        audit_find(audit, "due_date is later than execution_date");
}

static enum nks_status blobs_check(struct audit *audit, const struct audit_slice *slice,
                                   const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_slice_blobs, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t details = found ? nks_column_int(stmt, 0) : 0, decisions = found ? nks_column_int(stmt, 1) : 0;
    nks_stmt_end(stmt);
    bool decided = slice->state >= NKS_SLICE_RESOLVED && slice->state <= NKS_SLICE_EMITTED;
    audit_at(audit, "slice_details slice_id %lld", (long long)slice->id);
    if (details != 1 && batch->erased == 0)
        audit_find(audit, "the row is missing");
    audit_at(audit, "slice_decision slice_id %lld generation %lld", (long long)slice->id, (long long)slice->generation);
    if (decided && decisions == 0)
        audit_find(audit, "the row is missing, but the slice is %s",
                   nks_state_name(NKS_STATE_SLICE, (int)slice->state));
    if (!decided && decisions != 0 && slice->state != NKS_SLICE_STOPPED)
        audit_find(audit, "there is a row, but the slice is %s", nks_state_name(NKS_STATE_SLICE, (int)slice->state));
    return NKS_OK;
}

static enum nks_status dates_check(struct audit *audit, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_group_dates, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "batch_id", slice->id >> 14);
    nks_bind_int(stmt, "execution_date", slice->execution_date);
    slice_at(audit, slice);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        if (nks_column_int(stmt, 1) != -1) /* a missing group is told by groups */
            audit_find(audit, "execution_date is not that of group %lld, which has payments in it",
                       (long long)nks_column_int(stmt, 0));
    }
}

/* ---- totals */

/* The rows of payments tell the total, or where an amount is in no row, what it is at least. */
static bool total_is(struct nks_text stored, struct nks_sum counted, bool at_least)
{
    struct nks_sum sum;
    return audit_sum_is(stored, counted) || (at_least && nks_sum_read(stored, &sum) && sum.scaled > counted.scaled);
}

/* Rows are in the order of their status, as the table above is: a row for every status that has payments. */
static enum nks_status status_totals_check(struct audit *audit, const struct audit_slice *slice,
                                           const struct recount *recount)
{
    struct nks_stmt *stmt = NULL;
    bool told[STATUSES] = {false};
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_status_totals, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        struct nks_text name = nks_column_text(stmt, 0);
        size_t at = 0;
        while (at < STATUSES && !nks_text_is(name, statuses[at]))
            at++;
        audit_at(audit, "slice_status_total slice_id %lld status %.4s", (long long)slice->id,
                 at < STATUSES ? statuses[at] : "?");
        if (at == STATUSES) {
            audit_find(audit, "no payment can have this status");
            continue;
        }
        told[at] = true;
        if (nks_column_int(stmt, 1) != recount->by_status[at])
            audit_find(audit, "payments is %lld, table payment has %lld", (long long)nks_column_int(stmt, 1),
                       (long long)recount->by_status[at]);
        if (!total_is(nks_column_text(stmt, 2), recount->sum_by_status[at], at == RJCT && recount->as_written))
            audit_find(audit, "control_sum is not %s, the sum of its payments",
                       audit_sum_show(recount->sum_by_status[at]).text);
    }
    for (size_t i = 0; i < STATUSES; i++) {
        audit_at(audit, "slice_status_total slice_id %lld status %s", (long long)slice->id, statuses[i]);
        if (!told[i] && recount->by_status[i] > 0)
            audit_find(audit, "the row is missing");
    }
    return NKS_OK;
}

struct order_total {
    int64_t central, grp, legs;
    struct nks_sum sum;
};

/* Reads the legs of the next central and group together; legs 0: none left. `ahead` holds the first leg of the next. */
struct order_reading {
    struct nks_stmt *stmt;
    struct order_total ahead;
    bool more;
};

static enum nks_status order_leg_next(struct audit *audit, struct order_reading *reading)
{
    NKS_TRY(nks_stmt_step(reading->stmt, &reading->more, &audit->fault));
    if (!reading->more)
        return NKS_OK;
    struct order_total *ahead = &reading->ahead;
    *ahead = (struct order_total){nks_column_int(reading->stmt, 0), nks_column_int(reading->stmt, 1), 1, {0}};
    if (!audit_money(nks_column_int(reading->stmt, 3), nks_column_int(reading->stmt, 2), &ahead->sum))
        ahead->sum.scaled = 0;
    return NKS_OK;
}

static enum nks_status order_total_next(struct audit *audit, struct order_reading *reading, struct order_total *total)
{
    *total = (struct order_total){reading->ahead.central, reading->ahead.grp, 0, {0}};
    while (reading->more && reading->ahead.central == total->central && reading->ahead.grp == total->grp) {
        total->legs++;
        total->sum.scaled += reading->ahead.sum.scaled;
        NKS_TRY(order_leg_next(audit, reading));
    }
    return NKS_OK;
}

static void order_total_at(struct audit *audit, const struct audit_slice *slice, int64_t central, int64_t grp)
{
    audit_at(audit, "slice_order_total slice_id %lld central %lld grp %lld", (long long)slice->id, (long long)central,
             (long long)grp);
}

static bool comes_before(int64_t central, int64_t grp, const struct order_total *other)
{
    return central < other->central || (central == other->central && grp < other->grp);
}

static void order_total_compare(struct audit *audit, struct nks_stmt *stmt, const struct order_total *counted)
{
    if (nks_column_int(stmt, 2) != counted->legs)
        audit_find(audit, "legs is %lld, table leg has %lld", (long long)nks_column_int(stmt, 2),
                   (long long)counted->legs);
    if (!audit_sum_is(nks_column_text(stmt, 3), counted->sum))
        audit_find(audit, "control_sum is not %s, the sum of its legs", audit_sum_show(counted->sum).text);
}

static enum nks_status order_rows_compare(struct audit *audit, const struct audit_slice *slice,
                                          struct order_reading *reading)
{
    struct nks_stmt *stmt = NULL;
    struct order_total counted;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_order_totals, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(order_leg_next(audit, reading));
    NKS_TRY(order_total_next(audit, reading, &counted));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        int64_t central = row ? nks_column_int(stmt, 0) : INT64_MAX, grp = row ? nks_column_int(stmt, 1) : INT64_MAX;
        while (counted.legs > 0 && !comes_before(central, grp, &counted) &&
               (central != counted.central || grp != counted.grp)) {
            order_total_at(audit, slice, counted.central, counted.grp);
            audit_find(audit, "the row is missing; table leg has %lld legs of it", (long long)counted.legs);
            NKS_TRY(order_total_next(audit, reading, &counted));
        }
        if (!row)
            return NKS_OK;
        order_total_at(audit, slice, central, grp);
        if (counted.legs > 0 && central == counted.central && grp == counted.grp) {
            order_total_compare(audit, stmt, &counted);
            NKS_TRY(order_total_next(audit, reading, &counted));
        } else if (nks_column_int(stmt, 2) != 0) {
            audit_find(audit, "legs is %lld, table leg has none", (long long)nks_column_int(stmt, 2));
        }
    }
}

static enum nks_status order_totals_check(struct audit *audit, const struct audit_slice *slice)
{
    struct order_reading reading = {.more = false};
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_order_legs, &reading.stmt, &audit->fault));
    nks_bind_int(reading.stmt, "slice_id", slice->id);
    nks_bind_int(reading.stmt, "generation", slice->generation);
    return order_rows_compare(audit, slice, &reading);
}

/* ---- all */

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    const struct audit_batch *batch = context;
    struct recount recount = {.money_good = true};
    audit_looked(audit);
    state_check(audit, slice, batch);
    NKS_TRY(audit_each_payment(audit, slice, payment_count, &recount));
    numbers_check(audit, slice, &recount);
    if (!recount.money_good)
        audit_find(audit, "a payment of it has no currency");
    NKS_TRY(blobs_check(audit, slice, context));
    NKS_TRY(dates_check(audit, slice));
    if (slice->state != NKS_SLICE_STOPPED)
        NKS_TRY(status_totals_check(audit, slice, &recount));
    return order_totals_check(audit, slice);
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    (void)context;
    struct audit_batch copy = *batch;
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_check, &copy) : NKS_OK;
}

/* Rows that name a slice, or a slice that names a batch, that is not there; runs of references and their blocks. */
static const struct {
    const char *where;
    const struct nks_sql *sql;
    const char *words;
} strays[] = {
    {"slice slice_id", &nks_sql_audit_slices_stray, "there is no such batch"},
    {"payment slice_id", &nks_sql_audit_stray_payment, "there is no such slice"},
    {"leg slice_id", &nks_sql_audit_stray_leg, "there is no such slice"},
    {"slice_details slice_id", &nks_sql_audit_stray_details, "there is no such slice"},
    {"slice_decision slice_id", &nks_sql_audit_stray_decision, "there is no such slice"},
    {"slice_status_total slice_id", &nks_sql_audit_stray_status_total, "there is no such slice"},
    {"slice_order_total slice_id", &nks_sql_audit_stray_order_total, "there is no such slice"},
    {"reference_run run_id", &nks_sql_audit_stray_run, "there is no such slice"},
    {"reference_block run_id", &nks_sql_audit_stray_block, "there is no such run"},
    {"reference_run run_id", &nks_sql_audit_run_entries, "its blocks have more or fewer entries"},
};

static enum nks_status strays_find(struct audit *audit, size_t at)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, strays[at].sql, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "%s %lld", strays[at].where, (long long)nks_column_int(stmt, 0));
        audit_find(audit, "%s", strays[at].words);
    }
}

enum nks_status audit_check_slices(struct audit *audit)
{
    NKS_TRY(audit_each_batch(audit, batch_check, NULL));
    for (size_t i = 0; i < sizeof strays / sizeof strays[0]; i++)
        NKS_TRY(strays_find(audit, i));
    return NKS_OK;
}
