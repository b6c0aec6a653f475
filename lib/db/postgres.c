/*
 * The engine PostgreSQL (15 or newer): transactions and the schema. How commands travel stands in
 * postgres_private.h.
 *
 * One program writes at a time, as with SQLite: a writing transaction first locks the one row of db_writer. Nothing
 * else rests on locks, and nothing on the isolation level: a reading transaction sees one state (REPEATABLE READ).
 */
#include "db/postgres_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTINGS_MAX = 640,
    HOME_MAX = 2048,
};

/* ---- opening and closing */

/* The writer's row is made with the database's first schema, by who may make tables. */
static const char writer_text[] = "CREATE TABLE IF NOT EXISTS db_writer (one SMALLINT NOT NULL PRIMARY KEY, home TEXT);"
                                  "INSERT INTO db_writer (one) VALUES (1) ON CONFLICT DO NOTHING";

static enum nks_status pg_has_table(struct nks_db *base, const char *name, bool *has, struct nks_fault *fault)
{
    static const struct nks_sql sql_find = {"table_find",
                                            "SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = ?1 AND c.relkind IN "
                                            "('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)",
                                            1,
                                            {"name"}};
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_pg_start(base, &sql_find, &stmt, fault));
    nks_pg_bind_text(stmt, 0, nks_text_from(name));
    NKS_TRY(nks_pg_one(stmt, has, fault));
    nks_pg_end(stmt);
    return NKS_OK;
}

static enum nks_status home_read(struct pg *db, char out[HOME_MAX], struct nks_fault *fault)
{
    static const struct nks_sql sql_home = {"home_read", "SELECT coalesce(home, '') FROM db_writer", 0, {NULL}};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_pg_start(&db->base, &sql_home, &stmt, fault));
    NKS_TRY(nks_pg_one(stmt, &found, fault));
    bool fits = found && nks_text_copy(nks_pg_column_text(stmt, 0), out, HOME_MAX);
    nks_pg_end(stmt);
    return fits ? NKS_OK
                : nks_fault_set(
                      fault, NKS_FAILED, "DB-WRITER",
                      "the table db_writer has lost its row: INSERT INTO db_writer (one) VALUES (1), as nks_owner");
}

struct mark {
    const char *place;
    enum { MARK_OWN, MARK_MOVING, MARK_SWITCHING } kind;
};

static struct mark mark_of(const char *text)
{
    size_t moving = strlen(NKS_MOVING), switching = strlen(NKS_SWITCHING);
    if (strncmp(text, NKS_MOVING, moving) == 0)
        return (struct mark){text + moving, MARK_MOVING};
    if (strncmp(text, NKS_SWITCHING, switching) == 0)
        return (struct mark){text + switching, MARK_SWITCHING};
    return (struct mark){text, MARK_OWN};
}

/* Copied, then switched, then the home's own; a switch that was cut short is copied once more. */
static bool may_become(const char *there, const char *home)
{
    const struct mark from = mark_of(there), to = mark_of(home);
    return strcmp(from.place, to.place) == 0 && ((from.kind == MARK_MOVING && to.kind == MARK_SWITCHING) ||
                                                 (from.kind == MARK_SWITCHING && to.kind != MARK_SWITCHING));
}

/* A program that was killed while it committed may leave a commit on its way, behind a replica that it waits for: what
 * is read before that is done would be the state of before. */
static enum nks_status last_commit_await(struct pg *db, struct nks_fault *fault)
{
    PGresult *row = NULL;
    NKS_TRY(nks_pg_send(db, "open", "SELECT one FROM db_writer FOR UPDATE", &row, fault));
    enum nks_status status = nks_pg_sync(db, fault);
    PQclear(row);
    return status;
}

/* A copy of a home names the same database, and would take its work into a house of its own. A home that was moved here
 * takes its place with the first opening by its nks.conf. */
static enum nks_status home_check(struct pg *db, const char *home, struct nks_fault *fault)
{
    static const struct nks_sql sql_leave = {
        "home_leave", "UPDATE db_writer SET home = ?1 WHERE coalesce(home, '') = ?2", 2, {"home", "there"}};
    char there[HOME_MAX] = "";
    struct nks_stmt *stmt = NULL;
    NKS_TRY(last_commit_await(db, fault));
    NKS_TRY(home_read(db, there, fault));
    if (there[0] == '\0' || may_become(there, home)) {
        NKS_TRY(nks_pg_start(&db->base, &sql_leave, &stmt, fault));
        nks_pg_bind_text(stmt, 0, nks_text_from(home));
        nks_pg_bind_text(stmt, 1, nks_text_from(there));
        NKS_TRY(nks_pg_run(stmt, NULL, fault));
        NKS_TRY(home_read(db, there, fault));
    }
    return strcmp(there, home) == 0
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "DB-OTHER-HOME",
                               "the database belongs to the home at %s, and this one is at %s: a copy, or it has moved",
                               there, home);
}

/* jit would compile statements that take microseconds. */
static enum nks_status open_db(const struct nks_db_options *options, struct pg *db, struct nks_fault *fault)
{
    char settings[SETTINGS_MAX];
    bool has = false;
    snprintf(settings, sizeof settings,
             "SET client_min_messages = warning; SET statement_timeout = '%ds'; SET lock_timeout = %d;"
             "SET synchronous_commit = %s; SET default_transaction_read_only = %s; SET timezone = 'UTC'; SET jit = off;"
             "SET row_security = off; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0",
             PG_STATEMENT_TIMEOUT_S, options->busy_timeout_ms > 0 ? options->busy_timeout_ms : 1,
             options->durable ? "on" : "off", options->read_only ? "on" : "off");
    NKS_TRY(nks_pg_connect(db, options->path, !options->read_only, fault));
    NKS_TRY(nks_pg_simple(db, "open", settings, fault));
    if (options->bare)
        return NKS_OK;
    NKS_TRY(pg_has_table(&db->base, "db_writer", &has, fault));
    if (!has && (!options->create || options->read_only))
        return nks_fault_set(fault, NKS_FAILED, "DB-MISSING",
                             "there are no tables of nks in the database of that address: run nks init");
    if (!has)
        NKS_TRY(nks_pg_simple(db, "open", writer_text, fault));
    return options->home == NULL || options->read_only ? NKS_OK : home_check(db, options->home, fault);
}

static void pg_close(struct nks_db *base)
{
    struct pg *db = nks_pg_of(base);
    PQfinish(db->conn); /* what is open there is rolled back */
    for (int i = 0; i < NKS_STMT_SLOTS; i++) {
        if (db->stmts.slots[i] != NULL)
            nks_pg_stmt_free(nks_pg_stmt_of(db->stmts.slots[i]));
    }
    free(db->rows);
    free(db);
}

/* ---- transactions */

/* Rows that nks_stmt_one left behind go; loops over nks_stmt_step go on. */
static void end_singles(struct pg *db)
{
    for (int i = 0; i < NKS_STMT_SLOTS; i++) {
        struct nks_stmt *stmt = db->stmts.slots[i];
        if (stmt != NULL && nks_pg_stmt_of(stmt)->single)
            nks_pg_rest(nks_pg_stmt_of(stmt));
    }
}

static enum nks_status defect(const char *name, const char *what, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: %s (a defect of the program)", name, what);
}

static enum nks_status writer_lock(struct pg *db, struct nks_fault *fault)
{
    PGresult *row = NULL;
    NKS_TRY(nks_pg_send(db, "begin", "BEGIN ISOLATION LEVEL READ COMMITTED", NULL, fault));
    NKS_TRY(nks_pg_send(db, "begin", "SELECT one FROM db_writer FOR UPDATE", &row, fault));
    enum nks_status status = nks_pg_sync(db, fault);
    bool is_ours = PQntuples(row) == 1;
    PQclear(row);
    return status != NKS_OK || is_ours ? status : defect("begin", "the table db_writer has lost its row", fault);
}

enum nks_status nks_pg_begin(struct nks_db *base, bool writes, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    end_singles(db);
    NKS_TRY(nks_pg_wrong(db, fault));
    if (db->open_transaction)
        return defect("begin", "a transaction is open already", fault);
    db->open_transaction = true;
    db->transaction++;
    enum nks_status status = NKS_OK;
    if (writes)
        status = writer_lock(db, fault);
    else
        status = nks_pg_send(db, "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", NULL, fault);
    if (status != NKS_OK)
        nks_pg_rollback(base);
    return status;
}

static enum nks_status pg_changes(struct nks_db *base, int64_t *changes, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    NKS_TRY(nks_pg_rows_flush(db, fault));
    NKS_TRY(nks_pg_sync(db, fault));
    *changes = db->changes;
    return NKS_OK;
}

/*
 * A connection that breaks between the sending of COMMIT and its answer leaves open what the server did. An error that
 * the server tells is none of those: it has rolled back.
 */
enum nks_status nks_pg_commit(struct nks_db *base, struct nks_fault *fault)
{
    struct pg *db = nks_pg_of(base);
    PGresult *answer = NULL;
    struct nks_fault local = {.status = NKS_OK};
    end_singles(db);
    if (!db->open_transaction)
        return defect("commit", "no transaction is open", fault);
    NKS_TRY(nks_pg_wrong(db, fault));
    NKS_TRY(nks_pg_rows_flush(db, fault));
    NKS_TRY(nks_pg_sync(db, fault)); /* so that a warning is the commit's own */
    db->warned = false;
    NKS_TRY(nks_pg_send(db, "commit", "COMMIT", &answer, fault));
    enum nks_status status = nks_pg_sync(db, &local);
    bool is_done = status == NKS_OK && strcmp(PQcmdStatus(answer), "COMMIT") == 0;
    PQclear(answer);
    if (is_done && db->warned)
        return nks_fault_set(fault, NKS_UNKNOWN, "DB-COMMIT",
                             "the server stored this with a warning: its replica may not have it");
    if (PQstatus(db->conn) != CONNECTION_OK && !is_done)
        return nks_fault_set(fault, NKS_UNKNOWN, "DB-COMMIT", "it is not known whether this was stored: %s",
                             local.line);
    if (status != NKS_OK)
        return nks_fault_set(fault, status, local.code, "%s", local.line);
    if (!is_done)
        return defect("commit", "the server rolled back instead", fault);
    db->open_transaction = false;
    return NKS_OK;
}

static bool pg_in_transaction(const struct nks_db *base)
{
    return ((const struct pg *)(const void *)base)->open_transaction;
}

/* Commands after an error are skipped up to the next sync: hence one before the ROLLBACK. */
void nks_pg_rollback(struct nks_db *base)
{
    struct pg *db = nks_pg_of(base);
    end_singles(db);
    nks_pg_rows_forget(db);
    if (!db->open_transaction)
        return;
    db->open_transaction = false;
    for (int tries = 0; tries < 2; tries++) { /* the second for a fault that a test asked for */
        if (nks_pg_sync(db, NULL) != NKS_OK)  /* its errors were told, or go with the transaction */
            db->sent_count = 0;
        if (nks_pg_send(db, "rollback", "ROLLBACK", NULL, NULL) == NKS_OK && nks_pg_sync(db, NULL) == NKS_OK)
            return;
    }
}

/* ---- schema */

static const struct nks_db_type types[] = {
    {"id", "BIGINT"},
    {"int", "INTEGER"},
    {"money", "BIGINT"},
    {"time", "BIGINT"},
    {"date", "BIGINT"},
    {"bool", "SMALLINT"},
    {"bytes", "BYTEA"},
    {"text", "TEXT COLLATE \"C\""},
    {"table_options", ""},
    {"clustered", ""},
    {"partition", " PARTITION BY HASH"},
    {"unique_unsharded", ""},
    {NULL, NULL},
};

/* Every partitioned table that has no partitions yet gets them. */
static const char partitions_form[] =
    "DO $$ DECLARE t name; BEGIN"
    " FOR t IN SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind = 'p'"
    " AND pg_catalog.pg_table_is_visible(c.oid)"
    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) ORDER BY 1 LOOP"
    " FOR part IN 0..%d LOOP EXECUTE format('CREATE TABLE %%I PARTITION OF %%I FOR VALUES WITH (MODULUS %d, REMAINDER"
    " %%s)', t || '_' || part, t, part); END LOOP; END LOOP; END $$";

/* The planner takes no sample of bytes that nothing is looked up by: a key of a batch would outlive its erasure there.
 */
static const char unsampled[] =
    "DO $$ DECLARE r record; BEGIN"
    " FOR r IN SELECT c.oid::regclass AS t, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition"
    " AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
    " AND a.atttypid = 'bytea'::regtype AND a.attstattarget IS DISTINCT FROM 0 AND NOT EXISTS"
    " (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey::smallint[])) LOOP"
    " EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', r.t, r.attname); END LOOP; END $$";

static enum nks_status pg_script(struct nks_db *base, const char *name, const char *text, struct nks_fault *fault)
{
    char partitions[1024];
    snprintf(partitions, sizeof partitions, partitions_form, PG_PARTITIONS - 1, PG_PARTITIONS);
    NKS_TRY(nks_pg_simple(nks_pg_of(base), name, text, fault));
    NKS_TRY(nks_pg_simple(nks_pg_of(base), name, partitions, fault));
    return nks_pg_simple(nks_pg_of(base), name, unsampled, fault);
}

/* Its pages have checksums of the server's own, which it checks whenever it reads one. */
static enum nks_status pg_check(struct nks_db *base, struct nks_fault *fault)
{
    return nks_pg_simple(nks_pg_of(base), "check", "SELECT 1", fault);
}

static enum nks_status not_here(const char *what, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-ENGINE", "%s is not for a database on PostgreSQL: %s", what,
                         "use the server's own tools (pg_dump, pg_basebackup)");
}

static enum nks_status pg_copy(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                               struct nks_fault *fault)
{
    (void)db, (void)path, (void)progress, (void)context;
    return not_here("a copy of the database", fault);
}

static const struct nks_engine engine = {
    .close = pg_close,
    .begin = nks_pg_begin,
    .commit = nks_pg_commit,
    .rollback = nks_pg_rollback,
    .in_transaction = pg_in_transaction,
    .changes = pg_changes,
    .start = nks_pg_start,
    .bind_int = nks_pg_bind_int,
    .bind_bytes = nks_pg_bind_bytes,
    .bind_text = nks_pg_bind_text,
    .bind_null = nks_pg_bind_null,
    .step = nks_pg_step,
    .run = nks_pg_run,
    .one = nks_pg_one,
    .end = nks_pg_end,
    .column_int = nks_pg_column_int,
    .column_is_null = nks_pg_column_is_null,
    .column_text = nks_pg_column_text,
    .column_bytes = nks_pg_column_text,
    .each_key = nks_pg_each_key,
    .types = types,
    .script = pg_script,
    .has_table = pg_has_table,
    .check = pg_check,
    .catalogue = nks_pg_catalogue,
    .copy = pg_copy,
    .wipe_begin = nks_pg_wipe_begin,
    .wipe = nks_pg_wipe,
    .columns = &nks_pg_columns,
    .rows = nks_pg_rows,
    .alone = nks_pg_alone,
};

enum nks_status nks_postgres_open(const struct nks_db_options *options, struct nks_db **out, struct nks_fault *fault)
{
    struct pg *db = calloc(1, sizeof *db);
    if (db == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a database connection; try again later");
    db->base.engine = &engine;
    enum nks_status status = open_db(options, db, fault);
    if (status != NKS_OK) {
        pg_close(&db->base);
        return status;
    }
    *out = &db->base;
    return NKS_OK;
}
