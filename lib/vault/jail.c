#include "vault/jail.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define JAIL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_ASAN 1
#endif
#endif
#ifndef JAIL_ASAN
#define JAIL_ASAN 0
#endif

static enum nks_status none(struct nks_fault *fault, const char *what, int error)
{
    return nks_fault_set(fault, NKS_FAILED, "JAIL-NONE",
                         "no jail for the reader of files: %s (%s): nks reads no file without it; use a kernel with "
                         "seccomp, and allow it in the container",
                         what, strerror(error));
}

/* ---- rlimits */

static bool limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now, wanted = {.rlim_cur = soft, .rlim_max = hard};
    if (getrlimit(resource, &now) != 0)
        return false;
    /* Only root may raise a hard limit; one that is tighter already stays. */
    if (now.rlim_max != RLIM_INFINITY && wanted.rlim_max > now.rlim_max)
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    return setrlimit(resource, &wanted) == 0;
}

static bool limits_set(const struct nks_jail_limits *limits)
{
    rlim_t cpu = (rlim_t)limits->cpu_seconds, memory = (rlim_t)limits->memory_bytes;
    /* AddressSanitizer reserves terabytes of address space. */
    if (!JAIL_ASAN && !limit(RLIMIT_AS, memory, memory))
        return false;
    /* SIGXCPU first; SIGKILL a second later, should something ignore it. */
    return limit(RLIMIT_CPU, cpu, cpu + 1) && limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NPROC, 0, 0);
}

/* ---- Landlock. The numbers are written out: a build on older headers must use all that a newer kernel has. */

struct ruleset {
    uint64_t fs, net, scoped;
};

enum { BYTES_FS = 8, BYTES_NET = 16, BYTES_SCOPED = 24 };

/* All that an ABI can forbid. Kernels accept the size of their own ABI and the older ones. */
static const struct landlock_abi {
    int abi;
    size_t size;
    struct ruleset ruleset;
} landlock_abis[] = {
    {1, BYTES_FS, {.fs = (1u << 13) - 1}},
    {2, BYTES_FS, {.fs = (1u << 14) - 1}},                            /* + refer */
    {3, BYTES_FS, {.fs = (1u << 15) - 1}},                            /* + truncate */
    {4, BYTES_NET, {.fs = (1u << 15) - 1, .net = 3}},                 /* + bind and connect TCP */
    {5, BYTES_NET, {.fs = (1u << 16) - 1, .net = 3}},                 /* + ioctl on devices */
    {6, BYTES_SCOPED, {.fs = (1u << 16) - 1, .net = 3, .scoped = 3}}, /* + abstract sockets, signals */
};
enum { LANDLOCK_ABIS = sizeof landlock_abis / sizeof landlock_abis[0] };

int nks_jail_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

/* A ruleset without a rule: everything it handles is forbidden. */
static bool landlock_enter(int abi)
{
    const struct landlock_abi *row = &landlock_abis[0];
    for (size_t i = 0; i < LANDLOCK_ABIS && landlock_abis[i].abi <= abi; i++)
        row = &landlock_abis[i];
    int fd = (int)syscall(SYS_landlock_create_ruleset, &row->ruleset, row->size, 0u);
    if (fd < 0)
        return false;
    bool good = syscall(SYS_landlock_restrict_self, fd, 0u) == 0;
    int error = errno;
    (void)close(fd);
    errno = error;
    return good;
}

/* ---- seccomp */

/* What the reader needs for reading, writing, memory and leaving. Everything else kills. */
static const int allowed[] = {
    SCMP_SYS(read),   SCMP_SYS(write),          SCMP_SYS(writev),     SCMP_SYS(close),         SCMP_SYS(lseek),
    SCMP_SYS(brk),    SCMP_SYS(munmap),         SCMP_SYS(mremap),     SCMP_SYS(madvise),       SCMP_SYS(rt_sigreturn),
    SCMP_SYS(futex),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(getrandom),  SCMP_SYS(clock_gettime), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(exit),           SCMP_SYS(exit_group),
};

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return error;
}

/* Memory that is never executable, and mapped from no file. */
static int allow_memory(scmp_filter_ctx filter)
{
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                 SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    if (error != 0)
        return error;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

#if JAIL_ASAN
/* Tests only. What the sanitizer's runtime cannot do without, and what it tries for its report: that must fail and not
 * kill, or the report is lost. */
static int allow_sanitizer(scmp_filter_ctx filter)
{
    static const int needed[] = {SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(sched_yield)};
    static const int harmless[] = {
        SCMP_SYS(open),  SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
        SCMP_SYS(fstat), SCMP_SYS(lstat),  SCMP_SYS(access),   SCMP_SYS(newfstatat), SCMP_SYS(ioctl),
        SCMP_SYS(uname), SCMP_SYS(prctl),  SCMP_SYS(pipe),     SCMP_SYS(prlimit64),  SCMP_SYS(getrlimit),
        SCMP_SYS(pipe2), SCMP_SYS(clone),  SCMP_SYS(ptrace),   SCMP_SYS(getppid),    SCMP_SYS(sched_getaffinity),
    };
    int error = allow_all(filter, needed, sizeof needed / sizeof needed[0]);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0] && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), harmless[i], 0);
    return error;
}

#include <sanitizer/lsan_interface.h>

/* The search for leaks at exit forks and traces: in the jail it can only fail. */
static bool in_jail;
int __lsan_is_turned_off(void)
{
    return in_jail;
}
static void sanitizer_jailed(void)
{
    in_jail = true;
}
#else
static int allow_sanitizer(scmp_filter_ctx filter)
{
    (void)filter;
    return 0;
}
static void sanitizer_jailed(void) {}
#endif

/* 0, or the errno as a negative number, as libseccomp has it. */
static int filter_fill(scmp_filter_ctx filter)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (error == 0) /* every thread, should a library have started one */
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (error == 0)
        error = allow_all(filter, allowed, sizeof allowed / sizeof allowed[0]);
    if (error == 0)
        error = allow_memory(filter);
    return error == 0 ? allow_sanitizer(filter) : error;
}

static enum nks_status seccomp_enter(struct nks_fault *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return none(fault, "seccomp", ENOMEM);
    int error = filter_fill(filter);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error == 0 ? NKS_OK : none(fault, "seccomp", -error);
}

/* Limits before Landlock and the filter: these forbid setting them. The filter is last, for it forbids all the others.
 */
enum nks_status nks_jail_enter(const struct nks_jail_limits *limits, struct nks_fault *fault)
{
    if (limits->memory_bytes <= 0 || limits->cpu_seconds <= 0)
        return none(fault, "limits", EINVAL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return none(fault, "no_new_privs", errno);
    if (!limits_set(limits))
        return none(fault, "rlimits", errno);
    int abi = nks_jail_landlock_abi();
    if (abi > 0 && !landlock_enter(abi))
        return none(fault, "Landlock", errno);
    if (!limit(RLIMIT_NOFILE, 0, 0)) /* not before: Landlock needs a descriptor for a moment */
        return none(fault, "rlimits", errno);
    sanitizer_jailed();
    return seccomp_enter(fault);
}
