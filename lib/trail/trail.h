#ifndef NKS_TRAIL_TRAIL_H
#define NKS_TRAIL_TRAIL_H
/*
 * The trail: an append-only record of every commit, every action of an operator and every look at unmasked data: who,
 * why, what, when. One chain per batch (its number is the batch's), and chain 0 for what belongs to no batch. A link
 * holds the hash of the link before it, so a link that is changed, taken out or put elsewhere shows; that the last ones
 * were cut off shows against the day's seal, which lies outside the database.
 *
 * Order of calls: open; nks_trail_add inside the transaction of what it records, so that both are there or neither;
 * close. Links are never changed or removed.
 *
 * Whose data a look was at stands in rows of its own; links since step 2 of the schema hash them too.
 *
 * Who, approver, reason and detail are encrypted. The hash is over the clear columns and a commitment to the encrypted
 * ones (SHA-256 of 16 random bytes and the packed texts), so the chain can be checked without secret keys, and a new
 * master key does not touch it.
 *
 * Errors: NKS_INTEGRITY TRAIL-CHAIN (a link does not fit the one before it, or is damaged); those of db.h and cipher.h.
 */
#include "base/date.h"
#include "base/file.h"
#include "db/db.h"
#include "vault/blind.h"
#include "vault/cipher.h"

/* What was done. Stored: append only, numbers never change. The names are in the table of trail.c. */
enum nks_trail_action {
    NKS_TRAIL_NONE,
    /* commits of the stages and imports */
    NKS_TRAIL_COMMIT = 1, /* one that named nothing else */
    NKS_TRAIL_RECEIVE = 2,
    NKS_TRAIL_INGEST = 3,
    NKS_TRAIL_DECIDE = 4,
    NKS_TRAIL_EMIT = 5,
    NKS_TRAIL_DELIVER = 6,
    NKS_TRAIL_COLLECT = 7,
    NKS_TRAIL_IMPORT = 8,
    NKS_TRAIL_MIGRATE = 9,
    /* actions of operators */
    NKS_TRAIL_STOP = 20,
    NKS_TRAIL_REPLAY = 21,
    NKS_TRAIL_RECALL = 22,
    NKS_TRAIL_BY_HAND = 23, /* delivered by hand */
    NKS_TRAIL_RELEASE = 24,
    NKS_TRAIL_ERASE = 25,
    NKS_TRAIL_BACKUP = 26,
    NKS_TRAIL_RESTORE = 27,
    NKS_TRAIL_RECONCILE = 28,
    NKS_TRAIL_KEY = 29,    /* made, rotated, ended */
    NKS_TRAIL_SIGNER = 30, /* a signer certificate pinned or ended */
    NKS_TRAIL_PERSON = 31, /* added, changed, ended */
    NKS_TRAIL_PROPOSE = 32,
    NKS_TRAIL_APPROVE = 33,
    NKS_TRAIL_DECLINE = 34,
    NKS_TRAIL_ALARM = 35,
    NKS_TRAIL_ALARM_CLEARED = 36,
    /* looks */
    NKS_TRAIL_LOOK = 60,
};
const char *nks_trail_action_name(int action); /* "stop"; "?" for an unknown number */

enum { NKS_TRAIL_WHO_MAX = 64, NKS_TRAIL_REASON_MAX = 256, NKS_TRAIL_DETAIL_MAX = 512 };

/* Detail of a RECEIVE whose delivery came with a signature. */
#define NKS_TRAIL_SIGNED "with a signature"

struct nks_trail_entry {
    enum nks_trail_action action;
    int64_t batch_id;               /* the chain; 0: the home's own */
    int64_t slice_id;               /* 0: none */
    int64_t number;                 /* of what the action is about: payments, a file, a proposal; 0: none */
    const char *who, *approver;     /* short ids of persons, or the command for automatic work; NULL: none */
    const char *reason;             /* as the person gave it; NULL: none */
    const char *detail;             /* one line; no CPR number, name or account; NULL: none */
    const uint8_t *about;           /* SHA-256 of arguments and content of the act; NULL: none */
    const struct nks_blind *holder; /* of a look: whose data; NULL: nobody's in particular */
    nks_time at;                    /* 0: the trail's own instant */
};

struct nks_trail;
/* Every transaction that changes rows has a link: one that added none gets a COMMIT by `who` (kept as it is, not
 * copied; a command, such as "nks register import") just before it commits (nks_db_on_commit). `now` dates the links
 * (the run's instant). Keys without secrets can only check. */
NKS_CHECKED enum nks_status nks_trail_open(struct nks_db *db, struct nks_keys *keys, nks_time now, const char *who,
                                           struct nks_trail **out, struct nks_fault *fault);
void nks_trail_close(struct nks_trail *trail);
/* Called after each commit that is known to be stored with the last link that it added. NULL takes it away. */
typedef void (*nks_trail_newest_fn)(void *context, int64_t chain, int64_t link, const uint8_t hash[NKS_HASH_SIZE]);
void nks_trail_on_newest(struct nks_trail *trail, nks_trail_newest_fn fn, void *context);
/* Links are dated so from now on: of works that are done again as they were (stage/lost.h). */
void nks_trail_now(struct nks_trail *trail, nks_time now);
/* The link that a commit which added none gets from now on, instead of a plain COMMIT: an import, say, with who asked
 * for it. Other links without `who` get its who and approver, and those without `about` its about. The entry and its
 * texts stay the caller's and must live until the trail is closed. */
void nks_trail_default(struct nks_trail *trail, const struct nks_trail_entry *entry);

/* Called in each transaction that gets a link, after the first one, to change what must be stored with it: the mark of
 * the proposal that is being done, say. May add links. What it returns other than NKS_OK is what nks_trail_add returns.
 * NULL takes it away. */
typedef enum nks_status (*nks_trail_with_fn)(void *context, struct nks_fault *fault);
void nks_trail_with(struct nks_trail *trail, nks_trail_with_fn fn, void *context);

/* While aside, default, its number and `with` do not count: for what a killed run left, which is finished before the
 * act begins and is not of it. */
void nks_trail_aside(struct nks_trail *trail, bool aside);

/* The number of that link, where it is known in the transaction only: read from `number` just before the commit. NULL
 * ends it. */
void nks_trail_default_number(struct nks_trail *trail, const int64_t *number);

/* Appends a link to its chain, inside the caller's transaction. Texts that are too long are cut; who NULL is the `who`
 * of nks_trail_open. */
NKS_CHECKED enum nks_status nks_trail_add(struct nks_trail *trail, const struct nks_trail_entry *entry,
                                          struct nks_fault *fault);

/* ---- reading */

struct nks_trail_link {
    int64_t chain, link;
    nks_time at;
    enum nks_trail_action action;
    int64_t slice_id, number;
    uint8_t commitment[NKS_HASH_SIZE], hash[NKS_HASH_SIZE];
    bool binds_holders; /* false: written before links did */
    uint8_t holders[NKS_HASH_SIZE];
    /* empty without secret keys */
    char who[NKS_TRAIL_WHO_MAX], approver[NKS_TRAIL_WHO_MAX], reason[NKS_TRAIL_REASON_MAX],
        detail[NKS_TRAIL_DETAIL_MAX];
    uint8_t about[NKS_HASH_SIZE]; /* zeros: none, or written before links had it */
};
/* The next link of a chain after `after`; *found false at the end. A link that is damaged has its number all the same.
 * Its own hash is checked against its content, not
 * against the link before: that is nks_trail_follows. */
NKS_CHECKED enum nks_status nks_trail_next(struct nks_trail *trail, int64_t chain, int64_t after,
                                           struct nks_trail_link *link, bool *found, struct nks_fault *fault);
/* Whether `link` is the one after `before` (NULL: the first of its chain). */
NKS_CHECKED bool nks_trail_follows(const struct nks_trail_link *before, const struct nks_trail_link *link);
/* Whether the rows of holders that name this link are those that it was made with; true for a link that binds none. */
NKS_CHECKED enum nks_status nks_trail_holders_check(struct nks_trail *trail, const struct nks_trail_link *link,
                                                    bool *good, struct nks_fault *fault);
/* The next link, by chain and number, that a row of a holder names, after *chain and *link (-1, 0 at first). */
NKS_CHECKED enum nks_status nks_trail_next_held(struct nks_trail *trail, int64_t *chain, int64_t *link, bool *found,
                                                struct nks_fault *fault);
/* The next link of that action in a chain after `after`, as nks_trail_next gives it. What was done before, and may not
 * be done twice or too often, is asked of the trail: a row that only says so could be deleted unseen. */
NKS_CHECKED enum nks_status nks_trail_next_of_action(struct nks_trail *trail, int64_t chain,
                                                     enum nks_trail_action action, int64_t after,
                                                     struct nks_trail_link *link, bool *found, struct nks_fault *fault);
/* The next chain after `after` (-1 at first), and its last link; *found false at the end. */
NKS_CHECKED enum nks_status nks_trail_next_chain(struct nks_trail *trail, int64_t after, int64_t *chain, int64_t *last,
                                                 bool *found, struct nks_fault *fault);

/* ---- seals: the heads of all chains that grew on a day. The caller writes them outside the database. */

/* HOME.journal/seals, where an older copy of the home does not reach. */
NKS_CHECKED bool nks_seal_dir(const char *home, char out[NKS_PATH_MAX]);

/* Days (Copenhagen) with links that no seal speaks of yet, after `after` in order; *found false at the end. A link
 * belongs to its day, but never to one before the newest day that has links: sealed days stay as they are. */
NKS_CHECKED enum nks_status nks_trail_unsealed_day(struct nks_trail *trail, nks_date after, nks_date *day, bool *found,
                                                   struct nks_fault *fault);
/* The chains that grew on that day, after `after` in order (-1 at first). */
NKS_CHECKED enum nks_status nks_trail_chain_of_day(struct nks_trail *trail, nks_date day, int64_t after, int64_t *chain,
                                                   bool *found, struct nks_fault *fault);
/* The last link of a chain (0: none) and its hash. */
NKS_CHECKED enum nks_status nks_trail_head(struct nks_trail *trail, int64_t chain, int64_t *link,
                                           uint8_t hash[NKS_HASH_SIZE], struct nks_fault *fault);
/* The day's seal was written. Inside the caller's transaction, which gets no link of its own. */
NKS_CHECKED enum nks_status nks_trail_sealed(struct nks_trail *trail, nks_date day, struct nks_fault *fault);

/* Who looked at a holder's data: links in order after (after_chain, after_link), (-1, 0) at first. */
NKS_CHECKED enum nks_status nks_trail_next_of_holder(struct nks_trail *trail, const struct nks_blind *holder,
                                                     int64_t after_chain, int64_t after_link,
                                                     struct nks_trail_link *link, bool *found, struct nks_fault *fault);
#endif
