/* The ventekonto: entries, returns, the balance. */
#include "ventekonto/ventekonto.h"
#include "room_home.h"
#include "ventekonto_sql.h"

static struct room room;
static struct nks_ventekonto *ventekonto;

static void setup(void)
{
    room_open(&room, nks_migrations_ventekonto, nks_migrations_ventekonto_count);
    room_ok(&room, nks_ventekonto_open(room.db, room.keys, &ventekonto, &room.fault));
}

static void teardown(void)
{
    nks_ventekonto_close(ventekonto);
    room_close(&room);
}

static struct nks_ventekonto_entry entry(int32_t n, int32_t generation, int64_t amount_minor)
{
    return (struct nks_ventekonto_entry){.slice_id = 3,
                                         .n = n,
                                         .generation = generation,
                                         .holder = {11, 12},
                                         .payer = NKS_TEXT("proeveskat"),
                                         .amount_minor = amount_minor,
                                         .currency = NKS_TEXT("DKK"),
                                         .date_in = 20780,
                                         .holder_kind = NKS_TEXT("CPR"),
                                         .holder_id = NKS_TEXT("0101415001"),
                                         .ydelsesart = NKS_TEXT("NKSOST"),
                                         .end_to_end_id = NKS_TEXT("E2E-1")};
}

static void add(int32_t n, int32_t generation, int64_t amount_minor)
{
    struct nks_ventekonto_entry e = entry(n, generation, amount_minor);
    room_ok(&room, nks_ventekonto_add(ventekonto, &e, &room.fault));
}

static void expect_balance(int64_t entries, int64_t amount_minor)
{
    int64_t count = -1, sum = -1;
    room_ok(&room, nks_ventekonto_balance(ventekonto, &count, &sum, &room.fault));
    ck_assert_int_eq(count, entries);
    ck_assert_int_eq(sum, amount_minor);
}

START_TEST(adds_and_balances)
{
    expect_balance(0, 0);
    add(1, 1, 98000);
    add(2, 1, 112000);
    expect_balance(2, 210000);
    struct nks_ventekonto_entry again = entry(1, 1, 5);
    room_fails(&room, NKS_FAILED, nks_ventekonto_add(ventekonto, &again, &room.fault)); /* one entry per leg and try */
    add(1, 2, 98000);
    expect_balance(3, 308000);
}
END_TEST

START_TEST(returns)
{
    add(1, 1, 98000);
    add(2, 1, 112000);
    room_ok(&room, nks_ventekonto_return(ventekonto, 3, 1, 1, &room.fault));
    expect_balance(1, 112000);
    room_ok(&room, nks_ventekonto_return(ventekonto, 3, 1, 1, &room.fault)); /* again: nothing */
    expect_balance(1, 112000);
    room_fails(&room, NKS_HELD, nks_ventekonto_return(ventekonto, 3, 9, 1, &room.fault));
    room_sql(&room, "UPDATE ventekonto_entry SET state = 2 WHERE n = 2");
    room_fails(&room, NKS_HELD, nks_ventekonto_return(ventekonto, 3, 2, 1, &room.fault)); /* released: a person looks */
    ck_assert_str_eq(room.fault.code, "VENTEKONTO-STATE");
}
END_TEST

START_TEST(is_part_of_the_callers_transaction)
{
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    add(1, 1, 98000);
    nks_db_rollback(room.db);
    expect_balance(0, 0);
}
END_TEST

START_TEST(details_are_not_in_clear)
{
    if (room_is_far()) /* its SQL is SQLite's */
        return;
    add(1, 1, 98000);
    ck_assert_int_eq(room_sql(&room,
                              "SELECT count(*) FROM ventekonto_entry WHERE instr(details, CAST('0101415001' AS BLOB)) "
                              "> 0 OR instr(details, CAST('E2E-1' AS BLOB)) > 0"),
                     0);
}
END_TEST

START_TEST(too_long_is_refused)
{
    static char text[4000];
    memset(text, 'x', sizeof text);
    struct nks_ventekonto_entry e = entry(1, 1, 5);
    e.end_to_end_id = (struct nks_text){text, sizeof text};
    room_fails(&room, NKS_FAILED, nks_ventekonto_add(ventekonto, &e, &room.fault));
    expect_balance(0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ventekonto");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, adds_and_balances);
    tcase_add_test(tests, returns);
    tcase_add_test(tests, is_part_of_the_callers_transaction);
    tcase_add_test(tests, details_are_not_in_clear);
    tcase_add_test(tests, too_long_is_refused);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
