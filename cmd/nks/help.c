/* help: the program, a command, a code. Made from the same tables as the program itself. */
#include "nks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 90, CODES_MAX = 1000 };

static void put_wrapped(const char *text, const char *indent)
{
    size_t at = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > 0 && at + 1 + len > WIDTH) {
            putchar('\n');
            at = 0;
        }
        printf("%s%.*s", at == 0 ? indent : " ", (int)len, text);
        at += len + 1;
        text += len + strspn(text + len, " ");
    }
    putchar('\n');
}

static void put_options(FILE *stream, uint64_t wanted, bool global)
{
    const struct option_row *rows = option_table();
    for (int i = 0; i < OPTIONS; i++) {
        char name[40];
        if (global ? !rows[i].global : (rows[i].global || !(wanted & OPTION_BIT(i))))
            continue;
        snprintf(name, sizeof name, "%c%c%s%s %s", rows[i].letter ? '-' : ' ', rows[i].letter ? rows[i].letter : ' ',
                 rows[i].letter ? ", " : "  ", rows[i].name, rows[i].value != NULL ? rows[i].value : "");
        fprintf(stream, "  %-24s %s\n", name, rows[i].words);
    }
}

static void put_exits(FILE *stream, const char *digits)
{
    size_t count = 0;
    const struct exit_row *rows = exit_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (digits == NULL || strchr(digits, '0' + rows[i].code) != NULL)
            fprintf(stream, "  %d  %s\n", rows[i].code, rows[i].words);
    }
}

int help_program(FILE *stream)
{
    size_t count = 0;
    const struct command *rows = command_table(&count);
    fputs("usage: nks [--home DIR] [--keys DIR] [--json] [-q|-v] COMMAND ...\n\ncommands\n", stream);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "  %-18s %s\n", rows[i].name, rows[i].summary);
    fputs("\noptions, before or after the command\n", stream);
    put_options(stream, 0, true);
    fputs("\nexit codes\n", stream);
    put_exits(stream, NULL);
    fputs("\nnks help COMMAND tells more about a command, nks help CODE about the code of an error.\n", stream);
    return EXIT_DONE;
}

int help_command(const struct command *command)
{
    printf("usage: nks %s%s%s%s\n\n", command->name, command->options != 0 ? " [OPTIONS]" : "",
           command->operands[0] != '\0' ? " " : "", command->operands);
    put_wrapped(command->summary, "");
    putchar('\n');
    put_wrapped(command->text, "");
    fputs(command->options != 0 ? "\noptions\n" : "", stdout);
    put_options(stdout, command->options, false);
    fputs("\noptions of every command\n", stdout);
    put_options(stdout, 0, true);
    fputs("\nexit codes\n", stdout);
    put_exits(stdout, command->exits);
    printf("\nexample\n  %s\n", command->example);
    return EXIT_DONE;
}

static const struct column code_columns[] = {{"code", "code", CELL_TEXT},
                                             {"what", "what happened", CELL_TEXT},
                                             {"safe", "what is safe", CELL_TEXT},
                                             {"next", "what to do", CELL_TEXT}};

static int help_code(struct nks_app *app, const struct code_row *row)
{
    if (app->out.form == OUT_JSON) {
        struct table *table = table_begin(&app->out, "code", NULL, code_columns, 4, true);
        table_text(table, row->code);
        table_text(table, row->what);
        table_text(table, row->safe);
        table_text(table, row->next);
        table_end(table);
        return EXIT_DONE;
    }
    printf("%s\n", row->code);
    const char *const parts[][2] = {
        {"what happened", row->what}, {"what is safe", row->safe}, {"what to do", row->next}};
    for (size_t i = 0; i < 3; i++) {
        printf("\n%s\n", parts[i][0]);
        put_wrapped(parts[i][1], "  ");
    }
    return EXIT_DONE;
}

static int help_codes(struct nks_app *app)
{
    static const struct column columns[] = {{"code", "code", CELL_TEXT}, {"what", "what happened", CELL_TEXT}};
    const struct code_row *row = NULL;
    struct table *table = table_begin(&app->out, "code", NULL, columns, 2, false);
    for (size_t i = 0; (row = code_at(i)) != NULL; i++) {
        table_text(table, row->code);
        table_text(table, row->what);
    }
    table_end(table);
    return EXIT_DONE;
}

static int by_code(const void *a, const void *b)
{
    return strcmp((*(const struct code_row *const *)a)->code, (*(const struct code_row *const *)b)->code);
}

/* What Markdown would take for a sign of its own. */
static void put_markdown(const char *name, const char *text)
{
    printf("- **%s:** ", name);
    for (; *text != '\0'; text++)
        printf("%s%c", strchr("*_<`[\\", *text) != NULL ? "\\" : "", *text);
    putchar('\n');
}

/* All pages as one document: doc/codes.md. */
static int help_codes_markdown(void)
{
    const struct code_row *rows[CODES_MAX], *row = NULL;
    size_t count = 0;
    for (; (row = code_at(count)) != NULL && count < CODES_MAX; count++)
        rows[count] = row;
    if (row != NULL)
        return EXIT_BUG;
    qsort(rows, count, sizeof rows[0], by_code);
    fputs(
        "# Codes\n\nEvery code that an error of `nks` or a check of `nks-audit` names. `nks help CODE` shows one page. "
        "This file\nis what `nks help codes --markdown` writes.\n\n",
        stdout);
    fputs("Where a page names no exit code, it depends on how grave the moment was: see\n"
          "[exit codes](operate.md#exit-codes).\n",
          stdout);
    for (size_t i = 0; i < count; i++) {
        printf("\n## %s\n\n", rows[i]->code);
        if (rows[i]->exit != 0)
            printf("- **Exit code:** %d\n", rows[i]->exit);
        put_markdown("What happened", rows[i]->what);
        put_markdown("What is safe", rows[i]->safe);
        put_markdown("What to do", rows[i]->next);
    }
    return EXIT_DONE;
}

/* Codes are written in capitals; a person need not. */
static const struct code_row *code_of(const char *name)
{
    char upper[NKS_FAULT_CODE_MAX];
    size_t len = 0;
    for (; name[len] != '\0' && len + 1 < sizeof upper; len++)
        upper[len] = (char)(name[len] >= 'a' && name[len] <= 'z' ? name[len] - 'a' + 'A' : name[len]);
    upper[len] = '\0';
    return code_find(upper);
}

int command_help(struct nks_app *app)
{
    char name[64] = "";
    if (app->operand_count == 0 && app->values[OPTION_MARKDOWN] == NULL)
        return help_program(stdout);
    struct nks_buf words;
    nks_buf_init(&words, name, sizeof name - 1);
    for (int i = 0; i < app->operand_count; i++)
        nks_buf_printf(&words, "%s%s", i > 0 ? " " : "", app->operands[i]);
    name[words.overflow ? 0 : words.len] = '\0';
    bool markdown = app->values[OPTION_MARKDOWN] != NULL, codes = strcmp(name, "codes") == 0;
    if (markdown && (!codes || app->out.form == OUT_JSON))
        return app_usage(app, "--markdown is of help codes, without --json");
    if (codes)
        return markdown ? help_codes_markdown() : help_codes(app);
    if (strcmp(name, "exit") == 0) {
        put_exits(stdout, NULL);
        return EXIT_DONE;
    }
    const struct command *command = command_find(name);
    if (command != NULL)
        return help_command(command);
    const struct code_row *row = code_of(name);
    return row != NULL ? help_code(app, row) : app_usage(app, "there is no command and no code %s", name);
}
