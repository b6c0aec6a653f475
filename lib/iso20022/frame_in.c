#include "iso20022/frame_in.h"
#include "iso20022/token.h"

#include <string.h>

enum { FRAME_HEAD = 8, FINDING_TEXT_MAX = 300 };

void nks_frame_in_init(struct nks_frame_in *in)
{
    in->from = in->to = 0;
    in->last = (enum nks_frame_kind)0;
    in->in_group = in->header_seen = in->ended = false;
    in->report = NKS_REPORT_NONE;
    in->groups = in->findings = 0;
    in->payments = 0;
}

char *nks_frame_in_room(struct nks_frame_in *in, size_t *room)
{
    if (in->from == in->to)
        in->from = in->to = 0;
    /* What is left is part of one frame: moving it is cheap, and there is room for a whole one behind it. */
    if (in->from > 0 && sizeof in->buffer - in->to < NKS_FRAME_MAX) {
        memmove(in->buffer, in->buffer + in->from, in->to - in->from);
        in->to -= in->from;
        in->from = 0;
    }
    *room = sizeof in->buffer - in->to;
    return in->buffer + in->to;
}

/* ---- payloads: each takes the whole payload, or the frame is garbage */

static bool take_fixed(struct nks_text payload, void *out, size_t size)
{
    if (payload.len != size)
        return false;
    memcpy(out, payload.ptr, size);
    return true;
}

static bool take_document(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    const struct nks_frame_document *document = &frame->document;
    if (in->last != 0 || !take_fixed(payload, &frame->document, sizeof frame->document))
        return false;
    in->report = (enum nks_report_version)document->report;
    return document->version < NKS_PAIN001_END && document->encoding <= NKS_ISO_8859_15 &&
           document->report <= NKS_REPORT_CAMT054_08 &&
           (document->version == NKS_PAIN001_UNKNOWN || in->report == NKS_REPORT_NONE);
}

static bool take_record(struct nks_text payload, struct nks_reader_frame *frame, enum nks_element root)
{
    if (payload.len < sizeof frame->place)
        return false;
    memcpy(&frame->place, payload.ptr, sizeof frame->place);
    frame->record = nks_text_slice(payload, sizeof frame->place, payload.len);
    if (!nks_record_check(frame->record))
        return false;
    return (unsigned char)nks_record_tokens(frame->record).ptr[0] == (unsigned)root;
}

static bool take_header(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    bool first = !in->header_seen && in->groups == 0;
    in->header_seen = true;
    return first && take_record(payload, frame, NKS_E_GrpHdr) && frame->place.group == 0 && frame->place.seq == 0;
}

static bool take_group(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    bool expected = in->header_seen && !in->in_group;
    in->in_group = true;
    in->groups++;
    return expected && take_record(payload, frame, NKS_E_PmtInf) && frame->place.group == in->groups &&
           frame->place.seq == 0;
}

static bool take_payment(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    in->payments++;
    return in->in_group && take_record(payload, frame, NKS_E_CdtTrfTxInf) && frame->place.group == in->groups &&
           frame->place.seq == in->payments;
}

static bool take_group_end(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    (void)frame;
    bool expected = in->in_group && in->last == NKS_FRAME_PAYMENT;
    in->in_group = false;
    return expected && payload.len == 0;
}

/* ---- a report */

/* What its records are of, and the slot that the first one has. */
static const struct {
    enum nks_element report, group, payment, batch; /* batch NONE: payments only */
    enum nks_slot must;
} reports[] = {
    [NKS_REPORT_03] = {NKS_E_CstmrPmtStsRpt, NKS_E_OrgnlPmtInfAndSts, NKS_E_TxInfAndSts, NKS_ELEMENT_NONE,
                       NKS_SLOT_ORGNL_MSG_ID},
    [NKS_REPORT_10] = {NKS_E_CstmrPmtStsRpt, NKS_E_OrgnlPmtInfAndSts, NKS_E_TxInfAndSts, NKS_ELEMENT_NONE,
                       NKS_SLOT_ORGNL_MSG_ID},
    [NKS_REPORT_CAMT054_02] = {NKS_E_BkToCstmrDbtCdtNtfctn, NKS_E_Ntry, NKS_E_TxDtls, NKS_E_Btch, NKS_SLOT_MSG_ID},
    [NKS_REPORT_CAMT054_08] = {NKS_E_BkToCstmrDbtCdtNtfctn, NKS_E_Ntry, NKS_E_TxDtls, NKS_E_Btch, NKS_SLOT_MSG_ID},
};

static bool take_report(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    bool first = !in->header_seen && in->groups == 0;
    in->header_seen = true;
    return first && take_record(payload, frame, reports[in->report].report) && frame->place.group == 0 &&
           frame->place.seq == 0 && nks_record_slot(frame->record, reports[in->report].must).len > 0;
}

static bool take_report_group(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    in->in_group = true;
    in->groups++;
    return in->header_seen && take_record(payload, frame, reports[in->report].group) &&
           frame->place.group == in->groups && frame->place.seq == 0;
}

static bool take_report_payment(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    in->payments++;
    enum nks_element batch = reports[in->report].batch;
    bool taken = take_record(payload, frame, reports[in->report].payment) ||
                 (batch != NKS_ELEMENT_NONE && take_record(payload, frame, batch));
    return in->in_group && taken && frame->place.group == in->groups && frame->place.seq == in->payments;
}

/* The text goes into logs and answers: no control characters. */
static bool is_one_line(struct nks_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return false;
    }
    return nks_text_is_utf8(text);
}

static bool take_finding(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    struct nks_frame_finding *finding = &frame->finding;
    if (in->last == 0 || in->findings == NKS_FINDINGS_MAX || payload.len < sizeof *finding)
        return false;
    in->findings++;
    memcpy(finding, payload.ptr, sizeof *finding);
    frame->text = nks_text_slice(payload, sizeof *finding, payload.len);
    return finding->kind >= NKS_FINDING_SCHEMA && finding->kind <= NKS_FINDING_CEILING &&
           finding->text_len == frame->text.len && frame->text.len <= FINDING_TEXT_MAX && is_one_line(frame->text);
}

static bool take_end(struct nks_frame_in *in, struct nks_text payload, struct nks_reader_frame *frame)
{
    struct nks_frame_end *end = &frame->end;
    in->ended = true;
    if (in->last == 0 || !take_fixed(payload, end, sizeof *end) || end->complete > 1)
        return false;
    if (end->complete == 0)
        return in->findings > 0;
    /* An order has a group and its end; a report may be its head alone. */
    bool whole = in->report != NKS_REPORT_NONE ? in->header_seen : in->last == NKS_FRAME_GROUP_END;
    return in->findings == 0 && whole && end->groups == in->groups && end->payments == in->payments;
}

/* After a finding the reader sends no records, so a record after one is garbage; so is an order's in a report. */
enum message { ANY, ORDER, REPORT };
static const struct {
    bool (*take)(struct nks_frame_in *, struct nks_text, struct nks_reader_frame *);
    enum message message;
    bool after_finding;
} kinds[] = {
    [NKS_FRAME_DOCUMENT] = {take_document, ANY, false},
    [NKS_FRAME_HEADER] = {take_header, ORDER, false},
    [NKS_FRAME_GROUP] = {take_group, ORDER, false},
    [NKS_FRAME_PAYMENT] = {take_payment, ORDER, false},
    [NKS_FRAME_GROUP_END] = {take_group_end, ORDER, false},
    [NKS_FRAME_FINDING] = {take_finding, ANY, true},
    [NKS_FRAME_END] = {take_end, ANY, true},
    [NKS_FRAME_REPORT] = {take_report, REPORT, false},
    [NKS_FRAME_REPORT_GROUP] = {take_report_group, REPORT, false},
    [NKS_FRAME_REPORT_PAYMENT] = {take_report_payment, REPORT, false},
};

static bool take_payload(struct nks_frame_in *in, uint32_t kind, struct nks_text payload,
                         struct nks_reader_frame *frame)
{
    if (kind >= sizeof kinds / sizeof kinds[0] || kinds[kind].take == NULL || in->ended)
        return false;
    if ((in->findings > 0 && !kinds[kind].after_finding) || (in->last == 0 && kind != NKS_FRAME_DOCUMENT))
        return false;
    if (kinds[kind].message != ANY && (kinds[kind].message == REPORT) != (in->report != NKS_REPORT_NONE))
        return false;
    frame->kind = (enum nks_frame_kind)kind;
    bool good = kinds[kind].take(in, payload, frame);
    in->last = (enum nks_frame_kind)kind;
    return good;
}

enum nks_frame_in_state nks_frame_in_take(struct nks_frame_in *in, struct nks_reader_frame *frame)
{
    uint32_t head[2];
    size_t left = in->to - in->from;
    if (left < FRAME_HEAD)
        return NKS_FRAME_IN_MORE;
    memcpy(head, in->buffer + in->from, sizeof head);
    if (head[1] > NKS_FRAME_MAX - FRAME_HEAD)
        return NKS_FRAME_IN_GARBAGE;
    if (left - FRAME_HEAD < head[1])
        return NKS_FRAME_IN_MORE;
    struct nks_text payload = {in->buffer + in->from + FRAME_HEAD, head[1]};
    in->from += FRAME_HEAD + head[1];
    return take_payload(in, head[0], payload, frame) ? NKS_FRAME_IN_FRAME : NKS_FRAME_IN_GARBAGE;
}
