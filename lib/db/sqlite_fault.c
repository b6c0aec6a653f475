/*
 * SQLite's own reading and writing under the numbered fault points (base/fault_point.h), in builds with NKS_FAULTS
 * only: a layer over the system's file layer, which counts each call that changes a file and fails it when its number
 * is up; and one over its allocator, which does so with each allocation.
 */
#include "db/db_private.h"

#include "base/fault_point.h"
#include "base/fault_power.h"

#ifdef NKS_FAULTS
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>

struct layer_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct */
    int fd;             /* of our own, for a power loss; -1: not watched, or no name */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs layer;
static sqlite3_io_methods methods;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct layer_file *)(void *)file)->real;
}

static int fd_of(sqlite3_file *file)
{
    return ((struct layer_file *)(void *)file)->fd;
}

/* What the error number means to SQLite; `io` is the code of this call. */
static int failed(int io)
{
    switch (errno) {
    case ENOSPC:
        return SQLITE_FULL;
    case ENOMEM:
        return SQLITE_IOERR_NOMEM;
    default:
        return io;
    }
}

static int layer_close(sqlite3_file *file)
{
    return real_of(file)->pMethods != NULL ? real_of(file)->pMethods->xClose(real_of(file)) : SQLITE_OK;
}

static int layer_read(sqlite3_file *file, void *to, int count, sqlite3_int64 from)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, count, from);
}

static int layer_write(sqlite3_file *file, const void *from, int count, sqlite3_int64 at)
{
    if (nks_fault_point(true)) /* a part of it is there, as when a disk fills up */
        return real_of(file)->pMethods->xWrite(real_of(file), from, count / 2, at) == SQLITE_OK
                   ? failed(SQLITE_IOERR_WRITE)
                   : SQLITE_IOERR_WRITE;
    if (fd_of(file) >= 0)
        nks_power_write(fd_of(file), at, (size_t)count);
    return real_of(file)->pMethods->xWrite(real_of(file), from, count, at);
}

static int layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (nks_fault_point(true))
        return failed(SQLITE_IOERR_TRUNCATE);
    if (fd_of(file) >= 0)
        nks_power_write(fd_of(file), size, 0);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int layer_sync(sqlite3_file *file, int flags)
{
    if (nks_fault_point(true))
        return failed(SQLITE_IOERR_FSYNC);
    int rc = real_of(file)->pMethods->xSync(real_of(file), flags);
    if (rc == SQLITE_OK && fd_of(file) >= 0)
        nks_power_synced(fd_of(file));
    return rc;
}

static int layer_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int layer_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int layer_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int layer_check(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int layer_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int layer_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int layer_character(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int layer_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int layer_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void layer_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int layer_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct layer_file *own = (struct layer_file *)(void *)file;
    (void)vfs;
    own->real = (sqlite3_file *)(void *)(own + 1);
    memset(own->real, 0, (size_t)real_vfs->szOsFile);
    int rc = real_vfs->xOpen(real_vfs, name, own->real, flags, out_flags);
    /* Never closed: closing any descriptor of a file ends the process's locks on it. */
    own->fd = rc == SQLITE_OK && name != NULL && nks_power_watched() ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    own->base.pMethods = own->real->pMethods != NULL ? &methods : NULL;
    return rc;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    return nks_fault_point(true) ? failed(SQLITE_IOERR_DELETE) : real_vfs->xDelete(real_vfs, name, sync_dir);
}

static void methods_fill(void)
{
    methods = (sqlite3_io_methods){
        .iVersion = 2, /* memory-mapped files are off (sqlite.c, configure) */
        .xClose = layer_close,
        .xRead = layer_read,
        .xWrite = layer_write,
        .xTruncate = layer_truncate,
        .xSync = layer_sync,
        .xFileSize = layer_size,
        .xLock = layer_lock,
        .xUnlock = layer_unlock,
        .xCheckReservedLock = layer_check,
        .xFileControl = layer_control,
        .xSectorSize = layer_sector,
        .xDeviceCharacteristics = layer_character,
        .xShmMap = layer_map,
        .xShmLock = layer_shm_lock,
        .xShmBarrier = layer_barrier,
        .xShmUnmap = layer_unmap,
    };
}

/* ---- memory */

static sqlite3_mem_methods memory;

static void *layer_malloc(int size)
{
    return nks_fault_memory() ? NULL : memory.xMalloc(size);
}

static void *layer_realloc(void *old, int size)
{
    return nks_fault_memory() ? NULL : memory.xRealloc(old, size);
}

/* Its allocations are numbered with ours; only before the first handle. */
static bool memory_layer(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
        return false;
    sqlite3_mem_methods ours = memory;
    ours.xMalloc = layer_malloc;
    ours.xRealloc = layer_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK;
}

const char *nks_sqlite_layer(void)
{
    if (real_vfs != NULL)
        return layer.zName;
    if (!memory_layer())
        return NULL;
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL)
        return NULL;
    methods_fill();
    layer = *real_vfs;
    layer.zName = "nks-fault";
    layer.pNext = NULL;
    layer.szOsFile = (int)sizeof(struct layer_file) + real_vfs->szOsFile;
    layer.xOpen = layer_open;
    layer.xDelete = layer_delete;
    return sqlite3_vfs_register(&layer, 0) == SQLITE_OK ? layer.zName : NULL;
}
#else
const char *nks_sqlite_layer(void)
{
    return NULL; /* the system's own */
}
#endif
