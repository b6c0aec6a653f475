/*
 * emit, the status reports. The receipt goes to the sender: refused with places and words, or received with what was
 * rejected at once. The status goes to the payer after routing and after answers of the banks: counts and sums per
 * status, and per payment as much as the agreement asks for.
 */
#include "stage/sink.h"
#include "stage/step.h"

#include "iso20022/order.h"
#include "iso20022/pain002.h"
#include "iso20022/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_WORDS = 480 };

struct report {
    struct nks_run *run;
    struct nks_batch *batch; /* NULL: nothing of the message could be read */
    const struct nks_agreement *agreement;
    struct nks_pain002_head head;
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t total_count;
    struct nks_pain002_count counts[NKS_STATUS_TOTALS_MAX];
    enum nks_report_level level;
    bool receipt; /* only what was rejected at once */
    struct nks_xmlout *out;
    bool group_open;
    uint32_t group;
    int64_t entries;
    int64_t last_file_id; /* the order file asked for last, and whether it is published */
    bool last_file_published;
};

/* ---- reserving */

static int receipt_version(int version)
{
    return version == NKS_PAIN001_03 ? NKS_PAIN002_03 : NKS_PAIN002_10;
}

/* The stem of a receipt's ids: from the received bytes and the sender, as a batch's; for a repeated file its own number
 * too. */
static void delivery_ref(const struct nks_delivery *delivery, char out[NKS_BATCH_REF + 1])
{
    uint8_t bytes[NKS_HASH_SIZE + NKS_PARTY_MAX], hash[NKS_HASH_SIZE];
    size_t len = strlen(delivery->party);
    memcpy(bytes, delivery->hash, NKS_HASH_SIZE);
    memcpy(bytes + NKS_HASH_SIZE, delivery->party, len);
    nks_hash_once(bytes, NKS_HASH_SIZE + len, hash);
    nks_base32(hash, NKS_BATCH_REF, out);
}

static enum nks_status receipt_reserve(struct nks_run *run, int64_t delivery_id)
{
    struct nks_delivery delivery;
    bool found = false;
    char ref[NKS_BATCH_REF + 1];
    NKS_TRY(nks_delivery_load(run->exchange, delivery_id, &delivery, &found, &run->fault));
    delivery_ref(&delivery, ref);
    struct nks_out_file file = {
        .kind = NKS_FILE_RECEIPT,
        .folder = NKS_FOLDER_SENDER,
        .delivery_id = delivery_id,
        .number = 1,
        .created = run->now,
        .business_date = run->today,
    };
    memcpy(file.party, delivery.party, sizeof file.party);
    snprintf(file.message_id, sizeof file.message_id, "NKS-%s-R0001", ref);
    snprintf(file.name, sizeof file.name, "nks-%s-r0001.xml", ref);
    if (delivery.state == NKS_DELIVERY_REPEATED) {
        /* The first answer again, byte for byte, under a name of its own. */
        NKS_TRY(
            nks_out_file_of_delivery(run->exchange, delivery.repeats, NKS_FILE_RECEIPT, &file.repeats, &run->fault));
        snprintf(file.name, sizeof file.name, "nks-%s-r0001-again-%lld.xml", ref, (long long)delivery_id);
    }
    if (delivery.state != NKS_DELIVERY_REPEATED || file.repeats != 0)
        NKS_TRY(nks_out_file_reserve(run->exchange, &file, &run->fault));
    run->counts.reports++;
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

/* A report is written from what is known when it is written: several answers before that need one report only. And once
 * a bank has answered, totals from routing alone would tell old news. */
enum nks_status nks_status_report_reserve(struct nks_run *run, struct nks_batch *batch, const char *detail)
{
    int64_t earlier = 0, answered = 0, pending = 0;
    NKS_TRY(nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_STATUS, "answer", 0, &answered, &run->fault));
    NKS_TRY(nks_out_file_count_detail(run->exchange, batch->id, NKS_FILE_STATUS, "answer", NKS_FILE_RESERVED, &pending,
                                      &run->fault));
    if (pending > 0)
        return NKS_OK;
    if (answered > 0)
        detail = "answer";
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

/* ---- heads */

static const char *group_status(const struct report *report, bool receipt)
{
    int64_t all = 0, rejected = 0, pending = 0, changed = 0, settled = 0, sent = 0;
    const struct {
        const char *status;
        int64_t *count;
    } of[] = {{"RJCT", &rejected}, {"PDNG", &pending}, {"ACWC", &changed}, {"ACSC", &settled}, {"ACSP", &sent}};
    for (size_t i = 0; i < report->total_count; i++) {
        all += report->totals[i].payments;
        for (size_t s = 0; s < sizeof of / sizeof of[0]; s++) {
            if (strcmp(report->totals[i].status, of[s].status) == 0)
                *of[s].count += report->totals[i].payments;
        }
    }
    if (rejected == all)
        return "RJCT";
    if (rejected > 0)
        return "PART";
    if (receipt)
        return "ACTC";
    if (pending == all)
        return "PDNG";
    if (pending > 0)
        return "PART";
    if (changed > 0)
        return "ACWC";
    return settled == all ? "ACSC" : sent > 0 ? "ACSP" : "ACCP";
}

static void counts_fill(struct report *report)
{
    for (size_t i = 0; i < report->total_count; i++)
        report->counts[i] =
            (struct nks_pain002_count){report->totals[i].status, report->totals[i].payments, report->totals[i].sum};
    report->head.counts = report->counts;
    report->head.count_count = report->total_count;
}

static void original_fill(struct report *report)
{
    const struct nks_batch *batch = report->batch;
    if (batch == NULL)
        return;
    struct nks_text header = {batch->header, batch->header_len};
    report->head.orgnl_msg_nm_id = nks_text_from(nks_pain001_name(batch->version));
    if (header.len == 0)
        return;
    report->head.orgnl_msg_id = nks_record_slot(header, NKS_SLOT_MSG_ID);
    report->head.orgnl_cre_dt_tm = nks_text_trim(nks_record_slot(header, NKS_SLOT_CRE_DT_TM));
    report->head.orgnl_nb_of_txs = nks_record_slot(header, NKS_SLOT_NB_OF_TXS);
    report->head.orgnl_ctrl_sum = nks_record_slot(header, NKS_SLOT_CTRL_SUM);
}

static void head_fill(struct report *report, const struct nks_out_file *file, int version)
{
    report->head.version = (enum nks_pain002_version)version;
    report->head.msg_id = file->message_id;
    report->head.created = file->created;
    report->head.initg_pty = nks_text_from(report->run->conf.report_name);
    original_fill(report);
}

/* ---- payments */

static bool told(const struct report *report, const struct nks_payment *payment, const char *status)
{
    bool rejected = strcmp(status, "RJCT") == 0;
    if (report->receipt)
        return rejected;
    bool exception = rejected || strcmp(status, "ACWC") == 0 || payment->reason != NKS_REASON_NONE;
    return report->level == NKS_REPORT_ALL || exception;
}

/* What was left out on the way to another version, in words: the rows of the table of losses. */
static void loss_words(const struct report *report, const struct nks_payment *payment, struct nks_text record,
                       struct nks_buf *words)
{
    const struct nks_group *group = NULL;
    nks_buf_str(words, nks_reason_english((enum nks_reason)payment->reason));
    if (payment->reason != NKS_REASON_LOSS_DROPPED ||
        nks_group_load(report->run->payments, report->batch, payment->group, &group, NULL) != NKS_OK)
        return;
    const struct nks_central *central = nks_central_for_regnr(&report->run->centrals, group->regnr);
    if (central == NULL)
        return;
    uint64_t losses = nks_order_losses(record, report->batch->version, central->order_version);
    size_t count = 0;
    const struct nks_loss *table = nks_loss_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (losses >> (table[i].id - 1) & 1) {
            nks_buf_str(words, "; ");
            nks_buf_str(words, table[i].path);
        }
    }
}

static enum nks_status group_switch(struct report *report, uint32_t number)
{
    if (report->group_open && report->group == number)
        return NKS_OK;
    const struct nks_group *group = NULL;
    NKS_TRY(nks_group_load(report->run->payments, report->batch, number, &group, &report->run->fault));
    if (report->group_open)
        nks_pain002_group_end(report->out);
    const struct nks_pain002_group written = {
        .orgnl_pmt_inf_id = nks_record_slot((struct nks_text){group->record, group->record_len}, NKS_SLOT_PMT_INF_ID)};
    nks_pain002_group_begin(report->out, &written);
    report->group_open = true;
    report->group = number;
    return NKS_OK;
}

static enum nks_status payment_write(struct report *report, const struct nks_slice *slice,
                                     const struct nks_payment *payment, const char *status, enum nks_reason reason)
{
    char memory[REASON_WORDS];
    struct nks_buf words;
    struct nks_text record = nks_payment_record(slice, payment);
    nks_buf_init(&words, memory, sizeof memory);
    NKS_TRY(group_switch(report, payment->group));
    if (reason == payment->reason)
        loss_words(report, payment, record, &words);
    else
        nks_buf_str(&words, nks_reason_english(reason));
    const struct nks_pain002_reason why = {nks_reason_code(reason), nks_buf_view(&words)};
    const struct nks_pain002_payment written = {
        .orgnl_instr_id = nks_record_slot(record, NKS_SLOT_INSTR_ID),
        .orgnl_end_to_end_id = nks_record_slot(record, NKS_SLOT_END_TO_END_ID),
        .orgnl_uetr = nks_record_slot(record, NKS_SLOT_UETR),
        .status = status,
        .reasons = &why,
        .reason_count = reason != NKS_REASON_NONE,
    };
    nks_pain002_payment_write(report->out, report->head.version, &written);
    report->entries++;
    return report->out->status;
}

/* Losses can only be told where a central reads another version than the payer writes. */
static bool losses_possible(const struct report *report)
{
    for (size_t i = 0; i < report->run->centrals.count; i++) {
        if (report->run->centrals.rows[i]->order_version != report->batch->version)
            return true;
    }
    return false;
}

/* Whether a report at that level has anything to say of a slice, from its totals alone. */
static enum nks_status slice_speaks(struct report *report, int64_t slice_id, bool *speaks)
{
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t count = 0;
    NKS_TRY(nks_status_totals_load(report->run->payments, slice_id, totals, &count, &report->run->fault));
    bool losses = losses_possible(report);
    *speaks = report->level == NKS_REPORT_ALL && !report->receipt;
    for (size_t i = 0; i < count; i++) {
        bool rejected = strcmp(totals[i].status, "RJCT") == 0;
        bool changed = strcmp(totals[i].status, "ACWC") == 0;
        bool lost = losses && strcmp(totals[i].status, "ACCP") == 0;
        *speaks = *speaks || rejected || (!report->receipt && (changed || lost));
    }
    return NKS_OK;
}

/* Why the bank sent it back: the reason of the leg that decides (status.c), which is not a debt's where there is
 * another. */
static enum nks_reason bank_reason(const struct nks_leg *legs, size_t count)
{
    const struct nks_leg *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        if (chosen == NULL || (chosen->kind == NKS_LEG_DEBT && legs[i].kind != NKS_LEG_DEBT))
            chosen = &legs[i];
    }
    return chosen != NULL ? (enum nks_reason)chosen->reason : NKS_REASON_NONE;
}

/* The status and reason of a payment once order files are out: from its legs and what the bank said. */
static enum nks_status answered_status(struct report *report, const struct nks_slice *slice,
                                       const struct nks_payment *payment, const char **status, enum nks_reason *reason)
{
    bool published[64] = {false};
    const struct nks_leg *legs = &slice->legs[payment->first_leg];
    *reason = (enum nks_reason)payment->reason;
    for (uint32_t i = 0; i < payment->legs && i < 64; i++) {
        struct nks_out_file file;
        bool found = false;
        if (legs[i].file_id == report->last_file_id) {
            published[i] = report->last_file_published;
        } else if (legs[i].file_id != 0) {
            NKS_TRY(nks_out_file_load(report->run->exchange, legs[i].file_id, &file, &found, &report->run->fault));
            published[i] = found && file.state == NKS_FILE_PUBLISHED;
            report->last_file_id = legs[i].file_id;
            report->last_file_published = published[i];
        }
    }
    enum nks_outcome outcome = nks_payment_outcome(payment, slice->state, legs, published, payment->legs);
    bool changed = payment->reason == NKS_REASON_TO_ERROR_ACCOUNT || payment->reason == NKS_REASON_TO_VENTEKONTO;
    *status = nks_outcome_status(outcome, changed && outcome != NKS_OUTCOME_SETTLED);
    if (outcome == NKS_OUTCOME_RETURNED)
        *reason = bank_reason(legs, payment->legs);
    return NKS_OK;
}

struct count_or_write {
    bool write, answered;
};

/* At receipt a payment is received or rejected; what became of it later is for the status reports, so that a receipt is
 * the same whenever it is written. */
static const char *receipt_status(const struct nks_payment *payment)
{
    return payment->flags & NKS_FLAG_AT_RECEIPT ? "RJCT" : "ACTC";
}

static enum nks_status payment_visit(struct report *report, const struct nks_slice *slice,
                                     const struct nks_payment *payment, struct count_or_write what)
{
    const char *status = report->receipt ? receipt_status(payment) : nks_payment_status(payment, slice->state);
    enum nks_reason reason = (enum nks_reason)payment->reason;
    if (what.answered)
        NKS_TRY(answered_status(report, slice, payment, &status, &reason));
    if (what.write)
        return told(report, payment, status) ? payment_write(report, slice, payment, status, reason) : NKS_OK;
    struct nks_money money = {.minor = payment->amount_minor};
    struct nks_sum sum = {0};
    nks_payment_currency(payment, money.currency);
    bool counted =
        nks_sum_add(&sum, money) && nks_status_total_count(report->totals, &report->total_count, status, 1, sum);
    return counted
               ? NKS_OK
               : nks_fault_set(&report->run->fault, NKS_FAILED, "REPORT-SUM", "a sum of a status report does not fit");
}

static enum nks_status slice_visit(struct report *report, int64_t slice_id, struct count_or_write what)
{
    struct nks_run *run = report->run;
    const struct nks_slice_want want = {.details = what.write, .decisions = false, .legs = what.answered};
    NKS_TRY(nks_slice_load(run->payments, report->batch, slice_id, want, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->count; i++)
        NKS_TRY(payment_visit(report, run->slice, &run->slice->payments[i], what));
    return NKS_OK;
}

static enum nks_status slices_count(struct report *report, bool answered)
{
    struct nks_run *run = report->run;
    struct nks_slice_row row = {.id = 0};
    for (;;) {
        NKS_TRY(nks_slice_row_next(run->payments, report->batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        if (answered || (report->receipt && report->batch->rejected > 0))
            NKS_TRY(slice_visit(report, row.id, (struct count_or_write){.answered = answered}));
        else
            NKS_TRY(nks_status_totals_load(run->payments, row.id, report->totals, &report->total_count, &run->fault));
    }
}

static enum nks_status slices_write(struct report *report, bool answered)
{
    struct nks_run *run = report->run;
    struct nks_slice_row row = {.id = 0};
    for (;;) {
        bool speaks = true;
        NKS_TRY(nks_slice_row_next(run->payments, report->batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        if (report->receipt && report->batch->rejected == 0)
            return NKS_OK;
        if (!answered)
            NKS_TRY(slice_speaks(report, row.id, &speaks));
        if (speaks)
            NKS_TRY(slice_visit(report, row.id, (struct count_or_write){.write = true, .answered = answered}));
    }
}

static enum nks_status report_write(struct report *report, struct nks_out_sink *sink, bool answered)
{
    struct nks_run *run = report->run;
    struct nks_xmlout *out = malloc(sizeof *out);
    if (out == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to write a status report");
    report->out = out;
    nks_xmlout_begin(out, report->batch != NULL ? report->batch->encoding : NKS_UTF8, nks_out_sink_write, sink,
                     &run->fault);
    nks_pain002_begin(out, &report->head);
    enum nks_status status = NKS_OK;
    if (report->batch != NULL && report->batch->state == NKS_BATCH_ACCEPTED)
        status = slices_write(report, answered);
    if (report->group_open)
        nks_pain002_group_end(out);
    nks_pain002_end(out);
    if (status == NKS_OK)
        status = nks_xmlout_end(out);
    sink->entries = report->entries;
    sink->sum = report->batch != NULL ? report->batch->sum : (struct nks_sum){0};
    free(out);
    return status;
}

enum nks_status nks_status_report_write(struct nks_run *run, const struct nks_out_file *file, struct nks_batch *batch,
                                        struct nks_out_sink *sink)
{
    bool answered = strcmp(file->detail, "answer") == 0;
    struct report report = {.run = run, .batch = batch};
    report.agreement = nks_agreement_by_id(&run->agreements, batch->agreement_id);
    if (report.agreement == NULL)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "the agreement of batch %lld is missing",
                             (long long)batch->id);
    report.level = report.agreement->report_level;
    int version =
        report.agreement->report_version != 0 ? report.agreement->report_version : receipt_version((int)batch->version);
    head_fill(&report, file, version);
    NKS_TRY(slices_count(&report, answered));
    counts_fill(&report);
    report.head.group_status = group_status(&report, false);
    return report_write(&report, sink, answered);
}

/* ---- receipts */

static const char *const finding_kinds[] = {[NKS_FINDING_SCHEMA] = "",
                                            [NKS_FINDING_SYNTAX] = "not readable: ",
                                            [NKS_FINDING_VERSION] = "version: ",
                                            [NKS_FINDING_FORBIDDEN] = "not allowed: ",
                                            [NKS_FINDING_CEILING] = "beyond a limit: "};

static void finding_words(const struct nks_finding *finding, struct nks_buf *words)
{
    if (finding->line > 0)
        nks_buf_printf(words, "line %u: ", finding->line);
    if (finding->seq > 0)
        nks_buf_printf(words, "payment %llu: ", (unsigned long long)finding->seq);
    else if (finding->group > 0)
        nks_buf_printf(words, "PmtInf %u: ", finding->group);
    if (finding->kind >= NKS_FINDING_SCHEMA && finding->kind <= NKS_FINDING_CEILING)
        nks_buf_str(words, finding_kinds[finding->kind]);
    nks_buf_str(words, finding->text);
}

struct refusal {
    struct nks_pain002_reason reasons[NKS_PAIN002_REASONS_MAX];
    char words[NKS_PAIN002_REASONS_MAX][REASON_WORDS];
    size_t count;
};

static void refusal_add(struct refusal *refusal, enum nks_reason reason, struct nks_buf *words)
{
    refusal->reasons[refusal->count++] = (struct nks_pain002_reason){nks_reason_code(reason), nks_buf_view(words)};
}

/* "File NAME, SHA-256 …": the sender finds his file by it when no id could be read. Digits that could be a CPR number
 * are masked, because names of files reach logs. */
static void refusal_file(struct refusal *refusal, const struct nks_delivery *delivery)
{
    char hex[NKS_HASH_HEX], name[NKS_NAME_MAX];
    struct nks_buf words;
    nks_hex(delivery->hash, NKS_HASH_SIZE, hex);
    memcpy(name, delivery->name, sizeof name);
    nks_name_mask(name);
    nks_buf_init(&words, refusal->words[refusal->count], REASON_WORDS);
    nks_buf_printf(&words, "file %.80s, SHA-256 %s", name, hex);
    refusal_add(refusal, delivery->reason, &words);
}

static enum nks_status refusal_fill(struct nks_run *run, const struct nks_delivery *delivery, struct refusal *refusal)
{
    struct nks_finding *findings = calloc(NKS_FINDINGS_MAX, sizeof *findings);
    size_t count = 0;
    if (findings == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a receipt");
    enum nks_status status = nks_delivery_findings(run->exchange, delivery->id, findings, &count, &run->fault);
    refusal_file(refusal, delivery);
    for (size_t i = 0; status == NKS_OK && i < count && refusal->count < NKS_PAIN002_REASONS_MAX; i++) {
        struct nks_buf words;
        nks_buf_init(&words, refusal->words[refusal->count], REASON_WORDS);
        finding_words(&findings[i], &words);
        refusal_add(refusal, delivery->reason, &words);
    }
    free(findings);
    return status;
}

/* Nothing was rejected at receipt: all are received, whatever became of them since. */
static void totals_merge(struct report *report)
{
    struct nks_status_total received = {.status = "ACTC"};
    for (size_t i = 0; i < report->total_count; i++) {
        received.payments += report->totals[i].payments;
        received.sum.scaled += report->totals[i].sum.scaled;
    }
    report->totals[0] = received;
    report->total_count = received.payments > 0;
}

static enum nks_status receipt_of(struct report *report, const struct nks_delivery *delivery, struct refusal *refusal,
                                  struct nks_out_sink *sink)
{
    if (delivery->state == NKS_DELIVERY_REFUSED) {
        report->head.group_status = "RJCT";
        NKS_TRY(refusal_fill(report->run, delivery, refusal));
        report->head.reasons = refusal->reasons;
        report->head.reason_count = refusal->count;
    } else {
        NKS_TRY(slices_count(report, false));
        if (report->batch->rejected == 0)
            totals_merge(report);
        counts_fill(report);
        report->head.group_status = group_status(report, true);
    }
    return report_write(report, sink, false);
}

static enum nks_status receipt_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink,
                                     struct nks_batch *batch)
{
    struct nks_delivery delivery;
    bool found = false, has_batch = false;
    int64_t batch_id = 0;
    NKS_TRY(nks_delivery_load(run->exchange, file->delivery_id, &delivery, &found, &run->fault));
    NKS_TRY(nks_batch_find_delivery(run->payments, file->delivery_id, &batch_id, &run->fault));
    if (batch_id != 0)
        NKS_TRY(nks_batch_load(run->payments, batch_id, batch, &has_batch, &run->fault));
    struct report report = {.run = run, .batch = has_batch ? batch : NULL, .receipt = true};
    struct refusal *refusal = calloc(1, sizeof *refusal);
    if (refusal == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a receipt");
    head_fill(&report, file, receipt_version(has_batch ? (int)batch->version : 0));
    enum nks_status status = receipt_of(&report, &delivery, refusal, sink);
    free(refusal);
    return status;
}

enum nks_status nks_receipt_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    struct nks_batch batch = {.id = 0};
    enum nks_status status = receipt_write(run, file, sink, &batch);
    nks_batch_close(&batch);
    return status;
}
