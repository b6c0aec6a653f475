#ifndef NKS_BASE_SYS_H
#define NKS_BASE_SYS_H
/*
 * The only door to the operating system for files, the clock and randomness. Every call here maps an error to the
 * status that says what to do: ENOSPC, EDQUOT, EAGAIN, EIO -> NKS_RETRY; EACCES, EPERM, EROFS, ENOENT -> NKS_FAILED;
 * the fault names the file by its base name only where `name_in_fault` is not personal (callers pass paths of our own
 * making).
 *
 * Points: `nks_sys_point("publish.renamed")` marks an instant of a protocol. In builds with NKS_FAULTS (preset dev) the
 * variable NKS_KILL_AT=NAME[:N] kills the process with SIGKILL when the N-th (default 1st) pass reaches NAME, and
 * NKS_STOP_AT likewise halts it with SIGSTOP until SIGCONT comes. In other builds it is nothing.
 */
#include "base/status.h"
#include "base/date.h"

#include <sys/types.h>

#ifdef NKS_FAULTS
void nks_sys_point(const char *name);
#else
static inline void nks_sys_point(const char *name)
{
    (void)name;
}
#endif

/* A regular file only: a symbolic link, a pipe or a folder is NKS_REFUSED with code FILE-KIND, so that a drop folder
 * cannot point elsewhere or make the reader wait. */
NKS_CHECKED enum nks_status nks_sys_open_read(const char *path, int *fd, struct nks_fault *fault);
/* Creates; an existing file is an error (NKS_FAILED, code FILE-EXISTS). Mode 0600. */
NKS_CHECKED enum nks_status nks_sys_create(const char *path, int *fd, struct nks_fault *fault);
/* For reading and writing, made where it is missing (mode 0600); else as nks_sys_open_read. */
NKS_CHECKED enum nks_status nks_sys_open_update(const char *path, int *fd, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sys_seek(int fd, int64_t offset, struct nks_fault *fault); /* from the beginning */
/* Cuts the file to that size, and goes there. */
NKS_CHECKED enum nks_status nks_sys_truncate(int fd, int64_t size, struct nks_fault *fault);
/* Reads until `len` bytes or end of file; *got is the count. */
NKS_CHECKED enum nks_status nks_sys_read(int fd, void *buf, size_t len, size_t *got, struct nks_fault *fault);
/* What an open file was at one moment. Two that differ: it was written to in between. A change that keeps the size and
 * falls within the same tick of the kernel's clock does not show. What is no regular file is always the same. Two files
 * are never the same. */
struct nks_sys_moment {
    int64_t size, seconds, nanoseconds; /* of the last change */
    uint64_t device, inode;
};
NKS_CHECKED enum nks_status nks_sys_moment(int fd, struct nks_sys_moment *out, struct nks_fault *fault);
bool nks_sys_moment_same(const struct nks_sys_moment *a, const struct nks_sys_moment *b);
NKS_CHECKED enum nks_status nks_sys_write(int fd, const void *buf, size_t len, struct nks_fault *fault); /* all of it */
NKS_CHECKED enum nks_status nks_sys_fsync(int fd, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sys_fsync_dir(const char *dir, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sys_close(int fd, struct nks_fault *fault);
/* Within one file system; replaces nothing (RENAME_NOREPLACE): an existing target is NKS_FAILED, code FILE-EXISTS. */
NKS_CHECKED enum nks_status nks_sys_rename(const char *from, const char *to, struct nks_fault *fault);
/* The same, but takes the place of an existing target in one step (rename). For files of our own only: keys, state. */
NKS_CHECKED enum nks_status nks_sys_rename_over(const char *from, const char *to, struct nks_fault *fault);
/* A second name of a file on the same file system; an existing one is FILE-EXISTS. */
NKS_CHECKED enum nks_status nks_sys_link(const char *from, const char *to, struct nks_fault *fault);
/* Each gets the other's place in one step; both must be there. */
NKS_CHECKED enum nks_status nks_sys_exchange(const char *a, const char *b, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sys_chmod(int fd, mode_t mode, struct nks_fault *fault);
/* A file that is not there is NKS_OK. */
NKS_CHECKED enum nks_status nks_sys_unlink(const char *path, struct nks_fault *fault);
/* A folder that is empty; one that is not there is NKS_OK. */
NKS_CHECKED enum nks_status nks_sys_rmdir(const char *path, struct nks_fault *fault);
/* Makes the directory and its parents (each new entry is fsynced); an existing one is NKS_OK. */
NKS_CHECKED enum nks_status nks_sys_mkdir(const char *path, mode_t mode, struct nks_fault *fault);
NKS_CHECKED bool nks_sys_is_link(const char *path); /* a symbolic link, wherever it points */
NKS_CHECKED bool nks_sys_exists(const char *path);
NKS_CHECKED enum nks_status nks_sys_random(void *buf, size_t len, struct nks_fault *fault);
nks_time nks_sys_now(void);
enum { NKS_HOST_MAX = 256 };
void nks_sys_host(char out[NKS_HOST_MAX]); /* this machine's name; "?" where it has none */

/* For the start of a program that holds keys: no core dumps, not readable by debuggers of the same user, and a write
 * beyond the file size limit is an error instead of a signal. */
void nks_sys_protect_process(void);
/* Takes an exclusive advisory lock on the file (created where missing). Busy: NKS_RETRY with code BUSY. */
NKS_CHECKED enum nks_status nks_sys_lock(const char *path, int *fd, struct nks_fault *fault);

/* The regular files of a directory, sorted bytewise by name, dot files left out; the first `max` of them. With
 * `directories` the sub-directories instead. Symbolic links are never listed. */
struct nks_sys_list {
    char **names;
    size_t count;
    bool truncated; /* there were more than `max` */
};
NKS_CHECKED enum nks_status nks_sys_list(const char *dir, size_t max, bool directories, struct nks_sys_list *out,
                                         struct nks_fault *fault);
/* The same of what is neither a regular file nor a directory: symbolic links, pipes, devices. */
NKS_CHECKED enum nks_status nks_sys_list_odd(const char *dir, size_t max, struct nks_sys_list *out,
                                             struct nks_fault *fault);
void nks_sys_list_free(struct nks_sys_list *list);
/* How many entries nks_sys_list leaves out for their kind: links, pipes, folders among files, files among folders. */
NKS_CHECKED enum nks_status nks_sys_count_others(const char *dir, bool directories, size_t *count,
                                                 struct nks_fault *fault);

/* Whether both lie on one file system; false where that cannot be told. */
NKS_CHECKED bool nks_sys_same_device(const char *a, const char *b);
/* What an ordinary user can still write to the file system of `path`, in bytes. */
NKS_CHECKED enum nks_status nks_sys_free_bytes(const char *path, int64_t *bytes, struct nks_fault *fault);
/* NKS_OK where this process may make files in the directory. */
NKS_CHECKED enum nks_status nks_sys_may_write(const char *dir, struct nks_fault *fault);

/* Size and modification time of a regular file; anything else (link, pipe, folder) is NKS_REFUSED. */
NKS_CHECKED enum nks_status nks_sys_stat(const char *path, int64_t *size, nks_time *mtime, struct nks_fault *fault);

#endif
