#ifndef NKS_BASE_CSV_H
#define NKS_BASE_CSV_H
/*
 * CSV with a header row, over libcsv, streaming: RFC 4180 quoting, separator ',', UTF-8 (a BOM is skipped), LF or CRLF.
 * The caller names its columns in a table; the header of the file may have them in any order; an unknown, missing
 * (unless optional) or doubled column is refused. Each row is given as texts in the order of the caller's table, an
 * absent optional column as empty text. Blank lines are skipped. Comment lines are not known.
 *
 * Errors are NKS_REFUSED, code CSV-…, `where` = "line L, column C" (C counted from 1 in the file's columns) and a line
 * that says what was expected; the value itself is never shown (it may identify a person).
 */
#include "base/status.h"
#include "base/text.h"

enum { NKS_CSV_COLUMNS_MAX = 40, NKS_CSV_FIELD_MAX = 4096, NKS_CSV_ROW_MAX = 16384 };

struct nks_csv_column {
    const char *name;
    bool optional;
};

struct nks_csv_row {
    const struct nks_text *fields; /* one per column of the caller's table; trimmed of blanks */
    int64_t line;                  /* line in the file where the row starts, from 1 */
    struct nks_csv *csv;
};

/* A status other than NKS_OK stops the reading and is returned. Fields are valid during the call only. */
typedef enum nks_status (*nks_csv_fn)(void *context, const struct nks_csv_row *row, struct nks_fault *fault);

/*
 * Reads descriptor `fd` to its end. `progress` may be NULL; it is called now and then with the bytes read so far.
 */
NKS_CHECKED enum nks_status nks_csv_read(int fd, const struct nks_csv_column *columns, size_t count, nks_csv_fn fn,
                                         void *context, void (*progress)(void *, int64_t bytes), void *progress_context,
                                         struct nks_fault *fault);

/* For use in `fn`: records a refusal at this row and column (index into the caller's table). Returns NKS_REFUSED. */
enum nks_status nks_csv_refuse(const struct nks_csv_row *row, size_t column, struct nks_fault *fault, const char *fmt,
                               ...) NKS_PRINTF(4, 5);

#endif
