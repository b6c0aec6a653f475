/*
 * emit, the status reports: the writing of payments, and the payer's report. What is told of single payments is what
 * the agreement asks for; counts and sums are always those of all.
 */
#include "stage/report.h"
#include "stage/step.h"

#include "iso20022/order.h"
#include "iso20022/version.h"

#include <stdlib.h>
#include <string.h>

/* ---- heads */

static void original_fill(struct nks_report *report, enum nks_pain001_version version)
{
    const struct nks_batch *batch = report->batch;
    report->head.orgnl_msg_nm_id = nks_text_from(nks_pain001_name(version));
    if (batch == NULL || batch->header_len == 0)
        return;
    struct nks_text header = {batch->header, batch->header_len};
    report->head.orgnl_msg_id = nks_record_slot(header, NKS_SLOT_MSG_ID);
    report->head.orgnl_cre_dt_tm = nks_text_trim(nks_record_slot(header, NKS_SLOT_CRE_DT_TM));
    report->head.orgnl_nb_of_txs = nks_record_slot(header, NKS_SLOT_NB_OF_TXS);
    report->head.orgnl_ctrl_sum = nks_record_slot(header, NKS_SLOT_CTRL_SUM);
}

void nks_report_head(struct nks_report *report, const struct nks_out_file *file, int version,
                     enum nks_pain001_version original)
{
    enum nks_pain002_version same = original == NKS_PAIN001_03 ? NKS_PAIN002_03 : NKS_PAIN002_10;
    report->head.version = version != 0 ? (enum nks_pain002_version)version : same;
    report->head.msg_id = file->message_id;
    report->head.created = file->created;
    report->head.initg_pty = nks_text_from(report->run->conf.report_name);
    original_fill(report, original);
}

/* ---- the status of a payment */

/* At receipt a payment is received or rejected; what became of it later is for later reports, so that what is said of
 * the file as it was read is the same whenever it is written. */
static struct nks_report_status receipt_status(const struct nks_payment *payment)
{
    bool rejected = payment->flags & NKS_FLAG_AT_RECEIPT;
    return rejected ? (struct nks_report_status){"RJCT", (enum nks_reason)payment->reason}
                    : (struct nks_report_status){"ACTC", NKS_REASON_NONE};
}

/* The leg that decides (status.c): the first that is no debt's, else the first. NULL when there is none. */
static const struct nks_leg *deciding_leg(const struct nks_leg *legs, size_t count)
{
    const struct nks_leg *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        if (chosen == NULL || (chosen->kind == NKS_LEG_DEBT && legs[i].kind != NKS_LEG_DEBT))
            chosen = &legs[i];
    }
    return chosen;
}

static enum nks_status file_published(struct nks_report *report, int64_t file_id, bool *published)
{
    struct nks_out_file file;
    bool found = false;
    if (file_id != 0 && file_id != report->last_file_id) {
        NKS_TRY(nks_out_file_load(report->run->exchange, file_id, &file, &found, &report->run->fault));
        report->last_file_id = file_id;
        report->last_file_published = found && file.state == NKS_FILE_PUBLISHED;
    }
    *published = file_id != 0 && report->last_file_published;
    return NKS_OK;
}

/* Once order files are out: from its legs and what the bank said. Only the deciding leg is asked for, so one is passed
 * on. */
static enum nks_status answered_status(struct nks_report *report, const struct nks_slice *slice,
                                       const struct nks_payment *payment, struct nks_report_status *out)
{
    const struct nks_leg *leg = deciding_leg(&slice->legs[payment->first_leg], payment->legs);
    bool published = false;
    if (leg != NULL)
        NKS_TRY(file_published(report, leg->file_id, &published));
    enum nks_outcome outcome = nks_payment_outcome(payment, slice->state, leg, &published, leg != NULL);
    bool changed = payment->reason == NKS_REASON_TO_ERROR_ACCOUNT || payment->reason == NKS_REASON_TO_VENTEKONTO;
    out->status = nks_outcome_status(outcome, changed && outcome != NKS_OUTCOME_SETTLED);
    out->reason = (enum nks_reason)payment->reason;
    if (outcome != NKS_OUTCOME_RETURNED || leg == NULL)
        return NKS_OK;
    out->reason = (enum nks_reason)leg->reason;
    /* Its money goes on, to the ventekonto or the error account: a report of its own tells where it is. */
    if (nks_step_goes_on(report->agreement, payment, leg))
        out->status = nks_outcome_status(NKS_OUTCOME_VENTEKONTO, true);
    return NKS_OK;
}

/* Of a payment that carries on what came back, another reason is told than the one it was routed by. */
static enum nks_reason reason_told(const struct nks_report *report, enum nks_reason reason)
{
    bool carries = report->batch->origin == NKS_ORIGIN_RETURNED;
    if (carries && reason == NKS_REASON_TO_VENTEKONTO)
        return NKS_REASON_BACK_TO_VENTEKONTO;
    return carries && reason == NKS_REASON_TO_ERROR_ACCOUNT ? NKS_REASON_BACK_TO_ERROR_ACCOUNT : reason;
}

enum nks_status nks_report_status(struct nks_report *report, const struct nks_slice *slice,
                                  const struct nks_payment *payment, struct nks_report_status *out)
{
    if (report->answered)
        NKS_TRY(answered_status(report, slice, payment, out));
    else
        *out = report->at_receipt ? receipt_status(payment)
                                  : (struct nks_report_status){nks_payment_status(payment, slice->state),
                                                               (enum nks_reason)payment->reason};
    out->reason = reason_told(report, out->reason);
    return NKS_OK;
}

/* With an answer, level ALL is told of the payments that it made final, and of each of them once. */
static bool told(const struct nks_report *report, const struct nks_slice *slice, const struct nks_payment *payment,
                 const struct nks_report_status *said)
{
    if (report->news != 0) {
        const struct nks_leg *leg = deciding_leg(&slice->legs[payment->first_leg], payment->legs);
        return leg != NULL && leg->told == report->news;
    }
    if (report->stopped)
        return payment->state == NKS_PAYMENT_STOPPED;
    bool exception =
        strcmp(said->status, "RJCT") == 0 || strcmp(said->status, "ACWC") == 0 || said->reason != NKS_REASON_NONE;
    return report->level == NKS_REPORT_ALL || exception;
}

/* ---- reasons */

/* What was left out on the way to another version, in words: the rows of the table of losses. */
static void loss_words(const struct nks_report *report, const struct nks_payment *payment, struct nks_text record,
                       struct nks_buf *words)
{
    const struct nks_group *group = NULL;
    if (nks_group_load(report->run->payments, report->batch, payment->group, &group, NULL) != NKS_OK)
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

/* What went to debts, where the agreement lets it show. 0: nothing. */
static int64_t debt_minor(const struct nks_report *report, const struct nks_slice *slice,
                          const struct nks_payment *payment)
{
    int64_t sum = 0;
    for (uint32_t i = 0; report->debts && i < payment->legs; i++) {
        const struct nks_leg *leg = &slice->legs[payment->first_leg + i];
        bool gone = leg->state == NKS_LEG_REJECTED || leg->state == NKS_LEG_RETURNED || leg->state == NKS_LEG_STOPPED;
        if (leg->kind == NKS_LEG_DEBT && !gone)
            sum += leg->amount_minor; /* legs add up to the payment's amount, which fits */
    }
    return sum;
}

enum { REASONS_MAX = 3 };
struct reasons {
    struct nks_pain002_reason list[REASONS_MAX];
    size_t count;
    char memory[REASONS_MAX][NKS_REPORT_WORDS_MAX];
};

static struct nks_buf words_begin(struct reasons *reasons)
{
    struct nks_buf words;
    nks_buf_init(&words, reasons->memory[reasons->count], NKS_REPORT_WORDS_MAX);
    return words;
}

static void reason_add(struct reasons *reasons, const char *code, const struct nks_buf *words)
{
    reasons->list[reasons->count++] = (struct nks_pain002_reason){code, nks_buf_view(words)};
}

/* Money that the bank sent back, and that went on by the agreement. */
static enum nks_reason went_on_to(const struct nks_report *report, const struct nks_payment *payment,
                                  const struct nks_report_status *said)
{
    bool back = report->answered && strcmp(said->status, "ACWC") == 0 && said->reason != payment->reason &&
                report->batch->origin != NKS_ORIGIN_RETURNED;
    if (!back)
        return NKS_REASON_NONE;
    return report->agreement->no_account == NKS_NO_ACCOUNT_VENTEKONTO ? NKS_REASON_BACK_TO_VENTEKONTO
                                                                      : NKS_REASON_BACK_TO_ERROR_ACCOUNT;
}

static void reasons_fill(const struct nks_report *report, const struct nks_slice *slice,
                         const struct nks_payment *payment, const struct nks_report_status *said,
                         struct reasons *reasons)
{
    reasons->count = 0;
    if (said->reason != NKS_REASON_NONE) {
        struct nks_buf words = words_begin(reasons);
        nks_buf_str(&words, nks_reason_words(said->reason, report->language));
        if (said->reason == NKS_REASON_LOSS_DROPPED)
            loss_words(report, payment, nks_payment_record(slice, payment), &words);
        reason_add(reasons, nks_reason_code(said->reason), &words);
    }
    enum nks_reason on = went_on_to(report, payment, said);
    if (on != NKS_REASON_NONE) {
        struct nks_buf words = words_begin(reasons);
        nks_buf_str(&words, nks_reason_words(on, report->language));
        reason_add(reasons, nks_reason_code(on), &words);
    }
    struct nks_money debt = {.minor = debt_minor(report, slice, payment)};
    if (debt.minor > 0) {
        struct nks_buf words = words_begin(reasons);
        nks_payment_currency(payment, debt.currency);
        nks_money_format(&words, debt);
        nks_buf_printf(&words, " %s %s", debt.currency,
                       nks_report_wording("of the amount went to cover debt", report->language));
        reason_add(reasons, "NARR", &words);
    }
}

/* ---- the account used */

/* An account inside nks as the message writes it; a payment slip as the order file does (order.c). */
static void account_fill(const struct nks_account *account, struct nks_pain002_account *out, char type[8])
{
    struct nks_text id = nks_text_from(account->id);
    *out = (struct nks_pain002_account){.iban = {NULL, 0}};
    if (account->kind == NKS_ACCOUNT_IBAN) {
        out->iban = id;
    } else if (account->kind == NKS_ACCOUNT_BBAN) {
        out->other = id;
        out->scheme_cd = NKS_TEXT("BBAN");
    } else if (account->kind == NKS_ACCOUNT_FIK) {
        struct nks_text kortart = nks_text_cut(&id, '+');
        struct nks_buf buf;
        nks_buf_init(&buf, type, 8);
        nks_buf_str(&buf, "FIK");
        nks_buf_text(&buf, kortart);
        out->other = id;
        out->scheme = NKS_TEXT("OCR");
        out->type = nks_buf_view(&buf);
    }
}

static struct nks_pain002_account as_written(struct nks_text record)
{
    return (struct nks_pain002_account){
        .iban = nks_record_slot(record, NKS_SLOT_CDTR_ACCT_IBAN),
        .other = nks_record_slot(record, NKS_SLOT_CDTR_ACCT_OTHR_ID),
        .scheme_cd = nks_record_slot(record, NKS_SLOT_CDTR_ACCT_OTHR_CD),
        .scheme = nks_record_slot(record, NKS_SLOT_CDTR_ACCT_OTHR_PRTRY),
    };
}

/*
 * Where debts may be taken and may not show, no account is told, whether there was a debt or not: the payee's would be
 * untrue where the money went to a debt, the authority's or none would give the debt away (doc/decisions.md). Debts
 * take nothing of complete payments.
 */
static bool account_may_show(const struct nks_report *report, const struct nks_payment *payment, struct nks_text record,
                             const struct nks_group *group)
{
    struct nks_text of_group = {group->record, group->record_len};
    return report->debts || payment->flags & NKS_FLAG_COMPLETE ||
           !nks_agreement_offsets(report->agreement, nks_ydelsesart_find(record, of_group));
}

static enum nks_status account_of(struct nks_report *report, const struct nks_slice *slice,
                                  const struct nks_payment *payment, const struct nks_report_status *said,
                                  struct nks_pain002_account *out, char type[8], bool *found)
{
    const struct nks_leg *leg = deciding_leg(&slice->legs[payment->first_leg], payment->legs);
    struct nks_text record = nks_payment_record(slice, payment);
    const struct nks_group *group = NULL;
    *found = false;
    if (!report->accounts || leg == NULL || strcmp(said->status, "RJCT") == 0)
        return NKS_OK;
    NKS_TRY(nks_group_load(report->run->payments, report->batch, payment->group, &group, &report->run->fault));
    if (!account_may_show(report, payment, record, group))
        return NKS_OK;
    *found = true;
    if (leg->kind == NKS_LEG_PAYEE && payment->flags & NKS_FLAG_COMPLETE)
        *out = as_written(record);
    else
        account_fill(&leg->to->account, out, type);
    return NKS_OK;
}

/* ---- payments */

static enum nks_status group_switch(struct nks_report *report, const struct nks_slice *slice, size_t at)
{
    uint32_t number = slice->payments[at].group;
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    struct nks_pain002_count counts[NKS_STATUS_TOTALS_MAX];
    const struct nks_group *group = NULL;
    size_t count = 0;
    if (report->group_open && report->group == number)
        return NKS_OK;
    NKS_TRY(nks_report_group_count(report, slice, at, totals, &count));
    nks_report_counts(totals, count, counts);
    NKS_TRY(nks_group_load(report->run->payments, report->batch, number, &group, &report->run->fault));
    if (report->group_open)
        nks_pain002_group_end(report->out);
    struct nks_text record = {group->record, group->record_len};
    const struct nks_pain002_reason moved = {nks_reason_code(group->moved),
                                             nks_text_from(nks_reason_words(group->moved, report->language))};
    const struct nks_pain002_group written = {
        .reasons = &moved,
        .reason_count = report->moved && group->moved != NKS_REASON_NONE,
        .orgnl_pmt_inf_id = nks_record_slot(record, NKS_SLOT_PMT_INF_ID),
        .orgnl_nb_of_txs = nks_record_slot(record, NKS_SLOT_NB_OF_TXS),
        .orgnl_ctrl_sum = nks_record_slot(record, NKS_SLOT_CTRL_SUM),
        .status = nks_report_group_status(totals, count),
        .counts = counts,
        .count_count = count,
    };
    nks_pain002_group_begin(report->out, &written);
    report->group_open = true;
    report->group = number;
    return NKS_OK;
}

static enum nks_status payment_write(struct nks_report *report, const struct nks_slice *slice, size_t at,
                                     const struct nks_report_status *said)
{
    const struct nks_payment *payment = &slice->payments[at];
    struct nks_text record = nks_payment_record(slice, payment);
    struct nks_pain002_account account;
    struct reasons reasons;
    char type[8];
    bool shown = false;
    NKS_TRY(group_switch(report, slice, at));
    NKS_TRY(account_of(report, slice, payment, said, &account, type, &shown));
    reasons_fill(report, slice, payment, said, &reasons);
    const struct nks_pain002_payment written = {
        .orgnl_instr_id = nks_record_slot(record, NKS_SLOT_INSTR_ID),
        .orgnl_end_to_end_id = nks_record_slot(record, NKS_SLOT_END_TO_END_ID),
        .orgnl_uetr = nks_record_slot(record, NKS_SLOT_UETR),
        .status = said->status,
        .reasons = reasons.list,
        .reason_count = reasons.count,
        .account = shown ? &account : NULL,
    };
    nks_pain002_payment_write(report->out, report->head.version, &written);
    report->entries++;
    return report->out->status;
}

/* ---- slices */

/* Losses can only be told where a central reads another version than the payer writes. */
static bool losses_possible(const struct nks_report *report)
{
    for (size_t i = 0; i < report->run->centrals.count; i++) {
        if (report->run->centrals.rows[i]->order_version != report->batch->version)
            return true;
    }
    return false;
}

/* Whether a report has anything to say of a slice, from its totals or marks alone. */
static enum nks_status slice_speaks(struct nks_report *report, int64_t slice_id, bool *speaks)
{
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t count = 0;
    if (report->news != 0)
        return nks_told_in(report->run->payments, slice_id, (int)report->news, speaks, &report->run->fault);
    NKS_TRY(nks_status_totals_load(report->run->payments, slice_id, totals, &count, &report->run->fault));
    bool losses = losses_possible(report);
    *speaks = !report->stopped && (report->level == NKS_REPORT_ALL || report->answered || report->moved);
    for (size_t i = 0; i < count; i++) {
        bool rejected = strcmp(totals[i].status, "RJCT") == 0;
        bool changed = strcmp(totals[i].status, "ACWC") == 0;
        bool lost = losses && strcmp(totals[i].status, "ACCP") == 0;
        *speaks = *speaks || rejected || (!report->at_receipt && (changed || lost));
    }
    return NKS_OK;
}

/* A report that does not tell of every payment still names every group whose day was moved, where that is no old news.
 */
static enum nks_status moved_switch(struct nks_report *report, const struct nks_slice *slice, size_t at)
{
    const struct nks_group *group = NULL;
    uint32_t number = slice->payments[at].group;
    if (!report->moved || report->news != 0 || report->stopped || (report->group_open && report->group == number))
        return NKS_OK;
    NKS_TRY(nks_group_load(report->run->payments, report->batch, number, &group, &report->run->fault));
    return group->moved != NKS_REASON_NONE ? group_switch(report, slice, at) : NKS_OK;
}

static enum nks_status slice_write(struct nks_report *report, int64_t slice_id)
{
    struct nks_run *run = report->run;
    const struct nks_slice *slice = run->slice;
    const struct nks_slice_want want = {
        .details = true, .decisions = report->accounts, .legs = report->answered || report->accounts || report->debts};
    NKS_TRY(nks_slice_load(run->payments, report->batch, slice_id, want, run->slice, &run->fault));
    if (report->accounts && slice->leg_count > 0)
        NKS_TRY(nks_slice_verify(run->payments, slice, &run->fault)); /* nobody is told an account that was put in */
    for (size_t i = 0; i < slice->count; i++) {
        struct nks_report_status said;
        NKS_TRY(nks_report_status(report, slice, &slice->payments[i], &said));
        bool named = told(report, slice, &slice->payments[i], &said);
        NKS_TRY(named ? payment_write(report, slice, i, &said) : moved_switch(report, slice, i));
    }
    return NKS_OK;
}

static enum nks_status slices_write(struct nks_report *report)
{
    bool nothing =
        report->at_receipt && report->level != NKS_REPORT_ALL && report->batch->rejected == 0 && !report->moved;
    for (size_t i = 0; !nothing && i < report->slice_count; i++) {
        bool speaks = true;
        NKS_TRY(slice_speaks(report, report->slices[i].id, &speaks));
        if (speaks)
            NKS_TRY(slice_write(report, report->slices[i].id));
    }
    return NKS_OK;
}

enum nks_status nks_report_write(struct nks_report *report, struct nks_out_sink *sink)
{
    struct nks_run *run = report->run;
    struct nks_xmlout *out = malloc(sizeof *out);
    if (out == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to write a status report");
    report->out = out;
    nks_xmlout_begin(out, report->encoding, nks_out_sink_write, sink, &run->fault);
    nks_pain002_begin(out, &report->head);
    enum nks_status status = NKS_OK;
    if (report->batch != NULL && report->batch->state == NKS_BATCH_ACCEPTED)
        status = slices_write(report);
    if (report->group_open)
        nks_pain002_group_end(out);
    nks_pain002_end(out);
    if (status == NKS_OK)
        status = nks_xmlout_end(out);
    sink->entries = report->entries;
    sink->sum = report->batch != NULL ? report->batch->sum : (struct nks_sum){0};
    report->out = NULL;
    free(out);
    return status;
}

/* ---- the payer's report */

enum nks_status nks_status_report_write(struct nks_run *run, const struct nks_out_file *file, struct nks_batch *batch,
                                        struct nks_out_sink *sink)
{
    const struct nks_agreement *agreement = nks_agreement_by_id(&run->agreements, batch->agreement_id);
    if (agreement == NULL)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "the agreement of batch %lld is missing",
                             (long long)batch->id);
    bool answer = strcmp(file->detail, "answer") == 0;
    bool stopped = strcmp(file->detail, "stopped") == 0;
    bool names_some = file->number > 1 && agreement->report_level == NKS_REPORT_ALL;
    struct nks_report report = {
        .run = run,
        .batch = batch,
        .agreement = agreement,
        .language = agreement->reason_language,
        .encoding = batch->encoding,
        .level = agreement->report_level,
        .at_receipt = strcmp(file->detail, "checked") == 0,
        .answered = answer || stopped || strcmp(file->detail, "routed late") == 0,
        .stopped = stopped && names_some,
        .news = answer && names_some ? (uint32_t)file->number : 0,
    };
    report.accounts = agreement->report_account && agreement->payer_kind == NKS_PAYER_PUBLIC && !report.at_receipt;
    report.debts = agreement->report_debt && !report.at_receipt;
    nks_report_head(&report, file, agreement->report_version, batch->version);
    enum nks_status status = nks_report_moved(run, batch, &report.moved);
    if (status == NKS_OK)
        status = nks_report_count(&report);
    if (status == NKS_OK)
        status = nks_report_write(&report, sink);
    nks_report_free(&report);
    return status;
}
