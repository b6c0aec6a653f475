/*
 * Putting a backup back:
 *
 *   HOME.restoring, made anew from the backup, every byte compared -> who wanted it, in its own trail
 *   -> HOME and HOME.restoring change places in one step -> in/ and out/ go over -> HOME.restoring becomes
 *   HOME.before-TIME -> seals that the restored trail does not have go to HOME.journal/replaced-TIME
 *
 * Cut short before the change of places, nothing has happened to HOME; after it, the next nks restore finishes the
 * rest.
 */
#include "stage/backup_private.h"

#include "stage/alarm.h"
#include "stage/journal.h"
#include "trail/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_MAX = 4, ENTRIES_MAX = 10000000, SEALS_MAX = 100000 };

static const char *const moved[] = {"in", "out"};
enum { MOVED = sizeof moved / sizeof moved[0] };

static enum nks_status suffixed(const char *home, const char *suffix, char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    int written = snprintf(out, NKS_PATH_MAX, "%.*s%s", (int)len, home, suffix);
    return written > 0 && written < NKS_PATH_MAX
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

/* ---- making HOME.restoring */

static enum nks_status file_put(void *context, const struct nks_backup_file *file, struct nks_fault *fault)
{
    struct nks_restore *restore = context;
    struct nks_backup_file copied;
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(from, restore->backup, file->name, fault));
    NKS_TRY(nks_backup_join(to, restore->restoring, file->name, fault));
    if (!nks_sys_exists(from))
        return nks_backup_damaged(file->name, "is missing", fault);
    NKS_TRY(nks_backup_size(from, file, fault));
    NKS_TRY(nks_backup_copy(from, to, &copied, fault));
    if (copied.bytes != file->bytes || memcmp(copied.hash, file->hash, sizeof copied.hash) != 0)
        return nks_backup_damaged(file->name, "is not what was written", fault);
    restore->result.files++;
    restore->result.bytes += copied.bytes;
    return NKS_OK;
}

static enum nks_status folders_make(struct nks_restore *restore, bool with_moved, struct nks_fault *fault)
{
    static const struct {
        const char *name;
        bool is_moved; /* taken over from the old home where there is one */
    } folders[] = {{"spool", false},      {"staging", false},  {"archive", false},
                   {"seals", false},      {"in/sender", true}, {"in/central", true},
                   {"out/central", true}, {"out/payer", true}, {"out/sender", true}};
    NKS_TRY(nks_sys_mkdir(restore->restoring, 0700, fault));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[NKS_PATH_MAX];
        if (folders[i].is_moved && !with_moved)
            continue;
        NKS_TRY(nks_backup_join(path, restore->restoring, folders[i].name, fault));
        NKS_TRY(nks_sys_mkdir(path, 0700, fault));
    }
    return NKS_OK;
}

/* An alarm that stands goes on standing: the restored home is to be proved. */
static enum nks_status alarm_take(const struct nks_restore *restore, struct nks_fault *fault)
{
    struct nks_backup_file copied;
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(from, restore->place, "alarm", fault));
    NKS_TRY(nks_backup_join(to, restore->restoring, "alarm", fault));
    if (!nks_sys_exists(from) || nks_sys_exists(to))
        return NKS_OK;
    return nks_backup_copy(from, to, &copied, fault);
}

static enum nks_status home_lock(struct nks_restore *restore, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    if (!nks_sys_exists(restore->place))
        return NKS_OK;
    NKS_TRY(nks_backup_join(path, restore->place, "run.lock", fault));
    NKS_TRY(nks_sys_lock(path, &restore->lock, fault));
    NKS_TRY(nks_backup_join(path, restore->place, "receive.lock", fault)); /* it works without the other */
    NKS_TRY(nks_sys_lock(path, &restore->receive_lock, fault));
    NKS_TRY(nks_backup_join(path, restore->place, "backup.lock", fault)); /* and so does a backup */
    return nks_sys_lock(path, &restore->backup_lock, fault);
}

/* ---- the change of places */

static enum nks_status tree_merge(const char *from, const char *to, int depth, struct nks_fault *fault);

static enum nks_status entries_merge(const char *from, const char *to, bool directories, int depth,
                                     struct nks_fault *fault)
{
    struct nks_sys_list list = {NULL, 0, false};
    NKS_TRY(nks_sys_list(from, ENTRIES_MAX, directories, &list, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        char one[NKS_PATH_MAX], two[NKS_PATH_MAX];
        status = nks_backup_join(one, from, list.names[i], fault);
        if (status == NKS_OK)
            status = nks_backup_join(two, to, list.names[i], fault);
        if (status == NKS_OK)
            status = tree_merge(one, two, depth - 1, fault);
    }
    nks_sys_list_free(&list);
    return status;
}

/* A sender may have dropped something in between: a name that is there already stays, and the other one with the old
 * home. */
static enum nks_status tree_merge(const char *from, const char *to, int depth, struct nks_fault *fault)
{
    if (!nks_sys_exists(from) || depth == 0)
        return NKS_OK;
    if (!nks_sys_exists(to))
        return nks_sys_rename(from, to, fault);
    struct nks_fault is_file = {.status = NKS_OK};
    int64_t bytes = 0;
    nks_time changed = 0;
    if (nks_sys_stat(from, &bytes, &changed, &is_file) == NKS_OK)
        return NKS_OK;
    NKS_TRY(entries_merge(from, to, true, depth, fault));
    NKS_TRY(entries_merge(from, to, false, depth, fault));
    return nks_sys_fsync_dir(to, fault);
}

static enum nks_status folders_move(const struct nks_restore *restore, struct nks_fault *fault)
{
    for (size_t i = 0; i < MOVED; i++) {
        char from[NKS_PATH_MAX], to[NKS_PATH_MAX];
        NKS_TRY(nks_backup_join(from, restore->restoring, moved[i], fault));
        NKS_TRY(nks_backup_join(to, restore->place, moved[i], fault));
        NKS_TRY(tree_merge(from, to, DEPTH_MAX, fault));
    }
    NKS_TRY(nks_sys_fsync_dir(restore->place, fault));
    return nks_sys_fsync_dir(restore->restoring, fault);
}

/* HOME.before-TIME; HOME.before-TIME-2 is of a second restore in that second. */
static enum nks_status old_rename(const struct nks_restore *restore, char before[NKS_PATH_MAX], struct nks_fault *fault)
{
    char stamp[NKS_STAMP_TEXT], suffix[48];
    nks_stamp_format(restore->now, stamp);
    snprintf(suffix, sizeof suffix, ".before-%s", stamp);
    NKS_TRY(suffixed(restore->place, suffix, before, fault));
    for (int n = 2; nks_sys_exists(before) && n <= NKS_STAMP_SAME_MAX; n++) {
        snprintf(suffix, sizeof suffix, ".before-%s-%d", stamp, n);
        NKS_TRY(suffixed(restore->place, suffix, before, fault));
    }
    return nks_sys_rename(restore->restoring, before, fault);
}

/* A seal that is not as the backup has it speaks of links that are not there any more. */
static enum nks_status seal_replace(const struct nks_restore *restore, const char *seals, const char *name,
                                    struct nks_fault *fault)
{
    char live[NKS_PATH_MAX], kept[NKS_PATH_MAX], folder[NKS_PATH_MAX];
    uint8_t one[NKS_HASH_SIZE], two[NKS_HASH_SIZE];
    int64_t bytes = 0;
    NKS_TRY(nks_backup_join(live, seals, name, fault));
    NKS_TRY(nks_backup_join(folder, restore->place, "seals", fault));
    NKS_TRY(nks_backup_join(kept, folder, name, fault));
    NKS_TRY(nks_hash_file(live, one, &bytes, fault));
    if (nks_sys_exists(kept)) {
        NKS_TRY(nks_hash_file(kept, two, &bytes, fault));
        if (memcmp(one, two, sizeof one) == 0)
            return NKS_OK;
    }
    return nks_seal_aside(restore->home, restore->now, live, name, fault);
}

static enum nks_status seal_put(const struct nks_restore *restore, const char *seals, const char *name,
                                struct nks_fault *fault)
{
    char live[NKS_PATH_MAX], kept[NKS_PATH_MAX], folder[NKS_PATH_MAX];
    struct nks_backup_file copied;
    NKS_TRY(nks_backup_join(live, seals, name, fault));
    NKS_TRY(nks_backup_join(folder, restore->place, "seals", fault));
    NKS_TRY(nks_backup_join(kept, folder, name, fault));
    return nks_sys_exists(live) ? NKS_OK : nks_backup_copy(kept, live, &copied, fault);
}

typedef enum nks_status (*seal_fn)(const struct nks_restore *restore, const char *seals, const char *name,
                                   struct nks_fault *fault);

static enum nks_status seals_each(const struct nks_restore *restore, const char *dir, const char *seals, seal_fn fn,
                                  struct nks_fault *fault)
{
    struct nks_sys_list list = {NULL, 0, false};
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &list, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++)
        status = fn(restore, seals, list.names[i], fault);
    nks_sys_list_free(&list);
    return status;
}

/* HOME/seals holds the backup's until they are where they belong. */
static enum nks_status seals_settle(const struct nks_restore *restore, struct nks_fault *fault)
{
    char seals[NKS_PATH_MAX], kept[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(kept, restore->place, "seals", fault));
    if (!nks_seal_dir(restore->home, seals))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (!nks_sys_exists(kept))
        return NKS_OK;
    NKS_TRY(nks_sys_mkdir(seals, 0700, fault));
    NKS_TRY(seals_each(restore, seals, seals, seal_replace, fault));
    NKS_TRY(seals_each(restore, kept, seals, seal_put, fault));
    NKS_TRY(nks_sys_fsync_dir(seals, fault));
    nks_sys_point("restore.settled");
    /* In one step: a half that is left would be taken for the whole by the next restore. */
    NKS_TRY(nks_sys_rename(kept, restore->restoring, fault));
    NKS_TRY(nks_sys_fsync_dir(restore->place, fault));
    return nks_tree_remove(restore->restoring, DEPTH_MAX, fault);
}

/* After the change of places; each step finds what the one before left. */
static enum nks_status finish(const struct nks_restore *restore, char before[NKS_PATH_MAX], struct nks_fault *fault)
{
    before[0] = '\0';
    if (nks_sys_exists(restore->restoring)) {
        NKS_TRY(folders_move(restore, fault));
        nks_sys_point("restore.moved");
        NKS_TRY(old_rename(restore, before, fault));
    }
    nks_sys_point("restore.renamed");
    return seals_settle(restore, fault);
}

/* The change of places has happened: HOME has the backup's seals, which nothing but a restore puts there. */
static enum nks_status finish_earlier(const struct nks_restore *restore, bool *was, struct nks_fault *fault)
{
    char seals[NKS_PATH_MAX], before[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(seals, restore->place, "seals", fault));
    *was = nks_sys_exists(seals);
    return *was ? finish(restore, before, fault) : NKS_OK;
}

/* ---- the calls */

/* A home that is a link is put back where it points to; keys and journal lie beside the name that was given. */
static enum nks_status place_find(struct nks_restore *restore, struct nks_fault *fault)
{
    char *real = realpath(restore->home, NULL);
    bool fits =
        nks_text_copy(nks_text_from(real != NULL ? real : restore->home), restore->place, sizeof restore->place);
    free(real);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

/* What is a mount point cannot change places. */
static enum nks_status place_check(const struct nks_restore *restore, struct nks_fault *fault)
{
    char parent[NKS_PATH_MAX];
    NKS_TRY(suffixed(restore->place, "/..", parent, fault));
    if (!nks_sys_exists(restore->place) || nks_sys_same_device(restore->place, parent))
        return NKS_OK;
    return nks_fault_set(
        fault, NKS_FAILED, "RESTORE-MOUNT",
        "the home is a mount point and cannot be put aside: make it a folder inside the mount, or a link "
        "to one");
}

enum nks_status nks_restore_begin(struct nks_restore *restore, struct nks_fault *fault)
{
    bool finished = false;
    restore->lock = restore->receive_lock = restore->new_lock = restore->new_receive_lock = -1;
    restore->backup_lock = -1;
    NKS_TRY(place_find(restore, fault));
    NKS_TRY(suffixed(restore->place, ".restoring", restore->restoring, fault));
    NKS_TRY(home_lock(restore, fault));
    NKS_TRY(finish_earlier(restore, &finished, fault));
    if (finished)
        return nks_fault_set(fault, NKS_REFUSED, "RESTORE-FINISHED",
                             "an earlier restore was cut short and is finished now: look at it (nks status) before "
                             "another one");
    NKS_TRY(place_check(restore, fault));
    NKS_TRY(nks_backup_check(restore->keys_dir, restore->backup, &restore->result, fault));
    NKS_TRY(nks_tree_remove(restore->restoring, DEPTH_MAX, fault));
    NKS_TRY(folders_make(restore, !nks_sys_exists(restore->place), fault));
    restore->result.files = restore->result.bytes = 0;
    NKS_TRY(nks_backup_each(restore->keys_dir, restore->backup, restore->list, file_put, restore, fault));
    nks_sys_point("restore.copied");
    static const char *const filled[] = {"spool", "archive", "seals"};
    for (size_t i = 0; i < sizeof filled / sizeof filled[0]; i++) {
        char path[NKS_PATH_MAX];
        NKS_TRY(nks_backup_join(path, restore->restoring, filled[i], fault));
        NKS_TRY(nks_sys_fsync_dir(path, fault));
    }
    return nks_sys_fsync_dir(restore->restoring, fault);
}

static enum nks_status rows_mark(struct nks_run *run, const struct nks_restore *restore, struct nks_proposal *decided,
                                 const char *reason)
{
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    const char *slash = strrchr(restore->backup, '/');
    struct nks_trail_entry entry = {.action = NKS_TRAIL_RESTORE,
                                    .number = restore->result.files,
                                    .reason = reason,
                                    .detail = slash != NULL ? slash + 1 : restore->backup};
    NKS_TRY(nks_journal_mark_load(run->exchange, &mark, &state, &run->fault));
    NKS_TRY(nks_journal_mark_save(run->exchange, &mark, NKS_JOURNAL_RESTORED, &run->fault));
    if (decided != NULL) {
        struct nks_proposal proposed = *decided;
        proposed.state = NKS_PROPOSAL_OPEN;
        NKS_TRY(nks_proposal_add(run->persons, &proposed, &run->fault));
        decided->id = proposed.id;
        NKS_TRY(nks_proposal_decide(run->persons, decided, &run->fault));
        entry.who = decided->proposer;
        entry.approver = decided->approver;
    }
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status journal_older(const char *how, struct nks_fault *fault)
{
    return nks_fault_set(
        fault, NKS_FAILED, "RESTORE-JOURNAL",
        "the journal of published files beside the home %s: put the right one there first, or what left "
        "since leaves once more",
        how);
}

/* Only with the journal that the home knows is it told what left since. One that is lost for good is no file. */
enum nks_status nks_restore_journal(const struct nks_restore *restore, struct nks_run *old, struct nks_fault *fault)
{
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    struct nks_journal *journal = NULL;
    char path[NKS_PATH_MAX], seals[NKS_PATH_MAX];
    if (old->conf.database[0] != '\0') /* the backup's nks.db would take its place, without what is there since */
        return nks_fault_set(fault, NKS_FAILED, "DB-ENGINE",
                             "the home's database is on PostgreSQL: use the server's own tools (pg_basebackup)");
    if (!nks_journal_file_path(restore->home, path) || !nks_seal_dir(restore->home, seals))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_journal_mark_load(old->exchange, &mark, &state, fault));
    if (mark.number == 0)
        return NKS_OK;
    if (!nks_sys_exists(path))
        return nks_sys_exists(seals) ? NKS_OK : journal_older("is not mounted", fault);
    enum nks_status status = nks_journal_open(path, &mark, false, &journal, fault);
    nks_journal_close(journal);
    if (status != NKS_INTEGRITY)
        return status;
    nks_fault_clear(fault);
    return journal_older("is older than the home that is there, or another one", fault);
}

struct marking {
    struct nks_run *run;
    const struct nks_restore *restore;
    struct nks_proposal *decided;
    const char *reason;
};

static enum nks_status mark_body(void *context, struct nks_fault *fault)
{
    const struct marking *marking = context;
    (void)fault; /* the run's own */
    return rows_mark(marking->run, marking->restore, marking->decided, marking->reason);
}

enum nks_status nks_restore_mark(struct nks_run *run, const struct nks_restore *restore, struct nks_proposal *decided,
                                 const char *reason)
{
    struct marking marking = {run, restore, decided, reason};
    return nks_run_transact(run, mark_body, &marking);
}

/* Whoever comes after the change of places meets these. */
static enum nks_status new_locks(struct nks_restore *restore, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(path, restore->restoring, "run.lock", fault));
    NKS_TRY(nks_sys_lock(path, &restore->new_lock, fault));
    NKS_TRY(nks_backup_join(path, restore->restoring, "receive.lock", fault));
    return nks_sys_lock(path, &restore->new_receive_lock, fault);
}

enum nks_status nks_restore_end(struct nks_restore *restore, char before[NKS_PATH_MAX], struct nks_fault *fault)
{
    char parent[NKS_PATH_MAX];
    NKS_TRY(alarm_take(restore, fault));
    NKS_TRY(new_locks(restore, fault));
    NKS_TRY(suffixed(restore->place, "/..", parent, fault));
    nks_sys_point("restore.marked");
    NKS_TRY(nks_sys_exists(restore->place) ? nks_sys_exchange(restore->place, restore->restoring, fault)
                                           : nks_sys_rename(restore->restoring, restore->place, fault));
    NKS_TRY(nks_sys_fsync_dir(parent, fault));
    nks_sys_point("restore.exchanged");
    return finish(restore, before, fault);
}

void nks_restore_close(struct nks_restore *restore)
{
    int *const locks[] = {&restore->lock, &restore->receive_lock, &restore->new_lock, &restore->new_receive_lock,
                          &restore->backup_lock};
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        if (*locks[i] >= 0)
            close(*locks[i]);
        *locks[i] = -1;
    }
}
