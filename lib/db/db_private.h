#ifndef NKS_DB_DB_PRIVATE_H
#define NKS_DB_DB_PRIVATE_H
/*
 * What an engine gives (engine.h) to the engine-neutral half (migrate.c). Nobody outside lib/db
 * includes this file.
 */
#include "db/db.h"

/* One type token of CREATE TABLE and what the engine calls it; a table of these ends with {NULL, NULL}. */
struct nks_db_type {
    const char *token; /* without braces */
    const char *text;
};

/*
 * The engine's words for {id} {int} {money} {time} {date} {bool} {bytes} {text}, and for the two tokens that end a
 * CREATE TABLE: {table_options}, or {clustered} where the rows shall lie in the order of the primary key.
 */
const struct nks_db_type *nks_db_types(const struct nks_db *db);

/*
 * `text` with its tokens replaced, allocated; the same text where it has none. {partition COLUMN} behind the columns of
 * a CREATE TABLE shares its rows out by that column where the engine does so; {unique_unsharded} is UNIQUE where a
 * table has one part only, for an index without that column.
 */
NKS_CHECKED enum nks_status nks_db_expand(struct nks_db *db, const char *name, const char *text, char **out,
                                          struct nks_fault *fault);

/* Runs statements separated by semicolons that take no parameters and give no rows. `name` stands in the fault. */
NKS_CHECKED enum nks_status nks_db_script(struct nks_db *db, const char *name, const char *text,
                                          struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_db_has_table(struct nks_db *db, const char *name, bool *has, struct nks_fault *fault);

/* For the files of the engine SQLite itself. */
struct sqlite3;
/* The file layer to open with (sqlite_fault.c); NULL: the system's. */
const char *nks_sqlite_layer(void);
NKS_CHECKED enum nks_status nks_sqlite_copy(struct nks_db *db, const char *path, nks_db_copy_fn progress, void *context,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sqlite_catalogue(struct nks_db *db, struct nks_db *made, nks_db_catalogue_fn fn,
                                                 void *context, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sqlite_wipe_begin(struct nks_db *db, const char *const *tables,
                                                  struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sqlite_wipe(struct nks_db *db, const char *const *tables, struct nks_fault *fault);
extern const struct nks_sql nks_sqlite_columns;
struct nks_reading;
NKS_CHECKED enum nks_status nks_sqlite_rows(struct nks_db *db, const struct nks_reading *reading,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_sqlite_alone(struct nks_db *db, bool on, struct nks_fault *fault);
struct sqlite3 *nks_sqlite_handle(struct nks_db *db);
NKS_CHECKED enum nks_status nks_sqlite_fail(struct sqlite3 *handle, int rc, const char *name, struct nks_fault *fault);

#endif
