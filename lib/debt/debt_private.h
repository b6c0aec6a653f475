#ifndef NKS_DEBT_DEBT_PRIVATE_H
#define NKS_DEBT_DEBT_PRIVATE_H
/* What debt.c (decisions) and debt_import.c share. Nobody outside lib/debt includes this file. */
#include "base/money.h"
#include "debt/debt.h"
#include "debt/debt_row.h"
#include "vault/cipher.h"

enum { NKS_DEBT_PLAIN_MAX = 1024 };

struct nks_debt_work;
struct nks_debt {
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_cipher *cipher;
    size_t authority_count;
    struct nks_debt_authority authorities[NKS_DEBT_AUTHORITIES_MAX]; /* newest versions */
    uint64_t *filter;                                                /* of nks_debt_maybe; NULL: not built */
    struct nks_debt_work *work;                                      /* of nks_debt_find_many; made at its first call */
};

void nks_debt_record_pack(struct nks_buf *buf, const struct nks_debt_record *record);
/* The clear columns of the current row of a statement that gives key, version, holder_check, terms[, open_minor, as_of]
 * of `record->holder.key`, then as above. */
NKS_CHECKED enum nks_status nks_debt_record_read(struct nks_debt *debt, struct nks_stmt *stmt,
                                                 struct nks_debt_record *record, struct nks_fault *fault);
struct nks_place nks_debt_record_place(const struct nks_debt_record *record);
void nks_debt_authority_pack(struct nks_buf *buf, const struct nks_debt_authority *authority);
/* After an import: the filter is built again when it is asked. */
void nks_debt_filter_forget(struct nks_debt *debt);
/* Reads the newest versions again. */
NKS_CHECKED enum nks_status nks_debt_authorities_load(struct nks_debt *debt, struct nks_fault *fault);

#endif
