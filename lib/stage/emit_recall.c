/*
 * emit, the recall: a camt.055 for one payment, from its rows. It names every leg of the payment that stands in a file,
 * whatever its state is by now: what is written is the same whenever it is written.
 */
#include "stage/sink.h"
#include "stage/step.h"

#include "iso20022/camt055.h"
#include "iso20022/version.h"

#include <stdlib.h>
#include <string.h>

struct writing {
    struct nks_run *run;
    const struct nks_batch *batch;
    const struct nks_payment *payment;
    struct nks_text group_id;
    struct nks_out_file order; /* of the legs at hand */
    enum nks_pain001_version version;
    struct nks_xmlout *out;
    bool open;
};

static enum nks_status row_damaged(struct nks_run *run, int64_t file_id)
{
    return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "the row of out file %lld is damaged",
                         (long long)file_id);
}

static enum nks_status order_switch(struct writing *writing, int64_t file_id)
{
    struct nks_run *run = writing->run;
    struct nks_order_detail detail;
    bool found = false;
    if (writing->open && writing->order.id == file_id)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, file_id, &writing->order, &found, &run->fault));
    if (!found || !nks_order_detail_parse(nks_text_from(writing->order.detail), &detail))
        return row_damaged(run, file_id);
    if (writing->open)
        nks_camt055_file_end(writing->out);
    const struct nks_camt055_file file = {
        .message_id = nks_text_from(writing->order.message_id),
        .message_name = nks_text_from(nks_pain001_name(detail.version)),
        .group_id = writing->group_id,
        .created = writing->order.created,
    };
    nks_camt055_file_begin(writing->out, &file);
    writing->version = detail.version;
    writing->open = true;
    return NKS_OK;
}

static enum nks_status leg_write(struct writing *writing, const struct nks_leg *leg)
{
    char leg_id[NKS_LEG_ID_MAX], uetr[37];
    NKS_TRY(order_switch(writing, leg->file_id));
    nks_leg_id(writing->batch->ref, writing->run->slice->number, leg, leg_id);
    nks_leg_uetr(leg_id, uetr);
    struct nks_camt055_payment payment = {
        .instr_id = leg_id,
        .end_to_end_id =
            nks_record_slot(nks_payment_record(writing->run->slice, writing->payment), NKS_SLOT_END_TO_END_ID),
        .uetr = writing->version == NKS_PAIN001_09 ? uetr : NULL,
        .amount = {.minor = leg->amount_minor},
    };
    nks_payment_currency(writing->payment, payment.amount.currency);
    nks_camt055_payment_write(writing->out, &payment);
    return writing->out->status;
}

static enum nks_status head_write(struct writing *writing, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    struct nks_run *run = writing->run;
    const struct nks_payment *payment = writing->payment;
    const struct nks_central *central = NULL;
    for (uint32_t i = 0; i < payment->legs; i++) {
        const struct nks_leg *leg = &run->slice->legs[payment->first_leg + i];
        struct nks_money money = {.minor = leg->amount_minor};
        if (leg->file_id == 0)
            continue;
        nks_payment_currency(payment, money.currency);
        central = nks_central_by_number(&run->centrals, leg->central);
        sink->entries++;
        if (!nks_sum_add(&sink->sum, money))
            return nks_fault_set(&run->fault, NKS_FAILED, "FILE-SUM", "the sum of a recall does not fit");
    }
    const struct nks_camt055_head head = {
        .id = file->message_id,
        .created = file->created,
        .from = nks_text_from(run->conf.report_name),
        .to = central != NULL ? central->title : nks_text_from(file->party),
        .payments = sink->entries,
        .sum = sink->sum,
    };
    nks_camt055_begin(writing->out, &head);
    return NKS_OK;
}

static enum nks_status message_write(struct writing *writing, const struct nks_out_file *file,
                                     struct nks_out_sink *sink)
{
    struct nks_run *run = writing->run;
    const struct nks_payment *payment = writing->payment;
    NKS_TRY(head_write(writing, file, sink));
    for (uint32_t i = 0; i < payment->legs; i++) {
        if (run->slice->legs[payment->first_leg + i].file_id != 0)
            NKS_TRY(leg_write(writing, &run->slice->legs[payment->first_leg + i]));
    }
    if (writing->open)
        nks_camt055_file_end(writing->out);
    nks_camt055_end(writing->out);
    return nks_xmlout_end(writing->out);
}

/* The payment that the row's detail names: slice and n. */
static enum nks_status payment_load(struct writing *writing, const struct nks_out_file *file)
{
    struct nks_run *run = writing->run;
    struct nks_text rest = nks_text_from(file->detail), slice = nks_text_cut(&rest, ' ');
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    const struct nks_group *group = NULL;
    uint64_t slice_id = 0, n = 0;
    if (!nks_text_number(slice, INT64_MAX, &slice_id) || !nks_text_number(rest, NKS_SLICE_PAYMENTS, &n) ||
        nks_slice_batch((int64_t)slice_id) != writing->batch->id)
        return row_damaged(run, file->id);
    NKS_TRY(nks_slice_load(run->payments, writing->batch, (int64_t)slice_id, want, run->slice, &run->fault));
    NKS_TRY(nks_slice_rows_verify(run->payments, run->slice, &run->fault));
    NKS_TRY(nks_slice_verify(run->payments, run->slice, &run->fault));
    if (n == 0 || n > run->slice->count)
        return row_damaged(run, file->id);
    writing->payment = &run->slice->payments[n - 1];
    NKS_TRY(nks_group_load(run->payments, writing->batch, writing->payment->group, &group, &run->fault));
    writing->group_id =
        nks_text_trim(nks_record_slot((struct nks_text){group->record, group->record_len}, NKS_SLOT_PMT_INF_ID));
    return NKS_OK;
}

enum nks_status nks_recall_write(struct nks_run *run, const struct nks_out_file *file, struct nks_batch *batch,
                                 struct nks_out_sink *sink)
{
    struct writing writing = {.run = run, .batch = batch, .out = malloc(sizeof *writing.out)};
    if (writing.out == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to write a recall");
    enum nks_status status = payment_load(&writing, file);
    if (status == NKS_OK) {
        nks_xmlout_begin(writing.out, NKS_UTF8, nks_out_sink_write, sink, &run->fault);
        status = message_write(&writing, file, sink);
    }
    free(writing.out);
    return status;
}
