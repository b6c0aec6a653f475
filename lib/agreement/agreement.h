#ifndef NKS_AGREEMENT_AGREEMENT_H
#define NKS_AGREEMENT_AGREEMENT_H
/*
 * Agreements (tilslutningsaftaler): which sender may send for which payer, from which accounts, for which ydelsesarter,
 * and what nks does where the payer has a choice.
 *
 * An import adds versions and never overwrites; a row that is the same as its newest version adds nothing. Rows absent
 * from the file stay, unless `full`: then they get a last version that is ended. All or nothing.
 * Everything but the keys (sender, payer, version) is encrypted, with the row as associated data: that is also its MAC.
 *
 * A book is read once per run and holds every version, because a batch stays with the version it was accepted under.
 * A version takes over on its valid_from: of the versions of one sender and payer the newest that has begun governs,
 * and when that one has expired nothing is in force (an older version never comes back). An ended version ends all
 * before it.
 */
#include "base/arena.h"
#include "base/date.h"
#include "base/money.h"
#include "base/party.h"
#include "db/db.h"
#include "import/import.h"
#include "denmark/account.h"
#include "iso20022/reason.h"
#include "vault/cms_verify.h"
#include "vault/keys.h"

enum {
    NKS_AGREEMENT_ACCOUNTS_MAX = 32,
    NKS_AGREEMENT_YDELSESARTER_MAX = 64,
    NKS_AGREEMENT_CUSTOMER_IDS_MAX = 8,
    NKS_AGREEMENTS_MAX = 20000,
};

enum nks_offset_mode { NKS_OFFSET_NONE, NKS_OFFSET_REDIRECT, NKS_OFFSET_SPLIT };
enum nks_no_account { NKS_NO_ACCOUNT_REJECT, NKS_NO_ACCOUNT_VENTEKONTO, NKS_NO_ACCOUNT_ERROR_ACCOUNT };
enum nks_report_level { NKS_REPORT_ALL, NKS_REPORT_EXCEPTIONS, NKS_REPORT_END };
enum nks_payer_kind { NKS_PAYER_PUBLIC, NKS_PAYER_PRIVATE };

struct nks_agreement {
    int64_t id; /* of this version; what a batch refers to */
    int64_t version;
    bool ended;
    char sender[NKS_PARTY_MAX], payer[NKS_PARTY_MAX];
    char payer_cvr[9];
    struct nks_text payer_name;
    struct nks_text customer_ids[NKS_AGREEMENT_CUSTOMER_IDS_MAX];
    size_t customer_id_count;
    struct nks_account accounts[NKS_AGREEMENT_ACCOUNTS_MAX]; /* debtor accounts */
    size_t account_count;
    struct nks_text ydelsesarter[NKS_AGREEMENT_YDELSESARTER_MAX];
    size_t ydelsesart_count; /* 0 with any_ydelsesart */
    bool any_ydelsesart;
    enum nks_offset_mode offset_mode;
    struct nks_text offset_ydelsesarter[NKS_AGREEMENT_YDELSESARTER_MAX]; /* the positive list */
    size_t offset_ydelsesart_count;
    int days_before; /* bank days before the execution date at which a slice is due; default 1 */
    enum nks_no_account no_account;
    struct nks_account no_account_account; /* of VENTEKONTO and ERROR_ACCOUNT */
    struct nks_text no_account_name;
    enum nks_report_level report_level;
    int report_version; /* 0 same as the pain.001; 3 or 10 */
    enum nks_payer_kind payer_kind;
    bool report_account; /* status reports show the account used; PUBLIC only */
    bool report_debt;    /* they tell what went to a payee's debt */
    enum nks_language reason_language;
    enum nks_signature_rule signature; /* what is asked of the sender's files */
    int64_t max_payment_minor;         /* brakes in øre, 0: none. What is above is not carried out: one payment, */
    int64_t max_batch_minor;       /* and the sum of a message. Other currencies count by their number, as in CtrlSum */
    nks_date valid_from, valid_to; /* inclusive; valid_to NKS_DATE_NONE: open */
};

struct nks_agreement_book {
    struct nks_agreement **rows; /* sorted by sender, payer, version */
    size_t count;
};

/* Reads the CSV (columns in agreement.c) from `fd`. Opens and commits its own transaction. */
NKS_CHECKED enum nks_status nks_agreement_import(struct nks_db *db, struct nks_keys *keys, int fd,
                                                 const struct nks_import_options *options,
                                                 struct nks_import_result *result, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_agreement_book_load(struct nks_db *db, struct nks_keys *keys, struct nks_arena *arena,
                                                    struct nks_agreement_book *book, struct nks_fault *fault);

/* The version in force on `on` of that sender that names the customer id `id`, else the one whose payer's CVR it is (DK
 * in front is tolerated); NULL when there is none, and when two payers of the sender match: then only the debtor
 * account can tell. */
const struct nks_agreement *nks_agreement_find_customer(const struct nks_agreement_book *book, struct nks_text sender,
                                                        struct nks_text id, nks_date on);
/* The same by a debtor account; NULL also when two payers of the sender have it. */
const struct nks_agreement *nks_agreement_find_account(const struct nks_agreement_book *book, struct nks_text sender,
                                                       const struct nks_account *account, nks_date on);
const struct nks_agreement *nks_agreement_by_id(const struct nks_agreement_book *book, int64_t id);
/* Is it the CVR number (DK in front is tolerated) of a payer of the book, and not of this agreement's? */
bool nks_agreement_is_other_payer(const struct nks_agreement_book *book, const struct nks_agreement *agreement,
                                  struct nks_text id);
bool nks_agreement_sender_known(const struct nks_agreement_book *book, struct nks_text sender);
/* The language that all agreements of a sender share on `on`; English when they differ or there is none. */
enum nks_language nks_agreement_sender_language(const struct nks_agreement_book *book, struct nks_text sender,
                                                nks_date on);
/* The strictest rule of all agreements of a sender in force on `on`; NONE when there is none. */
enum nks_signature_rule nks_agreement_sender_signature(const struct nks_agreement_book *book, struct nks_text sender,
                                                       nks_date on);
bool nks_agreement_has_account(const struct nks_agreement *agreement, const struct nks_account *account);
bool nks_agreement_has_ydelsesart(const struct nks_agreement *agreement,
                                  struct nks_text ydelsesart); /* empty: always */
/* True when there is such a brake and the amount is above it. */
bool nks_agreement_payment_above(const struct nks_agreement *agreement, struct nks_sum amount);
bool nks_agreement_batch_above(const struct nks_agreement *agreement, struct nks_sum sum);
bool nks_agreement_offsets(const struct nks_agreement *agreement,
                           struct nks_text ydelsesart); /* on the positive list */

#endif
