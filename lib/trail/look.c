/* What seals and people ask of the trail: the chains of a day, and who looked at a holder's data. */
#include "trail/trail_private.h"

#include "trail_sql.h"

#include <stdio.h>
#include <string.h>

bool nks_seal_dir(const char *home, char out[NKS_PATH_MAX])
{
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    int written = snprintf(out, NKS_PATH_MAX, "%.*s.journal/seals", (int)len, home);
    return written > 0 && written < NKS_PATH_MAX;
}

enum nks_status nks_trail_unsealed_day(struct nks_trail *trail, nks_date after, nks_date *day, bool *found,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_day_unsealed, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found)
        *day = (nks_date)nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_trail_chain_of_day(struct nks_trail *trail, nks_date day, int64_t after, int64_t *chain,
                                       bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_day_chain, &stmt, fault));
    nks_bind_int(stmt, "day", day);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found)
        *chain = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_trail_sealed(struct nks_trail *trail, nks_date day, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    trail->covered = nks_db_transaction(trail->db); /* a link about the seal would ask for another seal */
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_day_sealed, &stmt, fault));
    nks_bind_int(stmt, "day", day);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_trail_next_of_holder(struct nks_trail *trail, const struct nks_blind *holder, int64_t after_chain,
                                         int64_t after_link, struct nks_trail_link *link, bool *found,
                                         struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_next_of_holder, &stmt, fault));
    nks_bind_int(stmt, "holder_key", holder->key);
    nks_bind_int(stmt, "holder_check", holder->check);
    nks_bind_int(stmt, "after_chain", after_chain);
    nks_bind_int(stmt, "after_link", after_link);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    int64_t chain = nks_column_int(stmt, 0), number = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    NKS_TRY(nks_trail_next(trail, chain, number - 1, link, found, fault));
    bool good = *found && link->link == number;
    if (good)
        NKS_TRY(nks_trail_holders_check(trail, link, &good, fault));
    if (good)
        return NKS_OK;
    return nks_fault_set(
        fault, NKS_INTEGRITY, "TRAIL-CHAIN",
        "a link of the trail that a look names is gone, or was about other data; do not restart, run nks-audit");
}
