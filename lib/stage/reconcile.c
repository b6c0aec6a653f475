/*
 * reconcile: what the journal names behind the database's mark was published, whatever the database thinks. Its files
 * are kept as such (published.h), in one transaction with the new mark; then the house may work again.
 */
#include "stage/journal.h"
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
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "JOURNAL-CHANGED",
                             "line %" PRId64 " of the journal of published files is none; do not restart, run "
                             "nks-audit",
                             line->number);
    published.line = line->number;
    NKS_TRY(nks_out_file_named(run->exchange, published.folder, published.party, published.name, &id, &run->fault));
    reading->out->files++;
    reading->out->orders += published.kind == NKS_FILE_ORDER;
    reading->out->unknown += id == 0;
    open_add(reading, line->number, published.name);
    return reading->dry_run ? NKS_OK : nks_published_add(run->exchange, &published, &run->fault);
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
        if (strcmp(line.word, "publish") == 0 || strcmp(line.word, "again") == 0 || strcmp(line.word, "hand") == 0)
            NKS_TRY(file_line(reading, &line));
        else if (strcmp(line.word, "done") == 0 && nks_text_number(line.fields, INT64_MAX, &number))
            open_take(reading, (int64_t)number);
    }
}

/* Inside a transaction: the rows, the mark behind all lines, the link. */
static enum nks_status rows_do(struct reading *reading, struct nks_journal *journal, const char *reason)
{
    struct nks_run *run = reading->run;
    NKS_TRY(lines_read(reading, journal));
    const struct nks_journal_mark mark = nks_journal_at(journal);
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_RECONCILE, .number = reading->out->files, .reason = reason};
    if (reading->dry_run)
        return NKS_OK;
    NKS_TRY(nks_journal_mark_save(run->exchange, &mark, NKS_JOURNAL_GOOD, &run->fault));
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

/* There was never a journal, or it is lost for good: the next file begins a new one. What was reconciled from it is
 * kept. */
static enum nks_status anew_rows(struct reading *reading, const char *reason)
{
    struct nks_run *run = reading->run;
    const struct nks_journal_mark none = {.number = 0};
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECONCILE, .reason = reason, .detail = "new journal"};
    NKS_TRY(nks_published_forget_lines(run->exchange, &run->fault));
    NKS_TRY(nks_journal_mark_save(run->exchange, &none, NKS_JOURNAL_GOOD, &run->fault));
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status begin_anew(struct reading *reading, const char *path, const char *reason)
{
    struct nks_run *run = reading->run;
    if (nks_sys_exists(path))
        return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                             "there is a journal: it is begun anew only where it is lost");
    if (reading->dry_run)
        return NKS_OK;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = anew_rows(reading, reason);
    if (status == NKS_OK)
        return nks_db_commit(run->db, &run->fault);
    nks_db_rollback(run->db);
    return status;
}

static enum nks_status read_on(struct reading *reading, const char *path, const struct nks_journal_mark *mark,
                               const char *reason)
{
    struct nks_run *run = reading->run;
    struct nks_journal *journal = NULL;
    NKS_TRY(nks_journal_open(path, mark, false, &journal, &run->fault));
    enum nks_status status = rows_store(reading, journal, reason);
    nks_journal_close(journal);
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
    out->nothing = state == NKS_JOURNAL_RESTORED && mark.number == 0 && reading.sealed.number == 0 &&
                   !nks_sys_exists(path); /* of a home that had published nothing */
    if (out->nothing)
        return begin_anew(&reading, path, reason);
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

static enum nks_status settle_rows(struct nks_run *run, struct nks_out_file *file, const char *name, const char *reason)
{
    int64_t known = 0;
    NKS_TRY(nks_published_settle(run->exchange, name, &known, &run->fault));
    if (known == 0 && (file->id == 0 || file->state != NKS_FILE_WRITTEN))
        return nks_fault_set(&run->fault, NKS_REFUSED, "RECONCILE-NOT",
                             "no file of that name is held, nor known from the journal");
    if (file->id != 0 && file->state == NKS_FILE_WRITTEN)
        NKS_TRY(nks_out_file_published(run->exchange, file, &run->fault));
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_RECONCILE,
                                          .batch_id = file->batch_id,
                                          .number = file->id,
                                          .reason = reason,
                                          .detail = name};
    return nks_trail_add(run->trail, &entry, &run->fault);
}

enum nks_status nks_run_settle(struct nks_run *run, const char *name, bool dry_run, const char *reason)
{
    struct nks_out_file file = {.id = 0};
    char staged[NKS_PATH_MAX];
    int64_t id = 0;
    bool several = false, found = false;
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(
        nks_out_file_find(run->exchange, nks_text_from(name), (struct nks_text){"", 0}, &id, &several, &run->fault));
    if (id != 0 && !several)
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
    NKS_TRY(nks_run_staging_path(run, file.id, staged));
    bool waits = file.id != 0 && file.state == NKS_FILE_WRITTEN;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = settle_rows(run, &file, name, reason);
    if (status == NKS_OK && !dry_run)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    return status == NKS_OK && !dry_run && waits ? nks_sys_unlink(staged, &run->fault) : status;
}
