/* Seals against the trail: what a sealed day had must still be there, else the database is an older one. */
#include "stage/backup.h"
#include "stage/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEALS_MAX = 100000, SEAL_BYTES_MAX = 64 * 1024 * 1024 };

/* A head: "chain TAB link TAB hash". Other lines are the form and the signature, which the auditor reads. */
static bool head_read(struct nks_text line, int64_t *chain, int64_t *link, uint8_t hash[NKS_HASH_SIZE])
{
    uint64_t first = 0, second = 0;
    bool good = nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &first);
    good = nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &second) && good;
    *chain = (int64_t)first;
    *link = (int64_t)second;
    return good && second > 0 && nks_unhex(line, hash, NKS_HASH_SIZE);
}

static enum nks_status head_fits(struct nks_run *run, struct nks_text line, bool *fit)
{
    static struct nks_trail_link link;
    uint8_t hash[NKS_HASH_SIZE];
    int64_t chain = 0, number = 0;
    bool found = false;
    if (!head_read(line, &chain, &number, hash))
        return NKS_OK;
    NKS_TRY(nks_trail_next(run->trail, chain, number - 1, &link, &found, &run->fault));
    *fit = found && link.link == number && memcmp(link.hash, hash, sizeof hash) == 0;
    return NKS_OK;
}

static enum nks_status seal_fits(struct nks_run *run, const char *path, bool *fit)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(path, SEAL_BYTES_MAX, &data, &len, &run->fault));
    struct nks_text rest = {data, len};
    enum nks_status status = NKS_OK;
    for (*fit = true; status == NKS_OK && *fit && rest.len > 0;)
        status = head_fits(run, nks_text_cut(&rest, '\n'), fit);
    free(data);
    return status;
}

static bool is_seal(const char *name)
{
    size_t len = strlen(name);
    return strncmp(name, "seal-", 5) == 0 && len > 4 && strcmp(name + len - 4, ".tsv") == 0;
}

typedef enum nks_status (*seal_fn)(struct nks_run *run, const char *dir, const char *name, bool *more);

/* From the newest on, while `more`. */
static enum nks_status seals_each(struct nks_run *run, seal_fn fn)
{
    struct nks_sys_list list = {NULL, 0, false};
    char dir[NKS_PATH_MAX];
    bool more = true;
    if (!nks_seal_dir(run->home, dir))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (!nks_sys_exists(dir))
        return NKS_OK;
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &list, &run->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = list.count; i > 0 && more && status == NKS_OK; i--) {
        if (is_seal(list.names[i - 1]))
            status = fn(run, dir, list.names[i - 1], &more);
    }
    nks_sys_list_free(&list);
    return status;
}

static enum nks_status path_join(struct nks_run *run, char out[NKS_PATH_MAX], const char *dir, const char *name)
{
    return nks_path_join(out, dir, name)
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

static enum nks_status newest_look(struct nks_run *run, const char *dir, const char *name, bool *more)
{
    char path[NKS_PATH_MAX];
    bool fit = true;
    NKS_TRY(path_join(run, path, dir, name));
    NKS_TRY(seal_fits(run, path, &fit));
    run->seals_fit = fit;
    *more = false;
    return NKS_OK;
}

enum nks_status nks_run_seals_fit(struct nks_run *run, bool *fit)
{
    run->seals_fit = true;
    NKS_TRY(seals_each(run, newest_look));
    *fit = run->seals_fit;
    return NKS_OK;
}

enum nks_status nks_seal_aside(const char *home, nks_time now, const char *live, const char *name,
                               struct nks_fault *fault)
{
    char stamp[NKS_STAMP_TEXT], folder[48], aside[NKS_PATH_MAX], to[NKS_PATH_MAX];
    nks_stamp_format(now, stamp);
    snprintf(folder, sizeof folder, "replaced-%s", stamp);
    bool fits = nks_journal_path(home, folder, aside) && nks_path_join(to, aside, name);
    for (int n = 2; fits && nks_sys_exists(to) && n <= NKS_STAMP_SAME_MAX; n++) {
        snprintf(folder, sizeof folder, "replaced-%s-%d", stamp, n);
        fits = nks_journal_path(home, folder, aside) && nks_path_join(to, aside, name);
    }
    if (!fits)
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_sys_mkdir(aside, 0700, fault));
    NKS_TRY(nks_sys_rename(live, to, fault));
    return nks_sys_fsync_dir(aside, fault);
}

static enum nks_status aside_one(struct nks_run *run, const char *dir, const char *name, bool *more)
{
    char path[NKS_PATH_MAX];
    bool fit = true;
    NKS_TRY(path_join(run, path, dir, name));
    NKS_TRY(seal_fits(run, path, &fit));
    *more = !fit;
    if (fit)
        return NKS_OK;
    NKS_TRY(nks_seal_aside(run->home, run->now, path, name, &run->fault));
    return nks_sys_fsync_dir(dir, &run->fault);
}

enum nks_status nks_run_seals_aside(struct nks_run *run)
{
    return seals_each(run, aside_one);
}

/* ---- what the seals say of the journal */

static bool journal_read(struct nks_text line, struct nks_journal_mark *mark)
{
    uint64_t number = 0;
    if (!nks_text_is(nks_text_cut(&line, '\t'), "# journal") ||
        !nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &number) || (int64_t)number <= mark->number ||
        line.len != NKS_JOURNAL_CHECK)
        return false;
    mark->number = (int64_t)number;
    return nks_text_copy(line, mark->check, sizeof mark->check);
}

static enum nks_status seal_journal(struct nks_run *run, const char *path, struct nks_journal_mark *mark)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(path, SEAL_BYTES_MAX, &data, &len, &run->fault));
    for (struct nks_text rest = {data, len}; rest.len > 0;)
        (void)journal_read(nks_text_cut(&rest, '\n'), mark);
    free(data);
    return NKS_OK;
}

/* Of one folder the newest seal knows most. */
static enum nks_status folder_journal(struct nks_run *run, const char *dir, struct nks_journal_mark *mark)
{
    struct nks_sys_list list = {NULL, 0, false};
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &list, &run->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = list.count; i > 0; i--) {
        if (!is_seal(list.names[i - 1]))
            continue;
        status = path_join(run, path, dir, list.names[i - 1]);
        if (status == NKS_OK)
            status = seal_journal(run, path, mark);
        break;
    }
    nks_sys_list_free(&list);
    return status;
}

enum nks_status nks_run_seals_journal(struct nks_run *run, struct nks_journal_mark *mark)
{
    struct nks_sys_list list = {NULL, 0, false};
    char root[NKS_PATH_MAX], dir[NKS_PATH_MAX];
    *mark = (struct nks_journal_mark){.number = 0};
    if (!nks_journal_path(run->home, "", root))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (!nks_sys_exists(root))
        return NKS_OK;
    NKS_TRY(nks_sys_list(root, SEALS_MAX, true, &list, &run->fault)); /* seals, and those that were replaced */
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        status = path_join(run, dir, root, list.names[i]);
        if (status == NKS_OK)
            status = folder_journal(run, dir, mark);
    }
    nks_sys_list_free(&list);
    return status;
}
