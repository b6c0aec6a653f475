#include "iso20022/version.h"

static const char *const names[] = {
#define NKS_PAIN001_VERSION(number, digits) [number] = "pain.001.001." #digits,
#include "iso20022/version.def"
};

const char *nks_pain001_name(enum nks_pain001_version version)
{
    bool known = (size_t)version < sizeof names / sizeof names[0] && names[version] != NULL;
    return known ? names[version] : "";
}
