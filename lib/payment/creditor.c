/* The creditor's side of a payment as its payer wrote it: account, bank, slip, reference, and what going abroad asks.
 */
#include "payment/payment.h"

#include "base/country.h"
#include "denmark/slip.h"
#include "iso20022/token.h"

#include <string.h>

/* ---- the account */

static struct nks_text slot(struct nks_text record, enum nks_slot id)
{
    return nks_text_trim(nks_record_slot(record, id));
}

/* The kortart where the reference does not name it: as the type of the account, which is also how nks writes it, or as
 * the reference's own type. */
static struct nks_text kortart_told(struct nks_text record)
{
    static const enum nks_element type[] = {NKS_E_CdtTrfTxInf, NKS_E_CdtrAcct, NKS_E_Tp, NKS_E_Prtry};
    struct nks_text told = nks_token_find(nks_record_tokens(record), type, sizeof type / sizeof type[0]);
    return told.len > 0 ? told : slot(record, NKS_SLOT_STRD_CDTR_REF_PRTRY);
}

/* "12345678", or "71+12345678" as a register has it. */
static enum nks_slip_fault slip_find(struct nks_text record, struct nks_account *out)
{
    struct nks_text creditor = slot(record, NKS_SLOT_CDTR_ACCT_OTHR_ID), kortart = {NULL, 0};
    struct nks_slip slip;
    if (memchr(creditor.ptr, '+', creditor.len) != NULL) {
        kortart = nks_text_cut(&creditor, '+');
        if (!nks_slip_kortart_known(kortart))
            return NKS_SLIP_KORTART;
    }
    if (kortart.len == 0)
        kortart = kortart_told(record);
    enum nks_slip_fault fault = nks_slip_parse(kortart, creditor, slot(record, NKS_SLOT_STRD_CDTR_REF), &slip);
    if (fault != NKS_SLIP_GOOD)
        return fault;
    struct nks_buf id;
    nks_buf_init(&id, out->id, sizeof out->id - 1);
    nks_buf_str(&id, slip.kortart);
    nks_buf_char(&id, '+');
    nks_buf_text(&id, creditor);
    out->kind = NKS_ACCOUNT_FIK;
    return NKS_SLIP_GOOD;
}

static bool is_slip(struct nks_text record)
{
    return nks_text_is(slot(record, NKS_SLOT_CDTR_ACCT_OTHR_PRTRY), "OCR");
}

/* A number of a Danish form; another country's has its own, and with a bank there it is the payer's to know. */
static enum nks_creditor_account_found number_find(struct nks_text number, struct nks_account *out)
{
    struct nks_text bic = nks_text_from(out->bic);
    out->kind = NKS_ACCOUNT_BBAN;
    if (nks_bban_parse(number, out->id))
        return NKS_CREDITOR_ACCOUNT_GOOD;
    return nks_bic_valid(bic) && !nks_bic_domestic(bic) ? NKS_CREDITOR_ACCOUNT_GOOD : NKS_CREDITOR_ACCOUNT_BAD;
}

static enum nks_creditor_account_found other_find(struct nks_text record, struct nks_text number,
                                                  struct nks_account *out)
{
    struct nks_text code = slot(record, NKS_SLOT_CDTR_ACCT_OTHR_CD);
    struct nks_text own = slot(record, NKS_SLOT_CDTR_ACCT_OTHR_PRTRY);
    if (is_slip(record)) {
        enum nks_slip_fault fault = slip_find(record, out);
        return fault == NKS_SLIP_CREDITOR ? NKS_CREDITOR_ACCOUNT_BAD : NKS_CREDITOR_ACCOUNT_GOOD;
    }
    if (nks_text_is(code, "BBAN") || code.len + own.len == 0)
        return number_find(number, out);
    out->kind = NKS_ACCOUNT_NONE; /* other schemes go to the bank as written */
    return NKS_CREDITOR_ACCOUNT_GOOD;
}

enum nks_creditor_account_found nks_creditor_account_find(struct nks_text record, struct nks_account *out)
{
    memset(out, 0, sizeof *out);
    struct nks_text iban = nks_record_slot(record, NKS_SLOT_CDTR_ACCT_IBAN);
    struct nks_text other = slot(record, NKS_SLOT_CDTR_ACCT_OTHR_ID);
    if (iban.len == 0 && (other.len == 0 || nks_text_is(other, "NOTPROVIDED")))
        return NKS_CREDITOR_ACCOUNT_NONE;
    if (!nks_text_copy(nks_record_slot(record, NKS_SLOT_CDTR_AGT_BIC), out->bic, sizeof out->bic))
        out->bic[0] = '\0';
    if (iban.len == 0)
        return other_find(record, other, out);
    out->kind = NKS_ACCOUNT_IBAN;
    return nks_iban_parse(iban, out->id) ? NKS_CREDITOR_ACCOUNT_GOOD : NKS_CREDITOR_ACCOUNT_BAD;
}

/* ---- the creditor reference */

/* An RF reference is one that says so: its issuer is ISO, or it is a creditor reference (SCOR) that begins as an RF
 * reference does. SCOR alone does not: national references, and those of payment slips, have that type too. */
static bool rf_is_bad(struct nks_text record)
{
    static const enum nks_element issuer[] = {NKS_E_CdtTrfTxInf, NKS_E_RmtInf, NKS_E_Strd,
                                              NKS_E_CdtrRefInf,  NKS_E_Tp,     NKS_E_Issr};
    struct nks_text reference = slot(record, NKS_SLOT_STRD_CDTR_REF);
    if (reference.len == 0)
        return false;
    bool begins = reference.len > 4 && (reference.ptr[0] | 0x20) == 'r' && (reference.ptr[1] | 0x20) == 'f' &&
                  nks_text_all_digits(nks_text_slice(reference, 2, 2));
    bool said = begins && nks_text_is(slot(record, NKS_SLOT_STRD_CDTR_REF_CD), "SCOR");
    if (!said) {
        struct nks_text by = nks_token_find(nks_record_tokens(record), issuer, sizeof issuer / sizeof issuer[0]);
        said = nks_text_is(nks_text_trim(by), "ISO");
    }
    return said && !nks_rf_valid(reference);
}

/* ---- abroad */

static bool is_abroad(const struct nks_account *account)
{
    struct nks_text bic = nks_text_from(account->bic);
    if (account->kind == NKS_ACCOUNT_IBAN)
        return !nks_account_domestic(account);
    return account->kind != NKS_ACCOUNT_FIK && nks_bic_valid(bic) && !nks_bic_domestic(bic);
}

/*
 * What banks abroad carry is the Latin set of SWIFT, a-z A-Z 0-9 / - ? : ( ) . , ' + and blank (Danish appendix of the
 * CGI guides). Letters with marks, other signs of ASCII and Latin-1, and typographic quotes and dashes have a
 * counterpart there by which banks replace them (EPC217-08); what lies outside of these ranges has none.
 */
static const struct {
    uint32_t first, last;
} carried[] = {
    {0x20, 0x7E},     {0x09, 0x0A},     {0x0D, 0x0D},     /* ASCII and line ends */
    {0xA0, 0x17F},                                        /* Latin-1 and Latin Extended-A */
    {0x180, 0x24F},   {0x1E00, 0x1EFF},                   /* more Latin letters */
    {0x300, 0x36F},                                       /* marks after their letter */
    {0x2010, 0x2015}, {0x2018, 0x201F}, {0x2026, 0x2026}, /* dashes, quotes, three dots */
    {0x2022, 0x2022}, {0x202F, 0x202F}, {0x20AC, 0x20AC}, /* bullet, narrow blank, euro */
};

static bool is_carried(uint32_t point)
{
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        if (point >= carried[i].first && point <= carried[i].last)
            return true;
    }
    return false;
}

/* Takes one code point off well-formed UTF-8, which every text of a record is. */
static uint32_t take_point(struct nks_text *rest)
{
    unsigned char first = (unsigned char)rest->ptr[0];
    size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t point = more == 0 ? first : first & (0x3FU >> more);
    for (size_t i = 1; i <= more && i < rest->len; i++)
        point = point << 6 | ((unsigned char)rest->ptr[i] & 0x3F);
    *rest = nks_text_slice(*rest, more + 1, rest->len);
    return point;
}

/* A name has a letter in it; a dot or a blank that does not look like one is none. */
static bool has_letter(struct nks_text text)
{
    while (text.len > 0) {
        uint32_t point = take_point(&text);
        if ((point | 0x20) - 'a' < 26u || (point >= 0xC0 && point != 0xD7 && point != 0xF7 && point < 0x2000))
            return true;
    }
    return false;
}

/* Since 15 November 2026 an address abroad is structured or hybrid: town and country at least. */
static bool address_is_missing(struct nks_text record)
{
    return !has_letter(slot(record, NKS_SLOT_CDTR_TWN_NM)) || !nks_country_known(slot(record, NKS_SLOT_CDTR_CTRY));
}

bool nks_text_abroad(struct nks_text text)
{
    while (text.len > 0) {
        if (!is_carried(take_point(&text)))
            return false;
    }
    return true;
}

static bool has_uncarried(struct nks_text record)
{
    struct nks_text tokens = nks_record_tokens(record);
    for (;;) {
        struct nks_token token = nks_token_next(&tokens);
        if (token.kind == NKS_TOKEN_IS_END_OF_DATA)
            return false;
        if (token.kind == NKS_TOKEN_IS_TEXT && !nks_text_abroad(token.text))
            return true;
    }
}

/* ---- all of it */

void nks_creditor_facts(struct nks_text record, struct nks_payment_facts *facts)
{
    struct nks_account account;
    struct nks_text bic = nks_record_slot(record, NKS_SLOT_CDTR_AGT_BIC);
    facts->account = nks_creditor_account_find(record, &account);
    facts->reference_bad = rf_is_bad(record);
    facts->slip = NKS_SLIP_GOOD;
    facts->bic_bad = facts->abroad = facts->address_missing = facts->characters_bad = false;
    if (facts->account != NKS_CREDITOR_ACCOUNT_NONE) {
        facts->bic_bad = bic.len > 0 && !nks_bic_valid(bic);
        if (nks_record_slot(record, NKS_SLOT_CDTR_ACCT_IBAN).len == 0 && is_slip(record)) {
            struct nks_account ignored = {.kind = NKS_ACCOUNT_NONE};
            facts->slip = slip_find(record, &ignored);
        }
        facts->abroad = is_abroad(&account);
    }
    if (facts->abroad) {
        facts->address_missing = address_is_missing(record);
        facts->characters_bad = has_uncarried(record);
    }
    explicit_bzero(&account, sizeof account);
}
