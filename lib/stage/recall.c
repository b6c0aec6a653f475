/* recall: the request is reserved for one payment; emit writes it from the payment's rows. */
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/recall.h"
#include "stage/step.h"

#include <stdio.h>
#include <string.h>

/* The order file of a leg that the bank has and has not given back; *central stays empty where there is none. */
static enum nks_status leg_look(struct nks_run *run, const struct nks_leg *leg, struct nks_recall *recall)
{
    struct nks_out_file file;
    bool found = false;
    if (leg->state != NKS_LEG_IN_FILE && leg->state != NKS_LEG_SETTLED)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, leg->file_id, &file, &found, &run->fault));
    if (!found || file.state != NKS_FILE_PUBLISHED)
        return NKS_OK;
    memcpy(recall->file.party, file.party, sizeof recall->file.party);
    recall->legs++;
    return NKS_OK;
}

static enum nks_status legs_look(struct nks_run *run, const struct nks_batch *batch, int64_t slice_id, uint32_t n,
                                 struct nks_recall *recall)
{
    const struct nks_slice_want want = {.legs = true};
    NKS_TRY(nks_slice_load(run->payments, batch, slice_id, want, run->slice, &run->fault));
    NKS_TRY(nks_slice_rows_verify(run->payments, run->slice, &run->fault));
    const struct nks_payment *payment = &run->slice->payments[n - 1];
    for (uint32_t i = 0; i < payment->legs; i++)
        NKS_TRY(leg_look(run, &run->slice->legs[payment->first_leg + i], recall));
    return recall->legs > 0 ? NKS_OK
                            : nks_fault_set(&run->fault, NKS_HELD, "RECALL-NOTHING",
                                            "no bank has a part of this payment that could come back; what waits is "
                                            "stopped with nks stop");
}

static enum nks_status reserve(struct nks_run *run, const struct nks_batch *batch, struct nks_recall *recall,
                               const char *reason)
{
    struct nks_out_file *file = &recall->file;
    int64_t earlier = 0;
    NKS_TRY(
        nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_RECALL, file->detail, 0, &earlier, &run->fault));
    if (earlier > 0)
        return nks_fault_set(&run->fault, NKS_HELD, "RECALL-TWICE",
                             "the payment was called back before: ask the bank what became of that");
    NKS_TRY(nks_out_file_count(run->exchange, batch->id, NKS_FILE_RECALL, NULL, 0, &earlier, &run->fault));
    file->kind = NKS_FILE_RECALL;
    file->folder = NKS_FOLDER_CENTRAL;
    file->batch_id = batch->id;
    file->number = (int)earlier + 1;
    file->created = run->now;
    file->business_date = run->today;
    snprintf(file->message_id, sizeof file->message_id, "NKS-%s-C%04d", batch->ref, file->number);
    snprintf(file->name, sizeof file->name, "nks-%s-c%04d.xml", batch->ref, file->number);
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECALL,
                                          .batch_id = batch->id,
                                          .number = (int64_t)recall->seq,
                                          .reason = reason,
                                          .detail = file->name};
    NKS_TRY(nks_out_file_reserve(run->exchange, file, &run->fault));
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status recall_try(struct nks_run *run, struct nks_batch *batch, struct nks_recall *recall,
                                  const char *reason)
{
    bool found = false;
    int64_t slice_id = 0;
    uint32_t n = 0;
    NKS_TRY(nks_batch_load(run->payments, recall->batch_id, batch, &found, &run->fault));
    if (found && batch->erased != 0)
        return nks_batch_erased_fault(batch, &run->fault);
    if (found)
        NKS_TRY(nks_payment_find_seq(run->payments, recall->batch_id, recall->seq, &slice_id, &n, &run->fault));
    if (slice_id == 0)
        return nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                             "the batch has no such payment; `nks show` says how many it has");
    NKS_TRY(legs_look(run, batch, slice_id, n, recall));
    snprintf(recall->file.detail, sizeof recall->file.detail, "%lld %u", (long long)slice_id, n);
    return reserve(run, batch, recall, reason);
}

static enum nks_status recall_once(struct nks_run *run, struct nks_recall *recall, const struct nks_by_hand *hand)
{
    struct nks_batch batch = {.id = 0};
    NKS_TRY(nks_run_journal(run));
    char seq[24];
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)recall->seq);
    NKS_TRY(nks_lost_act_free(run, "recall", recall->batch_id, seq, "the recall"));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = recall_try(run, &batch, recall, hand->reason);
    if (status == NKS_OK && !hand->dry_run)
        status = nks_lost_act(run, "recall", batch.ref, seq);
    nks_batch_close(&batch);
    if (status == NKS_OK && !hand->dry_run) {
        nks_sys_point("hand.before");
        return nks_db_commit(run->db, &run->fault);
    }
    nks_db_rollback(run->db);
    return status;
}

enum nks_status nks_recall(struct nks_run *run, struct nks_recall *recall, const struct nks_by_hand *hand)
{
    const struct nks_recall asked = *recall;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        *recall = asked;
        status = recall_once(run, recall, hand);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}
