/* What became of a payment, derived from itself, its slice and its live legs. */
#include "payment/payment.h"

static const struct {
    const char *name;
    const char *status;         /* ISO transaction status in a status report */
    const char *changed_status; /* when the money went elsewhere than the payer meant */
} outcomes[NKS_OUTCOMES] = {
    [NKS_OUTCOME_WAITING] = {"WAITING", "PDNG", "PDNG"},   [NKS_OUTCOME_ROUTED] = {"ROUTED", "ACCP", "ACWC"},
    [NKS_OUTCOME_SENT] = {"SENT", "ACSP", "ACWC"},         [NKS_OUTCOME_VENTEKONTO] = {"VENTEKONTO", "ACWC", "ACWC"},
    [NKS_OUTCOME_SETTLED] = {"SETTLED", "ACSC", "ACSC"},   [NKS_OUTCOME_RETURNED] = {"RETURNED", "RJCT", "RJCT"},
    [NKS_OUTCOME_REJECTED] = {"REJECTED", "RJCT", "RJCT"}, [NKS_OUTCOME_STOPPED] = {"STOPPED", "RJCT", "RJCT"},
};

const char *nks_outcome_name(enum nks_outcome outcome)
{
    return outcomes[outcome].name;
}

const char *nks_outcome_status(enum nks_outcome outcome, bool changed)
{
    return changed ? outcomes[outcome].changed_status : outcomes[outcome].status;
}

/* How far one leg is, from worst to best: the payment is as far as its worst leg. */
static enum nks_outcome leg_outcome(const struct nks_leg *leg, bool published)
{
    static const enum nks_outcome by_state[] = {
        [0] = NKS_OUTCOME_ROUTED,
        [NKS_LEG_PLANNED] = NKS_OUTCOME_ROUTED,
        [NKS_LEG_IN_FILE] = NKS_OUTCOME_ROUTED,
        [NKS_LEG_SETTLED] = NKS_OUTCOME_SETTLED,
        [NKS_LEG_REJECTED] = NKS_OUTCOME_RETURNED,
        [NKS_LEG_RETURNED] = NKS_OUTCOME_RETURNED,
        [NKS_LEG_STOPPED] = NKS_OUTCOME_STOPPED,
    };
    if (leg->state == NKS_LEG_IN_FILE && published)
        return NKS_OUTCOME_SENT;
    return leg->state < sizeof by_state / sizeof by_state[0] ? by_state[leg->state] : NKS_OUTCOME_ROUTED;
}

/* The leg of what the debts left decides: a debt leg that comes back gives its use of the claim back, the payee has his
 * part. */
static bool decides(const struct nks_leg *leg, const struct nks_leg *chosen)
{
    return chosen == NULL || (chosen->kind == NKS_LEG_DEBT && leg->kind != NKS_LEG_DEBT);
}

enum nks_outcome nks_payment_outcome(const struct nks_payment *payment, enum nks_slice_state slice,
                                     const struct nks_leg *legs, const bool *published, size_t leg_count)
{
    if (payment->state == NKS_PAYMENT_REJECTED)
        return NKS_OUTCOME_REJECTED;
    if (payment->state == NKS_PAYMENT_STOPPED || slice == NKS_SLICE_STOPPED)
        return NKS_OUTCOME_STOPPED;
    const struct nks_leg *chosen = NULL;
    size_t at = 0;
    for (size_t i = 0; i < leg_count; i++) {
        if (decides(&legs[i], chosen)) {
            chosen = &legs[i];
            at = i;
        }
    }
    if (chosen == NULL)
        return NKS_OUTCOME_WAITING;
    enum nks_outcome outcome = leg_outcome(chosen, published[at]);
    bool rests = chosen->kind == NKS_LEG_VENTEKONTO &&
                 (outcome == NKS_OUTCOME_SENT || outcome == NKS_OUTCOME_SETTLED || outcome == NKS_OUTCOME_ROUTED);
    return rests ? NKS_OUTCOME_VENTEKONTO : outcome;
}
