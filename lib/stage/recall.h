#ifndef NKS_STAGE_RECALL_H
#define NKS_STAGE_RECALL_H
/*
 * Calling a payment back that the bank has: a camt.055 to its central, reserved here, written by emit, published by
 * deliver. It asks and moves nothing: what the bank gives back comes as any return, by collect.
 */
#include "stage/replay.h"

struct nks_recall {
    int64_t batch_id;
    uint64_t seq;
    /* what was made */
    struct nks_out_file file;
    int64_t legs;
};
/* On a locked run. NKS_HELD: no part of it is at a bank (RECALL-NOTHING), or it was called back before (RECALL-TWICE).
 */
NKS_CHECKED enum nks_status nks_recall(struct nks_run *run, struct nks_recall *recall, const struct nks_by_hand *hand);

#endif
