#ifndef NKS_EXCHANGE_VERIFY_H
#define NKS_EXCHANGE_VERIFY_H
/*
 * What a receiver (a data central, a payer) can prove about a folder of published files with public certificates alone:
 * no home, no database, no keys.
 *
 * One call, nks_verify. For each regular file: its signature NAME.p7s is there, holds, and is by a pinned certificate
 * that was valid when it signed. Only then the file is read: an order by the jailed reader (iso20022/spawn.h), its
 * payments counted and added again. Then the manifests: strict form, one central, their own date, numbers without a
 * gap; every file that the newest of a day names is there with that hash, size, message id, count and sum, and older
 * ones of that day say the same. Orders that no manifest names are told. Each folder below is judged for itself, but
 * an order stands once in all of them.
 *
 * Nothing is followed: symbolic links, pipes and devices are told and not opened. Left out: names that begin with a dot
 * or end in .part or .tmp. Names of files are not signed: a file's place is proved by its manifest alone.
 *
 * What is wrong with a file is no error: NKS_OK, and `found` tells it. Errors: NKS_HELD, VERIFY-MANY (a ceiling);
 * NKS_FAILED: FILE-* (the folder cannot be listed), PATH-LONG, JAIL-NONE, READER-START; NKS_RETRY (memory, process).
 */
#include "base/money.h"
#include "exchange/exchange.h"
#include "vault/cms_verify.h"

/* Names in one folder, twice what a full manifest needs with its signatures; in all; folders in all; folders in
 * folders. */
enum {
    NKS_VERIFY_NAMES_MAX = 100000,
    NKS_VERIFY_ALL_NAMES_MAX = 2000000,
    NKS_VERIFY_FOLDERS_MAX = 1000,
    NKS_VERIFY_DEPTH_MAX = 8
};
/* A signature may be so many seconds ahead of our clock. */
enum { NKS_VERIFY_CLOCK_SKEW = 15 * 60 };

enum nks_verify_kind {
    NKS_VERIFY_UNREAD, /* not looked into: its signature is not good */
    NKS_VERIFY_ORDER,
    NKS_VERIFY_REPORT, /* a receipt or status report: its signature is all there is to prove */
    NKS_VERIFY_RECALL,
    NKS_VERIFY_MANIFEST,
    NKS_VERIFY_KINDS
};
const char *nks_verify_kind_name(enum nks_verify_kind kind); /* "order"; "-" for UNREAD */

enum nks_verify_verdict {
    NKS_VERIFY_GOOD,
    /* something is not there, or cannot be judged: a person looks */
    NKS_VERIFY_UNSIGNED,
    NKS_VERIFY_EXPIRED, /* the certificate was not valid at the signing time, or that is still to come */
    NKS_VERIFY_MISSING, /* a manifest names it, or its signature lies there */
    NKS_VERIFY_UNLISTED,
    NKS_VERIFY_GAP,
    NKS_VERIFY_UNREADABLE,
    NKS_VERIFY_KIND, /* no regular file, or one that cannot be opened */
    NKS_VERIFY_CHANGED,
    /* something is wrong: the file must not be carried out */
    NKS_VERIFY_SIGNATURE,
    NKS_VERIFY_SIGNER,
    NKS_VERIFY_HASH,
    NKS_VERIFY_FACTS,
    NKS_VERIFY_TWICE,
    NKS_VERIFY_MANIFEST_BAD,
    NKS_VERIFY_VERDICTS
};
const char *nks_verify_code(enum nks_verify_verdict verdict); /* "GOOD", "VERIFY-UNSIGNED" … */
bool nks_verify_is_wrong(enum nks_verify_verdict verdict);    /* the second group */

/* Reads "nks-manifest-2026-11-23-0001.tsv"; false for any other name. */
NKS_CHECKED bool nks_verify_manifest_name(const char *name, nks_date *date, int *number);

struct nks_verify_found {
    const char *folder; /* below the one that was given; "" for itself */
    const char *name;   /* as it lies there: any bytes */
    enum nks_verify_kind kind;
    enum nks_verify_verdict verdict;
    const char *words;      /* what is wrong; "" for a good one */
    const uint8_t *hash;    /* NULL: it was not read */
    nks_time signed_at;     /* 0: no good signature, or it gives no time */
    size_t cert;            /* place of the signer's certificate; their count: none */
    const char *message_id; /* of an order; else "" */
    uint64_t payments;      /* of an order or a manifest */
    struct nks_sum sum;
};
struct nks_verify_options {
    const char *reader; /* path of the program nks-reader */
    struct nks_cert *const *certs;
    size_t cert_count;   /* 1 to NKS_CERTS_MAX */
    const char *central; /* whose manifests they must be; NULL: one central per folder */
    nks_time now;
    /* Each file once, folder by folder, when all were read; what is missing, or was not opened, before. */
    enum nks_status (*found)(void *context, const struct nks_verify_found *found, struct nks_fault *fault);
    void (*progress)(void *context, const char *stage, int64_t done, int64_t total); /* may be NULL */
    void *context;
};
struct nks_verify_result {
    int64_t good, open, wrong; /* what was found, by the groups of verdicts */
};

NKS_CHECKED enum nks_status nks_verify(const char *dir, const struct nks_verify_options *options,
                                       struct nks_verify_result *result, struct nks_fault *fault);

#endif
