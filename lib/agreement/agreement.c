/*
 * Agreements: one row of the CSV is a struct nks_agreement, its terms are that struct packed and encrypted, and a book
 * is all of them back in memory.
 *
 * Columns: sender, payer, payer_cvr, payer_name, [customer_id], debtor_accounts, ydelsesarter, [offset_mode],
 * [offset_ydelsesarter], [days_before], [no_account], [no_account_account], [no_account_name], [report_level],
 * [report_version], [payer_kind], [report_account], [report_debt], [reason_language], valid_from, [valid_to],
 * [max_payment], [max_batch], [signature]; those in brackets may be absent or empty. Lists are separated by ';'.
 */
#include "agreement/agreement.h"

#include "agreement_sql.h"
#include "base/csv.h"
#include "base/pack.h"
#include "denmark/cvr.h"
#include "import/import_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    TERMS_MAX = 64 * 1024, /* a row of CSV has at most 16 KiB, and each of its texts gets 8 bytes of length */
    NAME_CHARS = 140,      /* Max140Text */
    ID_CHARS = 35,         /* Max35Text */
    DAYS_BEFORE_MAX = 10,
};

enum column {
    SENDER,
    PAYER,
    PAYER_CVR,
    PAYER_NAME,
    CUSTOMER_ID,
    DEBTOR_ACCOUNTS,
    YDELSESARTER,
    OFFSET_MODE,
    OFFSET_YDELSESARTER,
    DAYS_BEFORE,
    NO_ACCOUNT,
    NO_ACCOUNT_ACCOUNT,
    NO_ACCOUNT_NAME,
    REPORT_LEVEL,
    REPORT_VERSION,
    PAYER_KIND,
    REPORT_ACCOUNT,
    REPORT_DEBT,
    REASON_LANGUAGE,
    VALID_FROM,
    VALID_TO,
    MAX_PAYMENT,
    MAX_BATCH,
    SIGNATURE,
    COLUMNS
};
static const struct nks_csv_column columns[COLUMNS] = {
    {"sender", false},         {"payer", false},         {"payer_cvr", false},
    {"payer_name", false},     {"customer_id", true},    {"debtor_accounts", false},
    {"ydelsesarter", false},   {"offset_mode", true},    {"offset_ydelsesarter", true},
    {"days_before", true},     {"no_account", true},     {"no_account_account", true},
    {"no_account_name", true}, {"report_level", true},   {"report_version", true},
    {"payer_kind", true},      {"report_account", true}, {"report_debt", true},
    {"reason_language", true}, {"valid_from", false},    {"valid_to", true},
    {"max_payment", true},     {"max_batch", true},      {"signature", true},
};

/* A word of the CSV and its number; the first is what an empty field means. */
struct word {
    const char *name;
    int value;
};
static const struct word offset_words[] = {
    {"NONE", NKS_OFFSET_NONE}, {"REDIRECT", NKS_OFFSET_REDIRECT}, {"SPLIT", NKS_OFFSET_SPLIT}, {NULL, 0}};
static const struct word no_account_words[] = {{"REJECT", NKS_NO_ACCOUNT_REJECT},
                                               {"VENTEKONTO", NKS_NO_ACCOUNT_VENTEKONTO},
                                               {"ERROR_ACCOUNT", NKS_NO_ACCOUNT_ERROR_ACCOUNT},
                                               {NULL, 0}};
static const struct word level_words[] = {
    {"ALL", NKS_REPORT_ALL}, {"EXCEPTIONS", NKS_REPORT_EXCEPTIONS}, {"END", NKS_REPORT_END}, {NULL, 0}};
static const struct word version_words[] = {{"SAME", 0}, {"03", 3}, {"10", 10}, {NULL, 0}};
static const struct word kind_words[] = {{"PUBLIC", NKS_PAYER_PUBLIC}, {"PRIVATE", NKS_PAYER_PRIVATE}, {NULL, 0}};
static const struct word yes_words[] = {{"no", false}, {"yes", true}, {NULL, 0}};
static const struct word signature_words[] = {{"NONE", NKS_SIGNATURE_NONE},
                                              {"OPTIONAL", NKS_SIGNATURE_OPTIONAL},
                                              {"REQUIRED", NKS_SIGNATURE_REQUIRED},
                                              {NULL, 0}};
static const struct word language_words[] = {{"en", NKS_ENGLISH}, {"da", NKS_DANISH}, {NULL, 0}};

struct importer {
    struct nks_db *db;
    struct nks_cipher *cipher;
    const struct nks_import_options *options;
    struct nks_import_result *result;
    int64_t version, last_id;
    struct nks_agreement row;
    char terms[TERMS_MAX], stored[TERMS_MAX];
    uint8_t bytes[TERMS_MAX + NKS_CIPHER_OVERHEAD];
};

/* ---- terms: packed and back */

static void pack_account(struct nks_buf *buf, const struct nks_account *account)
{
    nks_pack_int(buf, (int64_t)account->kind);
    nks_pack_text(buf, nks_text_from(account->id));
    nks_pack_text(buf, nks_text_from(account->bic));
}

static void pack_texts(struct nks_buf *buf, const struct nks_text *texts, size_t count)
{
    nks_pack_int(buf, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        nks_pack_text(buf, texts[i]);
}

static void pack_agreement(struct nks_buf *buf, const struct nks_agreement *a)
{
    nks_pack_int(buf, a->ended);
    nks_pack_text(buf, nks_text_from(a->sender));
    nks_pack_text(buf, nks_text_from(a->payer));
    nks_pack_text(buf, nks_text_from(a->payer_cvr));
    nks_pack_text(buf, a->payer_name);
    pack_texts(buf, a->customer_ids, a->customer_id_count);
    nks_pack_int(buf, (int64_t)a->account_count);
    for (size_t i = 0; i < a->account_count; i++)
        pack_account(buf, &a->accounts[i]);
    nks_pack_int(buf, a->any_ydelsesart);
    pack_texts(buf, a->ydelsesarter, a->ydelsesart_count);
    nks_pack_int(buf, (int64_t)a->offset_mode);
    pack_texts(buf, a->offset_ydelsesarter, a->offset_ydelsesart_count);
    nks_pack_int(buf, a->days_before);
    nks_pack_int(buf, (int64_t)a->no_account);
    pack_account(buf, &a->no_account_account);
    nks_pack_text(buf, a->no_account_name);
    nks_pack_int(buf, (int64_t)a->report_level);
    nks_pack_int(buf, a->report_version);
    nks_pack_int(buf, (int64_t)a->payer_kind);
    nks_pack_int(buf, a->report_account);
    nks_pack_int(buf, a->report_debt);
    nks_pack_int(buf, (int64_t)a->reason_language);
    nks_pack_int(buf, a->valid_from);
    nks_pack_int(buf, a->valid_to);
    nks_pack_int(buf, a->max_payment_minor);
    nks_pack_int(buf, a->max_batch_minor);
    if (a->signature != NKS_SIGNATURE_NONE) /* terms from before the column are those of NONE */
        nks_pack_int(buf, (int64_t)a->signature);
}

static void unpack_chars(struct nks_unpack *from, char *out, size_t size)
{
    from->bad |= !nks_text_copy(nks_unpack_text(from), out, size);
}

static void unpack_account(struct nks_unpack *from, struct nks_account *account)
{
    account->kind = (enum nks_account_kind)nks_unpack_int(from);
    unpack_chars(from, account->id, sizeof account->id);
    unpack_chars(from, account->bic, sizeof account->bic);
}

static size_t unpack_count(struct nks_unpack *from, size_t max)
{
    int64_t count = nks_unpack_int(from);
    from->bad |= count < 0 || (uint64_t)count > max;
    return from->bad ? 0 : (size_t)count;
}

static size_t unpack_texts(struct nks_unpack *from, struct nks_text *texts, size_t max)
{
    size_t count = unpack_count(from, max);
    for (size_t i = 0; i < count; i++)
        texts[i] = nks_unpack_text(from);
    return count;
}

/* Texts of the agreement point into `plain`. */
static bool unpack_agreement(struct nks_text plain, struct nks_agreement *a)
{
    struct nks_unpack from = {.rest = plain};
    a->ended = nks_unpack_int(&from) != 0;
    unpack_chars(&from, a->sender, sizeof a->sender);
    unpack_chars(&from, a->payer, sizeof a->payer);
    unpack_chars(&from, a->payer_cvr, sizeof a->payer_cvr);
    a->payer_name = nks_unpack_text(&from);
    a->customer_id_count = unpack_texts(&from, a->customer_ids, NKS_AGREEMENT_CUSTOMER_IDS_MAX);
    a->account_count = unpack_count(&from, NKS_AGREEMENT_ACCOUNTS_MAX);
    for (size_t i = 0; i < a->account_count; i++)
        unpack_account(&from, &a->accounts[i]);
    a->any_ydelsesart = nks_unpack_int(&from) != 0;
    a->ydelsesart_count = unpack_texts(&from, a->ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX);
    a->offset_mode = (enum nks_offset_mode)nks_unpack_int(&from);
    a->offset_ydelsesart_count = unpack_texts(&from, a->offset_ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX);
    a->days_before = (int)nks_unpack_int(&from);
    a->no_account = (enum nks_no_account)nks_unpack_int(&from);
    unpack_account(&from, &a->no_account_account);
    a->no_account_name = nks_unpack_text(&from);
    a->report_level = (enum nks_report_level)nks_unpack_int(&from);
    a->report_version = (int)nks_unpack_int(&from);
    a->payer_kind = (enum nks_payer_kind)nks_unpack_int(&from);
    a->report_account = nks_unpack_int(&from) != 0;
    a->report_debt = nks_unpack_int(&from) != 0;
    a->reason_language = (enum nks_language)nks_unpack_int(&from);
    a->valid_from = (nks_date)nks_unpack_int(&from);
    a->valid_to = (nks_date)nks_unpack_int(&from);
    a->max_payment_minor = nks_unpack_int(&from);
    a->max_batch_minor = nks_unpack_int(&from);
    if (from.rest.len > 0)
        a->signature = (enum nks_signature_rule)nks_unpack_int(&from);
    return nks_unpack_done(&from);
}

static enum nks_status open_terms(struct nks_cipher *cipher, int64_t id, int64_t version, struct nks_text bytes,
                                  char *plain, size_t size, struct nks_fault *fault)
{
    struct nks_place place = {"agreement", "terms", id, 0, version};
    if (bytes.len < NKS_CIPHER_OVERHEAD || bytes.len - NKS_CIPHER_OVERHEAD > size)
        return nks_fault_set(fault, NKS_INTEGRITY, "AGREEMENT-ROW", "agreement %lld is not what was stored",
                             (long long)id);
    return nks_cipher_decrypt(cipher, &place, bytes.ptr, bytes.len, plain, fault);
}

/* The clear keys of a row stand in its terms too: who changes them changes the agreement. */
static enum nks_status read_terms(int64_t id, int64_t version, struct nks_text sender, struct nks_text payer,
                                  struct nks_text plain, struct nks_agreement *out, struct nks_fault *fault)
{
    memset(out, 0, sizeof *out);
    bool good = unpack_agreement(plain, out) && nks_text_is(sender, out->sender) && nks_text_is(payer, out->payer);
    out->id = id;
    out->version = version;
    return good ? NKS_OK
                : nks_fault_set(fault, NKS_INTEGRITY, "AGREEMENT-ROW", "agreement %lld is not what was stored",
                                (long long)id);
}

/* ---- reading a row of the file */

static size_t text_chars(struct nks_text text)
{
    size_t chars = 0;
    for (size_t i = 0; i < text.len; i++)
        chars += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return chars;
}

static enum nks_status take_word(const struct nks_csv_row *row, enum column column, const struct word *words, int *out,
                                 struct nks_fault *fault)
{
    char memory[120];
    struct nks_buf names;
    nks_buf_init(&names, memory, sizeof memory);
    *out = words->value;
    if (row->fields[column].len == 0)
        return NKS_OK;
    for (const struct word *word = words; word->name != NULL; word++) {
        *out = word->value;
        if (nks_text_is(row->fields[column], word->name))
            return NKS_OK;
        nks_buf_printf(&names, "%s%s", word == words ? "" : ", ", word->name);
    }
    return nks_csv_refuse(row, column, fault, "expected one of: %.*s", (int)names.len, names.ptr);
}

static enum nks_status take_party(const struct nks_csv_row *row, enum column column, char out[NKS_PARTY_MAX],
                                  struct nks_fault *fault)
{
    if (!nks_party_valid(row->fields[column]) || !nks_text_copy(row->fields[column], out, NKS_PARTY_MAX))
        return nks_csv_refuse(row, column, fault, "expected a short id: 1 to 32 of a-z, 0-9 and '-', not '-' first");
    return NKS_OK;
}

static enum nks_status take_list(const struct nks_csv_row *row, enum column column, struct nks_text *out, size_t max,
                                 size_t *count, struct nks_fault *fault)
{
    struct nks_text rest = row->fields[column];
    *count = 0;
    while (rest.len > 0) {
        struct nks_text item = nks_text_trim(nks_text_cut(&rest, ';'));
        if (*count == max)
            return nks_csv_refuse(row, column, fault, "expected at most %zu, separated by ';'", max);
        if (item.len == 0 || text_chars(item) > ID_CHARS)
            return nks_csv_refuse(row, column, fault, "expected texts of 1 to %d characters, separated by ';'",
                                  ID_CHARS);
        for (size_t i = 0; i < *count; i++) {
            if (nks_text_equal(out[i], item))
                return nks_csv_refuse(row, column, fault, "expected each only once");
        }
        out[(*count)++] = item;
    }
    return NKS_OK;
}

static enum nks_status take_accounts(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    struct nks_text texts[NKS_AGREEMENT_ACCOUNTS_MAX];
    NKS_TRY(take_list(row, DEBTOR_ACCOUNTS, texts, NKS_AGREEMENT_ACCOUNTS_MAX, &a->account_count, fault));
    if (a->account_count == 0)
        return nks_csv_refuse(row, DEBTOR_ACCOUNTS, fault, "expected at least one account of the payer");
    for (size_t i = 0; i < a->account_count; i++) {
        if (!nks_account_parse(texts[i], &a->accounts[i]))
            return nks_csv_refuse(
                row, DEBTOR_ACCOUNTS, fault,
                "expected accounts (regnr and account, or IBAN), separated by ';'; look at number %zu", i + 1);
    }
    return NKS_OK;
}

static enum nks_status take_parties(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    NKS_TRY(take_party(row, SENDER, a->sender, fault));
    NKS_TRY(take_party(row, PAYER, a->payer, fault));
    if (nks_cvr_parse(row->fields[PAYER_CVR], a->payer_cvr) != NKS_CVR_GOOD)
        return nks_csv_refuse(row, PAYER_CVR, fault, "expected a CVR number: 8 digits with a right check digit");
    a->payer_name = row->fields[PAYER_NAME];
    if (a->payer_name.len == 0 || text_chars(a->payer_name) > NAME_CHARS)
        return nks_csv_refuse(row, PAYER_NAME, fault, "expected a name of 1 to %d characters", NAME_CHARS);
    return take_list(row, CUSTOMER_ID, a->customer_ids, NKS_AGREEMENT_CUSTOMER_IDS_MAX, &a->customer_id_count, fault);
}

static enum nks_status take_ydelsesarter(const struct nks_csv_row *row, struct nks_agreement *a,
                                         struct nks_fault *fault)
{
    a->any_ydelsesart = nks_text_is(row->fields[YDELSESARTER], "*");
    if (a->any_ydelsesart)
        return NKS_OK;
    NKS_TRY(take_list(row, YDELSESARTER, a->ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX, &a->ydelsesart_count, fault));
    if (a->ydelsesart_count == 0)
        return nks_csv_refuse(row, YDELSESARTER, fault, "expected '*' or ydelsesarter separated by ';'");
    return NKS_OK;
}

/* The positive list: nothing is set off that is not named, so a list without a mode is a mistake, and so is the
 * reverse. */
static enum nks_status take_offset(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    int mode = 0;
    NKS_TRY(take_word(row, OFFSET_MODE, offset_words, &mode, fault));
    a->offset_mode = (enum nks_offset_mode)mode;
    NKS_TRY(take_list(row, OFFSET_YDELSESARTER, a->offset_ydelsesarter, NKS_AGREEMENT_YDELSESARTER_MAX,
                      &a->offset_ydelsesart_count, fault));
    if (a->offset_mode == NKS_OFFSET_NONE && a->offset_ydelsesart_count > 0)
        return nks_csv_refuse(row, OFFSET_YDELSESARTER, fault, "expected nothing here: offset_mode is NONE");
    if (a->offset_mode != NKS_OFFSET_NONE && a->offset_ydelsesart_count == 0)
        return nks_csv_refuse(row, OFFSET_YDELSESARTER, fault,
                              "expected the ydelsesarter that may be set off, separated by ';'");
    for (size_t i = 0; i < a->offset_ydelsesart_count; i++) {
        if (!nks_agreement_has_ydelsesart(a, a->offset_ydelsesarter[i]))
            return nks_csv_refuse(row, OFFSET_YDELSESARTER, fault,
                                  "expected ydelsesarter of the agreement only; look at number %zu", i + 1);
    }
    return NKS_OK;
}

static enum nks_status take_no_account(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    int policy = 0;
    NKS_TRY(take_word(row, NO_ACCOUNT, no_account_words, &policy, fault));
    a->no_account = (enum nks_no_account)policy;
    a->no_account_name = row->fields[NO_ACCOUNT_NAME];
    if (a->no_account == NKS_NO_ACCOUNT_REJECT) {
        if (row->fields[NO_ACCOUNT_ACCOUNT].len > 0)
            return nks_csv_refuse(row, NO_ACCOUNT_ACCOUNT, fault, "expected nothing here: no_account is REJECT");
        if (a->no_account_name.len > 0)
            return nks_csv_refuse(row, NO_ACCOUNT_NAME, fault, "expected nothing here: no_account is REJECT");
        return NKS_OK;
    }
    if (!nks_account_parse(row->fields[NO_ACCOUNT_ACCOUNT], &a->no_account_account))
        return nks_csv_refuse(row, NO_ACCOUNT_ACCOUNT, fault, "expected the account that the money goes to instead");
    if (a->no_account_name.len == 0 || text_chars(a->no_account_name) > NAME_CHARS)
        return nks_csv_refuse(row, NO_ACCOUNT_NAME, fault,
                              "expected the name of that account's owner, 1 to %d characters", NAME_CHARS);
    return NKS_OK;
}

/* An amount in DKK; 0 where there is none. */
static enum nks_status take_brake(const struct nks_csv_row *row, enum column column, int64_t *minor,
                                  struct nks_fault *fault)
{
    struct nks_money money = {.minor = 0};
    *minor = 0;
    if (row->fields[column].len == 0)
        return NKS_OK;
    if (nks_money_parse(row->fields[column], "DKK", &money) != NKS_AMOUNT_GOOD || money.minor == 0)
        return nks_csv_refuse(row, column, fault,
                              "expected an amount in DKK above zero, such as 250000.00, or nothing");
    *minor = money.minor;
    return NKS_OK;
}

/* What a status report may tell, and how, and what is asked of files. Accounts of payees are for public payers only
 * (DOMAIN 1.2: a private payer gets them another way, under conditions of their own). */
static enum nks_status take_report(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    int level = 0, kind = 0, account = 0, debt = 0, language = 0, signature = 0;
    NKS_TRY(take_word(row, REPORT_LEVEL, level_words, &level, fault));
    NKS_TRY(take_word(row, REPORT_VERSION, version_words, &a->report_version, fault));
    NKS_TRY(take_word(row, PAYER_KIND, kind_words, &kind, fault));
    NKS_TRY(take_word(row, REPORT_ACCOUNT, yes_words, &account, fault));
    NKS_TRY(take_word(row, REPORT_DEBT, yes_words, &debt, fault));
    NKS_TRY(take_word(row, REASON_LANGUAGE, language_words, &language, fault));
    NKS_TRY(take_word(row, SIGNATURE, signature_words, &signature, fault));
    a->signature = (enum nks_signature_rule)signature;
    a->report_level = (enum nks_report_level)level;
    a->payer_kind = (enum nks_payer_kind)kind;
    a->report_account = account != 0;
    a->report_debt = debt != 0;
    a->reason_language = (enum nks_language)language;
    if (a->report_account && a->payer_kind != NKS_PAYER_PUBLIC)
        return nks_csv_refuse(row, REPORT_ACCOUNT, fault, "expected no: only a PUBLIC payer may see accounts");
    return NKS_OK;
}

static enum nks_status take_rest(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    uint64_t days = 1;
    if (row->fields[DAYS_BEFORE].len > 0 && !nks_text_number(row->fields[DAYS_BEFORE], DAYS_BEFORE_MAX, &days))
        return nks_csv_refuse(row, DAYS_BEFORE, fault, "expected a number of bank days from 0 to %d", DAYS_BEFORE_MAX);
    a->days_before = (int)days;
    NKS_TRY(take_brake(row, MAX_PAYMENT, &a->max_payment_minor, fault));
    NKS_TRY(take_brake(row, MAX_BATCH, &a->max_batch_minor, fault));
    a->valid_to = NKS_DATE_NONE;
    if (!nks_date_parse(row->fields[VALID_FROM], false, &a->valid_from))
        return nks_csv_refuse(row, VALID_FROM, fault, "expected a date YYYY-MM-DD");
    if (row->fields[VALID_TO].len > 0 && !nks_date_parse(row->fields[VALID_TO], false, &a->valid_to))
        return nks_csv_refuse(row, VALID_TO, fault, "expected a date YYYY-MM-DD, or nothing");
    if (a->valid_to != NKS_DATE_NONE && a->valid_to < a->valid_from)
        return nks_csv_refuse(row, VALID_TO, fault, "expected a day on or after valid_from");
    return NKS_OK;
}

static enum nks_status take_agreement(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
{
    memset(a, 0, sizeof *a);
    NKS_TRY(take_parties(row, a, fault));
    NKS_TRY(take_accounts(row, a, fault));
    NKS_TRY(take_ydelsesarter(row, a, fault));
    NKS_TRY(take_offset(row, a, fault));
    NKS_TRY(take_no_account(row, a, fault));
    NKS_TRY(take_report(row, a, fault));
    return take_rest(row, a, fault);
}

/* ---- storing */

static enum nks_status run(struct nks_db *db, const struct nks_sql *sql, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, sql, &stmt, fault));
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status insert(struct importer *in, const struct nks_agreement *a, struct nks_text plain,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_place place = {"agreement", "terms", ++in->last_id, 0, in->version};
    NKS_TRY(nks_cipher_encrypt(in->cipher, &place, plain.ptr, plain.len, in->bytes, fault));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_insert, &stmt, fault));
    nks_bind_int(stmt, "id", in->last_id);
    nks_bind_text(stmt, "sender", nks_text_from(a->sender));
    nks_bind_text(stmt, "payer", nks_text_from(a->payer));
    nks_bind_int(stmt, "version", in->version);
    nks_bind_bytes(stmt, "terms", in->bytes, plain.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status refuse_twice(struct importer *in, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_named_find, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found)
        return nks_csv_refuse(row, PAYER, fault, "expected each sender and payer once: line %lld has them too",
                              (long long)nks_column_int(stmt, 0));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_named_insert, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    nks_bind_int(stmt, "line", row->line);
    return nks_stmt_run(stmt, NULL, fault);
}

/* Whether the newest stored version has the same terms, byte for byte; its id, 0: there is none. */
static enum nks_status is_stored(struct importer *in, struct nks_text plain, bool *same, int64_t *id,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *same = false;
    *id = 0;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_newest, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return NKS_OK;
    struct nks_text bytes = nks_column_bytes(stmt, 2);
    *id = nks_column_int(stmt, 0);
    NKS_TRY(open_terms(in->cipher, *id, nks_column_int(stmt, 1), bytes, in->stored, sizeof in->stored, fault));
    *same = nks_text_equal((struct nks_text){in->stored, bytes.len - NKS_CIPHER_OVERHEAD}, plain);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct importer *in = context;
    struct nks_buf buf;
    int64_t replaced = 0;
    bool same = false;
    nks_import_row(in->options, row->fields, COLUMNS);
    NKS_TRY(take_agreement(row, &in->row, fault));
    NKS_TRY(refuse_twice(in, row, fault));
    nks_buf_init(&buf, in->terms, sizeof in->terms);
    pack_agreement(&buf, &in->row);
    assert(!buf.overflow);
    in->result->rows++;
    NKS_TRY(is_stored(in, nks_buf_view(&buf), &same, &replaced, fault));
    *(same ? &in->result->unchanged : &in->result->added) += 1;
    if (same)
        return NKS_OK;
    nks_import_differs(in->options, (const int64_t[]){row->line, replaced}, 2);
    return insert(in, &in->row, nks_buf_view(&buf), fault);
}

/* full: the next agreement that the file does not name gets a version that is ended. *more is false after the last. */
static enum nks_status end_next(struct importer *in, int64_t last, int64_t *after, bool *more, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_buf buf;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_unnamed_next, &stmt, fault));
    nks_bind_int(stmt, "after", *after);
    nks_bind_int(stmt, "last", last);
    NKS_TRY(nks_stmt_one(stmt, more, fault));
    if (!*more)
        return NKS_OK;
    int64_t id = *after = nks_column_int(stmt, 0), version = nks_column_int(stmt, 3);
    struct nks_text bytes = nks_column_bytes(stmt, 4);
    NKS_TRY(open_terms(in->cipher, id, version, bytes, in->stored, sizeof in->stored, fault));
    NKS_TRY(read_terms(id, version, nks_column_text(stmt, 1), nks_column_text(stmt, 2),
                       (struct nks_text){in->stored, bytes.len - NKS_CIPHER_OVERHEAD}, &in->row, fault));
    nks_stmt_end(stmt);
    if (in->row.ended)
        return NKS_OK;
    in->row.ended = true;
    in->result->ended++;
    nks_import_differs(in->options, (const int64_t[]){0, id}, 2);
    nks_buf_init(&buf, in->terms, sizeof in->terms);
    pack_agreement(&buf, &in->row);
    return insert(in, &in->row, nks_buf_view(&buf), fault);
}

static enum nks_status end_unnamed(struct importer *in, struct nks_fault *fault)
{
    int64_t last = in->last_id, after = 0;
    bool more = in->options->full;
    while (more)
        NKS_TRY(end_next(in, last, &after, &more, fault));
    return NKS_OK;
}

static enum nks_status prepare(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(run(in->db, &nks_sql_agreement_named_create, fault));
    NKS_TRY(run(in->db, &nks_sql_agreement_named_clear, fault));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_next, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    in->version = nks_column_int(stmt, 0) + 1;
    in->last_id = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status record_import(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_import_table table = {"agreement_import", &nks_sql_agreement_import_insert,
                                                  &nks_sql_agreement_import_record_insert};
    return nks_import_store(in->db, in->cipher, &table, in->version, in->options, in->result, fault);
}

static enum nks_status check_count(struct nks_db *db, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(db, &nks_sql_agreement_count, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    int64_t count = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    if (count > NKS_AGREEMENTS_MAX)
        return nks_fault_set(fault, NKS_REFUSED, "AGREEMENT-MANY", "expected at most %d versions of agreements in all",
                             NKS_AGREEMENTS_MAX);
    return NKS_OK;
}

static enum nks_status import_all(struct importer *in, int fd, struct nks_fault *fault)
{
    NKS_TRY(prepare(in, fault));
    NKS_TRY(
        nks_csv_read(fd, columns, COLUMNS, on_row, in, in->options->progress, in->options->progress_context, fault));
    NKS_TRY(end_unnamed(in, fault));
    NKS_TRY(check_count(in->db, fault));
    return record_import(in, fault);
}

static enum nks_status import_in_transaction(struct importer *in, int fd, struct nks_fault *fault)
{
    enum nks_status status = nks_db_begin(in->db, fault);
    if (status == NKS_OK)
        status = import_all(in, fd, fault);
    if (status == NKS_OK && !in->options->dry_run)
        status = nks_db_commit(in->db, fault);
    nks_db_rollback(in->db);
    return status;
}

enum nks_status nks_agreement_import(struct nks_db *db, struct nks_keys *keys, int fd,
                                     const struct nks_import_options *options, struct nks_import_result *result,
                                     struct nks_fault *fault)
{
    *result = (struct nks_import_result){0};
    struct importer *in = calloc(1, sizeof *in);
    if (in == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for an import; try again later");
    in->db = db;
    in->options = options;
    in->result = result;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_AGREEMENT, &in->cipher, fault);
    if (status == NKS_OK)
        status = import_in_transaction(in, fd, fault);
    nks_cipher_free(in->cipher);
    free(in);
    return status;
}

/* ---- the book */

static enum nks_status memory_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the agreements; try again later");
}

static int compare_rows(const void *left, const void *right)
{
    const struct nks_agreement *a = *(struct nks_agreement *const *)left, *b = *(struct nks_agreement *const *)right;
    int order = strcmp(a->sender, b->sender);
    if (order == 0)
        order = strcmp(a->payer, b->payer);
    return order != 0 ? order : (a->version > b->version) - (a->version < b->version);
}

static enum nks_status book_row(struct nks_stmt *stmt, struct nks_cipher *cipher, struct nks_arena *arena,
                                struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_text bytes = nks_column_bytes(stmt, 4);
    size_t len = bytes.len < NKS_CIPHER_OVERHEAD ? 0 : bytes.len - NKS_CIPHER_OVERHEAD;
    if (book->count == NKS_AGREEMENTS_MAX)
        return nks_fault_set(fault, NKS_FAILED, "AGREEMENT-MANY", "more than %d versions of agreements",
                             NKS_AGREEMENTS_MAX);
    struct nks_agreement *row = nks_arena_alloc(arena, sizeof *row);
    char *plain = nks_arena_alloc(arena, len + 1);
    if (row == NULL || plain == NULL)
        return memory_fault(fault);
    int64_t id = nks_column_int(stmt, 0), version = nks_column_int(stmt, 3);
    NKS_TRY(open_terms(cipher, id, version, bytes, plain, len, fault));
    NKS_TRY(read_terms(id, version, nks_column_text(stmt, 1), nks_column_text(stmt, 2), (struct nks_text){plain, len},
                       row, fault));
    book->rows[book->count++] = row;
    return NKS_OK;
}

static enum nks_status book_rows(struct nks_db *db, struct nks_cipher *cipher, struct nks_arena *arena,
                                 struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, &nks_sql_agreement_all, &stmt, fault));
    enum nks_status status = NKS_OK;
    for (bool row = true; row && status == NKS_OK;) {
        status = nks_stmt_step(stmt, &row, fault);
        if (status == NKS_OK && row)
            status = book_row(stmt, cipher, arena, book, fault);
    }
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_agreement_book_load(struct nks_db *db, struct nks_keys *keys, struct nks_arena *arena,
                                        struct nks_agreement_book *book, struct nks_fault *fault)
{
    struct nks_cipher *cipher = NULL;
    book->count = 0;
    book->rows = nks_arena_alloc(arena, NKS_AGREEMENTS_MAX * sizeof(book->rows[0]));
    if (book->rows == NULL)
        return memory_fault(fault);
    NKS_TRY(nks_cipher_open(keys, NKS_KEY_AGREEMENT, &cipher, fault));
    enum nks_status status = book_rows(db, cipher, arena, book, fault);
    nks_cipher_free(cipher);
    qsort(book->rows, book->count, sizeof(book->rows[0]), compare_rows);
    return status;
}

/* ---- questions to the book */

static bool same_pair(const struct nks_agreement *a, const struct nks_agreement *b)
{
    return strcmp(a->sender, b->sender) == 0 && strcmp(a->payer, b->payer) == 0;
}

/*
 * A version takes over on its valid_from: of the versions rows[first .. end), oldest first, the newest that has begun
 * on `on` governs; it may have expired or ended, and then nothing is in force.
 */
static const struct nks_agreement *in_force(struct nks_agreement *const *rows, size_t count, nks_date on)
{
    for (size_t i = count; i-- > 0;) {
        const struct nks_agreement *a = rows[i];
        if (a->ended)
            return NULL;
        if (a->valid_from <= on)
            return a->valid_to == NKS_DATE_NONE || on <= a->valid_to ? a : NULL;
    }
    return NULL;
}

static bool has_customer_id(const struct nks_agreement *a, struct nks_text id)
{
    for (size_t i = 0; i < a->customer_id_count; i++) {
        if (nks_text_equal(a->customer_ids[i], id))
            return true;
    }
    return false;
}

/* What a search is after: a match is exact (the agreement names the id) or by the payer's CVR. */
struct search {
    struct nks_text id;
    char cvr[NKS_CVR_DIGITS + 1];
    const struct nks_account *account;
};

static bool match_id(const struct nks_agreement *a, const struct search *search)
{
    return has_customer_id(a, search->id);
}

static bool match_cvr(const struct nks_agreement *a, const struct search *search)
{
    return search->cvr[0] != '\0' && strcmp(a->payer_cvr, search->cvr) == 0;
}

static bool match_account(const struct nks_agreement *a, const struct search *search)
{
    return nks_agreement_has_account(a, search->account);
}

/* The only agreement in force of the sender that matches; NULL when none or two do. */
static const struct nks_agreement *only_match(const struct nks_agreement_book *book, struct nks_text sender,
                                              nks_date on,
                                              bool (*match)(const struct nks_agreement *, const struct search *),
                                              const struct search *search, bool *several)
{
    const struct nks_agreement *found = NULL;
    *several = false;
    for (size_t first = 0, end; first < book->count; first = end) {
        end = first + 1;
        while (end < book->count && same_pair(book->rows[first], book->rows[end]))
            end++;
        if (!nks_text_is(sender, book->rows[first]->sender))
            continue;
        const struct nks_agreement *a = in_force(book->rows + first, end - first, on);
        if (a == NULL || !match(a, search))
            continue;
        *several = found != NULL;
        if (*several)
            return NULL;
        found = a;
    }
    return found;
}

const struct nks_agreement *nks_agreement_find_customer(const struct nks_agreement_book *book, struct nks_text sender,
                                                        struct nks_text id, nks_date on)
{
    struct search search = {.id = nks_text_trim(id)};
    bool several = false;
    if (nks_cvr_parse(search.id, search.cvr) != NKS_CVR_GOOD)
        search.cvr[0] = '\0';
    const struct nks_agreement *found = only_match(book, sender, on, match_id, &search, &several);
    if (found != NULL || several)
        return found;
    return only_match(book, sender, on, match_cvr, &search, &several);
}

const struct nks_agreement *nks_agreement_find_account(const struct nks_agreement_book *book, struct nks_text sender,
                                                       const struct nks_account *account, nks_date on)
{
    struct search search = {.account = account};
    bool several = false;
    return only_match(book, sender, on, match_account, &search, &several);
}

const struct nks_agreement *nks_agreement_by_id(const struct nks_agreement_book *book, int64_t id)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->rows[i]->id == id)
            return book->rows[i];
    }
    return NULL;
}

bool nks_agreement_is_other_payer(const struct nks_agreement_book *book, const struct nks_agreement *agreement,
                                  struct nks_text id)
{
    char cvr[9];
    bool other = false;
    if (nks_cvr_parse(nks_text_trim(id), cvr) != NKS_CVR_GOOD || strcmp(cvr, agreement->payer_cvr) == 0)
        return false;
    for (size_t i = 0; i < book->count && !other; i++)
        other = strcmp(book->rows[i]->payer_cvr, cvr) == 0;
    return other;
}

bool nks_agreement_sender_known(const struct nks_agreement_book *book, struct nks_text sender)
{
    for (size_t i = 0; i < book->count; i++) {
        if (nks_text_is(sender, book->rows[i]->sender))
            return true;
    }
    return false;
}

enum nks_language nks_agreement_sender_language(const struct nks_agreement_book *book, struct nks_text sender,
                                                nks_date on)
{
    const struct nks_agreement *first = NULL;
    for (size_t at = 0, end; at < book->count; at = end) {
        for (end = at + 1; end < book->count && same_pair(book->rows[at], book->rows[end]);)
            end++;
        const struct nks_agreement *a = in_force(book->rows + at, end - at, on);
        if (a == NULL || !nks_text_is(sender, a->sender))
            continue;
        if (first != NULL && first->reason_language != a->reason_language)
            return NKS_ENGLISH;
        first = a;
    }
    return first != NULL ? first->reason_language : NKS_ENGLISH;
}

enum nks_signature_rule nks_agreement_sender_signature(const struct nks_agreement_book *book, struct nks_text sender,
                                                       nks_date on)
{
    enum nks_signature_rule strictest = NKS_SIGNATURE_NONE;
    for (size_t at = 0, end; at < book->count; at = end) {
        for (end = at + 1; end < book->count && same_pair(book->rows[at], book->rows[end]);)
            end++;
        const struct nks_agreement *a = in_force(book->rows + at, end - at, on);
        if (a != NULL && nks_text_is(sender, a->sender) && a->signature > strictest)
            strictest = a->signature;
    }
    return strictest;
}

bool nks_agreement_has_account(const struct nks_agreement *agreement, const struct nks_account *account)
{
    for (size_t i = 0; i < agreement->account_count; i++) {
        if (nks_account_equal(&agreement->accounts[i], account))
            return true;
    }
    return false;
}

bool nks_agreement_has_ydelsesart(const struct nks_agreement *agreement, struct nks_text ydelsesart)
{
    if (agreement->any_ydelsesart || ydelsesart.len == 0)
        return true;
    for (size_t i = 0; i < agreement->ydelsesart_count; i++) {
        if (nks_text_equal(agreement->ydelsesarter[i], ydelsesart))
            return true;
    }
    return false;
}

static bool is_above(struct nks_sum sum, int64_t max_minor)
{
    struct nks_sum max = {0};
    return max_minor > 0 && nks_sum_add(&max, (struct nks_money){max_minor, "DKK"}) && sum.scaled > max.scaled;
}

bool nks_agreement_payment_above(const struct nks_agreement *agreement, struct nks_sum amount)
{
    return is_above(amount, agreement->max_payment_minor);
}

bool nks_agreement_batch_above(const struct nks_agreement *agreement, struct nks_sum sum)
{
    return is_above(sum, agreement->max_batch_minor);
}

bool nks_agreement_offsets(const struct nks_agreement *agreement, struct nks_text ydelsesart)
{
    if (agreement->offset_mode == NKS_OFFSET_NONE)
        return false;
    for (size_t i = 0; i < agreement->offset_ydelsesart_count; i++) {
        if (nks_text_equal(agreement->offset_ydelsesarter[i], ydelsesart))
            return true;
    }
    return false;
}
