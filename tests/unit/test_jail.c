/*
 * The jail: each case runs in a child of its own, inside. What is forbidden must kill by seccomp (in a build with
 * AddressSanitizer some calls only fail, so that its reports survive); what the reader needs must work.
 */
#include "vault/jail.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

#define ALL(table) (sizeof(table) / sizeof((table)[0]))

static const int64_t MIB = 1024 * 1024;
enum { BROKE_OUT = 1, BEHAVED = 0, NOT_JAILED = 50, CPU_S = 1 };

static int in[2], out[2], udp; /* opened before the jail */

/* ---- what works */

static int pipes_work(void)
{
    char buf[6] = "";
    if (read(in[0], buf, 5) != 5 || write(out[1], buf, 5) != 5)
        return BROKE_OUT;
    return close(in[0]) == 0 && read(in[0], buf, 1) == -1 && errno == EBADF ? BEHAVED : BROKE_OUT;
}

static int memory_works(void)
{
    char *block[40];
    for (size_t i = 0; i < ALL(block); i++) {
        size_t size = (size_t)64 << (i % 15);
        block[i] = malloc(size);
        if (block[i] == NULL)
            return BROKE_OUT;
        memset(block[i], 1, size);
        block[i] = realloc(block[i], size * 3);
        if (block[i] == NULL)
            return BROKE_OUT;
    }
    for (size_t i = 0; i < ALL(block); i++)
        free(block[i]);
    return BEHAVED;
}

static int memory_has_an_end(void)
{
    volatile char *big = malloc((size_t)(200 * MIB)); /* the limit is 128 */
    if (big == NULL)
        return BEHAVED;
    big[0] = 1; /* or the compiler leaves the allocation out */
    free((void *)(uintptr_t)big);
    return UNDER_ASAN ? BEHAVED : BROKE_OUT;
}

static int clock_works(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 && getpid() > 0 ? BEHAVED : BROKE_OUT;
}

static int exit_works(void)
{
    exit(BEHAVED); /* with all that runs at exit, the sanitizer's search for leaks too */
}

/* ---- what does not */

static int opens(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}
static int opens_relative(void)
{
    return openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY) >= 0;
}
static int creates(void)
{
    return syscall(SYS_creat, "/tmp/nks-jail-created", 0600) >= 0;
}
static int opens_newly(void)
{
    struct {
        uint64_t flags, mode, resolve;
    } how = {O_RDONLY, 0, 0};
    return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof how) >= 0;
}
static int unlinks(void)
{
    return unlink("/tmp/nks-jail-no-such-file") == 0 || errno == ENOENT;
}
static int makes_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static int makes_local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static int connects(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(udp, (struct sockaddr *)&to, sizeof to) == 0;
}
static int sends(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sendto(udp, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
}
static int forks(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0; /* what fork() comes to */
}
static int forks_newly(void)
{
    return syscall(SYS_clone3, NULL, (size_t)0) >= 0;
}
static int executes(void)
{
    static char *const none[] = {NULL};
    return execve("/bin/true", none, none) == 0 || errno == ENOENT;
}
static int executes_descriptor(void)
{
    static char *const none[] = {NULL};
    return syscall(SYS_execveat, in[0], "", none, none, AT_EMPTY_PATH) == 0;
}
static int kills(void)
{
    return kill(getppid(), 0) == 0;
}
static int traces(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}
static int duplicates(void)
{
    return dup(in[0]) >= 0;
}
static int maps_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static int maps_file(void)
{
    return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, in[0], 0) != MAP_FAILED || errno == ENODEV;
}
static int protects_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
static int raises_limit(void)
{
    struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CPU, &most) == 0;
}
static int mounts(void)
{
    return syscall(SYS_unshare, 0) == 0;
}
static int uses_uring(void)
{
    return syscall(SYS_io_uring_setup, 1u, NULL) >= 0 || errno == EFAULT;
}

static int spins(void)
{
    volatile bool forever = true;
    while (forever) {
    }
    return BROKE_OUT;
}

enum outcome { ENDS_WELL, IS_KILLED, RUNS_OUT };

static const struct {
    const char *name;
    int (*run)(void);
    enum outcome outcome;
} cases[] = {
    {"pipes", pipes_work, ENDS_WELL},
    {"memory", memory_works, ENDS_WELL},
    {"memory over the limit", memory_has_an_end, ENDS_WELL},
    {"clock", clock_works, ENDS_WELL},
    {"exit", exit_works, ENDS_WELL},
    {"open", opens, IS_KILLED},
    {"open of the directory", opens_relative, IS_KILLED},
    {"creat", creates, IS_KILLED},
    {"openat2", opens_newly, IS_KILLED},
    {"unlink", unlinks, IS_KILLED},
    {"socket", makes_socket, IS_KILLED},
    {"local socket", makes_local_socket, IS_KILLED},
    {"connect", connects, IS_KILLED},
    {"sendto", sends, IS_KILLED},
    {"fork", forks, IS_KILLED},
    {"clone3", forks_newly, IS_KILLED},
    {"exec", executes, IS_KILLED},
    {"execveat", executes_descriptor, IS_KILLED},
    {"kill", kills, IS_KILLED},
    {"ptrace", traces, IS_KILLED},
    {"dup", duplicates, IS_KILLED},
    {"mmap of code", maps_code, IS_KILLED},
    {"mmap of a file", maps_file, IS_KILLED},
    {"mprotect of code", protects_code, IS_KILLED},
    {"setrlimit", raises_limit, IS_KILLED},
    {"unshare", mounts, IS_KILLED},
    {"io_uring", uses_uring, IS_KILLED},
    {"CPU", spins, RUNS_OUT},
};

static void child(int (*run)(void))
{
    static const struct nks_jail_limits limits = {.memory_bytes = 128 * 1024 * 1024, .cpu_seconds = CPU_S};
    struct nks_fault fault = {.status = NKS_OK};
    if (nks_jail_enter(&limits, &fault) != NKS_OK) {
        dprintf(STDERR_FILENO, "%s: %s\n", fault.code, fault.line);
        _exit(NOT_JAILED);
    }
    _exit(run());
}

static int run_case(int (*run)(void))
{
    int status = 0;
    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_ge(udp = socket(AF_INET, SOCK_DGRAM, 0), 0);
    ck_assert_int_eq(write(in[1], "bytes", 5), 5);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        child(run);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(jail_case)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int status = run_case(cases[_i].run);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int deadly = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool ended = WIFEXITED(status) && WEXITSTATUS(status) == BEHAVED;
    bool fine = ended;
    if (cases[_i].outcome == IS_KILLED)
        fine = deadly == SIGSYS || (UNDER_ASAN && ended);
    else if (cases[_i].outcome == RUNS_OUT)
        fine = deadly == SIGXCPU || deadly == SIGKILL;
    ck_assert_msg(fine, "%s: exit %d, signal %d", cases[_i].name, WIFEXITED(status) ? WEXITSTATUS(status) : -1, deadly);
    /* The limit is CPU time: a busy machine needs longer for it. */
    ck_assert_int_lt(end.tv_sec - start.tv_sec, 30);
    if (cases[_i].run == pipes_work) {
        char buf[6] = "";
        ck_assert_int_eq(read(out[0], buf, 5), 5);
        ck_assert_str_eq(buf, "bytes");
    }
}
END_TEST

static int waits_for_parent(void)
{
    char byte;
    return write(out[1], "r", 1) == 1 && read(in[0], &byte, 1) == 1 ? BEHAVED : BROKE_OUT;
}

/* What the kernel says of a process in the jail. */
START_TEST(jail_is_seen_from_outside)
{
    static const struct nks_jail_limits limits = {.memory_bytes = 128 * 1024 * 1024, .cpu_seconds = CPU_S};
    char path[64], text[8192], byte;
    int status = 0;
    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(nks_jail_enter(&limits, NULL) == NKS_OK ? waits_for_parent() : NOT_JAILED);
    ck_assert_int_eq(read(out[0], &byte, 1), 1);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    text[len] = '\0';
    close(fd);
    ck_assert_ptr_nonnull(strstr(text, "NoNewPrivs:\t1"));
    ck_assert_ptr_nonnull(strstr(text, "Seccomp:\t2"));
    struct rlimit files, core;
    ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &files), 0);
    ck_assert_int_eq(prlimit(pid, RLIMIT_CORE, NULL, &core), 0);
    ck_assert_uint_eq(files.rlim_max, 0);
    ck_assert_uint_eq(core.rlim_max, 0);
    ck_assert_int_eq(write(in[1], "g", 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == BEHAVED);
}
END_TEST

START_TEST(jail_without_limits_is_refused)
{
    static const struct nks_jail_limits wrong[] = {{0, 1}, {-1, 1}, {1024, 0}, {1024, -5}};
    for (size_t i = 0; i < ALL(wrong); i++) {
        struct nks_fault fault = {.status = NKS_OK};
        ck_assert_int_eq(nks_jail_enter(&wrong[i], &fault), NKS_FAILED);
        ck_assert_str_eq(fault.code, "JAIL-NONE");
    }
    ck_assert_int_ge(nks_jail_landlock_abi(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jail");
    TCase *tests = tcase_create("jail");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, jail_case, 0, (int)ALL(cases));
    tcase_add_test(tests, jail_is_seen_from_outside);
    tcase_add_test(tests, jail_without_limits_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
