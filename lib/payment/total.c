/* Totals of slices, so that planning files and counting reports need no payment row. */
#include "payment/store.h"

#include <string.h>

enum { SUM_TEXT = 48 };

enum nks_status nks_order_total_add(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                    const struct nks_order_total *total, struct nks_fault *fault)
{
    char memory[SUM_TEXT];
    struct nks_buf sum;
    nks_buf_init(&sum, memory, sizeof memory);
    nks_sum_format(&sum, total->sum);
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_order_total_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "central", central);
    nks_bind_int(stmt, "grp", total->group);
    nks_bind_int(stmt, "legs", total->legs);
    nks_bind_text(stmt, "control_sum", nks_buf_view(&sum));
    nks_bind_int(stmt, "bytes", total->bytes);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_order_totals_clear(struct nks_payments *payments, int64_t slice_id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_order_total_clear, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status bad_total(int64_t slice_id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "SLICE-TOTAL", "a total of slice %lld is damaged", (long long)slice_id);
}

enum nks_status nks_order_totals(struct nks_payments *payments, int64_t slice_id, int64_t central,
                                 nks_order_total_fn fn, void *context, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_order_total_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "central", central);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        struct nks_order_total total = {.group = (uint32_t)nks_column_int(stmt, 0),
                                        .legs = nks_column_int(stmt, 1),
                                        .bytes = nks_column_int(stmt, 3)};
        if (!nks_sum_read(nks_column_text(stmt, 2), &total.sum))
            return bad_total(slice_id, fault);
        NKS_TRY(fn(context, &total, fault));
    }
}

enum nks_status nks_order_total_next_central(struct nks_payments *payments, int64_t slice_id, int64_t after,
                                             int64_t *central, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_order_total_next_central, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *central = found && !nks_column_is_null(stmt, 0) ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

bool nks_status_total_count(struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count, const char *status,
                            int64_t payments, struct nks_sum sum)
{
    size_t at = 0;
    while (at < *count && strcmp(totals[at].status, status) != 0)
        at++;
    if (at == *count) {
        if (at == NKS_STATUS_TOTALS_MAX)
            return false;
        totals[at] = (struct nks_status_total){.payments = 0};
        if (!nks_text_copy(nks_text_from(status), totals[at].status, sizeof totals[at].status))
            return false;
        ++*count;
    }
    totals[at].payments += payments;
    totals[at].sum.scaled += sum.scaled;
    return true;
}

enum nks_status nks_status_totals_save(struct nks_payments *payments, int64_t slice_id,
                                       const struct nks_status_total *totals, size_t count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_status_total_clear, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    for (size_t i = 0; i < count; i++) {
        char memory[SUM_TEXT];
        struct nks_buf sum;
        nks_buf_init(&sum, memory, sizeof memory);
        nks_sum_format(&sum, totals[i].sum);
        NKS_TRY(nks_stmt_start(payments->db, &nks_sql_status_total_insert, &stmt, fault));
        nks_bind_int(stmt, "slice_id", slice_id);
        nks_bind_text(stmt, "status", nks_text_from(totals[i].status));
        nks_bind_int(stmt, "payments", totals[i].payments);
        nks_bind_text(stmt, "control_sum", nks_buf_view(&sum));
        NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    }
    return NKS_OK;
}

enum nks_status nks_status_totals_load(struct nks_payments *payments, int64_t slice_id,
                                       struct nks_status_total totals[NKS_STATUS_TOTALS_MAX], size_t *count,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_status_total_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        char status[5];
        struct nks_sum sum;
        if (!nks_text_copy(nks_column_text(stmt, 0), status, sizeof status) ||
            !nks_sum_read(nks_column_text(stmt, 2), &sum) ||
            !nks_status_total_count(totals, count, status, nks_column_int(stmt, 1), sum))
            return bad_total(slice_id, fault);
    }
}

const char *nks_payment_status(const struct nks_payment *payment, enum nks_slice_state slice)
{
    if (payment->state != NKS_PAYMENT_ACCEPTED || slice == NKS_SLICE_STOPPED)
        return "RJCT";
    if (slice < NKS_SLICE_ROUTED)
        return "PDNG";
    return payment->reason == NKS_REASON_TO_VENTEKONTO || payment->reason == NKS_REASON_TO_ERROR_ACCOUNT ? "ACWC"
                                                                                                         : "ACCP";
}

/* An amount that is none of its currency stands as 0 in its row; here it counts as it was written. */
static bool written_sum(const struct nks_slice *slice, const struct nks_payment *payment, struct nks_sum *out)
{
    struct nks_text record = nks_payment_record(slice, payment);
    return payment->amount_minor == 0 && payment->state == NKS_PAYMENT_REJECTED && record.len > 0 &&
           nks_sum_parse(nks_record_slot(record, NKS_SLOT_INSTD_AMT), out);
}

bool nks_payment_sum(const struct nks_slice *slice, const struct nks_payment *payment, struct nks_sum *out)
{
    struct nks_money money = {.minor = payment->amount_minor};
    if (written_sum(slice, payment, out))
        return true;
    *out = (struct nks_sum){0};
    nks_payment_currency(payment, money.currency);
    return nks_sum_add(out, money);
}

enum nks_status nks_status_totals_renew(struct nks_payments *payments, const struct nks_slice *slice,
                                        struct nks_fault *fault)
{
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < slice->count; i++) {
        const struct nks_payment *payment = &slice->payments[i];
        struct nks_sum sum;
        if (!nks_payment_sum(slice, payment, &sum) ||
            !nks_status_total_count(totals, &count, nks_payment_status(payment, slice->state), 1, sum))
            return nks_fault_set(fault, NKS_FAILED, "SLICE-TOTAL", "the totals of a slice do not fit");
    }
    return nks_status_totals_save(payments, slice->id, totals, count, fault);
}

enum nks_status nks_slice_row_next(struct nks_payments *payments, int64_t batch_id, int64_t after,
                                   struct nks_slice_row *row, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_slice_list, &stmt, fault));
    int64_t before = nks_slice_first_id(batch_id) - 1;
    nks_bind_int(stmt, "after", after > before ? after : before);
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *row = (struct nks_slice_row){.id = 0};
    if (found) {
        *row = (struct nks_slice_row){
            .id = nks_column_int(stmt, 0),
            .execution_date = (nks_date)nks_column_int(stmt, 1),
            .due_date = (nks_date)nks_column_int(stmt, 2),
            .state = (enum nks_slice_state)nks_column_int(stmt, 3),
            .payments = nks_column_int(stmt, 4),
            .rejected = nks_column_int(stmt, 5),
            .legs = nks_column_int(stmt, 6),
        };
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}
