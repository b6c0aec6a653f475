/* Batches: what a message's row says, recounted from its slices and payments; and its groups. */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- batches */

struct counted { /* over the payments of a batch */
    const struct audit_batch *batch;
    int64_t payments;
    int64_t rejected_early; /* by ingest for certain */
    int64_t rejected_maybe; /* by ingest or later: the reason tells both */
    bool amounts_whole;     /* every payment has an amount, so that CtrlSum is their sum */
    struct nks_sum sum;
    uint8_t *seen; /* a bit per seq */
};

static void batch_at(struct audit *audit, int64_t id)
{
    audit_at(audit, "batch %lld", (long long)id);
}

static void bind_range(struct nks_stmt *stmt, int64_t batch_id)
{
    nks_bind_int(stmt, "first", audit_first_slice(batch_id));
    nks_bind_int(stmt, "last", audit_last_slice(batch_id));
}

static enum nks_status slices_check(struct audit *audit, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_slices, &stmt, &audit->fault));
    bind_range(stmt, batch->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t slices = found ? nks_column_int(stmt, 0) : 0;
    int64_t first = found ? nks_column_int(stmt, 1) : 0, last = found ? nks_column_int(stmt, 2) : 0;
    nks_stmt_end(stmt);
    batch_at(audit, batch->id);
    if (slices != batch->slices)
        audit_find(audit, "slices is %lld, table slice has %lld", (long long)batch->slices, (long long)slices);
    if (slices > 0 && (first != audit_first_slice(batch->id) || last - first + 1 != slices))
        audit_find(audit, "its slices are not numbered 1 to their count: a slice is missing or was added");
    return NKS_OK;
}

static enum nks_status slice_sums_check(struct audit *audit, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    int64_t payments = 0, rejected = 0;
    bool fits = true;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_slice_counts, &stmt, &audit->fault));
    bind_range(stmt, batch->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        fits = nks_minor_add(payments, nks_column_int(stmt, 0), &payments) &&
               nks_minor_add(rejected, nks_column_int(stmt, 1), &rejected) && fits;
    }
    batch_at(audit, batch->id);
    if (!fits || payments != batch->payments)
        audit_find(audit, "payments is %lld, its slices say %lld", (long long)batch->payments, (long long)payments);
    if (rejected < batch->rejected)
        audit_find(audit, "rejected is %lld, its slices say %lld", (long long)batch->rejected, (long long)rejected);
    return NKS_OK;
}

/* The batch's row counts what was rejected at receipt. Later stages reject too, with reasons of their own; only "no
 * data central" can be either. */
static void count_rejected(struct counted *counted, int64_t reason, int64_t slice_state)
{
    bool decided = slice_state >= NKS_SLICE_RESOLVED && slice_state <= NKS_SLICE_EMITTED;
    bool late = reason == NKS_REASON_NO_ACCOUNT || reason == NKS_REASON_VERSION_LOSS;
    if (!decided || (!late && reason != NKS_REASON_NO_CENTRAL))
        counted->rejected_early++;
    else if (reason == NKS_REASON_NO_CENTRAL)
        counted->rejected_maybe++;
}

static void count_seq(struct audit *audit, struct counted *counted, int64_t slice_id, int64_t n, int64_t seq)
{
    audit_at(audit, "payment slice_id %lld n %lld", (long long)slice_id, (long long)n);
    if (seq < 1 || seq > counted->batch->payments) {
        audit_find(audit, "seq %lld is beyond the batch's %lld payments", (long long)seq,
                   (long long)counted->batch->payments);
        return;
    }
    uint8_t bit = (uint8_t)(1 << (seq & 7));
    if (counted->seen[seq >> 3] & bit)
        audit_find(audit, "seq %lld stands twice in batch %lld", (long long)seq, (long long)counted->batch->id);
    counted->seen[seq >> 3] |= bit;
}

static void count_payment(struct audit *audit, struct counted *counted, struct nks_stmt *stmt)
{
    int64_t slice_id = nks_column_int(stmt, 0), n = nks_column_int(stmt, 1), amount = nks_column_int(stmt, 6);
    struct nks_sum sum;
    counted->payments++;
    count_seq(audit, counted, slice_id, n, nks_column_int(stmt, 2));
    if (nks_column_int(stmt, 4) == NKS_PAYMENT_REJECTED)
        count_rejected(counted, nks_column_int(stmt, 5), nks_column_int(stmt, 8));
    if (amount <= 0 || !audit_money(amount, nks_column_int(stmt, 7), &sum))
        counted->amounts_whole = false;
    else
        counted->sum.scaled += sum.scaled;
}

static enum nks_status payments_count(struct audit *audit, struct counted *counted)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_payments, &stmt, &audit->fault));
    bind_range(stmt, counted->batch->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        count_payment(audit, counted, stmt);
    }
}

static void payments_compare(struct audit *audit, const struct counted *counted)
{
    const struct audit_batch *batch = counted->batch;
    batch_at(audit, batch->id);
    if (counted->payments != batch->payments)
        audit_find(audit, "payments is %lld, table payment has %lld", (long long)batch->payments,
                   (long long)counted->payments);
    for (int64_t seq = 1; seq <= batch->payments; seq++) {
        if (!(counted->seen[seq >> 3] >> (seq & 7) & 1))
            audit_find(audit, "seq %lld has no row in table payment", (long long)seq);
    }
    if (batch->rejected < counted->rejected_early ||
        batch->rejected > counted->rejected_early + counted->rejected_maybe)
        audit_find(audit, "rejected is %lld, its payments say %lld", (long long)batch->rejected,
                   (long long)counted->rejected_early);
    if (!batch->sum_good)
        audit_find(audit, "control_sum is no sum");
    else if (counted->amounts_whole ? counted->sum.scaled != batch->sum.scaled
                                    : counted->sum.scaled > batch->sum.scaled)
        audit_find(audit, "control_sum is %s, its payments add up to %s", batch->control_sum,
                   audit_sum_show(counted->sum).text);
}

static enum nks_status accepted_check(struct audit *audit, const struct audit_batch *batch)
{
    NKS_TRY(slices_check(audit, batch));
    NKS_TRY(slice_sums_check(audit, batch));
    if (batch->payments < 0 || batch->payments > (int64_t)NKS_SLICES_MAX * NKS_SLICE_PAYMENTS) {
        audit_find(audit, "payments is %lld: no message has so many", (long long)batch->payments);
        return NKS_OK;
    }
    struct counted counted = {.batch = batch, .amounts_whole = true};
    counted.seen = calloc((size_t)batch->payments / 8 + 1, 1);
    if (counted.seen == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the numbers of a batch");
    enum nks_status status = payments_count(audit, &counted);
    if (status == NKS_OK)
        payments_compare(audit, &counted);
    free(counted.seen);
    return status;
}

static enum nks_status refused_check(struct audit *audit, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_leftovers, &stmt, &audit->fault));
    bind_range(stmt, batch->id);
    nks_bind_int(stmt, "batch_id", batch->id);
    batch_at(audit, batch->id);
    if (batch->slices != 0)
        audit_find(audit, "refused, but slices is %lld", (long long)batch->slices);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        struct nks_text table = nks_column_text(stmt, 0);
        if (nks_column_int(stmt, 1) != 0)
            audit_find(audit, "refused, but table %.*s has %lld rows of it", (int)table.len, table.ptr,
                       (long long)nks_column_int(stmt, 1));
    }
}

struct order {
    int64_t expected, reading;
};

struct delivered {
    uint8_t hash[NKS_HASH_SIZE];
    char party[NKS_PARTY_MAX];
    int64_t generation;
};

/* The stem of its names: 16 digits of what was received, by whom, and which reading of it this is, if not the first. */
static enum nks_status ref_check(struct audit *audit, const struct audit_batch *batch, const struct delivered *from)
{
    struct nks_stmt *stmt = NULL;
    char bytes[NKS_HASH_SIZE + NKS_PARTY_MAX + 24], ref[NKS_BATCH_REF + 1];
    uint8_t hash[NKS_HASH_SIZE];
    int len = snprintf(bytes + NKS_HASH_SIZE, sizeof bytes - NKS_HASH_SIZE, "%s", from->party);
    bool found = false;
    memcpy(bytes, from->hash, NKS_HASH_SIZE);
    if (from->generation > 1)
        len += snprintf(bytes + NKS_HASH_SIZE + len, sizeof bytes - NKS_HASH_SIZE - (size_t)len, " %lld",
                        (long long)from->generation);
    nks_hash_once(bytes, NKS_HASH_SIZE + (size_t)len, hash);
    nks_base32(hash, NKS_BATCH_REF, ref);
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_ref, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    if (found && !nks_text_is(nks_column_text(stmt, 0), ref))
        audit_find(audit, "ref is not of the file that it was read from");
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status delivery_of(struct audit *audit, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_one, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", batch->delivery_id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct delivered from = {.generation = found ? nks_column_int(stmt, 4) : 0};
    struct nks_text hash = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    bool whole = hash.len == NKS_HASH_SIZE && nks_text_copy(nks_column_text(stmt, 1), from.party, sizeof from.party);
    if (whole)
        memcpy(from.hash, hash.ptr, NKS_HASH_SIZE);
    nks_stmt_end(stmt);
    if (!found)
        audit_find(audit, "its delivery %lld is missing", (long long)batch->delivery_id);
    return whole && batch->origin == NKS_ORIGIN_SENDER ? ref_check(audit, batch, &from) : NKS_OK;
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct order *order = context;
    audit_looked(audit);
    if (batch->id != order->expected) {
        batch_at(audit, order->expected);
        audit_find(audit, "the row is missing; the next one is %lld", (long long)batch->id);
    }
    order->expected = batch->id < INT64_MAX ? batch->id + 1 : batch->id;
    batch_at(audit, batch->id);
    NKS_TRY(delivery_of(audit, batch));
    if (batch->state == NKS_BATCH_ACCEPTED)
        return accepted_check(audit, batch);
    if (batch->state == NKS_BATCH_REFUSED)
        return refused_check(audit, batch);
    if (batch->state != NKS_BATCH_READING)
        audit_find(audit, "state %lld is none", (long long)batch->state);
    order->reading += batch->state == NKS_BATCH_READING;
    return NKS_OK;
}

enum nks_status audit_check_batches(struct audit *audit)
{
    struct order order = {1, 0};
    NKS_TRY(audit_each_batch(audit, batch_check, &order));
    if (order.reading > 0)
        audit_note(audit, "in progress: %lld batches are being read", (long long)order.reading);
    return NKS_OK;
}

/* ---- groups */

/* Payments per group number, 0 for those that name none of the batch. */
static enum nks_status groups_count(struct audit *audit, const struct audit_batch *batch, int64_t *counts)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_payments, &stmt, &audit->fault));
    bind_range(stmt, batch->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        int64_t group = nks_column_int(stmt, 3);
        if (group >= 1 && group <= batch->groups) {
            counts[group]++;
        } else {
            audit_at(audit, "payment slice_id %lld n %lld", (long long)nks_column_int(stmt, 0),
                     (long long)nks_column_int(stmt, 1));
            audit_find(audit, "grp %lld is no group of batch %lld", (long long)group, (long long)batch->id);
        }
    }
}

static enum nks_status group_record_check(struct audit *audit, struct nks_batch *batch, int64_t number)
{
    const struct nks_group *group = NULL;
    if (!audit->secrets || batch->cipher == NULL || number < 1 || number > UINT32_MAX)
        return NKS_OK;
    return audit_take_fault(audit, nks_group_load(audit->payments, batch, (uint32_t)number, &group, &audit->fault));
}

static void group_gap(struct audit *audit, const struct audit_batch *batch, int64_t expected)
{
    audit_at(audit, "batch_group batch_id %lld number %lld", (long long)batch->id, (long long)expected);
    audit_find(audit, "the row is missing");
}

static enum nks_status groups_compare(struct audit *audit, const struct audit_batch *batch, struct nks_batch *loaded,
                                      const int64_t *counts)
{
    struct nks_stmt *stmt = NULL;
    int64_t expected = 1;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_groups, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        int64_t number = nks_column_int(stmt, 0), payments = nks_column_int(stmt, 1);
        audit_looked(audit);
        for (; expected < number && expected <= batch->groups; expected++)
            group_gap(audit, batch, expected);
        expected = number + 1;
        audit_at(audit, "batch_group batch_id %lld number %lld", (long long)batch->id, (long long)number);
        if (number < 1 || number > batch->groups)
            audit_find(audit, "the batch has %lld groups", (long long)batch->groups);
        else if (counts[number] != payments)
            audit_find(audit, "payments is %lld, table payment has %lld", (long long)payments,
                       (long long)counts[number]);
        NKS_TRY(group_record_check(audit, loaded, number));
    }
    for (; expected <= batch->groups; expected++)
        group_gap(audit, batch, expected);
    return NKS_OK;
}

static enum nks_status groups_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    (void)context;
    struct nks_batch loaded = {.id = 0};
    bool found = false;
    if (batch->state != NKS_BATCH_ACCEPTED)
        return NKS_OK;
    audit_at(audit, "batch %lld", (long long)batch->id);
    if (batch->groups < 0 || batch->groups > (int64_t)NKS_SLICES_MAX * NKS_SLICE_PAYMENTS) {
        audit_find(audit, "groups is %lld: no message has so many", (long long)batch->groups);
        return NKS_OK;
    }
    int64_t *counts = calloc((size_t)batch->groups + 1, sizeof *counts);
    if (counts == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the groups of a batch");
    enum nks_status status =
        audit->secrets ? nks_batch_load(audit->payments, batch->id, &loaded, &found, &audit->fault) : NKS_OK;
    if (status == NKS_INTEGRITY) /* told by contents */
        nks_fault_clear(&audit->fault);
    if (status == NKS_OK || status == NKS_INTEGRITY)
        status = groups_count(audit, batch, counts);
    if (status == NKS_OK)
        status = groups_compare(audit, batch, &loaded, counts);
    nks_batch_close(&loaded);
    free(counts);
    return status;
}

static enum nks_status groups_stray(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_groups_stray, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "batch_group batch_id %lld number %lld", (long long)nks_column_int(stmt, 0),
                 (long long)nks_column_int(stmt, 1));
        audit_find(audit, "there is no such batch");
    }
}

enum nks_status audit_check_groups(struct audit *audit)
{
    NKS_TRY(audit_each_batch(audit, groups_check, NULL));
    return groups_stray(audit);
}
