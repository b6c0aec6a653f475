/*
 * Values that go for good. A row that is changed or deleted stays beside the new one until a VACUUM, and a plain VACUUM
 * only marks its bytes as room for others. So the tables are written anew (VACUUM FULL, with their indexes), and the
 * old files go. Rows that somebody may still see would be taken along: a plain VACUUM before counts them. What the
 * server's WAL, its replicas' and its backups have is not reached from here.
 */
#include "db/postgres_private.h"

#include <stdio.h>

enum { COMMAND_MAX = 160 };

enum nks_status nks_pg_wipe_begin(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    static const struct nks_sql sql_owned = {
        "wipe_owned", "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(?1)", 1, {"table"}};
    for (; *tables != NULL; tables++) {
        struct nks_stmt *stmt = NULL;
        bool found = false;
        NKS_TRY(nks_pg_start(db, &sql_owned, &stmt, fault));
        nks_pg_bind_text(stmt, 0, nks_text_from(*tables));
        NKS_TRY(nks_pg_one(stmt, &found, fault));
        bool owned = found && nks_pg_column_int(stmt, 0) != 0;
        nks_pg_end(stmt);
        if (!owned)
            return nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION",
                                 "what is erased is written anew on the server, which only the owner of the tables may "
                                 "do: come as nks_owner (PGUSER)");
    }
    return NKS_OK;
}

static enum nks_status each(struct pg *db, const char *verb, const char *const *tables, struct nks_fault *fault)
{
    for (; *tables != NULL; tables++) {
        char text[COMMAND_MAX];
        snprintf(text, sizeof text, "%s %s", verb, *tables);
        NKS_TRY(nks_pg_simple(db, "wipe", text, fault));
    }
    return NKS_OK;
}

/* Rows that the VACUUM before had to leave: a number for each table and partition that the server keeps, if it counts.
 */
static enum nks_status dead_rows(struct nks_db *db, const char *table, int64_t *rows, struct nks_fault *fault)
{
    static const struct nks_sql sql_dead = {
        "wipe_dead",
        "SELECT CASE WHEN current_setting('track_counts') = 'on' THEN coalesce(sum(pg_stat_get_dead_tuples(c.oid)), 0) "
        "ELSE -1 END FROM pg_class c WHERE c.oid = to_regclass(?1) OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i "
        "WHERE i.inhparent = to_regclass(?1))",
        1,
        {"table"}};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_pg_start(db, &sql_dead, &stmt, fault));
    nks_pg_bind_text(stmt, 0, nks_text_from(table));
    NKS_TRY(nks_pg_one(stmt, &found, fault));
    *rows = nks_pg_column_int(stmt, 0);
    nks_pg_end(stmt);
    return NKS_OK;
}

static enum nks_status nobody_sees(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    for (; *tables != NULL; tables++) {
        int64_t rows = 0;
        NKS_TRY(dead_rows(db, *tables, &rows, fault));
        if (rows < 0)
            return nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION",
                                 "the server does not count rows (track_counts = off), so that it cannot be seen "
                                 "whether what is erased is gone: switch it on");
        if (rows > 0)
            return nks_fault_set(fault, NKS_RETRY, "DB-BUSY",
                                 "wipe: somebody still reads the database as it was before (an audit, a dump, a "
                                 "replica): try again later");
    }
    return NKS_OK;
}

enum nks_status nks_pg_wipe(struct nks_db *base, const char *const *tables, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    char timeout[COMMAND_MAX];
    snprintf(timeout, sizeof timeout, "SET statement_timeout = '%ds'", PG_STATEMENT_TIMEOUT_S);
    /* What this connection did is counted before the VACUUM says what is left, and not once more after it. */
    NKS_TRY(nks_pg_simple(db, "wipe", "SET statement_timeout = 0; SELECT pg_stat_force_next_flush()", fault));
    enum nks_status status = each(db, "VACUUM", tables, fault);
    if (status == NKS_OK)
        status = nobody_sees(base, tables, fault);
    if (status == NKS_OK)
        status = each(db, "VACUUM (FULL, ANALYZE)", tables, fault);
    enum nks_status reset = nks_pg_simple(db, "wipe", timeout, status == NKS_OK ? fault : NULL);
    return status != NKS_OK ? status : reset;
}
