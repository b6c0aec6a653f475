#ifndef NKS_CMD_CODES_H
#define NKS_CMD_CODES_H
/* What a fault code means for the person who sees it, and the exit codes. */
#include "base/status.h"

enum { /* exit codes: DESIGN 9 */
       EXIT_DONE = 0,
       EXIT_REJECTED = 1,
       EXIT_USAGE = 2,
       EXIT_BUSY = 3,
       EXIT_LATER = 4,
       EXIT_PERSON = 5,
       EXIT_SETUP = 6,
       EXIT_INTEGRITY = 7,
       EXIT_BUG = 8,
};
struct exit_row {
    int code;
    const char *words;
};
const struct exit_row *exit_table(size_t *count);
int exit_worse(int a, int b); /* which of two stands: 8, 7, 6, 4, 3, 5, 2, 1, 0 */

struct code_row {
    const char *code;
    int exit;         /* 0: what the status says */
    const char *what; /* happened */
    const char *safe; /* what is safe, what is not */
    const char *next; /* command or act */
};
const struct code_row *code_find(const char *code); /* NULL: none */
const struct code_row *code_at(size_t i);           /* 0, 1, 2 ...; NULL: there are no more */
const struct code_row *code_audit_at(size_t i);     /* the same of nks-audit's checks (codes_audit.c) */
int code_exit(const struct nks_fault *fault);

#endif
