/* The tables of rules: each rule alone, the first of several, and what is found out about a creditor and a day. */
#include "iso20022/record.h"
#include "iso20022/slot_path.h"
#include "payment/payment.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the table of a payment's rules */

static struct nks_payment_facts good(void)
{
    return (struct nks_payment_facts){.debtor_account_allowed = true,
                                      .central_known = true,
                                      .date_good = true,
                                      .amount_fault = NKS_AMOUNT_GOOD,
                                      .amount_minor = 100,
                                      .currency_good = true,
                                      .ydelsesart_allowed = true,
                                      .payee = NKS_PAYEE_GOOD,
                                      .account = NKS_CREDITOR_ACCOUNT_NONE};
}

#define BREAK(name, statement)                                                                                         \
    static void name(struct nks_payment_facts *f)                                                                      \
    {                                                                                                                  \
        statement;                                                                                                     \
    }
BREAK(group_id, f->group_repeated = true)
BREAK(debtor, f->debtor_account_allowed = false)
BREAK(debtor_id, f->debtor_is_other = true)
BREAK(central, f->central_known = false)
BREAK(date_form, f->date_good = false)
BREAK(date_past, f->date_past = true)
BREAK(date_beyond, f->date_beyond = true)
BREAK(currency, f->currency_good = false)
BREAK(amount_form, f->amount_fault = NKS_AMOUNT_DECIMALS)
BREAK(amount_zero, f->amount_minor = 0)
BREAK(above, f->above_max = true)
BREAK(ydelsesart, f->ydelsesart_allowed = false)
BREAK(payee, f->payee = NKS_PAYEE_BAD)
BREAK(slip_creditor, f->slip = NKS_SLIP_CREDITOR)
BREAK(slip_kortart, f->slip = NKS_SLIP_KORTART)
BREAK(slip_reference, f->slip = NKS_SLIP_REFERENCE)
BREAK(bic, f->bic_bad = true)
BREAK(account, f->account = NKS_CREDITOR_ACCOUNT_BAD)
BREAK(reference, f->reference_bad = true)
BREAK(address, f->abroad = f->address_missing = true)
BREAK(characters, f->abroad = f->characters_bad = true)
BREAK(nobody, f->payee = NKS_PAYEE_NONE)

/* In the order of the table: of two broken rules the earlier one gives the reason. */
static const struct {
    void (*spoil)(struct nks_payment_facts *);
    enum nks_reason reason;
    const char *code;
} spoilers[] = {
    {group_id, NKS_REASON_DUPLICATE_GROUP, "DU02"},
    {debtor, NKS_REASON_DEBTOR_ACCOUNT, "AC02"},
    {debtor_id, NKS_REASON_DEBTOR_ID, "AG01"},
    {central, NKS_REASON_NO_CENTRAL, "AC02"},
    {date_form, NKS_REASON_DATE_FORM, "DT01"},
    {date_past, NKS_REASON_DATE_PAST, "DT01"},
    {date_beyond, NKS_REASON_DATE_HORIZON, "DT01"},
    {currency, NKS_REASON_CURRENCY, "AM03"},
    {amount_form, NKS_REASON_AMOUNT_FORM, "AM12"},
    {amount_zero, NKS_REASON_AMOUNT_ZERO, "AM01"},
    {above, NKS_REASON_MAX_PAYMENT, "AM14"},
    {ydelsesart, NKS_REASON_YDELSESART, "AG01"},
    {payee, NKS_REASON_PAYEE_ID, "BE06"},
    {slip_creditor, NKS_REASON_SLIP_CREDITOR, "AC03"},
    {slip_kortart, NKS_REASON_SLIP_KORTART, "RR09"},
    {slip_reference, NKS_REASON_SLIP_REFERENCE, "RR09"},
    {bic, NKS_REASON_CREDITOR_BIC, "RC01"},
    {account, NKS_REASON_CREDITOR_ACCOUNT, "AC03"},
    {reference, NKS_REASON_RF_REFERENCE, "RR09"},
    {address, NKS_REASON_CREDITOR_ADDRESS, "BE04"},
    {characters, NKS_REASON_CHARACTERS, "RR10"},
    {nobody, NKS_REASON_PAYEE_MISSING, "BE06"},
};

START_TEST(each_rule_gives_its_reason)
{
    size_t count = 0;
    struct nks_payment_facts facts = good();
    ck_assert_int_eq(nks_payment_check(&facts), NKS_REASON_NONE);
    facts.account = NKS_CREDITOR_ACCOUNT_GOOD;
    facts.payee = NKS_PAYEE_NONE;
    ck_assert_int_eq(nks_payment_check(&facts), NKS_REASON_NONE);
    /* at home neither address nor characters matter */
    facts.address_missing = facts.characters_bad = true;
    ck_assert_int_eq(nks_payment_check(&facts), NKS_REASON_NONE);
    const struct nks_payment_rule *rules = nks_payment_rules(&count);
    ck_assert_uint_eq(count, COUNT(spoilers));
    for (size_t i = 0; i < COUNT(spoilers); i++) {
        facts = good();
        spoilers[i].spoil(&facts);
        ck_assert_msg(nks_payment_check(&facts) == spoilers[i].reason, "rule %zu", i);
        ck_assert_int_eq(rules[i].reason, spoilers[i].reason);
        ck_assert_str_eq(nks_reason_code(spoilers[i].reason), spoilers[i].code);
    }
}
END_TEST

START_TEST(first_broken_rule_counts)
{
    for (size_t i = 0; i + 1 < COUNT(spoilers); i++) {
        struct nks_payment_facts facts = good();
        spoilers[i + 1].spoil(&facts);
        spoilers[i].spoil(&facts);
        ck_assert_msg(nks_payment_check(&facts) == spoilers[i].reason, "rules %zu and the next", i);
    }
}
END_TEST

/* ---- the table of a message's rules */

START_TEST(every_broken_rule_of_a_message_is_told)
{
    enum nks_reason reasons[NKS_FILE_REASONS_MAX];
    const struct nks_file_facts good_facts = {.sender_known = true, .agreement_found = true};
    const struct nks_file_facts bad = {.two_payers = true,
                                       .too_many = true,
                                       .count_differs = true,
                                       .sum_differs = true,
                                       .sum_too_large = true,
                                       .above_max_batch = true,
                                       .message_seen = true};
    static const struct {
        enum nks_file_moment moment;
        size_t count;
        enum nks_reason reasons[5];
    } expected[] = {
        {NKS_FILE_OPENED, 1, {NKS_REASON_SENDER_UNKNOWN}},
        {NKS_FILE_GROUP, 3, {NKS_REASON_NO_AGREEMENT, NKS_REASON_TWO_PAYERS, NKS_REASON_TOO_MANY}},
        {NKS_FILE_GROUP_END, 2, {NKS_REASON_COUNT, NKS_REASON_SUM}},
        {NKS_FILE_END,
         5,
         {NKS_REASON_COUNT, NKS_REASON_SUM, NKS_REASON_SUM_TOO_LARGE, NKS_REASON_MAX_BATCH,
          NKS_REASON_DUPLICATE_MESSAGE}},
    };
    size_t rule_count = 0, told = 0;
    (void)nks_file_rules(&rule_count);
    ck_assert_uint_le(rule_count, NKS_FILE_REASONS_MAX);
    for (size_t i = 0; i < COUNT(expected); i++) {
        ck_assert_uint_eq(nks_file_check(expected[i].moment, &good_facts, reasons), 0);
        ck_assert_uint_eq(nks_file_check(expected[i].moment, &bad, reasons), expected[i].count);
        for (size_t r = 0; r < expected[i].count; r++)
            ck_assert_int_eq(reasons[r], expected[i].reasons[r]);
        told += expected[i].count;
    }
    ck_assert_uint_eq(told, rule_count);
}
END_TEST

/* ---- the day */

static nks_date day(const char *text)
{
    nks_date date;
    ck_assert(nks_date_parse(nks_text_from(text), false, &date));
    return date;
}

START_TEST(earliest_day_follows_the_cut_off)
{
    static const struct {
        const char *today;
        int minute;
        const char *earliest;
    } cases[] = {
        {"2026-11-23", 0, "2026-11-23"},    /* a Monday */
        {"2026-11-23", 959, "2026-11-23"},  /* 15:59 */
        {"2026-11-23", 960, "2026-11-24"},  /* 16:00 is too late */
        {"2026-11-27", 1439, "2026-11-30"}, /* Friday evening */
        {"2026-11-28", 60, "2026-11-30"},   /* Saturday */
        {"2026-11-28", 1000, "2026-11-30"}, /* after a cut-off that the day does not have */
        {"2026-12-23", 1000, "2026-12-28"}, /* over Christmas */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_execution_earliest(day(cases[i].today), cases[i].minute, 960) == day(cases[i].earliest),
                      "case %zu", i);
}
END_TEST

START_TEST(days_are_decided)
{
    enum { GOOD, PAST, BEYOND, FORM };
    static const struct {
        const char *written, *today, *earliest;
        int verdict;
        const char *date;
        enum nks_reason moved;
    } cases[] = {
        {"2026-11-24", "2026-11-23", "2026-11-23", GOOD, "2026-11-24", NKS_REASON_NONE},
        {"2026-11-23", "2026-11-23", "2026-11-23", GOOD, "2026-11-23", NKS_REASON_NONE},
        {" 2026-11-23 ", "2026-11-23", "2026-11-23", GOOD, "2026-11-23", NKS_REASON_NONE},
        {"2026-11-23T08:00:00+01:00", "2026-11-23", "2026-11-23", GOOD, "2026-11-23", NKS_REASON_NONE},
        {"2026-11-22T23:30:00Z", "2026-11-23", "2026-11-23", GOOD, "2026-11-23", NKS_REASON_NONE},
        /* after the cut-off */
        {"2026-11-23", "2026-11-23", "2026-11-24", GOOD, "2026-11-24", NKS_REASON_CUT_OFF},
        {"2026-11-24", "2026-11-23", "2026-11-24", GOOD, "2026-11-24", NKS_REASON_NONE},
        {"2026-11-27", "2026-11-27", "2026-11-30", GOOD, "2026-11-30", NKS_REASON_CUT_OFF},
        /* no bank day */
        {"2026-11-29", "2026-11-23", "2026-11-23", GOOD, "2026-11-30", NKS_REASON_DATE_MOVED},
        {"2026-12-24", "2026-11-23", "2026-11-23", GOOD, "2026-12-28", NKS_REASON_DATE_MOVED},
        {"2026-11-28", "2026-11-28", "2026-11-30", GOOD, "2026-11-30", NKS_REASON_DATE_MOVED},
        {"2026-11-28", "2026-11-29", "2026-11-30", GOOD, "2026-11-30", NKS_REASON_DATE_MOVED}, /* Saturday, on Sunday */
        {"2026-11-28", "2026-11-30", "2026-12-01", GOOD, "2026-12-01", NKS_REASON_CUT_OFF},
        /* not to be carried out: the earliest day, and nothing is said to be moved */
        {"2026-11-20", "2026-11-23", "2026-11-23", PAST, "2026-11-23", NKS_REASON_NONE},
        {"2026-11-27", "2026-11-28", "2026-11-30", PAST, "2026-11-30", NKS_REASON_NONE},
        {"2027-11-24", "2026-11-23", "2026-11-23", GOOD, "2027-11-24", NKS_REASON_NONE}, /* 366 days */
        {"2027-11-25", "2026-11-23", "2026-11-23", BEYOND, "2026-11-23", NKS_REASON_NONE},
        {"2026-11-31", "2026-11-23", "2026-11-24", FORM, "2026-11-24", NKS_REASON_NONE},
        {"", "2026-11-23", "2026-11-24", FORM, "2026-11-24", NKS_REASON_NONE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_execution execution;
        nks_execution_decide(nks_text_from(cases[i].written), day(cases[i].today), day(cases[i].earliest), &execution);
        ck_assert_msg(execution.date == day(cases[i].date) && execution.moved == cases[i].moved, "case %zu", i);
        int verdict = !execution.good ? FORM : execution.past ? PAST : execution.beyond ? BEYOND : GOOD;
        ck_assert_msg(verdict == cases[i].verdict, "case %zu: %d", i, verdict);
    }
}
END_TEST

/* ---- the creditor: records with slots, as the reader makes them */

static struct nks_paths paths;
static struct nks_record record;
static char bytes[NKS_RECORD_MAX];

/* Name{...} an element with children, Name'text' one with a text. */
static void put(const char **at, uint8_t node)
{
    const char *start = *at;
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    enum nks_element element = nks_element_find((struct nks_text){start, (size_t)(*at - start)});
    ck_assert_msg(element != NKS_ELEMENT_NONE, "no element at %s", start);
    node = nks_paths_step(&paths, node, element);
    ck_assert(nks_record_open(&record, element));
    if (**at == '\'') {
        const char *end = strchr(*at + 1, '\'');
        ck_assert(nks_record_text(&record, *at + 1, (size_t)(end - *at) - 1));
        *at = end;
    } else {
        for (++*at; **at != '}'; *at += **at == ' ')
            put(at, node);
    }
    ++*at;
    nks_record_text_end(&record, (enum nks_slot)paths.slot[node]);
    ck_assert(nks_record_close(&record));
}

static struct nks_text payment(const char *inside)
{
    static const enum nks_element way[] = {NKS_E_Document, NKS_E_CstmrCdtTrfInitn, NKS_E_PmtInf};
    static char notation[4096], head[NKS_RECORD_HEAD_MAX];
    const char *at = notation;
    uint8_t node = NKS_PATH_ROOT;
    nks_paths_compile(&paths, NKS_PAIN001_09);
    for (size_t i = 0; i < COUNT(way); i++)
        node = nks_paths_step(&paths, node, way[i]);
    snprintf(notation, sizeof notation, "CdtTrfTxInf{%s}", inside);
    nks_record_start(&record);
    put(&at, node);
    struct nks_text first = nks_record_head(&record, head);
    memcpy(bytes, first.ptr, first.len);
    memcpy(bytes + first.len, record.tokens, record.len);
    struct nks_text out = {bytes, first.len + record.len};
    ck_assert(nks_record_check(out));
    return out;
}

#define AGENT(bic)     "CdtrAgt{FinInstnId{BICFI'" bic "'}}"
#define ADDRESS(ctry)  "Cdtr{Nm'Navn' PstlAdr{TwnNm'By' Ctry'" ctry "'}}"
#define IBAN(iban)     "CdtrAcct{Id{IBAN'" iban "'}}"
#define OTHER(id)      "CdtrAcct{Id{Othr{Id'" id "'}}}"
#define BBAN(id)       "CdtrAcct{Id{Othr{Id'" id "' SchmeNm{Cd'BBAN'}}}}"
#define OWN(id, name)  "CdtrAcct{Id{Othr{Id'" id "' SchmeNm{Prtry'" name "'}}}}"
#define REF(type, ref) "RmtInf{Strd{CdtrRefInf{" type "Ref'" ref "'}}}"
#define SCOR           "Tp{CdOrPrtry{Cd'SCOR'}}"
#define ISO            "Tp{CdOrPrtry{Cd'SCOR'} Issr'ISO'}"
#define GERMAN         "DE89370400440532013000"

START_TEST(creditors_are_judged)
{
    static const struct {
        const char *inside;
        enum nks_reason reason; /* with everything else good, and a payee who is known */
    } cases[] = {
        {"", NKS_REASON_NONE},
        /* IBAN: lengths, check digits, countries; the Faroe Islands and Greenland are at home */
        {IBAN("DK5000400440116243"), NKS_REASON_NONE},
        {IBAN("DK5000400440116244"), NKS_REASON_CREDITOR_ACCOUNT},
        {IBAN("DK500040044011624"), NKS_REASON_CREDITOR_ACCOUNT},
        {IBAN("FO6264600001631634"), NKS_REASON_NONE},
        {IBAN("GL8964710001000206"), NKS_REASON_NONE},
        {IBAN("GL8964710001000207"), NKS_REASON_CREDITOR_ACCOUNT},
        {IBAN("XX5000400440116243"), NKS_REASON_CREDITOR_ACCOUNT},
        /* numbers: BBAN, without a scheme, NOTPROVIDED, other schemes */
        {BBAN("00400440116243"), NKS_REASON_NONE},
        {BBAN("0040"), NKS_REASON_CREDITOR_ACCOUNT},
        {OTHER("00400440116243"), NKS_REASON_NONE},
        {OTHER("0040 0440116243"), NKS_REASON_NONE},
        {OTHER("0040-440116243"), NKS_REASON_NONE},
        {OTHER("NOTPROVIDED"), NKS_REASON_NONE},
        {OTHER("notprovided"), NKS_REASON_CREDITOR_ACCOUNT},
        {OTHER("123"), NKS_REASON_CREDITOR_ACCOUNT},
        {OTHER("0101650001"), NKS_REASON_CREDITOR_ACCOUNT},
        {AGENT("PRVEUS33") ADDRESS("US") OTHER("123456789"), NKS_REASON_NONE}, /* a bank abroad knows its numbers */
        {AGENT("PRVEUS33") ADDRESS("US") BBAN("123456789"), NKS_REASON_NONE},
        {AGENT("PRVEDK2V") OTHER("123456789"), NKS_REASON_CREDITOR_ACCOUNT},
        {AGENT("PRVEFO22") OTHER("123456789"), NKS_REASON_CREDITOR_ACCOUNT},
        {OWN("ABC", "AFTALT"), NKS_REASON_NONE},
        /* BIC */
        {AGENT("PRVEDK2V") BBAN("00400440116243"), NKS_REASON_NONE},
        {AGENT("PRVEDK2VXXX") BBAN("00400440116243"), NKS_REASON_NONE},
        {AGENT("PRVEDK2") BBAN("00400440116243"), NKS_REASON_CREDITOR_BIC},
        {AGENT("prvedk2v") BBAN("00400440116243"), NKS_REASON_CREDITOR_BIC},
        {AGENT("PRVEXX2V") BBAN("00400440116243"), NKS_REASON_CREDITOR_BIC},
        {AGENT("PRVEUK2V") ADDRESS("DE") IBAN(GERMAN), NKS_REASON_CREDITOR_BIC},
        {AGENT("PRVEXX2V"), NKS_REASON_NONE}, /* incomplete: the account comes with its own bank */
        /* payment slips */
        {OWN("12345678", "OCR") REF(SCOR, "71#026840149965328"), NKS_REASON_NONE},
        {OWN("12345678", "OCR") REF("", "71026840149965328"), NKS_REASON_NONE},
        {OWN("12345678", "OCR") REF("Tp{CdOrPrtry{Prtry'FIK75'}}", "0026840149965328"), NKS_REASON_NONE},
        {"CdtrAcct{Id{Othr{Id'12345678' SchmeNm{Prtry'OCR'}}} Tp{Prtry'FIK73'}}", NKS_REASON_NONE},
        {"CdtrAcct{Id{Othr{Id'12345678' SchmeNm{Prtry'OCR'}}} Tp{Prtry'FIK75'}}" REF(SCOR, "0026840149965328"),
         NKS_REASON_NONE},
        {OWN("71+12345678", "OCR") REF(SCOR, "026840149965328"), NKS_REASON_NONE},
        {OWN("1234567", "OCR") REF(SCOR, "71#026840149965328"), NKS_REASON_SLIP_CREDITOR},
        {OWN("1234567", "OCR") REF(SCOR, "04#0026840149965328"), NKS_REASON_NONE},
        {OWN("12345678", "OCR") REF(SCOR, "71#026840149965327"), NKS_REASON_SLIP_REFERENCE},
        {OWN("12345678", "OCR") REF(SCOR, "73#026840149965328"), NKS_REASON_SLIP_REFERENCE},
        {OWN("12345678", "OCR") REF(SCOR, "0026840149965328"), NKS_REASON_SLIP_KORTART},
        {OWN("12345678", "OCR"), NKS_REASON_SLIP_KORTART},
        /* RF references, also of payments without an account */
        {REF(SCOR, "RF18539007547034"), NKS_REASON_NONE},
        {REF(ISO, "RF18539007547034"), NKS_REASON_NONE},
        {REF(SCOR, "RF18539007547035"), NKS_REASON_RF_REFERENCE},
        {REF(ISO, "RF18539007547035"), NKS_REASON_RF_REFERENCE},
        {REF(ISO, "539007547034"), NKS_REASON_RF_REFERENCE},
        {REF(SCOR, "026840149965328"), NKS_REASON_NONE}, /* a national one */
        {REF(SCOR, "RFP-2026"), NKS_REASON_NONE},
        {REF("", "RF18539007547035"), NKS_REASON_NONE}, /* does not say that it is one */
        /* abroad: town and country */
        {AGENT("PRVEDEFF") ADDRESS("DE") IBAN(GERMAN), NKS_REASON_NONE},
        {ADDRESS("DE") IBAN(GERMAN), NKS_REASON_NONE},
        {ADDRESS("XX") IBAN(GERMAN), NKS_REASON_CREDITOR_ADDRESS},
        {"Cdtr{Nm'Navn'}" IBAN(GERMAN), NKS_REASON_CREDITOR_ADDRESS},
        {"Cdtr{Nm'Navn' PstlAdr{Ctry'DE' AdrLine'Weg 1' AdrLine'99999 Stadt'}}" IBAN(GERMAN),
         NKS_REASON_CREDITOR_ADDRESS},
        {"Cdtr{Nm'Navn' PstlAdr{TwnNm'Stadt' Ctry'DE' AdrLine'Weg 1'}}" IBAN(GERMAN), NKS_REASON_NONE}, /* hybrid */
        {"Cdtr{Nm'Navn' PstlAdr{Ctry'DK' AdrLine'Vej 1'}}" IBAN("DK5000400440116243"), NKS_REASON_NONE},
        {"Cdtr{Nm'Navn' PstlAdr{AdrLine'Vej 1'}}" IBAN("FO6264600001631634"), NKS_REASON_NONE},
        {AGENT("PRVEUS33") "Cdtr{Nm'Navn'}" OTHER("123456789"), NKS_REASON_CREDITOR_ADDRESS},
        /* abroad: characters */
        {ADDRESS("DE") IBAN(GERMAN) "RmtInf{Ustrd'Rødgrød, Ærø & Åbenrå: jf. § 7 – “tak”, 5 €'}", NKS_REASON_NONE},
        {ADDRESS("DE") IBAN(GERMAN) "RmtInf{Ustrd'Žižka Łódź'}", NKS_REASON_NONE},
        {ADDRESS("DE") IBAN(GERMAN) "RmtInf{Ustrd'Привет'}", NKS_REASON_CHARACTERS},
        {ADDRESS("DE") IBAN(GERMAN) "RmtInf{Ustrd'god tur 😀'}", NKS_REASON_CHARACTERS},
        {"Cdtr{Nm'Ωmega' PstlAdr{TwnNm'By' Ctry'DE'}}" IBAN(GERMAN), NKS_REASON_CHARACTERS},
        {IBAN("DK5000400440116243") "RmtInf{Ustrd'Привет 😀'}", NKS_REASON_NONE},
        {IBAN("GL8964710001000206") "RmtInf{Ustrd'Привет'}", NKS_REASON_NONE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_payment_facts facts = good();
        nks_creditor_facts(payment(cases[i].inside), &facts);
        enum nks_reason reason = nks_payment_check(&facts);
        ck_assert_msg(reason == cases[i].reason, "case %zu: %s %s", i, cases[i].inside, nks_reason_english(reason));
    }
}
END_TEST

START_TEST(slip_is_an_account)
{
    struct nks_account account;
    ck_assert_int_eq(
        nks_creditor_account_find(payment(OWN("12345678", "OCR") REF(SCOR, "71#026840149965328")), &account),
        NKS_CREDITOR_ACCOUNT_GOOD);
    ck_assert_int_eq(account.kind, NKS_ACCOUNT_FIK);
    ck_assert_str_eq(account.id, "71+12345678");
    ck_assert_int_eq(nks_creditor_account_find(payment(OTHER("0040 440116243")), &account), NKS_CREDITOR_ACCOUNT_GOOD);
    ck_assert_int_eq(account.kind, NKS_ACCOUNT_BBAN);
    ck_assert_str_eq(account.id, "00400440116243");
}
END_TEST

/* The edges of every range, and one beyond. */
START_TEST(characters_are_carried)
{
    static const struct {
        const char *text;
        bool carried;
    } cases[] = {
        {"", true},        {" ~", true},        {"\x7F", false},
        {"\x01", false},   {"a\r\n\tb", true},  {"\u00A0", true},
        {"\u00FF", true},  {"\xC2\x80", false}, {"\u024F", true},
        {"\u0250", false}, {"e\u0301", true},   {"\u0370", false},
        {"\u1E9E", true},  {"\u1F00", false},   {"\u2010\u2015", true},
        {"\u2016", false}, {"\u20AC", true},    {"\u20AD", false},
        {"\uFFFD", false}, {"\u4E2D", false},   {"\U0001F600", false},
        {"\u200B", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(nks_text_abroad(nks_text_from(cases[i].text)) == cases[i].carried, "case %zu", i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("payment_rules");
    TCase *tests = tcase_create("tables");
    tcase_add_test(tests, each_rule_gives_its_reason);
    tcase_add_test(tests, first_broken_rule_counts);
    tcase_add_test(tests, every_broken_rule_of_a_message_is_told);
    tcase_add_test(tests, earliest_day_follows_the_cut_off);
    tcase_add_test(tests, days_are_decided);
    tcase_add_test(tests, creditors_are_judged);
    tcase_add_test(tests, slip_is_an_account);
    tcase_add_test(tests, characters_are_carried);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
