/*
 * Small facts that no sum tells of: instants that rows have from the run that wrote them are instants of the trail; who
 * looked at whose data is what the links say; an odd answer has what was odd in it; names and numbers of files go
 * together. One statement each, which gives the rows that do not fit.
 */
#include "audit.h"

#include <string.h>

/* A statement that gives table, two keys, and what is wrong in words. */
static enum nks_status wrong_rows(struct audit *audit, const struct nks_sql *sql, bool with_odds)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, sql, &stmt, &audit->fault));
    if (with_odds)
        nks_bind_int(stmt, "odds", NKS_ODDS);
    for (bool row = true;;) {
        char table[32], words[AUDIT_NOTE_MAX];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        if (!nks_text_copy(nks_column_text(stmt, 0), table, sizeof table) ||
            !nks_text_copy(nks_column_text(stmt, 3), words, sizeof words))
            continue;
        audit_at(audit, "%s %lld %lld", table, (long long)nks_column_int(stmt, 1), (long long)nks_column_int(stmt, 2));
        audit_find(audit, "%s", words);
    }
}

enum nks_status audit_check_facts(struct audit *audit)
{
    audit_looked(audit);
    NKS_TRY(wrong_rows(audit, &nks_sql_audit_times, false));
    NKS_TRY(wrong_rows(audit, &nks_sql_audit_looks, false));
    NKS_TRY(wrong_rows(audit, &nks_sql_audit_odds, true));
    return wrong_rows(audit, &nks_sql_audit_flags, false);
}
