/* trail: who did what, when and why; and who looked at a person's data. */
#include "nks.h"

#include <string.h>
#include <unistd.h>

enum { ID_INPUT_MAX = 128 };

static const struct column columns[] = {
    {"chain", "chain", CELL_NUMBER}, {"link", "link", CELL_NUMBER},     {"at", "at", CELL_TEXT},
    {"action", "action", CELL_TEXT}, {"slice", "slice", CELL_NUMBER},   {"number", "about", CELL_NUMBER},
    {"who", "who", CELL_TEXT},       {"approver", "second", CELL_TEXT}, {"reason", "reason", CELL_TEXT},
    {"detail", "detail", CELL_TEXT}, {"act_sha256", "act", CELL_TEXT},
};

static void row(struct table *table, const struct nks_trail_link *link)
{
    static const uint8_t none[NKS_HASH_SIZE];
    char reason[NKS_TRAIL_REASON_MAX], hex[NKS_HASH_HEX];
    memcpy(reason, link->reason, sizeof reason);
    nks_name_mask(reason); /* a person wrote it */
    table_number(table, link->chain);
    table_number(table, link->link);
    table_time(table, link->at);
    table_text(table, nks_trail_action_name((int)link->action));
    table_optional(table, link->slice_id == 0 ? 0 : link->slice_id & 0x3FFF);
    table_optional(table, link->number);
    table_text(table, link->who);
    table_text(table, link->approver);
    table_text(table, reason);
    table_text(table, link->detail);
    nks_hex(link->about, NKS_HASH_SIZE, hex);
    hex[16] = '\0'; /* enough to see which links belong together */
    table_text(table, memcmp(link->about, none, sizeof none) == 0 ? "" : hex);
}

/* One chain in its order, each link compared with the one before. */
static enum nks_status chain_show(struct nks_app *app, struct table *table, int64_t chain)
{
    static struct nks_trail_link links[2];
    const struct nks_trail_link *before = NULL;
    for (int64_t at = 0;; at++) {
        struct nks_trail_link *link = &links[at % 2];
        bool found = false;
        NKS_TRY(
            nks_trail_next(app->run->trail, chain, before == NULL ? 0 : before->link, link, &found, &app->run->fault));
        if (!found)
            return NKS_OK;
        if (!nks_trail_follows(before, link))
            return nks_fault_set(&app->run->fault, NKS_INTEGRITY, "TRAIL-CHAIN",
                                 "link %lld of chain %lld does not follow the one before it; do not restart, run "
                                 "nks-audit",
                                 (long long)link->link, (long long)chain);
        row(table, link);
        before = link;
    }
}

/* The id comes from standard input: command lines are seen by others. */
static enum nks_status holder_read(struct nks_app *app, enum nks_holder_kind kind, struct nks_blind *holder)
{
    struct nks_run *run = app->run;
    char input[ID_INPUT_MAX], id[NKS_HOLDER_ID_MAX];
    size_t got = 0;
    NKS_TRY(nks_sys_read(STDIN_FILENO, input, sizeof input, &got, &run->fault));
    struct nks_text text = nks_text_trim((struct nks_text){input, got});
    enum nks_status status =
        got == sizeof input || !nks_holder_parse(kind, text, id)
            ? nks_fault_set(&run->fault, NKS_REFUSED, "USAGE", "standard input holds no such number, alone on its line")
            : nks_blind(run->keys, nks_holder_kind_name(kind), nks_text_from(id), holder, &run->fault);
    explicit_bzero(input, sizeof input);
    explicit_bzero(id, sizeof id);
    return status;
}

static enum nks_status holder_show(struct nks_app *app, struct table *table, const struct nks_blind *holder)
{
    static struct nks_trail_link link;
    int64_t chain = -1, number = 0;
    for (;;) {
        bool found = false;
        NKS_TRY(nks_trail_next_of_holder(app->run->trail, holder, chain, number, &link, &found, &app->run->fault));
        if (!found)
            return NKS_OK;
        row(table, &link);
        chain = link.chain;
        number = link.link;
    }
}

int command_trail(struct nks_app *app)
{
    int code = EXIT_DONE;
    int64_t chain = 0;
    struct nks_blind holder = {0, 0};
    const char *kind_name = app->values[OPTION_LOOKS];
    enum nks_holder_kind kind = kind_name == NULL ? NKS_HOLDER_NONE : nks_holder_kind_find(nks_text_from(kind_name));
    if (kind_name != NULL && (kind == NKS_HOLDER_NONE || app->operand_count > 0))
        return app_usage(app, "--looks takes CPR, CVR, SE or PNR, no batch, and the number on standard input");
    if (!app_open(app, false, true, &code))
        return code;
    if (app->operand_count > 0 && !app_batch(app, app->operands[0], &chain, &code))
        return code;
    enum nks_status status = kind == NKS_HOLDER_NONE ? NKS_OK : holder_read(app, kind, &holder);
    if (status != NKS_OK)
        return app_result(app, status);
    struct table *table = table_begin(&app->out, "trail", NULL, columns, sizeof columns / sizeof columns[0], false);
    status = kind == NKS_HOLDER_NONE ? chain_show(app, table, chain) : holder_show(app, table, &holder);
    table_end(table);
    return app_result(app, status);
}
