/* Whole tables that are read for a move, and the file kept for one connection meanwhile (move.h). */
#include "db/engine.h"

#include <sqlite3.h>
#include <string.h>
#include <time.h>

enum { ALONE_TRIES = 50, ALONE_PAUSE_MS = 200 };

const struct nks_sql nks_sqlite_columns = {
    "move_columns",
    "SELECT t.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'BLOB' THEN 'bytes' WHEN 'TEXT' THEN 'text' "
    "ELSE c.type END, 8, c.pk FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name "
    "NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid",
    0,
    {NULL}};

/* ---- rows */

/* What is stored, whatever the column says. */
static struct nks_value value_of(sqlite3_stmt *stmt, int column)
{
    struct nks_value value = {.kind = NKS_VALUE_OTHER};
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        value.kind = NKS_VALUE_NULL;
        break;
    case SQLITE_INTEGER:
        value.kind = NKS_VALUE_INT;
        value.number = sqlite3_column_int64(stmt, column);
        break;
    case SQLITE_TEXT:
        value.kind = NKS_VALUE_TEXT;
        value.text.ptr = (const char *)sqlite3_column_text(stmt, column);
        break;
    case SQLITE_BLOB:
        value.kind = NKS_VALUE_BYTES;
        value.text.ptr = sqlite3_column_blob(stmt, column);
        break;
    default:
        break;
    }
    if (value.kind == NKS_VALUE_TEXT || value.kind == NKS_VALUE_BYTES)
        value.text.len = (size_t)sqlite3_column_bytes(stmt, column);
    return value;
}

static enum nks_status rows_step(sqlite3_stmt *stmt, const struct nks_reading *reading, struct nks_fault *fault)
{
    struct nks_value values[NKS_MOVE_COLUMNS_MAX];
    for (;;) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE)
            return NKS_OK;
        if (rc != SQLITE_ROW)
            return nks_sqlite_fail(sqlite3_db_handle(stmt), rc, reading->name, fault);
        for (int i = 0; i < reading->columns; i++)
            values[i] = value_of(stmt, i);
        NKS_TRY(reading->fn(reading->context, values, fault));
    }
}

enum nks_status nks_sqlite_rows(struct nks_db *db, const struct nks_reading *reading, struct nks_fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(nks_sqlite_handle(db), reading->text, -1, &stmt, NULL);
    enum nks_status status = rc == SQLITE_OK ? rows_step(stmt, reading, fault)
                                             : nks_sqlite_fail(nks_sqlite_handle(db), rc, reading->name, fault);
    sqlite3_finalize(stmt); /* NULL is fine; errors were told */
    return status;
}

/* ---- alone */

/* The journal's form can change only while no other connection is there; SQLite does not wait for that. */
static int form_set(sqlite3 *handle, bool wal, bool *is_set)
{
    sqlite3_stmt *stmt = NULL;
    int rc =
        sqlite3_prepare_v2(handle, wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    *is_set = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), wal ? "wal" : "delete") == 0;
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/*
 * Without a write-ahead log the file is whole by itself. Whoever wants to write needs that log and waits for it while a
 * transaction of ours is open; where the file was renamed meanwhile, SQLite refuses to begin one there.
 */
enum nks_status nks_sqlite_alone(struct nks_db *db, bool on, struct nks_fault *fault)
{
    const struct timespec pause = {0, ALONE_PAUSE_MS * 1000000L};
    bool is_set = false;
    int rc = SQLITE_OK;
    nks_db_rollback(db); /* rows that are still read would keep a lock */
    for (int tries = 0; tries < ALONE_TRIES; tries++) {
        rc = form_set(nks_sqlite_handle(db), !on, &is_set);
        if (is_set || (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED))
            break;
        (void)nanosleep(&pause, NULL);
    }
    if (is_set)
        return NKS_OK;
    return nks_sqlite_fail(nks_sqlite_handle(db), rc == SQLITE_OK ? SQLITE_BUSY : rc, "alone", fault);
}
