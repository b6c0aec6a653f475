#include "out.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    JSON_VERSION = 1,
    CELL_MAX = 512,
    PROGRESS_AFTER_MS = 2000,
    PROGRESS_EVERY_MS = 200,
    WIDTH = 100,
    TOPIC_WIDTH = 10
};

static int64_t now_ms(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool dumb_terminal(void)
{
    const char *term = getenv("TERM");
    return term == NULL || strcmp(term, "dumb") == 0;
}

void out_init(struct out *out, bool json, bool quiet, bool verbose)
{
    const char *no_colour = getenv("NO_COLOR");
    bool terminal = isatty(STDOUT_FILENO) == 1;
    *out = (struct out){
        .form = json       ? OUT_JSON
                : terminal ? OUT_TABLE
                           : OUT_LINES,
        .colour = terminal && !json && !dumb_terminal() && (no_colour == NULL || no_colour[0] == '\0'),
        .quiet = quiet,
        .verbose = verbose,
        .progress = !quiet && isatty(STDERR_FILENO) == 1 && !dumb_terminal(),
        .started_ms = now_ms(),
    };
}

static void progress_clear(struct out *out)
{
    if (out->progress_shown)
        fputs("\r\033[K", stderr);
    out->progress_shown = false;
}

bool out_finish(struct out *out)
{
    progress_clear(out);
    return fflush(stdout) == 0 && ferror(stdout) == 0 && !out->failed;
}

/* ---- progress */

static bool progress_due(struct out *out)
{
    int64_t now = now_ms();
    if (!out->progress || now - out->started_ms < PROGRESS_AFTER_MS || now - out->shown_ms < PROGRESS_EVERY_MS)
        return false;
    out->shown_ms = now;
    out->progress_shown = true;
    return true;
}

void out_progress(void *context, const char *stage, int64_t done, int64_t total)
{
    struct out *out = context;
    if (!progress_due(out))
        return;
    if (total > 0)
        fprintf(stderr, "\r\033[K%s %" PRId64 " %%", stage, done >= total ? 100 : done * 100 / total);
    else
        fprintf(stderr, "\r\033[K%s %" PRId64, stage, done);
}

void out_progress_bytes(void *context, int64_t bytes)
{
    struct out *out = context;
    if (progress_due(out))
        fprintf(stderr, "\r\033[Kread %" PRId64 " KiB", bytes / 1024);
}

/* ---- tables */

struct table {
    struct out *out;
    const char *type, *title;
    const struct column *columns;
    size_t count, at; /* of columns, the next cell */
    bool facts;
    json_t *row;  /* JSON: the row in the making */
    char **cells; /* terminal: all rows, count by count */
    size_t used, cap;
    bool any; /* the header line is out */
};

struct table *table_begin(struct out *out, const char *type, const char *title, const struct column *columns,
                          size_t count, bool facts)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        out->failed = true;
        return NULL;
    }
    *table =
        (struct table){.out = out, .type = type, .title = title, .columns = columns, .count = count, .facts = facts};
    return table;
}

static void json_cell(struct table *table, json_t *value)
{
    if (table->at == 0)
        table->row = json_object();
    if (table->row == NULL || json_object_set_new(table->row, table->columns[table->at].key, value) != 0)
        table->out->failed = true;
    if (++table->at == table->count) {
        out_json(table->out, table->type, table->row);
        table->row = NULL;
        table->at = 0;
    }
}

/* A cell must not break the line or steer the terminal. */
static void put_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        bool old = (unsigned char)text[0] == 0xC2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] <= 0x9F;
        if (old) /* U+0080 to U+009F */
            text++;
        putchar(old || (unsigned char)*text < ' ' || *text == 0x7F ? ' ' : *text);
    }
}

static void line_header(struct table *table)
{
    if (table->any)
        return;
    table->any = true;
    fputs("# type", stdout);
    for (size_t i = 0; i < table->count; i++)
        printf("\t%s", table->columns[i].key);
    putchar('\n');
}

static void line_cell(struct table *table, const char *text)
{
    if (table->at == 0) {
        line_header(table);
        fputs(table->type, stdout);
    }
    putchar('\t');
    put_plain(text);
    if (++table->at == table->count) {
        putchar('\n');
        table->at = 0;
    }
}

static void buffered_cell(struct table *table, const char *text)
{
    if (table->used == table->cap) {
        size_t cap = table->cap == 0 ? 64 : 2 * table->cap;
        char **grown = realloc(table->cells, cap * sizeof *grown);
        if (grown == NULL) {
            table->out->failed = true;
            return;
        }
        table->cells = grown;
        table->cap = cap;
    }
    table->cells[table->used] = strdup(text);
    if (table->cells[table->used] == NULL)
        table->out->failed = true;
    else
        table->used++;
}

static void text_cell(struct table *table, const char *text)
{
    if (table->out->form == OUT_LINES)
        line_cell(table, text);
    else
        buffered_cell(table, text);
}

void table_text(struct table *table, const char *text)
{
    bool empty = text == NULL || text[0] == '\0';
    if (table == NULL)
        return;
    if (table->out->form == OUT_JSON)
        json_cell(table, empty ? json_null() : json_string(text));
    else
        text_cell(table, empty ? "" : text);
}

void table_printf(struct table *table, const char *fmt, ...)
{
    char text[CELL_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    table_text(table, text);
}

void table_number(struct table *table, int64_t number)
{
    char text[24];
    if (table == NULL)
        return;
    snprintf(text, sizeof text, "%" PRId64, number);
    if (table->out->form == OUT_JSON)
        json_cell(table, json_integer(number));
    else
        text_cell(table, text);
}

void table_optional(struct table *table, int64_t number)
{
    if (number != 0)
        table_number(table, number);
    else
        table_text(table, NULL);
}

void table_flag(struct table *table, bool flag)
{
    if (table == NULL)
        return;
    if (table->out->form == OUT_JSON)
        json_cell(table, json_boolean(flag));
    else
        text_cell(table, flag ? "yes" : "no");
}

void table_date(struct table *table, nks_date date)
{
    char text[NKS_DATE_TEXT] = "";
    if (date != NKS_DATE_NONE)
        nks_date_format(date, text);
    table_text(table, text);
}

void table_time(struct table *table, nks_time time)
{
    char text[NKS_TIME_TEXT];
    nks_time_format(time, text);
    table_text(table, text);
}

void table_sum(struct table *table, struct nks_sum sum)
{
    char text[64];
    struct nks_buf buf;
    nks_buf_init(&buf, text, sizeof text - 1);
    nks_sum_format(&buf, sum);
    text[buf.len] = '\0';
    table_text(table, text);
}

/* ---- a table at a terminal */

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void pad(size_t count)
{
    for (size_t i = 0; i < count; i++)
        putchar(' ');
}

/* Words that mean something did not go the usual way. */
static bool alarming(const char *text)
{
    static const char *const words[] = {"REFUSED", "REJECTED", "RETURNED", "ODD", "STOPPED", "RJCT"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static void put_cell(const struct table *table, const char *text)
{
    bool red = table->out->colour && alarming(text);
    fputs(red ? "\033[31m" : "", stdout);
    put_plain(text);
    fputs(red ? "\033[0m" : "", stdout);
}

static void put_title(const struct table *table)
{
    if (table->title != NULL)
        printf("%s%s%s\n", table->out->colour ? "\033[1m" : "", table->title, table->out->colour ? "\033[0m" : "");
}

static void put_facts(const struct table *table)
{
    size_t width = 0;
    for (size_t c = 0; c < table->count; c++)
        width = width_of(table->columns[c].title) > width ? width_of(table->columns[c].title) : width;
    for (size_t i = 0; i < table->used; i++) {
        const struct column *column = &table->columns[i % table->count];
        if (table->cells[i][0] == '\0')
            continue;
        printf("  %s", column->title);
        pad(width - width_of(column->title) + 2);
        put_cell(table, table->cells[i]);
        putchar('\n');
    }
}

static size_t column_width(const struct table *table, size_t c)
{
    size_t width = width_of(table->columns[c].title);
    for (size_t i = c; i < table->used; i += table->count)
        width = width_of(table->cells[i]) > width ? width_of(table->cells[i]) : width;
    return width;
}

static void put_aligned(const struct table *table, size_t c, size_t width, const char *text, bool heading)
{
    bool right = table->columns[c].kind == CELL_NUMBER, last = c + 1 == table->count;
    size_t blanks = width - width_of(text);
    fputs("  ", stdout);
    if (right)
        pad(blanks);
    if (heading)
        put_plain(text);
    else
        put_cell(table, text);
    if (!right && !last)
        pad(blanks);
    if (last)
        putchar('\n');
}

static void put_rows(const struct table *table)
{
    enum { COLUMNS_MAX = 32 };
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t c = 0; c < table->count && c < COLUMNS_MAX; c++)
        widths[c] = column_width(table, c);
    for (size_t c = 0; c < table->count && c < COLUMNS_MAX; c++)
        put_aligned(table, c, widths[c], table->columns[c].title, true);
    for (size_t i = 0; i < table->used; i++)
        put_aligned(table, i % table->count, widths[i % table->count], table->cells[i], false);
}

void table_end(struct table *table)
{
    if (table == NULL)
        return;
    if (table->out->form == OUT_TABLE && table->used > 0) {
        progress_clear(table->out);
        put_title(table);
        if (table->facts)
            put_facts(table);
        else
            put_rows(table);
        putchar('\n');
    }
    for (size_t i = 0; i < table->used; i++)
        free(table->cells[i]);
    free(table->cells);
    json_decref(table->row);
    free(table);
}

/* ---- objects and prose */

static void json_line(struct out *out, FILE *stream, const char *type, json_t *object)
{
    json_t *line = json_pack("{s:i, s:s}", "v", JSON_VERSION, "type", type);
    if (line == NULL || object == NULL || json_object_update(line, object) != 0 ||
        json_dumpf(line, stream, JSON_COMPACT | JSON_PRESERVE_ORDER) != 0 || fputc('\n', stream) == EOF)
        out->failed = true;
    json_decref(line);
    json_decref(object);
}

void out_json(struct out *out, const char *type, json_t *object)
{
    json_line(out, stdout, type, object);
}

/* Breaks at blanks, so that no line is longer than the terminal is usually wide. */
static void put_wrapped(const char *text, size_t indent)
{
    size_t at = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char word[CELL_MAX];
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (at > indent && at + 1 + width_of(word) > WIDTH) {
            putchar('\n');
            pad(indent);
            at = indent;
        } else if (at > indent) {
            putchar(' ');
            at++;
        }
        put_plain(word);
        at += width_of(word);
        text += len + strspn(text + len, " ");
    }
    putchar('\n');
}

void out_topic(struct out *out, const char *topic, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (out->form == OUT_LINES) {
        printf("%s\t", topic);
        put_plain(text);
        putchar('\n');
        return;
    }
    printf("%s%-*s%s", out->colour ? "\033[1m" : "", TOPIC_WIDTH, topic, out->colour ? "\033[0m" : "");
    put_wrapped(text, TOPIC_WIDTH);
}

/* ---- standard error */

void out_fault(struct out *out, const struct nks_fault *fault, int exit_code)
{
    progress_clear(out);
    if (out->form == OUT_JSON) {
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:i}", "code", fault->code, "status", nks_status_name(fault->status),
                      "where", fault->where, "line", fault->line, "exit", exit_code);
        if (object != NULL && fault->batch != 0)
            json_object_set_new(object, "batch", json_integer(fault->batch));
        if (object != NULL && fault->seq != 0)
            json_object_set_new(object, "payment", json_integer(fault->seq));
        json_line(out, stderr, "error", object);
        return;
    }
    fprintf(stderr, "nks: %s", fault->code);
    if (fault->batch != 0)
        fprintf(stderr, " batch %" PRId64, fault->batch);
    if (fault->seq != 0)
        fprintf(stderr, " payment %" PRId64, fault->seq);
    fprintf(stderr, "%s%s: %s\n", fault->where[0] != '\0' ? " " : "", fault->where, fault->line);
    if (!out->quiet)
        fprintf(stderr, "nks: more about this: nks help %s\n", fault->code);
}

void out_note(struct out *out, const char *fmt, ...)
{
    if (out->quiet || out->form == OUT_JSON)
        return;
    progress_clear(out);
    va_list args;
    va_start(args, fmt);
    fputs("nks: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}
