/*
 * Turns texts into C at build time.
 *   embed sql MODULE FILE.sql OUT_DIR   -> OUT_DIR/MODULE_sql.h, MODULE_sql.c   (named statements, migrations; see
 * db/db.h) embed text NAME FILE OUT_DIR        -> OUT_DIR/NAME.c with `const char NAME[]` and `const unsigned long
 * NAME_len`
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX = 32, NAME_MAX_LEN = 64, MIGRATIONS_MAX = 64 };

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("embed: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        die("%s: %s", path, strerror(errno));
    size_t cap = 4096, used = 0;
    char *data = malloc(cap + 1);
    for (size_t got = 0; data != NULL && (got = fread(data + used, 1, cap - used, in)) > 0;) {
        used += got;
        if (used == cap) {
            char *more = realloc(data, (cap *= 2) + 1);
            if (more == NULL)
                die("%s: no memory", path);
            data = more;
        }
    }
    if (data == NULL || ferror(in))
        die("%s: cannot be read", path);
    fclose(in);
    data[used] = '\0';
    *len = used;
    return data;
}

static FILE *create(const char *dir, const char *name, const char *suffix)
{
    char path[1024];
    int path_len = snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    if (path_len < 0 || (size_t)path_len >= sizeof path)
        die("%s: the path is too long", dir);
    FILE *out = fopen(path, "wb");
    if (out == NULL)
        die("%s: %s", path, strerror(errno));
    return out;
}

static void finish(FILE *out)
{
    if (ferror(out) || fclose(out) != 0)
        die("output cannot be written");
}

static void put_string(FILE *out, const char *text, size_t len)
{
    fputs("    \"", out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n')
            fputs(i + 1 < len ? "\\n\"\n    \"" : "\\n", out);
        else if (c == '"' || c == '\\' || (c == '?' && i > 0 && text[i - 1] == '?')) /* "??" may begin a trigraph */
            fprintf(out, "\\%c", c);
        else if (c < 32 || c > 126)
            fprintf(out, "\\%03o", c);
        else
            fputc(c, out);
    }
    fputs("\"", out);
}

struct params {
    char names[PARAMS_MAX][NAME_MAX_LEN];
    int count;
};

static int param_number(struct params *params, const char *name, size_t len)
{
    for (int i = 0; i < params->count; i++) {
        if (strlen(params->names[i]) == len && memcmp(params->names[i], name, len) == 0)
            return i + 1;
    }
    if (params->count == PARAMS_MAX || len >= NAME_MAX_LEN)
        die("too many or too long parameters at :%.*s", (int)len, name);
    memcpy(params->names[params->count], name, len);
    params->names[params->count][len] = '\0';
    return ++params->count;
}

/*
 * How many bytes from `from` are taken as one piece: a comment, a quoted string or name ('' inside is two strings side
 * by side), a `::` cast, else one byte. Dies where a quote or comment is not closed.
 */
static size_t piece(const char *from, size_t len)
{
    if (len >= 2 && memcmp(from, "--", 2) == 0) {
        const char *end = memchr(from, '\n', len);
        return end == NULL ? len : (size_t)(end - from);
    }
    if (len >= 2 && memcmp(from, "/*", 2) == 0) {
        for (size_t i = 4; i <= len; i++) {
            if (memcmp(from + i - 2, "*/", 2) == 0)
                return i;
        }
        die("comment not closed: %.40s", from);
    }
    if (*from == '\'' || *from == '"') {
        const char *end = memchr(from + 1, *from, len - 1);
        if (end == NULL)
            die("quote not closed: %.40s", from);
        return (size_t)(end - from) + 1;
    }
    return len >= 2 && memcmp(from, "::", 2) == 0 ? 2 : 1;
}

static bool is_comment(const char *from, size_t piece_len)
{
    return piece_len >= 2 && (memcmp(from, "--", 2) == 0 || memcmp(from, "/*", 2) == 0);
}

/* The length of the name after a ':', 0 where it is none. */
static size_t param_length(const char *from, size_t len)
{
    size_t end = 0;
    while (end < len && (isalnum((unsigned char)from[end]) || from[end] == '_'))
        end++;
    if (end > 0 && !islower((unsigned char)from[0]))
        die("a parameter begins with a lower-case letter: :%.*s", (int)end, from);
    return end;
}

/* Takes blanks off both ends, and semicolons off the last. Returns the length. */
static size_t trim(char *text, size_t used)
{
    while (used > 0 && (isspace((unsigned char)text[used - 1]) || text[used - 1] == ';'))
        used--;
    size_t blanks = 0;
    while (blanks < used && isspace((unsigned char)text[blanks]))
        blanks++;
    memmove(text, text + blanks, used - blanks);
    return used - blanks;
}

/* Copies a statement with `:name` as ?N and with a blank for each comment. Returns the length. */
static size_t number_params(const char *from, size_t len, char *to, struct params *params)
{
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t taken = piece(from + i, len - i);
        size_t name_len = taken == 1 && from[i] == ':' ? param_length(from + i + 1, len - i - 1) : 0;
        if (name_len > 0) {
            used += (size_t)sprintf(to + used, "?%d", param_number(params, from + i + 1, name_len));
            taken += name_len;
        } else if (is_comment(from + i, taken)) {
            to[used++] = ' ';
        } else {
            memcpy(to + used, from + i, taken);
            used += taken;
        }
        i += taken;
    }
    return trim(to, used);
}

static void put_statement(FILE *header, FILE *code, const char *name, const char *text, size_t len)
{
    struct params params = {.count = 0};
    char *numbered = malloc(2 * len + 1);
    if (numbered == NULL)
        die("no memory");
    size_t used = number_params(text, len, numbered, &params);
    if (used == 0)
        die("%s: the statement is empty", name);
    fprintf(header, "extern const struct nks_sql nks_sql_%s;\n", name);
    fprintf(code, "const struct nks_sql nks_sql_%s = {\n    \"%s\",\n", name, name);
    put_string(code, numbered, used);
    fprintf(code, ",\n    %d,\n    {", params.count);
    for (int i = 0; i < params.count; i++)
        fprintf(code, "%s\"%s\"", i == 0 ? "" : ", ", params.names[i]);
    fputs(params.count == 0 ? "NULL},\n};\n\n" : "},\n};\n\n", code);
    free(numbered);
}

enum section_kind { SECTION_NAME, SECTION_MIGRATION };
struct section {
    enum section_kind kind;
    char word[NAME_MAX_LEN]; /* the statement's name or the step's number */
    const char *at, *body;   /* the title line, and what follows it */
};

/* The value after `-- KEY:` where the line has that form, else NULL. */
static const char *title_value(const char *line, const char *key)
{
    if (strncmp(line, "--", 2) != 0)
        return NULL;
    line += 2 + strspn(line + 2, " \t");
    size_t len = strlen(key);
    return strncmp(line, key, len) == 0 && line[len] == ':' ? line + len + 1 : NULL;
}

static void section_word(struct section *section, const char *value)
{
    const char *allowed = section->kind == SECTION_NAME ? "abcdefghijklmnopqrstuvwxyz_0123456789" : "0123456789";
    value += strspn(value, " \t");
    size_t len = strspn(value, allowed);
    if (len == 0 || len >= NAME_MAX_LEN || value[len + strspn(value + len, " \t\r")] != '\n')
        die("not a good name or number, or no text: %.40s", section->at);
    memcpy(section->word, value, len);
    section->word[len] = '\0';
}

/* Finds the next line that begins a section; `line` is the beginning of a line. */
static bool next_section(const char *line, struct section *section)
{
    for (; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line == NULL ? NULL : line + 1) {
        const char *name = title_value(line, "name"), *number = title_value(line, "migration");
        if (name == NULL && number == NULL)
            continue;
        section->kind = name != NULL ? SECTION_NAME : SECTION_MIGRATION;
        section->at = line;
        section_word(section, name != NULL ? name : number);
        section->body = strchr(line, '\n') + 1;
        return true;
    }
    return false;
}

struct migrations {
    char numbers[MIGRATIONS_MAX][NAME_MAX_LEN];
    int count;
};

/* Every statement of the module, for tests that hold all of them against something; ends with a NULL. */
static void put_statement_table(FILE *header, FILE *code, const char *module, const char *names)
{
    fprintf(header, "extern const struct nks_sql *const nks_statements_%s[];\n", module);
    fprintf(code, "const struct nks_sql *const nks_statements_%s[] = {\n%s    0,\n};\n", module, names);
}

/* Steps are applied in the order of the file: a number that does not grow is a mistake. */
static void put_migration(FILE *code, struct migrations *migrations, const char *number, const char *text, size_t len)
{
    long last = migrations->count == 0 ? 0 : strtol(migrations->numbers[migrations->count - 1], NULL, 10);
    if (migrations->count == MIGRATIONS_MAX || strlen(number) > 8 || number[0] == '0' ||
        strtol(number, NULL, 10) <= last)
        die("migration %s: the numbers must grow from 1, and be at most %d", number, MIGRATIONS_MAX);
    strcpy(migrations->numbers[migrations->count++], number);
    fprintf(code, "static const char migration_%s[] =\n", number);
    put_string(code, text, len);
    fputs(";\n\n", code);
}

static void put_migration_table(FILE *header, FILE *code, const char *module, const struct migrations *migrations)
{
    fprintf(header, "extern const struct nks_migration nks_migrations_%s[];\n", module);
    fprintf(header, "extern const unsigned long nks_migrations_%s_count;\n", module);
    fprintf(code, "const struct nks_migration nks_migrations_%s[] = {\n", module);
    for (int i = 0; i < migrations->count; i++)
        fprintf(code, "    {\"%s\", %s, migration_%s},\n", module, migrations->numbers[i], migrations->numbers[i]);
    fprintf(code, "    {0, 0, 0},\n};\nconst unsigned long nks_migrations_%s_count = %d;\n", module, migrations->count);
}

/* Text before the first section would be lost without a word. */
static void check_preamble(const char *path, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t taken = piece(data + i, len - i);
        if (!is_comment(data + i, taken) && !isspace((unsigned char)data[i]))
            die("%s: text before the first section: %.40s", path, data + i);
        i += taken;
    }
}

static void embed_sql(const char *module, const char *path, const char *dir)
{
    size_t len = 0;
    char *data = read_file(path, &len);
    if (strlen(data) != len)
        die("%s: a NUL byte", path);
    char name[NAME_MAX_LEN];
    snprintf(name, sizeof name, "%s_sql", module);
    FILE *header = create(dir, name, ".h"), *code = create(dir, name, ".c");
    fprintf(header, "/* Generated from %s.sql. */\n#include \"db/db.h\"\n\n", module);
    fprintf(code, "/* Generated from %s.sql. */\n#include \"%s_sql.h\"\n\n", module, module);
    static struct migrations migrations;
    char *names = calloc(1, len + 1); /* no longer than the file: "-- name: " is longer than what is put around each */
    if (names == NULL)
        die("no memory");
    struct section section, next;
    bool more = next_section(data, &section);
    check_preamble(path, data, more ? (size_t)(section.at - data) : len);
    for (; more; section = next) {
        more = next_section(section.body, &next);
        size_t body_len = more ? (size_t)(next.at - section.body) : strlen(section.body);
        if (section.kind == SECTION_NAME) {
            put_statement(header, code, section.word, section.body, body_len);
            sprintf(names + strlen(names), "&nks_sql_%s,\n", section.word);
        } else
            put_migration(code, &migrations, section.word, section.body, body_len);
    }
    put_migration_table(header, code, module, &migrations);
    put_statement_table(header, code, module, names);
    free(names);
    finish(header);
    finish(code);
    free(data);
}

static void embed_text(const char *name, const char *path, const char *dir)
{
    size_t len = 0;
    char *data = read_file(path, &len);
    FILE *code = create(dir, name, ".c");
    fprintf(code, "/* Generated. */\nextern const char %s[];\nextern const unsigned long %s_len;\n", name, name);
    fprintf(code, "const unsigned long %s_len = %zu;\nconst char %s[] = {", name, len, name);
    for (size_t i = 0; i < len; i++)
        fprintf(code, "%s%d,", i % 24 == 0 ? "\n    " : "", data[i]);
    fputs("0};\n", code);
    finish(code);
    free(data);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: embed sql|text NAME FILE OUT_DIR");
    if (strcmp(argv[1], "sql") == 0)
        embed_sql(argv[2], argv[3], argv[4]);
    else if (strcmp(argv[1], "text") == 0)
        embed_text(argv[2], argv[3], argv[4]);
    else
        die("unknown kind %s", argv[1]);
    return 0;
}
