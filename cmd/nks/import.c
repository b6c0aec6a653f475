/* The four imports of reference data. */
#include "authorize.h"
#include "content.h"
#include "import_signed.h"

#include "stage/lost.h"
#include "vault/blind.h"
#include "vault/cipher.h"

#include <inttypes.h>
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

/* ---- the difference: what both persons sign, and what the journal keeps */

struct importing {
    struct nks_app *app;
    size_t which;
    bool full, dry_run;
    const uint8_t *content;              /* SHA-256 of the file that was agreed upon; NULL: as it comes */
    const struct nks_proposal *proposal; /* the difference must be the one that was signed; NULL: none was */
    struct nks_hash *hash;
    char preview[NKS_PROPOSAL_PREVIEW];
    struct nks_import_result result;
};

/* Counts are for people. The digest tells one difference from another with the same counts. */
static enum nks_status difference_take(void *context, const struct nks_import_result *result, struct nks_fault *fault)
{
    struct importing *importing = context;
    struct nks_run *run = importing->app->run;
    uint8_t digest[NKS_HASH_SIZE];
    struct nks_blind blind;
    nks_hash_end(importing->hash, digest);
    NKS_TRY(nks_blind(run->keys, "import", (struct nks_text){(const char *)digest, sizeof digest}, &blind, fault));
    snprintf(importing->preview, sizeof importing->preview,
             "%lld rows: %lld added, %lld ended, %lld as they were (%016" PRIx64 ")", (long long)result->rows,
             (long long)result->added, (long long)result->ended, (long long)result->unchanged, (uint64_t)blind.check);
    if (importing->proposal != NULL)
        NKS_TRY(act_still_signed(importing->proposal, importing->preview, fault));
    if (result->added + result->ended == 0)
        return NKS_OK;
    return nks_lost_import(run, imports[importing->which].what, importing->preview, importing->dry_run);
}

/* Its link in the trail has the version as its number; 0: nothing was new. */
static enum nks_status import_hashed(struct importing *importing, int fd)
{
    struct nks_run *run = importing->app->run;
    nks_time now = 0;
    NKS_TRY(nks_lost_import_begin(run, imports[importing->which].what, &now));
    struct nks_import_options options = options_of(importing->app, importing->full, importing->dry_run);
    options.difference = importing->hash;
    options.judge = difference_take;
    options.judge_context = importing;
    nks_trail_default_number(run->trail, &importing->result.version);
    enum nks_status status = imports[importing->which].fn(run, fd, &options, &importing->result);
    nks_trail_default_number(run->trail, NULL);
    nks_lost_import_end(run, now);
    return status;
}

static enum nks_status import_fd(struct importing *importing, int fd)
{
    importing->hash = nks_hash_new();
    if (importing->hash == NULL)
        return nks_fault_set(&importing->app->run->fault, NKS_RETRY, "MEMORY",
                             "no memory for an import; try again later");
    enum nks_status status = import_hashed(importing, fd);
    nks_hash_free(importing->hash);
    return status;
}

/* From a file or standard input, as it comes. */
static enum nks_status import_plain(struct importing *importing, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = STDIN_FILENO;
    if (!standard)
        NKS_TRY(nks_sys_open_read(name, &fd, &importing->app->run->fault));
    enum nks_status status = import_fd(importing, fd);
    if (!standard)
        close(fd);
    return status;
}

/* The file that was agreed upon, and no other. */
static enum nks_status import_known(struct importing *importing, const char *path)
{
    struct nks_run *run = importing->app->run;
    struct content *content = NULL;
    NKS_TRY(content_open(path, importing->content, &content, &run->fault));
    enum nks_status status = import_fd(importing, content_fd(content));
    bool same = content_close(content);
    if (same || status == NKS_RETRY || status == NKS_INTEGRITY)
        return status;
    nks_fault_clear(&run->fault);
    return nks_fault_set(&run->fault, NKS_REFUSED, "CONTENT-CHANGED",
                         "the file is not the one that was agreed upon (another SHA-256); nothing of it was stored");
}

static int done(const struct importing *importing, enum nks_status status)
{
    if (status == NKS_OK)
        present(importing->app, imports[importing->which].what, importing->dry_run, &importing->result);
    return app_result(importing->app, status);
}

int import_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    struct importing importing = {.app = app,
                                  .which = import_find(proposal->act),
                                  .full = strcmp(proposal->arguments, "--full") == 0,
                                  .content = proposal->content,
                                  .proposal = proposal};
    return done(&importing, import_known(&importing, path));
}

/* ---- with persons */

static int import_by_signature(struct nks_app *app, size_t which, const struct import_signature *signature)
{
    struct importing importing = {.app = app, .which = which, .content = signature->content};
    enum nks_status status = import_signature_begin(app, signature);
    if (status == NKS_OK)
        status = import_known(&importing, app->operands[0]);
    if (status == NKS_OK)
        status = import_signature_end(app, signature);
    return done(&importing, status);
}

/* What it would change is looked at first, so that both persons know what they ask for. */
static int import_asked(struct nks_app *app, size_t which, const char *path)
{
    struct nks_run *run = app->run;
    uint8_t hash[NKS_HASH_SIZE];
    struct importing looked = {
        .app = app, .which = which, .full = app->values[OPTION_FULL] != NULL, .dry_run = true, .content = hash};
    struct importing importing = {.app = app, .which = which, .full = looked.full, .content = hash};
    int64_t size = 0, today = 0;
    int code = EXIT_DONE;
    enum nks_status status = nks_hash_file(path, hash, &size, &run->fault);
    if (status == NKS_OK)
        status = import_known(&looked, path);
    if (status == NKS_OK)
        status = app_small_today(run, &today);
    if (status != NKS_OK)
        return app_result(app, status);
    int64_t changes = looked.result.added + looked.result.ended;
    const struct act_asked asked = {.act = app->command->name,
                                    .arguments = looked.full ? "--full" : "",
                                    .preview = looked.preview,
                                    .content = hash,
                                    .small = today + changes <= run->conf.free_changes,
                                    .changes = changes};
    if (!app_authorize(app, &asked, &code))
        return code;
    return done(&importing, import_known(&importing, path));
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
    struct importing importing = {.app = app,
                                  .which = import_find(app->command->name),
                                  .full = app->values[OPTION_FULL] != NULL,
                                  .dry_run = app->values[OPTION_DRY_RUN] != NULL};
    int code = EXIT_DONE;
    if (!app_open(app, true, false, &code))
        return code;
    if (!importing.dry_run && app_persons_asked(app))
        return import_with_persons(app, importing.which);
    nks_act_about(app->command->name, importing.full ? "--full" : "", NULL, about);
    nks_trail_default(app->run->trail, &entry);
    return done(&importing, import_plain(&importing, app->operands[0]));
}
