#ifndef NKS_STAGE_AHEAD_H
#define NKS_STAGE_AHEAD_H
/*
 * The second core: a thread that prepares the next slice while the run works on this one. It has a read-only opening of
 * the home of its own (connection, keys, books), so that nothing is shared but the slice that is handed over. What it
 * does is pure: load, look up, check. The run claims the slice afterwards, in the transaction that saves it; a slice
 * that changed in between is not claimed.
 *
 * Order of calls: start; { next; work on the slice; give back }*; stop. Slices come in the order of their ids.
 */
#include "stage/step.h"

struct nks_ahead;
struct nks_ahead_work {
    /* The next slice after `after`; *id 0: none. Runs in the thread, with the thread's own run. */
    enum nks_status (*next)(struct nks_run *own, void *context, int64_t after, int64_t *id);
    /* Fills the slice. `step` has the thread's run, the batch of the slice and its agreement. */
    enum nks_status (*prepare)(struct nks_step_context *step, void *context, int64_t id);
    void *context; /* constant while the thread runs */
};

NKS_CHECKED enum nks_status nks_ahead_start(struct nks_run *run, const struct nks_ahead_work *work,
                                            struct nks_ahead **out);
/* Waits for the next prepared slice; *slice NULL: there is no more. Errors of the thread come here, with its fault. */
NKS_CHECKED enum nks_status nks_ahead_next(struct nks_ahead *ahead, struct nks_slice **slice);
/* The slice is no longer used; the thread may fill it again. */
void nks_ahead_give_back(struct nks_ahead *ahead, struct nks_slice *slice);
void nks_ahead_stop(struct nks_ahead *ahead); /* NULL is fine */

/* The batch of a slice and its agreement, kept while they stay the same. */
NKS_CHECKED enum nks_status nks_step_batch(struct nks_step_context *step, int64_t batch_id);

#endif
