#ifndef NKS_DENMARK_CPR_H
#define NKS_DENMARK_CPR_H
/*
 * CPR numbers (personnumre): DDMMYYSSSS, ten digits, a hyphen after the sixth tolerated.
 * A number is checked for shape and calendar date. Modulus 11 is never a reason to refuse: since 1 October 2007 numbers
 * are issued without it (CPR-kontoret, "Personnumre uden kontrolciffer (modulus 11 kontrol)").
 * The century follows from digit 7 and the year (CPR-kontoret, "Personnummeret i CPR-systemet"):
 *   digit 7 0-3: 19YY; 4 and 9: 20YY up to year 36, else 19YY; 5-8: 20YY up to year 57, else 18YY.
 * These values have no log formatter on purpose.
 */
#include "base/date.h"

enum { NKS_CPR_DIGITS = 10 };
struct nks_cpr {
    char digits[NKS_CPR_DIGITS + 1]; /* terminated, without hyphen */
};
enum nks_cpr_fault { NKS_CPR_GOOD, NKS_CPR_SHAPE, NKS_CPR_DATE };

NKS_CHECKED enum nks_cpr_fault nks_cpr_parse(struct nks_text text, struct nks_cpr *out);
nks_date nks_cpr_birth_date(const struct nks_cpr *cpr);
bool nks_cpr_modulus11(const struct nks_cpr *cpr); /* for a warning only */
#endif
