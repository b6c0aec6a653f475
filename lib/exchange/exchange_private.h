#ifndef NKS_EXCHANGE_PRIVATE_H
#define NKS_EXCHANGE_PRIVATE_H
#include "exchange/exchange.h"
#include "exchange_sql.h"

struct nks_exchange {
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_cipher *cipher; /* NULL without secret keys: names and findings are then not readable */
};
/* The first column of the only row; 0 when there is none. */
NKS_CHECKED enum nks_status nks_exchange_one(struct nks_stmt *stmt, int64_t *id, struct nks_fault *fault);
#endif
