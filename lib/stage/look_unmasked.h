#ifndef NKS_STAGE_LOOK_UNMASKED_H
#define NKS_STAGE_LOOK_UNMASKED_H
/*
 * A look at what identifies a payee. Every such look is a link of the batch's chain in the trail, with who and why, and
 * is found again for the person looked at. The link is committed before anything is given: a look that cannot be
 * recorded is not had.
 */
#include "stage/run.h"

enum { NKS_UNMASKED_NAME = 141 };
struct nks_unmasked {
    enum nks_holder_kind kind; /* NONE: no id that nks knows the form of */
    char id[NKS_HOLDER_ID_MAX];
    char name[NKS_UNMASKED_NAME]; /* Cdtr/Nm as the payer wrote it; may be empty */
    struct nks_account account;   /* written by the payer, or found; kind NONE: none that is known */
};
/* Needs a run that may write. `who` is the person that looks (NULL: the command); `reason` is not empty. The caller
 * wipes *out (explicit_bzero) when it was shown. */
NKS_CHECKED enum nks_status nks_look_unmasked(struct nks_run *run, int64_t batch_id, uint64_t seq, const char *who,
                                              const char *reason, struct nks_unmasked *out);

#endif
