/* Counts over batches, slices and payments, for people who ask where things stand. */
#include "payment/store.h"

static enum nks_status state_counts(struct nks_payments *payments, const struct nks_sql *sql,
                                    struct nks_state_count rows[NKS_LOOK_ROWS_MAX], size_t *count,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *count = 0;
    NKS_TRY(nks_stmt_start(payments->db, sql, &stmt, fault));
    for (bool row = true; *count < NKS_LOOK_ROWS_MAX;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        rows[(*count)++] = (struct nks_state_count){
            .state = (int)nks_column_int(stmt, 0),
            .count = nks_column_int(stmt, 1),
            .payments = nks_column_int(stmt, 2),
            .rejected = nks_column_int(stmt, 3),
        };
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_look_batches(struct nks_payments *payments, struct nks_state_count rows[NKS_LOOK_ROWS_MAX],
                                 size_t *count, struct nks_fault *fault)
{
    return state_counts(payments, &nks_sql_look_batches, rows, count, fault);
}

enum nks_status nks_look_slices(struct nks_payments *payments, struct nks_state_count rows[NKS_LOOK_ROWS_MAX],
                                size_t *count, struct nks_fault *fault)
{
    return state_counts(payments, &nks_sql_look_slices, rows, count, fault);
}

enum nks_status nks_look_due(struct nks_payments *payments, struct nks_due_count rows[NKS_LOOK_ROWS_MAX], size_t *count,
                             struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *count = 0;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_look_due, &stmt, fault));
    nks_bind_int(stmt, "state", NKS_SLICE_WAITING);
    nks_bind_int(stmt, "rows", NKS_LOOK_ROWS_MAX);
    for (bool row = true; *count < NKS_LOOK_ROWS_MAX;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        rows[(*count)++] = (struct nks_due_count){
            .due_date = (nks_date)nks_column_int(stmt, 0),
            .slices = nks_column_int(stmt, 1),
            .payments = nks_column_int(stmt, 2),
        };
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static struct nks_outcome_group read_group(struct nks_stmt *stmt)
{
    return (struct nks_outcome_group){
        .payment = {.currency = (int32_t)nks_column_int(stmt, 0), .state = (uint8_t)nks_column_int(stmt, 1)},
        .slice = (enum nks_slice_state)nks_column_int(stmt, 2),
        .has_leg = !nks_column_is_null(stmt, 3),
        .leg = {.kind = (uint8_t)nks_column_int(stmt, 3),
                .state = (uint8_t)nks_column_int(stmt, 4),
                .file_id = nks_column_int(stmt, 5)},
        .payments = nks_column_int(stmt, 6),
        .amount_minor = nks_column_int(stmt, 7),
    };
}

static enum nks_status each_group(struct nks_stmt *stmt, nks_outcome_group_fn fn, void *context,
                                  struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status != NKS_OK || !row)
            break;
        const struct nks_outcome_group group = read_group(stmt);
        status = fn(context, &group, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_look_outcomes(struct nks_payments *payments, int64_t slice_id, nks_outcome_group_fn fn,
                                  void *context, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_look_outcomes, &stmt, fault));
    nks_bind_int(stmt, "debt", NKS_LEG_DEBT);
    nks_bind_int(stmt, "slice_id", slice_id);
    return each_group(stmt, fn, context, fault);
}

enum nks_status nks_look_parts(struct nks_payments *payments, int64_t slice_id, nks_outcome_group_fn fn, void *context,
                               struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_look_parts, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    return each_group(stmt, fn, context, fault);
}

static struct nks_exception read_exception(struct nks_stmt *stmt)
{
    return (struct nks_exception){
        .payment = {.n = (uint32_t)nks_column_int(stmt, 0),
                    .seq = (uint64_t)nks_column_int(stmt, 1),
                    .group = (uint32_t)nks_column_int(stmt, 2),
                    .currency = (int32_t)nks_column_int(stmt, 3),
                    .amount_minor = nks_column_int(stmt, 4),
                    .state = (uint8_t)nks_column_int(stmt, 5),
                    .reason = (uint16_t)nks_column_int(stmt, 6)},
        .slice = (enum nks_slice_state)nks_column_int(stmt, 7),
        .has_leg = !nks_column_is_null(stmt, 8),
        .leg = {.state = (uint8_t)nks_column_int(stmt, 8),
                .reason = (uint16_t)nks_column_int(stmt, 9),
                .amount_minor = nks_column_int(stmt, 10)},
    };
}

enum nks_status nks_look_exceptions(struct nks_payments *payments, int64_t slice_id, nks_exception_fn fn, void *context,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_look_exceptions, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "accepted", NKS_PAYMENT_ACCEPTED);
    nks_bind_int(stmt, "stopped", NKS_SLICE_STOPPED);
    nks_bind_int(stmt, "rejected", NKS_LEG_REJECTED);
    nks_bind_int(stmt, "returned", NKS_LEG_RETURNED);
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status != NKS_OK || !row)
            break;
        const struct nks_exception exception = read_exception(stmt);
        status = fn(context, &exception, fault);
    }
    nks_stmt_end(stmt);
    return status;
}
