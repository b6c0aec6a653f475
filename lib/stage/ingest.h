#ifndef NKS_STAGE_INGEST_H
#define NKS_STAGE_INGEST_H
/* Private to lib/stage: one file on its way in. ingest.c is the order of events, ingest_facts.c what is found out about
 * groups and payments, ingest_duplicates.c the references seen before. */
#include "iso20022/spawn.h"
#include "stage/run.h"

struct nks_stream_reader;

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
    struct nks_stream_reader *stream;
    int64_t fed; /* bytes given to the reader */
    const struct nks_agreement *agreement;
    bool by_customer; /* found by the initiating party, not by an account */
    struct nks_group group;
    uint32_t group_line;
    struct nks_sum group_sum;
    struct nks_payment_facts group_facts; /* what holds for all payments of the group */
    uint64_t seq;
    bool complete, frame_seen;
    struct nks_open_slice open[NKS_SLICES_OPEN];
    enum nks_reason reason;
    struct nks_finding findings[NKS_FINDINGS_MAX];
    size_t finding_count;
};

void nks_ingest_refuse(struct nks_ingest *ingest, enum nks_reason reason, enum nks_finding_kind kind, uint32_t line,
                       uint32_t group, uint64_t seq, struct nks_text text);

NKS_CHECKED enum nks_status nks_ingest_batch_begin(struct nks_ingest *ingest); /* sender, ref; no row yet */
void nks_ingest_payer(struct nks_ingest *ingest); /* the batch takes the agreement's payer */
void nks_ingest_group_facts(struct nks_ingest *ingest);
NKS_CHECKED enum nks_status nks_ingest_payment(struct nks_ingest *ingest, struct nks_text record,
                                               struct nks_payment *payment);
NKS_CHECKED enum nks_status nks_ingest_message_key(struct nks_ingest *ingest);
NKS_CHECKED enum nks_status nks_ingest_reference(struct nks_ingest *ingest, struct nks_text end_to_end_id,
                                                 struct nks_blind *out);

/* What follows from the records alone: `nks check` asks the same. */
/* Fills the facts of the date; gives the day to use, today's where the written one cannot be. */
nks_date nks_facts_date(struct nks_text group, nks_date today, struct nks_payment_facts *facts);
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
