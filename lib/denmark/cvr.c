#include "denmark/cvr.h"

#include <string.h>

enum nks_cvr_fault nks_cvr_parse(struct nks_text text, char out[NKS_CVR_DIGITS + 1])
{
    static const int weights[NKS_CVR_DIGITS] = {2, 7, 6, 5, 4, 3, 2, 1};
    if (nks_text_starts(text, "DK"))
        text = nks_text_slice(text, 2, text.len);
    if (text.len != NKS_CVR_DIGITS || !nks_text_all_digits(text) || text.ptr[0] == '0')
        return NKS_CVR_SHAPE;
    int sum = 0;
    for (size_t i = 0; i < NKS_CVR_DIGITS; i++)
        sum += weights[i] * (text.ptr[i] - '0');
    memcpy(out, text.ptr, NKS_CVR_DIGITS);
    out[NKS_CVR_DIGITS] = '\0';
    return sum % 11 == 0 ? NKS_CVR_GOOD : NKS_CVR_CHECK;
}

/* The same form and weights; the caller takes NKS_CVR_CHECK for a warning. */
enum nks_cvr_fault nks_se_parse(struct nks_text text, char out[NKS_CVR_DIGITS + 1])
{
    return nks_cvr_parse(text, out);
}

bool nks_pnr_parse(struct nks_text text, char out[NKS_PNR_DIGITS + 1])
{
    if (text.len != NKS_PNR_DIGITS || !nks_text_all_digits(text))
        return false;
    memcpy(out, text.ptr, NKS_PNR_DIGITS);
    out[NKS_PNR_DIGITS] = '\0';
    return true;
}

/* GS1: from the right, weights 1 and 3 in turn; the sum is a multiple of 10. */
bool nks_gln_valid(struct nks_text text)
{
    if (text.len != 13 || !nks_text_all_digits(text))
        return false;
    int sum = 0;
    for (size_t i = 0; i < text.len; i++)
        sum += (i % 2 == 0 ? 1 : 3) * (text.ptr[i] - '0');
    return sum % 10 == 0;
}

/* ISO 17442: upper-case letters and digits, the last two digits; read as a number (A = 10 … Z = 35) it is 1 modulo 97.
 */
bool nks_lei_valid(struct nks_text text)
{
    if (text.len != 20 || !nks_text_all_digits(nks_text_slice(text, 18, 2)))
        return false;
    int rest = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9')
            rest = (rest * 10 + (c - '0')) % 97;
        else if (c >= 'A' && c <= 'Z')
            rest = (rest * 100 + (c - 'A' + 10)) % 97;
        else
            return false;
    }
    return rest == 1;
}
