/* Values that go for good: freed bytes are overwritten, and the write-ahead log, which has them once more, is emptied.
 */
#include "db/db_private.h"

#include <sqlite3.h>

enum nks_status nks_sqlite_wipe_begin(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    (void)tables; /* wherever it is freed */
    return nks_db_script(db, "wipe", "PRAGMA secure_delete = ON", fault);
}

enum nks_status nks_sqlite_wipe(struct nks_db *db, const char *const *tables, struct nks_fault *fault)
{
    (void)tables;
    int log = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(nks_sqlite_handle(db), NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);
    return rc == SQLITE_OK ? NKS_OK : nks_sqlite_fail(nks_sqlite_handle(db), rc, "wipe", fault);
}
