/* What is kept of answers: which order files they spoke of, and what emit asks about the files that tell a payer. */
#include "exchange/exchange_private.h"

enum nks_status nks_out_file_count_detail(struct nks_exchange *exchange, int64_t batch_id, enum nks_file_kind kind,
                                          const char *detail, enum nks_file_state state, int64_t *count,
                                          struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_count_detail, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "kind", kind);
    nks_bind_text(stmt, "detail", nks_text_from(detail));
    nks_bind_int(stmt, "state", state);
    return nks_exchange_one(stmt, count, fault);
}

enum nks_status nks_out_file_answered(struct nks_exchange *exchange, int64_t id, enum nks_file_answered answered,
                                      struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_answered, &stmt, fault));
    nks_bind_int(stmt, "file_id", id);
    nks_bind_int(stmt, "answered", answered);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_out_file_next_unanswered(struct nks_exchange *exchange, int64_t after, int64_t *id,
                                             struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_next_unanswered, &stmt, fault));
    nks_bind_int(stmt, "state", NKS_FILE_PUBLISHED);
    nks_bind_int(stmt, "after", after);
    return nks_exchange_one(stmt, id, fault);
}
