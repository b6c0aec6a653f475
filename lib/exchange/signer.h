#ifndef NKS_EXCHANGE_SIGNER_H
#define NKS_EXCHANGE_SIGNER_H
/*
 * Signers: the certificates with which a sender or a central may sign its files, pinned by a person who compared the
 * fingerprint. A party may have several at a time, so that one can follow the other without a gap. Versions are only
 * added; a signer ends by a version that is ended. What is stored is encrypted with its row as associated data, and
 * holds the row's keys too.
 *
 * Order of calls: nks_signer_book_load (once per run); nks_signer_add and nks_signer_end inside the caller's
 * transaction, then load again.
 * Errors: NKS_REFUSED SIGNER-EXISTS, SIGNER-TIME, SIGNER-MANY, SIGNER-NONE; NKS_INTEGRITY SIGNER-ROW; those of cert.h.
 *
 * And what the signature beside a delivery was worth (enum nks_cms_verdict), with its bytes.
 */
#include "base/arena.h"
#include "exchange/exchange.h"
#include "vault/cms_verify.h"

enum { NKS_SIGNERS_MAX = 4096, NKS_SIGNERS_OF_PARTY_MAX = 16 };

struct nks_signer {
    int64_t id;     /* of this version */
    int64_t number; /* of the signer, in all versions */
    int64_t version;
    bool ended;
    enum nks_source source;
    char party[NKS_PARTY_MAX];
    nks_time from, to;              /* taken in this time, both ends inclusive; within the certificate's own */
    nks_time not_before, not_after; /* the certificate's own */
    uint8_t fingerprint[NKS_HASH_SIZE];
    struct nks_text der;
};
struct nks_signer_book {
    struct nks_signer **rows;
    size_t count;
}; /* newest versions only, by number; ended ones too */

NKS_CHECKED enum nks_status nks_signer_book_load(struct nks_exchange *exchange, struct nks_arena *arena,
                                                 struct nks_signer_book *book, struct nks_fault *fault);
/* Whether a row of any version is what was stored; NKS_INTEGRITY when not. For the auditor. */
NKS_CHECKED enum nks_status nks_signer_row_check(struct nks_exchange *exchange, int64_t id, int64_t number,
                                                 int64_t version, struct nks_text terms, struct nks_fault *fault);
/* Takes the times of the certificate into `signer` (from and to 0: as long as the certificate itself), refuses one that
 * the party has, one that is over at `now`, and times that do not meet the certificate's. */
NKS_CHECKED enum nks_status nks_signer_check(const struct nks_signer_book *book, const struct nks_cert *cert,
                                             nks_time now, struct nks_signer *signer, struct nks_fault *fault);
/* Inside the caller's transaction; gives id and number. */
NKS_CHECKED enum nks_status nks_signer_add(struct nks_exchange *exchange, struct nks_signer *signer,
                                           struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_signer_end(struct nks_exchange *exchange, const struct nks_signer *signer,
                                           struct nks_fault *fault);
/* The one of that number that has not ended; NULL: none. */
const struct nks_signer *nks_signer_by_number(const struct nks_signer_book *book, int64_t number);
/* Those of a party that have not ended; at most NKS_SIGNERS_OF_PARTY_MAX. */
size_t nks_signers_of(const struct nks_signer_book *book, enum nks_source source, const char *party,
                      const struct nks_signer *out[NKS_SIGNERS_OF_PARTY_MAX]);

struct nks_delivery_signature {
    enum nks_cms_verdict verdict;
    int64_t signer; /* number; 0: none is known */
};
/* `p7s` is kept as it came; empty where it was too large. Inside the transaction that stores the delivery. */
NKS_CHECKED enum nks_status nks_delivery_signature_save(struct nks_exchange *exchange, int64_t delivery_id,
                                                        const struct nks_delivery_signature *signature,
                                                        struct nks_text p7s, struct nks_fault *fault);
/* NONE where there was no signature. */
NKS_CHECKED enum nks_status nks_delivery_signature_load(struct nks_exchange *exchange, int64_t delivery_id,
                                                        struct nks_delivery_signature *signature,
                                                        struct nks_fault *fault);

#endif
