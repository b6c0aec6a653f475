#ifndef NKS_STAGE_INGEST_H
#define NKS_STAGE_INGEST_H
/* Private to lib/stage: one file on its way in. ingest.c is the order of events, ingest_facts.c what is found out about
 * groups and payments, ingest_duplicates.c the references seen before. */
#include "base/seen.h"
#include "iso20022/spawn.h"
#include "stage/run.h"
#include "stage/spool.h"

struct nks_open_slice {
    struct nks_slice *slice;
    nks_date date;
    uint64_t first_seq;
    int64_t amount_minor; /* of its payments: must fit into 64 bits */
    struct nks_reference *references;
    size_t reference_count;
};

struct nks_ingest {
    struct nks_run *run;
    struct nks_delivery delivery;
    struct nks_batch batch;
    struct nks_spool spool; /* its bytes */
    const struct nks_agreement *agreement;
    bool by_customer;       /* found by the initiating party, not by an account */
    bool two_payers;        /* the group at hand is another payer's */
    struct nks_seen groups; /* the PmtInfIds so far */
    bool too_many_groups;
    struct nks_group group;
    uint32_t group_line;
    struct nks_sum group_sum;
    struct nks_payment_facts group_facts; /* what holds for all payments of the group */
    uint64_t seq;
    bool complete, frame_seen;
    bool stored; /* a killed reading left slices, and all so far are the same */
    struct nks_open_slice open[NKS_SLICES_OPEN];
    enum nks_reason reason;
    struct nks_finding findings[NKS_FINDINGS_MAX];
    size_t finding_count;
};

void nks_ingest_refuse(struct nks_ingest *ingest, enum nks_reason reason, enum nks_finding_kind kind, uint32_t line,
                       uint32_t group, uint64_t seq, struct nks_text text);

NKS_CHECKED enum nks_status nks_ingest_batch_begin(struct nks_ingest *ingest); /* sender, ref; no row yet */
void nks_ingest_payer(struct nks_ingest *ingest); /* the batch takes the agreement's payer */
NKS_CHECKED enum nks_status nks_ingest_group_facts(struct nks_ingest *ingest);
NKS_CHECKED enum nks_status nks_ingest_payment(struct nks_ingest *ingest, struct nks_text record,
                                               struct nks_payment *payment);
NKS_CHECKED enum nks_status nks_ingest_message_key(struct nks_ingest *ingest);
NKS_CHECKED enum nks_status nks_ingest_reference(struct nks_ingest *ingest, struct nks_text end_to_end_id,
                                                 struct nks_blind *out);

/* What follows from the records alone: `nks check` asks the same. */
/* Fills the facts of the date, and the day to use. `earliest`: see nks_execution_earliest. */
void nks_facts_date(struct nks_text group, nks_date today, nks_date earliest, struct nks_payment_facts *facts,
                    struct nks_execution *out);
/* Fills the fact of a repeated PmtInfId; *full: the set can remember no more. */
NKS_CHECKED enum nks_status nks_facts_group_id(struct nks_text group, struct nks_seen *seen,
                                               struct nks_payment_facts *facts, bool *full, struct nks_fault *fault);
/* Fills the facts of the amount; gives the currency's number and the amount as it counts in the control sum. */
int32_t nks_facts_amount(struct nks_text record, struct nks_payment_facts *facts, struct nks_sum *written);
bool nks_facts_no_reference(struct nks_text record); /* EndToEndId NOTPROVIDED */
/* A written count or sum that is not what was counted; one that was not written differs from nothing. */
bool nks_facts_count_differs(struct nks_text written, int64_t counted);
bool nks_facts_sum_differs(struct nks_text written, struct nks_sum counted);

/* Rejects payments whose reference stood in the same slice before, before the slice is stored, and sorts the rest. */
void nks_ingest_slice_duplicates(struct nks_ingest *ingest, struct nks_open_slice *open);
/* Rejects payments whose reference the payer used before (DU04), once all slices are stored. */
NKS_CHECKED enum nks_status nks_ingest_duplicates(struct nks_ingest *ingest);

#endif
