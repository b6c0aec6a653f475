#ifndef NKS_CMD_PRIVATE_DIR_H
#define NKS_CMD_PRIVATE_DIR_H
/* Work in a new directory of mode 0700 under $TMPDIR (else /tmp) that is removed afterwards, also when the work
 * crashes, or when it or this process is ended by a signal, SIGKILL too. Only when all is killed at once (power, a
 * container) does it stay: NAME nks-check.XXXXXX. */
#include "base/status.h"

/* Gives the exit code. */
typedef int (*private_dir_fn)(void *context, const char *path);

/* The work is done in a child process, and this returns twice: in the child with *here true and fn's exit code, to go
 * on to the end of the program; in the parent, when the child has ended, with *here false and the child's exit code.
 * Errors in the parent alone: PATH-LONG, THREAD, CHECK-DIR (no directory, or not removed), CHECK-ENDED (by a signal
 * that did not reach this process). */
NKS_CHECKED enum nks_status private_dir_work(private_dir_fn fn, void *context, bool *here, int *exit_code,
                                             struct nks_fault *fault);

#endif
