/* recall: ask the bank to call a payment back. */
#include "authorize.h"

#include "stage/recall.h"

int command_recall(struct nks_app *app)
{
    static const struct column columns[] = {{"batch", "batch", CELL_NUMBER},   {"payment", "payment", CELL_NUMBER},
                                            {"central", "central", CELL_TEXT}, {"parts", "parts", CELL_NUMBER},
                                            {"file", "file", CELL_TEXT},       {"dry_run", "only tried", CELL_FLAG}};
    const struct nks_by_hand hand = {.dry_run = app->values[OPTION_DRY_RUN] != NULL,
                                     .reason = app->values[OPTION_REASON]};
    struct nks_recall recall = {.batch_id = 0};
    int code = EXIT_DONE;
    if (!nks_text_number(nks_text_from(app->operands[1]), INT64_MAX, &recall.seq) || recall.seq == 0)
        return app_usage(app, "SEQ is the payment's number in the message, from 1");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code) ||
        !app_batch(app, app->operands[0], &recall.batch_id, &code) || (!hand.dry_run && !app_by_person(app, &code)))
        return code;
    code = app_result(app, nks_recall(app->run, &recall, &hand));
    if (code != EXIT_DONE)
        return code;
    struct table *table = table_begin(&app->out, "recall", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_number(table, recall.batch_id);
    table_number(table, (int64_t)recall.seq);
    table_text(table, recall.file.party);
    table_number(table, recall.legs);
    table_text(table, recall.file.name);
    table_flag(table, hand.dry_run);
    table_end(table);
    if (app->out.form == OUT_TABLE && !hand.dry_run)
        out_note(&app->out, "next: nks run writes and publishes it");
    return EXIT_DONE;
}
