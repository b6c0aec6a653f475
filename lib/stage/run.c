/* Opening and closing a home. */
#include "stage/run.h"

#include "stage/alarm.h"
#include "stage/move.h"
#include "stage/newest.h"
#include "stage/schema.h"

#include "base/conf.h"
#include "vault/plain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BOOKS_CEILING = 256 * 1024 * 1024,
    BUSY_TIMEOUT_MS = 10000,
    LOCK_POLL_MS = 200,
    MIN_FREE_MIB = 64,
    VOUCHER_YEARS = 5,  /* bogføringsloven § 12, stk. 1; longer only */
    REFUSED_DAYS = 430, /* longer than the memory for payment references */
};

static const char *const folders[] = {"",           "spool",       "staging",   "archive",   "in/sender",
                                      "in/central", "out/central", "out/payer", "out/sender"};

#define FIELD(name) offsetof(struct nks_conf, name), sizeof(((struct nks_conf *)0)->name)
static const struct nks_conf_key conf_keys[] = {
    {"home", "environment", NKS_CONF_TEXT, FIELD(environment), 0, 0, "production|test"},
    {"home", "database", NKS_CONF_TEXT, FIELD(database), 0, 0, NULL},
    {"database", "cache_mib", NKS_CONF_NUMBER, FIELD(cache_mib), 1, 65536, NULL},
    {"report", "name", NKS_CONF_TEXT, FIELD(report_name), 0, 0, NULL},
    {"persons", "required", NKS_CONF_TEXT, FIELD(persons), 0, 0, "yes|no"},
    {"persons", "free_changes", NKS_CONF_NUMBER, FIELD(free_changes), 0, 1000000, NULL},
    {"receive", "settle_seconds", NKS_CONF_NUMBER, FIELD(settle_seconds), 0, 86400, NULL},
    {"receive", "signature_seconds", NKS_CONF_NUMBER, FIELD(signature_seconds), 0, 86400, NULL},
    {"retention", "voucher_years", NKS_CONF_NUMBER, FIELD(voucher_years), VOUCHER_YEARS, 100, NULL},
    {"retention", "refused_days", NKS_CONF_NUMBER, FIELD(refused_days), REFUSED_DAYS, 36500, NULL},
    {"run", "min_free_mib", NKS_CONF_NUMBER, FIELD(min_free_mib), 0, 1024 * 1024 * 1024, NULL},
};

static const char conf_text[] =
    "# A home of nks. `nks config check` tells whether this file is good.\n"
    "[home]\n"
    "# production, or test: only a test home takes --now\n"
    "environment = %s\n%s%s%s\n"
    "[database]\n"
    "# page cache of the database in MiB, all connections of a run together\n"
    "cache_mib = 128\n\n"
    "[report]\n"
    "# the name under which status reports are written (InitgPty/Nm)\n"
    "name = Nemkontosystemet\n\n"
    "[receive]\n"
    "# a file younger than this is still being written: it is left for the next run\n"
    "settle_seconds = %d\n"
    "# a file whose sender must sign waits so long for its signature, then it is refused\n"
    "signature_seconds = %d\n\n"
    "[persons]\n"
    "# a second person approves what changes where money goes; `no` only in a test home\n"
    "required = %s\n"
    "# an import that changes at most so many rows needs one person only\n"
    "free_changes = 0\n\n"
    "[retention]\n"
    "# how long batches are kept from the end of their year, and refused files; doc/retention.md\n"
    "voucher_years = %d\n"
    "refused_days = %d\n\n"
    "[run]\n"
    "# MiB that stay free on the disk beside what a night needs; with less no run begins\n"
    "min_free_mib = %d\n";

enum nks_status nks_run_path(struct nks_run *run, char out[NKS_PATH_MAX], const char *a, const char *b, const char *c)
{
    char one[NKS_PATH_MAX], two[NKS_PATH_MAX];
    bool fits = nks_path_join(one, run->home, a);
    if (fits && b != NULL) {
        fits = nks_path_join(two, one, b);
        memcpy(one, two, sizeof one);
    }
    if (fits && c != NULL) {
        fits = nks_path_join(two, one, c);
        memcpy(one, two, sizeof one);
    }
    if (!fits)
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    memcpy(out, one, sizeof one);
    return NKS_OK;
}

static enum nks_status numbered_path(struct nks_run *run, const char *folder, int64_t number, const char *suffix,
                                     char out[NKS_PATH_MAX])
{
    char name[40];
    snprintf(name, sizeof name, "%012lld%s", (long long)number, suffix);
    return nks_run_path(run, out, folder, name, NULL);
}

enum nks_status nks_run_spool_path(struct nks_run *run, int64_t delivery_id, char out[NKS_PATH_MAX])
{
    return numbered_path(run, "spool", delivery_id, ".nks", out);
}

enum nks_status nks_run_archive_path(struct nks_run *run, int64_t file_id, char out[NKS_PATH_MAX])
{
    return numbered_path(run, "archive", file_id, ".nks", out);
}

enum nks_status nks_run_staging_path(struct nks_run *run, int64_t file_id, char out[NKS_PATH_MAX])
{
    return numbered_path(run, "staging", file_id, ".out", out);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of something like a CPR number at the start of `text`: six digits that could be a date (DDMMYY) and four
 * more, with at most one sign between any two. 0 where there is none. */
static size_t cpr_like(const char *text)
{
    char digits[10];
    size_t at = 0;
    for (size_t count = 0; count < sizeof digits; count++) {
        if (count > 0 && text[at] != '\0' && strchr("-_. ", text[at]) != NULL)
            at++;
        if (!is_digit(text[at]))
            return 0;
        digits[count] = text[at++];
    }
    int day = (digits[0] - '0') * 10 + digits[1] - '0', month = (digits[2] - '0') * 10 + digits[3] - '0';
    return day >= 1 && day <= 31 && month >= 1 && month <= 12 ? at : 0;
}

void nks_name_mask(char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        size_t len = cpr_like(name + i);
        for (size_t at = 0; at < len; at++)
            name[i + at] = is_digit(name[i + at]) ? '*' : name[i + at];
    }
}

void nks_run_progress(struct nks_run *run, const char *stage, int64_t done, int64_t total)
{
    if (run->options.progress != NULL)
        run->options.progress(run->options.progress_context, stage, done, total);
}

/* HOME without trailing slashes plus ".keys": beside the home, never inside. */
static bool default_keys(const char *home, char out[NKS_PATH_MAX])
{
    size_t len = strlen(home);
    while (len > 1 && home[len - 1] == '/')
        len--;
    return snprintf(out, NKS_PATH_MAX, "%.*s.keys", (int)len, home) < NKS_PATH_MAX;
}

/*
 * Whoever copies the home must not have its keys with it. Links are followed; a directory that is not there yet (init)
 * is judged by its name.
 */
static enum nks_status keys_outside(const char *home, const char *keys, struct nks_fault *fault)
{
    char *real_home = realpath(home, NULL), *real_keys = realpath(keys, NULL);
    const char *outer = real_home != NULL && real_keys != NULL ? real_home : home;
    const char *inner = real_home != NULL && real_keys != NULL ? real_keys : keys;
    size_t len = strlen(outer);
    while (len > 1 && outer[len - 1] == '/')
        len--;
    bool inside = strncmp(inner, outer, len) == 0 && (inner[len] == '/' || inner[len] == '\0');
    free(real_home);
    free(real_keys);
    return inside ? nks_fault_set(fault, NKS_FAILED, "KEY-INSIDE",
                                  "the keys lie inside the home: move their directory out of it, and name it with "
                                  "--keys DIR or NKS_KEYS")
                  : NKS_OK;
}

static enum nks_status paths_set(struct nks_run *run, const char *home, const char *keys)
{
    bool fits = nks_text_copy(nks_text_from(home), run->home, sizeof run->home);
    fits = fits && (keys == NULL ? default_keys(home, run->keys_dir)
                                 : nks_text_copy(nks_text_from(keys), run->keys_dir, sizeof run->keys_dir));
    if (!fits)
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the path of the home or keys is too long");
    return keys_outside(run->home, run->keys_dir, &run->fault);
}

static enum nks_status make_folders(const char *home, struct nks_fault *fault)
{
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[NKS_PATH_MAX];
        if (folders[i][0] == '\0')
            NKS_TRY(nks_sys_mkdir(home, 0700, fault));
        else if (nks_path_join(path, home, folders[i]))
            NKS_TRY(nks_sys_mkdir(path, 0700, fault));
    }
    return NKS_OK;
}

/* Two homes on one database would each take the other's rows for its own. */
static enum nks_status database_unused(struct nks_db *db, struct nks_fault *fault)
{
    size_t applied = 0;
    NKS_TRY(nks_home_schema_applied(db, &applied, fault));
    return applied == 0 ? NKS_OK
                        : nks_fault_set(fault, NKS_REFUSED, "DB-IN-USE",
                                        "the database of that address has tables of a home: name an empty one");
}

static enum nks_status database_look(const char *address, struct nks_fault *fault)
{
    const struct nks_db_options options = {.path = address, .create = true, .busy_timeout_ms = BUSY_TIMEOUT_MS};
    struct nks_db *db = NULL;
    NKS_TRY(nks_db_open(&options, &db, fault));
    enum nks_status status = database_unused(db, fault);
    nks_db_close(db);
    return status;
}

enum nks_status nks_home_place(const char *home, char out[NKS_PLACE_MAX], struct nks_fault *fault)
{
    char host[NKS_HOST_MAX], *real = realpath(home, NULL);
    nks_sys_host(host);
    int len = real == NULL ? -1 : snprintf(out, NKS_PLACE_MAX, "%s:%s", host, real);
    free(real);
    return len > 0 && len < NKS_PLACE_MAX
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
}

static enum nks_status make_database(const char *home, const char *address, nks_time now, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    if (!(address != NULL ? nks_text_copy(nks_text_from(address), path, sizeof path)
                          : nks_path_join(path, home, "nks.db")))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long");
    char place[NKS_PLACE_MAX];
    NKS_TRY(nks_home_place(home, place, fault));
    const struct nks_db_options options = {.path = path,
                                           .cache_kib = 8192,
                                           .create = true,
                                           .busy_timeout_ms = BUSY_TIMEOUT_MS,
                                           .home = place,
                                           .durable = true};
    struct nks_db *db = NULL;
    NKS_TRY(nks_db_open(&options, &db, fault));
    enum nks_status status = address != NULL ? database_unused(db, fault) : NKS_OK;
    if (status == NKS_OK)
        status = nks_home_migrate(db, now, fault);
    nks_db_close(db);
    return status;
}

/* A journal beside it is of a home that was: a new one must not go on with it. */
static enum nks_status journal_none(const char *home, struct nks_fault *fault)
{
    char log[NKS_PATH_MAX], seals[NKS_PATH_MAX];
    if (!nks_journal_path(home, "published.log", log) || !nks_seal_dir(home, seals))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    return nks_sys_exists(log) || nks_sys_exists(seals)
               ? nks_fault_set(fault, NKS_REFUSED, "JOURNAL-EXISTS",
                               "HOME.journal is of a home that was here: nks restore puts a backup of that beside it; "
                               "for a new home move the folder away")
               : NKS_OK;
}

enum nks_status nks_home_address(const char *address, struct nks_fault *fault)
{
    if (address == NULL)
        return NKS_OK;
    return nks_db_is_address(address) && strlen(address) < NKS_DATABASE_MAX && strpbrk(address, " \t\r\n;") == NULL
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "DB-ADDRESS",
                               "the address of a database is postgresql://HOST/NAME?sslmode=verify-full, without "
                               "blanks, and at most %d characters",
                               NKS_DATABASE_MAX - 1);
}

enum nks_status nks_home_init(const char *home, const char *keys, const char *database, bool test, nks_time now,
                              struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], keys_dir[NKS_PATH_MAX], text[3072];
    NKS_TRY(nks_home_address(database, fault));
    if (!nks_path_join(path, home, "nks.conf") ||
        !(keys == NULL ? default_keys(home, keys_dir) : nks_text_copy(nks_text_from(keys), keys_dir, sizeof keys_dir)))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the home or keys is too long");
    NKS_TRY(keys_outside(home, keys_dir, fault));
    if (nks_sys_exists(path))
        return nks_fault_set(fault, NKS_REFUSED, "HOME-EXISTS", "there is a home already; choose another --home");
    NKS_TRY(journal_none(home, fault));
    if (database != NULL) /* before anything is made that the next try would find */
        NKS_TRY(database_look(database, fault));
    NKS_TRY(make_folders(home, fault));
    NKS_TRY(nks_keys_make(keys_dir, now, fault));
    NKS_TRY(make_database(home, database, now, fault));
    int len =
        snprintf(text, sizeof text, conf_text, test ? "test" : "production",
                 database != NULL ? "# on PostgreSQL; without this line it is nks.db in the home\ndatabase = " : "",
                 database != NULL ? database : "", database != NULL ? "\n" : "", test ? 0 : 30, test ? 0 : 900,
                 test ? "no" : "yes", VOUCHER_YEARS, REFUSED_DAYS, test ? 0 : MIN_FREE_MIB);
    /* Last, because its presence is what makes a folder a home. */
    return nks_file_replace(path, text, (size_t)len, 0600, fault);
}

static enum nks_status database_path(const char *home, const struct nks_conf *conf, char out[NKS_PATH_MAX],
                                     struct nks_fault *fault)
{
    if (conf->database[0] != '\0')
        NKS_TRY(nks_home_address(conf->database, fault));
    return (conf->database[0] != '\0' ? nks_text_copy(nks_text_from(conf->database), out, NKS_PATH_MAX)
                                      : nks_path_join(out, home, "nks.db"))
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

static enum nks_status address_path(const char *address, char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    NKS_TRY(nks_home_address(address, fault));
    return nks_text_copy(nks_text_from(address), out, NKS_PATH_MAX)
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the address of the database is too long");
}

enum nks_status nks_home_database_of(const char *home, const char *conf_path, char out[NKS_PATH_MAX],
                                     struct nks_fault *fault)
{
    struct nks_conf conf = {.database = ""};
    NKS_TRY(nks_conf_read(conf_path, conf_keys, sizeof conf_keys / sizeof conf_keys[0], &conf, fault));
    return database_path(home, &conf, out, fault);
}

enum nks_status nks_home_database(const char *home, char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    if (!nks_path_join(path, home, "nks.conf"))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    return nks_home_database_of(home, path, out, fault);
}

static enum nks_status conf_load(struct nks_run *run)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, path, "nks.conf", NULL, NULL));
    run->conf = (struct nks_conf){.environment = "production",
                                  .cache_mib = 128,
                                  .report_name = "Nemkontosystemet",
                                  .settle_seconds = 30,
                                  .signature_seconds = 900,
                                  .voucher_years = VOUCHER_YEARS,
                                  .refused_days = REFUSED_DAYS,
                                  .min_free_mib = MIN_FREE_MIB};
    if (!nks_sys_exists(path))
        return nks_fault_set(&run->fault, NKS_FAILED, "HOME-MISSING",
                             "there is no home here; make one with `nks init`, or name it with --home or NKS_HOME");
    NKS_TRY(nks_conf_read(path, conf_keys, sizeof conf_keys / sizeof conf_keys[0], &run->conf, &run->fault));
    bool is_test = strcmp(run->conf.environment, "test") == 0;
    if (run->conf.persons[0] == '\0') /* a home made before there were persons */
        memcpy(run->conf.persons, is_test ? "no" : "yes", is_test ? 3 : 4);
    run->conf.persons_required = strcmp(run->conf.persons, "yes") == 0;
    if (!run->conf.persons_required && !is_test)
        return nks_fault_set(&run->fault, NKS_FAILED, "PERSONS-OFF",
                             "[persons] required = no is only for homes with `environment = test` in nks.conf");
    if (nks_plain && !is_test)
        return nks_fault_set(&run->fault, NKS_FAILED, "BENCH-PLAIN",
                             "this program encrypts and signs nothing: it is for the bench alone, on test homes");
    run->now = run->options.now != 0 ? run->options.now : nks_sys_now();
    run->today = nks_copenhagen_date(run->now);
    if (run->options.now != 0 && !is_test)
        return nks_fault_set(&run->fault, NKS_FAILED, "NOW-FORBIDDEN",
                             "--now is only for homes with `environment = test` in nks.conf");
    return NKS_OK;
}

bool nks_home_asks(const char *home)
{
    struct nks_conf conf = {.persons = ""};
    struct nks_fault unread = {.status = NKS_OK};
    char path[NKS_PATH_MAX];
    if (!nks_path_join(path, home, "nks.conf") || !nks_sys_exists(path))
        return false;
    bool read = nks_conf_read(path, conf_keys, sizeof conf_keys / sizeof conf_keys[0], &conf, &unread) == NKS_OK;
    bool off = strcmp(conf.environment, "test") == 0 && strcmp(conf.persons, "yes") != 0;
    return !read || !off;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Asks again and again instead of waiting in flock, so that the waiting has an end without a signal. */
static enum nks_status lock_await(const char *path, struct nks_run *run)
{
    const struct timespec pause = {0, LOCK_POLL_MS * 1000000L};
    int64_t end = monotonic_ms() + (int64_t)run->options.wait_seconds * 1000;
    for (;;) {
        enum nks_status status = nks_sys_lock(path, &run->lock, &run->fault);
        if (status != NKS_RETRY || strcmp(run->fault.code, "BUSY") != 0 || monotonic_ms() >= end)
            return status;
        nks_fault_clear(&run->fault);
        (void)nanosleep(&pause, NULL);
    }
}

static enum nks_status lock_take(struct nks_run *run)
{
    if (!run->options.lock)
        return NKS_OK;
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_run_path(run, path, "run.lock", NULL, NULL));
    NKS_TRY(lock_await(path, run));
    /* What was read before the waiting may be of yesterday: the clock and nks.conf. */
    return run->options.wait_seconds > 0 ? conf_load(run) : NKS_OK;
}

static enum nks_status database_open(struct nks_run *run, struct nks_migrated *told)
{
    char path[NKS_PATH_MAX], place[NKS_PLACE_MAX], moving[sizeof NKS_MOVING + NKS_PLACE_MAX];
    bool is_moving = run->options.moving_to != NULL;
    NKS_TRY(is_moving ? address_path(run->options.moving_to, path, &run->fault)
                      : database_path(run->home, &run->conf, path, &run->fault));
    NKS_TRY(nks_home_place(run->home, place, &run->fault));
    snprintf(moving, sizeof moving, NKS_MOVING "%s", place);
    const struct nks_db_options options = {
        .path = path,
        /* One half for the run, one for what it prepares ahead (ahead.h), so that the setting is the sum. */
        .cache_kib = run->conf.cache_mib * 1024 / 2,
        .read_only = run->options.read_only,
        .busy_timeout_ms = BUSY_TIMEOUT_MS,
        .home = is_moving ? moving : place,
        .durable = true,
    };
    NKS_TRY(nks_db_open(&options, &run->db, &run->fault));
    if (run->options.read_only || !run->options.lock)
        return nks_home_schema_check(run->db, &run->fault);
    NKS_TRY(nks_home_upgrade(run->db, path, run->now, told, &run->fault));
    /* Only here is it known that the address is right, and the home's. */
    return nks_home_moved_aside(run->home, &run->conf, run->now, NULL, &run->fault);
}

static enum nks_status modules_open(struct nks_run *run)
{
    NKS_TRY(run->options.public_keys ? nks_keys_load_public(run->keys_dir, &run->keys, &run->fault)
                                     : nks_keys_load(run->keys_dir, &run->keys, &run->fault));
    NKS_TRY(nks_exchange_open(run->db, run->keys, &run->exchange, &run->fault));
    NKS_TRY(nks_payments_open(run->db, run->keys, &run->payments, &run->fault));
    NKS_TRY(nks_trail_open(run->db, run->keys, run->now, run->options.who != NULL ? run->options.who : "nks",
                           &run->trail, &run->fault));
    if (run->options.public_keys)
        return NKS_OK;
    NKS_TRY(nks_persons_open(run->db, run->keys, &run->persons, &run->fault));
    NKS_TRY(nks_register_open(run->db, run->keys, &run->reg, &run->fault));
    NKS_TRY(nks_debt_open(run->db, run->keys, &run->debt, &run->fault));
    NKS_TRY(nks_ventekonto_open(run->db, run->keys, &run->ventekonto, &run->fault));
    return nks_run_books(run);
}

enum nks_status nks_run_books(struct nks_run *run)
{
    nks_arena_reset(&run->arena);
    NKS_TRY(nks_agreement_book_load(run->db, run->keys, &run->arena, &run->agreements, &run->fault));
    NKS_TRY(nks_central_book_load(run->db, run->keys, &run->arena, &run->centrals, &run->fault));
    return nks_signer_book_load(run->exchange, &run->arena, &run->signers, &run->fault);
}

struct transacting {
    struct nks_run *run;
    struct nks_run_counts before;
    nks_db_body_fn body;
    void *context;
};

static enum nks_status counted_body(void *context, struct nks_fault *fault)
{
    const struct transacting *transacting = context;
    transacting->run->counts = transacting->before;
    return transacting->body(transacting->context, fault);
}

enum nks_status nks_run_transact(struct nks_run *run, nks_db_body_fn body, void *context)
{
    struct transacting transacting = {run, run->counts, body, context};
    return nks_db_transact(run->db, counted_body, &transacting, &run->fault);
}

struct linking {
    struct nks_trail *trail;
    const struct nks_trail_entry *entry;
};

static enum nks_status link_body(void *context, struct nks_fault *fault)
{
    const struct linking *linking = context;
    return nks_trail_add(linking->trail, linking->entry, fault);
}

enum nks_status nks_run_link(struct nks_run *run, const struct nks_trail_entry *entry)
{
    struct linking linking = {run->trail, entry};
    return nks_run_transact(run, link_body, &linking);
}

/* The steps of init have none: the trail begins after them. */
static enum nks_status migrated_link(struct nks_run *run, const struct nks_migrated *told)
{
    const struct nks_trail_entry entry = {.action = NKS_TRAIL_MIGRATE, .number = told->count, .detail = told->steps};
    if (told->count == 0 || run->options.public_keys)
        return NKS_OK;
    return nks_run_link(run, &entry);
}

/* Only what finishes a restore knows which seals are of before it: nobody works on the home in between. */
static enum nks_status restore_check(struct nks_run *run)
{
    char path[NKS_PATH_MAX];
    if (run->options.read_only || run->options.restoring)
        return NKS_OK;
    NKS_TRY(nks_run_path(run, path, "seals", NULL, NULL));
    return nks_sys_exists(path) ? nks_fault_set(&run->fault, NKS_HELD, "RESTORE-FIRST",
                                                "a restore was cut short: give the same nks restore again, which "
                                                "finishes it")
                                : NKS_OK;
}

static enum nks_status open_all(struct nks_run *run)
{
    struct nks_migrated told = {.count = 0};
    NKS_TRY(paths_set(run, run->options.home, run->options.keys));
    if (!run->options.read_only && !run->options.clearing)
        NKS_TRY(nks_alarm_check(run->home, &run->fault));
    NKS_TRY(conf_load(run));
    NKS_TRY(lock_take(run));
    if (run->options.lock &&
        !run->options.clearing) /* the run before may have ended with an alarm while this one waited */
        NKS_TRY(nks_alarm_check(run->home, &run->fault));
    NKS_TRY(restore_check(run));
    NKS_TRY(database_open(run, &told));
    NKS_TRY(modules_open(run));
    if (!run->options.public_keys)
        NKS_TRY(nks_newest_look(run));
    NKS_TRY(migrated_link(run, &told));
    run->slice = nks_slice_new();
    if (run->slice == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a slice");
    /* The home's lock is the only lease on SQLite: whoever has it raises the epoch over every earlier owner's. */
    NKS_TRY(nks_slice_epoch(run->payments, &run->epoch, &run->fault));
    run->epoch++;
    return NKS_OK;
}

enum nks_status nks_run_open(const struct nks_run_options *options, struct nks_run **out, struct nks_fault *fault)
{
    struct nks_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to open the home");
    run->options = *options;
    run->lock = -1;
    nks_arena_init(&run->arena, BOOKS_CEILING);
    enum nks_status status = open_all(run);
    if (status != NKS_OK) {
        *fault = run->fault;
        nks_run_close(run);
        return status;
    }
    *out = run;
    return NKS_OK;
}

void nks_run_close(struct nks_run *run)
{
    if (run == NULL)
        return;
    nks_journal_close(run->journal);
    nks_slice_free(run->slice);
    nks_persons_close(run->persons);
    nks_trail_close(run->trail);
    nks_ventekonto_close(run->ventekonto);
    nks_debt_close(run->debt);
    nks_register_close(run->reg);
    nks_payments_close(run->payments);
    nks_exchange_close(run->exchange);
    nks_keys_free(run->keys);
    nks_db_close(run->db);
    nks_arena_free(&run->arena);
    if (run->lock >= 0)
        close(run->lock);
    free(run);
}
