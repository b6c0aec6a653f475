#ifndef NKS_STAGE_JOURNAL_H
#define NKS_STAGE_JOURNAL_H
/*
 * The journal of published files, HOME.journal/published.log, outside database and home: what left the house is known
 * there even when an older database is put back.
 *
 *   publish FILE   before a file gets its name in out/     again FILE   the same of a replay
 *   hand FILE      before it leaves staging by hand        done LINE    after it has its name
 *   judged WORK    before a received file is judged, or a person's act is stored (lost.h)
 *
 * Order of calls: nks_run_journal before anything is written or published; per file nks_journal_file, the rename,
 * nks_journal_done, and nks_journal_mark inside the transaction of its row. The mark in the database is then behind the
 * file's lines. A journal that goes on behind the mark by more than one unfinished file is younger than the database:
 * RECONCILE-FIRST (NKS_HELD), and nothing leaves until nks_run_reconcile has read it.
 */
#include "exchange/published.h"
#include "stage/run.h"

/* Opens the journal, compares it with the database and finishes the file that a kill left between its line and its row.
 * A second call does nothing. */
NKS_CHECKED enum nks_status nks_run_journal(struct nks_run *run);
NKS_CHECKED enum nks_status nks_journal_file(struct nks_run *run, const struct nks_out_file *file, const char *word);
NKS_CHECKED enum nks_status nks_journal_done(struct nks_run *run);
/* A line of another word (lost.h); begins the journal where there is none. */
NKS_CHECKED enum nks_status nks_journal_word(struct nks_run *run, const char *word, struct nks_text fields);
NKS_CHECKED enum nks_status nks_journal_mark(struct nks_run *run);
/* By hand, where to is not known after a kill: any place may finish it. */
enum { NKS_BY_HAND_SOMEWHERE = 1 };
/* The source (published.h) of a batch, or of a delivery; zeros where there is none. */
NKS_CHECKED enum nks_status nks_journal_source(struct nks_run *run, int64_t batch_id, int64_t delivery_id,
                                               uint8_t source[NKS_SOURCE_SIZE]);
/* NKS_HELD (JOURNAL-DIFFERS) while files of the batch's source, or the delivery's, went out before the home was
 * restored and are not there again byte for byte. `what` is named in the fault. */
NKS_CHECKED enum nks_status nks_journal_free(struct nks_run *run, int64_t batch_id, int64_t delivery_id,
                                             const char *what);
/* Loads a file, and tells whether it is held: its name left with other bytes, or its money may have left. */
NKS_CHECKED enum nks_status nks_journal_held(struct nks_run *run, int64_t file_id, struct nks_out_file *file,
                                             bool *held);
/* Makes the journal and its mark where a home has none yet; before the first file is published. */
NKS_CHECKED enum nks_status nks_journal_begin(struct nks_run *run);
/* Is it a line about a file: publish, again, hand? */
bool nks_journal_is_file(const struct nks_journal_line *line);
/* The fault of a line whose fields are not what its word asks for: JOURNAL-CHANGED. */
enum nks_status nks_journal_line_bad(struct nks_run *run, int64_t number);
NKS_CHECKED bool nks_journal_file_path(const char *home, char out[NKS_PATH_MAX]);

enum { NKS_UNFINISHED_MAX = 64 };
struct nks_reconciled {
    int64_t files;                                     /* named behind the mark */
    int64_t unfinished;                                /* of them: without their `done`; taken as published */
    int64_t orders;                                    /* of them */
    int64_t unknown;                                   /* of them: of which this database has no row */
    int64_t works;                                     /* to be done again (lost.h) */
    char names[NKS_UNFINISHED_MAX][NKS_FILE_NAME_MAX]; /* of the unfinished ones, as far as they fit */
    size_t named;
};
/* Reads the journal behind the mark into the database (published.h), so that nothing of it is published again. With
 * `anew` a journal that is lost for good is begun anew. Nothing to do is NKS_REFUSED (RECONCILE-NOT). */
NKS_CHECKED enum nks_status nks_run_reconcile(struct nks_run *run, bool anew, bool dry_run, const char *reason,
                                              struct nks_reconciled *out);
/*
 * Settled by two people with the receivers. A file that is held (JOURNAL-DIFFERS), or one that left: all that is held
 * of the same received bytes up to the first day that differs becomes SETTLED, goes nowhere, and what left up to that
 * day holds nothing back any more. A later day that differs is held by itself. "#LINE": a lost work is given up
 * (lost.h). NKS_REFUSED (RECONCILE-NOT): no such file is held, no such work waits.
 */
NKS_CHECKED enum nks_status nks_run_settle(struct nks_run *run, const char *name, bool dry_run, const char *reason);
/* Removes what a settled file left in staging, also where an earlier call was cut short. */
NKS_CHECKED enum nks_status nks_settled_tidy(struct nks_run *run);
#endif
