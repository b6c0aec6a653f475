/*
 * The only loop over slices: begin, fence, load, step, check counts and sums in = out, save, commit. The three
 * decisions can run one by one or fused over a loaded slice; both give the same rows.
 */
#include "stage/lost.h"
#include "stage/ahead.h"

static const struct nks_step steps[] = {
    {"resolve", NKS_SLICE_WAITING, NKS_SLICE_RESOLVED, nks_step_resolve, NULL},
    {"offset", NKS_SLICE_RESOLVED, NKS_SLICE_OFFSET, nks_step_offset, nks_step_offset_save},
    {"route", NKS_SLICE_OFFSET, NKS_SLICE_ROUTED, nks_step_route, nks_step_route_save},
};
enum { OFFSET = 1, STEPS = sizeof steps / sizeof steps[0], AHEAD_SLICES = 8 };

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

/* The steps alone: decisions in memory, checked. */
static enum nks_status steps_try(struct nks_step_context *context, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++) {
        struct tally before = tally_of(context->slice);
        NKS_TRY(steps[i].step(context));
        NKS_TRY(nks_slice_legs_sort(context->slice, &context->run->fault));
        context->slice->state = steps[i].to;
        struct tally after = tally_of(context->slice);
        if (before.payments != after.payments || before.amount != after.amount)
            return unbalanced(context, 0);
        NKS_TRY(legs_check(context));
    }
    return NKS_OK;
}

/* The steps, and what they write into other modules' rows. */
static enum nks_status steps_do(struct nks_step_context *context, size_t first, size_t last)
{
    NKS_TRY(steps_try(context, first, last));
    for (size_t i = first; i <= last; i++) {
        if (steps[i].save != NULL)
            NKS_TRY(steps[i].save(context));
    }
    return NKS_OK;
}

static size_t step_from(enum nks_slice_state from)
{
    size_t first = 0;
    while (steps[first].from != from)
        first++;
    return first;
}

static enum nks_status work(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from, size_t last)
{
    struct nks_run *run = context->run;
    NKS_TRY(nks_slice_fence(run->payments, slice_id, from, run->epoch, &run->fault));
    const struct nks_slice_want want = {.details = true, .decisions = true};
    NKS_TRY(nks_slice_load(run->payments, context->batch, slice_id, want, context->slice, &run->fault));
    NKS_TRY(nks_slice_rows_verify(run->payments, context->slice, &run->fault));
    NKS_TRY(steps_do(context, step_from(from), last));
    return nks_slice_save(run->payments, context->slice, from, &run->fault);
}

/* The rest of the work on a slice that was loaded and resolved ahead. */
static enum nks_status work_prepared(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from,
                                     size_t last)
{
    struct nks_run *run = context->run;
    NKS_TRY(nks_slice_fence(run->payments, slice_id, from, run->epoch, &run->fault));
    context->slice->epoch = run->epoch;
    NKS_TRY(steps_do(context, 1, last));
    return nks_slice_save(run->payments, context->slice, from, &run->fault);
}

typedef enum nks_status (*work_fn)(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from,
                                   size_t last);

struct doing {
    struct nks_step_context *context;
    int64_t slice_id;
    enum nks_slice_state from;
    size_t last;
    work_fn fn;
};

/* Done again, nothing of the slice in memory counts: it is loaded anew. */
static enum nks_status slice_body(void *context, struct nks_fault *fault)
{
    struct doing *doing = context;
    struct nks_step_context *step = doing->context;
    work_fn fn = doing->fn;
    doing->fn = work;
    (void)fault; /* the run's own */
    NKS_TRY(fn(step, doing->slice_id, doing->from, doing->last));
    NKS_TRY(nks_run_trail(step->run, NKS_TRAIL_DECIDE, step->batch->id, doing->slice_id, (int64_t)step->slice->count));
    nks_sys_point("save.before");
    return NKS_OK;
}

static enum nks_status slice_do(struct nks_step_context *context, int64_t slice_id, enum nks_slice_state from,
                                size_t last, work_fn fn)
{
    struct nks_run *run = context->run;
    struct doing doing = {context, slice_id, from, last, fn};
    NKS_TRY(nks_step_batch(context, nks_slice_batch(slice_id)));
    NKS_TRY(nks_run_transact(run, slice_body, &doing));
    nks_sys_point("save.after");
    run->counts.slices++;
    nks_run_progress(run, steps[last].name, run->counts.slices, 0);
    return NKS_OK;
}

/* The first slice, in the order of batches and slices, that waits for one of the steps first..last. */
static enum nks_status next_of(struct nks_run *run, size_t first, size_t last, int64_t after, int64_t batch_id,
                               int64_t *id, enum nks_slice_state *from)
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

/* Claims are used in the order (batch, slice, seq): offset of a slice waits for every due one before it, of whatever
 * batch. */
static enum nks_status earlier_waits(struct nks_run *run, size_t first, size_t last, int64_t id, bool *waits)
{
    *waits = false;
    if (first > OFFSET || last < OFFSET)
        return NKS_OK;
    for (size_t i = 0; i <= OFFSET && !*waits; i++) {
        int64_t earlier = 0;
        NKS_TRY(nks_slice_next(run->payments, steps[i].from, 0, run->today, 0, &earlier, &run->fault));
        *waits = earlier != 0 && earlier < id;
    }
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
        status = earlier_waits(run, first, last, id, &waits);
        if (status != NKS_OK || waits)
            break;
        status = slice_do(&context, id, from, last, work);
    }
    nks_batch_close(&batch);
    return status;
}

/* ---- the three fused, resolve ahead on the second core */

static enum nks_status ahead_next_id(struct nks_run *own, void *context, int64_t after, int64_t *id)
{
    (void)context;
    return nks_slice_next(own->payments, NKS_SLICE_WAITING, after, own->today, 0, id, &own->fault);
}

static enum nks_status ahead_prepare(struct nks_step_context *step, void *context, int64_t id)
{
    (void)context;
    const struct nks_slice_want want = {.details = true};
    struct nks_run *own = step->run;
    NKS_TRY(nks_db_begin_read(own->db, &own->fault));
    enum nks_status status = nks_slice_load(own->payments, step->batch, id, want, step->slice, &own->fault);
    if (status == NKS_OK)
        status = nks_slice_rows_verify(own->payments, step->slice, &own->fault);
    if (status == NKS_OK)
        status = steps_try(step, 0, 0);
    nks_db_rollback(own->db);
    return status;
}

static enum nks_status engine_ahead(struct nks_run *run)
{
    struct nks_batch batch = {.id = 0};
    struct nks_step_context context = {.run = run, .batch = &batch};
    struct nks_ahead *ahead = NULL;
    const struct nks_ahead_work ahead_work = {ahead_next_id, ahead_prepare, NULL};
    NKS_TRY(nks_ahead_start(run, &ahead_work, &ahead));
    enum nks_status status = NKS_OK;
    while (status == NKS_OK) {
        status = nks_ahead_next(ahead, &context.slice);
        if (status != NKS_OK || context.slice == NULL)
            break;
        status = slice_do(&context, context.slice->id, NKS_SLICE_WAITING, STEPS - 1, work_prepared);
        nks_ahead_give_back(ahead, context.slice);
    }
    nks_ahead_stop(ahead);
    nks_batch_close(&batch);
    return status;
}

/* A second opening of the home pays from a few slices on; slices that an earlier run left half decided go one by one,
 * and so do those of one batch, which may have to wait for earlier batches. */
static enum nks_status pays_ahead(struct nks_run *run, bool *pays)
{
    int64_t id = 0, half = 0;
    *pays = false;
    for (size_t i = 1; i < STEPS; i++) {
        NKS_TRY(nks_slice_next(run->payments, steps[i].from, 0, run->today, 0, &half, &run->fault));
        if (half != 0)
            return NKS_OK;
    }
    for (int i = 0; i < AHEAD_SLICES; i++) {
        NKS_TRY(nks_slice_next(run->payments, NKS_SLICE_WAITING, id, run->today, 0, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
    }
    *pays = true;
    return NKS_OK;
}

enum nks_status nks_stage_resolve(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_lost_stage(run));
    return engine(run, 0, 0, batch_id);
}

enum nks_status nks_stage_offset(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_lost_stage(run));
    return engine(run, 1, 1, batch_id);
}

enum nks_status nks_stage_route(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_lost_stage(run));
    return engine(run, 2, 2, batch_id);
}

enum nks_status nks_stage_decide(struct nks_run *run, int64_t batch_id)
{
    bool pays = false;
    NKS_TRY(nks_lost_stage(run));
    if (batch_id == 0)
        NKS_TRY(pays_ahead(run, &pays));
    return pays ? engine_ahead(run) : engine(run, 0, STEPS - 1, batch_id);
}
