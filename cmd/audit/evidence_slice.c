/* The evidence of one slice: rows and legs as they were signed (signed_rows.c and signatures.c say over what). */
#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_HEAD = 5, NO_STEP = -1 };
enum { ID, BATCH, EXECUTION_DATE, DUE_DATE, PAYMENTS, STATE, GENERATION, LEGS }; /* of the head */

enum nks_status evidence_slice_new(struct audit *audit, struct evidence_slice *slice)
{
    *slice = (struct evidence_slice){.rows = calloc(NKS_SLICE_PAYMENTS, sizeof *slice->rows),
                                     .legs = calloc(NKS_SLICE_LEGS, sizeof *slice->legs)};
    return slice->rows != NULL && slice->legs != NULL
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
}

void evidence_slice_free(struct evidence_slice *slice)
{
    free(slice->rows);
    free(slice->legs);
}

/* ---- its lines: each word stands at one place of the order, some many times */

static bool head_line(struct evidence_slice *slice, struct nks_text rest)
{
    return evidence_ints(rest, slice->head, EVIDENCE_HEAD_INTS);
}

static bool row_line(struct evidence_slice *slice, struct nks_text rest)
{
    return slice->row_count < NKS_SLICE_PAYMENTS &&
           evidence_ints(rest, slice->rows[slice->row_count++], EVIDENCE_ROW_INTS);
}

static bool rows_signature_line(struct evidence_slice *slice, struct nks_text rest)
{
    return nks_unhex(rest, slice->rows_signature, sizeof slice->rows_signature);
}

static bool decisions_line(struct evidence_slice *slice, struct nks_text rest)
{
    return nks_unhex(rest, slice->decisions, sizeof slice->decisions);
}

static bool leg_line(struct evidence_slice *slice, struct nks_text rest)
{
    return slice->leg_count < NKS_SLICE_LEGS && evidence_ints(rest, slice->legs[slice->leg_count++], EVIDENCE_LEG_INTS);
}

static bool legs_signature_line(struct evidence_slice *slice, struct nks_text rest)
{
    return nks_unhex(rest, slice->legs_signature, sizeof slice->legs_signature);
}

static bool form_line(struct evidence_slice *slice, struct nks_text rest)
{
    (void)slice;
    return nks_text_is(rest, "");
}

static const struct {
    const char *word;
    bool (*fn)(struct evidence_slice *slice, struct nks_text rest);
    bool many; /* of it, also none */
} lines[] = {
    {"# nks evidence 1", form_line, false},         {"slice", head_line, false},          {"payment", row_line, true},
    {"rows_signature", rows_signature_line, false}, {"decisions", decisions_line, false}, {"leg", leg_line, true},
    {"legs_signature", legs_signature_line, false}};
enum { LINES = sizeof lines / sizeof lines[0], STEP_ROWS = 3, STEP_LEGS = LINES - 1 };

static bool line_take(struct evidence_slice *slice, struct nks_text line)
{
    struct nks_text word = nks_text_cut(&line, '\t');
    for (int at = slice->step; at < LINES; at++) {
        if (at > NO_STEP && nks_text_is(word, lines[at].word) && (at != slice->step || lines[at].many)) {
            slice->step = at;
            return lines[at].fn(slice, line);
        }
        if (at != slice->step && !lines[at].many) /* one that must be there was left out */
            return false;
    }
    return false;
}

static bool lines_read(struct evidence_slice *slice, struct nks_text rest)
{
    slice->step = NO_STEP;
    slice->row_count = slice->leg_count = 0;
    if (rest.len == 0 || rest.ptr[rest.len - 1] != '\n')
        return false;
    while (rest.len > 0) {
        if (!line_take(slice, nks_text_cut(&rest, '\n')))
            return false;
    }
    slice->routed = slice->step == STEP_LEGS;
    return slice->step == STEP_LEGS || slice->step == STEP_ROWS;
}

/* ---- its signatures */

static void hash_ints(struct nks_hash *hash, const int64_t *values, size_t count)
{
    uint8_t bytes[EVIDENCE_ROW_INTS * 8];
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)((uint64_t)values[i] >> (8 * b));
    }
    nks_hash_add(hash, bytes, 8 * count);
}

static bool signature_holds(struct audit *audit, struct nks_hash *hash, const uint8_t signature[NKS_SIGNATURE_SIZE])
{
    uint8_t digest[NKS_HASH_SIZE];
    struct nks_fault ignored = {.status = NKS_OK};
    nks_hash_end(hash, digest);
    return nks_sign_verify(audit->keys, digest, sizeof digest, signature, &ignored) == NKS_OK;
}

static bool rows_hold(struct audit *audit, struct nks_hash *hash, const struct evidence_slice *slice)
{
    nks_hash_reset(hash);
    hash_ints(hash, slice->head, ROWS_HEAD);
    for (size_t i = 0; i < slice->row_count; i++)
        hash_ints(hash, slice->rows[i], EVIDENCE_ROW_INTS);
    return (int64_t)slice->row_count == slice->head[PAYMENTS] && signature_holds(audit, hash, slice->rows_signature);
}

static bool legs_hold(struct audit *audit, struct nks_hash *hash, const struct evidence_slice *slice)
{
    const int64_t head[] = {slice->head[ID], slice->head[GENERATION], slice->head[PAYMENTS], slice->head[LEGS]};
    nks_hash_reset(hash);
    hash_ints(hash, head, sizeof head / sizeof head[0]);
    nks_hash_add(hash, slice->decisions, sizeof slice->decisions);
    for (size_t i = 0; i < slice->leg_count; i++)
        hash_ints(hash, slice->legs[i], EVIDENCE_LEG_INTS);
    return (int64_t)slice->leg_count == slice->head[LEGS] && signature_holds(audit, hash, slice->legs_signature);
}

/* Every state but READ, of which nothing is accepted yet; routed ones have legs, others none. */
static bool state_fits(const struct evidence_slice *slice)
{
    int64_t state = slice->head[STATE];
    bool routed = state == NKS_SLICE_ROUTED || state == NKS_SLICE_EMITTED;
    return state >= NKS_SLICE_WAITING && state <= NKS_SLICE_STOPPED && routed == slice->routed;
}

static enum nks_status judge(struct evidence *evidence, int64_t slice_id, const struct evidence_slice *slice,
                             bool *good)
{
    struct audit *audit = evidence->audit;
    struct nks_hash *hash = nks_hash_new();
    if (hash == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
    bool rows = rows_hold(audit, hash, slice), legs = !slice->routed || legs_hold(audit, hash, slice);
    nks_hash_free(hash);
    *good = rows && legs;
    if (!rows)
        audit_find(audit, "the rows of its payments are not those that were signed");
    if (!legs)
        audit_find(audit, "its legs are not those that were signed");
    if (slice->head[ID] != slice_id || slice->head[BATCH] != slice_id >> NKS_SLICE_BITS)
        audit_find(audit, "it is of another slice than its name says");
    if (!state_fits(slice))
        audit_find(audit, "its state is none that goes with the legs that are there");
    return NKS_OK;
}

enum nks_status evidence_slice_read(struct evidence *evidence, int64_t slice_id, struct evidence_slice *slice,
                                    bool *good)
{
    char name[48], *data = NULL;
    size_t len = 0;
    *good = false;
    audit_looked(evidence->audit);
    snprintf(name, sizeof name, "slice-%" PRId64 ".tsv", slice_id);
    NKS_TRY(evidence_file(evidence, name, &data, &len));
    if (data == NULL)
        return NKS_OK;
    bool read = lines_read(slice, (struct nks_text){data, len});
    free(data);
    if (read)
        return judge(evidence, slice_id, slice, good);
    audit_find(evidence->audit, "it has not the lines of a slice's evidence");
    return NKS_OK;
}
