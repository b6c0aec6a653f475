/* The register: import with versions, and the order of look-up (DOMAIN 2.3). */
#include "register/register.h"
#include "register_sql.h"
#include "room_home.h"

#define HEADER                                                                                                         \
    "record,holder_kind,holder_id,parent_cvr,account_kind,authority,ydelsesart,account,bic,valid_from,valid_to\n"
#define ANNA "0101415001"
#define BENT "1502425002"

static struct room room;
static struct nks_register *reg;

static void setup(void)
{
    room_open(&room, nks_migrations_register, nks_migrations_register_count);
    room_ok(&room, nks_register_open(room.db, room.keys, &reg, &room.fault));
}

static void teardown(void)
{
    nks_register_close(reg);
    room_close(&room);
}

static enum nks_status import_as(const char *header, const char *rows, bool full, bool dry_run,
                                 struct nks_import_result *result)
{
    int fd = room_file(header, rows);
    struct nks_import_options options = {.full = full, .dry_run = dry_run, .now = 1763800000};
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_register_import(reg, fd, &options, result, &room.fault);
    close(fd);
    ck_assert(!nks_db_in_transaction(room.db));
    return status;
}

static struct nks_import_result import(const char *rows)
{
    struct nks_import_result result;
    room_ok(&room, import_as(HEADER, rows, false, false, &result));
    return result;
}

static struct nks_import_result import_full(const char *rows)
{
    struct nks_import_result result;
    room_ok(&room, import_as(HEADER, rows, true, false, &result));
    return result;
}

static nks_date day(const char *text)
{
    nks_date date;
    ck_assert(nks_date_parse(nks_text_from(text), false, &date));
    return date;
}

static struct nks_register_query query(enum nks_holder_kind kind, const char *id, const char *on)
{
    struct nks_register_query q = {.on = day(on)};
    room_ok(&room, nks_register_holder_key(reg, kind, id, &q.holder, &room.fault));
    return q;
}

static void set_slot(struct nks_register_query *q, const char *authority, const char *ydelsesart)
{
    room_ok(&room,
            nks_register_slot_key(reg, nks_text_from(authority), nks_text_from(ydelsesart), &q->slot_key, &room.fault));
    ck_assert_int_ne(q->slot_key, 0);
}

static struct nks_register_answer find(struct nks_register_query q)
{
    struct nks_register_answer answer;
    room_ok(&room, nks_register_find_many(reg, &q, 1, &answer, &room.fault));
    return answer;
}

static void expect(struct nks_register_query q, enum nks_register_found found, const char *account)
{
    struct nks_register_answer answer = find(q);
    ck_assert_int_eq(answer.found, found);
    ck_assert_str_eq(answer.account.id, account);
}

START_TEST(imports_and_finds)
{
    struct nks_import_result result = import("ACCOUNT,CPR,010141-5001,,NEMKONTO,,,70010000001001,,2015-01-01,\n"
                                             "ACCOUNT,CPR," BENT ",,NEMKONTO,,,DE89370400440532013000,PRVEDEFF,,\n");
    ck_assert_int_eq(result.rows, 2);
    ck_assert_int_eq(result.added, 2);
    ck_assert_int_eq(result.version, 1);
    struct nks_register_answer answer = find(query(NKS_HOLDER_CPR, ANNA, "2026-11-24"));
    ck_assert_int_eq(answer.found, NKS_FOUND_NEMKONTO);
    ck_assert(answer.known);
    ck_assert_int_eq(answer.version, 1);
    ck_assert_int_eq(answer.valid_from, day("2015-01-01"));
    ck_assert_int_eq(answer.valid_to, NKS_DATE_NONE);
    ck_assert_str_eq(answer.account.id, "70010000001001");
    answer = find(query(NKS_HOLDER_CPR, BENT, "2026-11-24"));
    ck_assert_int_eq(answer.account.kind, NKS_ACCOUNT_IBAN);
    ck_assert_str_eq(answer.account.bic, "PRVEDEFF");
    answer = find(query(NKS_HOLDER_CPR, "0404445004", "2026-11-24"));
    ck_assert_int_eq(answer.found, NKS_FOUND_NONE);
    ck_assert(!answer.known);
}
END_TEST

START_TEST(validity_counts_both_days)
{
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,2026-01-01,2026-11-23\n"
           "ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001002,,2026-11-24,2026-12-31\n");
    expect(query(NKS_HOLDER_CPR, ANNA, "2025-12-31"), NKS_FOUND_NONE, "");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-01-01"), NKS_FOUND_NEMKONTO, "70010000001001");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-11-23"), NKS_FOUND_NEMKONTO, "70010000001001");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-11-24"), NKS_FOUND_NEMKONTO, "70010000001002");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-12-31"), NKS_FOUND_NEMKONTO, "70010000001002");
    expect(query(NKS_HOLDER_CPR, ANNA, "2027-01-01"), NKS_FOUND_NONE, "");
    ck_assert(find(query(NKS_HOLDER_CPR, ANNA, "2027-01-01")).known);
}
END_TEST

START_TEST(newest_version_counts)
{
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n");
    struct nks_import_result result = import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n");
    ck_assert_int_eq(result.unchanged, 1);
    ck_assert_int_eq(result.added, 0);
    ck_assert_int_eq(result.version, 0);
    result = import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001002,,2026-06-01,\n");
    ck_assert_int_eq(result.version, 2);
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-11-24"), NKS_FOUND_NEMKONTO, "70010000001002");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-05-31"), NKS_FOUND_NONE, ""); /* the older version is gone, not behind */
    import("ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001009,,,\n");
    int64_t version = 0;
    room_ok(&room, nks_register_version(reg, &version, &room.fault));
    ck_assert_int_eq(version, 3);
    ck_assert_int_eq(find(query(NKS_HOLDER_CPR, ANNA, "2026-11-24")).version, 2);
    /* back to the first account: a version of its own */
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n");
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-05-31"), NKS_FOUND_NEMKONTO, "70010000001001");
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM account"), 4);
}
END_TEST

START_TEST(many_versions)
{
    char row[160];
    for (int i = 1; i <= 60; i++) {
        snprintf(row, sizeof row, "ACCOUNT,CPR," ANNA ",,NEMKONTO,,,7001%010d,,,\n", i);
        import(row);
    }
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-11-24"), NKS_FOUND_NEMKONTO, "70010000000060");
}
END_TEST

START_TEST(specific_before_nemkonto)
{
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n"
           "ACCOUNT,CPR," ANNA ",,SPECIFIC,99010118,NKSBØT,70030000002004,,,2026-11-24\n");
    struct nks_register_query q = query(NKS_HOLDER_CPR, ANNA, "2026-11-24");
    expect(q, NKS_FOUND_NEMKONTO, "70010000001001");
    set_slot(&q, "99010118", "NKSBØT");
    expect(q, NKS_FOUND_SPECIFIC, "70030000002004");
    q.on++;
    expect(q, NKS_FOUND_NEMKONTO, "70010000001001"); /* the specific account has ended */
    q.on--;
    set_slot(&q, "99010207", "NKSBØT");
    expect(q, NKS_FOUND_NEMKONTO, "70010000001001"); /* another authority's */
    set_slot(&q, "99010118", "NKSOST");
    expect(q, NKS_FOUND_NEMKONTO, "70010000001001");
}
END_TEST

START_TEST(fallback_to_the_cvr)
{
    import("ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\n"
           "ACCOUNT,CVR,99030208,,SPECIFIC,99010118,NKSOAM,70050000003092,,,\n"
           "HOLDER,SE,98040102,99030208,,,,,,,\n"
           "ACCOUNT,SE,98040102,,NEMKONTO,,,70050000003011,,,2026-11-24\n"
           "HOLDER,PNR,1990000002,99030208,,,,,,,\n"
           "HOLDER,PNR,1990000003,99030305,,,,,,,\n"
           "HOLDER,CVR,99030305,,,,,,,,\n");
    struct nks_register_query se = query(NKS_HOLDER_SE, "98040102", "2026-11-24");
    expect(se, NKS_FOUND_NEMKONTO, "70050000003011");
    se.on++;
    expect(se, NKS_FOUND_FALLBACK_NEMKONTO, "70050000003002");
    set_slot(&se, "99010118", "NKSOAM");
    expect(se, NKS_FOUND_FALLBACK_SPECIFIC, "70050000003092");
    expect(query(NKS_HOLDER_PNR, "1990000002", "2026-11-24"), NKS_FOUND_FALLBACK_NEMKONTO, "70050000003002");
    struct nks_register_answer answer = find(query(NKS_HOLDER_PNR, "1990000003", "2026-11-24"));
    ck_assert_int_eq(answer.found, NKS_FOUND_NONE);
    ck_assert(answer.known);
    /* the P-number moves to another company */
    import("HOLDER,PNR,1990000002,99030305,,,,,,,\n");
    expect(query(NKS_HOLDER_PNR, "1990000002", "2026-11-24"), NKS_FOUND_NONE, "");
}
END_TEST

static struct nks_register_query txid(const char *id)
{
    struct nks_register_query q = query(NKS_HOLDER_CVR, id, "2026-11-24");
    q.has_alternative = true;
    q.alternative = query(NKS_HOLDER_SE, id, "2026-11-24").holder;
    return q;
}

START_TEST(alternative_reading)
{
    import("ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\n"
           "ACCOUNT,SE,99030208,,NEMKONTO,,,70050000003099,,,\n"
           "HOLDER,CVR,99030305,,,,,,,,\n"
           "ACCOUNT,SE,99030305,,NEMKONTO,,,70050000003098,,,\n"
           "ACCOUNT,SE,98040102,,NEMKONTO,,,70050000003011,,,\n"
           "HOLDER,SE,98040218,99030208,,,,,,,\n");
    expect(txid("99030208"), NKS_FOUND_NEMKONTO, "70050000003002"); /* the CVR goes first */
    ck_assert(!find(txid("99030208")).used_alternative);
    expect(txid("99030305"), NKS_FOUND_NONE, ""); /* a known CVR without account is not read as an SE number */
    expect(txid("98040102"), NKS_FOUND_NEMKONTO, "70050000003011");
    ck_assert(find(txid("98040102")).used_alternative);
    expect(txid("98040218"), NKS_FOUND_FALLBACK_NEMKONTO, "70050000003002");
    struct nks_register_answer answer = find(txid("99030402"));
    ck_assert(!answer.known && !answer.used_alternative);
    ck_assert_int_eq(answer.found, NKS_FOUND_NONE);
}
END_TEST

START_TEST(many_queries_at_once)
{
    enum { PEOPLE = 400, QUERIES = 10000 };
    static struct nks_register_query queries[QUERIES + 1];
    static struct nks_register_answer answers[QUERIES + 1];
    static char rows[PEOPLE * 100];
    size_t used = 0;
    for (int i = 0; i < PEOPLE; i++)
        used +=
            (size_t)snprintf(rows + used, sizeof rows - used, "ACCOUNT,PNR,199%07d,,NEMKONTO,,,7001%010d,,,\n", i, i);
    import(rows);
    for (int i = 0; i < QUERIES; i++) {
        char id[16];
        snprintf(id, sizeof id, "199%07d", i * 7 % (PEOPLE + 1)); /* every 401st is unknown */
        queries[i] = query(NKS_HOLDER_PNR, id, i % 2 == 0 ? "2026-11-24" : "2026-11-25");
    }
    for (int round = 0; round < 2; round++) {
        room_ok(&room, nks_register_find_many(reg, queries, QUERIES, answers, &room.fault));
        for (int i = 0; i < QUERIES; i++) {
            char id[16];
            int person = i * 7 % (PEOPLE + 1);
            snprintf(id, sizeof id, "7001%010d", person);
            ck_assert_str_eq(answers[i].account.id, person == PEOPLE ? "" : id);
        }
    }
    room_fails(&room, NKS_FAILED, nks_register_find_many(reg, queries, QUERIES + 1, answers, &room.fault));
    room_ok(&room, nks_register_find_many(reg, queries, 0, answers, &room.fault));
}
END_TEST

START_TEST(full_ends_what_is_absent)
{
    const char *first = "ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n"
                        "ACCOUNT,CPR," ANNA ",,SPECIFIC,99010118,NKSOST,70030000002004,,,\n"
                        "ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001002,,,\n"
                        "ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\n"
                        "HOLDER,SE,98040102,99030208,,,,,,,\n";
    ck_assert_int_eq(import_full(first).added, 5);
    ck_assert_int_eq(import_full(first).version, 0);
    struct nks_import_result result = import_full("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n"
                                                  "ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\n");
    ck_assert_int_eq(result.unchanged, 2);
    ck_assert_int_eq(result.ended, 3);
    ck_assert_int_eq(result.version, 2);
    struct nks_register_query q = query(NKS_HOLDER_CPR, ANNA, "2026-11-24");
    set_slot(&q, "99010118", "NKSOST");
    expect(q, NKS_FOUND_NEMKONTO, "70010000001001");
    struct nks_register_answer answer = find(query(NKS_HOLDER_CPR, BENT, "2026-11-24"));
    ck_assert_int_eq(answer.found, NKS_FOUND_NONE);
    ck_assert(answer.known);
    expect(query(NKS_HOLDER_SE, "98040102", "2026-11-24"), NKS_FOUND_NONE, "");
    result = import_full("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n"
                         "ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\n");
    ck_assert_int_eq(result.ended, 0); /* not ended twice */
    ck_assert_int_eq(import(first).added, 3);
    expect(q, NKS_FOUND_SPECIFIC, "70030000002004");
    expect(query(NKS_HOLDER_SE, "98040102", "2026-11-24"), NKS_FOUND_FALLBACK_NEMKONTO, "70050000003002");
}
END_TEST

START_TEST(dry_run_stores_nothing)
{
    struct nks_import_result result;
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n");
    room_ok(&room, import_as(HEADER, "ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001002,,,\n", true, true, &result));
    ck_assert_int_eq(result.added, 1);
    ck_assert_int_eq(result.ended, 1);
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM account"), 1);
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM register_import"), 1);
    room_fails(&room, NKS_REFUSED,
               import_as(HEADER, "ACCOUNT,CPR,x,,NEMKONTO,,,70010000001002,,,\n", false, true, &result));
}
END_TEST

static const struct {
    const char *rows, *where, *says;
} refusals[] = {
    {"PERSON,CPR,0101415001,,NEMKONTO,,,70010000001001,,,\n", "line 2, column 1", "ACCOUNT or HOLDER"},
    {"ACCOUNT,LEI,0101415001,,NEMKONTO,,,70010000001001,,,\n", "line 2, column 2", "FOREIGN"},
    {"ACCOUNT,CPR,3102415001,,NEMKONTO,,,70010000001001,,,\n", "line 2, column 3", "CPR"},
    {"ACCOUNT,CVR,99030209,,NEMKONTO,,,70010000001001,,,\n", "line 2, column 3", "check digit"},
    {"ACCOUNT,PNR,199000000,,NEMKONTO,,,70010000001001,,,\n", "line 2, column 3", "10 digits"},
    {"HOLDER,CPR,0101415001,99030208,,,,,,,\n", "line 2, column 4", "SE and PNR"},
    {"HOLDER,SE,98040102,99030209,,,,,,,\n", "line 2, column 4", "CVR number"},
    {"ACCOUNT,SE,98040102,99030208,NEMKONTO,,,70010000001001,,,\n", "line 2, column 4", "HOLDER row"},
    {"HOLDER,CPR,0101415001,,NEMKONTO,,,,,,\n", "line 2, column 5", "no account_kind"},
    {"HOLDER,CPR,0101415001,,,,,70010000001001,,,\n", "line 2, column 8", "no account"},
    {"ACCOUNT,CPR,0101415001,,LOENKONTO,,,70010000001001,,,\n", "line 2, column 5", "NEMKONTO or SPECIFIC"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,99010118,,70010000001001,,,\n", "line 2, column 6", "no authority"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,NKSOST,70010000001001,,,\n", "line 2, column 7", "no ydelsesart"},
    {"ACCOUNT,CPR,0101415001,,SPECIFIC,,NKSOST,70010000001001,,,\n", "line 2, column 6", "needs it"},
    {"ACCOUNT,CPR,0101415001,,SPECIFIC,99010119,NKSOST,70010000001001,,,\n", "line 2, column 6", "CVR"},
    {"ACCOUNT,CPR,0101415001,,SPECIFIC,99010118,,70010000001001,,,\n", "line 2, column 7", "needs it"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,7001,,,\n", "line 2, column 8", "14 digits"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,DE89370400440532013001,,,\n", "line 2, column 8", "IBAN"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,PRVE,,\n", "line 2, column 9", "BIC"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,2026-02-30,\n", "line 2, column 10", "YYYY-MM-DD"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,,1.1.2026\n", "line 2, column 11", "YYYY-MM-DD"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,2026-02-02,2026-02-01\n", "line 2, column 11", "valid_from"},
    /* seen after sorting */
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,,\nHOLDER,CPR,1502425002,,,,,,,,\n"
     "ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,,\n",
     "line 4, column valid_from", "lines 2 and 4"},
    {"ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001001,,2026-02-01,\n"
     "ACCOUNT,CPR,0101415001,,NEMKONTO,,,70010000001002,,2026-01-01,2026-02-01\n",
     "line 3, column valid_from", "lines 2 and 3"},
    {"HOLDER,SE,98040102,99030208,,,,,,,\nHOLDER,SE,98040102,99030305,,,,,,,\n", "line 3, column holder_id",
     "lines 2 and 3"},
};

START_TEST(refuses)
{
    struct nks_import_result result;
    import("ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001002,,,\n");
    enum nks_status status = import_as(HEADER, refusals[_i].rows, false, false, &result);
    ck_assert_int_eq(status, NKS_REFUSED);
    ck_assert_str_eq(room.fault.where, refusals[_i].where);
    ck_assert_msg(strstr(room.fault.line, refusals[_i].says) != NULL, "%s", room.fault.line);
    ck_assert(strstr(room.fault.line, "0101415001") == NULL && strstr(room.fault.line, "7001000") == NULL);
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM account"), 1); /* all or nothing */
    import("ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001003,,,\n");       /* and the next import is fine */
}
END_TEST

START_TEST(other_column_order)
{
    struct nks_import_result result;
    room_ok(&room, import_as("account,holder_id,holder_kind,record,account_kind\n",
                             "70010000001001," ANNA ",CPR,ACCOUNT,NEMKONTO\n", false, false, &result));
    expect(query(NKS_HOLDER_CPR, ANNA, "2026-11-24"), NKS_FOUND_NEMKONTO, "70010000001001");
    room_fails(&room, NKS_REFUSED,
               import_as("account,holder_id,holder_kind,record,account_kind\n", "7001," ANNA ",CPR,ACCOUNT,NEMKONTO\n",
                         false, false, &result));
    ck_assert_str_eq(room.fault.where, "line 2, column 1");
}
END_TEST

/* What somebody with access to the database may try: each must stop the look-up. */
static const char *const tamperings[] = {
    "UPDATE account SET account = (SELECT b.account FROM account b WHERE b.holder_key <> account.holder_key LIMIT 1)",
    "UPDATE account SET version = version + 1",
    /* a newer version with somebody else's account */
    "INSERT INTO account SELECT a.holder_key, a.no + 1, a.holder_check, a.version + 1, a.kind, a.slot_key, "
    "a.valid_from, "
    "a.valid_to, b.account FROM account a, account b WHERE a.holder_key <> b.holder_key",
    "UPDATE account SET valid_to = 30000",
    "UPDATE account SET valid_from = 30000",
    "UPDATE account SET valid_from = 1, valid_to = 0",
    "UPDATE account SET no = no + 1",
    "UPDATE account SET kind = 2, slot_key = 5",
    "UPDATE account SET kind = 3",
    "UPDATE account SET account = CAST('0' AS {bytes})",
};

START_TEST(tampering_is_found)
{
    struct nks_register_answer answers[2];
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,2015-01-01,\n"
           "ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001002,,2015-01-01,\n");
    struct nks_register_query queries[2] = {query(NKS_HOLDER_CPR, ANNA, "2026-11-24"),
                                            query(NKS_HOLDER_CPR, BENT, "2026-11-24")};
    queries[0].slot_key = queries[1].slot_key = 5;
    room_ok(&room, nks_register_find_many(reg, queries, 2, answers, &room.fault));
    room_sql(&room, tamperings[_i]);
    room_fails(&room, NKS_INTEGRITY, nks_register_find_many(reg, queries, 2, answers, &room.fault));
    struct nks_import_result result;
    if (_i == 0) /* an import compares with what is stored, so it sees it too */
        room_fails(&room, NKS_INTEGRITY,
                   import_as(HEADER,
                             "ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n"
                             "ACCOUNT,CPR," BENT ",,NEMKONTO,,,70010000001002,,,\n",
                             false, false, &result));
}
END_TEST

START_TEST(tampered_link_is_found)
{
    import("ACCOUNT,CVR,99030208,,NEMKONTO,,,70050000003002,,,\nACCOUNT,CVR,99030305,,NEMKONTO,,,70050000003003,,,\n"
           "HOLDER,SE,98040102,99030208,,,,,,,\nHOLDER,SE,98040218,99030305,,,,,,,\n");
    struct nks_register_answer answers[2];
    struct nks_register_query queries[2] = {query(NKS_HOLDER_SE, "98040102", "2026-11-24"),
                                            query(NKS_HOLDER_SE, "98040218", "2026-11-24")};
    expect(queries[0], NKS_FOUND_FALLBACK_NEMKONTO, "70050000003002");
    room_sql(&room, "UPDATE holder SET (parent_key, parent_check) = (SELECT h.parent_key, h.parent_check FROM holder h "
                    "WHERE h.holder_key <> holder.holder_key)");
    room_fails(&room, NKS_INTEGRITY, nks_register_find_many(reg, queries, 2, answers, &room.fault));
    ck_assert_str_eq(room.fault.code, "REGISTER-ROW");
}
END_TEST

START_TEST(nothing_personal_in_clear)
{
    if (room_is_far()) /* its SQL is SQLite's */
        return;
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,2015-01-01,\n");
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM account WHERE instr(account, CAST('7001' AS BLOB)) > 0"), 0);
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM register_stage"), 0);
}
END_TEST

/* The same first 8 bytes of two holders: the check column parts them. */
START_TEST(equal_keys_are_told_apart)
{
    import("ACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,,\n");
    struct nks_register_query q = query(NKS_HOLDER_CPR, ANNA, "2026-11-24");
    q.holder.check++;
    struct nks_register_answer answer = find(q);
    ck_assert(!answer.known);
    ck_assert_int_eq(answer.found, NKS_FOUND_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("register");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, imports_and_finds);
    tcase_add_test(tests, validity_counts_both_days);
    tcase_add_test(tests, newest_version_counts);
    tcase_add_test(tests, many_versions);
    tcase_add_test(tests, specific_before_nemkonto);
    tcase_add_test(tests, fallback_to_the_cvr);
    tcase_add_test(tests, alternative_reading);
    tcase_add_test(tests, many_queries_at_once);
    tcase_add_test(tests, full_ends_what_is_absent);
    tcase_add_test(tests, dry_run_stores_nothing);
    tcase_add_loop_test(tests, refuses, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_test(tests, other_column_order);
    tcase_add_loop_test(tests, tampering_is_found, 0, sizeof tamperings / sizeof tamperings[0]);
    tcase_add_test(tests, tampered_link_is_found);
    tcase_add_test(tests, nothing_personal_in_clear);
    tcase_add_test(tests, equal_keys_are_told_apart);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
