#ifndef NKS_REGISTER_REGISTER_H
#define NKS_REGISTER_REGISTER_H
/*
 * The register (NKR): holders, the links of SE and P-numbers to their CVR, and accounts with validity.
 *
 * A slot is (holder, NEMKONTO) or (holder, SPECIFIC, authority, ydelsesart). An import gives the whole set of accounts
 * of each slot it names, as a new version; the newest version of a slot counts, and in it the accounts valid on the
 * asked day. Rows are never changed. `full`: slots that the file does not name get an empty version, links one without
 * a CVR. Not detectable by a row's own MAC: a newest row that was deleted altogether; that is the auditor's work.
 * Holder ids are blind keys with a check column (vault/blind.h); accounts are encrypted with the row as associated
 * data, and the packed plain text repeats the clear columns, which are compared.
 *
 * Order of look-up (law on nemkonto; DOMAIN 2.3): specific account of authority x ydelsesart, NemKonto of the same
 * holder, for SE and P the same two of the CVR they belong to, else none.
 */
#include "base/date.h"
#include "db/db.h"
#include "import/import.h"
#include "denmark/account.h"
#include "denmark/holder.h"
#include "vault/blind.h"

struct nks_register;

NKS_CHECKED enum nks_status nks_register_open(struct nks_db *db, struct nks_keys *keys, struct nks_register **out,
                                              struct nks_fault *fault);
void nks_register_close(struct nks_register *reg);

/* CSV: record,holder_kind,holder_id,parent_cvr,account_kind,authority,ydelsesart,account,bic,valid_from,valid_to.
 * Records: ACCOUNT (parent_cvr empty; authority, a CVR number, and ydelsesart for SPECIFIC only) and HOLDER (a known
 * holder, for SE and PNR with the CVR it belongs to; nothing else). An empty validity has no limit. At most 64 rows per
 * slot. */
NKS_CHECKED enum nks_status nks_register_import(struct nks_register *reg, int fd,
                                                const struct nks_import_options *options,
                                                struct nks_import_result *result, struct nks_fault *fault);
/* Number of the newest import; 0: none. */
NKS_CHECKED enum nks_status nks_register_version(struct nks_register *reg, int64_t *version, struct nks_fault *fault);

/* The blind key of a holder, of a specific-account slot. */
NKS_CHECKED enum nks_status nks_register_holder_key(struct nks_register *reg, enum nks_holder_kind kind,
                                                    const char *canonical_id, struct nks_blind *out,
                                                    struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_register_slot_key(struct nks_register *reg, struct nks_text authority_cvr,
                                                  struct nks_text ydelsesart, int64_t *out, struct nks_fault *fault);

enum nks_register_found { /* stored in decisions: append only */
                          NKS_FOUND_NONE = 0,
                          NKS_FOUND_SPECIFIC = 1,
                          NKS_FOUND_NEMKONTO = 2,
                          NKS_FOUND_FALLBACK_SPECIFIC = 3, /* of the CVR behind an SE or P-number */
                          NKS_FOUND_FALLBACK_NEMKONTO = 4,
};

struct nks_register_query {
    struct nks_blind holder;
    bool has_alternative;         /* TXID: `holder` is the CVR reading, `alternative` the SE reading, used when */
    struct nks_blind alternative; /* the register knows no such CVR */
    int64_t slot_key;             /* 0: no ydelsesart, only NemKonto */
    nks_date on;                  /* the execution date */
};
struct nks_register_answer {
    enum nks_register_found found;
    bool used_alternative;
    bool known; /* the register knows the holder, whatever its accounts */
    struct nks_account account;
    int64_t version; /* of the import that gave the account */
    nks_date valid_from, valid_to;
};
/* Answers `count` (at most 10,000) queries at once: a handful of statements per call, not per payment. Memory of the
 * working arrays belongs to `reg` and is reused. */
NKS_CHECKED enum nks_status nks_register_find_many(struct nks_register *reg, const struct nks_register_query *queries,
                                                   size_t count, struct nks_register_answer *answers,
                                                   struct nks_fault *fault);
#endif
