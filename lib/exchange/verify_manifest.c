/* The manifests of one folder, the newest of each day first. */
#include "exchange/manifest.h"
#include "exchange/verify_private.h"

#include "base/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_DIGITS = 4, NUMBER_MAX = 9999, BYTES_MAX = (NKS_MANIFEST_ROWS_MAX + 3) * (NKS_MANIFEST_LINE_MAX + 1) };

struct day {
    struct verify *verify;
    struct verify_folder *folder;
    char central[NKS_MANIFEST_CENTRAL_MAX]; /* of the folder; empty: none was read yet */
    nks_date date;                          /* NKS_DATE_NONE: before the first one */
    int number;                             /* of the manifest looked at last */
    bool newest;                            /* the day has a good one, whose rows count */
    struct nks_seen seen;                   /* its names and its lines */
};

bool nks_verify_manifest_name(const char *name, nks_date *date, int *number)
{
    static const char prefix[] = "nks-manifest-", suffix[] = ".tsv";
    enum { DATE = sizeof prefix - 1, NUMBER = DATE + NKS_DATE_TEXT, END = NUMBER + NUMBER_DIGITS };
    uint64_t value = 0;
    if (strlen(name) != END + sizeof suffix - 1 || strncmp(name, prefix, DATE) != 0 ||
        strcmp(name + END, suffix) != 0 || name[NUMBER - 1] != '-' ||
        !nks_date_parse((struct nks_text){name + DATE, NKS_DATE_TEXT - 1}, false, date) ||
        !nks_text_number((struct nks_text){name + NUMBER, NUMBER_DIGITS}, NUMBER_MAX, &value) || value == 0)
        return false;
    *number = (int)value;
    return true;
}

/* ---- rows */

static enum nks_status tell_missing(struct day *day, const struct nks_manifest_row *row)
{
    const struct nks_verify_found found = {.folder = day->folder->relative,
                                           .name = row->name,
                                           .kind = NKS_VERIFY_ORDER,
                                           .verdict = NKS_VERIFY_MISSING,
                                           .words = "the manifest names it, and it is not here",
                                           .cert = day->verify->options->cert_count,
                                           .message_id = row->message_id,
                                           .payments = row->payments,
                                           .sum = row->sum};
    return verify_tell(day->verify, &found);
}

static enum nks_status compare(struct day *day, const struct nks_manifest_row *row)
{
    struct verify_entry *entry = verify_entry_find(day->folder, row->name);
    if (entry == NULL)
        return tell_missing(day, row);
    entry->listed = true;
    if (entry->hashed && (entry->bytes != row->bytes || memcmp(entry->hash, row->hash, NKS_HASH_SIZE) != 0))
        verify_say(entry, NKS_VERIFY_HASH, "its bytes are not those that the manifest names");
    else if (entry->verdict != NKS_VERIFY_GOOD)
        return NKS_OK; /* it was not read, or not to its end */
    else if (entry->kind != NKS_VERIFY_ORDER)
        verify_say(entry, NKS_VERIFY_FACTS, "the manifest names it as an order, and it is none");
    else if (strcmp(entry->message_id, row->message_id) != 0 || entry->payments != row->payments ||
             !nks_sum_equal(entry->sum, row->sum))
        verify_say(entry, NKS_VERIFY_FACTS, "its message id, count or sum is not what the manifest says");
    return NKS_OK;
}

/* The newest one of its day: its rows are what must be here. */
static enum nks_status take_row(struct day *day, struct verify_entry *manifest, struct nks_text line,
                                const struct nks_manifest_row *row)
{
    enum nks_seen_answer name = NKS_SEEN_NEW, whole = NKS_SEEN_NEW;
    NKS_TRY(nks_seen_add(&day->seen, nks_text_from(row->name), &name, day->verify->fault));
    NKS_TRY(nks_seen_add(&day->seen, line, &whole, day->verify->fault));
    if (name != NKS_SEEN_NEW) {
        verify_say(manifest, NKS_VERIFY_MANIFEST_BAD, "it names a file twice");
        return NKS_OK;
    }
    return compare(day, row);
}

/* An older one: the newest names all of it, with the same facts. */
static enum nks_status repeat_row(struct day *day, struct verify_entry *manifest, struct nks_text line)
{
    enum nks_seen_answer answer = NKS_SEEN_NEW;
    NKS_TRY(nks_seen_add(&day->seen, line, &answer, day->verify->fault));
    if (answer != NKS_SEEN_BEFORE)
        verify_say(manifest, NKS_VERIFY_MANIFEST_BAD,
                   "the newest manifest of that day does not say the same of a file");
    return NKS_OK;
}

/* ---- one manifest */

/* Every line by the strict reader; nothing of it counts before it is whole. */
static bool is_whole(struct nks_text rest, struct nks_manifest *manifest)
{
    struct nks_manifest_row row;
    nks_manifest_init(manifest);
    if (rest.len == 0 || rest.ptr[rest.len - 1] != '\n')
        return false;
    while (rest.len > 0) {
        if (nks_manifest_line(manifest, nks_text_cut(&rest, '\n'), &row) == NKS_MANIFEST_BAD)
            return false;
    }
    return nks_manifest_whole(manifest);
}

/* NULL: it fits its name, the folder and the central that was asked for. */
static const char *misplaced(struct day *day, const struct nks_manifest *manifest)
{
    const char *central = day->verify->options->central;
    if (manifest->date != day->date)
        return "its date is not that of its name";
    if (central != NULL && strcmp(central, manifest->central) != 0)
        return "it is for another data central";
    if (day->central[0] != '\0' && strcmp(day->central, manifest->central) != 0)
        return "it is for another data central than the other manifests here";
    memcpy(day->central, manifest->central, sizeof day->central);
    return NULL;
}

static enum nks_status rows(struct day *day, struct verify_entry *entry, struct nks_text rest)
{
    struct nks_manifest manifest;
    struct nks_manifest_row row;
    bool first = !day->newest;
    day->newest = true;
    nks_manifest_init(&manifest);
    while (rest.len > 0) {
        struct nks_text line = nks_text_cut(&rest, '\n');
        if (nks_manifest_line(&manifest, line, &row) == NKS_MANIFEST_ROW)
            NKS_TRY(first ? take_row(day, entry, line, &row) : repeat_row(day, entry, line));
    }
    return NKS_OK;
}

static enum nks_status judge(struct day *day, struct verify_entry *entry, struct nks_text bytes)
{
    struct nks_manifest manifest;
    uint8_t hash[NKS_HASH_SIZE];
    nks_hash_once(bytes.ptr, bytes.len, hash);
    if (memcmp(hash, entry->hash, NKS_HASH_SIZE) != 0) {
        verify_say(entry, NKS_VERIFY_CHANGED, verify_changed);
        return NKS_OK;
    }
    if (!is_whole(bytes, &manifest)) {
        verify_say(entry, NKS_VERIFY_MANIFEST_BAD,
                   "it is not in a manifest's form, or its total is not what its rows come to");
        return NKS_OK;
    }
    const char *words = misplaced(day, &manifest);
    if (words != NULL) {
        verify_say(entry, NKS_VERIFY_MANIFEST_BAD, words);
        return NKS_OK;
    }
    entry->payments = manifest.payments;
    entry->sum = manifest.sum;
    return rows(day, entry, bytes);
}

static enum nks_status read_one(struct day *day, struct verify_entry *entry)
{
    char path[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    if (!nks_path_join(path, day->folder->path, entry->name))
        return nks_fault_set(day->verify->fault, NKS_FAILED, "PATH-LONG", "the path of a file is too long");
    if (entry->bytes > BYTES_MAX) {
        verify_say(entry, NKS_VERIFY_MANIFEST_BAD, "it is larger than a manifest can be");
        return NKS_OK;
    }
    struct nks_fault fault = {.status = NKS_OK};
    nks_sys_point("verify.manifest");
    enum nks_status status = nks_file_read(path, BYTES_MAX, &data, &len, &fault);
    if (status == NKS_OK)
        status = judge(day, entry, (struct nks_text){data, len});
    else if (status == NKS_RETRY)
        *day->verify->fault = fault;
    else {
        verify_say(entry, NKS_VERIFY_CHANGED, verify_changed);
        status = NKS_OK;
    }
    free(data);
    return status;
}

/* ---- all of a folder */

/* Between this number and the one above it, or below the last one of its day (`number` 0). */
static enum nks_status tell_gap(struct day *day, int number)
{
    char name[NKS_FILE_NAME_MAX], words[96], date[NKS_DATE_TEXT];
    if (day->date == NKS_DATE_NONE || number + 1 >= day->number)
        return NKS_OK;
    nks_date_format(day->date, date);
    snprintf(name, sizeof name, "nks-manifest-%s-%04d.tsv", date, number + 1);
    snprintf(words, sizeof words, "manifests of that day are not here: number %d to %d", number + 1, day->number - 1);
    const struct nks_verify_found found = {.folder = day->folder->relative,
                                           .name = name,
                                           .kind = NKS_VERIFY_MANIFEST,
                                           .verdict = NKS_VERIFY_GAP,
                                           .words = words,
                                           .cert = day->verify->options->cert_count,
                                           .message_id = ""};
    return verify_tell(day->verify, &found);
}

static enum nks_status next(struct day *day, nks_date date, int number)
{
    NKS_TRY(tell_gap(day, date == day->date ? number : 0));
    if (date != day->date) {
        nks_seen_free(&day->seen);
        day->newest = false;
    }
    day->date = date;
    day->number = number;
    return NKS_OK;
}

enum nks_status verify_manifests(struct verify *verify, struct verify_folder *folder)
{
    struct day day = {.verify = verify, .folder = folder, .date = NKS_DATE_NONE};
    enum nks_status status = NKS_OK;
    /* Names sort by date and number: backwards the newest comes first. */
    for (size_t i = folder->count; i > 0 && status == NKS_OK; i--) {
        struct verify_entry *entry = &folder->entries[i - 1];
        nks_date date;
        int number;
        if (!nks_verify_manifest_name(entry->name, &date, &number))
            continue;
        status = next(&day, date, number);
        if (status == NKS_OK && entry->kind == NKS_VERIFY_MANIFEST)
            status = read_one(&day, entry);
    }
    if (status == NKS_OK)
        status = tell_gap(&day, 0);
    nks_seen_free(&day.seen);
    return status;
}
