/*
 * The decisions of a slice as one encrypted blob: per payment where it goes and by which version, per leg its kind,
 * amount, central and destination. The leg rows repeat what is countable; nks_slice_load compares the two.
 */
#include "payment/store.h"

#include "base/pack.h"

#include <string.h>

enum { DECISION_VERSION = 1, PAYMENT_BOUND = 160, LEG_BOUND = 480 };
enum to_kind { TO_OWN = 0, TO_PAYMENT_ACCOUNT = 1 };

static struct nks_place decision_place(const struct nks_slice *slice)
{
    return (struct nks_place){"slice_decision", "decisions", slice->id, slice->generation, DECISION_VERSION};
}

static void pack_account(struct nks_buf *buf, const struct nks_account *account)
{
    nks_buf_char(buf, (char)account->kind);
    nks_buf_char(buf, (char)strlen(account->id));
    nks_buf_str(buf, account->id);
    nks_buf_char(buf, (char)strlen(account->bic));
    nks_buf_str(buf, account->bic);
}

static uint8_t unpack_byte(struct nks_unpack *in)
{
    if (in->bad || in->rest.len == 0) {
        in->bad = true;
        return 0;
    }
    uint8_t byte = (uint8_t)in->rest.ptr[0];
    in->rest = nks_text_slice(in->rest, 1, in->rest.len);
    return byte;
}

static void unpack_short(struct nks_unpack *in, char *out, size_t size)
{
    size_t len = unpack_byte(in);
    if (in->bad || len > in->rest.len || !nks_text_copy(nks_text_slice(in->rest, 0, len), out, size)) {
        in->bad = true;
        return;
    }
    in->rest = nks_text_slice(in->rest, len, in->rest.len);
}

static void unpack_account(struct nks_unpack *in, struct nks_account *account)
{
    account->kind = (enum nks_account_kind)unpack_byte(in);
    unpack_short(in, account->id, sizeof account->id);
    unpack_short(in, account->bic, sizeof account->bic);
}

static void pack_short(struct nks_buf *buf, const char *text)
{
    nks_buf_char(buf, (char)strlen(text));
    nks_buf_str(buf, text);
}

static bool same_account(const struct nks_account *a, const struct nks_account *b)
{
    return a->kind == b->kind && strcmp(a->id, b->id) == 0 && strcmp(a->bic, b->bic) == 0;
}

static void pack_leg(struct nks_buf *buf, const struct nks_leg *leg, const struct nks_payment *payment)
{
    nks_buf_char(buf, (char)leg->kind);
    nks_buf_char(buf, (char)leg->leg_no);
    nks_pack_int(buf, leg->amount_minor);
    nks_pack_int(buf, leg->central);
    if (leg->kind == NKS_LEG_PAYEE && payment->account != NULL && same_account(&leg->to->account, payment->account)) {
        nks_buf_char(buf, TO_PAYMENT_ACCOUNT);
        return;
    }
    nks_buf_char(buf, TO_OWN);
    pack_account(buf, &leg->to->account);
    pack_short(buf, leg->to->party_name);
    pack_short(buf, leg->to->party_cvr);
    pack_short(buf, leg->to->reference);
    nks_pack_int(buf, leg->to->claim_key);
    nks_pack_int(buf, leg->to->version);
}

static void pack_payment(struct nks_buf *buf, const struct nks_slice *slice, const struct nks_payment *payment)
{
    nks_buf_char(buf, (char)payment->found);
    nks_buf_char(buf, (char)payment->legs);
    if (payment->found != NKS_DESTINATION_NONE && payment->found != NKS_DESTINATION_COMPLETE) {
        nks_pack_int(buf, payment->register_version);
        nks_pack_int(buf, payment->account_from);
        nks_pack_int(buf, payment->account_to);
    }
    nks_buf_char(buf, payment->account != NULL);
    if (payment->account != NULL)
        pack_account(buf, payment->account);
    for (uint32_t i = 0; i < payment->legs; i++)
        pack_leg(buf, &slice->legs[payment->first_leg + i], payment);
}

enum nks_status nks_decisions_save(struct nks_payments *payments, const struct nks_slice *slice,
                                   uint8_t stored_hash[NKS_HASH_SIZE], struct nks_fault *fault)
{
    NKS_TRY(nks_payments_scratch(payments, slice->count * PAYMENT_BOUND + slice->leg_count * LEG_BOUND, fault));
    struct nks_buf buf;
    nks_buf_init(&buf, payments->scratch, payments->scratch_cap);
    for (size_t i = 0; i < slice->count; i++)
        pack_payment(&buf, slice, &slice->payments[i]);
    if (buf.overflow || buf.len > NKS_SLICE_DECISIONS)
        return nks_fault_set(fault, NKS_FAILED, "SLICE-LEGS", "the decisions of a slice do not fit");
    struct nks_place place = decision_place(slice);
    struct nks_text record;
    NKS_TRY(nks_blob_encrypt(payments->blob, payments->decision, &place, buf.ptr, buf.len, &record, fault));
    nks_hash_once(record.ptr, record.len, stored_hash);
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_decision_delete, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_decision_insert, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    nks_bind_bytes(stmt, "decisions", record.ptr, record.len);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status unpack_leg(struct nks_unpack *in, struct nks_slice *slice, struct nks_payment *payment,
                                  struct nks_fault *fault)
{
    enum nks_leg_kind kind = (enum nks_leg_kind)unpack_byte(in);
    uint8_t leg_no = unpack_byte(in);
    int64_t amount = nks_unpack_int(in);
    int64_t central = nks_unpack_int(in);
    struct nks_destination to = {.claim_key = 0};
    if (unpack_byte(in) == TO_PAYMENT_ACCOUNT) {
        if (payment->account == NULL)
            in->bad = true;
        else
            to.account = *payment->account;
        to.version = payment->register_version;
    } else {
        unpack_account(in, &to.account);
        unpack_short(in, to.party_name, sizeof to.party_name);
        unpack_short(in, to.party_cvr, sizeof to.party_cvr);
        unpack_short(in, to.reference, sizeof to.reference);
        to.claim_key = nks_unpack_int(in);
        to.version = nks_unpack_int(in);
    }
    if (in->bad || amount <= 0 || leg_no != payment->legs + 1)
        return NKS_INTEGRITY;
    return nks_slice_leg_add(slice, payment, kind, amount, central, &to, fault);
}

static enum nks_status unpack_payment(struct nks_unpack *in, struct nks_slice *slice, struct nks_payment *payment,
                                      struct nks_fault *fault)
{
    payment->found = unpack_byte(in);
    uint8_t legs = unpack_byte(in);
    if (payment->found != NKS_DESTINATION_NONE && payment->found != NKS_DESTINATION_COMPLETE) {
        payment->register_version = nks_unpack_int(in);
        payment->account_from = (nks_date)nks_unpack_int(in);
        payment->account_to = (nks_date)nks_unpack_int(in);
    }
    if (unpack_byte(in) != 0) {
        struct nks_account account = {.kind = NKS_ACCOUNT_NONE};
        unpack_account(in, &account);
        payment->account = nks_slice_account(slice, &account);
        if (payment->account == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the decisions of a slice");
    }
    for (uint8_t i = 0; i < legs && !in->bad; i++)
        NKS_TRY(unpack_leg(in, slice, payment, fault));
    return in->bad ? NKS_INTEGRITY : NKS_OK;
}

static enum nks_status unpack_all(struct nks_slice *slice, struct nks_text plain, struct nks_fault *fault)
{
    struct nks_unpack in = {plain, false};
    for (size_t i = 0; i < slice->count; i++)
        NKS_TRY(unpack_payment(&in, slice, &slice->payments[i], fault));
    return nks_unpack_done(&in) ? NKS_OK : NKS_INTEGRITY;
}

enum nks_status nks_decisions_load(struct nks_payments *payments, struct nks_slice *slice, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(payments->db, &nks_sql_decision_load, &stmt, fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return nks_fault_set(fault, NKS_INTEGRITY, "DECISION-MISSING", "the decisions of slice %lld are missing",
                             (long long)slice->id);
    struct nks_text stored = nks_column_bytes(stmt, 0), plain;
    nks_hash_once(stored.ptr, stored.len, slice->decision_hash);
    struct nks_place place = decision_place(slice);
    enum nks_status status =
        nks_blob_decrypt(payments->blob, payments->decision, &place, stored, NKS_SLICE_DECISIONS, &plain, fault);
    if (status == NKS_OK)
        status = unpack_all(slice, plain, fault);
    nks_stmt_end(stmt);
    if (status == NKS_INTEGRITY)
        return nks_fault_set(fault, NKS_INTEGRITY, "DECISION-BAD", "the decisions of slice %lld are damaged",
                             (long long)slice->id);
    slice->has_decisions = status == NKS_OK;
    return status;
}
