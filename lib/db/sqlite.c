/*
 * The engine SQLite (3.37 or newer: STRICT tables). Only the files sqlite*.c know SQLite.
 *
 * A statement is prepared once and found again by the address of its nks_sql in a fixed open hash. A connection belongs
 * to one thread: SQLite's own mutexes are off (NOMUTEX). Sizes that were measured stand at configure().
 */
#include "db/engine.h"
#include "base/fault_point.h"
#include "base/sys.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE_SIZE = 4096,
    WAL_PAGES = 4000,
    WAL_KEEP_BYTES = 64 << 20, /* a WAL that one huge transaction blew up is cut back to this */
    PATH_ROOM = 1100,
    MESSAGE_MAX = 256,
};

struct lite_stmt {
    struct nks_stmt base;
    sqlite3_stmt *handle;
    int bind_error; /* first failure of a bind since the last reset; shows at the step */
    bool on_row;    /* a reading is open: holds a read lock outside a transaction */
    bool single;    /* that reading is of nks_stmt_one: nobody will step it further */
    bool ended;     /* gave its last row */
};

struct lite {
    struct nks_db base;
    sqlite3 *handle;
    struct nks_stmts stmts;
};

static struct lite *lite_of(struct nks_db *db)
{
    return (struct lite *)(void *)db;
}

static struct lite_stmt *stmt_of(struct nks_stmt *stmt)
{
    return (struct lite_stmt *)(void *)stmt;
}

/* ---- errors */

struct error_row {
    int code; /* SQLite's primary or extended code */
    enum nks_status status;
    const char *fault_code;
    const char *advice;
};

/* Extended codes stand before their primary code. */
static const struct error_row error_table[] = {
    {SQLITE_IOERR_CORRUPTFS, NKS_INTEGRITY, "DB-DAMAGED", "the file system is damaged: stop and restore a backup"},
    {SQLITE_IOERR_DATA, NKS_INTEGRITY, "DB-DAMAGED", "the database file is damaged: stop and restore a backup"},
    {SQLITE_BUSY, NKS_RETRY, "DB-BUSY", "another program is writing: try again later"},
    {SQLITE_LOCKED, NKS_RETRY, "DB-BUSY", "another statement holds the table: try again later"},
    {SQLITE_NOMEM, NKS_RETRY, "MEMORY", "there is no memory left: try again later"},
    {SQLITE_FULL, NKS_RETRY, "DB-FULL", "the disk is full: make room and try again"},
    {SQLITE_IOERR, NKS_RETRY, "DB-IO", "the disk did not obey: try again, then look at the system's log"},
    {SQLITE_CANTOPEN, NKS_RETRY, "DB-IO", "a file of the database or a temporary file cannot be opened: try again"},
    {SQLITE_CORRUPT, NKS_INTEGRITY, "DB-DAMAGED", "the database file is damaged: stop and restore a backup"},
    {SQLITE_NOTADB, NKS_INTEGRITY, "DB-DAMAGED", "this is not a database: stop and restore a backup"},
    {SQLITE_READONLY, NKS_FAILED, "DB-PERMISSION", "the database may not be written here: look at owner and mode"},
    {SQLITE_PERM, NKS_FAILED, "DB-PERMISSION", "look at owner and mode of the database and its folder"},
    {SQLITE_AUTH, NKS_FAILED, "DB-PERMISSION", "look at owner and mode of the database and its folder"},
};
static const struct error_row error_other = {SQLITE_ERROR, NKS_FAILED, "DB-SQL", "a defect of the program"};

static const struct error_row *error_row_of(int rc)
{
    for (size_t i = 0; i < sizeof error_table / sizeof error_table[0]; i++) {
        if (error_table[i].code == rc || error_table[i].code == (rc & 0xff))
            return &error_table[i];
    }
    return &error_other;
}

static void one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ')
            *text = ' ';
    }
}

/*
 * SQLite's message as one line. Before values are bound it can hold none. Afterwards only constraint messages are
 * taken: they name tables, columns and checks; other messages of a running statement (JSON, full text) may quote a
 * value, and the general name of the code stands for them.
 */
static void message_of(sqlite3 *handle, int rc, bool values_bound, char out[MESSAGE_MAX])
{
    int primary = rc & 0xff;
    bool safe = !values_bound ||
                (primary == SQLITE_CONSTRAINT && rc != SQLITE_CONSTRAINT_VTAB && rc != SQLITE_CONSTRAINT_FUNCTION);
    snprintf(out, MESSAGE_MAX, "%s", safe && handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
    one_line(out);
}

static enum nks_status fail(sqlite3 *handle, int rc, const char *name, bool values_bound, struct nks_fault *fault)
{
    char message[MESSAGE_MAX];
    message_of(handle, rc, values_bound, message);
    const struct error_row *row = error_row_of(rc);
    return nks_fault_set(fault, row->status, row->fault_code, "%s: %s (%s)", name, message, row->advice);
}

/* ---- opening and closing */

/* SQLite gives "file:…", ":memory:" and "" a meaning of their own; a path of ours is always a path. */
static bool literal_path(const char *path, char out[PATH_ROOM])
{
    int len = snprintf(out, PATH_ROOM, "%s%s", path[0] == '/' ? "" : "./", path);
    return len > 0 && len < PATH_ROOM;
}

static enum nks_status missing(const char *path, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-MISSING", "there is no database at %s: run nks init", path);
}

/*
 * Makes the empty file with mode 0600 (SQLite gives its WAL files the same mode). An existing file is fine. The folder
 * is synced by SQLite together with the first commit.
 */
static enum nks_status create_file(const char *path, struct nks_fault *fault)
{
    struct nks_fault local = {.status = NKS_OK};
    int fd = -1;
    enum nks_status status = nks_sys_create(path, &fd, &local);
    if (status == NKS_OK)
        return nks_sys_close(fd, fault);
    if (strcmp(local.code, "FILE-EXISTS") == 0)
        return NKS_OK;
    if (fault != NULL && fault->status == NKS_OK)
        *fault = local;
    return status;
}

/* A failure while opening is rather a wrong mode than a passing trouble. */
static enum nks_status fail_open(struct lite *db, int rc, const char *path, struct nks_fault *fault)
{
    if ((rc & 0xff) != SQLITE_CANTOPEN)
        return fail(db->handle, rc, "open", false, fault);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return missing(path, fault);
    return nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION",
                         "%s cannot be opened: look at owner and mode of the database and its folder", path);
}

static int open_handle(const struct nks_db_options *options, const char *path, struct lite *db)
{
    int flags = options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(options->memory ? ":memory:" : path, &db->handle, flags | SQLITE_OPEN_NOMUTEX,
                             nks_sqlite_layer());
    if (rc != SQLITE_OK)
        return db->handle == NULL ? rc : sqlite3_extended_errcode(db->handle);
    sqlite3_extended_result_codes(db->handle, 1);
    return sqlite3_busy_timeout(db->handle, options->busy_timeout_ms);
}

/* A database somebody has tampered with must not make SQLite do anything but read and write tables. */
static int defend(struct lite *db)
{
    int rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
    return rc;
}

/*
 * mmap stays off: a disk error would be a signal instead of a status. Sorting goes to files: memory has a ceiling.
 *
 * PAGE_SIZE, on 3,000,000 rows of 90 bytes WITHOUT ROWID with a random key: 4096 and 8192 load equally fast in key
 * order and look up equally fast from the system's cache; from a cold disk 4096 is faster (24 against 30 us per key),
 * and for scattered updates too (33 against 46 us per row): half as many bytes are moved per row.
 *
 * WAL_PAGES: a load in key order does not care (1000, 4000, 16000 pages: the same time). 40 transactions of 2,500
 * scattered updates take 3.5, 3.3 and 2.8 s with a WAL of 10, 19 and 68 MiB, and a longest commit of 0.11, 0.15 and 0.3
 * s. 4000 is the middle: the WAL is bounded by 16 MiB plus one transaction, and a busy disk is asked a quarter as
 * often.
 */
static int configure(const struct nks_db_options *options, struct lite *db)
{
    char text[512];
    snprintf(text, sizeof text,
             "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = FILE;"
             "PRAGMA page_size = %d; PRAGMA cache_size = -%lld; PRAGMA synchronous = %s;"
             "PRAGMA secure_delete = FAST; PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d;",
             PAGE_SIZE, (long long)(options->cache_kib > 0 ? options->cache_kib : 2048),
             options->durable ? "FULL" : "NORMAL", WAL_PAGES, WAL_KEEP_BYTES);
    return sqlite3_exec(db->handle, text, NULL, NULL, NULL);
}

/* Reads the one value of a PRAGMA into `out`. */
static int pragma_text(struct lite *db, const char *text, char *out, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);
    if (rc != SQLITE_OK)
        return rc;
    out[0] = '\0';
    if (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
    return sqlite3_finalize(stmt); /* gives the step's error again */
}

/* The first touch of the file: a wrong header, a missing right or an unfinished creation shows here. */
static enum nks_status first_touch(const struct nks_db_options *options, const char *path, struct lite *db,
                                   struct nks_fault *fault)
{
    char answer[32];
    int rc = pragma_text(db, "PRAGMA page_count", answer, sizeof answer);
    if (rc != SQLITE_OK)
        return fail_open(db, rc, path, fault);
    if (strcmp(answer, "0") == 0 && !options->create)
        return missing(path, fault); /* an empty file: its making was cut short */
    if (options->read_only || options->memory)
        return NKS_OK;
    rc = pragma_text(db, "PRAGMA journal_mode = WAL", answer, sizeof answer);
    if (rc != SQLITE_OK)
        return fail_open(db, rc, path, fault);
    if (strcmp(answer, "wal") != 0)
        return nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION",
                             "%s: this file system does not allow a write-ahead log; use a local disk", path);
    return NKS_OK;
}

static enum nks_status open_db(const struct nks_db_options *options, const char *path, struct lite *db,
                               struct nks_fault *fault)
{
    if (options->create && !options->read_only && !options->memory)
        NKS_TRY(create_file(path, fault));
    int rc = open_handle(options, path, db);
    if (rc == SQLITE_OK)
        rc = defend(db);
    if (rc == SQLITE_OK)
        rc = configure(options, db);
    if (rc != SQLITE_OK)
        return fail_open(db, rc, path, fault);
    return first_touch(options, path, db, fault);
}

/* ---- statements */

/* A named statement must be one statement with the parameters it says it has. */
static enum nks_status check_form(const struct lite_stmt *stmt, const char *tail, struct nks_fault *fault)
{
    const char *name = stmt->base.sql->name;
    if (stmt->handle == NULL || tail[strspn(tail, " \t\r\n;")] != '\0')
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: not exactly one statement (a defect of the program)",
                             name);
    int params = sqlite3_bind_parameter_count(stmt->handle);
    if (params != stmt->base.sql->params)
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: %d parameters instead of %d (a defect of the program)",
                             name, params, stmt->base.sql->params);
    return NKS_OK;
}

/* A statement that makes a table for the moment has type tokens, as the schema's steps have. */
static enum nks_status prepare(struct lite *db, const struct nks_sql *sql, struct lite_stmt *stmt,
                               struct nks_fault *fault)
{
    *stmt = (struct lite_stmt){.base = {.db = &db->base, .sql = sql}};
    char *expanded = NULL;
    const char *tail = NULL;
    if (strchr(sql->text, '{') != NULL)
        NKS_TRY(nks_db_expand(&db->base, sql->name, sql->text, &expanded, fault));
    int rc = sqlite3_prepare_v3(db->handle, expanded != NULL ? expanded : sql->text, -1, SQLITE_PREPARE_PERSISTENT,
                                &stmt->handle, &tail);
    enum nks_status status =
        rc == SQLITE_OK ? check_form(stmt, tail, fault) : fail(db->handle, rc, sql->name, false, fault);
    free(expanded);
    return status;
}

static enum nks_status stmt_new(struct lite *db, const struct nks_sql *sql, struct nks_stmt **slot,
                                struct nks_fault *fault)
{
    if (db->stmts.count == NKS_STMT_MAX)
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: too many statements (a defect of the program)",
                             sql->name);
    struct lite_stmt *stmt = malloc(sizeof *stmt);
    if (stmt == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for a statement; try again later", sql->name);
    enum nks_status status = prepare(db, sql, stmt, fault);
    if (status != NKS_OK) {
        sqlite3_finalize(stmt->handle);
        free(stmt);
        return status;
    }
    *slot = &stmt->base;
    db->stmts.count++;
    return NKS_OK;
}

/*
 * Ends the use: no read lock stays, and no value. Values go too because a parameter that a loop forgets to bind must be
 * NULL and not the one of the payment before, and because bound memory need not be valid any longer.
 */
static void rest(struct lite_stmt *stmt)
{
    sqlite3_reset(stmt->handle); /* its error is that of the step, told there */
    sqlite3_clear_bindings(stmt->handle);
    stmt->bind_error = SQLITE_OK;
    stmt->on_row = stmt->single = false;
}

static enum nks_status lite_start(struct nks_db *base, const struct nks_sql *sql, struct nks_stmt **out,
                                  struct nks_fault *fault)
{
    struct lite *db = lite_of(base);
    struct nks_stmt **slot = nks_stmts_slot(&db->stmts, sql);
    if (*slot == NULL)
        NKS_TRY(stmt_new(db, sql, slot, fault));
    rest(stmt_of(*slot));
    stmt_of(*slot)->ended = false;
    *out = *slot;
    return NKS_OK;
}

/* ---- binding */

/* A bind after a row begins the next use of the statement. */
static struct lite_stmt *before_bind(struct nks_stmt *base, int param)
{
    struct lite_stmt *stmt = stmt_of(base);
    assert(param >= 0 && param < base->sql->params);
    (void)param;
    if (stmt->on_row)
        rest(stmt);
    stmt->ended = false;
    return stmt;
}

static void after_bind(struct lite_stmt *stmt, int rc)
{
    if (rc != SQLITE_OK && stmt->bind_error == SQLITE_OK)
        stmt->bind_error = rc;
}

static void lite_bind_int(struct nks_stmt *base, int param, int64_t value)
{
    struct lite_stmt *stmt = before_bind(base, param);
    after_bind(stmt, sqlite3_bind_int64(stmt->handle, param + 1, value));
}

/* An empty value may have no pointer; to SQLite that would be NULL. */
static void lite_bind_bytes(struct nks_stmt *base, int param, const void *bytes, size_t len)
{
    struct lite_stmt *stmt = before_bind(base, param);
    after_bind(stmt, sqlite3_bind_blob64(stmt->handle, param + 1, len == 0 ? "" : bytes, len, SQLITE_STATIC));
}

static void lite_bind_text(struct nks_stmt *base, int param, struct nks_text text)
{
    struct lite_stmt *stmt = before_bind(base, param);
    const char *ptr = text.len == 0 ? "" : text.ptr;
    after_bind(stmt, sqlite3_bind_text64(stmt->handle, param + 1, ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void lite_bind_null(struct nks_stmt *base, int param)
{
    struct lite_stmt *stmt = before_bind(base, param);
    after_bind(stmt, sqlite3_bind_null(stmt->handle, param + 1));
}

/* ---- running */

/* A step, or in test builds the failure that was asked for instead of it. */
static int step(sqlite3_stmt *handle)
{
    if (!nks_fault_point(true))
        return sqlite3_step(handle);
    return errno == ENOSPC   ? SQLITE_FULL
           : errno == EBUSY  ? SQLITE_BUSY
           : errno == ENOMEM ? SQLITE_NOMEM
           : errno == EACCES ? SQLITE_READONLY
                             : SQLITE_IOERR_WRITE;
}

/* One step of SQLite. An open reading stays open only when this gave a row. */
static enum nks_status advance(struct lite_stmt *stmt, bool *row, struct nks_fault *fault)
{
    *row = false;
    int rc = stmt->bind_error != SQLITE_OK ? stmt->bind_error : step(stmt->handle);
    if (rc == SQLITE_ROW) {
        *row = stmt->on_row = true;
        return NKS_OK;
    }
    enum nks_status status = NKS_OK;
    if (rc != SQLITE_DONE)
        status = fail(sqlite3_db_handle(stmt->handle), rc, stmt->base.sql->name, true, fault);
    rest(stmt);
    return status;
}

/* SQLite would start again from the first row after the last one. */
static enum nks_status lite_step(struct nks_stmt *base, bool *row, struct nks_fault *fault)
{
    struct lite_stmt *stmt = stmt_of(base);
    *row = false;
    if (stmt->ended)
        return NKS_OK;
    NKS_TRY(advance(stmt, row, fault));
    stmt->ended = !*row;
    return NKS_OK;
}

static enum nks_status lite_run(struct nks_stmt *base, int64_t *changed, struct nks_fault *fault)
{
    struct lite_stmt *stmt = stmt_of(base);
    bool row = false;
    NKS_TRY(advance(stmt, &row, fault));
    if (row) {
        rest(stmt);
        return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: gives rows where none are expected (a defect)",
                             base->sql->name);
    }
    if (changed != NULL)
        *changed = sqlite3_changes64(sqlite3_db_handle(stmt->handle));
    return NKS_OK;
}

static enum nks_status lite_one(struct nks_stmt *base, bool *found, struct nks_fault *fault)
{
    struct lite_stmt *stmt = stmt_of(base);
    if (stmt->on_row)
        rest(stmt);
    NKS_TRY(advance(stmt, found, fault));
    stmt->single = *found;
    return NKS_OK;
}

static void lite_end(struct nks_stmt *stmt)
{
    rest(stmt_of(stmt));
    stmt_of(stmt)->ended = true;
}

/* ---- columns: to read one without a row, or past the last one, is a defect that must not pass as 0 */

static sqlite3_stmt *column_handle(struct nks_stmt *base, int column)
{
    struct lite_stmt *stmt = stmt_of(base);
    assert(stmt->on_row && column >= 0 && column < sqlite3_data_count(stmt->handle));
    (void)column;
    return stmt->handle;
}

static int64_t lite_column_int(struct nks_stmt *stmt, int column)
{
    return sqlite3_column_int64(column_handle(stmt, column), column);
}

static bool lite_column_is_null(struct nks_stmt *stmt, int column)
{
    return sqlite3_column_type(column_handle(stmt, column), column) == SQLITE_NULL;
}

static struct nks_text lite_column_text(struct nks_stmt *stmt, int column)
{
    sqlite3_stmt *handle = column_handle(stmt, column);
    const char *ptr = (const char *)sqlite3_column_text(handle, column);
    return (struct nks_text){ptr, (size_t)sqlite3_column_bytes(handle, column)};
}

static struct nks_text lite_column_bytes(struct nks_stmt *stmt, int column)
{
    sqlite3_stmt *handle = column_handle(stmt, column);
    const void *ptr = sqlite3_column_blob(handle, column);
    return (struct nks_text){ptr, (size_t)sqlite3_column_bytes(handle, column)};
}

/* ---- transactions */

static const struct nks_sql sql_begin = {"begin", "BEGIN IMMEDIATE", 0, {NULL}};
static const struct nks_sql sql_begin_read = {"begin", "BEGIN", 0, {NULL}};
static const struct nks_sql sql_commit = {"commit", "COMMIT", 0, {NULL}};
static const struct nks_sql sql_rollback = {"rollback", "ROLLBACK", 0, {NULL}};

/*
 * A row that nks_stmt_one left behind would keep a read lock: the WAL could then never start again from its beginning,
 * and a BEGIN after another program's commit would be refused. Loops over nks_stmt_step go on: they are not over.
 */
static void end_singles(struct lite *db)
{
    for (int i = 0; i < NKS_STMT_SLOTS; i++) {
        if (db->stmts.slots[i] != NULL && stmt_of(db->stmts.slots[i])->single)
            rest(stmt_of(db->stmts.slots[i]));
    }
}

static enum nks_status run_plain(struct nks_db *db, const struct nks_sql *sql, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(lite_start(db, sql, &stmt, fault));
    return lite_run(stmt, NULL, fault);
}

static enum nks_status lite_begin(struct nks_db *db, bool writes, struct nks_fault *fault)
{
    end_singles(lite_of(db));
    return run_plain(db, writes ? &sql_begin : &sql_begin_read, fault);
}

static enum nks_status lite_changes(struct nks_db *db, int64_t *changes, struct nks_fault *fault)
{
    (void)fault;
    *changes = sqlite3_total_changes64(lite_of(db)->handle);
    return NKS_OK;
}

/*
 * An I/O error in a commit leaves open what the disk holds: the commit record may be there although it could not be
 * synced, and a restart would then find the transaction done.
 */
static enum nks_status lite_commit(struct nks_db *db, struct nks_fault *fault)
{
    end_singles(lite_of(db));
    struct nks_fault local = {.status = NKS_OK};
    enum nks_status status = run_plain(db, &sql_commit, &local);
    if (status == NKS_OK)
        return NKS_OK;
    if (strcmp(local.code, "DB-IO") == 0)
        return nks_fault_set(fault, NKS_UNKNOWN, "DB-COMMIT", "it is not known whether this was stored: %s",
                             local.line);
    return nks_fault_set(fault, status, local.code, "%s", local.line);
}

static bool lite_in_transaction(const struct nks_db *db)
{
    return sqlite3_get_autocommit(((const struct lite *)(const void *)db)->handle) == 0;
}

/* Its failure needs no answer: SQLite has then rolled back already, or does so when the file is opened next. */
static void lite_rollback(struct nks_db *db)
{
    end_singles(lite_of(db));
    if (lite_in_transaction(db) && run_plain(db, &sql_rollback, NULL) != NKS_OK)
        sqlite3_exec(lite_of(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- many keys, whole file, schema */

static enum nks_status rows_of_key(struct lite_stmt *stmt, size_t index, nks_db_row_fn row, void *context,
                                   struct nks_fault *fault)
{
    for (;;) {
        bool found = false;
        NKS_TRY(advance(stmt, &found, fault));
        if (!found)
            return NKS_OK;
        NKS_TRY(row(context, index, &stmt->base, fault));
    }
}

/* In the same process a prepared statement per key is as good as a round trip; sorted keys keep the pages in the cache.
 */
static enum nks_status lite_each_key(struct nks_db *db, const struct nks_sql *sql, const int64_t *keys, size_t count,
                                     nks_db_row_fn row, void *context, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(lite_start(db, sql, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < count && status == NKS_OK; i++) {
        lite_bind_int(stmt, 0, keys[i]);
        status = rows_of_key(stmt_of(stmt), i, row, context, fault);
    }
    lite_end(stmt);
    return status;
}

static enum nks_status lite_check(struct nks_db *db, struct nks_fault *fault)
{
    static const struct nks_sql sql_check = {"check", "PRAGMA quick_check(1)", 0, {NULL}};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(lite_start(db, &sql_check, &stmt, fault));
    NKS_TRY(lite_one(stmt, &found, fault));
    struct nks_text answer = found ? lite_column_text(stmt, 0) : NKS_TEXT("no answer");
    enum nks_status status = NKS_OK;
    if (!nks_text_is(answer, "ok")) {
        char line[MESSAGE_MAX];
        snprintf(line, sizeof line, "%.*s", (int)(answer.len < MESSAGE_MAX ? answer.len : MESSAGE_MAX), answer.ptr);
        one_line(line);
        status = nks_fault_set(fault, NKS_INTEGRITY, "DB-DAMAGED",
                               "the database file is damaged: %s (stop and restore a backup)", line);
    }
    lite_end(stmt);
    return status;
}

static enum nks_status lite_has_table(struct nks_db *db, const char *name, bool *has, struct nks_fault *fault)
{
    static const struct nks_sql sql_find = {
        "table_find", "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", 1, {"name"}};
    struct nks_stmt *stmt = NULL;
    NKS_TRY(lite_start(db, &sql_find, &stmt, fault));
    nks_bind_text(stmt, "name", nks_text_from(name));
    NKS_TRY(lite_one(stmt, has, fault));
    lite_end(stmt);
    return NKS_OK;
}

struct sqlite3 *nks_sqlite_handle(struct nks_db *db)
{
    return lite_of(db)->handle;
}

enum nks_status nks_sqlite_fail(struct sqlite3 *handle, int rc, const char *name, struct nks_fault *fault)
{
    return fail(handle, rc, name, false, fault);
}

static const struct nks_db_type types[] = {
    {"id", "INTEGER"},
    {"int", "INTEGER"},
    {"money", "INTEGER"},
    {"time", "INTEGER"},
    {"date", "INTEGER"},
    {"bool", "INTEGER"},
    {"bytes", "BLOB"},
    {"text", "TEXT"},
    {"table_options", " STRICT"},
    {"clustered", " STRICT, WITHOUT ROWID"},
    {"partition", ""},
    {"unique_unsharded", "UNIQUE"},
    {NULL, NULL},
};

/* Nothing is bound here, so that the message may be told in full; a step that moves rows must not read JSON from them.
 */
static enum nks_status lite_script(struct nks_db *db, const char *name, const char *text, struct nks_fault *fault)
{
    int rc = sqlite3_exec(lite_of(db)->handle, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? NKS_OK : fail(lite_of(db)->handle, rc, name, false, fault);
}

static void lite_close(struct nks_db *base)
{
    struct lite *db = lite_of(base);
    if (db->handle != NULL)
        lite_rollback(base);
    for (int i = 0; i < NKS_STMT_SLOTS; i++) {
        if (db->stmts.slots[i] != NULL)
            sqlite3_finalize(stmt_of(db->stmts.slots[i])->handle);
        free(db->stmts.slots[i]);
    }
    int rc = sqlite3_close(db->handle);
    assert(rc == SQLITE_OK); /* every statement was in a slot */
    (void)rc;
    free(db);
}

static const struct nks_engine engine = {
    .close = lite_close,
    .begin = lite_begin,
    .commit = lite_commit,
    .rollback = lite_rollback,
    .in_transaction = lite_in_transaction,
    .changes = lite_changes,
    .start = lite_start,
    .bind_int = lite_bind_int,
    .bind_bytes = lite_bind_bytes,
    .bind_text = lite_bind_text,
    .bind_null = lite_bind_null,
    .step = lite_step,
    .run = lite_run,
    .one = lite_one,
    .end = lite_end,
    .column_int = lite_column_int,
    .column_is_null = lite_column_is_null,
    .column_text = lite_column_text,
    .column_bytes = lite_column_bytes,
    .each_key = lite_each_key,
    .types = types,
    .script = lite_script,
    .has_table = lite_has_table,
    .check = lite_check,
    .catalogue = nks_sqlite_catalogue,
    .copy = nks_sqlite_copy,
    .wipe_begin = nks_sqlite_wipe_begin,
    .wipe = nks_sqlite_wipe,
    .columns = &nks_sqlite_columns,
    .rows = nks_sqlite_rows,
    .alone = nks_sqlite_alone,
};

enum nks_status nks_sqlite_open(const struct nks_db_options *options, struct nks_db **out, struct nks_fault *fault)
{
    char path[PATH_ROOM];
    if (!literal_path(options->path, path))
        return nks_fault_set(fault, NKS_FAILED, "DB-MISSING", "the path of the database is too long");
    struct lite *db = calloc(1, sizeof *db);
    if (db == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a database connection; try again later");
    db->base.engine = &engine;
    enum nks_status status = open_db(options, path, db, fault);
    if (status != NKS_OK) {
        lite_close(&db->base);
        return status;
    }
    *out = &db->base;
    return NKS_OK;
}
