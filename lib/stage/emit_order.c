/*
 * emit, the order files: plans which legs stand in which file from totals alone, reserves all files of a batch and
 * marks the legs in one transaction, and later writes each file from rows. A file is a run of whole slices of one batch
 * to one central, or, where the central's limit is smaller than a slice, a part of one slice.
 */
#include "stage/ahead.h"
#include "stage/sink.h"

#include "iso20022/order.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 50000, AHEAD_SLICES = 8 };

void nks_order_detail_format(const struct nks_order_detail *detail, char *out, size_t size)
{
    snprintf(out, size, "%lld %lld %d", (long long)detail->first, (long long)detail->last, (int)detail->version);
}

bool nks_order_detail_parse(struct nks_text text, struct nks_order_detail *out)
{
    uint64_t first = 0, last = 0, version = 0;
    if (!nks_text_number(nks_text_cut(&text, ' '), INT64_MAX, &first) ||
        !nks_text_number(nks_text_cut(&text, ' '), INT64_MAX, &last) ||
        !nks_text_number(text, NKS_PAIN001_09, &version))
        return false;
    *out = (struct nks_order_detail){(int64_t)first, (int64_t)last, (enum nks_pain001_version)version};
    return first > 0 && first <= last && version > 0;
}

/* ---- planning */

struct plan {            /* one file in the making */
    int64_t first, last; /* slices; 0: none yet */
    struct nks_leg_range part;
    bool is_part;
    int64_t legs, bytes;
    size_t groups;
    struct nks_sum sum;
};

struct planner {
    struct nks_run *run;
    struct nks_batch *batch;
    const struct nks_central *central;
    struct plan plan;
    struct plan slice; /* totals of the slice being looked at */
    uint32_t last_group;
    int files;
};

static enum nks_status slice_total(void *context, const struct nks_order_total *total, struct nks_fault *fault)
{
    (void)fault;
    struct planner *planner = context;
    planner->slice.legs += total->legs;
    planner->slice.bytes += total->bytes;
    planner->slice.sum.scaled += total->sum.scaled;
    planner->slice.groups++;
    return NKS_OK;
}

/* Name, message id and creation time are fixed before a byte is written. */
static enum nks_status reserve(struct planner *planner, struct nks_out_file *file)
{
    struct nks_run *run = planner->run;
    const struct plan *plan = &planner->plan;
    *file = (struct nks_out_file){
        .kind = NKS_FILE_ORDER,
        .folder = NKS_FOLDER_CENTRAL,
        .batch_id = planner->batch->id,
        .delivery_id = 0,
        .number = ++planner->files,
        .created = run->now,
        .entries = plan->legs,
        .business_date = run->today,
    };
    struct nks_buf sum;
    nks_buf_init(&sum, file->sum, sizeof file->sum - 1);
    nks_sum_format(&sum, plan->sum);
    memcpy(file->party, planner->central->name, sizeof file->party);
    snprintf(file->name, sizeof file->name, "nks-%s-o%04d.xml", planner->batch->ref, file->number);
    snprintf(file->message_id, sizeof file->message_id, "NKS-%s-O%04d", planner->batch->ref, file->number);
    /* The version is the central's of today: a later change of the central does not change a reserved file. */
    const struct nks_order_detail detail = {plan->first, plan->last, planner->central->order_version};
    nks_order_detail_format(&detail, file->detail, sizeof file->detail);
    return nks_out_file_reserve(run->exchange, file, &run->fault);
}

static enum nks_status legs_mark(struct planner *planner, const struct nks_out_file *file)
{
    struct nks_run *run = planner->run;
    const struct plan *plan = &planner->plan;
    const struct nks_leg_range whole = {1, NKS_SLICE_PAYMENTS, 1, UINT16_MAX};
    int64_t marked = 0;
    for (int64_t id = plan->first; id <= plan->last; id++) {
        int64_t changed = 0;
        NKS_TRY(nks_legs_put_in_file(run->payments, id, planner->central->number, plan->is_part ? &plan->part : &whole,
                                     file->id, &changed, &run->fault));
        marked += changed;
    }
    if (marked != plan->legs)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-LEGS",
                             "an order file would hold %lld legs, its plan says %lld; do not restart",
                             (long long)marked, (long long)plan->legs);
    return NKS_OK;
}

static enum nks_status plan_close(struct planner *planner)
{
    if (planner->plan.legs == 0)
        return NKS_OK;
    struct nks_out_file file;
    NKS_TRY(reserve(planner, &file));
    NKS_TRY(legs_mark(planner, &file));
    planner->run->counts.orders++;
    planner->plan = (struct plan){.first = 0};
    return NKS_OK;
}

static bool fits(const struct planner *planner, int64_t legs, int64_t bytes, size_t groups)
{
    return legs <= planner->central->max_payments && bytes <= planner->central->max_bytes && groups <= ENTRIES_MAX;
}

/* Bytes of the frame around the legs: header, and per group its own; bounded by the largest record. */
static int64_t frame_bytes(const struct planner *planner, size_t groups)
{
    struct nks_text header = {planner->batch->header, planner->batch->header_len};
    return nks_order_head_bound(header) + (int64_t)groups * 8192;
}

/* A slice that no file can hold whole is cut between legs. */
static enum nks_status slice_cut(struct planner *planner, int64_t slice_id)
{
    struct nks_run *run = planner->run;
    struct nks_slice *slice = run->slice;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    NKS_TRY(nks_slice_load(run->payments, planner->batch, slice_id, want, slice, &run->fault));
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        if (leg->central != planner->central->number || leg->state != NKS_LEG_PLANNED)
            continue;
        const struct nks_payment *payment = &slice->payments[leg->n - 1];
        int64_t bytes = nks_order_leg_bound(nks_payment_record(slice, payment));
        size_t groups = planner->plan.groups + (planner->plan.legs == 0 || payment->group != planner->last_group);
        if (planner->plan.legs > 0 && !fits(planner, planner->plan.legs + 1,
                                            planner->plan.bytes + bytes + frame_bytes(planner, groups), groups)) {
            NKS_TRY(plan_close(planner));
            groups = 1;
        }
        struct plan *plan = &planner->plan;
        if (plan->legs == 0)
            plan->part = (struct nks_leg_range){.from_n = leg->n, .from_leg = leg->leg_no};
        plan->part.to_n = leg->n;
        plan->part.to_leg = leg->leg_no;
        plan->is_part = true;
        plan->first = plan->last = slice_id;
        plan->legs++;
        plan->bytes += bytes;
        plan->groups = groups;
        planner->last_group = payment->group;
        struct nks_money money = {.minor = leg->amount_minor};
        nks_payment_currency(payment, money.currency);
        if (!nks_sum_add(&plan->sum, money))
            return nks_fault_set(&run->fault, NKS_FAILED, "FILE-SUM", "the sum of an order file does not fit");
    }
    return plan_close(planner);
}

static enum nks_status slice_plan(struct planner *planner, int64_t slice_id)
{
    planner->slice = (struct plan){.first = 0};
    NKS_TRY(nks_order_totals(planner->run->payments, slice_id, planner->central->number, slice_total, planner,
                             &planner->run->fault));
    const struct plan *slice = &planner->slice;
    if (slice->legs == 0)
        return NKS_OK;
    struct plan *plan = &planner->plan;
    size_t groups = plan->groups + slice->groups;
    if (plan->legs > 0 &&
        !fits(planner, plan->legs + slice->legs, plan->bytes + slice->bytes + frame_bytes(planner, groups), groups))
        NKS_TRY(plan_close(planner));
    if (plan->legs == 0 &&
        !fits(planner, slice->legs, slice->bytes + frame_bytes(planner, slice->groups), slice->groups))
        return slice_cut(planner, slice_id);
    if (plan->legs == 0)
        plan->first = slice_id;
    plan->last = slice_id;
    plan->legs += slice->legs;
    plan->bytes += slice->bytes;
    plan->groups += slice->groups;
    plan->sum.scaled += slice->sum.scaled;
    return NKS_OK;
}

static enum nks_status next_routed(struct planner *planner, int64_t *id)
{
    return nks_slice_next(planner->run->payments, NKS_SLICE_ROUTED, *id, INT32_MAX, planner->batch->id, id,
                          &planner->run->fault);
}

static enum nks_status central_plan(struct planner *planner, int64_t number)
{
    planner->central = nks_central_by_number(&planner->run->centrals, number);
    if (planner->central == NULL)
        return nks_fault_set(&planner->run->fault, NKS_FAILED, "CENTRAL-MISSING",
                             "a routed slice names a central that is not imported; import it and run again");
    planner->plan = (struct plan){.first = 0};
    for (int64_t id = 0;;) {
        NKS_TRY(next_routed(planner, &id));
        if (id == 0)
            return plan_close(planner);
        NKS_TRY(slice_plan(planner, id));
    }
}

/* The smallest central after `after` that any routed slice of the batch sends to. */
static enum nks_status next_central(struct planner *planner, int64_t after, int64_t *central)
{
    *central = 0;
    for (int64_t id = 0;;) {
        int64_t found = 0;
        NKS_TRY(next_routed(planner, &id));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_order_total_next_central(planner->run->payments, id, after, &found, &planner->run->fault));
        if (found != 0 && (*central == 0 || found < *central))
            *central = found;
    }
}

enum nks_status nks_order_files_reserve(struct nks_run *run, struct nks_batch *batch, bool *any)
{
    struct planner planner = {.run = run, .batch = batch};
    int64_t files = 0;
    NKS_TRY(nks_out_file_count(run->exchange, batch->id, NKS_FILE_ORDER, NULL, 0, &files, &run->fault));
    planner.files = (int)files;
    for (int64_t central = 0;;) {
        NKS_TRY(next_central(&planner, central, &central));
        if (central == 0)
            break;
        NKS_TRY(central_plan(&planner, central));
    }
    *any = false;
    for (int64_t id = 0;;) {
        NKS_TRY(next_routed(&planner, &id));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_slice_emitted(run->payments, id, &run->fault));
        *any = true;
    }
}

/* ---- writing */

struct entry { /* legs of one group in one slice of the file */
    int64_t slice_id;
    uint32_t group;
    int64_t legs;
    struct nks_sum sum;
};

struct writer {
    struct nks_run *run;
    struct nks_batch *batch;
    const struct nks_out_file *file;
    struct nks_order_head head;
    int64_t first, last, central;
    struct entry *entries;
    size_t count, cap;
    size_t at;      /* the entry being written */
    int64_t left;   /* legs of it still to come */
    bool open;      /* a PmtInf is open */
    uint32_t group; /* its number */
    struct nks_slice *slice;
    struct nks_xmlout *out;
};

static enum nks_status entry_add(struct writer *writer, int64_t slice_id, uint32_t group, int64_t legs,
                                 struct nks_sum sum)
{
    if (writer->count == writer->cap) {
        size_t want = writer->cap == 0 ? 64 : writer->cap * 2;
        struct entry *grown = realloc(writer->entries, want * sizeof *grown);
        if (grown == NULL)
            return nks_fault_set(&writer->run->fault, NKS_RETRY, "MEMORY", "no memory to write an order file");
        writer->entries = grown;
        writer->cap = want;
    }
    writer->entries[writer->count++] = (struct entry){slice_id, group, legs, sum};
    return NKS_OK;
}

struct entry_context {
    struct writer *writer;
    int64_t slice_id;
};

static enum nks_status entry_of_total(void *context, const struct nks_order_total *total, struct nks_fault *fault)
{
    (void)fault;
    struct entry_context *entry = context;
    return entry_add(entry->writer, entry->slice_id, total->group, total->legs, total->sum);
}

static bool in_file(const struct writer *writer, const struct nks_leg *leg)
{
    return leg->file_id == writer->file->id;
}

/* Entries of a part of a slice: counted from its legs. */
static enum nks_status entries_of_part(struct writer *writer)
{
    const struct nks_slice *slice = writer->slice;
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        if (!in_file(writer, leg))
            continue;
        const struct nks_payment *payment = &slice->payments[leg->n - 1];
        if (writer->count == 0 || writer->entries[writer->count - 1].group != payment->group)
            NKS_TRY(entry_add(writer, slice->id, payment->group, 0, (struct nks_sum){0}));
        assert(writer->entries != NULL);
        struct entry *entry = &writer->entries[writer->count - 1];
        struct nks_money money = {.minor = leg->amount_minor};
        nks_payment_currency(payment, money.currency);
        entry->legs++;
        if (!nks_sum_add(&entry->sum, money))
            return nks_fault_set(&writer->run->fault, NKS_FAILED, "FILE-SUM", "the sum of a group does not fit");
    }
    return NKS_OK;
}

static enum nks_status slice_open(struct writer *writer, int64_t slice_id)
{
    struct nks_run *run = writer->run;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    if (writer->slice->id == slice_id && writer->slice->leg_count > 0)
        return NKS_OK;
    NKS_TRY(nks_slice_load(run->payments, writer->batch, slice_id, want, writer->slice, &run->fault));
    return nks_slice_verify(run->payments, writer->slice, &run->fault);
}

/* The totals of whole slices are enough; only a file of one slice may be a part of it. Between the first slice and the
 * last there may be others with another execution date: they went into an earlier file, or wait for a later one. */
static enum nks_status entries_make(struct writer *writer)
{
    struct nks_run *run = writer->run;
    if (writer->first == writer->last) {
        NKS_TRY(slice_open(writer, writer->first));
        return entries_of_part(writer);
    }
    for (int64_t id = writer->first; id <= writer->last; id++) {
        struct entry_context context = {writer, id};
        bool ours = false;
        NKS_TRY(nks_legs_any_in_file(run->payments, id, writer->file->id, &ours, &run->fault));
        if (ours)
            NKS_TRY(nks_order_totals(run->payments, id, writer->central, entry_of_total, &context, &run->fault));
    }
    return NKS_OK;
}

/* Opens the PmtInf of the entry, with the count and sum of all that follows of the same group without a break. */
static enum nks_status group_open(struct writer *writer)
{
    struct nks_run *run = writer->run;
    const struct entry *entry = &writer->entries[writer->at];
    const struct nks_group *group = NULL;
    NKS_TRY(nks_group_load(run->payments, writer->batch, entry->group, &group, &run->fault));
    struct nks_order_group written = {.group = {group->record, group->record_len},
                                      .execution_date = writer->slice->execution_date};
    for (size_t i = writer->at; i < writer->count && writer->entries[i].group == entry->group; i++) {
        written.legs += writer->entries[i].legs;
        written.sum.scaled += writer->entries[i].sum.scaled;
    }
    nks_order_group_begin(writer->out, &writer->head, &written);
    writer->open = true;
    writer->group = entry->group;
    return NKS_OK;
}

static enum nks_status entry_begin(struct writer *writer)
{
    if (writer->at == writer->count)
        return nks_fault_set(&writer->run->fault, NKS_INTEGRITY, "FILE-LEGS",
                             "an order file has more legs than its plan");
    const struct entry *entry = &writer->entries[writer->at];
    writer->left = entry->legs;
    if (writer->open && writer->group == entry->group)
        return NKS_OK;
    if (writer->open)
        nks_order_group_end(writer->out);
    return group_open(writer);
}

static const enum nks_order_creditor creditors[] = {
    [NKS_LEG_PAYEE] = NKS_ORDER_ACCOUNT_SET,
    [NKS_LEG_DEBT] = NKS_ORDER_OTHER_PARTY,
    [NKS_LEG_VENTEKONTO] = NKS_ORDER_OTHER_PARTY,
    [NKS_LEG_ERROR_ACCOUNT] = NKS_ORDER_OTHER_PARTY,
};

static enum nks_status leg_write(struct writer *writer, const struct nks_leg *leg)
{
    const struct nks_payment *payment = &writer->slice->payments[leg->n - 1];
    char leg_id[NKS_LEG_ID_MAX], uetr[NKS_UETR_TEXT], remittance[141];
    if (writer->left == 0)
        NKS_TRY(entry_begin(writer));
    writer->left--;
    if (writer->left == 0)
        writer->at++;
    nks_leg_id(writer->batch->ref, writer->slice->number, leg, leg_id);
    nks_leg_uetr(leg_id, uetr);
    struct nks_order_leg written = {
        .payment = nks_payment_record(writer->slice, payment),
        .instr_id = leg_id,
        .uetr = uetr,
        .amount = {.minor = leg->amount_minor},
        .creditor = creditors[leg->kind],
        .account = leg->to->account,
    };
    nks_payment_currency(payment, written.amount.currency);
    if (leg->kind == NKS_LEG_PAYEE && payment->found == NKS_DESTINATION_COMPLETE) {
        written.creditor = NKS_ORDER_AS_WRITTEN;
    } else if (written.creditor == NKS_ORDER_OTHER_PARTY) {
        int len = snprintf(remittance, sizeof remittance, "NKS %s %s", leg_id, leg->to->reference);
        written.party_name = nks_text_from(leg->to->party_name);
        written.party_cvr = nks_text_from(leg->to->party_cvr);
        written.remittance = nks_text_trim((struct nks_text){remittance, (size_t)len});
    }
    nks_order_leg_write(writer->out, &writer->head, &written);
    return writer->out->status;
}

static enum nks_status legs_write(struct writer *writer)
{
    for (size_t i = 0; i < writer->slice->leg_count; i++) {
        if (in_file(writer, &writer->slice->legs[i]))
            NKS_TRY(leg_write(writer, &writer->slice->legs[i]));
    }
    nks_run_progress(writer->run, "emit", writer->slice->id - writer->first + 1, writer->last - writer->first + 1);
    return NKS_OK;
}

/* The next slice that has legs in this file: between its first and last, others may wait or be sent already. */
static int64_t next_slice(const struct writer *writer, int64_t after)
{
    for (size_t i = 0; i < writer->count; i++) {
        if (writer->entries[i].slice_id > after)
            return writer->entries[i].slice_id;
    }
    return 0;
}

static enum nks_status ahead_next_id(struct nks_run *own, void *context, int64_t after, int64_t *id)
{
    (void)own;
    *id = next_slice(context, after); /* the entries do not change while slices are written */
    return NKS_OK;
}

static enum nks_status ahead_prepare(struct nks_step_context *step, void *context, int64_t id)
{
    (void)context;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    struct nks_run *own = step->run;
    NKS_TRY(nks_db_begin_read(own->db, &own->fault));
    enum nks_status status = nks_slice_load(own->payments, step->batch, id, want, step->slice, &own->fault);
    if (status == NKS_OK)
        status = nks_slice_verify(own->payments, step->slice, &own->fault);
    nks_db_rollback(own->db);
    return status;
}

/* The slices are loaded and verified on the second core while this one writes. */
static enum nks_status slices_write_ahead(struct writer *writer)
{
    struct nks_ahead *ahead = NULL;
    struct nks_slice *kept = writer->slice;
    const struct nks_ahead_work work = {ahead_next_id, ahead_prepare, writer};
    NKS_TRY(nks_ahead_start(writer->run, &work, &ahead));
    enum nks_status status = NKS_OK;
    while (status == NKS_OK) {
        status = nks_ahead_next(ahead, &writer->slice);
        if (status != NKS_OK || writer->slice == NULL)
            break;
        status = legs_write(writer);
        nks_ahead_give_back(ahead, writer->slice);
    }
    nks_ahead_stop(ahead);
    writer->slice = kept;
    return status;
}

static enum nks_status slices_write(struct writer *writer)
{
    if (writer->last - writer->first >= AHEAD_SLICES)
        return slices_write_ahead(writer);
    for (int64_t id = 0; (id = next_slice(writer, id)) != 0;) {
        NKS_TRY(slice_open(writer, id));
        NKS_TRY(legs_write(writer));
    }
    return NKS_OK;
}

static enum nks_status body_write(struct writer *writer)
{
    NKS_TRY(entries_make(writer));
    for (size_t i = 0; i < writer->count; i++) {
        writer->head.legs += writer->entries[i].legs;
        writer->head.sum.scaled += writer->entries[i].sum.scaled;
    }
    nks_order_begin(writer->out, &writer->head);
    NKS_TRY(slices_write(writer));
    if (writer->open)
        nks_order_group_end(writer->out);
    nks_order_end(writer->out);
    if (writer->at != writer->count || writer->left != 0)
        return nks_fault_set(&writer->run->fault, NKS_INTEGRITY, "FILE-LEGS",
                             "an order file has fewer legs than its plan");
    return nks_xmlout_end(writer->out);
}

enum nks_status nks_order_file_write(struct nks_run *run, const struct nks_out_file *file, struct nks_batch *batch,
                                     struct nks_out_sink *sink)
{
    struct nks_order_detail detail;
    const struct nks_central *central = nks_central_by_name(&run->centrals, nks_text_from(file->party));
    if (!nks_order_detail_parse(nks_text_from(file->detail), &detail) || central == NULL)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "the row of out file %lld is damaged",
                             (long long)file->id);
    struct nks_xmlout *out = malloc(sizeof *out);
    if (out == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to write an order file");
    struct writer writer = {
        .run = run,
        .batch = batch,
        .file = file,
        .head = {.version = detail.version,
                 .from_version = batch->version,
                 .msg_id = file->message_id,
                 .created = file->created,
                 .header = {batch->header, batch->header_len}},
        .first = detail.first,
        .last = detail.last,
        .central = central->number,
        .slice = run->slice,
        .out = out,
    };
    nks_slice_reset(run->slice);
    nks_xmlout_begin(out, NKS_UTF8, nks_out_sink_write, sink, &run->fault);
    enum nks_status status = body_write(&writer);
    sink->entries = writer.head.legs;
    sink->sum = writer.head.sum;
    free(writer.entries);
    free(out);
    return status;
}
