#ifndef NKS_AUDIT_SAMPLE_H
#define NKS_AUDIT_SAMPLE_H
/*
 * A sample for an auditor: monetary unit sampling over the accepted payments, and for each one drawn the evidence that
 * can be checked without secret keys.
 *
 *   DIR/sample.tsv       what was drawn: every `interval`-th unit of money (minor units, all currencies alike) from a
 *                        start given by the seed, in the order of slices and payments
 *   DIR/slice-ID.tsv     the rows of a slice with a drawn payment, and the two signatures over them
 *   DIR/files.tsv        the files in which its legs stand
 *   DIR/published.log, DIR/seals/   copies of the journal and the seals
 *
 * No name, account or id of a person is in it; holders are keyed numbers.
 */
#include "audit.h"

struct sample_options {
    const char *out;
    int64_t count; /* of units to draw */
    uint64_t seed;
};
/* Writes the folder; an existing one is NKS_REFUSED (SAMPLE-EXISTS). *drawn: payments. */
NKS_CHECKED enum nks_status sample_write(struct audit *audit, const struct sample_options *options, int64_t *drawn);
/* Checks such a folder by the public keys alone, and tells findings as a check does. */
NKS_CHECKED enum nks_status sample_verify(struct audit *audit, const char *dir);

enum { SAMPLE_ROW_INTS = 11, SAMPLE_LEG_INTS = 6, SAMPLE_LINE_MAX = 1024 };
#endif
