#ifndef NKS_AUDIT_EVIDENCE_H
#define NKS_AUDIT_EVIDENCE_H
/*
 * The evidence of a sample (sample.h): its files, each of a fixed form, written once and read strictly.
 *
 * evidence.tsv is their list, so that none can be cut, emptied, changed, added or taken away:
 *
 *   # nks sample list 1 <tab> files COUNT
 *   NAME <tab> BYTES <tab> SHA-256          bytewise by name
 *   # signature HEX                         Ed25519 over the SHA-256 of all lines before; "-": nobody signed
 *
 * What follows from other signatures is compared all the same: rows and legs of a slice carry their own, seals too, and
 * each seal names a line of the journal. Those were made on their day, the list when the sample was drawn.
 *
 * Only regular files are read. A finding is of something that is not there (evidence_missing), or that is wrong
 * (audit_find).
 */
#include "sample.h"

#include <stdio.h>

/* ---- writing (evidence_write.c) */

/* SAMPLE-PLACE, where the folder may not be made. */
NKS_CHECKED enum nks_status evidence_place(struct audit *audit, const char *dir);
NKS_CHECKED enum nks_status evidence_new(struct audit *audit, const char *dir, const char *name, FILE **out);
NKS_CHECKED enum nks_status evidence_end(struct audit *audit, FILE *file);
NKS_CHECKED enum nks_status evidence_slice_write(struct audit *audit, const char *dir, const struct audit_slice *slice);
/* The seals, then the journal, which has every line that they name. */
NKS_CHECKED enum nks_status evidence_outside_write(struct audit *audit, const char *dir);
/* The last one: what lies in the folder. */
NKS_CHECKED enum nks_status evidence_list_write(struct audit *audit, const char *dir);

/* ---- reading */

enum { EVIDENCE_FILE_MAX = 1 << 30, EVIDENCE_FILES_MAX = 1000000, EVIDENCE_SEALS_MAX = 100000 };
enum { EVIDENCE_HEAD_INTS = 8, EVIDENCE_ROW_INTS = 11, EVIDENCE_LEG_INTS = 6 };

struct evidence_want { /* a file that the journal must name */
    char party[NKS_PARTY_MAX], name[NKS_FILE_NAME_MAX], message_id[NKS_MESSAGE_ID_MAX];
    int64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
    int64_t line; /* of the journal; 0: not found */
    bool named;   /* it has a line of that name, maybe of other bytes */
};

struct evidence {
    struct audit *audit;
    const char *dir;
    int64_t missing;
    struct evidence_want *wants;
    size_t want_count, want_room;
};
/* At the present place. */
void evidence_missing(struct evidence *evidence, const char *words);
/* Sets the place. *data NULL: it is not there or cannot be read, which is told. Free *data. */
NKS_CHECKED enum nks_status evidence_file(struct evidence *evidence, const char *name, char **data, size_t *len);
/* Decimal numbers with a tab between, and nothing else. */
NKS_CHECKED bool evidence_ints(struct nks_text rest, int64_t *values, size_t count);
/* Of a file that ends in "# signature HEX": signed by our key. */
enum evidence_signed { EVIDENCE_SIGNED, EVIDENCE_UNSIGNED, EVIDENCE_FORGED };
enum evidence_signed evidence_signature(struct audit *audit, const char *data, size_t len);

/* evidence_list.c: the list against the folder. *slices: how many files of slices lie there. */
NKS_CHECKED enum nks_status evidence_list_check(struct evidence *evidence, int64_t *slices);

/* evidence_slice.c */
struct evidence_slice {
    /* slice, batch, execution date, due date, payments, state, generation, legs */
    int64_t head[EVIDENCE_HEAD_INTS];
    int64_t (*rows)[EVIDENCE_ROW_INTS]; /* n, seq, grp, amount, currency, state, … as signed */
    int64_t (*legs)[EVIDENCE_LEG_INTS]; /* n, generation, leg_no, kind, amount, central */
    size_t row_count, leg_count;
    bool routed;
    uint8_t decisions[NKS_HASH_SIZE], rows_signature[NKS_SIGNATURE_SIZE], legs_signature[NKS_SIGNATURE_SIZE];
    int step; /* of the form: how far it was read */
};
NKS_CHECKED enum nks_status evidence_slice_new(struct audit *audit, struct evidence_slice *slice);
void evidence_slice_free(struct evidence_slice *slice);
/* *good false: its rows cannot be used, which is told. */
NKS_CHECKED enum nks_status evidence_slice_read(struct evidence *evidence, int64_t slice_id,
                                                struct evidence_slice *slice, bool *good);

/* evidence_outside.c: the seals, the journal by what they name of it, and the wanted files by the journal. */
NKS_CHECKED enum nks_status evidence_outside_check(struct evidence *evidence);

#endif
