#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void nks_fault_clear(struct nks_fault *fault)
{
    memset(fault, 0, sizeof *fault);
}

enum nks_status nks_fault_set(struct nks_fault *fault, enum nks_status status, const char *code, const char *fmt, ...)
{
    if (fault == NULL || fault->status != NKS_OK)
        return status;
    fault->status = status;
    snprintf(fault->code, sizeof fault->code, "%s", code);
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault->line, sizeof fault->line, fmt, args);
    va_end(args);
    return status;
}

void nks_fault_where(struct nks_fault *fault, const char *fmt, ...)
{
    if (fault == NULL || fault->where[0] != '\0')
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault->where, sizeof fault->where, fmt, args);
    va_end(args);
}

const char *nks_status_name(enum nks_status status)
{
    static const char *const names[] = {"OK", "RETRY", "UNKNOWN", "REFUSED", "HELD", "FAILED", "INTEGRITY"};
    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "?";
}
