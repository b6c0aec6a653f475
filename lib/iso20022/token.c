#include "iso20022/rendered.h"
#include "iso20022/token.h"

static const char *const element_names[256] = {
#define NKS_ELEMENT(id, name) [id] = #name,
#include "iso20022/element.def"
#undef NKS_ELEMENT
};

const char *nks_element_name(unsigned id)
{
    return id < sizeof element_names / sizeof element_names[0] ? element_names[id] : NULL;
}

uint32_t nks_rendered_tags(unsigned element)
{
    static const uint8_t bytes[256] = {
#define NKS_ELEMENT(id, name) [id] = 2 * (sizeof #name - 1) + NKS_RENDERED_TAGS,
#include "iso20022/element.def"
#undef NKS_ELEMENT
    };
    return element < sizeof bytes / sizeof bytes[0] ? bytes[element] : 0;
}

/* A walk over a hundred short names. Who asks often remembers the answer (the reader does, names.h). */
enum nks_element nks_element_find(struct nks_text name)
{
    for (unsigned id = 1; id < sizeof element_names / sizeof element_names[0]; id++) {
        if (element_names[id] != NULL && nks_text_is(name, element_names[id]))
            return (enum nks_element)id;
    }
    return NKS_ELEMENT_NONE;
}

static struct nks_text take(struct nks_text *rest, size_t len)
{
    struct nks_text taken = {rest->ptr, len};
    rest->ptr += len;
    rest->len -= len;
    return taken;
}

static struct nks_token token_of(enum nks_token_kind kind, struct nks_text text)
{
    return (struct nks_token){.kind = kind, .text = text};
}

struct nks_token nks_token_next(struct nks_text *rest)
{
    if (rest->len == 0)
        return (struct nks_token){.kind = NKS_TOKEN_IS_END_OF_DATA};
    unsigned char first = (unsigned char)rest->ptr[0];
    size_t len;
    switch (first) {
    case NKS_TOKEN_END:
        (void)take(rest, 1);
        return (struct nks_token){.kind = NKS_TOKEN_IS_CLOSE};
    case NKS_TOKEN_TEXT:
        len = (size_t)(unsigned char)rest->ptr[1] | (size_t)(unsigned char)rest->ptr[2] << 8;
        (void)take(rest, 3);
        return token_of(NKS_TOKEN_IS_TEXT, take(rest, len));
    case NKS_TOKEN_CCY:
        len = (unsigned char)rest->ptr[1];
        (void)take(rest, 2);
        return token_of(NKS_TOKEN_IS_CCY, take(rest, len));
    default:
        (void)take(rest, 1);
        return (struct nks_token){.kind = NKS_TOKEN_IS_OPEN, .element = (enum nks_element)first};
    }
}

struct nks_text nks_token_find(struct nks_text tokens, const enum nks_element *path, size_t depth)
{
    size_t open = 0, matched = 0; /* elements open, and how many of them are the path's first */
    for (;;) {
        struct nks_token token = nks_token_next(&tokens);
        switch (token.kind) {
        case NKS_TOKEN_IS_END_OF_DATA:
            return (struct nks_text){NULL, 0};
        case NKS_TOKEN_IS_OPEN:
            matched += open == matched && matched < depth && token.element == path[matched];
            open++;
            break;
        case NKS_TOKEN_IS_CLOSE:
            open--;
            matched = matched < open ? matched : open;
            break;
        case NKS_TOKEN_IS_TEXT:
            if (matched == depth && open == depth)
                return token.text;
            break;
        case NKS_TOKEN_IS_CCY:
            break;
        }
    }
}
