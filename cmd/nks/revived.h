#ifndef NKS_CMD_REVIVED_H
#define NKS_CMD_REVIVED_H
/*
 * Who and what is in force again because a backup was put back: persons and certificates that ended after it. The home
 * that was there knows them; it lies in HOME.before-TIME.
 *
 * Order of calls: revived_take or revived_before, then revived_present.
 */
#include "nks.h"

enum { REVIVED_MAX = 256 };
struct revived {
    size_t count;
    bool more; /* than fit */
    struct {
        bool signer; /* else a person */
        int64_t number;
        char name[NKS_PARTY_MAX]; /* the person's id, or the party of a certificate */
    } list[REVIVED_MAX];
};

/* In force in `run`, and ended in `old`. Adds to what is there already. */
NKS_CHECKED enum nks_status revived_take(struct nks_run *run, struct nks_run *old, struct revived *revived);
/* The same against the homes in HOME.before-*, the newest ones; those that cannot be opened are told. */
NKS_CHECKED enum nks_status revived_before(struct nks_app *app, struct revived *revived);
/* Nothing where there are none. */
void revived_present(struct nks_app *app, const struct revived *revived);

#endif
