/* The page for people: where money went, the picture's geometry, and the ceilings of the summary. */
#include "report/report_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where a part of the money is, by payment, slice and leg */

static const struct {
    enum nks_payment_state payment;
    enum nks_slice_state slice;
    enum nks_leg_kind kind; /* 0: no leg */
    enum nks_leg_state leg;
    bool due;
    enum nks_look_to expected;
} tos[] = {
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_PLANNED, true, NKS_LOOK_PAYEE},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_IN_FILE, true, NKS_LOOK_PAYEE},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_SETTLED, true, NKS_LOOK_PAYEE},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_DEBT, NKS_LEG_IN_FILE, true, NKS_LOOK_DEBT},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_VENTEKONTO, NKS_LEG_SETTLED, true, NKS_LOOK_VENTEKONTO},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_ROUTED, NKS_LEG_ERROR_ACCOUNT, NKS_LEG_PLANNED, true, NKS_LOOK_ERROR_ACCOUNT},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_PAYEE, NKS_LEG_REJECTED, true, NKS_LOOK_RETURNED},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_EMITTED, NKS_LEG_DEBT, NKS_LEG_RETURNED, true, NKS_LOOK_RETURNED},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_ROUTED, NKS_LEG_PAYEE, NKS_LEG_STOPPED, true, NKS_LOOK_STOPPED},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_WAITING, 0, 0, false, NKS_LOOK_NOT_DUE},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_WAITING, 0, 0, true, NKS_LOOK_IN_PROCESS},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_OFFSET, 0, 0, true, NKS_LOOK_IN_PROCESS},
    {NKS_PAYMENT_ACCEPTED, NKS_SLICE_STOPPED, 0, 0, false, NKS_LOOK_STOPPED},
    {NKS_PAYMENT_STOPPED, NKS_SLICE_WAITING, 0, 0, false, NKS_LOOK_STOPPED},
    {NKS_PAYMENT_REJECTED, NKS_SLICE_WAITING, 0, 0, false, NKS_LOOK_REJECTED},
    {NKS_PAYMENT_REJECTED, NKS_SLICE_STOPPED, 0, 0, false, NKS_LOOK_REJECTED},
};

START_TEST(a_part_has_one_destination)
{
    struct nks_outcome_group part = {
        .payment = {.state = (uint8_t)tos[_i].payment},
        .slice = tos[_i].slice,
        .has_leg = tos[_i].kind != 0,
        .leg = {.kind = (uint8_t)tos[_i].kind, .state = (uint8_t)tos[_i].leg},
    };
    ck_assert_int_eq(nks_look_to_of(&part, tos[_i].due), tos[_i].expected);
}
END_TEST

START_TEST(every_destination_has_a_name)
{
    for (int to = 0; to < NKS_LOOK_TOS; to++)
        ck_assert_ptr_nonnull(nks_look_to_name((enum nks_look_to)to));
}
END_TEST

/* ---- the picture */

enum { NODES_MAX = NKS_LOOK_TOS };
static const struct {
    size_t count;
    int64_t minor[NODES_MAX];
} flows[] = {
    {1, {100}},
    {1, {0}},
    {2, {50, 50}},
    {3, {1, 1, 1}},
    {3, {1000000000000, 1, 0}},
    {4, {0, 0, 0, 0}},
    {9, {24473495, 703000, 710000, 760000, 1, 3510000, 2, 30000, 5}},
    {3, {INT64_MAX, INT64_MAX, INT64_MAX}},
};

static size_t flow_make(int at, struct nks_flow_node nodes[NODES_MAX])
{
    memset(nodes, 0, sizeof(struct nks_flow_node) * NODES_MAX);
    for (size_t i = 0; i < flows[at].count; i++)
        ck_assert(nks_sum_add(&nodes[i].sum, (struct nks_money){flows[at].minor[i], "DKK"}));
    return flows[at].count;
}

START_TEST(bands_lie_apart_and_inside)
{
    struct nks_flow_node nodes[NODES_MAX];
    size_t count = flow_make(_i, nodes);
    int height = nks_flow_layout(nodes, count), left = nodes[0].left;
    for (size_t i = 0; i < count; i++) {
        const struct nks_flow_node *node = &nodes[i];
        ck_assert_int_ge(node->height, NKS_FLOW_LEAST);
        ck_assert_int_ge(node->bar, NKS_FLOW_LEAST);
        ck_assert_int_le(node->bar, NKS_FLOW_BAR);
        ck_assert_int_eq(node->left, left); /* the source is one bar without gaps */
        left += node->height;
        ck_assert_int_ge(node->left, 0);
        ck_assert_int_le(left, height);
        ck_assert_int_ge(node->right, 0);
        ck_assert_int_le(node->right + node->height, height);
        if (i > 0) { /* two lines of text fit beside each band */
            int before = 2 * nodes[i - 1].right + nodes[i - 1].height, here = 2 * node->right + node->height;
            ck_assert_int_ge(here - before, 2 * NKS_FLOW_PITCH - 2);
            ck_assert_int_ge(node->right, nodes[i - 1].right + nodes[i - 1].height);
        }
    }
}
END_TEST

START_TEST(shares_are_rounded_of_the_whole)
{
    struct nks_flow_node nodes[NODES_MAX];
    nks_flow_layout(nodes, flow_make(2, nodes));
    ck_assert_int_eq(nodes[0].share, 5000);
    ck_assert_int_eq(nodes[0].height, nodes[1].height);
    nks_flow_layout(nodes, flow_make(3, nodes));
    ck_assert_int_eq(nodes[0].share, 3333);
    nks_flow_layout(nodes, flow_make(4, nodes));
    ck_assert_int_eq(nodes[0].share, 10000);
    ck_assert_int_eq(nodes[1].share, 0);
    nks_flow_layout(nodes, flow_make(5, nodes));
    ck_assert_int_eq(nodes[0].share, 0);
    nks_flow_layout(nodes, flow_make(7, nodes));
    ck_assert_int_eq(nodes[2].share, 3333);
}
END_TEST

/* ---- summary and page */

static struct nks_run run = {.conf = {.environment = "test"}, .now = 1795399800};

static struct nks_summary *begin(void)
{
    struct nks_summary *summary = NULL;
    nks_fault_clear(&run.fault);
    ck_assert_int_eq(nks_summary_begin(&run, "delivery", NKS_REPORT_DANISH, &summary), NKS_OK);
    return summary;
}

START_TEST(the_summary_has_a_ceiling)
{
    char text[4096];
    struct nks_summary *summary = begin();
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i * sizeof text < 2 * (size_t)NKS_REPORT_SUMMARY_MAX; i++)
        nks_summary_text(summary, "finding", text);
    ck_assert_int_eq(nks_summary_end(summary), NKS_FAILED);
    ck_assert_str_eq(run.fault.code, "REPORT-BIG");
    ck_assert_uint_le(summary->cap, NKS_REPORT_SUMMARY_MAX);
    nks_summary_free(summary);
}
END_TEST

/* Markup in a text stays text: nothing that was received can become a part of the page. */
START_TEST(text_stays_text)
{
    struct nks_page page = {.bytes = NULL};
    struct nks_summary *summary = begin();
    nks_summary_open(summary, "findings");
    nks_summary_open(summary, "finding");
    nks_summary_text(summary, "text", "<script>alert(1)</script> & \"'\x01\xFF ]]>");
    nks_summary_close(summary, "finding");
    nks_summary_close(summary, "findings");
    ck_assert_int_eq(nks_summary_end(summary), NKS_OK);
    ck_assert_int_eq(nks_report_transform(summary, &page, &run.fault), NKS_OK);
    ck_assert_ptr_nonnull(strstr(page.bytes, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \"'?? ]]&gt;"));
    ck_assert_ptr_null(strstr(page.bytes, "<script"));
    ck_assert_int_eq(strncmp(page.bytes, "<!DOCTYPE html>\n<html", 21), 0);
    nks_page_free(&page);
    nks_summary_free(summary);
}
END_TEST

/* What is no summary makes no page, and no crash. */
START_TEST(half_a_summary_makes_no_page)
{
    char bytes[] = "<report><kind>batch</kind>";
    struct nks_page page = {.bytes = NULL};
    struct nks_summary *summary = calloc(1, sizeof *summary);
    ck_assert_ptr_nonnull(summary);
    summary->bytes = strdup(bytes);
    summary->len = sizeof bytes - 1;
    nks_fault_clear(&run.fault);
    ck_assert_int_eq(nks_report_transform(summary, &page, &run.fault), NKS_FAILED);
    ck_assert_str_eq(run.fault.code, "REPORT-SHEET");
    ck_assert_ptr_null(page.bytes);
    nks_summary_free(summary);
}
END_TEST

START_TEST(two_languages)
{
    enum nks_report_language language = NKS_REPORT_ENGLISH;
    ck_assert(nks_report_language_find(NKS_TEXT("da"), &language));
    ck_assert_int_eq(language, NKS_REPORT_DANISH);
    ck_assert(nks_report_language_find(NKS_TEXT("en"), &language));
    ck_assert_int_eq(language, NKS_REPORT_ENGLISH);
    ck_assert(!nks_report_language_find(NKS_TEXT("DA"), &language));
    ck_assert(!nks_report_language_find(NKS_TEXT(""), &language));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tcase = tcase_create("report");
    tcase_add_loop_test(tcase, a_part_has_one_destination, 0, sizeof tos / sizeof tos[0]);
    tcase_add_test(tcase, every_destination_has_a_name);
    tcase_add_loop_test(tcase, bands_lie_apart_and_inside, 0, sizeof flows / sizeof flows[0]);
    tcase_add_test(tcase, shares_are_rounded_of_the_whole);
    tcase_add_test(tcase, the_summary_has_a_ceiling);
    tcase_add_test(tcase, text_stays_text);
    tcase_add_test(tcase, half_a_summary_makes_no_page);
    tcase_add_test(tcase, two_languages);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
