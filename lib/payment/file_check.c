/* The rules for a whole message: a table, one row per rule. Unlike those of a payment all are asked, not only until the
 * first broken one: whoever corrects a message wants to know everything that is wrong with it. */
#include "payment/payment.h"

static bool sender(const struct nks_file_facts *facts)
{
    return !facts->sender_known;
}

static bool agreement(const struct nks_file_facts *facts)
{
    return !facts->agreement_found;
}

static bool payers(const struct nks_file_facts *facts)
{
    return facts->two_payers;
}

static bool many(const struct nks_file_facts *facts)
{
    return facts->too_many;
}

static bool count(const struct nks_file_facts *facts)
{
    return facts->count_differs;
}

static bool sum(const struct nks_file_facts *facts)
{
    return facts->sum_differs;
}

static bool sum_large(const struct nks_file_facts *facts)
{
    return facts->sum_too_large;
}

static bool above_max(const struct nks_file_facts *facts)
{
    return facts->above_max_batch;
}

static bool seen(const struct nks_file_facts *facts)
{
    return facts->message_seen;
}

static const struct nks_file_rule rules[] = {
    {NKS_REASON_SENDER_UNKNOWN, NKS_FILE_OPENED, sender},
    {NKS_REASON_NO_AGREEMENT, NKS_FILE_GROUP, agreement},
    {NKS_REASON_TWO_PAYERS, NKS_FILE_GROUP, payers},
    {NKS_REASON_TOO_MANY, NKS_FILE_GROUP, many},
    {NKS_REASON_COUNT, NKS_FILE_GROUP_END, count},
    {NKS_REASON_SUM, NKS_FILE_GROUP_END, sum},
    {NKS_REASON_COUNT, NKS_FILE_END, count},
    {NKS_REASON_SUM, NKS_FILE_END, sum},
    {NKS_REASON_SUM_TOO_LARGE, NKS_FILE_END, sum_large},
    {NKS_REASON_MAX_BATCH, NKS_FILE_END, above_max},
    {NKS_REASON_DUPLICATE_MESSAGE, NKS_FILE_END, seen},
};

const struct nks_file_rule *nks_file_rules(size_t *rule_count)
{
    *rule_count = sizeof rules / sizeof rules[0];
    return rules;
}

size_t nks_file_check(enum nks_file_moment moment, const struct nks_file_facts *facts,
                      enum nks_reason reasons[NKS_FILE_REASONS_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].moment == moment && rules[i].broken(facts))
            reasons[found++] = rules[i].reason;
    }
    return found;
}
