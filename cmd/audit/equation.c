/*
 * The whole equation, per currency: payments = sent + rejected + stopped + returned + ventekonto + not yet due + in
 * process. Each payment is put into exactly one class by its own row, its slice and its legs; the sum of all must be
 * what the rows of batches and slices say came in. A payment that carries on what came back is counted again, and told
 * apart: that money came in once, and stands under `returned` for its first payment.
 */
#include "audit.h"

#include <string.h>

enum { CURRENCIES_MAX = 128, FILES_KEPT = 64 };

struct file_state {
    int64_t id, state;
};

struct equation {
    struct audit_equation lines[CURRENCIES_MAX];
    size_t count;
    nks_int128 in_batches;    /* payments by the rows of batches */
    nks_int128 in_slices;     /* minor units of all currencies by the rows of slices */
    nks_int128 classed_minor; /* the same by the payments put into classes */
    int64_t classed;
    bool returned; /* the batch at hand carries on what came back */
    struct file_state kept[FILES_KEPT];
};

/* ---- how far a payment is */

static enum nks_status published(struct audit *audit, struct equation *equation, int64_t file_id, bool *out)
{
    struct file_state *kept = &equation->kept[(uint64_t)file_id % FILES_KEPT];
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *out = false;
    if (file_id == 0)
        return NKS_OK;
    if (kept->id != file_id) {
        NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_file_one, &stmt, &audit->fault));
        nks_bind_int(stmt, "file_id", file_id);
        NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
        *kept = (struct file_state){file_id, found ? nks_column_int(stmt, 1) : 0};
        nks_stmt_end(stmt);
    }
    *out = kept->state >= NKS_FILE_PUBLISHED; /* what is settled went out as another file */
    return NKS_OK;
}

/* The payee's part decides; where debts took all, the first debt. */
static const struct audit_leg *deciding_leg(const struct audit_slice *slice, const struct audit_leg *legs, size_t count)
{
    const struct audit_leg *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        bool live = legs[i].generation == slice->generation;
        if (live && (chosen == NULL || (chosen->kind == NKS_LEG_DEBT && legs[i].kind != NKS_LEG_DEBT)))
            chosen = &legs[i];
    }
    return chosen;
}

static enum nks_status class_of_leg(struct audit *audit, struct equation *equation, const struct audit_leg *leg,
                                    enum audit_class *out)
{
    bool gone = false;
    *out = AUDIT_IN_PROCESS;
    if (leg->state == NKS_LEG_REJECTED || leg->state == NKS_LEG_RETURNED) {
        *out = AUDIT_RETURNED;
    } else if (leg->state == NKS_LEG_STOPPED) {
        *out = AUDIT_STOPPED;
    } else if (leg->kind == NKS_LEG_VENTEKONTO) {
        *out = AUDIT_VENTEKONTO;
    } else {
        NKS_TRY(published(audit, equation, leg->file_id, &gone));
        if (leg->state == NKS_LEG_SETTLED || (leg->state == NKS_LEG_IN_FILE && gone))
            *out = AUDIT_SENT;
    }
    return NKS_OK;
}

static enum nks_status class_of(struct audit *audit, struct equation *equation, const struct audit_slice *slice,
                                const struct audit_payment *payment, const struct audit_leg *legs, size_t count,
                                enum audit_class *out)
{
    const struct audit_leg *leg = deciding_leg(slice, legs, count);
    *out = AUDIT_IN_PROCESS;
    if (payment->state == NKS_PAYMENT_REJECTED)
        *out = AUDIT_REJECTED;
    else if (payment->state == NKS_PAYMENT_STOPPED || slice->state == NKS_SLICE_STOPPED)
        *out = AUDIT_STOPPED;
    else if (leg != NULL)
        return class_of_leg(audit, equation, leg, out);
    else if (slice->state == NKS_SLICE_WAITING && slice->due_date > audit->today)
        *out = AUDIT_NOT_DUE;
    return NKS_OK;
}

/* ---- adding up */

static struct audit_equation *line_of(struct equation *equation, const char *currency)
{
    for (size_t i = 0; i < equation->count; i++) {
        if (strcmp(equation->lines[i].currency, currency) == 0)
            return &equation->lines[i];
    }
    if (equation->count == CURRENCIES_MAX)
        return NULL;
    struct audit_equation *line = &equation->lines[equation->count++];
    memcpy(line->currency, currency, sizeof line->currency);
    return line;
}

static enum nks_status payment_put(struct audit *audit, void *context, const struct audit_slice *slice,
                                   const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct equation *equation = context;
    enum audit_class class = AUDIT_IN_PROCESS;
    struct nks_sum sum = {0};
    char currency[4] = "?";
    if (payment == NULL)
        return NKS_OK;
    audit_looked(audit);
    NKS_TRY(class_of(audit, equation, slice, payment, legs, count, &class));
    if (audit_money(payment->amount_minor, payment->currency, &sum))
        nks_currency_name((int32_t)payment->currency, currency);
    struct audit_equation *line = line_of(equation, currency);
    if (line == NULL)
        return NKS_OK; /* the count below tells it */
    line->payments[class]++;
    line->sums[class].scaled += sum.scaled;
    line->carried += equation->returned;
    line->carried_sum.scaled += equation->returned ? sum.scaled : 0;
    equation->classed++;
    equation->classed_minor += payment->amount_minor;
    return NKS_OK;
}

static enum nks_status slice_put(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct equation *equation = context;
    equation->in_slices += slice->amount_minor;
    return audit_each_payment(audit, slice, payment_put, equation);
}

static enum nks_status batch_put(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct equation *equation = context;
    if (batch->state != NKS_BATCH_ACCEPTED)
        return NKS_OK;
    equation->in_batches += batch->payments;
    equation->returned = batch->origin == NKS_ORIGIN_RETURNED;
    return audit_each_slice(audit, batch->id, slice_put, equation);
}

enum nks_status audit_check_equation(struct audit *audit)
{
    static struct equation equation; /* once per audit */
    NKS_TRY(audit_each_batch(audit, batch_put, &equation));
    audit_at(audit, "table batch");
    if (equation.classed != equation.in_batches)
        audit_find(audit, "its accepted batches have %lld payments, %lld were found and put into classes",
                   (long long)equation.in_batches, (long long)equation.classed);
    audit_at(audit, "table slice");
    if (equation.classed_minor != equation.in_slices)
        audit_find(audit, "its sums are not the sum of the payments put into classes");
    audit_print_equation(audit, equation.lines, equation.count);
    return NKS_OK;
}
