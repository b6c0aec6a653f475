#ifndef NKS_BASE_FAULT_POINT_H
#define NKS_BASE_FAULT_POINT_H
/*
 * Numbered fault points: every call of lib/base/sys that can fail and every step of the database is one, counted from 1
 * in the order in which the process comes to them. Only in builds with NKS_FAULTS (preset dev); else nothing.
 *
 *   NKS_FAULT=N:EFFECT    what happens at point N: `kill` (SIGKILL before the call), or the call fails with ENOSPC,
 *                         EIO, EACCES, ENOMEM, EBUSY or EDEADLK (to the database: DB-CONFLICT); `full`: from N on
 *                         everything that writes fails with ENOSPC; `short`: read(2) or write(2) takes half of what
 *                         it was given, and the caller must go on; `cut`, `cut_after`: N counts commands to a server
 *                         of a database alone; the connection ends before that command, or after the server has
 *                         answered it and before anybody read that; `cut_commit`: as `cut_after`, and N counts
 *                         commits alone
 *   NKS_FAULT_MEMORY=N    the Nth malloc, calloc or realloc of our own code gives NULL (fault_memory.c)
 *   NKS_FAULT_COUNT=FILE  the number of points that were reached, then that of allocations, then those of commands and
 *                         commits to a server, a line each, written when the process ends by itself
 *   NKS_READER_NKS_FAULT=N:EFFECT  the first of these for every nks-reader, whose environment is empty otherwise
 *   NKS_FAULT_FETCH=DIR   a receiver that is as fast as can be: what is renamed into out/ is moved to DIR within the
 *                         same call, with its signature; a name that was fetched before becomes NAME.twice
 *
 * With the second thread of a long night (stage/ahead.h) numbers differ from run to run: use nights of a few slices.
 */
#include <stdbool.h>
#include <stddef.h>

enum nks_fault_cut { NKS_FAULT_CUT_NOT, NKS_FAULT_CUT_BEFORE, NKS_FAULT_CUT_AFTER };

#ifdef NKS_FAULTS
/* Counts this call. True: it is to fail, and errno says how. `writes`: it takes room on the disk. */
bool nks_fault_point(bool writes);
/* Counts a command to a server; `commits_now`: it is a COMMIT. */
enum nks_fault_cut nks_fault_cut(bool commits_now);
/* Counts an allocation. True: it is to fail. */
bool nks_fault_memory(void);
/* What the environment of a reader is to hold, or NULL: within our own environment. */
char *nks_fault_of_reader(void);
/* How much of `len` bytes the next read or write may take: all, but for `short` at the point just counted. */
size_t nks_fault_short(size_t len);
/* After a rename to `path`: fetches it where NKS_FAULT_FETCH says so. */
void nks_fault_fetch(const char *path);
#else
static inline bool nks_fault_point(bool writes)
{
    (void)writes;
    return false;
}
static inline enum nks_fault_cut nks_fault_cut(bool commits_now)
{
    (void)commits_now;
    return NKS_FAULT_CUT_NOT;
}
static inline size_t nks_fault_short(size_t len)
{
    return len;
}
static inline void nks_fault_fetch(const char *path)
{
    (void)path;
}
#endif
#endif
