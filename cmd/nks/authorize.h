#ifndef NKS_CMD_AUTHORIZE_H
#define NKS_CMD_AUTHORIZE_H
/*
 * Who may do what changes where money goes. Where the home asks for persons ([persons] required), one person proposes
 * with an id and a key, and another approves (nks approve). Off only in test homes.
 */
#include "nks.h"

struct act_asked {
    const char *act;        /* the command's name */
    const char *arguments;  /* what else says what will be done; "" */
    const char *preview;    /* the difference it makes; "" */
    const uint8_t *content; /* SHA-256 of the file; NULL: none */
    bool small;             /* below the limit: one person is enough */
    int64_t changes;        /* of a small one: so many rows count against the day's limit */
};

/* Whether the home asks for a second person, or somebody gave an id all the same. */
bool app_persons_asked(const struct nks_app *app);
/* True: go on now, and the trail says who did it. False: a proposal was stored (exit 5), or a fault was told. */
NKS_CHECKED bool app_authorize(struct nks_app *app, const struct act_asked *asked, int *exit_code);
/* Rows that small imports of all kinds and persons have changed on this day, as the trail tells. */
NKS_CHECKED enum nks_status app_small_today(struct nks_run *run, int64_t *changes);
/* The person of --person, in force and with that role, who signs `message` with --person-key. */
NKS_CHECKED enum nks_status app_person_sign(struct nks_app *app, int role, const void *message, size_t len,
                                            struct nks_person *person, uint8_t signature[NKS_SIGNATURE_SIZE]);
/* The same person before the message is known. */
NKS_CHECKED enum nks_status app_person(struct nks_app *app, int role, struct nks_person *person);

/* For an act by hand that one person may do alone. Where the home asks for persons, an operator says who it is and
 * shows it by the key, and the links of the act name that person. False: a fault was told. */
NKS_CHECKED bool app_by_person(struct nks_app *app, int *exit_code);

/* What would be done now is what both persons signed; else NKS_REFUSED (DIFFERENCE-CHANGED), and the proposal stays
 * open. */
NKS_CHECKED enum nks_status act_still_signed(const struct nks_proposal *proposal, const char *preview,
                                             struct nks_fault *fault);

/* The decision and its link, inside a transaction of `run`: for an act whose first link is not in the app's run. */
NKS_CHECKED enum nks_status act_decided(struct nks_run *run, const struct nks_proposal *proposal,
                                        struct nks_fault *fault);

/* import.c: the approved import of a file; it is done only when it has that hash. */
int import_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* replay.c */
int replay_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* erase.c */
int erase_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* backup.c */
int reconcile_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* migrate.c */
int migrate_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* keys_signer.c */
int signer_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);
/* keys_person.c */
int person_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path);

#endif
