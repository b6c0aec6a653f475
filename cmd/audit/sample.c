#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>

struct sampling {
    struct audit *audit;
    const struct sample_options *options;
    FILE *population, *list, *files;
    struct sample_draw draw;
    int64_t slice_payments, slice_units; /* of the slice that is counted */
    int64_t slice_drawn;                 /* the last slice with a payment drawn */
};

/* ---- counting */

static bool counts(const struct audit_payment *payment)
{
    return payment != NULL && payment->state == NKS_PAYMENT_ACCEPTED && payment->amount_minor > 0;
}

static enum nks_status payment_count(struct audit *audit, void *context, const struct audit_slice *slice,
                                     const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct sampling *sampling = context;
    (void)slice;
    (void)legs;
    (void)count;
    if (!counts(payment))
        return NKS_OK;
    sampling->slice_payments++;
    return nks_minor_add(sampling->slice_units, payment->amount_minor, &sampling->slice_units)
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_INTEGRITY, "SAMPLE-RANGE", "amounts are beyond all bounds");
}

static enum nks_status slice_count(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct sampling *sampling = context;
    struct sample_draw *draw = &sampling->draw;
    sampling->slice_payments = sampling->slice_units = 0;
    NKS_TRY(audit_each_payment(audit, slice, payment_count, context));
    draw->payments += sampling->slice_payments;
    fprintf(sampling->population, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", slice->id, sampling->slice_payments,
            sampling->slice_units);
    return nks_minor_add(draw->units, sampling->slice_units, &draw->units)
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_INTEGRITY, "SAMPLE-RANGE", "amounts are beyond all bounds");
}

static enum nks_status batch_count(struct audit *audit, void *context, const struct audit_batch *batch)
{
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_count, context) : NKS_OK;
}

/* ---- the payments drawn */

static enum nks_status leg_write(struct sampling *sampling, const struct audit_leg *leg)
{
    struct audit *audit = sampling->audit;
    struct nks_out_file file = {.state = NKS_FILE_RESERVED};
    char hex[NKS_HASH_HEX];
    bool found = false;
    if (leg->file_id != 0)
        NKS_TRY(nks_out_file_load(audit->exchange, leg->file_id, &file, &found, &audit->fault));
    fprintf(sampling->files, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s", sampling->draw.drawn, leg->n,
            leg->leg_no, leg->amount_minor, nks_state_name(NKS_STATE_LEG, (int)leg->state));
    nks_hex(file.hash, sizeof file.hash, hex);
    if (found && file.state == NKS_FILE_PUBLISHED)
        fprintf(sampling->files, "\t%s\t%s\t%s\t%" PRId64 "\t%s\n", file.party, file.name, file.message_id, file.bytes,
                hex);
    else
        fputs("\t-\t-\t-\t-\t-\n", sampling->files);
    return NKS_OK;
}

static enum nks_status payment_draw(struct audit *audit, void *context, const struct audit_slice *slice,
                                    const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct sampling *sampling = context;
    struct sample_draw *draw = &sampling->draw;
    char line[SAMPLE_LINE_MAX];
    (void)audit;
    if (!counts(payment))
        return NKS_OK;
    struct sample_pick pick = {.unit = draw->next,
                               .slice_id = slice->id,
                               .n = payment->n,
                               .seq = payment->seq,
                               .amount_minor = payment->amount_minor,
                               .currency = payment->currency};
    pick.hits = sample_draw_take(draw, payment->amount_minor);
    if (pick.hits == 0)
        return NKS_OK;
    draw->drawn++;
    sample_line(draw, &pick, line);
    fprintf(sampling->list, "%s\n", line);
    for (size_t i = 0; i < count && audit_routed(slice); i++) {
        if (legs[i].generation == slice->generation)
            NKS_TRY(leg_write(sampling, &legs[i]));
    }
    sampling->slice_drawn = slice->id;
    return NKS_OK;
}

static enum nks_status slice_draw(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct sampling *sampling = context;
    NKS_TRY(audit_each_payment(audit, slice, payment_draw, context));
    return sampling->slice_drawn == slice->id ? evidence_slice_write(audit, sampling->options->out, slice) : NKS_OK;
}

static enum nks_status batch_draw(struct audit *audit, void *context, const struct audit_batch *batch)
{
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_draw, context) : NKS_OK;
}

/* ---- all of it */

static enum nks_status draw(struct sampling *sampling)
{
    struct audit *audit = sampling->audit;
    char head[SAMPLE_LINE_MAX];
    fprintf(sampling->population, "%s\n", sample_population_head);
    NKS_TRY(audit_each_batch(audit, batch_count, sampling));
    if (!sample_draw_begin(&sampling->draw))
        return nks_fault_set(&audit->fault, NKS_INTEGRITY, "SAMPLE-RANGE", "amounts are beyond all bounds");
    sample_head(&sampling->draw, head);
    fprintf(sampling->list, "%s\n%s\n", head, sample_columns);
    fprintf(sampling->files, "%s\n", sample_files_head);
    return audit_each_batch(audit, batch_draw, sampling);
}

static enum nks_status lists_write(struct sampling *sampling)
{
    struct audit *audit = sampling->audit;
    const struct {
        const char *name;
        FILE **file;
    } lists[] = {
        {"population.tsv", &sampling->population}, {"sample.tsv", &sampling->list}, {"files.tsv", &sampling->files}};
    enum { COUNT = sizeof lists / sizeof lists[0] };
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < COUNT && status == NKS_OK; i++)
        status = evidence_new(audit, sampling->options->out, lists[i].name, lists[i].file);
    if (status == NKS_OK)
        status = draw(sampling);
    for (size_t i = 0; i < COUNT; i++) {
        enum nks_status ended = *lists[i].file != NULL ? evidence_end(audit, *lists[i].file) : NKS_OK;
        status = status != NKS_OK ? status : ended;
    }
    return status;
}

enum nks_status sample_write(struct audit *audit, const struct sample_options *options, int64_t *drawn)
{
    struct sampling sampling = {
        .audit = audit, .options = options, .draw = {.count = options->count, .seed = options->seed}};
    if (options->count < 1 || options->count > SAMPLE_COUNT_MAX)
        return nks_fault_set(&audit->fault, NKS_REFUSED, "SAMPLE-COUNT", "--mus draws 1 to %d units", SAMPLE_COUNT_MAX);
    NKS_TRY(evidence_place(audit, options->out));
    NKS_TRY(nks_sys_mkdir(options->out, 0700, &audit->fault));
    NKS_TRY(lists_write(&sampling));
    *drawn = sampling.draw.drawn;
    NKS_TRY(evidence_outside_write(audit, options->out));
    return evidence_list_write(audit, options->out);
}
