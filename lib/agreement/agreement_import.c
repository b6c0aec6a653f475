/* The import of agreements: a new version of each that differs. */
#include "agreement/agreement_private.h"

#include "agreement_sql.h"
#include "import/import_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct importer {
    struct nks_db *db;
    struct nks_cipher *cipher;
    const struct nks_import_options *options;
    struct nks_import_result *result;
    int64_t version, last_id;
    struct nks_agreement row;
    char terms[NKS_AGREEMENT_TERMS_MAX], stored[NKS_AGREEMENT_TERMS_MAX];
    uint8_t bytes[NKS_AGREEMENT_TERMS_MAX + NKS_CIPHER_OVERHEAD];
};

static enum nks_status run(struct nks_db *db, const struct nks_sql *sql, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(db, sql, &stmt, fault));
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status insert(struct importer *in, const struct nks_agreement *a, struct nks_text plain,
                              struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_place place = {"agreement", "terms", ++in->last_id, 0, in->version};
    NKS_TRY(nks_cipher_encrypt(in->cipher, &place, plain.ptr, plain.len, in->bytes, fault));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_insert, &stmt, fault));
    nks_bind_int(stmt, "id", in->last_id);
    nks_bind_text(stmt, "sender", nks_text_from(a->sender));
    nks_bind_text(stmt, "payer", nks_text_from(a->payer));
    nks_bind_int(stmt, "version", in->version);
    nks_bind_bytes(stmt, "terms", in->bytes, plain.len + NKS_CIPHER_OVERHEAD);
    return nks_stmt_run(stmt, NULL, fault);
}

static enum nks_status refuse_twice(struct importer *in, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_named_find, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (found)
        return nks_agreement_refuse_twice(row, nks_column_int(stmt, 0), fault);
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_named_insert, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    nks_bind_int(stmt, "line", row->line);
    return nks_stmt_run(stmt, NULL, fault);
}

/* Whether the newest stored version has the same terms, byte for byte; its id, 0: there is none. */
static enum nks_status is_stored(struct importer *in, struct nks_text plain, bool *same, int64_t *id,
                                 struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    *same = false;
    *id = 0;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_newest, &stmt, fault));
    nks_bind_text(stmt, "sender", nks_text_from(in->row.sender));
    nks_bind_text(stmt, "payer", nks_text_from(in->row.payer));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    if (!found)
        return NKS_OK;
    struct nks_text bytes = nks_column_bytes(stmt, 2);
    *id = nks_column_int(stmt, 0);
    NKS_TRY(nks_agreement_open(in->cipher, *id, nks_column_int(stmt, 1), bytes, in->stored, sizeof in->stored, fault));
    *same = nks_text_equal((struct nks_text){in->stored, bytes.len - NKS_CIPHER_OVERHEAD}, plain);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status on_row(void *context, const struct nks_csv_row *row, struct nks_fault *fault)
{
    struct importer *in = context;
    struct nks_buf buf;
    int64_t replaced = 0;
    bool same = false;
    nks_import_row(in->options, row->fields, NKS_AGREEMENT_COLUMNS);
    NKS_TRY(nks_agreement_take(row, &in->row, fault));
    NKS_TRY(refuse_twice(in, row, fault));
    nks_buf_init(&buf, in->terms, sizeof in->terms);
    nks_agreement_pack(&buf, &in->row);
    assert(!buf.overflow);
    in->result->rows++;
    NKS_TRY(is_stored(in, nks_buf_view(&buf), &same, &replaced, fault));
    *(same ? &in->result->unchanged : &in->result->added) += 1;
    if (same)
        return NKS_OK;
    nks_import_differs(in->options, (const int64_t[]){row->line, replaced}, 2);
    return insert(in, &in->row, nks_buf_view(&buf), fault);
}

/* full: the next agreement that the file does not name gets a version that is ended. *more is false after the last. */
static enum nks_status end_next(struct importer *in, int64_t last, int64_t *after, bool *more, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    struct nks_buf buf;
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_unnamed_next, &stmt, fault));
    nks_bind_int(stmt, "after", *after);
    nks_bind_int(stmt, "last", last);
    NKS_TRY(nks_stmt_one(stmt, more, fault));
    if (!*more)
        return NKS_OK;
    int64_t id = *after = nks_column_int(stmt, 0), version = nks_column_int(stmt, 3);
    struct nks_text bytes = nks_column_bytes(stmt, 4);
    NKS_TRY(nks_agreement_open(in->cipher, id, version, bytes, in->stored, sizeof in->stored, fault));
    NKS_TRY(nks_agreement_read(id, version, nks_column_text(stmt, 1), nks_column_text(stmt, 2),
                               (struct nks_text){in->stored, bytes.len - NKS_CIPHER_OVERHEAD}, &in->row, fault));
    nks_stmt_end(stmt);
    if (in->row.ended)
        return NKS_OK;
    in->row.ended = true;
    in->result->ended++;
    nks_import_differs(in->options, (const int64_t[]){0, id}, 2);
    nks_buf_init(&buf, in->terms, sizeof in->terms);
    nks_agreement_pack(&buf, &in->row);
    return insert(in, &in->row, nks_buf_view(&buf), fault);
}

static enum nks_status end_unnamed(struct importer *in, struct nks_fault *fault)
{
    int64_t last = in->last_id, after = 0;
    bool more = in->options->full;
    while (more)
        NKS_TRY(end_next(in, last, &after, &more, fault));
    return NKS_OK;
}

static enum nks_status prepare(struct importer *in, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(run(in->db, &nks_sql_agreement_named_create, fault));
    NKS_TRY(run(in->db, &nks_sql_agreement_named_clear, fault));
    NKS_TRY(nks_stmt_start(in->db, &nks_sql_agreement_next, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    in->version = nks_column_int(stmt, 0) + 1;
    in->last_id = nks_column_int(stmt, 1);
    nks_stmt_end(stmt);
    return NKS_OK;
}

static enum nks_status record_import(struct importer *in, struct nks_fault *fault)
{
    static const struct nks_import_table table = {"agreement_import", &nks_sql_agreement_import_insert,
                                                  &nks_sql_agreement_import_record_insert};
    return nks_import_store(in->db, in->cipher, &table, in->version, in->options, in->result, fault);
}

static enum nks_status check_count(struct nks_db *db, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(db, &nks_sql_agreement_count, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    int64_t count = nks_column_int(stmt, 0);
    nks_stmt_end(stmt);
    if (count > NKS_AGREEMENTS_MAX)
        return nks_fault_set(fault, NKS_REFUSED, "AGREEMENT-MANY", "expected at most %d versions of agreements in all",
                             NKS_AGREEMENTS_MAX);
    return NKS_OK;
}

static enum nks_status import_all(void *context, int fd, struct nks_fault *fault)
{
    struct importer *in = context;
    NKS_TRY(prepare(in, fault));
    NKS_TRY(nks_csv_read(fd, nks_agreement_columns, NKS_AGREEMENT_COLUMNS, on_row, in, in->options->progress,
                         in->options->progress_context, fault));
    NKS_TRY(end_unnamed(in, fault));
    NKS_TRY(check_count(in->db, fault));
    return record_import(in, fault);
}

enum nks_status nks_agreement_import(struct nks_db *db, struct nks_keys *keys, int fd,
                                     const struct nks_import_options *options, struct nks_import_result *result,
                                     struct nks_fault *fault)
{
    *result = (struct nks_import_result){0};
    struct importer *in = calloc(1, sizeof *in);
    if (in == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for an import; try again later");
    in->db = db;
    in->options = options;
    in->result = result;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_AGREEMENT, &in->cipher, fault);
    if (status == NKS_OK)
        status = nks_import_whole(db, options, import_all, in, fd, fault);
    nks_cipher_free(in->cipher);
    free(in);
    return status;
}
