/* Numbered fault points, in test builds. */
#include "base/fault_point.h"

#include "base/fault_power.h"

#ifdef NKS_FAULTS
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORT = -1, POWER = -2, CUT = -3, CUT_AFTER = -4, CUT_COMMIT = -5, PATH_ROOM = 1200 };
static const struct effect {
    const char *name;
    int number; /* of the error; 0: kill; below 0: none */
    bool from_then_on;
} effects[] = {{"kill", 0, false},
               {"ENOSPC", ENOSPC, false},
               {"EIO", EIO, false},
               {"EACCES", EACCES, false},
               {"ENOMEM", ENOMEM, false},
               {"EBUSY", EBUSY, false},
               {"EDEADLK", EDEADLK, false},
               {"full", ENOSPC, true},
               {"short", SHORT, false},
               {"power", POWER, false},
               {"cut", CUT, false},
               {"cut_after", CUT_AFTER, false},
               {"cut_commit", CUT_COMMIT, false}};

static const struct effect *effect;
static long wanted, wanted_allocation;
static atomic_long reached, allocated, commands, commits;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool half; /* the next read or write of this thread is a short one */

/* Written with plain calls: it must not count itself. */
static void count_write(void)
{
    const char *path = getenv("NKS_FAULT_COUNT");
    char text[96];
    int len = snprintf(text, sizeof text, "%ld\n%ld\n%ld\n%ld\n", atomic_load(&reached), atomic_load(&allocated),
                       atomic_load(&commands), atomic_load(&commits));
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (write(fd, text, (size_t)len) != len)
            abort();
        close(fd);
    }
}

static void plan_read(void)
{
    const char *text = getenv("NKS_FAULT");
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    const char *allocation = getenv("NKS_FAULT_MEMORY");
    wanted_allocation = allocation == NULL ? 0 : strtol(allocation, NULL, 10);
    if (getenv("NKS_FAULT_COUNT") != NULL)
        atexit(count_write);
    for (size_t i = 0; colon != NULL && i < sizeof effects / sizeof effects[0]; i++) {
        if (strcmp(colon + 1, effects[i].name) == 0) {
            effect = &effects[i];
            wanted = strtol(text, NULL, 10);
        }
    }
}

bool nks_fault_point(bool writes)
{
    pthread_once(&once, plan_read);
    long at = atomic_fetch_add(&reached, 1) + 1;
    half = false;
    if (effect == NULL || effect->number <= CUT || at < wanted || (at > wanted && !effect->from_then_on) ||
        (effect->from_then_on && !writes))
        return false;
    if (effect->number == POWER)
        nks_power_lose();
    if (effect->number == 0 || effect->number == POWER)
        kill(getpid(), SIGKILL);
    half = effect->number == SHORT;
    if (half)
        return false;
    errno = effect->number;
    return true;
}

enum nks_fault_cut nks_fault_cut(bool commits_now)
{
    pthread_once(&once, plan_read);
    bool is_command = atomic_fetch_add(&commands, 1) + 1 == wanted;
    bool is_commit = commits_now && atomic_fetch_add(&commits, 1) + 1 == wanted;
    switch (effect == NULL ? 0 : effect->number) {
    case CUT:
        return is_command ? NKS_FAULT_CUT_BEFORE : NKS_FAULT_CUT_NOT;
    case CUT_AFTER:
        return is_command ? NKS_FAULT_CUT_AFTER : NKS_FAULT_CUT_NOT;
    case CUT_COMMIT:
        return is_commit ? NKS_FAULT_CUT_AFTER : NKS_FAULT_CUT_NOT;
    default:
        return NKS_FAULT_CUT_NOT;
    }
}

bool nks_power_watched(void)
{
    pthread_once(&once, plan_read);
    return effect != NULL && effect->number == POWER;
}

bool nks_fault_memory(void)
{
    pthread_once(&once, plan_read);
    return atomic_fetch_add(&allocated, 1) + 1 == wanted_allocation;
}

char *nks_fault_of_reader(void)
{
    static const char prefix[] = "NKS_READER_NKS_FAULT";
    for (char **at = environ; *at != NULL; at++) {
        if (strncmp(*at, prefix, sizeof prefix - 1) == 0)
            return *at + strlen("NKS_READER_");
    }
    return NULL;
}

size_t nks_fault_short(size_t len)
{
    bool now = half && len > 1;
    half = false;
    return now ? len / 2 : len;
}

/* One file out of out/ into the folder of the receiver; '/' of its path there becomes '+'. */
static void fetch(const char *dir, const char *path, const char *below, const char *end)
{
    char from[PATH_ROOM], to[PATH_ROOM];
    int from_len = snprintf(from, sizeof from, "%s%s", path, end);
    int to_len = snprintf(to, sizeof to, "%s/%s%s", dir, below, end);
    if (from_len >= PATH_ROOM || to_len + (int)sizeof ".twice" > PATH_ROOM)
        abort();
    for (char *at = to + strlen(dir) + 1; *at != '\0'; at++) {
        if (*at == '/')
            *at = '+';
    }
    if (access(to, F_OK) == 0)
        memcpy(to + to_len, ".twice", sizeof ".twice");
    if (rename(from, to) != 0)
        abort(); /* published without its signature, or no folder to fetch to */
}

void nks_fault_fetch(const char *path)
{
    const char *dir = getenv("NKS_FAULT_FETCH");
    const char *below = dir == NULL ? NULL : strstr(path, "/out/");
    size_t len = strlen(path);
    if (below == NULL || (len > 4 && strcmp(path + len - 4, ".p7s") == 0))
        return;
    int number = errno;
    fetch(dir, path, below + 5, ".p7s");
    fetch(dir, path, below + 5, "");
    errno = number;
}
#else
typedef int nks_fault_point_none; /* a file of C is not empty */
#endif
