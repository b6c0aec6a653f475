/* approve: the second person. Lists what waits; approves and does it, or declines. */
#include "authorize.h"

#include "stage/alarm.h"

#include <stdio.h>
#include <string.h>

typedef int (*act_fn)(struct nks_app *app, const struct nks_proposal *proposal, const char *path);

/* What can be proposed. */
static const struct {
    const char *act;
    bool with_file;
    act_fn fn;
} acts[] = {
    {"agreement import", true, import_approved},
    {"central import", true, import_approved},
    {"register import", true, import_approved},
    {"debt import", true, import_approved},
    {"keys signer import", true, signer_approved},
    {"keys signer end", false, signer_approved},
    {"keys person add", false, person_approved},
    {"keys person end", false, person_approved},
    {"replay", false, replay_approved},
    {"erase", false, erase_approved},
    {"reconcile", false, reconcile_approved},
    {"migrate", false, migrate_approved},
};
enum { ACTS = sizeof acts / sizeof acts[0] };

static size_t act_find(const char *act)
{
    size_t at = 0;
    while (at < ACTS && strcmp(acts[at].act, act) != 0)
        at++;
    return at;
}

/* ---- the list */

static void row(struct table *table, const struct nks_proposal *proposal)
{
    char reason[NKS_PROPOSAL_REASON];
    memcpy(reason, proposal->reason, sizeof reason);
    nks_name_mask(reason);
    table_number(table, proposal->id);
    table_text(table, nks_proposal_state_name((int)proposal->state));
    table_time(table, proposal->made);
    table_printf(table, "%s %s", proposal->act, proposal->arguments);
    table_text(table, proposal->preview);
    table_text(table, reason);
    table_text(table, proposal->proposer);
    table_text(table, proposal->approver);
}

static int list(struct nks_app *app)
{
    static const struct column columns[] = {{"proposal", "proposal", CELL_NUMBER},
                                            {"state", "state", CELL_TEXT},
                                            {"made", "made", CELL_TEXT},
                                            {"act", "what", CELL_TEXT},
                                            {"preview", "difference", CELL_TEXT},
                                            {"reason", "reason", CELL_TEXT},
                                            {"proposer", "proposed by", CELL_TEXT},
                                            {"approver", "decided by", CELL_TEXT}};
    static struct nks_proposal proposal;
    struct nks_run *run = app->run;
    enum nks_status status = NKS_OK;
    int64_t waiting = 0;
    struct table *table = table_begin(&app->out, "proposal", NULL, columns, sizeof columns / sizeof columns[0], false);
    for (int64_t id = 0; status == NKS_OK; id = proposal.id) {
        bool found = false;
        status = nks_proposal_next(run->persons, id, &proposal, &found, &run->fault);
        if (status != NKS_OK || !found)
            break;
        waiting += proposal.state == NKS_PROPOSAL_OPEN;
        if (proposal.state == NKS_PROPOSAL_OPEN || app->values[OPTION_ALL] != NULL)
            row(table, &proposal);
    }
    table_end(table);
    int code = app_result(app, status);
    return code == EXIT_DONE && waiting > 0 ? EXIT_PERSON : code;
}

/* ---- the decision */

/* What was proposed after the backup went with the home that was there. */
static enum nks_status not_there(struct nks_run *run, int64_t id)
{
    static struct nks_trail_link link;
    bool restored = false;
    NKS_TRY(nks_trail_next_of_action(run->trail, 0, NKS_TRAIL_RESTORE, 0, &link, &restored, &run->fault));
    return restored
               ? nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                               "there is no proposal %lld in this home; it was put back from a backup, and what was "
                               "proposed after that backup is to be proposed anew: see nks approve",
                               (long long)id)
               : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such proposal; see nks approve");
}

static enum nks_status load(struct nks_app *app, int64_t id, struct nks_proposal *proposal)
{
    struct nks_run *run = app->run;
    bool found = false;
    NKS_TRY(nks_proposal_load(run->persons, id, proposal, &found, &run->fault));
    return found ? NKS_OK : not_there(run, id);
}

/* Who proposed it must still be in force, with the key that signed it: else somebody else proposes it anew. */
static enum nks_status proposer_find(struct nks_app *app, const struct nks_proposal *proposal, struct nks_person *first)
{
    struct nks_run *run = app->run;
    char text[NKS_PROPOSAL_TEXT];
    size_t len = 0;
    bool found = false;
    NKS_TRY(nks_person_find(run->persons, proposal->proposer, first, &found, &run->fault));
    if (!found)
        return nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-ROLE",
                             "who proposed this is no operator any more: decline it, and let another propose it");
    if (!nks_proposal_text(proposal, text, &len) ||
        nks_person_key_verify(first->key, text, len, proposal->proposed, NULL) != NKS_OK)
        return nks_fault_set(&run->fault, NKS_REFUSED, "PERSON-KEY",
                             "proposal %lld is not signed by the key that its proposer has today: decline it, and let "
                             "it be proposed anew",
                             (long long)proposal->id);
    return NKS_OK;
}

static enum nks_status may_decide(struct nks_app *app, const struct nks_proposal *proposal,
                                  const struct nks_person *first, const struct nks_person *second)
{
    static const struct {
        const char *code, *line;
    } faults[] = {
        [NKS_SECOND_ROLE] = {"PERSON-ROLE", "this person is no approver"},
        [NKS_SECOND_SAME] = {"PERSON-SAME", "who proposed it cannot approve it: a second person with a key of its own"},
        [NKS_SECOND_STATE] = {"PROPOSAL-STATE", "this proposal is decided already"},
    };
    enum nks_second second_is = nks_second_person(proposal, first, second);
    return second_is == NKS_SECOND_GOOD
               ? NKS_OK
               : nks_fault_set(&app->run->fault, NKS_REFUSED, faults[second_is].code, "%s", faults[second_is].line);
}

/* The second signature, and what is checked before it. */
static enum nks_status decide(struct nks_app *app, struct nks_proposal *proposal, bool decline)
{
    struct nks_run *run = app->run;
    struct nks_person first, second;
    char text[NKS_PROPOSAL_TEXT];
    size_t len = 0;
    if (!decline) /* against it anybody may be, whatever became of who proposed it */
        NKS_TRY(proposer_find(app, proposal, &first));
    NKS_TRY(app_person(app, decline ? NKS_ROLE_ALL : NKS_ROLE_APPROVER, &second));
    if (!decline) /* who proposed may take it back */
        NKS_TRY(may_decide(app, proposal, &first, &second));
    memcpy(proposal->approver, second.name, sizeof proposal->approver);
    proposal->state = decline ? NKS_PROPOSAL_DECLINED : NKS_PROPOSAL_APPROVED;
    proposal->decided = run->now;
    if (!nks_proposal_decision_text(proposal, text, &len))
        return nks_fault_set(&run->fault, NKS_FAILED, "PROPOSAL-LONG", "a proposal does not fit");
    return app_person_sign(app, decline ? NKS_ROLE_ALL : NKS_ROLE_APPROVER, text, len, &second, proposal->approved);
}

enum nks_status act_decided(struct nks_run *run, const struct nks_proposal *proposal, struct nks_fault *fault)
{
    uint8_t about[NKS_HASH_SIZE];
    bool approved = proposal->state == NKS_PROPOSAL_APPROVED;
    const struct nks_trail_entry entry = {.action = approved ? NKS_TRAIL_APPROVE : NKS_TRAIL_DECLINE,
                                          .number = proposal->id,
                                          .who = proposal->proposer,
                                          .approver = proposal->approver,
                                          .reason = proposal->reason,
                                          .detail = proposal->act,
                                          .about = about,
                                          .at = proposal->decided};
    nks_act_about(proposal->act, proposal->arguments, proposal->content, about);
    NKS_TRY(nks_proposal_decide(run->persons, proposal, fault));
    return nks_trail_add(run->trail, &entry, fault);
}

struct deciding {
    struct nks_run *run;
    const struct nks_proposal *proposal;
};

static enum nks_status decided_body(void *context, struct nks_fault *fault)
{
    const struct deciding *deciding = context;
    return act_decided(deciding->run, deciding->proposal, fault);
}

static enum nks_status decided_store(struct nks_app *app, const struct nks_proposal *proposal)
{
    struct deciding deciding = {app->run, proposal};
    return nks_run_transact(app->run, decided_body, &deciding);
}

static enum nks_status is_open(struct nks_run *run, int64_t id, bool *open, struct nks_fault *fault)
{
    static struct nks_proposal now;
    bool found = false;
    NKS_TRY(nks_proposal_load(run->persons, id, &now, &found, fault));
    *open = found && now.state == NKS_PROPOSAL_OPEN;
    return NKS_OK;
}

/* With the first link of the act: it is done and marked, or neither. */
static enum nks_status decided_with(void *context, struct nks_fault *fault)
{
    const struct deciding *deciding = context;
    bool open = false;
    NKS_TRY(is_open(deciding->run, deciding->proposal->id, &open, fault));
    return open ? act_decided(deciding->run, deciding->proposal, fault) : NKS_OK;
}

/* An act that had nothing to change made no link: it is marked by itself. */
static enum nks_status decided_end(struct nks_app *app, const struct nks_proposal *proposal)
{
    bool open = false;
    NKS_TRY(is_open(app->run, proposal->id, &open, &app->run->fault));
    return open ? decided_store(app, proposal) : NKS_OK;
}

static int approve(struct nks_app *app, struct nks_proposal *proposal, size_t act, const char *path)
{
    static struct nks_trail_entry entry;
    static uint8_t about[NKS_HASH_SIZE];
    struct deciding deciding = {app->run, proposal};
    nks_act_about(proposal->act, proposal->arguments, proposal->content, about);
    entry = (struct nks_trail_entry){.action = acts[act].with_file ? NKS_TRAIL_IMPORT : NKS_TRAIL_PERSON,
                                     .who = proposal->proposer,
                                     .approver = proposal->approver,
                                     .reason = proposal->reason,
                                     .detail = proposal->act,
                                     .about = about};
    nks_trail_default(app->run->trail, &entry);
    nks_trail_with(app->run->trail, decided_with, &deciding);
    int code = acts[act].fn(app, proposal, path);
    nks_sys_point("approve.done");
    nks_trail_with(app->run->trail, NULL, NULL);
    return code == EXIT_DONE ? app_result(app, decided_end(app, proposal)) : code;
}

/* What was approved was done with that, or cut short: then it is proposed anew, and judged by what lies there now. */
static enum nks_status decided_already(struct nks_app *app, const struct nks_proposal *proposal)
{
    bool done = proposal->state == NKS_PROPOSAL_APPROVED;
    if (strcmp(proposal->act, "restore") == 0)
        return nks_fault_set(&app->run->fault, NKS_REFUSED, "PROPOSAL-STATE",
                             "proposal %lld is the restore of this home, decided by %s and %s; what had that number "
                             "before went with the home that was there: let it be proposed anew",
                             (long long)proposal->id, proposal->proposer, proposal->approver);
    return nks_fault_set(&app->run->fault, NKS_REFUSED, "PROPOSAL-STATE", "proposal %lld is %s already, by %s%s",
                         (long long)proposal->id, done ? "approved and done" : "declined", proposal->approver,
                         done ? ": see nks trail; if it was cut short, propose it anew" : "");
}

int command_approve(struct nks_app *app)
{
    static struct nks_proposal proposal;
    uint64_t id = 0;
    int code = EXIT_DONE;
    bool decline = app->values[OPTION_DECLINE] != NULL, lists = app->operand_count == 0;
    if (!lists && (!nks_text_number(nks_text_from(app->operands[0]), INT64_MAX, &id) || id == 0))
        return app_usage(app, "approve needs the number of a proposal");
    app->clearing = !lists; /* as in reconcile, which waits for its second person here */
    if (!app_open(app, !lists, lists, &code))
        return code;
    if (lists)
        return list(app);
    enum nks_status status = load(app, (int64_t)id, &proposal);
    if (status == NKS_OK && (decline || strcmp(proposal.act, "reconcile") != 0 || proposal.arguments[0] != '\0'))
        status = nks_alarm_check(app->run->home, &app->run->fault);
    if (status != NKS_OK)
        return app_result(app, status);
    if (proposal.state != NKS_PROPOSAL_OPEN)
        return app_result(app, decided_already(app, &proposal));
    size_t act = act_find(proposal.act);
    if (act == ACTS)
        return app_result(app, nks_fault_set(&app->run->fault, NKS_FAILED, "PROPOSAL-STATE",
                                             "this program does not know what is proposed: use a newer nks"));
    if (!decline && acts[act].with_file != (app->operand_count == 2))
        return app_usage(app,
                         acts[act].with_file ? "this proposal is about a file: nks approve %llu F"
                                             : "proposal %llu is about no file",
                         (unsigned long long)id);
    status = decide(app, &proposal, decline);
    if (status != NKS_OK)
        return app_result(app, status);
    return decline ? app_result(app, decided_store(app, &proposal))
                   : approve(app, &proposal, act, acts[act].with_file ? app->operands[1] : NULL);
}
