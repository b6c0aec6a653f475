/* verify: what a receiver checks in a folder of published files, with public certificates and no home. */
#include "nks.h"

#include "exchange/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_AT_TERMINAL = 6, SIGNER_DIGITS = 16 };

static const struct column columns[] = {
    {"file", "file", CELL_TEXT},
    {"kind", "kind", CELL_TEXT},
    {"verdict", "verdict", CELL_TEXT},
    {"payments", "payments", CELL_NUMBER},
    {"sum", "sum", CELL_NUMBER},
    {"words", "what is wrong", CELL_TEXT},
    {"message_id", "message id", CELL_TEXT},
    {"signed", "signed", CELL_TEXT},
    {"signer", "signer", CELL_TEXT},
    {"sha256", "SHA-256", CELL_TEXT},
};

struct verifying {
    struct nks_app *app;
    struct table *files;
    struct nks_cert *certs[NKS_CERTS_MAX];
    size_t cert_count;
};

/* The folder may be hostile: what a terminal could obey, or a person be known by, is not shown. */
static void put_name(struct table *table, const struct nks_verify_found *found)
{
    char name[NKS_PATH_MAX];
    nks_date date;
    int number;
    snprintf(name, sizeof name, "%s%s%s", found->folder, found->folder[0] != '\0' ? "/" : "", found->name);
    for (char *c = name; *c != '\0'; c++)
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    if (!nks_verify_manifest_name(found->name, &date, &number)) /* its date would be taken for more */
        nks_name_mask(name);
    table_text(table, name);
}

static void put_more(const struct verifying *verifying, const struct nks_verify_found *found)
{
    struct table *table = verifying->files;
    char hex[NKS_HASH_HEX] = "";
    table_text(table, found->message_id);
    if (found->signed_at != 0)
        table_time(table, found->signed_at);
    else
        table_text(table, NULL);
    if (found->cert < verifying->cert_count)
        nks_hex(nks_cert_fingerprint(verifying->certs[found->cert]), NKS_HASH_SIZE, hex);
    table_printf(table, "%.*s", SIGNER_DIGITS, hex);
    hex[0] = '\0';
    if (found->hash != NULL)
        nks_hex(found->hash, NKS_HASH_SIZE, hex);
    table_text(table, hex);
}

static enum nks_status on_found(void *context, const struct nks_verify_found *found, struct nks_fault *fault)
{
    (void)fault;
    struct verifying *verifying = context;
    struct table *table = verifying->files;
    put_name(table, found);
    table_text(table, nks_verify_kind_name(found->kind));
    table_text(table, nks_verify_code(found->verdict));
    if (found->kind == NKS_VERIFY_ORDER || found->kind == NKS_VERIFY_MANIFEST) {
        table_number(table, (int64_t)found->payments);
        table_sum(table, found->sum);
    } else {
        table_text(table, NULL);
        table_text(table, NULL);
    }
    table_text(table, found->words);
    if (verifying->app->out.form != OUT_TABLE)
        put_more(verifying, found);
    return NKS_OK;
}

static void on_progress(void *context, const char *stage, int64_t done, int64_t total)
{
    struct verifying *verifying = context;
    out_progress(&verifying->app->out, stage, done, total);
}

static void put_result(struct nks_app *app, const struct nks_verify_result *result)
{
    static const struct column of_result[] = {
        {"good", "good", CELL_NUMBER}, {"open", "to be looked at", CELL_NUMBER}, {"wrong", "wrong", CELL_NUMBER}};
    struct table *table =
        table_begin(&app->out, "verified", "Verified", of_result, sizeof of_result / sizeof of_result[0], true);
    table_number(table, result->good);
    table_number(table, result->open);
    table_number(table, result->wrong);
    table_end(table);
}

static enum nks_status conclude(const struct nks_verify_result *result, struct nks_fault *fault)
{
    if (result->good + result->open + result->wrong == 0)
        return nks_fault_set(fault, NKS_HELD, "VERIFY-NOTHING", "there is no file to verify in that folder");
    if (result->wrong > 0)
        return nks_fault_set(fault, NKS_INTEGRITY, "VERIFY-BAD",
                             "%lld wrong, %lld to be looked at, %lld good: carry out nothing of that folder",
                             (long long)result->wrong, (long long)result->open, (long long)result->good);
    if (result->open > 0)
        return nks_fault_set(fault, NKS_HELD, "VERIFY-BAD", "%lld to be looked at, %lld good", (long long)result->open,
                             (long long)result->good);
    return NKS_OK;
}

static int verify(struct verifying *verifying)
{
    struct nks_app *app = verifying->app;
    const struct nks_verify_options options = {
        .reader = app->reader,
        .certs = verifying->certs,
        .cert_count = verifying->cert_count,
        .central = app->values[OPTION_CENTRAL],
        .now = app->now != 0 ? app->now : nks_sys_now(),
        .found = on_found,
        .progress = on_progress,
        .context = verifying,
    };
    struct nks_verify_result result;
    size_t count = sizeof columns / sizeof columns[0];
    verifying->files =
        table_begin(&app->out, "file", "Files", columns, app->out.form == OUT_TABLE ? SHOWN_AT_TERMINAL : count, false);
    enum nks_status status = nks_verify(app->operands[0], &options, &result, &app->fault);
    table_end(verifying->files);
    if (status == NKS_OK) {
        if (!app->out.quiet)
            put_result(app, &result);
        status = conclude(&result, &app->fault);
    }
    return app_result(app, status);
}

int command_verify(struct nks_app *app)
{
    struct verifying verifying = {.app = app};
    char *data = NULL;
    size_t len = 0;
    if (app->values[OPTION_CERT] == NULL)
        return app_usage(app, "verify needs --cert FILE");
    enum nks_status status = nks_file_read(app->values[OPTION_CERT], NKS_CERT_FILE_MAX, &data, &len, &app->fault);
    if (status == NKS_OK)
        status = nks_certs_read(data, len, NKS_CERTS_MAX, verifying.certs, &verifying.cert_count, &app->fault);
    free(data);
    int code = status == NKS_OK ? verify(&verifying) : app_result(app, status);
    for (size_t i = 0; i < verifying.cert_count; i++)
        nks_cert_free(verifying.certs[i]);
    return code;
}
