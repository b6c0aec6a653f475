/* Whole tables that are read for a move (move.h): COPY gives row by row, while a cursor would hold many at a time. */
#include "db/postgres_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char signature[] = "PGCOPY\n\377\r\n"; /* its NUL at the end belongs to it */
enum { HEADER = sizeof signature + 8, CANCEL_ROOM = 256 };

const struct nks_sql nks_pg_columns = {
    "move_columns",
    "SELECT t.relname::text, c.attname::text, CASE WHEN c.atttypid IN (20, 21, 23) THEN 'number' WHEN c.atttypid = 17 "
    "THEN 'bytes' WHEN c.atttypid = 25 THEN 'text' ELSE c.atttypid::text END, c.attlen::bigint, "
    "coalesce(array_position(k.conkey, c.attnum), 0)::bigint FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid "
    "AND c.attnum > 0 AND NOT c.attisdropped LEFT JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'p' WHERE "
    "t.relkind IN ('r', 'p') AND NOT t.relispartition AND t.relnamespace = current_schema()::regnamespace AND "
    "t.relname "
    "<> 'db_writer' ORDER BY t.relname, c.attnum",
    0,
    {NULL}};

struct bytes {
    const unsigned char *at;
    size_t left;
};

static bool take(struct bytes *from, size_t bytes, uint64_t *out)
{
    if (from->left < bytes)
        return false;
    *out = 0;
    for (size_t i = 0; i < bytes; i++)
        *out = *out << 8 | from->at[i];
    from->at += bytes;
    from->left -= bytes;
    return true;
}

static bool take_number(struct bytes *from, size_t len, int64_t *number)
{
    uint64_t bits = 0;
    if ((len != 2 && len != 4 && len != 8) || !take(from, len, &bits))
        return false;
    *number = len == 2 ? (int16_t)bits : len == 4 ? (int32_t)bits : (int64_t)bits;
    return true;
}

static bool take_value(struct bytes *from, const struct nks_move_column *column, struct nks_value *value)
{
    uint64_t len = 0;
    *value = (struct nks_value){.kind = NKS_VALUE_NULL};
    if (!take(from, 4, &len))
        return false;
    if (len == UINT32_MAX)
        return true;
    value->kind = column == NULL ? NKS_VALUE_INT : column->kind;
    if (value->kind == NKS_VALUE_INT)
        return take_number(from, len, &value->number);
    if (from->left < len)
        return false;
    value->text = (struct nks_text){(const char *)from->at, len};
    from->at += len;
    from->left -= len;
    return true;
}

static enum nks_status broken(const char *name, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: the rows are not what was asked for (a defect)", name);
}

/* A message has whole rows; the number of columns 0xffff is the end. */
static enum nks_status rows_take(const struct nks_reading *reading, struct bytes from, struct nks_fault *fault)
{
    struct nks_value values[NKS_MOVE_COLUMNS_MAX];
    while (from.left > 0) {
        uint64_t count = 0;
        if (!take(&from, 2, &count) || (count != UINT16_MAX && count != (uint64_t)reading->columns))
            return broken(reading->name, fault);
        if (count == UINT16_MAX)
            return NKS_OK;
        for (int i = 0; i < reading->columns; i++) {
            if (!take_value(&from, reading->column == NULL ? NULL : &reading->column[i], &values[i]))
                return broken(reading->name, fault);
        }
        NKS_TRY(reading->fn(reading->context, values, fault));
    }
    return NKS_OK;
}

/* The server stops sending; what is on its way is read and forgotten. */
static void give_up(struct pg *db)
{
    char why[CANCEL_ROOM], *data = NULL;
    PGcancel *cancel = PQgetCancel(db->conn);
    if (cancel != NULL)
        (void)PQcancel(cancel, why, sizeof why);
    PQfreeCancel(cancel);
    while (PQgetCopyData(db->conn, &data, 0) > 0) /* ends: the rows do, or the connection */
        PQfreemem(data);
}

static enum nks_status rows_read(struct pg *db, const struct nks_reading *reading, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    bool first = true;
    char *data = NULL;
    for (int len; status == NKS_OK && (len = PQgetCopyData(db->conn, &data, 0)) > 0; first = false) {
        size_t skip = first ? HEADER : 0;
        status =
            (size_t)len < skip || (first && memcmp(data, signature, sizeof signature) != 0)
                ? broken(reading->name, fault)
                : rows_take(reading, (struct bytes){(const unsigned char *)data + skip, (size_t)len - skip}, fault);
        PQfreemem(data);
    }
    if (status != NKS_OK)
        give_up(db);
    return status;
}

/* The end of a COPY: an error of it, where `status` knows none yet. */
static enum nks_status copy_end(struct pg *db, const char *name, enum nks_status status, struct nks_fault *fault)
{
    for (PGresult *result; (result = PQgetResult(db->conn)) != NULL; PQclear(result)) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && status == NKS_OK)
            status = nks_pg_fail(result, name, true, fault);
        if (PQstatus(db->conn) != CONNECTION_OK) {
            PQclear(result);
            break;
        }
    }
    return status == NKS_OK && PQstatus(db->conn) != CONNECTION_OK ? nks_pg_lost(name, fault) : status;
}

static enum nks_status copy_out(struct pg *db, const struct nks_reading *reading, const char *text,
                                struct nks_fault *fault)
{
    PGresult *result = PQexec(db->conn, text);
    bool began = PQresultStatus(result) == PGRES_COPY_OUT;
    enum nks_status status = began ? NKS_OK : nks_pg_fail(result, reading->name, true, fault);
    PQclear(result);
    return began ? copy_end(db, reading->name, rows_read(db, reading, fault), fault) : status;
}

/* COPY knows no pipeline. */
enum nks_status nks_pg_rows(struct nks_db *base, const struct nks_reading *reading, struct nks_fault *fault)
{
    static const char form[] = "COPY (%s) TO STDOUT (FORMAT binary)";
    struct pg *db = nks_pg_of(base);
    size_t size = sizeof form + strlen(reading->text);
    NKS_TRY(nks_pg_rows_flush(db, fault));
    NKS_TRY(nks_pg_simple(db, reading->name, "SET statement_timeout = 0", fault)); /* a table may take its time */
    char *text = malloc(size);
    if (text == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for a reading; try again later", reading->name);
    snprintf(text, size, form, reading->text);
    enum nks_status status =
        PQexitPipelineMode(db->conn) == 1 ? copy_out(db, reading, text, fault) : nks_pg_lost(reading->name, fault);
    free(text);
    if (PQenterPipelineMode(db->conn) != 1 && status == NKS_OK)
        status = nks_pg_lost(reading->name, fault);
    return status;
}

/* A writing transaction has the row of db_writer. */
enum nks_status nks_pg_alone(struct nks_db *db, bool on, struct nks_fault *fault)
{
    (void)db, (void)on, (void)fault;
    return NKS_OK;
}
