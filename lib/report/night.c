/* The page of one business date: what was received, where its money went, which files left, what is still to come. */
#include "report/report_private.h"

#include "denmark/bankday.h"

#include <stdlib.h>
#include <string.h>

struct night {
    struct nks_run *run;
    struct nks_summary *summary;
    struct nks_tally *tally;
    enum nks_report_language language;
    nks_date date;
    nks_time from, to; /* received at or after, and before */
    int64_t received, accepted, refused, repeated, odd, batches, payments, rejected;
};

static void put_day(const struct night *night)
{
    const nks_date today = night->run->today;
    nks_summary_date(night->summary, "date", night->date);
    nks_summary_text(night->summary, "when", night->date == today ? "today" : night->date < today ? "past" : "future");
    if (!nks_bankday(night->date))
        nks_summary_date(night->summary, "bankday", nks_bankday_on_or_after(night->date));
}

/* ---- what was received */

static void count_delivery(struct night *night, const struct nks_delivery *delivery)
{
    night->received++;
    night->accepted += delivery->state == NKS_DELIVERY_ACCEPTED;
    night->refused += delivery->state == NKS_DELIVERY_REFUSED;
    night->repeated += delivery->state == NKS_DELIVERY_REPEATED;
    night->odd += delivery->state == NKS_DELIVERY_ODD;
}

static void put_batch(const struct night *night, const struct nks_batch *batch)
{
    nks_summary_number(night->summary, "batch", batch->id);
    nks_summary_text(night->summary, "ref", batch->ref);
    nks_summary_text(night->summary, "payer", batch->payer);
    if (batch->state != NKS_BATCH_ACCEPTED)
        return;
    nks_summary_number(night->summary, "payments", batch->payments);
    nks_summary_number(night->summary, "rejected", batch->rejected);
    nks_summary_sum(night->summary, "sum", batch->sum);
}

static enum nks_status one_batch(struct night *night, int64_t id, bool shown)
{
    struct nks_batch batch;
    bool found = false;
    struct nks_run *run = night->run;
    enum nks_status status = nks_batch_load(run->payments, id, &batch, &found, &run->fault);
    if (status == NKS_OK && found && batch.state == NKS_BATCH_ACCEPTED) {
        night->batches++;
        night->payments += batch.payments;
        night->rejected += batch.rejected;
        status = nks_tally_batch(night->tally, run, &batch);
    }
    if (status == NKS_OK && found && shown)
        put_batch(night, &batch);
    nks_batch_close(&batch);
    return status;
}

static enum nks_status one_delivery(struct night *night, int64_t id)
{
    struct nks_delivery delivery;
    struct nks_run *run = night->run;
    bool found = false, shown = night->received < NKS_REPORT_FILES_MAX;
    int64_t batch_id = 0;
    NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
    if (!found)
        return NKS_OK;
    NKS_TRY(nks_batch_find_delivery(run->payments, id, &batch_id, &run->fault));
    count_delivery(night, &delivery);
    if (shown) {
        nks_summary_open(night->summary, "file");
        nks_part_delivery(night->summary, &delivery, night->language);
    }
    if (batch_id != 0)
        NKS_TRY(one_batch(night, batch_id, shown));
    if (shown)
        nks_summary_close(night->summary, "file");
    return NKS_OK;
}

static enum nks_status put_deliveries(struct night *night)
{
    struct nks_run *run = night->run;
    nks_summary_open(night->summary, "in");
    for (int64_t id = 0;;) {
        NKS_TRY(nks_look_delivery_between(run->exchange, night->from, night->to, id, &id, &run->fault));
        if (id == 0)
            break;
        NKS_TRY(one_delivery(night, id));
        nks_run_progress(run, "report: file", night->received, 0);
    }
    nks_summary_number(night->summary, "files", night->received);
    if (night->received > NKS_REPORT_FILES_MAX)
        nks_summary_number(night->summary, "more", night->received - NKS_REPORT_FILES_MAX);
    nks_summary_close(night->summary, "in");
    return NKS_OK;
}

static void put_counts(const struct night *night)
{
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {{"received", night->received}, {"accepted", night->accepted}, {"refused", night->refused},
                  {"repeated", night->repeated}, {"odd", night->odd},           {"batches", night->batches},
                  {"payments", night->payments}, {"rejected", night->rejected}};
    nks_summary_open(night->summary, "counts");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        nks_summary_number(night->summary, counts[i].name, counts[i].count);
    nks_summary_close(night->summary, "counts");
}

/* ---- what was written */

/* Counts the files of a kind that one party got; `show`: and puts them, as far as the ceiling lets them. */
static enum nks_status count_files(const struct night *night, enum nks_file_kind kind, const char *party,
                                   struct nks_part_files *files, bool show)
{
    struct nks_run *run = night->run;
    for (int64_t id = 0;;) {
        struct nks_out_file file;
        bool found = false, shown = false;
        NKS_TRY(nks_out_file_next_day(run->exchange, party, night->date, kind, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
        if (!found)
            return nks_fault_set(&run->fault, NKS_INTEGRITY, "FILE-ROW", "an out file is missing");
        NKS_TRY(nks_part_files_add(files, &file, &shown, &run->fault));
        if (show && shown)
            nks_part_file(night->summary, &file, NULL);
    }
}

static enum nks_status put_files(const struct night *night, enum nks_file_kind kind, const char *name)
{
    struct nks_run *run = night->run;
    struct nks_part_files files = {.files = 0};
    char party[NKS_PARTY_MAX] = "";
    nks_summary_open(night->summary, name);
    for (;;) {
        NKS_TRY(nks_look_party_on(run->exchange, night->date, party, &run->fault));
        if (party[0] == '\0')
            break;
        NKS_TRY(count_files(night, kind, party, &files, true));
    }
    nks_part_files_put(night->summary, &files);
    nks_summary_close(night->summary, name);
    return NKS_OK;
}

/* ---- the cut-offs */

static void put_cut_off(const struct night *night, const struct nks_central *central)
{
    const nks_time at = nks_copenhagen_time(night->date, central->cut_off), now = night->run->now;
    nks_summary_minute(night->summary, "cut-off", central->cut_off);
    if (!nks_bankday(night->date))
        return;
    nks_summary_text(night->summary, "passed", at <= now ? "yes" : "no");
    if (at > now && night->date == night->run->today)
        nks_summary_minute(night->summary, "left", (int)((at - now) / 60));
}

static enum nks_status put_central(const struct night *night, const struct nks_central *central)
{
    struct nks_part_files files = {.files = 0};
    nks_summary_open(night->summary, "central");
    nks_summary_text(night->summary, "name", central->name);
    put_cut_off(night, central);
    NKS_TRY(count_files(night, NKS_FILE_ORDER, central->name, &files, false));
    nks_part_files_put(night->summary, &files);
    nks_summary_number(night->summary, "unpublished", files.unpublished);
    nks_summary_close(night->summary, "central");
    return NKS_OK;
}

static int by_cut_off(const void *a, const void *b)
{
    const struct nks_central *one = *(const struct nks_central *const *)a;
    const struct nks_central *other = *(const struct nks_central *const *)b;
    return one->cut_off != other->cut_off ? one->cut_off - other->cut_off : strcmp(one->name, other->name);
}

static enum nks_status put_centrals(const struct night *night)
{
    const struct nks_central *centrals[NKS_CENTRALS_MAX] = {NULL};
    const struct nks_central_book *book = &night->run->centrals;
    size_t count = 0;
    for (size_t i = 0; i < book->count && count < NKS_CENTRALS_MAX; i++) {
        if (!book->rows[i]->ended)
            centrals[count++] = book->rows[i];
    }
    qsort(centrals, count, sizeof(const struct nks_central *), by_cut_off);
    nks_summary_open(night->summary, "centrals");
    for (size_t i = 0; i < count; i++)
        NKS_TRY(put_central(night, centrals[i]));
    nks_summary_close(night->summary, "centrals");
    return NKS_OK;
}

/* ---- what waits */

static enum nks_status put_steps(const struct night *night)
{
    struct nks_look_steps steps;
    NKS_TRY(nks_look_next_steps(night->run, &steps));
    nks_summary_open(night->summary, "steps");
    for (size_t i = 0; i < steps.count; i++) {
        nks_summary_open(night->summary, "step");
        nks_summary_text(night->summary, "words", steps.rows[i].words);
        nks_summary_text(night->summary, "command", steps.rows[i].command);
        nks_summary_date(night->summary, "until", steps.rows[i].date);
        nks_summary_text(night->summary, "person", steps.rows[i].person ? "yes" : NULL);
        nks_summary_close(night->summary, "step");
    }
    nks_summary_close(night->summary, "steps");
    return NKS_OK;
}

static enum nks_status put_night(struct night *night)
{
    put_day(night);
    NKS_TRY(put_steps(night));
    NKS_TRY(put_centrals(night));
    NKS_TRY(put_deliveries(night));
    put_counts(night);
    nks_tally_put(night->tally, night->summary, night->language, true);
    NKS_TRY(put_files(night, NKS_FILE_ORDER, "orders"));
    NKS_TRY(put_files(night, NKS_FILE_MANIFEST, "manifests"));
    NKS_TRY(put_files(night, NKS_FILE_STATUS, "reports"));
    return put_files(night, NKS_FILE_RECEIPT, "receipts");
}

enum nks_status nks_summary_of_night(struct nks_run *run, nks_date date, enum nks_report_language language,
                                     struct nks_summary *summary)
{
    struct night night = {
        .run = run,
        .summary = summary,
        .language = language,
        .date = date,
        .from = nks_copenhagen_time(date, 0),
        .to = nks_copenhagen_time(date + 1, 0),
    };
    NKS_TRY(nks_tally_new(&night.tally, &run->fault));
    enum nks_status status = put_night(&night);
    free(night.tally);
    return status;
}
