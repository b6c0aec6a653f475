#include "base/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char form[] = "# nks journal 1\n";
enum { FORM_LEN = sizeof form - 1, BUFFER = 64 * 1024 };

struct nks_journal {
    int fd;
    bool write;
    bool at_end;
    bool torn; /* bytes behind `at` that are no line: the next append takes them away */
    struct nks_journal_mark at;
    size_t from, to; /* what of the buffer is not read yet */
    char buffer[BUFFER];
};

bool nks_journal_path(const char *home, const char *name, char out[NKS_PATH_MAX])
{
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    int written = snprintf(out, NKS_PATH_MAX, "%.*s.journal/%s", (int)len, home, name);
    return written > 0 && written < NKS_PATH_MAX;
}

static enum nks_status changed(struct nks_fault *fault, const char *how)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "JOURNAL-CHANGED",
                         "the journal of published files %s; do not restart, run nks-audit", how);
}

/* The check of a line (without its own check) after the line with that check. */
static void check_of(const char *before, struct nks_text line, char out[NKS_JOURNAL_CHECK + 1])
{
    char bytes[NKS_JOURNAL_CHECK + NKS_JOURNAL_LINE_MAX], hex[NKS_HASH_HEX];
    uint8_t hash[NKS_HASH_SIZE];
    struct nks_buf buf;
    nks_buf_init(&buf, bytes, sizeof bytes);
    nks_buf_str(&buf, before);
    nks_buf_text(&buf, line);
    nks_hash_once(bytes, buf.len, hash);
    nks_hex(hash, sizeof hash, hex);
    memcpy(out, hex, NKS_JOURNAL_CHECK);
    out[NKS_JOURNAL_CHECK] = '\0';
}

/* ---- opening */

static enum nks_status form_check(struct nks_journal *journal, struct nks_fault *fault)
{
    char bytes[FORM_LEN];
    size_t got = 0;
    NKS_TRY(nks_sys_read(journal->fd, bytes, sizeof bytes, &got, fault));
    journal->at.offset = FORM_LEN;
    if (got == FORM_LEN)
        return memcmp(bytes, form, FORM_LEN) == 0 ? NKS_OK : changed(fault, "does not begin as one");
    if (memcmp(bytes, form, got) != 0)
        return changed(fault, "does not begin as one");
    if (!journal->write) /* its making was cut short */
        return NKS_OK;
    NKS_TRY(nks_sys_truncate(journal->fd, 0, fault));
    NKS_TRY(nks_sys_write(journal->fd, form, FORM_LEN, fault));
    return nks_sys_fsync(journal->fd, fault);
}

/* The bytes before the mark are its line: its number begins it, its check ends it. */
static enum nks_status mark_check(struct nks_journal *journal, const struct nks_journal_mark *known,
                                  struct nks_fault *fault)
{
    char line[NKS_JOURNAL_LINE_MAX + 2], number[24];
    const int64_t most = known->offset < (int64_t)sizeof line ? known->offset : (int64_t)sizeof line;
    size_t got = 0, len = 0;
    if (known->number < 0 || most < FORM_LEN + NKS_JOURNAL_CHECK + 2)
        return changed(fault, "is not where its mark says");
    NKS_TRY(nks_sys_seek(journal->fd, known->offset - most, fault));
    NKS_TRY(nks_sys_read(journal->fd, line, (size_t)most, &got, fault));
    if (got < (size_t)most)
        return changed(fault, "is shorter than the database knows it");
    while (len < got - 1 && line[got - 2 - len] != '\n')
        len++;
    struct nks_text text = {line + got - 1 - len, len};
    snprintf(number, sizeof number, "%" PRId64, known->number);
    bool ends = line[got - 1] == '\n' && len > NKS_JOURNAL_CHECK &&
                nks_text_is(nks_text_slice(text, len - NKS_JOURNAL_CHECK, NKS_JOURNAL_CHECK), known->check);
    return ends && nks_text_is(nks_text_cut(&text, '\t'), number) ? NKS_OK
                                                                  : changed(fault, "is not the one the database knows");
}

static enum nks_status begin(struct nks_journal *journal, const struct nks_journal_mark *known, struct nks_fault *fault)
{
    NKS_TRY(form_check(journal, fault));
    if (known == NULL || known->number == 0)
        return NKS_OK;
    NKS_TRY(mark_check(journal, known, fault));
    journal->at = *known;
    return NKS_OK;
}

static enum nks_status file_open(const char *path, bool make, struct nks_journal *journal, struct nks_fault *fault)
{
    char dir[NKS_PATH_MAX];
    if (!journal->write)
        return nks_sys_open_read(path, &journal->fd, fault);
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len == 0 || len >= sizeof dir)
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the journal is too long");
    memcpy(dir, path, len);
    dir[len] = '\0';
    if (make)
        NKS_TRY(nks_sys_mkdir(dir, 0700, fault));
    NKS_TRY(nks_sys_open_update(path, &journal->fd, fault));
    return nks_sys_fsync_dir(dir, fault); /* also of one that a kill left without */
}

enum nks_status nks_journal_open(const char *path, const struct nks_journal_mark *known, bool write,
                                 struct nks_journal **out, struct nks_fault *fault)
{
    bool is_new = !nks_sys_exists(path);
    if (is_new && (!write || (known != NULL && known->number != 0)))
        return nks_fault_set(fault, NKS_FAILED, "JOURNAL-MISSING",
                             "there is no journal at %s: mount or restore its folder; if it is lost for good, see nks "
                             "help reconcile",
                             path);
    struct nks_journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the journal");
    journal->fd = -1;
    journal->write = write;
    enum nks_status status = file_open(path, is_new, journal, fault);
    if (status == NKS_OK)
        status = begin(journal, known, fault);
    else if (strcmp(fault->code, "FILE-KIND") == 0) {
        nks_fault_clear(fault);
        status = nks_fault_set(fault, NKS_FAILED, "JOURNAL-MISSING",
                               "what lies at %s is no file that can be read: put the journal of published files there",
                               path);
    }
    if (status != NKS_OK) {
        nks_journal_close(journal);
        return status;
    }
    *out = journal;
    return NKS_OK;
}

void nks_journal_close(struct nks_journal *journal)
{
    struct nks_fault unimportant = {.status = NKS_OK}; /* every append was fsynced */
    if (journal == NULL)
        return;
    if (journal->fd >= 0 && nks_sys_close(journal->fd, &unimportant) != NKS_OK)
        nks_fault_clear(&unimportant);
    free(journal);
}

struct nks_journal_mark nks_journal_at(const struct nks_journal *journal)
{
    return journal->at;
}

/* ---- reading */

/* Fills the buffer behind what is left in it. */
static enum nks_status fill(struct nks_journal *journal, size_t *got, struct nks_fault *fault)
{
    memmove(journal->buffer, journal->buffer + journal->from, journal->to - journal->from);
    journal->to -= journal->from;
    journal->from = 0;
    NKS_TRY(nks_sys_seek(journal->fd, journal->at.offset + (int64_t)journal->to, fault));
    NKS_TRY(nks_sys_read(journal->fd, journal->buffer + journal->to, sizeof journal->buffer - journal->to, got, fault));
    journal->to += *got;
    return NKS_OK;
}

static enum nks_status line_take(struct nks_journal *journal, struct nks_text bytes, struct nks_journal_line *line,
                                 struct nks_fault *fault)
{
    char check[NKS_JOURNAL_CHECK + 1];
    uint64_t number = 0;
    if (bytes.len > NKS_JOURNAL_LINE_MAX || bytes.len < NKS_JOURNAL_CHECK + 1)
        return changed(fault, "has a line that is none");
    struct nks_text body = nks_text_slice(bytes, 0, bytes.len - NKS_JOURNAL_CHECK);
    check_of(journal->at.check, body, check);
    if (memcmp(bytes.ptr + body.len, check, NKS_JOURNAL_CHECK) != 0)
        return changed(fault, "has a line that does not follow the one before it");
    struct nks_text rest = nks_text_slice(body, 0, body.len - 1); /* without the tab before the check */
    bool good = nks_text_number(nks_text_cut(&rest, '\t'), INT64_MAX, &number) &&
                nks_text_copy(nks_text_cut(&rest, '\t'), line->word, sizeof line->word) &&
                (int64_t)number == journal->at.number + 1;
    if (!good)
        return changed(fault, "has a line out of its order");
    line->number = (int64_t)number;
    line->fields = rest;
    journal->at.number = line->number;
    journal->at.offset += (int64_t)bytes.len + 1;
    memcpy(journal->at.check, check, sizeof check);
    return NKS_OK;
}

enum nks_status nks_journal_next(struct nks_journal *journal, struct nks_journal_line *line, bool *found,
                                 struct nks_fault *fault)
{
    char *end = NULL;
    size_t got = 1;
    *found = false;
    for (;;) { /* ends: the buffer gets full or the file has no more */
        end = memchr(journal->buffer + journal->from, '\n', journal->to - journal->from);
        if (end != NULL || got == 0 || journal->to - journal->from > NKS_JOURNAL_LINE_MAX)
            break;
        NKS_TRY(fill(journal, &got, fault));
    }
    if (end == NULL) {
        if (journal->to - journal->from > NKS_JOURNAL_LINE_MAX)
            return changed(fault, "has a line that is none");
        journal->torn = journal->to > journal->from;
        journal->at_end = true;
        return NKS_OK;
    }
    struct nks_text bytes = {journal->buffer + journal->from, (size_t)(end - (journal->buffer + journal->from))};
    NKS_TRY(line_take(journal, bytes, line, fault));
    journal->from += bytes.len + 1;
    *found = true;
    return NKS_OK;
}

/* ---- adding */

enum nks_status nks_journal_append(struct nks_journal *journal, const char *word, struct nks_text fields,
                                   struct nks_fault *fault)
{
    char bytes[NKS_JOURNAL_LINE_MAX + 2], check[NKS_JOURNAL_CHECK + 1];
    struct nks_buf buf;
    nks_buf_init(&buf, bytes, NKS_JOURNAL_LINE_MAX);
    nks_buf_printf(&buf, "%" PRId64 "\t%s\t", journal->at.number + 1, word);
    nks_buf_text(&buf, fields);
    nks_buf_char(&buf, '\t');
    check_of(journal->at.check, nks_buf_view(&buf), check);
    nks_buf_str(&buf, check);
    if (buf.overflow || !journal->at_end)
        return nks_fault_set(fault, NKS_FAILED, "JOURNAL-LINE", "a line of the journal is too long or too early");
    bytes[buf.len] = '\n';
    if (journal->torn)
        NKS_TRY(nks_sys_truncate(journal->fd, journal->at.offset, fault));
    journal->torn = true; /* until it is whole and on the disk */
    NKS_TRY(nks_sys_seek(journal->fd, journal->at.offset, fault));
    NKS_TRY(nks_sys_write(journal->fd, bytes, buf.len + 1, fault));
    NKS_TRY(nks_sys_fsync(journal->fd, fault));
    journal->torn = false;
    journal->from = journal->to = 0;
    journal->at.number++;
    journal->at.offset += (int64_t)buf.len + 1;
    memcpy(journal->at.check, check, sizeof check);
    return NKS_OK;
}
