#include "sample.h"

#include "stage/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 1000000, COPY_MAX = 1 << 30, SEALS_MAX = 100000 };

struct sampling {
    struct audit *audit;
    const struct sample_options *options;
    FILE *list, *files;
    int64_t total, payments, interval, next, passed; /* units; `next` is the one that is drawn next */
    int64_t drawn, slice_drawn;                      /* the last slice with a payment drawn */
    char ref[40];
};

static enum nks_status path_of(struct audit *audit, char out[NKS_PATH_MAX], const char *dir, const char *name)
{
    return nks_path_join(out, dir, name)
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
}

static enum nks_status file_new(struct audit *audit, const char *dir, const char *name, FILE **out)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(path_of(audit, path, dir, name));
    *out = fopen(path, "wx");
    return *out != NULL
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_RETRY, "OUTPUT", "%s cannot be written: look at the disk", name);
}

static enum nks_status file_end(struct audit *audit, FILE *file)
{
    bool bad = ferror(file) != 0;
    bad = fclose(file) != 0 || bad;
    return bad ? nks_fault_set(&audit->fault, NKS_RETRY, "OUTPUT", "the sample cannot be written: is the disk full?")
               : NKS_OK;
}

static void ints_write(FILE *file, const char *word, const int64_t *values, size_t count)
{
    fputs(word, file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "\t%" PRId64, values[i]);
    fputc('\n', file);
}

static void hex_write(FILE *file, const char *word, const void *bytes, size_t len)
{
    char hex[2 * NKS_SIGNATURE_SIZE + 1];
    nks_hex(bytes, len <= NKS_SIGNATURE_SIZE ? len : NKS_SIGNATURE_SIZE, hex);
    fprintf(file, "%s\t%s\n", word, hex);
}

/* ---- the evidence of a slice */

typedef void (*row_fn)(FILE *file, struct nks_stmt *stmt);

static void payment_row(FILE *file, struct nks_stmt *stmt)
{
    int64_t row[SAMPLE_ROW_INTS];
    for (int i = 0; i < SAMPLE_ROW_INTS; i++)
        row[i] = nks_column_int(stmt, i);
    ints_write(file, "payment", row, SAMPLE_ROW_INTS);
}

static void leg_row(FILE *file, struct nks_stmt *stmt)
{
    int64_t row[SAMPLE_LEG_INTS];
    for (int i = 0; i < SAMPLE_LEG_INTS; i++)
        row[i] = nks_column_int(stmt, i);
    ints_write(file, "leg", row, SAMPLE_LEG_INTS);
}

static enum nks_status rows_write(struct audit *audit, FILE *file, const struct nks_sql *sql,
                                  const struct audit_slice *slice, row_fn fn)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, sql, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    if (fn == leg_row)
        nks_bind_int(stmt, "generation", slice->generation);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        fn(file, stmt);
    }
}

static enum nks_status signature_write(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_rows_signature, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    if (found)
        hex_write(file, "rows_signature", nks_column_bytes(stmt, 0).ptr, nks_column_bytes(stmt, 0).len);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status decisions_write(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    uint8_t hash[NKS_HASH_SIZE];
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_decision, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text stored = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    if (stored.len == NKS_HASH_SIZE) /* erased: the hash is in its place */
        memcpy(hash, stored.ptr, sizeof hash);
    else
        nks_hash_once(stored.ptr, stored.len, hash);
    if (found)
        hex_write(file, "decisions", hash, sizeof hash);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status evidence_write(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    const int64_t head[] = {slice->id,       slice->batch_id, slice->execution_date, slice->due_date,
                            slice->payments, slice->state,    slice->generation,     slice->legs};
    fputs("# nks evidence 1\n", file);
    ints_write(file, "slice", head, sizeof head / sizeof head[0]);
    NKS_TRY(rows_write(audit, file, &nks_sql_audit_payments, slice, payment_row));
    NKS_TRY(signature_write(audit, file, slice));
    if (!audit_routed(slice))
        return NKS_OK;
    NKS_TRY(decisions_write(audit, file, slice));
    NKS_TRY(rows_write(audit, file, &nks_sql_audit_signed_legs, slice, leg_row));
    hex_write(file, "legs_signature", slice->signature, slice->signature_len);
    return NKS_OK;
}

static enum nks_status slice_write(struct sampling *sampling, const struct audit_slice *slice)
{
    struct audit *audit = sampling->audit;
    char name[48];
    FILE *file = NULL;
    snprintf(name, sizeof name, "slice-%" PRId64 ".tsv", slice->id);
    NKS_TRY(file_new(audit, sampling->options->out, name, &file));
    enum nks_status status = evidence_write(audit, file, slice);
    enum nks_status ended = file_end(audit, file);
    return status != NKS_OK ? status : ended;
}

/* ---- the payments drawn */

static enum nks_status file_write(struct sampling *sampling, const struct audit_leg *leg)
{
    struct audit *audit = sampling->audit;
    struct nks_out_file file;
    char hex[NKS_HASH_HEX];
    bool found = false;
    if (leg->file_id == 0)
        return NKS_OK;
    NKS_TRY(nks_out_file_load(audit->exchange, leg->file_id, &file, &found, &audit->fault));
    if (!found)
        return NKS_OK;
    nks_hex(file.hash, sizeof file.hash, hex);
    fprintf(sampling->files, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%s\t%s\t%s\t%" PRId64 "\t%s\n",
            sampling->drawn, leg->n, leg->leg_no, leg->amount_minor, nks_state_name(NKS_STATE_LEG, (int)leg->state),
            file.party, file.name, file.message_id, file.bytes, hex);
    return NKS_OK;
}

/* How many of the drawn units fall on this payment. */
static int64_t hits_take(struct sampling *sampling, int64_t amount)
{
    int64_t hits = 0;
    while (sampling->next < sampling->passed + amount) { /* ends: at most COUNT_MAX units are drawn */
        sampling->next += sampling->interval;
        hits++;
    }
    sampling->passed += amount;
    return hits;
}

static bool counts(const struct audit_payment *payment)
{
    return payment != NULL && payment->state == NKS_PAYMENT_ACCEPTED && payment->amount_minor > 0;
}

static enum nks_status payment_count(struct audit *audit, void *context, const struct audit_slice *slice,
                                     const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct sampling *sampling = context;
    (void)audit;
    (void)slice;
    (void)legs;
    (void)count;
    if (counts(payment) && nks_minor_add(sampling->total, payment->amount_minor, &sampling->total))
        sampling->payments++;
    return NKS_OK;
}

static enum nks_status payment_draw(struct audit *audit, void *context, const struct audit_slice *slice,
                                    const struct audit_payment *payment, const struct audit_leg *legs, size_t count)
{
    struct sampling *sampling = context;
    int64_t unit = sampling->next, hits = counts(payment) ? hits_take(sampling, payment->amount_minor) : 0;
    (void)audit;
    if (hits == 0)
        return NKS_OK;
    sampling->drawn++;
    fprintf(sampling->list,
            "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64
            "\n",
            sampling->drawn, unit, hits, slice->id, payment->n, sampling->ref, payment->seq, payment->amount_minor,
            payment->currency);
    for (size_t i = 0; i < count; i++) {
        if (legs[i].generation == slice->generation)
            NKS_TRY(file_write(sampling, &legs[i]));
    }
    sampling->slice_drawn = slice->id;
    return NKS_OK;
}

static enum nks_status slice_count(struct audit *audit, void *context, const struct audit_slice *slice)
{
    return audit_each_payment(audit, slice, payment_count, context);
}

static enum nks_status slice_draw(struct audit *audit, void *context, const struct audit_slice *slice)
{
    struct sampling *sampling = context;
    NKS_TRY(audit_each_payment(audit, slice, payment_draw, context));
    return sampling->slice_drawn == slice->id ? slice_write(sampling, slice) : NKS_OK;
}

static enum nks_status batch_count(struct audit *audit, void *context, const struct audit_batch *batch)
{
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_count, context) : NKS_OK;
}

static enum nks_status batch_draw(struct audit *audit, void *context, const struct audit_batch *batch)
{
    struct sampling *sampling = context;
    snprintf(sampling->ref, sizeof sampling->ref, "batch %" PRId64, batch->id);
    return batch->state == NKS_BATCH_ACCEPTED ? audit_each_slice(audit, batch->id, slice_draw, context) : NKS_OK;
}

/* ---- all of it */

/* splitmix64: the same seed gives the same start everywhere. */
static uint64_t seed_mix(uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static enum nks_status bytes_copy(struct audit *audit, const char *from, const char *to)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(from, COPY_MAX, &data, &len, &audit->fault));
    enum nks_status status = nks_file_replace(to, data, len, 0600, &audit->fault);
    free(data);
    return status;
}

static enum nks_status seals_copy(struct audit *audit, const char *dir, const char *out)
{
    struct nks_sys_list list = {NULL, 0, false};
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX], folder[NKS_PATH_MAX];
    NKS_TRY(path_of(audit, folder, out, "seals"));
    NKS_TRY(nks_sys_mkdir(folder, 0700, &audit->fault));
    if (!nks_sys_exists(dir))
        return NKS_OK;
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &list, &audit->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        status = path_of(audit, from, dir, list.names[i]);
        if (status == NKS_OK)
            status = path_of(audit, to, folder, list.names[i]);
        if (status == NKS_OK)
            status = bytes_copy(audit, from, to);
    }
    nks_sys_list_free(&list);
    return status;
}

static enum nks_status outside_copy(struct audit *audit, const char *out)
{
    char log[NKS_PATH_MAX], seals[NKS_PATH_MAX], to[NKS_PATH_MAX];
    if (!nks_journal_file_path(audit->home, log) || !nks_seal_dir(audit->home, seals))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    NKS_TRY(path_of(audit, to, out, "published.log"));
    if (nks_sys_exists(log))
        NKS_TRY(bytes_copy(audit, log, to));
    return seals_copy(audit, seals, out);
}

static enum nks_status draw(struct sampling *sampling)
{
    struct audit *audit = sampling->audit;
    const struct sample_options *options = sampling->options;
    NKS_TRY(audit_each_batch(audit, batch_count, sampling));
    sampling->interval = sampling->total / options->count > 0 ? sampling->total / options->count : 1;
    sampling->next = (int64_t)(seed_mix(options->seed) % (uint64_t)sampling->interval);
    fprintf(sampling->list,
            "# nks sample 1\tmus %" PRId64 "\tseed %" PRIu64 "\tpayments %" PRId64 "\tunits %" PRId64
            "\tinterval %" PRId64 "\tstart %" PRId64
            "\n# number\tunit\thits\tslice\tn\tbatch\tseq\tamount_minor\tcurrency\n",
            options->count, options->seed, sampling->payments, sampling->total, sampling->interval, sampling->next);
    fputs("# number\tn\tleg_no\tamount_minor\tstate\tcentral\tfile\tmessage_id\tbytes\tsha256\n", sampling->files);
    NKS_TRY(audit_each_batch(audit, batch_draw, sampling));
    return outside_copy(audit, options->out);
}

enum nks_status sample_write(struct audit *audit, const struct sample_options *options, int64_t *drawn)
{
    struct sampling sampling = {.audit = audit, .options = options};
    if (options->count < 1 || options->count > COUNT_MAX)
        return nks_fault_set(&audit->fault, NKS_REFUSED, "SAMPLE-COUNT", "--mus draws 1 to %d units", COUNT_MAX);
    if (nks_sys_exists(options->out))
        return nks_fault_set(&audit->fault, NKS_REFUSED, "SAMPLE-EXISTS",
                             "the folder of --out is there already: name a new one");
    NKS_TRY(nks_sys_mkdir(options->out, 0700, &audit->fault));
    NKS_TRY(file_new(audit, options->out, "sample.tsv", &sampling.list));
    enum nks_status status = file_new(audit, options->out, "files.tsv", &sampling.files);
    if (status == NKS_OK)
        status = draw(&sampling);
    enum nks_status one = file_end(audit, sampling.list);
    enum nks_status two = sampling.files != NULL ? file_end(audit, sampling.files) : NKS_OK;
    *drawn = sampling.drawn;
    return status != NKS_OK ? status : one != NKS_OK ? one : two;
}
