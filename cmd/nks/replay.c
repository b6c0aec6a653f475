/* replay: what was lost, or what was refused or rejected, once more. */
#include "authorize.h"

#include "stage/replay.h"

#include <stdio.h>
#include <string.h>

static void present_file(struct nks_app *app, const struct nks_out_file *file, const char *folder, bool dry_run)
{
    static const struct column columns[] = {
        {"file", "file", CELL_TEXT},      {"kind", "kind", CELL_TEXT},          {"message_id", "message id", CELL_TEXT},
        {"party", "for", CELL_TEXT},      {"bytes", "bytes", CELL_NUMBER},      {"sha256", "SHA-256", CELL_TEXT},
        {"folder", "goes to", CELL_TEXT}, {"dry_run", "only tried", CELL_FLAG},
    };
    char hex[NKS_HASH_HEX];
    struct table *table = table_begin(&app->out, "file", NULL, columns, sizeof columns / sizeof columns[0], true);
    nks_hex(file->hash, NKS_HASH_SIZE, hex);
    table_text(table, file->name);
    table_text(table, nks_file_kind_name((int)file->kind));
    table_text(table, file->message_id);
    table_text(table, file->party);
    table_number(table, file->bytes);
    table_text(table, hex);
    table_text(table, folder);
    table_flag(table, dry_run);
    table_end(table);
}

struct asked { /* by the command line, or by an approved proposal */
    const char *what;
    bool rejected;
    const char *from; /* the stage; NULL: none */
    struct nks_by_hand hand;
};

static int replay_file(struct nks_app *app, const struct asked *asked)
{
    struct nks_out_file file;
    int code = app_result(app, nks_file_find(app->run, asked->what, &file));
    if (code == EXIT_DONE)
        code = app_result(app, nks_replay_file(app->run, &file, &asked->hand));
    if (code == EXIT_DONE)
        present_file(app, &file, nks_file_folder_path(file.folder), asked->hand.dry_run);
    return code;
}

/* The file is to be carried over only when this says so: a copy of a try that was cut short is not the only one. */
int command_delivered(struct nks_app *app)
{
    const struct nks_by_hand hand = {.dry_run = app->values[OPTION_DRY_RUN] != NULL,
                                     .reason = app->values[OPTION_REASON]};
    const char *path = app->values[OPTION_OUT];
    struct nks_out_file file;
    int code = EXIT_DONE;
    if (app->values[OPTION_BY_HAND] == NULL || path == NULL || path[0] == '\0' || strcmp(path, "-") == 0)
        return app_usage(app, "delivered needs --by-hand and --out FILE");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code) || (!hand.dry_run && !app_by_person(app, &code)))
        return code;
    code = app_result(app, nks_file_find(app->run, app->operands[0], &file));
    if (code == EXIT_DONE)
        code = app_result(app, nks_deliver_by_hand(app->run, &file, path, &hand));
    if (code == EXIT_DONE)
        present_file(app, &file, "--out", hand.dry_run);
    return code;
}

static int replay_delivery(struct nks_app *app, const struct asked *asked, int64_t id)
{
    static const struct column columns[] = {{"delivery", "delivery", CELL_NUMBER},
                                            {"again", "read again as", CELL_NUMBER},
                                            {"dry_run", "only tried", CELL_FLAG}};
    int64_t again = 0;
    int code = app_result(app, nks_replay_delivery(app->run, id, &asked->hand, &again));
    if (code != EXIT_DONE)
        return code;
    struct table *table = table_begin(&app->out, "replay", NULL, columns, 3, true);
    table_number(table, id);
    table_number(table, again);
    table_flag(table, asked->hand.dry_run);
    table_end(table);
    if (app->out.form == OUT_TABLE)
        out_note(&app->out, "next: nks run reads it");
    return EXIT_DONE;
}

static int replay_rejected(struct nks_app *app, const struct asked *asked)
{
    static const struct column columns[] = {{"batch", "batch", CELL_NUMBER},
                                            {"again", "again as batch", CELL_NUMBER},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"sum", "sum", CELL_NUMBER},
                                            {"dry_run", "only tried", CELL_FLAG}};
    struct nks_replay_result result;
    int64_t batch_id = 0;
    int code = EXIT_DONE;
    if (!app_batch(app, asked->what, &batch_id, &code))
        return code;
    code = app_result(app, nks_replay_rejected(app->run, batch_id, &asked->hand, &result));
    if (code != EXIT_DONE)
        return code;
    struct table *table = table_begin(&app->out, "replay", NULL, columns, 5, true);
    table_number(table, batch_id);
    table_optional(table, result.batch_id);
    table_number(table, result.payments);
    table_sum(table, result.sum);
    table_flag(table, asked->hand.dry_run);
    table_end(table);
    return EXIT_DONE;
}

static int replay_stage(struct nks_app *app, const struct asked *asked)
{
    static const struct column columns[] = {{"batch", "batch", CELL_NUMBER},
                                            {"from", "again from", CELL_TEXT},
                                            {"slices", "slices", CELL_NUMBER},
                                            {"payments", "payments", CELL_NUMBER},
                                            {"in_files", "in files, and stay", CELL_NUMBER},
                                            {"dry_run", "only tried", CELL_FLAG}};
    struct nks_restart_result result;
    int64_t batch_id = 0;
    int code = EXIT_DONE;
    if (!app_batch(app, asked->what, &batch_id, &code))
        return code;
    code = app_result(app, nks_replay_stage(app->run, batch_id, asked->from, &asked->hand, &result));
    if (code != EXIT_DONE)
        return code;
    struct table *table = table_begin(&app->out, "replay", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_number(table, batch_id);
    table_text(table, asked->from);
    table_number(table, result.slices);
    table_number(table, result.payments);
    table_number(table, result.in_files);
    table_flag(table, asked->hand.dry_run);
    table_end(table);
    if (app->out.form == OUT_TABLE && !asked->hand.dry_run)
        out_note(&app->out, "next: nks run decides them again");
    return EXIT_DONE;
}

static int replay(struct nks_app *app, const struct asked *asked)
{
    uint64_t delivery = 0;
    struct nks_text name = nks_text_from(asked->what);
    if (asked->from != NULL)
        return replay_stage(app, asked);
    if (asked->rejected)
        return replay_rejected(app, asked);
    if (!nks_text_starts(name, "#"))
        return replay_file(app, asked);
    if (!nks_text_number(nks_text_slice(name, 1, name.len), INT64_MAX, &delivery))
        return app_usage(app, "a delivery is written #N");
    return replay_delivery(app, asked, (int64_t)delivery);
}

static const char rejected_word[] = "--rejected ", from_word[] = "--from ";

/* "--from STAGE BATCH", as it was proposed. */
static bool from_take(struct asked *asked, char stage[16])
{
    size_t word = strlen(from_word);
    if (strncmp(asked->what, from_word, word) != 0)
        return true;
    const char *blank = strchr(asked->what + word, ' ');
    size_t len = blank != NULL ? (size_t)(blank - (asked->what + word)) : 16;
    if (len >= 16)
        return false;
    memcpy(stage, asked->what + word, len);
    stage[len] = '\0';
    asked->from = stage;
    asked->what = blank + 1;
    return true;
}

int replay_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    (void)path;
    char stage[16];
    struct asked asked = {.what = proposal->arguments, .hand.reason = proposal->reason};
    asked.rejected = strncmp(asked.what, rejected_word, strlen(rejected_word)) == 0;
    if (asked.rejected)
        asked.what += strlen(rejected_word);
    return from_take(&asked, stage) ? replay(app, &asked) : app_usage(app, "what was proposed cannot be read");
}

/* What would be refused is refused before anybody else is asked. */
static int propose(struct nks_app *app, const struct asked *asked)
{
    char arguments[NKS_PROPOSAL_TEXT];
    struct asked tried = *asked;
    int code = EXIT_DONE;
    tried.hand.dry_run = true;
    code = replay(app, &tried);
    if (code != EXIT_DONE)
        return code;
    int len = snprintf(arguments, sizeof arguments, "%s%s%s%s%s", asked->rejected ? rejected_word : "",
                       asked->from != NULL ? from_word : "", asked->from != NULL ? asked->from : "",
                       asked->from != NULL ? " " : "", asked->what);
    if (len < 0 || (size_t)len >= sizeof arguments)
        return app_usage(app, "what is to be replayed has too long a name");
    const struct act_asked act = {.act = app->command->name, .arguments = arguments, .preview = ""};
    return app_authorize(app, &act, &code) ? replay(app, asked) : code;
}

int command_replay(struct nks_app *app)
{
    const struct asked asked = {
        .what = app->operands[0],
        .rejected = app->values[OPTION_REJECTED] != NULL,
        .from = app->values[OPTION_FROM],
        .hand = {.dry_run = app->values[OPTION_DRY_RUN] != NULL, .reason = app->values[OPTION_REASON]},
    };
    int code = EXIT_DONE;
    enum nks_slice_state to;
    if (asked.from != NULL && (asked.rejected || !nks_replay_stage_find(asked.from, &to)))
        return app_usage(app, "replay --from needs a stage: resolve, offset or route, and no --rejected");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code))
        return code;
    return !asked.hand.dry_run && app_persons_asked(app) ? propose(app, &asked) : replay(app, &asked);
}
