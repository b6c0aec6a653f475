#ifndef NKS_PAYMENT_STORE_H
#define NKS_PAYMENT_STORE_H
/* Private to the module: its connection. */
#include "payment/payment.h"
#include "payment_sql.h"

struct nks_payments {
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_cipher *decision;
    struct nks_blob *blob;
    struct nks_hash *hash;
    char *scratch; /* decisions before they are packed */
    size_t scratch_cap;
    struct nks_group group; /* the last one loaded */
};

int64_t nks_slice_first_id(int64_t batch_id); /* of a batch, and the last one */
int64_t nks_slice_last_id(int64_t batch_id);
/* Adds up to 16 integers, as pack.h writes them: what is signed is always hashed this way. */
void nks_hash_ints(struct nks_hash *hash, const int64_t *values, size_t count);
NKS_CHECKED enum nks_status nks_payments_scratch(struct nks_payments *payments, size_t need, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_decisions_save(struct nks_payments *payments, const struct nks_slice *slice,
                                               uint8_t stored_hash[NKS_HASH_SIZE], struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_decisions_load(struct nks_payments *payments, struct nks_slice *slice,
                                               struct nks_fault *fault);
#endif
