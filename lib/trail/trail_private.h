#ifndef NKS_TRAIL_TRAIL_PRIVATE_H
#define NKS_TRAIL_TRAIL_PRIVATE_H
/* Private to lib/trail. */
#include "trail/trail.h"

struct nks_trail {
    struct nks_db *db;
    struct nks_cipher *cipher; /* NULL without secret keys */
    nks_time now;
    const char *who;
    enum nks_trail_action otherwise; /* of commits that add no link */
    int64_t covered;                 /* the transaction that has a link, or needs none */
};

#endif
