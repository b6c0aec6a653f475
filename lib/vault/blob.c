#include "vault/blob.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { HEAD = 9, STORED = 0, ZSTD = 1 };

struct nks_blob {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    char *plain, *record; /* the packed plain text, the encrypted record or the unpacked text */
    size_t plain_cap, record_cap;
};

struct nks_blob *nks_blob_new(void)
{
    struct nks_blob *blob = calloc(1, sizeof *blob);
    if (blob == NULL)
        return NULL;
    blob->compress = ZSTD_createCCtx();
    blob->decompress = ZSTD_createDCtx();
    if (blob->compress == NULL || blob->decompress == NULL) {
        nks_blob_free(blob);
        return NULL;
    }
    return blob;
}

void nks_blob_free(struct nks_blob *blob)
{
    if (blob == NULL)
        return;
    ZSTD_freeCCtx(blob->compress);
    ZSTD_freeDCtx(blob->decompress);
    if (blob->plain != NULL)
        explicit_bzero(blob->plain, blob->plain_cap);
    if (blob->record != NULL)
        explicit_bzero(blob->record, blob->record_cap);
    free(blob->plain);
    free(blob->record);
    free(blob);
}

static enum nks_status grow(char **memory, size_t *cap, size_t need, struct nks_fault *fault)
{
    if (*cap >= need)
        return NKS_OK;
    size_t want = need + need / 4;
    char *grown = realloc(*memory, want);
    if (grown == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a record of %zu bytes", need);
    *memory = grown;
    *cap = want;
    return NKS_OK;
}

static void put_length(char *out, uint64_t len)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(len >> (8 * i) & 255);
}

static uint64_t get_length(const char *in)
{
    uint64_t len = 0;
    for (int i = 7; i >= 0; i--)
        len = len << 8 | (unsigned char)in[i];
    return len;
}

enum nks_status nks_blob_encrypt(struct nks_blob *blob, struct nks_cipher *cipher, const struct nks_place *place,
                                 const void *plain, size_t len, struct nks_text *out, struct nks_fault *fault)
{
    size_t bound = ZSTD_compressBound(len);
    NKS_TRY(grow(&blob->plain, &blob->plain_cap, HEAD + bound, fault));
    size_t packed = ZSTD_compressCCtx(blob->compress, blob->plain + HEAD, bound, plain, len, 1);
    blob->plain[0] = ZSTD;
    if (ZSTD_isError(packed) || packed >= len) {
        blob->plain[0] = STORED;
        packed = len;
        if (len > 0)
            memcpy(blob->plain + HEAD, plain, len);
    }
    put_length(blob->plain + 1, len);
    size_t size = HEAD + packed;
    NKS_TRY(grow(&blob->record, &blob->record_cap, size + NKS_CIPHER_OVERHEAD, fault));
    NKS_TRY(nks_cipher_encrypt(cipher, place, blob->plain, size, (uint8_t *)blob->record, fault));
    *out = (struct nks_text){blob->record, size + NKS_CIPHER_OVERHEAD};
    return NKS_OK;
}

static enum nks_status damaged(const struct nks_place *place, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "BLOB-BAD", "the encrypted %s of %s row %lld is damaged", place->column,
                         place->table, (long long)place->row);
}

enum nks_status nks_blob_decrypt(struct nks_blob *blob, struct nks_cipher *cipher, const struct nks_place *place,
                                 struct nks_text record, size_t ceiling, struct nks_text *out, struct nks_fault *fault)
{
    if (record.len < NKS_CIPHER_OVERHEAD + HEAD)
        return damaged(place, fault);
    size_t size = record.len - NKS_CIPHER_OVERHEAD;
    NKS_TRY(grow(&blob->plain, &blob->plain_cap, size, fault));
    NKS_TRY(nks_cipher_decrypt(cipher, place, record.ptr, record.len, blob->plain, fault));
    uint64_t len = get_length(blob->plain + 1);
    if (len > ceiling)
        return damaged(place, fault);
    if (blob->plain[0] == STORED) {
        if (len != size - HEAD)
            return damaged(place, fault);
        *out = (struct nks_text){blob->plain + HEAD, len};
        return NKS_OK;
    }
    NKS_TRY(grow(&blob->record, &blob->record_cap, len, fault));
    size_t got = ZSTD_decompressDCtx(blob->decompress, blob->record, len, blob->plain + HEAD, size - HEAD);
    if (blob->plain[0] != ZSTD || ZSTD_isError(got) || got != len)
        return damaged(place, fault);
    *out = (struct nks_text){blob->record, len};
    return NKS_OK;
}
