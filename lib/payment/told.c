/* What a payer was told of a batch, and what there is to tell. */
#include "payment/store.h"

enum nks_status nks_finals_count(struct nks_payments *payments, int64_t batch_id, struct nks_finals *finals,
                                 struct nks_fault *fault)
{
    int64_t by_state[NKS_LEG_STOPPED + 1] = {0};
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_legs, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    nks_bind_int(stmt, "debt", NKS_LEG_DEBT);
    for (bool row = true; row;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        int64_t state = row ? nks_column_int(stmt, 0) : 0;
        if (row) /* a state that a later program stored counts as not final */
            by_state[state > 0 && state <= NKS_LEG_STOPPED ? state : 0] += nks_column_int(stmt, 1);
    }
    *finals = (struct nks_finals){
        .open = by_state[0] + by_state[NKS_LEG_PLANNED] + by_state[NKS_LEG_IN_FILE],
        .settled = by_state[NKS_LEG_SETTLED],
        .returned = by_state[NKS_LEG_REJECTED] + by_state[NKS_LEG_RETURNED] + by_state[NKS_LEG_STOPPED],
    };
    return NKS_OK;
}

enum nks_status nks_told_load(struct nks_payments *payments, int64_t batch_id, struct nks_told *told,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *told = (struct nks_told){0, 0, 0};
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_load, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found)
        *told = (struct nks_told){nks_column_int(stmt, 0), nks_column_int(stmt, 1), nks_column_int(stmt, 2)};
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_told_save(struct nks_payments *payments, int64_t batch_id, const struct nks_told *told,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_clear, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_insert, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "settled", told->settled);
    nks_bind_int(stmt, "returned", told->returned);
    nks_bind_int(stmt, "quiet", told->quiet);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_told_mark(struct nks_payments *payments, int64_t batch_id, int report, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_mark, &stmt, fault));
    nks_bind_int(stmt, "report", report);
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    nks_bind_int(stmt, "settled", NKS_LEG_SETTLED);
    nks_bind_int(stmt, "rejected", NKS_LEG_REJECTED);
    nks_bind_int(stmt, "returned", NKS_LEG_RETURNED);
    nks_bind_int(stmt, "stopped", NKS_LEG_STOPPED);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_told_in(struct nks_payments *payments, int64_t slice_id, int report, bool *any,
                            struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_in, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "report", report);
    NKS_TRY(nks_stmt_one(stmt, any, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_told_news(struct nks_payments *payments, int64_t slice_id, bool exceptions, bool *any,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_news, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "at_receipt", NKS_FLAG_AT_RECEIPT);
    nks_bind_int(stmt, "exceptions", exceptions);
    NKS_TRY(nks_stmt_one(stmt, any, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_group_parts(struct nks_payments *payments, int64_t slice_id, nks_group_part_fn fn, void *context,
                                struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_told_groups, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "at_receipt", NKS_FLAG_AT_RECEIPT);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        const struct nks_group_part part = {
            .group = (uint32_t)nks_column_int(stmt, 0),
            .payment = {.state = (uint8_t)nks_column_int(stmt, 1),
                        .reason = (uint16_t)nks_column_int(stmt, 2),
                        .flags = (uint8_t)nks_column_int(stmt, 3),
                        .currency = (int32_t)nks_column_int(stmt, 4)},
            .payments = nks_column_int(stmt, 5),
            .amount_minor = nks_column_int(stmt, 6),
        };
        NKS_TRY(fn(context, &part, fault));
    }
}
