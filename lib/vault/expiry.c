#include "vault/expiry.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

int nks_expiry_days(nks_time now, nks_time not_after)
{
    return not_after <= now ? 0 : (int)((not_after - now) / DAY_SECONDS);
}

int nks_expiry_band(nks_time now, nks_time not_after)
{
    static const int bands[] = {NKS_EXPIRY_LAST_DAYS, NKS_EXPIRY_SECOND_DAYS, NKS_EXPIRY_FIRST_DAYS};
    if (now > not_after)
        return NKS_EXPIRY_OVER;
    for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++) {
        if (not_after - now <= (nks_time)bands[i] * DAY_SECONDS)
            return bands[i];
    }
    return NKS_EXPIRY_FINE;
}

bool nks_expiry_speaks(nks_time now, nks_time not_after)
{
    int band = nks_expiry_band(now, not_after);
    int days = nks_expiry_days(now, not_after);
    if (band == NKS_EXPIRY_OVER || band == NKS_EXPIRY_LAST_DAYS)
        return true;
    return days == NKS_EXPIRY_FIRST_DAYS || days == NKS_EXPIRY_SECOND_DAYS;
}
