#include "stage/lost.h"

#include "stage/journal.h"

#include <stdio.h>
#include <string.h>

/* ---- the journal */

static enum nks_status journal_write(struct nks_run *run, const struct nks_lost *lost)
{
    char memory[NKS_JOURNAL_LINE_MAX];
    struct nks_buf fields;
    nks_buf_init(&fields, memory, sizeof memory);
    nks_lost_format(lost, &fields);
    NKS_TRY(nks_journal_word(run, "judged", nks_buf_view(&fields)));
    nks_sys_point("judged.journaled");
    return nks_journal_mark(run);
}

static enum nks_lost_kind kind_of(const struct nks_delivery *delivery)
{
    return delivery->source == NKS_SOURCE_CENTRAL ? NKS_LOST_CENTRAL : NKS_LOST_SENDER;
}

static bool is_reading(const struct nks_lost *lost, const struct nks_delivery *delivery)
{
    return lost->kind == kind_of(delivery) && lost->generation == delivery->generation &&
           strcmp(lost->party, delivery->party) == 0 && memcmp(lost->hash, delivery->hash, NKS_HASH_SIZE) == 0;
}

static const char *who_of(const struct nks_lost *lost)
{
    return lost->kind == NKS_LOST_CENTRAL ? "central" : "sender";
}

static enum nks_status differs(struct nks_run *run, const struct nks_lost *head, const char *now)
{
    return head->kind == NKS_LOST_ACT
               ? nks_fault_set(&run->fault, NKS_HELD, "LOST-DIFFERS",
                               "this is not the import that was done before the home was put back: then %s, now %s; "
                               "nothing was stored; import the file of then, or give #%lld up",
                               head->outcome, now, (long long)head->line)
               : nks_fault_set(&run->fault, NKS_HELD, "LOST-DIFFERS",
                               "a file of %s %s leads to something else than before the home was put back: then %s, "
                               "now %s; put reference data back as they were then, or give #%lld up",
                               who_of(head), head->party, head->outcome, now, (long long)head->line);
}

enum nks_status nks_lost_judged(struct nks_run *run, const struct nks_delivery *delivery, const char *outcome)
{
    struct nks_lost lost = {.kind = kind_of(delivery), .at = run->now, .generation = delivery->generation};
    struct nks_lost head;
    bool found = false, moved = false;
    memcpy(lost.party, delivery->party, sizeof lost.party);
    memcpy(lost.hash, delivery->hash, sizeof lost.hash);
    snprintf(lost.outcome, sizeof lost.outcome, "%s", outcome);
    if (run->recovering)
        NKS_TRY(nks_lost_head(run->exchange, &head, &found, &run->fault));
    if (!found || !is_reading(&head, delivery))
        return journal_write(run, &lost);
    if (strcmp(head.outcome, lost.outcome) != 0)
        return differs(run, &head, lost.outcome);
    return nks_lost_move(run->exchange, head.line, NKS_LOST_BACK, &moved, &run->fault);
}

static struct nks_lost act_of(const struct nks_run *run, const char *word, const char *about, const char *detail)
{
    struct nks_lost act = {.kind = NKS_LOST_ACT, .at = run->now};
    snprintf(act.outcome, sizeof act.outcome, "%s %s%s%s", word, about, detail[0] != '\0' ? " " : "", detail);
    return act;
}

/* A new one, or one of then before its turn: *line 0 or that of the work. */
static enum nks_status act_turn(struct nks_run *run, const char *word, const struct nks_lost *act, int64_t *line)
{
    struct nks_lost head;
    bool waits = false;
    NKS_TRY(nks_lost_act_find(run->exchange, act->outcome, line, &run->fault));
    NKS_TRY(nks_lost_head(run->exchange, &head, &waits, &run->fault));
    return !waits || head.line == *line || strcmp(word, "stop") == 0
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_HELD, "LOST-RUN",
                               "works of the time before the home was put back are to be done again first, in their "
                               "order; nothing was done: use nks run");
}

enum nks_status nks_lost_act(struct nks_run *run, const char *word, const char *about, const char *detail)
{
    const struct nks_lost act = act_of(run, word, about, detail);
    int64_t line = 0;
    bool moved = false;
    NKS_TRY(act_turn(run, word, &act, &line));
    return line == 0 ? journal_write(run, &act)
                     : nks_lost_move(run->exchange, line, NKS_LOST_BACK, &moved, &run->fault);
}

enum nks_status nks_lost_act_waits(struct nks_run *run, const char *word, const char *about, const char *detail,
                                   bool *waits)
{
    const struct nks_lost act = act_of(run, word, about, detail);
    int64_t line = 0;
    NKS_TRY(nks_lost_act_find(run->exchange, act.outcome, &line, &run->fault));
    *waits = line != 0;
    return NKS_OK;
}

enum nks_status nks_lost_act_free(struct nks_run *run, const char *word, int64_t batch_id, const char *detail,
                                  const char *what)
{
    char ref[NKS_BATCH_REF + 1] = "";
    bool waits = false;
    NKS_TRY(nks_batch_ref(run->payments, batch_id, ref, &run->fault));
    NKS_TRY(nks_lost_act_waits(run, word, ref, detail, &waits));
    return waits ? NKS_OK : nks_journal_free(run, batch_id, 0, what);
}

static void now_is(struct nks_run *run, nks_time now)
{
    run->now = now;
    nks_trail_now(run->trail, now);
}

/* ---- imports: each over the rows of then, so in their turn only */

static struct nks_text import_begins(const char *what, char out[NKS_LOST_OUTCOME_MAX])
{
    int len = snprintf(out, NKS_LOST_OUTCOME_MAX, "import %s ", what);
    return (struct nks_text){out, (size_t)len};
}

/* *head.line 0: it is not the turn of an import of that kind. */
static enum nks_status import_turn(struct nks_run *run, const char *what, struct nks_lost *head)
{
    char memory[NKS_LOST_OUTCOME_MAX];
    bool found = false;
    struct nks_text begins = import_begins(what, memory);
    NKS_TRY(nks_lost_head(run->exchange, head, &found, &run->fault));
    if (!found || head->kind != NKS_LOST_ACT || strncmp(head->outcome, begins.ptr, begins.len) != 0)
        head->line = 0;
    return NKS_OK;
}

enum nks_status nks_lost_import_begin(struct nks_run *run, const char *what, nks_time *now)
{
    struct nks_lost head;
    *now = run->now;
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(import_turn(run, what, &head));
    if (head.line != 0)
        now_is(run, head.at);
    return NKS_OK;
}

void nks_lost_import_end(struct nks_run *run, nks_time now)
{
    now_is(run, now);
}

/* Each import of a kind builds on the ones before it; and the stages of before it are over when nothing that left
 * before it is missing. */
static enum nks_status import_early(struct nks_run *run, const char *what, const struct nks_lost *head)
{
    char memory[NKS_LOST_OUTCOME_MAX];
    int64_t line = head->line, left = 0;
    if (line == 0)
        NKS_TRY(nks_lost_act_begins(run->exchange, import_begins(what, memory), &line, &run->fault));
    else
        NKS_TRY(nks_published_before_line(run->exchange, line, &left, &run->fault));
    if (line != head->line)
        return nks_fault_set(&run->fault, NKS_HELD, "LOST-RUN",
                             "an import of %s that was done before the home was put back (#%lld) has its turn later; "
                             "nothing was stored: use nks run, which stops where it belongs",
                             what, (long long)line);
    return left == 0 ? NKS_OK
                     : nks_fault_set(&run->fault, NKS_HELD, "LOST-RUN",
                                     "%lld files that left before this import (#%lld) are not there again, nothing was "
                                     "stored: use nks run first; if it stops here again, look at nks status, or give "
                                     "the import up and import then",
                                     (long long)left, (long long)line);
}

enum nks_status nks_lost_import(struct nks_run *run, const char *what, const char *detail, bool dry_run)
{
    const struct nks_lost act = act_of(run, "import", what, detail);
    struct nks_lost head;
    bool moved = false;
    if (run->journal == NULL) /* a home that has sent nothing yet begins its journal with the first file that leaves */
        return NKS_OK;
    NKS_TRY(import_turn(run, what, &head));
    NKS_TRY(import_early(run, what, &head));
    if (head.line != 0 && strcmp(head.outcome, act.outcome) != 0)
        return differs(run, &head, act.outcome);
    if (dry_run)
        return NKS_OK;
    return head.line == 0 ? journal_write(run, &act)
                          : nks_lost_move(run->exchange, head.line, NKS_LOST_BACK, &moved, &run->fault);
}

/* ---- whose turn it is */

enum nks_status nks_lost_stage(struct nks_run *run)
{
    int64_t waiting = 0;
    NKS_TRY(nks_run_journal(run));
    if (!run->recovering)
        NKS_TRY(nks_lost_count(run->exchange, &waiting, &run->fault));
    return waiting == 0 ? NKS_OK
                        : nks_fault_set(&run->fault, NKS_HELD, "LOST-RUN",
                                        "%lld works of the time before the home was put back are to be done again "
                                        "first, in their order: use nks run",
                                        (long long)waiting);
}

enum nks_status nks_lost_next(struct nks_run *run, enum nks_source source, int64_t *id)
{
    struct nks_lost head;
    bool waits = false;
    *id = 0;
    NKS_TRY(nks_lost_head(run->exchange, &head, &waits, &run->fault));
    enum nks_lost_kind kind = source == NKS_SOURCE_CENTRAL ? NKS_LOST_CENTRAL : NKS_LOST_SENDER;
    if (!waits || head.kind != kind || head.at != run->now) /* of another run: what that one did comes between */
        return NKS_OK;
    return nks_delivery_waiting(run->exchange, source, head.party, head.hash, head.generation, id, &run->fault);
}

/* ---- one day of then */

static enum nks_status head_of_day(struct nks_run *run, struct nks_lost *head, bool *waits)
{
    NKS_TRY(nks_lost_head(run->exchange, head, waits, &run->fault));
    *waits = *waits && nks_copenhagen_date(head->at) == run->today;
    return NKS_OK;
}

static enum nks_status stopped_at(struct nks_run *run, const struct nks_lost *head)
{
    char at[NKS_TIME_TEXT];
    nks_time_format(head->at, at);
    if (head->kind == NKS_LOST_ACT)
        return nks_fault_set(&run->fault, NKS_HELD, "LOST-ACT",
                             "at %s, before the home was put back, a person did this: %s; it is to be done again, or "
                             "#%lld given up, before the run goes on",
                             at, head->outcome, (long long)head->line);
    return nks_fault_set(
        &run->fault, NKS_HELD, "LOST-WAITS",
        "the file of %s %s that was judged at %s, before the home was put back, is not here, or was refused for "
        "its signature when it came%s; have "
        "it dropped again, or give #%lld up, before the run goes on",
        who_of(head), head->party, at, head->generation > 1 ? " (it was replayed then)" : "", (long long)head->line);
}

static const nks_stage_fn rest[] = {nks_stage_decide, nks_stage_emit, nks_stage_deliver};
enum { REST = sizeof rest / sizeof rest[0] };

/* How far the stages go before a person does it again: what left before must be there; what is stopped must not be in a
 * file, what is decided anew is decided, what is recalled or sent again has gone its way; what was decided later was
 * decided with what was imported. */
static enum nks_status rest_before(struct nks_run *run, const struct nks_lost *act, size_t *count)
{
    struct nks_text text = nks_text_from(act->outcome), word = nks_text_cut(&text, ' ');
    int64_t left = 0;
    (void)nks_text_cut(&text, ' '); /* the batch */
    bool from = nks_text_is(word, "replay") && nks_text_is(nks_text_cut(&text, ' '), "from");
    bool none = nks_text_is(word, "stop") || nks_text_is(word, "import");
    NKS_TRY(nks_published_before_line(run->exchange, act->line, &left, &run->fault));
    *count = left > 0 ? REST : none ? 0 : from ? 1 : REST;
    return NKS_OK;
}

static enum nks_status rest_do(struct nks_run *run, size_t count)
{
    for (size_t i = 0; i < count && i < REST; i++)
        NKS_TRY(rest[i](run, 0));
    return NKS_OK;
}

/* What left that day before that line was decided at its own instants: claims were used then, and an answer speaks of
 * files that must be there before it is judged. */
static enum nks_status left_do(struct nks_run *run, int64_t line)
{
    for (nks_time after = 0;;) { /* ends: later with each turn */
        NKS_TRY(nks_published_instant(run->exchange, run->today, line, after, &after, &run->fault));
        if (after == 0)
            return NKS_OK;
        now_is(run, after);
        NKS_TRY(rest_do(run, REST));
    }
}

static enum nks_status act_reached(struct nks_run *run, const struct nks_lost *act)
{
    size_t count = 0;
    now_is(run, act->at);
    NKS_TRY(rest_before(run, act, &count));
    NKS_TRY(rest_do(run, count));
    return stopped_at(run, act);
}

/* What one run judged has one instant; answers come before files, as in a run. */
static enum nks_status day_do(struct nks_run *run)
{
    struct nks_lost head;
    bool waits = false;
    for (;;) {
        NKS_TRY(head_of_day(run, &head, &waits));
        NKS_TRY(left_do(run, waits ? head.line : INT64_MAX));
        if (!waits)
            return NKS_OK;
        if (head.kind == NKS_LOST_ACT)
            return act_reached(run, &head);
        int64_t line = head.line;
        now_is(run, head.at);
        NKS_TRY(nks_stage_collect(run, 0));
        NKS_TRY(nks_stage_ingest(run, 0));
        NKS_TRY(head_of_day(run, &head, &waits));
        if (waits && head.line == line)
            return stopped_at(run, &head);
    }
}

/* The next day on which something was judged or left; *day 0: none up to today. */
static enum nks_status day_next(struct nks_run *run, nks_date after, nks_date today, nks_date *day, nks_time *at)
{
    struct nks_lost head;
    nks_date left = 0;
    nks_time created = 0;
    bool waits = false;
    *day = 0;
    NKS_TRY(nks_published_next_day(run->exchange, after, &left, &created, &run->fault));
    NKS_TRY(nks_lost_head(run->exchange, &head, &waits, &run->fault));
    nks_date judged = waits ? nks_copenhagen_date(head.at) : 0;
    if (left != 0 && left <= today) {
        *day = left;
        *at = created;
    }
    if (waits && (*day == 0 || judged <= *day)) {
        *day = judged;
        *at = head.at;
    }
    return NKS_OK;
}

static enum nks_status days_do(struct nks_run *run, nks_date today)
{
    nks_date day = 0;
    for (nks_date last = 0;; last = day) {
        nks_time at = 0;
        NKS_TRY(day_next(run, last, today, &day, &at));
        if (day == 0)
            return NKS_OK;
        now_is(run, at);
        run->today = day;
        NKS_TRY(day_do(run));
    }
}

enum nks_status nks_lost_days(struct nks_run *run)
{
    nks_time now = run->now;
    nks_date today = run->today;
    run->recovering = true;
    enum nks_status status = days_do(run, today);
    run->recovering = false;
    now_is(run, now);
    run->today = today;
    return status;
}
