/*
 * The register, debt authorities, flags and claims: every row of every version decrypts where it stands and is what was
 * stored. The stages read only the newest rows of the payees of a night; here are all of them.
 */
#include "audit.h"

#include "debt/debt_row.h"
#include "register/register_row.h"

#include <string.h>

/* Rows of one table, read one by one. */
struct rows {
    const struct nks_sql *sql;
    enum nks_status (*fn)(struct audit *audit, void *module, struct nks_stmt *stmt);
};

static enum nks_status each(struct audit *audit, void *module, const struct rows *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct nks_stmt *stmt = NULL;
        NKS_TRY(nks_stmt_start(audit->db, rows[i].sql, &stmt, &audit->fault));
        for (bool row = true;;) {
            NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
            if (!row)
                break;
            audit_looked(audit);
            NKS_TRY(audit_take_fault(audit, rows[i].fn(audit, module, stmt)));
        }
    }
    return NKS_OK;
}

/* ---- the register */

static enum nks_status account_check(struct audit *audit, void *module, struct nks_stmt *stmt)
{
    struct nks_account account;
    const struct nks_register_row row = {
        .holder_key = nks_column_int(stmt, 0),
        .no = nks_column_int(stmt, 1),
        .holder_check = nks_column_int(stmt, 2),
        .version = nks_column_int(stmt, 3),
        .kind = nks_column_int(stmt, 4),
        .slot_key = nks_column_int(stmt, 5),
        .valid_from = (nks_date)nks_column_int(stmt, 6),
        .valid_to = (nks_date)nks_column_int(stmt, 7),
    };
    audit_at(audit, "account holder_key %lld no %lld", (long long)row.holder_key, (long long)row.no);
    enum nks_status status = nks_register_row_decrypt(module, &row, nks_column_bytes(stmt, 8), &account, &audit->fault);
    explicit_bzero(&account, sizeof account);
    return status;
}

static enum nks_status holder_check(struct audit *audit, void *module, struct nks_stmt *stmt)
{
    const struct nks_register_link link = {
        .holder = {nks_column_int(stmt, 0), nks_column_int(stmt, 1)},
        .version = nks_column_int(stmt, 2),
        .kind = nks_column_int(stmt, 3),
        .parent = {nks_column_int(stmt, 4), nks_column_int(stmt, 5)},
    };
    audit_at(audit, "holder holder_key %lld version %lld", (long long)link.holder.key, (long long)link.version);
    return nks_register_link_check(module, &link, nks_column_bytes(stmt, 6), &audit->fault);
}

enum nks_status audit_check_register(struct audit *audit)
{
    static const struct rows rows[] = {{&nks_sql_audit_accounts, account_check},
                                       {&nks_sql_audit_holders, holder_check}};
    struct nks_register *reg = NULL;
    NKS_TRY(nks_register_open(audit->db, audit->keys, &reg, &audit->fault));
    enum nks_status status = each(audit, reg, rows, sizeof rows / sizeof rows[0]);
    nks_register_close(reg);
    return status;
}

/* ---- debts */

static enum nks_status authority_check(struct audit *audit, void *module, struct nks_stmt *stmt)
{
    struct nks_debt_authority authority;
    audit_at(audit, "debt_authority id %lld", (long long)nks_column_int(stmt, 0));
    return nks_debt_authority_open(module, nks_column_int(stmt, 0), nks_column_int(stmt, 2), nks_column_text(stmt, 1),
                                   nks_column_bytes(stmt, 3), &authority, &audit->fault);
}

static enum nks_status record_check(struct audit *audit, struct nks_debt *debt, struct nks_stmt *stmt,
                                    enum nks_debt_kind kind)
{
    bool claim = kind == NKS_DEBT_CLAIM;
    struct nks_debt_record record = {
        .kind = kind,
        .holder = {nks_column_int(stmt, 0), nks_column_int(stmt, 3)},
        .key = nks_column_int(stmt, 1),
        .version = nks_column_int(stmt, 2),
        .open_minor = claim ? nks_column_int(stmt, 5) : 0,
        .as_of = claim ? nks_column_int(stmt, 6) : 0,
    };
    audit_at(audit, "%s holder_key %lld %s %lld version %lld", claim ? "debt_claim" : "debt_flag",
             (long long)record.holder.key, claim ? "claim_key" : "flag_key", (long long)record.key,
             (long long)record.version);
    enum nks_status status = nks_debt_record_open(debt, &record, nks_column_bytes(stmt, 4), &audit->fault);
    explicit_bzero(&record, sizeof record);
    return status;
}

static enum nks_status flag_check(struct audit *audit, void *module, struct nks_stmt *stmt)
{
    return record_check(audit, module, stmt, NKS_DEBT_FLAG);
}

static enum nks_status claim_check(struct audit *audit, void *module, struct nks_stmt *stmt)
{
    return record_check(audit, module, stmt, NKS_DEBT_CLAIM);
}

enum nks_status audit_check_debts(struct audit *audit)
{
    static const struct rows rows[] = {{&nks_sql_audit_debt_authorities, authority_check},
                                       {&nks_sql_audit_debt_flags, flag_check},
                                       {&nks_sql_audit_debt_claims, claim_check}};
    struct nks_debt *debt = NULL;
    audit_at(audit, "table debt_authority");
    enum nks_status status = nks_debt_open(audit->db, audit->keys, &debt, &audit->fault);
    if (status != NKS_OK) /* without the authorities that are in force nothing else of the debts can be read */
        return audit_take_fault(audit, status);
    status = each(audit, debt, rows, sizeof rows / sizeof rows[0]);
    nks_debt_close(debt);
    return status;
}
