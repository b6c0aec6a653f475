#include "base/date.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static nks_time instant(const char *text)
{
    nks_time out;
    ck_assert_msg(nks_time_parse(nks_text_from(text), &out), "%s", text);
    return out;
}

START_TEST(calendar_agrees_with_the_c_library)
{
    int year, month, day;
    for (nks_date date = nks_date_from_ymd(1800, 1, 1); date <= nks_date_from_ymd(2299, 12, 31); date++) {
        time_t seconds = (time_t)date * 86400;
        struct tm tm;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
        nks_date_to_ymd(date, &year, &month, &day);
        if (year != tm.tm_year + 1900 || month != tm.tm_mon + 1 || day != tm.tm_mday ||
            nks_date_from_ymd(year, month, day) != date || nks_date_weekday(date) != (tm.tm_wday + 6) % 7 ||
            !nks_date_valid(year, month, day))
            ck_abort_msg("day %d", (int)date);
    }
}
END_TEST

START_TEST(dates_are_valid_or_not)
{
    static const struct {
        int year, month, day;
        bool valid;
    } cases[] = {
        {2026, 2, 28, true},  {2026, 2, 29, false},  {2024, 2, 29, true},  {1900, 2, 29, false}, {2000, 2, 29, true},
        {2026, 4, 31, false}, {2026, 0, 1, false},   {2026, 13, 1, false}, {2026, 1, 0, false},  {2026, 1, 32, false},
        {1800, 1, 1, true},   {1799, 12, 31, false}, {2299, 12, 31, true}, {2300, 1, 1, false},  {2026, 1, -1, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_date_valid(cases[i].year, cases[i].month, cases[i].day) == cases[i].valid, "case %zu", i);
}
END_TEST

START_TEST(dates_are_read)
{
    static const struct {
        const char *text;
        bool zone, good;
    } cases[] = {
        {"2026-11-23", false, true},          {"2026-11-23", true, true},
        {"2026-11-23Z", true, true},          {"2026-11-23+01:00", true, true},
        {"2026-11-23-14:00", true, true},     {"2026-11-23Z", false, false},
        {"2026-11-23+14:01", true, false},    {"2026-11-23+01:60", true, false},
        {"2026-11-23+1:00", true, false},     {"2026-11-23 01:00", true, false},
        {"2026-11-2", true, false},           {"2026-1-23", false, false},
        {"26-11-23", false, false},           {"2026/11/23", false, false},
        {"2026-11-31", false, false},         {"", true, false},
        {"2026-11-23T00:00:00", true, false}, {"-026-11-23", false, false},
        {"2026-11-23z", true, false},         {" 2026-11-23", false, false},
        {"20261123", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nks_date date = NKS_DATE_NONE;
        bool good = nks_date_parse(nks_text_from(cases[i].text), cases[i].zone, &date);
        ck_assert_msg(good == cases[i].good, "case %zu", i);
        ck_assert_int_eq(date, good ? nks_date_from_ymd(2026, 11, 23) : NKS_DATE_NONE);
    }
}
END_TEST

START_TEST(dates_are_written)
{
    char out[NKS_TIME_TEXT];
    nks_date_format(0, out);
    ck_assert_str_eq(out, "1970-01-01");
    nks_date_format(nks_date_from_ymd(2299, 12, 31), out);
    ck_assert_str_eq(out, "2299-12-31");
    nks_date_format(NKS_DATE_NONE, out);
    ck_assert_str_eq(out, "");
    nks_date_format(INT32_MAX, out);
    ck_assert_str_eq(out, "");
    nks_time_format(-1, out);
    ck_assert_str_eq(out, "1969-12-31T23:59:59Z");
    nks_time_format(INT64_MAX, out);
    ck_assert_str_eq(out, "");
    nks_time_format(INT64_MIN, out);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(instants_are_read)
{
    static const char *const cases[][2] = {
        {"2026-11-23T02:10:00Z", "2026-11-23T02:10:00Z"},
        {"2026-11-23T02:10:00.123Z", "2026-11-23T02:10:00Z"},
        {"2026-11-23T02:10:00+01:00", "2026-11-23T01:10:00Z"},
        {"2026-11-23T02:10:00-03:30", "2026-11-23T05:40:00Z"},
        {"2026-11-23T02:10:00", "2026-11-23T01:10:00Z"},   /* Copenhagen, winter */
        {"2026-07-01T00:30:00.5", "2026-06-30T22:30:00Z"}, /* Copenhagen, summer */
        {"2026-11-23T24:00:00Z", "2026-11-24T00:00:00Z"},
        {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
        {"2026-11-23T24:00:01Z", NULL},
        {"2026-11-23T25:00:00Z", NULL},
        {"2026-11-23T02:60:00Z", NULL},
        {"2026-11-23T02:10:60Z", NULL},
        {"2026-11-23T02:10:00.Z", NULL},
        {"2026-11-23T02:10:00.", NULL},
        {"2026-11-23T02:10", NULL},
        {"2026-11-23 02:10:00", NULL},
        {"2026-02-30T02:10:00Z", NULL},
        {"2026-11-23T02:10:00ZZ", NULL},
        {"2026-11-23T02:10:00+1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nks_time time;
        char out[NKS_TIME_TEXT];
        bool good = nks_time_parse(nks_text_from(cases[i][0]), &time);
        ck_assert_msg(good == (cases[i][1] != NULL), "case %zu", i);
        if (!good)
            continue;
        nks_time_format(time, out);
        ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

START_TEST(copenhagen_changes_its_clock)
{
    static const struct {
        const char *utc;
        int offset, minute;
        const char *date;
    } cases[] = {
        {"2026-03-29T00:59:59Z", 3600, 119, "2026-03-29"},  {"2026-03-29T01:00:00Z", 7200, 180, "2026-03-29"},
        {"2026-10-25T00:59:59Z", 7200, 179, "2026-10-25"},  {"2026-10-25T01:00:00Z", 3600, 120, "2026-10-25"},
        {"2026-01-01T00:00:00Z", 3600, 60, "2026-01-01"},   {"2026-12-31T23:00:00Z", 3600, 0, "2027-01-01"},
        {"2026-12-31T22:59:59Z", 3600, 1439, "2026-12-31"}, {"2026-06-30T22:00:00Z", 7200, 0, "2026-07-01"},
        {"2027-03-28T01:00:00Z", 7200, 180, "2027-03-28"},  {"2027-10-31T01:00:00Z", 3600, 120, "2027-10-31"},
        {"2026-03-22T12:00:00Z", 3600, 780, "2026-03-22"},  {"2026-10-31T12:00:00Z", 3600, 780, "2026-10-31"},
        {"1969-12-31T23:30:00Z", 3600, 30, "1970-01-01"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nks_time time = instant(cases[i].utc);
        char date[NKS_DATE_TEXT];
        nks_date_format(nks_copenhagen_date(time), date);
        ck_assert_msg(nks_copenhagen_offset(time) == cases[i].offset, "offset %zu", i);
        ck_assert_msg(nks_copenhagen_minute(time) == cases[i].minute, "minute %zu", i);
        ck_assert_str_eq(date, cases[i].date);
    }
}
END_TEST

START_TEST(copenhagen_clock_is_turned_back_to_utc)
{
    static const struct {
        int month, day, minute;
        const char *utc;
    } cases[] = {
        {1, 15, 0, "2026-01-14T23:00:00Z"},    {7, 15, 0, "2026-07-14T22:00:00Z"},
        {3, 29, 119, "2026-03-29T00:59:00Z"},  {3, 29, 150, "2026-03-29T01:30:00Z"}, /* left out: read as 03:30 */
        {3, 29, 180, "2026-03-29T01:00:00Z"},  {10, 25, 119, "2026-10-24T23:59:00Z"},
        {10, 25, 150, "2026-10-25T00:30:00Z"}, /* comes twice: the first */
        {10, 25, 180, "2026-10-25T02:00:00Z"}, {12, 31, 1439, "2026-12-31T22:59:00Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nks_time time = nks_copenhagen_time(nks_date_from_ymd(2026, cases[i].month, cases[i].day), cases[i].minute);
        ck_assert_msg(time == instant(cases[i].utc), "case %zu", i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("date");
    TCase *tests = tcase_create("date");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, calendar_agrees_with_the_c_library);
    tcase_add_test(tests, dates_are_valid_or_not);
    tcase_add_test(tests, dates_are_read);
    tcase_add_test(tests, dates_are_written);
    tcase_add_test(tests, instants_are_read);
    tcase_add_test(tests, copenhagen_changes_its_clock);
    tcase_add_test(tests, copenhagen_clock_is_turned_back_to_utc);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
