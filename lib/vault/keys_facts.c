/* What can be said of keys: for people who look after them. */
#include "vault/keys_private.h"

#include "base/file.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static int64_t cert_from(const X509 *cert)
{
    return seconds(X509_get0_notBefore(cert)) + NKS_CERT_EARLY_S;
}

/* The newest that has begun; the first one where none has. */
int nks_keys_file_at(const struct nks_keys *keys, int64_t now)
{
    for (int i = keys->generations[NKS_FAMILY_FILE] - 1; i > 0; i--) {
        if (cert_from(keys->file_cert[i]) <= now)
            return i;
    }
    return 0;
}

/* SHA-256 of a DER that OpenSSL allocated, in hex. */
static void fingerprint(unsigned char *der, int len, char out[65])
{
    uint8_t hash[NKS_HASH_SIZE];
    if (len > 0) {
        nks_hash_once(der, (size_t)len, hash);
        for (size_t i = 0; i < sizeof hash; i++)
            snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
    OPENSSL_free(der);
}

static void public_facts(const struct nks_keys *keys, int at, int64_t now, struct nks_key_facts *facts)
{
    unsigned char *der = NULL;
    if (facts->family == NKS_FAMILY_SIGN) {
        int len = i2d_PUBKEY(keys->sign_pub[at], &der);
        fingerprint(der, len, facts->fingerprint);
    } else if (facts->family == NKS_FAMILY_FILE) {
        int len = i2d_X509(keys->file_cert[at], &der);
        fingerprint(der, len, facts->fingerprint);
        facts->from = cert_from(keys->file_cert[at]);
        facts->until = seconds(X509_get0_notAfter(keys->file_cert[at]));
        facts->newest = nks_keys_file_at(keys, now) == at;
    }
}

size_t nks_keys_facts(const struct nks_keys *keys, int64_t now,
                      struct nks_key_facts facts[NKS_FAMILIES * NKS_KEY_GENERATIONS])
{
    size_t count = 0;
    for (int family = 0; family < NKS_FAMILIES; family++) {
        bool secret = family == NKS_FAMILY_MASTER || family == NKS_FAMILY_INDEX;
        if (secret && !keys->has_secrets)
            continue;
        const char *end = family == NKS_FAMILY_FILE ? "crt" : family == NKS_FAMILY_SIGN ? "pub" : "key";
        for (int at = 0; at < keys->generations[family]; at++) {
            struct nks_key_facts *row = &facts[count++];
            *row = (struct nks_key_facts){.family = (enum nks_key_family)family,
                                          .generation = at + 1,
                                          .newest = at + 1 == keys->generations[family]};
            if (at == 0)
                snprintf(row->file, sizeof row->file, "%s.%s", nks_key_family_name(row->family), end);
            else
                snprintf(row->file, sizeof row->file, "%s-%04d.%s", nks_key_family_name(row->family), at + 1, end);
            public_facts(keys, at, now, row);
        }
    }
    return count;
}

int64_t nks_keys_file_until(const struct nks_keys *keys, int64_t now)
{
    return seconds(X509_get0_notAfter(keys->file_cert[nks_keys_file_at(keys, now)]));
}

int nks_keys_generation(const struct nks_keys *keys, enum nks_key_family family)
{
    return keys->generations[family];
}
