#ifndef NKS_STAGE_COLLECT_H
#define NKS_STAGE_COLLECT_H
/* Private to lib/stage: one answer of a bank on its way in. collect.c is the order of events, collect_legs.c what the
 * answer does to legs. */
#include "iso20022/spawn.h"
#include "stage/run.h"

struct nks_stream_reader;

/* What a status says: the state it moves legs to, 0 where it moves nothing. */
struct nks_answer_status {
    enum nks_leg_state to;
    enum nks_reason reason;
};

struct nks_answer_group { /* a group of the batch that the answer speaks of as a whole */
    uint64_t hash;        /* of its PmtInfId */
    uint32_t number;
};

struct nks_answer {
    struct nks_run *run;
    struct nks_delivery delivery;
    struct nks_stream_reader *stream;
    int64_t fed; /* bytes given to the reader */

    struct nks_out_file file; /* the order file that is answered */
    struct nks_batch batch;
    int64_t first, last; /* its slices */

    struct nks_answer_status head, group; /* of the message; of the present group */
    struct nks_answer_group *groups;      /* the batch's, by hash; made when the first one is answered as a whole */
    struct nks_answer_status *group_said; /* by number of the group */
    bool groups_said;
    uint64_t rejected[(NKS_SLICES_MAX + 64) / 64]; /* by number of the slice: has legs to be given back */

    int64_t moved, already;      /* legs; those that had this final state before */
    bool complete, foreign, odd; /* foreign: not for us, the rest is not read */
    enum nks_reason reason;
    struct nks_finding findings[NKS_FINDINGS_MAX];
    size_t finding_count;
};

/* Notes what a person should know. */
void nks_answer_note(struct nks_answer *answer, enum nks_finding_kind kind, const struct nks_frame_place *place,
                     struct nks_text text);
/* The same, and the delivery becomes ODD. */
void nks_answer_odd(struct nks_answer *answer, const struct nks_frame_place *place, const char *text);

/* The frames of a report, in their order; then, when the report was whole, what it says of groups and of all. */
NKS_CHECKED enum nks_status nks_answer_head(struct nks_answer *answer, const struct nks_frame_place *place,
                                            struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_group_take(struct nks_answer *answer, const struct nks_frame_place *place,
                                                  struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_payment(struct nks_answer *answer, const struct nks_frame_place *place,
                                               struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_apply(struct nks_answer *answer);

#endif
