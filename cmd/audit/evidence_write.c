/* Writes the evidence of a sample: rows and signatures of a slice, copies of what lies outside the home, and the list.
 */
#include "evidence.h"

#include "stage/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEX_MAX = 2 * NKS_SIGNATURE_SIZE + 1 };

static enum nks_status path_of(struct audit *audit, char out[NKS_PATH_MAX], const char *dir, const char *name)
{
    return nks_path_join(out, dir, name)
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample is too long");
}

/* ---- where it may stand */

static bool inside(const char *real, const char *dir)
{
    char *real_dir = realpath(dir, NULL);
    size_t len = real_dir != NULL ? strlen(real_dir) : 0;
    bool found = real_dir != NULL && strncmp(real, real_dir, len) == 0 && (real[len] == '\0' || real[len] == '/');
    free(real_dir);
    return found;
}

/* A folder in in/ would be taken for deliveries, one in out/ for what we published. */
enum nks_status evidence_place(struct audit *audit, const char *dir)
{
    char parent[NKS_PATH_MAX], journal[NKS_PATH_MAX];
    size_t len = strlen(dir);
    if (nks_sys_exists(dir))
        return nks_fault_set(&audit->fault, NKS_REFUSED, "SAMPLE-EXISTS",
                             "the folder of --out is there already: name a new one");
    while (len > 0 && dir[len - 1] == '/')
        len--;
    while (len > 0 && dir[len - 1] != '/')
        len--;
    if (len >= sizeof parent || !nks_journal_path(audit->home, "", journal))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the sample or the home is too long");
    snprintf(parent, sizeof parent, "%.*s", len > 0 ? (int)len : 1, len > 0 ? dir : ".");
    char *real = realpath(parent, NULL);
    bool good = real != NULL && !inside(real, audit->home) && !inside(real, audit->keys_dir) && !inside(real, journal);
    free(real);
    return good ? NKS_OK
                : nks_fault_set(&audit->fault, NKS_REFUSED, "SAMPLE-PLACE",
                                "--out must be a new folder in one that is there, outside home, keys and journal");
}

/* ---- files */

enum nks_status evidence_new(struct audit *audit, const char *dir, const char *name, FILE **out)
{
    char path[NKS_PATH_MAX];
    NKS_TRY(path_of(audit, path, dir, name));
    *out = fopen(path, "wx");
    return *out != NULL
               ? NKS_OK
               : nks_fault_set(&audit->fault, NKS_RETRY, "OUTPUT", "%s cannot be written: look at the disk", name);
}

enum nks_status evidence_end(struct audit *audit, FILE *file)
{
    bool bad = ferror(file) != 0;
    bad = fclose(file) != 0 || bad;
    return bad ? nks_fault_set(&audit->fault, NKS_RETRY, "OUTPUT", "the sample cannot be written: is the disk full?")
               : NKS_OK;
}

static void ints_write(FILE *file, const char *word, const int64_t *values, size_t count)
{
    fputs(word, file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "\t%" PRId64, values[i]);
    fputc('\n', file);
}

static void hex_write(FILE *file, const char *word, const void *bytes, size_t len)
{
    char hex[HEX_MAX];
    nks_hex(bytes, len <= NKS_SIGNATURE_SIZE ? len : NKS_SIGNATURE_SIZE, hex);
    fprintf(file, "%s\t%s\n", word, hex);
}

/* ---- a slice */

static enum nks_status rows_write(struct audit *audit, FILE *file, const struct nks_sql *sql, const char *word,
                                  size_t columns, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, sql, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    if (columns == EVIDENCE_LEG_INTS)
        nks_bind_int(stmt, "generation", slice->generation);
    for (bool row = true;;) {
        int64_t values[EVIDENCE_ROW_INTS];
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        for (size_t i = 0; i < columns; i++)
            values[i] = nks_column_int(stmt, (int)i);
        ints_write(file, word, values, columns);
    }
}

static enum nks_status signature_write(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_rows_signature, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    if (found)
        hex_write(file, "rows_signature", nks_column_bytes(stmt, 0).ptr, nks_column_bytes(stmt, 0).len);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status decisions_write(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    struct nks_stmt *stmt = NULL;
    uint8_t hash[NKS_HASH_SIZE];
    bool found = false;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_decision, &stmt, &audit->fault));
    nks_bind_int(stmt, "slice_id", slice->id);
    nks_bind_int(stmt, "generation", slice->generation);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    struct nks_text stored = found ? nks_column_bytes(stmt, 0) : (struct nks_text){NULL, 0};
    if (stored.len == NKS_HASH_SIZE) /* erased: the hash is in its place */
        memcpy(hash, stored.ptr, sizeof hash);
    else
        nks_hash_once(stored.ptr, stored.len, hash);
    if (found)
        hex_write(file, "decisions", hash, sizeof hash);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status slice_lines(struct audit *audit, FILE *file, const struct audit_slice *slice)
{
    const int64_t head[EVIDENCE_HEAD_INTS] = {slice->id,       slice->batch_id, slice->execution_date, slice->due_date,
                                              slice->payments, slice->state,    slice->generation,     slice->legs};
    fputs("# nks evidence 1\n", file);
    ints_write(file, "slice", head, EVIDENCE_HEAD_INTS);
    NKS_TRY(rows_write(audit, file, &nks_sql_audit_payments, "payment", EVIDENCE_ROW_INTS, slice));
    NKS_TRY(signature_write(audit, file, slice));
    if (!audit_routed(slice))
        return NKS_OK;
    NKS_TRY(decisions_write(audit, file, slice));
    NKS_TRY(rows_write(audit, file, &nks_sql_audit_signed_legs, "leg", EVIDENCE_LEG_INTS, slice));
    hex_write(file, "legs_signature", slice->signature, slice->signature_len);
    return NKS_OK;
}

enum nks_status evidence_slice_write(struct audit *audit, const char *dir, const struct audit_slice *slice)
{
    char name[48];
    FILE *file = NULL;
    snprintf(name, sizeof name, "slice-%" PRId64 ".tsv", slice->id);
    NKS_TRY(evidence_new(audit, dir, name, &file));
    enum nks_status status = slice_lines(audit, file, slice);
    enum nks_status ended = evidence_end(audit, file);
    return status != NKS_OK ? status : ended;
}

/* ---- copies */

static enum nks_status bytes_copy(struct audit *audit, const char *from, const char *to)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(from, EVIDENCE_FILE_MAX, &data, &len, &audit->fault));
    enum nks_status status = nks_file_replace(to, data, len, 0600, &audit->fault);
    free(data);
    return status;
}

static bool is_seal(const char *name)
{
    size_t len = strlen(name);
    return strncmp(name, "seal-", 5) == 0 && strcmp(name + len - 4, ".tsv") == 0;
}

/* Only the newest of this list may be written again meanwhile, so each one follows the one before. */
static enum nks_status seals_copy(struct audit *audit, const char *dir, const char *out)
{
    struct nks_sys_list list = {NULL, 0, false};
    char from[NKS_PATH_MAX], to[NKS_PATH_MAX], folder[NKS_PATH_MAX];
    NKS_TRY(path_of(audit, folder, out, "seals"));
    NKS_TRY(nks_sys_mkdir(folder, 0700, &audit->fault));
    if (!nks_sys_exists(dir))
        return NKS_OK;
    NKS_TRY(nks_sys_list(dir, EVIDENCE_SEALS_MAX, false, &list, &audit->fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        if (!is_seal(list.names[i]))
            continue;
        status = path_of(audit, from, dir, list.names[i]);
        if (status == NKS_OK)
            status = path_of(audit, to, folder, list.names[i]);
        if (status == NKS_OK)
            status = bytes_copy(audit, from, to);
    }
    nks_sys_list_free(&list);
    return status;
}

enum nks_status evidence_outside_write(struct audit *audit, const char *dir)
{
    char log[NKS_PATH_MAX], seals[NKS_PATH_MAX], to[NKS_PATH_MAX];
    if (!nks_journal_file_path(audit->home, log) || !nks_seal_dir(audit->home, seals))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    NKS_TRY(path_of(audit, to, dir, "published.log"));
    NKS_TRY(seals_copy(audit, seals, dir));
    return nks_sys_exists(log) ? bytes_copy(audit, log, to) : NKS_OK;
}

/* ---- the list */

struct list_out {
    struct audit *audit;
    FILE *file;
    struct nks_hash *hash;
};

static void list_line(struct list_out *list, const char *line)
{
    nks_hash_add(list->hash, line, strlen(line));
    fputs(line, list->file);
}

static enum nks_status list_names(struct list_out *list, const char *dir, const char *prefix,
                                  const struct nks_sys_list *names)
{
    struct audit *audit = list->audit;
    for (size_t i = 0; i < names->count; i++) {
        char path[NKS_PATH_MAX], hex[NKS_HASH_HEX], line[NKS_PATH_MAX + NKS_HASH_HEX + 32];
        uint8_t hash[NKS_HASH_SIZE];
        int64_t bytes = 0;
        if (strcmp(names->names[i], "evidence.tsv") == 0)
            continue;
        NKS_TRY(path_of(audit, path, dir, names->names[i]));
        NKS_TRY(nks_hash_file(path, hash, &bytes, &audit->fault));
        nks_hex(hash, sizeof hash, hex);
        snprintf(line, sizeof line, "%s%s\t%" PRId64 "\t%s\n", prefix, names->names[i], bytes, hex);
        list_line(list, line);
    }
    return NKS_OK;
}

static enum nks_status list_sign(struct list_out *list)
{
    struct audit *audit = list->audit;
    uint8_t hash[NKS_HASH_SIZE], signature[NKS_SIGNATURE_SIZE];
    char hex[HEX_MAX] = "-";
    nks_hash_end(list->hash, hash);
    if (audit->secrets) {
        NKS_TRY(nks_sign(audit->keys, hash, sizeof hash, signature, &audit->fault));
        nks_hex(signature, sizeof signature, hex);
    }
    fprintf(list->file, "# signature %s\n", hex);
    return NKS_OK;
}

/* "published.log" < "seals/…" < "slice-…": the folder of seals stands between the files. */
static enum nks_status list_lines(struct list_out *list, const char *dir, const char *seals_dir,
                                  const struct nks_sys_list *names, const struct nks_sys_list *seals)
{
    struct nks_sys_list before = {names->names, 0, false};
    char line[SAMPLE_LINE_MAX];
    while (before.count < names->count && strcmp(names->names[before.count], "seals/") < 0)
        before.count++;
    const struct nks_sys_list after = {names->names + before.count, names->count - before.count, false};
    snprintf(line, sizeof line, "# nks sample list 1\tfiles %zu\n", names->count - 1 + seals->count);
    list_line(list, line);
    NKS_TRY(list_names(list, dir, "", &before));
    NKS_TRY(list_names(list, seals_dir, "seals/", seals));
    NKS_TRY(list_names(list, dir, "", &after));
    return list_sign(list);
}

enum nks_status evidence_list_write(struct audit *audit, const char *dir)
{
    struct list_out list = {.audit = audit, .hash = nks_hash_new()};
    struct nks_sys_list names = {NULL, 0, false}, seals = {NULL, 0, false};
    char seals_dir[NKS_PATH_MAX];
    enum nks_status status = list.hash != NULL
                                 ? path_of(audit, seals_dir, dir, "seals")
                                 : nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for a sample");
    if (status == NKS_OK)
        status = evidence_new(audit, dir, "evidence.tsv", &list.file);
    if (status == NKS_OK)
        status = nks_sys_list(dir, EVIDENCE_FILES_MAX, false, &names, &audit->fault);
    if (status == NKS_OK)
        status = nks_sys_list(seals_dir, EVIDENCE_SEALS_MAX, false, &seals, &audit->fault);
    if (status == NKS_OK)
        status = list_lines(&list, dir, seals_dir, &names, &seals);
    enum nks_status ended = list.file != NULL ? evidence_end(audit, list.file) : NKS_OK;
    nks_sys_list_free(&names);
    nks_sys_list_free(&seals);
    nks_hash_free(list.hash);
    return status != NKS_OK ? status : ended;
}
