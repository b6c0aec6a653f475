#ifndef NKS_ISO20022_PAIN002_H
#define NKS_ISO20022_PAIN002_H
/*
 * The status report: pain.002.001.03 (answering .03) or .10 (the others). Always valid under the official schema:
 * texts are cut to the lengths of the standard, characters that XML cannot carry are replaced by '?', and a status that
 * the version does not know is left out (.03 knows only its lists, and neither RCVD nor PART of one payment).
 * Order of calls: begin { group_begin { payment }* group_end }* end.
 */
#include "base/date.h"
#include "base/money.h"
#include "iso20022/xmlout.h"

enum nks_pain002_version { NKS_PAIN002_03 = 3, NKS_PAIN002_10 = 10 };
enum { NKS_PAIN002_REASONS_MAX = 24, NKS_PAIN002_STATUSES_MAX = 10, NKS_REASON_TEXT_MAX = 105 };

struct nks_pain002_reason {
    const char *code;      /* ISO external status reason code: "AM10" */
    struct nks_text words; /* AddtlInf; longer than 105 characters goes into several */
};

struct nks_pain002_count {
    const char *status; /* "ACCP" … */
    int64_t payments;
    struct nks_sum sum;
};

struct nks_pain002_head {
    enum nks_pain002_version version;
    const char *msg_id;
    nks_time created;
    struct nks_text initg_pty;       /* our name in GrpHdr/InitgPty/Nm */
    struct nks_text orgnl_msg_id;    /* empty: NOTPROVIDED */
    struct nks_text orgnl_msg_nm_id; /* "pain.001.001.09"; empty: NOTPROVIDED */
    struct nks_text orgnl_cre_dt_tm; /* as the payer wrote it; left out when empty or no dateTime */
    struct nks_text orgnl_nb_of_txs; /* as written; left out when empty or not 1-15 digits */
    struct nks_text orgnl_ctrl_sum;  /* as written; left out when no decimal */
    const char *group_status;        /* "RJCT", "PART" …; NULL leaves it out */
    const struct nks_pain002_reason *reasons;
    size_t reason_count;
    const struct nks_pain002_count *counts;
    size_t count_count;
};

struct nks_pain002_group {
    struct nks_text orgnl_pmt_inf_id;
    const char *status; /* NULL leaves it out; of the list of .03 in both versions */
    const struct nks_pain002_reason *reasons;
    size_t reason_count;
    struct nks_text orgnl_nb_of_txs; /* as written; left out when empty or not 1-15 digits */
    struct nks_text orgnl_ctrl_sum;  /* as written; left out when no decimal */
    const struct nks_pain002_count *counts;
    size_t count_count;
};

/* An account in OrgnlTxRef/CdtrAcct: an IBAN, or another id with at most one of its scheme's two names. */
struct nks_pain002_account {
    struct nks_text iban;                     /* left out when it has not the form of the standard */
    struct nks_text other, scheme_cd, scheme; /* Othr/Id, SchmeNm/Cd, SchmeNm/Prtry */
    struct nks_text type;                     /* Tp/Prtry: the kortart of a payment slip */
};

struct nks_pain002_payment {
    struct nks_text orgnl_instr_id;      /* left out when empty */
    struct nks_text orgnl_end_to_end_id; /* left out when empty */
    struct nks_text orgnl_uetr;          /* .10 only; left out when it is no UUID of version 4 */
    const char *status;
    const struct nks_pain002_reason *reasons;
    size_t reason_count;
    const struct nks_pain002_account *account; /* NULL: not told */
};

void nks_pain002_begin(struct nks_xmlout *out, const struct nks_pain002_head *head);
void nks_pain002_group_begin(struct nks_xmlout *out, const struct nks_pain002_group *group);
void nks_pain002_payment_write(struct nks_xmlout *out, enum nks_pain002_version version,
                               const struct nks_pain002_payment *payment);
void nks_pain002_group_end(struct nks_xmlout *out);
void nks_pain002_end(struct nks_xmlout *out);

#endif
