#ifndef NKS_DB_ENGINE_H
#define NKS_DB_ENGINE_H
/*
 * Private to lib/db: what an engine (sqlite.c, postgres.c) gives, and what every engine's connection and statement
 * begin with. db.h says what each verb means; here stands only what is not said there.
 */
#include "db/db_private.h"
#include "db/move.h"

struct nks_reading;
struct nks_engine {
    void (*close)(struct nks_db *db);

    enum nks_status (*begin)(struct nks_db *db, bool writes, struct nks_fault *fault);
    enum nks_status (*commit)(struct nks_db *db, struct nks_fault *fault); /* what fails is rolled back by db.c */
    void (*rollback)(struct nks_db *db);
    bool (*in_transaction)(const struct nks_db *db);
    /* Rows changed on this connection so far; an engine that sends writes in heaps sends them before it answers. */
    enum nks_status (*changes)(struct nks_db *db, int64_t *changes, struct nks_fault *fault);

    enum nks_status (*start)(struct nks_db *db, const struct nks_sql *sql, struct nks_stmt **out,
                             struct nks_fault *fault);
    void (*bind_int)(struct nks_stmt *stmt, int param, int64_t value);
    void (*bind_bytes)(struct nks_stmt *stmt, int param, const void *bytes, size_t len);
    void (*bind_text)(struct nks_stmt *stmt, int param, struct nks_text text);
    void (*bind_null)(struct nks_stmt *stmt, int param);
    enum nks_status (*step)(struct nks_stmt *stmt, bool *row, struct nks_fault *fault);
    enum nks_status (*run)(struct nks_stmt *stmt, int64_t *changed, struct nks_fault *fault);
    enum nks_status (*one)(struct nks_stmt *stmt, bool *found, struct nks_fault *fault);
    void (*end)(struct nks_stmt *stmt);
    int64_t (*column_int)(struct nks_stmt *stmt, int column);
    bool (*column_is_null)(struct nks_stmt *stmt, int column);
    struct nks_text (*column_text)(struct nks_stmt *stmt, int column);
    struct nks_text (*column_bytes)(struct nks_stmt *stmt, int column);
    enum nks_status (*each_key)(struct nks_db *db, const struct nks_sql *sql, const int64_t *keys, size_t count,
                                nks_db_row_fn row, void *context, struct nks_fault *fault);

    const struct nks_db_type *types;
    enum nks_status (*script)(struct nks_db *db, const char *name, const char *text, struct nks_fault *fault);
    enum nks_status (*has_table)(struct nks_db *db, const char *name, bool *has, struct nks_fault *fault);
    enum nks_status (*check)(struct nks_db *db, struct nks_fault *fault);
    /* As nks_db_catalogue_compare; `made` has all the steps, in memory, on SQLite. */
    enum nks_status (*catalogue)(struct nks_db *db, struct nks_db *made, nks_db_catalogue_fn fn, void *context,
                                 struct nks_fault *fault);
    enum nks_status (*copy)(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                            struct nks_fault *fault);
    enum nks_status (*wipe_begin)(struct nks_db *db, const char *const *tables, struct nks_fault *fault);
    enum nks_status (*wipe)(struct nks_db *db, const char *const *tables, struct nks_fault *fault);

    /* For move.c. Of each column of each table that steps made, in the order of table and place: table, column, kind
     * ("number", "bytes", "text"), bytes of a number, place in the primary key (0: none). */
    const struct nks_sql *columns;
    enum nks_status (*rows)(struct nks_db *db, const struct nks_reading *reading, struct nks_fault *fault);
    enum nks_status (*alone)(struct nks_db *db, bool on, struct nks_fault *fault);
};

/* A reading whose rows come one at a time, however large. */
typedef enum nks_status (*nks_values_fn)(void *context, const struct nks_value *values, struct nks_fault *fault);
struct nks_reading {
    const char *name, *text; /* without parameters */
    int columns;
    const struct nks_move_column *column; /* NULL: one number */
    nks_values_fn fn;                     /* the values stay until it returns */
    void *context;
};

/* The first member of an engine's own struct. */
struct nks_db {
    const struct nks_engine *engine;
    int64_t transactions;     /* begun */
    int64_t changes_at_begin; /* when the present one began */
    nks_db_commit_fn on_commit;
    void *on_commit_context;
    nks_db_committed_fn on_committed;
    void *on_committed_context;
};
struct nks_stmt {
    struct nks_db *db;
    const struct nks_sql *sql;
};

NKS_CHECKED enum nks_status nks_sqlite_open(const struct nks_db_options *options, struct nks_db **out,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_postgres_open(const struct nks_db_options *options, struct nks_db **out,
                                              struct nks_fault *fault);

/*
 * Statements by the address of their nks_sql: a fixed open hash, of which a quarter stays empty. Every engine keeps its
 * prepared statements in one.
 */
enum { NKS_STMT_SLOTS = 1024, NKS_STMT_MAX = 768 }; /* a program has some hundreds */
struct nks_stmts {
    struct nks_stmt *slots[NKS_STMT_SLOTS];
    int count;
};
/* The slot that holds `sql`, or the empty one where it belongs. */
struct nks_stmt **nks_stmts_slot(struct nks_stmts *stmts, const struct nks_sql *sql);

#endif
