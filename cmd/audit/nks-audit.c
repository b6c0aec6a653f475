/*
 * nks-audit: recounts everything in a home by code of its own, read-only. See audit.h for how it is built.
 *
 * One picture of the tables for the whole audit: a run may go on meanwhile. What lies in out/ is listed, and seals are
 * read, before that picture is taken, so that every file of ours found there has its row in it.
 */
#include "audit.h"

#include "exchange/published.h"
#include "sample.h"
#include "stage/run.h"
#include "stage/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CEILING = 64 * 1024 * 1024, CACHE_KIB = 64 * 1024, NOW_CACHE_KIB = 1024, BUSY_TIMEOUT_MS = 10000 };
enum { EXIT_CLEAN = 0, EXIT_USAGE = 2, EXIT_BUSY = 4, EXIT_HELD = 5, EXIT_SETUP = 6, EXIT_FINDINGS = 7, EXIT_BUG = 8 };

static const char usage[] =
    "usage: nks-audit [--home DIR] [--keys DIR] [--database A] [--json] [-q] [--public]\n"
    "       nks-audit sample --mus N --seed S --out DIR [--home DIR] [--keys DIR]\n"
    "       nks-audit verify-sample DIR --keys DIR\n"
    "\n"
    "Recounts every payment, leg and file of a home from rows and bytes, and names what is not what was stored.\n"
    "Reads only.\n"
    "\n"
    "sample draws payments by monetary units, and writes them with evidence that needs no secret key into a new "
    "folder;\n"
    "verify-sample checks such a folder by sign.pub and file.crt alone, and says what these cannot prove.\n"
    "\n"
    "  --home DIR   the home (else NKS_HOME, else /var/lib/nks)\n"
    "  --keys DIR   the keys (else NKS_KEYS, else HOME.keys); sign.pub and file.crt alone give the public checks\n"
    "  --database A the database at this address, and not the one that nks.conf names: what nks migrate has copied\n"
    "  --mus N      how many units of money are drawn    --seed S   a number: the same one draws the same\n"
    "  --public     use the public keys alone\n"
    "  --json       JSON Lines\n"
    "  -q           findings only\n"
    "  --help, --version\n"
    "\n"
    "exit: 0 clean, 2 usage, 4 busy, 5 clean as far as it can be judged before nks reconcile, or something of a\n"
    "      sample is not there, 6 cannot look, 7 findings (run no stage before a person has looked), 8 a bug\n";

struct options {
    const char *home, *keys, *database, *mus, *seed, *out, *verb, *dir;
    struct audit_style style;
    bool public_only, help, version;
};

/* ---- the table of checks; each has its page, AUDIT-NAME, in cmd/nks/codes_audit.c */

static const struct audit_check checks[] = {
    {"database", "the engine's own check of the file; no foreign trigger, view or table", audit_check_database, NULL,
     false},
    {"books", "agreements and centrals decrypt where they stand", audit_check_books, NULL, true},
    {"register", "every account and holder is what was stored", audit_check_register, NULL, true},
    {"debts", "every authority, flag and claim is what was stored", audit_check_debts, NULL, true},
    {"imports", "every import is in the trail, and its rows are there", audit_check_imports,
     "the encrypted record of each import, which counts its rows", false},
    {"persons", "persons and proposals are signed, and what the trail says", audit_check_persons, NULL, true},
    {"signers", "certificates and signatures of deliveries are what the trail says", audit_check_signers, NULL, true},
    {"deliveries", "every delivery has its spool copy, its batch and its receipt", audit_check_deliveries,
     "that names, findings and spool copies decrypt, and the spool's SHA-256", false},
    {"batches", "counts, rejections and sequence numbers of every message", audit_check_batches, NULL, false},
    {"contents", "details say the rows' amounts and payees; CtrlSum is their sum", audit_check_contents, NULL, true},
    {"groups", "groups 1..n, and their payments", audit_check_groups, NULL, false},
    {"slices", "counts, sums, state and totals of every slice", audit_check_slices, NULL, false},
    {"references", "the index of the duplicate check names payments of its owners", audit_check_references, NULL,
     false},
    {"legs", "legs add up to payments, and to order files", audit_check_legs,
     "that a leg's central has the name of the file's folder", false},
    {"signatures", "what was decided is what was signed", audit_check_signatures,
     "that decisions decrypt and repeat the legs", false},
    {"payments", "the rows of payments are those that were signed", audit_check_signed_rows, NULL, false},
    {"uses", "uses of claims and debt legs, both ways", audit_check_uses, "that a debt leg and its use name one claim",
     false},
    {"ventekonto", "entries and ventekonto legs, both ways", audit_check_ventekonto, "that entries decrypt", false},
    {"returns", "money that came back and goes on, both ways", audit_check_returns,
     "that agreements want what was carried on", false},
    {"files", "archive and published files are what was written; signatures", audit_check_files,
     "that archive copies decrypt, and their SHA-256", false},
    {"reports", "what payers were told is what became of their payments", audit_check_reports,
     "the text of receipts and reports", false},
    {"erased", "what was erased is gone, on purpose, and nothing else is", audit_check_erased, NULL, false},
    {"journal", "the journal of published files is whole, and the same as the rows", audit_check_journal, NULL, false},
    {"trail", "every link follows the one before, and the seals outside name what is there", audit_check_trail,
     "who, why and what of each link", false},
    {"facts", "instants, looks, odd answers and flags go together", audit_check_facts, NULL, false},
    {"equation", "payments = sent + rejected + stopped + returned + ventekonto + not due + in process",
     audit_check_equation, NULL, false},
};

const struct audit_check *audit_checks(size_t *count)
{
    *count = sizeof checks / sizeof checks[0];
    return checks;
}

enum nks_status audit_check_books(struct audit *audit)
{
    audit_at(audit, "table agreement");
    enum nks_status read =
        nks_agreement_book_load(audit->db, audit->keys, &audit->arena, &audit->agreements, &audit->fault);
    if (read != NKS_OK)
        audit->agreements.count = 0;
    NKS_TRY(audit_take_fault(audit, read));
    audit_at(audit, "table central");
    enum nks_status status =
        nks_central_book_load(audit->db, audit->keys, &audit->arena, &audit->centrals, &audit->fault);
    if (status != NKS_OK)
        audit->centrals.count = 0;
    NKS_TRY(audit_take_fault(audit, status));
    audit->looked = (int64_t)audit->centrals.count;
    return NKS_OK;
}

/* ---- options */

struct option_row {
    const char *name;
    bool *flag;
    const char **value;
};

/* True when `argv[*at]` is this option; takes its value from the same or the next word. */
static bool option_take(const struct option_row *row, int argc, char **argv, int *at, bool *good)
{
    const char *word = argv[*at];
    size_t len = strlen(row->name);
    if (row->flag != NULL && strcmp(word, row->name) == 0) {
        *row->flag = true;
        return true;
    }
    if (row->value == NULL || strncmp(word, row->name, len) != 0 || (word[len] != '\0' && word[len] != '='))
        return false;
    if (word[len] == '=')
        *row->value = word + len + 1;
    else if (*at + 1 < argc)
        *row->value = argv[++*at];
    else
        *good = false;
    return true;
}

static const char sample_word[] = "sample", verify_word[] = "verify-sample";

/* The verb, and the folder of verify-sample. */
static bool word_take(struct options *options, const char *word)
{
    if (options->verb == NULL && (strcmp(word, sample_word) == 0 || strcmp(word, verify_word) == 0)) {
        options->verb = word;
        return true;
    }
    if (options->verb == NULL || strcmp(options->verb, verify_word) != 0 || options->dir != NULL || word[0] == '-')
        return false;
    options->dir = word;
    return true;
}

static bool options_read(int argc, char **argv, struct options *options)
{
    const struct option_row rows[] = {
        {"--home", NULL, &options->home},         {"--keys", NULL, &options->keys},
        {"--json", &options->style.json, NULL},   {"-q", &options->style.quiet, NULL},
        {"--quiet", &options->style.quiet, NULL}, {"--public", &options->public_only, NULL},
        {"--help", &options->help, NULL},         {"-h", &options->help, NULL},
        {"--version", &options->version, NULL},   {"--mus", NULL, &options->mus},
        {"--seed", NULL, &options->seed},         {"--out", NULL, &options->out},
        {"--database", NULL, &options->database},
    };
    bool good = true;
    for (int at = 1; at < argc && good; at++) {
        bool known = word_take(options, argv[at]);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !known; i++)
            known = option_take(&rows[i], argc, argv, &at, &good);
        if (!known || !good) {
            nks_text_plain(argv[at]);
            fprintf(stderr, "nks-audit: USAGE: %s: %s\n", argv[at],
                    known ? "expects a directory" : "not an option of nks-audit");
            return false;
        }
    }
    return true;
}

static const char *first_set(const char *a, const char *b, const char *c)
{
    return a != NULL ? a : b != NULL && b[0] != '\0' ? b : c;
}

/* ---- opening */

static enum nks_status paths_set(struct audit *audit, const struct options *options)
{
    const char *home = first_set(options->home, getenv("NKS_HOME"), "/var/lib/nks");
    const char *keys = first_set(options->keys, getenv("NKS_KEYS"), NULL);
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    int home_len = snprintf(audit->home, sizeof audit->home, "%.*s", (int)len, home);
    int keys_len = keys != NULL ? snprintf(audit->keys_dir, sizeof audit->keys_dir, "%s", keys)
                                : snprintf(audit->keys_dir, sizeof audit->keys_dir, "%.*s.keys", (int)len, home);
    if (home_len >= (int)sizeof audit->home || keys_len >= (int)sizeof audit->keys_dir)
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home or keys is too long");
    return NKS_OK;
}

static enum nks_status home_check(struct audit *audit)
{
    char path[NKS_PATH_MAX];
    if (!nks_path_join(path, audit->home, "nks.conf"))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    if (!nks_sys_exists(path))
        return nks_fault_set(&audit->fault, NKS_FAILED, "HOME-MISSING",
                             "there is no home here; name it with --home or NKS_HOME");
    if (!nks_path_join(path, audit->home, "seals") || !nks_sys_exists(path))
        return NKS_OK;
    return nks_fault_set(&audit->fault, NKS_HELD, "RESTORE-FIRST",
                         "a restore was cut short: give the same nks restore again, which finishes it");
}

/* Without any of the secret files the public ones are what there is; with some of them a missing one is a fault. */
static bool only_public(struct audit *audit)
{
    static const char *const secret[] = {"master.key", "index.key", "sign.key", "file.key"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        char path[NKS_PATH_MAX];
        if (nks_path_join(path, audit->keys_dir, secret[i]) && nks_sys_exists(path))
            return false;
    }
    return true;
}

static enum nks_status keys_open(struct audit *audit, const struct options *options)
{
    bool public_only = options->public_only || only_public(audit);
    NKS_TRY(public_only ? nks_keys_load_public(audit->keys_dir, &audit->keys, &audit->fault)
                        : nks_keys_load(audit->keys_dir, &audit->keys, &audit->fault));
    audit->secrets = nks_keys_has_secrets(audit->keys);
    return NKS_OK;
}

static enum nks_status connection_open(struct audit *audit, int64_t cache_kib, struct nks_db **db)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_home_address(audit->database, &audit->fault));
    if (audit->database == NULL)
        NKS_TRY(nks_home_database(audit->home, path, &audit->fault));
    const struct nks_db_options options = {.path = audit->database != NULL ? audit->database : path,
                                           .cache_kib = cache_kib,
                                           .read_only = true,
                                           .busy_timeout_ms = BUSY_TIMEOUT_MS,
                                           .durable = true};
    return nks_db_open(&options, db, &audit->fault);
}

enum nks_status audit_look_again(struct audit *audit)
{
    return audit->now != NULL ? NKS_OK : connection_open(audit, NOW_CACHE_KIB, &audit->now);
}

static enum nks_status database_open(struct audit *audit)
{
    NKS_TRY(connection_open(audit, CACHE_KIB, &audit->db));
    NKS_TRY(nks_home_schema_check(audit->db, &audit->fault));
    NKS_TRY(nks_exchange_open(audit->db, audit->keys, &audit->exchange, &audit->fault));
    return nks_payments_open(audit->db, audit->keys, &audit->payments, &audit->fault);
}

/* A mark that cannot be read is for the check of the journal to name. */
static void restored_look(struct audit *audit)
{
    struct nks_journal_mark mark;
    enum nks_journal_state state = NKS_JOURNAL_NONE;
    if (nks_journal_mark_load(audit->exchange, &mark, &state, &audit->fault) != NKS_OK)
        nks_fault_clear(&audit->fault);
    audit->restored = state == NKS_JOURNAL_RESTORED;
}

static enum nks_status picture_take(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(audit_listing_make(audit));
    NKS_TRY(audit_seals_read(audit));
    NKS_TRY(nks_db_begin_read(audit->db, &audit->fault));
    restored_look(audit);
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_newest_day, &stmt, &audit->fault));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t newest = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    /* A test home may be ahead of the clock. */
    nks_date today = nks_copenhagen_date(nks_sys_now());
    audit->today = newest > today && newest < INT32_MAX ? (nks_date)newest : today;
    nks_sys_point("audit.picture");
    return NKS_OK;
}

static enum nks_status audit_open(struct audit *audit, const struct options *options)
{
    nks_arena_init(&audit->arena, ARENA_CEILING);
    NKS_TRY(paths_set(audit, options));
    NKS_TRY(home_check(audit));
    NKS_TRY(keys_open(audit, options));
    NKS_TRY(database_open(audit));
    audit->slice = nks_slice_new();
    audit->hash = nks_hash_new();
    audit->output = audit_output_new(&options->style);
    if (audit->slice == NULL || audit->hash == NULL || audit->output == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the audit; try again later");
    return picture_take(audit);
}

static void audit_close(struct audit *audit)
{
    audit_listing_free(audit->listing);
    audit_seals_free(audit->seals);
    nks_slice_free(audit->slice);
    nks_hash_free(audit->hash);
    nks_payments_close(audit->payments);
    nks_exchange_close(audit->exchange);
    nks_keys_free(audit->keys);
    nks_db_close(audit->now);
    nks_db_close(audit->db);
    nks_arena_free(&audit->arena);
}

/* ---- running */

static int exit_of(const struct nks_fault *fault)
{
    if (fault->status == NKS_RETRY)
        return EXIT_BUSY;
    if (fault->status == NKS_HELD)
        return EXIT_HELD;
    if (fault->status == NKS_INTEGRITY)
        return EXIT_FINDINGS;
    return strcmp(fault->code, "DB-SQL") == 0 ? EXIT_BUG : EXIT_SETUP;
}

static int fault_tell(const struct nks_fault *fault)
{
    fprintf(stderr, "nks-audit: %s: %s\n", fault->code, fault->line);
    return exit_of(fault);
}

/* Of two exits the one that says more: 8, 7, 6, 5, 4, 0. */
static int worse(int a, int b)
{
    return a > b ? a : b;
}

static enum audit_ran ran_how(const struct audit *audit, const struct audit_check *check)
{
    if (audit->secrets)
        return AUDIT_RAN;
    if (check->needs_secrets)
        return AUDIT_LEFT_OUT;
    return check->left_out != NULL ? AUDIT_RAN_PARTLY : AUDIT_RAN;
}

/* PostgreSQL answers nothing more in a transaction in which a statement failed: the others look at a newer picture. */
static void picture_renew(struct audit *audit)
{
    nks_db_rollback(audit->db);
    if (nks_db_begin_read(audit->db, &audit->fault) != NKS_OK)
        nks_fault_clear(&audit->fault); /* then they say so themselves */
}

/* A check that cannot look does not keep the others from looking. */
static int check_run(struct audit *audit, const struct audit_check *check)
{
    int code = EXIT_CLEAN;
    enum audit_ran ran = ran_how(audit, check);
    audit_output_check_begin(audit, check);
    if (ran != AUDIT_LEFT_OUT) {
        enum nks_status status = audit_take_fault(audit, check->fn(audit));
        if (status != NKS_OK) {
            code = fault_tell(&audit->fault);
            if (code == EXIT_BUG && audit->foreign) /* a table that is not ours any more does not take our statements */
                code = EXIT_FINDINGS;
            ran = AUDIT_CANNOT;
            nks_fault_clear(&audit->fault);
            picture_renew(audit);
        }
    }
    audit_output_check_end(audit, check, ran);
    return code;
}

static int audit_run(struct audit *audit)
{
    int code = EXIT_CLEAN;
    size_t count = 0;
    const struct audit_check *table = audit_checks(&count);
    audit_output_begin(audit, count);
    for (size_t i = 0; i < count; i++)
        code = worse(code, check_run(audit, &table[i]));
    code = worse(code, audit->all_findings > 0 ? EXIT_FINDINGS : EXIT_CLEAN);
    if (audit->restored) {
        (void)nks_fault_set(&audit->fault, NKS_HELD, "RECONCILE-FIRST",
                            "the home was put back from a backup and not reconciled: what was published since is not "
                            "judged until nks reconcile has read it");
        code = worse(code, fault_tell(&audit->fault));
    }
    audit_output_end(audit, code);
    return code;
}

/* ---- the sample */

static int sample_run(struct audit *audit, const struct options *options)
{
    uint64_t count = 0, seed = 0;
    int64_t drawn = 0;
    struct sample_options sample = {.out = options->out};
    if (options->out == NULL || options->mus == NULL || options->seed == NULL ||
        !nks_text_number(nks_text_from(options->mus), INT64_MAX, &count) ||
        !nks_text_number(nks_text_from(options->seed), UINT64_MAX, &seed)) {
        fputs("nks-audit: USAGE: sample needs --mus N, --seed S and --out DIR\n", stderr);
        return EXIT_USAGE;
    }
    sample.count = (int64_t)count;
    sample.seed = seed;
    if (sample_write(audit, &sample, &drawn) != NKS_OK)
        return audit->fault.status == NKS_REFUSED ? (fault_tell(&audit->fault), EXIT_USAGE) : fault_tell(&audit->fault);
    if (!options->style.quiet)
        printf("%lld payments drawn; nks-audit verify-sample %s --keys DIR checks them\n", (long long)drawn,
               options->out);
    return EXIT_CLEAN;
}

static const struct audit_check sample_check = {"sample", "a sample and its evidence, by the public keys", NULL, NULL,
                                                false};

static int sample_judge(const struct audit *audit, int64_t missing)
{
    if (audit->all_findings > missing)
        fputs("nks-audit: SAMPLE-WRONG: something of the sample is not what was signed: rely on nothing of it\n",
              stderr);
    else if (missing > 0)
        fputs("nks-audit: SAMPLE-MISSING: something of the sample is not there: it proves nothing yet\n", stderr);
    return audit->all_findings > missing ? EXIT_FINDINGS : missing > 0 ? EXIT_HELD : EXIT_CLEAN;
}

/* Without a home: the folder and the public keys are all there is. */
static int verify_run(struct audit *audit, const struct options *options)
{
    const char *keys = first_set(options->keys, getenv("NKS_KEYS"), NULL);
    int code = EXIT_CLEAN;
    if (options->dir == NULL || keys == NULL) {
        fputs("nks-audit: USAGE: verify-sample needs the sample's folder and --keys DIR\n", stderr);
        return EXIT_USAGE;
    }
    audit->output = audit_output_new(&options->style);
    if (audit->output == NULL || nks_keys_load_public(keys, &audit->keys, &audit->fault) != NKS_OK)
        return audit->output == NULL ? EXIT_BUSY : fault_tell(&audit->fault);
    audit_output_begin(audit, 1);
    audit_output_check_begin(audit, &sample_check);
    int64_t missing = 0;
    if (audit_take_fault(audit, sample_verify(audit, options->dir, &missing)) != NKS_OK)
        code = fault_tell(&audit->fault);
    audit_output_check_end(audit, &sample_check, code == EXIT_CLEAN ? AUDIT_RAN : AUDIT_CANNOT);
    code = worse(code, sample_judge(audit, missing));
    audit_output_end(audit, code);
    return code;
}

static int audit_do(struct audit *audit, const struct options *options)
{
    if (options->verb != NULL && strcmp(options->verb, verify_word) == 0)
        return verify_run(audit, options);
    audit->database = options->database;
    if (audit_open(audit, options) != NKS_OK)
        return fault_tell(&audit->fault);
    return options->verb != NULL ? sample_run(audit, options) : audit_run(audit);
}

int main(int argc, char **argv)
{
    nks_sys_protect_process();
    struct options options = {.home = NULL};
    if (!options_read(argc, argv, &options)) {
        fputs("try nks-audit --help\n", stderr);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? usage : "nks-audit " NKS_VERSION "\n", stdout);
        return fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_BUSY;
    }
    static struct audit audit;
    int code = audit_do(&audit, &options);
    bool written = (audit.output == NULL || audit_output_free(audit.output)) && fflush(stdout) == 0;
    audit_close(&audit);
    if (!written) {
        fputs("nks-audit: OUTPUT: standard output did not take the result; is the disk full?\n", stderr);
        code = worse(code, EXIT_BUSY);
    }
    return code;
}
