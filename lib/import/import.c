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
