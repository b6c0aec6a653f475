#ifndef NKS_VAULT_EXPIRY_H
#define NKS_VAULT_EXPIRY_H
/*
 * Certificates end. An expired one stops a night, so people are told in time: when 60, 30 and 7 days are left, and then
 * every day. `nks keys list` and `nks status` show every band; `nks run` says a line only on the days that
 * nks_expiry_speaks names, because under cron each line is a mail.
 */
#include "base/date.h"

enum {
    NKS_EXPIRY_FIRST_DAYS = 60,
    NKS_EXPIRY_SECOND_DAYS = 30,
    NKS_EXPIRY_LAST_DAYS = 7,
    NKS_EXPIRY_FINE = -1,
    NKS_EXPIRY_OVER = 0,
};

struct nks_expiry {
    char what[96];      /* "file.crt", "signer of sender aalborg": never a person's data */
    nks_time not_after; /* the last second in which it is good */
};

/* 60, 30 or 7: at most so many days are left; 0: it has expired; -1: nothing to say yet. */
int nks_expiry_band(nks_time now, nks_time not_after);
/* Whole days left, rounded down; 0 also when it has expired. */
int nks_expiry_days(nks_time now, nks_time not_after);
/* Is this a day to say so unasked: 60 and 30 days before, and every day from 7 days before on, also after the end. */
bool nks_expiry_speaks(nks_time now, nks_time not_after);

#endif
