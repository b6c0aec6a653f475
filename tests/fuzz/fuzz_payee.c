/*
 * Who is paid and from where, out of records with any texts in them. Every line of the input is one slot: its first
 * byte chooses which, the rest is its text.
 */
#include "iso20022/record.h"
#include "payment/payment.h"

#include "fuzz.h"

static const enum nks_slot slots[] = {
    NKS_SLOT_CDTR_PRVT_ID,      NKS_SLOT_CDTR_PRVT_CD,      NKS_SLOT_CDTR_PRVT_PRTRY,  NKS_SLOT_CDTR_ORG_ID,
    NKS_SLOT_CDTR_ORG_CD,       NKS_SLOT_CDTR_ORG_PRTRY,    NKS_SLOT_CDTR_ORG_ISSR,    NKS_SLOT_CDTR_ACCT_IBAN,
    NKS_SLOT_CDTR_ACCT_OTHR_ID, NKS_SLOT_CDTR_ACCT_OTHR_CD, NKS_SLOT_CDTR_AGT_BIC,     NKS_SLOT_CDTR_ACCT_OTHR_PRTRY,
    NKS_SLOT_DBTR_ACCT_IBAN,    NKS_SLOT_DBTR_ACCT_OTHR_ID, NKS_SLOT_LCL_INSTRM_PRTRY, NKS_SLOT_PURP_PRTRY,
};

static struct nks_text build(struct nks_text rest)
{
    static struct nks_record record;
    static char bytes[NKS_RECORD_MAX];
    char head[NKS_RECORD_HEAD_MAX];
    nks_record_start(&record);
    MUST(nks_record_open(&record, NKS_E_CdtTrfTxInf));
    for (int i = 0; rest.len > 0 && i < 40; i++) {
        struct nks_text line = nks_text_cut(&rest, '\n');
        if (line.len < 2 || line.len > 200 || !nks_text_is_utf8(line))
            continue;
        MUST(nks_record_open(&record, NKS_E_Id) && nks_record_text(&record, line.ptr + 1, line.len - 1));
        nks_record_text_end(&record, slots[(unsigned char)line.ptr[0] % (sizeof slots / sizeof slots[0])]);
        MUST(nks_record_close(&record));
    }
    MUST(nks_record_close(&record));
    struct nks_text front = nks_record_head(&record, head);
    memcpy(bytes, front.ptr, front.len);
    memcpy(bytes + front.len, record.tokens, record.len);
    return (struct nks_text){bytes, front.len + record.len};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text record = build(fuzz_text(data, size));
    struct nks_payee payee;
    struct nks_account account;
    char again[NKS_HOLDER_ID_MAX];
    if (!nks_record_check(record))
        return 0; /* a first byte cut out of a letter leaves no UTF-8 */
    nks_payee_find(record, &payee);
    if (payee.found == NKS_PAYEE_GOOD)
        MUST(nks_holder_parse(payee.kind, nks_text_from(payee.id), again) && strcmp(payee.id, again) == 0);
    if (nks_creditor_account_find(record, &account) == NKS_CREDITOR_ACCOUNT_GOOD)
        MUST(strlen(account.id) <= NKS_IBAN_MAX && strlen(account.bic) <= NKS_BIC_MAX);
    if (nks_debtor_account_find(record, &account))
        MUST(account.kind != NKS_ACCOUNT_NONE && account.id[0] != '\0');
    (void)nks_ydelsesart_find(record, record);
    return 0;
}
