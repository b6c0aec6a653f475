#include "base/journal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[NKS_PATH_MAX], path[NKS_PATH_MAX];
static struct nks_fault fault;

static void setup(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/nks-journal.XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%.900s/j/published.log", dir);
    nks_fault_clear(&fault);
}

static void teardown(void)
{
    char sub[NKS_PATH_MAX];
    snprintf(sub, sizeof sub, "%.900s/j", dir);
    (void)unlink(path);
    (void)rmdir(sub);
    (void)rmdir(dir);
}

static struct nks_journal *open_at(const struct nks_journal_mark *mark, bool write)
{
    struct nks_journal *journal = NULL;
    ck_assert_int_eq(nks_journal_open(path, mark, write, &journal, &fault), NKS_OK);
    return journal;
}

/* How many lines can be read; the status of the last call in *status. */
static int lines(struct nks_journal *journal, enum nks_status *status)
{
    for (int count = 0;; count++) {
        struct nks_journal_line line;
        bool found = false;
        nks_fault_clear(&fault);
        *status = nks_journal_next(journal, &line, &found, &fault);
        if (*status != NKS_OK || !found)
            return count;
        ck_assert_int_eq(line.number, count + 1);
    }
}

static void append(struct nks_journal *journal, const char *word, const char *fields)
{
    ck_assert_int_eq(nks_journal_append(journal, word, nks_text_from(fields), &fault), NKS_OK);
}

static struct nks_journal_mark three_lines(void)
{
    enum nks_status status = NKS_OK;
    struct nks_journal *journal = open_at(NULL, true);
    ck_assert_int_eq(lines(journal, &status), 0);
    append(journal, "publish", "ORDER\ta\tb");
    append(journal, "done", "1");
    struct nks_journal_mark mark = nks_journal_at(journal);
    append(journal, "publish", "RECEIPT\tc\td");
    nks_journal_close(journal);
    return mark;
}

static void write_bytes(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(lines_come_back)
{
    struct nks_journal_mark mark = three_lines();
    struct nks_journal_line line;
    enum nks_status status = NKS_OK;
    bool found = false;
    struct nks_journal *journal = open_at(NULL, false);
    ck_assert_int_eq(lines(journal, &status), 3);
    nks_journal_close(journal);
    journal = open_at(&mark, true);
    ck_assert_int_eq(nks_journal_next(journal, &line, &found, &fault), NKS_OK);
    ck_assert(found);
    ck_assert_int_eq(line.number, 3);
    ck_assert_str_eq(line.word, "publish");
    ck_assert(nks_text_is(line.fields, "RECEIPT\tc\td"));
    /* not before the end was seen */
    ck_assert_int_eq(nks_journal_append(journal, "done", NKS_TEXT("3"), &fault), NKS_FAILED);
    ck_assert_int_eq(nks_journal_next(journal, &line, &found, &fault), NKS_OK);
    ck_assert(!found);
    append(journal, "done", "3");
    nks_journal_close(journal);
    journal = open_at(NULL, false);
    ck_assert_int_eq(lines(journal, &status), 4);
    nks_journal_close(journal);
}
END_TEST

START_TEST(line_that_is_too_long_is_not_written)
{
    static char fields[NKS_JOURNAL_LINE_MAX + 1];
    enum nks_status status = NKS_OK;
    memset(fields, 'x', sizeof fields - 1);
    struct nks_journal *journal = open_at(NULL, true);
    ck_assert_int_eq(lines(journal, &status), 0);
    ck_assert_int_eq(nks_journal_append(journal, "publish", nks_text_from(fields), &fault), NKS_FAILED);
    append(journal, "publish", "short");
    nks_journal_close(journal);
    journal = open_at(NULL, false);
    ck_assert_int_eq(lines(journal, &status), 1);
    nks_journal_close(journal);
}
END_TEST

START_TEST(journal_that_is_not_there)
{
    struct nks_journal *journal = NULL;
    const struct nks_journal_mark mark = {.number = 3, .offset = 100, .check = "0123456789abcdef"};
    ck_assert_int_eq(nks_journal_open(path, NULL, false, &journal, &fault), NKS_FAILED);
    nks_fault_clear(&fault);
    ck_assert_int_eq(nks_journal_open(path, &mark, true, &journal, &fault), NKS_FAILED);
    ck_assert_str_eq(fault.code, "JOURNAL-MISSING");
    ck_assert(!nks_sys_exists(path));
}
END_TEST

/* The mark's number is that of the line: the next one would have another. */
START_TEST(mark_of_another_number)
{
    const struct nks_journal_mark mark = three_lines();
    const int64_t numbers[] = {-mark.number, mark.number - 1, mark.number + 1, INT64_MIN, INT64_MAX, mark.number};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct nks_journal *journal = NULL;
        struct nks_journal_mark other = mark;
        other.number = numbers[i];
        nks_fault_clear(&fault);
        ck_assert_int_eq(nks_journal_open(path, &other, true, &journal, &fault),
                         numbers[i] == mark.number ? NKS_OK : NKS_INTEGRITY);
        nks_journal_close(journal);
    }
}
END_TEST

/* Cut at every length: whole lines stay, what is behind the last of them is written over by the next append. */
START_TEST(every_cut)
{
    char *bytes = NULL;
    size_t len = 0;
    struct nks_journal_mark mark = three_lines();
    ck_assert_int_eq(nks_file_read(path, 4096, &bytes, &len, &fault), NKS_OK);
    for (size_t cut = 0; cut < len; cut++) {
        enum nks_status status = NKS_OK;
        int whole = 0;
        for (size_t i = 16; i < cut; i++)
            whole += bytes[i] == '\n';
        write_bytes(bytes, cut);
        struct nks_journal *journal = open_at(NULL, true);
        ck_assert_int_eq(lines(journal, &status), whole);
        ck_assert_int_eq(status, NKS_OK);
        append(journal, "publish", "next");
        nks_journal_close(journal);
        journal = open_at(NULL, false);
        ck_assert_int_eq(lines(journal, &status), whole + 1);
        nks_journal_close(journal);
        /* and whoever knows two lines of it sees that they are gone */
        write_bytes(bytes, cut);
        nks_fault_clear(&fault);
        status = nks_journal_open(path, &mark, false, &journal, &fault);
        ck_assert_int_eq(status, cut < (size_t)mark.offset ? NKS_INTEGRITY : NKS_OK);
        nks_journal_close(status == NKS_OK ? journal : NULL);
    }
    free(bytes);
}
END_TEST

/* Every bit: the reading ends with an alarm before the line that was changed, or the last line is not whole any more.
 */
START_TEST(every_bit)
{
    char *bytes = NULL;
    size_t len = 0;
    (void)three_lines();
    ck_assert_int_eq(nks_file_read(path, 4096, &bytes, &len, &fault), NKS_OK);
    for (size_t bit = 0; bit < len * 8; bit++) {
        struct nks_journal *journal = NULL;
        enum nks_status status = NKS_OK;
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << (bit % 8)));
        write_bytes(bytes, len);
        nks_fault_clear(&fault);
        status = nks_journal_open(path, NULL, false, &journal, &fault);
        int count = 0;
        if (status == NKS_OK)
            count = lines(journal, &status);
        ck_assert(status == NKS_INTEGRITY || (count == 2 && bit / 8 == len - 1));
        nks_journal_close(journal);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << (bit % 8)));
    }
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tcase = tcase_create("journal");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, lines_come_back);
    tcase_add_test(tcase, line_that_is_too_long_is_not_written);
    tcase_add_test(tcase, journal_that_is_not_there);
    tcase_add_test(tcase, mark_of_another_number);
    tcase_add_test(tcase, every_cut);
    tcase_add_test(tcase, every_bit);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
