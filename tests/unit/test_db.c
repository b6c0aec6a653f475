/* The database's verbs and the schema's steps, on files in a folder of their own. */
#include "db/db.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder per test */

static char root[] = "/tmp/nks_test_db_XXXXXX"; /* removed by main, also after a test that failed */
static char folder[64];
static struct nks_fault fault;

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s/XXXXXX", root);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    nks_fault_clear(&fault);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct nks_db_options options_for(const char *name)
{
    return (struct nks_db_options){
        .path = path_of(name), .cache_kib = 4096, .create = true, .busy_timeout_ms = 1, .durable = true};
}

static struct nks_db *open_new(void)
{
    struct nks_db_options options = options_for("nks.db");
    struct nks_db *db = NULL;
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_OK);
    return db;
}

static enum nks_status try_open(const char *name, bool read_only)
{
    struct nks_db_options options = options_for(name);
    options.create = false;
    options.read_only = read_only;
    struct nks_db *db = NULL;
    nks_fault_clear(&fault);
    enum nks_status status = nks_db_open(&options, &db, &fault);
    ck_assert(status == NKS_OK || db == NULL);
    nks_db_close(db);
    return status;
}

static void write_file(const char *name, const char *text)
{
    FILE *out = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

/* ---- statements as the build would make them */

static const struct nks_sql sql_create = {
    "create", "CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER, b BLOB, s TEXT) STRICT", 0, {NULL}};
static const struct nks_sql sql_insert = {
    "insert", "INSERT INTO t (k, v, b, s) VALUES (?1, ?2, ?3, ?4)", 4, {"k", "v", "b", "s"}};
static const struct nks_sql sql_twice = {"twice", "INSERT INTO t (k, v) VALUES (?1, ?2 + ?1)", 2, {"k", "v"}};
static const struct nks_sql sql_select = {"select", "SELECT k, v, b, s FROM t WHERE k = ?1", 1, {"k"}};
static const struct nks_sql sql_range = {"range", "SELECT k FROM t WHERE v = ?1 ORDER BY k", 1, {"v"}};
static const struct nks_sql sql_all = {"all", "SELECT k FROM t ORDER BY k", 0, {NULL}};
static const struct nks_sql sql_count = {"count", "SELECT count(*) FROM t", 0, {NULL}};
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

/* ---- opening */

START_TEST(creates_a_private_file)
{
    mode_t old = umask(0);
    nks_db_close(open_table());
    umask(old);
    struct stat info;
    ck_assert_int_eq(stat(path_of("nks.db"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(try_open("nks.db", false), NKS_OK);
    nks_db_close(open_new()); /* create with an existing file keeps it */
    ck_assert_int_eq(try_open("nks.db", true), NKS_OK);
    nks_db_close(NULL);
}
END_TEST

START_TEST(wal_files_are_private)
{
    mode_t old = umask(0);
    struct nks_db *db = open_table();
    umask(old);
    struct stat info;
    ck_assert_int_eq(stat(path_of("nks.db-wal"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    nks_db_close(db);
}
END_TEST

START_TEST(missing_is_told)
{
    expect_fault(try_open("none.db", false), NKS_FAILED, "DB-MISSING");
    ck_assert_ptr_nonnull(strstr(fault.line, "nks init"));
    expect_fault(try_open("none.db", true), NKS_FAILED, "DB-MISSING");
    ck_assert_int_ne(access(path_of("none.db"), F_OK), 0);
    write_file("empty.db", "");
    expect_fault(try_open("empty.db", false), NKS_FAILED, "DB-MISSING");
    expect_fault(try_open("empty.db", true), NKS_FAILED, "DB-MISSING");
}
END_TEST

START_TEST(not_a_database)
{
    write_file("text.db", "This is a text that is no database, and it is longer than a header of one hundred bytes, "
                          "so that its first bytes are looked at.\n");
    expect_fault(try_open("text.db", false), NKS_INTEGRITY, "DB-DAMAGED");
    expect_fault(try_open("text.db", true), NKS_INTEGRITY, "DB-DAMAGED");
}
END_TEST

START_TEST(folder_instead_of_file)
{
    ck_assert_int_eq(mkdir(path_of("dir.db"), 0700), 0);
    expect_fault(try_open("dir.db", false), NKS_FAILED, "DB-PERMISSION");
}
END_TEST

START_TEST(paths_have_no_magic)
{
    ck_assert_int_eq(chdir(folder), 0);
    struct nks_db_options options = options_for("unused");
    struct nks_db *db = NULL;
    options.path = ":memory:";
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_OK);
    nks_db_close(db);
    options.path = "file:x?mode=memory";
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_OK);
    nks_db_close(db);
    ck_assert_int_eq(access(path_of(":memory:"), F_OK), 0);
    ck_assert_int_eq(access(path_of("file:x?mode=memory"), F_OK), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(folder_without_right)
{
    if (geteuid() == 0)
        return; /* root may write everywhere */
    ck_assert_int_eq(mkdir(path_of("closed"), 0500), 0);
    struct nks_db_options options = options_for("closed/nks.db");
    struct nks_db *db = NULL;
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_FAILED);
    ck_assert_ptr_null(db);
}
END_TEST

START_TEST(read_only_reads_beside_a_writer)
{
    struct nks_db *writer = open_table();
    ck_assert_int_eq(insert(writer, 1, 2), NKS_OK);
    struct nks_db_options options = options_for("nks.db");
    options.create = false;
    options.read_only = true;
    struct nks_db *reader = NULL;
    ck_assert_int_eq(nks_db_open(&options, &reader, &fault), NKS_OK);
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

/* ---- transactions */

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
    ck_assert_ptr_nonnull(strstr(fault.line, "insert: UNIQUE constraint failed: t.k"));
    ck_assert_ptr_null(strstr(fault.line, "424242"));
    nks_fault_clear(&fault);
    ck_assert_int_eq(insert(db, 2, 1), NKS_OK); /* the statement is usable again */
    nks_db_close(db);
}
END_TEST

/* The messages of JSON and of wrong types would quote the value or could. */
START_TEST(values_never_in_a_fault)
{
    static const struct nks_sql sql_json = {"json", "SELECT json_extract('{}', ?1)", 1, {"path"}};
    static const struct nks_sql sql_typed = {"typed", "INSERT INTO t (k, v) VALUES (1, ?1)", 1, {"v"}};
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = start(db, &sql_json);
    bool row = false;
    nks_bind_text(stmt, "path", NKS_TEXT("0101011234"));
    expect_fault(nks_stmt_step(stmt, &row, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_null(strstr(fault.line, "0101011234"));
    nks_fault_clear(&fault);
    stmt = start(db, &sql_typed);
    nks_bind_text(stmt, "v", NKS_TEXT("Jensen"));
    expect_fault(nks_stmt_run(stmt, NULL, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_nonnull(strstr(fault.line, "t.v"));
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
static const struct nks_sql sql_tables = {
    "tables", "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('a', 'b', 'c', 'half')", 0, {NULL}};
static const struct nks_sql sql_strict = {
    "strict", "SELECT count(*) FROM pragma_table_list WHERE strict = 1 AND name IN ('a', 'b', 'c')", 0, {NULL}};
static const struct nks_sql sql_applied = {
    "applied", "SELECT count(*), min(applied_at), max(applied_at) FROM schema_step", 0, {NULL}};

static int64_t number_of(struct nks_db *db, const struct nks_sql *sql)
{
    struct nks_stmt *stmt = start(db, sql);
    bool found = false;
    ck_assert_int_eq(nks_stmt_one(stmt, &found, &fault), NKS_OK);
    return nks_column_int(stmt, 0);
}

START_TEST(migrates_fresh_and_twice)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 2, 1000, &fault), NKS_OK);
    ck_assert_int_eq(number_of(db, &sql_tables), 2);
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 2000, &fault), NKS_OK);
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 3000, &fault), NKS_OK);
    ck_assert_int_eq(number_of(db, &sql_tables), 3);
    ck_assert_int_eq(number_of(db, &sql_strict), 3);
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
    struct nks_db_options options = options_for("nks.db");
    options.create = false;
    options.read_only = true;
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_OK);
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

/* ---- the catalogue */

static char differences[256];

static enum nks_status note_difference(void *context, const char *kind, const char *name,
                                       enum nks_db_difference difference)
{
    static const char *const words[] = {
        [NKS_DB_FOREIGN] = "foreign", [NKS_DB_MISSING] = "missing", [NKS_DB_CHANGED] = "changed"};
    size_t len = strlen(differences);
    (void)context;
    snprintf(differences + len, sizeof differences - len, "%s %s %s;", words[difference], kind, name);
    return NKS_OK;
}

static const char *compared(struct nks_db *db, size_t count)
{
    differences[0] = '\0';
    ck_assert_int_eq(nks_db_catalogue_compare(db, steps, count, note_difference, NULL, &fault), NKS_OK);
    return differences;
}

static const struct nks_sql foreign[] = {
    {"trigger", "CREATE TRIGGER t BEFORE INSERT ON b BEGIN SELECT RAISE(ABORT, 'no'); END", 0, {NULL}},
    {"view", "CREATE VIEW v AS SELECT 1 AS one", 0, {NULL}},
    {"index", "CREATE INDEX a_n ON a (n)", 0, {NULL}},
    {"column", "ALTER TABLE c ADD COLUMN x INTEGER", 0, {NULL}},
    {"drop", "DROP INDEX b_i", 0, {NULL}},
    {"analyze", "ANALYZE", 0, {NULL}},
};
static const struct nks_sql sql_insert_b = {"insert_b", "INSERT INTO b (i) VALUES (7)", 0, {NULL}};
static const struct nks_sql sql_read_view = {"read_view", "SELECT one FROM v", 0, {NULL}};

START_TEST(catalogue_tells_what_is_foreign)
{
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 2, 1000, &fault), NKS_OK);
    ck_assert_str_eq(compared(db, 2), "");
    ck_assert_str_eq(compared(db, 3), "missing table c;");
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 2000, &fault), NKS_OK);
    ck_assert_str_eq(compared(db, 3), "");
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        ck_assert_int_eq(nks_stmt_run(start(db, &foreign[i]), NULL, &fault), NKS_OK);
    ck_assert_str_eq(compared(db, 3),
                     "foreign index a_n;missing index b_i;changed table c;foreign trigger t;foreign view v;");
    nks_db_close(db);
}
END_TEST

START_TEST(triggers_and_views_are_off)
{
    struct nks_db *db = open_new();
    struct nks_stmt *stmt = NULL;
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 1000, &fault), NKS_OK);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(nks_stmt_run(start(db, &foreign[i]), NULL, &fault), NKS_OK);
    ck_assert_int_eq(nks_stmt_run(start(db, &sql_insert_b), NULL, &fault), NKS_OK);
    expect_fault(nks_stmt_start(db, &sql_read_view, &stmt, &fault), NKS_FAILED, "DB-SQL");
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
    ck_assert_int_eq(number_of(db, &sql_tables), 1);
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

/* ---- damage */

static void fill(struct nks_db *db)
{
    static const char bytes[400];
    begin(db);
    struct nks_stmt *stmt = start(db, &sql_insert);
    for (int64_t k = 1; k <= 2000; k++) {
        nks_bind_int_at(stmt, 0, k);
        nks_bind_int_at(stmt, 1, k);
        nks_bind_bytes_at(stmt, 2, bytes, sizeof bytes);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
    }
    commit(db);
}

/* Every page from the 20th on is overwritten: what lies there are leaves of the table. */
static void damage(void)
{
    FILE *file = fopen(path_of("nks.db"), "r+b");
    ck_assert_ptr_nonnull(file);
    fseek(file, 20 * 4096, SEEK_SET);
    for (int i = 0; i < 40 * 4096; i++)
        fputc(0xa5, file);
    fclose(file);
}

START_TEST(damage_is_an_integrity_alarm)
{
    struct nks_db *db = open_table();
    fill(db);
    ck_assert_int_eq(nks_db_check(db, &fault), NKS_OK);
    nks_db_close(db);
    damage();
    db = open_new();
    expect_fault(nks_db_check(db, &fault), NKS_INTEGRITY, "DB-DAMAGED");
    nks_fault_clear(&fault);
    struct nks_stmt *stmt = start(db, &sql_update);
    nks_bind_int(stmt, "v", 1);
    expect_fault(nks_stmt_run(stmt, NULL, &fault), NKS_INTEGRITY, "DB-DAMAGED");
    nks_db_close(db);
}
END_TEST

/* The WAL is used again from its beginning: it does not grow with the number of transactions. */
START_TEST(wal_is_bounded)
{
    struct nks_db_options options = options_for("nks.db");
    options.durable = false;
    struct nks_db *db = NULL;
    ck_assert_int_eq(nks_db_open(&options, &db, &fault), NKS_OK);
    run(db, &sql_create);
    fill(db);
    for (int64_t i = 0; i < 120; i++) { /* some 230 pages each: 110 MiB in all */
        begin(db);
        ck_assert_int_eq(count_rows(db), 2000);
        struct nks_stmt *stmt = start(db, &sql_update);
        nks_bind_int(stmt, "v", i);
        ck_assert_int_eq(nks_stmt_run(stmt, NULL, &fault), NKS_OK);
        bool found = false;
        ck_assert_int_eq(nks_stmt_one(start(db, &sql_all), &found, &fault), NKS_OK); /* left open */
        commit(db);
    }
    struct stat info;
    ck_assert_int_eq(stat(path_of("nks.db-wal"), &info), 0);
    ck_assert_int_lt(info.st_size, 24 << 20);
    nks_db_close(db);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("db");
    TCase *t = tcase_create("sqlite");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, creates_a_private_file);
    tcase_add_test(t, wal_files_are_private);
    tcase_add_test(t, missing_is_told);
    tcase_add_test(t, not_a_database);
    tcase_add_test(t, folder_instead_of_file);
    tcase_add_test(t, paths_have_no_magic);
    tcase_add_test(t, folder_without_right);
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
    tcase_add_test(t, catalogue_tells_what_is_foreign);
    tcase_add_test(t, triggers_and_views_are_off);
    tcase_add_test(t, damage_is_an_integrity_alarm);
    tcase_add_test(t, wal_is_bounded);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    if (mkdtemp(root) == NULL)
        return 1;
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed ? 1 : 0;
}
