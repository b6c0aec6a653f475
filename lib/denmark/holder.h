#ifndef NKS_DENMARK_HOLDER_H
#define NKS_DENMARK_HOLDER_H
/*
 * The kinds of number by which the register knows the owner of an account, and one canonical text for each number, so
 * that the same holder gives the same blind key wherever the number was written: CPR 10 digits, CVR and SE 8 digits,
 * PNR 10 digits, FOREIGN "CC:ID" (country and id, upper case). No log formatter on purpose.
 */
#include "denmark/cpr.h"
#include "denmark/cvr.h"

enum nks_holder_kind { /* stored: append only */
                       NKS_HOLDER_NONE = 0,
                       NKS_HOLDER_CPR = 1,
                       NKS_HOLDER_CVR = 2,
                       NKS_HOLDER_SE = 3,
                       NKS_HOLDER_PNR = 4,
                       NKS_HOLDER_FOREIGN = 5,
};
enum { NKS_HOLDER_ID_MAX = 40 };

const char *nks_holder_kind_name(enum nks_holder_kind kind);     /* "CPR"; also the blind domain */
enum nks_holder_kind nks_holder_kind_find(struct nks_text name); /* NONE when unknown */
/* Reads an id of that kind into its canonical text; false when its form, date (CPR) or check digit (CVR) is wrong. */
NKS_CHECKED bool nks_holder_parse(enum nks_holder_kind kind, struct nks_text id, char out[NKS_HOLDER_ID_MAX]);

#endif
