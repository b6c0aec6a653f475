#include "iso20022/loss.h"

#include <string.h>

/* Numbers are told to payers and stored: rows are only appended. */
enum loss_id {
    LOSS_BLDG_NM = 1,
    LOSS_FLR,
    LOSS_PST_BX,
    LOSS_ROOM,
    LOSS_TWN_LCTN_NM,
    LOSS_DSTRCT_NM,
    LOSS_NM_PRFX,
    LOSS_EMAIL_PURP,
    LOSS_JOB_TITL,
    LOSS_RSPNSBLTY,
    LOSS_CONTACT_DEPT,
    LOSS_CONTACT_OTHR,
    LOSS_PREFRD_MTD,
    LOSS_ORG_LEI,
    LOSS_ORG_BIC,
    LOSS_CREDITOR_ID,
    LOSS_BANK_BIC,
    LOSS_BANK_LEI,
    LOSS_CREDITOR_BANK_BIC,
    LOSS_CREDITOR_BANK_LEI,
    LOSS_BRANCH_LEI,
    LOSS_ACCOUNT_TYPE,
    LOSS_DOCUMENT_TYPE,
    LOSS_DISCOUNT_TYPE,
    LOSS_DISCOUNT_MORE,
    LOSS_TAX_TYPE,
    LOSS_TAX_MORE,
    LOSS_CONTACT_OTHR_03,
    LOSS_DEBTOR_BANK_CODE,
    LOSS_CARE_OF,
    LOSS_UNIT_NB,
    LOSS_STRT_NM_END,
    LOSS_BLDG_NM_END,
    LOSS_TWN_NM_END,
    LOSS_TWN_LCTN_NM_END,
    LOSS_DSTRCT_NM_END,
    LOSS_URL,
    LOSS_PREFRD_MTD_12,
    LOSS_DOCUMENT_TYPE_12,
    LOSS_DOCUMENT_DAY_TYPE,
    LOSS_DOCUMENT_AMOUNTS,
    LOSS_END
};

enum {
    IN_03 = 1 << NKS_PAIN001_03,
    IN_08 = 1 << NKS_PAIN001_08,
    IN_09 = 1 << NKS_PAIN001_09,
    IN_12 = 1 << NKS_PAIN001_12,
    FROM_10 = 1 << NKS_PAIN001_10 | 1 << NKS_PAIN001_11 | IN_12,
};
#define DOWN         IN_09 | FROM_10, NKS_PAIN001_03
#define DOWN_FROM_08 IN_08 | IN_09 | FROM_10, NKS_PAIN001_03
#define UP           IN_03 | IN_08, NKS_PAIN001_09
#define BACK_FROM_10 FROM_10, NKS_PAIN001_09
#define BACK_FROM_12 IN_12, NKS_PAIN001_09

static const struct nks_loss losses[] = {
    {LOSS_BLDG_NM, DOWN, "*/PstlAdr/BldgNm", NKS_LOSS_DROPPED, "the name of the building"},
    {LOSS_FLR, DOWN, "*/PstlAdr/Flr", NKS_LOSS_DROPPED, "the floor"},
    {LOSS_PST_BX, DOWN, "*/PstlAdr/PstBx", NKS_LOSS_DROPPED, "the post box"},
    {LOSS_ROOM, DOWN, "*/PstlAdr/Room", NKS_LOSS_DROPPED, "the room"},
    {LOSS_TWN_LCTN_NM, DOWN, "*/PstlAdr/TwnLctnNm", NKS_LOSS_DROPPED, "the part of the town"},
    {LOSS_DSTRCT_NM, DOWN, "*/PstlAdr/DstrctNm", NKS_LOSS_DROPPED, "the district"},
    {LOSS_NM_PRFX, DOWN, "*/CtctDtls/NmPrfx", NKS_LOSS_DROPPED, "a form of address that the older list does not have"},
    {LOSS_EMAIL_PURP, DOWN, "*/CtctDtls/EmailPurp", NKS_LOSS_DROPPED, "the purpose of the mail address"},
    {LOSS_JOB_TITL, DOWN, "*/CtctDtls/JobTitl", NKS_LOSS_DROPPED, "the contact's title"},
    {LOSS_RSPNSBLTY, DOWN, "*/CtctDtls/Rspnsblty", NKS_LOSS_DROPPED, "the contact's responsibility"},
    {LOSS_CONTACT_DEPT, DOWN, "*/CtctDtls/Dept", NKS_LOSS_DROPPED, "the contact's department"},
    {LOSS_CONTACT_OTHR, DOWN, "*/CtctDtls/Othr", NKS_LOSS_DROPPED, "another way to reach the contact"},
    {LOSS_PREFRD_MTD, DOWN, "*/CtctDtls/PrefrdMtd", NKS_LOSS_DROPPED, "the way the contact wishes to be reached"},
    {LOSS_ORG_LEI, DOWN, "*/Id/OrgId/LEI", NKS_LOSS_DROPPED, "the LEI of an organisation"},
    {LOSS_ORG_BIC, DOWN, "*/Id/OrgId/AnyBIC", NKS_LOSS_DROPPED,
     "the BIC of an organisation, which has not the older form of a BIC"},
    {LOSS_CREDITOR_ID, DOWN, "Cdtr/Id/OrgId", NKS_LOSS_REJECTED,
     "the only id of the creditor is a LEI or a BIC of the newer form"},
    {LOSS_BANK_BIC, DOWN, "*/FinInstnId/BICFI", NKS_LOSS_DROPPED,
     "the BIC of a bank, which has not the older form of a BIC"},
    {LOSS_BANK_LEI, DOWN, "*/FinInstnId/LEI", NKS_LOSS_DROPPED, "the LEI of a bank"},
    {LOSS_CREDITOR_BANK_BIC, DOWN, "CdtrAgt/FinInstnId/BICFI", NKS_LOSS_REJECTED,
     "the BIC of the creditor's bank has not the older form of a BIC"},
    {LOSS_CREDITOR_BANK_LEI, DOWN, "CdtrAgt/FinInstnId/LEI", NKS_LOSS_REJECTED,
     "the creditor's bank is identified by a LEI and neither by a BIC nor by a clearing number"},
    {LOSS_BRANCH_LEI, DOWN, "*/BrnchId/LEI", NKS_LOSS_DROPPED, "the LEI of a branch of a bank"},
    {LOSS_ACCOUNT_TYPE, DOWN_FROM_08, "*Acct/Tp", NKS_LOSS_DROPPED,
     "a type of account that the older list does not have"},
    {LOSS_DOCUMENT_TYPE, DOWN_FROM_08, "RmtInf/Strd/RfrdDocInf/Tp", NKS_LOSS_DROPPED,
     "a type of document that the older list does not have"},
    {LOSS_DISCOUNT_TYPE, DOWN_FROM_08, "RmtInf/Strd/RfrdDocAmt/DscntApldAmt/Tp", NKS_LOSS_DROPPED,
     "the type of a discount"},
    {LOSS_DISCOUNT_MORE, DOWN_FROM_08, "RmtInf/Strd/RfrdDocAmt/DscntApldAmt", NKS_LOSS_DROPPED,
     "the discounts of a document after the first"},
    {LOSS_TAX_TYPE, DOWN_FROM_08, "RmtInf/Strd/RfrdDocAmt/TaxAmt/Tp", NKS_LOSS_DROPPED, "the type of a tax"},
    {LOSS_TAX_MORE, DOWN_FROM_08, "RmtInf/Strd/RfrdDocAmt/TaxAmt", NKS_LOSS_DROPPED,
     "the taxes of a document after the first"},
    {LOSS_CONTACT_OTHR_03, UP, "*/CtctDtls/Othr", NKS_LOSS_DROPPED,
     "another way to reach the contact: the newer version asks which way it is"},
    {LOSS_DEBTOR_BANK_CODE, BACK_FROM_10, "InstrForDbtrAgt/Cd", NKS_LOSS_DROPPED,
     "the code of an instruction to the debtor's bank"},
    {LOSS_CARE_OF, BACK_FROM_12, "*/PstlAdr/CareOf", NKS_LOSS_DROPPED, "in whose care an address is"},
    {LOSS_UNIT_NB, BACK_FROM_12, "*/PstlAdr/UnitNb", NKS_LOSS_DROPPED, "the number of a unit in a building"},
    {LOSS_STRT_NM_END, BACK_FROM_12, "*/PstlAdr/StrtNm", NKS_LOSS_DROPPED,
     "the end of a street's name, after 70 characters"},
    {LOSS_BLDG_NM_END, BACK_FROM_12, "*/PstlAdr/BldgNm", NKS_LOSS_DROPPED,
     "the end of a building's name, after 35 characters"},
    {LOSS_TWN_NM_END, BACK_FROM_12, "*/PstlAdr/TwnNm", NKS_LOSS_DROPPED,
     "the end of a town's name, after 35 characters"},
    {LOSS_TWN_LCTN_NM_END, BACK_FROM_12, "*/PstlAdr/TwnLctnNm", NKS_LOSS_DROPPED,
     "the end of the name of a part of a town, after 35 characters"},
    {LOSS_DSTRCT_NM_END, BACK_FROM_12, "*/PstlAdr/DstrctNm", NKS_LOSS_DROPPED,
     "the end of a district's name, after 35 characters"},
    {LOSS_URL, BACK_FROM_12, "*/CtctDtls/URLAdr", NKS_LOSS_DROPPED, "the contact's web address"},
    {LOSS_PREFRD_MTD_12, BACK_FROM_12, "*/CtctDtls/PrefrdMtd", NKS_LOSS_DROPPED,
     "the wish to be reached online, which the older list does not have"},
    {LOSS_DOCUMENT_TYPE_12, BACK_FROM_12, "RmtInf/Strd/RfrdDocInf/Tp", NKS_LOSS_DROPPED,
     "a type of document that is on no list"},
    {LOSS_DOCUMENT_DAY_TYPE, BACK_FROM_12, "RmtInf/Strd/RfrdDocInf/RltdDt/Tp", NKS_LOSS_DROPPED,
     "what the day of a document means"},
    {LOSS_DOCUMENT_AMOUNTS, BACK_FROM_12, "RmtInf/Strd/RfrdDocAmt/RmtAmtAndTp", NKS_LOSS_DROPPED,
     "amounts of a document; what is paid stays"},
};
_Static_assert(sizeof losses / sizeof losses[0] == LOSS_END - 1 && LOSS_END <= 64, "one row per id, one bit per row");

const struct nks_loss *nks_loss_table(size_t *count)
{
    *count = sizeof losses / sizeof losses[0];
    return losses;
}

bool nks_loss_rejects(uint64_t rows)
{
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        if ((rows >> i & 1) != 0 && losses[i].effect == NKS_LOSS_REJECTED)
            return true;
    }
    return false;
}

/* ---- values that the older version does not know; `inside` is what follows the opening of the element */

static bool on_list(struct nks_text code, const char *list)
{
    struct nks_text rest = nks_text_from(list);
    while (rest.len > 0) {
        if (nks_text_equal(nks_text_cut(&rest, ' '), code))
            return true;
    }
    return false;
}

/* The text of the element at the end of `path` when each is the first child of the one before; else empty. */
static struct nks_text first_text(struct nks_text inside, const enum nks_element *path, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        struct nks_token token = nks_token_next(&inside);
        if (token.kind != NKS_TOKEN_IS_OPEN || token.element != path[i])
            return (struct nks_text){NULL, 0};
    }
    struct nks_token token = nks_token_next(&inside);
    return token.kind == NKS_TOKEN_IS_TEXT ? token.text : (struct nks_text){NULL, 0};
}

static bool fits_prefix(struct nks_text inside)
{
    return on_list(first_text(inside, NULL, 0), "DOCT MIST MISS MADM");
}

/* CashAccountType4Code of the older version; the newer one takes any code of an outside list. */
static bool fits_account_type(struct nks_text inside)
{
    static const enum nks_element path[] = {NKS_E_Cd};
    struct nks_text code = first_text(inside, path, 1);
    return code.len == 0 ||
           on_list(code, "CACC CASH CHAR CISH COMM LOAN MGLD MOMA NREX ODFT ONDP SACC SLRY SVGS TAXE TRAS");
}

static bool fits_document_type(struct nks_text inside)
{
    static const enum nks_element path[] = {NKS_E_CdOrPrtry, NKS_E_Cd};
    return !nks_text_is(first_text(inside, path, 2), "PUOR");
}

/* As in schemas/from-09-to-11.xsd and from-08-to-11.xsd; .12 has one way more, and its types are an open list. */
static bool fits_contact_method(struct nks_text inside)
{
    return on_list(first_text(inside, NULL, 0), "LETT MAIL PHON FAXX CELL");
}

static bool fits_document_code(struct nks_text inside)
{
    static const enum nks_element path[] = {NKS_E_CdOrPrtry, NKS_E_Cd};
    struct nks_text code = first_text(inside, path, 2);
    return code.len == 0 || on_list(code, "CINV CREN DEBN CMCN CNFA DNFA MSIN HIRI SBIN SOAC DISP BOLD VCHR AROI TSUT "
                                          "PUOR");
}

/* A text: until .08 the other way to reach a contact is one, from .09 on it has elements. */
static bool is_text(struct nks_text inside)
{
    return nks_token_next(&inside).kind == NKS_TOKEN_IS_TEXT;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool nks_loss_bic_fits(struct nks_text bic, enum nks_pain001_version to)
{
    if (bic.len != 8 && bic.len != 11)
        return false;
    for (size_t i = 0; i < bic.len; i++) {
        bool digit_may_stand = i >= 6 || (i < 4 && to == NKS_PAIN001_09);
        if (!is_upper(bic.ptr[i]) && !(is_digit(bic.ptr[i]) && digit_may_stand))
            return false;
    }
    /* The older form: no 0 and 1 at the seventh place, no O at the eighth. */
    return to == NKS_PAIN001_09 || (bic.ptr[6] != '0' && bic.ptr[6] != '1' && bic.ptr[7] != 'O');
}

static bool fits_bic(struct nks_text inside)
{
    return nks_loss_bic_fits(first_text(inside, NULL, 0), NKS_PAIN001_03);
}

/* ---- the rules */

enum action {
    KEPT,    /* as it is, where it fits */
    DROPPED, /* with all that is in it */
    RENAMED, /* to `other` */
    WRAPPED, /* what is in it gets `other` around it */
    BARED,   /* its content becomes that of its parent */
    FIRST,   /* of several, only the first is kept */
    CUT,     /* after `other` characters */
    FILLED,  /* left out when nothing is in it */
};

struct rule {
    uint8_t parent, element; /* enum nks_element */
    enum action action;
    uint8_t other;       /* enum nks_element, of RENAMED and WRAPPED; characters, of CUT */
    uint8_t loss;        /* row when it is dropped */
    uint8_t of_creditor; /* row instead of `loss` when it is dropped from CdtrAgt and nothing stands before it */
    bool (*fits)(struct nks_text inside); /* dropped where it says no */
};

static const struct rule down[] = {
    {NKS_E_PstlAdr, NKS_E_BldgNm, DROPPED, 0, LOSS_BLDG_NM, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_Flr, DROPPED, 0, LOSS_FLR, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_PstBx, DROPPED, 0, LOSS_PST_BX, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_Room, DROPPED, 0, LOSS_ROOM, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_TwnLctnNm, DROPPED, 0, LOSS_TWN_LCTN_NM, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_DstrctNm, DROPPED, 0, LOSS_DSTRCT_NM, 0, NULL},
    {NKS_E_AdrTp, NKS_E_Cd, BARED, 0, 0, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_NmPrfx, KEPT, 0, LOSS_NM_PRFX, 0, fits_prefix},
    {NKS_E_CtctDtls, NKS_E_EmailPurp, DROPPED, 0, LOSS_EMAIL_PURP, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_JobTitl, DROPPED, 0, LOSS_JOB_TITL, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_Rspnsblty, DROPPED, 0, LOSS_RSPNSBLTY, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_Dept, DROPPED, 0, LOSS_CONTACT_DEPT, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_Othr, KEPT, 0, LOSS_CONTACT_OTHR, 0, is_text},
    {NKS_E_CtctDtls, NKS_E_PrefrdMtd, DROPPED, 0, LOSS_PREFRD_MTD, 0, NULL},
    {NKS_E_OrgId, NKS_E_AnyBIC, RENAMED, NKS_E_BICOrBEI, LOSS_ORG_BIC, 0, fits_bic},
    {NKS_E_OrgId, NKS_E_LEI, DROPPED, 0, LOSS_ORG_LEI, 0, NULL},
    {NKS_E_FinInstnId, NKS_E_BICFI, RENAMED, NKS_E_BIC, LOSS_BANK_BIC, LOSS_CREDITOR_BANK_BIC, fits_bic},
    {NKS_E_FinInstnId, NKS_E_LEI, DROPPED, 0, LOSS_BANK_LEI, LOSS_CREDITOR_BANK_LEI, NULL},
    {NKS_E_BrnchId, NKS_E_LEI, DROPPED, 0, LOSS_BRANCH_LEI, 0, NULL},
    {NKS_E_DbtrAcct, NKS_E_Tp, KEPT, 0, LOSS_ACCOUNT_TYPE, 0, fits_account_type},
    {NKS_E_CdtrAcct, NKS_E_Tp, KEPT, 0, LOSS_ACCOUNT_TYPE, 0, fits_account_type},
    {NKS_E_RfrdDocInf, NKS_E_Tp, KEPT, 0, LOSS_DOCUMENT_TYPE, 0, fits_document_type},
    {NKS_E_RfrdDocAmt, NKS_E_DscntApldAmt, FIRST, 0, LOSS_DISCOUNT_MORE, 0, NULL},
    {NKS_E_DscntApldAmt, NKS_E_Tp, DROPPED, 0, LOSS_DISCOUNT_TYPE, 0, NULL},
    {NKS_E_DscntApldAmt, NKS_E_Amt, BARED, 0, 0, 0, NULL},
    {NKS_E_RfrdDocAmt, NKS_E_TaxAmt, FIRST, 0, LOSS_TAX_MORE, 0, NULL},
    {NKS_E_TaxAmt, NKS_E_Tp, DROPPED, 0, LOSS_TAX_TYPE, 0, NULL},
    {NKS_E_TaxAmt, NKS_E_Amt, BARED, 0, 0, 0, NULL},
};

static const struct rule up[] = {
    {NKS_E_PstlAdr, NKS_E_AdrTp, WRAPPED, NKS_E_Cd, 0, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_Othr, DROPPED, 0, LOSS_CONTACT_OTHR_03, 0, NULL},
    /* .08 has the rest already */
    {NKS_E_OrgId, NKS_E_BICOrBEI, RENAMED, NKS_E_AnyBIC, 0, 0, NULL},
    {NKS_E_FinInstnId, NKS_E_BIC, RENAMED, NKS_E_BICFI, 0, 0, NULL},
    {NKS_E_RfrdDocAmt, NKS_E_DscntApldAmt, WRAPPED, NKS_E_Amt, 0, 0, NULL},
    {NKS_E_RfrdDocAmt, NKS_E_TaxAmt, WRAPPED, NKS_E_Amt, 0, 0, NULL},
};

enum { UP_FROM_08 = 2 };

static const struct rule back[] = {
    {NKS_ELEMENT_NONE, NKS_E_InstrForDbtrAgt, FILLED, 0, 0, 0, NULL},
    {NKS_E_InstrForDbtrAgt, NKS_E_Cd, DROPPED, 0, LOSS_DEBTOR_BANK_CODE, 0, NULL},
    {NKS_E_InstrForDbtrAgt, NKS_E_InstrInf, BARED, 0, 0, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_CareOf, DROPPED, 0, LOSS_CARE_OF, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_UnitNb, DROPPED, 0, LOSS_UNIT_NB, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_StrtNm, CUT, 70, LOSS_STRT_NM_END, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_BldgNm, CUT, 35, LOSS_BLDG_NM_END, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_TwnNm, CUT, 35, LOSS_TWN_NM_END, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_TwnLctnNm, CUT, 35, LOSS_TWN_LCTN_NM_END, 0, NULL},
    {NKS_E_PstlAdr, NKS_E_DstrctNm, CUT, 35, LOSS_DSTRCT_NM_END, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_URLAdr, DROPPED, 0, LOSS_URL, 0, NULL},
    {NKS_E_CtctDtls, NKS_E_PrefrdMtd, KEPT, 0, LOSS_PREFRD_MTD_12, 0, fits_contact_method},
    {NKS_E_RfrdDocInf, NKS_E_Tp, KEPT, 0, LOSS_DOCUMENT_TYPE_12, 0, fits_document_code},
    {NKS_E_RltdDt, NKS_E_Tp, DROPPED, 0, LOSS_DOCUMENT_DAY_TYPE, 0, NULL},
    {NKS_E_RltdDt, NKS_E_Dt, BARED, 0, 0, 0, NULL},
    {NKS_E_RfrdDocAmt, NKS_E_RmtAmtAndTp, DROPPED, 0, LOSS_DOCUMENT_AMOUNTS, 0, NULL},
};

/* The ways from one version to another. What has no row goes by way of .09. */
static const struct way {
    unsigned from; /* bits 1 << enum nks_pain001_version */
    enum nks_pain001_version to;
    const struct rule *rules;
    size_t count;
} ways[] = {
    {IN_03, NKS_PAIN001_09, up, sizeof up / sizeof up[0]},
    {IN_08, NKS_PAIN001_09, up, UP_FROM_08},
    {FROM_10, NKS_PAIN001_09, back, sizeof back / sizeof back[0]},
    {IN_08 | IN_09, NKS_PAIN001_03, down, sizeof down / sizeof down[0]},
};

/* Optional elements that mean nothing once all that stood in them was dropped. */
static bool goes_when_emptied(enum nks_element element)
{
    static const uint8_t list[] = {NKS_E_PstlAdr, NKS_E_CtctDtls,   NKS_E_OrgId,          NKS_E_Id,
                                   NKS_E_BrnchId, NKS_E_UltmtDbtr,  NKS_E_UltmtCdtr,      NKS_E_Invcr,
                                   NKS_E_Invcee,  NKS_E_RfrdDocAmt, NKS_E_InstrForDbtrAgt};
    return memchr(list, (int)element, sizeof list) != NULL;
}

/* ---- the walk */

struct level {
    enum nks_element element; /* as it was */
    enum nks_element last;    /* the child before */
    size_t start, inside;     /* in the output: before the opening, after it */
    const struct rule *rule;  /* that let it in */
    int ends;                 /* to write when it closes */
    bool lost;                /* something of it was dropped */
};

struct walk {
    const struct rule *rules;
    size_t rule_count;
    struct nks_buf *out;
    uint64_t *losses;
    struct level levels[NKS_TOKEN_DEPTH + 1]; /* [0] stands for the record */
    size_t depth;
};

static void mark(struct walk *walk, uint8_t loss)
{
    walk->levels[walk->depth].lost = true;
    if (loss != 0)
        *walk->losses |= UINT64_C(1) << (loss - 1);
}

static void put(struct walk *walk, enum nks_element element)
{
    nks_buf_char(walk->out, (char)element);
}

static void put_text(struct walk *walk, enum nks_token_kind kind, struct nks_text text)
{
    nks_buf_char(walk->out, kind == NKS_TOKEN_IS_CCY ? (char)NKS_TOKEN_CCY : (char)NKS_TOKEN_TEXT);
    nks_buf_char(walk->out, (char)(text.len & 0xFF));
    if (kind == NKS_TOKEN_IS_TEXT)
        nks_buf_char(walk->out, (char)(text.len >> 8));
    nks_buf_text(walk->out, text);
}

static void texted(struct walk *walk, const struct nks_token *token)
{
    const struct rule *rule = walk->levels[walk->depth].rule;
    struct nks_text rest = token->text, text = rest;
    if (rule != NULL && rule->action == CUT) {
        text = nks_xmlout_cut(&rest, rule->other);
        if (rest.len > 0)
            mark(walk, rule->loss);
    }
    put_text(walk, token->kind, text);
}

static const struct rule *rule_of(const struct walk *walk, enum nks_element element)
{
    static const struct rule as_it_is = {0, 0, KEPT, 0, 0, 0, NULL};
    enum nks_element parent = walk->levels[walk->depth].element;
    for (size_t i = 0; i < walk->rule_count; i++) {
        if (walk->rules[i].element == element && walk->rules[i].parent == parent)
            return &walk->rules[i];
    }
    return &as_it_is;
}

static bool is_dropped(const struct walk *walk, const struct rule *rule, struct nks_text inside)
{
    if (rule->action == DROPPED || (rule->fits != NULL && !rule->fits(inside)))
        return true;
    return rule->action == FIRST && walk->levels[walk->depth].last == (enum nks_element)rule->element;
}

static uint8_t loss_of(const struct walk *walk, const struct rule *rule)
{
    const struct level *parent = &walk->levels[walk->depth];
    bool creditor_bank = walk->depth > 0 && walk->levels[1].element == NKS_E_CdtrAgt;
    bool first = walk->out->len == parent->inside;
    return rule->of_creditor != 0 && creditor_bank && first ? rule->of_creditor : rule->loss;
}

/* Past the end of the element whose opening was taken. */
static void skip(struct nks_text *rest)
{
    for (int depth = 1; depth > 0;) {
        struct nks_token token = nks_token_next(rest);
        depth += (token.kind == NKS_TOKEN_IS_OPEN) - (token.kind == NKS_TOKEN_IS_CLOSE);
        if (token.kind == NKS_TOKEN_IS_END_OF_DATA)
            return;
    }
}

static void enter(struct walk *walk, enum nks_element element, const struct rule *rule)
{
    struct level level = {.element = element, .start = walk->out->len, .rule = rule, .ends = 1};
    if (rule->action == BARED)
        level.ends = 0;
    else
        put(walk, rule->action == RENAMED ? (enum nks_element)rule->other : element);
    if (rule->action == WRAPPED) {
        put(walk, (enum nks_element)rule->other);
        level.ends = 2;
    }
    level.inside = walk->out->len;
    walk->levels[walk->depth].last = element;
    walk->levels[++walk->depth] = level;
}

static void opened(struct walk *walk, enum nks_element element, struct nks_text *rest)
{
    const struct rule *rule = rule_of(walk, element);
    if (walk->depth == NKS_TOKEN_DEPTH || is_dropped(walk, rule, *rest)) {
        mark(walk, loss_of(walk, rule));
        skip(rest);
        return;
    }
    enter(walk, element, rule);
}

static void closed(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth];
    bool emptied = (level->lost || level->rule->action == FILLED) && walk->out->len == level->inside;
    if (!emptied || !goes_when_emptied(level->element)) {
        for (int i = 0; i < level->ends; i++)
            nks_buf_char(walk->out, (char)NKS_TOKEN_END);
        walk->depth--;
        return;
    }
    walk->out->len = level->start;
    walk->depth--;
    bool creditor_id = level->element == NKS_E_Id && walk->depth == 1 && walk->levels[1].element == NKS_E_Cdtr;
    mark(walk, creditor_id ? LOSS_CREDITOR_ID : 0);
}

static void walk_all(struct walk *walk, struct nks_text tokens)
{
    walk->levels[0].inside = walk->out->len;
    for (;;) {
        struct nks_token token = nks_token_next(&tokens);
        if (token.kind == NKS_TOKEN_IS_END_OF_DATA)
            return;
        if (token.kind == NKS_TOKEN_IS_OPEN)
            opened(walk, token.element, &tokens);
        else if (token.kind == NKS_TOKEN_IS_CLOSE && walk->depth > 0)
            closed(walk);
        else if (token.kind != NKS_TOKEN_IS_CLOSE)
            texted(walk, &token);
    }
}

static const struct way *way_find(enum nks_pain001_version from, enum nks_pain001_version to)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i].to == to && (ways[i].from >> from & 1) != 0)
            return &ways[i];
    }
    return NULL;
}

static void go(const struct way *way, struct nks_text tokens, struct nks_buf *out, uint64_t *rows)
{
    struct walk walk = {.rules = way->rules, .rule_count = way->count, .out = out, .losses = rows};
    walk_all(&walk, tokens);
}

/* The room between stands in a frame of its own, so that who goes straight does not pay for it. */
__attribute__((noinline)) static void go_by_09(const struct way *first, const struct way *second,
                                               struct nks_text tokens, struct nks_buf *out, uint64_t *rows)
{
    char memory[NKS_LOSS_ROOM];
    struct nks_buf between;
    nks_buf_init(&between, memory, sizeof memory);
    go(first, tokens, &between, rows);
    out->overflow = out->overflow || between.overflow;
    go(second, nks_buf_view(&between), out, rows);
}

void nks_loss_convert(struct nks_text tokens, enum nks_pain001_version from, enum nks_pain001_version to,
                      struct nks_buf *out, uint64_t *rows)
{
    const struct way *straight = way_find(from, to), *first = way_find(from, NKS_PAIN001_09),
                     *second = way_find(NKS_PAIN001_09, to);
    if (straight != NULL)
        go(straight, tokens, out, rows);
    else if (first != NULL && second != NULL)
        go_by_09(first, second, tokens, out, rows);
    else
        nks_buf_text(out, tokens);
}
