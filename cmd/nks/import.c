/* The four imports of reference data. */
#include "nks.h"

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

static int import_file(struct nks_app *app, size_t which)
{
    struct nks_run *run = app->run;
    const char *name = app->operands[0];
    bool standard = strcmp(name, "-") == 0;
    const struct nks_import_options options = {
        .full = app->values[OPTION_FULL] != NULL,
        .dry_run = app->values[OPTION_DRY_RUN] != NULL,
        .now = run->now,
        .progress = out_progress_bytes,
        .progress_context = &app->out,
    };
    struct nks_import_result result = {.rows = 0};
    int fd = STDIN_FILENO;
    enum nks_status status = standard ? NKS_OK : nks_sys_open_read(name, &fd, &run->fault);
    if (status == NKS_OK) {
        status = imports[which].fn(run, fd, &options, &result);
        if (!standard)
            close(fd);
    }
    if (status == NKS_OK)
        present(app, imports[which].what, options.dry_run, &result);
    return app_result(app, status);
}

int command_import(struct nks_app *app)
{
    int code = EXIT_DONE;
    size_t which = 0;
    while (strcmp(imports[which].command, app->command->name) != 0)
        which++;
    if (!app_open(app, true, false, &code))
        return code;
    nks_trail_default(app->run->trail, NKS_TRAIL_IMPORT);
    return import_file(app, which);
}
