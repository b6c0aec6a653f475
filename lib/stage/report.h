#ifndef NKS_STAGE_REPORT_H
#define NKS_STAGE_REPORT_H
/*
 * Private to lib/stage: the answers to senders and payers (pain.002).
 *
 * report_due.c    when one is due, and its reservation; nothing is said twice
 * report_count.c  payments and sums by status, of the message and of its groups
 * report_words.c  the words, in English and Danish
 * emit_report.c   the writing of payments, and the payer's report
 * emit_receipt.c  the sender's receipt
 */
#include "iso20022/pain002.h"
#include "stage/run.h"
#include "stage/sink.h"

/* ---- when (report_due.c) */

/* What there is to tell since the last report of the batch. */
struct nks_report_news {
    bool first;      /* the payer has no report of the batch yet */
    bool rejected;   /* payments were rejected while the file was read */
    bool decided;    /* payments got a status: by routing (no matter which), or a final one by a bank */
    bool exceptions; /* some of these are rejected, changed, came back, or carry a reason; or a day was moved */
    bool final;      /* no payment of the batch waits for a decision or a bank any more */
};
/* Whether the payer gets a report of it (pure): a row per level in doc/payment.md. */
bool nks_report_due(enum nks_report_level level, const struct nks_report_news *news);

/* Before the slices of a batch that are ROUTED are put into files: what there will be to tell of them. */
NKS_CHECKED enum nks_status nks_report_news_routed(struct nks_run *run, const struct nks_batch *batch,
                                                   struct nks_report_news *news);
/* Afterwards, in the same transaction: reserves the report when it is due. */
NKS_CHECKED enum nks_status nks_routed_report_reserve(struct nks_run *run, struct nks_batch *batch,
                                                      struct nks_report_news *news);

/* Is there a group whose payments are carried out on another day than it asks for? That is news for every level. */
NKS_CHECKED enum nks_status nks_report_moved(struct nks_run *run, const struct nks_batch *batch, bool *moved);

/* ---- words (report_words.c) */

/* The Danish of an English sentence or word that reports use; itself where nobody wrote one, and in English. */
const char *nks_report_wording(const char *english, enum nks_language language);

/* ---- a report in the making */

enum { NKS_REPORT_WORDS_MAX = 480 };

struct nks_report_slice {
    int64_t id;
    nks_date date;
    size_t rank; /* the place of the first slice of its date: groups have one date, so they stay together */
};
struct nks_report_part { /* a group that may lie in several slices */
    uint32_t group;
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t total_count;
};

struct nks_report {
    struct nks_run *run;
    struct nks_batch *batch; /* NULL: nothing of the message could be read */
    const struct nks_agreement *agreement;
    enum nks_language language;
    enum nks_encoding encoding;
    struct nks_pain002_head head;
    struct nks_status_total totals[NKS_STATUS_TOTALS_MAX];
    size_t total_count;
    struct nks_pain002_count counts[NKS_STATUS_TOTALS_MAX];
    enum nks_report_level level; /* what is told of single payments */
    bool at_receipt;             /* as the file was read, whatever became of it since */
    bool answered;               /* from the legs, because a bank has answered */
    bool stopped;                /* after a stop: only payments that are stopped are named */
    uint32_t news;               /* only payments whose deciding leg has this mark are named; 0: all */
    bool accounts, debts;        /* the agreement shows them */
    bool moved;                  /* groups whose day was moved say so: to the payer, not in a receipt */
    struct nks_report_slice *slices;
    size_t slice_count;
    struct nks_report_part *parts; /* by group, when there are several slices */
    size_t part_count, part_cap;
    struct nks_xmlout *out;
    bool group_open;
    uint32_t group;
    int64_t entries;
    int64_t last_file_id; /* the order file asked for last, and whether it is published */
    bool last_file_published;
};
void nks_report_free(struct nks_report *report);

void nks_report_head(struct nks_report *report, const struct nks_out_file *file, int version,
                     enum nks_pain001_version original);
/* Writes the message: what is told of payments comes after the head. Totals are counted before. */
NKS_CHECKED enum nks_status nks_report_write(struct nks_report *report, struct nks_out_sink *sink);

struct nks_report_status { /* of a payment, as this report says it */
    const char *status;
    enum nks_reason reason;
};
NKS_CHECKED enum nks_status nks_report_status(struct nks_report *report, const struct nks_slice *slice,
                                              const struct nks_payment *payment, struct nks_report_status *out);

/* ---- counting (report_count.c) */

/* Fills slices, totals, parts, and from them the counts and the status of the head. */
NKS_CHECKED enum nks_status nks_report_count(struct nks_report *report);
/* The totals of the group that payment `at` of the slice in memory belongs to, over the whole message. */
NKS_CHECKED enum nks_status nks_report_group_count(struct nks_report *report, const struct nks_slice *slice, size_t at,
                                                   struct nks_status_total totals[NKS_STATUS_TOTALS_MAX],
                                                   size_t *count);
/* In the order of their statuses. */
void nks_report_counts(const struct nks_status_total *totals, size_t count, struct nks_pain002_count *out);
const char *nks_report_group_status(const struct nks_status_total *totals, size_t count);

#endif
