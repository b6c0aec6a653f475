#include "stage/erase.h"

#include "stage/lost.h"
#include "vault/stream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { TABLES_MAX = 16 };

struct erasing {
    struct nks_run *run;
    bool dry_run;
    const char *reason;
    struct nks_erased *out;
    nks_date until;                 /* what is due on that day */
    struct nks_trail_link links[2]; /* the last ones read of deliveries: received, read again */
};

/* Of every module that erases something, for the engine of the database; ends with NULL. */
struct tables {
    const char *names[TABLES_MAX + 1];
    size_t count;
};

static void tables_add(struct tables *tables, const char *const *names)
{
    for (; *names != NULL; names++) {
        assert(tables->count < TABLES_MAX);
        tables->names[tables->count++] = *names;
    }
}

static struct tables tables_all(void)
{
    struct tables tables = {.count = 0};
    tables_add(&tables, nks_payments_erased);
    tables_add(&tables, nks_exchange_erased);
    tables_add(&tables, nks_ventekonto_erased);
    return tables;
}

/* ---- the time (pure) */

/* N years from the end of the year that the day lies in: bogføringsloven § 12, stk. 1. */
static nks_date after_years(nks_date day, int64_t years)
{
    int year = 0, month = 0, of_month = 0;
    nks_date_to_ymd(day, &year, &month, &of_month);
    return nks_date_from_ymd(year + 1 + (int)years, 1, 1);
}

static nks_date voucher_day(const struct nks_run *run, nks_date day)
{
    return after_years(day, run->conf.voucher_years);
}

/* A row that says an earlier time than the trail does not have it erased early. */
static enum nks_status began_at(struct nks_run *run, const struct nks_batch *batch, nks_time *at)
{
    struct nks_trail_link link;
    bool found = false;
    if (batch->origin == NKS_ORIGIN_SENDER)
        NKS_TRY(nks_trail_next(run->trail, batch->id, 0, &link, &found, &run->fault));
    if (found && link.action == NKS_TRAIL_INGEST && link.at > *at)
        *at = link.at;
    return NKS_OK;
}

enum nks_status nks_erase_day(struct nks_run *run, const struct nks_batch *batch, nks_date *day)
{
    nks_time began = batch->created;
    NKS_TRY(began_at(run, batch, &began));
    nks_date last = 0, created = nks_copenhagen_date(began);
    if (batch->state != NKS_BATCH_ACCEPTED) {
        *day = created + (nks_date)run->conf.refused_days;
        return NKS_OK;
    }
    NKS_TRY(nks_batch_last_day(run->payments, batch->id, &last, &run->fault));
    *day = voucher_day(run, last > created ? last : created);
    return NKS_OK;
}

static nks_date delivery_day(const struct nks_run *run, const struct nks_delivery *delivery)
{
    nks_date received = nks_copenhagen_date(delivery->received);
    bool refused = delivery->source == NKS_SOURCE_SENDER && delivery->state == NKS_DELIVERY_REFUSED;
    return refused ? received + (nks_date)run->conf.refused_days : voucher_day(run, received);
}

/* ---- may it be erased? */

static enum nks_status open_check(struct nks_run *run, const struct nks_batch *batch)
{
    struct nks_finals finals = {.open = 0};
    int64_t first = nks_slice_id(batch->id, 1), last = nks_slice_id(batch->id, NKS_SLICES_MAX), entries = 0, slices = 0,
            files = 0;
    NKS_TRY(nks_out_file_waiting(run->exchange, batch->id, batch->delivery_id, &files, &run->fault));
    if (batch->state == NKS_BATCH_ACCEPTED) {
        NKS_TRY(nks_batch_work_left(run->payments, batch->id, &slices, &run->fault));
        NKS_TRY(nks_finals_count(run->payments, batch->id, &finals, &run->fault));
        NKS_TRY(nks_ventekonto_open_count(run->ventekonto, first, last, &entries, &run->fault));
    }
    if (batch->state == NKS_BATCH_READING || slices + finals.open + entries + files > 0)
        return nks_fault_set(&run->fault, NKS_HELD, "ERASE-OPEN",
                             "batch %" PRId64 " is not over: %" PRId64 " slices to decide, %" PRId64
                             " parts of payments without the bank's last word, %" PRId64
                             " entries of the ventekonto, %" PRId64 " files to publish",
                             batch->id, slices, finals.open, entries, files);
    return NKS_OK;
}

static enum nks_status may_erase(struct nks_run *run, const struct nks_batch *batch, nks_date until)
{
    nks_date day = 0;
    char text[NKS_DATE_TEXT];
    NKS_TRY(nks_erase_day(run, batch, &day));
    if (until < day) {
        nks_date_format(day, text);
        return nks_fault_set(&run->fault, NKS_HELD, "ERASE-EARLY", "batch %" PRId64 " is kept until %s", batch->id,
                             text);
    }
    return open_check(run, batch);
}

/* ---- files */

static enum nks_status file_destroy(struct erasing *erasing, const char *folder, int64_t number)
{
    struct nks_run *run = erasing->run;
    char path[NKS_PATH_MAX], dir[NKS_PATH_MAX];
    NKS_TRY(folder[0] == 's' ? nks_run_spool_path(run, number, path) : nks_run_archive_path(run, number, path));
    NKS_TRY(nks_run_path(run, dir, folder, NULL, NULL));
    erasing->out->files += nks_sys_exists(path);
    if (erasing->dry_run)
        return NKS_OK;
    NKS_TRY(nks_stream_destroy(path, &run->fault));
    return nks_sys_fsync_dir(dir, &run->fault);
}

typedef enum nks_status (*mark_fn)(struct nks_exchange *, int64_t, nks_time, struct nks_fault *);

struct marking {
    struct nks_exchange *exchange;
    mark_fn fn;
    int64_t id;
    nks_time time;
};

static enum nks_status mark_body(void *context, struct nks_fault *fault)
{
    const struct marking *marking = context;
    return marking->fn(marking->exchange, marking->id, marking->time, fault);
}

static enum nks_status mark(struct nks_run *run, mark_fn fn, int64_t id, nks_time time)
{
    struct marking marking = {run->exchange, fn, id, time};
    return nks_run_transact(run, mark_body, &marking);
}

/* A name counts as removed when its folder was synced; that may be gone with everything in it. */
static enum nks_status folder_sync(struct nks_run *run, const char *folder, const char *party)
{
    char dir[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, dir, folder, party, NULL));
    return nks_sys_exists(dir) ? nks_sys_fsync_dir(dir, &run->fault) : NKS_OK;
}

/* What was never fetched, and what a replay that was cut short left. */
static enum nks_status clear_copies_remove(struct nks_run *run, int64_t id)
{
    struct nks_out_file file;
    char path[NKS_PATH_MAX], name[NKS_FILE_NAME_MAX + 8];
    bool found = false;
    NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
    NKS_TRY(nks_run_staging_path(run, id, path));
    NKS_TRY(nks_sys_unlink(path, &run->fault));
    NKS_TRY(nks_run_path(run, path, nks_file_folder_path(file.folder), file.party, file.name));
    NKS_TRY(nks_sys_unlink(path, &run->fault));
    snprintf(name, sizeof name, "%s.p7s", file.name);
    NKS_TRY(nks_run_path(run, path, nks_file_folder_path(file.folder), file.party, name));
    NKS_TRY(nks_sys_unlink(path, &run->fault));
    NKS_TRY(folder_sync(run, nks_file_folder_path(file.folder), file.party));
    return folder_sync(run, "staging", NULL);
}

static enum nks_status copy_erase(struct erasing *erasing, const char *folder, mark_fn fn, int64_t id)
{
    struct nks_run *run = erasing->run;
    if (!erasing->dry_run)
        NKS_TRY(mark(run, fn, id, -run->now));
    NKS_TRY(file_destroy(erasing, folder, id));
    if (folder[0] != 's' && !erasing->dry_run)
        NKS_TRY(clear_copies_remove(run, id));
    nks_sys_point(folder[0] == 's' ? "erase.spool" : "erase.file");
    return erasing->dry_run ? NKS_OK : mark(run, fn, id, run->now);
}

static enum nks_status files_erase(struct erasing *erasing, int64_t batch_id, int64_t delivery_id)
{
    struct nks_run *run = erasing->run;
    for (int64_t id = 0;;) {
        NKS_TRY(nks_out_file_next_kept(run->exchange, batch_id, delivery_id, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(copy_erase(erasing, "archive", nks_out_file_erase, id));
    }
}

/* Its spool copy and the receipts. */
static enum nks_status delivery_erase(struct erasing *erasing, int64_t delivery_id)
{
    struct nks_run *run = erasing->run;
    nks_time erased = 0;
    NKS_TRY(nks_delivery_erased(run->exchange, delivery_id, &erased, &run->fault));
    if (delivery_id == 0 || erased > 0)
        return NKS_OK;
    NKS_TRY(files_erase(erasing, 0, delivery_id));
    erasing->out->deliveries++;
    return copy_erase(erasing, "spool", nks_delivery_erase, delivery_id);
}

/* ---- the batch */

static enum nks_status key_erase(struct erasing *erasing, const struct nks_batch *batch)
{
    struct nks_run *run = erasing->run;
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_ERASE, .batch_id = batch->id, .number = batch->payments, .reason = erasing->reason};
    NKS_TRY(nks_batch_key_erase(run->payments, batch->id, run->now, &run->fault));
    NKS_TRY(nks_ventekonto_erase(run->ventekonto, nks_slice_id(batch->id, 1), nks_slice_id(batch->id, NKS_SLICES_MAX),
                                 &run->fault));
    return nks_trail_add(run->trail, &entry, &run->fault);
}

typedef enum nks_status (*work_fn)(struct erasing *erasing, const struct nks_batch *batch, int64_t id);

static enum nks_status key_work(struct erasing *erasing, const struct nks_batch *batch, int64_t id)
{
    (void)id;
    return key_erase(erasing, batch);
}

static enum nks_status slice_work(struct erasing *erasing, const struct nks_batch *batch, int64_t id)
{
    struct nks_run *run = erasing->run;
    (void)batch;
    return nks_slice_erase(run->payments, run->slice, id, &run->fault);
}

static enum nks_status done_work(struct erasing *erasing, const struct nks_batch *batch, int64_t id)
{
    (void)id;
    return nks_batch_erase_done(erasing->run->payments, batch->id, &erasing->run->fault);
}

struct work {
    work_fn fn;
    struct erasing *erasing;
    const struct nks_batch *batch;
    int64_t id;
};

static enum nks_status work_body(void *context, struct nks_fault *fault)
{
    const struct work *work = context;
    (void)fault; /* the run's own */
    return work->fn(work->erasing, work->batch, work->id);
}

static enum nks_status in_transaction(struct erasing *erasing, work_fn fn, const struct nks_batch *batch, int64_t id)
{
    struct work work = {fn, erasing, batch, id};
    return nks_run_transact(erasing->run, work_body, &work);
}

static enum nks_status slices_erase(struct erasing *erasing, const struct nks_batch *batch)
{
    struct nks_run *run = erasing->run;
    for (struct nks_slice_row row = {.id = 0};;) {
        NKS_TRY(nks_slice_row_next(run->payments, batch->id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        NKS_TRY(in_transaction(erasing, slice_work, batch, row.id));
        nks_sys_point("erase.slice");
        nks_run_progress(run, "erase", row.id - nks_slice_id(batch->id, 1) + 1, batch->slices);
    }
}

static enum nks_status delivery_of(struct erasing *erasing, const struct nks_batch *batch)
{
    int64_t left = 0;
    NKS_TRY(nks_batch_of_delivery_left(erasing->run->payments, batch->delivery_id, &left, &erasing->run->fault));
    bool last = left == 0 || (erasing->dry_run && left == batch->id);
    return last ? delivery_erase(erasing, batch->delivery_id) : NKS_OK;
}

static enum nks_status batch_do(struct erasing *erasing, const struct nks_batch *batch)
{
    erasing->out->batches++;
    erasing->out->payments += batch->payments;
    if (!erasing->dry_run && batch->erased == 0)
        NKS_TRY(in_transaction(erasing, key_work, batch, 0));
    nks_sys_point("erase.key");
    if (!erasing->dry_run)
        NKS_TRY(slices_erase(erasing, batch));
    NKS_TRY(files_erase(erasing, batch->id, 0));
    return delivery_of(erasing, batch);
}

static enum nks_status wipe(struct erasing *erasing)
{
    struct tables tables = tables_all();
    return erasing->dry_run ? NKS_OK : nks_db_wipe(erasing->run->db, tables.names, &erasing->run->fault);
}

/* After the wiping: where that was busy, all is tried again. A batch whose key is there is left alone. */
static enum nks_status mark_done(struct erasing *erasing, int64_t batch_id)
{
    struct nks_run *run = erasing->run;
    struct nks_batch batch = {.id = batch_id};
    nks_time erased = 0;
    bool done = false;
    NKS_TRY(nks_batch_erased(run->payments, batch_id, &erased, &done, &run->fault));
    if (erased == 0 || done)
        return NKS_OK;
    NKS_TRY(in_transaction(erasing, done_work, &batch, 0));
    nks_sys_point("erase.done");
    return NKS_OK;
}

/* *skip: it is erased, to the end. */
static enum nks_status batch_erase(struct erasing *erasing, int64_t batch_id, bool *skip)
{
    struct nks_run *run = erasing->run;
    struct nks_batch batch;
    nks_time erased = 0;
    bool found = false, done = false;
    *skip = false;
    NKS_TRY(nks_batch_load(run->payments, batch_id, &batch, &found, &run->fault));
    enum nks_status status =
        found ? nks_batch_erased(run->payments, batch_id, &erased, &done, &run->fault)
              : nks_fault_set(&run->fault, NKS_REFUSED, "NOT-FOUND", "there is no such batch; `nks list` lists them");
    if (status == NKS_OK && done)
        *skip = true;
    else if (status == NKS_OK && erased == 0)
        status = may_erase(run, &batch, erasing->until);
    if (status == NKS_OK && !*skip)
        status = batch_do(erasing, &batch);
    nks_batch_close(&batch);
    return status;
}

/* A backup beside it would miss copies that its database still names. */
static enum nks_status begin(struct erasing *erasing, int *lock)
{
    struct nks_run *run = erasing->run;
    struct tables tables = tables_all();
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_lost_stage(run)); /* what is to be done again needs the keys of its batches */
    NKS_TRY(nks_run_path(run, path, "backup.lock", NULL, NULL));
    NKS_TRY(nks_sys_lock(path, lock, &run->fault));
    enum nks_status status = erasing->dry_run ? NKS_OK : nks_db_wipe_begin(run->db, tables.names, &run->fault);
    if (status != NKS_OK)
        close(*lock);
    return status;
}

enum nks_status nks_erase_batch(struct nks_run *run, int64_t batch_id, bool dry_run, const char *reason,
                                struct nks_erased *out)
{
    struct erasing erasing = {.run = run, .dry_run = dry_run, .reason = reason, .out = out, .until = run->today};
    struct nks_batch batch = {.id = batch_id};
    bool skip = false, done = false;
    int lock = -1;
    *out = (struct nks_erased){.batches = 0};
    NKS_TRY(begin(&erasing, &lock));
    enum nks_status status = batch_erase(&erasing, batch_id, &skip);
    if (status == NKS_OK && !skip)
        status = wipe(&erasing);
    if (status == NKS_OK && !skip && !dry_run)
        status = mark_done(&erasing, batch_id);
    close(lock);
    if (status != NKS_OK || !skip)
        return status;
    NKS_TRY(nks_batch_erased(run->payments, batch_id, &batch.erased, &done, &run->fault));
    return nks_batch_erased_fault(&batch, &run->fault);
}

/* ---- all whose time has come */

static enum nks_status batches_due(struct erasing *erasing)
{
    struct nks_run *run = erasing->run;
    for (int64_t id = 0;;) {
        bool skip = false;
        NKS_TRY(nks_batch_next(run->payments, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        enum nks_status status = batch_erase(erasing, id, &skip);
        if (status != NKS_OK && status != NKS_HELD)
            return status;
        nks_fault_clear(&run->fault); /* what is not due or not over waits for another day */
    }
}

static enum nks_status batches_done(struct erasing *erasing)
{
    struct nks_run *run = erasing->run;
    for (int64_t id = 0; !erasing->dry_run;) {
        NKS_TRY(nks_batch_next(run->payments, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(mark_done(erasing, id));
    }
    return NKS_OK;
}

/* The later of what the row and its link say. Receipts have the order of deliveries, so one reading of the home's chain
 * serves all; an act that has a file read again names it likewise. Before the trail there is no link. */
static enum nks_status received_at(struct erasing *erasing, const struct nks_delivery *delivery, nks_time *at)
{
    struct nks_run *run = erasing->run;
    struct nks_trail_link *link = &erasing->links[delivery->replays != 0];
    enum nks_trail_action action = delivery->replays != 0 ? NKS_TRAIL_REPLAY : NKS_TRAIL_RECEIVE;
    for (bool found = true; found && link->number < delivery->id;)
        NKS_TRY(nks_trail_next_of_action(run->trail, 0, action, link->link, link, &found, &run->fault));
    *at = link->number == delivery->id && link->at > delivery->received ? link->at : delivery->received;
    return NKS_OK;
}

static enum nks_status delivery_due(struct erasing *erasing, int64_t id)
{
    struct nks_run *run = erasing->run;
    struct nks_delivery delivery;
    int64_t batch = 0, files = 0;
    bool found = false;
    NKS_TRY(nks_delivery_load(run->exchange, id, &delivery, &found, &run->fault));
    NKS_TRY(nks_batch_of_delivery_left(run->payments, id, &batch, &run->fault));
    NKS_TRY(nks_out_file_waiting(run->exchange, 0, id, &files, &run->fault));
    bool due = found && batch == 0 && files == 0 && erasing->until >= delivery_day(run, &delivery);
    if (due)
        NKS_TRY(received_at(erasing, &delivery, &delivery.received));
    return due && erasing->until >= delivery_day(run, &delivery) ? delivery_erase(erasing, id) : NKS_OK;
}

static enum nks_status deliveries_due(struct erasing *erasing)
{
    struct nks_run *run = erasing->run;
    for (int64_t id = 0;;) {
        NKS_TRY(nks_delivery_next_kept(run->exchange, run->now, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(delivery_due(erasing, id));
    }
}

/* Deliveries have no chain of their own: what was erased of them stands in the home's. */
static enum nks_status due_link(struct erasing *erasing)
{
    struct nks_run *run = erasing->run;
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_ERASE, .number = erasing->out->deliveries, .reason = erasing->reason, .detail = "due"};
    if (erasing->dry_run || erasing->out->deliveries == 0)
        return NKS_OK;
    return nks_run_link(run, &entry);
}

enum nks_status nks_erase_due(struct nks_run *run, nks_date until, bool dry_run, const char *reason,
                              struct nks_erased *out)
{
    struct erasing erasing = {
        .run = run, .dry_run = dry_run, .reason = reason, .out = out, .until = until < run->today ? until : run->today};
    int lock = -1;
    *out = (struct nks_erased){.batches = 0};
    NKS_TRY(begin(&erasing, &lock));
    enum nks_status status = batches_due(&erasing);
    if (status == NKS_OK)
        status = deliveries_due(&erasing);
    if (status == NKS_OK)
        status = due_link(&erasing);
    if (status == NKS_OK)
        status = wipe(&erasing);
    if (status == NKS_OK)
        status = batches_done(&erasing);
    close(lock);
    return status;
}
