#include "stage/journal.h"

#include "stage/newest.h"
#include "stage/step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool nks_journal_file_path(const char *home, char out[NKS_PATH_MAX])
{
    return nks_journal_path(home, "published.log", out);
}

static enum nks_status path_of(struct nks_run *run, char out[NKS_PATH_MAX])
{
    return nks_journal_file_path(run->home, out)
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

static enum nks_status older(struct nks_run *run)
{
    return nks_fault_set(&run->fault, NKS_HELD, "RECONCILE-FIRST",
                         "the database is older than the journal of published files: nothing leaves until nks "
                         "reconcile has read what was published since");
}

enum nks_status nks_journal_line_bad(struct nks_run *run, int64_t number)
{
    return nks_fault_set(&run->fault, NKS_INTEGRITY, "JOURNAL-CHANGED",
                         "line %" PRId64 " of the journal of published files is none; do not restart, run nks-audit",
                         number);
}

bool nks_journal_is_file(const struct nks_journal_line *line)
{
    return strcmp(line->word, "publish") == 0 || strcmp(line->word, "again") == 0 || strcmp(line->word, "hand") == 0;
}

/* ---- lines */

enum nks_status nks_journal_mark(struct nks_run *run)
{
    const struct nks_journal_mark mark = nks_journal_at(run->journal);
    return nks_journal_mark_save(run->exchange, &mark, NKS_JOURNAL_GOOD, &run->fault);
}

static enum nks_status mark_body(void *context, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    return nks_journal_mark(context);
}

static enum nks_status mark_store(struct nks_run *run)
{
    return nks_run_transact(run, mark_body, run);
}

/* A journal that is not there is made by its first line. */
static enum nks_status make(struct nks_run *run)
{
    char path[NKS_PATH_MAX];
    struct nks_journal_line line;
    bool found = false;
    if (run->journal != NULL)
        return NKS_OK;
    NKS_TRY(path_of(run, path));
    NKS_TRY(nks_journal_open(path, NULL, true, &run->journal, &run->fault));
    NKS_TRY(nks_journal_next(run->journal, &line, &found, &run->fault));
    return found ? older(run) : NKS_OK;
}

enum nks_status nks_journal_source(struct nks_run *run, int64_t batch_id, int64_t delivery_id,
                                   uint8_t source[NKS_SOURCE_SIZE])
{
    struct nks_delivery delivery;
    bool found = false;
    memset(source, 0, NKS_SOURCE_SIZE);
    if (batch_id != 0)
        NKS_TRY(nks_batch_delivery(run->payments, batch_id, &delivery_id, &run->fault));
    if (delivery_id != 0)
        NKS_TRY(nks_delivery_load(run->exchange, delivery_id, &delivery, &found, &run->fault));
    if (found)
        memcpy(source, delivery.hash, NKS_SOURCE_SIZE);
    return NKS_OK;
}

enum nks_status nks_journal_free(struct nks_run *run, int64_t batch_id, int64_t delivery_id, const char *what)
{
    uint8_t source[NKS_SOURCE_SIZE];
    struct nks_published_rest rest;
    if (batch_id == 0 && delivery_id == 0)
        return NKS_OK;
    NKS_TRY(nks_journal_source(run, batch_id, delivery_id, source));
    NKS_TRY(nks_published_unmatched(run->exchange, source, &rest, &run->fault));
    return rest.files == 0
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_HELD, "JOURNAL-DIFFERS",
                               "%s waits: %lld files of the same received bytes were published before the home was "
                               "restored and are not there again as they were",
                               what, (long long)rest.files);
}

enum nks_status nks_journal_held(struct nks_run *run, int64_t id, struct nks_out_file *file, bool *held)
{
    struct nks_published published;
    uint8_t source[NKS_SOURCE_SIZE];
    struct nks_published_rest rest = {.files = 0};
    bool found = false, before = false;
    NKS_TRY(nks_out_file_load(run->exchange, id, file, &found, &run->fault));
    NKS_TRY(nks_published_find(run->exchange, file, &published, &before, &run->fault));
    if (before) {
        *held = !nks_published_same(&published, file);
        return NKS_OK;
    }
    NKS_TRY(nks_journal_source(run, file->batch_id, file->delivery_id, source));
    if (file->batch_id != 0 || file->delivery_id != 0)
        NKS_TRY(nks_published_unmatched(run->exchange, source, &rest, &run->fault));
    *held = rest.files > 0;
    return NKS_OK;
}

enum nks_status nks_journal_begin(struct nks_run *run)
{
    if (run->journal != NULL)
        return NKS_OK;
    NKS_TRY(make(run));
    return mark_store(run);
}

enum nks_status nks_journal_file(struct nks_run *run, const struct nks_out_file *file, const char *word)
{
    char memory[NKS_JOURNAL_LINE_MAX];
    uint8_t source[NKS_SOURCE_SIZE];
    struct nks_buf fields;
    NKS_TRY(make(run));
    NKS_TRY(nks_journal_source(run, file->batch_id, file->delivery_id, source));
    nks_buf_init(&fields, memory, sizeof memory);
    nks_published_format(file, source, &fields);
    NKS_TRY(nks_journal_append(run->journal, word, nks_buf_view(&fields), &run->fault));
    run->journal_line = nks_journal_at(run->journal).number;
    return NKS_OK;
}

enum nks_status nks_journal_word(struct nks_run *run, const char *word, struct nks_text fields)
{
    NKS_TRY(make(run));
    return nks_journal_append(run->journal, word, fields, &run->fault);
}

enum nks_status nks_journal_done(struct nks_run *run)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, run->journal_line);
    return nks_journal_append(run->journal, "done", (struct nks_text){text, (size_t)len}, &run->fault);
}

/* ---- what a kill left */

struct tail {
    int64_t file_id, line; /* the file whose row waits for its end; 0: none */
    int64_t by_hand;
    bool several; /* more than one may wait: a home that has no mark yet */
    bool many;
    bool done, older;
};

static enum nks_status file_line(struct nks_run *run, const struct nks_journal_line *line, struct tail *tail)
{
    struct nks_published published;
    struct nks_out_file file = {.id = 0};
    int64_t id = 0;
    bool found = false;
    if (!nks_published_read(line->fields, &published))
        return nks_journal_line_bad(run, line->number);
    NKS_TRY(nks_out_file_named(run->exchange, published.folder, published.party, published.name, &id, &run->fault));
    if (id != 0)
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
    bool same = found && file.state != NKS_FILE_RESERVED && nks_published_same(&published, &file);
    bool waits = same && file.state == NKS_FILE_WRITTEN;
    bool another = waits && tail->file_id != 0 && tail->file_id != id;
    if (another && tail->several) { /* all of them lost their staged copies before the journal began */
        char staged[NKS_PATH_MAX];
        NKS_TRY(nks_run_staging_path(run, tail->file_id, staged));
        tail->older = tail->older || nks_sys_exists(staged);
    }
    tail->older = tail->older || !same || (another && !tail->several);
    tail->many = tail->many || another;
    if (waits) {
        tail->file_id = id;
        tail->line = line->number;
        tail->by_hand = strcmp(line->word, "hand") == 0 ? NKS_BY_HAND_SOMEWHERE : 0;
        tail->done = false;
    }
    return NKS_OK;
}

static enum nks_status tail_read(struct nks_run *run, struct tail *tail)
{
    for (;;) {
        struct nks_journal_line line;
        uint64_t number = 0;
        bool found = false;
        NKS_TRY(nks_journal_next(run->journal, &line, &found, &run->fault));
        if (!found)
            return NKS_OK;
        if (nks_journal_is_file(&line))
            NKS_TRY(file_line(run, &line, tail));
        else if (strcmp(line.word, "done") == 0 && nks_text_number(line.fields, INT64_MAX, &number))
            tail->done = tail->done || (int64_t)number == tail->line;
    }
}

/* Its staged copy is there: it did not leave, and deliver goes on with it. Else it did. */
static enum nks_status tail_finish(struct nks_run *run, const struct tail *tail)
{
    char staged[NKS_PATH_MAX];
    struct nks_out_file file;
    bool found = false;
    if (tail->file_id == 0)
        return NKS_OK;
    NKS_TRY(nks_run_staging_path(run, tail->file_id, staged));
    if (nks_sys_exists(staged) && !tail->done)
        return mark_store(run); /* now, so that a second one that is cut short is not taken for an older database */
    NKS_TRY(nks_out_file_load(run->exchange, tail->file_id, &file, &found, &run->fault));
    run->journal_line = tail->line;
    if (!tail->done)
        NKS_TRY(nks_journal_done(run));
    NKS_TRY(nks_sys_unlink(staged, &run->fault)); /* of an older copy of the home */
    file.by_hand = tail->by_hand;
    return nks_file_row_published(run, &file);
}

/* A home from before there was a journal: files without a staged copy were published by the program of then. */
static enum nks_status rows_begin(struct nks_run *run, const struct tail *tail, bool *any)
{
    for (int64_t id = 0;;) {
        char staged[NKS_PATH_MAX];
        struct nks_out_file file;
        bool found = false;
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_WRITTEN, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_run_staging_path(run, id, staged));
        if (nks_sys_exists(staged))
            continue;
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
        NKS_TRY(nks_journal_file(run, &file, "publish"));
        NKS_TRY(nks_journal_done(run));
        file.by_hand = tail->file_id == id ? tail->by_hand : 0;
        NKS_TRY(nks_out_file_published(run->exchange, &file, &run->fault));
        if (file.by_hand != 0)
            NKS_TRY(nks_run_trail(run, NKS_TRAIL_BY_HAND, file.batch_id, 0, id));
        *any = true;
    }
}

struct beginning {
    struct nks_run *run;
    const struct tail *tail;
};

/* All of them with the first mark: a kill before leaves lines that are written again. */
static enum nks_status begin_body(void *context, struct nks_fault *fault)
{
    const struct beginning *beginning = context;
    bool any = false;
    (void)fault; /* the run's own */
    NKS_TRY(rows_begin(beginning->run, beginning->tail, &any));
    return any ? nks_journal_mark(beginning->run) : NKS_OK;
}

static enum nks_status begin(struct nks_run *run, const struct tail *tail)
{
    struct beginning beginning = {run, tail};
    return nks_run_transact(run, begin_body, &beginning);
}

static enum nks_status compare(struct nks_run *run)
{
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    struct tail tail = {.file_id = 0};
    char path[NKS_PATH_MAX];
    bool fits = true;
    NKS_TRY(path_of(run, path));
    NKS_TRY(nks_journal_mark_load(run->exchange, &mark, &state, &run->fault));
    if (state == NKS_JOURNAL_RESTORED)
        return older(run);
    NKS_TRY(nks_run_seals_fit(run, &fits));
    if (!fits)
        return older(run);
    NKS_TRY(nks_newest_check(run));
    if (state == NKS_JOURNAL_NONE && !nks_sys_exists(path))
        return begin(run, &tail);
    tail.several = state == NKS_JOURNAL_NONE;
    NKS_TRY(nks_journal_open(path, &mark, true, &run->journal, &run->fault));
    NKS_TRY(tail_read(run, &tail));
    if (tail.older)
        return older(run);
    if (!tail.many)
        NKS_TRY(tail_finish(run, &tail));
    return state == NKS_JOURNAL_NONE ? begin(run, &tail) : NKS_OK;
}

enum nks_status nks_run_journal(struct nks_run *run)
{
    if (run->journal_compared)
        return NKS_OK;
    nks_trail_aside(run->trail, true);
    enum nks_status status = compare(run);
    nks_trail_aside(run->trail, false);
    run->journal_compared = status == NKS_OK;
    return status;
}
