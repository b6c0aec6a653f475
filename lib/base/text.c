#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct nks_text nks_text_from(const char *terminated)
{
    return (struct nks_text){terminated, terminated == NULL ? 0 : strlen(terminated)};
}

bool nks_text_equal(struct nks_text a, struct nks_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool nks_text_is(struct nks_text a, const char *terminated)
{
    return nks_text_equal(a, nks_text_from(terminated));
}

int nks_text_compare(struct nks_text a, struct nks_text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool nks_text_starts(struct nks_text a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.ptr, prefix, len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct nks_text nks_text_trim(struct nks_text a)
{
    while (a.len > 0 && is_blank(a.ptr[0])) {
        a.ptr++;
        a.len--;
    }
    while (a.len > 0 && is_blank(a.ptr[a.len - 1]))
        a.len--;
    return a;
}

bool nks_text_all_digits(struct nks_text a)
{
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] < '0' || a.ptr[i] > '9')
            return false;
    }
    return a.len > 0;
}

struct nks_text nks_text_slice(struct nks_text a, size_t from, size_t len)
{
    if (from > a.len)
        from = a.len;
    if (len > a.len - from)
        len = a.len - from;
    return (struct nks_text){a.len == 0 ? a.ptr : a.ptr + from, len};
}

struct nks_text nks_text_cut(struct nks_text *rest, char separator)
{
    struct nks_text part = *rest;
    const char *found = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
    if (found == NULL) {
        *rest = (struct nks_text){NULL, 0};
        return part;
    }
    part.len = (size_t)(found - rest->ptr);
    *rest = nks_text_slice(*rest, part.len + 1, rest->len);
    return part;
}

bool nks_text_copy(struct nks_text a, char *out, size_t size)
{
    size_t len = a.len < size ? a.len : size - 1;
    if (len > 0)
        memcpy(out, a.ptr, len);
    out[len] = '\0';
    return len == a.len;
}

bool nks_text_number(struct nks_text a, uint64_t max, uint64_t *out)
{
    if (!nks_text_all_digits(a))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < a.len; i++) {
        uint64_t digit = (uint64_t)(a.ptr[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* The length of the well-formed sequence at `p`, 0 where there is none. After the Unicode standard, table 3-7. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    size_t need = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (left < need)
        return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    }
    return need;
}

bool nks_text_is_utf8(struct nks_text a)
{
    for (size_t i = 0; i < a.len;) {
        size_t step = utf8_sequence((const unsigned char *)a.ptr + i, a.len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

void nks_buf_init(struct nks_buf *buf, char *memory, size_t cap)
{
    *buf = (struct nks_buf){memory, 0, cap, false};
}

void nks_buf_text(struct nks_buf *buf, struct nks_text text)
{
    size_t room = buf->cap - buf->len;
    size_t len = text.len;
    if (len > room) {
        buf->overflow = true;
        len = room;
    }
    if (len > 0)
        memcpy(buf->ptr + buf->len, text.ptr, len);
    buf->len += len;
}

void nks_buf_str(struct nks_buf *buf, const char *terminated)
{
    nks_buf_text(buf, nks_text_from(terminated));
}

void nks_buf_char(struct nks_buf *buf, char c)
{
    nks_buf_text(buf, (struct nks_text){&c, 1});
}

void nks_buf_u64(struct nks_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    nks_buf_text(buf, (struct nks_text){digits + at, sizeof digits - at});
}

void nks_buf_i64(struct nks_buf *buf, int64_t value)
{
    if (value < 0)
        nks_buf_char(buf, '-');
    nks_buf_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void nks_buf_printf(struct nks_buf *buf, const char *fmt, ...)
{
    size_t room = buf->cap - buf->len;
    va_list args;
    va_start(args, fmt);
    /* vsnprintf writes a terminator; it lands in the room that is left or is cut with the rest. */
    int len = vsnprintf(buf->ptr + buf->len, room, fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room) {
        buf->overflow = true;
        buf->len = room == 0 ? buf->len : buf->cap - 1;
        return;
    }
    buf->len += (size_t)len;
}

struct nks_text nks_buf_view(const struct nks_buf *buf)
{
    return (struct nks_text){buf->ptr, buf->len};
}

void nks_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool nks_unhex(struct nks_text hex, uint8_t *bytes, size_t len)
{
    if (hex.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

void nks_base32(const uint8_t *bytes, size_t digits, char *out)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < digits; i++) {
        if (have < 5) {
            bits = bits << 8 | *bytes++;
            have += 8;
        }
        have -= 5;
        out[i] = alphabet[bits >> have & 31];
        bits &= (1u << have) - 1;
    }
    out[digits] = '\0';
}

/* Bytes of a control character at `text`, also of U+0080 to U+009F, which old terminals obey; 0 where there is none. */
static size_t control_len(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F)
        return 2;
    return c[0] < ' ' || c[0] == 0x7F ? 1 : 0;
}

void nks_text_plain(char *text)
{
    size_t len = strlen(text), cut = 0;
    while (cut < 3 && cut + 1 < len && !nks_text_is_utf8((struct nks_text){text, len - cut}))
        cut++;
    bool utf8 = nks_text_is_utf8((struct nks_text){text, len - cut});
    if (utf8)
        text[len - cut] = '\0';
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!utf8 && ((unsigned char)text[i] & 0x80) != 0)
            text[i] = '?';
        for (size_t bad = control_len(text + i); bad > 0; bad--)
            text[i + bad - 1] = '?';
    }
}
