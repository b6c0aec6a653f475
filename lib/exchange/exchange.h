#ifndef NKS_EXCHANGE_EXCHANGE_H
#define NKS_EXCHANGE_EXCHANGE_H
/*
 * Files in and out: what was delivered to us, and what we wrote, each with its hash and state. No bytes are moved here;
 * that is the stages' work (receive, emit, deliver). This module keeps the books of it.
 *
 * In:  TAKEN (copied into the spool, the original still lies in .taken/) -> RECEIVED -> ACCEPTED | REFUSED | REPEATED.
 * A refused one is read again as a new delivery, RECEIVED at once. Out: RESERVED (name and message id fixed) -> WRITTEN
 * (staged, hashed, archived) -> PUBLISHED. Neither is ever deleted.
 */
#include "base/file.h"
#include "base/money.h"
#include "base/party.h"
#include "db/db.h"
#include "iso20022/frame.h"
#include "iso20022/reason.h"
#include "vault/blind.h"
#include "vault/cipher.h"

struct nks_exchange;
NKS_CHECKED enum nks_status nks_exchange_open(struct nks_db *db, struct nks_keys *keys, struct nks_exchange **out,
                                              struct nks_fault *fault);
void nks_exchange_close(struct nks_exchange *exchange);

/* ---- deliveries */

enum nks_source { NKS_SOURCE_SENDER = 1, NKS_SOURCE_CENTRAL = 2 };
enum nks_delivery_state {
    NKS_DELIVERY_TAKEN = 1,
    NKS_DELIVERY_RECEIVED = 2,
    NKS_DELIVERY_ACCEPTED = 3,
    NKS_DELIVERY_REFUSED = 4,
    NKS_DELIVERY_REPEATED = 5, /* same bytes as an earlier one, whose answer is repeated */
    NKS_DELIVERY_ODD = 6,      /* an answer of a central that holds something odd; a person looks at it */
};
const char *nks_delivery_state_name(int state);
struct nks_delivery_move {
    int from, to;
    const char *by;
};
const struct nks_delivery_move *nks_delivery_moves(size_t *count);

enum { NKS_NAME_MAX = 256, NKS_FINDING_TEXT_MAX = 304 };
struct nks_finding {        /* one place that made a file be refused */
    enum nks_reason reason; /* its own: a file may break several rules */
    enum nks_finding_kind kind;
    uint32_t line, group;
    uint64_t seq;
    char text[NKS_FINDING_TEXT_MAX];
};

struct nks_delivery {
    int64_t id;
    enum nks_source source;
    char party[NKS_PARTY_MAX];
    char name[NKS_NAME_MAX]; /* as dropped; may identify a person: encrypted, never shown unmasked */
    uint8_t hash[NKS_HASH_SIZE];
    int64_t bytes;
    nks_time received;
    enum nks_delivery_state state;
    enum nks_reason reason;
    int64_t repeats; /* the delivery whose answer is repeated */
    int64_t replays; /* the refused delivery that this one reads again; 0: none */
    int generation;  /* which reading of these bytes: 1, and one more for each replay */
    bool answered;   /* the receipt is in an out file */
    /* As its prolog says; of use where nothing else of it could be read. UNKNOWN and UTF-8 until it is judged. */
    enum nks_pain001_version version;
    enum nks_encoding encoding;
};
/* The number that the next delivery gets; only one process receives at a time. */
NKS_CHECKED enum nks_status nks_delivery_next_id(struct nks_exchange *exchange, int64_t *id, struct nks_fault *fault);
/* Inside the caller's transaction. The id is the next number. */
NKS_CHECKED enum nks_status nks_delivery_insert(struct nks_exchange *exchange, struct nks_delivery *delivery,
                                                struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_delivery_load(struct nks_exchange *exchange, int64_t id, struct nks_delivery *delivery,
                                              bool *found, struct nks_fault *fault);
/* The next one after `after` in that state (0: any) from that source (0: any); *id 0: none. */
NKS_CHECKED enum nks_status nks_delivery_next(struct nks_exchange *exchange, enum nks_source source,
                                              enum nks_delivery_state state, int64_t after, int64_t *id,
                                              struct nks_fault *fault);
/* One that was taken from there under that name and is not finished; *id 0: none. */
NKS_CHECKED enum nks_status nks_delivery_find_taken(struct nks_exchange *exchange, enum nks_source source,
                                                    const char *party, const char *name, int64_t *id,
                                                    struct nks_fault *fault);
/* The newest delivery before this one of that party with the same bytes that is no repeat; *id 0: none. One that was
 * not read because of its signature does not count: its bytes with a good signature are a new file. */
NKS_CHECKED enum nks_status nks_delivery_find_bytes(struct nks_exchange *exchange, const struct nks_delivery *delivery,
                                                    int64_t *id, struct nks_fault *fault);
/* Whether any file whose hash begins so has been judged. */
NKS_CHECKED enum nks_status nks_delivery_source_judged(struct nks_exchange *exchange, const uint8_t *source,
                                                       bool *judged, struct nks_fault *fault);
/* That reading of these bytes, when it waits to be judged; *id 0: it is not here. */
NKS_CHECKED enum nks_status nks_delivery_waiting(struct nks_exchange *exchange, enum nks_source source,
                                                 const char *party, const uint8_t hash[NKS_HASH_SIZE], int generation,
                                                 int64_t *id, struct nks_fault *fault);
/* Whether that reading of these bytes has been judged already. */
NKS_CHECKED enum nks_status nks_delivery_is_judged(struct nks_exchange *exchange, enum nks_source source,
                                                   const char *party, const uint8_t hash[NKS_HASH_SIZE], int generation,
                                                   bool *is, struct nks_fault *fault);
/* Moves it on with reason and findings; refuses a move that the table does not allow (NKS_FAILED, STATE-MOVE). */
NKS_CHECKED enum nks_status nks_delivery_move(struct nks_exchange *exchange, struct nks_delivery *delivery,
                                              enum nks_delivery_state to, enum nks_reason reason,
                                              const struct nks_finding *findings, size_t finding_count,
                                              struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_delivery_answered(struct nks_exchange *exchange, int64_t id, struct nks_fault *fault);
/* The next delivery of a sender that is finished but has no answer yet; *id 0: none. */
NKS_CHECKED enum nks_status nks_delivery_next_unanswered(struct nks_exchange *exchange, int64_t after, int64_t *id,
                                                         struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_delivery_findings(struct nks_exchange *exchange, int64_t id,
                                                  struct nks_finding findings[NKS_FINDINGS_MAX], size_t *count,
                                                  struct nks_fault *fault);
/* The first eight hexadecimal digits of the hash and "#id": how a delivery is called in messages. */
void nks_delivery_label(const struct nks_delivery *delivery, char out[32]);

/* ---- files we write */

enum nks_file_kind { /* stored: append only */
                     NKS_FILE_ORDER = 1,
                     NKS_FILE_RECEIPT = 2,
                     NKS_FILE_STATUS = 3,
                     NKS_FILE_MANIFEST = 4,
                     NKS_FILE_RECALL = 5,
};
enum nks_file_state {
    NKS_FILE_RESERVED = 1,
    NKS_FILE_WRITTEN = 2,
    NKS_FILE_PUBLISHED = 3,
    /* went nowhere: what left of the same bytes before the home was put back stands for it (nks reconcile --settle) */
    NKS_FILE_SETTLED = 4
};
enum nks_file_folder { NKS_FOLDER_CENTRAL = 1, NKS_FOLDER_PAYER = 2, NKS_FOLDER_SENDER = 3 };
enum nks_file_answered { /* stored: how much of an order file its central's answers have spoken of */
                         NKS_ANSWERED_NOT = 0,
                         NKS_ANSWERED_PARTLY = 1, /* of single payments, or as received only */
                         NKS_ANSWERED_WHOLE = 2,  /* of all: final or accepted; or nothing of it is open any more */
};
const char *nks_file_kind_name(int kind);
const char *nks_file_state_name(int state);
const char *nks_file_folder_path(enum nks_file_folder folder); /* "out/central" … */
struct nks_file_move {
    int from, to;
    const char *by;
};
const struct nks_file_move *nks_file_moves(size_t *count);

enum { NKS_FILE_NAME_MAX = 80, NKS_MESSAGE_ID_MAX = 36, NKS_CONTROL_SUM_MAX = 48 };
struct nks_out_file {
    int64_t id;
    enum nks_file_kind kind;
    enum nks_file_folder folder;
    char party[NKS_PARTY_MAX]; /* central, payer or sender: the folder */
    char name[NKS_FILE_NAME_MAX];
    char message_id[NKS_MESSAGE_ID_MAX];
    int64_t batch_id, delivery_id; /* 0: none */
    int number;                    /* of its kind in its batch, delivery or day, from 1 */
    nks_time created;
    enum nks_file_state state;
    int64_t entries; /* legs of an order file, payments of a status report, files of a manifest */
    char sum[NKS_CONTROL_SUM_MAX];
    int64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
    nks_date business_date;
    int64_t repeats;                 /* the out file whose bytes are repeated; 0 */
    char detail[64];                 /* what the writer needs to make the same bytes again; belongs to the stage */
    enum nks_file_answered answered; /* of an order file */
    nks_time erased;                 /* the archive copy; 0: it is there */
    int64_t by_hand; /* handed out by a person: a number made of where to; 0: not. Set before it is published */
};
/* Gives the id; a file that was published before this database was restored (published.h) gets its creation time and
 * business date back, so that the same bytes come to be. */
NKS_CHECKED enum nks_status nks_out_file_reserve(struct nks_exchange *exchange, struct nks_out_file *file,
                                                 struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_load(struct nks_exchange *exchange, int64_t id, struct nks_out_file *file,
                                              bool *found, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_next(struct nks_exchange *exchange, enum nks_file_state state, int64_t after,
                                              int64_t *id, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_written(struct nks_exchange *exchange, struct nks_out_file *file,
                                                 struct nks_fault *fault); /* bytes, hash, entries, sum */
NKS_CHECKED enum nks_status nks_out_file_settled(struct nks_exchange *exchange, struct nks_out_file *file,
                                                 struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_published(struct nks_exchange *exchange, struct nks_out_file *file,
                                                   struct nks_fault *fault);
/* Where a published file was handed out to (by_hand). */
NKS_CHECKED enum nks_status nks_out_file_handed(struct nks_exchange *exchange, const struct nks_out_file *file,
                                                struct nks_fault *fault);
/* Files of a batch (0: any), of a kind (0: any), after `after`, in order. */
NKS_CHECKED enum nks_status nks_out_file_next_of(struct nks_exchange *exchange, int64_t batch_id,
                                                 enum nks_file_kind kind, int64_t after, int64_t *id,
                                                 struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_of_delivery(struct nks_exchange *exchange, int64_t delivery_id,
                                                     enum nks_file_kind kind, int64_t *id, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_by_message(struct nks_exchange *exchange, struct nks_text message_id,
                                                    int64_t *id, struct nks_fault *fault);
/* The one file of that name or message id, of that party (empty: any). *id 0: none; *several: more than one. */
NKS_CHECKED enum nks_status nks_out_file_find(struct nks_exchange *exchange, struct nks_text name,
                                              struct nks_text party, int64_t *id, bool *several,
                                              struct nks_fault *fault);
/* The highest number given so far; 0: none. */
NKS_CHECKED enum nks_status nks_out_file_last(struct nks_exchange *exchange, int64_t *id, struct nks_fault *fault);
/* The file of that name in that folder; *id 0: none. */
NKS_CHECKED enum nks_status nks_out_file_named(struct nks_exchange *exchange, enum nks_file_folder folder,
                                               const char *party, const char *name, int64_t *id,
                                               struct nks_fault *fault);
/* How many files of that kind a batch, or a party on a business date (batch_id 0), has. */
NKS_CHECKED enum nks_status nks_out_file_count(struct nks_exchange *exchange, int64_t batch_id, enum nks_file_kind kind,
                                               const char *party, nks_date business_date, int64_t *count,
                                               struct nks_fault *fault);
/* Order files of a central published for a business date, after `after`; *id 0: none. */
NKS_CHECKED enum nks_status nks_out_file_next_day(struct nks_exchange *exchange, const char *party,
                                                  nks_date business_date, enum nks_file_kind kind, int64_t after,
                                                  int64_t *id, struct nks_fault *fault);

/* ---- answers of centrals (answer.c, odd.c) */

/* An order file was answered; an earlier, fuller answer stands. */
NKS_CHECKED enum nks_status nks_out_file_answered(struct nks_exchange *exchange, int64_t id,
                                                  enum nks_file_answered answered, struct nks_fault *fault);
/* The next PUBLISHED order file after `after` that is not answered as a whole; *id 0: none. */
NKS_CHECKED enum nks_status nks_out_file_next_unanswered(struct nks_exchange *exchange, int64_t after, int64_t *id,
                                                         struct nks_fault *fault);

/* What can be odd in an answer. Stored: append only. */
enum nks_odd {
    NKS_ODD_NONE,
    NKS_ODD_UNREADABLE,
    NKS_ODD_UNKNOWN_MESSAGE,
    NKS_ODD_OTHER_CENTRAL,
    NKS_ODD_NOT_WRITTEN,
    NKS_ODD_UNKNOWN_STATUS,
    NKS_ODD_UNKNOWN_GROUP,
    NKS_ODD_GROUP_TWICE,
    NKS_ODD_UNKNOWN_PAYMENT,
    NKS_ODD_GROUP_CONTRADICTS,
    NKS_ODD_PAYMENT_CONTRADICTS,
    NKS_ODD_OTHER_STATE,
    NKS_ODD_FILE_OTHER_STATE,
    NKS_ODD_ENTRY_GONE,
    NKS_ODD_DIRECTION,
    NKS_ODD_CREDIT,
    NKS_ODD_AMOUNT,
    NKS_ODD_DETAILS_SUM,
    NKS_ODD_NO_MATCH,
    NKS_ODD_AMBIGUOUS,
    NKS_ODD_TOTALS,
    NKS_ODD_TOO_MANY,
    NKS_ODD_SIGNATURE,
    NKS_ODD_ERASED,
    NKS_ODDS
};
const char *nks_odd_name(enum nks_odd kind);  /* "ambiguous"; "?" for an unknown number */
const char *nks_odd_words(enum nks_odd kind); /* one line, without personal data */
struct nks_odd_row {                          /* of one answer: a kind, where it stood first, how often */
    int64_t delivery_id;
    char party[NKS_PARTY_MAX]; /* the central; filled by the look */
    enum nks_odd kind;
    uint32_t line; /* 0: about the file as a whole */
    int64_t times;
};
NKS_CHECKED enum nks_status nks_delivery_odd_add(struct nks_exchange *exchange, const struct nks_odd_row *row,
                                                 struct nks_fault *fault);
/* Those of answers received at or after `since`, the newest first, at most NKS_ODD_LOOK_MAX. */
enum { NKS_ODD_LOOK_MAX = 100 };
NKS_CHECKED enum nks_status nks_look_odd(struct nks_exchange *exchange, nks_time since,
                                         struct nks_odd_row rows[NKS_ODD_LOOK_MAX], size_t *count,
                                         struct nks_fault *fault);

/* ---- erasing (erase.c): what a row says of a person goes; hash, state and counts stay. Inside the caller's
 * transaction: once with `now` negative before the spool or archive copy is destroyed, once with `now` after it. */

/* The tables of which something is erased; ends with NULL. */
extern const char *const nks_exchange_erased[];
NKS_CHECKED enum nks_status nks_delivery_erase(struct nks_exchange *exchange, int64_t id, nks_time now,
                                               struct nks_fault *fault);
/* *at 0: it is not erased; negative: it is being erased. */
NKS_CHECKED enum nks_status nks_delivery_erased(struct nks_exchange *exchange, int64_t id, nks_time *at,
                                                struct nks_fault *fault);
/* The next finished one after `after` that was received before `before` and is not erased to the end; *id 0: none. */
NKS_CHECKED enum nks_status nks_delivery_next_kept(struct nks_exchange *exchange, nks_time before, int64_t after,
                                                   int64_t *id, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_out_file_erase(struct nks_exchange *exchange, int64_t id, nks_time now,
                                               struct nks_fault *fault);
/* Files of a batch (0: none) or a delivery (0: none), or that repeat one of it, that are not published yet. */
NKS_CHECKED enum nks_status nks_out_file_waiting(struct nks_exchange *exchange, int64_t batch_id, int64_t delivery_id,
                                                 int64_t *count, struct nks_fault *fault);
/* The next file of a batch or (0) of a delivery (0: none) that is not erased to the end; *id 0: none. */
NKS_CHECKED enum nks_status nks_out_file_next_kept(struct nks_exchange *exchange, int64_t batch_id, int64_t delivery_id,
                                                   int64_t after, int64_t *id, struct nks_fault *fault);

/* ---- counted for people (look.c); reads only */

enum { NKS_EXCHANGE_LOOK_MAX = 32 };
struct nks_delivery_count {
    enum nks_source source;
    enum nks_delivery_state state;
    int64_t deliveries, bytes;
};
NKS_CHECKED enum nks_status nks_look_deliveries(struct nks_exchange *exchange,
                                                struct nks_delivery_count rows[NKS_EXCHANGE_LOOK_MAX], size_t *count,
                                                struct nks_fault *fault);
/* Deliveries from that number on, by source and party. */
typedef void (*nks_received_fn)(void *context, enum nks_source source, const char *party, int64_t files);
NKS_CHECKED enum nks_status nks_look_received_since(struct nks_exchange *exchange, int64_t first, nks_received_fn fn,
                                                    void *context, struct nks_fault *fault);
struct nks_file_count {
    enum nks_file_kind kind;
    enum nks_file_state state;
    int64_t files, entries;
};
NKS_CHECKED enum nks_status nks_look_files(struct nks_exchange *exchange,
                                           struct nks_file_count rows[NKS_EXCHANGE_LOOK_MAX], size_t *count,
                                           struct nks_fault *fault);
/* The last delivery with a number below `before` in that state (0: any); *id 0: none. */
NKS_CHECKED enum nks_status nks_look_delivery_before(struct nks_exchange *exchange, enum nks_delivery_state state,
                                                     int64_t before, int64_t *id, struct nks_fault *fault);
/* The next delivery after `after` that was received at or after `from` and before `to`; *id 0: none. */
NKS_CHECKED enum nks_status nks_look_delivery_between(struct nks_exchange *exchange, nks_time from, nks_time to,
                                                      int64_t after, int64_t *id, struct nks_fault *fault);
/* The next party in the order of names for whom a file was written on that business date; `party` is the one before,
 * empty at first, and empty when there is none. */
NKS_CHECKED enum nks_status nks_look_party_on(struct nks_exchange *exchange, nks_date business_date,
                                              char party[NKS_PARTY_MAX], struct nks_fault *fault);

/* How many files of that kind and with that detail a batch has, in a state (0: any). */
NKS_CHECKED enum nks_status nks_out_file_count_detail(struct nks_exchange *exchange, int64_t batch_id,
                                                      enum nks_file_kind kind, const char *detail,
                                                      enum nks_file_state state, int64_t *count,
                                                      struct nks_fault *fault);

#endif
