#ifndef NKS_BASE_COUNTRY_H
#define NKS_BASE_COUNTRY_H
/*
 * Countries: the two-letter codes of ISO 3166-1, and XK, which banks use for Kosovo (ISO 9362, ISO 13616).
 */
#include "base/text.h"

/* True for one of the codes, in upper case. */
bool nks_country_known(struct nks_text code);

#endif
