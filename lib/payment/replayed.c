/* Rows that tie a rejected payment to the one that goes again in its place. */
#include "payment/store.h"

enum nks_status nks_replayed_add(struct nks_payments *payments, const struct nks_replayed *row, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_replayed_insert, &stmt, fault));
    nks_bind_int(stmt, "from_slice_id", row->from_slice_id);
    nks_bind_int(stmt, "from_n", row->from_n);
    nks_bind_int(stmt, "slice_id", row->slice_id);
    nks_bind_int(stmt, "n", row->n);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_replayed_find(struct nks_payments *payments, struct nks_replayed *row, bool *found,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_replayed_find, &stmt, fault));
    nks_bind_int(stmt, "from_slice_id", row->from_slice_id);
    nks_bind_int(stmt, "from_n", row->from_n);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        row->slice_id = nks_column_int(stmt, 0);
        row->n = (uint32_t)nks_column_int(stmt, 1);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}
