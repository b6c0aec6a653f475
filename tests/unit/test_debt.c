/* Debts: the order of the law, uses, redirects, versions (DOMAIN 4). */
#include "debt/debt.h"
#include "debt_sql.h"
#include "room_home.h"

#define HEADER                                                                                                         \
    "record,id,holder_kind,holder_id,payer,ydelsesart,kind,priority,creditor,name,cvr,account,category,received,"      \
    "amount,as_of,valid_from,valid_to\n"
#define RIM    "AUTHORITY,rim,,,,,,,,Prøvegældsstyrelsen,99020105,30030000000701,,,,,,\n"
#define BIDRAG "AUTHORITY,bidrag,,,,,,,,Prøvebidrag,99020202,30030000000702,,,,,,\n"
#define ANNA   "1808485008"
#define BENT   "2909495009"
#define AS_OF  "2026-11-22T20:00:00Z"
#define CLAIM(id, holder, received, amount)                                                                            \
    "CLAIM," id ",CPR," holder ",,,,,rim,,,,ANDRE," received "," amount "," AS_OF ",,\n"
#define FLAG(id, holder, payer, ydelsesart, priority, creditor)                                                        \
    "FLAG," id ",CPR," holder "," payer "," ydelsesart ",ALMINDELIG," priority "," creditor                            \
    ",,,,,,,,2025-01-01,2026-11-24\n"

static struct room room;
static struct nks_debt *debt;
static nks_time imported, deciding; /* the clock of imports and of decisions */

static void setup(void)
{
    room_open(&room, nks_migrations_debt, nks_migrations_debt_count);
    room_ok(&room, nks_debt_open(room.db, room.keys, &debt, &room.fault));
    imported = 1795564800; /* 2026-11-25T00:00:00Z */
    deciding = imported;
}

static void teardown(void)
{
    nks_debt_close(debt);
    room_close(&room);
}

static enum nks_status import_as(const char *rows, bool full, bool dry_run, struct nks_import_result *result)
{
    int fd = room_file(HEADER, rows);
    struct nks_import_options options = {.full = full, .dry_run = dry_run, .now = imported};
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_debt_import(debt, fd, &options, result, &room.fault);
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

static nks_date day(const char *text)
{
    nks_date date;
    ck_assert(nks_date_parse(nks_text_from(text), false, &date));
    return date;
}

static nks_time at(const char *text)
{
    nks_time time;
    ck_assert(nks_time_parse(nks_text_from(text), &time));
    return time;
}

static struct nks_debt_query query(const char *cpr, int64_t amount_minor, bool split)
{
    struct nks_debt_query q = {.payer = NKS_TEXT("skat"),
                               .ydelsesart = NKS_TEXT("NKSOST"),
                               .on = day("2026-11-24"),
                               .amount_minor = amount_minor,
                               .split = split};
    room_ok(&room, nks_blind(room.keys, "CPR", nks_text_from(cpr), &q.holder, &room.fault));
    return q;
}

/* "K-1 700 K-2 300": what an answer says, in its order. */
static const char *text_of(const struct nks_debt_answer *answer)
{
    static char text[4096];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < answer->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %lld", i == 0 ? "" : " ",
                                 answer->parts[i].reference, (long long)answer->parts[i].amount_minor);
    return text;
}

static struct nks_debt_answer find(struct nks_debt_query q)
{
    struct nks_debt_answer answer;
    room_ok(&room, nks_debt_find_many(debt, &q, 1, deciding, &answer, &room.fault));
    return answer;
}

static void expect(struct nks_debt_query q, const char *parts)
{
    struct nks_debt_answer answer = find(q);
    ck_assert_str_eq(text_of(&answer), parts);
}

/* ---- the pure decision, as a table of cases */

static const struct {
    int64_t amount;
    int64_t left[3]; /* of claims received on 3, 1 and 2 January, in this order */
    int64_t taken[3];
    int64_t rest;
} covers[] = {
    {1000000, {400000, 300000, 500000}, {300000, 500000, 200000}, 0}, /* the worked example of DOMAIN 4.6 */
    {1200000, {400000, 300000, 500000}, {300000, 500000, 400000}, 0}, /* exactly */
    {1200001, {400000, 300000, 500000}, {300000, 500000, 400000}, 1},
    {1, {400000, 300000, 500000}, {1, 0, 0}, 0},
    {100, {50, 0, -7}, {0, 0, 50}, 50}, /* covered and over-covered claims take nothing */
    {100, {0, 0, 0}, {0, 0, 0}, 100},
};

START_TEST(cover_in_the_order_of_the_law)
{
    struct nks_debt_claim claims[3] = {{.received = 3, .reference = "c", .left_minor = covers[_i].left[0]},
                                       {.received = 1, .reference = "a", .left_minor = covers[_i].left[1]},
                                       {.received = 2, .reference = "b", .left_minor = covers[_i].left[2]}};
    int64_t taken[3];
    ck_assert_int_eq(nks_debt_cover(claims, 3, covers[_i].amount, taken), covers[_i].rest);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(claims[i].received, i + 1);
        ck_assert_int_eq(taken[i], covers[_i].taken[i]);
    }
}
END_TEST

START_TEST(cover_ties_by_id)
{
    struct nks_debt_claim claims[3] = {{.received = 5, .reference = "K-10", .left_minor = 10},
                                       {.received = 5, .reference = "K-1", .left_minor = 10},
                                       {.received = 5, .reference = "K-02", .left_minor = 10}};
    int64_t taken[3];
    ck_assert_int_eq(nks_debt_cover(claims, 3, 15, taken), 0);
    ck_assert_str_eq(claims[0].reference, "K-02");
    ck_assert_str_eq(claims[1].reference, "K-1");
    ck_assert_int_eq(taken[1], 5);
    ck_assert_int_eq(nks_debt_cover(NULL, 0, 15, NULL), 15);
}
END_TEST

/* ---- SPLIT */

START_TEST(splits)
{
    struct nks_import_result result =
        import(RIM CLAIM("K-3", ANNA, "2023-06-30", "500.00") CLAIM("K-1", ANNA, "2021-03-04", "700.00")
                   CLAIM("K-2", ANNA, "2022-01-15", "300") CLAIM("K-9", BENT, "2020-01-01", "1.00"));
    ck_assert_int_eq(result.rows, 5);
    ck_assert_int_eq(result.added, 5);
    ck_assert_int_eq(result.version, 1);
    expect(query(ANNA, 200000, true), "K-1 70000 K-2 30000 K-3 50000"); /* a residual of 500.00 */
    expect(query(ANNA, 150000, true), "K-1 70000 K-2 30000 K-3 50000"); /* exactly */
    expect(query(ANNA, 70001, true), "K-1 70000 K-2 1");
    expect(query(ANNA, 70000, true), "K-1 70000");
    expect(query("0101415001", 70000, true), "");
    expect(query(ANNA, 70000, false), ""); /* no flag */
    struct nks_debt_answer answer = find(query(BENT, 5000, true));
    ck_assert_int_eq(answer.count, 1);
    ck_assert_str_eq(answer.parts[0].authority->id, "rim");
    ck_assert_str_eq(answer.parts[0].authority->account.id, "30030000000701");
    ck_assert_str_eq(answer.parts[0].authority->name, "Prøvegældsstyrelsen");
    ck_assert_str_eq(answer.parts[0].authority->cvr, "99020105");
    ck_assert_int_eq(answer.parts[0].version, 1);
    ck_assert_int_ne(answer.parts[0].claim_key, 0);
}
END_TEST

START_TEST(later_queries_see_what_earlier_took)
{
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "700.00") CLAIM("K-2", ANNA, "2022-01-15", "300.00"));
    struct nks_debt_query queries[5] = {query(ANNA, 60000, true), query(BENT, 60000, true), query(ANNA, 30000, true),
                                        query(ANNA, 30000, true), query(ANNA, 30000, true)};
    struct nks_debt_answer answers[5];
    static const char *const expected[] = {"K-1 60000", "", "K-1 10000 K-2 20000", "K-2 10000", ""};
    for (int round = 0; round < 2; round++) { /* reads only: the same again */
        room_ok(&room, nks_debt_find_many(debt, queries, 5, deciding, answers, &room.fault));
        for (int i = 0; i < 5; i++)
            ck_assert_str_eq(text_of(&answers[i]), expected[i]);
    }
    room_ok(&room, nks_debt_find_many(debt, queries, 0, deciding, answers, &room.fault));
}
END_TEST

/* Nobody could be paid a rest: the claims take all of a payment or nothing, and what is not taken is there for the
 * next. */
START_TEST(whole_payments_only)
{
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "700.00") CLAIM("K-2", ANNA, "2022-01-15", "300.00"));
    struct nks_debt_query queries[5] = {query(ANNA, 60000, true), query(ANNA, 50000, true), query(ANNA, 40000, true),
                                        query(ANNA, 10, true), query(ANNA, 10, true)};
    struct nks_debt_answer answers[5];
    static const char *const expected[] = {"K-1 60000", "", "K-1 10000 K-2 30000", "", ""};
    for (int i = 0; i < 4; i++)
        queries[i].whole_only = true;
    room_ok(&room, nks_debt_find_many(debt, queries, 5, deciding, answers, &room.fault));
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(text_of(&answers[i]), expected[i]);
}
END_TEST

static struct nks_debt_use use_of(const struct nks_debt_query *q, const struct nks_debt_part *part, int32_t n)
{
    return (struct nks_debt_use){.holder_key = q->holder.key,
                                 .claim_key = part->claim_key,
                                 .slice_id = 7,
                                 .n = n,
                                 .generation = 1,
                                 .leg_no = 1,
                                 .amount_minor = part->amount_minor};
}

START_TEST(uses_and_giving_back)
{
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "700.00") CLAIM("K-2", ANNA, "2022-01-15", "300.00"));
    struct nks_debt_query q = query(ANNA, 50000, true);
    struct nks_debt_answer answer = find(q);
    struct nks_debt_use use = use_of(&q, &answer.parts[0], 1);
    room_ok(&room, nks_debt_use_add(debt, &use, at("2026-11-22T20:00:01Z"), &room.fault));
    expect(q, "K-1 20000 K-2 30000");
    struct nks_debt_use wrong = use;
    wrong.amount_minor++;
    room_fails(&room, NKS_INTEGRITY, nks_debt_use_give_back(debt, &wrong, 1763900000, &room.fault));
    room_ok(&room, nks_debt_use_give_back(debt, &use, at("2026-11-23T00:00:00Z"), &room.fault));
    expect(q, "K-1 50000");
    room_ok(&room, nks_debt_use_give_back(debt, &use, at("2026-11-24T00:00:00Z"), &room.fault)); /* again: nothing */
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM claim_use WHERE state = 2"), 1);
    /* another generation is a use of its own; the same one twice is refused by the key */
    use.generation = 2;
    room_ok(&room, nks_debt_use_add(debt, &use, at("2026-11-23T00:00:00Z"), &room.fault));
    expect(q, "K-1 20000 K-2 30000");
    room_fails(&room, NKS_FAILED, nks_debt_use_add(debt, &use, at("2026-11-23T00:00:00Z"), &room.fault));
}
END_TEST

#define LATER(amount, as_of) "CLAIM,K-1,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-03-04," amount "," as_of ",,\n"

START_TEST(newer_as_of_replaces_the_amount)
{
    struct nks_import_result result;
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "700.00"));
    struct nks_debt_query q = query(ANNA, 100000, true);
    struct nks_debt_answer answer = find(query(ANNA, 20000, true));
    struct nks_debt_use use = use_of(&q, &answer.parts[0], 1);
    room_ok(&room, nks_debt_use_add(debt, &use, at("2026-11-23T03:00:00Z"), &room.fault));
    expect(q, "K-1 50000");
    result = import(LATER("700.00", AS_OF));
    ck_assert_int_eq(result.unchanged, 1);
    /* the creditor does not know of the use yet, then it does */
    ck_assert_int_eq(import(LATER("700.00", "2026-11-23T02:59:59Z")).added, 1);
    expect(q, "K-1 50000");
    ck_assert_int_eq(import(LATER("500.00", "2026-11-23T03:00:00Z")).version, 3);
    expect(q, "K-1 50000");
    room_fails(&room, NKS_REFUSED, import_as(LATER("9.00", "2026-11-23T02:59:59Z"), false, false, &result));
    ck_assert_str_eq(room.fault.where, "line 2, column 16");
    ck_assert_int_eq(import(LATER("0.00", "2026-11-24")).added, 1); /* paid; a day is its beginning */
    expect(q, "");
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM debt_claim"), 4);
}
END_TEST

/* Nobody knows an amount before its time: uses until then would never be taken off. */
START_TEST(as_of_is_not_ahead_of_the_clock)
{
    struct nks_import_result result;
    struct nks_debt_answer answer;
    struct nks_debt_query q = query(ANNA, 20000, true);
    imported = at("2026-11-23T02:59:59Z");
    room_fails(&room, NKS_REFUSED, import_as(RIM LATER("700.00", "2026-11-23T03:00:00Z"), false, false, &result));
    ck_assert_str_eq(room.fault.code, "CSV-FIELD");
    ck_assert_str_eq(room.fault.where, "line 3, column 16");
    room_fails(&room, NKS_REFUSED, import_as(RIM LATER("700.00", "2026-11-24"), false, false, &result));
    imported = at("2026-11-23T03:00:00Z");
    import(RIM LATER("700.00", "2026-11-23T03:00:00Z"));
    /* the clock goes back behind it, or stands at it */
    static const char *const nows[] = {"2026-11-23T02:00:00Z", "2026-11-23T03:00:00Z"};
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        nks_fault_clear(&room.fault);
        room_fails(&room, NKS_HELD, nks_debt_find_many(debt, &q, 1, at(nows[i]), &answer, &room.fault));
        ck_assert_str_eq(room.fault.code, "DEBT-AHEAD");
    }
    nks_fault_clear(&room.fault);
    deciding = at("2026-11-23T03:00:01Z");
    expect(q, "K-1 20000");
    /* what is stored and lies ahead is wrong itself: an older as_of puts it right, unlike otherwise */
    imported = at("2026-11-23T02:59:59Z");
    ck_assert_int_eq(import(LATER("600.00", "2026-11-23T02:00:00Z")).added, 1);
    room_fails(&room, NKS_REFUSED, import_as(LATER("9.00", "2026-11-23T01:00:00Z"), false, false, &result));
}
END_TEST

START_TEST(claims_have_validity)
{
    import(RIM "CLAIM,K-1,CPR," ANNA ",,,,,rim,,,,BOEDE,2021-03-04,10.00," AS_OF ",2026-11-24,2026-11-25\n");
    struct nks_debt_query q = query(ANNA, 5000, true);
    expect(q, "K-1 1000");
    q.on = day("2026-11-23");
    expect(q, "");
    q.on = day("2026-11-25");
    expect(q, "K-1 1000");
    q.on = day("2026-11-26");
    expect(q, "");
}
END_TEST

START_TEST(at_most_so_many_legs)
{
    static char rows[NKS_DEBT_CLAIMS_PER_HOLDER_MAX * 160];
    size_t used = (size_t)snprintf(rows, sizeof rows, "%s", RIM);
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(rows + used, sizeof rows - used,
                                 "CLAIM,K-%02d,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", i);
    import(rows);
    struct nks_debt_query queries[2] = {query(ANNA, 10000, true), query(ANNA, 10000, true)};
    struct nks_debt_answer answers[2];
    room_ok(&room, nks_debt_find_many(debt, queries, 2, deciding, answers, &room.fault));
    ck_assert_uint_eq(answers[0].count, NKS_DEBT_LEGS_MAX);
    ck_assert_str_eq(answers[0].parts[31].reference, "K-31");
    ck_assert_uint_eq(answers[1].count, 8);
    ck_assert_str_eq(answers[1].parts[0].reference, "K-32");
}
END_TEST

/* ---- REDIRECT */

START_TEST(redirects)
{
    import(RIM BIDRAG FLAG("F-1", ANNA, "skat", "NKSOST", "2", "rim") FLAG("F-2", ANNA, "*", "*", "3", "bidrag")
               FLAG("F-3", BENT, "kommune", "*", "1", "rim") CLAIM("K-1", ANNA, "2021-03-04", "1.00"));
    struct nks_debt_query q = query(ANNA, 123456, false);
    struct nks_debt_answer answer = find(q);
    ck_assert_str_eq(text_of(&answer), "F-1 123456"); /* all of it */
    ck_assert_int_eq(answer.parts[0].claim_key, 0);
    ck_assert_str_eq(answer.parts[0].authority->id, "rim");
    q.payer = NKS_TEXT("anden");
    expect(q, "F-2 123456");
    q = query(ANNA, 5, false);
    q.ydelsesart = NKS_TEXT("");
    expect(q, "F-2 5");                /* only '*' names a payment without ydelsesart */
    expect(query(BENT, 5, false), ""); /* another payer's flag */
    q = query(ANNA, 5, false);
    q.on = day("2026-11-25");
    expect(q, ""); /* after the last day */
    q.on = day("2025-01-01");
    expect(q, "F-1 5");
    q.on = day("2024-12-31");
    expect(q, "");
    expect(query(ANNA, 500, true), "K-1 100"); /* a flag is nothing to SPLIT */
}
END_TEST

START_TEST(flags_of_one_priority_go_by_id)
{
    import(RIM BIDRAG FLAG("F-2", ANNA, "*", "*", "1", "rim") FLAG("F-1", ANNA, "*", "*", "1", "bidrag"));
    expect(query(ANNA, 5, false), "F-1 5");
    import(FLAG("F-2", ANNA, "*", "*", "0", "rim")); /* a newer version of the same flag */
    expect(query(ANNA, 5, false), "F-2 5");
    import(FLAG("F-2", ANNA, "*", "*", "7", "rim"));
    expect(query(ANNA, 5, false), "F-1 5");
}
END_TEST

/* ---- versions, full, dry run, refusals */

START_TEST(full_ends_flags_and_claims)
{
    struct nks_import_result result;
    import(RIM BIDRAG FLAG("F-1", ANNA, "*", "*", "1", "rim") CLAIM("K-1", ANNA, "2021-03-04", "1.00")
               CLAIM("K-2", ANNA, "2021-03-05", "1.00"));
    room_ok(&room, import_as(RIM CLAIM("K-2", ANNA, "2021-03-05", "1.00"), true, true, &result));
    ck_assert_int_eq(result.ended, 2);
    expect(query(ANNA, 5, false), "F-1 5");
    room_ok(&room, import_as(RIM CLAIM("K-2", ANNA, "2021-03-05", "1.00"), true, false, &result));
    ck_assert_int_eq(result.ended, 2);
    ck_assert_int_eq(result.unchanged, 2);
    expect(query(ANNA, 5, false), "");
    expect(query(ANNA, 500, true), "K-2 100");
    ck_assert_ptr_nonnull(nks_debt_authority_find(debt, NKS_TEXT("bidrag"))); /* authorities stay */
    room_ok(&room, import_as(RIM CLAIM("K-2", ANNA, "2021-03-05", "1.00"), true, false, &result));
    ck_assert_int_eq(result.ended, 0);
    ck_assert_int_eq(result.version, 0);
    import(CLAIM("K-1", ANNA, "2021-03-04", "1.00"));
    expect(query(ANNA, 500, true), "K-1 100 K-2 100");
}
END_TEST

START_TEST(authorities_have_versions)
{
    struct nks_import_result result;
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "1.00"));
    import("AUTHORITY,rim,,,,,,,,Nyt navn,99020105,30030000000799,,,,,,\n");
    ck_assert_str_eq(find(query(ANNA, 500, true)).parts[0].authority->account.id, "30030000000799");
    /* a refused import and a dry run leave no authority behind in memory */
    room_fails(&room, NKS_REFUSED, import_as(BIDRAG "CLAIM\n", false, false, &result));
    ck_assert_ptr_null(nks_debt_authority_find(debt, NKS_TEXT("bidrag")));
    room_ok(&room, import_as(BIDRAG, false, true, &result));
    ck_assert_ptr_null(nks_debt_authority_find(debt, NKS_TEXT("bidrag")));
    nks_debt_close(debt);
    room_ok(&room, nks_debt_open(room.db, room.keys, &debt, &room.fault));
    ck_assert_str_eq(nks_debt_authority_find(debt, NKS_TEXT("rim"))->name, "Nyt navn");
}
END_TEST

static const struct {
    const char *rows, *where, *says;
} refusals[] = {
    {"DEBT,K,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 1",
     "AUTHORITY, FLAG or CLAIM"},
    {"CLAIM,,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 2", "need id"},
    {"CLAIM,K,GLN," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 3", "FOREIGN"},
    {"CLAIM,K,CPR,3002485008,,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 4", "CPR"},
    {"CLAIM,K,CPR," ANNA ",skat,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 5", "no payer"},
    {"CLAIM,K,CPR," ANNA ",,,,,nobody,,,,ANDRE,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 9",
     "AUTHORITY row above"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,SKAT,2021-01-01,1.00," AS_OF ",,\n", "line 2, column 13", "UNDERHOLD_PRIVAT"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,ANDRE,1.1.2021,1.00," AS_OF ",,\n", "line 2, column 14", "YYYY-MM-DD"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,-1.00," AS_OF ",,\n", "line 2, column 15", "DKK"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.001," AS_OF ",,\n", "line 2, column 15", "DKK"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00,now,,\n", "line 2, column 16", "instant"},
    {"CLAIM,K,CPR," ANNA ",,,,,rim,,,,ANDRE,2021-01-01,1.00," AS_OF ",2026-01-02,2026-01-01\n", "line 2, column 18",
     "valid_from"},
    {"FLAG,F,CPR," ANNA ",Skat,*,INTERN,1,rim,,,,,,,,,\n", "line 2, column 5", "'*'"},
    {"FLAG,F,CPR," ANNA ",*,,INTERN,1,rim,,,,,,,,,\n", "line 2, column 6", "need ydelsesart"},
    {"FLAG,F,CPR," ANNA ",*,*,ANDET,1,rim,,,,,,,,,\n", "line 2, column 7", "TRANSPORT"},
    {"FLAG,F,CPR," ANNA ",*,*,INTERN,high,rim,,,,,,,,,\n", "line 2, column 8", "lowest"},
    {"FLAG,F,CPR," ANNA ",*,*,INTERN,1,rim,,,,,,5.00,,,\n", "line 2, column 15", "no amount"},
    {"AUTHORITY,Rim,,,,,,,,N,99020105,30030000000701,,,,,,\n", "line 2, column 2", "short id"},
    {"AUTHORITY,x,,,,,,,,,99020105,30030000000701,,,,,,\n", "line 2, column 10", "need name"},
    {"AUTHORITY,x,,,,,,,,N,99020106,30030000000701,,,,,,\n", "line 2, column 11", "check digit"},
    {"AUTHORITY,x,,,,,,,,N,99020105,3003,,,,,,\n", "line 2, column 12", "14 digits"},
    {BIDRAG BIDRAG, "line 3, column 2", "line 2"},
    {CLAIM("K", ANNA, "2021-03-04", "1.00") CLAIM("K", ANNA, "2021-03-04", "1.00"), "line 3, column 2", "line 2"},
};

START_TEST(refuses)
{
    struct nks_import_result result;
    import(RIM);
    ck_assert_int_eq(import_as(refusals[_i].rows, false, false, &result), NKS_REFUSED);
    ck_assert_str_eq(room.fault.where, refusals[_i].where);
    ck_assert_msg(strstr(room.fault.line, refusals[_i].says) != NULL, "%s", room.fault.line);
    ck_assert_ptr_null(strstr(room.fault.line, ANNA));
    ck_assert_int_eq(
        room_sql(&room, "SELECT (SELECT count(*) FROM debt_claim) + (SELECT count(*) FROM debt_authority)"), 1);
}
END_TEST

static const char *const tamperings[] = {
    "UPDATE debt_claim SET open_minor = 1",
    "UPDATE debt_claim SET as_of = as_of + 1",
    "UPDATE debt_claim SET version = version + 1",
    "UPDATE debt_claim SET terms = (SELECT c.terms FROM debt_claim c WHERE c.claim_key <> debt_claim.claim_key)",
    "UPDATE debt_flag SET version = version + 1",
    "UPDATE debt_flag SET terms = CAST('12' AS {bytes})",
    "UPDATE debt_flag SET flag_key = flag_key + 1",
};

START_TEST(tampering_is_found)
{
    struct nks_debt_answer answers[2];
    import(RIM FLAG("F-1", ANNA, "*", "*", "1", "rim") CLAIM("K-1", ANNA, "2021-03-04", "1.00")
               CLAIM("K-2", ANNA, "2021-03-04", "2.00"));
    struct nks_debt_query queries[2] = {query(ANNA, 500, true), query(ANNA, 500, false)};
    room_ok(&room, nks_debt_find_many(debt, queries, 2, deciding, answers, &room.fault));
    room_sql(&room, tamperings[_i]);
    room_fails(&room, NKS_INTEGRITY, nks_debt_find_many(debt, queries, 2, deciding, answers, &room.fault));
}
END_TEST

/* A use dated away would have the claim taken once more. Nothing is used at or before the first as-of instant. */
START_TEST(a_use_before_its_claim_is_found)
{
    import(RIM CLAIM("K-1", ANNA, "2021-03-04", "700.00"));
    struct nks_debt_query q = query(ANNA, 50000, true);
    struct nks_debt_answer answer = find(q);
    struct nks_debt_use use = use_of(&q, &answer.parts[0], 1);
    room_ok(&room, nks_debt_use_add(debt, &use, at(AS_OF) + 1, &room.fault));
    expect(q, "K-1 20000");
    import(LATER("300.00", "2026-11-22T21:00:00Z")); /* the use is older than this version, not than the claim */
    expect(q, "K-1 30000");
    for (int i = 0; i < 2; i++) {
        room_sql(&room, i == 0 ? "UPDATE claim_use SET used_at = used_at - 1" : "UPDATE claim_use SET used_at = 0");
        room_fails(&room, NKS_INTEGRITY, nks_debt_find_many(debt, &q, 1, deciding, &answer, &room.fault));
    }
    /* a claim that lay ahead of the clock when it was imported was used from its import on */
    room_sql(&room, "UPDATE debt_import SET imported_at = (SELECT MIN(as_of) FROM debt_claim) - 100");
    room_sql(&room, "UPDATE claim_use SET used_at = (SELECT MIN(imported_at) FROM debt_import)");
    expect(q, "K-1 30000");
}
END_TEST

START_TEST(tampered_authority_is_found)
{
    import(RIM BIDRAG);
    room_sql(
        &room,
        "UPDATE debt_authority SET terms = (SELECT b.terms FROM debt_authority b WHERE b.id <> debt_authority.id)");
    struct nks_debt *other = NULL;
    room_fails(&room, NKS_INTEGRITY, nks_debt_open(room.db, room.keys, &other, &room.fault));
    ck_assert_ptr_null(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("debt");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, cover_in_the_order_of_the_law, 0, sizeof covers / sizeof covers[0]);
    tcase_add_test(tests, cover_ties_by_id);
    tcase_add_test(tests, splits);
    tcase_add_test(tests, later_queries_see_what_earlier_took);
    tcase_add_test(tests, whole_payments_only);
    tcase_add_test(tests, uses_and_giving_back);
    tcase_add_test(tests, a_use_before_its_claim_is_found);
    tcase_add_test(tests, newer_as_of_replaces_the_amount);
    tcase_add_test(tests, as_of_is_not_ahead_of_the_clock);
    tcase_add_test(tests, claims_have_validity);
    tcase_add_test(tests, at_most_so_many_legs);
    tcase_add_test(tests, redirects);
    tcase_add_test(tests, flags_of_one_priority_go_by_id);
    tcase_add_test(tests, full_ends_flags_and_claims);
    tcase_add_test(tests, authorities_have_versions);
    tcase_add_loop_test(tests, refuses, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tests, tampering_is_found, 0, sizeof tamperings / sizeof tamperings[0]);
    tcase_add_test(tests, tampered_authority_is_found);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
