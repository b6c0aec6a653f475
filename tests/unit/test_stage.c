/*
 * The stages over a home of their own, where a night is not enough: what happens between two nights, and between two
 * stages. All people, companies and accounts are invented.
 */
#include "room_home.h"

#include "stage/run.h"

#include <fcntl.h>

static char dir[64], home[80], keys[88];
static struct nks_run *run;
static struct nks_fault fault;

static void ok(enum nks_status status)
{
    const struct nks_fault *told = run != NULL && run->fault.status != NKS_OK ? &run->fault : &fault;
    ck_assert_msg(status == NKS_OK, "%s: %s: %s", nks_status_name(status), told->code, told->line);
}

static void reopen(const char *now)
{
    nks_time instant = 0;
    ck_assert(nks_time_parse(nks_text_from(now), &instant));
    nks_run_close(run);
    run = NULL;
    const struct nks_run_options options = {
        .home = home, .keys = keys, .reader = NKS_BIN_DIR "/nks-reader", .now = instant, .lock = true};
    ok(nks_run_open(&options, &run, &fault));
}

static int memory_file(const char *text)
{
    int fd = memfd_create("csv", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void import_centrals(const char *rows)
{
    char text[1024];
    struct nks_import_result result;
    const struct nks_import_options options = {.now = run->now, .full = true};
    snprintf(text, sizeof text, "central,name,order_version,max_payments,max_bytes,cut_off,regnr_ranges\n%s", rows);
    int fd = memory_file(text);
    ok(nks_central_import(run->db, run->keys, fd, &options, &result, &run->fault));
    close(fd);
    ok(nks_run_books(run));
}

#define CENTRAL "vest,Vest,09,1000,10000000,16:00,"
#define ANNA    "0101415001"

static void import_rest(void)
{
    struct nks_import_result result;
    const struct nks_import_options options = {.now = run->now};
    int fd = memory_file("sender,payer,payer_cvr,payer_name,debtor_accounts,ydelsesarter,offset_mode,"
                         "offset_ydelsesarter,days_before,no_account,report_level,report_version,valid_from\n"
                         "proeve,proeve,99010118,Prøve,10010000000101,*,SPLIT,NKSOST,1,REJECT,ALL,SAME,2025-07-01\n");
    ok(nks_agreement_import(run->db, run->keys, fd, &options, &result, &run->fault));
    close(fd);
    fd = memory_file("record,holder_kind,holder_id,parent_cvr,account_kind,authority,ydelsesart,account,bic,valid_from,"
                     "valid_to\nACCOUNT,CPR," ANNA ",,NEMKONTO,,,70010000001001,,2015-01-01,\n");
    ok(nks_register_import(run->reg, fd, &options, &result, &run->fault));
    close(fd);
    fd =
        memory_file("record,id,holder_kind,holder_id,payer,ydelsesart,kind,priority,creditor,name,cvr,account,category,"
                    "received,amount,as_of,valid_from,valid_to\n"
                    "AUTHORITY,rim,,,,,,,,Prøvegæld,99020105,30030000000701,,,,,,\n"
                    "CLAIM,K-1,CPR," ANNA ",,,,,rim,,,,BOEDE,2021-03-04,60.00,2026-11-01T00:00:00Z,,\n");
    ok(nks_debt_import(run->debt, fd, &options, &result, &run->fault));
    close(fd);
    ok(nks_run_books(run));
}

static void setup(void)
{
    strcpy(dir, "/tmp/nks-stage-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(home, sizeof home, "%s/home", dir);
    snprintf(keys, sizeof keys, "%s/keys", dir);
    nks_fault_clear(&fault);
    run = NULL;
    ok(nks_home_init(home, keys, NULL, true, 1763800000, &fault));
    reopen("2026-11-02T02:00:00Z");
    import_centrals(CENTRAL "0001-1999\n");
    import_rest();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void teardown(void)
{
    nks_run_close(run);
    run = NULL;
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file of one group per date, each with one payment of 100 DKK to Anna under that reference. */
static void drop_references(const char *id, const char *const *dates, const char *const *references)
{
    char path[256];
    snprintf(path, sizeof path, "%s/in/sender/proeve", home);
    ok(nks_sys_mkdir(path, 0700, &fault));
    snprintf(path, sizeof path, "%s/in/sender/proeve/%s.xml", home, id);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    int count = 0;
    while (dates[count] != NULL)
        count++;
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:"
            "pain.001.001.09\"><CstmrCdtTrfInitn><GrpHdr><MsgId>%s</MsgId><CreDtTm>2026-11-01T18:00:00Z</CreDtTm>"
            "<NbOfTxs>%d</NbOfTxs><CtrlSum>%d.00</CtrlSum><InitgPty><Nm>Prøve</Nm></InitgPty></GrpHdr>",
            id, count, count * 100);
    for (int i = 0; i < count; i++)
        fprintf(file,
                "<PmtInf><PmtInfId>%s-%d</PmtInfId><PmtMtd>TRF</PmtMtd><PmtTpInf><LclInstrm><Prtry>NKSOST</Prtry>"
                "</LclInstrm></PmtTpInf><ReqdExctnDt><Dt>%s</Dt></ReqdExctnDt><Dbtr><Nm>Prøve</Nm></Dbtr><DbtrAcct>"
                "<Id><Othr><Id>10010000000101</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id></DbtrAcct><DbtrAgt>"
                "<FinInstnId><BICFI>PRVEDK2V</BICFI></FinInstnId></DbtrAgt><CdtTrfTxInf><PmtId><EndToEndId>%s"
                "</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">100.00</InstdAmt></Amt><Cdtr><Nm>Anna Prøve</Nm>"
                "<Id><PrvtId><Othr><Id>" ANNA "</Id><SchmeNm><Cd>SOSE</Cd></SchmeNm></Othr></PrvtId></Id></Cdtr>"
                "</CdtTrfTxInf></PmtInf>",
                id, i, dates[i], references[i]);
    fprintf(file, "</CstmrCdtTrfInitn></Document>\n");
    ck_assert_int_eq(fclose(file), 0);
}

static void drop(const char *id, const char *const *dates)
{
    char texts[8][16];
    const char *references[8];
    for (int i = 0; i < 8; i++) {
        snprintf(texts[i], sizeof texts[i], "%s-%d", id, i);
        references[i] = texts[i];
    }
    drop_references(id, dates, references);
}

static int64_t number(const char *text)
{
    static struct nks_sql statements[32]; /* a connection knows a statement by its address */
    static size_t used;
    struct nks_stmt *stmt = NULL;
    bool found = false;
    ck_assert_uint_lt(used, 32);
    statements[used] = (struct nks_sql){.name = "test", .text = text};
    ok(nks_stmt_start(run->db, &statements[used++], &stmt, &fault));
    ok(nks_stmt_one(stmt, &found, &fault));
    int64_t value = found ? nks_column_int(stmt, 0) : -1;
    nks_stmt_end(stmt);
    return value;
}

/* Two nights may be done in one (a holiday, a machine that was down): slices on both sides of one that was sent already
 * go into one file, which says and holds their payments only. */
START_TEST(file_around_an_earlier_one)
{
    static const char *const dates[] = {"2026-11-05", "2026-11-03", "2026-11-06", NULL};
    drop("A", dates);
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM out_file WHERE kind = 1"), 1);
    reopen("2026-11-05T02:00:00Z");
    ok(nks_stage_all(run, 0));
    reopen("2026-11-06T02:00:00Z");
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM out_file WHERE kind = 1"), 2);
    ck_assert_int_eq(number("SELECT entries FROM out_file WHERE kind = 1 AND number = 2"), 2);
    ck_assert_int_eq(number("SELECT CAST(control_sum AS INT) FROM out_file WHERE kind = 1 AND number = 2"), 200);
    ck_assert_int_eq(number("SELECT count(*) FROM out_file WHERE state <> 3"), 0);
    ck_assert_int_eq(number("SELECT count(*) FROM leg WHERE state <> 2 OR file_id = 0"), 0);
}
END_TEST

/* A central that is taken out between two stages: what is undecided is rejected, what debts took part of goes on. */
START_TEST(central_taken_out_before_offset)
{
    static const char *const dates[] = {"2026-11-03", NULL};
    drop("A", dates);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ok(nks_stage_resolve(run, 0));
    import_centrals("ost,Ost,09,1000,10000000,16:00,5000-5999\n");
    ok(nks_stage_offset(run, 0));
    ok(nks_stage_route(run, 0));
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM leg"), 0);
    ck_assert_int_eq(number("SELECT state FROM payment"), NKS_PAYMENT_REJECTED);
}
END_TEST

START_TEST(central_taken_out_before_route)
{
    static const char *const dates[] = {"2026-11-03", NULL};
    drop("A", dates);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ok(nks_stage_resolve(run, 0));
    ok(nks_stage_offset(run, 0));
    import_centrals("ost,Ost,09,1000,10000000,16:00,5000-5999\n");
    ok(nks_stage_route(run, 0));
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM leg WHERE central = 1 AND state = 2"), 2);
    ck_assert_int_eq(number("SELECT sum(amount_minor) FROM leg"), 10000);
}
END_TEST

/* Claims are used in the order of batches, also when a later batch is asked for alone. */
START_TEST(offset_waits_for_earlier_batches)
{
    static const char *const dates[] = {"2026-11-03", NULL};
    drop("A", dates);
    drop("B", dates);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ok(nks_stage_decide(run, 2));
    ck_assert_int_eq(number("SELECT count(*) FROM slice WHERE state = 2"), 2);
    ok(nks_stage_resolve(run, 0));
    ok(nks_stage_offset(run, 2));
    ck_assert_int_eq(number("SELECT count(*) FROM slice WHERE state = 3"), 2);
    ok(nks_stage_decide(run, 0));
    ck_assert_int_eq(number("SELECT slice_id >> 14 FROM claim_use"), 1);
}
END_TEST

/* The same references in a message of its own, thirteen months later. */
START_TEST(references_are_kept_for_thirteen_months)
{
    static const char *const first[] = {"2026-11-03", NULL}, *const later[] = {"2027-12-03", NULL};
    char path[128], other[256];
    drop("A", first);
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM payment WHERE state = 1"), 1);
    reopen("2027-12-02T02:00:00Z");
    drop("A", later);
    /* another message id, the same EndToEndId */
    snprintf(path, sizeof path, "%s/in/sender/proeve/A.xml", home);
    snprintf(other, sizeof other, "sed -i 's/<MsgId>A</<MsgId>B</' '%s'", path);
    ck_assert_int_eq(system(other), 0);
    ok(nks_stage_all(run, 0));
    ck_assert_int_eq(number("SELECT count(*) FROM batch WHERE state = 2"), 2);
    ck_assert_int_eq(number("SELECT reason FROM payment WHERE state = 2"), NKS_REASON_DUPLICATE_PAYMENT);
}
END_TEST

/* The numbers of rejected payments of a batch, as digits: 13 for the first and the third. */
static int64_t rejected_of(int batch_id)
{
    char text[320];
    snprintf(
        text, sizeof text,
        "SELECT CAST(COALESCE(group_concat(seq, ''), '0') AS INT) FROM (SELECT seq FROM payment WHERE slice_id >> 14 = "
        "%d AND state = 2 AND reason = %d ORDER BY seq)",
        batch_id, NKS_REASON_DUPLICATE_PAYMENT);
    return number(text);
}

/* The first one wins: in a slice, in another slice of the file, and in another file; NOTPROVIDED is no reference. */
START_TEST(references_used_before)
{
    static const char *const dates[] = {"2026-11-03", "2026-11-03", "2026-11-04", "2026-11-03", "2026-11-04", NULL};
    static const char *const first[] = {"R1", "R2", "R1", "R2", "NOTPROVIDED"};
    static const char *const second[] = {"NOTPROVIDED", "R3", "R3", "R2", "R4"};
    static const char *const third[] = {"R5", "R6", "R7", "R8", "R4"};
    drop_references("A", dates, first);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ck_assert_int_eq(rejected_of(1), 34);
    drop_references("B", dates, second);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ck_assert_int_eq(rejected_of(2), 34);
    drop_references("B", dates, second); /* the same message again, as another file name: nothing is read */
    drop_references("C", dates, third);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ck_assert_int_eq(rejected_of(3), 5);
    ck_assert_int_eq(number("SELECT SUM(rejected) FROM batch"), 5);
    ck_assert_int_eq(number("SELECT SUM(rejected) FROM slice"), 5);
    ck_assert_int_eq(number("SELECT SUM(payments) FROM slice_status_total WHERE status = 'RJCT'"), 5);
    ck_assert_int_eq(number("SELECT COUNT(*) FROM reference_run WHERE tier = 0"), 0);
    ok(nks_stage_all(run, 0)); /* the rows are signed as they are now */
}
END_TEST

/* A refused file leaves no references: the corrected one may use them. */
START_TEST(references_of_a_refused_file)
{
    static const char *const dates[] = {"2026-11-03", "2026-11-04", NULL};
    static const char *const references[] = {"R1", "R2"};
    char path[256];
    drop_references("A", dates, references);
    snprintf(path, sizeof path, "%s/in/sender/proeve/A.xml", home);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    char text[8192];
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    char *sum = strstr(text, "<CtrlSum>200");
    ck_assert_ptr_nonnull(sum);
    ck_assert_int_eq(fseek(file, (long)(sum - text) + 9, SEEK_SET), 0);
    ck_assert_int_eq(fputc('3', file), '3');
    ck_assert_int_eq(fclose(file), 0);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ck_assert_int_eq(number("SELECT state FROM batch"), NKS_BATCH_REFUSED);
    ck_assert_int_eq(number("SELECT COUNT(*) FROM reference_block"), 0);
    drop_references("B", dates, references);
    ok(nks_stage_receive(run, 0));
    ok(nks_stage_ingest(run, 0));
    ck_assert_int_eq(number("SELECT SUM(rejected) FROM batch WHERE state = 2"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stage");
    TCase *tests = tcase_create("stages");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, file_around_an_earlier_one);
    tcase_add_test(tests, central_taken_out_before_offset);
    tcase_add_test(tests, central_taken_out_before_route);
    tcase_add_test(tests, offset_waits_for_earlier_batches);
    tcase_add_test(tests, references_are_kept_for_thirteen_months);
    tcase_add_test(tests, references_used_before);
    tcase_add_test(tests, references_of_a_refused_file);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
