/*
 * Rows of one plain INSERT in a row (every value a parameter), gathered in the binary form of COPY. From PG_COPY_ROWS
 * on they go by COPY; fewer go as executions of the prepared INSERT, which cost no round trip of their own.
 */
#include "db/postgres_private.h"

#include <stdlib.h>
#include <string.h>

static const char signature[] = "PGCOPY\n\377\r\n"; /* its NUL at the end belongs to it */
enum {
    HEADER = sizeof signature + 8, /* and two 32-bit numbers that are 0 */
    TRAILER = 2,
};

void nks_pg_rows_forget(struct pg *db)
{
    db->rows_of = NULL;
    db->rows_len = 0;
    db->rows_count = 0;
}

static size_t row_size(const struct pg_packed *packed)
{
    size_t size = 2;
    for (int i = 0; i < packed->count; i++)
        size += 4 + (size_t)packed->lengths[i];
    return size;
}

static void row_put(char *to, const struct pg_packed *packed)
{
    nks_pg_put(to, 2, (uint64_t)packed->count);
    to += 2;
    for (int i = 0; i < packed->count; i++) {
        bool is_null = packed->values[i] == NULL;
        nks_pg_put(to, 4, is_null ? UINT32_MAX : (uint64_t)packed->lengths[i]);
        if (!is_null && packed->lengths[i] > 0)
            memcpy(to + 4, packed->values[i], (size_t)packed->lengths[i]);
        to += 4 + packed->lengths[i];
    }
}

static uint32_t number_at(const char *from, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

/* The values of a row, which stay where they are. Returns what follows it. */
static const char *row_take(const char *from, struct pg_packed *packed)
{
    packed->count = (int)number_at(from, 2);
    from += 2;
    for (int i = 0; i < packed->count; i++) {
        uint32_t len = number_at(from, 4);
        from += 4;
        packed->values[i] = len == UINT32_MAX ? NULL : from;
        packed->lengths[i] = len == UINT32_MAX ? 0 : (int)len;
        packed->formats[i] = 1;
        from += packed->lengths[i];
    }
    return from;
}

static enum nks_status rows_execute(struct pg *db, struct nks_fault *fault)
{
    const char *at = db->rows + HEADER;
    for (int i = 0; i < db->rows_count; i++) {
        struct pg_packed packed;
        at = row_take(at, &packed);
        NKS_TRY(nks_pg_execute(db, db->rows_of, &packed, NULL, fault));
    }
    return NKS_OK;
}

static enum nks_status copy_end(struct pg *db, const char *name, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    for (PGresult *result; (result = PQgetResult(db->conn)) != NULL; PQclear(result)) {
        uint64_t rows = 0;
        if (PQresultStatus(result) != PGRES_COMMAND_OK && status == NKS_OK)
            status = nks_pg_fail(result, name, true, fault);
        else if (nks_text_number(nks_text_from(PQcmdTuples(result)), INT64_MAX, &rows))
            db->changes += (int64_t)rows;
        if (PQstatus(db->conn) != CONNECTION_OK) {
            PQclear(result);
            return status == NKS_OK ? nks_pg_lost(name, fault) : status;
        }
    }
    return status;
}

static enum nks_status copy_send(struct pg *db, struct nks_fault *fault)
{
    const char *name = db->rows_of->base.sql->name;
    PGresult *result = PQexec(db->conn, db->rows_of->copy);
    bool began = PQresultStatus(result) == PGRES_COPY_IN;
    enum nks_status status = began ? NKS_OK : nks_pg_fail(result, name, true, fault);
    PQclear(result);
    if (!began)
        return status;
    memcpy(db->rows, signature, sizeof signature);
    memset(db->rows + sizeof signature, 0, 8);
    nks_pg_put(db->rows + db->rows_len, TRAILER, UINT16_MAX);
    bool good = PQputCopyData(db->conn, db->rows, (int)db->rows_len + TRAILER) == 1;
    if (PQputCopyEnd(db->conn, good ? NULL : "not all rows could be sent") != 1)
        return nks_pg_lost(name, fault);
    status = copy_end(db, name, good ? fault : NULL); /* whatever it was, the server is out of COPY again */
    return good ? status : nks_pg_lost(name, fault);
}

/* COPY knows no pipeline. */
static enum nks_status rows_copy(struct pg *db, struct nks_fault *fault)
{
    const char *name = db->rows_of->base.sql->name;
    NKS_TRY(nks_pg_ready(db, name, fault));
    NKS_TRY(nks_pg_sync(db, fault));
    if (PQexitPipelineMode(db->conn) != 1)
        return nks_pg_lost(name, fault);
    enum nks_status status = copy_send(db, fault);
    if (PQenterPipelineMode(db->conn) != 1 && status == NKS_OK)
        status = nks_pg_lost(name, fault);
    return status;
}

enum nks_status nks_pg_rows_flush(struct pg *db, struct nks_fault *fault)
{
    if (db->rows_count == 0)
        return NKS_OK;
    enum nks_status status = db->rows_count >= PG_COPY_ROWS ? rows_copy(db, fault) : rows_execute(db, fault);
    nks_pg_rows_forget(db);
    return status;
}

enum nks_status nks_pg_rows_add(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                struct nks_fault *fault)
{
    size_t size = row_size(packed);
    if (db->rows_of != stmt || db->rows_len + size > PG_ROWS_BYTES)
        NKS_TRY(nks_pg_rows_flush(db, fault));
    if (size > PG_ROWS_BYTES - HEADER)
        return nks_pg_execute(db, stmt, packed, NULL, fault);
    if (db->rows == NULL)
        db->rows = malloc(PG_ROWS_BYTES + TRAILER);
    if (db->rows == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for rows; try again later",
                             stmt->base.sql->name);
    if (db->rows_count == 0) {
        db->rows_of = stmt;
        db->rows_len = HEADER;
    }
    row_put(db->rows + db->rows_len, packed);
    db->rows_len += size;
    db->rows_count++;
    return NKS_OK;
}
