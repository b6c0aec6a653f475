#ifndef NKS_VAULT_BLOB_H
#define NKS_VAULT_BLOB_H
/*
 * Big records: compressed (zstd, level 1), then encrypted like a record (vault/cipher.h). The details of 10,000
 * payments shrink to about a fifth, which saves more writing than the packing costs. Format of the plain text of the
 * record: u8 0 stored | 1 zstd, u64 original length, bytes.
 */
#include "vault/cipher.h"

struct nks_blob; /* contexts and a buffer, reused; one thread */
NKS_CHECKED struct nks_blob *nks_blob_new(void);
void nks_blob_free(struct nks_blob *blob);

/* *out points into `blob` until its next use. */
NKS_CHECKED enum nks_status nks_blob_encrypt(struct nks_blob *blob, struct nks_cipher *cipher,
                                             const struct nks_place *place, const void *plain, size_t len,
                                             struct nks_text *out, struct nks_fault *fault);
/* Refuses (NKS_INTEGRITY) what is not authentic or longer than `ceiling`. *out points into `blob` until its next use.
 */
NKS_CHECKED enum nks_status nks_blob_decrypt(struct nks_blob *blob, struct nks_cipher *cipher,
                                             const struct nks_place *place, struct nks_text record, size_t ceiling,
                                             struct nks_text *out, struct nks_fault *fault);
#endif
