/* The database's verbs and the schema's steps, on files in a folder of their own. */
#include "db_verbs.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder per test */

static char root[] = "/tmp/nks_test_db_XXXXXX"; /* removed by main, also after a test that failed */
static char folder[64];

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

static struct nks_db *open_read_only(void)
{
    struct nks_db_options options = options_for("nks.db");
    options.create = false;
    options.read_only = true;
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

/* The messages of JSON would quote the value. */
START_TEST(json_never_in_a_fault)
{
    static const struct nks_sql sql_json = {"json", "SELECT json_extract('{}', ?1)", 1, {"path"}};
    struct nks_db *db = open_table();
    struct nks_stmt *stmt = start(db, &sql_json);
    bool row = false;
    nks_bind_text(stmt, "path", NKS_TEXT("0101011234"));
    expect_fault(nks_stmt_step(stmt, &row, &fault), NKS_FAILED, "DB-SQL");
    ck_assert_ptr_null(strstr(fault.line, "0101011234"));
    nks_db_close(db);
}
END_TEST

START_TEST(tables_are_strict)
{
    static const struct nks_sql sql_strict = {
        "strict", "SELECT count(*) FROM pragma_table_list WHERE strict = 1 AND name IN ('a', 'b', 'c')", 0, {NULL}};
    struct nks_db *db = open_new();
    ck_assert_int_eq(nks_db_migrate(db, steps, 3, 1000, &fault), NKS_OK);
    ck_assert_int_eq(number_of(db, &sql_strict), 3);
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
    tcase_add_test(t, json_never_in_a_fault);
    tcase_add_test(t, tables_are_strict);
    tcase_add_test(t, catalogue_tells_what_is_foreign);
    tcase_add_test(t, triggers_and_views_are_off);
    tcase_add_test(t, damage_is_an_integrity_alarm);
    tcase_add_test(t, wal_is_bounded);
    suite_add_tcase(s, t);
    t = verbs_case();
    tcase_add_checked_fixture(t, setup, NULL);
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
