#ifndef NKS_DENMARK_CVR_H
#define NKS_DENMARK_CVR_H
/*
 * Numbers of companies. CVR: 8 digits, the first not 0, weights 2 7 6 5 4 3 2 1 and sum divisible by 11; a leading "DK"
 * is tolerated. SE: the same form; its modulus is a warning only. P-number (production unit): 10 digits, no check digit
 * known. GLN: 13 digits, modulus 10 with weights 1 and 3. LEI: 20 characters, modulus 97-10 (ISO 17442).
 */
#include "base/text.h"

enum { NKS_CVR_DIGITS = 8, NKS_PNR_DIGITS = 10 };
enum nks_cvr_fault { NKS_CVR_GOOD, NKS_CVR_SHAPE, NKS_CVR_CHECK };

/* `out` receives 8 digits and a terminator, also when only the check digit is wrong (NKS_CVR_CHECK). */
NKS_CHECKED enum nks_cvr_fault nks_cvr_parse(struct nks_text text, char out[NKS_CVR_DIGITS + 1]);
NKS_CHECKED enum nks_cvr_fault nks_se_parse(struct nks_text text, char out[NKS_CVR_DIGITS + 1]);
NKS_CHECKED bool nks_pnr_parse(struct nks_text text, char out[NKS_PNR_DIGITS + 1]);
NKS_CHECKED bool nks_gln_valid(struct nks_text text);
NKS_CHECKED bool nks_lei_valid(struct nks_text text);
#endif
