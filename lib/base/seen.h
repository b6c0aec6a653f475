#ifndef NKS_BASE_SEEN_H
#define NKS_BASE_SEEN_H
/*
 * Which texts stood in a file before: a set of 64 bits of each text's SHA-256, growing up to a ceiling. Two different
 * texts of one file meet by chance once in 30,000,000 files of 1,000,000 texts, so the set may decide alone where a
 * wrong "seen" rejects one payment of such a file.
 */
#include "base/text.h"

enum { NKS_SEEN_MAX = 1 << 20 }; /* texts: at most 16 MiB */

enum nks_seen_answer { NKS_SEEN_NEW, NKS_SEEN_BEFORE, NKS_SEEN_FULL };

struct nks_seen {
    uint64_t *keys; /* open addressing; 0: free */
    size_t slots, count;
};

/* A set starts as all zeros. Adds the text. FULL: it is new or not, the set can take no more. */
NKS_CHECKED enum nks_status nks_seen_add(struct nks_seen *seen, struct nks_text text, enum nks_seen_answer *answer,
                                         struct nks_fault *fault);
void nks_seen_free(struct nks_seen *seen); /* and it may be used again */

#endif
