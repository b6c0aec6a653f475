/* The difference that an import makes. */
#include "import/import.h"

#include "base/pack.h"

void nks_import_differs(const struct nks_import_options *options, const int64_t *facts, size_t count)
{
    char memory[64];
    struct nks_buf buf;
    if (options->difference == NULL)
        return;
    nks_buf_init(&buf, memory, sizeof memory);
    for (size_t i = 0; i < count; i++)
        nks_pack_int(&buf, facts[i]);
    nks_hash_add(options->difference, buf.ptr, buf.len);
}

void nks_import_row(const struct nks_import_options *options, const struct nks_text *fields, size_t count)
{
    char memory[NKS_CSV_ROW_MAX + NKS_CSV_COLUMNS_MAX * sizeof(int64_t)];
    struct nks_buf buf;
    if (options->difference == NULL)
        return;
    nks_buf_init(&buf, memory, sizeof memory);
    for (size_t i = 0; i < count; i++)
        nks_pack_text(&buf, fields[i]);
    nks_hash_add(options->difference, buf.ptr, buf.len);
}
