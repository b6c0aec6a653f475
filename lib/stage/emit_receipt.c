/* emit, the receipts: to the sender, for each file it delivered. Refused, with places and words; or received, with what
 * was rejected at once. */
#include "stage/report.h"
#include "stage/step.h"

#include <stdlib.h>
#include <string.h>

static const char *const finding_kinds[] = {[NKS_FINDING_SYNTAX] = "not readable",
                                            [NKS_FINDING_VERSION] = "version",
                                            [NKS_FINDING_FORBIDDEN] = "not allowed",
                                            [NKS_FINDING_CEILING] = "beyond a limit"};

enum { FILE_NAME_SHOWN = 80 }; /* bytes of it in a receipt */

static void finding_words(const struct nks_finding *finding, enum nks_language language, struct nks_buf *words)
{
    if (finding->line > 0)
        nks_buf_printf(words, "%s %u: ", nks_report_wording("line", language), finding->line);
    if (finding->seq > 0)
        nks_buf_printf(words, "%s %llu: ", nks_report_wording("payment", language), (unsigned long long)finding->seq);
    else if (finding->group > 0)
        nks_buf_printf(words, "PmtInf %u: ", finding->group);
    if ((size_t)finding->kind < sizeof finding_kinds / sizeof finding_kinds[0] && finding_kinds[finding->kind] != NULL)
        nks_buf_printf(words, "%s: ", nks_report_wording(finding_kinds[finding->kind], language));
    nks_buf_str(words, nks_report_wording(finding->text, language));
}

struct refusal {
    enum nks_language language;
    struct nks_pain002_reason reasons[NKS_PAIN002_REASONS_MAX];
    char words[NKS_PAIN002_REASONS_MAX][NKS_REPORT_WORDS_MAX];
    size_t count;
};

static void refusal_add(struct refusal *refusal, enum nks_reason reason, struct nks_buf *words)
{
    refusal->reasons[refusal->count++] = (struct nks_pain002_reason){nks_reason_code(reason), nks_buf_view(words)};
}

/* "File NAME, SHA-256 …": the sender finds his file by it when no id could be read. Digits that could be a CPR number
 * are masked, because names of files reach logs. */
static void refusal_file(struct refusal *refusal, const struct nks_delivery *delivery)
{
    char hex[NKS_HASH_HEX], name[NKS_NAME_MAX];
    struct nks_buf words;
    nks_hex(delivery->hash, NKS_HASH_SIZE, hex);
    memcpy(name, delivery->name, sizeof name);
    name[FILE_NAME_SHOWN] = '\0';
    nks_text_plain(name);
    nks_name_mask(name);
    nks_buf_init(&words, refusal->words[refusal->count], NKS_REPORT_WORDS_MAX);
    nks_buf_printf(&words, "%s %s, SHA-256 %s", nks_report_wording("file", refusal->language), name, hex);
    refusal_add(refusal, delivery->reason, &words);
}

static enum nks_status refusal_fill(struct nks_run *run, const struct nks_delivery *delivery, struct refusal *refusal)
{
    struct nks_finding *findings = calloc(NKS_FINDINGS_MAX, sizeof *findings);
    size_t count = 0;
    if (findings == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a receipt");
    enum nks_status status = nks_delivery_findings(run->exchange, delivery->id, findings, &count, &run->fault);
    refusal_file(refusal, delivery);
    for (size_t i = 0; status == NKS_OK && i < count && refusal->count < NKS_PAIN002_REASONS_MAX; i++) {
        struct nks_buf words;
        nks_buf_init(&words, refusal->words[refusal->count], NKS_REPORT_WORDS_MAX);
        finding_words(&findings[i], refusal->language, &words);
        refusal_add(refusal, findings[i].reason, &words);
    }
    free(findings);
    return status;
}

static enum nks_status receipt_of(struct nks_report *report, const struct nks_delivery *delivery,
                                  struct refusal *refusal, struct nks_out_sink *sink)
{
    if (delivery->state == NKS_DELIVERY_REFUSED) {
        refusal->language = report->language;
        report->head.group_status = "RJCT";
        NKS_TRY(refusal_fill(report->run, delivery, refusal));
        report->head.reasons = refusal->reasons;
        report->head.reason_count = refusal->count;
    } else {
        NKS_TRY(nks_report_count(report));
    }
    return nks_report_write(report, sink);
}

/* In the language of the batch's agreement; where none was found, in that of the sender's agreements. */
static enum nks_language language_of(const struct nks_run *run, const struct nks_report *report,
                                     const struct nks_delivery *delivery)
{
    return report->agreement != NULL
               ? report->agreement->reason_language
               : nks_agreement_sender_language(&run->agreements, nks_text_from(delivery->party), run->today);
}

static enum nks_status receipt_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink,
                                     struct nks_batch *batch)
{
    struct nks_delivery delivery;
    bool found = false, has_batch = false;
    int64_t batch_id = 0;
    NKS_TRY(nks_delivery_load(run->exchange, file->delivery_id, &delivery, &found, &run->fault));
    NKS_TRY(nks_batch_find_delivery(run->payments, file->delivery_id, &batch_id, &run->fault));
    if (batch_id != 0)
        NKS_TRY(nks_batch_load(run->payments, batch_id, batch, &has_batch, &run->fault));
    struct nks_report report = {
        .run = run,
        .batch = has_batch ? batch : NULL,
        .agreement = has_batch ? nks_agreement_by_id(&run->agreements, batch->agreement_id) : NULL,
        .encoding = has_batch ? batch->encoding : delivery.encoding,
        .level = NKS_REPORT_EXCEPTIONS,
        .at_receipt = true,
    };
    report.language = language_of(run, &report, &delivery);
    struct refusal *refusal = calloc(1, sizeof *refusal);
    if (refusal == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a receipt");
    nks_report_head(&report, file, 0, has_batch ? batch->version : delivery.version);
    enum nks_status status = receipt_of(&report, &delivery, refusal, sink);
    nks_report_free(&report);
    free(refusal);
    return status;
}

enum nks_status nks_receipt_write(struct nks_run *run, const struct nks_out_file *file, struct nks_out_sink *sink)
{
    struct nks_batch batch = {.id = 0};
    enum nks_status status = receipt_write(run, file, sink, &batch);
    nks_batch_close(&batch);
    return status;
}
