/*
 * rows HOME NOW: one line per table of a test home, with the number of its rows and a hash over all of them, what is
 * encrypted decrypted first (nonces make equal rows differ as stored). Two homes with equal lines hold the same
 * business. Never a value: names and accounts are in there. Not compared: the trail (a run that was killed has links of
 * its own), epochs and signatures (the auditor checks those).
 */
#include "base/file.h"
#include "stage/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, RECORD_MAX = 1 << 16 };

struct count {
    const char *table;
    struct nks_hash *hash;
    int64_t rows;
};

/* `kinds`: a letter per column, n a number, t a text or bytes. */
static const struct plain {
    const char *kinds;
    struct nks_sql sql;
} plain[] = {
    {"nntnnnnnnnnn",
     {"delivery",
      "SELECT delivery_id, source, party, name_key, hash_key, bytes, received_at, state, reason, repeats, answered, "
      "version FROM delivery ORDER BY 1",
      0,
      {NULL}}},
    {"nnntttnnnnnntntn",
     {"out_file",
      "SELECT file_id, kind, folder, party, name, message_id, batch_id, delivery_id, number, created_at, state, "
      "entries, "
      "control_sum, bytes, hash, answered FROM out_file ORDER BY 1",
      0,
      {NULL}}},
    {"nnnn", {"delivery_odd", "SELECT delivery_id, kind, line, times FROM delivery_odd ORDER BY 1, 2", 0, {NULL}}},
    {"nnnnnnnnnntttnnnnnt",
     {"batch",
      "SELECT batch_id, delivery_id, kind, origin, mode, state, reason, version, encoding, agreement_id, sender, "
      "payer, "
      "ref, message_key, message_check, payments, rejected, slices, control_sum FROM batch ORDER BY 1",
      0,
      {NULL}}},
    {"nnnnnn",
     {"batch_group",
      "SELECT batch_id, number, payments, regnr, execution_date, moved FROM batch_group ORDER BY 1, 2",
      0,
      {NULL}}},
    {"nnnnnnnnnn",
     {"slice",
      "SELECT slice_id, batch_id, execution_date, due_date, state, generation, payments, rejected, amount_minor, legs "
      "FROM slice ORDER BY 1",
      0,
      {NULL}}},
    {"nnnnnnnnnnnn",
     {"payment",
      "SELECT slice_id, n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind, holder_key, "
      "holder_check "
      "FROM payment ORDER BY 1, 2",
      0,
      {NULL}}},
    {"nnnnnnnnnnn",
     {"leg",
      "SELECT slice_id, n, generation, leg_no, kind, amount_minor, central, state, reason, file_id, told FROM leg "
      "ORDER BY 1, 2, 3, 4",
      0,
      {NULL}}},
    {"nnnntn",
     {"slice_order_total",
      "SELECT slice_id, central, grp, legs, control_sum, bytes FROM slice_order_total ORDER BY 1, 2, 3",
      0,
      {NULL}}},
    {"ntnt",
     {"slice_status_total",
      "SELECT slice_id, status, payments, control_sum FROM slice_status_total ORDER BY 1, 2",
      0,
      {NULL}}},
    {"nnnn", {"batch_told", "SELECT batch_id, settled, returned, quiet FROM batch_told ORDER BY 1", 0, {NULL}}},
    {"nnnnnn",
     {"payment_return",
      "SELECT from_slice_id, from_n, from_generation, from_leg_no, slice_id, n FROM payment_return ORDER BY 1, 2, 3, 4",
      0,
      {NULL}}},
    {"nnnnnnnnn",
     {"claim_use",
      "SELECT holder_key, claim_key, slice_id, n, generation, leg_no, amount_minor, used_at, state FROM claim_use "
      "ORDER BY 1, 2, 3, 4, 5, 6",
      0,
      {NULL}}},
    {"nnnnntntnn",
     {"ventekonto_entry",
      "SELECT slice_id, n, generation, holder_key, holder_check, payer, amount_minor, currency, date_in, state "
      "FROM ventekonto_entry ORDER BY 1, 2, 3",
      0,
      {NULL}}},
    {"ttnnnnn",
     {"reference_run",
      "SELECT payer, sender, month, tier, bits, entries, count(*) FROM reference_run GROUP BY 1, 2, 3, 4, 5, 6 "
      "ORDER BY 1, 2, 3, 4, 5, 6",
      0,
      {NULL}}},
};

/* Records encrypted one by one: row, sub and version of their place, then the record. */
static const struct sealed {
    const char *table, *column;
    enum nks_key_purpose purpose;
    struct nks_sql sql;
} sealed[] = {
    {"delivery",
     "name",
     NKS_KEY_EXCHANGE,
     {"delivery.name", "SELECT delivery_id, 0, 1, name FROM delivery ORDER BY 1", 0, {NULL}}},
    {"ventekonto_entry",
     "details",
     NKS_KEY_VENTEKONTO,
     {"ventekonto_entry.details",
      "SELECT slice_id, n, generation, details FROM ventekonto_entry ORDER BY 1, 2, 3",
      0,
      {NULL}}},
};

/* With its length first: neighbours cannot trade bytes. */
static void add(struct count *count, struct nks_text text)
{
    uint64_t len = text.len;
    nks_hash_add(count->hash, &len, sizeof len);
    nks_hash_add(count->hash, text.ptr, text.len);
}

static void add_int(struct count *count, int64_t value)
{
    nks_hash_add(count->hash, &value, sizeof value);
}

static void column_add(struct count *count, struct nks_stmt *stmt, int column, char kind)
{
    if (nks_column_is_null(stmt, column))
        add(count, NKS_TEXT("(null)"));
    else if (kind == 'n')
        add_int(count, nks_column_int(stmt, column));
    else
        add(count, nks_column_bytes(stmt, column));
}

static void count_begin(struct count *count, const char *table)
{
    count->table = table;
    count->rows = 0;
    nks_hash_reset(count->hash);
}

static void count_end(struct count *count)
{
    uint8_t hash[NKS_HASH_SIZE];
    nks_hash_end(count->hash, hash);
    printf("%s %" PRId64 " ", count->table, count->rows);
    for (size_t i = 0; i < sizeof hash; i++)
        printf("%02x", hash[i]);
    printf("\n");
}

static enum nks_status plain_count(struct nks_run *run, const struct plain *table, struct count *count)
{
    struct nks_stmt *stmt = NULL;
    count_begin(count, table->sql.name);
    NKS_TRY(nks_stmt_start(run->db, &table->sql, &stmt, &run->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &run->fault));
        if (!row)
            break;
        count->rows++;
        for (int i = 0; table->kinds[i] != '\0'; i++)
            column_add(count, stmt, i, table->kinds[i]);
    }
    count_end(count);
    return NKS_OK;
}

static enum nks_status sealed_rows(struct nks_run *run, const struct sealed *table, struct nks_cipher *cipher,
                                   struct count *count)
{
    static uint8_t plain_bytes[RECORD_MAX];
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(run->db, &table->sql, &stmt, &run->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &run->fault));
        if (!row)
            return NKS_OK;
        struct nks_place place = {table->table, table->column, nks_column_int(stmt, 0), nks_column_int(stmt, 1),
                                  nks_column_int(stmt, 2)};
        struct nks_text record = nks_column_bytes(stmt, 3);
        if (record.len < NKS_CIPHER_OVERHEAD || record.len > sizeof plain_bytes)
            return nks_fault_set(&run->fault, NKS_FAILED, "ROWS", "%s: length of a record", table->sql.name);
        NKS_TRY(nks_cipher_decrypt(cipher, &place, record.ptr, record.len, plain_bytes, &run->fault));
        count->rows++;
        add(count, (struct nks_text){(const char *)plain_bytes, record.len - NKS_CIPHER_OVERHEAD});
    }
}

static enum nks_status sealed_count(struct nks_run *run, const struct sealed *table, struct count *count)
{
    struct nks_cipher *cipher = NULL;
    NKS_TRY(nks_cipher_open(run->keys, table->purpose, &cipher, &run->fault));
    count_begin(count, table->sql.name);
    enum nks_status status = sealed_rows(run, table, cipher, count);
    nks_cipher_free(cipher);
    if (status == NKS_OK)
        count_end(count);
    return status;
}

/* ---- what lies within the slices */

static void leg_add(struct count *count, const struct nks_leg *leg)
{
    const int64_t key[] = {leg->n, leg->generation, leg->leg_no, leg->kind, leg->amount_minor, leg->to != NULL};
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++)
        add_int(count, key[i]);
    count->rows++;
    if (leg->to == NULL)
        return;
    add_int(count, (int64_t)leg->to->account.kind);
    add(count, nks_text_from(leg->to->account.id));
    add(count, nks_text_from(leg->to->account.bic));
    add(count, nks_text_from(leg->to->party_name));
    add(count, nks_text_from(leg->to->party_cvr));
    add(count, nks_text_from(leg->to->reference));
    add_int(count, leg->to->claim_key);
    add_int(count, leg->to->version);
}

enum inside { HEADERS, GROUPS, DETAILS, DECISIONS, INSIDES };
static const char *const inside_names[INSIDES] = {"batch.header", "batch_group.record", "slice_details.details",
                                                  "slice_decision.decisions"};

static enum nks_status slice_inside(struct nks_run *run, const struct nks_batch *batch, int64_t slice_id,
                                    enum inside inside, struct count *count)
{
    struct nks_slice_want want = {inside == DETAILS, inside == DECISIONS, inside == DECISIONS};
    NKS_TRY(nks_slice_load(run->payments, batch, slice_id, want, run->slice, &run->fault));
    add_int(count, slice_id);
    if (inside == DETAILS) {
        count->rows++;
        add(count, (struct nks_text){run->slice->details, run->slice->details_len});
        return NKS_OK;
    }
    for (size_t i = 0; i < run->slice->leg_count; i++)
        leg_add(count, &run->slice->legs[i]);
    return NKS_OK;
}

static enum nks_status group_inside(struct nks_run *run, const struct nks_batch *batch, int64_t number,
                                    struct count *count)
{
    const struct nks_group *group = NULL;
    NKS_TRY(nks_group_load(run->payments, batch, (uint32_t)number, &group, &run->fault));
    count->rows++;
    add_int(count, number);
    add(count, (struct nks_text){group->record, group->record_len});
    return NKS_OK;
}

static enum nks_status batch_inside(struct nks_run *run, const struct nks_batch *batch, enum inside inside,
                                    struct count *count)
{
    static const struct nks_sql groups = {
        "rows_groups", "SELECT number FROM batch_group WHERE batch_id = ?1 ORDER BY 1", 1, {"batch_id"}};
    static const struct nks_sql slices = {
        "rows_slices", "SELECT slice_id FROM slice WHERE batch_id = ?1 ORDER BY 1", 1, {"batch_id"}};
    add_int(count, batch->id);
    if (inside == HEADERS) {
        count->rows++;
        add(count, (struct nks_text){batch->header, batch->header_len});
        return NKS_OK;
    }
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(run->db, inside == GROUPS ? &groups : &slices, &stmt, &run->fault));
    nks_bind_int(stmt, "batch_id", batch->id);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &run->fault));
        if (!row)
            return NKS_OK;
        int64_t key = nks_column_int(stmt, 0);
        NKS_TRY(inside == GROUPS ? group_inside(run, batch, key, count) : slice_inside(run, batch, key, inside, count));
    }
}

static enum nks_status inside_count(struct nks_run *run, enum inside inside, struct count *count)
{
    count_begin(count, inside_names[inside]);
    for (int64_t id = 0;;) {
        NKS_TRY(nks_batch_next(run->payments, id, &id, &run->fault));
        if (id == 0)
            break;
        struct nks_batch batch;
        bool found = false;
        NKS_TRY(nks_batch_load(run->payments, id, &batch, &found, &run->fault));
        if (!found)
            return nks_fault_set(&run->fault, NKS_FAILED, "ROWS", "a batch is gone");
        enum nks_status status = batch_inside(run, &batch, inside, count);
        nks_batch_close(&batch);
        NKS_TRY(status);
    }
    count_end(count);
    return NKS_OK;
}

static enum nks_status rows(struct nks_run *run, struct count *count)
{
    NKS_TRY(nks_db_begin_read(run->db, &run->fault));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        NKS_TRY(plain_count(run, &plain[i], count));
    for (size_t i = 0; i < sizeof sealed / sizeof sealed[0]; i++)
        NKS_TRY(sealed_count(run, &sealed[i], count));
    for (int i = 0; i < INSIDES; i++)
        NKS_TRY(inside_count(run, (enum inside)i, count));
    nks_db_rollback(run->db);
    return NKS_OK;
}

int main(int argc, char **argv)
{
    struct nks_run_options options = {.read_only = true};
    struct nks_run *run = NULL;
    struct nks_fault fault;
    nks_fault_clear(&fault);
    if (argc != 3 || !nks_time_parse(nks_text_from(argv[2]), &options.now)) {
        fputs("usage: rows HOME NOW\n", stderr);
        return EXIT_USAGE;
    }
    options.home = argv[1];
    struct count count = {.hash = nks_hash_new()};
    enum nks_status status = count.hash == NULL ? NKS_RETRY : nks_run_open(&options, &run, &fault);
    if (status == NKS_OK) {
        status = rows(run, &count);
        fault = run->fault;
    }
    nks_run_close(run);
    nks_hash_free(count.hash);
    if (status != NKS_OK) {
        fprintf(stderr, "rows: %s %s\n", fault.code, fault.line);
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
