#ifndef NKS_PAYMENT_REFERENCE_RUN_H
#define NKS_PAYMENT_REFERENCE_RUN_H
/*
 * Private to the module: runs of references in rows.
 *
 * A run is sorted by (key, payment) and stored in blocks. Keys are HMACs, so they lie evenly, and the first `bits` bits
 * of a key name its block: no fences need be stored or read to find one key. A run of a batch that is still being read
 * has the number of its slice and tier 0; a run of history has a number whose slice part is 0, and a tier by its size.
 *
 * What goes through several runs at once goes window by window: a range of keys small enough that the entries of all
 * runs in it fit into one array.
 */
#include "payment/store.h"

#include <string.h>

enum {
    NKS_RUN_BLOCK = 512,       /* entries of a block on average, at most: 8 KiB */
    NKS_RUN_BLOCK_MAX = 32768, /* of one block: equal keys stand together */
    NKS_RUN_BITS_MAX = 20,     /* blocks of a run: 2^20 of 512 are more than a batch can fill */
    NKS_RUN_SLICES = 14,       /* low bits of a run's number that are the slice's */
    NKS_RUN_EQUAL = 64,        /* entries of one key that a run of history keeps */
    NKS_RUNS_MAX = 65536,      /* runs looked at together; merging keeps them at some hundreds */
    NKS_RUN_TIERS = 5,         /* tiers whose runs are merged; above, a run has more than 262,144 entries */
    NKS_RUN_TIER_FIRST = 64,   /* entries of tier 1 at most; each tier has eight times more */
    NKS_RUN_FAN = 8,           /* so many runs of one tier become one */
    NKS_WINDOW_FILL = 32768,   /* entries expected in a window */
    NKS_WINDOW_MAX = 65536,    /* and its array: 1 MiB */
};

struct nks_reference_run {
    int64_t id, entries;
    unsigned bits;
};
struct nks_reference_runs {
    struct nks_reference_run *rows;
    size_t count, cap;
    int64_t entries; /* of all */
};

/* Whose history: runs of one payer and one sender are never compared with those of another. */
struct nks_reference_owner {
    struct nks_text payer, sender;
};

int nks_reference_month(nks_date date); /* months since the year 0 */
int nks_reference_tier(int64_t entries);

/* The runs of a batch that is being read, by slice; or of history in months and tiers from..to (inclusive), the oldest
 * first. Both add to the list; free it with nks_reference_runs_free. */
NKS_CHECKED enum nks_status nks_reference_runs_of_batch(struct nks_payments *payments, int64_t batch_id,
                                                        struct nks_reference_runs *runs, struct nks_fault *fault);
struct nks_reference_range {
    int from_month, to_month, from_tier, to_tier;
};
NKS_CHECKED enum nks_status nks_reference_runs_of_history(struct nks_payments *payments,
                                                          const struct nks_reference_owner *owner,
                                                          const struct nks_reference_range *range,
                                                          struct nks_reference_runs *runs, struct nks_fault *fault);
void nks_reference_runs_free(struct nks_reference_runs *runs);

/* Gives the blocks of a run that may hold keys lo..hi, in order. While `fn` works no other blocks may be asked for. */
typedef enum nks_status (*nks_reference_block_fn)(void *context, struct nks_text block, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_reference_blocks(struct nks_payments *payments, const struct nks_reference_run *run,
                                                 uint64_t lo, uint64_t hi, nks_reference_block_fn fn, void *context,
                                                 struct nks_fault *fault);
uint64_t nks_reference_block_of(const struct nks_reference_run *run, uint64_t key);
static inline struct nks_reference nks_reference_at(struct nks_text block, size_t i)
{
    struct nks_reference entry;
    memcpy(&entry, block.ptr + i * sizeof entry, sizeof entry);
    return entry;
}

/* Removes the blocks and the row of one run. */
NKS_CHECKED enum nks_status nks_reference_run_delete(struct nks_payments *payments, int64_t run_id,
                                                     struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_reference_run_next_id(struct nks_payments *payments, int64_t *id,
                                                      struct nks_fault *fault);

/* Writes one run from entries that come in order. */
struct nks_reference_writer {
    struct nks_payments *payments;
    struct nks_reference_run run;
    struct nks_reference *block; /* NKS_RUN_BLOCK_MAX */
    size_t count;
    uint64_t last_key;
    size_t equal;     /* entries in a row with last_key */
    size_t equal_max; /* more of one key are left out */
};
/* `expected`: the number of entries, or a little more: it decides the size of the blocks. */
NKS_CHECKED enum nks_status nks_reference_writer_open(struct nks_payments *payments, int64_t run_id, int64_t expected,
                                                      size_t equal_max, struct nks_reference_writer *writer,
                                                      struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_reference_writer_add(struct nks_reference_writer *writer,
                                                     const struct nks_reference *entry, struct nks_fault *fault);
/* Writes the last block and the run's row; a run without entries leaves nothing. */
NKS_CHECKED enum nks_status nks_reference_writer_end(struct nks_reference_writer *writer,
                                                     const struct nks_reference_owner *owner, int month, int tier,
                                                     struct nks_fault *fault);
void nks_reference_writer_free(struct nks_reference_writer *writer);

/* All entries of several runs, window by window in order of keys. */
struct nks_reference_window {
    const struct nks_reference_runs *runs;
    struct nks_reference *entries; /* NKS_WINDOW_MAX, sorted */
    size_t count;
    uint64_t lo, hi; /* the keys of this window */
    uint64_t width;
    bool full, begun;
};
NKS_CHECKED enum nks_status nks_reference_window_open(const struct nks_reference_runs *runs,
                                                      struct nks_reference_window *window, struct nks_fault *fault);
/* *more false: there was no further window. */
NKS_CHECKED enum nks_status nks_reference_window_next(struct nks_payments *payments,
                                                      struct nks_reference_window *window, bool *more,
                                                      struct nks_fault *fault);
void nks_reference_window_free(struct nks_reference_window *window);

/* Whether run `run_id` is stored with this owner, month and number of entries. */
NKS_CHECKED enum nks_status nks_reference_run_is(struct nks_payments *payments, int64_t run_id,
                                                 const struct nks_reference_owner *owner, int month, int64_t entries,
                                                 bool *is, struct nks_fault *fault);

#endif
