#ifndef NKS_REPORT_REPORT_PRIVATE_H
#define NKS_REPORT_REPORT_PRIVATE_H
/* Private to the room: the summary in the making, what is counted for it, the picture, and the transformation. */
#include "iso20022/xmlout.h"
#include "report/report.h"

/* ---- summary.c: the bounded XML document. Elements only; an empty text writes nothing. */

struct nks_summary {
    struct nks_xmlout xml;
    char *bytes; /* malloc'ed */
    size_t len, cap;
};
/* Begins <report> with kind, language, version, environment and the instant it is made. */
NKS_CHECKED enum nks_status nks_summary_begin(struct nks_run *run, const char *kind, enum nks_report_language language,
                                              struct nks_summary **out);
/* Adds the words and closes it; nothing is added later. */
NKS_CHECKED enum nks_status nks_summary_end(struct nks_summary *summary);
void nks_summary_free(struct nks_summary *summary);

void nks_summary_open(struct nks_summary *summary, const char *name);
void nks_summary_close(struct nks_summary *summary, const char *name);
void nks_summary_text(struct nks_summary *summary, const char *name, const char *text);
void nks_summary_number(struct nks_summary *summary, const char *name, int64_t number);
void nks_summary_count(struct nks_summary *summary, const char *name, int64_t number); /* 0: nothing */
void nks_summary_sum(struct nks_summary *summary, const char *name, struct nks_sum sum);
void nks_summary_date(struct nks_summary *summary, const char *name, nks_date date); /* NKS_DATE_NONE: nothing */
void nks_summary_time(struct nks_summary *summary, const char *name, nks_time time); /* utc, date and clock */
void nks_summary_minute(struct nks_summary *summary, const char *name, int minute);  /* of the day: "16:00" */
void nks_summary_hash(struct nks_summary *summary, const uint8_t hash[NKS_HASH_SIZE]);
/* <reason> or <words> of a reason; nothing for NONE. */
void nks_summary_reason(struct nks_summary *summary, enum nks_reason reason, enum nks_report_language language);

/* ---- flow.c: the picture, pure. Units are those of the SVG: at its natural width about a pixel. */

enum { NKS_FLOW_HEIGHT = 240, NKS_FLOW_LEAST = 3, NKS_FLOW_PITCH = 56, NKS_FLOW_GAP = 16, NKS_FLOW_BAR = 343 };
struct nks_flow_node {
    struct nks_sum sum; /* given; at least 0 */
    int share;          /* of the total, in hundredths of a percent, rounded */
    int height;         /* of its band: in proportion, but at least NKS_FLOW_LEAST */
    int left, right;    /* top of the band at the source and at the destination */
    int bar;            /* length of its bar in the narrow picture, at most NKS_FLOW_BAR */
};
/* Returns the height of the whole picture. */
int nks_flow_layout(struct nks_flow_node *nodes, size_t count);

/* ---- tally.c: what is counted over a batch or a night */

struct nks_tally_currency {
    char code[4];
    struct nks_sum sum;
    int64_t parts;
    struct {
        struct nks_sum sum;
        int64_t parts;
    } to[NKS_LOOK_TOS];
};
enum { NKS_TALLY_REASON_CURRENCIES = 4 };
struct nks_tally_reason {
    enum nks_look_why why;
    enum nks_reason reason;
    int64_t payments, places; /* places: shown */
    size_t currency_count;
    struct {
        char code[4];
        struct nks_sum sum;
    } currencies[NKS_TALLY_REASON_CURRENCIES + 1]; /* the last one is XXX, when there are more */
};
struct nks_tally_place {
    size_t reason; /* which row */
    int64_t batch_id;
    char ref[NKS_BATCH_REF + 1];
    uint32_t group;
    uint64_t seq;
    struct nks_money amount;
};
struct nks_tally_file { /* an order file and what the bank said of its legs */
    int64_t id;
    int64_t settled, returned, open;
};
struct nks_tally {
    struct nks_tally_currency currencies[NKS_REPORT_CURRENCIES_MAX + 1]; /* the last one is XXX */
    size_t currency_count;
    struct nks_tally_reason reasons[NKS_REPORT_REASONS_MAX];
    size_t reason_count;
    struct nks_tally_place places[NKS_REPORT_PLACES_MAX];
    size_t place_count;
    struct nks_tally_file files[NKS_REPORT_FILES_MAX]; /* those shown, by id: put in before the parts are counted */
    size_t file_count;
    struct nks_look_amounts amounts;
    const struct nks_batch *batch; /* the one being counted */
};
NKS_CHECKED enum nks_status nks_tally_new(struct nks_tally **out, struct nks_fault *fault);
/* Adds an accepted batch. */
NKS_CHECKED enum nks_status nks_tally_batch(struct nks_tally *tally, struct nks_run *run,
                                            const struct nks_batch *batch);
/* <money>, <outcomes>, <reasons>; `night`: a place names its batch. */
void nks_tally_put(struct nks_tally *tally, struct nks_summary *summary, enum nks_report_language language, bool night);
const struct nks_tally_file *nks_tally_file_find(const struct nks_tally *tally, int64_t file_id); /* NULL: not there */

/* ---- parts of both pages (parts.c) */

void nks_part_delivery(struct nks_summary *summary, const struct nks_delivery *delivery,
                       enum nks_report_language language);
void nks_part_file(struct nks_summary *summary, const struct nks_out_file *file, const struct nks_tally_file *legs);
/* A table of files in the making: what is beyond the ceiling is only counted. */
struct nks_part_files {
    int64_t files, entries, unpublished;
    struct nks_sum sum;
};
NKS_CHECKED enum nks_status nks_part_files_add(struct nks_part_files *files, const struct nks_out_file *file,
                                               bool *shown, struct nks_fault *fault);
void nks_part_files_put(struct nks_summary *summary,
                        const struct nks_part_files *files); /* totals, and how many more */

/* ---- batch.c, night.c: the whole content of <report> */

NKS_CHECKED enum nks_status nks_summary_of_batch(struct nks_run *run, const struct nks_batch *batch,
                                                 enum nks_report_language language, struct nks_summary *summary);
NKS_CHECKED enum nks_status nks_summary_of_delivery(struct nks_run *run, const struct nks_delivery *delivery,
                                                    enum nks_report_language language, struct nks_summary *summary);
NKS_CHECKED enum nks_status nks_summary_of_night(struct nks_run *run, nks_date date, enum nks_report_language language,
                                                 struct nks_summary *summary);

/* ---- transform.c: the only place that knows libxslt */

NKS_CHECKED enum nks_status nks_report_transform(const struct nks_summary *summary, struct nks_page *page,
                                                 struct nks_fault *fault);

#endif
