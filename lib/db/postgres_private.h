#ifndef NKS_DB_POSTGRES_PRIVATE_H
#define NKS_DB_POSTGRES_PRIVATE_H
/*
 * What the files of the engine PostgreSQL share. Only the files postgres*.c know libpq.
 *
 *   postgres.c        transactions, the schema, and the table of verbs
 *   postgres_open.c   the way to the server, and why there is none
 *   postgres_queue.c  commands on their way: sent one after the other, answered together
 *   postgres_rows.c   rows of one INSERT, gathered and sent by COPY
 *   postgres_stmt.c   statements: prepare, bind, run
 *   postgres_read.c   rows that come back: cursors, single rows, rows for many keys, columns
 *   postgres_wipe.c   values that go for good
 *   postgres_catalogue.c  what stands in the database and is not of this program
 *   postgres_sql.c    the text of a statement, made PostgreSQL's
 *   postgres_fail.c   what its errors mean
 *   postgres_move.c   whole tables that are read
 *
 * The connection is in libpq's pipeline mode all the time but for COPY and scripts. Whoever needs an answer sends its
 * command and calls nks_pg_sync; whoever needs none (a write whose count nobody asks for) only sends. An error of a
 * command that was only sent shows at the next sync, under the name of its statement; a commit is one.
 */
#include "db/engine.h"

#include <libpq-fe.h>

enum {
    PG_QUEUE_MAX = 256,      /* commands whose answers were not read: bounds what lies in the buffers of both sides */
    PG_QUEUE_SPARE = 64,     /* beyond them, for the closing of cursors, which must not wait for answers */
    PG_COPY_ROWS = 64,       /* from so many rows on COPY, which costs two more round trips, is cheaper */
    PG_ROWS_BYTES = 4 << 20, /* rows that are gathered before they are sent */
    PG_FETCH_ROWS = 256,     /* rows of a reading that come first; then, where they are small, more at a time */
    PG_FETCH_ROWS_MAX = 4096,
    PG_FETCH_BYTES = 2 << 20,
    PG_KEYS_MAX = 4096, /* keys of one round trip */
    PG_PARTITIONS = 8,  /* of each partitioned table */
    PG_NAME_MAX = 24,
    PG_STATEMENT_TIMEOUT_S = 1800, /* the longest are the auditor's, over all rows of a table */
};

/* Types of the catalogue: fixed numbers of PostgreSQL. */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_UNKNOWN = 705,
    PG_INT8_ARRAY = 1016,
    PG_VARCHAR = 1043,
    PG_NUMERIC = 1700,
};

enum pg_kind { PG_KIND_NULL, PG_KIND_INT, PG_KIND_BYTES, PG_KIND_TEXT };
struct pg_value {
    enum pg_kind kind;
    int64_t number;
    const void *ptr;
    size_t len;
};

/* Values as the protocol wants them; `values` points into `ints` or to what was bound. */
struct pg_packed {
    int count;
    const char *values[NKS_SQL_PARAMS_MAX];
    int lengths[NKS_SQL_PARAMS_MAX];
    int formats[NKS_SQL_PARAMS_MAX];
    char ints[NKS_SQL_PARAMS_MAX][8];
};

struct pg_stmt {
    struct nks_stmt base;
    char name[PG_NAME_MAX]; /* of the prepared statement on the server */
    bool prepared;          /* it is there, or on its way there */
    int params;
    char *text;           /* with $1, $2 … */
    char *declare;        /* the same as a cursor; made at the first reading */
    char *copy;           /* COPY for the rows of a plain INSERT; NULL: it is none */
    struct pg_stmt *each; /* the same for many keys (each_key); made at first use */
    Oid types[NKS_SQL_PARAMS_MAX];
    bool gives_rows;
    struct pg_value values[NKS_SQL_PARAMS_MAX];
    /* a reading */
    PGresult *result;
    int row;           /* in result */
    bool on_row;       /* columns may be read */
    bool reading;      /* begun: the next step goes on */
    bool single;       /* of nks_stmt_one: nobody will step it further */
    bool ended;        /* gave its last row */
    int cursor;        /* its number; 0: none is open */
    int fetched;       /* rows that were asked for last */
    bool cursor_held;  /* it outlives transactions */
    int64_t cursor_of; /* else the transaction it lives in */
};

/* A command on its way. */
struct pg_sent {
    const char *name; /* for the fault */
    bool counts;      /* the rows it changes are counted */
    bool has_values;  /* the server's words about it could quote a value */
    PGresult **keep;  /* where its answer goes; NULL: nobody wants it */
    bool *done;       /* becomes false where it was not done; NULL: nobody asks */
};

struct pg {
    struct nks_db base;
    PGconn *conn;
    struct nks_stmts stmts;
    bool open_transaction;
    bool warned;         /* the server did, since this was set to false */
    bool cut_next;       /* a test asked for it (fault_point.h) */
    int64_t transaction; /* its number */
    int64_t changes;
    int named, cursors; /* numbers given out */
    struct pg_sent sent[PG_QUEUE_MAX + PG_QUEUE_SPARE];
    int sent_count;
    struct nks_fault wrong; /* of a value that could not be read: told by the next verb that can tell */
    /* rows of one plain INSERT in the form of COPY, not sent yet */
    struct pg_stmt *rows_of;
    char *rows;
    size_t rows_len;
    int rows_count;
};

static inline struct pg *nks_pg_of(struct nks_db *db)
{
    return (struct pg *)(void *)db;
}
static inline struct pg_stmt *nks_pg_stmt_of(struct nks_stmt *stmt)
{
    return (struct pg_stmt *)(void *)stmt;
}

/* ---- postgres.c */
NKS_CHECKED enum nks_status nks_pg_begin(struct nks_db *db, bool writes, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_commit(struct nks_db *db, struct nks_fault *fault);
void nks_pg_rollback(struct nks_db *db);

/* ---- postgres_open.c */
/* `writes`: only to a server that takes writes. No word of the address stands in the fault. */
NKS_CHECKED enum nks_status nks_pg_connect(struct pg *db, const char *address, bool writes, struct nks_fault *fault);

/* ---- postgres_fail.c */
enum { PG_MESSAGE_MAX = 256 };
/* The fault of an answer that is an error; `has_values`: only names of the schema are told, never the server's words.
 */
NKS_CHECKED enum nks_status nks_pg_fail(const PGresult *result, const char *name, bool has_values,
                                        struct nks_fault *fault);
/* The same for a server that let nobody in; `message` is for a person. */
NKS_CHECKED enum nks_status nks_pg_fail_connect(const char *state, const char *message, struct nks_fault *fault);
bool nks_pg_is_retry(const char *state);
NKS_CHECKED enum nks_status nks_pg_lost(const char *name, struct nks_fault *fault);
void nks_pg_one_line(const char *text, char out[PG_MESSAGE_MAX]);

/* ---- postgres_queue.c */
/* Room for one more command. */
NKS_CHECKED enum nks_status nks_pg_ready(struct pg *db, const char *name, struct nks_fault *fault);
/* After PQsend…: `good` is what it said. */
NKS_CHECKED enum nks_status nks_pg_sent(struct pg *db, int good, struct pg_sent sent, struct nks_fault *fault);
/* A command without parameters; its rows come as binary. */
NKS_CHECKED enum nks_status nks_pg_send(struct pg *db, const char *name, const char *text, PGresult **keep,
                                        struct nks_fault *fault);
/* Reads the answers of all that was sent; the first error is the fault, and later answers are then NULL. */
NKS_CHECKED enum nks_status nks_pg_sync(struct pg *db, struct nks_fault *fault);
/* Runs commands in the simple protocol, several at a time. */
NKS_CHECKED enum nks_status nks_pg_simple(struct pg *db, const char *name, const char *text, struct nks_fault *fault);

/* ---- postgres_rows.c */
/* One more row for `stmt`; what was gathered for another is sent before. */
NKS_CHECKED enum nks_status nks_pg_rows_add(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_rows_flush(struct pg *db, struct nks_fault *fault);
void nks_pg_rows_forget(struct pg *db);

/* ---- postgres_stmt.c */
NKS_CHECKED enum nks_status nks_pg_start(struct nks_db *db, const struct nks_sql *sql, struct nks_stmt **out,
                                         struct nks_fault *fault);
/* A statement of `text`, which is its own from here on. */
NKS_CHECKED enum nks_status nks_pg_stmt_new(struct pg *db, const struct nks_sql *sql, char *text, int params,
                                            struct pg_stmt **out, struct nks_fault *fault);
void nks_pg_stmt_free(struct pg_stmt *stmt);
/* Values as they go out; what does not fit its column is a fault. */
NKS_CHECKED enum nks_status nks_pg_pack(const struct pg_stmt *stmt, struct pg_packed *packed, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_execute(struct pg *db, struct pg_stmt *stmt, const struct pg_packed *packed,
                                           PGresult **keep, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_run(struct nks_stmt *stmt, int64_t *changed, struct nks_fault *fault);
void nks_pg_bind_int(struct nks_stmt *stmt, int param, int64_t value);
void nks_pg_bind_bytes(struct nks_stmt *stmt, int param, const void *bytes, size_t len);
void nks_pg_bind_text(struct nks_stmt *stmt, int param, struct nks_text text);
void nks_pg_bind_null(struct nks_stmt *stmt, int param);
void nks_pg_rest(struct pg_stmt *stmt);                /* ends the use: no reading stays open, and no value */
void nks_pg_put(char *out, int bytes, uint64_t value); /* most significant byte first */

/* ---- postgres_read.c */
/* Tells, once, that a value read before was not what the program reads there. */
NKS_CHECKED enum nks_status nks_pg_wrong(struct pg *db, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_step(struct nks_stmt *stmt, bool *row, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_one(struct nks_stmt *stmt, bool *found, struct nks_fault *fault);
void nks_pg_end(struct nks_stmt *stmt);
int64_t nks_pg_column_int(struct nks_stmt *stmt, int column);
bool nks_pg_column_is_null(struct nks_stmt *stmt, int column);
struct nks_text nks_pg_column_text(struct nks_stmt *stmt, int column);
NKS_CHECKED enum nks_status nks_pg_each_key(struct nks_db *db, const struct nks_sql *sql, const int64_t *keys,
                                            size_t count, nks_db_row_fn row, void *context, struct nks_fault *fault);
void nks_pg_cursor_close(struct pg_stmt *stmt);

/* ---- postgres_wipe.c */
NKS_CHECKED enum nks_status nks_pg_wipe_begin(struct nks_db *db, const char *const *tables, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_wipe(struct nks_db *db, const char *const *tables, struct nks_fault *fault);

/* ---- postgres_catalogue.c */
NKS_CHECKED enum nks_status nks_pg_catalogue(struct nks_db *db, struct nks_db *made, nks_db_catalogue_fn fn,
                                             void *context, struct nks_fault *fault);

/* ---- postgres_move.c */
extern const struct nks_sql nks_pg_columns;
NKS_CHECKED enum nks_status nks_pg_rows(struct nks_db *db, const struct nks_reading *reading, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_pg_alone(struct nks_db *db, bool on, struct nks_fault *fault);

/* ---- postgres_sql.c: texts are allocated; NULL: no memory */
char *nks_pg_sql_text(const char *text);             /* ?1 becomes $1 */
char *nks_pg_sql_each(const char *text);             /* the statement for an array of keys, $1 */
char *nks_pg_sql_copy(const char *text, int params); /* COPY for a plain INSERT, else NULL */
char *nks_pg_sql_declare(const char *text);          /* room for the cursor's name in front */
void nks_pg_sql_declare_as(char *declare, int cursor, bool held);
bool nks_pg_sql_one_row(const char *text); /* it says itself that it gives at most one */

#endif
