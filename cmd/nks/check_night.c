/* check --agreement: the answers that a night would send, from a night of their own. */
#include "check.h"
#include "private_dir.h"

#include "stage/rehearse.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SIZE = 64 * 1024 };

static const struct column answer_columns[] = {
    {"file", "file", CELL_TEXT},       {"to", "answer to", CELL_TEXT},  {"party", "whose folder", CELL_TEXT},
    {"name", "name", CELL_TEXT},       {"bytes", "bytes", CELL_NUMBER}, {"sha256", "SHA-256", CELL_TEXT},
    {"path", "written to", CELL_TEXT},
};

struct night {
    struct checking checking;
    struct table *answers; /* NULL: the bytes themselves go to standard output */
    const char *dir;       /* --out; NULL: nowhere */
    bool payer_told;
    char buffer[COPY_SIZE];
};

/* ---- answers */

static enum nks_status to_stream(struct night *night, int from, FILE *to, struct nks_fault *fault)
{
    for (size_t got = 1; got > 0;) {
        NKS_TRY(nks_sys_read(from, night->buffer, sizeof night->buffer, &got, fault));
        (void)fwrite(night->buffer, 1, got, to); /* the program asks at its end whether all was taken */
    }
    return NKS_OK;
}

static enum nks_status to_file(struct night *night, int from, const char *path, struct nks_fault *fault)
{
    int to = -1;
    NKS_TRY(nks_sys_unlink(path, fault)); /* of an earlier check: the same question has the same name */
    NKS_TRY(nks_sys_create(path, &to, fault));
    enum nks_status status = NKS_OK;
    for (size_t got = 1; status == NKS_OK && got > 0;) {
        status = nks_sys_read(from, night->buffer, sizeof night->buffer, &got, fault);
        if (status == NKS_OK)
            status = nks_sys_write(to, night->buffer, got, fault);
    }
    enum nks_status closed = nks_sys_close(to, fault);
    return status != NKS_OK ? status : closed;
}

static enum nks_status bytes_give(struct night *night, const struct nks_rehearsal_answer *answer, const char *path,
                                  struct nks_fault *fault)
{
    int from = -1;
    NKS_TRY(nks_sys_open_read(answer->path, &from, fault));
    enum nks_status status =
        path[0] != '\0' ? to_file(night, from, path, fault) : to_stream(night, from, stdout, fault);
    close(from);
    return status;
}

static enum nks_status on_answer(void *context, const struct nks_rehearsal_answer *answer, struct nks_fault *fault)
{
    struct night *night = context;
    struct checking *checking = &night->checking;
    char path[NKS_PATH_MAX] = "", hex[NKS_HASH_HEX];
    if (night->dir != NULL && !nks_path_join(path, night->dir, answer->name))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of --out is too long");
    night->payer_told |= answer->payer;
    if (night->dir != NULL || night->answers == NULL)
        NKS_TRY(bytes_give(night, answer, path, fault));
    if (night->answers == NULL) {
        out_note(&checking->app->out, "%s: %s %s, %s", checking->name,
                 answer->payer ? "report to the payer" : "receipt to the sender", answer->party, answer->name);
        return NKS_OK;
    }
    nks_hex(answer->hash, NKS_HASH_SIZE, hex);
    table_text(night->answers, checking->name);
    table_text(night->answers, answer->payer ? "PAYER" : "SENDER");
    table_text(night->answers, answer->party);
    table_text(night->answers, answer->name);
    table_number(night->answers, answer->bytes);
    table_text(night->answers, hex);
    table_text(night->answers, path);
    return NKS_OK;
}

static enum nks_status on_finding(void *context, const struct nks_check_finding *finding, struct nks_fault *fault)
{
    struct night *night = context;
    return checking_finding(&night->checking, finding, fault);
}

/* ---- files */

static int rehearse_one(struct night *night, struct nks_rehearsal *rehearsal, const char *path)
{
    struct checking *checking = &night->checking;
    struct nks_app *app = checking->app;
    const struct nks_rehearsal_calls calls = {on_finding, on_answer, night};
    struct nks_check_result result;
    bool standard = strcmp(path, "-") == 0;
    const char *slash = strrchr(path, '/'), *base = standard ? "standard-input" : slash != NULL ? slash + 1 : path;
    int fd = STDIN_FILENO;
    nks_fault_clear(&app->fault);
    checking_name(checking, path);
    night->payer_told = false;
    enum nks_status status = standard ? NKS_OK : nks_sys_open_read(path, &fd, &app->fault);
    if (status == NKS_OK)
        status = nks_rehearsal_file(rehearsal, fd, base, &calls, &result, &app->fault);
    if (fd > STDIN_FILENO)
        close(fd);
    if (status != NKS_OK)
        return app_result(app, status);
    if (!result.refused && !night->payer_told)
        out_note(&app->out, "%s: no report to the payer before its payments are routed", checking->name);
    return checking_verdict(checking, &result);
}

static enum nks_status csv_open(const char *path, int *fd, struct nks_fault *fault)
{
    *fd = path == NULL ? -1 : STDIN_FILENO;
    return path == NULL || strcmp(path, "-") == 0 ? NKS_OK : nks_sys_open_read(path, fd, fault);
}

static enum nks_status rehearsal_open(struct nks_app *app, const char *dir, struct nks_rehearsal **out)
{
    struct nks_rehearsal_options options = {
        .dir = dir,
        .reader = app->reader,
        .sender = app->values[OPTION_SENDER],
        .now = app->now != 0 ? app->now : nks_sys_now(),
        .agreements = -1,
        .centrals = -1,
        .progress = out_progress,
        .progress_context = &app->out,
    };
    enum nks_status status = csv_open(app->values[OPTION_AGREEMENT], &options.agreements, &app->fault);
    if (status == NKS_OK)
        status = csv_open(app->values[OPTION_CENTRALS], &options.centrals, &app->fault);
    if (status == NKS_OK)
        status = nks_rehearsal_open(&options, out, &app->fault);
    if (options.agreements > STDIN_FILENO)
        close(options.agreements);
    if (options.centrals > STDIN_FILENO)
        close(options.centrals);
    return status;
}

static void tables_begin(struct night *night, struct nks_app *app)
{
    bool bytes = night->dir == NULL && app->out.form != OUT_JSON;
    checking_begin(&night->checking, app, bytes);
    if (!bytes)
        night->answers = table_begin(&app->out, "answer", NULL, answer_columns,
                                     sizeof answer_columns / sizeof answer_columns[0], false);
}

static int work(void *context, const char *dir)
{
    static struct night night;
    struct nks_app *app = context;
    struct nks_rehearsal *rehearsal = NULL;
    night = (struct night){.dir = app->values[OPTION_OUT]};
    int code = app_result(app, rehearsal_open(app, dir, &rehearsal));
    if (code != EXIT_DONE)
        return code;
    tables_begin(&night, app);
    for (int i = 0; i < app->operand_count; i++)
        code = exit_worse(code, rehearse_one(&night, rehearsal, app->operands[i]));
    checking_end(&night.checking);
    table_end(night.answers);
    nks_rehearsal_close(rehearsal);
    return code;
}

static bool standard_input_once(const struct nks_app *app)
{
    int uses = strcmp(app->values[OPTION_AGREEMENT], "-") == 0;
    uses += app->values[OPTION_CENTRALS] != NULL && strcmp(app->values[OPTION_CENTRALS], "-") == 0;
    for (int i = 0; i < app->operand_count; i++)
        uses += strcmp(app->operands[i], "-") == 0;
    return uses <= 1;
}

int check_night(struct nks_app *app)
{
    bool here = false;
    int code = EXIT_DONE;
    if (!standard_input_once(app))
        return app_usage(app, "standard input can be read only once");
    enum nks_status status = private_dir_work(work, app, &here, &code, &app->fault);
    return here ? code : exit_worse(code, app_result(app, status));
}
