#include "iso20022/encoding.h"

#include <string.h>
#include <strings.h>

/* The names and aliases that IANA has registered for the three. */
static const struct {
    const char *name;
    enum nks_encoding encoding;
} encoding_names[] = {
    {"UTF-8", NKS_UTF8},          {"ISO-8859-1", NKS_ISO_8859_1},   {"ISO_8859-1", NKS_ISO_8859_1},
    {"LATIN1", NKS_ISO_8859_1},   {"ISO-8859-15", NKS_ISO_8859_15}, {"ISO_8859-15", NKS_ISO_8859_15},
    {"LATIN-9", NKS_ISO_8859_15},
};

bool nks_encoding_find(struct nks_text name, enum nks_encoding *encoding)
{
    for (size_t i = 0; i < sizeof encoding_names / sizeof encoding_names[0]; i++) {
        const char *known = encoding_names[i].name;
        if (strlen(known) == name.len && strncasecmp(known, name.ptr, name.len) == 0) {
            *encoding = encoding_names[i].encoding;
            return true;
        }
    }
    return false;
}

/* XML in UTF-16 or UTF-32 begins with a mark, or with '<' beside zeroes. */
enum nks_bom nks_encoding_bom(const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return NKS_BOM_UTF8;
    if (len >= 2 && (memcmp(bytes, "\xFE\xFF", 2) == 0 || memcmp(bytes, "\xFF\xFE", 2) == 0 ||
                     memcmp(bytes, "<\0", 2) == 0 || memcmp(bytes, "\0<", 2) == 0 || memcmp(bytes, "\0\0", 2) == 0))
        return NKS_BOM_FOREIGN;
    return NKS_BOM_NONE;
}

/* Where ISO-8859-15 differs from ISO-8859-1. */
static const struct {
    unsigned char byte;
    uint16_t character;
} latin9[] = {
    {0xA4, 0x20AC}, {0xA6, 0x0160}, {0xA8, 0x0161}, {0xB4, 0x017D},
    {0xB8, 0x017E}, {0xBC, 0x0152}, {0xBD, 0x0153}, {0xBE, 0x0178},
};

static unsigned latin9_character(unsigned char byte)
{
    for (size_t i = 0; i < sizeof latin9 / sizeof latin9[0]; i++) {
        if (latin9[i].byte == byte)
            return latin9[i].character;
    }
    return byte;
}

static size_t put_character(unsigned c, char *out)
{
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
}

size_t nks_encoding_to_utf8(enum nks_encoding encoding, const char *bytes, size_t len, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        uint64_t word;
        while (i + 8 <= len && (memcpy(&word, bytes + i, 8), (word & 0x8080808080808080u) == 0)) {
            memcpy(out + used, &word, 8);
            used += 8;
            i += 8;
        }
        if (i == len)
            break;
        unsigned char byte = (unsigned char)bytes[i++];
        if (byte < 0x80)
            out[used++] = (char)byte;
        else
            used += put_character(encoding == NKS_ISO_8859_15 ? latin9_character(byte) : byte, out + used);
    }
    return used;
}
