/* Persons and proposals: roles, ids and keys of their own, the rule of the second person, changed rows. */
#include "person/person.h"
#include "room_home.h"
#include "person_sql.h"

#include <sys/stat.h>

static struct room room;
static struct nks_persons *persons;

static void setup(void)
{
    room_open(&room, nks_migrations_person, nks_migrations_person_count);
    room_ok(&room, nks_persons_open(room.db, room.keys, &persons, &room.fault));
}

static void teardown(void)
{
    nks_persons_close(persons);
    room_close(&room);
}

static struct nks_person person(const char *name, int roles, uint8_t key)
{
    struct nks_person made = {.roles = roles, .since = 1763800000};
    snprintf(made.name, sizeof made.name, "%s", name);
    memset(made.key, key, sizeof made.key);
    return made;
}

static void sql(const char *text)
{
    struct nks_sql *statement = &room.statements[room.statement_count++];
    *statement = (struct nks_sql){.name = "test", .text = text};
    struct nks_stmt *stmt = NULL;
    room_ok(&room, nks_stmt_start(room.db, statement, &stmt, &room.fault));
    room_ok(&room, nks_stmt_run(stmt, NULL, &room.fault));
}

START_TEST(roles_are_words)
{
    char text[NKS_ROLES_TEXT];
    int roles = 0;
    ck_assert(nks_roles_read(NKS_TEXT("operator,approver"), &roles));
    ck_assert_int_eq(roles, NKS_ROLE_OPERATOR | NKS_ROLE_APPROVER);
    nks_roles_format(NKS_ROLE_ALL, text);
    ck_assert_str_eq(text, "operator,approver,looker");
    static const char *const wrong[] = {"", "boss", "operator,", ",operator", "operator approver", "Operator"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!nks_roles_read(nks_text_from(wrong[i]), &roles), "'%s'", wrong[i]);
}
END_TEST

START_TEST(each_has_an_id_and_a_key_of_its_own)
{
    struct nks_person an = person("an", NKS_ROLE_ALL, 1), same_id = person("an", NKS_ROLE_ALL, 2),
                      same_key = person("bo", NKS_ROLE_ALL, 1), found;
    bool is = false;
    room_ok(&room, nks_person_add(persons, &an, &room.fault));
    room_fails(&room, NKS_REFUSED, nks_person_add(persons, &same_id, &room.fault));
    room_fails(&room, NKS_REFUSED, nks_person_add(persons, &same_key, &room.fault));
    room_ok(&room, nks_person_find(persons, "an", &found, &is, &room.fault));
    ck_assert(is && found.roles == NKS_ROLE_ALL && memcmp(found.key, an.key, sizeof an.key) == 0);
    room_ok(&room, nks_person_end(persons, &found, 1763900000, &room.fault));
    room_ok(&room, nks_person_find(persons, "an", &found, &is, &room.fault));
    ck_assert(!is);
    /* the id may be given again, the key of somebody who left may not */
    room_fails(&room, NKS_REFUSED, nks_person_add(persons, &same_key, &room.fault));
    room_ok(&room, nks_person_add(persons, &same_id, &room.fault));
}
END_TEST

static const char *const person_changes[] = {
    "UPDATE person SET name = 'bo'",
    "UPDATE person SET ended_at = 7",
    "UPDATE person SET person_id = 9",
    "UPDATE person SET details = "
    "CAST('"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000' AS {bytes})",
};

START_TEST(a_changed_person_is_found_out)
{
    struct nks_person an = person("an", NKS_ROLE_ALL, 1), found;
    bool is = false;
    room_ok(&room, nks_person_add(persons, &an, &room.fault));
    sql(person_changes[_i]);
    room_fails(&room, NKS_INTEGRITY, nks_person_next(persons, 0, &found, &is, &room.fault));
}
END_TEST

static struct nks_proposal proposal(void)
{
    return (struct nks_proposal){.state = NKS_PROPOSAL_OPEN,
                                 .made = 1763800000,
                                 .act = "register import",
                                 .reason = "the month's register",
                                 .preview = "3 rows",
                                 .proposer = "an"};
}

START_TEST(the_second_person_is_another_one)
{
    struct nks_proposal open = proposal(), closed = proposal();
    const struct nks_person an = person("an", NKS_ROLE_ALL, 1), bo = person("bo", NKS_ROLE_APPROVER, 2),
                            op = person("op", NKS_ROLE_OPERATOR | NKS_ROLE_LOOKER, 3),
                            twin = person("twin", NKS_ROLE_ALL, 1);
    closed.state = NKS_PROPOSAL_DECLINED;
    ck_assert_int_eq(nks_second_person(&open, &an, &bo), NKS_SECOND_GOOD);
    ck_assert_int_eq(nks_second_person(&open, &an, &an), NKS_SECOND_SAME);
    ck_assert_int_eq(nks_second_person(&open, &an, &twin), NKS_SECOND_SAME);
    ck_assert_int_eq(nks_second_person(&open, &an, &op), NKS_SECOND_ROLE);
    ck_assert_int_eq(nks_second_person(&closed, &an, &bo), NKS_SECOND_STATE);
}
END_TEST

/* Operators and approvers now, the roles of who would end, and whether the home goes on. */
static const struct {
    int64_t operators, approvers;
    int roles;
    bool spare;
} spares[] = {
    {2, 2, NKS_ROLE_OPERATOR | NKS_ROLE_APPROVER, false},
    {3, 3, NKS_ROLE_OPERATOR | NKS_ROLE_APPROVER, true},
    {3, 2, NKS_ROLE_OPERATOR, true},
    {3, 2, NKS_ROLE_APPROVER, false},
    {1, 3, NKS_ROLE_OPERATOR, false},
    {1, 3, NKS_ROLE_APPROVER, true},
    {1, 3, NKS_ROLE_OPERATOR | NKS_ROLE_APPROVER, false},
    {1, 2, NKS_ROLE_LOOKER, true},
};

START_TEST(the_last_ones_cannot_be_spared)
{
    const struct nks_persons_count now = {spares[_i].operators, spares[_i].approvers};
    const struct nks_person who = person("an", spares[_i].roles, 1);
    ck_assert(nks_person_spare(&now, &who) == spares[_i].spare);
}
END_TEST

enum { O = NKS_ROLE_OPERATOR, A = NKS_ROLE_APPROVER, L = NKS_ROLE_LOOKER };
static const struct {
    int first, second;
    bool good;
} founders[] = {
    {L, 0, false},
    {O, 0, true},
    {A | L, 0, true},
    {O | A, O | A, true},
    {O, A, true},
    {A, O, true},
    {O | A, A, true},
    {A, O | A, true},
    {O | A, O, false},
    {O, O | A, false},
    {O | A, L, false},
    {O, O, false},
    {A, A, false},
    {A, L, false},
    {O, L, false},
    {O | A, O | L, false},
    {O | A | L, O | A, true},
};

START_TEST(founders_can_approve_what_the_other_proposes)
{
    ck_assert(nks_founders_good(founders[_i].first, founders[_i].second) == founders[_i].good);
}
END_TEST

START_TEST(a_proposal_is_kept_and_decided_once)
{
    struct nks_proposal made = proposal(), read;
    bool found = false;
    room_ok(&room, nks_proposal_add(persons, &made, &room.fault));
    room_ok(&room, nks_proposal_load(persons, made.id, &read, &found, &room.fault));
    ck_assert(found);
    ck_assert_str_eq(read.reason, made.reason);
    ck_assert_str_eq(read.act, made.act);
    read.state = NKS_PROPOSAL_APPROVED;
    snprintf(read.approver, sizeof read.approver, "bo");
    room_ok(&room, nks_proposal_decide(persons, &read, &room.fault));
    room_fails(&room, NKS_REFUSED, nks_proposal_decide(persons, &read, &room.fault));
    room_ok(&room, nks_proposal_load(persons, made.id, &read, &found, &room.fault));
    ck_assert_str_eq(read.approver, "bo");
    room_ok(&room, nks_proposal_load(persons, made.id + 1, &read, &found, &room.fault));
    ck_assert(!found);
    sql("UPDATE proposal SET state = 1"); /* open again, by hand */
    room_fails(&room, NKS_INTEGRITY, nks_proposal_load(persons, made.id, &read, &found, &room.fault));
}
END_TEST

START_TEST(what_is_signed_says_everything)
{
    struct nks_proposal a = proposal();
    char first[NKS_PROPOSAL_TEXT], second[NKS_PROPOSAL_TEXT];
    size_t first_len = 0, second_len = 0;
    ck_assert(nks_proposal_text(&a, first, &first_len));
    for (int i = 0; i < 6; i++) {
        struct nks_proposal b = proposal();
        char *const texts[] = {b.act, b.arguments, b.reason, b.proposer};
        if (i < 4)
            snprintf(texts[i], 8, "other");
        else if (i == 4)
            b.content[31] = 1;
        else
            b.made++;
        ck_assert(nks_proposal_text(&b, second, &second_len));
        ck_assert_msg(first_len != second_len || memcmp(first, second, first_len) != 0, "part %d", i);
    }
}
END_TEST

START_TEST(keys_sign_and_verify)
{
    char path[128], public_path[132];
    uint8_t key[NKS_PERSON_KEY_SIZE], own[NKS_PERSON_KEY_SIZE], signature[NKS_SIGNATURE_SIZE];
    snprintf(path, sizeof path, "%s/an.key", room.dir);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    room_ok(&room, nks_person_key_make(path, &room.fault));
    room_fails(&room, NKS_FAILED, nks_person_key_make(path, &room.fault));
    room_ok(&room, nks_person_key_public(public_path, key, &room.fault));
    room_ok(&room, nks_person_key_sign(path, "text", 4, signature, own, &room.fault));
    ck_assert_mem_eq(key, own, sizeof key);
    room_ok(&room, nks_person_key_verify(key, "text", 4, signature, &room.fault));
    room_fails(&room, NKS_REFUSED, nks_person_key_verify(key, "texT", 4, signature, &room.fault));
    signature[5] ^= 1;
    room_fails(&room, NKS_REFUSED, nks_person_key_verify(key, "text", 4, signature, &room.fault));
    room_fails(&room, NKS_FAILED, nks_person_key_sign(public_path, "text", 4, signature, own, &room.fault));
    ck_assert_int_eq(chmod(path, 0440), 0);
    room_fails(&room, NKS_FAILED, nks_person_key_sign(path, "text", 4, signature, own, &room.fault));
    ck_assert_str_eq(room.fault.code, "KEY-MODE");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("person");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, roles_are_words);
    tcase_add_test(tests, each_has_an_id_and_a_key_of_its_own);
    tcase_add_loop_test(tests, a_changed_person_is_found_out, 0,
                        (int)(sizeof person_changes / sizeof person_changes[0]));
    tcase_add_test(tests, the_second_person_is_another_one);
    tcase_add_loop_test(tests, the_last_ones_cannot_be_spared, 0, (int)(sizeof spares / sizeof spares[0]));
    tcase_add_loop_test(tests, founders_can_approve_what_the_other_proposes, 0,
                        (int)(sizeof founders / sizeof founders[0]));
    tcase_add_test(tests, a_proposal_is_kept_and_decided_once);
    tcase_add_test(tests, what_is_signed_says_everything);
    tcase_add_test(tests, keys_sign_and_verify);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
