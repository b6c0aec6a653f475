#ifndef NKS_STAGE_COLLECT_H
#define NKS_STAGE_COLLECT_H
/*
 * Private to lib/stage: one answer of a bank on its way in.
 *   collect.c         the order of events
 *   collect_legs.c    a pain.002: what its statuses do to legs
 *   collect_notice.c  a camt.054: what its bookings do to legs
 *   collect_match.c   bookings without our ids
 *   collect_total.c   totals
 *   collect_touch.c   what an answer has touched, and one leg's move
 *   collect_back.c    what follows: money that comes back, reports, which order files are answered
 */
#include "iso20022/spawn.h"
#include "stage/run.h"
#include "stage/spool.h"

/* What a status says: the state it moves legs to, 0 where it moves nothing. */
struct nks_answer_status {
    enum nks_leg_state to;
    enum nks_reason reason;
};

struct nks_answer_group { /* a group of the batch that the answer speaks of as a whole */
    uint64_t hash;        /* of its PmtInfId */
    uint32_t number;
};

/* Legs of a slice in an order file were moved; `back`: some of them to a state that gives money back. */
struct nks_touch {
    int64_t slice_id, file_id;
    bool back;
};

struct nks_notice;
struct nks_wants;
struct nks_totals;

struct nks_answer {
    struct nks_run *run;
    struct nks_delivery delivery;
    struct nks_spool spool;            /* its bytes */
    enum nks_report_version report;    /* what the file is */
    const struct nks_central *central; /* whose folder it lay in; NULL: none that is known */

    /* what is looked at: of a pain.002 the file that it answers, of a camt.054 the last one that was asked for */
    struct nks_out_file file;
    struct nks_batch batch;
    int64_t first, last; /* the file's slices */
    bool erased;         /* the batch of the file was erased: nobody knows any more whose payments they were */

    struct nks_answer_status head, group; /* of the message; of the present group */
    bool whole;                           /* the message's status leaves nothing to answer */
    struct nks_answer_group *groups;      /* the batch's, by hash; made when the first one is answered as a whole */
    struct nks_answer_status *group_said; /* by number of the group */
    bool groups_said;
    struct nks_notice *notice; /* of a camt.054 */

    struct nks_touch *touched;
    size_t touch_count, touch_cap;

    int64_t answered_batch;      /* whose file a pain.002 has marked as answered, legs moved or not; 0: none */
    int64_t moved, already;      /* legs; those that had this final state before */
    bool complete, foreign, odd; /* foreign: not for us, the rest is not read */
    enum nks_reason reason;
    struct nks_finding findings[NKS_FINDINGS_MAX];
    size_t finding_count;
    struct nks_odd_row odds[NKS_ODDS]; /* by kind; times 0: none */
};

/* Notes what a person should know. */
void nks_answer_note(struct nks_answer *answer, enum nks_finding_kind kind, const struct nks_frame_place *place,
                     struct nks_text text);
/* The same, counted by kind, and the delivery becomes ODD. */
void nks_answer_odd(struct nks_answer *answer, const struct nks_frame_place *place, enum nks_odd kind);

/* ---- collect_legs.c: the frames of a pain.002, in their order; then, when it was whole, what it says of groups and of
 * all. */
NKS_CHECKED enum nks_status nks_answer_head(struct nks_answer *answer, const struct nks_frame_place *place,
                                            struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_group_take(struct nks_answer *answer, const struct nks_frame_place *place,
                                                  struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_payment(struct nks_answer *answer, const struct nks_frame_place *place,
                                               struct nks_text record);
NKS_CHECKED enum nks_status nks_answer_apply(struct nks_answer *answer);
/* The group of answer->batch with that PmtInfId; *number 0: none, or two. */
NKS_CHECKED enum nks_status nks_answer_group_find(struct nks_answer *answer, struct nks_text id, uint32_t *number);
/* The bank's reason as one of ours: Rsn/Cd or Prtry of the record; `otherwise` when it gives none. */
enum nks_reason nks_answer_reason(struct nks_text record, enum nks_reason otherwise);
uint64_t nks_answer_hash(struct nks_text id); /* for comparing ids without keeping them */

/* ---- collect_notice.c: the same of a camt.054 */
NKS_CHECKED enum nks_status nks_notice_head(struct nks_answer *answer, const struct nks_frame_place *place,
                                            struct nks_text record);
NKS_CHECKED enum nks_status nks_notice_entry(struct nks_answer *answer, const struct nks_frame_place *place,
                                             struct nks_text record);
NKS_CHECKED enum nks_status nks_notice_detail(struct nks_answer *answer, const struct nks_frame_place *place,
                                              struct nks_text record);
NKS_CHECKED enum nks_status nks_notice_apply(struct nks_answer *answer);
void nks_notice_free(struct nks_notice *notice); /* NULL is fine */

/* ---- collect_match.c */

struct nks_booking { /* one payment in a notice */
    struct nks_frame_place place;
    enum nks_leg_state to; /* SETTLED or RETURNED */
    enum nks_reason reason;
    struct nks_money amount;
    bool has_amount;
    nks_date booked, value; /* NKS_DATE_NONE: not told */
    uint64_t reference;     /* hash of the EndToEndId; 0: none */
    int64_t file_id;        /* of the order file whose id is told; 0: none */
    bool other_message;     /* an id is told, and it is of no order file */
};
/* Keeps a booking that names no leg; they are looked for together at the end. */
NKS_CHECKED enum nks_status nks_match_want(struct nks_answer *answer, struct nks_wants **wants,
                                           const struct nks_booking *booking);
NKS_CHECKED enum nks_status nks_match_apply(struct nks_answer *answer, struct nks_wants *wants);
void nks_wants_free(struct nks_wants *wants);

enum { NKS_TOTAL_ID_MAX = 144 };
struct nks_total { /* one booking for many payments */
    struct nks_frame_place place;
    enum nks_leg_state to;
    enum nks_reason reason;
    struct nks_money amount;
    bool has_amount;
    int64_t count; /* -1: not told */
    char message_id[NKS_TOTAL_ID_MAX], group_id[NKS_TOTAL_ID_MAX];
};
/* ---- collect_total.c */
/* One that names a message is applied at once; another is kept, and looked for with the others at the end. */
NKS_CHECKED enum nks_status nks_match_total(struct nks_answer *answer, struct nks_totals **totals,
                                            const struct nks_total *total);
NKS_CHECKED enum nks_status nks_totals_apply(struct nks_answer *answer, struct nks_totals *totals);
void nks_totals_free(struct nks_totals *totals);

/* ---- collect_touch.c */

NKS_CHECKED enum nks_status nks_answer_touch(struct nks_answer *answer, int64_t slice_id, int64_t file_id, bool back);
void nks_answer_touches_sort(struct nks_answer *answer); /* by slice and file, each once */
/* answer->batch becomes that batch. */
NKS_CHECKED enum nks_status nks_answer_batch_use(struct nks_answer *answer, int64_t batch_id);
/* answer->file becomes that order file, with the slices it is made of. *ours: it went to the central that answers, and
 * its batch was not erased; else nks_answer_not_ours says which. */
NKS_CHECKED enum nks_status nks_answer_file_use(struct nks_answer *answer, int64_t file_id, bool *ours);
enum nks_odd nks_answer_not_ours(const struct nks_answer *answer);
/* For each order file that the central got in the last days, as answer->file. */
enum { NKS_ANSWER_WINDOW_DAYS = 45 };
typedef enum nks_status (*nks_answer_file_fn)(struct nks_answer *answer, void *context);
NKS_CHECKED enum nks_status nks_answer_each_file(struct nks_answer *answer, nks_answer_file_fn fn, void *context);
/* What is final stays, except that settled money may come back. `leg` as it is stored now. */
NKS_CHECKED enum nks_status nks_answer_book(struct nks_answer *answer, const struct nks_booking *booking,
                                            int64_t slice_id, const struct nks_leg *leg);

/* ---- collect_back.c: after all legs were moved */
NKS_CHECKED enum nks_status nks_answer_back(struct nks_answer *answer);

#endif
