/*
 * The history of references kept in few runs: runs of one month and about one size are merged when there are
 * NKS_RUN_FAN of them, what is left of a past month into one, and months that no longer count are removed.
 */
#include "payment/reference_run.h"

#include "base/sys.h"

#include <limits.h>

static enum nks_status windows_write(struct nks_payments *payments, struct nks_reference_window *window,
                                     struct nks_reference_writer *writer, struct nks_fault *fault)
{
    for (bool more = true;;) {
        NKS_TRY(nks_reference_window_next(payments, window, &more, fault));
        if (!more)
            return NKS_OK;
        for (size_t i = 0; i < window->count; i++)
            NKS_TRY(nks_reference_writer_add(writer, &window->entries[i], fault));
    }
}

static enum nks_status runs_merge(struct nks_payments *payments, const struct nks_reference_owner *owner,
                                  const struct nks_reference_runs *runs, int month, struct nks_fault *fault)
{
    struct nks_reference_window window = {.entries = NULL};
    struct nks_reference_writer writer = {.block = NULL};
    int64_t id = 0;
    NKS_TRY(nks_reference_run_next_id(payments, &id, fault));
    enum nks_status status = nks_reference_window_open(runs, &window, fault);
    if (status == NKS_OK)
        status = nks_reference_writer_open(payments, id, runs->entries, NKS_RUN_EQUAL, &writer, fault);
    if (status == NKS_OK)
        status = windows_write(payments, &window, &writer, fault);
    for (size_t i = 0; status == NKS_OK && i < runs->count; i++)
        status = nks_reference_run_delete(payments, runs->rows[i].id, fault);
    if (status == NKS_OK)
        status = nks_reference_writer_end(&writer, owner, month, nks_reference_tier(writer.run.entries), fault);
    nks_reference_window_free(&window);
    nks_reference_writer_free(&writer);
    nks_sys_point("reference.merged");
    return status;
}

/* The next month and tiers to merge: a past month with two small runs or more, else a full tier of this month. */
static enum nks_status pick(struct nks_payments *payments, const struct nks_reference_owner *owner, int month,
                            struct nks_reference_range *range, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_pick_month, &stmt, fault));
    nks_bind_text(stmt, "payer", owner->payer);
    nks_bind_text(stmt, "sender", owner->sender);
    nks_bind_int(stmt, "month", month);
    nks_bind_int(stmt, "tiers", NKS_RUN_TIERS);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    int past = *found ? (int)nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    *range = (struct nks_reference_range){past, past, 1, NKS_RUN_TIERS};
    if (*found)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_pick_tier, &stmt, fault));
    nks_bind_text(stmt, "payer", owner->payer);
    nks_bind_text(stmt, "sender", owner->sender);
    nks_bind_int(stmt, "month", month);
    nks_bind_int(stmt, "tiers", NKS_RUN_TIERS);
    nks_bind_int(stmt, "fan", NKS_RUN_FAN);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    int tier = *found ? (int)nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    *range = (struct nks_reference_range){month, month, tier, tier};
    return NKS_OK;
}

static enum nks_status range_merge(struct nks_payments *payments, const struct nks_reference_owner *owner,
                                   const struct nks_reference_range *range, struct nks_fault *fault)
{
    struct nks_reference_runs runs = {NULL, 0, 0, 0};
    enum nks_status status = nks_reference_runs_of_history(payments, owner, range, &runs, fault);
    if (status == NKS_OK)
        status = runs_merge(payments, owner, &runs, range->from_month, fault);
    nks_reference_runs_free(&runs);
    return status;
}

/* Any payer's: one that sends no more files must not keep its references for ever. */
static enum nks_status old_remove(struct nks_payments *payments, int month, struct nks_fault *fault)
{
    enum { REMOVED_AT_ONCE = 32 }; /* the rest goes with the next batches; it is not compared any more */
    for (int i = 0; i < REMOVED_AT_ONCE; i++) {
        struct nks_stmt *stmt = NULL;
        bool found = false;
        NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_oldest, &stmt, fault));
        nks_bind_int(stmt, "month", month - NKS_REFERENCE_MONTHS);
        NKS_TRY(nks_stmt_one(stmt, &found, fault));
        if (!found)
            return NKS_OK;
        int64_t id = nks_column_int(stmt, 0);
        nks_stmt_end(stmt);
        NKS_TRY(nks_reference_run_delete(payments, id, fault));
    }
    return NKS_OK;
}

enum nks_status nks_reference_tidy(struct nks_payments *payments, const struct nks_batch *batch, nks_date today,
                                   struct nks_fault *fault)
{
    const struct nks_reference_owner owner = {nks_text_from(batch->payer), nks_text_from(batch->sender)};
    int month = nks_reference_month(today);
    NKS_TRY(old_remove(payments, month, fault));
    for (;;) { /* ends: each merge leaves at least one run less */
        struct nks_reference_range range;
        bool found = false;
        NKS_TRY(pick(payments, &owner, month, &range, &found, fault));
        if (!found)
            return NKS_OK;
        NKS_TRY(range_merge(payments, &owner, &range, fault));
    }
}
