#include "stage/rehearse.h"

#include "iso20022/spawn.h"
#include "stage/run.h"
#include "vault/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SIZE = 64 * 1024 };

struct nks_rehearsal {
    struct nks_run *run;
    char sender[NKS_PARTY_MAX];
    char folder[NKS_PATH_MAX]; /* where the sender drops */
    int64_t last_delivery, last_file;
    char buffer[COPY_SIZE];
};

static enum nks_status path_long(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the directory for temporary files is too long");
}

/* ---- the home */

/* One central for all registration numbers, until the end of the day. */
static const char every_account[] = "central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges\n"
                                    "alle,alle,09,10000000,16000000000,23:59,0000-9999\n";

static enum nks_status centrals_import(struct nks_rehearsal *rehearsal, const struct nks_rehearsal_options *options)
{
    struct nks_run *run = rehearsal->run;
    struct nks_import_result result;
    const struct nks_import_options import = {.now = run->now};
    char path[NKS_PATH_MAX];
    int fd = options->centrals;
    if (fd >= 0)
        return nks_central_import(run->db, run->keys, fd, &import, &result, &run->fault);
    NKS_TRY(nks_run_path(run, path, "centrals.csv", NULL, NULL));
    NKS_TRY(nks_file_replace(path, every_account, sizeof every_account - 1, 0600, &run->fault));
    NKS_TRY(nks_sys_open_read(path, &fd, &run->fault));
    enum nks_status status = nks_central_import(run->db, run->keys, fd, &import, &result, &run->fault);
    close(fd);
    return status;
}

static enum nks_status reference_data(struct nks_rehearsal *rehearsal, const struct nks_rehearsal_options *options)
{
    struct nks_run *run = rehearsal->run;
    struct nks_import_result result;
    const struct nks_import_options import = {.now = run->now};
    NKS_TRY(nks_agreement_import(run->db, run->keys, options->agreements, &import, &result, &run->fault));
    NKS_TRY(centrals_import(rehearsal, options));
    NKS_TRY(nks_run_books(run));
    for (size_t i = 0; i < run->agreements.count; i++)
        run->agreements.rows[i]->signature = NKS_SIGNATURE_NONE; /* a file is tried before it is signed */
    return NKS_OK;
}

static enum nks_status sender_choose(struct nks_rehearsal *rehearsal, const char *wanted)
{
    struct nks_run *run = rehearsal->run;
    const struct nks_agreement_book *book = &run->agreements;
    const char *sender = wanted != NULL ? wanted : book->count > 0 ? book->rows[0]->sender : "";
    for (size_t i = 0; wanted == NULL && i < book->count; i++) {
        if (strcmp(book->rows[i]->sender, sender) != 0)
            return nks_fault_set(&run->fault, NKS_REFUSED, "CHECK-SENDER",
                                 "the agreements name several senders; say with --sender who sends the file");
    }
    if (!nks_party_valid(nks_text_from(sender)) ||
        !nks_text_copy(nks_text_from(sender), rehearsal->sender, sizeof rehearsal->sender))
        return nks_fault_set(&run->fault, NKS_REFUSED, "CHECK-SENDER",
                             "there is no sender: the agreements are empty, or --sender is no short id");
    NKS_TRY(nks_run_path(run, rehearsal->folder, "in/sender", rehearsal->sender, NULL));
    return nks_sys_mkdir(rehearsal->folder, 0700, &run->fault);
}

static enum nks_status open_home(struct nks_rehearsal *rehearsal, const struct nks_rehearsal_options *options,
                                 struct nks_fault *fault)
{
    char home[NKS_PATH_MAX], keys[NKS_PATH_MAX];
    if (!nks_path_join(home, options->dir, "home") || !nks_path_join(keys, options->dir, "keys"))
        return path_long(fault);
    const struct nks_run_options run_options = {
        .home = home,
        .keys = keys,
        .reader = options->reader,
        .now = options->now,
        .lock = true,
        .progress = options->progress,
        .progress_context = options->progress_context,
    };
    NKS_TRY(nks_home_init(home, keys, NULL, true, options->now, fault));
    NKS_TRY(nks_run_open(&run_options, &rehearsal->run, fault));
    enum nks_status status = reference_data(rehearsal, options);
    if (status == NKS_OK)
        status = sender_choose(rehearsal, options->sender);
    if (status != NKS_OK)
        *fault = rehearsal->run->fault;
    return status;
}

enum nks_status nks_rehearsal_open(const struct nks_rehearsal_options *options, struct nks_rehearsal **out,
                                   struct nks_fault *fault)
{
    struct nks_rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    if (rehearsal == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to check a file");
    enum nks_status status = open_home(rehearsal, options, fault);
    if (status == NKS_OK)
        *out = rehearsal;
    else
        nks_rehearsal_close(rehearsal);
    return status;
}

void nks_rehearsal_close(struct nks_rehearsal *rehearsal)
{
    if (rehearsal == NULL)
        return;
    nks_run_close(rehearsal->run);
    free(rehearsal);
}

/* ---- one file */

static enum nks_status drop(struct nks_rehearsal *rehearsal, int fd, const char *name)
{
    struct nks_run *run = rehearsal->run;
    char path[NKS_PATH_MAX];
    int out = -1;
    if (!nks_path_join(path, rehearsal->folder, name))
        return path_long(&run->fault);
    NKS_TRY(nks_sys_create(path, &out, &run->fault));
    enum nks_status status = NKS_OK;
    for (size_t got = 1; status == NKS_OK && got > 0;) {
        status = nks_sys_read(fd, rehearsal->buffer, sizeof rehearsal->buffer, &got, &run->fault);
        if (status == NKS_OK)
            status = nks_sys_write(out, rehearsal->buffer, got, &run->fault);
    }
    close(out);
    return status;
}

static enum nks_status through_stages(struct nks_rehearsal *rehearsal, struct nks_delivery *delivery)
{
    struct nks_run *run = rehearsal->run;
    bool found = false;
    int64_t id = 0;
    NKS_TRY(nks_stage_receive(run, 0));
    NKS_TRY(nks_delivery_next(run->exchange, NKS_SOURCE_SENDER, 0, rehearsal->last_delivery, &id, &run->fault));
    if (id == 0)
        return nks_fault_set(&run->fault, NKS_REFUSED, "CHECK-NAME",
                             "a file of that name is not taken from a drop folder; rename it");
    rehearsal->last_delivery = id;
    NKS_TRY(nks_stage_ingest(run, 0));
    NKS_TRY(nks_stage_emit(run, 0));
    return nks_delivery_load(run->exchange, id, delivery, &found, &run->fault);
}

struct telling {
    struct nks_run *run;
    const struct nks_rehearsal_calls *calls;
    struct nks_check_result *result;
    struct nks_batch batch;
};

static enum nks_status tell(struct telling *telling, const struct nks_check_finding *finding)
{
    return telling->calls->finding(telling->calls->context, finding, &telling->run->fault);
}

static enum nks_status no_memory(struct telling *telling)
{
    return nks_fault_set(&telling->run->fault, NKS_RETRY, "MEMORY", "no memory to check a file");
}

static enum nks_status tell_refusal(struct telling *telling, const struct nks_delivery *delivery)
{
    struct nks_finding *findings = calloc(NKS_FINDINGS_MAX, sizeof *findings);
    size_t count = 0;
    if (findings == NULL)
        return no_memory(telling);
    enum nks_status status =
        nks_delivery_findings(telling->run->exchange, delivery->id, findings, &count, &telling->run->fault);
    for (size_t i = 0; status == NKS_OK && i < count; i++) {
        const struct nks_check_finding told = {.reason = findings[i].reason,
                                               .line = findings[i].line,
                                               .group = findings[i].group,
                                               .seq = findings[i].seq,
                                               .words = nks_text_from(findings[i].text)};
        status = tell(telling, &told);
    }
    free(findings);
    const struct nks_check_finding again = {.reason = delivery->reason,
                                            .words = nks_text_from(nks_reason_english(delivery->reason))};
    return status == NKS_OK && count == 0 ? tell(telling, &again) : status;
}

/* ---- an accepted file: read once more, because only the reader knows lines */

struct places {
    struct telling *telling;
    struct nks_stream_reader *stream;
    uint16_t *reasons; /* by seq: why the payment was rejected */
    bool moved;        /* groups were moved to another day */
};

static enum nks_status rejected_of_slice(struct places *places, int64_t slice_id)
{
    struct nks_run *run = places->telling->run;
    const struct nks_batch *batch = &places->telling->batch;
    const struct nks_slice_want want = {.details = false};
    NKS_TRY(nks_slice_load(run->payments, batch, slice_id, want, run->slice, &run->fault));
    for (size_t i = 0; i < run->slice->count; i++) {
        const struct nks_payment *payment = &run->slice->payments[i];
        if (payment->state == NKS_PAYMENT_REJECTED && payment->seq <= (uint64_t)batch->payments)
            places->reasons[payment->seq] = payment->reason;
    }
    return NKS_OK;
}

static enum nks_status rejected_find(struct places *places)
{
    struct nks_run *run = places->telling->run;
    struct nks_slice_row row = {.id = 0};
    for (;;) {
        NKS_TRY(nks_slice_row_next(run->payments, places->telling->batch.id, row.id, &row, &run->fault));
        if (row.id == 0)
            return NKS_OK;
        if (row.rejected > 0)
            NKS_TRY(rejected_of_slice(places, row.id));
    }
}

static enum nks_status on_group(struct places *places, const struct nks_frame_place *place)
{
    struct nks_run *run = places->telling->run;
    const struct nks_group *group = NULL;
    if (!places->moved)
        return NKS_OK;
    NKS_TRY(nks_group_load(run->payments, &places->telling->batch, place->group, &group, &run->fault));
    const struct nks_check_finding told = {.reason = group->moved,
                                           .note = true,
                                           .line = place->line,
                                           .group = place->group,
                                           .words = nks_text_from(nks_reason_english(group->moved))};
    return group->moved == NKS_REASON_NONE ? NKS_OK : tell(places->telling, &told);
}

static enum nks_status on_payment(struct places *places, const struct nks_frame_place *place)
{
    bool known = place->seq <= (uint64_t)places->telling->batch.payments;
    enum nks_reason reason = known ? (enum nks_reason)places->reasons[place->seq] : NKS_REASON_NONE;
    const struct nks_check_finding told = {.reason = reason,
                                           .payment = true,
                                           .line = place->line,
                                           .group = place->group,
                                           .seq = place->seq,
                                           .words = nks_text_from(nks_reason_english(reason))};
    return reason == NKS_REASON_NONE ? NKS_OK : tell(places->telling, &told);
}

static enum nks_status on_frame(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    (void)fault; /* the run's own */
    struct places *places = user;
    if (frame->kind == NKS_FRAME_GROUP)
        return on_group(places, &frame->place);
    return frame->kind == NKS_FRAME_PAYMENT ? on_payment(places, &frame->place) : NKS_OK;
}

static enum nks_status spool_source(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct places *places = user;
    const void *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_stream_read(places->stream, &data, &len, fault));
    *piece = (struct nks_text){data, len};
    return NKS_OK;
}

/* What it read to its end a moment ago it reads again, unless something outside stops it. */
static enum nks_status read_again(struct places *places, int64_t bytes)
{
    struct nks_run *run = places->telling->run;
    struct nks_reader *reader = NULL;
    const struct nks_reader_calls calls = {places, spool_source, on_frame};
    struct nks_reader_usage usage;
    enum nks_reader_end end = NKS_READER_DONE;
    NKS_TRY(nks_reader_open(run->options.reader, bytes, &reader, &run->fault));
    enum nks_status status = nks_reader_pump(reader, &calls, &end, &run->fault);
    nks_reader_close(reader, &usage);
    if (status == NKS_OK && end != NKS_READER_DONE)
        return nks_fault_set(&run->fault, NKS_RETRY, "READER-LOST", "the reader was ended from outside");
    return status;
}

static enum nks_status places_tell(struct places *places, const struct nks_delivery *delivery)
{
    struct nks_run *run = places->telling->run;
    char path[NKS_PATH_MAX];
    int fd = -1;
    NKS_TRY(rejected_find(places));
    NKS_TRY(nks_run_spool_path(run, delivery->id, path));
    NKS_TRY(nks_sys_open_read(path, &fd, &run->fault));
    enum nks_status status =
        nks_stream_read_open(run->keys, NKS_KEY_SPOOL, delivery->id, fd, &places->stream, &run->fault);
    if (status == NKS_OK)
        status = read_again(places, delivery->bytes);
    nks_stream_read_free(places->stream);
    close(fd);
    return status;
}

static enum nks_status tell_accepted(struct telling *telling, const struct nks_delivery *delivery)
{
    struct places places = {.telling = telling};
    uint32_t moved = 0;
    NKS_TRY(nks_group_next_moved(telling->run->payments, telling->batch.id, 0, &moved, &telling->run->fault));
    places.moved = moved != 0;
    if (telling->batch.rejected == 0 && !places.moved)
        return NKS_OK;
    places.reasons = calloc((size_t)telling->batch.payments + 1, sizeof *places.reasons);
    enum nks_status status = places.reasons == NULL ? no_memory(telling) : places_tell(&places, delivery);
    free(places.reasons);
    return status;
}

static enum nks_status tell_batch(struct telling *telling, const struct nks_delivery *delivery)
{
    struct nks_run *run = telling->run;
    struct nks_check_result *result = telling->result;
    struct nks_batch *batch = &telling->batch;
    int64_t id = 0;
    bool found = false;
    *result = (struct nks_check_result){.version = delivery->version,
                                        .encoding = delivery->encoding,
                                        .refused = delivery->state != NKS_DELIVERY_ACCEPTED};
    NKS_TRY(nks_batch_find_delivery(run->payments, delivery->id, &id, &run->fault));
    if (id != 0)
        NKS_TRY(nks_batch_load(run->payments, id, batch, &found, &run->fault));
    if (found) {
        result->groups = batch->groups;
        result->payments = batch->payments;
        result->rejected = result->refused ? 0 : batch->rejected;
        result->sum = batch->sum;
    }
    return result->refused ? tell_refusal(telling, delivery) : tell_accepted(telling, delivery);
}

/* Nothing is published here: what this file made waits in state WRITTEN behind what earlier ones made. */
static enum nks_status tell_answers(struct nks_rehearsal *rehearsal, const struct telling *telling)
{
    struct nks_run *run = telling->run;
    for (;;) {
        struct nks_out_file file;
        char path[NKS_PATH_MAX];
        int64_t id = 0;
        bool found = false;
        NKS_TRY(nks_out_file_next(run->exchange, NKS_FILE_WRITTEN, rehearsal->last_file, &id, &run->fault));
        if (id == 0)
            return NKS_OK;
        rehearsal->last_file = id;
        NKS_TRY(nks_out_file_load(run->exchange, id, &file, &found, &run->fault));
        NKS_TRY(nks_run_staging_path(run, id, path));
        struct nks_rehearsal_answer answer = {.payer = file.folder == NKS_FOLDER_PAYER,
                                              .party = file.party,
                                              .name = file.name,
                                              .bytes = file.bytes,
                                              .path = path};
        memcpy(answer.hash, file.hash, sizeof answer.hash);
        NKS_TRY(telling->calls->answer(telling->calls->context, &answer, &run->fault));
    }
}

enum nks_status nks_rehearsal_file(struct nks_rehearsal *rehearsal, int fd, const char *name,
                                   const struct nks_rehearsal_calls *calls, struct nks_check_result *result,
                                   struct nks_fault *fault)
{
    struct telling telling = {.run = rehearsal->run, .calls = calls, .result = result};
    struct nks_delivery delivery;
    nks_fault_clear(&rehearsal->run->fault);
    enum nks_status status = drop(rehearsal, fd, name);
    if (status == NKS_OK)
        status = through_stages(rehearsal, &delivery);
    if (status == NKS_OK)
        status = tell_batch(&telling, &delivery);
    if (status == NKS_OK)
        status = tell_answers(rehearsal, &telling);
    nks_batch_close(&telling.batch);
    if (status != NKS_OK)
        *fault = rehearsal->run->fault;
    return status;
}
