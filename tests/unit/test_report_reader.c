/*
 * A bank's report (pain.002, camt.054) through the reader, in this process: what is taken, what is skipped, what makes
 * it unreadable; and the parent's checks of the frames that it becomes. All data is invented.
 */
#include "iso20022/frame_in.h"
#include "iso20022/reader.h"
#include "iso20022/record.h"
#include "iso20022/token.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET       "2202429999" /* stands where it does not belong, and may not come out */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- files */

#define NS03        "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"
#define NS10        "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
#define BEGIN       "<Document xmlns=\"" NS10 "\"><CstmrPmtStsRpt>"
#define END         "</CstmrPmtStsRpt></Document>"
#define HEADER      "<GrpHdr><MsgId>B1</MsgId><CreDtTm>2026-11-23T05:00:00</CreDtTm></GrpHdr>"
#define ORGNL(more) "<OrgnlGrpInfAndSts><OrgnlMsgId>NKS-X-O0001</OrgnlMsgId>" more "</OrgnlGrpInfAndSts>"
#define REASON(cd)  "<StsRsnInf><Rsn><Cd>" cd "</Cd></Rsn><AddtlInf>" SECRET "</AddtlInf></StsRsnInf>"
#define PAYMENT(id, sts)                                                                                               \
    "<TxInfAndSts><StsId>1</StsId><OrgnlInstrId>" id "</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>" sts \
    "</TxSts>" REASON("AC04") REASON("AC06") "<OrgnlTxRef><Cdtr><Nm>Ane</Nm></Cdtr></OrgnlTxRef></TxInfAndSts>"
#define GROUP(inner)   "<OrgnlPmtInfAndSts><OrgnlPmtInfId>G1</OrgnlPmtInfId>" inner "</OrgnlPmtInfAndSts>"
#define FILE_OF(inner) BEGIN HEADER ORGNL("<GrpSts>PART</GrpSts>") inner END
#define WHOLE          FILE_OF(GROUP(PAYMENT("L1", "RJCT") PAYMENT("L2", "ACSC")) GROUP("<PmtInfSts>ACSC</PmtInfSts>"))

/* Notices of what was booked (camt.054). */
#define NS54_02       "urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"
#define NS54_08       "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
#define NOTICE_OF(ns) "<Document xmlns='" ns "'><BkToCstmrDbtCdtNtfctn>"
#define NOTICE_HEAD   "<GrpHdr><MsgId>C1</MsgId><CreDtTm>2026-11-24T05:00:00</CreDtTm></GrpHdr><Ntfctn><Id>1</Id>"
#define NOTICE_END    "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
#define NOTICE        NOTICE_OF(NS54_08) NOTICE_HEAD
#define BOOKED        "<Amt Ccy='DKK'>12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
#define DATES         "<BookgDt><Dt>2026-11-24</Dt></BookgDt><ValDt><DtTm>2026-11-24T00:00:00</DtTm></ValDt>"
#define CODES(family)                                                                                                  \
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>" family "</SubFmlyCd></Fmly></Domn></BkTxCd>"
#define REFS(instr)                                                                                                    \
    "<Refs><MsgId>M1</MsgId><PmtInfId>P1</PmtInfId><InstrId>" instr                                                    \
    "</InstrId><EndToEndId>E1</EndToEndId><TxId>T1</TxId></Refs>"
#define PEOPLE                                                                                                         \
    "<RltdPties><Cdtr><Pty><Nm>Ane</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>" SECRET                                   \
    "</Id></Othr></Id></CdtrAcct></RltdPties>"
#define RETURNED(cd)   "<RtrInf><Rsn><Cd>" cd "</Cd></Rsn><AddtlInf>" SECRET "</AddtlInf></RtrInf>"
#define DETAILS(inner) "<NtryDtls>" inner "</NtryDtls>"
#define ENTRY(inner)   "<Ntry>" BOOKED DATES CODES("ESCT") inner "</Ntry>"
#define TX(instr, more)                                                                                                \
    "<TxDtls>" REFS(instr) "<Amt Ccy='DKK'>12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd>" PEOPLE more "</TxDtls>"
#define BATCH                                                                                                          \
    "<Btch><MsgId>M1</MsgId><PmtInfId>P1</PmtInfId><NbOfTxs>3</NbOfTxs><TtlAmt Ccy='DKK'>37.50</TtlAmt></Btch>"
#define WHOLE_NOTICE                                                                                                   \
    NOTICE ENTRY(DETAILS(TX("L1", "") TX("L2", RETURNED("AC04")))) ENTRY(DETAILS(BATCH)) "</Ntfctn><Ntfctn>" ENTRY("") \
        NOTICE_END

/* ---- running it */

struct kept {
    char memory[4096];
    struct nks_text record;
    struct nks_frame_place place;
    uint32_t count;
};
static struct outcome {
    int exit;
    bool garbage, ended, complete;
    struct nks_frame_document document;
    struct nks_frame_end end;
    enum nks_finding_kind kind; /* of the first finding */
    char text[301];
    uint32_t findings, orders;
    struct kept report, group, payment; /* the last ones */
} outcome;

static void keep(struct kept *kept, const struct nks_reader_frame *frame)
{
    kept->count++;
    kept->place = frame->place;
    kept->record = (struct nks_text){kept->memory, frame->record.len};
    ck_assert_uint_le(frame->record.len, sizeof kept->memory);
    memcpy(kept->memory, frame->record.ptr, frame->record.len);
}

static void keep_frame(const struct nks_reader_frame *frame)
{
    struct kept *const records[] = {[NKS_FRAME_REPORT] = &outcome.report,
                                    [NKS_FRAME_REPORT_GROUP] = &outcome.group,
                                    [NKS_FRAME_REPORT_PAYMENT] = &outcome.payment};
    if (frame->kind == NKS_FRAME_DOCUMENT) {
        outcome.document = frame->document;
    } else if (frame->kind == NKS_FRAME_FINDING && outcome.findings++ == 0) {
        outcome.kind = (enum nks_finding_kind)frame->finding.kind;
        snprintf(outcome.text, sizeof outcome.text, "%.*s", (int)frame->text.len, frame->text.ptr);
    } else if (frame->kind == NKS_FRAME_END) {
        outcome.ended = true;
        outcome.end = frame->end;
        outcome.complete = frame->end.complete == 1;
    } else if (frame->kind >= NKS_FRAME_REPORT) {
        keep(records[frame->kind], frame);
    } else if (frame->kind != NKS_FRAME_FINDING) {
        outcome.orders++;
    }
}

static void take_frames(int fd)
{
    static struct nks_frame_in frames;
    struct nks_reader_frame frame;
    enum nks_frame_in_state state = NKS_FRAME_IN_MORE;
    nks_frame_in_init(&frames);
    for (;;) {
        size_t room;
        char *at = nks_frame_in_room(&frames, &room);
        ssize_t got = read(fd, at, room);
        if (got <= 0)
            break;
        frames.to += (size_t)got;
        while ((state = nks_frame_in_take(&frames, &frame)) == NKS_FRAME_IN_FRAME)
            keep_frame(&frame);
        if (state == NKS_FRAME_IN_GARBAGE)
            break;
    }
    outcome.garbage = state == NKS_FRAME_IN_GARBAGE || frames.from != frames.to;
}

static int memory_file(const char *bytes, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void read_with(const char *bytes, size_t len, const struct nks_reader_limits *limits)
{
    int in = memory_file(bytes, len), out = memory_file("", 0);
    memset(&outcome, 0, sizeof outcome);
    nks_reader_prepare();
    outcome.exit = nks_reader_run(in, out, limits);
    ck_assert(lseek(out, 0, SEEK_SET) == 0);
    take_frames(out);
    close(in);
    close(out);
    ck_assert_msg(outcome.exit == NKS_READER_EXIT_DONE && outcome.ended && !outcome.garbage && outcome.orders == 0,
                  "exit %d ended %d garbage %d", outcome.exit, outcome.ended, outcome.garbage);
    ck_assert_int_eq(outcome.complete, outcome.findings == 0);
    ck_assert_msg(strstr(outcome.text, SECRET) == NULL, "a finding tells: %s", outcome.text);
}

static void read_text(const char *text)
{
    read_with(text, strlen(text), &nks_reader_limits);
}

static bool slot_is(const struct kept *kept, enum nks_slot slot, const char *text)
{
    return nks_text_is(nks_record_slot(kept->record, slot), text);
}

/* ---- good reports */

START_TEST(good_report)
{
    read_text(WHOLE);
    ck_assert_msg(outcome.complete, "%s", outcome.text);
    ck_assert_uint_eq(outcome.document.version, NKS_PAIN001_UNKNOWN);
    ck_assert_uint_eq(outcome.document.report, NKS_REPORT_10);
    ck_assert_uint_eq(outcome.report.count, 1);
    ck_assert_uint_eq(outcome.group.count, 2);
    ck_assert_uint_eq(outcome.payment.count, 2);
    ck_assert_uint_eq(outcome.end.groups, 2);
    ck_assert_uint_eq(outcome.end.payments, 2);
    ck_assert(slot_is(&outcome.report, NKS_SLOT_MSG_ID, "B1"));
    ck_assert(slot_is(&outcome.report, NKS_SLOT_ORGNL_MSG_ID, "NKS-X-O0001"));
    ck_assert(slot_is(&outcome.report, NKS_SLOT_STS, "PART"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_PMT_INF_ID, "G1"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_STS, "ACSC"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_INSTR_ID, "L2"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_END_TO_END_ID, "E1"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_STS, "ACSC"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_STS_RSN_CD, "AC04"));
    ck_assert_uint_eq(outcome.payment.place.seq, 2);
    ck_assert_uint_eq(outcome.payment.place.group, 1);
    ck_assert_uint_eq(outcome.group.place.group, 2);
}
END_TEST

/* The tokens of a record, told as XML without escapes. */
static void tell(const struct kept *kept, char *out, size_t size)
{
    struct nks_text rest = nks_record_tokens(kept->record);
    struct nks_buf buf;
    nks_buf_init(&buf, out, size - 1);
    for (struct nks_token token; (token = nks_token_next(&rest)).kind != NKS_TOKEN_IS_END_OF_DATA;) {
        if (token.kind == NKS_TOKEN_IS_OPEN)
            nks_buf_printf(&buf, "<%s>", nks_element_name(token.element));
        else if (token.kind == NKS_TOKEN_IS_CLOSE)
            nks_buf_str(&buf, "</>");
        else
            nks_buf_printf(&buf, "%.*s", (int)token.text.len, token.text.ptr);
    }
    out[buf.len] = '\0';
}

/* Nothing but what slots need, so no name and no account of the report gets to the parent. */
START_TEST(tokens_of_the_records)
{
    char told[1024];
    read_text(FILE_OF(GROUP("<PmtInfSts>RJCT</PmtInfSts>" REASON("AC04") PAYMENT("L1", "RJCT"))));
    tell(&outcome.report, told, sizeof told);
    ck_assert_str_eq(told, "<CstmrPmtStsRpt><GrpHdr><MsgId>B1</></><OrgnlGrpInfAndSts><OrgnlMsgId>NKS-X-O0001</>"
                           "<GrpSts>PART</></></>");
    tell(&outcome.group, told, sizeof told);
    ck_assert_str_eq(told, "<OrgnlPmtInfAndSts><OrgnlPmtInfId>G1</><PmtInfSts>RJCT</><StsRsnInf><Rsn><Cd>AC04</></></>"
                           "</>");
    tell(&outcome.payment, told, sizeof told);
    ck_assert_str_eq(told, "<TxInfAndSts><OrgnlInstrId>L1</><OrgnlEndToEndId>E1</><TxSts>RJCT</>"
                           "<StsRsnInf><Rsn><Cd>AC04</></></><StsRsnInf><Rsn><Cd>AC06</></></></>");
}
END_TEST

/* What banks do differently: all of it is read. */
static const struct {
    const char *file;
    uint32_t report;
    const char *status, *reason; /* of the last record of the lowest level that is there; NULL: none */
} good_cases[] = {
    {BEGIN ORGNL("") END, NKS_REPORT_10, NULL, NULL},
    {BEGIN ORGNL("<GrpSts>ACSC</GrpSts>") HEADER END, NKS_REPORT_10, "ACSC", NULL},
    {"<Document xmlns='" NS03 "'><CstmrPmtStsRpt>" HEADER ORGNL("<GrpSts>RJCT</GrpSts>" REASON("FF01")) END,
     NKS_REPORT_03, "RJCT", "FF01"},
    {"<p:Document xmlns:p='" NS03 "'><p:CstmrPmtStsRpt><p:OrgnlGrpInfAndSts><p:OrgnlMsgId>A</p:OrgnlMsgId>"
     "<p:GrpSts>ACCP</p:GrpSts></p:OrgnlGrpInfAndSts></p:CstmrPmtStsRpt></p:Document>",
     NKS_REPORT_03, "ACCP", NULL},
    {FILE_OF(GROUP("")), NKS_REPORT_10, NULL, NULL},
    {FILE_OF(GROUP("<PmtInfSts>ACSC</PmtInfSts>")), NKS_REPORT_10, "ACSC", NULL},
    {FILE_OF(GROUP("<TxInfAndSts/>")), NKS_REPORT_10, NULL, NULL},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts/></TxInfAndSts>")), NKS_REPORT_10, NULL, NULL},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts>R<!-- x -->J<![CDATA[CT]]></TxSts></TxInfAndSts>")), NKS_REPORT_10, "RJCT",
     NULL},
    /* elements that nobody has heard of, with known names in them */
    {FILE_OF("<Bank><TxInfAndSts><TxSts>RJCT</TxSts></TxInfAndSts></Bank>" GROUP(
         "<x>text</x><TxInfAndSts><y><TxSts>RJCT</TxSts></y><TxSts>ACSC</TxSts></TxInfAndSts>")),
     NKS_REPORT_10, "ACSC", NULL},
    /* a namespace of the bank's own */
    {FILE_OF(GROUP("<TxInfAndSts xmlns:b='urn:b'><b:TxSts>RJCT</b:TxSts><TxSts>ACSC</TxSts></TxInfAndSts>")),
     NKS_REPORT_10, "ACSC", NULL},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts xmlns='urn:b'>RJCT</TxSts><TxSts>ACSC</TxSts></TxInfAndSts>")), NKS_REPORT_10,
     "ACSC", NULL},
    /* text where none belongs is not looked at */
    {FILE_OF(GROUP("x<TxInfAndSts>y<TxSts>ACSC</TxSts>z</TxInfAndSts>")), NKS_REPORT_10, "ACSC", NULL},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts a='b'>ACSC</TxSts></TxInfAndSts>")), NKS_REPORT_10, "ACSC", NULL},
    /* a group in a group is none of ours */
    {FILE_OF(GROUP(GROUP("<PmtInfSts>RJCT</PmtInfSts>"))), NKS_REPORT_10, NULL, NULL},
};

START_TEST(good_reports)
{
    read_text(good_cases[_i].file);
    ck_assert_msg(outcome.complete, "%s", outcome.text);
    ck_assert_uint_eq(outcome.document.report, good_cases[_i].report);
    const struct kept *kept = outcome.payment.count > 0 ? &outcome.payment
                              : outcome.group.count > 0 ? &outcome.group
                                                        : &outcome.report;
    const char *status = good_cases[_i].status, *reason = good_cases[_i].reason;
    ck_assert(slot_is(kept, NKS_SLOT_STS, status == NULL ? "" : status));
    ck_assert(slot_is(kept, NKS_SLOT_STS_RSN_CD, reason == NULL ? "" : reason));
}
END_TEST

/* ---- bad ones */

static const struct {
    const char *file;
    enum nks_finding_kind kind;
    const char *part; /* of the finding */
} bad_cases[] = {
    {"<!DOCTYPE x>" WHOLE, NKS_FINDING_FORBIDDEN, "document type"},
    {"<!DOCTYPE x [<!ENTITY a \"" SECRET "\">]>" WHOLE, NKS_FINDING_FORBIDDEN, "document type"},
    {FILE_OF(GROUP("<!DOCTYPE x>")), NKS_FINDING_FORBIDDEN, ""},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts>&a;</TxSts></TxInfAndSts>")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(GROUP("<TxInfAndSts></TxSts>")), NKS_FINDING_SYNTAX, "does not match"},
    {BEGIN HEADER ORGNL(""), NKS_FINDING_SYNTAX, "ends before"},
    {WHOLE "<x/>", NKS_FINDING_SYNTAX, "after its last"},
    {"<?xml version='1.0' encoding='UTF-16'?>" WHOLE, NKS_FINDING_FORBIDDEN, "encoding"},
    {"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.002.001.12'/>", NKS_FINDING_VERSION, "version"},
    {"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.09'/>", NKS_FINDING_VERSION, "version"},
    {"<Document xmlns='urn:x' xmlns:p='" NS10 "'><p:CstmrPmtStsRpt/></Document>", NKS_FINDING_VERSION, "version"},
    /* says nothing */
    {"<Document xmlns='" NS10 "'/>", NKS_FINDING_SCHEMA, "which message"},
    {"<Document xmlns='" NS10 "'><CstmrCdtTrfInitn/></Document>", NKS_FINDING_SCHEMA, "which message"},
    {"<Document xmlns='" NS10 "'><CstmrPmtStsRpt xmlns='urn:x'>" ORGNL("") END, NKS_FINDING_SCHEMA, "which message"},
    {BEGIN HEADER END, NKS_FINDING_SCHEMA, "which message"},
    {BEGIN "<OrgnlGrpInfAndSts><OrgnlMsgId/></OrgnlGrpInfAndSts>" END, NKS_FINDING_SCHEMA, "which message"},
    {BEGIN GROUP("") ORGNL("") END, NKS_FINDING_SCHEMA, "which message"},
    /* says two things */
    {BEGIN ORGNL("") ORGNL("") END, NKS_FINDING_SCHEMA, "OrgnlMsgId stands twice"},
    {BEGIN ORGNL("<GrpSts>PART</GrpSts><GrpSts>ACSC</GrpSts>") END, NKS_FINDING_SCHEMA, "GrpSts stands twice"},
    {FILE_OF("</CstmrPmtStsRpt><CstmrPmtStsRpt>"), NKS_FINDING_SCHEMA, "stands twice"},
    {FILE_OF(GROUP("<OrgnlPmtInfId>G2</OrgnlPmtInfId>")), NKS_FINDING_SCHEMA, "stands twice"},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts>RJCT</TxSts><TxSts>ACSC</TxSts></TxInfAndSts>")), NKS_FINDING_SCHEMA,
     "TxSts stands twice"},
    {FILE_OF(GROUP("<TxInfAndSts><OrgnlInstrId>A</OrgnlInstrId><OrgnlInstrId>B</OrgnlInstrId></TxInfAndSts>")),
     NKS_FINDING_SCHEMA, "OrgnlInstrId stands twice"},
    /* says it where it no longer counts */
    {FILE_OF(GROUP("")) "", NKS_FINDING_SYNTAX, NULL},
    {BEGIN HEADER ORGNL("") GROUP("") "<OrgnlGrpInfAndSts><GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>" END,
     NKS_FINDING_SCHEMA, "too late"},
    {FILE_OF(GROUP("<TxInfAndSts/><PmtInfSts>RJCT</PmtInfSts>")), NKS_FINDING_SCHEMA, "too late"},
    /* says it in a way that hides it */
    {FILE_OF(GROUP("<TxInfAndSts><TxSts>RJCT<x/></TxSts></TxInfAndSts>")), NKS_FINDING_SCHEMA, "has elements in it"},
    {FILE_OF(GROUP("<TxInfAndSts><TxSts><x>" SECRET "</x>RJCT</TxSts></TxInfAndSts>")), NKS_FINDING_SCHEMA,
     "has elements in it"},
};

START_TEST(bad_reports)
{
    read_text(bad_cases[_i].file);
    if (bad_cases[_i].part == NULL) { /* the same file is good without what the next case adds */
        ck_assert(outcome.complete);
        return;
    }
    ck_assert(!outcome.complete);
    ck_assert_msg(outcome.kind == bad_cases[_i].kind && strstr(outcome.text, bad_cases[_i].part) != NULL, "%d: %s",
                  (int)outcome.kind, outcome.text);
}
END_TEST

START_TEST(truncated_everywhere)
{
    for (size_t len = 0; len < strlen(WHOLE); len++) {
        read_with(WHOLE, len, &nks_reader_limits);
        ck_assert(!outcome.complete);
    }
}
END_TEST

static char *repeated(const char *before, const char *piece, size_t times, const char *after, size_t *len)
{
    char *file = malloc(strlen(before) + times * strlen(piece) + strlen(after) + 1), *to = stpcpy(file, before);
    for (size_t i = 0; i < times; i++)
        to = stpcpy(to, piece);
    *len = (size_t)(stpcpy(to, after) - file);
    return file;
}

/* The ceilings of the reader hold for elements that are skipped, too. */
static const struct {
    const char *before, *piece, *after, *part;
    size_t good, bad; /* times */
} ceilings[] = {
    {BEGIN ORGNL(""), "<x>", "", "nested too deeply", 0, 19},
    {BEGIN ORGNL("") "<x>", "1234567890", "</x>" END, "text has too many bytes", 6553, 6554},
    {BEGIN ORGNL("") "<x ", "a:b='c' ", "/>" END, "", 0, 40},
    {BEGIN ORGNL("") GROUP(""), GROUP(""), END, "too many groups", 8, 10},
    {BEGIN ORGNL("") "<OrgnlPmtInfAndSts>", "<TxInfAndSts/>", "</OrgnlPmtInfAndSts>" END, "too many payments", 10, 11},
    {BEGIN ORGNL("") "<OrgnlPmtInfAndSts><TxInfAndSts>", REASON("AC04"), "</TxInfAndSts></OrgnlPmtInfAndSts>" END,
     "too many bytes", 100, 20000},
    {BEGIN ORGNL("") "<x a='", "1234567890", "'/>" END, "", 100, 7000},
};

START_TEST(ceilings_hold)
{
    struct nks_reader_limits limits = nks_reader_limits;
    limits.groups = limits.payments = 10;
    for (int bad = 0; bad < 2; bad++) {
        size_t len, times = bad ? ceilings[_i].bad : ceilings[_i].good;
        if (times == 0)
            continue;
        char *file = repeated(ceilings[_i].before, ceilings[_i].piece, times, ceilings[_i].after, &len);
        read_with(file, len, &limits);
        bool told = !bad || strstr(outcome.text, ceilings[_i].part) != NULL;
        ck_assert_msg(outcome.complete == !bad && told, "%d: %s", bad, outcome.text);
        free(file);
    }
}
END_TEST

START_TEST(names_ceiling)
{
    static char file[100000];
    size_t len = (size_t)snprintf(file, sizeof file, BEGIN ORGNL(""));
    for (int i = 0; i < 2100; i++)
        len += (size_t)snprintf(file + len, sizeof file - len, "<x%d/>", i);
    len += (size_t)snprintf(file + len, sizeof file - len, END);
    read_with(file, len, &nks_reader_limits);
    ck_assert(!outcome.complete && outcome.kind == NKS_FINDING_CEILING);
}
END_TEST

static uint64_t random_state = 88172645463325252u;
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

/* Whatever was done to a report: the reader ends, and the parent takes its frames. read_with checks both. */
START_TEST(mutated_reports)
{
    static const char *const pieces[] = {"<TxSts>", "</TxSts>", "<OrgnlPmtInfAndSts>", "<!--", "]]>", "&#0;",
                                         "<x/>",    "\xFF"};
    uint32_t complete = 0;
    for (int i = 0; i < 3000; i++) {
        char file[4096];
        size_t len = (size_t)snprintf(file, sizeof file, "%s", i % 2 == 0 ? WHOLE : WHOLE_NOTICE);
        for (uint32_t n = 1 + random_below(3); n > 0; n--) {
            size_t at = random_below((uint32_t)len);
            const char *piece = pieces[random_below(COUNT(pieces))];
            size_t room = strlen(piece) < len - at ? strlen(piece) : len - at;
            if (random_below(2) == 0)
                memcpy(file + at, piece, room);
            else
                file[at] = file[random_below((uint32_t)len)];
        }
        read_with(file, len, &nks_reader_limits);
        complete += outcome.complete;
    }
    ck_assert_uint_gt(complete, 0);
}
END_TEST

/* ---- notices of what was booked (camt.054) */

START_TEST(good_notice)
{
    read_text(NOTICE ENTRY(DETAILS(BATCH TX("L1", "") TX("L2", RETURNED("AC04")))) NOTICE_END);
    ck_assert_msg(outcome.complete, "%s", outcome.text);
    ck_assert_uint_eq(outcome.document.report, NKS_REPORT_CAMT054_08);
    ck_assert_uint_eq(outcome.document.version, NKS_PAIN001_UNKNOWN);
    ck_assert_uint_eq(outcome.end.groups, 1);
    ck_assert_uint_eq(outcome.end.payments, 3);
    ck_assert(slot_is(&outcome.report, NKS_SLOT_MSG_ID, "C1"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_INSTD_AMT, "12.50"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_INSTD_AMT_CCY, "DKK"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_CDT_DBT_IND, "DBIT"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_STS, "BOOK"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_BOOKG_DT, "2026-11-24"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_VAL_DT, "2026-11-24T00:00:00"));
    ck_assert(slot_is(&outcome.group, NKS_SLOT_BK_TX_SUB_FMLY, "ESCT"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_INSTR_ID, "L2"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_END_TO_END_ID, "E1"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_TX_ID, "T1"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_ORGNL_MSG_ID, "M1"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_INSTD_AMT, "12.50"));
    ck_assert(slot_is(&outcome.payment, NKS_SLOT_STS_RSN_CD, "AC04"));
    ck_assert_uint_eq(outcome.payment.place.seq, 3);
    ck_assert_uint_eq(outcome.payment.place.group, 1);
}
END_TEST

/* Nothing of accounts and parties: where a central writes the payee's CPR number there, it does not leave the jail. */
START_TEST(tokens_of_a_notice)
{
    char told[1024];
    read_text(NOTICE ENTRY(DETAILS(BATCH)) ENTRY(DETAILS(TX("L1", RETURNED("AC04")))) NOTICE_END);
    tell(&outcome.report, told, sizeof told);
    ck_assert_str_eq(told, "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>C1</></><Ntfctn></></>");
    tell(&outcome.group, told, sizeof told);
    ck_assert_str_eq(told, "<Ntry><Amt>DKK12.50</><CdtDbtInd>DBIT</><Sts><Cd>BOOK</></><BookgDt><Dt>2026-11-24</></>"
                           "<ValDt><DtTm>2026-11-24T00:00:00</></><BkTxCd><Domn><Fmly><SubFmlyCd>ESCT</></></></>"
                           "<NtryDtls></></>");
    tell(&outcome.payment, told, sizeof told);
    ck_assert_str_eq(told, "<TxDtls><Refs><MsgId>M1</><PmtInfId>P1</><InstrId>L1</><EndToEndId>E1</><TxId>T1</></>"
                           "<Amt>DKK12.50</><CdtDbtInd>DBIT</><RtrInf><Rsn><Cd>AC04</></></></>");
}
END_TEST

/* What banks do differently: all of it is read. */
static const struct {
    const char *file;
    uint32_t report, groups;
    uint64_t payments;
    const char *amount, *currency; /* of the last record of the lowest level that is there */
} good_notices[] = {
    {NOTICE NOTICE_END, NKS_REPORT_CAMT054_08, 0, 0, "", ""},
    {NOTICE_OF(NS54_08) "<GrpHdr><MsgId>C1</MsgId></GrpHdr></BkToCstmrDbtCdtNtfctn></Document>", NKS_REPORT_CAMT054_08,
     0, 0, "", ""},
    {WHOLE_NOTICE, NKS_REPORT_CAMT054_08, 3, 3, "37.50", "DKK"},
    {NOTICE ENTRY("") NOTICE_END, NKS_REPORT_CAMT054_08, 1, 0, "12.50", "DKK"},
    {NOTICE ENTRY(DETAILS(BATCH) DETAILS(BATCH)) NOTICE_END, NKS_REPORT_CAMT054_08, 1, 2, "37.50", "DKK"},
    {NOTICE "<Ntry><NtryDtls><TxDtls/></NtryDtls></Ntry>" NOTICE_END, NKS_REPORT_CAMT054_08, 1, 1, "", ""},
    {NOTICE "<Ntry><Amt b='c' Ccy='EUR'>1</Amt></Ntry>" NOTICE_END, NKS_REPORT_CAMT054_08, 1, 0, "1", "EUR"},
    {NOTICE "<Ntry><Amt x:Ccy='EUR' xmlns:x='urn:x'>1</Amt></Ntry>" NOTICE_END, NKS_REPORT_CAMT054_08, 1, 0, "1", ""},
    {NOTICE "<Ntry><Amt Ccy=''>1</Amt></Ntry>" NOTICE_END, NKS_REPORT_CAMT054_08, 1, 0, "1", ""},
    /* the older version says the amount of a payment elsewhere */
    {NOTICE_OF(NS54_02) NOTICE_HEAD
     "<Ntry><Amt Ccy='DKK'>25</Amt><Sts>BOOK</Sts><NtryDtls><TxDtls><AmtDtls><TxAmt><Amt Ccy='DKK'>12.5</Amt></TxAmt>"
     "</AmtDtls></TxDtls></NtryDtls></Ntry>" NOTICE_END,
     NKS_REPORT_CAMT054_02, 1, 1, "12.5", "DKK"},
    {NOTICE_OF(NS54_02) NOTICE_HEAD
     "<Ntry><NtryDtls><TxDtls><Amt Ccy='DKK'>1</Amt></TxDtls></NtryDtls></Ntry>" NOTICE_END,
     NKS_REPORT_CAMT054_02, 1, 1, "", ""},
    /* words of the bank's own, and known names where they mean nothing */
    {NOTICE "<Bank><Ntry/></Bank><Ntry><x><Amt Ccy='DKK'>1</Amt></x></Ntry>" NOTICE_END, NKS_REPORT_CAMT054_08, 1, 0,
     "", ""},
    {NOTICE "<Ntry xmlns:b='urn:b'><b:Amt Ccy='DKK'>1</b:Amt><Amt Ccy='DKK'>2</Amt></Ntry>" NOTICE_END,
     NKS_REPORT_CAMT054_08, 1, 0, "2", "DKK"},
};

START_TEST(good_notices_are_read)
{
    read_text(good_notices[_i].file);
    ck_assert_msg(outcome.complete, "%s", outcome.text);
    ck_assert_uint_eq(outcome.document.report, good_notices[_i].report);
    ck_assert_uint_eq(outcome.end.groups, good_notices[_i].groups);
    ck_assert_uint_eq(outcome.end.payments, good_notices[_i].payments);
    const struct kept *kept = outcome.payment.count > 0 ? &outcome.payment
                              : outcome.group.count > 0 ? &outcome.group
                                                        : &outcome.report;
    ck_assert(slot_is(kept, NKS_SLOT_INSTD_AMT, good_notices[_i].amount));
    ck_assert(slot_is(kept, NKS_SLOT_INSTD_AMT_CCY, good_notices[_i].currency));
}
END_TEST

static const struct {
    const char *file;
    enum nks_finding_kind kind;
    const char *part;
} bad_notices[] = {
    {"<Document xmlns='" NS54_08 "'/>", NKS_FINDING_SCHEMA, "no id of its own"},
    {"<Document xmlns='" NS54_08 "'><CstmrPmtStsRpt>" ORGNL("") END, NKS_FINDING_SCHEMA, "no id of its own"},
    {NOTICE_OF(NS54_08) "<Ntfctn>" ENTRY("") NOTICE_END, NKS_FINDING_SCHEMA, "before the report's own id"},
    {NOTICE_OF(NS54_08) "<Ntfctn>" NOTICE_END, NKS_FINDING_SCHEMA, "no id of its own"},
    {NOTICE ENTRY("") NOTICE_END "<x/>", NKS_FINDING_SYNTAX, "after its last"},
    {NOTICE "<!DOCTYPE x>" NOTICE_END, NKS_FINDING_FORBIDDEN, ""},
    {NOTICE "<Ntry><Amt Ccy='DKK'>1</Amt><Amt Ccy='DKK'>2</Amt></Ntry>" NOTICE_END, NKS_FINDING_SCHEMA, "stands twice"},
    {NOTICE "<Ntry><CdtDbtInd>CRDT</CdtDbtInd><CdtDbtInd>DBIT</CdtDbtInd></Ntry>" NOTICE_END, NKS_FINDING_SCHEMA,
     "stands twice"},
    {NOTICE "<Ntry><BookgDt><Dt>1</Dt><DtTm>2</DtTm></BookgDt></Ntry>" NOTICE_END, NKS_FINDING_SCHEMA, "stands twice"},
    {NOTICE ENTRY(DETAILS(TX("L1", "<Refs><InstrId>L2</InstrId></Refs>"))) NOTICE_END, NKS_FINDING_SCHEMA,
     "stands twice"},
    {NOTICE ENTRY(DETAILS(TX("L1", "")) "<RvslInd>true</RvslInd>") NOTICE_END, NKS_FINDING_SCHEMA, "too late"},
    {NOTICE ENTRY(DETAILS(TX("L1<x>" SECRET "</x>", ""))) NOTICE_END, NKS_FINDING_SCHEMA, "has elements in it"},
    {NOTICE_OF(NS54_02) NOTICE_HEAD "<Ntry><Sts><Cd>BOOK</Cd></Sts></Ntry>" NOTICE_END, NKS_FINDING_SCHEMA,
     "has elements in it"},
};

START_TEST(bad_notices_are_not)
{
    read_text(bad_notices[_i].file);
    ck_assert(!outcome.complete);
    ck_assert_msg(outcome.kind == bad_notices[_i].kind && strstr(outcome.text, bad_notices[_i].part) != NULL, "%d: %s",
                  (int)outcome.kind, outcome.text);
}
END_TEST

START_TEST(notice_truncated_everywhere)
{
    for (size_t len = 0; len < strlen(WHOLE_NOTICE); len++) {
        read_with(WHOLE_NOTICE, len, &nks_reader_limits);
        ck_assert(!outcome.complete);
    }
}
END_TEST

static const struct {
    const char *before, *piece, *after, *part;
    size_t good, bad;
} notice_ceilings[] = {
    {NOTICE, "<Ntry/>", NOTICE_END, "too many groups", 10, 11},
    {NOTICE "<Ntry><NtryDtls>", "<TxDtls/>", "</NtryDtls></Ntry>" NOTICE_END, "too many payments", 10, 11},
    {NOTICE "<Ntry><NtryDtls>", "<Btch/><TxDtls/>", "</NtryDtls></Ntry>" NOTICE_END, "too many payments", 5, 6},
    {NOTICE "<Ntry><NtryDtls><TxDtls>", RETURNED("AC04"), "</TxDtls></NtryDtls></Ntry>" NOTICE_END, "too many bytes",
     100, 30000},
    {NOTICE "<Ntry><Amt Ccy='", "DKKDKK", "'>1</Amt></Ntry>" NOTICE_END, "too many bytes", 42, 43},
};

START_TEST(notice_ceilings_hold)
{
    struct nks_reader_limits limits = nks_reader_limits;
    limits.groups = limits.payments = 10;
    for (int bad = 0; bad < 2; bad++) {
        size_t len, times = bad ? notice_ceilings[_i].bad : notice_ceilings[_i].good;
        char *file =
            repeated(notice_ceilings[_i].before, notice_ceilings[_i].piece, times, notice_ceilings[_i].after, &len);
        read_with(file, len, &limits);
        bool told = !bad || strstr(outcome.text, notice_ceilings[_i].part) != NULL;
        ck_assert_msg(outcome.complete == !bad && told, "%d: %s", bad, outcome.text);
        free(file);
    }
}
END_TEST

/* The amount of a record, changed: what stands behind it moves, and the copy is sound. */
START_TEST(record_with_another_text)
{
    static const char *const amounts[] = {"1", "12.50", "1234567890123.45"};
    char out[4096];
    read_text(NOTICE ENTRY(DETAILS(TX("L1", RETURNED("AC04")))) NOTICE_END);
    const struct nks_text record = outcome.payment.record;
    for (size_t i = 0; i < COUNT(amounts); i++) {
        struct nks_text copy =
            nks_record_replace(record, NKS_SLOT_INSTD_AMT, nks_text_from(amounts[i]), out, sizeof out);
        ck_assert_uint_gt(copy.len, 0);
        ck_assert(nks_text_is(nks_record_slot(copy, NKS_SLOT_INSTD_AMT), amounts[i]));
        ck_assert(nks_text_is(nks_record_slot(copy, NKS_SLOT_INSTD_AMT_CCY), "DKK"));
        ck_assert(nks_text_is(nks_record_slot(copy, NKS_SLOT_INSTR_ID), "L1"));
        ck_assert(nks_text_is(nks_record_slot(copy, NKS_SLOT_STS_RSN_CD), "AC04"));
    }
    ck_assert_uint_eq(nks_record_replace(record, NKS_SLOT_UETR, NKS_TEXT("1"), out, sizeof out).len, 0);
    ck_assert_uint_eq(nks_record_replace(record, NKS_SLOT_INSTD_AMT, NKS_TEXT(""), out, sizeof out).len, 0);
    ck_assert_uint_eq(nks_record_replace(record, NKS_SLOT_INSTD_AMT, NKS_TEXT("\xFF"), out, sizeof out).len, 0);
    ck_assert_uint_eq(nks_record_replace(record, NKS_SLOT_INSTD_AMT, NKS_TEXT("1"), out, record.len - 5).len, 0);
}
END_TEST

/* ---- frames that a subverted reader might send */

static char stream[64 * 1024];
static size_t stream_len;

static void put(enum nks_frame_kind kind, const void *a, size_t a_len, const void *b, size_t b_len)
{
    uint32_t head[2] = {(uint32_t)kind, (uint32_t)(a_len + b_len)};
    memcpy(stream + stream_len, head, sizeof head);
    memcpy(stream + stream_len + sizeof head, a, a_len);
    if (b_len > 0)
        memcpy(stream + stream_len + sizeof head + a_len, b, b_len);
    stream_len += sizeof head + a_len + b_len;
}

static void put_document(uint32_t version, uint32_t report)
{
    struct nks_frame_document document = {version, NKS_UTF8, report};
    put(NKS_FRAME_DOCUMENT, &document, sizeof document, NULL, 0);
}

/* A record of one root with one text in it. */
static void put_record(enum nks_frame_kind kind, enum nks_element root, enum nks_slot slot, uint32_t group,
                       uint64_t seq)
{
    static struct nks_record record;
    char bytes[1024], head[NKS_RECORD_HEAD_MAX];
    struct nks_frame_place place = {1, group, seq};
    nks_record_start(&record);
    ck_assert(nks_record_open(&record, root) && nks_record_open(&record, NKS_E_OrgnlMsgId));
    ck_assert(nks_record_text(&record, "A", 1));
    nks_record_text_end(&record, slot);
    ck_assert(nks_record_close(&record) && nks_record_close(&record));
    struct nks_text first = nks_record_head(&record, head);
    memcpy(bytes, first.ptr, first.len);
    memcpy(bytes + first.len, record.tokens, record.len);
    put(kind, &place, sizeof place, bytes, first.len + record.len);
}

static void put_end(uint32_t groups, uint64_t payments)
{
    struct nks_frame_end end = {1, groups, payments, 1};
    put(NKS_FRAME_END, &end, sizeof end, NULL, 0);
}

/* Steps of a stream: a letter each. */
static void put_step(char step)
{
    switch (step) {
    case 'D':
        put_document(NKS_PAIN001_UNKNOWN, NKS_REPORT_03);
        break;
    case 'O':
        put_document(NKS_PAIN001_09, NKS_REPORT_NONE);
        break;
    case 'X':
        put_document(NKS_PAIN001_09, NKS_REPORT_03);
        break;
    case 'Y':
        put_document(NKS_PAIN001_UNKNOWN, NKS_REPORT_CAMT054_08 + 1);
        break;
    case 'N':
        put_document(NKS_PAIN001_UNKNOWN, NKS_REPORT_CAMT054_08);
        break;
    case 'S':
        put_record(NKS_FRAME_REPORT, NKS_E_BkToCstmrDbtCdtNtfctn, NKS_SLOT_MSG_ID, 0, 0);
        break;
    case 'E':
        put_record(NKS_FRAME_REPORT_GROUP, NKS_E_Ntry, NKS_SLOT_STS, 1, 0);
        break;
    case 'B':
        put_record(NKS_FRAME_REPORT_PAYMENT, NKS_E_Btch, NKS_SLOT_NB_OF_TXS, 1, 1);
        break;
    case 'T':
        put_record(NKS_FRAME_REPORT_PAYMENT, NKS_E_TxDtls, NKS_SLOT_TX_ID, 1, 1);
        break;
    case 'R':
        put_record(NKS_FRAME_REPORT, NKS_E_CstmrPmtStsRpt, NKS_SLOT_ORGNL_MSG_ID, 0, 0);
        break;
    case 'r':
        put_record(NKS_FRAME_REPORT, NKS_E_CstmrPmtStsRpt, NKS_SLOT_MSG_ID, 0, 0);
        break;
    case 'q':
        put_record(NKS_FRAME_REPORT, NKS_E_GrpHdr, NKS_SLOT_ORGNL_MSG_ID, 0, 0);
        break;
    case 'G':
        put_record(NKS_FRAME_REPORT_GROUP, NKS_E_OrgnlPmtInfAndSts, NKS_SLOT_PMT_INF_ID, 1, 0);
        break;
    case 'g':
        put_record(NKS_FRAME_REPORT_GROUP, NKS_E_OrgnlPmtInfAndSts, NKS_SLOT_PMT_INF_ID, 2, 0);
        break;
    case 'P':
        put_record(NKS_FRAME_REPORT_PAYMENT, NKS_E_TxInfAndSts, NKS_SLOT_INSTR_ID, 1, 1);
        break;
    case 'p':
        put_record(NKS_FRAME_REPORT_PAYMENT, NKS_E_TxInfAndSts, NKS_SLOT_INSTR_ID, 1, 2);
        break;
    case 'u':
        put_record(NKS_FRAME_REPORT_PAYMENT, NKS_E_CdtTrfTxInf, NKS_SLOT_INSTR_ID, 1, 1);
        break;
    case 'H':
        put_record(NKS_FRAME_HEADER, NKS_E_GrpHdr, NKS_SLOT_MSG_ID, 0, 0);
        break;
    case 'I':
        put_record(NKS_FRAME_GROUP, NKS_E_PmtInf, NKS_SLOT_PMT_INF_ID, 1, 0);
        break;
    case 'J':
        put_record(NKS_FRAME_PAYMENT, NKS_E_CdtTrfTxInf, NKS_SLOT_INSTR_ID, 1, 1);
        break;
    case 'K':
        put(NKS_FRAME_GROUP_END, "", 0, NULL, 0);
        break;
    case '0':
        put_end(0, 0);
        break;
    case '1':
        put_end(1, 0);
        break;
    case '2':
        put_end(1, 1);
        break;
    default:
        ck_abort_msg("step %c", step);
    }
}

static const struct {
    const char *steps;
    bool good;
} streams[] = {
    {"NS0", true},    {"NSE1", true},   {"NSEB2", true}, {"NSET2", true},  {"NSEP2", false},
    {"NR0", false},   {"DS0", false},   {"NSG1", false}, {"DRE1", false},  {"DRGB2", false},
    {"DR0", true},    {"DRG1", true},   {"DRGP2", true}, {"OHIJK2", true},                   /* as they should be */
    {"D0", false},    {"DG1", false},   {"DP2", false},  {"DRP2", false},  {"R0", false},    /* too early */
    {"DRR0", false},  {"DRGR1", false}, {"DRg1", false}, {"DRGp2", false}, {"DRGP1", false}, /* too often, miscounted */
    {"DRG0", false},  {"DR0R", false},  {"DD", false},   {"Dr0", false},   {"Dq0", false},   /* wrong records */
    {"DRGu2", false}, {"X", false},     {"Y", false},    {"OR0", false},   {"OHIG", false},  /* wrong kinds */
    {"OHIP", false},  {"DH", false},    {"DRI", false},  {"DRGJ", false},  {"DRGPK", false},
};

START_TEST(frame_streams)
{
    stream_len = 0;
    for (const char *step = streams[_i].steps; *step != '\0'; step++)
        put_step(*step);
    int fd = memory_file(stream, stream_len);
    memset(&outcome, 0, sizeof outcome);
    take_frames(fd);
    close(fd);
    ck_assert_msg(outcome.garbage == !streams[_i].good, "%s", streams[_i].steps);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report reader");
    TCase *tests = tcase_create("reports");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, good_report);
    tcase_add_test(tests, tokens_of_the_records);
    tcase_add_loop_test(tests, good_reports, 0, COUNT(good_cases));
    tcase_add_loop_test(tests, bad_reports, 0, COUNT(bad_cases));
    tcase_add_test(tests, truncated_everywhere);
    tcase_add_loop_test(tests, ceilings_hold, 0, COUNT(ceilings));
    tcase_add_test(tests, names_ceiling);
    tcase_add_test(tests, mutated_reports);
    tcase_add_test(tests, good_notice);
    tcase_add_test(tests, tokens_of_a_notice);
    tcase_add_loop_test(tests, good_notices_are_read, 0, COUNT(good_notices));
    tcase_add_loop_test(tests, bad_notices_are_not, 0, COUNT(bad_notices));
    tcase_add_test(tests, notice_truncated_everywhere);
    tcase_add_loop_test(tests, notice_ceilings_hold, 0, COUNT(notice_ceilings));
    tcase_add_test(tests, record_with_another_text);
    tcase_add_loop_test(tests, frame_streams, 0, COUNT(streams));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
