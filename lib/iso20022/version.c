#include "iso20022/version.h"

static const char *const names[] = {
#define NKS_PAIN001_VERSION(number, digits) [number] = "pain.001.001." #digits,
#include "iso20022/version.def"
};
_Static_assert(sizeof names / sizeof names[0] == NKS_PAIN001_END, "the greatest number is the last");

const char *nks_pain001_name(enum nks_pain001_version version)
{
    bool known = (size_t)version < NKS_PAIN001_END && names[version] != NULL;
    return known ? names[version] : "";
}
