#include "base/arena.h"
#include "base/text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

START_TEST(text_compares_bytewise)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {{"", "", 0}, {"a", "", 1}, {"a", "b", -1}, {"ab", "a", 1}, {"a", "ab", -1}, {"\xC3\x85", "Z", 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int order = nks_text_compare(nks_text_from(cases[i].a), nks_text_from(cases[i].b));
        ck_assert_int_eq((order > 0) - (order < 0), cases[i].order);
        ck_assert_int_eq(nks_text_is(nks_text_from(cases[i].a), cases[i].b), cases[i].order == 0);
    }
    ck_assert(nks_text_equal(nks_text_from(NULL), NKS_TEXT("")));
    ck_assert(nks_text_starts(NKS_TEXT("abc"), "ab"));
    ck_assert(nks_text_starts(NKS_TEXT("abc"), ""));
    ck_assert(!nks_text_starts(NKS_TEXT("a"), "ab"));
}
END_TEST

START_TEST(text_is_trimmed)
{
    static const char *const cases[][2] = {{"", ""},   {" \t\r\n", ""},  {" a b ", "a b"},
                                           {"a", "a"}, {"\na\r\n", "a"}, {"\xC2\xA0", "\xC2\xA0"}};
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert(nks_text_is(nks_text_trim(nks_text_from(cases[i][0])), cases[i][1]));
}
END_TEST

START_TEST(text_is_sliced_and_cut)
{
    struct nks_text text = NKS_TEXT("abcdef");
    ck_assert(nks_text_is(nks_text_slice(text, 2, 2), "cd"));
    ck_assert(nks_text_is(nks_text_slice(text, 4, 99), "ef"));
    ck_assert(nks_text_is(nks_text_slice(text, 99, 1), ""));
    struct nks_text rest = NKS_TEXT("a||b");
    ck_assert(nks_text_is(nks_text_cut(&rest, '|'), "a"));
    ck_assert(nks_text_is(nks_text_cut(&rest, '|'), ""));
    ck_assert(nks_text_is(nks_text_cut(&rest, '|'), "b"));
    ck_assert_uint_eq(rest.len, 0);
    ck_assert_uint_eq(nks_text_cut(&rest, '|').len, 0);
}
END_TEST

START_TEST(text_copy_tells_when_it_cuts)
{
    char out[4];
    ck_assert(nks_text_copy(NKS_TEXT("abc"), out, sizeof out));
    ck_assert_str_eq(out, "abc");
    ck_assert(!nks_text_copy(NKS_TEXT("abcd"), out, sizeof out));
    ck_assert_str_eq(out, "abc");
    ck_assert(nks_text_copy(nks_text_from(NULL), out, sizeof out));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(numbers_are_read_within_their_limit)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool good;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"007", 9, true, 7},
        {"9999", 9999, true, 9999},
        {"10000", 9999, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"0x1", 9, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 0;
        bool good = nks_text_number(nks_text_from(cases[i].text), cases[i].max, &value);
        ck_assert_msg(good == cases[i].good && value == cases[i].value, "case %zu", i);
    }
}
END_TEST

START_TEST(utf8_is_checked_after_the_unicode_table)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"\xC3\xA6\xC3\xB8\xC3\xA5", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true},  /* U+10FFFF */
        {"\xF4\x90\x80\x80", false}, /* beyond it */
        {"\xC0\xAF", false},         /* overlong */
        {"\xE0\x80\xAF", false},     /* overlong */
        {"\xF0\x80\x80\xAF", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xED\x9F\xBF", true},      /* the last before them */
        {"\xE6\xF8\xE5", false},     /* ISO 8859-1 */
        {"\x80", false},
        {"\xC3", false},
        {"\xE2\x82", false},
        {"\xC3(", false},
        {"\xFF", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_text_is_utf8(nks_text_from(cases[i].text)) == cases[i].good, "case %zu", i);
}
END_TEST

START_TEST(names_of_others_become_plain)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {
        {"", ""},
        {"a b.xml", "a b.xml"},
        {"r\xC3\xB8"
         "d",
         "r\xC3\xB8"
         "d"},
        {"a\033[31m\n\t\177", "a?[31m???"},
        {"c\xC2\x9B"
         "1",
         "c??1"}, /* U+009B, what old terminals take for ESC [ */
        {"c\xC2\xA0"
         "1",
         "c\xC2\xA0"
         "1"},
        {"cut\xE2\x82", "cut"},
        {"cut\xC3", "cut"},
        {"l\xF8n.xml", "l?n.xml"}, /* ISO 8859-1 */
        {"\x9B", "?"},
        {"\xFF\xC3\xB8"
         "a",
         "???a"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[i].text);
        nks_text_plain(text);
        ck_assert_str_eq(text, cases[i].plain);
    }
}
END_TEST

START_TEST(buffer_fills_and_tells_of_overflow)
{
    char memory[64];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_i64(&buf, INT64_MIN);
    nks_buf_char(&buf, ' ');
    nks_buf_u64(&buf, UINT64_MAX);
    nks_buf_char(&buf, ' ');
    nks_buf_printf(&buf, "%d", 42);
    ck_assert(!buf.overflow);
    ck_assert(nks_text_is(nks_buf_view(&buf), "-9223372036854775808 18446744073709551615 42"));
    nks_buf_init(&buf, memory, 3);
    nks_buf_str(&buf, "abc");
    ck_assert(!buf.overflow);
    nks_buf_char(&buf, 'd');
    ck_assert(buf.overflow);
    ck_assert(nks_text_is(nks_buf_view(&buf), "abc"));
    nks_buf_init(&buf, memory, 3);
    nks_buf_printf(&buf, "%s", "abcdef");
    ck_assert(buf.overflow);
}
END_TEST

START_TEST(hexadecimal_goes_both_ways)
{
    static const uint8_t bytes[] = {0x00, 0x0F, 0xA5, 0xFF};
    char hex[2 * sizeof bytes + 1];
    uint8_t back[sizeof bytes];
    nks_hex(bytes, sizeof bytes, hex);
    ck_assert_str_eq(hex, "000fa5ff");
    ck_assert(nks_unhex(NKS_TEXT("000FA5ff"), back, sizeof back));
    ck_assert_mem_eq(back, bytes, sizeof bytes);
    ck_assert(!nks_unhex(NKS_TEXT("000fa5f"), back, sizeof back));
    ck_assert(!nks_unhex(NKS_TEXT("000fa5fff0"), back, sizeof back));
    ck_assert(!nks_unhex(NKS_TEXT("000fa5fg"), back, sizeof back));
}
END_TEST

START_TEST(base32_is_crockfords)
{
    static const uint8_t bytes[] = {0xFF, 0x00, 0x44, 0x32, 0x14};
    char out[9];
    nks_base32(bytes, 8, out);
    ck_assert_str_eq(out, "ZW048CGM");
    nks_base32(bytes, 1, out);
    ck_assert_str_eq(out, "Z");
}
END_TEST

START_TEST(arena_keeps_its_ceiling)
{
    struct nks_arena arena;
    nks_arena_init(&arena, 128 * 1024);
    char *first = nks_arena_alloc(&arena, 100);
    ck_assert_ptr_nonnull(first);
    ck_assert_int_eq(first[99], 0);
    memset(first, 1, 100);
    ck_assert_ptr_nonnull(nks_arena_alloc(&arena, 64 * 1024));
    ck_assert_ptr_null(nks_arena_alloc(&arena, 64 * 1024));
    ck_assert_ptr_null(nks_arena_alloc(&arena, SIZE_MAX));
    size_t used = arena.used;
    nks_arena_reset(&arena);
    char *again = nks_arena_alloc(&arena, 100);
    ck_assert_ptr_eq(again, first);
    ck_assert_int_eq(again[0], 0);
    ck_assert_uint_eq(arena.used, used);
    nks_arena_free(&arena);
}
END_TEST

START_TEST(first_fault_stands)
{
    struct nks_fault fault = {0};
    ck_assert_int_eq(nks_fault_set(&fault, NKS_RETRY, "BUSY", "number %d", 1), NKS_RETRY);
    ck_assert_int_eq(nks_fault_set(&fault, NKS_FAILED, "OTHER", "number %d", 2), NKS_FAILED);
    nks_fault_where(&fault, "line %d", 3);
    nks_fault_where(&fault, "line %d", 4);
    ck_assert_int_eq(fault.status, NKS_RETRY);
    ck_assert_str_eq(fault.code, "BUSY");
    ck_assert_str_eq(fault.line, "number 1");
    ck_assert_str_eq(fault.where, "line 3");
    nks_fault_clear(&fault);
    ck_assert_int_eq(fault.status, NKS_OK);
    ck_assert_int_eq(nks_fault_set(NULL, NKS_HELD, "X", "y"), NKS_HELD);
    nks_fault_where(NULL, "z");
    ck_assert_str_eq(nks_status_name(NKS_INTEGRITY), "INTEGRITY");
    ck_assert_str_eq(nks_status_name((enum nks_status)99), "?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, text_compares_bytewise);
    tcase_add_test(tests, text_is_trimmed);
    tcase_add_test(tests, text_is_sliced_and_cut);
    tcase_add_test(tests, text_copy_tells_when_it_cuts);
    tcase_add_test(tests, numbers_are_read_within_their_limit);
    tcase_add_test(tests, utf8_is_checked_after_the_unicode_table);
    tcase_add_test(tests, names_of_others_become_plain);
    tcase_add_test(tests, buffer_fills_and_tells_of_overflow);
    tcase_add_test(tests, hexadecimal_goes_both_ways);
    tcase_add_test(tests, base32_is_crockfords);
    tcase_add_test(tests, arena_keeps_its_ceiling);
    tcase_add_test(tests, first_fault_stands);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
