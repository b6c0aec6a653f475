/* The manifest as its receiver reads it: a good one, each line changed, and the ceilings. */
#include "exchange/manifest.h"
#include "exchange/verify.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD "# nks manifest 1\tcentral BANK1\tdate 2026-11-23\n# name\tmessage_id\tpayments\tsum\tbytes\tsha256\n"
#define ONE  "nks-x-o0001.xml\tNKS1\t2\t10.50\t900\t" HASH "\n"
#define TWO  "nks-x-o0002.xml\tNKS2\t1\t4\t700\t" HASH "\n"

static bool whole(const char *words)
{
    struct nks_manifest manifest;
    struct nks_manifest_row row;
    struct nks_text rest = nks_text_from(words);
    nks_manifest_init(&manifest);
    while (rest.len > 0)
        (void)nks_manifest_line(&manifest, nks_text_cut(&rest, '\n'), &row);
    return nks_manifest_whole(&manifest);
}

static const struct {
    const char *words;
    bool good;
} cases[] = {
    {HEAD ONE TWO "# total\t2 files\t3\t14.50\n", true},
    {HEAD "# total\t0 files\t0\t0\n", true},
    {"", false},
    {HEAD, false},
    {HEAD ONE, false},                                    /* cut off */
    {HEAD ONE "# total\t2 files\t2\t10.50\n", false},     /* files */
    {HEAD ONE "# total\t1 files\t3\t10.50\n", false},     /* payments */
    {HEAD ONE "# total\t1 files\t2\t10.51\n", false},     /* sum */
    {HEAD ONE "# total\t1 files\t2\t10.50\n" TWO, false}, /* a row behind the total */
    {HEAD ONE "\n# total\t1 files\t2\t10.50\n", false},   /* an empty line */
    {HEAD ONE "# total\t1 files\t2\t10.50\tx\n", false},
    {ONE "# total\t1 files\t2\t10.50\n", false},
    {HEAD "../x.xml\tNKS1\t2\t10.50\t900\t" HASH "\n# total\t1 files\t2\t10.50\n", false},
    {HEAD ".x.xml\tNKS1\t2\t10.50\t900\t" HASH "\n# total\t1 files\t2\t10.50\n", false},
    {HEAD "x.xml\tNKS1\t2\t-10.50\t900\t" HASH "\n# total\t1 files\t2\t-10.50\n", false},
    {HEAD "x.xml\tNKS1\t2\t10.50\t900\t00\n# total\t1 files\t2\t10.50\n", false},
};

START_TEST(lines)
{
    ck_assert_msg(whole(cases[_i].words) == cases[_i].good, "case %d", _i);
}
END_TEST

START_TEST(ceilings)
{
    struct nks_manifest manifest;
    struct nks_manifest_row row;
    char line[NKS_MANIFEST_LINE_MAX + 1];
    struct nks_text rest = NKS_TEXT(HEAD), one = {ONE, sizeof ONE - 2};
    nks_manifest_init(&manifest);
    while (rest.len > 0)
        ck_assert_int_eq(nks_manifest_line(&manifest, nks_text_cut(&rest, '\n'), &row), NKS_MANIFEST_HEAD);
    for (int i = 0; i < NKS_MANIFEST_ROWS_MAX; i++)
        ck_assert_int_eq(nks_manifest_line(&manifest, one, &row), NKS_MANIFEST_ROW);
    ck_assert_uint_eq(row.bytes, 900);
    ck_assert_str_eq(row.name, "nks-x-o0001.xml");
    ck_assert_int_eq(nks_manifest_line(&manifest, one, &row), NKS_MANIFEST_BAD);
    memset(line, 'x', sizeof line);
    nks_manifest_init(&manifest);
    ck_assert_int_eq(nks_manifest_line(&manifest, (struct nks_text){line, sizeof line}, &row), NKS_MANIFEST_BAD);
}
END_TEST

START_TEST(names)
{
    static const char *const bad[] = {
        "",
        "nks-manifest-.tsv",
        "nks-manifest-2026-11-23-0000.tsv", /* numbers begin with 1 */
        "nks-manifest-2026-11-23-001.tsv",
        "nks-manifest-2026-11-23-00001.tsv",
        "nks-manifest-2026-11-31-0001.tsv",
        "nks-manifest-2026-11-23_0001.tsv",
        "nks-manifest-2026-11-23-000x.tsv",
        "nks-manifest-2026-11-23-0001.TSV",
        "nks-manifest-2026-11-23-0001.tsv.p7s",
        "Nks-manifest-2026-11-23-0001.tsv",
        "x/nks-manifest-2026-11-23-0001.tsv",
    };
    nks_date date = 0;
    int number = 0;
    ck_assert(nks_verify_manifest_name("nks-manifest-2026-11-23-9999.tsv", &date, &number));
    ck_assert_int_eq(date, nks_date_from_ymd(2026, 11, 23));
    ck_assert_int_eq(number, 9999);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!nks_verify_manifest_name(bad[i], &date, &number), "%s", bad[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tests = tcase_create("manifest");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, lines, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tests, ceilings);
    tcase_add_test(tests, names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
