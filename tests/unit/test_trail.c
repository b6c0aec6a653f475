/* The trail: links, chains, what a change of one shows, commits without a link, looks, days. */
#include "trail/trail.h"
#include "room_home.h"
#include "trail_sql.h"

static struct room room;
static struct nks_trail *trail;
enum { NOON = 1795780800 }; /* 2026-11-27T12:00:00Z */

static void setup(void)
{
    room_open(&room, nks_migrations_trail, nks_migrations_trail_count);
    room_ok(&room, nks_trail_open(room.db, room.keys, NOON, "nks test", &trail, &room.fault));
}

static void teardown(void)
{
    nks_trail_close(trail);
    room_close(&room);
}

static void add(int64_t batch_id, const char *reason, const struct nks_blind *holder)
{
    struct nks_trail_entry entry = {
        .action = NKS_TRAIL_STOP, .batch_id = batch_id, .number = 5, .reason = reason, .holder = holder};
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
}

static void sql(const char *text)
{
    struct nks_sql *statement = &room.statements[room.statement_count++];
    *statement = (struct nks_sql){.name = "test", .text = text};
    struct nks_stmt *stmt = NULL;
    nks_db_on_commit(room.db, NULL, NULL);
    room_ok(&room, nks_stmt_start(room.db, statement, &stmt, &room.fault));
    room_ok(&room, nks_stmt_run(stmt, NULL, &room.fault));
}

/* How many links of a chain follow each other from its start. */
static int64_t good_links(int64_t chain)
{
    static struct nks_trail_link links[2];
    const struct nks_trail_link *before = NULL;
    for (int64_t count = 0;; count++) {
        struct nks_trail_link *link = &links[count % 2];
        bool found = false;
        nks_fault_clear(&room.fault);
        if (nks_trail_next(trail, chain, before == NULL ? 0 : before->link, link, &found, &room.fault) != NKS_OK ||
            !found || !nks_trail_follows(before, link))
            return count;
        before = link;
    }
}

static void three(void)
{
    add(7, "first", NULL);
    add(7, "second", NULL);
    add(7, "third", NULL);
    add(8, "another batch", NULL);
}

START_TEST(links_follow_and_say_what_was_said)
{
    struct nks_trail_link link;
    bool found = false;
    three();
    ck_assert_int_eq(good_links(7), 3);
    ck_assert_int_eq(good_links(8), 1);
    room_ok(&room, nks_trail_next(trail, 7, 1, &link, &found, &room.fault));
    ck_assert(found);
    ck_assert_str_eq(link.reason, "second");
    ck_assert_str_eq(link.who, "nks test");
    ck_assert_int_eq(link.at, NOON);
    ck_assert_int_eq(link.number, 5);
}
END_TEST

/* Each column by itself, a link that is taken out, one put elsewhere, two that change places. */
static const struct {
    const char *text;
    int64_t good;
} changes[] = {
    {"UPDATE trail_link SET at = at + 1 WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET action = action + 1 WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET slice_id = 1 WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET number = 6 WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET hash = CAST('00000000000000000000000000000000' AS {bytes}) WHERE chain = 7 AND link = 2",
     1},
    {"UPDATE trail_link SET hash = CAST('0' AS {bytes}) WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET commitment = CAST('00000000000000000000000000000000' AS {bytes}) WHERE chain = 7 AND link "
     "= 2",
     1},
    {"UPDATE trail_link SET holders = NULL WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET holders = CAST('0' AS {bytes}) WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET holders = hash WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET details = "
     "CAST('00000000000000000000000000000000000000000000000000000000000000000000000000000000' AS {bytes}) WHERE chain "
     "= 7 AND link = 2",
     1},
    {"UPDATE trail_link SET details = (SELECT d.details FROM trail_link d WHERE d.chain = 7 AND d.link = 3)"
     " WHERE chain = 7 AND link = 2",
     1},
    {"DELETE FROM trail_link WHERE chain = 7 AND link = 2", 1},
    {"DELETE FROM trail_link WHERE chain = 7 AND link = 1", 0},
    {"UPDATE trail_link SET link = 4 WHERE chain = 7 AND link = 2", 1},
    {"UPDATE trail_link SET chain = 8, link = 2 WHERE chain = 7 AND link = 2", 1},
};

START_TEST(a_changed_link_breaks_the_chain)
{
    three();
    sql(changes[_i].text);
    ck_assert_int_eq(good_links(7), changes[_i].good);
}
END_TEST

START_TEST(chains_are_checked_without_secrets)
{
    char path[128];
    struct nks_keys *public_keys = NULL;
    three();
    nks_trail_close(trail);
    snprintf(path, sizeof path, "%s/keys", room.dir);
    room_ok(&room, nks_keys_load_public(path, &public_keys, &room.fault));
    room_ok(&room, nks_trail_open(room.db, public_keys, NOON, "nks test", &trail, &room.fault));
    ck_assert_int_eq(good_links(7), 3);
    struct nks_trail_entry entry = {.action = NKS_TRAIL_STOP};
    room_fails(&room, NKS_FAILED, nks_trail_add(trail, &entry, &room.fault));
    nks_keys_free(public_keys);
}
END_TEST

START_TEST(a_commit_without_a_link_gets_one)
{
    static const struct nks_sql change = {.name = "change", .text = "INSERT INTO trail_holder VALUES (1, 2, 3, 4)"};
    struct nks_stmt *stmt = NULL;
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault)); /* changed nothing: no link */
    ck_assert_int_eq(good_links(0), 0);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_stmt_start(room.db, &change, &stmt, &room.fault));
    room_ok(&room, nks_stmt_run(stmt, NULL, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
    ck_assert_int_eq(good_links(0), 1);
}
END_TEST

START_TEST(a_link_goes_with_its_transaction)
{
    struct nks_trail_entry entry = {.action = NKS_TRAIL_ERASE, .batch_id = 7};
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    nks_db_rollback(room.db);
    ck_assert_int_eq(good_links(7), 0);
    add(7, "now", NULL);
    ck_assert_int_eq(good_links(7), 1);
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
    char text[600] = "x";
    struct nks_trail_link link;
    bool found = false;
    for (size_t i = 1; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA6", 3);
    add(7, text, NULL);
    room_ok(&room, nks_trail_next(trail, 7, 0, &link, &found, &room.fault));
    ck_assert_uint_eq(strlen(link.reason), NKS_TRAIL_REASON_MAX - 1);
    ck_assert_int_eq((unsigned char)link.reason[NKS_TRAIL_REASON_MAX - 2], 0xA6);
}
END_TEST

START_TEST(looks_are_found_for_their_holder)
{
    struct nks_trail_link link;
    const struct nks_blind anna = {11, 12}, other = {11, 13};
    bool found = false;
    add(7, "a complaint", &anna);
    add(7, "none", NULL);
    add(3, "a control", &anna);
    room_ok(&room, nks_trail_next_of_holder(trail, &anna, -1, 0, &link, &found, &room.fault));
    ck_assert(found && link.chain == 3);
    room_ok(&room, nks_trail_next_of_holder(trail, &anna, 3, link.link, &link, &found, &room.fault));
    ck_assert(found && link.chain == 7);
    ck_assert_str_eq(link.reason, "a complaint");
    room_ok(&room, nks_trail_next_of_holder(trail, &anna, 7, link.link, &link, &found, &room.fault));
    ck_assert(!found);
    room_ok(&room, nks_trail_next_of_holder(trail, &other, -1, 0, &link, &found, &room.fault));
    ck_assert(!found);
}
END_TEST

START_TEST(days_wait_for_their_seal)
{
    nks_date day = 0, today = nks_copenhagen_date(NOON);
    int64_t chain = -1;
    bool found = false;
    three();
    room_ok(&room, nks_trail_unsealed_day(trail, NKS_DATE_NONE, &day, &found, &room.fault));
    ck_assert(found && day == today);
    room_ok(&room, nks_trail_chain_of_day(trail, day, -1, &chain, &found, &room.fault));
    ck_assert(found && chain == 7);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_sealed(trail, day, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
    ck_assert_int_eq(good_links(0), 0); /* a seal leaves no link that would want a seal */
    room_ok(&room, nks_trail_unsealed_day(trail, NKS_DATE_NONE, &day, &found, &room.fault));
    ck_assert(!found);
    /* a clock that goes back does not open a day before the newest one */
    nks_trail_close(trail);
    room_ok(&room, nks_trail_open(room.db, room.keys, NOON - 3 * 86400, "nks test", &trail, &room.fault));
    add(8, "later", NULL);
    room_ok(&room, nks_trail_unsealed_day(trail, NKS_DATE_NONE, &day, &found, &room.fault));
    ck_assert(found && day == today);
}
END_TEST

/* What is done to the row of a look's holder; the look is link 1 of chain 7, and link 1 of chain 8 is none. */
static const struct {
    const char *text;
    bool good;
} holder_changes[] = {
    {"UPDATE trail_holder SET link = 1", true},        {"DELETE FROM trail_holder", false},
    {"UPDATE trail_holder SET holder_key = 5", false}, {"UPDATE trail_holder SET holder_check = 5", false},
    {"UPDATE trail_holder SET link = 2", false},       {"INSERT INTO trail_holder VALUES (1, 2, 7, 1)", false},
};

START_TEST(a_look_is_bound_to_its_holder)
{
    const struct nks_blind holder = {.key = 3, .check = 4};
    struct nks_trail_link link;
    bool found = false, good = false;
    add(7, "a look", &holder);
    add(8, "no look", NULL);
    sql(holder_changes[_i].text);
    ck_assert_int_eq(good_links(7), 1);
    room_ok(&room, nks_trail_next(trail, 7, 0, &link, &found, &room.fault));
    room_ok(&room, nks_trail_holders_check(trail, &link, &good, &room.fault));
    ck_assert(good == holder_changes[_i].good);
    room_ok(&room, nks_trail_next(trail, 8, 0, &link, &found, &room.fault));
    room_ok(&room, nks_trail_holders_check(trail, &link, &good, &room.fault));
    ck_assert(good);
}
END_TEST

/* Links of before step 2 of the schema: their hash knows no holders, and new ones follow them. */
START_TEST(links_of_before_still_follow)
{
    if (room_is_far()) /* its SQL is SQLite's */
        return;
    const struct nks_blind holder = {.key = 3, .check = 4};
    struct nks_keys *public_keys = NULL;
    struct nks_trail_link old, link;
    char path[128];
    bool found = false, good = false;
    sql("INSERT INTO trail_link(chain, link, at, action, slice_id, number, details, commitment, hash) VALUES (9, 1, 5,"
        " 60, 0, 0, x'00', zeroblob(32), x'bd656f2a78f27dff236b9f673149fe799a39d06f1ccea52e2ca2291cc07235c8')");
    sql("INSERT INTO trail_holder VALUES (1, 2, 9, 1)");
    add(9, "a new one", &holder);
    nks_trail_close(trail);
    snprintf(path, sizeof path, "%s/keys", room.dir);
    room_ok(&room, nks_keys_load_public(path, &public_keys, &room.fault));
    room_ok(&room, nks_trail_open(room.db, public_keys, NOON, "nks test", &trail, &room.fault));
    room_ok(&room, nks_trail_next(trail, 9, 0, &old, &found, &room.fault));
    ck_assert(found && !old.binds_holders && nks_trail_follows(NULL, &old));
    room_ok(&room, nks_trail_holders_check(trail, &old, &good, &room.fault));
    ck_assert(good);
    room_ok(&room, nks_trail_next(trail, 9, 1, &link, &found, &room.fault));
    ck_assert(found && link.binds_holders && nks_trail_follows(&old, &link));
    room_ok(&room, nks_trail_holders_check(trail, &link, &good, &room.fault));
    ck_assert(good);
    nks_keys_free(public_keys);
}
END_TEST

START_TEST(a_link_says_what_it_is_about)
{
    static const uint8_t one[NKS_HASH_SIZE] = {1, 2, 3}, other[NKS_HASH_SIZE] = {4}, none[NKS_HASH_SIZE];
    const struct nks_trail_entry behind = {.action = NKS_TRAIL_IMPORT, .who = "an", .about = other};
    struct nks_trail_entry entry = {.action = NKS_TRAIL_IMPORT, .about = one};
    struct nks_trail_link link;
    bool found = false;
    add(0, "nothing in particular", NULL);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    nks_trail_default(trail, &behind);
    entry.about = NULL;
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
    ck_assert_int_eq(good_links(0), 3);
    room_ok(&room, nks_trail_next(trail, 0, 0, &link, &found, &room.fault));
    ck_assert_mem_eq(link.about, none, sizeof none);
    room_ok(&room, nks_trail_next_of_action(trail, 0, NKS_TRAIL_IMPORT, 0, &link, &found, &room.fault));
    ck_assert(found && link.link == 2);
    ck_assert_mem_eq(link.about, one, sizeof one);
    room_ok(&room, nks_trail_next_of_action(trail, 0, NKS_TRAIL_IMPORT, 2, &link, &found, &room.fault));
    ck_assert(found && link.link == 3);
    ck_assert_mem_eq(link.about, other, sizeof other);
    room_ok(&room, nks_trail_next_of_action(trail, 0, NKS_TRAIL_IMPORT, 3, &link, &found, &room.fault));
    ck_assert(!found);
}
END_TEST

static enum nks_status with(void *context, struct nks_fault *fault)
{
    int *calls = context;
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_APPROVE};
    ++*calls;
    return *calls > 2 ? nks_fault_set(fault, NKS_REFUSED, "TEST", "no more") : nks_trail_add(trail, &entry, fault);
}

START_TEST(what_goes_with_a_link_goes_with_its_transaction)
{
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_REPLAY};
    int calls = 0;
    nks_trail_with(trail, with, &calls);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault)); /* the same transaction: not again */
    nks_db_rollback(room.db);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(good_links(0), 0);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_ok(&room, nks_trail_add(trail, &entry, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(good_links(0), 2);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    room_fails(&room, NKS_REFUSED, nks_trail_add(trail, &entry, &room.fault));
    nks_db_rollback(room.db);
    nks_trail_with(trail, NULL, NULL);
    ck_assert_int_eq(good_links(0), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trail");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, links_follow_and_say_what_was_said);
    tcase_add_loop_test(tests, a_changed_link_breaks_the_chain, 0, (int)(sizeof changes / sizeof changes[0]));
    tcase_add_test(tests, chains_are_checked_without_secrets);
    tcase_add_test(tests, a_commit_without_a_link_gets_one);
    tcase_add_test(tests, a_link_goes_with_its_transaction);
    tcase_add_test(tests, long_texts_are_cut_between_characters);
    tcase_add_test(tests, looks_are_found_for_their_holder);
    tcase_add_test(tests, days_wait_for_their_seal);
    tcase_add_loop_test(tests, a_look_is_bound_to_its_holder, 0,
                        (int)(sizeof holder_changes / sizeof holder_changes[0]));
    tcase_add_test(tests, links_of_before_still_follow);
    tcase_add_test(tests, a_link_says_what_it_is_about);
    tcase_add_test(tests, what_goes_with_a_link_goes_with_its_transaction);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
