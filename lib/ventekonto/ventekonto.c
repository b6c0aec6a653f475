/* Entries of the ventekonto: added with the leg that goes there, returned when the bank rejects it. */
#include "ventekonto/ventekonto.h"

#include "base/pack.h"
#include "ventekonto_sql.h"

#include <stdlib.h>

enum { DETAILS_MAX = 2048 };

const char *const nks_ventekonto_erased[] = {"ventekonto_entry", NULL};

struct nks_ventekonto {
    struct nks_db *db;
    struct nks_cipher *cipher;
};

enum nks_status nks_ventekonto_open(struct nks_db *db, struct nks_keys *keys, struct nks_ventekonto **out,
                                    struct nks_fault *fault)
{
    *out = NULL;
    struct nks_ventekonto *ventekonto = calloc(1, sizeof *ventekonto);
    if (ventekonto == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the ventekonto; try again later");
    ventekonto->db = db;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_VENTEKONTO, &ventekonto->cipher, fault);
    if (status != NKS_OK) {
        free(ventekonto);
        return status;
    }
    *out = ventekonto;
    return NKS_OK;
}

void nks_ventekonto_close(struct nks_ventekonto *ventekonto)
{
    if (ventekonto == NULL)
        return;
    nks_cipher_free(ventekonto->cipher);
    free(ventekonto);
}

/* The clear columns first, so that whoever changes one is found out; then what only the encrypted part says. */
static void pack_entry(struct nks_buf *buf, const struct nks_ventekonto_entry *entry)
{
    nks_pack_int(buf, entry->holder.key);
    nks_pack_int(buf, entry->holder.check);
    nks_pack_text(buf, entry->payer);
    nks_pack_int(buf, entry->amount_minor);
    nks_pack_text(buf, entry->currency);
    nks_pack_int(buf, entry->date_in);
    nks_pack_text(buf, entry->holder_kind);
    nks_pack_text(buf, entry->holder_id);
    nks_pack_text(buf, entry->ydelsesart);
    nks_pack_text(buf, entry->end_to_end_id);
}

enum nks_status nks_ventekonto_add(struct nks_ventekonto *ventekonto, const struct nks_ventekonto_entry *entry,
                                   struct nks_fault *fault)
{
    char memory[DETAILS_MAX];
    uint8_t bytes[DETAILS_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_stmt *stmt = NULL;
    struct nks_place place = {"ventekonto_entry", "details", entry->slice_id, entry->n, entry->generation};
    nks_buf_init(&buf, memory, sizeof memory);
    pack_entry(&buf, entry);
    if (buf.overflow)
        return nks_fault_set(fault, NKS_FAILED, "VENTEKONTO-LONG", "the details of an entry are too long: a defect");
    NKS_TRY(nks_cipher_encrypt(ventekonto->cipher, &place, buf.ptr, buf.len, bytes, fault));
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", entry->slice_id);
    nks_bind_int(stmt, "n", entry->n);
    nks_bind_int(stmt, "generation", entry->generation);
    nks_bind_int(stmt, "holder_key", entry->holder.key);
    nks_bind_int(stmt, "holder_check", entry->holder.check);
    nks_bind_text(stmt, "payer", entry->payer);
    nks_bind_int(stmt, "amount_minor", entry->amount_minor);
    nks_bind_text(stmt, "currency", entry->currency);
    nks_bind_int(stmt, "date_in", entry->date_in);
    nks_bind_int(stmt, "state", NKS_VENTEKONTO_OPEN);
    nks_bind_bytes(stmt, "details", bytes, buf.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static void bind_key(struct nks_stmt *stmt, int64_t slice_id, int32_t n, int32_t generation)
{
    nks_bind_int(stmt, "slice_id", slice_id);
    nks_bind_int(stmt, "n", n);
    nks_bind_int(stmt, "generation", generation);
}

/* Doing it again changes nothing; an entry that went on (released, escheated) cannot come back by a bank's answer. */
enum nks_status nks_ventekonto_return(struct nks_ventekonto *ventekonto, int64_t slice_id, int32_t n,
                                      int32_t generation, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    bool found = false;
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_move, &stmt, fault));
    bind_key(stmt, slice_id, n, generation);
    nks_bind_int(stmt, "from_state", NKS_VENTEKONTO_OPEN);
    nks_bind_int(stmt, "to_state", NKS_VENTEKONTO_RETURNED);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    if (changed == 1)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_state, &stmt, fault));
    bind_key(stmt, slice_id, n, generation);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    bool returned = found && nks_column_int(stmt, 0) == NKS_VENTEKONTO_RETURNED;
    nks_stmt_end(stmt);
    if (returned)
        return NKS_OK;
    return nks_fault_set(fault, NKS_HELD, "VENTEKONTO-STATE", "%s: look at the bank's answer",
                         found ? "an entry that is not open any more shall be returned"
                               : "an entry that was never made shall be returned");
}

enum nks_status nks_ventekonto_balance(struct nks_ventekonto *ventekonto, int64_t *entries, int64_t *amount_minor,
                                       struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_balance, &stmt, fault));
    nks_bind_int(stmt, "state", NKS_VENTEKONTO_OPEN);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *entries = found ? nks_column_int(stmt, 0) : 0;
    *amount_minor = found ? nks_column_int(stmt, 1) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_ventekonto_open_count(struct nks_ventekonto *ventekonto, int64_t first, int64_t last,
                                          int64_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_count, &stmt, fault));
    nks_bind_int(stmt, "first", first);
    nks_bind_int(stmt, "last", last);
    nks_bind_int(stmt, "state", NKS_VENTEKONTO_OPEN);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *count = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_ventekonto_erase(struct nks_ventekonto *ventekonto, int64_t first, int64_t last,
                                     struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(ventekonto->db, &nks_sql_ventekonto_erase, &stmt, fault));
    nks_bind_bytes(stmt, "none", "", 0);
    nks_bind_int(stmt, "first", first);
    nks_bind_int(stmt, "last", last);
    return nks_stmt_run(stmt, NULL, fault);
}
