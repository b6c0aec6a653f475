/* Reading a received file's copy in the spool. */
#include "stage/spool.h"

#include "base/file.h"
#include "vault/stream.h"

#include <string.h>
#include <unistd.h>

enum nks_status nks_spool_open(struct nks_spool *spool, struct nks_run *run, const struct nks_delivery *delivery)
{
    char path[NKS_PATH_MAX];
    *spool = (struct nks_spool){.run = run, .delivery = delivery, .fd = -1};
    spool->hash = nks_hash_new();
    if (spool->hash == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read a received file; try again later");
    NKS_TRY(nks_run_spool_path(run, delivery->id, path));
    NKS_TRY(nks_sys_open_read(path, &spool->fd, &run->fault));
    return nks_stream_read_open(run->keys, NKS_KEY_SPOOL, delivery->id, spool->fd, &spool->stream, &run->fault);
}

enum nks_status nks_spool_piece(struct nks_spool *spool, struct nks_text *piece, struct nks_fault *fault)
{
    const void *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_stream_read(spool->stream, &data, &len, fault));
    nks_hash_add(spool->hash, data, len);
    *piece = (struct nks_text){data, len};
    spool->fed += (int64_t)len;
    return NKS_OK;
}

enum nks_status nks_spool_end(struct nks_spool *spool, struct nks_fault *fault)
{
    uint8_t hash[NKS_HASH_SIZE];
    for (struct nks_text piece = {"", 1}; piece.len > 0;)
        NKS_TRY(nks_spool_piece(spool, &piece, fault));
    nks_hash_end(spool->hash, hash);
    return memcmp(hash, spool->delivery->hash, sizeof hash) == 0
               ? NKS_OK
               : nks_fault_set(fault, NKS_INTEGRITY, "SPOOL-CHANGED",
                               "the spooled copy of delivery #%lld is not what was received; do not restart",
                               (long long)spool->delivery->id);
}

void nks_spool_close(struct nks_spool *spool)
{
    nks_stream_read_free(spool->stream);
    nks_hash_free(spool->hash);
    if (spool->fd >= 0)
        close(spool->fd);
    *spool = (struct nks_spool){.fd = -1};
}
