/*
 * Receipts and status reports against what became of the payments: each is read again from the archive, and its counts
 * and sums are those of the batch; what a payer was told is final is final still; and what is final was told of by a
 * bank. The text of a report is scanned here by a few lines of its own, which know the elements by name.
 */
#include "audit.h"
#include "report_text.h"

#include "vault/stream.h"

#include <string.h>
#include <unistd.h>

enum report_column {
    FILE_ID,
    KIND,
    BATCH_ID,
    ENTRIES,
    NEWEST,
    ANSWER,
    PAYMENTS,
    REJECTED_EARLY,
    REJECTED,
    SETTLED,
    BACK,
    TOLD_SETTLED,
    RESTING,
    CALM,
    CONTROL_SUM
};

/* False: there is no whole copy, which is told with the files. */
static enum nks_status report_read(struct audit *audit, int64_t file_id, struct report_text *text, bool *whole)
{
    char path[NKS_PATH_MAX];
    struct nks_stream_reader *reader = NULL;
    int fd = -1;
    *whole = false;
    NKS_TRY(audit_numbered_path(audit, path, "archive", file_id, ".nks"));
    enum nks_status status = nks_sys_open_read(path, &fd, &audit->fault);
    if (status == NKS_OK)
        status = nks_stream_read_open(audit->keys, NKS_KEY_ARCHIVE, file_id, fd, &reader, &audit->fault);
    for (size_t len = 1; status == NKS_OK && len > 0;) {
        const void *data = NULL;
        status = nks_stream_read(reader, &data, &len, &audit->fault);
        if (status == NKS_OK)
            report_text_add(text, data, len);
    }
    nks_stream_read_free(reader);
    if (fd >= 0)
        close(fd);
    *whole = status == NKS_OK;
    if (status == NKS_RETRY)
        return status;
    nks_fault_clear(&audit->fault);
    return NKS_OK;
}

/* What every one must say of its batch. */
static void counts_compare(struct audit *audit, const int64_t v[CONTROL_SUM], const struct report_text *text,
                           struct nks_text control_sum)
{
    int64_t payments = 0;
    struct nks_sum sum = {0};
    for (size_t i = 0; i < text->count; i++) {
        payments += text->counts[i].payments;
        sum.scaled += text->counts[i].sum.scaled;
    }
    if (text->odd)
        audit_find(audit, "its counts cannot be read, or a group counts more payments than it has");
    if (v[ENTRIES] != text->named)
        audit_find(audit, "entries is %lld, the file names %lld payments", (long long)v[ENTRIES],
                   (long long)text->named);
    if (text->count > 0 && (payments != v[PAYMENTS] || !audit_sum_is(control_sum, sum)))
        audit_find(audit, "it counts %lld payments of %s in all, its batch has %lld of %.*s", (long long)payments,
                   audit_sum_show(sum).text, (long long)v[PAYMENTS], (int)control_sum.len, control_sum.ptr);
}

static void receipt_compare(struct audit *audit, const int64_t v[CONTROL_SUM], const struct report_text *text)
{
    int64_t told = report_text_of(text, "RJCT");
    if (text->count > 0 && told != v[REJECTED_EARLY])
        audit_find(audit, "it told of %lld rejected payments, %lld were rejected at receipt", (long long)told,
                   (long long)v[REJECTED_EARLY]);
}

/* The newest report of a batch: what is final stays so, or came back after it was settled. Money that was settled to
 * the ventekonto is told as changed (ACWC), not as settled. Where nothing can have been left to a later report, the
 * counts are the same. */
static void outcomes_compare(struct audit *audit, const int64_t v[CONTROL_SUM], const struct report_text *text)
{
    int64_t rejected = report_text_of(text, "RJCT"), settled = report_text_of(text, "ACSC");
    if (rejected > v[REJECTED] + v[BACK])
        audit_find(audit, "it told of %lld rejected payments, there are %lld", (long long)rejected,
                   (long long)(v[REJECTED] + v[BACK]));
    if (settled > v[SETTLED] + v[BACK])
        audit_find(audit, "it told of %lld settled payments, there are %lld", (long long)settled,
                   (long long)(v[SETTLED] + v[BACK]));
    if (v[ANSWER] != 0 && (settled > v[TOLD_SETTLED] || settled + v[RESTING] < v[TOLD_SETTLED]))
        audit_find(audit, "it told of %lld settled payments, batch_told says %lld", (long long)settled,
                   (long long)v[TOLD_SETTLED]);
    if (v[CALM] != 0 && v[SETTLED] + v[BACK] == 0 && rejected != v[REJECTED])
        audit_find(audit, "it told of %lld rejected payments, there are %lld", (long long)rejected,
                   (long long)v[REJECTED]);
}

static enum nks_status report_check(struct audit *audit, struct nks_stmt *stmt)
{
    static struct report_text text;
    int64_t v[CONTROL_SUM];
    bool whole = false;
    for (int i = 0; i < CONTROL_SUM; i++)
        v[i] = nks_column_int(stmt, i);
    report_text_begin(&text);
    audit_looked(audit);
    audit_at(audit, "out_file %lld", (long long)v[FILE_ID]);
    NKS_TRY(report_read(audit, v[FILE_ID], &text, &whole));
    if (!whole)
        return NKS_OK;
    counts_compare(audit, v, &text, nks_column_text(stmt, CONTROL_SUM));
    if (v[KIND] == NKS_FILE_RECEIPT)
        receipt_compare(audit, v, &text);
    else if (v[NEWEST] != 0)
        outcomes_compare(audit, v, &text);
    return NKS_OK;
}

static enum nks_status reports_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_reports, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        NKS_TRY(report_check(audit, stmt));
    }
}

/* ---- from the legs */

static enum nks_status told_check(struct audit *audit)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_told, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_looked(audit);
        audit_at(audit, "batch_told %lld", (long long)nks_column_int(stmt, 0));
        if (nks_column_int(stmt, 5) == 0)
            audit_find(audit, "there is no such accepted batch");
        else if (nks_column_int(stmt, 1) > nks_column_int(stmt, 3) + nks_column_int(stmt, 4))
            audit_find(audit, "settled is %lld, there are %lld", (long long)nks_column_int(stmt, 1),
                       (long long)(nks_column_int(stmt, 3) + nks_column_int(stmt, 4)));
        else if (nks_column_int(stmt, 2) > nks_column_int(stmt, 4))
            audit_find(audit, "returned is %lld, there are %lld", (long long)nks_column_int(stmt, 2),
                       (long long)nks_column_int(stmt, 4));
    }
}

/* A leg is settled or comes back by a bank's answer, which the batch's chain tells of; and only then it was told of. */
static enum nks_status legs_check(struct audit *audit)
{
    static const char *const words[] = {"is final, but the trail of its batch has no answer of a bank",
                                        "reason does not go with its state",
                                        "told is no report of its batch, or it is not final"};
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_legs_told, &stmt, &audit->fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            return NKS_OK;
        audit_at_leg(audit, nks_column_int(stmt, 0), nks_column_int(stmt, 1), nks_column_int(stmt, 2),
                     nks_column_int(stmt, 3));
        for (int i = 0; i < 3; i++) {
            if (nks_column_int(stmt, 4 + i) != 0)
                audit_find(audit, "%s", words[i]);
        }
    }
}

enum nks_status audit_check_reports(struct audit *audit)
{
    if (audit->secrets)
        NKS_TRY(reports_check(audit));
    NKS_TRY(told_check(audit));
    return legs_check(audit);
}
