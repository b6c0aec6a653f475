#ifndef NKS_AUDIT_SAMPLE_H
#define NKS_AUDIT_SAMPLE_H
/*
 * A sample for an auditor: monetary unit sampling over the accepted payments, and for each one drawn the evidence that
 * can be checked without secret keys.
 *
 *   DIR/population.tsv   per slice of an accepted batch: its accepted payments, and their units (minor units of money)
 *   DIR/sample.tsv       what was drawn: every `interval`-th unit of money (all currencies alike) from a start given by
 *                        the seed, in the order of slices and payments
 *   DIR/slice-ID.tsv     the rows of a slice with a drawn payment, and the two signatures over them
 *   DIR/files.tsv        every leg of a drawn payment, and the published file in which it stands ("-": in none)
 *   DIR/published.log, DIR/seals/   copies of the journal and the seals
 *   DIR/evidence.tsv     each of these files with size and SHA-256, signed (evidence.h)
 *
 * No name, account or id of a person is in it; holders are keyed numbers.
 */
#include "audit.h"

struct sample_options {
    const char *out;
    int64_t count; /* of units to draw */
    uint64_t seed;
};
/* Writes the folder, in a folder that is there and is none of the home's (SAMPLE-PLACE); an existing one is
 * SAMPLE-EXISTS (both NKS_REFUSED). Without the secret keys nobody signs its list. *drawn: payments. */
NKS_CHECKED enum nks_status sample_write(struct audit *audit, const struct sample_options *options, int64_t *drawn);
/* Checks such a folder by the public keys alone: draws again from the totals in it, and tells findings as a check does.
 * *missing: how many of them are of what is not there. */
NKS_CHECKED enum nks_status sample_verify(struct audit *audit, const char *dir, int64_t *missing);

/* ---- the draw, the same for both (sample_draw.c). Order: count, seed and the totals are set; begin; take per payment.
 */

enum { SAMPLE_COUNT_MAX = 1000000, SAMPLE_LINE_MAX = 512 };
struct sample_draw {
    int64_t count;
    uint64_t seed;
    int64_t payments, units;               /* of the population */
    int64_t interval, start, next, passed; /* units; `next` is the one that is drawn next */
    int64_t drawn;
};
/* False: the units are beyond all bounds. */
NKS_CHECKED bool sample_draw_begin(struct sample_draw *draw);
/* How many of the drawn units fall on the next `units` ones. */
int64_t sample_draw_take(struct sample_draw *draw, int64_t units);
/* The first line of sample.tsv, and one about a payment drawn; both without line end. */
void sample_head(const struct sample_draw *draw, char line[SAMPLE_LINE_MAX]);
struct sample_pick {
    int64_t unit, hits, slice_id, n, seq, amount_minor, currency;
};
void sample_line(const struct sample_draw *draw, const struct sample_pick *pick, char line[SAMPLE_LINE_MAX]);

extern const char sample_columns[], sample_population_head[], sample_files_head[];
#endif
