#ifndef NKS_ISO20022_XMLOUT_H
#define NKS_ISO20022_XMLOUT_H
/*
 * Writing XML: a buffer in front of a sink, escaping, and the charset of the answer. Nothing here knows a message.
 * Errors of the sink are kept: later calls do nothing, nks_xmlout_end returns the first one.
 *
 * Order of calls: begin { raw | text | open | close | element }* end. Whether tags are balanced is the caller's care.
 * Names and raw bytes are ASCII; only text is escaped and brought into the charset.
 */
#include "iso20022/frame.h"

typedef enum nks_status (*nks_sink_fn)(void *context, const void *data, size_t len, struct nks_fault *fault);

enum { NKS_XMLOUT_BUFFER = 64 * 1024 };
struct nks_xmlout {
    nks_sink_fn sink;
    void *context;
    struct nks_fault *fault;
    enum nks_status status;
    enum nks_encoding encoding; /* characters it cannot carry become character references */
    int64_t written;            /* bytes given to the sink or in the buffer */
    size_t used;
    char buffer[NKS_XMLOUT_BUFFER];
};

void nks_xmlout_begin(struct nks_xmlout *out, enum nks_encoding encoding, nks_sink_fn sink, void *context,
                      struct nks_fault *fault); /* writes the XML declaration */
void nks_xmlout_raw(struct nks_xmlout *out, const char *bytes, size_t len);
/* Escaped. What XML cannot carry (control characters, U+FFFE, U+FFFF) and every byte that is no UTF-8 becomes '?'. */
void nks_xmlout_text(struct nks_xmlout *out, struct nks_text text);
void nks_xmlout_open(struct nks_xmlout *out, const char *name);
void nks_xmlout_close(struct nks_xmlout *out, const char *name);
void nks_xmlout_element(struct nks_xmlout *out, const char *name,
                        struct nks_text text);                      /* nothing when text is empty */
NKS_CHECKED enum nks_status nks_xmlout_end(struct nks_xmlout *out); /* flushes */

/* Takes at most `max` characters off the front of `rest`, counted as nks_xmlout_text writes them. */
struct nks_text nks_xmlout_cut(struct nks_text *rest, size_t max);

#endif
