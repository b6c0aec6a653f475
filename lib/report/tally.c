/* What is counted over a batch or a night: money by destination, payments by outcome, and reasons with their places. */
#include "report/report_private.h"

#include <stdlib.h>
#include <string.h>

enum nks_status nks_tally_new(struct nks_tally **out, struct nks_fault *fault)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? NKS_OK : nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to count payments");
}

static enum nks_status sum_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "LOOK-SUM", "the sum of the payments does not fit");
}

static bool sum_join(struct nks_sum *sum, struct nks_sum more)
{
    return !__builtin_add_overflow(sum->scaled, more.scaled, &sum->scaled);
}

/* ---- money */

static struct nks_tally_currency *currency_of(struct nks_tally *tally, const char code[4])
{
    for (size_t i = 0; i < tally->currency_count; i++) {
        if (strcmp(tally->currencies[i].code, code) == 0)
            return &tally->currencies[i];
    }
    if (tally->currency_count >= NKS_REPORT_CURRENCIES_MAX && strcmp(code, "XXX") != 0)
        return currency_of(tally, "XXX");
    struct nks_tally_currency *currency = &tally->currencies[tally->currency_count++];
    memcpy(currency->code, code, sizeof currency->code);
    return currency;
}

const struct nks_tally_file *nks_tally_file_find(const struct nks_tally *tally, int64_t file_id)
{
    size_t from = 0, to = tally->file_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (tally->files[middle].id < file_id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < tally->file_count && tally->files[from].id == file_id ? &tally->files[from] : NULL;
}

static void count_answer(struct nks_tally *tally, const struct nks_look_part *part)
{
    const struct nks_tally_file *found = nks_tally_file_find(tally, part->file_id);
    if (found == NULL)
        return;
    struct nks_tally_file *file = &tally->files[found - tally->files];
    bool back = part->state == NKS_LEG_REJECTED || part->state == NKS_LEG_RETURNED;
    file->settled += part->state == NKS_LEG_SETTLED ? part->parts : 0;
    file->returned += back ? part->parts : 0;
    file->open += part->state == NKS_LEG_IN_FILE ? part->parts : 0;
}

static enum nks_status on_part(void *context, const struct nks_look_part *part, struct nks_fault *fault)
{
    struct nks_tally *tally = context;
    struct nks_tally_currency *currency = currency_of(tally, part->currency);
    currency->parts += part->parts;
    currency->to[part->to].parts += part->parts;
    count_answer(tally, part);
    return sum_join(&currency->sum, part->sum) && sum_join(&currency->to[part->to].sum, part->sum) ? NKS_OK
                                                                                                   : sum_fault(fault);
}

/* ---- reasons */

static struct nks_tally_reason *reason_of(struct nks_tally *tally, enum nks_look_why why, enum nks_reason reason)
{
    for (size_t i = 0; i < tally->reason_count; i++) {
        if (tally->reasons[i].why == why && tally->reasons[i].reason == reason)
            return &tally->reasons[i];
    }
    if (tally->reason_count == NKS_REPORT_REASONS_MAX)
        return &tally->reasons[NKS_REPORT_REASONS_MAX - 1];
    struct nks_tally_reason *row = &tally->reasons[tally->reason_count++];
    row->why = why;
    /* A number that no program knows has words of its own: they hold for all that finds no row. */
    row->reason = tally->reason_count == NKS_REPORT_REASONS_MAX ? (enum nks_reason)UINT16_MAX : reason;
    return row;
}

static bool reason_sum(struct nks_tally_reason *reason, struct nks_money amount)
{
    size_t at = 0;
    while (at < reason->currency_count && strcmp(reason->currencies[at].code, amount.currency) != 0)
        at++;
    if (at >= NKS_TALLY_REASON_CURRENCIES) {
        at = NKS_TALLY_REASON_CURRENCIES;
        memcpy(reason->currencies[at].code, "XXX", sizeof reason->currencies[at].code);
    } else {
        memcpy(reason->currencies[at].code, amount.currency, sizeof reason->currencies[at].code);
    }
    if (at == reason->currency_count)
        reason->currency_count++;
    return nks_sum_add(&reason->currencies[at].sum, amount);
}

static enum nks_status on_exception(void *context, const struct nks_look_exception *exception, struct nks_fault *fault)
{
    struct nks_tally *tally = context;
    struct nks_tally_reason *reason = reason_of(tally, exception->why, exception->reason);
    reason->payments++;
    if (!reason_sum(reason, exception->amount))
        return sum_fault(fault);
    if (tally->place_count == NKS_REPORT_PLACES_MAX || reason->places == NKS_REPORT_REASON_PLACES_MAX)
        return NKS_OK;
    reason->places++;
    struct nks_tally_place *place = &tally->places[tally->place_count++];
    *place = (struct nks_tally_place){.reason = (size_t)(reason - tally->reasons),
                                      .batch_id = tally->batch->id,
                                      .group = exception->group,
                                      .seq = exception->seq,
                                      .amount = exception->amount};
    memcpy(place->ref, tally->batch->ref, sizeof place->ref);
    return NKS_OK;
}

enum nks_status nks_tally_batch(struct nks_tally *tally, struct nks_run *run, const struct nks_batch *batch)
{
    tally->batch = batch;
    NKS_TRY(nks_look_batch_parts(run, batch->id, on_part, tally));
    NKS_TRY(nks_look_batch_amounts(run, batch->id, &tally->amounts));
    return nks_look_batch_exceptions(run, batch->id, on_exception, tally);
}

/* ---- into the summary */

/* Which destinations belong together, and are drawn alike. */
static const char *const looks[NKS_LOOK_TOS] = {
    [NKS_LOOK_PAYEE] = "on",         [NKS_LOOK_DEBT] = "on",
    [NKS_LOOK_VENTEKONTO] = "aside", [NKS_LOOK_ERROR_ACCOUNT] = "aside",
    [NKS_LOOK_RETURNED] = "back",    [NKS_LOOK_REJECTED] = "back",
    [NKS_LOOK_STOPPED] = "back",     [NKS_LOOK_NOT_DUE] = "later",
    [NKS_LOOK_IN_PROCESS] = "later",
};

static void put_to(struct nks_summary *summary, const struct nks_tally_currency *currency, enum nks_look_to to,
                   const struct nks_flow_node *node)
{
    nks_summary_open(summary, "to");
    nks_summary_text(summary, "name", nks_look_to_name(to));
    nks_summary_text(summary, "look", looks[to]);
    nks_summary_number(summary, "parts", currency->to[to].parts);
    nks_summary_sum(summary, "sum", currency->to[to].sum);
    nks_summary_number(summary, "share", node->share);
    nks_summary_number(summary, "height", node->height);
    nks_summary_number(summary, "left", node->left);
    nks_summary_number(summary, "right", node->right);
    nks_summary_number(summary, "bar", node->bar);
    nks_summary_close(summary, "to");
}

/* The sums of destinations that are drawn alike. */
static void put_looks(struct nks_summary *summary, const struct nks_tally_currency *currency)
{
    static const char *const order[] = {"on", "aside", "back", "later"};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct nks_sum sum = {0};
        for (int to = 0; to < NKS_LOOK_TOS; to++) {
            if (strcmp(looks[to], order[i]) == 0)
                sum.scaled += currency->to[to].sum.scaled; /* no more than the currency's sum, which fits */
        }
        nks_summary_open(summary, "look");
        nks_summary_text(summary, "name", order[i]);
        nks_summary_sum(summary, "sum", sum);
        nks_summary_close(summary, "look");
    }
}

static void put_currency(struct nks_summary *summary, const struct nks_tally_currency *currency)
{
    struct nks_flow_node nodes[NKS_LOOK_TOS];
    enum nks_look_to tos[NKS_LOOK_TOS];
    size_t count = 0;
    for (int to = 0; to < NKS_LOOK_TOS; to++) {
        if (currency->to[to].parts == 0)
            continue;
        nodes[count] = (struct nks_flow_node){.sum = currency->to[to].sum};
        tos[count++] = (enum nks_look_to)to;
    }
    nks_summary_open(summary, "currency");
    nks_summary_text(summary, "code", currency->code);
    nks_summary_sum(summary, "sum", currency->sum);
    nks_summary_number(summary, "parts", currency->parts);
    nks_summary_number(summary, "height", nks_flow_layout(nodes, count));
    for (size_t i = 0; i < count; i++)
        put_to(summary, currency, tos[i], &nodes[i]);
    put_looks(summary, currency);
    nks_summary_close(summary, "currency");
}

/* DKK first, the others by their code. */
static int by_code(const void *a, const void *b)
{
    const struct nks_tally_currency *one = a, *other = b;
    int dkk = (strcmp(other->code, "DKK") == 0) - (strcmp(one->code, "DKK") == 0);
    return dkk != 0 ? dkk : strcmp(one->code, other->code);
}

static int by_outcome(const void *a, const void *b)
{
    const struct nks_look_amount *one = a, *other = b;
    return one->outcome != other->outcome ? (one->outcome > other->outcome) - (one->outcome < other->outcome)
                                          : strcmp(one->currency, other->currency);
}

static void put_outcomes(struct nks_tally *tally, struct nks_summary *summary)
{
    struct nks_look_amounts *amounts = &tally->amounts;
    qsort(amounts->rows, amounts->count, sizeof amounts->rows[0], by_outcome);
    nks_summary_open(summary, "outcomes");
    for (size_t i = 0; i < amounts->count && i < NKS_REPORT_OUTCOMES_MAX; i++) {
        nks_summary_open(summary, "outcome");
        nks_summary_text(summary, "name", nks_outcome_name(amounts->rows[i].outcome));
        nks_summary_text(summary, "currency", amounts->rows[i].currency);
        nks_summary_number(summary, "payments", amounts->rows[i].payments);
        nks_summary_sum(summary, "sum", amounts->rows[i].sum);
        nks_summary_close(summary, "outcome");
    }
    if (amounts->count > NKS_REPORT_OUTCOMES_MAX)
        nks_summary_number(summary, "more", (int64_t)amounts->count - NKS_REPORT_OUTCOMES_MAX);
    nks_summary_close(summary, "outcomes");
}

static int by_place(const void *a, const void *b)
{
    const struct nks_tally_place *one = a, *other = b;
    if (one->reason != other->reason)
        return one->reason < other->reason ? -1 : 1;
    if (one->batch_id != other->batch_id)
        return one->batch_id < other->batch_id ? -1 : 1;
    return (one->seq > other->seq) - (one->seq < other->seq);
}

static void put_place(struct nks_summary *summary, const struct nks_tally_place *place, bool night)
{
    struct nks_sum sum = {0};
    if (!nks_sum_add(&sum, place->amount)) /* it was added to a sum before */
        return;
    nks_summary_open(summary, "place");
    if (night) {
        nks_summary_number(summary, "batch", place->batch_id);
        nks_summary_text(summary, "ref", place->ref);
    }
    nks_summary_number(summary, "group", place->group);
    nks_summary_number(summary, "payment", (int64_t)place->seq);
    nks_summary_sum(summary, "sum", sum);
    nks_summary_text(summary, "currency", place->amount.currency);
    nks_summary_close(summary, "place");
}

static void put_reason(const struct nks_tally *tally, struct nks_summary *summary, size_t row,
                       enum nks_report_language language, bool night)
{
    static const char *const whys[NKS_LOOK_WHYS] = {
        [NKS_LOOK_WHY_REJECTED] = "rejected",
        [NKS_LOOK_WHY_RETURNED] = "returned",
        [NKS_LOOK_WHY_STOPPED] = "stopped",
        [NKS_LOOK_WHY_CHANGED] = "changed",
    };
    const struct nks_tally_reason *reason = &tally->reasons[row];
    nks_summary_open(summary, "reason");
    nks_summary_text(summary, "why", whys[reason->why]);
    nks_summary_reason(summary, reason->reason, language);
    nks_summary_number(summary, "payments", reason->payments);
    for (size_t i = 0; i < reason->currency_count; i++) {
        nks_summary_open(summary, "amount");
        nks_summary_sum(summary, "sum", reason->currencies[i].sum);
        nks_summary_text(summary, "currency", reason->currencies[i].code);
        nks_summary_close(summary, "amount");
    }
    for (size_t i = 0; i < tally->place_count; i++) {
        if (tally->places[i].reason == row)
            put_place(summary, &tally->places[i], night);
    }
    nks_summary_count(summary, "more", reason->payments - reason->places);
    nks_summary_close(summary, "reason");
}

void nks_tally_put(struct nks_tally *tally, struct nks_summary *summary, enum nks_report_language language, bool night)
{
    qsort(tally->currencies, tally->currency_count, sizeof tally->currencies[0], by_code);
    nks_summary_open(summary, "money");
    for (size_t i = 0; i < tally->currency_count; i++)
        put_currency(summary, &tally->currencies[i]);
    nks_summary_close(summary, "money");
    put_outcomes(tally, summary);
    qsort(tally->places, tally->place_count, sizeof tally->places[0], by_place);
    nks_summary_open(summary, "reasons");
    for (int why = 0; why < NKS_LOOK_WHYS; why++) {
        for (size_t i = 0; i < tally->reason_count; i++) {
            if ((int)tally->reasons[i].why == why)
                put_reason(tally, summary, i, language, night);
        }
    }
    nks_summary_close(summary, "reasons");
}
