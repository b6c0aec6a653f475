#ifndef NKS_BASE_STATUS_H
#define NKS_BASE_STATUS_H
/*
 * What a call that can fail says, and the fault that carries the details.
 *
 * The status says what the caller must DO; the fault says what happened. A rejected payment or a refused file is
 * data and never a status: it is stored with its ISO reason code. The library neither prints nor exits.
 *
 * Order of use: a caller owns one `struct nks_fault`, passes it down, and looks at it only after a status other than
 * NKS_OK. The first fault stands: a later one on the way up does not overwrite it.
 * A fault never holds a CPR number, a name or an account.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nks_status {
    NKS_OK,        /* done */
    NKS_RETRY,     /* nothing is wrong but the moment: try the whole call again later (busy, disk full) */
    NKS_UNKNOWN,   /* a commit may or may not have happened: look, then act */
    NKS_REFUSED,   /* the input is not acceptable; the fault says what to correct */
    NKS_HELD,      /* waits for a person */
    NKS_FAILED,    /* configuration, permission, or a defect: a person must mend it */
    NKS_INTEGRITY, /* stored data is not what was stored: stop everything */
};

#define NKS_CHECKED        __attribute__((warn_unused_result))
#define NKS_PRINTF(fmt, a) __attribute__((format(printf, fmt, a)))

enum { NKS_FAULT_CODE_MAX = 24, NKS_FAULT_WHERE_MAX = 96, NKS_FAULT_LINE_MAX = 400 };

struct nks_fault {
    enum nks_status status;
    char code[NKS_FAULT_CODE_MAX];   /* stable, upper case, e.g. "CSV-FIELD": `nks help CODE` explains it */
    char where[NKS_FAULT_WHERE_MAX]; /* place: "line 12, column 3", a table, a function; may be empty */
    char line[NKS_FAULT_LINE_MAX];   /* one line for a person: what happened and what to do next */
    int64_t batch;                   /* 0: none */
    int64_t seq;                     /* 0: none */
};

/* Forgets an earlier fault. */
void nks_fault_clear(struct nks_fault *fault);

/* Records the first fault and returns `status`, so that `return nks_fault_set(...)` reads well. `fault` may be NULL. */
enum nks_status nks_fault_set(struct nks_fault *fault, enum nks_status status, const char *code, const char *fmt, ...)
    NKS_PRINTF(4, 5);

/* Adds the place to a fault that has none yet. */
void nks_fault_where(struct nks_fault *fault, const char *fmt, ...) NKS_PRINTF(2, 3);

/* "OK", "RETRY" … for logs and JSON. Never NULL. */
const char *nks_status_name(enum nks_status status);

/* Leaves the function with the status of a call that did not go well. */
#define NKS_TRY(call)                                                                                                  \
    do {                                                                                                               \
        enum nks_status nks_try_status_ = (call);                                                                      \
        if (nks_try_status_ != NKS_OK)                                                                                 \
            return nks_try_status_;                                                                                    \
    } while (0)

/* The same for functions that clean up at a label: sets `status` and jumps. */
#define NKS_GOTO(label, status, call)                                                                                  \
    do {                                                                                                               \
        (status) = (call);                                                                                             \
        if ((status) != NKS_OK)                                                                                        \
            goto label;                                                                                                \
    } while (0)

#endif
