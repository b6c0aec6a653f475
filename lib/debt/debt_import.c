/*
 * The import of debts: authorities, flags and claims in one file. Each row is compared with its newest stored version;
 * what differs is a new version.
 */
#include "debt/debt.h"
#include "debt/debt_private.h"

#include "base/csv.h"
#include "base/pack.h"
#include "debt_sql.h"
#include "import/import_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PRIORITY_MAX = 9999 };

enum column {
    RECORD,
    ID,
    HOLDER_KIND,
    HOLDER_ID,
    PAYER,
    YDELSESART,
    KIND,
    PRIORITY,
    CREDITOR,
    NAME,
    CVR,
    ACCOUNT,
    CATEGORY,
    RECEIVED,
    AMOUNT,
    AS_OF,
    VALID_FROM,
    VALID_TO,
    COLUMNS
};
static const struct nks_csv_column columns[COLUMNS] = {
    {"record", false},    {"id", false},        {"holder_kind", false}, {"holder_id", false}, {"payer", true},
    {"ydelsesart", true}, {"kind", true},       {"priority", true},     {"creditor", true},   {"name", true},
    {"cvr", true},        {"account", true},    {"category", true},     {"received", true},   {"amount", true},
    {"as_of", true},      {"valid_from", true}, {"valid_to", true},
};

struct importer {
    struct nks_debt *debt;
    const struct nks_import_options *options;
    struct nks_import_result *result;
    int64_t version, last_authority;
    int64_t authority_lines[NKS_DEBT_AUTHORITIES_MAX]; /* of the file; 0: not named there */
};

/* The statements of flags and of claims. */
static const struct record_sql {
    const struct nks_sql *newest, *insert, *unnamed_next;
    int holder_column; /* of unnamed_next */
} record_sql[] = {
    [NKS_DEBT_FLAG] = {&nks_sql_debt_flag_newest, &nks_sql_debt_flag_insert, &nks_sql_debt_flag_unnamed_next, 4},
    [NKS_DEBT_CLAIM] = {&nks_sql_debt_claim_newest, &nks_sql_debt_claim_insert, &nks_sql_debt_claim_unnamed_next, 6},
};

/* ---- reading fields */

struct word {
    const char *name;
    int value;
};
/* Four kinds of modregning (DOMAIN 4.6). Stored: append only. */
static const struct word flag_kinds[] = {{"ALMINDELIG", 1}, {"FAELLES", 2}, {"INTERN", 3}, {"TRANSPORT", 4}, {NULL, 0}};
/* GIL § 4(1). Stored: append only. */
static const struct word categories[] = {
    {"BOEDE", 1}, {"UNDERHOLD_PRIVAT", 2}, {"UNDERHOLD_OFFENTLIG", 3}, {"ANDRE", 4}, {NULL, 0}};

static enum nks_status take_word(const struct nks_csv_row *row, enum column column, const struct word *words, int *out,
                                 struct nks_fault *fault)
{
    char memory[120];
    struct nks_buf names;
    nks_buf_init(&names, memory, sizeof memory);
    for (const struct word *word = words; word->name != NULL; word++) {
        *out = word->value;
        if (nks_text_is(row->fields[column], word->name))
            return NKS_OK;
        nks_buf_printf(&names, "%s%s", word == words ? "" : ", ", word->name);
    }
    return nks_csv_refuse(row, column, fault, "expected one of: %.*s", (int)names.len, names.ptr);
}

static enum nks_status take_text(const struct nks_csv_row *row, enum column column, char *out, size_t size,
                                 struct nks_fault *fault)
{
    if (row->fields[column].len == 0 || !nks_text_copy(row->fields[column], out, size))
        return nks_csv_refuse(row, column, fault, "expected a text of 1 to %zu bytes", size - 1);
    return NKS_OK;
}

/* A short id, or '*' where `any`. */
static enum nks_status take_party(const struct nks_csv_row *row, enum column column, bool any, char out[NKS_PARTY_MAX],
                                  struct nks_fault *fault)
{
    struct nks_text text = row->fields[column];
    bool good = nks_party_valid(text) || (any && nks_text_is(text, "*"));
    if (!good || !nks_text_copy(text, out, NKS_PARTY_MAX))
        return nks_csv_refuse(row, column, fault, "expected a short id%s: 1 to 32 of a-z, 0-9 and '-', not '-' first",
                              any ? " or '*'" : "");
    return NKS_OK;
}

static enum nks_status take_date(const struct nks_csv_row *row, enum column column, nks_date *out,
                                 struct nks_fault *fault)
{
    *out = NKS_DATE_NONE;
    if (row->fields[column].len > 0 && !nks_date_parse(row->fields[column], false, out))
        return nks_csv_refuse(row, column, fault, "expected a date YYYY-MM-DD");
    return NKS_OK;
}

static enum nks_status take_validity(const struct nks_csv_row *row, struct nks_debt_record *record,
                                     struct nks_fault *fault)
{
    NKS_TRY(take_date(row, VALID_FROM, &record->valid_from, fault));
    NKS_TRY(take_date(row, VALID_TO, &record->valid_to, fault));
    if (record->valid_to != NKS_DATE_NONE && record->valid_to < record->valid_from)
        return nks_csv_refuse(row, VALID_TO, fault, "expected a day on or after valid_from");
    return NKS_OK;
}

static const char *const id_expected[] = {
    [NKS_HOLDER_NONE] = "",
    [NKS_HOLDER_CPR] = "expected a CPR number: 10 digits that begin with a date",
    [NKS_HOLDER_CVR] = "expected a CVR number: 8 digits with a right check digit",
    [NKS_HOLDER_SE] = "expected an SE number: 8 digits",
    [NKS_HOLDER_PNR] = "expected a P-number: 10 digits",
    [NKS_HOLDER_FOREIGN] = "expected a foreign id: two letters of the country, a colon and the id",
};

static enum nks_status take_holder(struct importer *in, const struct nks_csv_row *row, struct nks_blind *out,
                                   struct nks_fault *fault)
{
    char id[NKS_HOLDER_ID_MAX];
    enum nks_holder_kind kind = nks_holder_kind_find(row->fields[HOLDER_KIND]);
    if (kind == NKS_HOLDER_NONE)
        return nks_csv_refuse(row, HOLDER_KIND, fault, "expected CPR, CVR, SE, PNR or FOREIGN");
    if (!nks_holder_parse(kind, row->fields[HOLDER_ID], id))
        return nks_csv_refuse(row, HOLDER_ID, fault, "%s", id_expected[kind]);
    return nks_blind(in->debt->keys, nks_holder_kind_name(kind), nks_text_from(id), out, fault);
}

/* Without its authority a debt has nowhere to go. */
static enum nks_status take_creditor(struct importer *in, const struct nks_csv_row *row, struct nks_debt_record *record,
                                     struct nks_fault *fault)
{
    NKS_TRY(take_party(row, CREDITOR, false, record->creditor, fault));
    if (nks_debt_authority_find(in->debt, row->fields[CREDITOR]) == NULL)
        return nks_csv_refuse(row, CREDITOR, fault,
                              "expected an authority that is stored, or has an AUTHORITY row above this one");
    return NKS_OK;
}

static enum nks_status take_flag(const struct nks_csv_row *row, struct nks_debt_record *record, struct nks_fault *fault)
{
    uint64_t priority = 0;
    NKS_TRY(take_party(row, PAYER, true, record->payer, fault));
    NKS_TRY(take_text(row, YDELSESART, record->ydelsesart, sizeof record->ydelsesart, fault));
    NKS_TRY(take_word(row, KIND, flag_kinds, &record->flag_kind, fault));
    if (!nks_text_number(row->fields[PRIORITY], PRIORITY_MAX, &priority))
        return nks_csv_refuse(row, PRIORITY, fault, "expected a whole number from 0 to %d; the lowest goes first",
                              PRIORITY_MAX);
    record->priority = (int64_t)priority;
    return NKS_OK;
}

/* A day alone is its beginning: uses of that day then count as not yet in the amount, and nothing is taken twice. An
 * instant that is not yet cannot be: until then no use would be taken off, and the claim be covered again and again. */
static enum nks_status take_as_of(const struct importer *in, const struct nks_csv_row *row, nks_time *out,
                                  struct nks_fault *fault)
{
    char now[NKS_TIME_TEXT];
    nks_date day;
    if (nks_date_parse(row->fields[AS_OF], false, &day))
        *out = nks_copenhagen_time(day, 0);
    else if (!nks_time_parse(row->fields[AS_OF], out))
        return nks_csv_refuse(row, AS_OF, fault, "expected the instant of the amount, as in 2026-11-22T20:00:00Z");
    nks_time_format(in->options->now, now);
    if (*out > in->options->now)
        return nks_csv_refuse(row, AS_OF, fault,
                              "expected an instant not later than now (%s): nobody knows an amount "
                              "before its time",
                              now);
    return NKS_OK;
}

static enum nks_status take_claim(const struct importer *in, const struct nks_csv_row *row,
                                  struct nks_debt_record *record, struct nks_fault *fault)
{
    struct nks_money money;
    NKS_TRY(take_word(row, CATEGORY, categories, &record->category, fault));
    NKS_TRY(take_date(row, RECEIVED, &record->received, fault));
    if (nks_money_parse(row->fields[AMOUNT], "DKK", &money) != NKS_AMOUNT_GOOD)
        return nks_csv_refuse(row, AMOUNT, fault, "expected the open amount in DKK, as in 1300.00");
    record->open_minor = money.minor;
    return take_as_of(in, row, &record->as_of, fault);
}

/* ---- storing flags and claims */

static enum nks_status insert_record(struct importer *in, struct nks_debt_record *record, struct nks_fault *fault)
{
    char memory[NKS_DEBT_PLAIN_MAX];
    uint8_t bytes[NKS_DEBT_PLAIN_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_stmt *stmt = NULL;
    nks_buf_init(&buf, memory, sizeof memory);
    record->version = in->version;
    nks_debt_record_pack(&buf, record);
    assert(!buf.overflow);
    struct nks_place place = nks_debt_record_place(record);
    NKS_TRY(nks_cipher_encrypt(in->debt->cipher, &place, buf.ptr, buf.len, bytes, fault));
    NKS_TRY(nks_stmt_start(in->debt->db, record_sql[record->kind].insert, &stmt, fault));
    nks_bind_int(stmt, "holder_key", record->holder.key);
    nks_bind_int(stmt, "key", record->key);
    nks_bind_int(stmt, "version", record->version);
    nks_bind_int(stmt, "holder_check", record->holder.check);
    nks_bind_bytes(stmt, "terms", bytes, buf.len + NKS_CIPHER_OVERHEAD);
    if (record->kind == NKS_DEBT_CLAIM) {
        nks_bind_int(stmt, "open_minor", record->open_minor);
        nks_bind_int(stmt, "as_of", record->as_of);
    }
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status refuse_twice(struct importer *in, const struct nks_csv_row *row,
                                    const struct nks_debt_record *record, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    int64_t changed = 0;
    bool found = false;
    NKS_TRY(nks_stmt_start(in->debt->db, &nks_sql_debt_named_insert, &stmt, fault));
    nks_bind_int(stmt, "kind", (int64_t)record->kind);
    nks_bind_int(stmt, "holder_key", record->holder.key);
    nks_bind_int(stmt, "key", record->key);
    nks_bind_int(stmt, "line", row->line);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    if (changed == 1)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(in->debt->db, &nks_sql_debt_named_find, &stmt, fault));
    nks_bind_int(stmt, "kind", (int64_t)record->kind);
    nks_bind_int(stmt, "holder_key", record->holder.key);
    nks_bind_int(stmt, "key", record->key);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    return nks_csv_refuse(row, ID, fault, "expected each id of a holder once: line %lld has it too",
                          found ? (long long)nks_column_int(stmt, 0) : 0LL);
}

static bool same_record(const struct nks_debt_record *a, const struct nks_debt_record *b)
{
    char left_memory[NKS_DEBT_PLAIN_MAX], right_memory[NKS_DEBT_PLAIN_MAX];
    struct nks_buf left, right;
    nks_buf_init(&left, left_memory, sizeof left_memory);
    nks_buf_init(&right, right_memory, sizeof right_memory);
    nks_debt_record_pack(&left, a);
    nks_debt_record_pack(&right, b);
    return nks_text_equal(nks_buf_view(&left), nks_buf_view(&right));
}

static enum nks_status newest(struct importer *in, const struct nks_debt_record *record, bool *found,
                              struct nks_debt_record *out, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    *out = (struct nks_debt_record){.kind = record->kind, .holder.key = record->holder.key};
    NKS_TRY(nks_stmt_start(in->debt->db, record_sql[record->kind].newest, &stmt, fault));
    nks_bind_int(stmt, "holder_key", record->holder.key);
    nks_bind_int(stmt, "key", record->key);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    if (*found)
        NKS_TRY(nks_debt_record_read(in->debt, stmt, out, fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status store_record(struct importer *in, const struct nks_csv_row *row, struct nks_debt_record *record,
                                    struct nks_fault *fault)
{
    struct nks_debt_record stored;
    bool found = false;
    NKS_TRY(refuse_twice(in, row, record, fault));
    NKS_TRY(newest(in, record, &found, &stored, fault));
    if (found && record->kind == NKS_DEBT_CLAIM && record->as_of < stored.as_of && stored.as_of <= in->options->now)
        return nks_csv_refuse(row, AS_OF, fault, "expected an instant not before that of the stored amount");
    if (found && same_record(record, &stored)) {
        in->result->unchanged++;
        return NKS_OK;
    }
    in->result->added++;
    nks_import_differs(in->options, (const int64_t[]){row->line, found ? stored.version : 0}, 2);
    return insert_record(in, record, fault);
}

static enum nks_status take_record(struct importer *in, const struct nks_csv_row *row, enum nks_debt_kind kind,
                                   struct nks_fault *fault)
{
    static const char *const domains[] = {[NKS_DEBT_FLAG] = "flag", [NKS_DEBT_CLAIM] = "claim"};
    struct nks_debt_record record = {.kind = kind};
    struct nks_blind key;
    NKS_TRY(take_text(row, ID, record.reference, sizeof record.reference, fault));
    NKS_TRY(take_holder(in, row, &record.holder, fault));
    NKS_TRY(take_creditor(in, row, &record, fault));
    NKS_TRY(kind == NKS_DEBT_FLAG ? take_flag(row, &record, fault) : take_claim(in, row, &record, fault));
    NKS_TRY(take_validity(row, &record, fault));
    NKS_TRY(nks_blind(in->debt->keys, domains[kind], row->fields[ID], &key, fault));
    record.key = key.key == 0 ? 1 : key.key; /* 0 says: a redirect */
    return store_record(in, row, &record, fault);
}

/* ---- authorities */

static enum nks_status insert_authority(struct importer *in, const struct nks_debt_authority *authority,
                                        struct nks_fault *fault)
{
    char memory[NKS_DEBT_PLAIN_MAX];
    uint8_t bytes[NKS_DEBT_PLAIN_MAX + NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_stmt *stmt = NULL;
    struct nks_place place = {"debt_authority", "terms", ++in->last_authority, 0, in->version};
    nks_buf_init(&buf, memory, sizeof memory);
    nks_debt_authority_pack(&buf, authority);
    assert(!buf.overflow);
    NKS_TRY(nks_cipher_encrypt(in->debt->cipher, &place, buf.ptr, buf.len, bytes, fault));
    NKS_TRY(nks_stmt_start(in->debt->db, &nks_sql_debt_authority_insert, &stmt, fault));
    nks_bind_int(stmt, "id", in->last_authority);
    nks_bind_text(stmt, "authority", nks_text_from(authority->id));
    nks_bind_int(stmt, "version", in->version);
    nks_bind_bytes(stmt, "terms", bytes, buf.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static bool same_authority(const struct nks_debt_authority *a, const struct nks_debt_authority *b)
{
    return strcmp(a->cvr, b->cvr) == 0 && strcmp(a->name, b->name) == 0 &&
           nks_account_equal(&a->account, &b->account) && strcmp(a->account.bic, b->account.bic) == 0;
}

/* Rows of authorities in memory have no version: what is replaced tells itself. */
static void authority_differs(struct importer *in, int64_t line, const struct nks_debt_authority *replaced)
{
    char memory[NKS_DEBT_PLAIN_MAX];
    struct nks_buf buf;
    nks_import_differs(in->options, (const int64_t[]){line, replaced != NULL}, 2);
    if (in->options->difference == NULL || replaced == NULL)
        return;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_debt_authority_pack(&buf, replaced);
    nks_hash_add(in->options->difference, buf.ptr, buf.len);
}

static enum nks_status store_authority(struct importer *in, const struct nks_csv_row *row,
                                       const struct nks_debt_authority *authority, struct nks_fault *fault)
{
    struct nks_debt *debt = in->debt;
    size_t i = 0;
    while (i < debt->authority_count && strcmp(debt->authorities[i].id, authority->id) != 0)
        i++;
    if (i == NKS_DEBT_AUTHORITIES_MAX)
        return nks_csv_refuse(row, ID, fault, "expected at most %d authorities", NKS_DEBT_AUTHORITIES_MAX);
    if (in->authority_lines[i] != 0)
        return nks_csv_refuse(row, ID, fault, "expected each authority once: line %lld has it too",
                              (long long)in->authority_lines[i]);
    in->authority_lines[i] = row->line;
    if (i < debt->authority_count && same_authority(&debt->authorities[i], authority)) {
        in->result->unchanged++;
        return NKS_OK;
    }
    authority_differs(in, row->line, i < debt->authority_count ? &debt->authorities[i] : NULL);
    if (i == debt->authority_count)
        debt->authority_count++;
    debt->authorities[i] = *authority;
    in->result->added++;
    return insert_authority(in, authority, fault);
}

static enum nks_status take_authority(struct importer *in, const struct nks_csv_row *row, enum nks_debt_kind kind,
                                      struct nks_fault *fault)
{
    struct nks_debt_authority authority;
    (void)kind;
    memset(&authority, 0, sizeof authority);
    NKS_TRY(take_party(row, ID, false, authority.id, fault));
    NKS_TRY(take_text(row, NAME, authority.name, sizeof authority.name, fault));
    if (nks_cvr_parse(row->fields[CVR], authority.cvr) != NKS_CVR_GOOD)
        return nks_csv_refuse(row, CVR, fault, "expected a CVR number: 8 digits with a right check digit");
    if (!nks_account_parse(row->fields[ACCOUNT], &authority.account))
        return nks_csv_refuse(row, ACCOUNT, fault, "expected regnr and account (14 digits), or an IBAN");
    return store_authority(in, row, &authority, fault);
}

/* ---- rows */

/*
 * What each record says in each column: R required, O optional, - must be empty. Positions: record, id, holder_kind,
 * holder_id; payer, ydelsesart, kind, priority; creditor; name, cvr, account; category, received, amount, as_of;
 * valid_from, valid_to.
 */
/* clang-format off */
static const struct record {
    const char *name;
    char use[COLUMNS + 1];
    enum nks_status (*take)(struct importer *, const struct nks_csv_row *, enum nks_debt_kind, struct nks_fault *);
    enum nks_debt_kind kind;
} records[] = {
    {"AUTHORITY", "RR--" "----" "-" "RRR" "----" "--", take_authority, NKS_DEBT_FLAG},
    {"FLAG",      "RRRR" "RRRR" "R" "---" "----" "OO", take_record,    NKS_DEBT_FLAG},
    {"CLAIM",     "RRRR" "----" "R" "---" "RRRR" "OO", take_record,    NKS_DEBT_CLAIM},
};
/* clang-format on */

static enum nks_status check_columns(const struct nks_csv_row *row, const struct record *record,
                                     struct nks_fault *fault)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        bool given = row->fields[i].len > 0;
        if (given && record->use[i] == '-')
            return nks_csv_refuse(row, i, fault, "expected nothing here: %s rows have no %s", record->name,
                                  columns[i].name);
        if (!given && record->use[i] == 'R')
            return nks_csv_refuse(row, i, fault, "expected a value: %s rows need %s", record->name, columns[i].name);
    }
    return NKS_OK;
}

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct importer *in = context;
    nks_import_row(in->options, row->fields, COLUMNS);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        if (!nks_text_is(row->fields[RECORD], records[i].name))
            continue;
        NKS_TRY(check_columns(row, &records[i], fault));
        in->result->rows++;
        return records[i].take(in, row, records[i].kind, fault);
    }
    return nks_csv_refuse(row, RECORD, fault, "expected AUTHORITY, FLAG or CLAIM");
}

/* ---- full: what the file does not name ends */

static enum nks_status end_next(struct importer *in, enum nks_debt_kind kind, int64_t *after_holder, int64_t *after_key,
                                bool *more, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_debt_record record = {.kind = kind};
    NKS_TRY(nks_stmt_start(in->debt->db, record_sql[kind].unnamed_next, &stmt, fault));
    nks_bind_int(stmt, "after_holder", *after_holder);
    nks_bind_int(stmt, "after_key", *after_key);
    NKS_TRY(nks_stmt_one(stmt, more, fault));
    if (!*more)
        return NKS_OK;
    record.holder.key = *after_holder = nks_column_int(stmt, record_sql[kind].holder_column);
    *after_key = nks_column_int(stmt, 0);
    NKS_TRY(nks_debt_record_read(in->debt, stmt, &record, fault));
    nks_stmt_end(stmt);
    if (record.ended)
        return NKS_OK;
    record.ended = true;
    in->result->ended++;
    nks_import_differs(in->options, (const int64_t[]){-(int64_t)kind, *after_holder, *after_key, record.version}, 4);
    return insert_record(in, &record, fault);
}

static enum nks_status end_unnamed(struct importer *in, enum nks_debt_kind kind, struct nks_fault *fault)
{
    int64_t after_holder = INT64_MIN, after_key = INT64_MIN;
    bool more = in->options->full;
    while (more)
        NKS_TRY(end_next(in, kind, &after_holder, &after_key, &more, fault));
    return NKS_OK;
}

/* ---- the whole import */

static enum nks_status run(struct importer *in, const struct nks_sql *sql, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(in->debt->db, sql, &stmt, fault));
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status prepare(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(run(in, &nks_sql_debt_named_create, fault));
    NKS_TRY(run(in, &nks_sql_debt_named_clear, fault));
    NKS_TRY(nks_debt_authorities_load(in->debt, fault));
    NKS_TRY(nks_stmt_start(in->debt->db, &nks_sql_debt_next, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    in->version = nks_column_int(stmt, 0) + 1;
    in->last_authority = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status record_import(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_import_table table = {"debt_import", &nks_sql_debt_import_insert,
                                                  &nks_sql_debt_import_record_insert};
    return nks_import_store(in->debt->db, in->debt->cipher, &table, in->version, in->options, in->result, fault);
}

static enum nks_status import_all(void *context, int fd, struct nks_fault *fault)
{
    struct importer *in = context;
    NKS_TRY(prepare(in, fault));
    NKS_TRY(
        nks_csv_read(fd, columns, COLUMNS, on_row, in, in->options->progress, in->options->progress_context, fault));
    NKS_TRY(end_unnamed(in, NKS_DEBT_FLAG, fault));
    NKS_TRY(end_unnamed(in, NKS_DEBT_CLAIM, fault));
    return record_import(in, fault);
}

enum nks_status nks_debt_import(struct nks_debt *debt, int fd, const struct nks_import_options *options,
                                struct nks_import_result *result, struct nks_fault *fault)
{
    struct importer in = {.debt = debt, .options = options, .result = result};
    *result = (struct nks_import_result){0};
    enum nks_status status = nks_import_whole(debt->db, options, import_all, &in, fd, fault);
    /* Whatever happened, the authorities in memory are those that are stored. */
    nks_debt_filter_forget(debt);
    enum nks_status loaded = nks_debt_authorities_load(debt, fault);
    return status != NKS_OK ? status : loaded;
}
