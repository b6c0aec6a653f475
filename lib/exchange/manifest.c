#include "exchange/manifest.h"

#include <string.h>

enum { FIELDS = 6, PAYMENTS_MAX = 1000000000 };
static const uint64_t bytes_max = (uint64_t)1 << 40;

void nks_manifest_init(struct nks_manifest *manifest)
{
    memset(manifest, 0, sizeof *manifest);
}

/* Names go into paths of the reader's folder: no other characters than nks's own names have. */
static bool plain(struct nks_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' ||
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", text.ptr[i]) == NULL)
            return false;
    }
    return text.len > 0 && text.ptr[0] != '.';
}

/* Exactly `count` fields between tabs. */
static bool split(struct nks_text line, struct nks_text *fields, size_t count)
{
    size_t tabs = 0;
    for (size_t i = 0; i < line.len; i++)
        tabs += line.ptr[i] == '\t';
    for (size_t i = 0; i < count; i++)
        fields[i] = nks_text_cut(&line, '\t');
    return tabs + 1 == count;
}

static bool after(struct nks_text *text, const char *prefix)
{
    if (!nks_text_starts(*text, prefix))
        return false;
    *text = nks_text_slice(*text, strlen(prefix), text->len - strlen(prefix));
    return true;
}

static bool head(struct nks_manifest *manifest, struct nks_text line)
{
    struct nks_text fields[3];
    if (manifest->lines == 2)
        return nks_text_is(line, "# name\tmessage_id\tpayments\tsum\tbytes\tsha256");
    return split(line, fields, 3) && nks_text_is(fields[0], "# nks manifest 1") && after(&fields[1], "central ") &&
           plain(fields[1]) && nks_text_copy(fields[1], manifest->central, sizeof manifest->central) &&
           after(&fields[2], "date ") && nks_date_parse(fields[2], false, &manifest->date);
}

static bool read_row(struct nks_manifest *manifest, struct nks_text line, struct nks_manifest_row *row)
{
    struct nks_text fields[FIELDS];
    memset(row, 0, sizeof *row);
    if (manifest->rows == NKS_MANIFEST_ROWS_MAX || !split(line, fields, FIELDS) || !plain(fields[0]) ||
        !nks_text_copy(fields[0], row->name, sizeof row->name) || !plain(fields[1]) ||
        !nks_text_copy(fields[1], row->message_id, sizeof row->message_id) ||
        !nks_text_number(fields[2], PAYMENTS_MAX, &row->payments) || !nks_sum_read(fields[3], &row->sum) ||
        row->sum.scaled < 0 || !nks_text_number(fields[4], bytes_max, &row->bytes) ||
        !nks_unhex(fields[5], row->hash, NKS_HASH_SIZE))
        return false;
    manifest->rows++;
    manifest->payments += row->payments; /* 20000 times 10^9 at most */
    return !__builtin_add_overflow(manifest->sum.scaled, row->sum.scaled, &manifest->sum.scaled);
}

/* "# total", "N files", payments, sum */
static bool read_total(struct nks_manifest *manifest, struct nks_text line)
{
    struct nks_text fields[4];
    uint64_t files = 0, payments = 0;
    struct nks_sum sum;
    manifest->total = true;
    if (!split(line, fields, 4))
        return false;
    struct nks_text number = nks_text_cut(&fields[1], ' ');
    return nks_text_is(fields[1], "files") && nks_text_number(number, NKS_MANIFEST_ROWS_MAX, &files) &&
           nks_text_number(fields[2], UINT64_MAX, &payments) && nks_sum_read(fields[3], &sum) &&
           files == manifest->rows && payments == manifest->payments && nks_sum_equal(sum, manifest->sum);
}

enum nks_manifest_got nks_manifest_line(struct nks_manifest *manifest, struct nks_text line,
                                        struct nks_manifest_row *row)
{
    enum nks_manifest_got got = NKS_MANIFEST_ROW;
    bool good = !manifest->bad && !manifest->total && line.len <= NKS_MANIFEST_LINE_MAX;
    manifest->lines++;
    if (good && manifest->lines <= 2) {
        got = NKS_MANIFEST_HEAD;
        good = head(manifest, line);
    } else if (good && nks_text_starts(line, "# total\t")) {
        got = NKS_MANIFEST_TOTAL;
        good = read_total(manifest, line);
    } else if (good) {
        good = read_row(manifest, line, row);
    }
    manifest->bad = !good;
    return good ? got : NKS_MANIFEST_BAD;
}

bool nks_manifest_whole(const struct nks_manifest *manifest)
{
    return manifest->total && !manifest->bad;
}
