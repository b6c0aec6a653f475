/*
 * Evidence: whatever the reader accepts, ISO's own schema accepts too, and what it takes out of a message is what
 * stands in it. Judged are public messages of others and many thousand mutated ones, the reader in this process.
 *
 *   samples    every file of ../shared/samples. Where ISO's schema accepts a file that we refuse, each of our findings
 *              must be in the table of reasons below.
 *   mutations  changes of bytes and of elements. test_guideline.c changes trees that it generates from our schemas;
 *              here the bytes of the file are changed, so encodings, markup and truncation are met too.
 *
 * NKS_EVIDENCE is the number of mutated files; 20000 where it is not given. For the long run:
 *     NKS_EVIDENCE=100000 build/dev/bin/test_evidence
 * NKS_EVIDENCE_SEED chooses other ones. Without ISO's schemas the test is skipped and says so.
 */
#include "mutate.h"
#include "official.h"
#include "reader_run.h"

#include "iso20022/prolog.h"

#include <dirent.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MUTATIONS_DEFAULT = 20000, SEEDS_MAX = 400, SEED_BYTES_MAX = 24 * 1024, VALUES_MAX = 1 << 20, SEED = 20261122 };

static bool skipped(const char *what)
{
    if (official_present())
        return false;
    printf("skipped: %s (no ISO schemas)\n", what);
    return true;
}

/* ---- what the reader took, and what stands in the document: one line per header, group and payment */

struct values {
    size_t len;
    char text[VALUES_MAX];
};
static struct values taken, written;

static void put_value(struct values *values, const char *text, size_t len, char end)
{
    if (values->len + len + 1 > VALUES_MAX) /* ck_assert writes a line for every call, and this is called often */
        ck_abort_msg("no room for values");
    if (len > 0)
        memcpy(values->text + values->len, text, len);
    values->len += len;
    values->text[values->len++] = end;
}

/* A path below the element of the record; @Ccy is the attribute. Two paths: the versions differ. */
static const struct value {
    enum nks_frame_kind kind;
    enum nks_slot slot;
    const char *path, *other;
} value_table[] = {
    {NKS_FRAME_HEADER, NKS_SLOT_MSG_ID, "MsgId", NULL},
    {NKS_FRAME_HEADER, NKS_SLOT_NB_OF_TXS, "NbOfTxs", NULL},
    {NKS_FRAME_HEADER, NKS_SLOT_CTRL_SUM, "CtrlSum", NULL},
    {NKS_FRAME_GROUP, NKS_SLOT_PMT_INF_ID, "PmtInfId", NULL},
    {NKS_FRAME_GROUP, NKS_SLOT_NB_OF_TXS, "NbOfTxs", NULL},
    {NKS_FRAME_GROUP, NKS_SLOT_CTRL_SUM, "CtrlSum", NULL},
    {NKS_FRAME_GROUP, NKS_SLOT_REQD_EXCTN_DT, "ReqdExctnDt/Dt", "ReqdExctnDt"},
    {NKS_FRAME_GROUP, NKS_SLOT_DBTR_ACCT_IBAN, "DbtrAcct/Id/IBAN", NULL},
    {NKS_FRAME_GROUP, NKS_SLOT_DBTR_ACCT_OTHR_ID, "DbtrAcct/Id/Othr/Id", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_INSTR_ID, "PmtId/InstrId", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_END_TO_END_ID, "PmtId/EndToEndId", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_INSTD_AMT, "Amt/InstdAmt", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_INSTD_AMT_CCY, "Amt/InstdAmt/@Ccy", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_CDTR_NM, "Cdtr/Nm", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_CDTR_ORG_ID, "Cdtr/Id/OrgId/Othr/Id", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_CDTR_PRVT_ID, "Cdtr/Id/PrvtId/Othr/Id", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_CDTR_ACCT_IBAN, "CdtrAcct/Id/IBAN", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_CDTR_ACCT_OTHR_ID, "CdtrAcct/Id/Othr/Id", NULL},
    {NKS_FRAME_PAYMENT, NKS_SLOT_USTRD, "RmtInf/Ustrd", NULL},
};

static void take_values(void *context, const struct nks_reader_frame *frame)
{
    (void)context;
    bool any = false;
    for (size_t i = 0; i < COUNT(value_table); i++) {
        if (value_table[i].kind != frame->kind)
            continue;
        struct nks_text text = nks_record_slot(frame->record, value_table[i].slot);
        put_value(&taken, text.ptr, text.len, '|');
        any = true;
    }
    if (any)
        put_value(&taken, "", 0, '\n');
}

static const xmlNode *child_named(const xmlNode *node, const char *name, size_t len)
{
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && strlen((const char *)n->name) == len && memcmp(n->name, name, len) == 0)
            return n;
    }
    return NULL;
}

/* The first element of every step; NULL where there is none. */
static xmlChar *text_at(xmlNodePtr node, const char *path)
{
    const xmlNode *at = node;
    while (at != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        if (*path == '@')
            return xmlGetNoNsProp(at, BAD_CAST path + 1);
        at = child_named(at, path, len);
        path += len + (path[len] == '/');
    }
    if (at == NULL)
        return NULL;
    for (const xmlNode *n = at->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE)
            return NULL; /* a date in .09, asked for as in .03 */
    }
    return xmlNodeGetContent(at);
}

static void write_values(xmlNodePtr node, enum nks_frame_kind kind)
{
    for (size_t i = 0; i < COUNT(value_table); i++) {
        const struct value *value = &value_table[i];
        if (value->kind != kind)
            continue;
        xmlChar *text = text_at(node, value->path);
        if (text == NULL && value->other != NULL)
            text = text_at(node, value->other);
        if (text == NULL && value->slot == NKS_SLOT_REQD_EXCTN_DT)
            text = text_at(node, "ReqdExctnDt/DtTm");
        put_value(&written, (const char *)text, text == NULL ? 0 : strlen((const char *)text), '|');
        xmlFree(text);
    }
    put_value(&written, "", 0, '\n');
}

static void write_document(xmlDocPtr doc)
{
    static const struct {
        const char *name;
        enum nks_frame_kind kind;
    } records[] = {{"GrpHdr", NKS_FRAME_HEADER}, {"PmtInf", NKS_FRAME_GROUP}, {"CdtTrfTxInf", NKS_FRAME_PAYMENT}};
    xmlNodePtr message = xmlFirstElementChild(xmlDocGetRootElement(doc));
    for (xmlNodePtr n = xmlFirstElementChild(message); n != NULL; n = xmlNextElementSibling(n)) {
        for (size_t i = 0; i < 2; i++) {
            if (xmlStrEqual(n->name, BAD_CAST records[i].name))
                write_values(n, records[i].kind);
        }
        for (xmlNodePtr p = xmlFirstElementChild(n); p != NULL; p = xmlNextElementSibling(p)) {
            if (xmlStrEqual(p->name, BAD_CAST records[2].name))
                write_values(p, records[2].kind);
        }
    }
}

/* ---- both verdicts about one file */

struct tally {
    unsigned long files, both, neither, only_official, unknown, reports;
};

struct verdict {
    struct official official;
    struct reader_run run;
};

static void keep_failure(const char *bytes, size_t len)
{
    FILE *out = fopen("evidence-failure.xml", "w");
    if (out != NULL) {
        (void)fwrite(bytes, 1, len, out);
        fclose(out);
    }
}

#define SOUND(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            keep_failure(bytes, len);                                                                                  \
            ck_abort_msg(__VA_ARGS__);                                                                                 \
        }                                                                                                              \
    } while (0)

/* Never wider, and nothing misread. */
static void judge_file(const char *what, const char *bytes, size_t len, struct tally *tally, struct verdict *v)
{
    taken.len = written.len = 0;
    *v = (struct verdict){.run = {.frame = take_values}};
    v->official = official_judge(bytes, len);
    reader_run(&v->run, bytes, len);
    bool valid = v->official.verdict == OFFICIAL_VALID, ours = v->run.complete;
    const char *fault = reader_run_fault(&v->run, len);
    SOUND(fault == NULL, "%s: %s", what, fault);
    tally->files++;
    if (v->run.document.report != NKS_REPORT_NONE) {
        /* A bank's report is read without a schema, on purpose: it proves nothing here. */
        tally->reports++;
        valid = ours = false;
    } else {
        SOUND(!ours || valid, "%s: we accept it, ISO does not (official verdict %d)", what, (int)v->official.verdict);
        tally->both += ours;
        tally->only_official += valid && !ours;
        tally->unknown += v->official.verdict == OFFICIAL_NO_SCHEMA;
        tally->neither += !valid && v->official.verdict != OFFICIAL_NO_SCHEMA;
    }
    if (ours) {
        write_document(v->official.doc);
        SOUND(taken.len == written.len && memcmp(taken.text, written.text, taken.len) == 0,
              "%s: the reader took other values than stand in it", what);
    }
    xmlFreeDoc(v->official.doc);
    v->official.doc = NULL;
}

static void tell_tally(const char *what, const struct tally *tally)
{
    printf("%s: %lu files: both accept %lu, both refuse %lu, only ISO accepts %lu, of no version with a "
           "schema %lu, reports of banks %lu\n",
           what, tally->files, tally->both, tally->neither, tally->only_official, tally->unknown, tally->reports);
}

/* ---- files */

static char *file_read(const char *path, size_t *len)
{
    FILE *in = fopen(path, "r");
    struct stat info;
    if (in == NULL || fstat(fileno(in), &info) != 0 || !S_ISREG(info.st_mode)) {
        if (in != NULL)
            fclose(in);
        return NULL;
    }
    char *bytes = malloc((size_t)info.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    *len = fread(bytes, 1, (size_t)info.st_size, in);
    fclose(in);
    ck_assert_uint_eq(*len, (size_t)info.st_size);
    return bytes;
}

struct manifest_row {
    char file[512], valid[32];
};

/* Columns: see the first line of the file. */
static bool manifest_row(const char *line, struct manifest_row *row)
{
    enum { FILE_COLUMN, VALID_COLUMN = 7 };
    *row = (struct manifest_row){"", ""};
    for (int column = 0; column <= VALID_COLUMN; column++) {
        size_t len = strcspn(line, "\t\n");
        if (column == FILE_COLUMN)
            snprintf(row->file, sizeof row->file, "%.*s", (int)len, line);
        if (column == VALID_COLUMN)
            snprintf(row->valid, sizeof row->valid, "%.*s", (int)len, line);
        if (line[len] != '\t')
            return column == VALID_COLUMN;
        line += len + 1;
    }
    return true;
}

typedef void sample_fn(const struct manifest_row *row, const char *bytes, size_t len, void *context);

/* Calls for every sample that is there; returns how many. */
static unsigned each_sample(sample_fn *fn, void *context)
{
    char path[1024], *line = NULL;
    size_t room = 0;
    unsigned count = 0;
    shared_path(path, "samples/MANIFEST.tsv");
    FILE *manifest = fopen(path, "r");
    while (manifest != NULL && getline(&line, &room, manifest) > 0) {
        struct manifest_row row;
        char file[600];
        size_t len;
        if (!manifest_row(line, &row) || strcmp(row.file, "file") == 0)
            continue;
        snprintf(file, sizeof file, "samples/%s", row.file);
        shared_path(path, file);
        char *bytes = file_read(path, &len);
        if (bytes == NULL)
            continue;
        fn(&row, bytes, len, context);
        free(bytes);
        count++;
    }
    free(line);
    if (manifest != NULL)
        fclose(manifest);
    return count;
}

/* ---- the samples */

/*
 * Why we refuse what ISO's schema accepts. A finding fits a row by its kind, a part of its words, and what stands on
 * its line of the file, for a finding does not repeat a name that is not in our own table.
 */
static struct reason {
    enum nks_finding_kind kind;
    const char *words, *line;
    const char *why;
    unsigned files;
} reasons[] = {
    {NKS_FINDING_VERSION, "", "<", "a version or a message that nks does not read", 0},
    {NKS_FINDING_SCHEMA, "CdtTrfTxInf", "<RgltryRptg>", "regulatory reporting, which no transfer to a NemKonto needs",
     0},
    {NKS_FINDING_SCHEMA, "RmtInf/Strd", "<TaxRmt>", "remittance of taxes, which NemKonto does not carry", 0},
    {NKS_FINDING_SCHEMA, "CdtTrfTxInf", "<SplmtryData>", "supplementary data: anything at all may stand in it", 0},
};

static bool line_has(const char *bytes, size_t len, uint32_t line, const char *part)
{
    struct nks_text rest = {bytes, len}, at = {NULL, 0};
    for (uint32_t i = 0; i < line; i++)
        at = nks_text_cut(&rest, '\n');
    return at.len > 0 && memmem(at.ptr, at.len, part, strlen(part)) != NULL;
}

static struct reason *reason_of(const struct reader_run *run, uint32_t finding, const char *bytes, size_t len)
{
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (reasons[i].kind == (enum nks_finding_kind)run->finding[finding].kind &&
            strstr(run->text[finding], reasons[i].words) != NULL &&
            line_has(bytes, len, run->finding[finding].line, reasons[i].line))
            return &reasons[i];
    }
    return NULL;
}

/* Every finding has its reason; the first one counts the file. */
static void explain(const char *what, const struct reader_run *run, const char *bytes, size_t len)
{
    struct reason *first = NULL;
    for (uint32_t i = 0; i < run->findings; i++) {
        struct reason *reason = reason_of(run, i, bytes, len);
        ck_assert_msg(reason != NULL, "%s: no reason for kind %u, line %u: %s", what, run->finding[i].kind,
                      run->finding[i].line, run->text[i]);
        first = first == NULL ? reason : first;
    }
    ck_assert_ptr_nonnull(first);
    first->files++;
}

static void judge_sample(const struct manifest_row *row, const char *bytes, size_t len, void *context)
{
    static struct verdict v;
    judge_file(row->file, bytes, len, context, &v);
    /* The manifest was made with another program: our judge must say the same. */
    bool valid = v.official.verdict == OFFICIAL_VALID;
    if (v.official.verdict != OFFICIAL_NO_SCHEMA)
        ck_assert_msg(strcmp(row->valid, valid ? "yes" : "no") == 0 || v.official.verdict == OFFICIAL_NO_XML,
                      "%s: the manifest says %s", row->file, row->valid);
    if (v.official.verdict == OFFICIAL_NO_SCHEMA)
        ck_assert_uint_eq(v.run.finding[0].kind, NKS_FINDING_VERSION);
    if (valid && !v.run.complete)
        explain(row->file, &v.run, bytes, len);
}

START_TEST(samples)
{
    struct tally tally = {0};
    if (skipped("samples"))
        return;
    if (each_sample(judge_sample, &tally) == 0) {
        printf("skipped: no samples\n");
        return;
    }
    tell_tally("samples", &tally);
    for (size_t i = 0; i < COUNT(reasons); i++)
        printf("  only ISO: %u by \"%s\"\n", reasons[i].files, reasons[i].why);
    /* A reader that refuses everything is not narrower but broken. */
    ck_assert_uint_ge(tally.both * 10, tally.only_official * 50);
}
END_TEST

/* ---- mutated files */

static struct seed {
    char *bytes;
    size_t len;
} seeds[SEEDS_MAX];
static size_t seed_count;

static void add_seed(const char *bytes, size_t len)
{
    struct nks_prolog prolog;
    struct nks_prolog_fault fault;
    if (seed_count == SEEDS_MAX || len > SEED_BYTES_MAX ||
        nks_prolog_read((struct nks_text){bytes, len}, true, &prolog, &fault) != NKS_PROLOG_FOUND ||
        prolog.report != NKS_REPORT_NONE)
        return;
    seeds[seed_count].bytes = malloc(len);
    ck_assert_ptr_nonnull(seeds[seed_count].bytes);
    memcpy(seeds[seed_count].bytes, bytes, len);
    seeds[seed_count++].len = len;
}

static void add_sample_seed(const struct manifest_row *row, const char *bytes, size_t len, void *context)
{
    (void)row, (void)context;
    add_seed(bytes, len);
}

static void add_folder(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1024 + 256];
        size_t len = 0;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        char *bytes = names[i]->d_name[0] == '.' ? NULL : file_read(path, &len);
        if (bytes != NULL)
            add_seed(bytes, len);
        free(bytes);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

/* Messages that use what real ones seldom do, one per version; only what all versions share, by their names. */
#define RICH(VERSION, DAY, BIC)                                                                                         \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document "                                                            \
    "xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001." VERSION                                                      \
    "\"><CstmrCdtTrfInitn><GrpHdr><MsgId>Prøve-1</MsgId><CreDtTm>2026-11-22T09:59:16.5+01:00</CreDtTm>"                \
    "<NbOfTxs>2</NbOfTxs><CtrlSum>3.02</CtrlSum><InitgPty><Nm>Prøve &amp; Søn</Nm><Id><OrgId><Othr><Id>99010118</Id>" \
    "<SchmeNm><Cd>TXID</Cd></SchmeNm></Othr></OrgId></Id></InitgPty></GrpHdr>\n<PmtInf><PmtInfId>P1</PmtInfId>"         \
    "<PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg><NbOfTxs>2</NbOfTxs><CtrlSum>3.02</CtrlSum><PmtTpInf>"              \
    "<InstrPrty>NORM</InstrPrty><SvcLvl><Cd>NURG</Cd></SvcLvl><LclInstrm><Prtry>NKS001</Prtry></LclInstrm>"             \
    "<CtgyPurp><Cd>SALA</Cd></CtgyPurp></PmtTpInf><ReqdExctnDt>" DAY "</ReqdExctnDt><Dbtr><Nm>Prøvekommune</Nm>"       \
    "<PstlAdr><StrtNm>Torvet</StrtNm><PstCd>1000</PstCd><TwnNm>By</TwnNm><Ctry>DK</Ctry></PstlAdr></Dbtr><DbtrAcct>"    \
    "<Id><IBAN>DK5000400440116243</IBAN></Id><Ccy>DKK</Ccy></DbtrAcct><DbtrAgt><FinInstnId><" BIC ">NDEADKKK</" BIC     \
    "></FinInstnId></DbtrAgt><ChrgBr>SHAR</ChrgBr>\n<CdtTrfTxInf><PmtId><InstrId>I1</InstrId><EndToEndId>E1"            \
    "</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">1.01</InstdAmt></Amt><Cdtr><Nm>Ane</Nm><Id><PrvtId><Othr>"         \
    "<Id>0101000026</Id><SchmeNm><Prtry>CPR</Prtry></SchmeNm></Othr></PrvtId></Id></Cdtr><Purp><Cd>PENS</Cd></Purp>"    \
    "<RmtInf><Ustrd>Én</Ustrd><Ustrd>to</Ustrd></RmtInf></CdtTrfTxInf>\n<CdtTrfTxInf><PmtId><EndToEndId>E2"            \
    "</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"EUR\">2.01</InstdAmt></Amt><CdtrAgt><FinInstnId><" BIC                   \
    ">DEUTDEFF</" BIC                                                                                                   \
    "></FinInstnId></CdtrAgt><Cdtr><Nm>Bo</Nm><PstlAdr><Ctry>DE</Ctry><AdrLine>Vej 1</AdrLine></PstlAdr></Cdtr>"        \
    "<CdtrAcct><Id><Othr><Id>1234 567</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></CdtrAcct><RmtInf><Strd>"        \
    "<CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>"          \
    "</RmtInf></CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>\n"

static void gather_seeds(void)
{
    static const char *const rich[] = {
        RICH("03", "2026-11-23", "BIC"),
        RICH("08", "<Dt>2026-11-23</Dt>", "BICFI"),
        RICH("09", "<Dt>2026-11-23</Dt>", "BICFI"),
        RICH("10", "<Dt>2026-11-23</Dt>", "BICFI"),
        RICH("11", "<Dt>2026-11-23</Dt>", "BICFI"),
        RICH("12", "<Dt>2026-11-23</Dt>", "BICFI"),
    };
    static const char *const senders[] = {"datacenter-nord", "proeve-kommune", "proevebetaling", "proeveskat"};
    (void)each_sample(add_sample_seed, NULL);
    for (size_t i = 0; i < COUNT(senders); i++) {
        char folder[1000];
        snprintf(folder, sizeof folder, "%s/fixtures/small/in/sender/%s", NKS_SOURCE_DIR, senders[i]);
        add_folder(folder);
    }
    /* As many again: small, and every change meets something. */
    size_t others = seed_count + COUNT(rich);
    for (size_t i = 0; i < others; i++)
        add_seed(rich[i % COUNT(rich)], strlen(rich[i % COUNT(rich)]));
    ck_assert_uint_ge(seed_count, 10);
}

static uint64_t number_of(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : standard;
}

START_TEST(seeds_are_good)
{
    static struct verdict v;
    struct tally tally = {0};
    if (skipped("seeds"))
        return;
    for (size_t i = 0; i < seed_count; i++)
        judge_file("a seed", seeds[i].bytes, seeds[i].len, &tally, &v);
    tell_tally("seeds", &tally);
    ck_assert_uint_ge(tally.both * 10, tally.files * 8);
}
END_TEST

START_TEST(mutations)
{
    static struct verdict v;
    static struct mutant mutant;
    struct tally tally = {0};
    struct rng rng = {number_of("NKS_EVIDENCE_SEED", SEED) | 1};
    if (skipped("mutated files"))
        return;
    uint64_t rounds = number_of("NKS_EVIDENCE", MUTATIONS_DEFAULT);
    for (uint64_t i = 0; i < rounds; i++) {
        const struct seed *seed = &seeds[rng_below(&rng, seed_count)];
        mutant_set(&mutant, seed->bytes, seed->len);
        for (unsigned times = 1 + rng_one_in(&rng, 4) + rng_one_in(&rng, 8); times > 0; times--)
            mutate_once(&rng, &mutant);
        char what[64];
        snprintf(what, sizeof what, "mutation %llu", (unsigned long long)i);
        judge_file(what, mutant.bytes, mutant.len, &tally, &v);
    }
    free(mutant.bytes);
    tell_tally("mutated", &tally);
    /* Enough of each kind, or the changes are too tame or too wild to tell anything. */
    ck_assert_uint_ge(tally.both * 100, tally.files * 5);
    ck_assert_uint_ge(tally.neither * 100, tally.files * 20);
}
END_TEST

/* ---- the suite */

static void open_all(void)
{
    xmlSetStructuredErrorFunc(NULL, official_ignore);
    official_open();
    gather_seeds();
}

static void close_all(void)
{
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    seed_count = 0;
    official_close();
}

int main(void)
{
    Suite *suite = suite_create("evidence");
    TCase *tcase = tcase_create("evidence");
    tcase_add_unchecked_fixture(tcase, open_all, close_all);
    tcase_set_timeout(tcase, 0); /* NKS_EVIDENCE may ask for hours */
    tcase_add_test(tcase, samples);
    tcase_add_test(tcase, seeds_are_good);
    tcase_add_test(tcase, mutations);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
