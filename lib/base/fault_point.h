#ifndef NKS_BASE_FAULT_POINT_H
#define NKS_BASE_FAULT_POINT_H
/*
 * Numbered fault points: every call of lib/base/sys that can fail and every step of the database is one, counted from 1
 * in the order in which the process comes to them. Only in builds with NKS_FAULTS (preset dev); else nothing.
 *
 *   NKS_FAULT=N:EFFECT    what happens at point N: `kill` (SIGKILL before the call), or the call fails with ENOSPC,
 * EIO, EACCES, ENOMEM or EBUSY; `full`: from N on everything that writes fails with ENOSPC NKS_FAULT_COUNT=FILE  the
 * number of points that were reached, written when the process ends by itself
 *
 * With the second thread of a long night (stage/ahead.h) numbers differ from run to run: use nights of a few slices.
 */
#include <stdbool.h>

#ifdef NKS_FAULTS
/* Counts this call. True: it is to fail, and errno says how. `writes`: it takes room on the disk. */
bool nks_fault_point(bool writes);
#else
static inline bool nks_fault_point(bool writes)
{
    (void)writes;
    return false;
}
#endif
#endif
