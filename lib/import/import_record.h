#ifndef NKS_IMPORT_IMPORT_RECORD_H
#define NKS_IMPORT_IMPORT_RECORD_H
/*
 * What an import did, as an encrypted record beside its row: who has only the database can neither change what the row
 * says nor take out rows of the import, whose number the record holds. Rows of an import carry their version inside
 * their own encrypted part, so that none can be made or moved.
 *
 * Errors: NKS_INTEGRITY IMPORT-ROW (the record is not this row's), and those of cipher.h.
 */
#include "db/db.h"
#include "import/import.h"
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

/* The tables of a module's imports: their name (a literal), and how a row and its record are inserted. */
struct nks_import_table {
    const char *name;
    const struct nks_sql *insert;        /* :version, :imported_at, :rows, :added */
    const struct nks_sql *record_insert; /* :version, :record */
};
/* Has the difference judged; then writes row and record of the import `version`, and tells it in `result`, whose counts
 * are complete. An import that stored nothing has no version and leaves no row. */
NKS_CHECKED enum nks_status nks_import_store(struct nks_db *db, struct nks_cipher *cipher,
                                             const struct nks_import_table *table, int64_t version,
                                             const struct nks_import_options *options, struct nks_import_result *result,
                                             struct nks_fault *fault);
/* Calls `fn` in one transaction: all of it is stored or nothing; of a dry run nothing. */
typedef enum nks_status (*nks_import_fn)(void *context, int fd, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_import_whole(struct nks_db *db, const struct nks_import_options *options,
                                             nks_import_fn fn, void *context, int fd, struct nks_fault *fault);
#endif
