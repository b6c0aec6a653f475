/* What both pages tell about a received and a written file. */
#include "report/report_private.h"

void nks_part_delivery(struct nks_summary *summary, const struct nks_delivery *delivery,
                       enum nks_report_language language)
{
    nks_summary_number(summary, "delivery", delivery->id);
    nks_summary_text(summary, "from", delivery->party);
    nks_summary_text(summary, "source", delivery->source == NKS_SOURCE_CENTRAL ? "central" : "sender");
    nks_summary_time(summary, "received", delivery->received);
    nks_summary_text(summary, "state", nks_delivery_state_name((int)delivery->state));
    nks_summary_reason(summary, delivery->reason, language);
    nks_summary_count(summary, "repeats", delivery->repeats);
    nks_summary_number(summary, "bytes", delivery->bytes);
    nks_summary_hash(summary, delivery->hash);
}

void nks_part_file(struct nks_summary *summary, const struct nks_out_file *file, const struct nks_tally_file *legs)
{
    nks_summary_open(summary, "file");
    nks_summary_text(summary, "name", file->name);
    nks_summary_text(summary, "kind", nks_file_kind_name((int)file->kind));
    nks_summary_text(summary, "for", file->party);
    nks_summary_text(summary, "state", nks_file_state_name((int)file->state));
    nks_summary_time(summary, "written", file->created);
    nks_summary_number(summary, "entries", file->entries);
    nks_summary_text(summary, "sum", file->sum);
    if (file->state != NKS_FILE_RESERVED) {
        nks_summary_number(summary, "bytes", file->bytes);
        nks_summary_hash(summary, file->hash);
    }
    if (legs != NULL) {
        nks_summary_count(summary, "settled", legs->settled);
        nks_summary_count(summary, "returned", legs->returned);
        nks_summary_count(summary, "open", legs->open);
    }
    nks_summary_close(summary, "file");
}

enum nks_status nks_part_files_add(struct nks_part_files *files, const struct nks_out_file *file, bool *shown,
                                   struct nks_fault *fault)
{
    struct nks_sum sum = {0};
    bool good = file->sum[0] == '\0' || nks_sum_read(nks_text_from(file->sum), &sum);
    if (!good || __builtin_add_overflow(files->sum.scaled, sum.scaled, &files->sum.scaled))
        return nks_fault_set(fault, NKS_INTEGRITY, "FILE-ROW", "the row of an out file is damaged");
    *shown = files->files < NKS_REPORT_FILES_MAX;
    files->files++;
    files->entries += file->entries;
    files->unpublished += file->state != NKS_FILE_PUBLISHED;
    return NKS_OK;
}

void nks_part_files_put(struct nks_summary *summary, const struct nks_part_files *files)
{
    nks_summary_number(summary, "files", files->files);
    nks_summary_number(summary, "entries", files->entries);
    nks_summary_sum(summary, "sum", files->sum);
    if (files->files > NKS_REPORT_FILES_MAX)
        nks_summary_number(summary, "more", files->files - NKS_REPORT_FILES_MAX);
}
