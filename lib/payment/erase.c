/*
 * Erasing a batch: its key and everything under it, what was decided, and whose payments they were. What stays: counts,
 * sums, states, and the hash of the decisions in their place, so that legs and signature can still be compared.
 */
#include "payment/store.h"

#include <string.h>

const char *const nks_payments_erased[] = {"batch", "batch_group", "slice_decision", "slice_details", "payment", NULL};

enum nks_status nks_batch_erased(struct nks_payments *payments, int64_t batch_id, nks_time *at, bool *done,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_erased_load, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *at = found ? nks_column_int(stmt, 0) : 0;
    *done = found && nks_column_int(stmt, 1) != 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_batch_erased_fault(const struct nks_batch *batch, struct nks_fault *fault)
{
    char when[NKS_TIME_TEXT];
    nks_time_format(batch->erased, when);
    return nks_fault_set(fault, NKS_REFUSED, "BATCH-ERASED",
                         "batch %lld was erased at %s: its counts and sums are left, nothing of its payments",
                         (long long)batch->id, when);
}

enum nks_status nks_batch_last_day(struct nks_payments *payments, int64_t batch_id, nks_date *day,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_last_day, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *day = found ? (nks_date)nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_batch_work_left(struct nks_payments *payments, int64_t batch_id, int64_t *slices,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_work_left, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    nks_bind_int(stmt, "emitted", NKS_SLICE_EMITTED);
    nks_bind_int(stmt, "stopped", NKS_SLICE_STOPPED);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *slices = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_batch_of_delivery_left(struct nks_payments *payments, int64_t delivery_id, int64_t *batch_id,
                                           struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_of_delivery_left, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", delivery_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *batch_id = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_batch_key_erase(struct nks_payments *payments, int64_t batch_id, nks_time now,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_key_erase, &stmt, fault));
    nks_bind_bytes(stmt, "none", "", 0);
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_groups_erase, &stmt, fault));
    nks_bind_bytes(stmt, "none", "", 0);
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_erased_insert, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "erased_at", now);
    return nks_stmt_run(stmt, NULL, fault);
}

/* The next generation whose decisions are there as they were stored. */
static enum nks_status decision_next(struct nks_payments *payments, int64_t slice_id, int64_t *generation,
                                     uint8_t hash[NKS_HASH_SIZE], struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_decision_next_stored, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "hash_size", NKS_HASH_SIZE);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *generation = found ? nks_column_int(stmt, 0) : 0;
    if (found) {
        struct nks_text stored = nks_column_bytes(stmt, 1);
        nks_hash_once(stored.ptr, stored.len, hash);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status decisions_erase(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault)
{
    for (;;) { /* ends: each pass leaves one row less that is no hash */
        struct nks_stmt *stmt = NULL;
        uint8_t hash[NKS_HASH_SIZE];
        int64_t generation = 0;
        NKS_TRY(decision_next(payments, slice_id, &generation, hash, fault));
        if (generation == 0)
            return NKS_OK;
        NKS_TRY(nks_stmt_start(payments->db, &nks_sql_decision_erase, &stmt, fault));
        nks_bind_bytes(stmt, "hash", hash, sizeof hash);
        nks_bind_int(stmt, "slice_id", slice_id);
        nks_bind_int(stmt, "generation", generation);
        NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    }
}

enum nks_status nks_slice_erase(struct nks_payments *payments, struct nks_slice *slice, int64_t slice_id,
                                struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    const struct nks_slice_want rows_only = {.details = false};
    NKS_TRY(nks_slice_load(payments, NULL, slice_id, rows_only, slice, fault));
    NKS_TRY(nks_slice_rows_verify(payments, slice, fault));
    NKS_TRY(decisions_erase(payments, slice_id, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_details_erase, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_holders_erase, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    for (size_t i = 0; i < slice->count; i++) {
        slice->payments[i].holder_kind = 0;
        slice->payments[i].holder = (struct nks_blind){0, 0};
    }
    return nks_slice_rows_sign(payments, slice, fault);
}

enum nks_status nks_batch_erase_done(struct nks_payments *payments, int64_t batch_id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_erased_done, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    return nks_stmt_run(stmt, NULL, fault);
}
