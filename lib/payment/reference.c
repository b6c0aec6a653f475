/*
 * The duplicate check over payment references. A random index over years of references cannot keep up; a sorted run per
 * slice can: it is written once in order, and runs are compared bucket by bucket, so that memory has a ceiling whatever
 * the number of payments.
 * A run is { u16 end of bucket b, for 64 buckets }, then its entries in order. An entry is 50 bits of the blind key and
 * the payment's n.
 */
#include "payment/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    N_BITS = 14,
    BUCKETS = 64,
    BUCKET_SHIFT = 58,
    INDEX_BYTES = BUCKETS * 2,
    RUNS_MAX = 200000,
    PASS_ENTRIES = 160 * 1024
};

uint64_t nks_reference_entry(const struct nks_blind *blind, uint32_t n)
{
    return ((uint64_t)blind->key & ~(((uint64_t)1 << N_BITS) - 1)) | n;
}

static int entry_order(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

enum nks_status nks_reference_save(struct nks_payments *payments, int64_t slice_id, const char *payer,
                                   nks_date received_on, uint64_t *entries, size_t count, struct nks_fault *fault)
{
    qsort(entries, count, sizeof *entries, entry_order);
    size_t bytes = INDEX_BYTES + count * sizeof *entries;
    NKS_TRY(nks_payments_scratch(payments, bytes, fault));
    uint16_t ends[BUCKETS];
    size_t at = 0;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        while (at < count && entries[at] >> BUCKET_SHIFT <= bucket)
            at++;
        ends[bucket] = (uint16_t)at;
    }
    memcpy(payments->scratch, ends, sizeof ends);
    if (count > 0)
        memcpy(payments->scratch + INDEX_BYTES, entries, count * sizeof *entries);
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_text(stmt, "payer", nks_text_from(payer));
    nks_bind_int(stmt, "received_on", received_on);
    nks_bind_int(stmt, "entries", (int64_t)count);
    nks_bind_bytes(stmt, "run", payments->scratch, bytes);
    return nks_stmt_run(stmt, NULL, fault);
}

struct run_list {
    int64_t *slice_ids;
    size_t count, cap;
    int64_t entries;
};

static enum nks_status run_list_load(struct nks_payments *payments, const char *payer, nks_date since,
                                     struct run_list *list, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_list, &stmt, fault));
    nks_bind_text(stmt, "payer", nks_text_from(payer));
    nks_bind_int(stmt, "since", since);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        if (list->count == list->cap) {
            size_t want = list->cap == 0 ? 256 : list->cap * 2;
            int64_t *grown = want > RUNS_MAX * 2 ? NULL : realloc(list->slice_ids, want * sizeof *grown);
            if (grown == NULL)
                return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
            list->slice_ids = grown;
            list->cap = want;
        }
        list->slice_ids[list->count++] = nks_column_int(stmt, 0);
        list->entries += nks_column_int(stmt, 1);
    }
}

struct item {
    uint64_t entry;
    int64_t slice_id;
};

struct pass {
    struct item *items;
    size_t count, cap;
};

static int item_order(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    uint64_t lh = left->entry >> N_BITS, rh = right->entry >> N_BITS;
    if (lh != rh)
        return lh < rh ? -1 : 1;
    if (left->slice_id != right->slice_id)
        return left->slice_id < right->slice_id ? -1 : 1;
    return (left->entry > right->entry) - (left->entry < right->entry);
}

static enum nks_status pass_add(struct pass *pass, int64_t slice_id, struct nks_text entries, struct nks_fault *fault)
{
    size_t count = entries.len / sizeof(uint64_t);
    if (pass->count + count > pass->cap) {
        size_t want = (pass->count + count) * 5 / 4 + 1024;
        struct item *grown = realloc(pass->items, want * sizeof *grown);
        if (grown == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
        pass->items = grown;
        pass->cap = want;
    }
    for (size_t i = 0; i < count; i++) {
        struct item *item = &pass->items[pass->count++];
        memcpy(&item->entry, entries.ptr + i * sizeof(uint64_t), sizeof item->entry);
        item->slice_id = slice_id;
    }
    return NKS_OK;
}

/* Reads the entries of buckets from..to (inclusive) of one run. */
static enum nks_status run_read(struct nks_payments *payments, int64_t slice_id, unsigned from, unsigned to,
                                struct pass *pass, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    uint16_t ends[BUCKETS];
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_index, &stmt, fault));
    nks_bind_int(stmt, "bytes", INDEX_BYTES);
    nks_bind_int(stmt, "slice_id", slice_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    struct nks_text index = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    if (index.len == sizeof ends)
        memcpy(ends, index.ptr, sizeof ends);
    nks_stmt_end(stmt);
    if (index.len != sizeof ends)
        return nks_fault_set(fault, NKS_INTEGRITY, "REFERENCE-RUN", "the references of slice %lld are damaged",
                             (long long)slice_id);
    size_t first = from == 0 ? 0 : ends[from - 1], last = ends[to];
    if (first >= last)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_run_part, &stmt, fault));
    nks_bind_int(stmt, "from_byte", (int64_t)(INDEX_BYTES + first * sizeof(uint64_t) + 1));
    nks_bind_int(stmt, "bytes", (int64_t)((last - first) * sizeof(uint64_t)));
    nks_bind_int(stmt, "slice_id", slice_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    enum nks_status status = found ? pass_add(pass, slice_id, nks_column_bytes(stmt, 0), fault) : NKS_OK;
    nks_stmt_end(stmt);
    return status;
}

static int hit_order(const void *a, const void *b)
{
    const struct nks_reference_hit *left = a, *right = b;
    if (left->slice_id != right->slice_id)
        return left->slice_id < right->slice_id ? -1 : 1;
    return (left->n > right->n) - (left->n < right->n);
}

static uint32_t entry_n(uint64_t entry)
{
    return (uint32_t)(entry & (((uint64_t)1 << N_BITS) - 1));
}

/* The first item of a run of equal bits is the original; those of this batch behind it are hits. */
static enum nks_status pass_hits(struct pass *pass, int64_t batch_id, nks_reference_fn fn, void *context,
                                 struct nks_fault *fault)
{
    if (pass->count > 0)
        qsort(pass->items, pass->count, sizeof *pass->items, item_order);
    struct nks_reference_hit *hits = NULL;
    size_t count = 0, cap = 0;
    enum nks_status status = NKS_OK;
    for (size_t i = 1, first = 0; i < pass->count; i++) {
        const struct item *item = &pass->items[i], *original = &pass->items[first];
        if (item->entry >> N_BITS != original->entry >> N_BITS) {
            first = i;
            continue;
        }
        if (item->slice_id < nks_slice_first_id(batch_id) || item->slice_id > nks_slice_last_id(batch_id))
            continue;
        if (count == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            struct nks_reference_hit *grown = realloc(hits, cap * sizeof *grown);
            if (grown == NULL) {
                status = nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
                break;
            }
            hits = grown;
        }
        hits[count++] = (struct nks_reference_hit){item->slice_id, original->slice_id, entry_n(item->entry),
                                                   entry_n(original->entry)};
    }
    if (count > 0)
        qsort(hits, count, sizeof *hits, hit_order);
    for (size_t i = 0; status == NKS_OK && i < count; i++)
        status = fn(context, &hits[i], fault);
    free(hits);
    return status;
}

enum nks_status nks_reference_check(struct nks_payments *payments, int64_t batch_id, const char *payer, nks_date since,
                                    nks_reference_fn fn, void *context, struct nks_fault *fault)
{
    struct run_list list = {NULL, 0, 0, 0};
    struct pass pass = {NULL, 0, 0};
    enum nks_status status = run_list_load(payments, payer, since, &list, fault);
    unsigned step = BUCKETS;
    while (step > 1 && list.entries / BUCKETS * step > PASS_ENTRIES)
        step /= 2;
    for (unsigned from = 0; status == NKS_OK && from < BUCKETS; from += step) {
        pass.count = 0;
        for (size_t i = 0; status == NKS_OK && i < list.count; i++)
            status = run_read(payments, list.slice_ids[i], from, from + step - 1, &pass, fault);
        if (status == NKS_OK)
            status = pass_hits(&pass, batch_id, fn, context, fault);
    }
    free(list.slice_ids);
    free(pass.items);
    return status;
}
