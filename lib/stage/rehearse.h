#ifndef NKS_STAGE_REHEARSE_H
#define NKS_STAGE_REHEARSE_H
/*
 * What would the night answer? Files go through the very stages of a run (receive, ingest, emit) in a home that was
 * made for it and is thrown away, so the answers are those of the night by construction: same bytes of the same file
 * name, sender, agreement and instant give the same bytes of the same name.
 *
 * What the home does not have is taken as it is there: no earlier files (except those given before in this rehearsal),
 * the name in `InitgPty/Nm` that nks.conf has by default, and, unless `centrals` is given, a data central for every
 * debtor account. Nothing is routed, so what is told after routing is not foreseen.
 *
 * Order of calls: open { file }* close. The directory is the caller's to make (empty, mode 0700, on whatever disk) and
 * to remove afterwards, also after a failed open: it holds keys and encrypted payments.
 */
#include "base/file.h"
#include "base/party.h"
#include "stage/check.h"

struct nks_rehearsal;
struct nks_rehearsal_options {
    const char *dir;
    const char *reader; /* path of the program nks-reader */
    const char *sender; /* who drops the files; NULL: the only sender that the agreements name */
    nks_time now;
    int agreements; /* CSV as for `nks agreement import`, read to its end */
    int centrals;   /* CSV as for `nks central import`; -1: every account has a central */
    void (*progress)(void *context, const char *stage, int64_t done, int64_t total); /* may be NULL */
    void *progress_context;
};
struct nks_rehearsal_answer {
    bool payer; /* the payer's report after checking, else the receipt to the sender */
    const char *party, *name;
    int64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
    const char *path; /* where the bytes lie, until close */
};
struct nks_rehearsal_calls {
    /* A status other than NKS_OK ends the rehearsal of the file and is returned. */
    enum nks_status (*finding)(void *context, const struct nks_check_finding *finding, struct nks_fault *fault);
    enum nks_status (*answer)(void *context, const struct nks_rehearsal_answer *answer, struct nks_fault *fault);
    void *context;
};

/* NKS_REFUSED: a CSV is not good, or names several senders and none was chosen (CHECK-SENDER). */
NKS_CHECKED enum nks_status nks_rehearsal_open(const struct nks_rehearsal_options *options, struct nks_rehearsal **out,
                                               struct nks_fault *fault);
/* Drops what `fd` gives under `name` (a base name) and tells what came of it: findings first, then answers.
 * Findings are those of nks_check_file, as far as both can know them: the places of a refused file, each with its own
 * code; or the notes and rejected payments of an accepted one, in the order of the file. It is read a second time for
 * their lines, when there are any. Of a refused file no note is told: nothing of it is carried out on any day.
 * NKS_REFUSED (CHECK-NAME): a file of that name is not taken from a drop folder. */
NKS_CHECKED enum nks_status nks_rehearsal_file(struct nks_rehearsal *rehearsal, int fd, const char *name,
                                               const struct nks_rehearsal_calls *calls, struct nks_check_result *result,
                                               struct nks_fault *fault);
void nks_rehearsal_close(struct nks_rehearsal *rehearsal);

#endif
