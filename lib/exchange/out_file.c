/* Rows of the files we write. */
#include "exchange/exchange_private.h"
#include "exchange/published.h"

#include <string.h>

static const char *const kind_names[] = {"", "ORDER", "RECEIPT", "STATUS", "MANIFEST", "RECALL"};
static const char *const state_names[] = {"", "RESERVED", "WRITTEN", "PUBLISHED", "SETTLED"};
static const char *const folder_paths[] = {"", "out/central", "out/payer", "out/sender"};
static const struct nks_file_move moves[] = {
    {0, NKS_FILE_RESERVED, "emit"},
    {NKS_FILE_RESERVED, NKS_FILE_WRITTEN, "emit"},
    {NKS_FILE_WRITTEN, NKS_FILE_PUBLISHED, "deliver, delivered"},
    {NKS_FILE_WRITTEN, NKS_FILE_SETTLED, "reconcile, deliver"},
};

static const char *name_of(const char *const *names, size_t count, int number)
{
    return number > 0 && (size_t)number < count ? names[number] : "?";
}

const char *nks_file_kind_name(int kind)
{
    return name_of(kind_names, sizeof kind_names / sizeof kind_names[0], kind);
}

const char *nks_file_state_name(int state)
{
    return name_of(state_names, sizeof state_names / sizeof state_names[0], state);
}

const char *nks_file_folder_path(enum nks_file_folder folder)
{
    return name_of(folder_paths, sizeof folder_paths / sizeof folder_paths[0], (int)folder);
}

const struct nks_file_move *nks_file_moves(size_t *count)
{
    *count = sizeof moves / sizeof moves[0];
    return moves;
}

enum nks_status nks_out_file_reserve(struct nks_exchange *exchange, struct nks_out_file *file, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_published before;
    bool known = false;
    NKS_TRY(nks_published_find(exchange, file, &before, &known, fault));
    if (known) {
        file->created = before.created;
        file->business_date = before.business_date;
    }
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_last, &stmt, fault));
    NKS_TRY(nks_exchange_one(stmt, &file->id, fault));
    file->id++;
    file->state = NKS_FILE_RESERVED;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_insert, &stmt, fault));
    nks_bind_int(stmt, "file_id", file->id);
    nks_bind_int(stmt, "kind", file->kind);
    nks_bind_int(stmt, "folder", file->folder);
    nks_bind_text(stmt, "party", nks_text_from(file->party));
    nks_bind_text(stmt, "name", nks_text_from(file->name));
    nks_bind_text(stmt, "message_id", nks_text_from(file->message_id));
    nks_bind_int(stmt, "batch_id", file->batch_id);
    nks_bind_int(stmt, "delivery_id", file->delivery_id);
    nks_bind_int(stmt, "number", file->number);
    nks_bind_int(stmt, "created_at", file->created);
    nks_bind_int(stmt, "state", file->state);
    nks_bind_int(stmt, "entries", file->entries);
    nks_bind_text(stmt, "control_sum", nks_text_from(file->sum));
    nks_bind_int(stmt, "bytes", 0);
    nks_bind_bytes(stmt, "hash", "", 0);
    nks_bind_int(stmt, "business_date", file->business_date);
    nks_bind_int(stmt, "repeats", file->repeats);
    nks_bind_text(stmt, "detail", nks_text_from(file->detail));
    return nks_stmt_run(stmt, NULL, fault);
}

static bool read_file(struct nks_stmt *stmt, struct nks_out_file *file)
{
    int at = 0;
    file->kind = (enum nks_file_kind)nks_column_int(stmt, at++);
    file->folder = (enum nks_file_folder)nks_column_int(stmt, at++);
    bool fits = nks_text_copy(nks_column_text(stmt, at++), file->party, sizeof file->party);
    fits = nks_text_copy(nks_column_text(stmt, at++), file->name, sizeof file->name) && fits;
    fits = nks_text_copy(nks_column_text(stmt, at++), file->message_id, sizeof file->message_id) && fits;
    file->batch_id = nks_column_int(stmt, at++);
    file->delivery_id = nks_column_int(stmt, at++);
    file->number = (int)nks_column_int(stmt, at++);
    file->created = nks_column_int(stmt, at++);
    file->state = (enum nks_file_state)nks_column_int(stmt, at++);
    file->entries = nks_column_int(stmt, at++);
    fits = nks_text_copy(nks_column_text(stmt, at++), file->sum, sizeof file->sum) && fits;
    file->bytes = nks_column_int(stmt, at++);
    struct nks_text hash = nks_column_bytes(stmt, at++);
    if (hash.len == NKS_HASH_SIZE)
        memcpy(file->hash, hash.ptr, hash.len);
    file->business_date = (nks_date)nks_column_int(stmt, at++);
    file->repeats = nks_column_int(stmt, at++);
    fits = nks_text_copy(nks_column_text(stmt, at++), file->detail, sizeof file->detail) && fits;
    file->answered = (enum nks_file_answered)nks_column_int(stmt, at++);
    file->erased = nks_column_int(stmt, at++);
    file->by_hand = nks_column_int(stmt, at++);
    return fits && (hash.len == NKS_HASH_SIZE || (hash.len == 0 && file->state == NKS_FILE_RESERVED));
}

enum nks_status nks_out_file_load(struct nks_exchange *exchange, int64_t id, struct nks_out_file *file, bool *found,
                                  struct nks_fault *fault)
{
    memset(file, 0, sizeof *file);
    file->id = id;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_load, &stmt, fault));
    nks_bind_int(stmt, "file_id", id);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    bool whole = !*found || read_file(stmt, file);
    nks_stmt_end(stmt);
    return whole
               ? NKS_OK
               : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of out file %lld is damaged", (long long)id);
}

enum nks_status nks_out_file_next(struct nks_exchange *exchange, enum nks_file_state state, int64_t after, int64_t *id,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_next, &stmt, fault));
    nks_bind_int(stmt, "state", state);
    nks_bind_int(stmt, "after", after);
    return nks_exchange_one(stmt, id, fault);
}

static enum nks_status moved(struct nks_out_file *file, struct nks_stmt *stmt, enum nks_file_state to,
                             struct nks_fault *fault)
{
    int64_t changed = 0;
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    if (changed != 1)
        return nks_fault_set(fault, NKS_RETRY, "FILE-FENCED", "another run took out file %lld", (long long)file->id);
    file->state = to;
    return NKS_OK;
}

enum nks_status nks_out_file_written(struct nks_exchange *exchange, struct nks_out_file *file, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_written, &stmt, fault));
    nks_bind_int(stmt, "to", NKS_FILE_WRITTEN);
    nks_bind_int(stmt, "entries", file->entries);
    nks_bind_text(stmt, "control_sum", nks_text_from(file->sum));
    nks_bind_int(stmt, "bytes", file->bytes);
    nks_bind_bytes(stmt, "hash", file->hash, sizeof file->hash);
    nks_bind_int(stmt, "file_id", file->id);
    nks_bind_int(stmt, "from", NKS_FILE_RESERVED);
    return moved(file, stmt, NKS_FILE_WRITTEN, fault);
}

static enum nks_status end(struct nks_exchange *exchange, struct nks_out_file *file, enum nks_file_state to,
                           struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_end, &stmt, fault));
    nks_bind_int(stmt, "to", to);
    nks_bind_int(stmt, "by_hand", file->by_hand);
    nks_bind_int(stmt, "file_id", file->id);
    nks_bind_int(stmt, "from", NKS_FILE_WRITTEN);
    return moved(file, stmt, to, fault);
}

enum nks_status nks_out_file_settled(struct nks_exchange *exchange, struct nks_out_file *file, struct nks_fault *fault)
{
    return end(exchange, file, NKS_FILE_SETTLED, fault);
}

enum nks_status nks_out_file_published(struct nks_exchange *exchange, struct nks_out_file *file,
                                       struct nks_fault *fault)
{
    return end(exchange, file, NKS_FILE_PUBLISHED, fault);
}

enum nks_status nks_out_file_handed(struct nks_exchange *exchange, const struct nks_out_file *file,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_handed, &stmt, fault));
    nks_bind_int(stmt, "by_hand", file->by_hand);
    nks_bind_int(stmt, "file_id", file->id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_out_file_next_of(struct nks_exchange *exchange, int64_t batch_id, enum nks_file_kind kind,
                                     int64_t after, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_next_of, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "kind", kind);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_of_delivery(struct nks_exchange *exchange, int64_t delivery_id, enum nks_file_kind kind,
                                         int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_of_delivery, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", delivery_id);
    nks_bind_int(stmt, "kind", kind);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_by_message(struct nks_exchange *exchange, struct nks_text message_id, int64_t *id,
                                        struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_by_message, &stmt, fault));
    nks_bind_text(stmt, "message_id", message_id);
    nks_bind_int(stmt, "kind", NKS_FILE_ORDER);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_find(struct nks_exchange *exchange, struct nks_text name, struct nks_text party,
                                  int64_t *id, bool *several, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *id = 0;
    *several = false;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_find, &stmt, fault));
    nks_bind_text(stmt, "name", name);
    nks_bind_text(stmt, "party", party);
    for (bool row = name.len > 0; row;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        *several = *several || (row && *id != 0);
        if (row && *id == 0)
            *id = nks_column_int(stmt, 0);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_out_file_last(struct nks_exchange *exchange, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_last, &stmt, fault));
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_named(struct nks_exchange *exchange, enum nks_file_folder folder, const char *party,
                                   const char *name, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_named, &stmt, fault));
    nks_bind_int(stmt, "folder", folder);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_text(stmt, "name", nks_text_from(name));
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_out_file_count(struct nks_exchange *exchange, int64_t batch_id, enum nks_file_kind kind,
                                   const char *party, nks_date business_date, int64_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    const struct nks_sql *sql = batch_id != 0 ? &nks_sql_out_file_count_batch : &nks_sql_out_file_count_day;
    NKS_TRY(nks_stmt_start(exchange->db, sql, &stmt, fault));
    nks_bind_int(stmt, "kind", kind);
    if (batch_id != 0) {
        nks_bind_int(stmt, "batch_id", batch_id);
    } else {
        nks_bind_int(stmt, "business_date", business_date);
        nks_bind_text(stmt, "party", nks_text_from(party));
    }
    return nks_exchange_one(stmt, count, fault);
}

enum nks_status nks_out_file_next_day(struct nks_exchange *exchange, const char *party, nks_date business_date,
                                      enum nks_file_kind kind, int64_t after, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_out_file_next_day, &stmt, fault));
    nks_bind_int(stmt, "business_date", business_date);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_int(stmt, "kind", kind);
    nks_bind_int(stmt, "after", after);
    return nks_exchange_one(stmt, id, fault);
}
