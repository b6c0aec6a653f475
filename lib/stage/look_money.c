/* Where the money of a batch went, and what did not go as it was written: for the page of a batch or a night. */
#include "stage/look.h"

#include <string.h>

static const char *const to_names[NKS_LOOK_TOS] = {
    [NKS_LOOK_PAYEE] = "payee",           [NKS_LOOK_DEBT] = "debt",
    [NKS_LOOK_VENTEKONTO] = "ventekonto", [NKS_LOOK_ERROR_ACCOUNT] = "error-account",
    [NKS_LOOK_RETURNED] = "returned",     [NKS_LOOK_REJECTED] = "rejected",
    [NKS_LOOK_STOPPED] = "stopped",       [NKS_LOOK_NOT_DUE] = "not-due",
    [NKS_LOOK_IN_PROCESS] = "in-process",
};

const char *nks_look_to_name(enum nks_look_to to)
{
    return to_names[to];
}

static enum nks_look_to leg_to(const struct nks_leg *leg)
{
    static const enum nks_look_to by_kind[] = {
        [NKS_LEG_PAYEE] = NKS_LOOK_PAYEE,
        [NKS_LEG_DEBT] = NKS_LOOK_DEBT,
        [NKS_LEG_VENTEKONTO] = NKS_LOOK_VENTEKONTO,
        [NKS_LEG_ERROR_ACCOUNT] = NKS_LOOK_ERROR_ACCOUNT,
    };
    if (leg->state == NKS_LEG_REJECTED || leg->state == NKS_LEG_RETURNED)
        return NKS_LOOK_RETURNED;
    if (leg->state == NKS_LEG_STOPPED)
        return NKS_LOOK_STOPPED;
    return leg->kind < sizeof by_kind / sizeof by_kind[0] ? by_kind[leg->kind] : NKS_LOOK_PAYEE;
}

enum nks_look_to nks_look_to_of(const struct nks_outcome_group *part, bool due)
{
    if (part->payment.state == NKS_PAYMENT_REJECTED)
        return NKS_LOOK_REJECTED;
    if (part->payment.state == NKS_PAYMENT_STOPPED || part->slice == NKS_SLICE_STOPPED)
        return NKS_LOOK_STOPPED;
    if (part->has_leg)
        return leg_to(&part->leg);
    return due ? NKS_LOOK_IN_PROCESS : NKS_LOOK_NOT_DUE;
}

struct parts {
    bool due;
    nks_look_part_fn fn;
    void *context;
};

static enum nks_status on_part(void *context, const struct nks_outcome_group *group, struct nks_fault *fault)
{
    const struct parts *parts = context;
    struct nks_money money = {.minor = group->amount_minor};
    struct nks_look_part part = {
        .to = nks_look_to_of(group, parts->due),
        .parts = group->payments,
        .file_id = group->leg.file_id,
        .state = (enum nks_leg_state)group->leg.state,
    };
    nks_payment_currency(&group->payment, money.currency);
    memcpy(part.currency, money.currency, sizeof part.currency);
    if (!nks_sum_add(&part.sum, money))
        return nks_fault_set(fault, NKS_FAILED, "LOOK-SUM", "the sum of the payments does not fit");
    return parts->fn(parts->context, &part, fault);
}

enum nks_status nks_look_batch_parts(struct nks_run *run, int64_t batch_id, nks_look_part_fn fn, void *context)
{
    struct parts parts = {.fn = fn, .context = context};
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        parts.due = row.state != NKS_SLICE_WAITING || row.due_date <= run->today;
        NKS_TRY(nks_look_parts(run->payments, row.id, on_part, &parts, &run->fault));
    }
}

struct exceptions {
    uint32_t n; /* whose change was told last: a payment with two returned parts comes twice */
    nks_look_exception_fn fn;
    void *context;
};

static enum nks_status on_payment(struct exceptions *exceptions, const struct nks_exception *exception,
                                  struct nks_look_exception *out, struct nks_fault *fault)
{
    const struct nks_payment *payment = &exception->payment;
    bool stopped = payment->state == NKS_PAYMENT_STOPPED || exception->slice == NKS_SLICE_STOPPED;
    bool told = exceptions->n == payment->n;
    exceptions->n = payment->n;
    if (told || (payment->state == NKS_PAYMENT_ACCEPTED && payment->reason == NKS_REASON_NONE && !stopped))
        return NKS_OK;
    out->why = payment->state == NKS_PAYMENT_REJECTED ? NKS_LOOK_WHY_REJECTED
               : stopped                              ? NKS_LOOK_WHY_STOPPED
                                                      : NKS_LOOK_WHY_CHANGED;
    out->reason = (enum nks_reason)payment->reason;
    out->amount.minor = payment->amount_minor;
    return exceptions->fn(exceptions->context, out, fault);
}

static enum nks_status on_exception(void *context, const struct nks_exception *exception, struct nks_fault *fault)
{
    struct exceptions *exceptions = context;
    struct nks_look_exception out = {.group = exception->payment.group, .seq = exception->payment.seq};
    nks_payment_currency(&exception->payment, out.amount.currency);
    NKS_TRY(on_payment(exceptions, exception, &out, fault));
    if (!exception->has_leg)
        return NKS_OK;
    out.why = NKS_LOOK_WHY_RETURNED;
    out.reason = (enum nks_reason)exception->leg.reason;
    out.amount.minor = exception->leg.amount_minor;
    return exceptions->fn(exceptions->context, &out, fault);
}

enum nks_status nks_look_batch_exceptions(struct nks_run *run, int64_t batch_id, nks_look_exception_fn fn,
                                          void *context)
{
    struct exceptions exceptions = {.fn = fn, .context = context};
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        exceptions.n = 0;
        NKS_TRY(nks_look_exceptions(run->payments, row.id, on_exception, &exceptions, &run->fault));
    }
}
