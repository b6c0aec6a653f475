/*
 * Rows that come back. A reading is a cursor, of which some thousand rows are here at a time: memory does not grow with
 * it, and other statements run in between. Outside a transaction the cursor is WITH HOLD, so that a loop goes on over
 * the transactions that it makes; the server then keeps its rows. What gives one row at most needs no cursor.
 */
#include "db/postgres_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 48 };

/* ---- cursors */

static bool cursor_lives(const struct pg_stmt *stmt)
{
    const struct pg *db = nks_pg_of(stmt->base.db);
    return stmt->cursor_held || (db->open_transaction && stmt->cursor_of == db->transaction);
}

/*
 * The answer is not waited for, so that an error of what was sent before is not lost here: hence the spare places. Each
 * opening of a cursor empties the queue, so that they are enough for that many open ones.
 */
void nks_pg_cursor_close(struct pg_stmt *stmt)
{
    struct pg *db = nks_pg_of(stmt->base.db);
    char text[COMMAND_MAX];
    int cursor = stmt->cursor;
    stmt->cursor = 0;
    if (cursor == 0 || !cursor_lives(stmt) || db->sent_count == PG_QUEUE_MAX + PG_QUEUE_SPARE)
        return;
    snprintf(text, sizeof text, "CLOSE c%010d", cursor);
    int good = PQsendQueryParams(db->conn, text, 0, NULL, NULL, NULL, NULL, 1);
    if (nks_pg_sent(db, good, (struct pg_sent){.name = stmt->base.sql->name}, NULL) == NKS_OK &&
        !db->open_transaction && nks_pg_sync(db, NULL) != NKS_OK)
        return; /* it goes with the connection */
}

/* As many as fit, by the size of those before. */
static int rows_next(const struct pg_stmt *stmt)
{
    int before = PQntuples(stmt->result);
    if (before == 0)
        return PG_FETCH_ROWS;
    size_t fit = PG_FETCH_BYTES / (PQresultMemorySize(stmt->result) / (size_t)before + 1);
    return fit < PG_FETCH_ROWS ? PG_FETCH_ROWS : fit > PG_FETCH_ROWS_MAX ? PG_FETCH_ROWS_MAX : (int)fit;
}

static enum nks_status fetch(struct pg *db, struct pg_stmt *stmt, struct nks_fault *fault)
{
    char text[COMMAND_MAX];
    if (!cursor_lives(stmt))
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: a reading goes on after its transaction (a defect)",
                             stmt->base.sql->name);
    stmt->fetched = rows_next(stmt);
    PQclear(stmt->result);
    stmt->result = NULL;
    snprintf(text, sizeof text, "FETCH %d FROM c%010d", stmt->fetched, stmt->cursor);
    NKS_TRY(nks_pg_send(db, stmt->base.sql->name, text, &stmt->result, fault));
    return nks_pg_sync(db, fault);
}

static enum nks_status cursor_open(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                   struct nks_fault *fault)
{
    const struct pg_sent sent = {.name = stmt->base.sql->name, .has_values = true};
    if (stmt->declare == NULL)
        stmt->declare = nks_pg_sql_declare(stmt->text);
    if (stmt->declare == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for a reading; try again later", sent.name);
    stmt->cursor_held = !db->open_transaction;
    nks_pg_sql_declare_as(stmt->declare, ++db->cursors, stmt->cursor_held);
    NKS_TRY(nks_pg_ready(db, sent.name, fault));
    NKS_TRY(nks_pg_sent(db,
                        PQsendQueryParams(db->conn, stmt->declare, packed->count, stmt->types, packed->values,
                                          packed->lengths, packed->formats, 1),
                        sent, fault));
    stmt->cursor = db->cursors;
    stmt->cursor_of = db->transaction;
    return fetch(db, stmt, fault);
}

static enum nks_status read_whole(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                  struct nks_fault *fault)
{
    NKS_TRY(nks_pg_execute(db, stmt, packed, &stmt->result, fault));
    return nks_pg_sync(db, fault);
}

static enum nks_status reading_begin(struct pg_stmt *stmt, bool whole, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(stmt->base.db);
    struct pg_packed packed;
    stmt->reading = true;
    stmt->row = 0;
    NKS_TRY(nks_pg_pack(stmt, &packed, fault));
    NKS_TRY(nks_pg_rows_flush(db, fault));
    return whole ? read_whole(db, stmt, &packed, fault) : cursor_open(db, stmt, &packed, fault);
}

static enum nks_status reading_go_on(struct pg_stmt *stmt, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(stmt->base.db);
    if (++stmt->row < stmt->fetched || stmt->cursor == 0)
        return NKS_OK;
    stmt->row = 0;
    NKS_TRY(nks_pg_rows_flush(db, fault));
    return fetch(db, stmt, fault);
}

enum nks_status nks_pg_step(struct nks_stmt *base, bool *row, struct nks_fault *fault)
{
    struct pg_stmt *stmt = nks_pg_stmt_of(base);
    *row = false;
    NKS_TRY(nks_pg_wrong(nks_pg_of(base->db), fault));
    if (stmt->ended)
        return NKS_OK;
    enum nks_status status = stmt->reading
                                 ? reading_go_on(stmt, fault)
                                 : reading_begin(stmt, !stmt->gives_rows || nks_pg_sql_one_row(stmt->text), fault);
    *row = stmt->on_row = status == NKS_OK && stmt->row < PQntuples(stmt->result);
    if (!*row)
        nks_pg_rest(stmt);
    stmt->ended = status == NKS_OK && !*row;
    return status;
}

enum nks_status nks_pg_one(struct nks_stmt *base, bool *found, struct nks_fault *fault)
{
    struct pg_stmt *stmt = nks_pg_stmt_of(base);
    *found = false;
    NKS_TRY(nks_pg_wrong(nks_pg_of(base->db), fault));
    if (stmt->on_row)
        nks_pg_rest(stmt);
    enum nks_status status = reading_begin(stmt, true, fault);
    *found = stmt->on_row = stmt->single = status == NKS_OK && PQntuples(stmt->result) > 0;
    if (!*found)
        nks_pg_rest(stmt);
    return status;
}

void nks_pg_end(struct nks_stmt *stmt)
{
    nks_pg_rest(nks_pg_stmt_of(stmt));
    nks_pg_stmt_of(stmt)->ended = true;
}

/*
 * ---- columns
 * To read one without a row, or past the last one, is a defect. A value of another type than is read there, because
 * somebody has changed the column, must not pass as 0: it becomes the fault of the next verb, so that nothing which
 * rests on it is stored; no column is looked at twice for that.
 */

static void wrong_type(const struct pg_stmt *stmt, int column, const char *what)
{
    (void)nks_fault_set(&nks_pg_of(stmt->base.db)->wrong, NKS_INTEGRITY, "DB-SCHEMA",
                        "%s: %s is %s in this database: somebody has changed the schema", stmt->base.sql->name,
                        PQfname(stmt->result, column), what);
}

static void wrong_number(const struct pg_stmt *stmt, int column)
{
    (void)nks_fault_set(&nks_pg_of(stmt->base.db)->wrong, NKS_FAILED, "DB-SQL", "%s: %s does not fit 64 bits",
                        stmt->base.sql->name, PQfname(stmt->result, column));
}

enum nks_status nks_pg_wrong(struct pg *db, struct nks_fault *fault)
{
    struct nks_fault wrong = db->wrong;
    if (wrong.status == NKS_OK)
        return NKS_OK;
    nks_fault_clear(&db->wrong);
    return nks_fault_set(fault, wrong.status, wrong.code, "%s", wrong.line);
}

static uint64_t bits(const char *from, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

/* A sum: digits of base 10,000, the first of weight `weight`. False: a fraction, or more than 64 bits. */
static bool numeric(const char *from, int64_t *out)
{
    int digits = (int16_t)bits(from, 2), weight = (int16_t)bits(from + 2, 2);
    bool is_negative = bits(from + 4, 2) == 0x4000;
    int64_t value = 0;
    bool fits = digits <= weight + 1 && (is_negative || bits(from + 4, 2) == 0);
    for (int i = 0; i <= weight && fits; i++) {
        int64_t digit = i < digits ? (int64_t)bits(from + 8 + 2 * i, 2) : 0;
        fits = !__builtin_mul_overflow(value, 10000, &value) &&
               !__builtin_add_overflow(value, is_negative ? -digit : digit, &value);
    }
    *out = fits ? value : 0;
    return fits;
}

static int64_t number(const struct pg_stmt *stmt, int column)
{
    const char *from = PQgetvalue(stmt->result, stmt->row, column);
    int64_t value = 0;
    switch (PQftype(stmt->result, column)) {
    case PG_INT8:
        return (int64_t)bits(from, 8);
    case PG_INT4:
        return (int32_t)bits(from, 4);
    case PG_INT2:
        return (int16_t)bits(from, 2);
    case PG_BOOL:
        return from[0] != 0;
    case PG_NUMERIC:
        if (!numeric(from, &value))
            wrong_number(stmt, column);
        return value;
    default:
        wrong_type(stmt, column, "no number");
        return 0;
    }
}

static const PGresult *column_result(const struct pg_stmt *stmt, int column)
{
    assert(stmt->on_row && column >= 0 && column < PQnfields(stmt->result));
    (void)column;
    return stmt->result;
}

int64_t nks_pg_column_int(struct nks_stmt *base, int column)
{
    const struct pg_stmt *stmt = nks_pg_stmt_of(base);
    return PQgetisnull(column_result(stmt, column), stmt->row, column) ? 0 : number(stmt, column);
}

bool nks_pg_column_is_null(struct nks_stmt *base, int column)
{
    const struct pg_stmt *stmt = nks_pg_stmt_of(base);
    return PQgetisnull(column_result(stmt, column), stmt->row, column) != 0;
}

/* Of a text or bytes, which come in the same form. */
struct nks_text nks_pg_column_text(struct nks_stmt *base, int column)
{
    const struct pg_stmt *stmt = nks_pg_stmt_of(base);
    const PGresult *result = column_result(stmt, column);
    Oid type = PQftype(result, column);
    if (type != PG_TEXT && type != PG_BYTEA && type != PG_VARCHAR && type != PG_NAME) {
        wrong_type(stmt, column, "neither text nor bytes");
        return (struct nks_text){"", 0};
    }
    return (struct nks_text){PQgetvalue(result, stmt->row, column), (size_t)PQgetlength(result, stmt->row, column)};
}

/* ---- rows for many keys */

/* An array of one dimension in binary form. */
static char *array_of(const int64_t *keys, size_t count, size_t *size)
{
    enum { HEAD = 20 };
    *size = HEAD + 12 * count;
    char *out = malloc(*size);
    if (out == NULL)
        return NULL;
    nks_pg_put(out, 4, 1);
    nks_pg_put(out + 4, 4, 0); /* no NULL in it */
    nks_pg_put(out + 8, 4, PG_INT8);
    nks_pg_put(out + 12, 4, count);
    nks_pg_put(out + 16, 4, 1); /* counted from 1 */
    for (size_t i = 0; i < count; i++) {
        nks_pg_put(out + HEAD + 12 * i, 4, 8);
        nks_pg_put(out + HEAD + 12 * i + 4, 8, (uint64_t)keys[i]);
    }
    return out;
}

static enum nks_status keys_read(struct pg *db, struct pg_stmt *stmt, const int64_t *keys, size_t count,
                                 struct nks_fault *fault)
{
    struct pg_packed packed = {.count = 1, .formats = {1}};
    size_t size = 0;
    char *array = array_of(keys, count, &size);
    if (array == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for keys; try again later",
                             stmt->base.sql->name);
    packed.values[0] = array;
    packed.lengths[0] = (int)size;
    enum nks_status status = nks_pg_rows_flush(db, fault);
    if (status == NKS_OK)
        status = read_whole(db, stmt, &packed, fault);
    free(array);
    return status;
}

/* The number of a row's key, from 1, is its last column. */
static enum nks_status rows_give(struct pg_stmt *stmt, size_t from, nks_db_row_fn row, void *context,
                                 struct nks_fault *fault)
{
    int rows = PQntuples(stmt->result), last = PQnfields(stmt->result) - 1;
    stmt->on_row = true;
    for (stmt->row = 0; stmt->row < rows; stmt->row++) {
        size_t index = from + (size_t)number(stmt, last) - 1;
        NKS_TRY(row(context, index, &stmt->base, fault));
    }
    return nks_pg_wrong(nks_pg_of(stmt->base.db), fault);
}

enum nks_status nks_pg_each_key(struct nks_db *base, const struct nks_sql *sql, const int64_t *keys, size_t count,
                                nks_db_row_fn row, void *context, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    struct nks_stmt *plain = NULL;
    NKS_TRY(nks_pg_wrong(db, fault));
    NKS_TRY(nks_pg_start(base, sql, &plain, fault));
    struct pg_stmt *stmt = nks_pg_stmt_of(plain);
    if (stmt->each == NULL)
        NKS_TRY(nks_pg_stmt_new(db, sql, nks_pg_sql_each(sql->text), 1, &stmt->each, fault));
    enum nks_status status = NKS_OK;
    for (size_t from = 0; from < count && status == NKS_OK; from += PG_KEYS_MAX) {
        size_t some = count - from < PG_KEYS_MAX ? count - from : PG_KEYS_MAX;
        status = keys_read(db, stmt->each, keys + from, some, fault);
        if (status == NKS_OK)
            status = rows_give(stmt->each, from, row, context, fault);
        nks_pg_rest(stmt->each);
    }
    return status;
}
