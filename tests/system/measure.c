/*
 * measure FILE COMMAND…: runs the command and writes "MS KIB" to FILE: processor time of it and its children in
 * milliseconds, and the resident memory of the largest of them at its highest. Ends as the command does; 124 where it
 * took more than a minute, 125 where it could not be run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 60 };

static long milliseconds(struct timeval time)
{
    return (long)time.tv_sec * 1000 + (long)time.tv_usec / 1000;
}

static volatile sig_atomic_t child;

static void give_up(int number)
{
    (void)number;
    (void)kill((pid_t)-child, SIGKILL);
    _exit(124);
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    if (argc < 3)
        return 125;
    pid_t pid = fork();
    if (pid == 0) {
        (void)setpgid(0, 0);
        execvp(argv[2], argv + 2);
        _exit(125);
    }
    child = pid;
    (void)signal(SIGALRM, give_up);
    (void)alarm(PATIENCE_SECONDS);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 125;
    FILE *out = fopen(argv[1], "w");
    if (out == NULL)
        return 125;
    (void)fprintf(out, "%ld %ld\n", milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), usage.ru_maxrss);
    if (fclose(out) != 0)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
