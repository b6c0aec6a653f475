#ifndef NKS_TRAIL_TRAIL_PRIVATE_H
#define NKS_TRAIL_TRAIL_PRIVATE_H
/* Private to lib/trail. */
#include "trail/trail.h"

struct nks_trail {
    struct nks_db *db;
    struct nks_cipher *cipher; /* NULL without secret keys */
    nks_time now;
    const char *who;
    bool aside;                              /* the three below do not count */
    const int64_t *otherwise_number;         /* NULL: the entry's */
    const struct nks_trail_entry *otherwise; /* of commits that add no link; NULL: a plain COMMIT */
    nks_trail_with_fn with;                  /* what is stored with the links of a transaction; NULL: nothing */
    void *with_context;
    int64_t with_done; /* the transaction in which it was called */
    int64_t covered;   /* the transaction that has a link, or needs none */
    struct {
        int64_t transaction, chain, link;
        uint8_t hash[NKS_HASH_SIZE];
    } newest; /* link that was added */
    nks_trail_newest_fn on_newest;
    void *on_newest_context;
};

/* holders.c: the hash of a link's holders; NULL: none. */
void nks_trail_holders_hash(const struct nks_blind *holder, uint8_t hash[NKS_HASH_SIZE]);
#endif
