/* The signature over the rows of payments, which decide where the money will go. */
#include "payment/store.h"

#include "base/pack.h"

enum { INTS_MAX = 16 };

void nks_hash_ints(struct nks_hash *hash, const int64_t *values, size_t count)
{
    char bytes[INTS_MAX * 8];
    struct nks_buf buf;
    nks_buf_init(&buf, bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++)
        nks_pack_int(&buf, values[i]);
    nks_hash_add(hash, bytes, buf.len);
}

static void rows_hash(struct nks_hash *hash, const struct nks_slice *slice, uint8_t out[NKS_HASH_SIZE])
{
    nks_hash_reset(hash);
    const int64_t head[] = {slice->id, slice->batch_id, slice->execution_date, slice->due_date, (int64_t)slice->count};
    nks_hash_ints(hash, head, sizeof head / sizeof head[0]);
    for (size_t i = 0; i < slice->count; i++) {
        const struct nks_payment *payment = &slice->payments[i];
        const int64_t row[] = {payment->n,           (int64_t)payment->seq, payment->group,       payment->amount_minor,
                               payment->currency,    payment->state,        payment->reason,      payment->flags,
                               payment->holder_kind, payment->holder.key,   payment->holder.check};
        nks_hash_ints(hash, row, sizeof row / sizeof row[0]);
    }
    nks_hash_end(hash, out);
}

enum nks_status nks_slice_rows_sign(struct nks_payments *payments, const struct nks_slice *slice,
                                    struct nks_fault *fault)
{
    uint8_t hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
    rows_hash(payments->hash, slice, hash);
    NKS_TRY(nks_sign(payments->keys, hash, sizeof hash, signature, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_rows_signature_clear, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_rows_signature_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_bytes(stmt, "signature", signature, sizeof signature);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status not_ours(const struct nks_slice *slice, struct nks_fault *fault)
{
    enum nks_status status =
        nks_fault_set(fault, NKS_INTEGRITY, "SLICE-PAYMENTS",
                      "the payments of slice %lld are not those that were signed; do not restart, run nks-audit",
                      (long long)slice->id);
    if (fault != NULL && fault->batch == 0)
        fault->batch = slice->batch_id;
    return status;
}

enum nks_status nks_slice_rows_verify(struct nks_payments *payments, const struct nks_slice *slice,
                                      struct nks_fault *fault)
{
    uint8_t hash[NKS_HASH_SIZE];
    struct nks_stmt *stmt = NULL;
    bool found = false;
    rows_hash(payments->hash, slice, hash);
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_rows_signature_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    struct nks_text signature = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    struct nks_fault local = {.status = NKS_OK};
    bool good = signature.len == NKS_SIGNATURE_SIZE &&
                nks_sign_verify(payments->keys, hash, sizeof hash, (const uint8_t *)signature.ptr, &local) == NKS_OK;
    nks_stmt_end(stmt);
    return good ? NKS_OK : not_ours(slice, fault);
}
