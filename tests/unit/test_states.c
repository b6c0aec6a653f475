/* doc/payment.md against the code: the same states, moves and outcomes, both ways. */
#include "exchange/exchange.h"
#include "payment/payment.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef NKS_SOURCE_DIR
#define NKS_SOURCE_DIR "."
#endif

enum { NAME_MAX_LEN = 64, ROWS_MAX = 64, CELLS_MAX = 4, NOUNS = 6 };

/* ---- the page: of each "## Heading" the rows of tables, with the first cell of each table's header row */

struct row {
    char heading[NAME_MAX_LEN], table[NAME_MAX_LEN];
    char cells[CELLS_MAX][NAME_MAX_LEN];
    size_t cell_count;
    bool seen; /* found in the code */
};
static struct row rows[ROWS_MAX * NOUNS];
static size_t row_count;

/* A cell without blanks and the backquotes around it. */
static void cell_copy(const char *from, size_t len, char out[NAME_MAX_LEN])
{
    while (len > 0 && (*from == ' ' || *from == '`')) {
        from++;
        len--;
    }
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '`'))
        len--;
    size_t room = len < NAME_MAX_LEN ? len : NAME_MAX_LEN - 1; /* long cells are words for people */
    memcpy(out, from, room);
    out[room] = '\0';
}

/* "| a | b |" into cells; false for a line that is no table row. */
static bool cells_of(const char *line, struct row *row)
{
    row->cell_count = 0;
    if (*line != '|')
        return false;
    for (const char *at = line + 1; row->cell_count < CELLS_MAX;) {
        const char *end = at;
        while (*end != '\0' && !(*end == '|' && end[-1] != '\\'))
            end++;
        if (*end == '\0')
            break;
        cell_copy(at, (size_t)(end - at), row->cells[row->cell_count++]);
        at = end + 1;
    }
    return row->cell_count > 0;
}

static void page_read(void)
{
    char line[2048], heading[NAME_MAX_LEN] = "", table[NAME_MAX_LEN] = "";
    FILE *file = fopen(NKS_SOURCE_DIR "/doc/payment.md", "r");
    ck_assert_msg(file != NULL, "no %s", NKS_SOURCE_DIR "/doc/payment.md");
    bool in_table = false;
    row_count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        struct row row = {.seen = false};
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "## ", 3) == 0)
            cell_copy(line + 3, strlen(line + 3), heading);
        bool is_row = cells_of(line, &row);
        if (!is_row) {
            in_table = false;
        } else if (!in_table) {
            in_table = true;
            memcpy(table, row.cells[0], sizeof table);
        } else if (strncmp(row.cells[0], "---", 3) != 0) {
            ck_assert_uint_lt(row_count, sizeof rows / sizeof rows[0]);
            memcpy(row.heading, heading, sizeof heading);
            memcpy(row.table, table, sizeof table);
            rows[row_count++] = row;
        }
    }
    ck_assert(!ferror(file));
    fclose(file);
}

static struct row *row_find(const char *heading, const char *table, const char *first, const char *second)
{
    for (size_t i = 0; i < row_count; i++) {
        struct row *row = &rows[i];
        if (strcmp(row->heading, heading) == 0 && strcmp(row->table, table) == 0 && strcmp(row->cells[0], first) == 0 &&
            (second == NULL || strcmp(row->cells[1], second) == 0))
            return row;
    }
    return NULL;
}

static void expect_state(const char *heading, const char *name)
{
    struct row *row = row_find(heading, "state", name, NULL);
    ck_assert_msg(row != NULL, "doc/payment.md does not have %s %s", heading, name);
    ck_assert_msg(!row->seen, "%s %s stands twice", heading, name);
    ck_assert_msg(row->cell_count == 3 && row->cells[1][0] != '\0' && row->cells[2][0] != '\0',
                  "doc/payment.md does not explain %s %s", heading, name);
    row->seen = true;
}

static void expect_move(const char *heading, const char *from, const char *to, const char *by)
{
    struct row *row = row_find(heading, "from", from, to);
    ck_assert_msg(row != NULL, "doc/payment.md does not have the move %s %s to %s", heading, from, to);
    ck_assert_msg(!row->seen, "the move %s %s to %s stands twice", heading, from, to);
    ck_assert_msg(row->cell_count == 3 && strcmp(row->cells[2], by) == 0,
                  "the move %s %s to %s is made by '%s', not by '%s'", heading, from, to, by, row->cells[2]);
    row->seen = true;
}

/* Nothing of these tables is left that the code does not have. */
static void expect_no_more(const char *heading, const char *table)
{
    for (size_t i = 0; i < row_count; i++) {
        if (strcmp(rows[i].heading, heading) == 0 && strcmp(rows[i].table, table) == 0)
            ck_assert_msg(rows[i].seen, "only doc/payment.md has %s: %s %s", heading, rows[i].cells[0],
                          rows[i].cells[1]);
    }
}

/* ---- the comparisons */

static const char new_row[] = "(new)";

START_TEST(test_payment_states)
{
    static const char *const headings[NKS_STATE_NOUNS] = {"Batch", "Slice", "Payment", "Leg"};
    const struct nks_state_table *table = nks_state_table((enum nks_state_noun)_i);
    const char *heading = headings[_i];
    page_read();
    for (size_t i = 1; i < table->count; i++)
        expect_state(heading, table->names[i]);
    for (size_t i = 0; i < table->move_count; i++) {
        const struct nks_state_move *move = &table->moves[i];
        expect_move(heading, move->from == 0 ? new_row : table->names[move->from], table->names[move->to], move->by);
    }
    expect_no_more(heading, "state");
    expect_no_more(heading, "from");
}
END_TEST

START_TEST(test_delivery_states)
{
    size_t count = 0;
    const struct nks_delivery_move *moves = nks_delivery_moves(&count);
    page_read();
    for (int state = 1; strcmp(nks_delivery_state_name(state), "?") != 0; state++)
        expect_state("Delivery", nks_delivery_state_name(state));
    for (size_t i = 0; i < count; i++)
        expect_move("Delivery", moves[i].from == 0 ? new_row : nks_delivery_state_name(moves[i].from),
                    nks_delivery_state_name(moves[i].to), moves[i].by);
    expect_no_more("Delivery", "state");
    expect_no_more("Delivery", "from");
}
END_TEST

START_TEST(test_file_states)
{
    size_t count = 0;
    const struct nks_file_move *moves = nks_file_moves(&count);
    page_read();
    for (int state = 1; strcmp(nks_file_state_name(state), "?") != 0; state++)
        expect_state("Out file", nks_file_state_name(state));
    for (size_t i = 0; i < count; i++)
        expect_move("Out file", moves[i].from == 0 ? new_row : nks_file_state_name(moves[i].from),
                    nks_file_state_name(moves[i].to), moves[i].by);
    expect_no_more("Out file", "state");
    expect_no_more("Out file", "from");
}
END_TEST

START_TEST(test_outcomes)
{
    page_read();
    for (int i = 0; i < NKS_OUTCOMES; i++) {
        enum nks_outcome outcome = (enum nks_outcome)i;
        struct row *row = row_find("Outcome", "outcome", nks_outcome_name(outcome), NULL);
        ck_assert_msg(row != NULL, "doc/payment.md does not have the outcome %s", nks_outcome_name(outcome));
        ck_assert_uint_eq(row->cell_count, 4);
        ck_assert_str_eq(row->cells[2], nks_outcome_status(outcome, false));
        ck_assert_str_eq(row->cells[3], nks_outcome_status(outcome, true));
        row->seen = true;
    }
    expect_no_more("Outcome", "outcome");
}
END_TEST

enum { OUTCOME_CASES = 18 };

/* The table that derives an outcome, row by row as the page has it. */
START_TEST(test_outcome_of_legs)
{
    static const struct {
        int payment, slice, kind, leg;
        bool published;
        const char *outcome;
    } cases[] = {
        {NKS_PAYMENT_REJECTED, NKS_SLICE_EMITTED, 0, 0, false, "REJECTED"},
        {NKS_PAYMENT_REJECTED, NKS_SLICE_STOPPED, 0, 0, false, "REJECTED"},
        {NKS_PAYMENT_STOPPED, NKS_SLICE_ROUTED, NKS_LEG_PAYEE, NKS_LEG_STOPPED, false, "STOPPED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_STOPPED, 0, 0, false, "STOPPED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_WAITING, 0, 0, false, "WAITING"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_ROUTED, NKS_LEG_VENTEKONTO, NKS_LEG_PLANNED, false, "VENTEKONTO"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_VENTEKONTO, NKS_LEG_IN_FILE, true, "VENTEKONTO"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_VENTEKONTO, NKS_LEG_SETTLED, true, "VENTEKONTO"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_VENTEKONTO, NKS_LEG_REJECTED, true, "RETURNED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_ROUTED, NKS_LEG_PAYEE, NKS_LEG_PLANNED, false, "ROUTED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_IN_FILE, false, "ROUTED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_IN_FILE, true, "SENT"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_ERROR_ACCOUNT, NKS_LEG_IN_FILE, true, "SENT"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_DEBT, NKS_LEG_IN_FILE, true, "SENT"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_SETTLED, true, "SETTLED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_REJECTED, true, "RETURNED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_RETURNED, true, "RETURNED"},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_STOPPED, false, "STOPPED"},
    };
    _Static_assert(sizeof cases / sizeof cases[0] == OUTCOME_CASES, "every case is run");
    const struct nks_payment payment = {.n = 1, .state = (uint8_t)cases[_i].payment};
    const struct nks_leg leg = {.n = 1, .kind = (uint8_t)cases[_i].kind, .state = (uint8_t)cases[_i].leg};
    enum nks_outcome outcome = nks_payment_outcome(&payment, (enum nks_slice_state)cases[_i].slice, &leg,
                                                   &cases[_i].published, cases[_i].kind != 0);
    ck_assert_str_eq(nks_outcome_name(outcome), cases[_i].outcome);
    page_read();
    ck_assert(row_find("Outcome", "outcome", cases[_i].outcome, NULL) != NULL);
}
END_TEST

/* The first leg that is no debt leg decides, wherever it stands. */
START_TEST(test_deciding_leg)
{
    const struct nks_payment payment = {.n = 1, .state = NKS_PAYMENT_ACCEPTED};
    const struct nks_leg legs[] = {{.n = 1, .kind = NKS_LEG_DEBT, .state = NKS_LEG_REJECTED},
                                   {.n = 1, .kind = NKS_LEG_PAYEE, .state = NKS_LEG_SETTLED},
                                   {.n = 1, .kind = NKS_LEG_DEBT, .state = NKS_LEG_REJECTED}};
    const bool published[] = {true, true, true};
    ck_assert_int_eq(nks_payment_outcome(&payment, NKS_SLICE_EMITTED, legs, published, 3), NKS_OUTCOME_SETTLED);
    ck_assert_int_eq(nks_payment_outcome(&payment, NKS_SLICE_EMITTED, legs, published, 1), NKS_OUTCOME_RETURNED);
}
END_TEST

/* A payment can be stopped as long as no leg of it stands in a file. */
enum { STOP_CASES = 14 };
START_TEST(test_stop_judge)
{
    static const struct {
        int payment, slice, leg;
        bool published;
        enum nks_stop_verdict verdict;
    } cases[] = {
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_WAITING, 0, false, NKS_STOP_CAN},
        {NKS_PAYMENT_REJECTED, NKS_SLICE_WAITING, 0, false, NKS_STOP_REJECTED},
        {NKS_PAYMENT_STOPPED, NKS_SLICE_WAITING, 0, false, NKS_STOP_ALREADY},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_STOPPED, 0, false, NKS_STOP_ALREADY},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_RESOLVED, 0, false, NKS_STOP_HALF},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_OFFSET, 0, false, NKS_STOP_HALF},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_ROUTED, NKS_LEG_PLANNED, false, NKS_STOP_CAN},
        {NKS_PAYMENT_STOPPED, NKS_SLICE_EMITTED, NKS_LEG_STOPPED, false, NKS_STOP_ALREADY},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_IN_FILE, false, NKS_STOP_IN_FILE},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_IN_FILE, true, NKS_STOP_SENT},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_SETTLED, true, NKS_STOP_SENT},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_REJECTED, true, NKS_STOP_SENT},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_RETURNED, true, NKS_STOP_SENT},
        {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, 99, true, NKS_STOP_SENT}, /* of a later program */
    };
    _Static_assert(sizeof cases / sizeof cases[0] == STOP_CASES, "every case is run");
    const struct nks_payment payment = {.n = 1, .state = (uint8_t)cases[_i].payment};
    const struct nks_leg leg = {.n = 1, .kind = NKS_LEG_PAYEE, .state = (uint8_t)cases[_i].leg};
    ck_assert_int_eq(
        nks_stop_judge(&payment, (enum nks_slice_state)cases[_i].slice, &leg, &cases[_i].published, cases[_i].leg != 0),
        cases[_i].verdict);
}
END_TEST

/* The farthest leg counts, wherever it stands. */
START_TEST(test_stop_farthest_leg)
{
    const struct nks_payment payment = {.n = 1, .state = NKS_PAYMENT_ACCEPTED};
    const struct nks_leg legs[] = {{.n = 1, .kind = NKS_LEG_DEBT, .state = NKS_LEG_PLANNED},
                                   {.n = 1, .kind = NKS_LEG_DEBT, .state = NKS_LEG_IN_FILE},
                                   {.n = 1, .kind = NKS_LEG_PAYEE, .state = NKS_LEG_PLANNED}};
    const bool none[] = {false, false, false}, one[] = {false, true, false};
    ck_assert_int_eq(nks_stop_judge(&payment, NKS_SLICE_EMITTED, legs, none, 1), NKS_STOP_CAN);
    ck_assert_int_eq(nks_stop_judge(&payment, NKS_SLICE_EMITTED, legs, none, 3), NKS_STOP_IN_FILE);
    ck_assert_int_eq(nks_stop_judge(&payment, NKS_SLICE_EMITTED, legs, one, 3), NKS_STOP_SENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("states");
    TCase *tcase = tcase_create("states");
    tcase_add_loop_test(tcase, test_payment_states, 0, NKS_STATE_NOUNS);
    tcase_add_test(tcase, test_delivery_states);
    tcase_add_test(tcase, test_file_states);
    tcase_add_test(tcase, test_outcomes);
    tcase_add_loop_test(tcase, test_outcome_of_legs, 0, OUTCOME_CASES);
    tcase_add_test(tcase, test_deciding_leg);
    tcase_add_loop_test(tcase, test_stop_judge, 0, STOP_CASES);
    tcase_add_test(tcase, test_stop_farthest_leg);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
