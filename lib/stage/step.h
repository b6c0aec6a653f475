#ifndef NKS_STAGE_STEP_H
#define NKS_STAGE_STEP_H
/*
 * Private to lib/stage: the steps of decision over one slice in memory. A step asks its module, decides and adds to the
 * slice; it opens no file, reads no clock and begins no transaction. What a step decided that lives in another module's
 * rows (uses of claims, entries of the ventekonto) is written by its `save`, inside the engine's transaction.
 */
#include "stage/run.h"

struct nks_step_context {
    struct nks_run *run;
    struct nks_batch *batch;
    const struct nks_agreement *agreement;
    struct nks_slice *slice;
};
typedef enum nks_status (*nks_step_fn)(struct nks_step_context *context);
struct nks_step {
    const char *name;
    enum nks_slice_state from, to;
    nks_step_fn step, save; /* save may be NULL */
};

NKS_CHECKED enum nks_status nks_step_resolve(struct nks_step_context *context);
NKS_CHECKED enum nks_status nks_step_offset(struct nks_step_context *context);
NKS_CHECKED enum nks_status nks_step_offset_save(struct nks_step_context *context);
NKS_CHECKED enum nks_status nks_step_route(struct nks_step_context *context);
NKS_CHECKED enum nks_status nks_step_route_save(struct nks_step_context *context);

/* What a routed slice sends, by central and group; a stopped leg is sent nowhere. The slice has no totals yet. */
NKS_CHECKED enum nks_status nks_step_order_totals(struct nks_step_context *context);

/* The group of a payment: its record and the central of its debtor account (NULL: none). */
NKS_CHECKED enum nks_status nks_step_group(struct nks_step_context *context, const struct nks_payment *payment,
                                           const struct nks_group **group, const struct nks_central **central);

/* Whether the money of a payment's leg that came back is carried on after the agreement's policy (collect_back.c),
 * rather than left with the payer. */
bool nks_step_goes_on(const struct nks_agreement *agreement, const struct nks_payment *payment,
                      const struct nks_leg *leg);

void nks_step_reject(struct nks_payment *payment, enum nks_reason reason);

/* The stem of every id and file name that a delivery gives rise to: from the received bytes, the sender and the
 * generation only (ingest_facts.c). */
void nks_delivery_ref(const struct nks_delivery *delivery, char out[NKS_BATCH_REF + 1]);

/* Emit's and collect's shared ends. After an answer has moved legs, in its transaction: a report to the payer is
 * reserved when the answer gave it news (report.h). `detail` is "answer". */
NKS_CHECKED enum nks_status nks_status_report_reserve(struct nks_run *run, struct nks_batch *batch, const char *detail);
/* After a stop, in its transaction. `waiting`: payments of slices that wait were stopped, which nothing else would
 * tell; of routed ones the report after routing tells. `before`: the final legs as they were. */
NKS_CHECKED enum nks_status nks_stop_report_reserve(struct nks_run *run, const struct nks_batch *batch,
                                                    const struct nks_finals *before, bool waiting);
NKS_CHECKED enum nks_status nks_receipts_reserve(struct nks_run *run);
NKS_CHECKED enum nks_status nks_order_files_reserve(struct nks_run *run, struct nks_batch *batch, bool *any);
struct nks_out_sink;
NKS_CHECKED enum nks_status nks_order_file_write(struct nks_run *run, const struct nks_out_file *file,
                                                 struct nks_batch *batch, struct nks_out_sink *sink);
NKS_CHECKED enum nks_status nks_status_report_write(struct nks_run *run, const struct nks_out_file *file,
                                                    struct nks_batch *batch, struct nks_out_sink *sink);
NKS_CHECKED enum nks_status nks_recall_write(struct nks_run *run, const struct nks_out_file *file,
                                             struct nks_batch *batch, struct nks_out_sink *sink);
NKS_CHECKED enum nks_status nks_receipt_write(struct nks_run *run, const struct nks_out_file *file,
                                              struct nks_out_sink *sink);
NKS_CHECKED enum nks_status nks_manifest_write(struct nks_run *run, const struct nks_out_file *file,
                                               struct nks_out_sink *sink);
NKS_CHECKED enum nks_status nks_manifests_reserve(struct nks_run *run, bool *any);
/* What an order file's row says about making it again (out_file.detail): its slices and the version written. */
struct nks_order_detail {
    int64_t first, last; /* slice ids */
    enum nks_pain001_version version;
};
void nks_order_detail_format(const struct nks_order_detail *detail, char *out, size_t size);
NKS_CHECKED bool nks_order_detail_parse(struct nks_text text, struct nks_order_detail *out);
/* deliver.c: the staged bytes of a file, compared with its row, go into out/ after their signature. */
NKS_CHECKED enum nks_status nks_staged_publish(struct nks_run *run, const struct nks_out_file *file);
/* The row WRITTEN becomes PUBLISHED, in a transaction of its own. */
NKS_CHECKED enum nks_status nks_file_row_published(struct nks_run *run, struct nks_out_file *file);
/* Writes every RESERVED file: staging, hash, archive, then the row WRITTEN. */
NKS_CHECKED enum nks_status nks_reserved_write(struct nks_run *run);

#endif
