/*
 * The index of the duplicate check: runs of references, sorted, in blocks. Each entry names a payment of a batch of the
 * run's payer, sender and month, lies in the block of its key, and follows the one before; a run has the tier and
 * blocks of its size. That its key is the right one only the payer's file could say: keys are HMACs of what it said.
 */
#include "audit.h"

#include <string.h>

enum { BATCHES_KEPT = 4096, BLOCK_BITS = 20, PAYMENT_BITS = 28, KEY_BITS = 64 };

struct entry { /* as it is stored, in the machine's order of bytes */
    uint64_t key;
    int64_t payment_id;
};

struct owner {
    int64_t batch_id;
    char payer[NKS_PARTY_MAX], sender[NKS_PARTY_MAX];
    int64_t month;
    bool reading; /* a batch that is being read gets its payer at its end */
};

struct run {
    int64_t id, tier, bits, entries;
    struct owner owner;
};

struct references {
    struct owner kept[BATCHES_KEPT]; /* batches that were asked for */
    struct run run;
    struct entry last;
    bool any, told; /* an entry was seen; one finding of a run is enough */
};

static int64_t month_of(nks_date date)
{
    int year = 0, month = 0, day = 0;
    nks_date_to_ymd(date, &year, &month, &day);
    return (int64_t)year * 12 + month - 1;
}

/* Tiers have 64, 512, 4096, 32768 and 262144 entries at most; the last has more. */
static int64_t tier_of(int64_t entries)
{
    int64_t tier = 1;
    for (int64_t most = 64; entries > most && tier <= 5; most *= 8)
        tier++;
    return tier;
}

static void run_find(struct audit *audit, struct references *all, const char *what)
{
    if (!all->told)
        audit_find(audit, "%s", what);
    all->told = true;
}

static void owner_read(struct nks_stmt *stmt, int at, struct owner *owner)
{
    if (!nks_text_copy(nks_column_text(stmt, at), owner->payer, sizeof owner->payer))
        owner->payer[0] = '\0';
    if (!nks_text_copy(nks_column_text(stmt, at + 1), owner->sender, sizeof owner->sender))
        owner->sender[0] = '\0';
}

static enum nks_status owner_of(struct audit *audit, struct references *all, int64_t batch_id, const struct owner **out)
{
    struct owner *kept = &all->kept[(uint64_t)batch_id % BATCHES_KEPT];
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *out = kept;
    if (kept->batch_id == batch_id && batch_id != 0)
        return NKS_OK;
    *kept = (struct owner){.batch_id = batch_id};
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batch_owner, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    if (found) {
        owner_read(stmt, 0, kept);
        kept->month =
            audit_time_good(nks_column_int(stmt, 2)) ? month_of(nks_copenhagen_date(nks_column_int(stmt, 2))) : 0;
        kept->reading = nks_column_int(stmt, 3) == NKS_BATCH_READING;
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status entry_check(struct audit *audit, struct references *all, const struct entry *entry,
                                   int64_t block)
{
    const struct run *run = &all->run;
    const struct owner *owner = NULL;
    uint64_t due = run->bits == 0 ? 0 : entry->key >> (KEY_BITS - run->bits);
    bool follows = !all->any || all->last.key < entry->key ||
                   (all->last.key == entry->key && all->last.payment_id < entry->payment_id);
    NKS_TRY(owner_of(audit, all, entry->payment_id >> PAYMENT_BITS, &owner));
    if (due != (uint64_t)block || !follows)
        run_find(audit, all, "an entry is not where its key belongs");
    else if ((!owner->reading && strcmp(owner->payer, run->owner.payer) != 0) ||
             strcmp(owner->sender, run->owner.sender) != 0 || owner->month != run->owner.month)
        run_find(audit, all, "an entry names a payment of another payer, sender or month, or none");
    all->last = *entry;
    all->any = true;
    return NKS_OK;
}

static enum nks_status blocks_check(struct audit *audit, struct references *all)
{
    struct nks_stmt *stmt = NULL;
    if (all->run.id < 0 || all->run.id > INT64_MAX >> BLOCK_BITS) {
        run_find(audit, all, "run_id is no slice's");
        return NKS_OK;
    }
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_run_blocks, &stmt, &audit->fault));
    nks_bind_int(stmt, "first", all->run.id << BLOCK_BITS);
    nks_bind_int(stmt, "last", (all->run.id << BLOCK_BITS) | ((1 << BLOCK_BITS) - 1));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        struct nks_text bytes = nks_column_bytes(stmt, 1);
        int64_t block = nks_column_int(stmt, 0) & ((1 << BLOCK_BITS) - 1);
        for (size_t at = 0; at + sizeof(struct entry) <= bytes.len; at += sizeof(struct entry)) {
            struct entry entry;
            memcpy(&entry, bytes.ptr + at, sizeof entry);
            NKS_TRY(entry_check(audit, all, &entry, block));
        }
    }
}

static enum nks_status run_check(struct audit *audit, struct references *all, struct nks_stmt *stmt)
{
    struct run *run = &all->run;
    *run = (struct run){.id = nks_column_int(stmt, 0),
                        .tier = nks_column_int(stmt, 4),
                        .bits = nks_column_int(stmt, 5),
                        .entries = nks_column_int(stmt, 6)};
    owner_read(stmt, 1, &run->owner);
    run->owner.month = nks_column_int(stmt, 3);
    all->any = all->told = false;
    audit_looked(audit);
    audit_at(audit, "reference_run run_id %lld", (long long)run->id);
    if (run->bits < 0 || run->bits > BLOCK_BITS) {
        run_find(audit, all, "bits is none");
        return NKS_OK;
    }
    if (run->tier != 0 && run->tier != tier_of(run->entries))
        run_find(audit, all, "tier is not that of its entries");
    return blocks_check(audit, all);
}

enum nks_status audit_check_references(struct audit *audit)
{
    static struct references all;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_runs, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(run_check(audit, &all, stmt));
    }
}
