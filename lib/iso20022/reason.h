#ifndef NKS_ISO20022_REASON_H
#define NKS_ISO20022_REASON_H
/* The ISO 20022 external status reason codes that nks uses, with words in English and Danish. One table (reason.c). */
#include "base/text.h"

/* Numbers are stored in columns: append only. */
enum nks_reason {
    NKS_REASON_NONE = 0,
#define NKS_REASON(id, name, code, english, danish) NKS_REASON_##name = (id),
#include "iso20022/reason.def"
#undef NKS_REASON
};
enum nks_language { NKS_ENGLISH, NKS_DANISH };          /* stored in agreements: append only */
const char *nks_reason_code(enum nks_reason reason);    /* "AC03"; "" for NONE, "NARR" for an unknown number */
const char *nks_reason_english(enum nks_reason reason); /* what is wrong and what to correct; "" for NONE */
const char *nks_reason_danish(enum nks_reason reason);
const char *nks_reason_words(enum nks_reason reason, enum nks_language language); /* one of the two */
/* What a bank means by an ISO code: the first row of that code that is a bank's (BANK_…), else the first at all; NONE
 * when there is none. */
enum nks_reason nks_reason_find(struct nks_text code);
#endif
