#ifndef NKS_VENTEKONTO_VENTEKONTO_H
#define NKS_VENTEKONTO_VENTEKONTO_H
/*
 * The ventekonto: money of payees without an account, resting at the state's account until the payee has one
 * (lov om nemkonto, chapter 10). One entry per leg that goes there; its details (payee id, references) are encrypted
 * under a key of their own, because they outlive the batch. Release, letters and run-off come later as rooms of this
 * module; the states stand already: OPEN, RELEASED, MANUAL, RETURNED, ESCHEATED.
 */
#include "base/date.h"
#include "db/db.h"
#include "vault/blind.h"
#include "vault/cipher.h"

struct nks_ventekonto;
NKS_CHECKED enum nks_status nks_ventekonto_open(struct nks_db *db, struct nks_keys *keys, struct nks_ventekonto **out,
                                                struct nks_fault *fault);
void nks_ventekonto_close(struct nks_ventekonto *ventekonto);

enum nks_ventekonto_state { /* stored: append only */
                            NKS_VENTEKONTO_OPEN = 1,
                            NKS_VENTEKONTO_RELEASED = 2,
                            NKS_VENTEKONTO_MANUAL = 3,
                            NKS_VENTEKONTO_RETURNED = 4,
                            NKS_VENTEKONTO_ESCHEATED = 5,
};

struct nks_ventekonto_entry {
    int64_t slice_id;
    int32_t n, generation;
    struct nks_blind holder;
    struct nks_text payer; /* short id */
    int64_t amount_minor;
    struct nks_text currency;
    nks_date date_in;
    struct nks_text holder_kind, holder_id, ydelsesart, end_to_end_id; /* encrypted */
};
/* Inside the caller's transaction. */
NKS_CHECKED enum nks_status nks_ventekonto_add(struct nks_ventekonto *ventekonto,
                                               const struct nks_ventekonto_entry *entry, struct nks_fault *fault);
/* A leg that the bank rejected never came in: the entry goes to RETURNED. Again: nothing. NKS_HELD where there is no
 * such entry or it has gone on (released, escheated). */
NKS_CHECKED enum nks_status nks_ventekonto_return(struct nks_ventekonto *ventekonto, int64_t slice_id, int32_t n,
                                                  int32_t generation, struct nks_fault *fault);
/* Open entries of slices first..last. */
NKS_CHECKED enum nks_status nks_ventekonto_open_count(struct nks_ventekonto *ventekonto, int64_t first, int64_t last,
                                                      int64_t *count, struct nks_fault *fault);
/* The tables of which something is erased; ends with NULL. */
extern const char *const nks_ventekonto_erased[];
/* What says whose entries of slices first..last were goes; amounts and states stay. None of them may be open. */
NKS_CHECKED enum nks_status nks_ventekonto_erase(struct nks_ventekonto *ventekonto, int64_t first, int64_t last,
                                                 struct nks_fault *fault);
/* Count and sum of open entries in DKK, the currency of the state's account. */
NKS_CHECKED enum nks_status nks_ventekonto_balance(struct nks_ventekonto *ventekonto, int64_t *entries,
                                                   int64_t *amount_minor, struct nks_fault *fault);
#endif
