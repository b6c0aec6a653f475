#include "base/csv.h"
#include "base/sys.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 * 1024, NAMES_SHOWN = 300, NO_COLUMN = -1 };

/*
 * libcsv calls back for each field and each row but does not say where it is; so it is fed line by line, and `line` and
 * `row_line` are kept here. Its callbacks cannot stop it: after the first fault (`status`) they only return.
 */
struct nks_csv {
    const struct nks_csv_column *columns; /* of the caller */
    size_t count;
    nks_csv_fn fn;
    void *context;
    struct nks_fault *fault;
    enum nks_status status;

    struct csv_parser parser;
    bool bare_return; /* a row ended at a carriage return; a line feed must follow */
    bool has_header;
    int64_t line;     /* being fed */
    int64_t row_line; /* where the current row starts */

    size_t width;                              /* columns of the file */
    int order[NKS_CSV_COLUMNS_MAX];            /* column of the file -> column of the caller */
    int place[NKS_CSV_COLUMNS_MAX];            /* column of the caller -> column of the file, or NO_COLUMN */
    size_t at;                                 /* fields of the current row so far */
    struct nks_text read[NKS_CSV_COLUMNS_MAX]; /* fields of the current row in the file's order */
    struct nks_text fields[NKS_CSV_COLUMNS_MAX];
    size_t used; /* of `row` */
    char row[NKS_CSV_ROW_MAX];
    char chunk[CHUNK];
};

/* ---- faults */

static void csv_where(struct nks_csv *csv, size_t file_column)
{
    nks_fault_where(csv->fault, "line %lld, column %zu", (long long)csv->row_line, file_column + 1);
}

NKS_PRINTF(4, 5)
static void csv_stop(struct nks_csv *csv, size_t file_column, const char *code, const char *fmt, ...)
{
    char line[NKS_FAULT_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    csv->status = nks_fault_set(csv->fault, NKS_REFUSED, code, "%s", line);
    csv_where(csv, file_column);
}

enum nks_status nks_csv_refuse(const struct nks_csv_row *row, size_t column, struct nks_fault *fault, const char *fmt,
                               ...)
{
    const struct nks_csv *csv = row->csv;
    char line[NKS_FAULT_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    nks_fault_set(fault, NKS_REFUSED, "CSV-FIELD", "%s", line);
    int place = column < csv->count ? csv->place[column] : NO_COLUMN;
    if (place == NO_COLUMN)
        nks_fault_where(fault, "line %lld", (long long)row->line);
    else
        nks_fault_where(fault, "line %lld, column %d", (long long)row->line, place + 1);
    return NKS_REFUSED;
}

/* ---- header */

/* "id,name,[note]": what the header should be; optional columns in brackets. */
static void expected_header(const struct nks_csv *csv, char out[NAMES_SHOWN])
{
    struct nks_buf buf;
    nks_buf_init(&buf, out, NAMES_SHOWN - 1);
    for (size_t i = 0; i < csv->count; i++)
        nks_buf_printf(&buf, csv->columns[i].optional ? "%s[%s]" : "%s%s", i == 0 ? "" : ",", csv->columns[i].name);
    out[buf.len] = '\0';
}

/* What stands in a header may be a row of data whose header was forgotten: only names of our own are ever shown. */
static void header_stop(struct nks_csv *csv, size_t file_column, const char *what, const char *name)
{
    char expected[NAMES_SHOWN];
    expected_header(csv, expected);
    csv_stop(csv, file_column, "CSV-HEADER", "%s%s%s; the header must name: %s", what, name[0] == '\0' ? "" : " ", name,
             expected);
}

static size_t column_named(const struct nks_csv *csv, struct nks_text name)
{
    size_t i = 0;
    while (i < csv->count && !nks_text_is(name, csv->columns[i].name))
        i++;
    return i;
}

static void header_read(struct nks_csv *csv)
{
    csv->has_header = true;
    csv->width = csv->at;
    for (size_t i = 0; i < csv->width; i++) {
        size_t column = column_named(csv, csv->read[i]);
        if (column == csv->count) {
            header_stop(csv, i, "the header has an unknown column", "");
            return;
        }
        if (csv->place[column] != NO_COLUMN) {
            header_stop(csv, i, "the header doubles the column", csv->columns[column].name);
            return;
        }
        csv->place[column] = (int)i;
        csv->order[i] = (int)column;
    }
    for (size_t i = 0; i < csv->count; i++) {
        if (csv->place[i] == NO_COLUMN && !csv->columns[i].optional) {
            header_stop(csv, csv->width, "the header lacks the column", csv->columns[i].name);
            return;
        }
    }
}

/* ---- rows */

static void row_give(struct nks_csv *csv)
{
    if (csv->at != csv->width) {
        csv_stop(csv, csv->at < csv->width ? csv->at : csv->width, "CSV-COLUMNS",
                 "the row has %zu columns, the header %zu; quote fields that hold a comma", csv->at, csv->width);
        return;
    }
    for (size_t i = 0; i < csv->width; i++)
        csv->fields[csv->order[i]] = csv->read[i];
    struct nks_csv_row row = {csv->fields, csv->row_line, csv};
    csv->status = csv->fn(csv->context, &row, csv->fault);
    if (csv->status == NKS_REFUSED)
        nks_fault_where(csv->fault, "line %lld", (long long)csv->row_line);
}

static void on_row(int end, void *context)
{
    struct nks_csv *csv = context;
    csv->bare_return = end == '\r';
    if (csv->status == NKS_OK && csv->has_header)
        row_give(csv);
    else if (csv->status == NKS_OK)
        header_read(csv);
    csv->at = csv->used = 0;
}

static void stop_long(struct nks_csv *csv)
{
    csv_stop(csv, csv->at, "CSV-LONG", "a field may have %d bytes and a row %d; look for a quote that is not closed",
             NKS_CSV_FIELD_MAX, NKS_CSV_ROW_MAX);
}

static bool field_good(struct nks_csv *csv, struct nks_text field)
{
    if (field.len > NKS_CSV_FIELD_MAX || field.len > sizeof csv->row - csv->used) {
        stop_long(csv);
        return false;
    }
    if (field.len > 0 && memchr(field.ptr, '\0', field.len) != NULL) {
        csv_stop(csv, csv->at, "CSV-NUL", "the field holds a zero byte; give a text file in UTF-8");
        return false;
    }
    if (!nks_text_is_utf8(field)) {
        csv_stop(csv, csv->at, "CSV-UTF8", "the field is not UTF-8; save the file in the encoding UTF-8");
        return false;
    }
    if (csv->bare_return) {
        csv_stop(csv, csv->at, "CSV-NEWLINE", "a carriage return without line feed; end lines with LF or CR LF");
        return false;
    }
    return true;
}

static void on_field(void *data, size_t len, void *context)
{
    struct nks_csv *csv = context;
    struct nks_text field = {data, len};
    if (csv->status != NKS_OK || !field_good(csv, field))
        return;
    /* Beyond the last column fields are only counted; the end of the row tells. */
    size_t last = csv->has_header ? csv->width : NKS_CSV_COLUMNS_MAX;
    if (csv->at < last) {
        char *copy = csv->row + csv->used;
        if (len > 0)
            memcpy(copy, data, len);
        csv->used += len;
        csv->read[csv->at] = nks_text_trim((struct nks_text){copy, len});
    } else if (!csv->has_header) {
        header_stop(csv, csv->at, "the header has too many columns", "");
    }
    csv->at++;
}

/* ---- stream */

/* Feeds a piece that holds no line feed but perhaps at its end. */
static void feed_piece(struct nks_csv *csv, const char *piece, size_t len)
{
    size_t done = csv_parse(&csv->parser, piece, len, on_field, on_row, csv);
    if (csv->status != NKS_OK)
        return;
    if (done != len && csv_error(&csv->parser) == CSV_EPARSE)
        csv_stop(csv, csv->at, "CSV-QUOTE", "a quote stands where none may be; double it inside a quoted field");
    else if (done != len)
        csv->status = nks_fault_set(csv->fault, NKS_RETRY, "MEMORY", "no memory for a row; try again later");
    else if (csv->parser.entry_pos > NKS_CSV_FIELD_MAX) /* before a quote that is not closed swallows the file */
        stop_long(csv);
}

static void feed_chunk(struct nks_csv *csv, struct nks_text chunk)
{
    while (chunk.len > 0 && csv->status == NKS_OK) {
        const char *newline = memchr(chunk.ptr, '\n', chunk.len);
        size_t len = newline == NULL ? chunk.len : (size_t)(newline - chunk.ptr) + 1;
        feed_piece(csv, chunk.ptr, len);
        if (newline != NULL) {
            csv->line++;
            csv->bare_return = false;
            if (!csv->parser.quoted) /* a line feed ends the row but where it is quoted */
                csv->row_line = csv->line;
        }
        chunk = nks_text_slice(chunk, len, chunk.len);
    }
}

static void feed_end(struct nks_csv *csv)
{
    if (csv->status != NKS_OK)
        return;
    if (csv_fini(&csv->parser, on_field, on_row, csv) != 0)
        csv_stop(csv, csv->at, "CSV-QUOTE", "a quoted field is not closed at the end of the file; close it");
    else if (csv->status == NKS_OK && !csv->has_header)
        csv_stop(csv, 0, "CSV-EMPTY", "the file is empty; it needs at least its header row");
}

static void read_all(struct nks_csv *csv, int fd, void (*progress)(void *, int64_t), void *progress_context)
{
    size_t got = CHUNK;
    for (int64_t total = 0; got == CHUNK && csv->status == NKS_OK; total += (int64_t)got) {
        csv->status = nks_sys_read(fd, csv->chunk, CHUNK, &got, csv->fault);
        if (csv->status != NKS_OK)
            return;
        struct nks_text chunk = {csv->chunk, got};
        if (total == 0 && nks_text_starts(chunk, "\xEF\xBB\xBF"))
            chunk = nks_text_slice(chunk, 3, chunk.len);
        feed_chunk(csv, chunk);
        if (progress != NULL)
            progress(progress_context, total + (int64_t)got);
    }
    feed_end(csv);
}

enum nks_status nks_csv_read(int fd, const struct nks_csv_column *columns, size_t count, nks_csv_fn fn, void *context,
                             void (*progress)(void *, int64_t bytes), void *progress_context, struct nks_fault *fault)
{
    if (count == 0 || count > NKS_CSV_COLUMNS_MAX)
        return nks_fault_set(fault, NKS_FAILED, "CSV-TABLE", "a table of columns is wrong; report this as a bug");
    struct nks_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to read a CSV file; try again later");
    csv->columns = columns;
    csv->count = count;
    csv->fn = fn;
    csv->context = context;
    csv->fault = fault;
    csv->line = csv->row_line = 1;
    for (size_t i = 0; i < count; i++)
        csv->place[i] = NO_COLUMN;
    csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_blk_size(&csv->parser, NKS_CSV_ROW_MAX);
    read_all(csv, fd, progress, progress_context);
    enum nks_status status = csv->status;
    csv_free(&csv->parser);
    free(csv);
    return status;
}
