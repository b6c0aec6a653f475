/* What is left in rows when a delivery, or a file of ours, is erased. */
#include "exchange/exchange_private.h"

const char *const nks_exchange_erased[] = {"delivery", NULL};

enum nks_status nks_delivery_erase(struct nks_exchange *exchange, int64_t id, nks_time now, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    uint8_t name[NKS_CIPHER_OVERHEAD];
    struct nks_place place = {"delivery", "name", id, 0, 1};
    NKS_TRY(nks_cipher_encrypt(exchange->cipher, &place, "", 0, name, fault));
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_erase, &stmt, fault));
    nks_bind_bytes(stmt, "name", name, sizeof name);
    nks_bind_bytes(stmt, "none", "", 0);
    nks_bind_int(stmt, "now", now);
    nks_bind_int(stmt, "delivery_id", id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_delivery_erased(struct nks_exchange *exchange, int64_t id, nks_time *at, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_erased, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", id);
    return nks_exchange_one(stmt, at, fault);
}

enum nks_status nks_delivery_next_kept(struct nks_exchange *exchange, nks_time before, int64_t after, int64_t *id,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_next_kept, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "before", before);
    nks_bind_int(stmt, "first_state", NKS_DELIVERY_ACCEPTED);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_erase(struct nks_exchange *exchange, int64_t id, nks_time now, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_erase, &stmt, fault));
    nks_bind_int(stmt, "now", now);
    nks_bind_int(stmt, "file_id", id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_out_file_next_kept(struct nks_exchange *exchange, int64_t batch_id, int64_t delivery_id,
                                       int64_t after, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_next_kept, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "delivery_id", delivery_id);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_waiting(struct nks_exchange *exchange, int64_t batch_id, int64_t delivery_id,
                                     int64_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_waiting, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "delivery_id", delivery_id);
    return nks_exchange_one(stmt, count, fault);
}
