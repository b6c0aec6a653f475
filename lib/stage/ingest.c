/*
 * ingest: delivery -> slices. The jailed reader parses and validates; here what it says is checked against agreement,
 * register-free rules and sums, cut into slices, and the whole file is accepted or refused.
 *
 * Slices are committed as they fill, in state READ: they are no facts before the batch is ACCEPTED. A killed ingest
 * reads its delivery again from the spool; slices that are stored already are not stored again.
 */
#include "exchange/published.h"
#include "stage/ingest.h"
#include "stage/lost.h"
#include "stage/receive_signature.h"

#include "denmark/bankday.h"
#include "iso20022/reader.h"
#include "iso20022/prolog.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 10000 };

/* ---- what makes a file be refused */

void nks_ingest_refuse(struct nks_ingest *ingest, enum nks_reason reason, enum nks_finding_kind kind, uint32_t line,
                       uint32_t group, uint64_t seq, struct nks_text text)
{
    if (ingest->reason == NKS_REASON_NONE)
        ingest->reason = reason;
    if (ingest->finding_count == NKS_FINDINGS_MAX)
        return;
    struct nks_finding *finding = &ingest->findings[ingest->finding_count++];
    *finding = (struct nks_finding){.reason = reason, .kind = kind, .line = line, .group = group, .seq = seq};
    if (!nks_text_copy(text, finding->text, sizeof finding->text))
        finding->text[sizeof finding->text - 1] = '\0';
}

/* A refusal by a rule of ours: its words are the reason's. */
static void refuse(struct nks_ingest *ingest, enum nks_reason reason, uint32_t line, uint32_t group)
{
    nks_ingest_refuse(ingest, reason, NKS_FINDING_SCHEMA, line, group, 0, nks_text_from(nks_reason_english(reason)));
}

/* Asks the table of rules for a message; it speaks of the message, or of the group at hand. */
static void ask(struct nks_ingest *ingest, enum nks_file_moment moment, const struct nks_file_facts *facts)
{
    enum nks_reason reasons[NKS_FILE_REASONS_MAX];
    bool of_group = moment == NKS_FILE_GROUP || moment == NKS_FILE_GROUP_END;
    size_t count = nks_file_check(moment, facts, reasons);
    for (size_t i = 0; i < count; i++)
        refuse(ingest, reasons[i], of_group ? ingest->group_line : 0, of_group ? ingest->group.number : 0);
}

/* ---- the open slices, one per execution date */

static void slice_empty(struct nks_open_slice *open)
{
    nks_slice_reset(open->slice);
    open->reference_count = 0;
    open->amount_minor = 0;
}

static enum nks_status slice_store(struct nks_ingest *ingest, const struct nks_open_slice *open)
{
    struct nks_run *run = ingest->run;
    struct nks_slice *slice = open->slice;
    NKS_TRY(nks_slice_create(run->payments, &ingest->batch, slice, &run->fault));
    NKS_TRY(nks_reference_save(run->payments, &ingest->batch, slice->id, run->today, open->references,
                               open->reference_count, &run->fault));
    NKS_TRY(nks_run_trail(run, NKS_TRAIL_INGEST, ingest->batch.id, slice->id, (int64_t)slice->count));
    NKS_TRY(nks_db_commit(run->db, &run->fault));
    nks_sys_point("ingest.slice");
    return nks_db_begin(run->db, &run->fault);
}

/* From the first slice that is not as a killed reading stored it, everything is stored anew. */
static enum nks_status slice_stored(struct nks_ingest *ingest, const struct nks_open_slice *open, bool *is)
{
    struct nks_run *run = ingest->run;
    *is = false;
    if (!ingest->stored)
        return NKS_OK;
    NKS_TRY(nks_slice_is_stored(run->payments, &ingest->batch, open->slice, run->today, open->reference_count,
                                run->slice, is, &run->fault));
    ingest->stored = *is;
    return *is ? NKS_OK : nks_batch_clear_slices(run->payments, ingest->batch.id, open->slice->number, &run->fault);
}

static enum nks_status slice_flush(struct nks_ingest *ingest, struct nks_open_slice *open)
{
    struct nks_run *run = ingest->run;
    struct nks_slice *slice = open->slice;
    if (slice->count == 0)
        return NKS_OK;
    if (ingest->batch.slices == NKS_SLICES_MAX) {
        refuse(ingest, NKS_REASON_TOO_MANY, 0, 0);
        slice_empty(open);
        return NKS_OK;
    }
    slice->number = (int32_t)++ingest->batch.slices;
    slice->execution_date = open->date;
    slice->due_date = nks_bankday_add(open->date, -(ingest->agreement != NULL ? ingest->agreement->days_before : 1));
    slice->epoch = run->epoch;
    nks_ingest_slice_duplicates(ingest, open);
    bool stored = false;
    NKS_TRY(slice_stored(ingest, open, &stored));
    if (!stored)
        NKS_TRY(slice_store(ingest, open));
    slice_empty(open);
    return NKS_OK;
}

static bool first_is_earlier(const struct nks_open_slice *a, const struct nks_open_slice *b)
{
    return a->first_seq < b->first_seq;
}

/* The open slice that began first, so that numbers follow the order of the message. */
static struct nks_open_slice *oldest(struct nks_ingest *ingest)
{
    struct nks_open_slice *found = NULL;
    for (size_t i = 0; i < NKS_SLICES_OPEN; i++) {
        struct nks_open_slice *open = &ingest->open[i];
        if (open->slice != NULL && open->slice->count > 0 && (found == NULL || first_is_earlier(open, found)))
            found = open;
    }
    return found;
}

static enum nks_status flush_all(struct nks_ingest *ingest)
{
    for (struct nks_open_slice *open; (open = oldest(ingest)) != NULL;)
        NKS_TRY(slice_flush(ingest, open));
    return NKS_OK;
}

static enum nks_status open_slice_make(struct nks_ingest *ingest, struct nks_open_slice *open)
{
    if (open->slice == NULL)
        open->slice = nks_slice_new();
    if (open->references == NULL)
        open->references = malloc(NKS_SLICE_PAYMENTS * sizeof *open->references);
    if (open->slice == NULL || open->references == NULL)
        return nks_fault_set(&ingest->run->fault, NKS_RETRY, "MEMORY", "no memory for a slice");
    nks_slice_reset(open->slice);
    return NKS_OK;
}

static enum nks_status slice_for(struct nks_ingest *ingest, nks_date date, struct nks_open_slice **out)
{
    struct nks_open_slice *empty = NULL;
    for (size_t i = 0; i < NKS_SLICES_OPEN; i++) {
        struct nks_open_slice *open = &ingest->open[i];
        if (open->slice != NULL && open->slice->count > 0 && open->date == date) {
            *out = open;
            return NKS_OK;
        }
        if (empty == NULL && (open->slice == NULL || open->slice->count == 0))
            empty = open;
    }
    if (empty == NULL) {
        empty = oldest(ingest);
        NKS_TRY(slice_flush(ingest, empty));
    }
    NKS_TRY(open_slice_make(ingest, empty));
    empty->date = date;
    empty->amount_minor = 0;
    empty->first_seq = ingest->seq;
    *out = empty;
    return NKS_OK;
}

/* The details of all open slices together have a ceiling too: the oldest goes first. */
static enum nks_status slices_shrink(struct nks_ingest *ingest)
{
    size_t bytes = 0;
    for (size_t i = 0; i < NKS_SLICES_OPEN; i++)
        bytes += ingest->open[i].slice != NULL ? ingest->open[i].slice->details_len : 0;
    return bytes > 2 * (size_t)NKS_SLICE_DETAILS ? slice_flush(ingest, oldest(ingest)) : NKS_OK;
}

static enum nks_status payment_put(struct nks_ingest *ingest, const struct nks_payment *payment, struct nks_text record)
{
    struct nks_open_slice *open = NULL;
    NKS_TRY(slice_for(ingest, ingest->group.execution_date, &open));
    int64_t amount_minor = 0;
    if (open->slice->count == NKS_SLICE_PAYMENTS || record.len > NKS_SLICE_DETAILS - open->slice->details_len ||
        !nks_minor_add(open->amount_minor, payment->amount_minor, &amount_minor)) {
        NKS_TRY(slice_flush(ingest, open));
        NKS_TRY(slice_for(ingest, ingest->group.execution_date, &open));
        amount_minor = payment->amount_minor;
    }
    open->amount_minor = amount_minor;
    NKS_TRY(nks_slice_add(open->slice, payment, record, &ingest->run->fault));
    if (payment->state == NKS_PAYMENT_ACCEPTED && !(payment->flags & NKS_FLAG_NO_E2E)) {
        struct nks_blind blind = {0, 0};
        NKS_TRY(nks_ingest_reference(ingest, nks_record_slot(record, NKS_SLOT_END_TO_END_ID), &blind));
        open->references[open->reference_count++] =
            (struct nks_reference){(uint64_t)blind.key, (int64_t)open->slice->count};
    }
    return slices_shrink(ingest);
}

/* ---- frames */

static enum nks_status on_header(struct nks_ingest *ingest, struct nks_text record)
{
    struct nks_run *run = ingest->run;
    struct nks_batch *batch = &ingest->batch;
    free(batch->header);
    batch->header = malloc(record.len);
    if (batch->header == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a message");
    memcpy(batch->header, record.ptr, record.len);
    batch->header_len = record.len;
    if (batch->id == 0)
        NKS_TRY(nks_batch_create(run->payments, batch, &run->fault));
    NKS_TRY(nks_run_trail(run, NKS_TRAIL_INGEST, batch->id, 0, 0));
    NKS_TRY(nks_db_commit(run->db, &run->fault));
    nks_sys_point("ingest.header");
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    static const enum nks_slot ids[] = {NKS_SLOT_INITG_PTY_ORG_ID, NKS_SLOT_INITG_PTY_PRVT_ID};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0] && ingest->agreement == NULL; i++) {
        struct nks_text id = nks_text_trim(nks_record_slot(record, ids[i]));
        if (id.len > 0)
            ingest->agreement =
                nks_agreement_find_customer(&run->agreements, nks_text_from(batch->sender), id, run->today);
    }
    ingest->by_customer = ingest->agreement != NULL;
    nks_ingest_payer(ingest);
    return NKS_OK;
}

static enum nks_status on_group(struct nks_ingest *ingest, const struct nks_reader_frame *frame)
{
    struct nks_group *group = &ingest->group;
    char *copy = realloc(group->record, frame->record.len);
    if (copy == NULL)
        return nks_fault_set(&ingest->run->fault, NKS_RETRY, "MEMORY", "no memory for a group");
    memcpy(copy, frame->record.ptr, frame->record.len);
    *group = (struct nks_group){.number = frame->place.group, .record = copy, .record_len = frame->record.len};
    ingest->group_line = frame->place.line;
    ingest->group_sum = (struct nks_sum){0};
    ingest->batch.groups++;
    NKS_TRY(nks_ingest_group_facts(ingest));
    const struct nks_file_facts facts = {.agreement_found = ingest->agreement != NULL,
                                         .two_payers = ingest->two_payers,
                                         .too_many = ingest->too_many_groups};
    ask(ingest, NKS_FILE_GROUP, &facts);
    return NKS_OK;
}

static enum nks_status on_group_end(struct nks_ingest *ingest)
{
    struct nks_group *group = &ingest->group;
    struct nks_text record = {group->record, group->record_len};
    const struct nks_file_facts facts = {
        .count_differs = nks_facts_count_differs(nks_record_slot(record, NKS_SLOT_NB_OF_TXS), group->payments),
        .sum_differs = nks_facts_sum_differs(nks_record_slot(record, NKS_SLOT_CTRL_SUM), ingest->group_sum)};
    ask(ingest, NKS_FILE_GROUP_END, &facts);
    return nks_group_save(ingest->run->payments, &ingest->batch, group, &ingest->run->fault);
}

static enum nks_status on_payment(struct nks_ingest *ingest, const struct nks_reader_frame *frame)
{
    struct nks_run *run = ingest->run;
    ingest->seq = frame->place.seq;
    ingest->group.payments++;
    struct nks_payment payment = {.seq = frame->place.seq, .group = frame->place.group};
    NKS_TRY(nks_ingest_payment(ingest, frame->record, &payment));
    ingest->batch.payments++;
    ingest->batch.rejected += payment.state == NKS_PAYMENT_REJECTED;
    if (ingest->batch.payments % PROGRESS_EVERY == 0)
        nks_run_progress(run, "ingest", ingest->spool.fed, ingest->delivery.bytes);
    /* Nothing of a refused file is kept; the rest is read for its other findings only. */
    return ingest->reason == NKS_REASON_NONE ? payment_put(ingest, &payment, frame->record) : NKS_OK;
}

static void on_finding(struct nks_ingest *ingest, const struct nks_reader_frame *frame)
{
    nks_ingest_refuse(ingest, NKS_REASON_UNREADABLE, (enum nks_finding_kind)frame->finding.kind, frame->finding.line,
                      frame->finding.group, frame->finding.seq, frame->text);
}

static enum nks_status on_frame(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    struct nks_ingest *ingest = user;
    ingest->frame_seen = true;
    switch (frame->kind) {
    case NKS_FRAME_DOCUMENT:
        ingest->batch.version = (enum nks_pain001_version)frame->document.version;
        ingest->batch.encoding = (enum nks_encoding)frame->document.encoding;
        ingest->delivery.version = ingest->batch.version;
        ingest->delivery.encoding = ingest->batch.encoding;
        if (frame->document.report != NKS_REPORT_NONE) /* a bank's report has nothing to do in a sender's folder */
            nks_ingest_refuse(ingest, NKS_REASON_UNREADABLE, NKS_FINDING_VERSION, 0, 0, 0,
                              nks_text_from(nks_prolog_orders_only));
        return NKS_OK;
    case NKS_FRAME_HEADER:
        return on_header(ingest, frame->record);
    case NKS_FRAME_GROUP:
        return on_group(ingest, frame);
    case NKS_FRAME_PAYMENT:
        return on_payment(ingest, frame);
    case NKS_FRAME_GROUP_END:
        return on_group_end(ingest);
    case NKS_FRAME_FINDING:
        on_finding(ingest, frame);
        return NKS_OK;
    case NKS_FRAME_END:
        ingest->complete = frame->end.complete == 1;
        return NKS_OK;
    case NKS_FRAME_REPORT:
    case NKS_FRAME_REPORT_GROUP:
    case NKS_FRAME_REPORT_PAYMENT:
        return NKS_OK; /* refused with its DOCUMENT */
    }
    return NKS_OK;
}

static enum nks_status spool_source(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct nks_ingest *ingest = user;
    return nks_spool_piece(&ingest->spool, piece, fault);
}

/* ---- one file through the reader */

/* A reader that was ended from outside, or is no reader at all, says nothing about the file: that stays received and is
 * read by the next run. A reader that the file brought down (its own crash, its limits, its own word for a bug) refuses
 * it. */
static enum nks_status reader_lost(const struct nks_ingest *ingest, enum nks_reader_end end, int wait_status)
{
    struct nks_fault *fault = &ingest->run->fault;
    int by = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    if (end == NKS_READER_LOST)
        return nks_fault_set(fault, NKS_RETRY, "READER-LOST",
                             "the reader was ended from outside; the file is kept and read by the next run");
    bool own_word = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == NKS_READER_EXIT_BUG;
    bool no_reader = !ingest->frame_seen && !own_word && by != SIGSEGV && by != SIGBUS && by != SIGABRT &&
                     by != SIGSYS && by != SIGXCPU && end != NKS_READER_TIME && end != NKS_READER_DONE;
    return no_reader
               ? nks_fault_set(fault, NKS_FAILED, "READER-BROKEN",
                               "the reader does not speak as nks-reader does; install nks again. The file is kept")
               : NKS_OK;
}

static enum nks_status read_file(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    struct nks_reader *reader = NULL;
    const struct nks_reader_calls calls = {ingest, spool_source, on_frame};
    struct nks_reader_usage usage;
    enum nks_reader_end end = NKS_READER_DONE;
    NKS_TRY(nks_reader_open(run->options.reader, ingest->delivery.bytes, &reader, &run->fault));
    enum nks_status status = nks_reader_pump(reader, &calls, &end, &run->fault);
    nks_reader_close(reader, &usage);
    if (usage.peak_rss_bytes > run->reader_peak_bytes)
        run->reader_peak_bytes = usage.peak_rss_bytes;
    if (status != NKS_OK)
        return status;
    if (end == NKS_READER_NO_JAIL)
        return nks_fault_set(&run->fault, NKS_FAILED, "JAIL-NONE",
                             "this machine gives the reader no jail (seccomp); use a kernel that does");
    NKS_TRY(reader_lost(ingest, end, usage.wait_status));
    if (end != NKS_READER_DONE)
        nks_ingest_refuse(ingest, NKS_REASON_UNREADABLE, NKS_FINDING_CEILING, 0, 0, 0,
                          NKS_TEXT("the reader gave up on this file"));
    else if (!ingest->complete && ingest->reason == NKS_REASON_NONE)
        nks_ingest_refuse(ingest, NKS_REASON_UNREADABLE, NKS_FINDING_SYNTAX, 0, 0, 0,
                          NKS_TEXT("the file is not whole"));
    return NKS_OK;
}

static enum nks_status read_spool(struct nks_ingest *ingest)
{
    enum nks_status status = nks_spool_open(&ingest->spool, ingest->run, &ingest->delivery);
    if (status == NKS_OK)
        status = read_file(ingest);
    if (status == NKS_OK)
        status = nks_spool_end(&ingest->spool, &ingest->run->fault);
    nks_spool_close(&ingest->spool);
    return status;
}

/* ---- accepted or refused */

/* Once all of the message is read: what it says of itself, the agreement's brake, and whether its id came before. */
static enum nks_status check_message(struct nks_ingest *ingest)
{
    const struct nks_batch *batch = &ingest->batch;
    struct nks_text header = {batch->header, batch->header_len};
    int64_t earlier = 0;
    NKS_TRY(nks_ingest_message_key(ingest));
    NKS_TRY(nks_batch_find_message(ingest->run->payments, &batch->message, &earlier, &ingest->run->fault));
    const struct nks_file_facts facts = {
        .count_differs = nks_facts_count_differs(nks_record_slot(header, NKS_SLOT_NB_OF_TXS), batch->payments),
        .sum_differs = nks_facts_sum_differs(nks_record_slot(header, NKS_SLOT_CTRL_SUM), batch->sum),
        .sum_too_large = !nks_sum_writable(batch->sum),
        .above_max_batch = ingest->agreement != NULL && nks_agreement_batch_above(ingest->agreement, batch->sum),
        .message_seen = earlier != 0,
    };
    ask(ingest, NKS_FILE_END, &facts);
    return NKS_OK;
}

static enum nks_status batch_clear(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    NKS_TRY(nks_batch_clear_slices(run->payments, ingest->batch.id, 1, &run->fault));
    return nks_batch_clear_groups(run->payments, ingest->batch.id, &run->fault);
}

/* A file that is refused for its signature was not read: its bytes with a good one are another file. */
static enum nks_status outcome_keep(struct nks_ingest *ingest, bool accepted)
{
    char memory[NKS_LOST_OUTCOME_MAX];
    struct nks_buf outcome;
    if (ingest->reason >= NKS_REASON_SIGNATURE_MISSING && ingest->reason <= NKS_REASON_SIGNER_UNKNOWN)
        return NKS_OK;
    nks_buf_init(&outcome, memory, sizeof memory - 1);
    if (accepted) {
        nks_buf_printf(&outcome, "accepted, %lld payments, %lld of them rejected, sum ",
                       (long long)ingest->batch.payments, (long long)ingest->batch.rejected);
        nks_sum_format(&outcome, ingest->batch.sum);
    } else {
        nks_buf_printf(&outcome, "refused: %s", nks_reason_english(ingest->reason));
    }
    memory[nks_buf_view(&outcome).len] = '\0';
    return nks_lost_judged(ingest->run, &ingest->delivery, memory);
}

/* In one transaction: the batch and the delivery get their state together. */
static enum nks_status finish(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    bool accepted = ingest->reason == NKS_REASON_NONE;
    struct nks_batch *batch = &ingest->batch;
    if (!accepted && batch->id != 0)
        NKS_TRY(batch_clear(ingest));
    if (accepted && ingest->stored)
        NKS_TRY(nks_batch_clear_slices(run->payments, batch->id, batch->slices + 1, &run->fault));
    if (batch->id != 0) {
        batch->state = accepted ? NKS_BATCH_ACCEPTED : NKS_BATCH_REFUSED;
        batch->reason = ingest->reason;
        if (!accepted)
            batch->slices = 0;
        NKS_TRY(nks_batch_finish(run->payments, batch, &run->fault));
    }
    NKS_TRY(nks_delivery_move(run->exchange, &ingest->delivery, accepted ? NKS_DELIVERY_ACCEPTED : NKS_DELIVERY_REFUSED,
                              ingest->reason, ingest->findings, ingest->finding_count, &run->fault));
    NKS_TRY(nks_run_trail(run, NKS_TRAIL_INGEST, batch->id, 0, batch->payments));
    NKS_TRY(outcome_keep(ingest, accepted));
    NKS_TRY(nks_db_commit(run->db, &run->fault));
    nks_sys_point("ingest.finished");
    run->counts.accepted += accepted;
    run->counts.refused += !accepted;
    run->counts.payments += accepted ? batch->payments : 0;
    run->counts.rejected += accepted ? batch->rejected : 0;
    return NKS_OK;
}

static enum nks_status judge(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    const struct nks_file_facts facts = {
        .sender_known = nks_agreement_sender_known(&run->agreements, nks_text_from(ingest->delivery.party))};
    enum nks_reason reason = NKS_REASON_NONE;
    ask(ingest, NKS_FILE_OPENED, &facts);
    NKS_TRY(nks_signature_refuses(run, &ingest->delivery, &reason));
    if (reason != NKS_REASON_NONE) {
        refuse(ingest, reason, 0, 0);
        return finish(ingest); /* not a byte of it is given to the reader */
    }
    NKS_TRY(read_spool(ingest));
    if (ingest->complete && ingest->batch.header != NULL) /* a bank's report is complete too, and has none */
        NKS_TRY(check_message(ingest));
    if (ingest->reason == NKS_REASON_NONE)
        NKS_TRY(flush_all(ingest));
    if (ingest->reason == NKS_REASON_NONE)
        NKS_TRY(nks_ingest_duplicates(ingest));
    return finish(ingest);
}

/* A batch that an earlier, killed ingest of this delivery began is read again under its number. */
static enum nks_status resume(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    int64_t id = 0;
    NKS_TRY(nks_batch_find_delivery(run->payments, ingest->delivery.id, &id, &run->fault));
    if (id == 0)
        return NKS_OK;
    bool found = false;
    struct nks_batch *batch = &ingest->batch;
    NKS_TRY(nks_batch_load(run->payments, id, batch, &found, &run->fault));
    NKS_TRY(nks_batch_clear_groups(run->payments, id, &run->fault));
    ingest->stored = true;
    batch->payments = batch->rejected = batch->slices = batch->groups = 0;
    batch->sum = (struct nks_sum){0};
    return NKS_OK;
}

static enum nks_status ingest_new(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    NKS_TRY(nks_ingest_batch_begin(ingest));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = resume(ingest);
    if (status == NKS_OK)
        status = judge(ingest);
    if (status != NKS_OK)
        nks_db_rollback(run->db);
    return status;
}

static enum nks_status repeat(struct nks_ingest *ingest, int64_t earlier)
{
    struct nks_run *run = ingest->run;
    ingest->delivery.repeats = earlier;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = nks_delivery_move(run->exchange, &ingest->delivery, NKS_DELIVERY_REPEATED,
                                               NKS_REASON_DUPLICATE_FILE, NULL, 0, &run->fault);
    if (status == NKS_OK)
        status = nks_run_trail(run, NKS_TRAIL_INGEST, 0, 0, ingest->delivery.id);
    if (status == NKS_OK)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    run->counts.repeated += status == NKS_OK;
    return status;
}

static void ingest_free(struct nks_ingest *ingest)
{
    for (size_t i = 0; i < NKS_SLICES_OPEN; i++) {
        nks_slice_free(ingest->open[i].slice);
        free(ingest->open[i].references);
    }
    free(ingest->group.record);
    nks_seen_free(&ingest->groups);
    nks_batch_close(&ingest->batch);
    free(ingest);
}

/* What went out before the home was restored was decided on that day, and is decided by it again. */
static enum nks_status ingest_as_then(struct nks_ingest *ingest)
{
    struct nks_run *run = ingest->run;
    nks_time now = run->now;
    nks_date today = run->today;
    bool found = false;
    if (!run->recovering) /* else it is that day already */
        NKS_TRY(nks_published_first(run->exchange, ingest->delivery.hash, &run->now, &run->today, &found, &run->fault));
    enum nks_status status = ingest_new(ingest);
    run->now = now;
    run->today = today;
    return status;
}

static enum nks_status ingest_try(struct nks_run *run, int64_t delivery_id)
{
    struct nks_ingest *ingest = calloc(1, sizeof *ingest);
    if (ingest == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read a file");
    ingest->run = run;
    bool found = false;
    int64_t earlier = 0;
    enum nks_status status = nks_delivery_load(run->exchange, delivery_id, &ingest->delivery, &found, &run->fault);
    if (status == NKS_OK && ingest->delivery.replays == 0)
        status = nks_delivery_find_bytes(run->exchange, &ingest->delivery, &earlier, &run->fault);
    if (status == NKS_OK)
        status = earlier != 0 ? repeat(ingest, earlier) : ingest_as_then(ingest);
    ingest_free(ingest);
    return status;
}

/* The slices that are stored stay: it is read again as after a kill. */
static enum nks_status ingest_one(struct nks_run *run, int64_t delivery_id)
{
    const struct nks_run_counts before = run->counts;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        run->counts = before;
        status = ingest_try(run, delivery_id);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

enum nks_status nks_stage_ingest(struct nks_run *run, int64_t batch_id)
{
    (void)batch_id; /* there is no batch yet */
    NKS_TRY(nks_lost_stage(run));
    for (int64_t id = 0;;) {
        if (run->recovering)
            NKS_TRY(nks_lost_next(run, NKS_SOURCE_SENDER, &id));
        else
            NKS_TRY(nks_delivery_next(run->exchange, NKS_SOURCE_SENDER, NKS_DELIVERY_RECEIVED, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(ingest_one(run, id));
    }
}
