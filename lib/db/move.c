/* A move: what there is to move, and the copying. */
#include "db/move_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 128 };

static enum nks_status no_memory(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the tables of a move; try again later");
}

/* ---- the catalogue */

static bool kind_of(struct nks_text word, enum nks_value_kind *kind)
{
    static const struct {
        const char *word;
        enum nks_value_kind kind;
    } kinds[] = {{"number", NKS_VALUE_INT}, {"bytes", NKS_VALUE_BYTES}, {"text", NKS_VALUE_TEXT}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        *kind = kinds[i].kind;
        if (nks_text_is(word, kinds[i].word))
            return true;
    }
    return false;
}

static enum nks_status unmovable(const char *table, const char *why, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-SQL", "the table %s cannot be moved: %s (a defect)", table, why);
}

/* The table the row is of: the last one, or a new one. */
static struct nks_move_table *table_of(struct nks_move *move, struct nks_text name)
{
    struct nks_move_table *last = move->count == 0 ? NULL : &move->tables[move->count - 1];
    if (last != NULL && nks_text_is(name, last->name))
        return last;
    if (move->count == MOVE_TABLES_MAX)
        return NULL;
    last = &move->tables[move->count++];
    return nks_text_copy(name, last->name, sizeof last->name) ? last : NULL;
}

static enum nks_status column_add(struct nks_move *move, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_move_table *table = table_of(move, nks_column_text(stmt, 0));
    if (table == NULL || table->columns == NKS_MOVE_COLUMNS_MAX)
        return unmovable(table == NULL ? "?" : table->name, "too much", fault);
    struct nks_move_column *column = &table->column[table->columns++];
    column->bytes = (int)nks_column_int(stmt, 3);
    column->key = (int)nks_column_int(stmt, 4);
    if (!nks_text_copy(nks_column_text(stmt, 1), column->name, sizeof column->name) ||
        !kind_of(nks_column_text(stmt, 2), &column->kind))
        return unmovable(table->name, "a column of a kind that is not known", fault);
    return NKS_OK;
}

static enum nks_status columns_read(struct nks_move *move, struct nks_db *db, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, db->engine->columns, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (bool row = true; status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status != NKS_OK || !row)
            break;
        status = column_add(move, stmt, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

/* ---- the statements of a table */

static const struct nks_move_column *key_column(const struct nks_move_table *table, int place)
{
    for (int i = 0; i < table->columns; i++) {
        if (table->column[i].key == place)
            return &table->column[i];
    }
    return NULL;
}

static void put_columns(struct nks_buf *buf, const struct nks_move_table *table)
{
    for (int i = 0; i < table->columns; i++)
        nks_buf_printf(buf, "%s\"%s\"", i > 0 ? ", " : "", table->column[i].name);
}

/* In the order of the primary key: the same on every engine, bytewise for texts. */
static void put_select(struct nks_buf *buf, const struct nks_move_table *table)
{
    const struct nks_move_column *key = NULL;
    nks_buf_str(buf, "SELECT ");
    put_columns(buf, table);
    nks_buf_printf(buf, " FROM \"%s\" ORDER BY ", table->name);
    for (int i = 1; (key = key_column(table, i)) != NULL; i++)
        nks_buf_printf(buf, "%s\"%s\"", i > 1 ? ", " : "", key->name);
    nks_buf_char(buf, '\0');
}

static void put_insert(struct nks_buf *buf, const struct nks_move_table *table)
{
    nks_buf_printf(buf, "INSERT INTO \"%s\" (", table->name);
    put_columns(buf, table);
    nks_buf_str(buf, ") VALUES (");
    for (int i = 1; i <= table->columns; i++)
        nks_buf_printf(buf, "%s?%d", i > 1 ? ", " : "", i);
    nks_buf_str(buf, ")");
    nks_buf_char(buf, '\0');
}

static char *text_made(void (*put)(struct nks_buf *buf, const struct nks_move_table *table),
                       const struct nks_move_table *table)
{
    enum { ROOM = (2 * NKS_MOVE_COLUMNS_MAX + 2) * (NKS_MOVE_NAME_MAX + 8) + 64 };
    struct nks_buf buf;
    char *text = malloc(ROOM);
    if (text == NULL)
        return NULL;
    nks_buf_init(&buf, text, ROOM);
    put(&buf, table);
    return text;
}

static enum nks_status statements_make(struct nks_move_table *table, struct nks_fault *fault)
{
    if (key_column(table, 1) == NULL)
        return unmovable(table->name, "it has no primary key", fault);
    table->select = text_made(put_select, table);
    table->insert_text = text_made(put_insert, table);
    if (table->select == NULL || table->insert_text == NULL)
        return no_memory(fault);
    table->insert = (struct nks_sql){.name = table->name, .text = table->insert_text, .params = table->columns};
    for (int i = 0; i < table->columns; i++)
        table->insert.param_names[i] = table->column[i].name;
    return NKS_OK;
}

static enum nks_status count_take(void *context, const struct nks_value *values, struct nks_fault *fault)
{
    int64_t *rows = context;
    (void)fault;
    *rows += values[0].number;
    return NKS_OK;
}

static enum nks_status table_prepare(struct nks_move *move, struct nks_move_table *table, struct nks_fault *fault)
{
    char text[SCRIPT_MAX];
    NKS_TRY(statements_make(table, fault));
    snprintf(text, sizeof text, "SELECT count(*) FROM \"%s\"", table->name);
    const struct nks_reading reading = {
        .name = table->name, .text = text, .columns = 1, .fn = count_take, .context = &move->rows};
    return move->from->engine->rows(move->from, &reading, fault);
}

enum nks_status nks_move_open(struct nks_db *from, nks_db_copy_fn progress, void *context, struct nks_move **out,
                              struct nks_fault *fault)
{
    struct nks_move *move = calloc(1, sizeof *move);
    if (move == NULL)
        return no_memory(fault);
    *move = (struct nks_move){.from = from, .progress = progress, .progress_context = context};
    move->tables = calloc(MOVE_TABLES_MAX, sizeof *move->tables);
    enum nks_status status = move->tables == NULL ? no_memory(fault) : columns_read(move, from, fault);
    for (size_t i = 0; i < move->count && status == NKS_OK; i++)
        status = table_prepare(move, &move->tables[i], fault);
    if (status != NKS_OK) {
        nks_move_free(move);
        return status;
    }
    *out = move;
    return NKS_OK;
}

void nks_move_free(struct nks_move *move)
{
    if (move == NULL)
        return;
    for (size_t i = 0; i < move->count; i++) {
        free(move->tables[i].select);
        free(move->tables[i].insert_text);
    }
    free(move->tables);
    free(move);
}

void nks_move_passed(struct nks_move *move)
{
    if (++move->done % MOVE_PROGRESS_ROWS == 0 && move->progress != NULL)
        move->progress(move->progress_context, move->done, move->total);
}

/* ---- values */

static enum nks_status value_bad(const struct nks_move_table *table, int column, const struct nks_value *values,
                                 int64_t row, const char *what, struct nks_fault *fault)
{
    char key[160];
    struct nks_buf buf;
    nks_buf_init(&buf, key, sizeof key - 1);
    nks_buf_printf(&buf, "row %lld", (long long)row);
    for (int i = 0; i < table->columns; i++) {
        if (table->column[i].key > 0 && values[i].kind == NKS_VALUE_INT)
            nks_buf_printf(&buf, ", %s %lld", table->column[i].name, (long long)values[i].number);
    }
    key[buf.len] = '\0';
    return nks_fault_set(fault, NKS_REFUSED, "MOVE-VALUE",
                         "table %s, column %s, %s: %s, which PostgreSQL does not store", table->name,
                         table->column[column].name, key, what);
}

static bool in_range(const struct nks_move_column *column, int64_t number)
{
    return column->bytes >= 8 || (column->bytes == 4 ? number >= INT32_MIN && number <= INT32_MAX
                                                     : number >= INT16_MIN && number <= INT16_MAX);
}

enum nks_status nks_move_fits(const struct nks_move_table *table, const struct nks_value *values, int64_t row,
                              struct nks_fault *fault)
{
    for (int i = 0; i < table->columns; i++) {
        const struct nks_value *value = &values[i];
        const char *what = NULL;
        if (value->kind == NKS_VALUE_NULL)
            continue;
        if (value->kind != table->column[i].kind)
            what = "a value of another kind than the column's";
        else if (value->kind == NKS_VALUE_INT && !in_range(&table->column[i], value->number))
            what = "a number that is too wide";
        else if (value->kind == NKS_VALUE_TEXT && value->text.len > 0 &&
                 memchr(value->text.ptr, '\0', value->text.len) != NULL)
            what = "a text with a NUL in it";
        else if (value->kind == NKS_VALUE_TEXT && !nks_text_is_utf8(value->text))
            what = "a text that is not UTF-8";
        if (what != NULL)
            return value_bad(table, i, values, row, what, fault);
    }
    return NKS_OK;
}

/* ---- copying */

struct copying {
    struct nks_move *move;
    const struct nks_move_table *table;
    struct nks_stmt *insert;
    int64_t row;
};

static enum nks_status row_copy(void *context, const struct nks_value *values, struct nks_fault *fault)
{
    struct copying *copying = context;
    NKS_TRY(nks_move_fits(copying->table, values, ++copying->row, fault));
    for (int i = 0; i < copying->table->columns; i++) {
        const struct nks_value *value = &values[i];
        if (value->kind == NKS_VALUE_INT)
            nks_bind_int_at(copying->insert, i, value->number);
        else if (value->kind == NKS_VALUE_BYTES)
            nks_bind_bytes_at(copying->insert, i, value->text.ptr, value->text.len);
        else if (value->kind == NKS_VALUE_TEXT)
            nks_bind_text_at(copying->insert, i, value->text);
        else
            nks_bind_null_at(copying->insert, i);
    }
    NKS_TRY(nks_stmt_run(copying->insert, NULL, fault));
    nks_move_passed(copying->move);
    return NKS_OK;
}

enum nks_status nks_move_script(struct nks_db *db, const char *form, const char *table, struct nks_fault *fault)
{
    char text[SCRIPT_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, text, sizeof text);
    for (const char *at = form; *at != '\0'; at++) {
        if (*at == '%')
            nks_buf_printf(&buf, "\"%s\"", table);
        else
            nks_buf_char(&buf, *at);
    }
    nks_buf_char(&buf, '\0');
    return nks_db_script(db, "move", text, fault);
}

/* What the steps themselves put there (which were applied when) is that of the first database. */
static enum nks_status table_copy(struct nks_move *move, const struct nks_move_table *table, struct nks_fault *fault)
{
    struct copying copying = {.move = move, .table = table};
    NKS_TRY(nks_move_script(move->to, "DELETE FROM %", table->name, fault));
    NKS_TRY(nks_stmt_start(move->to, &table->insert, &copying.insert, fault));
    const struct nks_reading reading = {.name = table->name,
                                        .text = table->select,
                                        .columns = table->columns,
                                        .column = table->column,
                                        .fn = row_copy,
                                        .context = &copying};
    return move->from->engine->rows(move->from, &reading, fault);
}

/* The same tables with the same columns; where it goes to tells how wide a number may be. */
static enum nks_status widths_take(struct nks_move *move, const struct nks_move *there, struct nks_fault *fault)
{
    for (size_t i = 0; i < move->count; i++) {
        struct nks_move_table *table = &move->tables[i];
        const struct nks_move_table *other = &there->tables[i];
        bool same = i < there->count && strcmp(table->name, other->name) == 0 && table->columns == other->columns;
        for (int c = 0; c < table->columns && same; c++) {
            same = strcmp(table->column[c].name, other->column[c].name) == 0 &&
                   table->column[c].kind == other->column[c].kind && table->column[c].key == other->column[c].key;
            table->column[c].bytes = other->column[c].bytes;
        }
        if (!same)
            return unmovable(table->name, "it is another one on the other side", fault);
    }
    return NKS_OK;
}

static enum nks_status target_take(struct nks_move *move, struct nks_db *to, struct nks_fault *fault)
{
    struct nks_move there = {.from = to};
    move->to = to;
    there.tables = calloc(MOVE_TABLES_MAX, sizeof *there.tables);
    enum nks_status status = there.tables == NULL ? no_memory(fault) : columns_read(&there, to, fault);
    if (status == NKS_OK)
        status = widths_take(move, &there, fault);
    free(there.tables);
    return status;
}

enum nks_status nks_move_copy(struct nks_move *move, struct nks_db *to, struct nks_fault *fault)
{
    NKS_TRY(target_take(move, to, fault));
    move->done = 0;
    move->total = 3 * move->rows; /* copied, and read again on both sides */
    NKS_TRY(nks_db_begin(to, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < move->count && status == NKS_OK; i++)
        status = table_copy(move, &move->tables[i], fault);
    if (status != NKS_OK) {
        nks_db_rollback(to);
        return status;
    }
    NKS_TRY(nks_db_commit(to, fault));
    return nks_db_script(to, "move", "ANALYZE", fault); /* it plans by what it knows of the tables */
}

static bool is_ours(const struct nks_move *move, const char *name)
{
    for (size_t i = 0; i < move->count; i++) {
        if (strcmp(move->tables[i].name, name) == 0)
            return true;
    }
    return false;
}

/* One by one: each is a handful of locks on the server. What is foreign stays and is told by whoever looks for it. */
enum nks_status nks_move_clear(struct nks_move *move, struct nks_db *to, struct nks_fault *fault)
{
    struct nks_move there = {.from = to};
    there.tables = calloc(MOVE_TABLES_MAX, sizeof *there.tables);
    enum nks_status status = there.tables == NULL ? no_memory(fault) : columns_read(&there, to, fault);
    for (size_t i = 0; i < there.count && status == NKS_OK; i++) {
        if (is_ours(move, there.tables[i].name))
            status = nks_move_script(to, "DROP TABLE %", there.tables[i].name, fault);
    }
    free(there.tables);
    return status;
}
