/*
 * Persons and proposals, against the trail: nobody was put in, taken out or brought back but by an act that is
 * recorded, and what was proposed and decided was signed by these persons.
 */
#include "audit.h"

#include "person/person.h"
#include "trail/trail.h"

#include <stdlib.h>
#include <string.h>

enum { PERSONS_MAX = 10000 };

struct people {
    struct nks_persons *persons;
    struct audit_events events;
    struct nks_person *list;
    size_t count;
};

/* ---- persons */

static void person_check(struct audit *audit, struct people *people, const struct nks_person *person)
{
    struct audit_events *events = &people->events;
    int64_t acts = audit_events_of(events, NKS_TRAIL_PERSON, person->id), due = 1 + (person->ended != 0);
    if (!audit_event_at(events, NKS_TRAIL_PERSON, person->id, person->since))
        audit_find(audit, "the trail does not say that this person was added");
    else if (person->ended != 0 && !audit_event_at(events, NKS_TRAIL_PERSON, person->id, person->ended))
        audit_find(audit, "the trail does not say that this person ended");
    else if (acts != due)
        audit_find(audit, "the trail has %lld acts about this person, the row tells of %lld", (long long)acts,
                   (long long)due);
}

static enum nks_status persons_check(struct audit *audit, struct people *people)
{
    struct nks_person person = {.id = 0};
    for (int64_t expected = 1;; expected = person.id + 1) {
        bool found = false;
        enum nks_status status = nks_person_next(people->persons, person.id, &person, &found, &audit->fault);
        audit_at(audit, "person %lld", (long long)person.id);
        bool damaged = status == NKS_INTEGRITY;
        NKS_TRY(audit_take_fault(audit, status));
        if (!damaged && !found)
            return NKS_OK;
        audit_looked(audit);
        if (person.id != expected)
            audit_find(audit, "the row before it is missing: %lld", (long long)expected);
        if (damaged)
            (void)audit_events_of(&people->events, NKS_TRAIL_PERSON, person.id); /* told already */
        else
            person_check(audit, people, &person);
        if (!damaged && people->count < PERSONS_MAX)
            people->list[people->count++] = person;
    }
}

/* Who had that short id then. */
static const struct nks_person *person_then(const struct people *people, const char *name, nks_time at)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct nks_person *person = &people->list[i];
        if (strcmp(person->name, name) == 0 && person->since <= at && (person->ended == 0 || person->ended >= at))
            return person;
    }
    return NULL;
}

/* ---- proposals */

static void signed_by(struct audit *audit, const struct people *people, const char *name, nks_time at, const char *text,
                      size_t len, const uint8_t signature[NKS_SIGNATURE_SIZE], const char *what)
{
    const struct nks_person *person = person_then(people, name, at);
    enum nks_status status =
        person == NULL ? NKS_REFUSED : nks_person_key_verify(person->key, text, len, signature, &audit->fault);
    nks_fault_clear(&audit->fault);
    if (status != NKS_OK)
        audit_find(audit, "it was not %s by a person of that id and key", what);
}

static void signatures_check(struct audit *audit, const struct people *people, const struct nks_proposal *proposal)
{
    static char text[NKS_PROPOSAL_TEXT];
    size_t len = 0;
    if (!nks_proposal_text(proposal, text, &len))
        audit_find(audit, "what was signed does not fit");
    else
        signed_by(audit, people, proposal->proposer, proposal->made, text, len, proposal->proposed, "proposed");
    if (proposal->state != NKS_PROPOSAL_OPEN && nks_proposal_decision_text(proposal, text, &len))
        signed_by(audit, people, proposal->approver, proposal->decided, text, len, proposal->approved, "decided");
}

/* A restore puts its proposal into the home that it restored, with a link of its own. */
static bool is_of_restore(const struct people *people, const struct nks_proposal *proposal)
{
    return strcmp(proposal->act, "restore") == 0 &&
           audit_event_at(&people->events, NKS_TRAIL_RESTORE, -1, proposal->decided);
}

static void proposal_check(struct audit *audit, struct people *people, const struct nks_proposal *proposal)
{
    static const int decisions[] = {
        [NKS_PROPOSAL_APPROVED] = NKS_TRAIL_APPROVE, [NKS_PROPOSAL_DECLINED] = NKS_TRAIL_DECLINE};
    struct audit_events *events = &people->events;
    int64_t proposed = audit_events_of(events, NKS_TRAIL_PROPOSE, proposal->id);
    int64_t decided = audit_events_of(events, NKS_TRAIL_APPROVE, proposal->id) +
                      audit_events_of(events, NKS_TRAIL_DECLINE, proposal->id);
    bool open = proposal->state == NKS_PROPOSAL_OPEN, restored = proposed == 0 && is_of_restore(people, proposal);
    bool known = open || proposal->state == NKS_PROPOSAL_APPROVED || proposal->state == NKS_PROPOSAL_DECLINED;
    if (!known)
        audit_find(audit, "state %d is none", (int)proposal->state);
    else if (!restored && (proposed != 1 || !audit_event_at(events, NKS_TRAIL_PROPOSE, proposal->id, proposal->made)))
        audit_find(audit, "the trail does not say that this was proposed");
    else if (!restored && (decided != !open || (!open && !audit_event_at(events, decisions[proposal->state],
                                                                         proposal->id, proposal->decided))))
        audit_find(audit, "%s, but the trail has another decision", nks_proposal_state_name((int)proposal->state));
    if (known)
        signatures_check(audit, people, proposal);
}

static enum nks_status proposals_check(struct audit *audit, struct people *people)
{
    static struct nks_proposal proposal;
    proposal.id = 0;
    for (int64_t expected = 1;; expected = proposal.id + 1) {
        bool found = false;
        enum nks_status status = nks_proposal_next(people->persons, proposal.id, &proposal, &found, &audit->fault);
        audit_at(audit, "proposal %lld", (long long)proposal.id);
        bool damaged = status == NKS_INTEGRITY;
        NKS_TRY(audit_take_fault(audit, status));
        if (!damaged && !found)
            return NKS_OK;
        audit_looked(audit);
        if (proposal.id != expected)
            audit_find(audit, "the row before it is missing: %lld", (long long)expected);
        if (!damaged)
            proposal_check(audit, people, &proposal);
        for (int action = NKS_TRAIL_PROPOSE; damaged && action <= NKS_TRAIL_DECLINE; action++)
            (void)audit_events_of(&people->events, action, proposal.id); /* told already */
    }
}

/* Acts in the trail that no row tells of: the row was taken out. */
static void strays_find(struct audit *audit, const struct people *people)
{
    for (size_t i = 0; i < people->events.count; i++) {
        const struct audit_event *event = &people->events.list[i];
        if (event->used || event->action < NKS_TRAIL_PERSON || event->number == 0)
            continue;
        audit_at(audit, "%s %lld", event->action == NKS_TRAIL_PERSON ? "person" : "proposal", (long long)event->number);
        audit_find(audit, "the trail says %s (link %lld), but there is no such row",
                   nks_trail_action_name((int)event->action), (long long)event->link);
    }
}

enum nks_status audit_check_persons(struct audit *audit)
{
    struct people people = {.list = calloc(PERSONS_MAX, sizeof(struct nks_person))};
    enum nks_status status = people.list != NULL
                                 ? nks_persons_open(audit->db, audit->keys, &people.persons, &audit->fault)
                                 : nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the persons");
    if (status == NKS_OK)
        status = audit_events_read(audit, &people.events);
    if (status == NKS_OK)
        status = persons_check(audit, &people);
    if (status == NKS_OK)
        status = proposals_check(audit, &people);
    if (status == NKS_OK)
        strays_find(audit, &people);
    audit_events_free(&people.events);
    nks_persons_close(people.persons);
    free(people.list);
    return status;
}
