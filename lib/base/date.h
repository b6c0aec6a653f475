#ifndef NKS_BASE_DATE_H
#define NKS_BASE_DATE_H
/*
 * Dates and instants. A date is a count of days since 1970-01-01 in the proleptic Gregorian calendar; an instant is a
 * count of seconds since 1970-01-01T00:00:00Z. Instants are stored in UTC; business dates, bank days and cut-offs are
 * Europe/Copenhagen (CET/CEST by the EU rule: last Sunday of March and of October, 01:00 UTC; the rule stands in code,
 * so that no time-zone file is needed in a jail).
 */
#include "base/text.h"

typedef int32_t nks_date; /* days since 1970-01-01 */
typedef int64_t nks_time; /* seconds since 1970-01-01T00:00:00Z */

#define NKS_DATE_NONE INT32_MIN
enum { NKS_DATE_TEXT = 11, NKS_TIME_TEXT = 21 }; /* with terminator: 2026-11-23, 2026-11-23T02:10:00Z */

bool nks_date_valid(int year, int month, int day); /* years 1800 to 2299 */
nks_date nks_date_from_ymd(int year, int month, int day);
void nks_date_to_ymd(nks_date date, int *year, int *month, int *day);
int nks_date_weekday(nks_date date); /* 0 Monday … 6 Sunday */

/* "YYYY-MM-DD"; with `allow_zone` also a trailing Z or ±hh:mm, which is ignored (XML Schema's date). */
NKS_CHECKED bool nks_date_parse(struct nks_text text, bool allow_zone, nks_date *out);
void nks_date_format(nks_date date, char out[NKS_DATE_TEXT]);

/* "YYYY-MM-DDThh:mm:ss" with optional fraction and zone; without a zone the instant is taken as Copenhagen's. */
NKS_CHECKED bool nks_time_parse(struct nks_text text, nks_time *out);
void nks_time_format(nks_time time, char out[NKS_TIME_TEXT]); /* "2026-11-23T02:10:00Z" */

/* Seconds to add to UTC for Copenhagen's clock: 3600 or 7200. */
int nks_copenhagen_offset(nks_time time);
nks_date nks_copenhagen_date(nks_time time);
int nks_copenhagen_minute(nks_time time); /* minutes since local midnight, 0..1439 */
/* The instant at which Copenhagen's clock shows `minute` on `date`. */
nks_time nks_copenhagen_time(nks_date date, int minute);

#endif
