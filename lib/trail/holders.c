/* Whose data a look was at: rows that find a look for a holder, bound into the look's link. */
#include "trail/trail_private.h"

#include "base/pack.h"
#include "trail_sql.h"

#include <string.h>

void nks_trail_holders_hash(const struct nks_blind *holder, uint8_t hash[NKS_HASH_SIZE])
{
    char memory[64];
    struct nks_buf buf;
    memset(hash, 0, NKS_HASH_SIZE);
    if (holder == NULL)
        return;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_text(&buf, nks_text_from("nks holder 1"));
    nks_pack_int(&buf, holder->key);
    nks_pack_int(&buf, holder->check);
    nks_hash_once(buf.ptr, buf.len, hash);
}

enum nks_status nks_trail_holders_check(struct nks_trail *trail, const struct nks_trail_link *link, bool *good,
                                        struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_blind holder = {0, 0};
    uint8_t hash[NKS_HASH_SIZE];
    int64_t count = 0;
    *good = true;
    if (!link->binds_holders)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_holders_of_link, &stmt, fault));
    nks_bind_int(stmt, "chain", link->chain);
    nks_bind_int(stmt, "link", link->link);
    for (;; count++) {
        bool row = false;
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        holder.key = nks_column_int(stmt, 0);
        holder.check = nks_column_int(stmt, 1);
    }
    nks_trail_holders_hash(count > 0 ? &holder : NULL, hash);
    *good = count <= 1 && memcmp(hash, link->holders, sizeof hash) == 0;
    return NKS_OK;
}

enum nks_status nks_trail_next_held(struct nks_trail *trail, int64_t *chain, int64_t *link, bool *found,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_holder_next, &stmt, fault));
    nks_bind_int(stmt, "chain", *chain);
    nks_bind_int(stmt, "link", *link);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    *chain = nks_column_int(stmt, 0);
    *link = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}
