/* On which day a payment is carried out: what was asked for, bank days, and the debtor's central's cut-off. */
#include "payment/payment.h"

#include "denmark/bankday.h"

nks_date nks_execution_earliest(nks_date today, int minute, int cut_off)
{
    return nks_bankday(today) && minute >= cut_off ? nks_bankday_add(today, 1) : nks_bankday_on_or_after(today);
}

void nks_execution_decide(struct nks_text written, nks_date today, nks_date earliest, struct nks_execution *out)
{
    nks_date wanted = today;
    nks_time instant = 0;
    *out = (struct nks_execution){.date = earliest, .moved = NKS_REASON_NONE};
    written = nks_text_trim(written);
    if (nks_time_parse(written, &instant)) {
        wanted = nks_copenhagen_date(instant);
        out->good = true;
    } else {
        out->good = nks_date_parse(written, true, &wanted);
    }
    if (!out->good)
        return;
    out->beyond = wanted > today + NKS_HORIZON_DAYS;
    if (out->beyond)
        return;
    nks_date bankday = nks_bankday_on_or_after(wanted);
    /* A Saturday received on Sunday is not late: its payments are carried out on Monday either way. */
    out->past = bankday < today;
    if (out->past)
        return;
    out->date = bankday < earliest ? earliest : bankday;
    if (bankday < earliest)
        out->moved = NKS_REASON_CUT_OFF;
    else if (bankday != wanted)
        out->moved = NKS_REASON_DATE_MOVED;
}
