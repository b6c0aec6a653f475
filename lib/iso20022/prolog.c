#include "iso20022/prolog.h"

#include <string.h>

static const struct {
    enum nks_pain001_version version;
    enum nks_report_version report;
    const char *uri;
} namespaces[] = {
#define NKS_PAIN001_VERSION(number, digits)                                                                            \
    {NKS_PAIN001_##digits, NKS_REPORT_NONE, "urn:iso:std:iso:20022:tech:xsd:pain.001.001." #digits},
#include "iso20022/version.def"
    {NKS_PAIN001_UNKNOWN, NKS_REPORT_03, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"},
    {NKS_PAIN001_UNKNOWN, NKS_REPORT_10, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"},
    {NKS_PAIN001_UNKNOWN, NKS_REPORT_CAMT054_02, "urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"},
    {NKS_PAIN001_UNKNOWN, NKS_REPORT_CAMT054_08, "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"},
};

const char nks_prolog_orders_only[] =
    "the version is none we read: pain.001.001.03, .08, .09, .10, .11 and .12 are accepted";
const char nks_prolog_reports_only[] =
    "the message is of no version we read from a bank: pain.002.001.03, pain.002.001.10, camt.054.001.02 and "
    "camt.054.001.08 are accepted";

const char *nks_prolog_namespace(const struct nks_prolog *prolog)
{
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
        if (namespaces[i].version == prolog->version && namespaces[i].report == prolog->report)
            return namespaces[i].uri;
    }
    return "";
}

/* What is left to look at, and what went wrong where. */
struct scan {
    struct nks_text all, rest;
    struct nks_prolog_fault *fault;
};

static uint32_t line_at(const struct scan *scan)
{
    uint32_t line = 1;
    for (const char *p = scan->all.ptr; p < scan->rest.ptr; p++)
        line += *p == '\n';
    return line;
}

static enum nks_prolog_state refuse(struct scan *scan, enum nks_finding_kind kind, const char *text)
{
    *scan->fault = (struct nks_prolog_fault){(uint32_t)kind, line_at(scan), text};
    return NKS_PROLOG_FAULT;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct nks_text *rest, size_t len)
{
    *rest = nks_text_slice(*rest, len, rest->len);
}

static void skip_space(struct nks_text *rest)
{
    while (rest->len > 0 && is_space(rest->ptr[0]))
        skip(rest, 1);
}

/* Everything up to and with `mark`; false when it is not there. */
static bool take_until(struct nks_text *rest, const char *mark, struct nks_text *taken)
{
    const char *found = rest->len == 0 ? NULL : memmem(rest->ptr, rest->len, mark, strlen(mark));
    if (found == NULL)
        return false;
    *taken = (struct nks_text){rest->ptr, (size_t)(found - rest->ptr)};
    skip(rest, taken->len + strlen(mark));
    return true;
}

static struct nks_text take_name(struct nks_text *rest)
{
    size_t len = 0;
    while (len < rest->len && !is_space(rest->ptr[len]) && strchr("=/>'\"<?", rest->ptr[len]) == NULL)
        len++;
    struct nks_text name = {rest->ptr, len};
    skip(rest, len);
    return name;
}

/* name = "value"; false where the tag ends or is not like this. */
static bool take_attribute(struct nks_text *rest, struct nks_text *name, struct nks_text *value)
{
    skip_space(rest);
    *name = take_name(rest);
    skip_space(rest);
    if (name->len == 0 || rest->len == 0 || rest->ptr[0] != '=')
        return false;
    skip(rest, 1);
    skip_space(rest);
    if (rest->len == 0 || (rest->ptr[0] != '"' && rest->ptr[0] != '\''))
        return false;
    char quote[2] = {rest->ptr[0], '\0'};
    skip(rest, 1);
    return take_until(rest, quote, value);
}

/* A declaration that is not as it should be is left to the XML parser, which says so. */
static enum nks_prolog_state read_declaration(struct scan *scan, enum nks_encoding *encoding)
{
    struct nks_text declaration, name, value;
    if (!nks_text_starts(scan->rest, "<?xml") || scan->rest.len < 6 || !is_space(scan->rest.ptr[5]))
        return NKS_PROLOG_FOUND;
    struct nks_text rest = scan->rest;
    if (!take_until(&rest, "?>", &declaration))
        return NKS_PROLOG_MORE;
    skip(&declaration, 5);
    while (take_attribute(&declaration, &name, &value)) {
        if (nks_text_is(name, "encoding") && !nks_encoding_find(value, encoding))
            return refuse(scan, NKS_FINDING_FORBIDDEN, "the encoding is not one of UTF-8, ISO-8859-1 and ISO-8859-15");
    }
    scan->rest = rest;
    return NKS_PROLOG_FOUND;
}

/* Comments, processing instructions and blanks before the root element. */
static enum nks_prolog_state skip_misc(struct scan *scan)
{
    struct nks_text ignored;
    for (;;) {
        skip_space(&scan->rest);
        struct nks_text rest = scan->rest;
        if (rest.len < 4)
            return NKS_PROLOG_MORE;
        if (nks_text_starts(rest, "<?")) {
            if (!take_until(&rest, "?>", &ignored))
                return NKS_PROLOG_MORE;
        } else if (nks_text_starts(rest, "<!--")) {
            skip(&rest, 4);
            if (!take_until(&rest, "-->", &ignored))
                return NKS_PROLOG_MORE;
        } else if (nks_text_starts(rest, "<!")) {
            return refuse(scan, NKS_FINDING_FORBIDDEN, "a document type declaration or an entity is not allowed");
        } else {
            return rest.ptr[0] == '<' ? NKS_PROLOG_FOUND
                                      : refuse(scan, NKS_FINDING_SYNTAX, "the file does not begin as XML does");
        }
        scan->rest = rest;
    }
}

/* The root's tag from < to >, quotation marks respected. */
static bool take_tag(struct nks_text rest, struct nks_text *tag)
{
    char quote = '\0';
    for (size_t i = 1; i < rest.len; i++) {
        char c = rest.ptr[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>') {
            *tag = nks_text_slice(rest, 1, i - 1);
            return true;
        }
    }
    return false;
}

/* True when the attribute declares the namespace of names with this prefix. */
static bool declares(struct nks_text attribute, struct nks_text prefix)
{
    if (prefix.len == 0)
        return nks_text_is(attribute, "xmlns");
    return nks_text_starts(attribute, "xmlns:") && nks_text_equal(nks_text_slice(attribute, 6, attribute.len), prefix);
}

static void set_version(struct nks_prolog *prolog, struct nks_text uri)
{
    prolog->version = NKS_PAIN001_UNKNOWN;
    prolog->report = NKS_REPORT_NONE;
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
        if (nks_text_is(uri, namespaces[i].uri)) {
            prolog->version = namespaces[i].version;
            prolog->report = namespaces[i].report;
        }
    }
}

static enum nks_prolog_state read_root(struct scan *scan, struct nks_prolog *prolog)
{
    struct nks_text tag, name, value;
    if (!take_tag(scan->rest, &tag))
        return NKS_PROLOG_MORE;
    struct nks_text local = take_name(&tag), prefix = {NULL, 0};
    if (local.len == 0)
        return refuse(scan, NKS_FINDING_SYNTAX, "the file does not begin as XML does");
    if (memchr(local.ptr, ':', local.len) != NULL)
        prefix = nks_text_cut(&local, ':');
    while (nks_text_is(local, "Document") && take_attribute(&tag, &name, &value)) {
        if (declares(name, prefix))
            set_version(prolog, value);
    }
    if (prolog->version == NKS_PAIN001_UNKNOWN && prolog->report == NKS_REPORT_NONE)
        return refuse(scan, NKS_FINDING_VERSION, nks_prolog_orders_only);
    return NKS_PROLOG_FOUND;
}

static enum nks_prolog_state read_bom(struct scan *scan, size_t *bytes)
{
    switch (nks_encoding_bom(scan->all.ptr, scan->all.len)) {
    case NKS_BOM_FOREIGN:
        return refuse(scan, NKS_FINDING_FORBIDDEN, "the encoding is not one of UTF-8, ISO-8859-1 and ISO-8859-15");
    case NKS_BOM_UTF8:
        *bytes = NKS_BOM_UTF8_BYTES;
        skip(&scan->rest, *bytes);
        break;
    case NKS_BOM_NONE:
        break;
    }
    return NKS_PROLOG_FOUND;
}

static enum nks_prolog_state read_all(struct scan *scan, struct nks_prolog *prolog)
{
    enum nks_prolog_state state = read_bom(scan, &prolog->skip);
    if (state == NKS_PROLOG_FOUND)
        state = read_declaration(scan, &prolog->encoding);
    if (state == NKS_PROLOG_FOUND && prolog->skip > 0 && prolog->encoding != NKS_UTF8)
        return refuse(scan, NKS_FINDING_SYNTAX, "the byte order mark and the declared encoding contradict each other");
    if (state == NKS_PROLOG_FOUND)
        state = skip_misc(scan);
    if (state == NKS_PROLOG_FOUND)
        state = read_root(scan, prolog);
    return state;
}

enum nks_prolog_state nks_prolog_read(struct nks_text bytes, bool last, struct nks_prolog *prolog,
                                      struct nks_prolog_fault *fault)
{
    struct scan scan = {bytes, nks_text_slice(bytes, 0, NKS_PROLOG_MAX), fault};
    *prolog = (struct nks_prolog){NKS_PAIN001_UNKNOWN, NKS_REPORT_NONE, NKS_UTF8, 0};
    enum nks_prolog_state state = read_all(&scan, prolog);
    if (state != NKS_PROLOG_MORE)
        return state;
    if (bytes.len >= NKS_PROLOG_MAX)
        return refuse(&scan, NKS_FINDING_CEILING, "the root element does not begin within the first 64 KiB");
    return last ? refuse(&scan, NKS_FINDING_SYNTAX, "the file ends before its first element is whole") : state;
}
