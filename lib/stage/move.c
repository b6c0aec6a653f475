#include "stage/move.h"

#include "base/program.h"
#include "stage/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUSY_TIMEOUT_MS = 10000,
    CACHE_KIB = 8192,
    CONF_MAX = 1 << 20,
    AUDIT_CLEAN = 0,
    AUDIT_WAITS = 5,
    AUDIT_FINDS = 7
};

/* ---- begin */

static enum nks_status lock_take(struct nks_run *run, const char *name, int *lock)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, path, name, NULL, NULL));
    return nks_sys_lock(path, lock, &run->fault);
}

static enum nks_status target_look(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    char place[NKS_PLACE_MAX];
    enum nks_move_target target = NKS_TARGET_USED;
    NKS_TRY(nks_home_place(run->home, place, &run->fault));
    NKS_TRY(nks_move_target(move->address, place, &target, &run->fault));
    move->again = target == NKS_TARGET_OWN;
    return target != NKS_TARGET_USED
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_REFUSED, "DB-IN-USE",
                               "the database of that address has tables of a home, or others: name an empty one");
}

static void progress(void *context, int64_t done, int64_t total)
{
    nks_run_progress(context, "move", done, total);
}

/* Receiving and backups work without the home's lock. */
enum nks_status nks_home_move_begin(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    move->receive_lock = move->backup_lock = -1;
    move->tables = NULL;
    move->to = NULL;
    if (run->conf.database[0] != '\0')
        return nks_fault_set(&run->fault, NKS_REFUSED, "MOVE-DONE",
                             "the home's database is on PostgreSQL already: nks.conf names it");
    NKS_TRY(nks_home_address(move->address, &run->fault));
    NKS_TRY(lock_take(run, "receive.lock", &move->receive_lock));
    NKS_TRY(lock_take(run, "backup.lock", &move->backup_lock));
    NKS_TRY(nks_home_catalogue_check(run->db, &run->fault));
    return target_look(move);
}

enum nks_status nks_home_move_try(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    NKS_TRY(nks_db_begin_read(run->db, &run->fault));
    enum nks_status status = nks_move_open(run->db, progress, run, &move->tables, &run->fault);
    if (status == NKS_OK)
        status = nks_move_try(move->tables, &run->fault);
    nks_db_rollback(run->db);
    return status;
}

/* ---- the auditor */

static enum nks_status unproved(struct nks_home_move *move, bool copied)
{
    struct nks_fault *fault = &move->run->fault;
    if (move->found != AUDIT_WAITS && move->found != AUDIT_FINDS)
        return nks_fault_set(fault, NKS_RETRY, "DB-CONNECTION",
                             "nks-audit could not look (it ended with %d): try again later", move->found);
    return copied ? nks_fault_set(fault, NKS_INTEGRITY, "MOVE-UNPROVED",
                                  "nks-audit ended with %d on the copy, and was clean before: nothing was switched. "
                                  "Run nks-audit --database ADDRESS to see what it names",
                                  move->found)
                  : nks_fault_set(fault, NKS_HELD, "MOVE-UNPROVED",
                                  "nks-audit ended with %d on the home as it is: run it, and see to what it names "
                                  "before the home is moved",
                                  move->found);
}

enum nks_status nks_home_move_audit(struct nks_home_move *move, bool copied)
{
    struct nks_run *run = move->run;
    char program[NKS_PATH_MAX], home[NKS_PATH_MAX], keys[NKS_PATH_MAX], address[NKS_DATABASE_MAX];
    char quiet[] = "-q", home_option[] = "--home", keys_option[] = "--keys", database_option[] = "--database";
    snprintf(program, sizeof program, "%s", move->audit);
    snprintf(home, sizeof home, "%s", run->home);
    snprintf(keys, sizeof keys, "%s", run->keys_dir);
    snprintf(address, sizeof address, "%s", move->address);
    char *const arguments[] = {program, quiet, home_option, home, keys_option, keys, copied ? database_option : NULL,
                               address, NULL};
    NKS_TRY(nks_program_run(arguments, &move->found, &run->fault));
    return move->found == AUDIT_CLEAN ? NKS_OK : unproved(move, copied);
}

/* ---- the copy */

static enum nks_status target_open(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    char place[NKS_PLACE_MAX], moving[sizeof NKS_MOVING + NKS_PLACE_MAX];
    NKS_TRY(nks_home_place(run->home, place, &run->fault));
    snprintf(moving, sizeof moving, NKS_MOVING "%s", place);
    const struct nks_db_options options = {.path = move->address,
                                           .cache_kib = CACHE_KIB,
                                           .create = true,
                                           .busy_timeout_ms = BUSY_TIMEOUT_MS,
                                           .home = moving,
                                           .durable = true};
    NKS_TRY(nks_db_open(&options, &move->to, &run->fault));
    nks_sys_point("move.marked");
    if (!move->again)
        return NKS_OK;
    NKS_TRY(nks_move_clear(move->tables, move->to, &run->fault));
    nks_sys_point("move.cleared");
    return NKS_OK;
}

static enum nks_status rows_move(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    NKS_TRY(nks_home_migrate(move->to, run->now, &run->fault));
    NKS_TRY(nks_home_catalogue_check(move->to, &run->fault));
    nks_sys_point("move.made");
    NKS_TRY(nks_move_copy(move->tables, move->to, &run->fault));
    nks_sys_point("move.copied");
    NKS_TRY(nks_move_prove(move->tables, &run->fault));
    nks_sys_point("move.proved");
    return NKS_OK;
}

/* The home's connection is the only one to nks.db, and its transaction keeps every other writer out until the end. */
enum nks_status nks_home_move_copy(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    NKS_TRY(nks_db_alone(run->db, true, &run->fault));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    NKS_TRY(nks_move_open(run->db, progress, run, &move->tables, &run->fault));
    NKS_TRY(target_open(move));
    NKS_TRY(rows_move(move));
    nks_db_close(move->to); /* before its statements go with the tables */
    move->to = NULL;
    return NKS_OK;
}

enum nks_status nks_home_move_open(struct nks_home_move *move, struct nks_run **out)
{
    struct nks_run_options options = move->run->options;
    options.moving_to = move->address;
    options.lock = false;
    return nks_run_open(&options, out, &move->run->fault);
}

/* ---- the switch */

static enum nks_status conf_make(struct nks_home_move *move, const char *conf, const char *next)
{
    struct nks_fault *fault = &move->run->fault;
    char *text = NULL, *changed = NULL, named[NKS_PATH_MAX];
    size_t len = 0;
    NKS_TRY(nks_file_read(conf, CONF_MAX, &text, &len, fault));
    enum nks_status status = nks_conf_with_database((struct nks_text){text, len}, move->address, &changed, fault);
    if (status == NKS_OK)
        status = nks_file_replace(next, changed, strlen(changed), 0600, fault);
    free(text);
    free(changed);
    if (status == NKS_OK)
        status = nks_home_database_of(move->run->home, next, named, fault);
    if (status == NKS_OK && strcmp(named, move->address) != 0)
        status = nks_fault_set(fault, NKS_FAILED, "CONF-VALUE",
                               "the address could not be put into nks.conf: nothing was switched");
    return status;
}

/* From the renaming on the home is on PostgreSQL. */
static enum nks_status conf_switch(struct nks_home_move *move)
{
    struct nks_run *run = move->run;
    char conf[NKS_PATH_MAX], next[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, conf, "nks.conf", NULL, NULL));
    NKS_TRY(nks_run_path(run, next, "nks.conf.next", NULL, NULL));
    NKS_TRY(conf_make(move, conf, next));
    NKS_TRY(nks_conf_same_rights(conf, next, &run->fault));
    nks_sys_point("move.written");
    NKS_TRY(nks_sys_rename_over(next, conf, &run->fault));
    return nks_sys_fsync_dir(run->home, &run->fault);
}

/* Opening the database under a name makes it the one of that: NKS_SWITCHING, and then "", the home's own. */
static enum nks_status mark_put(const char *home, const char *address, const char *word, struct nks_fault *fault)
{
    char place[NKS_PLACE_MAX], mark[sizeof NKS_SWITCHING + NKS_PLACE_MAX];
    struct nks_db *db = NULL;
    NKS_TRY(nks_home_place(home, place, fault));
    snprintf(mark, sizeof mark, "%s%s", word, place);
    const struct nks_db_options options = {
        .path = address, .busy_timeout_ms = BUSY_TIMEOUT_MS, .home = mark, .durable = true};
    NKS_TRY(nks_db_open(&options, &db, fault));
    nks_db_close(db);
    return NKS_OK;
}

enum nks_status nks_home_move_switch(struct nks_home_move *move, struct nks_run *moved)
{
    struct nks_run *run = move->run;
    NKS_TRY(mark_put(run->home, move->address, NKS_SWITCHING, &run->fault));
    nks_sys_point("move.switching");
    NKS_TRY(conf_switch(move));
    nks_sys_point("move.switched");
    snprintf(moved->conf.database, sizeof moved->conf.database, "%s", move->address);
    enum nks_status status = nks_home_moved_aside(run->home, &moved->conf, run->now, move->aside, &moved->fault);
    nks_sys_point("move.aside");
    moved->lock = run->lock;
    moved->options.lock = true;
    moved->options.moving_to = NULL;
    run->lock = -1;
    nks_run_close(run);
    move->run = moved;
    return status == NKS_OK ? mark_put(moved->home, moved->conf.database, "", &moved->fault) : status;
}

void nks_home_move_end(struct nks_home_move *move)
{
    int *const locks[] = {&move->receive_lock, &move->backup_lock};
    nks_db_close(move->to);
    move->to = NULL;
    if (move->run != NULL && move->run->conf.database[0] == '\0') {
        struct nks_fault unimportant = {.status = NKS_OK};
        if (nks_db_alone(move->run->db, false, &unimportant) != NKS_OK)
            nks_fault_clear(&unimportant); /* the next work on the home does it */
    }
    nks_move_free(move->tables);
    move->tables = NULL;
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        if (*locks[i] >= 0)
            close(*locks[i]);
        *locks[i] = -1;
    }
}
