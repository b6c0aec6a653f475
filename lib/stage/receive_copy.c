/* The copy of a taken file into the spool: what is hashed, encrypted and judged. */
#include "stage/receive_copy.h"
#include "vault/stream.h"

#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

struct copy {
    int in, out;
    bool changed; /* written to while it was read: the copy may be part old and part new */
    struct nks_sys_moment moment;
    struct nks_hash *hash;
    struct nks_signature_in *signature;
    struct nks_stream_writer *writer;
};

static enum nks_status copy_bytes(struct copy *copy, int64_t *bytes, struct nks_fault *fault)
{
    static char buffer[READ_SIZE];
    struct nks_sys_moment before;
    NKS_TRY(nks_sys_moment(copy->in, &before, fault));
    nks_sys_point("receive.reading");
    for (size_t got = 1; got > 0;) {
        NKS_TRY(nks_sys_read(copy->in, buffer, sizeof buffer, &got, fault));
        nks_hash_add(copy->hash, buffer, got);
        nks_signature_add(copy->signature, buffer, got);
        if (got > 0)
            NKS_TRY(nks_stream_write(copy->writer, buffer, got, fault));
        *bytes += (int64_t)got;
    }
    NKS_TRY(nks_sys_moment(copy->in, &copy->moment, fault));
    copy->changed = !nks_sys_moment_same(&before, &copy->moment);
    NKS_TRY(nks_stream_write_end(copy->writer, fault));
    return nks_sys_fsync(copy->out, fault);
}

static enum nks_status copy_open(struct copy *copy, struct nks_run *run, const char *spool_path, int64_t number)
{
    if (copy->hash == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to receive a file");
    NKS_TRY(nks_sys_unlink(spool_path, &run->fault)); /* of a try that was killed before its row */
    NKS_TRY(nks_sys_create(spool_path, &copy->out, &run->fault));
    return nks_stream_write_open(run->keys, NKS_KEY_SPOOL, number, copy->out, &copy->writer, &run->fault);
}

static void copy_close(struct copy *copy)
{
    nks_stream_write_free(copy->writer);
    nks_hash_free(copy->hash);
    if (copy->in >= 0)
        close(copy->in);
    if (copy->out >= 0)
        close(copy->out);
}

/* *fd -1: it is no file any more, or may not be read. It holds up nobody. */
static enum nks_status open_taken(struct nks_run *run, const char *path, int *fd)
{
    struct nks_fault why = {.status = NKS_OK};
    enum nks_status status = nks_sys_open_read(path, fd, &why);
    if (status == NKS_RETRY) {
        run->fault = why;
        return status;
    }
    *fd = status == NKS_OK ? *fd : -1;
    return NKS_OK;
}

enum nks_status nks_taken_copy(struct nks_run *run, const char *path, struct nks_signature_in *signature,
                               struct nks_delivery *delivery, struct nks_sys_moment *copied, bool *whole)
{
    char spool_path[NKS_PATH_MAX], spool_dir[NKS_PATH_MAX];
    struct copy copy = {.in = -1, .out = -1, .signature = signature};
    *whole = false;
    NKS_TRY(nks_run_spool_path(run, delivery->id, spool_path));
    NKS_TRY(nks_run_path(run, spool_dir, "spool", NULL, NULL));
    NKS_TRY(open_taken(run, path, &copy.in));
    if (copy.in < 0)
        return NKS_OK;
    copy.hash = nks_hash_new();
    enum nks_status status = copy_open(&copy, run, spool_path, delivery->id);
    if (status == NKS_OK)
        status = copy_bytes(&copy, &delivery->bytes, &run->fault);
    if (status == NKS_OK)
        nks_hash_end(copy.hash, delivery->hash);
    copy_close(&copy);
    *copied = copy.moment;
    *whole = !copy.changed;
    if (status == NKS_OK && copy.changed)
        status = nks_sys_unlink(spool_path, &run->fault);
    return status == NKS_OK ? nks_sys_fsync_dir(spool_dir, &run->fault) : status;
}

enum nks_status nks_taken_is_copy(struct nks_run *run, const char *path, const struct nks_sys_moment *copied,
                                  bool *same)
{
    struct nks_fault why = {.status = NKS_OK};
    struct nks_sys_moment now;
    int fd = -1;
    *same = !nks_sys_exists(path);
    if (*same)
        return NKS_OK;
    enum nks_status status = nks_sys_open_read(path, &fd, &why);
    if (status == NKS_REFUSED)
        return NKS_OK; /* a folder, a link */
    if (status != NKS_OK) {
        run->fault = why; /* it cannot be told: the next run compares it with the row */
        return status;
    }
    status = nks_sys_moment(fd, &now, &run->fault);
    close(fd);
    *same = status == NKS_OK && nks_sys_moment_same(&now, copied);
    return status;
}

static enum nks_status hash_open(struct nks_run *run, int fd, uint8_t out[NKS_HASH_SIZE])
{
    static char buffer[READ_SIZE];
    struct nks_hash *hash = nks_hash_new();
    enum nks_status status =
        hash != NULL ? NKS_OK : nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to receive a file");
    for (size_t got = 1; got > 0 && status == NKS_OK;) {
        status = nks_sys_read(fd, buffer, sizeof buffer, &got, &run->fault);
        if (status == NKS_OK)
            nks_hash_add(hash, buffer, got);
    }
    if (status == NKS_OK)
        nks_hash_end(hash, out);
    nks_hash_free(hash);
    return status;
}

enum nks_status nks_taken_is_delivery(struct nks_run *run, const char *path, int64_t id, bool *same)
{
    struct nks_delivery delivery;
    uint8_t hash[NKS_HASH_SIZE];
    bool found = false;
    int fd = -1;
    *same = !nks_sys_exists(path);
    if (*same)
        return NKS_OK;
    NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
    NKS_TRY(open_taken(run, path, &fd));
    if (fd < 0)
        return NKS_OK;
    enum nks_status status = hash_open(run, fd, hash);
    close(fd);
    *same = status == NKS_OK && found && memcmp(hash, delivery.hash, NKS_HASH_SIZE) == 0;
    return status;
}
