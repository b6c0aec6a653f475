#include "iso20022/reader_state.h"

#include <libxml/SAX2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * What is wrong with a file, in our own words. The messages of libxml2 may hold what the payer wrote, so not a byte of
 * them goes out: a finding is made of the error's code, names from our own table of elements, and the path.
 */

enum { TEXT_MAX = 300, PATH_MAX_BYTES = 128, EXPECTED_MAX = 4 };

uint32_t nks_reader_line(const struct nks_reader_state *reader)
{
    int line = reader->parser == NULL ? 0 : xmlSAX2GetLineNumber(reader->parser);
    return line < 0 ? 0 : (uint32_t)line;
}

void nks_finding_at(struct nks_reader_state *reader, enum nks_finding_kind kind, uint32_t line, const char *text)
{
    if (reader->findings == reader->limits.findings)
        return;
    struct nks_frame_finding head = {(uint32_t)kind, line, reader->place.group, (uint32_t)strlen(text),
                                     reader->place.seq};
    const struct nks_text parts[] = {{(const char *)&head, sizeof head}, {text, head.text_len}};
    nks_frame_out_put(&reader->out, NKS_FRAME_FINDING, parts, 2);
    if (++reader->findings == reader->limits.findings)
        reader->stopped = true;
}

void nks_finding_put(struct nks_reader_state *reader, enum nks_finding_kind kind, bool fatal, const char *fmt, ...)
{
    char text[TEXT_MAX + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    nks_finding_at(reader, kind, nks_reader_line(reader), text);
    if (fatal)
        reader->stopped = true;
}

/* ---- paths */

static const char *name_of(unsigned element)
{
    const char *name = nks_element_name(element);
    return name == NULL ? "?" : name;
}

/* The part of the message that a person knows: a path is told from there. */
static bool is_anchor(unsigned element)
{
    return element == NKS_E_GrpHdr || element == NKS_E_PmtInf || element == NKS_E_CdtTrfTxInf;
}

static void put_path(const struct nks_reader_state *reader, uint32_t depth, struct nks_buf *path)
{
    uint32_t from = 1;
    for (uint32_t i = 1; i <= depth; i++) {
        if (is_anchor(reader->open[i].element))
            from = i;
    }
    for (uint32_t i = from; i <= depth; i++) {
        if (i > from)
            nks_buf_char(path, '/');
        nks_buf_str(path, name_of(reader->open[i].element));
    }
}

void nks_finding_path(const struct nks_reader_state *reader, struct nks_buf *path)
{
    put_path(reader, reader->depth, path);
}

/* ---- what the guideline says */

/* "A, B or C"; false when there is nothing to tell. */
static bool put_expected(const struct nks_reader_state *reader, const struct nks_reader_element *parent,
                         struct nks_buf *text)
{
    enum nks_element expected[EXPECTED_MAX];
    size_t count = nks_guideline_expected(&reader->guideline, &parent->place, expected, EXPECTED_MAX);
    for (size_t i = 0; i < count && i < EXPECTED_MAX; i++) {
        if (i > 0)
            nks_buf_str(text, i + 1 == count ? " or " : ", ");
        nks_buf_str(text, name_of((unsigned)expected[i]));
    }
    if (count > EXPECTED_MAX)
        nks_buf_str(text, " ...");
    return count > 0;
}

static void put_unexpected(struct nks_reader_state *reader, const struct nks_buf *path, const struct nks_buf *expected)
{
    const char *name = nks_element_name(reader->open[reader->depth].element);
    nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s: %s%s is not expected here%s%.*s", (int)path->len,
                    path->ptr, name == NULL ? "an element that NemKonto does not use" : "element ",
                    name == NULL ? "" : name, expected->len > 0 ? "; expected is " : "", (int)expected->len,
                    expected->ptr);
}

static void put_missing(struct nks_reader_state *reader, const struct nks_buf *path, const struct nks_buf *expected)
{
    nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s ends without %.*s", (int)path->len, path->ptr,
                    (int)expected->len, expected->ptr);
}

static void put_root(struct nks_reader_state *reader, const struct nks_buf *path, const struct nks_buf *expected)
{
    (void)expected;
    nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s is not the root element of the message", (int)path->len,
                    path->ptr);
}

static const char *const fault_texts[] = {
    [NKS_GUIDELINE_IN_TEXT] = " may not have elements in it",
    [NKS_GUIDELINE_TEXT_BETWEEN] = ": there is text between its elements",
    [NKS_GUIDELINE_TOO_SHORT] = ": the value is too short",
    [NKS_GUIDELINE_TOO_LONG] = ": the value is too long",
    [NKS_GUIDELINE_FORM] = ": the value has a wrong form",
    [NKS_GUIDELINE_NO_CODE] = ": the value is not one of the allowed codes",
    [NKS_GUIDELINE_ATTRIBUTE] = " has an attribute that is not allowed",
    [NKS_GUIDELINE_NO_ATTRIBUTE] = " lacks an attribute",
};

static void put_fault(struct nks_reader_state *reader, uint32_t depth, const char *text)
{
    char memory[PATH_MAX_BYTES];
    struct nks_buf path;
    nks_buf_init(&path, memory, sizeof memory);
    put_path(reader, depth, &path);
    nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s%s", (int)path.len, path.ptr, text);
}

/* The element at hand, or the one around it, is not what the guideline wants. */
void nks_finding_content(struct nks_reader_state *reader, enum nks_guideline_fault fault)
{
    bool about_parent = fault == NKS_GUIDELINE_UNEXPECTED || fault == NKS_GUIDELINE_IN_TEXT;
    bool listed = fault == NKS_GUIDELINE_UNEXPECTED || fault == NKS_GUIDELINE_MISSING;
    uint32_t depth = reader->depth - about_parent;
    char path_memory[PATH_MAX_BYTES], expected_memory[PATH_MAX_BYTES];
    struct nks_buf path, expected;
    if (!listed) {
        put_fault(reader, depth, fault_texts[fault]);
        return;
    }
    nks_buf_init(&path, path_memory, sizeof path_memory);
    nks_buf_init(&expected, expected_memory, sizeof expected_memory);
    bool root = depth == 0;
    put_path(reader, root ? 1 : depth, &path);
    (void)put_expected(reader, &reader->open[depth], &expected);
    (root ? put_root : about_parent ? put_unexpected : put_missing)(reader, &path, &expected);
}

void nks_finding_attribute(struct nks_reader_state *reader, enum nks_guideline_fault fault)
{
    bool named = fault == NKS_GUIDELINE_ATTRIBUTE || fault == NKS_GUIDELINE_NO_ATTRIBUTE;
    put_fault(reader, reader->depth, named ? fault_texts[fault] : ": an attribute's value has a wrong form");
}

/* ---- errors of the parser */

static const struct {
    int code;
    const char *text;
} parser_errors[] = {
    {XML_ERR_DOCUMENT_EMPTY, "the file is empty or is not XML"},
    {XML_ERR_DOCUMENT_END, "the file goes on after its last element, or ends before it"},
    {XML_ERR_TAG_NAME_MISMATCH, "an end tag does not match its start tag"},
    {XML_ERR_TAG_NOT_FINISHED, "the file ends before its last element is closed"},
    {XML_ERR_LTSLASH_REQUIRED, "the file ends before its last element is closed"},
    {XML_ERR_GT_REQUIRED, "a tag is not closed"},
    {XML_ERR_INVALID_CHAR, "there is a character that XML does not allow"},
    {XML_ERR_INVALID_CHARREF, "there is a character that XML does not allow"},
    {XML_ERR_INVALID_ENCODING, "the bytes are not in the encoding that the file names"},
    {XML_ERR_UNDECLARED_ENTITY, "there is an entity that is not declared"},
    {XML_WAR_UNDECLARED_ENTITY, "there is an entity that is not declared"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, "there is an & that begins no entity: write &amp;"},
    {XML_ERR_NAME_REQUIRED, "there is a < or & where none may stand: write &lt; or &amp;"},
    {XML_ERR_ATTRIBUTE_REDEFINED, "an element has the same attribute twice"},
    {XML_NS_ERR_UNDEFINED_NAMESPACE, "a prefix is used that is not declared"},
};

void nks_finding_parser(void *user, nks_xml_error *error)
{
    struct nks_reader_state *reader = user;
    if (reader->stopped || error->level < XML_ERR_ERROR)
        return;
    const char *text = "the file is not well-formed XML";
    for (size_t i = 0; i < sizeof parser_errors / sizeof parser_errors[0]; i++) {
        if (parser_errors[i].code == error->code)
            text = parser_errors[i].text;
    }
    nks_finding_put(reader, NKS_FINDING_SYNTAX, true, "%s", text);
}
