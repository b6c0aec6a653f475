/* The four imports of reference data. */
#include "authorize.h"
#include "content.h"

#include "vault/cert.h"
#include "vault/cms_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum nks_status (*import_fn)(struct nks_run *run, int fd, const struct nks_import_options *options,
                                     struct nks_import_result *result);

static enum nks_status agreements(struct nks_run *run, int fd, const struct nks_import_options *options,
                                  struct nks_import_result *result)
{
    return nks_agreement_import(run->db, run->keys, fd, options, result, &run->fault);
}

static enum nks_status centrals(struct nks_run *run, int fd, const struct nks_import_options *options,
                                struct nks_import_result *result)
{
    return nks_central_import(run->db, run->keys, fd, options, result, &run->fault);
}

static enum nks_status accounts(struct nks_run *run, int fd, const struct nks_import_options *options,
                                struct nks_import_result *result)
{
    return nks_register_import(run->reg, fd, options, result, &run->fault);
}

static enum nks_status debts(struct nks_run *run, int fd, const struct nks_import_options *options,
                             struct nks_import_result *result)
{
    return nks_debt_import(run->debt, fd, options, result, &run->fault);
}

static const struct {
    const char *command, *what;
    import_fn fn;
} imports[] = {
    {"agreement import", "agreements", agreements},
    {"central import", "centrals", centrals},
    {"register import", "register", accounts},
    {"debt import", "debts", debts},
};

static void present(struct nks_app *app, const char *what, bool dry_run, const struct nks_import_result *result)
{
    static const struct column columns[] = {
        {"what", "import", CELL_TEXT},   {"rows", "rows", CELL_NUMBER},
        {"added", "added", CELL_NUMBER}, {"unchanged", "as they were", CELL_NUMBER},
        {"ended", "ended", CELL_NUMBER}, {"version", "version", CELL_NUMBER},
        {"stored", "stored", CELL_FLAG},
    };
    if (app->out.quiet && app->out.form != OUT_JSON)
        return;
    struct table *table = table_begin(&app->out, "import", NULL, columns, sizeof columns / sizeof columns[0], true);
    table_text(table, what);
    table_number(table, result->rows);
    table_number(table, result->added);
    table_number(table, result->unchanged);
    table_number(table, result->ended);
    table_number(table, result->version);
    table_flag(table, !dry_run && result->version != 0);
    table_end(table);
}

static size_t import_find(const char *command)
{
    size_t which = 0;
    while (strcmp(imports[which].command, command) != 0)
        which++;
    return which;
}

static struct nks_import_options options_of(const struct nks_app *app, bool full, bool dry_run)
{
    return (struct nks_import_options){
        .full = full,
        .dry_run = dry_run,
        .now = app->run->now,
        .progress = out_progress_bytes,
        .progress_context = (void *)(uintptr_t)&app->out,
    };
}

/* Its link in the trail has the version as its number; 0: nothing was new. */
static enum nks_status import_call(struct nks_run *run, size_t which, int fd, const struct nks_import_options *options,
                                   struct nks_import_result *result)
{
    nks_trail_default_number(run->trail, &result->version);
    enum nks_status status = imports[which].fn(run, fd, options, result);
    nks_trail_default_number(run->trail, NULL);
    return status;
}

/* From a file or standard input, as it comes. */
static enum nks_status import_plain(struct nks_app *app, size_t which, const char *name, bool dry_run,
                                    struct nks_import_result *result)
{
    struct nks_run *run = app->run;
    bool standard = strcmp(name, "-") == 0;
    const struct nks_import_options options = options_of(app, app->values[OPTION_FULL] != NULL, dry_run);
    int fd = STDIN_FILENO;
    enum nks_status status = standard ? NKS_OK : nks_sys_open_read(name, &fd, &run->fault);
    if (status != NKS_OK)
        return status;
    status = import_call(run, which, fd, &options, result);
    if (!standard)
        close(fd);
    return status;
}

/* The file that was agreed upon, and no other. */
static enum nks_status import_known(struct nks_app *app, size_t which, const char *path,
                                    const uint8_t hash[NKS_HASH_SIZE], bool full, bool dry_run,
                                    struct nks_import_result *result)
{
    struct nks_run *run = app->run;
    struct content *content = NULL;
    const struct nks_import_options options = options_of(app, full, dry_run);
    NKS_TRY(content_open(path, hash, &content, &run->fault));
    enum nks_status status = import_call(run, which, content_fd(content), &options, result);
    bool same = content_close(content);
    if (same || status == NKS_RETRY || status == NKS_INTEGRITY)
        return status;
    nks_fault_clear(&run->fault);
    return nks_fault_set(&run->fault, NKS_REFUSED, "CONTENT-CHANGED",
                         "the file is not the one that was agreed upon (another SHA-256); nothing of it was stored");
}

static int done(struct nks_app *app, size_t which, bool dry_run, enum nks_status status,
                const struct nks_import_result *result)
{
    if (status == NKS_OK)
        present(app, imports[which].what, dry_run, result);
    return app_result(app, status);
}

int import_approved(struct nks_app *app, const struct nks_proposal *proposal, const char *path)
{
    struct nks_import_result result = {.rows = 0};
    size_t which = import_find(proposal->act);
    bool full = strcmp(proposal->arguments, "--full") == 0;
    return done(app, which, false, import_known(app, which, path, proposal->content, full, false, &result), &result);
}

/* ---- automatic imports: a file that is signed by one of the keys directory's import.crt */

enum { SIGNERS_MAX = 8, PIECE = 64 * 1024 };

/* F.p7s; *found false where there is none, or no certificate to hold it against. */
static enum nks_status signature_load(struct nks_app *app, const char *path, char **p7s, size_t *p7s_len, char **pem,
                                      size_t *pem_len, bool *found)
{
    struct nks_run *run = app->run;
    char p7s_path[NKS_PATH_MAX], crt_path[NKS_PATH_MAX];
    *found = false;
    if (snprintf(p7s_path, sizeof p7s_path, "%s.p7s", path) >= (int)sizeof p7s_path ||
        !nks_path_join(crt_path, run->keys_dir, "import.crt"))
        return nks_fault_set(&run->fault, NKS_FAILED, "PATH-LONG", "the path of the file is too long");
    if (!nks_sys_exists(p7s_path) || !nks_sys_exists(crt_path))
        return NKS_OK;
    NKS_TRY(nks_file_read(p7s_path, NKS_P7S_MAX, p7s, p7s_len, &run->fault));
    NKS_TRY(nks_file_read(crt_path, NKS_CERT_FILE_MAX, pem, pem_len, &run->fault));
    *found = true;
    return NKS_OK;
}

static enum nks_status stream_by(struct nks_run *run, const char *path, struct nks_cms *cms,
                                 uint8_t hash[NKS_HASH_SIZE])
{
    static char piece[PIECE];
    int fd = -1;
    struct nks_hash *sum = nks_hash_new();
    enum nks_status status = sum == NULL ? nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to read a file")
                                         : nks_sys_open_read(path, &fd, &run->fault);
    for (size_t got = 1; status == NKS_OK && got > 0;) {
        status = nks_sys_read(fd, piece, sizeof piece, &got, &run->fault);
        nks_cms_add(cms, piece, got);
        nks_hash_add(sum, piece, got);
    }
    if (sum != NULL)
        nks_hash_end(sum, hash);
    nks_hash_free(sum);
    explicit_bzero(piece, sizeof piece);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum nks_status judge(struct nks_app *app, const char *path, struct nks_text p7s, struct nks_text pem,
                             uint8_t hash[NKS_HASH_SIZE])
{
    struct nks_run *run = app->run;
    struct nks_cert *certs[SIGNERS_MAX] = {NULL};
    struct nks_pin pins[SIGNERS_MAX];
    struct nks_cms *cms = NULL;
    size_t count = 0, which = 0;
    NKS_TRY(nks_certs_read(pem.ptr, pem.len, SIGNERS_MAX, certs, &count, &run->fault));
    for (size_t i = 0; i < count; i++)
        pins[i] = (struct nks_pin){certs[i], nks_cert_not_before(certs[i]), nks_cert_not_after(certs[i])};
    enum nks_status status = nks_cms_open(p7s.ptr, p7s.len, &cms, &run->fault);
    if (status == NKS_OK)
        status = stream_by(run, path, cms, hash);
    enum nks_cms_verdict verdict = status == NKS_OK ? nks_cms_judge(cms, pins, count, run->now, &which) : NKS_CMS_NONE;
    if (status == NKS_OK && verdict != NKS_CMS_GOOD)
        status = nks_fault_set(&run->fault, NKS_REFUSED, "IMPORT-SIGNATURE",
                               "the signature of the file is not taken: %s", nks_cms_verdict_words((int)verdict));
    nks_cms_free(cms);
    for (size_t i = 0; i < count; i++)
        nks_cert_free(certs[i]);
    return status;
}

/* *signed_by_key: the file has a signature that holds, and `hash` is its SHA-256. A signature that does not hold is
 * refused, not passed over. */
static enum nks_status signature_take(struct nks_app *app, const char *path, uint8_t hash[NKS_HASH_SIZE],
                                      bool *signed_by_key)
{
    char *p7s = NULL, *pem = NULL;
    size_t p7s_len = 0, pem_len = 0;
    enum nks_status status = signature_load(app, path, &p7s, &p7s_len, &pem, &pem_len, signed_by_key);
    if (status == NKS_OK && *signed_by_key)
        status = judge(app, path, (struct nks_text){p7s, p7s_len}, (struct nks_text){pem, pem_len}, hash);
    free(p7s);
    free(pem);
    return status;
}

/* ---- with persons */

static int import_signed(struct nks_app *app, size_t which, const char *path, const uint8_t hash[NKS_HASH_SIZE])
{
    static const struct nks_trail_entry entry = {.action = NKS_TRAIL_IMPORT, .detail = "by a signed file"};
    struct nks_import_result result = {.rows = 0};
    nks_trail_default(app->run->trail, &entry);
    return done(app, which, false, import_known(app, which, path, hash, false, false, &result), &result);
}

/* What it would change is looked at first, so that both persons know what they ask for. */
static int import_asked(struct nks_app *app, size_t which, const char *path)
{
    struct nks_run *run = app->run;
    struct nks_import_result result = {.rows = 0};
    uint8_t hash[NKS_HASH_SIZE];
    char preview[NKS_PROPOSAL_PREVIEW];
    int64_t size = 0;
    int code = EXIT_DONE;
    bool full = app->values[OPTION_FULL] != NULL;
    enum nks_status status = nks_hash_file(path, hash, &size, &run->fault);
    if (status == NKS_OK)
        status = import_known(app, which, path, hash, full, true, &result);
    if (status != NKS_OK)
        return app_result(app, status);
    snprintf(preview, sizeof preview, "%lld rows: %lld added, %lld ended, %lld as they were", (long long)result.rows,
             (long long)result.added, (long long)result.ended, (long long)result.unchanged);
    const struct act_asked asked = {.act = app->command->name,
                                    .arguments = full ? "--full" : "",
                                    .preview = preview,
                                    .content = hash,
                                    .small = result.added + result.ended <= run->conf.free_changes};
    if (!app_authorize(app, &asked, &code))
        return code;
    return done(app, which, false, import_known(app, which, path, hash, full, false, &result), &result);
}

static int import_with_persons(struct nks_app *app, size_t which)
{
    uint8_t hash[NKS_HASH_SIZE];
    const char *path = app->operands[0];
    bool signed_by_key = false;
    if (strcmp(path, "-") == 0)
        return app_usage(app, "standard input cannot be shown to a second person: give a file");
    enum nks_status status = signature_take(app, path, hash, &signed_by_key);
    if (status != NKS_OK)
        return app_result(app, status);
    /* The signature is over the rows, not over what they leave out. */
    bool alone = signed_by_key && app->values[OPTION_FULL] == NULL;
    return alone ? import_signed(app, which, path, hash) : import_asked(app, which, path);
}

int command_import(struct nks_app *app)
{
    static const struct nks_trail_entry entry = {.action = NKS_TRAIL_IMPORT};
    struct nks_import_result result = {.rows = 0};
    int code = EXIT_DONE;
    size_t which = import_find(app->command->name);
    bool dry_run = app->values[OPTION_DRY_RUN] != NULL;
    if (!app_open(app, true, false, &code))
        return code;
    if (!dry_run && app_persons_asked(app))
        return import_with_persons(app, which);
    nks_trail_default(app->run->trail, &entry);
    return done(app, which, dry_run, import_plain(app, which, app->operands[0], dry_run, &result), &result);
}
