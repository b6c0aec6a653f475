/* One person asks; what needs a second one becomes a proposal. */
#include "authorize.h"

#include <stdio.h>
#include <string.h>

bool app_persons_asked(const struct nks_app *app)
{
    return app->run->conf.persons_required || app->values[OPTION_PERSON] != NULL;
}

static enum nks_status needed(struct nks_app *app, const char *what)
{
    return nks_fault_set(&app->run->fault, NKS_FAILED, "PERSON-NEEDED", "this home asks who does this: give %s", what);
}

enum nks_status app_person(struct nks_app *app, int role, struct nks_person *person)
{
    const char *name = app->values[OPTION_PERSON];
    char roles[NKS_ROLES_TEXT];
    bool found = false;
    if (name == NULL)
        return needed(app, "--person ID and --person-key FILE");
    NKS_TRY(nks_person_find(app->run->persons, name, person, &found, &app->run->fault));
    nks_roles_format(role, roles);
    if (!found || (person->roles & role) == 0)
        return nks_fault_set(&app->run->fault, NKS_FAILED, "PERSON-ROLE",
                             "there is no person in force with that id and the role %s; see nks keys person list",
                             roles);
    return NKS_OK;
}

enum nks_status app_person_sign(struct nks_app *app, int role, const void *message, size_t len,
                                struct nks_person *person, uint8_t signature[NKS_SIGNATURE_SIZE])
{
    struct nks_fault *fault = &app->run->fault;
    uint8_t key[NKS_PERSON_KEY_SIZE];
    NKS_TRY(app_person(app, role, person));
    if (app->values[OPTION_PERSON_KEY] == NULL)
        return needed(app, "--person-key FILE");
    NKS_TRY(nks_person_key_sign(app->values[OPTION_PERSON_KEY], message, len, signature, key, fault));
    if (memcmp(key, person->key, sizeof key) != 0)
        return nks_fault_set(fault, NKS_FAILED, "PERSON-KEY", "the key is not the one of that person");
    return nks_person_key_verify(person->key, message, len, signature, fault);
}

static enum nks_status propose(struct nks_app *app, const struct act_asked *asked, struct nks_proposal *proposal,
                               struct nks_person *person)
{
    struct nks_run *run = app->run;
    char text[NKS_PROPOSAL_TEXT];
    size_t len = 0;
    const char *reason = app->values[OPTION_REASON];
    if (reason == NULL || reason[0] == '\0')
        return needed(app, "--reason TEXT too");
    NKS_TRY(app_person(app, NKS_ROLE_OPERATOR, person));
    *proposal = (struct nks_proposal){.state = NKS_PROPOSAL_OPEN, .made = run->now};
    bool fits = nks_text_copy(nks_text_from(asked->act), proposal->act, sizeof proposal->act) &&
                nks_text_copy(nks_text_from(asked->arguments), proposal->arguments, sizeof proposal->arguments) &&
                nks_text_copy(nks_text_from(reason), proposal->reason, sizeof proposal->reason) &&
                nks_text_copy(nks_text_from(asked->preview), proposal->preview, sizeof proposal->preview) &&
                nks_text_copy(nks_text_from(person->name), proposal->proposer, sizeof proposal->proposer);
    if (asked->content != NULL)
        memcpy(proposal->content, asked->content, sizeof proposal->content);
    if (!fits || !nks_proposal_text(proposal, text, &len))
        return nks_fault_set(&run->fault, NKS_REFUSED, "PROPOSAL-LONG", "what is proposed is too long: shorten it");
    return app_person_sign(app, NKS_ROLE_OPERATOR, text, len, person, proposal->proposed);
}

struct proposing {
    struct nks_run *run;
    struct nks_proposal *proposal;
};

static enum nks_status store_body(void *context, struct nks_fault *fault)
{
    struct nks_run *run = ((const struct proposing *)context)->run;
    struct nks_proposal *proposal = ((const struct proposing *)context)->proposal;
    uint8_t about[NKS_HASH_SIZE];
    nks_act_about(proposal->act, proposal->arguments, proposal->content, about);
    NKS_TRY(nks_proposal_add(run->persons, proposal, fault));
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_PROPOSE,
                                          .number = proposal->id,
                                          .who = proposal->proposer,
                                          .reason = proposal->reason,
                                          .detail = proposal->act,
                                          .about = about};
    return nks_trail_add(run->trail, &entry, fault);
}

static enum nks_status store(struct nks_app *app, struct nks_proposal *proposal)
{
    struct proposing proposing = {app->run, proposal};
    return nks_run_transact(app->run, store_body, &proposing);
}

static void present(struct nks_app *app, const struct nks_proposal *proposal)
{
    static const struct column columns[] = {{"proposal", "proposal", CELL_NUMBER},
                                            {"act", "what", CELL_TEXT},
                                            {"preview", "difference", CELL_TEXT},
                                            {"next", "next", CELL_TEXT}};
    struct table *table = table_begin(&app->out, "proposal", "Waits for a second person", columns,
                                      sizeof columns / sizeof columns[0], true);
    static const uint8_t none[NKS_HASH_SIZE];
    bool with_file = memcmp(proposal->content, none, sizeof none) != 0;
    table_number(table, proposal->id);
    table_printf(table, "%s %s", proposal->act, proposal->arguments);
    table_text(table, proposal->preview);
    table_printf(table, "nks approve %lld%s --person ID --person-key FILE", (long long)proposal->id,
                 with_file ? " F" : "");
    table_end(table);
}

static const char small_words[] = "below the limit for one person, rows: ";

enum nks_status app_small_today(struct nks_run *run, int64_t *changes)
{
    static struct nks_trail_link link;
    *changes = 0;
    for (int64_t after = 0;; after = link.link) {
        bool found = false;
        NKS_TRY(nks_trail_next_of_action(run->trail, 0, NKS_TRAIL_IMPORT, after, &link, &found, &run->fault));
        if (!found)
            return NKS_OK;
        uint64_t rows = 0;
        if (strncmp(link.detail, small_words, sizeof small_words - 1) == 0 &&
            nks_copenhagen_date(link.at) == run->today &&
            nks_text_number(nks_text_from(link.detail + sizeof small_words - 1), INT32_MAX, &rows))
            *changes += (int64_t)rows;
    }
}

bool app_authorize(struct nks_app *app, const struct act_asked *asked, int *exit_code)
{
    static struct nks_proposal proposal; /* the trail's entry points into it */
    static struct nks_person person;
    static struct nks_trail_entry entry;
    static uint8_t about[NKS_HASH_SIZE];
    static char detail[NKS_TRAIL_DETAIL_MAX];
    *exit_code = EXIT_DONE;
    if (!app_persons_asked(app))
        return true;
    enum nks_status status = propose(app, asked, &proposal, &person);
    if (status == NKS_OK && asked->small) {
        nks_act_about(proposal.act, proposal.arguments, proposal.content, about);
        snprintf(detail, sizeof detail, "%s%lld", small_words, (long long)asked->changes);
        entry = (struct nks_trail_entry){.action = NKS_TRAIL_IMPORT,
                                         .who = proposal.proposer,
                                         .reason = proposal.reason,
                                         .detail = detail,
                                         .about = about};
        nks_trail_default(app->run->trail, &entry);
        return true;
    }
    if (status == NKS_OK)
        status = store(app, &proposal);
    *exit_code = app_result(app, status);
    if (status == NKS_OK) {
        present(app, &proposal);
        *exit_code = EXIT_PERSON;
    }
    return false;
}

enum nks_status act_still_signed(const struct nks_proposal *proposal, const char *preview, struct nks_fault *fault)
{
    return strcmp(preview, proposal->preview) == 0
               ? NKS_OK
               : nks_fault_set(
                     fault, NKS_REFUSED, "DIFFERENCE-CHANGED",
                     "proposal %lld was signed for \"%s\", and now it would be \"%s\": decline it, and let it be "
                     "proposed anew",
                     (long long)proposal->id, proposal->preview, preview);
}

/* ---- one person alone */

/* "12 5", "file 2026-12-07": what was asked, without reason and person. */
static enum nks_status arguments_of(struct nks_app *app, char out[NKS_PROPOSAL_TEXT])
{
    static const enum option said[] = {OPTION_FROM, OPTION_OUT};
    struct nks_buf buf;
    nks_buf_init(&buf, out, NKS_PROPOSAL_TEXT - 1);
    for (int i = 0; i < app->operand_count; i++) {
        nks_buf_str(&buf, i > 0 ? " " : "");
        nks_buf_str(&buf, app->operands[i]);
    }
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        const char *value = app->values[said[i]];
        nks_buf_str(&buf, value != NULL ? " " : "");
        nks_buf_str(&buf, value != NULL ? value : "");
    }
    out[buf.len] = '\0';
    return buf.overflow
               ? nks_fault_set(&app->run->fault, NKS_REFUSED, "PROPOSAL-LONG", "what is asked is too long: shorten it")
               : NKS_OK;
}

static enum nks_status by_person(struct nks_app *app, struct nks_person *person, uint8_t about[NKS_HASH_SIZE])
{
    char arguments[NKS_PROPOSAL_TEXT], text[NKS_PROPOSAL_TEXT + 128];
    uint8_t signature[NKS_SIGNATURE_SIZE];
    NKS_TRY(arguments_of(app, arguments));
    nks_act_about(app->command->name, arguments, NULL, about);
    if (!app_persons_asked(app))
        return NKS_OK;
    int len = snprintf(text, sizeof text, "nks by hand 1 %s %s", app->command->name, arguments);
    return app_person_sign(app, NKS_ROLE_OPERATOR, text, (size_t)len, person, signature);
}

bool app_by_person(struct nks_app *app, int *exit_code)
{
    static struct nks_person person; /* the trail's entry points into it */
    static uint8_t about[NKS_HASH_SIZE];
    static struct nks_trail_entry entry;
    person = (struct nks_person){.id = 0};
    *exit_code = app_result(app, by_person(app, &person, about));
    if (*exit_code != EXIT_DONE)
        return false;
    entry = (struct nks_trail_entry){.action = NKS_TRAIL_COMMIT,
                                     .who = person.id != 0 ? person.name : NULL,
                                     .reason = app->values[OPTION_REASON],
                                     .detail = app->command->name,
                                     .about = about};
    nks_trail_default(app->run->trail, &entry);
    return true;
}
