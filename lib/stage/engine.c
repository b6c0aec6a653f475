/*
 * The only loop over slices: begin, fence, load, step, check counts and sums in = out, save, commit. The three decisions can
 * run one by one or fused over a loaded slice; both give the same rows.
 */
#include "stage/step.h"

#include <string.h>

static const struct nks_step steps[] = {
    {"resolve", NKS_SLICE_WAITING, NKS_SLICE_RESOLVED, nks_step_resolve, NULL},
    {"offset", NKS_SLICE_RESOLVED, NKS_SLICE_OFFSET, nks_step_offset, nks_step_offset_save},
    {"route", NKS_SLICE_OFFSET, NKS_SLICE_ROUTED, nks_step_route, nks_step_route_save},
};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* Counts and sums before and after a step: nothing may appear or vanish. */
struct tally {
    size_t payments;
    nks_int128 amount;
};

static struct tally tally_of(const struct nks_slice *slice)
{
    struct tally tally = {slice->count, 0};
    for (size_t i = 0; i < slice->count; i++)
        tally.amount += slice->payments[i].amount_minor;
    return tally;
}

static enum nks_status unbalanced(struct nks_step_context *context, uint64_t seq)
{
    struct nks_fault *fault = &context->run->fault;
    enum nks_status status = nks_fault_set(fault, NKS_INTEGRITY, "LEGS-SUM",
                                           "the legs of a payment do not add up to its amount; do not restart");
    fault->batch = context->batch->id;
    fault->seq = (int64_t)seq;
    return status;
}

static enum nks_status legs_check(struct nks_step_context *context)
{
    const struct nks_slice *slice = context->slice;
    for (size_t i = 0; i < slice->count; i++) {
        const struct nks_payment *payment = &slice->payments[i];
        int64_t sum = 0;
        for (uint32_t l = 0; l < payment->legs; l++) {
            const struct nks_leg *leg = &slice->legs[payment->first_leg + l];
            if (leg->n != payment->n || leg->amount_minor <= 0 || !nks_minor_add(sum, leg->amount_minor, &sum))
                return unbalanced(context, payment->seq);
        }
        bool routed = payment->state == NKS_PAYMENT_ACCEPTED && slice->state == NKS_SLICE_ROUTED;
        if ((routed && sum != payment->amount_minor) || sum > payment->amount_minor ||
            (payment->state != NKS_PAYMENT_ACCEPTED && payment->legs > 0))
            return unbalanced(context, payment->seq);
    }
    return NKS_OK;
}

static enum nks_status steps_do(struct nks_step_context *context, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++) {
        struct tally before = tally_of(context->slice);
        NKS_TRY(steps[i].step(context));
        context->slice->state = steps[i].to;
        struct tally after = tally_of(context->slice);
        if (before.payments != after.payments || before.amount != after.amount)
            return unbalanced(context, 0);
        NKS_TRY(legs_check(context));
    }
    for (size_t i = first; i <= last; i++) {
        if (steps[i].save != NULL)
            NKS_TRY(steps[i].save(context));
    }
    return NKS_OK;
}

static enum nks_status work(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from, size_t last)
{
    struct nks_run *run = context->run;
    bool mine = false;
    size_t first = 0;
    while (steps[first].from != from)
        first++;
    NKS_TRY(nks_slice_fence(run->payments, slice_id, from, run->epoch, &mine, &run->fault));
    if (!mine)
        return nks_fault_set(&run->fault, NKS_RETRY, "SLICE-FENCED", "another run took slice %lld", (long long)slice_id);
    const struct nks_slice_want want = {.details = true, .decisions = true};
    NKS_TRY(nks_slice_load(run->payments, context->batch, slice_id, want, context->slice, &run->fault));
    NKS_TRY(steps_do(context, first, last));
    return nks_slice_save(run->payments, context->slice, from, &run->fault);
}

static enum nks_status batch_switch(struct nks_step_context *context, int64_t batch_id)
{
    struct nks_run *run = context->run;
    if (context->batch->id == batch_id)
        return NKS_OK;
    bool found = false;
    nks_batch_close(context->batch);
    NKS_TRY(nks_batch_load(run->payments, batch_id, context->batch, &found, &run->fault));
    context->agreement = nks_agreement_by_id(&run->agreements, context->batch->agreement_id);
    if (!found || context->agreement == NULL)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld or its agreement is missing",
                             (long long)batch_id);
    return NKS_OK;
}

static enum nks_status slice_do(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from, size_t last)
{
    struct nks_run *run = context->run;
    NKS_TRY(batch_switch(context, slice_id >> 14));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = work(context, slice_id, from, last);
    if (status == NKS_OK) {
        nks_sys_point("save.before");
        status = nks_db_commit(run->db, &run->fault);
    }
    if (status != NKS_OK) {
        nks_db_rollback(run->db);
        return status;
    }
    nks_sys_point("save.after");
    run->counts.slices++;
    nks_run_progress(run, steps[last].name, run->counts.slices, 0);
    return NKS_OK;
}

/* The first slice, in the order of batches and slices, that waits for one of the steps first..last. */
static enum nks_status next_of(struct nks_run *run, size_t first, size_t last, int64_t after, int64_t batch_id, int64_t *id,
                               enum nks_slice_state *from)
{
    *id = 0;
    for (size_t i = first; i <= last; i++) {
        int64_t found = 0;
        NKS_TRY(nks_slice_next(run->payments, steps[i].from, after, run->today, batch_id, &found, &run->fault));
        if (found != 0 && (*id == 0 || found < *id)) {
            *id = found;
            *from = steps[i].from;
        }
    }
    return NKS_OK;
}

/* Claims are used in the order (batch, slice, seq): offset of a slice waits for every due one before it. */
static enum nks_status earlier_waits(struct nks_run *run, size_t first, int64_t id, bool *waits)
{
    *waits = false;
    if (strcmp(steps[first].name, "offset") != 0)
        return NKS_OK;
    int64_t earlier = 0;
    NKS_TRY(nks_slice_next(run->payments, NKS_SLICE_WAITING, 0, run->today, 0, &earlier, &run->fault));
    *waits = earlier != 0 && earlier < id;
    return NKS_OK;
}

static enum nks_status engine(struct nks_run *run, size_t first, size_t last, int64_t batch_id)
{
    struct nks_batch batch = {.id = 0};
    struct nks_step_context context = {.run = run, .batch = &batch, .slice = run->slice};
    enum nks_status status = NKS_OK;
    for (int64_t id = 0; status == NKS_OK;) {
        enum nks_slice_state from = NKS_SLICE_WAITING;
        bool waits = false;
        status = next_of(run, first, last, id, batch_id, &id, &from);
        if (status != NKS_OK || id == 0)
            break;
        status = earlier_waits(run, first, id, &waits);
        if (status != NKS_OK || waits)
            break;
        status = slice_do(&context, id, from, last);
    }
    nks_batch_close(&batch);
    return status;
}

enum nks_status nks_stage_resolve(struct nks_run *run, int64_t batch_id)
{
    return engine(run, 0, 0, batch_id);
}

enum nks_status nks_stage_offset(struct nks_run *run, int64_t batch_id)
{
    return engine(run, 1, 1, batch_id);
}

enum nks_status nks_stage_route(struct nks_run *run, int64_t batch_id)
{
    return engine(run, 2, 2, batch_id);
}

enum nks_status nks_stage_decide(struct nks_run *run, int64_t batch_id)
{
    return engine(run, 0, STEPS - 1, batch_id);
}
