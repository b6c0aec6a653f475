#include "base/date.h"

enum { DAY_SECONDS = 86400, CET = 3600, CEST = 7200, ZONE_MINUTES_MAX = 14 * 60 };

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool nks_date_valid(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1800 || year > 2299 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] || (month == 2 && day == 29 && is_leap(year));
}

/*
 * Calendar arithmetic over years that begin on 1 March, so that the leap day is the last of its year, in eras of 400
 * years (146,097 days). 719,468 days lie between 0000-03-01 and 1970-01-01.
 */
nks_date nks_date_from_ymd(int year, int month, int day)
{
    int march_year = month <= 2 ? year - 1 : year;
    int era = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int year_of_era = march_year - era * 400;
    int month_from_march = month > 2 ? month - 3 : month + 9;
    int day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void nks_date_to_ymd(nks_date date, int *year, int *month, int *day)
{
    int64_t shifted = (int64_t)date + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_era + (int)era * 400 + (*month <= 2 ? 1 : 0);
}

int nks_date_weekday(nks_date date)
{
    int rest = (int)(((int64_t)date + 3) % 7); /* 1970-01-01 was a Thursday */
    return rest < 0 ? rest + 7 : rest;
}

/* ---- reading */

/* `len` digits at `at`, or -1. */
static int digits(struct nks_text text, size_t at, size_t len)
{
    int value = 0;
    if (at + len > text.len)
        return -1;
    for (size_t i = at; i < at + len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

/* "Z" or ±hh:mm up to 14:00 (XML Schema part 2, 3.2.7.3), as minutes east of Greenwich. */
static bool zone_parse(struct nks_text text, int *minutes)
{
    *minutes = 0;
    if (nks_text_is(text, "Z"))
        return true;
    int hour = digits(text, 1, 2), minute = digits(text, 4, 2);
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':')
        return false;
    if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > ZONE_MINUTES_MAX)
        return false;
    *minutes = text.ptr[0] == '-' ? -(hour * 60 + minute) : hour * 60 + minute;
    return true;
}

static bool day_parse(struct nks_text text, nks_date *out)
{
    int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' || !nks_date_valid(year, month, day))
        return false;
    *out = nks_date_from_ymd(year, month, day);
    return true;
}

bool nks_date_parse(struct nks_text text, bool allow_zone, nks_date *out)
{
    int ignored;
    if (text.len > 10 && (!allow_zone || !zone_parse(nks_text_slice(text, 10, text.len), &ignored)))
        return false;
    return day_parse(nks_text_slice(text, 0, 10), out);
}

/* "hh:mm:ss" as seconds of the day. 24:00:00 is the end of the day (XML Schema part 2, 3.2.7). */
static bool clock_parse(struct nks_text text, int *seconds)
{
    int hour = digits(text, 0, 2), minute = digits(text, 3, 2), second = digits(text, 6, 2);
    if (text.len != 8 || text.ptr[2] != ':' || text.ptr[5] != ':' || hour < 0 || minute < 0 || second < 0)
        return false;
    if (minute > 59 || second > 59 || hour > 24 || (hour == 24 && minute + second > 0))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* Takes ".ddd" off the front; a point without digits is wrong. */
static bool fraction_skip(struct nks_text *rest)
{
    if (rest->len == 0 || rest->ptr[0] != '.')
        return true;
    size_t len = 1;
    while (len < rest->len && rest->ptr[len] >= '0' && rest->ptr[len] <= '9')
        len++;
    *rest = nks_text_slice(*rest, len, rest->len);
    return len > 1;
}

/* The instant at which Copenhagen's clock shows `local` seconds since 1970-01-01T00:00:00. An hour that comes twice is
 * its first pass; an hour that is left out is read as winter time, so that 02:30 is shown as 03:30. */
static nks_time copenhagen_instant(int64_t local)
{
    nks_time summer = local - CEST;
    return nks_copenhagen_offset(summer) == CEST ? summer : local - CET;
}

bool nks_time_parse(struct nks_text text, nks_time *out)
{
    nks_date date;
    int seconds, zone;
    if (text.len < 19 || text.ptr[10] != 'T' || !day_parse(nks_text_slice(text, 0, 10), &date) ||
        !clock_parse(nks_text_slice(text, 11, 8), &seconds))
        return false;
    struct nks_text rest = nks_text_slice(text, 19, text.len);
    if (!fraction_skip(&rest))
        return false;
    int64_t local = (int64_t)date * DAY_SECONDS + seconds;
    if (rest.len == 0) {
        *out = copenhagen_instant(local);
        return true;
    }
    if (!zone_parse(rest, &zone))
        return false;
    *out = local - zone * 60;
    return true;
}

/* ---- writing */

static char *put_digits(char *out, int value, int len)
{
    for (int i = len - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + len;
}

/* A date beyond four digits of year (NKS_DATE_NONE is one) gives an empty text. */
void nks_date_format(nks_date date, char out[NKS_DATE_TEXT])
{
    int year, month, day;
    nks_date_to_ymd(date, &year, &month, &day);
    if (year < 0 || year > 9999) {
        out[0] = '\0';
        return;
    }
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at = '\0';
}

/* Days before `time`, rounded down also before 1970. */
static nks_date day_of(nks_time time, int *second_of_day)
{
    int64_t day = time / DAY_SECONDS, rest = time % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        day--;
    }
    *second_of_day = (int)rest;
    return day < INT32_MIN ? INT32_MIN : day > INT32_MAX ? INT32_MAX : (nks_date)day;
}

void nks_time_format(nks_time time, char out[NKS_TIME_TEXT])
{
    int second;
    nks_date_format(day_of(time, &second), out);
    if (out[0] == '\0')
        return;
    char *at = out + NKS_DATE_TEXT - 1;
    *at++ = 'T';
    at = put_digits(at, second / 3600, 2);
    *at++ = ':';
    at = put_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, second % 60, 2);
    *at++ = 'Z';
    *at = '\0';
}

/* ---- Copenhagen */

/* Directive 2000/84/EC: summer time runs from the last Sunday of March to the last Sunday of October, 01:00 UTC. */
static nks_time last_sunday_one_utc(int year, int month)
{
    nks_date last = nks_date_from_ymd(year, month, 31); /* March and October have 31 days */
    nks_date sunday = last - (nks_date_weekday(last) + 1) % 7;
    return (nks_time)sunday * DAY_SECONDS + 3600;
}

int nks_copenhagen_offset(nks_time time)
{
    int year, month, day, second;
    nks_date_to_ymd(day_of(time, &second), &year, &month, &day);
    if (month < 3 || month > 10)
        return CET;
    return time >= last_sunday_one_utc(year, 3) && time < last_sunday_one_utc(year, 10) ? CEST : CET;
}

nks_date nks_copenhagen_date(nks_time time)
{
    int second;
    return day_of(time + nks_copenhagen_offset(time), &second);
}

int nks_copenhagen_minute(nks_time time)
{
    int second;
    day_of(time + nks_copenhagen_offset(time), &second);
    return second / 60;
}

nks_time nks_copenhagen_time(nks_date date, int minute)
{
    return copenhagen_instant((int64_t)date * DAY_SECONDS + (int64_t)minute * 60);
}
