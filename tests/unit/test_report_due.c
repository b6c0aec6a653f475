/* When a report is due, what a group of payments is as a whole, and the words of reports. */
#include "stage/report.h"

#include <check.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(due)
{
    static const struct {
        struct nks_report_news news; /* first, rejected, decided, exceptions, final */
        bool all, exceptions, end;
    } cases[] = {
        {{false, false, false, false, false}, false, false, false},
        {{false, false, false, false, true}, false, false, false}, /* nothing new: the end was told */
        {{false, true, false, false, false}, false, false, false}, /* rejected at checking: told then */
        {{true, true, false, false, false}, true, true, false},    /* the same, and nothing was told yet */
        {{true, true, true, false, true}, true, true, true},       /* all rejected at checking: the end as well */
        {{true, false, true, false, false}, true, false, false},   /* routed, all well */
        {{false, false, true, true, false}, true, true, false},    /* routed, one to the ventekonto */
        {{false, true, true, false, false}, true, false, false},   /* settled */
        {{false, false, true, false, true}, true, false, true},    /* settled, the last one */
        {{true, false, true, false, true}, true, false, true},
        {{false, false, true, true, true}, true, true, true}, /* the last one came back */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(nks_report_due(NKS_REPORT_ALL, &cases[i].news) == cases[i].all, "ALL %zu", i);
        ck_assert_msg(nks_report_due(NKS_REPORT_EXCEPTIONS, &cases[i].news) == cases[i].exceptions, "EXCEPTIONS %zu",
                      i);
        ck_assert_msg(nks_report_due(NKS_REPORT_END, &cases[i].news) == cases[i].end, "END %zu", i);
    }
}
END_TEST

START_TEST(status_of_a_group)
{
    static const struct {
        struct nks_status_total totals[3];
        size_t count;
        const char *status;
    } cases[] = {
        {{{"ACTC", 5, {0}}}, 1, "ACTC"},
        {{{"RJCT", 5, {0}}}, 1, "RJCT"},
        {{{"ACTC", 5, {0}}, {"RJCT", 1, {0}}}, 2, "PART"},
        {{{"PDNG", 5, {0}}}, 1, "PDNG"},
        {{{"PDNG", 5, {0}}, {"ACCP", 1, {0}}}, 2, "PART"},
        {{{"ACCP", 5, {0}}}, 1, "ACCP"},
        {{{"ACCP", 5, {0}}, {"ACWC", 1, {0}}}, 2, "ACWC"},
        {{{"ACSC", 5, {0}}}, 1, "ACSC"},
        {{{"ACSC", 5, {0}}, {"ACSP", 1, {0}}}, 2, "ACSP"},
        {{{"ACSC", 5, {0}}, {"ACWC", 1, {0}}, {"RJCT", 1, {0}}}, 3, "PART"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(nks_report_group_status(cases[i].totals, cases[i].count), cases[i].status);
}
END_TEST

START_TEST(counts_are_sorted)
{
    const struct nks_status_total totals[] = {{"RJCT", 1, {0}}, {"ACCP", 2, {0}}, {"PDNG", 3, {0}}};
    struct nks_pain002_count counts[3];
    nks_report_counts(totals, 3, counts);
    ck_assert_str_eq(counts[0].status, "ACCP");
    ck_assert_int_eq(counts[0].payments, 2);
    ck_assert_str_eq(counts[2].status, "RJCT");
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(nks_report_wording("line", NKS_DANISH), "linje");
    ck_assert_str_eq(nks_report_wording("line", NKS_ENGLISH), "line");
    ck_assert_str_eq(nks_report_wording("Cdtr: Nm is not expected here", NKS_DANISH), "Cdtr: Nm is not expected here");
    ck_assert_str_eq(nks_report_wording("", NKS_DANISH), "");
    ck_assert_str_eq(nks_report_wording(nks_reason_english(NKS_REASON_SUM), NKS_DANISH),
                     nks_reason_danish(NKS_REASON_SUM));
    ck_assert_str_eq(nks_reason_words(NKS_REASON_SUM, NKS_DANISH), nks_reason_danish(NKS_REASON_SUM));
    ck_assert_str_eq(nks_reason_words(NKS_REASON_SUM, NKS_ENGLISH), nks_reason_english(NKS_REASON_SUM));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, due);
    tcase_add_test(tests, status_of_a_group);
    tcase_add_test(tests, counts_are_sorted);
    tcase_add_test(tests, words);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
