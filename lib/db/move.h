#ifndef NKS_DB_MOVE_H
#define NKS_DB_MOVE_H
/*
 * All rows of one database moved into another, whatever their engines, and proved. Tables and columns are read from the
 * catalogue of the first, so that a later table comes along by itself; both must have the same.
 *
 * Order of calls: nks_db_alone and nks_db_begin on the first, so that it has one state until the end; nks_move_open; on
 * the second, which has the same schema, nks_move_copy (one transaction: all rows or none); nks_move_prove;
 * nks_move_free after the second is closed. Rows go through one by one, in the order of their primary key: memory does
 * not grow with them, but for the largest row.
 *
 * The proof reads both sides again: for each table how many rows, the sum of each column of numbers, in 128 bits, and a
 * SHA-256 over every value of every row with its type. NKS_INTEGRITY (MOVE-DIFFERS) names the table.
 *
 * What the second cannot store is NKS_REFUSED (MOVE-VALUE) with table, column and the numbers of the row's key, never
 * the value.
 */
#include "base/file.h"
#include "base/money.h"
#include "db/db.h"

enum { NKS_MOVE_NAME_MAX = 64, NKS_MOVE_COLUMNS_MAX = NKS_SQL_PARAMS_MAX };

enum nks_value_kind { NKS_VALUE_NULL, NKS_VALUE_INT, NKS_VALUE_BYTES, NKS_VALUE_TEXT, NKS_VALUE_OTHER };
struct nks_value {
    enum nks_value_kind kind;
    int64_t number;
    struct nks_text text; /* also of bytes */
};

struct nks_move_column {
    char name[NKS_MOVE_NAME_MAX];
    enum nks_value_kind kind;
    int bytes; /* of a number, where it goes to */
    int key;   /* its place in the primary key, from 1; 0: none */
};

enum { NKS_MOVE_HERE, NKS_MOVE_THERE };
struct nks_move_side {
    int64_t rows;
    nks_int128 sums[NKS_MOVE_COLUMNS_MAX]; /* of numbers: 2^63 of them fit */
    uint8_t digest[NKS_HASH_SIZE];
};

struct nks_move_table {
    char name[NKS_MOVE_NAME_MAX];
    int columns;
    struct nks_move_column column[NKS_MOVE_COLUMNS_MAX];
    char *select, *insert_text;
    struct nks_sql insert;
    struct nks_move_side sides[2]; /* of what was read last */
};

struct nks_move {
    struct nks_db *from, *to; /* the caller's */
    struct nks_move_table *tables;
    size_t count;
    int64_t rows; /* of all tables of `from` */
    /* of all passes */
    nks_db_copy_fn progress;
    void *progress_context;
    int64_t done, total;
};

/* Reads the catalogue of `from`, and counts its rows. `progress` may be NULL. */
NKS_CHECKED enum nks_status nks_move_open(struct nks_db *from, nks_db_copy_fn progress, void *context,
                                          struct nks_move **out, struct nks_fault *fault);
void nks_move_free(struct nks_move *move); /* NULL is fine */

/* Reads everything of `from` and looks whether another engine takes its texts; fills the sides NKS_MOVE_HERE. */
NKS_CHECKED enum nks_status nks_move_try(struct nks_move *move, struct nks_fault *fault);
/* Takes away the tables in `to` that a move which was cut short has left. */
NKS_CHECKED enum nks_status nks_move_clear(struct nks_move *move, struct nks_db *to, struct nks_fault *fault);
/* In the place of what the schema's steps put there. */
NKS_CHECKED enum nks_status nks_move_copy(struct nks_move *move, struct nks_db *to, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_move_prove(struct nks_move *move, struct nks_fault *fault);
bool nks_move_equal(const struct nks_move_table *table);
/* The sum of all columns of numbers of a side, as decimal digits. */
enum { NKS_MOVE_SUM_TEXT = 48 };
void nks_move_sum(const struct nks_move_table *table, int side, char out[NKS_MOVE_SUM_TEXT]);
void nks_move_number(nks_int128 number, char out[NKS_MOVE_SUM_TEXT]);

/* What stands at an address before a move to it by the home at `place`. Changes nothing there. */
enum nks_move_target {
    NKS_TARGET_EMPTY,
    NKS_TARGET_OWN,  /* what a move of this home left that was cut short */
    NKS_TARGET_USED, /* of another home, of this one after a move, or nobody's we know */
};
NKS_CHECKED enum nks_status nks_move_target(const char *address, const char *place, enum nks_move_target *out,
                                            struct nks_fault *fault);
/* What stands before the home's place in `db_writer` while it is moved there: first that it is copied, and just before
 * nks.conf names that database that it is switched. Only then whoever opens it by nks.conf takes the word away; what
 * was only begun is nobody's database, whatever nks.conf says. */
#define NKS_MOVING    "moving "
#define NKS_SWITCHING "switching "

#endif
