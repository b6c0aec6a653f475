/* Rows of deliveries. */
#include "exchange/exchange_private.h"

#include "base/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_RECORD = NKS_NAME_MAX + NKS_CIPHER_OVERHEAD,
    FINDINGS_MAX = NKS_FINDINGS_MAX * (NKS_FINDING_TEXT_MAX + 48)
};

static const char *const state_names[] = {"", "TAKEN", "RECEIVED", "ACCEPTED", "REFUSED", "REPEATED", "ODD"};
static const struct nks_delivery_move moves[] = {
    {0, NKS_DELIVERY_TAKEN, "receive"},
    {0, NKS_DELIVERY_RECEIVED, "replay"},
    {NKS_DELIVERY_TAKEN, NKS_DELIVERY_RECEIVED, "receive"},
    {NKS_DELIVERY_RECEIVED, NKS_DELIVERY_ACCEPTED, "ingest, collect"},
    {NKS_DELIVERY_RECEIVED, NKS_DELIVERY_REFUSED, "ingest"},
    {NKS_DELIVERY_RECEIVED, NKS_DELIVERY_REPEATED, "ingest, collect"},
    {NKS_DELIVERY_RECEIVED, NKS_DELIVERY_ODD, "collect"},
};

const struct nks_delivery_move *nks_delivery_moves(size_t *count)
{
    *count = sizeof moves / sizeof moves[0];
    return moves;
}

const char *nks_delivery_state_name(int state)
{
    if (state <= 0 || (size_t)state >= sizeof state_names / sizeof state_names[0])
        return "?";
    return state_names[state];
}

enum nks_status nks_exchange_open(struct nks_db *db, struct nks_keys *keys, struct nks_exchange **out,
                                  struct nks_fault *fault)
{
    struct nks_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to open the exchange");
    exchange->db = db;
    exchange->keys = keys;
    if (nks_keys_has_secrets(keys)) {
        enum nks_status status = nks_cipher_open(keys, NKS_KEY_EXCHANGE, &exchange->cipher, fault);
        if (status != NKS_OK) {
            free(exchange);
            return status;
        }
    }
    *out = exchange;
    return NKS_OK;
}

void nks_exchange_close(struct nks_exchange *exchange)
{
    if (exchange == NULL)
        return;
    nks_cipher_free(exchange->cipher);
    free(exchange);
}

enum nks_status nks_exchange_one(struct nks_stmt *stmt, int64_t *id, struct nks_fault *fault)
{
    bool found = false;
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *id = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static struct nks_place name_place(int64_t id)
{
    return (struct nks_place){"delivery", "name", id, 0, 1};
}

static struct nks_place findings_place(int64_t id)
{
    return (struct nks_place){"delivery", "findings", id, 0, 1};
}

/* The blind key of a dropped name: party and name together. */
static enum nks_status name_key(struct nks_exchange *exchange, const char *party, const char *name, int64_t *key,
                                struct nks_fault *fault)
{
    char memory[NKS_PARTY_MAX + NKS_NAME_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_str(&buf, party);
    nks_buf_char(&buf, '/');
    nks_buf_str(&buf, name);
    struct nks_blind blind = {0, 0};
    NKS_TRY(nks_blind(exchange->keys, "file name", nks_buf_view(&buf), &blind, fault));
    *key = blind.key;
    return NKS_OK;
}

static int64_t hash_key(const uint8_t hash[NKS_HASH_SIZE])
{
    int64_t key = 0;
    memcpy(&key, hash, sizeof key);
    return key;
}

enum nks_status nks_delivery_next_id(struct nks_exchange *exchange, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_last, &stmt, fault));
    NKS_TRY(nks_exchange_one(stmt, id, fault));
    ++*id;
    return NKS_OK;
}

enum nks_status nks_delivery_insert(struct nks_exchange *exchange, struct nks_delivery *delivery,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_delivery_next_id(exchange, &delivery->id, fault));
    uint8_t name[NAME_RECORD];
    size_t name_len = strlen(delivery->name);
    struct nks_place place = name_place(delivery->id);
    int64_t key = 0;
    NKS_TRY(nks_cipher_encrypt(exchange->cipher, &place, delivery->name, name_len, name, fault));
    NKS_TRY(name_key(exchange, delivery->party, delivery->name, &key, fault));
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_insert, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", delivery->id);
    nks_bind_int(stmt, "source", delivery->source);
    nks_bind_text(stmt, "party", nks_text_from(delivery->party));
    nks_bind_bytes(stmt, "name", name, name_len + NKS_CIPHER_OVERHEAD);
    nks_bind_int(stmt, "name_key", key);
    nks_bind_bytes(stmt, "hash", delivery->hash, sizeof delivery->hash);
    nks_bind_int(stmt, "hash_key", hash_key(delivery->hash));
    nks_bind_int(stmt, "bytes", delivery->bytes);
    nks_bind_int(stmt, "received_at", delivery->received);
    nks_bind_int(stmt, "state", delivery->state);
    nks_bind_int(stmt, "reason", delivery->reason);
    nks_bind_int(stmt, "repeats", delivery->repeats);
    nks_bind_int(stmt, "answered", delivery->answered);
    nks_bind_bytes(stmt, "findings", "", 0);
    nks_bind_int(stmt, "replays", delivery->replays);
    nks_bind_int(stmt, "generation", delivery->generation > 1 ? delivery->generation : 1);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status row_damaged(int64_t id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "DELIVERY-ROW", "the row of delivery #%lld is damaged", (long long)id);
}

static enum nks_status read_delivery(struct nks_exchange *exchange, struct nks_stmt *stmt,
                                     struct nks_delivery *delivery, struct nks_fault *fault)
{
    delivery->source = (enum nks_source)nks_column_int(stmt, 0);
    struct nks_text name = nks_column_bytes(stmt, 2), hash = nks_column_bytes(stmt, 3);
    if (!nks_text_copy(nks_column_text(stmt, 1), delivery->party, sizeof delivery->party) ||
        hash.len != NKS_HASH_SIZE || name.len < NKS_CIPHER_OVERHEAD || name.len >= NAME_RECORD)
        return row_damaged(delivery->id, fault);
    memcpy(delivery->hash, hash.ptr, NKS_HASH_SIZE);
    delivery->bytes = nks_column_int(stmt, 4);
    delivery->received = nks_column_int(stmt, 5);
    delivery->state = (enum nks_delivery_state)nks_column_int(stmt, 6);
    delivery->reason = (enum nks_reason)nks_column_int(stmt, 7);
    delivery->repeats = nks_column_int(stmt, 8);
    delivery->answered = nks_column_int(stmt, 9) != 0;
    delivery->version = (enum nks_pain001_version)nks_column_int(stmt, 10);
    delivery->encoding = (enum nks_encoding)nks_column_int(stmt, 11);
    delivery->replays = nks_column_int(stmt, 12);
    delivery->generation = (int)nks_column_int(stmt, 13);
    if (exchange->cipher == NULL)
        return NKS_OK;
    struct nks_place place = name_place(delivery->id);
    NKS_TRY(nks_cipher_decrypt(exchange->cipher, &place, name.ptr, name.len, delivery->name, fault));
    delivery->name[name.len - NKS_CIPHER_OVERHEAD] = '\0';
    return NKS_OK;
}

enum nks_status nks_delivery_load(struct nks_exchange *exchange, int64_t id, struct nks_delivery *delivery, bool *found,
                                  struct nks_fault *fault)
{
    memset(delivery, 0, sizeof *delivery);
    delivery->id = id;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_load, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", id);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    enum nks_status status = *found ? read_delivery(exchange, stmt, delivery, fault) : NKS_OK;
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_delivery_next(struct nks_exchange *exchange, enum nks_source source, enum nks_delivery_state state,
                                  int64_t after, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_next, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "state", state);
    nks_bind_int(stmt, "source", source);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_delivery_find_taken(struct nks_exchange *exchange, enum nks_source source, const char *party,
                                        const char *name, int64_t *id, struct nks_fault *fault)
{
    int64_t key = 0;
    NKS_TRY(name_key(exchange, party, name, &key, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_find_taken, &stmt, fault));
    nks_bind_int(stmt, "state", NKS_DELIVERY_TAKEN);
    nks_bind_int(stmt, "source", source);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_int(stmt, "name_key", key);
    return nks_exchange_one(stmt, id, fault);
}

static enum nks_status reading_find(struct nks_exchange *exchange, const struct nks_sql *sql, enum nks_source source,
                                    const char *party, const uint8_t hash[NKS_HASH_SIZE], int generation, int64_t *id,
                                    struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, sql, &stmt, fault));
    nks_bind_int(stmt, "hash_key", hash_key(hash));
    nks_bind_bytes(stmt, "hash", hash, NKS_HASH_SIZE);
    nks_bind_int(stmt, "source", source);
    nks_bind_text(stmt, "party", nks_text_from(party));
    nks_bind_int(stmt, "generation", generation);
    nks_bind_int(stmt, "received", NKS_DELIVERY_RECEIVED);
    nks_bind_int(stmt, "first_unsigned", NKS_REASON_SIGNATURE_MISSING); /* those were never read */
    nks_bind_int(stmt, "last_unsigned", NKS_REASON_SIGNER_UNKNOWN);
    return nks_exchange_one(stmt, id, fault);
}

enum nks_status nks_delivery_waiting(struct nks_exchange *exchange, enum nks_source source, const char *party,
                                     const uint8_t hash[NKS_HASH_SIZE], int generation, int64_t *id,
                                     struct nks_fault *fault)
{
    return reading_find(exchange, &nks_sql_delivery_waiting, source, party, hash, generation, id, fault);
}

enum nks_status nks_delivery_is_judged(struct nks_exchange *exchange, enum nks_source source, const char *party,
                                       const uint8_t hash[NKS_HASH_SIZE], int generation, bool *is,
                                       struct nks_fault *fault)
{
    int64_t id = 0;
    NKS_TRY(reading_find(exchange, &nks_sql_delivery_is_judged, source, party, hash, generation, &id, fault));
    *is = id != 0;
    return NKS_OK;
}

/* The key of the index is made of the first bytes, which a source has. */
enum nks_status nks_delivery_source_judged(struct nks_exchange *exchange, const uint8_t *source, bool *judged,
                                           struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t id = 0;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_source_judged, &stmt, fault));
    nks_bind_int(stmt, "hash_key", hash_key(source));
    nks_bind_int(stmt, "received", NKS_DELIVERY_RECEIVED);
    NKS_TRY(nks_exchange_one(stmt, &id, fault));
    *judged = id != 0;
    return NKS_OK;
}

enum nks_status nks_delivery_find_bytes(struct nks_exchange *exchange, const struct nks_delivery *delivery, int64_t *id,
                                        struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_find_bytes, &stmt, fault));
    nks_bind_int(stmt, "hash_key", hash_key(delivery->hash));
    nks_bind_bytes(stmt, "hash", delivery->hash, sizeof delivery->hash);
    nks_bind_int(stmt, "source", delivery->source);
    nks_bind_text(stmt, "party", nks_text_from(delivery->party));
    nks_bind_int(stmt, "before", delivery->id);
    nks_bind_int(stmt, "first_unsigned", NKS_REASON_SIGNATURE_MISSING);
    nks_bind_int(stmt, "last_unsigned", NKS_REASON_SIGNER_UNKNOWN);
    return nks_exchange_one(stmt, id, fault);
}

static bool may_move(int from, int to)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from == from && moves[i].to == to)
            return true;
    }
    return false;
}

static void pack_findings(struct nks_buf *buf, const struct nks_finding *findings, size_t count)
{
    nks_pack_int(buf, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        nks_pack_int(buf, findings[i].reason);
        nks_pack_int(buf, findings[i].kind);
        nks_pack_int(buf, findings[i].line);
        nks_pack_int(buf, findings[i].group);
        nks_pack_int(buf, (int64_t)findings[i].seq);
        nks_pack_text(buf, nks_text_from(findings[i].text));
    }
}

enum nks_status nks_delivery_move(struct nks_exchange *exchange, struct nks_delivery *delivery,
                                  enum nks_delivery_state to, enum nks_reason reason,
                                  const struct nks_finding *findings, size_t finding_count, struct nks_fault *fault)
{
    if (!may_move((int)delivery->state, (int)to))
        return nks_fault_set(fault, NKS_FAILED, "STATE-MOVE", "a delivery cannot go from %s to %s",
                             nks_delivery_state_name((int)delivery->state), nks_delivery_state_name((int)to));
    char plain[FINDINGS_MAX];
    uint8_t record[FINDINGS_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    nks_buf_init(&buf, plain, sizeof plain);
    pack_findings(&buf, findings, finding_count);
    struct nks_place place = findings_place(delivery->id);
    NKS_TRY(nks_cipher_encrypt(exchange->cipher, &place, plain, buf.len, record, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_move, &stmt, fault));
    nks_bind_int(stmt, "to", to);
    nks_bind_int(stmt, "reason", reason);
    nks_bind_int(stmt, "repeats", delivery->repeats);
    nks_bind_int(stmt, "version", delivery->version);
    nks_bind_int(stmt, "encoding", delivery->encoding);
    nks_bind_bytes(stmt, "findings", record, buf.len + NKS_CIPHER_OVERHEAD);
    nks_bind_int(stmt, "delivery_id", delivery->id);
    nks_bind_int(stmt, "from", delivery->state);
    int64_t changed = 0;
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    if (changed != 1)
        return nks_fault_set(fault, NKS_RETRY, "DELIVERY-FENCED", "another run took delivery #%lld",
                             (long long)delivery->id);
    delivery->state = to;
    delivery->reason = reason;
    return NKS_OK;
}

enum nks_status nks_delivery_answered(struct nks_exchange *exchange, int64_t id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_answered, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_delivery_next_unanswered(struct nks_exchange *exchange, int64_t after, int64_t *id,
                                             struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_unanswered, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    nks_bind_int(stmt, "source", NKS_SOURCE_SENDER);
    nks_bind_int(stmt, "first_state", NKS_DELIVERY_ACCEPTED);
    nks_bind_int(stmt, "last_state", NKS_DELIVERY_REPEATED);
    return nks_exchange_one(stmt, id, fault);
}

static enum nks_status unpack_findings(int64_t id, struct nks_text plain, struct nks_finding *findings, size_t *count,
                                       struct nks_fault *fault)
{
    struct nks_unpack in = {plain, false};
    int64_t stored = nks_unpack_int(&in);
    if (stored < 0 || stored > NKS_FINDINGS_MAX)
        return row_damaged(id, fault);
    for (int64_t i = 0; i < stored; i++) {
        struct nks_finding *finding = &findings[i];
        finding->reason = (enum nks_reason)nks_unpack_int(&in);
        finding->kind = (enum nks_finding_kind)nks_unpack_int(&in);
        finding->line = (uint32_t)nks_unpack_int(&in);
        finding->group = (uint32_t)nks_unpack_int(&in);
        finding->seq = (uint64_t)nks_unpack_int(&in);
        if (!nks_text_copy(nks_unpack_text(&in), finding->text, sizeof finding->text))
            in.bad = true;
    }
    if (!nks_unpack_done(&in))
        return row_damaged(id, fault);
    *count = (size_t)stored;
    return NKS_OK;
}

enum nks_status nks_delivery_findings(struct nks_exchange *exchange, int64_t id,
                                      struct nks_finding findings[NKS_FINDINGS_MAX], size_t *count,
                                      struct nks_fault *fault)
{
    *count = 0;
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_delivery_findings, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    struct nks_text record = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    enum nks_status status = NKS_OK;
    char plain[FINDINGS_MAX];
    if (record.len > sizeof plain + NKS_CIPHER_OVERHEAD) {
        status = row_damaged(id, fault);
    } else if (record.len >= NKS_CIPHER_OVERHEAD) {
        struct nks_place place = findings_place(id);
        status = nks_cipher_decrypt(exchange->cipher, &place, record.ptr, record.len, plain, fault);
        if (status == NKS_OK)
            status =
                unpack_findings(id, (struct nks_text){plain, record.len - NKS_CIPHER_OVERHEAD}, findings, count, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

void nks_delivery_label(const struct nks_delivery *delivery, char out[32])
{
    char hex[2 * 4 + 1];
    nks_hex(delivery->hash, 4, hex);
    snprintf(out, 32, "#%lld (%s)", (long long)delivery->id, hex);
}
