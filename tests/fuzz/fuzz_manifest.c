/* Manifests: what is taken as whole is what its rows come to, is written back as it was read, and stays within the
 * ceilings; a name leads nowhere but into its own folder. */
#include "exchange/manifest.h"

#include "fuzz.h"

static void row_must_hold(const struct nks_manifest_row *row)
{
    MUST(row->name[0] != '\0' && row->name[0] != '.' && strchr(row->name, '/') == NULL);
    MUST(memchr(row->name, '\0', sizeof row->name) != NULL);
    MUST(row->message_id[0] != '\0' && memchr(row->message_id, '\0', sizeof row->message_id) != NULL);
    MUST(row->sum.scaled >= 0 && row->payments <= 1000000000);
}

/* The sum and the hash have one spelling each for a number; the rest is compared as it stands. */
static void must_read_again(const struct nks_manifest_row *row)
{
    char memory[NKS_MANIFEST_LINE_MAX], hex[NKS_HASH_HEX];
    struct nks_buf line;
    struct nks_manifest manifest;
    struct nks_manifest_row again;
    nks_buf_init(&line, memory, sizeof memory);
    nks_buf_printf(&line, "%s\t%s\t%llu\t", row->name, row->message_id, (unsigned long long)row->payments);
    nks_sum_format(&line, row->sum);
    nks_hex(row->hash, NKS_HASH_SIZE, hex);
    nks_buf_printf(&line, "\t%llu\t%s", (unsigned long long)row->bytes, hex);
    nks_manifest_init(&manifest);
    manifest.lines = 2; /* behind its head */
    MUST(!line.overflow && nks_manifest_line(&manifest, nks_buf_view(&line), &again) == NKS_MANIFEST_ROW);
    MUST(strcmp(again.name, row->name) == 0 && strcmp(again.message_id, row->message_id) == 0);
    MUST(again.payments == row->payments && again.bytes == row->bytes && nks_sum_equal(again.sum, row->sum));
    MUST(memcmp(again.hash, row->hash, NKS_HASH_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_manifest manifest;
    struct nks_manifest_row row;
    struct nks_text rest = fuzz_text(data, size);
    struct nks_sum sum = {0};
    uint64_t rows = 0, payments = 0;
    bool bad = false, total = false;
    nks_manifest_init(&manifest);
    while (rest.len > 0) {
        enum nks_manifest_got got = nks_manifest_line(&manifest, nks_text_cut(&rest, '\n'), &row);
        MUST(got == NKS_MANIFEST_BAD || (!bad && !total)); /* nothing is good after a bad line or the total */
        bad |= got == NKS_MANIFEST_BAD;
        total |= got == NKS_MANIFEST_TOTAL;
        if (got != NKS_MANIFEST_ROW)
            continue;
        row_must_hold(&row);
        must_read_again(&row);
        rows++;
        payments += row.payments;
        sum.scaled += row.sum.scaled;
    }
    MUST(nks_manifest_whole(&manifest) == (total && !bad));
    MUST(bad || (manifest.rows == rows && manifest.payments == payments && nks_sum_equal(manifest.sum, sum)));
    MUST(rows <= NKS_MANIFEST_ROWS_MAX);
    return 0;
}
