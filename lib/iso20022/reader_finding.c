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

/* ---- errors of the schema */

/*
 * libxml2 ends some messages with "Expected is ( {ns}A )." or "Expected is one of ( {ns}A, {ns}B )."; the names come
 * from the schema, and are taken only when they are in our table.
 */
static struct nks_text expected_list(const char *message)
{
    const char *found = message == NULL ? NULL : strstr(message, "Expected is");
    const char *open = found == NULL ? NULL : strchr(found, '(');
    const char *close = open == NULL ? NULL : strrchr(open, ')');
    return close == NULL ? (struct nks_text){NULL, 0} : (struct nks_text){open + 1, (size_t)(close - open) - 1};
}

static struct nks_text local_name(struct nks_text name)
{
    name = nks_text_trim(name);
    const char *brace = name.len == 0 ? NULL : memchr(name.ptr, '}', name.len);
    return brace == NULL ? name : nks_text_slice(name, (size_t)(brace - name.ptr) + 1, name.len);
}

/* "A, B or C"; false when there is nothing to tell. */
static bool put_expected(const char *message, struct nks_buf *text)
{
    struct nks_text list = expected_list(message);
    unsigned told = 0;
    while (list.len > 0 && told < EXPECTED_MAX) {
        enum nks_element element = nks_element_find(local_name(nks_text_cut(&list, ',')));
        if (element == NKS_ELEMENT_NONE)
            continue;
        if (told++ > 0)
            nks_buf_str(text, list.len == 0 ? " or " : ", ");
        nks_buf_str(text, name_of((unsigned)element));
    }
    if (list.len > 0)
        nks_buf_str(text, " ...");
    return told > 0;
}

/* A wrong element at its start, a missing one at the end of its parent. */
static void put_content_error(struct nks_reader_state *reader, const char *message)
{
    char path_memory[PATH_MAX_BYTES], expected_memory[PATH_MAX_BYTES];
    struct nks_buf path, expected;
    nks_buf_init(&path, path_memory, sizeof path_memory);
    nks_buf_init(&expected, expected_memory, sizeof expected_memory);
    bool known = put_expected(message, &expected);
    int expected_len = (int)expected.len;
    if (reader->event == NKS_EVENT_START) {
        put_path(reader, reader->depth - 1, &path);
        const char *name = nks_element_name(reader->open[reader->depth].element);
        nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s: %s%s is not expected here%s%.*s", (int)path.len,
                        path.ptr, name == NULL ? "an element that NemKonto does not use" : "element ",
                        name == NULL ? "" : name, known ? "; expected is " : "", expected_len, expected.ptr);
    } else {
        put_path(reader, reader->depth, &path);
        nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s ends without %.*s", (int)path.len, path.ptr,
                        known ? expected_len : 10, known ? expected.ptr : "an element");
    }
}

/* What is wrong with a value, or with an attribute when the error comes at the element's start. */
static const struct {
    int code;
    const char *text;
} schema_errors[] = {
    {XML_SCHEMAV_CVC_LENGTH_VALID, "is too long or too short"},
    {XML_SCHEMAV_CVC_MINLENGTH_VALID, "is too short"},
    {XML_SCHEMAV_CVC_MAXLENGTH_VALID, "is too long"},
    {XML_SCHEMAV_CVC_PATTERN_VALID, "has a wrong form"},
    {XML_SCHEMAV_CVC_ENUMERATION_VALID, "is not one of the allowed codes"},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, "has a wrong form"},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2, "has a wrong form"},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3, "has a wrong form"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1, "must be empty"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2, "may not have elements in it"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, "may not have text beside its elements"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, "has an attribute that is not allowed"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, "has an attribute that is not allowed"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_4, "lacks an attribute"},
    {XML_SCHEMAV_CVC_TYPE_3_1_1, "has an attribute that is not allowed"},
    {XML_SCHEMAV_CVC_TYPE_3_1_2, "may not have elements in it"},
    {XML_SCHEMAV_CVC_ELT_1, "is not the root element of the message"},
};

static const char *schema_error_text(int code)
{
    for (size_t i = 0; i < sizeof schema_errors / sizeof schema_errors[0]; i++) {
        if (schema_errors[i].code == code)
            return schema_errors[i].text;
    }
    return "is not valid here";
}

static bool is_about_value(int code)
{
    return code >= XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 && code <= XML_SCHEMAV_CVC_ENUMERATION_VALID;
}

static void put_other_error(struct nks_reader_state *reader, int code)
{
    char memory[PATH_MAX_BYTES];
    struct nks_buf path;
    nks_buf_init(&path, memory, sizeof memory);
    put_path(reader, reader->depth, &path);
    const char *whose = !is_about_value(code)              ? ""
                        : reader->event == NKS_EVENT_START ? ": an attribute's value"
                                                           : ": the value";
    nks_finding_put(reader, NKS_FINDING_SCHEMA, false, "%.*s%s %s", (int)path.len, path.ptr, whose,
                    schema_error_text(code));
}

/* libxml2 reports a wrong value twice, first the facet and then the type: the first says more. */
void nks_finding_schema(void *user, nks_xml_error *error)
{
    struct nks_reader_state *reader = user;
    if (reader->stopped || error->level < XML_ERR_ERROR)
        return;
    if (reader->findings > 0 && reader->finding_event == reader->event_count)
        return;
    reader->finding_event = reader->event_count;
    if (error->code == XML_SCHEMAV_ELEMENT_CONTENT)
        put_content_error(reader, error->message);
    else
        put_other_error(reader, error->code);
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
