/*
 * The signature over the rows of a slice's payments. What it speaks of, written down here a second time:
 *
 *   SHA-256 over 64-bit little-endian integers, in this order: slice id, batch id, execution date, due date, number of
 *   payments; then per payment, by n: n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind,
 *   holder_key, holder_check. The signature is Ed25519 over these 32 bytes.
 *
 * So nobody can turn a payment to another payee, or a rejected one into an accepted one, who has only the database.
 */
#include "audit.h"

#include <string.h>

enum { HEAD_INTS = 5, ROW_INTS = 11 };

static void hash_ints(struct nks_hash *hash, const int64_t *values, size_t count)
{
    uint8_t bytes[ROW_INTS * 8];
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)((uint64_t)values[i] >> (8 * b));
    }
    nks_hash_add(hash, bytes, 8 * count);
}

static enum nks_status rows_hash(struct audit *audit, const struct audit_slice *slice, uint8_t out[NKS_HASH_SIZE])
{
    struct nks_stmt *stmt = NULL;
    const int64_t head[HEAD_INTS] = {slice->id, slice->batch_id, slice->execution_date, slice->due_date,
                                     slice->payments};
    nks_hash_reset(audit->hash);
    hash_ints(audit->hash, head, HEAD_INTS);
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_payments, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    for (bool row = true;;) {
        int64_t payment[ROW_INTS];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        for (int i = 0; i < ROW_INTS; i++)
            payment[i] = nks_column_int(stmt, i);
        hash_ints(audit->hash, payment, ROW_INTS);
    }
    nks_hash_end(audit->hash, out);
    return NKS_OK;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    uint8_t hash[NKS_HASH_SIZE];
    struct nks_stmt *stmt = NULL;
    bool found = false;
    (void)context;
    audit_looked(audit);
    audit_at(audit, "slice_rows_signature slice_id %lld", (long long)slice->id);
    NKS_TRY(rows_hash(audit, slice, hash));
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_rows_signature, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text signature = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    bool good =
        signature.len == NKS_SIGNATURE_SIZE &&
        nks_sign_verify(audit->keys, hash, sizeof hash, (const uint8_t *)signature.ptr, &audit->fault) == NKS_OK;
    nks_fault_clear(&audit->fault);
    nks_stmt_end(stmt);
    if (!found)
        audit_find(audit, "the signature over its payments is missing");
    else if (!good)
        audit_find(audit, "it is not over the rows of slice and payment that are there");
    return NKS_OK;
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_check, context) : NKS_OK;
}

enum nks_status audit_check_signed_rows(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(audit_each_batch(audit, batch_check, NULL));
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_rows_signature_stray, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "slice_rows_signature slice_id %lld", (long long)nks_column_int(stmt, 0));
        audit_find(audit, "there is no such slice");
    }
}
