/*
 * Money that came back and goes on: every payment of a batch of returned money carries on exactly one leg of a payee
 * that came back, of the same amount, currency and payee, under the same agreement; and, as far as agreements can be
 * read, every leg that its agreement's policy carries on is carried on.
 */
#include "audit.h"

/* ---- from the payments */

enum return_column {
    SLICE,
    N,
    AMOUNT,
    CURRENCY,
    FROM_SLICE,
    FROM_N,
    FROM_GENERATION,
    FROM_LEG_NO,
    LEG_KIND,
    LEG_STATE,
    LEG_AMOUNT,
    LEG_CURRENCY,
    SAME_HOLDER,
    SAME_AGREEMENT,
    COLUMNS
};

static void return_check(struct audit *audit, const int64_t v[COLUMNS])
{
    audit_looked(audit);
    audit_at(audit, "payment slice_id %lld n %lld", (long long)v[SLICE], (long long)v[N]);
    if (v[FROM_SLICE] == 0) {
        audit_find(audit, "its batch is of returned money, but payment_return names no leg for it");
        return;
    }
    if (v[LEG_KIND] == 0) {
        audit_find(audit, "it carries on a leg that is not there");
        return;
    }
    if (v[LEG_KIND] != NKS_LEG_PAYEE)
        audit_find(audit, "it carries on a leg that was not the payee's");
    if (v[LEG_STATE] != NKS_LEG_REJECTED && v[LEG_STATE] != NKS_LEG_RETURNED)
        audit_find(audit, "it carries on a leg that is %s", nks_state_name(NKS_STATE_LEG, (int)v[LEG_STATE]));
    if (v[LEG_AMOUNT] != v[AMOUNT] || v[LEG_CURRENCY] != v[CURRENCY])
        audit_find(audit, "amount_minor is %lld, the leg that came back has %lld", (long long)v[AMOUNT],
                   (long long)v[LEG_AMOUNT]);
    if (v[SAME_HOLDER] == 0)
        audit_find(audit, "its payee is not that of the payment that came back");
    if (v[SAME_AGREEMENT] == 0)
        audit_find(audit, "its payer, sender or agreement is not that of the payment that came back");
}

static enum nks_status payments_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_returns, &stmt, &audit->fault));
    for (bool row = true;;) {
        int64_t values[COLUMNS];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        for (int i = 0; i < COLUMNS; i++)
            values[i] = nks_column_int(stmt, i);
        return_check(audit, values);
    }
}

static enum nks_status rows_stray(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_returns_stray, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "payment_return from_slice_id %lld from_n %lld", (long long)nks_column_int(stmt, 0),
                 (long long)nks_column_int(stmt, 1));
        audit_find(audit, "slice_id %lld n %lld is no payment of returned money", (long long)nks_column_int(stmt, 2),
                   (long long)nks_column_int(stmt, 3));
    }
}

/* ---- corrections: each goes in the place of one payment that stays rejected */

static void replay_check(struct audit *audit, struct nks_stmt *stmt)
{
    audit_looked(audit);
    audit_at(audit, "payment slice_id %lld n %lld", (long long)nks_column_int(stmt, 0),
             (long long)nks_column_int(stmt, 1));
    if (nks_column_int(stmt, 2) == 0) {
        audit_find(audit, "its batch is a correction, but payment_replay names no payment for it");
        return;
    }
    if (nks_column_int(stmt, 4) != NKS_PAYMENT_REJECTED)
        audit_find(audit, "it goes in the place of a payment that is not there or not REJECTED");
    if (nks_column_int(stmt, 5) == 0)
        audit_find(audit, "amount_minor or currency is not that of the rejected payment");
    if (nks_column_int(stmt, 6) == 0)
        audit_find(audit, "its payee is not that of the rejected payment");
    if (nks_column_int(stmt, 7) == 0)
        audit_find(audit, "its payer, sender or agreement is not that of the rejected payment");
}

static enum nks_status replays_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_replays, &stmt, &audit->fault));
    for (bool row = true; row;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (row)
            replay_check(audit, stmt);
    }
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_replays_stray, &stmt, &audit->fault));
    for (bool row = true; row;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        audit_at(audit, "payment_replay from_slice_id %lld from_n %lld", (long long)nks_column_int(stmt, 0),
                 (long long)nks_column_int(stmt, 1));
        audit_find(audit, "slice_id %lld n %lld is no payment of a correction", (long long)nks_column_int(stmt, 2),
                   (long long)nks_column_int(stmt, 3));
    }
    return NKS_OK;
}

/* ---- from the legs */

/* Reasons that are about one payee's account, the last one in returns only. By number: the same ISO code given for a
 * whole file or group is another reason, and about the payer. */
static bool about_payee(int64_t state, int64_t reason)
{
    static const enum nks_reason reasons[] = {
        NKS_REASON_PAYEE_MISSING,        NKS_REASON_CREDITOR_ACCOUNT,      NKS_REASON_BANK_ACCOUNT_CLOSED,
        NKS_REASON_BANK_ACCOUNT_BLOCKED, NKS_REASON_BANK_DECEASED,         NKS_REASON_BANK_ACCOUNT,
        NKS_REASON_BANK_PAYEE_CLOSED,    NKS_REASON_BANK_REFUSED_BY_PAYEE, NKS_REASON_BANK_UNSPECIFIED,
    };
    enum { REASONS = sizeof reasons / sizeof reasons[0] };
    size_t at = 0;
    while (at < REASONS && reason != (int64_t)reasons[at])
        at++;
    return at < REASONS && (at < REASONS - 1 || state == NKS_LEG_RETURNED);
}

/* The ventekonto takes money for a payee who is known by an id only. */
static bool is_carried(const struct nks_agreement *agreement, int64_t holder_kind)
{
    return agreement->no_account == NKS_NO_ACCOUNT_ERROR_ACCOUNT ||
           (agreement->no_account == NKS_NO_ACCOUNT_VENTEKONTO && holder_kind != NKS_HOLDER_NONE);
}

struct policy {
    struct nks_agreement agreement;
    bool erased; /* the batch was: whether a payee had an id is not known any more */
};

/* Whether it is as the agreement says, as far as that can be known. */
static bool carried_right(const struct policy *policy, bool about, bool carried, int64_t holder_kind)
{
    bool unknown = policy->erased && policy->agreement.no_account == NKS_NO_ACCOUNT_VENTEKONTO;
    if (about && unknown)
        return true;
    return (about && is_carried(&policy->agreement, holder_kind)) == carried;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    const struct policy *policy = context;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_returned_legs, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        bool about = about_payee(nks_column_int(stmt, 3), nks_column_int(stmt, 4));
        bool carried = nks_column_int(stmt, 5) != 0;
        audit_looked(audit);
        audit_at_leg(audit, slice->id, nks_column_int(stmt, 0), nks_column_int(stmt, 1), nks_column_int(stmt, 2));
        if (!carried_right(policy, about, carried, nks_column_int(stmt, 6)))
            audit_find(audit, carried ? "its money was carried on, but the agreement does not say so"
                                      : "its money came back, and was not carried on as the agreement says");
    }
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    (void)context;
    if (batch->state != NKS_BATCH_ACCEPTED)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_agreement, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    const struct nks_agreement *agreement =
        found ? nks_agreement_by_id(&audit->agreements, nks_column_int(stmt, 0)) : NULL;
    nks_stmt_end(stmt);
    if (agreement == NULL)
        return NKS_OK; /* told by books and contents */
    struct policy policy = {*agreement, batch->erased != 0};
    return audit_each_slice(audit, batch->id, slice_check, &policy);
}

enum nks_status audit_check_returns(struct audit *audit)
{
    NKS_TRY(payments_check(audit));
    NKS_TRY(rows_stray(audit));
    NKS_TRY(replays_check(audit));
    return audit->secrets ? audit_each_batch(audit, batch_check, NULL) : NKS_OK;
}
