/*
 * The engine PostgreSQL (15 or newer): opening, transactions and the schema. How commands travel stands in
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
    OPTIONS_MAX = 64,           /* of an address */
    STATEMENT_TIMEOUT_S = 1800, /* the longest are the auditor's, over all rows of a table */
    SETTINGS_MAX = 512,
    HOME_MAX = 2048,
};

/* ---- opening and closing */

static const char *const strong[] = {"require", "verify-ca", "verify-full"};

static bool is_strong(const char *mode)
{
    for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++) {
        if (mode != NULL && strcmp(mode, strong[i]) == 0)
            return true;
    }
    return false;
}

static const char *option_value(const PQconninfoOption *options, const char *name)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (strcmp(options->keyword, name) == 0)
            return options->val;
    }
    return NULL;
}

/* Only sockets of this machine: each host of the list is a folder, and none has an address beside it. */
static bool is_socket(const char *hosts, const char *addresses)
{
    if (addresses != NULL && addresses[0] != '\0')
        return false;
    for (const char *host = hosts; host != NULL; host = strchr(host, ',')) {
        host += *host == ',';
        if (*host != '\0' && *host != ',' && *host != '/')
            return false;
    }
    return true;
}

/* What the address says, or else the environment. */
static const char *either(const PQconninfoOption *given, const PQconninfoOption *otherwise, const char *name)
{
    const char *value = option_value(given, name);
    return value != NULL ? value : option_value(otherwise, name);
}

static enum nks_status tls_missing(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-TLS",
                         "the connection to the database is not encrypted: use sslmode=verify-full, or a socket of "
                         "this machine");
}

struct words {
    const char *names[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    int count;
};

static void word_add(struct words *words, const char *name, const char *value)
{
    if (words->count < OPTIONS_MAX && value != NULL) {
        words->names[words->count] = name;
        words->values[words->count++] = value;
    }
}

/* What the address leaves open. The mode of TLS is never weaker than `require`; a socket does not ask for it. */
static void words_complete(struct words *words, const PQconninfoOption *given, const PQconninfoOption *otherwise,
                           bool writes)
{
    word_add(words, "client_encoding", "UTF8");
    word_add(words, "fallback_application_name", "nks");
    if (option_value(given, "connect_timeout") == NULL)
        word_add(words, "connect_timeout", "10");
    if (option_value(given, "sslmode") == NULL && !is_strong(option_value(otherwise, "sslmode")))
        word_add(words, "sslmode", "require");
    /* A server that is gone without a word is noticed in a minute, not in the two hours of the system. */
    static const char *const alive[][2] = {{"keepalives_idle", "30"},
                                           {"keepalives_interval", "10"},
                                           {"keepalives_count", "3"},
                                           {"tcp_user_timeout", "60000"}};
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++) {
        if (option_value(given, alive[i][0]) == NULL)
            word_add(words, alive[i][0], alive[i][1]);
    }
    if (writes && option_value(given, "target_session_attrs") == NULL)
        word_add(words, "target_session_attrs", "primary"); /* of several hosts the one that is no replica */
}

/* Whether the server is there: then it was asked for the wrong thing, else one may ask again later. */
static enum nks_status not_connected(const struct words *words, PGconn *conn, struct nks_fault *fault)
{
    char message[PG_MESSAGE_MAX];
    PGPing ping = PQpingParams(words->names, words->values, 0);
    nks_pg_one_line(conn == NULL ? "no memory" : PQerrorMessage(conn), message);
    if (strstr(message, "SSL") != NULL || strstr(message, "certificate") != NULL)
        return nks_fault_set(fault, NKS_FAILED, "DB-TLS", "%s (look at sslmode, sslrootcert and the certificate)",
                             message);
    return ping == PQPING_OK || ping == PQPING_NO_ATTEMPT
               ? nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION", "%s (look at the address and the role)", message)
               : nks_fault_set(fault, NKS_RETRY, "DB-CONNECTION", "%s (try again later)", message);
}

static void say_nothing(void *context, const char *message)
{
    (void)context, (void)message; /* the library does not print */
}

static enum nks_status connect_with(struct pg *db, const struct words *words, struct nks_fault *fault)
{
    db->conn = PQconnectdbParams(words->names, words->values, 0);
    if (PQstatus(db->conn) != CONNECTION_OK)
        return not_connected(words, db->conn, fault);
    PQsetNoticeProcessor(db->conn, say_nothing, NULL);
    if (!is_socket(PQhost(db->conn), PQhostaddr(db->conn)) && !PQsslInUse(db->conn))
        return tls_missing(fault);
    return PQenterPipelineMode(db->conn) == 1 ? NKS_OK : nks_pg_lost("open", fault);
}

static bool is_number(const char *text)
{
    return text == NULL || text[strspn(text, "0123456789,")] == '\0';
}

/* nks.conf is no place for a password; with a sign in it that means something else, its rest would be taken for a host
 * or a port, and told. */
static enum nks_status address_check(const char *address, const PQconninfoOption *given, struct nks_fault *fault)
{
    const char *sign = strchr(address, '@');
    bool good =
        given != NULL && is_number(option_value(given, "port")) && (sign == NULL || strchr(sign + 1, '@') == NULL);
    if (!good)
        return nks_fault_set(fault, NKS_FAILED, "DB-ADDRESS",
                             "the address of the database is none: postgresql://HOST/NAME?sslmode=verify-full");
    return option_value(given, "password") == NULL
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "DB-ADDRESS",
                               "the address of the database holds a password: use a certificate, or PGPASSFILE");
}

/* No word of an address stands in a fault. */
static enum nks_status connect_to(struct pg *db, const char *address, bool writes, struct nks_fault *fault)
{
    struct words words = {.count = 0};
    PQconninfoOption *given = PQconninfoParse(address, NULL), *otherwise = PQconndefaults();
    const char *mode = either(given, otherwise, "sslmode");
    bool socket = is_socket(either(given, otherwise, "host"), either(given, otherwise, "hostaddr"));
    enum nks_status status = address_check(address, given, fault);
    if (status == NKS_OK && option_value(given, "sslmode") != NULL && !is_strong(mode) && !socket)
        status = tls_missing(fault);
    for (const PQconninfoOption *one = given; one != NULL && one->keyword != NULL; one++)
        word_add(&words, one->keyword, one->val);
    words_complete(&words, given, otherwise, writes);
    if (status == NKS_OK)
        status = connect_with(db, &words, fault);
    PQconninfoFree(given);
    PQconninfoFree(otherwise);
    return status;
}

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
                : nks_fault_set(fault, NKS_INTEGRITY, "DB-DAMAGED",
                                "the table db_writer has lost its row, or it is none");
}

static bool is_moving(const char *there, const char *home)
{
    size_t len = strlen(NKS_MOVING);
    return strncmp(there, NKS_MOVING, len) == 0 && strcmp(there + len, home) == 0;
}

/* A copy of a home names the same database, and would take its work into a house of its own. A home that was moved here
 * takes its place with the first opening by its nks.conf. */
static enum nks_status home_check(struct pg *db, const char *home, struct nks_fault *fault)
{
    static const struct nks_sql sql_leave = {"home_leave",
                                             "UPDATE db_writer SET home = ?1 WHERE home IS NULL OR home = '" NKS_MOVING
                                             "' || ?1",
                                             1,
                                             {"home"}};
    char there[HOME_MAX] = "";
    struct nks_stmt *stmt = NULL;
    NKS_TRY(home_read(db, there, fault));
    if (there[0] == '\0' || is_moving(there, home)) {
        NKS_TRY(nks_pg_start(&db->base, &sql_leave, &stmt, fault));
        nks_pg_bind_text(stmt, 0, nks_text_from(home));
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
             "SET client_min_messages = error; SET statement_timeout = '%ds'; SET lock_timeout = %d;"
             "SET synchronous_commit = %s; SET default_transaction_read_only = %s; SET timezone = 'UTC'; SET jit = off",
             STATEMENT_TIMEOUT_S, options->busy_timeout_ms > 0 ? options->busy_timeout_ms : 1,
             options->durable ? "on" : "off", options->read_only ? "on" : "off");
    NKS_TRY(connect_to(db, options->path, !options->read_only, fault));
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
    NKS_TRY(nks_pg_rows_flush(db, fault));
    NKS_TRY(nks_pg_send(db, "commit", "COMMIT", &answer, fault));
    enum nks_status status = nks_pg_sync(db, &local);
    bool is_done = status == NKS_OK && strcmp(PQcmdStatus(answer), "COMMIT") == 0;
    PQclear(answer);
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

static enum nks_status pg_script(struct nks_db *base, const char *name, const char *text, struct nks_fault *fault)
{
    char partitions[1024];
    snprintf(partitions, sizeof partitions, partitions_form, PG_PARTITIONS - 1, PG_PARTITIONS);
    NKS_TRY(nks_pg_simple(nks_pg_of(base), name, text, fault));
    return nks_pg_simple(nks_pg_of(base), name, partitions, fault);
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

static enum nks_status pg_wipe(struct nks_db *db, struct nks_fault *fault)
{
    (void)db;
    return not_here("wiping freed pages", fault);
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
    .wipe_begin = pg_wipe,
    .wipe = pg_wipe,
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
