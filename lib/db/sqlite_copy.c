/* A copy of the whole database while others work: SQLite's own page copy, from one state that is held open. */
#include "db/db_private.h"
#include "base/sys.h"

#include <sqlite3.h>
#include <stdio.h>

enum { STEP_PAGES = 1024, PATH_ROOM = 1100 };

/* The read transaction keeps the state: without it each commit of another program would begin the copy anew. */
static enum nks_status hold(struct nks_db *db, struct nks_fault *fault)
{
    return nks_db_script(db, "copy", "BEGIN; SELECT count(*) FROM sqlite_schema;", fault);
}

static enum nks_status pages_copy(struct nks_db *db, sqlite3 *to, nks_db_copy_fn progress, void *context,
                                  struct nks_fault *fault)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", nks_sqlite_handle(db), "main");
    int rc = SQLITE_OK;
    if (backup == NULL)
        return nks_sqlite_fail(to, sqlite3_errcode(to), "copy", fault);
    while (rc == SQLITE_OK) { /* ends: a bounded number of pages is left */
        rc = sqlite3_backup_step(backup, STEP_PAGES);
        if (progress != NULL) {
            int total = sqlite3_backup_pagecount(backup);
            progress(context, total - sqlite3_backup_remaining(backup), total);
        }
    }
    int ended = sqlite3_backup_finish(backup);
    if (rc == SQLITE_DONE)
        rc = ended;
    return rc == SQLITE_OK ? NKS_OK : nks_sqlite_fail(to, rc, "copy", fault);
}

static enum nks_status copy_check(const char *path, struct nks_fault *fault)
{
    const struct nks_db_options options = {.path = path, .cache_kib = 8192, .read_only = true};
    struct nks_db *copy = NULL;
    NKS_TRY(nks_db_open(&options, &copy, fault));
    enum nks_status status = nks_db_check(copy, fault);
    nks_db_close(copy);
    return status;
}

enum nks_status nks_sqlite_copy(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                                struct nks_fault *fault)
{
    char literal[PATH_ROOM];
    int fd = -1, len = snprintf(literal, sizeof literal, "%s%s", path[0] == '/' ? "" : "./", path);
    sqlite3 *to = NULL;
    if (len < 0 || len >= (int)sizeof literal)
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the copy is too long");
    NKS_TRY(nks_sys_create(path, &fd, fault));
    NKS_TRY(nks_sys_close(fd, fault));
    enum nks_status status = hold(db, fault);
    if (status == NKS_OK) {
        int rc = sqlite3_open_v2(literal, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nks_sqlite_layer());
        status =
            rc == SQLITE_OK ? pages_copy(db, to, progress, context, fault) : nks_sqlite_fail(to, rc, "copy", fault);
    }
    int closed = sqlite3_close(to);
    if (status == NKS_OK && closed != SQLITE_OK)
        status = nks_sqlite_fail(NULL, closed, "copy", fault);
    nks_db_rollback(db);
    return status == NKS_OK ? copy_check(path, fault) : status;
}
