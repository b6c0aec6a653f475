/* resolve: holder -> destination. Complete, specific account, NemKonto, fallback, none; and what cannot be sent at all.
 */
#include "stage/step.h"

#include "iso20022/order.h"

#include <stdlib.h>
#include <string.h>

enum nks_status nks_step_group(struct nks_step_context *context, const struct nks_payment *payment,
                               const struct nks_group **group, const struct nks_central **central)
{
    struct nks_run *run = context->run;
    NKS_TRY(nks_group_load(run->payments, context->batch, payment->group, group, &run->fault));
    *central = nks_central_for_regnr(&run->centrals, (*group)->regnr);
    return NKS_OK;
}

void nks_step_reject(struct nks_payment *payment, enum nks_reason reason)
{
    payment->state = NKS_PAYMENT_REJECTED;
    payment->reason = (uint16_t)reason;
    payment->changed = true;
}

/* One payment's question to the register. */
static enum nks_status query_make(struct nks_step_context *context, const struct nks_payment *payment,
                                  struct nks_register_query *query)
{
    struct nks_run *run = context->run;
    const struct nks_group *group = NULL;
    const struct nks_central *central = NULL;
    struct nks_text record = nks_payment_record(context->slice, payment);
    NKS_TRY(nks_step_group(context, payment, &group, &central));
    *query = (struct nks_register_query){.holder = payment->holder, .on = context->slice->execution_date};
    struct nks_text ydelsesart = nks_ydelsesart_find(record, (struct nks_text){group->record, group->record_len});
    if (ydelsesart.len > 0)
        NKS_TRY(nks_register_slot_key(run->reg, nks_text_from(context->agreement->payer_cvr), ydelsesart,
                                      &query->slot_key, &run->fault));
    if (payment->flags & NKS_FLAG_MAYBE_SE) {
        struct nks_payee payee;
        nks_payee_find(record, &payee);
        query->has_alternative = true;
        NKS_TRY(nks_register_holder_key(run->reg, NKS_HOLDER_SE, payee.id, &query->alternative, &run->fault));
    }
    return NKS_OK;
}

static const enum nks_found destinations[] = {
    [NKS_FOUND_NONE] = NKS_DESTINATION_NONE,
    [NKS_FOUND_SPECIFIC] = NKS_DESTINATION_SPECIFIC,
    [NKS_FOUND_NEMKONTO] = NKS_DESTINATION_NEMKONTO,
    [NKS_FOUND_FALLBACK_SPECIFIC] = NKS_DESTINATION_FALLBACK_SPECIFIC,
    [NKS_FOUND_FALLBACK_NEMKONTO] = NKS_DESTINATION_FALLBACK_NEMKONTO,
};

static enum nks_status answer_take(struct nks_step_context *context, struct nks_payment *payment,
                                   const struct nks_register_query *query, const struct nks_register_answer *answer)
{
    payment->found = (uint8_t)destinations[answer->found];
    if (answer->used_alternative) {
        payment->holder = query->alternative;
        payment->holder_kind = NKS_HOLDER_SE;
        payment->flags |= NKS_FLAG_ALTERNATIVE;
        payment->changed = true;
    }
    if (answer->found == NKS_FOUND_NONE)
        return NKS_OK;
    payment->register_version = answer->version;
    payment->account_from = answer->valid_from;
    payment->account_to = answer->valid_to;
    payment->account = nks_slice_account(context->slice, &answer->account);
    return payment->account != NULL
               ? NKS_OK
               : nks_fault_set(&context->run->fault, NKS_RETRY, "MEMORY", "no memory for the accounts of a slice");
}

/* What the order file's version cannot carry is told, or stops the payment before debt touches it. */
static void losses_check(struct nks_step_context *context, struct nks_payment *payment,
                         const struct nks_central *central)
{
    if (central->order_version == context->batch->version)
        return;
    enum nks_order_creditor creditor =
        payment->flags & NKS_FLAG_COMPLETE ? NKS_ORDER_AS_WRITTEN : NKS_ORDER_ACCOUNT_SET;
    uint64_t losses = nks_order_leg_losses(nks_payment_record(context->slice, payment), context->batch->version,
                                           central->order_version, creditor);
    if (nks_loss_rejects(losses)) {
        nks_step_reject(payment, NKS_REASON_VERSION_LOSS);
    } else if (losses != 0) {
        payment->reason = NKS_REASON_LOSS_DROPPED;
        payment->changed = true;
    }
}

static enum nks_status payments_prepare(struct nks_step_context *context, struct nks_register_query *queries,
                                        uint32_t *asked, size_t *count)
{
    struct nks_slice *slice = context->slice;
    for (size_t i = 0; i < slice->count; i++) {
        struct nks_payment *payment = &slice->payments[i];
        if (payment->state != NKS_PAYMENT_ACCEPTED)
            continue;
        const struct nks_group *group = NULL;
        const struct nks_central *central = NULL;
        NKS_TRY(nks_step_group(context, payment, &group, &central));
        if (central == NULL) {
            nks_step_reject(payment, NKS_REASON_NO_CENTRAL);
            continue;
        }
        losses_check(context, payment, central);
        if (payment->state != NKS_PAYMENT_ACCEPTED)
            continue;
        if (context->batch->origin == NKS_ORIGIN_RETURNED) { /* the account that was found would send it back again */
            payment->found = NKS_DESTINATION_NONE;
            continue;
        }
        if (payment->flags & NKS_FLAG_COMPLETE) {
            payment->found = NKS_DESTINATION_COMPLETE;
            continue;
        }
        NKS_TRY(query_make(context, payment, &queries[*count]));
        asked[(*count)++] = (uint32_t)i;
    }
    return NKS_OK;
}

enum nks_status nks_step_resolve(struct nks_step_context *context)
{
    struct nks_run *run = context->run;
    struct nks_slice *slice = context->slice;
    struct nks_register_query *queries = calloc(slice->count + 1, sizeof *queries);
    struct nks_register_answer *answers = calloc(slice->count + 1, sizeof *answers);
    uint32_t *asked = calloc(slice->count + 1, sizeof *asked);
    size_t count = 0;
    enum nks_status status = queries == NULL || answers == NULL || asked == NULL
                                 ? nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to ask the register")
                                 : payments_prepare(context, queries, asked, &count);
    if (status == NKS_OK && count > 0)
        status = nks_register_find_many(run->reg, queries, count, answers, &run->fault);
    for (size_t i = 0; status == NKS_OK && i < count; i++)
        status = answer_take(context, &slice->payments[asked[i]], &queries[i], &answers[i]);
    if (answers != NULL)
        explicit_bzero(answers, (slice->count + 1) * sizeof *answers);
    free(queries);
    free(answers);
    free(asked);
    return status;
}
