#ifndef NKS_STAGE_LOST_H
#define NKS_STAGE_LOST_H
/*
 * The lost works (exchange/lost.h) done again, day by day, before anything new is begun.
 *
 * While one waits, `nks run` works on the days of then: the files that were judged then, in that order, and what was
 * due then; nks_run.now and .today are of then too. Other received files wait. A file that is not there, an act that a
 * person has not done again, or a file that leads to something else than then stops the run (NKS_HELD: LOST-WAITS,
 * LOST-ACT, LOST-DIFFERS), because what comes after would be decided on other ground. A single stage does not run
 * meanwhile (LOST-RUN). Two people may give a work up (nks_run_settle, "#LINE"): the run goes on without it, and a file
 * of it that comes later is a new one, whose order files are held as long as something of the same bytes is out.
 */
#include "exchange/lost.h"
#include "stage/run.h"

/* The days of then; nothing to do where no work waits. */
NKS_CHECKED enum nks_status nks_lost_days(struct nks_run *run);
/* NKS_HELD (LOST-RUN) while works wait and this is not their run. */
NKS_CHECKED enum nks_status nks_lost_stage(struct nks_run *run);
/* While lost works are done again: the received file from there whose turn it is; *id 0: another work comes first, or
 * it is not here. */
NKS_CHECKED enum nks_status nks_lost_next(struct nks_run *run, enum nks_source source, int64_t *id);
/* In the transaction that judges a received file, as its last step: into the journal, or compared with then. `outcome`:
 * one line of at most NKS_LOST_OUTCOME_MAX - 1 bytes. */
NKS_CHECKED enum nks_status nks_lost_judged(struct nks_run *run, const struct nks_delivery *delivery,
                                            const char *outcome);
/* The same of what a person does to a batch by hand: "stop REF 3". Just before the commit, never of what is
 * only tried. While works wait, only the one whose turn it is (NKS_HELD, LOST-RUN): its files would take the numbers of
 * those of then. A stop makes no file of its own and may come at any time. */
NKS_CHECKED enum nks_status nks_lost_act(struct nks_run *run, const char *word, const char *about, const char *detail);
/*
 * An import of reference data ("register"): begin before it, outside its transaction; the second inside it, just before
 * the commit, with what it changes as one line; end after it. One that was done before the home was put back is done
 * again in its turn, as of then (nks_run.now is of then until the end), and nothing else in its place (NKS_HELD,
 * LOST-DIFFERS). While one of its kind waits and has its turn later, none is done (LOST-RUN). `dry_run`: only asks. Of
 * a home that has no journal yet nothing is kept.
 */
NKS_CHECKED enum nks_status nks_lost_import_begin(struct nks_run *run, const char *what, nks_time *now);
NKS_CHECKED enum nks_status nks_lost_import(struct nks_run *run, const char *what, const char *detail, bool dry_run);
void nks_lost_import_end(struct nks_run *run, nks_time now);
/* Before such an act: it is one that waits to be done again, or nothing of the batch's source is missing
 * (nks_journal_free). What left later than the act of then cannot be there before it. */
NKS_CHECKED enum nks_status nks_lost_act_free(struct nks_run *run, const char *word, int64_t batch_id,
                                              const char *detail, const char *what);
/* Whether that very act waits to be done again. */
NKS_CHECKED enum nks_status nks_lost_act_waits(struct nks_run *run, const char *word, const char *about,
                                               const char *detail, bool *waits);
#endif
