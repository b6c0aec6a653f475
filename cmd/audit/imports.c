/*
 * Imports of agreements, centrals, the register and debts: each has its link in the trail, its encrypted record says
 * what its row says, and as many rows of its version are there as it stored. So a version that was taken out, which no
 * row's own encryption can tell, shows.
 */
#include "audit.h"

#include "import/import_record.h"

#include <string.h>

struct import_table { /* in the order of the numbers in audit_imports */
    const char *name;
    enum nks_key_purpose purpose;
};
static const struct import_table tables[] = {
    {"agreement_import", NKS_KEY_AGREEMENT},
    {"central_import", NKS_KEY_EXCHANGE},
    {"register_import", NKS_KEY_REGISTER},
    {"debt_import", NKS_KEY_DEBT},
};
enum { TABLES = sizeof tables / sizeof tables[0] };

enum import_column { TABLE, VERSION, IMPORTED_AT, ROWS, ADDED, STORED, RECORD, LINKED };

struct imports {
    struct nks_cipher *ciphers[TABLES];
    int64_t table, expected; /* the next version of that table */
};

/* The record counts the rows of the version; without secrets, or in a home that is older than records, nothing does. */
static enum nks_status record_check(struct audit *audit, struct nks_cipher *cipher, struct nks_stmt *stmt,
                                    const char *table)
{
    struct nks_text record = nks_column_bytes(stmt, RECORD);
    struct nks_import_facts facts = {nks_column_int(stmt, VERSION), nks_column_int(stmt, IMPORTED_AT),
                                     nks_column_int(stmt, ROWS), nks_column_int(stmt, ADDED), 0};
    int64_t stored = nks_column_int(stmt, STORED);
    if (record.len == 0) {
        if (nks_column_int(stmt, LINKED) != 0)
            audit_find(audit, "its record is missing from %s_record", table);
        return NKS_OK;
    }
    if (cipher == NULL)
        return NKS_OK;
    enum nks_status status = nks_import_record_open(cipher, table, record, &facts, &audit->fault);
    if (status == NKS_OK && facts.stored != stored)
        audit_find(audit, "it stored %lld rows, %lld of its version are there", (long long)facts.stored,
                   (long long)stored);
    return audit_take_fault(audit, status);
}

static enum nks_status import_check(struct audit *audit, struct imports *imports, struct nks_stmt *stmt)
{
    int64_t table = nks_column_int(stmt, TABLE), version = nks_column_int(stmt, VERSION);
    if (table != imports->table) {
        imports->table = table;
        imports->expected = 1;
    }
    const char *name = tables[table].name;
    for (; imports->expected < version && version - imports->expected < AUDIT_FINDINGS_SHOWN; imports->expected++) {
        audit_at(audit, "%s version %lld", name, (long long)imports->expected);
        audit_find(audit, "the row is missing; the next one is %lld", (long long)version);
    }
    imports->expected = version + 1;
    audit_looked(audit);
    audit_at(audit, "%s version %lld", name, (long long)version);
    return record_check(audit, imports->ciphers[table], stmt, name);
}

static enum nks_status imports_check(struct audit *audit, struct imports *imports)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_imports, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(import_check(audit, imports, stmt));
    }
}

/* Rows and records of versions that no import is known of: it was taken out. */
static enum nks_status strays_find(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_imports_stray, &stmt, &audit->fault));
    for (bool row = true;;) {
        char table[AUDIT_NOTE_MAX];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        if (!nks_text_copy(nks_column_text(stmt, 0), table, sizeof table))
            table[0] = '\0';
        audit_at(audit, "%s version %lld", table, (long long)nks_column_int(stmt, 1));
        audit_find(audit, "there is no import of that version");
    }
}

/* In the trail and in the tables as many imports at the same instant and of the same version. */
static enum nks_status links_compare(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_imports_by_instant, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "agreement_import, central_import, register_import, debt_import imported_at %lld version %lld",
                 (long long)nks_column_int(stmt, 0), (long long)nks_column_int(stmt, 1));
        audit_find(audit, "%lld imports are there, the trail has %lld", (long long)nks_column_int(stmt, 3),
                   (long long)nks_column_int(stmt, 2));
    }
}

enum nks_status audit_check_imports(struct audit *audit)
{
    struct imports imports = {.table = -1};
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < TABLES && status == NKS_OK && audit->secrets; i++)
        status = nks_cipher_open(audit->keys, tables[i].purpose, &imports.ciphers[i], &audit->fault);
    if (status == NKS_OK)
        status = imports_check(audit, &imports);
    for (size_t i = 0; i < TABLES; i++)
        nks_cipher_free(imports.ciphers[i]);
    if (status == NKS_OK)
        status = strays_find(audit);
    return status == NKS_OK ? links_compare(audit) : status;
}
