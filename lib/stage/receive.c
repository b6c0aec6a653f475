/*
 * receive: file -> delivery. The protocol of DESIGN 6: rename into .taken/ first, then read. What lies in .taken/ is
 * finished, never judged as new; the row says which part of the work was done.
 *
 * A signature NAME.p7s goes with its file (receive_signature.h).
 *
 *   NAME -> .taken/NAME -> spool copy (encrypted, hashed) -> row TAKEN -> .taken/NAME removed -> row RECEIVED
 */
#include "stage/receive_signature.h"
#include "vault/stream.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES_MAX = 100000, PARTIES_MAX = 20000, READ_SIZE = 256 * 1024 };

struct drop { /* one drop folder */
    struct nks_run *run;
    enum nks_source source;
    const char *party;
    char dir[NKS_PATH_MAX], taken[NKS_PATH_MAX];
};

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
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

struct copy {
    int in, out;
    bool changed; /* written to while it was read: the copy may be part old and part new */
    struct nks_hash *hash;
    struct nks_signature_in *signature;
    struct nks_stream_writer *writer;
};

static enum nks_status copy_bytes(struct copy *copy, int64_t *bytes, struct nks_fault *fault)
{
    static char buffer[READ_SIZE];
    struct nks_sys_moment before, after;
    NKS_TRY(nks_sys_moment(copy->in, &before, fault));
    nks_sys_point("receive.reading");
    for (size_t got = 1; got > 0;) {
        NKS_TRY(nks_sys_read(copy->in, buffer, sizeof buffer, &got, fault));
        nks_hash_add(copy->hash, buffer, got);
        nks_signature_add(copy->signature, buffer, got);
        if (got > 0)
            NKS_TRY(nks_stream_write(copy->writer, buffer, got, fault));
        *bytes += (int64_t)got;
    }
    NKS_TRY(nks_sys_moment(copy->in, &after, fault));
    copy->changed = !nks_sys_moment_same(&before, &after);
    NKS_TRY(nks_stream_write_end(copy->writer, fault));
    return nks_sys_fsync(copy->out, fault);
}

/* Copies the taken file into the spool under the number that its row will get; `whole` is false when its writer was
 * still at it. */
static enum nks_status spool(struct drop *drop, const char *path, struct nks_signature_in *signature,
                             struct nks_delivery *delivery, bool *whole)
{
    struct nks_run *run = drop->run;
    struct nks_fault *fault = &run->fault;
    char spool_path[NKS_PATH_MAX], spool_dir[NKS_PATH_MAX];
    NKS_TRY(nks_run_spool_path(run, delivery->id, spool_path));
    NKS_TRY(nks_run_path(run, spool_dir, "spool", NULL, NULL));
    NKS_TRY(nks_sys_unlink(spool_path, fault)); /* of a try that was killed before its row */
    struct copy copy = {.in = -1, .out = -1, .hash = nks_hash_new(), .signature = signature};
    enum nks_status status = copy.hash == NULL
                                 ? nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to receive a file")
                                 : nks_sys_open_read(path, &copy.in, fault);
    if (status == NKS_OK)
        status = nks_sys_create(spool_path, &copy.out, fault);
    if (status == NKS_OK)
        status = nks_stream_write_open(run->keys, NKS_KEY_SPOOL, delivery->id, copy.out, &copy.writer, fault);
    if (status == NKS_OK)
        status = copy_bytes(&copy, &delivery->bytes, fault);
    if (status == NKS_OK)
        nks_hash_end(copy.hash, delivery->hash);
    nks_stream_write_free(copy.writer);
    nks_hash_free(copy.hash);
    if (copy.in >= 0)
        close(copy.in);
    if (copy.out >= 0)
        close(copy.out);
    *whole = !copy.changed;
    if (status == NKS_OK && copy.changed)
        status = nks_sys_unlink(spool_path, fault);
    return status == NKS_OK ? nks_sys_fsync_dir(spool_dir, fault) : status;
}

static enum nks_status insert_taken(struct nks_run *run, struct nks_delivery *delivery,
                                    struct nks_signature_in *signature)
{
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECEIVE,
                                          .number = delivery->id,
                                          .detail = signature->p7s != NULL ? NKS_TRAIL_SIGNED : NULL};
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = nks_delivery_insert(run->exchange, delivery, &run->fault);
    if (status == NKS_OK)
        status = nks_signature_save(signature, delivery->id);
    if (status == NKS_OK)
        status = nks_trail_add(run->trail, &entry, &run->fault);
    if (status == NKS_OK)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    return status;
}

static enum nks_status mark_received(struct nks_run *run, int64_t id)
{
    struct nks_delivery delivery;
    bool found = false;
    NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status =
        nks_delivery_move(run->exchange, &delivery, NKS_DELIVERY_RECEIVED, NKS_REASON_NONE, NULL, 0, &run->fault);
    if (status == NKS_OK)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    if (status == NKS_OK)
        run->counts.received++;
    return status;
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
static enum nks_status spool_and_row(struct drop *drop, const char *path, struct nks_signature_in *signature,
                                     struct nks_delivery *delivery, int64_t *id)
{
    struct nks_run *run = drop->run;
    bool whole = true;
    NKS_TRY(nks_delivery_next_id(run->exchange, &delivery->id, &run->fault));
    NKS_TRY(spool(drop, path, signature, delivery, &whole));
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
static enum nks_status enter(struct drop *drop, const char *name, const char *path, int64_t *id)
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
        status = spool_and_row(drop, path, &signature, &delivery, id);
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
    NKS_TRY(nks_delivery_find_taken(run->exchange, drop->source, drop->party, name, &id, &run->fault));
    if (id == 0)
        NKS_TRY(enter(drop, name, path, &id));
    if (id == 0)
        return NKS_OK;
    NKS_TRY(nks_signature_remove(&taking)); /* before its file: alone it would be taken for a later one's */
    NKS_TRY(nks_sys_unlink(path, &run->fault));
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

static enum nks_status each_file(struct drop *drop, const char *dir, bool taken)
{
    struct nks_sys_list list = {NULL, 0, false};
    if (!nks_sys_exists(dir))
        return NKS_OK;
    NKS_TRY(nks_sys_list(dir, FOLDER_FILES_MAX, false, &list, &drop->run->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        if (taken && !ends_with(list.names[i], ".p7s"))
            status = finish_taken(drop, list.names[i]);
        else if (!taken && is_to_take(list.names[i]))
            status = take(drop, list.names[i]);
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
    NKS_TRY(each_file(&drop, drop.taken, true));
    return each_file(&drop, drop.dir, false);
}

static enum nks_status receive_source(struct nks_run *run, enum nks_source source, const char *folder)
{
    char root[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, root, folder, NULL, NULL));
    struct nks_sys_list list = {NULL, 0, false};
    NKS_TRY(nks_sys_list(root, PARTIES_MAX, true, &list, &run->fault));
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
