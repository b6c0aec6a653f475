/* Numbered fault points, in test builds. */
#include "base/fault_point.h"

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

static const struct effect {
    const char *name;
    int number; /* of the error; 0: kill */
    bool from_then_on;
} effects[] = {{"kill", 0, false},        {"ENOSPC", ENOSPC, false}, {"EIO", EIO, false},   {"EACCES", EACCES, false},
               {"ENOMEM", ENOMEM, false}, {"EBUSY", EBUSY, false},   {"full", ENOSPC, true}};

static const struct effect *effect;
static long wanted;
static atomic_long reached;

/* Written with plain calls: it must not count itself. */
static void count_write(void)
{
    const char *path = getenv("NKS_FAULT_COUNT");
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", atomic_load(&reached));
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
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, plan_read);
    long at = atomic_fetch_add(&reached, 1) + 1;
    if (effect == NULL || at < wanted || (at > wanted && !effect->from_then_on) || (effect->from_then_on && !writes))
        return false;
    if (effect->number == 0)
        kill(getpid(), SIGKILL);
    errno = effect->number;
    return true;
}
#else
typedef int nks_fault_point_none; /* a file of C is not empty */
#endif
