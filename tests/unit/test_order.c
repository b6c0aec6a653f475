/*
 * Order files: what a payer may write in any version (generated from our guideline's own XSDs, so that it grows with
 * them), written in both versions that orders have, for each kind of creditor; every file is judged by ISO's schema of
 * its version and by our guideline. NKS_ORDERS sets how many files are made per pair of versions.
 */
#include "iso20022/order.h"
#include "iso20022/version.h"
#include "record_build.h"
#include "xml_judge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UETR         "01234567-89ab-4cde-8f01-23456789abcd"

enum { ORDERS_DEFAULT = 200, LEGS = 6, SEED = 20051107, FILES_MAX = 16 };

static struct sink sink;
static struct nks_xmlout out;
static struct nks_fault fault;
static struct judge official[NKS_PAIN001_END], guideline[NKS_PAIN001_END]; /* those of orders */
static xmlDocPtr schemas[NKS_PAIN001_END][FILES_MAX];
static size_t schema_counts[NKS_PAIN001_END];

static const enum nks_pain001_version orders[] = {NKS_PAIN001_03, NKS_PAIN001_09};

static struct nks_text attribute(xmlNodePtr node, const char *name);

/* A guideline's file and those it includes. */
static void load_schema(int version, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/schemas/%s", NKS_SOURCE_DIR, name);
    xmlDocPtr doc = xmlReadFile(path, NULL, XML_PARSE_NOBLANKS);
    ck_assert_msg(doc != NULL && schema_counts[version] < FILES_MAX, "%s", path);
    schemas[version][schema_counts[version]++] = doc;
    for (xmlNodePtr n = xmlDocGetRootElement(doc)->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "include") == 0)
            load_schema(version, attribute(n, "schemaLocation").ptr);
    }
}

static void setup(void)
{
    char path[1024];
    for (int v = NKS_PAIN001_UNKNOWN + 1; v < NKS_PAIN001_END; v++) {
        snprintf(path, sizeof path, "%s.xsd", nks_pain001_name((enum nks_pain001_version)v));
        load_schema(v, path);
    }
    for (size_t i = 0; i < COUNT(orders); i++) {
        snprintf(path, sizeof path, "iso20022/%s.xsd", nks_pain001_name(orders[i]));
        judge_open_shared(&official[orders[i]], path);
        snprintf(path, sizeof path, "%s/schemas/%s.xsd", NKS_SOURCE_DIR, nks_pain001_name(orders[i]));
        judge_open(&guideline[orders[i]], path);
        ck_assert_ptr_nonnull(guideline[orders[i]].schema);
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < COUNT(orders); i++) {
        judge_close(&official[orders[i]]);
        judge_close(&guideline[orders[i]]);
    }
    for (int v = 0; v < NKS_PAIN001_END; v++) {
        for (size_t i = 0; i < schema_counts[v]; i++)
            xmlFreeDoc(schemas[v][i]);
        schema_counts[v] = 0;
    }
    free(sink.bytes);
    sink.bytes = NULL;
    xmlCleanupParser();
}

/* ---- what a payer may write */

static uint64_t random_state;
static int chance_percent; /* of an optional element */

static unsigned random_below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % limit;
}

static struct nks_text attribute(xmlNodePtr node, const char *name)
{
    for (xmlAttrPtr a = node->properties; a != NULL; a = a->next) {
        if (strcmp((const char *)a->name, name) == 0)
            return nks_text_from((const char *)a->children->content);
    }
    return (struct nks_text){NULL, 0};
}

static xmlNodePtr child(xmlNodePtr node, const char *name)
{
    for (xmlNodePtr n = node->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
            return n;
    }
    return NULL;
}

static xmlNodePtr find_type(enum nks_pain001_version version, struct nks_text name)
{
    for (size_t i = 0; i < schema_counts[version]; i++) {
        for (xmlNodePtr n = xmlDocGetRootElement(schemas[version][i])->children; n != NULL; n = n->next) {
            if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "element") != 0 &&
                nks_text_equal(attribute(n, "name"), name))
                return n;
        }
    }
    ck_abort_msg("no type %.*s", (int)name.len, name.ptr);
}

/* Values of the types that have a form. A digit in a BIC of 09 and an unknown code are what the older cannot carry. */
static const struct {
    const char *type;
    enum nks_pain001_version version; /* the one that had it first; UNKNOWN: all have it */
    const char *values[4];
} forms[] = {
    {"Reference", 0, {"R-1", "a b<&>", "\303\246\303\270\303\245/7", "x"}},
    {"Count", 0, {"1", "007", "999999999999999", "3"}},
    {"MoneyText", 0, {"1", "12.50", "9999999999999.99999", "0.1"}},
    {"Currency", 0, {"DKK", "EUR", "USD", "JPY"}},
    {"Day", 0, {"2026-11-23", "2026-11-23Z", "2026-11-23+01:00", "2028-02-29"}},
    {"Instant",
     0,
     {"2026-11-23T10:00:00", "2026-11-23T10:00:00.123Z", "2026-11-23T10:00:00+01:00", "2026-11-23T23:59:59Z"}},
    {"Country", 0, {"DK", "FO", "GL", "DE"}},
    {"Iban", 0, {"DK5000400440116243", "FO9754320388899944", "DE89370400440532013000", "DK8152470021527478"}},
    {"LegalEntity",
     0,
     {"529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55", "54930084UKLVMY22DS16"}},
    {"Phone", 0, {"+45-12345678", "+45-(12)34", "+298-123", "+1-555"}},
    {"Uetr", 0, {UETR, UETR, UETR, UETR}},
    {"Bic", NKS_PAIN001_03, {"DABADKKK", "NDEADKKKXXX", "JYBADKKK", "BIKUDK22"}},
    {"Bic", NKS_PAIN001_09, {"DABADKKK", "NDEADKKKXXX", "D4BADKKK", "BIKUDK1O"}},
};

static const char *form_value(enum nks_pain001_version version, struct nks_text type)
{
    version = version == NKS_PAIN001_03 || version == NKS_PAIN001_08 ? NKS_PAIN001_03 : NKS_PAIN001_09;
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (nks_text_is(type, forms[i].type) && (forms[i].version == 0 || forms[i].version == version))
            return forms[i].values[random_below(4)];
    }
    return NULL;
}

static struct nks_text random_words(struct nks_buf *buf, unsigned max)
{
    static const char *const units[] = {
        "a",  "B",  "7",  " ", "&", "<", ">", "\"", "'", "-", "\303\246", "\342\202\254", "\360\237\230\200",
        "\r", "\n", "]]>"};
    unsigned len = 1 + random_below(random_below(4) == 0 ? max : max < 8 ? max : 8);
    nks_buf_char(buf, 'w');
    for (unsigned i = 1; i < len; i++) {
        const char *unit = units[random_below(COUNT(units))];
        nks_buf_str(buf, strlen(unit) == 3 && unit[0] == ']' ? "]" : unit);
    }
    return nks_buf_view(buf);
}

static void put_value(struct record *record, enum nks_pain001_version version, struct nks_text type)
{
    char memory[4096];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    if (form_value(version, type) != NULL) {
        record_text(record, nks_text_from(form_value(version, type)));
        return;
    }
    if (nks_text_is(type, "xs:boolean")) {
        record_text(record, random_below(2) == 0 ? NKS_TEXT("true") : NKS_TEXT("0"));
        return;
    }
    xmlNodePtr restriction = child(find_type(version, type), "restriction");
    struct nks_text base = attribute(restriction, "base");
    if (!nks_text_starts(base, "xs:")) {
        put_value(record, version, base);
        return;
    }
    xmlNodePtr values[64];
    unsigned count = 0, max = 0;
    for (xmlNodePtr n = restriction->children; n != NULL; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        REQUIRE(strcmp((const char *)n->name, "pattern") != 0, "%.*s needs values", (int)type.len, type.ptr);
        if (strcmp((const char *)n->name, "enumeration") == 0)
            values[count++] = n;
        if (strcmp((const char *)n->name, "maxLength") == 0)
            max = (unsigned)atoi(attribute(n, "value").ptr);
    }
    REQUIRE(count > 0 || max > 0, "%.*s has no facet", (int)type.len, type.ptr);
    record_text(record, count > 0 ? attribute(values[random_below(count)], "value") : random_words(&buf, max));
}

static bool is_simple(enum nks_pain001_version version, struct nks_text type)
{
    return nks_text_starts(type, "xs:") || strcmp((const char *)find_type(version, type)->name, "simpleType") == 0;
}

static void put_type(struct record *record, enum nks_pain001_version version, struct nks_text type);

static void put_element(struct record *record, enum nks_pain001_version version, xmlNodePtr element)
{
    record_open(record, attribute(element, "name"));
    put_type(record, version, attribute(element, "type"));
    record_close(record);
}

static void put_occurrences(struct record *record, enum nks_pain001_version version, xmlNodePtr element)
{
    struct nks_text max = attribute(element, "maxOccurs");
    unsigned most = max.len == 0 ? 1 : nks_text_is(max, "unbounded") ? 3 : (unsigned)atoi(max.ptr);
    unsigned count =
        nks_text_is(attribute(element, "minOccurs"), "0") ? random_below(100) < (unsigned)chance_percent : 1;
    if (count > 0)
        count = 1 + random_below(most);
    for (unsigned i = 0; i < count; i++)
        put_element(record, version, element);
}

/* The elements of a sequence or choice, behind those of the type it extends. */
static xmlNodePtr put_base(struct record *record, enum nks_pain001_version version, xmlNodePtr node)
{
    xmlNodePtr content = child(node, "complexContent");
    if (content == NULL)
        return node;
    put_type(record, version, attribute(child(content, "extension"), "base"));
    return child(content, "extension");
}

static void put_type(struct record *record, enum nks_pain001_version version, struct nks_text type)
{
    if (is_simple(version, type)) {
        put_value(record, version, type);
        return;
    }
    xmlNodePtr node = find_type(version, type);
    if (child(node, "simpleContent") != NULL) {
        record_ccy(record, nks_text_from(form_value(version, NKS_TEXT("Currency"))));
        put_value(record, version, NKS_TEXT("MoneyText"));
        return;
    }
    node = put_base(record, version, node);
    if (node->children == NULL)
        return;
    xmlNodePtr elements[32], group = child(node, "sequence") != NULL ? child(node, "sequence") : child(node, "choice");
    unsigned count = 0;
    for (xmlNodePtr n = group->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE)
            elements[count++] = n;
    }
    if (strcmp((const char *)group->name, "choice") == 0) {
        put_element(record, version, elements[random_below(count)]);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!nks_text_is(attribute(elements[i], "name"), "CdtTrfTxInf"))
            put_occurrences(record, version, elements[i]);
    }
}

static struct nks_text random_record(struct record *record, enum nks_pain001_version version, const char *element,
                                     const char *type)
{
    record_begin(record);
    record_open(record, nks_text_from(element));
    put_type(record, version, nks_text_from(type));
    record_close(record);
    return record_end(record);
}

/* ---- reading back */

static void put_node(struct record *record, xmlNodePtr node)
{
    record_open(record, nks_text_from((const char *)node->name));
    if (node->properties != NULL)
        record_ccy(record, attribute(node, "Ccy"));
    bool leaf = true;
    for (xmlNodePtr n = node->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE) {
            put_node(record, n);
            leaf = false;
        }
    }
    if (leaf) {
        xmlChar *text = xmlNodeGetContent(node);
        if (text[0] != '\0')
            record_text(record, nks_text_from((const char *)text));
        xmlFree(text);
    }
    record_close(record);
}

static struct nks_text record_of_node(struct record *record, xmlNodePtr node)
{
    record_begin(record);
    put_node(record, node);
    return record_end(record);
}

/* The elements under the outermost one, without those of the list, as bytes. */
static void children_but(struct nks_text record, const enum nks_element *list, size_t count, struct nks_buf *buf)
{
    struct nks_text rest = nks_record_tokens(record);
    (void)nks_token_next(&rest);
    while (rest.len > 1) {
        const char *start = rest.ptr;
        enum nks_element element = nks_token_next(&rest).element;
        for (int depth = 1; depth > 0;) {
            struct nks_token token = nks_token_next(&rest);
            depth += (token.kind == NKS_TOKEN_IS_OPEN) - (token.kind == NKS_TOKEN_IS_CLOSE);
        }
        bool listed = false;
        for (size_t i = 0; i < count; i++)
            listed = listed || list[i] == element;
        if (!listed)
            nks_buf_text(buf, (struct nks_text){start, (size_t)(rest.ptr - start)});
    }
    ck_assert(!buf->overflow);
}

static void assert_same_but(struct nks_text a, struct nks_text b, const enum nks_element *list, size_t count)
{
    static char memory_a[NKS_RECORD_MAX], memory_b[NKS_RECORD_MAX];
    struct nks_buf buf_a, buf_b;
    nks_buf_init(&buf_a, memory_a, sizeof memory_a);
    nks_buf_init(&buf_b, memory_b, sizeof memory_b);
    children_but(a, list, count, &buf_a);
    children_but(b, list, count, &buf_b);
    ck_assert(nks_text_equal(nks_buf_view(&buf_a), nks_buf_view(&buf_b)));
}

/* ---- one file */

static struct record header_record, group_record, payment_records[LEGS], read_record;

static struct nks_sum sum_of(const char *text)
{
    struct nks_sum sum = {0};
    ck_assert(nks_sum_parse(nks_text_from(text), &sum));
    return sum;
}

static struct nks_order_head head_of(enum nks_pain001_version from, enum nks_pain001_version to, struct nks_text header)
{
    return (struct nks_order_head){.version = to,
                                   .from_version = from,
                                   .msg_id = "NKS-M-1",
                                   .created = 1795399800,
                                   .legs = 1,
                                   .sum = sum_of("1300.50"),
                                   .header = header};
}

static struct nks_order_group group_of(struct nks_text group)
{
    return (struct nks_order_group){
        .group = group, .execution_date = nks_date_from_ymd(2026, 11, 24), .legs = 1, .sum = sum_of("1300.50")};
}

static struct nks_order_leg leg_of(struct nks_text payment, enum nks_order_creditor creditor)
{
    struct nks_order_leg leg = {.payment = payment,
                                .instr_id = "LEG-1",
                                .uetr = UETR,
                                .amount = {130050, "DKK"},
                                .creditor = creditor,
                                .account = {NKS_ACCOUNT_BBAN, "00400440116243", ""}};
    if (creditor == NKS_ORDER_OTHER_PARTY) {
        leg.party_name = NKS_TEXT("G\303\246ld & Co");
        leg.party_cvr = NKS_TEXT("19552101");
        leg.remittance = NKS_TEXT("Modregning <1>");
    }
    return leg;
}

static void file_begin(const struct nks_order_head *head, const struct nks_order_group *group)
{
    sink_reset(&sink);
    nks_fault_clear(&fault);
    nks_xmlout_begin(&out, NKS_UTF8, sink_write, &sink, &fault);
    nks_order_begin(&out, head);
    nks_order_group_begin(&out, head, group);
}

/* The file as a document, judged; the caller frees it. */
static xmlDocPtr file_end(enum nks_pain001_version version)
{
    nks_order_group_end(&out);
    nks_order_end(&out);
    ck_assert_int_eq(nks_xmlout_end(&out), NKS_OK);
    ck_assert_int_eq(out.written, (int64_t)sink.len);
    sink.bytes[sink.len] = '\0';
    xmlDocPtr doc = judge_read(sink.bytes, sink.len);
    judge_valid(&official[version], doc, sink.bytes, sink.len);
    judge_valid(&guideline[version], doc, sink.bytes, sink.len);
    return doc;
}

static xmlNodePtr group_node(xmlDocPtr doc)
{
    return child(child(xmlDocGetRootElement(doc), "CstmrCdtTrfInitn"), "PmtInf");
}

#define HEADER "GrpHdr{MsgId'P1'CreDtTm'2026-11-23T10:00:00'Authstn{Cd'AUTH'}NbOfTxs'9'InitgPty{Nm'Kommune'}}"
#define GROUP                                                                                                          \
    "PmtInf{PmtInfId'G1'PmtMtd'TRF'ReqdExctnDt%sDbtr{Nm'Kommune'}DbtrAcct{Id{Othr{Id'00400440116243'}}}"               \
    "DbtrAgt{FinInstnId}}"
#define FULL                                                                                                           \
    "CdtTrfTxInf{PmtId{InstrId'P'EndToEndId'E1'}PmtTpInf{InstrPrty'NORM'SvcLvl{Cd'SDVA'}LclInstrm{Prtry'7'}}"          \
    "Amt{InstdAmt[DKK]'1300.50'}ChrgBr'SHAR'UltmtDbtr{Nm'U'}Cdtr{Nm'Jens'PstlAdr{Ctry'DK'}"                            \
    "Id{PrvtId{Othr{Id'0101011234'SchmeNm{Cd'SOSE'}}}}}UltmtCdtr{Nm'V'}InstrForDbtrAgt'i'Purp{Cd'SSBE'}"               \
    "RmtInf{Ustrd'pension'}}"
#define BARE "CdtTrfTxInf{PmtId{EndToEndId'E1'}Amt{InstdAmt[DKK]'1300.50'}}"

static struct nks_text group_build(enum nks_pain001_version version)
{
    char notation[512];
    snprintf(notation, sizeof notation, GROUP, version != NKS_PAIN001_03 ? "{Dt'2026-11-23'}" : "'2026-11-23'");
    return record_build(&group_record, notation);
}

/* The text of the one leg of a file. */
static struct nks_text written_leg(enum nks_pain001_version from, enum nks_pain001_version to,
                                   const struct nks_order_leg *leg)
{
    struct nks_order_head head = head_of(from, to, record_build(&header_record, HEADER));
    struct nks_order_group group = group_of(group_build(from));
    file_begin(&head, &group);
    nks_order_leg_write(&out, &head, leg);
    xmlFreeDoc(file_end(to));
    char *start = strstr(sink.bytes, "<CdtTrfTxInf>") + 13, *end = strstr(start, "</CdtTrfTxInf>");
    *end = '\0';
    return (struct nks_text){start, (size_t)(end - start)};
}

/* ---- tests with words */

START_TEST(test_frame)
{
    enum nks_pain001_version version = (enum nks_pain001_version)_i;
    struct nks_order_head head = head_of(version, version, record_build(&header_record, HEADER));
    struct nks_order_group group = group_of(group_build(version));
    struct nks_order_leg leg = leg_of(record_build(&payment_records[0], BARE), NKS_ORDER_ACCOUNT_SET);
    file_begin(&head, &group);
    nks_order_leg_write(&out, &head, &leg);
    xmlFreeDoc(file_end(version));
    char want[4096];
    bool new = version == NKS_PAIN001_09;
    snprintf(want, sizeof want,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.%s\"><CstmrCdtTrfInitn>\n"
             "<GrpHdr><MsgId>NKS-M-1</MsgId><CreDtTm>2026-11-23T02:10:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>"
             "<CtrlSum>1300.50</CtrlSum><InitgPty><Nm>Kommune</Nm></InitgPty></GrpHdr>\n"
             "<PmtInf><PmtInfId>G1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>1300.50</CtrlSum>"
             "<ReqdExctnDt>%s2026-11-24%s</ReqdExctnDt><Dbtr><Nm>Kommune</Nm></Dbtr><DbtrAcct><Id><Othr>"
             "<Id>00400440116243</Id></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId></FinInstnId></DbtrAgt>\n"
             "<CdtTrfTxInf><PmtId><InstrId>LEG-1</InstrId><EndToEndId>E1</EndToEndId>%s</PmtId>"
             "<Amt><InstdAmt Ccy=\"DKK\">1300.50</InstdAmt></Amt><CdtrAcct><Id><Othr><Id>00400440116243</Id><SchmeNm>"
             "<Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct></CdtTrfTxInf>\n"
             "</PmtInf>\n</CstmrCdtTrfInitn></Document>\n",
             new ? "09" : "03", new ? "<Dt>" : "", new ? "</Dt>" : "", new ? "<UETR>" UETR "</UETR>" : "");
    ck_assert_str_eq(sink.bytes, want);
}
END_TEST

START_TEST(test_creditors)
{
    static const struct {
        const char *notation;
        enum nks_order_creditor creditor;
        const char *want;
    } cases[] = {
        {FULL, NKS_ORDER_ACCOUNT_SET,
         "<PmtId><InstrId>LEG-1</InstrId><EndToEndId>E1</EndToEndId></PmtId><PmtTpInf><InstrPrty>NORM</InstrPrty>"
         "<SvcLvl><Cd>SDVA</Cd></SvcLvl><LclInstrm><Prtry>7</Prtry></LclInstrm></PmtTpInf>"
         "<Amt><InstdAmt Ccy=\"DKK\">1300.50</InstdAmt></Amt><ChrgBr>SHAR</ChrgBr><UltmtDbtr><Nm>U</Nm></UltmtDbtr>"
         "<Cdtr><Nm>Jens</Nm><PstlAdr><Ctry>DK</Ctry></PstlAdr><Id><PrvtId><Othr><Id>0101011234</Id><SchmeNm>"
         "<Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr><CdtrAcct><Id><Othr><Id>00400440116243</Id><SchmeNm>"
         "<Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct><UltmtCdtr><Nm>V</Nm></UltmtCdtr>"
         "<InstrForDbtrAgt>i</InstrForDbtrAgt><Purp><Cd>SSBE</Cd></Purp><RmtInf><Ustrd>pension</Ustrd></RmtInf>"},
        {FULL, NKS_ORDER_OTHER_PARTY,
         "<PmtId><InstrId>LEG-1</InstrId><EndToEndId>E1</EndToEndId></PmtId><PmtTpInf><InstrPrty>NORM</InstrPrty>"
         "<SvcLvl><Cd>SDVA</Cd></SvcLvl></PmtTpInf><Amt><InstdAmt Ccy=\"DKK\">1300.50</InstdAmt></Amt>"
         "<ChrgBr>SHAR</ChrgBr><Cdtr><Nm>G\303\246ld &amp; Co</Nm><Id><OrgId><Othr><Id>19552101</Id><SchmeNm>"
         "<Prtry>CVR</Prtry></SchmeNm></Othr></OrgId></Id></Cdtr><CdtrAcct><Id><Othr><Id>00400440116243</Id><SchmeNm>"
         "<Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct><RmtInf><Ustrd>Modregning &lt;1&gt;</Ustrd></RmtInf>"},
        {"CdtTrfTxInf{PmtId{EndToEndId'E1'}PmtTpInf{LclInstrm{Prtry'7'}}Amt{InstdAmt[DKK]'9'}}", NKS_ORDER_OTHER_PARTY,
         "<PmtId><InstrId>LEG-1</InstrId><EndToEndId>E1</EndToEndId></PmtId>"
         "<Amt><InstdAmt Ccy=\"DKK\">1300.50</InstdAmt></Amt><Cdtr><Nm>G\303\246ld &amp; Co</Nm><Id><OrgId><Othr>"
         "<Id>19552101</Id><SchmeNm><Prtry>CVR</Prtry></SchmeNm></Othr></OrgId></Id></Cdtr><CdtrAcct><Id><Othr>"
         "<Id>00400440116243</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct>"
         "<RmtInf><Ustrd>Modregning &lt;1&gt;</Ustrd></RmtInf>"},
        {"CdtTrfTxInf{PmtId{EndToEndId'E1'}Amt{InstdAmt[DKK]'9'}CdtrAgt{FinInstnId{BIC'DABADKKK'}}Cdtr{Nm'J'}"
         "CdtrAcct{Id{IBAN'DK5000400440116243'}Nm'x'}}",
         NKS_ORDER_AS_WRITTEN,
         "<PmtId><InstrId>LEG-1</InstrId><EndToEndId>E1</EndToEndId></PmtId>"
         "<Amt><InstdAmt Ccy=\"DKK\">1300.50</InstdAmt></Amt><CdtrAgt><FinInstnId><BIC>DABADKKK</BIC></FinInstnId>"
         "</CdtrAgt><Cdtr><Nm>J</Nm></Cdtr><CdtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id><Nm>x</Nm></CdtrAcct>"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_order_leg leg = leg_of(record_build(&payment_records[0], cases[i].notation), cases[i].creditor);
        ck_assert_str_eq(written_leg(NKS_PAIN001_03, NKS_PAIN001_03, &leg).ptr, cases[i].want);
    }
}
END_TEST

START_TEST(test_accounts)
{
    static const struct {
        struct nks_account account;
        enum nks_pain001_version version;
        const char *want;
    } cases[] = {
        {{NKS_ACCOUNT_BBAN, "00400440116243", ""},
         NKS_PAIN001_03,
         "<CdtrAcct><Id><Othr><Id>00400440116243</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct>"},
        {{NKS_ACCOUNT_IBAN, "DE89370400440532013000", "COBADEFFXXX"},
         NKS_PAIN001_03,
         "<CdtrAgt><FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId></CdtrAgt>"
         "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"},
        {{NKS_ACCOUNT_IBAN, "DE89370400440532013000", "COBADEFF"},
         NKS_PAIN001_09,
         "<CdtrAgt><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></CdtrAgt>"
         "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"},
        {{NKS_ACCOUNT_IBAN, "DE89370400440532013000", "C0BADEFF"},
         NKS_PAIN001_09,
         "<CdtrAgt><FinInstnId><BICFI>C0BADEFF</BICFI></FinInstnId></CdtrAgt>"
         "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"},
        {{NKS_ACCOUNT_IBAN, "DE89370400440532013000", "C0BADEFF"},
         NKS_PAIN001_03, /* no BIC of that version */
         "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"},
        {{NKS_ACCOUNT_FIK, "71+12345678", ""},
         NKS_PAIN001_09,
         "<CdtrAcct><Id><Othr><Id>12345678</Id><SchmeNm><Prtry>OCR</Prtry></SchmeNm></Othr></Id><Tp><Prtry>FIK71</"
         "Prtry></Tp></CdtrAcct>"},
    };
    /* The payer's account and agent go, whatever stood there; the place is right without a creditor too. */
    static const char *const notations[] = {
        BARE,
        FULL,
        ("CdtTrfTxInf{PmtId{EndToEndId'E1'}Amt{InstdAmt[DKK]'9'}CdtrAgt{FinInstnId{Nm'B'}}Cdtr{Nm'J'}"
         "CdtrAcct{Id{Othr{Id'NOTPROVIDED'}}}Purp{Cd'SALA'}}"),
        "CdtTrfTxInf{PmtId{EndToEndId'E1'}Amt{InstdAmt[DKK]'9'}CdtrAcct{Id{Othr{Id'NOTPROVIDED'}}}RmtInf}",
    };
    for (size_t i = 0; i < COUNT(cases) * COUNT(notations); i++) {
        struct nks_text payment = record_build(&payment_records[0], notations[i / COUNT(cases)]);
        struct nks_order_leg leg = leg_of(payment, NKS_ORDER_ACCOUNT_SET);
        leg.account = cases[i % COUNT(cases)].account;
        enum nks_pain001_version version = cases[i % COUNT(cases)].version;
        char got[4096] = "";
        const char *xml = written_leg(version, version, &leg).ptr;
        const char *agent = strstr(xml, "<CdtrAgt>"), *account = strstr(xml, "<CdtrAcct>");
        if (agent != NULL)
            strncat(got, agent, (size_t)(strstr(agent, "</CdtrAgt>") + 10 - agent));
        ck_assert_ptr_nonnull(account);
        strncat(got, account, (size_t)(strstr(account, "</CdtrAcct>") + 11 - account));
        ck_assert_str_eq(got, cases[i % COUNT(cases)].want);
        ck_assert_ptr_null(strstr(xml, "NOTPROVIDED"));
    }
}
END_TEST

START_TEST(test_texts_are_cut)
{
    static char longest[600];
    for (size_t i = 0; i < sizeof longest; i += 2)
        memcpy(longest + i, "\303\246", 2);
    struct nks_order_leg leg = leg_of(record_build(&payment_records[0], BARE), NKS_ORDER_OTHER_PARTY);
    leg.party_name = (struct nks_text){longest, 2 * 140 + 2};
    leg.remittance = (struct nks_text){longest, sizeof longest};
    leg.party_cvr = NKS_TEXT("");
    struct nks_text xml = written_leg(NKS_PAIN001_09, NKS_PAIN001_09, &leg); /* valid: both fit 140 characters */
    ck_assert_ptr_null(strstr(xml.ptr, "OrgId"));
    leg.party_name = leg.remittance = NKS_TEXT("");
    xml = written_leg(NKS_PAIN001_09, NKS_PAIN001_03, &leg);
    ck_assert_ptr_nonnull(strstr(xml.ptr, "<Cdtr></Cdtr>"));
    ck_assert_ptr_null(strstr(xml.ptr, "RmtInf"));
}
END_TEST

/* What a caller must not ask for fails the file and names the defect. */
START_TEST(test_refused_legs)
{
    static const struct {
        const char *notation;
        int64_t minor;
        enum nks_account_kind kind;
        enum nks_order_creditor creditor;
        const char *code;
    } cases[] = {
        {BARE, 0, NKS_ACCOUNT_BBAN, NKS_ORDER_ACCOUNT_SET, "ORDER-AMOUNT"},
        {BARE, -1, NKS_ACCOUNT_BBAN, NKS_ORDER_AS_WRITTEN, "ORDER-AMOUNT"},
        {BARE, 1, NKS_ACCOUNT_NONE, NKS_ORDER_ACCOUNT_SET, "ORDER-ACCOUNT"},
        {BARE, 1, NKS_ACCOUNT_NONE, NKS_ORDER_OTHER_PARTY, "ORDER-ACCOUNT"},
        {"CdtTrfTxInf{PmtId{EndToEndId'E'}Amt{InstdAmt[DKK]'1'}Cdtr{Id{OrgId{LEI'529900T8BM49AURSDO55'}}}}", 1,
         NKS_ACCOUNT_BBAN, NKS_ORDER_ACCOUNT_SET, "ORDER-LOSS"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_order_head head = head_of(NKS_PAIN001_09, NKS_PAIN001_03, record_build(&header_record, HEADER));
        struct nks_order_group group = group_of(group_build(NKS_PAIN001_09));
        struct nks_order_leg leg = leg_of(record_build(&payment_records[0], cases[i].notation), cases[i].creditor);
        leg.amount.minor = cases[i].minor;
        leg.account.kind = cases[i].kind;
        file_begin(&head, &group);
        nks_order_leg_write(&out, &head, &leg);
        ck_assert_int_eq(nks_xmlout_end(&out), NKS_FAILED);
        ck_assert_str_eq(fault.code, cases[i].code);
    }
}
END_TEST

/* ---- losses */

#define PAYMENT(inside)  "CdtTrfTxInf{PmtId{EndToEndId'E'}Amt{InstdAmt[DKK]'1'}" inside "}"
#define DOCUMENT(inside) PAYMENT("RmtInf{Strd{" inside "}}")
#define LEI              "LEI'529900T8BM49AURSDO55'"
#define BIT(id)          (UINT64_C(1) << ((id)-1))
#define WORDS_35         "12345678901234567890123456789012345"
#define WORDS_70         WORDS_35 WORDS_35

static const struct {
    const char *notation;
    enum nks_pain001_version from;
    uint64_t rows;
    const char *keeps; /* a part of the output, with CdtrAgt and the rest as written */
} loss_cases[] = {
    {PAYMENT("Cdtr{PstlAdr{BldgNm'x'Ctry'DK'}}"), NKS_PAIN001_09, BIT(1),
     "<Cdtr><PstlAdr><Ctry>DK</Ctry></PstlAdr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{Flr'x'}}"), NKS_PAIN001_09, BIT(2), "<Cdtr></Cdtr>"},
    {PAYMENT("UltmtCdtr{PstlAdr{PstBx'x'}}Purp{Cd'SALA'}"), NKS_PAIN001_09, BIT(3), "</Amt><Purp>"},
    {PAYMENT("Cdtr{PstlAdr{Room'x'TwnNm'By'}}"), NKS_PAIN001_09, BIT(4), "<PstlAdr><TwnNm>By</TwnNm></PstlAdr>"},
    {PAYMENT("Cdtr{PstlAdr{TwnLctnNm'x'}}"), NKS_PAIN001_09, BIT(5), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{DstrctNm'x'}}"), NKS_PAIN001_09, BIT(6), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{NmPrfx'MIKS'}}"), NKS_PAIN001_09, BIT(7), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{NmPrfx'DOCT'}}"), NKS_PAIN001_09, 0, "<NmPrfx>DOCT</NmPrfx>"},
    {PAYMENT("Cdtr{CtctDtls{EmailPurp'x'}}"), NKS_PAIN001_09, BIT(8), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{JobTitl'x'}}"), NKS_PAIN001_09, BIT(9), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{Rspnsblty'x'}}"), NKS_PAIN001_09, BIT(10), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{Dept'x'}}"), NKS_PAIN001_09, BIT(11), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{Dept'x'}}"), NKS_PAIN001_09, 0, "<Dept>x</Dept>"},
    {PAYMENT("Cdtr{CtctDtls{Othr{ChanlTp'x'Id'y'}Othr{ChanlTp'z'}}}"), NKS_PAIN001_09, BIT(12), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{PrefrdMtd'MAIL'}}"), NKS_PAIN001_09, BIT(13), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{Id{OrgId{" LEI "Othr{Id'19552101'}}}}"), NKS_PAIN001_09, BIT(14),
     "<Id><OrgId><Othr><Id>19552101</Id>"},
    {PAYMENT("UltmtCdtr{Id{OrgId{" LEI "}}}Purp{Cd'SALA'}"), NKS_PAIN001_09, BIT(14), "</Amt><Purp>"},
    {PAYMENT("Cdtr{Id{OrgId{AnyBIC'D1BADKKK'Othr{Id'1'}}}}"), NKS_PAIN001_09, BIT(15),
     "<OrgId><Othr><Id>1</Id></Othr></OrgId>"},
    {PAYMENT("Cdtr{Id{OrgId{AnyBIC'DABADKKK'}}}"), NKS_PAIN001_09, 0, "<BICOrBEI>DABADKKK</BICOrBEI>"},
    {PAYMENT("Cdtr{Nm'x'Id{OrgId{" LEI "}}}"), NKS_PAIN001_09, BIT(14) | BIT(16), NULL},
    {PAYMENT("Cdtr{Nm'x'Id{OrgId{AnyBIC'DABADK1K'}}}"), NKS_PAIN001_09, BIT(15) | BIT(16), NULL},
    {PAYMENT("CdtrAgt{FinInstnId{ClrSysMmbId{MmbId'1'}" LEI "}}"), NKS_PAIN001_09, BIT(18),
     "<MmbId>1</MmbId></ClrSysMmbId></FinInstnId>"},
    {PAYMENT("CdtrAgt{FinInstnId{BICFI'DABADKKO'}}"), NKS_PAIN001_09, BIT(19), NULL},
    {PAYMENT("CdtrAgt{FinInstnId{BICFI'DABADKKK'" LEI "}}"), NKS_PAIN001_09, BIT(18),
     "<BIC>DABADKKK</BIC></FinInstnId>"},
    {PAYMENT("CdtrAgt{FinInstnId{" LEI "Nm'x'}}"), NKS_PAIN001_09, BIT(20), NULL},
    {PAYMENT("CdtrAgt{FinInstnId{Nm'x'}BrnchId{" LEI "}}"), NKS_PAIN001_09, BIT(21), "</FinInstnId></CdtrAgt>"},
    {PAYMENT("CdtrAcct{Id{Othr{Id'1'}}Tp{Cd'VACC'}}"), NKS_PAIN001_09, BIT(22), "</Othr></Id></CdtrAcct>"},
    {PAYMENT("CdtrAcct{Id{Othr{Id'1'}}Tp{Cd'CACC'}}"), NKS_PAIN001_09, 0, "<Tp><Cd>CACC</Cd></Tp>"},
    {PAYMENT("CdtrAcct{Id{Othr{Id'1'}}Tp{Prtry'VACC'}}"), NKS_PAIN001_09, 0, "<Tp><Prtry>VACC</Prtry></Tp>"},
    {DOCUMENT("RfrdDocInf{Tp{CdOrPrtry{Cd'PUOR'}Issr'x'}Nb'7'}"), NKS_PAIN001_09, BIT(23),
     "<RfrdDocInf><Nb>7</Nb></RfrdDocInf>"},
    {DOCUMENT("RfrdDocInf{Tp{CdOrPrtry{Prtry'PUOR'}}}CdtrRefInf{Tp{CdOrPrtry{Cd'PUOR'}}}"), NKS_PAIN001_09, 0,
     "<Cd>PUOR</Cd>"},
    {DOCUMENT("RfrdDocAmt{DscntApldAmt{Tp{Cd'x'}Amt[DKK]'5'}}"), NKS_PAIN001_09, BIT(24),
     "<DscntApldAmt Ccy=\"DKK\">5</DscntApldAmt>"},
    {DOCUMENT("RfrdDocAmt{DscntApldAmt{Amt[DKK]'5'}DscntApldAmt{Amt[DKK]'6'}}"), NKS_PAIN001_09, BIT(25),
     "<RfrdDocAmt><DscntApldAmt Ccy=\"DKK\">5</DscntApldAmt></RfrdDocAmt>"},
    {DOCUMENT("RfrdDocAmt{TaxAmt{Tp{Cd'x'}Amt[DKK]'5'}}"), NKS_PAIN001_09, BIT(26), "<TaxAmt Ccy=\"DKK\">5</TaxAmt>"},
    {DOCUMENT("RfrdDocAmt{TaxAmt{Amt[DKK]'5'}TaxAmt{Amt[DKK]'6'}TaxAmt{Amt[DKK]'6'}RmtdAmt[DKK]'1'}"), NKS_PAIN001_09,
     BIT(27), "<TaxAmt Ccy=\"DKK\">5</TaxAmt><RmtdAmt Ccy=\"DKK\">1</RmtdAmt>"},
    {DOCUMENT("Invcr{Id{OrgId{" LEI "}}}"), NKS_PAIN001_09, BIT(14), "<RmtInf><Strd></Strd></RmtInf>"},
    {PAYMENT("Cdtr{PstlAdr{AdrTp{Cd'HOME'}}}"), NKS_PAIN001_09, 0, "<AdrTp>HOME</AdrTp>"},
    {PAYMENT("Cdtr{CtctDtls{Othr'x'}}"), NKS_PAIN001_03, BIT(28), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{AdrTp'HOME'}}"), NKS_PAIN001_03, 0, "<AdrTp><Cd>HOME</Cd></AdrTp>"},
    {PAYMENT("Cdtr{Id{OrgId{BICOrBEI'DABADKKK'}}}"), NKS_PAIN001_03, 0, "<AnyBIC>DABADKKK</AnyBIC>"},
    {PAYMENT("CdtrAgt{FinInstnId{BIC'DABADKKK'}}"), NKS_PAIN001_03, 0, "<BICFI>DABADKKK</BICFI>"},
    {DOCUMENT("RfrdDocAmt{DscntApldAmt[DKK]'5'TaxAmt[DKK]'6'}"), NKS_PAIN001_03, 0,
     "<DscntApldAmt><Amt Ccy=\"DKK\">5</Amt></DscntApldAmt><TaxAmt><Amt Ccy=\"DKK\">6</Amt></TaxAmt>"},
    {PAYMENT("Cdtr{PstlAdr Id{OrgId} CtctDtls}RmtInf"), NKS_PAIN001_03, 0,
     "<Cdtr><PstlAdr></PstlAdr><Id><OrgId></OrgId></Id><CtctDtls></CtctDtls></Cdtr><RmtInf></RmtInf>"},
    {PAYMENT("Cdtr{PstlAdr Id{OrgId} CtctDtls}RmtInf"), NKS_PAIN001_09, 0, "<Id><OrgId></OrgId></Id>"},
};

static enum nks_pain001_version other(enum nks_pain001_version version)
{
    return version == NKS_PAIN001_09 ? NKS_PAIN001_03 : NKS_PAIN001_09;
}

/* From versions in which no order is written. */
static const struct {
    const char *notation;
    enum nks_pain001_version from, to;
    uint64_t rows;
    const char *keeps;
} far_cases[] = {
    /* .08: a contact as in .03, amounts as in .09 */
    {PAYMENT("Cdtr{PstlAdr{AdrTp'HOME'}}"), NKS_PAIN001_08, NKS_PAIN001_09, 0, "<AdrTp><Cd>HOME</Cd></AdrTp>"},
    {PAYMENT("Cdtr{PstlAdr{AdrTp'HOME'}}"), NKS_PAIN001_08, NKS_PAIN001_03, 0, "<AdrTp>HOME</AdrTp>"},
    {PAYMENT("Cdtr{CtctDtls{Othr'x'}}"), NKS_PAIN001_08, NKS_PAIN001_09, BIT(28), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{Othr'x'}}"), NKS_PAIN001_08, NKS_PAIN001_03, 0, "<Othr>x</Othr>"},
    {PAYMENT("CdtrAgt{FinInstnId{BICFI'DABADKKK'}}Cdtr{Id{OrgId{AnyBIC'DABADKKK'}}}"), NKS_PAIN001_08, NKS_PAIN001_09,
     0, "<AnyBIC>DABADKKK</AnyBIC>"},
    {PAYMENT("CdtrAgt{FinInstnId{BICFI'DABADKKK'}}Cdtr{Id{OrgId{AnyBIC'DABADKKK'}}}"), NKS_PAIN001_08, NKS_PAIN001_03,
     0, "<BICOrBEI>DABADKKK</BICOrBEI>"},
    {DOCUMENT("RfrdDocAmt{DscntApldAmt{Tp{Cd'x'}Amt[DKK]'5'}}"), NKS_PAIN001_08, NKS_PAIN001_09, 0,
     "<DscntApldAmt><Tp><Cd>x</Cd></Tp><Amt Ccy=\"DKK\">5</Amt></DscntApldAmt>"},
    {DOCUMENT("RfrdDocAmt{DscntApldAmt{Tp{Cd'x'}Amt[DKK]'5'}}"), NKS_PAIN001_08, NKS_PAIN001_03, BIT(24),
     "<DscntApldAmt Ccy=\"DKK\">5</DscntApldAmt>"},
    /* .10 and .11: the instruction to the debtor's bank */
    {PAYMENT("InstrForDbtrAgt{InstrInf'x'}"), NKS_PAIN001_10, NKS_PAIN001_09, 0,
     "<InstrForDbtrAgt>x</InstrForDbtrAgt>"},
    {PAYMENT("InstrForDbtrAgt{InstrInf'x'}"), NKS_PAIN001_11, NKS_PAIN001_03, 0,
     "<InstrForDbtrAgt>x</InstrForDbtrAgt>"},
    {PAYMENT("InstrForDbtrAgt{Cd'XXXX'InstrInf'x'}"), NKS_PAIN001_11, NKS_PAIN001_09, BIT(29),
     "<InstrForDbtrAgt>x</InstrForDbtrAgt>"},
    {PAYMENT("InstrForDbtrAgt{Cd'XXXX'}Purp{Cd'SALA'}"), NKS_PAIN001_10, NKS_PAIN001_09, BIT(29), "</Amt><Purp>"},
    {PAYMENT("InstrForDbtrAgt Purp{Cd'SALA'}"), NKS_PAIN001_10, NKS_PAIN001_09, 0, "</Amt><Purp>"},
    {PAYMENT("InstrForCdtrAgt{Cd'HOLD'InstrInf'x'}"), NKS_PAIN001_10, NKS_PAIN001_09, 0,
     "<InstrForCdtrAgt><Cd>HOLD</Cd><InstrInf>x</InstrInf></InstrForCdtrAgt>"},
    {PAYMENT("Cdtr{Nm'x'Id{OrgId{" LEI "}}}"), NKS_PAIN001_10, NKS_PAIN001_03, BIT(14) | BIT(16), NULL},
    {PAYMENT("Cdtr{Nm'x'Id{OrgId{" LEI "}}}"), NKS_PAIN001_10, NKS_PAIN001_09, 0, "<LEI>"},
    /* .12 */
    {PAYMENT("Cdtr{PstlAdr{CareOf'x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(30), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{UnitNb'1'Ctry'DK'}}"), NKS_PAIN001_12, NKS_PAIN001_03, BIT(31),
     "<PstlAdr><Ctry>DK</Ctry></PstlAdr>"},
    {PAYMENT("Cdtr{PstlAdr{StrtNm'" WORDS_70 "'}}"), NKS_PAIN001_12, NKS_PAIN001_09, 0, WORDS_70 "</StrtNm>"},
    {PAYMENT("Cdtr{PstlAdr{StrtNm'" WORDS_70 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(32), WORDS_70 "</StrtNm>"},
    {PAYMENT("Cdtr{PstlAdr{BldgNm'" WORDS_35 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(33), WORDS_35 "</BldgNm>"},
    {PAYMENT("Cdtr{PstlAdr{BldgNm'" WORDS_35 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_03, BIT(33) | BIT(1),
     "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{PstlAdr{TwnNm'" WORDS_35 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_03, BIT(34), WORDS_35 "</TwnNm>"},
    {PAYMENT("Cdtr{PstlAdr{TwnLctnNm'" WORDS_35 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(35),
     WORDS_35 "</TwnLctnNm>"},
    {PAYMENT("Cdtr{PstlAdr{DstrctNm'" WORDS_35 "x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(36),
     WORDS_35 "</DstrctNm>"},
    {PAYMENT("Cdtr{CtctDtls{URLAdr'x'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(37), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{PrefrdMtd'ONLI'}}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(38), "<Cdtr></Cdtr>"},
    {PAYMENT("Cdtr{CtctDtls{PrefrdMtd'CELL'}}"), NKS_PAIN001_12, NKS_PAIN001_09, 0, "<PrefrdMtd>CELL</PrefrdMtd>"},
    {DOCUMENT("RfrdDocInf{Tp{CdOrPrtry{Cd'XXXX'}}Nb'7'}"), NKS_PAIN001_12, NKS_PAIN001_09, BIT(39),
     "<RfrdDocInf><Nb>7</Nb></RfrdDocInf>"},
    {DOCUMENT("RfrdDocInf{Tp{CdOrPrtry{Cd'PUOR'}}Nb'7'}"), NKS_PAIN001_12, NKS_PAIN001_09, 0, "<Cd>PUOR</Cd>"},
    {DOCUMENT("RfrdDocInf{Tp{CdOrPrtry{Prtry'XXXX'}}Nb'7'}"), NKS_PAIN001_12, NKS_PAIN001_09, 0, "<Prtry>XXXX</Prtry>"},
    {DOCUMENT("RfrdDocInf{RltdDt{Tp{Cd'XXXX'}Dt'2026-11-01'}}"), NKS_PAIN001_12, NKS_PAIN001_03, BIT(40),
     "<RltdDt>2026-11-01</RltdDt>"},
    {DOCUMENT("RfrdDocAmt{RmtAmtAndTp{Tp{Cd'x'}Amt[DKK]'5'}RmtAmtAndTp{Tp{Cd'x'}Amt[DKK]'5'}}CdtrRefInf{Ref'1'}"),
     NKS_PAIN001_12, NKS_PAIN001_09, BIT(41), "<Strd><CdtrRefInf><Ref>1</Ref></CdtrRefInf></Strd>"},
    {DOCUMENT("RfrdDocAmt{RmtAmtAndTp{Tp{Cd'x'}Amt[DKK]'5'}AdjstmntAmtAndRsn{Amt[DKK]'5'}}"), NKS_PAIN001_12,
     NKS_PAIN001_03, BIT(41), "<RfrdDocAmt><AdjstmntAmtAndRsn>"},
};

/* Every row of a message's losses is one that its version can have. */
static void assert_rows_of(uint64_t rows, enum nks_pain001_version from)
{
    size_t count;
    const struct nks_loss *table = nks_loss_table(&count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg((rows & BIT(i + 1)) == 0 || (table[i].from >> from & 1) != 0, "row %d", table[i].id);
}

static void check_loss(const char *notation, enum nks_pain001_version from, enum nks_pain001_version to, uint64_t rows,
                       const char *keeps)
{
    struct nks_text payment = record_build(&payment_records[0], notation);
    uint64_t got = nks_order_losses(payment, from, to);
    ck_assert_msg(got == rows, "%s: %jx", notation, (uintmax_t)got);
    assert_rows_of(rows, from);
    ck_assert_uint_eq(nks_order_losses(payment, from, from), 0);
    ck_assert_uint_eq(nks_order_leg_losses(payment, from, to, NKS_ORDER_OTHER_PARTY), 0);
    ck_assert_int_eq(nks_loss_rejects(rows), keeps == NULL);
    struct nks_order_leg leg = leg_of(payment, NKS_ORDER_AS_WRITTEN);
    if (keeps != NULL) {
        struct nks_text xml = written_leg(from, to, &leg);
        ck_assert_msg(strstr(xml.ptr, keeps) != NULL, "%s\n%s", notation, xml.ptr);
    }
    leg.creditor = NKS_ORDER_OTHER_PARTY;
    (void)written_leg(from, to, &leg);
}

START_TEST(test_losses)
{
    uint64_t seen = BIT(17); /* the BIC of a bank outside CdtrAgt stands in a group: test_group_losses */
    for (size_t i = 0; i < COUNT(loss_cases); i++) {
        check_loss(loss_cases[i].notation, loss_cases[i].from, other(loss_cases[i].from), loss_cases[i].rows,
                   loss_cases[i].keeps);
        seen |= loss_cases[i].rows;
    }
    for (size_t i = 0; i < COUNT(far_cases); i++) {
        check_loss(far_cases[i].notation, far_cases[i].from, far_cases[i].to, far_cases[i].rows, far_cases[i].keeps);
        seen |= far_cases[i].rows;
    }
    size_t count;
    const struct nks_loss *table = nks_loss_table(&count);
    ck_assert_uint_eq(seen, BIT(count + 1) - 1);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(table[i].id, (int)i + 1);
        ck_assert(table[i].from != 0 && (table[i].from >> table[i].to & 1) == 0);
        ck_assert_uint_gt(strlen(table[i].path), 0);
        ck_assert_uint_gt(strlen(table[i].words), 0);
        ck_assert_int_eq(nks_loss_rejects(BIT(i + 1)), table[i].effect == NKS_LOSS_REJECTED);
    }
}
END_TEST

/* What our own account replaces is no loss. */
START_TEST(test_leg_losses)
{
    struct nks_text payment =
        record_build(&payment_records[0], PAYMENT("CdtrAgt{FinInstnId{" LEI "}}Cdtr{Id{OrgId{" LEI "Othr{Id'1'}}}}"
                                                  "CdtrAcct{Id{Othr{Id'1'}}Tp{Cd'VACC'}}"));
    enum nks_pain001_version from = NKS_PAIN001_09, to = NKS_PAIN001_03;
    ck_assert_uint_eq(nks_order_leg_losses(payment, from, to, NKS_ORDER_AS_WRITTEN), BIT(20) | BIT(14) | BIT(22));
    ck_assert_uint_eq(nks_order_losses(payment, from, to), BIT(20) | BIT(14) | BIT(22));
    ck_assert_uint_eq(nks_order_leg_losses(payment, from, to, NKS_ORDER_ACCOUNT_SET), BIT(14));
    ck_assert_uint_eq(nks_order_leg_losses(payment, from, to, NKS_ORDER_OTHER_PARTY), 0);
}
END_TEST

START_TEST(test_group_losses)
{
    struct nks_text group = record_build(
        &group_record, "PmtInf{PmtInfId'G'PmtMtd'TRF'ReqdExctnDt{Dt'2026-11-23'}Dbtr{Id{OrgId{" LEI "}}}"
                       "DbtrAcct{Id{Othr{Id'1'}}Tp{Cd'VACC'}}DbtrAgt{FinInstnId{BICFI'D1BADKKK'" LEI "}}}");
    struct nks_text header = record_build(&header_record, "GrpHdr{MsgId'M'CreDtTm'2026-11-23T10:00:00'NbOfTxs'1'"
                                                          "InitgPty{PstlAdr{Room'1'}}}");
    ck_assert_uint_eq(nks_order_losses(group, NKS_PAIN001_09, NKS_PAIN001_03), BIT(14) | BIT(17) | BIT(18) | BIT(22));
    ck_assert_uint_eq(nks_order_losses(header, NKS_PAIN001_09, NKS_PAIN001_03), BIT(4));
    struct nks_order_head head = head_of(NKS_PAIN001_09, NKS_PAIN001_03, header);
    struct nks_order_group order_group = group_of(group);
    struct nks_order_leg leg = leg_of(record_build(&payment_records[0], BARE), NKS_ORDER_ACCOUNT_SET);
    file_begin(&head, &order_group);
    nks_order_leg_write(&out, &head, &leg);
    xmlFreeDoc(file_end(NKS_PAIN001_03));
    ck_assert_ptr_nonnull(strstr(sink.bytes, "<InitgPty></InitgPty>"));
    ck_assert_ptr_nonnull(strstr(sink.bytes, "<Dbtr></Dbtr>"));
    ck_assert_ptr_nonnull(strstr(sink.bytes, "<DbtrAgt><FinInstnId></FinInstnId></DbtrAgt>"));
}
END_TEST

/* ---- tests with chance */

static const enum nks_element ours_group[] = {NKS_E_NbOfTxs, NKS_E_CtrlSum, NKS_E_ReqdExctnDt, NKS_E_CdtTrfTxInf};
static const enum nks_element ours_leg[] = {NKS_E_PmtId, NKS_E_Amt, NKS_E_CdtrAgt, NKS_E_CdtrAcct};

static void assert_leg_kept(const struct nks_order_leg *leg, xmlNodePtr node)
{
    struct nks_text got = record_of_node(&read_record, node);
    if (leg->creditor == NKS_ORDER_AS_WRITTEN)
        assert_same_but(leg->payment, got, ours_leg, 2);
    else if (leg->creditor == NKS_ORDER_ACCOUNT_SET)
        assert_same_but(leg->payment, got, ours_leg, COUNT(ours_leg));
    for (xmlNodePtr n = node->children; leg->creditor == NKS_ORDER_OTHER_PARTY && n != NULL; n = n->next)
        ck_assert_msg(strstr(" PmtId PmtTpInf Amt ChrgBr CdtrAgt Cdtr CdtrAcct RmtInf ", (const char *)n->name) != NULL,
                      "%s", n->name);
}

/* What went over without a loss comes back as it was. */
static void assert_comes_back(enum nks_pain001_version from, const struct nks_order_leg *leg, xmlNodePtr node)
{
    enum nks_pain001_version to = other(from);
    if (leg->creditor != NKS_ORDER_AS_WRITTEN || nks_order_losses(leg->payment, from, to) != 0)
        return;
    static struct record there, back;
    struct nks_order_leg second = *leg;
    second.payment = record_of_node(&there, node);
    ck_assert_uint_eq(nks_order_losses(second.payment, to, from), 0);
    (void)written_leg(to, from, &second);
    *strchr(sink.bytes, '\0') = '<'; /* written_leg cut the text there */
    xmlDocPtr doc = judge_read(sink.bytes, sink.len);
    struct nks_text got = record_of_node(&back, child(group_node(doc), "CdtTrfTxInf"));
    assert_same_but(leg->payment, got, ours_leg, 2);
    xmlFreeDoc(doc);
}

/* Writes a file of random legs; returns how many legs it holds. */
static size_t random_file(enum nks_pain001_version from, enum nks_pain001_version to, struct nks_order_leg *legs)
{
    static const int chances[] = {5, 20, 50, 90};
    static const struct nks_account accounts[] = {{NKS_ACCOUNT_BBAN, "00400440116243", "DABADKKK"},
                                                  {NKS_ACCOUNT_IBAN, "DE89370400440532013000", "D4BADKKK"},
                                                  {NKS_ACCOUNT_FIK, "73+12345678", ""}};
    chance_percent = chances[random_below(COUNT(chances))];
    struct nks_text header = random_record(&header_record, from, "GrpHdr", "GroupHeader");
    struct nks_text group = random_record(&group_record, from, "PmtInf", "PaymentGroup");
    struct nks_order_head head = head_of(from, to, header);
    struct nks_order_group order_group = group_of(group);
    file_begin(&head, &order_group);
    ck_assert_int_le(out.written, nks_order_head_bound(header) + nks_order_group_bound(group));
    size_t count = 0;
    for (size_t i = 0; i < LEGS; i++) {
        struct nks_text payment = random_record(&payment_records[count], from, "CdtTrfTxInf", "Payment");
        legs[count] = leg_of(payment, (enum nks_order_creditor)random_below(3));
        legs[count].account = accounts[random_below(COUNT(accounts))];
        if (nks_loss_rejects(nks_order_leg_losses(payment, from, to, legs[count].creditor)))
            continue;
        int64_t before = out.written;
        nks_order_leg_write(&out, &head, &legs[count]);
        ck_assert_int_le(out.written - before, nks_order_leg_bound(payment));
        count++;
    }
    return count;
}

START_TEST(test_random)
{
    enum nks_pain001_version from = (enum nks_pain001_version)(1 + _i / 2);
    enum nks_pain001_version to = orders[_i % 2];
    bool order_too = from == NKS_PAIN001_03 || from == NKS_PAIN001_09;
    struct nks_order_leg legs[LEGS];
    int files = getenv("NKS_ORDERS") != NULL ? atoi(getenv("NKS_ORDERS")) : ORDERS_DEFAULT;
    random_state = SEED + (uint64_t)_i;
    size_t total = 0, lossless = 0;
    for (int file = 0; file < files; file++) {
        size_t count = random_file(from, to, legs);
        if (count == 0)
            continue; /* a group without payments is not written */
        xmlDocPtr doc = file_end(to);
        total += count;
        static struct record group_read;
        if (from == to)
            assert_same_but((struct nks_text){group_record.bytes, group_record.len},
                            record_of_node(&group_read, group_node(doc)), ours_group, COUNT(ours_group));
        xmlNodePtr node = child(group_node(doc), "CdtTrfTxInf");
        for (size_t i = 0; i < count; i++, node = node->next) {
            while (node->type != XML_ELEMENT_NODE)
                node = node->next;
            if (from == to)
                assert_leg_kept(&legs[i], node);
            else if (order_too)
                assert_comes_back(from, &legs[i], node);
            uint64_t rows = nks_order_losses(legs[i].payment, from, to);
            assert_rows_of(rows, from);
            lossless += rows == 0;
        }
        xmlFreeDoc(doc);
    }
    printf("%s to %s: %zu legs, %zu without loss\n", nks_pain001_name(from), nks_pain001_name(to), total, lossless);
    ck_assert_uint_gt(lossless, total / 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order");
    TCase *tcase = tcase_create("order");
    tcase_set_timeout(tcase, 110);
    tcase_add_unchecked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_frame, NKS_PAIN001_03, NKS_PAIN001_09 + 1);
    tcase_add_test(tcase, test_creditors);
    tcase_add_test(tcase, test_accounts);
    tcase_add_test(tcase, test_texts_are_cut);
    tcase_add_test(tcase, test_refused_legs);
    tcase_add_test(tcase, test_losses);
    tcase_add_test(tcase, test_leg_losses);
    tcase_add_test(tcase, test_group_losses);
    tcase_add_loop_test(tcase, test_random, 0, 2 * (NKS_PAIN001_END - 1));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
