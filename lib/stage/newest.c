#include "stage/newest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEWEST_MAX = 128 };

/* All lines have one length, so that none is left half by a shorter one. */
static void newest_write(void *context, int64_t chain, int64_t link, const uint8_t hash[NKS_HASH_SIZE])
{
    struct nks_run *run = context;
    struct nks_fault unimportant = {.status = NKS_OK}; /* what stands there is true, too, and says less */
    char path[NKS_PATH_MAX], hex[NKS_HASH_HEX], line[NEWEST_MAX];
    int fd = -1;
    nks_hex(hash, NKS_HASH_SIZE, hex);
    int len = snprintf(line, sizeof line, "%020" PRId64 "\t%020" PRId64 "\t%s\n", chain, link, hex);
    bool is_copy = run->options.moving_to != NULL; /* it may never become the home's */
    if (!run->newest_fits || is_copy || !nks_journal_path(run->home, "newest", path))
        return;
    if (nks_sys_open_update(path, &fd, &unimportant) == NKS_OK)
        (void)!nks_sys_write(fd, line, (size_t)len, &unimportant);
    if (fd >= 0)
        close(fd);
}

static enum nks_status link_find(struct nks_run *run, struct nks_text line, bool *fits)
{
    static struct nks_trail_link link;
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t chain = 0, number = 0;
    bool found = false;
    bool good = nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &chain);
    good = nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &number) && good && number > 0;
    if (!good || !nks_unhex(line, hash, NKS_HASH_SIZE)) /* cut short by a power loss: it says nothing */
        return NKS_OK;
    NKS_TRY(nks_trail_next(run->trail, (int64_t)chain, (int64_t)number - 1, &link, &found, &run->fault));
    *fits = found && link.link == (int64_t)number && memcmp(link.hash, hash, sizeof hash) == 0;
    return NKS_OK;
}

/* What is no line of ours, or not even a file, says nothing, as a line that was cut short; a file is begun anew. */
static enum nks_status newest_read(struct nks_run *run, const char *path, char **data, size_t *len)
{
    struct nks_fault why = {.status = NKS_OK};
    enum nks_status status = nks_file_read(path, NEWEST_MAX, data, len, &why);
    if (status == NKS_RETRY) {
        run->fault = why;
        return status;
    }
    if (status == NKS_OK)
        return NKS_OK;
    *len = 0;
    nks_fault_clear(&why);
    if (!run->options.read_only && nks_sys_unlink(path, &why) != NKS_OK)
        nks_fault_clear(&why); /* a folder: it stays, and nothing is watched */
    return NKS_OK;
}

enum nks_status nks_newest_look(struct nks_run *run)
{
    char path[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    run->newest_fits = true;
    if (!nks_journal_path(run->home, "newest", path))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (nks_sys_exists(path)) {
        NKS_TRY(newest_read(run, path, &data, &len));
        struct nks_text rest = {data, len};
        enum nks_status status = link_find(run, nks_text_cut(&rest, '\n'), &run->newest_fits);
        free(data);
        NKS_TRY(status);
    }
    if (!run->options.read_only)
        nks_trail_on_newest(run->trail, newest_write, run);
    return NKS_OK;
}

enum nks_status nks_newest_check(struct nks_run *run)
{
    return run->newest_fits
               ? NKS_OK
               : nks_fault_set(
                     &run->fault, NKS_HELD, "RECONCILE-FIRST",
                     "the database lacks what was stored last: it is an older one, or another; nothing leaves "
                     "until nks reconcile has read what was done since");
}
