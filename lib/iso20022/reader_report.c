#include "iso20022/reader_state.h"

#include <libxml/SAX2.h>
#include <string.h>

/*
 * A bank's report (pain.002, camt.054). No two banks fill it in alike, so it is read without a schema: well-formed,
 * below every ceiling, and of its elements only those that slot_path.c names; all others are skipped with what is in
 * them. Those few are taken strictly (frame.h), because money moves by them.
 */

static struct nks_reader_element *top(struct nks_reader_state *reader)
{
    return &reader->open[reader->depth];
}

static bool is_known(const struct nks_reader_element *element)
{
    return element->node != NKS_PATH_NOWHERE;
}

static enum nks_slot slot_of(const struct nks_reader_state *reader, const struct nks_reader_element *element)
{
    return (enum nks_slot)reader->paths.slot[element->node];
}

static void unclear(struct nks_reader_state *reader, const char *what)
{
    char memory[128];
    struct nks_buf path;
    nks_buf_init(&path, memory, sizeof memory);
    nks_finding_path(reader, &path);
    nks_finding_put(reader, NKS_FINDING_SCHEMA, true, "%.*s %s", (int)path.len, path.ptr, what);
}

/* ---- records */

/* What a report must say before its first group, and the words where it does not. */
static const struct {
    enum nks_slot slot;
    const char *late, *never;
} musts[] = {
    [NKS_REPORT_03] = {NKS_SLOT_ORGNL_MSG_ID, "stands before the report says which message it answers",
                       "does not say which message it answers"},
    [NKS_REPORT_10] = {NKS_SLOT_ORGNL_MSG_ID, "stands before the report says which message it answers",
                       "does not say which message it answers"},
    [NKS_REPORT_CAMT054_02] = {NKS_SLOT_MSG_ID, "stands before the report's own id", "has no id of its own"},
    [NKS_REPORT_CAMT054_08] = {NKS_SLOT_MSG_ID, "stands before the report's own id", "has no id of its own"},
};

static bool has_must(const struct nks_reader_state *reader)
{
    return nks_record_has(&reader->record, musts[reader->prolog.report].slot);
}

static void start_record(struct nks_reader_state *reader, uint32_t group, uint64_t seq)
{
    nks_reader_record_start(reader, group, seq);
    reader->record_depth = reader->depth;
}

/* Elements of the record that are open, down to depth `depth`: all are closed before it is sent. */
static void close_and_send(struct nks_reader_state *reader, uint32_t depth, enum nks_frame_kind kind)
{
    bool fits = true;
    for (uint32_t i = reader->record_depth; i <= depth && fits; i++)
        fits = nks_record_close(&reader->record);
    if (fits)
        nks_reader_send(reader, kind);
    else
        nks_reader_record_long(reader);
    reader->in_record = false;
}

/* The part before the first group, or before the first payment of a group, is whole. */
static void send_header(struct nks_reader_state *reader, uint32_t depth)
{
    if (reader->header_sent)
        return;
    if (!has_must(reader)) {
        unclear(reader, musts[reader->prolog.report].late);
        return;
    }
    reader->header_sent = true;
    close_and_send(reader, depth, NKS_FRAME_REPORT);
}

static void send_group(struct nks_reader_state *reader, uint32_t depth)
{
    if (reader->group_sent)
        return;
    reader->group_sent = true;
    close_and_send(reader, depth, NKS_FRAME_REPORT_GROUP);
}

static void start_header(struct nks_reader_state *reader)
{
    if (reader->header_sent || reader->in_record)
        unclear(reader, "stands twice");
    else
        start_record(reader, 0, 0);
}

static void start_group(struct nks_reader_state *reader)
{
    send_header(reader, reader->depth - 1);
    if (reader->groups == reader->limits.groups)
        nks_reader_ceiling(reader, "the message has too many groups", reader->limits.groups);
    if (reader->stopped)
        return;
    reader->groups++;
    reader->group_sent = false;
    start_record(reader, reader->groups, 0);
}

static void start_payment(struct nks_reader_state *reader)
{
    send_group(reader, reader->depth - 1);
    if (reader->payments == reader->limits.payments)
        nks_reader_ceiling(reader, "the message has too many payments", reader->limits.payments);
    if (reader->stopped)
        return;
    reader->payments++;
    start_record(reader, reader->groups, reader->payments);
}

static void end_header(struct nks_reader_state *reader)
{
    if (!reader->header_sent && !has_must(reader))
        unclear(reader, musts[reader->prolog.report].never);
    else
        send_header(reader, reader->depth);
}

static void end_group(struct nks_reader_state *reader)
{
    send_group(reader, reader->depth);
    reader->place = (struct nks_frame_place){0, 0, 0};
}

static void end_payment(struct nks_reader_state *reader)
{
    close_and_send(reader, reader->depth, NKS_FRAME_REPORT_PAYMENT);
    reader->place.seq = 0;
}

static const struct {
    void (*start)(struct nks_reader_state *);
    void (*end)(struct nks_reader_state *);
} places[] = {
    [NKS_PLACE_HEADER] = {start_header, end_header},
    [NKS_PLACE_GROUP] = {start_group, end_group},
    [NKS_PLACE_PAYMENT] = {start_payment, end_payment},
};

/* A reason may stand many times, and the first one is taken; of all else there is one. */
static bool may_repeat(enum nks_slot slot)
{
    return slot == NKS_SLOT_STS_RSN_CD || slot == NKS_SLOT_STS_RSN_PRTRY;
}

static void check_slot(struct nks_reader_state *reader, enum nks_slot slot)
{
    if (!reader->in_record && !may_repeat(slot))
        unclear(reader, "stands too late");
    else if (reader->in_record && !may_repeat(slot) && nks_record_has(&reader->record, slot))
        unclear(reader, "stands twice");
}

/* The amount's currency, the only attribute that is taken; the first one with that name and no prefix. */
static void take_ccy(struct nks_reader_state *reader, int count, const xmlChar **attributes)
{
    enum nks_slot slot = (enum nks_slot)reader->paths.ccy_slot[top(reader)->node];
    for (int i = 0; i < count && slot != NKS_SLOT_NONE; i++, attributes += 5) {
        if (attributes[1] != NULL || strcmp((const char *)attributes[0], "Ccy") != 0)
            continue;
        struct nks_text ccy = {(const char *)attributes[3], (size_t)(attributes[4] - attributes[3])};
        if (!nks_record_ccy(&reader->record, ccy, slot))
            nks_reader_record_long(reader);
        return;
    }
}

/* ---- elements: a place's own end goes into the record when the record is sent */

static void start_known(struct nks_reader_state *reader, int attributes_count, const xmlChar **attributes)
{
    unsigned place = reader->paths.place[top(reader)->node];
    enum nks_slot slot = slot_of(reader, top(reader));
    if (place != NKS_PLACE_NONE)
        places[place].start(reader);
    else if (slot != NKS_SLOT_NONE)
        check_slot(reader, slot);
    if (!reader->in_record || reader->stopped)
        return;
    if (!nks_record_open(&reader->record, (enum nks_element)top(reader)->element))
        nks_reader_record_long(reader);
    else if (attributes_count > 0)
        take_ccy(reader, attributes_count, attributes);
}

static void end_known(struct nks_reader_state *reader)
{
    unsigned place = reader->paths.place[top(reader)->node];
    enum nks_slot slot = slot_of(reader, top(reader));
    if (slot != NKS_SLOT_NONE && top(reader)->has_children)
        unclear(reader, "has elements in it");
    else if (place != NKS_PLACE_NONE)
        places[place].end(reader);
    else if (reader->in_record) {
        if (slot == NKS_SLOT_NONE)
            nks_record_text_drop(&reader->record);
        nks_record_text_end(&reader->record, slot);
        if (!nks_record_close(&reader->record))
            nks_reader_record_long(reader);
    }
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces_count,
                     const xmlChar **namespaces, int attributes_count, int defaulted, const xmlChar **attributes)
{
    struct nks_reader_state *reader = user;
    (void)defaulted;
    if (reader->stopped)
        return;
    nks_record_text_drop(&reader->record);
    if (!nks_reader_enter(reader, name, prefix, namespaces_count, namespaces, attributes_count, attributes))
        return;
    if (!nks_reader_is_ours(reader, uri))
        top(reader)->node = NKS_PATH_NOWHERE;
    if (is_known(top(reader)))
        start_known(reader, attributes_count, attributes);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct nks_reader_state *reader = user;
    (void)name, (void)prefix, (void)uri;
    if (reader->stopped)
        return;
    if (is_known(top(reader)))
        end_known(reader);
    nks_record_text_drop(&reader->record);
    reader->depth--;
    reader->root_closed = reader->depth == 0;
    if (reader->root_closed && !reader->header_sent && reader->findings == 0)
        nks_finding_put(reader, NKS_FINDING_SCHEMA, true, "the report %s", musts[reader->prolog.report].never);
}

void nks_report_sax(xmlSAXHandler *sax)
{
    nks_reader_sax(sax);
    sax->startElementNs = on_start;
    sax->endElementNs = on_end;
}
