/* Uses of claims: each is borne out by a debt leg, each debt leg of a claim has its use, and no claim is used beyond
 * what was open. */
#include "audit.h"

#include <string.h>

enum use_column {
    HOLDER,
    CLAIM,
    SLICE,
    N,
    GENERATION,
    LEG_NO,
    AMOUNT,
    STATE,
    LEG_KIND,
    LEG_AMOUNT,
    LEG_STATE,
    SAME_HOLDER,
    COLUMNS
};

static void use_explain(struct audit *audit, const int64_t v[COLUMNS])
{
    audit_at(audit, "claim_use holder_key %lld claim_key %lld slice_id %lld n %lld generation %lld leg_no %lld",
             (long long)v[HOLDER], (long long)v[CLAIM], (long long)v[SLICE], (long long)v[N], (long long)v[GENERATION],
             (long long)v[LEG_NO]);
    if (v[LEG_KIND] != NKS_LEG_DEBT)
        audit_find(audit, v[LEG_KIND] == 0 ? "there is no such leg" : "its leg is no debt leg");
    else if (v[LEG_AMOUNT] != v[AMOUNT])
        audit_find(audit, "amount_minor is %lld, its leg's is %lld", (long long)v[AMOUNT], (long long)v[LEG_AMOUNT]);
    else if (v[SAME_HOLDER] == 0)
        audit_find(audit, "its leg is of another holder or claim");
    else
        audit_find(audit, "state %lld does not go with its leg's %s", (long long)v[STATE],
                   nks_state_name(NKS_STATE_LEG, (int)v[LEG_STATE]));
}

static enum nks_status uses_wrong(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_uses_wrong, &stmt, &audit->fault));
    for (bool row = true;;) {
        int64_t values[COLUMNS];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        for (int i = 0; i < COLUMNS; i++)
            values[i] = nks_column_int(stmt, i);
        use_explain(audit, values);
    }
}

/* Decisions of a slice; what cannot be read was told by signatures. */
static enum nks_status decisions_read(struct audit *audit, int64_t slice_id, bool *loaded)
{
    const struct nks_slice_want want = {.decisions = true};
    enum nks_status status = nks_slice_load(audit->payments, NULL, slice_id, want, audit->slice, &audit->fault);
    *loaded = status == NKS_OK;
    if (status == NKS_INTEGRITY)
        nks_fault_clear(&audit->fault);
    return status == NKS_INTEGRITY ? NKS_OK : status;
}

static const struct nks_leg *decided_leg(const struct nks_slice *slice, int64_t n, int64_t leg_no)
{
    for (size_t i = 0; i < slice->leg_count; i++) {
        if (slice->legs[i].n == n && slice->legs[i].leg_no == leg_no)
            return &slice->legs[i];
    }
    return NULL;
}

static void use_decided(struct audit *audit, int64_t v[COLUMNS], const struct nks_leg *leg)
{
    v[LEG_KIND] = leg != NULL ? leg->kind : 0;
    v[LEG_AMOUNT] = leg != NULL ? leg->amount_minor : 0;
    v[LEG_STATE] = NKS_LEG_PLANNED;
    v[SAME_HOLDER] = leg != NULL && leg->to->claim_key == v[CLAIM];
    if (v[LEG_KIND] != NKS_LEG_DEBT || v[LEG_AMOUNT] != v[AMOUNT] || v[SAME_HOLDER] == 0 || v[STATE] != 1)
        use_explain(audit, v);
}

/* Between offset and route the legs stand in the decisions alone, which need the secret keys. */
static enum nks_status uses_early(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    int64_t slice_id = 0;
    bool loaded = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_uses_early, &stmt, &audit->fault));
    for (bool row = true;;) {
        int64_t values[COLUMNS] = {0};
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        for (int i = 0; i <= STATE; i++)
            values[i] = nks_column_int(stmt, i);
        if (values[SLICE] != slice_id)
            NKS_TRY(decisions_read(audit, values[SLICE], &loaded));
        slice_id = values[SLICE];
        if (loaded)
            use_decided(audit, values, decided_leg(audit->slice, values[N], values[LEG_NO]));
    }
}

static enum nks_status claims_overdrawn(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_claims_overdrawn, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "debt_claim holder_key %lld claim_key %lld", (long long)nks_column_int(stmt, 0),
                 (long long)nks_column_int(stmt, 1));
        audit_find(audit, "its active uses in claim_use, %lld, are more than was open, or the claim is missing",
                   (long long)nks_column_int(stmt, 2));
    }
}

/* ---- from the legs: a batch's agreement says split or redirect, so all of its debt legs have a use or none has */

struct debt_leg {
    int64_t slice_id, n, generation, leg_no, holder_key;
};

struct batch_uses {
    int64_t with, without;
    struct debt_leg first_without;
};

static enum nks_status use_of(struct audit *audit, const struct debt_leg *leg, bool *found, int64_t *claim_key)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_use_of_leg, &stmt, &audit->fault));
    nks_bind_int(stmt, "holder_key", leg->holder_key);
    nks_bind_int(stmt, "slice_id", leg->slice_id);
    nks_bind_int(stmt, "n", leg->n);
    nks_bind_int(stmt, "generation", leg->generation);
    nks_bind_int(stmt, "leg_no", leg->leg_no);
    NKS_TRY(nks_stmt_step(stmt, found, &audit->fault));
    *claim_key = *found ? nks_column_int(stmt, 0) : 0;
    bool again = false;
    if (*found)
        NKS_TRY(nks_stmt_step(stmt, &again, &audit->fault));
    nks_stmt_end(stmt);
    if (again)
        audit_find(audit, "it has more than one use in claim_use");
    return NKS_OK;
}

/* The claim that the decision names; 0: none, a redirect. Only for the live generation, which is loaded. */
static int64_t decided_claim(const struct nks_slice *slice, const struct debt_leg *leg)
{
    const struct nks_leg *decided = decided_leg(slice, leg->n, leg->leg_no);
    return decided != NULL ? decided->to->claim_key : 0;
}

static enum nks_status leg_check(struct audit *audit, const struct audit_slice *slice, const struct debt_leg *leg,
                                 bool decisions, struct batch_uses *uses)
{
    bool found = false;
    int64_t claim_key = 0;
    audit_looked(audit);
    audit_at_leg(audit, leg->slice_id, leg->n, leg->generation, leg->leg_no);
    NKS_TRY(use_of(audit, leg, &found, &claim_key));
    if (!decisions || leg->generation != slice->generation) {
        uses->with += found;
        if (!found && uses->without++ == 0)
            uses->first_without = *leg;
        return NKS_OK;
    }
    int64_t decided = decided_claim(audit->slice, leg);
    if (decided != 0 && !found)
        audit_find(audit, "its use of a claim is missing from claim_use");
    else if (decided != claim_key)
        audit_find(audit, "its use in claim_use is of another claim than was decided");
    return NKS_OK;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    bool asked = false, decisions = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_debt_legs, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        const struct debt_leg leg = {slice->id, nks_column_int(stmt, 0), nks_column_int(stmt, 1),
                                     nks_column_int(stmt, 2), nks_column_int(stmt, 3)};
        if (!asked && audit->secrets && audit_routed(slice))
            NKS_TRY(decisions_read(audit, slice->id, &decisions));
        asked = true;
        NKS_TRY(leg_check(audit, slice, &leg, decisions, context));
    }
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    (void)context;
    struct batch_uses uses = {.with = 0};
    if (batch->erased != 0) /* whose they were is not known any more */
        return NKS_OK;
    NKS_TRY(audit_each_slice(audit, batch->id, slice_check, &uses));
    const struct debt_leg *leg = &uses.first_without;
    audit_at_leg(audit, leg->slice_id, leg->n, leg->generation, leg->leg_no);
    if (uses.with > 0 && uses.without > 0)
        audit_find(audit,
                   "its use of a claim is missing from claim_use (%lld of %lld debt legs of the batch have none)",
                   (long long)uses.without, (long long)(uses.with + uses.without));
    return NKS_OK;
}

enum nks_status audit_check_uses(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(audit_each_batch(audit, batch_check, NULL));
    NKS_TRY(uses_wrong(audit));
    if (audit->secrets)
        NKS_TRY(uses_early(audit));
    NKS_TRY(claims_overdrawn(audit));
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_use_count, &stmt, &audit->fault));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    audit->looked += found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}
