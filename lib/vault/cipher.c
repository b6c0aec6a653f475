#include "vault/cipher.h"
#include "vault/keys_private.h"
#include "vault/plain.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACE_NAME_MAX = 63,
    AAD_MAX = 2 * (1 + PLACE_NAME_MAX) + 3 * 8,
    NONCE_BUFFER = 4096 / NKS_GCM_NONCE * NKS_GCM_NONCE,
    PLAIN_MAX = INT_MAX / 2, /* OpenSSL counts in int */
};

/*
 * Nonces are random: 2^32 records under one key keep the chance of a repeat below 2^-32 (NIST SP 800-38D, 8.3). They
 * are drawn from the system in one go for 341 records, because one call costs more than the encryption of a record.
 */
struct nks_cipher {
    struct nks_gcm gcm[NKS_KEY_GENERATIONS]; /* a key of its own is alone here */
    int generations;
    size_t nonces_used;
    uint8_t nonces[NONCE_BUFFER];
};

/* ---- AES-256-GCM */

static EVP_CIPHER_CTX *context_new(const EVP_CIPHER *aes, const uint8_t key[NKS_KEY_SIZE], int encrypting)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context != NULL && EVP_CipherInit_ex2(context, aes, key, NULL, encrypting, NULL) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

bool nks_gcm_init(struct nks_gcm *gcm, const uint8_t key[NKS_KEY_SIZE])
{
    *gcm = (struct nks_gcm){NULL, NULL};
    EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (aes == NULL)
        return false;
    gcm->encrypt = context_new(aes, key, 1);
    gcm->decrypt = context_new(aes, key, 0);
    EVP_CIPHER_free(aes); /* the contexts hold it */
    if (gcm->encrypt != NULL && gcm->decrypt != NULL)
        return true;
    nks_gcm_free(gcm);
    return false;
}

void nks_gcm_free(struct nks_gcm *gcm)
{
    EVP_CIPHER_CTX_free(gcm->encrypt);
    EVP_CIPHER_CTX_free(gcm->decrypt);
    *gcm = (struct nks_gcm){NULL, NULL};
}

/* The same calls both ways; only the tag goes in before or comes out after. */
static bool run(EVP_CIPHER_CTX *context, const struct nks_gcm_message *message, const OSSL_PARAM *before)
{
    int len = 0;
    uint8_t nothing[NKS_GCM_TAG]; /* GCM writes nothing at the end, but wants a place for it */
    if (message->len > PLAIN_MAX || message->aad_len > PLAIN_MAX)
        return false;
    if (EVP_CipherInit_ex2(context, NULL, NULL, message->nonce, -1, before) != 1)
        return false;
    if (EVP_CipherUpdate(context, NULL, &len, message->aad, (int)message->aad_len) != 1)
        return false;
    if (message->len > 0 && EVP_CipherUpdate(context, message->out, &len, message->in, (int)message->len) != 1)
        return false;
    return EVP_CipherFinal_ex(context, nothing, &len) == 1;
}

bool nks_gcm_encrypt(struct nks_gcm *gcm, const struct nks_gcm_message *message, uint8_t tag[NKS_GCM_TAG])
{
    if (nks_plain) {
        memmove(message->out, message->in, message->len);
        memset(tag, 0, NKS_GCM_TAG);
        return true;
    }
    OSSL_PARAM after[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, NKS_GCM_TAG),
        OSSL_PARAM_construct_end(),
    };
    return run(gcm->encrypt, message, NULL) && EVP_CIPHER_CTX_get_params(gcm->encrypt, after) == 1;
}

bool nks_gcm_decrypt(struct nks_gcm *gcm, const struct nks_gcm_message *message, const uint8_t tag[NKS_GCM_TAG])
{
    if (nks_plain) {
        memmove(message->out, message->in, message->len);
        return true;
    }
    uint8_t expected[NKS_GCM_TAG]; /* a parameter knows no const */
    memcpy(expected, tag, NKS_GCM_TAG);
    const OSSL_PARAM before[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, expected, NKS_GCM_TAG),
        OSSL_PARAM_construct_end(),
    };
    if (run(gcm->decrypt, message, before))
        return true;
    OPENSSL_cleanse(message->out, message->len); /* never let unauthentic plain text out */
    return false;
}

/* ---- ciphers */

/*
 * The first byte of a nonce names the generation of the master key, from the second one on; the other 11 are random.
 * Records of the first generation have 12 random bytes, so the byte only says which key to try first: the tag decides.
 */
static bool marked(const struct nks_cipher *cipher, uint8_t mark)
{
    return mark >= 2 && mark <= cipher->generations;
}

void nks_cipher_free(struct nks_cipher *cipher)
{
    if (cipher == NULL)
        return;
    for (int i = 0; i < cipher->generations; i++)
        nks_gcm_free(&cipher->gcm[i]);
    free(cipher);
}

static struct nks_cipher *cipher_new(void)
{
    struct nks_cipher *cipher = calloc(1, sizeof *cipher);
    if (cipher == NULL)
        return NULL;
    cipher->nonces_used = NONCE_BUFFER;
    cipher->generations = 0;
    return cipher;
}

static enum nks_status cipher_add(struct nks_cipher *cipher, const uint8_t key[NKS_KEY_SIZE], struct nks_fault *fault)
{
    if (!nks_gcm_init(&cipher->gcm[cipher->generations], key))
        return nks_vault_crypto_fault(fault, "set up AES-256-GCM");
    cipher->generations++;
    return NKS_OK;
}

static enum nks_status cipher_own(const uint8_t key[NKS_KEY_SIZE], struct nks_cipher **out, struct nks_fault *fault)
{
    struct nks_cipher *cipher = cipher_new();
    if (cipher == NULL)
        return nks_vault_memory_fault(fault);
    enum nks_status status = cipher_add(cipher, key, fault);
    if (status != NKS_OK) {
        nks_cipher_free(cipher);
        return status;
    }
    *out = cipher;
    return NKS_OK;
}

enum nks_status nks_cipher_open(const struct nks_keys *keys, enum nks_key_purpose purpose, struct nks_cipher **out,
                                struct nks_fault *fault)
{
    struct nks_cipher *cipher = cipher_new();
    enum nks_status status = NKS_OK;
    *out = NULL;
    if (cipher == NULL)
        return nks_vault_memory_fault(fault);
    for (int i = 1; i <= keys->generations[NKS_FAMILY_MASTER] && status == NKS_OK; i++) {
        const uint8_t *sub = NULL;
        status = nks_keys_sub(keys, purpose, i, &sub, fault);
        if (status == NKS_OK)
            status = cipher_add(cipher, sub, fault);
    }
    if (status != NKS_OK) {
        nks_cipher_free(cipher);
        return status;
    }
    *out = cipher;
    return NKS_OK;
}

static struct nks_place batch_place(int64_t batch_id)
{
    return (struct nks_place){.table = "batch", .column = "key", .row = batch_id, .version = 1};
}

enum nks_status nks_cipher_batch_make(const struct nks_keys *keys, int64_t batch_id, struct nks_cipher **out,
                                      uint8_t wrapped[NKS_WRAPPED_KEY], struct nks_fault *fault)
{
    struct nks_place place = batch_place(batch_id);
    struct nks_cipher *wrapper = NULL;
    uint8_t key[NKS_KEY_SIZE];
    enum nks_status status;
    *out = NULL;
    NKS_GOTO(out, status, nks_cipher_open(keys, NKS_KEY_BATCH_WRAP, &wrapper, fault));
    if (RAND_priv_bytes(key, sizeof key) != 1) {
        status = nks_vault_crypto_fault(fault, "give random bytes");
        goto out;
    }
    NKS_GOTO(out, status, nks_cipher_encrypt(wrapper, &place, key, sizeof key, wrapped, fault));
    NKS_GOTO(out, status, cipher_own(key, out, fault));
out:
    OPENSSL_cleanse(key, sizeof key);
    nks_cipher_free(wrapper);
    return status;
}

enum nks_status nks_cipher_batch_open(const struct nks_keys *keys, int64_t batch_id,
                                      const uint8_t wrapped[NKS_WRAPPED_KEY], struct nks_cipher **out,
                                      struct nks_fault *fault)
{
    struct nks_place place = batch_place(batch_id);
    struct nks_cipher *wrapper = NULL;
    uint8_t key[NKS_KEY_SIZE];
    enum nks_status status;
    *out = NULL;
    NKS_GOTO(out, status, nks_cipher_open(keys, NKS_KEY_BATCH_WRAP, &wrapper, fault));
    NKS_GOTO(out, status, nks_cipher_decrypt(wrapper, &place, wrapped, NKS_WRAPPED_KEY, key, fault));
    NKS_GOTO(out, status, cipher_own(key, out, fault));
out:
    OPENSSL_cleanse(key, sizeof key);
    nks_cipher_free(wrapper);
    return status;
}

/* ---- records */

static uint8_t *put_name(uint8_t *at, const char *name, size_t len)
{
    *at++ = (uint8_t)len;
    memcpy(at, name, len);
    return at + len;
}

/* Names with their length in front and numbers of fixed length: no two places have the same bytes. 0: too long. */
static size_t place_bytes(const struct nks_place *place, uint8_t aad[AAD_MAX])
{
    size_t table = strlen(place->table), column = strlen(place->column);
    if (table > PLACE_NAME_MAX || column > PLACE_NAME_MAX)
        return 0;
    uint8_t *at = put_name(aad, place->table, table);
    at = put_name(at, place->column, column);
    at = nks_put_be64(at, (uint64_t)place->row);
    at = nks_put_be64(at, (uint64_t)place->sub);
    at = nks_put_be64(at, (uint64_t)place->version);
    return (size_t)(at - aad);
}

static enum nks_status place_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "CIPHER-PLACE", "the name of a table or column is too long: a defect");
}

static const uint8_t *next_nonce(struct nks_cipher *cipher)
{
    if (cipher->nonces_used == NONCE_BUFFER) {
        if (!nks_plain && RAND_bytes(cipher->nonces, NONCE_BUFFER) != 1)
            return NULL;
        cipher->nonces_used = 0;
    }
    const uint8_t *nonce = cipher->nonces + cipher->nonces_used;
    cipher->nonces_used += NKS_GCM_NONCE;
    return nonce;
}

enum nks_status nks_cipher_encrypt(struct nks_cipher *cipher, const struct nks_place *place, const void *plain,
                                   size_t len, uint8_t *out, struct nks_fault *fault)
{
    uint8_t aad[AAD_MAX];
    size_t aad_len = place_bytes(place, aad);
    if (aad_len == 0)
        return place_fault(fault);
    const uint8_t *nonce = next_nonce(cipher);
    if (nonce == NULL)
        return nks_vault_crypto_fault(fault, "give random bytes");
    memcpy(out, nonce, NKS_GCM_NONCE);
    if (cipher->generations > 1)
        out[0] = (uint8_t)cipher->generations;
    struct nks_gcm_message message = {
        .nonce = out, .aad = aad, .aad_len = aad_len, .in = plain, .len = len, .out = out + NKS_GCM_NONCE};
    if (!nks_gcm_encrypt(&cipher->gcm[cipher->generations - 1], &message, out + NKS_GCM_NONCE + len))
        return nks_vault_crypto_fault(fault, "encrypt a record");
    return NKS_OK;
}

enum nks_status nks_cipher_decrypt(struct nks_cipher *cipher, const struct nks_place *place, const void *record,
                                   size_t len, void *out, struct nks_fault *fault)
{
    const uint8_t *bytes = record;
    uint8_t aad[AAD_MAX];
    size_t aad_len = place_bytes(place, aad);
    if (aad_len == 0)
        return place_fault(fault);
    if (len >= NKS_CIPHER_OVERHEAD) {
        size_t plain_len = len - NKS_CIPHER_OVERHEAD;
        struct nks_gcm_message message = {
            .nonce = bytes, .aad = aad, .aad_len = aad_len, .in = bytes + NKS_GCM_NONCE, .len = plain_len, .out = out};
        const uint8_t *tag = bytes + NKS_GCM_NONCE + plain_len;
        if (marked(cipher, bytes[0]) && nks_gcm_decrypt(&cipher->gcm[bytes[0] - 1], &message, tag))
            return NKS_OK;
        if (nks_gcm_decrypt(&cipher->gcm[0], &message, tag))
            return NKS_OK;
    }
    return nks_fault_set(fault, NKS_INTEGRITY, "CIPHER-TAG",
                         "a record of %s.%s (row %lld) is not what was stored there, or the keys are not this home's",
                         place->table, place->column, (long long)place->row);
}

/* ---- the key of a batch under a newer master key */

/* Is the record, a wrapped key, under the newest key? A first byte that is there by chance decides nothing. */
static bool newest_opens(struct nks_cipher *cipher, const struct nks_place *place, const uint8_t *record, size_t len)
{
    uint8_t aad[AAD_MAX], plain[NKS_KEY_SIZE];
    size_t plain_len = len - NKS_CIPHER_OVERHEAD;
    struct nks_gcm_message message = {.nonce = record,
                                      .aad = aad,
                                      .aad_len = place_bytes(place, aad),
                                      .in = record + NKS_GCM_NONCE,
                                      .len = plain_len,
                                      .out = plain};
    bool opens = plain_len <= sizeof plain &&
                 nks_gcm_decrypt(&cipher->gcm[cipher->generations - 1], &message, record + NKS_GCM_NONCE + plain_len);
    OPENSSL_cleanse(plain, sizeof plain);
    return opens;
}

enum nks_status nks_cipher_batch_rewrap(const struct nks_keys *keys, int64_t batch_id, uint8_t wrapped[NKS_WRAPPED_KEY],
                                        bool *changed, struct nks_fault *fault)
{
    struct nks_place place = batch_place(batch_id);
    struct nks_cipher *wrapper = NULL;
    uint8_t key[NKS_KEY_SIZE];
    enum nks_status status;
    *changed = false;
    NKS_GOTO(out, status, nks_cipher_open(keys, NKS_KEY_BATCH_WRAP, &wrapper, fault));
    NKS_GOTO(out, status, nks_cipher_decrypt(wrapper, &place, wrapped, NKS_WRAPPED_KEY, key, fault));
    *changed = wrapper->generations > 1 && !newest_opens(wrapper, &place, wrapped, NKS_WRAPPED_KEY);
    if (*changed)
        NKS_GOTO(out, status, nks_cipher_encrypt(wrapper, &place, key, sizeof key, wrapped, fault));
out:
    OPENSSL_cleanse(key, sizeof key);
    nks_cipher_free(wrapper);
    return status;
}
