/*
 * Work in a directory that is gone afterwards. The work is done by a child; this process only waits, so the directory
 * is removed however the child ends: its own end, a crash, or a signal, which is passed on to it first.
 */
#include "private_dir.h"

#include "base/file.h"

#include <errno.h>
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

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    return status;
}

static enum nks_status work_waited(const char *path, int status, int *exit_code, struct nks_fault *fault)
{
    bool left = nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS) != 0;
    if (caught != 0) { /* end as this program would have without all this */
        signals_set(SIG_DFL);
        (void)raise(caught);
    }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    if (!WIFEXITED(status))
        return nks_fault_set(fault, NKS_RETRY, "CHECK-ENDED", "the check was ended from outside (signal %d)",
                             WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return left ? nks_fault_set(fault, NKS_FAILED, "CHECK-DIR", "the directory for temporary files was not removed")
                : NKS_OK;
}

enum nks_status private_dir_work(private_dir_fn fn, void *context, bool *here, int *exit_code, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    sigset_t before;
    *here = false;
    *exit_code = 0;
    (void)fflush(NULL);
    signals_block(&before); /* none comes between the making and the readiness to remove */
    enum nks_status status = make(path, fault);
    pid_t pid = status == NKS_OK ? fork() : -1;
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        *here = true;
        *exit_code = fn(context, path);
        return NKS_OK;
    }
    child = pid;
    caught = 0;
    if (pid > 0)
        signals_set(on_signal);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid > 0)
        return work_waited(path, wait_for(pid), exit_code, fault);
    if (status == NKS_OK)
        (void)rmdir(path);
    return status != NKS_OK ? status : nks_fault_set(fault, NKS_RETRY, "THREAD", "no process for the work");
}
