/* backup, restore, reconcile: a copy of the home, its way back, and what left the house since. */
#include "authorize.h"
#include "revived.h"

#include "stage/backup.h"
#include "stage/journal.h"

#include <stdio.h>
#include <string.h>

/* HOME.keys beside the home where no other is named. */
static bool keys_dir_of(struct nks_app *app, char out[NKS_PATH_MAX])
{
    const char *home = app_home(app);
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    int written = app_keys(app) != NULL ? snprintf(out, NKS_PATH_MAX, "%s", app_keys(app))
                                        : snprintf(out, NKS_PATH_MAX, "%.*s.keys", (int)len, home);
    return written < NKS_PATH_MAX;
}

static void present(struct nks_app *app, const char *title, const struct nks_backup_result *result, const char *path)
{
    static const struct column columns[] = {{"backup", "where", CELL_TEXT},
                                            {"files", "files", CELL_NUMBER},
                                            {"bytes", "bytes", CELL_NUMBER},
                                            {"linked", "as in the earlier one", CELL_NUMBER}};
    struct table *table = table_begin(&app->out, "backup", title, columns, sizeof columns / sizeof columns[0], true);
    table_text(table, path);
    table_number(table, result->files);
    table_number(table, result->bytes);
    table_number(table, result->linked);
    table_end(table);
}

int command_backup(struct nks_app *app)
{
    struct nks_backup_result result = {.files = 0};
    int code = EXIT_DONE;
    if (!app_open(app, false, false, &code))
        return code;
    code = app_result(app, nks_backup_make(app->run, app->operands[0], &result));
    if (code == EXIT_DONE && result.without_link)
        out_note(&app->out, "the backup is whole; the database was busy, so the trail does not name it");
    if (code == EXIT_DONE && (app->out.form != OUT_LINES || app->out.verbose))
        present(app, "A backup is made", &result, result.path);
    return code;
}

int command_backup_check(struct nks_app *app)
{
    struct nks_backup_result result = {.files = 0};
    char keys_dir[NKS_PATH_MAX];
    if (!keys_dir_of(app, keys_dir))
        return app_usage(app, "the path of the keys is too long");
    int code = app_result(app, nks_backup_check(keys_dir, app->operands[0], &result, &app->fault));
    if (code == EXIT_DONE)
        present(app, "The backup is whole", &result, result.path);
    return code;
}

/* ---- restore */

/* Who has ended since the backup is in force in it, and may not bring that back. */
static enum nks_status still_in_force(struct nks_app *app, struct nks_run *old, const struct nks_person *person)
{
    struct nks_person now;
    bool found = false;
    if (old == NULL)
        return NKS_OK;
    NKS_TRY(nks_person_find(old->persons, person->name, &now, &found, &app->run->fault));
    return found && memcmp(now.key, person->key, sizeof now.key) == 0
               ? NKS_OK
               : nks_fault_set(&app->run->fault, NKS_REFUSED, "PERSON-ROLE",
                               "%s is not in force in the home that is there", person->name);
}

/* Both persons are there: the one signs what the other proposed, on the spot. */
static enum nks_status decide(struct nks_app *app, const struct nks_restore *restore, struct nks_run *old,
                              const char *reason, struct nks_proposal *proposal)
{
    struct nks_run *run = app->run;
    struct nks_person first, second;
    char text[NKS_PROPOSAL_TEXT];
    size_t len = 0;
    const char *slash = strrchr(restore->backup, '/');
    *proposal = (struct nks_proposal){.state = NKS_PROPOSAL_OPEN, .made = run->now, .decided = run->now};
    NKS_TRY(app_person(app, NKS_ROLE_OPERATOR, &first));
    memcpy(proposal->proposer, first.name, sizeof proposal->proposer);
    memcpy(proposal->content, restore->list, sizeof proposal->content);
    bool fits = nks_text_copy(NKS_TEXT("restore"), proposal->act, sizeof proposal->act) &&
                nks_text_copy(nks_text_from(slash != NULL ? slash + 1 : restore->backup), proposal->arguments,
                              sizeof proposal->arguments) &&
                nks_text_copy(nks_text_from(reason), proposal->reason, sizeof proposal->reason);
    if (!fits || !nks_proposal_text(proposal, text, &len))
        return nks_fault_set(&run->fault, NKS_REFUSED, "PROPOSAL-LONG", "the reason is too long: shorten it");
    NKS_TRY(app_person_sign(app, NKS_ROLE_OPERATOR, text, len, &first, proposal->proposed));
    app->values[OPTION_PERSON] = app->values[OPTION_APPROVER];
    app->values[OPTION_PERSON_KEY] = app->values[OPTION_APPROVER_KEY];
    NKS_TRY(app_person(app, NKS_ROLE_APPROVER, &second));
    if (nks_second_person(proposal, &first, &second) != NKS_SECOND_GOOD)
        return nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-SAME",
                             "a restore needs two: another id and another key with --approver and --approver-key");
    NKS_TRY(still_in_force(app, old, &first));
    NKS_TRY(still_in_force(app, old, &second));
    memcpy(proposal->approver, second.name, sizeof proposal->approver);
    proposal->state = NKS_PROPOSAL_APPROVED;
    if (!nks_proposal_decision_text(proposal, text, &len))
        return nks_fault_set(&run->fault, NKS_FAILED, "PROPOSAL-LONG", "a proposal does not fit");
    return app_person_sign(app, NKS_ROLE_APPROVER, text, len, &second, proposal->approved);
}

static void lost_row(void *context, enum nks_source source, const char *party, int64_t files)
{
    struct table *table = context;
    table_text(table, source == NKS_SOURCE_SENDER ? "sender" : "central");
    table_text(table, party);
    table_number(table, files);
}

/* What the old home received since the backup is in its spool alone: it must be dropped again. */
static void present_lost(struct nks_app *app, struct nks_run *old, int64_t first)
{
    static const struct column columns[] = {
        {"source", "source", CELL_TEXT}, {"party", "from", CELL_TEXT}, {"files", "files", CELL_NUMBER}};
    if (old == NULL)
        return;
    struct table *table =
        table_begin(&app->out, "since", "Received since the backup, to be dropped again", columns, 3, false);
    enum nks_status status = nks_look_received_since(old->exchange, first, lost_row, table, &old->fault);
    table_end(table);
    if (status != NKS_OK)
        out_note(&app->out, "what was received since could not be read: ask every sender");
}

/* Persons and certificates that had ended since are in force in the backup. */
static void present_revived(struct nks_app *app, const struct nks_run *old, const struct revived *revived)
{
    if (old == NULL)
        out_note(&app->out,
                 "the home that was there cannot be read, so its journal could not be compared with it: see that "
                 "HOME.journal is not a copy from before last night, or what left since leaves once more; persons and "
                 "certificates that ended after the backup are in "
                 "force again; look at nks keys person list and nks keys signer list, and end them");
    revived_present(app, revived);
}

/* Whoever restores may not slip past the rule of the home that is there by a backup from before it. */
static struct nks_run *old_home_open(struct nks_app *app)
{
    const struct nks_run_options options = {.home = app_home(app), .keys = app_keys(app), .read_only = true};
    struct nks_fault unimportant = {.status = NKS_OK};
    struct nks_run *run = NULL;
    return nks_run_open(&options, &run, &unimportant) == NKS_OK ? run : NULL; /* it may be what is broken */
}

static enum nks_status mark(struct nks_app *app, const struct nks_restore *restore, struct nks_run *old, bool old_asks)
{
    static struct nks_proposal proposal;
    const char *reason = app->values[OPTION_REASON];
    bool asked = old_asks || app_persons_asked(app);
    if (asked)
        NKS_TRY(decide(app, restore, old_asks ? old : NULL, reason, &proposal));
    return nks_restore_mark(app->run, restore, asked ? &proposal : NULL, reason);
}

/* An old home that cannot be read compares with nothing; present_revived says so. */
static int journal_compare(struct nks_app *app, const struct nks_restore *restore, struct nks_run *old)
{
    return old != NULL ? app_result(app, nks_restore_journal(restore, old, &app->fault)) : EXIT_DONE;
}

static int restore_do(struct nks_app *app, struct nks_restore *restore)
{
    const struct nks_run_options options = {.home = restore->restoring,
                                            .keys = restore->keys_dir,
                                            .reader = app->reader,
                                            .who = app->command->name,
                                            .now = app->now,
                                            .lock = true,
                                            .restoring = true};
    static struct revived revived;
    char before[NKS_PATH_MAX] = "";
    struct nks_run *old = old_home_open(app);
    bool old_asks = old != NULL ? old->conf.persons_required : nks_home_asks(app_home(app));
    int64_t next = INT64_MAX;
    int code = journal_compare(app, restore, old);
    if (code == EXIT_DONE)
        code = app_result(app, nks_run_open(&options, &app->run, &app->fault));
    if (code == EXIT_DONE)
        code = app_result(app, mark(app, restore, old, old_asks));
    if (code == EXIT_DONE)
        code = app_result(app, nks_delivery_next_id(app->run->exchange, &next, &app->run->fault));
    if (code == EXIT_DONE && old != NULL)
        code = app_result(app, revived_take(app->run, old, &revived));
    nks_run_close(app->run);
    app->run = NULL;
    if (code == EXIT_DONE)
        code = app_result(app, nks_restore_end(restore, before, &app->fault));
    if (code == EXIT_DONE) {
        present_lost(app, old, next);
        present_revived(app, old, &revived);
    }
    nks_run_close(old);
    if (code != EXIT_DONE)
        return code;
    present(app, "The backup is put back", &restore->result, app_home(app));
    if (app->out.form == OUT_TABLE) {
        if (before[0] != '\0')
            out_note(&app->out, "the home that was there lies in %s", before);
        out_note(&app->out, "next: nks reconcile --reason TEXT; nothing leaves before that");
    }
    return EXIT_DONE;
}

static int journal_look(struct nks_app *app, const struct nks_restore *restore)
{
    struct nks_run *old = old_home_open(app);
    int code = journal_compare(app, restore, old);
    nks_run_close(old);
    return code;
}

int command_restore(struct nks_app *app)
{
    char keys_dir[NKS_PATH_MAX], backup[NKS_PATH_MAX];
    size_t len = strlen(app->operands[0]);
    while (len > 1 && app->operands[0][len - 1] == '/')
        len--;
    snprintf(backup, sizeof backup, "%.*s", (int)len, app->operands[0]);
    int code = EXIT_DONE;
    if (!keys_dir_of(app, keys_dir))
        return app_usage(app, "the path of the keys is too long");
    if (!app_reason(app, &code))
        return code;
    struct nks_restore restore = {.home = app_home(app),
                                  .keys_dir = keys_dir,
                                  .backup = backup,
                                  .now = app->now != 0 ? app->now : nks_sys_now(),
                                  .lock = -1,
                                  .receive_lock = -1,
                                  .backup_lock = -1,
                                  .new_lock = -1,
                                  .new_receive_lock = -1};
    if (app->values[OPTION_DRY_RUN] != NULL) {
        code = journal_look(app, &restore);
        return code != EXIT_DONE ? code : command_backup_check(app);
    }
    code = app_result(app, nks_restore_begin(&restore, &app->fault));
    if (code == EXIT_DONE)
        code = restore_do(app, &restore);
    nks_restore_close(&restore);
    return code;
}

/* ---- reconcile */

static enum nks_status unknown_row(void *context, const struct nks_published_count *count)
{
    struct table *table = context;
    table_text(table, nks_file_kind_name((int)count->kind));
    table_text(table, count->party);
    table_number(table, count->files);
    return NKS_OK;
}

/* Receipts tell how many files of a sender the database does not know any more. */
static enum nks_status present_unknown(struct nks_app *app)
{
    static const struct column columns[] = {
        {"kind", "kind", CELL_TEXT}, {"party", "for", CELL_TEXT}, {"files", "files", CELL_NUMBER}};
    struct table *table =
        table_begin(&app->out, "unknown", "Published, and not known to this database", columns, 3, false);
    enum nks_status status = nks_published_unknown(app->run->exchange, unknown_row, table, &app->run->fault);
    table_end(table);
    return status;
}

static const char unfinished_words[] =
    "%s has no end in the journal and counts as published: ask its receiver; nks replay if it is not there";

/* Told again each time until its receiver has spoken: the file is settled by an answer, a replay or by hand. */
static enum nks_status tell_unfinished(struct nks_app *app)
{
    char name[NKS_FILE_NAME_MAX] = "";
    for (bool found = true;;) {
        enum nks_status status = nks_published_unfinished_next(app->run->exchange, name, &found, &app->run->fault);
        if (status != NKS_OK || !found)
            return status;
        out_note(&app->out, unfinished_words, name);
    }
}

static int reconcile(struct nks_app *app, bool anew, bool dry_run, const char *reason)
{
    static const struct column columns[] = {
        {"files", "published since", CELL_NUMBER},        {"orders", "order files of them", CELL_NUMBER},
        {"unfinished", "without their end", CELL_NUMBER}, {"unknown", "not known here", CELL_NUMBER},
        {"works", "to be done again", CELL_NUMBER},       {"dry_run", "only tried", CELL_FLAG}};
    static struct revived revived;
    struct nks_reconciled result;
    enum nks_status status = nks_run_reconcile(app->run, anew, dry_run, reason, &result);
    if (status == NKS_REFUSED && tell_unfinished(app) != NKS_OK)
        return app_result(app, NKS_FAILED);
    if (status != NKS_OK)
        return app_result(app, status);
    struct table *table = table_begin(&app->out, "reconciled", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_number(table, result.files);
    table_number(table, result.orders);
    table_number(table, result.unfinished);
    table_number(table, result.unknown);
    table_number(table, result.works);
    table_flag(table, dry_run);
    table_end(table);
    for (size_t i = 0; i < result.named && dry_run; i++)
        out_note(&app->out, unfinished_words, result.names[i]);
    status = dry_run ? NKS_OK : tell_unfinished(app);
    if (status == NKS_OK && result.unknown > 0 && !dry_run)
        status = present_unknown(app);
    if (status == NKS_OK)
        status = revived_before(app, &revived);
    revived_present(app, &revived);
    if (result.unknown > 0)
        out_note(&app->out,
                 "senders and data centrals must drop again what they sent since; the answers go nowhere twice");
    if (result.works > 0)
        out_note(&app->out,
                 "next: nks run; it does again what was done since, in that order, and names what it waits for: "
                 "files, imports and what was done by hand");
    return app_result(app, status);
}

static const char anew_word[] = "--new-journal", settle_word[] = "--settle ";

static int settle(struct nks_app *app, const char *name, bool dry_run, const char *reason)
{
    int code = app_result(app, nks_run_settle(app->run, name, dry_run, reason));
    if (code == EXIT_DONE && app->out.form == OUT_TABLE)
        out_note(&app->out, dry_run ? "it would be settled" : "settled; next: nks run");
    return code;
}

int reconcile_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    size_t word = strlen(settle_word);
    (void)path;
    if (strncmp(proposal->arguments, settle_word, word) == 0)
        return settle(app, proposal->arguments + word, false, proposal->reason);
    return reconcile(app, strcmp(proposal->arguments, anew_word) == 0, false, proposal->reason);
}

static int command_settle(struct nks_app *app, const char *name, bool dry_run)
{
    char arguments[NKS_PROPOSAL_ARGUMENTS];
    int code = EXIT_DONE;
    int len = snprintf(arguments, sizeof arguments, "%s%s", settle_word, name);
    if (len < 0 || (size_t)len >= sizeof arguments)
        return app_usage(app, "the name is too long");
    const struct act_asked asked = {.act = app->command->name, .arguments = arguments, .preview = ""};
    if (!dry_run && app_persons_asked(app)) {
        code = settle(app, name, true, NULL);
        if (code != EXIT_DONE || !app_authorize(app, &asked, &code))
            return code;
    }
    return settle(app, name, dry_run, app->values[OPTION_REASON]);
}

int command_reconcile(struct nks_app *app)
{
    bool anew = app->values[OPTION_NEW_JOURNAL] != NULL, dry_run = app->values[OPTION_DRY_RUN] != NULL;
    int code = EXIT_DONE;
    const struct act_asked asked = {.act = app->command->name, .arguments = anew ? anew_word : "", .preview = ""};
    app->clearing = !anew && app->values[OPTION_SETTLE] == NULL; /* it is what the end of an alarm may wait for */
    if (!app_reason(app, &code) || !app_open(app, true, false, &code))
        return code;
    if (app->values[OPTION_SETTLE] != NULL)
        return command_settle(app, app->values[OPTION_SETTLE], dry_run);
    if (!dry_run && app_persons_asked(app)) { /* what would be refused is refused before anybody else is asked */
        struct nks_reconciled tried;
        code = app_result(app, nks_run_reconcile(app->run, anew, true, NULL, &tried));
        if (code != EXIT_DONE || !app_authorize(app, &asked, &code))
            return code;
    }
    return reconcile(app, anew, dry_run, app->values[OPTION_REASON]);
}
