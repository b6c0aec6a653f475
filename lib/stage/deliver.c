/*
 * deliver: each written file is published exactly once, its signature first.
 *
 *   WRITTEN, staged file there -> NAME.p7s in out/ -> line in the journal -> staged file renamed to NAME -> line done
 *   -> row PUBLISHED
 *
 * After a crash the journal tells (journal.h): a line and the staged file there -> it was not published, go on; a line
 * and the staged file gone -> it was (the receiver may have fetched it already). Without a line it was not, and a
 * staged file that somebody took away is made again from the archive. What the journal of a restored home names is not
 * published again. At the end one manifest per central and business day, also when it is empty.
 */
#include "stage/journal.h"
#include "stage/lost.h"
#include "stage/replay.h"
#include "stage/sink.h"
#include "stage/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct publication {
    char staged[NKS_PATH_MAX], dir[NKS_PATH_MAX], target[NKS_PATH_MAX], signature[NKS_PATH_MAX];
};

static enum nks_status paths(struct nks_run *run, const struct nks_out_file *file, struct publication *pub)
{
    char name[NKS_FILE_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s.p7s", file->name);
    NKS_TRY(nks_run_staging_path(run, file->id, pub->staged));
    NKS_TRY(nks_run_path(run, pub->dir, nks_file_folder_path(file->folder), file->party, NULL));
    bool fits = nks_path_join(pub->target, pub->dir, file->name) && nks_path_join(pub->signature, pub->dir, name);
    return fits ? NKS_OK : nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
}

static enum nks_status staged_check(struct nks_run *run, const struct nks_out_file *file, const char *staged)
{
    uint8_t hash[NKS_HASH_SIZE];
    int64_t size = 0;
    NKS_TRY(nks_hash_file(staged, hash, &size, &run->fault));
    if (size != file->bytes || memcmp(hash, file->hash, sizeof hash) != 0)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "STAGED-CHANGED",
                             "the staged copy of %s is not what was written; do not restart, run nks-audit",
                             file->name);
    return NKS_OK;
}

static enum nks_status publish_bytes(struct nks_run *run, const struct nks_out_file *file,
                                     const struct publication *pub, const char *word)
{
    uint8_t der[NKS_CMS_MAX];
    size_t len = 0;
    NKS_TRY(staged_check(run, file, pub->staged));
    NKS_TRY(nks_sys_mkdir(pub->dir, 0700, &run->fault));
    if (nks_sys_exists(pub->target)) /* rename would say so too, but with less to go on */
        return nks_fault_set(
            &run->fault, NKS_HELD, "FILE-PLANTED",
            "%s lies in the out folder but nks did not put it there: look at it, move it away, run deliver",
            file->name);
    NKS_TRY(nks_cms_sign(run->keys, file->hash, run->now, der, &len, &run->fault));
    NKS_TRY(nks_file_replace(pub->signature, der, len, 0600, &run->fault));
    nks_sys_point("publish.signed");
    NKS_TRY(nks_journal_file(run, file, word));
    nks_sys_point("publish.journaled");
    NKS_TRY(nks_sys_rename(pub->staged, pub->target, &run->fault));
    nks_sys_point("publish.renamed");
    NKS_TRY(nks_sys_fsync_dir(pub->dir, &run->fault));
    NKS_TRY(nks_journal_done(run));
    nks_sys_point("publish.ended");
    return NKS_OK;
}

enum nks_status nks_staged_publish(struct nks_run *run, const struct nks_out_file *file)
{
    struct publication pub;
    NKS_TRY(paths(run, file, &pub));
    return publish_bytes(run, file, &pub, "again");
}

struct ending {
    struct nks_run *run;
    struct nks_out_file *file;
};

static enum nks_status published_body(void *context, struct nks_fault *fault)
{
    const struct ending *ending = context;
    struct nks_out_file *file = ending->file;
    NKS_TRY(nks_out_file_published(ending->run->exchange, file, fault));
    NKS_TRY(nks_journal_mark(ending->run));
    return nks_run_trail(ending->run, file->by_hand != 0 ? NKS_TRAIL_BY_HAND : NKS_TRAIL_DELIVER, file->batch_id, 0,
                         file->id);
}

enum nks_status nks_file_row_published(struct nks_run *run, struct nks_out_file *file)
{
    struct ending ending = {run, file};
    return nks_run_transact(run, published_body, &ending);
}

static enum nks_status settled_body(void *context, struct nks_fault *fault)
{
    const struct ending *ending = context;
    NKS_TRY(nks_out_file_settled(ending->run->exchange, ending->file, fault));
    return nks_run_trail(ending->run, NKS_TRAIL_DELIVER, ending->file->batch_id, 0, ending->file->id);
}

static enum nks_status row_settled(struct nks_run *run, struct nks_out_file *file)
{
    struct ending ending = {run, file};
    return nks_run_transact(run, settled_body, &ending);
}

/* What was published before this database was put back: the same bytes stay where they went, others wait for a person.
 */
static enum nks_status published_before(struct nks_run *run, struct nks_out_file *file, const char *staged,
                                        bool *before)
{
    struct nks_published published;
    NKS_TRY(nks_published_find(run->exchange, file, &published, before, &run->fault));
    if (!*before && run->recovering) /* what the journal does not name waits until all is as it was */
        return NKS_OK;
    if (!*before) /* under another name its money may be out already */
        return nks_journal_free(run, file->batch_id, file->delivery_id, file->name);
    bool same = nks_published_same(&published, file);
    if (!same && file->kind == NKS_FILE_RECEIPT) /* it names the file by its number, which came out another way */
        NKS_TRY(row_settled(run, file));
    else if (!same)
        return nks_fault_set(&run->fault, NKS_HELD, "JOURNAL-DIFFERS",
                             "%s was published before the home was restored, with other bytes: it stays in staging",
                             file->name);
    return nks_sys_unlink(staged, &run->fault);
}

static enum nks_status publish(struct nks_run *run, int64_t file_id)
{
    struct nks_out_file file;
    struct publication pub;
    bool found = false, before = false;
    NKS_TRY(nks_out_file_load(run->exchange, file_id, &file, &found, &run->fault));
    NKS_TRY(paths(run, &file, &pub));
    NKS_TRY(published_before(run, &file, pub.staged, &before));
    if (run->recovering && !before)
        return NKS_OK;
    if (!before && !nks_sys_exists(pub.staged))
        NKS_TRY(nks_archive_copy(run, &file, pub.staged));
    if (!before)
        NKS_TRY(publish_bytes(run, &file, &pub, "publish"));
    if (!before && file.kind == NKS_FILE_ORDER && file.business_date < run->today)
        run->late_from =
            run->late_from == 0 || file.business_date < run->late_from ? file.business_date : run->late_from;
    if (file.state != NKS_FILE_SETTLED)
        NKS_TRY(nks_file_row_published(run, &file));
    nks_sys_point("publish.done");
    run->counts.published++;
    nks_run_progress(run, "deliver", run->counts.published, 0);
    return NKS_OK;
}

static enum nks_status publish_all(struct nks_run *run)
{
    bool held = false;
    for (int64_t id = 0;;) {
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_WRITTEN, id, &id, &run->fault));
        if (id == 0)
            return held ? NKS_HELD : NKS_OK;
        enum nks_status status = publish(run, id);
        if (status == NKS_HELD)
            held = true; /* whoever may write into one folder must not stop the others */
        else if (status != NKS_OK)
            return status;
    }
}

/* ---- manifests */

struct day { /* order files of one central and business day */
    int64_t files, legs;
};

static enum nks_status day_count(struct nks_run *run, const char *central, nks_date date, struct day *day)
{
    struct nks_published only = {.kind = NKS_FILE_ORDER};
    *day = (struct day){0, 0};
    for (bool found = true;;) {
        NKS_TRY(nks_published_only_next(run->exchange, central, date, &only, &found, &run->fault));
        if (!found)
            break;
        day->files++;
        day->legs += only.entries;
    }
    for (int64_t id = 0;;) {
        struct nks_out_file file;
        bool found = false;
        NKS_TRY(nks_out_file_next_day(run->exchange, central, date, NKS_FILE_ORDER, id, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
        if (file.state != NKS_FILE_PUBLISHED) /* it is held */
            continue;
        day->files++;
        day->legs += file.entries;
    }
}

/* The number of the last manifest that the journal of a restored home names for this central and day; 0: none. */
static enum nks_status manifest_published(struct nks_run *run, const char *central, int *number)
{
    char name[NKS_FILE_NAME_MAX];
    NKS_TRY(nks_published_last_of_day(run->exchange, NKS_FILE_MANIFEST, NKS_FOLDER_CENTRAL, central, run->today, name,
                                      &run->fault));
    const char *digits = strrchr(name, '-');
    *number = digits != NULL ? (int)strtol(digits + 1, NULL, 10) : 0;
    return NKS_OK;
}

static enum nks_status manifest_reserve(struct nks_run *run, const struct nks_central *central, bool *any)
{
    int64_t last = 0;
    int earlier = 0;
    struct day day;
    NKS_TRY(manifest_published(run, central->name, &earlier));
    NKS_TRY(day_count(run, central->name, run->today, &day));
    for (int64_t id = 0;;) {
        NKS_TRY(
            nks_out_file_next_day(run->exchange, central->name, run->today, NKS_FILE_MANIFEST, id, &id, &run->fault));
        if (id == 0)
            break;
        last = id;
    }
    if (last != 0) {
        struct nks_out_file newest;
        bool found = false;
        NKS_TRY(nks_out_file_load(run->exchange, last, &newest, &found, &run->fault));
        if (newest.entries == day.files)
            return NKS_OK; /* nothing new since */
        earlier = newest.number > earlier ? newest.number : earlier;
    }
    char date[NKS_DATE_TEXT];
    nks_date_format(run->today, date);
    struct nks_out_file file = {
        .kind = NKS_FILE_MANIFEST,
        .folder = NKS_FOLDER_CENTRAL,
        .number = earlier + 1,
        .created = run->now,
        .entries = day.files,
        .business_date = run->today,
    };
    memcpy(file.party, central->name, sizeof file.party);
    snprintf(file.name, sizeof file.name, "nks-manifest-%s-%04d.tsv", date, file.number);
    *any = true;
    return nks_out_file_reserve(run->exchange, &file, &run->fault);
}

enum nks_status nks_manifests_reserve(struct nks_run *run, bool *any)
{
    for (size_t i = 0; i < run->centrals.count; i++) {
        if (!run->centrals.rows[i]->ended)
            NKS_TRY(manifest_reserve(run, run->centrals.rows[i], any));
    }
    return NKS_OK;
}

static enum nks_status line_write(struct nks_out_sink *sink, const struct nks_buf *line)
{
    return nks_out_sink_write(sink, line->ptr, line->len, &sink->run->fault);
}

struct listed {
    const char *name, *message_id, *sum;
    int64_t entries, bytes;
    const uint8_t *hash;
};

static enum nks_status listed_write(struct nks_out_sink *sink, const struct listed *listed, int64_t *payments)
{
    char memory[512], hex[NKS_HASH_HEX];
    struct nks_buf line;
    struct nks_sum sum;
    nks_hex(listed->hash, NKS_HASH_SIZE, hex);
    nks_buf_init(&line, memory, sizeof memory);
    nks_buf_printf(&line, "%s\t%s\t%lld\t%s\t%lld\t%s\n", listed->name, listed->message_id, (long long)listed->entries,
                   listed->sum, (long long)listed->bytes, hex);
    sink->entries++;
    *payments += listed->entries;
    if (nks_sum_read(nks_text_from(listed->sum), &sum))
        sink->sum.scaled += sum.scaled;
    return line_write(sink, &line);
}

/* A table for people and programs: one line per order file of the day in the order of their numbers, then those that
 * left before the home was put back and are not there again, then the total. */
enum nks_status nks_manifest_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    char memory[512], date[NKS_DATE_TEXT];
    struct nks_buf line;
    int64_t payments = 0;
    nks_date_format(file->business_date, date);
    nks_buf_init(&line, memory, sizeof memory);
    nks_buf_printf(&line, "# nks manifest 1\tcentral %s\tdate %s\n# name\tmessage_id\tpayments\tsum\tbytes\tsha256\n",
                   file->party, date);
    NKS_TRY(line_write(sink, &line));
    for (int64_t id = 0; sink->entries < file->entries;) {
        struct nks_out_file order;
        bool found = false;
        NKS_TRY(nks_out_file_next_day(run->exchange, file->party, file->business_date, NKS_FILE_ORDER, id, &id,
                                      &run->fault));
        if (id == 0)
            break;
        NKS_TRY(nks_out_file_load(run->exchange, id, &order, &found, &run->fault));
        if (order.state != NKS_FILE_PUBLISHED)
            continue;
        const struct listed listed = {order.name, order.message_id, order.sum, order.entries, order.bytes, order.hash};
        NKS_TRY(listed_write(sink, &listed, &payments));
    }
    struct nks_published only = {.kind = NKS_FILE_ORDER};
    while (sink->entries < file->entries) {
        bool found = false;
        NKS_TRY(nks_published_only_next(run->exchange, file->party, file->business_date, &only, &found, &run->fault));
        if (!found)
            break;
        const struct listed listed = {only.name, only.message_id, only.sum, only.entries, only.bytes, only.hash};
        NKS_TRY(listed_write(sink, &listed, &payments));
    }
    nks_buf_init(&line, memory, sizeof memory);
    nks_buf_printf(&line, "# total\t%lld files\t%lld\t", (long long)sink->entries, (long long)payments);
    nks_sum_format(&line, sink->sum);
    nks_buf_char(&line, '\n');
    return line_write(sink, &line);
}

struct listing {
    struct nks_run *run;
    bool any;
};

static enum nks_status manifests_body(void *context, struct nks_fault *fault)
{
    struct listing *listing = context;
    (void)fault; /* the run's own */
    listing->any = false;
    return nks_manifests_reserve(listing->run, &listing->any);
}

static enum nks_status manifests(struct nks_run *run)
{
    struct listing listing = {run, false};
    NKS_TRY(nks_run_transact(run, manifests_body, &listing));
    if (!listing.any)
        return NKS_OK;
    NKS_TRY(nks_reserved_write(run));
    return publish_all(run);
}

/* Order files of earlier days that leave now, after a home was put back or a file was held: those days have one more.
 */
static enum nks_status late_manifests(struct nks_run *run)
{
    nks_date today = run->today;
    enum nks_status status = NKS_OK;
    for (nks_date day = run->late_from; run->late_from != 0 && day < today && status == NKS_OK; day++) {
        run->today = day;
        status = manifests(run);
    }
    run->today = today;
    run->late_from = 0;
    return status;
}

enum nks_status nks_stage_deliver(struct nks_run *run, int64_t batch_id)
{
    (void)batch_id; /* what is written is published, whatever its batch */
    NKS_TRY(nks_lost_stage(run));
    NKS_TRY(nks_run_may_sign(run));
    NKS_TRY(nks_journal_begin(run));
    NKS_TRY(nks_settled_tidy(run));
    enum nks_status status = publish_all(run);
    if (run->recovering || (status != NKS_OK && status != NKS_HELD))
        return status; /* the centrals have the manifests of then */
    enum nks_status listed = late_manifests(run);
    if (listed == NKS_OK)
        listed = manifests(run);
    return listed != NKS_OK ? listed : status;
}
