#ifndef NKS_STAGE_NEWEST_H
#define NKS_STAGE_NEWEST_H
/*
 * HOME.journal/newest: the last link of the trail that is known to be stored, outside the database:
 *
 *   CHAIN <tab> LINK <tab> SHA-256
 *
 * Written after each commit, without fsync: after a power loss it may name an earlier link, which is there as well. A
 * database that lacks that link is an older one: a backup, a replica that was behind when it took over, a primary of
 * before that. Then nothing leaves (RECONCILE-FIRST), even where the journal of published files names nothing new, and
 * the file stays as it is until nks_run_reconcile has decided that this is the database to go on with. A home without a
 * journal has none.
 */
#include "stage/run.h"

/* When a home is opened: sets nks_run.newest_fits; and where it is for work, has what is committed from now on written.
 */
NKS_CHECKED enum nks_status nks_newest_look(struct nks_run *run);
/* NKS_HELD (RECONCILE-FIRST) where the database lacks it. */
NKS_CHECKED enum nks_status nks_newest_check(struct nks_run *run);
#endif
