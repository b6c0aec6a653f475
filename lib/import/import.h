#ifndef NKS_IMPORT_IMPORT_H
#define NKS_IMPORT_IMPORT_H
/*
 * What every import of reference data has in common: it adds versions and never overwrites, all or nothing, in one
 * transaction. Rows absent from the file stay, unless `full`: then they get a last version that is ended.
 */
#include "base/date.h"

struct nks_import_options {
    bool full;
    bool dry_run; /* everything is read and compared, nothing is stored */
    nks_time now;
    void (*progress)(void *context, int64_t bytes); /* may be NULL */
    void *progress_context;
};
struct nks_import_result {
    int64_t rows, added, unchanged, ended;
    int64_t version; /* of this import; 0 when nothing was added */
};

#endif
