#ifndef NKS_REGISTER_REGISTER_ROW_H
#define NKS_REGISTER_REGISTER_ROW_H
/*
 * Rows of the register as they are stored, for who reads them one by one: the look-up and the auditor. The encrypted
 * part of a row belongs to its place and repeats the clear columns.
 */
#include "register/register.h"

/* The clear columns of one row of `account`. */
struct nks_register_row {
    int64_t holder_key, no, holder_check, version, kind, slot_key;
    nks_date valid_from, valid_to;
};
/* The clear columns of one row of `holder`; parent 0, 0: none. */
struct nks_register_link {
    struct nks_blind holder, parent;
    int64_t version, kind;
};

/* NKS_INTEGRITY when the bytes are not this row's, or one clear column is not what was stored. */
NKS_CHECKED enum nks_status nks_register_row_decrypt(struct nks_register *reg, const struct nks_register_row *row,
                                                     struct nks_text bytes, struct nks_account *account,
                                                     struct nks_fault *fault);
/* The same of a link. */
NKS_CHECKED enum nks_status nks_register_link_check(struct nks_register *reg, const struct nks_register_link *link,
                                                    struct nks_text bytes, struct nks_fault *fault);

#endif
