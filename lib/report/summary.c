/* The summary: XML in memory, up to a ceiling. */
#include "report/report_private.h"

#include <stdlib.h>
#include <string.h>

extern const char nks_report_words[];
extern const unsigned long nks_report_words_len;

static const char *const languages[] = {[NKS_REPORT_ENGLISH] = "en", [NKS_REPORT_DANISH] = "da"};

bool nks_report_language_find(struct nks_text code, enum nks_report_language *out)
{
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        if (nks_text_is(code, languages[i])) {
            *out = (enum nks_report_language)i;
            return true;
        }
    }
    return false;
}

static enum nks_status sink(void *context, const void *data, size_t len, struct nks_fault *fault)
{
    struct nks_summary *summary = context;
    if (len > summary->cap - summary->len) {
        size_t cap = summary->cap == 0 ? NKS_XMLOUT_BUFFER : summary->cap;
        while (cap - summary->len < len)
            cap *= 2;
        if (cap > NKS_REPORT_SUMMARY_MAX)
            return nks_fault_set(fault, NKS_FAILED, "REPORT-BIG", "the summary of the page is beyond its ceiling");
        char *more = realloc(summary->bytes, cap);
        if (more == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the page");
        summary->bytes = more;
        summary->cap = cap;
    }
    memcpy(summary->bytes + summary->len, data, len);
    summary->len += len;
    return NKS_OK;
}

enum nks_status nks_summary_begin(struct nks_run *run, const char *kind, enum nks_report_language language,
                                  struct nks_summary **out)
{
    struct nks_summary *summary = calloc(1, sizeof *summary);
    *out = summary;
    if (summary == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for the page");
    nks_xmlout_begin(&summary->xml, NKS_UTF8, sink, summary, &run->fault);
    nks_summary_open(summary, "report");
    nks_summary_text(summary, "kind", kind);
    nks_summary_text(summary, "language", languages[language]);
    nks_summary_text(summary, "version", NKS_VERSION);
    nks_summary_text(summary, "environment", run->conf.environment);
    nks_summary_time(summary, "made", run->now);
    return NKS_OK;
}

enum nks_status nks_summary_end(struct nks_summary *summary)
{
    nks_xmlout_raw(&summary->xml, nks_report_words, (size_t)nks_report_words_len);
    nks_summary_close(summary, "report");
    return nks_xmlout_end(&summary->xml);
}

void nks_summary_free(struct nks_summary *summary)
{
    if (summary == NULL)
        return;
    free(summary->bytes);
    free(summary);
}

void nks_summary_open(struct nks_summary *summary, const char *name)
{
    nks_xmlout_open(&summary->xml, name);
}

void nks_summary_close(struct nks_summary *summary, const char *name)
{
    nks_xmlout_close(&summary->xml, name);
}

void nks_summary_text(struct nks_summary *summary, const char *name, const char *text)
{
    nks_xmlout_element(&summary->xml, name, nks_text_from(text));
}

void nks_summary_number(struct nks_summary *summary, const char *name, int64_t number)
{
    char text[24];
    struct nks_buf buf;
    nks_buf_init(&buf, text, sizeof text);
    nks_buf_i64(&buf, number);
    nks_xmlout_element(&summary->xml, name, nks_buf_view(&buf));
}

void nks_summary_count(struct nks_summary *summary, const char *name, int64_t number)
{
    if (number != 0)
        nks_summary_number(summary, name, number);
}

void nks_summary_sum(struct nks_summary *summary, const char *name, struct nks_sum sum)
{
    char text[NKS_CONTROL_SUM_MAX];
    struct nks_buf buf;
    nks_buf_init(&buf, text, sizeof text);
    nks_sum_format(&buf, sum);
    nks_xmlout_element(&summary->xml, name, nks_buf_view(&buf));
}

void nks_summary_date(struct nks_summary *summary, const char *name, nks_date date)
{
    char text[NKS_DATE_TEXT];
    if (date == NKS_DATE_NONE)
        return;
    nks_date_format(date, text);
    nks_summary_text(summary, name, text);
}

void nks_summary_minute(struct nks_summary *summary, const char *name, int minute)
{
    char text[16];
    struct nks_buf buf;
    nks_buf_init(&buf, text, sizeof text);
    nks_buf_printf(&buf, "%02d:%02d", minute / 60, minute % 60);
    nks_xmlout_element(&summary->xml, name, nks_buf_view(&buf));
}

void nks_summary_time(struct nks_summary *summary, const char *name, nks_time time)
{
    char utc[NKS_TIME_TEXT];
    nks_time_format(time, utc);
    nks_summary_open(summary, name);
    nks_summary_text(summary, "utc", utc);
    nks_summary_date(summary, "date", nks_copenhagen_date(time));
    nks_summary_minute(summary, "clock", nks_copenhagen_minute(time));
    nks_summary_close(summary, name);
}

void nks_summary_hash(struct nks_summary *summary, const uint8_t hash[NKS_HASH_SIZE])
{
    char text[NKS_HASH_HEX];
    nks_hex(hash, NKS_HASH_SIZE, text);
    nks_summary_text(summary, "sha256", text);
}

void nks_summary_reason(struct nks_summary *summary, enum nks_reason reason, enum nks_report_language language)
{
    const char *words = language == NKS_REPORT_DANISH ? nks_reason_danish(reason) : nks_reason_english(reason);
    nks_summary_text(summary, "code", nks_reason_code(reason));
    nks_summary_text(summary, "words", words);
}
