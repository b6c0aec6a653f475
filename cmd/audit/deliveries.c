/* Deliveries: each is numbered without a gap, lies in the spool as received, has its batch, and was answered. */
#include "audit.h"

#include <string.h>

struct delivery {
    int64_t id, source, state, repeats, bytes, replays, generation, hash_key, name_key, erased, findings_len;
    bool answered;
    uint8_t hash[NKS_HASH_SIZE];
    size_t hash_len;
    char party[NKS_PARTY_MAX];
};

static bool finished(const struct delivery *delivery)
{
    return delivery->state >= NKS_DELIVERY_ACCEPTED;
}

static void read_delivery(struct nks_stmt *stmt, struct delivery *delivery)
{
    *delivery = (struct delivery){
        .id = nks_column_int(stmt, 0),
        .source = nks_column_int(stmt, 1),
        .state = nks_column_int(stmt, 2),
        .answered = nks_column_int(stmt, 3) != 0,
        .repeats = nks_column_int(stmt, 4),
        .bytes = nks_column_int(stmt, 5),
        .replays = nks_column_int(stmt, 8),
        .generation = nks_column_int(stmt, 9),
        .hash_key = nks_column_int(stmt, 10),
        .name_key = nks_column_int(stmt, 11),
        .erased = nks_column_int(stmt, 12),
        .findings_len = nks_column_int(stmt, 13),
    };
    struct nks_text hash = nks_column_bytes(stmt, 6);
    delivery->hash_len = hash.len;
    if (hash.len == NKS_HASH_SIZE)
        memcpy(delivery->hash, hash.ptr, NKS_HASH_SIZE);
    if (!nks_text_copy(nks_column_text(stmt, 7), delivery->party, sizeof delivery->party))
        delivery->party[0] = '\0';
}

static void row_check(struct audit *audit, const struct delivery *delivery)
{
    if (delivery->source != NKS_SOURCE_SENDER && delivery->source != NKS_SOURCE_CENTRAL)
        audit_find(audit, "source %lld is none", (long long)delivery->source);
    if (delivery->state < NKS_DELIVERY_TAKEN || delivery->state > NKS_DELIVERY_ODD)
        audit_find(audit, "state %lld is none", (long long)delivery->state);
    if (!nks_party_valid(nks_text_from(delivery->party)))
        audit_find(audit, "party is no short id");
    int64_t key = 0;
    memcpy(&key, delivery->hash, sizeof key);
    if (delivery->hash_key != key)
        audit_find(audit, "hash_key is not the beginning of hash");
    if (finished(delivery) && (delivery->findings_len == 0) != (delivery->erased != 0) && delivery->erased >= 0)
        audit_find(audit, delivery->erased != 0 ? "it was erased, but findings is there"
                                                : "findings is empty, but it was not erased");
}

static enum nks_status receipt_erased(struct audit *audit, int64_t delivery_id, bool *erased)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_receipt_erased, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", delivery_id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    *erased = found && nks_column_int(stmt, 0) > 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

/* Finished but not answered and without a receipt: emit has not come to it yet. */
static enum nks_status receipt_check(struct audit *audit, const struct delivery *delivery, int64_t *waiting)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_receipts, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", delivery->id);
    nks_bind_text(stmt, "party", nks_text_from(delivery->party));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t receipts = found ? nks_column_int(stmt, 0) : 0, own = found ? nks_column_int(stmt, 1) : 0;
    nks_stmt_end(stmt);
    bool first_erased = false; /* then there is none to repeat */
    if (receipts == 0 && delivery->repeats != 0)
        NKS_TRY(receipt_erased(audit, delivery->repeats, &first_erased));
    bool due = finished(delivery) && delivery->source == NKS_SOURCE_SENDER;
    if (receipts != own)
        audit_find(audit, "its receipt goes to another folder than its sender's");
    if (!due && (delivery->answered || receipts > 0))
        audit_find(audit, "it is answered, but it is nothing to answer in state %s",
                   nks_delivery_state_name((int)delivery->state));
    else if (due && delivery->answered && receipts != 1 && !first_erased)
        audit_find(audit, "answered, but out_file has %lld receipts of it", (long long)receipts);
    else if (due && !delivery->answered && receipts > 0)
        audit_find(audit, "not answered, but out_file has %lld receipt(s) of it", (long long)receipts);
    *waiting += due && !delivery->answered && receipts == 0;
    return NKS_OK;
}

struct batch_want { /* how many batches a delivery of that state has */
    enum nks_delivery_state state;
    int64_t accepted, refused_max;
};

static enum nks_status batch_check(struct audit *audit, const struct delivery *delivery)
{
    static const struct batch_want wants[] = {
        {NKS_DELIVERY_ACCEPTED, 1, 0}, {NKS_DELIVERY_REFUSED, 0, 1}, {NKS_DELIVERY_REPEATED, 0, 0}};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_batches, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", delivery->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t all = found ? nks_column_int(stmt, 0) : 0, accepted = found ? nks_column_int(stmt, 1) : 0;
    int64_t refused = found ? nks_column_int(stmt, 2) : 0;
    nks_stmt_end(stmt);
    for (size_t i = 0; i < sizeof wants / sizeof wants[0] && delivery->source == NKS_SOURCE_SENDER; i++) {
        if ((int64_t)wants[i].state != delivery->state)
            continue;
        if (accepted != wants[i].accepted || refused > wants[i].refused_max || all != accepted + refused)
            audit_find(audit, "state %s, but it has %lld batches: %lld accepted, %lld refused",
                       nks_delivery_state_name((int)delivery->state), (long long)all, (long long)accepted,
                       (long long)refused);
    }
    return NKS_OK;
}

static enum nks_status repeat_check(struct audit *audit, const struct delivery *delivery)
{
    bool repeated = delivery->state == NKS_DELIVERY_REPEATED;
    if (!repeated && delivery->repeats == 0)
        return NKS_OK;
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_one, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", delivery->repeats);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text own = {(const char *)delivery->hash, delivery->hash_len};
    bool same = found && repeated && delivery->repeats < delivery->id && nks_column_int(stmt, 2) == 0 &&
                nks_text_equal(nks_column_bytes(stmt, 0), own) &&
                nks_text_is(nks_column_text(stmt, 1), delivery->party);
    nks_stmt_end(stmt);
    if (!same)
        audit_find(audit, "repeats %lld, which is no earlier delivery of the same bytes", (long long)delivery->repeats);
    return NKS_OK;
}

/* What was refused and read again: the same bytes of the same sender, one generation on. */
static enum nks_status replay_check(struct audit *audit, const struct delivery *delivery)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    if (delivery->replays == 0) {
        if (delivery->generation != 1)
            audit_find(audit, "generation is %lld, but it replays nothing", (long long)delivery->generation);
        return NKS_OK;
    }
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_one, &stmt, &audit->fault));
    nks_bind_int(stmt, "delivery_id", delivery->replays);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text own = {(const char *)delivery->hash, delivery->hash_len};
    bool good = found && delivery->replays < delivery->id && delivery->repeats == 0 &&
                nks_column_int(stmt, 3) == NKS_DELIVERY_REFUSED && nks_column_int(stmt, 5) == delivery->source &&
                nks_column_int(stmt, 4) == delivery->generation - 1 && nks_text_equal(nks_column_bytes(stmt, 0), own) &&
                nks_text_is(nks_column_text(stmt, 1), delivery->party);
    nks_stmt_end(stmt);
    if (!good)
        audit_find(audit, "replays %lld, which is no refused delivery of the same bytes one generation before",
                   (long long)delivery->replays);
    return NKS_OK;
}

/* The key by which it is found in .taken/: the party, a slash, and the name as it was dropped. */
static enum nks_status name_check(struct audit *audit, const struct delivery *row, const struct nks_delivery *delivery)
{
    char memory[NKS_PARTY_MAX + NKS_NAME_MAX];
    struct nks_buf buf;
    struct nks_blind key;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_str(&buf, delivery->party);
    nks_buf_char(&buf, '/');
    nks_buf_str(&buf, delivery->name);
    NKS_TRY(nks_blind(audit->keys, "file name", nks_buf_view(&buf), &key, &audit->fault));
    if (key.key != row->name_key)
        audit_find(audit, "name_key is not of its party and name");
    return NKS_OK;
}

/* Its encrypted columns; with public keys alone the reader looks at the clear ones only. */
static enum nks_status columns_check(struct audit *audit, const struct delivery *row)
{
    static struct nks_finding findings[NKS_FINDINGS_MAX];
    struct nks_delivery delivery;
    bool found = false;
    size_t count = 0;
    if (!audit->secrets)
        return NKS_OK;
    enum nks_status status = nks_delivery_load(audit->exchange, row->id, &delivery, &found, &audit->fault);
    if (status == NKS_OK && row->erased == 0) /* its name goes with its copy */
        NKS_TRY(name_check(audit, row, &delivery));
    NKS_TRY(audit_take_fault(audit, status));
    return audit_take_fault(audit, nks_delivery_findings(audit->exchange, row->id, findings, &count, &audit->fault));
}

static enum nks_status delivery_check(struct audit *audit, const struct delivery *delivery, int64_t *waiting)
{
    audit_looked(audit);
    audit_at(audit, "delivery %lld", (long long)delivery->id);
    row_check(audit, delivery);
    NKS_TRY(receipt_check(audit, delivery, waiting));
    NKS_TRY(batch_check(audit, delivery));
    NKS_TRY(repeat_check(audit, delivery));
    NKS_TRY(replay_check(audit, delivery));
    NKS_TRY(columns_check(audit, delivery));
    const struct audit_bytes row = {{(const char *)delivery->hash, delivery->hash_len}, delivery->bytes};
    if (delivery->erased != 0)
        return audit_copy_gone(audit, "spool", delivery->id, delivery->erased);
    return audit_copy_check(audit, "spool", NKS_KEY_SPOOL, delivery->id, &row);
}

enum nks_status audit_check_deliveries(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    int64_t expected = 1, waiting = 0;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_deliveries, &stmt, &audit->fault));
    for (bool row = true;; expected++) {
        struct delivery delivery;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        read_delivery(stmt, &delivery);
        if (delivery.id != expected) {
            audit_at(audit, "delivery %lld", (long long)expected);
            audit_find(audit, "the row is missing; the next one is %lld", (long long)delivery.id);
            expected = delivery.id < INT64_MAX ? delivery.id : 0;
        }
        NKS_TRY(delivery_check(audit, &delivery, &waiting));
    }
    if (waiting > 0)
        audit_note(audit, "in progress: %lld deliveries wait for their receipt (emit)", (long long)waiting);
    return NKS_OK;
}
