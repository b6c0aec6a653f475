#ifndef NKS_STAGE_HEARTBEAT_H
#define NKS_STAGE_HEARTBEAT_H
/*
 * The heartbeat: HOME/heartbeat, `key=value` lines that say when the last run began and how it ended, for a monitor
 * that only reads a file. Replaced in one step, so that it is whole at every instant. Written by whoever has the home's
 * lock: at the begin of a run (working), and at its end (ended). A killed run leaves "working" behind; its age tells
 * it. No personal data.
 */
#include "stage/run.h"

enum { NKS_HEARTBEAT_NEXT_MAX = 512 };

struct nks_heartbeat {
    bool working;          /* else ended */
    nks_time began, ended; /* ended 0: not yet */
    int64_t pid, exit;
    char code[NKS_FAULT_CODE_MAX]; /* of the fault it ended with; may be empty */
    struct nks_run_counts counts;
    char next[NKS_HEARTBEAT_NEXT_MAX]; /* the next step in words; may be empty */
};

NKS_CHECKED enum nks_status nks_heartbeat_write(const char *home, const struct nks_heartbeat *beat,
                                                struct nks_fault *fault);
/* False: there is none, or it cannot be read. The counts are not read back. */
NKS_CHECKED bool nks_heartbeat_read(const char *home, struct nks_heartbeat *out);

#endif
