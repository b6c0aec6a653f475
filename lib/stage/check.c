/* One file through the reader and the rules of payments, with nothing behind them. */
#include "stage/check.h"

#include "iso20022/prolog.h"
#include "stage/ingest.h"

#include <stdlib.h>
#include <string.h>

enum {
    REFERENCES_MAX = 1 << 20, /* payments whose references are compared: 16 MiB */
    REFERENCE_SLOTS = 2 * REFERENCES_MAX,
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
    uint64_t *references; /* open addressing over 64 bits of a hash; 0: free */
    size_t reference_count;
    bool complete;
};

static enum nks_status tell(struct check *check, const struct nks_check_finding *finding)
{
    if (finding->payment)
        check->result->rejected++;
    else
        check->result->refused = true;
    return check->options->finding(check->options->context, finding, check->fault);
}

static enum nks_status refuse(struct check *check, enum nks_reason reason, uint32_t line, uint32_t group)
{
    const struct nks_check_finding finding = {
        .reason = reason, .line = line, .group = group, .words = nks_text_from(nks_reason_english(reason))};
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

/* True when the reference stood in the file before. The first one of two is good, as in ingest. */
static bool seen_before(struct check *check, struct nks_text reference)
{
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t key = 0;
    nks_hash_once(reference.ptr, reference.len, hash);
    memcpy(&key, hash, sizeof key);
    key |= key == 0;
    size_t at = (size_t)key % REFERENCE_SLOTS;
    while (check->references[at] != 0 && check->references[at] != key)
        at = (at + 1) % REFERENCE_SLOTS;
    bool seen = check->references[at] == key;
    if (!seen) {
        check->references[at] = key;
        check->reference_count++;
    }
    return seen;
}

static enum nks_reason reference_check(struct check *check, struct nks_text record)
{
    if (nks_facts_no_reference(record))
        return NKS_REASON_NONE;
    if (check->reference_count == REFERENCES_MAX) {
        check->result->references_unchecked = true;
        return NKS_REASON_NONE;
    }
    struct nks_text reference = nks_text_trim(nks_record_slot(record, NKS_SLOT_END_TO_END_ID));
    return seen_before(check, reference) ? NKS_REASON_DUPLICATE_PAYMENT : NKS_REASON_NONE;
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
    (void)nks_facts_date(frame->record, check->options->today, &check->group_facts);
    return NKS_OK;
}

static enum nks_reason payment_check(struct check *check, struct nks_text record)
{
    struct nks_payment_facts facts = check->group_facts;
    struct nks_sum written;
    struct nks_payee payee;
    struct nks_account account;
    (void)nks_facts_amount(record, &facts, &written);
    check->group_sum.scaled += written.scaled;
    check->result->sum.scaled += written.scaled;
    nks_payee_find(record, &payee);
    facts.payee = payee.found;
    facts.account = nks_creditor_account_find(record, &account);
    explicit_bzero(&payee, sizeof payee);
    explicit_bzero(&account, sizeof account);
    enum nks_reason reason = nks_payment_check(&facts);
    return reason != NKS_REASON_NONE ? reason : reference_check(check, record);
}

static enum nks_status on_payment(struct check *check, const struct nks_reader_frame *frame)
{
    const struct nks_check_options *options = check->options;
    check->group_payments++;
    check->result->payments++;
    if (options->progress != NULL && check->result->payments % PROGRESS_EVERY == 0)
        options->progress(options->context, check->fed, check->bytes);
    enum nks_reason reason = payment_check(check, frame->record);
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

static enum nks_status totals_check(struct check *check, struct nks_text record, int64_t payments, struct nks_sum sum,
                                    uint32_t line, uint32_t group)
{
    if (nks_facts_count_differs(nks_record_slot(record, NKS_SLOT_NB_OF_TXS), payments))
        NKS_TRY(refuse(check, NKS_REASON_COUNT, line, group));
    if (nks_facts_sum_differs(nks_record_slot(record, NKS_SLOT_CTRL_SUM), sum))
        NKS_TRY(refuse(check, NKS_REASON_SUM, line, group));
    return NKS_OK;
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
        return totals_check(check, (struct nks_text){check->group, check->group_len}, check->group_payments,
                            check->group_sum, check->group_line, check->group_number);
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
    const struct nks_check_finding finding = {
        .reason = NKS_REASON_UNREADABLE,
        .words =
            end != NKS_READER_DONE ? NKS_TEXT("the reader gave up on this file") : NKS_TEXT("the file is not whole"),
    };
    if (end != NKS_READER_DONE || (!check->complete && !check->result->refused))
        return tell(check, &finding);
    return NKS_OK;
}

static enum nks_status check_all(struct check *check)
{
    check->buffer = malloc(READ_SIZE);
    check->references = calloc(REFERENCE_SLOTS, sizeof *check->references);
    if (check->buffer == NULL || check->references == NULL)
        return nks_fault_set(check->fault, NKS_RETRY, "MEMORY", "no memory to check a file");
    NKS_TRY(read_file(check));
    if (!check->complete)
        return NKS_OK;
    return totals_check(check, (struct nks_text){check->header, check->header_len}, check->result->payments,
                        check->result->sum, 0, 0);
}

enum nks_status nks_check_file(const struct nks_check_options *options, int fd, int64_t bytes,
                               struct nks_check_result *result, struct nks_fault *fault)
{
    *result = (struct nks_check_result){.payments = 0};
    struct check check = {.options = options, .result = result, .fault = fault, .fd = fd, .bytes = bytes};
    enum nks_status status = check_all(&check);
    free(check.buffer);
    free(check.references);
    free(check.header);
    free(check.group);
    return status;
}
