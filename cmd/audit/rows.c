/* Rows of batches, slices, payments and legs, read by statements of the auditor's own. */
#include "audit.h"

#include <string.h>

enum { SLICE_BITS = 14, LEGS_OF_PAYMENT = 1024 };

/* A number that is no batch's is of no slice: it is told with the batches. */
static int64_t slice_base(int64_t batch_id)
{
    return batch_id < 0 || batch_id > INT64_MAX >> SLICE_BITS ? -1 : batch_id << SLICE_BITS;
}

int64_t audit_first_slice(int64_t batch_id)
{
    return slice_base(batch_id) < 0 ? 0 : slice_base(batch_id) + 1;
}

int64_t audit_last_slice(int64_t batch_id)
{
    return slice_base(batch_id) < 0 ? -1 : slice_base(batch_id) | ((1 << SLICE_BITS) - 1);
}

bool audit_time_good(int64_t time)
{
    return time >= 0 && time <= INT64_C(253402300799); /* the last second of 9999 */
}

bool audit_routed(const struct audit_slice *slice)
{
    return slice->state == NKS_SLICE_ROUTED || slice->state == NKS_SLICE_EMITTED;
}

bool audit_money(int64_t amount_minor, int64_t currency, struct nks_sum *sum)
{
    static const int64_t powers[] = {100000, 10000, 1000, 100, 10, 1};
    char name[4];
    if (currency < 0 || currency >= 26 * 26 * 26)
        return false;
    nks_currency_name((int32_t)currency, name);
    sum->scaled = (nks_int128)amount_minor * powers[nks_currency_decimals(name)];
    return true;
}

struct audit_sum_text audit_sum_show(struct nks_sum sum)
{
    struct audit_sum_text out;
    struct nks_buf buf;
    nks_buf_init(&buf, out.text, sizeof out.text - 1);
    if (sum.scaled < 0) { /* only rows that were tampered with add up to this */
        nks_buf_char(&buf, '-');
        sum.scaled = -sum.scaled;
    }
    nks_sum_format(&buf, sum);
    out.text[buf.len] = '\0';
    return out;
}

bool audit_sum_is(struct nks_text stored, struct nks_sum counted)
{
    struct nks_sum sum;
    return nks_sum_read(stored, &sum) && sum.scaled == counted.scaled;
}

/* ---- batches */

static void read_batch(struct nks_stmt *stmt, struct audit_batch *batch)
{
    *batch = (struct audit_batch){
        .id = nks_column_int(stmt, 0),
        .delivery_id = nks_column_int(stmt, 1),
        .state = nks_column_int(stmt, 2),
        .payments = nks_column_int(stmt, 3),
        .rejected = nks_column_int(stmt, 4),
        .slices = nks_column_int(stmt, 5),
        .groups = nks_column_int(stmt, 6),
        .origin = nks_column_int(stmt, 8),
        .erased = nks_column_int(stmt, 9),
        .key_len = nks_column_int(stmt, 10),
    };
    struct nks_text sum = nks_column_text(stmt, 7);
    batch->sum_good =
        nks_text_copy(sum, batch->control_sum, sizeof batch->control_sum) && nks_sum_read(sum, &batch->sum);
}

enum nks_status audit_each_batch(struct audit *audit, audit_batch_fn fn, void *context)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batches, &stmt, &audit->fault));
    for (bool row = true;;) {
        struct audit_batch batch;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        read_batch(stmt, &batch);
        NKS_TRY(fn(audit, context, &batch));
    }
}

/* ---- slices */

static size_t take_bytes(struct nks_text bytes, uint8_t *out, size_t size)
{
    if (bytes.len == size)
        memcpy(out, bytes.ptr, size);
    return bytes.len;
}

static void read_slice(struct nks_stmt *stmt, struct audit_slice *slice)
{
    *slice = (struct audit_slice){
        .id = nks_column_int(stmt, 0),
        .batch_id = nks_column_int(stmt, 1),
        .execution_date = nks_column_int(stmt, 2),
        .due_date = nks_column_int(stmt, 3),
        .state = nks_column_int(stmt, 4),
        .generation = nks_column_int(stmt, 5),
        .payments = nks_column_int(stmt, 6),
        .rejected = nks_column_int(stmt, 7),
        .amount_minor = nks_column_int(stmt, 8),
        .legs = nks_column_int(stmt, 9),
    };
    slice->hash_len = take_bytes(nks_column_bytes(stmt, 10), slice->legs_hash, sizeof slice->legs_hash);
    slice->signature_len = take_bytes(nks_column_bytes(stmt, 11), slice->signature, sizeof slice->signature);
}

enum nks_status audit_each_slice(struct audit *audit, int64_t batch_id, audit_slice_fn fn, void *context)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_slices, &stmt, &audit->fault));
    nks_bind_int(stmt, "first", audit_first_slice(batch_id));
    nks_bind_int(stmt, "last", audit_last_slice(batch_id));
    for (bool row = true;;) {
        struct audit_slice slice;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        read_slice(stmt, &slice);
        NKS_TRY(fn(audit, context, &slice));
    }
}

/* ---- payments with their legs: two readings in the same order, side by side */

struct walk {
    struct audit *audit;
    struct nks_stmt *legs;
    struct audit_leg ahead; /* read but not yet given */
    bool more;
    size_t count;
    struct audit_leg taken[LEGS_OF_PAYMENT];
};

static enum nks_status leg_next(struct walk *walk)
{
    NKS_TRY(nks_stmt_step(walk->legs, &walk->more, &walk->audit->fault));
    if (!walk->more)
        return NKS_OK;
    int64_t values[9];
    for (int i = 0; i < 9; i++)
        values[i] = nks_column_int(walk->legs, i);
    walk->ahead = (struct audit_leg){values[0], values[1], values[2], values[3], values[4],
                                     values[5], values[6], values[7], values[8]};
    return NKS_OK;
}

/* The legs of the next n. Of more than any payment can have, those beyond are not taken: the sum shows it. */
static enum nks_status legs_take(struct walk *walk)
{
    int64_t n = walk->ahead.n;
    walk->count = 0;
    while (walk->more && walk->ahead.n == n) {
        if (walk->count < LEGS_OF_PAYMENT)
            walk->taken[walk->count++] = walk->ahead;
        NKS_TRY(leg_next(walk));
    }
    return NKS_OK;
}

static enum nks_status legs_before(struct walk *walk, int64_t n, const struct audit_slice *slice, audit_payment_fn fn,
                                   void *context)
{
    while (walk->more && walk->ahead.n < n) {
        NKS_TRY(legs_take(walk));
        NKS_TRY(fn(walk->audit, context, slice, NULL, walk->taken, walk->count));
    }
    return NKS_OK;
}

static void read_payment(struct nks_stmt *stmt, struct audit_payment *payment)
{
    int64_t values[11];
    for (int i = 0; i < 11; i++)
        values[i] = nks_column_int(stmt, i);
    *payment = (struct audit_payment){values[0], values[1], values[2], values[3], values[4], values[5],
                                      values[6], values[7], values[8], values[9], values[10]};
}

static enum nks_status walk_payments(struct walk *walk, struct nks_stmt *stmt, const struct audit_slice *slice,
                                     audit_payment_fn fn, void *context)
{
    for (bool row = true;;) {
        struct audit_payment payment;
        NKS_TRY(nks_stmt_step(stmt, &row, &walk->audit->fault));
        if (!row)
            return legs_before(walk, INT64_MAX, slice, fn, context);
        read_payment(stmt, &payment);
        NKS_TRY(legs_before(walk, payment.n, slice, fn, context));
        walk->count = 0;
        if (walk->more && walk->ahead.n == payment.n)
            NKS_TRY(legs_take(walk));
        NKS_TRY(fn(walk->audit, context, slice, &payment, walk->taken, walk->count));
    }
}

enum nks_status audit_each_payment(struct audit *audit, const struct audit_slice *slice, audit_payment_fn fn,
                                   void *context)
{
    static struct walk walk; /* one at a time: no check walks within a walk */
    struct nks_stmt *stmt = NULL;
    walk.audit = audit;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_legs, &walk.legs, &audit->fault));
    nks_bind_int(walk.legs, "slice_id", slice->id);
    NKS_TRY(leg_next(&walk));
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_payments, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    return walk_payments(&walk, stmt, slice, fn, context);
}
