/* What was done before, asked of the trail. */
#include "trail/trail_private.h"

#include "trail_sql.h"

enum nks_status nks_trail_next_of_action(struct nks_trail *trail, int64_t chain, enum nks_trail_action action,
                                         int64_t after, struct nks_trail_link *link, bool *found,
                                         struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_next_of_action, &stmt, fault));
    nks_bind_int(stmt, "chain", chain);
    nks_bind_int(stmt, "action", action);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    int64_t number = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    return nks_trail_next(trail, chain, number - 1, link, found, fault);
}
