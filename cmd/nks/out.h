#ifndef NKS_CMD_OUT_H
#define NKS_CMD_OUT_H
/*
 * How results reach people and programs: rows on standard output in one of three forms. A terminal gets aligned tables;
 * a pipe gets tab-separated lines, each beginning with its type, under a header line that begins with '#'; --json gives
 * JSON Lines, {"v":1,"type":…}. Standard error has everything else: errors, hints, progress.
 */
#include "base/date.h"
#include "base/money.h"
#include "base/status.h"

#include <jansson.h>
#include <stdio.h>

enum out_form { OUT_TABLE, OUT_LINES, OUT_JSON };
struct out {
    enum out_form form;
    bool colour, quiet, verbose;
    bool failed;   /* no memory for a row: its loss must be told */
    bool progress; /* standard error is a terminal */
    bool progress_shown;
    int64_t started_ms, shown_ms;
};
void out_init(struct out *out, bool json, bool quiet, bool verbose);
/* Flushes; false when standard output did not take everything. */
NKS_CHECKED bool out_finish(struct out *out);

enum cell { CELL_TEXT, CELL_NUMBER, CELL_FLAG };
struct column {
    const char *key;   /* of JSON and the header line */
    const char *title; /* at a terminal */
    enum cell kind;
};
struct table;
/* `facts`: the rows are shown one below the other as "title  value". `title` may be NULL. */
struct table *table_begin(struct out *out, const char *type, const char *title, const struct column *columns,
                          size_t count, bool facts);
/* The next cell of the row. */
void table_text(struct table *table, const char *text); /* NULL or empty: nothing */
void table_printf(struct table *table, const char *fmt, ...) NKS_PRINTF(2, 3);
void table_number(struct table *table, int64_t number);
void table_optional(struct table *table, int64_t number); /* 0: nothing */
void table_flag(struct table *table, bool flag);
void table_date(struct table *table, nks_date date); /* NKS_DATE_NONE: nothing */
void table_time(struct table *table, nks_time time);
void table_sum(struct table *table, struct nks_sum sum);
void table_end(struct table *table);

/* A whole object; its reference is taken. */
void out_json(struct out *out, const char *type, json_t *object);
/* A line of prose for a terminal or a pipe, "topic", then words wrapped at the terminal. */
void out_topic(struct out *out, const char *topic, const char *fmt, ...) NKS_PRINTF(3, 4);

/* One line on standard error, then the hint. */
void out_fault(struct out *out, const struct nks_fault *fault, int exit_code);
void out_note(struct out *out, const char *fmt, ...) NKS_PRINTF(2, 3); /* not with -q */
void out_progress(void *out, const char *stage, int64_t done, int64_t total);
void out_progress_bytes(void *out, int64_t bytes);

#endif
