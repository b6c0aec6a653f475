#include "iso20022/camt055.h"

#include <string.h>

enum { ID_MAX = 35, NAME_MAX_CHARACTERS = 140, MONEY_TEXT = 48 };

static void raw(struct nks_xmlout *out, const char *text)
{
    nks_xmlout_raw(out, text, strlen(text));
}

static void element_cut(struct nks_xmlout *out, const char *name, struct nks_text text, size_t max)
{
    nks_xmlout_element(out, name, nks_xmlout_cut(&text, max));
}

static void element_time(struct nks_xmlout *out, const char *name, nks_time time)
{
    char text[NKS_TIME_TEXT];
    nks_time_format(time, text);
    nks_xmlout_element(out, name, nks_text_from(text));
}

static void party(struct nks_xmlout *out, const char *name, struct nks_text words)
{
    nks_xmlout_open(out, name);
    nks_xmlout_open(out, "Pty");
    element_cut(out, "Nm", words, NAME_MAX_CHARACTERS);
    nks_xmlout_close(out, "Pty");
    nks_xmlout_close(out, name);
}

void nks_camt055_begin(struct nks_xmlout *out, const struct nks_camt055_head *head)
{
    char memory[MONEY_TEXT];
    struct nks_buf buf;
    raw(out, "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.055.001.08\"><CstmrPmtCxlReq>\n<Assgnmt>");
    element_cut(out, "Id", nks_text_from(head->id), ID_MAX);
    party(out, "Assgnr", head->from);
    party(out, "Assgne", head->to);
    element_time(out, "CreDtTm", head->created);
    raw(out, "</Assgnmt>\n<CtrlData>");
    nks_buf_init(&buf, memory, sizeof memory);
    nks_buf_u64(&buf, (uint64_t)head->payments);
    nks_xmlout_element(out, "NbOfTxs", nks_buf_view(&buf));
    nks_buf_init(&buf, memory, sizeof memory);
    nks_sum_format(&buf, head->sum);
    nks_xmlout_element(out, "CtrlSum", nks_buf_view(&buf));
    raw(out, "</CtrlData>\n");
}

void nks_camt055_file_begin(struct nks_xmlout *out, const struct nks_camt055_file *file)
{
    raw(out, "<Undrlyg><OrgnlGrpInfAndCxl>");
    element_cut(out, "OrgnlMsgId", file->message_id, ID_MAX);
    element_cut(out, "OrgnlMsgNmId", file->message_name, ID_MAX);
    element_time(out, "OrgnlCreDtTm", file->created);
    raw(out, "<GrpCxl>false</GrpCxl></OrgnlGrpInfAndCxl>\n<OrgnlPmtInfAndCxl>");
    element_cut(out, "OrgnlPmtInfId", file->group_id.len > 0 ? file->group_id : NKS_TEXT("NOTPROVIDED"), ID_MAX);
    raw(out, "<PmtInfCxl>false</PmtInfCxl>\n");
}

void nks_camt055_payment_write(struct nks_xmlout *out, const struct nks_camt055_payment *payment)
{
    char memory[MONEY_TEXT], currency[4];
    struct nks_buf buf;
    raw(out, "<TxInf>");
    element_cut(out, "OrgnlInstrId", nks_text_from(payment->instr_id), ID_MAX);
    element_cut(out, "OrgnlEndToEndId", payment->end_to_end_id, ID_MAX);
    if (payment->uetr != NULL)
        nks_xmlout_element(out, "OrgnlUETR", nks_text_from(payment->uetr));
    memcpy(currency, payment->amount.currency, sizeof currency);
    raw(out, "<OrgnlInstdAmt Ccy=\"");
    nks_xmlout_text(out, nks_text_from(currency));
    raw(out, "\">");
    nks_buf_init(&buf, memory, sizeof memory);
    nks_money_format(&buf, payment->amount);
    nks_xmlout_text(out, nks_buf_view(&buf));
    raw(out, "</OrgnlInstdAmt><CxlRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlRsnInf></TxInf>\n");
}

void nks_camt055_file_end(struct nks_xmlout *out)
{
    raw(out, "</OrgnlPmtInfAndCxl></Undrlyg>\n");
}

void nks_camt055_end(struct nks_xmlout *out)
{
    raw(out, "</CstmrPmtCxlReq></Document>\n");
}
