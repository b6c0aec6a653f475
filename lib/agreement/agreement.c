/* The book of agreements, and what is asked of it. */
#include "agreement/agreement_private.h"

#include "agreement_sql.h"
#include "denmark/cvr.h"

#include <stdlib.h>
#include <string.h>

/* ---- the book */

static enum nks_status memory_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the agreements; try again later");
}

static int compare_rows(const void *left, const void *right)
{
    const struct nks_agreement *a = *(struct nks_agreement *const *)left, *b = *(struct nks_agreement *const *)right;
    int order = strcmp(a->sender, b->sender);
    if (order == 0)
        order = strcmp(a->payer, b->payer);
    return order != 0 ? order : (a->version > b->version) - (a->version < b->version);
}

static enum nks_status book_row(struct nks_stmt *stmt, struct nks_cipher *cipher, struct nks_arena *arena,
                                struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_text bytes = nks_column_bytes(stmt, 4);
    size_t len = bytes.len < NKS_CIPHER_OVERHEAD ? 0 : bytes.len - NKS_CIPHER_OVERHEAD;
    if (book->count == NKS_AGREEMENTS_MAX)
        return nks_fault_set(fault, NKS_FAILED, "AGREEMENT-MANY", "more than %d versions of agreements",
                             NKS_AGREEMENTS_MAX);
    struct nks_agreement *row = nks_arena_alloc(arena, sizeof *row);
    char *plain = nks_arena_alloc(arena, len + 1);
    if (row == NULL || plain == NULL)
        return memory_fault(fault);
    int64_t id = nks_column_int(stmt, 0), version = nks_column_int(stmt, 3);
    NKS_TRY(nks_agreement_open(cipher, id, version, bytes, plain, len, fault));
    NKS_TRY(nks_agreement_read(id, version, nks_column_text(stmt, 1), nks_column_text(stmt, 2),
                               (struct nks_text){plain, len}, row, fault));
    book->rows[book->count++] = row;
    return NKS_OK;
}

static enum nks_status book_rows(struct nks_db *db, struct nks_cipher *cipher, struct nks_arena *arena,
                                 struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, &nks_sql_agreement_all, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status == NKS_OK && row)
            status = book_row(stmt, cipher, arena, book, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_agreement_book_load(struct nks_db *db, struct nks_keys *keys, struct nks_arena *arena,
                                        struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_cipher *cipher = NULL;
    book->count = 0;
    book->rows = nks_arena_alloc(arena, NKS_AGREEMENTS_MAX * sizeof(book->rows[0]));
    if (book->rows == NULL)
        return memory_fault(fault);
    NKS_TRY(nks_cipher_open(keys, NKS_KEY_AGREEMENT, &cipher, fault));
    enum nks_status status = book_rows(db, cipher, arena, book, fault);
    nks_cipher_free(cipher);
    qsort(book->rows, book->count, sizeof(book->rows[0]), compare_rows);
    return status;
}

/* ---- questions to the book */

static bool same_pair(const struct nks_agreement *a, const struct nks_agreement *b)
{
    return strcmp(a->sender, b->sender) == 0 && strcmp(a->payer, b->payer) == 0;
}

/*
 * A version takes over on its valid_from: of the versions rows[first .. end), oldest first, the newest that has begun
 * on `on` governs; it may have expired or ended, and then nothing is in force.
 */
static const struct nks_agreement *in_force(struct nks_agreement *const *rows, size_t count, nks_date on)
{
    for (size_t i = count; i-- > 0;) {
        const struct nks_agreement *a = rows[i];
        if (a->ended)
            return NULL;
        if (a->valid_from <= on)
            return a->valid_to == NKS_DATE_NONE || on <= a->valid_to ? a : NULL;
    }
    return NULL;
}

static bool has_customer_id(const struct nks_agreement *a, struct nks_text id)
{
    for (size_t i = 0; i < a->customer_id_count; i++) {
        if (nks_text_equal(a->customer_ids[i], id))
            return true;
    }
    return false;
}

/* What a search is after: a match is exact (the agreement names the id) or by the payer's CVR. */
struct search {
    struct nks_text id;
    char cvr[NKS_CVR_DIGITS + 1];
    const struct nks_account *account;
};

static bool match_id(const struct nks_agreement *a, const struct search *search)
{
    return has_customer_id(a, search->id);
}

static bool match_cvr(const struct nks_agreement *a, const struct search *search)
{
    return search->cvr[0] != '\0' && strcmp(a->payer_cvr, search->cvr) == 0;
}

static bool match_account(const struct nks_agreement *a, const struct search *search)
{
    return nks_agreement_has_account(a, search->account);
}

/* The only agreement in force of the sender that matches; NULL when none or two do. */
static const struct nks_agreement *only_match(const struct nks_agreement_book *book, struct nks_text sender,
                                              nks_date on,
                                              bool (*match)(const struct nks_agreement *, const struct search *),
                                              const struct search *search, bool *several)
{
    const struct nks_agreement *found = NULL;
    *several = false;
    for (size_t first = 0, end; first < book->count; first = end) {
        end = first + 1;
        while (end < book->count && same_pair(book->rows[first], book->rows[end]))
            end++;
        if (!nks_text_is(sender, book->rows[first]->sender))
            continue;
        const struct nks_agreement *a = in_force(book->rows + first, end - first, on);
        if (a == NULL || !match(a, search))
            continue;
        *several = found != NULL;
        if (*several)
            return NULL;
        found = a;
    }
    return found;
}

const struct nks_agreement *nks_agreement_find_customer(const struct nks_agreement_book *book, struct nks_text sender,
                                                        struct nks_text id, nks_date on)
{
    struct search search = {.id = nks_text_trim(id)};
    bool several = false;
    if (nks_cvr_parse(search.id, search.cvr) != NKS_CVR_GOOD)
        search.cvr[0] = '\0';
    const struct nks_agreement *found = only_match(book, sender, on, match_id, &search, &several);
    if (found != NULL || several)
        return found;
    return only_match(book, sender, on, match_cvr, &search, &several);
}

const struct nks_agreement *nks_agreement_find_account(const struct nks_agreement_book *book, struct nks_text sender,
                                                       const struct nks_account *account, nks_date on)
{
    struct search search = {.account = account};
    bool several = false;
    return only_match(book, sender, on, match_account, &search, &several);
}

const struct nks_agreement *nks_agreement_by_id(const struct nks_agreement_book *book, int64_t id)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->rows[i]->id == id)
            return book->rows[i];
    }
    return NULL;
}

bool nks_agreement_is_other_payer(const struct nks_agreement_book *book, const struct nks_agreement *agreement,
                                  struct nks_text id)
{
    char cvr[9];
    bool other = false;
    if (nks_cvr_parse(nks_text_trim(id), cvr) != NKS_CVR_GOOD || strcmp(cvr, agreement->payer_cvr) == 0)
        return false;
    for (size_t i = 0; i < book->count && !other; i++)
        other = strcmp(book->rows[i]->payer_cvr, cvr) == 0;
    return other;
}

bool nks_agreement_sender_known(const struct nks_agreement_book *book, struct nks_text sender)
{
    for (size_t i = 0; i < book->count; i++) {
        if (nks_text_is(sender, book->rows[i]->sender))
            return true;
    }
    return false;
}

enum nks_language nks_agreement_sender_language(const struct nks_agreement_book *book, struct nks_text sender,
                                                nks_date on)
{
    const struct nks_agreement *first = NULL;
    for (size_t at = 0, end; at < book->count; at = end) {
        for (end = at + 1; end < book->count && same_pair(book->rows[at], book->rows[end]);)
            end++;
        const struct nks_agreement *a = in_force(book->rows + at, end - at, on);
        if (a == NULL || !nks_text_is(sender, a->sender))
            continue;
        if (first != NULL && first->reason_language != a->reason_language)
            return NKS_ENGLISH;
        first = a;
    }
    return first != NULL ? first->reason_language : NKS_ENGLISH;
}

enum nks_signature_rule nks_agreement_sender_signature(const struct nks_agreement_book *book, struct nks_text sender,
                                                       nks_date on)
{
    enum nks_signature_rule strictest = NKS_SIGNATURE_NONE;
    for (size_t at = 0, end; at < book->count; at = end) {
        for (end = at + 1; end < book->count && same_pair(book->rows[at], book->rows[end]);)
            end++;
        const struct nks_agreement *a = in_force(book->rows + at, end - at, on);
        if (a != NULL && nks_text_is(sender, a->sender) && a->signature > strictest)
            strictest = a->signature;
    }
    return strictest;
}

bool nks_agreement_has_account(const struct nks_agreement *agreement, const struct nks_account *account)
{
    for (size_t i = 0; i < agreement->account_count; i++) {
        if (nks_account_equal(&agreement->accounts[i], account))
            return true;
    }
    return false;
}

bool nks_agreement_has_ydelsesart(const struct nks_agreement *agreement, struct nks_text ydelsesart)
{
    if (agreement->any_ydelsesart || ydelsesart.len == 0)
        return true;
    for (size_t i = 0; i < agreement->ydelsesart_count; i++) {
        if (nks_text_equal(agreement->ydelsesarter[i], ydelsesart))
            return true;
    }
    return false;
}

static bool is_above(struct nks_sum sum, int64_t max_minor)
{
    struct nks_sum max = {0};
    return max_minor > 0 && nks_sum_add(&max, (struct nks_money){max_minor, "DKK"}) && sum.scaled > max.scaled;
}

bool nks_agreement_payment_above(const struct nks_agreement *agreement, struct nks_sum amount)
{
    return is_above(amount, agreement->max_payment_minor);
}

bool nks_agreement_batch_above(const struct nks_agreement *agreement, struct nks_sum sum)
{
    return is_above(sum, agreement->max_batch_minor);
}

bool nks_agreement_offsets(const struct nks_agreement *agreement, struct nks_text ydelsesart)
{
    if (agreement->offset_mode == NKS_OFFSET_NONE)
        return false;
    for (size_t i = 0; i < agreement->offset_ydelsesart_count; i++) {
        if (nks_text_equal(agreement->offset_ydelsesarter[i], ydelsesart))
            return true;
    }
    return false;
}
