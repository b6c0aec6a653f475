/* Files against their rows: encrypted copies in spool and archive, and what lies in out/ for others to fetch. */
#include "audit.h"

#include "vault/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTIES_MAX = 20000, FILES_MAX = 2000000 };

enum nks_status audit_path(struct audit *audit, char out[NKS_PATH_MAX], const char *folder, const char *party,
                           const char *name)
{
    int len = snprintf(out, NKS_PATH_MAX, "%s/%s%s%s/%s", audit->home, folder, party == NULL ? "" : "/",
                       party == NULL ? "" : party, name);
    return len > 0 && len < NKS_PATH_MAX
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

enum nks_status audit_numbered_path(struct audit *audit, char out[NKS_PATH_MAX], const char *folder, int64_t number,
                                    const char *suffix)
{
    char name[40];
    snprintf(name, sizeof name, "%012lld%s", (long long)number, suffix);
    return audit_path(audit, out, folder, NULL, name);
}

static void compare(struct audit *audit, const struct audit_bytes *row, const uint8_t hash[NKS_HASH_SIZE], int64_t size)
{
    if (size != row->bytes)
        audit_find(audit, "it has %lld bytes, its row says %lld", (long long)size, (long long)row->bytes);
    else if (row->hash.len != NKS_HASH_SIZE || memcmp(row->hash.ptr, hash, NKS_HASH_SIZE) != 0)
        audit_find(audit, "its SHA-256 is not that of its row");
}

/* Opens a regular file. *fd -1: it is something else, which was told. */
static enum nks_status open_or_find(struct audit *audit, const char *path, int *fd)
{
    *fd = -1;
    enum nks_status status = nks_sys_open_read(path, fd, &audit->fault);
    if (status == NKS_REFUSED) {
        nks_fault_clear(&audit->fault);
        audit_find(audit, "it is no regular file");
        return NKS_OK;
    }
    return status;
}

static enum nks_status stream_hash(struct audit *audit, struct nks_stream_reader *reader, const struct audit_bytes *row)
{
    uint8_t hash[NKS_HASH_SIZE];
    int64_t size = 0;
    nks_hash_reset(audit->hash);
    for (size_t len = 1; len > 0;) {
        const void *data = NULL;
        NKS_TRY(nks_stream_read(reader, &data, &len, &audit->fault));
        nks_hash_add(audit->hash, data, len);
        size += (int64_t)len;
    }
    nks_hash_end(audit->hash, hash);
    compare(audit, row, hash, size);
    return NKS_OK;
}

/* The row as it is now, outside the picture of the tables: an erasure may have begun since. */
static enum nks_status erased_since(struct audit *audit, const char *folder, int64_t number, bool *erased)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    const struct nks_sql *sql =
        strcmp(folder, "spool") == 0 ? &nks_sql_audit_delivery_erased_now : &nks_sql_audit_file_erased_now;
    NKS_TRY(audit_look_again(audit));
    NKS_TRY(nks_stmt_start(audit->now, sql, &stmt, &audit->fault));
    nks_bind_int(stmt, "number", number);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    *erased = found && nks_column_int(stmt, 0) != 0;
    nks_stmt_end(stmt);
    if (*erased)
        audit_note(audit, "in progress: file %s/%012lld.nks was erased while this audit ran", folder,
                   (long long)number);
    return NKS_OK;
}

/* No copy, or one that cannot be read: a finding, but where it was erased meanwhile. */
static enum nks_status copy_missing(struct audit *audit, const char *folder, int64_t number)
{
    bool erased = false;
    NKS_TRY(erased_since(audit, folder, number, &erased));
    if (!erased)
        audit_find(audit, "it is not there");
    return NKS_OK;
}

static enum nks_status copy_unread(struct audit *audit, const char *folder, int64_t number, enum nks_status status)
{
    bool erased = false;
    struct nks_fault fault = audit->fault;
    if (status == NKS_OK || status == NKS_RETRY)
        return status;
    nks_fault_clear(&audit->fault);
    NKS_TRY(erased_since(audit, folder, number, &erased));
    if (erased)
        return NKS_OK;
    audit->fault = fault;
    return audit_take_fault(audit, status);
}

enum nks_status audit_copy_check(struct audit *audit, const char *folder, enum nks_key_purpose purpose, int64_t number,
                                 const struct audit_bytes *row)
{
    char path[NKS_PATH_MAX];
    int fd = -1;
    NKS_TRY(audit_numbered_path(audit, path, folder, number, ".nks"));
    audit_at(audit, "file %s/%012lld.nks", folder, (long long)number);
    if (!nks_sys_exists(path))
        return copy_missing(audit, folder, number);
    if (!audit->secrets) /* others may not even open it */
        return NKS_OK;
    enum nks_status opened = open_or_find(audit, path, &fd);
    if (opened != NKS_OK || fd < 0)
        return copy_unread(audit, folder, number, opened);
    struct nks_stream_reader *reader = NULL;
    enum nks_status status = nks_stream_read_open(audit->keys, purpose, number, fd, &reader, &audit->fault);
    if (status == NKS_OK)
        status = stream_hash(audit, reader, row);
    nks_stream_read_free(reader);
    close(fd);
    return copy_unread(audit, folder, number, status);
}

enum nks_status audit_copy_gone(struct audit *audit, const char *folder, int64_t number, int64_t at)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(audit_numbered_path(audit, path, folder, number, ".nks"));
    audit_at(audit, "file %s/%012lld.nks", folder, (long long)number);
    if (at < 0)
        audit_note(audit, "in progress: file %s/%012lld.nks is being erased; nks erase goes on with it", folder,
                   (long long)number);
    else if (nks_sys_exists(path))
        audit_find(audit, "it was erased, but it is there");
    return NKS_OK;
}

enum nks_status audit_plain_check(struct audit *audit, const char *path, const struct audit_bytes *row)
{
    uint8_t hash[NKS_HASH_SIZE];
    int64_t size = 0;
    enum nks_status status = nks_hash_file(path, hash, &size, &audit->fault);
    if (status != NKS_OK && !nks_sys_exists(path)) { /* fetched a moment ago */
        nks_fault_clear(&audit->fault);
        return NKS_OK;
    }
    if (status == NKS_REFUSED) {
        nks_fault_clear(&audit->fault);
        audit_find(audit, "it is no regular file");
        return NKS_OK;
    }
    if (status == NKS_OK)
        compare(audit, row, hash, size);
    return status;
}

/* ---- what lies in out/ */

static enum nks_status folder_add(struct audit *audit, enum nks_file_folder kind, const char *root, const char *party)
{
    struct audit_folder_list *listing = audit->listing;
    char path[NKS_PATH_MAX];
    struct audit_folder *grown = realloc(listing->folders, (listing->count + 1) * sizeof *grown);
    if (grown == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to list the out folders");
    listing->folders = grown;
    struct audit_folder *folder = &grown[listing->count];
    *folder = (struct audit_folder){.folder = kind};
    if (!nks_text_copy(nks_text_from(party), folder->party, sizeof folder->party))
        return NKS_OK; /* no party has such a name; nothing is published there */
    if (!nks_path_join(path, root, party))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_sys_list(path, FILES_MAX, false, &folder->files, &audit->fault));
    listing->count++;
    return NKS_OK;
}

static enum nks_status folders_add(struct audit *audit, enum nks_file_folder kind)
{
    char root[NKS_PATH_MAX];
    struct nks_sys_list parties = {NULL, 0, false};
    if (!nks_path_join(root, audit->home, nks_file_folder_path(kind)))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (!nks_sys_exists(root))
        return NKS_OK;
    NKS_TRY(nks_sys_list(root, PARTIES_MAX, true, &parties, &audit->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < parties.count && status == NKS_OK; i++)
        status = folder_add(audit, kind, root, parties.names[i]);
    nks_sys_list_free(&parties);
    return status;
}

enum nks_status audit_listing_make(struct audit *audit)
{
    static const enum nks_file_folder kinds[] = {NKS_FOLDER_CENTRAL, NKS_FOLDER_PAYER, NKS_FOLDER_SENDER};
    audit->listing = calloc(1, sizeof *audit->listing);
    if (audit->listing == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to list the out folders");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        NKS_TRY(folders_add(audit, kinds[i]));
    return NKS_OK;
}

void audit_listing_free(struct audit_folder_list *listing)
{
    if (listing == NULL)
        return;
    for (size_t i = 0; i < listing->count; i++)
        nks_sys_list_free(&listing->folders[i].files);
    free(listing->folders);
    free(listing);
}
