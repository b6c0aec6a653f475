/* What had ended, and is in force again by a restore. */
#include "revived.h"

#include "base/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE_MAX = 8, BESIDE_MAX = 65536 };

static void add(struct revived *revived, bool signer, int64_t number, const char *name)
{
    for (size_t i = 0; i < revived->count; i++) {
        if (revived->list[i].signer == signer && revived->list[i].number == number)
            return;
    }
    revived->more = revived->more || revived->count == REVIVED_MAX;
    if (revived->count == REVIVED_MAX)
        return;
    revived->list[revived->count].signer = signer;
    revived->list[revived->count].number = number;
    memcpy(revived->list[revived->count].name, name, NKS_PARTY_MAX);
    revived->count++;
}

/* The row of the same number and key: anybody else of that number is of another past. */
static enum nks_status person_take(struct nks_run *run, struct nks_run *old, const struct nks_person *person,
                                   struct revived *revived)
{
    struct nks_person then;
    bool found = false;
    NKS_TRY(nks_person_next(old->persons, person->id - 1, &then, &found, &run->fault));
    if (found && then.id == person->id && then.ended != 0 && memcmp(then.key, person->key, sizeof then.key) == 0)
        add(revived, false, person->id, person->name);
    return NKS_OK;
}

static void signer_take(const struct nks_run *old, const struct nks_signer *signer, struct revived *revived)
{
    for (size_t i = 0; i < old->signers.count; i++) {
        const struct nks_signer *then = old->signers.rows[i];
        if (then->number == signer->number && then->ended &&
            memcmp(then->fingerprint, signer->fingerprint, NKS_HASH_SIZE) == 0)
            add(revived, true, signer->number, signer->party);
    }
}

enum nks_status revived_take(struct nks_run *run, struct nks_run *old, struct revived *revived)
{
    struct nks_person person = {.id = 0};
    for (bool found = true; found;) {
        NKS_TRY(nks_person_next(run->persons, person.id, &person, &found, &run->fault));
        if (found && person.ended == 0)
            NKS_TRY(person_take(run, old, &person, revived));
    }
    for (size_t i = 0; i < run->signers.count; i++) {
        if (!run->signers.rows[i]->ended)
            signer_take(old, run->signers.rows[i], revived);
    }
    return NKS_OK;
}

/* ---- the homes that were put aside */

static enum nks_status from_home(struct nks_app *app, const char *path, struct revived *revived)
{
    const struct nks_run_options options = {
        .home = path, .keys = app->run->keys_dir, .read_only = true, .now = app->run->options.now};
    struct nks_fault unreadable = {.status = NKS_OK};
    struct nks_run *old = NULL;
    if (nks_run_open(&options, &old, &unreadable) != NKS_OK) {
        out_note(&app->out, "%s cannot be read (%s): who and what ended in it is not known here", path,
                 unreadable.code);
        return NKS_OK;
    }
    enum nks_status status = revived_take(app->run, old, revived);
    nks_run_close(old);
    return status;
}

/* Names sort by their time. */
static enum nks_status from_beside(struct nks_app *app, const char *parent, const char *prefix,
                                   const struct nks_sys_list *beside, struct revived *revived)
{
    size_t looked = 0;
    for (size_t i = beside->count; i > 0 && looked < BEFORE_MAX; i--) {
        char path[NKS_PATH_MAX];
        if (strncmp(beside->names[i - 1], prefix, strlen(prefix)) != 0 ||
            !nks_path_join(path, parent, beside->names[i - 1]))
            continue;
        looked++;
        NKS_TRY(from_home(app, path, revived));
    }
    return NKS_OK;
}

enum nks_status revived_before(struct nks_app *app, struct revived *revived)
{
    struct nks_sys_list beside = {.count = 0};
    char prefix[NKS_PATH_MAX];
    char *real = realpath(app->run->home, NULL); /* a home that is a link was put back where it points to */
    char *slash = real != NULL ? strrchr(real, '/') : NULL;
    if (slash == NULL || slash == real || snprintf(prefix, sizeof prefix, "%s.before-", slash + 1) >= NKS_PATH_MAX) {
        free(real);
        return NKS_OK;
    }
    *slash = '\0';
    enum nks_status status = nks_sys_list(real, BESIDE_MAX, true, &beside, &app->run->fault);
    if (status == NKS_OK)
        status = from_beside(app, real, prefix, &beside, revived);
    nks_sys_list_free(&beside);
    free(real);
    return status;
}

/* ---- telling it */

void revived_present(struct nks_app *app, const struct revived *revived)
{
    static const struct column columns[] = {{"kind", "what", CELL_TEXT},
                                            {"number", "number", CELL_NUMBER},
                                            {"name", "of", CELL_TEXT},
                                            {"next", "next", CELL_TEXT}};
    if (revived->count == 0)
        return;
    struct table *table = table_begin(&app->out, "revived", "Ended after the backup, and in force again", columns,
                                      sizeof columns / sizeof columns[0], false);
    for (size_t i = 0; i < revived->count; i++) {
        table_text(table, revived->list[i].signer ? "certificate" : "person");
        table_number(table, revived->list[i].number);
        table_text(table, revived->list[i].name);
        if (revived->list[i].signer)
            table_printf(table, "nks keys signer end %lld", (long long)revived->list[i].number);
        else
            table_printf(table, "nks keys person end %s", revived->list[i].name);
    }
    table_end(table);
    out_note(&app->out,
             "persons and certificates that had ended and are in force again: %zu%s; end them before anything else",
             revived->count, revived->more ? " and more" : "");
}
