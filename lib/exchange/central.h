#ifndef NKS_EXCHANGE_CENTRAL_H
#define NKS_EXCHANGE_CENTRAL_H
/*
 * Bank data centrals: which version of the order file they read, how much fits into one file, when they close, and
 * which registration numbers are theirs. Chosen by the DEBTOR account's registration number. Versions as for
 * agreements.
 */
#include "base/arena.h"
#include "base/date.h"
#include "base/party.h"
#include "db/db.h"
#include "import/import.h"
#include "iso20022/frame.h"
#include "vault/cms_verify.h"
#include "vault/keys.h"

/* How a booking (camt.054) is matched to a leg, when it is no total. */
enum nks_match {
    NKS_MATCH_LEG = 1,       /* InstrId or TxId is our leg id */
    NKS_MATCH_REFERENCE = 2, /* EndToEndId as the payer wrote it, and the amount: exactly one leg */
    NKS_MATCH_DATE = 3,      /* the amount, and the booking or value date is the execution date: exactly one leg */
    NKS_MATCHES = 3
};
/* How a central answers. */
enum nks_answers { NKS_ANSWERS_PAIN002 = 1, NKS_ANSWERS_CAMT054 = 2 };
/* By when an order file should be answered. */
enum nks_answer_by {
    NKS_ANSWER_BY_CUT_OFF = 0, /* the next bank day's cut-off */
    NKS_ANSWER_BY_TIME = 1,    /* a time of the next bank day */
    NKS_ANSWER_BY_HOURS = 2,   /* hours after the file was made */
};

enum { NKS_CENTRAL_RANGES_MAX = 64, NKS_CENTRALS_MAX = 256 };

struct nks_central {
    int64_t id;     /* of this version */
    int64_t number; /* of the central, the same in all versions: what a leg refers to */
    int64_t version;
    bool ended;
    char name[NKS_PARTY_MAX]; /* the short id, also the folder: "central" in the CSV */
    struct nks_text title;    /* "name" in the CSV */
    enum nks_pain001_version order_version;
    int64_t max_payments, max_bytes; /* of one order file */
    int cut_off;                     /* minute of Copenhagen's day */
    struct {
        int from, to;
    } ranges[NKS_CENTRAL_RANGES_MAX];
    size_t range_count;
    /* What is known of its answers; optional columns (central.c). */
    enum nks_match match[NKS_MATCHES]; /* in this order */
    size_t match_count;
    bool totals;        /* books totals that name no message: a whole order file by count and sum */
    bool silent_reject; /* says nothing when a user at the bank rejects a file */
    unsigned answers;   /* enum nks_answers, or-ed */
    enum nks_answer_by answer_by;
    int answer_value;                  /* minute of Copenhagen's day, or hours */
    enum nks_signature_rule signature; /* what is asked of its answers */
};
struct nks_central_book {
    struct nks_central **rows;
    size_t count;
}; /* newest versions only, by number */

NKS_CHECKED enum nks_status nks_central_import(struct nks_db *db, struct nks_keys *keys, int fd,
                                               const struct nks_import_options *options,
                                               struct nks_import_result *result, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_central_book_load(struct nks_db *db, struct nks_keys *keys, struct nks_arena *arena,
                                                  struct nks_central_book *book, struct nks_fault *fault);
bool nks_central_matches(const struct nks_central *central, enum nks_match match);
/* By when a file made at `created` should be answered. `base`: its business date; where a central answers with bookings
 * alone, the execution date if that is later. */
nks_time nks_central_answer_by(const struct nks_central *central, nks_time created, nks_date base);
const struct nks_central *nks_central_for_regnr(const struct nks_central_book *book,
                                                int regnr); /* NULL: none; not ended */
const struct nks_central *nks_central_by_number(const struct nks_central_book *book, int64_t number);
const struct nks_central *nks_central_by_name(const struct nks_central_book *book, struct nks_text name);

#endif
