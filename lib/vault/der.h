#ifndef NKS_VAULT_DER_H
#define NKS_VAULT_DER_H
/*
 * A strict reader of DER (X.690, 10): one-byte tags, definite lengths in their shortest form. BER's other forms are
 * refused, because two readers of one BER text may see two different things. Copies nothing: pieces point into the
 * caller's bytes. A reader goes bad once and stays bad; what is read from a bad one is empty.
 */
#include "base/text.h"

enum {
    NKS_DER_INTEGER = 0x02,
    NKS_DER_OCTETS = 0x04,
    NKS_DER_NULL = 0x05,
    NKS_DER_OID = 0x06,
    NKS_DER_UTC_TIME = 0x17,
    NKS_DER_GENERALIZED_TIME = 0x18,
    NKS_DER_SEQUENCE = 0x30,
    NKS_DER_SET = 0x31,
    NKS_DER_CONTEXT = 0x80,             /* primitive [0] */
    NKS_DER_CONTEXT_CONSTRUCTED = 0xa0, /* constructed [0]; + n for [n] */
};

struct nks_der {
    const uint8_t *at;
    size_t left;
    bool bad;
};
struct nks_der_item {
    int tag;
    const uint8_t *whole, *value; /* with and without tag and length */
    size_t whole_len, value_len;
};

/* The tag of the next item, -1 at the end. */
int nks_der_peek(const struct nks_der *der);
struct nks_der_item nks_der_any(struct nks_der *der);
struct nks_der_item nks_der_take(struct nks_der *der, int tag); /* another tag: bad */
struct nks_der nks_der_inside(const struct nks_der_item *item);
/* Goes into the next item, which must have that tag. */
struct nks_der nks_der_enter(struct nks_der *der, int tag);
/* Nothing is left and nothing was bad. */
bool nks_der_done(const struct nks_der *der);
bool nks_der_is(const struct nks_der_item *item, const uint8_t *value, size_t len);

#endif
