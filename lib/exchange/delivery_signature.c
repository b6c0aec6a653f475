/* What the signature beside a delivery was worth. Verdict and signer are associated data of the bytes kept: a changed
 * one shows. */
#include "exchange/exchange_private.h"
#include "exchange/signer.h"

#include <stdlib.h>

enum { RECORD_MAX = NKS_P7S_MAX + NKS_CIPHER_OVERHEAD };

static struct nks_place place_of(int64_t delivery_id, const struct nks_delivery_signature *signature)
{
    return (struct nks_place){"delivery_signature", "p7s", delivery_id, signature->signer, (int64_t)signature->verdict};
}

static enum nks_status memory(void **out, struct nks_fault *fault)
{
    *out = malloc(RECORD_MAX);
    return *out != NULL ? NKS_OK : nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a signature");
}

enum nks_status nks_delivery_signature_save(struct nks_exchange *exchange, int64_t delivery_id,
                                            const struct nks_delivery_signature *signature, struct nks_text p7s,
                                            struct nks_fault *fault)
{
    void *record = NULL;
    struct nks_stmt *stmt = NULL;
    struct nks_place place = place_of(delivery_id, signature);
    if (p7s.len > NKS_P7S_MAX)
        p7s = NKS_TEXT("");
    NKS_TRY(memory(&record, fault));
    enum nks_status status = nks_cipher_encrypt(exchange->cipher, &place, p7s.ptr, p7s.len, record, fault);
    if (status == NKS_OK)
        status = nks_stmt_start(exchange->db, &nks_sql_delivery_signature_insert, &stmt, fault);
    if (status == NKS_OK) {
        nks_bind_int(stmt, "delivery_id", delivery_id);
        nks_bind_int(stmt, "verdict", (int64_t)signature->verdict);
        nks_bind_int(stmt, "signer", signature->signer);
        nks_bind_bytes(stmt, "p7s", record, p7s.len + NKS_CIPHER_OVERHEAD);
        status = nks_stmt_run(stmt, NULL, fault);
    }
    free(record);
    return status;
}

static enum nks_status check_row(struct nks_exchange *exchange, int64_t delivery_id,
                                 const struct nks_delivery_signature *signature, struct nks_text record,
                                 struct nks_fault *fault)
{
    void *plain = NULL;
    struct nks_place place = place_of(delivery_id, signature);
    if (record.len < NKS_CIPHER_OVERHEAD || record.len > RECORD_MAX)
        return nks_fault_set(fault, NKS_INTEGRITY, "DELIVERY-ROW", "the signature of delivery #%lld is damaged",
                             (long long)delivery_id);
    NKS_TRY(memory(&plain, fault));
    enum nks_status status = nks_cipher_decrypt(exchange->cipher, &place, record.ptr, record.len, plain, fault);
    free(plain);
    return status;
}

enum nks_status nks_delivery_signature_load(struct nks_exchange *exchange, int64_t delivery_id,
                                            struct nks_delivery_signature *signature, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *signature = (struct nks_delivery_signature){NKS_CMS_NONE, 0};
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_signature_load, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", delivery_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return NKS_OK;
    signature->verdict = (enum nks_cms_verdict)nks_column_int(stmt, 0);
    signature->signer = nks_column_int(stmt, 1);
    enum nks_status status = exchange->cipher == NULL
                                 ? NKS_OK
                                 : check_row(exchange, delivery_id, signature, nks_column_bytes(stmt, 2), fault);
    nks_stmt_end(stmt);
    return status;
}
