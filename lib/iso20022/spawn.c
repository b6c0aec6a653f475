#include "iso20022/spawn.h"

#include "base/fault_point.h"
#include "iso20022/frame_in.h"
#include "iso20022/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLOWNESS 10 /* a reader under AddressSanitizer */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOWNESS 10
#endif
#endif
#ifndef SLOWNESS
#define SLOWNESS 1
#endif

enum {
    CPU_SECONDS_MIN = 2,                     /* start, schema, a small file */
    BYTES_PER_CPU_SECOND = 20 * 1000 * 1000, /* a slow machine reads twice as many */
    PIPE_BYTES = 1024 * 1024,                /* fewer changes between the two processes; the kernel may say no */
    LEAVE_MS = 2000,
    EXIT_NO_PROGRAM = 127,
};

struct nks_reader {
    pid_t pid;   /* 0: reaped */
    int in, out; /* the ends we hold: the reader's standard input and output; -1 closed */
    rlim_t cpu_seconds;
    bool timed_out;
    struct nks_reader_usage usage;
    struct nks_text piece; /* of the file, not yet written */
    bool source_ended;
    struct nks_frame_in frames;
};

const char *nks_reader_end_name(enum nks_reader_end end)
{
    static const char *const names[] = {"done", "died", "lost", "garbage", "no jail", "time"};
    return (size_t)end < sizeof names / sizeof names[0] ? names[end] : "?";
}

/* ---- start */

static enum nks_status failed(struct nks_fault *fault, const char *what)
{
    return nks_fault_set(fault, NKS_RETRY, "READER-START", "the reader of files cannot be started: %s: %s", what,
                         strerror(errno));
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static rlim_t cpu_limit(int64_t file_bytes)
{
    rlim_t seconds = CPU_SECONDS_MIN + (rlim_t)(file_bytes > 0 ? file_bytes : 0) / BYTES_PER_CPU_SECOND;
    return seconds * SLOWNESS;
}

static void reset_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        (void)signal(signal_number, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A descriptor below 3 would be overwritten while the others are put in place. */
static int above_standard(int fd)
{
    return fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
}

/*
 * In the child, between fork and exec: only what a signal handler may do. A process group of its own, so that ^C
 * reaches the parent alone, which then decides; and the reader never outlives the thread that started it.
 */
static _Noreturn void become_reader(const char *program, int in, int out, rlim_t cpu_seconds, pid_t parent)
{
#ifdef NKS_FAULTS
    char *const nothing[] = {nks_fault_of_reader(), NULL};
#else
    static char *const nothing[] = {NULL};
#endif
    char name[] = "nks-reader";
    char *const arguments[] = {name, NULL};
    const struct rlimit cpu = {cpu_seconds, cpu_seconds + 1};
    reset_signals();
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_NO_PROGRAM);
    in = above_standard(in);
    out = above_standard(out);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        close_range(STDERR_FILENO, ~0u, 0) != 0 || setrlimit(RLIMIT_CPU, &cpu) != 0)
        _exit(EXIT_NO_PROGRAM);
    (void)execve(program, arguments, nothing);
    _exit(EXIT_NO_PROGRAM);
}

/* Our ends do not block and are not inherited. */
static bool make_pipe(int ends[2], int ours)
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    (void)fcntl(ends[ours], F_SETPIPE_SZ, (int)PIPE_BYTES);
    return fcntl(ends[ours], F_SETFL, O_NONBLOCK) == 0;
}

static enum nks_status start(struct nks_reader *reader, const char *program, struct nks_fault *fault)
{
    int to_reader[2] = {-1, -1}, from_reader[2] = {-1, -1};
    pid_t parent = getpid(), pid = -1;
    bool pipes = make_pipe(to_reader, 1) && make_pipe(from_reader, 0);
    if (pipes)
        pid = fork();
    if (pid == 0)
        become_reader(program, to_reader[0], from_reader[1], reader->cpu_seconds, parent);
    enum nks_status status = pid > 0 ? NKS_OK : failed(fault, pipes ? "fork" : "pipe");
    close_fd(&to_reader[0]);
    close_fd(&from_reader[1]);
    reader->in = to_reader[1];
    reader->out = from_reader[0];
    reader->pid = pid > 0 ? pid : 0;
    return status;
}

enum nks_status nks_reader_open(const char *program, int64_t file_bytes, struct nks_reader **out,
                                struct nks_fault *fault)
{
    *out = NULL;
    if (program[0] != '/' || access(program, X_OK) != 0)
        return nks_fault_set(fault, NKS_FAILED, "READER-START",
                             "the program that reads files (nks-reader) is not where it should be; install nks anew");
    struct nks_reader *reader = malloc(sizeof *reader);
    if (reader == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the reader of files");
    memset(reader, 0, offsetof(struct nks_reader, frames));
    reader->in = reader->out = -1;
    reader->cpu_seconds = cpu_limit(file_bytes);
    nks_frame_in_init(&reader->frames);
    enum nks_status status = start(reader, program, fault);
    if (status == NKS_OK)
        *out = reader;
    else
        nks_reader_close(reader, NULL);
    return status;
}

/* ---- end */

/* True when the reader is gone. */
static bool reap(struct nks_reader *reader, int options)
{
    struct rusage usage;
    pid_t reaped;
    if (reader->pid == 0)
        return true;
    while ((reaped = wait4(reader->pid, &reader->usage.wait_status, options, &usage)) < 0 && errno == EINTR)
        ;
    if (reaped == 0)
        return false;
    reader->pid = 0;
    if (reaped < 0)
        return true;
    reader->usage.peak_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
    reader->usage.cpu_us = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                           usage.ru_stime.tv_usec;
    return true;
}

static void kill_reader(struct nks_reader *reader)
{
    if (reader->pid > 0) {
        (void)kill(-reader->pid, SIGKILL); /* its group, should it have children; it may not be in it yet */
        (void)kill(reader->pid, SIGKILL);
    }
    (void)reap(reader, 0);
}

/* A reader that has closed its output leaves at once; one that does not is up to something. */
static void await_reader(struct nks_reader *reader)
{
    const struct timespec pause = {0, 1000000};
    for (int ms = 0; ms < LEAVE_MS && !reap(reader, WNOHANG); ms++)
        (void)nanosleep(&pause, NULL);
    if (reader->pid > 0) {
        reader->timed_out = true;
        kill_reader(reader);
    }
}

void nks_reader_close(struct nks_reader *reader, struct nks_reader_usage *usage)
{
    if (usage != NULL)
        *usage = (struct nks_reader_usage){0};
    if (reader == NULL)
        return;
    close_fd(&reader->in);
    close_fd(&reader->out);
    kill_reader(reader);
    if (usage != NULL)
        *usage = reader->usage;
    free(reader);
}

/* The kernel kills with SIGXCPU, or with SIGKILL where that was too late. */
static bool died_of_time(const struct nks_reader *reader)
{
    int status = reader->usage.wait_status;
    if (reader->timed_out || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        return true;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
           reader->usage.cpu_us >= (int64_t)reader->cpu_seconds * 1000000;
}

static bool is_lost(int status)
{
    int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return by == SIGKILL || by == SIGTERM || by == SIGINT || by == SIGHUP ||
           (WIFEXITED(status) && WEXITSTATUS(status) == NKS_READER_EXIT_LATER);
}

static enum nks_reader_end judge(const struct nks_reader *reader)
{
    int status = reader->usage.wait_status;
    if (died_of_time(reader))
        return NKS_READER_TIME;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NKS_READER_EXIT_NO_JAIL)
        return NKS_READER_NO_JAIL;
    if (is_lost(status))
        return NKS_READER_LOST;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != NKS_READER_EXIT_DONE)
        return NKS_READER_DIED;
    return reader->frames.ended && reader->frames.from == reader->frames.to ? NKS_READER_DONE : NKS_READER_GARBAGE;
}

/* ---- bytes in */

/* Writes while the pipe takes it. A reader that has closed its input has seen enough. */
static enum nks_status feed(struct nks_reader *reader, const struct nks_reader_calls *calls, struct nks_fault *fault)
{
    for (;;) {
        if (reader->piece.len == 0 && !reader->source_ended) {
            NKS_TRY(calls->source(calls->user, &reader->piece, fault));
            reader->source_ended = reader->piece.len == 0;
        }
        if (reader->source_ended) {
            close_fd(&reader->in);
            return NKS_OK;
        }
        ssize_t wrote = write(reader->in, reader->piece.ptr, reader->piece.len);
        if (wrote >= 0) {
            reader->piece = nks_text_slice(reader->piece, (size_t)wrote, reader->piece.len);
        } else if (errno == EPIPE) {
            close_fd(&reader->in);
            return NKS_OK;
        } else if (errno == EAGAIN) {
            return NKS_OK;
        } else if (errno != EINTR) {
            return nks_fault_set(fault, NKS_RETRY, "READER-PIPE", "the pipe to the reader of files: %s",
                                 strerror(errno));
        }
    }
}

/* ---- frames out */

static enum nks_status hand_out(struct nks_reader *reader, const struct nks_reader_calls *calls, bool *garbage,
                                struct nks_fault *fault)
{
    struct nks_reader_frame frame;
    for (;;) {
        frame = (struct nks_reader_frame){0};
        switch (nks_frame_in_take(&reader->frames, &frame)) {
        case NKS_FRAME_IN_MORE:
            return NKS_OK;
        case NKS_FRAME_IN_GARBAGE:
            *garbage = true;
            return NKS_OK;
        case NKS_FRAME_IN_FRAME:
            NKS_TRY(calls->frame(calls->user, &frame, fault));
        }
    }
}

/* One read and what is whole in it. At the end of the stream `out` is closed. */
static enum nks_status take(struct nks_reader *reader, const struct nks_reader_calls *calls, bool *garbage,
                            struct nks_fault *fault)
{
    size_t room;
    char *at = nks_frame_in_room(&reader->frames, &room);
    ssize_t got = read(reader->out, at, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return NKS_OK;
    if (got < 0)
        return nks_fault_set(fault, NKS_RETRY, "READER-PIPE", "the pipe from the reader of files: %s", strerror(errno));
    if (got == 0) {
        close_fd(&reader->out);
        return NKS_OK;
    }
    reader->frames.to += (size_t)got;
    return hand_out(reader, calls, garbage, fault);
}

/* ---- the loop */

static enum nks_status turn(struct nks_reader *reader, const struct nks_reader_calls *calls, bool *garbage,
                            struct nks_fault *fault)
{
    struct pollfd fds[2] = {{.fd = reader->out, .events = POLLIN}, {.fd = reader->in, .events = POLLOUT}};
    int ready = poll(fds, 2, NKS_READER_IDLE_SECONDS * 1000); /* a descriptor of -1 is passed over */
    if (ready < 0)
        return errno == EINTR ? NKS_OK : nks_fault_set(fault, NKS_RETRY, "READER-PIPE", "poll: %s", strerror(errno));
    if (ready == 0) {
        reader->timed_out = true;
        return NKS_OK;
    }
    /* First the file, so that the reader has work while we look at its frames. */
    if (fds[1].revents != 0)
        NKS_TRY(feed(reader, calls, fault));
    return fds[0].revents == 0 ? NKS_OK : take(reader, calls, garbage, fault);
}

static enum nks_status pump(struct nks_reader *reader, const struct nks_reader_calls *calls, enum nks_reader_end *end,
                            struct nks_fault *fault)
{
    bool garbage = false;
    enum nks_status status = NKS_OK;
    while (status == NKS_OK && reader->out >= 0 && !garbage && !reader->timed_out)
        status = turn(reader, calls, &garbage, fault);
    close_fd(&reader->in);
    if (status != NKS_OK || garbage || reader->timed_out)
        kill_reader(reader);
    else
        await_reader(reader);
    *end = garbage ? NKS_READER_GARBAGE : judge(reader);
    return status;
}

/* Writing to a reader that has died must give EPIPE, not end the caller. A pending signal of our own is taken away. */
enum nks_status nks_reader_pump(struct nks_reader *reader, const struct nks_reader_calls *calls,
                                enum nks_reader_end *end, struct nks_fault *fault)
{
    sigset_t sigpipe, before, pending;
    (void)sigemptyset(&sigpipe);
    (void)sigaddset(&sigpipe, SIGPIPE);
    (void)sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    enum nks_status status = pump(reader, calls, end, fault);
    const struct timespec now = {0, 0};
    if (!was_pending)
        (void)sigtimedwait(&sigpipe, NULL, &now);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}
