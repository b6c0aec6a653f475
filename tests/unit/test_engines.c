/*
 * Both engines side by side: one set of migrations gives the same tables, columns, keys and indexes, and every named
 * statement of every module, the auditor's too, is understood by both. Skipped (77) where no server can be started.
 */
#include "postgres_server.h"

#include "db/db_private.h"
#include "stage/schema.h"

#include "agreement_sql.h"
#include "audit_sql.h"
#include "central_sql.h"
#include "debt_sql.h"
#include "exchange_sql.h"
#include "payment_sql.h"
#include "person_sql.h"
#include "register_sql.h"
#include "trail_sql.h"
#include "ventekonto_sql.h"

#include <check.h>

static struct nks_fault fault;
static struct nks_db *lite, *postgres;

static void ok(enum nks_status status)
{
    if (status != NKS_OK)
        ck_abort_msg("%s: %s", fault.code, fault.line);
}

static struct nks_db *open_at(const char *path)
{
    const struct nks_db_options options = {.path = path, .create = true, .busy_timeout_ms = 10000};
    struct nks_db *db = NULL;
    ok(nks_db_open(&options, &db, &fault));
    return db;
}

static void setup(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/engines.db", server_dir);
    remove(path);
    nks_fault_clear(&fault);
    lite = open_at(path);
    postgres = open_at(server_address);
    ok(nks_db_script(postgres, "setup", "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &fault));
    nks_db_close(postgres);
    postgres = open_at(server_address);
    ok(nks_home_migrate(lite, 1000, &fault));
    ok(nks_home_migrate(postgres, 1000, &fault));
}

static void teardown(void)
{
    nks_db_close(lite);
    nks_db_close(postgres);
}

/* ---- the catalogues, one line for each fact, in one order */

/* table, column, place, kind, NOT NULL, place in the primary key, default. A primary key is never NULL. */
static const struct nks_sql columns_lite = {
    "columns_lite",
    "SELECT t.name || ' ' || c.name || ' ' || c.cid || ' ' || CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'BLOB' "
    "THEN "
    "'bytes' WHEN 'TEXT' THEN 'text' ELSE c.type END || ' ' || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'set' ELSE "
    "'null' END || ' ' || c.pk || ' ' || coalesce(c.dflt_value, '-') FROM sqlite_schema t JOIN "
    "pragma_table_info(t.name) "
    "c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    0,
    {NULL}};
static const struct nks_sql columns_postgres = {
    "columns_postgres",
    "SELECT t.relname || ' ' || c.attname || ' ' || c.attnum - 1 || ' ' || CASE WHEN c.atttypid IN (20, 21, 23) THEN "
    "'number' WHEN c.atttypid = 17 THEN 'bytes' WHEN c.atttypid = 25 AND co.collname = 'C' THEN 'text' ELSE "
    "c.atttypid::text END || ' ' || CASE WHEN c.attnotnull THEN 'set' ELSE 'null' END || ' ' || "
    "coalesce(array_position(k.conkey, c.attnum), 0) || ' ' || "
    "coalesce(regexp_replace(pg_get_expr(d.adbin, d.adrelid), '::.*$', ''), '-') "
    "FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped "
    "LEFT JOIN pg_collation co ON co.oid = c.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = "
    "c.attnum LEFT JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'p' WHERE t.relkind IN ('r', 'p') AND "
    "NOT "
    "t.relispartition AND t.relnamespace = 'public'::regnamespace AND t.relname <> 'db_writer' ORDER BY t.relname "
    "COLLATE "
    "\"C\", c.attnum",
    0,
    {NULL}};

/* index, table, unique, columns, partial. Those of primary keys and of UNIQUE in a table have names of the engine's. */
static const struct nks_sql indexes_lite = {
    "indexes_lite",
    "SELECT i.name || ' ' || t.name || ' ' || CASE WHEN i.\"unique\" = 1 AND i.name NOT LIKE 'payment_re%_to' THEN "
    "'unique' ELSE 'many' END || ' ' || (SELECT group_concat(x.name, ',') FROM (SELECT name FROM "
    "pragma_index_info(i.name) "
    "ORDER BY seqno) x) || ' ' || i.partial FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = "
    "'table' "
    "AND i.origin = 'c' ORDER BY 1",
    0,
    {NULL}};
static const struct nks_sql indexes_postgres = {
    "indexes_postgres",
    "SELECT ic.relname || ' ' || t.relname || ' ' || CASE WHEN i.indisunique THEN 'unique' ELSE 'many' END || ' ' || "
    "(SELECT string_agg(c.attname, ',' ORDER BY k.place) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS "
    "k(number, "
    "place) JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.number) || ' ' || CASE WHEN i.indpred IS NULL "
    "THEN "
    "0 ELSE 1 END FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
    "WHERE "
    "t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND NOT EXISTS (SELECT 1 FROM pg_constraint k "
    "WHERE "
    "k.conindid = i.indexrelid) ORDER BY 1",
    0,
    {NULL}};

static void expect_same(const struct nks_sql *sql_lite, const struct nks_sql *sql_postgres, int64_t at_least)
{
    struct nks_stmt *one = NULL, *two = NULL;
    ok(nks_stmt_start(lite, sql_lite, &one, &fault));
    ok(nks_stmt_start(postgres, sql_postgres, &two, &fault));
    for (int64_t seen = 0;; seen++) {
        bool row_one = false, row_two = false;
        ok(nks_stmt_step(one, &row_one, &fault));
        ok(nks_stmt_step(two, &row_two, &fault));
        if (!row_one && !row_two) {
            ck_assert_int_ge(seen, at_least);
            return;
        }
        struct nks_text a = row_one ? nks_column_text(one, 0) : NKS_TEXT("nothing");
        struct nks_text b = row_two ? nks_column_text(two, 0) : NKS_TEXT("nothing");
        if (!nks_text_equal(a, b))
            ck_abort_msg("SQLite has %.*s, PostgreSQL %.*s", (int)a.len, a.ptr, (int)b.len, b.ptr);
    }
}

START_TEST(columns_are_the_same)
{
    expect_same(&columns_lite, &columns_postgres, 240);
}
END_TEST

START_TEST(indexes_are_the_same)
{
    expect_same(&indexes_lite, &indexes_postgres, 20);
}
END_TEST

/* ---- the statements */

static const struct nks_sql *const *const modules[] = {
    nks_statements_agreement, nks_statements_central,    nks_statements_register, nks_statements_debt,
    nks_statements_payment,   nks_statements_ventekonto, nks_statements_exchange, nks_statements_trail,
    nks_statements_person,    nks_statements_audit,
};

static bool makes_table(const struct nks_sql *sql)
{
    return strncmp(sql->text, "CREATE TEMP TABLE", 17) == 0;
}

static int64_t understood(struct nks_db *db, bool tables)
{
    int64_t count = 0, wrong = 0;
    for (size_t m = 0; m < sizeof modules / sizeof modules[0]; m++) {
        for (const struct nks_sql *const *sql = modules[m]; *sql != NULL; sql++) {
            struct nks_stmt *stmt = NULL;
            if (makes_table(*sql) != tables)
                continue;
            nks_fault_clear(&fault);
            enum nks_status status = nks_stmt_start(db, *sql, &stmt, &fault);
            if (status == NKS_OK && tables)
                status = nks_stmt_run(stmt, NULL, &fault);
            if (status != NKS_OK) {
                fprintf(stderr, "%s\n", fault.line);
                wrong++;
            }
            count++;
        }
    }
    ck_assert_int_eq(wrong, 0);
    return count;
}

START_TEST(every_statement_is_understood)
{
    ck_assert_int_ge(understood(lite, true), 5);
    ck_assert_int_ge(understood(lite, false), 300);
    ck_assert_int_ge(understood(postgres, true), 5);
    ck_assert_int_ge(understood(postgres, false), 300);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("engines");
    TCase *t = tcase_create("both");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, columns_are_the_same);
    tcase_add_test(t, indexes_are_the_same);
    tcase_add_test(t, every_statement_is_understood);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return server_suite(suite());
}
