/* check: would nks accept these files? Findings and files as rows; with --agreement see check_night.c. */
#include "check.h"

#include "iso20022/version.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FINDINGS_SHOWN = 200 }; /* per file at a terminal */

static const struct column finding_columns[] = {
    {"file", "file", CELL_TEXT},           {"line", "line", CELL_NUMBER},   {"group", "group", CELL_NUMBER},
    {"payment", "payment", CELL_NUMBER},   {"effect", "effect", CELL_TEXT}, {"code", "code", CELL_TEXT},
    {"words", "what is wrong", CELL_TEXT},
};
static const struct column file_columns[] = {
    {"file", "file", CELL_TEXT},       {"verdict", "verdict", CELL_TEXT},     {"version", "version", CELL_TEXT},
    {"groups", "groups", CELL_NUMBER}, {"payments", "payments", CELL_NUMBER}, {"rejected", "rejected", CELL_NUMBER},
    {"sum", "sum", CELL_NUMBER},
};

void checking_begin(struct checking *checking, struct nks_app *app, bool silent)
{
    *checking = (struct checking){.app = app, .silent = silent};
    if (silent)
        return;
    checking->findings = table_begin(&app->out, "finding", NULL, finding_columns,
                                     sizeof finding_columns / sizeof finding_columns[0], false);
    checking->files =
        table_begin(&app->out, "file", NULL, file_columns, sizeof file_columns / sizeof file_columns[0], false);
}

void checking_end(struct checking *checking)
{
    table_end(checking->findings);
    table_end(checking->files);
}

void checking_name(struct checking *checking, const char *path)
{
    const char *base = strrchr(path, '/');
    snprintf(checking->name, sizeof checking->name, "%s",
             strcmp(path, "-") == 0 ? "standard input"
             : base != NULL         ? base + 1
                                    : path);
    nks_name_mask(checking->name);
    nks_text_plain(checking->name);
    checking->shown = 0;
}

enum nks_status checking_finding(void *context, const struct nks_check_finding *finding, struct nks_fault *fault)
{
    (void)fault;
    struct checking *checking = context;
    char words[NKS_FINDING_TEXT_MAX];
    if (checking->silent)
        return NKS_OK;
    if (checking->app->out.form == OUT_TABLE && checking->shown++ >= FINDINGS_SHOWN)
        return NKS_OK;
    if (!nks_text_copy(finding->words, words, sizeof words))
        words[sizeof words - 1] = '\0';
    table_text(checking->findings, checking->name);
    table_number(checking->findings, finding->line);
    table_number(checking->findings, finding->group);
    table_number(checking->findings, (int64_t)finding->seq);
    table_text(checking->findings, finding->note ? "NOTE" : finding->payment ? "REJECTED" : "REFUSED");
    table_text(checking->findings, nks_reason_code(finding->reason));
    table_text(checking->findings, words);
    return NKS_OK;
}

static void on_progress(void *context, int64_t done, int64_t total)
{
    struct checking *checking = context;
    out_progress(&checking->app->out, "check", done, total);
}

/* Findings and files are two tables: at a terminal the files come last, as the summary; in a pipe after each file. */
int checking_verdict(struct checking *checking, const struct nks_check_result *result)
{
    struct table *files = checking->files;
    const char *words = result->refused ? "REFUSED" : result->rejected > 0 ? "PARTLY" : "GOOD";
    if (checking->silent)
        out_note(&checking->app->out, "%s: %s, %lld payments, %lld of them rejected", checking->name, words,
                 (long long)result->payments, (long long)result->rejected);
    table_text(files, checking->name);
    table_text(files, words);
    table_text(files, nks_pain001_name(result->version));
    table_number(files, result->groups);
    table_number(files, result->payments);
    table_number(files, result->rejected);
    table_sum(files, result->sum);
    if (checking->app->out.form == OUT_TABLE && checking->shown > FINDINGS_SHOWN)
        out_note(&checking->app->out, "%lld findings more; a pipe or --json shows all",
                 (long long)(checking->shown - FINDINGS_SHOWN));
    if (result->references_unchecked)
        out_note(&checking->app->out, "the file is too large to look for doubled EndToEndIds in all of it; a run does");
    return result->refused || result->rejected > 0 ? EXIT_REJECTED : EXIT_DONE;
}

static int check_one(struct checking *checking, const char *path)
{
    struct nks_app *app = checking->app;
    const struct nks_check_options options = {
        .reader = app->reader,
        .today = nks_copenhagen_date(app->now != 0 ? app->now : nks_sys_now()),
        .finding = checking_finding,
        .progress = on_progress,
        .context = checking,
    };
    struct nks_check_result result;
    bool standard = strcmp(path, "-") == 0;
    int64_t bytes = 0;
    nks_time changed = 0;
    int fd = STDIN_FILENO;
    nks_fault_clear(&app->fault);
    checking_name(checking, path);
    enum nks_status status = standard ? NKS_OK : nks_sys_open_read(path, &fd, &app->fault);
    if (status == NKS_OK && !standard)
        status = nks_sys_stat(path, &bytes, &changed, &app->fault);
    if (status == NKS_OK)
        status = nks_check_file(&options, fd, bytes, &result, &app->fault);
    if (fd > STDIN_FILENO)
        close(fd);
    return status == NKS_OK ? checking_verdict(checking, &result) : app_result(app, status);
}

int command_check(struct nks_app *app)
{
    struct checking checking;
    static const enum option of_agreement[] = {OPTION_CENTRALS, OPTION_SENDER, OPTION_OUT};
    if (app->values[OPTION_AGREEMENT] != NULL)
        return check_night(app);
    for (size_t i = 0; i < sizeof of_agreement / sizeof of_agreement[0]; i++) {
        if (app->values[of_agreement[i]] != NULL)
            return app_usage(app, "%s goes with --agreement", option_table()[of_agreement[i]].name);
    }
    checking_begin(&checking, app, false);
    int code = EXIT_DONE;
    for (int i = 0; i < app->operand_count; i++)
        code = exit_worse(code, check_one(&checking, app->operands[i]));
    checking_end(&checking);
    return code;
}
