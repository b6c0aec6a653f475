/* The reading is ours, so that what is taken is exactly what is written down here; the mathematics is OpenSSL's. */
#include "vault/cms_verify.h"
#include "vault/cert_private.h"
#include "vault/der.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

/* ---- names of things (OBJECT IDENTIFIER, without tag and length) */

struct oid {
    uint8_t bytes[11];
    size_t len;
};
static const struct oid id_signed_data = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}, 9};
static const struct oid id_data = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}, 9};
static const struct oid id_content_type = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03}, 9};
static const struct oid id_message_digest = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04}, 9};
static const struct oid id_signing_time = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05}, 9};
static const struct oid id_mgf1 = {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08}, 9};

/* ---- the allow-list */

enum digest { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGESTS, ANY_DIGEST = DIGESTS };
/* SHA-2 from 256 bit. SHA-1 and MD5 are broken: two files with one digest can be made. SHA-224 nobody needs. */
static const struct {
    struct oid oid;
    const EVP_MD *(*md)(void);
    size_t size;
} digests[DIGESTS] = {
    [DIGEST_SHA256] = {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}, 9}, EVP_sha256, 32},
    [DIGEST_SHA384] = {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}, 9}, EVP_sha384, 48},
    [DIGEST_SHA512] = {{{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}, 9}, EVP_sha512, 64},
};

enum parameters { NO_PARAMETERS, NULL_PARAMETERS, PSS_PARAMETERS };
/* A name that holds a digest must hold the one of the file, or one of the two would be a weaker promise. */
static const struct scheme {
    struct oid oid;
    enum nks_key_kind key;
    enum digest digest;
    enum parameters parameters;
} schemes[] = {
    /* ECDSA: what OpenSSL, Java and .NET make by default. */
    {{{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}, 8}, NKS_KEY_KIND_EC, DIGEST_SHA256, NO_PARAMETERS},
    {{{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03}, 8}, NKS_KEY_KIND_EC, DIGEST_SHA384, NO_PARAMETERS},
    {{{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04}, 8}, NKS_KEY_KIND_EC, DIGEST_SHA512, NO_PARAMETERS},
    /* RSA PKCS#1 v1.5: the form of company certificates (OCES); by its old name, which leaves the digest to the
     * signer's info, and by those with a digest. */
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01}, 9}, NKS_KEY_KIND_RSA, ANY_DIGEST, NULL_PARAMETERS},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}, 9}, NKS_KEY_KIND_RSA, DIGEST_SHA256, NULL_PARAMETERS},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c}, 9}, NKS_KEY_KIND_RSA, DIGEST_SHA384, NULL_PARAMETERS},
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d}, 9}, NKS_KEY_KIND_RSA, DIGEST_SHA512, NULL_PARAMETERS},
    /* RSA-PSS: one digest everywhere, salt as long as it. */
    {{{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a}, 9}, NKS_KEY_KIND_RSA, ANY_DIGEST, PSS_PARAMETERS},
    /* Ed25519 with SHA-512, as RFC 8419, 3.1 wants it. */
    {{{0x2b, 0x65, 0x70}, 3}, NKS_KEY_KIND_ED25519, DIGEST_SHA512, NO_PARAMETERS},
};

struct nks_cms {
    enum nks_cms_verdict wrong; /* NKS_CMS_GOOD: nothing so far */
    EVP_MD_CTX *context;
    enum digest digest;
    const struct scheme *scheme;
    struct nks_der_item issuer, serial, key_id; /* the signer's name: the first two, or the third */
    struct nks_der_item attributes, message_digest, signature, signing_time;
    int signing_times;
};

static const struct {
    const char *name, *words;
} verdicts[NKS_CMS_VERDICTS] = {
    [NKS_CMS_NONE] = {"NONE", "there is no signature"},
    [NKS_CMS_GOOD] = {"GOOD", "the signature holds"},
    [NKS_CMS_FORM] = {"FORM", "the .p7s is no detached CMS signature in DER by one signer"},
    [NKS_CMS_ALGORITHM] = {"ALGORITHM", "the signature uses an algorithm that is not taken"},
    [NKS_CMS_CONTENT] = {"CONTENT", "the signature is over other bytes than the file's"},
    [NKS_CMS_SIGNER] = {"SIGNER", "the signature is by no certificate that is known of the sender"},
    [NKS_CMS_SIGNATURE] = {"SIGNATURE", "the signature does not hold"},
    [NKS_CMS_TIME] = {"TIME", "the signer's certificate is not valid yet, or not any more"},
    [NKS_CMS_IGNORED] = {"IGNORED", "there is a signature, and the agreement asks for none"},
};

static bool known(int verdict)
{
    return verdict >= 0 && verdict < NKS_CMS_VERDICTS;
}

const char *nks_cms_verdict_name(int verdict)
{
    return known(verdict) ? verdicts[verdict].name : "?";
}

const char *nks_cms_verdict_words(int verdict)
{
    return known(verdict) ? verdicts[verdict].words : "?";
}

/* ---- reading */

static bool is_oid(const struct nks_der_item *item, const struct oid *oid)
{
    return item->tag == NKS_DER_OID && nks_der_is(item, oid->bytes, oid->len);
}

static void want_oid(struct nks_der *der, const struct oid *oid)
{
    struct nks_der_item item = nks_der_take(der, NKS_DER_OID);
    der->bad |= !is_oid(&item, oid);
}

static void want_integer(struct nks_der *der, uint8_t value)
{
    struct nks_der_item item = nks_der_take(der, NKS_DER_INTEGER);
    der->bad |= !nks_der_is(&item, &value, 1);
}

static bool take_null(struct nks_der *der)
{
    struct nks_der_item item = nks_der_take(der, NKS_DER_NULL);
    return item.tag == NKS_DER_NULL && item.value_len == 0;
}

/* AlgorithmIdentifier of a digest: parameters NULL or absent, RFC 5754, 2. Not on the list: DIGESTS. */
static enum digest read_digest(struct nks_der *der)
{
    struct nks_der inside = nks_der_enter(der, NKS_DER_SEQUENCE);
    struct nks_der_item oid = nks_der_take(&inside, NKS_DER_OID);
    bool good = (nks_der_peek(&inside) < 0 || take_null(&inside)) && nks_der_done(&inside);
    for (int i = 0; i < DIGESTS && good; i++) {
        if (is_oid(&oid, &digests[i].oid))
            return (enum digest)i;
    }
    return DIGESTS;
}

/* RSASSA-PSS-params, RFC 4055, 3.1: nothing left to its default, which is SHA-1. */
static bool pss_good(struct nks_der *der, enum digest digest)
{
    struct nks_der all = nks_der_enter(der, NKS_DER_SEQUENCE);
    struct nks_der hash = nks_der_enter(&all, NKS_DER_CONTEXT_CONSTRUCTED);
    bool good = read_digest(&hash) == digest && nks_der_done(&hash);
    struct nks_der mask = nks_der_enter(&all, NKS_DER_CONTEXT_CONSTRUCTED + 1);
    struct nks_der function = nks_der_enter(&mask, NKS_DER_SEQUENCE);
    want_oid(&function, &id_mgf1);
    good = good && read_digest(&function) == digest && nks_der_done(&function) && nks_der_done(&mask);
    struct nks_der salt = nks_der_enter(&all, NKS_DER_CONTEXT_CONSTRUCTED + 2);
    want_integer(&salt, (uint8_t)digests[digest].size);
    return good && nks_der_done(&salt) && nks_der_done(&all);
}

static const struct scheme *read_scheme(struct nks_der *der, enum digest digest)
{
    struct nks_der inside = nks_der_enter(der, NKS_DER_SEQUENCE);
    struct nks_der_item oid = nks_der_take(&inside, NKS_DER_OID);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *scheme = &schemes[i];
        if (!is_oid(&oid, &scheme->oid) || (scheme->digest != ANY_DIGEST && scheme->digest != digest))
            continue;
        bool good = scheme->parameters == NO_PARAMETERS     ? true
                    : scheme->parameters == NULL_PARAMETERS ? take_null(&inside)
                                                            : pss_good(&inside, digest);
        return good && nks_der_done(&inside) ? scheme : NULL;
    }
    return NULL;
}

/* DER sorts a SET OF by the bytes of its elements, and none stands twice. */
static bool in_order(const struct nks_der_item *a, const struct nks_der_item *b)
{
    size_t least = a->whole_len < b->whole_len ? a->whole_len : b->whole_len;
    int order = memcmp(a->whole, b->whole, least);
    return order < 0 || (order == 0 && a->whole_len < b->whole_len);
}

static bool read_attributes(struct nks_cms *cms)
{
    struct nks_der all = nks_der_inside(&cms->attributes);
    struct nks_der_item before = {.tag = -1};
    int types = 0, hashes = 0;
    while (all.left > 0 && !all.bad) {
        struct nks_der_item attribute = nks_der_take(&all, NKS_DER_SEQUENCE);
        struct nks_der inside = nks_der_inside(&attribute);
        struct nks_der_item oid = nks_der_take(&inside, NKS_DER_OID);
        struct nks_der values = nks_der_enter(&inside, NKS_DER_SET);
        struct nks_der_item value = nks_der_any(&values);
        if (!nks_der_done(&inside) || values.bad || (before.tag >= 0 && !in_order(&before, &attribute)))
            return false;
        before = attribute;
        bool is_type = is_oid(&oid, &id_content_type), is_hash = is_oid(&oid, &id_message_digest);
        if ((is_type || is_hash) && !nks_der_done(&values))
            return false; /* two values */
        if (is_type && !is_oid(&value, &id_data))
            return false;
        if (is_hash && value.tag != NKS_DER_OCTETS)
            return false;
        if (is_hash)
            cms->message_digest = value;
        if (is_oid(&oid, &id_signing_time)) {
            cms->signing_time = value;
            cms->signing_times += nks_der_done(&values) ? 1 : 2;
        }
        types += is_type;
        hashes += is_hash;
    }
    return !all.bad && types == 1 && hashes == 1;
}

/* RFC 5652, 5.3: the version goes with how the signer is named. */
static void read_signer_name(struct nks_cms *cms, struct nks_der *info, uint8_t *version)
{
    struct nks_der_item number = nks_der_take(info, NKS_DER_INTEGER);
    bool by_key_id = nks_der_peek(info) == NKS_DER_CONTEXT;
    *version = by_key_id ? 3 : 1;
    info->bad |= !nks_der_is(&number, version, 1);
    if (by_key_id) {
        cms->key_id = nks_der_take(info, NKS_DER_CONTEXT);
        return;
    }
    struct nks_der name = nks_der_enter(info, NKS_DER_SEQUENCE);
    cms->issuer = nks_der_take(&name, NKS_DER_SEQUENCE);
    cms->serial = nks_der_take(&name, NKS_DER_INTEGER);
    info->bad |= !nks_der_done(&name);
}

static enum nks_cms_verdict read_signer(struct nks_cms *cms, struct nks_der *signers, enum digest outer,
                                        uint8_t *version)
{
    struct nks_der info = nks_der_enter(signers, NKS_DER_SEQUENCE);
    cms->issuer.tag = cms->serial.tag = cms->key_id.tag = -1;
    read_signer_name(cms, &info, version);
    if (info.bad || signers->left > 0)
        return NKS_CMS_FORM;
    cms->digest = read_digest(&info);
    if (cms->digest == DIGESTS || cms->digest != outer)
        return info.bad ? NKS_CMS_FORM : NKS_CMS_ALGORITHM;
    cms->attributes = nks_der_take(&info, NKS_DER_CONTEXT_CONSTRUCTED);
    if (cms->attributes.tag < 0 || !read_attributes(cms))
        return NKS_CMS_FORM;
    cms->scheme = read_scheme(&info, cms->digest);
    cms->signature = nks_der_take(&info, NKS_DER_OCTETS);
    if (!nks_der_done(&info)) /* unsigned attributes too */
        return NKS_CMS_FORM;
    return cms->scheme == NULL ? NKS_CMS_ALGORITHM : NKS_CMS_GOOD;
}

static enum nks_cms_verdict read_cms(struct nks_cms *cms, struct nks_der der)
{
    struct nks_der content = nks_der_enter(&der, NKS_DER_SEQUENCE);
    want_oid(&content, &id_signed_data);
    struct nks_der wrapped = nks_der_enter(&content, NKS_DER_CONTEXT_CONSTRUCTED);
    struct nks_der data = nks_der_enter(&wrapped, NKS_DER_SEQUENCE);
    struct nks_der_item version = nks_der_take(&data, NKS_DER_INTEGER);
    struct nks_der outer_set = nks_der_enter(&data, NKS_DER_SET);
    enum digest outer = read_digest(&outer_set);
    struct nks_der encapsulated = nks_der_enter(&data, NKS_DER_SEQUENCE);
    want_oid(&encapsulated, &id_data);
    if (!nks_der_done(&der) || !nks_der_done(&content) || !nks_der_done(&wrapped) || !nks_der_done(&outer_set) ||
        !nks_der_done(&encapsulated)) /* attached content stands in the last */
        return NKS_CMS_FORM;
    if (nks_der_peek(&data) == NKS_DER_CONTEXT_CONSTRUCTED)
        (void)nks_der_any(&data);                               /* certificates: the pinned one decides */
    struct nks_der signers = nks_der_enter(&data, NKS_DER_SET); /* CRLs would stand before it */
    if (!nks_der_done(&data))
        return NKS_CMS_FORM;
    uint8_t wanted = 0;
    enum nks_cms_verdict verdict = read_signer(cms, &signers, outer, &wanted);
    if (verdict != NKS_CMS_FORM && !nks_der_is(&version, &wanted, 1))
        return NKS_CMS_FORM;
    return verdict;
}

enum nks_status nks_cms_open(const void *p7s, size_t len, struct nks_cms **out, struct nks_fault *fault)
{
    struct nks_cms *cms = calloc(1, sizeof *cms);
    if (cms == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to verify a signature; try again later");
    cms->wrong = len > NKS_P7S_MAX ? NKS_CMS_FORM : read_cms(cms, (struct nks_der){p7s, len, false});
    if (cms->wrong == NKS_CMS_GOOD) {
        cms->context = EVP_MD_CTX_new();
        if (cms->context == NULL || EVP_DigestInit_ex(cms->context, digests[cms->digest].md(), NULL) != 1) {
            nks_cms_free(cms);
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to verify a signature; try again later");
        }
    }
    *out = cms;
    return NKS_OK;
}

void nks_cms_add(struct nks_cms *cms, const void *data, size_t len)
{
    if (cms->context != NULL && EVP_DigestUpdate(cms->context, data, len) != 1)
        cms->wrong = NKS_CMS_CONTENT; /* never: a digest of memory cannot fail */
}

/* Two digits; -1 where there are none. */
static int digits(const uint8_t *at)
{
    uint64_t value = 0;
    return nks_text_number((struct nks_text){(const char *)at, 2}, 99, &value) ? (int)value : -1;
}

bool nks_cms_signing_time(const struct nks_cms *cms, nks_time *out)
{
    const struct nks_der_item *item = &cms->signing_time;
    enum { UTC_LEN = 13, CENTURY_LEN = 2, PIVOT = 50, DAY_SECONDS = 24 * 60 * 60 };
    bool with_century = item->tag == NKS_DER_GENERALIZED_TIME;
    if (cms->wrong != NKS_CMS_GOOD || cms->signing_times != 1 || (!with_century && item->tag != NKS_DER_UTC_TIME) ||
        item->value_len != UTC_LEN + (with_century ? CENTURY_LEN : 0) || item->value[item->value_len - 1] != 'Z')
        return false;
    const uint8_t *at = item->value + (with_century ? CENTURY_LEN : 0);
    int parts[6]; /* year of the century to second */
    for (int i = 0; i < 6; i++)
        parts[i] = digits(at + 2 * (size_t)i);
    int century = with_century ? digits(item->value) : parts[0] >= PIVOT ? 19 : 20;
    int year = century * 100 + parts[0];
    if (century < 0 || parts[0] < 0 || !nks_date_valid(year, parts[1], parts[2]) || parts[3] < 0 || parts[3] > 23 ||
        parts[4] < 0 || parts[4] > 59 || parts[5] < 0 || parts[5] > 59)
        return false;
    *out = (nks_time)nks_date_from_ymd(year, parts[1], parts[2]) * DAY_SECONDS + parts[3] * 3600 + parts[4] * 60 +
           parts[5];
    return true;
}

void nks_cms_free(struct nks_cms *cms)
{
    if (cms == NULL)
        return;
    EVP_MD_CTX_free(cms->context);
    free(cms);
}

/* ---- judging */

/* Does the certificate have the name that the signature gives? Byte for byte: the encoding is the certificate's. */
static bool is_signer(const struct nks_cms *cms, const struct nks_cert *cert)
{
    if (cms->key_id.tag >= 0) {
        const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(cert->x509);
        return id != NULL && nks_der_is(&cms->key_id, ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
    }
    unsigned char *issuer = NULL, *serial = NULL;
    int issuer_len = i2d_X509_NAME(X509_get_issuer_name(cert->x509), &issuer);
    int serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert->x509), &serial);
    bool same = issuer_len > 0 && serial_len > 0 && (size_t)issuer_len == cms->issuer.whole_len &&
                (size_t)serial_len == cms->serial.whole_len &&
                memcmp(issuer, cms->issuer.whole, (size_t)issuer_len) == 0 &&
                memcmp(serial, cms->serial.whole, (size_t)serial_len) == 0;
    OPENSSL_free(issuer);
    OPENSSL_free(serial);
    return same;
}

/* RFC 5652, 5.4: signed is the SET OF itself, not its implicit tag. */
static bool signature_holds(const struct nks_cms *cms, const struct nks_cert *cert)
{
    size_t len = cms->attributes.whole_len;
    uint8_t *signed_bytes = malloc(len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    bool good = signed_bytes != NULL && context != NULL;
    if (good) {
        memcpy(signed_bytes, cms->attributes.whole, len);
        signed_bytes[0] = NKS_DER_SET;
        const EVP_MD *md = cert->kind == NKS_KEY_KIND_ED25519 ? NULL : digests[cms->digest].md();
        good = EVP_DigestVerifyInit(context, &key, md, NULL, cert->key) == 1;
    }
    if (good && cms->scheme->parameters == PSS_PARAMETERS)
        good = EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, cms->signature.value, cms->signature.value_len, signed_bytes, len) == 1;
    EVP_MD_CTX_free(context);
    free(signed_bytes);
    ERR_clear_error();
    return good;
}

static enum nks_cms_verdict judge_pin(const struct nks_cms *cms, const struct nks_pin *pin, nks_time when)
{
    if (cms->scheme->key != pin->cert->kind)
        return NKS_CMS_ALGORITHM;
    if (!signature_holds(cms, pin->cert))
        return NKS_CMS_SIGNATURE;
    return when < pin->from || when > pin->to ? NKS_CMS_TIME : NKS_CMS_GOOD;
}

enum nks_cms_verdict nks_cms_judge(struct nks_cms *cms, const struct nks_pin *pins, size_t count, nks_time when,
                                   size_t *which)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    enum nks_cms_verdict verdict = NKS_CMS_SIGNER;
    *which = count;
    if (cms->wrong != NKS_CMS_GOOD)
        return cms->wrong;
    if (cms->context == NULL || EVP_DigestFinal_ex(cms->context, digest, NULL) != 1)
        return NKS_CMS_CONTENT;
    EVP_MD_CTX_free(cms->context);
    cms->context = NULL;
    /* Two certificates may bear one name: the best verdict stands. */
    for (size_t i = 0; i < count && verdict != NKS_CMS_GOOD; i++) {
        if (!is_signer(cms, pins[i].cert))
            continue;
        enum nks_cms_verdict one = judge_pin(cms, &pins[i], when);
        if (one == NKS_CMS_GOOD || one == NKS_CMS_TIME || *which == count) {
            verdict = one;
            *which = i;
        }
    }
    if (verdict != NKS_CMS_GOOD && verdict != NKS_CMS_TIME)
        return verdict;
    bool same = cms->message_digest.value_len == digests[cms->digest].size &&
                CRYPTO_memcmp(cms->message_digest.value, digest, digests[cms->digest].size) == 0;
    return same ? verdict : NKS_CMS_CONTENT;
}
