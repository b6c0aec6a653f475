/*
 * route: one leg for what the debts left, to the destination, the ventekonto or the payer's error account; or the
 * payment is rejected. Afterwards every leg of every payment is known, and the legs add up.
 */
#include "stage/step.h"

#include "iso20022/order.h"

#include <assert.h>
#include <string.h>

static int64_t rest_of(const struct nks_slice *slice, const struct nks_payment *payment)
{
    int64_t rest = payment->amount_minor;
    for (uint32_t i = 0; i < payment->legs; i++)
        rest -= slice->legs[payment->first_leg + i].amount_minor;
    return rest;
}

/* Where the money goes when the payee has no account: a row per policy of the agreement. */
static const struct {
    enum nks_leg_kind kind;
    enum nks_reason reason;
} policies[] = {
    [NKS_NO_ACCOUNT_REJECT] = {0, NKS_REASON_NO_ACCOUNT},
    [NKS_NO_ACCOUNT_VENTEKONTO] = {NKS_LEG_VENTEKONTO, NKS_REASON_TO_VENTEKONTO},
    [NKS_NO_ACCOUNT_ERROR_ACCOUNT] = {NKS_LEG_ERROR_ACCOUNT, NKS_REASON_TO_ERROR_ACCOUNT},
};

static enum nks_status without_account(struct nks_step_context *context, struct nks_payment *payment, int64_t rest,
                                       int64_t central)
{
    const struct nks_agreement *agreement = context->agreement;
    enum nks_leg_kind kind = policies[agreement->no_account].kind;
    if (kind == 0) {
        nks_step_reject(payment, NKS_REASON_NO_ACCOUNT);
        return NKS_OK;
    }
    struct nks_destination to = {.account = agreement->no_account_account, .version = agreement->version};
    if (!nks_text_copy(agreement->no_account_name, to.party_name, sizeof to.party_name))
        to.party_name[sizeof to.party_name - 1] = '\0';
    payment->reason = (uint16_t)policies[agreement->no_account].reason;
    payment->changed = true;
    return nks_slice_leg_add(context->slice, payment, kind, rest, central, &to, &context->run->fault);
}

static enum nks_status to_payee(struct nks_step_context *context, struct nks_payment *payment, int64_t rest,
                                int64_t central)
{
    struct nks_destination to = {.version = payment->register_version};
    if (payment->found == NKS_DESTINATION_COMPLETE)
        (void)nks_creditor_account_find(nks_payment_record(context->slice, payment), &to.account);
    else
        to.account = *payment->account;
    return nks_slice_leg_add(context->slice, payment, NKS_LEG_PAYEE, rest, central, &to, &context->run->fault);
}

static enum nks_status route_one(struct nks_step_context *context, struct nks_payment *payment)
{
    const struct nks_group *group = NULL;
    const struct nks_central *central = NULL;
    if (payment->state != NKS_PAYMENT_ACCEPTED)
        return NKS_OK;
    int64_t rest = rest_of(context->slice, payment);
    if (rest == 0)
        return NKS_OK;
    NKS_TRY(nks_step_group(context, payment, &group, &central));
    /* A payment goes to one central as a whole: the rest follows the debts, whatever was imported since they took
     * theirs. */
    int64_t number = central != NULL ? central->number : 0;
    if (payment->legs > 0)
        number = context->slice->legs[payment->first_leg].central;
    if (number == 0) { /* the central was taken out after resolve */
        nks_step_reject(payment, NKS_REASON_NO_CENTRAL);
        return NKS_OK;
    }
    return payment->found == NKS_DESTINATION_NONE ? without_account(context, payment, rest, number)
                                                  : to_payee(context, payment, rest, number);
}

enum nks_status nks_step_route(struct nks_step_context *context)
{
    for (size_t i = 0; i < context->slice->count; i++)
        NKS_TRY(route_one(context, &context->slice->payments[i]));
    return NKS_OK;
}

/* ---- what else is written with a routed slice */

static enum nks_status ventekonto_add(struct nks_step_context *context, const struct nks_leg *leg)
{
    const struct nks_payment *payment = &context->slice->payments[leg->n - 1];
    struct nks_text record = nks_payment_record(context->slice, payment);
    struct nks_payee payee;
    const struct nks_group *group = NULL;
    const struct nks_central *central = NULL;
    char currency[4];
    nks_payee_find(record, &payee);
    nks_payment_currency(payment, currency);
    NKS_TRY(nks_step_group(context, payment, &group, &central));
    const struct nks_ventekonto_entry entry = {
        .slice_id = context->slice->id,
        .n = (int32_t)leg->n,
        .generation = leg->generation,
        .holder = payment->holder,
        .payer = nks_text_from(context->agreement->payer),
        .amount_minor = leg->amount_minor,
        .currency = nks_text_from(currency),
        .date_in = context->slice->execution_date,
        .holder_kind = nks_text_from(nks_holder_kind_name((enum nks_holder_kind)payment->holder_kind)),
        .holder_id = nks_text_from(payee.id),
        .ydelsesart = nks_ydelsesart_find(record, (struct nks_text){group->record, group->record_len}),
        .end_to_end_id = nks_record_slot(record, NKS_SLOT_END_TO_END_ID),
    };
    return nks_ventekonto_add(context->run->ventekonto, &entry, &context->run->fault);
}

struct total_key {
    int64_t central;
    struct nks_order_total total;
};

enum { KEYS_OPEN = 16 };

/* Totals by central and group. Payments of a slice stand in the order of the message, so groups come one after the
 * other and only the last few pairs are looked through; a pair that came again later would be a second row of its key.
 */
struct totals {
    struct nks_step_context *context;
    struct total_key *keys;
    size_t count, cap;
};

static enum nks_status total_of(struct totals *totals, int64_t central, uint32_t group, struct nks_order_total **out)
{
    for (size_t i = totals->count; i > 0 && i + KEYS_OPEN > totals->count; i--) {
        if (totals->keys[i - 1].central == central && totals->keys[i - 1].total.group == group) {
            *out = &totals->keys[i - 1].total;
            return NKS_OK;
        }
    }
    if (totals->count == totals->cap)
        return nks_fault_set(&totals->context->run->fault, NKS_FAILED, "SLICE-TOTAL", "a slice has too many groups");
    totals->keys[totals->count] = (struct total_key){.central = central, .total = {.group = group}};
    *out = &totals->keys[totals->count++].total;
    return NKS_OK;
}

static enum nks_status totals_add(struct totals *totals, const struct nks_leg *leg)
{
    const struct nks_payment *payment = &totals->context->slice->payments[leg->n - 1];
    struct nks_money money = {.minor = leg->amount_minor};
    struct nks_order_total *total = NULL;
    nks_payment_currency(payment, money.currency);
    NKS_TRY(total_of(totals, leg->central, payment->group, &total));
    assert(total != NULL);
    total->legs++;
    total->bytes += nks_order_leg_bound(nks_payment_record(totals->context->slice, payment));
    return nks_sum_add(&total->sum, money) ? NKS_OK
                                           : nks_fault_set(&totals->context->run->fault, NKS_FAILED, "SLICE-TOTAL",
                                                           "a sum of a slice does not fit");
}

enum nks_status nks_step_order_totals(struct nks_step_context *context)
{
    struct nks_slice *slice = context->slice;
    struct totals totals = {.context = context, .cap = slice->count + 1};
    totals.keys = nks_arena_alloc(&slice->arena, totals.cap * sizeof *totals.keys);
    if (totals.keys == NULL)
        return nks_fault_set(&context->run->fault, NKS_RETRY, "MEMORY", "no memory for the totals of a slice");
    for (size_t i = 0; i < slice->leg_count; i++)
        NKS_TRY(slice->legs[i].state == NKS_LEG_STOPPED ? NKS_OK : totals_add(&totals, &slice->legs[i]));
    for (size_t i = 0; i < totals.count; i++)
        NKS_TRY(nks_order_total_add(context->run->payments, slice->id, totals.keys[i].central, &totals.keys[i].total,
                                    &context->run->fault));
    return NKS_OK;
}

enum nks_status nks_step_route_save(struct nks_step_context *context)
{
    for (size_t i = 0; i < context->slice->leg_count; i++) {
        if (context->slice->legs[i].kind == NKS_LEG_VENTEKONTO)
            NKS_TRY(ventekonto_add(context, &context->slice->legs[i]));
    }
    return nks_step_order_totals(context);
}
