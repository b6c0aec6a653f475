#include "vault/der.h"

#include <string.h>

enum { LONG_FORM = 0x80, LENGTH_BYTES_MAX = 3, MANY_BYTE_TAG = 0x1f };

int nks_der_peek(const struct nks_der *der)
{
    return der->bad || der->left == 0 ? -1 : der->at[0];
}

/* The length after the tag; *size is how many bytes it took, 0 when it is not DER. */
static size_t read_length(const uint8_t *at, size_t left, size_t *size)
{
    *size = 0;
    if (left == 0)
        return 0;
    if (at[0] < LONG_FORM) {
        *size = 1;
        return at[0];
    }
    size_t bytes = at[0] - (size_t)LONG_FORM, len = 0;
    if (bytes == 0 || bytes > LENGTH_BYTES_MAX || bytes >= left || at[1] == 0)
        return 0; /* indefinite, too long, cut off, or with a leading zero */
    for (size_t i = 1; i <= bytes; i++)
        len = len << 8 | at[i];
    if (len < LONG_FORM)
        return 0; /* the short form was due */
    *size = 1 + bytes;
    return len;
}

struct nks_der_item nks_der_any(struct nks_der *der)
{
    struct nks_der_item item = {.tag = -1};
    size_t size = 0, len = 0;
    if (!der->bad && der->left > 1 && (der->at[0] & MANY_BYTE_TAG) != MANY_BYTE_TAG)
        len = read_length(der->at + 1, der->left - 1, &size);
    if (size == 0 || len > der->left - 1 - size) {
        der->bad = true;
        return item;
    }
    item = (struct nks_der_item){der->at[0], der->at, der->at + 1 + size, 1 + size + len, len};
    der->at += item.whole_len;
    der->left -= item.whole_len;
    return item;
}

struct nks_der_item nks_der_take(struct nks_der *der, int tag)
{
    if (nks_der_peek(der) != tag) {
        der->bad = true;
        return (struct nks_der_item){.tag = -1};
    }
    return nks_der_any(der);
}

struct nks_der nks_der_inside(const struct nks_der_item *item)
{
    return (struct nks_der){item->value, item->value_len, item->tag < 0};
}

struct nks_der nks_der_enter(struct nks_der *der, int tag)
{
    struct nks_der_item item = nks_der_take(der, tag);
    return nks_der_inside(&item);
}

bool nks_der_done(const struct nks_der *der)
{
    return !der->bad && der->left == 0;
}

bool nks_der_is(const struct nks_der_item *item, const uint8_t *value, size_t len)
{
    return item->tag >= 0 && item->value_len == len && memcmp(item->value, value, len) == 0;
}
