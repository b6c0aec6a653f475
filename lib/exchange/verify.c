/* Walks the folders, builds the entries of each, and tells what was found. */
#include "exchange/verify_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[NKS_VERIFY_KINDS] = {"-", "order", "report", "recall", "manifest"};
static const char *const codes[NKS_VERIFY_VERDICTS] = {
    [NKS_VERIFY_GOOD] = "GOOD",
    [NKS_VERIFY_UNSIGNED] = "VERIFY-UNSIGNED",
    [NKS_VERIFY_EXPIRED] = "VERIFY-EXPIRED",
    [NKS_VERIFY_MISSING] = "VERIFY-MISSING",
    [NKS_VERIFY_UNLISTED] = "VERIFY-UNLISTED",
    [NKS_VERIFY_GAP] = "VERIFY-GAP",
    [NKS_VERIFY_UNREADABLE] = "VERIFY-UNREADABLE",
    [NKS_VERIFY_KIND] = "VERIFY-KIND",
    [NKS_VERIFY_CHANGED] = "VERIFY-CHANGED",
    [NKS_VERIFY_SIGNATURE] = "VERIFY-SIGNATURE",
    [NKS_VERIFY_SIGNER] = "VERIFY-SIGNER",
    [NKS_VERIFY_HASH] = "VERIFY-HASH",
    [NKS_VERIFY_FACTS] = "VERIFY-FACTS",
    [NKS_VERIFY_TWICE] = "VERIFY-TWICE",
    [NKS_VERIFY_MANIFEST_BAD] = "VERIFY-MANIFEST",
};

const char verify_changed[] = "it changed while it was read: verify again";

const char *nks_verify_kind_name(enum nks_verify_kind kind)
{
    return kinds[kind];
}

const char *nks_verify_code(enum nks_verify_verdict verdict)
{
    return codes[verdict];
}

bool nks_verify_is_wrong(enum nks_verify_verdict verdict)
{
    return verdict >= NKS_VERIFY_SIGNATURE;
}

static int gravity(enum nks_verify_verdict verdict)
{
    return verdict == NKS_VERIFY_GOOD ? 0 : nks_verify_is_wrong(verdict) ? 2 : 1;
}

void verify_say(struct verify_entry *entry, enum nks_verify_verdict verdict, const char *words)
{
    if (gravity(verdict) <= gravity(entry->verdict))
        return;
    entry->verdict = verdict;
    entry->words = words;
}

/* ---- telling */

enum nks_status verify_tell(struct verify *verify, const struct nks_verify_found *found)
{
    int64_t *const counts[] = {&verify->result->good, &verify->result->open, &verify->result->wrong};
    (*counts[gravity(found->verdict)])++;
    return verify->options->found(verify->options->context, found, verify->fault);
}

static enum nks_status tell_entry(struct verify *verify, const struct verify_folder *folder,
                                  const struct verify_entry *entry)
{
    const struct nks_verify_found found = {
        .folder = folder->relative,
        .name = entry->name,
        .kind = entry->kind,
        .verdict = entry->verdict,
        .words = entry->words,
        .hash = entry->hashed ? entry->hash : NULL,
        .signed_at = entry->signed_at,
        .cert = entry->cert,
        .message_id = entry->message_id,
        .payments = entry->payments,
        .sum = entry->sum,
    };
    return verify_tell(verify, &found);
}

static enum nks_status tell_name(struct verify *verify, const struct verify_folder *folder, const char *name,
                                 enum nks_verify_verdict verdict, const char *words)
{
    const struct nks_verify_found found = {.folder = folder->relative,
                                           .name = name,
                                           .verdict = verdict,
                                           .words = words,
                                           .cert = verify->options->cert_count,
                                           .message_id = ""};
    return verify_tell(verify, &found);
}

/* ---- names */

static bool ends(const char *name, size_t len, const char *suffix)
{
    size_t size = strlen(suffix);
    return len >= size && memcmp(name + len - size, suffix, size) == 0;
}

static bool is_signature(const char *name)
{
    return ends(name, strlen(name), ".p7s");
}

/* A file that is still being written, or the signature of one. */
static bool is_unfinished(const char *name)
{
    size_t len = strlen(name) - (is_signature(name) ? strlen(".p7s") : 0);
    return ends(name, len, ".part") || ends(name, len, ".tmp");
}

static int by_text(const void *key, const void *element)
{
    return strcmp(key, *(char *const *)element);
}

bool verify_name_there(const struct verify_folder *folder, const char *name)
{
    return folder->names.count > 0 &&
           bsearch(name, folder->names.names, folder->names.count, sizeof folder->names.names[0], by_text) != NULL;
}

static int by_entry(const void *key, const void *element)
{
    return strcmp(key, ((const struct verify_entry *)element)->name);
}

struct verify_entry *verify_entry_find(const struct verify_folder *folder, const char *name)
{
    return folder->count == 0 ? NULL : bsearch(name, folder->entries, folder->count, sizeof *folder->entries, by_entry);
}

/* ---- one folder */

static enum nks_status many(struct verify *verify, const char *what, long long limit)
{
    return nks_fault_set(verify->fault, NKS_HELD, "VERIFY-MANY", "more than %lld %s: verify smaller folders", limit,
                         what);
}

/* Of signatures whose file is gone. */
static enum nks_status tell_alone(struct verify *verify, const struct verify_folder *folder, const char *signature)
{
    char file[NKS_PATH_MAX];
    int len = snprintf(file, sizeof file, "%.*s", (int)(strlen(signature) - strlen(".p7s")), signature);
    if (len >= (int)sizeof file || verify_name_there(folder, file))
        return NKS_OK;
    return tell_name(verify, folder, file, NKS_VERIFY_MISSING, "its signature is here, the file is not");
}

static enum nks_status entries_make(struct verify *verify, struct verify_folder *folder)
{
    folder->entries = calloc(folder->names.count + 1, sizeof *folder->entries);
    if (folder->entries == NULL)
        return nks_fault_set(verify->fault, NKS_RETRY, "MEMORY", "no memory for the files of a folder");
    for (size_t i = 0; i < folder->names.count; i++) {
        const char *name = folder->names.names[i];
        if (is_unfinished(name))
            continue;
        if (is_signature(name)) {
            NKS_TRY(tell_alone(verify, folder, name));
            continue;
        }
        folder->entries[folder->count++] =
            (struct verify_entry){.name = name, .words = "", .cert = verify->options->cert_count};
    }
    return NKS_OK;
}

static int by_message_id(const void *a, const void *b)
{
    return strcmp((*(struct verify_entry *const *)a)->message_id, (*(struct verify_entry *const *)b)->message_id);
}

/* A bank that knows orders by their message id would carry out one of the two: which one is chance. One that does not
 * would carry out both. In which folders they lie makes no difference. */
static enum nks_status twice_find(struct verify *verify)
{
    struct verify_entry **orders = calloc((size_t)verify->files + 1, sizeof *orders);
    size_t count = 0;
    if (orders == NULL)
        return nks_fault_set(verify->fault, NKS_RETRY, "MEMORY", "no memory for the files of a folder");
    for (size_t f = 0; f < verify->folder_count; f++) {
        const struct verify_folder *folder = verify->folders[f];
        for (size_t i = 0; i < folder->count; i++) {
            if (folder->entries[i].kind == NKS_VERIFY_ORDER && folder->entries[i].message_id[0] != '\0')
                orders[count++] = &folder->entries[i];
        }
    }
    qsort(orders, count, sizeof orders[0], by_message_id);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(orders[i - 1]->message_id, orders[i]->message_id) != 0)
            continue;
        verify_say(orders[i - 1], NKS_VERIFY_TWICE, "another file has the same message id, here or in another folder");
        verify_say(orders[i], NKS_VERIFY_TWICE, "another file has the same message id, here or in another folder");
    }
    free(orders);
    return NKS_OK;
}

static enum nks_status tell_odd(struct verify *verify, const struct verify_folder *folder)
{
    struct nks_sys_list odd;
    NKS_TRY(nks_sys_list_odd(folder->path, NKS_VERIFY_NAMES_MAX, &odd, verify->fault));
    enum nks_status status =
        odd.truncated ? many(verify, "links, pipes or devices in a folder", NKS_VERIFY_NAMES_MAX) : NKS_OK;
    for (size_t i = 0; i < odd.count && status == NKS_OK; i++) {
        if (!is_unfinished(odd.names[i]))
            status = tell_name(verify, folder, odd.names[i], NKS_VERIFY_KIND,
                               "it is no regular file (a link, a pipe or a device) and was not opened");
    }
    nks_sys_list_free(&odd);
    return status;
}

static enum nks_status judge(struct verify *verify, struct verify_folder *folder)
{
    const struct nks_verify_options *options = verify->options;
    NKS_TRY(entries_make(verify, folder));
    NKS_TRY(tell_odd(verify, folder));
    for (size_t i = 0; i < folder->count; i++) {
        NKS_TRY(verify_file(verify, folder, &folder->entries[i]));
        if (options->progress != NULL)
            options->progress(options->context, "verify", (int64_t)i + 1, (int64_t)folder->count);
    }
    NKS_TRY(verify_manifests(verify, folder));
    for (size_t i = 0; i < folder->count; i++) {
        struct verify_entry *entry = &folder->entries[i];
        if (entry->kind == NKS_VERIFY_ORDER && !entry->listed)
            verify_say(entry, NKS_VERIFY_UNLISTED, "no manifest names it");
    }
    return NKS_OK;
}

static enum nks_status verify_one(struct verify *verify, const char *path, const char *relative)
{
    if (verify->folder_count == NKS_VERIFY_FOLDERS_MAX)
        return many(verify, "folders", NKS_VERIFY_FOLDERS_MAX);
    struct verify_folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return nks_fault_set(verify->fault, NKS_RETRY, "MEMORY", "no memory for the files of a folder");
    verify->folders[verify->folder_count++] = folder;
    if (!nks_text_copy(nks_text_from(path), folder->path, sizeof folder->path) ||
        !nks_text_copy(nks_text_from(relative), folder->relative, sizeof folder->relative))
        return nks_fault_set(verify->fault, NKS_FAILED, "PATH-LONG", "the path of a folder is too long");
    NKS_TRY(nks_sys_list(path, NKS_VERIFY_NAMES_MAX, false, &folder->names, verify->fault));
    if (folder->names.truncated)
        return many(verify, "files in a folder", NKS_VERIFY_NAMES_MAX);
    verify->files += (int64_t)folder->names.count;
    return verify->files > NKS_VERIFY_ALL_NAMES_MAX ? many(verify, "files in all folders", NKS_VERIFY_ALL_NAMES_MAX)
                                                    : judge(verify, folder);
}

static enum nks_status tell_all(struct verify *verify)
{
    NKS_TRY(twice_find(verify));
    for (size_t f = 0; f < verify->folder_count; f++) {
        const struct verify_folder *folder = verify->folders[f];
        for (size_t i = 0; i < folder->count; i++)
            NKS_TRY(tell_entry(verify, folder, &folder->entries[i]));
    }
    return NKS_OK;
}

static void folders_free(struct verify *verify)
{
    for (size_t f = 0; f < verify->folder_count; f++) {
        free(verify->folders[f]->entries);
        nks_sys_list_free(&verify->folders[f]->names);
        free(verify->folders[f]);
    }
    free(verify->folders);
}

static enum nks_status walk(struct verify *verify, const char *path, const char *relative, int depth)
{
    struct nks_sys_list below;
    char inner[NKS_PATH_MAX], inner_relative[NKS_PATH_MAX];
    NKS_TRY(verify_one(verify, path, relative));
    NKS_TRY(nks_sys_list(path, NKS_VERIFY_FOLDERS_MAX, true, &below, verify->fault));
    enum nks_status status = NKS_OK;
    if (below.truncated)
        status = many(verify, "folders", NKS_VERIFY_FOLDERS_MAX);
    else if (below.count > 0 && depth == NKS_VERIFY_DEPTH_MAX)
        status = many(verify, "folders in folders", NKS_VERIFY_DEPTH_MAX);
    for (size_t i = 0; i < below.count && status == NKS_OK; i++) {
        if (!nks_path_join(inner, path, below.names[i]) || !nks_path_join(inner_relative, relative, below.names[i]))
            status = nks_fault_set(verify->fault, NKS_FAILED, "PATH-LONG", "the path of a folder is too long");
        else
            status = walk(verify, inner, inner_relative, depth + 1);
    }
    nks_sys_list_free(&below);
    return status;
}

enum nks_status nks_verify(const char *dir, const struct nks_verify_options *options, struct nks_verify_result *result,
                           struct nks_fault *fault)
{
    struct verify *verify = calloc(1, sizeof *verify);
    struct verify_folder **folders = calloc(NKS_VERIFY_FOLDERS_MAX, sizeof(struct verify_folder *));
    char *buffer = malloc(VERIFY_READ_SIZE);
    *result = (struct nks_verify_result){0};
    if (verify == NULL || folders == NULL || buffer == NULL) {
        free(verify);
        free(folders);
        free(buffer);
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to verify files");
    }
    *verify =
        (struct verify){.options = options, .result = result, .fault = fault, .buffer = buffer, .folders = folders};
    for (size_t i = 0; i < options->cert_count; i++)
        verify->pins[i] = (struct nks_pin){options->certs[i], nks_cert_not_before(options->certs[i]),
                                           nks_cert_not_after(options->certs[i])};
    enum nks_status status = walk(verify, dir, "", 0);
    if (status == NKS_OK)
        status = tell_all(verify);
    folders_free(verify);
    free(buffer);
    free(verify);
    return status;
}
