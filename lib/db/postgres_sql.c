/* The text of a named statement, as PostgreSQL wants it. */
#include "db/postgres_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much of `text` is one piece: a quoted string or name, else one byte. */
static size_t piece(const char *text)
{
    if (*text != '\'' && *text != '"')
        return 1;
    const char *end = strchr(text + 1, *text);
    return end == NULL ? strlen(text) : (size_t)(end - text) + 1;
}

/* Every parameter of `text` as `word`, or where that is NULL as $N. A parameter ?N has two bytes or more. */
static char *replaced(const char *text, const char *word)
{
    size_t word_len = word == NULL ? 1 : strlen(word), used = 0;
    char *out = malloc((word_len + 1) * strlen(text) + 1);
    if (out == NULL)
        return NULL;
    while (*text != '\0') {
        size_t taken = piece(text);
        if (*text == '?' && isdigit((unsigned char)text[1])) {
            memcpy(out + used, word == NULL ? "$" : word, word_len);
            used += word_len;
            taken = word == NULL ? 1 : 1 + strspn(text + 1, "0123456789");
        } else {
            memcpy(out + used, text, taken);
            used += taken;
        }
        text += taken;
    }
    out[used] = '\0';
    return out;
}

char *nks_pg_sql_text(const char *text)
{
    return replaced(text, NULL);
}

/* The order of the rows of a key is the statement's own; the number of the key comes last. */
char *nks_pg_sql_each(const char *text)
{
    static const char form[] =
        "SELECT nks_q.*, nks_keys.i FROM unnest($1::bigint[]) WITH ORDINALITY AS nks_keys(key, i) CROSS JOIN LATERAL "
        "(SELECT nks_r.*, row_number() OVER () AS nks_row FROM (%s) AS nks_r) AS nks_q ORDER BY nks_keys.i, "
        "nks_q.nks_row";
    char *inner = replaced(text, "nks_keys.key");
    if (inner == NULL)
        return NULL;
    size_t size = sizeof form + strlen(inner);
    char *out = malloc(size);
    if (out != NULL)
        snprintf(out, size, form, inner);
    free(inner);
    return out;
}

static const char *blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* What follows `word` and blanks; NULL where `text` does not begin so. */
static const char *after(const char *text, const char *word)
{
    size_t len = strlen(word);
    return text != NULL && strncmp(text, word, len) == 0 ? blanks(text + len) : NULL;
}

/* "(?1, ?2, …, ?N)" and nothing else: then the values are the parameters in their order. */
static bool all_params(const char *text, int params)
{
    text = after(text, "(");
    for (int i = 1; i <= params && text != NULL; i++) {
        char word[16];
        snprintf(word, sizeof word, "?%d", i);
        text = after(after(text, word), i < params ? "," : ")");
    }
    return text != NULL && *text == '\0' && params > 0;
}

char *nks_pg_sql_copy(const char *text, int params)
{
    static const char form[] = "COPY %.*s FROM STDIN (FORMAT binary)";
    const char *table = after(after(blanks(text), "INSERT"), "INTO");
    const char *close = table == NULL ? NULL : strchr(table, ')');
    const char *values = close == NULL ? NULL : after(blanks(close + 1), "VALUES");
    if (values == NULL || strchr(table, '(') > close || !all_params(values, params))
        return NULL;
    size_t size = sizeof form + (size_t)(close + 1 - table);
    char *out = malloc(size);
    if (out != NULL)
        snprintf(out, size, form, (int)(close + 1 - table), table);
    return out;
}

/* "DECLARE c0000000000 NO SCROLL CURSOR WITHOUT HOLD FOR ": the number and the word are put in at each opening. */
static const char declare_form[] = "DECLARE c%010d NO SCROLL CURSOR %-12s FOR ";
enum { DECLARE_LEN = 55 };

char *nks_pg_sql_declare(const char *text)
{
    size_t size = DECLARE_LEN + strlen(text) + 1;
    char *out = malloc(size);
    if (out != NULL) {
        nks_pg_sql_declare_as(out, 0, false);
        memcpy(out + DECLARE_LEN, text, size - DECLARE_LEN);
    }
    return out;
}

void nks_pg_sql_declare_as(char *declare, int cursor, bool held)
{
    char head[DECLARE_LEN + 1];
    snprintf(head, sizeof head, declare_form, cursor, held ? "WITH HOLD" : "WITHOUT HOLD");
    memset(declare, ' ', DECLARE_LEN);
    memcpy(declare, head, strlen(head)); // NOLINT(bugprone-not-null-terminated-result): the statement follows
}

bool nks_pg_sql_one_row(const char *text)
{
    static const char end[] = "LIMIT 1";
    size_t len = strlen(text);
    return len >= sizeof end && strcmp(text + len - (sizeof end - 1), end) == 0;
}
