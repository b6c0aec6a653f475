#ifndef NKS_ISO20022_ENCODING_H
#define NKS_ISO20022_ENCODING_H
/*
 * The three encodings of a message. The reader brings the bytes into UTF-8 itself, before the XML parser sees them, and
 * tells the parser to ignore the declaration: so the parser never asks the system for a converter, which in the jail
 * would be its death, and what the pre-scan sees is what the parser sees.
 */
#include "iso20022/frame.h"

enum { NKS_UTF8_GROWTH = 3 }; /* one byte becomes at most three: the euro sign of ISO-8859-15 */

/* A name of the XML declaration, in any case. False: not on the list. */
NKS_CHECKED bool nks_encoding_find(struct nks_text name, enum nks_encoding *encoding);

/* The byte order mark at the front of a file. */
enum nks_bom { NKS_BOM_NONE, NKS_BOM_UTF8, NKS_BOM_FOREIGN /* UTF-16, UTF-32, or written in one of them */ };
enum { NKS_BOM_UTF8_BYTES = 3 };
enum nks_bom nks_encoding_bom(const char *bytes, size_t len);

/* Converts `len` bytes of one of the two ISO encodings; `out` has room for NKS_UTF8_GROWTH times as many. */
size_t nks_encoding_to_utf8(enum nks_encoding encoding, const char *bytes, size_t len, char *out);

#endif
