/* The four imports of reference data. */
#include "authorize.h"
#include "content.h"
#include "import_signed.h"

#include "vault/cipher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum nks_status (*import_fn)(struct nks_run *run, int fd, const struct nks_import_options *options,
                                     struct nks_import_result *result);

static enum nks_status agreements(struct nks_run *run, int fd, const struct nks_import_options *options,
                                  struct nks_import_result *result)
{
    return nks_agreement_import(run->db, run->keys, fd, options, result, &run->fault);
}

static enum nks_status centrals(struct nks_run *run, int fd, const struct nks_import_options *options,
                                struct nks_import_result *result)
{
    return nks_central_import(run->db, run->keys, fd, options, result, &run->fault);
}

static enum nks_status accounts(struct nks_run *run, int fd, const struct nks_import_options *options,
                                struct nks_import_result *result)
{
    return nks_register_import(run->reg, fd, options, result, &run->fault);
}

static enum nks_status debts(struct nks_run *run, int fd, const struct nks_import_options *options,
                             struct nks_import_result *result)
{
    return nks_debt_import(run->debt, fd, options, result, &run->fault);
}

static const struct {
    const char *command, *what;
    import_fn fn;
} imports[] = {
    {"agreement import", "agreements", agreements},
    {"central import", "centrals", centrals},
    {"register import", "register", accounts},
    {"debt import", "debts", debts},
};

static void present(struct nks_app *app, const char *what, bool dry_run, const struct nks_import_result *result)
{
    static const struct column columns[] = {
        {"what", "import", CELL_TEXT},   {"rows", "rows", CELL_NUMBER},
        {"added", "added", CELL_NUMBER}, {"unchanged", "as they were", CELL_NUMBER},
        {"ended", "ended", CELL_NUMBER}, {"version", "version", CELL_NUMBER},
        {"stored", "stored", CELL_FLAG},
    };
    if (app->out.quiet && app->out.form != OUT_JSON)
        return;
    struct table *table = table_begin(&app->out, "import", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_text(table, what);
    table_number(table, result->rows);
    table_number(table, result->added);
    table_number(table, result->unchanged);
    table_number(table, result->ended);
    table_number(table, result->version);
    table_flag(table, !dry_run && result->version != 0);
    table_end(table);
}

static size_t import_find(const char *command)
{
    size_t which = 0;
    while (strcmp(imports[which].command, command) != 0)
        which++;
    return which;
}

static struct nks_import_options options_of(const struct nks_app *app, bool full, bool dry_run)
{
    return (struct nks_import_options){
        .full = full,
        .dry_run = dry_run,
        .now = app->run->now,
        .progress = out_progress_bytes,
        .progress_context = (void *)(uintptr_t)&app->out,
    };
}

/* Its link in the trail has the version as its number; 0: nothing was new. */
static enum nks_status import_call(struct nks_run *run, size_t which, int fd, const struct nks_import_options *options,
                                   struct nks_import_result *result)
{
    nks_trail_default_number(run->trail, &result->version);
    enum nks_status status = imports[which].fn(run, fd, options, result);
    nks_trail_default_number(run->trail, NULL);
    return status;
}

/* From a file or standard input, as it comes. */
static enum nks_status import_plain(struct nks_app *app, size_t which, const char *name, bool dry_run,
                                    struct nks_import_result *result)
{
    struct nks_run *run = app->run;
    bool standard = strcmp(name, "-") == 0;
    const struct nks_import_options options = options_of(app, app->values[OPTION_FULL] != NULL, dry_run);
    int fd = STDIN_FILENO;
    enum nks_status status = standard ? NKS_OK : nks_sys_open_read(name, &fd, &run->fault);
    if (status != NKS_OK)
        return status;
    status = import_call(run, which, fd, &options, result);
    if (!standard)
        close(fd);
    return status;
}

/* ---- the difference, as both persons sign it */

struct difference {
    struct nks_app *app;
    struct nks_hash *hash;
    const struct nks_proposal *proposal; /* it must be the one that was signed; NULL: it is only told */
    char preview[NKS_PROPOSAL_PREVIEW];
};

/* Counts are for people. The digest tells one difference from another with the same counts. */
static enum nks_status difference_take(void *context, const struct nks_import_result *result, struct nks_fault *fault)
{
    struct difference *difference = context;
    uint8_t digest[NKS_HASH_SIZE];
    char hex[NKS_HASH_HEX];
    nks_hash_end(difference->hash, digest);
    nks_hex(digest, NKS_HASH_SIZE, hex);
    snprintf(difference->preview, sizeof difference->preview,
             "%lld rows: %lld added, %lld ended, %lld as they were (%.16s)", (long long)result->rows,
             (long long)result->added, (long long)result->ended, (long long)result->unchanged, hex);
    return difference->proposal == NULL ? NKS_OK : act_still_signed(difference->proposal, difference->preview, fault);
}

/* The file that was agreed upon, and no other. */
static enum nks_status import_known(struct nks_app *app, size_t which, const char *path,
                                    const uint8_t hash[NKS_HASH_SIZE], struct nks_import_options options,
                                    struct nks_import_result *result)
{
    struct nks_run *run = app->run;
    struct content *content = NULL;
    NKS_TRY(content_open(path, hash, &content, &run->fault));
    enum nks_status status = import_call(run, which, content_fd(content), &options, result);
    bool same = content_close(content);
    if (same || status == NKS_RETRY || status == NKS_INTEGRITY)
        return status;
    nks_fault_clear(&run->fault);
    return nks_fault_set(&run->fault, NKS_REFUSED, "CONTENT-CHANGED",
                         "the file is not the one that was agreed upon (another SHA-256); nothing of it was stored");
}

static enum nks_status import_judged(struct difference *difference, size_t which, const char *path,
                                     const uint8_t hash[NKS_HASH_SIZE], bool full, bool dry_run,
                                     struct nks_import_result *result)
{
    struct nks_import_options options = options_of(difference->app, full, dry_run);
    options.difference = difference->hash = nks_hash_new();
    options.judge = difference_take;
    options.judge_context = difference;
    if (difference->hash == NULL)
        return nks_fault_set(&difference->app->run->fault, NKS_RETRY, "MEMORY",
                             "no memory for an import; try again later");
    enum nks_status status = import_known(difference->app, which, path, hash, options, result);
    nks_hash_free(difference->hash);
    return status;
}

static int done(struct nks_app *app, size_t which, bool dry_run, enum nks_status status,
                const struct nks_import_result *result)
{
    if (status == NKS_OK)
        present(app, imports[which].what, dry_run, result);
    return app_result(app, status);
}

int import_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    struct nks_import_result result = {.rows = 0};
    struct difference difference = {.app = app, .proposal = proposal};
    size_t which = import_find(proposal->act);
    bool full = strcmp(proposal->arguments, "--full") == 0;
    return done(app, which, false, import_judged(&difference, which, path, proposal->content, full, false, &result),
                &result);
}

/* ---- with persons */

static int import_by_signature(struct nks_app *app, size_t which, const struct import_signature *signature)
{
    struct nks_import_result result = {.rows = 0};
    enum nks_status status = import_signature_begin(app, signature);
    if (status == NKS_OK)
        status = import_known(app, which, app->operands[0], signature->content, options_of(app, false, false), &result);
    if (status == NKS_OK)
        status = import_signature_end(app, signature);
    return done(app, which, false, status, &result);
}

/* What it would change is looked at first, so that both persons know what they ask for. */
static int import_asked(struct nks_app *app, size_t which, const char *path)
{
    struct nks_run *run = app->run;
    struct nks_import_result result = {.rows = 0};
    struct difference difference = {.app = app};
    uint8_t hash[NKS_HASH_SIZE];
    int64_t size = 0, today = 0;
    int code = EXIT_DONE;
    bool full = app->values[OPTION_FULL] != NULL;
    enum nks_status status = nks_hash_file(path, hash, &size, &run->fault);
    if (status == NKS_OK)
        status = import_judged(&difference, which, path, hash, full, true, &result);
    if (status == NKS_OK)
        status = app_small_today(run, &today);
    if (status != NKS_OK)
        return app_result(app, status);
    int64_t changes = result.added + result.ended;
    const struct act_asked asked = {.act = app->command->name,
                                    .arguments = full ? "--full" : "",
                                    .preview = difference.preview,
                                    .content = hash,
                                    .small = today + changes <= run->conf.free_changes,
                                    .changes = changes};
    if (!app_authorize(app, &asked, &code))
        return code;
    return done(app, which, false, import_known(app, which, path, hash, options_of(app, full, false), &result),
                &result);
}

static int import_with_persons(struct nks_app *app, size_t which)
{
    struct import_signature signature;
    const char *path = app->operands[0];
    if (strcmp(path, "-") == 0)
        return app_usage(app, "standard input cannot be shown to a second person: give a file");
    enum nks_status status = import_signature_take(app, path, &signature);
    if (status != NKS_OK)
        return app_result(app, status);
    /* The signature is over the rows, not over what they leave out. */
    bool alone = signature.holds && app->values[OPTION_FULL] == NULL;
    return alone ? import_by_signature(app, which, &signature) : import_asked(app, which, path);
}

int command_import(struct nks_app *app)
{
    static uint8_t about[NKS_HASH_SIZE];
    static const struct nks_trail_entry entry = {.action = NKS_TRAIL_IMPORT, .about = about};
    struct nks_import_result result = {.rows = 0};
    int code = EXIT_DONE;
    size_t which = import_find(app->command->name);
    bool dry_run = app->values[OPTION_DRY_RUN] != NULL;
    if (!app_open(app, true, false, &code))
        return code;
    if (!dry_run && app_persons_asked(app))
        return import_with_persons(app, which);
    nks_act_about(app->command->name, app->values[OPTION_FULL] != NULL ? "--full" : "", NULL, about);
    nks_trail_default(app->run->trail, &entry);
    return done(app, which, dry_run, import_plain(app, which, app->operands[0], dry_run, &result), &result);
}
