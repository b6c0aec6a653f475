#include "base/fault_power.h"

#ifdef NKS_FAULTS
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHANGES_MAX = 200000 };
enum change_kind { GONE, CREATED, BYTES, RENAMED, REPLACED };

struct change {
    enum change_kind kind;
    char *path, *other; /* REPLACED: path, and the link that keeps it */
    int fd;             /* BYTES: a descriptor of our own, never closed */
    ino_t inode;
    off_t offset, size; /* BYTES: where, and the size before */
    size_t len;
    char *old;
};

static struct change changes[CHANGES_MAX];
static size_t count;
static int kept;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct change *add(enum change_kind kind)
{
    if (count == CHANGES_MAX)
        abort();
    changes[count] = (struct change){.kind = kind, .fd = -1};
    return &changes[count++];
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    if (out == NULL)
        abort();
    return out;
}

/* The folder of a path, as the system calls it. */
static void folder_of(const char *path, char out[PATH_MAX])
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    if (realpath(dir, out) == NULL)
        snprintf(out, PATH_MAX, "%s", dir);
}

void nks_power_created(const char *path)
{
    if (!nks_power_watched())
        return;
    pthread_mutex_lock(&mutex);
    add(CREATED)->path = copy(path);
    pthread_mutex_unlock(&mutex);
}

/* Reads what stands there; calls of its own, which count as no points. */
void nks_power_write(int fd, off_t offset, size_t len)
{
    struct stat st;
    int number = errno;
    if (!nks_power_watched() || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    pthread_mutex_lock(&mutex);
    struct change *change = add(BYTES);
    size_t there = offset < st.st_size ? (size_t)(st.st_size - offset) : 0;
    change->len = len == 0 || there < len ? there : len; /* a cut: all behind it */
    change->old = malloc(change->len + 1);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    change->fd = open(path, O_RDWR | O_CLOEXEC);
    change->inode = st.st_ino;
    change->offset = offset;
    change->size = st.st_size;
    if (change->old == NULL || change->fd < 0 ||
        pread(change->fd, change->old, change->len, offset) != (ssize_t)change->len)
        abort();
    pthread_mutex_unlock(&mutex);
    errno = number;
}

static void forget(struct change *change)
{
    free(change->path);
    free(change->other);
    free(change->old);
    change->path = change->other = change->old = NULL;
    change->kind = GONE; /* its descriptor stays open: closing it would end SQLite's locks */
}

void nks_power_synced(int fd)
{
    struct stat st;
    if (!nks_power_watched() || fstat(fd, &st) != 0)
        return;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < count; i++) {
        if (changes[i].kind == BYTES && changes[i].inode == st.st_ino)
            forget(&changes[i]);
    }
    pthread_mutex_unlock(&mutex);
}

void nks_power_renamed(const char *from, const char *to)
{
    if (!nks_power_watched())
        return;
    pthread_mutex_lock(&mutex);
    struct change *change = add(RENAMED);
    change->path = copy(from);
    change->other = copy(to);
    pthread_mutex_unlock(&mutex);
}

void nks_power_replace(const char *to)
{
    const char *dir = getenv("NKS_FAULT_POWER");
    char link_path[PATH_MAX];
    int number = errno;
    if (!nks_power_watched() || dir == NULL || access(to, F_OK) != 0)
        return;
    pthread_mutex_lock(&mutex);
    snprintf(link_path, sizeof link_path, "%s/%ld-%d", dir, (long)getpid(), kept++);
    if (link(to, link_path) == 0) {
        struct change *change = add(REPLACED);
        change->path = copy(to);
        change->other = copy(link_path);
    }
    pthread_mutex_unlock(&mutex);
    errno = number;
}

/* A move between two folders counts when the one it went to is synced. */
void nks_power_dir_synced(const char *dir)
{
    char real[PATH_MAX], own[PATH_MAX];
    if (!nks_power_watched() || realpath(dir, real) == NULL)
        return;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < count; i++) {
        struct change *change = &changes[i];
        if (change->kind == GONE || change->kind == BYTES)
            continue;
        folder_of(change->kind == RENAMED ? change->other : change->path, own);
        if (strcmp(own, real) == 0)
            forget(change);
    }
    pthread_mutex_unlock(&mutex);
}

static void take_back(const struct change *change)
{
    int bad = 0;
    switch (change->kind) {
    case CREATED:
        bad = unlink(change->path) != 0 && errno != ENOENT;
        break;
    case BYTES:
        bad = pwrite(change->fd, change->old, change->len, change->offset) != (ssize_t)change->len ||
              ftruncate(change->fd, change->size) != 0;
        break;
    case RENAMED:
        bad = rename(change->other, change->path) != 0 && errno != ENOENT;
        break;
    case REPLACED:
        bad = rename(change->other, change->path) != 0;
        break;
    case GONE:
        break;
    }
    if (bad)
        abort();
}

void nks_power_lose(void)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = count; i > 0; i--)
        take_back(&changes[i - 1]);
}
#else
typedef int nks_fault_power_none; /* a file of C is not empty */
#endif
