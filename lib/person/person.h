#ifndef NKS_PERSON_PERSON_H
#define NKS_PERSON_PERSON_H
/*
 * Operators, and what they propose. A person has a short id, roles and a signing key. What changes where money goes is
 * proposed by one person and approved by another: two ids, two keys. Both sign the same text, which says what will be
 * done and holds the SHA-256 of the content (an import's file), so that nothing else can be done in their names.
 *
 * Order of calls: open; nks_person_find; nks_proposal_add; later nks_proposal_load, nks_proposal_decide; close. Inside
 * the caller's transaction. Persons and proposals are never deleted; a person ends.
 *
 * Rows repeat their clear columns inside an encrypted record; NKS_INTEGRITY PERSON-ROW when they differ.
 */
#include "base/date.h"
#include "base/party.h"
#include "db/db.h"
#include "vault/cipher.h"
#include "vault/person_key.h"

enum nks_role {                        /* stored as bits: append only */
                NKS_ROLE_OPERATOR = 1, /* proposes */
                NKS_ROLE_APPROVER = 2, /* is the second person */
                NKS_ROLE_LOOKER = 4,   /* may look at unmasked data */
                NKS_ROLE_ALL = 7
};
/* "operator,approver" into bits; false for an unknown word or none. */
NKS_CHECKED bool nks_roles_read(struct nks_text text, int *roles);
enum { NKS_ROLES_TEXT = 40 };
void nks_roles_format(int roles, char out[NKS_ROLES_TEXT]);

struct nks_person {
    int64_t id;
    char name[NKS_PARTY_MAX]; /* a short id, not the person's name */
    int roles;
    nks_time since, ended; /* ended 0: in force */
    uint8_t key[NKS_PERSON_KEY_SIZE];
};

struct nks_persons;
NKS_CHECKED enum nks_status nks_persons_open(struct nks_db *db, struct nks_keys *keys, struct nks_persons **out,
                                             struct nks_fault *fault);
void nks_persons_close(struct nks_persons *persons);

/* Whether that name and key may be given: a name that a person in force has, or a key that anybody ever had, is
 * NKS_REFUSED (PERSON-EXISTS). What somebody signed who has ended must never be another's. */
NKS_CHECKED enum nks_status nks_person_is_new(struct nks_persons *persons, const struct nks_person *wanted,
                                              struct nks_fault *fault);
/* The same, and stores it; gives the id. */
NKS_CHECKED enum nks_status nks_person_add(struct nks_persons *persons, struct nks_person *person,
                                           struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_person_end(struct nks_persons *persons, const struct nks_person *person, nks_time now,
                                           struct nks_fault *fault);
/* The person of that name in force; *found. */
NKS_CHECKED enum nks_status nks_person_find(struct nks_persons *persons, const char *name, struct nks_person *person,
                                            bool *found, struct nks_fault *fault);
/* In the order in which they were added, ended ones too. */
NKS_CHECKED enum nks_status nks_person_next(struct nks_persons *persons, int64_t after, struct nks_person *person,
                                            bool *found, struct nks_fault *fault);
/* How many were ever added. */
NKS_CHECKED enum nks_status nks_person_count(struct nks_persons *persons, int64_t *count, struct nks_fault *fault);

/* Persons in force that have each role. */
struct nks_persons_count {
    int64_t operators, approvers;
};
NKS_CHECKED enum nks_status nks_persons_in_force(struct nks_persons *persons, struct nks_persons_count *count,
                                                 struct nks_fault *fault);
/* Whether a home can go on without `person` (pure): two approvers stay, so that each one's proposal finds another, and
 * somebody who may propose. `now` is with that person. */
bool nks_person_spare(const struct nks_persons_count *now, const struct nks_person *person);

/* Whether the first two persons of a home can begin (pure): somebody proposes, and what either of them proposes the
 * other one may approve. `second` 0: there is none yet, and one of those roles is enough. */
bool nks_founders_good(int first, int second);

/* ---- proposals */

enum nks_proposal_state { NKS_PROPOSAL_OPEN = 1, NKS_PROPOSAL_APPROVED = 2, NKS_PROPOSAL_DECLINED = 3 };
const char *nks_proposal_state_name(int state);

enum { NKS_PROPOSAL_ACT = 48, NKS_PROPOSAL_ARGUMENTS = 256, NKS_PROPOSAL_REASON = 256, NKS_PROPOSAL_PREVIEW = 256 };
struct nks_proposal {
    int64_t id;
    enum nks_proposal_state state;
    nks_time made, decided;
    char act[NKS_PROPOSAL_ACT];             /* the command, such as "register import" */
    char arguments[NKS_PROPOSAL_ARGUMENTS]; /* what else says what will be done; no personal data */
    char reason[NKS_PROPOSAL_REASON], preview[NKS_PROPOSAL_PREVIEW];
    uint8_t content[NKS_HASH_SIZE]; /* SHA-256 of the file; zeros without one */
    char proposer[NKS_PARTY_MAX], approver[NKS_PARTY_MAX];
    uint8_t proposed[NKS_SIGNATURE_SIZE], approved[NKS_SIGNATURE_SIZE];
};
/* SHA-256 of what is done: the act, its arguments and its content (NULL or zeros: no file). The same in the links of
 * the proposal, of the decision and of the act. */
void nks_act_about(const char *act, const char *arguments, const uint8_t *content, uint8_t out[NKS_HASH_SIZE]);
/* What the first person signs: all that says what will be done, and the difference that was shown. */
enum { NKS_PROPOSAL_TEXT = 1536 };
NKS_CHECKED bool nks_proposal_text(const struct nks_proposal *proposal, char out[NKS_PROPOSAL_TEXT], size_t *len);
/* What the second person signs: the same, and the decision (state), its instant and the approver. */
NKS_CHECKED bool nks_proposal_decision_text(const struct nks_proposal *proposal, char out[NKS_PROPOSAL_TEXT],
                                            size_t *len);
/* Gives the id. */
NKS_CHECKED enum nks_status nks_proposal_add(struct nks_persons *persons, struct nks_proposal *proposal,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_proposal_load(struct nks_persons *persons, int64_t id, struct nks_proposal *proposal,
                                              bool *found, struct nks_fault *fault);
/* The next one after `after`; *found. */
NKS_CHECKED enum nks_status nks_proposal_next(struct nks_persons *persons, int64_t after, struct nks_proposal *proposal,
                                              bool *found, struct nks_fault *fault);
/* Stores state, decided, approver and approved of an OPEN one; one that is decided already is NKS_REFUSED
 * (PROPOSAL-STATE). */
NKS_CHECKED enum nks_status nks_proposal_decide(struct nks_persons *persons, const struct nks_proposal *proposal,
                                                struct nks_fault *fault);

/* ---- the rule (pure) */

enum nks_second { NKS_SECOND_GOOD, NKS_SECOND_ROLE, NKS_SECOND_SAME, NKS_SECOND_STATE };
/* Whether `second` may decide what `first` proposed: another id and another key, with the role, while it is open. */
enum nks_second nks_second_person(const struct nks_proposal *proposal, const struct nks_person *first,
                                  const struct nks_person *second);
#endif
