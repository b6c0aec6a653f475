/*
 * The seals of a sample, its journal, and its files by that journal.
 *
 * The journal's chain has no key. What binds it is that each seal, which is signed, names a line of it; lines behind
 * the last one so named are bound by the list alone. A seal that names a line beyond one of a later seal speaks of a
 * journal from before it was begun anew, or before an older database was put back, and binds nothing here.
 */
#include "evidence.h"

#include "base/journal.h"
#include "exchange/published.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mark {
    int64_t number; /* 0: the seal names no line */
    char check[NKS_JOURNAL_CHECK + 1];
    size_t seal;
    bool binds, met;
};

struct outside {
    struct evidence *evidence;
    struct nks_sys_list seals;
    struct mark *marks;
    int64_t last_sealed; /* line */
    int64_t before;      /* seals of a journal that is gone, or of a database that was put back */
};

/* ---- seals */

static void journal_line(struct nks_text line, struct mark *mark)
{
    uint64_t number = 0;
    if (nks_text_is(nks_text_cut(&line, '\t'), "# journal") &&
        nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &number) &&
        nks_text_copy(line, mark->check, sizeof mark->check))
        mark->number = (int64_t)number;
}

/* "# nks seal 1", "date DATE", "previous SHA-256": its name's day, and the seal before it. */
static bool head_fits(struct nks_text line, const char *name, const char *previous)
{
    char date[NKS_DATE_TEXT], expected[40];
    if (!nks_text_is(nks_text_cut(&line, '\t'), "# nks seal 1") || !nks_text_starts(line, "date "))
        return false;
    struct nks_text field = nks_text_cut(&line, '\t');
    if (!nks_text_copy(nks_text_slice(field, 5, field.len), date, sizeof date) || !nks_text_starts(line, "previous "))
        return false;
    snprintf(expected, sizeof expected, "seal-%s.tsv", date);
    return strcmp(expected, name) == 0 && nks_text_is(nks_text_slice(line, 9, line.len), previous);
}

static enum nks_status seal_check(struct outside *outside, size_t at, char previous[NKS_HASH_HEX])
{
    struct audit *audit = outside->evidence->audit;
    char name[NKS_PATH_MAX], *data = NULL;
    uint8_t hash[NKS_HASH_SIZE];
    size_t len = 0;
    snprintf(name, sizeof name, "seals/%s", outside->seals.names[at]);
    audit_looked(audit);
    NKS_TRY(evidence_file(outside->evidence, name, &data, &len));
    outside->marks[at].seal = at;
    if (data == NULL)
        return NKS_OK;
    struct nks_text rest = {data, len};
    bool is_signed = evidence_signature(audit, data, len) == EVIDENCE_SIGNED;
    if (!is_signed)
        audit_find(audit, "its signature does not hold");
    if (!head_fits(nks_text_cut(&rest, '\n'), outside->seals.names[at], previous))
        audit_find(audit, "it is not the seal of its day, or does not follow the one before: one was taken away");
    while (is_signed && rest.len > 0)
        journal_line(nks_text_cut(&rest, '\n'), &outside->marks[at]);
    nks_hash_once(data, len, hash);
    nks_hex(hash, sizeof hash, previous);
    free(data);
    return NKS_OK;
}

static enum nks_status seals_check(struct outside *outside)
{
    char previous[NKS_HASH_HEX] = "-";
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < outside->seals.count; i++)
        NKS_TRY(seal_check(outside, i, previous));
    for (size_t i = outside->seals.count; i > 0; i--) {
        struct mark *mark = &outside->marks[i - 1];
        mark->binds = mark->number > 0 && mark->number <= least;
        outside->before += mark->number > least;
        least = mark->number < least ? mark->number : least;
        if (mark->binds && outside->last_sealed == 0)
            outside->last_sealed = mark->number;
    }
    if (outside->before > 0)
        audit_note(outside->evidence->audit,
                   "%" PRId64 " seals speak of a journal from before it was begun anew, or before a restore",
                   outside->before);
    return NKS_OK;
}

/* ---- the journal */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct evidence_want *)a)->name, ((const struct evidence_want *)b)->name);
}

static bool is_it(const struct evidence_want *want, const struct nks_published *line)
{
    return strcmp(want->name, line->name) == 0 && strcmp(want->party, line->party) == 0 &&
           strcmp(want->message_id, line->message_id) == 0 && want->bytes == line->bytes &&
           memcmp(want->hash, line->hash, sizeof want->hash) == 0 && line->kind == NKS_FILE_ORDER &&
           line->folder == NKS_FOLDER_CENTRAL;
}

static void file_line(struct evidence *evidence, const struct nks_journal_line *raw)
{
    struct nks_published line;
    if (evidence->want_count == 0 || !nks_published_read(raw->fields, &line))
        return;
    size_t from = 0, to = evidence->want_count; /* the first of that name */
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(evidence->wants[middle].name, line.name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < evidence->want_count && strcmp(evidence->wants[from].name, line.name) == 0; from++) {
        evidence->wants[from].named = true;
        if (evidence->wants[from].line == 0 && is_it(&evidence->wants[from], &line))
            evidence->wants[from].line = raw->number;
    }
}

static void mark_line(struct outside *outside, const struct nks_journal_mark *at)
{
    for (size_t i = 0; i < outside->seals.count; i++) {
        struct mark *mark = &outside->marks[i];
        if (mark->number == at->number)
            mark->met = strcmp(mark->check, at->check) == 0;
    }
}

static enum nks_status journal_read(struct outside *outside, const char *path)
{
    struct evidence *evidence = outside->evidence;
    struct audit *audit = evidence->audit;
    struct nks_journal *journal = NULL;
    NKS_TRY(nks_journal_open(path, NULL, false, &journal, &audit->fault));
    enum nks_status status = NKS_OK;
    for (bool found = true; status == NKS_OK && found;) {
        struct nks_journal_line line;
        status = nks_journal_next(journal, &line, &found, &audit->fault);
        if (status != NKS_OK || !found)
            break;
        const struct nks_journal_mark at = nks_journal_at(journal);
        audit_looked(audit);
        file_line(evidence, &line);
        mark_line(outside, &at);
    }
    nks_journal_close(journal);
    return audit_take_fault(audit, status);
}

static void marks_judge(struct outside *outside)
{
    struct audit *audit = outside->evidence->audit;
    for (size_t i = 0; i < outside->seals.count; i++) {
        const struct mark *mark = &outside->marks[i];
        audit_at(audit, "file published.log");
        if (mark->binds && !mark->met)
            audit_find(audit, "line %" PRId64 " is not there as %.40s names it: the journal was cut or made anew",
                       mark->number, outside->seals.names[i]);
    }
}

static void wants_judge(struct outside *outside)
{
    struct evidence *evidence = outside->evidence;
    int64_t later = 0;
    for (size_t i = 0; i < evidence->want_count; i++) {
        const struct evidence_want *want = &evidence->wants[i];
        audit_at(evidence->audit, "file files.tsv");
        if (want->line == 0 && !want->named && outside->before > 0)
            evidence_missing(evidence, "the journal was begun anew and has no line of one of its files");
        else if (want->line == 0)
            audit_find(evidence->audit, "the journal has no line of %.80s with that central, message id and SHA-256",
                       want->name);
        later += want->line > outside->last_sealed;
    }
    if (later > 0)
        audit_note(evidence->audit, "%" PRId64 " files left after the last line of the journal that a seal names",
                   later);
}

static enum nks_status journal_check(struct outside *outside)
{
    struct evidence *evidence = outside->evidence;
    char path[NKS_PATH_MAX];
    audit_at(evidence->audit, "file published.log");
    if (!nks_path_join(path, evidence->dir, "published.log"))
        return nks_fault_set(&evidence->audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
    if (!nks_sys_exists(path)) { /* a home that never published has none */
        if (outside->last_sealed > 0 || evidence->want_count > 0)
            evidence_missing(evidence, "it is not there, but seals or files speak of it");
        return NKS_OK;
    }
    if (evidence->want_count > 0)
        qsort(evidence->wants, evidence->want_count, sizeof evidence->wants[0], by_name);
    enum nks_status status = journal_read(outside, path);
    if (status == NKS_REFUSED) {
        audit_find(evidence->audit, "it is no regular file");
        nks_fault_clear(&evidence->audit->fault);
        return NKS_OK;
    }
    NKS_TRY(status);
    marks_judge(outside);
    wants_judge(outside);
    return NKS_OK;
}

enum nks_status evidence_outside_check(struct evidence *evidence)
{
    struct outside outside = {.evidence = evidence};
    struct audit *audit = evidence->audit;
    char dir[NKS_PATH_MAX];
    if (!nks_path_join(dir, evidence->dir, "seals"))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
    audit_at(audit, "file seals");
    if (!nks_sys_exists(dir))
        evidence_missing(evidence, "the folder of seals is not there");
    else if (!nks_sys_is_link(dir))
        NKS_TRY(nks_sys_list(dir, EVIDENCE_SEALS_MAX, false, &outside.seals, &audit->fault));
    outside.marks = calloc(outside.seals.count + 1, sizeof *outside.marks);
    enum nks_status status = outside.marks != NULL
                                 ? seals_check(&outside)
                                 : nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
    if (status == NKS_OK)
        status = journal_check(&outside);
    free(outside.marks);
    nks_sys_list_free(&outside.seals);
    return status;
}
