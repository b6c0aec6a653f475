/*
 * The register's look-up. Decisions stand apart from reading: a round asks the engine for all rows of many holder keys
 * at once and keeps, per question, only the row that would win; then the winners alone are decrypted.
 */
#include "register/register.h"
#include "register/register_private.h"

#include "base/pack.h"
#include "register_sql.h"

#include <stdlib.h>
#include <string.h>

enum { QUERIES_MAX = 10000, YDELSESART_MAX = 140, CVR_MAX = 16 };

/* One question of a round, and the query it belongs to. */
struct ask {
    struct nks_blind holder;
    int64_t slot_key;
    nks_date on;
    uint32_t query;
    uint32_t find;
};

/* What the rows say to one question. Equal questions share one find. */
struct find {
    struct nks_blind holder;
    int64_t slot_key;
    nks_date on;
    bool known;
    int64_t newest[NKS_SLOT_SPECIFIC + 1]; /* version of the slot; 0: no row seen yet */
    struct nks_register_row winner;        /* kind 0: none */
    struct nks_account account;
    uint32_t bytes_len;
    uint8_t bytes[NKS_REGISTER_BLOB_MAX];
    struct nks_blind parent; /* after a round of links */
};

struct nks_register_work {
    struct ask asks[QUERIES_MAX];
    size_t ask_count;
    struct find finds[QUERIES_MAX];
    size_t find_count;
    int64_t keys[QUERIES_MAX];
    uint32_t first[QUERIES_MAX + 1]; /* find of keys[i]; the finds of a key lie side by side */
    size_t key_count;
    struct nks_blind parents[QUERIES_MAX]; /* per query; 0, 0: none */
};

/* ---- open and close */

enum nks_status nks_register_open(struct nks_db *db, struct nks_keys *keys, struct nks_register **out,
                                  struct nks_fault *fault)
{
    *out = NULL;
    struct nks_register *reg = calloc(1, sizeof *reg);
    if (reg == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the register");
    reg->db = db;
    reg->keys = keys;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_REGISTER, &reg->cipher, fault);
    if (status != NKS_OK) {
        free(reg);
        return status;
    }
    *out = reg;
    return NKS_OK;
}

void nks_register_close(struct nks_register *reg)
{
    if (reg == NULL)
        return;
    nks_cipher_free(reg->cipher);
    free(reg->work);
    free(reg);
}

/* ---- keys */

enum nks_status nks_register_holder_key(struct nks_register *reg, enum nks_holder_kind kind, const char *canonical_id,
                                        struct nks_blind *out, struct nks_fault *fault)
{
    return nks_blind(reg->keys, nks_holder_kind_name(kind), nks_text_from(canonical_id), out, fault);
}

enum nks_status nks_register_slot_key(struct nks_register *reg, struct nks_text authority_cvr,
                                      struct nks_text ydelsesart, int64_t *out, struct nks_fault *fault)
{
    char memory[CVR_MAX + 1 + YDELSESART_MAX];
    struct nks_buf buf;
    struct nks_blind blind;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_text(&buf, authority_cvr);
    nks_buf_char(&buf, '|');
    nks_buf_text(&buf, ydelsesart);
    *out = 0;
    if (buf.overflow)
        return nks_fault_set(fault, NKS_REFUSED, "REGISTER-SLOT", "an authority or ydelsesart is too long");
    NKS_TRY(nks_blind(reg->keys, "slot", nks_buf_view(&buf), &blind, fault));
    *out = blind.key == 0 ? 1 : blind.key; /* 0 says: no slot */
    return NKS_OK;
}

enum nks_status nks_register_version(struct nks_register *reg, int64_t *version, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *version = 0;
    NKS_TRY(nks_stmt_start(reg->db, &nks_sql_register_version, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *version = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

/* ---- a row and its encrypted part */

bool nks_register_valid_on(nks_date valid_from, nks_date valid_to, nks_date on)
{
    return on >= valid_from && (valid_to == NKS_DATE_NONE || on <= valid_to);
}

void nks_register_pack_account(struct nks_buf *buf, const struct nks_account *account)
{
    nks_pack_int(buf, (int64_t)account->kind);
    nks_pack_text(buf, nks_text_from(account->id));
    nks_pack_text(buf, nks_text_from(account->bic));
}

bool nks_register_unpack_account(struct nks_unpack *unpack, struct nks_account *account)
{
    int64_t kind = nks_unpack_int(unpack);
    struct nks_text id = nks_unpack_text(unpack), bic = nks_unpack_text(unpack);
    account->kind = (enum nks_account_kind)kind;
    return !unpack->bad && kind >= NKS_ACCOUNT_NONE && kind <= NKS_ACCOUNT_FIK &&
           nks_text_copy(id, account->id, sizeof account->id) && nks_text_copy(bic, account->bic, sizeof account->bic);
}

static struct nks_place row_place(const struct nks_register_row *row)
{
    return (struct nks_place){"account", "account", row->holder_key, row->no, row->version};
}

static struct nks_place link_place(const struct nks_register_link *link)
{
    return (struct nks_place){"holder", "terms", link->holder.key, link->holder.check, link->version};
}

static enum nks_status row_fault(const char *table, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "REGISTER-ROW",
                         "a row of %s is not what was stored: a clear column was changed", table);
}

enum nks_status nks_register_row_encrypt(struct nks_register *reg, const struct nks_register_row *row,
                                         const struct nks_account *account, uint8_t *out, size_t *len,
                                         struct nks_fault *fault)
{
    char memory[NKS_REGISTER_BLOB_MAX - NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_place place = row_place(row);
    nks_buf_init(&buf, memory, sizeof memory);
    nks_register_pack_account(&buf, account);
    nks_pack_int(&buf, row->holder_check);
    nks_pack_int(&buf, row->kind);
    nks_pack_int(&buf, row->slot_key);
    nks_pack_int(&buf, row->valid_from);
    nks_pack_int(&buf, row->valid_to);
    if (buf.overflow)
        return nks_fault_set(fault, NKS_FAILED, "REGISTER-PACK", "an account does not fit into its row: a defect");
    *len = buf.len + NKS_CIPHER_OVERHEAD;
    return nks_cipher_encrypt(reg->cipher, &place, buf.ptr, buf.len, out, fault);
}

enum nks_status nks_register_row_decrypt(struct nks_register *reg, const struct nks_register_row *row,
                                         struct nks_text bytes, struct nks_account *account, struct nks_fault *fault)
{
    char memory[NKS_REGISTER_BLOB_MAX];
    struct nks_place place = row_place(row);
    if (bytes.len < NKS_CIPHER_OVERHEAD || bytes.len > sizeof memory)
        return row_fault("account", fault);
    NKS_TRY(nks_cipher_decrypt(reg->cipher, &place, bytes.ptr, bytes.len, memory, fault));
    struct nks_unpack unpack = {.rest = {memory, bytes.len - NKS_CIPHER_OVERHEAD}};
    bool same = nks_register_unpack_account(&unpack, account);
    same &= nks_unpack_int(&unpack) == row->holder_check;
    same &= nks_unpack_int(&unpack) == row->kind;
    same &= nks_unpack_int(&unpack) == row->slot_key;
    same &= nks_unpack_int(&unpack) == row->valid_from;
    same &= nks_unpack_int(&unpack) == row->valid_to;
    return same && nks_unpack_done(&unpack) ? NKS_OK : row_fault("account", fault);
}

enum nks_status nks_register_link_encrypt(struct nks_register *reg, const struct nks_register_link *link, uint8_t *out,
                                          size_t *len, struct nks_fault *fault)
{
    char memory[3 * sizeof(int64_t)];
    struct nks_buf buf;
    struct nks_place place = link_place(link);
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_int(&buf, link->kind);
    nks_pack_int(&buf, link->parent.key);
    nks_pack_int(&buf, link->parent.check);
    *len = buf.len + NKS_CIPHER_OVERHEAD;
    return nks_cipher_encrypt(reg->cipher, &place, buf.ptr, buf.len, out, fault);
}

enum nks_status nks_register_link_check(struct nks_register *reg, const struct nks_register_link *link,
                                        struct nks_text bytes, struct nks_fault *fault)
{
    char memory[3 * sizeof(int64_t)];
    struct nks_place place = link_place(link);
    if (bytes.len != sizeof memory + NKS_CIPHER_OVERHEAD)
        return row_fault("holder", fault);
    NKS_TRY(nks_cipher_decrypt(reg->cipher, &place, bytes.ptr, bytes.len, memory, fault));
    struct nks_unpack unpack = {.rest = {memory, sizeof memory}};
    bool same = nks_unpack_int(&unpack) == link->kind;
    same &= nks_unpack_int(&unpack) == link->parent.key;
    same &= nks_unpack_int(&unpack) == link->parent.check;
    return same && nks_unpack_done(&unpack) ? NKS_OK : row_fault("holder", fault);
}

/* ---- a round: many questions, one reading */

static int compare_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_asks(const void *left, const void *right)
{
    const struct ask *a = left, *b = right;
    int order = compare_int(a->holder.key, b->holder.key);
    if (order == 0)
        order = compare_int(a->holder.check, b->holder.check);
    if (order == 0)
        order = compare_int(a->slot_key, b->slot_key);
    return order == 0 ? compare_int(a->on, b->on) : order;
}

static void find_start(struct find *find, const struct ask *ask)
{
    find->holder = ask->holder;
    find->slot_key = ask->slot_key;
    find->on = ask->on;
    find->known = false;
    memset(find->newest, 0, sizeof find->newest);
    find->winner.kind = 0;
    find->parent = (struct nks_blind){0, 0};
}

/* Sorts the questions; equal ones share a find, and the finds of one key lie side by side. */
static void prepare(struct nks_register_work *work)
{
    work->find_count = work->key_count = 0;
    qsort(work->asks, work->ask_count, sizeof work->asks[0], compare_asks);
    for (size_t i = 0; i < work->ask_count; i++) {
        struct ask *ask = &work->asks[i];
        if (i == 0 || compare_asks(ask - 1, ask) != 0) {
            if (i == 0 || ask[-1].holder.key != ask->holder.key) {
                work->first[work->key_count] = (uint32_t)work->find_count;
                work->keys[work->key_count++] = ask->holder.key;
            }
            find_start(&work->finds[work->find_count++], ask);
        }
        ask->find = (uint32_t)(work->find_count - 1);
    }
    work->first[work->key_count] = (uint32_t)work->find_count;
}

/*
 * Rows come newest first, so the first row of a slot gives its newest version; older ones do not count any more. A row
 * of the newest version that is not valid on the day decides too (something else is paid instead), so it is checked at
 * once.
 */
static enum nks_status consider(struct nks_register *reg, struct find *find, const struct nks_register_row *row,
                                struct nks_text bytes, struct nks_fault *fault)
{
    struct nks_account ignored;
    if (row->holder_check != find->holder.check)
        return NKS_OK;
    find->known = true;
    if (row->kind != NKS_SLOT_NEMKONTO && row->kind != NKS_SLOT_SPECIFIC)
        return row_fault("account", fault);
    if (row->kind == NKS_SLOT_SPECIFIC && (find->slot_key == 0 || row->slot_key != find->slot_key))
        return NKS_OK;
    int64_t *newest = &find->newest[row->kind];
    if (*newest == 0)
        *newest = row->version;
    if (row->version < *newest)
        return NKS_OK;
    if (row->version > *newest || bytes.len > sizeof find->bytes)
        return row_fault("account", fault);
    if (!nks_register_valid_on(row->valid_from, row->valid_to, find->on))
        return nks_register_row_decrypt(reg, row, bytes, &ignored, fault);
    if (find->winner.kind > row->kind) /* a specific account goes before the NemKonto (DOMAIN 2.3) */
        return NKS_OK;
    find->winner = *row;
    find->bytes_len = (uint32_t)bytes.len;
    memcpy(find->bytes, bytes.ptr, bytes.len);
    return NKS_OK;
}

static enum nks_status on_account(void *context, size_t key_index, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_register *reg = context;
    struct nks_register_work *work = reg->work;
    struct nks_register_row row = {
        .holder_key = work->keys[key_index],
        .no = nks_column_int(stmt, 0),
        .holder_check = nks_column_int(stmt, 1),
        .version = nks_column_int(stmt, 2),
        .kind = nks_column_int(stmt, 3),
        .slot_key = nks_column_int(stmt, 4),
        .valid_from = (nks_date)nks_column_int(stmt, 5),
        .valid_to = (nks_date)nks_column_int(stmt, 6),
    };
    struct nks_text bytes = nks_column_bytes(stmt, 7);
    for (uint32_t i = work->first[key_index]; i < work->first[key_index + 1]; i++)
        NKS_TRY(consider(reg, &work->finds[i], &row, bytes, fault));
    return NKS_OK;
}

/* Newest version first within a check: only the first row of a holder counts. */
static enum nks_status on_link(void *context, size_t key_index, struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_register *reg = context;
    struct nks_register_work *work = reg->work;
    struct nks_register_link link = {
        .holder = {work->keys[key_index], nks_column_int(stmt, 0)},
        .version = nks_column_int(stmt, 1),
        .kind = nks_column_int(stmt, 2),
        .parent = {nks_column_int(stmt, 3), nks_column_int(stmt, 4)},
    };
    struct nks_text bytes = nks_column_bytes(stmt, 5);
    for (uint32_t i = work->first[key_index]; i < work->first[key_index + 1]; i++) {
        struct find *find = &work->finds[i];
        if (find->holder.check != link.holder.check || find->known)
            continue;
        NKS_TRY(nks_register_link_check(reg, &link, bytes, fault));
        find->known = true;
        find->parent = link.parent;
    }
    return NKS_OK;
}

static enum nks_status open_winners(struct nks_register *reg, struct nks_fault *fault)
{
    for (size_t i = 0; i < reg->work->find_count; i++) {
        struct find *find = &reg->work->finds[i];
        struct nks_text bytes = {(const char *)find->bytes, find->bytes_len};
        if (find->winner.kind != 0)
            NKS_TRY(nks_register_row_decrypt(reg, &find->winner, bytes, &find->account, fault));
    }
    return NKS_OK;
}

static enum nks_status round_of_accounts(struct nks_register *reg, struct nks_fault *fault)
{
    struct nks_register_work *work = reg->work;
    prepare(work);
    NKS_TRY(nks_db_each_key(reg->db, &nks_sql_register_accounts_of_holder, work->keys, work->key_count, on_account, reg,
                            fault));
    return open_winners(reg, fault);
}

static enum nks_status round_of_links(struct nks_register *reg, struct nks_fault *fault)
{
    struct nks_register_work *work = reg->work;
    prepare(work);
    return nks_db_each_key(reg->db, &nks_sql_register_links_of_holder, work->keys, work->key_count, on_link, reg,
                           fault);
}

/* ---- from finds to answers */

static void add_ask(struct nks_register_work *work, const struct nks_register_query *query, size_t index,
                    struct nks_blind holder)
{
    work->asks[work->ask_count++] =
        (struct ask){.holder = holder, .slot_key = query->slot_key, .on = query->on, .query = (uint32_t)index};
}

/* The holder that the answer speaks of so far. */
static struct nks_blind reading(const struct nks_register_query *query, const struct nks_register_answer *answer)
{
    return answer->used_alternative ? query->alternative : query->holder;
}

static enum nks_register_found found_as(int64_t kind, bool fallback)
{
    static const enum nks_register_found names[2][NKS_SLOT_SPECIFIC + 1] = {
        {NKS_FOUND_NONE, NKS_FOUND_NEMKONTO, NKS_FOUND_SPECIFIC},
        {NKS_FOUND_NONE, NKS_FOUND_FALLBACK_NEMKONTO, NKS_FOUND_FALLBACK_SPECIFIC},
    };
    return names[fallback][kind];
}

static void take_accounts(const struct nks_register_work *work, bool fallback, struct nks_register_answer *answers)
{
    for (size_t i = 0; i < work->ask_count; i++) {
        const struct find *find = &work->finds[work->asks[i].find];
        struct nks_register_answer *answer = &answers[work->asks[i].query];
        if (!fallback)
            answer->known |= find->known;
        if (find->winner.kind == 0)
            continue;
        answer->found = found_as(find->winner.kind, fallback);
        answer->account = find->account;
        answer->version = find->winner.version;
        answer->valid_from = find->winner.valid_from;
        answer->valid_to = find->winner.valid_to;
    }
}

static void take_links(struct nks_register_work *work, struct nks_register_answer *answers)
{
    for (size_t i = 0; i < work->ask_count; i++) {
        const struct find *find = &work->finds[work->asks[i].find];
        answers[work->asks[i].query].known |= find->known;
        work->parents[work->asks[i].query] = find->parent;
    }
}

/* Accounts of the questions asked; then the links of those that have none. */
static enum nks_status ask_holders(struct nks_register *reg, const struct nks_register_query *queries,
                                   struct nks_register_answer *answers, struct nks_fault *fault)
{
    struct nks_register_work *work = reg->work;
    NKS_TRY(round_of_accounts(reg, fault));
    take_accounts(work, false, answers);
    size_t asked = work->ask_count;
    work->ask_count = 0;
    for (size_t i = 0; i < asked; i++) {
        size_t query = work->asks[i].query;
        if (answers[query].found == NKS_FOUND_NONE)
            add_ask(work, &queries[query], query, reading(&queries[query], &answers[query]));
    }
    NKS_TRY(round_of_links(reg, fault));
    take_links(work, answers);
    return NKS_OK;
}

static enum nks_status ask_first_reading(struct nks_register *reg, const struct nks_register_query *queries,
                                         size_t count, struct nks_register_answer *answers, struct nks_fault *fault)
{
    reg->work->ask_count = 0;
    for (size_t i = 0; i < count; i++)
        add_ask(reg->work, &queries[i], i, queries[i].holder);
    return ask_holders(reg, queries, answers, fault);
}

/* TXID with 8 digits: a CVR number first, and an SE number when no CVR matches. */
static enum nks_status ask_alternative(struct nks_register *reg, const struct nks_register_query *queries, size_t count,
                                       struct nks_register_answer *answers, struct nks_fault *fault)
{
    reg->work->ask_count = 0;
    for (size_t i = 0; i < count; i++) {
        answers[i].used_alternative = queries[i].has_alternative && !answers[i].known;
        if (answers[i].used_alternative)
            add_ask(reg->work, &queries[i], i, queries[i].alternative);
    }
    NKS_TRY(ask_holders(reg, queries, answers, fault));
    for (size_t i = 0; i < count; i++)
        answers[i].used_alternative &= answers[i].known;
    return NKS_OK;
}

static enum nks_status ask_parents(struct nks_register *reg, const struct nks_register_query *queries, size_t count,
                                   struct nks_register_answer *answers, struct nks_fault *fault)
{
    struct nks_register_work *work = reg->work;
    work->ask_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool linked = work->parents[i].key != 0 || work->parents[i].check != 0;
        if (answers[i].found == NKS_FOUND_NONE && linked)
            add_ask(work, &queries[i], i, work->parents[i]);
    }
    NKS_TRY(round_of_accounts(reg, fault));
    take_accounts(work, true, answers);
    return NKS_OK;
}

enum nks_status nks_register_find_many(struct nks_register *reg, const struct nks_register_query *queries, size_t count,
                                       struct nks_register_answer *answers, struct nks_fault *fault)
{
    if (count > QUERIES_MAX)
        return nks_fault_set(fault, NKS_FAILED, "REGISTER-QUERIES", "at most %d queries at once: a defect",
                             QUERIES_MAX);
    if (reg->work == NULL)
        reg->work = malloc(sizeof *reg->work);
    if (reg->work == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the register's look-up");
    memset(answers, 0, count * sizeof answers[0]);
    memset(reg->work->parents, 0, count * sizeof reg->work->parents[0]);
    NKS_TRY(ask_first_reading(reg, queries, count, answers, fault));
    NKS_TRY(ask_alternative(reg, queries, count, answers, fault));
    return ask_parents(reg, queries, count, answers, fault);
}
