/*
 * The journal of published files, outside home and database: whole, known to the database up to its mark, and the same
 * as the rows of what was published.
 */
#include "audit.h"

#include "exchange/lost.h"
#include "stage/journal.h"
#include "trail/trail.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 200000000 }; /* a bit for each */

struct journal_look {
    struct nks_journal_mark mark; /* what the database knows */
    enum nks_journal_state state;
    uint8_t *seen; /* a bit per file that a line names */
    int64_t last, first;
    int64_t beyond, published, lost;
    bool mark_met;
};

static bool is_file_word(const char *word)
{
    return strcmp(word, "publish") == 0 || strcmp(word, "again") == 0 || strcmp(word, "hand") == 0;
}

static enum nks_status row_find(struct audit *audit, const struct nks_sql *sql, const struct nks_published *line,
                                struct nks_stmt **stmt, bool *found)
{
    NKS_TRY(nks_stmt_start(audit->db, sql, stmt, &audit->fault));
    nks_bind_int(*stmt, "folder", line->folder);
    nks_bind_text(*stmt, "party", nks_text_from(line->party));
    nks_bind_text(*stmt, "name", nks_text_from(line->name));
    return nks_stmt_one(*stmt, found, &audit->fault);
}

static bool same_hash(struct nks_text stored, const struct nks_published *line)
{
    return nks_text_equal(stored, (struct nks_text){(const char *)line->hash, sizeof line->hash});
}

/* The row that reconcile made of this line, where there is one. */
static enum nks_status published_check(struct audit *audit, struct journal_look *look, const struct nks_published *line,
                                       bool *found)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(row_find(audit, &nks_sql_audit_published_named, line, &stmt, found));
    if (*found && nks_column_int(stmt, 6) == line->line) {
        look->published++;
        bool same = nks_column_int(stmt, 0) == line->kind && nks_text_is(nks_column_text(stmt, 1), line->message_id) &&
                    nks_column_int(stmt, 2) == line->created && nks_column_int(stmt, 3) == line->business_date &&
                    nks_column_int(stmt, 4) == line->bytes && same_hash(nks_column_bytes(stmt, 5), line) &&
                    nks_column_int(stmt, 7) == line->entries && nks_text_is(nks_column_text(stmt, 8), line->sum);
        if (!same) {
            audit_at(audit, "published %.80s of %s", line->name, line->party);
            audit_find(audit, "is not what line %lld of the journal says", (long long)line->line);
        }
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status file_line(struct audit *audit, struct journal_look *look, const struct nks_journal_line *raw)
{
    struct nks_published line;
    struct nks_stmt *stmt = NULL;
    bool found = false, known = false;
    audit_looked(audit);
    audit_at(audit, "journal line %lld", (long long)raw->number);
    if (!nks_published_read(raw->fields, &line)) {
        audit_find(audit, "names no file");
        return NKS_OK;
    }
    line.line = raw->number;
    if (raw->number > look->mark.number) {
        look->beyond++;
        return NKS_OK;
    }
    NKS_TRY(published_check(audit, look, &line, &known));
    NKS_TRY(row_find(audit, &nks_sql_audit_file_named, &line, &stmt, &found));
    int64_t id = found ? nks_column_int(stmt, 0) : 0;
    bool same = found && same_hash(nks_column_bytes(stmt, 2), &line) && nks_column_int(stmt, 3) == line.bytes;
    nks_stmt_end(stmt);
    if (found && id > 0 && id <= look->last) {
        look->seen[id / 8] |= (uint8_t)(1U << (id % 8));
        if (strcmp(raw->word, "again") != 0) /* that may be of a file from before the journal */
            look->first = look->first == 0 || id < look->first ? id : look->first;
    }
    audit_at(audit, "journal line %lld", (long long)raw->number);
    if (!same && !known)
        audit_find(audit,
                   found ? "names a file with other bytes than its row in table out_file"
                         : "names a file that table out_file does not have: the database was changed, or is older");
    return NKS_OK;
}

/* The row that reconcile made of this line, where there is one: what is to be done again. */
static enum nks_status lost_line(struct audit *audit, struct journal_look *look, const struct nks_journal_line *raw)
{
    struct nks_lost line;
    struct nks_stmt *stmt = NULL;
    int64_t hash_key = 0;
    bool found = false;
    audit_looked(audit);
    audit_at(audit, "journal line %lld", (long long)raw->number);
    if (!nks_lost_read(raw->fields, &line))
        audit_find(audit, "names no work");
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_lost_row, &stmt, &audit->fault));
    memcpy(&hash_key, line.hash, sizeof hash_key);
    nks_bind_int(stmt, "hash_key", hash_key);
    nks_bind_int(stmt, "line", raw->number);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    if (found) {
        int64_t state = nks_column_int(stmt, 4);
        bool same =
            nks_column_int(stmt, 0) == line.kind && nks_text_is(nks_column_text(stmt, 1), line.party) &&
            nks_text_equal(nks_column_bytes(stmt, 2), (struct nks_text){(const char *)line.hash, NKS_HASH_SIZE}) &&
            nks_column_int(stmt, 3) == line.generation && state >= NKS_LOST_WAITING && state <= NKS_LOST_SETTLED;
        look->lost++;
        audit_at(audit, "lost_work line %lld", (long long)raw->number);
        if (!same)
            audit_find(audit, "is not what the journal says");
        else if (nks_column_int(stmt, 5) == 0)
            audit_find(audit, "its state says that it was done again or given up, but nothing else does");
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status lines_check(struct audit *audit, struct journal_look *look, struct nks_journal *journal)
{
    for (;;) {
        struct nks_journal_line line;
        bool found = false;
        NKS_TRY(nks_journal_next(journal, &line, &found, &audit->fault));
        if (!found)
            return NKS_OK;
        const struct nks_journal_mark at = nks_journal_at(journal);
        if (line.number == look->mark.number)
            look->mark_met = at.offset == look->mark.offset && strcmp(at.check, look->mark.check) == 0;
        if (is_file_word(line.word))
            NKS_TRY(file_line(audit, look, &line));
        else if (strcmp(line.word, "judged") == 0)
            NKS_TRY(lost_line(audit, look, &line));
    }
}

/* A file that is published has its line, from the first file on that has one. */
static enum nks_status rows_check(struct audit *audit, const struct journal_look *look)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_files_published, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        int64_t id = nks_column_int(stmt, 0);
        if (id < look->first || id > look->last || look->first == 0 ||
            ((unsigned)look->seen[id / 8] >> (id % 8) & 1U) != 0)
            continue;
        audit_at(audit, "out_file %lld", (long long)id);
        audit_find(audit, "is PUBLISHED, but the journal has no line of it");
    }
}

static enum nks_status count_of(struct audit *audit, const struct nks_sql *sql, int64_t *count)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, sql, &stmt, &audit->fault));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    *count = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

/* One row as soon as there are lines (a kill may leave the first two without); RESTORED after a restore, until it was
 * reconciled. */
static enum nks_status mark_row_check(struct audit *audit, const struct journal_look *look, int64_t lines)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_mark_rows, &stmt, &audit->fault));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t rows = nks_column_int(stmt, 0), ones = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    if (rows != ones || (rows == 0 && lines > 2))
        audit_find(audit, "has not the one row that it must have");
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_restores, &stmt, &audit->fault));
    nks_bind_int(stmt, "restore", NKS_TRAIL_RESTORE);
    nks_bind_int(stmt, "reconcile", NKS_TRAIL_RECONCILE);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    bool restored = nks_column_int(stmt, 0) > nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    if (rows > 0 && (look->state == NKS_JOURNAL_RESTORED) != restored)
        audit_find(audit, restored ? "says that all is known, but the trail has a restore that was not reconciled"
                                   : "says that the home was restored, the trail does not");
    if (look->state > NKS_JOURNAL_RESTORED || look->state < NKS_JOURNAL_NONE)
        audit_find(audit, "has a state that is none");
    return NKS_OK;
}

static enum nks_status all_check(struct audit *audit, struct journal_look *look, struct nks_journal *journal)
{
    int64_t published = 0, lost = 0;
    NKS_TRY(lines_check(audit, look, journal));
    audit_at(audit, "table journal_mark");
    bool none = look->mark.number == 0 && look->mark.check[0] == '\0'; /* of a journal without lines */
    if (!none && !look->mark_met)
        audit_find(audit, "does not name line %lld as it is in the journal", (long long)look->mark.number);
    NKS_TRY(mark_row_check(audit, look, nks_journal_at(journal).number));
    NKS_TRY(count_of(audit, &nks_sql_audit_published_count, &published));
    audit_at(audit, "table published");
    if (published != look->published)
        audit_find(audit, "has %lld rows that no line of the journal gives", (long long)(published - look->published));
    NKS_TRY(count_of(audit, &nks_sql_audit_lost_count, &lost));
    audit_at(audit, "table lost_work");
    if (lost != look->lost)
        audit_find(audit, "has %lld rows that no line of the journal gives", (long long)(lost - look->lost));
    if (look->beyond > 0)
        audit_note(audit, "the journal names %lld files after what the database knows: nks run or nks reconcile",
                   (long long)look->beyond);
    return rows_check(audit, look);
}

static enum nks_status journal_check(struct audit *audit, struct journal_look *look)
{
    struct nks_journal *journal = NULL;
    char path[NKS_PATH_MAX];
    if (!nks_journal_file_path(audit->home, path))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    if (!nks_sys_exists(path)) {
        if (look->mark.number != 0)
            audit_find(audit, "is missing, but the database knows %lld lines of it", (long long)look->mark.number);
        return NKS_OK;
    }
    NKS_TRY(nks_journal_open(path, NULL, false, &journal, &audit->fault));
    enum nks_status status = all_check(audit, look, journal);
    nks_journal_close(journal);
    if (status == NKS_INTEGRITY)
        audit_at(audit, "file published.log of the journal");
    return audit_take_fault(audit, status);
}

enum nks_status audit_check_journal(struct audit *audit)
{
    struct journal_look look = {.state = NKS_JOURNAL_NONE};
    audit_at(audit, "table journal_mark");
    NKS_TRY(audit_take_fault(audit, nks_journal_mark_load(audit->exchange, &look.mark, &look.state, &audit->fault)));
    audit_at(audit, "file published.log of the journal");
    NKS_TRY(nks_out_file_last(audit->exchange, &look.last, &audit->fault));
    if (look.last < 0 || look.last > FILES_MAX) {
        audit_find(audit, "cannot be compared: table out_file has a number beyond all bounds");
        return NKS_OK;
    }
    look.seen = calloc((size_t)look.last / 8 + 1, 1);
    if (look.seen == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the audit; try again later");
    enum nks_status status = journal_check(audit, &look);
    free(look.seen);
    return status;
}
