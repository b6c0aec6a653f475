/* Whether a payment can still be stopped: as long as no leg of it stands in an order file. */
#include "payment/payment.h"

static enum nks_stop_verdict of_leg(const struct nks_leg *leg, bool published)
{
    static const enum nks_stop_verdict by_state[] = {
        [0] = NKS_STOP_SENT,
        [NKS_LEG_PLANNED] = NKS_STOP_CAN,
        [NKS_LEG_IN_FILE] = NKS_STOP_IN_FILE,
        [NKS_LEG_SETTLED] = NKS_STOP_SENT,
        [NKS_LEG_REJECTED] = NKS_STOP_SENT,
        [NKS_LEG_RETURNED] = NKS_STOP_SENT,
        [NKS_LEG_STOPPED] = NKS_STOP_ALREADY,
    };
    if (leg->state == NKS_LEG_IN_FILE && published)
        return NKS_STOP_SENT;
    return leg->state < sizeof by_state / sizeof by_state[0] ? by_state[leg->state] : NKS_STOP_SENT;
}

/* A payment is as far as its farthest leg: a part of it cannot be stopped alone. */
enum nks_stop_verdict nks_stop_judge(const struct nks_payment *payment, enum nks_slice_state slice,
                                     const struct nks_leg *legs, const bool *published, size_t leg_count)
{
    enum nks_stop_verdict verdict = NKS_STOP_CAN;
    if (payment->state == NKS_PAYMENT_REJECTED)
        return NKS_STOP_REJECTED;
    if (payment->state == NKS_PAYMENT_STOPPED || slice == NKS_SLICE_STOPPED)
        return NKS_STOP_ALREADY;
    if (slice == NKS_SLICE_RESOLVED || slice == NKS_SLICE_OFFSET)
        return NKS_STOP_HALF;
    for (size_t i = 0; i < leg_count; i++) {
        enum nks_stop_verdict leg = of_leg(&legs[i], published[i]);
        verdict = leg > verdict ? leg : verdict;
    }
    return verdict;
}
