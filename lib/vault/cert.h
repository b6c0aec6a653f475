#ifndef NKS_VAULT_CERT_H
#define NKS_VAULT_CERT_H
/*
 * Certificates of others, pinned: a person compared the fingerprint and stored it, so no authority and no chain is
 * asked. Keys by allow-list: ECDSA on P-256 and P-384, RSA from 3072 bit, Ed25519. keyUsage, where it stands, has
 * digitalSignature.
 * Errors: NKS_REFUSED, codes CERT-FORM (none, more than one, or no certificate), CERT-KEY (a key that is not on the
 * list), CERT-USAGE (not for signing).
 */
#include "base/date.h"
#include "base/file.h"

enum { NKS_CERT_FILE_MAX = 64 * 1024, NKS_CERT_DER_MAX = 8 * 1024, NKS_CERTS_MAX = 16 };

struct nks_cert;

/* One certificate, DER. */
NKS_CHECKED enum nks_status nks_cert_read(const void *der, size_t len, struct nks_cert **out, struct nks_fault *fault);
/* A PEM file with 1 to `max` certificates (text between them is left out), or the DER of one. */
NKS_CHECKED enum nks_status nks_certs_read(const void *data, size_t len, size_t max, struct nks_cert **out,
                                           size_t *count, struct nks_fault *fault);
void nks_cert_free(struct nks_cert *cert); /* NULL is fine */
struct nks_text nks_cert_der(const struct nks_cert *cert);
const uint8_t *nks_cert_fingerprint(const struct nks_cert *cert); /* SHA-256 of the DER, NKS_HASH_SIZE bytes */
nks_time nks_cert_not_before(const struct nks_cert *cert);
nks_time nks_cert_not_after(const struct nks_cert *cert);

#endif
