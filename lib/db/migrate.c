/*
 * The schema's steps, the same for every engine: which are applied stands in schema_step, and each step is one
 * transaction together with its row there, so that a killed or failed migration leaves the state before the step.
 */
#include "db/db_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_NAME_MAX = 80, TOKEN_MAX = 24, STEPS_MAX = 256 };

static const char create_text[] = "CREATE TABLE IF NOT EXISTS schema_step (\n"
                                  "    module {text} NOT NULL,\n"
                                  "    number {int} NOT NULL,\n"
                                  "    applied_at {time} NOT NULL,\n"
                                  "    PRIMARY KEY (module, number)\n"
                                  "){clustered}";

static const struct nks_sql sql_steps = {
    "schema_steps",
    "SELECT module, number FROM schema_step ORDER BY module, number",
    0,
    {NULL},
};
static const struct nks_sql sql_step_find = {
    "schema_step_find",
    "SELECT 1 FROM schema_step WHERE module = ?1 AND number = ?2",
    2,
    {"module", "number"},
};
static const struct nks_sql sql_step_insert = {
    "schema_step_insert",
    "INSERT INTO schema_step (module, number, applied_at) VALUES (?1, ?2, ?3)",
    3,
    {"module", "number", "applied_at"},
};

/* The engine's word for a token, NULL where there is none. */
static const char *type_text(const struct nks_db_type *types, const char *token, size_t len)
{
    for (; types->token != NULL; types++) {
        if (strlen(types->token) == len && memcmp(types->token, token, len) == 0)
            return types->text;
    }
    return NULL;
}

/* The length of the {word} or {word argument} that `text` begins with; 0: none ('{}' in a default). */
static size_t token_length(const char *text, size_t *word)
{
    *word = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
    size_t end = 1 + *word;
    if (*word > 0 && text[end] == ' ')
        end += 1 + strspn(text + end + 1, "abcdefghijklmnopqrstuvwxyz_");
    return *word > 0 && text[end] == '}' ? end + 1 : 0;
}

/* Appends `text` with every token replaced; an argument follows in brackets, where the engine has a word at all. */
static enum nks_status expand_into(struct nks_buf *out, const struct nks_db_type *types, const char *name,
                                   const char *text, struct nks_fault *fault)
{
    while (*text != '\0') {
        size_t word_len = 0, len = token_length(text, &word_len);
        if (len == 0) {
            nks_buf_char(out, *text++);
            continue;
        }
        const char *word = type_text(types, text + 1, word_len);
        if (word == NULL)
            return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: unknown type token {%.*s}", name,
                                 (int)(word_len < TOKEN_MAX ? word_len : TOKEN_MAX), text + 1);
        nks_buf_str(out, word);
        if (word[0] != '\0' && len > word_len + 2)
            nks_buf_printf(out, " (%.*s)", (int)(len - word_len - 3), text + word_len + 2);
        text += len;
    }
    return NKS_OK;
}

enum nks_status nks_db_expand(struct nks_db *db, const char *name, const char *text, char **out,
                              struct nks_fault *fault)
{
    size_t cap = 3 * strlen(text) + 1; /* no engine's word is more than three times as long as its token */
    char *memory = malloc(cap);
    if (memory == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: no memory for the statements", name);
    struct nks_buf buf;
    nks_buf_init(&buf, memory, cap);
    enum nks_status status = expand_into(&buf, nks_db_types(db), name, text, fault);
    nks_buf_char(&buf, '\0');
    if (status == NKS_OK && buf.overflow)
        status = nks_fault_set(fault, NKS_FAILED, "DB-SQL", "%s: the statements are too long", name);
    if (status == NKS_OK)
        *out = memory;
    else
        free(memory);
    return status;
}

/* Runs a script with tokens. */
static enum nks_status run_tokens(struct nks_db *db, const char *name, const char *text, struct nks_fault *fault)
{
    char *expanded = NULL;
    NKS_TRY(nks_db_expand(db, name, text, &expanded, fault));
    enum nks_status status = nks_db_script(db, name, expanded, fault);
    free(expanded);
    return status;
}

/* The place of a step among those that this program knows; count: it does not. */
static size_t step_index(const struct nks_migration *migrations, size_t count, struct nks_text module, int64_t number)
{
    size_t i = 0;
    while (i < count && !(migrations[i].number == number && nks_text_is(module, migrations[i].module)))
        i++;
    return i;
}

/* Which steps are applied. An older program must not write into a schema it does not understand. */
static enum nks_status steps_read(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                  bool applied[STEPS_MAX], struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    assert(count <= STEPS_MAX);
    memset(applied, 0, STEPS_MAX * sizeof applied[0]);
    NKS_TRY(nks_stmt_start(db, &sql_steps, &stmt, fault));
    for (;;) {
        bool row = false;
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        struct nks_text module = nks_column_text(stmt, 0);
        int64_t number = nks_column_int(stmt, 1);
        size_t index = step_index(migrations, count, module, number);
        if (index < count) {
            applied[index] = true;
            continue;
        }
        enum nks_status status =
            nks_fault_set(fault, NKS_FAILED, "DB-NEWER",
                          "the database has step %.*s %lld, which this program does not know: use a newer nks",
                          (int)module.len, module.ptr, (long long)number);
        nks_stmt_end(stmt);
        return status;
    }
}

static enum nks_status is_applied(struct nks_db *db, const struct nks_migration *step, bool *applied,
                                  struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, &sql_step_find, &stmt, fault));
    nks_bind_text(stmt, "module", nks_text_from(step->module));
    nks_bind_int(stmt, "number", step->number);
    NKS_TRY(nks_stmt_one(stmt, applied, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status record(struct nks_db *db, const struct nks_migration *step, int64_t now, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, &sql_step_insert, &stmt, fault));
    nks_bind_text(stmt, "module", nks_text_from(step->module));
    nks_bind_int(stmt, "number", step->number);
    nks_bind_int(stmt, "applied_at", now);
    return nks_stmt_run(stmt, NULL, fault);
}

/* The body of a step's transaction. Asks again: another program may have applied the step before the lock was ours. */
static enum nks_status apply(struct nks_db *db, const struct nks_migration *step, int64_t now, bool *applied,
                             struct nks_fault *fault)
{
    char name[STEP_NAME_MAX];
    snprintf(name, sizeof name, "migration %s %d", step->module, step->number);
    NKS_TRY(is_applied(db, step, applied, fault));
    if (*applied)
        return NKS_OK;
    NKS_TRY(run_tokens(db, name, step->text, fault));
    return record(db, step, now, fault);
}

static void tell(struct nks_migrated *told, const struct nks_migration *step)
{
    size_t len = strlen(told->steps);
    snprintf(told->steps + len, sizeof told->steps - len, "%s%s %d", len > 0 ? ", " : "", step->module, step->number);
    told->count++;
}

static enum nks_status apply_alone(struct nks_db *db, const struct nks_migration *step, int64_t now,
                                   struct nks_migrated *told, struct nks_fault *fault)
{
    bool applied = false;
    NKS_TRY(nks_db_begin(db, fault));
    enum nks_status status = apply(db, step, now, &applied, fault);
    if (status != NKS_OK) {
        nks_db_rollback(db);
        return status;
    }
    NKS_TRY(nks_db_commit(db, fault));
    if (!applied)
        tell(told, step);
    return NKS_OK;
}

enum nks_status nks_db_schema_check(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                    size_t *applied, size_t *missing, struct nks_fault *fault)
{
    bool is_there = false, done[STEPS_MAX];
    *applied = 0;
    *missing = count;
    NKS_TRY(nks_db_has_table(db, "schema_step", &is_there, fault));
    if (!is_there)
        return NKS_OK;
    NKS_TRY(steps_read(db, migrations, count, done, fault));
    for (size_t i = 0; i < count; i++) {
        *applied += done[i];
        *missing -= done[i];
    }
    return NKS_OK;
}

enum nks_status nks_db_migrate(struct nks_db *db, const struct nks_migration *migrations, size_t count, int64_t now,
                               struct nks_fault *fault)
{
    struct nks_migrated told;
    return nks_db_migrate_told(db, migrations, count, now, &told, fault);
}

enum nks_status nks_db_migrate_told(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                    int64_t now, struct nks_migrated *told, struct nks_fault *fault)
{
    *told = (struct nks_migrated){.count = 0};
    bool is_there = false, applied[STEPS_MAX];
    NKS_TRY(nks_db_has_table(db, "schema_step", &is_there, fault)); /* who may not make tables need not */
    if (!is_there)
        NKS_TRY(run_tokens(db, "schema_step", create_text, fault));
    NKS_TRY(steps_read(db, migrations, count, applied, fault));
    for (size_t i = 0; i < count; i++) {
        if (!applied[i])
            NKS_TRY(apply_alone(db, &migrations[i], now, told, fault));
    }
    return NKS_OK;
}
