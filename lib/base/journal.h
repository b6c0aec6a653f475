#ifndef NKS_BASE_JOURNAL_H
#define NKS_BASE_JOURNAL_H
/*
 * A journal: a file of numbered lines that is only added to, each on the disk before its caller goes on.
 *
 *   # nks journal 1
 *   NUMBER <tab> WORD <tab> FIELDS <tab> CHECK
 *
 * FIELDS may hold further tabs. CHECK is the first 16 hexadecimal digits of SHA-256 over the check before it and the
 * line up to it, so a line that is changed, taken out or put elsewhere shows. A last line without its line end is an
 * append that was cut short: nobody went on because of it, and the next append takes its place.
 *
 * Order of calls: open; next until there is nothing; append; close. One process appends at a time (the home's lock);
 * others may read meanwhile.
 *
 * Whoever remembers a mark (number, offset, check) elsewhere reads from there on, and learns whether the journal is the
 * one it knew: JOURNAL-MISSING (NKS_FAILED) when there is no file, JOURNAL-CHANGED (NKS_INTEGRITY) when it is shorter
 * than the mark or has another line there.
 */
#include "base/file.h"
#include "base/text.h"

enum { NKS_JOURNAL_CHECK = 16, NKS_JOURNAL_WORD_MAX = 16, NKS_JOURNAL_LINE_MAX = 1024 };

struct nks_journal_mark {
    int64_t number; /* of the last line known; 0: none */
    int64_t offset; /* where the next one begins */
    char check[NKS_JOURNAL_CHECK + 1];
};

struct nks_journal;
/* `known` NULL: from the beginning. `write` makes the file and its folder where they are missing. */
NKS_CHECKED enum nks_status nks_journal_open(const char *path, const struct nks_journal_mark *known, bool write,
                                             struct nks_journal **out, struct nks_fault *fault);
void nks_journal_close(struct nks_journal *journal); /* NULL is fine */

struct nks_journal_line {
    int64_t number;
    char word[NKS_JOURNAL_WORD_MAX];
    struct nks_text fields; /* valid until the next call */
};
/* The next line; *found false behind the last one. JOURNAL-CHANGED when it does not follow the one before. */
NKS_CHECKED enum nks_status nks_journal_next(struct nks_journal *journal, struct nks_journal_line *line, bool *found,
                                             struct nks_fault *fault);
/* Adds a line and fsyncs; the word has no tab, the fields no line end. Only after next
 * has told that there is no more (JOURNAL-LINE). */
NKS_CHECKED enum nks_status nks_journal_append(struct nks_journal *journal, const char *word, struct nks_text fields,
                                               struct nks_fault *fault);
/* Behind the line that was read or added last. */
struct nks_journal_mark nks_journal_at(const struct nks_journal *journal);

/* HOME.journal/NAME: beside the home, where an older copy of the home does not reach. It may be a link or a mount. */
NKS_CHECKED bool nks_journal_path(const char *home, const char *name, char out[NKS_PATH_MAX]);
#endif
