/*
 * Work in a directory that is gone afterwards. Three processes: this one waits, the worker works, and the remover
 * sleeps on a pipe whose other end both of them hold. It wakes when both have closed it, by their end or on purpose,
 * and removes the directory. So it is removed however they end: a crash, a signal, SIGKILL. When this process ends, the
 * kernel ends the worker.
 */
#include "private_dir.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_DIRECTORIES = 16 };

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t caught, child;

static void on_signal(int number)
{
    caught = number;
    if (child > 0)
        (void)kill((pid_t)child, number);
}

/* What is ignored (nohup, a job in the background) stays so, here and in the child. */
static void signals_set(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}, now;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        if (sigaction(passed_on[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaction(passed_on[i], &action, NULL);
    }
}

static void signals_block(sigset_t *before)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        (void)sigaddset(&set, passed_on[i]);
    (void)sigprocmask(SIG_BLOCK, &set, before);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static enum nks_status make(char path[NKS_PATH_MAX], struct nks_fault *fault)
{
    const char *parent = getenv("TMPDIR");
    if (!nks_path_join(path, parent != NULL && parent[0] == '/' ? parent : "/tmp", "nks-check.XXXXXX"))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path in TMPDIR is too long");
    return mkdtemp(path) != NULL
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "CHECK-DIR", "no directory could be made for temporary files");
}

static bool remove_all(const char *path)
{
    return nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS) == 0;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    return status;
}

/* ---- the remover */

/* Of the group of processes that a terminal or a shell ends, it is no member, and it holds nobody's output open. */
static int remove_when_left(const char *path, int alive)
{
    char byte;
    ssize_t got = -1;
    (void)setsid();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fd != alive) /* the caller may have begun without one of the three */
            (void)close(fd);
    }
    do
        got = read(alive, &byte, 1);
    while (got > 0 || (got == -1 && errno == EINTR));
    return remove_all(path) ? 0 : 1;
}

struct remover {
    const char *path;
    pid_t pid;
    int alive; /* the writing end: also the worker's, which never closes it before its end */
};

static enum nks_status remover_start(const char *path, struct remover *remover, struct nks_fault *fault)
{
    int ends[2];
    remover->path = path;
    remover->pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
    if (remover->pid == -1) {
        (void)rmdir(path);
        return nks_fault_set(fault, NKS_RETRY, "THREAD", "no process for the work");
    }
    if (remover->pid == 0) {
        (void)close(ends[1]);
        _exit(remove_when_left(path, ends[0]));
    }
    (void)close(ends[0]);
    remover->alive = ends[1];
    return NKS_OK;
}

/* Should somebody have ended the remover itself, this process does its work. */
static enum nks_status remover_end(const struct remover *remover, struct nks_fault *fault)
{
    (void)close(remover->alive);
    int status = wait_for(remover->pid);
    bool removed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return removed || remove_all(remover->path)
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "CHECK-DIR", "the directory for temporary files was not removed");
}

/* ---- the work */

static enum nks_status work_waited(const struct remover *remover, int status, int *exit_code, struct nks_fault *fault)
{
    enum nks_status removed = remover_end(remover, fault);
    if (caught != 0) { /* end as this program would have without all this */
        signals_set(SIG_DFL);
        (void)raise(caught);
    }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return WIFEXITED(status)
               ? removed
               : nks_fault_set(fault, NKS_RETRY, "CHECK-ENDED", "the check was ended from outside (signal %d)",
                               WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* In the worker. A parent that ended before the kernel knew of this is found by its number. */
static void end_with(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        (void)raise(SIGTERM);
}

static enum nks_status worker_wait(pid_t pid, const sigset_t *before, const struct remover *remover, int *exit_code,
                                   struct nks_fault *fault)
{
    child = pid;
    caught = 0;
    signals_set(on_signal);
    (void)sigprocmask(SIG_SETMASK, before, NULL);
    return work_waited(remover, wait_for(pid), exit_code, fault);
}

enum nks_status private_dir_work(private_dir_fn fn, void *context, bool *here, int *exit_code, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    struct remover remover;
    sigset_t before;
    *here = false;
    *exit_code = 0;
    (void)fflush(NULL);
    signals_block(&before); /* none comes between the making and the readiness to remove */
    enum nks_status status = make(path, fault);
    if (status == NKS_OK)
        status = remover_start(path, &remover, fault);
    pid_t parent = getpid(), pid = status == NKS_OK ? fork() : -1;
    if (pid == 0) {
        end_with(parent);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        *here = true;
        *exit_code = fn(context, path);
        return NKS_OK;
    }
    if (pid > 0)
        return worker_wait(pid, &before, &remover, exit_code, fault);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (status != NKS_OK)
        return status;
    NKS_TRY(remover_end(&remover, fault));
    return nks_fault_set(fault, NKS_RETRY, "THREAD", "no process for the work");
}
