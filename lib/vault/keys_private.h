#ifndef NKS_VAULT_KEYS_PRIVATE_H
#define NKS_VAULT_KEYS_PRIVATE_H
/*
 * What the files of the vault share and nobody else includes: the keys in memory, and AES-256-GCM with the nonce and
 * the associated data given by the caller (cipher.c for records, stream.c for chunks).
 */
#include "vault/keys.h"

#include "base/file.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { NKS_KEY_SIZE = 32, NKS_GCM_NONCE = 12, NKS_GCM_TAG = 16 };

/* Lives in pages of its own, locked and left out of core dumps. The master and the index key are not kept. */
struct nks_keys {
    bool has_secrets, locked;
    int generations[NKS_FAMILIES]; /* how many there are; the newest is the last */
    uint8_t sub[NKS_KEY_GENERATIONS][NKS_KEY_COUNT][NKS_KEY_SIZE];
    EVP_MAC_CTX *blind; /* HMAC-SHA256, holds the index key */
    EVP_PKEY *sign_key; /* Ed25519, the newest */
    EVP_PKEY *sign_pub[NKS_KEY_GENERATIONS];
    EVP_PKEY *file_key[NKS_KEY_GENERATIONS]; /* ECDSA P-256 */
    X509 *file_cert[NKS_KEY_GENERATIONS];
};

enum { NKS_CERT_EARLY_S = 3600 }; /* a central's clock may be behind ours */

/* DIR/STEM.END for the first generation, DIR/STEM-0002.END for the second. */
NKS_CHECKED enum nks_status nks_key_path(char path[NKS_PATH_MAX], const char *dir, const char *stem, const char *end,
                                         int generation, struct nks_fault *fault);
/* The place in file_key of the certificate that signs at `now`. */
int nks_keys_file_at(const struct nks_keys *keys, int64_t now);

/* The name of a purpose: the info of its HKDF. NULL for a number that is none. */
const char *nks_key_purpose_name(enum nks_key_purpose purpose);
/* The sub-key of a purpose, of a generation from 1; a fault where there are only public keys. */
NKS_CHECKED enum nks_status nks_keys_sub(const struct nks_keys *keys, enum nks_key_purpose purpose, int generation,
                                         const uint8_t **sub, struct nks_fault *fault);
/* NKS_FAILED, code KEY-PUBLIC: a secret key is needed and only public ones are loaded. */
enum nks_status nks_keys_need_secret(struct nks_fault *fault);
/* NKS_FAILED, code VAULT-CRYPTO: OpenSSL could not do `what`. Empties its queue of errors. */
enum nks_status nks_vault_crypto_fault(struct nks_fault *fault, const char *what);
enum nks_status nks_vault_memory_fault(struct nks_fault *fault);

/* One AES-256-GCM key with its schedules ready. Not for use on both sides of a fork. */
struct nks_gcm {
    EVP_CIPHER_CTX *encrypt, *decrypt;
};
/* The parts of one message; `out` may be `in`. */
struct nks_gcm_message {
    const uint8_t *nonce; /* NKS_GCM_NONCE, never twice under one key */
    const uint8_t *aad;
    size_t aad_len;
    const uint8_t *in;
    size_t len;
    uint8_t *out; /* len */
};
NKS_CHECKED bool nks_gcm_init(struct nks_gcm *gcm, const uint8_t key[NKS_KEY_SIZE]);
void nks_gcm_free(struct nks_gcm *gcm);
NKS_CHECKED bool nks_gcm_encrypt(struct nks_gcm *gcm, const struct nks_gcm_message *message, uint8_t tag[NKS_GCM_TAG]);
/* False: not authentic; `out` is then wiped. */
NKS_CHECKED bool nks_gcm_decrypt(struct nks_gcm *gcm, const struct nks_gcm_message *message,
                                 const uint8_t tag[NKS_GCM_TAG]);

/* Big endian, and the place after it. Written out, for compilers then make it one instruction. */
static inline uint8_t *nks_put_be64(uint8_t *at, uint64_t value)
{
    at[0] = (uint8_t)(value >> 56);
    at[1] = (uint8_t)(value >> 48);
    at[2] = (uint8_t)(value >> 40);
    at[3] = (uint8_t)(value >> 32);
    at[4] = (uint8_t)(value >> 24);
    at[5] = (uint8_t)(value >> 16);
    at[6] = (uint8_t)(value >> 8);
    at[7] = (uint8_t)value;
    return at + 8;
}

static inline uint64_t nks_get_be64(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

#endif
