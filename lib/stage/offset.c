/*
 * offset: debts of the holder take their legs (gaeldsmodregning). Only incomplete payments in DKK, of a ydelsesart on
 * the payer's positive list, under an agreement that says REDIRECT or SPLIT.
 */
#include "stage/step.h"

#include <stdlib.h>
#include <string.h>

static enum nks_status may_be_touched(struct nks_step_context *context, const struct nks_payment *payment, bool *may,
                                      struct nks_text *ydelsesart)
{
    char currency[4];
    nks_payment_currency(payment, currency);
    *may = false;
    if (payment->state != NKS_PAYMENT_ACCEPTED || (payment->flags & NKS_FLAG_COMPLETE) || strcmp(currency, "DKK") != 0)
        return NKS_OK;
    const struct nks_group *group = NULL;
    const struct nks_central *central = NULL;
    NKS_TRY(nks_step_group(context, payment, &group, &central));
    if (central == NULL) /* taken out after resolve: route rejects the payment, so nothing of it is set off */
        return NKS_OK;
    *ydelsesart = nks_ydelsesart_find(nks_payment_record(context->slice, payment),
                                      (struct nks_text){group->record, group->record_len});
    *may = nks_agreement_offsets(context->agreement, *ydelsesart);
    return *may ? nks_debt_maybe(context->run->debt, payment->holder.key, may, &context->run->fault) : NKS_OK;
}

enum { LEGS_BUDGET = 60000 };

struct offset {
    struct nks_step_context *context;
    struct nks_debt_query *queries;
    struct nks_debt_answer *answers;
    uint32_t *asked; /* index of the payment of each query */
    size_t count;
};

/* The group's record is a short-lived buffer: a ydelsesart that stands there is copied into the slice's memory. */
static enum nks_status ydelsesart_keep(struct nks_step_context *context, struct nks_text *ydelsesart)
{
    char *copy = nks_arena_alloc(&context->slice->arena, ydelsesart->len + 1);
    if (copy == NULL)
        return nks_fault_set(&context->run->fault, NKS_RETRY, "MEMORY", "no memory to ask for debts");
    if (ydelsesart->len > 0)
        memcpy(copy, ydelsesart->ptr, ydelsesart->len);
    ydelsesart->ptr = copy;
    return NKS_OK;
}

static enum nks_status queries_make(struct offset *offset)
{
    struct nks_step_context *context = offset->context;
    struct nks_slice *slice = context->slice;
    for (size_t i = 0; i < slice->count; i++) {
        const struct nks_payment *payment = &slice->payments[i];
        bool may = false;
        struct nks_text ydelsesart = {NULL, 0};
        NKS_TRY(may_be_touched(context, payment, &may, &ydelsesart));
        if (!may)
            continue;
        NKS_TRY(ydelsesart_keep(context, &ydelsesart));
        offset->queries[offset->count] = (struct nks_debt_query){
            .holder = payment->holder,
            .payer = nks_text_from(context->agreement->payer),
            .ydelsesart = ydelsesart,
            .on = slice->execution_date,
            .amount_minor = payment->amount_minor,
            .split = context->agreement->offset_mode == NKS_OFFSET_SPLIT,
            /* Without an account for the rest the payment is rejected as a whole: then nothing of it is set off. */
            .whole_only =
                payment->found == NKS_DESTINATION_NONE && context->agreement->no_account == NKS_NO_ACCOUNT_REJECT,
        };
        offset->asked[offset->count++] = (uint32_t)i;
    }
    return NKS_OK;
}

static enum nks_status legs_add(struct offset *offset, struct nks_payment *payment,
                                const struct nks_debt_answer *answer)
{
    struct nks_step_context *context = offset->context;
    const struct nks_group *group = NULL;
    const struct nks_central *central = NULL;
    NKS_TRY(nks_step_group(context, payment, &group, &central));
    for (size_t i = 0; i < answer->count; i++) {
        const struct nks_debt_part *part = &answer->parts[i];
        struct nks_destination to = {
            .account = part->authority->account, .claim_key = part->claim_key, .version = part->version};
        memcpy(to.party_name, part->authority->name, sizeof to.party_name);
        memcpy(to.party_cvr, part->authority->cvr, sizeof to.party_cvr);
        memcpy(to.reference, part->reference, sizeof to.reference);
        NKS_TRY(nks_slice_leg_add(context->slice, payment, NKS_LEG_DEBT, part->amount_minor, central->number, &to,
                                  &context->run->fault));
    }
    return NKS_OK;
}

static enum nks_status decide(struct offset *offset)
{
    struct nks_step_context *context = offset->context;
    NKS_TRY(queries_make(offset));
    if (offset->count == 0)
        return NKS_OK;
    NKS_TRY(nks_debt_find_many(context->run->debt, offset->queries, offset->count, context->run->now, offset->answers,
                               &context->run->fault));
    for (size_t i = 0; i < offset->count; i++) {
        /* A slice has a ceiling of legs. Claims beyond it wait for the holder's next payment, as those beyond the
         * ceiling of one payment do; every payment keeps room for the payee's own leg. */
        size_t legs = context->slice->leg_count + offset->answers[i].count + context->slice->count;
        if (offset->answers[i].count > 0 && legs <= LEGS_BUDGET)
            NKS_TRY(legs_add(offset, &context->slice->payments[offset->asked[i]], &offset->answers[i]));
    }
    return NKS_OK;
}

enum nks_status nks_step_offset(struct nks_step_context *context)
{
    /* What came back was set off when it went out. */
    if (context->agreement->offset_mode == NKS_OFFSET_NONE || context->batch->origin == NKS_ORIGIN_RETURNED)
        return NKS_OK;
    size_t count = context->slice->count + 1;
    struct offset offset = {
        .context = context,
        .queries = calloc(count, sizeof *offset.queries),
        .answers = calloc(count, sizeof *offset.answers),
        .asked = calloc(count, sizeof *offset.asked),
    };
    enum nks_status status =
        offset.queries == NULL || offset.answers == NULL || offset.asked == NULL
            ? nks_fault_set(&context->run->fault, NKS_RETRY, "MEMORY", "no memory to ask for debts")
            : decide(&offset);
    free(offset.queries);
    free(offset.answers);
    free(offset.asked);
    return status;
}

enum nks_status nks_step_offset_save(struct nks_step_context *context)
{
    struct nks_slice *slice = context->slice;
    struct nks_run *run = context->run;
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        if (leg->kind != NKS_LEG_DEBT || leg->to->claim_key == 0)
            continue;
        const struct nks_debt_use use = {
            .holder_key = slice->payments[leg->n - 1].holder.key,
            .claim_key = leg->to->claim_key,
            .slice_id = slice->id,
            .n = (int32_t)leg->n,
            .generation = leg->generation,
            .leg_no = leg->leg_no,
            .amount_minor = leg->amount_minor,
        };
        NKS_TRY(nks_debt_use_add(run->debt, &use, run->now, &run->fault));
    }
    return NKS_OK;
}
