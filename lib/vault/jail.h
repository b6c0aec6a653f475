#ifndef NKS_VAULT_JAIL_H
#define NKS_VAULT_JAIL_H
/*
 * The jail of a process that reads hostile bytes. After nks_jail_enter it can read its open descriptors, write to them,
 * allocate up to the limit, and exit: nothing else. Layers: no_new_privs; rlimits (address space or data, CPU seconds,
 * no files created, no processes, no core); Landlock with no rule at all where the kernel has it; a seccomp allow-list
 * that kills on anything else. seccomp is required, Landlock is used where the kernel has it. Memory is anonymous and
 * never executable; descriptors cannot be made, duplicated or asked about (so no stdio stream that was not used before:
 * it would call fstat and die). Call last: after libraries have loaded what they need. Errors: NKS_FAILED, code
 * JAIL-NONE: the program must not go on (exit 6).
 */
#include "base/status.h"

struct nks_jail_limits {
    int64_t memory_bytes; /* RLIMIT_AS; under AddressSanitizer not set */
    int cpu_seconds;
};
NKS_CHECKED enum nks_status nks_jail_enter(const struct nks_jail_limits *limits, struct nks_fault *fault);
/* Landlock ABI of the running kernel, 0 where it has none. */
int nks_jail_landlock_abi(void);
#endif
