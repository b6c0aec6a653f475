/*
 * reconcile: what the journal names behind the database's mark was published, whatever the database thinks. Its files
 * are kept as such (published.h), in one transaction with the new mark; then the house may work again.
 */
#include "stage/alarm.h"
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPEN_MAX = NKS_UNFINISHED_MAX }; /* files without their `done` that are followed at a time */

struct reading {
    struct nks_run *run;
    struct nks_reconciled *out;
    bool dry_run;
    struct nks_journal_mark sealed; /* what the seals know of the journal */
    struct {
        int64_t line;
        char name[NKS_FILE_NAME_MAX];
    } open[OPEN_MAX];
    size_t opened;
};

/* A line that is written again after a try that was cut short takes the place of the first. */
static void open_add(struct reading *reading, int64_t line, const char *name)
{
    for (size_t i = 0; i < reading->opened; i++) {
        if (strcmp(reading->open[i].name, name) == 0) {
            reading->open[i].line = line;
            return;
        }
    }
    if (reading->opened == OPEN_MAX) { /* the oldest is not followed any more: it counts as unfinished */
        reading->out->unfinished++;
        memmove(&reading->open[0], &reading->open[1], (OPEN_MAX - 1) * sizeof reading->open[0]);
        reading->opened--;
    }
    reading->open[reading->opened].line = line;
    memcpy(reading->open[reading->opened].name, name, sizeof reading->open[0].name);
    reading->opened++;
}

static void open_take(struct reading *reading, int64_t line)
{
    for (size_t i = 0; i < reading->opened; i++) {
        if (reading->open[i].line != line)
            continue;
        memmove(&reading->open[i], &reading->open[i + 1], (reading->opened - i - 1) * sizeof reading->open[0]);
        reading->opened--;
        return;
    }
}

static enum nks_status file_line(struct reading *reading, const struct nks_journal_line *line)
{
    struct nks_run *run = reading->run;
    struct nks_published published;
    int64_t id = 0;
    if (!nks_published_read(line->fields, &published))
        return nks_journal_line_bad(run, line->number);
    published.line = line->number;
    NKS_TRY(nks_out_file_named(run->exchange, published.folder, published.party, published.name, &id, &run->fault));
    reading->out->files++;
    reading->out->orders += published.kind == NKS_FILE_ORDER;
    reading->out->unknown += id == 0;
    open_add(reading, line->number, published.name);
    return reading->dry_run ? NKS_OK : nks_published_add(run->exchange, &published, &run->fault);
}

/* What this database has done itself needs not be done again. */
static enum nks_status work_line(struct reading *reading, const struct nks_journal_line *line)
{
    struct nks_run *run = reading->run;
    struct nks_lost lost;
    bool known = false;
    if (!nks_lost_read(line->fields, &lost))
        return nks_journal_line_bad(run, line->number);
    lost.line = line->number;
    if (lost.kind != NKS_LOST_ACT)
        NKS_TRY(nks_delivery_is_judged(run->exchange,
                                       lost.kind == NKS_LOST_CENTRAL ? NKS_SOURCE_CENTRAL : NKS_SOURCE_SENDER,
                                       lost.party, lost.hash, lost.generation, &known, &run->fault));
    reading->out->works += !known;
    return known || reading->dry_run ? NKS_OK : nks_lost_add(run->exchange, &lost, &run->fault);
}

static enum nks_status lines_read(struct reading *reading, struct nks_journal *journal)
{
    for (;;) {
        struct nks_journal_line line;
        uint64_t number = 0;
        bool found = false;
        NKS_TRY(nks_journal_next(journal, &line, &found, &reading->run->fault));
        const struct nks_journal_mark at = nks_journal_at(journal);
        bool cut = !found && at.number < reading->sealed.number;
        bool other = found && at.number == reading->sealed.number && strcmp(at.check, reading->sealed.check) != 0;
        if (cut || other)
            return nks_fault_set(&reading->run->fault, NKS_INTEGRITY, "JOURNAL-CHANGED",
                                 "a seal knows another line %" PRId64 " of the journal of published files, or it ends "
                                 "before; do not restart, put the right journal back",
                                 reading->sealed.number);
        if (!found)
            return NKS_OK;
        if (nks_journal_is_file(&line))
            NKS_TRY(file_line(reading, &line));
        else if (strcmp(line.word, "judged") == 0)
            NKS_TRY(work_line(reading, &line));
        else if (strcmp(line.word, "done") == 0 && nks_text_number(line.fields, INT64_MAX, &number))
            open_take(reading, (int64_t)number);
    }
}

/* Inside a transaction: the rows, the mark behind all lines, the link. */
static enum nks_status rows_do(struct reading *reading, struct nks_journal *journal, const char *reason)
{
    struct nks_run *run = reading->run;
    NKS_TRY(lines_read(reading, journal));
    for (size_t i = 0; i < reading->opened && !reading->dry_run; i++)
        NKS_TRY(nks_published_unfinished(run->exchange, reading->open[i].name, true, &run->fault));
    const struct nks_journal_mark mark = nks_journal_at(journal);
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_RECONCILE, .number = reading->out->files, .reason = reason};
    if (reading->dry_run)
        return NKS_OK;
    NKS_TRY(nks_journal_mark_save(run->exchange, &mark, NKS_JOURNAL_GOOD, &run->fault));
    run->newest_fits = true; /* from here on this is the database */
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status rows_store(struct reading *reading, struct nks_journal *journal, const char *reason)
{
    struct nks_run *run = reading->run;
    if (reading->dry_run)
        return rows_do(reading, journal, reason);
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = rows_do(reading, journal, reason);
    if (status == NKS_OK)
        return nks_db_commit(run->db, &run->fault);
    nks_db_rollback(run->db);
    return status;
}

struct anew {
    struct nks_run *run;
    const char *reason;
};

/* There was never a journal, or it is lost for good: the next file begins a new one. What was reconciled from it is
 * kept. */
static enum nks_status anew_body(void *context, struct nks_fault *fault)
{
    const struct anew *anew = context;
    struct nks_run *run = anew->run;
    const struct nks_journal_mark none = {.number = 0};
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_RECONCILE, .reason = anew->reason, .detail = "new journal"};
    NKS_TRY(nks_published_forget_lines(run->exchange, fault));
    NKS_TRY(nks_journal_mark_save(run->exchange, &none, NKS_JOURNAL_GOOD, fault));
    run->newest_fits = true;
    return nks_trail_add(run->trail, &entry, fault);
}

static enum nks_status begin_anew(struct reading *reading, const char *path, const char *reason)
{
    struct nks_run *run = reading->run;
    if (nks_sys_exists(path))
        return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                             "there is a journal: it is begun anew only where it is lost");
    if (reading->dry_run)
        return NKS_OK;
    struct anew anew = {run, reason};
    const bool fits = run->newest_fits;
    enum nks_status status = nks_run_transact(run, anew_body, &anew);
    run->newest_fits = status == NKS_OK || fits;
    return status;
}

/* The whole journal in one transaction. */
static enum nks_status read_once(struct reading *reading, const char *path, const struct nks_journal_mark *mark,
                                 const char *reason)
{
    struct nks_run *run = reading->run;
    struct nks_journal *journal = NULL;
    NKS_TRY(nks_journal_open(path, mark, false, &journal, &run->fault));
    enum nks_status status = rows_store(reading, journal, reason);
    nks_journal_close(journal);
    return status;
}

static enum nks_status read_on(struct reading *reading, const char *path, const struct nks_journal_mark *mark,
                               const char *reason)
{
    struct nks_run *run = reading->run;
    const bool fits = run->newest_fits;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        *reading->out = (struct nks_reconciled){.files = 0};
        reading->opened = 0;
        status = read_once(reading, path, mark, reason);
        run->newest_fits = (status == NKS_OK && !reading->dry_run) || fits;
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

enum nks_status nks_run_reconcile(struct nks_run *run, bool anew, bool dry_run, const char *reason,
                                  struct nks_reconciled *out)
{
    struct reading reading = {.run = run, .out = out, .dry_run = dry_run};
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    char path[NKS_PATH_MAX];
    *out = (struct nks_reconciled){.files = 0};
    if (!nks_journal_file_path(run->home, path))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_journal_mark_load(run->exchange, &mark, &state, &run->fault));
    NKS_TRY(nks_run_seals_journal(run, &reading.sealed));
    if (anew)
        reading.sealed.number = 0;
    if (anew)
        return begin_anew(&reading, path, reason);
    if (state == NKS_JOURNAL_RESTORED && mark.number == 0 && reading.sealed.number == 0 && !nks_sys_exists(path))
        return nks_fault_set(
            &run->fault, NKS_FAILED, "JOURNAL-MISSING",
            "the backup is from before anything was published, and there is no journal. Where it was "
            "lost, put it back. Where nothing was published since either (look into HOME.before-TIME), "
            "begin one: nks reconcile --new-journal");
    if (state != NKS_JOURNAL_RESTORED &&
        run->newest_fits) /* only where an older database was put back may an alarm stand */
        NKS_TRY(nks_alarm_check(run->home, &run->fault));
    if (state != NKS_JOURNAL_RESTORED) {
        enum nks_status status = nks_run_journal(run);
        if (status == NKS_OK)
            return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                                 "the database knows all that the journal says: there is nothing to reconcile");
        if (strcmp(run->fault.code, "RECONCILE-FIRST") != 0)
            return status;
        nks_fault_clear(&run->fault);
    }
    NKS_TRY(read_on(&reading, path, &mark, reason));
    if (!dry_run)
        NKS_TRY(nks_run_seals_aside(run));
    out->unfinished += (int64_t)reading.opened;
    for (size_t i = 0; i < reading.opened; i++)
        memcpy(out->names[i], reading.open[i].name, sizeof out->names[i]);
    out->named = reading.opened;
    return NKS_OK;
}

/* ---- what two people settled */

struct settling {
    struct nks_run *run;
    const char *name, *reason;
    uint8_t source[NKS_SOURCE_SIZE];
    nks_date until; /* what left of the source up to this day is settled: a day at a time */
    int64_t files;  /* held ones that go nowhere */
};

static enum nks_status not_held(struct nks_run *run)
{
    return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                         "no file of that name is held, nor known from the journal");
}

static enum nks_status link_add(struct settling *settling, int64_t batch_id, int64_t number, const char *detail)
{
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECONCILE,
                                          .batch_id = batch_id,
                                          .number = number,
                                          .reason = settling->reason,
                                          .detail = detail};
    return nks_trail_add(settling->run->trail, &entry, &settling->run->fault);
}

/* By the name of a file that left, or of one that is held. What is not judged here yet cannot be settled: nobody knows
 * what it will lead to. */
static enum nks_status source_find(struct settling *settling)
{
    struct nks_run *run = settling->run;
    struct nks_out_file file = {.id = 0};
    int64_t id = 0;
    bool several = false, found = false, held = false, judged = false;
    NKS_TRY(
        nks_published_source(run->exchange, settling->name, settling->source, &settling->until, &found, &run->fault));
    if (!found) {
        NKS_TRY(nks_out_file_find(run->exchange, nks_text_from(settling->name), (struct nks_text){"", 0}, &id, &several,
                                  &run->fault));
        if (id != 0 && !several)
            NKS_TRY(nks_journal_held(run, id, &file, &held));
        if (!held || file.state != NKS_FILE_WRITTEN)
            return not_held(run);
        NKS_TRY(nks_journal_source(run, file.batch_id, file.delivery_id, settling->source));
        settling->until = file.business_date;
    }
    NKS_TRY(nks_delivery_source_judged(run->exchange, settling->source, &judged, &run->fault));
    return judged ? NKS_OK
                  : nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                                  "the received file that it speaks of is not here: have it dropped again and run nks "
                                  "first");
}

/* All that is held of the source up to that day: under other names the same money may be in it. */
static enum nks_status held_settle(struct settling *settling)
{
    struct nks_run *run = settling->run;
    for (int64_t id = 0;;) {
        struct nks_out_file file;
        uint8_t source[NKS_SOURCE_SIZE];
        bool held = false;
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_WRITTEN, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_journal_held(run, id, &file, &held));
        NKS_TRY(nks_journal_source(run, file.batch_id, file.delivery_id, source));
        bool ours = memcmp(source, settling->source, sizeof source) == 0 && file.kind != NKS_FILE_MANIFEST;
        if (!ours || !held || (file.business_date > settling->until && strcmp(file.name, settling->name) != 0))
            continue;
        settling->files++;
        NKS_TRY(nks_out_file_settled(run->exchange, &file, &run->fault));
        NKS_TRY(link_add(settling, file.batch_id, id, file.name));
    }
}

static enum nks_status source_settle(struct settling *settling)
{
    struct nks_run *run = settling->run;
    struct nks_published_rest rest;
    int64_t works = 0;
    NKS_TRY(source_find(settling));
    NKS_TRY(nks_published_unmatched(run->exchange, settling->source, &rest, &run->fault));
    if (rest.files > 0)
        settling->until = rest.first_day;
    NKS_TRY(held_settle(settling));
    NKS_TRY(nks_lost_count(run->exchange, &works, &run->fault));
    if (settling->files == 0 && rest.files > 0 && works > 0)
        return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                             "the file may come to be again: %lld works of then are to be done first (nks run)",
                             (long long)works);
    if (settling->files == 0 && rest.files == 0)
        return not_held(run);
    NKS_TRY(nks_published_settle(run->exchange, settling->source, settling->until, &run->fault));
    return link_add(settling, 0, settling->files, settling->name);
}

static enum nks_status work_settle(struct settling *settling)
{
    struct nks_run *run = settling->run;
    uint64_t line = 0;
    bool moved = false;
    if (nks_text_number(nks_text_from(settling->name + 1), INT64_MAX, &line))
        NKS_TRY(nks_lost_move(run->exchange, (int64_t)line, NKS_LOST_SETTLED, &moved, &run->fault));
    if (!moved)
        return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT", "no lost work of that number waits");
    return link_add(settling, 0, (int64_t)line, settling->name);
}

enum nks_status nks_settled_tidy(struct nks_run *run)
{
    for (int64_t id = 0;;) {
        char staged[NKS_PATH_MAX];
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_SETTLED, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_run_staging_path(run, id, staged));
        NKS_TRY(nks_sys_unlink(staged, &run->fault));
    }
}

static enum nks_status settle_once(struct nks_run *run, const char *name, bool dry_run, const char *reason)
{
    struct settling settling = {.run = run, .name = name, .reason = reason};
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = name[0] == '#' ? work_settle(&settling) : source_settle(&settling);
    if (status == NKS_OK && !dry_run)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    return status;
}

enum nks_status nks_run_settle(struct nks_run *run, const char *name, bool dry_run, const char *reason)
{
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        status = settle_once(run, name, dry_run, reason);
    } while (nks_db_again(&tries, status, &run->fault));
    return status == NKS_OK && !dry_run ? nks_settled_tidy(run) : status;
}
