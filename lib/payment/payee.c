/* Who is paid, from what the payer wrote: liberal on input, by tables (DOMAIN 1.4 and the Nordea message guide). */
#include "payment/payment.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct scheme {
    const char *value;
    enum nks_holder_kind kind;
    bool maybe_se;
};

/* SchmeNm/Cd and SchmeNm/Prtry; the numbers are ICD codes of ISO 6523 as Nemhandel uses them. */
static const struct scheme person_codes[] = {{"SOSE", NKS_HOLDER_CPR, false}, {"NIDN", NKS_HOLDER_CPR, false}};
static const struct scheme person_own[] = {
    {"CPR", NKS_HOLDER_CPR, false}, {"DK:CPR", NKS_HOLDER_CPR, false}, {"0237", NKS_HOLDER_CPR, false}};
static const struct scheme company_codes[] = {{"TXID", NKS_HOLDER_CVR, true}, {"COID", NKS_HOLDER_CVR, false}};
static const struct scheme company_own[] = {
    {"CVR", NKS_HOLDER_CVR, false}, {"DK:CVR", NKS_HOLDER_CVR, false}, {"0184", NKS_HOLDER_CVR, false},
    {"SE", NKS_HOLDER_SE, false},   {"DK:SE", NKS_HOLDER_SE, false},   {"0198", NKS_HOLDER_SE, false},
    {"PNR", NKS_HOLDER_PNR, false}, {"DK:P", NKS_HOLDER_PNR, false},   {"0096", NKS_HOLDER_PNR, false},
};

/* One place in the record where an id can stand. */
struct place {
    enum nks_slot id, scheme;
    const struct scheme *schemes;
    size_t count;
};
static const struct place places[] = {
    {NKS_SLOT_CDTR_PRVT_ID, NKS_SLOT_CDTR_PRVT_CD, person_codes, COUNT(person_codes)},
    {NKS_SLOT_CDTR_PRVT_ID, NKS_SLOT_CDTR_PRVT_PRTRY, person_own, COUNT(person_own)},
    {NKS_SLOT_CDTR_ORG_ID, NKS_SLOT_CDTR_ORG_CD, company_codes, COUNT(company_codes)},
    {NKS_SLOT_CDTR_ORG_ID, NKS_SLOT_CDTR_ORG_PRTRY, company_own, COUNT(company_own)},
};

static const struct scheme *scheme_find(const struct place *place, struct nks_text value)
{
    for (size_t i = 0; value.len > 0 && i < place->count; i++) {
        if (nks_text_is(value, place->schemes[i].value))
            return &place->schemes[i];
    }
    return NULL;
}

/* TXID of another country (Issr) names a foreign taxpayer: DOMAIN 1.4. */
static bool foreign_issuer(struct nks_text record)
{
    struct nks_text issuer = nks_text_trim(nks_record_slot(record, NKS_SLOT_CDTR_ORG_ISSR));
    return issuer.len == 2 && !nks_text_is(issuer, "DK");
}

static void take(struct nks_text id, const struct scheme *scheme, struct nks_payee *out)
{
    out->kind = scheme->kind;
    out->maybe_se = scheme->maybe_se;
    /* Under TXID a wrong CVR check digit may still be an SE number, whose modulus is not enforced. */
    if (nks_holder_parse(scheme->kind, id, out->id)) {
        out->found = NKS_PAYEE_GOOD;
    } else if (scheme->maybe_se && nks_holder_parse(NKS_HOLDER_SE, id, out->id)) {
        out->kind = NKS_HOLDER_SE;
        out->maybe_se = false;
        out->found = NKS_PAYEE_GOOD;
    } else {
        out->found = NKS_PAYEE_BAD;
    }
}

void nks_payee_find(struct nks_text record, struct nks_payee *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < COUNT(places); i++) {
        struct nks_text id = nks_text_trim(nks_record_slot(record, places[i].id));
        const struct scheme *scheme = scheme_find(&places[i], nks_text_trim(nks_record_slot(record, places[i].scheme)));
        if (id.len == 0 || scheme == NULL)
            continue;
        if (scheme->maybe_se && foreign_issuer(record)) {
            char foreign[NKS_HOLDER_ID_MAX];
            struct nks_buf buf;
            nks_buf_init(&buf, foreign, sizeof foreign);
            nks_buf_text(&buf, nks_text_trim(nks_record_slot(record, NKS_SLOT_CDTR_ORG_ISSR)));
            nks_buf_char(&buf, ':');
            nks_buf_text(&buf, id);
            take(nks_buf_view(&buf), &(struct scheme){"", NKS_HOLDER_FOREIGN, false}, out);
            if (buf.overflow)
                out->found = NKS_PAYEE_BAD;
        } else {
            take(id, scheme, out);
        }
        return;
    }
}

bool nks_debtor_account_find(struct nks_text group_record, struct nks_account *out)
{
    struct nks_text iban = nks_record_slot(group_record, NKS_SLOT_DBTR_ACCT_IBAN);
    struct nks_text other = nks_record_slot(group_record, NKS_SLOT_DBTR_ACCT_OTHR_ID);
    return nks_account_parse(iban.len > 0 ? iban : other, out);
}

struct nks_text nks_ydelsesart_find(struct nks_text payment_record, struct nks_text group_record)
{
    struct nks_text own = nks_text_trim(nks_record_slot(payment_record, NKS_SLOT_LCL_INSTRM_PRTRY));
    if (own.len == 0)
        own = nks_text_trim(nks_record_slot(payment_record, NKS_SLOT_PURP_PRTRY));
    if (own.len == 0 && group_record.len > 0)
        own = nks_text_trim(nks_record_slot(group_record, NKS_SLOT_LCL_INSTRM_PRTRY));
    return own;
}
