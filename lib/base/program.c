#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NO_PROGRAM = 127, EXIT_BY_SIGNAL = 128 };

extern char **environ;

/* In the child, between fork and exec: only what a signal handler may do. */
static _Noreturn void become(char *const words[], pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR);
    if (getppid() != parent || nothing < 0)
        _exit(EXIT_NO_PROGRAM);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (dup2(nothing, fd) < 0)
            _exit(EXIT_NO_PROGRAM);
    }
    (void)execve(words[0], words, environ);
    _exit(EXIT_NO_PROGRAM);
}

enum nks_status nks_program_run(char *const words[], int *exit_code, struct nks_fault *fault)
{
    if (words[0][0] != '/' || access(words[0], X_OK) != 0)
        return nks_fault_set(fault, NKS_FAILED, "PROGRAM-START",
                             "a program of nks is not beside it, where it should be; install nks anew");
    pid_t parent = getpid(), pid = fork(), reaped;
    if (pid == 0)
        become(words, parent);
    int how = 0;
    if (pid < 0)
        return nks_fault_set(fault, NKS_RETRY, "THREAD", "another program cannot be started: %s", strerror(errno));
    while ((reaped = waitpid(pid, &how, 0)) < 0 && errno == EINTR)
        ;
    if (reaped < 0)
        return nks_fault_set(fault, NKS_RETRY, "THREAD", "the end of another program is not known: %s",
                             strerror(errno));
    *exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : EXIT_BY_SIGNAL + WTERMSIG(how);
    return NKS_OK;
}
