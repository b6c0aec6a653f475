#include "denmark/cpr.h"

#include <string.h>

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/*
 * CPR-kontoret, "Personnummeret i CPR-systemet": digit 7 and the year give the century. Up to `last` of the two-digit
 * year it is `early`, after it `late`.
 */
static const struct {
    int last, early, late;
} century_table[10] = {
    {99, 1900, 1900}, {99, 1900, 1900}, {99, 1900, 1900}, {99, 1900, 1900}, {36, 2000, 1900},
    {57, 2000, 1800}, {57, 2000, 1800}, {57, 2000, 1800}, {57, 2000, 1800}, {36, 2000, 1900},
};

static void birth_parts(const char digits[NKS_CPR_DIGITS], int *year, int *month, int *day)
{
    int seventh = digits[6] - '0', short_year = two_digits(digits + 4);
    *day = two_digits(digits);
    *month = two_digits(digits + 2);
    *year = short_year +
            (short_year <= century_table[seventh].last ? century_table[seventh].early : century_table[seventh].late);
}

enum nks_cpr_fault nks_cpr_parse(struct nks_text text, struct nks_cpr *out)
{
    bool hyphen = text.len == NKS_CPR_DIGITS + 1 && text.ptr[6] == '-';
    struct nks_text front = nks_text_slice(text, 0, 6), back = nks_text_slice(text, hyphen ? 7 : 6, text.len);
    if (back.len != 4 || !nks_text_all_digits(front) || !nks_text_all_digits(back))
        return NKS_CPR_SHAPE;
    char digits[NKS_CPR_DIGITS + 1] = "";
    memcpy(digits, front.ptr, 6);
    memcpy(digits + 6, back.ptr, 4);
    int year, month, day;
    birth_parts(digits, &year, &month, &day);
    if (!nks_date_valid(year, month, day)) /* refuses also hospitals' substitute numbers (day + 60) */
        return NKS_CPR_DATE;
    memcpy(out->digits, digits, sizeof digits);
    return NKS_CPR_GOOD;
}

nks_date nks_cpr_birth_date(const struct nks_cpr *cpr)
{
    int year, month, day;
    birth_parts(cpr->digits, &year, &month, &day);
    return nks_date_from_ymd(year, month, day);
}

bool nks_cpr_modulus11(const struct nks_cpr *cpr)
{
    static const int weights[NKS_CPR_DIGITS] = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    int sum = 0;
    for (size_t i = 0; i < NKS_CPR_DIGITS; i++)
        sum += weights[i] * (cpr->digits[i] - '0');
    return sum % 11 == 0;
}
