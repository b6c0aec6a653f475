#include "base/conf.h"
#include "base/file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct settings {
    char environment[16];
    char name[8];
    int64_t days;
    bool strict;
};

#define FIELD(field) offsetof(struct settings, field), sizeof(((struct settings *)NULL)->field)

static const struct nks_conf_key keys[] = {
    {"nks", "environment", NKS_CONF_TEXT, FIELD(environment), 0, 0, "production|test"},
    {"nks", "name", NKS_CONF_TEXT, FIELD(name), 0, 0, NULL},
    {"due", "days", NKS_CONF_NUMBER, FIELD(days), -5, 30, NULL},
    {"due", "strict", NKS_CONF_BOOL, FIELD(strict), 0, 0, NULL},
};

static char home[256], path[300];
static struct nks_fault fault;
static struct settings settings;

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(home, sizeof home, "%s/nks-conf-XXXXXX", base == NULL ? "/tmp" : base);
    ck_assert_ptr_nonnull(mkdtemp(home));
    snprintf(path, sizeof path, "%s/nks.conf", home);
}

static void teardown(void)
{
    unlink(path);
    rmdir(home);
}

static enum nks_status read_bytes(const char *bytes, size_t len)
{
    nks_fault_clear(&fault);
    settings = (struct settings){.environment = "production", .name = "none", .days = 1, .strict = true};
    ck_assert_int_eq(nks_file_replace(path, bytes, len, 0600, &fault), NKS_OK);
    return nks_conf_read(path, keys, COUNT(keys), &settings, &fault);
}

START_TEST(good_files_are_read)
{
    static const struct {
        const char *text;
        struct settings want;
    } cases[] = {
        {"", {"production", "none", 1, true}},
        {"# nothing\n\n; either\n", {"production", "none", 1, true}},
        {"[nks]\nenvironment = test\nname = a b\n[due]\ndays = 30\nstrict = no\n", {"test", "a b", 30, false}},
        {"[due]\r\ndays=-5\r\nstrict=false\r\n[nks]\r\nname=\r\n", {"production", "", -5, false}},
        {"[nks]\n   environment = test\n\tname = x", {"test", "x", 1, true}},
        {"\xEF\xBB\xBF[due]\ndays = 0\n", {"production", "none", 0, true}},
        {"[nks]\nname = a=b#c\n", {"production", "a=b#c", 1, true}},
        {"[nks]\nname = 1234567\n", {"production", "1234567", 1, true}},
        {"[due]\ndays = 2\n[nks]\n[due]\nstrict = yes\n", {"production", "none", 2, true}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum nks_status status = read_bytes(cases[i].text, strlen(cases[i].text));
        ck_assert_msg(status == NKS_OK, "case %zu: %s %s", i, fault.where, fault.line);
        ck_assert_str_eq(settings.environment, cases[i].want.environment);
        ck_assert_str_eq(settings.name, cases[i].want.name);
        ck_assert_int_eq(settings.days, cases[i].want.days);
        ck_assert_int_eq(settings.strict, cases[i].want.strict);
    }
}
END_TEST

START_TEST(wrong_files_are_refused_with_their_line)
{
    static const struct {
        const char *text, *code, *where;
    } cases[] = {
        {"[other]\n", "CONF-SECTION", "nks.conf line 1"},
        {"[nks]\n[other]\nsecret = 1\n", "CONF-SECTION", "nks.conf line 2"},
        {"[nks\nname = x\n", "CONF-LINE", "nks.conf line 1"},
        {"[nks] name\n", "CONF-LINE", "nks.conf line 1"},
        {"name = x\n", "CONF-KEY", "nks.conf line 1"},
        {"[due]\nname = x\n", "CONF-KEY", "nks.conf line 2"},
        {"[nks]\nnam = x\n", "CONF-KEY", "nks.conf line 2"},
        {"[nks]\nname = x\n\nname = y\n", "CONF-DOUBLE", "nks.conf line 4"},
        {"[due]\ndays = 1\n[nks]\n[due]\ndays = 1\n", "CONF-DOUBLE", "nks.conf line 5"},
        {"[nks]\nname = 12345678\n", "CONF-VALUE", "nks.conf line 2"},
        {"[nks]\nenvironment = tes\n", "CONF-VALUE", "nks.conf line 2"},
        {"[nks]\nenvironment =\n", "CONF-VALUE", "nks.conf line 2"},
        {"[nks]\nenvironment = production|test\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays = 31\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays = -6\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays = 1.5\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays =\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays = -\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\ndays = 99999999999999999999\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\nstrict = maybe\n", "CONF-VALUE", "nks.conf line 2"},
        {"[due]\nstrict = 1\n", "CONF-VALUE", "nks.conf line 2"},
        {"[nks]\n\nname\n", "CONF-LINE", "nks.conf line 3"},
        {"[nks]\nname = x # why\n", "CONF-LINE", "nks.conf line 2"},
        {"[nks]\nname = x ; why\n", "CONF-LINE", "nks.conf line 2"},
        {"[nks]\nname = \xE6\n", "CONF-LINE", "nks.conf line 2"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum nks_status status = read_bytes(cases[i].text, strlen(cases[i].text));
        ck_assert_msg(status == NKS_FAILED && fault.status == NKS_FAILED, "case %zu: %d", i, (int)status);
        ck_assert_msg(strcmp(fault.code, cases[i].code) == 0, "case %zu: %s", i, fault.code);
        ck_assert_msg(strcmp(fault.where, cases[i].where) == 0, "case %zu: %s", i, fault.where);
    }
}
END_TEST

START_TEST(faults_show_what_is_expected_and_no_value)
{
    static const char *const cases[][2] = {
        {"[due]\ndays = 77\n", "days must be a whole number from -5 to 30; correct the file"},
        {"[nks]\nenvironment = secret\n", "environment must be one of production|test; correct the file"},
        {"[nks]\nname = verysecret\n", "name may have at most 7 bytes; correct the file"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(read_bytes(cases[i][0], strlen(cases[i][0])), NKS_FAILED);
        ck_assert_str_eq(fault.line, cases[i][1]);
    }
}
END_TEST

/* inih takes the rest of a line that is too long for the next one: it must not get such a line. */
START_TEST(long_lines_are_refused_but_for_comments)
{
    char text[1000] = "[nks]\n# ";
    memset(text + strlen(text), 'x', 400);
    strcat(text, "\nname = y\n");
    ck_assert_int_eq(read_bytes(text, strlen(text)), NKS_OK);
    ck_assert_str_eq(settings.name, "y");
    strcpy(text, "[nks]\nname = ");
    memset(text + 13, ' ', 400);
    strcpy(text + 413, "name = z\n");
    ck_assert_int_eq(read_bytes(text, strlen(text)), NKS_FAILED);
    ck_assert_str_eq(fault.code, "CONF-LINE");
    ck_assert_str_eq(fault.where, "nks.conf line 2");
}
END_TEST

START_TEST(no_text_is_refused)
{
    static const char zero[] = "[nks]\nname = a\0b\n";
    char *big = calloc(1, 70000);
    ck_assert_int_eq(read_bytes(zero, sizeof zero - 1), NKS_FAILED);
    ck_assert_str_eq(fault.code, "CONF-LINE");
    memset(big, '\n', 70000);
    ck_assert_int_eq(read_bytes(big, 70000), NKS_FAILED);
    ck_assert_str_eq(fault.code, "FILE-BIG");
    ck_assert_int_eq(fault.status, NKS_FAILED);
    free(big);
}
END_TEST

START_TEST(missing_file_is_told)
{
    nks_fault_clear(&fault);
    ck_assert_int_eq(nks_conf_read(path, keys, COUNT(keys), &settings, &fault), NKS_FAILED);
    ck_assert_str_eq(fault.code, "FILE-MISSING");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf");
    TCase *tests = tcase_create("conf");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, good_files_are_read);
    tcase_add_test(tests, wrong_files_are_refused_with_their_line);
    tcase_add_test(tests, faults_show_what_is_expected_and_no_value);
    tcase_add_test(tests, long_lines_are_refused_but_for_comments);
    tcase_add_test(tests, no_text_is_refused);
    tcase_add_test(tests, missing_file_is_told);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
