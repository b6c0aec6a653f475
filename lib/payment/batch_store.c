/* Rows of batches and groups. */
#include "payment/store.h"

#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

enum { SUM_TEXT = 48, HEADER_MAX = NKS_RECORD_MAX, COLUMN_HEADER = 21 };

int64_t nks_slice_first_id(int64_t batch_id)
{
    return nks_slice_id(batch_id, 1);
}

int64_t nks_slice_last_id(int64_t batch_id)
{
    return nks_slice_id(batch_id, NKS_SLICES_MAX);
}

enum nks_status nks_payments_open(struct nks_db *db, struct nks_keys *keys, struct nks_payments **out,
                                  struct nks_fault *fault)
{
    struct nks_payments *payments = calloc(1, sizeof *payments);
    if (payments == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to open the payments");
    payments->db = db;
    payments->keys = keys;
    payments->blob = nks_blob_new();
    payments->hash = nks_hash_new();
    enum nks_status status = NKS_OK;
    if (payments->blob == NULL || payments->hash == NULL)
        status = nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to open the payments");
    if (status == NKS_OK && nks_keys_has_secrets(keys))
        status = nks_cipher_open(keys, NKS_KEY_DECISION, &payments->decision, fault);
    if (status != NKS_OK) {
        nks_payments_close(payments);
        return status;
    }
    *out = payments;
    return NKS_OK;
}

void nks_payments_close(struct nks_payments *payments)
{
    if (payments == NULL)
        return;
    nks_cipher_free(payments->decision);
    nks_blob_free(payments->blob);
    nks_hash_free(payments->hash);
    free(payments->scratch);
    free(payments->group.record);
    free(payments);
}

enum nks_status nks_payments_scratch(struct nks_payments *payments, size_t need, struct nks_fault *fault)
{
    if (need <= payments->scratch_cap)
        return NKS_OK;
    char *grown = realloc(payments->scratch, need);
    if (grown == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the decisions of a slice");
    payments->scratch = grown;
    payments->scratch_cap = need;
    return NKS_OK;
}

/* The clear columns that decide for whom and how a batch is handled are bound to its header: changed by hand, it no
 * longer decrypts. */
static struct nks_place header_place(const struct nks_batch *batch)
{
    char memory[256];
    struct nks_buf buf;
    uint8_t hash[NKS_HASH_SIZE];
    int64_t bound = 0;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_int(&buf, batch->delivery_id);
    nks_pack_int(&buf, batch->agreement_id);
    nks_pack_int(&buf, batch->version);
    nks_pack_int(&buf, batch->origin);
    nks_pack_text(&buf, nks_text_from(batch->sender));
    nks_pack_text(&buf, nks_text_from(batch->payer));
    nks_pack_text(&buf, nks_text_from(batch->ref));
    nks_hash_once(buf.ptr, buf.len, hash);
    memcpy(&bound, hash, sizeof bound);
    return (struct nks_place){"batch", "header", batch->id, bound, 1};
}

static struct nks_place group_place(int64_t batch_id, uint32_t number)
{
    return (struct nks_place){"batch_group", "record", batch_id, number, 1};
}

static void bind_batch(struct nks_stmt *stmt, const struct nks_batch *batch, struct nks_buf *sum,
                       struct nks_text header)
{
    nks_sum_format(sum, batch->sum);
    nks_bind_int(stmt, "batch_id", batch->id);
    nks_bind_int(stmt, "state", batch->state);
    nks_bind_int(stmt, "reason", batch->reason);
    nks_bind_int(stmt, "version", batch->version);
    nks_bind_int(stmt, "encoding", batch->encoding);
    nks_bind_int(stmt, "agreement_id", batch->agreement_id);
    nks_bind_text(stmt, "payer", nks_text_from(batch->payer));
    nks_bind_int(stmt, "message_key", batch->message.key);
    nks_bind_int(stmt, "message_check", batch->message.check);
    nks_bind_int(stmt, "payments", batch->payments);
    nks_bind_int(stmt, "rejected", batch->rejected);
    nks_bind_int(stmt, "slices", batch->slices);
    nks_bind_int(stmt, "groups", batch->groups);
    nks_bind_text(stmt, "control_sum", nks_buf_view(sum));
    nks_bind_bytes(stmt, "header", header.ptr, header.len);
}

static enum nks_status header_encrypt(struct nks_payments *payments, const struct nks_batch *batch,
                                      struct nks_text *out, struct nks_fault *fault)
{
    struct nks_place place = header_place(batch);
    return nks_blob_encrypt(payments->blob, batch->cipher, &place, batch->header, batch->header_len, out, fault);
}

enum nks_status nks_batch_create(struct nks_payments *payments, struct nks_batch *batch, struct nks_fault *fault)
{
    NKS_TRY(nks_batch_last(payments, &batch->id, fault));
    batch->id++;
    batch->state = NKS_BATCH_READING;
    NKS_TRY(nks_cipher_batch_make(payments->keys, batch->id, &batch->cipher, batch->wrapped_key, fault));
    struct nks_text header;
    NKS_TRY(header_encrypt(payments, batch, &header, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_insert, &stmt, fault));
    char sum_memory[SUM_TEXT];
    struct nks_buf sum;
    nks_buf_init(&sum, sum_memory, sizeof sum_memory);
    bind_batch(stmt, batch, &sum, header);
    nks_bind_int(stmt, "delivery_id", batch->delivery_id);
    nks_bind_int(stmt, "kind", batch->kind);
    nks_bind_int(stmt, "origin", batch->origin);
    nks_bind_int(stmt, "mode", batch->mode);
    nks_bind_text(stmt, "sender", nks_text_from(batch->sender));
    nks_bind_text(stmt, "ref", nks_text_from(batch->ref));
    nks_bind_int(stmt, "created_at", batch->created);
    nks_bind_bytes(stmt, "wrapped_key", batch->wrapped_key, sizeof batch->wrapped_key);
    return nks_stmt_run(stmt, NULL, fault);
}

static void read_batch(struct nks_stmt *stmt, struct nks_batch *batch)
{
    int at = 0;
    batch->delivery_id = nks_column_int(stmt, at++);
    batch->kind = (enum nks_batch_kind)nks_column_int(stmt, at++);
    batch->origin = (enum nks_batch_origin)nks_column_int(stmt, at++);
    batch->mode = (enum nks_batch_mode)nks_column_int(stmt, at++);
    batch->state = (enum nks_batch_state)nks_column_int(stmt, at++);
    batch->reason = (enum nks_reason)nks_column_int(stmt, at++);
    batch->version = (enum nks_pain001_version)nks_column_int(stmt, at++);
    batch->encoding = (enum nks_encoding)nks_column_int(stmt, at++);
    batch->agreement_id = nks_column_int(stmt, at++);
    bool fits = nks_text_copy(nks_column_text(stmt, at++), batch->sender, sizeof batch->sender);
    fits = nks_text_copy(nks_column_text(stmt, at++), batch->payer, sizeof batch->payer) && fits;
    fits = nks_text_copy(nks_column_text(stmt, at++), batch->ref, sizeof batch->ref) && fits;
    batch->message.key = nks_column_int(stmt, at++);
    batch->message.check = nks_column_int(stmt, at++);
    batch->created = nks_column_int(stmt, at++);
    batch->payments = nks_column_int(stmt, at++);
    batch->rejected = nks_column_int(stmt, at++);
    batch->slices = nks_column_int(stmt, at++);
    batch->groups = nks_column_int(stmt, at++);
    if (!nks_sum_read(nks_column_text(stmt, at++), &batch->sum) || !fits)
        batch->state = 0; /* told by the caller as a damaged row */
    struct nks_text key = nks_column_bytes(stmt, at++);
    if (key.len == sizeof batch->wrapped_key)
        memcpy(batch->wrapped_key, key.ptr, key.len);
}

/* Only what was erased on purpose has no key. */
static enum nks_status erased_load(struct nks_payments *payments, struct nks_batch *batch, struct nks_fault *fault)
{
    bool done = false;
    NKS_TRY(nks_batch_erased(payments, batch->id, &batch->erased, &done, fault));
    return batch->erased != 0 ? NKS_OK
                              : nks_fault_set(fault, NKS_INTEGRITY, "BATCH-ROW", "the row of batch %lld has no key",
                                              (long long)batch->id);
}

enum nks_status nks_batch_load(struct nks_payments *payments, int64_t id, struct nks_batch *batch, bool *found,
                               struct nks_fault *fault)
{
    memset(batch, 0, sizeof *batch);
    batch->id = id;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_load, &stmt, fault));
    nks_bind_int(stmt, "batch_id", id);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (!*found)
        return NKS_OK;
    read_batch(stmt, batch);
    if (batch->state == 0)
        return nks_fault_set(fault, NKS_INTEGRITY, "BATCH-ROW", "the row of batch %lld is damaged", (long long)id);
    bool no_key = nks_column_bytes(stmt, COLUMN_HEADER - 1).len == 0;
    if (payments->decision == NULL || no_key) { /* without secrets, or erased: totals only */
        nks_stmt_end(stmt);
        return no_key ? erased_load(payments, batch, fault) : NKS_OK;
    }
    enum nks_status status = nks_cipher_batch_open(payments->keys, id, batch->wrapped_key, &batch->cipher, fault);
    struct nks_text header = {NULL, 0};
    struct nks_place place = header_place(batch);
    if (status == NKS_OK)
        status = nks_blob_decrypt(payments->blob, batch->cipher, &place, nks_column_bytes(stmt, COLUMN_HEADER),
                                  HEADER_MAX, &header, fault);
    if (status == NKS_OK && header.len > 0) {
        batch->header = malloc(header.len);
        if (batch->header == NULL)
            status = nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a batch");
        else
            memcpy(batch->header, header.ptr, header.len);
        batch->header_len = header.len;
    }
    nks_stmt_end(stmt);
    if (status != NKS_OK)
        nks_batch_close(batch);
    return status;
}

void nks_batch_close(struct nks_batch *batch)
{
    nks_cipher_free(batch->cipher);
    free(batch->header);
    batch->cipher = NULL;
    batch->header = NULL;
    batch->header_len = 0;
}

/* The first column of the only row, 0 when there is none. */
static enum nks_status one_id(struct nks_stmt *stmt, int64_t *id, struct nks_fault *fault)
{
    bool found = false;
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *id = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_batch_last(struct nks_payments *payments, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_last, &stmt, fault));
    return one_id(stmt, id, fault);
}

enum nks_status nks_batch_next(struct nks_payments *payments, int64_t after, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_next, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    return one_id(stmt, id, fault);
}

enum nks_status nks_batch_delivery(struct nks_payments *payments, int64_t batch_id, int64_t *delivery_id,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_delivery_of, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    return one_id(stmt, delivery_id, fault);
}

enum nks_status nks_batch_ref(struct nks_payments *payments, int64_t batch_id, char ref[NKS_BATCH_REF + 1],
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    ref[0] = '\0';
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_ref_of, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    bool fits = !found || nks_text_copy(nks_column_text(stmt, 0), ref, NKS_BATCH_REF + 1);
    nks_stmt_end(stmt);
    return fits ? NKS_OK : nks_fault_set(fault, NKS_INTEGRITY, "BATCH-ROW", "the row of a batch is damaged");
}

enum nks_status nks_batch_find_ref(struct nks_payments *payments, const char *ref, int64_t *id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_by_ref, &stmt, fault));
    nks_bind_text(stmt, "ref", nks_text_from(ref));
    return one_id(stmt, id, fault);
}

enum nks_status nks_batch_find_delivery(struct nks_payments *payments, int64_t delivery_id, int64_t *id,
                                        struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_by_delivery, &stmt, fault));
    nks_bind_int(stmt, "delivery_id", delivery_id);
    return one_id(stmt, id, fault);
}

enum nks_status nks_batch_find_message(struct nks_payments *payments, const struct nks_blind *message, int64_t *id,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_by_message, &stmt, fault));
    nks_bind_int(stmt, "message_key", message->key);
    nks_bind_int(stmt, "message_check", message->check);
    nks_bind_int(stmt, "state", NKS_BATCH_ACCEPTED);
    return one_id(stmt, id, fault);
}

enum nks_status nks_batch_finish(struct nks_payments *payments, struct nks_batch *batch, struct nks_fault *fault)
{
    struct nks_text header;
    NKS_TRY(header_encrypt(payments, batch, &header, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_update, &stmt, fault));
    char sum_memory[SUM_TEXT];
    struct nks_buf sum;
    nks_buf_init(&sum, sum_memory, sizeof sum_memory);
    bind_batch(stmt, batch, &sum, header);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    if (batch->state != NKS_BATCH_ACCEPTED)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_slices_accept, &stmt, fault));
    nks_bind_int(stmt, "first", nks_slice_first_id(batch->id));
    nks_bind_int(stmt, "last", nks_slice_last_id(batch->id));
    nks_bind_int(stmt, "from", NKS_SLICE_READ);
    nks_bind_int(stmt, "to", NKS_SLICE_WAITING);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_batch_clear_slices(struct nks_payments *payments, int64_t batch_id, int64_t from,
                                       struct nks_fault *fault)
{
    static const struct nks_sql *const by_slice[] = {
        &nks_sql_batch_clear_payments, &nks_sql_batch_clear_details,    &nks_sql_batch_clear_runs,
        &nks_sql_batch_clear_blocks,   &nks_sql_batch_clear_signatures, &nks_sql_batch_clear_status_totals,
        &nks_sql_batch_clear_slices};
    struct nks_stmt *stmt = NULL;
    for (size_t i = 0; i < sizeof by_slice / sizeof by_slice[0]; i++) {
        NKS_TRY(nks_stmt_start(payments->db, by_slice[i], &stmt, fault));
        nks_bind_int(stmt, "first", nks_slice_id(batch_id, from));
        nks_bind_int(stmt, "last", nks_slice_last_id(batch_id));
        NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    }
    return NKS_OK;
}

enum nks_status nks_batch_clear_groups(struct nks_payments *payments, int64_t batch_id, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    payments->group.batch_id = 0;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_batch_clear_groups, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_group_save(struct nks_payments *payments, const struct nks_batch *batch,
                               const struct nks_group *group, struct nks_fault *fault)
{
    struct nks_text record;
    struct nks_place place = group_place(batch->id, group->number);
    NKS_TRY(nks_blob_encrypt(payments->blob, batch->cipher, &place, group->record, group->record_len, &record, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_group_insert, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    nks_bind_int(stmt, "number", group->number);
    nks_bind_int(stmt, "payments", group->payments);
    nks_bind_int(stmt, "regnr", group->regnr);
    nks_bind_int(stmt, "execution_date", group->execution_date);
    nks_bind_int(stmt, "moved", group->moved);
    nks_bind_bytes(stmt, "record", record.ptr, record.len);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_group_next_moved(struct nks_payments *payments, int64_t batch_id, uint32_t after, uint32_t *number,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_group_next_moved, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch_id);
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *number = found ? (uint32_t)nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status read_group(struct nks_payments *payments, const struct nks_batch *batch, uint32_t number,
                                  struct nks_stmt *stmt, struct nks_fault *fault)
{
    struct nks_group *group = &payments->group;
    struct nks_text record;
    struct nks_place place = group_place(batch->id, number);
    NKS_TRY(nks_blob_decrypt(payments->blob, batch->cipher, &place, nks_column_bytes(stmt, 4), NKS_RECORD_MAX, &record,
                             fault));
    /* The record is authentic; the column is a copy for people, and nobody may send the order to another central by it.
     */
    struct nks_account account;
    int regnr = nks_debtor_account_find(record, &account) ? nks_account_regnr(&account) : -1;
    if (regnr != (int)nks_column_int(stmt, 1))
        return nks_fault_set(fault, NKS_INTEGRITY, "GROUP-ROW",
                             "group %u of batch %lld names another regnr than its record", number,
                             (long long)batch->id);
    char *copy = realloc(group->record, record.len + 1);
    if (copy == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a group");
    memcpy(copy, record.ptr, record.len);
    *group = (struct nks_group){
        .batch_id = batch->id,
        .number = number,
        .payments = nks_column_int(stmt, 0),
        .regnr = regnr,
        .execution_date = (nks_date)nks_column_int(stmt, 2),
        .moved = (enum nks_reason)nks_column_int(stmt, 3),
        .record = copy,
        .record_len = record.len,
    };
    return NKS_OK;
}

enum nks_status nks_group_load(struct nks_payments *payments, const struct nks_batch *batch, uint32_t number,
                               const struct nks_group **out, struct nks_fault *fault)
{
    *out = &payments->group;
    if (payments->group.batch_id == batch->id && payments->group.number == number)
        return NKS_OK;
    payments->group.batch_id = 0;
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_group_load, &stmt, fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    nks_bind_int(stmt, "number", number);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    enum nks_status status = found ? read_group(payments, batch, number, stmt, fault)
                                   : nks_fault_set(fault, NKS_INTEGRITY, "GROUP-MISSING",
                                                   "group %u of batch %lld is missing", number, (long long)batch->id);
    nks_stmt_end(stmt);
    return status;
}
