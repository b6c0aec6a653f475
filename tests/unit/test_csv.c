#include "base/csv.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct nks_csv_column columns[] = {{"id", false}, {"name", false}, {"note", true}};

/* What was given to the callback: each row as "line:field|field|field;" */
struct seen {
    struct nks_buf buf;
    char memory[4096];
    int64_t rows;
    int64_t refuse_row; /* 1: the first */
    size_t refuse_column;
};

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct seen *seen = context;
    nks_buf_printf(&seen->buf, "%lld:", (long long)row->line);
    for (size_t i = 0; i < COUNT(columns); i++) {
        nks_buf_text(&seen->buf, row->fields[i]);
        nks_buf_char(&seen->buf, i + 1 < COUNT(columns) ? '|' : ';');
    }
    if (++seen->rows == seen->refuse_row)
        return nks_csv_refuse(row, seen->refuse_column, fault, "expected %s", "something else");
    return NKS_OK;
}

static int file_of(const char *bytes, size_t len)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fflush(file), 0);
    int fd = dup(fileno(file));
    fclose(file);
    ck_assert(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static enum nks_status read_bytes(const char *bytes, size_t len, struct seen *seen, struct nks_fault *fault)
{
    int fd = file_of(bytes, len);
    nks_buf_init(&seen->buf, seen->memory, sizeof seen->memory);
    seen->rows = 0;
    *fault = (struct nks_fault){0};
    enum nks_status status = nks_csv_read(fd, columns, COUNT(columns), on_row, seen, NULL, NULL, fault);
    close(fd);
    return status;
}

START_TEST(rows_are_given)
{
    static const char *const cases[][2] = {
        {"id,name,note\n1,a,x\n2,b,y\n", "2:1|a|x;3:2|b|y;"},
        {"id,name,note\r\n1,a,x\r\n2,b,y", "2:1|a|x;3:2|b|y;"},
        {"id,name\n1,a\n", "2:1|a|;"},             /* without the optional column */
        {"name,note,id\na,x,1\n", "2:1|a|x;"},     /* another order */
        {"\xEF\xBB\xBFid,name\n1,a\n", "2:1|a|;"}, /* BOM */
        {"\xEF\xBB\xBF\"id\",\"name\"\n1,a\n", "2:1|a|;"},
        {" id , name \n 1 ,\ta\t\n", "2:1|a|;"}, /* trimmed */
        {"id,name\n\" 1 \",\"a,b\"\n", "2:1|a,b|;"},
        {"id,name\n1,\"a\"\"b\"\n", "2:1|a\"b|;"},
        {"id,name\n1,\"\"\"\"\n", "2:1|\"|;"},
        {"id,name\n1,\"\"\n", "2:1||;"},
        {"id,name\n,\n", "2:||;"},
        {"id,name\n1,\n2,b\n", "2:1||;3:2|b|;"},
        {"\n\nid,name\n\n1,a\n \t \n\r\n2,b\n\n", "5:1|a|;8:2|b|;"}, /* blank lines */
        {"id,name\n1,\"a\nb\"\n2,c\n", "2:1|a\nb|;4:2|c|;"},         /* a quoted line feed */
        {"id,name\n\"1\n\n\",\"a\r\nb\"\r\n2,c\r\n", "2:1|a\r\nb|;6:2|c|;"},
        {"id,name\n\"\n1\",a\n2,b\n", "2:1|a|;4:2|b|;"},
        {"id,name\n1,\"a\" \n2,b\n", "2:1|a|;3:2|b|;"}, /* blanks after a quote */
        {"id,name\n1,\xC3\xA6\xC3\xB8\xC3\xA5\n", "2:1|\xC3\xA6\xC3\xB8\xC3\xA5|;"},
        {"id,name\n#1,a\n", "2:#1|a|;"}, /* no comments */
        {"id,name\n", ""},
        {"id,name", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct seen seen = {0};
        struct nks_fault fault;
        enum nks_status status = read_bytes(cases[i][0], strlen(cases[i][0]), &seen, &fault);
        ck_assert_msg(status == NKS_OK, "case %zu: %s %s", i, fault.code, fault.line);
        ck_assert_msg(nks_text_is(nks_buf_view(&seen.buf), cases[i][1]), "case %zu: %.*s", i, (int)seen.buf.len,
                      seen.memory);
    }
}
END_TEST

START_TEST(wrong_files_are_refused)
{
    static const struct {
        const char *text, *code, *where;
    } cases[] = {
        {"", "CSV-EMPTY", "line 1, column 1"},
        {"\xEF\xBB\xBF", "CSV-EMPTY", "line 1, column 1"},
        {"\n \n", "CSV-EMPTY", "line 3, column 1"},
        {"id\n1\n", "CSV-HEADER", "line 1, column 2"},
        {"1,0101650001\n2,b\n", "CSV-HEADER", "line 1, column 1"},
        {"id,name,id\n", "CSV-HEADER", "line 1, column 3"},
        {"id,name,Note\n", "CSV-HEADER", "line 1, column 3"},
        {"id;name\n", "CSV-HEADER", "line 1, column 1"},
        {"id,name,\n", "CSV-HEADER", "line 1, column 3"},
        {"id,name\n1\n", "CSV-COLUMNS", "line 2, column 2"},
        {"id,name\n1,a\n1,0101650001,c\n", "CSV-COLUMNS", "line 3, column 3"},
        {"id,name\n1,a\"b\n", "CSV-QUOTE", "line 2, column 2"},
        {"id,name\n1,\"a\"b\n", "CSV-QUOTE", "line 2, column 2"},
        {"id,name\n1,\"a\n2,\"b\"\n", "CSV-QUOTE", "line 2, column 2"}, /* where the quote was left open */
        {"id,name\n1,a\n\"2,b\n", "CSV-QUOTE", "line 3, column 1"},
        {"id,name\n1,\xE6\n", "CSV-UTF8", "line 2, column 2"},
        {"id,name\n\xED\xA0\x80,a\n", "CSV-UTF8", "line 2, column 1"},
        {"\xFF\xFEi,name\n", "CSV-UTF8", "line 1, column 1"},
        {"id,name\r1,a\r", "CSV-NEWLINE", "line 1, column 1"},
        {"id,name\n1,a\r2,b\n", "CSV-NEWLINE", "line 2, column 1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct seen seen = {0};
        struct nks_fault fault;
        enum nks_status status = read_bytes(cases[i].text, strlen(cases[i].text), &seen, &fault);
        ck_assert_msg(status == NKS_REFUSED && strcmp(fault.code, cases[i].code) == 0, "case %zu: %s", i, fault.code);
        ck_assert_msg(strcmp(fault.where, cases[i].where) == 0, "case %zu: %s", i, fault.where);
        ck_assert_ptr_null(strstr(fault.line, "0101650001"));
    }
}
END_TEST

START_TEST(header_fault_names_the_columns)
{
    struct seen seen = {0};
    struct nks_fault fault;
    ck_assert_int_eq(read_bytes("id\n", 3, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.line, "the header lacks the column name; the header must name: id,name,[note]");
    ck_assert_int_eq(read_bytes("id,id\n", 6, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.line, "the header doubles the column id; the header must name: id,name,[note]");
    ck_assert_int_eq(read_bytes("x\n", 2, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.line, "the header has an unknown column; the header must name: id,name,[note]");
}
END_TEST

START_TEST(zero_bytes_are_refused)
{
    static const char text[] = "id,name\n1,a\0b\n";
    struct seen seen = {0};
    struct nks_fault fault;
    ck_assert_int_eq(read_bytes(text, sizeof text - 1, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.code, "CSV-NUL");
    ck_assert_str_eq(fault.where, "line 2, column 2");
}
END_TEST

START_TEST(rows_before_a_fault_are_given_and_none_after)
{
    struct seen seen = {0};
    struct nks_fault fault;
    static const char text[] = "id,name\n1,a\n2\n3,c\n";
    ck_assert_int_eq(read_bytes(text, sizeof text - 1, &seen, &fault), NKS_REFUSED);
    ck_assert(nks_text_is(nks_buf_view(&seen.buf), "2:1|a|;"));
}
END_TEST

START_TEST(callback_refuses_with_its_place)
{
    static const char text[] = "note,name,id\nx,a,1\ny,b,2\nz,c,3\n", bare[] = "name,id\na,1\nb,2\n";
    struct seen seen = {.refuse_row = 2, .refuse_column = 0};
    struct nks_fault fault;
    ck_assert_int_eq(read_bytes(text, sizeof text - 1, &seen, &fault), NKS_REFUSED);
    ck_assert_int_eq(seen.rows, 2);
    ck_assert_str_eq(fault.code, "CSV-FIELD");
    ck_assert_str_eq(fault.where, "line 3, column 3");
    ck_assert_str_eq(fault.line, "expected something else");
    seen.refuse_column = 2; /* not in this file */
    ck_assert_int_eq(read_bytes(bare, sizeof bare - 1, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.where, "line 3");
}
END_TEST

static enum nks_status stop_for_a_while(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    (void)row;
    ++*(int *)context;
    return nks_fault_set(fault, NKS_RETRY, "BUSY", "later");
}

START_TEST(callback_status_is_returned)
{
    static const char text[] = "id,name\n1,a\n2,b\n";
    struct nks_fault fault = {0};
    int calls = 0, fd = file_of(text, sizeof text - 1);
    ck_assert_int_eq(nks_csv_read(fd, columns, COUNT(columns), stop_for_a_while, &calls, NULL, NULL, &fault),
                     NKS_RETRY);
    close(fd);
    ck_assert_int_eq(calls, 1);
    ck_assert_str_eq(fault.code, "BUSY");
    ck_assert_str_eq(fault.where, "");
}
END_TEST

/* id,name and a row whose name has `len` letters. */
static char *row_of(size_t len, const char *quote, size_t *size)
{
    char *text = malloc(len + 64), *letters;
    ck_assert_ptr_nonnull(text);
    letters = text + sprintf(text, "id,name\n1,%s", quote);
    memset(letters, 'x', len);
    *size = (size_t)(letters - text) + len + (size_t)sprintf(letters + len, "%s\n", quote);
    return text;
}

START_TEST(long_fields_are_refused)
{
    static const struct {
        size_t len;
        const char *quote;
        bool good;
    } cases[] = {
        {NKS_CSV_FIELD_MAX, "", true},
        {NKS_CSV_FIELD_MAX, "\"", true},
        {NKS_CSV_FIELD_MAX + 1, "", false},
        {NKS_CSV_FIELD_MAX + 1, "\"", false},
        {1000000, "", false},
        {1000000, "\"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size;
        struct seen seen = {0};
        struct nks_fault fault;
        char *text = row_of(cases[i].len, cases[i].quote, &size);
        enum nks_status status = read_bytes(text, size, &seen, &fault);
        free(text);
        ck_assert_msg(status == (cases[i].good ? NKS_OK : NKS_REFUSED), "case %zu", i);
        ck_assert_str_eq(fault.code, cases[i].good ? "" : "CSV-LONG");
        ck_assert_str_eq(fault.where, cases[i].good ? "" : "line 2, column 2");
    }
}
END_TEST

START_TEST(open_quote_does_not_swallow_the_file)
{
    size_t len = 0, size = 2000000;
    char *text = malloc(size);
    struct seen seen = {0};
    struct nks_fault fault;
    len += (size_t)sprintf(text, "id,name\n1,a\n2,\"b\n");
    while (len + 16 < size)
        len += (size_t)sprintf(text + len, "3,abc\n");
    ck_assert_int_eq(read_bytes(text, len, &seen, &fault), NKS_REFUSED);
    free(text);
    ck_assert_str_eq(fault.code, "CSV-LONG");
    ck_assert_str_eq(fault.where, "line 3, column 2");
}
END_TEST

START_TEST(long_rows_are_refused)
{
    struct nks_csv_column many[5] = {{"a", false}, {"b", false}, {"c", false}, {"d", false}, {"e", false}};
    static char text[30000];
    struct nks_fault fault = {0};
    int calls = 0;
    size_t len = (size_t)sprintf(text, "a,b,c,d,e\n");
    for (int i = 0; i < 5; i++)
        len += (size_t)sprintf(text + len, "%04000d%s", i, i < 4 ? "," : "\n");
    int fd = file_of(text, len);
    ck_assert_int_eq(nks_csv_read(fd, many, 5, stop_for_a_while, &calls, NULL, NULL, &fault), NKS_REFUSED);
    close(fd);
    ck_assert_str_eq(fault.code, "CSV-LONG");
    ck_assert_str_eq(fault.where, "line 2, column 5");
    ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(too_many_columns_are_refused)
{
    char text[1000];
    struct seen seen = {0};
    struct nks_fault fault;
    memset(text, ',', 200);
    text[200] = '\n';
    ck_assert_int_eq(read_bytes(text, 201, &seen, &fault), NKS_REFUSED);
    ck_assert_str_eq(fault.code, "CSV-HEADER");
    int fd = file_of("a\n", 2);
    nks_fault_clear(&fault);
    ck_assert_int_eq(nks_csv_read(fd, columns, NKS_CSV_COLUMNS_MAX + 1, on_row, &seen, NULL, NULL, &fault), NKS_FAILED);
    close(fd);
}
END_TEST

struct count {
    int64_t rows, sum, last_line, bytes;
};

static enum nks_status count_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct count *count = context;
    uint64_t id;
    if (!nks_text_number(row->fields[0], 1000000, &id))
        return nks_csv_refuse(row, 0, fault, "a number is expected");
    if (row->fields[1].len < 5 || memcmp(row->fields[1].ptr, "\xC3\xA6\n\xC3\xB8", 5) != 0)
        return nks_csv_refuse(row, 1, fault, "two letters are expected");
    count->rows++;
    count->sum += (int64_t)id;
    count->last_line = row->line;
    return NKS_OK;
}

static void count_bytes(void *context, int64_t bytes)
{
    struct count *count = context;
    ck_assert(bytes >= count->bytes);
    count->bytes = bytes;
}

/* Every row, quote and letter meets the border between two chunks somewhere. */
START_TEST(big_files_are_read_in_chunks)
{
    enum { ROWS = 60000 };
    size_t len = 0;
    char *text = malloc(ROWS * 40);
    ck_assert_ptr_nonnull(text);
    len += (size_t)sprintf(text, "id,name\r\n");
    for (int i = 1; i <= ROWS; i++)
        len += (size_t)sprintf(text + len, "%d,\"\xC3\xA6\n\xC3\xB8%.*s\"\r\n", i, i % 7, "xxxxxxx");
    struct count count = {0};
    struct nks_fault fault = {0};
    int fd = file_of(text, len);
    free(text);
    enum nks_status status = nks_csv_read(fd, columns, COUNT(columns), count_row, &count, count_bytes, &count, &fault);
    close(fd);
    ck_assert_msg(status == NKS_OK, "%s %s", fault.where, fault.line);
    ck_assert_int_eq(count.rows, ROWS);
    ck_assert_int_eq(count.sum, (int64_t)ROWS * (ROWS + 1) / 2);
    ck_assert_int_eq(count.last_line, 2 * ROWS);
    ck_assert_int_eq(count.bytes, (int64_t)len);
}
END_TEST

START_TEST(broken_descriptor_is_told)
{
    struct seen seen = {0};
    struct nks_fault fault = {0};
    ck_assert_int_eq(nks_csv_read(-1, columns, COUNT(columns), on_row, &seen, NULL, NULL, &fault), NKS_FAILED);
    ck_assert_str_eq(fault.code, "FILE-IO");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_test(tests, rows_are_given);
    tcase_add_test(tests, wrong_files_are_refused);
    tcase_add_test(tests, header_fault_names_the_columns);
    tcase_add_test(tests, zero_bytes_are_refused);
    tcase_add_test(tests, rows_before_a_fault_are_given_and_none_after);
    tcase_add_test(tests, callback_refuses_with_its_place);
    tcase_add_test(tests, callback_status_is_returned);
    tcase_add_test(tests, long_fields_are_refused);
    tcase_add_test(tests, open_quote_does_not_swallow_the_file);
    tcase_add_test(tests, long_rows_are_refused);
    tcase_add_test(tests, too_many_columns_are_refused);
    tcase_add_test(tests, big_files_are_read_in_chunks);
    tcase_add_test(tests, broken_descriptor_is_told);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
