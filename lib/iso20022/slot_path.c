#include "iso20022/slot_path.h"

#include <assert.h>
#include <string.h>

/* What a version does not have, its guideline refuses: so a row may stand for more versions than have the element. */
enum { V03 = 1 << NKS_PAIN001_03, NEWER = (1 << NKS_PAIN001_END) - 1 - V03, BOTH = V03 | NEWER };

/* `path` begins below CstmrCdtTrfInitn; a last step "@Ccy" is the attribute. Where an element repeats, its first text
 * fills the slot. */
static const struct {
    const char *path;
    enum nks_slot slot;
    unsigned versions;
} rows[] = {
    {"GrpHdr/MsgId", NKS_SLOT_MSG_ID, BOTH},
    {"GrpHdr/CreDtTm", NKS_SLOT_CRE_DT_TM, BOTH},
    {"GrpHdr/NbOfTxs", NKS_SLOT_NB_OF_TXS, BOTH},
    {"GrpHdr/CtrlSum", NKS_SLOT_CTRL_SUM, BOTH},
    {"GrpHdr/InitgPty/Nm", NKS_SLOT_INITG_PTY_NM, BOTH},
    {"GrpHdr/InitgPty/Id/OrgId/Othr/Id", NKS_SLOT_INITG_PTY_ORG_ID, BOTH},
    {"GrpHdr/InitgPty/Id/OrgId/Othr/SchmeNm/Cd", NKS_SLOT_INITG_PTY_ORG_CD, BOTH},
    {"GrpHdr/InitgPty/Id/OrgId/Othr/SchmeNm/Prtry", NKS_SLOT_INITG_PTY_ORG_PRTRY, BOTH},
    {"GrpHdr/InitgPty/Id/PrvtId/Othr/Id", NKS_SLOT_INITG_PTY_PRVT_ID, BOTH},

    {"PmtInf/PmtInfId", NKS_SLOT_PMT_INF_ID, BOTH},
    {"PmtInf/PmtMtd", NKS_SLOT_PMT_MTD, BOTH},
    {"PmtInf/NbOfTxs", NKS_SLOT_NB_OF_TXS, BOTH},
    {"PmtInf/CtrlSum", NKS_SLOT_CTRL_SUM, BOTH},
    {"PmtInf/PmtTpInf/SvcLvl/Cd", NKS_SLOT_SVC_LVL_CD, BOTH},
    {"PmtInf/PmtTpInf/LclInstrm/Cd", NKS_SLOT_LCL_INSTRM_CD, BOTH},
    {"PmtInf/PmtTpInf/LclInstrm/Prtry", NKS_SLOT_LCL_INSTRM_PRTRY, BOTH},
    {"PmtInf/PmtTpInf/CtgyPurp/Cd", NKS_SLOT_CTGY_PURP_CD, BOTH},
    {"PmtInf/ReqdExctnDt", NKS_SLOT_REQD_EXCTN_DT, V03},
    {"PmtInf/ReqdExctnDt/Dt", NKS_SLOT_REQD_EXCTN_DT, NEWER},
    {"PmtInf/ReqdExctnDt/DtTm", NKS_SLOT_REQD_EXCTN_DT, NEWER},
    {"PmtInf/Dbtr/Nm", NKS_SLOT_DBTR_NM, BOTH},
    {"PmtInf/Dbtr/Id/OrgId/Othr/Id", NKS_SLOT_DBTR_ORG_ID, BOTH},
    {"PmtInf/Dbtr/Id/OrgId/Othr/SchmeNm/Cd", NKS_SLOT_DBTR_ORG_CD, BOTH},
    {"PmtInf/Dbtr/Id/OrgId/Othr/SchmeNm/Prtry", NKS_SLOT_DBTR_ORG_PRTRY, BOTH},
    {"PmtInf/DbtrAcct/Id/IBAN", NKS_SLOT_DBTR_ACCT_IBAN, BOTH},
    {"PmtInf/DbtrAcct/Id/Othr/Id", NKS_SLOT_DBTR_ACCT_OTHR_ID, BOTH},
    {"PmtInf/DbtrAcct/Id/Othr/SchmeNm/Cd", NKS_SLOT_DBTR_ACCT_OTHR_CD, BOTH},
    {"PmtInf/DbtrAcct/Id/Othr/SchmeNm/Prtry", NKS_SLOT_DBTR_ACCT_OTHR_PRTRY, BOTH},
    {"PmtInf/DbtrAcct/Ccy", NKS_SLOT_DBTR_ACCT_CCY, BOTH},
    {"PmtInf/DbtrAgt/FinInstnId/BIC", NKS_SLOT_DBTR_AGT_BIC, V03},
    {"PmtInf/DbtrAgt/FinInstnId/BICFI", NKS_SLOT_DBTR_AGT_BIC, NEWER},
    {"PmtInf/ChrgBr", NKS_SLOT_CHRG_BR, BOTH},

    {"PmtInf/CdtTrfTxInf/PmtId/InstrId", NKS_SLOT_INSTR_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/PmtId/EndToEndId", NKS_SLOT_END_TO_END_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/PmtId/UETR", NKS_SLOT_UETR, NEWER},
    {"PmtInf/CdtTrfTxInf/PmtTpInf/SvcLvl/Cd", NKS_SLOT_SVC_LVL_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/PmtTpInf/LclInstrm/Cd", NKS_SLOT_LCL_INSTRM_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/PmtTpInf/LclInstrm/Prtry", NKS_SLOT_LCL_INSTRM_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/PmtTpInf/CtgyPurp/Cd", NKS_SLOT_CTGY_PURP_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/Amt/InstdAmt", NKS_SLOT_INSTD_AMT, BOTH},
    {"PmtInf/CdtTrfTxInf/Amt/InstdAmt/@Ccy", NKS_SLOT_INSTD_AMT_CCY, BOTH},
    {"PmtInf/CdtTrfTxInf/ChrgBr", NKS_SLOT_CHRG_BR, BOTH},
    {"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/BIC", NKS_SLOT_CDTR_AGT_BIC, V03},
    {"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/BICFI", NKS_SLOT_CDTR_AGT_BIC, NEWER},
    {"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId", NKS_SLOT_CDTR_AGT_MMB_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Nm", NKS_SLOT_CDTR_NM, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/PstlAdr/Ctry", NKS_SLOT_CDTR_CTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/PstlAdr/TwnNm", NKS_SLOT_CDTR_TWN_NM, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/PstlAdr/AdrLine", NKS_SLOT_CDTR_ADR_LINE, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/Othr/Id", NKS_SLOT_CDTR_ORG_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/Othr/SchmeNm/Cd", NKS_SLOT_CDTR_ORG_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/Othr/SchmeNm/Prtry", NKS_SLOT_CDTR_ORG_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/Othr/Issr", NKS_SLOT_CDTR_ORG_ISSR, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/BICOrBEI", NKS_SLOT_CDTR_ORG_BIC, V03},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/AnyBIC", NKS_SLOT_CDTR_ORG_BIC, NEWER},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/LEI", NKS_SLOT_CDTR_ORG_LEI, NEWER},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/PrvtId/Othr/Id", NKS_SLOT_CDTR_PRVT_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/PrvtId/Othr/SchmeNm/Cd", NKS_SLOT_CDTR_PRVT_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/PrvtId/Othr/SchmeNm/Prtry", NKS_SLOT_CDTR_PRVT_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/Cdtr/Id/PrvtId/Othr/Issr", NKS_SLOT_CDTR_PRVT_ISSR, BOTH},
    {"PmtInf/CdtTrfTxInf/CdtrAcct/Id/IBAN", NKS_SLOT_CDTR_ACCT_IBAN, BOTH},
    {"PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/Id", NKS_SLOT_CDTR_ACCT_OTHR_ID, BOTH},
    {"PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/SchmeNm/Cd", NKS_SLOT_CDTR_ACCT_OTHR_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/SchmeNm/Prtry", NKS_SLOT_CDTR_ACCT_OTHR_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/Purp/Cd", NKS_SLOT_PURP_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/Purp/Prtry", NKS_SLOT_PURP_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/RmtInf/Strd/CdtrRefInf/Ref", NKS_SLOT_STRD_CDTR_REF, BOTH},
    {"PmtInf/CdtTrfTxInf/RmtInf/Strd/CdtrRefInf/Tp/CdOrPrtry/Cd", NKS_SLOT_STRD_CDTR_REF_CD, BOTH},
    {"PmtInf/CdtTrfTxInf/RmtInf/Strd/CdtrRefInf/Tp/CdOrPrtry/Prtry", NKS_SLOT_STRD_CDTR_REF_PRTRY, BOTH},
    {"PmtInf/CdtTrfTxInf/RmtInf/Ustrd", NKS_SLOT_USTRD, BOTH},
};

/* The same below CstmrPmtStsRpt, where both versions have them in the same places. */
enum { OLD = V03, NEW = NEWER }; /* of a report's two versions */
struct report_row {
    const char *path;
    enum nks_slot slot;
    unsigned versions;
};
static const struct report_row status_rows[] = {
    {"GrpHdr/MsgId", NKS_SLOT_MSG_ID, BOTH},
    {"OrgnlGrpInfAndSts/OrgnlMsgId", NKS_SLOT_ORGNL_MSG_ID, BOTH},
    {"OrgnlGrpInfAndSts/OrgnlMsgNmId", NKS_SLOT_ORGNL_MSG_NM_ID, BOTH},
    {"OrgnlGrpInfAndSts/GrpSts", NKS_SLOT_STS, BOTH},
    {"OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd", NKS_SLOT_STS_RSN_CD, BOTH},
    {"OrgnlGrpInfAndSts/StsRsnInf/Rsn/Prtry", NKS_SLOT_STS_RSN_PRTRY, BOTH},

    {"OrgnlPmtInfAndSts/OrgnlPmtInfId", NKS_SLOT_PMT_INF_ID, BOTH},
    {"OrgnlPmtInfAndSts/PmtInfSts", NKS_SLOT_STS, BOTH},
    {"OrgnlPmtInfAndSts/StsRsnInf/Rsn/Cd", NKS_SLOT_STS_RSN_CD, BOTH},
    {"OrgnlPmtInfAndSts/StsRsnInf/Rsn/Prtry", NKS_SLOT_STS_RSN_PRTRY, BOTH},

    {"OrgnlPmtInfAndSts/TxInfAndSts/OrgnlInstrId", NKS_SLOT_INSTR_ID, BOTH},
    {"OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId", NKS_SLOT_END_TO_END_ID, BOTH},
    {"OrgnlPmtInfAndSts/TxInfAndSts/TxSts", NKS_SLOT_STS, BOTH},
    {"OrgnlPmtInfAndSts/TxInfAndSts/StsRsnInf/Rsn/Cd", NKS_SLOT_STS_RSN_CD, BOTH},
    {"OrgnlPmtInfAndSts/TxInfAndSts/StsRsnInf/Rsn/Prtry", NKS_SLOT_STS_RSN_PRTRY, BOTH},
};

/*
 * The same below BkToCstmrDbtCdtNtfctn. Nothing of accounts and parties is taken: some centrals write the payee's CPR
 * number where the account belongs (bankconnect.dk), and what is not taken never leaves the jail.
 */
static const struct report_row notice_rows[] = {
    {"GrpHdr/MsgId", NKS_SLOT_MSG_ID, BOTH},
    {"Ntfctn/Ntry/Amt", NKS_SLOT_INSTD_AMT, BOTH},
    {"Ntfctn/Ntry/Amt/@Ccy", NKS_SLOT_INSTD_AMT_CCY, BOTH},
    {"Ntfctn/Ntry/CdtDbtInd", NKS_SLOT_CDT_DBT_IND, BOTH},
    {"Ntfctn/Ntry/RvslInd", NKS_SLOT_RVSL_IND, BOTH},
    {"Ntfctn/Ntry/Sts", NKS_SLOT_STS, OLD},
    {"Ntfctn/Ntry/Sts/Cd", NKS_SLOT_STS, NEW},
    {"Ntfctn/Ntry/BookgDt/Dt", NKS_SLOT_BOOKG_DT, BOTH},
    {"Ntfctn/Ntry/BookgDt/DtTm", NKS_SLOT_BOOKG_DT, BOTH},
    {"Ntfctn/Ntry/ValDt/Dt", NKS_SLOT_VAL_DT, BOTH},
    {"Ntfctn/Ntry/ValDt/DtTm", NKS_SLOT_VAL_DT, BOTH},
    {"Ntfctn/Ntry/BkTxCd/Domn/Fmly/SubFmlyCd", NKS_SLOT_BK_TX_SUB_FMLY, BOTH},

    {"Ntfctn/Ntry/NtryDtls/Btch/MsgId", NKS_SLOT_ORGNL_MSG_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/Btch/PmtInfId", NKS_SLOT_PMT_INF_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/Btch/NbOfTxs", NKS_SLOT_NB_OF_TXS, BOTH},
    {"Ntfctn/Ntry/NtryDtls/Btch/TtlAmt", NKS_SLOT_INSTD_AMT, BOTH},
    {"Ntfctn/Ntry/NtryDtls/Btch/TtlAmt/@Ccy", NKS_SLOT_INSTD_AMT_CCY, BOTH},
    {"Ntfctn/Ntry/NtryDtls/Btch/CdtDbtInd", NKS_SLOT_CDT_DBT_IND, BOTH},

    {"Ntfctn/Ntry/NtryDtls/TxDtls/Refs/MsgId", NKS_SLOT_ORGNL_MSG_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Refs/PmtInfId", NKS_SLOT_PMT_INF_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Refs/InstrId", NKS_SLOT_INSTR_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Refs/EndToEndId", NKS_SLOT_END_TO_END_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Refs/TxId", NKS_SLOT_TX_ID, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/AmtDtls/TxAmt/Amt", NKS_SLOT_INSTD_AMT, OLD},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/AmtDtls/TxAmt/Amt/@Ccy", NKS_SLOT_INSTD_AMT_CCY, OLD},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Amt", NKS_SLOT_INSTD_AMT, NEW},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/Amt/@Ccy", NKS_SLOT_INSTD_AMT_CCY, NEW},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/CdtDbtInd", NKS_SLOT_CDT_DBT_IND, NEW},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/BkTxCd/Domn/Fmly/SubFmlyCd", NKS_SLOT_BK_TX_SUB_FMLY, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/RtrInf/Rsn/Cd", NKS_SLOT_STS_RSN_CD, BOTH},
    {"Ntfctn/Ntry/NtryDtls/TxDtls/RtrInf/Rsn/Prtry", NKS_SLOT_STS_RSN_PRTRY, BOTH},
};

/* The reports: their message, their rows, and where records begin. */
static const struct report_kind {
    const char *message;
    const struct report_row *rows;
    size_t count;
    unsigned version;
    const char *group, *payments[2];
} report_kinds[] = {
#define STATUS_REPORT                                                                                                  \
    "Document/CstmrPmtStsRpt", status_rows, sizeof status_rows / sizeof status_rows[0], BOTH, "OrgnlPmtInfAndSts",     \
    {                                                                                                                  \
        "OrgnlPmtInfAndSts/TxInfAndSts", NULL                                                                          \
    }
#define NOTICE(version)                                                                                                \
    "Document/BkToCstmrDbtCdtNtfctn", notice_rows, sizeof notice_rows / sizeof notice_rows[0], version, "Ntfctn/Ntry", \
    {                                                                                                                  \
        "Ntfctn/Ntry/NtryDtls/Btch", "Ntfctn/Ntry/NtryDtls/TxDtls"                                                     \
    }
    [NKS_REPORT_03] = {STATUS_REPORT},
    [NKS_REPORT_10] = {STATUS_REPORT},
    [NKS_REPORT_CAMT054_02] = {NOTICE(OLD)},
    [NKS_REPORT_CAMT054_08] = {NOTICE(NEW)},
#undef STATUS_REPORT
#undef NOTICE
};

/* Walks from `node` along the path, making nodes where there are none. The table is ours: what it names must exist. */
static uint8_t lay(struct nks_paths *paths, uint8_t node, struct nks_text path)
{
    while (path.len > 0) {
        enum nks_element element = nks_element_find(nks_text_cut(&path, '/'));
        assert(element != NKS_ELEMENT_NONE && (unsigned)element < NKS_PATH_ELEMENTS);
        uint8_t *child = &paths->child[node][element];
        if (*child == NKS_PATH_NOWHERE) {
            assert(paths->count < NKS_PATH_NODES);
            *child = (uint8_t)paths->count++;
        }
        node = *child;
    }
    return node;
}

static bool cut_attribute(struct nks_text *path)
{
    static const char attribute[] = "/@Ccy";
    size_t len = sizeof attribute - 1;
    if (path->len < len || memcmp(path->ptr + path->len - len, attribute, len) != 0)
        return false;
    path->len -= len;
    return true;
}

static void begin(struct nks_paths *paths)
{
    memset(paths, 0, sizeof *paths);
    paths->count = NKS_PATH_ROOT + 1;
}

void nks_paths_compile(struct nks_paths *paths, enum nks_pain001_version version)
{
    begin(paths);
    uint8_t message = lay(paths, NKS_PATH_ROOT, NKS_TEXT("Document/CstmrCdtTrfInitn"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((rows[i].versions & 1u << version) == 0)
            continue;
        struct nks_text path = nks_text_from(rows[i].path);
        uint8_t *table = cut_attribute(&path) ? paths->ccy_slot : paths->slot;
        table[lay(paths, message, path)] = (uint8_t)rows[i].slot;
    }
    paths->place[lay(paths, message, NKS_TEXT("GrpHdr"))] = NKS_PLACE_HEADER;
    paths->place[lay(paths, message, NKS_TEXT("PmtInf"))] = NKS_PLACE_GROUP;
    paths->place[lay(paths, message, NKS_TEXT("PmtInf/CdtTrfTxInf"))] = NKS_PLACE_PAYMENT;
}

void nks_paths_compile_report(struct nks_paths *paths, enum nks_report_version report)
{
    const struct report_kind *kind = &report_kinds[report];
    begin(paths);
    uint8_t message = lay(paths, NKS_PATH_ROOT, nks_text_from(kind->message));
    for (size_t i = 0; i < kind->count; i++) {
        if ((kind->rows[i].versions & kind->version) == 0)
            continue;
        struct nks_text path = nks_text_from(kind->rows[i].path);
        uint8_t *table = cut_attribute(&path) ? paths->ccy_slot : paths->slot;
        table[lay(paths, message, path)] = (uint8_t)kind->rows[i].slot;
    }
    paths->place[message] = NKS_PLACE_HEADER;
    paths->place[lay(paths, message, nks_text_from(kind->group))] = NKS_PLACE_GROUP;
    for (size_t i = 0; i < 2 && kind->payments[i] != NULL; i++)
        paths->place[lay(paths, message, nks_text_from(kind->payments[i]))] = NKS_PLACE_PAYMENT;
}
