/* Accounts: one account has one form inside nks, whichever way it was written. */
#include "denmark/account.h"

#include "fuzz.h"

static void check_bban(struct nks_text text)
{
    char bban[NKS_BBAN_DIGITS + 1], iban[NKS_IBAN_MAX + 1], again[NKS_IBAN_MAX + 1];
    struct nks_account from_bban, from_iban;
    if (!nks_bban_parse(text, bban))
        return;
    MUST(strlen(bban) == NKS_BBAN_DIGITS && nks_text_all_digits(nks_text_from(bban)));
    nks_iban_from_bban(bban, iban);
    MUST(nks_iban_parse(nks_text_from(iban), again) && strcmp(iban, again) == 0);
    MUST(nks_account_parse(nks_text_from(bban), &from_bban) && nks_account_parse(nks_text_from(iban), &from_iban));
    MUST(nks_account_equal(&from_bban, &from_iban) && nks_account_domestic(&from_bban));
}

static void check_account(struct nks_text text)
{
    struct nks_account account, again;
    if (!nks_account_parse(text, &account))
        return;
    MUST(account.kind != NKS_ACCOUNT_NONE && account.id[0] != '\0');
    MUST(strlen(account.id) <= NKS_IBAN_MAX && strlen(account.bic) <= NKS_BIC_MAX);
    MUST(nks_account_parse(nks_text_from(account.id), &again) && nks_account_equal(&account, &again));
    int regnr = nks_account_regnr(&account);
    MUST(regnr >= -1 && regnr <= 9999);
    MUST(account.kind == NKS_ACCOUNT_FIK || (regnr >= 0) == nks_account_domestic(&account));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text text = fuzz_text(data, size);
    char iban[NKS_IBAN_MAX + 1], again[NKS_IBAN_MAX + 1];
    check_bban(text);
    check_account(text);
    if (nks_iban_parse(text, iban))
        MUST(nks_iban_parse(nks_text_from(iban), again) && strcmp(iban, again) == 0);
    if (nks_bic_valid(text))
        MUST(text.len == 8 || text.len == 11);
    if (nks_rf_valid(text))
        MUST(text.len >= 5 && text.len <= 25);
    return 0;
}
