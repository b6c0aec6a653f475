#include "denmark/account.h"

#include "base/country.h"
#include "denmark/slip.h"

#include <string.h>

enum { IBAN_MIN = 15, IBAN_COUNTRY_CHECK = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* ---- modulus 97-10 (ISO 7064): IBAN and creditor reference */

/* Appends a letter or digit to the number modulo 97; A is 10 … Z is 35. */
static int mod97_add(int rest, char c)
{
    return is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
}

/* True when the text, its first four characters moved to the end, is 1 modulo 97. Upper-case letters and digits only.
 */
static bool mod97_good(struct nks_text text)
{
    int rest = 0;
    for (size_t i = 0; i < text.len; i++)
        rest = mod97_add(rest, text.ptr[(i + 4) % text.len]);
    return rest == 1;
}

/* ---- BBAN */

/* Where the registration number ends and the account begins: one separator, or none between 14 digits. */
bool nks_bban_parse(struct nks_text text, char out[NKS_BBAN_DIGITS + 1])
{
    bool separated =
        text.len > NKS_REGNR_DIGITS && (text.ptr[NKS_REGNR_DIGITS] == ' ' || text.ptr[NKS_REGNR_DIGITS] == '-');
    struct nks_text regnr = nks_text_slice(text, 0, NKS_REGNR_DIGITS);
    struct nks_text konto = nks_text_slice(text, separated ? NKS_REGNR_DIGITS + 1 : NKS_REGNR_DIGITS, text.len);
    if (regnr.len != NKS_REGNR_DIGITS || !nks_text_all_digits(regnr) || !nks_text_all_digits(konto))
        return false;
    if (konto.len > NKS_KONTO_DIGITS || (!separated && konto.len != NKS_KONTO_DIGITS))
        return false;
    memset(out, '0', NKS_BBAN_DIGITS);
    memcpy(out, regnr.ptr, NKS_REGNR_DIGITS);
    memcpy(out + NKS_BBAN_DIGITS - konto.len, konto.ptr, konto.len);
    out[NKS_BBAN_DIGITS] = '\0';
    return true;
}

/* ---- IBAN */

/* Lengths after the IBAN registry (ISO 13616, SWIFT). A country that joins it later is checked for its check digits. */
static const struct {
    char country[3];
    unsigned char length;
} iban_table[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 28}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22},
    {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32},
    {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19},
    {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23},
    {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

static bool has_danish_form(const char *iban)
{
    return memcmp(iban, "DK", 2) == 0 || memcmp(iban, "FO", 2) == 0 || memcmp(iban, "GL", 2) == 0;
}

static bool iban_length_good(struct nks_text iban)
{
    for (size_t i = 0; i < sizeof iban_table / sizeof iban_table[0]; i++) {
        if (memcmp(iban_table[i].country, iban.ptr, 2) == 0)
            return iban.len == iban_table[i].length;
    }
    return iban.len >= IBAN_MIN;
}

static bool iban_form_good(struct nks_text iban)
{
    if (iban.len < IBAN_MIN || !nks_country_known(nks_text_slice(iban, 0, 2)))
        return false;
    for (size_t i = 2; i < iban.len; i++) {
        if (!is_digit(iban.ptr[i]) && (i < IBAN_COUNTRY_CHECK || !is_upper(iban.ptr[i])))
            return false;
    }
    int check = (iban.ptr[2] - '0') * 10 + (iban.ptr[3] - '0');
    if (check < 2 || check > 98) /* ISO 13616: 00, 01 and 99 are congruent to others and never issued */
        return false;
    return !has_danish_form(iban.ptr) || nks_text_all_digits(nks_text_slice(iban, IBAN_COUNTRY_CHECK, iban.len));
}

bool nks_iban_parse(struct nks_text text, char out[NKS_IBAN_MAX + 1])
{
    char clean[NKS_IBAN_MAX + 1];
    struct nks_text iban = {clean, 0};
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ' ')
            continue;
        if (iban.len == NKS_IBAN_MAX)
            return false;
        clean[iban.len++] = to_upper(text.ptr[i]);
    }
    if (!iban_form_good(iban) || !iban_length_good(iban) || !mod97_good(iban))
        return false;
    return nks_text_copy(iban, out, NKS_IBAN_MAX + 1);
}

void nks_iban_from_bban(const char bban[NKS_BBAN_DIGITS + 1], char out[NKS_IBAN_MAX + 1])
{
    int rest = 0;
    for (size_t i = 0; i < NKS_BBAN_DIGITS; i++)
        rest = mod97_add(rest, bban[i]);
    for (const char *p = "DK00"; *p != '\0'; p++)
        rest = mod97_add(rest, *p);
    int check = 98 - rest;
    memcpy(out, "DK", 2);
    out[2] = (char)('0' + check / 10);
    out[3] = (char)('0' + check % 10);
    memcpy(out + IBAN_COUNTRY_CHECK, bban, NKS_BBAN_DIGITS);
    out[IBAN_COUNTRY_CHECK + NKS_BBAN_DIGITS] = '\0';
}

/* ISO 9362:2014: four letters or digits, the country's two letters, two and perhaps three more letters or digits. */
bool nks_bic_valid(struct nks_text text)
{
    if (text.len != 8 && text.len != 11)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_upper(text.ptr[i]) && !is_digit(text.ptr[i]))
            return false;
    }
    return nks_country_known(nks_text_slice(text, 4, 2));
}

bool nks_bic_domestic(struct nks_text bic)
{
    return bic.len >= 6 && has_danish_form(bic.ptr + 4);
}

/* ---- creditor references */

bool nks_rf_valid(struct nks_text text)
{
    char upper[25];
    if (text.len < 5 || text.len > sizeof upper || !nks_text_starts(text, "RF") || !is_digit(text.ptr[2]) ||
        !is_digit(text.ptr[3]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        upper[i] = to_upper(text.ptr[i]); /* a letter counts the same in either case */
        if (!is_digit(upper[i]) && !is_upper(upper[i]))
            return false;
    }
    return mod97_good((struct nks_text){upper, text.len});
}

/* ---- accounts of any kind */

/* "71+12345678" */
static bool slip_parse(struct nks_text text, struct nks_account *out)
{
    struct nks_text creditor = text;
    struct nks_text kortart = nks_text_cut(&creditor, '+');
    if (!nks_slip_kortart_known(kortart) || !nks_slip_creditor_valid(kortart, creditor))
        return false;
    out->kind = NKS_ACCOUNT_FIK;
    return nks_text_copy(text, out->id, sizeof out->id);
}

static bool iban_account(struct nks_text text, struct nks_account *out)
{
    out->kind = NKS_ACCOUNT_IBAN;
    if (!nks_iban_parse(text, out->id))
        return false;
    if (memcmp(out->id, "DK", 2) == 0) {
        out->kind = NKS_ACCOUNT_BBAN;
        memmove(out->id, out->id + IBAN_COUNTRY_CHECK, NKS_BBAN_DIGITS + 1);
    }
    return true;
}

static bool is_letter(char c)
{
    return is_upper(to_upper(c));
}

bool nks_account_parse(struct nks_text text, struct nks_account *out)
{
    struct nks_account account = {.kind = NKS_ACCOUNT_BBAN};
    bool good;
    text = nks_text_trim(text);
    if (text.len >= 2 && is_letter(text.ptr[0]) && is_letter(text.ptr[1]))
        good = iban_account(text, &account);
    else if (text.len > 2 && text.ptr[2] == '+')
        good = slip_parse(text, &account);
    else
        good = nks_bban_parse(text, account.id);
    if (good)
        *out = account;
    return good;
}

bool nks_account_equal(const struct nks_account *a, const struct nks_account *b)
{
    return a->kind == b->kind && strcmp(a->id, b->id) == 0;
}

int nks_account_regnr(const struct nks_account *account)
{
    const char *regnr = account->id;
    if (account->kind == NKS_ACCOUNT_IBAN && has_danish_form(account->id))
        regnr += IBAN_COUNTRY_CHECK;
    else if (account->kind != NKS_ACCOUNT_BBAN)
        return -1;
    uint64_t number;
    return nks_text_number((struct nks_text){regnr, NKS_REGNR_DIGITS}, 9999, &number) ? (int)number : -1;
}

bool nks_account_domestic(const struct nks_account *account)
{
    if (account->kind == NKS_ACCOUNT_IBAN)
        return has_danish_form(account->id);
    return account->kind != NKS_ACCOUNT_NONE;
}
