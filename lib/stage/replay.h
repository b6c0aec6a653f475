#ifndef NKS_STAGE_REPLAY_H
#define NKS_STAGE_REPLAY_H
/*
 * What a person does by hand about files: publish one again that its receiver lost, carry one over when a line
 * is down, read one again that was refused, send rejected payments again. On a locked run. Nothing here makes new bytes
 * under an old name.
 */
#include "stage/run.h"

/* A published file by its name or message id, as PARTY/NAME where several have it. NKS_REFUSED (NOT-FOUND,
 * REPLAY-NAME) where there is none, or more than one. */
NKS_CHECKED enum nks_status nks_file_find(struct nks_run *run, const char *name, struct nks_out_file *file);

/*
 * The same bytes under the same name and message id, from the archive, with a signature of now. Held (NKS_HELD): not
 * published yet (REPLAY-EARLY), still in its folder (REPLAY-LIES), an order file that was answered (REPLAY-ANSWERED).
 * A dry run compares the archive copy with the row and stops there.
 */
struct nks_by_hand {
    bool dry_run;
    const char *reason; /* for the trail */
};
NKS_CHECKED enum nks_status nks_replay_file(struct nks_run *run, const struct nks_out_file *file,
                                            const struct nks_by_hand *hand);

/* The bytes of the file from the archive into a new file `staged` (NULL: only compared with the row). */
NKS_CHECKED enum nks_status nks_archive_copy(struct nks_run *run, const struct nks_out_file *file, const char *staged);

/*
 * A written file is handed out to `path` with its signature beside it, and counts as published: deliver leaves it
 * alone. `path` comes into being when deliver can no longer publish the file, so there is never a second copy on its
 * way. A call that was cut short is finished by the same call. NKS_HELD: it is not WRITTEN (DELIVERED-STATE).
 * NKS_REFUSED: `path` exists (DELIVERED-EXISTS).
 */
NKS_CHECKED enum nks_status nks_deliver_by_hand(struct nks_run *run, struct nks_out_file *file, const char *path,
                                                const struct nks_by_hand *hand);

/*
 * The bytes of a refused delivery once more, as a new delivery that is no repeat, for after a correction of agreements
 * or centrals: the next ingest judges it by what holds then, with ids of its own. The old one stays as it is. NKS_HELD:
 * it was not refused (REPLAY-STATE), its form cannot be read (REPLAY-FORM), or it was replayed before (REPLAY-TWICE).
 */
NKS_CHECKED enum nks_status nks_replay_delivery(struct nks_run *run, int64_t id, const struct nks_by_hand *hand,
                                                int64_t *new_id);

/*
 * The payments of a batch that resolve or route rejected for what reference data lacked (no account, no data central)
 * go again as a new batch of origin CORRECTION, once each: due at once, on the earliest day the bank can do. The next
 * run decides it by what holds then. NKS_HELD (REPLAY-STATE): not an accepted batch of a sender or a correction.
 */
struct nks_replay_result {
    int64_t batch_id; /* 0: there was nothing to go again */
    int64_t payments;
    struct nks_sum sum;
};
NKS_CHECKED enum nks_status nks_replay_rejected(struct nks_run *run, int64_t batch_id, const struct nks_by_hand *hand,
                                                struct nks_replay_result *result);

/*
 * The slices of a batch that are decided and in no file yet are decided again, from `stage` on (resolve, offset or
 * route): for a night that stopped before its files were made, after register, debts or agreements were corrected. The
 * next run does it. NKS_HELD (REPLAY-STATE): there are none. NKS_REFUSED (REPLAY-STAGE): no such stage.
 */
struct nks_restart_result {
    int64_t slices, payments; /* to be decided again */
    int64_t in_files;         /* payments of the batch that stand in a file: they stay */
};
NKS_CHECKED bool nks_replay_stage_find(const char *name, enum nks_slice_state *to);
NKS_CHECKED enum nks_status nks_replay_stage(struct nks_run *run, int64_t batch_id, const char *stage,
                                             const struct nks_by_hand *hand, struct nks_restart_result *result);

#endif
