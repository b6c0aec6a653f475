/*
 * Counting for reports. Where nothing but routing has happened the totals of slices are enough; else every payment is
 * looked at once. Of groups only those at the ends of slices are remembered: all others lie in one slice as a whole and
 * are counted when they are written, so memory does not grow with the number of groups.
 */
#include "stage/report.h"

#include <stdlib.h>
#include <string.h>

static enum nks_status no_memory(struct nks_report *report)
{
    return nks_fault_set(&report->run->fault, NKS_RETRY, "MEMORY", "no memory to count a status report");
}

/* What is added to totals at once: payments of one group and one status. */
struct counted {
    uint32_t group;
    const char *status;
    int64_t payments;
    struct nks_sum sum;
};

static enum nks_status no_sum(struct nks_report *report)
{
    return nks_fault_set(&report->run->fault, NKS_FAILED, "REPORT-SUM", "a sum of a status report does not fit");
}

static enum nks_status count_into(struct nks_report *report, struct nks_status_total *totals, size_t *count,
                                  const struct counted *counted)
{
    return nks_status_total_count(totals, count, counted->status, counted->payments, counted->sum) ? NKS_OK
                                                                                                   : no_sum(report);
}

/* An amount that was rejected for its form counts as it was written, which stands in the details. */
static enum nks_status one(struct nks_report *report, const struct nks_slice *slice, size_t at, struct counted *out)
{
    struct nks_report_status said;
    NKS_TRY(nks_report_status(report, slice, &slice->payments[at], &said));
    *out = (struct counted){.group = slice->payments[at].group, .status = said.status, .payments = 1};
    return nks_payment_sum(slice, &slice->payments[at], &out->sum) ? NKS_OK : no_sum(report);
}

/* ---- status of a group of payments */

const char *nks_report_group_status(const struct nks_status_total *totals, size_t count)
{
    int64_t all = 0, rejected = 0, pending = 0, changed = 0, settled = 0, sent = 0, received = 0;
    const struct {
        const char *status;
        int64_t *count;
    } of[] = {{"RJCT", &rejected}, {"PDNG", &pending}, {"ACWC", &changed},
              {"ACSC", &settled},  {"ACSP", &sent},    {"ACTC", &received}};
    for (size_t i = 0; i < count; i++) {
        all += totals[i].payments;
        for (size_t s = 0; s < sizeof of / sizeof of[0]; s++) {
            if (strcmp(totals[i].status, of[s].status) == 0)
                *of[s].count += totals[i].payments;
        }
    }
    if (rejected == all)
        return "RJCT";
    if (rejected > 0)
        return "PART";
    if (received == all)
        return "ACTC";
    if (pending == all)
        return "PDNG";
    if (pending > 0)
        return "PART";
    if (changed > 0)
        return "ACWC";
    return settled == all ? "ACSC" : sent > 0 ? "ACSP" : "ACCP";
}

static int by_status(const void *a, const void *b)
{
    const struct nks_pain002_count *left = a, *right = b;
    return strcmp(left->status, right->status);
}

void nks_report_counts(const struct nks_status_total *totals, size_t count, struct nks_pain002_count *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (struct nks_pain002_count){totals[i].status, totals[i].payments, totals[i].sum};
    qsort(out, count, sizeof *out, by_status);
}

/* ---- groups at the ends of slices */

static int by_group(const void *a, const void *b)
{
    const struct nks_report_part *left = a, *right = b;
    return (left->group > right->group) - (left->group < right->group);
}

/* The last one or two are those of the slice before and of this one; an older part of the same group is found when all
 * are merged. */
static enum nks_status part_of(struct nks_report *report, uint32_t group, struct nks_report_part **out)
{
    if (report->part_count > 0 && report->parts[report->part_count - 1].group == group) {
        *out = &report->parts[report->part_count - 1];
        return NKS_OK;
    }
    if (report->part_count == report->part_cap) {
        size_t cap = report->part_cap == 0 ? 16 : 2 * report->part_cap;
        struct nks_report_part *grown = realloc(report->parts, cap * sizeof *grown);
        if (grown == NULL)
            return no_memory(report);
        report->parts = grown;
        report->part_cap = cap;
    }
    *out = &report->parts[report->part_count++];
    **out = (struct nks_report_part){.group = group};
    return NKS_OK;
}

static enum nks_status parts_merge(struct nks_report *report)
{
    size_t kept = 0;
    bool fits = true;
    if (report->part_count == 0)
        return NKS_OK;
    qsort(report->parts, report->part_count, sizeof *report->parts, by_group);
    for (size_t i = 1; i < report->part_count; i++) {
        const struct nks_report_part *part = &report->parts[i];
        if (part->group != report->parts[kept].group) {
            report->parts[++kept] = *part;
            continue;
        }
        struct nks_report_part *into = &report->parts[kept];
        for (size_t s = 0; s < part->total_count; s++)
            fits = nks_status_total_count(into->totals, &into->total_count, part->totals[s].status,
                                          part->totals[s].payments, part->totals[s].sum) &&
                   fits;
    }
    report->part_count = kept + 1;
    return fits ? NKS_OK
                : nks_fault_set(&report->run->fault, NKS_FAILED, "REPORT-SUM", "a group has too many statuses");
}

static enum nks_status part_add(struct nks_report *report, const struct counted *counted)
{
    struct nks_report_part *part = NULL;
    NKS_TRY(part_of(report, counted->group, &part));
    return count_into(report, part->totals, &part->total_count, counted);
}

struct routed_slice {
    struct nks_report *report;
    enum nks_slice_state state;
};

static enum nks_status on_part(void *context, const struct nks_group_part *part, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    const struct routed_slice *routed = context;
    struct nks_money money = {.minor = part->amount_minor};
    struct counted counted = {part->group, nks_payment_status(&part->payment, routed->state), part->payments, {0}};
    nks_payment_currency(&part->payment, money.currency);
    return nks_sum_add(&counted.sum, money) ? part_add(routed->report, &counted) : no_sum(routed->report);
}

/* ---- slices */

static enum nks_status visit(struct nks_report *report, const struct nks_slice_row *row, bool parts)
{
    struct nks_run *run = report->run;
    const struct nks_slice *slice = run->slice;
    const struct nks_slice_want want = {.legs = report->answered, .details = report->batch->rejected > 0};
    NKS_TRY(nks_slice_load(run->payments, report->batch, row->id, want, run->slice, &run->fault));
    for (size_t i = 0; i < slice->count; i++) {
        struct counted counted;
        NKS_TRY(one(report, slice, i, &counted));
        NKS_TRY(count_into(report, report->totals, &report->total_count, &counted));
        bool end =
            counted.group == slice->payments[0].group || counted.group == slice->payments[slice->count - 1].group;
        if (parts && end)
            NKS_TRY(part_add(report, &counted));
    }
    return NKS_OK;
}

/* Nothing was rejected at receipt: all are received, whatever became of them since. */
static void totals_as_received(struct nks_report *report)
{
    struct nks_status_total received = {.status = "ACTC"};
    for (size_t i = 0; i < report->total_count; i++) {
        received.payments += report->totals[i].payments;
        received.sum.scaled += report->totals[i].sum.scaled;
    }
    report->totals[0] = received;
    report->total_count = received.payments > 0;
}

static enum nks_status slice_count(struct nks_report *report, const struct nks_slice_row *row, bool parts)
{
    struct nks_run *run = report->run;
    if (report->answered || report->at_receipt || (parts && report->batch->rejected > 0))
        return visit(report, row, parts);
    NKS_TRY(nks_status_totals_load(run->payments, row->id, report->totals, &report->total_count, &run->fault));
    struct routed_slice routed = {report, row->state};
    return parts ? nks_group_parts(run->payments, row->id, on_part, &routed, &run->fault) : NKS_OK;
}

static int by_rank(const void *a, const void *b)
{
    const struct nks_report_slice *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static enum nks_status slices_list(struct nks_report *report)
{
    struct nks_run *run = report->run;
    struct nks_slice_row row = {.id = 0};
    report->slices = calloc((size_t)report->batch->slices + 1, sizeof *report->slices);
    if (report->slices == NULL)
        return no_memory(report);
    while (report->slice_count < (size_t)report->batch->slices) {
        NKS_TRY(nks_slice_row_next(run->payments, report->batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        size_t at = report->slice_count++, rank = 0;
        while (rank < at && report->slices[rank].date != row.execution_date)
            rank++;
        report->slices[at] = (struct nks_report_slice){row.id, row.execution_date, rank};
    }
    return NKS_OK;
}

/* A receipt of a message in which all is well lists nothing and needs no look at payments. */
static bool receipt_of_good(const struct nks_report *report)
{
    return report->at_receipt && report->batch->rejected == 0;
}

static enum nks_status slices_count(struct nks_report *report)
{
    struct nks_run *run = report->run;
    bool lists = !(receipt_of_good(report) && report->level != NKS_REPORT_ALL);
    bool parts = lists && report->slice_count > 1;
    struct nks_slice_row row = {.id = 0};
    for (;;) {
        NKS_TRY(nks_slice_row_next(run->payments, report->batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            break;
        if (lists || !report->at_receipt)
            NKS_TRY(slice_count(report, &row, parts));
        else
            NKS_TRY(nks_status_totals_load(run->payments, row.id, report->totals, &report->total_count, &run->fault));
    }
    NKS_TRY(parts_merge(report));
    if (!lists)
        totals_as_received(report);
    return NKS_OK;
}

enum nks_status nks_report_count(struct nks_report *report)
{
    NKS_TRY(slices_list(report));
    NKS_TRY(slices_count(report));
    qsort(report->slices, report->slice_count, sizeof *report->slices, by_rank);
    nks_report_counts(report->totals, report->total_count, report->counts);
    report->head.counts = report->counts;
    report->head.count_count = report->total_count;
    report->head.group_status = nks_report_group_status(report->totals, report->total_count);
    return NKS_OK;
}

/* ---- one group while its payments are written */

enum nks_status nks_report_group_count(struct nks_report *report, const struct nks_slice *slice, size_t at,
                                       struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count)
{
    uint32_t group = slice->payments[at].group;
    const struct nks_report_part key = {.group = group};
    const struct nks_report_part *part =
        report->part_count == 0 ? NULL
                                : bsearch(&key, report->parts, report->part_count, sizeof *report->parts, by_group);
    *count = 0;
    if (part != NULL) {
        memcpy(totals, part->totals, sizeof part->totals);
        *count = part->total_count;
        return NKS_OK;
    }
    while (at > 0 && slice->payments[at - 1].group == group)
        at--;
    for (; at < slice->count && slice->payments[at].group == group; at++) {
        struct counted counted;
        NKS_TRY(one(report, slice, at, &counted));
        NKS_TRY(count_into(report, totals, count, &counted));
    }
    return NKS_OK;
}

void nks_report_free(struct nks_report *report)
{
    free(report->slices);
    free(report->parts);
    report->slices = NULL;
    report->parts = NULL;
}
