#ifndef NKS_STAGE_STOP_H
#define NKS_STAGE_STOP_H
/*
 * Stopping a payment, or a whole batch, before its order file is made. The payer is told RJCT with DS02; a stopped debt
 * leg gives its use of the claim back, a stopped leg to the ventekonto its entry.
 *
 * Order of calls: nks_stop on a locked run; then nks_stop_conclude, which says what could not be stopped and why.
 */
#include "stage/run.h"

struct nks_stop {
    int64_t batch_id;
    uint64_t seq;       /* 0: every payment of the batch */
    bool dry_run;       /* all is done, and rolled back */
    const char *reason; /* for the trail */
    /* what became of the payments asked for */
    int64_t counts[NKS_STOP_VERDICTS];
};
/* One transaction. What cannot be stopped is counted and left. */
NKS_CHECKED enum nks_status nks_stop(struct nks_run *run, struct nks_stop *stop);
/* NKS_HELD (STOP-SENT, STOP-IN-FILE, STOP-HALF) or NKS_REFUSED (STOP-REJECTED, of a single payment); NKS_OK where all
 * that was asked for is stopped. */
NKS_CHECKED enum nks_status nks_stop_conclude(struct nks_run *run, const struct nks_stop *stop);

#endif
