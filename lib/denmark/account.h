#ifndef NKS_DENMARK_ACCOUNT_H
#define NKS_DENMARK_ACCOUNT_H
/*
 * Accounts: Danish (registration number 4 digits + account up to 10, left zero-padded = BBAN of 14), IBAN (ISO 13616,
 * modulus 97-10), payment slips (FIK/GIK: kortart and creditor number). No modulus is enforced on a BBAN: no check is
 * valid for all banks. IBANs of DK, FO and GL have 18 characters and count as domestic.
 */
#include "base/text.h"

enum { NKS_REGNR_DIGITS = 4, NKS_KONTO_DIGITS = 10, NKS_BBAN_DIGITS = 14, NKS_IBAN_MAX = 34, NKS_BIC_MAX = 11 };

enum nks_account_kind {
    NKS_ACCOUNT_NONE,
    NKS_ACCOUNT_BBAN, /* id: 14 digits */
    NKS_ACCOUNT_IBAN, /* id: the IBAN without blanks, upper case */
    NKS_ACCOUNT_FIK,  /* id: "KK" kortart + "+" + creditor number, e.g. 71+12345678 */
};

struct nks_account {
    enum nks_account_kind kind;
    char id[NKS_IBAN_MAX + 1];
    char bic[NKS_BIC_MAX + 1]; /* may be empty */
};

/* "1234 0001234567", "1234-1234567" or 14 digits, also 4 + up to 10 digits with one separator. */
NKS_CHECKED bool nks_bban_parse(struct nks_text text, char out[NKS_BBAN_DIGITS + 1]);
/* Blanks and lower case tolerated; a country of ISO 3166-1, check digits and, for countries of the table, the length
 * are enforced. */
NKS_CHECKED bool nks_iban_parse(struct nks_text text, char out[NKS_IBAN_MAX + 1]);
void nks_iban_from_bban(const char bban[NKS_BBAN_DIGITS + 1], char out[NKS_IBAN_MAX + 1]); /* DK */
/* 8 or 11 characters, ISO 9362 form, with a country of ISO 3166-1. */
NKS_CHECKED bool nks_bic_valid(struct nks_text text);
/* True for a BIC of Denmark, the Faroe Islands or Greenland. */
bool nks_bic_domestic(struct nks_text bic);

/* Reads any of the forms into an account: IBAN when it starts with two letters, "71+12345678" for a slip, else BBAN. A
 * Danish IBAN becomes kind BBAN: the same account has one form inside nks. */
NKS_CHECKED bool nks_account_parse(struct nks_text text, struct nks_account *out);
bool nks_account_equal(const struct nks_account *a, const struct nks_account *b); /* kind and id; BIC is not compared */

/* The registration number 0..9999 of a Danish account (BBAN, or IBAN of DK, FO, GL); -1 for others. */
int nks_account_regnr(const struct nks_account *account);
bool nks_account_domestic(const struct nks_account *account);

/* ISO 11649 creditor reference: RF, two check digits, 1..21 characters. */
NKS_CHECKED bool nks_rf_valid(struct nks_text text);
#endif
