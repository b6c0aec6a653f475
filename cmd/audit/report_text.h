#ifndef NKS_AUDIT_REPORT_TEXT_H
#define NKS_AUDIT_REPORT_TEXT_H
/*
 * What a receipt or status report says, scanned as it streams past: the counts of the whole message by status, how many
 * payments it names, and whether a group counts more than it has. Begin, add piece by piece, look. It reads only what
 * nks writes: no comments, no prefixes, one text per element.
 */
#include "base/money.h"

enum { REPORT_STATUSES = 16, REPORT_TEXT = 64 };

struct report_count {
    char status[8];
    int64_t payments;
    struct nks_sum sum;
};
struct report_text {
    struct report_count counts[REPORT_STATUSES]; /* of the whole message */
    size_t count;
    int64_t named; /* payments with a status of their own */
    bool odd;      /* something could not be read, or a group counts more than it has */
    /* while it streams */
    struct report_count now;
    int64_t group_said, group_counted;
    bool in_tag, in_group;
    size_t tag_len, value_len;
    char tag[REPORT_TEXT], value[REPORT_TEXT];
};

void report_text_begin(struct report_text *text);
void report_text_add(struct report_text *text, const void *data, size_t len);
/* Payments of that status in the whole message. */
int64_t report_text_of(const struct report_text *text, const char *status);
#endif
