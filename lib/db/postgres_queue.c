/* Commands on their way to the server: many are sent, then their answers are read together. */
#include "db/postgres_private.h"
#include "base/fault_point.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { CUT_WAIT_MS = 10000 };

/* In test builds the failure that was asked for. */
static enum nks_status asked_for(const char *name, struct nks_fault *fault)
{
    if (!nks_fault_point(true))
        return NKS_OK;
    return errno == EDEADLK
               ? nks_fault_set(fault, NKS_RETRY, "DB-CONFLICT", "%s: another transaction came between", name)
           : errno == ENOSPC ? nks_fault_set(fault, NKS_RETRY, "DB-FULL", "%s: the disk of the server is full", name)
           : errno == ENOMEM ? nks_fault_set(fault, NKS_RETRY, "MEMORY", "%s: there is no memory left", name)
           : errno == EACCES ? nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION", "%s: the role has no right", name)
                             : nks_fault_set(fault, NKS_RETRY, "DB-IO", "%s: the server's disk did not obey", name);
}

/* In test builds the connection ends where that was asked for: here, or behind the command that comes now. */
static enum nks_status cut_before(struct pg *db, const char *name, struct nks_fault *fault)
{
    enum nks_fault_cut cut = nks_fault_cut(strcmp(name, "commit") == 0);
    if (cut == NKS_FAULT_CUT_BEFORE)
        (void)shutdown(PQsocket(db->conn), SHUT_RDWR);
    if (cut != NKS_FAULT_CUT_AFTER)
        return NKS_OK;
    db->cut_next = true;
    return nks_pg_sync(db, fault); /* so that the next answer is that of the command alone */
}

/* The server has done it and says so, and nobody hears. */
static void cut_behind(struct pg *db)
{
    struct pollfd answer = {.fd = PQsocket(db->conn), .events = POLLIN};
    char unheard[4096];
    if (!db->cut_next)
        return;
    db->cut_next = false;
    if (PQsendFlushRequest(db->conn) == 1 && PQflush(db->conn) == 0)
        (void)poll(&answer, 1, CUT_WAIT_MS);
    (void)shutdown(answer.fd, SHUT_RDWR);
    while (recv(answer.fd, unheard, sizeof unheard, 0) > 0) { /* what came is still there to be read */
    }
}

enum nks_status nks_pg_ready(struct pg *db, const char *name, struct nks_fault *fault)
{
    NKS_TRY(asked_for(name, fault));
    NKS_TRY(cut_before(db, name, fault));
    if (PQstatus(db->conn) != CONNECTION_OK)
        return nks_pg_lost(name, fault);
    return db->sent_count < PG_QUEUE_MAX ? NKS_OK : nks_pg_sync(db, fault);
}

enum nks_status nks_pg_sent(struct pg *db, int good, struct pg_sent sent, struct nks_fault *fault)
{
    if (good != 1)
        return nks_pg_lost(sent.name, fault);
    db->sent[db->sent_count++] = sent;
    cut_behind(db);
    return NKS_OK;
}

enum nks_status nks_pg_send(struct pg *db, const char *name, const char *text, PGresult **keep, struct nks_fault *fault)
{
    NKS_TRY(nks_pg_ready(db, name, fault));
    return nks_pg_sent(db, PQsendQueryParams(db->conn, text, 0, NULL, NULL, NULL, NULL, 1),
                       (struct pg_sent){.name = name, .has_values = true, .keep = keep}, fault);
}

static int64_t rows_changed(PGresult *result)
{
    uint64_t rows = 0;
    return nks_text_number(nks_text_from(PQcmdTuples(result)), INT64_MAX, &rows) ? (int64_t)rows : 0;
}

/* Takes one result of a command; it is kept or freed. */
static enum nks_status take(struct pg *db, const struct pg_sent *sent, PGresult *result, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    ExecStatusType kind = PQresultStatus(result);
    if (sent->done != NULL)
        *sent->done = kind == PGRES_COMMAND_OK;
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
        if (sent->counts)
            db->changes += rows_changed(result);
        if (sent->keep != NULL) {
            *sent->keep = result;
            return NKS_OK;
        }
    } else if (kind != PGRES_PIPELINE_ABORTED) { /* that one: because of an error before it */
        status = nks_pg_fail(result, sent->name, sent->has_values, fault);
    }
    PQclear(result);
    return status;
}

/* The results of one command end with a NULL. */
static enum nks_status answer(struct pg *db, const struct pg_sent *sent, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    for (PGresult *result; (result = PQgetResult(db->conn)) != NULL;) { /* ends: a broken connection gives NULL, too */
        enum nks_status now = take(db, sent, result, fault);
        if (status == NKS_OK)
            status = now;
        if (PQstatus(db->conn) != CONNECTION_OK)
            break;
    }
    return status;
}

enum nks_status nks_pg_sync(struct pg *db, struct nks_fault *fault)
{
    if (db->sent_count == 0)
        return NKS_OK;
    enum nks_status status = NKS_OK;
    const char *name = db->sent[db->sent_count - 1].name;
    if (PQpipelineSync(db->conn) != 1)
        status = nks_pg_lost(name, fault);
    for (int i = 0; i < db->sent_count && PQstatus(db->conn) == CONNECTION_OK; i++) {
        enum nks_status now = answer(db, &db->sent[i], status == NKS_OK ? fault : NULL);
        if (status == NKS_OK)
            status = now;
    }
    db->sent_count = 0;
    if (PQstatus(db->conn) == CONNECTION_OK)
        PQclear(PQgetResult(db->conn)); /* the sync's own */
    else if (status == NKS_OK)
        status = nks_pg_lost(name, fault);
    return status;
}

enum nks_status nks_pg_simple(struct pg *db, const char *name, const char *text, struct nks_fault *fault)
{
    NKS_TRY(nks_pg_ready(db, name, fault));
    NKS_TRY(nks_pg_sync(db, fault));
    if (PQexitPipelineMode(db->conn) != 1)
        return nks_pg_lost(name, fault);
    PGresult *result = PQexec(db->conn, text);
    ExecStatusType kind = PQresultStatus(result);
    enum nks_status status = kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_EMPTY_QUERY
                                 ? NKS_OK
                                 : nks_pg_fail(result, name, false, fault);
    PQclear(result);
    if (PQenterPipelineMode(db->conn) != 1 && status == NKS_OK)
        status = nks_pg_lost(name, fault);
    return status;
}
