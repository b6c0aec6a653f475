/*
 * The engine PostgreSQL, on a private server (tests/postgres.sh): the verbs as on SQLite, and what is its own. Skipped
 * (77) where no server can be started.
 */
#include "db_verbs.h"
#include "postgres_server.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- what libpq is asked for, counted or made to fail on its way */

static int syncs;       /* round trips */
static bool copy_fails; /* the next rows of a COPY cannot be sent */

int PQpipelineSync(void *conn);
int PQpipelineSync(void *conn)
{
    int (*real)(void *) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "PQpipelineSync");
    syncs++;
    return real(conn);
}

int PQputCopyData(void *conn, const char *bytes, int count);
int PQputCopyData(void *conn, const char *bytes, int count)
{
    int (*real)(void *, const char *, int) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "PQputCopyData");
    if (!copy_fails)
        return real(conn, bytes, count);
    copy_fails = false;
    return -1;
}

static enum nks_status open_at(const char *path, bool create, bool read_only, struct nks_db **out)
{
    const struct nks_db_options options = {
        .path = path, .create = create, .read_only = read_only, .busy_timeout_ms = 1, .durable = true};
    nks_fault_clear(&fault);
    return nks_db_open(&options, out, &fault);
}

static struct nks_db *open_new(void)
{
    struct nks_db *db = NULL;
    ck_assert_int_eq(open_at(server_address, true, false, &db), NKS_OK);
    return db;
}

static struct nks_db *open_read_only(void)
{
    struct nks_db *db = NULL;
    ck_assert_int_eq(open_at(server_address, false, true, &db), NKS_OK);
    return db;
}

/* Each test begins with an empty database. */
static void setup(void)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(
        nks_db_script(db, "setup", "SET lock_timeout = 0; DROP SCHEMA public CASCADE; CREATE SCHEMA public", &fault),
        NKS_OK);
    nks_db_close(db);
}

/* ---- opening */

START_TEST(missing_is_told)
{
    struct nks_db *db = NULL;
    expect_fault(open_at(server_address, false, false, &db), NKS_FAILED, "DB-MISSING");
    expect_fault(open_at(server_address, false, true, &db), NKS_FAILED, "DB-MISSING");
    nks_db_close(open_new());
    ck_assert_int_eq(open_at(server_address, false, true, &db), NKS_OK);
    nks_db_close(db);
}
END_TEST

START_TEST(wrong_addresses_are_told)
{
    static const struct {
        const char *address, *code;
        enum nks_status status;
    } rows[] = {
        {"postgresql://[", "DB-ADDRESS", NKS_FAILED},
        {"postgresql:///x?nothing=of+this", "DB-ADDRESS", NKS_FAILED},
        {"postgresql:///x?host=/nowhere", "DB-CONNECTION", NKS_RETRY},
        {"postgresql://user@127.0.0.1:1/x?sslmode=disable", "DB-TLS", NKS_FAILED},
        {"postgresql://user@127.0.0.1:1/x?sslmode=prefer", "DB-TLS", NKS_FAILED},
        {"postgresql:///x?host=/tmp&hostaddr=127.0.0.1&sslmode=disable", "DB-TLS", NKS_FAILED},
        {"postgresql:///x?host=/tmp,127.0.0.1&sslmode=prefer", "DB-TLS", NKS_FAILED},
        {"postgresql://user:hidden@127.0.0.1:1/x", "DB-ADDRESS", NKS_FAILED},
        {"postgresql://user:hid@den@127.0.0.1:1/x", "DB-ADDRESS", NKS_FAILED},
        {"postgresql://user:hidden/x@127.0.0.1:1/x", "DB-ADDRESS", NKS_FAILED},
        {"postgresql://user@127.0.0.1:1/x", "DB-CONNECTION", NKS_RETRY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct nks_db *db = NULL;
        expect_fault(open_at(rows[i].address, true, false, &db), rows[i].status, rows[i].code);
        ck_assert_ptr_null(db);
        ck_assert_ptr_null(strstr(fault.line, "hidden"));
    }
    char other[300];
    struct nks_db *db = NULL;
    snprintf(other, sizeof other, "%s&dbname=none", server_address);
    expect_fault(open_at(other, true, false, &db), NKS_FAILED, "DB-PERMISSION");
}
END_TEST

START_TEST(addresses_are_shown)
{
    static const char *const rows[][2] = {
        {"/srv/nks/nks.db", "/srv/nks/nks.db"},
        {"postgresql:///n?host=/run/postgresql&user=hidden", "postgresql:///n?host=/run/postgresql"},
        {"postgresql://hidden:hidden@a.example/n?sslmode=verify-full", "postgresql://a.example:5432/n"},
        {"postgresql://hidden@a.example:6000/n?password=hidden", "postgresql://a.example:6000/n"},
        {"postgresql://hidden@[::1]:6000/n", "postgresql://::1:6000/n"},
        {"postgresql://hi@dden@[", "postgresql:///"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64];
        nks_db_shown(rows[i][0], out, sizeof out);
        ck_assert_str_eq(out, rows[i][1]);
    }
}
END_TEST

/* A server of a few bytes, on a socket: says `answer` to whoever asks for a connection. */
static pid_t say_server(const char *dir, const void *answer, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", dir);
    unlink(address.sun_path);
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listening, 8), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    while (child == 0) {
        char asked[1024];
        int one = accept(listening, NULL, NULL);
        if (one < 0 || read(one, asked, sizeof asked) <= 0 || write(one, answer, len) < 0)
            _exit(1);
    } /* what was accepted stays open until the end of the process: others come in meanwhile */
    close(listening);
    return child;
}

static size_t error_message(char *out, const char *state, const char *words)
{
    char fields[256];
    int len = snprintf(fields, sizeof fields, "SFATAL%cVFATAL%cC%s%cM%s%c", 0, 0, state, 0, words, 0) + 1;
    int size = len + 4;
    const char head[5] = {'E', 0, 0, (char)(size >> 8), (char)size};
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, fields, (size_t)len);
    return sizeof head + (size_t)len;
}

static void expect_said(const void *answer, size_t len, enum nks_status status, const char *code)
{
    char address[128];
    struct nks_db *db = NULL;
    pid_t server = say_server(server_dir, answer, len);
    snprintf(address, sizeof address, "postgresql:///x?host=%s&user=u", server_dir);
    enum nks_status got = open_at(address, true, false, &db);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    expect_fault(got, status, code);
}

/* What a server says that lets nobody in: by its state, never by its words. */
START_TEST(states_of_a_server)
{
    static const struct {
        const char *state, *words, *code;
        enum nks_status status;
    } rows[] = {
        {"53300", "sorry, too many clients already", "DB-CONNECTION", NKS_RETRY},
        {"57P03", "the database system is starting up", "DB-CONNECTION", NKS_RETRY},
        {"57P03", "the database system is in recovery mode", "DB-CONNECTION", NKS_RETRY},
        {"57P01", "terminating connection", "DB-CONNECTION", NKS_RETRY},
        {"53200", "out of memory", "MEMORY", NKS_RETRY},
        {"28P01", "password authentication failed", "DB-PERMISSION", NKS_FAILED},
        {"28000", "no pg_hba.conf entry, SSL off", "DB-PERMISSION", NKS_FAILED},
        {"3D000", "database does not exist", "DB-PERMISSION", NKS_FAILED},
        {"42501", "permission denied for database", "DB-PERMISSION", NKS_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char answer[300];
        size_t len = error_message(answer, rows[i].state, rows[i].words);
        expect_said(answer, len, rows[i].status, rows[i].code);
        ck_assert_ptr_nonnull(strstr(fault.line, rows[i].words));
    }
}
END_TEST

START_TEST(only_a_replica)
{
    static const char answer[] = "R\0\0\0\10\0\0\0\0"
                                 "S\0\0\0\30server_version\00015.0\0"
                                 "S\0\0\0\26in_hot_standby\0on\0"
                                 "K\0\0\0\14\0\0\0\1\0\0\0\1"
                                 "Z\0\0\0\5I";
    expect_said(answer, sizeof answer - 1, NKS_RETRY, "DB-CONNECTION");
}
END_TEST

START_TEST(too_many_connections)
{
    char address[300];
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_script(db, "few", "CREATE ROLE few LOGIN CONNECTION LIMIT 0", &fault), NKS_OK);
    nks_db_close(db);
    snprintf(address, sizeof address, "%.*s&user=few", (int)strcspn(server_address, "&"), server_address);
    expect_fault(open_at(address, true, false, &db), NKS_RETRY, "DB-CONNECTION");
}
END_TEST

/* A name of another alphabet would stop the night that meets it. */
START_TEST(other_encodings_are_refused)
{
    static const char *const others[] = {"LATIN1", "SQL_ASCII"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char text[200], address[300];
        struct nks_db *db = open_new();
        snprintf(text, sizeof text, "CREATE DATABASE other%zu ENCODING '%s' LOCALE 'C' TEMPLATE template0", i,
                 others[i]);
        ck_assert_int_eq(nks_db_script(db, "other", text, &fault), NKS_OK);
        nks_db_close(db);
        snprintf(address, sizeof address, "%s&dbname=other%zu", server_address, i);
        expect_fault(open_at(address, true, false, &db), NKS_FAILED, "DB-ENCODING");
    }
}
END_TEST

/* ---- writes that are on their way */

static void insert_quietly(struct nks_db *db, const struct nks_sql *sql, int64_t k, int64_t v)
{
    struct nks_stmt *stmt = start(db, sql);
    nks_bind_int(stmt, "k", k);
    nks_bind_int(stmt, "v", v);
    ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
}

static const struct nks_sql sql_sum = {"sum", "SELECT count(*), sum(k), sum(v), min(k), max(k) FROM t", 0, {NULL}};

static void expect_sum(struct nks_db *db, int64_t rows, int64_t keys, int64_t values)
{
    bool found = false;
    struct nks_stmt *stmt = start(db, &sql_sum);
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert_int_eq(nks_column_int(stmt, 0), rows);
    ck_assert_int_eq(nks_column_int(stmt, 1), keys);
    ck_assert_int_eq(nks_column_int(stmt, 2), values);
}

/* 1, 63, 64 and 5,000 rows in a row go other ways, and come to the same. */
START_TEST(rows_in_a_row)
{
    static const int64_t counts[] = {1, 63, 64, 65, 5000};
    struct nks_db *db = open_table();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        begin(db);
        for (int64_t k = 1; k <= counts[i]; k++)
            insert_quietly(db, &sql_insert, -k, 2 * k);
        expect_sum(db, counts[i], -counts[i] * (counts[i] + 1) / 2, counts[i] * (counts[i] + 1));
        nks_db_rollback(db);
        ck_assert_int_eq(count_rows(db), 0);
    }
    nks_db_close(db);
}
END_TEST

START_TEST(rows_of_two_statements_in_turn)
{
    struct nks_db *db = open_table();
    begin(db);
    for (int64_t k = 0; k < 100; k++) {
        insert_quietly(db, &sql_insert, 3 * k, 1);
        insert_quietly(db, &sql_twice, 3 * k + 1, 1);
        struct nks_stmt *stmt = start(db, &sql_update);
        nks_bind_int(stmt, "v", k);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    }
    commit(db);
    expect_sum(db, 200, 3 * 99 * 100 + 100, 200 * 99); /* the last update is of all rows */
    nks_db_close(db);
}
END_TEST

static enum nks_status count_call(void *context, struct nks_fault *out)
{
    (void)out;
    ++*(int *)context;
    return NKS_OK;
}

START_TEST(commits_that_changed_something_are_told)
{
    int calls = 0;
    struct nks_db *db = open_table();
    nks_db_on_commit(db, count_call, &calls);
    begin(db);
    commit(db);
    ck_assert_int_eq(calls, 0);
    for (int64_t rows = 1; rows <= 100; rows += 99) {
        begin(db);
        for (int64_t k = 1; k <= rows; k++)
            insert_quietly(db, &sql_insert, 1000 * rows + k, 0);
        commit(db);
    }
    ck_assert_int_eq(calls, 2);
    begin(db);
    (void)count_rows(db);
    commit(db);
    ck_assert_int_eq(calls, 2);
    nks_db_close(db);
}
END_TEST

/* What fails on its way is told by the next answer, under its own name, and nothing of the transaction stays. */
START_TEST(late_errors)
{
    struct nks_db *db = open_table();
    for (int64_t rows = 1; rows <= 100; rows += 99) { /* by INSERT, by COPY */
        begin(db);
        for (int64_t k = 1; k <= rows; k++)
            insert_quietly(db, &sql_insert, k, 1);
        insert_quietly(db, &sql_insert, 1, 1);
        nks_fault_clear(&fault);
        expect_fault(nks_db_commit(db, &fault), NKS_FAILED, "DB-SQL");
        ck_assert_ptr_nonnull(strstr(fault.line, "insert: "));
        ck_assert(!nks_db_in_transaction(db));
        ck_assert_int_eq(count_rows(db), 0);
        begin(db);
        insert_quietly(db, &sql_twice, 1, 1);
        insert_quietly(db, &sql_twice, 1, 1);
        nks_fault_clear(&fault);
        bool found = false;
        expect_fault(nks_stmt_one(start(db, &sql_count), &found, &fault), NKS_FAILED, "DB-SQL");
        ck_assert_ptr_nonnull(strstr(fault.line, "twice: "));
        nks_db_rollback(db);
        ck_assert_int_eq(count_rows(db), 0);
    }
    nks_db_close(db);
}
END_TEST

START_TEST(large_values)
{
    enum { LARGE = 9 << 20 };
    char *bytes = calloc(1, LARGE);
    ck_assert_ptr_nonnull(bytes);
    struct nks_db *db = open_table();
    begin(db);
    for (int64_t k = 1; k <= 4; k++) {
        struct nks_stmt *stmt = start(db, &sql_insert);
        nks_bind_int(stmt, "k", k);
        nks_bind_bytes(stmt, "b", bytes, k % 2 == 0 ? LARGE : 3 << 20);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    }
    commit(db);
    struct nks_stmt *stmt = select_one(db, 4);
    ck_assert_uint_eq(nks_column_bytes(stmt, 2).len, LARGE);
    nks_db_close(db);
    free(bytes);
}
END_TEST

/* ---- values */

/* What the server would take for a narrower number. */
START_TEST(parameters_are_wide)
{
    static const struct nks_sql sql_or = {"or", "SELECT count(*) FROM t WHERE ?1 = 0 OR v = ?1", 1, {"v"}};
    static const struct nks_sql sql_shift = {"shift", "SELECT ?1 << 20", 1, {"v"}};
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, INT64_MAX), NKS_OK);
    bool found = false;
    struct nks_stmt *stmt = start(db, &sql_or);
    nks_bind_int(stmt, "v", INT64_MAX);
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert_int_eq(nks_column_int(stmt, 0), 1);
    stmt = start(db, &sql_shift);
    nks_bind_int(stmt, "v", INT64_C(1) << 40);
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert_int_eq(nks_column_int(stmt, 0), INT64_C(1) << 60);
    nks_db_close(db);
}
END_TEST

START_TEST(numbers_of_every_type)
{
    static const struct nks_sql sql_numbers = {
        "numbers",
        "SELECT -1::smallint, -70000::integer, true, false, sum(x) FROM (SELECT ?1::bigint AS x UNION ALL SELECT 0) y",
        1,
        {"x"}};
    static const int64_t values[] = {0,         1,         -1,     9999,          10000,     -10000,
                                     123456789, 100000000, -40000, 4000000000000, INT64_MAX, INT64_MIN + 1};
    struct nks_db *db = open_new();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        bool found = false;
        struct nks_stmt *stmt = start(db, &sql_numbers);
        nks_bind_int(stmt, "x", values[i]);
        ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
        ck_assert_int_eq(nks_column_int(stmt, 0), -1);
        ck_assert_int_eq(nks_column_int(stmt, 1), -70000);
        ck_assert_int_eq(nks_column_int(stmt, 2), 1);
        ck_assert_int_eq(nks_column_int(stmt, 3), 0);
        ck_assert_int_eq(nks_column_int(stmt, 4), values[i]);
    }
    nks_db_close(db);
}
END_TEST

/* A text that is no UTF-8, or has a NUL, is nowhere; and it is not stored. */
START_TEST(texts_that_cannot_be)
{
    static const struct nks_sql sql_text = {"text", "SELECT count(*) FROM t WHERE s = ?1 OR ?1 = ''", 1, {"s"}};
    static const struct nks_text rows[] = {NKS_TEXT("a\xff"), NKS_TEXT("a\0b"), NKS_TEXT("\xc3")};
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool found = false;
        struct nks_stmt *stmt = start(db, &sql_text);
        nks_bind_text(stmt, "s", rows[i]);
        ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
        ck_assert_int_eq(nks_column_int(stmt, 0), 0);
        stmt = start(db, &sql_insert);
        nks_bind_int(stmt, "k", 2);
        nks_bind_text(stmt, "s", rows[i]);
        nks_fault_clear(&fault);
        expect_fault(nks_stmt_run(stmt, NULL, &fault), NKS_FAILED, "DB-SQL");
    }
    ck_assert_int_eq(count_rows(db), 1);
    nks_db_close(db);
}
END_TEST

START_TEST(a_column_too_narrow_is_told)
{
    static const struct nks_migration step = {"m", 1,
                                              "CREATE TABLE narrow (i {id} PRIMARY KEY, n {int}) {table_options};"};
    static const struct nks_sql sql_narrow = {"narrow", "INSERT INTO narrow(i, n) VALUES (?1, ?2)", 2, {"i", "n"}};
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, &step, 1, 1, &fault), NKS_OK);
    begin(db);
    struct nks_stmt *stmt = start(db, &sql_narrow);
    nks_bind_int(stmt, "i", 1);
    nks_bind_int(stmt, "n", INT64_C(1) << 40);
    expect_fault(nks_stmt_run(stmt, NULL, &fault), NKS_FAILED, "DB-SQL");
    nks_db_close(db);
}
END_TEST

/* ---- readings */

static int64_t read_all(struct nks_db *db)
{
    struct nks_stmt *stmt = start(db, &sql_all);
    for (int64_t seen = 0;; seen++) {
        bool row = false;
        ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
        if (!row)
            return seen;
        ck_assert_int_eq(nks_column_int(stmt, 0), seen + 1);
    }
}

/* Around the number of rows that are fetched at a time; inside transactions and outside. */
START_TEST(long_readings)
{
    static const int64_t counts[] = {0, 1, 255, 256, 257, 4351, 4352, 4353, 9000};
    struct nks_db *db = open_table();
    int64_t rows = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        begin(db);
        while (rows < counts[i]) {
            rows++;
            insert_quietly(db, &sql_insert, rows, rows);
        }
        ck_assert_int_eq(read_all(db), rows);
        commit(db);
        ck_assert_int_eq(read_all(db), rows);
        ck_assert_int_eq(nks_db_begin_read(db, &fault), NKS_OK);
        ck_assert_int_eq(read_all(db), rows);
        nks_db_rollback(db);
    }
    nks_db_close(db);
}
END_TEST

START_TEST(a_reading_over_transactions)
{
    struct nks_db *db = open_table();
    begin(db);
    for (int64_t k = 1; k <= 600; k++)
        insert_quietly(db, &sql_insert, k, 0);
    commit(db);
    struct nks_stmt *stmt = start(db, &sql_all);
    for (int64_t seen = 1; seen <= 600; seen++) {
        bool row = false;
        ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
        ck_assert_int_eq(nks_column_int(stmt, 0), seen);
        if (seen % 100 != 0)
            continue;
        begin(db);
        insert_quietly(db, &sql_insert, -seen, 0);
        if (seen % 200 == 0)
            nks_db_rollback(db);
        else
            commit(db);
    }
    nks_stmt_end(stmt);
    ck_assert_int_eq(count_rows(db), 603);
    nks_db_close(db);
}
END_TEST

START_TEST(a_state_stands_still_for_a_reader)
{
    struct nks_db *one = open_table(), *two = open_new();
    ck_assert_int_eq(nks_db_begin_read(two, &fault), NKS_OK);
    ck_assert_int_eq(count_rows(two), 0);
    ck_assert_int_eq(insert(one, 1, 1), NKS_OK);
    ck_assert_int_eq(count_rows(two), 0);
    nks_db_rollback(two);
    ck_assert_int_eq(count_rows(two), 1);
    nks_db_close(one);
    nks_db_close(two);
}
END_TEST

START_TEST(many_keys)
{
    enum { KEYS = 10000 };
    static int64_t keys[KEYS];
    struct nks_db *db = open_table();
    begin(db);
    for (int64_t k = 0; k < KEYS; k++) {
        keys[k] = k;
        insert_quietly(db, &sql_insert, k, k);
    }
    struct seen seen = {0};
    ck_assert_int_eq(nks_db_each_key(db, &sql_range, keys, KEYS, see, &seen, &fault), NKS_OK);
    ck_assert_uint_eq(seen.rows, KEYS);
    ck_assert_uint_eq(seen.last_index, KEYS - 1);
    commit(db);
    nks_db_close(db);
}
END_TEST

/* ---- what was changed by another hand */

static void change(struct nks_db *db, const char *text)
{
    ck_assert_int_eq(nks_db_script(db, "change", text, &fault), NKS_OK);
}

/* Reads a column of row 1 as what it is no more. */
static void read_wrongly(struct nks_db *db, bool as_number)
{
    struct nks_stmt *stmt = select_one(db, 1);
    ck_assert_ptr_nonnull(stmt);
    nks_fault_clear(&fault);
    if (as_number)
        ck_assert_int_eq(nks_column_int(stmt, 1), 0);
    else
        ck_assert_uint_eq(nks_column_text(stmt, 3).len, 0);
}

START_TEST(a_changed_type_is_told)
{
    for (int as_number = 0; as_number < 2; as_number++) {
        bool row = false;
        struct nks_db *db = open_table();
        change(db, "INSERT INTO t (k, v, s) VALUES (1, 7, '8'); ALTER TABLE t ALTER v TYPE text; ALTER TABLE t ALTER s "
                   "TYPE bigint USING 8");
        read_wrongly(db, as_number);
        expect_fault(nks_db_begin(db, &fault), NKS_INTEGRITY, "DB-SCHEMA");
        ck_assert_ptr_nonnull(strstr(fault.line, as_number ? "select: v is no number" : "select: s is neither"));
        begin(db); /* told once */
        read_wrongly(db, as_number);
        expect_fault(nks_db_commit(db, &fault), NKS_INTEGRITY, "DB-SCHEMA");
        ck_assert(!nks_db_in_transaction(db));
        read_wrongly(db, as_number);
        expect_fault(nks_stmt_step(start(db, &sql_count), &row, &fault), NKS_INTEGRITY, "DB-SCHEMA");
        read_wrongly(db, as_number);
        expect_fault(nks_stmt_one(start(db, &sql_count), &row, &fault), NKS_INTEGRITY, "DB-SCHEMA");
        read_wrongly(db, as_number);
        expect_fault(nks_stmt_run(start(db, &sql_twice), NULL, &fault), NKS_INTEGRITY, "DB-SCHEMA");
        ck_assert_int_eq(count_rows(db), 1);
        change(db, "DROP TABLE t");
        nks_db_close(db);
    }
}
END_TEST

START_TEST(a_changed_type_is_told_of_many_keys)
{
    static const int64_t key = 1;
    struct seen seen = {0};
    struct nks_db *db = open_table();
    change(db, "INSERT INTO t (k, v) VALUES (1, 1); ALTER TABLE t ALTER k TYPE text");
    nks_fault_clear(&fault);
    expect_fault(nks_db_each_key(db, &sql_range, &key, 1, see, &seen, &fault), NKS_INTEGRITY, "DB-SCHEMA");
    nks_db_close(db);
}
END_TEST

START_TEST(numbers_that_do_not_fit)
{
    static const struct nks_sql rows[] = {
        {"above", "SELECT 9223372036854775808::numeric", 0, {NULL}},
        {"below", "SELECT -9223372036854775809::numeric", 0, {NULL}},
        {"far", "SELECT 1e300::numeric", 0, {NULL}},
        {"part", "SELECT 0.5::numeric", 0, {NULL}},
        {"none", "SELECT 'NaN'::numeric", 0, {NULL}},
        {"infinite", "SELECT 'Infinity'::numeric", 0, {NULL}},
    };
    struct nks_db *db = open_table();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(number_of(db, &rows[i]), 0);
        nks_fault_clear(&fault);
        expect_fault(nks_db_begin(db, &fault), NKS_FAILED, "DB-SQL");
    }
    static const struct nks_sql least = {"least", "SELECT -9223372036854775808::numeric", 0, {NULL}};
    ck_assert_int_eq(number_of(db, &least), INT64_MIN);
    begin(db);
    nks_db_close(db);
}
END_TEST

/* ---- round trips */

/* The first use of a statement asks once what it is; after that, only its answer is waited for. */
START_TEST(round_trips)
{
    static const struct nks_sql sql_plus = {"plus", "UPDATE t SET v = v + ?2 WHERE k = ?1", 2, {"k", "v"}};
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    begin(db);
    for (int times = 0; times < 2; times++) {
        syncs = 0;
        ck_assert_ptr_nonnull(select_one(db, 1));
        ck_assert_int_eq(syncs, times == 0 ? 2 : 1);
        syncs = 0;
        insert_quietly(db, &sql_plus, 1, 1);
        ck_assert_int_eq(syncs, times == 0 ? 1 : 0);
    }
    commit(db);
    struct nks_stmt *stmt = select_one(db, 1);
    ck_assert_int_eq(nks_column_int(stmt, 1), 3);
    nks_db_close(db);
}
END_TEST

/* An error before its first execution keeps it from being prepared; it is prepared later. */
START_TEST(prepared_after_an_error)
{
    static const struct nks_sql sql_plus = {"plus", "UPDATE t SET v = v + ?2 WHERE k = ?1", 2, {"k", "v"}};
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    begin(db);
    (void)start(db, &sql_twice);
    (void)start(db, &sql_plus);
    insert_quietly(db, &sql_twice, 1, 1); /* twice */
    insert_quietly(db, &sql_plus, 1, 1);
    nks_fault_clear(&fault);
    expect_fault(nks_db_commit(db, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "twice: "));
    begin(db);
    insert_quietly(db, &sql_plus, 1, 5);
    commit(db);
    struct nks_stmt *stmt = select_one(db, 1);
    ck_assert_int_eq(nks_column_int(stmt, 1), 6);
    nks_db_close(db);
}
END_TEST

/* However much is on its way when a reading ends, its cursor is closed. */
START_TEST(no_cursor_stays)
{
    enum { AROUND = 256 };
    static const struct nks_sql sql_cursors = {
        "cursors", "SELECT count(*) FROM pg_cursors WHERE name <> ''", 0, {NULL}};
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    int64_t k = 1;
    for (int writes = AROUND - 6; writes < AROUND + 6; writes++) {
        bool row = false;
        struct nks_stmt *reading = start(db, &sql_all);
        ck_assert_int_eq(nks_stmt_step(reading, &row, &fault), NKS_OK);
        ck_assert(row);
        begin(db);
        for (int i = 0; i < writes; i++)
            insert_quietly(db, &sql_twice, ++k, 0);
        nks_stmt_end(reading);
        commit(db);
        ck_assert_int_eq(number_of(db, &sql_cursors), 0);
    }
    ck_assert_int_eq(count_rows(db), k);
    nks_db_close(db);
}
END_TEST

START_TEST(rows_that_cannot_be_sent)
{
    struct nks_db *db = open_table();
    begin(db);
    for (int64_t k = 1; k <= 100; k++)
        insert_quietly(db, &sql_insert, k, 1);
    copy_fails = true;
    nks_fault_clear(&fault);
    expect_fault(nks_db_commit(db, &fault), NKS_RETRY, "DB-CONNECTION");
    ck_assert(!nks_db_in_transaction(db));
    ck_assert_int_eq(count_rows(db), 0);
    begin(db); /* the connection is as good as before */
    for (int64_t k = 1; k <= 100; k++)
        insert_quietly(db, &sql_insert, k, 1);
    commit(db);
    ck_assert_int_eq(count_rows(db), 100);
    nks_db_close(db);
}
END_TEST

/* ---- the connection breaks */

static void end_others(void)
{
    static const struct nks_sql sql_end = {
        "end",
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "application_name = 'nks'",
        0,
        {NULL}};
    struct nks_db *db = open_new();
    (void)number_of(db, &sql_end);
    nks_db_close(db);
}

START_TEST(broken_in_between)
{
    struct nks_db *db = open_table();
    begin(db);
    insert_quietly(db, &sql_insert, 1, 1);
    struct nks_stmt *stmt = start(db, &sql_count);
    end_others();
    bool found = false;
    nks_fault_clear(&fault);
    expect_fault(nks_stmt_one(stmt, &found, &fault), NKS_RETRY, "DB-CONNECTION");
    nks_db_rollback(db);
    ck_assert(!nks_db_in_transaction(db));
    nks_fault_clear(&fault);
    expect_fault(nks_db_begin(db, &fault), NKS_RETRY, "DB-CONNECTION");
    nks_db_close(db);
    db = open_new();
    ck_assert_int_eq(count_rows(db), 0);
    nks_db_close(db);
}
END_TEST

/* Whether the commit took place is not known here: whoever asks must look. */
START_TEST(broken_at_the_commit)
{
    struct nks_db *db = open_table();
    begin(db);
    insert_quietly(db, &sql_twice, 1, 1);
    (void)count_rows(db);
    end_others();
    nks_fault_clear(&fault);
    expect_fault(nks_db_commit(db, &fault), NKS_UNKNOWN, "DB-COMMIT");
    ck_assert(!nks_db_in_transaction(db));
    nks_db_close(db);
    db = open_new();
    ck_assert_int_eq(count_rows(db), 0);
    nks_db_close(db);
}
END_TEST

/* ---- schema */

START_TEST(rows_are_shared_out)
{
    static const struct nks_migration parted[] = {
        {"m", 1,
         "CREATE TABLE parted (slice_id {id} NOT NULL, n {int} NOT NULL, PRIMARY KEY (slice_id, n)){partition slice_id}"
         "{clustered}; CREATE {unique_unsharded} INDEX parted_n ON parted (n);"},
        {"m", 2, "ALTER TABLE parted ADD COLUMN more {text} NOT NULL DEFAULT '';"},
    };
    static const struct nks_sql sql_parts = {
        "parts",
        "SELECT count(DISTINCT tableoid) * 1000 + (SELECT count(*) FROM pg_inherits WHERE inhparent = "
        "'parted'::regclass) FROM parted",
        0,
        {NULL}};
    static const struct nks_sql sql_row = {
        "row", "INSERT INTO parted (slice_id, n) VALUES (?1, ?2)", 2, {"slice_id", "n"}};
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, parted, 1, 1, &fault), NKS_OK);
    ck_assert_int_eq(nks_db_migrate(db, parted, 2, 1, &fault), NKS_OK);
    begin(db);
    struct nks_stmt *stmt = start(db, &sql_row);
    for (int64_t i = 0; i < 200; i++) {
        nks_bind_int(stmt, "slice_id", i << 14);
        nks_bind_int(stmt, "n", 7);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    }
    commit(db);
    ck_assert_int_eq(number_of(db, &sql_parts), 8008);
    nks_db_close(db);
}
END_TEST

static const char *const erased_tables[] = {"t", "parted", NULL};

/* Whoever may still see what is erased has it wait; afterwards the tables have files of their own, with what is left.
 */
START_TEST(wiping)
{
    static const struct nks_sql sql_files = {
        "files",
        "SELECT sum(hashtext(pg_relation_filenode(oid)::text)) FROM pg_class WHERE relname IN ('t', 'parted_3')",
        0,
        {NULL}};
    struct nks_db *db = open_table(), *other = open_new();
    change(db, "CREATE TABLE parted (i bigint NOT NULL, PRIMARY KEY (i)) PARTITION BY HASH (i)");
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    ck_assert_int_eq(insert(db, 2, 2), NKS_OK);
    change(db, "INSERT INTO parted SELECT generate_series(1, 100)");
    ck_assert_int_eq(nks_db_wipe_begin(db, erased_tables, &fault), NKS_OK);
    for (int i = 0; i < 2; i++) { /* of either table a row that the other one sees */
        int64_t before = number_of(db, &sql_files);
        ck_assert_int_eq(nks_db_begin_read(other, &fault), NKS_OK);
        ck_assert_int_ge(number_of(other, &sql_files), INT64_MIN);
        change(db, i == 0 ? "DELETE FROM t WHERE k = 1" : "UPDATE parted SET i = i + 1000 WHERE i < 50");
        nks_fault_clear(&fault);
        expect_fault(nks_db_wipe(db, erased_tables, &fault), NKS_RETRY, "DB-BUSY");
        ck_assert_int_eq(number_of(db, &sql_files), before);
        nks_db_rollback(other);
        nks_fault_clear(&fault);
        ck_assert_int_eq(nks_db_wipe(db, erased_tables, &fault), NKS_OK);
        ck_assert_int_ne(number_of(db, &sql_files), before);
    }
    ck_assert_int_eq(count_rows(db), 1);
    nks_db_close(other);
    nks_db_close(db);
}
END_TEST

/* Files of the server's tables that have the word, when all is written. */
static int files_with(struct nks_db *db, const char *word)
{
    char command[512];
    int count = -1;
    change(db, "CHECKPOINT");
    snprintf(command, sizeof command, "grep -rlaF %s '%s/pg/data/base' | wc -l", word, server_dir);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(fscanf(out, "%d", &count), 1);
    ck_assert_int_eq(pclose(out), 0);
    return count;
}

/* A plain VACUUM leaves the bytes of a row that came last where they are: hence the tables are written anew. */
START_TEST(wiped_values_are_in_no_file)
{
    static const char *const tables[] = {"t", NULL};
    struct nks_db *db = open_table();
    change(db, "INSERT INTO t (k, s) VALUES (1, 'one that stays'), (2, 'planted' || 'Value')");
    ck_assert_int_eq(nks_db_wipe_begin(db, tables, &fault), NKS_OK);
    change(db, "DELETE FROM t WHERE k = 2");
    change(db, "VACUUM t");
    ck_assert_int_eq(files_with(db, "plantedValue"), 1);
    ck_assert_int_eq(nks_db_wipe(db, tables, &fault), NKS_OK);
    ck_assert_int_eq(files_with(db, "plantedValue"), 0);
    nks_db_close(db);
}
END_TEST

START_TEST(wiping_takes_the_owner)
{
    char address[300];
    struct nks_db *db = open_table();
    change(db, "CREATE TABLE parted (i bigint); CREATE ROLE other LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO "
               "other; GRANT USAGE ON SCHEMA public TO other");
    nks_db_close(db);
    snprintf(address, sizeof address, "%.*s&user=other", (int)strcspn(server_address, "&"), server_address);
    ck_assert_int_eq(open_at(address, false, false, &db), NKS_OK);
    expect_fault(nks_db_wipe_begin(db, erased_tables, &fault), NKS_FAILED, "DB-PERMISSION");
    ck_assert_ptr_nonnull(strstr(fault.line, "nks_owner"));
    nks_db_close(db);
}
END_TEST

START_TEST(what_is_not_here_is_told)
{
    struct nks_db *db = open_new();
    expect_fault(nks_db_copy(db, "copy", NULL, NULL, &fault), NKS_FAILED, "DB-ENGINE");
    ck_assert_int_eq(nks_db_check(db, &fault), NKS_OK);
    nks_db_close(db);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("postgres");
    TCase *t = verbs_case();
    tcase_add_checked_fixture(t, setup, NULL);
    suite_add_tcase(s, t);
    t = tcase_create("own");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, missing_is_told);
    tcase_add_test(t, wrong_addresses_are_told);
    tcase_add_test(t, addresses_are_shown);
    tcase_add_test(t, states_of_a_server);
    tcase_add_test(t, only_a_replica);
    tcase_add_test(t, too_many_connections);
    tcase_add_test(t, other_encodings_are_refused);
    tcase_add_test(t, rows_in_a_row);
    tcase_add_test(t, rows_of_two_statements_in_turn);
    tcase_add_test(t, commits_that_changed_something_are_told);
    tcase_add_test(t, late_errors);
    tcase_add_test(t, large_values);
    tcase_add_test(t, parameters_are_wide);
    tcase_add_test(t, numbers_of_every_type);
    tcase_add_test(t, texts_that_cannot_be);
    tcase_add_test(t, a_column_too_narrow_is_told);
    tcase_add_test(t, long_readings);
    tcase_add_test(t, a_reading_over_transactions);
    tcase_add_test(t, a_state_stands_still_for_a_reader);
    tcase_add_test(t, many_keys);
    tcase_add_test(t, a_changed_type_is_told);
    tcase_add_test(t, a_changed_type_is_told_of_many_keys);
    tcase_add_test(t, numbers_that_do_not_fit);
    tcase_add_test(t, round_trips);
    tcase_add_test(t, prepared_after_an_error);
    tcase_add_test(t, no_cursor_stays);
    tcase_add_test(t, rows_that_cannot_be_sent);
    tcase_add_test(t, broken_in_between);
    tcase_add_test(t, broken_at_the_commit);
    tcase_add_test(t, rows_are_shared_out);
    tcase_add_test(t, wiping);
    tcase_add_test(t, wiped_values_are_in_no_file);
    tcase_add_test(t, wiping_takes_the_owner);
    tcase_add_test(t, what_is_not_here_is_told);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return server_suite(suite());
}
