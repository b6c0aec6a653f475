#ifndef NKS_TESTS_UNIT_DB_VERBS_H
#define NKS_TESTS_UNIT_DB_VERBS_H
/*
 * What the verbs of db.h do, the same for every engine. Whoever includes this gives open_new (a database, made when it
 * is missing), open_read_only, and `fault`; and adds verbs_case to its suite.
 */
#include "db/db_private.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct nks_fault fault;
static struct nks_db *open_new(void);
static struct nks_db *open_read_only(void);

/* ---- statements as the build would make them */

static const struct nks_sql sql_create = {
    "create", "CREATE TABLE t (k {id} PRIMARY KEY, v {id}, b {bytes}, s {text}) {table_options}", 0, {NULL}};
static const struct nks_sql sql_insert = {
    "insert", "INSERT INTO t (k, v, b, s) VALUES (?1, ?2, ?3, ?4)", 4, {"k", "v", "b", "s"}};
static const struct nks_sql sql_twice = {
    "twice", "INSERT INTO t (k, v) VALUES (?1, CAST(?1 AS {id}) + ?2)", 2, {"k", "v"}};
static const struct nks_sql sql_select = {"select", "SELECT k, v, b, s FROM t WHERE k = ?1", 1, {"k"}};
static const struct nks_sql sql_range = {"range", "SELECT k FROM t WHERE v = ?1 ORDER BY k", 1, {"v"}};
static const struct nks_sql sql_all = {"all", "SELECT k FROM t ORDER BY k", 0, {NULL}};
static const struct nks_sql sql_count = {"count", "SELECT count(*) FROM t", 0, {NULL}};
static const struct nks_sql sql_empty = {"empty", "DELETE FROM t", 0, {NULL}};
static const struct nks_sql sql_update = {"update", "UPDATE t SET v = ?1", 1, {"v"}};

static struct nks_stmt *start(struct nks_db *db, const struct nks_sql *sql)
{
    struct nks_stmt *stmt = NULL;
    ck_assert_int_eq(nks_stmt_start(db, sql, &stmt, &fault), NKS_OK);
    return stmt;
}

static void run(struct nks_db *db, const struct nks_sql *sql)
{
    ck_assert_int_eq(nks_stmt_run(start(db, sql), NULL, &fault), NKS_OK);
}

static enum nks_status insert(struct nks_db *db, int64_t k, int64_t v)
{
    struct nks_stmt *stmt = start(db, &sql_insert);
    nks_bind_int(stmt, "k", k);
    nks_bind_int(stmt, "v", v);
    return nks_stmt_run(stmt, NULL, &fault);
}

static int64_t count_rows(struct nks_db *db)
{
    struct nks_stmt *stmt = start(db, &sql_count);
    bool found = false;
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert(found);
    int64_t count = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    return count;
}

static void begin(struct nks_db *db)
{
    ck_assert_int_eq(nks_db_begin(db, &fault), NKS_OK);
}

static void commit(struct nks_db *db)
{
    ck_assert_int_eq(nks_db_commit(db, &fault), NKS_OK);
}

static struct nks_db *open_table(void)
{
    struct nks_db *db = open_new();
    run(db, &sql_create);
    return db;
}

static void expect_fault(enum nks_status status, enum nks_status expected, const char *code)
{
    ck_assert_int_eq(status, expected);
    ck_assert_int_eq(fault.status, expected);
    ck_assert_str_eq(fault.code, code);
    ck_assert_ptr_null(strchr(fault.line, '\n'));
}

/* ---- transactions */

START_TEST(read_only_reads_beside_a_writer)
{
    struct nks_db *writer = open_table();
    ck_assert_int_eq(insert(writer, 1, 2), NKS_OK);
    struct nks_db *reader = open_read_only();
    begin(writer);
    ck_assert_int_eq(insert(writer, 2, 2), NKS_OK);
    ck_assert_int_eq(count_rows(reader), 1);
    commit(writer);
    ck_assert_int_eq(count_rows(reader), 2);
    expect_fault(insert(reader, 3, 3), NKS_FAILED, "DB-PERMISSION");
    nks_db_close(writer);
    ck_assert_int_eq(count_rows(reader), 2);
    nks_db_close(reader);
}
END_TEST

START_TEST(rollback_and_commit)
{
    struct nks_db *db = open_table();
    ck_assert(!nks_db_in_transaction(db));
    nks_db_rollback(db);
    begin(db);
    ck_assert(nks_db_in_transaction(db));
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    nks_db_rollback(db);
    ck_assert(!nks_db_in_transaction(db));
    ck_assert_int_eq(count_rows(db), 0);
    begin(db);
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    commit(db);
    ck_assert_int_eq(count_rows(db), 1);
    expect_fault(nks_db_commit(db, &fault), NKS_FAILED, "DB-SQL");
    nks_db_close(db);
}
END_TEST

START_TEST(close_rolls_back)
{
    struct nks_db *db = open_table();
    begin(db);
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    nks_db_close(db);
    db = open_new();
    ck_assert_int_eq(count_rows(db), 0);
    nks_db_close(db);
}
END_TEST

START_TEST(second_writer_is_busy)
{
    struct nks_db *one = open_table(), *two = open_new();
    begin(one);
    expect_fault(nks_db_begin(two, &fault), NKS_RETRY, "DB-BUSY");
    ck_assert(!nks_db_in_transaction(two));
    nks_fault_clear(&fault);
    expect_fault(insert(two, 9, 9), NKS_RETRY, "DB-BUSY");
    commit(one);
    begin(two);
    commit(two);
    nks_db_close(one);
    nks_db_close(two);
}
END_TEST

/* A row left by nks_stmt_one holds an old snapshot: begin and commit let go of it. */
START_TEST(single_row_keeps_no_lock)
{
    struct nks_db *one = open_table(), *two = open_new();
    ck_assert_int_eq(insert(one, 1, 1), NKS_OK);
    struct nks_stmt *stmt = start(one, &sql_all);
    bool found = false;
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert_int_eq(insert(two, 2, 2), NKS_OK);
    begin(one);
    ck_assert_int_eq(insert(one, 3, 3), NKS_OK);
    commit(one);
    nks_db_close(one);
    nks_db_close(two);
}
END_TEST

/* A loop over rows goes on over the transactions it makes. */
START_TEST(loop_survives_commit)
{
    struct nks_db *db = open_table();
    for (int64_t k = 1; k <= 3; k++)
        ck_assert_int_eq(insert(db, k, k), NKS_OK);
    struct nks_stmt *stmt = start(db, &sql_all);
    int64_t seen = 0;
    for (bool row = true;;) {
        ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
        if (!row)
            break;
        ck_assert_int_eq(nks_column_int(stmt, 0), ++seen);
        begin(db);
        ck_assert_int_eq(insert(db, -seen, 0), NKS_OK);
        commit(db);
    }
    ck_assert_int_eq(seen, 3);
    nks_db_close(db);
}
END_TEST

/* ---- statements */

START_TEST(unique_violation)
{
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 424242, 1), NKS_OK);
    expect_fault(insert(db, 424242, 1), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "insert: "));
    ck_assert_ptr_nonnull(strstr(fault.line, "constraint"));
    ck_assert_ptr_nonnull(strstr(fault.line, " t")); /* the table */
    ck_assert_ptr_null(strstr(fault.line, "424242"));
    nks_fault_clear(&fault);
    ck_assert_int_eq(insert(db, 2, 1), NKS_OK); /* the statement is usable again */
    nks_db_close(db);
}
END_TEST

START_TEST(values_never_in_a_fault)
{
    static const struct nks_sql sql_typed = {"typed", "INSERT INTO t (k, v) VALUES (1, ?1)", 1, {"v"}};
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = start(db, &sql_typed);
    nks_bind_text(stmt, "v", NKS_TEXT("Jensen"));
    expect_fault(nks_stmt_run(stmt, NULL, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "v"));
    ck_assert_ptr_null(strstr(fault.line, "Jensen"));
    nks_db_close(db);
}
END_TEST

START_TEST(wrong_statements_are_told)
{
    static const struct nks_sql wrong[] = {
        {"wrong_syntax", "SELEC 1", 0, {NULL}},         {"wrong_table", "SELECT 1 FROM nothing", 0, {NULL}},
        {"wrong_two", "SELECT 1; SELECT 2", 0, {NULL}}, {"wrong_none", " ", 0, {NULL}},
        {"wrong_params", "SELECT ?1, ?2", 1, {"a"}},
    };
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        nks_fault_clear(&fault);
        expect_fault(nks_stmt_start(db, &wrong[i], &stmt, &fault), NKS_FAILED, "DB-SQL");
        ck_assert_ptr_null(stmt);
        ck_assert_ptr_nonnull(strstr(fault.line, wrong[i].name));
    }
    nks_fault_clear(&fault);
    expect_fault(nks_stmt_run(start(db, &sql_count), NULL, &fault), NKS_FAILED, "DB-SQL");
    nks_db_close(db);
}
END_TEST

static struct nks_stmt *select_one(struct nks_db *db, int64_t k)
{
    struct nks_stmt *stmt = start(db, &sql_select);
    bool found = false;
    nks_bind_int_at(stmt, nks_stmt_param(stmt, "k"), k);
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    return found ? stmt : NULL;
}

START_TEST(every_type_comes_back)
{
    static const uint8_t bytes[] = {0, 1, 255, 0};
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = start(db, &sql_insert);
    nks_bind_int(stmt, "k", INT64_MIN);
    nks_bind_int(stmt, "v", INT64_MAX);
    nks_bind_bytes(stmt, "b", bytes, sizeof bytes);
    nks_bind_text(stmt, "s", NKS_TEXT("S\xc3\xb8ren"));
    int64_t changed = 0;
    ck_assert_int_eq(nks_stmt_run(stmt, &changed, &fault), NKS_OK);
    ck_assert_int_eq(changed, 1);
    stmt = select_one(db, INT64_MIN);
    ck_assert_ptr_nonnull(stmt);
    ck_assert_int_eq(nks_column_int(stmt, 0), INT64_MIN);
    ck_assert_int_eq(nks_column_int(stmt, 1), INT64_MAX);
    struct nks_text b = nks_column_bytes(stmt, 2);
    ck_assert_uint_eq(b.len, sizeof bytes);
    ck_assert_mem_eq(b.ptr, bytes, sizeof bytes);
    ck_assert(nks_text_is(nks_column_text(stmt, 3), "S\xc3\xb8ren"));
    nks_db_close(db);
}
END_TEST

START_TEST(empty_is_not_null)
{
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = start(db, &sql_insert);
    nks_bind_int(stmt, "k", 1);
    nks_bind_null(stmt, "v");
    nks_bind_bytes(stmt, "b", NULL, 0);
    nks_bind_text(stmt, "s", (struct nks_text){NULL, 0});
    ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    nks_bind_int(stmt, "k", 2); /* the rest not bound: NULL */
    ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    stmt = select_one(db, 1);
    ck_assert(nks_column_is_null(stmt, 1));
    ck_assert(!nks_column_is_null(stmt, 2));
    ck_assert(!nks_column_is_null(stmt, 3));
    ck_assert_uint_eq(nks_column_bytes(stmt, 2).len, 0);
    ck_assert_uint_eq(nks_column_text(stmt, 3).len, 0);
    stmt = select_one(db, 2);
    ck_assert(nks_column_is_null(stmt, 2));
    ck_assert(nks_column_is_null(stmt, 3));
    ck_assert_uint_eq(nks_column_text(stmt, 3).len, 0);
    ck_assert_ptr_null(select_one(db, 3));
    nks_db_close(db);
}
END_TEST

START_TEST(statements_are_reused)
{
    struct nks_db *db = open_table();
    ck_assert_ptr_eq(start(db, &sql_insert), start(db, &sql_insert));
    begin(db);
    struct nks_stmt *stmt = start(db, &sql_twice);
    for (int64_t k = 0; k < 1000; k++) {
        nks_bind_int_at(stmt, 0, k);
        nks_bind_int_at(stmt, 1, 5);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    }
    commit(db);
    stmt = start(db, &sql_select);
    for (int64_t k = 0; k < 1000; k++) { /* look-ups without a start in between */
        bool found = false;
        nks_bind_int_at(stmt, 0, k);
        ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
        ck_assert(found);
        ck_assert_int_eq(nks_column_int(stmt, 1), k + 5);
    }
    stmt = start(db, &sql_update);
    int64_t changed = 0;
    nks_bind_int(stmt, "v", 7);
    ck_assert_int_eq(nks_stmt_run(stmt, &changed, &fault), NKS_OK);
    ck_assert_int_eq(changed, 1000);
    nks_db_close(db);
}
END_TEST

START_TEST(end_of_rows_stays_the_end)
{
    struct nks_db *db = open_table();
    ck_assert_int_eq(insert(db, 1, 1), NKS_OK);
    struct nks_stmt *stmt = start(db, &sql_all);
    bool row = false;
    ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
    ck_assert(row);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
        ck_assert(!row);
    }
    stmt = start(db, &sql_all);
    ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
    ck_assert(row);
    nks_stmt_end(stmt);
    ck_assert_int_eq(nks_stmt_step(stmt, &row, &fault), NKS_OK);
    ck_assert(!row);
    nks_db_close(db);
}
END_TEST

/* More statements than slots have a neighbour for; each is found again. */
START_TEST(many_statements)
{
    enum { MANY = 700 };
    static struct nks_sql sqls[MANY];
    static char texts[MANY][24];
    struct nks_db *db = open_table();
    struct nks_stmt *first[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
        sqls[i] = (struct nks_sql){"many", texts[i], 0, {NULL}};
        first[i] = start(db, &sqls[i]);
    }
    for (int i = 0; i < MANY; i++) {
        bool found = false;
        ck_assert_ptr_eq(start(db, &sqls[i]), first[i]);
        ck_assert_int_eq(nks_stmt_one(first[i], &found, &fault), NKS_OK);
        ck_assert_int_eq(nks_column_int(first[i], 0), i);
    }
    nks_db_close(db);
}
END_TEST

/* ---- rows for many keys */

struct seen {
    size_t rows, last_index;
    int64_t sum;
    size_t stop_after;
};

static enum nks_status see(void *context, size_t key_index, struct nks_stmt *stmt, struct nks_fault *out)
{
    struct seen *seen = context;
    ck_assert(seen->rows == 0 || key_index >= seen->last_index);
    seen->last_index = key_index;
    seen->sum += nks_column_int(stmt, 0);
    if (++seen->rows == seen->stop_after)
        return nks_fault_set(out, NKS_HELD, "STOP", "enough");
    return NKS_OK;
}

START_TEST(each_key)
{
    struct nks_db *db = open_table();
    for (int64_t k = 0; k < 300; k++)
        ck_assert_int_eq(insert(db, k, k % 3), NKS_OK);
    static const int64_t keys[] = {INT64_MIN, 0, 2, 2, 77, INT64_MAX};
    struct seen seen = {0};
    ck_assert_int_eq(nks_db_each_key(db, &sql_range, keys, 6, see, &seen, &fault), NKS_OK);
    ck_assert_uint_eq(seen.rows, 300); /* one hundred for 0 and for each 2 */
    ck_assert_int_eq(seen.sum, 14850 + 2 * 15050);
    ck_assert_uint_eq(seen.last_index, 3);
    seen = (struct seen){0};
    ck_assert_int_eq(nks_db_each_key(db, &sql_range, keys, 0, see, &seen, &fault), NKS_OK);
    ck_assert_int_eq(nks_db_each_key(db, &sql_range, &keys[4], 2, see, &seen, &fault), NKS_OK);
    ck_assert_uint_eq(seen.rows, 0);
    seen = (struct seen){.stop_after = 5};
    expect_fault(nks_db_each_key(db, &sql_range, keys, 6, see, &seen, &fault), NKS_HELD, "STOP");
    ck_assert_uint_eq(seen.rows, 5);
    begin(db); /* no reading was left open */
    commit(db);
    nks_db_close(db);
}
END_TEST

/* ---- steps of the schema */

static const struct nks_migration steps[] = {
    {"pay", 1,
     "CREATE TABLE a (i {id} NOT NULL, m {money}, b {bytes}, s {text}, t {time}, d {date}, f {bool} DEFAULT 0,"
     " n {int}, j {text} DEFAULT '{}', PRIMARY KEY (i)){clustered};\n"},
    {"pay", 2, "CREATE TABLE b (i {id} PRIMARY KEY) {table_options};\nCREATE INDEX b_i ON b (i);\n"},
    {"debt", 1, "CREATE TABLE c (i {id} PRIMARY KEY) {table_options}; INSERT INTO c (i) VALUES (1)"},
};
static const struct nks_sql sql_applied = {
    "applied", "SELECT count(*), min(applied_at), max(applied_at) FROM schema_step", 0, {NULL}};

static int64_t number_of(struct nks_db *db, const struct nks_sql *sql)
{
    struct nks_stmt *stmt = start(db, sql);
    bool found = false;
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    return nks_column_int(stmt, 0);
}

static int64_t tables_of(struct nks_db *db)
{
    static const char *const names[] = {"a", "b", "c", "half"};
    int64_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool has = false;
        ck_assert_int_eq(nks_db_has_table(db, names[i], &has, &fault), NKS_OK);
        count += has;
    }
    return count;
}

START_TEST(migrates_fresh_and_twice)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 2, 1000, &fault), NKS_OK);
    ck_assert_int_eq(tables_of(db), 2);
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 2000, &fault), NKS_OK);
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 3000, &fault), NKS_OK);
    ck_assert_int_eq(tables_of(db), 3);
    struct nks_stmt *stmt = start(db, &sql_applied);
    bool found = false;
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    ck_assert_int_eq(nks_column_int(stmt, 0), 3);
    ck_assert_int_eq(nks_column_int(stmt, 1), 1000);
    ck_assert_int_eq(nks_column_int(stmt, 2), 2000);
    nks_db_close(db);
}
END_TEST

START_TEST(migrated_database_may_be_read_only)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 2, 1000, &fault), NKS_OK);
    nks_db_close(db);
    db = open_read_only();
    ck_assert_int_eq(nks_db_migrate(db, steps, 2, 1000, &fault), NKS_OK);
    expect_fault(nks_db_migrate(db, steps, 3, 1000, &fault), NKS_FAILED, "DB-PERMISSION");
    ck_assert(!nks_db_in_transaction(db));
    nks_db_close(db);
}
END_TEST

START_TEST(newer_database_is_refused)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 1000, &fault), NKS_OK);
    expect_fault(nks_db_migrate(db, steps, 1, 1000, &fault), NKS_FAILED, "DB-NEWER");
    ck_assert_ptr_nonnull(strstr(fault.line, "debt 1"));
    nks_db_close(db);
}
END_TEST

START_TEST(failing_step_leaves_the_older_state)
{
    static const struct nks_migration bad[] = {
        {"pay", 1, "CREATE TABLE a (i {id} PRIMARY KEY) {table_options};"},
        {"pay", 2, "CREATE TABLE half (i {id} PRIMARY KEY) {table_options}; CREATE TABEL b (i {id});"},
        {"pay", 3, "CREATE TABLE c (i {id} PRIMARY KEY) {table_options};"},
    };
    struct nks_db *db = open_new();
    expect_fault(nks_db_migrate(db, bad, 3, 1000, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "migration pay 2"));
    ck_assert(!nks_db_in_transaction(db));
    ck_assert_int_eq(tables_of(db), 1);
    ck_assert_int_eq(number_of(db, &sql_applied), 1);
    static const struct nks_migration unknown = {"pay", 1, "CREATE TABLE z (i {integer})"};
    nks_fault_clear(&fault);
    ck_assert_int_eq(nks_db_migrate(db, &unknown, 1, 1000, &fault),
                     NKS_OK); /* step 1 is applied: its text is not read */
    static const struct nks_migration fresh[] = {{"pay", 1, ""}, {"pay", 2, "CREATE TABLE z (i {integer})"}};
    expect_fault(nks_db_migrate(db, fresh, 2, 1000, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "{integer}"));
    nks_db_close(db);
}
END_TEST

/* ---- a transaction that another one comes between is done again, whole */

struct coming {
    struct nks_db *db;
    int calls, conflicts; /* so many of the calls are thrown out */
    const char *code;
    enum nks_status status;
};

static enum nks_status coming_body(void *context, struct nks_fault *told)
{
    struct coming *coming = context;
    coming->calls++;
    enum nks_status status = insert(coming->db, coming->calls, 0);
    if (status != NKS_OK || coming->calls > coming->conflicts)
        return status;
    return nks_fault_set(told, coming->status, coming->code, "came between");
}

START_TEST(conflicts_are_done_again)
{
    static const struct {
        const char *code;
        enum nks_status status;
        int conflicts, calls, rows;
    } rows[] = {
        {"DB-CONFLICT", NKS_RETRY, 0, 1, 1},
        {"DB-CONFLICT", NKS_RETRY, 2, 3, 1},
        {"DB-CONFLICT", NKS_RETRY, NKS_DB_TRIES - 1, NKS_DB_TRIES, 1},
        {"DB-CONFLICT", NKS_RETRY, NKS_DB_TRIES, NKS_DB_TRIES, 0},
        {"DB-BUSY", NKS_RETRY, 1, 1, 0},
        {"DB-SQL", NKS_FAILED, 1, 1, 0},
    };
    struct nks_db *db = open_new();
    run(db, &sql_create);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct coming coming = {db, 0, rows[i].conflicts, rows[i].code, rows[i].status};
        int64_t before = count_rows(db);
        nks_fault_clear(&fault);
        enum nks_status status = nks_db_transact(db, coming_body, &coming, &fault);
        ck_assert_int_eq(status, rows[i].rows == 1 ? NKS_OK : rows[i].status);
        ck_assert_int_eq(coming.calls, rows[i].calls);
        ck_assert_int_eq(count_rows(db) - before, rows[i].rows);
        ck_assert(!nks_db_in_transaction(db));
        ck_assert_str_eq(fault.code, status == NKS_OK ? "" : rows[i].code);
        run(db, &sql_empty);
    }
    nks_db_close(db);
}
END_TEST

static TCase *verbs_case(void)
{
    TCase *t = tcase_create("verbs");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, conflicts_are_done_again);
    tcase_add_test(t, read_only_reads_beside_a_writer);
    tcase_add_test(t, rollback_and_commit);
    tcase_add_test(t, close_rolls_back);
    tcase_add_test(t, second_writer_is_busy);
    tcase_add_test(t, single_row_keeps_no_lock);
    tcase_add_test(t, loop_survives_commit);
    tcase_add_test(t, unique_violation);
    tcase_add_test(t, values_never_in_a_fault);
    tcase_add_test(t, wrong_statements_are_told);
    tcase_add_test(t, every_type_comes_back);
    tcase_add_test(t, empty_is_not_null);
    tcase_add_test(t, statements_are_reused);
    tcase_add_test(t, end_of_rows_stays_the_end);
    tcase_add_test(t, many_statements);
    tcase_add_test(t, each_key);
    tcase_add_test(t, migrates_fresh_and_twice);
    tcase_add_test(t, migrated_database_may_be_read_only);
    tcase_add_test(t, newer_database_is_refused);
    tcase_add_test(t, failing_step_leaves_the_older_state);
    return t;
}

#endif
