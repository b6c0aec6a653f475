#ifndef NKS_DEBT_DEBT_ROW_H
#define NKS_DEBT_DEBT_ROW_H
/*
 * Rows of debts as they are stored, for who reads them one by one: the decisions, the import and the auditor. The
 * encrypted part of a row belongs to its place and repeats the clear columns.
 */
#include "debt/debt.h"

enum { NKS_DEBT_REFERENCE_MAX = 36, NKS_DEBT_YDELSESART_MAX = 141 };

enum nks_debt_kind { NKS_DEBT_FLAG = 1, NKS_DEBT_CLAIM = 2 };

/* One version of a flag or a claim. */
struct nks_debt_record {
    enum nks_debt_kind kind;
    struct nks_blind holder;
    int64_t key, version;
    bool ended;
    char reference[NKS_DEBT_REFERENCE_MAX], creditor[NKS_PARTY_MAX];
    nks_date valid_from, valid_to; /* NKS_DATE_NONE: no limit */
    /* flags */
    char payer[NKS_PARTY_MAX], ydelsesart[NKS_DEBT_YDELSESART_MAX]; /* "*": any */
    int flag_kind;                                                  /* ALMINDELIG 1, FAELLES 2, INTERN 3, TRANSPORT 4 */
    int64_t priority;
    /* claims; open_minor and as_of stand in clear columns too */
    int64_t open_minor;
    nks_time as_of;
    nks_date received;
    int category;
};

/* `record` holds what the clear columns say; the rest is filled in. NKS_INTEGRITY when they differ. */
NKS_CHECKED enum nks_status nks_debt_record_open(struct nks_debt *debt, struct nks_debt_record *record,
                                                 struct nks_text bytes, struct nks_fault *fault);
/* A version of an authority; NKS_INTEGRITY when the bytes are not that row's, or name another authority. */
NKS_CHECKED enum nks_status nks_debt_authority_open(struct nks_debt *debt, int64_t id, int64_t version,
                                                    struct nks_text authority, struct nks_text bytes,
                                                    struct nks_debt_authority *out, struct nks_fault *fault);

#endif
