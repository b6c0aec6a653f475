/* status: where things stand. */
#include "nks.h"

#include <stdlib.h>

enum { STATUS_DAYS = 31 };

static enum nks_status home_facts(struct nks_app *app)
{
    static const struct column columns[] = {
        {"home", "home", CELL_TEXT},
        {"environment", "environment", CELL_TEXT},
        {"today", "business date", CELL_TEXT},
        {"agreements", "agreements in force", CELL_NUMBER},
        {"centrals", "data centrals", CELL_NUMBER},
        {"register_version", "register version", CELL_NUMBER},
        {"ventekonto_entries", "ventekonto, open entries", CELL_NUMBER},
        {"ventekonto_balance", "ventekonto, balance", CELL_TEXT},
    };
    struct nks_run *run = app->run;
    int64_t version = 0, entries = 0, balance = 0;
    NKS_TRY(nks_register_version(run->reg, &version, &run->fault));
    NKS_TRY(nks_ventekonto_balance(run->ventekonto, &entries, &balance, &run->fault));
    struct nks_sum sum = {0};
    if (!nks_sum_add(&sum, (struct nks_money){balance, "DKK"}))
        return nks_fault_set(&run->fault, NKS_FAILED, "LOOK-SUM", "the balance of the ventekonto does not fit");
    struct table *table = table_begin(&app->out, "home", "Home", columns, sizeof columns / sizeof columns[0], true);
    table_text(table, run->home);
    table_text(table, run->conf.environment);
    table_date(table, run->today);
    table_number(table, nks_look_agreements(run));
    table_number(table, nks_look_centrals(run));
    table_number(table, version);
    table_number(table, entries);
    table_sum(table, sum);
    table_end(table);
    return NKS_OK;
}

static enum nks_status deliveries(struct nks_app *app)
{
    static const struct column columns[] = {{"source", "files from", CELL_TEXT},
                                            {"state", "state", CELL_TEXT},
                                            {"deliveries", "files", CELL_NUMBER},
                                            {"bytes", "bytes", CELL_NUMBER}};
    struct nks_delivery_count rows[NKS_EXCHANGE_LOOK_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_deliveries(app->run->exchange, rows, &count, &app->run->fault));
    struct table *table = table_begin(&app->out, "deliveries", "Files received", columns, 4, false);
    for (size_t i = 0; i < count; i++) {
        table_text(table, rows[i].source == NKS_SOURCE_CENTRAL ? "central" : "sender");
        table_text(table, nks_delivery_state_name((int)rows[i].state));
        table_number(table, rows[i].deliveries);
        table_number(table, rows[i].bytes);
    }
    table_end(table);
    return NKS_OK;
}

static const struct {
    const char *type, *title;
    enum nks_state_noun noun;
    enum nks_status (*look)(struct nks_payments *, struct nks_state_count[NKS_LOOK_ROWS_MAX], size_t *,
                            struct nks_fault *);
} state_tables[] = {
    {"batches", "Batches", NKS_STATE_BATCH, nks_look_batches},
    {"slices", "Slices", NKS_STATE_SLICE, nks_look_slices},
};

static enum nks_status states(struct nks_app *app, size_t which)
{
    static const struct column columns[] = {{"state", "state", CELL_TEXT},
                                            {"count", "count", CELL_NUMBER},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"rejected", "rejected", CELL_NUMBER}};
    struct nks_state_count rows[NKS_LOOK_ROWS_MAX];
    size_t count = 0;
    NKS_TRY(state_tables[which].look(app->run->payments, rows, &count, &app->run->fault));
    struct table *table =
        table_begin(&app->out, state_tables[which].type, state_tables[which].title, columns, 4, false);
    for (size_t i = 0; i < count; i++) {
        table_text(table, nks_state_name(state_tables[which].noun, rows[i].state));
        table_number(table, rows[i].count);
        table_number(table, rows[i].payments);
        table_number(table, rows[i].rejected);
    }
    table_end(table);
    return NKS_OK;
}

static enum nks_status amounts(struct nks_app *app)
{
    static const struct column columns[] = {{"outcome", "outcome", CELL_TEXT},
                                            {"currency", "currency", CELL_TEXT},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"amount", "amount", CELL_NUMBER}};
    bool all = app->values[OPTION_ALL] != NULL;
    struct nks_run *run = app->run;
    struct nks_look_amounts *amounts = calloc(1, sizeof *amounts);
    if (amounts == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to count payments");
    enum nks_status status =
        nks_look_all_amounts(run, all ? INT64_MIN : run->now - (nks_time)STATUS_DAYS * 86400, amounts);
    struct table *table = status == NKS_OK ? table_begin(&app->out, "payments",
                                                         all ? "Payments of all times" : "Payments of the last 31 days",
                                                         columns, 4, false)
                                           : NULL;
    for (int outcome = 0; outcome < NKS_OUTCOMES && table != NULL; outcome++) {
        for (size_t i = 0; i < amounts->count; i++) {
            if ((int)amounts->rows[i].outcome != outcome)
                continue;
            table_text(table, nks_outcome_name((enum nks_outcome)outcome));
            table_text(table, amounts->rows[i].currency);
            table_number(table, amounts->rows[i].payments);
            table_sum(table, amounts->rows[i].sum);
        }
    }
    table_end(table);
    free(amounts);
    return status;
}

static enum nks_status files(struct nks_app *app)
{
    static const struct column columns[] = {{"kind", "kind", CELL_TEXT},
                                            {"state", "state", CELL_TEXT},
                                            {"files", "files", CELL_NUMBER},
                                            {"entries", "entries", CELL_NUMBER}};
    struct nks_file_count rows[NKS_EXCHANGE_LOOK_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_files(app->run->exchange, rows, &count, &app->run->fault));
    struct table *table = table_begin(&app->out, "files", "Files written", columns, 4, false);
    for (size_t i = 0; i < count; i++) {
        table_text(table, nks_file_kind_name((int)rows[i].kind));
        table_text(table, nks_file_state_name((int)rows[i].state));
        table_number(table, rows[i].files);
        table_number(table, rows[i].entries);
    }
    table_end(table);
    return NKS_OK;
}

static enum nks_status unanswered_row(void *context, const struct nks_unanswered *row)
{
    static const char *const answered[] = {
        [NKS_ANSWERED_NOT] = "no", [NKS_ANSWERED_PARTLY] = "partly", [NKS_ANSWERED_WHOLE] = "yes"};
    struct table *table = context;
    table_text(table, row->file.party);
    table_text(table, row->file.name);
    table_number(table, row->open);
    table_text(table, answered[row->file.answered]);
    table_time(table, row->answer_by);
    table_flag(table, row->overdue);
    return NKS_OK;
}

static enum nks_status unanswered(struct nks_app *app)
{
    static const struct column columns[] = {
        {"central", "central", CELL_TEXT},     {"file", "order file", CELL_TEXT},
        {"payments", "payments", CELL_NUMBER}, {"answered", "answered", CELL_TEXT},
        {"answer_by", "answer by", CELL_TEXT}, {"overdue", "overdue", CELL_FLAG},
    };
    struct table *table = table_begin(&app->out, "unanswered", "Order files without an answer", columns,
                                      sizeof columns / sizeof columns[0], false);
    enum nks_status status = nks_look_unanswered(app->run, unanswered_row, table);
    table_end(table);
    return status;
}

static enum nks_status odd(struct nks_app *app)
{
    static struct nks_odd_row rows[NKS_ODD_LOOK_MAX];
    struct nks_run *run = app->run;
    bool all = app->values[OPTION_ALL] != NULL;
    size_t count = 0;
    NKS_TRY(nks_look_odd(run->exchange, all ? INT64_MIN : run->now - (nks_time)STATUS_DAYS * 86400, rows, &count,
                         &run->fault));
    present_odd(app, rows, count);
    return NKS_OK;
}

/* *overdue: an answer that should have come, or a file that is held, waits for a person. */
static enum nks_status next_steps(struct nks_app *app, bool *overdue)
{
    static const struct column columns[] = {{"words", "what waits", CELL_TEXT},
                                            {"count", "count", CELL_NUMBER},
                                            {"until", "until", CELL_TEXT},
                                            {"command", "next step", CELL_TEXT},
                                            {"person", "a person", CELL_FLAG}};
    struct nks_look_steps steps;
    NKS_TRY(nks_look_next_steps(app->run, &steps));
    struct table *table = table_begin(&app->out, "next", "Next steps", columns, 5, false);
    for (size_t i = 0; i < steps.count; i++) {
        *overdue = *overdue || steps.rows[i].overdue;
        table_text(table, steps.rows[i].words);
        table_number(table, steps.rows[i].count);
        table_date(table, steps.rows[i].date);
        table_text(table, steps.rows[i].command);
        table_flag(table, steps.rows[i].person);
    }
    table_end(table);
    if (steps.count == 0 && app->out.form == OUT_TABLE)
        puts("Nothing waits.");
    return NKS_OK;
}

static enum nks_status all_of_it(struct nks_app *app, bool *overdue)
{
    NKS_TRY(home_facts(app));
    NKS_TRY(deliveries(app));
    for (size_t i = 0; i < sizeof state_tables / sizeof state_tables[0]; i++)
        NKS_TRY(states(app, i));
    NKS_TRY(amounts(app));
    NKS_TRY(files(app));
    NKS_TRY(unanswered(app));
    NKS_TRY(odd(app));
    return next_steps(app, overdue);
}

int command_status(struct nks_app *app)
{
    int code = EXIT_DONE;
    bool overdue = false;
    if (!app_open(app, false, true, &code))
        return code;
    if (alarm_show(app, app->run->home))
        code = EXIT_INTEGRITY;
    beat_show(app);
    if (!app->run->newest_fits)
        out_note(&app->out,
                 "the database lacks what was stored last: nothing leaves before nks reconcile (RECONCILE-FIRST)");
    code = exit_worse(code, app_result(app, all_of_it(app, &overdue)));
    code = exit_worse(exit_worse(code, keys_warn(app, true)), signers_warn(app, true));
    return overdue ? exit_worse(code, EXIT_PERSON) : code;
}
