/*
 * The register's import: parse, blind and stage; then read back in key order, compare with the newest versions and
 * insert in key order, all in one transaction. Memory does not grow with the file: the engine sorts on disk, and what
 * is staged is blinded or encrypted.
 */
#include "register/register.h"
#include "register/register_private.h"

#include "base/csv.h"
#include "base/pack.h"
#include "register_sql.h"
#include "import/import_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    PERIODS_MAX = 64, /* accounts of one slot in one version, each with its validity */
    YDELSESART_BYTES = 140,
    PLAIN_MAX = NKS_REGISTER_BLOB_MAX - NKS_CIPHER_OVERHEAD,
};

enum column {
    RECORD,
    HOLDER_KIND,
    HOLDER_ID,
    PARENT_CVR,
    ACCOUNT_KIND,
    AUTHORITY,
    YDELSESART,
    ACCOUNT,
    BIC,
    VALID_FROM,
    VALID_TO,
    COLUMNS
};
static const struct nks_csv_column columns[COLUMNS] = {
    {"record", false},       {"holder_kind", false}, {"holder_id", false}, {"parent_cvr", true},
    {"account_kind", false}, {"authority", true},    {"ydelsesart", true}, {"account", false},
    {"bic", true},           {"valid_from", true},   {"valid_to", true},
};

/* A row on its way through staging. */
struct staged {
    struct nks_blind holder;
    int64_t kind, slot_key, line;
    nks_date valid_from, valid_to;
    char plain_memory[PLAIN_MAX];
    struct nks_buf plain;
};

struct period {
    struct nks_account account;
    nks_date valid_from, valid_to;
    int64_t line;
};

/* All rows of one slot (of the file, or of its newest stored version), by valid_from. */
struct slot {
    struct nks_blind holder;
    int64_t kind, slot_key, version; /* of what is stored; 0: nothing */
    size_t count;
    struct period periods[PERIODS_MAX];
};

struct importer {
    struct nks_register *reg;
    const struct nks_import_options *options;
    struct nks_import_result *result;
    bool was_empty;
    int64_t version;
    int64_t no_key, no_last; /* last number given out, for this holder key */
    bool no_known;
    struct nks_stmt *stage, *insert;
    struct slot slot, stored;
};

/* ---- reading a row of the file */

static const char *const id_expected[] = {
    [NKS_HOLDER_NONE] = "",
    [NKS_HOLDER_CPR] = "expected a CPR number: 10 digits that begin with a date",
    [NKS_HOLDER_CVR] = "expected a CVR number: 8 digits with a right check digit",
    [NKS_HOLDER_SE] = "expected an SE number: 8 digits",
    [NKS_HOLDER_PNR] = "expected a P-number: 10 digits",
    [NKS_HOLDER_FOREIGN] = "expected a foreign id: two letters of the country, a colon and the id",
};

static bool has(const struct nks_csv_row *row, enum column column)
{
    return row->fields[column].len > 0;
}

static enum nks_status refuse_given(const struct nks_csv_row *row, const enum column *list, size_t count,
                                    const char *what, struct nks_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        if (has(row, list[i]))
            return nks_csv_refuse(row, list[i], fault, "expected nothing here: %s has no %s", what,
                                  columns[list[i]].name);
    }
    return NKS_OK;
}

static enum nks_status take_holder(struct importer *in, const struct nks_csv_row *row, enum nks_holder_kind *kind,
                                   struct staged *out, struct nks_fault *fault)
{
    char id[NKS_HOLDER_ID_MAX];
    *kind = nks_holder_kind_find(row->fields[HOLDER_KIND]);
    if (*kind == NKS_HOLDER_NONE)
        return nks_csv_refuse(row, HOLDER_KIND, fault, "expected CPR, CVR, SE, PNR or FOREIGN");
    if (!nks_holder_parse(*kind, row->fields[HOLDER_ID], id))
        return nks_csv_refuse(row, HOLDER_ID, fault, "%s", id_expected[*kind]);
    return nks_register_holder_key(in->reg, *kind, id, &out->holder, fault);
}

static enum nks_status take_link(struct importer *in, const struct nks_csv_row *row, enum nks_holder_kind kind,
                                 struct staged *out, struct nks_fault *fault)
{
    static const enum column none[] = {ACCOUNT_KIND, AUTHORITY, YDELSESART, ACCOUNT, BIC, VALID_FROM, VALID_TO};
    char cvr[NKS_HOLDER_ID_MAX];
    struct nks_blind parent = {0, 0};
    NKS_TRY(refuse_given(row, none, sizeof none / sizeof none[0], "a HOLDER", fault));
    if (has(row, PARENT_CVR)) {
        if (kind != NKS_HOLDER_SE && kind != NKS_HOLDER_PNR)
            return nks_csv_refuse(row, PARENT_CVR, fault, "expected nothing here: only SE and PNR belong to a CVR");
        if (!nks_holder_parse(NKS_HOLDER_CVR, row->fields[PARENT_CVR], cvr))
            return nks_csv_refuse(row, PARENT_CVR, fault, "%s", id_expected[NKS_HOLDER_CVR]);
        NKS_TRY(nks_register_holder_key(in->reg, NKS_HOLDER_CVR, cvr, &parent, fault));
    }
    out->kind = NKS_SLOT_LINK;
    nks_pack_int(&out->plain, (int64_t)kind);
    nks_pack_int(&out->plain, parent.key);
    nks_pack_int(&out->plain, parent.check);
    return NKS_OK;
}

static enum nks_status take_date(const struct nks_csv_row *row, enum column column, nks_date *out,
                                 struct nks_fault *fault)
{
    *out = NKS_DATE_NONE;
    if (has(row, column) && !nks_date_parse(row->fields[column], false, out))
        return nks_csv_refuse(row, column, fault, "expected a date YYYY-MM-DD, or nothing");
    return NKS_OK;
}

static enum nks_status take_validity(const struct nks_csv_row *row, struct staged *out, struct nks_fault *fault)
{
    NKS_TRY(take_date(row, VALID_FROM, &out->valid_from, fault));
    NKS_TRY(take_date(row, VALID_TO, &out->valid_to, fault));
    if (out->valid_to != NKS_DATE_NONE && out->valid_to < out->valid_from)
        return nks_csv_refuse(row, VALID_TO, fault, "expected a day on or after valid_from");
    return NKS_OK;
}

/* A specific account belongs to an authority and a ydelsesart, a NemKonto to neither (DOMAIN 2.3). */
static enum nks_status take_slot(struct importer *in, const struct nks_csv_row *row, struct staged *out,
                                 struct nks_fault *fault)
{
    static const enum column of_specific[] = {AUTHORITY, YDELSESART};
    char cvr[NKS_CVR_DIGITS + 1];
    if (nks_text_is(row->fields[ACCOUNT_KIND], "NEMKONTO")) {
        out->kind = NKS_SLOT_NEMKONTO;
        return refuse_given(row, of_specific, 2, "a NEMKONTO", fault);
    }
    if (!nks_text_is(row->fields[ACCOUNT_KIND], "SPECIFIC"))
        return nks_csv_refuse(row, ACCOUNT_KIND, fault, "expected NEMKONTO or SPECIFIC");
    if (nks_cvr_parse(row->fields[AUTHORITY], cvr) != NKS_CVR_GOOD)
        return nks_csv_refuse(row, AUTHORITY, fault,
                              "expected the authority's CVR number: a SPECIFIC account needs it");
    if (!has(row, YDELSESART) || row->fields[YDELSESART].len > YDELSESART_BYTES)
        return nks_csv_refuse(row, YDELSESART, fault, "expected a ydelsesart: a SPECIFIC account needs it");
    out->kind = NKS_SLOT_SPECIFIC;
    return nks_register_slot_key(in->reg, nks_text_from(cvr), row->fields[YDELSESART], &out->slot_key, fault);
}

static enum nks_status take_account(struct importer *in, const struct nks_csv_row *row, enum nks_holder_kind kind,
                                    struct staged *out, struct nks_fault *fault)
{
    struct nks_account account;
    (void)kind;
    if (has(row, PARENT_CVR))
        return nks_csv_refuse(row, PARENT_CVR, fault, "expected nothing here: a HOLDER row gives the CVR");
    NKS_TRY(take_slot(in, row, out, fault));
    memset(&account, 0, sizeof account);
    if (!nks_account_parse(row->fields[ACCOUNT], &account))
        return nks_csv_refuse(row, ACCOUNT, fault,
                              "expected regnr and account (14 digits), an IBAN, or kortart+creditor as in 71+12345678");
    if (has(row, BIC) && !nks_bic_valid(row->fields[BIC]))
        return nks_csv_refuse(row, BIC, fault, "expected a BIC of 8 or 11 characters, or nothing");
    if (!nks_text_copy(row->fields[BIC], account.bic, sizeof account.bic))
        return nks_csv_refuse(row, BIC, fault, "expected a BIC of 8 or 11 characters, or nothing");
    nks_register_pack_account(&out->plain, &account);
    return take_validity(row, out, fault);
}

static const struct {
    const char *name;
    enum nks_status (*take)(struct importer *, const struct nks_csv_row *, enum nks_holder_kind, struct staged *,
                            struct nks_fault *);
} records[] = {{"ACCOUNT", take_account}, {"HOLDER", take_link}};

/* Parameters in the order of their first appearance in register.sql. */
static enum nks_status stage_row(struct importer *in, const struct staged *row, struct nks_fault *fault)
{
    uint8_t data[NKS_REGISTER_BLOB_MAX];
    struct nks_place place = {"register_stage", "data", row->line, 0, in->version};
    assert(!row->plain.overflow);
    NKS_TRY(nks_cipher_encrypt(in->reg->cipher, &place, row->plain.ptr, row->plain.len, data, fault));
    const int64_t ints[] = {row->holder.key, row->holder.check, row->kind, row->slot_key,
                            row->valid_from, row->valid_to,     row->line};
    enum { INTS = sizeof ints / sizeof ints[0] };
    for (int i = 0; i < INTS; i++)
        nks_bind_int_at(in->stage, i, ints[i]);
    nks_bind_bytes_at(in->stage, INTS, data, row->plain.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(in->stage, NULL, fault);
}

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct importer *in = context;
    struct staged staged = {.line = row->line, .valid_from = NKS_DATE_NONE, .valid_to = NKS_DATE_NONE};
    enum nks_holder_kind kind;
    nks_import_row(in->options, row->fields, COLUMNS);
    nks_buf_init(&staged.plain, staged.plain_memory, sizeof staged.plain_memory);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        if (!nks_text_is(row->fields[RECORD], records[i].name))
            continue;
        NKS_TRY(take_holder(in, row, &kind, &staged, fault));
        NKS_TRY(records[i].take(in, row, kind, &staged, fault));
        in->result->rows++;
        return stage_row(in, &staged, fault);
    }
    return nks_csv_refuse(row, RECORD, fault, "expected ACCOUNT or HOLDER");
}

/* ---- what is stored already */

/* The newest version of the slot, by valid_from. Rows were inserted in that order and are read from the last. */
static enum nks_status read_stored(struct importer *in, const struct slot *slot, struct slot *out,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_register_row row = {.holder_key = slot->holder.key,
                                   .holder_check = slot->holder.check,
                                   .kind = slot->kind,
                                   .slot_key = slot->slot_key};
    int64_t newest = 0;
    out->count = 0;
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_slot, &stmt, fault));
    nks_bind_int(stmt, "holder_key", row.holder_key);
    nks_bind_int(stmt, "holder_check", row.holder_check);
    nks_bind_int(stmt, "kind", row.kind);
    nks_bind_int(stmt, "slot_key", row.slot_key);
    for (;;) {
        bool found = false;
        NKS_TRY(nks_stmt_step(stmt, &found, fault));
        if (!found || (newest != 0 && nks_column_int(stmt, 1) != newest) || out->count == PERIODS_MAX)
            break;
        row.no = nks_column_int(stmt, 0);
        newest = row.version = nks_column_int(stmt, 1);
        row.valid_from = (nks_date)nks_column_int(stmt, 2);
        row.valid_to = (nks_date)nks_column_int(stmt, 3);
        struct period *period = &out->periods[PERIODS_MAX - 1 - out->count++];
        NKS_TRY(nks_register_row_decrypt(in->reg, &row, nks_column_bytes(stmt, 4), &period->account, fault));
        period->valid_from = row.valid_from;
        period->valid_to = row.valid_to;
    }
    nks_stmt_end(stmt);
    out->version = newest;
    memmove(out->periods, out->periods + PERIODS_MAX - out->count, out->count * sizeof out->periods[0]);
    return NKS_OK;
}

static bool same_slot(const struct slot *a, const struct slot *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct period *x = &a->periods[i], *y = &b->periods[i];
        if (x->valid_from != y->valid_from || x->valid_to != y->valid_to ||
            !nks_account_equal(&x->account, &y->account) || strcmp(x->account.bic, y->account.bic) != 0)
            return false;
    }
    return true;
}

/* ---- writing */

static enum nks_status next_no(struct importer *in, int64_t holder_key, int64_t *no, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    if (!in->no_known || in->no_key != holder_key) {
        in->no_last = 0;
        if (!in->was_empty) {
            NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_last_no, &stmt, fault));
            nks_bind_int(stmt, "holder_key", holder_key);
            NKS_TRY(nks_stmt_one(stmt, &found, fault));
            in->no_last = found ? nks_column_int(stmt, 0) : 0;
            nks_stmt_end(stmt);
        }
        in->no_key = holder_key;
        in->no_known = true;
    }
    *no = ++in->no_last;
    return NKS_OK;
}

static enum nks_status insert_period(struct importer *in, const struct slot *slot, const struct period *period,
                                     struct nks_fault *fault)
{
    uint8_t bytes[NKS_REGISTER_BLOB_MAX];
    size_t len = 0;
    struct nks_register_row row = {
        .holder_key = slot->holder.key,
        .holder_check = slot->holder.check,
        .version = in->version,
        .kind = slot->kind,
        .slot_key = slot->slot_key,
        .valid_from = period->valid_from,
        .valid_to = period->valid_to,
    };
    NKS_TRY(next_no(in, row.holder_key, &row.no, fault));
    NKS_TRY(nks_register_row_encrypt(in->reg, &row, &period->account, bytes, &len, fault));
    if (in->options->dry_run)
        return NKS_OK;
    const int64_t ints[] = {row.holder_key, row.no,       row.holder_check, row.version,
                            row.kind,       row.slot_key, row.valid_from,   row.valid_to};
    enum { INTS = sizeof ints / sizeof ints[0] };
    for (int i = 0; i < INTS; i++)
        nks_bind_int_at(in->insert, i, ints[i]);
    nks_bind_bytes_at(in->insert, INTS, bytes, len);
    return nks_stmt_run(in->insert, NULL, fault);
}

static enum nks_status insert_slot(struct importer *in, const struct slot *slot, struct nks_fault *fault)
{
    for (size_t i = 0; i < slot->count; i++)
        NKS_TRY(insert_period(in, slot, &slot->periods[i], fault));
    return NKS_OK;
}

static enum nks_status insert_link(struct importer *in, struct nks_register_link *link, struct nks_fault *fault)
{
    uint8_t bytes[NKS_REGISTER_BLOB_MAX];
    size_t len = 0;
    struct nks_stmt *stmt = NULL;
    link->version = in->version;
    NKS_TRY(nks_register_link_encrypt(in->reg, link, bytes, &len, fault));
    if (in->options->dry_run)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_link_insert, &stmt, fault));
    nks_bind_int(stmt, "holder_key", link->holder.key);
    nks_bind_int(stmt, "holder_check", link->holder.check);
    nks_bind_int(stmt, "version", link->version);
    nks_bind_int(stmt, "kind", link->kind);
    nks_bind_int(stmt, "parent_key", link->parent.key);
    nks_bind_int(stmt, "parent_check", link->parent.check);
    nks_bind_bytes(stmt, "terms", bytes, len);
    return nks_stmt_run(stmt, NULL, fault);
}

/* ---- slots of the file, in the order of their keys */

static enum nks_status name_slot(struct importer *in, const struct slot *slot, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    if (!in->options->full || in->was_empty)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_named_insert, &stmt, fault));
    nks_bind_int(stmt, "holder_key", slot->holder.key);
    nks_bind_int(stmt, "holder_check", slot->holder.check);
    nks_bind_int(stmt, "kind", slot->kind);
    nks_bind_int(stmt, "slot_key", slot->slot_key);
    return nks_stmt_run(stmt, NULL, fault);
}

/* A holder's link is the slot 0 of its kind. */
static void differs(struct importer *in, const struct nks_blind *holder, int64_t kind, int64_t slot_key,
                    int64_t replaced)
{
    const int64_t facts[] = {holder->key, holder->check, kind, slot_key, replaced};
    nks_import_differs(in->options, facts, sizeof facts / sizeof facts[0]);
}

static enum nks_status finish_slot(struct importer *in, struct nks_fault *fault)
{
    struct slot *slot = &in->slot;
    if (slot->count == 0 || slot->kind == NKS_SLOT_LINK)
        return NKS_OK;
    NKS_TRY(name_slot(in, slot, fault));
    in->stored.count = 0;
    in->stored.version = 0;
    if (!in->was_empty)
        NKS_TRY(read_stored(in, slot, &in->stored, fault));
    if (same_slot(slot, &in->stored)) {
        in->result->unchanged += (int64_t)slot->count;
        return NKS_OK;
    }
    in->result->added += (int64_t)slot->count;
    differs(in, &slot->holder, slot->kind, slot->slot_key, in->stored.version);
    return insert_slot(in, slot, fault);
}

/* Whether the newest stored version of the holder says the same; 0: there is none. */
static enum nks_status is_link_stored(struct importer *in, const struct nks_register_link *link, bool *same,
                                      int64_t *version, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *same = false;
    *version = 0;
    if (in->was_empty)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_link, &stmt, fault));
    nks_bind_int(stmt, "holder_key", link->holder.key);
    nks_bind_int(stmt, "holder_check", link->holder.check);
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return NKS_OK;
    struct nks_register_link stored = {
        .holder = link->holder,
        .version = nks_column_int(stmt, 0),
        .kind = nks_column_int(stmt, 1),
        .parent = {nks_column_int(stmt, 2), nks_column_int(stmt, 3)},
    };
    NKS_TRY(nks_register_link_check(in->reg, &stored, nks_column_bytes(stmt, 4), fault));
    nks_stmt_end(stmt);
    *version = stored.version;
    *same =
        stored.kind == link->kind && stored.parent.key == link->parent.key && stored.parent.check == link->parent.check;
    return NKS_OK;
}

static enum nks_status finish_link(struct importer *in, struct nks_unpack *plain, struct nks_fault *fault)
{
    struct nks_register_link link = {.holder = in->slot.holder};
    int64_t replaced = 0;
    bool same = false;
    link.kind = nks_unpack_int(plain);
    link.parent.key = nks_unpack_int(plain);
    link.parent.check = nks_unpack_int(plain);
    NKS_TRY(name_slot(in, &in->slot, fault));
    NKS_TRY(is_link_stored(in, &link, &same, &replaced, fault));
    if (same) {
        in->result->unchanged++;
        return NKS_OK;
    }
    in->result->added++;
    differs(in, &link.holder, NKS_SLOT_LINK, 0, replaced);
    return insert_link(in, &link, fault);
}

static enum nks_status refuse_lines(struct nks_fault *fault, const struct period *a, int64_t line, const char *what)
{
    int64_t first = a->line < line ? a->line : line, second = a->line < line ? line : a->line;
    nks_fault_set(fault, NKS_REFUSED, "REGISTER-OVERLAP", "lines %lld and %lld %s", (long long)first, (long long)second,
                  what);
    nks_fault_where(fault, "line %lld, column %s", (long long)second,
                    a->account.kind == NKS_ACCOUNT_NONE ? "holder_id" : "valid_from");
    return NKS_REFUSED;
}

/* Sorted by valid_from: a row overlaps an earlier one of its slot only if it overlaps the one before it. */
static enum nks_status check_order(const struct slot *slot, const struct period *next, struct nks_fault *fault)
{
    if (slot->count == 0)
        return NKS_OK;
    const struct period *last = &slot->periods[slot->count - 1];
    if (slot->kind == NKS_SLOT_LINK)
        return refuse_lines(fault, last, next->line, "name the same holder: give each HOLDER once");
    if (last->valid_to == NKS_DATE_NONE || next->valid_from <= last->valid_to)
        return refuse_lines(
            fault, last, next->line,
            "give accounts of the same kind to one holder on the same day: let their validity not overlap");
    if (slot->count < PERIODS_MAX)
        return NKS_OK;
    nks_fault_set(fault, NKS_REFUSED, "REGISTER-PERIODS", "expected at most %d accounts of one kind for one holder",
                  PERIODS_MAX);
    nks_fault_where(fault, "line %lld", (long long)next->line);
    return NKS_REFUSED;
}

static enum nks_status stage_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "REGISTER-STAGE", "a staged row is not what was staged");
}

static bool starts_slot(const struct slot *slot, const struct nks_blind *holder, int64_t kind, int64_t slot_key)
{
    return slot->count == 0 || slot->holder.key != holder->key || slot->holder.check != holder->check ||
           slot->kind != kind || slot->slot_key != slot_key;
}

/* The next row in key order: it ends the slot before it, or joins it. */
static enum nks_status take_staged(struct importer *in, struct nks_stmt *stmt, struct nks_fault *fault)
{
    char memory[PLAIN_MAX];
    struct nks_blind holder = {nks_column_int(stmt, 0), nks_column_int(stmt, 1)};
    int64_t kind = nks_column_int(stmt, 2), slot_key = nks_column_int(stmt, 3);
    struct period next = {.valid_from = (nks_date)nks_column_int(stmt, 4),
                          .valid_to = (nks_date)nks_column_int(stmt, 5),
                          .line = nks_column_int(stmt, 6)};
    struct nks_text data = nks_column_bytes(stmt, 7);
    struct nks_place place = {"register_stage", "data", next.line, 0, in->version};
    if (data.len < NKS_CIPHER_OVERHEAD || data.len > NKS_REGISTER_BLOB_MAX)
        return stage_fault(fault);
    NKS_TRY(nks_cipher_decrypt(in->reg->cipher, &place, data.ptr, data.len, memory, fault));
    struct nks_unpack plain = {.rest = {memory, data.len - NKS_CIPHER_OVERHEAD}};
    if (starts_slot(&in->slot, &holder, kind, slot_key)) {
        NKS_TRY(finish_slot(in, fault));
        in->slot.holder = holder;
        in->slot.kind = kind;
        in->slot.slot_key = slot_key;
        in->slot.count = 0;
    }
    if (kind != NKS_SLOT_LINK && !nks_register_unpack_account(&plain, &next.account))
        return stage_fault(fault);
    NKS_TRY(check_order(&in->slot, &next, fault));
    in->slot.periods[in->slot.count++] = next;
    return kind == NKS_SLOT_LINK ? finish_link(in, &plain, fault) : NKS_OK;
}

static enum nks_status merge(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool row = false;
    enum nks_status status;
    in->slot.count = 0;
    NKS_GOTO(out, status, nks_stmt_start(in->reg->db, &nks_sql_register_stage_sorted, &stmt, fault));
    do {
        NKS_GOTO(out, status, nks_stmt_step(stmt, &row, fault));
        if (row)
            NKS_GOTO(out, status, take_staged(in, stmt, fault));
    } while (row);
    status = finish_slot(in, fault);
out:
    if (stmt != NULL)
        nks_stmt_end(stmt);
    return status;
}

/* ---- full: what the file does not name gets an empty version */

static enum nks_status run(struct importer *in, const struct nks_sql *sql, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(in->reg->db, sql, &stmt, fault));
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status end_one(struct importer *in, struct nks_stmt *stmt, struct nks_fault *fault)
{
    in->result->ended++;
    struct nks_blind holder = {nks_column_int(stmt, 0), nks_column_int(stmt, 1)};
    differs(in, &holder, nks_column_int(stmt, 2), nks_column_int(stmt, 3), nks_column_int(stmt, 5));
    if (nks_column_int(stmt, 2) == NKS_SLOT_LINK) {
        struct nks_register_link link = {.holder = holder, .kind = nks_column_int(stmt, 4)};
        return insert_link(in, &link, fault);
    }
    struct slot *slot = &in->slot;
    slot->holder = holder;
    slot->kind = nks_column_int(stmt, 2);
    slot->slot_key = nks_column_int(stmt, 3);
    struct period never = {.valid_from = NKS_REGISTER_NEVER_FROM, .valid_to = NKS_REGISTER_NEVER_TO};
    return insert_period(in, slot, &never, fault);
}

static enum nks_status end_unnamed(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    if (!in->options->full || in->was_empty)
        return NKS_OK;
    NKS_TRY(run(in, &nks_sql_register_ended_slots, fault));
    NKS_TRY(run(in, &nks_sql_register_ended_links, fault));
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_ended_rows, &stmt, fault));
    for (;;) {
        bool row = false;
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(end_one(in, stmt, fault));
    }
}

/* ---- the whole import */

static enum nks_status ask_if_empty(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_is_empty, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    in->was_empty = found && nks_column_int(stmt, 0) == 1;
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status prepare(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_sql *const steps[] = {
        &nks_sql_register_stage_create, &nks_sql_register_named_create, &nks_sql_register_ended_create,
        &nks_sql_register_stage_clear,  &nks_sql_register_named_clear,  &nks_sql_register_ended_clear,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        NKS_TRY(run(in, steps[i], fault));
    NKS_TRY(nks_register_version(in->reg, &in->version, fault));
    in->version++;
    NKS_TRY(ask_if_empty(in, fault));
    NKS_TRY(nks_stmt_start(in->reg->db, &nks_sql_register_stage_insert, &in->stage, fault));
    return nks_stmt_start(in->reg->db, &nks_sql_register_account_insert, &in->insert, fault);
}

static enum nks_status record_import(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_import_table table = {"register_import", &nks_sql_register_import_insert,
                                                  &nks_sql_register_import_record_insert};
    return nks_import_store(in->reg->db, in->reg->cipher, &table, in->version, in->options, in->result, fault);
}

static enum nks_status import_all(void *context, int fd, struct nks_fault *fault)
{
    struct importer *in = context;
    NKS_TRY(prepare(in, fault));
    NKS_TRY(
        nks_csv_read(fd, columns, COLUMNS, on_row, in, in->options->progress, in->options->progress_context, fault));
    NKS_TRY(merge(in, fault));
    NKS_TRY(end_unnamed(in, fault));
    NKS_TRY(record_import(in, fault));
    return run(in, &nks_sql_register_stage_clear, fault);
}

enum nks_status nks_register_import(struct nks_register *reg, int fd, const struct nks_import_options *options,
                                    struct nks_import_result *result, struct nks_fault *fault)
{
    *result = (struct nks_import_result){0};
    struct importer *in = calloc(1, sizeof *in);
    if (in == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for an import; try again later");
    in->reg = reg;
    in->options = options;
    in->result = result;
    enum nks_status status = nks_import_whole(reg->db, options, import_all, in, fd, fault);
    free(in);
    return status;
}
