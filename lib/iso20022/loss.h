#ifndef NKS_ISO20022_LOSS_H
#define NKS_ISO20022_LOSS_H
/*
 * From the version of a message to that of an order (.03 or .09), tokens to tokens: names change, what has another form
 * is brought into it, what does not fit is left out and its row of the table of losses is marked. Inside of order.c;
 * others see order.h.
 */
#include "iso20022/order.h"
#include "iso20022/token.h"

/* Room for the tokens of any record after the change. An element that grows, grows by two bytes and has at least nine.
 */
enum { NKS_LOSS_ROOM = NKS_RECORD_MAX + NKS_RECORD_MAX / 4 };

/* Appends the changed tokens of whole elements (top level of a record) to `out` and marks rows in `losses`. The result
 * is valid where the tokens were. `overflow` of the buffer tells that the tokens were no checked record's. */
void nks_loss_convert(struct nks_text tokens, enum nks_pain001_version from, enum nks_pain001_version to,
                      struct nks_buf *out, uint64_t *losses);

/* True for the form of a BIC that the version's schema asks for. */
bool nks_loss_bic_fits(struct nks_text bic, enum nks_pain001_version to);

#endif
