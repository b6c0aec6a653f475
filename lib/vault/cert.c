#include "vault/cert_private.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 3072 };

void nks_cert_free(struct nks_cert *cert)
{
    if (cert == NULL)
        return;
    X509_free(cert->x509);
    OPENSSL_free(cert->der);
    free(cert);
}

struct nks_text nks_cert_der(const struct nks_cert *cert)
{
    return (struct nks_text){(const char *)cert->der, (size_t)cert->der_len};
}

const uint8_t *nks_cert_fingerprint(const struct nks_cert *cert)
{
    return cert->fingerprint;
}

nks_time nks_cert_not_before(const struct nks_cert *cert)
{
    return cert->not_before;
}

nks_time nks_cert_not_after(const struct nks_cert *cert)
{
    return cert->not_after;
}

static enum nks_status form_fault(struct nks_fault *fault)
{
    ERR_clear_error();
    return nks_fault_set(fault, NKS_REFUSED, "CERT-FORM", "expected one X.509 certificate, in PEM or DER");
}

/* P-256 and P-384: what authorities and banks use, 128 bits and more. RSA from 3072 bit: the same strength. Ed25519. */
static enum nks_key_kind key_kind(EVP_PKEY *key)
{
    char group[32] = "";
    size_t len = 0;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
        return NKS_KEY_KIND_ED25519;
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN ? NKS_KEY_KIND_RSA : NKS_KEY_KIND_NONE;
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
            (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0))
            return NKS_KEY_KIND_EC;
        return NKS_KEY_KIND_NONE;
    default:
        return NKS_KEY_KIND_NONE;
    }
}

static bool time_read(const ASN1_TIME *time, nks_time *out)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool good = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    *out = (nks_time)days * 24 * 60 * 60 + seconds;
    return good;
}

static enum nks_status cert_fill(struct nks_cert *cert, struct nks_fault *fault)
{
    cert->der_len = i2d_X509(cert->x509, &cert->der);
    if (cert->der_len <= 0 || cert->der_len > NKS_CERT_DER_MAX ||
        !time_read(X509_get0_notBefore(cert->x509), &cert->not_before) ||
        !time_read(X509_get0_notAfter(cert->x509), &cert->not_after))
        return form_fault(fault);
    cert->key = X509_get0_pubkey(cert->x509);
    cert->kind = cert->key == NULL ? NKS_KEY_KIND_NONE : key_kind(cert->key);
    if (cert->kind == NKS_KEY_KIND_NONE) {
        ERR_clear_error();
        return nks_fault_set(fault, NKS_REFUSED, "CERT-KEY",
                             "the certificate's key is not P-256, P-384, Ed25519 or RSA of 3072 bit or more");
    }
    /* UINT32_MAX where the certificate has no keyUsage. */
    if ((X509_get_key_usage(cert->x509) & X509v3_KU_DIGITAL_SIGNATURE) == 0)
        return nks_fault_set(fault, NKS_REFUSED, "CERT-USAGE", "the certificate is not for signatures (keyUsage)");
    nks_hash_once(cert->der, (size_t)cert->der_len, cert->fingerprint);
    return NKS_OK;
}

/* Takes the certificate over. */
static enum nks_status cert_make(X509 *x509, struct nks_cert **out, struct nks_fault *fault)
{
    struct nks_cert *cert = x509 == NULL ? NULL : calloc(1, sizeof *cert);
    if (cert == NULL) {
        X509_free(x509);
        return form_fault(fault);
    }
    cert->x509 = x509;
    enum nks_status status = cert_fill(cert, fault);
    if (status != NKS_OK) {
        nks_cert_free(cert);
        return status;
    }
    *out = cert;
    return NKS_OK;
}

enum nks_status nks_cert_read(const void *der, size_t len, struct nks_cert **out, struct nks_fault *fault)
{
    const unsigned char *at = der;
    if (len > NKS_CERT_DER_MAX)
        return form_fault(fault);
    X509 *x509 = d2i_X509(NULL, &at, (long)len);
    if (x509 != NULL && at != (const unsigned char *)der + len) {
        X509_free(x509);
        x509 = NULL;
    }
    return cert_make(x509, out, fault);
}

static enum nks_status read_pem(BIO *bio, size_t max, struct nks_cert **out, size_t *count, struct nks_fault *fault)
{
    for (;;) {
        X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (x509 == NULL)
            break;
        if (*count == max) {
            X509_free(x509);
            return nks_fault_set(fault, NKS_REFUSED, "CERT-FORM", "expected at most %zu certificates in one file", max);
        }
        NKS_TRY(cert_make(x509, &out[*count], fault));
        (*count)++;
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return ended && *count > 0 ? NKS_OK : form_fault(fault);
}

enum nks_status nks_certs_read(const void *data, size_t len, size_t max, struct nks_cert **out, size_t *count,
                               struct nks_fault *fault)
{
    *count = 0;
    if (len == 0 || len > NKS_CERT_FILE_MAX)
        return form_fault(fault);
    if (*(const uint8_t *)data == 0x30) { /* a SEQUENCE: DER */
        NKS_TRY(nks_cert_read(data, len, &out[0], fault));
        *count = 1;
        return NKS_OK;
    }
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    enum nks_status status = bio == NULL ? form_fault(fault) : read_pem(bio, max, out, count, fault);
    BIO_free(bio);
    while (status != NKS_OK && *count > 0)
        nks_cert_free(out[--*count]);
    return status;
}
