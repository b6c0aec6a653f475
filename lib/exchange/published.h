#ifndef NKS_EXCHANGE_PUBLISHED_H
#define NKS_EXCHANGE_PUBLISHED_H
/*
 * What the journal of published files says, as far as the database must know it.
 *
 * The mark: the last line of the journal that this database knows. It moves in the transaction that makes a file's row
 * PUBLISHED. A journal that goes on behind the mark is younger than the database: an older copy was put back.
 *
 * The published files: those that the journal names behind the mark of a database that was put back. They are never
 * published again; a file of the same name that comes to be again gets their creation time (nks_out_file_reserve).
 */
#include "base/journal.h"
#include "exchange/exchange.h"

enum nks_journal_state {                       /* stored: append only */
                         NKS_JOURNAL_NONE = 0, /* no mark yet: a new home, or one from before there was a journal */
                         NKS_JOURNAL_GOOD = 1,
                         NKS_JOURNAL_RESTORED = 2, /* put back by nks restore: to be reconciled first */
};
NKS_CHECKED enum nks_status nks_journal_mark_load(struct nks_exchange *exchange, struct nks_journal_mark *mark,
                                                  enum nks_journal_state *state, struct nks_fault *fault);
/* Inside the caller's transaction. */
NKS_CHECKED enum nks_status nks_journal_mark_save(struct nks_exchange *exchange, const struct nks_journal_mark *mark,
                                                  enum nks_journal_state state, struct nks_fault *fault);

enum { NKS_SOURCE_SIZE = 16 }; /* the beginning of a delivery's SHA-256 */
struct nks_published {
    enum nks_file_kind kind;
    enum nks_file_folder folder;
    char party[NKS_PARTY_MAX], name[NKS_FILE_NAME_MAX], message_id[NKS_MESSAGE_ID_MAX];
    nks_time created;
    nks_date business_date;
    int64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
    uint8_t source[NKS_SOURCE_SIZE]; /* of the received bytes that it speaks of; zeros: of none (a manifest) */
    int64_t line;                    /* of the journal */
    int64_t entries;                 /* payments of an order file, with their sum; 0 and "": an older line */
    char sum[NKS_CONTROL_SUM_MAX];
};
/* The fields of a journal's line about a file, and back; false: it is none. */
void nks_published_format(const struct nks_out_file *file, const uint8_t source[NKS_SOURCE_SIZE],
                          struct nks_buf *fields);
NKS_CHECKED bool nks_published_read(struct nks_text fields, struct nks_published *out);
/* Are the bytes of `file` those that left? */
bool nks_published_same(const struct nks_published *published, const struct nks_out_file *file);

/* Inside the caller's transaction; one that is there already stays as it is. */
NKS_CHECKED enum nks_status nks_published_add(struct nks_exchange *exchange, const struct nks_published *published,
                                              struct nks_fault *fault);
/* By folder, party and name of `file`. */
NKS_CHECKED enum nks_status nks_published_find(struct nks_exchange *exchange, const struct nks_out_file *file,
                                               struct nks_published *out, bool *found, struct nks_fault *fault);
/* The last name in bytewise order of a kind, party and day; empty: none. */
NKS_CHECKED enum nks_status nks_published_last_of_day(struct nks_exchange *exchange, enum nks_file_kind kind,
                                                      enum nks_file_folder folder, const char *party, nks_date day,
                                                      char name[NKS_FILE_NAME_MAX], struct nks_fault *fault);

/*
 * How many files of that source went out before and are not there again byte for byte: order files that are missing or
 * differ, other files that differ. While there are any, nothing new of the source may leave: its money may be out in
 * other files, under other names.
 */
struct nks_published_rest {
    int64_t files;
    nks_date first_day; /* the first business day of theirs; 0: there are none */
};
NKS_CHECKED enum nks_status nks_published_unmatched(struct nks_exchange *exchange,
                                                    const uint8_t source[NKS_SOURCE_SIZE],
                                                    struct nks_published_rest *rest, struct nks_fault *fault);
/* The source and day of a file that left; *found false: none of that name did. */
NKS_CHECKED enum nks_status nks_published_source(struct nks_exchange *exchange, const char *name,
                                                 uint8_t source[NKS_SOURCE_SIZE], nks_date *business_date, bool *found,
                                                 struct nks_fault *fault);
/* Inside the caller's transaction: what was published of that source up to that business day holds nothing back any
 * more; two people have settled it with its receivers. */
NKS_CHECKED enum nks_status nks_published_settle(struct nks_exchange *exchange, const uint8_t source[NKS_SOURCE_SIZE],
                                                 nks_date until, struct nks_fault *fault);
/* Order files and status reports that left before that line of the journal was written, and are not there again. */
NKS_CHECKED enum nks_status nks_published_before_line(struct nks_exchange *exchange, int64_t line, int64_t *count,
                                                      struct nks_fault *fault);
/* The next instant after `after` at which, on that business day, orders, status reports or recalls were made that left
 * before that line of the journal was written and are not there again; *created 0: none. */
NKS_CHECKED enum nks_status nks_published_instant(struct nks_exchange *exchange, nks_date day, int64_t line,
                                                  nks_time after, nks_time *created, struct nks_fault *fault);
/* Inside the caller's transaction: the journal has no end of it, so its receiver is asked. */
NKS_CHECKED enum nks_status nks_published_unfinished(struct nks_exchange *exchange, const char *name, bool unfinished,
                                                     struct nks_fault *fault);
/* The next order file of these after `name` ("" at first), put into `name`. */
NKS_CHECKED enum nks_status nks_published_unfinished_next(struct nks_exchange *exchange, char name[NKS_FILE_NAME_MAX],
                                                          bool *found, struct nks_fault *fault);
/* The next business day after `after` on which order files left that have no row (yet), and when the first of them was
 * made; *day 0: none. */
NKS_CHECKED enum nks_status nks_published_next_day(struct nks_exchange *exchange, nks_date after, nks_date *day,
                                                   nks_time *created, struct nks_fault *fault);
/* The next order file after file->name ("" at first) that a central got on that day before the home was put back, and
 * that is not published by this database: a manifest names it too. */
NKS_CHECKED enum nks_status nks_published_only_next(struct nks_exchange *exchange, const char *central, nks_date day,
                                                    struct nks_published *file, bool *found, struct nks_fault *fault);
/* Inside the caller's transaction: their journal is lost; they are kept all the same. */
NKS_CHECKED enum nks_status nks_published_forget_lines(struct nks_exchange *exchange, struct nks_fault *fault);
/* When its first file was made: what was decided then is decided by that day again. *found false: none was. */
NKS_CHECKED enum nks_status nks_published_first(struct nks_exchange *exchange, const uint8_t source[NKS_SOURCE_SIZE],
                                                nks_time *created, nks_date *business_date, bool *found,
                                                struct nks_fault *fault);

struct nks_published_count { /* files of which there is no row (yet) */
    enum nks_file_folder folder;
    enum nks_file_kind kind;
    char party[NKS_PARTY_MAX];
    int64_t files;
};
typedef enum nks_status (*nks_published_count_fn)(void *context, const struct nks_published_count *count);
NKS_CHECKED enum nks_status nks_published_unknown(struct nks_exchange *exchange, nks_published_count_fn fn,
                                                  void *context, struct nks_fault *fault);
#endif
