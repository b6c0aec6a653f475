#ifndef NKS_VAULT_SIGN_H
#define NKS_VAULT_SIGN_H
/*
 * Signatures. Ed25519 over a short message (the hash of a slice's legs), and detached CMS (RFC 5652, DER, .p7s) over a
 * file known by its SHA-256: the file is not read again, the digest becomes the messageDigest attribute.
 * `openssl cms -verify -binary -inform DER -in F.p7s -content F -CAfile file.crt -purpose any` verifies it.
 */
#include "base/file.h"
#include "vault/keys.h"

enum { NKS_SIGNATURE_SIZE = 64, NKS_CMS_MAX = 8192 };

NKS_CHECKED enum nks_status nks_sign(const struct nks_keys *keys, const void *message, size_t len,
                                     uint8_t signature[NKS_SIGNATURE_SIZE], struct nks_fault *fault);
/* NKS_INTEGRITY (SIGN-BAD) when it does not verify. Needs the public key only. */
NKS_CHECKED enum nks_status nks_sign_verify(const struct nks_keys *keys, const void *message, size_t len,
                                            const uint8_t signature[NKS_SIGNATURE_SIZE], struct nks_fault *fault);

/* Makes the DER of a detached CMS; signing time is `now`. */
NKS_CHECKED enum nks_status nks_cms_sign(const struct nks_keys *keys, const uint8_t digest[NKS_HASH_SIZE], int64_t now,
                                         uint8_t der[NKS_CMS_MAX], size_t *len, struct nks_fault *fault);
/*
 * Verifies our own CMS against file.crt and the digest. NKS_INTEGRITY (CMS-BAD) when it does not hold: not DER,
 * anything before or after it, another signer, another certificate, a second one, unsigned attributes. The
 * certificate's validity in time is not judged: the archive outlives it.
 */
NKS_CHECKED enum nks_status nks_cms_verify(const struct nks_keys *keys, const uint8_t digest[NKS_HASH_SIZE],
                                           const uint8_t *der, size_t len, struct nks_fault *fault);
#endif
