#ifndef NKS_STAGE_ALARM_H
#define NKS_STAGE_ALARM_H
/*
 * The integrity alarm that stands: HOME/alarm, a mark outside the database, because the database may be what is wrong.
 * A working command that ends with NKS_INTEGRITY raises it; from then on nks_run_open refuses to work on the home
 * (NKS_INTEGRITY, ALARM-STANDS) before anything is opened, and looking goes on. It is taken away only when the auditor
 * finds nothing, and what it said is kept in HOME/alarm.cleared.
 *
 * The mark has `key=value` lines: code, batch, time. No personal data. A mark that cannot be read stands all the same.
 */
#include "base/file.h"

struct nks_alarm {
    bool stands;
    char code[NKS_FAULT_CODE_MAX]; /* of the fault that raised it; "?" where the mark cannot be read */
    int64_t batch;                 /* 0: none */
    nks_time time;                 /* 0: not known */
};

void nks_alarm_look(const char *home, struct nks_alarm *out);
/* NKS_INTEGRITY (ALARM-STANDS) where one stands. */
NKS_CHECKED enum nks_status nks_alarm_check(const char *home, struct nks_fault *fault);
/* Marks the home. An alarm that stands already is left as it is: the first one says what happened. */
NKS_CHECKED enum nks_status nks_alarm_raise(const char *home, const struct nks_fault *why, nks_time now,
                                            struct nks_fault *fault);
/* Runs the auditor (path `audit`; keys may be NULL) under the home's lock, and takes the mark away when it finds
 * nothing. NKS_INTEGRITY (ALARM-UNPROVED): it does, or could not look. NKS_RETRY (BUSY): a run is at work. */
NKS_CHECKED enum nks_status nks_alarm_clear(const char *home, const char *keys, const char *audit, const char *reason,
                                            nks_time now, struct nks_fault *fault);

#endif
