/*
 * When a report is due, and its reservation. A report says all that is known when it is written, so one is due when
 * there is something to say that the last one did not say: nothing is told twice, and nothing moves a report that it
 * would not show. In particular a debt's leg that a bank answers for moves none: the payer would learn from the
 * report's mere coming that there is a debt.
 */
#include "stage/report.h"
#include "stage/step.h"

#include <stdio.h>
#include <string.h>

/* ---- the decision */

static bool due_all(const struct nks_report_news *news)
{
    return news->first || news->decided;
}

static bool due_exceptions(const struct nks_report_news *news)
{
    return news->exceptions || (news->first && news->rejected);
}

static bool due_end(const struct nks_report_news *news)
{
    return news->final && due_all(news);
}

bool nks_report_due(enum nks_report_level level, const struct nks_report_news *news)
{
    static bool (*const levels[])(const struct nks_report_news *) = {
        [NKS_REPORT_ALL] = due_all, [NKS_REPORT_EXCEPTIONS] = due_exceptions, [NKS_REPORT_END] = due_end};
    return (size_t)level < sizeof levels / sizeof levels[0] ? levels[level](news) : due_all(news);
}

/* ---- the payer's report */

static enum nks_status agreement_of(struct nks_run *run, const struct nks_batch *batch,
                                    const struct nks_agreement **agreement)
{
    *agreement = nks_agreement_by_id(&run->agreements, batch->agreement_id);
    return *agreement != NULL ? NKS_OK
                              : nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW",
                                              "the agreement of batch %lld is missing", (long long)batch->id);
}

static enum nks_status reserve(struct nks_run *run, const struct nks_batch *batch, const char *detail)
{
    int64_t earlier = 0;
    NKS_TRY(nks_out_file_count(run->exchange, batch->id, NKS_FILE_STATUS, NULL, 0, &earlier, &run->fault));
    struct nks_out_file file = {
        .kind = NKS_FILE_STATUS,
        .folder = NKS_FOLDER_PAYER,
        .batch_id = batch->id,
        .number = (int)earlier + 1,
        .created = run->now,
        .business_date = run->today,
    };
    memcpy(file.party, batch->payer, sizeof file.party);
    snprintf(file.message_id, sizeof file.message_id, "NKS-%s-S%04d", batch->ref, file.number);
    snprintf(file.name, sizeof file.name, "nks-%s-s%04d.xml", batch->ref, file.number);
    snprintf(file.detail, sizeof file.detail, "%s", detail);
    run->counts.reports++;
    return nks_out_file_reserve(run->exchange, &file, &run->fault);
}

/* The auditor wants to know that a batch without a report is one whose agreement wanted none. */
static enum nks_status stay_quiet(struct nks_run *run, const struct nks_batch *batch)
{
    struct nks_told told;
    NKS_TRY(nks_told_load(run->payments, batch->id, &told, &run->fault));
    told.quiet++;
    return nks_told_save(run->payments, batch->id, &told, &run->fault);
}

static enum nks_status first_of(struct nks_run *run, const struct nks_batch *batch, bool *first)
{
    int64_t earlier = 0;
    NKS_TRY(nks_out_file_count(run->exchange, batch->id, NKS_FILE_STATUS, NULL, 0, &earlier, &run->fault));
    *first = earlier == 0;
    return NKS_OK;
}

static enum nks_status slices_done(struct nks_run *run, const struct nks_batch *batch, bool *done)
{
    struct nks_slice_row row = {.id = 0};
    for (*done = true; *done;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        *done = row.state == NKS_SLICE_EMITTED || row.state == NKS_SLICE_STOPPED;
    }
    return NKS_OK;
}

static enum nks_status final_of(struct nks_run *run, const struct nks_batch *batch, struct nks_finals *finals,
                                bool *final)
{
    NKS_TRY(nks_finals_count(run->payments, batch->id, finals, &run->fault));
    NKS_TRY(slices_done(run, batch, final));
    *final = *final && finals->open == 0;
    return NKS_OK;
}

enum nks_status nks_report_moved(struct nks_run *run, const struct nks_batch *batch, bool *moved)
{
    uint32_t group = 0;
    NKS_TRY(nks_group_next_moved(run->payments, batch->id, 0, &group, &run->fault));
    *moved = group != 0;
    return NKS_OK;
}

/* What came back of a payment is what debts left of it: the amount would tell that there was a debt. The report of the
 * original batch says where the money went. */
static bool tells_of_debts(const struct nks_batch *batch, const struct nks_agreement *agreement)
{
    return batch->origin == NKS_ORIGIN_RETURNED && agreement->offset_mode != NKS_OFFSET_NONE && !agreement->report_debt;
}

/* ---- after checking */

/* A payer whose file is due at once gets no report of the checks: that after routing says the same and more, in the
 * same run. So a report of the checks goes to those who wait for their day, and can still correct what was rejected. */
static enum nks_status due_today(struct nks_run *run, const struct nks_batch *batch, bool *due)
{
    struct nks_slice_row row = {.id = 0};
    for (*due = false; !*due;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        /* Payments that were rejected for their date lie in a slice of today; nothing of it will be routed. */
        if (row.due_date <= run->today)
            NKS_TRY(nks_told_news(run->payments, row.id, false, due, &run->fault));
    }
    return NKS_OK;
}

static enum nks_status checked_report_reserve(struct nks_run *run, const struct nks_batch *batch)
{
    const struct nks_agreement *agreement = NULL;
    struct nks_report_news news = {
        .rejected = batch->rejected > 0, .decided = true, .final = batch->rejected == batch->payments};
    bool due = false;
    NKS_TRY(agreement_of(run, batch, &agreement));
    NKS_TRY(first_of(run, batch, &news.first));
    NKS_TRY(due_today(run, batch, &due));
    if (due || !news.first)
        return NKS_OK;
    NKS_TRY(nks_report_moved(run, batch, &news.exceptions));
    return nks_report_due(agreement->report_level, &news) ? reserve(run, batch, "checked") : stay_quiet(run, batch);
}

/* ---- after routing */

enum nks_status nks_report_news_routed(struct nks_run *run, const struct nks_batch *batch, struct nks_report_news *news)
{
    *news = (struct nks_report_news){.rejected = batch->rejected > 0};
    NKS_TRY(first_of(run, batch, &news->first));
    if (news->first)
        NKS_TRY(nks_report_moved(run, batch, &news->exceptions));
    for (int64_t id = 0; !news->exceptions || !news->decided;) {
        bool any = false;
        NKS_TRY(nks_slice_next(run->payments, NKS_SLICE_ROUTED, id, INT32_MAX, batch->id, &id, &run->fault));
        if (id == 0)
            break;
        if (!news->decided)
            NKS_TRY(nks_told_news(run->payments, id, false, &news->decided, &run->fault));
        if (!news->exceptions)
            NKS_TRY(nks_told_news(run->payments, id, true, &any, &run->fault));
        news->exceptions = news->exceptions || any;
    }
    return NKS_OK;
}

/* Once a bank has answered, totals from routing alone would tell old news. */
enum nks_status nks_routed_report_reserve(struct nks_run *run, struct nks_batch *batch, struct nks_report_news *news)
{
    const struct nks_agreement *agreement = NULL;
    int64_t answered = 0;
    NKS_TRY(agreement_of(run, batch, &agreement));
    if (agreement->report_level == NKS_REPORT_END) {
        struct nks_finals finals;
        NKS_TRY(final_of(run, batch, &finals, &news->final));
    }
    if (tells_of_debts(batch, agreement) || !nks_report_due(agreement->report_level, news))
        return stay_quiet(run, batch);
    NKS_TRY(nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_STATUS, "answer", 0, &answered, &run->fault));
    return reserve(run, batch, answered > 0 ? "routed late" : "routed");
}

/* ---- after an answer of a bank */

/* The payments that the report with this answer will name: those whose legs became final since the one before it. A
 * report that is only reserved is the last one. */
static enum nks_status news_mark(struct nks_run *run, const struct nks_batch *batch, bool reserved)
{
    int64_t earlier = 0;
    NKS_TRY(nks_out_file_count(run->exchange, batch->id, NKS_FILE_STATUS, NULL, 0, &earlier, &run->fault));
    return nks_told_mark(run->payments, batch->id, (int)earlier + !reserved, &run->fault);
}

/* Several answers before a report is written need one report only. */
enum nks_status nks_status_report_reserve(struct nks_run *run, struct nks_batch *batch, const char *detail)
{
    const struct nks_agreement *agreement = NULL;
    struct nks_finals finals;
    struct nks_told told;
    struct nks_report_news news = {.rejected = batch->rejected > 0};
    int64_t pending = 0;
    NKS_TRY(agreement_of(run, batch, &agreement));
    if (tells_of_debts(batch, agreement))
        return NKS_OK;
    NKS_TRY(first_of(run, batch, &news.first));
    NKS_TRY(final_of(run, batch, &finals, &news.final));
    NKS_TRY(nks_told_load(run->payments, batch->id, &told, &run->fault));
    news.exceptions = finals.returned != told.returned;
    news.decided = news.exceptions || finals.settled != told.settled;
    NKS_TRY(nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_STATUS, detail, NKS_FILE_RESERVED, &pending,
                                      &run->fault));
    if (pending == 0 && (!news.decided || !nks_report_due(agreement->report_level, &news)))
        return NKS_OK;
    told.settled = finals.settled;
    told.returned = finals.returned;
    NKS_TRY(nks_told_save(run->payments, batch->id, &told, &run->fault));
    if (agreement->report_level == NKS_REPORT_ALL)
        NKS_TRY(news_mark(run, batch, pending > 0));
    return pending == 0 ? reserve(run, batch, detail) : NKS_OK;
}

/* ---- after a stop */

/* Slices that the next run puts into files: a report after routing follows. */
static enum nks_status routing_to_come(struct nks_run *run, const struct nks_batch *batch, bool *comes)
{
    struct nks_slice_row row = {.id = 0};
    for (*comes = false; !*comes;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        *comes = row.state == NKS_SLICE_WAITING ? row.due_date <= run->today
                                                : row.state > NKS_SLICE_WAITING && row.state < NKS_SLICE_EMITTED;
    }
    return NKS_OK;
}

/* Where a report of every payment follows, one of the stop alone would say the same. What is stopped in a routed slice
 * counts as told by that report, and carries its number. */
enum nks_status nks_stop_report_reserve(struct nks_run *run, const struct nks_batch *batch,
                                        const struct nks_finals *before, bool waiting)
{
    const struct nks_agreement *agreement = NULL;
    struct nks_finals finals;
    struct nks_told told;
    struct nks_report_news news = {.rejected = batch->rejected > 0, .decided = true, .exceptions = true};
    int64_t pending = 0;
    bool comes = false;
    NKS_TRY(agreement_of(run, batch, &agreement));
    NKS_TRY(first_of(run, batch, &news.first));
    NKS_TRY(final_of(run, batch, &finals, &news.final));
    NKS_TRY(nks_told_load(run->payments, batch->id, &told, &run->fault));
    told.returned += finals.returned - before->returned;
    NKS_TRY(nks_told_save(run->payments, batch->id, &told, &run->fault));
    NKS_TRY(nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_STATUS, "stopped", NKS_FILE_RESERVED, &pending,
                                      &run->fault));
    if (agreement->report_level == NKS_REPORT_ALL)
        NKS_TRY(routing_to_come(run, batch, &comes));
    if (waiting && pending == 0 && !comes) {
        bool due = nks_report_due(agreement->report_level, &news);
        NKS_TRY(due ? reserve(run, batch, "stopped") : stay_quiet(run, batch));
        pending = due;
    }
    return news_mark(run, batch, pending > 0);
}

/* ---- at receipt */

static enum nks_status batch_checked(struct nks_run *run, int64_t delivery_id)
{
    struct nks_batch batch = {.id = 0};
    bool found = false;
    int64_t batch_id = 0;
    NKS_TRY(nks_batch_find_delivery(run->payments, delivery_id, &batch_id, &run->fault));
    enum nks_status status =
        batch_id == 0 ? NKS_OK : nks_batch_load(run->payments, batch_id, &batch, &found, &run->fault);
    if (status == NKS_OK && found && batch.state == NKS_BATCH_ACCEPTED)
        status = checked_report_reserve(run, &batch);
    nks_batch_close(&batch);
    return status;
}

/* The first answer may have been erased since; then there is none to repeat. */
static enum nks_status still_there(struct nks_run *run, int64_t *file_id)
{
    struct nks_out_file first;
    bool found = false;
    if (*file_id == 0)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(run->exchange, *file_id, &first, &found, &run->fault));
    *file_id = found && first.erased == 0 ? *file_id : 0;
    return NKS_OK;
}

/* Bytes that were refused for their signature may come again, and are answered anew: under the number of the delivery.
 */
static enum nks_status receipt_name(struct nks_run *run, const struct nks_delivery *delivery, struct nks_out_file *file)
{
    char ref[NKS_BATCH_REF + 1];
    int64_t taken = 0;
    nks_delivery_ref(delivery, ref);
    snprintf(file->message_id, sizeof file->message_id, "NKS-%s-R0001", ref);
    snprintf(file->name, sizeof file->name, "nks-%s-r0001.xml", ref);
    if (delivery->state == NKS_DELIVERY_REPEATED) { /* the first answer again, byte for byte */
        snprintf(file->name, sizeof file->name, "nks-%s-r0001-again-%lld.xml", ref, (long long)delivery->id);
        return NKS_OK;
    }
    NKS_TRY(nks_out_file_named(run->exchange, file->folder, file->party, file->name, &taken, &run->fault));
    if (taken != 0) {
        file->number = (int)delivery->id;
        snprintf(file->message_id, sizeof file->message_id, "NKS-%s-R%04lld", ref, (long long)delivery->id);
        snprintf(file->name, sizeof file->name, "nks-%s-r%04lld.xml", ref, (long long)delivery->id);
    }
    return NKS_OK;
}

static enum nks_status receipt_reserve(struct nks_run *run, int64_t delivery_id)
{
    struct nks_delivery delivery;
    bool found = false;
    NKS_TRY(nks_delivery_load(run->exchange, delivery_id, &delivery, &found, &run->fault));
    struct nks_out_file file = {
        .kind = NKS_FILE_RECEIPT,
        .folder = NKS_FOLDER_SENDER,
        .delivery_id = delivery_id,
        .number = 1,
        .created = run->now,
        .business_date = run->today,
    };
    memcpy(file.party, delivery.party, sizeof file.party);
    NKS_TRY(receipt_name(run, &delivery, &file));
    if (delivery.state == NKS_DELIVERY_REPEATED) {
        NKS_TRY(
            nks_out_file_of_delivery(run->exchange, delivery.repeats, NKS_FILE_RECEIPT, &file.repeats, &run->fault));
        NKS_TRY(still_there(run, &file.repeats));
    }
    if (delivery.state != NKS_DELIVERY_REPEATED || file.repeats != 0)
        NKS_TRY(nks_out_file_reserve(run->exchange, &file, &run->fault));
    run->counts.reports++;
    NKS_TRY(batch_checked(run, delivery_id));
    return nks_delivery_answered(run->exchange, delivery_id, &run->fault);
}

enum nks_status nks_receipts_reserve(struct nks_run *run)
{
    for (int64_t id = 0;;) {
        NKS_TRY(nks_delivery_next_unanswered(run->exchange, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(receipt_reserve(run, id));
    }
}
