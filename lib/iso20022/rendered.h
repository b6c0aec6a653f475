#ifndef NKS_ISO20022_RENDERED_H
#define NKS_ISO20022_RENDERED_H
/*
 * The bound `rendered` of a record (frame.h): how many bytes the tokens take at most when written as XML without
 * prefixes. The reader counts it while it parses, the parent counts it again while it checks, both with these.
 */
#include "iso20022/token.h"

#include <string.h>

enum {
    NKS_RENDERED_TAGS = 5, /* < > and < / > around two copies of the name */
    NKS_RENDERED_CCY = 7,  /* a blank, Ccy, =, two quotation marks */
    /* The longest expansion of one byte of tokens: an opening and its end are two bytes and at most 2 * 32 + 5 as XML;
     * one byte of a currency may become six. A larger bound is a lie. */
    NKS_RENDERED_PER_BYTE = 40,
};

/* The tags of an element; 0 for a number that is none. */
uint32_t nks_rendered_tags(unsigned element);

/* How much longer a byte of text gets when it is escaped: & < > become &amp; &lt; &gt; */
static inline uint32_t nks_rendered_extra(unsigned char c)
{
    return c == '&' ? 4 : c == '<' || c == '>' ? 3 : 0;
}

static inline uint64_t nks_bytes_equal(uint64_t word, unsigned char c)
{
    uint64_t x = word ^ 0x0101010101010101u * (uint64_t)c;
    return (x - 0x0101010101010101u) & ~x;
}

/*
 * The length of the text after escaping. `plain` becomes true when every byte is ASCII, which spares the caller the
 * check for UTF-8. Eight bytes a step: almost no text has anything to escape.
 */
static inline uint32_t nks_rendered_text(const char *text, size_t len, bool *plain)
{
    uint64_t high = 0;
    uint32_t total = (uint32_t)len;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, 8);
        high |= word;
        /* '<' is 0x3C and '>' is 0x3E: with bit 1 set these two, and no other byte, are 0x3E */
        uint64_t hit = nks_bytes_equal(word, '&') | nks_bytes_equal(word | 0x0202020202020202u, '>');
        if ((hit & 0x8080808080808080u) == 0)
            continue;
        for (size_t k = i; k < i + 8; k++)
            total += nks_rendered_extra((unsigned char)text[k]);
    }
    for (; i < len; i++) {
        high |= (unsigned char)text[i];
        total += nks_rendered_extra((unsigned char)text[i]);
    }
    *plain = (high & 0x8080808080808080u) == 0;
    return total;
}

#endif
