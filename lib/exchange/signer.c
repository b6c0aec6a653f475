/* Pinned certificates: rows, and the book of them. */
#include "exchange/signer.h"

#include "base/pack.h"
#include "exchange/exchange_private.h"

#include <string.h>

enum { TERMS_MAX = NKS_CERT_DER_MAX + 512 };

/* ---- terms: packed and back */

static void pack_signer(struct nks_buf *buf, const struct nks_signer *signer)
{
    nks_pack_int(buf, signer->number);
    nks_pack_int(buf, signer->ended);
    nks_pack_int(buf, (int64_t)signer->source);
    nks_pack_text(buf, nks_text_from(signer->party));
    nks_pack_int(buf, signer->from);
    nks_pack_int(buf, signer->to);
    nks_pack_int(buf, signer->not_before);
    nks_pack_int(buf, signer->not_after);
    nks_pack_text(buf, signer->der);
}

/* `der` points into `plain`. */
static bool unpack_signer(struct nks_text plain, struct nks_signer *signer)
{
    struct nks_unpack from = {.rest = plain};
    signer->number = nks_unpack_int(&from);
    signer->ended = nks_unpack_int(&from) != 0;
    signer->source = (enum nks_source)nks_unpack_int(&from);
    from.bad |= !nks_text_copy(nks_unpack_text(&from), signer->party, sizeof signer->party);
    signer->from = nks_unpack_int(&from);
    signer->to = nks_unpack_int(&from);
    signer->not_before = nks_unpack_int(&from);
    signer->not_after = nks_unpack_int(&from);
    signer->der = nks_unpack_text(&from);
    return nks_unpack_done(&from);
}

/* ---- the book */

static enum nks_status row_fault(int64_t id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "SIGNER-ROW", "signer row %lld is not what was stored", (long long)id);
}

static enum nks_status many_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_REFUSED, "SIGNER-MANY", "at most %d signers of a party at a time, %d in all",
                         NKS_SIGNERS_OF_PARTY_MAX, NKS_SIGNERS_MAX);
}

static enum nks_status book_row(struct nks_exchange *exchange, struct nks_stmt *stmt, struct nks_arena *arena,
                                struct nks_signer_book *book, struct nks_fault *fault)
{
    int64_t id = nks_column_int(stmt, 0), number = nks_column_int(stmt, 1), version = nks_column_int(stmt, 2);
    struct nks_text record = nks_column_bytes(stmt, 3);
    struct nks_place place = {"signer", "terms", id, number, version};
    if (record.len < NKS_CIPHER_OVERHEAD || record.len > TERMS_MAX + NKS_CIPHER_OVERHEAD)
        return row_fault(id, fault);
    if (book->count == NKS_SIGNERS_MAX)
        return many_fault(fault);
    size_t len = record.len - NKS_CIPHER_OVERHEAD;
    struct nks_signer *row = nks_arena_alloc(arena, sizeof *row);
    char *plain = nks_arena_alloc(arena, len + 1);
    if (row == NULL || plain == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the signers; try again later");
    memset(row, 0, sizeof *row);
    NKS_TRY(nks_cipher_decrypt(exchange->cipher, &place, record.ptr, record.len, plain, fault));
    if (!unpack_signer((struct nks_text){plain, len}, row) || row->number != number)
        return row_fault(id, fault);
    row->id = id;
    row->version = version;
    nks_hash_once(row->der.ptr, row->der.len, row->fingerprint);
    book->rows[book->count++] = row;
    return NKS_OK;
}

enum nks_status nks_signer_row_check(struct nks_exchange *exchange, int64_t id, int64_t number, int64_t version,
                                     struct nks_text terms, struct nks_fault *fault)
{
    char plain[TERMS_MAX];
    struct nks_signer signer;
    struct nks_place place = {"signer", "terms", id, number, version};
    if (terms.len < NKS_CIPHER_OVERHEAD || terms.len - NKS_CIPHER_OVERHEAD > sizeof plain)
        return row_fault(id, fault);
    NKS_TRY(nks_cipher_decrypt(exchange->cipher, &place, terms.ptr, terms.len, plain, fault));
    bool good = unpack_signer((struct nks_text){plain, terms.len - NKS_CIPHER_OVERHEAD}, &signer);
    return good && signer.number == number ? NKS_OK : row_fault(id, fault);
}

enum nks_status nks_signer_book_load(struct nks_exchange *exchange, struct nks_arena *arena,
                                     struct nks_signer_book *book, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    book->count = 0;
    book->rows = nks_arena_alloc(arena, NKS_SIGNERS_MAX * sizeof(book->rows[0]));
    if (book->rows == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the signers; try again later");
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_signer_newest, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status == NKS_OK && row)
            status = book_row(exchange, stmt, arena, book, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

const struct nks_signer *nks_signer_by_number(const struct nks_signer_book *book, int64_t number)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->rows[i]->number == number && !book->rows[i]->ended)
            return book->rows[i];
    }
    return NULL;
}

size_t nks_signers_of(const struct nks_signer_book *book, enum nks_source source, const char *party,
                      const struct nks_signer *out[NKS_SIGNERS_OF_PARTY_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < book->count && count < NKS_SIGNERS_OF_PARTY_MAX; i++) {
        const struct nks_signer *row = book->rows[i];
        if (!row->ended && row->source == source && strcmp(row->party, party) == 0)
            out[count++] = row;
    }
    return count;
}

/* ---- new versions */

enum nks_status nks_signer_check(const struct nks_signer_book *book, const struct nks_cert *cert, nks_time now,
                                 struct nks_signer *signer, struct nks_fault *fault)
{
    const struct nks_signer *others[NKS_SIGNERS_OF_PARTY_MAX];
    size_t count = nks_signers_of(book, signer->source, signer->party, others);
    signer->not_before = nks_cert_not_before(cert);
    signer->not_after = nks_cert_not_after(cert);
    signer->der = nks_cert_der(cert);
    memcpy(signer->fingerprint, nks_cert_fingerprint(cert), NKS_HASH_SIZE);
    if (signer->from < signer->not_before)
        signer->from = signer->not_before;
    if (signer->to == 0 || signer->to > signer->not_after)
        signer->to = signer->not_after;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(others[i]->fingerprint, signer->fingerprint, NKS_HASH_SIZE) == 0)
            return nks_fault_set(fault, NKS_REFUSED, "SIGNER-EXISTS", "%s has this certificate already, as signer %lld",
                                 signer->party, (long long)others[i]->number);
    }
    if (signer->to < signer->from || signer->to < now)
        return nks_fault_set(fault, NKS_REFUSED, "SIGNER-TIME",
                             "the certificate is never valid in that time; look at its dates, --from and --to");
    return count == NKS_SIGNERS_OF_PARTY_MAX || book->count == NKS_SIGNERS_MAX ? many_fault(fault) : NKS_OK;
}

static enum nks_status insert(struct nks_exchange *exchange, const struct nks_signer *signer, struct nks_fault *fault)
{
    char plain[TERMS_MAX];
    uint8_t record[TERMS_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    nks_buf_init(&buf, plain, sizeof plain);
    pack_signer(&buf, signer);
    if (buf.overflow)
        return nks_fault_set(fault, NKS_REFUSED, "CERT-FORM", "the certificate is too long");
    struct nks_place place = {"signer", "terms", signer->id, signer->number, signer->version};
    NKS_TRY(nks_cipher_encrypt(exchange->cipher, &place, plain, buf.len, record, fault));
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_signer_insert, &stmt, fault));
    nks_bind_int(stmt, "signer_id", signer->id);
    nks_bind_int(stmt, "number", signer->number);
    nks_bind_int(stmt, "version", signer->version);
    nks_bind_bytes(stmt, "terms", record, buf.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status last(struct nks_exchange *exchange, int64_t *id, int64_t *number, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(exchange->db, &nks_sql_signer_next, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *id = nks_column_int(stmt, 0);
    *number = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_signer_add(struct nks_exchange *exchange, struct nks_signer *signer, struct nks_fault *fault)
{
    NKS_TRY(last(exchange, &signer->id, &signer->number, fault));
    signer->id++;
    signer->number++;
    signer->version = 1;
    return insert(exchange, signer, fault);
}

enum nks_status nks_signer_end(struct nks_exchange *exchange, const struct nks_signer *signer, struct nks_fault *fault)
{
    struct nks_signer next = *signer;
    int64_t number = 0;
    NKS_TRY(last(exchange, &next.id, &number, fault));
    next.id++;
    next.version++;
    next.ended = true;
    return insert(exchange, &next, fault);
}
