/* One file: its signature, and only when that is good, what it is. */
#include "exchange/verify_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    enum nks_verify_verdict verdict;
    const char *words; /* NULL: those of the verdict itself */
} of_signature[NKS_CMS_VERDICTS] = {
    [NKS_CMS_NONE] = {NKS_VERIFY_UNSIGNED, "there is no signature (.p7s) beside it"},
    [NKS_CMS_GOOD] = {NKS_VERIFY_GOOD, ""},
    [NKS_CMS_FORM] = {NKS_VERIFY_SIGNATURE, NULL},
    [NKS_CMS_ALGORITHM] = {NKS_VERIFY_SIGNATURE, NULL},
    [NKS_CMS_CONTENT] = {NKS_VERIFY_SIGNATURE, NULL},
    [NKS_CMS_SIGNER] = {NKS_VERIFY_SIGNER, "it is signed by none of the certificates that were given"},
    [NKS_CMS_SIGNATURE] = {NKS_VERIFY_SIGNATURE, NULL},
    [NKS_CMS_TIME] = {NKS_VERIFY_EXPIRED,
                      "the signer's certificate was not valid yet, or not any more, when it signed"},
    [NKS_CMS_IGNORED] = {NKS_VERIFY_SIGNATURE, NULL},
};

enum nks_status verify_open(struct verify *verify, const char *path, struct verify_entry *entry,
                            enum nks_verify_verdict verdict, const char *words, int *fd)
{
    struct nks_fault fault = {.status = NKS_OK};
    enum nks_status status = nks_sys_open_read(path, fd, &fault);
    if (status == NKS_OK)
        return NKS_OK;
    *fd = -1;
    if (status == NKS_RETRY) {
        *verify->fault = fault;
        return status;
    }
    verify_say(entry, verdict, words);
    return NKS_OK;
}

/* *cms NULL: there is no signature, or none that can be opened. */
static enum nks_status open_signature(struct verify *verify, const struct verify_folder *folder, const char *path,
                                      struct verify_entry *entry, struct nks_cms **cms)
{
    char signature[NKS_PATH_MAX], name[NKS_PATH_MAX];
    size_t len = 0;
    int fd = -1, wrote = snprintf(signature, sizeof signature, "%s.p7s", path);
    *cms = NULL;
    if (wrote >= (int)sizeof signature)
        return nks_fault_set(verify->fault, NKS_FAILED, "PATH-LONG", "the path of a file is too long");
    snprintf(name, sizeof name, "%s.p7s", entry->name);
    if (!verify_name_there(folder, name)) {
        verify_say(entry, of_signature[NKS_CMS_NONE].verdict, of_signature[NKS_CMS_NONE].words);
        return NKS_OK;
    }
    NKS_TRY(verify_open(verify, signature, entry, NKS_VERIFY_KIND, "its signature (.p7s) cannot be opened", &fd));
    if (fd < 0)
        return NKS_OK;
    enum nks_status status = nks_sys_read(fd, verify->p7s, sizeof verify->p7s, &len, verify->fault);
    close(fd);
    return status == NKS_OK ? nks_cms_open(verify->p7s, len, cms, verify->fault) : status;
}

/* Hash, signature and the first bytes in one pass. */
static enum nks_status stream(struct verify *verify, int fd, struct nks_cms *cms, struct verify_entry *entry)
{
    struct nks_hash *hash = nks_hash_new();
    enum nks_status status =
        hash != NULL ? NKS_OK : nks_fault_set(verify->fault, NKS_RETRY, "MEMORY", "no memory to hash a file");
    verify->head_len = 0;
    for (size_t got = 1; status == NKS_OK && got > 0;) {
        status = nks_sys_read(fd, verify->buffer, VERIFY_READ_SIZE, &got, verify->fault);
        if (status != NKS_OK)
            break;
        nks_hash_add(hash, verify->buffer, got);
        if (cms != NULL)
            nks_cms_add(cms, verify->buffer, got);
        if (entry->bytes == 0) { /* one read fills it: nks_sys_read reads on until the buffer is full */
            verify->head_len = got < sizeof verify->head ? got : sizeof verify->head;
            memcpy(verify->head, verify->buffer, verify->head_len);
        }
        entry->bytes += got;
    }
    if (status == NKS_OK)
        nks_hash_end(hash, entry->hash);
    entry->hashed = status == NKS_OK;
    nks_hash_free(hash);
    return status;
}

/* Judged at the instant that the signature gives, which it covers itself: a file stays good when its certificate ends
 * later. What is signed in the future is signed by somebody else's clock, or made up. */
static void judge(struct verify *verify, struct nks_cms *cms, struct verify_entry *entry)
{
    nks_time now = verify->options->now, when = now;
    bool said = nks_cms_signing_time(cms, &when);
    enum nks_cms_verdict verdict =
        nks_cms_judge(cms, verify->pins, verify->options->cert_count, said ? when : now, &entry->cert);
    const char *words = of_signature[verdict].words;
    verify_say(entry, of_signature[verdict].verdict, words != NULL ? words : nks_cms_verdict_words((int)verdict));
    if (verdict != NKS_CMS_GOOD && verdict != NKS_CMS_TIME)
        return;
    entry->signed_at = said ? when : 0;
    if (said && when > now + NKS_VERIFY_CLOCK_SKEW)
        verify_say(entry, NKS_VERIFY_EXPIRED, "its signing time is still to come: is a clock wrong?");
}

static enum nks_status check_signature(struct verify *verify, const struct verify_folder *folder, const char *path,
                                       struct verify_entry *entry)
{
    struct nks_cms *cms = NULL;
    int fd = -1;
    NKS_TRY(verify_open(verify, path, entry, NKS_VERIFY_KIND, "it cannot be opened", &fd));
    if (fd < 0)
        return NKS_OK;
    enum nks_status status = open_signature(verify, folder, path, entry, &cms);
    if (status == NKS_OK)
        status = stream(verify, fd, cms, entry);
    close(fd);
    if (status == NKS_OK && cms != NULL)
        judge(verify, cms, entry);
    nks_cms_free(cms);
    return status;
}

/* ---- what it is */

static bool is_recall(struct nks_text head, const struct nks_prolog_fault *wrong)
{
    static const char uri[] = "\"urn:iso:std:iso:20022:tech:xsd:camt.055.001.08\"";
    return wrong->kind == NKS_FINDING_VERSION && memmem(head.ptr, head.len, uri, sizeof uri - 1) != NULL;
}

static enum nks_verify_kind kind_of(struct nks_text head, bool last)
{
    struct nks_prolog prolog;
    struct nks_prolog_fault wrong = {.kind = 0};
    enum nks_prolog_state state = nks_prolog_read(head, last, &prolog, &wrong);
    if (state != NKS_PROLOG_FOUND)
        return state == NKS_PROLOG_FAULT && is_recall(head, &wrong) ? NKS_VERIFY_RECALL : NKS_VERIFY_UNREAD;
    if (prolog.version != NKS_PAIN001_UNKNOWN)
        return NKS_VERIFY_ORDER;
    return prolog.report == NKS_REPORT_03 || prolog.report == NKS_REPORT_10 ? NKS_VERIFY_REPORT : NKS_VERIFY_UNREAD;
}

enum nks_status verify_file(struct verify *verify, const struct verify_folder *folder, struct verify_entry *entry)
{
    char path[NKS_PATH_MAX];
    nks_date date;
    int number;
    if (!nks_path_join(path, folder->path, entry->name))
        return nks_fault_set(verify->fault, NKS_FAILED, "PATH-LONG", "the path of a file is too long");
    NKS_TRY(check_signature(verify, folder, path, entry));
    if (entry->verdict != NKS_VERIFY_GOOD)
        return NKS_OK;
    if (nks_verify_manifest_name(entry->name, &date, &number))
        entry->kind = NKS_VERIFY_MANIFEST; /* read with the others of its day */
    else
        entry->kind = kind_of((struct nks_text){verify->head, verify->head_len}, entry->bytes == verify->head_len);
    if (entry->kind == NKS_VERIFY_UNREAD)
        verify_say(entry, NKS_VERIFY_UNREADABLE, "it is signed, and is none of the files that nks makes");
    return entry->kind == NKS_VERIFY_ORDER ? verify_order(verify, path, entry) : NKS_OK;
}
