/*
 * The catalogue of a database against that of one made anew in memory by the same steps: what a program did not make
 * is foreign, what it made and is not there is missing. Both are read in the order of kind and name, side by side.
 */
#include "db/db_private.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Left out: indexes that a table's own text makes, which have none, and what ANALYZE makes. */
static const char catalogue_text[] =
    "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE NOT (type = 'index' AND sql IS NULL) AND NOT "
    "(type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')) ORDER BY type, name, tbl_name, sql";

struct side {
    sqlite3_stmt *stmt;
    bool more;
};

struct comparing {
    struct side here, made;
    nks_db_catalogue_fn fn;
    void *context;
};

enum { TYPE, NAME, TABLE, TEXT };

static const char *column(const struct side *side, int at)
{
    const unsigned char *text = sqlite3_column_text(side->stmt, at);
    return text != NULL ? (const char *)text : "";
}

static enum nks_status next(struct side *side, struct nks_fault *fault)
{
    int rc = sqlite3_step(side->stmt);
    side->more = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? NKS_OK
               : nks_sqlite_fail(sqlite3_db_handle(side->stmt), rc, "catalogue", fault);
}

static enum nks_status begin(struct nks_db *db, struct side *side, struct nks_fault *fault)
{
    int rc = sqlite3_prepare_v2(nks_sqlite_handle(db), catalogue_text, -1, &side->stmt, NULL);
    return rc == SQLITE_OK ? next(side, fault) : nks_sqlite_fail(nks_sqlite_handle(db), rc, "catalogue", fault);
}

/* Of the two present rows the one that comes first; 0: they are of one object. */
static int compare(const struct comparing *comparing)
{
    if (!comparing->here.more || !comparing->made.more)
        return comparing->here.more ? -1 : 1;
    int order = strcmp(column(&comparing->here, TYPE), column(&comparing->made, TYPE));
    return order != 0 ? order : strcmp(column(&comparing->here, NAME), column(&comparing->made, NAME));
}

static enum nks_status tell(struct comparing *comparing, const struct side *side, enum nks_db_difference difference)
{
    return comparing->fn(comparing->context, column(side, TYPE), column(side, NAME), difference);
}

static enum nks_status both(struct comparing *comparing, struct nks_fault *fault)
{
    while (comparing->here.more || comparing->made.more) {
        int order = compare(comparing);
        if (order < 0)
            NKS_TRY(tell(comparing, &comparing->here, NKS_DB_FOREIGN));
        else if (order > 0)
            NKS_TRY(tell(comparing, &comparing->made, NKS_DB_MISSING));
        else if (strcmp(column(&comparing->here, TABLE), column(&comparing->made, TABLE)) != 0 ||
                 strcmp(column(&comparing->here, TEXT), column(&comparing->made, TEXT)) != 0)
            NKS_TRY(tell(comparing, &comparing->here, NKS_DB_CHANGED));
        if (order <= 0)
            NKS_TRY(next(&comparing->here, fault));
        if (order >= 0)
            NKS_TRY(next(&comparing->made, fault));
    }
    return NKS_OK;
}

enum nks_status nks_sqlite_catalogue(struct nks_db *db, struct nks_db *made, nks_db_catalogue_fn fn, void *context,
                                     struct nks_fault *fault)
{
    struct comparing comparing = {.fn = fn, .context = context};
    enum nks_status status = begin(db, &comparing.here, fault);
    if (status == NKS_OK)
        status = begin(made, &comparing.made, fault);
    if (status == NKS_OK)
        status = both(&comparing, fault);
    sqlite3_finalize(comparing.here.stmt); /* NULL is fine; errors were told */
    sqlite3_finalize(comparing.made.stmt);
    return status;
}
