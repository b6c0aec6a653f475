/* Runs of references in rows: blocks read and written, and windows over several runs. */
#include "payment/reference_run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BITS = 64, RUN_ID_BITS = 63 - NKS_RUN_BITS_MAX };

static enum nks_status no_memory(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
}

static enum nks_status damaged(int64_t run_id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "REFERENCE-RUN", "run %lld of payment references is damaged",
                         (long long)run_id);
}

int nks_reference_month(nks_date date)
{
    int year = 0, month = 0, day = 0;
    nks_date_to_ymd(date, &year, &month, &day);
    return year * 12 + month - 1;
}

int nks_reference_tier(int64_t entries)
{
    int tier = 1;
    for (int64_t most = NKS_RUN_TIER_FIRST; entries > most && tier <= NKS_RUN_TIERS; most *= NKS_RUN_FAN)
        tier++;
    return tier;
}

int nks_reference_order(const void *a, const void *b)
{
    const struct nks_reference *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->payment_id > right->payment_id) - (left->payment_id < right->payment_id);
}

/* ---- lists of runs */

static enum nks_status runs_add(struct nks_reference_runs *runs, struct nks_stmt *stmt, struct nks_fault *fault)
{
    if (runs->count == runs->cap) {
        size_t want = runs->cap == 0 ? 64 : runs->cap * 2;
        struct nks_reference_run *grown = want > NKS_RUNS_MAX ? NULL : realloc(runs->rows, want * sizeof *grown);
        if (grown == NULL)
            return no_memory(fault);
        runs->rows = grown;
        runs->cap = want;
    }
    struct nks_reference_run *run = &runs->rows[runs->count++];
    int64_t bits = nks_column_int(stmt, 2);
    *run = (struct nks_reference_run){.id = nks_column_int(stmt, 0), .entries = nks_column_int(stmt, 1)};
    if (bits < 0 || bits > NKS_RUN_BITS_MAX || run->entries < 0 || run->entries > INT32_MAX || run->id < 0 ||
        run->id >> RUN_ID_BITS != 0)
        return damaged(run->id, fault);
    run->bits = (unsigned)bits;
    runs->entries += run->entries;
    return NKS_OK;
}

static enum nks_status runs_load(struct nks_stmt *stmt, struct nks_reference_runs *runs, struct nks_fault *fault)
{
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(runs_add(runs, stmt, fault));
    }
}

enum nks_status nks_reference_runs_of_batch(struct nks_payments *payments, int64_t batch_id,
                                            struct nks_reference_runs *runs, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_of_batch, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch_id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
    return runs_load(stmt, runs, fault);
}

enum nks_status nks_reference_runs_of_history(struct nks_payments *payments, const struct nks_reference_owner *owner,
                                              const struct nks_reference_range *range, struct nks_reference_runs *runs,
                                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_of_history, &stmt, fault));
    nks_bind_text(stmt, "payer", owner->payer);
    nks_bind_text(stmt, "sender", owner->sender);
    nks_bind_int(stmt, "from_month", range->from_month);
    nks_bind_int(stmt, "to_month", range->to_month);
    nks_bind_int(stmt, "from_tier", range->from_tier);
    nks_bind_int(stmt, "to_tier", range->to_tier);
    return runs_load(stmt, runs, fault);
}

void nks_reference_runs_free(struct nks_reference_runs *runs)
{
    free(runs->rows);
    *runs = (struct nks_reference_runs){NULL, 0, 0, 0};
}

/* ---- blocks */

uint64_t nks_reference_block_of(const struct nks_reference_run *run, uint64_t key)
{
    return run->bits == 0 ? 0 : key >> (KEY_BITS - run->bits);
}

static int64_t block_id(const struct nks_reference_run *run, uint64_t block)
{
    return (run->id << NKS_RUN_BITS_MAX) | (int64_t)block;
}

enum nks_status nks_reference_blocks(struct nks_payments *payments, const struct nks_reference_run *run, uint64_t lo,
                                     uint64_t hi, nks_reference_block_fn fn, void *context, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_blocks, &stmt, fault));
    nks_bind_int(stmt, "first", block_id(run, nks_reference_block_of(run, lo)));
    nks_bind_int(stmt, "last", block_id(run, nks_reference_block_of(run, hi)));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        struct nks_text block = nks_column_bytes(stmt, 0);
        if (block.len == 0 || block.len % sizeof(struct nks_reference) != 0)
            return damaged(run->id, fault);
        NKS_TRY(fn(context, block, fault));
    }
}

enum nks_status nks_reference_run_delete(struct nks_payments *payments, int64_t run_id, struct nks_fault *fault)
{
    const struct nks_reference_run run = {.id = run_id};
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_delete_blocks, &stmt, fault));
    nks_bind_int(stmt, "first", block_id(&run, 0));
    nks_bind_int(stmt, "last", block_id(&run, ((uint64_t)1 << NKS_RUN_BITS_MAX) - 1));
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_delete, &stmt, fault));
    nks_bind_int(stmt, "run_id", run_id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_reference_run_next_id(struct nks_payments *payments, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_last, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    int64_t last = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    *id = ((last >> NKS_RUN_SLICES) + 1) << NKS_RUN_SLICES;
    return NKS_OK;
}

/* ---- writing */

enum nks_status nks_reference_writer_open(struct nks_payments *payments, int64_t run_id, int64_t expected,
                                          size_t equal_max, struct nks_reference_writer *writer,
                                          struct nks_fault *fault)
{
    *writer = (struct nks_reference_writer){.payments = payments, .run = {.id = run_id}, .equal_max = equal_max};
    assert(run_id > 0 && run_id >> RUN_ID_BITS == 0);
    while (writer->run.bits < NKS_RUN_BITS_MAX && expected >> writer->run.bits > NKS_RUN_BLOCK)
        writer->run.bits++;
    writer->block = malloc(NKS_RUN_BLOCK_MAX * sizeof *writer->block);
    return writer->block != NULL ? NKS_OK : no_memory(fault);
}

static enum nks_status block_write(struct nks_reference_writer *writer, struct nks_fault *fault)
{
    if (writer->count == 0)
        return NKS_OK;
    struct nks_stmt *stmt = NULL;
    uint64_t block = nks_reference_block_of(&writer->run, writer->last_key);
    NKS_TRY(nks_stmt_start(writer->payments->db, &nks_sql_run_insert_block, &stmt, fault));
    nks_bind_int(stmt, "block_id", block_id(&writer->run, block));
    nks_bind_bytes(stmt, "entries", writer->block, writer->count * sizeof *writer->block);
    writer->count = 0;
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_reference_writer_add(struct nks_reference_writer *writer, const struct nks_reference *entry,
                                         struct nks_fault *fault)
{
    writer->equal = writer->run.entries > 0 && entry->key == writer->last_key ? writer->equal + 1 : 1;
    if (writer->equal > writer->equal_max)
        return NKS_OK;
    if (writer->count > 0 &&
        nks_reference_block_of(&writer->run, entry->key) != nks_reference_block_of(&writer->run, writer->last_key))
        NKS_TRY(block_write(writer, fault));
    if (writer->count == NKS_RUN_BLOCK_MAX) /* keys that lie like this are no HMACs */
        return damaged(writer->run.id, fault);
    writer->block[writer->count++] = *entry;
    writer->last_key = entry->key;
    writer->run.entries++;
    return NKS_OK;
}

enum nks_status nks_reference_writer_end(struct nks_reference_writer *writer, const struct nks_reference_owner *owner,
                                         int month, int tier, struct nks_fault *fault)
{
    NKS_TRY(block_write(writer, fault));
    if (writer->run.entries == 0)
        return NKS_OK;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(writer->payments->db, &nks_sql_run_insert, &stmt, fault));
    nks_bind_int(stmt, "run_id", writer->run.id);
    nks_bind_text(stmt, "payer", owner->payer);
    nks_bind_text(stmt, "sender", owner->sender);
    nks_bind_int(stmt, "month", month);
    nks_bind_int(stmt, "tier", tier);
    nks_bind_int(stmt, "bits", writer->run.bits);
    nks_bind_int(stmt, "entries", writer->run.entries);
    return nks_stmt_run(stmt, NULL, fault);
}

void nks_reference_writer_free(struct nks_reference_writer *writer)
{
    free(writer->block);
    writer->block = NULL;
}

/* ---- windows */

enum nks_status nks_reference_window_open(const struct nks_reference_runs *runs, struct nks_reference_window *window,
                                          struct nks_fault *fault)
{
    uint64_t windows = (uint64_t)runs->entries / NKS_WINDOW_FILL + 1;
    *window = (struct nks_reference_window){.runs = runs, .width = UINT64_MAX / windows};
    window->entries = malloc(NKS_WINDOW_MAX * sizeof *window->entries);
    return window->entries != NULL ? NKS_OK : no_memory(fault);
}

void nks_reference_window_free(struct nks_reference_window *window)
{
    free(window->entries);
    window->entries = NULL;
}

static enum nks_status window_block(void *context, struct nks_text block, struct nks_fault *fault)
{
    (void)fault;
    struct nks_reference_window *window = context;
    size_t count = block.len / sizeof(struct nks_reference);
    for (size_t i = 0; i < count; i++) {
        struct nks_reference entry = nks_reference_at(block, i);
        if (entry.key < window->lo || entry.key > window->hi)
            continue;
        if (window->count == NKS_WINDOW_MAX) {
            window->full = true;
            return NKS_OK;
        }
        window->entries[window->count++] = entry;
    }
    return NKS_OK;
}

static enum nks_status window_fill(struct nks_payments *payments, struct nks_reference_window *window,
                                   struct nks_fault *fault)
{
    window->count = 0;
    window->full = false;
    for (size_t i = 0; i < window->runs->count && !window->full; i++)
        NKS_TRY(nks_reference_blocks(payments, &window->runs->rows[i], window->lo, window->hi, window_block, window,
                                     fault));
    return NKS_OK;
}

/* Where many entries have the same key, a range of average width may hold too many: it is halved until it does not. One
 * key alone always fits: a run of history has at most NKS_RUN_EQUAL of it, a batch about one per slice. */
enum nks_status nks_reference_window_next(struct nks_payments *payments, struct nks_reference_window *window,
                                          bool *more, struct nks_fault *fault)
{
    *more = !window->begun || window->hi < UINT64_MAX;
    if (!*more)
        return NKS_OK;
    window->lo = window->begun ? window->hi + 1 : 0;
    window->begun = true;
    uint64_t width = window->width < UINT64_MAX - window->lo ? window->width : UINT64_MAX - window->lo;
    for (;; width /= 2) {
        window->hi = window->lo + width;
        NKS_TRY(window_fill(payments, window, fault));
        if (!window->full)
            break;
        if (width == 0)
            return damaged(window->runs->rows[0].id, fault);
    }
    if (window->count > 0)
        qsort(window->entries, window->count, sizeof *window->entries, nks_reference_order);
    return NKS_OK;
}

enum nks_status nks_reference_run_is(struct nks_payments *payments, int64_t run_id,
                                     const struct nks_reference_owner *owner, int month, int64_t entries, bool *is,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_is, &stmt, fault));
    nks_bind_int(stmt, "run_id", run_id);
    nks_bind_text(stmt, "payer", owner->payer);
    nks_bind_text(stmt, "sender", owner->sender);
    nks_bind_int(stmt, "month", month);
    nks_bind_int(stmt, "entries", entries);
    NKS_TRY(nks_stmt_one(stmt, is, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}
