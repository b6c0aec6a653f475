/*
 * The seal of a day: the heads of all chains of the trail that grew on it, in a signed file outside the database.
 *
 *   # nks seal 1 <tab> date DATE <tab> previous SHA-256 of the seal before it, or -
 *   chain <tab> last link <tab> its hash            one line per chain, in order
 *   # journal <tab> last line known <tab> its check  of published files (journal.h), where there is one
 *   # signature HEX                                 Ed25519 over the SHA-256 of all lines before
 *
 * Each seal names the one before, so taking one away shows. A day's seal is written again when its chains have grown,
 * whole or not at all; a day before the newest one is never written again.
 */
#include "exchange/published.h"
#include "stage/run.h"
#include "vault/sign.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SEALS_MAX = 100000, LINE_MAX_BYTES = 256, SIGNATURE_HEX = 2 * NKS_SIGNATURE_SIZE + 1 };

static const char form[] = "# nks seal 1";

struct seal {
    struct nks_run *run;
    struct nks_hash *hash;
    int fd;
};

enum nks_status nks_run_trail(struct nks_run *run, enum nks_trail_action action, int64_t batch_id, int64_t slice_id,
                              int64_t number)
{
    const struct nks_trail_entry entry = {
        .action = action, .batch_id = batch_id, .slice_id = slice_id, .number = number};
    return nks_trail_add(run->trail, &entry, &run->fault);
}

static enum nks_status line_write(struct seal *seal, const char *line, size_t len)
{
    nks_hash_add(seal->hash, line, len);
    return nks_sys_write(seal->fd, line, len, &seal->run->fault);
}

/* The hash of the newest seal before `name`. */
static enum nks_status previous(struct nks_run *run, const char *dir, const char *name, char hex[NKS_HASH_HEX])
{
    struct nks_sys_list list = {NULL, 0, false};
    uint8_t hash[NKS_HASH_SIZE];
    char path[NKS_PATH_MAX];
    int64_t size = 0;
    memcpy(hex, "-", 2);
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &list, &run->fault));
    const char *last = NULL;
    for (size_t i = 0; i < list.count && strcmp(list.names[i], name) < 0; i++)
        last = strncmp(list.names[i], "seal-", 5) == 0 ? list.names[i] : last;
    enum nks_status status = NKS_OK;
    if (last != NULL && nks_path_join(path, dir, last)) {
        status = nks_hash_file(path, hash, &size, &run->fault);
        nks_hex(hash, sizeof hash, hex);
    }
    nks_sys_list_free(&list);
    return status;
}

static enum nks_status heads_write(struct seal *seal, nks_date day)
{
    struct nks_run *run = seal->run;
    for (int64_t chain = -1;;) {
        char line[LINE_MAX_BYTES], hex[NKS_HASH_HEX];
        uint8_t hash[NKS_HASH_SIZE];
        int64_t link = 0;
        bool found = false;
        NKS_TRY(nks_trail_chain_of_day(run->trail, day, chain, &chain, &found, &run->fault));
        if (!found)
            return NKS_OK;
        NKS_TRY(nks_trail_head(run->trail, chain, &link, hash, &run->fault));
        nks_hex(hash, sizeof hash, hex);
        int len = snprintf(line, sizeof line, "%lld\t%lld\t%s\n", (long long)chain, (long long)link, hex);
        NKS_TRY(line_write(seal, line, (size_t)len));
    }
}

/* So that a journal that was cut shows even when an older database is put back beside it. */
static enum nks_status journal_write(struct seal *seal)
{
    struct nks_run *run = seal->run;
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    char line[LINE_MAX_BYTES];
    NKS_TRY(nks_journal_mark_load(run->exchange, &mark, &state, &run->fault));
    if (mark.number == 0)
        return NKS_OK;
    int len = snprintf(line, sizeof line, "# journal\t%lld\t%s\n", (long long)mark.number, mark.check);
    return line_write(seal, line, (size_t)len);
}

static enum nks_status signature_write(struct seal *seal)
{
    struct nks_run *run = seal->run;
    uint8_t hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
    char line[LINE_MAX_BYTES], hex[SIGNATURE_HEX];
    nks_hash_end(seal->hash, hash);
    NKS_TRY(nks_sign(run->keys, hash, sizeof hash, signature, &run->fault));
    nks_hex(signature, sizeof signature, hex);
    int len = snprintf(line, sizeof line, "# signature %s\n", hex);
    NKS_TRY(nks_sys_write(seal->fd, line, (size_t)len, &run->fault));
    return nks_sys_fsync(seal->fd, &run->fault);
}

static enum nks_status seal_write(struct seal *seal, const char *dir, const char *name, const char *date, nks_date day)
{
    char line[LINE_MAX_BYTES], before[NKS_HASH_HEX];
    NKS_TRY(previous(seal->run, dir, name, before));
    int len = snprintf(line, sizeof line, "%s\tdate %s\tprevious %s\n", form, date, before);
    NKS_TRY(line_write(seal, line, (size_t)len));
    NKS_TRY(heads_write(seal, day));
    NKS_TRY(journal_write(seal));
    return signature_write(seal);
}

/* Inside the transaction that marks the day as sealed, so that no chain grows meanwhile. */
static enum nks_status day_seal(struct nks_run *run, const char *dir, nks_date day)
{
    char date[NKS_DATE_TEXT], name[40], path[NKS_PATH_MAX], part[NKS_PATH_MAX], part_name[48];
    nks_date_format(day, date);
    snprintf(name, sizeof name, "seal-%s.tsv", date);
    snprintf(part_name, sizeof part_name, "%s.part", name);
    if (!nks_path_join(path, dir, name) || !nks_path_join(part, dir, part_name))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    struct seal seal = {.run = run, .hash = nks_hash_new(), .fd = -1};
    if (seal.hash == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a seal; try again later");
    enum nks_status status = nks_sys_unlink(part, &run->fault); /* of a try that was killed */
    if (status == NKS_OK)
        status = nks_sys_create(part, &seal.fd, &run->fault);
    if (status == NKS_OK)
        status = seal_write(&seal, dir, name, date, day);
    nks_hash_free(seal.hash);
    if (seal.fd >= 0)
        close(seal.fd);
    nks_sys_point("seal.written");
    if (status == NKS_OK)
        status = nks_sys_rename_over(part, path, &run->fault);
    return status == NKS_OK ? nks_sys_fsync_dir(dir, &run->fault) : status;
}

struct sealing {
    struct nks_run *run;
    const char *dir;
    nks_date day;
};

static enum nks_status seal_body(void *context, struct nks_fault *fault)
{
    const struct sealing *sealing = context;
    NKS_TRY(day_seal(sealing->run, sealing->dir, sealing->day));
    NKS_TRY(nks_trail_sealed(sealing->run->trail, sealing->day, fault));
    nks_sys_point("seal.renamed");
    return NKS_OK;
}

enum nks_status nks_run_seal(struct nks_run *run)
{
    char dir[NKS_PATH_MAX];
    if (!nks_seal_dir(run->home, dir))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    for (nks_date day = NKS_DATE_NONE;;) {
        bool found = false;
        NKS_TRY(nks_trail_unsealed_day(run->trail, day, &day, &found, &run->fault));
        if (!found)
            return NKS_OK;
        NKS_TRY(nks_sys_mkdir(dir, 0700, &run->fault));
        struct sealing sealing = {run, dir, day};
        NKS_TRY(nks_run_transact(run, seal_body, &sealing));
    }
}
