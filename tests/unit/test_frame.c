/* Records and tokens: what the parent believes of a reader that may have been taken over. */
#include "iso20022/frame.h"
#include "iso20022/record.h"
#include "iso20022/rendered.h"
#include "iso20022/token.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct nks_record builder;

/* <CdtTrfTxInf><PmtId><EndToEndId>A&amp;B</…></…><Amt><InstdAmt Ccy="DKK">12.50</…></…><Cdtr><Nm>Åse</…></…></…> */
static size_t build(char out[4096])
{
    nks_record_start(&builder);
    ck_assert(nks_record_open(&builder, NKS_E_CdtTrfTxInf));
    ck_assert(nks_record_open(&builder, NKS_E_PmtId));
    ck_assert(nks_record_open(&builder, NKS_E_EndToEndId));
    ck_assert(nks_record_text(&builder, "A&", 2) && nks_record_text(&builder, "B", 1));
    nks_record_text_end(&builder, NKS_SLOT_END_TO_END_ID);
    ck_assert(nks_record_close(&builder) && nks_record_close(&builder));
    ck_assert(nks_record_open(&builder, NKS_E_Amt) && nks_record_open(&builder, NKS_E_InstdAmt));
    ck_assert(nks_record_ccy(&builder, NKS_TEXT("DKK"), NKS_SLOT_INSTD_AMT_CCY));
    ck_assert(nks_record_text(&builder, "12.50", 5));
    nks_record_text_end(&builder, NKS_SLOT_INSTD_AMT);
    ck_assert(nks_record_close(&builder) && nks_record_close(&builder));
    ck_assert(nks_record_open(&builder, NKS_E_Cdtr) && nks_record_open(&builder, NKS_E_Nm));
    ck_assert(nks_record_text(&builder, "\xC3\x85se", 4));
    nks_record_text_end(&builder, NKS_SLOT_CDTR_NM);
    ck_assert(nks_record_close(&builder) && nks_record_close(&builder) && nks_record_close(&builder));
    char head[NKS_RECORD_HEAD_MAX];
    struct nks_text first = nks_record_head(&builder, head);
    memcpy(out, first.ptr, first.len);
    memcpy(out + first.len, builder.tokens, builder.len);
    return first.len + builder.len;
}

START_TEST(good_record)
{
    char bytes[4096];
    struct nks_text record = {bytes, build(bytes)};
    ck_assert(nks_record_check(record));
    ck_assert(nks_text_is(nks_record_slot(record, NKS_SLOT_END_TO_END_ID), "A&B"));
    ck_assert(nks_text_is(nks_record_slot(record, NKS_SLOT_INSTD_AMT), "12.50"));
    ck_assert(nks_text_is(nks_record_slot(record, NKS_SLOT_INSTD_AMT_CCY), "DKK"));
    ck_assert(nks_text_is(nks_record_slot(record, NKS_SLOT_CDTR_NM), "\xC3\x85se"));
    ck_assert_uint_eq(nks_record_slot(record, NKS_SLOT_USTRD).len, 0);
    const char *xml = "<CdtTrfTxInf><PmtId><EndToEndId>A&amp;B</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">12.50"
                      "</InstdAmt></Amt><Cdtr><Nm>Xxse</Nm></Cdtr></CdtTrfTxInf>";
    ck_assert_uint_ge(nks_record_rendered(record), strlen(xml));
    ck_assert_uint_le(nks_record_rendered(record), strlen(xml) + 20);
}
END_TEST

START_TEST(tokens_in_order)
{
    char bytes[4096], told[256];
    struct nks_text record = {bytes, build(bytes)}, rest = nks_record_tokens(record);
    struct nks_buf buf;
    nks_buf_init(&buf, told, sizeof told);
    for (struct nks_token token; (token = nks_token_next(&rest)).kind != NKS_TOKEN_IS_END_OF_DATA;) {
        if (token.kind == NKS_TOKEN_IS_OPEN)
            nks_buf_printf(&buf, "<%s", nks_element_name(token.element));
        else if (token.kind == NKS_TOKEN_IS_CLOSE)
            nks_buf_char(&buf, '>');
        else
            nks_buf_printf(&buf, "%c%.*s", token.kind == NKS_TOKEN_IS_CCY ? '@' : '=', (int)token.text.len,
                           token.text.ptr);
    }
    ck_assert(nks_text_is(nks_buf_view(&buf), "<CdtTrfTxInf<PmtId<EndToEndId=A&B>><Amt<InstdAmt@DKK=12.50>>"
                                              "<Cdtr<Nm=\xC3\x85se>>>"));
}
END_TEST

/* A record of raw tokens without slots. */
static bool raw_check(const char *tokens, size_t len, uint32_t rendered)
{
    struct nks_record_head head = {(uint32_t)(sizeof head + len), sizeof head, rendered, 0, 0};
    char *bytes = malloc(sizeof head + len); /* exact, so that a look behind it is seen */
    memcpy(bytes, &head, sizeof head);
    if (len > 0)
        memcpy(bytes + sizeof head, tokens, len);
    bool good = nks_record_check((struct nks_text){bytes, sizeof head + len});
    free(bytes);
    return good;
}

#define RAW(literal) literal, sizeof(literal) - 1
static const struct {
    const char *tokens;
    size_t len;
    bool good;
} raw_cases[] = {
    {RAW("\x0C\xFE"), true},
    {RAW("\x0C\xFC\x01\x00"
         "a\xFE"),
     true},
    {RAW("\x0E\x0C\xFE\x0C\xFE\xFE"), true},
    {RAW(""), false},                     /* nothing */
    {RAW("\x0C"), false},                 /* not closed */
    {RAW("\xFE"), false},                 /* not opened */
    {RAW("\x0C\xFE\xFE"), false},         /* closed twice */
    {RAW("\x0C\xFE\x0C\xFE"), false},     /* two roots */
    {RAW("\x00\xFE"), false},             /* element 0 */
    {RAW("\xF9\xFE"), false},             /* an element nobody knows */
    {RAW("\x0C\xFF\xFE"), false},         /* no token */
    {RAW("\x0C\xFC\x00\x00\xFE"), false}, /* empty text */
    {RAW("\xFC\x01\x00"
         "a"),
     false},                      /* text outside */
    {RAW("\x0C\xFC\x01"), false}, /* cut in the length */
    {RAW("\x0C\xFC\x09\x00"
         "a\xFE"),
     false}, /* longer than what is there */
    {RAW("\x0C\xFC\x01\x00"
         "a\xFC\x01\x00"
         "b\xFE"),
     false}, /* text twice */
    {RAW("\x0C\xFC\x01\x00"
         "a\x0E\xFE\xFE"),
     false}, /* element after text */
    {RAW("\x0C\x0E\xFE\xFC\x01\x00"
         "a\xFE"),
     false},                                  /* text after element */
    {RAW("\x0C\xFC\x01\x00\xC3\xFE"), false}, /* half a character */
    {RAW("\x0C\xFD\x03"
         "DKK\xFE"),
     true},
    {RAW("\x0C\xFD\x00\xFE"), false}, /* empty currency */
    {RAW("\x0C\xFD\x03"
         "DKK\xFD\x03"
         "DKK\xFE"),
     false}, /* currency twice */
    {RAW("\x0C\xFC\x01\x00"
         "a\xFD\x03"
         "DKK\xFE"),
     false}, /* currency after text */
    {RAW("\x0C\xFD\x09"
         "DKK\xFE"),
     false}, /* longer than what is there */
};

START_TEST(token_cases)
{
    ck_assert_int_eq(raw_check(raw_cases[_i].tokens, raw_cases[_i].len, 600), raw_cases[_i].good);
}
END_TEST

START_TEST(depth_at_the_edge)
{
    for (int depth = NKS_TOKEN_DEPTH; depth <= NKS_TOKEN_DEPTH + 1; depth++) {
        char tokens[2 * (NKS_TOKEN_DEPTH + 1)];
        memset(tokens, NKS_E_Id, (size_t)depth);
        memset(tokens + depth, NKS_TOKEN_END, (size_t)depth);
        ck_assert_int_eq(raw_check(tokens, 2 * (size_t)depth, 40 * 24), depth == NKS_TOKEN_DEPTH);
    }
}
END_TEST

START_TEST(rendered_must_hold)
{
    /* <Nm>a</Nm> has 10 bytes */
    ck_assert(raw_check(RAW("\x0C\xFC\x01\x00"
                            "a\xFE"),
                        10));
    ck_assert(!raw_check(RAW("\x0C\xFC\x01\x00"
                             "a\xFE"),
                         9));
    ck_assert(!raw_check(RAW("\x0C\xFC\x01\x00"
                             "a\xFE"),
                         UINT32_MAX));
}
END_TEST

START_TEST(escaped_length)
{
    static const struct {
        const char *text;
        uint32_t len;
        bool plain;
    } cases[] = {
        {"", 0, true},           {"a", 1, true},
        {"&", 5, true},          {"<>", 8, true},
        {"12345678", 8, true},   {"123&5678", 12, true},
        {"1234567<9", 12, true}, {"=?;\"'=?;", 8, true},
        {"\xC3\xA6", 2, false},  {"1234567\xC3\xA6>", 13, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool plain;
        ck_assert_uint_eq(nks_rendered_text(cases[i].text, strlen(cases[i].text), &plain), cases[i].len);
        ck_assert_int_eq(plain, cases[i].plain);
    }
}
END_TEST

static void set16(char *bytes, size_t at, uint16_t value)
{
    memcpy(bytes + at, &value, sizeof value);
}

static void set32(char *bytes, size_t at, uint32_t value)
{
    memcpy(bytes + at, &value, sizeof value);
}

/* The head is { size 0, tokens_at 4, rendered 8, slots 12, flags 14 }, the first slot { id 16, len 18, at 20 }. */
START_TEST(head_and_slot_cases)
{
    char bytes[4096];
    size_t len = build(bytes);
    uint32_t at;
    memcpy(&at, bytes + 20, sizeof at);
    static const struct {
        size_t at;
        unsigned width;
        int64_t add; /* to the value that stands there */
    } cases[] = {
        {0, 4, 1},  {0, 4, -1},   {4, 4, 8},    {4, 4, -8},      {8, 4, -100}, {12, 2, 1},  {12, 2, -1}, {12, 2, 65},
        {14, 2, 1}, {16, 2, 400}, {16, 2, -29}, {16, 2, 3},      {18, 2, 1},   {18, 2, -1}, {18, 2, -3}, {18, 2, 20000},
        {20, 4, 1}, {20, 4, -1},  {20, 4, -60}, {20, 4, 100000}, {20, 4, -3},  {20, 4, 70},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build(bytes);
        uint32_t value = 0;
        memcpy(&value, bytes + cases[i].at, cases[i].width);
        if (cases[i].width == 2)
            set16(bytes, cases[i].at, (uint16_t)(value + cases[i].add));
        else
            set32(bytes, cases[i].at, (uint32_t)(value + cases[i].add));
        ck_assert_msg(!nks_record_check((struct nks_text){bytes, len}), "case %zu", i);
    }
    for (size_t shorter = 0; shorter < len; shorter++)
        ck_assert(!nks_record_check((struct nks_text){bytes, shorter}));
}
END_TEST

/* The largest record, and one byte more. */
START_TEST(size_at_the_edge)
{
    char *bytes = calloc(1, NKS_RECORD_MAX + 1);
    for (size_t size = NKS_RECORD_MAX; size <= NKS_RECORD_MAX + 1; size++) {
        struct nks_record_head head = {(uint32_t)size, sizeof head, 0, 0, 0};
        char *at = bytes + sizeof head, *end = bytes + size;
        *at++ = NKS_E_RmtInf;
        while (end - at > 2) { /* Ustrd elements with as much text as fits */
            size_t text = (size_t)(end - at) - 1 - 5;
            text = text > 60000 ? 60000 : text;
            *at++ = NKS_E_Ustrd;
            *at++ = (char)NKS_TOKEN_TEXT;
            *at++ = (char)(text & 0xFF);
            *at++ = (char)(text >> 8);
            memset(at, 'x', text);
            at += text;
            *at++ = (char)NKS_TOKEN_END;
        }
        *at++ = (char)NKS_TOKEN_END;
        ck_assert_ptr_eq(at, end);
        head.rendered = (uint32_t)size + 100;
        memcpy(bytes, &head, sizeof head);
        ck_assert_int_eq(nks_record_check((struct nks_text){bytes, size}), size == NKS_RECORD_MAX);
    }
    free(bytes);
}
END_TEST

static uint64_t random_state = 88172645463325252u;
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

static void mutate(char *bytes, size_t len)
{
    static const unsigned char nasty[] = {0, 1, 0x7F, 0x80, 0xFC, 0xFD, 0xFE, 0xFF};
    for (uint32_t n = 1 + random_below(3); n > 0; n--) {
        size_t at = random_below(2) == 0 ? random_below((uint32_t)len) : random_below(48);
        switch (random_below(3)) {
        case 0:
            bytes[at] = (char)(bytes[at] ^ 1 << random_below(8));
            break;
        case 1:
            bytes[at] = (char)nasty[random_below(sizeof nasty)];
            break;
        default:
            bytes[at] = bytes[random_below((uint32_t)len)];
        }
    }
}

/* Whatever was done to it: a record that is accepted can be walked and read without leaving it. */
static void walk(struct nks_text record)
{
    const char *end = record.ptr + record.len;
    struct nks_text tokens = nks_record_tokens(record), rest = tokens;
    int depth = 0;
    for (struct nks_token token; (token = nks_token_next(&rest)).kind != NKS_TOKEN_IS_END_OF_DATA;) {
        depth += token.kind == NKS_TOKEN_IS_OPEN ? 1 : token.kind == NKS_TOKEN_IS_CLOSE ? -1 : 0;
        if (rest.ptr > end || rest.len > tokens.len || depth < 0 ||
            (token.kind == NKS_TOKEN_IS_OPEN && nks_element_name(token.element) == NULL))
            ck_abort_msg("tokens leave the record");
    }
    for (unsigned slot = 1; slot < NKS_SLOT_COUNT; slot++) {
        struct nks_text text = nks_record_slot(record, (enum nks_slot)slot);
        if (text.len > 0 && (text.ptr < tokens.ptr || text.ptr + text.len > end || !nks_text_is_utf8(text)))
            ck_abort_msg("a slot leaves the tokens");
    }
}

START_TEST(mutations)
{
    char good[4096];
    size_t len = build(good), accepted = 0;
    for (int i = 0; i < 100000; i++) {
        size_t size = random_below(20) == 0 ? random_below((uint32_t)len + 1) : len;
        char *bytes = malloc(len); /* the record ends where the memory ends */
        memcpy(bytes, good, len);
        mutate(bytes, len);
        struct nks_text record = {bytes + (len - size), size};
        memmove(bytes + (len - size), bytes, size);
        if (nks_record_check(record)) {
            accepted++;
            walk(record);
        }
        free(bytes);
    }
    ck_assert_uint_gt(accepted, 0);
}
END_TEST

START_TEST(elements_round_trip)
{
    unsigned known = 0;
    for (unsigned id = 0; id < 300; id++) {
        const char *name = nks_element_name(id);
        if (name == NULL) {
            ck_assert_uint_eq(nks_rendered_tags(id), 0);
            continue;
        }
        known++;
        ck_assert_uint_lt(id, 250);
        ck_assert_int_eq(nks_element_find(nks_text_from(name)), (int)id);
        ck_assert_uint_eq(nks_rendered_tags(id), 2 * strlen(name) + 5);
    }
    ck_assert_uint_gt(known, 100);
    ck_assert_int_eq(nks_element_find(NKS_TEXT("Dbt")), NKS_ELEMENT_NONE);
    ck_assert_int_eq(nks_element_find(NKS_TEXT("")), NKS_ELEMENT_NONE);
}
END_TEST

/* The builder's own ceilings. */
START_TEST(builder_at_the_edge)
{
    char *text = malloc(NKS_RECORD_TEXT_MAX + 1);
    memset(text, 'x', NKS_RECORD_TEXT_MAX + 1);
    nks_record_start(&builder);
    ck_assert(nks_record_open(&builder, NKS_E_Ustrd));
    ck_assert(nks_record_text(&builder, text, NKS_RECORD_TEXT_MAX));
    ck_assert(!nks_record_text(&builder, text, 1));
    nks_record_text_end(&builder, NKS_SLOT_USTRD);
    ck_assert(nks_record_close(&builder) && nks_record_open(&builder, NKS_E_Ustrd));
    size_t left = NKS_RECORD_TOKENS_MAX - builder.len - 3;
    ck_assert(!nks_record_text(&builder, text, left + 1));
    ck_assert(nks_record_text(&builder, text, left));
    nks_record_text_end(&builder, NKS_SLOT_USTRD);
    ck_assert(!nks_record_close(&builder));
    ck_assert(!nks_record_open(&builder, NKS_E_Ustrd));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tests = tcase_create("records");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, good_record);
    tcase_add_test(tests, tokens_in_order);
    tcase_add_loop_test(tests, token_cases, 0, sizeof raw_cases / sizeof raw_cases[0]);
    tcase_add_test(tests, depth_at_the_edge);
    tcase_add_test(tests, rendered_must_hold);
    tcase_add_test(tests, escaped_length);
    tcase_add_test(tests, head_and_slot_cases);
    tcase_add_test(tests, size_at_the_edge);
    tcase_add_test(tests, mutations);
    tcase_add_test(tests, elements_round_trip);
    tcase_add_test(tests, builder_at_the_edge);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
