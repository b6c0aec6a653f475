#include "iso20022/reason.h"

#include <string.h>

static const struct row {
    const char *name, *code, *english, *danish;
} rows[] = {
    [NKS_REASON_NONE] = {"", "", "", ""},
#define NKS_REASON(id, name, code, english, danish) [id] = {#name, code, english, danish},
#include "iso20022/reason.def"
#undef NKS_REASON
};

/* A number that a later program stored is still a reason, and the standard has a code for those told in words. */
static const struct row unknown = {"", "NARR", "a reason unknown to this program",
                                   "en årsag, som dette program ikke kender"};

static const struct row *row_of(enum nks_reason reason)
{
    size_t at = (size_t)reason;
    return at < sizeof rows / sizeof rows[0] && rows[at].code != NULL ? &rows[at] : &unknown;
}

const char *nks_reason_code(enum nks_reason reason)
{
    return row_of(reason)->code;
}

const char *nks_reason_english(enum nks_reason reason)
{
    return row_of(reason)->english;
}

const char *nks_reason_danish(enum nks_reason reason)
{
    return row_of(reason)->danish;
}

const char *nks_reason_words(enum nks_reason reason, enum nks_language language)
{
    return language == NKS_DANISH ? nks_reason_danish(reason) : nks_reason_english(reason);
}

static enum nks_reason find_named(struct nks_text code, const char *prefix)
{
    for (size_t i = NKS_REASON_NONE + 1; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code != NULL && nks_text_is(code, rows[i].code) &&
            strncmp(rows[i].name, prefix, strlen(prefix)) == 0)
            return (enum nks_reason)i;
    }
    return NKS_REASON_NONE;
}

enum nks_reason nks_reason_find(struct nks_text code)
{
    enum nks_reason bank = find_named(code, "BANK_");
    return bank != NKS_REASON_NONE ? bank : find_named(code, "");
}
