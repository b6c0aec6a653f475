/*
 * delivered by hand: for the night when a line is down. The bytes leave staging before they come to be under the name
 * that was asked for, so at every instant either deliver can publish the file or the person has it, never both:
 *
 *   PATH.part with the bytes, PATH.p7s -> line in the journal -> staged file removed -> row PUBLISHED
 *   -> PATH.part renamed to PATH -> line done
 *
 * A kill after the removal leaves a file that counts as published and PATH.part: the same command then gives it its
 * name.
 */
#include "stage/journal.h"
#include "stage/replay.h"
#include "stage/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

struct handing {
    int64_t place; /* a number made of the path */
    char staged[NKS_PATH_MAX], staging[NKS_PATH_MAX];
    char part[NKS_PATH_MAX], signature[NKS_PATH_MAX], dir[NKS_PATH_MAX];
};

static int64_t place_of(const char *path)
{
    char *real = NULL, dir[NKS_PATH_MAX];
    const char *slash = strrchr(path, '/');
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t number = 0;
    snprintf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    real = realpath(dir, NULL);
    char text[2 * NKS_PATH_MAX];
    snprintf(text, sizeof text, "%s/%s", real != NULL ? real : dir, slash == NULL ? path : slash + 1);
    free(real);
    nks_hash_once(text, strlen(text), hash);
    memcpy(&number, hash, sizeof number);
    return (int64_t)(number >> 2) + NKS_BY_HAND_SOMEWHERE + 1;
}

static bool may_finish(const struct nks_out_file *file, const struct handing *handing)
{
    return file->by_hand == handing->place || file->by_hand == NKS_BY_HAND_SOMEWHERE;
}

static enum nks_status paths(struct nks_run *run, const struct nks_out_file *file, const char *path,
                             struct handing *handing)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    NKS_TRY(nks_run_staging_path(run, file->id, handing->staged));
    NKS_TRY(nks_run_path(run, handing->staging, "staging", NULL, NULL));
    int part = snprintf(handing->part, NKS_PATH_MAX, "%s.part", path);
    int signature = snprintf(handing->signature, NKS_PATH_MAX, "%s.p7s", path);
    int dir = snprintf(handing->dir, NKS_PATH_MAX, "%.*s", slash == NULL ? 1 : (int)len, slash == NULL ? "." : path);
    handing->place = place_of(path);
    bool fits = part < NKS_PATH_MAX && signature < NKS_PATH_MAX && dir < NKS_PATH_MAX;
    return fits ? NKS_OK : nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the path of --out is too long");
}

/* `*go_on`: the first call was cut short after the file had left staging. */
static enum nks_status may_hand(struct nks_run *run, const struct nks_out_file *file, const char *path,
                                const struct handing *handing, bool *go_on)
{
    struct nks_published published;
    bool before = false;
    *go_on = file->state == NKS_FILE_PUBLISHED && may_finish(file, handing) && nks_sys_exists(handing->part) &&
             !nks_sys_exists(path);
    if (*go_on)
        return NKS_OK;
    NKS_TRY(nks_published_find(run->exchange, file, &published, &before, &run->fault));
    if (file->state != NKS_FILE_WRITTEN || before)
        return nks_fault_set(&run->fault, NKS_HELD, "DELIVERED-STATE",
                             "%s is %s: only a file that is written and not published is handed out; nks replay "
                             "publishes a lost one again",
                             file->name,
                             before ? "published before the home was restored" : nks_file_state_name((int)file->state));
    /* A signature beside a .part is of a try that was cut short. */
    bool exists = nks_sys_exists(path) || (nks_sys_exists(handing->signature) && !nks_sys_exists(handing->part));
    return exists ? nks_fault_set(&run->fault, NKS_REFUSED, "DELIVERED-EXISTS",
                                  "the file of --out or its .p7s is there already: name another")
                  : NKS_OK;
}

static enum nks_status pieces(struct nks_run *run, const struct nks_out_file *file, int from, int to)
{
    static char piece[PIECE];
    uint8_t hash[NKS_HASH_SIZE];
    size_t got = PIECE;
    struct nks_hash *sum = nks_hash_new();
    if (sum == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to copy a file");
    enum nks_status status = NKS_OK;
    while (status == NKS_OK && got == PIECE) {
        status = nks_sys_read(from, piece, PIECE, &got, &run->fault);
        nks_hash_add(sum, piece, status == NKS_OK ? got : 0);
        if (status == NKS_OK && to >= 0)
            status = nks_sys_write(to, piece, got, &run->fault);
    }
    nks_hash_end(sum, hash);
    nks_hash_free(sum);
    if (status == NKS_OK && memcmp(hash, file->hash, sizeof hash) != 0)
        status =
            nks_fault_set(&run->fault, NKS_INTEGRITY, "STAGED-CHANGED",
                          "the staged copy of %s is not what was written; do not restart, run nks-audit", file->name);
    return status;
}

static enum nks_status copy(struct nks_run *run, const struct nks_out_file *file, const struct handing *handing,
                            bool dry_run)
{
    int from = -1, to = -1;
    NKS_TRY(nks_sys_open_read(handing->staged, &from, &run->fault));
    enum nks_status status = NKS_OK;
    if (!dry_run) {
        status = nks_sys_unlink(handing->part, &run->fault); /* of a try that was killed */
        status = status == NKS_OK ? nks_sys_create(handing->part, &to, &run->fault) : status;
    }
    if (status == NKS_OK)
        status = pieces(run, file, from, to);
    if (status == NKS_OK && to >= 0)
        status = nks_sys_fsync(to, &run->fault);
    close(from);
    if (to >= 0)
        close(to);
    return status;
}

static enum nks_status part_check(struct nks_run *run, const struct nks_out_file *file, const struct handing *handing)
{
    int fd = -1;
    NKS_TRY(nks_sys_open_read(handing->part, &fd, &run->fault));
    enum nks_status status = pieces(run, file, fd, -1);
    close(fd);
    if (status != NKS_INTEGRITY)
        return status;
    nks_fault_clear(&run->fault); /* it lies outside the home: no alarm */
    return nks_fault_set(
        &run->fault, NKS_REFUSED, "DELIVERED-PART",
        "the .part beside --out is not the whole file: remove it; nks replay publishes the file again");
}

static enum nks_status sign(struct nks_run *run, const struct nks_out_file *file, const struct handing *handing)
{
    uint8_t der[NKS_CMS_MAX];
    size_t len = 0;
    NKS_TRY(nks_cms_sign(run->keys, file->hash, run->now, der, &len, &run->fault));
    return nks_file_replace(handing->signature, der, len, 0600, &run->fault);
}

struct row_ending {
    struct nks_run *run;
    struct nks_out_file *file;
    bool written; /* so it was before */
    const char *reason;
};

static enum nks_status row_body(void *context, struct nks_fault *fault)
{
    const struct row_ending *ending = context;
    struct nks_run *run = ending->run;
    struct nks_out_file *file = ending->file;
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_BY_HAND,
                                          .batch_id = file->batch_id,
                                          .number = file->id,
                                          .reason = ending->reason,
                                          .detail = file->name};
    NKS_TRY(nks_trail_add(run->trail, &entry, fault));
    if (ending->written)
        NKS_TRY(nks_out_file_published(run->exchange, file, fault));
    else
        NKS_TRY(nks_out_file_handed(run->exchange, file, fault));
    return nks_journal_mark(run);
}

static enum nks_status row_end(struct nks_run *run, struct nks_out_file *file, int64_t place, const char *reason)
{
    struct row_ending ending = {run, file, file->state == NKS_FILE_WRITTEN, reason};
    file->by_hand = place;
    return nks_run_transact(run, row_body, &ending);
}

enum nks_status nks_deliver_by_hand(struct nks_run *run, struct nks_out_file *file, const char *path,
                                    const struct nks_by_hand *hand)
{
    struct handing handing;
    bool go_on = false;
    NKS_TRY(paths(run, file, path, &handing));
    NKS_TRY(nks_run_journal(run)); /* a call that was cut short may have changed the row */
    NKS_TRY(nks_out_file_load(run->exchange, file->id, file, &go_on, &run->fault));
    NKS_TRY(may_hand(run, file, path, &handing, &go_on));
    NKS_TRY(nks_run_may_sign(run));
    if (!go_on && !nks_sys_exists(handing.staged))
        NKS_TRY(nks_archive_copy(run, file, hand->dry_run ? NULL : handing.staged));
    bool nothing_staged = !nks_sys_exists(handing.staged); /* a dry run over the archive */
    if (go_on)
        NKS_TRY(part_check(run, file, &handing));
    else if (!nothing_staged)
        NKS_TRY(copy(run, file, &handing, hand->dry_run));
    if (hand->dry_run)
        return NKS_OK;
    NKS_TRY(sign(run, file, &handing));
    nks_sys_point("hand.copied");
    NKS_TRY(nks_journal_file(run, file, "hand"));
    nks_sys_point("hand.journaled");
    NKS_TRY(nks_sys_unlink(handing.staged, &run->fault));
    NKS_TRY(nks_sys_fsync_dir(handing.staging, &run->fault));
    nks_sys_point("hand.taken");
    NKS_TRY(row_end(run, file, handing.place, hand->reason));
    nks_sys_point("hand.row");
    NKS_TRY(nks_sys_rename(handing.part, path, &run->fault));
    NKS_TRY(nks_sys_fsync_dir(handing.dir, &run->fault));
    NKS_TRY(nks_journal_done(run));
    run->counts.published++;
    return NKS_OK;
}
