/*
 * Legs: they add up to their payment, and the legs in a file add up to the file. The order files of a batch are held in
 * memory while its slices are read; nothing grows with the number of payments.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

enum { CENTRALS_MAX = 256 };

struct file_sum {
    int64_t id, entries, central; /* central 0: no leg seen yet */
    int64_t legs;
    struct nks_sum planned, counted;
    bool planned_good;
    char party[NKS_PARTY_MAX];
};

/* Which folder the legs of a central go to. */
struct central_folder {
    int64_t central;
    char party[NKS_PARTY_MAX];
};

struct legs {
    struct file_sum *files; /* of the batch, by id */
    size_t count, cap;
    struct central_folder folders[CENTRALS_MAX];
    size_t folder_count;
};

static void leg_at(struct audit *audit, const struct audit_slice *slice, const struct audit_leg *leg)
{
    audit_at_leg(audit, slice->id, leg->n, leg->generation, leg->leg_no);
}

/* ---- the files of a batch */

static enum nks_status file_add(struct audit *audit, struct legs *legs, struct nks_stmt *stmt)
{
    if (legs->count == legs->cap) {
        size_t want = legs->cap == 0 ? 64 : legs->cap * 2;
        struct file_sum *grown = realloc(legs->files, want * sizeof *grown);
        if (grown == NULL)
            return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the files of a batch");
        legs->files = grown;
        legs->cap = want;
    }
    struct file_sum *file = &legs->files[legs->count++];
    *file = (struct file_sum){.id = nks_column_int(stmt, 0), .entries = nks_column_int(stmt, 3)};
    file->planned_good = nks_sum_read(nks_column_text(stmt, 4), &file->planned);
    audit_at(audit, "out_file %lld", (long long)file->id);
    if (!nks_text_copy(nks_column_text(stmt, 1), file->party, sizeof file->party))
        audit_find(audit, "party is no short id");
    if (nks_column_int(stmt, 2) != NKS_FOLDER_CENTRAL)
        audit_find(audit, "an order file lies in no central's folder");
    return NKS_OK;
}

static enum nks_status files_read(struct audit *audit, struct legs *legs, int64_t batch_id)
{
    struct nks_stmt *stmt = NULL;
    legs->count = 0;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_files, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(file_add(audit, legs, stmt));
    }
}

static struct file_sum *file_find(struct legs *legs, int64_t id)
{
    size_t low = 0, high = legs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (legs->files[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < legs->count && legs->files[low].id == id ? &legs->files[low] : NULL;
}

static void file_compare(struct audit *audit, const struct file_sum *file)
{
    audit_at(audit, "out_file %lld", (long long)file->id);
    if (file->legs != file->entries)
        audit_find(audit, "entries is %lld, table leg has %lld in it", (long long)file->entries, (long long)file->legs);
    if (!file->planned_good)
        audit_find(audit, "control_sum is no sum");
    else if (file->planned.scaled != file->counted.scaled)
        audit_find(audit, "control_sum is %s, its legs add up to %s", audit_sum_show(file->planned).text,
                   audit_sum_show(file->counted).text);
}

/* ---- centrals and folders */

static struct central_folder *folder_of(struct legs *legs, int64_t central)
{
    for (size_t i = 0; i < legs->folder_count; i++) {
        if (legs->folders[i].central == central)
            return &legs->folders[i];
    }
    return NULL;
}

static struct central_folder *folder_learn(struct audit *audit, struct legs *legs, int64_t central, const char *party)
{
    if (legs->folder_count == CENTRALS_MAX)
        return NULL;
    struct central_folder *folder = &legs->folders[legs->folder_count++];
    const struct nks_central *known = nks_central_by_number(&audit->centrals, central);
    folder->central = central;
    memcpy(folder->party, known != NULL ? known->name : party, sizeof folder->party);
    return folder;
}

/* With the secret keys the central's name is known; else the first file with its legs tells it. */
static void folder_check(struct audit *audit, struct legs *legs, const struct audit_leg *leg, struct file_sum *file)
{
    if (file->central == 0) {
        file->central = leg->central;
        const struct central_folder *folder = folder_of(legs, leg->central);
        if (folder == NULL)
            folder = folder_learn(audit, legs, leg->central, file->party);
        if (folder == NULL || strcmp(folder->party, file->party) != 0)
            audit_find(audit, "central %lld, but its file %lld is for another central (%s)", (long long)leg->central,
                       (long long)file->id, file->party);
    } else if (file->central != leg->central) {
        audit_find(audit, "central %lld, but its file %lld holds legs of central %lld", (long long)leg->central,
                   (long long)file->id, (long long)file->central);
    }
}

/* ---- one leg */

static void leg_row_check(struct audit *audit, const struct audit_slice *slice, const struct audit_leg *leg)
{
    bool in_file = leg->state >= NKS_LEG_IN_FILE && leg->state <= NKS_LEG_RETURNED;
    if (leg->state < NKS_LEG_PLANNED || leg->state > NKS_LEG_STOPPED)
        audit_find(audit, "state %lld is none", (long long)leg->state);
    if (leg->kind < NKS_LEG_PAYEE || leg->kind > NKS_LEG_ERROR_ACCOUNT)
        audit_find(audit, "kind %lld is none", (long long)leg->kind);
    if (leg->amount_minor <= 0)
        audit_find(audit, "amount_minor is %lld", (long long)leg->amount_minor);
    if (leg->generation < 1 || leg->generation > slice->generation)
        audit_find(audit, "generation %lld is none of the slice's %lld", (long long)leg->generation,
                   (long long)slice->generation);
    if (in_file != (leg->file_id != 0))
        audit_find(audit, "state %s, but file_id is %lld", nks_state_name(NKS_STATE_LEG, (int)leg->state),
                   (long long)leg->file_id);
    bool live = leg->generation == slice->generation;
    if (live && slice->state == NKS_SLICE_EMITTED && leg->state == NKS_LEG_PLANNED)
        audit_find(audit, "PLANNED, but its slice is EMITTED");
    if (live && slice->state == NKS_SLICE_ROUTED && in_file)
        audit_find(audit, "%s, but its slice is ROUTED", nks_state_name(NKS_STATE_LEG, (int)leg->state));
}

static void leg_file_check(struct audit *audit, struct legs *legs, const struct audit_leg *leg, int64_t currency)
{
    struct nks_sum sum = {0};
    if (leg->file_id == 0)
        return;
    struct file_sum *file = file_find(legs, leg->file_id);
    if (file == NULL) {
        audit_find(audit, "file_id %lld is no order file of its batch", (long long)leg->file_id);
        return;
    }
    folder_check(audit, legs, leg, file);
    file->legs++;
    if (audit_money(leg->amount_minor, currency, &sum))
        file->counted.scaled += sum.scaled;
}

/* ---- one payment */

static bool moves_money(const struct audit_payment *payment)
{
    return payment->state == NKS_PAYMENT_ACCEPTED;
}

static void payment_sum_check(struct audit *audit, const struct audit_slice *slice, const struct audit_payment *payment,
                              nks_int128 sum, int64_t live, int64_t stopped)
{
    audit_at(audit, "payment slice_id %lld n %lld", (long long)slice->id, (long long)payment->n);
    if (payment->state < NKS_PAYMENT_ACCEPTED || payment->state > NKS_PAYMENT_STOPPED)
        audit_find(audit, "state %lld is none", (long long)payment->state);
    if ((payment->state == NKS_PAYMENT_REJECTED) && payment->reason == NKS_REASON_NONE)
        audit_find(audit, "REJECTED without a reason");
    if (!audit_routed(slice))
        return;
    if (moves_money(payment) && (sum != payment->amount_minor || live == 0))
        audit_find(audit, "amount_minor is %lld, its %lld legs add up to %lld", (long long)payment->amount_minor,
                   (long long)live, (long long)sum);
    if (!moves_money(payment) && live > stopped)
        audit_find(audit, "%s, but it has %lld legs", nks_state_name(NKS_STATE_PAYMENT, (int)payment->state),
                   (long long)(live - stopped));
}

static enum nks_status payment_check(struct audit *audit, void *context, const struct audit_slice *slice,
                                     const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct legs *all = context;
    nks_int128 sum = 0;
    int64_t live = 0, stopped = 0;
    for (size_t i = 0; i < count; i++) {
        audit_looked(audit);
        leg_at(audit, slice, &legs[i]);
        if (payment == NULL)
            audit_find(audit, "there is no such payment");
        leg_row_check(audit, slice, &legs[i]);
        leg_file_check(audit, all, &legs[i], payment == NULL ? -1 : payment->currency);
        if (legs[i].generation != slice->generation)
            continue;
        sum += legs[i].amount_minor;
        stopped += legs[i].state == NKS_LEG_STOPPED;
        if (legs[i].leg_no != ++live)
            audit_find(audit, "leg_no is not %lld: a leg is missing or was added", (long long)live);
    }
    if (payment != NULL)
        payment_sum_check(audit, slice, payment, sum, live, stopped);
    return NKS_OK;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    return audit_each_payment(audit, slice, payment_check, context);
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct legs *legs = context;
    if (batch->state == NKS_BATCH_READING)
        return NKS_OK;
    NKS_TRY(files_read(audit, legs, batch->id));
    NKS_TRY(audit_each_slice(audit, batch->id, slice_check, legs));
    for (size_t i = 0; i < legs->count; i++)
        file_compare(audit, &legs->files[i]);
    return NKS_OK;
}

enum nks_status audit_check_legs(struct audit *audit)
{
    struct legs *legs = calloc(1, sizeof *legs);
    if (legs == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory to look at legs");
    enum nks_status status = audit_each_batch(audit, batch_check, legs);
    free(legs->files);
    free(legs);
    return status;
}
