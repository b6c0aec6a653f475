/*
 * receive: file -> delivery. The protocol of DESIGN 6: rename into .taken/ first, then read. What lies in .taken/ is
 * finished, never judged as new; the row says which part of the work was done.
 *
 * A signature NAME.p7s goes with its file (receive_signature.h); what is copied is what is judged (receive_copy.h).
 *
 *   NAME -> .taken/NAME -> spool copy (encrypted, hashed) -> row TAKEN -> .taken/NAME removed -> row RECEIVED
 */
#include "stage/newest.h"
#include "stage/receive_copy.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES_MAX = 100000, PARTIES_MAX = 20000 };

struct drop { /* one drop folder */
    struct nks_run *run;
    enum nks_source source;
    const char *party;
    char dir[NKS_PATH_MAX], taken[NKS_PATH_MAX];
};

/* Also .PART: what writes on Windows may shout. */
static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

/* Names that are not (yet) files to take: being written, or the signature of another file. */
static bool is_to_take(const char *name)
{
    static const char *const not_ours[] = {".part", ".tmp", ".p7s"};
    for (size_t i = 0; i < sizeof not_ours / sizeof not_ours[0]; i++) {
        if (ends_with(name, not_ours[i]))
            return false;
    }
    return strlen(name) < NKS_NAME_MAX;
}

struct entering {
    struct nks_run *run;
    const struct nks_delivery *delivery;
    struct nks_signature_in *signature;
};

static enum nks_status taken_body(void *context, struct nks_fault *fault)
{
    const struct entering *entering = context;
    struct nks_run *run = entering->run;
    struct nks_delivery delivery = *entering->delivery;
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECEIVE,
                                          .number = delivery.id,
                                          .detail = entering->signature->p7s != NULL ? NKS_TRAIL_SIGNED : NULL};
    NKS_TRY(nks_delivery_insert(run->exchange, &delivery, fault));
    NKS_TRY(nks_signature_save(entering->signature, delivery.id));
    return nks_trail_add(run->trail, &entry, fault);
}

static enum nks_status insert_taken(struct nks_run *run, const struct nks_delivery *delivery,
                                    struct nks_signature_in *signature)
{
    struct entering entering = {run, delivery, signature};
    return nks_run_transact(run, taken_body, &entering);
}

struct receiving {
    struct nks_run *run;
    int64_t id;
};

static enum nks_status received_body(void *context, struct nks_fault *fault)
{
    const struct receiving *receiving = context;
    struct nks_exchange *exchange = receiving->run->exchange;
    struct nks_delivery delivery;
    bool found = false;
    NKS_TRY(nks_delivery_load(exchange, receiving->id, &delivery, &found, fault));
    return nks_delivery_move(exchange, &delivery, NKS_DELIVERY_RECEIVED, NKS_REASON_NONE, NULL, 0, fault);
}

static enum nks_status mark_received(struct nks_run *run, int64_t id)
{
    struct receiving receiving = {run, id};
    NKS_TRY(nks_run_transact(run, received_body, &receiving));
    run->counts.received++;
    return NKS_OK;
}

/* A file that nks may not read, or that is none any more, is left lying: it must not stop the others. */
static enum nks_status may_read(struct nks_run *run, const char *path, bool *may)
{
    struct nks_fault unimportant = {.status = NKS_OK};
    int fd = -1;
    enum nks_status status = nks_sys_open_read(path, &fd, &unimportant);
    *may = status == NKS_OK;
    if (status == NKS_OK)
        return nks_sys_close(fd, &run->fault);
    if (status == NKS_RETRY) {
        run->fault = unimportant;
        return status;
    }
    run->counts.skipped++;
    return NKS_OK;
}

static struct nks_taking taking_of(struct drop *drop, const char *name)
{
    return (struct nks_taking){drop->run, drop->source, drop->party, drop->dir, drop->taken, name};
}

/* The spool copy and the row; *id 0: the file is left for a later run. */
static enum nks_status spool_and_row(struct nks_run *run, const char *path, struct nks_signature_in *signature,
                                     struct nks_delivery *delivery, struct nks_sys_moment *copied, int64_t *id)
{
    bool whole = true;
    NKS_TRY(nks_delivery_next_id(run->exchange, &delivery->id, &run->fault));
    NKS_TRY(nks_taken_copy(run, path, signature, delivery, copied, &whole));
    if (!whole) {
        run->counts.skipped++; /* the next run finds it in .taken/ and reads it again */
        return NKS_OK;
    }
    nks_sys_point("receive.spooled");
    NKS_TRY(insert_taken(run, delivery, signature));
    *id = delivery->id;
    nks_sys_point("receive.row");
    return NKS_OK;
}

/* A file in .taken/ that has no row yet. */
static enum nks_status enter(struct drop *drop, const char *name, const char *path, struct nks_sys_moment *copied,
                             int64_t *id)
{
    struct nks_run *run = drop->run;
    const struct nks_taking taking = taking_of(drop, name);
    bool may = false, wait = false;
    NKS_TRY(may_read(run, path, &may));
    if (may)
        NKS_TRY(nks_signature_fetch(&taking, 0, &wait));
    if (!may || wait)
        return NKS_OK;
    struct nks_delivery delivery = {.source = drop->source, .received = run->now, .state = NKS_DELIVERY_TAKEN};
    if (!nks_text_copy(nks_text_from(drop->party), delivery.party, sizeof delivery.party) ||
        !nks_text_copy(nks_text_from(name), delivery.name, sizeof delivery.name))
        return nks_fault_set(&run->fault, NKS_FAILED, "NAME-LONG", "a file name in a drop folder is too long");
    struct nks_signature_in signature;
    enum nks_status status = nks_signature_open(&taking, &signature);
    if (status == NKS_OK)
        status = spool_and_row(run, path, &signature, &delivery, copied, id);
    nks_signature_close(&signature);
    return status;
}

/* Finishes one file in .taken/, wherever an earlier try stopped. */
static enum nks_status finish_taken(struct drop *drop, const char *name)
{
    struct nks_run *run = drop->run;
    const struct nks_taking taking = taking_of(drop, name);
    char path[NKS_PATH_MAX];
    if (!nks_path_join(path, drop->taken, name))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
    int64_t id = 0;
    bool same = false;
    struct nks_sys_moment copied = {0};
    NKS_TRY(nks_delivery_find_taken(run->exchange, drop->source, drop->party, name, &id, &run->fault));
    if (id != 0) {
        NKS_TRY(nks_taken_is_delivery(run, path, id, &same));
    } else {
        NKS_TRY(enter(drop, name, path, &copied, &id));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_taken_is_copy(run, path, &copied, &same));
    }
    NKS_TRY(nks_signature_remove(&taking)); /* before its file: alone it would be taken for a later one's */
    if (same)
        NKS_TRY(nks_sys_unlink(path, &run->fault));
    else
        run->counts.skipped++; /* other bytes than were copied: a delivery of their own, in the next run */
    NKS_TRY(nks_sys_fsync_dir(drop->taken, &run->fault));
    nks_sys_point("receive.unlinked");
    NKS_TRY(mark_received(run, id));
    nks_sys_point("receive.done");
    return NKS_OK;
}

/* Rows whose file is gone from .taken/: only the last move is missing. */
static enum nks_status finish_rows(struct nks_run *run)
{
    for (int64_t id = 0;;) {
        NKS_TRY(nks_delivery_next(run->exchange, 0, NKS_DELIVERY_TAKEN, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        struct nks_delivery delivery;
        bool found = false;
        char folder[NKS_PATH_MAX], taken[NKS_PATH_MAX], path[NKS_PATH_MAX];
        NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
        NKS_TRY(nks_run_path(run, folder, delivery.source == NKS_SOURCE_SENDER ? "in/sender" : "in/central",
                             delivery.party, NULL));
        if (nks_path_join(taken, folder, ".taken") && nks_path_join(path, taken, delivery.name) &&
            !nks_sys_exists(path))
            NKS_TRY(mark_received(run, id));
    }
}

/* A name that still stands in .taken/ (what lies there could not be finished) and a file that its sender took back hold
 * up nobody: the one waits where it was dropped, neither replaces the other. */
static enum nks_status move_to_taken(struct nks_run *run, const char *from, const char *to, bool *moved)
{
    struct nks_fault why = {.status = NKS_OK};
    enum nks_status status = nks_sys_rename(from, to, &why);
    *moved = status == NKS_OK;
    if (status == NKS_OK)
        return NKS_OK;
    if (strcmp(why.code, "FILE-EXISTS") == 0 || strcmp(why.code, "FILE-MISSING") == 0) {
        run->counts.skipped++;
        return NKS_OK;
    }
    run->fault = why;
    return status;
}

static enum nks_status take(struct drop *drop, const char *name)
{
    struct nks_run *run = drop->run;
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX];
    int64_t size = 0;
    nks_time changed = 0;
    if (!nks_path_join(from, drop->dir, name) || !nks_path_join(to, drop->taken, name))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
    struct nks_fault unimportant = {.status = NKS_OK};
    if (nks_sys_stat(from, &size, &changed, &unimportant) != NKS_OK) {
        run->counts.skipped++; /* a link, a pipe, or gone again */
        return NKS_OK;
    }
    if (run->conf.settle_seconds > 0 && nks_sys_now() - changed < run->conf.settle_seconds)
        return NKS_OK;
    bool may = false;
    NKS_TRY(may_read(run, from, &may));
    if (!may)
        return NKS_OK;
    if (nks_sys_exists(to)) {
        run->counts.skipped++; /* as below; its signature waits with it */
        return NKS_OK;
    }
    NKS_TRY(nks_sys_mkdir(drop->taken, 0700, &run->fault));
    const struct nks_taking taking = taking_of(drop, name);
    bool moved = false, wait = false;
    NKS_TRY(nks_signature_fetch(&taking, changed, &wait));
    if (wait)
        return NKS_OK;
    NKS_TRY(move_to_taken(run, from, to, &moved));
    if (!moved)
        return NKS_OK;
    NKS_TRY(nks_sys_fsync_dir(drop->taken, &run->fault));
    NKS_TRY(nks_sys_fsync_dir(drop->dir, &run->fault));
    nks_sys_point("receive.taken");
    return finish_taken(drop, name);
}

/* What lies there and is not taken is counted, so that a run can tell that there is something. */
static enum nks_status leave(struct drop *drop, const char *name)
{
    const struct nks_taking taking = taking_of(drop, name);
    bool told = strlen(name) >= NKS_NAME_MAX;
    if (ends_with(name, ".p7s"))
        NKS_TRY(nks_signature_is_alone(&taking, &told));
    drop->run->counts.skipped += told ? 1 : 0;
    return NKS_OK;
}

static enum nks_status one_file(struct drop *drop, const char *name, bool taken)
{
    if (!taken)
        return is_to_take(name) ? take(drop, name) : leave(drop, name);
    /* Only in small letters it is the signature of another; what else lies there was taken. */
    size_t len = strlen(name);
    return len >= 4 && strcmp(name + len - 4, ".p7s") == 0 ? NKS_OK : finish_taken(drop, name);
}

static enum nks_status each_file(struct drop *drop, const char *dir, bool taken)
{
    struct nks_sys_list list = {NULL, 0, false};
    if (!nks_sys_exists(dir))
        return NKS_OK;
    size_t others = 0;
    NKS_TRY(nks_sys_count_others(dir, false, &others, &drop->run->fault));
    NKS_TRY(nks_sys_list(dir, FOLDER_FILES_MAX, false, &list, &drop->run->fault));
    drop->run->counts.skipped += (int64_t)others; /* links, pipes, folders */
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        status = one_file(drop, list.names[i], taken);
        nks_run_progress(drop->run, "receive", (int64_t)i + 1, (int64_t)list.count);
    }
    nks_sys_list_free(&list);
    return status;
}

static enum nks_status receive_party(struct nks_run *run, enum nks_source source, const char *root, const char *party)
{
    struct drop drop = {.run = run, .source = source, .party = party};
    if (!nks_party_valid(nks_text_from(party))) {
        run->counts.skipped++;
        return NKS_OK;
    }
    if (!nks_path_join(drop.dir, root, party) || !nks_path_join(drop.taken, drop.dir, ".taken"))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
    if (nks_sys_is_link(drop.taken)) /* its files would be taken as those of the sender that it points to */
        return nks_fault_set(&run->fault, NKS_FAILED, "FILE-KIND",
                             "the folder .taken of %s is a link; remove it, its files wait where they are", party);
    NKS_TRY(each_file(&drop, drop.taken, true));
    return each_file(&drop, drop.dir, false);
}

static enum nks_status receive_source(struct nks_run *run, enum nks_source source, const char *folder)
{
    char root[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, root, folder, NULL, NULL));
    struct nks_sys_list list = {NULL, 0, false};
    size_t others = 0;
    NKS_TRY(nks_sys_count_others(root, true, &others, &run->fault));
    NKS_TRY(nks_sys_list(root, PARTIES_MAX, true, &list, &run->fault));
    run->counts.skipped += (int64_t)others; /* dropped beside the folders of senders */
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && (status == NKS_OK || status == NKS_FAILED); i++) {
        enum nks_status one = receive_party(run, source, root, list.names[i]); /* the first fault stands */
        status = one != NKS_OK ? one : status;
    }
    nks_sys_list_free(&list);
    return status;
}

enum nks_status nks_stage_receive(struct nks_run *run, int64_t batch_id)
{
    (void)batch_id; /* there is no batch yet */
    char path[NKS_PATH_MAX];
    int lock = -1;
    /* An older database would give a number a second time, and with it the place in the spool of what it does not know.
     */
    NKS_TRY(nks_newest_check(run));
    NKS_TRY(nks_run_path(run, path, "receive.lock", NULL, NULL));
    struct nks_fault busy = {.status = NKS_OK};
    enum nks_status status = nks_sys_lock(path, &lock, &busy);
    if (status == NKS_RETRY && strcmp(busy.code, "BUSY") == 0)
        return NKS_OK; /* another `nks receive` is at it: it does this work */
    if (status != NKS_OK) {
        run->fault = busy;
        return status;
    }
    status = finish_rows(run);
    if (status == NKS_OK)
        status = receive_source(run, NKS_SOURCE_SENDER, "in/sender");
    if (status == NKS_OK || status == NKS_FAILED) {
        enum nks_status central = receive_source(run, NKS_SOURCE_CENTRAL, "in/central");
        status = central != NKS_OK ? central : status;
    }
    close(lock);
    return status;
}
