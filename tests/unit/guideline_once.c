/*
 * The reader compiles its guideline when it starts, which is once in its life. A test that starts it many thousand
 * times is linked with this in between (ld --wrap): the second time it gets a copy of the first.
 */
#include "iso20022/guideline.h"

enum { VERSIONS_MAX = 16 };

bool __real_nks_guideline_compile(enum nks_pain001_version version, struct nks_guideline *out);
bool __wrap_nks_guideline_compile(enum nks_pain001_version version, struct nks_guideline *out);

bool __wrap_nks_guideline_compile(enum nks_pain001_version version, struct nks_guideline *out)
{
    static struct nks_guideline compiled[VERSIONS_MAX];
    static bool done[VERSIONS_MAX];
    if ((unsigned)version >= VERSIONS_MAX)
        return __real_nks_guideline_compile(version, out);
    done[version] = done[version] || __real_nks_guideline_compile(version, &compiled[version]);
    *out = compiled[version];
    return done[version];
}
