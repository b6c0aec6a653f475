/* What stands at the address that a home is to be moved to. It is only looked at. */
#include "db/move_private.h"

#include <string.h>

enum { BUSY_TIMEOUT_MS = 10000 };

static enum nks_status count_foreign(void *context, const char *kind, const char *name,
                                     enum nks_db_difference difference)
{
    int64_t *foreign = context;
    (void)kind, (void)name;
    *foreign += difference != NKS_DB_MISSING;
    return NKS_OK;
}

static bool is_marked(struct nks_text mark, const char *word, const char *place)
{
    size_t len = strlen(word);
    return nks_text_starts(mark, word) && nks_text_is(nks_text_slice(mark, len, mark.len - len), place);
}

/* "": a table db_writer that no home has left its place in. */
static enum nks_status mark_judge(struct nks_db *db, const char *place, bool *is_own, bool *is_free,
                                  struct nks_fault *fault)
{
    static const struct nks_sql sql_home = {"home_read", "SELECT coalesce(home, '') FROM db_writer", 0, {NULL}};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(db, &sql_home, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    struct nks_text mark = found ? nks_column_text(stmt, 0) : NKS_TEXT("?");
    *is_own = is_marked(mark, NKS_MOVING, place) || is_marked(mark, NKS_SWITCHING, place);
    *is_free = mark.len == 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status judge(struct nks_db *db, const char *place, enum nks_move_target *out, struct nks_fault *fault)
{
    struct nks_fault unreadable = {.status = NKS_OK};
    bool has = false, is_own = false, is_free = true;
    int64_t foreign = 0;
    NKS_TRY(nks_db_has_table(db, "db_writer", &has, fault));
    if (has) {
        enum nks_status status = mark_judge(db, place, &is_own, &is_free, &unreadable);
        if (status == NKS_RETRY)
            return nks_fault_set(fault, status, unreadable.code, "%s", unreadable.line);
        is_own = is_own && status == NKS_OK;
        is_free = is_free && status == NKS_OK;
    }
    if (is_free)
        NKS_TRY(nks_db_catalogue_compare(db, NULL, 0, count_foreign, &foreign, fault));
    *out = is_own ? NKS_TARGET_OWN : is_free && foreign == 0 ? NKS_TARGET_EMPTY : NKS_TARGET_USED;
    return NKS_OK;
}

enum nks_status nks_move_target(const char *address, const char *place, enum nks_move_target *out,
                                struct nks_fault *fault)
{
    const struct nks_db_options options = {
        .path = address, .read_only = true, .bare = true, .busy_timeout_ms = BUSY_TIMEOUT_MS};
    struct nks_db *db = NULL;
    NKS_TRY(nks_db_open(&options, &db, fault));
    enum nks_status status = judge(db, place, out, fault);
    nks_db_close(db);
    return status;
}
