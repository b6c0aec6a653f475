/* stop: payments that are in no order file yet are taken out of what will be sent. */
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/stop.h"
#include "stage/step.h"

#include <stdio.h>

struct stopping {
    struct nks_run *run;
    struct nks_stop *stop;
    struct nks_batch batch;
    uint32_t n;           /* the payment asked for, in its slice; 0: all */
    bool waiting;         /* some were stopped in slices that wait */
    int64_t last_file_id; /* asked for last, and whether it is published */
    bool last_published;
};

/* ---- what is undone in other rooms */

static enum nks_status claim_back(struct nks_run *run, const struct nks_leg *leg)
{
    if (leg->to->claim_key == 0) /* a redirect used nothing up */
        return NKS_OK;
    const struct nks_debt_use use = {
        .holder_key = run->slice->payments[leg->n - 1].holder.key,
        .claim_key = leg->to->claim_key,
        .slice_id = run->slice->id,
        .n = (int32_t)leg->n,
        .generation = leg->generation,
        .leg_no = leg->leg_no,
        .amount_minor = leg->amount_minor,
    };
    return nks_debt_use_give_back(run->debt, &use, run->now, &run->fault);
}

static enum nks_status entry_back(struct nks_run *run, const struct nks_leg *leg)
{
    return nks_ventekonto_return(run->ventekonto, run->slice->id, (int32_t)leg->n, leg->generation, &run->fault);
}

static const struct {
    enum nks_status (*back)(struct nks_run *, const struct nks_leg *);
} kinds[] = {
    [NKS_LEG_PAYEE] = {NULL},
    [NKS_LEG_DEBT] = {claim_back},
    [NKS_LEG_VENTEKONTO] = {entry_back},
    [NKS_LEG_ERROR_ACCOUNT] = {NULL},
};

static enum nks_status leg_stop(struct nks_run *run, struct nks_leg *leg)
{
    bool moved = false;
    NKS_TRY(nks_leg_move(run->payments, run->slice->id, leg, NKS_LEG_PLANNED, NKS_LEG_STOPPED, NKS_REASON_STOPPED,
                         &moved, &run->fault));
    if (!moved)
        return nks_fault_set(&run->fault, NKS_RETRY, "SLICE-FENCED", "another run took slice %lld",
                             (long long)run->slice->id);
    leg->state = NKS_LEG_STOPPED;
    bool known = leg->kind < sizeof kinds / sizeof kinds[0];
    return known && kinds[leg->kind].back != NULL ? kinds[leg->kind].back(run, leg) : NKS_OK;
}

/* ---- one payment */

static enum nks_status published(struct stopping *stopping, int64_t file_id, bool *out)
{
    struct nks_run *run = stopping->run;
    struct nks_out_file file;
    bool found = false;
    if (file_id != 0 && file_id != stopping->last_file_id) {
        NKS_TRY(nks_out_file_load(run->exchange, file_id, &file, &found, &run->fault));
        stopping->last_file_id = file_id;
        stopping->last_published = found && file.state == NKS_FILE_PUBLISHED;
    }
    *out = file_id != 0 && stopping->last_published;
    return NKS_OK;
}

static enum nks_status judge(struct stopping *stopping, const struct nks_payment *payment, enum nks_stop_verdict *out)
{
    const struct nks_slice *slice = stopping->run->slice;
    *out = nks_stop_judge(payment, slice->state, NULL, NULL, 0);
    for (uint32_t i = 0; *out != NKS_STOP_REJECTED && *out != NKS_STOP_ALREADY && i < payment->legs; i++) {
        const struct nks_leg *leg = &slice->legs[payment->first_leg + i];
        bool gone = false;
        NKS_TRY(published(stopping, leg->file_id, &gone));
        enum nks_stop_verdict verdict = nks_stop_judge(payment, slice->state, leg, &gone, 1);
        *out = verdict > *out ? verdict : *out;
    }
    return NKS_OK;
}

static enum nks_status payment_stop(struct stopping *stopping, struct nks_payment *payment)
{
    struct nks_run *run = stopping->run;
    payment->state = NKS_PAYMENT_STOPPED;
    payment->reason = NKS_REASON_STOPPED;
    for (uint32_t i = 0; i < payment->legs; i++)
        NKS_TRY(leg_stop(run, &run->slice->legs[payment->first_leg + i]));
    return nks_payment_save(run->payments, run->slice->id, payment, &run->fault);
}

static enum nks_status payments_stop(struct stopping *stopping, int64_t *stopped, int64_t *left)
{
    struct nks_slice *slice = stopping->run->slice;
    *stopped = *left = 0;
    for (size_t i = 0; i < slice->count; i++) {
        struct nks_payment *payment = &slice->payments[i];
        enum nks_stop_verdict verdict = NKS_STOP_REJECTED;
        if (stopping->n == 0 || stopping->n == payment->n) {
            NKS_TRY(judge(stopping, payment, &verdict));
            stopping->stop->counts[verdict]++;
            if (verdict == NKS_STOP_CAN) {
                NKS_TRY(payment_stop(stopping, payment));
                ++*stopped;
            }
        }
        *left += payment->state == NKS_PAYMENT_ACCEPTED;
    }
    return NKS_OK;
}

/* ---- one slice */

/* Rows that were signed are signed anew, totals are those of what is left. */
static enum nks_status slice_renew(struct stopping *stopping, int64_t left)
{
    struct nks_run *run = stopping->run;
    struct nks_slice *slice = run->slice;
    struct nks_step_context context = {.run = run, .batch = &stopping->batch, .slice = slice};
    NKS_TRY(nks_slice_fence(run->payments, slice->id, slice->state, run->epoch, &run->fault));
    NKS_TRY(nks_slice_rows_sign(run->payments, slice, &run->fault));
    NKS_TRY(nks_status_totals_renew(run->payments, slice, &run->fault));
    if (slice->state == NKS_SLICE_ROUTED) {
        NKS_TRY(nks_order_totals_clear(run->payments, slice->id, &run->fault));
        return nks_step_order_totals(&context);
    }
    stopping->waiting = true;
    return left == 0 ? nks_slice_stopped(run->payments, slice->id, &run->fault) : NKS_OK;
}

static enum nks_status slice_stop(struct stopping *stopping, int64_t slice_id)
{
    struct nks_run *run = stopping->run;
    const struct nks_slice_want want = {.details = true, .decisions = true, .legs = true};
    int64_t stopped = 0, left = 0;
    NKS_TRY(nks_slice_load(run->payments, &stopping->batch, slice_id, want, run->slice, &run->fault));
    NKS_TRY(nks_slice_rows_verify(run->payments, run->slice, &run->fault));
    if (run->slice->state == NKS_SLICE_ROUTED)
        NKS_TRY(nks_slice_verify(run->payments, run->slice, &run->fault));
    NKS_TRY(payments_stop(stopping, &stopped, &left));
    return stopped > 0 ? slice_renew(stopping, left) : NKS_OK;
}

/* ---- the batch */

static enum nks_status slices_stop(struct stopping *stopping)
{
    struct nks_run *run = stopping->run;
    const struct nks_stop *stop = stopping->stop;
    int64_t slice_id = 0;
    if (stop->seq != 0) {
        NKS_TRY(nks_payment_find_seq(run->payments, stop->batch_id, stop->seq, &slice_id, &stopping->n, &run->fault));
        return slice_id != 0 ? slice_stop(stopping, slice_id)
                             : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND",
                                             "the batch has no such payment; `nks show` says how many it has");
    }
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, stop->batch_id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        NKS_TRY(slice_stop(stopping, row.id));
    }
}

static enum nks_status link_add(struct stopping *stopping)
{
    const struct nks_stop *stop = stopping->stop;
    char detail[64];
    if (stop->seq != 0)
        snprintf(detail, sizeof detail, "payment %llu", (unsigned long long)stop->seq);
    else
        snprintf(detail, sizeof detail, "%lld payments", (long long)stop->counts[NKS_STOP_CAN]);
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_STOP,
        .batch_id = stop->batch_id,
        .number = stop->counts[NKS_STOP_CAN],
        .reason = stop->reason,
        .detail = detail,
    };
    return nks_trail_add(stopping->run->trail, &entry, &stopping->run->fault);
}

static enum nks_status batch_stop(struct stopping *stopping)
{
    struct nks_run *run = stopping->run;
    struct nks_finals before;
    bool found = false;
    NKS_TRY(nks_batch_load(run->payments, stopping->stop->batch_id, &stopping->batch, &found, &run->fault));
    if (!found || stopping->batch.state != NKS_BATCH_ACCEPTED)
        return nks_fault_set(&run->fault, NKS_REFUSED, "STOP-BATCH",
                             "the batch was not accepted: nothing of it will be sent");
    /* Its payer was told where this money is; stopped, it would stay with the payer without a word. */
    if (stopping->batch.origin == NKS_ORIGIN_RETURNED)
        return nks_fault_set(&run->fault, NKS_HELD, "STOP-RETURNED",
                             "the batch carries on money that came back, as its agreement says; it cannot be stopped");
    NKS_TRY(nks_finals_count(run->payments, stopping->batch.id, &before, &run->fault));
    NKS_TRY(slices_stop(stopping));
    if (stopping->stop->counts[NKS_STOP_CAN] == 0)
        return NKS_OK;
    NKS_TRY(link_add(stopping));
    return nks_stop_report_reserve(run, &stopping->batch, &before, stopping->waiting);
}

static const char *seq_words(const struct nks_stop *stop, char out[24])
{
    snprintf(out, 24, "%llu", (unsigned long long)stop->seq);
    return stop->seq == 0 ? "whole" : out;
}

static enum nks_status act_keep(struct stopping *stopping, const char *seq)
{
    struct nks_run *run = stopping->run;
    bool waits = false;
    NKS_TRY(nks_lost_act_waits(run, "stop", stopping->batch.ref, seq, &waits));
    return waits || stopping->stop->counts[NKS_STOP_CAN] > 0 ? nks_lost_act(run, "stop", stopping->batch.ref, seq)
                                                             : NKS_OK;
}

static enum nks_status stop_once(struct nks_run *run, struct nks_stop *stop)
{
    struct stopping stopping = {.run = run, .stop = stop};
    char memory[24];
    const char *seq = seq_words(stop, memory);
    NKS_TRY(nks_run_journal(run));
    NKS_TRY(nks_lost_act_free(run, "stop", stop->batch_id, seq, "the stop"));
    NKS_TRY(nks_db_begin(run->db, &run->fault));
    enum nks_status status = batch_stop(&stopping);
    if (status == NKS_OK && !stop->dry_run)
        status = act_keep(&stopping, seq);
    nks_batch_close(&stopping.batch);
    if (status == NKS_OK && !stop->dry_run) {
        nks_sys_point("hand.before");
        status = nks_db_commit(run->db, &run->fault);
        nks_sys_point("hand.after");
    } else {
        nks_db_rollback(run->db);
    }
    return status;
}

enum nks_status nks_stop(struct nks_run *run, struct nks_stop *stop)
{
    const struct nks_stop asked = *stop;
    int tries = 0;
    enum nks_status status = NKS_OK;
    do {
        *stop = asked;
        status = stop_once(run, stop);
    } while (nks_db_again(&tries, status, &run->fault));
    return status;
}

/* ---- what could not be stopped */

static const struct {
    enum nks_stop_verdict verdict;
    enum nks_status status;
    const char *code, *words;
} late[] = {
    {NKS_STOP_SENT, NKS_HELD, "STOP-SENT", "the bank has it: nks recall BATCH SEQ"},
    {NKS_STOP_IN_FILE, NKS_HELD, "STOP-IN-FILE", "it stands in an order file that is made and not published"},
    {NKS_STOP_HALF, NKS_HELD, "STOP-HALF", "it is half decided: run nks route, then stop it again"},
};

enum nks_status nks_stop_conclude(struct nks_run *run, const struct nks_stop *stop)
{
    if (stop->seq != 0 && stop->counts[NKS_STOP_REJECTED] > 0)
        return nks_fault_set(&run->fault, NKS_REFUSED, "STOP-REJECTED",
                             "the payment was rejected: nothing of it will be sent");
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
        int64_t count = stop->counts[late[i].verdict];
        if (count > 0)
            return nks_fault_set(&run->fault, late[i].status, late[i].code, "%lld payment%s cannot be stopped: %s",
                                 (long long)count, count == 1 ? "" : "s", late[i].words);
    }
    return NKS_OK;
}
