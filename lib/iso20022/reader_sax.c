#include "iso20022/reader_state.h"

#include <libxml/SAX2.h>
#include <string.h>

/*
 * The parser's callbacks. For every event the guideline is asked first; when it has said nothing so far, the event goes
 * into the record at hand. Text is collected until the next tag, so comments, CDATA sections, references and the
 * borders of what was read do not show.
 */

static struct nks_reader_element *top(struct nks_reader_state *reader)
{
    return &reader->open[reader->depth];
}

void nks_reader_ceiling(struct nks_reader_state *reader, const char *what, uint64_t limit)
{
    nks_finding_put(reader, NKS_FINDING_CEILING, true, "%s (the reader takes at most %llu)", what,
                    (unsigned long long)limit);
}

void nks_reader_record_long(struct nks_reader_state *reader)
{
    nks_reader_ceiling(reader, "a header, group or payment has too many bytes", NKS_RECORD_MAX);
}

/* ---- text */

static bool is_blank(struct nks_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
            return false;
    }
    return true;
}

static void on_text(void *user, const xmlChar *text, int len)
{
    struct nks_reader_state *reader = user;
    if (reader->stopped || len <= 0)
        return;
    if ((uint64_t)reader->record.text_len + (uint64_t)len > reader->limits.text_bytes)
        nks_reader_ceiling(reader, "a text has too many bytes", reader->limits.text_bytes);
    else if (!nks_record_text(&reader->record, (const char *)text, (size_t)len))
        nks_reader_record_long(reader);
}

/* Before an element opens there may be blanks only; what else stands there is told once. */
static inline void end_blanks(struct nks_reader_state *reader)
{
    struct nks_text text = nks_record_text_view(&reader->record);
    if (text.len == 0)
        return;
    struct nks_guideline_place *place = &top(reader)->place;
    if (!is_blank(text) && place->type != NKS_GUIDELINE_NO_TYPE && !place->broken) {
        place->broken = true;
        nks_finding_content(reader, NKS_GUIDELINE_TEXT_BETWEEN);
    }
    nks_record_text_drop(&reader->record);
}

/* ---- records */

void nks_reader_send(struct nks_reader_state *reader, enum nks_frame_kind kind)
{
    char head[NKS_RECORD_HEAD_MAX];
    const struct nks_text parts[] = {
        {(const char *)&reader->place, sizeof reader->place},
        nks_record_head(&reader->record, head),
        {reader->record.tokens, reader->record.len},
    };
    nks_frame_out_put(&reader->out, kind, parts, sizeof parts / sizeof parts[0]);
    if (reader->out.failed)
        reader->stopped = true;
}

void nks_reader_record_start(struct nks_reader_state *reader, uint32_t group, uint64_t seq)
{
    nks_record_start(&reader->record);
    reader->place = (struct nks_frame_place){nks_reader_line(reader), group, seq};
    reader->in_record = true;
}

static void start_header(struct nks_reader_state *reader)
{
    nks_reader_record_start(reader, 0, 0);
}

static void start_group(struct nks_reader_state *reader)
{
    if (reader->groups == reader->limits.groups) {
        nks_reader_ceiling(reader, "the message has too many groups", reader->limits.groups);
        return;
    }
    reader->groups++;
    reader->group_sent = false;
    nks_reader_record_start(reader, reader->groups, 0);
}

static void send_group(struct nks_reader_state *reader)
{
    if (reader->group_sent)
        return;
    reader->group_sent = true;
    if (nks_record_close(&reader->record))
        nks_reader_send(reader, NKS_FRAME_GROUP);
    else
        nks_reader_record_long(reader);
}

static void start_payment(struct nks_reader_state *reader)
{
    send_group(reader);
    if (reader->payments == reader->limits.payments) {
        nks_reader_ceiling(reader, "the message has too many payments", reader->limits.payments);
        return;
    }
    reader->payments++;
    nks_reader_record_start(reader, reader->groups, reader->payments);
}

static void end_header(struct nks_reader_state *reader)
{
    nks_reader_send(reader, NKS_FRAME_HEADER);
    reader->in_record = false;
}

static void end_payment(struct nks_reader_state *reader)
{
    nks_reader_send(reader, NKS_FRAME_PAYMENT);
    reader->in_record = false;
    reader->place.seq = 0;
}

static void end_group(struct nks_reader_state *reader)
{
    nks_frame_out_put(&reader->out, NKS_FRAME_GROUP_END, NULL, 0);
    reader->in_record = false;
    reader->place = (struct nks_frame_place){0, 0, 0};
}

/* What beginning and ending an element of a place does. */
static const struct {
    void (*start)(struct nks_reader_state *);
    void (*end)(struct nks_reader_state *);
} places[] = {
    [NKS_PLACE_HEADER] = {start_header, end_header},
    [NKS_PLACE_GROUP] = {start_group, end_group},
    [NKS_PLACE_PAYMENT] = {start_payment, end_payment},
};

static void element_into_record(struct nks_reader_state *reader, struct nks_text ccy)
{
    unsigned place = reader->paths.place[top(reader)->node];
    if (place != NKS_PLACE_NONE)
        places[place].start(reader);
    if (!reader->in_record || reader->stopped)
        return;
    if (!nks_record_open(&reader->record, (enum nks_element)top(reader)->element) ||
        !nks_record_ccy(&reader->record, ccy, (enum nks_slot)reader->paths.ccy_slot[top(reader)->node]))
        nks_reader_record_long(reader);
}

static void close_in_record(struct nks_reader_state *reader)
{
    nks_record_text_end(&reader->record, (enum nks_slot)reader->paths.slot[top(reader)->node]);
    if (!nks_record_close(&reader->record))
        nks_reader_record_long(reader);
}

static void end_into_record(struct nks_reader_state *reader)
{
    if (reader->in_record)
        close_in_record(reader);
    unsigned place = reader->paths.place[top(reader)->node];
    if (place != NKS_PLACE_NONE && !reader->stopped)
        places[place].end(reader);
}

/* ---- elements */

static bool count_name(struct nks_reader_state *reader, const xmlChar *name)
{
    enum nks_element ignored;
    if (nks_names_add(&reader->names, name, &ignored))
        return true;
    nks_reader_ceiling(reader, "the message has too many different names", reader->limits.names);
    return false;
}

/* Namespaces come as pairs { prefix, URI }, attributes as { name, prefix, URI, value, end of value }. */
static bool count_attributes(struct nks_reader_state *reader, int namespaces_count, const xmlChar **namespaces,
                             int attributes_count, const xmlChar **attributes)
{
    if ((uint32_t)namespaces_count + (uint32_t)attributes_count > reader->limits.attributes) {
        nks_reader_ceiling(reader, "an element has too many attributes", reader->limits.attributes);
        return false;
    }
    for (int i = 0; i < 2 * namespaces_count; i++) {
        if (!count_name(reader, namespaces[i]))
            return false;
    }
    for (int i = 0; i < attributes_count; i++) {
        if (!count_name(reader, attributes[5 * i]) || !count_name(reader, attributes[5 * i + 1]))
            return false;
    }
    return true;
}

static inline bool push_element(struct nks_reader_state *reader, const xmlChar *name, const xmlChar *prefix)
{
    if (reader->depth == reader->limits.depth) {
        nks_reader_ceiling(reader, "elements are nested too deeply", reader->limits.depth);
        return false;
    }
    enum nks_element element;
    if (!nks_names_add(&reader->names, name, &element)) {
        nks_reader_ceiling(reader, "the message has too many different names", reader->limits.names);
        return false;
    }
    if (prefix != NULL && !count_name(reader, prefix))
        return false;
    uint8_t node = nks_paths_step(&reader->paths, top(reader)->node, element);
    top(reader)->has_children = true;
    reader->depth++;
    *top(reader) = (struct nks_reader_element){.element = (uint8_t)element, .node = node};
    return true;
}

/* What an element of any message goes through. False: a ceiling. */
static inline bool enter(struct nks_reader_state *reader, const xmlChar *name, const xmlChar *prefix,
                         int namespaces_count, const xmlChar **namespaces, int attributes_count,
                         const xmlChar **attributes)
{
    return push_element(reader, name, prefix) &&
           (namespaces_count + attributes_count == 0 ||
            count_attributes(reader, namespaces_count, namespaces, attributes_count, attributes));
}

bool nks_reader_enter(struct nks_reader_state *reader, const xmlChar *name, const xmlChar *prefix, int namespaces_count,
                      const xmlChar **namespaces, int attributes_count, const xmlChar **attributes)
{
    return enter(reader, name, prefix, namespaces_count, namespaces, attributes_count, attributes);
}

/* The parser keeps one copy of every URI, so the message's own is known by its address once it was seen. */
static bool is_message_uri(struct nks_reader_state *reader, const xmlChar *uri)
{
    if (uri == NULL || reader->message_uri != NULL ||
        strcmp((const char *)uri, nks_prolog_namespace(&reader->prolog)) != 0)
        return false;
    reader->message_uri = uri;
    return true;
}

bool nks_reader_is_ours(struct nks_reader_state *reader, const xmlChar *uri)
{
    return (uri != NULL && uri == reader->message_uri) || is_message_uri(reader, uri);
}

/* Where a schema might be found: the sender's hint, which is never followed. */
static bool is_schema_hint(const struct nks_reader_state *reader, const xmlChar *name, const xmlChar *uri)
{
    return reader->depth == 1 && uri != NULL &&
           strcmp((const char *)uri, "http://www.w3.org/2001/XMLSchema-instance") == 0 &&
           (strcmp((const char *)name, "schemaLocation") == 0 ||
            strcmp((const char *)name, "noNamespaceSchemaLocation") == 0);
}

/* Of attributes { name, prefix, URI, value, end of value } the guideline knows Ccy alone: gives its value. */
static struct nks_text check_attributes(struct nks_reader_state *reader, int count, const xmlChar **attributes)
{
    const struct nks_guideline_place *place = &top(reader)->place;
    bool wanted = nks_guideline_wants_ccy(&reader->guideline, place);
    struct nks_text ccy = {NULL, 0};
    for (int i = 0; i < count && place->type != NKS_GUIDELINE_NO_TYPE; i++, attributes += 5) {
        if (wanted && attributes[2] == NULL && strcmp((const char *)attributes[0], "Ccy") == 0)
            ccy = (struct nks_text){(const char *)attributes[3], (size_t)(attributes[4] - attributes[3])};
        else if (!is_schema_hint(reader, attributes[0], attributes[2]))
            nks_finding_attribute(reader, NKS_GUIDELINE_ATTRIBUTE);
    }
    if (!wanted)
        return ccy;
    enum nks_guideline_fault fault =
        ccy.ptr == NULL ? NKS_GUIDELINE_NO_ATTRIBUTE : nks_guideline_ccy(&reader->guideline, place, ccy);
    if (fault != NKS_GUIDELINE_GOOD)
        nks_finding_attribute(reader, fault);
    return ccy;
}

static inline void check_element(struct nks_reader_state *reader, const xmlChar *uri)
{
    struct nks_reader_element *element = top(reader);
    enum nks_element known = nks_reader_is_ours(reader, uri) ? (enum nks_element)element->element : NKS_ELEMENT_NONE;
    enum nks_guideline_fault fault =
        nks_guideline_enter(&reader->guideline, &element[-1].place, known, &element->place);
    if (fault != NKS_GUIDELINE_GOOD)
        nks_finding_content(reader, fault);
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces_count,
                     const xmlChar **namespaces, int attributes_count, int defaulted, const xmlChar **attributes)
{
    struct nks_reader_state *reader = user;
    (void)defaulted;
    if (reader->stopped)
        return;
    end_blanks(reader);
    if (!enter(reader, name, prefix, namespaces_count, namespaces, attributes_count, attributes))
        return;
    check_element(reader, uri);
    struct nks_text ccy = {NULL, 0};
    if (attributes_count > 0 || nks_guideline_wants_ccy(&reader->guideline, &top(reader)->place))
        ccy = check_attributes(reader, attributes_count, attributes);
    if (reader->findings == 0)
        element_into_record(reader, ccy);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct nks_reader_state *reader = user;
    (void)name, (void)prefix, (void)uri;
    if (reader->stopped)
        return;
    enum nks_guideline_fault fault =
        nks_guideline_leave(&reader->guideline, &top(reader)->place, nks_record_text_view(&reader->record));
    if (fault != NKS_GUIDELINE_GOOD)
        nks_finding_content(reader, fault);
    if (!nks_guideline_is_text(&reader->guideline, &top(reader)->place))
        nks_record_text_drop(&reader->record);
    if (reader->findings == 0)
        end_into_record(reader);
    nks_record_text_drop(&reader->record);
    reader->depth--;
    reader->root_closed = reader->depth == 0;
}

/* ---- what is not an element */

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
    struct nks_reader_state *reader = user;
    (void)data;
    if (!reader->stopped)
        (void)count_name(reader, target);
}

/* The pre-scan has seen it before; this is the second lock. */
static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    struct nks_reader_state *reader = user;
    (void)name, (void)public_id, (void)system_id;
    if (!reader->stopped)
        nks_finding_put(reader, NKS_FINDING_FORBIDDEN, true, "a document type declaration is not allowed");
}

/* `ignorableWhitespace` is the same as `characters`, or the parser would look twice at every blank. */
void nks_reader_sax(xmlSAXHandler *sax)
{
    *sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .processingInstruction = on_instruction,
        .internalSubset = on_doctype,
        .serror = nks_finding_parser,
    };
}
