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

/* ---- the catalogues */

static char differences[512];

static enum nks_status note(void *context, const char *kind, const char *name, enum nks_db_difference difference)
{
    static const char *const words[] = {
        [NKS_DB_FOREIGN] = "foreign", [NKS_DB_MISSING] = "missing", [NKS_DB_CHANGED] = "changed"};
    size_t len = strlen(differences);
    (void)context;
    snprintf(differences + len, sizeof differences - len, "%s %s %s;", words[difference], kind, name);
    return NKS_OK;
}

static const char *compared(struct nks_db *db)
{
    differences[0] = '\0';
    ok(nks_home_catalogue(db, note, NULL, &fault));
    return differences;
}

/* Of PostgreSQL the columns, keys and indexes are those that SQLite has by the same steps. */
START_TEST(catalogues_are_the_same)
{
    ck_assert_str_eq(compared(lite), "");
    ck_assert_str_eq(compared(postgres), "");
}
END_TEST

/* Each difference is seen, of every fact that is compared. */
START_TEST(differences_are_told)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"ALTER TABLE batch ADD COLUMN x BIGINT", "changed table batch;"},
        {"ALTER TABLE batch ALTER COLUMN kind DROP NOT NULL", "changed table batch;"},
        {"ALTER TABLE batch ALTER COLUMN kind TYPE TEXT", "changed table batch;"},
        {"ALTER TABLE batch ALTER COLUMN payer TYPE TEXT COLLATE \"default\"", "changed table batch;"},
        {"ALTER TABLE leg ALTER COLUMN told SET DEFAULT 1", "changed table leg;"},
        {"ALTER TABLE batch DROP CONSTRAINT batch_pkey", "changed table batch;"},
        {"ALTER TABLE agreement DROP CONSTRAINT agreement_sender_payer_version_key", "changed table agreement;"},
        {"DROP TABLE batch_told", "missing table batch_told;"},
        {"CREATE TABLE more (i BIGINT)", "foreign table more;"},
        {"DROP INDEX batch_ref", "missing index batch_ref;"},
        {"CREATE INDEX batch_more ON batch (payer)", "foreign index batch_more;"},
        {"DROP INDEX out_file_name; CREATE INDEX out_file_name ON out_file (folder, party, name)",
         "changed index out_file_name;"},
        {"DROP INDEX out_file_unanswered; CREATE INDEX out_file_unanswered ON out_file (file_id)",
         "changed index out_file_unanswered;"},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'batch_ref'::regclass", "changed index batch_ref;"},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'batch_pkey'::regclass", "changed table batch;"},
        {"CREATE INDEX more ON slice_details_3 (slice_id)", "foreign index more;"},
        {"ALTER TABLE batch ENABLE ROW LEVEL SECURITY", "changed table batch;"},
        {"ALTER TABLE slice_details_3 ENABLE ROW LEVEL SECURITY", "changed table slice_details;"},
        {"ALTER TABLE batch SET UNLOGGED", "changed table batch;"},
        {"ALTER TABLE slice_details_3 SET UNLOGGED", "changed table slice_details;"},
        {"ALTER TABLE slice_details DETACH PARTITION slice_details_3",
         "changed table slice_details;foreign table slice_details_3;"},
        {"ALTER TABLE slice_details DETACH PARTITION slice_details_3; CREATE SCHEMA away; ALTER TABLE slice_details_3 "
         "SET SCHEMA away; ALTER TABLE slice_details ATTACH PARTITION away.slice_details_3 FOR VALUES WITH (MODULUS 8, "
         "REMAINDER 3)",
         "changed table slice_details;"},
        {"CREATE TABLE child () INHERITS (batch)", "changed table batch;foreign table child;"},
        {"CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE child () "
         "INHERITS "
         "(batch) SERVER s",
         "changed table batch;foreign foreign table child;"},
        {"ALTER TABLE batch ALTER COLUMN kind ADD GENERATED BY DEFAULT AS IDENTITY",
         "changed table batch;foreign sequence batch_kind_seq;"},
        {"ALTER TABLE batch ADD CONSTRAINT positive CHECK (kind > 0) NOT VALID", "foreign constraint positive;"},
        {"CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON "
         "ddl_command_end EXECUTE FUNCTION f()",
         "foreign event trigger e;foreign function f;"},
        {"CREATE VIEW v AS SELECT 1 AS one", "foreign view v;"},
        {"CREATE SEQUENCE q", "foreign sequence q;"},
        {"CREATE RULE r AS ON INSERT TO batch DO INSTEAD NOTHING", "foreign rule r;"},
        {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER g BEFORE "
         "INSERT "
         "ON batch FOR EACH ROW EXECUTE FUNCTION f()",
         "foreign function f;foreign trigger g;"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ok(nks_db_begin(postgres, &fault));
        ok(nks_db_script(postgres, "change", rows[i].text, &fault));
        ck_assert_str_eq(compared(postgres), rows[i].told);
        nks_db_rollback(postgres);
    }
    ck_assert_str_eq(compared(postgres), "");
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

/*
 * What writes is executed, too, with the numbers as they are sent: a first execution prepares it with other types than
 * it was asked about. Nothing bound, its values are NULL; what says so is a column that takes none.
 */
static int64_t executed(void)
{
    int64_t wrong = 0;
    for (size_t m = 0; m < sizeof modules / sizeof modules[0]; m++) {
        for (const struct nks_sql *const *sql = modules[m]; *sql != NULL; sql++) {
            struct nks_stmt *stmt = NULL;
            bool found = false;
            if (makes_table(*sql))
                continue;
            nks_fault_clear(&fault);
            ok(nks_db_begin(postgres, &fault));
            ok(nks_stmt_start(postgres, *sql, &stmt, &fault));
            enum nks_status status = strncmp((*sql)->text, "SELECT", 6) == 0 || strncmp((*sql)->text, "WITH", 4) == 0
                                         ? nks_stmt_one(stmt, &found, &fault)
                                         : nks_stmt_run(stmt, &(int64_t){0}, &fault);
            if (status != NKS_OK && strstr(fault.line, "error 23502") == NULL) {
                fprintf(stderr, "%s\n", fault.line);
                wrong++;
            }
            nks_stmt_end(stmt);
            nks_db_rollback(postgres);
        }
    }
    return wrong;
}

START_TEST(every_statement_is_understood)
{
    ck_assert_int_ge(understood(lite, true), 5);
    ck_assert_int_ge(understood(lite, false), 300);
    ck_assert_int_ge(understood(postgres, true), 5);
    ck_assert_int_ge(understood(postgres, false), 300);
    ck_assert_int_eq(executed(), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("engines");
    TCase *t = tcase_create("both");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, catalogues_are_the_same);
    tcase_add_test(t, differences_are_told);
    tcase_add_test(t, every_statement_is_understood);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return server_suite(suite());
}
