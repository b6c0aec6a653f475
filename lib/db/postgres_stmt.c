/*
 * Statements, with binary values and results. At its first use the server is asked, in one round trip, which types it
 * gives the parameters. Those of a plain INSERT stay as they are, because they are the columns' own; everywhere else a
 * number is told to be a bigint: from `:state = 0 OR state = :state` or `:first << 20` the server would conclude a
 * narrower one. Such a statement is prepared with these types on the way to its first execution, without a round trip.
 */
#include "db/postgres_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nks_pg_put(char *out, int bytes, uint64_t value)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        out[i] = (char)(value & 0xff);
}

/* ---- preparing */

static enum nks_status no_memory(const struct nks_sql *sql, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for a statement; try again later", sql->name);
}

/* Asks what the server makes of the text: its parameters' types, and whether it gives rows. */
static enum nks_status ask(struct pg *db, struct pg_stmt *stmt, const char *as, PGresult **out, struct nks_fault *fault)
{
    const struct pg_sent parse = {.name = stmt->base.sql->name};
    struct pg_sent describe = {.name = stmt->base.sql->name, .keep = out};
    NKS_TRY(nks_pg_ready(db, parse.name, fault));
    NKS_TRY(nks_pg_sent(db, PQsendPrepare(db->conn, as, stmt->text, 0, NULL), parse, fault));
    NKS_TRY(nks_pg_ready(db, parse.name, fault));
    NKS_TRY(nks_pg_sent(db, PQsendDescribePrepared(db->conn, as), describe, fault));
    return nks_pg_sync(db, fault);
}

static Oid type_for(const struct pg_stmt *stmt, Oid asked)
{
    return stmt->copy == NULL && (asked == PG_INT2 || asked == PG_INT4 || asked == PG_NUMERIC) ? PG_INT8 : asked;
}

static enum nks_status take_types(struct pg_stmt *stmt, const PGresult *described, struct nks_fault *fault)
{
    if (PQnparams(described) != stmt->params)
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: has %d parameters, not %d (a defect of the program)",
                             stmt->base.sql->name, PQnparams(described), stmt->params);
    for (int i = 0; i < stmt->params; i++)
        stmt->types[i] = type_for(stmt, PQparamtype(described, i));
    stmt->gives_rows = PQnfields(described) > 0;
    return NKS_OK;
}

/* Where no type can become another one, what was asked about is what is executed later. */
static enum nks_status learn(struct pg *db, struct pg_stmt *stmt, struct nks_fault *fault)
{
    PGresult *described = NULL;
    bool as_it_is = stmt->params == 0 || stmt->copy != NULL;
    snprintf(stmt->name, sizeof stmt->name, "s%d", ++db->named);
    enum nks_status status = ask(db, stmt, as_it_is ? stmt->name : "", &described, fault);
    if (status == NKS_OK)
        status = take_types(stmt, described, fault);
    PQclear(described);
    stmt->prepared = as_it_is;
    return status;
}

/* What is skipped, because of an error before it, is sent again with the next execution. */
static enum nks_status prepare(struct pg *db, struct pg_stmt *stmt, struct nks_fault *fault)
{
    const struct pg_sent parse = {.name = stmt->base.sql->name, .done = &stmt->prepared};
    NKS_TRY(nks_pg_ready(db, parse.name, fault));
    NKS_TRY(nks_pg_sent(db, PQsendPrepare(db->conn, stmt->name, stmt->text, stmt->params, stmt->types), parse, fault));
    stmt->prepared = true;
    return NKS_OK;
}

void nks_pg_stmt_free(struct pg_stmt *stmt)
{
    if (stmt == NULL)
        return;
    nks_pg_stmt_free(stmt->each);
    PQclear(stmt->result);
    free(stmt->text);
    free(stmt->declare);
    free(stmt->copy);
    free(stmt);
}

enum nks_status nks_pg_stmt_new(struct pg *db, const struct nks_sql *sql, char *text, int params, struct pg_stmt **out,
                                struct nks_fault *fault)
{
    struct pg_stmt *stmt = text == NULL ? NULL : calloc(1, sizeof *stmt);
    if (stmt == NULL) {
        free(text);
        return no_memory(sql, fault);
    }
    stmt->base.db = &db->base;
    stmt->base.sql = sql;
    stmt->text = text;
    stmt->params = params;
    stmt->copy = nks_pg_sql_copy(sql->text, sql->params);
    enum nks_status status = nks_pg_rows_flush(db, fault);
    if (status == NKS_OK)
        status = learn(db, stmt, fault);
    if (status != NKS_OK) {
        nks_pg_stmt_free(stmt);
        return status;
    }
    *out = stmt;
    return NKS_OK;
}

/* A statement that makes a table for the moment has type tokens, as the schema's steps have. */
static enum nks_status first_start(struct pg *db, const struct nks_sql *sql, struct nks_stmt **slot,
                                   struct nks_fault *fault)
{
    char *expanded = NULL;
    struct pg_stmt *stmt = NULL;
    if (db->stmts.count == NKS_STMT_MAX)
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: too many statements (a defect of the program)",
                             sql->name);
    if (sql->text[strspn(sql->text, " \t\r\n;")] == '\0') /* the server would take it for a statement */
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: no statement (a defect of the program)", sql->name);
    NKS_TRY(nks_db_expand(&db->base, sql->name, sql->text, &expanded, fault));
    char *text = nks_pg_sql_text(expanded);
    free(expanded);
    NKS_TRY(nks_pg_stmt_new(db, sql, text, sql->params, &stmt, fault));
    *slot = &stmt->base;
    db->stmts.count++;
    return NKS_OK;
}

enum nks_status nks_pg_start(struct nks_db *base, const struct nks_sql *sql, struct nks_stmt **out,
                             struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    struct nks_stmt **slot = nks_stmts_slot(&db->stmts, sql);
    if (*slot == NULL)
        NKS_TRY(first_start(db, sql, slot, fault));
    struct pg_stmt *stmt = nks_pg_stmt_of(*slot);
    nks_pg_rest(stmt);
    stmt->ended = false;
    *out = *slot;
    return NKS_OK;
}

/* ---- binding */

void nks_pg_rest(struct pg_stmt *stmt)
{
    nks_pg_cursor_close(stmt);
    PQclear(stmt->result);
    stmt->result = NULL;
    stmt->on_row = stmt->single = stmt->reading = false;
    for (int i = 0; i < stmt->base.sql->params; i++)
        stmt->values[i] = (struct pg_value){.kind = PG_KIND_NULL};
}

/* A bind after a row begins the next use of the statement. */
static void bind(struct nks_stmt *base, int param, struct pg_value value)
{
    struct pg_stmt *stmt = nks_pg_stmt_of(base);
    assert(param >= 0 && param < base->sql->params);
    if (stmt->on_row)
        nks_pg_rest(stmt);
    stmt->ended = false;
    stmt->values[param] = value;
}

void nks_pg_bind_int(struct nks_stmt *stmt, int param, int64_t value)
{
    bind(stmt, param, (struct pg_value){.kind = PG_KIND_INT, .number = value});
}

void nks_pg_bind_bytes(struct nks_stmt *stmt, int param, const void *bytes, size_t len)
{
    bind(stmt, param, (struct pg_value){.kind = PG_KIND_BYTES, .ptr = len == 0 ? "" : bytes, .len = len});
}

void nks_pg_bind_text(struct nks_stmt *stmt, int param, struct nks_text text)
{
    bind(stmt, param, (struct pg_value){.kind = PG_KIND_TEXT, .ptr = text.len == 0 ? "" : text.ptr, .len = text.len});
}

void nks_pg_bind_null(struct nks_stmt *stmt, int param)
{
    bind(stmt, param, (struct pg_value){.kind = PG_KIND_NULL});
}

/* ---- running */

static const struct {
    Oid type;
    enum pg_kind kind;
    int bytes; /* of a number */
    int64_t min, max;
} type_table[] = {
    {PG_INT8, PG_KIND_INT, 8, INT64_MIN, INT64_MAX},
    {PG_INT4, PG_KIND_INT, 4, INT32_MIN, INT32_MAX},
    {PG_INT2, PG_KIND_INT, 2, INT16_MIN, INT16_MAX},
    {PG_BOOL, PG_KIND_INT, 1, 0, 1},
    {PG_BYTEA, PG_KIND_BYTES, 0, 0, 0},
    {PG_TEXT, PG_KIND_TEXT, 0, 0, 0},
    {PG_VARCHAR, PG_KIND_TEXT, 0, 0, 0},
    {PG_NAME, PG_KIND_TEXT, 0, 0, 0},
    {PG_UNKNOWN, PG_KIND_TEXT, 0, 0, 0},
};

static bool pack_one(struct pg_packed *packed, int at, const struct pg_value *value, Oid type)
{
    packed->formats[at] = 1;
    packed->values[at] = NULL;
    packed->lengths[at] = 0;
    if (value->kind == PG_KIND_NULL)
        return true;
    size_t row = 0, rows = sizeof type_table / sizeof type_table[0];
    while (row < rows && type_table[row].type != type)
        row++;
    if (row == rows || type_table[row].kind != value->kind || value->len > INT32_MAX / 2)
        return false;
    packed->values[at] = value->ptr;
    packed->lengths[at] = (int)value->len;
    if (value->kind != PG_KIND_INT)
        return true;
    nks_pg_put(packed->ints[at], type_table[row].bytes, (uint64_t)value->number);
    packed->values[at] = packed->ints[at];
    packed->lengths[at] = type_table[row].bytes;
    return value->number >= type_table[row].min && value->number <= type_table[row].max;
}

/* The server takes no other text. Nothing stored is such a text: a reading that asks for it finds nothing. */
static bool is_storable(const struct pg_value *value)
{
    return value->kind != PG_KIND_TEXT || (memchr(value->ptr, '\0', value->len) == NULL &&
                                           nks_text_is_utf8((struct nks_text){value->ptr, value->len}));
}

enum nks_status nks_pg_pack(const struct pg_stmt *stmt, struct pg_packed *packed, struct nks_fault *fault)
{
    const struct nks_sql *sql = stmt->base.sql;
    packed->count = sql->params;
    for (int i = 0; i < sql->params; i++) {
        static const struct pg_value nothing = {.kind = PG_KIND_NULL};
        bool storable = is_storable(&stmt->values[i]);
        const struct pg_value *value = storable || !stmt->gives_rows ? &stmt->values[i] : &nothing;
        if ((!storable && !stmt->gives_rows) || !pack_one(packed, i, value, stmt->types[i]))
            return nks_fault_set(fault, NKS_FAILED, "DB-SQL",
                                 "%s: what was bound as %s does not fit the database's type (a defect of the program)",
                                 sql->name, sql->param_names[i]);
    }
    return NKS_OK;
}

enum nks_status nks_pg_execute(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed, PGresult **keep,
                               struct nks_fault *fault)
{
    const struct pg_sent sent = {
        .name = stmt->base.sql->name, .counts = !stmt->gives_rows, .has_values = true, .keep = keep};
    if (!stmt->prepared)
        NKS_TRY(prepare(db, stmt, fault));
    NKS_TRY(nks_pg_ready(db, sent.name, fault));
    return nks_pg_sent(
        db,
        PQsendQueryPrepared(db->conn, stmt->name, packed->count, packed->values, packed->lengths, packed->formats, 1),
        sent, fault);
}

/* Outside a transaction: one of its own, so that no other program writes meanwhile. */
static enum nks_status run_alone(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                 struct nks_fault *fault)
{
    NKS_TRY(nks_pg_begin(&db->base, true, fault));
    enum nks_status status = nks_pg_execute(db, stmt, packed, NULL, fault);
    if (status == NKS_OK)
        status = nks_pg_commit(&db->base, fault);
    if (status != NKS_OK)
        nks_pg_rollback(&db->base);
    return status;
}

static enum nks_status run_packed(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed, bool counted,
                                  struct nks_fault *fault)
{
    if (!db->open_transaction)
        return run_alone(db, stmt, packed, fault);
    if (!counted && stmt->copy != NULL)
        return nks_pg_rows_add(db, stmt, packed, fault);
    NKS_TRY(nks_pg_rows_flush(db, fault));
    NKS_TRY(nks_pg_execute(db, stmt, packed, NULL, fault));
    return counted ? nks_pg_sync(db, fault) : NKS_OK;
}

enum nks_status nks_pg_run(struct nks_stmt *base, int64_t *changed, struct nks_fault *fault)
{
    struct pg_stmt *stmt = nks_pg_stmt_of(base);
    struct pg *db = nks_pg_of(base->db);
    struct pg_packed packed;
    NKS_TRY(nks_pg_wrong(db, fault));
    if (stmt->gives_rows)
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: gives rows where none are expected (a defect)",
                             base->sql->name);
    if (changed != NULL) { /* what others changed before is not its own */
        NKS_TRY(nks_pg_rows_flush(db, fault));
        NKS_TRY(nks_pg_sync(db, fault));
    }
    int64_t before = db->changes;
    enum nks_status status = nks_pg_pack(stmt, &packed, fault);
    if (status == NKS_OK)
        status = run_packed(db, stmt, &packed, changed != NULL, fault);
    if (changed != NULL)
        *changed = db->changes - before;
    nks_pg_rest(stmt);
    return status;
}
