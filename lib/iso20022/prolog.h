#ifndef NKS_ISO20022_PROLOG_H
#define NKS_ISO20022_PROLOG_H
/*
 * What a file says it is, from its first bytes: the encoding of the XML declaration, the namespace of the root element.
 * The schema is chosen by that namespace and by nothing else, above all not by xsi:schemaLocation.
 */
#include "iso20022/encoding.h"

enum { NKS_PROLOG_MAX = 64 * 1024 }; /* the root element begins and its tag ends within so many bytes */

struct nks_prolog {
    enum nks_pain001_version version;
    enum nks_report_version report; /* of a pain.002 or camt.054; at most one of the two is there */
    enum nks_encoding encoding;
    size_t skip; /* bytes of the byte order mark */
};

struct nks_prolog_fault {
    uint32_t kind; /* enum nks_finding_kind, 0: none */
    uint32_t line;
    const char *text;
};

enum nks_prolog_state { NKS_PROLOG_FOUND, NKS_PROLOG_MORE, NKS_PROLOG_FAULT };

/* Looks at the first bytes; MORE: come again with more of them. `last`: there are no more. */
enum nks_prolog_state nks_prolog_read(struct nks_text bytes, bool last, struct nks_prolog *prolog,
                                      struct nks_prolog_fault *fault);

/* What the finding about a message of another kind or version says: to a payer, to a central. */
extern const char nks_prolog_orders_only[], nks_prolog_reports_only[];
const char *nks_prolog_namespace(const struct nks_prolog *prolog);

#endif
