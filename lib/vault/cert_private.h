#ifndef NKS_VAULT_CERT_PRIVATE_H
#define NKS_VAULT_CERT_PRIVATE_H
#include "vault/cert.h"

#include <openssl/x509v3.h>

enum nks_key_kind { NKS_KEY_KIND_NONE, NKS_KEY_KIND_EC, NKS_KEY_KIND_RSA, NKS_KEY_KIND_ED25519 };

struct nks_cert {
    X509 *x509;
    EVP_PKEY *key; /* the x509's */
    enum nks_key_kind kind;
    uint8_t *der;
    int der_len;
    uint8_t fingerprint[NKS_HASH_SIZE];
    nks_time not_before, not_after;
};
#endif
