#ifndef NKS_DEBT_DEBT_H
#define NKS_DEBT_DEBT_H
/*
 * Public debt: who takes a part of a payment before the payee gets it (gaeldsmodregning).
 *
 * REDIRECT (lov om nemkonto § 16(1)): the restanceinddrivelsesmyndighed has flagged the holder; the whole payment goes
 * to it. SPLIT: a holder's claims are covered in the order of the date received (GIL § 4(2), FIFO; ties by claim id),
 * the rest goes to the payee. No minimum, no cap (GIL § 9 a(1)).
 *
 * Claims are never reduced in place. A use of a claim is a row (claim_use) with the payment's id and generation; what
 * is left of a claim is its open amount as imported, less its active uses later than the import's as-of instant. A use
 * is given back when its leg is stopped, rejected or returned. Which payments may be touched (incomplete, DKK,
 * ydelsesart on the positive list) is decided by the stage; this module knows debts only.
 */
#include "base/date.h"
#include "base/party.h"
#include "db/db.h"
#include "import/import.h"
#include "denmark/account.h"
#include "denmark/holder.h"
#include "vault/blind.h"

enum { NKS_DEBT_CLAIMS_PER_HOLDER_MAX = 256, NKS_DEBT_LEGS_MAX = 32, NKS_DEBT_AUTHORITIES_MAX = 256 };

struct nks_debt;
NKS_CHECKED enum nks_status nks_debt_open(struct nks_db *db, struct nks_keys *keys, struct nks_debt **out,
                                          struct nks_fault *fault); /* loads the authorities */
void nks_debt_close(struct nks_debt *debt);

/* CSV:
 * record,id,holder_kind,holder_id,payer,ydelsesart,kind,priority,creditor,name,cvr,account,category,received,amount,
 * as_of,valid_from,valid_to (records AUTHORITY, FLAG, CLAIM; which needs what: debt_import.c). `full` ends flags and
 * claims that are absent; authorities stay. An AUTHORITY stands above the rows that name it. A day as as_of is its
 * beginning. A claim whose as_of is later than now is refused, and one whose as_of is older than the stored one: the
 * file is stale. (A stored one that is later than now is wrong itself, and may be replaced.) */
NKS_CHECKED enum nks_status nks_debt_import(struct nks_debt *debt, int fd, const struct nks_import_options *options,
                                            struct nks_import_result *result, struct nks_fault *fault);

struct nks_debt_authority {
    char id[NKS_PARTY_MAX];
    char cvr[9];
    char name[141];
    struct nks_account account;
};
const struct nks_debt_authority *nks_debt_authority_find(const struct nks_debt *debt, struct nks_text id);

/* One holder's payment that may be touched. */
struct nks_debt_query {
    struct nks_blind holder;
    struct nks_text payer;      /* short id */
    struct nks_text ydelsesart; /* may be empty */
    nks_date on;                /* the execution date */
    int64_t amount_minor;       /* DKK, > 0 */
    bool split;                 /* SPLIT, else REDIRECT */
    bool whole_only;            /* SPLIT: the claims take all of it or nothing; there is nobody to pay a rest to */
};

struct nks_debt_part {
    int64_t amount_minor;
    int64_t claim_key; /* blind key of the claim's id; 0 for a redirect */
    int64_t version;   /* of the import that gave flag or claim */
    const struct nks_debt_authority *authority;
    char reference[36]; /* claim or flag id as imported */
};
struct nks_debt_answer {
    size_t count; /* parts in `parts`, in the order of the law; 0: no debt */
    struct nks_debt_part *parts;
};

/*
 * Decides for `count` (at most 10,000) payments in their order (batch, slice, seq); a later query of the same holder
 * sees what an earlier one took. Reads only. Parts stay valid until the next call. At most NKS_DEBT_LEGS_MAX parts per
 * payment; further claims wait for the next payment. `now` is when the uses will be: NKS_HELD (DEBT-AHEAD) when a claim
 * would be covered whose as-of instant is not before it, because such a use is never taken off.
 */
NKS_CHECKED enum nks_status nks_debt_find_many(struct nks_debt *debt, const struct nks_debt_query *queries,
                                               size_t count, nks_time now, struct nks_debt_answer *answers,
                                               struct nks_fault *fault);

/*
 * False: the holder surely has no debt, no query is needed. A filter over all holder keys (8 Mbit, built at the first
 * call): with 300,000 debts about 1 in 100,000 others passes it. Most payees have no debt, and a look-up of nothing
 * costs as much as one of something.
 */
NKS_CHECKED enum nks_status nks_debt_maybe(struct nks_debt *debt, int64_t holder_key, bool *maybe,
                                           struct nks_fault *fault);

/* Rows of claim_use, inside the caller's transaction. */
struct nks_debt_use {
    int64_t holder_key, claim_key;
    int64_t slice_id;
    int32_t n, generation, leg_no;
    int64_t amount_minor;
};
/* The same use twice is NKS_FAILED. To give back a second time changes nothing; what was never used is NKS_INTEGRITY.
 */
NKS_CHECKED enum nks_status nks_debt_use_add(struct nks_debt *debt, const struct nks_debt_use *use, nks_time now,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_debt_use_give_back(struct nks_debt *debt, const struct nks_debt_use *use, nks_time now,
                                                   struct nks_fault *fault);

/* The pure decision: covers `claims` (sorted here) by at most `amount_minor`; fills `taken[i]` for claims[i] after
 * sorting. Returns the amount left for the payee. */
struct nks_debt_claim {
    int64_t claim_key;
    nks_date received;
    char reference[36];
    int64_t left_minor; /* open amount less active uses; may be <= 0 */
    int64_t version;
    const struct nks_debt_authority *authority;
};
int64_t nks_debt_cover(struct nks_debt_claim *claims, size_t count, int64_t amount_minor, int64_t *taken);

#endif
