/* stop: a payment, or what is left of a batch, before its order file is made. */
#include "authorize.h"

#include "stage/stop.h"

bool app_reason(struct nks_app *app, int *exit_code)
{
    const char *reason = app->values[OPTION_REASON];
    if (reason != NULL && reason[0] != '\0')
        return true;
    *exit_code = app_usage(app, "%s needs --reason TEXT", app->command->name);
    return false;
}

static void present(struct nks_app *app, const struct nks_stop *stop)
{
    static const struct column columns[] = {
        {"batch", "batch", CELL_NUMBER},
        {"stopped", "stopped", CELL_NUMBER},
        {"already", "stopped before", CELL_NUMBER},
        {"rejected", "rejected before", CELL_NUMBER},
        {"half", "half decided", CELL_NUMBER},
        {"in_file", "in a file not published", CELL_NUMBER},
        {"sent", "the bank has them", CELL_NUMBER},
        {"dry_run", "only tried", CELL_FLAG},
    };
    struct table *table = table_begin(&app->out, "stop", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_number(table, stop->batch_id);
    for (int i = 0; i < NKS_STOP_VERDICTS; i++)
        table_number(table, stop->counts[i]);
    table_flag(table, stop->dry_run);
    table_end(table);
}

int command_stop(struct nks_app *app)
{
    struct nks_stop stop = {.dry_run = app->values[OPTION_DRY_RUN] != NULL, .reason = app->values[OPTION_REASON]};
    int code = EXIT_DONE;
    if (app->operand_count == 2 &&
        (!nks_text_number(nks_text_from(app->operands[1]), INT64_MAX, &stop.seq) || stop.seq == 0))
        return app_usage(app, "SEQ is the payment's number in the message, from 1");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code) ||
        !app_batch(app, app->operands[0], &stop.batch_id, &code) || (!stop.dry_run && !app_by_person(app, &code)))
        return code;
    code = app_result(app, nks_stop(app->run, &stop));
    if (code != EXIT_DONE)
        return code;
    present(app, &stop);
    return app_result(app, nks_stop_conclude(app->run, &stop));
}
