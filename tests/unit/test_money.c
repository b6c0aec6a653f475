#include "base/money.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct nks_money money(int64_t minor, const char *currency)
{
    struct nks_money out = {.minor = minor};
    ck_assert(nks_text_copy(nks_text_from(currency), out.currency, sizeof out.currency));
    return out;
}

START_TEST(amounts_are_read)
{
    static const struct {
        const char *text, *currency;
        enum nks_amount_fault fault;
        int64_t minor;
    } cases[] = {
        {"1300.00", "DKK", NKS_AMOUNT_GOOD, 130000},
        {"5", "DKK", NKS_AMOUNT_GOOD, 500},
        {"0.01", "DKK", NKS_AMOUNT_GOOD, 1},
        {"0", "DKK", NKS_AMOUNT_GOOD, 0},
        {"0.1", "DKK", NKS_AMOUNT_GOOD, 10},
        {"1.50000", "DKK", NKS_AMOUNT_GOOD, 150},
        {"007.00", "DKK", NKS_AMOUNT_GOOD, 700},
        {"1.5", "XXY", NKS_AMOUNT_GOOD, 150}, /* unknown: two decimals */
        {"100", "JPY", NKS_AMOUNT_GOOD, 100},
        {"100.000", "JPY", NKS_AMOUNT_GOOD, 100},
        {"1.125", "KWD", NKS_AMOUNT_GOOD, 1125},
        {"1.0001", "CLF", NKS_AMOUNT_GOOD, 10001},
        {"92233720368547758.07", "DKK", NKS_AMOUNT_RANGE, 0}, /* 19 digits */
        {"9999999999999999.99", "DKK", NKS_AMOUNT_GOOD, 999999999999999999},
        {"92233720368547758", "DKK", NKS_AMOUNT_GOOD, 9223372036854775800},
        {"92233720368547759", "DKK", NKS_AMOUNT_RANGE, 0},
        {"999999999999999999", "JPY", NKS_AMOUNT_GOOD, 999999999999999999},
        {"999999999999999999", "DKK", NKS_AMOUNT_RANGE, 0},
        {"1000000000000000000", "JPY", NKS_AMOUNT_RANGE, 0},
        {"0000000000000000000000001.00", "DKK", NKS_AMOUNT_GOOD, 100},
        {"1.001", "DKK", NKS_AMOUNT_DECIMALS, 0},
        {"1.1", "JPY", NKS_AMOUNT_DECIMALS, 0},
        {"1.00001", "CLF", NKS_AMOUNT_DECIMALS, 0},
        {"", "DKK", NKS_AMOUNT_FORM, 0},
        {".", "DKK", NKS_AMOUNT_FORM, 0},
        {".5", "DKK", NKS_AMOUNT_FORM, 0},
        {"5.", "DKK", NKS_AMOUNT_FORM, 0},
        {"-5", "DKK", NKS_AMOUNT_FORM, 0},
        {"+5", "DKK", NKS_AMOUNT_FORM, 0},
        {" 5", "DKK", NKS_AMOUNT_FORM, 0},
        {"5 ", "DKK", NKS_AMOUNT_FORM, 0},
        {"1,50", "DKK", NKS_AMOUNT_FORM, 0},
        {"1.2.3", "DKK", NKS_AMOUNT_FORM, 0},
        {"1e3", "DKK", NKS_AMOUNT_FORM, 0},
        {"NaN", "DKK", NKS_AMOUNT_FORM, 0},
        {"5", "dkk", NKS_AMOUNT_FORM, 0},
        {"5", "DKKK", NKS_AMOUNT_FORM, 0},
        {"5", "", NKS_AMOUNT_FORM, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_money out = {.minor = 0};
        enum nks_amount_fault fault = nks_money_parse(nks_text_from(cases[i].text), cases[i].currency, &out);
        ck_assert_msg(fault == cases[i].fault && out.minor == cases[i].minor, "case %zu: fault %d, minor %lld", i,
                      (int)fault, (long long)out.minor);
        ck_assert_str_eq(out.currency, fault == NKS_AMOUNT_GOOD ? cases[i].currency : "");
    }
}
END_TEST

START_TEST(amounts_are_written)
{
    static const struct {
        int64_t minor;
        const char *currency, *plain, *people;
    } cases[] = {
        {130000, "DKK", "1300.00", "1,300.00 DKK"},
        {0, "DKK", "0.00", "0.00 DKK"},
        {1, "DKK", "0.01", "0.01 DKK"},
        {99999, "DKK", "999.99", "999.99 DKK"},
        {123456789, "EUR", "1234567.89", "1,234,567.89 EUR"},
        {1234567, "JPY", "1234567", "1,234,567 JPY"},
        {1005, "KWD", "1.005", "1.005 KWD"},
        {-150, "DKK", "-1.50", "-1.50 DKK"},
        {INT64_MAX, "DKK", "92233720368547758.07", "92,233,720,368,547,758.07 DKK"},
        {INT64_MIN, "DKK", "-92233720368547758.08", "-92,233,720,368,547,758.08 DKK"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char memory[64];
        struct nks_buf buf;
        nks_buf_init(&buf, memory, sizeof memory);
        nks_money_format(&buf, money(cases[i].minor, cases[i].currency));
        ck_assert_msg(nks_text_is(nks_buf_view(&buf), cases[i].plain), "plain %zu", i);
        nks_buf_init(&buf, memory, sizeof memory);
        nks_money_format_people(&buf, money(cases[i].minor, cases[i].currency));
        ck_assert_msg(nks_text_is(nks_buf_view(&buf), cases[i].people), "people %zu", i);
    }
}
END_TEST

START_TEST(arithmetic_is_checked)
{
    struct nks_money out = money(7, "SEK");
    ck_assert(!nks_money_add(money(1, "DKK"), money(1, "EUR"), &out));
    ck_assert(!nks_money_add(money(INT64_MAX, "DKK"), money(1, "DKK"), &out));
    ck_assert(!nks_money_sub(money(INT64_MIN, "DKK"), money(1, "DKK"), &out));
    ck_assert(!nks_money_sub(money(1, "DKK"), money(1, "EUR"), &out));
    ck_assert_int_eq(out.minor, 7);
    ck_assert_str_eq(out.currency, "SEK");
    ck_assert(nks_money_add(money(INT64_MAX - 1, "DKK"), money(1, "DKK"), &out));
    ck_assert(out.minor == INT64_MAX);
    ck_assert(nks_money_sub(money(1, "DKK"), money(3, "DKK"), &out));
    ck_assert(out.minor == -2);
    ck_assert_str_eq(out.currency, "DKK");
    int64_t sum = 9;
    ck_assert(!nks_minor_add(INT64_MIN, -1, &sum));
    ck_assert(sum == 9);
    ck_assert(nks_minor_add(2, 3, &sum));
    ck_assert(sum == 5);
}
END_TEST

START_TEST(control_sums_mix_currencies)
{
    struct nks_sum sum = {0}, told;
    ck_assert(nks_sum_add(&sum, money(130000, "DKK")));
    ck_assert(nks_sum_add(&sum, money(7, "JPY")));
    ck_assert(nks_sum_add(&sum, money(125, "KWD")));
    ck_assert(nks_sum_add(&sum, money(10001, "CLF")));
    ck_assert(nks_sum_parse(NKS_TEXT("1308.1251"), &told));
    ck_assert(nks_sum_equal(sum, told));
    ck_assert(nks_sum_parse(NKS_TEXT("1308.12510000"), &told));
    ck_assert(nks_sum_equal(sum, told));
    ck_assert(nks_sum_parse(NKS_TEXT("1308.1252"), &told));
    ck_assert(!nks_sum_equal(sum, told));
}
END_TEST

START_TEST(control_sums_do_not_overflow)
{
    struct nks_sum sum = {0};
    for (int i = 0; i < 1000; i++)
        ck_assert(nks_sum_add(&sum, money(INT64_MAX, "JPY")));
    nks_int128 most = (((nks_int128)1 << 126) - 1) * 2 + 1;
    sum.scaled = most;
    ck_assert(!nks_sum_add(&sum, money(1, "DKK")));
    ck_assert(sum.scaled == most);
}
END_TEST

START_TEST(control_sums_are_read_and_written)
{
    static const struct {
        const char *text, *back; /* back NULL: refused */
    } cases[] = {
        {"1300", "1300.00"},
        {"1300.00", "1300.00"},
        {"7.125", "7.125"},
        {"7.10", "7.10"},
        {"0", "0.00"},
        {"0.00001", "0.00001"},
        {"0.0100", "0.01"},
        {"999999999999999999", "999999999999999999.00"},
        {"9999999999999999.99", "9999999999999999.99"},
        {"1000000000000000000", NULL}, /* 19 digits */
        {"0.000001", NULL},
        {"-1", NULL},
        {"", NULL},
        {".5", NULL},
        {"1.", NULL},
        {"1 000", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char memory[64];
        struct nks_buf buf;
        struct nks_sum sum;
        bool good = nks_sum_parse(nks_text_from(cases[i].text), &sum);
        ck_assert_msg(good == (cases[i].back != NULL), "case %zu", i);
        if (!good)
            continue;
        nks_buf_init(&buf, memory, sizeof memory);
        nks_sum_format(&buf, sum);
        ck_assert_msg(nks_text_is(nks_buf_view(&buf), cases[i].back), "case %zu", i);
    }
}
END_TEST

START_TEST(currencies_are_numbered)
{
    static const struct {
        const char *code;
        int32_t number;
    } cases[] = {{"AAA", 0},  {"AAB", 1}, {"ABA", 26},  {"ZZZ", 17575}, {"DKK", 2298},
                 {"dkk", -1}, {"DK", -1}, {"DKKK", -1}, {"", -1},       {"D1K", -1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[4];
        ck_assert_int_eq(nks_currency_number(cases[i].code), cases[i].number);
        nks_currency_name(cases[i].number, name);
        ck_assert_str_eq(name, cases[i].number < 0 ? "" : cases[i].code);
    }
    char name[4];
    nks_currency_name(26 * 26 * 26, name);
    ck_assert_str_eq(name, "");
}
END_TEST

START_TEST(currencies_are_known)
{
    static const struct {
        const char *code;
        bool known;
        int decimals;
    } cases[] = {
        {"DKK", true, 2},  {"EUR", true, 2},  {"ISK", true, 0},  {"KWD", true, 3},  {"CLF", true, 4},
        {"XAF", true, 0},  {"XCG", true, 2},  {"ZWG", true, 2},  {"AED", true, 2},  {"BTC", false, 2},
        {"XXX", false, 2}, {"XTS", false, 2}, {"XAU", false, 2}, {"XDR", false, 2}, {"HRK", false, 2},
        {"DKR", false, 2}, {"dkk", false, 2}, {"", false, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(nks_currency_known(cases[i].code) == cases[i].known, "%s", cases[i].code);
        ck_assert_msg(nks_currency_decimals(cases[i].code) == cases[i].decimals, "%s", cases[i].code);
    }
}
END_TEST

START_TEST(sums_have_18_digits)
{
    static const struct {
        const char *text;
        bool writable;
    } cases[] = {
        {"0", true},
        {"9999999999999999.99", true},
        {"10000000000000000", false},
        {"9999999999999.99999", true},
        {"9999999999999.999", true},
        {"10000000000000.001", false},
        {"10000000000000.01", true},
        {"999999999999999999999", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_sum sum;
        ck_assert(nks_sum_read(nks_text_from(cases[i].text), &sum));
        ck_assert_msg(nks_sum_writable(sum) == cases[i].writable, "case %zu", i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("money");
    TCase *tests = tcase_create("money");
    tcase_add_test(tests, amounts_are_read);
    tcase_add_test(tests, currencies_are_known);
    tcase_add_test(tests, sums_have_18_digits);
    tcase_add_test(tests, amounts_are_written);
    tcase_add_test(tests, arithmetic_is_checked);
    tcase_add_test(tests, control_sums_mix_currencies);
    tcase_add_test(tests, control_sums_do_not_overflow);
    tcase_add_test(tests, control_sums_are_read_and_written);
    tcase_add_test(tests, currencies_are_numbered);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
