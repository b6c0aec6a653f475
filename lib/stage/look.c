/* The read side: what stands where. Explanations of single payments are in look_explain.c. */
#include "exchange/lost.h"
#include "stage/journal.h"
#include "stage/look.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- amounts by outcome */

struct count {
    struct nks_run *run;
    struct nks_look_amounts *amounts;
    int64_t file_id; /* looked at last */
    bool file_published;
};

static enum nks_status published(struct count *count, int64_t file_id, bool *out)
{
    *out = false;
    if (file_id == 0)
        return NKS_OK;
    if (file_id != count->file_id) {
        struct nks_out_file file;
        bool found = false;
        NKS_TRY(nks_out_file_load(count->run->exchange, file_id, &file, &found, &count->run->fault));
        count->file_id = file_id;
        count->file_published = found && file.state == NKS_FILE_PUBLISHED;
    }
    *out = count->file_published;
    return NKS_OK;
}

static struct nks_look_amount *amount_row(struct nks_look_amounts *amounts, enum nks_outcome outcome,
                                          const char currency[4])
{
    /* The last rows are kept for what does not fit, one per outcome. */
    const size_t kept = NKS_LOOK_AMOUNTS_MAX - NKS_OUTCOMES;
    for (size_t i = 0; i < amounts->count; i++) {
        if (amounts->rows[i].outcome == outcome && strcmp(amounts->rows[i].currency, currency) == 0)
            return &amounts->rows[i];
    }
    if (amounts->count >= kept && strcmp(currency, "XXX") != 0)
        return amount_row(amounts, outcome, "XXX");
    struct nks_look_amount *row = &amounts->rows[amounts->count++];
    *row = (struct nks_look_amount){.outcome = outcome};
    memcpy(row->currency, currency, sizeof row->currency);
    return row;
}

static enum nks_status on_group(void *context, const struct nks_outcome_group *group, struct nks_fault *fault)
{
    struct count *count = context;
    struct nks_money money = {.minor = group->amount_minor};
    bool out = false;
    NKS_TRY(published(count, group->leg.file_id, &out));
    enum nks_outcome outcome = nks_payment_outcome(&group->payment, group->slice, &group->leg, &out, group->has_leg);
    nks_payment_currency(&group->payment, money.currency);
    struct nks_look_amount *row = amount_row(count->amounts, outcome, money.currency);
    row->payments += group->payments;
    return nks_sum_add(&row->sum, money)
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "LOOK-SUM", "the sum of the payments does not fit");
}

enum nks_status nks_look_batch_amounts(struct nks_run *run, int64_t batch_id, struct nks_look_amounts *amounts)
{
    struct count count = {.run = run, .amounts = amounts};
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        NKS_TRY(nks_look_outcomes(run->payments, row.id, on_group, &count, &run->fault));
    }
}

enum nks_status nks_look_all_amounts(struct nks_run *run, nks_time since, struct nks_look_amounts *amounts)
{
    for (int64_t id = 0;;) {
        struct nks_batch batch;
        bool found = false;
        NKS_TRY(nks_batch_next(run->payments, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_batch_load(run->payments, id, &batch, &found, &run->fault));
        bool wanted = found && batch.state == NKS_BATCH_ACCEPTED && batch.created >= since;
        nks_batch_close(&batch);
        if (wanted)
            NKS_TRY(nks_look_batch_amounts(run, id, amounts));
        nks_run_progress(run, "status: batch", id, 0);
    }
}

enum nks_status nks_look_status_totals(struct nks_run *run, int64_t batch_id,
                                       struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count)
{
    *count = 0;
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        NKS_TRY(nks_status_totals_load(run->payments, row.id, totals, count, &run->fault));
    }
}

/* ---- finding */

static enum nks_status by_ref(struct nks_run *run, struct nks_text name, int64_t *batch_id)
{
    char ref[NKS_BATCH_REF + 1];
    for (size_t i = 0; i < NKS_BATCH_REF; i++)
        ref[i] = (char)(name.ptr[i] >= 'a' && name.ptr[i] <= 'z' ? name.ptr[i] - 'a' + 'A' : name.ptr[i]);
    ref[NKS_BATCH_REF] = '\0';
    return nks_batch_find_ref(run->payments, ref, batch_id, &run->fault);
}

static enum nks_status by_number(struct nks_run *run, uint64_t number, int64_t *batch_id)
{
    int64_t next = 0;
    *batch_id = 0;
    if (number == 0)
        return NKS_OK;
    NKS_TRY(nks_batch_next(run->payments, (int64_t)number - 1, &next, &run->fault));
    *batch_id = next == (int64_t)number ? next : 0;
    return NKS_OK;
}

enum nks_status nks_look_find_batch(struct nks_run *run, struct nks_text name, int64_t *batch_id)
{
    uint64_t number = 0;
    *batch_id = 0;
    if (name.len == NKS_BATCH_REF)
        NKS_TRY(by_ref(run, name, batch_id));
    if (*batch_id == 0 && nks_text_number(name, INT64_MAX, &number))
        NKS_TRY(by_number(run, number, batch_id));
    return *batch_id != 0 ? NKS_OK
                          : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                                          "there is no such batch; `nks list` shows their numbers and refs");
}

/* ---- next steps */

static struct nks_look_step *step_add(struct nks_look_steps *steps, int64_t count, const char *command, const char *fmt,
                                      ...) NKS_PRINTF(4, 5);

static struct nks_look_step *step_add(struct nks_look_steps *steps, int64_t count, const char *command, const char *fmt,
                                      ...)
{
    /* What does not fit takes the place of the last one. */
    size_t at = steps->count < NKS_LOOK_STEPS_MAX ? steps->count++ : NKS_LOOK_STEPS_MAX - 1;
    struct nks_look_step *step = &steps->rows[at];
    *step = (struct nks_look_step){.command = command, .count = count, .date = NKS_DATE_NONE};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(step->words, sizeof step->words, fmt, args);
    va_end(args);
    return step;
}

/* "1 file is", "3 files are". */
#define MANY(count, one, many) (count), (count) == 1 ? (one) : (many)

static void setup_steps(const struct nks_run *run, int64_t register_version, struct nks_look_steps *steps)
{
    if (nks_look_agreements(run) == 0)
        step_add(steps, 0, "nks agreement import F", "no agreement is in force: every file will be refused");
    if (nks_look_centrals(run) == 0)
        step_add(steps, 0, "nks central import F", "no data central is known: every payment will be rejected");
    if (register_version == 0)
        step_add(steps, 0, "nks register import F", "the register is empty: no payee has an account");
}

static const struct {
    enum nks_source source;
    enum nks_delivery_state state;
    const char *one, *many, *command;
    bool person;
} delivery_steps[] = {
    {NKS_SOURCE_SENDER, NKS_DELIVERY_TAKEN, "file is taken but not yet in the spool",
     "files are taken but not yet in the spool", "nks receive", false},
    {NKS_SOURCE_CENTRAL, NKS_DELIVERY_TAKEN, "answer is taken but not yet in the spool",
     "answers are taken but not yet in the spool", "nks receive", false},
    {NKS_SOURCE_SENDER, NKS_DELIVERY_RECEIVED, "file is received", "files are received", "nks ingest", false},
    {NKS_SOURCE_CENTRAL, NKS_DELIVERY_RECEIVED, "answer of a bank is received", "answers of banks are received",
     "nks collect", false},
    {NKS_SOURCE_CENTRAL, NKS_DELIVERY_ODD, "answer of a bank holds something odd; a person looks at it with the bank",
     "answers of banks hold something odd; a person looks at them with the bank", "nks list --state ODD", true},
};

static enum nks_status deliveries_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct nks_delivery_count rows[NKS_EXCHANGE_LOOK_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_deliveries(run->exchange, rows, &count, &run->fault));
    for (size_t s = 0; s < sizeof delivery_steps / sizeof delivery_steps[0]; s++) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i].source != delivery_steps[s].source || rows[i].state != delivery_steps[s].state)
                continue;
            struct nks_look_step *step =
                step_add(steps, rows[i].deliveries, delivery_steps[s].command, "%lld %s",
                         MANY((long long)rows[i].deliveries, delivery_steps[s].one, delivery_steps[s].many));
            step->person = delivery_steps[s].person;
        }
    }
    return NKS_OK;
}

static const struct {
    enum nks_slice_state state;
    const char *one, *many, *command;
} slice_steps[] = {
    {NKS_SLICE_RESOLVED, "slice is resolved", "slices are resolved", "nks offset"},
    {NKS_SLICE_OFFSET, "slice has its debts taken", "slices have their debts taken", "nks route"},
    {NKS_SLICE_ROUTED, "slice is routed and in no order file yet", "slices are routed and in no order file yet",
     "nks emit"},
};

static enum nks_status slices_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct nks_state_count rows[NKS_LOOK_ROWS_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_slices(run->payments, rows, &count, &run->fault));
    for (size_t s = 0; s < sizeof slice_steps / sizeof slice_steps[0]; s++) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i].state == (int)slice_steps[s].state)
                step_add(steps, rows[i].count, slice_steps[s].command, "%lld %s",
                         MANY((long long)rows[i].count, slice_steps[s].one, slice_steps[s].many));
        }
    }
    return NKS_OK;
}

static enum nks_status due_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct nks_due_count rows[NKS_LOOK_ROWS_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_due(run->payments, rows, &count, &run->fault));
    for (size_t i = 0; i < count; i++) {
        char date[NKS_DATE_TEXT];
        bool due = rows[i].due_date <= run->today;
        nks_date_format(rows[i].due_date, date);
        struct nks_look_step *step = step_add(steps, rows[i].slices, due ? "nks run" : "", "%lld %s %s %s (%lld %s)",
                                              MANY((long long)rows[i].slices, "slice", "slices"),
                                              due ? (rows[i].slices == 1 ? "is due since" : "are due since")
                                                  : (rows[i].slices == 1 ? "waits until" : "wait until"),
                                              date, MANY((long long)rows[i].payments, "payment", "payments"));
        step->date = due ? NKS_DATE_NONE : rows[i].due_date;
    }
    return NKS_OK;
}

static void person_step(struct nks_look_step *step)
{
    step->person = true;
    step->overdue = true;
}

/* Order files of which nobody here knows whether they left. */
static enum nks_status unfinished_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    char name[NKS_FILE_NAME_MAX] = "", first[NKS_FILE_NAME_MAX] = "";
    int64_t count = 0;
    for (bool found = true; count <= NKS_UNFINISHED_MAX; count++) {
        NKS_TRY(nks_published_unfinished_next(run->exchange, name, &found, &run->fault));
        if (!found)
            break;
        if (count == 0)
            memcpy(first, name, sizeof first);
    }
    if (count > 0)
        person_step(step_add(steps, count, "nks replay FILE", "%lld %s: ask whether it came: %s%s",
                             MANY((long long)count, "file may have left or not", "files may have left or not"), first,
                             count == 1 ? "" : " and others"));
    return NKS_OK;
}

/* What waits since the home was put back. */
static enum nks_status lost_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    struct nks_lost head;
    int64_t waiting = 0;
    bool found = false;
    NKS_TRY(nks_journal_mark_load(run->exchange, &mark, &state, &run->fault));
    if (state == NKS_JOURNAL_RESTORED)
        person_step(step_add(steps, 1, "nks reconcile", "the home was put back: nothing leaves (RECONCILE-FIRST)"));
    NKS_TRY(unfinished_steps(run, steps));
    NKS_TRY(nks_lost_count(run->exchange, &waiting, &run->fault));
    NKS_TRY(nks_lost_head(run->exchange, &head, &found, &run->fault));
    if (!found)
        return NKS_OK;
    person_step(step_add(
        steps, waiting, "nks run", "%lld %s to be done again, first #%lld %s %s (LOST-WAITS, LOST-ACT)",
        MANY((long long)waiting, "work of the time before the restore is", "works of the time before the restore are"),
        (long long)head.line, head.kind == NKS_LOST_ACT ? "by hand:" : "of",
        head.kind == NKS_LOST_ACT ? head.outcome : head.party));
    return NKS_OK;
}

static enum nks_status files_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct nks_file_count rows[NKS_EXCHANGE_LOOK_MAX];
    size_t count = 0;
    int64_t reserved = 0, written = 0, held = 0;
    char first[NKS_FILE_NAME_MAX];
    NKS_TRY(nks_look_files(run->exchange, rows, &count, &run->fault));
    for (size_t i = 0; i < count; i++) {
        reserved += rows[i].state == NKS_FILE_RESERVED ? rows[i].files : 0;
        written += rows[i].state == NKS_FILE_WRITTEN ? rows[i].files : 0;
    }
    if (reserved > 0)
        step_add(steps, reserved, "nks emit", "%lld %s",
                 MANY((long long)reserved, "file is reserved but not written", "files are reserved but not written"));
    if (written > 0)
        NKS_TRY(nks_look_held(run, &held, first));
    if (held > 0) {
        person_step(step_add(steps, held, "nks reconcile --settle FILE", "%lld %s (JOURNAL-DIFFERS): %s%s",
                             MANY((long long)held, "file is held", "files are held"), first,
                             held == 1 ? "" : " and others"));
    }
    written -= held;
    if (written > 0)
        step_add(steps, written, "nks deliver", "%lld %s",
                 MANY((long long)written, "file is written but not published", "files are written but not published"));
    return NKS_OK;
}

/* By central: how many of its order files have no answer although it was due. */
struct overdue {
    struct nks_look_steps *steps;
    struct {
        const char *name;
        bool silent;
        int64_t files, payments;
    } rows[NKS_CENTRALS_MAX];
    size_t count;
};

static enum nks_status overdue_count(void *context, const struct nks_unanswered *row)
{
    struct overdue *overdue = context;
    const char *name = row->central != NULL ? row->central->name : "a central that is not known any more";
    size_t at = 0;
    if (!row->overdue)
        return NKS_OK;
    while (at < overdue->count && strcmp(overdue->rows[at].name, name) != 0)
        at++;
    if (at == NKS_CENTRALS_MAX)
        return NKS_OK;
    overdue->count += at == overdue->count;
    overdue->rows[at].name = name;
    overdue->rows[at].silent = row->central != NULL && row->central->silent_reject;
    overdue->rows[at].files++;
    overdue->rows[at].payments += row->open;
    return NKS_OK;
}

static enum nks_status answers_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    struct overdue *overdue = calloc(1, sizeof *overdue);
    if (overdue == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to look for answers");
    enum nks_status status = nks_look_unanswered(run, overdue_count, overdue);
    for (size_t i = 0; status == NKS_OK && i < overdue->count; i++) {
        int64_t files = overdue->rows[i].files;
        person_step(step_add(steps, files, "",
                             "%lld %s without the answer of %s that was due (%lld %s); ask the bank%s",
                             MANY((long long)files, "order file is", "order files are"), overdue->rows[i].name,
                             MANY((long long)overdue->rows[i].payments, "payment", "payments"),
                             overdue->rows[i].silent ? ": it is silent when a user rejects" : ""));
    }
    free(overdue);
    return status;
}

enum nks_status nks_look_next_steps(struct nks_run *run, struct nks_look_steps *steps)
{
    int64_t version = 0;
    steps->count = 0;
    NKS_TRY(nks_register_version(run->reg, &version, &run->fault));
    setup_steps(run, version, steps);
    NKS_TRY(deliveries_steps(run, steps));
    NKS_TRY(due_steps(run, steps));
    NKS_TRY(slices_steps(run, steps));
    NKS_TRY(lost_steps(run, steps));
    NKS_TRY(files_steps(run, steps));
    return answers_steps(run, steps);
}

int64_t nks_look_agreements(const struct nks_run *run)
{
    int64_t count = 0;
    const struct nks_agreement_book *book = &run->agreements;
    for (size_t i = 0; i < book->count; i++) { /* sorted by sender, payer, version: the last of a run is the newest */
        const struct nks_agreement *row = book->rows[i];
        const struct nks_agreement *next = i + 1 < book->count ? book->rows[i + 1] : NULL;
        bool newest = next == NULL || strcmp(next->sender, row->sender) != 0 || strcmp(next->payer, row->payer) != 0;
        bool in_force = !row->ended && row->valid_from <= run->today &&
                        (row->valid_to == NKS_DATE_NONE || row->valid_to >= run->today);
        count += newest && in_force;
    }
    return count;
}

int64_t nks_look_centrals(const struct nks_run *run)
{
    int64_t count = 0;
    for (size_t i = 0; i < run->centrals.count; i++)
        count += !run->centrals.rows[i]->ended;
    return count;
}
