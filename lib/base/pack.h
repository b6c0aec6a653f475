#ifndef NKS_BASE_PACK_H
#define NKS_BASE_PACK_H
/*
 * A row's fields as bytes before they are encrypted: texts with a 64-bit length and 64-bit integers, little endian, in
 * a fixed order that the module knows. A reader checks every length; a short or over-long packing sets `bad`.
 */
#include "base/text.h"

void nks_pack_int(struct nks_buf *buf, int64_t value);
void nks_pack_text(struct nks_buf *buf, struct nks_text text);

struct nks_unpack {
    struct nks_text rest;
    bool bad;
};
int64_t nks_unpack_int(struct nks_unpack *unpack);
struct nks_text nks_unpack_text(struct nks_unpack *unpack);
/* True when everything was there and nothing is left. */
NKS_CHECKED bool nks_unpack_done(const struct nks_unpack *unpack);

#endif
