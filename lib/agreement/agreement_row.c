/*
 * A row of the CSV is a struct nks_agreement.
 *
 * Columns: sender, payer, payer_cvr, payer_name, [customer_id], debtor_accounts, ydelsesarter, [offset_mode],
 * [offset_ydelsesarter], [days_before], [no_account], [no_account_account], [no_account_name], [report_level],
 * [report_version], [payer_kind], [report_account], [report_debt], [reason_language], valid_from, [valid_to],
 * [max_payment], [max_batch], [signature]; those in brackets may be absent or empty. Lists are separated by ';'.
 */
#include "agreement/agreement_private.h"

#include "denmark/cvr.h"

#include <assert.h>
#include <string.h>

enum {
    NAME_CHARS = 140, /* Max140Text */
    ID_CHARS = 35,    /* Max35Text */
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
static_assert((int)COLUMNS == (int)NKS_AGREEMENT_COLUMNS, "each column once");
const struct nks_csv_column nks_agreement_columns[NKS_AGREEMENT_COLUMNS] = {
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

enum nks_status nks_agreement_take(const struct nks_csv_row *row, struct nks_agreement *a, struct nks_fault *fault)
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

enum nks_status nks_agreement_refuse_twice(const struct nks_csv_row *row, int64_t line, struct nks_fault *fault)
{
    return nks_csv_refuse(row, PAYER, fault, "expected each sender and payer once: line %lld has them too",
                          (long long)line);
}
