/* show: one batch. */
#include "nks.h"

#include "iso20022/version.h"

#include <stdlib.h>

enum { HASH_SHOWN = 6 }; /* bytes */

static enum nks_status facts(struct nks_app *app, const struct nks_batch *batch)
{
    static const struct column columns[] = {
        {"batch", "batch", CELL_NUMBER},
        {"ref", "ref", CELL_TEXT},
        {"delivery", "delivery", CELL_TEXT},
        {"received", "received", CELL_TEXT},
        {"sender", "sender", CELL_TEXT},
        {"payer", "payer", CELL_TEXT},
        {"version", "version", CELL_TEXT},
        {"state", "state", CELL_TEXT},
        {"reason", "reason", CELL_TEXT},
        {"words", "why", CELL_TEXT},
        {"groups", "groups", CELL_NUMBER},
        {"payments", "payments", CELL_NUMBER},
        {"rejected", "rejected", CELL_NUMBER},
        {"slices", "slices", CELL_NUMBER},
        {"sum", "sum", CELL_TEXT},
        {"receipt", "receipt", CELL_TEXT},
        {"signed", "signature", CELL_TEXT},
    };
    struct nks_run *run = app->run;
    struct nks_delivery delivery;
    struct nks_out_file receipt = {.id = 0};
    bool found = false, has_receipt = false;
    int64_t receipt_id = 0;
    char label[32] = "", words[SIGNED_WORDS_MAX] = "";
    NKS_TRY(nks_delivery_load(run->exchange, batch->delivery_id, &delivery, &found, &run->fault));
    NKS_TRY(nks_out_file_of_delivery(run->exchange, batch->delivery_id, NKS_FILE_RECEIPT, &receipt_id, &run->fault));
    if (receipt_id != 0)
        NKS_TRY(nks_out_file_load(run->exchange, receipt_id, &receipt, &has_receipt, &run->fault));
    if (found) {
        nks_delivery_label(&delivery, label);
        NKS_TRY(signed_words(run, delivery.id, words));
    }
    struct table *table = table_begin(&app->out, "batch", "Batch", columns, sizeof columns / sizeof columns[0], true);
    table_number(table, batch->id);
    table_text(table, batch->ref);
    table_text(table, label);
    table_time(table, found ? delivery.received : batch->created);
    table_text(table, batch->sender);
    table_text(table, batch->payer);
    table_text(table, nks_pain001_name(batch->version));
    table_text(table, nks_state_name(NKS_STATE_BATCH, (int)batch->state));
    table_text(table, nks_reason_code(batch->reason));
    table_text(table, nks_reason_english(batch->reason));
    table_number(table, batch->groups);
    table_number(table, batch->payments);
    table_number(table, batch->rejected);
    table_number(table, batch->slices);
    table_sum(table, batch->sum);
    table_text(table, has_receipt ? receipt.name : "");
    table_text(table, words);
    table_end(table);
    return NKS_OK;
}

static enum nks_status findings(struct nks_app *app, int64_t delivery_id)
{
    static const struct column columns[] = {{"line", "line", CELL_NUMBER},
                                            {"group", "group", CELL_NUMBER},
                                            {"payment", "payment", CELL_NUMBER},
                                            {"words", "what is wrong", CELL_TEXT}};
    struct nks_finding *rows = calloc(NKS_FINDINGS_MAX, sizeof *rows);
    size_t count = 0;
    if (rows == NULL)
        return nks_fault_set(&app->run->fault, NKS_RETRY, "MEMORY", "no memory for findings");
    enum nks_status status = nks_delivery_findings(app->run->exchange, delivery_id, rows, &count, &app->run->fault);
    struct table *table = table_begin(&app->out, "finding", "Why the file was refused", columns, 4, false);
    for (size_t i = 0; i < count && status == NKS_OK; i++) {
        table_number(table, rows[i].line);
        table_number(table, rows[i].group);
        table_number(table, (int64_t)rows[i].seq);
        table_text(table, rows[i].text);
    }
    table_end(table);
    free(rows);
    return status;
}

static enum nks_status totals(struct nks_app *app, const struct nks_batch *batch)
{
    static const struct column columns[] = {
        {"status", "status", CELL_TEXT}, {"payments", "payments", CELL_NUMBER}, {"sum", "sum", CELL_NUMBER}};
    struct nks_status_total rows[NKS_STATUS_TOTALS_MAX];
    size_t count = 0;
    NKS_TRY(nks_look_status_totals(app->run, batch->id, rows, &count));
    struct table *table = table_begin(&app->out, "total", "Payments by ISO status", columns, 3, false);
    for (size_t i = 0; i < count; i++) {
        table_text(table, rows[i].status);
        table_number(table, rows[i].payments);
        table_sum(table, rows[i].sum);
    }
    table_end(table);
    return NKS_OK;
}

static enum nks_status outcomes(struct nks_app *app, const struct nks_batch *batch)
{
    static const struct column columns[] = {{"outcome", "outcome", CELL_TEXT},
                                            {"currency", "currency", CELL_TEXT},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"amount", "amount", CELL_NUMBER}};
    struct nks_look_amounts *amounts = calloc(1, sizeof *amounts);
    if (amounts == NULL)
        return nks_fault_set(&app->run->fault, NKS_RETRY, "MEMORY", "no memory to count payments");
    enum nks_status status = nks_look_batch_amounts(app->run, batch->id, amounts);
    struct table *table = table_begin(&app->out, "payments", "Payments by outcome", columns, 4, false);
    for (size_t i = 0; i < amounts->count && status == NKS_OK; i++) {
        table_text(table, nks_outcome_name(amounts->rows[i].outcome));
        table_text(table, amounts->rows[i].currency);
        table_number(table, amounts->rows[i].payments);
        table_sum(table, amounts->rows[i].sum);
    }
    table_end(table);
    free(amounts);
    return status;
}

static const struct {
    const char *type, *title;
    enum nks_file_kind kind;
} file_tables[] = {
    {"order", "Order files", NKS_FILE_ORDER},
    {"report", "Status reports", NKS_FILE_STATUS},
    {"recall", "Recalls", NKS_FILE_RECALL},
};

static void file_row(struct table *table, const struct nks_out_file *file)
{
    char hash[2 * HASH_SHOWN + 1] = "";
    if (file->state != NKS_FILE_RESERVED)
        nks_hex(file->hash, HASH_SHOWN, hash);
    table_text(table, file->name);
    table_text(table, file->party);
    table_text(table, nks_file_state_name((int)file->state));
    table_number(table, file->entries);
    table_text(table, file->sum);
    table_number(table, file->bytes);
    table_text(table, hash);
}

static enum nks_status files(struct nks_app *app, const struct nks_batch *batch, size_t which)
{
    static const struct column columns[] = {
        {"name", "name", CELL_TEXT},           {"party", "for", CELL_TEXT}, {"state", "state", CELL_TEXT},
        {"payments", "payments", CELL_NUMBER}, {"sum", "sum", CELL_NUMBER}, {"bytes", "bytes", CELL_NUMBER},
        {"sha256", "sha256", CELL_TEXT},
    };
    struct nks_run *run = app->run;
    struct table *table = table_begin(&app->out, file_tables[which].type, file_tables[which].title, columns,
                                      sizeof columns / sizeof columns[0], false);
    enum nks_status status = NKS_OK;
    for (int64_t id = 0; status == NKS_OK;) {
        struct nks_out_file file;
        bool found = false;
        status = nks_out_file_next_of(run->exchange, batch->id, file_tables[which].kind, id, &id, &run->fault);
        if (status != NKS_OK || id == 0)
            break;
        status = nks_out_file_load(run->exchange, id, &file, &found, &run->fault);
        if (status == NKS_OK && found)
            file_row(table, &file);
    }
    table_end(table);
    return status;
}

static enum nks_status slices(struct nks_app *app, const struct nks_batch *batch)
{
    static const struct column columns[] = {
        {"slice", "slice", CELL_NUMBER},       {"execution_date", "execution date", CELL_TEXT},
        {"due_date", "due", CELL_TEXT},        {"state", "state", CELL_TEXT},
        {"payments", "payments", CELL_NUMBER}, {"rejected", "rejected", CELL_NUMBER},
        {"legs", "legs", CELL_NUMBER},
    };
    struct nks_run *run = app->run;
    struct table *table = table_begin(&app->out, "slice", "Slices", columns, sizeof columns / sizeof columns[0], false);
    enum nks_status status = NKS_OK;
    int64_t number = 0;
    for (struct nks_slice_row row = {.id = 0};;) {
        status = nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault);
        if (status != NKS_OK || row.id == 0)
            break;
        table_number(table, ++number);
        table_date(table, row.execution_date);
        table_date(table, row.due_date);
        table_text(table, nks_state_name(NKS_STATE_SLICE, (int)row.state));
        table_number(table, row.payments);
        table_number(table, row.rejected);
        table_number(table, row.legs);
    }
    table_end(table);
    return status;
}

static enum nks_status present(struct nks_app *app, const struct nks_batch *batch)
{
    NKS_TRY(facts(app, batch));
    if (batch->state == NKS_BATCH_REFUSED)
        return findings(app, batch->delivery_id);
    NKS_TRY(totals(app, batch));
    NKS_TRY(outcomes(app, batch));
    for (size_t i = 0; i < sizeof file_tables / sizeof file_tables[0]; i++)
        NKS_TRY(files(app, batch, i));
    return slices(app, batch);
}

/* A delivery of which no batch was made. */
static enum nks_status delivery_facts(struct nks_app *app, int64_t id)
{
    static const struct column columns[] = {
        {"delivery", "delivery", CELL_TEXT}, {"received", "received", CELL_TEXT},     {"source", "from", CELL_TEXT},
        {"state", "state", CELL_TEXT},       {"reason", "reason", CELL_TEXT},         {"words", "why", CELL_TEXT},
        {"repeats", "repeats", CELL_NUMBER}, {"replays", "reads again", CELL_NUMBER}, {"bytes", "bytes", CELL_NUMBER},
        {"signed", "signature", CELL_TEXT},
    };
    struct nks_run *run = app->run;
    struct nks_delivery delivery;
    bool found = false;
    char label[32], words[SIGNED_WORDS_MAX];
    NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
    if (!found)
        return nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such delivery; `nks list` shows them");
    NKS_TRY(signed_words(run, id, words));
    nks_delivery_label(&delivery, label);
    struct table *table =
        table_begin(&app->out, "delivery", "Delivery", columns, sizeof columns / sizeof columns[0], true);
    table_text(table, label);
    table_time(table, delivery.received);
    table_text(table, delivery.party);
    table_text(table, nks_delivery_state_name((int)delivery.state));
    table_text(table, nks_reason_code(delivery.reason));
    table_text(table, nks_reason_english(delivery.reason));
    table_optional(table, delivery.repeats);
    table_optional(table, delivery.replays);
    table_number(table, delivery.bytes);
    table_text(table, words);
    table_end(table);
    return findings(app, id);
}

static enum nks_status show_batch(struct nks_app *app, int64_t id)
{
    struct nks_batch batch;
    bool found = false;
    enum nks_status status = nks_batch_load(app->run->payments, id, &batch, &found, &app->run->fault);
    if (status == NKS_OK && found)
        status = present(app, &batch);
    nks_batch_close(&batch);
    return status;
}

int command_show(struct nks_app *app)
{
    int code = EXIT_DONE;
    int64_t id = 0;
    uint64_t delivery = 0;
    struct nks_text name = nks_text_from(app->operands[0]);
    bool by_delivery = nks_text_starts(name, "#");
    if (by_delivery && !nks_text_number(nks_text_slice(name, 1, name.len), INT64_MAX, &delivery))
        return app_usage(app, "a delivery is written #N");
    if (!app_open(app, false, true, &code))
        return code;
    if (by_delivery)
        return app_result(app, delivery_facts(app, (int64_t)delivery));
    return app_batch(app, app->operands[0], &id, &code) ? app_result(app, show_batch(app, id)) : code;
}
