/* Legs as banks answer for them: found by their id, moved by file. */
#include "payment/store.h"

enum nks_status nks_leg_find(struct nks_payments *payments, int64_t slice_id, const struct nks_leg_address *address,
                             struct nks_leg *leg, int32_t *currency, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *leg = (struct nks_leg){.n = address->n, .generation = address->generation, .leg_no = address->leg_no};
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_find, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "n", leg->n);
    nks_bind_int(stmt, "generation", leg->generation);
    nks_bind_int(stmt, "leg_no", leg->leg_no);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        leg->kind = (uint8_t)nks_column_int(stmt, 0);
        leg->amount_minor = nks_column_int(stmt, 1);
        leg->central = nks_column_int(stmt, 2);
        leg->state = (uint8_t)nks_column_int(stmt, 3);
        leg->reason = (uint16_t)nks_column_int(stmt, 4);
        leg->file_id = nks_column_int(stmt, 5);
        *currency = (int32_t)nks_column_int(stmt, 6);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_legs_answer_file(struct nks_payments *payments, int64_t slice_id,
                                     const struct nks_legs_answer *answer, int64_t *moved, struct nks_fault *fault)
{
    if (!nks_state_may_move(NKS_STATE_LEG, (int)answer->from, (int)answer->to))
        return nks_fault_set(fault, NKS_FAILED, "STATE-MOVE", "a leg cannot go from %s to %s",
                             nks_state_name(NKS_STATE_LEG, (int)answer->from),
                             nks_state_name(NKS_STATE_LEG, (int)answer->to));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_answer_file, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "file_id", answer->file_id);
    nks_bind_int(stmt, "grp", answer->group);
    nks_bind_int(stmt, "from", answer->from);
    nks_bind_int(stmt, "to", answer->to);
    nks_bind_int(stmt, "reason", answer->reason);
    return nks_stmt_run(stmt, moved, fault);
}

enum nks_status nks_legs_of_file(struct nks_payments *payments, int64_t slice_id, int64_t file_id, nks_leg_row_fn fn,
                                 void *context, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_of_file, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "file_id", file_id);
    for (bool found = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &found, fault));
        if (!found)
            return NKS_OK;
        const struct nks_leg_row row = {
            .leg = {.n = (uint32_t)nks_column_int(stmt, 0),
                    .generation = (uint16_t)nks_column_int(stmt, 1),
                    .leg_no = (uint16_t)nks_column_int(stmt, 2),
                    .kind = (uint8_t)nks_column_int(stmt, 3),
                    .amount_minor = nks_column_int(stmt, 4),
                    .state = (uint8_t)nks_column_int(stmt, 5),
                    .file_id = file_id},
            .currency = (int32_t)nks_column_int(stmt, 6),
            .group = (uint32_t)nks_column_int(stmt, 7),
        };
        NKS_TRY(fn(context, &row, fault));
    }
}

enum nks_status nks_legs_count_file(struct nks_payments *payments, int64_t first, int64_t last, int64_t file_id,
                                    enum nks_leg_state state, int64_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_leg_count_file, &stmt, fault));
    nks_bind_int(stmt, "first", first);
    nks_bind_int(stmt, "last", last);
    nks_bind_int(stmt, "file_id", file_id);
    nks_bind_int(stmt, "state", state);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *count = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}
