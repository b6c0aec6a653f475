#include "base/country.h"
#include "base/seen.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static enum nks_seen_answer add(struct nks_seen *seen, const char *text)
{
    struct nks_fault fault;
    enum nks_seen_answer answer = NKS_SEEN_FULL;
    ck_assert_int_eq(nks_seen_add(seen, nks_text_from(text), &answer, &fault), NKS_OK);
    return answer;
}

START_TEST(texts_are_remembered)
{
    struct nks_seen seen = {.keys = NULL};
    ck_assert_int_eq(add(&seen, "A"), NKS_SEEN_NEW);
    ck_assert_int_eq(add(&seen, ""), NKS_SEEN_NEW);
    ck_assert_int_eq(add(&seen, "a"), NKS_SEEN_NEW);
    ck_assert_int_eq(add(&seen, "A"), NKS_SEEN_BEFORE);
    ck_assert_int_eq(add(&seen, ""), NKS_SEEN_BEFORE);
    nks_seen_free(&seen);
    ck_assert_int_eq(add(&seen, "A"), NKS_SEEN_NEW);
    nks_seen_free(&seen);
}
END_TEST

/* Through every growth up to the ceiling, and no further. */
START_TEST(ceiling_is_told)
{
    struct nks_seen seen = {.keys = NULL};
    struct nks_fault fault;
    enum nks_seen_answer answer = NKS_SEEN_NEW;
    char text[24];
    size_t wrong = 0;
    for (int i = 0; i < NKS_SEEN_MAX; i++) {
        snprintf(text, sizeof text, "%d", i);
        wrong += nks_seen_add(&seen, nks_text_from(text), &answer, &fault) != NKS_OK || answer != NKS_SEEN_NEW;
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_int_eq(add(&seen, "one more"), NKS_SEEN_FULL);
    ck_assert_int_eq(add(&seen, "0"), NKS_SEEN_BEFORE);
    ck_assert_int_eq(add(&seen, "1048575"), NKS_SEEN_BEFORE);
    ck_assert_uint_eq(seen.slots, (size_t)2 * NKS_SEEN_MAX);
    nks_seen_free(&seen);
}
END_TEST

START_TEST(countries_are_known)
{
    static const char *const known[] = {"AD", "DK", "FO", "GL", "GB", "XK", "ZW", "US", "AX"};
    static const char *const unknown[] = {"", "D", "DKK", "dk", "XX", "UK", "EU", "AA", "ZZ", "00", "AN"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        ck_assert_msg(nks_country_known(nks_text_from(known[i])), "%s", known[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(!nks_country_known(nks_text_from(unknown[i])), "%s", unknown[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seen");
    TCase *tests = tcase_create("sets");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, texts_are_remembered);
    tcase_add_test(tests, ceiling_is_told);
    tcase_add_test(tests, countries_are_known);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
