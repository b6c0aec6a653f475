#ifndef NKS_ISO20022_FRAME_H
#define NKS_ISO20022_FRAME_H
/*
 * What the jailed reader tells its parent, over one pipe: frames of { u32 kind, u32 length, length bytes }, little
 * endian. The parent trusts nothing: every length, offset, enumeration and the order of frames is checked (frame_in.h,
 * nks_record_check), because the reader has parsed hostile bytes.
 *
 * Order of a pain.001: DOCUMENT, then any FINDINGs, HEADER, then per PmtInf: GROUP, its PAYMENTs, GROUP_END (which is
 * empty); last END. Of a pain.002, a bank's report: DOCUMENT, REPORT, then per OrgnlPmtInfAndSts: REPORT_GROUP and its
 * REPORT_PAYMENTs; last END. Of a camt.054, the other report: the same, REPORT for its GrpHdr, REPORT_GROUP for an Ntry
 * before its details, REPORT_PAYMENT for a Btch and for a TxDtls of it. Orders and reports never mix. A file that
 * cannot be accepted may stop anywhere; END (with `complete` false) or the reader's death ends the stream.
 *
 * HEADER, GROUP, PAYMENT and the three of a report carry a record:
 *   { u32 size | u32 tokens_at | u32 rendered | u16 slots | u16 flags } { slot: u16 id, u16 len, u32 at } * slots,
 * tokens `tokens` is the element tree as the payer wrote it, in document order (token.h); a slot points at the text of
 * one element inside the tokens (`at` counts from the record's start); `rendered` is an upper bound of the bytes that
 * the tokens take when written as XML. A record is at most NKS_RECORD_MAX bytes.
 *
 * The record of a payment is what a slice keeps, encrypted, as the payment's details.
 *
 * A report is read without a schema: banks fill it in differently. Its records hold only the elements that slots need,
 * with those around them; all else is skipped. An element with a slot that stands twice (a reason may), stands too late
 * or has elements in it makes the file unreadable: what can be understood in two ways is not understood.
 */
#include "base/text.h"

enum {
    NKS_FRAME_MAX = 192 * 1024,
    NKS_RECORD_MAX = 128 * 1024,
    NKS_SLOTS_MAX = 80,    /* of one record */
    NKS_FINDINGS_MAX = 20, /* places that a refused file names */
};

enum nks_frame_kind {
    NKS_FRAME_DOCUMENT = 1,
    NKS_FRAME_HEADER,
    NKS_FRAME_GROUP,
    NKS_FRAME_PAYMENT,
    NKS_FRAME_GROUP_END,
    NKS_FRAME_FINDING,
    NKS_FRAME_END,
    NKS_FRAME_REPORT,         /* GrpHdr and OrgnlGrpInfAndSts; has NKS_SLOT_ORGNL_MSG_ID (camt.054: NKS_SLOT_MSG_ID) */
    NKS_FRAME_REPORT_GROUP,   /* OrgnlPmtInfAndSts before its first TxInfAndSts, Ntry before its details */
    NKS_FRAME_REPORT_PAYMENT, /* TxInfAndSts, Btch, TxDtls */
};

enum nks_pain001_version {
    NKS_PAIN001_UNKNOWN,
#define NKS_PAIN001_VERSION(number, digits) NKS_PAIN001_##digits = number,
#include "iso20022/version.def"
    NKS_PAIN001_END = 7, /* one past the greatest number */
};
enum nks_report_version {
    NKS_REPORT_NONE,
    NKS_REPORT_03, /* pain.002.001.03 */
    NKS_REPORT_10, /* pain.002.001.10 */
    NKS_REPORT_CAMT054_02,
    NKS_REPORT_CAMT054_08,
};

struct nks_frame_document {
    uint32_t version;  /* enum nks_pain001_version; UNKNOWN for a report */
    uint32_t encoding; /* enum nks_encoding */
    uint32_t report;   /* enum nks_report_version; NONE for a pain.001 and for what is neither */
};
enum nks_encoding { NKS_UTF8, NKS_ISO_8859_1, NKS_ISO_8859_15 };

/* Precedes the record in HEADER, GROUP and PAYMENT frames, and in those of a report. */
struct nks_frame_place {
    uint32_t line;  /* of the element's start tag */
    uint32_t group; /* number of the PmtInf (OrgnlPmtInfAndSts, Ntry), from 1; 0 in HEADER and REPORT */
    uint64_t seq;   /* number of the payment (TxInfAndSts, Btch, TxDtls) in the message, from 1; 0 above payments */
};

/* Why a file cannot be accepted. No text of the file is in it, except element names. */
enum nks_finding_kind {
    NKS_FINDING_SCHEMA = 1, /* valid XML, not valid under our guideline */
    NKS_FINDING_SYNTAX,     /* not well-formed, wrong encoding */
    NKS_FINDING_VERSION,    /* not a version we read: `text` names those accepted */
    NKS_FINDING_FORBIDDEN,  /* DOCTYPE, entity, encoding not on the list */
    NKS_FINDING_CEILING,    /* a ceiling of the reader */
};
struct nks_frame_finding {
    uint32_t kind;
    uint32_t line;
    uint32_t group;
    uint32_t text_len; /* followed by the text: UTF-8, one line, at most 300 bytes */
    uint64_t seq;
};

struct nks_frame_end {
    uint32_t complete; /* 1: well-formed and valid to the last byte */
    uint32_t groups;
    uint64_t payments;
    uint64_t bytes;
};

/* Texts the business needs, found by path. Append only: numbers are stored. */
enum nks_slot {
    NKS_SLOT_NONE = 0,
    /* HEADER */
    NKS_SLOT_MSG_ID,
    NKS_SLOT_CRE_DT_TM,
    NKS_SLOT_NB_OF_TXS, /* also GROUP */
    NKS_SLOT_CTRL_SUM,  /* also GROUP */
    NKS_SLOT_INITG_PTY_NM,
    NKS_SLOT_INITG_PTY_ORG_ID,    /* Id/OrgId/Othr/Id */
    NKS_SLOT_INITG_PTY_ORG_CD,    /* SchmeNm/Cd */
    NKS_SLOT_INITG_PTY_ORG_PRTRY, /* SchmeNm/Prtry */
    NKS_SLOT_INITG_PTY_PRVT_ID,   /* Id/PrvtId/Othr/Id */
    /* GROUP */
    NKS_SLOT_PMT_INF_ID,
    NKS_SLOT_PMT_MTD,
    NKS_SLOT_REQD_EXCTN_DT, /* .03 ReqdExctnDt, later ReqdExctnDt/Dt or /DtTm */
    NKS_SLOT_DBTR_NM,
    NKS_SLOT_DBTR_ORG_ID,
    NKS_SLOT_DBTR_ORG_CD,
    NKS_SLOT_DBTR_ORG_PRTRY,
    NKS_SLOT_DBTR_ACCT_IBAN,
    NKS_SLOT_DBTR_ACCT_OTHR_ID,
    NKS_SLOT_DBTR_ACCT_OTHR_CD,
    NKS_SLOT_DBTR_ACCT_OTHR_PRTRY,
    NKS_SLOT_DBTR_ACCT_CCY,
    NKS_SLOT_DBTR_AGT_BIC,
    /* GROUP and PAYMENT */
    NKS_SLOT_LCL_INSTRM_CD,
    NKS_SLOT_LCL_INSTRM_PRTRY,
    NKS_SLOT_SVC_LVL_CD,
    NKS_SLOT_CTGY_PURP_CD,
    NKS_SLOT_CHRG_BR,
    /* PAYMENT */
    NKS_SLOT_INSTR_ID,
    NKS_SLOT_END_TO_END_ID,
    NKS_SLOT_UETR,
    NKS_SLOT_INSTD_AMT,
    NKS_SLOT_INSTD_AMT_CCY, /* the attribute */
    NKS_SLOT_CDTR_AGT_BIC,
    NKS_SLOT_CDTR_AGT_MMB_ID,
    NKS_SLOT_CDTR_NM,
    NKS_SLOT_CDTR_CTRY, /* Cdtr/PstlAdr/Ctry */
    NKS_SLOT_CDTR_TWN_NM,
    NKS_SLOT_CDTR_ADR_LINE, /* the first one */
    NKS_SLOT_CDTR_ORG_ID,   /* Cdtr/Id/OrgId/Othr/Id */
    NKS_SLOT_CDTR_ORG_CD,
    NKS_SLOT_CDTR_ORG_PRTRY,
    NKS_SLOT_CDTR_ORG_ISSR,
    NKS_SLOT_CDTR_ORG_BIC, /* BICOrBEI, AnyBIC */
    NKS_SLOT_CDTR_ORG_LEI,
    NKS_SLOT_CDTR_PRVT_ID,
    NKS_SLOT_CDTR_PRVT_CD,
    NKS_SLOT_CDTR_PRVT_PRTRY,
    NKS_SLOT_CDTR_PRVT_ISSR,
    NKS_SLOT_CDTR_ACCT_IBAN,
    NKS_SLOT_CDTR_ACCT_OTHR_ID,
    NKS_SLOT_CDTR_ACCT_OTHR_CD,
    NKS_SLOT_CDTR_ACCT_OTHR_PRTRY,
    NKS_SLOT_PURP_CD,
    NKS_SLOT_PURP_PRTRY,
    NKS_SLOT_STRD_CDTR_REF, /* RmtInf/Strd/CdtrRefInf/Ref, the first */
    NKS_SLOT_STRD_CDTR_REF_CD,
    NKS_SLOT_STRD_CDTR_REF_PRTRY,
    NKS_SLOT_USTRD, /* the first */
    /* REPORT, besides MSG_ID */
    NKS_SLOT_ORGNL_MSG_ID,
    NKS_SLOT_ORGNL_MSG_NM_ID,
    /* REPORT, REPORT_GROUP (besides PMT_INF_ID) and REPORT_PAYMENT (besides INSTR_ID and END_TO_END_ID: the original
       ones) */
    NKS_SLOT_STS,        /* GrpSts, PmtInfSts, TxSts */
    NKS_SLOT_STS_RSN_CD, /* StsRsnInf/Rsn/Cd, the first */
    NKS_SLOT_STS_RSN_PRTRY,
    /* The same of a camt.054. What means the same as above has the slot from there: MSG_ID, INSTD_AMT and its currency
       (of Ntry, Btch and TxDtls), NB_OF_TXS (of Btch), ORGNL_MSG_ID and PMT_INF_ID (of Refs and Btch), INSTR_ID,
       END_TO_END_ID, UETR, STS (of Ntry), STS_RSN_CD and STS_RSN_PRTRY (of RtrInf). */
    NKS_SLOT_CDT_DBT_IND,
    NKS_SLOT_RVSL_IND,
    NKS_SLOT_BK_TX_SUB_FMLY, /* BkTxCd/Domn/Fmly/SubFmlyCd */
    NKS_SLOT_BOOKG_DT,       /* Dt or DtTm */
    NKS_SLOT_VAL_DT,
    NKS_SLOT_TX_ID,
    NKS_SLOT_COUNT /* at most NKS_SLOTS_MAX */
};

struct nks_record_head {
    uint32_t size;      /* of the whole record, this head included */
    uint32_t tokens_at; /* from the record's start */
    uint32_t rendered;
    uint16_t slots;
    uint16_t flags; /* 0 */
};
struct nks_record_slot {
    uint16_t id; /* enum nks_slot */
    uint16_t len;
    uint32_t at;
};

/* True when `bytes` holds one record whose every offset lies inside, slots point into the tokens, the texts of slots
 * are UTF-8, and the tokens are well-formed and balanced (token.h). Alignment is not assumed. */
NKS_CHECKED bool nks_record_check(struct nks_text bytes);
/* The text of a slot of a checked record; empty text when it has none. */
struct nks_text nks_record_slot(struct nks_text record, enum nks_slot slot);
struct nks_text nks_record_tokens(struct nks_text record);
/* A copy of a checked record in which a slot that it has says `text` (not empty, UTF-8, at most 64 KiB). Empty: it has
 * no such slot, or the copy does not fit `size`. */
struct nks_text nks_record_replace(struct nks_text record, enum nks_slot slot, struct nks_text text, char *out,
                                   size_t size);
uint32_t nks_record_rendered(struct nks_text record);

#endif
