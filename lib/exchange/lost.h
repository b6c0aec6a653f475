#ifndef NKS_EXCHANGE_LOST_H
#define NKS_EXCHANGE_LOST_H
/*
 * The lost works: what a home did after the state to which it was put back, in the order in which it was done, as its
 * journal tells. Each is done again before anything new is: references, claims and returned money then come out as they
 * did, and what differs shows before it leaves. Readings of received files come first as they were; what people did by
 * hand they do again.
 *
 * Order of calls: nks_lost_add for each line of the journal (reconcile); then for each work nks_lost_head,
 * nks_lost_move in the transaction in which it is done again.
 */
#include "exchange/exchange.h"

enum nks_lost_kind {                       /* stored: append only */
                     NKS_LOST_SENDER = 1,  /* a sender's file was judged */
                     NKS_LOST_CENTRAL = 2, /* a central's answer was taken */
                     NKS_LOST_ACT = 3,     /* a person stopped, replayed, recalled, imported */
};
enum nks_lost_state { NKS_LOST_WAITING = 1, NKS_LOST_BACK = 2, NKS_LOST_SETTLED = 3 };
enum { NKS_LOST_OUTCOME_MAX = 160 };
struct nks_lost {
    int64_t line; /* of the journal: its number, by which people call it */
    enum nks_lost_kind kind;
    nks_time at;
    char party[NKS_PARTY_MAX];
    uint8_t hash[NKS_HASH_SIZE];        /* of the received bytes; zeros for an act */
    int generation;                     /* which reading of these bytes (struct nks_delivery) */
    char outcome[NKS_LOST_OUTCOME_MAX]; /* what it led to, by count and sum, as one line; or the act */
    enum nks_lost_state state;
};

/* The fields of a journal's line (word "judged"), and back; false: it is none. */
void nks_lost_format(const struct nks_lost *lost, struct nks_buf *fields);
NKS_CHECKED bool nks_lost_read(struct nks_text fields, struct nks_lost *out);

/* Inside the caller's transaction. After a kill the same stands there once more: a reading then has its last outcome,
 * an act is one, and an import stands where it was last. */
NKS_CHECKED enum nks_status nks_lost_add(struct nks_exchange *exchange, const struct nks_lost *lost,
                                         struct nks_fault *fault);
/* The first that waits; *found false: none does. */
NKS_CHECKED enum nks_status nks_lost_head(struct nks_exchange *exchange, struct nks_lost *out, bool *found,
                                          struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_lost_count(struct nks_exchange *exchange, int64_t *waiting, struct nks_fault *fault);
/* Inside the caller's transaction. *moved false: it does not wait. */
NKS_CHECKED enum nks_status nks_lost_move(struct nks_exchange *exchange, int64_t line, enum nks_lost_state to,
                                          bool *moved, struct nks_fault *fault);
/* The first act that waits whose outcome begins so; *line 0: none. */
NKS_CHECKED enum nks_status nks_lost_act_begins(struct nks_exchange *exchange, struct nks_text begins, int64_t *line,
                                                struct nks_fault *fault);
/* The first act that waits with this outcome; *line 0: none. */
NKS_CHECKED enum nks_status nks_lost_act_find(struct nks_exchange *exchange, const char *outcome, int64_t *line,
                                              struct nks_fault *fault);
#endif
