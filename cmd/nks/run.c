/* The stages, one by one and all of them; whether the home is fit for work. */
#include "nks.h"

#include "stage/newest.h"
#include "stage/schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_DIGITS = 5, WAIT_SECONDS_MAX = 86400 };

void present_odd(struct nks_app *app, const struct nks_odd_row *rows, size_t count)
{
    static const struct column columns[] = {
        {"delivery", "delivery", CELL_NUMBER}, {"central", "central", CELL_TEXT}, {"kind", "kind", CELL_TEXT},
        {"line", "first line", CELL_NUMBER},   {"times", "times", CELL_NUMBER},   {"words", "what", CELL_TEXT},
    };
    if (count == 0)
        return;
    struct table *table = table_begin(&app->out, "odd", "What was odd in answers of banks", columns,
                                      sizeof columns / sizeof columns[0], false);
    for (size_t i = 0; i < count; i++) {
        table_number(table, rows[i].delivery_id);
        table_text(table, rows[i].party);
        table_text(table, nks_odd_name(rows[i].kind));
        table_optional(table, rows[i].line);
        table_number(table, rows[i].times);
        table_text(table, nks_odd_words(rows[i].kind));
    }
    table_end(table);
}

static void present(struct nks_app *app, const struct nks_run_counts *counts)
{
    static const struct column columns[] = {
        {"received", "files in", CELL_NUMBER},
        {"accepted", "accepted", CELL_NUMBER},
        {"refused", "refused", CELL_NUMBER},
        {"repeated", "repeated", CELL_NUMBER},
        {"payments", "payments", CELL_NUMBER},
        {"rejected", "rejected", CELL_NUMBER},
        {"slices", "slices decided", CELL_NUMBER},
        {"orders", "order files", CELL_NUMBER},
        {"reports", "reports", CELL_NUMBER},
        {"published", "published", CELL_NUMBER},
        {"answers", "answers of banks", CELL_NUMBER},
        {"odd", "odd answers", CELL_NUMBER},
        {"carried_on", "returned payments carried on", CELL_NUMBER},
        {"skipped", "entries left lying", CELL_NUMBER},
    };
    struct table *table = table_begin(&app->out, "run", NULL, columns, sizeof columns / sizeof columns[0], true);
    const int64_t values[] = {counts->received,   counts->accepted,  counts->refused, counts->repeated,
                              counts->payments,   counts->rejected,  counts->slices,  counts->orders,
                              counts->reports,    counts->published, counts->answers, counts->odd,
                              counts->carried_on, counts->skipped};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        table_number(table, values[i]);
    table_end(table);
}

/* Silence under cron: in a pipe only what a person must look at is said. */
static int finish(struct nks_app *app, enum nks_status status)
{
    const struct nks_run_counts *counts = &app->run->counts;
    bool fail_on = app->values[OPTION_FAIL_ON] != NULL && (counts->refused > 0 || counts->rejected > 0);
    int code = app_result(app, status);
    if (counts->odd > 0)
        code = exit_worse(code, EXIT_PERSON);
    if (fail_on)
        code = exit_worse(code, EXIT_REJECTED);
    if (counts->odd > 0)
        out_note(&app->out, "answers of banks hold something odd: see nks status");
    bool silent = app->out.quiet || (app->out.form == OUT_LINES && code == EXIT_DONE && !app->out.verbose);
    if (!silent || app->out.form == OUT_JSON)
        present(app, counts);
    if (!silent || app->out.form == OUT_JSON)
        present_odd(app, app->run->odds, app->run->odd_count);
    return code;
}

static int stage_over(struct nks_app *app, nks_stage_fn fn)
{
    int64_t batch_id = 0;
    int code = EXIT_DONE;
    if (app->values[OPTION_BATCH] != NULL && !app_batch(app, app->values[OPTION_BATCH], &batch_id, &code))
        return code;
    return finish(app, fn(app->run, batch_id));
}

int command_stage(struct nks_app *app)
{
    size_t count = 0, at = 0;
    int code = EXIT_DONE;
    const struct nks_stage *stages = nks_stages(&count);
    while (at < count && strcmp(stages[at].name, app->command->name) != 0)
        at++;
    bool lock = strcmp(app->command->name, "receive") != 0; /* it has a lock of its own and never waits for a run */
    if (at == count || !app_open(app, lock, false, &code))
        return at == count ? EXIT_BUG : code;
    return stage_over(app, stages[at].fn);
}

static bool wait_take(struct nks_app *app)
{
    const char *words = app->values[OPTION_WAIT];
    size_t digits = words != NULL ? strspn(words, "0123456789") : 0;
    if (words == NULL)
        return true;
    if (digits == 0 || digits > WAIT_DIGITS || words[digits] != '\0' || strtol(words, NULL, 10) > WAIT_SECONDS_MAX)
        return false;
    app->wait_seconds = (int)strtol(words, NULL, 10);
    return true;
}

int command_run(struct nks_app *app)
{
    int code = EXIT_DONE;
    const char *fail_on = app->values[OPTION_FAIL_ON];
    if (fail_on != NULL && strcmp(fail_on, "refused") != 0)
        return app_usage(app, "--fail-on knows only: refused");
    if (!wait_take(app))
        return app_usage(app, "--wait needs seconds, 0 to 86400");
    if (!app_open(app, true, false, &code)) {
        beat_failed(app, code);
        return code;
    }
    beat_begin(app);
    (void)signers_warn(app, false);
    (void)keys_warn(app, false); /* a line on its days; the night itself is as good as ever */
    code = stage_over(app, nks_stage_all);
    beat_end(app, code);
    return code;
}

static void database_shown(const struct nks_app *app, char out[NKS_PATH_MAX])
{
    char path[NKS_PATH_MAX];
    struct nks_fault ignored = {.status = NKS_OK};
    out[0] = '\0';
    if (nks_home_database(app_home(app), path, &ignored) == NKS_OK)
        nks_db_shown(path, out, NKS_PATH_MAX);
}

int command_config(struct nks_app *app)
{
    char database[NKS_PATH_MAX];
    static const struct column columns[] = {
        {"home", "home", CELL_TEXT},
        {"keys", "keys", CELL_TEXT},
        {"database", "database, reached", CELL_TEXT},
        {"environment", "environment", CELL_TEXT},
        {"cache_mib", "page cache, MiB", CELL_NUMBER},
        {"settle_seconds", "settle seconds", CELL_NUMBER},
        {"signature_seconds", "signature seconds", CELL_NUMBER},
        {"report_name", "name in reports", CELL_TEXT},
        {"agreements", "agreements in force", CELL_NUMBER},
        {"centrals", "data centrals", CELL_NUMBER},
        {"reader", "reader", CELL_TEXT},
    };
    int code = EXIT_DONE;
    bool opened = app_open(app, false, true, &code);
    database_shown(app, database);
    if (!opened && database[0] != '\0' && strncmp(app->fault.code, "DB-", 3) == 0)
        out_note(&app->out, "this was about the database %s", database);
    if (!opened)
        return code;
    const struct nks_run *run = app->run;
    if (nks_home_catalogue_check(run->db, &app->fault) != NKS_OK)
        return app_result(app, app->fault.status);
    if (nks_newest_check(app->run) != NKS_OK)
        return app_result(app, NKS_HELD);
    if (app->reader[0] != '/' || access(app->reader, X_OK) != 0)
        return app_result(app,
                          nks_fault_set(&app->fault, NKS_FAILED, "READER-START",
                                        "nks-reader is not beside nks; install it there, or name it in NKS_READER"));
    struct table *table =
        table_begin(&app->out, "config", "The home is fit for work", columns, sizeof columns / sizeof columns[0], true);
    table_text(table, run->home);
    table_text(table, run->keys_dir);
    table_text(table, database);
    table_text(table, run->conf.environment);
    table_number(table, run->conf.cache_mib);
    table_number(table, run->conf.settle_seconds);
    table_number(table, run->conf.signature_seconds);
    table_text(table, run->conf.report_name);
    table_number(table, nks_look_agreements(run));
    table_number(table, nks_look_centrals(run));
    table_text(table, app->reader);
    table_end(table);
    return EXIT_DONE;
}
