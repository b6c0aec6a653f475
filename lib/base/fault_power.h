#ifndef NKS_BASE_FAULT_POWER_H
#define NKS_BASE_FAULT_POWER_H
/*
 * A power loss at a numbered fault point (NKS_FAULT=N:power, test builds): whatever was not synced is taken back, then
 * the process is killed. Strict: a name that was made, moved or removed counts only after its folder was synced, bytes
 * only after their file was.
 *
 * Each change is told before (bytes, cuts, removals) or after it (names), each sync after it. Files that SQLite makes
 * by itself are followed by their bytes only.
 */
#include <stdbool.h>
#include <sys/types.h>

#ifdef NKS_FAULTS
bool nks_power_watched(void);
void nks_power_created(const char *path);
void nks_power_write(int fd, off_t offset, size_t len); /* before; also a cut to `offset` with len 0 */
void nks_power_synced(int fd);
void nks_power_renamed(const char *from, const char *to);
void nks_power_replace(const char *to); /* before a rename over it, or its removal */
void nks_power_dir_synced(const char *dir);
void nks_power_lose(void); /* takes back, newest first */
#else
static inline bool nks_power_watched(void)
{
    return false;
}
static inline void nks_power_created(const char *path)
{
    (void)path;
}
static inline void nks_power_write(int fd, off_t offset, size_t len)
{
    (void)fd;
    (void)offset;
    (void)len;
}
static inline void nks_power_synced(int fd)
{
    (void)fd;
}
static inline void nks_power_renamed(const char *from, const char *to)
{
    (void)from;
    (void)to;
}
static inline void nks_power_replace(const char *to)
{
    (void)to;
}
static inline void nks_power_dir_synced(const char *dir)
{
    (void)dir;
}
#endif
#endif
