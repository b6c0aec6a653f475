#include "iso20022/reason.h"
#include "iso20022/xmlout.h"
#include "xml_judge.h"

static const struct {
    enum nks_reason reason;
    const char *code;
} rows[] = {
#define NKS_REASON(id, name, code, english, danish) {NKS_REASON_##name, code},
#include "iso20022/reason.def"
#undef NKS_REASON
};
enum { ROWS = sizeof rows / sizeof rows[0] };

START_TEST(test_rows)
{
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_int_eq(rows[i].reason, (int)i + 1);
        ck_assert_str_eq(nks_reason_code(rows[i].reason), rows[i].code);
        ck_assert_uint_gt(strlen(nks_reason_english(rows[i].reason)), 0);
        ck_assert_uint_gt(strlen(nks_reason_danish(rows[i].reason)), 0);
        ck_assert(nks_text_is_utf8(nks_text_from(nks_reason_danish(rows[i].reason))));
    }
}
END_TEST

START_TEST(test_none_and_unknown)
{
    ck_assert_str_eq(nks_reason_code(NKS_REASON_NONE), "");
    ck_assert_str_eq(nks_reason_english(NKS_REASON_NONE), "");
    ck_assert_str_eq(nks_reason_danish(NKS_REASON_NONE), "");
    ck_assert_str_eq(nks_reason_code((enum nks_reason)(ROWS + 1)), "NARR");
    ck_assert_str_eq(nks_reason_code((enum nks_reason) - 1), "NARR");
    ck_assert_str_ne(nks_reason_english((enum nks_reason)9999), "");
    ck_assert_str_ne(nks_reason_danish((enum nks_reason)9999), "");
}
END_TEST

START_TEST(test_find)
{
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("AM10")), NKS_REASON_SUM);
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("DU01")), NKS_REASON_DUPLICATE_FILE); /* the first of two */
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("RR09")), NKS_REASON_BANK_REFERENCE); /* not a slip's */
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("ZZ99")), NKS_REASON_NONE);
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("")), NKS_REASON_NONE);
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("AM1")), NKS_REASON_NONE);
    ck_assert_int_eq(nks_reason_find(NKS_TEXT("AM100")), NKS_REASON_NONE);
}
END_TEST

/* ISO publishes the codes outside of the schemas. */
START_TEST(test_codes_are_iso)
{
    static char list[128 * 1024];
    char path[1024], quoted[16];
    shared_path(path, "iso20022/codes/external_status_reason_code.json");
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("skipped: no list %s\n", path);
        return;
    }
    size_t len = fread(list, 1, sizeof list - 1, file);
    fclose(file);
    list[len] = '\0';
    for (size_t i = 0; i < ROWS; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\":", rows[i].code);
        ck_assert_msg(strstr(list, quoted) != NULL, "%s is no status reason of ISO", rows[i].code);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reason");
    TCase *tcase = tcase_create("reason");
    tcase_add_test(tcase, test_rows);
    tcase_add_test(tcase, test_none_and_unknown);
    tcase_add_test(tcase, test_find);
    tcase_add_test(tcase, test_codes_are_iso);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
