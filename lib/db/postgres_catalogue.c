/*
 * The catalogue of a database against that of one made anew by the same steps, in memory, on SQLite: both are asked for
 * the same facts, a line for each table and index. What only PostgreSQL has (triggers, rules, views, functions …) was
 * not made by a step and is foreign; and a table or index is another one where rows could hide or be lost: row
 * security, a part that is gone, a child that is no part, no WAL, an index or constraint that is not in force.
 */
#include "db/postgres_private.h"

#include <assert.h>

#include <string.h>

static_assert(PG_PARTITIONS == 8, "tables_here counts them");

/* Name, and facts: of each column its name, place, kind, whether it may be NULL, place in the primary key, default; and
 * the columns of each UNIQUE. A primary key is never NULL. Numbers have the same kind, however wide. */
static const struct nks_sql tables_made = {
    "catalogue_tables_made",
    "SELECT t.name, (SELECT group_concat(f, ', ') FROM (SELECT c.name || ' ' || c.cid || ' ' || CASE c.type WHEN "
    "'INTEGER' THEN 'number' WHEN 'BLOB' THEN 'bytes' WHEN 'TEXT' THEN 'text' ELSE c.type END || ' ' || CASE WHEN "
    "c.\"notnull\" = 1 OR c.pk > 0 THEN 'set' ELSE 'null' END || ' ' || c.pk || ' ' || coalesce(c.dflt_value, '-') AS "
    "f "
    "FROM pragma_table_info(t.name) c ORDER BY c.cid)) || '; ' || coalesce((SELECT group_concat(u, ' ') FROM (SELECT "
    "(SELECT group_concat(x.name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) x) AS u FROM "
    "pragma_index_list(t.name) i WHERE i.origin = 'u' ORDER BY 1)), ''), '' FROM sqlite_schema t WHERE t.type = "
    "'table' "
    "AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name",
    0,
    {NULL}};
static const struct nks_sql tables_here = {
    "catalogue_tables_here",
    "SELECT t.relname::text, (SELECT string_agg(c.attname || ' ' || c.attnum - 1 || ' ' || CASE WHEN c.atttypid IN "
    "(20, "
    "21, 23) THEN 'number' WHEN c.atttypid = 17 THEN 'bytes' WHEN c.atttypid = 25 AND co.collname = 'C' THEN 'text' "
    "ELSE "
    "c.atttypid::text END || ' ' || CASE WHEN c.attnotnull THEN 'set' ELSE 'null' END || ' ' || "
    "coalesce(array_position(k.conkey, c.attnum), 0) || ' ' || coalesce(regexp_replace(pg_get_expr(d.adbin, "
    "d.adrelid), "
    "'::.*$', ''), '-'), ', ' ORDER BY c.attnum) FROM pg_attribute c LEFT JOIN pg_collation co ON co.oid = "
    "c.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = c.attnum LEFT JOIN pg_constraint k ON "
    "k.conrelid = t.oid AND k.contype = 'p' WHERE c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped) || '; ' "
    "|| "
    "coalesce((SELECT string_agg(x.u, ' ' ORDER BY x.u) FROM (SELECT (SELECT string_agg(c.attname, ',' ORDER BY "
    "p.place) "
    "FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place) JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum "
    "= "
    "p.number) AS u FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'u') x), ''), "
    /* what no step does: '' where all of it is sound */
    "CASE WHEN (SELECT count(*) FROM pg_inherits h WHERE h.inhparent = t.oid AND NOT h.inhdetachpending) <> CASE "
    "t.relkind WHEN 'p' THEN 8 ELSE 0 END OR EXISTS (SELECT 1 FROM pg_class x WHERE (x.oid = t.oid OR x.oid IN (SELECT "
    "h.inhrelid FROM pg_inherits h WHERE h.inhparent = t.oid)) AND (x.relrowsecurity OR x.relforcerowsecurity OR "
    "x.relpersistence <> 'p' OR x.relnamespace <> t.relnamespace OR x.relkind NOT IN ('r', 'p') OR x.oid <> t.oid AND "
    "x.relkind <> 'r' OR EXISTS (SELECT 1 FROM pg_attribute c WHERE c.attrelid = x.oid AND c.attidentity <> '') OR "
    "EXISTS (SELECT 1 FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid WHERE k.conrelid = x.oid AND "
    "NOT (k.convalidated AND i.indisvalid AND i.indisready AND i.indislive)))) THEN 'unsound' ELSE '' END FROM "
    "pg_class t "
    "WHERE "
    "t.relkind IN ('r', 'p') AND NOT t.relispartition AND t.relnamespace = current_schema()::regnamespace AND "
    "t.relname "
    "<> 'db_writer' ORDER BY t.relname",
    0,
    {NULL}};

/*
 * Name, and facts: table, columns, whether it is partial; and whether it is unique. An index of a partitioned table
 * cannot be without the table's key: such a one is `apart`, and as good as either.
 */
static const struct nks_sql indexes_made = {
    "catalogue_indexes_made",
    "SELECT i.name, t.name || ' ' || (SELECT group_concat(x.name, ',') FROM (SELECT name FROM "
    "pragma_index_info(i.name) "
    "ORDER BY seqno) x) || ' ' || i.partial, CASE WHEN i.\"unique\" = 1 THEN 'unique' ELSE 'many' END FROM "
    "sqlite_schema "
    "t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin = 'c' ORDER BY i.name",
    0,
    {NULL}};
static const struct nks_sql indexes_here = {
    "catalogue_indexes_here",
    "SELECT ic.relname::text, t.relname || ' ' || (SELECT string_agg(c.attname, ',' ORDER BY k.place) FROM "
    "unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place) JOIN pg_attribute c ON c.attrelid = t.oid AND "
    "c.attnum = k.number) || ' ' || CASE WHEN i.indpred IS NULL THEN 0 ELSE 1 END || CASE WHEN EXISTS (SELECT 1 FROM "
    "pg_index x WHERE (x.indexrelid = i.indexrelid OR x.indexrelid IN (SELECT h.inhrelid FROM pg_inherits h WHERE "
    "h.inhparent = i.indexrelid)) AND NOT (x.indisvalid AND x.indisready AND x.indislive)) THEN ' unsound' ELSE '' "
    "END, CASE WHEN i.indisunique THEN "
    "'unique' "
    "WHEN EXISTS (SELECT 1 FROM pg_partitioned_table p WHERE p.partrelid = t.oid AND NOT p.partattrs[0] = ANY "
    "(i.indkey::smallint[])) THEN 'apart' ELSE 'many' END FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid "
    "JOIN "
    "pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = current_schema()::regnamespace AND (NOT t.relispartition "
    "OR NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)) AND "
    "t.relkind IN ('r', 'p') AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY "
    "ic.relname",
    0,
    {NULL}};

static const struct nks_sql others_here = {
    "catalogue_others_here",
    "SELECT x.kind, x.name FROM (SELECT 'trigger' AS kind, t.tgname::text AS name FROM pg_trigger t JOIN pg_class c ON "
    "c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace UNION ALL SELECT "
    "'rule', r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN' "
    "AND "
    "c.relnamespace = current_schema()::regnamespace UNION ALL SELECT 'view', c.relname::text FROM pg_class c WHERE "
    "c.relkind IN ('v', 'm') AND c.relnamespace = current_schema()::regnamespace UNION ALL SELECT 'sequence', "
    "c.relname::text FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = current_schema()::regnamespace UNION "
    "ALL "
    "SELECT 'foreign table', c.relname::text FROM pg_class c WHERE c.relkind = 'f' AND c.relnamespace = "
    "current_schema()::regnamespace UNION ALL SELECT 'policy', p.polname::text FROM pg_policy p JOIN pg_class c ON "
    "c.oid = "
    "p.polrelid WHERE c.relnamespace = current_schema()::regnamespace UNION ALL SELECT 'function', f.proname::text "
    "FROM "
    "pg_proc f WHERE f.pronamespace = current_schema()::regnamespace UNION ALL SELECT 'event trigger', e.evtname::text "
    "FROM pg_event_trigger e UNION ALL SELECT 'constraint', k.conname::text FROM pg_constraint k WHERE k.contype NOT "
    "IN ('p', 'u', 'n') AND k.connamespace = current_schema()::regnamespace) x ORDER BY x.kind, x.name",
    0,
    {NULL}};

enum { NAME, FACTS, UNIQUE, NAME_ROOM = 80 };

struct side {
    struct nks_stmt *stmt;
    bool more;
};

static enum nks_status side_begin(struct nks_db *db, const struct nks_sql *sql, struct side *side,
                                  struct nks_fault *fault)
{
    NKS_TRY(nks_stmt_start(db, sql, &side->stmt, fault));
    return nks_stmt_step(side->stmt, &side->more, fault);
}

/* Of two present rows the one that comes first; 0: they are of one object. */
static int compare(const struct side *here, const struct side *made)
{
    if (!here->more || !made->more)
        return here->more ? -1 : 1;
    return nks_text_compare(nks_column_text(here->stmt, NAME), nks_column_text(made->stmt, NAME));
}

static bool same(const struct side *here, const struct side *made)
{
    struct nks_text unique = nks_column_text(here->stmt, UNIQUE);
    return nks_text_equal(nks_column_text(here->stmt, FACTS), nks_column_text(made->stmt, FACTS)) &&
           (nks_text_is(unique, "apart") || nks_text_equal(unique, nks_column_text(made->stmt, UNIQUE)));
}

struct telling {
    nks_db_catalogue_fn fn;
    void *context;
};

static enum nks_status tell(const struct telling *telling, const char *kind, struct nks_text name,
                            enum nks_db_difference difference)
{
    char text[NAME_ROOM];
    return nks_text_copy(name, text, sizeof text) /* a name of PostgreSQL has 63 bytes at most */
               ? telling->fn(telling->context, kind, text, difference)
               : telling->fn(telling->context, kind, "?", difference);
}

static enum nks_status sides(const struct telling *telling, const char *kind, struct side *here, struct side *made,
                             struct nks_fault *fault)
{
    while (here->more || made->more) {
        int order = compare(here, made);
        if (order < 0)
            NKS_TRY(tell(telling, kind, nks_column_text(here->stmt, NAME), NKS_DB_FOREIGN));
        else if (order > 0)
            NKS_TRY(tell(telling, kind, nks_column_text(made->stmt, NAME), NKS_DB_MISSING));
        else if (!same(here, made))
            NKS_TRY(tell(telling, kind, nks_column_text(here->stmt, NAME), NKS_DB_CHANGED));
        if (order <= 0)
            NKS_TRY(nks_stmt_step(here->stmt, &here->more, fault));
        if (order >= 0)
            NKS_TRY(nks_stmt_step(made->stmt, &made->more, fault));
    }
    return NKS_OK;
}

static enum nks_status both(struct nks_db *db, struct nks_db *made, const struct telling *telling, const char *kind,
                            const struct nks_sql *sql_here, const struct nks_sql *sql_made, struct nks_fault *fault)
{
    struct side here = {NULL, false}, there = {NULL, false};
    enum nks_status status = side_begin(db, sql_here, &here, fault);
    if (status == NKS_OK)
        status = side_begin(made, sql_made, &there, fault);
    if (status == NKS_OK)
        status = sides(telling, kind, &here, &there, fault);
    if (here.stmt != NULL)
        nks_stmt_end(here.stmt);
    if (there.stmt != NULL)
        nks_stmt_end(there.stmt);
    return status;
}

static enum nks_status others(struct nks_db *db, const struct telling *telling, struct nks_fault *fault)
{
    struct side here = {NULL, false};
    enum nks_status status = side_begin(db, &others_here, &here, fault);
    while (status == NKS_OK && here.more) {
        char kind[NAME_ROOM];
        if (!nks_text_copy(nks_column_text(here.stmt, 0), kind, sizeof kind))
            kind[0] = '\0';
        status = tell(telling, kind, nks_column_text(here.stmt, 1), NKS_DB_FOREIGN);
        if (status == NKS_OK)
            status = nks_stmt_step(here.stmt, &here.more, fault);
    }
    if (here.stmt != NULL)
        nks_stmt_end(here.stmt);
    return status;
}

enum nks_status nks_pg_catalogue(struct nks_db *db, struct nks_db *made, nks_db_catalogue_fn fn, void *context,
                                 struct nks_fault *fault)
{
    const struct telling telling = {fn, context};
    NKS_TRY(both(db, made, &telling, "index", &indexes_here, &indexes_made, fault));
    NKS_TRY(both(db, made, &telling, "table", &tables_here, &tables_made, fault));
    return others(db, &telling, fault);
}
