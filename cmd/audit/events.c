/* What the home's own chain of the trail says of persons, proposals and signers: instants by action and number. */
#include "audit.h"

#include <stdlib.h>

enum { EVENTS_MAX = 1000000, EVENTS_FIRST = 256 };

static bool grow(struct audit_events *events)
{
    if (events->count < events->room)
        return true;
    size_t room = events->room == 0 ? EVENTS_FIRST : 2 * events->room;
    struct audit_event *list = room > EVENTS_MAX ? NULL : realloc(events->list, room * sizeof list[0]);
    if (list == NULL)
        return false;
    events->list = list;
    events->room = room;
    return true;
}

enum nks_status audit_events_read(struct audit *audit, struct audit_events *events)
{
    struct nks_stmt *stmt = NULL;
    *events = (struct audit_events){NULL, 0, 0};
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_events, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        if (!grow(events)) {
            nks_stmt_end(stmt);
            return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the acts in the trail");
        }
        events->list[events->count++] = (struct audit_event){
            .action = nks_column_int(stmt, 0),
            .number = nks_column_int(stmt, 1),
            .at = nks_column_int(stmt, 2),
            .link = nks_column_int(stmt, 3),
        };
    }
}

void audit_events_free(struct audit_events *events)
{
    free(events->list);
    *events = (struct audit_events){NULL, 0, 0};
}

int64_t audit_events_of(struct audit_events *events, int action, int64_t number)
{
    int64_t count = 0;
    for (size_t i = 0; i < events->count; i++) {
        struct audit_event *event = &events->list[i];
        if (event->action != action || event->number != number)
            continue;
        event->used = true;
        count++;
    }
    return count;
}

bool audit_event_at(const struct audit_events *events, int action, int64_t number, nks_time at)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct audit_event *event = &events->list[i];
        if (event->action == action && (event->number == number || number < 0) && event->at == at)
            return true;
    }
    return false;
}
