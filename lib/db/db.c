/* The verbs of db.h: each goes to the engine of its connection. What engines have in common is done here. */
#include "db/engine.h"

#include <assert.h>
#include <string.h>
#include <time.h>

/* ---- connections */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool nks_db_is_address(const char *path)
{
    return begins_with(path, "postgresql://") || begins_with(path, "postgres://");
}

enum nks_status nks_db_open(const struct nks_db_options *options, struct nks_db **out, struct nks_fault *fault)
{
    *out = NULL;
    return nks_db_is_address(options->path) ? nks_postgres_open(options, out, fault)
                                            : nks_sqlite_open(options, out, fault);
}

void nks_db_close(struct nks_db *db)
{
    if (db != NULL)
        db->engine->close(db);
}

/* ---- transactions */

enum { FIRST_PAUSE_MS = 5 };

bool nks_db_again(int *tries, enum nks_status status, struct nks_fault *fault)
{
    if (status != NKS_RETRY || strcmp(fault->code, "DB-CONFLICT") != 0 || ++*tries == NKS_DB_TRIES)
        return false;
    const struct timespec pause = {0, (FIRST_PAUSE_MS << *tries) * 1000000L}; /* 5 · 2^7 ms at most: below a second */
    (void)nanosleep(&pause, NULL);
    nks_fault_clear(fault);
    return true;
}

enum nks_status nks_db_begin(struct nks_db *db, struct nks_fault *fault)
{
    int tries = 0;
    enum nks_status status = NKS_OK;
    db->transactions++;
    NKS_TRY(db->engine->changes(db, &db->changes_at_begin, fault));
    do { /* nothing is done in it yet */
        status = db->engine->begin(db, true, fault);
    } while (nks_db_again(&tries, status, fault));
    return status;
}

enum nks_status nks_db_begin_read(struct nks_db *db, struct nks_fault *fault)
{
    return db->engine->begin(db, false, fault);
}

void nks_db_on_commit(struct nks_db *db, nks_db_commit_fn fn, void *context)
{
    db->on_commit = fn;
    db->on_commit_context = context;
}

void nks_db_on_committed(struct nks_db *db, nks_db_committed_fn fn, void *context)
{
    db->on_committed = fn;
    db->on_committed_context = context;
}

int64_t nks_db_transaction(const struct nks_db *db)
{
    return db->transactions;
}

/* Whoever wants to know of commits is told of those that changed something. */
static enum nks_status tell_commit(struct nks_db *db, struct nks_fault *fault)
{
    int64_t changes = 0;
    if (db->on_commit == NULL)
        return NKS_OK;
    NKS_TRY(db->engine->changes(db, &changes, fault));
    return changes == db->changes_at_begin ? NKS_OK : db->on_commit(db->on_commit_context, fault);
}

enum nks_status nks_db_commit(struct nks_db *db, struct nks_fault *fault)
{
    enum nks_status status = tell_commit(db, fault);
    if (status == NKS_OK)
        status = db->engine->commit(db, fault);
    if (status != NKS_OK)
        nks_db_rollback(db);
    else if (db->on_committed != NULL)
        db->on_committed(db->on_committed_context);
    return status;
}

void nks_db_rollback(struct nks_db *db)
{
    db->engine->rollback(db);
}

bool nks_db_in_transaction(const struct nks_db *db)
{
    return db->engine->in_transaction(db);
}

static enum nks_status transact_once(struct nks_db *db, nks_db_body_fn body, void *context, struct nks_fault *fault)
{
    NKS_TRY(nks_db_begin(db, fault));
    enum nks_status status = body(context, fault);
    if (status == NKS_OK)
        return nks_db_commit(db, fault);
    nks_db_rollback(db);
    return status;
}

enum nks_status nks_db_transact(struct nks_db *db, nks_db_body_fn body, void *context, struct nks_fault *fault)
{
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        status = transact_once(db, body, context, fault);
    } while (nks_db_again(&tries, status, fault));
    return status;
}

/* ---- statements */

struct nks_stmt **nks_stmts_slot(struct nks_stmts *stmts, const struct nks_sql *sql)
{
    uint64_t hash = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) % NKS_STMT_SLOTS;
    /* ends: a quarter of the slots stays empty */
    while (stmts->slots[at] != NULL && stmts->slots[at]->sql != sql)
        at = (at + 1) % NKS_STMT_SLOTS;
    return &stmts->slots[at];
}

enum nks_status nks_stmt_start(struct nks_db *db, const struct nks_sql *sql, struct nks_stmt **out,
                               struct nks_fault *fault)
{
    *out = NULL;
    return db->engine->start(db, sql, out, fault);
}

int nks_stmt_param(struct nks_stmt *stmt, const char *name)
{
    for (int i = 0; i < stmt->sql->params; i++) {
        if (strcmp(stmt->sql->param_names[i], name) == 0)
            return i;
    }
    assert(false && "the statement has no such parameter");
    return -1; /* binds nothing: shows as an error at the step */
}

void nks_bind_int_at(struct nks_stmt *stmt, int param, int64_t value)
{
    stmt->db->engine->bind_int(stmt, param, value);
}

void nks_bind_bytes_at(struct nks_stmt *stmt, int param, const void *bytes, size_t len)
{
    stmt->db->engine->bind_bytes(stmt, param, bytes, len);
}

void nks_bind_text_at(struct nks_stmt *stmt, int param, struct nks_text text)
{
    stmt->db->engine->bind_text(stmt, param, text);
}

void nks_bind_null_at(struct nks_stmt *stmt, int param)
{
    stmt->db->engine->bind_null(stmt, param);
}

void nks_bind_int(struct nks_stmt *stmt, const char *name, int64_t value)
{
    nks_bind_int_at(stmt, nks_stmt_param(stmt, name), value);
}

void nks_bind_bytes(struct nks_stmt *stmt, const char *name, const void *bytes, size_t len)
{
    nks_bind_bytes_at(stmt, nks_stmt_param(stmt, name), bytes, len);
}

void nks_bind_text(struct nks_stmt *stmt, const char *name, struct nks_text text)
{
    nks_bind_text_at(stmt, nks_stmt_param(stmt, name), text);
}

void nks_bind_null(struct nks_stmt *stmt, const char *name)
{
    nks_bind_null_at(stmt, nks_stmt_param(stmt, name));
}

enum nks_status nks_stmt_step(struct nks_stmt *stmt, bool *row, struct nks_fault *fault)
{
    return stmt->db->engine->step(stmt, row, fault);
}

enum nks_status nks_stmt_run(struct nks_stmt *stmt, int64_t *changed, struct nks_fault *fault)
{
    return stmt->db->engine->run(stmt, changed, fault);
}

enum nks_status nks_stmt_one(struct nks_stmt *stmt, bool *found, struct nks_fault *fault)
{
    return stmt->db->engine->one(stmt, found, fault);
}

void nks_stmt_end(struct nks_stmt *stmt)
{
    stmt->db->engine->end(stmt);
}

int64_t nks_column_int(struct nks_stmt *stmt, int column)
{
    return stmt->db->engine->column_int(stmt, column);
}

bool nks_column_is_null(struct nks_stmt *stmt, int column)
{
    return stmt->db->engine->column_is_null(stmt, column);
}

struct nks_text nks_column_text(struct nks_stmt *stmt, int column)
{
    return stmt->db->engine->column_text(stmt, column);
}

struct nks_text nks_column_bytes(struct nks_stmt *stmt, int column)
{
    return stmt->db->engine->column_bytes(stmt, column);
}

enum nks_status nks_db_each_key(struct nks_db *db, const struct nks_sql *sql, const int64_t *keys, size_t count,
                                nks_db_row_fn row, void *context, struct nks_fault *fault)
{
    assert(sql->params == 1);
    for (size_t i = 1; i < count; i++)
        assert(keys[i - 1] <= keys[i]);
    return db->engine->each_key(db, sql, keys, count, row, context, fault);
}

/* ---- schema, whole database */

const struct nks_db_type *nks_db_types(const struct nks_db *db)
{
    return db->engine->types;
}

enum nks_status nks_db_script(struct nks_db *db, const char *name, const char *text, struct nks_fault *fault)
{
    return db->engine->script(db, name, text, fault);
}

enum nks_status nks_db_has_table(struct nks_db *db, const char *name, bool *has, struct nks_fault *fault)
{
    return db->engine->has_table(db, name, has, fault);
}

enum nks_status nks_db_check(struct nks_db *db, struct nks_fault *fault)
{
    return db->engine->check(db, fault);
}

enum nks_status nks_db_catalogue_compare(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                         nks_db_catalogue_fn fn, void *context, struct nks_fault *fault)
{
    const struct nks_db_options options = {.path = ":memory:", .memory = true, .create = true};
    struct nks_db *made = NULL;
    NKS_TRY(nks_db_open(&options, &made, fault));
    enum nks_status status = nks_db_migrate(made, migrations, count, 0, fault);
    if (status == NKS_OK)
        status = db->engine->catalogue(db, made, fn, context, fault);
    nks_db_close(made);
    return status;
}

enum nks_status nks_db_copy(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                            struct nks_fault *fault)
{
    return db->engine->copy(db, path, progress, context, fault);
}

enum nks_status nks_db_alone(struct nks_db *db, bool on, struct nks_fault *fault)
{
    return db->engine->alone(db, on, fault);
}

enum nks_status nks_db_wipe_begin(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    return db->engine->wipe_begin(db, tables, fault);
}

enum nks_status nks_db_wipe(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    return db->engine->wipe(db, tables, fault);
}
