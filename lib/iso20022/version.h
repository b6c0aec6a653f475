#ifndef NKS_ISO20022_VERSION_H
#define NKS_ISO20022_VERSION_H
/*
 * The names of the versions of pain.001 (version.def). Orders are written in 03 and 09 alone.
 */
#include "iso20022/frame.h"

/* "pain.001.001.08": the message's name in reports; empty for UNKNOWN and for a number that no version has. */
const char *nks_pain001_name(enum nks_pain001_version version);

#endif
