/* keys: what there is, whether it is well, and new generations. */
#include "authorize.h"

#include "payment/payment.h"
#include "vault/expiry.h"

#include <stdio.h>
#include <string.h>

enum { FACTS_MAX = NKS_FAMILIES * NKS_KEY_GENERATIONS, FILE_LEAD_DAYS = 14, DAY_SECONDS = 86400 };

static const char *needed(const struct nks_key_facts *facts, int64_t batches, nks_time now)
{
    if (facts->newest)
        return facts->family == NKS_FAMILY_MASTER  ? "writes and reads"
               : facts->family == NKS_FAMILY_INDEX ? "every look-up"
                                                   : "signs";
    if (facts->family == NKS_FAMILY_MASTER)
        return batches > 0 ? "keys of batches; older rows and files" : "older rows and files";
    return facts->from > now ? "signs later" : "older signatures";
}

static const char *band_words(const struct nks_key_facts *facts, nks_time now)
{
    switch (facts->until == 0 ? NKS_EXPIRY_FINE : nks_expiry_band(now, facts->until)) {
    case NKS_EXPIRY_OVER:
        return "expired";
    case NKS_EXPIRY_LAST_DAYS:
        return "7 days or less";
    case NKS_EXPIRY_SECOND_DAYS:
        return "30 days or less";
    case NKS_EXPIRY_FIRST_DAYS:
        return "60 days or less";
    default:
        return "";
    }
}

/* The end of what can sign: the latest of all certificates, so that a newer one that waits ends the warning. */
static nks_time last_end(const struct nks_keys *keys, nks_time now)
{
    struct nks_key_facts facts[FACTS_MAX];
    size_t count = nks_keys_facts(keys, now, facts);
    nks_time end = 0;
    for (size_t i = 0; i < count; i++) {
        if (facts[i].until > end)
            end = facts[i].until;
    }
    return end;
}

int keys_warn(struct nks_app *app, bool always)
{
    nks_time now = app->run->now, end = last_end(app->run->keys, now);
    int band = nks_expiry_band(now, end), days = nks_expiry_days(now, end);
    if (band == NKS_EXPIRY_FINE || (!always && !nks_expiry_speaks(now, end)))
        return EXIT_DONE;
    if (band == NKS_EXPIRY_OVER)
        fputs("nks: KEY-EXPIRES: the certificate that signs files has expired: nks keys rotate file\n", stderr);
    else
        fprintf(stderr, "nks: KEY-EXPIRES: the certificate that signs files ends in %d days: nks keys rotate file\n",
                days);
    return band == NKS_EXPIRY_OVER || band == NKS_EXPIRY_LAST_DAYS ? EXIT_PERSON : EXIT_DONE;
}

static enum nks_status list(struct nks_app *app)
{
    static const struct column columns[] = {
        {"file", "file", CELL_TEXT},         {"generation", "generation", CELL_NUMBER},
        {"newest", "in use", CELL_FLAG},     {"from", "signs from", CELL_TEXT},
        {"until", "until", CELL_TEXT},       {"warning", "warning", CELL_TEXT},
        {"needed", "needed for", CELL_TEXT}, {"fingerprint", "SHA-256", CELL_TEXT},
    };
    struct nks_run *run = app->run;
    struct nks_key_facts facts[FACTS_MAX];
    size_t count = nks_keys_facts(run->keys, run->now, facts);
    int64_t batches = 0;
    NKS_TRY(nks_batches_rewrap(run->payments, true, &batches, &run->fault));
    struct table *table = table_begin(&app->out, "key", "Keys", columns, sizeof columns / sizeof columns[0], false);
    for (size_t i = 0; i < count; i++) {
        table_text(table, facts[i].file);
        table_number(table, facts[i].generation);
        table_flag(table, facts[i].newest);
        if (facts[i].until != 0) {
            table_time(table, facts[i].from);
            table_time(table, facts[i].until);
        } else {
            table_text(table, "");
            table_text(table, "");
        }
        table_text(table, band_words(&facts[i], run->now));
        table_text(table, needed(&facts[i], batches, run->now));
        table_text(table, facts[i].fingerprint);
    }
    table_end(table);
    return NKS_OK;
}

int command_keys_list(struct nks_app *app)
{
    int code = EXIT_DONE;
    if (!app_open(app, false, true, &code))
        return code;
    code = app_result(app, list(app));
    return exit_worse(exit_worse(code, keys_warn(app, true)), signers_warn(app, true));
}

/* Opening the home has checked modes, owners and pairs already. */
int command_keys_check(struct nks_app *app)
{
    int code = EXIT_DONE;
    if (!app_open(app, false, true, &code))
        return code;
    if (!nks_keys_locked(app->run->keys))
        out_note(&app->out,
                 "the keys could not be locked in memory: raise the limit (LimitMEMLOCK), or switch swap off");
    return keys_warn(app, true);
}

/* ---- rotate */

static bool family_find(const char *name, enum nks_key_family *family)
{
    for (int i = 0; i < NKS_FAMILIES; i++) {
        *family = (enum nks_key_family)i;
        if (strcmp(nks_key_family_name(*family), name) == 0)
            return true;
    }
    return false;
}

static void rotated(struct nks_app *app, enum nks_key_family family, int generation, nks_time from, int64_t batches)
{
    static const struct column columns[] = {{"key", "key", CELL_TEXT},
                                            {"generation", "generation", CELL_NUMBER},
                                            {"from", "in use from", CELL_TEXT},
                                            {"batches", "keys of batches wrapped anew", CELL_NUMBER},
                                            {"dry_run", "only tried", CELL_FLAG}};
    struct table *table = table_begin(&app->out, "rotated", NULL, columns, 5, true);
    table_text(table, nks_key_family_name(family));
    table_number(table, generation);
    table_time(table, from);
    table_number(table, batches);
    table_flag(table, app->values[OPTION_DRY_RUN] != NULL);
    table_end(table);
}

static enum nks_status link_add(struct nks_app *app, const char *family, int generation)
{
    char detail[64];
    snprintf(detail, sizeof detail, "%s key, generation %d", family, generation);
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_KEY, .number = generation, .reason = app->values[OPTION_REASON], .detail = detail};
    return nks_trail_add(app->run->trail, &entry, &app->run->fault);
}

struct rewrapping {
    struct nks_app *app;
    enum nks_key_family family;
    int generation;
    int64_t *batches;
};

static enum nks_status rewrap_body(void *context, struct nks_fault *fault)
{
    const struct rewrapping *rewrapping = context;
    if (rewrapping->batches != NULL)
        NKS_TRY(nks_batches_rewrap(rewrapping->app->run->payments, false, rewrapping->batches, fault));
    return link_add(rewrapping->app, nks_key_family_name(rewrapping->family), rewrapping->generation);
}

/* With the link of the new key, in one transaction. `batches` NULL: only the link. */
static enum nks_status rewrap(struct nks_app *app, enum nks_key_family family, int generation, int64_t *batches)
{
    struct rewrapping rewrapping = {app, family, generation, batches};
    return nks_run_transact(app->run, rewrap_body, &rewrapping);
}

/* A command of before may have been killed between the new key and the wrapping: that is made up for first. */
static int rotate_master(struct nks_app *app, nks_time from)
{
    int64_t batches = 0;
    int generation = nks_keys_generation(app->run->keys, NKS_FAMILY_MASTER), code = EXIT_DONE;
    code = app_result(app, nks_batches_rewrap(app->run->payments, true, &batches, &app->run->fault));
    if (code != EXIT_DONE)
        return code;
    if (batches == 0 || generation == 1) {
        code = app_result(app,
                          nks_keys_rotate(app->run->keys_dir, NKS_FAMILY_MASTER, from, &generation, &app->run->fault));
        if (code != EXIT_DONE)
            return code;
        nks_run_close(app->run);
        app->run = NULL;
        if (!app_open(app, true, false, &code) || !app_by_person(app, &code))
            return code;
    }
    code = app_result(app, rewrap(app, NKS_FAMILY_MASTER, generation, &batches));
    if (code != EXIT_DONE)
        return code;
    rotated(app, NKS_FAMILY_MASTER, generation, from, batches);
    return EXIT_DONE;
}

static int rotate(struct nks_app *app, enum nks_key_family family, nks_time from)
{
    int generation = nks_keys_generation(app->run->keys, family) + 1;
    if (app->values[OPTION_DRY_RUN] == NULL && family == NKS_FAMILY_MASTER)
        return rotate_master(app, from);
    int code = EXIT_DONE;
    if (app->values[OPTION_DRY_RUN] == NULL)
        code = app_result(app, nks_keys_rotate(app->run->keys_dir, family, from, &generation, &app->run->fault));
    if (code == EXIT_DONE && app->values[OPTION_DRY_RUN] == NULL)
        code = app_result(app, rewrap(app, family, generation, NULL));
    if (code == EXIT_DONE)
        rotated(app, family, generation, from, 0);
    return code;
}

int command_keys_rotate(struct nks_app *app)
{
    enum nks_key_family family;
    nks_date day = NKS_DATE_NONE;
    const char *from = app->values[OPTION_FROM], *reason = app->values[OPTION_REASON];
    int code = EXIT_DONE;
    if (!family_find(app->operands[0], &family))
        return app_usage(app, "keys rotate needs master, sign or file");
    if (reason == NULL || reason[0] == '\0')
        return app_usage(app, "keys rotate needs --reason TEXT");
    if (from != NULL && (family != NKS_FAMILY_FILE || !nks_date_parse(nks_text_from(from), false, &day)))
        return app_usage(app, "--from is a date such as 2026-12-07, and only of keys rotate file");
    if (!app_open(app, true, false, &code))
        return code;
    if (family == NKS_FAMILY_INDEX)
        return app_result(app, nks_fault_set(&app->fault, NKS_REFUSED, "KEY-INDEX",
                                             "the index key changes only with a re-keying import: see \"Changing the "
                                             "index key\" in doc/operate.md"));
    if (app->values[OPTION_DRY_RUN] == NULL && !app_by_person(app, &code))
        return code;
    nks_time now = app->run->now, at = now;
    bool ended = nks_keys_file_until(app->run->keys, now) < now; /* what waits to be signed waits for the new one */
    if (family == NKS_FAMILY_FILE && from == NULL && !ended)
        at = now + (nks_time)FILE_LEAD_DAYS * DAY_SECONDS;
    else if (from != NULL && (nks_time)day * DAY_SECONDS > now)
        at = (nks_time)day * DAY_SECONDS;
    return rotate(app, family, at);
}
