/* One file through the reader and the rules of payments, with nothing behind them. */
#include "stage/check.h"

#include "denmark/bankday.h"
#include "iso20022/prolog.h"
#include "stage/ingest.h"

#include <stdlib.h>
#include <string.h>

enum {
    READ_SIZE = 256 * 1024,
    PROGRESS_EVERY = 10000,
};

struct check {
    const struct nks_check_options *options;
    struct nks_check_result *result;
    struct nks_fault *fault;
    int fd;
    int64_t bytes, fed;
    char *buffer;
    char *header, *group; /* records, malloc'ed */
    size_t header_len, group_len;
    uint32_t group_number, group_line;
    int64_t group_payments;
    struct nks_sum group_sum;
    struct nks_payment_facts group_facts;
    struct nks_seen references, groups; /* EndToEndIds and PmtInfIds so far */
    bool complete;
};

static enum nks_status tell(struct check *check, const struct nks_check_finding *finding)
{
    if (finding->payment)
        check->result->rejected++;
    else if (!finding->note)
        check->result->refused = true;
    return check->options->finding(check->options->context, finding, check->fault);
}

/* Asks the table of rules for a message, as ingest does. */
static enum nks_status ask(struct check *check, enum nks_file_moment moment, const struct nks_file_facts *facts)
{
    enum nks_reason reasons[NKS_FILE_REASONS_MAX];
    bool of_group = moment == NKS_FILE_GROUP || moment == NKS_FILE_GROUP_END;
    size_t count = nks_file_check(moment, facts, reasons);
    for (size_t i = 0; i < count; i++) {
        const struct nks_check_finding finding = {.reason = reasons[i],
                                                  .line = of_group ? check->group_line : 0,
                                                  .group = of_group ? check->group_number : 0,
                                                  .words = nks_text_from(nks_reason_english(reasons[i]))};
        NKS_TRY(tell(check, &finding));
    }
    return NKS_OK;
}

/* What will be changed in the group at hand, and rejects nothing. */
static enum nks_status note(struct check *check, enum nks_reason reason)
{
    const struct nks_check_finding finding = {.reason = reason,
                                              .note = true,
                                              .line = check->group_line,
                                              .group = check->group_number,
                                              .words = nks_text_from(nks_reason_english(reason))};
    return tell(check, &finding);
}

static enum nks_status keep(struct check *check, struct nks_text record, char **copy, size_t *len)
{
    char *grown = realloc(*copy, record.len + 1);
    if (grown == NULL)
        return nks_fault_set(check->fault, NKS_RETRY, "MEMORY", "no memory for a record");
    memcpy(grown, record.ptr, record.len);
    *copy = grown;
    *len = record.len;
    return NKS_OK;
}

/* ---- doubled references */

/* The first one of two is good, as in ingest. */
static enum nks_status reference_check(struct check *check, struct nks_text record, enum nks_reason *reason)
{
    enum nks_seen_answer answer = NKS_SEEN_NEW;
    if (*reason != NKS_REASON_NONE || nks_facts_no_reference(record))
        return NKS_OK;
    struct nks_text reference = nks_text_trim(nks_record_slot(record, NKS_SLOT_END_TO_END_ID));
    NKS_TRY(nks_seen_add(&check->references, reference, &answer, check->fault));
    if (answer == NKS_SEEN_BEFORE)
        *reason = NKS_REASON_DUPLICATE_PAYMENT;
    check->result->references_unchecked |= answer == NKS_SEEN_FULL;
    return NKS_OK;
}

/* ---- frames */

static enum nks_status on_group(struct check *check, const struct nks_reader_frame *frame)
{
    check->group_number = frame->place.group;
    check->group_line = frame->place.line;
    check->group_payments = 0;
    check->group_sum = (struct nks_sum){0};
    check->result->groups++;
    NKS_TRY(keep(check, frame->record, &check->group, &check->group_len));
    check->group_facts =
        (struct nks_payment_facts){.debtor_account_allowed = true, .central_known = true, .ydelsesart_allowed = true};
    bool full = false;
    struct nks_execution execution;
    nks_facts_date(frame->record, check->options->today, nks_bankday_on_or_after(check->options->today),
                   &check->group_facts, &execution);
    NKS_TRY(nks_facts_group_id(frame->record, &check->groups, &check->group_facts, &full, check->fault));
    const struct nks_file_facts facts = {.agreement_found = true, .too_many = full};
    NKS_TRY(ask(check, NKS_FILE_GROUP, &facts));
    return execution.moved == NKS_REASON_NONE ? NKS_OK : note(check, execution.moved);
}

static enum nks_status payment_check(struct check *check, struct nks_text record, enum nks_reason *reason)
{
    struct nks_payment_facts facts = check->group_facts;
    struct nks_sum written;
    struct nks_payee payee;
    (void)nks_facts_amount(record, &facts, &written);
    check->group_sum.scaled += written.scaled;
    check->result->sum.scaled += written.scaled;
    nks_payee_find(record, &payee);
    facts.payee = payee.found;
    nks_creditor_facts(record, &facts);
    explicit_bzero(&payee, sizeof payee);
    *reason = nks_payment_check(&facts);
    return reference_check(check, record, reason);
}

static enum nks_status on_payment(struct check *check, const struct nks_reader_frame *frame)
{
    const struct nks_check_options *options = check->options;
    check->group_payments++;
    check->result->payments++;
    if (options->progress != NULL && check->result->payments % PROGRESS_EVERY == 0)
        options->progress(options->context, check->fed, check->bytes);
    enum nks_reason reason = NKS_REASON_NONE;
    NKS_TRY(payment_check(check, frame->record, &reason));
    if (reason == NKS_REASON_NONE)
        return NKS_OK;
    const struct nks_check_finding finding = {
        .reason = reason,
        .payment = true,
        .line = frame->place.line,
        .group = frame->place.group,
        .seq = frame->place.seq,
        .words = nks_text_from(nks_reason_english(reason)),
    };
    return tell(check, &finding);
}

static enum nks_status group_end(struct check *check)
{
    struct nks_text record = {check->group, check->group_len};
    const struct nks_file_facts facts = {
        .count_differs = nks_facts_count_differs(nks_record_slot(record, NKS_SLOT_NB_OF_TXS), check->group_payments),
        .sum_differs = nks_facts_sum_differs(nks_record_slot(record, NKS_SLOT_CTRL_SUM), check->group_sum)};
    return ask(check, NKS_FILE_GROUP_END, &facts);
}

static enum nks_status message_end(struct check *check)
{
    const struct nks_check_result *result = check->result;
    struct nks_text header = {check->header, check->header_len};
    const struct nks_file_facts facts = {
        .count_differs = nks_facts_count_differs(nks_record_slot(header, NKS_SLOT_NB_OF_TXS), result->payments),
        .sum_differs = nks_facts_sum_differs(nks_record_slot(header, NKS_SLOT_CTRL_SUM), result->sum),
        .sum_too_large = !nks_sum_writable(result->sum)};
    return ask(check, NKS_FILE_END, &facts);
}

static enum nks_status on_finding(struct check *check, const struct nks_reader_frame *frame)
{
    const struct nks_check_finding finding = {
        .reason = NKS_REASON_UNREADABLE,
        .line = frame->finding.line,
        .group = frame->finding.group,
        .seq = frame->finding.seq,
        .words = frame->text,
    };
    return tell(check, &finding);
}

static enum nks_status on_frame(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    (void)fault; /* the check's own */
    struct check *check = user;
    switch (frame->kind) {
    case NKS_FRAME_DOCUMENT:
        check->result->version = (enum nks_pain001_version)frame->document.version;
        check->result->encoding = (enum nks_encoding)frame->document.encoding;
        if (frame->document.report != NKS_REPORT_NONE)
            return tell(check, &(struct nks_check_finding){.reason = NKS_REASON_UNREADABLE,
                                                           .words = nks_text_from(nks_prolog_orders_only)});
        return NKS_OK;
    case NKS_FRAME_HEADER:
        return keep(check, frame->record, &check->header, &check->header_len);
    case NKS_FRAME_GROUP:
        return on_group(check, frame);
    case NKS_FRAME_PAYMENT:
        return on_payment(check, frame);
    case NKS_FRAME_GROUP_END:
        return group_end(check);
    case NKS_FRAME_FINDING:
        return on_finding(check, frame);
    case NKS_FRAME_END:
        check->complete = frame->end.complete == 1;
        return NKS_OK;
    case NKS_FRAME_REPORT:
    case NKS_FRAME_REPORT_GROUP:
    case NKS_FRAME_REPORT_PAYMENT:
        return NKS_OK; /* refused with its DOCUMENT */
    }
    return NKS_OK;
}

static enum nks_status file_source(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct check *check = user;
    size_t got = 0;
    NKS_TRY(nks_sys_read(check->fd, check->buffer, READ_SIZE, &got, fault));
    *piece = (struct nks_text){check->buffer, got};
    check->fed += (int64_t)got;
    return NKS_OK;
}

/* ---- the file */

static enum nks_status read_file(struct check *check)
{
    struct nks_reader *reader = NULL;
    const struct nks_reader_calls calls = {check, file_source, on_frame};
    struct nks_reader_usage usage;
    enum nks_reader_end end = NKS_READER_DONE;
    NKS_TRY(nks_reader_open(check->options->reader, check->bytes, &reader, check->fault));
    enum nks_status status = nks_reader_pump(reader, &calls, &end, check->fault);
    nks_reader_close(reader, &usage);
    if (status != NKS_OK)
        return status;
    if (end == NKS_READER_NO_JAIL)
        return nks_fault_set(check->fault, NKS_FAILED, "JAIL-NONE",
                             "this machine gives the reader no jail (seccomp); use a kernel that does");
    if (end == NKS_READER_LOST)
        return nks_fault_set(check->fault, NKS_RETRY, "READER-LOST",
                             "the reader was ended from outside; check the file again");
    const struct nks_check_finding finding = {
        .reason = NKS_REASON_UNREADABLE,
        .words =
            end != NKS_READER_DONE ? NKS_TEXT("the reader gave up on this file") : NKS_TEXT("the file is not whole"),
    };
    if (end != NKS_READER_DONE || (!check->complete && !check->result->refused))
        return tell(check, &finding);
    return NKS_OK;
}

/* What was judged is then neither the old file nor the new one. */
static enum nks_status changed(struct check *check, const struct nks_sys_moment *before)
{
    const struct nks_check_finding finding = {.reason = NKS_REASON_UNREADABLE,
                                              .words = NKS_TEXT("the file changed while it was read")};
    struct nks_sys_moment after;
    NKS_TRY(nks_sys_moment(check->fd, &after, check->fault));
    return nks_sys_moment_same(before, &after) ? NKS_OK : tell(check, &finding);
}

static enum nks_status check_all(struct check *check)
{
    struct nks_sys_moment before;
    NKS_TRY(nks_sys_moment(check->fd, &before, check->fault));
    nks_sys_point("check.reading");
    check->buffer = malloc(READ_SIZE);
    if (check->buffer == NULL)
        return nks_fault_set(check->fault, NKS_RETRY, "MEMORY", "no memory to check a file");
    NKS_TRY(read_file(check));
    NKS_TRY(changed(check, &before));
    return check->complete && check->header != NULL ? message_end(check) : NKS_OK; /* a bank's report has no header */
}

enum nks_status nks_check_file(const struct nks_check_options *options, int fd, int64_t bytes,
                               struct nks_check_result *result, struct nks_fault *fault)
{
    *result = (struct nks_check_result){.payments = 0};
    struct check check = {.options = options, .result = result, .fault = fault, .fd = fd, .bytes = bytes};
    enum nks_status status = check_all(&check);
    free(check.buffer);
    nks_seen_free(&check.references);
    nks_seen_free(&check.groups);
    free(check.header);
    free(check.group);
    return status;
}
