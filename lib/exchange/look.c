/* Counts over deliveries and out files, for people who ask where things stand. */
#include "exchange/exchange_private.h"

enum nks_status nks_look_deliveries(struct nks_exchange *exchange,
                                    struct nks_delivery_count rows[NKS_EXCHANGE_LOOK_MAX], size_t *count,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *count = 0;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_deliveries, &stmt, fault));
    for (bool row = true; *count < NKS_EXCHANGE_LOOK_MAX;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        rows[(*count)++] = (struct nks_delivery_count){
            .source = (enum nks_source)nks_column_int(stmt, 0),
            .state = (enum nks_delivery_state)nks_column_int(stmt, 1),
            .deliveries = nks_column_int(stmt, 2),
            .bytes = nks_column_int(stmt, 3),
        };
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_look_files(struct nks_exchange *exchange, struct nks_file_count rows[NKS_EXCHANGE_LOOK_MAX],
                               size_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *count = 0;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_files, &stmt, fault));
    for (bool row = true; *count < NKS_EXCHANGE_LOOK_MAX;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            break;
        rows[(*count)++] = (struct nks_file_count){
            .kind = (enum nks_file_kind)nks_column_int(stmt, 0),
            .state = (enum nks_file_state)nks_column_int(stmt, 1),
            .files = nks_column_int(stmt, 2),
            .entries = nks_column_int(stmt, 3),
        };
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_look_delivery_before(struct nks_exchange *exchange, enum nks_delivery_state state, int64_t before,
                                         int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_delivery_before, &stmt, fault));
    nks_bind_int(stmt, "before", before);
    nks_bind_int(stmt, "state", state);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_look_delivery_between(struct nks_exchange *exchange, nks_time from, nks_time to, int64_t after,
                                          int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_delivery_between, &stmt, fault));
    nks_bind_int(stmt, "from", from);
    nks_bind_int(stmt, "to", to);
    nks_bind_int(stmt, "after", after);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_look_party_on(struct nks_exchange *exchange, nks_date business_date, char party[NKS_PARTY_MAX],
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false, fits = true;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_party_on, &stmt, fault));
    nks_bind_int(stmt, "business_date", business_date);
    nks_bind_text(stmt, "after", nks_text_from(party));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found)
        fits = nks_text_copy(nks_column_text(stmt, 0), party, NKS_PARTY_MAX);
    else
        party[0] = '\0';
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of an out file is damaged");
}

enum nks_status nks_look_received_since(struct nks_exchange *exchange, int64_t first, nks_received_fn fn, void *context,
                                        struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_look_received_since, &stmt, fault));
    nks_bind_int(stmt, "first", first);
    for (;;) {
        bool row = false;
        char party[NKS_PARTY_MAX];
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        if (nks_text_copy(nks_column_text(stmt, 1), party, sizeof party))
            fn(context, (enum nks_source)nks_column_int(stmt, 0), party, nks_column_int(stmt, 2));
    }
}
