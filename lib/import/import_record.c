/* The record of an import. */
#include "import/import_record.h"

#include "base/pack.h"

static struct nks_place place_of(const char *table, const struct nks_import_facts *facts)
{
    return (struct nks_place){table, "record", facts->version, 0, 1};
}

enum nks_status nks_import_record_make(struct nks_cipher *cipher, const char *table,
                                       const struct nks_import_facts *facts, uint8_t record[NKS_IMPORT_RECORD],
                                       struct nks_fault *fault)
{
    char memory[NKS_IMPORT_RECORD - NKS_CIPHER_OVERHEAD];
    struct nks_buf buf;
    struct nks_place place = place_of(table, facts);
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_int(&buf, facts->version);
    nks_pack_int(&buf, facts->imported_at);
    nks_pack_int(&buf, facts->rows);
    nks_pack_int(&buf, facts->added);
    nks_pack_int(&buf, facts->stored);
    return nks_cipher_encrypt(cipher, &place, buf.ptr, buf.len, record, fault);
}

enum nks_status nks_import_record_open(struct nks_cipher *cipher, const char *table, struct nks_text record,
                                       struct nks_import_facts *facts, struct nks_fault *fault)
{
    char memory[NKS_IMPORT_RECORD - NKS_CIPHER_OVERHEAD];
    struct nks_place place = place_of(table, facts);
    bool same = record.len == NKS_IMPORT_RECORD;
    if (same) {
        NKS_TRY(nks_cipher_decrypt(cipher, &place, record.ptr, record.len, memory, fault));
        struct nks_unpack from = {.rest = {memory, sizeof memory}};
        same = nks_unpack_int(&from) == facts->version;
        same = nks_unpack_int(&from) == facts->imported_at && same;
        same = nks_unpack_int(&from) == facts->rows && same;
        same = nks_unpack_int(&from) == facts->added && same;
        facts->stored = nks_unpack_int(&from);
        same = nks_unpack_done(&from) && same;
    }
    return same ? NKS_OK
                : nks_fault_set(fault, NKS_INTEGRITY, "IMPORT-ROW", "import %lld of %s is not what was stored",
                                (long long)facts->version, table);
}

static enum nks_status record_store(struct nks_db *db, struct nks_cipher *cipher, const struct nks_import_table *table,
                                    const struct nks_import_facts *facts, struct nks_fault *fault)
{
    uint8_t record[NKS_IMPORT_RECORD];
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_import_record_make(cipher, table->name, facts, record, fault));
    NKS_TRY(nks_stmt_start(db, table->record_insert, &stmt, fault));
    nks_bind_int(stmt, "version", facts->version);
    nks_bind_bytes(stmt, "record", record, sizeof record);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_import_store(struct nks_db *db, struct nks_cipher *cipher, const struct nks_import_table *table,
                                 int64_t version, const struct nks_import_options *options,
                                 struct nks_import_result *result, struct nks_fault *fault)
{
    nks_time now = options->now;
    const struct nks_import_facts facts = {version, now, result->rows, result->added, result->added + result->ended};
    struct nks_stmt *stmt = NULL;
    if (options->judge != NULL)
        NKS_TRY(options->judge(options->judge_context, result, fault));
    if (facts.stored == 0)
        return NKS_OK;
    result->version = version;
    NKS_TRY(nks_stmt_start(db, table->insert, &stmt, fault));
    nks_bind_int(stmt, "version", version);
    nks_bind_int(stmt, "imported_at", now);
    nks_bind_int(stmt, "rows", facts.rows);
    nks_bind_int(stmt, "added", facts.added);
    NKS_TRY(nks_stmt_run(stmt, NULL, fault));
    return record_store(db, cipher, table, &facts, fault);
}

enum nks_status nks_import_whole(struct nks_db *db, const struct nks_import_options *options, nks_import_fn fn,
                                 void *context, int fd, struct nks_fault *fault)
{
    enum nks_status status = nks_db_begin(db, fault);
    if (status == NKS_OK)
        status = fn(context, fd, fault);
    if (status == NKS_OK && !options->dry_run)
        status = nks_db_commit(db, fault);
    nks_db_rollback(db);
    return status;
}
