/* What was erased: on purpose, whole, and nothing else lost its key. */
#include "audit.h"

#include "trail/trail.h"

static enum nks_status links_count(struct audit *audit, int64_t chain, int64_t *links)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_erase_links, &stmt, &audit->fault));
    nks_bind_int(stmt, "chain", chain);
    nks_bind_int(stmt, "action", NKS_TRAIL_ERASE);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    *links = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status rows_check(struct audit *audit, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_erased_rows, &stmt, &audit->fault));
    nks_bind_int(stmt, "first", audit_first_slice(batch->id));
    nks_bind_int(stmt, "last", audit_last_slice(batch->id));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t details = nks_column_int(stmt, 0), decisions = nks_column_int(stmt, 1), holders = nks_column_int(stmt, 2);
    nks_stmt_end(stmt);
    if (batch->erased == 1)
        audit_note(audit, "in progress: batch %lld is being erased; nks erase goes on with it", (long long)batch->id);
    else if (details + decisions + holders > 0)
        audit_find(audit, "it was erased, but %lld rows of details, %lld of decisions, %lld holders are there",
                   (long long)details, (long long)decisions, (long long)holders);
    return NKS_OK;
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    int64_t links = 0;
    (void)context;
    audit_looked(audit);
    audit_at(audit, "batch %lld", (long long)batch->id);
    NKS_TRY(links_count(audit, batch->id, &links));
    if (batch->erased == 0 && links > 0)
        audit_find(audit, "its trail says that it was erased, table batch_erased does not");
    if (batch->erased != 0 && links == 0)
        audit_find(audit, "table batch_erased says that it was erased, its trail does not");
    if ((batch->erased != 0) != (batch->key_len == 0))
        audit_find(audit, batch->erased != 0 ? "it was erased, but wrapped_key is there"
                                             : "wrapped_key is gone, but it was not erased");
    return batch->erased != 0 ? rows_check(audit, batch) : NKS_OK;
}

enum nks_status audit_check_erased(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(audit_each_batch(audit, batch_check, NULL));
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_erased_stray, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "batch_erased batch_id %lld", (long long)nks_column_int(stmt, 0));
        audit_find(audit, "there is no such batch");
    }
}
