/* Written files that deliver holds since the home was restored (JOURNAL-DIFFERS). */
#include "stage/journal.h"
#include "stage/look.h"

#include <string.h>

/* As deliver finds it: its name went out with other bytes, or its money may be out. */
static enum nks_status file_held(struct nks_run *run, int64_t id, struct nks_out_file *file, bool *held)
{
    struct nks_published published;
    uint8_t source[NKS_SOURCE_SIZE];
    int64_t unmatched = 0;
    bool found = false, before = false;
    NKS_TRY(nks_out_file_load(run->exchange, id, file, &found, &run->fault));
    NKS_TRY(nks_published_find(run->exchange, file, &published, &before, &run->fault));
    if (before) {
        *held = published.bytes != file->bytes || memcmp(published.hash, file->hash, NKS_HASH_SIZE) != 0;
        return NKS_OK;
    }
    NKS_TRY(nks_journal_source(run, file->batch_id, file->delivery_id, source));
    if (file->batch_id != 0 || file->delivery_id != 0)
        NKS_TRY(nks_published_unmatched(run->exchange, source, &unmatched, &run->fault));
    *held = unmatched > 0;
    return NKS_OK;
}

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
        NKS_TRY(file_held(run, id, &file, &held));
        if (held && (*count)++ == 0)
            memcpy(first, file.name, sizeof file.name);
    }
}
