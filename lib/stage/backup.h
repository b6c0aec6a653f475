#ifndef NKS_STAGE_BACKUP_H
#define NKS_STAGE_BACKUP_H
/*
 * Backups of a home, made while it works, and put back.
 *
 *   DIR/nks-backup-20261123T031500Z/
 *     nks.db  nks.conf  spool/  archive/  seals/     as they were at one moment, still encrypted
 *     backup.tsv  backup.tsv.p7s                     path, bytes and SHA-256 of each, signed by the home's file key
 *
 * The keys are not in it, and the journal of published files neither: a backup is put back beside the journal that is
 * there, which knows what left the house since. A file that an earlier backup in DIR has with the same bytes is linked,
 * not copied.
 *
 * Putting back: nks_restore_begin checks every byte of the backup and makes HOME.restoring of it; the caller opens that
 * as a run, and nks_restore_mark records who wanted it; after the run is closed nks_restore_end gives it the place of
 * HOME, which stays as HOME.before-TIME. in/ and out/ are the old home's. The restored home does nothing that leaves
 * the house until nks_run_reconcile (journal.h). A call that is cut short is made again from the begin.
 */
#include "person/person.h"
#include "stage/run.h"

struct nks_backup_result {
    char path[NKS_PATH_MAX];
    int64_t files, linked, bytes;
    bool without_link; /* the trail could not be written: the database was busy */
};
/* On a run without lock; one at a time, and not beside erase or restore (BUSY). NKS_REFUSED (BACKUP-EXISTS): there is
 * one of that second; (BACKUP-PLACE): `dir` lies in the home, its journal or its keys. */
NKS_CHECKED enum nks_status nks_backup_make(struct nks_run *run, const char *dir, struct nks_backup_result *out);
/* Every file against the list, the list against its signature: NKS_REFUSED, BACKUP-DAMAGED. */
NKS_CHECKED enum nks_status nks_backup_check(const char *keys_dir, const char *path, struct nks_backup_result *out,
                                             struct nks_fault *fault);

struct nks_restore {
    const char *home, *keys_dir, *backup;
    nks_time now;
    char place[NKS_PATH_MAX]; /* where `home` lies, when it is a link */
    char restoring[NKS_PATH_MAX];
    uint8_t list[NKS_HASH_SIZE]; /* of backup.tsv: what the persons sign */
    int lock, receive_lock, backup_lock, new_lock, new_receive_lock;
    struct nks_backup_result result;
};
/* Finishes a nks_restore_end that was cut short and says so with RESTORE-FINISHED (NKS_REFUSED): nothing more is done.
 */
NKS_CHECKED enum nks_status nks_restore_begin(struct nks_restore *restore, struct nks_fault *fault);
/* Before anything changes: whether HOME.journal is the one that the home which is there (`old`, opened to read) knows.
 * NKS_FAILED (RESTORE-JOURNAL): it is older, another one or not mounted. */
NKS_CHECKED enum nks_status nks_restore_journal(const struct nks_restore *restore, struct nks_run *old,
                                                struct nks_fault *fault);
/* On the run of `restoring`: the decision of two persons (NULL where none are asked for), the link, the mark. */
NKS_CHECKED enum nks_status nks_restore_mark(struct nks_run *run, const struct nks_restore *restore,
                                             struct nks_proposal *decided, const char *reason);
/* `*before`: where the old home lies now; empty when there was none. */
NKS_CHECKED enum nks_status nks_restore_end(struct nks_restore *restore, char before[NKS_PATH_MAX],
                                            struct nks_fault *fault);
void nks_restore_close(struct nks_restore *restore);

/* "20261123T021000Z": an instant in a file name. */
enum { NKS_STAMP_TEXT = 20 };
void nks_stamp_format(nks_time time, char out[NKS_STAMP_TEXT]);
/* A name of that second that is taken is tried again as NAME-2, NAME-3 and so on. */
enum { NKS_STAMP_SAME_MAX = 1000 };
/* The seal `live`, called `name`, goes to HOME.journal/replaced-TIME. */
NKS_CHECKED enum nks_status nks_seal_aside(const char *home, nks_time now, const char *live, const char *name,
                                           struct nks_fault *fault);
#endif
