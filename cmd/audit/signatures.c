/*
 * Signatures. What a slice's signature speaks of, written down here a second time:
 *
 *   SHA-256 over 64-bit little-endian integers and one hash, in this order: slice id, generation, number of payments,
 *   number of legs; the SHA-256 of the decisions as stored (encrypted); then per leg, by n and leg_no: n, generation,
 *   leg_no, kind, amount_minor, central. The signature is Ed25519 over these 32 bytes.
 *
 * State, reason and file of a leg change later and are not in it.
 */
#include "audit.h"

#include <string.h>

enum { HEAD_INTS = 4, LEG_INTS = 6 };

static void hash_ints(struct nks_hash *hash, const int64_t *values, size_t count)
{
    uint8_t bytes[LEG_INTS * 8];
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)((uint64_t)values[i] >> (8 * b));
    }
    nks_hash_add(hash, bytes, 8 * count);
}

/* False: there are none. */
static enum nks_status decision_hash(struct audit *audit, const struct audit_slice *slice, uint8_t out[NKS_HASH_SIZE],
                                     bool *found)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_decision, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_one(stmt, found, &audit->fault));
    if (*found) {
        struct nks_text stored = nks_column_bytes(stmt, 0);
        if (stored.len == NKS_HASH_SIZE) /* erased: its hash is in its place */
            memcpy(out, stored.ptr, NKS_HASH_SIZE);
        else
            nks_hash_once(stored.ptr, stored.len, out);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status legs_hash(struct audit *audit, const struct audit_slice *slice,
                                 const uint8_t decisions[NKS_HASH_SIZE], uint8_t out[NKS_HASH_SIZE])
{
    const int64_t head[HEAD_INTS] = {slice->id, slice->generation, slice->payments, slice->legs};
    struct nks_stmt *stmt = NULL;
    nks_hash_reset(audit->hash);
    hash_ints(audit->hash, head, HEAD_INTS);
    nks_hash_add(audit->hash, decisions, NKS_HASH_SIZE);
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_signed_legs, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    for (bool row = true;;) {
        int64_t leg[LEG_INTS];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        for (int i = 0; i < LEG_INTS; i++)
            leg[i] = nks_column_int(stmt, i);
        hash_ints(audit->hash, leg, LEG_INTS);
    }
    nks_hash_end(audit->hash, out);
    return NKS_OK;
}

static enum nks_status signature_check(struct audit *audit, const struct audit_slice *slice)
{
    uint8_t decisions[NKS_HASH_SIZE], hash[NKS_HASH_SIZE];
    bool found = false;
    audit_at(audit, "slice slice_id %lld", (long long)slice->id);
    if (slice->hash_len != NKS_HASH_SIZE || slice->signature_len != NKS_SIGNATURE_SIZE) {
        audit_find(audit, "it has legs but no signature over them");
        return NKS_OK;
    }
    NKS_TRY(decision_hash(audit, slice, decisions, &found));
    if (!found) {
        audit_find(audit, "the decisions that were signed are missing from slice_decision");
        return NKS_OK;
    }
    NKS_TRY(legs_hash(audit, slice, decisions, hash));
    if (memcmp(hash, slice->legs_hash, sizeof hash) != 0)
        audit_find(audit, "its rows of leg and slice_decision are not those that were hashed (legs_hash)");
    return audit_take_fault(
        audit, nks_sign_verify(audit->keys, slice->legs_hash, NKS_HASH_SIZE, slice->signature, &audit->fault));
}

/* ---- decisions against rows, with the secret keys */

/* The legs decided, in the order of the rows: each must have its row, and each row its decision. */
static void leg_compare(struct audit *audit, const struct audit_slice *slice, struct nks_stmt *stmt,
                        const struct nks_leg *decided)
{
    int64_t row[LEG_INTS];
    for (int i = 0; i < LEG_INTS; i++)
        row[i] = nks_column_int(stmt, i);
    audit_at_leg(audit, slice->id, row[0], row[1], row[2]);
    if (decided == NULL || decided->n != row[0] || decided->leg_no != row[2])
        audit_find(audit, "it stands in no decision at this place: a leg is missing or was added");
    else if (decided->kind != row[3])
        audit_find(audit, "kind is %lld, decided was %d", (long long)row[3], (int)decided->kind);
    else if (decided->amount_minor != row[4])
        audit_find(audit, "amount_minor is %lld, decided was %lld", (long long)row[4],
                   (long long)decided->amount_minor);
    else if (decided->central != row[5])
        audit_find(audit, "central is %lld, decided was %lld", (long long)row[5], (long long)decided->central);
}

static bool same_leg(struct nks_stmt *stmt, const struct nks_leg *decided)
{
    return decided->n == nks_column_int(stmt, 0) && decided->leg_no == nks_column_int(stmt, 2);
}

static bool earlier_leg(struct nks_stmt *stmt, const struct nks_leg *decided)
{
    int64_t n = nks_column_int(stmt, 0);
    return decided->n < n || (decided->n == n && decided->leg_no < nks_column_int(stmt, 2));
}

static void leg_missing(struct audit *audit, const struct audit_slice *slice, const struct nks_leg *decided)
{
    audit_at_leg(audit, slice->id, decided->n, slice->generation, decided->leg_no);
    audit_find(audit, "the row is missing, it was decided");
}

static enum nks_status legs_compare(struct audit *audit, const struct audit_slice *slice)
{
    const struct nks_slice *decided = audit->slice;
    struct nks_stmt *stmt = NULL;
    size_t at = 0;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_signed_legs, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        while (at < decided->leg_count && (!row || earlier_leg(stmt, &decided->legs[at])))
            leg_missing(audit, slice, &decided->legs[at++]);
        if (!row)
            return NKS_OK;
        bool same = at < decided->leg_count && same_leg(stmt, &decided->legs[at]);
        leg_compare(audit, slice, stmt, same ? &decided->legs[at] : NULL);
        at += same;
    }
}

static enum nks_status decisions_check(struct audit *audit, const struct audit_slice *slice)
{
    const struct nks_slice_want decisions = {.decisions = true};
    audit_at(audit, "slice_decision slice_id %lld generation %lld", (long long)slice->id, (long long)slice->generation);
    enum nks_status status = nks_slice_load(audit->payments, NULL, slice->id, decisions, audit->slice, &audit->fault);
    if (status != NKS_OK)
        return audit_take_fault(audit, status);
    return audit_routed(slice) ? legs_compare(audit, slice) : NKS_OK;
}

static enum nks_status slice_check(struct audit *audit, void *context, const struct audit_slice *slice)
{
    const struct audit_batch *batch = context;
    if (audit_routed(slice)) {
        audit_looked(audit);
        NKS_TRY(signature_check(audit, slice));
    }
    bool decided = slice->state >= NKS_SLICE_RESOLVED && slice->state <= NKS_SLICE_EMITTED;
    return decided && audit->secrets && batch->erased == 0 ? decisions_check(audit, slice) : NKS_OK;
}

static enum nks_status batch_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct audit_batch own = *batch;
    (void)context;
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_check, &own) : NKS_OK;
}

enum nks_status audit_check_signatures(struct audit *audit)
{
    return audit_each_batch(audit, batch_check, NULL);
}
