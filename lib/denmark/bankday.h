#ifndef NKS_DENMARK_BANKDAY_H
#define NKS_DENMARK_BANKDAY_H
/*
 * Bank days after Nationalbanken's list of closed days: Saturday, Sunday, 1 January, Maundy Thursday, Good Friday,
 * Easter Monday, Ascension Day, the Friday after it, Whit Monday, 5 June, 24, 25, 26 and 31 December; Store bededag
 * (the fourth Friday after Easter) up to and including 2023.
 */
#include "base/date.h"

nks_date nks_easter_sunday(int year);
bool nks_bankday(nks_date date);
nks_date nks_bankday_on_or_after(nks_date date);
/* `count` bank days before (negative) or after (positive) `date`; 0 gives the bank day on or after it. */
nks_date nks_bankday_add(nks_date date, int count);
/* Hverdage (weekdays that are no public holiday) are another count; nks_bankday is not used for them. */
#endif
