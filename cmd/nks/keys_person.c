/* keys person: operators, their roles and signing keys. */
#include "authorize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char add_command[] = "keys person add";

enum { FOUNDERS = 2, KEY_HEX = 2 * NKS_PERSON_KEY_SIZE };

int command_keys_person_make(struct nks_app *app)
{
    enum nks_status status = nks_person_key_make(app->operands[0], &app->fault);
    if (status == NKS_OK && app->out.form == OUT_TABLE)
        out_note(&app->out, "next: nks keys person add ID --key FILE.pub --roles operator,approver --reason TEXT");
    return app_result(app, status);
}

int command_keys_person_list(struct nks_app *app)
{
    static const struct column columns[] = {{"person", "person", CELL_TEXT},
                                            {"roles", "roles", CELL_TEXT},
                                            {"since", "since", CELL_TEXT},
                                            {"ended", "ended", CELL_TEXT},
                                            {"key", "key", CELL_TEXT}};
    struct nks_person person = {.id = 0};
    enum nks_status status = NKS_OK;
    int code = EXIT_DONE;
    if (!app_open(app, false, true, &code))
        return code;
    struct table *table = table_begin(&app->out, "person", NULL, columns, sizeof columns / sizeof columns[0], false);
    while (status == NKS_OK) {
        char roles[NKS_ROLES_TEXT], hex[KEY_HEX + 1];
        bool found = false;
        status = nks_person_next(app->run->persons, person.id, &person, &found, &app->run->fault);
        if (status != NKS_OK || !found)
            break;
        nks_roles_format(person.roles, roles);
        nks_hex(person.key, sizeof person.key, hex);
        hex[16] = '\0'; /* enough to compare by telephone */
        table_text(table, person.name);
        table_text(table, roles);
        table_time(table, person.since);
        if (person.ended == 0)
            table_text(table, "");
        else
            table_time(table, person.ended);
        table_text(table, hex);
    }
    table_end(table);
    return app_result(app, status);
}

/* ---- doing it: arguments are "ID ROLES KEY" and "ID"; the preview of an end tells the key behind the id */

static bool key_read(const char *hex, uint8_t key[NKS_PERSON_KEY_SIZE])
{
    if (strlen(hex) != KEY_HEX || strspn(hex, "0123456789abcdef") != KEY_HEX)
        return false;
    for (size_t i = 0; i < NKS_PERSON_KEY_SIZE; i++) {
        const char one[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        key[i] = (uint8_t)strtoul(one, NULL, 16);
    }
    return true;
}

static enum nks_status add(struct nks_run *run, const char *arguments, int64_t *id)
{
    struct nks_person person = {.since = run->now};
    char roles[NKS_ROLES_TEXT], hex[KEY_HEX + 1];
    if (sscanf(arguments, "%32s %39s %64s", person.name, roles, hex) != 3 ||
        !nks_roles_read(nks_text_from(roles), &person.roles) || !key_read(hex, person.key))
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "PERSON-ROW", "what was proposed cannot be read");
    NKS_TRY(nks_person_add(run->persons, &person, &run->fault));
    *id = person.id;
    return NKS_OK;
}

/* Ending the last ones would leave a home in which nothing can be approved, not even a new person. */
static enum nks_status is_spare(struct nks_run *run, const struct nks_person *person)
{
    struct nks_persons_count count;
    NKS_TRY(nks_persons_in_force(run->persons, &count, &run->fault));
    return !run->conf.persons_required || nks_person_spare(&count, person)
               ? NKS_OK
               : nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-LAST",
                               "without %s there would not be two approvers and an operator: add another person first",
                               person->name);
}

static void end_preview(const struct nks_person *person, char out[NKS_PROPOSAL_PREVIEW])
{
    char roles[NKS_ROLES_TEXT], hex[KEY_HEX + 1];
    nks_roles_format(person->roles, roles);
    nks_hex(person->key, sizeof person->key, hex);
    snprintf(out, NKS_PROPOSAL_PREVIEW, "%s, key %.16s", roles, hex);
}

/* The id may be another person's by now. */
static enum nks_status end_still_signed(const struct nks_proposal *proposal, const struct nks_person *person,
                                        struct nks_fault *fault)
{
    char preview[NKS_PROPOSAL_PREVIEW];
    end_preview(person, preview);
    return proposal == NULL ? NKS_OK : act_still_signed(proposal, preview, fault);
}

/* `proposal` NULL: asked for by somebody who needs no second person. */
static enum nks_status end(struct nks_run *run, const char *arguments, const struct nks_proposal *proposal, int64_t *id)
{
    struct nks_person person;
    bool found = false;
    NKS_TRY(nks_person_find(run->persons, arguments, &person, &found, &run->fault));
    if (!found)
        return NKS_OK; /* ended already */
    NKS_TRY(end_still_signed(proposal, &person, &run->fault));
    NKS_TRY(is_spare(run, &person));
    *id = person.id;
    return nks_person_end(run->persons, &person, run->now, &run->fault);
}

/* The link has the person's number, which is known in the transaction only; 0: nothing changed. */
static enum nks_status change_once(struct nks_app *app, const char *act, const char *arguments,
                                   const struct nks_proposal *proposal)
{
    struct nks_run *run = app->run;
    bool adds = strcmp(act, add_command) == 0;
    int64_t id = 0;
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    nks_trail_default_number(run->trail, &id);
    enum nks_status status = adds ? add(run, arguments, &id) : end(run, arguments, proposal, &id);
    if (status == NKS_OK)
        status = nks_db_commit(run->db, &run->fault);
    else
        nks_db_rollback(run->db);
    nks_trail_default_number(run->trail, NULL);
    return status;
}

static enum nks_status change(struct nks_app *app, const char *act, const char *arguments,
                              const struct nks_proposal *proposal)
{
    struct nks_run *run = app->run;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        status = change_once(app, act, arguments, proposal);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

/* Approved again after a kill: a person of that id with that very key is there already. */
static bool is_done(struct nks_app *app, const struct nks_proposal *proposal)
{
    struct nks_person person;
    char name[NKS_PARTY_MAX], hex[KEY_HEX + 1], own[KEY_HEX + 1];
    bool found = false;
    if (strcmp(proposal->act, add_command) != 0 || sscanf(proposal->arguments, "%32s %*s %64s", name, hex) != 2)
        return false;
    if (nks_person_find(app->run->persons, name, &person, &found, &app->run->fault) != NKS_OK || !found)
        return false;
    nks_hex(person.key, sizeof person.key, own);
    return strcmp(own, hex) == 0;
}

int person_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    (void)path;
    return is_done(app, proposal) ? EXIT_DONE
                                  : app_result(app, change(app, proposal->act, proposal->arguments, proposal));
}

/* The first persons of a home have nobody before them who could approve. Rows can be deleted, and that moment must not
 * come back: the links of added persons count too. */
static enum nks_status founding(struct nks_app *app, bool *is)
{
    static struct nks_trail_link link;
    struct nks_run *run = app->run;
    int64_t rows = 0, links = 0;
    bool found = true;
    NKS_TRY(nks_person_count(run->persons, &rows, &run->fault));
    for (int64_t after = 0; found && links < FOUNDERS; after = link.link) {
        NKS_TRY(nks_trail_next_of_action(run->trail, 0, NKS_TRAIL_PERSON, after, &link, &found, &run->fault));
        links += found && strcmp(link.detail, add_command) == 0;
    }
    *is = rows < FOUNDERS && links < FOUNDERS && app->values[OPTION_PERSON] == NULL;
    return NKS_OK;
}

/* The other founder must be able to approve what one proposes: else nothing could ever be approved, not even a third
 * person. */
static enum nks_status founders_check(struct nks_run *run, int roles)
{
    struct nks_person first;
    bool found = false;
    NKS_TRY(nks_person_next(run->persons, 0, &first, &found, &run->fault));
    bool second = found && first.ended == 0;
    if (second ? nks_founders_good(first.roles, roles) : nks_founders_good(roles, 0))
        return NKS_OK;
    if (second && nks_founders_good(first.roles, NKS_ROLE_APPROVER))
        return nks_fault_set(
            &run->fault, NKS_REFUSED, "PERSON-FOUNDERS", "%s proposes, so the second person must be an approver%s",
            first.name, (first.roles & NKS_ROLE_APPROVER) != 0 ? "" : ", and no operator: nobody could approve that");
    return second ? nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-FOUNDERS",
                                  "%s is no operator: the second person must be one, so that somebody proposes",
                                  first.name)
                  : nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-FOUNDERS",
                                  "the first two persons must be able to propose and to approve what the other one "
                                  "proposes: give both --roles operator,approver");
}

static int ask(struct nks_app *app, const char *arguments, const char *preview, bool alone)
{
    static struct nks_trail_entry entry;
    static uint8_t about[NKS_HASH_SIZE];
    int code = EXIT_DONE;
    const struct act_asked asked = {.act = app->command->name, .arguments = arguments, .preview = preview};
    if (app->values[OPTION_DRY_RUN] != NULL)
        return EXIT_DONE;
    if (!alone && !app_authorize(app, &asked, &code))
        return code;
    nks_act_about(asked.act, asked.arguments, NULL, about);
    entry = (struct nks_trail_entry){
        .action = NKS_TRAIL_PERSON, .reason = app->values[OPTION_REASON], .detail = app->command->name, .about = about};
    nks_trail_default(app->run->trail, &entry);
    return app_result(app, change(app, app->command->name, arguments, NULL));
}

int command_keys_person_add(struct nks_app *app)
{
    const char *name = app->operands[0], *key_file = app->values[OPTION_KEY], *roles = app->values[OPTION_ROLES];
    char arguments[NKS_PROPOSAL_ARGUMENTS], hex[KEY_HEX + 1], roles_text[NKS_ROLES_TEXT];
    struct nks_person person = {.id = 0};
    int code = EXIT_DONE;
    bool is_founding = false;
    if (!nks_party_valid(nks_text_from(name)) || !nks_text_copy(nks_text_from(name), person.name, sizeof person.name))
        return app_usage(app, "ID is a short id: a-z, 0-9 and -, not a person's name or number");
    if (key_file == NULL || roles == NULL || !nks_roles_read(nks_text_from(roles), &person.roles))
        return app_usage(app, "keys person add needs --key FILE.pub and --roles of operator, approver, looker");
    if (app->values[OPTION_REASON] == NULL)
        return app_usage(app, "keys person add needs --reason TEXT");
    if (!app_open(app, true, false, &code))
        return code;
    enum nks_status status = nks_person_key_public(key_file, person.key, &app->run->fault);
    if (status == NKS_OK)
        status = nks_person_is_new(app->run->persons, &person, &app->run->fault);
    if (status == NKS_OK)
        status = founding(app, &is_founding);
    if (status == NKS_OK && is_founding)
        status = founders_check(app->run, person.roles);
    if (status != NKS_OK)
        return app_result(app, status);
    nks_hex(person.key, sizeof person.key, hex);
    nks_roles_format(person.roles, roles_text);
    snprintf(arguments, sizeof arguments, "%s %s %s", name, roles_text, hex);
    return ask(app, arguments, "", is_founding);
}

int command_keys_person_end(struct nks_app *app)
{
    struct nks_person person;
    char preview[NKS_PROPOSAL_PREVIEW];
    bool found = false;
    int code = EXIT_DONE;
    if (app->values[OPTION_REASON] == NULL)
        return app_usage(app, "keys person end needs --reason TEXT");
    if (!app_open(app, true, false, &code))
        return code;
    enum nks_status status = nks_person_find(app->run->persons, app->operands[0], &person, &found, &app->run->fault);
    if (status == NKS_OK && !found)
        status = nks_fault_set(&app->run->fault, NKS_REFUSED, "NOT-FOUND",
                               "there is no person in force with that id; see nks keys person list");
    if (status == NKS_OK)
        status = is_spare(app->run, &person);
    if (status != NKS_OK)
        return app_result(app, status);
    end_preview(&person, preview);
    return ask(app, person.name, preview, false);
}
