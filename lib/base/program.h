#ifndef NKS_BASE_PROGRAM_H
#define NKS_BASE_PROGRAM_H
/*
 * Another of our programs, run to its end: its streams go nowhere, only how it ended counts. It dies with its parent.
 * For the reader of files, which gets bytes and gives frames, see iso20022/spawn.h.
 */
#include "base/status.h"

/* `words[0]` is the path of the program, the last word NULL. *exit_code: what it gave; 128 and the signal's number
 * where a signal ended it. NKS_FAILED (PROGRAM-START): it is not there. NKS_RETRY: it could not be started now. */
NKS_CHECKED enum nks_status nks_program_run(char *const words[], int *exit_code, struct nks_fault *fault);

#endif
