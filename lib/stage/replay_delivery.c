/* replay of a delivery: a file that was refused by what we knew then is read again by what we know now. */
#include "stage/journal.h"
#include "stage/replay.h"

#include "vault/stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum nks_status may_replay(struct nks_run *run, const struct nks_delivery *delivery)
{
    struct nks_delivery newest = *delivery;
    int64_t last = 0;
    if (delivery->source != NKS_SOURCE_SENDER || delivery->state != NKS_DELIVERY_REFUSED)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-STATE",
                             "delivery #%lld is %s: only a sender's file that was refused is read again",
                             (long long)delivery->id, nks_delivery_state_name((int)delivery->state));
    if (delivery->reason == NKS_REASON_UNREADABLE)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-FORM",
                             "delivery #%lld cannot be read as a payment message: the sender must correct it",
                             (long long)delivery->id);
    if (delivery->reason >= NKS_REASON_SIGNATURE_MISSING && delivery->reason <= NKS_REASON_SIGNER_UNKNOWN)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-FORM",
                             "delivery #%lld was refused for its signature: the sender must send both again",
                             (long long)delivery->id);
    newest.id = INT64_MAX;
    NKS_TRY(nks_delivery_find_bytes(run->exchange, &newest, &last, &run->fault));
    return last == delivery->id ? NKS_OK
                                : nks_fault_set(&run->fault, NKS_HELD, "REPLAY-TWICE",
                                                "delivery #%lld was read again as #%lld: look at that one",
                                                (long long)delivery->id, (long long)last);
}

/* ---- the spool: the copy is bound to its delivery's number, so it is encrypted anew */

struct spooling {
    int in, out;
    struct nks_stream_reader *reader;
    struct nks_stream_writer *writer;
    struct nks_hash *hash;
};

static enum nks_status bytes_copy(struct nks_run *run, const struct nks_delivery *from, struct spooling *spooling)
{
    uint8_t hash[NKS_HASH_SIZE];
    for (size_t len = 1; len > 0;) {
        const void *data = NULL;
        NKS_TRY(nks_stream_read(spooling->reader, &data, &len, &run->fault));
        nks_hash_add(spooling->hash, data, len);
        if (len > 0 && spooling->writer != NULL)
            NKS_TRY(nks_stream_write(spooling->writer, data, len, &run->fault));
    }
    nks_hash_end(spooling->hash, hash);
    if (memcmp(hash, from->hash, sizeof hash) != 0)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "SPOOL-CHANGED",
                             "the spooled bytes of delivery #%lld are not what was received; do not restart, run "
                             "nks-audit",
                             (long long)from->id);
    if (spooling->writer == NULL)
        return NKS_OK;
    NKS_TRY(nks_stream_write_end(spooling->writer, &run->fault));
    return nks_sys_fsync(spooling->out, &run->fault);
}

static enum nks_status out_open(struct nks_run *run, int64_t id, struct spooling *spooling)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_spool_path(run, id, path));
    NKS_TRY(nks_sys_unlink(path, &run->fault)); /* of a try that was killed before its row */
    NKS_TRY(nks_sys_create(path, &spooling->out, &run->fault));
    return nks_stream_write_open(run->keys, NKS_KEY_SPOOL, id, spooling->out, &spooling->writer, &run->fault);
}

/* `to` 0: compared only. */
static enum nks_status spool_copy(struct nks_run *run, const struct nks_delivery *from, int64_t to)
{
    char path[NKS_PATH_MAX];
    struct spooling spooling = {.in = -1, .out = -1, .hash = nks_hash_new()};
    NKS_TRY(nks_run_spool_path(run, from->id, path));
    enum nks_status status = spooling.hash == NULL
                                 ? nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read the spool")
                                 : nks_sys_open_read(path, &spooling.in, &run->fault);
    if (status == NKS_OK)
        status = nks_stream_read_open(run->keys, NKS_KEY_SPOOL, from->id, spooling.in, &spooling.reader, &run->fault);
    if (status == NKS_OK && to != 0)
        status = out_open(run, to, &spooling);
    if (status == NKS_OK)
        status = bytes_copy(run, from, &spooling);
    nks_stream_read_free(spooling.reader);
    nks_stream_write_free(spooling.writer);
    nks_hash_free(spooling.hash);
    if (spooling.in >= 0)
        close(spooling.in);
    if (spooling.out >= 0)
        close(spooling.out);
    if (status != NKS_OK || to == 0)
        return status;
    NKS_TRY(nks_run_path(run, path, "spool", NULL, NULL));
    return nks_sys_fsync_dir(path, &run->fault);
}

/* ---- the new delivery */

struct again {
    struct nks_run *run;
    const struct nks_delivery *delivery;
    const char *reason;
};

static enum nks_status row_body(void *context, struct nks_fault *fault)
{
    const struct again *again = context;
    struct nks_delivery delivery = *again->delivery;
    char detail[64];
    snprintf(detail, sizeof detail, "delivery #%lld again as #%lld", (long long)delivery.replays,
             (long long)delivery.id);
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_REPLAY, .number = delivery.id, .reason = again->reason, .detail = detail};
    NKS_TRY(nks_delivery_insert(again->run->exchange, &delivery, fault));
    return nks_trail_add(again->run->trail, &entry, fault);
}

static enum nks_status row_insert(struct nks_run *run, const struct nks_delivery *delivery, const char *reason)
{
    struct again again = {run, delivery, reason};
    return nks_run_transact(run, row_body, &again);
}

static enum nks_status replay(struct nks_run *run, const struct nks_delivery *from, const struct nks_by_hand *hand,
                              int64_t *new_id)
{
    struct nks_delivery to = *from;
    NKS_TRY(may_replay(run, from));
    NKS_TRY(nks_delivery_next_id(run->exchange, &to.id, &run->fault));
    *new_id = to.id;
    NKS_TRY(spool_copy(run, from, hand->dry_run ? 0 : to.id));
    if (hand->dry_run)
        return NKS_OK;
    nks_sys_point("hand.spooled");
    to.received = run->now;
    to.state = NKS_DELIVERY_RECEIVED;
    to.reason = NKS_REASON_NONE;
    to.answered = false;
    to.replays = from->id;
    to.generation = from->generation + 1;
    return row_insert(run, &to, hand->reason);
}

/* Numbers of deliveries are given under the lock of receive, which does not wait for the home's. */
enum nks_status nks_replay_delivery(struct nks_run *run, int64_t id, const struct nks_by_hand *hand, int64_t *new_id)
{
    char path[NKS_PATH_MAX];
    struct nks_delivery from;
    bool found = false;
    int lock = -1;
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(nks_run_path(run, path, "receive.lock", NULL, NULL));
    NKS_TRY(nks_sys_lock(path, &lock, &run->fault));
    enum nks_status status = nks_delivery_load(run->exchange, id, &from, &found, &run->fault);
    if (status == NKS_OK && !found)
        status =
            nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such delivery; `nks list` shows them");
    if (status == NKS_OK)
        status = replay(run, &from, hand, new_id);
    close(lock);
    return status;
}
