/* Links of the trail: made, chained and read. */
#include "trail/trail_private.h"

#include "base/pack.h"
#include "base/sys.h"
#include "vault/plain.h"
#include "trail_sql.h"

#include <stdlib.h>
#include <string.h>

enum { SALT_SIZE = 16, DETAILS_MAX = 1152, HASHED_MAX = 512 };

static const struct {
    int action;
    const char *name;
} action_names[] = {
    {NKS_TRAIL_COMMIT, "commit"},
    {NKS_TRAIL_RECEIVE, "receive"},
    {NKS_TRAIL_INGEST, "ingest"},
    {NKS_TRAIL_DECIDE, "decide"},
    {NKS_TRAIL_EMIT, "emit"},
    {NKS_TRAIL_DELIVER, "deliver"},
    {NKS_TRAIL_COLLECT, "collect"},
    {NKS_TRAIL_IMPORT, "import"},
    {NKS_TRAIL_MIGRATE, "migrate"},
    {NKS_TRAIL_STOP, "stop"},
    {NKS_TRAIL_REPLAY, "replay"},
    {NKS_TRAIL_RECALL, "recall"},
    {NKS_TRAIL_BY_HAND, "delivered by hand"},
    {NKS_TRAIL_RELEASE, "release"},
    {NKS_TRAIL_ERASE, "erase"},
    {NKS_TRAIL_BACKUP, "backup"},
    {NKS_TRAIL_RESTORE, "restore"},
    {NKS_TRAIL_RECONCILE, "reconcile"},
    {NKS_TRAIL_KEY, "key"},
    {NKS_TRAIL_SIGNER, "signer"},
    {NKS_TRAIL_PERSON, "person"},
    {NKS_TRAIL_PROPOSE, "propose"},
    {NKS_TRAIL_APPROVE, "approve"},
    {NKS_TRAIL_DECLINE, "decline"},
    {NKS_TRAIL_ALARM, "alarm"},
    {NKS_TRAIL_ALARM_CLEARED, "alarm cleared"},
    {NKS_TRAIL_LOOK, "look"},
};

const char *nks_trail_action_name(int action)
{
    for (size_t i = 0; i < sizeof action_names / sizeof action_names[0]; i++) {
        if (action_names[i].action == action)
            return action_names[i].name;
    }
    return "?";
}

/* The last thing in a transaction: it must not change rows without a link. */
static enum nks_status on_commit(void *context, struct nks_fault *fault)
{
    struct nks_trail *trail = context;
    const struct nks_trail_entry plain = {.action = NKS_TRAIL_COMMIT};
    if (trail->covered == nks_db_transaction(trail->db))
        return NKS_OK;
    bool named = trail->otherwise != NULL && !trail->aside;
    struct nks_trail_entry entry = named ? *trail->otherwise : plain;
    if (trail->otherwise_number != NULL && !trail->aside)
        entry.number = *trail->otherwise_number;
    return nks_trail_add(trail, &entry, fault);
}

static void on_committed(void *context)
{
    struct nks_trail *trail = context;
    if (trail->on_newest != NULL && trail->newest.transaction == nks_db_transaction(trail->db))
        trail->on_newest(trail->on_newest_context, trail->newest.chain, trail->newest.link, trail->newest.hash);
}

void nks_trail_on_newest(struct nks_trail *trail, nks_trail_newest_fn fn, void *context)
{
    trail->on_newest = fn;
    trail->on_newest_context = context;
}

enum nks_status nks_trail_open(struct nks_db *db, struct nks_keys *keys, nks_time now, const char *who,
                               struct nks_trail **out, struct nks_fault *fault)
{
    *out = NULL;
    struct nks_trail *trail = calloc(1, sizeof *trail);
    if (trail == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the trail; try again later");
    trail->db = db;
    trail->now = now;
    trail->who = who;
    enum nks_status status =
        nks_keys_has_secrets(keys) ? nks_cipher_open(keys, NKS_KEY_TRAIL, &trail->cipher, fault) : NKS_OK;
    if (status != NKS_OK) {
        nks_trail_close(trail);
        return status;
    }
    if (trail->cipher != NULL)
        nks_db_on_commit(db, on_commit, trail);
    if (trail->cipher != NULL)
        nks_db_on_committed(db, on_committed, trail);
    *out = trail;
    return NKS_OK;
}

void nks_trail_now(struct nks_trail *trail, nks_time now)
{
    trail->now = now;
}

void nks_trail_close(struct nks_trail *trail)
{
    if (trail == NULL)
        return;
    nks_db_on_commit(trail->db, NULL, NULL);
    nks_db_on_committed(trail->db, NULL, NULL);
    nks_cipher_free(trail->cipher);
    free(trail);
}

void nks_trail_default(struct nks_trail *trail, const struct nks_trail_entry *entry)
{
    trail->otherwise = entry;
}

void nks_trail_with(struct nks_trail *trail, nks_trail_with_fn fn, void *context)
{
    trail->with = fn;
    trail->with_context = context;
    trail->with_done = 0;
}

void nks_trail_aside(struct nks_trail *trail, bool aside)
{
    trail->aside = aside;
}

void nks_trail_default_number(struct nks_trail *trail, const int64_t *number)
{
    trail->otherwise_number = number;
}

static enum nks_status damaged(int64_t chain, int64_t link, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "TRAIL-CHAIN",
                         "link %lld of chain %lld of the trail is not what was written; do not restart, run nks-audit",
                         (long long)link, (long long)chain);
}

/* The hash of a link: the one before it, its own columns, and the commitment to its encrypted texts. */
static bool link_hash(const uint8_t before[NKS_HASH_SIZE], const struct nks_trail_link *link,
                      uint8_t hash[NKS_HASH_SIZE])
{
    char memory[HASHED_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_text(&buf, nks_text_from(link->binds_holders ? "nks trail 2" : "nks trail 1"));
    nks_pack_text(&buf, (struct nks_text){(const char *)before, NKS_HASH_SIZE});
    nks_pack_int(&buf, link->chain);
    nks_pack_int(&buf, link->link);
    nks_pack_int(&buf, link->at);
    nks_pack_int(&buf, link->action);
    nks_pack_int(&buf, link->slice_id);
    nks_pack_int(&buf, link->number);
    nks_pack_text(&buf, (struct nks_text){(const char *)link->commitment, NKS_HASH_SIZE});
    if (link->binds_holders)
        nks_pack_text(&buf, (struct nks_text){(const char *)link->holders, NKS_HASH_SIZE});
    nks_hash_once(buf.ptr, buf.len, hash);
    return !buf.overflow;
}

/* ---- adding */

static void pack_cut(struct nks_buf *buf, const char *text, size_t max)
{
    struct nks_text cut = nks_text_from(text == NULL ? "" : text);
    if (cut.len >= max)
        cut.len = max - 1;
    while (cut.len > 0 && text != NULL && ((unsigned char)text[cut.len] & 0xC0) == 0x80)
        cut.len--; /* not within a character of UTF-8 */
    nks_pack_text(buf, cut);
}

static enum nks_status texts_pack(const struct nks_trail *trail, const struct nks_trail_entry *entry,
                                  struct nks_buf *buf, struct nks_fault *fault)
{
    uint8_t salt[SALT_SIZE];
    NKS_TRY(nks_sys_random(salt, sizeof salt, fault));
    nks_pack_text(buf, (struct nks_text){(const char *)salt, sizeof salt});
    /* A link of a stage's own, made for somebody, is theirs. */
    const struct nks_trail_entry *behind = trail->aside ? NULL : trail->otherwise;
    bool theirs = entry->who == NULL && behind != NULL && behind->who != NULL;
    pack_cut(buf, entry->who != NULL ? entry->who : theirs ? behind->who : trail->who, NKS_TRAIL_WHO_MAX);
    pack_cut(buf, theirs && entry->approver == NULL ? behind->approver : entry->approver, NKS_TRAIL_WHO_MAX);
    pack_cut(buf, entry->reason, NKS_TRAIL_REASON_MAX);
    pack_cut(buf, entry->detail, NKS_TRAIL_DETAIL_MAX);
    const uint8_t *about = entry->about == NULL && behind != NULL ? behind->about : entry->about;
    nks_pack_text(buf, (struct nks_text){(const char *)about, about == NULL ? 0 : NKS_HASH_SIZE});
    return NKS_OK;
}

static struct nks_place place_of(const struct nks_trail_link *link)
{
    return (struct nks_place){"trail_link", "details", link->chain, link->link, 1};
}

static enum nks_status insert(struct nks_trail *trail, const struct nks_trail_link *link, const void *details,
                              size_t len, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_insert, &stmt, fault));
    nks_bind_int(stmt, "chain", link->chain);
    nks_bind_int(stmt, "link", link->link);
    nks_bind_int(stmt, "at", link->at);
    nks_bind_int(stmt, "action", link->action);
    nks_bind_int(stmt, "slice_id", link->slice_id);
    nks_bind_int(stmt, "number", link->number);
    nks_bind_bytes(stmt, "details", details, len);
    nks_bind_bytes(stmt, "commitment", link->commitment, sizeof link->commitment);
    nks_bind_bytes(stmt, "hash", link->hash, sizeof link->hash);
    nks_bind_bytes(stmt, "holders", link->holders, sizeof link->holders);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status insert_holder(struct nks_trail *trail, const struct nks_trail_link *link,
                                     const struct nks_blind *holder, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_holder_insert, &stmt, fault));
    nks_bind_int(stmt, "holder_key", holder->key);
    nks_bind_int(stmt, "holder_check", holder->check);
    nks_bind_int(stmt, "chain", link->chain);
    nks_bind_int(stmt, "link", link->link);
    return nks_stmt_run(stmt, NULL, fault);
}

/* The chain grew today; a sealed day before the newest one is never opened again, even when a clock goes back. */
static enum nks_status day_add(struct nks_trail *trail, int64_t chain, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    int64_t day = nks_copenhagen_date(trail->now);
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_day_newest, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found && nks_column_int(stmt, 0) > day)
        day = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_day_add, &stmt, fault));
    nks_bind_int(stmt, "day", day);
    nks_bind_int(stmt, "chain", chain);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_trail_head(struct nks_trail *trail, int64_t chain, int64_t *link, uint8_t hash[NKS_HASH_SIZE],
                               struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *link = 0;
    memset(hash, 0, NKS_HASH_SIZE);
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_last, &stmt, fault));
    nks_bind_int(stmt, "chain", chain);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found) {
        struct nks_text stored = nks_column_bytes(stmt, 1);
        *link = nks_column_int(stmt, 0);
        if (stored.len == NKS_HASH_SIZE)
            memcpy(hash, stored.ptr, NKS_HASH_SIZE);
        else
            found = false;
        nks_stmt_end(stmt);
        return found ? NKS_OK : damaged(chain, *link, fault);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

/* Once in each transaction: the links that it adds itself do not call it again. */
static enum nks_status with_call(struct nks_trail *trail, struct nks_fault *fault)
{
    if (trail->with == NULL || trail->aside || trail->with_done == nks_db_transaction(trail->db))
        return NKS_OK;
    trail->with_done = nks_db_transaction(trail->db);
    return trail->with(trail->with_context, fault);
}

enum nks_status nks_trail_add(struct nks_trail *trail, const struct nks_trail_entry *entry, struct nks_fault *fault)
{
    char memory[DETAILS_MAX];
    uint8_t details[DETAILS_MAX + NKS_CIPHER_OVERHEAD], before[NKS_HASH_SIZE];
    struct nks_buf buf;
    struct nks_trail_link link = {.chain = entry->batch_id,
                                  .at = entry->at != 0 ? entry->at : trail->now,
                                  .action = entry->action,
                                  .slice_id = entry->slice_id,
                                  .number = entry->number,
                                  .binds_holders = true};
    if (nks_plain)
        return NKS_OK;
    if (trail->cipher == NULL)
        return nks_fault_set(fault, NKS_FAILED, "KEY-PUBLIC", "writing the trail needs the secret keys");
    nks_buf_init(&buf, memory, sizeof memory);
    NKS_TRY(texts_pack(trail, entry, &buf, fault));
    NKS_TRY(nks_trail_head(trail, link.chain, &link.link, before, fault));
    link.link++;
    nks_trail_holders_hash(entry->holder, link.holders);
    nks_hash_once(buf.ptr, buf.len, link.commitment);
    if (buf.overflow || !link_hash(before, &link, link.hash))
        return nks_fault_set(fault, NKS_FAILED, "TRAIL-LONG", "a link of the trail does not fit: a defect");
    struct nks_place place = place_of(&link);
    NKS_TRY(nks_cipher_encrypt(trail->cipher, &place, buf.ptr, buf.len, details, fault));
    NKS_TRY(insert(trail, &link, details, buf.len + NKS_CIPHER_OVERHEAD, fault));
    NKS_TRY(day_add(trail, link.chain, fault));
    trail->covered = nks_db_transaction(trail->db);
    trail->newest.transaction = trail->covered;
    trail->newest.chain = link.chain;
    trail->newest.link = link.link;
    memcpy(trail->newest.hash, link.hash, sizeof link.hash);
    if (entry->holder != NULL)
        NKS_TRY(insert_holder(trail, &link, entry->holder, fault));
    return with_call(trail, fault);
}

/* ---- reading */

static bool about_read(struct nks_text text, uint8_t about[NKS_HASH_SIZE])
{
    if (text.len == NKS_HASH_SIZE)
        memcpy(about, text.ptr, NKS_HASH_SIZE);
    return text.len == NKS_HASH_SIZE || text.len == 0;
}

static enum nks_status texts_read(struct nks_trail *trail, struct nks_text record, struct nks_trail_link *link,
                                  struct nks_fault *fault)
{
    char plain[DETAILS_MAX];
    uint8_t commitment[NKS_HASH_SIZE];
    if (record.len < NKS_CIPHER_OVERHEAD || record.len > sizeof plain + NKS_CIPHER_OVERHEAD)
        return damaged(link->chain, link->link, fault);
    size_t len = record.len - NKS_CIPHER_OVERHEAD;
    struct nks_place place = place_of(link);
    NKS_TRY(nks_cipher_decrypt(trail->cipher, &place, record.ptr, record.len, plain, fault));
    struct nks_unpack unpack = {.rest = {plain, len}};
    (void)nks_unpack_text(&unpack); /* the salt */
    bool fits = nks_text_copy(nks_unpack_text(&unpack), link->who, sizeof link->who);
    fits = nks_text_copy(nks_unpack_text(&unpack), link->approver, sizeof link->approver) && fits;
    fits = nks_text_copy(nks_unpack_text(&unpack), link->reason, sizeof link->reason) && fits;
    fits = nks_text_copy(nks_unpack_text(&unpack), link->detail, sizeof link->detail) && fits;
    if (unpack.rest.len > 0) /* links made before they said what they are about end here */
        fits = about_read(nks_unpack_text(&unpack), link->about) && fits;
    nks_hash_once(plain, len, commitment);
    if (!fits || !nks_unpack_done(&unpack) || memcmp(commitment, link->commitment, sizeof commitment) != 0)
        return damaged(link->chain, link->link, fault);
    return NKS_OK;
}

static bool hash_column(struct nks_stmt *stmt, int column, uint8_t out[NKS_HASH_SIZE])
{
    struct nks_text bytes = nks_column_bytes(stmt, column);
    if (bytes.len == NKS_HASH_SIZE)
        memcpy(out, bytes.ptr, NKS_HASH_SIZE);
    return bytes.len == NKS_HASH_SIZE;
}

enum nks_status nks_trail_next(struct nks_trail *trail, int64_t chain, int64_t after, struct nks_trail_link *link,
                               bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *link = (struct nks_trail_link){.chain = chain};
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_next, &stmt, fault));
    nks_bind_int(stmt, "chain", chain);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    link->link = nks_column_int(stmt, 0);
    link->at = nks_column_int(stmt, 1);
    link->action = (enum nks_trail_action)nks_column_int(stmt, 2);
    link->slice_id = nks_column_int(stmt, 3);
    link->number = nks_column_int(stmt, 4);
    bool good = hash_column(stmt, 6, link->commitment) && hash_column(stmt, 7, link->hash);
    link->binds_holders = nks_column_bytes(stmt, 8).len > 0;
    good = good && (!link->binds_holders || hash_column(stmt, 8, link->holders));
    enum nks_status status = good ? NKS_OK : damaged(chain, link->link, fault);
    if (status == NKS_OK && trail->cipher != NULL)
        status = texts_read(trail, nks_column_bytes(stmt, 5), link, fault);
    nks_stmt_end(stmt);
    return status;
}

bool nks_trail_follows(const struct nks_trail_link *before, const struct nks_trail_link *link)
{
    static const uint8_t none[NKS_HASH_SIZE];
    uint8_t hash[NKS_HASH_SIZE];
    int64_t number = before == NULL ? 1 : before->link + 1;
    return link->link == number && (before == NULL || before->chain == link->chain) &&
           link_hash(before == NULL ? none : before->hash, link, hash) && memcmp(hash, link->hash, sizeof hash) == 0;
}

enum nks_status nks_trail_next_chain(struct nks_trail *trail, int64_t after, int64_t *chain, int64_t *last, bool *found,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    uint8_t hash[NKS_HASH_SIZE];
    NKS_TRY(nks_stmt_start(trail->db, &nks_sql_trail_next_chain, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    *chain = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    return nks_trail_head(trail, *chain, last, hash, fault);
}
