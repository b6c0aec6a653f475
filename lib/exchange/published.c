#include "exchange/published.h"

#include "exchange/exchange_private.h"

#include <inttypes.h>
#include <string.h>

/* ---- the mark */

enum nks_status nks_journal_mark_load(struct nks_exchange *exchange, struct nks_journal_mark *mark,
                                      enum nks_journal_state *state, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false, fits = true;
    *mark = (struct nks_journal_mark){0, 0, ""};
    *state = NKS_JOURNAL_NONE;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_journal_mark_load, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found) {
        mark->number = nks_column_int(stmt, 0);
        mark->offset = nks_column_int(stmt, 1);
        fits = nks_text_copy(nks_column_text(stmt, 2), mark->check, sizeof mark->check);
        *state = (enum nks_journal_state)nks_column_int(stmt, 3);
    }
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "JOURNAL-MARK", "the mark of the journal is damaged");
}

enum nks_status nks_journal_mark_save(struct nks_exchange *exchange, const struct nks_journal_mark *mark,
                                      enum nks_journal_state state, struct nks_fault *fault)
{
    static const struct nks_sql *const either[] = {&nks_sql_journal_mark_update, &nks_sql_journal_mark_insert};
    int64_t changed = 0;
    for (size_t i = 0; i < 2 && changed == 0; i++) {
        struct nks_stmt *stmt = NULL;
        NKS_TRY(nks_stmt_start(exchange->db, either[i], &stmt, fault));
        nks_bind_int(stmt, "number", mark->number);
        nks_bind_int(stmt, "bytes", mark->offset);
        nks_bind_text(stmt, "check_text", nks_text_from(mark->check));
        nks_bind_int(stmt, "state", state);
        NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    }
    return NKS_OK;
}

/* ---- a line about a file: kind, folder, party, name, message id, created, business date, bytes, SHA-256, source,
 * entries, control sum; older lines end with the source */

void nks_published_format(const struct nks_out_file *file, const uint8_t source[NKS_SOURCE_SIZE],
                          struct nks_buf *fields)
{
    char created[NKS_TIME_TEXT], date[NKS_DATE_TEXT], hex[NKS_HASH_HEX], source_hex[2 * NKS_SOURCE_SIZE + 1];
    nks_hex(source, NKS_SOURCE_SIZE, source_hex);
    nks_time_format(file->created, created);
    nks_date_format(file->business_date, date);
    nks_hex(file->hash, sizeof file->hash, hex);
    nks_buf_printf(fields, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRId64 "\t%s\t%s\t%" PRId64 "\t%s",
                   nks_file_kind_name((int)file->kind), nks_file_folder_path(file->folder), file->party, file->name,
                   file->message_id, created, date, file->bytes, hex, source_hex, file->entries, file->sum);
}

enum { WORDS_MAX = 8 }; /* of a kind or folder */

static bool word_find(struct nks_text word, bool folder, int *out)
{
    for (int i = 1; i < WORDS_MAX; i++) {
        const char *name = folder ? nks_file_folder_path((enum nks_file_folder)i) : nks_file_kind_name(i);
        if (strcmp(name, "?") != 0 && nks_text_is(word, name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool nks_published_same(const struct nks_published *published, const struct nks_out_file *file)
{
    return published->bytes == file->bytes && memcmp(published->hash, file->hash, NKS_HASH_SIZE) == 0;
}

bool nks_published_read(struct nks_text fields, struct nks_published *out)
{
    int kind = 0, folder = 0;
    uint64_t bytes = 0, entries = 0;
    *out = (struct nks_published){.kind = 0};
    bool good = word_find(nks_text_cut(&fields, '\t'), false, &kind);
    good = word_find(nks_text_cut(&fields, '\t'), true, &folder) && good;
    good = nks_text_copy(nks_text_cut(&fields, '\t'), out->party, sizeof out->party) && good;
    good = nks_text_copy(nks_text_cut(&fields, '\t'), out->name, sizeof out->name) && good;
    good = nks_text_copy(nks_text_cut(&fields, '\t'), out->message_id, sizeof out->message_id) && good;
    good = nks_time_parse(nks_text_cut(&fields, '\t'), &out->created) && good;
    good = nks_date_parse(nks_text_cut(&fields, '\t'), false, &out->business_date) && good;
    good = nks_text_number(nks_text_cut(&fields, '\t'), INT64_MAX, &bytes) && good;
    out->kind = (enum nks_file_kind)kind;
    out->folder = (enum nks_file_folder)folder;
    out->bytes = (int64_t)bytes;
    good = nks_unhex(nks_text_cut(&fields, '\t'), out->hash, sizeof out->hash) && good;
    good = nks_unhex(nks_text_cut(&fields, '\t'), out->source, sizeof out->source) && good;
    if (fields.len == 0)
        return good;
    good = nks_text_number(nks_text_cut(&fields, '\t'), INT64_MAX, &entries) && good;
    out->entries = (int64_t)entries;
    return nks_text_copy(fields, out->sum, sizeof out->sum) && good;
}

/* ---- rows */

static enum nks_status find(struct nks_exchange *exchange, enum nks_file_folder folder, const char *party,
                            const char *name, struct nks_published *out, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool fits = true;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_find, &stmt, fault));
    nks_bind_int(stmt, "folder", folder);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_text(stmt, "name", nks_text_from(name));
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    *out = (struct nks_published){.folder = folder};
    if (*found) {
        struct nks_text hash = nks_column_bytes(stmt, 5);
        out->kind = (enum nks_file_kind)nks_column_int(stmt, 0);
        fits = nks_text_copy(nks_column_text(stmt, 1), out->message_id, sizeof out->message_id) &&
               nks_text_copy(nks_text_from(party), out->party, sizeof out->party) &&
               nks_text_copy(nks_text_from(name), out->name, sizeof out->name) && hash.len == sizeof out->hash;
        out->created = nks_column_int(stmt, 2);
        out->business_date = (nks_date)nks_column_int(stmt, 3);
        out->bytes = nks_column_int(stmt, 4);
        memcpy(out->hash, hash.ptr, fits ? sizeof out->hash : 0);
        out->line = nks_column_int(stmt, 6);
    }
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of a published file is damaged");
}

enum nks_status nks_published_find(struct nks_exchange *exchange, const struct nks_out_file *file,
                                   struct nks_published *out, bool *found, struct nks_fault *fault)
{
    return find(exchange, file->folder, file->party, file->name, out, found, fault);
}

enum nks_status nks_published_add(struct nks_exchange *exchange, const struct nks_published *published,
                                  struct nks_fault *fault)
{
    struct nks_published before;
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(find(exchange, published->folder, published->party, published->name, &before, &found, fault));
    if (found)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_insert, &stmt, fault));
    nks_bind_int(stmt, "folder", published->folder);
    nks_bind_text(stmt, "party", nks_text_from(published->party));
    nks_bind_text(stmt, "name", nks_text_from(published->name));
    nks_bind_int(stmt, "kind", published->kind);
    nks_bind_text(stmt, "message_id", nks_text_from(published->message_id));
    nks_bind_int(stmt, "created_at", published->created);
    nks_bind_int(stmt, "business_date", published->business_date);
    nks_bind_int(stmt, "bytes", published->bytes);
    nks_bind_bytes(stmt, "hash", published->hash, sizeof published->hash);
    nks_bind_bytes(stmt, "source", published->source, sizeof published->source);
    nks_bind_int(stmt, "line", published->line);
    nks_bind_int(stmt, "entries", published->entries);
    nks_bind_text(stmt, "control_sum", nks_text_from(published->sum));
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_published_last_of_day(struct nks_exchange *exchange, enum nks_file_kind kind,
                                          enum nks_file_folder folder, const char *party, nks_date day,
                                          char name[NKS_FILE_NAME_MAX], struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    name[0] = '\0';
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_last_of_day, &stmt, fault));
    nks_bind_int(stmt, "kind", kind);
    nks_bind_int(stmt, "folder", folder);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_int(stmt, "business_date", day);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    bool fits = !found || nks_text_copy(nks_column_text(stmt, 0), name, NKS_FILE_NAME_MAX);
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of a published file is damaged");
}

enum nks_status nks_published_unknown(struct nks_exchange *exchange, nks_published_count_fn fn, void *context,
                                      struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_unknown, &stmt, fault));
    for (;;) {
        bool row = false;
        struct nks_published_count count;
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        count.folder = (enum nks_file_folder)nks_column_int(stmt, 0);
        bool fits = nks_text_copy(nks_column_text(stmt, 1), count.party, sizeof count.party);
        count.kind = (enum nks_file_kind)nks_column_int(stmt, 2);
        count.files = nks_column_int(stmt, 3);
        enum nks_status status = fits ? fn(context, &count) : NKS_OK;
        if (status != NKS_OK) {
            nks_stmt_end(stmt);
            return status;
        }
    }
}

enum nks_status nks_published_unmatched(struct nks_exchange *exchange, const uint8_t source[NKS_SOURCE_SIZE],
                                        struct nks_published_rest *rest, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *rest = (struct nks_published_rest){.files = 0};
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_unmatched, &stmt, fault));
    nks_bind_bytes(stmt, "source", source, NKS_SOURCE_SIZE);
    nks_bind_int(stmt, "order", NKS_FILE_ORDER);
    nks_bind_int(stmt, "status", NKS_FILE_STATUS);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found)
        rest->files = nks_column_int(stmt, 0);
    if (rest->files > 0)
        rest->first_day = (nks_date)nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_published_first(struct nks_exchange *exchange, const uint8_t source[NKS_SOURCE_SIZE],
                                    nks_time *created, nks_date *business_date, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_first, &stmt, fault));
    nks_bind_bytes(stmt, "source", source, NKS_SOURCE_SIZE);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        *created = nks_column_int(stmt, 0);
        *business_date = (nks_date)nks_column_int(stmt, 1);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static const uint8_t no_source[NKS_SOURCE_SIZE];

enum nks_status nks_published_source(struct nks_exchange *exchange, const char *name, uint8_t source[NKS_SOURCE_SIZE],
                                     nks_date *business_date, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_source, &stmt, fault));
    nks_bind_text(stmt, "name", nks_text_from(name));
    nks_bind_bytes(stmt, "none", no_source, sizeof no_source);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    struct nks_text bytes = *found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    bool good = !*found || bytes.len == NKS_SOURCE_SIZE;
    if (*found && good) {
        memcpy(source, bytes.ptr, NKS_SOURCE_SIZE);
        *business_date = (nks_date)nks_column_int(stmt, 1);
    }
    nks_stmt_end(stmt);
    return good ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of a published file is damaged");
}

enum nks_status nks_published_settle(struct nks_exchange *exchange, const uint8_t source[NKS_SOURCE_SIZE],
                                     nks_date until, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_settle, &stmt, fault));
    nks_bind_bytes(stmt, "source", source, NKS_SOURCE_SIZE);
    nks_bind_int(stmt, "until", until);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_published_before_line(struct nks_exchange *exchange, int64_t line, int64_t *count,
                                          struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_before_line, &stmt, fault));
    nks_bind_int(stmt, "order", NKS_FILE_ORDER);
    nks_bind_int(stmt, "status", NKS_FILE_STATUS);
    nks_bind_int(stmt, "line", line);
    nks_bind_int(stmt, "published", NKS_FILE_PUBLISHED);
    return nks_exchange_one(stmt, count, fault);
}

enum nks_status nks_published_instant(struct nks_exchange *exchange, nks_date day, int64_t line, nks_time after,
                                      nks_time *created, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_instant, &stmt, fault));
    nks_bind_int(stmt, "order", NKS_FILE_ORDER);
    nks_bind_int(stmt, "status", NKS_FILE_STATUS);
    nks_bind_int(stmt, "recall", NKS_FILE_RECALL);
    nks_bind_int(stmt, "day", day);
    nks_bind_int(stmt, "line", line);
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "published", NKS_FILE_PUBLISHED);
    return nks_exchange_one(stmt, created, fault);
}

enum nks_status nks_published_unfinished(struct nks_exchange *exchange, const char *name, bool unfinished,
                                         struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_unfinished, &stmt, fault));
    nks_bind_int(stmt, "unfinished", unfinished);
    nks_bind_text(stmt, "name", nks_text_from(name));
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_published_unfinished_next(struct nks_exchange *exchange, char name[NKS_FILE_NAME_MAX], bool *found,
                                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool fits = true;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_unfinished_next, &stmt, fault));
    nks_bind_text(stmt, "after", nks_text_from(name));
    nks_bind_int(stmt, "kind", NKS_FILE_ORDER);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found)
        fits = nks_text_copy(nks_column_text(stmt, 0), name, NKS_FILE_NAME_MAX);
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of a published file is damaged");
}

enum nks_status nks_published_next_day(struct nks_exchange *exchange, nks_date after, nks_date *day, nks_time *created,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_next_day, &stmt, fault));
    nks_bind_int(stmt, "kind", NKS_FILE_ORDER);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    found = found && !nks_column_is_null(stmt, 0);
    *day = found ? (nks_date)nks_column_int(stmt, 0) : 0;
    *created = found ? nks_column_int(stmt, 1) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_published_only_next(struct nks_exchange *exchange, const char *central, nks_date day,
                                        struct nks_published *file, bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool good = true;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_only_next, &stmt, fault));
    nks_bind_int(stmt, "folder", NKS_FOLDER_CENTRAL);
    nks_bind_text(stmt, "party", nks_text_from(central));
    nks_bind_int(stmt, "kind", NKS_FILE_ORDER);
    nks_bind_int(stmt, "business_date", day);
    nks_bind_text(stmt, "after", nks_text_from(file->name));
    nks_bind_int(stmt, "published", NKS_FILE_PUBLISHED);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found) {
        struct nks_text hash = nks_column_bytes(stmt, 5);
        good = nks_text_copy(nks_column_text(stmt, 0), file->name, sizeof file->name) &&
               nks_text_copy(nks_column_text(stmt, 1), file->message_id, sizeof file->message_id) &&
               nks_text_copy(nks_column_text(stmt, 3), file->sum, sizeof file->sum) && hash.len == NKS_HASH_SIZE;
        file->entries = nks_column_int(stmt, 2);
        file->bytes = nks_column_int(stmt, 4);
        memcpy(file->hash, hash.ptr, good ? NKS_HASH_SIZE : 0);
    }
    nks_stmt_end(stmt);
    return good ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of a published file is damaged");
}

enum nks_status nks_published_forget_lines(struct nks_exchange *exchange, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_published_forget_lines, &stmt, fault));
    return nks_stmt_run(stmt, NULL, fault);
}
