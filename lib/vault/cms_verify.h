#ifndef NKS_VAULT_CMS_VERIFY_H
#define NKS_VAULT_CMS_VERIFY_H
/*
 * Verifies the detached signature of another's file (CMS, RFC 5652, DER), while the file streams by.
 * Order of calls: nks_cms_open, nks_cms_add for all bytes of the file, nks_cms_judge, nks_cms_free.
 *
 * Taken is one narrow form, all else is refused: SignedData over `data`, detached, exactly one signer, signed
 * attributes with contentType and messageDigest once each, no unsigned attributes, no CRLs, strict DER without a byte
 * before or after. The signer is one of the *pinned* certificates that the caller gives; certificates that come along
 * are left unread. Algorithms are the table in cms_verify.c.
 */
#include "vault/cert.h"

enum { NKS_P7S_MAX = 64 * 1024 };

enum nks_cms_verdict {                    /* stored: append only */
                       NKS_CMS_NONE,      /* there was no signature */
                       NKS_CMS_GOOD,      /* by that certificate, over these bytes, in its time */
                       NKS_CMS_FORM,      /* not the form above, or not DER, or larger than NKS_P7S_MAX */
                       NKS_CMS_ALGORITHM, /* one that is not on the list, or that does not go with the key */
                       NKS_CMS_CONTENT,   /* over other bytes than the file's */
                       NKS_CMS_SIGNER,    /* by none of the pinned certificates */
                       NKS_CMS_SIGNATURE, /* does not hold */
                       NKS_CMS_TIME,      /* the certificate is not valid yet, or not any more */
                       NKS_CMS_IGNORED,   /* was there, and the agreement asks for none */
                       NKS_CMS_VERDICTS
};
const char *nks_cms_verdict_name(int verdict);  /* "GOOD"; "?" for an unknown number */
const char *nks_cms_verdict_words(int verdict); /* one line for people */

/* What is asked of a file: stored, append only, and the greater is the stricter. */
enum nks_signature_rule {
    NKS_SIGNATURE_NONE,     /* a signature is kept, not judged */
    NKS_SIGNATURE_OPTIONAL, /* none is fine, a bad one is not */
    NKS_SIGNATURE_REQUIRED,
};

struct nks_pin { /* a pinned certificate and the time in which it is taken, both ends inclusive */
    const struct nks_cert *cert;
    nks_time from, to;
};

struct nks_cms;
/* What is wrong with the form or the algorithms shows at nks_cms_judge; a fault here is NKS_RETRY (MEMORY). The bytes
 * of `p7s` must stay until nks_cms_free. */
NKS_CHECKED enum nks_status nks_cms_open(const void *p7s, size_t len, struct nks_cms **out, struct nks_fault *fault);
void nks_cms_add(struct nks_cms *cms, const void *data, size_t len);
/* When the signer says it signed; may be asked before the verdict, and is its word only once that is GOOD or TIME.
 * False: there is no such attribute, more than one, or it is not in DER's form. */
NKS_CHECKED bool nks_cms_signing_time(const struct nks_cms *cms, nks_time *out);
/* *which is the place of the signer's pin where the verdict is GOOD, CONTENT, SIGNATURE or TIME; else `count`. */
enum nks_cms_verdict nks_cms_judge(struct nks_cms *cms, const struct nks_pin *pins, size_t count, nks_time when,
                                   size_t *which);
void nks_cms_free(struct nks_cms *cms); /* NULL is fine */

#endif
