/* replay of a file: what its receiver lost is published again from the archive, byte for byte. */
#include "stage/journal.h"
#include "stage/replay.h"
#include "stage/step.h"

#include "vault/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum nks_status nks_file_find(struct nks_run *run, const char *name, struct nks_out_file *file)
{
    struct nks_text rest = nks_text_from(name), party = {"", 0};
    int64_t id = 0;
    bool several = false, found = false;
    if (strchr(name, '/') != NULL)
        party = nks_text_cut(&rest, '/');
    NKS_TRY(nks_out_file_find(run->exchange, rest, party, &id, &several, &run->fault));
    if (several)
        return nks_fault_set(&run->fault, NKS_REFUSED, "REPLAY-NAME",
                             "several files have that name or message id: write PARTY/NAME");
    if (id != 0)
        NKS_TRY(nks_out_file_load(run->exchange, id, file, &found, &run->fault));
    return found ? NKS_OK
                 : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                                 "there is no file of that name or message id; `nks show` lists them");
}

/* ---- from the archive */

struct copy {
    struct nks_stream_reader *stream;
    struct nks_hash *hash;
    int from, to; /* to -1: compared only */
    int64_t bytes;
};

static enum nks_status pieces_copy(struct nks_run *run, struct copy *copy)
{
    for (;;) {
        const void *data = NULL;
        size_t len = 0;
        NKS_TRY(nks_stream_read(copy->stream, &data, &len, &run->fault));
        if (len == 0)
            return NKS_OK;
        copy->bytes += (int64_t)len;
        nks_hash_add(copy->hash, data, len);
        if (copy->to >= 0)
            NKS_TRY(nks_sys_write(copy->to, data, len, &run->fault));
    }
}

static enum nks_status copy_run(struct nks_run *run, const struct nks_out_file *file, struct copy *copy)
{
    uint8_t hash[NKS_HASH_SIZE];
    copy->hash = nks_hash_new();
    if (copy->hash == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read the archive");
    NKS_TRY(nks_stream_read_open(run->keys, NKS_KEY_ARCHIVE, file->id, copy->from, &copy->stream, &run->fault));
    NKS_TRY(pieces_copy(run, copy));
    nks_hash_end(copy->hash, hash);
    if (copy->bytes != file->bytes || memcmp(hash, file->hash, sizeof hash) != 0)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "ARCHIVE-CHANGED",
                             "the archive copy of %s is not what was published; do not restart, run nks-audit",
                             file->name);
    return copy->to >= 0 ? nks_sys_fsync(copy->to, &run->fault) : NKS_OK;
}

static enum nks_status copy_to(struct nks_run *run, const struct nks_out_file *file, const char *staged)
{
    struct copy copy = {.from = -1, .to = -1};
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_archive_path(run, file->id, path));
    NKS_TRY(nks_sys_open_read(path, &copy.from, &run->fault));
    enum nks_status status = staged != NULL ? nks_sys_create(staged, &copy.to, &run->fault) : NKS_OK;
    if (status == NKS_OK)
        status = copy_run(run, file, &copy);
    nks_stream_read_free(copy.stream);
    nks_hash_free(copy.hash);
    close(copy.from);
    if (copy.to >= 0)
        close(copy.to);
    return status;
}

/* Whole or not at all: what stands in staging is what was written. */
enum nks_status nks_archive_copy(struct nks_run *run, const struct nks_out_file *file, const char *staged)
{
    char part[NKS_PATH_MAX], dir[NKS_PATH_MAX];
    if (staged == NULL)
        return copy_to(run, file, NULL);
    int len = snprintf(part, sizeof part, "%s.part", staged);
    if (len < 0 || len >= (int)sizeof part)
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_run_path(run, dir, "staging", NULL, NULL));
    NKS_TRY(nks_sys_unlink(part, &run->fault)); /* of a try that was cut short */
    NKS_TRY(copy_to(run, file, part));
    NKS_TRY(nks_sys_rename_over(part, staged, &run->fault));
    return nks_sys_fsync_dir(dir, &run->fault);
}

/* ---- published again */

static enum nks_status may_replay(struct nks_run *run, const struct nks_out_file *file)
{
    char path[NKS_PATH_MAX];
    if (file->state == NKS_FILE_SETTLED)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-STATE",
                             "%s was settled: what left before the home was put back stands for it, with other bytes",
                             file->name);
    if (file->state != NKS_FILE_PUBLISHED)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-EARLY", "%s is not published yet: run nks deliver",
                             file->name);
    if (file->erased != 0)
        return nks_fault_set(&run->fault, NKS_REFUSED, "BATCH-ERASED",
                             "%s was erased after its retention time: its bytes are gone", file->name);
    if (file->answered != NKS_ANSWERED_NOT)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-ANSWERED",
                             "%s was answered, so its central has it: it is not published again", file->name);
    NKS_TRY(nks_run_path(run, path, nks_file_folder_path(file->folder), file->party, file->name));
    return nks_sys_exists(path) ? nks_fault_set(&run->fault, NKS_HELD, "REPLAY-LIES",
                                                "%s still lies in its folder: it can be fetched there", file->name)
                                : NKS_OK;
}

struct again {
    struct nks_run *run;
    const struct nks_out_file *file;
    const char *reason;
};

/* Before the rename: what is told nobody has not happened, what is told may have been cut short by a kill. */
static enum nks_status link_body(void *context, struct nks_fault *fault)
{
    const struct again *again = context;
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_REPLAY,
                                          .batch_id = again->file->batch_id,
                                          .number = again->file->id,
                                          .reason = again->reason,
                                          .detail = again->file->name};
    NKS_TRY(nks_trail_add(again->run->trail, &entry, fault));
    return nks_published_unfinished(again->run->exchange, again->file->name, false, fault);
}

static enum nks_status link_add(struct nks_run *run, const struct nks_out_file *file, const char *reason)
{
    struct again again = {run, file, reason};
    return nks_run_transact(run, link_body, &again);
}

enum nks_status nks_replay_file(struct nks_run *run, const struct nks_out_file *file, const struct nks_by_hand *hand)
{
    char staged[NKS_PATH_MAX];
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(may_replay(run, file));
    NKS_TRY(nks_run_may_sign(run));
    if (hand->dry_run)
        return nks_archive_copy(run, file, NULL);
    NKS_TRY(nks_run_staging_path(run, file->id, staged));
    NKS_TRY(nks_sys_unlink(staged, &run->fault)); /* of a try that was killed */
    NKS_TRY(nks_archive_copy(run, file, staged));
    NKS_TRY(link_add(run, file, hand->reason));
    nks_sys_point("hand.staged");
    NKS_TRY(nks_staged_publish(run, file));
    run->counts.published++;
    return NKS_OK;
}
