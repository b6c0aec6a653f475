/*
 * Whole tables from one database to another: every value arrives as it was, what PostgreSQL cannot store is named, a
 * difference is found, whatever it is. Between two databases on SQLite always; to PostgreSQL where a server can be
 * started.
 */
#include "postgres_server.h"

#include "db/db_private.h"
#include "db/move.h"
#include "stage/move.h"

#include <check.h>

static struct nks_fault fault;
static struct nks_db *from, *to;
static struct nks_move *move;

static void ok(enum nks_status status)
{
    if (status != NKS_OK)
        ck_abort_msg("%s: %s", fault.code, fault.line);
}

/* Another kind of table each: by number, by several columns, by text, wide numbers, NULLs, without rows. */
static const struct nks_migration steps[] = {
    {"one", 1,
     "CREATE TABLE many (a {id} NOT NULL, b {int} NOT NULL, t {text}, x {bytes}, f {bool} NOT NULL, m {money}, PRIMARY "
     "KEY (a, b)){partition a}{clustered}; CREATE TABLE named (name {text} PRIMARY KEY NOT NULL, "
     "\"number\" {id}){table_options}"},
    {"two", 1, "CREATE TABLE bare (id {id} PRIMARY KEY NOT NULL, x {bytes} NOT NULL){table_options}"},
    {"one", 2, "ALTER TABLE named ADD COLUMN later {int} NOT NULL DEFAULT 7"},
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static struct nks_db *open_at(const char *path)
{
    const struct nks_db_options options = {.path = path, .create = true, .busy_timeout_ms = 10000};
    struct nks_db *db = NULL;
    ok(nks_db_open(&options, &db, &fault));
    return db;
}

static struct nks_db *fresh(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", server_dir, name);
    remove(path);
    struct nks_db *db = open_at(path);
    ok(nks_db_migrate(db, steps, STEPS, 1000, &fault));
    return db;
}

static void script(struct nks_db *db, const char *text)
{
    ok(nks_db_script(db, "test", text, &fault));
}

static const char rows[] =
    "INSERT INTO many VALUES (1, 1, 'bøf', x'00ff', 1, 9223372036854775807), (1, 2, '', x'', 0, 9223372036854775807),"
    "(-9223372036854775808, -2147483648, NULL, NULL, 1, -9223372036854775808), (9223372036854775807, 2147483647, 'a',"
    "zeroblob(100000), 0, 0), (2, 0, 'quote \" and ''', x'41', 1, NULL);"
    "INSERT INTO named VALUES ('b', 1, 7), ('B', 2, 8), ('å', 3, 9), ('', 4, 10), ('a', NULL, 11)";

static void setup(void)
{
    nks_fault_clear(&fault);
    from = fresh("from.db");
    script(from, rows);
    to = fresh("to.db");
}

static void setup_postgres(void)
{
    nks_fault_clear(&fault);
    from = fresh("from.db");
    script(from, rows);
    to = open_at(server_address);
    script(to, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    nks_db_close(to);
    to = open_at(server_address);
    ok(nks_db_migrate(to, steps, STEPS, 2000, &fault));
}

static void teardown(void)
{
    nks_db_close(to);
    nks_db_close(from);
    nks_move_free(move);
    move = NULL;
}

static enum nks_status copied(void)
{
    ok(nks_db_begin(from, &fault));
    ok(nks_move_open(from, NULL, NULL, &move, &fault));
    return nks_move_copy(move, to, &fault);
}

static const struct nks_move_table *table_of(const char *name)
{
    for (size_t i = 0; i < move->count; i++) {
        if (strcmp(move->tables[i].name, name) == 0)
            return &move->tables[i];
    }
    ck_abort_msg("no table %s", name);
    return NULL;
}

START_TEST(test_equal)
{
    char sum[NKS_MOVE_SUM_TEXT];
    ok(copied());
    ok(nks_move_prove(move, &fault));
    ck_assert_uint_eq(move->count, 4); /* with schema_step */
    ck_assert_int_eq(move->rows, 13);
    for (size_t i = 0; i < move->count; i++)
        ck_assert(nks_move_equal(&move->tables[i]));
    const struct nks_move_table *many = table_of("many");
    ck_assert_int_eq(many->sides[NKS_MOVE_THERE].rows, 5);
    nks_move_number(many->sides[NKS_MOVE_THERE].sums[5], sum); /* more than 64 bits */
    ck_assert_str_eq(sum, "9223372036854775806");
    nks_move_number((nks_int128)INT64_MAX * 4, sum);
    ck_assert_str_eq(sum, "36893488147419103228");
    nks_move_number((nks_int128)INT64_MIN * 2, sum);
    ck_assert_str_eq(sum, "-18446744073709551616");
    ck_assert_int_eq(table_of("bare")->sides[NKS_MOVE_THERE].rows, 0);
    ck_assert_int_eq(table_of("schema_step")->sides[NKS_MOVE_THERE].rows, STEPS);
}
END_TEST

/* What was there before goes; the steps keep the instant of the first database. */
START_TEST(test_twice)
{
    ok(copied());
    nks_db_rollback(from);
    script(from, "DELETE FROM named WHERE name = 'b'");
    ok(nks_db_begin(from, &fault));
    ok(nks_move_copy(move, to, &fault));
    ok(nks_move_prove(move, &fault));
    ck_assert_int_eq(table_of("named")->sides[NKS_MOVE_THERE].rows, 4);
    nks_move_number(table_of("schema_step")->sides[NKS_MOVE_THERE].sums[2], (char[NKS_MOVE_SUM_TEXT]){0});
    ck_assert(table_of("schema_step")->sides[NKS_MOVE_THERE].sums[2] == 1000 * STEPS);
}
END_TEST

static const struct {
    const char *change, *words;
} changes[] = {
    {"DELETE FROM many WHERE b = 0", "table many has 5 rows in the home and 4"},
    {"INSERT INTO bare SELECT 1, x FROM many WHERE b = 0", "table bare has 0 rows in the home and 1"},
    {"UPDATE many SET m = m - 1 WHERE b = 1", "table many, column m"},
    {"UPDATE named SET name = 'c' WHERE name = 'b'", "table named: counts and sums"},
    {"UPDATE many SET t = '' WHERE t IS NULL", "table many: counts and sums"},
    {"UPDATE many SET m = 0 WHERE m IS NULL", "table many: counts and sums"},
    {"UPDATE named SET \"number\" = 3 - \"number\" WHERE \"number\" < 3", "table named: counts and sums"},
    {"DELETE FROM schema_step WHERE module = 'two'", "table schema_step has 3 rows"},
};

START_TEST(test_changed)
{
    ok(copied());
    script(to, changes[_i].change);
    ck_assert_int_eq(nks_move_prove(move, &fault), NKS_INTEGRITY);
    ck_assert_str_eq(fault.code, "MOVE-DIFFERS");
    ck_assert_msg(strstr(fault.line, changes[_i].words) != NULL, "%s", fault.line);
}
END_TEST

/* ---- what the other side does not store */

static const struct {
    const char *row, *words;
} bad[] = {
    {"INSERT INTO many VALUES (5, 6, 'a' || char(0) || 'secret', NULL, 1, 0)",
     "column t, row 5, a 5, b 6: a text with a NUL"},
    {"INSERT INTO many VALUES (5, 6, CAST(x'c328' AS TEXT), NULL, 1, 0)",
     "column t, row 5, a 5, b 6: a text that is not UTF-8"},
    {"INSERT INTO many VALUES (5, 2147483648, 'secret', NULL, 1, 0)",
     "column b, row 5, a 5, b 2147483648: a number that is too wide"},
    {"INSERT INTO many VALUES (5, 6, 'secret', NULL, 40000, 0)",
     "column f, row 5, a 5, b 6: a number that is too wide"},
    {"INSERT INTO named VALUES (CAST(x'ff' AS TEXT), 1, 1)",
     "table named, column name, row 6: a text that is not UTF-8"},
};

START_TEST(test_bad)
{
    script(from, bad[_i].row);
    ck_assert_int_eq(copied(), NKS_REFUSED);
    ck_assert_str_eq(fault.code, "MOVE-VALUE");
    ck_assert_msg(strstr(fault.line, bad[_i].words) != NULL, "%s", fault.line);
    ck_assert_ptr_null(strstr(fault.line, "secret"));
    nks_fault_clear(&fault);
    nks_db_rollback(from); /* and nothing of it is there */
    ok(nks_move_prove(move, &fault) == NKS_INTEGRITY ? NKS_OK : NKS_FAILED);
    ck_assert_int_eq(table_of("many")->sides[NKS_MOVE_THERE].rows, 0);
}
END_TEST

/* A table that somebody made to take any value. */
START_TEST(test_kind)
{
    script(from, "DROP TABLE named; CREATE TABLE named (name TEXT PRIMARY KEY NOT NULL, \"number\" INTEGER, later "
                 "INTEGER NOT NULL DEFAULT 7); INSERT INTO named VALUES ('secret', 'secret', 1)");
    ck_assert_int_eq(copied(), NKS_REFUSED);
    ck_assert_msg(strstr(fault.line, "table named, column number, row 1: a value of another kind") != NULL, "%s",
                  fault.line);
}
END_TEST

/* A try reads the same, and says the same of texts. */
START_TEST(test_try)
{
    ok(nks_move_open(from, NULL, NULL, &move, &fault));
    ok(nks_move_try(move, &fault));
    ck_assert_int_eq(table_of("many")->sides[NKS_MOVE_HERE].rows, 5);
    script(from, bad[0].row);
    ck_assert_int_eq(nks_move_try(move, &fault), NKS_REFUSED);
}
END_TEST

/* A larger table than one COPY or one buffer takes; rows from 0 to 200,000 bytes. */
START_TEST(test_large)
{
    script(from, "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO bare "
                 "SELECT i, CASE WHEN i % 500 = 0 THEN zeroblob(i * 10) ELSE CAST(i AS BLOB) END FROM n; INSERT INTO "
                 "bare VALUES (-1, zeroblob(6000000))");
    ok(copied());
    ok(nks_move_prove(move, &fault));
    ck_assert_int_eq(table_of("bare")->sides[NKS_MOVE_THERE].rows, 20002);
}
END_TEST

/* ---- where it goes to */

static enum nks_move_target target(void)
{
    enum nks_move_target out = NKS_TARGET_USED;
    ok(nks_move_target(server_address, "host:/srv/nks", &out, &fault));
    return out;
}

static void mark(const char *home)
{
    char text[160];
    snprintf(text, sizeof text, "UPDATE db_writer SET home = '%s'", home);
    script(to, text);
}

START_TEST(test_target)
{
    static const char empty[] = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    ck_assert_int_eq(target(), NKS_TARGET_USED); /* tables, and nobody's name */
    mark("host:/srv/nks");
    ck_assert_int_eq(target(), NKS_TARGET_USED); /* after a move */
    mark("moving host:/srv/other");
    ck_assert_int_eq(target(), NKS_TARGET_USED);
    mark("moving host:/srv/nks");
    ck_assert_int_eq(target(), NKS_TARGET_OWN);
    ok(nks_move_open(from, NULL, NULL, &move, &fault));
    script(to, "CREATE TABLE foreign_one (i int)");
    ok(nks_move_clear(move, to, &fault));
    bool has = true;
    ok(nks_db_has_table(to, "many", &has, &fault));
    ck_assert(!has);
    ok(nks_db_has_table(to, "foreign_one", &has, &fault));
    ck_assert(has);
    script(to, empty);
    ck_assert_int_eq(target(), NKS_TARGET_EMPTY);
    script(to, "CREATE VIEW v AS SELECT 1");
    ck_assert_int_eq(target(), NKS_TARGET_USED);
    script(to, empty);
    script(to, "CREATE TABLE db_writer (i int)"); /* somebody else's of that name */
    ck_assert_int_eq(target(), NKS_TARGET_USED);
    script(to, empty);
    script(to,
           "CREATE TABLE db_writer (one SMALLINT NOT NULL PRIMARY KEY, home TEXT); INSERT INTO db_writer VALUES (1)");
    ck_assert_int_eq(target(), NKS_TARGET_EMPTY);
    script(to, empty);
}
END_TEST

/* Who opens it by the home's own name makes it the home's; nobody else may. */
START_TEST(test_mark)
{
    static const struct {
        const char *there, *home;
        bool good;
    } marks[] = {
        {"moving host:/srv/other", "host:/srv/nks", false},
        {"moving host:/srv/nks", "host:/srv/nks", false}, /* begun, and not switched */
        {"moving host:/srv/nks", "moving host:/srv/nks", true},
        {"moving host:/srv/nks", "switching host:/srv/nks", true},
        {"moving host:/srv/other", "switching host:/srv/nks", false},
        {"switching host:/srv/nks", "moving host:/srv/nks", true}, /* once more */
        {"switching host:/srv/nks", "host:/srv/nks", true},
        {"switching host:/srv/other", "host:/srv/nks", false},
        {"host:/srv/nks", "moving host:/srv/nks", false},
        {"host:/srv/nks", "switching host:/srv/nks", false},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct nks_db_options options = {.path = server_address, .busy_timeout_ms = 1000, .home = marks[i].home};
        struct nks_db *db = NULL;
        nks_fault_clear(&fault);
        mark(marks[i].there);
        ck_assert_int_eq(nks_db_open(&options, &db, &fault), marks[i].good ? NKS_OK : NKS_FAILED);
        ck_assert_str_eq(fault.code, marks[i].good ? "" : "DB-OTHER-HOME");
        nks_db_close(db);
    }
    mark("switching host:/srv/nks");
    ck_assert_int_eq(target(), NKS_TARGET_OWN);
    mark("host:/srv/nks");
    ck_assert_int_eq(target(), NKS_TARGET_USED);
}
END_TEST

/* ---- the switch */

static const struct {
    const char *conf, *wanted;
} confs[] = {
    {"# c\n[home]\nenvironment = test\n[run]\nx = 1\n",
     "# c\n[home]\n# on PostgreSQL; without this line it is nks.db in the home\ndatabase = A\nenvironment = "
     "test\n[run]\nx = 1\n"},
    {" [home] # c\ndatabase =\nenvironment = test",
     " [home] # c\n# on PostgreSQL; without this line it is nks.db in the home\ndatabase = A\nenvironment = test\n"},
    {"[run]\ndatabase = \n",
     "[run]\ndatabase = \n[home]\n# on PostgreSQL; without this line it is nks.db in the home\ndatabase = A\n"},
    {"", "[home]\n# on PostgreSQL; without this line it is nks.db in the home\ndatabase = A\n"},
};

START_TEST(test_conf)
{
    char *text = NULL;
    ok(nks_conf_with_database(nks_text_from(confs[_i].conf), "A", &text, &fault));
    ck_assert_str_eq(text, confs[_i].wanted);
    free(text);
}
END_TEST

static void rows_add(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_equal);
    tcase_add_test(tests, test_twice);
    tcase_add_loop_test(tests, test_changed, 0, sizeof changes / sizeof changes[0]);
    tcase_add_test(tests, test_kind);
    tcase_add_test(tests, test_try);
    tcase_add_test(tests, test_large);
}

int main(void)
{
    Suite *suite = suite_create("move");
    TCase *lite = tcase_create("sqlite"), *postgres = tcase_create("postgres");
    tcase_add_checked_fixture(lite, setup, teardown);
    rows_add(lite);
    tcase_add_loop_test(lite, test_conf, 0, sizeof confs / sizeof confs[0]);
    tcase_add_checked_fixture(postgres, setup_postgres, teardown);
    rows_add(postgres);
    tcase_add_loop_test(postgres, test_bad, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(postgres, test_target);
    tcase_add_test(postgres, test_mark);
    suite_add_tcase(suite, lite);
    suite_add_tcase(suite, postgres);
    return server_suite(suite);
}
