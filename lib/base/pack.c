#include "base/pack.h"

void nks_pack_int(struct nks_buf *buf, int64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)value >> (8 * i) & 255);
    nks_buf_text(buf, (struct nks_text){bytes, sizeof bytes});
}

void nks_pack_text(struct nks_buf *buf, struct nks_text text)
{
    nks_pack_int(buf, (int64_t)text.len);
    nks_buf_text(buf, text);
}

int64_t nks_unpack_int(struct nks_unpack *unpack)
{
    if (unpack->bad || unpack->rest.len < 8) {
        unpack->bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | (unsigned char)unpack->rest.ptr[i];
    unpack->rest = nks_text_slice(unpack->rest, 8, unpack->rest.len);
    return (int64_t)value;
}

struct nks_text nks_unpack_text(struct nks_unpack *unpack)
{
    int64_t len = nks_unpack_int(unpack);
    if (unpack->bad || len < 0 || (uint64_t)len > unpack->rest.len) {
        unpack->bad = true;
        return (struct nks_text){NULL, 0};
    }
    struct nks_text text = nks_text_slice(unpack->rest, 0, (size_t)len);
    unpack->rest = nks_text_slice(unpack->rest, (size_t)len, unpack->rest.len);
    return text;
}

bool nks_unpack_done(const struct nks_unpack *unpack)
{
    return !unpack->bad && unpack->rest.len == 0;
}
