#ifndef NKS_REPORT_REPORT_H
#define NKS_REPORT_REPORT_H
/*
 * The page for people: what became of one batch, or of all that was received on one business date, as one HTML file
 * that needs nothing else: no script, no font, no picture, no network.
 *
 *   look (lib/stage)  ->  summary: a bounded XML document  ->  schemas/report.xsl  ->  HTML
 *
 * The words are in schemas/report-words.xml, one row per sentence, one attribute per language. The page is also
 * well-formed XML (without a namespace), so that a program can read it. It holds no CPR number, name or account:
 * references, numbers, codes, sums and hashes, and the short ids of senders, payers and centrals.
 *
 * Everything reads; the run may be opened read only. Memory and page are bounded by the ceilings below; sums and counts
 * are always of everything, and what is not shown is counted. The same home, instant and language give the same bytes.
 */
#include "stage/look.h"

enum {
    NKS_REPORT_FILES_MAX = 200,             /* files shown in each table */
    NKS_REPORT_PLACES_MAX = 500,            /* payments shown that did not go as written */
    NKS_REPORT_REASON_PLACES_MAX = 100,     /* of them for one reason, so that others find room */
    NKS_REPORT_REASONS_MAX = 256,           /* more are counted as one unknown reason */
    NKS_REPORT_CURRENCIES_MAX = 24,         /* more are counted as XXX */
    NKS_REPORT_OUTCOMES_MAX = 100,          /* rows of outcome and currency */
    NKS_REPORT_DATES_MAX = 60,              /* slices shown */
    NKS_REPORT_SUMMARY_MAX = 4 << 20,       /* bytes of the summary */
    NKS_REPORT_PAGE_MAX = 16 * 1024 * 1024, /* bytes of the page */
};

enum nks_report_language { NKS_REPORT_ENGLISH, NKS_REPORT_DANISH };
/* "en" or "da"; false for anything else. */
NKS_CHECKED bool nks_report_language_find(struct nks_text code, enum nks_report_language *out);

struct nks_page {
    char *bytes; /* malloc'ed, the caller's; UTF-8 */
    size_t len;
};
void nks_page_free(struct nks_page *page);

/* A batch that is not there is NKS_REFUSED, NOT-FOUND. */
NKS_CHECKED enum nks_status nks_report_batch(struct nks_run *run, int64_t batch_id, enum nks_report_language language,
                                             struct nks_page *page);
/* A delivery, also one of which no batch was made; with a batch it is the batch's page. */
NKS_CHECKED enum nks_status nks_report_delivery(struct nks_run *run, int64_t delivery_id,
                                                enum nks_report_language language, struct nks_page *page);
/* Deliveries belong to the date on which Copenhagen received them, and their batches with them: so every batch stands
 * in the report of exactly one night. Files belong to the business date that they were written for. A date of which
 * nothing is known gives a page that says so. */
NKS_CHECKED enum nks_status nks_report_night(struct nks_run *run, nks_date date, enum nks_report_language language,
                                             struct nks_page *page);

/* Writes the page to a new file, all or nothing: PATH.part, then renamed. A name that is taken is NKS_REFUSED,
 * REPORT-EXISTS; what is there stays. Mode 0600. */
NKS_CHECKED enum nks_status nks_page_write(const struct nks_page *page, const char *path, struct nks_fault *fault);

#endif
