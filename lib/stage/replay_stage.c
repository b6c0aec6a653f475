/*
 * replay from a stage on: slices that are decided and in no file yet go back to where that stage finds them, as their
 * next generation. What the stages behind it had decided is undone: uses of claims and entries of the ventekonto are
 * given back, planned legs are stopped and stay as rows of the generation before.
 */
#include "stage/ahead.h"
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/replay.h"
#include "stage/step.h"

#include <stdio.h>
#include <string.h>

enum { GENERATIONS_MAX = 99 }; /* two digits in the id of a leg */

static const struct {
    const char *stage;
    enum nks_slice_state to; /* where the stage finds a slice */
} stages[] = {{"resolve", NKS_SLICE_WAITING}, {"offset", NKS_SLICE_RESOLVED}, {"route", NKS_SLICE_OFFSET}};

bool nks_replay_stage_find(const char *name, enum nks_slice_state *to)
{
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        if (strcmp(stages[i].stage, name) == 0) {
            *to = stages[i].to;
            return true;
        }
    }
    return false;
}

struct restart {
    struct nks_run *run;
    struct nks_step_context context;
    struct nks_batch batch;
    enum nks_slice_state to;
    struct nks_restart_result *result;
};

/* ---- what is given back */

static enum nks_status use_back(struct nks_run *run, const struct nks_leg *leg)
{
    const struct nks_debt_use use = {
        .holder_key = run->slice->payments[leg->n - 1].holder.key,
        .claim_key = leg->to->claim_key,
        .slice_id = run->slice->id,
        .n = (int32_t)leg->n,
        .generation = leg->generation,
        .leg_no = leg->leg_no,
        .amount_minor = leg->amount_minor,
    };
    return use.claim_key == 0 ? NKS_OK : nks_debt_use_give_back(run->debt, &use, run->now, &run->fault);
}

static enum nks_status row_stop(struct nks_run *run, const struct nks_leg *leg)
{
    bool moved = false;
    NKS_TRY(nks_leg_move(run->payments, run->slice->id, leg, NKS_LEG_PLANNED, NKS_LEG_STOPPED, NKS_REASON_NONE, &moved,
                         &run->fault));
    return moved ? NKS_OK
                 : nks_fault_set(&run->fault, NKS_RETRY, "SLICE-FENCED", "another run took slice %lld",
                                 (long long)run->slice->id);
}

static enum nks_status legs_back(struct nks_run *run)
{
    const struct nks_slice *slice = run->slice;
    bool rows = slice->state == NKS_SLICE_ROUTED, used = slice->state >= NKS_SLICE_OFFSET;
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        if (leg->state == NKS_LEG_STOPPED) /* given back when it was stopped */
            continue;
        if (leg->kind == NKS_LEG_DEBT && used)
            NKS_TRY(use_back(run, leg));
        if (leg->kind == NKS_LEG_VENTEKONTO && rows)
            NKS_TRY(nks_ventekonto_return(run->ventekonto, slice->id, (int32_t)leg->n, leg->generation, &run->fault));
        if (rows)
            NKS_TRY(row_stop(run, leg));
    }
    return NKS_OK;
}

/* ---- the next generation in memory */

/* Only route is done again: the debts stay as they were decided. */
static void legs_keep(struct nks_slice *slice, bool debts)
{
    size_t kept = 0;
    for (size_t i = 0; i < slice->count; i++)
        slice->payments[i].legs = slice->payments[i].first_leg = 0;
    for (size_t i = 0; i < slice->leg_count; i++) {
        struct nks_leg leg = slice->legs[i];
        struct nks_payment *payment = &slice->payments[leg.n - 1];
        if (!debts || leg.kind != NKS_LEG_DEBT || leg.state != NKS_LEG_PLANNED)
            continue;
        leg.generation = slice->generation;
        if (payment->legs++ == 0)
            payment->first_leg = (uint32_t)kept;
        slice->legs[kept++] = leg;
    }
    slice->leg_count = slice->legs_sorted_to = kept;
}

static const enum nks_reason of_route[] = {NKS_REASON_NO_ACCOUNT, NKS_REASON_TO_VENTEKONTO,
                                           NKS_REASON_TO_ERROR_ACCOUNT};

static bool is_of_route(uint16_t reason)
{
    for (size_t i = 0; i < sizeof of_route / sizeof of_route[0]; i++) {
        if (reason == (uint16_t)of_route[i])
            return true;
    }
    return false;
}

/* What a stage that is done again had said of a payment is unsaid; what was wrong at receipt stays. */
static void payment_renew(struct nks_payment *payment, bool from_resolve)
{
    bool ours = payment->state != NKS_PAYMENT_STOPPED && !(payment->flags & NKS_FLAG_AT_RECEIPT) &&
                payment->reason != NKS_REASON_NONE && (from_resolve || is_of_route(payment->reason));
    if (from_resolve) {
        payment->found = NKS_DESTINATION_NONE;
        payment->account = NULL;
    }
    if (!ours)
        return;
    payment->state = NKS_PAYMENT_ACCEPTED;
    payment->reason = NKS_REASON_NONE;
    payment->changed = true;
}

static enum nks_status generation_next(struct restart *restart)
{
    struct nks_run *run = restart->run;
    struct nks_slice *slice = run->slice;
    enum nks_slice_state from = slice->state;
    if (slice->generation >= GENERATIONS_MAX)
        return nks_fault_set(&run->fault, NKS_HELD, "REPLAY-GENERATION",
                             "slice %lld was decided %d times: what is wrong with it is not the reference data",
                             (long long)slice->id, GENERATIONS_MAX);
    slice->generation++;
    legs_keep(slice, restart->to == NKS_SLICE_OFFSET);
    for (size_t i = 0; i < slice->count; i++)
        payment_renew(&slice->payments[i], restart->to == NKS_SLICE_WAITING);
    slice->state = restart->to;
    slice->epoch = run->epoch;
    if (restart->to == NKS_SLICE_OFFSET)
        NKS_TRY(nks_step_offset_save(&restart->context));
    return nks_slice_restart(run->payments, slice, from, &run->fault);
}

/* ---- a slice, the batch */

static enum nks_status slice_restart(struct restart *restart, int64_t slice_id)
{
    struct nks_run *run = restart->run;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    NKS_TRY(nks_slice_load(run->payments, &restart->batch, slice_id, want, run->slice, &run->fault));
    if (run->slice->state == NKS_SLICE_EMITTED)
        restart->result->in_files += (int64_t)run->slice->count;
    if (run->slice->state <= restart->to || run->slice->state > NKS_SLICE_ROUTED)
        return NKS_OK;
    NKS_TRY(nks_slice_rows_verify(run->payments, run->slice, &run->fault));
    if (run->slice->state == NKS_SLICE_ROUTED)
        NKS_TRY(nks_slice_verify(run->payments, run->slice, &run->fault));
    NKS_TRY(nks_slice_fence(run->payments, slice_id, run->slice->state, run->epoch, &run->fault));
    NKS_TRY(legs_back(run));
    if (run->slice->state == NKS_SLICE_ROUTED)
        NKS_TRY(nks_order_totals_clear(run->payments, slice_id, &run->fault));
    NKS_TRY(generation_next(restart));
    restart->result->slices++;
    restart->result->payments += (int64_t)run->slice->count;
    return NKS_OK;
}

static enum nks_status slices_restart(struct restart *restart, int64_t batch_id)
{
    struct nks_run *run = restart->run;
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        NKS_TRY(slice_restart(restart, row.id));
    }
}

/* Asked first: a batch that is being read has no agreement yet, and a refused one may have none at all. */
static enum nks_status batch_accepted(struct restart *restart, int64_t batch_id)
{
    struct nks_run *run = restart->run;
    bool found = false;
    NKS_TRY(nks_batch_load(run->payments, batch_id, &restart->batch, &found, &run->fault));
    bool accepted = found && restart->batch.state == NKS_BATCH_ACCEPTED;
    nks_batch_close(&restart->batch);
    restart->batch = (struct nks_batch){.id = 0};
    return accepted || !found ? NKS_OK
                              : nks_fault_set(&run->fault, NKS_HELD, "REPLAY-STATE",
                                              "the batch was not accepted: nothing of it is decided");
}

static enum nks_status batch_restart(struct restart *restart, int64_t batch_id, const char *stage,
                                     const struct nks_by_hand *hand)
{
    struct nks_run *run = restart->run;
    char detail[32];
    NKS_TRY(batch_accepted(restart, batch_id));
    NKS_TRY(nks_step_batch(&restart->context, batch_id));
    NKS_TRY(slices_restart(restart, batch_id));
    if (restart->result->slices == 0)
        return nks_fault_set(
            &run->fault, NKS_HELD, "REPLAY-STATE",
            "nothing of the batch is decided by %s and in no file yet: what is in a file that the bank "
            "has can only be recalled",
            stage);
    snprintf(detail, sizeof detail, "from %s", stage);
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_REPLAY,
                                          .batch_id = batch_id,
                                          .number = restart->result->payments,
                                          .reason = hand->reason,
                                          .detail = detail};
    if (!hand->dry_run)
        NKS_TRY(nks_lost_act(run, "replay", restart->batch.ref, detail));
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status restart_once(struct nks_run *run, int64_t batch_id, const char *stage,
                                    const struct nks_by_hand *hand, struct nks_restart_result *result)
{
    struct restart restart = {.run = run, .result = result};
    restart.context = (struct nks_step_context){.run = run, .batch = &restart.batch, .slice = run->slice};
    *result = (struct nks_restart_result){.slices = 0};
    if (!nks_replay_stage_find(stage, &restart.to))
        return nks_fault_set(&run->fault, NKS_REFUSED, "REPLAY-STAGE",
                             "a batch is replayed from resolve, offset or route");
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = batch_restart(&restart, batch_id, stage, hand);
    nks_batch_close(&restart.batch);
    if (status == NKS_OK && !hand->dry_run) {
        nks_sys_point("hand.before");
        return nks_db_commit(run->db, &run->fault);
    }
    nks_db_rollback(run->db);
    return status;
}

enum nks_status nks_replay_stage(struct nks_run *run, int64_t batch_id, const char *stage,
                                 const struct nks_by_hand *hand, struct nks_restart_result *result)
{
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        status = restart_once(run, batch_id, stage, hand, result);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}
