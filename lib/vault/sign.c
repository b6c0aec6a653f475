#include "vault/sign.h"
#include "vault/keys_private.h"
#include "vault/plain.h"

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

/* ---- Ed25519 */

enum nks_status nks_sign(const struct nks_keys *keys, const void *message, size_t len,
                         uint8_t signature[NKS_SIGNATURE_SIZE], struct nks_fault *fault)
{
    if (keys->sign_key == NULL)
        return nks_keys_need_secret(fault);
    if (nks_plain) {
        memset(signature, 0, NKS_SIGNATURE_SIZE);
        return NKS_OK;
    }
    size_t size = NKS_SIGNATURE_SIZE;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, keys->sign_key) == 1 &&
                EVP_DigestSign(context, signature, &size, message, len) == 1 && size == NKS_SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    return good ? NKS_OK : nks_vault_crypto_fault(fault, "sign with Ed25519");
}

static bool verifies(EVP_PKEY *key, const void *message, size_t len, const uint8_t signature[NKS_SIGNATURE_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, NKS_SIGNATURE_SIZE, message, len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

enum nks_status nks_sign_verify(const struct nks_keys *keys, const void *message, size_t len,
                                const uint8_t signature[NKS_SIGNATURE_SIZE], struct nks_fault *fault)
{
    if (nks_plain)
        return NKS_OK;
    for (int i = keys->generations[NKS_FAMILY_SIGN]; i > 0; i--) { /* mostly it is the newest */
        if (verifies(keys->sign_pub[i - 1], message, len, signature))
            return NKS_OK;
    }
    return nks_fault_set(fault, NKS_INTEGRITY, "SIGN-BAD",
                         "a signature does not hold: what it covers was changed, or sign.pub is another home's");
}

/* ---- CMS: make */

static bool add_attribute(CMS_SignerInfo *signer, int nid, int type, const void *value, int len)
{
    return CMS_signed_add1_attr_by_NID(signer, nid, type, value, len) == 1;
}

static bool add_time(CMS_SignerInfo *signer, int64_t now)
{
    /* UTCTime until 2049, GeneralizedTime after, as RFC 5652, 11.3 wants it. */
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)now);
    bool good = time != NULL && add_attribute(signer, NID_pkcs9_signingTime, ASN1_STRING_type(time), time, -1);
    ASN1_TIME_free(time);
    return good;
}

/*
 * OpenSSL would hash the content itself and set contentType and messageDigest on the way. Here the file was hashed
 * while it was written and is not read again: a partial CMS gets the attributes by hand and is then signed over them.
 */
static CMS_ContentInfo *cms_make(const struct nks_keys *keys, const uint8_t digest[NKS_HASH_SIZE], int64_t now)
{
    int at = nks_keys_file_at(keys, now);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
    if (cms == NULL)
        return NULL;
    CMS_SignerInfo *signer = CMS_add1_signer(cms, keys->file_cert[at], keys->file_key[at], EVP_sha256(),
                                             CMS_PARTIAL | CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP);
    if (signer != NULL &&
        add_attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT, OBJ_nid2obj(NID_pkcs7_data), -1) &&
        add_attribute(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest, NKS_HASH_SIZE) &&
        add_time(signer, now) && CMS_SignerInfo_sign(signer) == 1)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

enum nks_status nks_cms_sign(const struct nks_keys *keys, const uint8_t digest[NKS_HASH_SIZE], int64_t now,
                             uint8_t der[NKS_CMS_MAX], size_t *len, struct nks_fault *fault)
{
    if (keys->file_key[0] == NULL)
        return nks_keys_need_secret(fault);
    if (nks_plain) {
        der[0] = 0;
        *len = 1;
        return NKS_OK;
    }
    CMS_ContentInfo *cms = cms_make(keys, digest, now);
    if (cms == NULL)
        return nks_vault_crypto_fault(fault, "make a CMS signature");
    enum nks_status status;
    int size = i2d_CMS_ContentInfo(cms, NULL);
    uint8_t *at = der;
    if (size <= 0 || size > NKS_CMS_MAX || i2d_CMS_ContentInfo(cms, &at) != size) {
        status = nks_vault_crypto_fault(fault, "write a CMS signature");
        goto out;
    }
    *len = (size_t)size;
    status = NKS_OK;
out:
    CMS_ContentInfo_free(cms);
    return status;
}

/* ---- CMS: verify */

/*
 * DER has one form for one value: what is not written back as it was read hides something. Left unjudged are the parts
 * that CMS itself leaves unsigned and that change nothing: version numbers, the list of digest algorithms, upper and
 * lower case in the issuer's name.
 */
static bool is_der(const CMS_ContentInfo *cms, const uint8_t *der, size_t len)
{
    unsigned char *again = NULL;
    int size = i2d_CMS_ContentInfo(cms, &again);
    bool same = size >= 0 && (size_t)size == len && memcmp(again, der, len) == 0;
    OPENSSL_free(again);
    return same;
}

static CMS_ContentInfo *cms_parse(const uint8_t *der, size_t len)
{
    const unsigned char *at = der;
    if (len > NKS_CMS_MAX)
        return NULL;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
    if (cms != NULL && at == der + len && is_der(cms, der, len))
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static bool cert_same(const X509 *a, const X509 *b)
{
    unsigned char *a_der = NULL, *b_der = NULL;
    int a_len = i2d_X509(a, &a_der), b_len = i2d_X509(b, &b_der);
    bool same = a_len > 0 && a_len == b_len && memcmp(a_der, b_der, (size_t)a_len) == 0;
    OPENSSL_free(a_der);
    OPENSSL_free(b_der);
    return same;
}

/* Signed data, detached, with one of our certificates, *ours, and nothing else in the bag. */
static bool envelope_good(const struct nks_keys *keys, CMS_ContentInfo *cms, X509 **ours)
{
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || CMS_is_detached(cms) != 1 ||
        OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        return false;
    STACK_OF(X509) *certs = CMS_get1_certs(cms);
    STACK_OF(X509_CRL) *crls = CMS_get1_crls(cms);
    for (int i = 0; i < keys->generations[NKS_FAMILY_FILE] && sk_X509_num(certs) == 1 && *ours == NULL; i++) {
        if (cert_same(sk_X509_value(certs, 0), keys->file_cert[i]))
            *ours = keys->file_cert[i];
    }
    bool good = *ours != NULL && crls == NULL;
    sk_X509_pop_free(certs, X509_free);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    return good;
}

static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    return sk_CMS_SignerInfo_num(signers) == 1 ? sk_CMS_SignerInfo_value(signers, 0) : NULL;
}

static bool algorithms_good(CMS_SignerInfo *signer)
{
    X509_ALGOR *digest = NULL, *signature = NULL;
    CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, &signature);
    return OBJ_obj2nid(digest->algorithm) == NID_sha256 && OBJ_obj2nid(signature->algorithm) == NID_ecdsa_with_SHA256;
}

/* The one value of an attribute that stands there once, or NULL. */
static const void *attribute(const CMS_SignerInfo *signer, int nid, int type)
{
    enum { ONE_ATTRIBUTE_WITH_ONE_VALUE = -3 };
    return CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(nid), ONE_ATTRIBUTE_WITH_ONE_VALUE, type);
}

static bool digest_good(const CMS_SignerInfo *signer, const uint8_t digest[NKS_HASH_SIZE])
{
    const ASN1_OBJECT *type = attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT);
    const ASN1_OCTET_STRING *found = attribute(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
    return type != NULL && OBJ_obj2nid(type) == NID_pkcs7_data && found != NULL &&
           ASN1_STRING_length(found) == NKS_HASH_SIZE &&
           CRYPTO_memcmp(ASN1_STRING_get0_data(found), digest, NKS_HASH_SIZE) == 0;
}

static bool signer_good(X509 *ours, CMS_SignerInfo *signer, const uint8_t digest[NKS_HASH_SIZE])
{
    if (CMS_unsigned_get_attr_count(signer) > 0 || !algorithms_good(signer) || !digest_good(signer, digest))
        return false;
    /* The certificate we know decides, not the one that came along. */
    if (CMS_SignerInfo_cert_cmp(signer, ours) != 0)
        return false;
    CMS_SignerInfo_set1_signer_cert(signer, ours);
    return CMS_SignerInfo_verify(signer) == 1;
}

enum nks_status nks_cms_verify(const struct nks_keys *keys, const uint8_t digest[NKS_HASH_SIZE], const uint8_t *der,
                               size_t len, struct nks_fault *fault)
{
    if (nks_plain)
        return NKS_OK;
    CMS_ContentInfo *cms = cms_parse(der, len);
    X509 *ours = NULL;
    CMS_SignerInfo *signer = cms == NULL || !envelope_good(keys, cms, &ours) ? NULL : only_signer(cms);
    bool good = signer != NULL && signer_good(ours, signer, digest);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return good ? NKS_OK
                : nks_fault_set(fault, NKS_INTEGRITY, "CMS-BAD",
                                "a file signature does not hold: the file or its .p7s was changed, or it is not by "
                                "file.key of these keys");
}
