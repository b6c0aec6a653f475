/*
 * The reader: in this process, without its jail, over tables of files; and the program itself, jailed, through spawn.h.
 * Whatever is fed to it, its frames pass the parent's checks (frame_in.h), and no finding repeats what the payer wrote.
 */
#include "iso20022/frame_in.h"
#include "iso20022/prolog.h"
#include "iso20022/reader.h"
#include "iso20022/spawn.h"
#include "iso20022/token.h"
#include "iso20022/version.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "0101901234" /* stands where it does not belong, and may not come out */
#define SOUND(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
    } while (0)

/* ---- files */

#define NS03 "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"
#define NS09 "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
#define HEADER                                                                                                         \
    "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-22T10:00:00</CreDtTm><NbOfTxs>1</NbOfTxs>"                              \
    "<InitgPty><Nm>Kommune</Nm></InitgPty></GrpHdr>"
#define GROUP_DATE(date)                                                                                               \
    "<PmtInfId>G1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>" date "</ReqdExctnDt><Dbtr><Nm>Kommune</Nm></Dbtr>"      \
    "<DbtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>"
#define GROUP GROUP_DATE("<Dt>2026-12-01</Dt>")
#define PAYMENT_NM_USTRD(nm, ustrd)                                                                                    \
    "<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">1.00</InstdAmt></Amt>"          \
    "<Cdtr><Nm>" nm "</Nm></Cdtr><RmtInf><Ustrd>" ustrd "</Ustrd></RmtInf></CdtTrfTxInf>"
#define PAYMENT        PAYMENT_NM_USTRD("Ane", "tekst")
#define BEGIN          "<Document xmlns=\"" NS09 "\"><CstmrCdtTrfInitn>"
#define END            "</CstmrCdtTrfInitn></Document>"
#define FILE_OF(inner) BEGIN HEADER "<PmtInf>" GROUP inner "</PmtInf>" END
#define XML            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* ---- running it */

struct outcome {
    int exit;
    bool garbage, ended, complete;
    struct nks_frame_document document;
    struct nks_frame_end end;
    struct nks_frame_finding finding[NKS_FINDINGS_MAX];
    char text[NKS_FINDINGS_MAX][301];
    uint32_t findings, headers, groups, group_ends;
    uint64_t payments;
    char record[3][4096]; /* the last HEADER, GROUP and PAYMENT */
    struct nks_text header, group, payment;
    struct nks_frame_place payment_place;
};
static struct outcome outcome;

static void keep(struct nks_text *kept, char memory[4096], struct nks_text record)
{
    *kept = (struct nks_text){memory, record.len < 4096 ? record.len : 0};
    memcpy(memory, record.ptr, kept->len);
}

static void keep_frame(const struct nks_reader_frame *frame)
{
    struct outcome *o = &outcome;
    switch (frame->kind) {
    case NKS_FRAME_DOCUMENT:
        o->document = frame->document;
        break;
    case NKS_FRAME_HEADER:
        o->headers++;
        keep(&o->header, o->record[0], frame->record);
        break;
    case NKS_FRAME_GROUP:
        o->groups++;
        keep(&o->group, o->record[1], frame->record);
        break;
    case NKS_FRAME_PAYMENT:
        o->payments++;
        o->payment_place = frame->place;
        keep(&o->payment, o->record[2], frame->record);
        break;
    case NKS_FRAME_GROUP_END:
        o->group_ends++;
        break;
    case NKS_FRAME_FINDING:
        o->finding[o->findings] = frame->finding;
        snprintf(o->text[o->findings++], sizeof o->text[0], "%.*s", (int)frame->text.len, frame->text.ptr);
        break;
    case NKS_FRAME_END:
        o->ended = true;
        o->end = frame->end;
        o->complete = frame->end.complete == 1;
        break;
    case NKS_FRAME_REPORT:
    case NKS_FRAME_REPORT_GROUP:
    case NKS_FRAME_REPORT_PAYMENT:
        break; /* test_report_reader.c */
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
    for (size_t done = 0; done < len;) {
        ssize_t wrote = write(fd, bytes + done, len - done);
        SOUND(wrote > 0, "no memory file");
        done += (size_t)wrote;
    }
    SOUND(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0, "no memory file");
    return fd;
}

/* What must hold for every file. */
static void check_outcome(void)
{
    SOUND(outcome.exit == NKS_READER_EXIT_DONE && outcome.ended && !outcome.garbage, "exit %d ended %d garbage %d",
          outcome.exit, outcome.ended, outcome.garbage);
    SOUND(outcome.complete == (outcome.findings == 0), "complete %d with %u findings", outcome.complete,
          outcome.findings);
    for (uint32_t i = 0; i < outcome.findings; i++)
        SOUND(strstr(outcome.text[i], SECRET) == NULL, "a finding tells: %s", outcome.text[i]);
}

static void read_with(const char *bytes, size_t len, const struct nks_reader_limits *limits)
{
    int in = memory_file(bytes, len), out = memory_file("", 0);
    memset(&outcome, 0, sizeof outcome);
    nks_reader_prepare();
    outcome.exit = nks_reader_run(in, out, limits);
    SOUND(lseek(out, 0, SEEK_SET) == 0, "no frames");
    take_frames(out);
    close(in);
    close(out);
    check_outcome();
}

static void read_text(const char *text)
{
    read_with(text, strlen(text), &nks_reader_limits);
}

static bool has_finding(enum nks_finding_kind kind, const char *part)
{
    for (uint32_t i = 0; i < outcome.findings; i++) {
        if (outcome.finding[i].kind == (uint32_t)kind && strstr(outcome.text[i], part) != NULL)
            return true;
    }
    return false;
}

static bool slot_is(struct nks_text record, enum nks_slot slot, const char *text)
{
    return nks_text_is(nks_record_slot(record, slot), text);
}

/* ---- good files */

START_TEST(good_09)
{
    read_text(XML FILE_OF(PAYMENT PAYMENT_NM_USTRD("Bo", "b")));
    ck_assert(outcome.complete);
    ck_assert_uint_eq(outcome.document.version, NKS_PAIN001_09);
    ck_assert_uint_eq(outcome.document.encoding, NKS_UTF8);
    ck_assert_uint_eq(outcome.headers, 1);
    ck_assert_uint_eq(outcome.groups, 1);
    ck_assert_uint_eq(outcome.group_ends, 1);
    ck_assert_uint_eq(outcome.payments, 2);
    ck_assert_uint_eq(outcome.end.bytes, strlen(XML FILE_OF(PAYMENT PAYMENT_NM_USTRD("Bo", "b"))));
    ck_assert(slot_is(outcome.header, NKS_SLOT_MSG_ID, "M1"));
    ck_assert(slot_is(outcome.header, NKS_SLOT_CRE_DT_TM, "2026-11-22T10:00:00"));
    ck_assert(slot_is(outcome.header, NKS_SLOT_INITG_PTY_NM, "Kommune"));
    ck_assert(slot_is(outcome.group, NKS_SLOT_PMT_INF_ID, "G1"));
    ck_assert(slot_is(outcome.group, NKS_SLOT_REQD_EXCTN_DT, "2026-12-01"));
    ck_assert(slot_is(outcome.group, NKS_SLOT_DBTR_ACCT_IBAN, "DK5000400440116243"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_END_TO_END_ID, "E1"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_INSTD_AMT, "1.00"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_INSTD_AMT_CCY, "DKK"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_CDTR_NM, "Bo"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_USTRD, "b"));
    ck_assert_uint_eq(outcome.payment_place.line, 2);
    ck_assert_uint_eq(outcome.payment_place.seq, 2);
}
END_TEST

START_TEST(good_03)
{
    read_text("<Document xmlns='" NS03 "'><CstmrCdtTrfInitn>" HEADER "<PmtInf>" GROUP_DATE("2026-12-01") PAYMENT
              "</PmtInf><PmtInf>" GROUP_DATE("2026-12-02") PAYMENT PAYMENT "</PmtInf>" END);
    ck_assert(outcome.complete);
    ck_assert_uint_eq(outcome.document.version, NKS_PAIN001_03);
    ck_assert_uint_eq(outcome.groups, 2);
    ck_assert_uint_eq(outcome.payments, 3);
    ck_assert_uint_eq(outcome.payment_place.group, 2);
    ck_assert(slot_is(outcome.group, NKS_SLOT_REQD_EXCTN_DT, "2026-12-02"));
}
END_TEST

/* The same message in every version that writes days as .09 does; what only some have comes last. */
#define NS(digits)             "urn:iso:std:iso:20022:tech:xsd:pain.001.001." digits
#define PAYMENT_WITH(id, rest) "<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId>" id "</PmtId>" rest
#define PAID                                                                                                           \
    "<Amt><InstdAmt "                                                                                                  \
    "Ccy=\"DKK\">1.00</InstdAmt></Amt><CdtrAgt><FinInstnId><BICFI>DABADKKK</BICFI></FinInstnId></CdtrAgt>"
#define VERSION_FILE(digits, source, payment)                                                                          \
    "<Document xmlns=\"" NS(digits) "\"><CstmrCdtTrfInitn><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-22T10:00:00"       \
                                    "</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty><Nm>Kommune</Nm></InitgPty>" source       \
                                    "</GrpHdr><PmtInf>" GROUP payment "</CdtTrfTxInf></PmtInf>" END
#define UETR    "<UETR>01234567-89ab-4cde-8f01-23456789abcd</UETR>"
#define PROGRAM "<InitnSrc><Nm>Program</Nm></InitnSrc>"
#define TOLD    "<InstrForDbtrAgt><Cd>XXXX</Cd><InstrInf>x</InstrInf></InstrForDbtrAgt>"

static const struct {
    const char *file;
    enum nks_pain001_version version;
    const char *town, *uetr; /* what the slots hold */
} good_newer[] = {
    {VERSION_FILE(
         "08", "",
         PAYMENT_WITH("", PAID "<Cdtr><Nm>Ane</Nm><PstlAdr><AdrTp>HOME</AdrTp><TwnNm>Ribe</TwnNm></PstlAdr></Cdtr>")),
     NKS_PAIN001_08, "Ribe", ""},
    {VERSION_FILE("09", "", PAYMENT_WITH(UETR, PAID "<InstrForDbtrAgt>x</InstrForDbtrAgt>")), NKS_PAIN001_09, "",
     "01234567-89ab-4cde-8f01-23456789abcd"},
    {VERSION_FILE("10", PROGRAM, PAYMENT_WITH(UETR, PAID TOLD)), NKS_PAIN001_10, "",
     "01234567-89ab-4cde-8f01-23456789abcd"},
    {VERSION_FILE("11", PROGRAM, PAYMENT_WITH("", PAID TOLD)), NKS_PAIN001_11, "", ""},
    {VERSION_FILE("12", PROGRAM,
                  PAYMENT_WITH("", PAID "<Cdtr><Nm>Ane</Nm><PstlAdr><CareOf>x</CareOf><UnitNb>1</UnitNb>"
                                        "<TwnNm>Ribe</TwnNm></PstlAdr></Cdtr>" TOLD)),
     NKS_PAIN001_12, "Ribe", ""},
};

START_TEST(good_later_versions)
{
    read_text(good_newer[_i].file);
    ck_assert_msg(outcome.complete, "%s: %s", good_newer[_i].file, outcome.text[0]);
    ck_assert_uint_eq(outcome.document.version, good_newer[_i].version);
    ck_assert_uint_eq(outcome.payments, 1);
    ck_assert(slot_is(outcome.header, NKS_SLOT_MSG_ID, "M1"));
    ck_assert(slot_is(outcome.group, NKS_SLOT_REQD_EXCTN_DT, "2026-12-01"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_INSTD_AMT, "1.00"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_CDTR_AGT_BIC, "DABADKKK"));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_CDTR_TWN_NM, good_newer[_i].town));
    ck_assert(slot_is(outcome.payment, NKS_SLOT_UETR, good_newer[_i].uetr));
}
END_TEST

/* The names of the versions, and what a refusal says, are from one table. */
START_TEST(names_of_versions)
{
    for (int v = NKS_PAIN001_UNKNOWN; v < NKS_PAIN001_END; v++) {
        const char *name = nks_pain001_name((enum nks_pain001_version)v);
        struct nks_prolog prolog = {.version = (enum nks_pain001_version)v};
        ck_assert_int_eq(name[0] == '\0', v == NKS_PAIN001_UNKNOWN);
        if (v == NKS_PAIN001_UNKNOWN)
            continue;
        ck_assert_ptr_nonnull(strstr(nks_prolog_orders_only, name + strlen("pain.001.001")));
        ck_assert_str_eq(strstr(nks_prolog_namespace(&prolog), "pain."), name);
    }
    ck_assert_str_eq(nks_pain001_name(NKS_PAIN001_END), "");
}
END_TEST

/* The tokens of the records, told as XML without escapes. */
static void tell(struct nks_text record, char *out, size_t size)
{
    struct nks_text rest = nks_record_tokens(record);
    struct nks_buf buf;
    nks_buf_init(&buf, out, size - 1);
    for (struct nks_token token; (token = nks_token_next(&rest)).kind != NKS_TOKEN_IS_END_OF_DATA;) {
        if (token.kind == NKS_TOKEN_IS_OPEN)
            nks_buf_printf(&buf, "<%s>", nks_element_name(token.element));
        else if (token.kind == NKS_TOKEN_IS_CLOSE)
            nks_buf_str(&buf, "</>");
        else
            nks_buf_printf(&buf, "%s%.*s", token.kind == NKS_TOKEN_IS_CCY ? "@" : "", (int)token.text.len,
                           token.text.ptr);
    }
    out[buf.len] = '\0';
}

START_TEST(tokens_of_the_records)
{
    char told[1024];
    read_text(FILE_OF(PAYMENT));
    tell(outcome.header, told, sizeof told);
    ck_assert_str_eq(told, "<GrpHdr><MsgId>M1</><CreDtTm>2026-11-22T10:00:00</><NbOfTxs>1</><InitgPty><Nm>Kommune</>"
                           "</></>");
    tell(outcome.group, told, sizeof told);
    ck_assert_str_eq(told, "<PmtInf><PmtInfId>G1</><PmtMtd>TRF</><ReqdExctnDt><Dt>2026-12-01</></><Dbtr><Nm>Kommune</>"
                           "</><DbtrAcct><Id><IBAN>DK5000400440116243</></></><DbtrAgt><FinInstnId></></></>");
    tell(outcome.payment, told, sizeof told);
    ck_assert_str_eq(told, "<CdtTrfTxInf><PmtId><EndToEndId>E1</></><Amt><InstdAmt>@DKK1.00</></><Cdtr><Nm>Ane</></>"
                           "<RmtInf><Ustrd>tekst</></></>");
}
END_TEST

/* How the same text may be written. */
static const struct {
    const char *file, *name;
} text_cases[] = {
    {FILE_OF(PAYMENT_NM_USTRD("A &amp; B &lt;C&gt;", "x")), "A & B <C>"},
    {FILE_OF(PAYMENT_NM_USTRD("&#197;se &#xE6;", "x")), "\xC3\x85se \xC3\xA6"},
    {FILE_OF(PAYMENT_NM_USTRD("A<!-- b -->C", "x")), "AC"},
    {FILE_OF(PAYMENT_NM_USTRD("A<!-- <!DOCTYPE x> -->C", "x")), "AC"},
    {FILE_OF(PAYMENT_NM_USTRD("A<?b c?>C", "x")), "AC"},
    {FILE_OF(PAYMENT_NM_USTRD("A<![CDATA[<b> & <!DOCTYPE]]>C", "x")), "A<b> & <!DOCTYPEC"},
    {FILE_OF(PAYMENT_NM_USTRD("<![CDATA[A]]]]><![CDATA[>B]]>", "x")), "A]]>B"},
    {FILE_OF(PAYMENT_NM_USTRD("  A  ", "x")), "  A  "},
    {FILE_OF(PAYMENT_NM_USTRD("   ", "x")), "   "},
    {FILE_OF(PAYMENT_NM_USTRD("a\r\nb", "x")), "a\nb"},
    {"\xEF\xBB\xBF" XML FILE_OF(PAYMENT_NM_USTRD("\xC3\xA5", "x")), "\xC3\xA5"},
    {"<?xml version='1.0' encoding='iso-8859-15'?>" FILE_OF(PAYMENT_NM_USTRD("\xE6\xF8\xE5 \xA4\xBD\xBE", "x")),
     "\xC3\xA6\xC3\xB8\xC3\xA5 \xE2\x82\xAC\xC5\x93\xC5\xB8"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?>" FILE_OF(PAYMENT_NM_USTRD("\xE6\xF8\xE5 \xA4\xBD\xFF", "x")),
     "\xC3\xA6\xC3\xB8\xC3\xA5 \xC2\xA4\xC2\xBD\xC3\xBF"},
    {"<?xml version=\"1.0\" encoding = \"Latin1\" standalone='yes' ?>" FILE_OF(PAYMENT_NM_USTRD("\xE6", "x")),
     "\xC3\xA6"},
    {"<!-- a --><?b c?>\n" FILE_OF(PAYMENT_NM_USTRD("A", "x")) "\n<!-- d --><?e?>\n", "A"},
};

START_TEST(texts)
{
    read_text(text_cases[_i].file);
    ck_assert_msg(outcome.complete, "%s", outcome.text[0]);
    ck_assert(slot_is(outcome.payment, NKS_SLOT_CDTR_NM, text_cases[_i].name));
}
END_TEST

/* Text that is cut wherever libxml2 asks for more bytes, in all encodings. */
START_TEST(texts_over_every_border)
{
    static char file[20000];
    for (int pad = 3900; pad < 4100; pad++) {
        char spaces[4200];
        memset(spaces, ' ', sizeof spaces);
        spaces[pad] = '\0';
        snprintf(file, sizeof file, "%s%s%s", pad % 2 == 0 ? "<?xml version='1.0' encoding='ISO-8859-15'?>" : XML,
                 spaces, FILE_OF(PAYMENT_NM_USTRD("A&amp;<![CDATA[]]]]>B", "x")));
        if (pad % 8 > 1)
            continue;
        read_text(file);
        ck_assert(outcome.complete && slot_is(outcome.payment, NKS_SLOT_CDTR_NM, "A&]]B"));
    }
}
END_TEST

/* Blanks between elements, also where an element may be empty, leave no trace in the records. */
START_TEST(blanks_between_elements)
{
    static const char payment[] =
        "<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy='DKK'>1</InstdAmt></Amt>"
        "<Cdtr><Nm>Ane</Nm><Id><PrvtId></PrvtId></Id></Cdtr></CdtTrfTxInf>";
    char tight[8192], wide[16384], *to = wide;
    snprintf(tight, sizeof tight, "%s%s</PmtInf>" END, BEGIN HEADER "<PmtInf>" GROUP, payment);
    read_text(tight);
    ck_assert_msg(outcome.complete, "%s", outcome.text[0]);
    struct outcome first = outcome;
    for (const char *from = tight; *from != '\0'; from++) {
        bool between = *from == '<' && from > tight && from[-1] == '>';
        to += sprintf(to, "%s%c", between ? "\n \t\r" : "", *from);
    }
    read_text(wide);
    ck_assert_msg(outcome.complete, "%s", outcome.text[0]);
    ck_assert(memcmp(first.record, outcome.record, sizeof first.record) == 0);
    ck_assert(first.payment.len > 0 && first.payment.len == outcome.payment.len);
}
END_TEST

START_TEST(prefixes_are_names_too)
{
    char file[4096] = "", *to = file;
    for (const char *from = FILE_OF(PAYMENT); *from != '\0'; from++) {
        *to++ = *from;
        if (*from == '<' && from[1] == '/')
            *to++ = *++from;
        if (*from == '<' || *from == '/')
            if (from[1] != '>')
                to += sprintf(to, "p:");
    }
    char *xmlns = strstr(file, "xmlns="); /* xmlns="…" becomes xmlns:p="…" */
    memmove(xmlns + 7, xmlns + 5, strlen(xmlns + 5) + 1);
    memcpy(xmlns, "xmlns:p", 7);
    read_text(file);
    ck_assert_msg(outcome.complete, "%s: %s", outcome.text[0], file);
    ck_assert(slot_is(outcome.payment, NKS_SLOT_CDTR_NM, "Ane"));
}
END_TEST

START_TEST(schema_location_is_ignored)
{
    read_text("<Document xmlns='" NS09
              "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='" NS09
              " file:///etc/passwd'><CstmrCdtTrfInitn>" HEADER "<PmtInf>" GROUP PAYMENT "</PmtInf>" END);
    ck_assert_msg(outcome.complete, "%s", outcome.text[0]);
}
END_TEST

/* ---- bad files */

static const struct {
    const char *file;
    enum nks_finding_kind kind;
    const char *part; /* of the finding */
} bad_cases[] = {
    /* not XML */
    {"", NKS_FINDING_SYNTAX, "ends before"},
    {"hello", NKS_FINDING_SYNTAX, "begin"},
    {"   \n", NKS_FINDING_SYNTAX, "ends before"},
    {"<", NKS_FINDING_SYNTAX, "ends before"},
    {"< Document>", NKS_FINDING_SYNTAX, "begin"},
    {FILE_OF(PAYMENT) "<a/>", NKS_FINDING_SYNTAX, "after its last"},
    {FILE_OF(PAYMENT) "x", NKS_FINDING_SYNTAX, "after its last"},
    {FILE_OF("<CdtTrfTxInf></Cdtr>"), NKS_FINDING_SYNTAX, "does not match"},
    {FILE_OF(PAYMENT_NM_USTRD("&" SECRET ";", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("&aa;", "x")), NKS_FINDING_SYNTAX, "entity"},
    {FILE_OF(PAYMENT_NM_USTRD("A & B", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("a < b", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("]]>", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("&#0;", "x")), NKS_FINDING_SYNTAX, "character"},
    {FILE_OF(PAYMENT_NM_USTRD("\x01", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("\xE6", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("\xC3", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF(PAYMENT_NM_USTRD("\xED\xA0\x80", "x")), NKS_FINDING_SYNTAX, ""},
    {FILE_OF("<q:CdtTrfTxInf/>"), NKS_FINDING_SYNTAX, "prefix"},
    {"\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?>" FILE_OF(PAYMENT), NKS_FINDING_SYNTAX, "byte order"},
    /* forbidden */
    {"<!DOCTYPE a>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "document type"},
    {XML "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "document type"},
    {XML "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;&lol;'>]>" FILE_OF(
         PAYMENT_NM_USTRD("&lol2;", "x")),
     NKS_FINDING_FORBIDDEN, "document type"},
    {"<!-- --><?x?><!DOCTYPE a [", NKS_FINDING_FORBIDDEN, "document type"},
    {FILE_OF("<!DOCTYPE a>"), NKS_FINDING_FORBIDDEN, "document type"},
    {FILE_OF("<!ENTITY a 'b'>"), NKS_FINDING_FORBIDDEN, "document type"},
    {FILE_OF(PAYMENT) "<!DOCTYPE a>", NKS_FINDING_FORBIDDEN, "document type"},
    {"<?xml version='1.0' encoding='UTF-16'?>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "encoding"},
    {"<?xml version='1.0' encoding='US-ASCII'?>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "encoding"},
    {"<?xml version='1.0' encoding='ISO-8859-2'?>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "encoding"},
    {"<?xml version='1.0' encoding='" SECRET "'?>" FILE_OF(PAYMENT), NKS_FINDING_FORBIDDEN, "encoding"},
    {"\xFF\xFE<", NKS_FINDING_FORBIDDEN, "encoding"},
    {"\xFE\xFF", NKS_FINDING_FORBIDDEN, "encoding"},
    /* versions */
    {"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.13'/>", NKS_FINDING_VERSION,
     "pain.001.001.03, .08, .09, .10, .11 and .12"},
    {"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.07'/>", NKS_FINDING_VERSION, ".08"},
    {"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.099'/>", NKS_FINDING_VERSION, ".08"},
    {"<Document/>", NKS_FINDING_VERSION, "pain.001.001.03, .08, .09, .10, .11 and .12"},
    {"<Dokument xmlns='" NS09 "'/>", NKS_FINDING_VERSION, ".09"},
    {"<Document xmlns='" NS09 SECRET "'/>", NKS_FINDING_VERSION, ".09"},
    {"<p:Document xmlns='" NS09 "'/>", NKS_FINDING_VERSION, ".09"},
    {"<html><body>" SECRET, NKS_FINDING_VERSION, ".09"},
    /* the schema: elements */
    {BEGIN END, NKS_FINDING_SCHEMA, "Document/CstmrCdtTrfInitn ends without GrpHdr"},
    {BEGIN HEADER END, NKS_FINDING_SCHEMA, "ends without PmtInf"},
    {FILE_OF(""), NKS_FINDING_SCHEMA, "PmtInf ends without UltmtDbtr, ChrgBr or CdtTrfTxInf"},
    {BEGIN "<GrpHdr><MsgId>" SECRET "</MsgId><NbOfTxs>1</NbOfTxs></GrpHdr>" END, NKS_FINDING_SCHEMA,
     "GrpHdr: element NbOfTxs is not expected here; expected is CreDtTm"},
    {FILE_OF("<CdtTrfTxInf><Navn>" SECRET "</Navn></CdtTrfTxInf>"), NKS_FINDING_SCHEMA, "does not use"},
    {FILE_OF("<CdtTrfTxInf><N-" SECRET "/></CdtTrfTxInf>"), NKS_FINDING_SCHEMA, "does not use"},
    {FILE_OF("<CdtTrfTxInf xmlns=''/>"), NKS_FINDING_SCHEMA, "CdtTrfTxInf"},
    {FILE_OF("<CdtTrfTxInf xmlns='none'/>"), NKS_FINDING_SCHEMA, "CdtTrfTxInf"},
    {FILE_OF("<CdtTrfTxInf xmlns='" NS03 "'/>"), NKS_FINDING_SCHEMA, "CdtTrfTxInf"},
    {FILE_OF(PAYMENT SECRET), NKS_FINDING_SCHEMA, "PmtInf: there is text between its elements"},
    {FILE_OF(SECRET PAYMENT), NKS_FINDING_SCHEMA, "PmtInf: there is text between its elements"},
    {FILE_OF("<CdtTrfTxInf>" SECRET "</CdtTrfTxInf>"), NKS_FINDING_SCHEMA, "CdtTrfTxInf"},
    {FILE_OF(PAYMENT_NM_USTRD("a<Nm>" SECRET "</Nm>", "x")), NKS_FINDING_SCHEMA, "Cdtr/Nm"},
    /* the schema: values */
    {FILE_OF(PAYMENT_NM_USTRD("", "x")), NKS_FINDING_SCHEMA, "CdtTrfTxInf/Cdtr/Nm: the value is too short"},
    {FILE_OF(PAYMENT_NM_USTRD(
         "A", SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET "x")),
     NKS_FINDING_SCHEMA, "CdtTrfTxInf/RmtInf/Ustrd: the value is too long"},
    {FILE_OF("<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy='" SECRET
             "'>1</InstdAmt></Amt></CdtTrfTxInf>"),
     NKS_FINDING_SCHEMA, "CdtTrfTxInf/Amt/InstdAmt: an attribute's value has a wrong form"},
    {FILE_OF("<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy='DKK'>" SECRET
             ",00</InstdAmt></Amt></CdtTrfTxInf>"),
     NKS_FINDING_SCHEMA, "CdtTrfTxInf/Amt/InstdAmt: the value has a wrong form"},
    {FILE_OF("<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt>1</InstdAmt></Amt></CdtTrfTxInf>"),
     NKS_FINDING_SCHEMA, "CdtTrfTxInf/Amt/InstdAmt lacks an attribute"},
    {FILE_OF("<CdtTrfTxInf Ccy='" SECRET "'/>"), NKS_FINDING_SCHEMA,
     "CdtTrfTxInf has an attribute that is not allowed"},
    {BEGIN HEADER "<PmtInf><PmtInfId>G</PmtInfId><PmtMtd>" SECRET "</PmtMtd></PmtInf>" END, NKS_FINDING_SCHEMA,
     "PmtInf/PmtMtd: the value is not one of the allowed codes"},
    {BEGIN HEADER "<PmtInf>" GROUP_DATE("<Dt>2026-02-30</Dt>") PAYMENT "</PmtInf>" END, NKS_FINDING_SCHEMA,
     "PmtInf/ReqdExctnDt/Dt: the value has a wrong form"},
    {BEGIN HEADER "<PmtInf>" GROUP_DATE("2026-12-01") PAYMENT "</PmtInf>" END, NKS_FINDING_SCHEMA, "ReqdExctnDt"},
    {"<Document xmlns='" NS09 "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='" SECRET "'/>",
     NKS_FINDING_SCHEMA, ""},
};

START_TEST(bad_files)
{
    read_text(bad_cases[_i].file);
    ck_assert(!outcome.complete);
    ck_assert_msg(has_finding(bad_cases[_i].kind, bad_cases[_i].part), "kind %u: %s", outcome.finding[0].kind,
                  outcome.text[0]);
}
END_TEST

START_TEST(zero_byte)
{
    static const char file[] = FILE_OF(PAYMENT_NM_USTRD("A\0B", "x"));
    read_with(file, sizeof file - 1, &nks_reader_limits);
    ck_assert(!outcome.complete && has_finding(NKS_FINDING_SYNTAX, "zero byte"));
    static const char behind[] = FILE_OF(PAYMENT) "\0";
    read_with(behind, sizeof behind - 1, &nks_reader_limits);
    ck_assert(!outcome.complete && has_finding(NKS_FINDING_SYNTAX, "zero byte"));
    static const char wide[] = "<\0D\0o\0";
    read_with(wide, sizeof wide - 1, &nks_reader_limits);
    ck_assert(!outcome.complete && has_finding(NKS_FINDING_FORBIDDEN, "encoding"));
}
END_TEST

START_TEST(findings_have_their_place)
{
    read_text(BEGIN "\n" HEADER "\n<PmtInf>" GROUP "\n" PAYMENT "\n" PAYMENT_NM_USTRD("", "x") "\n</PmtInf>" END);
    ck_assert_uint_eq(outcome.findings, 1);
    ck_assert_uint_eq(outcome.finding[0].line, 5);
    ck_assert_uint_eq(outcome.finding[0].group, 1);
    ck_assert_uint_eq(outcome.finding[0].seq, 2);
    ck_assert_uint_eq(outcome.payments, 1);
}
END_TEST

/* ---- ceilings: at the edge, and one more */

/* A file with `count` times `unit` (or, with a '%', the number in its place) between `before` and `after`. */
static char *repeated(const char *before, const char *unit, size_t count, const char *after, size_t *len)
{
    size_t room = strlen(before) + count * (strlen(unit) + 8) + strlen(after) + 1, used = strlen(before);
    char *file = malloc(room);
    memcpy(file, before, used);
    for (size_t i = 0; i < count; i++) {
        for (const char *c = unit; *c != '\0'; c++) {
            if (*c == '%')
                used += (size_t)sprintf(file + used, "%zu", i);
            else
                file[used++] = *c;
        }
    }
    memcpy(file + used, after, strlen(after) + 1);
    *len = used + strlen(after);
    return file;
}

static const struct {
    const char *before, *unit, *after, *part;
    size_t most;      /* units at the edge */
    bool only_schema; /* at the edge the schema says no, but no ceiling is hit */
} ceiling_cases[] = {
    /* after "<!-": a hyphen, then what is counted, then two hyphens */
    {BEGIN "<!--", "x", "-->" HEADER "<PmtInf>" GROUP PAYMENT "</PmtInf>" END, "tag", 65536 - 3, false},
    {BEGIN "<?x ", "y", "?>" HEADER "<PmtInf>" GROUP PAYMENT "</PmtInf>" END, "tag", 65536 - 3, false},
    {BEGIN HEADER "<PmtInf", " ", ">" GROUP PAYMENT "</PmtInf>" END, "tag", 65536 - 6, false},
    {BEGIN HEADER "<PmtInf a='", ">", "'>" GROUP PAYMENT "</PmtInf>" END, "tag", 65536 - 11, true},
    {BEGIN HEADER "<PmtInf>" GROUP PAYMENT "</PmtInf", " ", ">" END, "tag", 65536 - 7, false},
    {"<Document xmlns='" NS09 "'", " xmlns:a%='u%'",
     "><CstmrCdtTrfInitn>" HEADER "<PmtInf>" GROUP PAYMENT "</PmtInf>" END, "attributes", 31, false},
    {BEGIN, "<Id>", "", "nested", 18, true},
    {FILE_OF(PAYMENT) "", " ", "", "between two tags", 1024 * 1024, false},
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>", "a", "</EndToEndId>", "text", 65535, true},
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>", "&#65;", "</EndToEndId>", "text", 65535, true},
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>", "\xC3\xA6", "a</EndToEndId>", "text", 32767,
     true},
    {BEGIN HEADER "<PmtInf>", " ", GROUP PAYMENT "</PmtInf>" END, "text", 65535, false},
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId><![CDATA[", "x", "]]></EndToEndId>", "tag",
     65536 - 8, true},
    /* Document, CstmrCdtTrfInitn, the namespace; the target of each instruction is one more name */
    {BEGIN, "<?a%?>", "", "names", 2000 - 3, true},
};

START_TEST(ceilings)
{
    size_t len;
    for (size_t more = 0; more <= 1; more++) {
        char *file = repeated(ceiling_cases[_i].before, ceiling_cases[_i].unit, ceiling_cases[_i].most + more,
                              ceiling_cases[_i].after, &len);
        read_with(file, len, &nks_reader_limits);
        free(file);
        bool hit = has_finding(NKS_FINDING_CEILING, "");
        ck_assert_msg(hit == (more == 1), "%zu more: %s", more, outcome.text[0]);
        if (more == 1)
            ck_assert_msg(has_finding(NKS_FINDING_CEILING, ceiling_cases[_i].part), "%s", outcome.text[0]);
        else
            ck_assert_msg(outcome.complete == !ceiling_cases[_i].only_schema, "%s", outcome.text[0]);
    }
}
END_TEST

/* A group and a payment of the size of a record, and one byte more. */
START_TEST(record_ceiling)
{
    size_t len;
    /* every line of remittance is 140 + 5 bytes of tokens */
    char before[4096], line[200];
    memset(line, 'x', sizeof line);
    snprintf(line, sizeof line, "<Ustrd>%.140s</Ustrd>",
             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    snprintf(before, sizeof before, "%s",
             BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId>"
                          "</PmtId><Amt><InstdAmt Ccy=\"DKK\">1.00</InstdAmt></Amt><RmtInf>");
    char *file = repeated(before, line, 899, "</RmtInf></CdtTrfTxInf></PmtInf>" END, &len);
    read_with(file, len, &nks_reader_limits);
    free(file);
    ck_assert_msg(outcome.complete, "%s", outcome.text[0]);
    file = repeated(before, line, 905, "</RmtInf></CdtTrfTxInf></PmtInf>" END, &len);
    read_with(file, len, &nks_reader_limits);
    free(file);
    ck_assert(has_finding(NKS_FINDING_CEILING, "too many bytes"));
}
END_TEST

START_TEST(counting_ceilings)
{
    static const char file[] =
        BEGIN HEADER "<PmtInf>" GROUP PAYMENT PAYMENT "</PmtInf><PmtInf>" GROUP PAYMENT "</PmtInf>" END;
    size_t len = sizeof file - 1;
    struct nks_reader_limits at = nks_reader_limits, below;
    at.payments = 3;
    at.groups = 2;
    at.file_bytes = len;
    read_with(file, len, &at);
    ck_assert(outcome.complete);
    below = at, below.payments = 2;
    read_with(file, len, &below);
    ck_assert(has_finding(NKS_FINDING_CEILING, "too many payments"));
    ck_assert_uint_eq(outcome.payments, 2);
    below = at, below.groups = 1;
    read_with(file, len, &below);
    ck_assert(has_finding(NKS_FINDING_CEILING, "too many groups"));
    below = at, below.file_bytes = len - 1;
    read_with(file, len, &below);
    ck_assert(has_finding(NKS_FINDING_CEILING, "file"));
}
END_TEST

/* The 20th finding is the last; the 19 of a better file are all told. */
START_TEST(findings_ceiling)
{
    size_t len;
    for (size_t wrong = 19; wrong <= 25; wrong++) {
        char *file = repeated(BEGIN HEADER "<PmtInf>" GROUP, PAYMENT_NM_USTRD("", "x"), wrong, "</PmtInf>" END, &len);
        read_with(file, len, &nks_reader_limits);
        free(file);
        ck_assert_uint_eq(outcome.findings, wrong < NKS_FINDINGS_MAX ? wrong : NKS_FINDINGS_MAX);
    }
}
END_TEST

/* ---- hostile files are cheap */

static const struct {
    const char *before, *unit, *after;
    size_t count;
} hostile_cases[] = {
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>", "&#65;", "</EndToEndId>", 1000000},
    {BEGIN HEADER "<PmtInf>" GROUP "<CdtTrfTxInf><PmtId><EndToEndId>", "&amp;", "</EndToEndId>", 1000000},
    {BEGIN, "<Id>", "", 1000000},
    {BEGIN, "<a%>", "", 300000},
    {BEGIN "<GrpHdr", " a%='x'", "/>", 300000},
    {BEGIN "<GrpHdr a='", "<", "", 5000000},
    {BEGIN "<GrpHdr a='", ">", "", 5000000},
    {BEGIN "<GrpHdr><MsgId>&", "a", "", 5000000},
    {BEGIN "<", "a", "", 5000000},
    {BEGIN "<!--", "-", "", 5000000},
    {"<", "a", "", 5000000},
    {"<?xml ", " ", "", 5000000},
    {"", " ", "", 5000000},
};

START_TEST(hostile_files)
{
    size_t len;
    char *file = repeated(hostile_cases[_i].before, hostile_cases[_i].unit, hostile_cases[_i].count,
                          hostile_cases[_i].after, &len);
    read_with(file, len, &nks_reader_limits);
    free(file);
    ck_assert(!outcome.complete);
    ck_assert_msg(outcome.end.bytes < 1500000, "%llu bytes read", (unsigned long long)outcome.end.bytes);
}
END_TEST

/* ---- cut and broken files */

START_TEST(truncated_everywhere)
{
    static const char file[] = XML FILE_OF(PAYMENT);
    size_t len = sizeof file - 1;
    for (size_t cut = 0; cut < len; cut++) {
        read_with(file, cut, &nks_reader_limits);
        SOUND(!outcome.complete, "complete after %zu of %zu bytes", cut, len);
    }
    read_with(file, len, &nks_reader_limits);
    ck_assert(outcome.complete);
}
END_TEST

START_TEST(mutated_files)
{
    static const char file[] = XML FILE_OF(PAYMENT "<!-- a -->" PAYMENT_NM_USTRD("A<![CDATA[b]]>", "x"));
    static const char nasty[] = "<>&;\"'/!?-[] \0\xC3\xFE=:";
    char bytes[sizeof file];
    unsigned state = 12345;
    for (int i = 0; i < 1500; i++) {
        memcpy(bytes, file, sizeof file);
        for (int n = i % 3; n >= 0; n--) {
            state = state * 1103515245 + 12345;
            size_t at = state / 65536 * 7919 % (sizeof file - 1);
            state = state * 1103515245 + 12345;
            bytes[at] = nasty[state / 65536 % (sizeof nasty - 1)];
        }
        read_with(bytes, sizeof file - 1, &nks_reader_limits); /* checks what must always hold */
    }
}
END_TEST

/* ---- the program */

static const char program[] = NKS_BIN_DIR "/nks-reader";

struct feed {
    const char *bytes;
    size_t left, step;
    int stop_after; /* frames; 0: never */
};

static enum nks_status give(void *user, struct nks_text *piece, struct nks_fault *fault)
{
    struct feed *feed = user;
    (void)fault;
    *piece = (struct nks_text){feed->bytes, feed->left < feed->step ? feed->left : feed->step};
    feed->bytes += piece->len;
    feed->left -= piece->len;
    return NKS_OK;
}

static enum nks_status take(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault)
{
    struct feed *feed = user;
    keep_frame(frame);
    if (feed->stop_after > 0 && --feed->stop_after == 0)
        return nks_fault_set(fault, NKS_REFUSED, "STOP", "enough");
    return NKS_OK;
}

static enum nks_status run_program(const char *path, struct feed feed, enum nks_reader_end *end,
                                   struct nks_reader_usage *usage)
{
    struct nks_fault fault;
    struct nks_reader *reader;
    memset(&outcome, 0, sizeof outcome);
    nks_fault_clear(&fault);
    enum nks_status status = nks_reader_open(path, (int64_t)feed.left, &reader, &fault);
    if (status == NKS_OK)
        status = nks_reader_pump(reader, &(struct nks_reader_calls){&feed, give, take}, end, &fault);
    nks_reader_close(reader, usage);
    return status;
}

/* A shell script as a reader that misbehaves. */
static const char *fake(char path[64], const char *script)
{
    strcpy(path, "/tmp/nks-fake-reader-XXXXXX");
    int fd = mkstemp(path);
    char text[512];
    int len = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    SOUND(fd >= 0 && write(fd, text, (size_t)len) == len && fchmod(fd, 0700) == 0 && close(fd) == 0, "no script");
    return path;
}

static bool have_program(void)
{
    if (access(program, X_OK) == 0)
        return true;
    printf("nks-reader is not built: skipped\n");
    return false;
}

START_TEST(program_reads)
{
    if (!have_program())
        return;
    size_t len;
    char *file = repeated(BEGIN HEADER "<PmtInf>" GROUP, PAYMENT, 20000, "</PmtInf>" END, &len);
    for (size_t step = 1000; step <= len; step *= 50) {
        enum nks_reader_end end = NKS_READER_DIED;
        struct nks_reader_usage usage;
        ck_assert_int_eq(run_program(program, (struct feed){file, len, step, 0}, &end, &usage), NKS_OK);
        ck_assert_msg(end == NKS_READER_DONE, "%s, wait status %x", nks_reader_end_name(end),
                      (unsigned)usage.wait_status);
        check_outcome();
        ck_assert(outcome.complete);
        ck_assert_uint_eq(outcome.payments, 20000);
        ck_assert_int_gt(usage.peak_rss_bytes, 0);
    }
    free(file);
}
END_TEST

START_TEST(program_refuses)
{
    if (!have_program())
        return;
    for (size_t i = 0; i < sizeof bad_cases / sizeof bad_cases[0]; i += 5) {
        enum nks_reader_end end = NKS_READER_DIED;
        const char *file = bad_cases[i].file;
        ck_assert_int_eq(run_program(program, (struct feed){file, strlen(file), 65536, 0}, &end, NULL), NKS_OK);
        ck_assert_int_eq(end, NKS_READER_DONE);
        check_outcome();
        ck_assert(!outcome.complete && has_finding(bad_cases[i].kind, bad_cases[i].part));
    }
}
END_TEST

/* The reader leaves after the first megabyte; the parent still has plenty to write. */
START_TEST(program_leaves_early)
{
    if (!have_program())
        return;
    size_t len;
    enum nks_reader_end end = NKS_READER_DIED;
    char *file = repeated("<Document>", " ", 20000000, "", &len);
    ck_assert_int_eq(run_program(program, (struct feed){file, len, 100000, 0}, &end, NULL), NKS_OK);
    free(file);
    ck_assert_int_eq(end, NKS_READER_DONE);
    ck_assert(has_finding(NKS_FINDING_VERSION, ""));
}
END_TEST

START_TEST(caller_stops)
{
    if (!have_program())
        return;
    size_t len;
    enum nks_reader_end end;
    struct nks_reader_usage usage;
    char *file = repeated(BEGIN HEADER "<PmtInf>" GROUP, PAYMENT, 20000, "</PmtInf>" END, &len);
    ck_assert_int_eq(run_program(program, (struct feed){file, len, 65536, 10}, &end, &usage), NKS_REFUSED);
    free(file);
    ck_assert(WIFSIGNALED(usage.wait_status) || WIFEXITED(usage.wait_status));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
}
END_TEST

static const struct {
    const char *script;
    enum nks_reader_end end;
} fakes[] = {
    {"exit 0", NKS_READER_GARBAGE},
    {"exit 3", NKS_READER_DIED},
    {"exit 6", NKS_READER_NO_JAIL},
    {"exit 8", NKS_READER_DIED},
    {"exit 4", NKS_READER_LOST},
    {"kill -KILL $$", NKS_READER_LOST},
    {"kill -TERM $$", NKS_READER_LOST},
    {"kill -SEGV $$", NKS_READER_DIED},
    {"kill -XCPU $$", NKS_READER_TIME},
    {"echo hello, this is no frame", NKS_READER_GARBAGE},
    {"head -c 5000000 /dev/zero", NKS_READER_GARBAGE},
    {"printf '\\001\\0\\0\\0\\014\\0\\0\\0\\002\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'; exit 0",
     NKS_READER_GARBAGE}, /* no END */
    {"printf '\\001\\0\\0\\0\\014\\0\\0\\0\\002\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'; exit 8", NKS_READER_DIED},
    {"printf '\\001\\0\\0\\0\\377\\377\\377\\377'; cat >/dev/null", NKS_READER_GARBAGE}, /* an endless frame */
    {"printf '\\007\\0\\0\\0\\030\\0\\0\\0\\001\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'",
     NKS_READER_GARBAGE},                                                     /* complete, without a document */
    {"exec >&-; sleep 60", NKS_READER_TIME},                                  /* closes its output and stays */
    {"test \"$(env | grep -c NKS_TEST)\" = 0 && exit 6", NKS_READER_NO_JAIL}, /* the environment is empty */
    {"test ! -e /proc/self/fd/9 && exit 6", NKS_READER_NO_JAIL},              /* nothing else is open */
};

START_TEST(misbehaving_readers)
{
    char path[64];
    static char file[300000];
    enum nks_reader_end end = NKS_READER_DONE;
    setenv("NKS_TEST", "1", 1);
    int extra = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(dup2(extra, 9), 9);
    fake(path, fakes[_i].script);
    ck_assert_int_eq(run_program(path, (struct feed){file, sizeof file, 65536, 0}, &end, NULL), NKS_OK);
    unlink(path);
    ck_assert_msg(end == fakes[_i].end, "%s", nks_reader_end_name(end));
    ck_assert(!outcome.complete);
}
END_TEST

START_TEST(no_such_program)
{
    enum nks_reader_end end;
    ck_assert_int_eq(run_program("/nowhere/nks-reader", (struct feed){"", 0, 1, 0}, &end, NULL), NKS_FAILED);
    ck_assert_int_eq(run_program("nks-reader", (struct feed){"", 0, 1, 0}, &end, NULL), NKS_FAILED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *files = tcase_create("files"), *programs = tcase_create("program");
    tcase_set_timeout(files, 100);
    tcase_add_test(files, good_09);
    tcase_add_test(files, good_03);
    tcase_add_loop_test(files, good_later_versions, 0, (int)(sizeof good_newer / sizeof good_newer[0]));
    tcase_add_test(files, names_of_versions);
    tcase_add_test(files, tokens_of_the_records);
    tcase_add_loop_test(files, texts, 0, sizeof text_cases / sizeof text_cases[0]);
    tcase_add_test(files, texts_over_every_border);
    tcase_add_test(files, blanks_between_elements);
    tcase_add_test(files, prefixes_are_names_too);
    tcase_add_test(files, schema_location_is_ignored);
    tcase_add_loop_test(files, bad_files, 0, sizeof bad_cases / sizeof bad_cases[0]);
    tcase_add_test(files, zero_byte);
    tcase_add_test(files, findings_have_their_place);
    tcase_add_loop_test(files, ceilings, 0, sizeof ceiling_cases / sizeof ceiling_cases[0]);
    tcase_add_test(files, record_ceiling);
    tcase_add_test(files, counting_ceilings);
    tcase_add_test(files, findings_ceiling);
    tcase_add_loop_test(files, hostile_files, 0, sizeof hostile_cases / sizeof hostile_cases[0]);
    tcase_add_test(files, truncated_everywhere);
    tcase_add_test(files, mutated_files);
    suite_add_tcase(suite, files);
    tcase_set_timeout(programs, 60);
    tcase_add_test(programs, program_reads);
    tcase_add_test(programs, program_refuses);
    tcase_add_test(programs, program_leaves_early);
    tcase_add_test(programs, caller_stops);
    tcase_add_loop_test(programs, misbehaving_readers, 0, sizeof fakes / sizeof fakes[0]);
    tcase_add_test(programs, no_such_program);
    suite_add_tcase(suite, programs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
