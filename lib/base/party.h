#ifndef NKS_BASE_PARTY_H
#define NKS_BASE_PARTY_H
/* The short ids of senders, payers, centrals and debt authorities: [a-z0-9-]{1,32}, not starting with '-', without ten
 * digits in a row. They are folder names too, so nothing else is let in. */
#include "base/text.h"

enum { NKS_PARTY_MAX = 33 }; /* with terminator */
NKS_CHECKED bool nks_party_valid(struct nks_text id);

#endif
