/* The record of an import: read again as it was made, and no fact of it, no other table or version, and no byte
 * changed. */
#include "import/import_record.h"
#include "room_home.h"
#include "trail_sql.h"

#include <string.h>

static struct room room;
static struct nks_cipher *cipher;
static uint8_t record[NKS_IMPORT_RECORD];
static const struct nks_import_facts facts = {
    .version = 3, .imported_at = 1795780800, .rows = 10, .added = 4, .stored = 6};

static void setup(void)
{
    room_open(&room, nks_migrations_trail, nks_migrations_trail_count);
    room_ok(&room, nks_cipher_open(room.keys, NKS_KEY_REGISTER, &cipher, &room.fault));
    room_ok(&room, nks_import_record_make(cipher, "register_import", &facts, record, &room.fault));
}

static void teardown(void)
{
    nks_cipher_free(cipher);
    room_close(&room);
}

static enum nks_status read_as(const char *table, struct nks_import_facts *row, size_t len)
{
    nks_fault_clear(&room.fault);
    return nks_import_record_open(cipher, table, (struct nks_text){(const char *)record, len}, row, &room.fault);
}

START_TEST(is_read_as_it_was_made)
{
    struct nks_import_facts row = facts;
    row.stored = 0;
    ck_assert_int_eq(read_as("register_import", &row, sizeof record), NKS_OK);
    ck_assert_int_eq(row.stored, facts.stored);
}
END_TEST

START_TEST(another_fact_is_found)
{
    struct nks_import_facts row = facts;
    int64_t *const columns[] = {&row.version, &row.imported_at, &row.rows, &row.added};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        row = facts;
        ++*columns[i];
        ck_assert_int_eq(read_as("register_import", &row, sizeof record), NKS_INTEGRITY);
    }
    row = facts;
    ck_assert_int_eq(read_as("debt_import", &row, sizeof record), NKS_INTEGRITY);
}
END_TEST

START_TEST(a_changed_or_cut_record_is_found)
{
    struct nks_import_facts row = facts;
    for (size_t i = 0; i < sizeof record; i++) {
        record[i] ^= 1;
        ck_assert_int_eq(read_as("register_import", &row, sizeof record), NKS_INTEGRITY);
        record[i] ^= 1;
    }
    for (size_t len = 0; len < sizeof record; len++)
        ck_assert_int_eq(read_as("register_import", &row, len), NKS_INTEGRITY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import record");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, is_read_as_it_was_made);
    tcase_add_test(tests, another_fact_is_found);
    tcase_add_test(tests, a_changed_or_cut_record_is_found);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
