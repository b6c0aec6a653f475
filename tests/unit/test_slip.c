/* Payment slips: creditor numbers, payment ids, and every way in which a payer may write them. */
#include "denmark/slip.h"

#include <check.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(creditor_numbers_have_their_length)
{
    static const struct {
        const char *kortart, *creditor;
        bool good;
    } cases[] = {
        {"71", "12345678", true},  {"71", "1234567", false}, {"71", "123456789", false}, {"73", "12345678", true},
        {"73", "1234567", false},  {"75", "12345678", true}, {"75", "1234567", false},   {"01", "1234567", true},
        {"04", "12345678", true},  {"15", "1234567", true},  {"15", "123456", false},    {"04", "123456789", false},
        {"", "12345678", true},    {"", "1234567", true},    {"", "123456", false},      {"", "", false},
        {"71", "1234567A", false}, {"71", "", false},        {"72", "12345678", false},  {"71", "1234 678", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_slip_creditor_valid(nks_text_from(cases[i].kortart), nks_text_from(cases[i].creditor)) ==
                          cases[i].good,
                      "case %zu", i);
    ck_assert(nks_slip_kortart_known(NKS_TEXT("01")));
    ck_assert(!nks_slip_kortart_known(NKS_TEXT("41")));
    ck_assert(!nks_slip_kortart_known(NKS_TEXT("")));
}
END_TEST

START_TEST(slips_are_read_in_every_form)
{
    static const struct {
        const char *kortart, *creditor, *reference;
        enum nks_slip_fault fault;
        const char *kind, *id;
    } cases[] = {
        {"", "12345678", "71#026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "71/026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "71 026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "+71<026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "71026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"FIK71", "12345678", "026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"71", "12345678", "71#026840149965328", NKS_SLIP_GOOD, "71", "026840149965328"},
        {" 71 ", "12345678", " 026840149965328 ", NKS_SLIP_GOOD, "71", "026840149965328"},
        {"", "12345678", "75#0026840149965328", NKS_SLIP_GOOD, "75", "0026840149965328"},
        {"", "12345678", "750026840149965328", NKS_SLIP_GOOD, "75", "0026840149965328"},
        {"FIK75", "12345678", "0026840149965328", NKS_SLIP_GOOD, "75", "0026840149965328"},
        {"GIK04", "1234567", "0026840149965328", NKS_SLIP_GOOD, "04", "0026840149965328"},
        {"", "1234567", "04#0026840149965328", NKS_SLIP_GOOD, "04", "0026840149965328"},
        {"", "1234567", "15#0026840149965328", NKS_SLIP_GOOD, "15", "0026840149965328"},
        {"", "12345678", "73", NKS_SLIP_GOOD, "73", ""},
        {"", "12345678", "73#", NKS_SLIP_GOOD, "73", ""},
        {"FIK73", "12345678", "", NKS_SLIP_GOOD, "73", ""},
        {"GIK01", "1234567", "", NKS_SLIP_GOOD, "01", ""},
        {"", "1234567", "01", NKS_SLIP_GOOD, "01", ""},
        /* an id that begins with the digits of a kortart is an id */
        {"75", "12345678", "7500000000000000", NKS_SLIP_GOOD, "75", "7500000000000000"},
        /* the creditor number */
        {"", "1234567", "71#026840149965328", NKS_SLIP_CREDITOR, "", ""},
        {"", "1234567", "026840149965328", NKS_SLIP_CREDITOR, "", ""},
        {"", "ABCDEFGH", "71#026840149965328", NKS_SLIP_CREDITOR, "", ""},
        {"", "123456", "", NKS_SLIP_CREDITOR, "", ""},
        /* the kortart: an id of 16 digits alone is of one of three kinds */
        {"", "12345678", "0026840149965328", NKS_SLIP_KORTART, "", ""},
        {"", "12345678", "", NKS_SLIP_KORTART, "", ""},
        {"", "12345678", "72#026840149965328", NKS_SLIP_KORTART, "", ""},
        {"", "12345678", "41#0026840149965328", NKS_SLIP_KORTART, "", ""},
        {"SALA", "12345678", "7", NKS_SLIP_KORTART, "", ""},
        /* the payment id */
        {"", "12345678", "71#026840149965327", NKS_SLIP_REFERENCE, "", ""},
        {"", "12345678", "026840149965327", NKS_SLIP_REFERENCE, "", ""},
        {"", "12345678", "71#0026840149965328", NKS_SLIP_REFERENCE, "", ""},
        {"", "12345678", "71", NKS_SLIP_REFERENCE, "", ""},
        {"FIK71", "12345678", "", NKS_SLIP_REFERENCE, "", ""},
        {"FIK75", "12345678", "026840149965328", NKS_SLIP_REFERENCE, "", ""},
        {"FIK73", "12345678", "026840149965328", NKS_SLIP_REFERENCE, "", ""},
        {"", "12345678", "73#026840149965328", NKS_SLIP_REFERENCE, "", ""},
        {"FIK75", "12345678", "71#026840149965328", NKS_SLIP_REFERENCE, "", ""}, /* two kinds */
        {"FIK71", "12345678", "RF18539007547034", NKS_SLIP_REFERENCE, "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_slip slip;
        enum nks_slip_fault fault = nks_slip_parse(nks_text_from(cases[i].kortart), nks_text_from(cases[i].creditor),
                                                   nks_text_from(cases[i].reference), &slip);
        ck_assert_msg(fault == cases[i].fault, "case %zu: %d", i, (int)fault);
        ck_assert_str_eq(slip.kortart, cases[i].kind);
        ck_assert_str_eq(slip.payment_id, cases[i].id);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slip");
    TCase *tests = tcase_create("slips");
    tcase_add_test(tests, creditor_numbers_have_their_length);
    tcase_add_test(tests, slips_are_read_in_every_form);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
