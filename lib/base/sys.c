#include "base/sys.h"

#include "base/fault_point.h"
#include "base/fault_power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- faults */

enum { NAME_SHOWN = 80 };

static const struct {
    int number;
    enum nks_status status;
    const char *code;
    const char *advice;
} error_table[] = {
    {ENOSPC, NKS_RETRY, "DISK-FULL", "the disk is full; make room, then run again"},
    {EDQUOT, NKS_RETRY, "DISK-FULL", "the disk quota is used up; make room, then run again"},
    {EAGAIN, NKS_RETRY, "FILE-BUSY", "it is busy; try again later"},
    {EBUSY, NKS_RETRY, "FILE-BUSY", "it is busy; try again later"},
    {EIO, NKS_RETRY, "FILE-IO", "the disk reports an error; check the disk, then run again"},
    {EMFILE, NKS_RETRY, "FILE-IO", "too many files are open; try again later"},
    {ENFILE, NKS_RETRY, "FILE-IO", "too many files are open; try again later"},
    {ENOMEM, NKS_RETRY, "MEMORY", "there is no memory left; try again later"},
    {EACCES, NKS_FAILED, "FILE-PERMISSION", "permission denied; check owner and mode"},
    {EPERM, NKS_FAILED, "FILE-PERMISSION", "permission denied; check owner and mode"},
    {EROFS, NKS_FAILED, "FILE-PERMISSION", "the file system is read-only; mount it for writing"},
    {ENOENT, NKS_FAILED, "FILE-MISSING", "it is not there; check the path"},
    {EEXIST, NKS_FAILED, "FILE-EXISTS", "the name is already taken; look at what is there before moving it away"},
    {ENOTEMPTY, NKS_FAILED, "FILE-EXISTS", "the name is already taken; look at what is there before moving it away"},
    {ELOOP, NKS_REFUSED, "FILE-KIND", "it is a symbolic link; give the file itself"},
    {EISDIR, NKS_FAILED, "FILE-KIND", "it is a folder; a file is needed"},
    {ENOTDIR, NKS_FAILED, "FILE-KIND", "a part of the path is not a folder; check the path"},
    {ENAMETOOLONG, NKS_FAILED, "FILE-KIND", "the path is too long; use a shorter one"},
    {EFBIG, NKS_FAILED, "FILE-BIG", "it would be larger than the limit for files; raise the limit"},
    {EXDEV, NKS_FAILED, "FILE-IO", "source and target are on different file systems; keep a home on one"},
};

static size_t digits_at(const char *p)
{
    return strspn(p, "0123456789");
}

/* How many characters from `p` look like a CPR number (DDMMYYSSSS, DDMMYY-SSSS); 0 for none. */
static size_t cpr_like(const char *p)
{
    size_t digits = digits_at(p);
    if (digits == 10)
        return 10;
    return digits == 6 && p[6] == '-' && digits_at(p + 7) == 4 ? 11 : 0;
}

/*
 * The last part of the path as it may be shown. Paths are our own, but senders name what lies in a drop folder: what
 * looks like a CPR number and what could upset a terminal is masked.
 */
static void shown_name(const char *path, char out[NAME_SHOWN])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL || slash[1] == '\0' ? path : slash + 1;
    size_t at = 0;
    while (*name != '\0' && at < NAME_SHOWN - 1) {
        size_t mask = cpr_like(name), run = mask > 0 ? mask : digits_at(name);
        if (run == 0)
            run = 1;
        for (; run > 0 && at < NAME_SHOWN - 1; run--, name++) {
            unsigned char c = (unsigned char)*name;
            out[at++] = mask > 0 ? '#' : c < ' ' || c == 0x7F ? '?' : *name;
        }
    }
    out[at] = '\0';
    nks_text_plain(out);
}

/* The fault of the error number; `path` is NULL where only a descriptor is known. */
static enum nks_status failed_with(struct nks_fault *fault, const char *verb, const char *path, int number)
{
    char name[NAME_SHOWN] = "a file";
    if (path != NULL)
        shown_name(path, name);
    for (size_t i = 0; i < sizeof error_table / sizeof error_table[0]; i++) {
        if (error_table[i].number == number)
            return nks_fault_set(fault, error_table[i].status, error_table[i].code, "cannot %s %s: %s", verb, name,
                                 error_table[i].advice);
    }
    return nks_fault_set(fault, NKS_FAILED, "FILE-IO", "cannot %s %s: system error %d; look at the system's log", verb,
                         name, number);
}

static enum nks_status failed(struct nks_fault *fault, const char *verb, const char *path)
{
    return failed_with(fault, verb, path, errno);
}

static enum nks_status wrong_kind(struct nks_fault *fault, const char *path)
{
    char name[NAME_SHOWN];
    shown_name(path, name);
    return nks_fault_set(fault, NKS_REFUSED, "FILE-KIND", "%s is not a regular file; give a file", name);
}

/* ---- points */

#ifdef NKS_FAULTS
#include <pthread.h>
#include <stdatomic.h>

struct wanted {
    const char *variable;
    int signal;
    char name[64];
    atomic_long left; /* passes until the signal; 0: never */
};
static struct wanted wanted[] = {{.variable = "NKS_KILL_AT", .signal = SIGKILL},
                                 {.variable = "NKS_STOP_AT", .signal = SIGSTOP}};

static void wanted_read(void)
{
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const char *text = getenv(wanted[i].variable);
        if (text == NULL)
            continue;
        const char *colon = strrchr(text, ':');
        int len = colon == NULL ? (int)strlen(text) : (int)(colon - text);
        snprintf(wanted[i].name, sizeof wanted[i].name, "%.*s", len, text);
        atomic_store(&wanted[i].left, colon == NULL ? 1 : strtol(colon + 1, NULL, 10));
    }
}

void nks_sys_point(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, wanted_read);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(name, wanted[i].name) == 0 && atomic_fetch_sub(&wanted[i].left, 1) == 1)
            kill(getpid(), wanted[i].signal);
    }
}
#endif

/* ---- descriptors */

static enum nks_status open_regular(const char *path, int flags, int *fd, struct nks_fault *fault)
{
    /* O_NONBLOCK: opening a pipe must not wait for its writer; it means nothing to a regular file. */
    int opened = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (opened < 0)
        return failed(fault, "open", path);
    struct stat st;
    if (fstat(opened, &st) != 0) {
        enum nks_status status = failed(fault, "open", path);
        close(opened);
        return status;
    }
    if (!S_ISREG(st.st_mode)) {
        close(opened);
        return wrong_kind(fault, path);
    }
    *fd = opened;
    return NKS_OK;
}

enum nks_status nks_sys_open_read(const char *path, int *fd, struct nks_fault *fault)
{
    return nks_fault_point(false) ? failed(fault, "open", path) : open_regular(path, O_RDONLY, fd, fault);
}

enum nks_status nks_sys_open_update(const char *path, int *fd, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "open", path);
    bool makes = nks_power_watched() && !nks_sys_exists(path);
    NKS_TRY(open_regular(path, O_RDWR | O_CREAT, fd, fault));
    if (makes)
        nks_power_created(path);
    return NKS_OK;
}

enum nks_status nks_sys_seek(int fd, int64_t offset, struct nks_fault *fault)
{
    return lseek(fd, (off_t)offset, SEEK_SET) >= 0 ? NKS_OK : failed(fault, "seek", NULL);
}

enum nks_status nks_sys_truncate(int fd, int64_t size, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "cut", NULL);
    nks_power_write(fd, (off_t)size, 0);
    if (ftruncate(fd, (off_t)size) != 0)
        return failed(fault, "cut", NULL);
    return nks_sys_seek(fd, size, fault);
}

enum nks_status nks_sys_create(const char *path, int *fd, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "create", path);
    /* Readable too: some writers read back what they wrote before they rely on it. */
    int opened = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (opened < 0)
        return failed(fault, "create", path);
    nks_power_created(path);
    *fd = opened;
    return NKS_OK;
}

enum nks_status nks_sys_read(int fd, void *buf, size_t len, size_t *got, struct nks_fault *fault)
{
    *got = 0;
    if (nks_fault_point(false))
        return failed(fault, "read", NULL);
    while (*got < len) {
        ssize_t n = read(fd, (char *)buf + *got, nks_fault_short(len - *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(fault, "read", NULL);
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return NKS_OK;
}

enum nks_status nks_sys_write(int fd, const void *buf, size_t len, struct nks_fault *fault)
{
    size_t done = 0;
    if (nks_fault_point(true)) {
        /* A disk that fills up takes a part first. */
        int number = errno;
        return write(fd, buf, len / 2) < 0 ? failed(fault, "write", NULL) : failed_with(fault, "write", NULL, number);
    }
    if (nks_power_watched())
        nks_power_write(fd, lseek(fd, 0, SEEK_CUR), len);
    while (done < len) {
        ssize_t n = write(fd, (const char *)buf + done, nks_fault_short(len - done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(fault, "write", NULL);
        if (n == 0)
            return failed_with(fault, "write", NULL, EIO);
        done += (size_t)n;
    }
    return NKS_OK;
}

enum nks_status nks_sys_fsync(int fd, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "fsync", NULL);
    /* Never fsync again after a failure: the kernel has dropped the pages. The whole call must be made again. */
    while (fsync(fd) != 0) {
        if (errno != EINTR)
            return failed(fault, "fsync", NULL);
    }
    nks_power_synced(fd);
    return NKS_OK;
}

enum nks_status nks_sys_fsync_dir(const char *dir, struct nks_fault *fault)
{
    int fd = nks_fault_point(false) ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(fault, "open", dir);
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    /* Some network file systems know no fsync of a folder; there is nothing more to ask of them. */
    enum nks_status status = result == 0 || errno == EINVAL ? NKS_OK : failed(fault, "fsync", dir);
    close(fd);
    if (status == NKS_OK)
        nks_power_dir_synced(dir);
    return status;
}

enum nks_status nks_sys_close(int fd, struct nks_fault *fault)
{
    if (nks_fault_point(true)) {
        int number = errno;
        close(fd); /* the descriptor is gone all the same */
        return failed_with(fault, "close", NULL, number);
    }
    /* On Linux the descriptor is gone also after EINTR: a second close could hit somebody else's. */
    if (close(fd) != 0 && errno != EINTR)
        return failed(fault, "close", NULL);
    return NKS_OK;
}

enum nks_status nks_sys_chmod(int fd, mode_t mode, struct nks_fault *fault)
{
    return !nks_fault_point(false) && fchmod(fd, mode) == 0 ? NKS_OK : failed(fault, "set the mode of", NULL);
}

/* ---- names */

/* Two names of one file; two spellings of its only name do not count. */
static bool is_second_name(const char *a, const char *b)
{
    struct stat first, second;
    return lstat(a, &first) == 0 && lstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino && first.st_nlink > 1;
}

/*
 * For file systems without RENAME_NOREPLACE. link refuses an existing name by itself; where there are no hard links, or
 * for a folder, looking first is the best that is left (one home has one owner at a time).
 */
static int rename_by_link(const char *from, const char *to)
{
    if (link(from, to) == 0 || is_second_name(from, to)) /* the latter: an earlier run died before its unlink */
        return unlink(from);
    if (!nks_sys_exists(from)) {
        errno = ENOENT;
        return -1;
    }
    if (nks_sys_exists(to)) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

enum nks_status nks_sys_rename(const char *from, const char *to, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "rename", from);
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS))
        result = rename_by_link(from, to);
    if (result == 0) {
        nks_power_renamed(from, to);
        nks_fault_fetch(to);
        return NKS_OK;
    }
    return errno == EEXIST ? failed(fault, "rename to", to) : failed(fault, "rename", from);
}

enum nks_status nks_sys_rename_over(const char *from, const char *to, struct nks_fault *fault)
{
    if (nks_fault_point(true))
        return failed(fault, "rename", from);
    nks_power_replace(to);
    if (rename(from, to) != 0)
        return failed(fault, "rename", from);
    nks_power_renamed(from, to);
    return NKS_OK;
}

enum nks_status nks_sys_link(const char *from, const char *to, struct nks_fault *fault)
{
    return !nks_fault_point(true) && link(from, to) == 0 ? NKS_OK : failed(fault, "link", to);
}

enum nks_status nks_sys_exchange(const char *a, const char *b, struct nks_fault *fault)
{
    if (nks_fault_point(true) || renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0)
        return failed(fault, "exchange", a);
    return NKS_OK;
}

enum nks_status nks_sys_rmdir(const char *path, struct nks_fault *fault)
{
    if (!nks_fault_point(false) && (rmdir(path) == 0 || errno == ENOENT))
        return NKS_OK;
    return failed(fault, "remove folder", path);
}

enum nks_status nks_sys_unlink(const char *path, struct nks_fault *fault)
{
    if (nks_fault_point(false))
        return failed(fault, "remove", path);
    nks_power_replace(path);
    return unlink(path) == 0 || errno == ENOENT ? NKS_OK : failed(fault, "remove", path);
}

static enum nks_status existing_directory(const char *path, struct nks_fault *fault)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return failed(fault, "make folder", path);
    return S_ISDIR(st.st_mode) ? NKS_OK : failed_with(fault, "make folder", path, ENOTDIR);
}

/* One folder whose parent is there. The new entry is made durable: later only files in the folder are fsynced. */
static enum nks_status mkdir_one(const char *path, mode_t mode, struct nks_fault *fault)
{
    if (nks_fault_point(true) || mkdir(path, mode) != 0)
        return errno == EEXIST ? existing_directory(path, fault) : failed(fault, "make folder", path);
    char parent[4096];
    int len = snprintf(parent, sizeof parent, "%s/..", path);
    if (len < 0 || (size_t)len >= sizeof parent)
        return failed_with(fault, "make folder", path, ENAMETOOLONG);
    return nks_sys_fsync_dir(parent, fault);
}

enum nks_status nks_sys_mkdir(const char *path, mode_t mode, struct nks_fault *fault)
{
    char part[4096];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return failed_with(fault, "make folder", path, len == 0 ? ENOENT : ENAMETOOLONG);
    if (nks_sys_exists(path))
        return existing_directory(path, fault);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        NKS_TRY(mkdir_one(part, mode, fault));
    }
    return NKS_OK;
}

bool nks_sys_is_link(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

bool nks_sys_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool nks_sys_same_device(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev;
}

enum nks_status nks_sys_free_bytes(const char *path, int64_t *bytes, struct nks_fault *fault)
{
    struct statvfs facts;
    if (statvfs(path, &facts) != 0)
        return failed(fault, "statvfs", path);
    uint64_t size = facts.f_frsize, count = facts.f_bavail;
    *bytes = size != 0 && count > INT64_MAX / size ? INT64_MAX : (int64_t)(size * count);
    return NKS_OK;
}

enum nks_status nks_sys_may_write(const char *dir, struct nks_fault *fault)
{
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 ? NKS_OK : failed(fault, "write in", dir);
}

enum nks_status nks_sys_stat(const char *path, int64_t *size, nks_time *mtime, struct nks_fault *fault)
{
    struct stat st;
    if (nks_fault_point(false) || lstat(path, &st) != 0)
        return failed(fault, "look at", path);
    if (!S_ISREG(st.st_mode))
        return wrong_kind(fault, path);
    *size = (int64_t)st.st_size;
    *mtime = (nks_time)st.st_mtim.tv_sec;
    return NKS_OK;
}

enum nks_status nks_sys_moment(int fd, struct nks_sys_moment *out, struct nks_fault *fault)
{
    struct stat st;
    *out = (struct nks_sys_moment){0};
    if (nks_fault_point(false) || fstat(fd, &st) != 0)
        return failed(fault, "look at", "a file");
    if (S_ISREG(st.st_mode))
        *out = (struct nks_sys_moment){(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, (int64_t)st.st_mtim.tv_nsec,
                                       (uint64_t)st.st_dev, (uint64_t)st.st_ino};
    return NKS_OK;
}

bool nks_sys_moment_same(const struct nks_sys_moment *a, const struct nks_sys_moment *b)
{
    return a->size == b->size && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds &&
           a->device == b->device && a->inode == b->inode;
}

/* ---- randomness, clock, lock */

enum nks_status nks_sys_random(void *buf, size_t len, struct nks_fault *fault)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = getrandom((char *)buf + done, len - done, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(fault, "read", "randomness");
        done += (size_t)n;
    }
    return NKS_OK;
}

nks_time nks_sys_now(void)
{
    return (nks_time)time(NULL);
}

void nks_sys_host(char out[NKS_HOST_MAX])
{
    if (gethostname(out, NKS_HOST_MAX) != 0)
        memcpy(out, "?", 2);
    out[NKS_HOST_MAX - 1] = '\0';
}

enum nks_status nks_sys_lock(const char *path, int *fd, struct nks_fault *fault)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (opened < 0)
        return failed(fault, "lock", path);
    if (flock(opened, LOCK_EX | LOCK_NB) == 0) {
        *fd = opened;
        return NKS_OK;
    }
    enum nks_status status = errno == EWOULDBLOCK ? nks_fault_set(fault, NKS_RETRY, "BUSY",
                                                                  "another run works on this home; wait for it to end")
                                                  : failed(fault, "lock", path);
    close(opened);
    return status;
}

/* ---- lists */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and forgets what is beyond the first `max`. */
static void list_cut(struct nks_sys_list *list, size_t max)
{
    if (list->count > 1)
        qsort(list->names, list->count, sizeof list->names[0], by_name);
    while (list->count > max) {
        free(list->names[--list->count]);
        list->truncated = true;
    }
}

/* Room is grown in steps up to twice `max`, then cut back to the first `max`: a folder with a million files takes the
 * memory of a few and still gives the same names in every run. */
static bool list_add(struct nks_sys_list *list, size_t max, size_t *room, const char *name)
{
    if (list->count > max && list->count - max > max)
        list_cut(list, max);
    if (list->count == *room) {
        size_t more = *room == 0 ? 64 : *room * 2;
        char **names = realloc(list->names, more * sizeof *names);
        if (names == NULL)
            return false;
        list->names = names;
        *room = more;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return false;
    list->names[list->count++] = copy;
    return true;
}

enum sort { SORT_FILES, SORT_DIRECTORIES, SORT_ODD };

static bool is_wanted(DIR *stream, const struct dirent *entry, enum sort sort)
{
    if (entry->d_name[0] == '.')
        return false;
    mode_t type = DTTOIF((mode_t)entry->d_type);
    struct stat st;
    if (entry->d_type == DT_UNKNOWN) { /* some file systems do not say */
        if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return false;
        type = st.st_mode & S_IFMT;
    }
    return sort == (type == S_IFREG ? SORT_FILES : type == S_IFDIR ? SORT_DIRECTORIES : SORT_ODD);
}

static enum nks_status list_fill(DIR *stream, const char *dir, size_t max, enum sort sort, struct nks_sys_list *out,
                                 struct nks_fault *fault)
{
    size_t room = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL)
            return errno == 0 ? NKS_OK : failed(fault, "list", dir);
        if (is_wanted(stream, entry, sort) && !list_add(out, max, &room, entry->d_name))
            return failed_with(fault, "list", dir, ENOMEM);
    }
}

static enum nks_status list(const char *dir, size_t max, enum sort sort, struct nks_sys_list *out,
                            struct nks_fault *fault)
{
    *out = (struct nks_sys_list){0};
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return failed(fault, "list", dir);
    enum nks_status status = list_fill(stream, dir, max, sort, out, fault);
    closedir(stream);
    if (status == NKS_OK)
        list_cut(out, max);
    else
        nks_sys_list_free(out);
    return status;
}

enum nks_status nks_sys_list(const char *dir, size_t max, bool directories, struct nks_sys_list *out,
                             struct nks_fault *fault)
{
    return list(dir, max, directories ? SORT_DIRECTORIES : SORT_FILES, out, fault);
}

enum nks_status nks_sys_list_odd(const char *dir, size_t max, struct nks_sys_list *out, struct nks_fault *fault)
{
    return list(dir, max, SORT_ODD, out, fault);
}

enum nks_status nks_sys_count_others(const char *dir, bool directories, size_t *count, struct nks_fault *fault)
{
    DIR *stream = opendir(dir);
    *count = 0;
    if (stream == NULL)
        return failed(fault, "list", dir);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL)
            break;
        if (entry->d_name[0] != '.' && !is_wanted(stream, entry, directories ? SORT_DIRECTORIES : SORT_FILES))
            (*count)++;
    }
    enum nks_status status = errno == 0 ? NKS_OK : failed(fault, "list", dir);
    closedir(stream);
    return status;
}

void nks_sys_list_free(struct nks_sys_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct nks_sys_list){0};
}

void nks_sys_protect_process(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGXFSZ, SIG_IGN);
#if !defined(__SANITIZE_ADDRESS__) &&                                                                                  \
    !defined(NKS_FAULTS) /* the leak search of the sanitizer attaches like a debugger */
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
}
