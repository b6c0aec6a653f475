/*
 * Decisions about debts: reading flags, claims and uses of many holders at once, then deciding payment by payment in
 * memory. The rule of the law itself is nks_debt_cover, which touches nothing.
 */
#include "debt/debt.h"
#include "debt/debt_private.h"

#include "base/pack.h"
#include "debt_sql.h"

#include <stdlib.h>
#include <string.h>

enum { QUERIES_MAX = 10000, ACTIVE_MIN = 64 };

/* A claim during one call of nks_debt_find_many. */
struct held {
    struct nks_debt_claim claim;
    int64_t check;
    nks_time as_of;
    nks_time first_as_of; /* of all its versions */
    nks_date valid_from, valid_to;
};

/* The flag that a query would follow. */
struct best_flag {
    bool found;
    int64_t priority, version;
    const struct nks_debt_authority *authority;
    char reference[NKS_DEBT_REFERENCE_MAX];
};

struct order {
    int64_t key;
    uint32_t query;
};

struct nks_debt_work {
    struct nks_debt *debt;
    const struct nks_debt_query *queries;
    struct order order[QUERIES_MAX]; /* queries by holder key */
    int64_t keys[QUERIES_MAX];
    uint32_t first[QUERIES_MAX + 1]; /* place in `order` of keys[i] */
    uint32_t key_of[QUERIES_MAX];    /* query -> place in `keys` */
    size_t key_count;
    bool any_split, any_redirect;
    struct best_flag best[QUERIES_MAX];
    uint32_t claims_at[QUERIES_MAX], claims_count[QUERIES_MAX]; /* of keys[i], in `held` */
    int64_t use_keys[QUERIES_MAX];                              /* keys that have claims */
    uint32_t use_key_of[QUERIES_MAX];                           /* their place in `keys` */
    size_t use_key_count;
    nks_time now;
    bool seen; /* the newest version of this flag or claim was read */
    size_t seen_index;
    int64_t seen_key, seen_check;
    struct held *held;
    size_t held_count, held_cap;
    struct nks_debt_part *parts;
    size_t part_count, part_cap;
};

/* ---- the pure decision */

/* GIL § 4(2): the date received; at the same date the claim's id, so that the order never depends on a key. */
static int compare_claims(const void *left, const void *right)
{
    const struct nks_debt_claim *a = left, *b = right;
    if (a->received != b->received)
        return a->received < b->received ? -1 : 1;
    int order = strcmp(a->reference, b->reference);
    return order != 0 ? order : (a->claim_key > b->claim_key) - (a->claim_key < b->claim_key);
}

int64_t nks_debt_cover(struct nks_debt_claim *claims, size_t count, int64_t amount_minor, int64_t *taken)
{
    if (count > 1)
        qsort(claims, count, sizeof claims[0], compare_claims);
    for (size_t i = 0; i < count; i++) {
        int64_t left = claims[i].left_minor > 0 ? claims[i].left_minor : 0;
        taken[i] = left < amount_minor ? left : amount_minor;
        amount_minor -= taken[i];
    }
    return amount_minor;
}

/* ---- records: packed and back */

struct nks_place nks_debt_record_place(const struct nks_debt_record *record)
{
    const char *table = record->kind == NKS_DEBT_FLAG ? "debt_flag" : "debt_claim";
    return (struct nks_place){table, "terms", record->holder.key, record->key, record->version};
}

void nks_debt_record_pack(struct nks_buf *buf, const struct nks_debt_record *record)
{
    nks_pack_int(buf, record->ended);
    nks_pack_int(buf, record->holder.check);
    nks_pack_text(buf, nks_text_from(record->reference));
    nks_pack_text(buf, nks_text_from(record->creditor));
    nks_pack_int(buf, record->valid_from);
    nks_pack_int(buf, record->valid_to);
    if (record->kind == NKS_DEBT_FLAG) {
        nks_pack_text(buf, nks_text_from(record->payer));
        nks_pack_text(buf, nks_text_from(record->ydelsesart));
        nks_pack_int(buf, record->flag_kind);
        nks_pack_int(buf, record->priority);
    } else {
        nks_pack_int(buf, record->open_minor);
        nks_pack_int(buf, record->as_of);
        nks_pack_int(buf, record->received);
        nks_pack_int(buf, record->category);
    }
}

static void unpack_chars(struct nks_unpack *from, char *out, size_t size)
{
    from->bad |= !nks_text_copy(nks_unpack_text(from), out, size);
}

static bool unpack_record(struct nks_text plain, struct nks_debt_record *record)
{
    struct nks_unpack from = {.rest = plain};
    record->ended = nks_unpack_int(&from) != 0;
    bool same = nks_unpack_int(&from) == record->holder.check;
    unpack_chars(&from, record->reference, sizeof record->reference);
    unpack_chars(&from, record->creditor, sizeof record->creditor);
    record->valid_from = (nks_date)nks_unpack_int(&from);
    record->valid_to = (nks_date)nks_unpack_int(&from);
    if (record->kind == NKS_DEBT_FLAG) {
        unpack_chars(&from, record->payer, sizeof record->payer);
        unpack_chars(&from, record->ydelsesart, sizeof record->ydelsesart);
        record->flag_kind = (int)nks_unpack_int(&from);
        record->priority = nks_unpack_int(&from);
    } else {
        same &= nks_unpack_int(&from) == record->open_minor;
        same &= nks_unpack_int(&from) == record->as_of;
        record->received = (nks_date)nks_unpack_int(&from);
        record->category = (int)nks_unpack_int(&from);
    }
    return nks_unpack_done(&from) && same;
}

static enum nks_status row_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "DEBT-ROW", "a row of the debts is not what was stored");
}

enum nks_status nks_debt_record_open(struct nks_debt *debt, struct nks_debt_record *record, struct nks_text bytes,
                                     struct nks_fault *fault)
{
    char plain[NKS_DEBT_PLAIN_MAX];
    struct nks_place place = nks_debt_record_place(record);
    if (bytes.len < NKS_CIPHER_OVERHEAD || bytes.len - NKS_CIPHER_OVERHEAD > sizeof plain)
        return row_fault(fault);
    NKS_TRY(nks_cipher_decrypt(debt->cipher, &place, bytes.ptr, bytes.len, plain, fault));
    bool good = unpack_record((struct nks_text){plain, bytes.len - NKS_CIPHER_OVERHEAD}, record);
    return good ? NKS_OK : row_fault(fault);
}

enum nks_status nks_debt_record_read(struct nks_debt *debt, struct nks_stmt *stmt, struct nks_debt_record *record,
                                     struct nks_fault *fault)
{
    record->key = nks_column_int(stmt, 0);
    record->version = nks_column_int(stmt, 1);
    record->holder.check = nks_column_int(stmt, 2);
    if (record->kind == NKS_DEBT_CLAIM) {
        record->open_minor = nks_column_int(stmt, 4);
        record->as_of = nks_column_int(stmt, 5);
    }
    return nks_debt_record_open(debt, record, nks_column_bytes(stmt, 3), fault);
}

/* ---- authorities */

void nks_debt_authority_pack(struct nks_buf *buf, const struct nks_debt_authority *authority)
{
    nks_pack_text(buf, nks_text_from(authority->id));
    nks_pack_text(buf, nks_text_from(authority->cvr));
    nks_pack_text(buf, nks_text_from(authority->name));
    nks_pack_int(buf, (int64_t)authority->account.kind);
    nks_pack_text(buf, nks_text_from(authority->account.id));
    nks_pack_text(buf, nks_text_from(authority->account.bic));
}

static bool unpack_authority(struct nks_text plain, struct nks_debt_authority *out)
{
    struct nks_unpack from = {.rest = plain};
    unpack_chars(&from, out->id, sizeof out->id);
    unpack_chars(&from, out->cvr, sizeof out->cvr);
    unpack_chars(&from, out->name, sizeof out->name);
    out->account.kind = (enum nks_account_kind)nks_unpack_int(&from);
    unpack_chars(&from, out->account.id, sizeof out->account.id);
    unpack_chars(&from, out->account.bic, sizeof out->account.bic);
    return nks_unpack_done(&from);
}

enum nks_status nks_debt_authority_open(struct nks_debt *debt, int64_t id, int64_t version, struct nks_text authority,
                                        struct nks_text bytes, struct nks_debt_authority *out, struct nks_fault *fault)
{
    char plain[NKS_DEBT_PLAIN_MAX];
    struct nks_place place = {"debt_authority", "terms", id, 0, version};
    if (bytes.len < NKS_CIPHER_OVERHEAD || bytes.len - NKS_CIPHER_OVERHEAD > sizeof plain)
        return row_fault(fault);
    NKS_TRY(nks_cipher_decrypt(debt->cipher, &place, bytes.ptr, bytes.len, plain, fault));
    memset(out, 0, sizeof *out);
    bool good = unpack_authority((struct nks_text){plain, bytes.len - NKS_CIPHER_OVERHEAD}, out);
    return good && nks_text_is(authority, out->id) ? NKS_OK : row_fault(fault);
}

static enum nks_status load_authority(struct nks_debt *debt, struct nks_stmt *stmt, struct nks_fault *fault)
{
    if (debt->authority_count == NKS_DEBT_AUTHORITIES_MAX)
        return nks_fault_set(fault, NKS_FAILED, "DEBT-MANY", "more than %d debt authorities", NKS_DEBT_AUTHORITIES_MAX);
    NKS_TRY(nks_debt_authority_open(debt, nks_column_int(stmt, 0), nks_column_int(stmt, 2), nks_column_text(stmt, 1),
                                    nks_column_bytes(stmt, 3), &debt->authorities[debt->authority_count], fault));
    debt->authority_count++;
    return NKS_OK;
}

enum nks_status nks_debt_authorities_load(struct nks_debt *debt, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    enum nks_status status = NKS_OK;
    debt->authority_count = 0;
    NKS_TRY(nks_stmt_start(debt->db, &nks_sql_debt_authorities, &stmt, fault));
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status == NKS_OK && row)
            status = load_authority(debt, stmt, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

const struct nks_debt_authority *nks_debt_authority_find(const struct nks_debt *debt, struct nks_text id)
{
    for (size_t i = 0; i < debt->authority_count; i++) {
        if (nks_text_is(id, debt->authorities[i].id))
            return &debt->authorities[i];
    }
    return NULL;
}

/* ---- open and close */

enum nks_status nks_debt_open(struct nks_db *db, struct nks_keys *keys, struct nks_debt **out, struct nks_fault *fault)
{
    *out = NULL;
    struct nks_debt *debt = calloc(1, sizeof *debt);
    if (debt == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the debts; try again later");
    debt->db = db;
    debt->keys = keys;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_DEBT, &debt->cipher, fault);
    if (status == NKS_OK)
        status = nks_debt_authorities_load(debt, fault);
    if (status != NKS_OK) {
        nks_debt_close(debt);
        return status;
    }
    *out = debt;
    return NKS_OK;
}

void nks_debt_close(struct nks_debt *debt)
{
    if (debt == NULL)
        return;
    if (debt->work != NULL) {
        free(debt->work->held);
        free(debt->work->parts);
        free(debt->work);
    }
    nks_debt_filter_forget(debt);
    nks_cipher_free(debt->cipher);
    free(debt);
}

/* ---- reading flags, claims and uses of many holders */

static bool valid_on(nks_date valid_from, nks_date valid_to, nks_date on)
{
    return on >= valid_from && (valid_to == NKS_DATE_NONE || on <= valid_to);
}

/* Room for one more; doubles, and is kept for the next call. */
static enum nks_status grow(void **array, size_t count, size_t *cap, size_t size, struct nks_fault *fault)
{
    if (count < *cap)
        return NKS_OK;
    size_t next = *cap == 0 ? ACTIVE_MIN : 2 * *cap;
    void *bigger = realloc(*array, next * size);
    if (bigger == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the debts of a slice; try again later");
    *array = bigger;
    *cap = next;
    return NKS_OK;
}

static int compare_order(const void *left, const void *right)
{
    const struct order *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->query > b->query) - (a->query < b->query);
}

static void prepare(struct nks_debt_work *work, const struct nks_debt_query *queries, size_t count)
{
    work->queries = queries;
    work->key_count = work->held_count = work->part_count = work->use_key_count = 0;
    work->seen = work->any_split = work->any_redirect = false;
    memset(work->best, 0, count * sizeof work->best[0]);
    for (size_t i = 0; i < count; i++) {
        work->order[i] = (struct order){queries[i].holder.key, (uint32_t)i};
        work->any_split |= queries[i].split;
        work->any_redirect |= !queries[i].split;
    }
    if (count > 1)
        qsort(work->order, count, sizeof work->order[0], compare_order);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || work->order[i - 1].key != work->order[i].key) {
            work->first[work->key_count] = (uint32_t)i;
            work->claims_count[work->key_count] = 0;
            work->keys[work->key_count++] = work->order[i].key;
        }
        work->key_of[work->order[i].query] = (uint32_t)(work->key_count - 1);
    }
    work->first[work->key_count] = (uint32_t)count;
}

/* Versions come newest first: true for the first row of a flag or claim. */
static bool is_newest(struct nks_debt_work *work, size_t key_index, struct nks_stmt *stmt)
{
    int64_t key = nks_column_int(stmt, 0), check = nks_column_int(stmt, 2);
    if (work->seen && work->seen_index == key_index && work->seen_key == key && work->seen_check == check)
        return false;
    work->seen = true;
    work->seen_index = key_index;
    work->seen_key = key;
    work->seen_check = check;
    return true;
}

/* Whether a query of this key asks about that holder in this mode. */
static bool is_asked(const struct nks_debt_work *work, size_t key_index, int64_t check, bool split)
{
    for (uint32_t i = work->first[key_index]; i < work->first[key_index + 1]; i++) {
        const struct nks_debt_query *query = &work->queries[work->order[i].query];
        if (query->holder.check == check && query->split == split)
            return true;
    }
    return false;
}

static bool names(const char *pattern, struct nks_text text)
{
    return strcmp(pattern, "*") == 0 || nks_text_is(text, pattern);
}

/* Lowest priority number first; then the flag's id. */
static void consider_flag(struct best_flag *best, const struct nks_debt_query *query,
                          const struct nks_debt_record *record, const struct nks_debt_authority *authority)
{
    if (query->split || query->holder.check != record->holder.check || record->ended ||
        !valid_on(record->valid_from, record->valid_to, query->on) || !names(record->payer, query->payer) ||
        !names(record->ydelsesart, query->ydelsesart))
        return;
    if (best->found && (best->priority < record->priority ||
                        (best->priority == record->priority && strcmp(best->reference, record->reference) <= 0)))
        return;
    best->found = true;
    best->priority = record->priority;
    best->version = record->version;
    best->authority = authority;
    memcpy(best->reference, record->reference, sizeof best->reference);
}

static enum nks_status creditor_of(struct nks_debt *debt, const struct nks_debt_record *record,
                                   const struct nks_debt_authority **out, struct nks_fault *fault)
{
    *out = nks_debt_authority_find(debt, nks_text_from(record->creditor));
    if (*out == NULL)
        return nks_fault_set(fault, NKS_INTEGRITY, "DEBT-AUTHORITY",
                             "the authority %s of a stored debt is gone: it was never imported away", record->creditor);
    return NKS_OK;
}

static enum nks_status on_flag(void *context, size_t key_index, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_debt_work *work = context;
    struct nks_debt_record record = {.kind = NKS_DEBT_FLAG, .holder.key = work->keys[key_index]};
    const struct nks_debt_authority *authority = NULL;
    if (!is_newest(work, key_index, stmt) || !is_asked(work, key_index, nks_column_int(stmt, 2), false))
        return NKS_OK;
    NKS_TRY(nks_debt_record_read(work->debt, stmt, &record, fault));
    NKS_TRY(creditor_of(work->debt, &record, &authority, fault));
    for (uint32_t i = work->first[key_index]; i < work->first[key_index + 1]; i++) {
        uint32_t query = work->order[i].query;
        consider_flag(&work->best[query], &work->queries[query], &record, authority);
    }
    return NKS_OK;
}

/* Of the claim that was read just before, if it is held at all. */
static void older_version(struct nks_debt_work *work, size_t key_index, struct nks_stmt *stmt)
{
    struct held *last = work->claims_count[key_index] > 0 ? &work->held[work->held_count - 1] : NULL;
    if (last != NULL && last->claim.claim_key == nks_column_int(stmt, 0) && last->check == nks_column_int(stmt, 2) &&
        nks_column_int(stmt, 5) < last->first_as_of)
        last->first_as_of = nks_column_int(stmt, 5);
}

static enum nks_status on_claim(void *context, size_t key_index, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_debt_work *work = context;
    struct nks_debt_record record = {.kind = NKS_DEBT_CLAIM, .holder.key = work->keys[key_index]};
    if (!is_newest(work, key_index, stmt)) {
        older_version(work, key_index, stmt);
        return NKS_OK;
    }
    if (!is_asked(work, key_index, nks_column_int(stmt, 2), true))
        return NKS_OK;
    NKS_TRY(nks_debt_record_read(work->debt, stmt, &record, fault));
    if (record.ended)
        return NKS_OK;
    void *array = work->held;
    NKS_TRY(grow(&array, work->held_count, &work->held_cap, sizeof work->held[0], fault));
    work->held = array;
    struct held *held = &work->held[work->held_count];
    *held = (struct held){
        .claim = {.claim_key = record.key,
                  .received = record.received,
                  .left_minor = record.open_minor,
                  .version = record.version},
        .check = record.holder.check,
        .as_of = record.as_of,
        .first_as_of = record.as_of,
        .valid_from = record.valid_from,
        .valid_to = record.valid_to,
    };
    memcpy(held->claim.reference, record.reference, sizeof held->claim.reference);
    NKS_TRY(creditor_of(work->debt, &record, &held->claim.authority, fault));
    if (work->claims_count[key_index]++ == 0) {
        work->claims_at[key_index] = (uint32_t)work->held_count;
        work->use_key_of[work->use_key_count] = (uint32_t)key_index;
        work->use_keys[work->use_key_count++] = work->keys[key_index];
    }
    work->held_count++;
    return NKS_OK;
}

/* Claims lie by falling key as they were read. */
static struct held *held_by_key(struct nks_debt_work *work, size_t key_index, int64_t claim_key)
{
    size_t low = work->claims_at[key_index], high = low + work->claims_count[key_index];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (work->held[middle].claim.claim_key == claim_key)
            return &work->held[middle];
        if (work->held[middle].claim.claim_key > claim_key)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Nothing was used of a claim before its first version said what was open: an instant that is so early was not stored
 * by us, and would have the claim taken twice. */
static enum nks_status early_use(const struct nks_debt_work *work, int64_t holder_key, int64_t claim_key,
                                 nks_time used_at, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(work->debt->db, &nks_sql_debt_version_before, &stmt, fault));
    nks_bind_int(stmt, "holder_key", holder_key);
    nks_bind_int(stmt, "claim_key", claim_key);
    nks_bind_int(stmt, "used_at", used_at);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    nks_stmt_end(stmt);
    return found ? NKS_OK
                 : nks_fault_set(fault, NKS_INTEGRITY, "DEBT-USE",
                                 "a use of a claim is older than all that is known of the claim");
}

/* A use up to the as-of instant is in the imported amount already. */
static enum nks_status on_use(void *context, size_t use_index, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_debt_work *work = context;
    struct held *held = held_by_key(work, work->use_key_of[use_index], nks_column_int(stmt, 0));
    if (held != NULL && nks_column_int(stmt, 2) <= held->first_as_of)
        return early_use(work, work->use_keys[use_index], held->claim.claim_key, nks_column_int(stmt, 2), fault);
    if (held == NULL || nks_column_int(stmt, 2) <= held->as_of)
        return NKS_OK;
    if (!nks_minor_add(held->claim.left_minor, -nks_column_int(stmt, 1), &held->claim.left_minor))
        return row_fault(fault);
    return NKS_OK;
}

static int compare_held(const void *left, const void *right)
{
    return compare_claims(&((const struct held *)left)->claim, &((const struct held *)right)->claim);
}

static enum nks_status read_debts(struct nks_debt_work *work, struct nks_fault *fault)
{
    struct nks_db *db = work->debt->db;
    size_t flag_keys = work->any_redirect ? work->key_count : 0, claim_keys = work->any_split ? work->key_count : 0;
    NKS_TRY(nks_db_each_key(db, &nks_sql_debt_flags_of_holder, work->keys, flag_keys, on_flag, work, fault));
    work->seen = false;
    NKS_TRY(nks_db_each_key(db, &nks_sql_debt_claims_of_holder, work->keys, claim_keys, on_claim, work, fault));
    NKS_TRY(
        nks_db_each_key(db, &nks_sql_debt_uses_of_holder, work->use_keys, work->use_key_count, on_use, work, fault));
    for (size_t i = 0; i < work->use_key_count; i++) {
        uint32_t key = work->use_key_of[i];
        qsort(work->held + work->claims_at[key], work->claims_count[key], sizeof work->held[0], compare_held);
    }
    return NKS_OK;
}

/* ---- deciding */

static enum nks_status add_part(struct nks_debt_work *work, const struct nks_debt_part *part, struct nks_fault *fault)
{
    void *array = work->parts;
    NKS_TRY(grow(&array, work->part_count, &work->part_cap, sizeof work->parts[0], fault));
    work->parts = array;
    work->parts[work->part_count++] = *part;
    return NKS_OK;
}

/* Lov om nemkonto § 16(1): the whole payment goes to the authority that asked for it. */
static enum nks_status redirect(struct nks_debt_work *work, size_t index, struct nks_fault *fault)
{
    const struct best_flag *best = &work->best[index];
    struct nks_debt_part part = {
        .amount_minor = work->queries[index].amount_minor, .version = best->version, .authority = best->authority};
    if (!best->found)
        return NKS_OK;
    memcpy(part.reference, best->reference, sizeof part.reference);
    return add_part(work, &part, fault);
}

/* A use now would not be later than as_of: nobody would take it off, and the next batch would take it again. */
static enum nks_status ahead_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_HELD, "DEBT-AHEAD",
                         "the amount of a claim is of an instant (as_of) that has not come yet: see that the clock is "
                         "right, or import the claim with the right as_of");
}

/* The first claims that may be covered, in the order of the law; what one query takes is gone for the next. */
static enum nks_status split(struct nks_debt_work *work, size_t index, struct nks_fault *fault)
{
    const struct nks_debt_query *query = &work->queries[index];
    uint32_t key = work->key_of[index];
    struct nks_debt_claim claims[NKS_DEBT_LEGS_MAX];
    struct held *from[NKS_DEBT_LEGS_MAX];
    int64_t taken[NKS_DEBT_LEGS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < work->claims_count[key] && count < NKS_DEBT_LEGS_MAX; i++) {
        struct held *held = &work->held[work->claims_at[key] + i];
        if (held->check != query->holder.check || held->claim.left_minor <= 0 ||
            !valid_on(held->valid_from, held->valid_to, query->on))
            continue;
        claims[count] = held->claim;
        from[count++] = held;
    }
    /* sorted already: claims[i] stays from[i] */
    if (nks_debt_cover(claims, count, query->amount_minor, taken) > 0 && query->whole_only)
        return NKS_OK;
    for (size_t i = 0; i < count && taken[i] > 0; i++) {
        if (from[i]->as_of >= work->now)
            return ahead_fault(fault);
        struct nks_debt_part part = {.amount_minor = taken[i],
                                     .claim_key = claims[i].claim_key,
                                     .version = claims[i].version,
                                     .authority = claims[i].authority};
        memcpy(part.reference, claims[i].reference, sizeof part.reference);
        from[i]->claim.left_minor -= taken[i];
        NKS_TRY(add_part(work, &part, fault));
    }
    return NKS_OK;
}

static enum nks_status decide(struct nks_debt_work *work, size_t count, struct nks_debt_answer *answers,
                              struct nks_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = work->part_count;
        NKS_TRY(work->queries[i].split ? split(work, i, fault) : redirect(work, i, fault));
        answers[i].count = work->part_count - before;
    }
    struct nks_debt_part *next = work->parts; /* only now: the array may have moved */
    for (size_t i = 0; i < count; i++) {
        answers[i].parts = answers[i].count > 0 ? next : NULL;
        next = answers[i].count > 0 ? next + answers[i].count : next;
    }
    return NKS_OK;
}

enum nks_status nks_debt_find_many(struct nks_debt *debt, const struct nks_debt_query *queries, size_t count,
                                   nks_time now, struct nks_debt_answer *answers, struct nks_fault *fault)
{
    if (count > QUERIES_MAX)
        return nks_fault_set(fault, NKS_FAILED, "DEBT-QUERIES", "at most %d queries at once: a defect", QUERIES_MAX);
    if (debt->work == NULL)
        debt->work = calloc(1, sizeof *debt->work);
    if (debt->work == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the debts of a slice; try again later");
    debt->work->debt = debt;
    debt->work->now = now;
    prepare(debt->work, queries, count);
    NKS_TRY(read_debts(debt->work, fault));
    return decide(debt->work, count, answers, fault);
}

/* ---- uses */

static void bind_use(struct nks_stmt *stmt, const struct nks_debt_use *use)
{
    nks_bind_int(stmt, "holder_key", use->holder_key);
    nks_bind_int(stmt, "claim_key", use->claim_key);
    nks_bind_int(stmt, "slice_id", use->slice_id);
    nks_bind_int(stmt, "n", use->n);
    nks_bind_int(stmt, "generation", use->generation);
    nks_bind_int(stmt, "leg_no", use->leg_no);
    nks_bind_int(stmt, "amount_minor", use->amount_minor);
}

enum nks_status nks_debt_use_add(struct nks_debt *debt, const struct nks_debt_use *use, nks_time now,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(debt->db, &nks_sql_debt_use_insert, &stmt, fault));
    bind_use(stmt, use);
    nks_bind_int(stmt, "used_at", now);
    return nks_stmt_run(stmt, NULL, fault);
}

/* A second giving back changes nothing; giving back what was never used is a defect. */
enum nks_status nks_debt_use_give_back(struct nks_debt *debt, const struct nks_debt_use *use, nks_time now,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    bool found = false;
    NKS_TRY(nks_stmt_start(debt->db, &nks_sql_debt_use_give_back, &stmt, fault));
    bind_use(stmt, use);
    nks_bind_int(stmt, "now", now);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    if (changed == 1)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(debt->db, &nks_sql_debt_use_state, &stmt, fault));
    bind_use(stmt, use);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    nks_stmt_end(stmt);
    return found ? NKS_OK
                 : nks_fault_set(fault, NKS_INTEGRITY, "DEBT-USE",
                                 "a use of a claim to be given back is not there, or has another amount");
}
