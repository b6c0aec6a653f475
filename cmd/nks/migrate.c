/* migrate: the home's database goes from nks.db to PostgreSQL, proved by counts, sums, digests and the auditor. */
#include "authorize.h"

#include "stage/move.h"

#include <stdio.h>
#include <string.h>

enum { DIGEST_SHOWN = 8 };

/* ---- what is told */

static void table_row(struct table *table, const struct nks_move_table *moved, bool dry_run)
{
    const struct nks_move_side *here = &moved->sides[NKS_MOVE_HERE], *there = &moved->sides[NKS_MOVE_THERE];
    char sum[NKS_MOVE_SUM_TEXT], digest[2 * DIGEST_SHOWN + 1];
    table_text(table, moved->name);
    table_number(table, here->rows);
    nks_move_sum(moved, NKS_MOVE_HERE, sum);
    table_text(table, sum);
    nks_hex(here->digest, DIGEST_SHOWN, digest);
    table_text(table, digest);
    if (dry_run)
        return;
    table_number(table, there->rows);
    nks_move_sum(moved, NKS_MOVE_THERE, sum);
    table_text(table, sum);
    nks_hex(there->digest, DIGEST_SHOWN, digest);
    table_text(table, digest);
    table_flag(table, nks_move_equal(moved));
}

/* Sums are over all columns of numbers together; the fault of a difference names the column. */
static void present(struct nks_app *app, const struct nks_move *tables, bool dry_run)
{
    static const struct column columns[] = {{"table", "table", CELL_TEXT},
                                            {"rows", "rows", CELL_NUMBER},
                                            {"sum", "sum of numbers", CELL_TEXT},
                                            {"sha256", "SHA-256", CELL_TEXT},
                                            {"rows_there", "rows there", CELL_NUMBER},
                                            {"sum_there", "sum there", CELL_TEXT},
                                            {"sha256_there", "SHA-256 there", CELL_TEXT},
                                            {"equal", "equal", CELL_FLAG}};
    enum { ALL = sizeof columns / sizeof columns[0], HERE = 4 };
    struct table *table =
        table_begin(&app->out, dry_run ? "table" : "moved",
                    dry_run ? "What would be moved" : "Read again on both sides", columns, dry_run ? HERE : ALL, false);
    for (size_t i = 0; i < tables->count; i++)
        table_row(table, &tables->tables[i], dry_run);
    table_end(table);
}

static void present_end(struct nks_app *app, const struct nks_home_move *move, int64_t rows)
{
    static const struct column columns[] = {{"tables", "tables", CELL_NUMBER},
                                            {"rows", "rows", CELL_NUMBER},
                                            {"audit", "nks-audit", CELL_TEXT},
                                            {"aside", "the old database", CELL_TEXT}};
    struct table *table = table_begin(&app->out, "home", "The home is on PostgreSQL", columns, 4, true);
    table_number(table, (int64_t)move->tables->count);
    table_number(table, rows);
    table_text(table, "clean before and after");
    table_text(table, move->aside);
    table_end(table);
    if (app->out.form == OUT_TABLE)
        out_note(&app->out, "next: scripts/postgres_roles.sh for the roles' rights, a backup on the server, then nks "
                            "run. The old database is not to be used any more");
}

/* ---- the link, in the trail that goes on */

static void digest_of(const struct nks_move *tables, uint8_t out[NKS_HASH_SIZE])
{
    struct nks_hash *hash = nks_hash_new();
    memset(out, 0, NKS_HASH_SIZE);
    if (hash == NULL)
        return;
    for (size_t i = 0; i < tables->count; i++) {
        nks_hash_add(hash, tables->tables[i].name, strlen(tables->tables[i].name) + 1);
        nks_hash_add(hash, tables->tables[i].sides[NKS_MOVE_HERE].digest, NKS_HASH_SIZE);
    }
    nks_hash_end(hash, out);
    nks_hash_free(hash);
}

struct asked {
    const char *address, *reason;
    const struct nks_proposal *proposal; /* NULL: nobody was to approve it */
};

static enum nks_status links_add(struct nks_run *moved, const struct nks_move *tables, const struct asked *asked,
                                 struct nks_fault *fault)
{
    char detail[NKS_TRAIL_DETAIL_MAX], hex[NKS_HASH_HEX];
    uint8_t digest[NKS_HASH_SIZE], about[NKS_HASH_SIZE];
    const struct nks_proposal *proposal = asked->proposal;
    digest_of(tables, digest);
    nks_hex(digest, sizeof digest, hex);
    snprintf(detail, sizeof detail, "nks.db to PostgreSQL: %zu tables, %lld rows, SHA-256 %s", tables->count,
             (long long)tables->rows, hex);
    nks_act_about("migrate", asked->address, NULL, about);
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_MIGRATE,
                                          .number = tables->rows,
                                          .who = proposal != NULL ? proposal->proposer : NULL,
                                          .approver = proposal != NULL ? proposal->approver : NULL,
                                          .reason = asked->reason,
                                          .detail = detail,
                                          .about = about};
    if (proposal != NULL)
        NKS_TRY(act_decided(moved, proposal, fault));
    return nks_trail_add(moved->trail, &entry, fault);
}

struct recording {
    struct nks_run *moved;
    const struct nks_move *tables;
    const struct asked *asked;
};

static enum nks_status record_body(void *context, struct nks_fault *fault)
{
    const struct recording *recording = context;
    return links_add(recording->moved, recording->tables, recording->asked, fault);
}

static enum nks_status record(struct nks_run *moved, const struct nks_move *tables, const struct asked *asked)
{
    struct recording recording = {moved, tables, asked};
    return nks_run_transact(moved, record_body, &recording);
}

/* ---- the move */

/* A fault on the copy is told by the run that the app has. */
static enum nks_status handed(struct nks_app *app, const struct nks_run *moved, enum nks_status status)
{
    if (status != NKS_OK && moved != NULL && app->run->fault.status == NKS_OK)
        app->run->fault = moved->fault;
    return status;
}

static enum nks_status finish(struct nks_app *app, struct nks_home_move *move, const struct asked *asked)
{
    struct nks_run *moved = NULL;
    NKS_TRY(nks_home_move_open(move, &moved));
    enum nks_status status = handed(app, moved, record(moved, move->tables, asked));
    nks_sys_point("move.linked");
    if (status == NKS_OK)
        status = nks_home_move_audit(move, true);
    nks_sys_point("move.audited");
    if (status == NKS_OK)
        status = nks_home_move_switch(move, moved);
    app->run = move->run;
    if (move->run != moved)
        nks_run_close(moved);
    return status;
}

static int perform(struct nks_app *app, struct nks_home_move *move, const struct asked *asked)
{
    if (move->again)
        out_note(&app->out, "an earlier move to that address was cut short: it is begun anew");
    enum nks_status status = nks_home_move_audit(move, false);
    if (status == NKS_OK)
        status = nks_home_move_copy(move);
    if (status == NKS_OK || strcmp(app->run->fault.code, "MOVE-DIFFERS") == 0)
        present(app, move->tables, false);
    if (status == NKS_OK)
        status = finish(app, move, asked);
    int code = app_result(app, status);
    if (code == EXIT_DONE)
        present_end(app, move, move->tables->rows);
    return code;
}

static struct nks_home_move move_of(struct nks_app *app, char audit[NKS_PATH_MAX], const char *address)
{
    app_beside(audit, "nks-audit");
    app->working = false; /* the home is only read: a bad copy is no alarm of it */
    return (struct nks_home_move){
        .run = app->run, .address = address, .audit = audit, .receive_lock = -1, .backup_lock = -1};
}

int migrate_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    char audit[NKS_PATH_MAX];
    struct nks_home_move move = move_of(app, audit, proposal->arguments);
    const struct asked asked = {proposal->arguments, proposal->reason, proposal};
    (void)path;
    int code = app_result(app, nks_home_move_begin(&move));
    if (code == EXIT_DONE)
        code = perform(app, &move, &asked);
    nks_home_move_end(&move);
    return code;
}

int command_migrate(struct nks_app *app)
{
    char audit[NKS_PATH_MAX];
    bool dry_run = app->values[OPTION_DRY_RUN] != NULL;
    const char *address = app->values[OPTION_DATABASE];
    int code = EXIT_DONE;
    if (address == NULL)
        return app_usage(app, "migrate needs --database ADDRESS");
    if (!app_reason(app, &code) || !app_open(app, true, false, &code))
        return code;
    bool propose = !dry_run && app_persons_asked(app);
    struct nks_home_move move = move_of(app, audit, address);
    const struct asked asked = {address, app->values[OPTION_REASON], NULL};
    code = app_result(app, nks_home_move_begin(&move));
    if (code == EXIT_DONE && (dry_run || propose)) {
        code = app_result(app, nks_home_move_try(&move)); /* what would be refused is refused before anybody is asked */
        if (code == EXIT_DONE)
            present(app, move.tables, true);
    } else if (code == EXIT_DONE) {
        code = perform(app, &move, &asked);
    }
    nks_home_move_end(&move);
    const struct act_asked act = {.act = app->command->name, .arguments = address, .preview = "the whole database"};
    return code == EXIT_DONE && propose && app_authorize(app, &act, &code) ? EXIT_DONE : code;
}
