#ifndef NKS_EXCHANGE_CENTRAL_PRIVATE_H
#define NKS_EXCHANGE_CENTRAL_PRIVATE_H
/* Between the book of centrals and its import. */
#include "exchange/central.h"
#include "vault/cipher.h"

enum { NKS_CENTRAL_TERMS_MAX = 4096 };
/* The terms as they are stored; at most NKS_CENTRAL_TERMS_MAX bytes. */
void nks_central_pack(struct nks_buf *buf, const struct nks_central *c);
/* All rows into an empty book. */
NKS_CHECKED enum nks_status nks_central_book_rows(struct nks_db *db, struct nks_cipher *cipher, struct nks_arena *arena,
                                                  struct nks_central_book *book, struct nks_fault *fault);
#endif
