#ifndef NKS_IMPORT_IMPORT_H
#define NKS_IMPORT_IMPORT_H
/*
 * What every import of reference data has in common: it adds versions and never overwrites, all or nothing, in one
 * transaction. Rows absent from the file stay, unless `full`: then they get a last version that is ended.
 *
 * Who asked for the difference gets it before anything is committed: a digest of each row of the file, of each change
 * and of the version in whose place it comes, so that another file, or the same over other rows, has another one. It is
 * over personal data: show it under a key only (vault/blind.h).
 */
#include "base/csv.h"
#include "base/date.h"
#include "base/file.h"

struct nks_import_result;

struct nks_import_options {
    bool full;
    bool dry_run; /* everything is read and compared, nothing is stored */
    nks_time now;
    void (*progress)(void *context, int64_t bytes); /* may be NULL */
    void *progress_context;
    struct nks_hash *difference; /* takes in every change; NULL: not asked for */
    /* Called once, when all is compared: what it returns other than NKS_OK ends the import, and nothing of it is
     * stored. NULL: none. */
    enum nks_status (*judge)(void *context, const struct nks_import_result *result, struct nks_fault *fault);
    void *judge_context;
};
struct nks_import_result {
    int64_t rows, added, unchanged, ended;
    int64_t version; /* of this import; 0 when nothing was added */
};

/* For the imports: one row of the file, whether it changes anything or not, into the difference. */
void nks_import_row(const struct nks_import_options *options, const struct nks_text *fields, size_t count);
/* For the imports: one change, into the difference. The facts say which row it is and what was newest of it. */
void nks_import_differs(const struct nks_import_options *options, const int64_t *facts, size_t count);

#endif
