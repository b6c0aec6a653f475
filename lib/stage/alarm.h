#ifndef NKS_STAGE_ALARM_H
#define NKS_STAGE_ALARM_H
/*
 * The integrity alarm that stands: HOME/alarm, a mark outside the database, because the database may be what is wrong.
 * A working command that ends with NKS_INTEGRITY raises it; from then on nks_run_open refuses to work on the home
 * (NKS_INTEGRITY, ALARM-STANDS) before anything is opened, and looking goes on. It is taken away only when the auditor
 * finds nothing, and what it said is kept in HOME/alarm.cleared.
 *
 * The mark has `key=value` lines: code, batch, time; raised, where it was more than once. While it is taken away it is
 * HOME/alarm.clearing, which stands as well. No personal data. A mark that cannot be read stands all the same.
 */
#include "base/file.h"

struct nks_alarm {
    bool stands;
    char code[NKS_FAULT_CODE_MAX]; /* of the fault that raised it; "?" where the mark cannot be read */
    int64_t batch;                 /* 0: none */
    int64_t raised;                /* how often, 1 or more */
    nks_time time;                 /* 0: not known */
};

void nks_alarm_look(const char *home, struct nks_alarm *out);
/* NKS_INTEGRITY (ALARM-STANDS) where one stands. */
NKS_CHECKED enum nks_status nks_alarm_check(const char *home, struct nks_fault *fault);
/* Marks the home. An alarm that stands already keeps what it says, because the first one says what happened; that there
 * was another is counted in it. ALARM-STANDS and ALARM-UNPROVED only tell of an alarm and are none. */
NKS_CHECKED enum nks_status nks_alarm_raise(const char *home, const struct nks_fault *why, nks_time now,
                                            struct nks_fault *fault);

/*
 * The end of an alarm, under the home's lock from the proof to the end, and only of the alarm that was proved.
 * Order of calls: nks_alarm_prove; the caller's link in the trail; nks_alarm_take_away; nks_alarm_clearing_end always.
 * NKS_INTEGRITY (ALARM-UNPROVED): the auditor found something or could not look, or another alarm was raised meanwhile;
 * the alarm stands. NKS_RETRY (BUSY): a run is at work. A kill anywhere leaves the alarm standing.
 */
enum { NKS_ALARM_MARK_MAX = 1024 };
struct nks_alarm_clearing {
    int lock;
    struct nks_alarm alarm;
    size_t len;
    char mark[NKS_ALARM_MARK_MAX];
};
/* Runs the auditor (path `audit`; keys may be NULL). */
NKS_CHECKED enum nks_status nks_alarm_prove(const char *home, const char *keys, const char *audit,
                                            struct nks_alarm_clearing *clearing, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_alarm_take_away(const char *home, const struct nks_alarm_clearing *clearing,
                                                const char *reason, nks_time now, struct nks_fault *fault);
void nks_alarm_clearing_end(struct nks_alarm_clearing *clearing);

#endif
