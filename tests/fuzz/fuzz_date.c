/* Dates and instants: what is read is written the same, and the calendar holds together around it. */
#include "denmark/bankday.h"

#include "fuzz.h"

static void check_date(nks_date date)
{
    char text[NKS_DATE_TEXT];
    int year, month, day;
    nks_date again;
    nks_date_format(date, text);
    MUST(nks_date_parse(nks_text_from(text), false, &again) && again == date);
    nks_date_to_ymd(date, &year, &month, &day);
    MUST(nks_date_valid(year, month, day) && nks_date_from_ymd(year, month, day) == date);
    nks_date bank = nks_bankday_on_or_after(date);
    MUST(bank >= date && bank - date < 14 && nks_bankday(bank));
    MUST(nks_bankday_add(nks_bankday_add(bank, 3), -3) == bank);
}

static void check_time(nks_time time)
{
    char text[NKS_TIME_TEXT];
    nks_time again;
    nks_time_format(time, text);
    nks_date date = nks_copenhagen_date(time), utc = (nks_date)(time / 86400);
    /* A zone moves the first and the last day of what we read out of it. */
    if (utc > nks_date_from_ymd(1800, 1, 1) && utc < nks_date_from_ymd(2299, 12, 31))
        MUST(nks_time_parse(nks_text_from(text), &again) && again == time);
    int minute = nks_copenhagen_minute(time), offset = nks_copenhagen_offset(time);
    MUST(minute >= 0 && minute < 24 * 60 && (offset == 3600 || offset == 7200));
    MUST((time + offset - (nks_time)date * 86400) / 60 == minute);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text text = fuzz_text(data, size);
    nks_date date, zoned;
    nks_time time;
    if (nks_date_parse(text, true, &zoned)) {
        check_date(zoned);
        MUST(!nks_date_parse(text, false, &date) || date == zoned);
    }
    if (nks_time_parse(text, &time))
        check_time(time);
    return 0;
}
