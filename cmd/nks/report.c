/* report: the page for people. */
#include "nks.h"
#include "report/report.h"

#include <string.h>
#include <unistd.h>

static bool to_stdout(const struct nks_app *app)
{
    const char *name = app->values[OPTION_OUT];
    return name == NULL || strcmp(name, "-") == 0;
}

/* What the words on the command line ask for. */
struct wish {
    enum nks_report_language language;
    nks_date night; /* NKS_DATE_NONE: a batch or delivery */
    uint64_t delivery;
};

/* True when the words are good; else the usage error is told. */
static bool understand(struct nks_app *app, struct wish *wish)
{
    const char *night = app->values[OPTION_NIGHT], *language = app->values[OPTION_LANGUAGE];
    struct nks_text name = nks_text_from(app->operand_count > 0 ? app->operands[0] : "");
    *wish = (struct wish){.language = NKS_REPORT_ENGLISH, .night = NKS_DATE_NONE};
    if ((night == NULL) == (app->operand_count == 0))
        (void)app_usage(app, night == NULL ? "report needs BATCH, or --night DATE" : "report takes BATCH or --night");
    else if (night != NULL && !nks_date_parse(nks_text_from(night), false, &wish->night))
        (void)app_usage(app, "--night needs a date such as 2026-11-23");
    else if (language != NULL && !nks_report_language_find(nks_text_from(language), &wish->language))
        (void)app_usage(app, "--language is en or da");
    else if (nks_text_starts(name, "#") &&
             !nks_text_number(nks_text_slice(name, 1, name.len), INT64_MAX, &wish->delivery))
        (void)app_usage(app, "a delivery is written #N");
    else if (app->out.form == OUT_JSON && to_stdout(app))
        (void)app_usage(app, "the page is no JSON: with --json name its file with --out");
    else if (app->values[OPTION_OUT] == NULL && isatty(STDOUT_FILENO) == 1)
        (void)app_usage(app, "the page is HTML: name its file with --out, or send it on with >");
    else
        return true;
    return false;
}

static enum nks_status make(struct nks_app *app, const struct wish *wish, struct nks_page *page)
{
    int64_t id = 0;
    if (wish->night != NKS_DATE_NONE)
        return nks_report_night(app->run, wish->night, wish->language, page);
    if (wish->delivery != 0)
        return nks_report_delivery(app->run, (int64_t)wish->delivery, wish->language, page);
    NKS_TRY(nks_look_find_batch(app->run, nks_text_from(app->operands[0]), &id));
    return nks_report_batch(app->run, id, wish->language, page);
}

static enum nks_status write_out(struct nks_app *app, const struct nks_page *page)
{
    static const struct column columns[] = {
        {"file", "file", CELL_TEXT}, {"bytes", "bytes", CELL_NUMBER}, {"sha256", "sha256", CELL_TEXT}};
    uint8_t hash[NKS_HASH_SIZE];
    char hex[NKS_HASH_HEX];
    if (to_stdout(app)) {
        (void)fwrite(page->bytes, 1, page->len, stdout); /* out_finish tells when it was not taken */
        return NKS_OK;
    }
    NKS_TRY(nks_page_write(page, app->values[OPTION_OUT], &app->run->fault));
    nks_hash_once(page->bytes, page->len, hash);
    nks_hex(hash, NKS_HASH_SIZE, hex);
    struct table *table = table_begin(&app->out, "page", "Page", columns, 3, true);
    table_text(table, app->values[OPTION_OUT]);
    table_number(table, (int64_t)page->len);
    table_text(table, hex);
    table_end(table);
    return NKS_OK;
}

int command_report(struct nks_app *app)
{
    int code = EXIT_DONE;
    struct wish wish;
    struct nks_page page = {.bytes = NULL};
    if (!understand(app, &wish))
        return EXIT_USAGE;
    if (!app_open(app, false, true, &code))
        return code;
    enum nks_status status = make(app, &wish, &page);
    if (status == NKS_OK)
        status = write_out(app, &page);
    nks_page_free(&page);
    return app_result(app, status);
}
