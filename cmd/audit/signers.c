/*
 * Pinned certificates, and the signatures that came with deliveries: each row decrypts where it stands, and the trail
 * says that it is there. A signer that was taken out or brought back would let another one's files in; a signature that
 * was taken away would make an unsigned file of a signed one.
 */
#include "audit.h"

#include "exchange/signer.h"
#include "trail/trail.h"

#include <string.h>

/* ---- signers */

static void signer_check(struct audit *audit, struct audit_events *events, int64_t number, int64_t versions)
{
    int64_t acts = audit_events_of(events, NKS_TRAIL_SIGNER, number);
    audit_at(audit, "signer number %lld", (long long)number);
    if (acts != versions)
        audit_find(audit, "the trail has %lld acts about it, %lld versions are there", (long long)acts,
                   (long long)versions);
}

static enum nks_status signers_check(struct audit *audit, struct audit_events *events)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_signers, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        int64_t number = nks_column_int(stmt, 0), versions = nks_column_int(stmt, 1);
        audit->looked += versions;
        signer_check(audit, events, number, versions);
        if (nks_column_int(stmt, 2) != 1 || nks_column_int(stmt, 3) != versions)
            audit_find(audit, "its versions are not 1 to %lld: one is missing or was changed", (long long)versions);
    }
    for (size_t i = 0; i < events->count; i++) {
        if (events->list[i].action == NKS_TRAIL_SIGNER && !events->list[i].used)
            signer_check(audit, events, events->list[i].number, 0);
    }
    return NKS_OK;
}

static enum nks_status signer_rows_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_signer_rows, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        int64_t id = nks_column_int(stmt, 0);
        audit_at(audit, "signer %lld", (long long)id);
        NKS_TRY(audit_take_fault(audit, nks_signer_row_check(audit->exchange, id, nks_column_int(stmt, 1),
                                                             nks_column_int(stmt, 2), nks_column_bytes(stmt, 3),
                                                             &audit->fault)));
    }
}

/* ---- signatures of deliveries */

static enum nks_status rows_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_delivery_signatures, &stmt, &audit->fault));
    for (bool row = true;;) {
        struct nks_delivery_signature signature;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        int64_t id = nks_column_int(stmt, 0);
        audit_looked(audit);
        audit_at(audit, "delivery_signature %lld", (long long)id);
        if (nks_column_int(stmt, 1) == 0)
            audit_find(audit, "there is no such delivery");
        NKS_TRY(audit_take_fault(audit, nks_delivery_signature_load(audit->exchange, id, &signature, &audit->fault)));
    }
}

/* The link of a delivery that came with a signature says so. */
static enum nks_status missing_find(struct audit *audit, struct nks_trail *trail)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_receive_unsigned, &stmt, &audit->fault));
    for (bool row = true;;) {
        static struct nks_trail_link link;
        bool found = false;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        enum nks_status status = nks_trail_next(trail, 0, nks_column_int(stmt, 0) - 1, &link, &found, &audit->fault);
        if (status == NKS_INTEGRITY) { /* told with its chain */
            nks_fault_clear(&audit->fault);
            continue;
        }
        NKS_TRY(status);
        audit_at(audit, "delivery_signature %lld", (long long)link.number);
        if (found && strcmp(link.detail, NKS_TRAIL_SIGNED) == 0)
            audit_find(audit, "the row is missing: the delivery came with a signature");
    }
}

enum nks_status audit_check_signers(struct audit *audit)
{
    struct audit_events events;
    struct nks_trail *trail = NULL;
    enum nks_status status = audit_events_read(audit, &events);
    if (status == NKS_OK)
        status = signers_check(audit, &events);
    audit_events_free(&events);
    if (status == NKS_OK)
        status = signer_rows_check(audit);
    if (status == NKS_OK)
        status = rows_check(audit);
    if (status == NKS_OK)
        status = nks_trail_open(audit->db, audit->keys, 0, "nks-audit", &trail, &audit->fault);
    if (status == NKS_OK)
        status = missing_find(audit, trail);
    nks_trail_close(trail);
    return status;
}
