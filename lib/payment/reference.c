/*
 * The duplicate check over payment references. A random index over years of references cannot keep up; sorted runs can:
 * each is written once in order, and what is compared with them comes in the same order. A big batch reads its payer's
 * history from one end to the other; a small one reads the blocks of its own keys.
 */
#include "payment/reference_run.h"

#include "base/sys.h"

#include <stdlib.h>
#include <string.h>

static struct nks_reference_owner owner_of(const struct nks_batch *batch)
{
    return (struct nks_reference_owner){nks_text_from(batch->payer), nks_text_from(batch->sender)};
}

enum nks_status nks_reference_save(struct nks_payments *payments, const struct nks_batch *batch, int64_t slice_id,
                                   nks_date received_on, struct nks_reference *entries, size_t count,
                                   struct nks_fault *fault)
{
    const struct nks_reference_owner owner = owner_of(batch);
    struct nks_reference_writer writer;
    NKS_TRY(nks_reference_writer_open(payments, slice_id, (int64_t)count, NKS_SLICE_PAYMENTS, &writer, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; status == NKS_OK && i < count; i++) {
        entries[i].payment_id |= slice_id << NKS_RUN_SLICES;
        status = nks_reference_writer_add(&writer, &entries[i], fault);
    }
    if (status == NKS_OK)
        status = nks_reference_writer_end(&writer, &owner, nks_reference_month(received_on), 0, fault);
    nks_reference_writer_free(&writer);
    return status;
}

/* ---- one check */

struct check {
    struct nks_payments *payments;
    nks_reference_fn fn;
    void *context;
    struct nks_reference_runs own, history;
    struct nks_reference_window window;
    bool has_candidate[NKS_WINDOW_MAX]; /* an entry of the window is asked about once */
    struct nks_reference_hit *hits;
    size_t hit_count, hit_cap;
    size_t at;    /* in the window, while blocks of history are compared with it */
    uint64_t key; /* while others_collect works */
    int64_t others[NKS_RUN_EQUAL];
    size_t other_count;
};

static enum nks_status candidate(struct check *check, size_t at, int64_t other_id, struct nks_fault *fault)
{
    const struct nks_reference *own = &check->window.entries[at];
    if (check->has_candidate[at])
        return NKS_OK;
    if (check->hit_count == check->hit_cap) {
        size_t want = check->hit_cap == 0 ? 64 : check->hit_cap * 2;
        struct nks_reference_hit *grown =
            want > NKS_REFERENCE_HITS_MAX ? NULL : realloc(check->hits, want * sizeof *grown);
        if (grown == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
        check->hits = grown;
        check->hit_cap = want;
    }
    check->has_candidate[at] = true;
    check->hits[check->hit_count++] =
        (struct nks_reference_hit){.payment_id = own->payment_id, .other_id = other_id, .key = own->key};
    return NKS_OK;
}

/* ---- candidates inside the batch: the first of equal keys is the original */

static enum nks_status own_candidates(struct check *check, struct nks_fault *fault)
{
    const struct nks_reference *entries = check->window.entries;
    for (size_t i = 1, first = 0; i < check->window.count; i++) {
        if (entries[i].key != entries[first].key)
            first = i;
        else
            NKS_TRY(candidate(check, i, entries[first].payment_id, fault));
    }
    return NKS_OK;
}

/* ---- candidates in history */

/* Goes through a block and the window together, both in order. Of equal keys in the window only the first is asked
 * about: the others have the first as their candidate. */
static enum nks_status block_join(void *context, struct nks_text block, struct nks_fault *fault)
{
    struct check *check = context;
    const struct nks_reference *own = check->window.entries;
    size_t count = block.len / sizeof(struct nks_reference), at = check->at;
    for (size_t i = 0; i < count; i++) {
        struct nks_reference entry = nks_reference_at(block, i);
        while (at < check->window.count && own[at].key < entry.key)
            at++;
        if (at == check->window.count)
            break;
        if (own[at].key == entry.key)
            NKS_TRY(candidate(check, at, entry.payment_id, fault));
    }
    check->at = at;
    return NKS_OK;
}

/* Only the blocks in which a key of the window would lie. */
static enum nks_status run_join_few(struct check *check, const struct nks_reference_run *run, struct nks_fault *fault)
{
    const struct nks_reference_window *window = &check->window;
    for (size_t i = 0; i < window->count;) {
        uint64_t key = window->entries[i].key, block = nks_reference_block_of(run, key);
        check->at = i;
        NKS_TRY(nks_reference_blocks(check->payments, run, key, key, block_join, check, fault));
        while (i < window->count && nks_reference_block_of(run, window->entries[i].key) == block)
            i++;
    }
    return NKS_OK;
}

static enum nks_status run_join(struct check *check, const struct nks_reference_run *run, struct nks_fault *fault)
{
    const struct nks_reference_window *window = &check->window;
    uint64_t blocks = nks_reference_block_of(run, window->hi) - nks_reference_block_of(run, window->lo) + 1;
    if (window->count < blocks / 4) /* a look-up costs about as much as reading on over some blocks */
        return run_join_few(check, run, fault);
    check->at = 0;
    return nks_reference_blocks(check->payments, run, window->lo, window->hi, block_join, check, fault);
}

/* ---- what the caller says of them */

static enum nks_status others_block(void *context, struct nks_text block, struct nks_fault *fault)
{
    (void)fault;
    struct check *check = context;
    for (size_t i = 0; i < block.len / sizeof(struct nks_reference); i++) {
        struct nks_reference entry = nks_reference_at(block, i);
        if (entry.key == check->key && check->other_count < NKS_RUN_EQUAL)
            check->others[check->other_count++] = entry.payment_id;
    }
    return NKS_OK;
}

/* Asks about every entry of one run that has the key; in the batch itself only about earlier payments. */
static enum nks_status others_in_run(struct check *check, const struct nks_reference_run *run, int64_t before,
                                     struct nks_reference_hit *hit, struct nks_fault *fault)
{
    check->key = hit->key;
    check->other_count = 0;
    NKS_TRY(nks_reference_blocks(check->payments, run, hit->key, hit->key, others_block, check, fault));
    for (size_t i = 0; i < check->other_count && !hit->same; i++) {
        hit->other_id = check->others[i];
        if (hit->other_id < before)
            NKS_TRY(check->fn(check->context, hit, 1, fault));
    }
    return NKS_OK;
}

/* The candidate has the same key by chance. Another one with that key may still be the same reference. */
static enum nks_status others_ask(struct check *check, struct nks_reference_hit hit, struct nks_fault *fault)
{
    for (size_t i = 0; i < check->own.count && !hit.same; i++) {
        if (check->own.rows[i].id <= hit.payment_id >> NKS_RUN_SLICES)
            NKS_TRY(others_in_run(check, &check->own.rows[i], hit.payment_id, &hit, fault));
    }
    for (size_t i = 0; i < check->history.count && !hit.same; i++)
        NKS_TRY(others_in_run(check, &check->history.rows[i], INT64_MAX, &hit, fault));
    return NKS_OK;
}

static enum nks_status hits_tell(struct check *check, struct nks_fault *fault)
{
    if (check->hit_count == 0)
        return NKS_OK;
    NKS_TRY(check->fn(check->context, check->hits, check->hit_count, fault));
    for (size_t i = 0; i < check->hit_count; i++) {
        if (!check->hits[i].same)
            NKS_TRY(others_ask(check, check->hits[i], fault));
    }
    check->hit_count = 0;
    return NKS_OK;
}

/* ---- the order of events */

static enum nks_status window_check(struct check *check, struct nks_reference_writer *writer, struct nks_fault *fault)
{
    struct nks_reference_window *window = &check->window;
    memset(check->has_candidate, 0, window->count * sizeof check->has_candidate[0]);
    if (check->hit_count + window->count > NKS_REFERENCE_HITS_MAX)
        NKS_TRY(hits_tell(check, fault));
    NKS_TRY(own_candidates(check, fault));
    for (size_t i = 0; i < check->history.count && window->count > 0; i++)
        NKS_TRY(run_join(check, &check->history.rows[i], fault));
    for (size_t i = 0; i < window->count; i++)
        NKS_TRY(nks_reference_writer_add(writer, &window->entries[i], fault));
    return NKS_OK;
}

static enum nks_status runs_check(struct check *check, struct nks_reference_writer *writer, struct nks_fault *fault)
{
    NKS_TRY(nks_reference_window_open(&check->own, &check->window, fault));
    for (bool more = true;;) {
        NKS_TRY(nks_reference_window_next(check->payments, &check->window, &more, fault));
        if (!more)
            return hits_tell(check, fault);
        NKS_TRY(window_check(check, writer, fault));
    }
}

/* The batch's own runs, of history those that count, and a new run for history in place of the batch's own. */
static enum nks_status batch_check(struct check *check, const struct nks_batch *batch, nks_date today,
                                   struct nks_fault *fault)
{
    const struct nks_reference_owner owner = owner_of(batch);
    int month = nks_reference_month(today);
    const struct nks_reference_range range = {month - NKS_REFERENCE_MONTHS, INT32_MAX, 1, INT32_MAX};
    struct nks_reference_writer writer;
    int64_t id = 0;
    NKS_TRY(nks_reference_runs_of_batch(check->payments, batch->id, &check->own, fault));
    if (check->own.count == 0)
        return NKS_OK;
    NKS_TRY(nks_reference_runs_of_history(check->payments, &owner, &range, &check->history, fault));
    NKS_TRY(nks_reference_run_next_id(check->payments, &id, fault));
    NKS_TRY(nks_reference_writer_open(check->payments, id, check->own.entries, NKS_RUN_EQUAL, &writer, fault));
    enum nks_status status = runs_check(check, &writer, fault);
    for (size_t i = 0; status == NKS_OK && i < check->own.count; i++)
        status = nks_reference_run_delete(check->payments, check->own.rows[i].id, fault);
    if (status == NKS_OK)
        status = nks_reference_writer_end(&writer, &owner, month, nks_reference_tier(writer.run.entries), fault);
    nks_reference_writer_free(&writer);
    nks_sys_point("reference.checked");
    return status;
}

enum nks_status nks_reference_check(struct nks_payments *payments, const struct nks_batch *batch, nks_date today,
                                    nks_reference_fn fn, void *context, struct nks_fault *fault)
{
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the duplicate check");
    check->payments = payments;
    check->fn = fn;
    check->context = context;
    enum nks_status status = batch_check(check, batch, today, fault);
    nks_reference_runs_free(&check->own);
    nks_reference_runs_free(&check->history);
    nks_reference_window_free(&check->window);
    free(check->hits);
    free(check);
    return status;
}
