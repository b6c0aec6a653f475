/* Patterns: cases by hand, and libxml2's regular expressions as the judge over generated texts. */
#include "iso20022/pattern.h"

#include <check.h>
#include <libxml/xmlregexp.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct nks_pattern pattern;

static const struct {
    const char *expression, *good, *bad; /* texts kept apart by '~' */
} cases[] = {
    {"[0-9]+", "0~12345678901234567890", "~a~1a~ 1~1 ~-1"},
    {"[0-9]{1,13}(\\.[0-9]{1,5})?", "1~1.0~1234567890123.12345", ".1~1.~12345678901234~1.123456~1,0~+1~1e3"},
    {"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", "NDEADKKK~DABADKKKXXX", "NDEADK1K~NDEADKKO~NDEADKKKXX~ndeadkkk"},
    {"\\+[0-9]{1,3}-[0-9()+\\-]{1,30}", "+45-12345678~+1-(2)3-4", "45-1~+45~+4567-1~+45-1 2"},
    {"\\S.*", "x~x y~\xC3\xA6~\xC3\xA6 \xE2\x82\xAC", "~ x~\nx~x\ny"},
    {"a|bc|", "~a~bc", "b~abc~c"},
    {"(ab)*c", "c~abc~ababc", "ab~ac~abab"},
    {"(a|b){2,3}", "aa~ab~bab", "a~aaaa~"},
    {"a?b?c?", "~a~ac~abc", "ca~aa"},
    {"[0-9a-f]{8}-4[89ab]", "0123abcd-49~ffffffff-4b", "0123abcd-4c~0123ABCD-49"},
};

static void match_all(const char *expression, const char *texts, bool expected)
{
    struct nks_text rest = nks_text_from(texts);
    for (bool more = true; more;) {
        more = memchr(rest.ptr, '~', rest.len) != NULL;
        struct nks_text text = nks_text_cut(&rest, '~');
        ck_assert_msg(nks_pattern_matches(&pattern, text) == expected, "%s: '%.*s'", expression, (int)text.len,
                      text.ptr);
    }
}

START_TEST(known_texts)
{
    ck_assert(nks_pattern_compile(nks_text_from(cases[_i].expression), &pattern));
    match_all(cases[_i].expression, cases[_i].good, true);
    match_all(cases[_i].expression, cases[_i].bad, false);
}
END_TEST

static const char *const unknown[] = {
    "[^a]",
    "\\d+",
    "\\w",
    "\\p{L}",
    "(a",
    "a)",
    "[a",
    "a{",
    "a{2",
    "a{2,1}",
    "a{0}",
    "a{65}",
    "*a",
    "+",
    "a{,2}",
    "\\",
    "[\xC3\xA6]",
    "a{99999999999999999999}",
    "((((((((((a))))))))))",
    "(a{40}){2}",
    "a{64}b",
    "^a",
    "\xC3\xA6",
};

START_TEST(unknown_forms)
{
    ck_assert_msg(!nks_pattern_compile(nks_text_from(unknown[_i]), &pattern), "%s", unknown[_i]);
}
END_TEST

/* Letters that the expression itself is made of hit more often than any others. */
static size_t make_text(unsigned *seed, const char *expression, char *text)
{
    size_t len = (size_t)(rand_r(seed) % 12), from = strlen(expression);
    static const char others[] = "aZ09.-+ \n\xC3\xA6";
    for (size_t i = 0; i < len; i++)
        text[i] = rand_r(seed) % 3 == 0 ? others[(size_t)rand_r(seed) % 9] : expression[(size_t)rand_r(seed) % from];
    text[len] = '\0';
    return len;
}

START_TEST(generated_texts)
{
    enum { ROUNDS = 5000 };
    unsigned seed = 20051107;
    xmlRegexpPtr judge = xmlRegexpCompile((const xmlChar *)cases[_i].expression);
    ck_assert_ptr_nonnull(judge);
    ck_assert(nks_pattern_compile(nks_text_from(cases[_i].expression), &pattern));
    for (int round = 0; round < ROUNDS; round++) {
        char text[16];
        size_t len = make_text(&seed, cases[_i].expression, text);
        bool expected = xmlRegexpExec(judge, (const xmlChar *)text) == 1;
        ck_assert_msg(nks_pattern_matches(&pattern, (struct nks_text){text, len}) == expected, "%s: '%s'",
                      cases[_i].expression, text);
    }
    xmlRegFreeRegexp(judge);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tcase = tcase_create("pattern");
    tcase_add_loop_test(tcase, known_texts, 0, COUNT(cases));
    tcase_add_loop_test(tcase, unknown_forms, 0, COUNT(unknown));
    tcase_add_loop_test(tcase, generated_texts, 0, COUNT(cases));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
