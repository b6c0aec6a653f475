/*
 * A sample's folder against the public keys: the list of its files, then the draw once more from the totals in it, over
 * the rows that were signed, then what left the house by the journal and the seals. Lines of sample.tsv and files.tsv
 * are not read for what they say, but made again and compared.
 */
#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WANTS_FIRST = 64, WANTS_MAX = 10000000 };

struct lines { /* of a file that is compared from its beginning */
    const char *name;
    char *data;
    struct nks_text rest;
    int64_t at;
    bool lost; /* one was not as expected: what follows is not compared */
};

struct verify {
    struct evidence evidence;
    struct sample_draw draw;
    struct lines population, sample, files;
    struct evidence_slice slice;
    int64_t slices, drawn_slices, unrouted, fileless;
};

/* ---- lines */

static enum nks_status lines_open(struct verify *verify, struct lines *lines, const char *name)
{
    size_t len = 0;
    lines->name = name;
    NKS_TRY(evidence_file(&verify->evidence, name, &lines->data, &len));
    lines->rest = (struct nks_text){lines->data, len};
    lines->lost = lines->data == NULL;
    if (!lines->lost && (len == 0 || lines->data[len - 1] != '\n')) {
        lines->lost = true;
        audit_find(verify->evidence.audit, "it is empty, or its last line is cut");
    }
    return NKS_OK;
}

static void lines_lose(struct verify *verify, struct lines *lines, const char *words)
{
    if (lines->lost)
        return;
    lines->lost = true;
    audit_at(verify->evidence.audit, "file %s line %" PRId64, lines->name, lines->at);
    audit_find(verify->evidence.audit, "%s", words);
}

/* False: there is none. */
static bool line_next(struct lines *lines, struct nks_text *line)
{
    lines->at++;
    if (lines->lost || lines->rest.len == 0)
        return false;
    *line = nks_text_cut(&lines->rest, '\n');
    return true;
}

static void line_expect(struct verify *verify, struct lines *lines, const char *expected, const char *words)
{
    struct nks_text line;
    if (!line_next(lines, &line) || !nks_text_is(line, expected))
        lines_lose(verify, lines, words);
}

static void lines_end(struct verify *verify, struct lines *lines, const char *words)
{
    struct nks_text line;
    if (line_next(lines, &line))
        lines_lose(verify, lines, words);
}

/* ---- files.tsv: number, n, leg_no, amount, state, then the file or "-" five times */

static enum nks_status want_add(struct evidence *evidence, const struct evidence_want *want)
{
    if (evidence->want_count == evidence->want_room) {
        size_t room = evidence->want_room == 0 ? WANTS_FIRST : 2 * evidence->want_room;
        struct evidence_want *moved =
            room <= WANTS_MAX ? realloc(evidence->wants, room * sizeof *evidence->wants) : NULL;
        if (moved == NULL)
            return nks_fault_set(&evidence->audit->fault, NKS_RETRY, "MEMORY", "no memory to verify a sample");
        evidence->wants = moved;
        evidence->want_room = room;
    }
    evidence->wants[evidence->want_count++] = *want;
    return NKS_OK;
}

static bool state_known(struct nks_text name)
{
    for (int state = NKS_LEG_PLANNED; state <= NKS_LEG_STOPPED; state++) {
        if (nks_text_is(name, nks_state_name(NKS_STATE_LEG, state)))
            return true;
    }
    return false;
}

static bool want_read(struct nks_text line, struct evidence_want *want)
{
    uint64_t bytes = 0;
    *want = (struct evidence_want){.line = 0};
    bool good = nks_text_copy(nks_text_cut(&line, '\t'), want->party, sizeof want->party) &&
                nks_text_copy(nks_text_cut(&line, '\t'), want->name, sizeof want->name) &&
                nks_text_copy(nks_text_cut(&line, '\t'), want->message_id, sizeof want->message_id) &&
                nks_text_number(nks_text_cut(&line, '\t'), INT64_MAX, &bytes) &&
                nks_unhex(line, want->hash, sizeof want->hash);
    want->bytes = (int64_t)bytes;
    return good;
}

static enum nks_status leg_check(struct verify *verify, const int64_t leg[EVIDENCE_LEG_INTS])
{
    static const char words[] = "it is not the signed leg of a payment drawn, with its file";
    char expected[SAMPLE_LINE_MAX];
    struct nks_text line;
    struct evidence_want want;
    int len = snprintf(expected, sizeof expected, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t",
                       verify->draw.drawn, leg[0], leg[2], leg[4]);
    if (!line_next(&verify->files, &line) || !nks_text_starts(line, expected)) {
        lines_lose(verify, &verify->files, words);
        return NKS_OK;
    }
    line = nks_text_slice(line, (size_t)len, line.len);
    if (!state_known(nks_text_cut(&line, '\t')))
        lines_lose(verify, &verify->files, words);
    if (nks_text_is(line, "-\t-\t-\t-\t-")) {
        verify->fileless++;
        return NKS_OK;
    }
    if (want_read(line, &want))
        return want_add(&verify->evidence, &want);
    lines_lose(verify, &verify->files, words);
    return NKS_OK;
}

/* ---- the draw */

static bool counts(const int64_t row[EVIDENCE_ROW_INTS])
{
    return row[5] == NKS_PAYMENT_ACCEPTED && row[3] > 0;
}

/* Legs stand in the order of payments; *at is the first that is not looked at yet. */
static enum nks_status legs_check(struct verify *verify, int64_t n, int64_t amount, size_t *at, bool drawn)
{
    const struct evidence_slice *slice = &verify->slice;
    int64_t sum = 0;
    bool good = true;
    for (; *at < slice->leg_count && slice->legs[*at][0] <= n; (*at)++) {
        const int64_t *leg = slice->legs[*at];
        good = leg[0] == n && nks_minor_add(sum, leg[4], &sum) && good;
        if (drawn)
            NKS_TRY(leg_check(verify, leg));
    }
    if (slice->routed && drawn && (!good || sum != amount)) {
        audit_at(verify->evidence.audit, "file slice-%" PRId64 ".tsv", slice->head[0]);
        audit_find(verify->evidence.audit, "the legs of payment n %" PRId64 " do not add up to its amount", n);
    }
    verify->unrouted += drawn && !slice->routed;
    return NKS_OK;
}

static enum nks_status rows_draw(struct verify *verify)
{
    const struct evidence_slice *slice = &verify->slice;
    size_t leg = 0;
    for (size_t i = 0; i < slice->row_count; i++) {
        const int64_t *row = slice->rows[i];
        char line[SAMPLE_LINE_MAX];
        struct sample_pick pick = {.unit = verify->draw.next,
                                   .slice_id = slice->head[0],
                                   .n = row[0],
                                   .seq = row[1],
                                   .amount_minor = row[3],
                                   .currency = row[4]};
        pick.hits = counts(row) ? sample_draw_take(&verify->draw, row[3]) : 0;
        if (pick.hits > 0) {
            verify->draw.drawn++;
            sample_line(&verify->draw, &pick, line);
            line_expect(verify, &verify->sample, line, "it is not what the seed draws from the signed rows");
        }
        NKS_TRY(legs_check(verify, row[0], row[3], &leg, pick.hits > 0));
    }
    return NKS_OK;
}

static bool totals_fit(const struct evidence_slice *slice, int64_t payments, int64_t units)
{
    int64_t count = 0, sum = 0;
    for (size_t i = 0; i < slice->row_count; i++) {
        if (!counts(slice->rows[i]))
            continue;
        count++;
        if (!nks_minor_add(sum, slice->rows[i][3], &sum))
            return false;
    }
    return count == payments && sum == units;
}

static enum nks_status slice_draw(struct verify *verify, int64_t slice_id, int64_t payments, int64_t units)
{
    bool good = false;
    if (verify->draw.next >= verify->draw.passed + units) {
        verify->draw.passed += units;
        return NKS_OK;
    }
    verify->drawn_slices++;
    NKS_TRY(evidence_slice_read(&verify->evidence, slice_id, &verify->slice, &good));
    if (good && totals_fit(&verify->slice, payments, units))
        return rows_draw(verify);
    if (good)
        audit_find(verify->evidence.audit, "its rows are not as many, or not as much, as population.tsv says");
    (void)sample_draw_take(&verify->draw, units);
    verify->sample.lost = verify->files.lost = true; /* what follows cannot be known; this slice is a finding already */
    return NKS_OK;
}

/* ---- the population */

typedef enum nks_status (*slice_fn)(struct verify *verify, int64_t slice_id, int64_t payments, int64_t units);

static enum nks_status slice_count(struct verify *verify, int64_t slice_id, int64_t payments, int64_t units)
{
    struct sample_draw *draw = &verify->draw;
    (void)slice_id;
    if (!nks_minor_add(draw->payments, payments, &draw->payments) || !nks_minor_add(draw->units, units, &draw->units))
        lines_lose(verify, &verify->population, "its numbers are beyond all bounds");
    verify->slices++;
    return NKS_OK;
}

static enum nks_status population_each(struct verify *verify, slice_fn fn)
{
    struct lines *lines = &verify->population;
    struct lines own = *lines;
    struct nks_text line;
    int64_t last = 0;
    bool good = line_next(&own, &line) && nks_text_is(line, sample_population_head);
    while (good && line_next(&own, &line)) {
        int64_t row[3];
        good = evidence_ints(line, row, 3) && row[0] > last && row[1] >= 0 && row[1] <= NKS_SLICE_PAYMENTS &&
               row[2] >= row[1];
        if (!good)
            break;
        last = row[0];
        NKS_TRY(fn(verify, row[0], row[1], row[2]));
    }
    lines->at = own.at;
    if (!good)
        lines_lose(verify, lines, "it is not the line of a slice, in order");
    return NKS_OK;
}

/* Count and seed are what the head says; all else on it follows from them and the population. */
static bool head_read(struct verify *verify)
{
    struct nks_text head;
    struct lines own = verify->sample;
    uint64_t count = 0;
    if (!line_next(&own, &head))
        return false;
    (void)nks_text_cut(&head, '\t');
    struct nks_text mus = nks_text_cut(&head, '\t'), seed = nks_text_cut(&head, '\t');
    bool good = nks_text_starts(mus, "mus ") && nks_text_starts(seed, "seed ") &&
                nks_text_number(nks_text_slice(mus, 4, mus.len), SAMPLE_COUNT_MAX, &count) &&
                nks_text_number(nks_text_slice(seed, 5, seed.len), UINT64_MAX, &verify->draw.seed);
    verify->draw.count = (int64_t)count;
    return good;
}

static enum nks_status draw_again(struct verify *verify)
{
    char head[SAMPLE_LINE_MAX];
    NKS_TRY(population_each(verify, slice_count));
    if (verify->population.lost || verify->sample.lost)
        return NKS_OK;
    if (!head_read(verify) || !sample_draw_begin(&verify->draw)) {
        verify->sample.at = 1;
        lines_lose(verify, &verify->sample, "it tells no draw");
        return NKS_OK;
    }
    sample_head(&verify->draw, head);
    line_expect(verify, &verify->sample, head, "it does not follow from the seed and the totals in population.tsv");
    line_expect(verify, &verify->sample, sample_columns, "it does not name the columns");
    line_expect(verify, &verify->files, sample_files_head, "it does not name the columns");
    NKS_TRY(population_each(verify, slice_draw));
    lines_end(verify, &verify->sample, "the seed does not draw it");
    lines_end(verify, &verify->files, "it is of no leg of a payment drawn");
    return NKS_OK;
}

/* ---- all of it */

/* What the public keys cannot tell, said each time. */
static void limits_tell(struct verify *verify)
{
    struct audit *audit = verify->evidence.audit;
    if (!verify->population.lost)
        audit_note(audit,
                   "drawn from %" PRId64 " payments, %" PRId64 " units, in %" PRId64 " slices; rows of %" PRId64
                   " slices are here",
                   verify->draw.payments, verify->draw.units, verify->slices, verify->drawn_slices);
    audit_note(audit, "not proved: that the population is whole, and the totals of slices whose rows are not here");
    audit_note(audit, "not proved: states of slices and legs, and which central a leg's number means");
    audit_note(audit, "not proved: what stands in the files; compare their SHA-256 with those that the centrals have");
    if (verify->unrouted > 0)
        audit_note(audit, "not proved: that %" PRId64 " payments drawn have no legs yet", verify->unrouted);
    if (verify->fileless > 0)
        audit_note(audit, "not proved: that %" PRId64 " legs of payments drawn stand in no published file",
                   verify->fileless);
    audit_note(audit, "for these the home's own word stands, the signed list; nks-audit on the home looks at them");
}

static enum nks_status all_verify(struct verify *verify)
{
    int64_t slices = 0;
    NKS_TRY(evidence_slice_new(verify->evidence.audit, &verify->slice));
    NKS_TRY(evidence_list_check(&verify->evidence, &slices));
    NKS_TRY(lines_open(verify, &verify->population, "population.tsv"));
    NKS_TRY(lines_open(verify, &verify->sample, "sample.tsv"));
    NKS_TRY(lines_open(verify, &verify->files, "files.tsv"));
    NKS_TRY(draw_again(verify));
    audit_at(verify->evidence.audit, "file sample.tsv");
    if (slices > verify->drawn_slices && !verify->population.lost && !verify->sample.lost)
        audit_find(verify->evidence.audit, "there is evidence of slices of which nothing is drawn");
    NKS_TRY(evidence_outside_check(&verify->evidence));
    limits_tell(verify);
    return NKS_OK;
}

enum nks_status sample_verify(struct audit *audit, const char *dir, int64_t *missing)
{
    struct verify verify = {.evidence = {.audit = audit, .dir = dir}};
    enum nks_status status = all_verify(&verify);
    *missing = verify.evidence.missing;
    evidence_slice_free(&verify.slice);
    free(verify.population.data);
    free(verify.sample.data);
    free(verify.files.data);
    free(verify.evidence.wants);
    return status;
}
