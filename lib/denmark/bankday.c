#include "denmark/bankday.h"

enum { SATURDAY = 5, STORE_BEDEDAG_LAST_YEAR = 2023 };

/* Days counted from Easter Sunday that are closed. All are weekdays by themselves. */
static const struct {
    int offset;
    int last_year;
} moving_days[] = {
    {-3, 9999},                    /* Maundy Thursday */
    {-2, 9999},                    /* Good Friday */
    {1, 9999},                     /* Easter Monday */
    {26, STORE_BEDEDAG_LAST_YEAR}, /* the fourth Friday after Easter */
    {39, 9999},                    /* Ascension Day */
    {40, 9999},                    /* the Friday after it */
    {50, 9999},                    /* Whit Monday */
};

static const struct {
    int month, day;
} fixed_days[] = {{1, 1}, {6, 5}, {12, 24}, {12, 25}, {12, 26}, {12, 31}};

/* The Gregorian computus in the anonymous form of 1876 (Meeus/Jones/Butcher). */
nks_date nks_easter_sunday(int year)
{
    int golden = year % 19, century = year / 100, in_century = year % 100;
    int moon_shift = (century - (century + 8) / 25 + 1) / 3;
    int epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    int to_sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    int correction = (golden + 11 * epact + 22 * to_sunday) / 451;
    int march_day = epact + to_sunday - 7 * correction + 114; /* month * 31 + day - 1 */
    return nks_date_from_ymd(year, march_day / 31, march_day % 31 + 1);
}

bool nks_bankday(nks_date date)
{
    int year, month, day;
    if (nks_date_weekday(date) >= SATURDAY)
        return false;
    nks_date_to_ymd(date, &year, &month, &day);
    for (size_t i = 0; i < sizeof fixed_days / sizeof fixed_days[0]; i++) {
        if (fixed_days[i].month == month && fixed_days[i].day == day)
            return false;
    }
    int from_easter = date - nks_easter_sunday(year);
    for (size_t i = 0; i < sizeof moving_days / sizeof moving_days[0]; i++) {
        if (moving_days[i].offset == from_easter && year <= moving_days[i].last_year)
            return false;
    }
    return true;
}

nks_date nks_bankday_on_or_after(nks_date date)
{
    while (!nks_bankday(date))
        date++;
    return date;
}

nks_date nks_bankday_add(nks_date date, int count)
{
    int step = count < 0 ? -1 : 1;
    if (count == 0)
        return nks_bankday_on_or_after(date);
    while (count != 0) {
        date += step;
        if (nks_bankday(date))
            count -= step;
    }
    return date;
}
