#include "iso20022/xmlout.h"

#include <string.h>

/* The longest that one character becomes: "&#1114111;". */
enum { CHARACTER_MAX = 16 };

static void flush(struct nks_xmlout *out)
{
    if (out->status == NKS_OK && out->used > 0)
        out->status = out->sink(out->context, out->buffer, out->used, out->fault);
    out->used = 0;
}

void nks_xmlout_raw(struct nks_xmlout *out, const char *bytes, size_t len)
{
    if (out->status != NKS_OK)
        return;
    out->written += (int64_t)len;
    while (len > 0) {
        if (out->used == sizeof out->buffer)
            flush(out);
        size_t part = sizeof out->buffer - out->used;
        if (part > len)
            part = len;
        memcpy(out->buffer + out->used, bytes, part);
        out->used += part;
        bytes += part;
        len -= part;
    }
}

static void raw_text(struct nks_xmlout *out, struct nks_text text)
{
    nks_xmlout_raw(out, text.ptr, text.len);
}

void nks_xmlout_begin(struct nks_xmlout *out, enum nks_encoding encoding, nks_sink_fn sink, void *context,
                      struct nks_fault *fault)
{
    static const char *const names[] = {
        [NKS_UTF8] = "UTF-8", [NKS_ISO_8859_1] = "ISO-8859-1", [NKS_ISO_8859_15] = "ISO-8859-15"};
    out->sink = sink;
    out->context = context;
    out->fault = fault;
    out->status = NKS_OK;
    out->encoding = encoding;
    out->written = 0;
    out->used = 0;
    raw_text(out, NKS_TEXT("<?xml version=\"1.0\" encoding=\""));
    raw_text(out, nks_text_from(names[encoding]));
    raw_text(out, NKS_TEXT("\"?>\n"));
}

/* One sequence after the Unicode standard, table 3-7; a byte that starts none is taken alone, as no character. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *character = p[0];
    if (p[0] < 0x80)
        return 1;
    *character = UINT32_MAX;
    size_t len = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (len == 0 || len > left)
        return 1;
    uint32_t value = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *character = value;
    return len;
}

/* XML 1.0, production 2 (Char). */
static bool xml_carries(uint32_t character)
{
    if (character < 0x20)
        return character == '\t' || character == '\n' || character == '\r';
    return character <= 0x10FFFF && character != 0xFFFE && character != 0xFFFF;
}

/* Where ISO-8859-15 differs from ISO-8859-1. */
static const struct {
    uint8_t byte;
    uint16_t character;
} latin9[] = {{0xA4, 0x20AC}, {0xA6, 0x0160}, {0xA8, 0x0161}, {0xB4, 0x017D},
              {0xB8, 0x017E}, {0xBC, 0x0152}, {0xBD, 0x0153}, {0xBE, 0x0178}};

/* The byte of a character above U+007F, 0 where the charset has none. 80..9F are left out: many programs read them as
 * Windows-1252. */
static uint8_t single_byte(enum nks_encoding encoding, uint32_t character)
{
    bool direct = character >= 0xA0 && character <= 0xFF;
    for (size_t i = 0; encoding == NKS_ISO_8859_15 && i < sizeof latin9 / sizeof latin9[0]; i++) {
        if (latin9[i].character == character)
            return latin9[i].byte;
        if (latin9[i].byte == character)
            direct = false;
    }
    return direct ? (uint8_t)character : 0;
}

static struct nks_text ascii_escape(uint32_t character)
{
    switch (character) {
    case '&':
        return NKS_TEXT("&amp;");
    case '<':
        return NKS_TEXT("&lt;");
    case '>':
        return NKS_TEXT("&gt;");
    case '\r': /* as itself a reader would take it for a line end and drop it */
        return NKS_TEXT("&#13;");
    default:
        return (struct nks_text){NULL, 0};
    }
}

/* Writes the first character of `p`; returns how many bytes it took. */
static size_t write_character(struct nks_xmlout *out, const unsigned char *p, size_t left)
{
    uint32_t character = 0;
    size_t len = decode(p, left, &character);
    if (!xml_carries(character))
        character = '?';
    struct nks_text escape = ascii_escape(character);
    char one = (char)character;
    if (escape.len > 0) {
        raw_text(out, escape);
    } else if (character < 0x80) {
        nks_xmlout_raw(out, &one, 1);
    } else if (out->encoding == NKS_UTF8) {
        nks_xmlout_raw(out, (const char *)p, len);
    } else if (single_byte(out->encoding, character) != 0) {
        one = (char)single_byte(out->encoding, character);
        nks_xmlout_raw(out, &one, 1);
    } else {
        char memory[CHARACTER_MAX];
        struct nks_buf buf;
        nks_buf_init(&buf, memory, sizeof memory);
        nks_buf_str(&buf, "&#");
        nks_buf_u64(&buf, character);
        nks_buf_char(&buf, ';');
        raw_text(out, nks_buf_view(&buf));
    }
    return len;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Not 0 when one of eight bytes needs a closer look: below blank, above 7F, or one of & < >. A byte is 0 where
 * subtracting 1 borrows; < and > differ in one bit and are looked for together. */
static uint64_t special(uint64_t word)
{
    uint64_t angle = (word | EACH(0x02)) ^ EACH(0x3E);
    uint64_t ampersand = word ^ EACH(0x26);
    uint64_t found = (word - EACH(0x20)) | (angle - EACH(1)) | (ampersand - EACH(1)) | word;
    return found & EACH(0x80);
}

static bool plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '&' && byte != '<' && byte != '>';
}

/* Copies bytes up to the first that needs a closer look; `to` has room for all. */
static size_t copy_plain(char *to, const unsigned char *from, size_t len)
{
    size_t at = 0;
    uint64_t word = 0;
    for (; at + sizeof word <= len; at += sizeof word) {
        memcpy(&word, from + at, sizeof word);
        if (special(word) != 0)
            break;
        memcpy(to + at, &word, sizeof word);
    }
    for (; at < len && plain(from[at]); at++)
        to[at] = (char)from[at];
    return at;
}

void nks_xmlout_text(struct nks_xmlout *out, struct nks_text text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t left = text.len;
    while (left > 0 && out->status == NKS_OK) {
        if (out->used == sizeof out->buffer)
            flush(out);
        size_t room = sizeof out->buffer - out->used;
        size_t done = copy_plain(out->buffer + out->used, p, left < room ? left : room);
        out->used += done;
        out->written += (int64_t)done;
        if (done < left && done < room)
            done += write_character(out, p + done, left - done);
        p += done;
        left -= done;
    }
}

void nks_xmlout_open(struct nks_xmlout *out, const char *name)
{
    nks_xmlout_raw(out, "<", 1);
    nks_xmlout_raw(out, name, strlen(name));
    nks_xmlout_raw(out, ">", 1);
}

void nks_xmlout_close(struct nks_xmlout *out, const char *name)
{
    nks_xmlout_raw(out, "</", 2);
    nks_xmlout_raw(out, name, strlen(name));
    nks_xmlout_raw(out, ">", 1);
}

void nks_xmlout_element(struct nks_xmlout *out, const char *name, struct nks_text text)
{
    if (text.len == 0)
        return;
    nks_xmlout_open(out, name);
    nks_xmlout_text(out, text);
    nks_xmlout_close(out, name);
}

enum nks_status nks_xmlout_end(struct nks_xmlout *out)
{
    flush(out);
    return out->status;
}

struct nks_text nks_xmlout_cut(struct nks_text *rest, size_t max)
{
    size_t at = 0;
    uint32_t character = 0;
    for (size_t count = 0; count < max && at < rest->len; count++)
        at += decode((const unsigned char *)rest->ptr + at, rest->len - at, &character);
    struct nks_text front = nks_text_slice(*rest, 0, at);
    *rest = nks_text_slice(*rest, at, rest->len);
    return front;
}
