/* Reading a backup: its list against its signature, its files against the list. */
#include "stage/backup_private.h"

#include "vault/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char form[] = "# nks backup 1\ttime ";

enum nks_status nks_backup_damaged(const char *name, const char *how, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_REFUSED, "BACKUP-DAMAGED", "%s of the backup %s: take another backup", name, how);
}

/* What a list may name: what a backup is made of, and nothing outside it. */
static bool name_good(const char *name)
{
    static const char *const folders[] = {"spool/", "archive/", "seals/"};
    if (strcmp(name, "nks.db") == 0 || strcmp(name, "nks.conf") == 0)
        return true;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t len = strlen(folders[i]);
        if (strncmp(name, folders[i], len) == 0)
            return name[len] != '\0' && name[len] != '.' && strchr(name + len, '/') == NULL;
    }
    return false;
}

static bool line_read(struct nks_text line, struct nks_backup_file *file)
{
    uint64_t bytes = 0;
    bool good = nks_text_copy(nks_text_cut(&line, '\t'), file->name, sizeof file->name);
    good = nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &bytes) && good;
    file->bytes = (int64_t)bytes;
    return good && name_good(file->name) && nks_unhex(line, file->hash, sizeof file->hash);
}

static enum nks_status lines_each(struct nks_text list, nks_backup_file_fn fn, void *context, struct nks_fault *fault)
{
    if (!nks_text_starts(list, form))
        return nks_backup_damaged("backup.tsv", "is none of this program", fault);
    (void)nks_text_cut(&list, '\n');
    while (list.len > 0) {
        struct nks_backup_file file;
        if (!line_read(nks_text_cut(&list, '\n'), &file))
            return nks_backup_damaged("a line", "is none of a backup's list", fault);
        NKS_TRY(fn(context, &file, fault));
    }
    return NKS_OK;
}

static enum nks_status signature_check(const char *keys_dir, const char *path, const uint8_t hash[NKS_HASH_SIZE],
                                       struct nks_fault *fault)
{
    struct nks_keys *keys = NULL;
    char signature[NKS_PATH_MAX], *der = NULL;
    size_t len = 0;
    NKS_TRY(nks_backup_join(signature, path, "backup.tsv.p7s", fault));
    if (!nks_sys_exists(signature))
        return nks_backup_damaged("backup.tsv.p7s", "is missing", fault);
    NKS_TRY(nks_keys_load_public(keys_dir, &keys, fault));
    enum nks_status status = nks_file_read(signature, NKS_CMS_MAX, &der, &len, fault);
    if (status == NKS_OK)
        status = nks_cms_verify(keys, hash, (const uint8_t *)der, len, fault);
    nks_keys_free(keys);
    free(der);
    if (status != NKS_INTEGRITY)
        return status;
    nks_fault_clear(fault); /* the home is not touched: no alarm */
    return nks_backup_damaged("backup.tsv.p7s", "is no signature of this home's keys over the list", fault);
}

enum nks_status nks_backup_each(const char *keys_dir, const char *path, uint8_t hash[NKS_HASH_SIZE],
                                nks_backup_file_fn fn, void *context, struct nks_fault *fault)
{
    char list[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_backup_join(list, path, "backup.tsv", fault));
    if (!nks_sys_exists(list))
        return nks_fault_set(fault, NKS_REFUSED, "BACKUP-DAMAGED",
                             "there is no backup.tsv here: name the folder of one backup, nks-backup-TIME");
    NKS_TRY(nks_file_read(list, NKS_BACKUP_LIST_MAX, &data, &len, fault));
    nks_hash_once(data, len, hash);
    enum nks_status status = signature_check(keys_dir, path, hash, fault);
    if (status == NKS_OK)
        status = lines_each((struct nks_text){data, len}, fn, context, fault);
    free(data);
    return status;
}

/* Before its bytes are read: what is no file of that size is not what was written. */
enum nks_status nks_backup_size(const char *path, const struct nks_backup_file *file, struct nks_fault *fault)
{
    struct nks_fault odd = {.status = NKS_OK};
    int64_t bytes = 0;
    nks_time changed = 0;
    enum nks_status status = nks_sys_stat(path, &bytes, &changed, &odd);
    if (status == NKS_REFUSED || (status == NKS_OK && bytes != file->bytes))
        return nks_backup_damaged(file->name, "is not what was written", fault);
    if (status != NKS_OK)
        *fault = odd;
    return status;
}

struct checking {
    const char *path;
    struct nks_backup_result *out;
};

static enum nks_status file_check(void *context, const struct nks_backup_file *file, struct nks_fault *fault)
{
    struct checking *checking = context;
    char path[NKS_PATH_MAX];
    uint8_t hash[NKS_HASH_SIZE];
    int64_t bytes = 0;
    NKS_TRY(nks_backup_join(path, checking->path, file->name, fault));
    if (!nks_sys_exists(path))
        return nks_backup_damaged(file->name, "is missing", fault);
    NKS_TRY(nks_backup_size(path, file, fault));
    NKS_TRY(nks_hash_file(path, hash, &bytes, fault));
    if (bytes != file->bytes || memcmp(hash, file->hash, sizeof hash) != 0)
        return nks_backup_damaged(file->name, "is not what was written", fault);
    checking->out->files++;
    checking->out->bytes += bytes;
    return NKS_OK;
}

enum nks_status nks_backup_check(const char *keys_dir, const char *path, struct nks_backup_result *out,
                                 struct nks_fault *fault)
{
    struct checking checking = {path, out};
    uint8_t hash[NKS_HASH_SIZE];
    *out = (struct nks_backup_result){.files = 0};
    if (!nks_text_copy(nks_text_from(path), out->path, sizeof out->path))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the backup is too long");
    return nks_backup_each(keys_dir, path, hash, file_check, &checking, fault);
}
