#ifndef NKS_STAGE_ERASE_H
#define NKS_STAGE_ERASE_H
/*
 * Erasing after the retention time (doc/retention.md): a batch's key and decisions, whose payments they were, and the
 * copies in spool and archive, each of which has a key of its own in its head. Counts, sums, states, hashes and the
 * trail stay, so the auditor can still add up.
 *
 *   key, header, groups and the mark, with the link, in one transaction -> slice by slice -> files -> the write-ahead
 *   log is emptied -> the mark: done
 *
 * From the first transaction on nothing of the payments can be read; a call that was cut short is finished by the next.
 */
#include "stage/run.h"

struct nks_erased {
    int64_t batches, deliveries, payments, files;
};
/* On a locked run. NKS_HELD: its time has not come (ERASE-EARLY), something of it is open (ERASE-OPEN). NKS_REFUSED
 * (BATCH-ERASED): it was erased before. */
NKS_CHECKED enum nks_status nks_erase_batch(struct nks_run *run, int64_t batch_id, bool dry_run, const char *reason,
                                            struct nks_erased *out);
/* All whose time has come by `until` (today at the latest), and deliveries that belong to no batch any more or never
 * did; what is open waits. */
NKS_CHECKED enum nks_status nks_erase_due(struct nks_run *run, nks_date until, bool dry_run, const char *reason,
                                          struct nks_erased *out);
/* The first day on which the batch may be erased. */
NKS_CHECKED enum nks_status nks_erase_day(struct nks_run *run, const struct nks_batch *batch, nks_date *day);
#endif
