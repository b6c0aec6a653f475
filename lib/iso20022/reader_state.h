#ifndef NKS_ISO20022_READER_STATE_H
#define NKS_ISO20022_READER_STATE_H
/*
 * The reader in memory, shared by its parts:
 *   reader.c          the loop: bytes in, frames out
 *   reader_sax.c      the parser's callbacks: elements and text become records
 *   reader_report.c   the same for a bank's report, which has no schema
 *   reader_finding.c  what is wrong, in words
 */
#include "iso20022/frame_out.h"
#include "iso20022/guideline.h"
#include "iso20022/names.h"
#include "iso20022/prescan.h"
#include "iso20022/prolog.h"
#include "iso20022/reader.h"
#include "iso20022/record.h"
#include "iso20022/slot_path.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

enum { NKS_READER_DEPTH = 32 }; /* room for any ceiling of depth */

#if LIBXML_VERSION >= 21200
typedef const xmlError nks_xml_error;
#else
typedef xmlError nks_xml_error;
#endif

/* One open element. */
struct nks_reader_element {
    uint8_t element; /* enum nks_element */
    uint8_t node;    /* of the tree of paths */
    bool has_children;
    struct nks_guideline_place place; /* of a pain.001 */
};

struct nks_reader_state {
    struct nks_reader_limits limits;
    xmlParserCtxtPtr parser;
    struct nks_prolog prolog;
    struct nks_prescan prescan;

    /* the place in the document */
    uint32_t depth;
    struct nks_reader_element open[NKS_READER_DEPTH + 1]; /* [0] is the document itself */
    const xmlChar *message_uri;                           /* the parser's copy of the message's namespace */
    bool root_closed;

    /* the record being built */
    bool in_record;
    bool header_sent, group_sent; /* header_sent: of a report */
    uint32_t record_depth;        /* of a report: where the record's own element stands */
    struct nks_frame_place place;

    /* the result */
    bool stopped; /* nothing more is read */
    uint32_t findings;
    uint32_t groups;
    uint64_t payments, bytes;

    struct nks_guideline guideline;
    struct nks_paths paths;
    struct nks_names names;
    struct nks_record record;
    struct nks_frame_out out;
};

/* reader_sax.c */
void nks_reader_sax(xmlSAXHandler *sax);
/* Counts the names and takes the element among the open ones; false: a ceiling. */
NKS_CHECKED bool nks_reader_enter(struct nks_reader_state *reader, const xmlChar *name, const xmlChar *prefix,
                                  int namespaces_count, const xmlChar **namespaces, int attributes_count,
                                  const xmlChar **attributes);
bool nks_reader_is_ours(struct nks_reader_state *reader, const xmlChar *uri); /* the message's own namespace */
void nks_reader_record_start(struct nks_reader_state *reader, uint32_t group, uint64_t seq);
void nks_reader_send(struct nks_reader_state *reader, enum nks_frame_kind kind);
void nks_reader_ceiling(struct nks_reader_state *reader, const char *what, uint64_t limit);
void nks_reader_record_long(struct nks_reader_state *reader);

/* reader_report.c */
void nks_report_sax(xmlSAXHandler *sax);

/* reader_finding.c */
uint32_t nks_reader_line(const struct nks_reader_state *reader);
/* Reports what is wrong at the present place; `fatal`: and stops. */
void nks_finding_put(struct nks_reader_state *reader, enum nks_finding_kind kind, bool fatal, const char *fmt, ...)
    NKS_PRINTF(4, 5);
void nks_finding_at(struct nks_reader_state *reader, enum nks_finding_kind kind, uint32_t line, const char *text);
/* The last steps of the path of the element at hand. */
void nks_finding_path(const struct nks_reader_state *reader, struct nks_buf *path);
/* What the guideline says about the element at hand. */
void nks_finding_content(struct nks_reader_state *reader, enum nks_guideline_fault fault);
void nks_finding_attribute(struct nks_reader_state *reader, enum nks_guideline_fault fault);
/* The parser's errors. */
void nks_finding_parser(void *user, nks_xml_error *error);

#endif
