#include "iso20022/pain002.h"
#include "xml_judge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct sink sink;
static struct nks_xmlout out;
static struct nks_fault fault;
static struct judge judge_03, judge_10;

/* ---- the charset and the escaping of xmlout */

static const char *written_text(enum nks_encoding encoding, struct nks_text text)
{
    sink_reset(&sink);
    nks_xmlout_begin(&out, encoding, sink_write, &sink, &fault);
    size_t start = out.used;
    nks_xmlout_text(&out, text);
    ck_assert_int_eq(out.written, (int64_t)out.used);
    ck_assert_int_eq(nks_xmlout_end(&out), NKS_OK);
    sink.bytes[sink.len] = '\0';
    return sink.bytes + start;
}

START_TEST(test_text)
{
    static const struct {
        enum nks_encoding encoding;
        const char *in, *out;
    } cases[] = {
        {NKS_UTF8, "plain", "plain"},
        {NKS_UTF8, "a<b>c&d\"e'f", "a&lt;b&gt;c&amp;d\"e'f"},
        {NKS_UTF8, "12345678&", "12345678&amp;"},
        {NKS_UTF8, "1234567&9abcdefgh", "1234567&amp;9abcdefgh"},
        {NKS_UTF8, "]]>", "]]&gt;"},
        {NKS_UTF8, "a\tb\nc\rd", "a\tb\nc&#13;d"},
        {NKS_UTF8, "a\001b\037c\177", "a?b?c\177"},
        {NKS_UTF8, "\357\277\276\357\277\277\357\277\275", "??\357\277\275"}, /* U+FFFE, U+FFFF, U+FFFD */
        {NKS_UTF8, "\303\246\342\202\254\360\237\230\200", "\303\246\342\202\254\360\237\230\200"},
        {NKS_UTF8, "\303", "?"},                     /* cut */
        {NKS_UTF8, "\303x", "?x"},                   /* broken */
        {NKS_UTF8, "\200\277", "??"},                /* alone */
        {NKS_UTF8, "\355\240\200", "???"},           /* a surrogate */
        {NKS_UTF8, "\300\257\340\200\257", "?????"}, /* overlong */
        {NKS_UTF8, "\364\220\200\200", "????"},      /* beyond U+10FFFF */
        {NKS_UTF8, "\364\217\277\275", "\364\217\277\275"},
        {NKS_ISO_8859_1, "\303\246\303\230\303\277\302\240", "\346\330\377\240"},
        {NKS_ISO_8859_1, "\342\202\254", "&#8364;"},
        {NKS_ISO_8859_1, "\302\244", "\244"},
        {NKS_ISO_8859_1, "\302\200\302\237", "&#128;&#159;"},
        {NKS_ISO_8859_1, "\360\237\230\200", "&#128512;"},
        {NKS_ISO_8859_15, "\342\202\254\305\240\305\241\305\275\305\276\305\222\305\223\305\270",
         "\244\246\250\264\270\274\275\276"},
        {NKS_ISO_8859_15, "\302\244\302\246\302\276", "&#164;&#166;&#190;"},
        {NKS_ISO_8859_15, "\303\246\302\245", "\346\245"},
        {NKS_ISO_8859_15, "\364\217\277\275&", "&#1114109;&amp;"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(written_text(cases[i].encoding, nks_text_from(cases[i].in)), cases[i].out);
    ck_assert_str_eq(written_text(NKS_UTF8, (struct nks_text){"a\0b", 3}), "a?b");
}
END_TEST

/* Every place of a special byte within a text, and every place of the text within the buffer. */
START_TEST(test_text_places)
{
    char text[41];
    for (size_t len = 1; len < sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', len);
            text[at] = '<';
            const char *got = written_text(NKS_UTF8, (struct nks_text){text, len});
            ck_assert_uint_eq(strlen(got), len + 3);
            ck_assert(strncmp(got + at, "&lt;", 4) == 0);
            ck_assert_uint_eq(strspn(got, "x"), at);
        }
    }
    for (size_t before = NKS_XMLOUT_BUFFER - 80; before <= NKS_XMLOUT_BUFFER; before++) {
        sink_reset(&sink);
        nks_xmlout_begin(&out, NKS_UTF8, sink_write, &sink, &fault);
        while (out.used < before)
            nks_xmlout_raw(&out, "-", 1);
        nks_xmlout_text(&out, NKS_TEXT("abc<\303\246\342\202\254defghijklmnop&"));
        nks_xmlout_element(&out, "Nm", NKS_TEXT("z"));
        nks_xmlout_element(&out, "Nm", NKS_TEXT(""));
        ck_assert_int_eq(nks_xmlout_end(&out), NKS_OK);
        static const char want[] = "abc&lt;\303\246\342\202\254defghijklmnop&amp;<Nm>z</Nm>";
        ck_assert_uint_eq(sink.len, before + sizeof want - 1);
        ck_assert_int_eq(out.written, (int64_t)sink.len);
        ck_assert(memcmp(sink.bytes + before, want, sizeof want - 1) == 0);
    }
}
END_TEST

START_TEST(test_cut)
{
    static const struct {
        const char *in;
        size_t max;
        const char *front, *rest;
    } cases[] = {
        {"", 3, "", ""},
        {"abc", 3, "abc", ""},
        {"abcd", 3, "abc", "d"},
        {"\303\246\303\246", 1, "\303\246", "\303\246"},
        {"\342\202\254x", 1, "\342\202\254", "x"},
        {"\303x", 1, "\303", "x"},
        {"abc", 0, "", "abc"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_text rest = nks_text_from(cases[i].in);
        ck_assert(nks_text_is(nks_xmlout_cut(&rest, cases[i].max), cases[i].front));
        ck_assert(nks_text_is(rest, cases[i].rest));
    }
}
END_TEST

/* The first error stands, and nothing is written after it. */
START_TEST(test_sink_fails)
{
    static char block[NKS_XMLOUT_BUFFER];
    memset(block, 'x', sizeof block);
    sink_reset(&sink);
    nks_xmlout_begin(&out, NKS_UTF8, sink_write, &sink, &fault);
    sink.answer = NKS_RETRY;
    nks_xmlout_raw(&out, block, sizeof block);
    nks_xmlout_raw(&out, block, sizeof block);
    sink.answer = NKS_OK;
    nks_xmlout_text(&out, (struct nks_text){block, sizeof block});
    nks_xmlout_raw(&out, block, sizeof block);
    ck_assert_int_eq(nks_xmlout_end(&out), NKS_RETRY);
    ck_assert_uint_eq(sink.len, 0);
}
END_TEST

/* ---- the status report */

static void begin(const struct nks_pain002_head *head, enum nks_encoding encoding)
{
    sink_reset(&sink);
    nks_xmlout_begin(&out, encoding, sink_write, &sink, &fault);
    nks_pain002_begin(&out, head);
}

/* Ends the report, validates it and returns it terminated. */
static const char *finish(enum nks_pain002_version version)
{
    nks_pain002_end(&out);
    ck_assert_int_eq(nks_xmlout_end(&out), NKS_OK);
    xmlDocPtr doc = judge_read(sink.bytes, sink.len);
    judge_valid(version == NKS_PAIN002_10 ? &judge_10 : &judge_03, doc, sink.bytes, sink.len);
    xmlFreeDoc(doc);
    sink.bytes[sink.len] = '\0';
    return sink.bytes;
}

static struct nks_sum sum_of(const char *text)
{
    struct nks_sum sum = {0};
    ck_assert(nks_sum_parse(nks_text_from(text), &sum));
    return sum;
}

static struct nks_pain002_head simple_head(enum nks_pain002_version version)
{
    return (struct nks_pain002_head){.version = version, .msg_id = "NKS-1", .created = 1795399800};
}

static const enum nks_pain002_version versions[] = {NKS_PAIN002_03, NKS_PAIN002_10};

START_TEST(test_full)
{
    struct nks_pain002_reason reasons[] = {{"AM10", NKS_TEXT("CtrlSum is wrong")}, {"NARR", NKS_TEXT("")}};
    struct nks_pain002_count counts[] = {{"ACCP", 2, sum_of("300.5")}, {"RJCT", 1, sum_of("7")}};
    struct nks_pain002_head head = {.version = versions[_i],
                                    .msg_id = "NKS-1",
                                    .created = 1795399800,
                                    .initg_pty = NKS_TEXT("NemKonto"),
                                    .orgnl_msg_id = NKS_TEXT("M1"),
                                    .orgnl_msg_nm_id = NKS_TEXT("pain.001.001.09"),
                                    .orgnl_cre_dt_tm = NKS_TEXT("2026-11-22T10:00:00.5+01:00"),
                                    .orgnl_nb_of_txs = NKS_TEXT("3"),
                                    .orgnl_ctrl_sum = NKS_TEXT("307.50"),
                                    .group_status = "PART",
                                    .reasons = reasons,
                                    .reason_count = 2,
                                    .counts = counts,
                                    .count_count = 2};
    struct nks_pain002_group group = {.orgnl_pmt_inf_id = NKS_TEXT("G1"),
                                      .status = "PART",
                                      .orgnl_nb_of_txs = NKS_TEXT("3"),
                                      .orgnl_ctrl_sum = NKS_TEXT("307.5"),
                                      .counts = counts,
                                      .count_count = 2};
    struct nks_pain002_account account = {
        .other = NKS_TEXT("12345678"), .scheme = NKS_TEXT("OCR"), .type = NKS_TEXT("FIK71")};
    struct nks_pain002_payment payment = {.orgnl_instr_id = NKS_TEXT("I1"),
                                          .orgnl_end_to_end_id = NKS_TEXT("E1"),
                                          .orgnl_uetr = NKS_TEXT("01234567-89ab-4cde-8f01-23456789abcd"),
                                          .status = "RJCT",
                                          .reasons = reasons,
                                          .reason_count = 1,
                                          .account = &account};
    begin(&head, NKS_UTF8);
    nks_pain002_group_begin(&out, &group);
    nks_pain002_payment_write(&out, versions[_i], &payment);
    nks_pain002_group_end(&out);
    char want[4096];
    snprintf(want, sizeof want,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.%02d\"><CstmrPmtStsRpt>\n"
             "<GrpHdr><MsgId>NKS-1</MsgId><CreDtTm>2026-11-23T02:10:00Z</CreDtTm>"
             "<InitgPty><Nm>NemKonto</Nm></InitgPty></GrpHdr>\n"
             "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
             "<OrgnlCreDtTm>2026-11-22T10:00:00.5+01:00</OrgnlCreDtTm><OrgnlNbOfTxs>3</OrgnlNbOfTxs>"
             "<OrgnlCtrlSum>307.50</OrgnlCtrlSum><GrpSts>PART</GrpSts>"
             "<StsRsnInf><Rsn><Cd>AM10</Cd></Rsn><AddtlInf>CtrlSum is wrong</AddtlInf></StsRsnInf>"
             "<StsRsnInf><Rsn><Cd>NARR</Cd></Rsn></StsRsnInf>"
             "<NbOfTxsPerSts><DtldNbOfTxs>2</DtldNbOfTxs><DtldSts>ACCP</DtldSts><DtldCtrlSum>300.50</DtldCtrlSum>"
             "</NbOfTxsPerSts><NbOfTxsPerSts><DtldNbOfTxs>1</DtldNbOfTxs><DtldSts>RJCT</DtldSts>"
             "<DtldCtrlSum>7.00</DtldCtrlSum></NbOfTxsPerSts></OrgnlGrpInfAndSts>\n"
             "<OrgnlPmtInfAndSts><OrgnlPmtInfId>G1</OrgnlPmtInfId><OrgnlNbOfTxs>3</OrgnlNbOfTxs>"
             "<OrgnlCtrlSum>307.5</OrgnlCtrlSum><PmtInfSts>PART</PmtInfSts>"
             "<NbOfTxsPerSts><DtldNbOfTxs>2</DtldNbOfTxs><DtldSts>ACCP</DtldSts><DtldCtrlSum>300.50</DtldCtrlSum>"
             "</NbOfTxsPerSts><NbOfTxsPerSts><DtldNbOfTxs>1</DtldNbOfTxs><DtldSts>RJCT</DtldSts>"
             "<DtldCtrlSum>7.00</DtldCtrlSum></NbOfTxsPerSts>\n"
             "<TxInfAndSts><OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId>%s<TxSts>RJCT</TxSts>"
             "<StsRsnInf><Rsn><Cd>AM10</Cd></Rsn><AddtlInf>CtrlSum is wrong</AddtlInf></StsRsnInf>"
             "<OrgnlTxRef><CdtrAcct><Id><Othr><Id>12345678</Id><SchmeNm><Prtry>OCR</Prtry></SchmeNm></Othr></Id>"
             "<Tp><Prtry>FIK71</Prtry></Tp></CdtrAcct></OrgnlTxRef></TxInfAndSts>\n"
             "</OrgnlPmtInfAndSts>\n"
             "</CstmrPmtStsRpt></Document>\n",
             (int)versions[_i],
             versions[_i] == NKS_PAIN002_10 ? "<OrgnlUETR>01234567-89ab-4cde-8f01-23456789abcd</OrgnlUETR>" : "");
    ck_assert_str_eq(finish(versions[_i]), want);
}
END_TEST

/* What the payer wrote is repeated only where it has the form of the standard. */
START_TEST(test_originals)
{
    static const struct {
        const char *time, *count, *sum;
        bool time_stays, count_stays, sum_stays;
    } cases[] = {
        {"2026-11-22T10:00:00", "1", "1", true, true, true},
        {"2026-11-22T10:00:00Z", "000000000000001", "1.5", true, true, true},
        {" 2024-02-29T23:59:59-14:00 ", "0", "-1.00", true, true, true},
        {"2026-02-29T10:00:00", "", "", false, false, false},
        {"2026-11-22T24:00:00", "1234567890123456", "1.", false, false, false},
        {"2026-11-22T10:60:00", "-1", ".5", false, false, false},
        {"2026-11-22T10:00:60", " 1", "1,5", false, false, false},
        {"2026-11-22T10:00:00+14:01", "1x", "1.2.3", false, false, false},
        {"2026-11-22T10:00:00+15:00", "&", "1e5", false, false, false},
        {"2026-11-22T10:00:00.", "\303\246", "1234567890123456789", false, false, false},
        {"2026-11-22 10:00:00", "+1", "--1", false, false, false},
        {"2026-11-22T10:00", "1.0", "123456789.1234567890", false, false, false},
        {"22-11-2026T10:00:00", "one", "-", false, false, false},
        {"2026-11-22T10:00:00.123456789Z", "999999999999999", "123456789012345.123", true, true, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_pain002_head head = simple_head(versions[_i]);
        head.orgnl_cre_dt_tm = nks_text_from(cases[i].time);
        head.orgnl_nb_of_txs = nks_text_from(cases[i].count);
        head.orgnl_ctrl_sum = nks_text_from(cases[i].sum);
        begin(&head, NKS_UTF8);
        const char *xml = finish(versions[_i]);
        ck_assert_msg((strstr(xml, "<OrgnlCreDtTm>") != NULL) == cases[i].time_stays, "%s", cases[i].time);
        ck_assert_msg((strstr(xml, "<OrgnlNbOfTxs>") != NULL) == cases[i].count_stays, "%s", cases[i].count);
        ck_assert_msg((strstr(xml, "<OrgnlCtrlSum>") != NULL) == cases[i].sum_stays, "%s", cases[i].sum);
        ck_assert(strstr(xml, "<OrgnlMsgId>NOTPROVIDED</OrgnlMsgId><OrgnlMsgNmId>NOTPROVIDED</OrgnlMsgNmId>") != NULL);
    }
}
END_TEST

/* Texts of `characters` times the character `unit`, and the pieces that come out. */
START_TEST(test_words)
{
    static const char *const units[] = {"x", "\303\246", "\342\202\254", "\360\237\230\200", "&", "\001", "\377", "\r"};
    static const size_t lengths[] = {1, 104, 105, 106, 209, 210, 211, 1000};
    static const enum nks_encoding encodings[] = {NKS_UTF8, NKS_ISO_8859_1, NKS_ISO_8859_15};
    static char words[4096];
    for (size_t i = 0; i < COUNT(units) * COUNT(lengths) * COUNT(encodings); i++) {
        const char *unit = units[i % COUNT(units)];
        size_t len = lengths[i / COUNT(units) % COUNT(lengths)];
        struct nks_buf buf;
        nks_buf_init(&buf, words, sizeof words);
        for (size_t k = 0; k < len; k++)
            nks_buf_str(&buf, unit);
        struct nks_pain002_reason reason = {"NARR", nks_buf_view(&buf)};
        struct nks_pain002_head head = simple_head(versions[_i]);
        head.reasons = &reason;
        head.reason_count = 1;
        begin(&head, encodings[i / COUNT(units) / COUNT(lengths)]);
        const char *xml = finish(versions[_i]);
        size_t pieces = 0;
        for (const char *at = xml; (at = strstr(at, "<AddtlInf>")) != NULL; at++)
            pieces++;
        ck_assert_uint_eq(pieces, (len + NKS_REASON_TEXT_MAX - 1) / NKS_REASON_TEXT_MAX);
    }
}
END_TEST

START_TEST(test_statuses)
{
    static const struct {
        const char *status;
        bool group_03, payment_03;
    } cases[] = {
        {"ACTC", true, true}, {"RCVD", true, false},     {"PART", true, false},  {"RJCT", true, true},
        {"PDNG", true, true}, {"ACCP", true, true},      {"ACSP", true, true},   {"ACSC", true, true},
        {"ACWC", true, true}, {"ACWP", false, false},    {"CANC", false, false}, {NULL, false, false},
        {"", false, false},   {"TOOLONG", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_pain002_count count = {cases[i].status, 1, sum_of("1")};
        struct nks_pain002_head head = simple_head(versions[_i]);
        head.group_status = cases[i].status;
        head.counts = &count;
        head.count_count = 1;
        struct nks_pain002_group group = {.status = cases[i].status};
        struct nks_pain002_payment payment = {.status = cases[i].status};
        begin(&head, NKS_UTF8);
        nks_pain002_group_begin(&out, &group);
        nks_pain002_payment_write(&out, versions[_i], &payment);
        nks_pain002_group_end(&out);
        const char *xml = finish(versions[_i]);
        size_t len = cases[i].status == NULL ? 0 : strlen(cases[i].status);
        bool code = versions[_i] == NKS_PAIN002_10 && len >= 1 && len <= 4;
        ck_assert_int_eq(strstr(xml, "<GrpSts>") != NULL, code || cases[i].group_03);
        ck_assert_int_eq(strstr(xml, "<PmtInfSts>") != NULL, cases[i].group_03);
        ck_assert_int_eq(strstr(xml, "<TxSts>") != NULL, code || cases[i].payment_03);
        ck_assert_int_eq(strstr(xml, "<NbOfTxsPerSts>") != NULL, code || cases[i].payment_03);
    }
}
END_TEST

/* The account used, where it has a form that the standard allows; else none. */
START_TEST(test_accounts)
{
    static const struct {
        const char *iban, *other, *scheme_cd, *scheme, *out; /* NULL: no OrgnlTxRef */
    } cases[] = {
        {"DK5000400440116243", "", "", "", "<Id><IBAN>DK5000400440116243</IBAN></Id>"},
        {"SE4550000000058398257466", "x", "y", "", "<Id><IBAN>SE4550000000058398257466</IBAN></Id>"},
        {"", "70010000001001", "BBAN", "",
         "<Id><Othr><Id>70010000001001</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id>"},
        {"", "123", "", "", "<Id><Othr><Id>123</Id></Othr></Id>"},
        {"", "123", "TOOLONG", "", "<Id><Othr><Id>123</Id><SchmeNm><Prtry>TOOLONG</Prtry></SchmeNm></Othr></Id>"},
        {"DK50", "", "", "", NULL}, /* the edge: four characters are no IBAN, five are */
        {"DK500", "", "", "", "<Id><IBAN>DK500</IBAN></Id>"},
        {"DK50 0040", "", "", "", NULL},
        {"dk5000400440116243", "", "", "", NULL},
        {"DKX000400440116243", "", "", "", NULL},
        {"DK5012345678901234567890123456789012", "", "", "", NULL}, /* 36 characters */
        {"", "", "BBAN", "", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nks_pain002_head head = simple_head(versions[_i]);
        struct nks_pain002_account account = {nks_text_from(cases[i].iban),
                                              nks_text_from(cases[i].other),
                                              nks_text_from(cases[i].scheme_cd),
                                              nks_text_from(cases[i].scheme),
                                              {NULL, 0}};
        struct nks_pain002_group group = {.orgnl_pmt_inf_id = NKS_TEXT("G1")};
        struct nks_pain002_payment payment = {.status = "ACCP", .account = &account};
        begin(&head, NKS_UTF8);
        nks_pain002_group_begin(&out, &group);
        nks_pain002_payment_write(&out, versions[_i], &payment);
        nks_pain002_group_end(&out);
        const char *xml = finish(versions[_i]);
        ck_assert_int_eq(strstr(xml, "<OrgnlTxRef>") != NULL, cases[i].out != NULL);
        ck_assert_msg(cases[i].out == NULL || strstr(xml, cases[i].out) != NULL, "%s", xml);
    }
}
END_TEST

/* The message in the charset of the question: bytes of every level, and what the charset cannot carry. */
START_TEST(test_charsets)
{
    static const struct {
        enum nks_encoding encoding;
        const char *name, *euro, *oe, *polish;
    } cases[] = {
        {NKS_UTF8, "UTF-8", "\342\202\254", "\303\270", "\305\202"},
        {NKS_ISO_8859_1, "ISO-8859-1", "&#8364;", "\370", "&#322;"},
        {NKS_ISO_8859_15, "ISO-8859-15", "\244", "\370", "&#322;"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char id[] = "L\303\270n \342\202\254 \305\202";
        struct nks_pain002_reason reason = {"NARR", nks_text_from(id)};
        struct nks_pain002_head head = simple_head(versions[_i]);
        head.orgnl_msg_id = nks_text_from(id);
        head.reasons = &reason;
        head.reason_count = 1;
        struct nks_pain002_group group = {.orgnl_pmt_inf_id = nks_text_from(id)};
        struct nks_pain002_payment payment = {
            .orgnl_end_to_end_id = nks_text_from(id), .status = "ACCP", .reasons = &reason, .reason_count = 1};
        begin(&head, cases[i].encoding);
        nks_pain002_group_begin(&out, &group);
        nks_pain002_payment_write(&out, versions[_i], &payment);
        nks_pain002_group_end(&out);
        const char *xml = finish(versions[_i]);
        char want[128];
        snprintf(want, sizeof want, "<?xml version=\"1.0\" encoding=\"%s\"?>", cases[i].name);
        ck_assert(strncmp(xml, want, strlen(want)) == 0);
        static const char *const elements[] = {"OrgnlMsgId", "AddtlInf", "OrgnlPmtInfId", "OrgnlEndToEndId"};
        for (size_t e = 0; e < COUNT(elements); e++) {
            snprintf(want, sizeof want, "<%s>L%sn %s %s</%s>", elements[e], cases[i].oe, cases[i].euro, cases[i].polish,
                     elements[e]);
            ck_assert_msg(strstr(xml, want) != NULL, "%s is not in %s", want, xml);
        }
    }
}
END_TEST

/* Everything at once is garbage, and the report is valid. */
START_TEST(test_garbage)
{
    static const char *const garbage[] = {
        "",     "\001\002", "\377\376", "<>&\"'",       "]]>",
        "\r\n", " ",        "\303\246", "\xEF\xBF\xBF", "0123456789012345678901234567890123456789 and more"};
    static char longest[1000];
    memset(longest, 'y', sizeof longest);
    for (size_t i = 0; i <= COUNT(garbage); i++) {
        struct nks_text text = i < COUNT(garbage) ? nks_text_from(garbage[i]) : (struct nks_text){longest, 1000};
        char terminated[1001];
        ck_assert(nks_text_copy(text, terminated, sizeof terminated));
        struct nks_pain002_reason reason = {terminated, text};
        struct nks_pain002_count count = {"RJCT", i % 2 == 0 ? INT64_MAX : -1, {(nks_int128)INT64_MAX * INT32_MAX}};
        struct nks_pain002_head head = {versions[_i], terminated, 0,      text,    text, text,   text,
                                        text,         text,       "RJCT", &reason, 1,    &count, 1};
        struct nks_pain002_group group = {text, "RJCT", &reason, 1, text, text, &count, 1};
        struct nks_pain002_account accounts[] = {{text, {0}, {0}, {0}, text},
                                                 {{0}, text, text, {0}, text},
                                                 {{0}, text, {0}, text, {0}},
                                                 {text, text, text, text, text}};
        struct nks_pain002_payment payment = {text, text, text, "RJCT", &reason, 1, &accounts[i % COUNT(accounts)]};
        for (int encoding = NKS_UTF8; encoding <= NKS_ISO_8859_15; encoding++) {
            begin(&head, (enum nks_encoding)encoding);
            nks_pain002_group_begin(&out, &group);
            nks_pain002_payment_write(&out, versions[_i], &payment);
            nks_pain002_group_end(&out);
            finish(versions[_i]);
        }
    }
}
END_TEST

static void open_judges(void)
{
    judge_open_shared(&judge_03, "iso20022/pain.002.001.03.xsd");
    judge_open_shared(&judge_10, "iso20022/pain.002.001.10.xsd");
}

static void close_judges(void)
{
    judge_close(&judge_03);
    judge_close(&judge_10);
    free(sink.bytes);
    sink.bytes = NULL;
    xmlCleanupParser();
}

int main(void)
{
    Suite *suite = suite_create("pain002");
    TCase *tcase = tcase_create("pain002");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_judges, close_judges);
    tcase_add_test(tcase, test_text);
    tcase_add_test(tcase, test_text_places);
    tcase_add_test(tcase, test_cut);
    tcase_add_test(tcase, test_sink_fails);
    tcase_add_loop_test(tcase, test_full, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_originals, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_words, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_statuses, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_accounts, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_charsets, 0, COUNT(versions));
    tcase_add_loop_test(tcase, test_garbage, 0, COUNT(versions));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
