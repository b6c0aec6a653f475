#ifndef NKS_ISO20022_ORDER_H
#define NKS_ISO20022_ORDER_H
/*
 * The order file: an enriched pain.001 (.03 or .09) to one data central. What the payer wrote comes from the records of
 * the message (frame.h) and stays as it was, except what nks itself decides: message id, creation time, counts and
 * sums, execution date, InstrId (the leg id), UETR (.09), amount of the leg, creditor account and agent. Going to the
 * other version, names change (BIC/BICFI, BICOrBEI/AnyBIC, ReqdExctnDt and its Dt) and what does not fit is a row of
 * the table of losses: dropped and told, or the payment cannot be sent in that version.
 *
 * Order of calls: begin { group_begin { leg }* group_end }* end. Errors are kept in the nks_xmlout: a sink that fails,
 * and what a caller must not ask for (a leg without amount or account: ORDER-AMOUNT, ORDER-ACCOUNT; a leg that the
 * version cannot carry: ORDER-LOSS). Such a file is not published.
 *
 * Records are checked ones (frame.h), of GrpHdr, of PmtInf without its payments, and of CdtTrfTxInf. A child of these
 * that our guideline does not have there is left out, and so is one that stands out of its place.
 */
#include "base/date.h"
#include "base/money.h"
#include "denmark/account.h"
#include "iso20022/xmlout.h"

enum { NKS_UETR_TEXT = 37, NKS_LEG_REF_MAX = 36 };

struct nks_order_head {
    enum nks_pain001_version version;      /* to write: 03 or 09 */
    enum nks_pain001_version from_version; /* of the records: any */
    const char *msg_id;
    nks_time created;
    int64_t legs;
    struct nks_sum sum;
    struct nks_text header; /* the HEADER record: InitgPty is taken from it */
};

struct nks_order_group {
    struct nks_text group; /* the GROUP record */
    nks_date execution_date;
    int64_t legs;
    struct nks_sum sum;
};

/* Who gets the money of a leg. */
enum nks_order_creditor {
    NKS_ORDER_AS_WRITTEN,  /* complete payment: nothing of creditor, agent and account changes */
    NKS_ORDER_ACCOUNT_SET, /* the payer's creditor, our account: CdtrAcct replaced or put in, CdtrAgt ours or none */
    NKS_ORDER_OTHER_PARTY, /* debt authority, ventekonto, error account: own creditor; address, purpose, remittance and
                              ultimate parties of the payee are left out (data minimisation) */
};

struct nks_order_leg {
    struct nks_text payment; /* the PAYMENT record */
    const char *instr_id;    /* leg id */
    const char *uetr;        /* .09 only; lower-case UUID */
    struct nks_money amount;
    enum nks_order_creditor creditor;
    struct nks_account account; /* not for AS_WRITTEN */
    struct nks_text party_name; /* OTHER_PARTY */
    struct nks_text party_cvr;  /* OTHER_PARTY: 8 digits or empty */
    struct nks_text remittance; /* OTHER_PARTY: one Ustrd, at most 140 characters */
};

void nks_order_begin(struct nks_xmlout *out, const struct nks_order_head *head);
void nks_order_group_begin(struct nks_xmlout *out, const struct nks_order_head *head,
                           const struct nks_order_group *group);
void nks_order_leg_write(struct nks_xmlout *out, const struct nks_order_head *head, const struct nks_order_leg *leg);
void nks_order_group_end(struct nks_xmlout *out);
void nks_order_end(struct nks_xmlout *out);

/* An upper bound of the bytes a leg takes in UTF-8, from its record alone and for any creditor and version; of a file's
 * and a group's frame likewise. */
int64_t nks_order_leg_bound(struct nks_text payment);
int64_t nks_order_head_bound(struct nks_text header);
int64_t nks_order_group_bound(struct nks_text group);

/* The table of losses. */
enum nks_loss_effect { NKS_LOSS_DROPPED, NKS_LOSS_REJECTED };
struct nks_loss {
    int id;                      /* stable, from 1 */
    unsigned from;               /* versions of messages: bits 1 << enum nks_pain001_version */
    enum nks_pain001_version to; /* of the order */
    const char *path; /* under CdtTrfTxInf, PmtInf or GrpHdr: "Cdtr/Id/OrgId"; "*" in front stands for any path */
    enum nks_loss_effect effect;
    const char *words; /* English, for the status report and `nks explain` */
};
const struct nks_loss *nks_loss_table(size_t *count);
/* Which rows hit this record: a bit per row (id - 1). 0 when both versions are the same. */
uint64_t nks_order_losses(struct nks_text record, enum nks_pain001_version from, enum nks_pain001_version to);
/* The same for a PAYMENT record and only for what a leg to this creditor takes over: what the leg does not carry is not
 * lost. nks_order_leg_write refuses a leg exactly when a REJECTED row is among these. */
uint64_t nks_order_leg_losses(struct nks_text payment, enum nks_pain001_version from, enum nks_pain001_version to,
                              enum nks_order_creditor creditor);
/* True when one of these rows rejects. */
bool nks_loss_rejects(uint64_t losses);

#endif
