#ifndef NKS_DB_DB_H
#define NKS_DB_DB_H
/*
 * The database as a dozen plain verbs, the same for every engine. No other file includes an engine's header.
 *
 * SQL lives in `.sql` files next to its module as named statements; the build turns each into a `struct nks_sql` in the
 * generated header `<module>/<module>_sql.h` (`-- name: payment_insert` becomes `nks_sql_payment_insert`), so that a
 * wrong name does not compile. Parameters are `:name`. Types in CREATE TABLE are tokens: {id} 64-bit integer, {int},
 * {money} 64-bit minor units, {bytes}, {text}, {time} seconds since 1970 UTC, {date} days since 1970, {bool}; and
 * {partition COLUMN} behind its columns names what its rows are shared out by. Two engines have the verbs: SQLite
 * (sqlite.c) in a file, PostgreSQL (postgres.c) at an address.
 *
 * Order of calls: open; then any number of { begin; statements; commit or rollback }. A statement is prepared at its
 * first use, kept by the connection, and reset by nks_stmt_start. One connection belongs to one thread.
 *
 * Errors: NKS_RETRY busy, disk full, I/O or a connection that broke (after rollback the whole transaction may be tried
 * again); NKS_UNKNOWN a commit whose result is not known; NKS_INTEGRITY the database file is damaged; NKS_FAILED
 * anything else (SQL, permission). Bound values never appear in a fault.
 */
#include "base/status.h"
#include "base/text.h"

struct nks_db;
struct nks_stmt;

enum { NKS_SQL_PARAMS_MAX = 32 };
struct nks_sql {
    const char *name;
    const char *text; /* parameters as ?1, ?2 … in order of first appearance */
    int params;
    const char *param_names[NKS_SQL_PARAMS_MAX];
};
/* A numbered step of one module's schema: `-- migration: N` in its .sql file, applied in the order of the table in
 * migrate.c. `text` still has the type tokens. */
struct nks_migration {
    const char *module;
    int number;
    const char *text;
};

struct nks_db_options {
    const char *path;  /* file of the database, or its address */
    int64_t cache_kib; /* page cache */
    bool read_only;
    bool create; /* make it when missing */
    bool memory; /* an empty one of this connection alone; the path is not used */
    bool bare;   /* of one at an address: as it is, even if no home has it */
    int busy_timeout_ms;
    /* Host and path of the home whose database it is; NULL: not asked for. Of a database that is not in the home the
     * first that may write leaves its place there; another one is refused (NKS_FAILED, DB-OTHER-HOME). */
    const char *home;
    bool durable; /* synchronous=FULL; false only for benches of the machine itself */
};

/* Whether this is the address of a PostgreSQL database (postgresql://…), and not a file. */
bool nks_db_is_address(const char *path);
/* What a person is shown of it: a path, or of an address host, port and name alone; cut where it does not fit. */
void nks_db_shown(const char *path, char *out, size_t size);
NKS_CHECKED enum nks_status nks_db_open(const struct nks_db_options *options, struct nks_db **out,
                                        struct nks_fault *fault);
void nks_db_close(struct nks_db *db); /* rolls back what is open; NULL is fine */

/* For writing, at once. Begin, commit and rollback end what nks_stmt_one left open: read its columns before. */
NKS_CHECKED enum nks_status nks_db_begin(struct nks_db *db, struct nks_fault *fault);
/* For reading one state of the database over several statements; ended by rollback. Locks once instead of per
 * statement. */
NKS_CHECKED enum nks_status nks_db_begin_read(struct nks_db *db, struct nks_fault *fault);
/*
 * Called inside a transaction that changed rows, just before it commits; what it returns other than NKS_OK rolls back
 * and is what nks_db_commit returns. One per connection; NULL takes it away. nks_db_transaction counts the transactions
 * begun on this connection, so that the callee can tell this one from another.
 */
typedef enum nks_status (*nks_db_commit_fn)(void *context, struct nks_fault *fault);
void nks_db_on_commit(struct nks_db *db, nks_db_commit_fn fn, void *context);
int64_t nks_db_transaction(const struct nks_db *db);
/* Called after a commit of which it is known that it is stored. NULL takes it away. */
typedef void (*nks_db_committed_fn)(void *context);
void nks_db_on_committed(struct nks_db *db, nks_db_committed_fn fn, void *context);
/* What fails to commit is rolled back. */
NKS_CHECKED enum nks_status nks_db_commit(struct nks_db *db, struct nks_fault *fault);
void nks_db_rollback(struct nks_db *db); /* nothing open is fine */
bool nks_db_in_transaction(const struct nks_db *db);

/*
 * Whether what ended so is to be done again from its begin: another transaction came between (DB-CONFLICT, SQLSTATE
 * 40001 or 40P01), so that nothing of this one is stored, and it was not done NKS_DB_TRIES times yet. Then waits a
 * moment, longer each time, and clears the fault. `*tries` begins as 0. For work that holds more than one transaction,
 * or reads a file in it; what it had in memory is to be loaded anew.
 */
enum { NKS_DB_TRIES = 8 };
bool nks_db_again(int *tries, enum nks_status status, struct nks_fault *fault);
/* A whole transaction: begin, `body`, commit; rolled back where either fails, and done again as above. So `body` may be
 * called more than once: it begins from what is stored, and changes nothing in memory that it would not set anew. */
typedef enum nks_status (*nks_db_body_fn)(void *context, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_db_transact(struct nks_db *db, nks_db_body_fn body, void *context,
                                            struct nks_fault *fault);

/* Runs steps not yet applied of `migrations`, each in its own transaction; refuses (NKS_FAILED, DB-NEWER) a database
 * that has steps this program does not know. The table schema_step(module, number, applied_at) is db's own. */
NKS_CHECKED enum nks_status nks_db_migrate(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                           int64_t now, struct nks_fault *fault);

/* The same, and tells which steps it applied: "trail 2, person 1", cut where they are too many. */
enum { NKS_MIGRATED_TEXT = 256 };
struct nks_migrated {
    int64_t count;
    char steps[NKS_MIGRATED_TEXT];
};
NKS_CHECKED enum nks_status nks_db_migrate_told(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                                int64_t now, struct nks_migrated *told, struct nks_fault *fault);

/* How the schema of a database stands to what this program knows; DB-NEWER as above. *applied 0: it has none yet. */
NKS_CHECKED enum nks_status nks_db_schema_check(struct nks_db *db, const struct nks_migration *migrations, size_t count,
                                                size_t *applied, size_t *missing, struct nks_fault *fault);

/* Calls `fn` for each table, view, index and trigger that stands in the database and was not made by these steps, that
 * is not there or that is another; kind "table", "trigger" … The name may be anybody's. */
enum nks_db_difference { NKS_DB_FOREIGN, NKS_DB_MISSING, NKS_DB_CHANGED };
typedef enum nks_status (*nks_db_catalogue_fn)(void *context, const char *kind, const char *name,
                                               enum nks_db_difference difference);
NKS_CHECKED enum nks_status nks_db_catalogue_compare(struct nks_db *db, const struct nks_migration *migrations,
                                                     size_t count, nks_db_catalogue_fn fn, void *context,
                                                     struct nks_fault *fault);

/* Copies one state of the whole database into the new file `path` (mode 0600) and syncs it, while others work on; then
 * checks the copy (DB-DAMAGED). An existing file is FILE-EXISTS. `progress` may be NULL. */
typedef void (*nks_db_copy_fn)(void *context, int64_t done, int64_t total);
NKS_CHECKED enum nks_status nks_db_copy(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                                        struct nks_fault *fault);

/*
 * Makes sure that nobody else has a database that is a file open to write (DB-BUSY after ten seconds), and that its
 * file is whole by itself. Whoever opens it to write after that waits as long as a transaction of ours is open, and
 * then finds out where the file has got another name meanwhile. `on` false: as before.
 */
NKS_CHECKED enum nks_status nks_db_alone(struct nks_db *db, bool on, struct nks_fault *fault);

/*
 * Before values of `tables` (which end with NULL) that must not be found any more are changed or deleted; and after
 * their commit. DB-BUSY while another connection may still read them. An engine that keeps old rows beside new ones
 * writes these tables anew, which takes their owner (DB-PERMISSION, before anything is gone) and as much room again.
 */
NKS_CHECKED enum nks_status nks_db_wipe_begin(struct nks_db *db, const char *const *tables, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_db_wipe(struct nks_db *db, const char *const *tables, struct nks_fault *fault);

/* The prepared statement for `sql`, reset and with no values bound. It stays the connection's. */
NKS_CHECKED enum nks_status nks_stmt_start(struct nks_db *db, const struct nks_sql *sql, struct nks_stmt **out,
                                           struct nks_fault *fault);

/* Binding. By position (0 = first in param_names) in hot loops, else by name; an unknown name is an assertion failure.
 * Bytes and texts must stay valid until the statement was run. Binding cannot fail otherwise: a failure shows at step.
 * A run forgets its values: every one is bound again for the next run, and one that is not is NULL. */
int nks_stmt_param(struct nks_stmt *stmt, const char *name);
void nks_bind_int_at(struct nks_stmt *stmt, int param, int64_t value);
void nks_bind_bytes_at(struct nks_stmt *stmt, int param, const void *bytes, size_t len);
void nks_bind_text_at(struct nks_stmt *stmt, int param, struct nks_text text);
void nks_bind_null_at(struct nks_stmt *stmt, int param);
void nks_bind_int(struct nks_stmt *stmt, const char *name, int64_t value);
void nks_bind_bytes(struct nks_stmt *stmt, const char *name, const void *bytes, size_t len);
void nks_bind_text(struct nks_stmt *stmt, const char *name, struct nks_text text);
void nks_bind_null(struct nks_stmt *stmt, const char *name);

/* Next row: *row false at the end. Columns are valid until the next step, start or commit. */
NKS_CHECKED enum nks_status nks_stmt_step(struct nks_stmt *stmt, bool *row, struct nks_fault *fault);
int64_t nks_column_int(struct nks_stmt *stmt, int column);
bool nks_column_is_null(struct nks_stmt *stmt, int column);
struct nks_text nks_column_text(struct nks_stmt *stmt, int column);
struct nks_text nks_column_bytes(struct nks_stmt *stmt, int column); /* (pointer, length) of a blob */

/*
 * Runs a statement that gives no rows; *changed may be NULL. Ready for the next binding afterwards (bulk loops). Inside
 * a transaction an engine far away may send it later when `changed` is NULL: what fails then is told by a later call,
 * at the latest by the commit.
 */
NKS_CHECKED enum nks_status nks_stmt_run(struct nks_stmt *stmt, int64_t *changed, struct nks_fault *fault);
/* For a statement that gives at most one row: *found tells. Columns valid until the next use of the statement. */
NKS_CHECKED enum nks_status nks_stmt_one(struct nks_stmt *stmt, bool *found, struct nks_fault *fault);
/* Ends an unfinished reading so that no read lock stays. */
void nks_stmt_end(struct nks_stmt *stmt);

/*
 * Rows for many keys at once: runs `sql` (whose parameter 0 is one key) for each of `keys`, which must be sorted, and
 * calls `row` for each row found with the index of the key. An engine with arrays does it in one round trip.
 */
typedef enum nks_status (*nks_db_row_fn)(void *context, size_t key_index, struct nks_stmt *stmt,
                                         struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_db_each_key(struct nks_db *db, const struct nks_sql *sql, const int64_t *keys,
                                            size_t count, nks_db_row_fn row, void *context, struct nks_fault *fault);

/* Engine's own whole-file check (PRAGMA quick_check …): NKS_INTEGRITY when damaged. */
NKS_CHECKED enum nks_status nks_db_check(struct nks_db *db, struct nks_fault *fault);

#endif
