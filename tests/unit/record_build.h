#ifndef NKS_TEST_RECORD_BUILD_H
#define NKS_TEST_RECORD_BUILD_H
/*
 * Records for tests, from a small notation or call by call. A record has no slots: the writers read tokens only.
 *   Name{...}    an element with children        Name'text'   with a text, in which '' stands for one '
 *   Name         an empty element                Name[DKK]'1' with the attribute Ccy
 */
#include "iso20022/frame.h"
#include "iso20022/rendered.h"
#include "iso20022/token.h"

#include <check.h>
#include <string.h>

/* Check notes the place of every assertion it passes, which is too slow for one per byte. */
#define REQUIRE(condition, ...)                                                                                        \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
    } while (0)

struct record {
    char bytes[NKS_RECORD_MAX];
    size_t len;
    uint64_t rendered;
};

static void record_byte(struct record *record, unsigned byte)
{
    REQUIRE(record->len < sizeof record->bytes, "the record is too long");
    record->bytes[record->len++] = (char)byte;
}

static void record_bytes(struct record *record, struct nks_text text)
{
    for (size_t i = 0; i < text.len; i++)
        record_byte(record, (unsigned char)text.ptr[i]);
}

static void record_begin(struct record *record)
{
    record->len = sizeof(struct nks_record_head);
    record->rendered = 0;
}

static void record_open(struct record *record, struct nks_text name)
{
    enum nks_element element = nks_element_find(name);
    REQUIRE(element != NKS_ELEMENT_NONE, "no element %.*s", (int)name.len, name.ptr);
    record_byte(record, element);
    record->rendered += 2 * name.len + NKS_RENDERED_TAGS;
}

static void record_close(struct record *record)
{
    record_byte(record, NKS_TOKEN_END);
}

static void record_ccy(struct record *record, struct nks_text currency)
{
    record_byte(record, NKS_TOKEN_CCY);
    record_byte(record, (unsigned)currency.len);
    record_bytes(record, currency);
    record->rendered += NKS_RENDERED_CCY + 6 * currency.len;
}

static void record_text(struct record *record, struct nks_text text)
{
    bool plain;
    record_byte(record, NKS_TOKEN_TEXT);
    record_byte(record, text.len & 0xFF);
    record_byte(record, (unsigned)(text.len >> 8));
    record_bytes(record, text);
    record->rendered += nks_rendered_text(text.ptr, text.len, &plain);
}

/* The finished record, in the memory of `record`. */
static struct nks_text record_end(struct record *record)
{
    struct nks_record_head head = {
        .size = (uint32_t)record->len, .tokens_at = sizeof head, .rendered = (uint32_t)record->rendered};
    memcpy(record->bytes, &head, sizeof head);
    struct nks_text text = {record->bytes, record->len};
    REQUIRE(nks_record_check(text), "the record is not sound");
    return text;
}

static struct nks_text record_word(const char **at)
{
    const char *start = *at;
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return (struct nks_text){start, (size_t)(*at - start)};
}

static void record_quoted(struct record *record, const char **at)
{
    char memory[4096];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    for (++*at; **at != '\'' || (*at)[1] == '\''; ++*at) {
        REQUIRE(**at != '\0', "the notation ends too early");
        nks_buf_char(&buf, **at);
        *at += **at == '\'';
    }
    ++*at;
    REQUIRE(!buf.overflow, "a text is too long");
    record_text(record, nks_buf_view(&buf));
}

static void record_element(struct record *record, const char **at)
{
    record_open(record, record_word(at));
    if (**at == '[') {
        ++*at;
        record_ccy(record, record_word(at));
        ++*at;
    }
    if (**at == '\'')
        record_quoted(record, at);
    else if (**at == '{') {
        ++*at;
        for (; **at != '}'; *at += **at == ' ') {
            REQUIRE(**at != '\0', "the notation ends too early");
            if (**at != ' ')
                record_element(record, at);
        }
        ++*at;
    }
    record_close(record);
}

static inline struct nks_text record_build(struct record *record, const char *notation)
{
    record_begin(record);
    record_element(record, &notation);
    REQUIRE(*notation == '\0', "left over: %s", notation);
    return record_end(record);
}

#endif
