/*
 * collect: a bank's answer -> legs. What a data central dropped is read in the jail, and applied in one transaction:
 * legs, uses of claims, entries of the ventekonto, payments that carry returned money on, the payers' new status
 * reports and the state of the delivery, or nothing of it. A camt.054 is told of in collect_notice.c. A pain.002 is
 * matched by OrgnlMsgId to an order file that nks sent to that very central:
 *
 *   the bank says                     legs that are still IN_FILE
 *   ACSC, ACCC                        SETTLED
 *   RJCT                              REJECTED, with the bank's reason
 *   ACCP, ACSP, ACTC, RCVD, PDNG …    stay: the bank is at work
 *   PART, or no GrpSts                only what is said of groups and payments counts; what is not named stays
 * A status holds for all below it, but the most specific one counts: TxSts before PmtInfSts before GrpSts.
 *
 *   the delivery becomes
 *   ODD        without a byte read, when the central must sign and did not, or not well (NKS_ODD_SIGNATURE)
 *   REPEATED   the same bytes came before from this central: nothing moves
 *   ODD        a person must look. Nothing moves when the file is unreadable (not whole, no report) or is a pain.002
 *              that answers no order file of ours to this central. All else is applied, and the rest told, by kind
 *              (enum nks_odd): it names a payment that is not in the file, a status that nks does not know, two
 *              statuses that contradict each other, or a final state other than the one the leg has. A final state is
 *              never changed by a pain.002; by a camt.054, settled money may come back.
 *   ACCEPTED   otherwise; a finding may tell that payments had this final state already
 *
 * What follows for money that came back stands in collect_back.c.
 */
#include "stage/collect.h"

#include "iso20022/prolog.h"
#include "stage/lost.h"
#include "stage/receive_signature.h"
#include "stage/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 10000 };

/* ---- findings */

void nks_answer_note(struct nks_answer *answer, enum nks_finding_kind kind, const struct nks_frame_place *place,
                     struct nks_text text)
{
    if (answer->finding_count == NKS_FINDINGS_MAX)
        return;
    struct nks_finding *finding = &answer->findings[answer->finding_count++];
    *finding = (struct nks_finding){.kind = kind, .line = place->line, .group = place->group, .seq = place->seq};
    if (!nks_text_copy(text, finding->text, sizeof finding->text))
        finding->text[sizeof finding->text - 1] = '\0';
}

static void odd_count(struct nks_answer *answer, const struct nks_frame_place *place, enum nks_odd kind)
{
    struct nks_odd_row *row = &answer->odds[kind];
    answer->odd = true;
    row->kind = kind;
    if (row->times++ == 0 || place->line < row->line) /* bookings without our ids are judged last */
        row->line = place->line;
}

void nks_answer_odd(struct nks_answer *answer, const struct nks_frame_place *place, enum nks_odd kind)
{
    odd_count(answer, place, kind);
    nks_answer_note(answer, NKS_FINDING_SCHEMA, place, nks_text_from(nks_odd_words(kind)));
}

static void unreadable(struct nks_answer *answer, enum nks_finding_kind kind, const struct nks_frame_place *place,
                       struct nks_text text)
{
    odd_count(answer, place, NKS_ODD_UNREADABLE);
    answer->reason = NKS_REASON_UNREADABLE;
    nks_answer_note(answer, kind, place, text);
}

/* ---- frames */

static const struct nks_frame_place nowhere;

/* Stops the reader: the rest of a file that is not for us is not read. */
static enum nks_status stop(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_REFUSED, "ANSWER-STOP", "the rest of the answer is not read");
}

static enum nks_status on_document(struct nks_answer *answer, const struct nks_reader_frame *frame,
                                   struct nks_fault *fault)
{
    answer->report = (enum nks_report_version)frame->document.report;
    if (frame->document.version == NKS_PAIN001_UNKNOWN)
        return NKS_OK; /* a report, or a finding follows */
    unreadable(answer, NKS_FINDING_VERSION, &nowhere, nks_text_from(nks_prolog_reports_only));
    answer->foreign = true;
    return stop(fault);
}

/* What the frames of each report mean. */
typedef enum nks_status (*record_fn)(struct nks_answer *answer, const struct nks_frame_place *place,
                                     struct nks_text record);
struct report {
    record_fn head, group, payment;
    enum nks_status (*apply)(struct nks_answer *answer);
};
static const struct report status_report = {nks_answer_head, nks_answer_group_take, nks_answer_payment,
                                            nks_answer_apply};
static const struct report notice = {nks_notice_head, nks_notice_entry, nks_notice_detail, nks_notice_apply};
static const struct report *const reports[] = {
    [NKS_REPORT_NONE] = &status_report, /* its frames never come */
    [NKS_REPORT_03] = &status_report,   [NKS_REPORT_10] = &status_report,
    [NKS_REPORT_CAMT054_02] = &notice,  [NKS_REPORT_CAMT054_08] = &notice,
};

static enum nks_status on_report(struct nks_answer *answer, const struct nks_reader_frame *frame,
                                 struct nks_fault *fault)
{
    NKS_TRY(reports[answer->report]->head(answer, &frame->place, frame->record));
    return answer->foreign ? stop(fault) : NKS_OK;
}

static enum nks_status on_group(struct nks_answer *answer, const struct nks_reader_frame *frame,
                                struct nks_fault *fault)
{
    (void)fault;
    return reports[answer->report]->group(answer, &frame->place, frame->record);
}

static enum nks_status on_payment(struct nks_answer *answer, const struct nks_reader_frame *frame,
                                  struct nks_fault *fault)
{
    (void)fault;
    if (frame->place.seq % PROGRESS_EVERY == 0)
        nks_run_progress(answer->run, "collect", answer->spool.fed, answer->delivery.bytes);
    return reports[answer->report]->payment(answer, &frame->place, frame->record);
}

static enum nks_status on_finding(struct nks_answer *answer, const struct nks_reader_frame *frame,
                                  struct nks_fault *fault)
{
    const struct nks_frame_place place = {frame->finding.line, frame->finding.group, frame->finding.seq};
    bool version = frame->finding.kind == NKS_FINDING_VERSION; /* the reader's words are for payers */
    (void)fault;
    unreadable(answer, (enum nks_finding_kind)frame->finding.kind, &place,
               version ? nks_text_from(nks_prolog_reports_only) : frame->text);
    return NKS_OK;
}

static enum nks_status on_end(struct nks_answer *answer, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    (void)fault;
    answer->complete = frame->end.complete == 1;
    return NKS_OK;
}

/* Frames of an order never come: its DOCUMENT stops the reader. */
static const struct {
    enum nks_status (*take)(struct nks_answer *, const struct nks_reader_frame *, struct nks_fault *);
} frames[] = {
    [NKS_FRAME_DOCUMENT] = {on_document},
    [NKS_FRAME_FINDING] = {on_finding},
    [NKS_FRAME_END] = {on_end},
    [NKS_FRAME_REPORT] = {on_report},
    [NKS_FRAME_REPORT_GROUP] = {on_group},
    [NKS_FRAME_REPORT_PAYMENT] = {on_payment},
};

static enum nks_status on_frame(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    size_t kind = (size_t)frame->kind;
    return kind < sizeof frames / sizeof frames[0] && frames[kind].take != NULL ? frames[kind].take(user, frame, fault)
                                                                                : NKS_OK;
}

static enum nks_status spool_source(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct nks_answer *answer = user;
    return nks_spool_piece(&answer->spool, piece, fault);
}

/* ---- one file through the reader */

static enum nks_status read_file(struct nks_answer *answer)
{
    struct nks_run *run = answer->run;
    struct nks_reader *reader = NULL;
    const struct nks_reader_calls calls = {answer, spool_source, on_frame};
    struct nks_reader_usage usage;
    enum nks_reader_end end = NKS_READER_DONE;
    NKS_TRY(nks_reader_open(run->options.reader, answer->delivery.bytes, &reader, &run->fault));
    enum nks_status status = nks_reader_pump(reader, &calls, &end, &run->fault);
    nks_reader_close(reader, &usage);
    if (usage.peak_rss_bytes > run->reader_peak_bytes)
        run->reader_peak_bytes = usage.peak_rss_bytes;
    if (status == NKS_REFUSED && answer->foreign) {
        nks_fault_clear(&run->fault);
        return NKS_OK;
    }
    if (status != NKS_OK)
        return status;
    if (end == NKS_READER_NO_JAIL)
        return nks_fault_set(&run->fault, NKS_FAILED, "JAIL-NONE",
                             "this machine gives the reader no jail (seccomp); use a kernel that does");
    if (end == NKS_READER_LOST)
        return nks_fault_set(&run->fault, NKS_RETRY, "READER-LOST",
                             "the reader was ended from outside; the answer is kept and read by the next run");
    if (end != NKS_READER_DONE) {
        answer->complete = false;
        unreadable(answer, NKS_FINDING_CEILING, &nowhere, NKS_TEXT("the reader gave up on this file"));
    } else if (!answer->complete && answer->reason == NKS_REASON_NONE) {
        unreadable(answer, NKS_FINDING_SYNTAX, &nowhere, NKS_TEXT("the file is not whole"));
    }
    return NKS_OK;
}

static enum nks_status read_spool(struct nks_answer *answer)
{
    enum nks_status status = nks_spool_open(&answer->spool, answer->run, &answer->delivery);
    if (status == NKS_OK)
        status = read_file(answer);
    if (status == NKS_OK)
        status = nks_spool_end(&answer->spool, &answer->run->fault);
    nks_spool_close(&answer->spool);
    return status;
}

/* ---- one answer */

static void note_already(struct nks_answer *answer)
{
    char memory[NKS_FINDING_TEXT_MAX];
    struct nks_buf text;
    if (answer->already == 0)
        return;
    nks_buf_init(&text, memory, sizeof memory);
    nks_buf_printf(&text, "%lld payments had this final state already; they were left", (long long)answer->already);
    nks_answer_note(answer, NKS_FINDING_SCHEMA, &nowhere, nks_buf_view(&text));
}

/* By kind, for the answer and for what the run tells. */
static enum nks_status odds_save(struct nks_answer *answer)
{
    struct nks_run *run = answer->run;
    for (int kind = 0; kind < NKS_ODDS; kind++) {
        struct nks_odd_row *row = &answer->odds[kind];
        if (row->times == 0)
            continue;
        row->delivery_id = answer->delivery.id;
        memcpy(row->party, answer->delivery.party, sizeof row->party);
        NKS_TRY(nks_delivery_odd_add(run->exchange, row, &run->fault));
    }
    return NKS_OK;
}

/* One link in the chain of each batch that the answer moved or answered, and one in the home's own. */
static enum nks_status links_add(struct nks_answer *answer)
{
    int64_t last = answer->answered_batch; /* a pain.002 moves no other batch's legs */
    if (last != 0)
        NKS_TRY(nks_run_trail(answer->run, NKS_TRAIL_COLLECT, last, 0, answer->delivery.id));
    nks_answer_touches_sort(answer);
    for (size_t i = 0; i < answer->touch_count; i++) {
        int64_t batch_id = nks_slice_batch(answer->touched[i].slice_id);
        if (batch_id != last)
            NKS_TRY(nks_run_trail(answer->run, NKS_TRAIL_COLLECT, batch_id, 0, answer->delivery.id));
        last = batch_id;
    }
    return nks_run_trail(answer->run, NKS_TRAIL_COLLECT, 0, 0, answer->delivery.id);
}

static enum nks_status outcome_keep(struct nks_answer *answer, enum nks_delivery_state to)
{
    char outcome[NKS_LOST_OUTCOME_MAX];
    snprintf(outcome, sizeof outcome, "%s, %zu payments", to == NKS_DELIVERY_ODD ? "odd" : "taken",
             answer->touch_count);
    return nks_lost_judged(answer->run, &answer->delivery, outcome);
}

static enum nks_status finish(struct nks_answer *answer, enum nks_delivery_state to, enum nks_reason reason)
{
    struct nks_run *run = answer->run;
    NKS_TRY(nks_delivery_move(run->exchange, &answer->delivery, to, reason, answer->findings, answer->finding_count,
                              &run->fault));
    NKS_TRY(odds_save(answer));
    NKS_TRY(links_add(answer));
    if (to != NKS_DELIVERY_REPEATED && !answer->odds[NKS_ODD_SIGNATURE].times)
        NKS_TRY(outcome_keep(answer, to));
    nks_sys_point("collect.before");
    NKS_TRY(nks_db_commit(run->db, &run->fault));
    nks_sys_point("collect.after");
    return NKS_OK;
}

/* What was done while the file was read is worth nothing when it is not whole. */
static enum nks_status judge(struct nks_answer *answer)
{
    struct nks_run *run = answer->run;
    enum nks_reason refuses = NKS_REASON_NONE;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    NKS_TRY(nks_signature_refuses(run, &answer->delivery, &refuses));
    if (refuses != NKS_REASON_NONE) {
        nks_answer_odd(answer, &nowhere, NKS_ODD_SIGNATURE);
        return finish(answer, NKS_DELIVERY_ODD, refuses);
    }
    NKS_TRY(read_spool(answer));
    if (answer->foreign || !answer->complete) {
        nks_db_rollback(run->db);
        NKS_TRY(nks_db_begin(run->db, &run->fault));
        return finish(answer, NKS_DELIVERY_ODD, answer->reason);
    }
    NKS_TRY(reports[answer->report]->apply(answer));
    note_already(answer);
    NKS_TRY(nks_answer_back(answer));
    return finish(answer, answer->odd ? NKS_DELIVERY_ODD : NKS_DELIVERY_ACCEPTED, NKS_REASON_NONE);
}

static enum nks_status repeat(struct nks_answer *answer, int64_t earlier)
{
    struct nks_run *run = answer->run;
    answer->delivery.repeats = earlier;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    return finish(answer, NKS_DELIVERY_REPEATED, NKS_REASON_DUPLICATE_FILE);
}

static void count(struct nks_answer *answer)
{
    struct nks_run_counts *counts = &answer->run->counts;
    counts->answers += answer->delivery.state == NKS_DELIVERY_ACCEPTED;
    counts->odd += answer->delivery.state == NKS_DELIVERY_ODD;
    counts->repeated += answer->delivery.state == NKS_DELIVERY_REPEATED;
    for (int kind = 0; kind < NKS_ODDS && answer->run->odd_count < NKS_ODD_LOOK_MAX; kind++) {
        if (answer->odds[kind].times > 0)
            answer->run->odds[answer->run->odd_count++] = answer->odds[kind];
    }
}

static void answer_free(struct nks_answer *answer)
{
    nks_batch_close(&answer->batch);
    free(answer->groups);
    free(answer->group_said);
    free(answer->touched);
    nks_notice_free(answer->notice);
    free(answer);
}

static enum nks_status collect_try(struct nks_run *run, int64_t delivery_id)
{
    struct nks_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read an answer");
    answer->run = run;
    bool found = false;
    int64_t earlier = 0;
    enum nks_status status = nks_delivery_load(run->exchange, delivery_id, &answer->delivery, &found, &run->fault);
    if (status == NKS_OK)
        status = nks_delivery_find_bytes(run->exchange, &answer->delivery, &earlier, &run->fault);
    answer->central = nks_central_by_name(&run->centrals, nks_text_from(answer->delivery.party));
    if (status == NKS_OK)
        status = earlier != 0 ? repeat(answer, earlier) : judge(answer);
    if (status == NKS_OK)
        count(answer);
    else
        nks_db_rollback(run->db);
    answer_free(answer);
    return status;
}

static enum nks_status collect_one(struct nks_run *run, int64_t delivery_id)
{
    const struct nks_run_counts before = run->counts;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        run->counts = before;
        status = collect_try(run, delivery_id);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

enum nks_status nks_stage_collect(struct nks_run *run, int64_t batch_id)
{
    (void)batch_id; /* which batch an answer is about stands in it */
    NKS_TRY(nks_lost_stage(run));
    for (int64_t id = 0;;) {
        if (run->recovering)
            NKS_TRY(nks_lost_next(run, NKS_SOURCE_CENTRAL, &id));
        else
            NKS_TRY(nks_delivery_next(run->exchange, NKS_SOURCE_CENTRAL, NKS_DELIVERY_RECEIVED, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(collect_one(run, id));
    }
}
