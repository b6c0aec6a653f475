#ifndef NKS_STAGE_CHECK_H
#define NKS_STAGE_CHECK_H
/*
 * Would nks accept this file? The very same reader and rules as ingest, storing nothing and needing no home. What only
 * an agreement, a central or the register can tell (who may send, debtor account, ydelsesart, whether the payee has an
 * account, references of earlier files, cut-offs and brakes) is taken as fulfilled.
 *
 * One call per file. Everything that is wrong is given to the callback in the order of the file; no text of the file is
 * in it, except element names.
 */
#include "base/date.h"
#include "base/money.h"
#include "iso20022/frame.h"
#include "iso20022/reason.h"

struct nks_check_finding {
    enum nks_reason reason;
    bool payment; /* only this payment would be rejected, else the file refused */
    bool note;    /* nothing is rejected: something will be changed (a day that is no bank day) */
    uint32_t line, group;
    uint64_t seq; /* 0: none */
    struct nks_text words;
};
struct nks_check_options {
    const char *reader; /* path of the program nks-reader */
    nks_date today;
    /* A status other than NKS_OK ends the check and is returned. */
    enum nks_status (*finding)(void *context, const struct nks_check_finding *finding, struct nks_fault *fault);
    void (*progress)(void *context, int64_t done, int64_t total); /* may be NULL */
    void *context;
};
struct nks_check_result {
    enum nks_pain001_version version;
    enum nks_encoding encoding;
    int64_t groups, payments, rejected;
    struct nks_sum sum;
    bool refused;
    bool references_unchecked; /* more payments than the check for doubled EndToEndIds remembers */
};

/* `fd` is read from where it stands to its end; `bytes` is its size, 0 when unknown. Errors: those of reading, of the
 * reader (iso20022/spawn.h), and NKS_FAILED, JAIL-NONE. A bad file is NKS_OK: the result and the findings say so. */
NKS_CHECKED enum nks_status nks_check_file(const struct nks_check_options *options, int fd, int64_t bytes,
                                           struct nks_check_result *result, struct nks_fault *fault);

#endif
