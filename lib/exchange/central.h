#ifndef NKS_EXCHANGE_CENTRAL_H
#define NKS_EXCHANGE_CENTRAL_H
/*
 * Bank data centrals: which version of the order file they read, how much fits into one file, when they close, and
 * which registration numbers are theirs. Chosen by the DEBTOR account's registration number. Versions as for
 * agreements.
 */
#include "base/arena.h"
#include "base/party.h"
#include "db/db.h"
#include "db/import.h"
#include "iso20022/frame.h"
#include "vault/keys.h"

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
const struct nks_central *nks_central_for_regnr(const struct nks_central_book *book,
                                                int regnr); /* NULL: none; not ended */
const struct nks_central *nks_central_by_number(const struct nks_central_book *book, int64_t number);
const struct nks_central *nks_central_by_name(const struct nks_central_book *book, struct nks_text name);

#endif
