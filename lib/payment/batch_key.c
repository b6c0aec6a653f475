/* The key of each batch, wrapped: under a newer master key. */
#include "payment/store.h"

#include <string.h>

static enum nks_status store(struct nks_payments *payments, int64_t batch_id, const uint8_t wrapped[NKS_WRAPPED_KEY],
                             struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_wrapped_set, &stmt, fault));
    nks_bind_bytes(stmt, "wrapped_key", wrapped, NKS_WRAPPED_KEY);
    nks_bind_int(stmt, "batch_id", batch_id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_batches_rewrap(struct nks_payments *payments, bool look_only, int64_t *changed,
                                   struct nks_fault *fault)
{
    *changed = 0;
    for (int64_t batch_id = 0;;) {
        struct nks_stmt *stmt = NULL;
        bool found = false, other = false;
        uint8_t wrapped[NKS_WRAPPED_KEY];
        NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_wrapped_next, &stmt, fault));
        nks_bind_int(stmt, "after", batch_id);
        NKS_TRY(nks_stmt_one(stmt, &found, fault));
        if (!found)
            return NKS_OK;
        batch_id = nks_column_int(stmt, 0);
        struct nks_text bytes = nks_column_bytes(stmt, 1);
        bool whole = bytes.len == sizeof wrapped;
        if (whole)
            memcpy(wrapped, bytes.ptr, sizeof wrapped);
        nks_stmt_end(stmt);
        if (!whole)
            return nks_fault_set(fault, NKS_INTEGRITY, "BATCH-ROW", "the row of batch %lld is damaged",
                                 (long long)batch_id);
        NKS_TRY(nks_cipher_batch_rewrap(payments->keys, batch_id, wrapped, &other, fault));
        *changed += other;
        if (other && !look_only)
            NKS_TRY(store(payments, batch_id, wrapped, fault));
    }
}
