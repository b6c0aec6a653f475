/* Automatic imports: a file that is signed by one of the keys directory's import.crt, once. */
#include "import_signed.h"

#include "vault/cert.h"
#include "vault/cms_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNERS_MAX = 8, PIECE = 64 * 1024, CLOCKS_DIFFER_SECONDS = 3600 };

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
                             struct import_signature *signature)
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
        status = stream_by(run, path, cms, signature->content);
    enum nks_cms_verdict verdict = status == NKS_OK ? nks_cms_judge(cms, pins, count, run->now, &which) : NKS_CMS_NONE;
    if (status == NKS_OK && verdict != NKS_CMS_GOOD)
        status = nks_fault_set(&run->fault, NKS_REFUSED, "IMPORT-SIGNATURE",
                               "the signature of the file is not taken: %s", nks_cms_verdict_words((int)verdict));
    if (status == NKS_OK && !nks_cms_signing_time(cms, &signature->at))
        signature->at = 0;
    nks_cms_free(cms);
    for (size_t i = 0; i < count; i++)
        nks_cert_free(certs[i]);
    return status;
}

static enum nks_status time_check(struct nks_run *run, nks_time at)
{
    if (at > 0 && at <= run->now + CLOCKS_DIFFER_SECONDS)
        return NKS_OK;
    return nks_fault_set(&run->fault, NKS_REFUSED, "IMPORT-SIGNATURE",
                         at > 0 ? "the signature of the file is not taken: it was made in the future"
                                : "the signature of the file is not taken: it does not say when it was made");
}

enum nks_status import_signature_take(struct nks_app *app, const char *path, struct import_signature *signature)
{
    char *p7s = NULL, *pem = NULL;
    size_t p7s_len = 0, pem_len = 0;
    *signature = (struct import_signature){.holds = false};
    enum nks_status status = signature_load(app, path, &p7s, &p7s_len, &pem, &pem_len, &signature->holds);
    if (status == NKS_OK && signature->holds)
        status = judge(app, path, (struct nks_text){p7s, p7s_len}, (struct nks_text){pem, pem_len}, signature);
    if (status == NKS_OK && signature->holds)
        status = time_check(app->run, signature->at);
    free(p7s);
    free(pem);
    return status;
}

/* ---- once */

/* What the link says; the trail's default entry points here. */
static struct {
    char detail[NKS_TRAIL_DETAIL_MAX]; /* "register import, by a signed file of 2026-11-23T02:10:00Z" */
    size_t kind_len;                   /* of what stands before the time */
    uint8_t about[NKS_HASH_SIZE];
    struct nks_trail_entry entry;
} made;

/* *same: this very signature has a link; *newer: a later one of the same kind has. */
static enum nks_status earlier(struct nks_run *run, const struct import_signature *signature, bool *same, bool *newer)
{
    static struct nks_trail_link link;
    *same = *newer = false;
    for (int64_t after = 0;; after = link.link) {
        bool found = false;
        NKS_TRY(nks_trail_next_of_action(run->trail, 0, NKS_TRAIL_IMPORT, after, &link, &found, &run->fault));
        if (!found)
            return NKS_OK;
        nks_time at = 0;
        if (strncmp(link.detail, made.detail, made.kind_len) != 0 ||
            !nks_time_parse(nks_text_from(link.detail + made.kind_len), &at))
            continue;
        *same |= at == signature->at && memcmp(link.about, made.about, NKS_HASH_SIZE) == 0;
        *newer |= at > signature->at;
    }
}

enum nks_status import_signature_begin(struct nks_app *app, const struct import_signature *signature)
{
    struct nks_run *run = app->run;
    bool same = false, newer = false;
    char when[NKS_TIME_TEXT];
    nks_time_format(signature->at, when);
    snprintf(made.detail, sizeof made.detail, "%s, by a signed file of %s", app->command->name, when);
    made.kind_len = strlen(made.detail) - strlen(when);
    nks_act_about(app->command->name, "", signature->content, made.about);
    NKS_TRY(earlier(run, signature, &same, &newer));
    if (same)
        return nks_fault_set(&run->fault, NKS_REFUSED, "IMPORT-REPLAYED",
                             "this file with this signature was imported before: a signature is good once");
    if (newer)
        return nks_fault_set(&run->fault, NKS_REFUSED, "IMPORT-OLD",
                             "the file was signed before another one that was imported already: sign it anew");
    made.entry = (struct nks_trail_entry){.action = NKS_TRAIL_IMPORT, .detail = made.detail, .about = made.about};
    nks_trail_default(run->trail, &made.entry);
    return NKS_OK;
}

enum nks_status import_signature_end(struct nks_app *app, const struct import_signature *signature)
{
    struct nks_run *run = app->run;
    bool same = false, newer = false;
    NKS_TRY(earlier(run, signature, &same, &newer));
    if (same)
        return NKS_OK;
    return nks_run_link(run, &made.entry);
}
