/* list: deliveries with their batches, the newest first. */
#include "nks.h"

#include <string.h>
#include <strings.h>

enum { LIMIT_TERMINAL = 50 };

static const struct column columns[] = {
    {"delivery", "delivery", CELL_TEXT},   {"received", "received", CELL_TEXT},
    {"source", "from", CELL_TEXT},         {"state", "state", CELL_TEXT},
    {"reason", "reason", CELL_TEXT},       {"repeats", "repeats", CELL_NUMBER},
    {"batch", "batch", CELL_NUMBER},       {"ref", "ref", CELL_TEXT},
    {"payer", "payer", CELL_TEXT},         {"payments", "payments", CELL_NUMBER},
    {"rejected", "rejected", CELL_NUMBER}, {"sum", "sum", CELL_NUMBER},
    {"signed", "signature", CELL_TEXT},
};

struct list {
    struct nks_app *app;
    struct table *table;
    enum nks_delivery_state state; /* 0: any */
    const char *payer;             /* NULL: any */
    uint64_t limit, shown;
};

static enum nks_status batch_of(struct nks_run *run, int64_t delivery_id, struct nks_batch *batch, bool *found)
{
    int64_t id = 0;
    *batch = (struct nks_batch){.id = 0};
    *found = false;
    NKS_TRY(nks_batch_find_delivery(run->payments, delivery_id, &id, &run->fault));
    return id == 0 ? NKS_OK : nks_batch_load(run->payments, id, batch, found, &run->fault);
}

static void row(struct list *list, const struct nks_delivery *delivery, const struct nks_batch *batch, bool has_batch,
                const char *words)
{
    struct table *table = list->table;
    char label[32];
    nks_delivery_label(delivery, label);
    table_text(table, label);
    table_time(table, delivery->received);
    table_text(table, delivery->party);
    table_text(table, nks_delivery_state_name((int)delivery->state));
    table_text(table, nks_reason_code(delivery->reason));
    table_optional(table, delivery->repeats);
    table_optional(table, batch->id);
    table_text(table, has_batch ? batch->ref : "");
    table_text(table, has_batch ? batch->payer : "");
    table_number(table, batch->payments);
    table_number(table, batch->rejected);
    table_sum(table, batch->sum);
    table_text(table, words);
    list->shown++;
}

static enum nks_status list_one(struct list *list, int64_t delivery_id)
{
    struct nks_run *run = list->app->run;
    struct nks_delivery delivery;
    struct nks_batch batch;
    bool found = false, has_batch = false;
    char words[SIGNED_WORDS_MAX] = "";
    NKS_TRY(nks_delivery_load(run->exchange, delivery_id, &delivery, &found, &run->fault));
    enum nks_status status = batch_of(run, delivery_id, &batch, &has_batch);
    bool wanted = list->payer == NULL || (has_batch && strcmp(batch.payer, list->payer) == 0);
    if (status == NKS_OK && found && wanted)
        status = signed_words(run, delivery_id, words);
    if (status == NKS_OK && found && wanted)
        row(list, &delivery, &batch, has_batch, words);
    nks_batch_close(&batch);
    return status;
}

static enum nks_status list_all(struct list *list)
{
    struct nks_run *run = list->app->run;
    for (int64_t id = INT64_MAX; list->shown < list->limit;) {
        NKS_TRY(nks_look_delivery_before(run->exchange, list->state, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(list_one(list, id));
    }
    return NKS_OK;
}

static bool state_find(const char *name, enum nks_delivery_state *state)
{
    for (int i = NKS_DELIVERY_TAKEN; i <= NKS_DELIVERY_ODD; i++) {
        if (strcasecmp(nks_delivery_state_name(i), name) == 0) {
            *state = (enum nks_delivery_state)i;
            return true;
        }
    }
    return false;
}

int command_list(struct nks_app *app)
{
    int code = EXIT_DONE;
    const char *limit = app->values[OPTION_LIMIT], *state = app->values[OPTION_STATE];
    struct list list = {.app = app, .payer = app->values[OPTION_PAYER]};
    list.limit = app->out.form == OUT_TABLE ? LIMIT_TERMINAL : UINT64_MAX;
    if (limit != NULL && !nks_text_number(nks_text_from(limit), INT64_MAX, &list.limit))
        return app_usage(app, "--limit needs a whole number");
    if (state != NULL && !state_find(state, &list.state))
        return app_usage(app, "--state knows TAKEN, RECEIVED, ACCEPTED, REFUSED, REPEATED and ODD");
    if (!app_open(app, false, true, &code))
        return code;
    list.table = table_begin(&app->out, "delivery", NULL, columns, sizeof columns / sizeof columns[0], false);
    enum nks_status status = list_all(&list);
    table_end(list.table);
    if (status == NKS_OK && limit == NULL && list.shown == list.limit)
        out_note(&app->out, "there may be more; --limit N shows more of them");
    return app_result(app, status);
}
