#ifndef NKS_VAULT_CIPHER_H
#define NKS_VAULT_CIPHER_H
/*
 * AES-256-GCM for records. A record is nonce (12) | ciphertext | tag (16); the nonce is random,
 * but for its first byte, which names the generation of the master key from the second one on. The associated data
 * names where the record belongs (table, row key, column, version), so that no value can be moved to another row.
 * A cipher holds one key and a reused OpenSSL context: cheap per record, one thread.
 */
#include "vault/keys.h"

enum { NKS_CIPHER_OVERHEAD = 28, NKS_WRAPPED_KEY = 32 + NKS_CIPHER_OVERHEAD };

struct nks_cipher;

/* Where a record belongs. `table` and `column` are literals; row is the numeric key, sub a second part of it. */
struct nks_place {
    const char *table, *column;
    int64_t row, sub;
    int64_t version;
};

NKS_CHECKED enum nks_status nks_cipher_open(const struct nks_keys *keys, enum nks_key_purpose purpose,
                                            struct nks_cipher **out, struct nks_fault *fault);
/* A cipher on a random key of its own, wrapped for storage; throwing the wrapped key away erases what it encrypted. */
NKS_CHECKED enum nks_status nks_cipher_batch_make(const struct nks_keys *keys, int64_t batch_id,
                                                  struct nks_cipher **out, uint8_t wrapped[NKS_WRAPPED_KEY],
                                                  struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_cipher_batch_open(const struct nks_keys *keys, int64_t batch_id,
                                                  const uint8_t wrapped[NKS_WRAPPED_KEY], struct nks_cipher **out,
                                                  struct nks_fault *fault);
/* Wraps the key of a batch anew under the newest master key; *changed false: it is under that one already. */
NKS_CHECKED enum nks_status nks_cipher_batch_rewrap(const struct nks_keys *keys, int64_t batch_id,
                                                    uint8_t wrapped[NKS_WRAPPED_KEY], bool *changed,
                                                    struct nks_fault *fault);
void nks_cipher_free(struct nks_cipher *cipher);

/* `out` has room for len + NKS_CIPHER_OVERHEAD. */
NKS_CHECKED enum nks_status nks_cipher_encrypt(struct nks_cipher *cipher, const struct nks_place *place,
                                               const void *plain, size_t len, uint8_t *out, struct nks_fault *fault);
/* `out` has room for len - NKS_CIPHER_OVERHEAD. A record that is not authentic is NKS_INTEGRITY (code CIPHER-TAG). */
NKS_CHECKED enum nks_status nks_cipher_decrypt(struct nks_cipher *cipher, const struct nks_place *place,
                                               const void *record, size_t len, void *out, struct nks_fault *fault);

#endif
