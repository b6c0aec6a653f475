/*
 * Files we wrote: numbered without a gap, an archive copy of each as written, and what still lies in out/ unchanged and
 * signed. A file may have been fetched: then only the archive speaks. What lies in out/ without a row is not ours.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    int64_t id, kind, folder, batch_id, delivery_id, state, bytes, repeats, number, created_at, business_date, entries,
        erased;
    char party[NKS_PARTY_MAX], name[NKS_FILE_NAME_MAX], message_id[NKS_MESSAGE_ID_MAX];
    uint8_t hash[NKS_HASH_SIZE];
    size_t hash_len;
    bool fits, sum_good;
    struct nks_sum sum;
};

static void read_file(struct nks_stmt *stmt, struct file *file)
{
    *file = (struct file){
        .id = nks_column_int(stmt, 0),
        .kind = nks_column_int(stmt, 1),
        .folder = nks_column_int(stmt, 2),
        .batch_id = nks_column_int(stmt, 6),
        .delivery_id = nks_column_int(stmt, 7),
        .state = nks_column_int(stmt, 8),
        .bytes = nks_column_int(stmt, 9),
        .repeats = nks_column_int(stmt, 11),
        .number = nks_column_int(stmt, 12),
        .created_at = nks_column_int(stmt, 13),
        .business_date = nks_column_int(stmt, 14),
        .entries = nks_column_int(stmt, 15),
        .erased = nks_column_int(stmt, 17),
    };
    file->sum_good = nks_sum_read(nks_column_text(stmt, 16), &file->sum);
    file->fits = nks_text_copy(nks_column_text(stmt, 3), file->party, sizeof file->party);
    file->fits = nks_text_copy(nks_column_text(stmt, 4), file->name, sizeof file->name) && file->fits;
    file->fits = nks_text_copy(nks_column_text(stmt, 5), file->message_id, sizeof file->message_id) && file->fits;
    struct nks_text hash = nks_column_bytes(stmt, 10);
    file->hash_len = hash.len;
    if (hash.len == NKS_HASH_SIZE)
        memcpy(file->hash, hash.ptr, hash.len);
}

static struct audit_bytes bytes_of(const struct file *file)
{
    return (struct audit_bytes){{(const char *)file->hash, file->hash_len}, file->bytes};
}

/* A name that is used in a path. */
static bool plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static void name_check(struct audit *audit, const struct file *file)
{
    char date[NKS_DATE_TEXT];
    bool good = file->kind == NKS_FILE_MANIFEST
                    ? audit_name_numbered(file->name, file->number) && file->message_id[0] == '\0'
                    : audit_name_fits(file->name, file->message_id, file->number, file->repeats != 0);
    if (!good)
        audit_find(audit, "name, number and message_id do not go together");
    if (!audit_time_good(file->created_at) || file->business_date < 0 || file->business_date > INT32_MAX ||
        !audit_time_good(file->business_date * 24 * 60 * 60)) {
        audit_find(audit, "created_at or business_date is no time of ours");
        return;
    }
    nks_date made = nks_copenhagen_date(file->created_at);
    bool late = file->kind == NKS_FILE_MANIFEST && file->business_date < made; /* of files that left later */
    if (file->business_date != made && !late)
        audit_find(audit, "business_date is not the day of created_at");
    nks_date_format((nks_date)file->business_date, date);
    if (file->kind == NKS_FILE_MANIFEST && strstr(file->name, date) == NULL)
        audit_find(audit, "business_date is not the day in its name");
}

/* False: the row cannot be followed to files. */
static bool row_check(struct audit *audit, const struct file *file)
{
    static const struct {
        enum nks_file_kind kind;
        enum nks_file_folder folder;
        bool batch, delivery;
    } forms[] = {
        {NKS_FILE_ORDER, NKS_FOLDER_CENTRAL, true, false},  {NKS_FILE_RECEIPT, NKS_FOLDER_SENDER, false, true},
        {NKS_FILE_STATUS, NKS_FOLDER_PAYER, true, false},   {NKS_FILE_MANIFEST, NKS_FOLDER_CENTRAL, false, false},
        {NKS_FILE_RECALL, NKS_FOLDER_CENTRAL, true, false},
    };
    bool known = false;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        known = known || ((int64_t)forms[i].kind == file->kind && (int64_t)forms[i].folder == file->folder &&
                          forms[i].batch == (file->batch_id != 0) && forms[i].delivery == (file->delivery_id != 0));
    if (!known)
        audit_find(audit, "kind, folder, batch_id and delivery_id do not go together");
    if (file->state < NKS_FILE_RESERVED || file->state > NKS_FILE_SETTLED)
        audit_find(audit, "state %lld is none", (long long)file->state);
    bool named = file->fits && nks_party_valid(nks_text_from(file->party)) && plain_name(file->name) &&
                 file->folder >= NKS_FOLDER_CENTRAL && file->folder <= NKS_FOLDER_SENDER;
    if (!named)
        audit_find(audit, "party, name or message_id is none of ours");
    if (named)
        name_check(audit, file);
    if (file->state > NKS_FILE_RESERVED && file->hash_len != NKS_HASH_SIZE)
        audit_find(audit, "hash is no SHA-256");
    return named;
}

static enum nks_status repeat_check(struct audit *audit, const struct file *file)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    if (file->repeats == 0 || file->state == NKS_FILE_RESERVED)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_file_one, &stmt, &audit->fault));
    nks_bind_int(stmt, "file_id", file->repeats);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct audit_bytes own = bytes_of(file);
    bool same = found && file->repeats < file->id && nks_column_int(stmt, 0) == file->kind &&
                nks_column_int(stmt, 2) == file->bytes && nks_text_equal(nks_column_bytes(stmt, 3), own.hash);
    nks_stmt_end(stmt);
    if (!same)
        audit_find(audit, "repeats %lld, which has other bytes", (long long)file->repeats);
    return NKS_OK;
}

struct listed { /* order files that a manifest may have listed */
    int64_t files;
    struct nks_sum sum;
};

static void listed_add(struct listed *listed, struct nks_text control_sum)
{
    struct nks_sum sum;
    listed->files++;
    if (nks_sum_read(control_sum, &sum))
        listed->sum.scaled += sum.scaled;
}

static bool listed_is(const struct listed *listed, const struct file *file)
{
    return listed->files == file->entries && file->sum_good && listed->sum.scaled == file->sum.scaled;
}

static enum nks_status left_add(struct audit *audit, const struct file *manifest, struct listed *listed)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_day_left, &stmt, &audit->fault));
    nks_bind_text(stmt, "party", nks_text_from(manifest->party));
    nks_bind_int(stmt, "day", manifest->business_date);
    nks_bind_int(stmt, "made", manifest->created_at);
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        listed_add(listed, nks_column_text(stmt, 0));
    }
}

/* A manifest lists the order files of its central and day that were published when it was made: the first ones, as many
 * as there were then; or, where some were held for a time, those with a link of that instant or an earlier one; or,
 * where the home was put back, these and what left that day before. */
static enum nks_status manifest_check(struct audit *audit, const struct file *file)
{
    struct nks_stmt *stmt = NULL;
    struct listed first = {0}, then = {0}, put_back = {0};
    if (file->kind != NKS_FILE_MANIFEST || file->state == NKS_FILE_RESERVED || file->repeats != 0)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_day_orders, &stmt, &audit->fault));
    nks_bind_text(stmt, "party", nks_text_from(file->party));
    nks_bind_int(stmt, "day", file->business_date);
    for (;;) {
        bool row = false;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        if (first.files < file->entries)
            listed_add(&first, nks_column_text(stmt, 0));
        int64_t at = nks_column_int(stmt, 1);
        if (at <= file->created_at)
            listed_add(&then, nks_column_text(stmt, 0));
        if (at <= file->created_at && at > 0 && nks_column_int(stmt, 2) == NKS_FILE_PUBLISHED)
            listed_add(&put_back, nks_column_text(stmt, 0));
    }
    NKS_TRY(left_add(audit, file, &put_back));
    if (!listed_is(&first, file) && !listed_is(&then, file) && !listed_is(&put_back, file))
        audit_find(audit, "entries or control_sum is not that of the order files of its central and day");
    return NKS_OK;
}

/* ---- what lies in out/ and staging/ */

static void out_at(struct audit *audit, const struct file *file, const char *suffix)
{
    audit_at(audit, "file %s/%s/%s%s", nks_file_folder_path((enum nks_file_folder)file->folder), file->party,
             file->name, suffix);
}

static enum nks_status signature_check(struct audit *audit, const struct file *file, const char *path)
{
    char *der = NULL;
    size_t len = 0;
    if (!nks_sys_exists(path))
        return NKS_OK;
    out_at(audit, file, ".p7s");
    enum nks_status status = nks_file_read(path, NKS_CMS_MAX, &der, &len, &audit->fault);
    if (status == NKS_OK && file->hash_len == NKS_HASH_SIZE)
        status = nks_cms_verify(audit->keys, file->hash, (const uint8_t *)der, len, &audit->fault);
    free(der);
    if (status == NKS_REFUSED) { /* too big, or no regular file */
        nks_fault_clear(&audit->fault);
        audit_find(audit, "it is no signature file of ours");
        return NKS_OK;
    }
    if (status == NKS_FAILED && !nks_sys_exists(path)) { /* fetched a moment ago */
        nks_fault_clear(&audit->fault);
        return NKS_OK;
    }
    return audit_take_fault(audit, status);
}

/* What lies there left before the home was put back, where the row's own bytes did not leave. */
static enum nks_status out_bytes(struct audit *audit, const struct file *file, struct file *out)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *out = *file;
    if (file->state == NKS_FILE_PUBLISHED)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_published_named, &stmt, &audit->fault));
    nks_bind_int(stmt, "folder", file->folder);
    nks_bind_text(stmt, "party", nks_text_from(file->party));
    nks_bind_text(stmt, "name", nks_text_from(file->name));
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text hash = found ? nks_column_bytes(stmt, 5) : (struct nks_text){NULL, 0};
    if (hash.len == NKS_HASH_SIZE) {
        out->bytes = nks_column_int(stmt, 4);
        memcpy(out->hash, hash.ptr, NKS_HASH_SIZE);
    }
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status out_check(struct audit *audit, const struct file *written)
{
    char path[NKS_PATH_MAX], name[NKS_FILE_NAME_MAX + 8];
    const char *folder = nks_file_folder_path((enum nks_file_folder)written->folder);
    struct file left;
    NKS_TRY(out_bytes(audit, written, &left));
    const struct file *file = &left;
    const struct audit_bytes row = bytes_of(file);
    NKS_TRY(audit_path(audit, path, folder, file->party, file->name));
    out_at(audit, file, "");
    if (nks_sys_exists(path))
        NKS_TRY(audit_plain_check(audit, path, &row));
    snprintf(name, sizeof name, "%.*s.p7s", NKS_FILE_NAME_MAX - 1, file->name);
    NKS_TRY(audit_path(audit, path, folder, file->party, name));
    return signature_check(audit, file, path);
}

static enum nks_status staged_check(struct audit *audit, const struct file *file)
{
    char path[NKS_PATH_MAX];
    const struct audit_bytes row = bytes_of(file);
    NKS_TRY(audit_numbered_path(audit, path, "staging", file->id, ".out"));
    if (file->state != NKS_FILE_WRITTEN || !nks_sys_exists(path))
        return NKS_OK;
    audit_at(audit, "file staging/%012lld.out", (long long)file->id);
    return audit_plain_check(audit, path, &row);
}

static enum nks_status settled_check(struct audit *audit, const struct file *file)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    if (file->state != NKS_FILE_SETTLED)
        return NKS_OK;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_settled, &stmt, &audit->fault));
    nks_bind_int(stmt, "batch_id", file->batch_id);
    nks_bind_int(stmt, "file_id", file->id);
    nks_bind_int(stmt, "kind", file->kind);
    nks_bind_int(stmt, "folder", file->folder);
    nks_bind_text(stmt, "party", nks_text_from(file->party));
    nks_bind_text(stmt, "name", nks_text_from(file->name));
    nks_bind_bytes(stmt, "hash", file->hash, file->hash_len);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    nks_stmt_end(stmt);
    if (!found)
        audit_find(audit, "state says that it was settled; the trail does not");
    return NKS_OK;
}

static enum nks_status file_check(struct audit *audit, const struct file *file)
{
    audit_looked(audit);
    audit_at(audit, "out_file %lld", (long long)file->id);
    bool named = row_check(audit, file);
    NKS_TRY(repeat_check(audit, file));
    NKS_TRY(settled_check(audit, file));
    NKS_TRY(manifest_check(audit, file));
    if (file->state == NKS_FILE_RESERVED || !named)
        return NKS_OK;
    const struct audit_bytes row = bytes_of(file);
    NKS_TRY(file->erased != 0 ? audit_copy_gone(audit, "archive", file->id, file->erased)
                              : audit_copy_check(audit, "archive", NKS_KEY_ARCHIVE, file->id, &row));
    NKS_TRY(staged_check(audit, file));
    return out_check(audit, file);
}

static enum nks_status files_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    int64_t expected = 1, by_state[NKS_FILE_SETTLED + 1] = {0};
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_files, &stmt, &audit->fault));
    for (bool row = true;; expected++) {
        struct file file;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        read_file(stmt, &file);
        if (file.id != expected) {
            audit_at(audit, "out_file %lld", (long long)expected);
            audit_find(audit, "the row is missing; the next one is %lld", (long long)file.id);
            expected = file.id < INT64_MAX ? file.id : 0;
        }
        if (file.state >= NKS_FILE_RESERVED && file.state <= NKS_FILE_SETTLED)
            by_state[file.state]++;
        NKS_TRY(file_check(audit, &file));
    }
    if (by_state[NKS_FILE_RESERVED] > 0)
        audit_note(audit, "in progress: %lld files are reserved and not yet written",
                   (long long)by_state[NKS_FILE_RESERVED]);
    if (by_state[NKS_FILE_WRITTEN] > 0)
        audit_note(audit, "in progress: %lld files are written and not yet published",
                   (long long)by_state[NKS_FILE_WRITTEN]);
    return NKS_OK;
}

/* ---- files without a row */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static enum nks_status published_before(struct audit *audit, const struct audit_folder *folder, struct nks_text name,
                                        bool *was)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_published_named, &stmt, &audit->fault));
    nks_bind_int(stmt, "folder", folder->folder);
    nks_bind_text(stmt, "party", nks_text_from(folder->party));
    nks_bind_text(stmt, "name", name);
    NKS_TRY(nks_stmt_one(stmt, was, &audit->fault));
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status listed_check(struct audit *audit, const struct audit_folder *folder, const char *name)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    size_t len = strlen(name);
    if (ends_with(name, ".tmp") || ends_with(name, ".part"))
        return NKS_OK;
    if (ends_with(name, ".p7s"))
        len -= strlen(".p7s");
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_file_named, &stmt, &audit->fault));
    nks_bind_int(stmt, "folder", folder->folder);
    nks_bind_text(stmt, "party", nks_text_from(folder->party));
    nks_bind_text(stmt, "name", (struct nks_text){name, len});
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    bool written = found && nks_column_int(stmt, 1) != NKS_FILE_RESERVED;
    nks_stmt_end(stmt);
    if (!written) /* published before the home was restored */
        NKS_TRY(published_before(audit, folder, (struct nks_text){name, len}, &written));
    if (written || audit->restored) /* or it may have been: reconcile will tell */
        return NKS_OK;
    audit_at(audit, "file %s/%s/%.120s", nks_file_folder_path(folder->folder), folder->party,
             strncmp(name, "nks-", 4) == 0 ? name : "(a name not of ours)");
    audit_find(audit, "table out_file has no written file of that name: it was not published by nks");
    return NKS_OK;
}

static enum nks_status listing_check(struct audit *audit)
{
    for (size_t i = 0; i < audit->listing->count; i++) {
        const struct audit_folder *folder = &audit->listing->folders[i];
        for (size_t f = 0; f < folder->files.count; f++)
            NKS_TRY(listed_check(audit, folder, folder->files.names[f]));
    }
    return NKS_OK;
}

/* ---- over all files */

static enum nks_status messages_twice(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_messages_twice, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "out_file %lld", (long long)nks_column_int(stmt, 0));
        audit_find(audit, "message_id is that of file %lld too", (long long)nks_column_int(stmt, 1));
    }
}

static enum nks_status batches_untold(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_batches_untold, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at(audit, "batch %lld", (long long)nks_column_int(stmt, 0));
        audit_find(
            audit,
            "it has EMITTED slices, but table out_file has no status report of it, and nothing says that none was due");
    }
}

enum nks_status audit_check_files(struct audit *audit)
{
    NKS_TRY(files_check(audit));
    NKS_TRY(listing_check(audit));
    NKS_TRY(messages_twice(audit));
    return batches_untold(audit);
}
