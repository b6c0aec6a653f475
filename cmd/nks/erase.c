/* erase: what is kept long enough, for good. */
#include "authorize.h"

#include "stage/erase.h"

#include <stdio.h>
#include <string.h>

static const char due_word[] = "--due "; /* DATE follows: what was due when it was proposed */

static int call(struct nks_app *app, const char *what, bool dry_run, const char *reason, struct nks_erased *erased)
{
    int64_t batch_id = 0;
    int code = EXIT_DONE;
    nks_date until = 0;
    bool due = strncmp(what, due_word, strlen(due_word)) == 0;
    if (due && !nks_date_parse(nks_text_from(what + strlen(due_word)), false, &until))
        return app_usage(app, "what was proposed cannot be read");
    if (!due && !app_batch(app, what, &batch_id, &code))
        return code;
    return app_result(app, due ? nks_erase_due(app->run, until, dry_run, reason, erased)
                               : nks_erase_batch(app->run, batch_id, dry_run, reason, erased));
}

static int erase(struct nks_app *app, const char *what, bool dry_run, const char *reason, struct nks_erased *erased)
{
    static const struct column columns[] = {{"batches", "batches", CELL_NUMBER},
                                            {"deliveries", "received files", CELL_NUMBER},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"files", "copies of files", CELL_NUMBER},
                                            {"dry_run", "only tried", CELL_FLAG}};
    int code = call(app, what, dry_run, reason, erased);
    if (code != EXIT_DONE)
        return code;
    struct table *table = table_begin(&app->out, "erased", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_number(table, erased->batches);
    table_number(table, erased->deliveries);
    table_number(table, erased->payments);
    table_number(table, erased->files);
    table_flag(table, dry_run);
    table_end(table);
    if (app->out.form == OUT_TABLE && !dry_run)
        out_note(&app->out, "%s",
                 app->run->conf.database[0] == '\0'
                     ? "backups made before still hold it: let them go when their time is over"
                     : "the server's WAL and backups made before still hold it: let them go when their time is over");
    return EXIT_DONE;
}

static void preview_of(const struct nks_erased *erased, char out[NKS_PROPOSAL_PREVIEW])
{
    snprintf(out, NKS_PROPOSAL_PREVIEW, "%lld batches, %lld received files, %lld payments", (long long)erased->batches,
             (long long)erased->deliveries, (long long)erased->payments);
}

int erase_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    (void)path;
    struct nks_erased erased = {.batches = 0};
    char preview[NKS_PROPOSAL_PREVIEW];
    int code = call(app, proposal->arguments, true, proposal->reason, &erased);
    preview_of(&erased, preview);
    if (code == EXIT_DONE)
        code = app_result(app, act_still_signed(proposal, preview, &app->run->fault));
    if (code != EXIT_DONE)
        return code;
    erased = (struct nks_erased){.batches = 0};
    return erase(app, proposal->arguments, false, proposal->reason, &erased);
}

/* What would be refused is refused before anybody else is asked. */
static int propose(struct nks_app *app, const char *what, const char *reason)
{
    struct nks_erased erased = {.batches = 0};
    char preview[NKS_PROPOSAL_PREVIEW];
    int code = erase(app, what, true, reason, &erased);
    preview_of(&erased, preview);
    const struct act_asked act = {.act = app->command->name, .arguments = what, .preview = preview};
    if (code != EXIT_DONE || !app_authorize(app, &act, &code))
        return code;
    return erase(app, what, false, reason, &erased);
}

int command_erase(struct nks_app *app)
{
    char due_until[NKS_DATE_TEXT + sizeof due_word];
    bool dry_run = app->values[OPTION_DRY_RUN] != NULL, due = app->values[OPTION_DUE] != NULL;
    const char *reason = app->values[OPTION_REASON], *what = due ? due_until : app->operands[0];
    struct nks_erased erased = {.batches = 0};
    int code = EXIT_DONE;
    if (due == (app->operand_count == 1))
        return app_usage(app, "erase needs a batch, or --due");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code))
        return code;
    memcpy(due_until, due_word, sizeof due_word);
    nks_date_format(app->run->today, due_until + strlen(due_word));
    return !dry_run && app_persons_asked(app) ? propose(app, what, reason) : erase(app, what, dry_run, reason, &erased);
}
