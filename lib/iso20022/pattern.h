#ifndef NKS_ISO20022_PATTERN_H
#define NKS_ISO20022_PATTERN_H
/*
 * The patterns of a usage guideline, compiled into automata that look at every byte once. Of XML Schema's regular
 * expressions (part 2, appendix F) those forms that our guidelines use: letters, `.`, `\S`, an escaped sign, classes
 * of letters and ranges, groups, `|`, and the quantifiers ? * + {n} {n,m}. Anything else does not compile.
 *
 * Text is UTF-8. Patterns name ASCII only; a byte above it is matched by `.` and `\S` alone, so these stand where the
 * number of bytes does not matter (`\S.*`).
 */
#include "base/text.h"

enum {
    NKS_PATTERN_STATES = 64,
    NKS_PATTERN_BYTES = 129, /* ASCII, and one for all above */
    NKS_PATTERN_DEAD = 0,
    NKS_PATTERN_START = 1,
};

struct nks_pattern {
    uint8_t next[NKS_PATTERN_STATES][NKS_PATTERN_BYTES];
    bool accepts[NKS_PATTERN_STATES];
};

/* False: a form we do not know, or too large an expression. */
NKS_CHECKED bool nks_pattern_compile(struct nks_text expression, struct nks_pattern *pattern);
/* Does the whole of `text` match? */
bool nks_pattern_matches(const struct nks_pattern *pattern, struct nks_text text);

#endif
