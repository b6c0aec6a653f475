/*
 * The import of data centrals. There are a handful, so it reads its rows and the stored book into memory, compares
 * them, and writes what is new.
 *
 * Columns: central, name, order_version (03, 09), max_payments, max_bytes, cut_off (HH:MM), regnr_ranges
 * ("0001-1999;5000"). Optional, what is known of the central's answers, for they differ:
 *   match          LEG, REFERENCE+AMOUNT, AMOUNT+DATE, in the order in which they are tried; without it: LEG
 *   totals         yes, no: totals that name no message may be matched by count and sum; without it: no
 *   silent_reject  yes, no: no answer comes when a user at the bank rejects a file; without it: no
 *   answers        PAIN002, CAMT054: which answers it sends; without it: both
 *   answer_by      HH:MM of the next bank day, or 1h to 240h; without it: the next bank day's cut-off
 *   signature      NONE, OPTIONAL, REQUIRED: what is asked of its answers; without it: NONE
 */
#include "exchange/central_private.h"

#include "base/csv.h"
#include "central_sql.h"
#include "denmark/account.h"
#include "denmark/bankday.h"
#include "import/import_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 560, /* 140 characters of UTF-8 */
    REGNR_MAX = 9999,
    PAYMENTS_MAX = 10000000,
    BYTES_MIN = 100000, /* the largest payment fits */
    DAY_MINUTES = 24 * 60,
    ANSWER_HOURS_MAX = 240,
};
static const int64_t BYTES_MAX = 16000000000; /* the ceiling of the reader, so that our own files can be read back */

enum column {
    CENTRAL,
    NAME,
    ORDER_VERSION,
    MAX_PAYMENTS,
    MAX_BYTES,
    CUT_OFF,
    REGNR_RANGES,
    MATCH,
    TOTALS,
    SILENT_REJECT,
    ANSWERS,
    ANSWER_BY,
    SIGNATURE,
    COLUMNS
};
static const struct nks_csv_column columns[COLUMNS] = {
    {"central", false},   {"name", false},         {"order_version", false}, {"max_payments", false},
    {"max_bytes", false}, {"cut_off", false},      {"regnr_ranges", false},  {"match", true},
    {"totals", true},     {"silent_reject", true}, {"answers", true},        {"answer_by", true},
    {"signature", true},
};

/* A row of the file. */
struct row {
    struct nks_central central;
    int64_t line;
    char title[NAME_BYTES];
};

struct importer {
    struct nks_db *db;
    struct nks_cipher *cipher;
    const struct nks_import_options *options;
    struct nks_import_result *result;
    int64_t version, last_id, last_number;
    struct nks_arena arena;
    struct nks_central_book book; /* as stored before */
    size_t count;
    struct row rows[NKS_CENTRALS_MAX];
};

/* ---- reading a row of the file */

static enum nks_status take_number(const struct nks_csv_row *row, enum column column, int64_t min, int64_t max,
                                   int64_t *out, struct nks_fault *fault)
{
    uint64_t value = 0;
    if (!nks_text_number(row->fields[column], (uint64_t)max, &value) || (int64_t)value < min)
        return nks_csv_refuse(row, column, fault, "expected a whole number from %lld to %lld", (long long)min,
                              (long long)max);
    *out = (int64_t)value;
    return NKS_OK;
}

static enum nks_status take_order_version(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    static const struct {
        const char *name;
        enum nks_pain001_version version;
    } names[] = {{"03", NKS_PAIN001_03}, {"09", NKS_PAIN001_09}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        c->order_version = names[i].version;
        if (nks_text_is(row->fields[ORDER_VERSION], names[i].name))
            return NKS_OK;
    }
    return nks_csv_refuse(row, ORDER_VERSION, fault, "expected 03 or 09, the version of pain.001.001");
}

/* HH:MM */
static bool parse_minute(struct nks_text minute, int *out)
{
    struct nks_text hour = nks_text_cut(&minute, ':');
    uint64_t h = 0, m = 0;
    if (hour.len != 2 || minute.len != 2 || !nks_text_number(hour, 23, &h) || !nks_text_number(minute, 59, &m))
        return false;
    *out = (int)(h * 60 + m);
    assert(*out < DAY_MINUTES);
    return true;
}

static enum nks_status take_cut_off(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    return parse_minute(row->fields[CUT_OFF], &c->cut_off)
               ? NKS_OK
               : nks_csv_refuse(row, CUT_OFF, fault, "expected a time of Copenhagen's day, HH:MM");
}

static enum nks_status take_match(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    static const char *const names[] = {
        [NKS_MATCH_LEG] = "LEG", [NKS_MATCH_REFERENCE] = "REFERENCE+AMOUNT", [NKS_MATCH_DATE] = "AMOUNT+DATE"};
    struct nks_text rest = row->fields[MATCH].len > 0 ? row->fields[MATCH] : NKS_TEXT("LEG");
    while (rest.len > 0) {
        struct nks_text item = nks_text_trim(nks_text_cut(&rest, ';'));
        int match = NKS_MATCH_LEG;
        while (match <= NKS_MATCH_DATE && !nks_text_is(item, names[match]))
            match++;
        if (match > NKS_MATCH_DATE || nks_central_matches(c, (enum nks_match)match))
            return nks_csv_refuse(row, MATCH, fault,
                                  "expected LEG, REFERENCE+AMOUNT and AMOUNT+DATE, each at most once");
        c->match[c->match_count++] = (enum nks_match)match;
    }
    return NKS_OK;
}

static enum nks_status take_flag(const struct nks_csv_row *row, enum column column, bool *out, struct nks_fault *fault)
{
    *out = nks_text_is(row->fields[column], "yes");
    return *out || row->fields[column].len == 0 || nks_text_is(row->fields[column], "no")
               ? NKS_OK
               : nks_csv_refuse(row, column, fault, "expected yes or no");
}

static enum nks_status take_answers(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    static const struct {
        const char *name;
        enum nks_answers bit;
    } names[] = {{"PAIN002", NKS_ANSWERS_PAIN002}, {"CAMT054", NKS_ANSWERS_CAMT054}};
    struct nks_text rest = row->fields[ANSWERS].len > 0 ? row->fields[ANSWERS] : NKS_TEXT("PAIN002;CAMT054");
    while (rest.len > 0) {
        struct nks_text item = nks_text_trim(nks_text_cut(&rest, ';'));
        unsigned before = c->answers;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            c->answers |= nks_text_is(item, names[i].name) ? (unsigned)names[i].bit : 0;
        if (c->answers == before)
            return nks_csv_refuse(row, ANSWERS, fault, "expected PAIN002, CAMT054, or both with ; between");
    }
    return NKS_OK;
}

static enum nks_status take_answer_by(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    struct nks_text text = row->fields[ANSWER_BY];
    uint64_t hours = 0;
    if (text.len == 0)
        return NKS_OK;
    c->answer_by = NKS_ANSWER_BY_TIME;
    if (parse_minute(text, &c->answer_value))
        return NKS_OK;
    c->answer_by = NKS_ANSWER_BY_HOURS;
    if (text.ptr[text.len - 1] != 'h' ||
        !nks_text_number(nks_text_slice(text, 0, text.len - 1), ANSWER_HOURS_MAX, &hours) || hours == 0)
        return nks_csv_refuse(row, ANSWER_BY, fault, "expected HH:MM of the next bank day, or 1h to %dh",
                              ANSWER_HOURS_MAX);
    c->answer_value = (int)hours;
    return NKS_OK;
}

static enum nks_status take_signature(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    static const char *const words[] = {
        [NKS_SIGNATURE_NONE] = "NONE", [NKS_SIGNATURE_OPTIONAL] = "OPTIONAL", [NKS_SIGNATURE_REQUIRED] = "REQUIRED"};
    struct nks_text text = row->fields[SIGNATURE];
    if (text.len == 0)
        return NKS_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        c->signature = (enum nks_signature_rule)i;
        if (nks_text_is(text, words[i]))
            return NKS_OK;
    }
    return nks_csv_refuse(row, SIGNATURE, fault, "expected NONE, OPTIONAL or REQUIRED, or nothing for NONE");
}

static bool parse_range(struct nks_text text, int *from, int *to)
{
    uint64_t low = 0, high = 0;
    bool single = text.len == NKS_REGNR_DIGITS;
    struct nks_text first = nks_text_trim(single ? text : nks_text_cut(&text, '-'));
    struct nks_text second = single ? first : nks_text_trim(text);
    if (first.len != NKS_REGNR_DIGITS || second.len != NKS_REGNR_DIGITS || !nks_text_number(first, REGNR_MAX, &low) ||
        !nks_text_number(second, REGNR_MAX, &high) || low > high)
        return false;
    *from = (int)low;
    *to = (int)high;
    return true;
}

static bool overlap(const struct nks_central *a, const struct nks_central *b)
{
    for (size_t i = 0; i < a->range_count; i++) {
        for (size_t j = 0; j < b->range_count; j++) {
            if (a->ranges[i].from <= b->ranges[j].to && b->ranges[j].from <= a->ranges[i].to)
                return true;
        }
    }
    return false;
}

static enum nks_status take_ranges(const struct nks_csv_row *row, struct nks_central *c, struct nks_fault *fault)
{
    struct nks_text rest = row->fields[REGNR_RANGES];
    c->range_count = 0;
    while (rest.len > 0) {
        struct nks_text item = nks_text_trim(nks_text_cut(&rest, ';'));
        if (c->range_count == NKS_CENTRAL_RANGES_MAX)
            return nks_csv_refuse(row, REGNR_RANGES, fault, "expected at most %d ranges", NKS_CENTRAL_RANGES_MAX);
        struct nks_central one = {.range_count = 1};
        if (!parse_range(item, &one.ranges[0].from, &one.ranges[0].to))
            return nks_csv_refuse(row, REGNR_RANGES, fault,
                                  "expected registration numbers of 4 digits and ranges of them: 0001-1999;5000");
        if (overlap(c, &one))
            return nks_csv_refuse(row, REGNR_RANGES, fault, "expected each registration number once; look at range %zu",
                                  c->range_count + 1);
        c->ranges[c->range_count++] = one.ranges[0];
    }
    return c->range_count > 0 ? NKS_OK : nks_csv_refuse(row, REGNR_RANGES, fault, "expected at least one range");
}

static enum nks_status take_central(const struct nks_csv_row *row, struct row *out, struct nks_fault *fault)
{
    struct nks_central *c = &out->central;
    memset(out, 0, sizeof *out);
    out->line = row->line;
    if (!nks_party_valid(row->fields[CENTRAL]) || !nks_text_copy(row->fields[CENTRAL], c->name, sizeof c->name))
        return nks_csv_refuse(row, CENTRAL, fault, "expected a short id: 1 to 32 of a-z, 0-9 and '-', not '-' first");
    if (row->fields[NAME].len == 0 || !nks_text_copy(row->fields[NAME], out->title, sizeof out->title))
        return nks_csv_refuse(row, NAME, fault, "expected a name of at most 140 characters");
    c->title = nks_text_from(out->title);
    NKS_TRY(take_order_version(row, c, fault));
    NKS_TRY(take_number(row, MAX_PAYMENTS, 1, PAYMENTS_MAX, &c->max_payments, fault));
    NKS_TRY(take_number(row, MAX_BYTES, BYTES_MIN, BYTES_MAX, &c->max_bytes, fault));
    NKS_TRY(take_cut_off(row, c, fault));
    NKS_TRY(take_match(row, c, fault));
    NKS_TRY(take_flag(row, TOTALS, &c->totals, fault));
    NKS_TRY(take_flag(row, SILENT_REJECT, &c->silent_reject, fault));
    NKS_TRY(take_answers(row, c, fault));
    NKS_TRY(take_answer_by(row, c, fault));
    NKS_TRY(take_signature(row, c, fault));
    return take_ranges(row, c, fault);
}

/* Two centrals for one registration number would make routing a matter of luck. */
static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct importer *in = context;
    nks_import_row(in->options, row->fields, COLUMNS);
    if (in->count == NKS_CENTRALS_MAX)
        return nks_csv_refuse(row, CENTRAL, fault, "expected at most %d centrals", NKS_CENTRALS_MAX);
    struct row *next = &in->rows[in->count];
    NKS_TRY(take_central(row, next, fault));
    for (size_t i = 0; i < in->count; i++) {
        if (strcmp(in->rows[i].central.name, next->central.name) == 0)
            return nks_csv_refuse(row, CENTRAL, fault, "expected each central once: line %lld has it too",
                                  (long long)in->rows[i].line);
        if (overlap(&in->rows[i].central, &next->central))
            return nks_csv_refuse(row, REGNR_RANGES, fault,
                                  "expected registration numbers of no other central: line %lld has some of them",
                                  (long long)in->rows[i].line);
    }
    in->count++;
    in->result->rows++;
    return NKS_OK;
}

/* ---- storing */

static enum nks_status insert(struct importer *in, const struct nks_central *c, struct nks_fault *fault)
{
    char memory[NKS_CENTRAL_TERMS_MAX];
    uint8_t bytes[NKS_CENTRAL_TERMS_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_stmt *stmt = NULL;
    struct nks_place place = {"central", "terms", ++in->last_id, 0, in->version};
    nks_buf_init(&buf, memory, sizeof memory);
    nks_central_pack(&buf, c);
    assert(!buf.overflow);
    NKS_TRY(nks_cipher_encrypt(in->cipher, &place, buf.ptr, buf.len, bytes, fault));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_central_insert, &stmt, fault));
    nks_bind_int(stmt, "id", in->last_id);
    nks_bind_int(stmt, "number", c->number);
    nks_bind_int(stmt, "version", in->version);
    nks_bind_bytes(stmt, "terms", bytes, buf.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static bool same_terms(const struct nks_central *a, const struct nks_central *b)
{
    char left_memory[NKS_CENTRAL_TERMS_MAX], right_memory[NKS_CENTRAL_TERMS_MAX];
    struct nks_buf left, right;
    nks_buf_init(&left, left_memory, sizeof left_memory);
    nks_buf_init(&right, right_memory, sizeof right_memory);
    nks_central_pack(&left, a);
    nks_central_pack(&right, b);
    return nks_text_equal(nks_buf_view(&left), nks_buf_view(&right));
}

static enum nks_status store_row(struct importer *in, struct row *row, struct nks_fault *fault)
{
    const struct nks_central *stored = nks_central_by_name(&in->book, nks_text_from(row->central.name));
    row->central.number = stored != NULL ? stored->number : ++in->last_number;
    if (stored != NULL && same_terms(stored, &row->central)) {
        in->result->unchanged++;
        return NKS_OK;
    }
    in->result->added++;
    nks_import_differs(in->options, (const int64_t[]){row->line, stored != NULL ? stored->id : 0}, 2);
    return insert(in, &row->central, fault);
}

static struct row *row_named(struct importer *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++) {
        if (strcmp(in->rows[i].central.name, name) == 0)
            return &in->rows[i];
    }
    return NULL;
}

static enum nks_status refuse_overlap(const struct row *row, const struct nks_central *stored, struct nks_fault *fault)
{
    nks_fault_set(
        fault, NKS_REFUSED, "CENTRAL-OVERLAP",
        "expected registration numbers of no other central: %s, which the file does not name, has some of them",
        stored->name);
    nks_fault_where(fault, "line %lld, column regnr_ranges", (long long)row->line);
    return NKS_REFUSED;
}

/* A stored central that the file does not name: it ends (full), or keeps its ranges to itself. */
static enum nks_status keep_or_end(struct importer *in, const struct nks_central *stored, struct nks_fault *fault)
{
    if (stored->ended || row_named(in, stored->name) != NULL)
        return NKS_OK;
    if (in->options->full) {
        struct nks_central last = *stored;
        last.ended = true;
        in->result->ended++;
        nks_import_differs(in->options, (const int64_t[]){0, stored->id}, 2);
        return insert(in, &last, fault);
    }
    for (size_t i = 0; i < in->count; i++) {
        if (overlap(stored, &in->rows[i].central))
            return refuse_overlap(&in->rows[i], stored, fault);
    }
    return NKS_OK;
}

static enum nks_status prepare(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_central_next, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    in->version = nks_column_int(stmt, 0) + 1;
    in->last_id = nks_column_int(stmt, 1);
    in->last_number = nks_column_int(stmt, 2);
    nks_stmt_end(stmt);
    return nks_central_book_rows(in->db, in->cipher, &in->arena, &in->book, fault);
}

static enum nks_status record_import(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_import_table table = {"central_import", &nks_sql_central_import_insert,
                                                  &nks_sql_central_import_record_insert};
    if (in->result->added + in->result->ended > 0 && in->last_number > NKS_CENTRALS_MAX)
        return nks_fault_set(fault, NKS_REFUSED, "CENTRAL-MANY", "expected at most %d centrals in all",
                             NKS_CENTRALS_MAX);
    return nks_import_store(in->db, in->cipher, &table, in->version, in->options, in->result, fault);
}

static enum nks_status import_all(void *context, int fd, struct nks_fault *fault)
{
    struct importer *in = context;
    NKS_TRY(prepare(in, fault));
    NKS_TRY(
        nks_csv_read(fd, columns, COLUMNS, on_row, in, in->options->progress, in->options->progress_context, fault));
    for (size_t i = 0; i < in->book.count; i++)
        NKS_TRY(keep_or_end(in, in->book.rows[i], fault));
    for (size_t i = 0; i < in->count; i++)
        NKS_TRY(store_row(in, &in->rows[i], fault));
    return record_import(in, fault);
}

enum nks_status nks_central_import(struct nks_db *db, struct nks_keys *keys, int fd,
                                   const struct nks_import_options *options, struct nks_import_result *result,
                                   struct nks_fault *fault)
{
    *result = (struct nks_import_result){0};
    struct importer *in = calloc(1, sizeof *in);
    if (in == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for an import; try again later");
    nks_arena_init(&in->arena, (size_t)4 << 20);
    in->db = db;
    in->options = options;
    in->result = result;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_EXCHANGE, &in->cipher, fault);
    if (status == NKS_OK)
        status = nks_import_whole(db, options, import_all, in, fd, fault);
    nks_cipher_free(in->cipher);
    nks_arena_free(&in->arena);
    free(in);
    return status;
}
