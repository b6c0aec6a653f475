/* The terms of an agreement: its struct packed, encrypted, and back. */
#include "agreement/agreement_private.h"

#include "base/pack.h"

#include <string.h>

static void pack_account(struct nks_buf *buf, const struct nks_account *account)
{
    nks_pack_int(buf, (int64_t)account->kind);
    nks_pack_text(buf, nks_text_from(account->id));
    nks_pack_text(buf, nks_text_from(account->bic));
}

static void pack_texts(struct nks_buf *buf, const struct nks_text *texts, size_t count)
{
    nks_pack_int(buf, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        nks_pack_text(buf, texts[i]);
}

void nks_agreement_pack(struct nks_buf *buf, const struct nks_agreement *a)
{
    nks_pack_int(buf, a->ended);
    nks_pack_text(buf, nks_text_from(a->sender));
    nks_pack_text(buf, nks_text_from(a->payer));
    nks_pack_text(buf, nks_text_from(a->payer_cvr));
    nks_pack_text(buf, a->payer_name);
    pack_texts(buf, a->customer_ids, a->customer_id_count);
    nks_pack_int(buf, (int64_t)a->account_count);
    for (size_t i = 0; i < a->account_count; i++)
        pack_account(buf, &a->accounts[i]);
    nks_pack_int(buf, a->any_ydelsesart);
    pack_texts(buf, a->ydelsesarter, a->ydelsesart_count);
    nks_pack_int(buf, (int64_t)a->offset_mode);
    pack_texts(buf, a->offset_ydelsesarter, a->offset_ydelsesart_count);
    nks_pack_int(buf, a->days_before);
    nks_pack_int(buf, (int64_t)a->no_account);
    pack_account(buf, &a->no_account_account);
    nks_pack_text(buf, a->no_account_name);
    nks_pack_int(buf, (int64_t)a->report_level);
    nks_pack_int(buf, a->report_version);
    nks_pack_int(buf, (int64_t)a->payer_kind);
    nks_pack_int(buf, a->report_account);
    nks_pack_int(buf, a->report_debt);
    nks_pack_int(buf, (int64_t)a->reason_language);
    nks_pack_int(buf, a->valid_from);
    nks_pack_int(buf, a->valid_to);
    nks_pack_int(buf, a->max_payment_minor);
    nks_pack_int(buf, a->max_batch_minor);
    if (a->signature != NKS_SIGNATURE_NONE) /* terms from before the column are those of NONE */
        nks_pack_int(buf, (int64_t)a->signature);
}

static void unpack_chars(struct nks_unpack *from, char *out, size_t size)
{
    from->bad |= !nks_text_copy(nks_unpack_text(from), out, size);
}

static void unpack_account(struct nks_unpack *from, struct nks_account *account)
{
    account->kind = (enum nks_account_kind)nks_unpack_int(from);
    unpack_chars(from, account->id, sizeof account->id);
    unpack_chars(from, account->bic, sizeof account->bic);
}

static size_t unpack_count(struct nks_unpack *from, size_t max)
{
    int64_t count = nks_unpack_int(from);
    from->bad |= count < 0 || (uint64_t)count > max;
    return from->bad ? 0 : (size_t)count;
}

static size_t unpack_texts(struct nks_unpack *from, struct nks_text *texts, size_t max)
{
    size_t count = unpack_count(from, max);
    for (size_t i = 0; i < count; i++)
        texts[i] = nks_unpack_text(from);
    return count;
}

/* Texts of the agreement point into `plain`. */
static bool unpack_agreement(struct nks_text plain, struct nks_agreement *a)
{
    struct nks_unpack from = {.rest = plain};
    a->ended = nks_unpack_int(&from) != 0;
    unpack_chars(&from, a->sender, sizeof a->sender);
    unpack_chars(&from, a->payer, sizeof a->payer);
    unpack_chars(&from, a->payer_cvr, sizeof a->payer_cvr);
    a->payer_name = nks_unpack_text(&from);
    a->customer_id_count = unpack_texts(&from, a->customer_ids, NKS_AGREEMENT_CUSTOMER_IDS_MAX);
    a->account_count = unpack_count(&from, NKS_AGREEMENT_ACCOUNTS_MAX);
    for (size_t i = 0; i < a->account_count; i++)
        unpack_account(&from, &a->accounts[i]);
    a->any_ydelsesart = nks_unpack_int(&from) != 0;
    a->ydelsesart_count = unpack_texts(&from, a->ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX);
    a->offset_mode = (enum nks_offset_mode)nks_unpack_int(&from);
    a->offset_ydelsesart_count = unpack_texts(&from, a->offset_ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX);
    a->days_before = (int)nks_unpack_int(&from);
    a->no_account = (enum nks_no_account)nks_unpack_int(&from);
    unpack_account(&from, &a->no_account_account);
    a->no_account_name = nks_unpack_text(&from);
    a->report_level = (enum nks_report_level)nks_unpack_int(&from);
    a->report_version = (int)nks_unpack_int(&from);
    a->payer_kind = (enum nks_payer_kind)nks_unpack_int(&from);
    a->report_account = nks_unpack_int(&from) != 0;
    a->report_debt = nks_unpack_int(&from) != 0;
    a->reason_language = (enum nks_language)nks_unpack_int(&from);
    a->valid_from = (nks_date)nks_unpack_int(&from);
    a->valid_to = (nks_date)nks_unpack_int(&from);
    a->max_payment_minor = nks_unpack_int(&from);
    a->max_batch_minor = nks_unpack_int(&from);
    if (from.rest.len > 0)
        a->signature = (enum nks_signature_rule)nks_unpack_int(&from);
    return nks_unpack_done(&from);
}

enum nks_status nks_agreement_open(struct nks_cipher *cipher, int64_t id, int64_t version, struct nks_text bytes,
                                   char *plain, size_t size, struct nks_fault *fault)
{
    struct nks_place place = {"agreement", "terms", id, 0, version};
    if (bytes.len < NKS_CIPHER_OVERHEAD || bytes.len - NKS_CIPHER_OVERHEAD > size)
        return nks_fault_set(fault, NKS_INTEGRITY, "AGREEMENT-ROW", "agreement %lld is not what was stored",
                             (long long)id);
    return nks_cipher_decrypt(cipher, &place, bytes.ptr, bytes.len, plain, fault);
}

/* The clear keys of a row stand in its terms too: who changes them changes the agreement. */
enum nks_status nks_agreement_read(int64_t id, int64_t version, struct nks_text sender, struct nks_text payer,
                                   struct nks_text plain, struct nks_agreement *out, struct nks_fault *fault)
{
    memset(out, 0, sizeof *out);
    bool good = unpack_agreement(plain, out) && nks_text_is(sender, out->sender) && nks_text_is(payer, out->payer);
    out->id = id;
    out->version = version;
    return good ? NKS_OK
                : nks_fault_set(fault, NKS_INTEGRITY, "AGREEMENT-ROW", "agreement %lld is not what was stored",
                                (long long)id);
}
