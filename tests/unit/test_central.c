/* Data centrals: import with versions, and the choice by registration number. */
#include "central_sql.h"
#include "exchange/central.h"
#include "room_home.h"

#define HEADER "central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges\n"
#define WEST   "central-vest,Prøvecentral Vest,03,5,100000,16:00,0001-1999;5000\n"
#define EAST   "central-oest,Prøvecentral Øst,09,1000,10000000,00:00,2000-4999; 5001 \n"

static struct room room;
static struct nks_arena arena;
static struct nks_central_book book;

static void setup(void)
{
    room_open(&room, nks_migrations_central, nks_migrations_central_count);
    nks_arena_init(&arena, (size_t)8 << 20);
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
    enum nks_status status = nks_central_import(room.db, room.keys, fd, &options, result, &room.fault);
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
    room_ok(&room, nks_central_book_load(room.db, room.keys, &arena, &book, &room.fault));
}

static const char *owner(int regnr)
{
    const struct nks_central *c = nks_central_for_regnr(&book, regnr);
    return c == NULL ? "" : c->name;
}

START_TEST(chooses_by_regnr)
{
    ck_assert_int_eq(import(WEST EAST).added, 2);
    load();
    ck_assert_uint_eq(book.count, 2);
    ck_assert_str_eq(owner(0), "");
    ck_assert_str_eq(owner(1), "central-vest");
    ck_assert_str_eq(owner(1999), "central-vest");
    ck_assert_str_eq(owner(2000), "central-oest");
    ck_assert_str_eq(owner(5000), "central-vest");
    ck_assert_str_eq(owner(5001), "central-oest");
    ck_assert_str_eq(owner(5002), "");
    ck_assert_str_eq(owner(-1), "");
    const struct nks_central *c = nks_central_by_name(&book, NKS_TEXT("central-oest"));
    ck_assert_int_eq(c->number, 2);
    ck_assert_int_eq(c->order_version, NKS_PAIN001_09);
    ck_assert_int_eq(c->max_payments, 1000);
    ck_assert_int_eq(c->max_bytes, 10000000);
    ck_assert_int_eq(c->cut_off, 0);
    ck_assert(nks_text_is(c->title, "Prøvecentral Øst"));
    ck_assert_int_eq(nks_central_by_number(&book, 1)->cut_off, 16 * 60);
    ck_assert_ptr_null(nks_central_by_number(&book, 3));
    ck_assert_ptr_null(nks_central_by_name(&book, NKS_TEXT("central")));
}
END_TEST

static enum nks_status import_answers(const char *columns, const char *values, struct nks_import_result *result)
{
    char header[512], row[512];
    snprintf(header, sizeof header, "central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges,%s\n",
             columns);
    snprintf(row, sizeof row, "c,N,03,5,100000,16:00,0001,%s\n", values);
    int fd = room_file(header, row);
    struct nks_import_options options = {.now = 1763800000};
    nks_fault_clear(&room.fault);
    enum nks_status status = nks_central_import(room.db, room.keys, fd, &options, result, &room.fault);
    close(fd);
    return status;
}

/* What is known of a central's answers: optional columns, and what holds without them. */
static const struct {
    const char *columns, *values;
    enum nks_match match[NKS_MATCHES];
    size_t match_count;
    bool totals, silent_reject;
    unsigned answers;
    enum nks_answer_by answer_by;
    int answer_value;
} answers[] = {
    {"match", "", {NKS_MATCH_LEG}, 1, false, false, 3, NKS_ANSWER_BY_CUT_OFF, 0},
    {"match", "LEG", {NKS_MATCH_LEG}, 1, false, false, 3, NKS_ANSWER_BY_CUT_OFF, 0},
    {"match,totals",
     "AMOUNT+DATE; REFERENCE+AMOUNT ;LEG,yes",
     {NKS_MATCH_DATE, NKS_MATCH_REFERENCE, NKS_MATCH_LEG},
     3,
     true,
     false,
     3,
     NKS_ANSWER_BY_CUT_OFF,
     0},
    {"silent_reject,answers,answer_by",
     "yes,CAMT054,09:05",
     {NKS_MATCH_LEG},
     1,
     false,
     true,
     NKS_ANSWERS_CAMT054,
     NKS_ANSWER_BY_TIME,
     545},
    {"totals,answers,answer_by",
     "no,CAMT054;PAIN002,240h",
     {NKS_MATCH_LEG},
     1,
     false,
     false,
     3,
     NKS_ANSWER_BY_HOURS,
     240},
};

START_TEST(answers_of_a_central)
{
    struct nks_import_result result;
    room_ok(&room, import_answers(answers[_i].columns, answers[_i].values, &result));
    load();
    const struct nks_central *c = nks_central_by_number(&book, 1);
    ck_assert_uint_eq(c->match_count, answers[_i].match_count);
    for (size_t i = 0; i < c->match_count; i++) {
        ck_assert_int_eq(c->match[i], answers[_i].match[i]);
        ck_assert(nks_central_matches(c, c->match[i]));
    }
    ck_assert_int_eq(nks_central_matches(c, NKS_MATCH_DATE), c->match_count == 3);
    ck_assert_int_eq(c->totals, answers[_i].totals);
    ck_assert_int_eq(c->silent_reject, answers[_i].silent_reject);
    ck_assert_uint_eq(c->answers, answers[_i].answers);
    ck_assert_int_eq(c->answer_by, answers[_i].answer_by);
    ck_assert_int_eq(c->answer_value, answers[_i].answer_value);
    room_ok(&room, import_answers(answers[_i].columns, answers[_i].values, &result));
    ck_assert_int_eq(result.unchanged, 1);
}
END_TEST

static const char *const bad_answers[][2] = {
    {"match", "LEG;LEG"},      {"match", "AMOUNT"},    {"match", "LEG;"},        {"totals", "ja"},
    {"silent_reject", "YES"},  {"answers", "PAIN001"}, {"answers", "CAMT054;;"}, {"answer_by", "9:05"},
    {"answer_by", "24:00"},    {"answer_by", "0h"},    {"answer_by", "241h"},    {"answer_by", "h"},
    {"answer_by", "tomorrow"},
};

START_TEST(bad_answers_of_a_central)
{
    struct nks_import_result result;
    enum nks_status status = import_answers(bad_answers[_i][0], bad_answers[_i][1], &result);
    if (strcmp(bad_answers[_i][1], "LEG;") == 0) { /* a last separator hurts nobody, as in regnr_ranges */
        room_ok(&room, status);
        return;
    }
    ck_assert_int_eq(status, NKS_REFUSED);
    ck_assert_str_eq(room.fault.where, "line 2, column 8");
}
END_TEST

/* The deadline: Copenhagen's clock, bank days only. 2026-11-20 is a Friday, 2026-12-23 is followed by closed days. */
static const struct {
    enum nks_answer_by by;
    int value;
    const char *created, *base, *deadline;
} deadlines[] = {
    {NKS_ANSWER_BY_CUT_OFF, 0, "2026-11-23T02:10:00Z", "2026-11-23", "2026-11-24T15:00:00Z"},
    {NKS_ANSWER_BY_CUT_OFF, 0, "2026-11-20T02:10:00Z", "2026-11-20", "2026-11-23T15:00:00Z"},
    {NKS_ANSWER_BY_CUT_OFF, 0, "2026-11-21T02:10:00Z", "2026-11-21", "2026-11-23T15:00:00Z"},
    {NKS_ANSWER_BY_CUT_OFF, 0, "2026-12-23T02:10:00Z", "2026-12-23", "2026-12-28T15:00:00Z"},
    {NKS_ANSWER_BY_CUT_OFF, 0, "2026-06-01T02:10:00Z", "2026-06-01", "2026-06-02T14:00:00Z"},
    {NKS_ANSWER_BY_TIME, 8 * 60, "2026-11-20T02:10:00Z", "2026-11-20", "2026-11-23T07:00:00Z"},
    {NKS_ANSWER_BY_HOURS, 4, "2026-11-20T22:10:00Z", "2026-11-20", "2026-11-21T02:10:00Z"},
};

START_TEST(answer_deadlines)
{
    const struct nks_central c = {
        .cut_off = 16 * 60, .answer_by = deadlines[_i].by, .answer_value = deadlines[_i].value};
    nks_time created = 0;
    nks_date base = 0;
    char text[NKS_TIME_TEXT];
    ck_assert(nks_time_parse(nks_text_from(deadlines[_i].created), &created));
    ck_assert(nks_date_parse(nks_text_from(deadlines[_i].base), false, &base));
    nks_time_format(nks_central_answer_by(&c, created, base), text);
    ck_assert_str_eq(text, deadlines[_i].deadline);
}
END_TEST

START_TEST(versions_keep_the_number)
{
    struct nks_import_result result;
    import(WEST EAST);
    ck_assert_int_eq(import(WEST EAST).version, 0);
    result = import("central-vest,Nyt navn,09,5,100000,23:59,0001-1999\n");
    ck_assert_int_eq(result.added, 1);
    ck_assert_int_eq(result.version, 2);
    load();
    ck_assert_uint_eq(book.count, 2); /* newest versions only */
    ck_assert_int_eq(nks_central_by_number(&book, 1)->version, 2);
    ck_assert_str_eq(owner(5000), "");
    room_ok(&room, import_as(EAST, true, true, &result));
    ck_assert_int_eq(result.ended, 1);
    load();
    ck_assert_str_eq(owner(1), "central-vest");
    room_ok(&room, import_as(EAST, true, false, &result));
    load();
    ck_assert_str_eq(owner(1), "");
    ck_assert(nks_central_by_number(&book, 1)->ended); /* its legs still find it */
    import("central-ny,Ny,03,1,100000,12:00,0001\n");  /* the numbers of an ended central are free */
    load();
    ck_assert_str_eq(owner(1), "central-ny");
    ck_assert_int_eq(nks_central_by_number(&book, 3)->version, 4);
}
END_TEST

static const struct {
    const char *rows, *where, *says;
} refusals[] = {
    {"Central,N,03,5,100000,16:00,0001\n", "line 2, column 1", "short id"},
    {"c,,03,5,100000,16:00,0001\n", "line 2, column 2", "name"},
    {"c,N,3,5,100000,16:00,0001\n", "line 2, column 3", "03 or 09"},
    {"c,N,03,0,100000,16:00,0001\n", "line 2, column 4", "from 1"},
    {"c,N,03,5,99999,16:00,0001\n", "line 2, column 5", "from 100000"},
    {"c,N,03,5,100000,24:00,0001\n", "line 2, column 6", "HH:MM"},
    {"c,N,03,5,100000,9:30,0001\n", "line 2, column 6", "HH:MM"},
    {"c,N,03,5,100000,16:00,\n", "line 2, column 7", "at least one"},
    {"c,N,03,5,100000,16:00,1-2\n", "line 2, column 7", "4 digits"},
    {"c,N,03,5,100000,16:00,0002-0001\n", "line 2, column 7", "4 digits"},
    {"c,N,03,5,100000,16:00,0001-0010;0010\n", "line 2, column 7", "range 2"},
    {"c,N,03,5,100000,16:00,0010;0001-0010\n", "line 2, column 7", "range 2"},
    {"c,N,03,5,100000,16:00,0001\nd,N,03,5,100000,16:00,0001-0002\n", "line 3, column 7", "line 2"},
    {"c,N,03,5,100000,16:00,0001\nc,N,03,5,100000,16:00,0002\n", "line 3, column 1", "line 2"},
    {"c,N,03,5,100000,16:00,0001\nd,N,03,5,100000,16:00,3000\n", "line 3, column regnr_ranges", "central-oest"},
};

START_TEST(refuses)
{
    struct nks_import_result result;
    import(EAST);
    ck_assert_int_eq(import_as(refusals[_i].rows, false, false, &result), NKS_REFUSED);
    ck_assert_str_eq(room.fault.where, refusals[_i].where);
    ck_assert_msg(strstr(room.fault.line, refusals[_i].says) != NULL, "%s", room.fault.line);
    ck_assert_int_eq(room_sql(&room, "SELECT count(*) FROM central"), 1);
}
END_TEST

static const char *const tamperings[] = {
    "UPDATE central SET terms = (SELECT b.terms FROM central b WHERE b.id <> central.id)",
    "UPDATE central SET number = 7 WHERE id = 1",
    "UPDATE central SET version = 7 WHERE id = 1",
};

START_TEST(tampering_is_found)
{
    import(WEST EAST);
    room_sql(&room, tamperings[_i]);
    nks_arena_reset(&arena);
    room_fails(&room, NKS_INTEGRITY, nks_central_book_load(room.db, room.keys, &arena, &book, &room.fault));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("central");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, chooses_by_regnr);
    tcase_add_loop_test(tests, answers_of_a_central, 0, sizeof answers / sizeof answers[0]);
    tcase_add_loop_test(tests, bad_answers_of_a_central, 0, sizeof bad_answers / sizeof bad_answers[0]);
    tcase_add_loop_test(tests, answer_deadlines, 0, sizeof deadlines / sizeof deadlines[0]);
    tcase_add_test(tests, versions_keep_the_number);
    tcase_add_loop_test(tests, refuses, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tests, tampering_is_found, 0, sizeof tamperings / sizeof tamperings[0]);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
