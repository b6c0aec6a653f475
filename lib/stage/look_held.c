/* Written files that deliver holds since the home was restored (JOURNAL-DIFFERS). */
#include "stage/journal.h"
#include "stage/look.h"

#include <string.h>

enum nks_status nks_look_held(struct nks_run *run, int64_t *count, char first[NKS_FILE_NAME_MAX])
{
    *count = 0;
    first[0] = '\0';
    for (int64_t id = 0;;) {
        struct nks_out_file file;
        bool held = false;
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_WRITTEN, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_journal_held(run, id, &file, &held));
        if (held && (*count)++ == 0)
            memcpy(first, file.name, sizeof file.name);
    }
}
