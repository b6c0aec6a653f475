/* Rows that tie a leg that came back to the payment that carries its money on. */
#include "payment/store.h"

static void bind_from(struct nks_stmt *stmt, const struct nks_return *row)
{
    nks_bind_int(stmt, "from_slice_id", row->from_slice_id);
    nks_bind_int(stmt, "from_n", row->from_n);
    nks_bind_int(stmt, "from_generation", row->from_generation);
    nks_bind_int(stmt, "from_leg_no", row->from_leg_no);
}

enum nks_status nks_return_add(struct nks_payments *payments, const struct nks_return *row, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_return_insert, &stmt, fault));
    bind_from(stmt, row);
    nks_bind_int(stmt, "slice_id", row->slice_id);
    nks_bind_int(stmt, "n", row->n);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_return_of_leg(struct nks_payments *payments, struct nks_return *row, bool *found,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_return_of_leg, &stmt, fault));
    bind_from(stmt, row);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        row->slice_id = nks_column_int(stmt, 0);
        row->n = (uint32_t)nks_column_int(stmt, 1);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_return_of_payment(struct nks_payments *payments, struct nks_return *row, bool *found,
                                      struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_return_of_payment, &stmt, fault));
    nks_bind_int(stmt, "slice_id", row->slice_id);
    nks_bind_int(stmt, "n", row->n);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        row->from_slice_id = nks_column_int(stmt, 0);
        row->from_n = (uint32_t)nks_column_int(stmt, 1);
        row->from_generation = (uint16_t)nks_column_int(stmt, 2);
        row->from_leg_no = (uint16_t)nks_column_int(stmt, 3);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}
