/* Making a backup while the home works: the database at one moment first, then the files its rows speak of. */
#include "stage/backup_private.h"

#include "vault/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKUP_DEPTH = 4, PIECE = 64 * 1024, BACKUPS_MAX = 10000, SEALS_MAX = 100000 };

static const char stem[] = "nks-backup-";

void nks_stamp_format(nks_time time, char out[NKS_STAMP_TEXT])
{
    char when[NKS_TIME_TEXT];
    size_t at = 0;
    nks_time_format(time, when);
    for (const char *c = when; *c != '\0' && at + 1 < NKS_STAMP_TEXT; c++) {
        if (*c != '-' && *c != ':')
            out[at++] = *c;
    }
    out[at] = '\0';
}

enum nks_status nks_backup_join(char out[NKS_PATH_MAX], const char *dir, const char *name, struct nks_fault *fault)
{
    return nks_path_join(out, dir, name)
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the backup is too long");
}

static enum nks_status pieces(int from, int to, struct nks_hash *hash, int64_t *bytes, struct nks_fault *fault)
{
    static char piece[PIECE];
    for (size_t got = PIECE; got == PIECE;) {
        NKS_TRY(nks_sys_read(from, piece, PIECE, &got, fault));
        NKS_TRY(nks_sys_write(to, piece, got, fault));
        nks_hash_add(hash, piece, got);
        *bytes += (int64_t)got;
    }
    return nks_sys_fsync(to, fault);
}

enum nks_status nks_backup_copy(const char *from, const char *to, struct nks_backup_file *file, struct nks_fault *fault)
{
    int in = -1, out = -1;
    struct nks_hash *hash = nks_hash_new();
    file->bytes = 0;
    enum nks_status status = hash == NULL ? nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to copy a file")
                                          : nks_sys_open_read(from, &in, fault);
    if (status == NKS_OK)
        status = nks_sys_create(to, &out, fault);
    if (status == NKS_OK)
        status = pieces(in, out, hash, &file->bytes, fault);
    if (status == NKS_OK)
        nks_hash_end(hash, file->hash);
    nks_hash_free(hash);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return status;
}

/* ---- one file after the other */

struct making {
    struct nks_run *run;
    char part[NKS_PATH_MAX], earlier[NKS_PATH_MAX]; /* earlier: the backup before this one; empty: none */
    int list;
    bool begun;
    struct nks_hash *hash;
    struct nks_backup_result *out;
};

static enum nks_status line_write(struct making *making, const char *line, size_t len)
{
    nks_hash_add(making->hash, line, len);
    return nks_sys_write(making->list, line, len, &making->run->fault);
}

static enum nks_status listed(struct making *making, const struct nks_backup_file *file)
{
    char line[NKS_BACKUP_NAME_MAX + NKS_HASH_HEX + 32], hex[NKS_HASH_HEX];
    nks_hex(file->hash, sizeof file->hash, hex);
    int len = snprintf(line, sizeof line, "%s\t%" PRId64 "\t%s\n", file->name, file->bytes, hex);
    making->out->files++;
    making->out->bytes += file->bytes;
    return line_write(making, line, (size_t)len);
}

/* The earlier backup has the very bytes. */
static enum nks_status linked(struct making *making, const char *from, const char *to, struct nks_backup_file *file,
                              bool *is)
{
    struct nks_fault *fault = &making->run->fault, unimportant = {.status = NKS_OK};
    struct nks_backup_file before;
    char path[NKS_PATH_MAX];
    *is = false;
    if (making->earlier[0] == '\0')
        return NKS_OK;
    NKS_TRY(nks_backup_join(path, making->earlier, file->name, fault));
    if (!nks_sys_exists(path))
        return NKS_OK;
    NKS_TRY(nks_hash_file(from, file->hash, &file->bytes, fault));
    NKS_TRY(nks_hash_file(path, before.hash, &before.bytes, fault));
    if (before.bytes != file->bytes || memcmp(before.hash, file->hash, sizeof file->hash) != 0)
        return NKS_OK;
    *is = nks_sys_link(path, to, &unimportant) == NKS_OK; /* else it is copied */
    making->out->linked += *is;
    return NKS_OK;
}

static enum nks_status file_take(struct making *making, const char *from, const char *name, bool keeps)
{
    struct nks_fault *fault = &making->run->fault;
    struct nks_backup_file file = {.bytes = 0};
    char to[NKS_PATH_MAX];
    bool is_linked = false;
    snprintf(file.name, sizeof file.name, "%s", name);
    NKS_TRY(nks_backup_join(to, making->part, name, fault));
    if (keeps)
        NKS_TRY(linked(making, from, to, &file, &is_linked));
    if (!is_linked)
        NKS_TRY(nks_backup_copy(from, to, &file, fault));
    return listed(making, &file);
}

/* Numbered files that are whole: their rows are in the copy of the database. What is missing was erased, or is named by
 * the audit. */
static enum nks_status numbered_take(struct making *making, const char *folder, int64_t last)
{
    struct nks_run *run = making->run;
    char dir[NKS_PATH_MAX];
    NKS_TRY(nks_backup_join(dir, making->part, folder, &run->fault));
    NKS_TRY(nks_sys_mkdir(dir, 0700, &run->fault));
    for (int64_t id = 1; id <= last; id++) {
        char from[NKS_PATH_MAX], name[NKS_BACKUP_NAME_MAX];
        snprintf(name, sizeof name, "%s/%012" PRId64 ".nks", folder, id);
        NKS_TRY(nks_run_path(run, from, name, NULL, NULL));
        if (nks_sys_exists(from))
            NKS_TRY(file_take(making, from, name, true));
        nks_run_progress(run, folder, id, last);
    }
    return nks_sys_fsync_dir(dir, &run->fault);
}

static enum nks_status seals_take(struct making *making)
{
    struct nks_run *run = making->run;
    struct nks_sys_list list = {NULL, 0, false};
    char seals[NKS_PATH_MAX], dir[NKS_PATH_MAX], from[NKS_PATH_MAX], name[NKS_BACKUP_NAME_MAX];
    NKS_TRY(nks_backup_join(dir, making->part, "seals", &run->fault));
    NKS_TRY(nks_sys_mkdir(dir, 0700, &run->fault));
    if (!nks_seal_dir(run->home, seals) || !nks_sys_exists(seals))
        return NKS_OK;
    NKS_TRY(nks_sys_list(seals, SEALS_MAX, false, &list, &run->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        size_t len = strlen(list.names[i]);
        if (len < 4 || strcmp(list.names[i] + len - 4, ".tsv") != 0)
            continue;
        int written = snprintf(name, sizeof name, "seals/%s", list.names[i]);
        status = written < (int)sizeof name && nks_path_join(from, seals, list.names[i])
                     ? file_take(making, from, name, false)
                     : NKS_OK;
    }
    nks_sys_list_free(&list);
    return status == NKS_OK ? nks_sys_fsync_dir(dir, &run->fault) : status;
}

/* The seals before the database: one that is made meanwhile speaks of links that the copy does not have. */
static enum nks_status files_take(struct making *making)
{
    struct nks_run *run = making->run;
    struct nks_backup_file file = {.name = "nks.db"};
    int64_t deliveries = 0, files = 0;
    char path[NKS_PATH_MAX];
    NKS_TRY(seals_take(making));
    NKS_TRY(nks_backup_join(path, making->part, "nks.db", &run->fault));
    NKS_TRY(nks_db_copy(run->db, path, NULL, NULL, &run->fault));
    nks_sys_point("backup.copied");
    NKS_TRY(nks_hash_file(path, file.hash, &file.bytes, &run->fault));
    NKS_TRY(listed(making, &file));
    NKS_TRY(nks_run_path(run, path, "nks.conf", NULL, NULL));
    NKS_TRY(file_take(making, path, "nks.conf", false));
    NKS_TRY(nks_delivery_next_id(run->exchange, &deliveries, &run->fault));
    NKS_TRY(nks_out_file_last(run->exchange, &files, &run->fault));
    NKS_TRY(numbered_take(making, "spool", deliveries - 1));
    return numbered_take(making, "archive", files);
}

/* ---- the list */

static enum nks_status list_sign(struct making *making)
{
    struct nks_run *run = making->run;
    uint8_t hash[NKS_HASH_SIZE], der[NKS_CMS_MAX];
    size_t len = 0;
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_sys_fsync(making->list, &run->fault));
    nks_hash_end(making->hash, hash);
    NKS_TRY(nks_cms_sign(run->keys, hash, run->now, der, &len, &run->fault));
    NKS_TRY(nks_backup_join(path, making->part, "backup.tsv.p7s", &run->fault));
    return nks_file_replace(path, der, len, 0600, &run->fault);
}

static enum nks_status list_write(struct making *making)
{
    struct nks_run *run = making->run;
    char path[NKS_PATH_MAX], line[96], when[NKS_TIME_TEXT];
    nks_time_format(run->now, when);
    NKS_TRY(nks_backup_join(path, making->part, "backup.tsv", &run->fault));
    NKS_TRY(nks_sys_create(path, &making->list, &run->fault));
    int len = snprintf(line, sizeof line, "# nks backup 1\ttime %s\n", when);
    NKS_TRY(line_write(making, line, (size_t)len));
    NKS_TRY(files_take(making));
    return list_sign(making);
}

static enum nks_status earlier_find(struct making *making, const char *dir)
{
    struct nks_run *run = making->run;
    struct nks_sys_list list = {NULL, 0, false};
    NKS_TRY(nks_sys_list(dir, BACKUPS_MAX, true, &list, &run->fault));
    for (size_t i = 0; i < list.count; i++) {
        size_t len = strlen(list.names[i]);
        bool whole =
            strncmp(list.names[i], stem, sizeof stem - 1) == 0 && strcmp(list.names[i] + len - 5, ".part") != 0;
        if (whole && !nks_path_join(making->earlier, dir, list.names[i]))
            making->earlier[0] = '\0';
    }
    nks_sys_list_free(&list);
    return NKS_OK;
}

static enum nks_status link_add(struct nks_run *run, const struct nks_backup_result *out)
{
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_BACKUP, .number = out->files};
    return nks_run_link(run, &entry);
}

static enum nks_status make(struct making *making, const char *dir)
{
    struct nks_run *run = making->run;
    NKS_TRY(nks_sys_mkdir(dir, 0700, &run->fault));
    if (nks_sys_exists(making->out->path) || nks_sys_exists(making->part))
        return nks_fault_set(&run->fault, NKS_REFUSED, "BACKUP-EXISTS",
                             "there is a backup of this second, whole or cut short (.part): try again in a second");
    NKS_TRY(earlier_find(making, dir));
    making->begun = true;
    NKS_TRY(nks_sys_mkdir(making->part, 0700, &run->fault));
    NKS_TRY(list_write(making));
    NKS_TRY(nks_sys_fsync_dir(making->part, &run->fault));
    nks_sys_point("backup.written");
    NKS_TRY(nks_sys_rename(making->part, making->out->path, &run->fault));
    NKS_TRY(nks_sys_fsync_dir(dir, &run->fault));
    enum nks_status linked = link_add(run, making->out);
    making->out->without_link = linked == NKS_RETRY; /* the copy is whole all the same */
    if (linked == NKS_RETRY)
        nks_fault_clear(&run->fault);
    return linked == NKS_RETRY ? NKS_OK : linked;
}

/* A try that failed leaves nothing: a full disk would stay full. */
static void part_remove(const struct making *making)
{
    struct nks_fault unimportant = {.status = NKS_OK};
    if (nks_tree_remove(making->part, BACKUP_DEPTH, &unimportant) != NKS_OK)
        nks_fault_clear(&unimportant);
}

/* Of a path whose last parts may not be there yet, those that are. */
static bool real_part(const char *path, char out[NKS_PATH_MAX])
{
    char part[NKS_PATH_MAX];
    if (!nks_text_copy(nks_text_from(path), part, sizeof part))
        return false;
    char *real = realpath(part, NULL);
    while (real == NULL && strcmp(part, ".") != 0 && strcmp(part, "/") != 0) {
        char *slash = strrchr(part, '/');
        if (slash == NULL)
            snprintf(part, sizeof part, ".");
        else
            slash[slash == part] = '\0'; /* "/" stays */
        real = realpath(part, NULL);
    }
    bool fits = real != NULL && nks_text_copy(nks_text_from(real), out, NKS_PATH_MAX);
    free(real);
    return fits;
}

/* What goes with the home, or is kept where fewer may read, holds no backup. */
static enum nks_status place_check(struct nks_run *run, const char *dir)
{
    char journal[NKS_PATH_MAX], place[NKS_PATH_MAX];
    const struct {
        const char *path, *words;
    } others[] = {{run->home, "home"}, {journal, "journal"}, {run->keys_dir, "directory of the keys"}};
    if (!nks_journal_path(run->home, "", journal) || !real_part(dir, place))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the path of the backup is too long");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char *real = realpath(others[i].path, NULL);
        size_t len = real != NULL ? strlen(real) : 0;
        bool in = real != NULL && strncmp(place, real, len) == 0 && (place[len] == '/' || place[len] == '\0');
        free(real);
        if (in)
            return nks_fault_set(&run->fault, NKS_REFUSED, "BACKUP-PLACE",
                                 "the folder lies in the %s: name one outside, best on another disk", others[i].words);
    }
    return NKS_OK;
}

static enum nks_status backup_lock(struct nks_run *run, int *lock)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, path, "backup.lock", NULL, NULL));
    return nks_sys_lock(path, lock, &run->fault);
}

enum nks_status nks_backup_make(struct nks_run *run, const char *dir, struct nks_backup_result *out)
{
    struct making making = {.run = run, .list = -1, .hash = nks_hash_new(), .out = out};
    int lock = -1;
    char stamp[NKS_STAMP_TEXT], name[64], part[72];
    *out = (struct nks_backup_result){.files = 0};
    nks_stamp_format(run->now, stamp);
    snprintf(name, sizeof name, "%s%s", stem, stamp);
    snprintf(part, sizeof part, "%s.part", name);
    enum nks_status status = making.hash != NULL
                                 ? nks_backup_join(out->path, dir, name, &run->fault)
                                 : nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a backup");
    if (status == NKS_OK)
        status = nks_backup_join(making.part, dir, part, &run->fault);
    if (status == NKS_OK)
        status = place_check(run, dir);
    if (status == NKS_OK)
        status = backup_lock(run, &lock);
    if (status == NKS_OK)
        status = make(&making, dir);
    if (status != NKS_OK && making.begun)
        part_remove(&making);
    if (lock >= 0)
        close(lock);
    nks_hash_free(making.hash);
    if (making.list >= 0)
        close(making.list);
    return status;
}
