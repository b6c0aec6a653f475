#ifndef NKS_REGISTER_REGISTER_PRIVATE_H
#define NKS_REGISTER_REGISTER_PRIVATE_H
/*
 * What register.c (look-up) and register_import.c share: how a row and its encrypted part belong together. Nobody
 * outside lib/register includes this file.
 */
#include "base/pack.h"
#include "register/register.h"
#include "register/register_row.h"
#include "vault/cipher.h"

struct nks_register_work;
struct nks_register {
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_cipher *cipher;
    struct nks_register_work *work; /* of nks_register_find_many; made at its first call */
};

enum nks_register_slot {                    /* stored: append only */
                         NKS_SLOT_LINK = 0, /* in the staging table only */
                         NKS_SLOT_NEMKONTO = 1,
                         NKS_SLOT_SPECIFIC = 2,
};

enum { NKS_REGISTER_BLOB_MAX = 192 }; /* the encrypted part of an account or link: 137 bytes at most */

/* A row of an empty version: it is never valid. */
enum { NKS_REGISTER_NEVER_FROM = 1, NKS_REGISTER_NEVER_TO = 0 };

bool nks_register_valid_on(nks_date valid_from, nks_date valid_to, nks_date on);

/* `out` has room for NKS_REGISTER_BLOB_MAX bytes. */
NKS_CHECKED enum nks_status nks_register_row_encrypt(struct nks_register *reg, const struct nks_register_row *row,
                                                     const struct nks_account *account, uint8_t *out, size_t *len,
                                                     struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_register_link_encrypt(struct nks_register *reg, const struct nks_register_link *link,
                                                      uint8_t *out, size_t *len, struct nks_fault *fault);
/* The account's kind, id and BIC, packed. */
void nks_register_pack_account(struct nks_buf *buf, const struct nks_account *account);
NKS_CHECKED bool nks_register_unpack_account(struct nks_unpack *unpack, struct nks_account *account);

#endif
