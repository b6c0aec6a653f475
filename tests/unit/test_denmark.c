#include "denmark/account.h"
#include "denmark/bankday.h"
#include "denmark/cpr.h"
#include "denmark/cvr.h"
#include "denmark/slip.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- CPR; the numbers are vectors of the CPR office or invented */

START_TEST(cpr_numbers_are_checked_for_shape_and_date)
{
    static const struct {
        const char *text;
        enum nks_cpr_fault fault;
        const char *birth;
        bool modulus11;
    } cases[] = {
        {"0707614285", NKS_CPR_GOOD, "1961-07-07", true},
        {"2512484916", NKS_CPR_GOOD, "1948-12-25", true},
        {"1111111118", NKS_CPR_GOOD, "1911-11-11", true},
        {"0101904008", NKS_CPR_GOOD, "1990-01-01", true},
        {"0101904016", NKS_CPR_GOOD, "1990-01-01", true},
        {"0101904024", NKS_CPR_GOOD, "1990-01-01", true},
        {"0101650001", NKS_CPR_GOOD, "1965-01-01", false}, /* issued without modulus 11: to be accepted */
        {"010165-0001", NKS_CPR_GOOD, "1965-01-01", false},
        {"0101000000", NKS_CPR_GOOD, "1900-01-01", false}, /* century: every row of the table at its edge */
        {"0101993999", NKS_CPR_GOOD, "1999-01-01", false},
        {"0101364000", NKS_CPR_GOOD, "2036-01-01", false},
        {"0101374000", NKS_CPR_GOOD, "1937-01-01", false},
        {"0101575000", NKS_CPR_GOOD, "2057-01-01", false},
        {"0101585000", NKS_CPR_GOOD, "1858-01-01", false},
        {"0101578000", NKS_CPR_GOOD, "2057-01-01", false},
        {"0101588000", NKS_CPR_GOOD, "1858-01-01", false},
        {"0101369000", NKS_CPR_GOOD, "2036-01-01", false},
        {"0101379000", NKS_CPR_GOOD, "1937-01-01", true},
        {"2902000000", NKS_CPR_DATE, NULL, false}, /* 1900 had no 29 February */
        {"2902004000", NKS_CPR_GOOD, "2000-02-29", false},
        {"3102650001", NKS_CPR_DATE, NULL, false},
        {"0113650001", NKS_CPR_DATE, NULL, false},
        {"0001650001", NKS_CPR_DATE, NULL, false},
        {"0000000000", NKS_CPR_DATE, NULL, false},
        {"6101650001", NKS_CPR_DATE, NULL, false}, /* a hospital's substitute number: day + 60 */
        {"", NKS_CPR_SHAPE, NULL, false},
        {"010165000", NKS_CPR_SHAPE, NULL, false},
        {"01016500011", NKS_CPR_SHAPE, NULL, false},
        {"010165 0001", NKS_CPR_SHAPE, NULL, false},
        {"01016-50001", NKS_CPR_SHAPE, NULL, false},
        {"010165--001", NKS_CPR_SHAPE, NULL, false},
        {"010165AB01", NKS_CPR_SHAPE, NULL, false},
        {" 0101650001", NKS_CPR_SHAPE, NULL, false},
        {"-010165001", NKS_CPR_SHAPE, NULL, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_cpr cpr = {""};
        enum nks_cpr_fault fault = nks_cpr_parse(nks_text_from(cases[i].text), &cpr);
        ck_assert_msg(fault == cases[i].fault, "case %zu: %d", i, (int)fault);
        if (fault != NKS_CPR_GOOD) {
            ck_assert_str_eq(cpr.digits, "");
            continue;
        }
        char birth[NKS_DATE_TEXT];
        nks_date_format(nks_cpr_birth_date(&cpr), birth);
        ck_assert_str_eq(birth, cases[i].birth);
        ck_assert_uint_eq(strlen(cpr.digits), NKS_CPR_DIGITS);
        ck_assert_msg(nks_cpr_modulus11(&cpr) == cases[i].modulus11, "modulus of case %zu", i);
    }
}
END_TEST

/* ---- companies */

START_TEST(cvr_numbers_are_checked)
{
    static const struct {
        const char *text;
        enum nks_cvr_fault fault;
    } cases[] = {{"34051178", NKS_CVR_GOOD},  {"10213231", NKS_CVR_GOOD},   {"29189706", NKS_CVR_GOOD},
                 {"27355021", NKS_CVR_GOOD},  {"61126228", NKS_CVR_GOOD},   {"22756214", NKS_CVR_GOOD},
                 {"34051179", NKS_CVR_CHECK}, {"43051178", NKS_CVR_CHECK},  {"04051178", NKS_CVR_SHAPE},
                 {"3405117", NKS_CVR_SHAPE},  {"340511780", NKS_CVR_SHAPE}, {"3405117A", NKS_CVR_SHAPE},
                 {"", NKS_CVR_SHAPE},         {"DK", NKS_CVR_SHAPE},        {"SE34051178", NKS_CVR_SHAPE},
                 {" 34051178", NKS_CVR_SHAPE}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[NKS_CVR_DIGITS + 1] = "", se[NKS_CVR_DIGITS + 1] = "";
        enum nks_cvr_fault fault = nks_cvr_parse(nks_text_from(cases[i].text), out);
        ck_assert_msg(fault == cases[i].fault, "case %zu", i);
        ck_assert_str_eq(out, fault == NKS_CVR_SHAPE ? "" : cases[i].text);
        ck_assert_int_eq(nks_se_parse(nks_text_from(cases[i].text), se), cases[i].fault);
        ck_assert_str_eq(se, out);
    }
    char out[NKS_CVR_DIGITS + 1];
    ck_assert_int_eq(nks_cvr_parse(NKS_TEXT("DK34051178"), out), NKS_CVR_GOOD);
    ck_assert_str_eq(out, "34051178");
    ck_assert_int_eq(nks_cvr_parse(NKS_TEXT("DKDK34051178"), out), NKS_CVR_SHAPE);
}
END_TEST

START_TEST(other_company_numbers_are_checked)
{
    char out[NKS_PNR_DIGITS + 1];
    ck_assert(nks_pnr_parse(NKS_TEXT("1003388394"), out));
    ck_assert_str_eq(out, "1003388394");
    ck_assert(!nks_pnr_parse(NKS_TEXT("100338839"), out));
    ck_assert(!nks_pnr_parse(NKS_TEXT("10033883944"), out));
    ck_assert(!nks_pnr_parse(NKS_TEXT("100338839A"), out));
    static const struct {
        const char *text;
        bool gln, lei;
    } cases[] = {
        {"5798000416604", true, false},
        {"5798009811578", true, false},
        {"5798000416605", false, false},
        {"5789000416604", false, false},
        {"579800041660", false, false},
        {"579800041660X", false, false},
        {"", false, false},
        {"HWUPKR0MPOU8FGXBT394", false, true}, /* published LEIs */
        {"5493001KJTIIGC8Y1R12", false, true},
        {"HWUPKR0MPOU8FGXBT395", false, false},
        {"WHUPKR0MPOU8FGXBT394", false, false},
        {"hwupkr0mpou8fgxbt394", false, false},
        {"HWUPKR0MPOU8FGXBT39", false, false},
        {"HWUPKR0MPOU8FGXBT3A4", false, false},
        {"HWUPKR0MPOU8FGXB-394", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(nks_gln_valid(nks_text_from(cases[i].text)) == cases[i].gln, "GLN %zu", i);
        ck_assert_msg(nks_lei_valid(nks_text_from(cases[i].text)) == cases[i].lei, "LEI %zu", i);
    }
}
END_TEST

/* ---- accounts */

START_TEST(bbans_are_read)
{
    static const char *const cases[][2] = {
        {"1234 0001234567", "12340001234567"},
        {"1234-1234567", "12340001234567"},
        {"12340001234567", "12340001234567"},
        {"1234 1", "12340000000001"},
        {"0000-0000000001", "00000000000001"},
        {"1234", NULL},
        {"1234 ", NULL},
        {"12341234567", NULL}, /* without separator only 14 digits say where the account begins */
        {"123400012345678", NULL},
        {"1234 00012345678", NULL},
        {"1234  1234567", NULL},
        {"1234-123-4567", NULL},
        {"1234+1234567", NULL},
        {"123-41234567", NULL},
        {"1234 123456A", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[NKS_BBAN_DIGITS + 1];
        bool good = nks_bban_parse(nks_text_from(cases[i][0]), out);
        ck_assert_msg(good == (cases[i][1] != NULL), "case %zu", i);
        if (good)
            ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

START_TEST(ibans_are_read)
{
    static const char *const cases[][2] = {
        {"DK5000400440116243", "DK5000400440116243"},
        {"DK8152470021527478", "DK8152470021527478"},
        {"DK2280790000820049", "DK2280790000820049"},
        {"DK0580790000820064", "DK0580790000820064"},
        {"dk50 0040 0440 1162 43", "DK5000400440116243"},
        {"FO6264600001631634", "FO6264600001631634"},
        {"GL8964710001000206", "GL8964710001000206"},
        {"NO9386011117947", "NO9386011117947"},
        {"SE4550000000058398257466", "SE4550000000058398257466"},
        {"DE89370400440532013000", "DE89370400440532013000"},
        {"GB29NWBK60161331926819", "GB29NWBK60161331926819"},
        {"MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"},
        {"CH9300762011623852957", "CH9300762011623852957"},
        {"NL91ABNA0417164300", "NL91ABNA0417164300"},
        {"PL61109010140000071219812874", "PL61109010140000071219812874"},
        {"DK5100400440116243", NULL}, /* check digits */
        {"DK5000400440116234", NULL}, /* two digits exchanged */
        {"DK500040044011624", NULL},  /* length */
        {"DK50004004401162430", NULL},
        {"DK50004004401162A3", NULL}, /* Danish ones are digits */
        {"DE8937040044053201300", NULL},
        {"5000400440116243", NULL},
        {"D15000400440116243", NULL},
        {"DKA000400440116243", NULL},
        {"DK50-0040-0440-1162-43", NULL},
        {"", NULL},
        {"DK", NULL},
        {"GB29NWBK60161331926819GB29NWBK60161331926819", NULL},
        {"GB29NWBK6016133192681\xC3\xA6", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[NKS_IBAN_MAX + 1];
        bool good = nks_iban_parse(nks_text_from(cases[i][0]), out);
        ck_assert_msg(good == (cases[i][1] != NULL), "case %zu", i);
        if (good)
            ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

/* Of the hundred pairs of check digits exactly one is right, whatever the length between 15 and 34. */
START_TEST(ibans_of_countries_outside_the_table_need_only_their_check_digits)
{
    for (size_t len = 13; len <= 36; len++) {
        char text[40] = "JP00", out[NKS_IBAN_MAX + 1];
        size_t accepted = 0;
        memset(text + 4, '7', len - 4);
        for (int check = 0; check < 100; check++) {
            text[2] = (char)('0' + check / 10);
            text[3] = (char)('0' + check % 10);
            accepted += nks_iban_parse(nks_text_from(text), out);
        }
        ck_assert_msg(accepted == (len >= 15 && len <= 34 ? 1 : 0), "length %zu: %zu", len, accepted);
    }
}
END_TEST

START_TEST(iban_is_made_of_a_bban)
{
    static const char *const ibans[] = {"DK5000400440116243", "DK8152470021527478", "DK2280790000820049",
                                        "DK0580790000820064"};
    for (size_t i = 0; i < COUNT(ibans); i++) {
        char out[NKS_IBAN_MAX + 1];
        nks_iban_from_bban(ibans[i] + 4, out);
        ck_assert_str_eq(out, ibans[i]);
    }
}
END_TEST

START_TEST(bics_have_their_form)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"DABADKKK", true},  {"DABADKKKXXX", true}, {"NDEADK22", true},      {"1ABADKKK", true},
        {"DABADKK", false},  {"DABADKKKX", false},  {"DABADKKKXXXX", false}, {"dabadkkk", false},
        {"DABA1KKK", false}, {"DABAD1KK", false},   {"DABADKK-", false},     {"", false},
        {"DABAXXKK", false}, {"DABAUKKK", false},   {"DABAFOKK", true},      {"DABAXKKK", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_bic_valid(nks_text_from(cases[i].text)) == cases[i].good, "case %zu", i);
    ck_assert(nks_bic_domestic(NKS_TEXT("DABADKKK")));
    ck_assert(nks_bic_domestic(NKS_TEXT("DABAFOKK")));
    ck_assert(nks_bic_domestic(NKS_TEXT("DABAGLKKXXX")));
    ck_assert(!nks_bic_domestic(NKS_TEXT("DABASEKK")));
    ck_assert(!nks_bic_domestic(NKS_TEXT("")));
}
END_TEST

START_TEST(accounts_of_any_form_are_read)
{
    static const struct {
        const char *text;
        enum nks_account_kind kind; /* NKS_ACCOUNT_NONE: refused */
        const char *id;
        int regnr;
        bool domestic;
    } cases[] = {
        {"1234 1234567", NKS_ACCOUNT_BBAN, "12340001234567", 1234, true},
        {" 0040-0440116243 ", NKS_ACCOUNT_BBAN, "00400440116243", 40, true},
        {"DK50 0040 0440 1162 43", NKS_ACCOUNT_BBAN, "00400440116243", 40, true},
        {"dk5000400440116243", NKS_ACCOUNT_BBAN, "00400440116243", 40, true},
        {"FO6264600001631634", NKS_ACCOUNT_IBAN, "FO6264600001631634", 6460, true},
        {"GL8964710001000206", NKS_ACCOUNT_IBAN, "GL8964710001000206", 6471, true},
        {"GB29NWBK60161331926819", NKS_ACCOUNT_IBAN, "GB29NWBK60161331926819", -1, false},
        {"71+12345678", NKS_ACCOUNT_FIK, "71+12345678", -1, true},
        {"73+12345678", NKS_ACCOUNT_FIK, "73+12345678", -1, true},
        {"75+12345678", NKS_ACCOUNT_FIK, "75+12345678", -1, true},
        {"01+1234567", NKS_ACCOUNT_FIK, "01+1234567", -1, true},
        {"04+12345678", NKS_ACCOUNT_FIK, "04+12345678", -1, true},
        {"71+1234567", NKS_ACCOUNT_NONE, "", 0, false},
        {"71+123456789", NKS_ACCOUNT_NONE, "", 0, false},
        {"01+123456", NKS_ACCOUNT_NONE, "", 0, false},
        {"72+12345678", NKS_ACCOUNT_NONE, "", 0, false},
        {"71+1234567A", NKS_ACCOUNT_NONE, "", 0, false},
        {"71+", NKS_ACCOUNT_NONE, "", 0, false},
        {"+71+12345678", NKS_ACCOUNT_NONE, "", 0, false},
        {"DK5100400440116243", NKS_ACCOUNT_NONE, "", 0, false},
        {"12345", NKS_ACCOUNT_NONE, "", 0, false},
        {"A", NKS_ACCOUNT_NONE, "", 0, false},
        {"", NKS_ACCOUNT_NONE, "", 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_account account = {.bic = "OLD"};
        bool good = nks_account_parse(nks_text_from(cases[i].text), &account);
        ck_assert_msg(good == (cases[i].kind != NKS_ACCOUNT_NONE), "case %zu", i);
        ck_assert_int_eq(account.kind, cases[i].kind);
        ck_assert_str_eq(account.id, cases[i].id);
        ck_assert_str_eq(account.bic, good ? "" : "OLD");
        if (!good)
            continue;
        ck_assert_int_eq(nks_account_regnr(&account), cases[i].regnr);
        ck_assert_int_eq(nks_account_domestic(&account), cases[i].domestic);
    }
    struct nks_account none = {0};
    ck_assert_int_eq(nks_account_regnr(&none), -1);
    ck_assert(!nks_account_domestic(&none));
}
END_TEST

START_TEST(same_account_is_equal_in_every_form)
{
    struct nks_account a, b;
    ck_assert(nks_account_parse(NKS_TEXT("DK5000400440116243"), &a));
    ck_assert(nks_account_parse(NKS_TEXT("0040 0440116243"), &b));
    ck_assert(nks_text_copy(NKS_TEXT("DABADKKK"), b.bic, sizeof b.bic));
    ck_assert(nks_account_equal(&a, &b));
    b.kind = NKS_ACCOUNT_IBAN;
    ck_assert(!nks_account_equal(&a, &b));
    ck_assert(nks_account_parse(NKS_TEXT("0040 0440116244"), &b));
    ck_assert(!nks_account_equal(&a, &b));
}
END_TEST

START_TEST(payment_ids_of_slips_are_checked)
{
    static const struct {
        const char *kortart, *id;
        bool good;
    } cases[] = {
        {"71", "026840149965328", true},
        {"71", "000006535361999", true},
        {"71", "026840149965327", false},
        {"71", "206840149965328", false},
        {"71", "0026840149965328", false},
        {"71", "26840149965328", false},
        {"71", "02684014996532A", false},
        {"71", "", false},
        {"75", "0026840149965328", true},
        {"04", "0026840149965328", true},
        {"15", "0026840149965328", true},
        {"75", "0026840149965327", false},
        {"75", "026840149965328", false},
        {"73", "", true},
        {"01", "", true},
        {"73", "026840149965328", false},
        {"01", "0", false},
        {"72", "026840149965328", false},
        {"", "", false},
        {"7", "", false},
        {"71", "000000000000000", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_slip_id_valid(nks_text_from(cases[i].kortart), nks_text_from(cases[i].id)) == cases[i].good,
                      "case %zu", i);
}
END_TEST

START_TEST(creditor_references_are_checked)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"RF18539007547034", true},
        {"RF712348231", true},
        {"RF18000000000539007547034", true},
        {"RF18539007547035", false},
        {"RF19539007547034", false},
        {"RF180000000000539007547034", false},
        {"RF18", false},
        {"", false},
        {"rf18539007547034", false},
        {"RF18 5390 0754 7034", false},
        {"RFA8539007547034", false},
        {"DE18539007547034", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_rf_valid(nks_text_from(cases[i].text)) == cases[i].good, "case %zu", i);
}
END_TEST

/* ---- bank days */

START_TEST(easter_is_found)
{
    static const int cases[][3] = {{1818, 3, 22}, {1943, 4, 25}, {1954, 4, 18}, {1981, 4, 19}, {2000, 4, 23},
                                   {2023, 4, 9},  {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5},  {2027, 3, 28},
                                   {2038, 4, 25}, {2049, 4, 18}, {2076, 4, 19}, {2285, 3, 22}};
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_easter_sunday(cases[i][0]) == nks_date_from_ymd(cases[i][0], cases[i][1], cases[i][2]), "%d",
                      cases[i][0]);
}
END_TEST

/* Nationalbanken's closed days that are no Saturday or Sunday, as month * 100 + day, to a 0. */
static const struct {
    int year;
    int days[16];
} closed_days[] = {
    {2023, {406, 407, 410, 505, 518, 519, 529, 605, 1225, 1226, 0}},
    {2024, {101, 328, 329, 401, 509, 510, 520, 605, 1224, 1225, 1226, 1231, 0}},
    {2026, {101, 402, 403, 406, 514, 515, 525, 605, 1224, 1225, 1231, 0}},
    {2027, {101, 325, 326, 329, 506, 507, 517, 1224, 1231, 0}},
};

static bool is_listed(const int *days, int month, int day)
{
    while (*days != 0 && *days != month * 100 + day)
        days++;
    return *days != 0;
}

START_TEST(bank_days_are_nationalbankens)
{
    for (size_t i = 0; i < COUNT(closed_days); i++) {
        int year, month, day;
        nks_date first = nks_date_from_ymd(closed_days[i].year, 1, 1);
        for (nks_date date = first; date < nks_date_from_ymd(closed_days[i].year + 1, 1, 1); date++) {
            nks_date_to_ymd(date, &year, &month, &day);
            bool open = nks_date_weekday(date) < 5 && !is_listed(closed_days[i].days, month, day);
            ck_assert_msg(nks_bankday(date) == open, "%d-%02d-%02d", year, month, day);
        }
    }
}
END_TEST

START_TEST(bank_days_are_counted)
{
    static const struct {
        const char *from;
        int count;
        const char *to;
    } cases[] = {
        {"2026-11-23", 0, "2026-11-23"},  {"2026-11-22", 0, "2026-11-23"},  {"2026-11-23", 1, "2026-11-24"},
        {"2026-11-20", 1, "2026-11-23"},  {"2026-11-21", 1, "2026-11-23"},  {"2026-11-23", -1, "2026-11-20"},
        {"2026-11-22", -1, "2026-11-20"}, {"2026-04-01", 1, "2026-04-07"},  {"2026-04-07", -1, "2026-04-01"},
        {"2026-04-02", 0, "2026-04-07"},  {"2026-12-23", 1, "2026-12-28"},  {"2026-12-30", 1, "2027-01-04"},
        {"2027-01-04", -1, "2026-12-30"}, {"2026-05-13", 2, "2026-05-19"},  {"2026-11-23", 5, "2026-11-30"},
        {"2027-06-04", 1, "2027-06-07"},  {"2026-01-01", -1, "2025-12-30"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nks_date from;
        char to[NKS_DATE_TEXT];
        ck_assert(nks_date_parse(nks_text_from(cases[i].from), false, &from));
        nks_date_format(nks_bankday_add(from, cases[i].count), to);
        ck_assert_msg(strcmp(to, cases[i].to) == 0, "case %zu: %s", i, to);
        if (cases[i].count == 0)
            ck_assert_int_eq(nks_bankday_on_or_after(from), nks_bankday_add(from, 0));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("denmark");
    TCase *tests = tcase_create("denmark");
    tcase_add_test(tests, cpr_numbers_are_checked_for_shape_and_date);
    tcase_add_test(tests, cvr_numbers_are_checked);
    tcase_add_test(tests, other_company_numbers_are_checked);
    tcase_add_test(tests, bbans_are_read);
    tcase_add_test(tests, ibans_are_read);
    tcase_add_test(tests, ibans_of_countries_outside_the_table_need_only_their_check_digits);
    tcase_add_test(tests, iban_is_made_of_a_bban);
    tcase_add_test(tests, bics_have_their_form);
    tcase_add_test(tests, accounts_of_any_form_are_read);
    tcase_add_test(tests, same_account_is_equal_in_every_form);
    tcase_add_test(tests, payment_ids_of_slips_are_checked);
    tcase_add_test(tests, creditor_references_are_checked);
    tcase_add_test(tests, easter_is_found);
    tcase_add_test(tests, bank_days_are_nationalbankens);
    tcase_add_test(tests, bank_days_are_counted);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
