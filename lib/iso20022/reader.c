#include "iso20022/reader.h"
#include "base/fault_point.h"
#include "iso20022/reader_state.h"

#include <errno.h>
#include <libxml/catalog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct nks_reader_limits nks_reader_limits = {
    .file_bytes = (uint64_t)16 << 30,
    .tag_bytes = 64 * 1024,
    .run_bytes = 1024 * 1024,
    .payments = 10000000,
    .groups = 1000000,
    .attributes = 32,
    .depth = 20,
    .text_bytes = NKS_RECORD_TEXT_MAX,
    .names = 2000,
    .findings = NKS_FINDINGS_MAX,
};

/* What is read and looked at in one go. More than NKS_PROLOG_MAX, so that the prolog is in the first piece. */
enum { CHUNK = 128 * 1024 };
_Static_assert((int)CHUNK >= (int)NKS_PROLOG_MAX, "the prolog is in the first piece");

/*
 * The file on its way to the parser. The parser asks for bytes (libxml2 takes 4,000 at a time), so that the text of an
 * element is never looked for twice, as it is by the parser one pushes into.
 */
struct input {
    struct nks_reader_state *reader;
    int fd;
    bool ended, failed;
    size_t at, good, len; /* given to the parser; may be given; read */
    struct nks_prescan_result seen;
    char bytes[CHUNK];
};

/* ---- libxml2 */

static xmlParserInputPtr refuse_entity(const char *url, const char *id, xmlParserCtxtPtr context)
{
    (void)url, (void)id, (void)context;
    return NULL;
}

static void be_silent(void *user, const char *fmt, ...)
{
    (void)user, (void)fmt;
}

void nks_reader_prepare(void)
{
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, be_silent);
    xmlSetExternalEntityLoader(refuse_entity);
#ifdef LIBXML_CATALOG_ENABLED
    xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE);
#endif
}

/* ---- bytes */

/* Fills the buffer: a pipe gives what its writer wrote, which may be little. */
static void fill(struct input *input)
{
    input->at = input->good = input->len = 0;
    while (!input->ended && !input->failed && input->len < sizeof input->bytes) {
        bool fails = nks_fault_point(false);
        size_t room = nks_fault_short(sizeof input->bytes - input->len);
        ssize_t got = fails ? -1 : read(input->fd, input->bytes + input->len, room);
        if (got > 0)
            input->len += (size_t)got;
        else if (got == 0)
            input->ended = true;
        else if (errno != EINTR)
            input->failed = true;
    }
}

/* Looks at the bytes read from `from` on: what is good may go to the parser. */
static void look(struct input *input, size_t from)
{
    struct nks_reader_state *reader = input->reader;
    reader->bytes += input->len;
    input->at = from;
    if (reader->bytes > reader->limits.file_bytes) {
        input->seen = (struct nks_prescan_result){0, NKS_FINDING_CEILING, "the file is longer than the reader takes"};
    } else {
        input->seen = nks_prescan_bytes(&reader->prescan, input->bytes + from, input->len - from);
    }
    input->good = from + input->seen.good;
}

static int give(struct input *input, char *out, size_t room)
{
    size_t left = input->good - input->at, used;
    const char *from = input->bytes + input->at;
    if (input->reader->prolog.encoding == NKS_UTF8) {
        left = used = left < room ? left : room;
        memcpy(out, from, left);
    } else {
        left = left < room / NKS_UTF8_GROWTH ? left : room / NKS_UTF8_GROWTH;
        used = nks_encoding_to_utf8(input->reader->prolog.encoding, from, left, out);
    }
    input->at += left;
    return (int)used;
}

/* The parser wants bytes. What the pre-scan found is told when the parser has all that stands before it. */
static int on_read(void *user, char *out, int room)
{
    struct input *input = user;
    struct nks_reader_state *reader = input->reader;
    if (!reader->stopped && input->at == input->good && input->seen.kind == 0 && input->at == input->len) {
        fill(input);
        look(input, 0);
    }
    if (!reader->stopped && input->at == input->good && input->seen.kind != 0)
        nks_finding_put(reader, (enum nks_finding_kind)input->seen.kind, true, "%s", input->seen.text);
    return reader->stopped || room < NKS_UTF8_GROWTH ? 0 : give(input, out, (size_t)room);
}

static bool open_parser(struct nks_reader_state *reader, struct input *input)
{
    xmlSAXHandler sax;
    if (reader->prolog.report != NKS_REPORT_NONE)
        nks_report_sax(&sax);
    else
        nks_reader_sax(&sax);
    reader->parser = xmlCreateIOParserCtxt(&sax, reader, on_read, NULL, input, XML_CHAR_ENCODING_NONE);
    return reader->parser != NULL && xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC) == 0;
}

/* ---- the file */

static void put_document(struct nks_reader_state *reader)
{
    struct nks_frame_document document = {(uint32_t)reader->prolog.version, (uint32_t)reader->prolog.encoding,
                                          (uint32_t)reader->prolog.report};
    const struct nks_text part = {(const char *)&document, sizeof document};
    nks_frame_out_put(&reader->out, NKS_FRAME_DOCUMENT, &part, 1);
}

/* What the file says it is: see prolog.h. */
static bool read_prolog(struct nks_reader_state *reader, struct input *input)
{
    struct nks_prolog_fault fault = {0, 0, NULL};
    fill(input);
    struct nks_text bytes = {input->bytes, input->len};
    enum nks_prolog_state state = nks_prolog_read(bytes, true, &reader->prolog, &fault);
    put_document(reader);
    if (state == NKS_PROLOG_FOUND)
        return true;
    reader->bytes = input->len;
    nks_finding_at(reader, (enum nks_finding_kind)fault.kind, fault.line, fault.text);
    reader->stopped = true;
    return false;
}

/* Everything that must hold at the end; each of these has been seen to be true alone while the file was bad. */
static bool is_complete(const struct nks_reader_state *reader, const struct input *input)
{
    return !reader->stopped && reader->findings == 0 && input->ended && !input->failed && reader->root_closed &&
           reader->parser->wellFormed == 1 && (reader->prolog.report == NKS_REPORT_NONE || reader->header_sent);
}

static void put_end(struct nks_reader_state *reader, bool complete)
{
    struct nks_frame_end end = {complete, reader->groups, reader->payments, reader->bytes};
    const struct nks_text part = {(const char *)&end, sizeof end};
    nks_frame_out_put(&reader->out, NKS_FRAME_END, &part, 1);
}

static bool open_message(struct nks_reader_state *reader, struct input *input)
{
    if (reader->prolog.report != NKS_REPORT_NONE) {
        nks_paths_compile_report(&reader->paths, reader->prolog.report);
        return open_parser(reader, input);
    }
    nks_paths_compile(&reader->paths, reader->prolog.version);
    return nks_guideline_compile(reader->prolog.version, &reader->guideline) && open_parser(reader, input);
}

/* False: a bug, or no memory. */
static bool read_file(struct nks_reader_state *reader, struct input *input)
{
    bool complete = false;
    if (read_prolog(reader, input)) {
        look(input, reader->prolog.skip);
        if (!open_message(reader, input))
            return false;
        (void)xmlParseDocument(reader->parser);
        complete = is_complete(reader, input);
    }
    if (input->failed)
        return false;
    if (!complete && reader->findings == 0)
        nks_finding_at(reader, NKS_FINDING_SYNTAX, nks_reader_line(reader), "the file is not well-formed XML");
    put_end(reader, complete);
    return nks_frame_out_flush(&reader->out);
}

static void close_reader(struct nks_reader_state *reader)
{
    if (reader->parser != NULL)
        xmlFreeParserCtxt(reader->parser);
    free(reader);
}

int nks_reader_run(int in_fd, int out_fd, const struct nks_reader_limits *limits)
{
    struct nks_reader_state *reader = calloc(1, sizeof *reader);
    struct input *input = calloc(1, sizeof *input);
    bool good = false, later = reader == NULL || input == NULL;
    if (reader != NULL && input != NULL && limits->depth <= NKS_READER_DEPTH) {
        reader->limits = *limits;
        reader->open[0].node = NKS_PATH_ROOT;
        reader->open[0].place = nks_guideline_document();
        input->reader = reader;
        input->fd = in_fd;
        nks_names_init(&reader->names, limits->names);
        nks_prescan_init(&reader->prescan, &(struct nks_prescan_limits){limits->tag_bytes, limits->run_bytes});
        nks_frame_out_init(&reader->out, out_fd);
        good = read_file(reader, input);
        later = input->failed || reader->out.failed;
    }
    if (reader != NULL)
        close_reader(reader);
    free(input);
    return later ? NKS_READER_EXIT_LATER : good ? NKS_READER_EXIT_DONE : NKS_READER_EXIT_BUG;
}

int nks_reader_main(int in_fd, int out_fd)
{
    return nks_reader_run(in_fd, out_fd, &nks_reader_limits);
}
