#include "iso20022/pain002.h"

#include <string.h>

/* Lengths of the standard, in characters. */
enum { ID_MAX = 35, ACCOUNT_MAX = 34, NAME_MAX_CHARACTERS = 140, CODE_MAX = 4, DIGITS_MAX = 18, COUNT_DIGITS_MAX = 15 };

static void raw_text(struct nks_xmlout *out, struct nks_text text)
{
    nks_xmlout_raw(out, text.ptr, text.len);
}

static void element_cut(struct nks_xmlout *out, const char *name, struct nks_text text, size_t max)
{
    nks_xmlout_element(out, name, nks_xmlout_cut(&text, max));
}

/* An id that the standard asks for but that we never saw. */
static void element_id(struct nks_xmlout *out, const char *name, struct nks_text id)
{
    element_cut(out, name, id.len > 0 ? id : NKS_TEXT("NOTPROVIDED"), ID_MAX);
}

/* ---- what the payer wrote may be anything; only what has the form of the standard is repeated */

/* `form`: '9' a digit, 'x' a hexadecimal digit in lower case, 'v' one of 89ab, others themselves. */
static bool has_form(struct nks_text text, const char *form)
{
    if (text.len != strlen(form))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = c >= '0' && c <= '9';
        bool good = form[i] == '9'   ? digit
                    : form[i] == 'x' ? digit || (c >= 'a' && c <= 'f')
                    : form[i] == 'v' ? c == '8' || c == '9' || c == 'a' || c == 'b'
                                     : c == form[i];
        if (!good)
            return false;
    }
    return true;
}

static int two_digits(struct nks_text text, size_t at)
{
    return (text.ptr[at] - '0') * 10 + (text.ptr[at + 1] - '0');
}

static bool is_date(struct nks_text text)
{
    if (!has_form(text, "9999-99-99"))
        return false;
    int year = two_digits(text, 0) * 100 + two_digits(text, 2);
    return nks_date_valid(year, two_digits(text, 5), two_digits(text, 8));
}

static bool is_clock(struct nks_text text)
{
    return has_form(text, "99:99:99") && two_digits(text, 0) < 24 && two_digits(text, 3) < 60 &&
           two_digits(text, 6) < 60;
}

static bool is_zone(struct nks_text text)
{
    if (text.len == 0 || nks_text_is(text, "Z"))
        return true;
    if (!has_form(text, "+99:99") && !has_form(text, "-99:99"))
        return false;
    int hours = two_digits(text, 1), minutes = two_digits(text, 4);
    return minutes < 60 && (hours < 14 || (hours == 14 && minutes == 0));
}

/* xs:dateTime of our years: date, T, clock, fraction, zone. */
static bool is_date_time(struct nks_text text)
{
    enum { DATE = 10, CLOCK = 8, SECONDS = DATE + 1 + CLOCK };
    if (text.len < SECONDS || text.ptr[DATE] != 'T' || !is_date(nks_text_slice(text, 0, DATE)) ||
        !is_clock(nks_text_slice(text, DATE + 1, CLOCK)))
        return false;
    struct nks_text zone = nks_text_slice(text, SECONDS, text.len);
    if (zone.len > 0 && zone.ptr[0] == '.') {
        size_t digits = 1;
        while (digits < zone.len && zone.ptr[digits] >= '0' && zone.ptr[digits] <= '9')
            digits++;
        if (digits == 1)
            return false;
        zone = nks_text_slice(zone, digits, zone.len);
    }
    return is_zone(zone);
}

/* DecimalNumber: at most 18 digits, of these at most 17 after the point. */
static bool is_decimal(struct nks_text text)
{
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        text = nks_text_slice(text, 1, text.len);
    bool point = text.len > 0 && memchr(text.ptr, '.', text.len) != NULL;
    struct nks_text whole = nks_text_cut(&text, '.');
    if (!nks_text_all_digits(whole) || (point && !nks_text_all_digits(text)))
        return false;
    return whole.len + text.len <= DIGITS_MAX;
}

static bool is_count(struct nks_text text)
{
    return nks_text_all_digits(text) && text.len <= COUNT_DIGITS_MAX;
}

static bool is_uetr(struct nks_text text)
{
    return has_form(text, "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx");
}

static void element_if(struct nks_xmlout *out, const char *name, struct nks_text text, bool (*form)(struct nks_text))
{
    if (form(text))
        nks_xmlout_element(out, name, text);
}

/* ---- statuses */

/* The older version has closed lists: what one group and what one payment can be. The newer one takes any code. */
static const struct {
    const char *code;
    bool of_payment;
} statuses_03[] = {{"ACTC", true}, {"RCVD", false}, {"PART", false}, {"RJCT", true}, {"PDNG", true},
                   {"ACCP", true}, {"ACSP", true},  {"ACSC", true},  {"ACWC", true}};

static bool status_fits(enum nks_pain002_version version, const char *status, bool of_payment)
{
    struct nks_text code = nks_text_from(status);
    if (version == NKS_PAIN002_10)
        return code.len >= 1 && code.len <= CODE_MAX;
    for (size_t i = 0; i < sizeof statuses_03 / sizeof statuses_03[0]; i++) {
        if (nks_text_is(code, statuses_03[i].code))
            return statuses_03[i].of_payment || !of_payment;
    }
    return false;
}

static void group_status(struct nks_xmlout *out, enum nks_pain002_version version, const char *name, const char *status)
{
    if (status_fits(version, status, false))
        nks_xmlout_element(out, name, nks_text_from(status));
}

/* A count that would not be valid is left out as a whole: half of it says something else. */
static void write_count(struct nks_xmlout *out, enum nks_pain002_version version, const struct nks_pain002_count *count)
{
    char number_memory[24], sum_memory[64];
    struct nks_buf number, sum;
    nks_buf_init(&number, number_memory, sizeof number_memory);
    nks_buf_i64(&number, count->payments);
    nks_buf_init(&sum, sum_memory, sizeof sum_memory);
    nks_sum_format(&sum, count->sum);
    if (!status_fits(version, count->status, true) || !is_count(nks_buf_view(&number)))
        return;
    nks_xmlout_open(out, "NbOfTxsPerSts");
    nks_xmlout_element(out, "DtldNbOfTxs", nks_buf_view(&number));
    nks_xmlout_element(out, "DtldSts", nks_text_from(count->status));
    element_if(out, "DtldCtrlSum", nks_buf_view(&sum), is_decimal);
    nks_xmlout_close(out, "NbOfTxsPerSts");
}

/* ---- reasons */

static void write_reason(struct nks_xmlout *out, const struct nks_pain002_reason *reason)
{
    struct nks_text code = nks_text_from(reason->code), words = reason->words;
    nks_xmlout_open(out, "StsRsnInf");
    if (code.len > 0) {
        nks_xmlout_open(out, "Rsn");
        element_cut(out, code.len <= CODE_MAX ? "Cd" : "Prtry", code, ID_MAX);
        nks_xmlout_close(out, "Rsn");
    }
    while (words.len > 0)
        nks_xmlout_element(out, "AddtlInf", nks_xmlout_cut(&words, NKS_REASON_TEXT_MAX));
    nks_xmlout_close(out, "StsRsnInf");
}

static void write_reasons(struct nks_xmlout *out, const struct nks_pain002_reason *reasons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_reason(out, &reasons[i]);
}

/* ---- the message */

static void write_header(struct nks_xmlout *out, const struct nks_pain002_head *head)
{
    char created[NKS_TIME_TEXT];
    nks_time_format(head->created, created);
    nks_xmlout_open(out, "GrpHdr");
    element_id(out, "MsgId", nks_text_from(head->msg_id));
    nks_xmlout_element(out, "CreDtTm", nks_text_from(created));
    if (head->initg_pty.len > 0) {
        nks_xmlout_open(out, "InitgPty");
        element_cut(out, "Nm", head->initg_pty, NAME_MAX_CHARACTERS);
        nks_xmlout_close(out, "InitgPty");
    }
    nks_xmlout_close(out, "GrpHdr");
}

static void write_original(struct nks_xmlout *out, const struct nks_pain002_head *head)
{
    nks_xmlout_open(out, "OrgnlGrpInfAndSts");
    element_id(out, "OrgnlMsgId", head->orgnl_msg_id);
    element_id(out, "OrgnlMsgNmId", head->orgnl_msg_nm_id);
    element_if(out, "OrgnlCreDtTm", nks_text_trim(head->orgnl_cre_dt_tm), is_date_time);
    element_if(out, "OrgnlNbOfTxs", head->orgnl_nb_of_txs, is_count);
    element_if(out, "OrgnlCtrlSum", nks_text_trim(head->orgnl_ctrl_sum), is_decimal);
    group_status(out, head->version, "GrpSts", head->group_status);
    write_reasons(out, head->reasons, head->reason_count);
    for (size_t i = 0; i < head->count_count; i++)
        write_count(out, head->version, &head->counts[i]);
    nks_xmlout_close(out, "OrgnlGrpInfAndSts");
}

void nks_pain002_begin(struct nks_xmlout *out, const struct nks_pain002_head *head)
{
    raw_text(out, NKS_TEXT("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001."));
    raw_text(out, head->version == NKS_PAIN002_10 ? NKS_TEXT("10\">") : NKS_TEXT("03\">"));
    raw_text(out, NKS_TEXT("<CstmrPmtStsRpt>\n"));
    write_header(out, head);
    raw_text(out, NKS_TEXT("\n"));
    write_original(out, head);
    raw_text(out, NKS_TEXT("\n"));
}

/* The version is not told here. PmtInfSts is a closed list in the older one, which is a part of any code in the newer:
 * what is in the list is valid in both. */
void nks_pain002_group_begin(struct nks_xmlout *out, const struct nks_pain002_group *group)
{
    nks_xmlout_open(out, "OrgnlPmtInfAndSts");
    element_id(out, "OrgnlPmtInfId", group->orgnl_pmt_inf_id);
    element_if(out, "OrgnlNbOfTxs", group->orgnl_nb_of_txs, is_count);
    element_if(out, "OrgnlCtrlSum", nks_text_trim(group->orgnl_ctrl_sum), is_decimal);
    group_status(out, NKS_PAIN002_03, "PmtInfSts", group->status);
    write_reasons(out, group->reasons, group->reason_count);
    for (size_t i = 0; i < group->count_count; i++)
        write_count(out, NKS_PAIN002_03, &group->counts[i]);
    raw_text(out, NKS_TEXT("\n"));
}

/* IBAN2007Identifier: two letters, two digits, 1 to 30 letters and digits. */
static bool is_iban(struct nks_text text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", digits[] = "0123456789";
    enum { HEAD = 4, TAIL_MAX = 30 };
    if (text.len <= HEAD || text.len > HEAD + TAIL_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = c != '\0' && strchr(digits, c) != NULL, capital = c != '\0' && strchr(letters, c) != NULL;
        bool small = c >= 'a' && c <= 'z';
        if (i < 2 ? !capital : i < HEAD ? !digit : !digit && !capital && !small)
            return false;
    }
    return true;
}

static void write_other_account(struct nks_xmlout *out, const struct nks_pain002_account *account)
{
    nks_xmlout_open(out, "Othr");
    element_cut(out, "Id", account->other, ACCOUNT_MAX);
    if (account->scheme_cd.len > 0 || account->scheme.len > 0) {
        bool code = account->scheme_cd.len > 0 && account->scheme_cd.len <= CODE_MAX;
        nks_xmlout_open(out, "SchmeNm");
        element_cut(out, code ? "Cd" : "Prtry", account->scheme_cd.len > 0 ? account->scheme_cd : account->scheme,
                    ID_MAX);
        nks_xmlout_close(out, "SchmeNm");
    }
    nks_xmlout_close(out, "Othr");
}

static void write_account(struct nks_xmlout *out, const struct nks_pain002_account *account)
{
    bool iban = is_iban(account->iban);
    if (!iban && account->other.len == 0)
        return;
    raw_text(out, NKS_TEXT("<OrgnlTxRef><CdtrAcct><Id>"));
    if (iban)
        nks_xmlout_element(out, "IBAN", account->iban);
    else
        write_other_account(out, account);
    nks_xmlout_close(out, "Id");
    if (account->type.len > 0) {
        nks_xmlout_open(out, "Tp");
        element_cut(out, "Prtry", account->type, ID_MAX);
        nks_xmlout_close(out, "Tp");
    }
    raw_text(out, NKS_TEXT("</CdtrAcct></OrgnlTxRef>"));
}

void nks_pain002_payment_write(struct nks_xmlout *out, enum nks_pain002_version version,
                               const struct nks_pain002_payment *payment)
{
    nks_xmlout_open(out, "TxInfAndSts");
    element_cut(out, "OrgnlInstrId", payment->orgnl_instr_id, ID_MAX);
    element_cut(out, "OrgnlEndToEndId", payment->orgnl_end_to_end_id, ID_MAX);
    if (version == NKS_PAIN002_10)
        element_if(out, "OrgnlUETR", payment->orgnl_uetr, is_uetr);
    if (status_fits(version, payment->status, true))
        nks_xmlout_element(out, "TxSts", nks_text_from(payment->status));
    write_reasons(out, payment->reasons, payment->reason_count);
    if (payment->account != NULL)
        write_account(out, payment->account);
    raw_text(out, NKS_TEXT("</TxInfAndSts>\n"));
}

void nks_pain002_group_end(struct nks_xmlout *out)
{
    raw_text(out, NKS_TEXT("</OrgnlPmtInfAndSts>\n"));
}

void nks_pain002_end(struct nks_xmlout *out)
{
    raw_text(out, NKS_TEXT("</CstmrPmtStsRpt></Document>\n"));
}
