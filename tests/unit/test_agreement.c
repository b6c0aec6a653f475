/* Agreements: import with versions, the book, and which version governs on a day. */
#include "agreement/agreement.h"
#include "agreement_sql.h"
#include "room_home.h"

#define HEADER                                                                                                         \
    "sender,payer,payer_cvr,payer_name,customer_id,debtor_accounts,ydelsesarter,offset_mode,offset_ydelsesarter,"      \
    "days_before,no_account,no_account_account,no_account_name,report_level,report_version,valid_from,valid_to\n"
#define TAX                                                                                                            \
    "proeveskat,proeveskat,99010118,Prøvestyrelsen,PSKAT-01;PSKAT-02,10010000000101;30010000000102,"                  \
    "NKSOST;NKSOAM;NKSTIB,SPLIT,NKSOST;NKSOAM,2,VENTEKONTO,39990000000901,Prøvestatens ventekonto,ALL,SAME,"          \
    "2025-07-01,\n"
#define REGION                                                                                                         \
    "datacenter,proeve-region,99010401,Region Prøveland,REG-7,DK3960020000000501,*,NONE,,,,,,,10,2025-07-01,\n"
#define SCHOOL                                                                                                           \
    "datacenter,proeve-skole,99010509,\"Skole, Prøvkøbing\",,60010000000401,NKSLØN,REDIRECT,NKSLØN,0,ERROR_ACCOUNT," \
    "10020000000209,Fejlkonto,END,03,2025-07-01,2026-12-31\n"

static struct room room;
static struct nks_arena arena;
static struct nks_agreement_book book;

static void setup(void)
{
    room_open(&room, nks_migrations_agreement, nks_migrations_agreement_count);
    nks_arena_init(&arena, (size_t)64 << 20);
}

static void teardown(void)
{
    nks_arena_free(&arena);
    room_close(&room);
}

static enum nks_status import_as(const char *rows, bool full, bool dry_run, struct nks_import_result *result)
{
    int fd = room_file(HEADER, rows);
    struct nks_import_options options = {.full = full, .dry_run = dry_run, .now = 1763800000};
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_agreement_import(room.db, room.keys, fd, &options, result, &room.fault);
    close(fd);
    ck_assert(!nks_db_in_transaction(room.db));
    return status;
}

static struct nks_import_result import(const char *rows)
{
    struct nks_import_result result;
    room_ok(&room, import_as(rows, false, false, &result));
    return result;
}

static void load(void)
{
    nks_arena_reset(&arena);
    room_ok(&room, nks_agreement_book_load(room.db, room.keys, &arena, &book, &room.fault));
}

static nks_date day(const char *text)
{
    nks_date date;
    ck_assert(nks_date_parse(nks_text_from(text), false, &date));
    return date;
}

static const struct nks_agreement *customer(const char *sender, const char *id, const char *on)
{
    return nks_agreement_find_customer(&book, nks_text_from(sender), nks_text_from(id), day(on));
}

static const struct nks_agreement *by_account(const char *sender, const char *text, const char *on)
{
    struct nks_account account;
    ck_assert(nks_account_parse(nks_text_from(text), &account));
    return nks_agreement_find_account(&book, nks_text_from(sender), &account, day(on));
}

#define REPORT_HEADER                                                                                                  \
    "sender,payer,payer_cvr,payer_name,debtor_accounts,ydelsesarter,payer_kind,report_account,report_debt,"            \
    "reason_language,valid_from\n"
#define REPORT_ROW(payer, columns) "center," payer ",99010118,Prøve,10010000000101,*," columns ",2025-07-01\n"

static enum nks_status import_report(const char *rows)
{
    struct nks_import_result result;
    const struct nks_import_options options = {.now = 1763800000};
    int fd = room_file(REPORT_HEADER, rows);
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_agreement_import(room.db, room.keys, fd, &options, &result, &room.fault);
    close(fd);
    return status;
}

/* What reports may tell: empty columns, all of them, and what a private payer may not have. */
START_TEST(report_columns)
{
    static const struct {
        const char *row;
        bool good, account, debt;
        enum nks_payer_kind kind;
        enum nks_language language;
    } cases[] = {
        {REPORT_ROW("p", ",,,"), true, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
        {REPORT_ROW("p", "PUBLIC,yes,yes,da"), true, true, true, NKS_PAYER_PUBLIC, NKS_DANISH},
        {REPORT_ROW("p", "PUBLIC,no,no,en"), true, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
        {REPORT_ROW("p", "PRIVATE,no,yes,da"), true, false, true, NKS_PAYER_PRIVATE, NKS_DANISH},
        {REPORT_ROW("p", "PRIVATE,yes,no,en"), false, false, false, NKS_PAYER_PRIVATE, NKS_ENGLISH},
        {REPORT_ROW("p", "public,no,no,en"), false, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
        {REPORT_ROW("p", "PUBLIC,YES,no,en"), false, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
        {REPORT_ROW("p", "PUBLIC,no,1,en"), false, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
        {REPORT_ROW("p", "PUBLIC,no,no,dk"), false, false, false, NKS_PAYER_PUBLIC, NKS_ENGLISH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(import_report(cases[i].row), cases[i].good ? NKS_OK : NKS_REFUSED);
        if (!cases[i].good)
            continue;
        load();
        const struct nks_agreement *a = by_account("center", "10010000000101", "2026-11-23");
        ck_assert_ptr_nonnull(a);
        ck_assert_int_eq(a->payer_kind, cases[i].kind);
        ck_assert_int_eq(a->report_account, cases[i].account);
        ck_assert_int_eq(a->report_debt, cases[i].debt);
        ck_assert_int_eq(a->reason_language, cases[i].language);
    }
}
END_TEST

/* A file that nobody can be found for is answered in the language that all agreements of its sender share. */
START_TEST(sender_language)
{
    ck_assert_int_eq(import_report(REPORT_ROW("a", ",,,da") REPORT_ROW("b", ",,,da")), NKS_OK);
    load();
    ck_assert_int_eq(nks_agreement_sender_language(&book, NKS_TEXT("center"), day("2026-11-23")), NKS_DANISH);
    ck_assert_int_eq(nks_agreement_sender_language(&book, NKS_TEXT("center"), day("2025-06-30")), NKS_ENGLISH);
    ck_assert_int_eq(nks_agreement_sender_language(&book, NKS_TEXT("other"), day("2026-11-23")), NKS_ENGLISH);
    ck_assert_int_eq(import_report(REPORT_ROW("b", ",,,en")), NKS_OK);
    load();
    ck_assert_int_eq(nks_agreement_sender_language(&book, NKS_TEXT("center"), day("2026-11-23")), NKS_ENGLISH);
}
END_TEST

START_TEST(every_term_comes_back)
{
    struct nks_import_result result = import(TAX REGION SCHOOL);
    ck_assert_int_eq(result.added, 3);
    ck_assert_int_eq(result.version, 1);
    load();
    ck_assert_uint_eq(book.count, 3);
    const struct nks_agreement *a = customer("proeveskat", "PSKAT-02", "2026-11-23");
    ck_assert_ptr_nonnull(a);
    ck_assert_str_eq(a->payer_cvr, "99010118");
    ck_assert(nks_text_is(a->payer_name, "Prøvestyrelsen"));
    ck_assert_uint_eq(a->account_count, 2);
    ck_assert_uint_eq(a->ydelsesart_count, 3);
    ck_assert(!a->any_ydelsesart);
    ck_assert_int_eq(a->offset_mode, NKS_OFFSET_SPLIT);
    ck_assert_int_eq(a->days_before, 2);
    ck_assert_int_eq(a->no_account, NKS_NO_ACCOUNT_VENTEKONTO);
    ck_assert_str_eq(a->no_account_account.id, "39990000000901");
    ck_assert(nks_text_is(a->no_account_name, "Prøvestatens ventekonto"));
    ck_assert_int_eq(a->report_version, 0);
    ck_assert_int_eq(a->valid_to, NKS_DATE_NONE);
    ck_assert_ptr_eq(nks_agreement_by_id(&book, a->id), a);
    ck_assert_ptr_null(nks_agreement_by_id(&book, 99));
    ck_assert(nks_agreement_has_ydelsesart(a, NKS_TEXT("NKSTIB")));
    ck_assert(nks_agreement_has_ydelsesart(a, NKS_TEXT("")));
    ck_assert(!nks_agreement_has_ydelsesart(a, NKS_TEXT("NKSLØN")));
    ck_assert(nks_agreement_offsets(a, NKS_TEXT("NKSOST")));
    ck_assert(!nks_agreement_offsets(a, NKS_TEXT("NKSTIB")));
    ck_assert(!nks_agreement_offsets(a, NKS_TEXT("")));
    a = customer("datacenter", "REG-7", "2026-11-23");
    ck_assert_int_eq(a->days_before, 1);
    ck_assert_int_eq(a->report_version, 10);
    ck_assert_int_eq(a->report_level, NKS_REPORT_ALL);
    ck_assert_int_eq(a->no_account, NKS_NO_ACCOUNT_REJECT);
    ck_assert(nks_agreement_has_ydelsesart(a, NKS_TEXT("X-1")));
    ck_assert(!nks_agreement_offsets(a, NKS_TEXT("X-1")));
    a = customer("datacenter", "DK99010509", "2026-11-23");
    ck_assert_str_eq(a->payer, "proeve-skole");
    ck_assert_int_eq(a->report_level, NKS_REPORT_END);
    ck_assert_int_eq(a->report_version, 3);
    ck_assert_int_eq(a->days_before, 0);
    ck_assert(nks_agreement_sender_known(&book, NKS_TEXT("datacenter")));
    ck_assert(!nks_agreement_sender_known(&book, NKS_TEXT("proeve-skole")));
}
END_TEST

#define BRAKED "sender,payer,payer_cvr,payer_name,debtor_accounts,ydelsesarter,valid_from,max_payment,max_batch\n"

static enum nks_status import_brakes(const char *max_payment, const char *max_batch)
{
    char row[256];
    struct nks_import_result result;
    const struct nks_import_options options = {.now = 1763800000};
    snprintf(row, sizeof row, "braked,braked,99010118,Prøve,10010000000101,*,2025-07-01,%s,%s\n", max_payment,
             max_batch);
    int fd = room_file(BRAKED, row);
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_agreement_import(room.db, room.keys, fd, &options, &result, &room.fault);
    close(fd);
    return status;
}

static struct nks_sum sum(const char *text)
{
    struct nks_sum out;
    ck_assert(nks_sum_parse(nks_text_from(text), &out));
    return out;
}

START_TEST(brakes_hold)
{
    room_ok(&room, import_brakes("250000.00", ""));
    load();
    const struct nks_agreement *a = customer("braked", "99010118", "2026-11-23");
    ck_assert_int_eq(a->max_payment_minor, 25000000);
    ck_assert_int_eq(a->max_batch_minor, 0);
    ck_assert(!nks_agreement_payment_above(a, sum("250000")));
    ck_assert(nks_agreement_payment_above(a, sum("250000.00001")));
    ck_assert(!nks_agreement_batch_above(a, sum("999999999999999999")));
    room_ok(&room, import_brakes("", "1000000"));
    load();
    a = customer("braked", "99010118", "2026-11-23");
    ck_assert(!nks_agreement_payment_above(a, sum("999999999999999999")));
    ck_assert(!nks_agreement_batch_above(a, sum("1000000.00")));
    ck_assert(nks_agreement_batch_above(a, sum("1000000.01")));
    static const char *const bad[] = {"0", "0.00", "-1", "1,000", "1.001", "1e6", "99999999999999999999", "all"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(import_brakes(bad[i], "") == NKS_REFUSED, "max_payment %s", bad[i]);
        ck_assert_msg(import_brakes("", bad[i]) == NKS_REFUSED, "max_batch %s", bad[i]);
    }
}
END_TEST

START_TEST(finds_by_id_and_account)
{
    import(TAX REGION SCHOOL);
    load();
    ck_assert_str_eq(customer("datacenter", "99010401", "2026-11-23")->payer, "proeve-region");
    ck_assert_ptr_null(customer("proeveskat", "99010401", "2026-11-23")); /* another sender's payer */
    ck_assert_ptr_null(customer("datacenter", "REG-8", "2026-11-23"));
    ck_assert_ptr_null(customer("datacenter", "", "2026-11-23"));
    ck_assert_str_eq(by_account("datacenter", "60020000000501", "2026-11-23")->payer,
                     "proeve-region"); /* IBAN = BBAN */
    ck_assert_ptr_null(by_account("datacenter", "10010000000101", "2026-11-23"));
    ck_assert_ptr_nonnull(customer("datacenter", "99010509", "2026-12-31"));
    ck_assert_ptr_null(customer("datacenter", "99010509", "2027-01-01"));
    ck_assert_ptr_nonnull(customer("datacenter", "99010509", "2025-07-01"));
    ck_assert_ptr_null(customer("datacenter", "99010509", "2025-06-30"));
    /* two payers of one sender with one account, or with one CVR: which it is cannot be told */
    import("datacenter,anden,99010401,Anden,,60020000000501,*,,,,,,,,,2025-07-01,\n");
    load();
    ck_assert_ptr_null(by_account("datacenter", "60020000000501", "2026-11-23"));
    ck_assert_ptr_null(customer("datacenter", "99010401", "2026-11-23"));
    ck_assert_str_eq(customer("datacenter", "REG-7", "2026-11-23")->payer, "proeve-region");
}
END_TEST

#define REGION_FROM_2027                                                                                               \
    "datacenter,proeve-region,99010401,Nyt navn,REG-7,60020000000501,*,,,,,,,,,2027-01-01,2027-06-30\n"

START_TEST(versions)
{
    import(TAX REGION);
    struct nks_import_result result = import(TAX REGION);
    ck_assert_int_eq(result.unchanged, 2);
    ck_assert_int_eq(result.version, 0);
    result = import(REGION_FROM_2027);
    ck_assert_int_eq(result.added, 1);
    ck_assert_int_eq(result.version, 2);
    load();
    ck_assert_uint_eq(book.count, 3);
    ck_assert_int_eq(customer("datacenter", "REG-7", "2026-12-31")->version, 1);
    ck_assert_int_eq(customer("datacenter", "REG-7", "2027-01-01")->version, 2);
    ck_assert_int_eq(customer("datacenter", "REG-7", "2027-06-30")->version, 2);
    ck_assert_ptr_null(customer("datacenter", "REG-7", "2027-07-01")); /* the older version does not come back */
    ck_assert(strcmp(book.rows[0]->sender, book.rows[2]->sender) < 0);
    ck_assert_int_lt(book.rows[0]->version, book.rows[1]->version);
}
END_TEST

START_TEST(full_ends_and_dry_run_does_not)
{
    struct nks_import_result result;
    import(TAX REGION SCHOOL);
    room_ok(&room, import_as(TAX, true, true, &result));
    ck_assert_int_eq(result.ended, 2);
    load();
    ck_assert_uint_eq(book.count, 3);
    room_ok(&room, import_as(TAX, true, false, &result));
    ck_assert_int_eq(result.ended, 2);
    ck_assert_int_eq(result.unchanged, 1);
    ck_assert_int_eq(result.version, 2);
    load();
    ck_assert_ptr_null(customer("datacenter", "REG-7", "2026-11-23"));
    ck_assert(book.rows[1]->ended);
    ck_assert_str_eq(nks_agreement_by_id(&book, book.rows[0]->id)->payer,
                     "proeve-region"); /* batches still find theirs */
    room_ok(&room, import_as(TAX, true, false, &result));
    ck_assert_int_eq(result.ended, 0);
    ck_assert_int_eq(result.version, 0);
    import(REGION);
    load();
    ck_assert_int_eq(customer("datacenter", "REG-7", "2026-11-23")->version, 3);
}
END_TEST

static const struct {
    const char *rows, *where, *says;
} refusals[] = {
    {"Skat,p,99010118,N,,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 1", "short id"},
    {"s,-p,99010118,N,,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 2", "short id"},
    {"s,p,99010119,N,,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 3", "check digit"},
    {"s,p,99010118,,,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 4", "name"},
    {"s,p,99010118,N,A;A,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 5", "only once"},
    {"s,p,99010118,N,1;2;3;4;5;6;7;8;9,10010000000101,*,,,,,,,,,2025-07-01,\n", "line 2, column 5", "at most 8"},
    {"s,p,99010118,N,,,*,,,,,,,,,2025-07-01,\n", "line 2, column 6", "at least one"},
    {"s,p,99010118,N,,10010000000101;12,*,,,,,,,,,2025-07-01,\n", "line 2, column 6", "number 2"},
    {"s,p,99010118,N,,10010000000101,,,,,,,,,,2025-07-01,\n", "line 2, column 7", "'*'"},
    {"s,p,99010118,N,,10010000000101,A;;B,,,,,,,,,2025-07-01,\n", "line 2, column 7", "separated"},
    {"s,p,99010118,N,,10010000000101,*,OFFSET,,,,,,,,2025-07-01,\n", "line 2, column 8", "NONE, REDIRECT, SPLIT"},
    {"s,p,99010118,N,,10010000000101,*,SPLIT,,,,,,,,2025-07-01,\n", "line 2, column 9", "may be set off"},
    {"s,p,99010118,N,,10010000000101,*,NONE,A,,,,,,,2025-07-01,\n", "line 2, column 9", "nothing here"},
    {"s,p,99010118,N,,10010000000101,A;B,SPLIT,A;C,,,,,,,2025-07-01,\n", "line 2, column 9", "number 2"},
    {"s,p,99010118,N,,10010000000101,*,,,11,,,,,,2025-07-01,\n", "line 2, column 10", "0 to 10"},
    {"s,p,99010118,N,,10010000000101,*,,,,CHEQUE,,,,,2025-07-01,\n", "line 2, column 11", "REJECT"},
    {"s,p,99010118,N,,10010000000101,*,,,,VENTEKONTO,,N,,,2025-07-01,\n", "line 2, column 12", "account"},
    {"s,p,99010118,N,,10010000000101,*,,,,REJECT,10010000000101,,,,2025-07-01,\n", "line 2, column 12", "nothing here"},
    {"s,p,99010118,N,,10010000000101,*,,,,ERROR_ACCOUNT,10010000000101,,,,2025-07-01,\n", "line 2, column 13", "owner"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,N,,,2025-07-01,\n", "line 2, column 13", "nothing here"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,,SOME,,2025-07-01,\n", "line 2, column 14", "EXCEPTIONS"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,,,9,2025-07-01,\n", "line 2, column 15", "SAME, 03, 10"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,,,,,\n", "line 2, column 16", "YYYY-MM-DD"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,,,,2025-07-01,2025-02-29\n", "line 2, column 17", "YYYY-MM-DD"},
    {"s,p,99010118,N,,10010000000101,*,,,,,,,,,2025-07-01,2025-06-30\n", "line 2, column 17", "valid_from"},
    {TAX REGION TAX, "line 4, column 2", "line 2"},
};

START_TEST(refuses)
{
    struct nks_import_result result;
    import(SCHOOL);
    ck_assert_int_eq(import_as(refusals[_i].rows, false, false, &result), NKS_REFUSED);
    ck_assert_str_eq(room.fault.where, refusals[_i].where);
    ck_assert_msg(strstr(room.fault.line, refusals[_i].says) != NULL, "%s", room.fault.line);
    ck_assert_ptr_null(strstr(room.fault.line, "1001000"));
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM agreement"), 1);
}
END_TEST

static const char *const tamperings[] = {
    "UPDATE agreement SET terms = (SELECT b.terms FROM agreement b WHERE b.id <> agreement.id)",
    "UPDATE agreement SET payer = 'proeveskat' WHERE payer = 'proeve-region'",
    "UPDATE agreement SET sender = 'x' WHERE id = 1",
    "UPDATE agreement SET version = 9 WHERE id = 1",
    "UPDATE agreement SET id = 9 WHERE id = 1",
    "UPDATE agreement SET terms = CAST('' AS {bytes}) WHERE id = 1",
};

START_TEST(tampering_is_found)
{
    import(TAX REGION);
    room_sql(&room, tamperings[_i]);
    nks_arena_reset(&arena);
    room_fails(&room, NKS_INTEGRITY, nks_agreement_book_load(room.db, room.keys, &arena, &book, &room.fault));
}
END_TEST

START_TEST(no_memory_is_said)
{
    struct nks_arena small;
    import(TAX REGION);
    nks_arena_init(&small, 1024);
    room_fails(&room, NKS_RETRY, nks_agreement_book_load(room.db, room.keys, &small, &book, &room.fault));
    nks_arena_free(&small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agreement");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_term_comes_back);
    tcase_add_test(tests, brakes_hold);
    tcase_add_test(tests, report_columns);
    tcase_add_test(tests, sender_language);
    tcase_add_test(tests, finds_by_id_and_account);
    tcase_add_test(tests, versions);
    tcase_add_test(tests, full_ends_and_dry_run_does_not);
    tcase_add_loop_test(tests, refuses, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tests, tampering_is_found, 0, sizeof tamperings / sizeof tamperings[0]);
    tcase_add_test(tests, no_memory_is_said);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
