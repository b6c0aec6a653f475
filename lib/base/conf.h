#ifndef NKS_BASE_CONF_H
#define NKS_BASE_CONF_H
/*
 * nks.conf over inih: `[section]`, `key = value`, `#` comments on lines of their own. The keys are a table of the
 * caller; an unknown section or key, a doubled key and a value out of range are refused with the line. Missing keys
 * keep their default. Booleans are yes, no, true, false. Values are never shown.
 */
#include "base/status.h"
#include "base/text.h"

enum nks_conf_type { NKS_CONF_TEXT, NKS_CONF_NUMBER, NKS_CONF_BOOL };

struct nks_conf_key {
    const char *section, *key;
    enum nks_conf_type type;
    size_t offset;       /* of the field in the caller's struct: char[size], int64_t, bool */
    size_t size;         /* of a text field with terminator */
    int64_t min, max;    /* of a number */
    const char *choices; /* for texts: "production|test", or NULL */
};

/* Fills `target` from the file. Errors: NKS_FAILED, code CONF-…, where = "nks.conf line L". */
NKS_CHECKED enum nks_status nks_conf_read(const char *path, const struct nks_conf_key *keys, size_t count, void *target,
                                          struct nks_fault *fault);
#endif
