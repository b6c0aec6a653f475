/* Rows of slices, payments and legs. */
#include "payment/store.h"

#include <stdlib.h>
#include <string.h>

enum { DETAILS_VERSION = 1 };

static struct nks_place details_place(int64_t slice_id)
{
    return (struct nks_place){"slice_details", "details", slice_id, 0, DETAILS_VERSION};
}

static enum nks_status slice_damaged(const struct nks_slice *slice, const char *what, struct nks_fault *fault)
{
    enum nks_status status =
        nks_fault_set(fault, NKS_INTEGRITY, "SLICE-ROWS", "slice %lld: %s", (long long)slice->id, what);
    if (fault != NULL && fault->batch == 0)
        fault->batch = slice->batch_id;
    return status;
}

static enum nks_status slice_fenced(int64_t slice_id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "SLICE-FENCED", "another run took slice %lld", (long long)slice_id);
}

/* ---- writing */

static enum nks_status insert_slice(struct nks_payments *payments, const struct nks_slice *slice,
                                    struct nks_fault *fault)
{
    int64_t amount = 0;
    for (size_t i = 0; i < slice->count; i++) {
        if (!nks_minor_add(amount, slice->payments[i].amount_minor, &amount))
            return nks_fault_set(fault, NKS_REFUSED, "SLICE-SUM", "the amounts of a slice are beyond 64 bits");
    }
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "batch_id", slice->batch_id);
    nks_bind_int(stmt, "execution_date", slice->execution_date);
    nks_bind_int(stmt, "due_date", slice->due_date);
    nks_bind_int(stmt, "state", slice->state);
    nks_bind_int(stmt, "epoch", slice->epoch);
    nks_bind_int(stmt, "generation", slice->generation);
    nks_bind_int(stmt, "payments", (int64_t)slice->count);
    nks_bind_int(stmt, "rejected", (int64_t)slice->rejected);
    nks_bind_int(stmt, "amount_minor", amount);
    nks_bind_bytes(stmt, "legs_hash", "", 0);
    nks_bind_bytes(stmt, "signature", "", 0);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status insert_payments(struct nks_payments *payments, const struct nks_slice *slice,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_payment_insert, &stmt, fault));
    /* Positions follow the order of the columns in the statement. */
    for (size_t i = 0; i < slice->count; i++) {
        const struct nks_payment *payment = &slice->payments[i];
        const int64_t values[] = {
            slice->id,           payment->n,           (int64_t)payment->seq, payment->group, payment->amount_minor,
            payment->currency,   payment->state,       payment->reason,       payment->flags, payment->holder_kind,
            payment->holder.key, payment->holder.check};
        for (int p = 0; p < (int)(sizeof values / sizeof values[0]); p++)
            nks_bind_int_at(stmt, p, values[p]);
        NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    }
    return NKS_OK;
}

static enum nks_status insert_details(struct nks_payments *payments, const struct nks_batch *batch,
                                      const struct nks_slice *slice, struct nks_fault *fault)
{
    struct nks_place place = details_place(slice->id);
    struct nks_text record;
    NKS_TRY(
        nks_blob_encrypt(payments->blob, batch->cipher, &place, slice->details, slice->details_len, &record, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_details_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_bytes(stmt, "details", record.ptr, record.len);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_slice_create(struct nks_payments *payments, const struct nks_batch *batch, struct nks_slice *slice,
                                 struct nks_fault *fault)
{
    slice->batch_id = batch->id;
    slice->id = nks_slice_first_id(batch->id) - 1 + slice->number;
    slice->state = NKS_SLICE_READ;
    slice->generation = 1;
    NKS_TRY(insert_slice(payments, slice, fault));
    NKS_TRY(insert_payments(payments, slice, fault));
    NKS_TRY(nks_status_totals_renew(payments, slice, fault));
    NKS_TRY(nks_slice_rows_sign(payments, slice, fault));
    return insert_details(payments, batch, slice, fault);
}

/* ---- hash and signature over the legs */

/* What the signature speaks of: every countable column of every leg, and the decisions as stored (accounts are in
 * there, encrypted, so that the public key alone is enough to check). */
static void legs_hash(struct nks_hash *hash, const struct nks_slice *slice, uint8_t out[NKS_HASH_SIZE])
{
    nks_hash_reset(hash);
    const int64_t head[] = {slice->id, slice->generation, (int64_t)slice->count, (int64_t)slice->leg_count};
    nks_hash_ints(hash, head, sizeof head / sizeof head[0]);
    nks_hash_add(hash, slice->decision_hash, NKS_HASH_SIZE);
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        const int64_t row[] = {leg->n, leg->generation, leg->leg_no, leg->kind, leg->amount_minor, leg->central};
        nks_hash_ints(hash, row, sizeof row / sizeof row[0]);
    }
    nks_hash_end(hash, out);
}

enum nks_status nks_slice_verify(struct nks_payments *payments, const struct nks_slice *slice, struct nks_fault *fault)
{
    uint8_t hash[NKS_HASH_SIZE];
    legs_hash(payments->hash, slice, hash);
    if (memcmp(hash, slice->legs_hash, sizeof hash) != 0)
        return slice_damaged(slice, "the legs are not those that were signed; do not restart, run nks-audit", fault);
    return nks_sign_verify(payments->keys, hash, sizeof hash, slice->signature, fault);
}

/* ---- saving decisions */

static enum nks_status insert_legs(struct nks_payments *payments, const struct nks_slice *slice,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_insert, &stmt, fault));
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        const int64_t values[] = {slice->id,         leg->n,       leg->generation, leg->leg_no, leg->kind,
                                  leg->amount_minor, leg->central, leg->state,      leg->reason, leg->file_id};
        for (int p = 0; p < (int)(sizeof values / sizeof values[0]); p++)
            nks_bind_int_at(stmt, p, values[p]);
        NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    }
    return NKS_OK;
}

enum nks_status nks_payment_save(struct nks_payments *payments, int64_t slice_id, const struct nks_payment *payment,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_payment_update, &stmt, fault));
    nks_bind_int(stmt, "state", payment->state);
    nks_bind_int(stmt, "reason", payment->reason);
    nks_bind_int(stmt, "flags", payment->flags);
    nks_bind_int(stmt, "holder_kind", payment->holder_kind);
    nks_bind_int(stmt, "holder_key", payment->holder.key);
    nks_bind_int(stmt, "holder_check", payment->holder.check);
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "n", payment->n);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status update_payments(struct nks_payments *payments, struct nks_slice *slice, struct nks_fault *fault)
{
    slice->rejected = 0;
    for (size_t i = 0; i < slice->count; i++) {
        struct nks_payment *payment = &slice->payments[i];
        slice->rejected += payment->state == NKS_PAYMENT_REJECTED;
        if (payment->changed)
            NKS_TRY(nks_payment_save(payments, slice->id, payment, fault));
        payment->changed = false;
    }
    return NKS_OK;
}

static enum nks_status update_slice(struct nks_payments *payments, const struct nks_slice *slice,
                                    enum nks_slice_state from, struct nks_fault *fault)
{
    bool routed = slice->state == NKS_SLICE_ROUTED;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_update, &stmt, fault));
    nks_bind_int(stmt, "to", slice->state);
    nks_bind_int(stmt, "rejected", (int64_t)slice->rejected);
    nks_bind_int(stmt, "legs", routed ? (int64_t)slice->leg_count : 0);
    nks_bind_bytes(stmt, "legs_hash", slice->legs_hash, routed ? NKS_HASH_SIZE : 0);
    nks_bind_bytes(stmt, "signature", slice->signature, routed ? NKS_SIGNATURE_SIZE : 0);
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "from", from);
    nks_bind_int(stmt, "epoch", slice->epoch);
    int64_t changed = 0;
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    return changed == 1 ? NKS_OK : slice_fenced(slice->id, fault);
}

enum nks_status nks_slice_rejected(struct nks_payments *payments, const struct nks_slice *slice,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_rejected, &stmt, fault));
    nks_bind_int(stmt, "rejected", (int64_t)slice->rejected);
    nks_bind_int(stmt, "slice_id", slice->id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_slice_fence(struct nks_payments *payments, int64_t slice_id, enum nks_slice_state state,
                                int64_t epoch, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_fence, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "state", state);
    nks_bind_int(stmt, "epoch", epoch);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    return changed == 1 ? NKS_OK : slice_fenced(slice_id, fault);
}

enum nks_status nks_slice_epoch(struct nks_payments *payments, int64_t *epoch, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_epoch, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *epoch = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_slice_save(struct nks_payments *payments, struct nks_slice *slice, enum nks_slice_state from,
                               struct nks_fault *fault)
{
    NKS_TRY(nks_decisions_save(payments, slice, slice->decision_hash, fault));
    NKS_TRY(update_payments(payments, slice, fault));
    NKS_TRY(nks_slice_rows_sign(payments, slice, fault));
    NKS_TRY(nks_status_totals_renew(payments, slice, fault));
    if (slice->state == NKS_SLICE_ROUTED) {
        legs_hash(payments->hash, slice, slice->legs_hash);
        NKS_TRY(nks_sign(payments->keys, slice->legs_hash, NKS_HASH_SIZE, slice->signature, fault));
        NKS_TRY(insert_legs(payments, slice, fault));
    }
    return update_slice(payments, slice, from, fault);
}

enum nks_status nks_slice_restart(struct nks_payments *payments, struct nks_slice *slice, enum nks_slice_state from,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    if (!nks_state_may_move(NKS_STATE_SLICE, (int)from, (int)slice->state))
        return nks_fault_set(fault, NKS_FAILED, "STATE-MOVE", "a slice cannot go from %s to %s",
                             nks_state_name(NKS_STATE_SLICE, (int)from),
                             nks_state_name(NKS_STATE_SLICE, (int)slice->state));
    if (slice->state != NKS_SLICE_WAITING)
        NKS_TRY(nks_decisions_save(payments, slice, slice->decision_hash, fault));
    NKS_TRY(update_payments(payments, slice, fault));
    NKS_TRY(nks_slice_rows_sign(payments, slice, fault));
    NKS_TRY(nks_status_totals_renew(payments, slice, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_restart, &stmt, fault));
    nks_bind_int(stmt, "to", slice->state);
    nks_bind_int(stmt, "generation", slice->generation);
    nks_bind_int(stmt, "rejected", (int64_t)slice->rejected);
    nks_bind_bytes(stmt, "none", "", 0);
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "from", from);
    nks_bind_int(stmt, "epoch", slice->epoch);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    return changed == 1 ? NKS_OK : slice_fenced(slice->id, fault);
}

/* ---- reading */

static bool take_bytes(struct nks_text bytes, uint8_t *out, size_t size)
{
    if (bytes.len == size)
        memcpy(out, bytes.ptr, size);
    return bytes.len == size || bytes.len == 0;
}

static enum nks_status load_slice(struct nks_payments *payments, struct nks_slice *slice, size_t *count, size_t *legs,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return slice_damaged(slice, "its row is missing", fault);
    slice->batch_id = nks_column_int(stmt, 0);
    slice->number = (int32_t)(slice->id & NKS_SLICES_MAX);
    slice->execution_date = (nks_date)nks_column_int(stmt, 1);
    slice->due_date = (nks_date)nks_column_int(stmt, 2);
    slice->state = (enum nks_slice_state)nks_column_int(stmt, 3);
    slice->epoch = nks_column_int(stmt, 4);
    slice->generation = (uint16_t)nks_column_int(stmt, 5);
    *count = (size_t)nks_column_int(stmt, 6);
    slice->rejected = (size_t)nks_column_int(stmt, 7);
    *legs = (size_t)nks_column_int(stmt, 8);
    bool whole = take_bytes(nks_column_bytes(stmt, 9), slice->legs_hash, NKS_HASH_SIZE);
    whole = take_bytes(nks_column_bytes(stmt, 10), slice->signature, NKS_SIGNATURE_SIZE) && whole;
    nks_stmt_end(stmt);
    return whole && *count <= NKS_SLICE_PAYMENTS ? NKS_OK : slice_damaged(slice, "its row is damaged", fault);
}

static enum nks_status load_payments(struct nks_payments *payments, struct nks_slice *slice, size_t count,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_payment_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        if (slice->count == count || nks_column_int(stmt, 0) != (int64_t)slice->count + 1)
            return slice_damaged(slice, "its payments are not numbered 1 to their count", fault);
        slice->payments[slice->count++] = (struct nks_payment){
            .n = (uint32_t)nks_column_int(stmt, 0),
            .seq = (uint64_t)nks_column_int(stmt, 1),
            .group = (uint32_t)nks_column_int(stmt, 2),
            .amount_minor = nks_column_int(stmt, 3),
            .currency = (int32_t)nks_column_int(stmt, 4),
            .state = (uint8_t)nks_column_int(stmt, 5),
            .reason = (uint16_t)nks_column_int(stmt, 6),
            .flags = (uint8_t)nks_column_int(stmt, 7),
            .holder_kind = (uint8_t)nks_column_int(stmt, 8),
            .holder = {nks_column_int(stmt, 9), nks_column_int(stmt, 10)},
        };
    }
    return slice->count == count ? NKS_OK : slice_damaged(slice, "payments are missing", fault);
}

static enum nks_status details_take(struct nks_slice *slice, struct nks_text plain, struct nks_fault *fault)
{
    if (plain.len > slice->details_cap) {
        char *grown = realloc(slice->details, plain.len);
        if (grown == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a slice");
        slice->details = grown;
        slice->details_cap = plain.len;
    }
    memcpy(slice->details, plain.ptr, plain.len);
    slice->details_len = plain.len;
    size_t at = 0;
    for (size_t i = 0; i < slice->count; i++) {
        uint32_t size = 0;
        if (plain.len - at >= sizeof size)
            memcpy(&size, plain.ptr + at, sizeof size);
        if (size < sizeof(struct nks_record_head) || size > plain.len - at)
            return slice_damaged(slice, "its details are cut", fault);
        slice->payments[i].record_at = (uint32_t)at;
        slice->payments[i].record_len = size;
        at += size;
    }
    slice->has_details = true;
    return at == plain.len ? NKS_OK : slice_damaged(slice, "its details have a rest", fault);
}

static enum nks_status load_details(struct nks_payments *payments, const struct nks_batch *batch,
                                    struct nks_slice *slice, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_details_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return slice_damaged(slice, "its details are missing", fault);
    struct nks_place place = details_place(slice->id);
    struct nks_text plain;
    enum nks_status status = nks_blob_decrypt(payments->blob, batch->cipher, &place, nks_column_bytes(stmt, 0),
                                              NKS_SLICE_DETAILS, &plain, fault);
    nks_stmt_end(stmt);
    return status == NKS_OK ? details_take(slice, plain, fault) : status;
}

/* Legs from their rows; with decisions loaded, the rows must be the same legs and add state and file. */
static enum nks_status load_legs(struct nks_payments *payments, struct nks_slice *slice, size_t count,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    size_t at = 0;
    static const struct nks_destination nowhere;
    for (bool row = true;; at++) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        uint32_t n = (uint32_t)nks_column_int(stmt, 0);
        if (at == count || n == 0 || n > slice->count)
            return slice_damaged(slice, "it has legs too many", fault);
        if (!slice->has_decisions)
            NKS_TRY(nks_slice_leg_add(slice, &slice->payments[n - 1], (enum nks_leg_kind)nks_column_int(stmt, 3),
                                      nks_column_int(stmt, 4) > 0 ? nks_column_int(stmt, 4) : 1,
                                      nks_column_int(stmt, 5), &nowhere, fault));
        if (at >= slice->leg_count)
            return slice_damaged(slice, "its legs are not those decided", fault);
        struct nks_leg *leg = &slice->legs[at];
        bool same = leg->n == n && leg->generation == nks_column_int(stmt, 1) &&
                    leg->leg_no == nks_column_int(stmt, 2) && leg->kind == nks_column_int(stmt, 3) &&
                    leg->amount_minor == nks_column_int(stmt, 4) && leg->central == nks_column_int(stmt, 5);
        if (!same)
            return slice_damaged(slice, "its legs are not those decided", fault);
        leg->state = (uint8_t)nks_column_int(stmt, 6);
        leg->reason = (uint16_t)nks_column_int(stmt, 7);
        leg->file_id = nks_column_int(stmt, 8);
        leg->told = (uint32_t)nks_column_int(stmt, 9);
    }
    return at == count && slice->leg_count == count ? NKS_OK : slice_damaged(slice, "legs are missing", fault);
}

enum nks_status nks_slice_load(struct nks_payments *payments, const struct nks_batch *batch, int64_t slice_id,
                               struct nks_slice_want want, struct nks_slice *slice, struct nks_fault *fault)
{
    nks_slice_reset(slice);
    slice->id = slice_id;
    size_t count = 0, legs = 0;
    NKS_TRY(load_slice(payments, slice, &count, &legs, fault));
    NKS_TRY(load_payments(payments, slice, count, fault));
    if (batch != NULL && batch->erased != 0 && (want.details || want.decisions))
        return nks_batch_erased_fault(batch, fault);
    if (want.details)
        NKS_TRY(load_details(payments, batch, slice, fault));
    bool decided = slice->state >= NKS_SLICE_RESOLVED && slice->state <= NKS_SLICE_EMITTED;
    if (want.decisions && decided)
        NKS_TRY(nks_decisions_load(payments, slice, fault));
    bool routed = slice->state == NKS_SLICE_ROUTED || slice->state == NKS_SLICE_EMITTED;
    return want.legs && routed ? load_legs(payments, slice, legs, fault) : NKS_OK;
}

/* ---- finding and moving */

enum nks_status nks_slice_next(struct nks_payments *payments, enum nks_slice_state state, int64_t after,
                               nks_date due_on, int64_t batch_id, int64_t *id, struct nks_fault *fault)
{
    int64_t from = after, last = INT64_MAX;
    if (batch_id != 0) {
        last = nks_slice_last_id(batch_id);
        if (from < nks_slice_first_id(batch_id) - 1)
            from = nks_slice_first_id(batch_id) - 1;
    }
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_next, &stmt, fault));
    nks_bind_int(stmt, "state", state);
    nks_bind_int(stmt, "after", from);
    nks_bind_int(stmt, "last", last);
    nks_bind_int(stmt, "due_on", due_on);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *id = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status slice_move(struct nks_payments *payments, int64_t slice_id, enum nks_slice_state from,
                                  enum nks_slice_state to, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_state, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "from", from);
    nks_bind_int(stmt, "to", to);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_slice_emitted(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault)
{
    return slice_move(payments, slice_id, NKS_SLICE_ROUTED, NKS_SLICE_EMITTED, fault);
}

enum nks_status nks_slice_stopped(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault)
{
    return slice_move(payments, slice_id, NKS_SLICE_WAITING, NKS_SLICE_STOPPED, fault);
}

enum nks_status nks_legs_put_in_file(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                     const struct nks_leg_range *range, int64_t file_id, int64_t *changed,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_put_in_file, &stmt, fault));
    nks_bind_int(stmt, "file_id", file_id);
    nks_bind_int(stmt, "to", NKS_LEG_IN_FILE);
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "central", central);
    nks_bind_int(stmt, "from", NKS_LEG_PLANNED);
    nks_bind_int(stmt, "from_n", range->from_n);
    nks_bind_int(stmt, "to_n", range->to_n);
    nks_bind_int(stmt, "from_leg", range->from_leg);
    nks_bind_int(stmt, "to_leg", range->to_leg);
    return nks_stmt_run(stmt, changed, fault);
}

enum nks_status nks_leg_move(struct nks_payments *payments, int64_t slice_id, const struct nks_leg *leg,
                             enum nks_leg_state from, enum nks_leg_state to, enum nks_reason reason, bool *moved,
                             struct nks_fault *fault)
{
    if (!nks_state_may_move(NKS_STATE_LEG, (int)from, (int)to))
        return nks_fault_set(fault, NKS_FAILED, "STATE-MOVE", "a leg cannot go from %s to %s",
                             nks_state_name(NKS_STATE_LEG, (int)from), nks_state_name(NKS_STATE_LEG, (int)to));
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_move, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "n", leg->n);
    nks_bind_int(stmt, "generation", leg->generation);
    nks_bind_int(stmt, "leg_no", leg->leg_no);
    nks_bind_int(stmt, "from", from);
    nks_bind_int(stmt, "to", to);
    nks_bind_int(stmt, "reason", reason);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    *moved = changed == 1;
    return NKS_OK;
}

enum nks_status nks_legs_any_in_file(struct nks_payments *payments, int64_t slice_id, int64_t file_id, bool *any,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_any_in_file, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "file_id", file_id);
    NKS_TRY(nks_stmt_one(stmt, any, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_payment_find_seq(struct nks_payments *payments, int64_t batch_id, uint64_t seq, int64_t *slice_id,
                                     uint32_t *n, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_payment_find_seq, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    nks_bind_int(stmt, "seq", (int64_t)seq);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *slice_id = found ? nks_column_int(stmt, 0) : 0;
    *n = found ? (uint32_t)nks_column_int(stmt, 1) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}
