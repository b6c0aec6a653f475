#ifndef NKS_ISO20022_TOKEN_H
#define NKS_ISO20022_TOKEN_H
/*
 * An element tree as bytes: what the payer wrote between two tags, without markup and white space between elements.
 *   0xFE              end of an element
 *   0xFD len8 text    the Ccy attribute of the element just opened (the only attribute our guideline knows)
 *   0xFC len16le text the text of the element just opened (UTF-8, as the payer wrote it; not empty)
 *   1..249            an element opens: its number in element.def
 * Depth at most NKS_TOKEN_DEPTH. An element has either text or children.
 */
#include "base/text.h"

enum { NKS_TOKEN_END = 0xFE, NKS_TOKEN_CCY = 0xFD, NKS_TOKEN_TEXT = 0xFC, NKS_TOKEN_DEPTH = 24 };

enum nks_element {
    NKS_ELEMENT_NONE = 0,
#define NKS_ELEMENT(id, name) NKS_E_##name = (id),
#include "iso20022/element.def"
#undef NKS_ELEMENT
};

/* The local name, NULL for a number that is none. */
const char *nks_element_name(unsigned id);
/* The number of a local name; NKS_ELEMENT_NONE for an unknown one. */
enum nks_element nks_element_find(struct nks_text name);

enum nks_token_kind {
    NKS_TOKEN_IS_END_OF_DATA,
    NKS_TOKEN_IS_OPEN,
    NKS_TOKEN_IS_CCY,
    NKS_TOKEN_IS_TEXT,
    NKS_TOKEN_IS_CLOSE
};
struct nks_token {
    enum nks_token_kind kind;
    enum nks_element element; /* of an opening */
    struct nks_text text;     /* of CCY and TEXT */
};
/* Takes the next token off `rest`, which holds checked tokens. */
struct nks_token nks_token_next(struct nks_text *rest);

/* The text of the first element at `path`, from the outermost one down, in checked tokens; empty when there is none.
 * For what is asked too seldom to have a slot (frame.h). */
struct nks_text nks_token_find(struct nks_text tokens, const enum nks_element *path, size_t depth);

#endif
