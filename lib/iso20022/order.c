#include "iso20022/order.h"
#include "iso20022/loss.h"
#include "iso20022/token.h"

#include <string.h>

/*
 * An order is the payer's elements in the payer's order, with ours among them. Which is which stands in three plans
 * (header, group, payment), one row per child, in the order of the schema, which all versions share. merge() walks a
 * record and a plan side by side. What is copied goes through copy_elements(), the only hot loop of this file.
 */

enum { NAME_MAX_CHARACTERS = 140, USTRD_MAX_CHARACTERS = 140, SUM_DIGITS_MAX = 18 };

/* ---- tags */

enum { TAG_BYTES = 24 };

/* Ready tags, copied as a block of fixed size: that is two moves, where a copy of known length is a call. */
#define NKS_REPORT_ELEMENT(id, name) /* no order has them */
static const struct tag {
    char open[TAG_BYTES], close[TAG_BYTES];
    uint8_t open_len, close_len;
} tags[256] = {
#define NKS_ELEMENT(id, name) [id] = {"<" #name ">", "</" #name ">", sizeof #name + 1, sizeof #name + 2},
#include "iso20022/element.def"
#undef NKS_ELEMENT
};
#define NKS_REPORT_ELEMENT(id, name)
#define NKS_ELEMENT(id, name) _Static_assert(sizeof #name + 2 < TAG_BYTES, #name " does not fit");
#include "iso20022/element.def"
#undef NKS_ELEMENT

static inline void write_tag(struct nks_xmlout *out, const char *tag, size_t len)
{
    if (sizeof out->buffer - out->used < TAG_BYTES) {
        nks_xmlout_raw(out, tag, len);
        return;
    }
    memcpy(out->buffer + out->used, tag, TAG_BYTES);
    out->used += len;
    out->written += (int64_t)len;
}

static void open_tag(struct nks_xmlout *out, enum nks_element element)
{
    write_tag(out, tags[element].open, tags[element].open_len);
}

static void close_tag(struct nks_xmlout *out, enum nks_element element)
{
    write_tag(out, tags[element].close, tags[element].close_len);
}

static void write_element(struct nks_xmlout *out, enum nks_element element, struct nks_text text)
{
    open_tag(out, element);
    nks_xmlout_text(out, text);
    close_tag(out, element);
}

/* <InstdAmt Ccy="DKK">; a currency of another form would break the tag and is none. */
static void open_tag_ccy(struct nks_xmlout *out, enum nks_element element, struct nks_text currency)
{
    if (!nks_currency_is_form(currency))
        currency = NKS_TEXT("XXX");
    nks_xmlout_raw(out, tags[element].open, tags[element].open_len - 1u);
    nks_xmlout_raw(out, " Ccy=\"", 6);
    nks_xmlout_raw(out, currency.ptr, currency.len);
    nks_xmlout_raw(out, "\">", 2);
}

/* ---- tokens, read as token.h says; they are checked, so nothing is checked again */

static const unsigned char *token_bytes(struct nks_text text)
{
    return (const unsigned char *)text.ptr;
}

static size_t text_len(const unsigned char *token)
{
    return (size_t)token[1] | (size_t)token[2] << 8;
}

/* What stands between the outermost tags of a record. */
static struct nks_text inside_of(struct nks_text record)
{
    struct nks_text tokens = nks_record_tokens(record);
    return nks_text_slice(tokens, 1, tokens.len - 2);
}

/* Past the element that opens at `p`. */
static const unsigned char *skip_element(const unsigned char *p)
{
    int depth = 0;
    do {
        if (*p == NKS_TOKEN_TEXT) {
            p += 3 + text_len(p);
            continue;
        }
        if (*p == NKS_TOKEN_CCY) {
            p += 2 + p[1];
            continue;
        }
        depth += *p == NKS_TOKEN_END ? -1 : 1;
        p++;
    } while (depth > 0);
    return p;
}

static const unsigned char *copy_opening(struct nks_xmlout *out, const unsigned char *p)
{
    enum nks_element element = (enum nks_element)p[0];
    if (p[1] != NKS_TOKEN_CCY) {
        open_tag(out, element);
        return p + 1;
    }
    open_tag_ccy(out, element, (struct nks_text){(const char *)p + 3, p[2]});
    return p + 3 + p[2];
}

/* Writes whole elements as they are. */
static void copy_elements(struct nks_xmlout *out, const unsigned char *p, const unsigned char *end)
{
    unsigned char open[NKS_TOKEN_DEPTH];
    size_t depth = 0;
    while (p < end) {
        if (*p == NKS_TOKEN_END) {
            close_tag(out, (enum nks_element)open[--depth]);
            p++;
        } else if (*p == NKS_TOKEN_TEXT) {
            nks_xmlout_text(out, (struct nks_text){(const char *)p + 3, text_len(p)});
            p += 3 + text_len(p);
        } else {
            open[depth++] = *p;
            p = copy_opening(out, p);
        }
    }
}

/* ---- plans */

/* What a writer of ours may ask for; which are set depends on the plan. */
struct work {
    struct nks_xmlout *out;
    const struct nks_order_head *head;
    const struct nks_order_group *group;
    const struct nks_order_leg *leg;
    uint64_t losses;
    bool silent; /* only counts losses */
};

enum treatment {
    LEFT_OUT,
    COPIED,
    IN_PART, /* its children have a plan of their own */
    OURS,    /* written by us, whether the payer wrote one or not */
};

struct row {
    enum nks_element element;
    enum treatment treatment[3]; /* by enum nks_order_creditor; groups and headers use the first */
    void (*ours)(struct work *work);
    const struct plan *part;
};

struct plan {
    const struct row *rows;
    size_t count;
};

/* The change of version goes through a scratch of its own frame, so that the common case does not pay for it. */
__attribute__((noinline)) static void copy_converted(struct work *work, struct nks_text element)
{
    char memory[NKS_LOSS_ROOM];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_loss_convert(element, work->head->from_version, work->head->version, &buf, &work->losses);
    if (!work->silent)
        copy_elements(work->out, token_bytes(nks_buf_view(&buf)), token_bytes(nks_buf_view(&buf)) + buf.len);
}

static void copy(struct work *work, const unsigned char *from, const unsigned char *end)
{
    if (work->head->version != work->head->from_version)
        copy_converted(work, (struct nks_text){(const char *)from, (size_t)(end - from)});
    else if (!work->silent)
        copy_elements(work->out, from, end);
}

static void write_ours(struct work *work, const struct plan *plan, size_t from, size_t to, size_t kind)
{
    for (size_t i = from; i < to && !work->silent; i++) {
        if (plan->rows[i].treatment[kind] == OURS)
            plan->rows[i].ours(work);
    }
}

static void merge(struct work *work, const struct plan *plan, size_t kind, const unsigned char *p,
                  const unsigned char *end);

/* An element of which nothing would remain is not written at all. */
static void copy_part(struct work *work, const struct row *row, size_t kind, const unsigned char *from,
                      const unsigned char *end)
{
    bool any = false;
    for (size_t i = 0; i < row->part->count; i++) {
        enum treatment treatment = row->part->rows[i].treatment[kind];
        any = any || treatment == OURS || (treatment == COPIED && from[1] == (unsigned char)row->part->rows[i].element);
    }
    if (!any)
        return;
    if (!work->silent)
        open_tag(work->out, row->element);
    merge(work, row->part, kind, from + 1, end - 1);
    if (!work->silent)
        close_tag(work->out, row->element);
}

/* The row of an element, looked for from where the walk stands: what stands out of its place has none. */
static size_t find_row(const struct plan *plan, size_t row, unsigned char element)
{
    while (row < plan->count && (unsigned char)plan->rows[row].element != element)
        row++;
    return row;
}

static void merge(struct work *work, const struct plan *plan, size_t kind, const unsigned char *p,
                  const unsigned char *end)
{
    size_t done = 0; /* rows before this one are written */
    while (p < end) {
        const unsigned char *next = skip_element(p);
        size_t at = find_row(plan, done, *p);
        if (at < plan->count) {
            const struct row *row = &plan->rows[at];
            write_ours(work, plan, done, at, kind);
            if (row->treatment[kind] == COPIED)
                copy(work, p, next);
            else if (row->treatment[kind] == IN_PART)
                copy_part(work, row, kind, p, next);
            done = at;
        }
        p = next;
    }
    write_ours(work, plan, done, plan->count, kind);
}

static void merge_record(struct work *work, const struct plan *plan, size_t kind, struct nks_text record)
{
    struct nks_text inside = inside_of(record);
    merge(work, plan, kind, token_bytes(inside), token_bytes(inside) + inside.len);
}

static void fail(struct nks_xmlout *out, const char *code, const char *line)
{
    if (out->status == NKS_OK)
        out->status = nks_fault_set(out->fault, NKS_FAILED, code, "%s", line);
}

/* ---- counts and sums */

static void write_count(struct nks_xmlout *out, int64_t legs)
{
    char memory[NKS_LEG_REF_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_i64(&buf, legs);
    write_element(out, NKS_E_NbOfTxs, nks_buf_view(&buf));
}

/* CtrlSum is optional and holds 18 digits; a larger sum is not told. */
static void write_sum(struct nks_xmlout *out, struct nks_sum sum)
{
    char memory[64];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_sum_format(&buf, sum);
    if (buf.len <= SUM_DIGITS_MAX + 1 && !buf.overflow)
        write_element(out, NKS_E_CtrlSum, nks_buf_view(&buf));
}

/* ---- the header */

static void head_msg_id(struct work *work)
{
    write_element(work->out, NKS_E_MsgId, nks_text_from(work->head->msg_id));
}

static void head_created(struct work *work)
{
    char text[NKS_TIME_TEXT];
    nks_time_format(work->head->created, text);
    write_element(work->out, NKS_E_CreDtTm, nks_text_from(text));
}

static void head_count(struct work *work)
{
    write_count(work->out, work->head->legs);
}

static void head_sum(struct work *work)
{
    write_sum(work->out, work->head->sum);
}

static const struct row header_rows[] = {
    {NKS_E_MsgId, {OURS}, head_msg_id, NULL},
    {NKS_E_CreDtTm, {OURS}, head_created, NULL},
    {NKS_E_Authstn, {LEFT_OUT}, NULL, NULL}, /* who approved the payer's message says nothing about ours */
    {NKS_E_NbOfTxs, {OURS}, head_count, NULL},
    {NKS_E_CtrlSum, {OURS}, head_sum, NULL},
    {NKS_E_InitgPty, {COPIED}, NULL, NULL},
    {NKS_E_InitnSrc, {LEFT_OUT}, NULL, NULL}, /* nor does the program that made it */
};
static const struct plan header_plan = {header_rows, sizeof header_rows / sizeof header_rows[0]};

/* ---- the group */

static void group_count(struct work *work)
{
    write_count(work->out, work->group->legs);
}

static void group_sum(struct work *work)
{
    write_sum(work->out, work->group->sum);
}

static void group_date(struct work *work)
{
    char text[NKS_DATE_TEXT];
    nks_date_format(work->group->execution_date, text);
    open_tag(work->out, NKS_E_ReqdExctnDt);
    if (work->head->version == NKS_PAIN001_09)
        write_element(work->out, NKS_E_Dt, nks_text_from(text));
    else
        nks_xmlout_text(work->out, nks_text_from(text));
    close_tag(work->out, NKS_E_ReqdExctnDt);
}

static const struct row group_rows[] = {
    {NKS_E_PmtInfId, {COPIED}, NULL, NULL},        {NKS_E_PmtMtd, {COPIED}, NULL, NULL},
    {NKS_E_BtchBookg, {COPIED}, NULL, NULL},       {NKS_E_NbOfTxs, {OURS}, group_count, NULL},
    {NKS_E_CtrlSum, {OURS}, group_sum, NULL},      {NKS_E_PmtTpInf, {COPIED}, NULL, NULL},
    {NKS_E_ReqdExctnDt, {OURS}, group_date, NULL}, {NKS_E_Dbtr, {COPIED}, NULL, NULL},
    {NKS_E_DbtrAcct, {COPIED}, NULL, NULL},        {NKS_E_DbtrAgt, {COPIED}, NULL, NULL},
    {NKS_E_UltmtDbtr, {COPIED}, NULL, NULL},       {NKS_E_ChrgBr, {COPIED}, NULL, NULL},
};
static const struct plan group_plan = {group_rows, sizeof group_rows / sizeof group_rows[0]};

/* ---- the leg */

static void leg_instr_id(struct work *work)
{
    write_element(work->out, NKS_E_InstrId, nks_text_from(work->leg->instr_id));
}

static void leg_uetr(struct work *work)
{
    if (work->head->version == NKS_PAIN001_09 && work->leg->uetr != NULL)
        write_element(work->out, NKS_E_UETR, nks_text_from(work->leg->uetr));
}

static void leg_amount(struct work *work)
{
    char memory[64];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    if (work->leg->amount.minor <= 0)
        fail(work->out, "ORDER-AMOUNT", "A leg of an order file has no amount above zero. The file was not made.");
    nks_money_format(&buf, work->leg->amount);
    open_tag(work->out, NKS_E_Amt);
    open_tag_ccy(work->out, NKS_E_InstdAmt, nks_text_from(work->leg->amount.currency));
    nks_xmlout_text(work->out, nks_buf_view(&buf));
    close_tag(work->out, NKS_E_InstdAmt);
    close_tag(work->out, NKS_E_Amt);
}

/* A BIC that the version's schema refuses would cost the whole file; the bank finds the agent by the account. */
static void leg_agent(struct work *work)
{
    struct nks_text bic = nks_text_from(work->leg->account.bic);
    if (!nks_loss_bic_fits(bic, work->head->version))
        return;
    open_tag(work->out, NKS_E_CdtrAgt);
    open_tag(work->out, NKS_E_FinInstnId);
    write_element(work->out, work->head->version == NKS_PAIN001_09 ? NKS_E_BICFI : NKS_E_BIC, bic);
    close_tag(work->out, NKS_E_FinInstnId);
    close_tag(work->out, NKS_E_CdtrAgt);
}

/* Othr{Id, SchmeNm/Cd or Prtry}, of an account and of a party. */
static void write_other(struct nks_xmlout *out, struct nks_text id, enum nks_element scheme, struct nks_text name)
{
    open_tag(out, NKS_E_Othr);
    write_element(out, NKS_E_Id, id);
    open_tag(out, NKS_E_SchmeNm);
    write_element(out, scheme, name);
    close_tag(out, NKS_E_SchmeNm);
    close_tag(out, NKS_E_Othr);
}

static void write_iban(struct nks_xmlout *out, struct nks_text id)
{
    write_element(out, NKS_E_IBAN, id);
}

static void write_bban(struct nks_xmlout *out, struct nks_text id)
{
    write_other(out, id, NKS_E_Cd, NKS_TEXT("BBAN"));
}

/* The kortart stands before the plus; it is written as the account's type (leg_account). */
static void write_slip(struct nks_xmlout *out, struct nks_text id)
{
    (void)nks_text_cut(&id, '+');
    write_other(out, id, NKS_E_Prtry, NKS_TEXT("OCR"));
}

/* Tp/Prtry "FIK71": without the kortart a bank cannot tell a slip 71 from a 73 or 75. The payment id is the payer's to
 * write, in the creditor reference. */
static void write_kortart(struct nks_xmlout *out, struct nks_text id)
{
    char name[8];
    struct nks_buf buf;
    nks_buf_init(&buf, name, sizeof name);
    nks_buf_str(&buf, "FIK");
    nks_buf_text(&buf, nks_text_cut(&id, '+'));
    open_tag(out, NKS_E_Tp);
    write_element(out, NKS_E_Prtry, nks_buf_view(&buf));
    close_tag(out, NKS_E_Tp);
}

static void leg_account(struct work *work)
{
    static void (*const writers[])(struct nks_xmlout * out, struct nks_text id) = {
        [NKS_ACCOUNT_NONE] = NULL,
        [NKS_ACCOUNT_BBAN] = write_bban,
        [NKS_ACCOUNT_IBAN] = write_iban,
        [NKS_ACCOUNT_FIK] = write_slip,
    };
    const struct nks_account *account = &work->leg->account;
    if ((size_t)account->kind >= sizeof writers / sizeof writers[0] || writers[account->kind] == NULL) {
        fail(work->out, "ORDER-ACCOUNT", "A leg of an order file has no creditor account. The file was not made.");
        return;
    }
    open_tag(work->out, NKS_E_CdtrAcct);
    open_tag(work->out, NKS_E_Id);
    writers[account->kind](work->out, nks_text_from(account->id));
    close_tag(work->out, NKS_E_Id);
    if (account->kind == NKS_ACCOUNT_FIK)
        write_kortart(work->out, nks_text_from(account->id));
    close_tag(work->out, NKS_E_CdtrAcct);
}

static void leg_party(struct work *work)
{
    struct nks_text name = work->leg->party_name;
    open_tag(work->out, NKS_E_Cdtr);
    if (name.len > 0)
        write_element(work->out, NKS_E_Nm, nks_xmlout_cut(&name, NAME_MAX_CHARACTERS));
    if (work->leg->party_cvr.len > 0) {
        open_tag(work->out, NKS_E_Id);
        open_tag(work->out, NKS_E_OrgId);
        write_other(work->out, work->leg->party_cvr, NKS_E_Prtry, NKS_TEXT("CVR"));
        close_tag(work->out, NKS_E_OrgId);
        close_tag(work->out, NKS_E_Id);
    }
    close_tag(work->out, NKS_E_Cdtr);
}

static void leg_remittance(struct work *work)
{
    struct nks_text words = work->leg->remittance;
    if (words.len == 0)
        return;
    open_tag(work->out, NKS_E_RmtInf);
    write_element(work->out, NKS_E_Ustrd, nks_xmlout_cut(&words, USTRD_MAX_CHARACTERS));
    close_tag(work->out, NKS_E_RmtInf);
}

static const struct row pmt_id_rows[] = {
    {NKS_E_InstrId, {OURS, OURS, OURS}, leg_instr_id, NULL},
    {NKS_E_EndToEndId, {COPIED, COPIED, COPIED}, NULL, NULL},
    {NKS_E_UETR, {OURS, OURS, OURS}, leg_uetr, NULL},
};
static const struct plan pmt_id_plan = {pmt_id_rows, sizeof pmt_id_rows / sizeof pmt_id_rows[0]};

/* What the money was for (LclInstrm may name the ydelsesart) is nobody's business but the payee's. */
static const struct row pmt_tp_inf_rows[] = {
    {NKS_E_InstrPrty, {COPIED, COPIED, COPIED}, NULL, NULL},
    {NKS_E_SvcLvl, {COPIED, COPIED, COPIED}, NULL, NULL},
    {NKS_E_LclInstrm, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_CtgyPurp, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
};
static const struct plan pmt_tp_inf_plan = {pmt_tp_inf_rows, sizeof pmt_tp_inf_rows / sizeof pmt_tp_inf_rows[0]};

static const struct row payment_rows[] = {
    /* as written, account set, other party */
    {NKS_E_PmtId, {IN_PART, IN_PART, IN_PART}, NULL, &pmt_id_plan},
    {NKS_E_PmtTpInf, {COPIED, COPIED, IN_PART}, NULL, &pmt_tp_inf_plan},
    {NKS_E_Amt, {OURS, OURS, OURS}, leg_amount, NULL},
    {NKS_E_ChrgBr, {COPIED, COPIED, COPIED}, NULL, NULL},
    {NKS_E_UltmtDbtr, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_CdtrAgt, {COPIED, OURS, OURS}, leg_agent, NULL},
    {NKS_E_Cdtr, {COPIED, COPIED, OURS}, leg_party, NULL},
    {NKS_E_CdtrAcct, {COPIED, OURS, OURS}, leg_account, NULL},
    {NKS_E_UltmtCdtr, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_InstrForCdtrAgt, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_InstrForDbtrAgt, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_Purp, {COPIED, COPIED, LEFT_OUT}, NULL, NULL},
    {NKS_E_RmtInf, {COPIED, COPIED, OURS}, leg_remittance, NULL},
};
static const struct plan payment_plan = {payment_rows, sizeof payment_rows / sizeof payment_rows[0]};

/* ---- the file */

static void raw_text(struct nks_xmlout *out, struct nks_text text)
{
    nks_xmlout_raw(out, text.ptr, text.len);
}

void nks_order_begin(struct nks_xmlout *out, const struct nks_order_head *head)
{
    struct work work = {.out = out, .head = head};
    raw_text(out, NKS_TEXT("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001."));
    raw_text(out, head->version == NKS_PAIN001_09 ? NKS_TEXT("09\">") : NKS_TEXT("03\">"));
    raw_text(out, NKS_TEXT("<CstmrCdtTrfInitn>\n<GrpHdr>"));
    merge_record(&work, &header_plan, 0, head->header);
    raw_text(out, NKS_TEXT("</GrpHdr>\n"));
}

void nks_order_group_begin(struct nks_xmlout *out, const struct nks_order_head *head,
                           const struct nks_order_group *group)
{
    struct work work = {.out = out, .head = head, .group = group};
    raw_text(out, NKS_TEXT("<PmtInf>"));
    merge_record(&work, &group_plan, 0, group->group);
    raw_text(out, NKS_TEXT("\n"));
}

void nks_order_leg_write(struct nks_xmlout *out, const struct nks_order_head *head, const struct nks_order_leg *leg)
{
    struct work work = {.out = out, .head = head, .leg = leg};
    open_tag(out, NKS_E_CdtTrfTxInf);
    merge_record(&work, &payment_plan, (size_t)leg->creditor, leg->payment);
    raw_text(out, NKS_TEXT("</CdtTrfTxInf>\n"));
    if (work.losses != 0 && nks_loss_rejects(work.losses))
        fail(out, "ORDER-LOSS", "A leg cannot be sent in the version of this order file. The file was not made.");
}

void nks_order_group_end(struct nks_xmlout *out)
{
    raw_text(out, NKS_TEXT("</PmtInf>\n"));
}

void nks_order_end(struct nks_xmlout *out)
{
    raw_text(out, NKS_TEXT("</CstmrCdtTrfInitn></Document>\n"));
}

/* ---- bounds and losses */

/*
 * `rendered` bounds what the payer wrote. The change of version adds at most half (AdrTp gets a Cd around a text of
 * four letters), a carriage return is written as five bytes, and ours is never more than the rest: ids, an account, and
 * for another party two texts of 140 characters.
 */
static int64_t bound_of(struct nks_text record)
{
    enum { OURS_MAX = 4096 };
    struct nks_text tokens = nks_record_tokens(record);
    int64_t returns = 0;
    for (size_t i = 0; i < tokens.len; i++)
        returns += tokens.ptr[i] == '\r';
    int64_t rendered = nks_record_rendered(record);
    return rendered + rendered / 2 + 4 * returns + OURS_MAX;
}

int64_t nks_order_leg_bound(struct nks_text payment)
{
    return bound_of(payment);
}

int64_t nks_order_head_bound(struct nks_text header)
{
    return bound_of(header);
}

int64_t nks_order_group_bound(struct nks_text group)
{
    return bound_of(group);
}

static const struct plan *plan_of(struct nks_text record)
{
    unsigned char outer = token_bytes(nks_record_tokens(record))[0];
    return outer == NKS_E_GrpHdr ? &header_plan : outer == NKS_E_PmtInf ? &group_plan : &payment_plan;
}

static uint64_t losses_of(struct nks_text record, enum nks_pain001_version from, enum nks_pain001_version to,
                          size_t kind)
{
    if (from == to)
        return 0;
    struct nks_order_head head = {.version = to, .from_version = from};
    struct work work = {.head = &head, .silent = true};
    merge_record(&work, plan_of(record), kind, record);
    return work.losses;
}

uint64_t nks_order_losses(struct nks_text record, enum nks_pain001_version from, enum nks_pain001_version to)
{
    return losses_of(record, from, to, NKS_ORDER_AS_WRITTEN);
}

uint64_t nks_order_leg_losses(struct nks_text payment, enum nks_pain001_version from, enum nks_pain001_version to,
                              enum nks_order_creditor creditor)
{
    return losses_of(payment, from, to, (size_t)creditor);
}
