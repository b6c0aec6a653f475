#ifndef NKS_VAULT_IMPORT_RECORD_H
#define NKS_VAULT_IMPORT_RECORD_H
/*
 * What an import did, as an encrypted record beside its row: who has only the database can neither change what the row
 * says nor take out rows of the import, whose number the record holds. Rows of an import carry their version inside
 * their own encrypted part, so that none can be made or moved.
 *
 * Errors: NKS_INTEGRITY IMPORT-ROW (the record is not this row's), and those of cipher.h.
 */
#include "vault/cipher.h"

struct nks_import_facts {
    int64_t version, imported_at;
    int64_t rows, added; /* rows of the file; new versions of what it names */
    int64_t stored; /* rows of that version in all tables of the module: added, and ended because it left them out */
};
enum { NKS_IMPORT_RECORD = 5 * 8 + NKS_CIPHER_OVERHEAD };

/* `table` is a literal: the table of the import's row. */
NKS_CHECKED enum nks_status nks_import_record_make(struct nks_cipher *cipher, const char *table,
                                                   const struct nks_import_facts *facts,
                                                   uint8_t record[NKS_IMPORT_RECORD], struct nks_fault *fault);
/* `facts` holds what the row says; `stored` is filled in. */
NKS_CHECKED enum nks_status nks_import_record_open(struct nks_cipher *cipher, const char *table, struct nks_text record,
                                                   struct nks_import_facts *facts, struct nks_fault *fault);
#endif
