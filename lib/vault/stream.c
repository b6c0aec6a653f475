#include "vault/stream.h"
#include "vault/keys_private.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
    CHUNK = 256 * 1024, /* plain text in a chunk; every chunk but the last is full */
    ZSTD_LEVEL = 1,
    MAGIC_SIZE = 6,
    FILE_HEAD = MAGIC_SIZE + 1 + NKS_WRAPPED_KEY, /* magic | purpose | wrapped file key */
    CHUNK_HEAD = 1 + 4,                           /* flags | length of what is encrypted, big endian */
    CHUNK_AAD = 1 + 8 + 8 + CHUNK_HEAD,           /* purpose | owner | counter | head */
    BODY_MAX = ZSTD_COMPRESSBOUND(CHUNK),         /* room zstd wants; what does not get shorter is stored */
};
enum { FLAG_LAST = 1, FLAG_COMPRESSED = 2, FLAGS_ALL = FLAG_LAST | FLAG_COMPRESSED };

static const uint8_t magic[MAGIC_SIZE] = {'N', 'K', 'S', 'E', '1', 0};

/* What writer and reader have in common: where the next chunk belongs. */
struct chain {
    struct nks_gcm gcm;
    enum nks_key_purpose purpose;
    int64_t owner;
    uint64_t counter;
};

struct nks_stream_writer {
    struct chain chain;
    int fd;
    bool closed; /* ended, or failed: a chunk is never encrypted twice under one counter */
    ZSTD_CCtx *zstd;
    size_t fill;
    uint8_t plain[CHUNK];
    uint8_t chunk[CHUNK_HEAD + BODY_MAX + NKS_GCM_TAG];
};

struct nks_stream_reader {
    struct chain chain;
    int fd;
    enum { READING, AT_END, BROKEN } state;
    ZSTD_DCtx *zstd;
    uint8_t plain[CHUNK];
    uint8_t chunk[CHUNK + NKS_GCM_TAG];
};

static enum nks_status bad(struct nks_fault *fault)
{
    return nks_fault_set(
        fault, NKS_INTEGRITY, "STREAM-BAD",
        "an encrypted file is not what was written (cut, changed, or another one in its place), or the "
        "keys are not this home's");
}

/* ---- the file key */

static struct nks_place key_place(enum nks_key_purpose purpose, int64_t owner)
{
    const char *name = nks_key_purpose_name(purpose);
    return (struct nks_place){.table = "stream", .column = name == NULL ? "" : name, .row = owner, .version = 1};
}

static enum nks_status chain_start(struct chain *chain, const uint8_t key[NKS_KEY_SIZE], enum nks_key_purpose purpose,
                                   int64_t owner, struct nks_fault *fault)
{
    chain->purpose = purpose;
    chain->owner = owner;
    chain->counter = 0;
    return nks_gcm_init(&chain->gcm, key) ? NKS_OK : nks_vault_crypto_fault(fault, "set up AES-256-GCM");
}

/* A random key for one file, wrapped in `wrapped`, and its chain. */
static enum nks_status chain_make(struct chain *chain, const struct nks_keys *keys, enum nks_key_purpose purpose,
                                  int64_t owner, uint8_t wrapped[NKS_WRAPPED_KEY], struct nks_fault *fault)
{
    struct nks_place place = key_place(purpose, owner);
    struct nks_cipher *wrapper = NULL;
    uint8_t key[NKS_KEY_SIZE];
    enum nks_status status;
    NKS_GOTO(out, status, nks_cipher_open(keys, purpose, &wrapper, fault));
    if (RAND_priv_bytes(key, sizeof key) != 1) {
        status = nks_vault_crypto_fault(fault, "give random bytes");
        goto out;
    }
    NKS_GOTO(out, status, nks_cipher_encrypt(wrapper, &place, key, sizeof key, wrapped, fault));
    NKS_GOTO(out, status, chain_start(chain, key, purpose, owner, fault));
out:
    OPENSSL_cleanse(key, sizeof key);
    nks_cipher_free(wrapper);
    return status;
}

static enum nks_status chain_unwrap(struct chain *chain, const struct nks_keys *keys, enum nks_key_purpose purpose,
                                    int64_t owner, const uint8_t wrapped[NKS_WRAPPED_KEY], struct nks_fault *fault)
{
    struct nks_place place = key_place(purpose, owner);
    struct nks_cipher *wrapper = NULL;
    uint8_t key[NKS_KEY_SIZE];
    enum nks_status status;
    NKS_GOTO(out, status, nks_cipher_open(keys, purpose, &wrapper, fault));
    /* The caller asked for a file, so the fault speaks of the file and not of the record in its head. */
    status = nks_cipher_decrypt(wrapper, &place, wrapped, NKS_WRAPPED_KEY, key, NULL);
    if (status != NKS_OK) {
        status = bad(fault);
        goto out;
    }
    NKS_GOTO(out, status, chain_start(chain, key, purpose, owner, fault));
out:
    OPENSSL_cleanse(key, sizeof key);
    nks_cipher_free(wrapper);
    return status;
}

/* The place of the next chunk, for its nonce and its associated data. */
static void chunk_place(const struct chain *chain, const uint8_t head[CHUNK_HEAD], uint8_t nonce[NKS_GCM_NONCE],
                        uint8_t aad[CHUNK_AAD])
{
    memset(nonce, 0, NKS_GCM_NONCE);
    nks_put_be64(nonce + NKS_GCM_NONCE - 8, chain->counter);
    uint8_t *at = aad;
    *at++ = (uint8_t)chain->purpose;
    at = nks_put_be64(at, (uint64_t)chain->owner);
    at = nks_put_be64(at, chain->counter);
    memcpy(at, head, CHUNK_HEAD);
}

static void put_head(uint8_t head[CHUNK_HEAD], uint8_t flags, size_t len)
{
    head[0] = flags;
    for (int i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(len >> (24 - 8 * i));
}

static size_t head_len(const uint8_t head[CHUNK_HEAD])
{
    return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

/* ---- write */

enum nks_status nks_stream_write_open(const struct nks_keys *keys, enum nks_key_purpose purpose, int64_t owner, int fd,
                                      struct nks_stream_writer **out, struct nks_fault *fault)
{
    uint8_t head[FILE_HEAD];
    enum nks_status status;
    *out = NULL;
    struct nks_stream_writer *writer = malloc(sizeof *writer);
    if (writer == NULL)
        return nks_vault_memory_fault(fault);
    writer->chain.gcm = (struct nks_gcm){NULL, NULL};
    writer->fd = fd;
    writer->closed = false;
    writer->fill = 0;
    writer->zstd = ZSTD_createCCtx();
    if (writer->zstd == NULL) {
        status = nks_vault_memory_fault(fault);
        goto out;
    }
    memcpy(head, magic, MAGIC_SIZE);
    head[MAGIC_SIZE] = (uint8_t)purpose;
    NKS_GOTO(out, status, chain_make(&writer->chain, keys, purpose, owner, head + MAGIC_SIZE + 1, fault));
    NKS_GOTO(out, status, nks_sys_write(fd, head, sizeof head, fault));
    *out = writer;
    return NKS_OK;
out:
    nks_stream_write_free(writer);
    return status;
}

void nks_stream_write_free(struct nks_stream_writer *writer)
{
    if (writer == NULL)
        return;
    nks_gcm_free(&writer->chain.gcm);
    ZSTD_freeCCtx(writer->zstd);
    OPENSSL_cleanse(writer->plain, sizeof writer->plain);
    free(writer);
}

static enum nks_status write_chunk(struct nks_stream_writer *writer, bool last, struct nks_fault *fault)
{
    uint8_t nonce[NKS_GCM_NONCE], aad[CHUNK_AAD];
    uint8_t *head = writer->chunk, *body = writer->chunk + CHUNK_HEAD;
    uint8_t flags = last ? FLAG_LAST : 0;
    const uint8_t *from = writer->plain;
    size_t len = ZSTD_compressCCtx(writer->zstd, body, BODY_MAX, writer->plain, writer->fill, ZSTD_LEVEL);
    if (ZSTD_isError(len) || len >= writer->fill) {
        len = writer->fill;
    } else {
        flags |= FLAG_COMPRESSED;
        from = body;
    }
    put_head(head, flags, len);
    chunk_place(&writer->chain, head, nonce, aad);
    struct nks_gcm_message message = {
        .nonce = nonce, .aad = aad, .aad_len = sizeof aad, .in = from, .len = len, .out = body};
    if (!nks_gcm_encrypt(&writer->chain.gcm, &message, body + len))
        return nks_vault_crypto_fault(fault, "encrypt a chunk");
    writer->chain.counter++;
    writer->fill = 0;
    return nks_sys_write(writer->fd, writer->chunk, CHUNK_HEAD + len + NKS_GCM_TAG, fault);
}

static enum nks_status closed(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "STREAM-CLOSED",
                         "an encrypted file is written to after its end or after an error: a defect");
}

enum nks_status nks_stream_write(struct nks_stream_writer *writer, const void *data, size_t len,
                                 struct nks_fault *fault)
{
    const uint8_t *from = data;
    if (writer->closed)
        return closed(fault);
    while (len > 0) {
        /* A full chunk waits until more comes, so that the last one can say that it is the last. */
        if (writer->fill == CHUNK) {
            enum nks_status status = write_chunk(writer, false, fault);
            writer->closed = status != NKS_OK;
            NKS_TRY(status);
        }
        size_t part = len < CHUNK - writer->fill ? len : CHUNK - writer->fill;
        memcpy(writer->plain + writer->fill, from, part);
        writer->fill += part;
        from += part;
        len -= part;
    }
    return NKS_OK;
}

enum nks_status nks_stream_write_end(struct nks_stream_writer *writer, struct nks_fault *fault)
{
    if (writer->closed)
        return closed(fault);
    writer->closed = true;
    return write_chunk(writer, true, fault);
}

/* ---- read */

/* Exactly `len` bytes: a file that ends before is broken. */
static enum nks_status read_exactly(int fd, void *buf, size_t len, struct nks_fault *fault)
{
    size_t got = 0;
    NKS_TRY(nks_sys_read(fd, buf, len, &got, fault));
    return got == len ? NKS_OK : bad(fault);
}

static enum nks_status read_head(struct nks_stream_reader *reader, const struct nks_keys *keys,
                                 enum nks_key_purpose purpose, int64_t owner, struct nks_fault *fault)
{
    uint8_t head[FILE_HEAD];
    NKS_TRY(read_exactly(reader->fd, head, sizeof head, fault));
    if (memcmp(head, magic, MAGIC_SIZE) != 0 || head[MAGIC_SIZE] != (uint8_t)purpose)
        return bad(fault);
    return chain_unwrap(&reader->chain, keys, purpose, owner, head + MAGIC_SIZE + 1, fault);
}

enum nks_status nks_stream_read_open(const struct nks_keys *keys, enum nks_key_purpose purpose, int64_t owner, int fd,
                                     struct nks_stream_reader **out, struct nks_fault *fault)
{
    *out = NULL;
    struct nks_stream_reader *reader = malloc(sizeof *reader);
    if (reader == NULL)
        return nks_vault_memory_fault(fault);
    reader->chain.gcm = (struct nks_gcm){NULL, NULL};
    reader->fd = fd;
    reader->state = READING;
    reader->zstd = ZSTD_createDCtx();
    enum nks_status status =
        reader->zstd == NULL ? nks_vault_memory_fault(fault) : read_head(reader, keys, purpose, owner, fault);
    if (status == NKS_OK)
        *out = reader;
    else
        nks_stream_read_free(reader);
    return status;
}

void nks_stream_read_free(struct nks_stream_reader *reader)
{
    if (reader == NULL)
        return;
    nks_gcm_free(&reader->chain.gcm);
    ZSTD_freeDCtx(reader->zstd);
    OPENSSL_cleanse(reader->plain, sizeof reader->plain);
    OPENSSL_cleanse(reader->chunk, sizeof reader->chunk);
    free(reader);
}

/* Decrypts the body in `reader->chunk` in place. */
static bool chunk_decrypt(struct nks_stream_reader *reader, const uint8_t head[CHUNK_HEAD], size_t len)
{
    uint8_t nonce[NKS_GCM_NONCE], aad[CHUNK_AAD];
    chunk_place(&reader->chain, head, nonce, aad);
    struct nks_gcm_message message = {
        .nonce = nonce, .aad = aad, .aad_len = sizeof aad, .in = reader->chunk, .len = len, .out = reader->chunk};
    return nks_gcm_decrypt(&reader->chain.gcm, &message, reader->chunk + len);
}

/* The plain text of an authentic chunk. Still, zstd never gets more room than a chunk has. */
static bool chunk_expand(struct nks_stream_reader *reader, uint8_t flags, size_t len, const void **data,
                         size_t *plain_len)
{
    *data = reader->chunk;
    *plain_len = len;
    if ((flags & FLAG_COMPRESSED) == 0)
        return true;
    size_t got = ZSTD_decompressDCtx(reader->zstd, reader->plain, CHUNK, reader->chunk, len);
    *data = reader->plain;
    *plain_len = got;
    return !ZSTD_isError(got);
}

/* Nothing may follow the last chunk. */
static enum nks_status read_end(struct nks_stream_reader *reader, struct nks_fault *fault)
{
    uint8_t more;
    size_t got = 0;
    NKS_TRY(nks_sys_read(reader->fd, &more, sizeof more, &got, fault));
    reader->state = AT_END;
    return got == 0 ? NKS_OK : bad(fault);
}

static enum nks_status read_chunk(struct nks_stream_reader *reader, const void **data, size_t *len,
                                  struct nks_fault *fault)
{
    uint8_t head[CHUNK_HEAD];
    NKS_TRY(read_exactly(reader->fd, head, sizeof head, fault));
    uint8_t flags = head[0];
    size_t body = head_len(head);
    if ((flags & ~FLAGS_ALL) != 0 || body > CHUNK)
        return bad(fault);
    NKS_TRY(read_exactly(reader->fd, reader->chunk, body + NKS_GCM_TAG, fault));
    if (!chunk_decrypt(reader, head, body) || !chunk_expand(reader, flags, body, data, len))
        return bad(fault);
    reader->chain.counter++;
    if ((flags & FLAG_LAST) != 0)
        return read_end(reader, fault);
    return *len == CHUNK ? NKS_OK : bad(fault); /* an empty piece would look like the end */
}

enum nks_status nks_stream_read(struct nks_stream_reader *reader, const void **data, size_t *len,
                                struct nks_fault *fault)
{
    const void *piece = NULL;
    size_t piece_len = 0;
    *data = reader->plain;
    *len = 0;
    if (reader->state == BROKEN)
        return bad(fault);
    if (reader->state == AT_END)
        return NKS_OK;
    enum nks_status status = read_chunk(reader, &piece, &piece_len, fault);
    if (status != NKS_OK) {
        reader->state = BROKEN; /* and nothing of the piece goes out */
        return status;
    }
    *data = piece;
    *len = piece_len;
    return NKS_OK;
}

enum nks_status nks_stream_destroy(const char *path, struct nks_fault *fault)
{
    static const uint8_t zeros[FILE_HEAD];
    int fd = -1;
    if (!nks_sys_exists(path))
        return NKS_OK;
    NKS_TRY(nks_sys_open_update(path, &fd, fault));
    enum nks_status status = nks_sys_write(fd, zeros, sizeof zeros, fault);
    if (status == NKS_OK)
        status = nks_sys_fsync(fd, fault);
    close(fd);
    return status == NKS_OK ? nks_sys_unlink(path, fault) : status;
}
