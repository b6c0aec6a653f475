/* The states and their allowed moves. doc/payment.md shows the same tables to people. */
#include "payment/payment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const batch_names[] = {"", "READING", "ACCEPTED", "REFUSED"};
static const struct nks_state_move batch_moves[] = {
    {0, NKS_BATCH_READING, "ingest"},
    {NKS_BATCH_READING, NKS_BATCH_ACCEPTED, "ingest"},
    {NKS_BATCH_READING, NKS_BATCH_REFUSED, "ingest"},
};

static const char *const slice_names[] = {"", "READ", "WAITING", "RESOLVED", "OFFSET", "ROUTED", "EMITTED", "STOPPED"};
static const struct nks_state_move slice_moves[] = {
    {0, NKS_SLICE_READ, "ingest"},
    {NKS_SLICE_READ, NKS_SLICE_WAITING, "ingest"},
    {NKS_SLICE_WAITING, NKS_SLICE_RESOLVED, "resolve"},
    {NKS_SLICE_WAITING, NKS_SLICE_ROUTED, "run"},
    {NKS_SLICE_WAITING, NKS_SLICE_STOPPED, "stop"},
    {NKS_SLICE_RESOLVED, NKS_SLICE_OFFSET, "offset"},
    {NKS_SLICE_RESOLVED, NKS_SLICE_ROUTED, "run"},
    {NKS_SLICE_OFFSET, NKS_SLICE_ROUTED, "route"},
    {NKS_SLICE_ROUTED, NKS_SLICE_EMITTED, "emit"},
    {NKS_SLICE_RESOLVED, NKS_SLICE_WAITING, "replay"},
    {NKS_SLICE_OFFSET, NKS_SLICE_WAITING, "replay"},
    {NKS_SLICE_OFFSET, NKS_SLICE_RESOLVED, "replay"},
    {NKS_SLICE_ROUTED, NKS_SLICE_WAITING, "replay"},
    {NKS_SLICE_ROUTED, NKS_SLICE_RESOLVED, "replay"},
    {NKS_SLICE_ROUTED, NKS_SLICE_OFFSET, "replay"},
};

static const char *const payment_names[] = {"", "ACCEPTED", "REJECTED", "STOPPED"};
static const struct nks_state_move payment_moves[] = {
    {0, NKS_PAYMENT_ACCEPTED, "ingest"},
    {0, NKS_PAYMENT_REJECTED, "ingest"},
    {NKS_PAYMENT_ACCEPTED, NKS_PAYMENT_REJECTED, "ingest, resolve, route"},
    {NKS_PAYMENT_ACCEPTED, NKS_PAYMENT_STOPPED, "stop"},
    {NKS_PAYMENT_REJECTED, NKS_PAYMENT_ACCEPTED, "replay"},
};

static const char *const leg_names[] = {"", "PLANNED", "IN_FILE", "SETTLED", "REJECTED", "RETURNED", "STOPPED"};
static const struct nks_state_move leg_moves[] = {
    {0, NKS_LEG_PLANNED, "route"},
    {NKS_LEG_PLANNED, NKS_LEG_IN_FILE, "emit"},
    {NKS_LEG_PLANNED, NKS_LEG_STOPPED, "stop, replay"},
    {NKS_LEG_IN_FILE, NKS_LEG_SETTLED, "collect"},
    {NKS_LEG_IN_FILE, NKS_LEG_REJECTED, "collect"},
    {NKS_LEG_SETTLED, NKS_LEG_RETURNED, "collect"},
    {NKS_LEG_IN_FILE, NKS_LEG_RETURNED, "collect"},
};

static const struct nks_state_table tables[NKS_STATE_NOUNS] = {
    [NKS_STATE_BATCH] = {"batch", batch_names, COUNT(batch_names), batch_moves, COUNT(batch_moves)},
    [NKS_STATE_SLICE] = {"slice", slice_names, COUNT(slice_names), slice_moves, COUNT(slice_moves)},
    [NKS_STATE_PAYMENT] = {"payment", payment_names, COUNT(payment_names), payment_moves, COUNT(payment_moves)},
    [NKS_STATE_LEG] = {"leg", leg_names, COUNT(leg_names), leg_moves, COUNT(leg_moves)},
};

const struct nks_state_table *nks_state_table(enum nks_state_noun noun)
{
    return &tables[noun];
}

const char *nks_state_name(enum nks_state_noun noun, int state)
{
    const struct nks_state_table *table = &tables[noun];
    return state > 0 && (size_t)state < table->count ? table->names[state] : "?";
}

bool nks_state_may_move(enum nks_state_noun noun, int from, int to)
{
    const struct nks_state_table *table = &tables[noun];
    for (size_t i = 0; i < table->move_count; i++) {
        if (table->moves[i].from == from && table->moves[i].to == to)
            return true;
    }
    return false;
}
