/* A sample's folder against the public keys: signatures over rows and legs, legs against payments, files against the
 * journal, the journal against its own chain, seals against their signatures. */
#include "sample.h"

#include "stage/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 28, SLICES_MAX = 1000000, HEAD_INTS = 8, ROWS_HEAD = 5, LEGS_HEAD = 4 };

/* One slice's evidence, read and hashed on the way. */
struct evidence {
    int64_t head[HEAD_INTS]; /* slice, batch, execution date, due date, payments, state, generation, legs */
    struct nks_hash *rows, *legs;
    uint8_t rows_signature[NKS_SIGNATURE_SIZE], legs_signature[NKS_SIGNATURE_SIZE];
    bool has_rows, has_legs, has_decisions;
    int64_t payments, leg_count;
    int64_t wanted_n, wanted_amount, wanted_seq; /* of the payment drawn, and what was found of it */
    bool found;
    int64_t legs_sum;
};

static void hash_ints(struct nks_hash *hash, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[8];
        for (size_t b = 0; b < 8; b++)
            bytes[b] = (uint8_t)((uint64_t)values[i] >> (8 * b));
        nks_hash_add(hash, bytes, sizeof bytes);
    }
}

static bool ints_read(struct nks_text rest, int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct nks_text field = nks_text_cut(&rest, '\t');
        uint64_t value = 0;
        bool negative = nks_text_starts(field, "-");
        if (negative)
            field = nks_text_slice(field, 1, field.len);
        if (!nks_text_number(field, (uint64_t)INT64_MAX + negative, &value))
            return false;
        values[i] = negative ? (int64_t)(0 - value) : (int64_t)value;
    }
    return rest.len == 0;
}

/* ---- the lines of a slice: a row per word */

static bool slice_line(struct evidence *e, struct nks_text rest)
{
    bool good = ints_read(rest, e->head, HEAD_INTS);
    const int64_t legs[LEGS_HEAD] = {e->head[0], e->head[6], e->head[4], e->head[7]};
    hash_ints(e->rows, e->head, ROWS_HEAD);
    hash_ints(e->legs, legs, LEGS_HEAD);
    return good;
}

static bool payment_line(struct evidence *e, struct nks_text rest)
{
    int64_t row[SAMPLE_ROW_INTS];
    if (!ints_read(rest, row, SAMPLE_ROW_INTS))
        return false;
    hash_ints(e->rows, row, SAMPLE_ROW_INTS);
    e->payments++;
    e->found = e->found || (row[0] == e->wanted_n && row[1] == e->wanted_seq && row[3] == e->wanted_amount);
    return true;
}

static bool leg_line(struct evidence *e, struct nks_text rest)
{
    int64_t row[SAMPLE_LEG_INTS];
    if (!ints_read(rest, row, SAMPLE_LEG_INTS))
        return false;
    hash_ints(e->legs, row, SAMPLE_LEG_INTS);
    e->leg_count++;
    if (row[0] == e->wanted_n && !nks_minor_add(e->legs_sum, row[4], &e->legs_sum))
        return false;
    return true;
}

static bool rows_signature_line(struct evidence *e, struct nks_text rest)
{
    e->has_rows = nks_unhex(rest, e->rows_signature, sizeof e->rows_signature);
    return e->has_rows;
}

static bool legs_signature_line(struct evidence *e, struct nks_text rest)
{
    e->has_legs = nks_unhex(rest, e->legs_signature, sizeof e->legs_signature);
    return e->has_legs;
}

static bool decisions_line(struct evidence *e, struct nks_text rest)
{
    uint8_t hash[NKS_HASH_SIZE];
    e->has_decisions = nks_unhex(rest, hash, sizeof hash);
    nks_hash_add(e->legs, hash, sizeof hash);
    return e->has_decisions;
}

static const struct {
    const char *word;
    bool (*fn)(struct evidence *e, struct nks_text rest);
} lines[] = {{"slice", slice_line},         {"payment", payment_line}, {"rows_signature", rows_signature_line},
             {"decisions", decisions_line}, {"leg", leg_line},         {"legs_signature", legs_signature_line}};

static bool line_take(struct evidence *e, struct nks_text line)
{
    struct nks_text word = nks_text_cut(&line, '\t');
    if (nks_text_starts(word, "#"))
        return true;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (nks_text_is(word, lines[i].word))
            return lines[i].fn(e, line);
    }
    return false;
}

static void evidence_judge(struct audit *audit, struct evidence *e)
{
    uint8_t hash[NKS_HASH_SIZE];
    struct nks_fault ignored = {.status = NKS_OK};
    nks_hash_end(e->rows, hash);
    if (!e->has_rows || e->payments != e->head[4] ||
        nks_sign_verify(audit->keys, hash, sizeof hash, e->rows_signature, &ignored) != NKS_OK)
        audit_find(audit, "the rows of its payments are not those that were signed");
    nks_hash_end(e->legs, hash);
    bool routed = e->head[5] == NKS_SLICE_ROUTED || e->head[5] == NKS_SLICE_EMITTED;
    nks_fault_clear(&ignored);
    if (routed && (!e->has_legs || !e->has_decisions || e->leg_count != e->head[7] ||
                   nks_sign_verify(audit->keys, hash, sizeof hash, e->legs_signature, &ignored) != NKS_OK))
        audit_find(audit, "its legs are not those that were signed");
    if (!e->found)
        audit_find(audit, "payment n %" PRId64 " is not there as sample.tsv has it", e->wanted_n);
    else if (routed && e->legs_sum != e->wanted_amount)
        audit_find(audit, "the legs of payment n %" PRId64 " do not add up to its amount", e->wanted_n);
}

static enum nks_status evidence_read(struct audit *audit, const char *path, struct evidence *e)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(path, FILE_MAX, &data, &len, &audit->fault));
    bool good = true;
    for (struct nks_text rest = {data, len}; good && rest.len > 0;)
        good = line_take(e, nks_text_cut(&rest, '\n'));
    free(data);
    if (good)
        evidence_judge(audit, e);
    else
        audit_find(audit, "it has a line that is none of a slice's evidence");
    return NKS_OK;
}

/* number, unit, hits, slice, n, batch (text), seq, amount, currency */
static enum nks_status drawn_check(struct audit *audit, const char *dir, struct nks_text line)
{
    int64_t first[5], last[3];
    struct nks_text rest = line, head = line;
    char path[NKS_PATH_MAX], name[48];
    for (int i = 0; i < 5; i++)
        (void)nks_text_cut(&rest, '\t');
    head.len -= rest.len + (rest.len > 0);
    (void)nks_text_cut(&rest, '\t');
    audit_looked(audit);
    if (!ints_read(head, first, 5) || !ints_read(rest, last, 3)) {
        audit_find(audit, "it has a line that names no payment");
        return NKS_OK;
    }
    snprintf(name, sizeof name, "slice-%" PRId64 ".tsv", first[3]);
    audit_at(audit, "file %s", name);
    if (!nks_path_join(path, dir, name) || !nks_sys_exists(path)) {
        audit_find(audit, "it is not there");
        return NKS_OK;
    }
    struct evidence e = {.rows = nks_hash_new(),
                         .legs = nks_hash_new(),
                         .wanted_n = first[4],
                         .wanted_seq = last[0],
                         .wanted_amount = last[1]};
    enum nks_status status = e.rows == NULL || e.legs == NULL
                                 ? nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample")
                                 : evidence_read(audit, path, &e);
    nks_hash_free(e.rows);
    nks_hash_free(e.legs);
    return status;
}

typedef enum nks_status (*line_fn)(struct audit *audit, const char *dir, struct nks_text line);

static enum nks_status lines_each(struct audit *audit, const char *dir, const char *name, line_fn fn)
{
    char path[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    audit_at(audit, "file %s", name);
    if (!nks_path_join(path, dir, name) || !nks_sys_exists(path)) {
        audit_find(audit, "it is not there");
        return NKS_OK;
    }
    NKS_TRY(nks_file_read(path, FILE_MAX, &data, &len, &audit->fault));
    enum nks_status status = NKS_OK;
    for (struct nks_text rest = {data, len}; status == NKS_OK && rest.len > 0;) {
        struct nks_text line = nks_text_cut(&rest, '\n');
        audit_at(audit, "file %s", name);
        if (line.len > 0 && line.ptr[0] != '#')
            status = fn(audit, dir, line);
    }
    free(data);
    return status;
}

/* ---- files against the journal */

static enum nks_status journal_find(struct audit *audit, const char *dir, struct nks_text name, const uint8_t *hash,
                                    bool *same)
{
    struct nks_journal *journal = NULL;
    char path[NKS_PATH_MAX];
    *same = false;
    if (!nks_path_join(path, dir, "published.log"))
        return NKS_OK;
    NKS_TRY(nks_journal_open(path, NULL, false, &journal, &audit->fault));
    enum nks_status status = NKS_OK;
    for (bool found = true; status == NKS_OK && found && !*same;) {
        struct nks_journal_line line;
        struct nks_published published;
        status = nks_journal_next(journal, &line, &found, &audit->fault);
        if (status == NKS_OK && found && nks_published_read(line.fields, &published))
            *same = nks_text_is(name, published.name) && memcmp(published.hash, hash, NKS_HASH_SIZE) == 0;
    }
    nks_journal_close(journal);
    return status;
}

/* number, n, leg_no, amount, state, central, file, message id, bytes, sha256 */
static enum nks_status file_check(struct audit *audit, const char *dir, struct nks_text line)
{
    struct nks_text fields[10];
    uint8_t hash[NKS_HASH_SIZE];
    bool same = false;
    for (size_t i = 0; i < 10; i++)
        fields[i] = nks_text_cut(&line, '\t');
    audit_looked(audit);
    if (line.len > 0 || !nks_unhex(fields[9], hash, sizeof hash)) {
        audit_find(audit, "it has a line that names no file");
        return NKS_OK;
    }
    enum nks_status status = journal_find(audit, dir, fields[6], hash, &same);
    if (status == NKS_OK && !same)
        audit_find(audit, "the journal has no line of %.*s with that SHA-256", (int)fields[6].len, fields[6].ptr);
    return audit_take_fault(audit, status);
}

/* ---- seals */

static enum nks_status seal_check(struct audit *audit, const char *path, const char *name)
{
    static const char word[] = "# signature ";
    char *data = NULL;
    size_t len = 0;
    uint8_t hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
    NKS_TRY(nks_file_read(path, FILE_MAX, &data, &len, &audit->fault));
    audit_looked(audit);
    audit_at(audit, "file seals/%s", name);
    size_t tail = sizeof word - 1 + 2 * NKS_SIGNATURE_SIZE + 1;
    bool good = len > tail && memcmp(data + len - tail, word, sizeof word - 1) == 0 &&
                nks_unhex((struct nks_text){data + len - tail + sizeof word - 1, 2 * NKS_SIGNATURE_SIZE}, signature,
                          sizeof signature);
    nks_hash_once(data, good ? len - tail : 0, hash);
    struct nks_fault ignored = {.status = NKS_OK};
    if (!good || nks_sign_verify(audit->keys, hash, sizeof hash, signature, &ignored) != NKS_OK)
        audit_find(audit, "its signature does not hold");
    free(data);
    return NKS_OK;
}

static enum nks_status seals_check(struct audit *audit, const char *dir)
{
    struct nks_sys_list list = {NULL, 0, false};
    char folder[NKS_PATH_MAX], path[NKS_PATH_MAX];
    if (!nks_path_join(folder, dir, "seals") || !nks_sys_exists(folder))
        return NKS_OK;
    NKS_TRY(nks_sys_list(folder, SLICES_MAX, false, &list, &audit->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        if (nks_path_join(path, folder, list.names[i]))
            status = seal_check(audit, path, list.names[i]);
    }
    nks_sys_list_free(&list);
    return status;
}

enum nks_status sample_verify(struct audit *audit, const char *dir)
{
    NKS_TRY(lines_each(audit, dir, "sample.tsv", drawn_check));
    NKS_TRY(lines_each(audit, dir, "files.tsv", file_check));
    return seals_check(audit, dir);
}
