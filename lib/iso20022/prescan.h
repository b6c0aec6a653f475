#ifndef NKS_ISO20022_PRESCAN_H
#define NKS_ISO20022_PRESCAN_H
/*
 * Looks at the bytes before the XML parser does. The parser holds a tag, a comment or a reference in memory until it is
 * whole, and a document type declaration makes it do what the document says; here both are stopped while they are
 * still bytes. All three encodings carry ASCII as it is, so markup can be seen without decoding.
 */
#include "iso20022/frame.h"

struct nks_prescan_limits {
    uint64_t tag_bytes; /* from < to >, comments and processing instructions likewise; also one CDATA section */
    uint64_t run_bytes; /* between two tags */
};

struct nks_prescan {
    struct nks_prescan_limits limits;
    uint64_t length; /* of the present tag or run */
    uint8_t state;
    char quote;   /* of the attribute value we are in */
    char tail[2]; /* the last bytes of a comment, processing instruction or CDATA section */
};

struct nks_prescan_result {
    size_t good;   /* bytes that may go to the parser */
    uint32_t kind; /* enum nks_finding_kind, 0: all bytes are good */
    const char *text;
};

void nks_prescan_init(struct nks_prescan *scan, const struct nks_prescan_limits *limits);
struct nks_prescan_result nks_prescan_bytes(struct nks_prescan *scan, const char *bytes, size_t len);

#endif
