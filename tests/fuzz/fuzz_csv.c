/* CSV with a header of ours: rows come in order, fields are trimmed and whole, a refusal has its place and code. */
#include "base/csv.h"

#include "fuzz.h"

static const struct nks_csv_column columns[] = {{"id", false}, {"name", false}, {"note", true}};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

struct rows {
    int64_t count, line;
};

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct rows *rows = context;
    MUST(row->line > rows->line);
    rows->line = row->line;
    for (size_t i = 0; i < COLUMNS; i++) {
        struct nks_text field = row->fields[i];
        MUST(field.len <= NKS_CSV_FIELD_MAX && nks_text_trim(field).len == field.len && nks_text_is_utf8(field));
    }
    /* a caller that refuses the third row */
    if (++rows->count == 3 && row->fields[0].len == 1)
        return nks_csv_refuse(row, 0, fault, "one letter is too short");
    return NKS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rows rows = {0, 0};
    struct nks_fault fault;
    nks_fault_clear(&fault);
    enum nks_status status = nks_csv_read(fuzz_file(data, size), columns, COLUMNS, on_row, &rows, NULL, NULL, &fault);
    MUST(status == NKS_OK || status == NKS_REFUSED);
    MUST(status == NKS_OK || (strncmp(fault.code, "CSV-", 4) == 0 && fault.line[0] != '\0' && fault.where[0] != '\0'));
    return 0;
}
