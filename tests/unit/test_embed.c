/* tools/embed.c: what becomes of a .sql file. Runs the built program on small files and reads the C it writes. */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef NKS_BIN_DIR
#define NKS_BIN_DIR "."
#endif

static char root[] = "/tmp/nks_test_embed_XXXXXX"; /* removed by main, also after a test that failed */
static char folder[64];
static char code[16384]; /* the generated .c */

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s/XXXXXX", root);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* Embeds `sql`; true when the program took it. */
static int embed(const char *sql)
{
    char path[128], command[512];
    snprintf(path, sizeof path, "%s/m.sql", folder);
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    fputs(sql, out);
    fclose(out);
    snprintf(command, sizeof command, "'%s/embed' sql m %s %s 2>%s/errors", NKS_BIN_DIR, path, folder, folder);
    if (system(command) != 0)
        return 0;
    snprintf(path, sizeof path, "%s/m_sql.c", folder);
    FILE *in = fopen(path, "rb");
    ck_assert_ptr_nonnull(in);
    code[fread(code, 1, sizeof code - 1, in)] = '\0';
    fclose(in);
    return 1;
}

static void expect(const char *sql, const char *generated)
{
    ck_assert_msg(embed(sql), "not taken: %s", sql);
    ck_assert_msg(strstr(code, generated) != NULL, "no %s in:\n%s", generated, code);
}

START_TEST(parameters_are_numbered_by_first_use)
{
    expect("-- name: a\nSELECT :b, :a_1, :b;\n", "\"SELECT ?1, ?2, ?1\",\n    2,\n    {\"b\", \"a_1\"},");
    expect("-- name: a\nSELECT 1", "\"SELECT 1\",\n    0,\n    {NULL},");
    expect("-- name: a\nSELECT :a,:ab,:a", "\"SELECT ?1,?2,?1\"");
}
END_TEST

START_TEST(what_is_no_parameter)
{
    expect("-- name: a\nSELECT x::text, ':no', 'it''s :no', \":no\" -- :no it's\n",
           "\"SELECT x::text, ':no', 'it''s :no', \\\":no\\\"\",\n    0,");
    expect("-- name: a\nSELECT :x::text", "\"SELECT ?1::text\"");
    expect("-- name: a\nSELECT /* :no it's */ 1 /**/", "\"SELECT   1\",\n    0,");
    expect("-- name: a\nSELECT '-- no comment', '/* nor this'", "'-- no comment', '/* nor this'");
    expect("-- name: a\nSELECT '12:30', 7 - -1", "'12:30', 7 - -1");
}
END_TEST

START_TEST(sections)
{
    expect("-- about\n/* it's */\n\n--name:a\nSELECT 1;\n\n-- about b\n-- name: b \r\nSELECT 2;\n",
           "nks_sql_b = {\n    \"b\",\n    \"SELECT 2\"");
    ck_assert_ptr_nonnull(strstr(code, "\"SELECT 1\""));
    expect("-- name: a\nSELECT 1 -- name: b\n, 2", "\"SELECT 1  \\n\"\n    \", 2\"");
    expect("-- migration: 1\nCREATE TABLE a (x {id});\n-- migration: 2\nDROP TABLE a;\n",
           "{\"m\", 1, migration_1},\n    {\"m\", 2, migration_2},");
    ck_assert_ptr_nonnull(strstr(code, "nks_migrations_m_count = 2;"));
    expect("", "nks_migrations_m_count = 0;");
}
END_TEST

START_TEST(strings_stay_what_they_are)
{
    expect("-- name: a\nSELECT '\\', '?"
           "?=', 's\xc3\xb8'",
           "'\\\\', '?\\?=', 's\\303\\270'");
}
END_TEST

START_TEST(mistakes_are_told)
{
    static const char *const wrong[] = {
        "SELECT 1;\n-- name: a\nSELECT 2",
        "-- name: a\n",
        "-- name: a\n-- name: b\nSELECT 1",
        "-- name: a b\nSELECT 1",
        "-- name: A\nSELECT 1",
        "-- name:\nSELECT 1",
        "-- name: a",
        "-- name: a\nSELECT 'open",
        "-- name: a\nSELECT /* open",
        "-- name: a\nSELECT :Upper",
        "-- migration: 0\nx",
        "-- migration: 2\nx\n-- migration: 1\nx",
        "-- migration: 1\nx\n-- migration: 1\nx",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!embed(wrong[i]), "taken: %s", wrong[i]);
}
END_TEST

START_TEST(at_most_32_parameters)
{
    char sql[512] = "-- name: a\nSELECT ";
    for (int i = 1; i <= 32; i++)
        sprintf(sql + strlen(sql), "%s:p%d", i == 1 ? "" : ", ", i);
    expect(sql, "?32\",\n    32,");
    strcat(sql, ", :p33");
    ck_assert(!embed(sql));
}
END_TEST

int main(void)
{
    if (access(NKS_BIN_DIR "/embed", X_OK) != 0) {
        puts("skipped: no " NKS_BIN_DIR "/embed");
        return 0;
    }
    Suite *s = suite_create("embed");
    TCase *t = tcase_create("sql");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, parameters_are_numbered_by_first_use);
    tcase_add_test(t, what_is_no_parameter);
    tcase_add_test(t, sections);
    tcase_add_test(t, strings_stay_what_they_are);
    tcase_add_test(t, mistakes_are_told);
    tcase_add_test(t, at_most_32_parameters);
    suite_add_tcase(s, t);
    if (mkdtemp(root) == NULL)
        return 1;
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed ? 1 : 0;
}
