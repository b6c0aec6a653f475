/*
 * The duplicate check over payment references, against a plain list: months, merging, batches, slices, equal keys of
 * different texts. A text is a number here; its key is a mix of it, or forged.
 */
#include "room_home.h"

#include "payment/payment.h"
#include "payment/reference_run.h"
#include "payment_sql.h"

enum { USES_MAX = 400000, N_BITS = 14 };

static struct room room;
static struct nks_payments *payments;

struct use {
    int64_t payment_id;
    int owner, month;
    uint64_t text;
    bool told; /* as a duplicate */
};
static struct use *uses;
static size_t use_count;
static int64_t next_batch;

static void setup(void)
{
    room_open(&room, nks_migrations_payment, nks_migrations_payment_count);
    room_ok(&room, nks_payments_open(room.db, room.keys, &payments, &room.fault));
    uses = calloc(USES_MAX, sizeof *uses);
    ck_assert_ptr_nonnull(uses);
    use_count = 0;
    next_batch = 1;
}

static void teardown(void)
{
    free(uses);
    nks_payments_close(payments);
    room_close(&room);
}

static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* How a test makes keys; forged ones let texts meet. */
static uint64_t (*key_of)(uint64_t text) = mix;

static uint64_t key_meets(uint64_t text)
{
    return mix(text / 3); /* three texts each */
}

static struct use *use_find(int64_t payment_id)
{
    size_t low = 0, high = use_count; /* added in order of batches, slices, n */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (uses[middle].payment_id < payment_id)
            low = middle + 1;
        else
            high = middle;
    }
    ck_assert_uint_lt(low, use_count);
    ck_assert_int_eq(uses[low].payment_id, payment_id);
    return &uses[low];
}

static size_t asked;

static enum nks_status on_hits(void *context, struct nks_reference_hit *hits, size_t count, struct nks_fault *fault)
{
    (void)fault;
    int64_t batch_id = *(int64_t *)context;
    for (size_t i = 0; i < count; i++) {
        struct use *own = use_find(hits[i].payment_id), *other = use_find(hits[i].other_id);
        ck_assert_int_eq(own->payment_id >> (2 * N_BITS), batch_id);
        ck_assert_uint_eq(hits[i].key, key_of(own->text));
        ck_assert_uint_eq(hits[i].key, key_of(other->text));
        ck_assert(other < own);
        ck_assert_int_eq(other->owner, own->owner);
        hits[i].same = own->text == other->text;
        own->told = own->told || hits[i].same;
        asked++;
    }
    return NKS_OK;
}

/* A batch under way: texts of its slices as they come. */
struct made {
    struct nks_batch batch;
    nks_date today;
    int owner;
    size_t first_use;
};

static const char *const payers[] = {"proeveby", "proeveby", "proeveskat"};
static const char *const senders[] = {"proeveby", "datahus", "datahus"};

static struct made batch_begin(int owner, nks_date today)
{
    struct made made = {.batch = {.id = next_batch++}, .today = today, .owner = owner, .first_use = use_count};
    snprintf(made.batch.payer, sizeof made.batch.payer, "%s", payers[owner]);
    snprintf(made.batch.sender, sizeof made.batch.sender, "%s", senders[owner]);
    room_ok(&room, nks_db_begin(room.db, &room.fault));
    return made;
}

/* The texts of a slice, each once in it: see nks_reference_save. */
static void slice_add(struct made *made, const uint64_t *texts, size_t count)
{
    static struct nks_reference entries[NKS_SLICE_PAYMENTS];
    int64_t slice_id = (made->batch.id << N_BITS) | ++made->batch.slices;
    ck_assert_uint_le(use_count + count, USES_MAX);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct nks_reference){key_of(texts[i]), (int64_t)i + 1};
        uses[use_count++] = (struct use){.payment_id = (slice_id << N_BITS) | ((int64_t)i + 1),
                                         .owner = made->owner,
                                         .month = nks_reference_month(made->today),
                                         .text = texts[i]};
    }
    qsort(entries, count, sizeof *entries, nks_reference_order);
    room_ok(&room, nks_reference_save(payments, &made->batch, slice_id, made->today, entries, count, &room.fault));
}

static void batch_end(struct made *made)
{
    room_ok(&room, nks_reference_check(payments, &made->batch, made->today, on_hits, &made->batch.id, &room.fault));
    room_ok(&room, nks_reference_tidy(payments, &made->batch, made->today, &room.fault));
    room_ok(&room, nks_db_commit(room.db, &room.fault));
}

/* Gives how many of the texts are told as duplicates. */
static size_t batch_of(int owner, nks_date today, const uint64_t *texts, size_t count)
{
    struct made made = batch_begin(owner, today);
    slice_add(&made, texts, count);
    batch_end(&made);
    size_t told = 0;
    for (size_t i = made.first_use; i < use_count; i++)
        told += uses[i].told;
    return told;
}

static nks_date day(const char *text)
{
    nks_date date = 0;
    ck_assert(nks_date_parse(nks_text_from(text), false, &date));
    return date;
}

/* What must hold after each batch, whatever came before: of a tier fewer than NKS_RUN_FAN, of a past month one small
 * run (of an owner that has sent since), nothing of the batch itself. */
static const struct nks_sql few_rules[] = {
    {.name = "batch", .text = "SELECT COUNT(*) FROM reference_run WHERE tier = 0"},
    {.name = "tiers",
     .text = "SELECT COUNT(*) / 8 FROM reference_run WHERE tier <= 5 GROUP BY payer, sender, month, tier "
             "ORDER BY COUNT(*) DESC LIMIT 1"},
    {.name = "months",
     .text = "SELECT COUNT(*) - 1 FROM reference_run r WHERE tier <= 5 AND month < (SELECT MAX(month) FROM "
             "reference_run n WHERE n.payer = r.payer AND n.sender = r.sender) "
             "GROUP BY payer, sender, month ORDER BY COUNT(*) DESC LIMIT 1"}};

static void runs_are_few(void)
{
    for (size_t i = 0; i < sizeof few_rules / sizeof few_rules[0]; i++) {
        struct nks_stmt *stmt = NULL;
        bool found = false;
        room_ok(&room, nks_stmt_start(room.db, &few_rules[i], &stmt, &room.fault));
        room_ok(&room, nks_stmt_one(stmt, &found, &room.fault));
        ck_assert_msg(!found || nks_column_int(stmt, 0) == 0, "%s", few_rules[i].name);
        nks_stmt_end(stmt);
    }
}

static void runs_are_whole(void)
{
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_block b WHERE NOT EXISTS (SELECT 1 FROM "
                                     "reference_run r WHERE r.run_id = b.block_id >> 20)"),
                     0);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run r WHERE entries <> (SELECT "
                                     "SUM(length(b.entries)) / 16 FROM reference_block b WHERE b.block_id >> 20 = "
                                     "r.run_id)"),
                     0);
}

/* ---- months */

START_TEST(months_count)
{
    static const struct {
        const char *first, *again;
        size_t told;
    } rows[] = {
        {"2026-11-23", "2026-11-23", 1}, {"2026-11-30", "2026-12-01", 1}, {"2025-12-31", "2026-01-01", 1},
        {"2025-11-01", "2026-12-01", 1},                                  /* 13 months to the day */
        {"2025-11-01", "2026-12-31", 1}, {"2025-10-31", "2026-11-30", 1}, /* 13 months */
        {"2025-10-31", "2026-12-01", 0},                                  /* 13 months and a day */
        {"2025-10-01", "2026-11-30", 1}, {"2025-10-01", "2026-12-01", 0}, {"2024-01-31", "2025-02-28", 1},
        {"2024-01-31", "2025-03-01", 0}, {"2026-11-23", "2030-01-01", 0},
    };
    uint64_t text = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++, text++) {
        room_sql(&room, "DELETE FROM reference_run");
        room_sql(&room, "DELETE FROM reference_block");
        ck_assert_uint_eq(batch_of(0, day(rows[i].first), &text, 1), 0);
        ck_assert_msg(batch_of(0, day(rows[i].again), &text, 1) == rows[i].told, "%s, %s", rows[i].first,
                      rows[i].again);
    }
}
END_TEST

/* Also of a payer that sends nothing any more, and never a month that still counts. */
START_TEST(old_months_are_removed)
{
    uint64_t text = 7, other = 8;
    batch_of(0, day("2025-09-30"), &text, 1);
    batch_of(0, day("2025-10-01"), &other, 1);
    batch_of(2, day("2026-11-30"), &text, 1);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run"), 2);
    runs_are_whole();
    batch_of(2, day("2026-12-01"), &other, 1);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run WHERE payer = 'proeveby'"), 0);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_block"), 2);
}
END_TEST

START_TEST(of_one_payer_and_sender)
{
    const uint64_t texts[] = {1, 2, 3};
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), texts, 3), 0);
    ck_assert_uint_eq(batch_of(1, day("2026-11-02"), texts, 3), 0); /* another sender of the same payer */
    ck_assert_uint_eq(batch_of(2, day("2026-11-02"), texts, 3), 0);
    ck_assert_uint_eq(batch_of(1, day("2026-11-03"), texts + 1, 2), 2);
}
END_TEST

/* ---- one batch */

START_TEST(the_first_of_a_batch_wins)
{
    const uint64_t a[] = {1, 2, 3}, b[] = {4, 2, 5}, c[] = {2, 3, 6};
    struct made made = batch_begin(0, day("2026-11-02"));
    slice_add(&made, a, 3);
    slice_add(&made, b, 3);
    slice_add(&made, c, 3);
    batch_end(&made);
    static const bool told[] = {false, false, false, false, true, false, true, true, false};
    for (size_t i = 0; i < use_count; i++)
        ck_assert_msg(uses[i].told == told[i], "payment %zu", i);
    runs_are_whole();
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run"), 1);
}
END_TEST

START_TEST(without_references)
{
    struct made made = batch_begin(0, day("2026-11-02"));
    batch_end(&made); /* no slice at all */
    made = batch_begin(0, day("2026-11-02"));
    slice_add(&made, NULL, 0); /* a slice of payments without one */
    batch_end(&made);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run"), 0);
    ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_block"), 0);
}
END_TEST

/* A batch that is still being read, or was not read to its end, is no history. */
START_TEST(a_batch_not_accepted_does_not_count)
{
    const uint64_t texts[] = {1, 2, 3};
    struct made killed = batch_begin(0, day("2026-11-02"));
    slice_add(&killed, texts, 3);
    room_ok(&room, nks_db_commit(room.db, &room.fault));
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), texts, 2), 0);
    room_ok(&room, nks_batch_clear_slices(payments, killed.batch.id, 1, &room.fault));
    runs_are_whole();
    ck_assert_int_eq(room_sql(&room, "SELECT SUM(entries) FROM reference_run"), 2);
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), texts, 3), 2);
}
END_TEST

START_TEST(an_undone_check_leaves_all_as_it_was)
{
    uint64_t texts[3] = {0};
    for (uint64_t i = 0; i < 7; i++) {
        texts[0] = i;
        batch_of(0, day("2026-11-02"), texts, 1);
    }
    int64_t before = room_sql(&room, "SELECT SUM(run_id * 31 + entries) FROM reference_run");
    for (int round = 0; round < 2; round++) { /* the eighth merges; killed the first time */
        struct made made = batch_begin(0, day("2026-11-02"));
        texts[0] = 3, texts[1] = 100, texts[2] = 6;
        slice_add(&made, texts, 3);
        room_ok(&room, nks_reference_check(payments, &made.batch, made.today, on_hits, &made.batch.id, &room.fault));
        room_ok(&room, nks_reference_tidy(payments, &made.batch, made.today, &room.fault));
        ck_assert_int_eq(room_sql(&room, "SELECT COUNT(*) FROM reference_run"), 1);
        ck_assert(uses[made.first_use].told && !uses[made.first_use + 1].told && uses[made.first_use + 2].told);
        if (round == 1) {
            room_ok(&room, nks_db_commit(room.db, &room.fault));
            break;
        }
        nks_db_rollback(room.db);
        ck_assert_int_eq(room_sql(&room, "SELECT SUM(run_id * 31 + entries) FROM reference_run"), before);
        runs_are_whole();
    }
    ck_assert_int_eq(room_sql(&room, "SELECT SUM(entries) FROM reference_run"), 10);
}
END_TEST

/* ---- big ones: several blocks, several windows */

enum { BIG_SLICES = 5, CROWDED_SLICES = 7 }; /* two windows; more than a window can hold */

static void big_batch(uint64_t slices, uint64_t from, uint64_t step, const char *date)
{
    static uint64_t texts[NKS_SLICE_PAYMENTS];
    struct made made = batch_begin(0, day(date));
    for (uint64_t s = 0; s < slices; s++) {
        for (uint64_t i = 0; i < NKS_SLICE_PAYMENTS; i++)
            texts[i] = from + (s * NKS_SLICE_PAYMENTS + i) * step;
        slice_add(&made, texts, NKS_SLICE_PAYMENTS);
    }
    batch_end(&made);
}

START_TEST(big_batches_meet)
{
    const uint64_t last = (uint64_t)BIG_SLICES * NKS_SLICE_PAYMENTS;
    big_batch(BIG_SLICES, 0, 1, "2026-10-02");
    ck_assert_int_gt(room_sql(&room, "SELECT COUNT(*) FROM reference_block"), 60);
    ck_assert_int_eq(room_sql(&room, "SELECT SUM(entries) FROM reference_run"), (int64_t)last);
    size_t second = use_count;
    big_batch(BIG_SLICES, 0, 7, "2026-11-02"); /* every seventh text of the first, then others */
    for (size_t i = second; i < use_count; i++)
        ck_assert_msg(uses[i].told == (uses[i].text < last), "text %llu", (unsigned long long)uses[i].text);
    const uint64_t few[] = {0, 5, last - 1, last, 7 * (last - 1), 7 * last};
    ck_assert_uint_eq(batch_of(0, day("2026-12-02"), few, 6), 4);
    runs_are_whole();
}
END_TEST

/* A few references read the few blocks in which they would lie: damage to all others is not even seen. */
START_TEST(few_references_read_few_blocks)
{
    big_batch(BIG_SLICES, 0, 1, "2026-11-02");
    const uint64_t text = 4711;
    static struct nks_sql damage = {
        .name = "damage",
        .params = 1,
        .param_names = {"block"},
        .text = "UPDATE reference_block SET entries = CAST('0' AS {bytes}) WHERE block_id & 1048575 <> ?1"};
    int64_t bits = room_sql(&room, "SELECT bits FROM reference_run");
    struct nks_stmt *stmt = NULL;
    room_ok(&room, nks_stmt_start(room.db, &damage, &stmt, &room.fault));
    nks_bind_int(stmt, "block", (int64_t)(mix(text) >> (64 - bits)));
    int64_t changed = 0;
    room_ok(&room, nks_stmt_run(stmt, &changed, &room.fault));
    ck_assert_int_eq(changed, room_sql(&room, "SELECT COUNT(*) FROM reference_block") - 1);
    ck_assert_uint_eq(batch_of(0, day("2026-11-03"), &text, 1), 1);
    struct made made = batch_begin(0, day("2026-11-03"));
    const uint64_t more[] = {4710, 4712, 4713};
    slice_add(&made, more, 3);
    room_fails(&room, NKS_INTEGRITY,
               nks_reference_check(payments, &made.batch, made.today, on_hits, &made.batch.id, &room.fault));
    ck_assert_str_eq(room.fault.code, "REFERENCE-RUN");
}
END_TEST

/* All in four blocks of 256: a window of average width does not hold them. */
static uint64_t key_crowded(uint64_t text)
{
    return (text % 4) << 56 | mix(text) >> 8;
}

START_TEST(a_crowded_window_is_halved)
{
    key_of = key_crowded;
    big_batch(CROWDED_SLICES, 0, 1, "2026-11-02");
    size_t second = use_count;
    big_batch(CROWDED_SLICES, 40000, 1, "2026-11-03");
    for (size_t i = second; i < use_count; i++)
        ck_assert_msg(uses[i].told == (uses[i].text < CROWDED_SLICES * NKS_SLICE_PAYMENTS), "text %llu",
                      (unsigned long long)uses[i].text);
    key_of = mix;
    runs_are_whole();
}
END_TEST

/* ---- equal keys */

START_TEST(chance_is_not_believed)
{
    key_of = key_meets;
    const uint64_t a[] = {0, 3}, b[] = {1}, c[] = {2}, d[] = {1}, e[] = {4, 3}, f[] = {2, 5};
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), a, 2), 0);
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), b, 1), 0); /* meets 0 */
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), c, 1), 0);
    ck_assert_uint_eq(batch_of(0, day("2026-11-02"), d, 1), 1); /* meets 0 first, is 1 */
    struct made made = batch_begin(0, day("2026-11-03"));
    slice_add(&made, e, 2); /* 4 meets 3 in its own slice and before; 3 is a duplicate */
    slice_add(&made, f, 2); /* 2 is one; 5 meets 3 and 4 */
    batch_end(&made);
    ck_assert(!uses[use_count - 4].told && uses[use_count - 3].told);
    ck_assert(uses[use_count - 2].told && !uses[use_count - 1].told);
    key_of = mix;
}
END_TEST

/* One reference in every file, for ever: a run keeps the first ones, and the blocks do not grow. */
START_TEST(one_reference_again_and_again)
{
    const uint64_t texts[] = {42};
    for (int i = 0; i < 300; i++)
        ck_assert_uint_eq(batch_of(0, day("2026-11-02"), texts, 1), i > 0);
    ck_assert_int_le(room_sql(&room, "SELECT MAX(length(entries)) / 16 FROM reference_block"), NKS_RUN_EQUAL);
    runs_are_few();
    runs_are_whole();
}
END_TEST

/* ---- against the plain list */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    return mix(chance_state++) % below;
}

static bool used_before(size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (uses[i].owner == uses[at].owner && uses[i].text == uses[at].text &&
            uses[i].month >= uses[at].month - NKS_REFERENCE_MONTHS)
            return true;
    }
    return false;
}

static void random_batch(nks_date today, int seed)
{
    uint64_t texts[600];
    struct made made = batch_begin((int)chance(3), today);
    for (uint64_t slices = 1 + chance(3); slices > 0; slices--) {
        size_t count = 1 + (size_t)chance(chance(20) == 0 ? 600 : 12);
        uint64_t from = chance(20000);
        for (size_t i = 0; i < count; i++)
            texts[i] = from + i * 5;
        slice_add(&made, texts, count);
    }
    batch_end(&made);
    for (size_t i = made.first_use; i < use_count; i++)
        ck_assert_msg(uses[i].told == used_before(i), "seed %d: payment %lld", seed, (long long)uses[i].payment_id);
    runs_are_few();
}

START_TEST(as_a_plain_list_says)
{
    key_of = _i % 2 == 0 ? mix : key_meets;
    chance_state = (uint64_t)_i << 32;
    nks_date today = day("2025-01-01");
    for (int batch = 0; batch < 300; batch++, today += (nks_date)chance(5))
        random_batch(today, _i);
    runs_are_whole();
    key_of = mix;
}
END_TEST

START_TEST(tiers)
{
    static const struct {
        int64_t entries;
        int tier;
    } rows[] = {{1, 1},     {64, 1},    {65, 2},     {512, 2},    {513, 3},     {4096, 3},     {4097, 4},
                {32768, 4}, {32769, 5}, {262144, 5}, {262145, 6}, {2000000, 6}, {163000000, 6}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(nks_reference_tier(rows[i].entries), rows[i].tier);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, months_count);
    tcase_add_test(tests, old_months_are_removed);
    tcase_add_test(tests, of_one_payer_and_sender);
    tcase_add_test(tests, the_first_of_a_batch_wins);
    tcase_add_test(tests, without_references);
    tcase_add_test(tests, a_batch_not_accepted_does_not_count);
    tcase_add_test(tests, an_undone_check_leaves_all_as_it_was);
    tcase_add_test(tests, big_batches_meet);
    tcase_add_test(tests, few_references_read_few_blocks);
    tcase_add_test(tests, a_crowded_window_is_halved);
    tcase_add_test(tests, chance_is_not_believed);
    tcase_add_test(tests, one_reference_again_and_again);
    tcase_add_loop_test(tests, as_a_plain_list_says, 0, 4);
    tcase_add_test(tests, tiers);
    suite_add_tcase(suite, tests);
    return room_run(suite);
}
