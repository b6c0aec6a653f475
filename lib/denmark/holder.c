#include "denmark/holder.h"

#include <string.h>

static const char *const kind_names[] = {"", "CPR", "CVR", "SE", "PNR", "FOREIGN"};
enum { KINDS = sizeof kind_names / sizeof kind_names[0] };

const char *nks_holder_kind_name(enum nks_holder_kind kind)
{
    return (size_t)kind < KINDS ? kind_names[kind] : "";
}

enum nks_holder_kind nks_holder_kind_find(struct nks_text name)
{
    for (size_t i = 1; i < KINDS; i++) {
        if (nks_text_is(name, kind_names[i]))
            return (enum nks_holder_kind)i;
    }
    return NKS_HOLDER_NONE;
}

static bool parse_cpr(struct nks_text id, char *out)
{
    struct nks_cpr cpr;
    if (nks_cpr_parse(id, &cpr) != NKS_CPR_GOOD)
        return false;
    memcpy(out, cpr.digits, sizeof cpr.digits);
    return true;
}

static bool parse_cvr(struct nks_text id, char *out)
{
    return nks_cvr_parse(id, out) == NKS_CVR_GOOD;
}

/* The modulus of an SE number is a warning only: it is accepted whatever its check digit. */
static bool parse_se(struct nks_text id, char *out)
{
    return nks_se_parse(id, out) != NKS_CVR_SHAPE;
}

static bool parse_pnr(struct nks_text id, char *out)
{
    return nks_pnr_parse(id, out);
}

static bool parse_foreign(struct nks_text id, char *out)
{
    if (id.len < 4 || id.len >= NKS_HOLDER_ID_MAX || id.ptr[2] != ':')
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c <= ' ' || c > '~' || (i < 2 && (c < 'A' || c > 'Z')))
            return false;
        out[i] = c;
    }
    out[id.len] = '\0';
    return true;
}

bool nks_holder_parse(enum nks_holder_kind kind, struct nks_text id, char out[NKS_HOLDER_ID_MAX])
{
    static bool (*const parsers[KINDS])(struct nks_text, char *) = {NULL,     parse_cpr, parse_cvr,
                                                                    parse_se, parse_pnr, parse_foreign};
    return (size_t)kind < KINDS && parsers[kind] != NULL && parsers[kind](nks_text_trim(id), out);
}
