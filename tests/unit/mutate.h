#ifndef NKS_TEST_MUTATE_H
#define NKS_TEST_MUTATE_H
/*
 * Changes to messages, for tests that judge many thousand of them: random numbers that are the same on every machine,
 * values at the edges of what our types allow, and a mutator of bytes. It knows as much of XML as it takes to find an
 * element's end, and does not care whether what it makes is XML.
 *
 * Order of calls: mutant_set, then mutate_once as often as wanted; the bytes stand in the mutant.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MUTATE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- random numbers: xorshift; the state may not be 0 */

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    rng->state ^= rng->state << 13;
    rng->state ^= rng->state >> 7;
    rng->state ^= rng->state << 17;
    return rng->state;
}

static inline unsigned rng_below(struct rng *rng, size_t limit)
{
    return (unsigned)((rng_next(rng) >> 16) % limit);
}

static inline bool rng_one_in(struct rng *rng, unsigned n)
{
    return rng_below(rng, n) == 0;
}

/* ---- values at the edges, as they are after the parser */

static const char *const edge_texts[] = {
    "",
    " ",
    "\n",
    "0",
    "1",
    "-1",
    "-0",
    "-0.00",
    "+0",
    "+1.00",
    " 1.00 ",
    "1.",
    ".5",
    "1e3",
    "1E+2",
    "0x10",
    "1,00",
    "1 000.00",
    "1\xC2\xA0"
    "000.00",
    "\xEF\xBC\x91\xEF\xBC\x92.00", /* digits of full width */
    "\xD9\xA1\xD9\xA2",            /* Arabic-Indic digits */
    "0.000001",
    "9999999999999.99999",
    "99999999999999.9",
    "999999999999999999",
    "1000000000000000000",
    "000000000000000000000001.00",
    "INF",
    "NaN",
    "2026-11-22",
    " 2026-11-22 ",
    "2026-02-30",
    "2024-02-29",
    "2026-11-22Z",
    "2026-11-22+14:00",
    "2026-11-22+14:01",
    "2026-11-22-00:00",
    "-2026-11-22",
    "12026-11-22",
    "0000-01-01",
    "2026-11-22T09:59:16",
    " 2026-11-22T09:59:16\n",
    "2026-11-22T24:00:00",
    "2026-11-22T24:00:01",
    "2026-11-22T09:59:60",
    "2026-11-22T09:59:16.1234567890",
    "true",
    " true\n",
    "TRUE",
    "yes",
    "TRF",
    "TRF ",
    "CHK",
    "TRA",
    "NORM",
    "SLEV",
    "CHQB",
    "HOLD",
    "SCOR",
    "CINV",
    "PUOR",
    "MIKS",
    "CACC",
    "ADDR",
    "CRDT",
    "DK",
    "dk",
    "DKK",
    "DKBGC",
    "NDEADKKK",
    "1234DKKK",
    "NDEADK1O",
    "NDEADKKKXXX",
    "DK5000400440116243",
    "dk5000400440116243",
    "529900T8BM49AURSDO55",
    "eb6305c9-1f7f-49de-aed0-16487c27b42d",
    "+45-33112233",
    "NOTPROVIDED",
    "1234567890123456",
    "12345678901234567",
    "1234567890123456789012345678901234",
    "12345678901234567890123456789012345",
    "123456789012345678901234567890123456",
    "æøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæø",
    "æøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøåæøå",
    "\xF0\x9F\x92\xB0\xF0\x9F\x92\xB0",
    "1234567890123456789012345678901234567890123456789012345678901234567890",
    "12345678901234567890123456789012345678901234567890123456789012345678901",
};

/* ---- the mutant */

enum { MUTANT_MAX = 1 << 20 };

struct mutant {
    char *bytes;
    size_t len;
};

/* Replaces `cut` bytes at `at`; what would get too long stays as it is. `text` does not point into the mutant. */
static inline void mutant_splice(struct mutant *m, size_t at, size_t cut, const char *text, size_t len)
{
    if (at > m->len || cut > m->len - at || m->len - cut + len > MUTANT_MAX)
        return;
    memmove(m->bytes + at + len, m->bytes + at + cut, m->len - at - cut);
    if (len > 0)
        memcpy(m->bytes + at, text, len);
    m->len = m->len - cut + len;
}

static inline void mutant_set(struct mutant *m, const char *bytes, size_t len)
{
    if (m->bytes == NULL)
        m->bytes = malloc(MUTANT_MAX);
    if (m->bytes == NULL)
        abort();
    m->len = 0;
    mutant_splice(m, 0, 0, bytes, len);
}

static inline size_t mutant_place(struct rng *rng, const struct mutant *m)
{
    return rng_below(rng, m->len + 1);
}

/* ---- bytes */

static const struct {
    const char *bytes;
    size_t len;
} nasty[] = {
#define NASTY(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
    NASTY("<"),
    NASTY(">"),
    NASTY("&"),
    NASTY("\""),
    NASTY("'"),
    NASTY("/"),
    NASTY("\0"),
    NASTY("\x01"),
    NASTY("\x7F"),
    NASTY("\x80"),
    NASTY("\xC3"),
    NASTY("\xC0\x80"),
    NASTY("\xC2\xA0"),
    NASTY("\xC2\x85"),
    NASTY("\xE2\x80\xA8"),
    NASTY("\xED\xA0\x80"),
    NASTY("\xEF\xBF\xBE"),
    NASTY("\xF4\x90\x80\x80"),
    NASTY("\xEF\xBB\xBF"),
    NASTY("\xFE\xFF"),
    NASTY(" "),
    NASTY("\n"),
    NASTY("\r"),
    NASTY("\r\n"),
    NASTY("\t"),
    NASTY("<![CDATA["),
    NASTY("]]>"),
    NASTY("<![CDATA[x]]>"),
    NASTY("<!--x-->"),
    NASTY("<!--"),
    NASTY("-->"),
    NASTY("--"),
    NASTY("<?x y?>"),
    NASTY("<?xml version='1.0'?>"),
    NASTY("<!DOCTYPE x>"),
    NASTY("<x/>"),
    NASTY("</x>"),
    NASTY("&#65;"),
    NASTY("&#x41;"),
    NASTY("&#10;"),
    NASTY("&#13;"),
    NASTY("&#32;"),
    NASTY("&#xA0;"),
    NASTY("&#0;"),
    NASTY("&#x1F;"),
    NASTY("&#xD800;"),
    NASTY("&#xFFFE;"),
    NASTY("&#x110000;"),
    NASTY("&amp;"),
    NASTY("&lt;"),
    NASTY("&quot;"),
    NASTY("&x;"),
    NASTY("xmlns=''"),
#undef NASTY
};

static inline void mutate_flip(struct rng *rng, struct mutant *m)
{
    if (m->len > 0)
        m->bytes[rng_below(rng, m->len)] ^= (char)(1 << rng_below(rng, 8));
}

static inline void mutate_byte(struct rng *rng, struct mutant *m)
{
    if (m->len > 0)
        m->bytes[rng_below(rng, m->len)] = (char)rng_below(rng, 256);
}

static inline void mutate_cut(struct rng *rng, struct mutant *m)
{
    mutant_splice(m, mutant_place(rng, m), 1 + rng_below(rng, 12), "", 0);
}

static inline void mutate_insert(struct rng *rng, struct mutant *m)
{
    unsigned pick = rng_below(rng, MUTATE_COUNT(nasty));
    mutant_splice(m, mutant_place(rng, m), 0, nasty[pick].bytes, nasty[pick].len);
}

static inline void mutate_repeat(struct rng *rng, struct mutant *m)
{
    char piece[64];
    size_t at = mutant_place(rng, m), len = 1 + rng_below(rng, sizeof piece);
    if (len > m->len - at)
        len = m->len - at;
    memcpy(piece, m->bytes + at, len);
    mutant_splice(m, at, 0, piece, len);
}

static inline void mutate_truncate(struct rng *rng, struct mutant *m)
{
    if (rng_one_in(rng, 4))
        m->len = mutant_place(rng, m);
}

/* ---- elements: [at, end) from < to the > of the end tag; the content is [inner, inner_end) */

struct span {
    size_t at, inner, inner_end, end;
};

static inline size_t tag_end(const struct mutant *m, size_t at)
{
    const char *close = at < m->len ? memchr(m->bytes + at, '>', m->len - at) : NULL;
    return close == NULL ? m->len : (size_t)(close - m->bytes) + 1;
}

static inline bool is_start_tag(const struct mutant *m, size_t at)
{
    return at + 1 < m->len && m->bytes[at] == '<' && strchr("/!?", m->bytes[at + 1]) == NULL;
}

static inline bool span_of(const struct mutant *m, size_t at, struct span *span)
{
    int depth = 0;
    *span = (struct span){at, tag_end(m, at), 0, 0};
    for (size_t i = at; i < m->len;) {
        size_t end = tag_end(m, i);
        if (m->bytes[i] == '<' && i + 1 < m->len && m->bytes[i + 1] == '/')
            depth--;
        else if (is_start_tag(m, i) && (end < 2 || m->bytes[end - 2] != '/'))
            depth++;
        if (depth <= 0) {
            span->inner_end = i == at ? end : i; /* <x/> has its end for content */
            span->end = end;
            return span->inner_end >= span->inner;
        }
        const char *next = end < m->len ? memchr(m->bytes + end, '<', m->len - end) : NULL;
        if (next == NULL)
            return false;
        i = (size_t)(next - m->bytes);
    }
    return false;
}

/* Any element, one that stands behind a random place; every other time one that holds only text. */
static inline bool random_span(struct rng *rng, const struct mutant *m, struct span *span)
{
    bool leaf = rng_one_in(rng, 2);
    size_t at = mutant_place(rng, m);
    for (unsigned tries = 0; tries < 64 && at < m->len; at++) {
        if (!is_start_tag(m, at))
            continue;
        tries++;
        if (span_of(m, at, span) &&
            (!leaf || memchr(m->bytes + span->inner, '<', span->inner_end - span->inner) == NULL))
            return true;
    }
    return false;
}

static inline char *span_copy(const struct mutant *m, size_t from, size_t to)
{
    char *copy = malloc(to - from + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, m->bytes + from, to - from);
    return copy;
}

static inline void mutate_element_remove(struct rng *rng, struct mutant *m)
{
    struct span span;
    if (random_span(rng, m, &span))
        mutant_splice(m, span.at, span.end - span.at, "", 0);
}

static inline void mutate_element_empty(struct rng *rng, struct mutant *m)
{
    struct span span;
    if (random_span(rng, m, &span))
        mutant_splice(m, span.inner, span.inner_end - span.inner, "", 0);
}

/* A copy beside it, or anywhere: behind some other start tag. */
static inline void mutate_element_copy(struct rng *rng, struct mutant *m)
{
    struct span span, other;
    if (!random_span(rng, m, &span))
        return;
    size_t to = rng_one_in(rng, 2) && random_span(rng, m, &other) ? other.inner : span.end;
    char *copy = span_copy(m, span.at, span.end);
    mutant_splice(m, to, 0, copy, span.end - span.at);
    free(copy);
}

static inline void mutate_element_swap(struct rng *rng, struct mutant *m)
{
    struct span span, next;
    if (!random_span(rng, m, &span))
        return;
    const char *at = span.end < m->len ? memchr(m->bytes + span.end, '<', m->len - span.end) : NULL;
    if (at == NULL || !span_of(m, (size_t)(at - m->bytes), &next))
        return;
    char *copy = span_copy(m, next.at, next.end);
    mutant_splice(m, next.at, next.end - next.at, "", 0);
    mutant_splice(m, span.at, 0, copy, next.end - next.at);
    free(copy);
}

static inline void mutate_element_text(struct rng *rng, struct mutant *m)
{
    struct span span;
    const char *text = edge_texts[rng_below(rng, MUTATE_COUNT(edge_texts))];
    if (random_span(rng, m, &span))
        mutant_splice(m, span.inner, span.inner_end - span.inner, text, strlen(text));
}

/* Something in the middle of a value. */
static inline void mutate_element_insert(struct rng *rng, struct mutant *m)
{
    struct span span;
    unsigned pick = rng_below(rng, MUTATE_COUNT(nasty));
    if (random_span(rng, m, &span))
        mutant_splice(m, span.inner + rng_below(rng, span.inner_end - span.inner + 1), 0, nasty[pick].bytes,
                      nasty[pick].len);
}

static const char *const tag_names[] = {
    "Id",     "Nm",      "Cd",       "Prtry",       "Othr",        "OrgId",     "PrvtId",    "Dt",          "DtTm",
    "IBAN",   "BIC",     "BICFI",    "AnyBIC",      "BICOrBEI",    "InstdAmt",  "EqvtAmt",   "Amt",         "PmtInf",
    "GrpHdr", "Cdtr",    "CdtrAcct", "CdtTrfTxInf", "SplmtryData", "UETR",      "LEI",       "Strd",        "Ustrd",
    "Ctry",   "AdrLine", "ChqInstr", "Tax",         "IntrmyAgt1",  "InstrPrty", "BtchBookg", "ReqdExctnDt", "Document",
};

/* The name of both tags, or of one. */
static inline void mutate_element_name(struct rng *rng, struct mutant *m)
{
    struct span span;
    const char *name = tag_names[rng_below(rng, MUTATE_COUNT(tag_names))];
    if (!random_span(rng, m, &span) || span.inner_end == span.end)
        return;
    size_t old = strcspn(m->bytes + span.at + 1, " \t\r\n/>"), end = span.inner_end + 2;
    if (!rng_one_in(rng, 8))
        mutant_splice(m, end, span.end - end - 1, name, strlen(name));
    mutant_splice(m, span.at + 1, old, name, strlen(name));
}

static inline void mutate_element_wrap(struct rng *rng, struct mutant *m)
{
    static const char *const marks[][2] = {{"<![CDATA[", "]]>"}, {"<!--", "-->"},  {"<x>", "</x>"},
                                           {" ", " "},           {"\n\t", "\n\t"}, {"<Id>", "</Id>"}};
    struct span span;
    unsigned pick = rng_below(rng, MUTATE_COUNT(marks));
    if (!random_span(rng, m, &span))
        return;
    mutant_splice(m, span.inner_end, 0, marks[pick][1], strlen(marks[pick][1]));
    mutant_splice(m, span.inner, 0, marks[pick][0], strlen(marks[pick][0]));
}

static const char *const attributes[] = {
    " Ccy='DKK'",
    " Ccy='dkk'",
    " Ccy=''",
    " Ccy=' DKK'",
    " Ccy='&#68;KK'",
    " Ccy='EUR' Ccy='DKK'",
    " a='1'",
    " xml:lang='da'",
    " xml:space='preserve'",
    " xmlns=''",
    " xmlns='urn:x'",
    " xmlns='none'",
    " xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'",
    " xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'",
    " xmlns:Ccy='urn:x' Ccy:Ccy='DKK'",
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'",
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Max35Text'",
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Text35'",
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='urn:x file:///nowhere/x.xsd'",
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='/nowhere/x.xsd'",
    " xmlns:xi='http://www.w3.org/2001/XInclude'",
};

static inline void mutate_attribute_insert(struct rng *rng, struct mutant *m)
{
    struct span span;
    const char *text = attributes[rng_below(rng, MUTATE_COUNT(attributes))];
    if (!random_span(rng, m, &span))
        return;
    size_t name = 1 + strcspn(m->bytes + span.at + 1, " \t\r\n/>");
    mutant_splice(m, span.at + name, 0, text, strlen(text));
}

static inline void mutate_attribute_remove(struct rng *rng, struct mutant *m)
{
    size_t at = mutant_place(rng, m);
    const char *quote = at < m->len ? memchr(m->bytes + at, '=', m->len - at) : NULL;
    if (quote == NULL)
        return;
    at = (size_t)(quote - m->bytes);
    size_t from = at, to = tag_end(m, at) - 1;
    while (from > 0 && strchr(" \t\r\n<", m->bytes[from - 1]) == NULL)
        from--;
    const char *space = memchr(m->bytes + at, ' ', to - at);
    mutant_splice(m, from, (space == NULL ? to : (size_t)(space - m->bytes)) - from, "", 0);
}

/* ---- the message as a whole */

static inline bool mutant_replace(struct mutant *m, const char *from, const char *to)
{
    const char *at = m->len == 0 ? NULL : memmem(m->bytes, m->len, from, strlen(from));
    if (at == NULL)
        return false;
    mutant_splice(m, (size_t)(at - m->bytes), strlen(from), to, strlen(to));
    return true;
}

static inline void mutate_version(struct rng *rng, struct mutant *m)
{
    static const char *const versions[] = {"pain.001.001.03", "pain.001.001.08", "pain.001.001.09", "pain.001.001.10",
                                           "pain.001.001.11", "pain.001.001.12", "pain.001.003.03", "pain.002.001.10"};
    const char *to = versions[rng_below(rng, MUTATE_COUNT(versions))];
    for (size_t i = 0; i < MUTATE_COUNT(versions); i++) {
        if (mutant_replace(m, versions[i], to))
            return;
    }
}

static inline void mutate_encoding(struct rng *rng, struct mutant *m)
{
    static const char *const declarations[] = {"<?xml version='1.0' encoding='UTF-8'?>",
                                               "<?xml version='1.0' encoding='ISO-8859-1'?>",
                                               "<?xml version='1.0' encoding='ISO-8859-15'?>",
                                               "<?xml version='1.0' encoding='UTF-16'?>",
                                               "<?xml version='1.1'?>",
                                               "<?xml version='1.0' standalone='no'?>",
                                               "\xEF\xBB\xBF<?xml version='1.0'?>",
                                               ""};
    const char *to = declarations[rng_below(rng, MUTATE_COUNT(declarations))];
    size_t old = m->len > 5 && memcmp(m->bytes, "<?xml", 5) == 0 ? tag_end(m, 0) : 0;
    mutant_splice(m, 0, old, to, strlen(to));
}

/* Some stand more than once: they are the ones that find the finer differences. */
static void (*const mutators[])(struct rng *, struct mutant *) = {
    mutate_flip,
    mutate_byte,
    mutate_cut,
    mutate_insert,
    mutate_repeat,
    mutate_truncate,
    mutate_element_remove,
    mutate_element_remove,
    mutate_element_empty,
    mutate_element_copy,
    mutate_element_copy,
    mutate_element_swap,
    mutate_element_text,
    mutate_element_text,
    mutate_element_text,
    mutate_element_text,
    mutate_element_insert,
    mutate_element_insert,
    mutate_element_insert,
    mutate_element_name,
    mutate_element_wrap,
    mutate_element_wrap,
    mutate_attribute_insert,
    mutate_attribute_remove,
    mutate_version,
    mutate_encoding,
};

static inline void mutate_once(struct rng *rng, struct mutant *m)
{
    mutators[rng_below(rng, MUTATE_COUNT(mutators))](rng, m);
}

#endif
