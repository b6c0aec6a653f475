/* Data centrals: the book of them, and what is asked of it. */
#include "exchange/central_private.h"

#include "base/pack.h"
#include "central_sql.h"
#include "denmark/bankday.h"

#include <stdlib.h>
#include <string.h>

/* ---- terms: packed and back */

void nks_central_pack(struct nks_buf *buf, const struct nks_central *c)
{
    nks_pack_int(buf, c->number);
    nks_pack_int(buf, c->ended);
    nks_pack_text(buf, nks_text_from(c->name));
    nks_pack_text(buf, c->title);
    nks_pack_int(buf, (int64_t)c->order_version);
    nks_pack_int(buf, c->max_payments);
    nks_pack_int(buf, c->max_bytes);
    nks_pack_int(buf, c->cut_off);
    nks_pack_int(buf, (int64_t)c->range_count);
    for (size_t i = 0; i < c->range_count; i++) {
        nks_pack_int(buf, c->ranges[i].from);
        nks_pack_int(buf, c->ranges[i].to);
    }
    nks_pack_int(buf, (int64_t)c->match_count);
    for (size_t i = 0; i < c->match_count; i++)
        nks_pack_int(buf, (int64_t)c->match[i]);
    nks_pack_int(buf, c->totals);
    nks_pack_int(buf, c->silent_reject);
    nks_pack_int(buf, c->answers);
    nks_pack_int(buf, (int64_t)c->answer_by);
    nks_pack_int(buf, c->answer_value);
    if (c->signature != NKS_SIGNATURE_NONE) /* terms from before the column are those of NONE */
        nks_pack_int(buf, (int64_t)c->signature);
}

static bool unpack_answers(struct nks_unpack *from, struct nks_central *c)
{
    int64_t count = nks_unpack_int(from);
    if (from->bad || count < 0 || count > NKS_MATCHES)
        return false;
    c->match_count = (size_t)count;
    for (size_t i = 0; i < c->match_count; i++)
        c->match[i] = (enum nks_match)nks_unpack_int(from);
    c->totals = nks_unpack_int(from) != 0;
    c->silent_reject = nks_unpack_int(from) != 0;
    c->answers = (unsigned)nks_unpack_int(from);
    c->answer_by = (enum nks_answer_by)nks_unpack_int(from);
    c->answer_value = (int)nks_unpack_int(from);
    if (from->rest.len > 0)
        c->signature = (enum nks_signature_rule)nks_unpack_int(from);
    return true;
}

/* `title` points into `plain`. */
static bool unpack_central(struct nks_text plain, struct nks_central *c)
{
    struct nks_unpack from = {.rest = plain};
    c->number = nks_unpack_int(&from);
    c->ended = nks_unpack_int(&from) != 0;
    from.bad |= !nks_text_copy(nks_unpack_text(&from), c->name, sizeof c->name);
    c->title = nks_unpack_text(&from);
    c->order_version = (enum nks_pain001_version)nks_unpack_int(&from);
    c->max_payments = nks_unpack_int(&from);
    c->max_bytes = nks_unpack_int(&from);
    c->cut_off = (int)nks_unpack_int(&from);
    int64_t count = nks_unpack_int(&from);
    if (from.bad || count < 0 || count > NKS_CENTRAL_RANGES_MAX)
        return false;
    c->range_count = (size_t)count;
    for (size_t i = 0; i < c->range_count; i++) {
        c->ranges[i].from = (int)nks_unpack_int(&from);
        c->ranges[i].to = (int)nks_unpack_int(&from);
    }
    return unpack_answers(&from, c) && nks_unpack_done(&from);
}

/* ---- the book */

static enum nks_status row_fault(int64_t id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "CENTRAL-ROW", "central row %lld is not what was stored", (long long)id);
}

static enum nks_status book_row(struct nks_stmt *stmt, struct nks_cipher *cipher, struct nks_arena *arena,
                                struct nks_central_book *book, struct nks_fault *fault)
{
    int64_t id = nks_column_int(stmt, 0), number = nks_column_int(stmt, 1), version = nks_column_int(stmt, 2);
    struct nks_text bytes = nks_column_bytes(stmt, 3);
    struct nks_place place = {"central", "terms", id, 0, version};
    if (bytes.len < NKS_CIPHER_OVERHEAD)
        return row_fault(id, fault);
    if (book->count == NKS_CENTRALS_MAX)
        return nks_fault_set(fault, NKS_FAILED, "CENTRAL-MANY", "more than %d centrals", NKS_CENTRALS_MAX);
    size_t len = bytes.len - NKS_CIPHER_OVERHEAD;
    struct nks_central *row = nks_arena_alloc(arena, sizeof *row);
    char *plain = nks_arena_alloc(arena, len + 1);
    if (row == NULL || plain == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the centrals; try again later");
    NKS_TRY(nks_cipher_decrypt(cipher, &place, bytes.ptr, bytes.len, plain, fault));
    if (!unpack_central((struct nks_text){plain, len}, row) || row->number != number)
        return row_fault(id, fault);
    row->id = id;
    row->version = version;
    book->rows[book->count++] = row;
    return NKS_OK;
}

enum nks_status nks_central_book_rows(struct nks_db *db, struct nks_cipher *cipher, struct nks_arena *arena,
                                      struct nks_central_book *book, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    book->count = 0;
    book->rows = nks_arena_alloc(arena, NKS_CENTRALS_MAX * sizeof(book->rows[0]));
    if (book->rows == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the centrals; try again later");
    NKS_TRY(nks_stmt_start(db, &nks_sql_central_newest, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status == NKS_OK && row)
            status = book_row(stmt, cipher, arena, book, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_central_book_load(struct nks_db *db, struct nks_keys *keys, struct nks_arena *arena,
                                      struct nks_central_book *book, struct nks_fault *fault)
{
    struct nks_cipher *cipher = NULL;
    NKS_TRY(nks_cipher_open(keys, NKS_KEY_EXCHANGE, &cipher, fault));
    enum nks_status status = nks_central_book_rows(db, cipher, arena, book, fault);
    nks_cipher_free(cipher);
    return status;
}

const struct nks_central *nks_central_for_regnr(const struct nks_central_book *book, int regnr)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct nks_central *c = book->rows[i];
        for (size_t r = 0; r < c->range_count && !c->ended; r++) {
            if (regnr >= c->ranges[r].from && regnr <= c->ranges[r].to)
                return c;
        }
    }
    return NULL;
}

const struct nks_central *nks_central_by_number(const struct nks_central_book *book, int64_t number)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->rows[i]->number == number)
            return book->rows[i];
    }
    return NULL;
}

const struct nks_central *nks_central_by_name(const struct nks_central_book *book, struct nks_text name)
{
    for (size_t i = 0; i < book->count; i++) {
        if (nks_text_is(name, book->rows[i]->name))
            return book->rows[i];
    }
    return NULL;
}

/* ---- answers */

bool nks_central_matches(const struct nks_central *central, enum nks_match match)
{
    for (size_t i = 0; i < central->match_count; i++) {
        if (central->match[i] == match)
            return true;
    }
    return false;
}

nks_time nks_central_answer_by(const struct nks_central *central, nks_time created, nks_date base)
{
    if (central->answer_by == NKS_ANSWER_BY_HOURS)
        return created + (nks_time)central->answer_value * 3600;
    int minute = central->answer_by == NKS_ANSWER_BY_TIME ? central->answer_value : central->cut_off;
    return nks_copenhagen_time(nks_bankday_add(base, 1), minute);
}
