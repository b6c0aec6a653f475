/* Signatures of others: good ones by every key that is taken, and what a hostile or careless signer makes. */
#include "vault/cms_verify.h"
#include "vault/expiry.h"
#include "vault/sign.h"

#include <check.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 86400, NOW = 1795000000, P7S_ROOM = 16 * 1024 };

struct signer {
    EVP_PKEY *key;
    X509 *x509;
    struct nks_cert *cert;
};
static struct nks_fault fault;
static const char content[] = "<Document>invented</Document>";

static X509 *certify(EVP_PKEY *key, const char *usage)
{
    X509 *x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
    ASN1_TIME_set(X509_getm_notBefore(x509), NOW - DAY);
    ASN1_TIME_set(X509_getm_notAfter(x509), NOW + DAY);
    X509_NAME *name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Invented signer", -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    if (usage != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
    }
    ck_assert_int_gt(X509_sign(x509, key, EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()), 0);
    return x509;
}

static enum nks_status pin(X509 *x509, struct nks_cert **out)
{
    uint8_t *der = NULL;
    int len = i2d_X509(x509, &der);
    enum nks_status status = nks_cert_read(der, (size_t)len, out, &fault);
    OPENSSL_free(der);
    return status;
}

static struct signer make(EVP_PKEY *key)
{
    struct signer signer = {key, certify(key, "critical,digitalSignature"), NULL};
    ck_assert_int_eq(pin(signer.x509, &signer.cert), NKS_OK);
    return signer;
}

static void drop(struct signer *signer)
{
    nks_cert_free(signer->cert);
    X509_free(signer->x509);
    EVP_PKEY_free(signer->key);
}

static CMS_ContentInfo *begin(const struct signer *signer, const EVP_MD *md, unsigned flags, bool pss)
{
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY | flags);
    CMS_SignerInfo *info = CMS_add1_signer(cms, signer->x509, signer->key, md,
                                           CMS_PARTIAL | CMS_BINARY | flags | (pss ? CMS_KEY_PARAM : 0));
    ck_assert_ptr_nonnull(info);
    if (pss) {
        EVP_PKEY_CTX *context = CMS_SignerInfo_get0_pkey_ctx(info);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    return cms;
}

static size_t end(CMS_ContentInfo *cms, unsigned flags, uint8_t out[P7S_ROOM])
{
    BIO *bio = BIO_new_mem_buf(content, sizeof content - 1);
    ck_assert_int_eq(CMS_final(cms, bio, NULL, CMS_BINARY | flags), 1);
    BIO_free(bio);
    int len = i2d_CMS_ContentInfo(cms, &out);
    ck_assert(len > 0 && len < P7S_ROOM);
    CMS_ContentInfo_free(cms);
    return (size_t)len;
}

static size_t sign(const struct signer *signer, const EVP_MD *md, unsigned flags, bool pss, uint8_t out[P7S_ROOM])
{
    return end(begin(signer, md, flags, pss), flags, out);
}

static enum nks_cms_verdict judge_at(const struct signer *signer, const uint8_t *p7s, size_t len, const char *bytes,
                                     nks_time when)
{
    struct nks_cms *cms = NULL;
    size_t which = 9;
    struct nks_pin one = {signer->cert, nks_cert_not_before(signer->cert), nks_cert_not_after(signer->cert)};
    ck_assert_int_eq(nks_cms_open(p7s, len, &cms, &fault), NKS_OK);
    nks_cms_add(cms, bytes, strlen(bytes));
    enum nks_cms_verdict verdict = nks_cms_judge(cms, &one, 1, when, &which);
    ck_assert(verdict != NKS_CMS_GOOD || which == 0);
    nks_cms_free(cms);
    return verdict;
}

static enum nks_cms_verdict judge(const struct signer *signer, const uint8_t *p7s, size_t len)
{
    return judge_at(signer, p7s, len, content, NOW);
}

START_TEST(good_keys)
{
    uint8_t p7s[P7S_ROOM];
    struct signer p256 = make(EVP_EC_gen("P-256")), p384 = make(EVP_EC_gen("P-384")), rsa = make(EVP_RSA_gen(3072));
    const EVP_MD *mds[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(judge(&p256, p7s, sign(&p256, mds[i], CMS_DETACHED, false, p7s)), NKS_CMS_GOOD);
        ck_assert_int_eq(judge(&p384, p7s, sign(&p384, mds[i], CMS_DETACHED, false, p7s)), NKS_CMS_GOOD);
        ck_assert_int_eq(judge(&rsa, p7s, sign(&rsa, mds[i], CMS_DETACHED, false, p7s)), NKS_CMS_GOOD);
        ck_assert_int_eq(judge(&rsa, p7s, sign(&rsa, mds[i], CMS_DETACHED, true, p7s)), NKS_CMS_GOOD);
    }
    ck_assert_int_eq(judge(&p256, p7s, sign(&p256, EVP_sha256(), CMS_DETACHED | CMS_NOCERTS, false, p7s)),
                     NKS_CMS_GOOD);
    drop(&p256), drop(&p384), drop(&rsa);
}
END_TEST

START_TEST(refused)
{
    uint8_t p7s[P7S_ROOM + 1];
    struct signer one = make(EVP_EC_gen("P-256")), other = make(EVP_EC_gen("P-256")); /* same issuer and serial */
    ck_assert_int_eq(judge(&one, p7s, sign(&one, EVP_sha1(), CMS_DETACHED, false, p7s)), NKS_CMS_ALGORITHM);
    ck_assert_int_eq(judge(&one, p7s, sign(&one, EVP_sha256(), 0, false, p7s)), NKS_CMS_FORM); /* attached */
    ck_assert_int_eq(judge(&one, p7s, sign(&one, EVP_sha256(), CMS_DETACHED | CMS_NOATTR, false, p7s)), NKS_CMS_FORM);
    ck_assert_int_eq(judge(&one, p7s, sign(&other, EVP_sha256(), CMS_DETACHED, false, p7s)), NKS_CMS_SIGNATURE);
    CMS_ContentInfo *two = begin(&one, EVP_sha256(), CMS_DETACHED, false);
    ck_assert_ptr_nonnull(CMS_add1_signer(two, one.x509, one.key, EVP_sha384(), CMS_PARTIAL | CMS_NOCERTS));
    ck_assert_int_eq(judge(&one, p7s, end(two, CMS_DETACHED, p7s)), NKS_CMS_FORM);
    size_t len = sign(&one, EVP_sha256(), CMS_DETACHED, false, p7s);
    p7s[len] = 0;
    ck_assert_int_eq(judge(&one, p7s, len + 1), NKS_CMS_FORM);
    ck_assert_int_eq(judge_at(&one, p7s, len, "<Document>changed</Document>", NOW), NKS_CMS_CONTENT);
    ck_assert_int_eq(judge_at(&one, p7s, len, content, NOW - DAY - 1), NKS_CMS_TIME);
    ck_assert_int_eq(judge_at(&one, p7s, len, content, NOW - DAY), NKS_CMS_GOOD);
    ck_assert_int_eq(judge_at(&one, p7s, len, content, NOW + DAY), NKS_CMS_GOOD);
    ck_assert_int_eq(judge_at(&one, p7s, len, content, NOW + DAY + 1), NKS_CMS_TIME);
    p7s[1] = 0x80; /* BER's indefinite length */
    ck_assert_int_eq(judge(&one, p7s, len), NKS_CMS_FORM);
    drop(&one), drop(&other);
}
END_TEST

START_TEST(unsigned_attribute)
{
    uint8_t p7s[P7S_ROOM];
    struct signer one = make(EVP_EC_gen("P-256"));
    CMS_ContentInfo *cms = begin(&one, EVP_sha256(), CMS_DETACHED, false);
    CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
    ck_assert_int_eq(CMS_unsigned_add1_attr_by_txt(info, "1.2.3.4", V_ASN1_OCTET_STRING, "x", 1), 1);
    ck_assert_int_eq(judge(&one, p7s, end(cms, CMS_DETACHED, p7s)), NKS_CMS_FORM);
    drop(&one);
}
END_TEST

/* The signing time that these words give. */
static bool signing_time(const struct signer *signer, int type, const char *words, nks_time *out)
{
    uint8_t p7s[P7S_ROOM];
    CMS_ContentInfo *made = begin(signer, EVP_sha256(), CMS_DETACHED, false);
    CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(made), 0);
    ck_assert_int_eq(CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, type, words, (int)strlen(words)), 1);
    size_t len = end(made, CMS_DETACHED, p7s), which = 0;
    struct nks_cms *cms = NULL;
    ck_assert_int_eq(nks_cms_open(p7s, len, &cms, &fault), NKS_OK);
    bool said = nks_cms_signing_time(cms, out);
    nks_cms_add(cms, content, strlen(content));
    const struct nks_pin one = {signer->cert, NOW - DAY, NOW + DAY};
    ck_assert_int_eq(nks_cms_judge(cms, &one, 1, NOW, &which), NKS_CMS_GOOD);
    nks_cms_free(cms);
    return said;
}

START_TEST(signing_times)
{
    struct signer one = make(EVP_EC_gen("P-256"));
    nks_time when = 0, wanted = 0;
    ck_assert(nks_time_parse(nks_text_from("2026-11-23T02:10:09Z"), &wanted));
    ck_assert(signing_time(&one, V_ASN1_UTCTIME, "261123021009Z", &when));
    ck_assert_int_eq(when, wanted);
    ck_assert(signing_time(&one, V_ASN1_GENERALIZEDTIME, "20261123021009Z", &when));
    ck_assert_int_eq(when, wanted);
    ck_assert(signing_time(&one, V_ASN1_UTCTIME, "700101000000Z", &when));
    ck_assert_int_eq(when, 0);
    static const char *const bad[] = {"261123021009",  "2611230210Z",   "261131021009Z", "260023021009Z",
                                      "261123241009Z", "261123026009Z", "2611230210xxZ", "261123021009+0100"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!signing_time(&one, V_ASN1_UTCTIME, bad[i], &when), "%s", bad[i]);
    ck_assert(!signing_time(&one, V_ASN1_GENERALIZEDTIME, "261123021009Z", &when));
    drop(&one);
}
END_TEST

START_TEST(every_bit_counts)
{
    uint8_t p7s[P7S_ROOM];
    struct signer one = make(EVP_EC_gen("P-256"));
    size_t len = sign(&one, EVP_sha256(), CMS_DETACHED | CMS_NOCERTS, false, p7s);
    for (size_t i = 0; i < len; i++) {
        ck_assert_int_ne(judge(&one, p7s, i), NKS_CMS_GOOD);
        for (int bit = 0; bit < 8; bit++) {
            p7s[i] ^= (uint8_t)(1 << bit);
            ck_assert_msg(judge(&one, p7s, len) != NKS_CMS_GOOD, "byte %zu of %zu, bit %d", i, len, bit);
            p7s[i] ^= (uint8_t)(1 << bit);
        }
    }
    ck_assert_int_eq(judge(&one, p7s, len), NKS_CMS_GOOD);
    drop(&one);
}
END_TEST

START_TEST(keys_not_taken)
{
    struct nks_cert *cert = NULL;
    EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-521"), EVP_EC_gen("P-256")};
    const char *usages[] = {"digitalSignature", "digitalSignature", "keyEncipherment"};
    const char *codes[] = {"CERT-KEY", "CERT-KEY", "CERT-USAGE"};
    for (int i = 0; i < 3; i++) {
        X509 *x509 = certify(keys[i], usages[i]);
        ck_assert_int_eq(pin(x509, &cert), NKS_REFUSED);
        ck_assert_str_eq(fault.code, codes[i]);
        nks_fault_clear(&fault);
        X509_free(x509);
        EVP_PKEY_free(keys[i]);
    }
    ck_assert_int_eq(nks_cert_read("0", 1, &cert, &fault), NKS_REFUSED);
}
END_TEST

static size_t pem(const struct signer *signer, char *out, size_t room)
{
    char *data = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_X509(bio, signer->x509), 1);
    long len = BIO_get_mem_data(bio, &data);
    ck_assert(len > 0 && (size_t)len < room);
    memcpy(out, data, (size_t)len);
    out[len] = '\0';
    BIO_free(bio);
    return (size_t)len;
}

static void no_bundle(const char *data, size_t len, size_t max)
{
    struct nks_cert *certs[NKS_CERTS_MAX];
    size_t count = 9;
    nks_fault_clear(&fault);
    ck_assert_int_eq(nks_certs_read(data, len, max, certs, &count, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.code, "CERT-FORM");
    ck_assert_uint_eq(count, 0); /* nothing is left to free: the sanitizer watches the first one */
}

START_TEST(bundles)
{
    struct signer first = make(EVP_EC_gen("P-256")), second = make(EVP_EC_gen("P-384"));
    char one[4096], two[4096], both[3 * 4096];
    struct nks_cert *certs[NKS_CERTS_MAX];
    size_t count = 0, one_len = pem(&first, one, sizeof one), two_len = pem(&second, two, sizeof two);

    size_t len = (size_t)snprintf(both, sizeof both, "the old one\n%sthe new one\n%s", one, two);
    ck_assert_int_eq(nks_certs_read(both, len, NKS_CERTS_MAX, certs, &count, &fault), NKS_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_mem_eq(nks_cert_fingerprint(certs[0]), nks_cert_fingerprint(first.cert), NKS_HASH_SIZE);
    ck_assert_mem_eq(nks_cert_fingerprint(certs[1]), nks_cert_fingerprint(second.cert), NKS_HASH_SIZE);
    nks_cert_free(certs[0]);
    nks_cert_free(certs[1]);
    ck_assert_int_eq(nks_certs_read(both, len, 2, certs, &count, &fault), NKS_OK); /* just as many as may be */
    nks_cert_free(certs[0]);
    nks_cert_free(certs[1]);
    no_bundle(both, len, 1);

    no_bundle(both, len - two_len / 2, NKS_CERTS_MAX); /* the second one ends in its middle */
    both[len - two_len / 2] = '!';                     /* no base64 */
    no_bundle(both, len, NKS_CERTS_MAX);
    len = (size_t)snprintf(both, sizeof both, "%s-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", one);
    no_bundle(both, len, NKS_CERTS_MAX); /* a SEQUENCE, and no certificate */

    no_bundle(one, 0, NKS_CERTS_MAX);
    no_bundle("\n", 1, NKS_CERTS_MAX);
    no_bundle("no certificate\n", 15, NKS_CERTS_MAX);
    ck_assert_uint_gt(one_len, 27);
    no_bundle(one, 27, NKS_CERTS_MAX); /* the line of its beginning alone */
    drop(&first);
    drop(&second);
}
END_TEST

/* What nks signs, a receiver with file.crt alone finds good: at the instant of signing, and to the certificate's end.
 */
START_TEST(own_signature)
{
    static const char *const names[] = {"master.key", "index.key", "sign.key", "sign.pub", "file.key", "file.crt"};
    char dir[] = "/tmp/nks-cms-verify.XXXXXX", path[NKS_PATH_MAX], crt[4096];
    struct nks_keys *keys = NULL;
    struct nks_cert *certs[NKS_CERTS_MAX];
    uint8_t hash[NKS_HASH_SIZE], p7s[NKS_CMS_MAX];
    size_t len = 0, count = 0;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(nks_keys_make(dir, NOW, &fault), NKS_OK);
    ck_assert_int_eq(nks_keys_load(dir, &keys, &fault), NKS_OK);
    nks_hash_once(content, strlen(content), hash);
    ck_assert_int_eq(nks_cms_sign(keys, hash, NOW, p7s, &len, &fault), NKS_OK);
    nks_keys_free(keys);
    ck_assert(nks_path_join(path, dir, "file.crt"));
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t crt_len = fread(crt, 1, sizeof crt, file);
    fclose(file);
    ck_assert_int_eq(nks_certs_read(crt, crt_len, NKS_CERTS_MAX, certs, &count, &fault), NKS_OK);
    ck_assert_uint_eq(count, 1);

    const struct signer own = {.cert = certs[0]};
    nks_time over = nks_cert_not_after(certs[0]);
    ck_assert_int_eq(judge(&own, p7s, len), NKS_CMS_GOOD);
    ck_assert_int_eq(judge_at(&own, p7s, len, content, over), NKS_CMS_GOOD);
    struct nks_cms *cms = NULL;
    nks_time when = 0;
    ck_assert_int_eq(nks_cms_open(p7s, len, &cms, &fault), NKS_OK);
    ck_assert(nks_cms_signing_time(cms, &when));
    ck_assert_int_eq(when, NOW);
    nks_cms_free(cms);
    ck_assert_int_eq(judge_at(&own, p7s, len, content, over + 1), NKS_CMS_TIME);
    ck_assert_int_eq(judge_at(&own, p7s, len, "<Document>other</Document>", NOW), NKS_CMS_CONTENT);
    struct signer other = make(EVP_EC_gen("P-256"));
    ck_assert_int_eq(judge(&other, p7s, len), NKS_CMS_SIGNER);
    drop(&other);
    nks_cert_free(certs[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert(nks_path_join(path, dir, names[i]));
        ck_assert_int_eq(unlink(path), 0);
    }
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(expiry)
{
    ck_assert_int_eq(nks_expiry_band(NOW, NOW + 60 * DAY + 1), NKS_EXPIRY_FINE);
    ck_assert_int_eq(nks_expiry_band(NOW, NOW + 60 * DAY), 60);
    ck_assert_int_eq(nks_expiry_band(NOW, NOW + 30 * DAY), 30);
    ck_assert_int_eq(nks_expiry_band(NOW, NOW + 7 * DAY), 7);
    ck_assert_int_eq(nks_expiry_band(NOW, NOW), 7);
    ck_assert_int_eq(nks_expiry_band(NOW, NOW - 1), NKS_EXPIRY_OVER);
    ck_assert(nks_expiry_speaks(NOW, NOW + 60 * DAY) && nks_expiry_speaks(NOW, NOW + 3 * DAY));
    ck_assert(!nks_expiry_speaks(NOW, NOW + 45 * DAY) && !nks_expiry_speaks(NOW, NOW + 400 * DAY));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cms_verify");
    TCase *tests = tcase_create("cms_verify");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, good_keys);
    tcase_add_test(tests, refused);
    tcase_add_test(tests, unsigned_attribute);
    tcase_add_test(tests, signing_times);
    tcase_add_test(tests, every_bit_counts);
    tcase_add_test(tests, keys_not_taken);
    tcase_add_test(tests, bundles);
    tcase_add_test(tests, own_signature);
    tcase_add_test(tests, expiry);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
