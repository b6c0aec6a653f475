#ifndef NKS_STAGE_MOVE_H
#define NKS_STAGE_MOVE_H
/*
 * A home moved from nks.db to a database on PostgreSQL, wholly or not at all:
 *
 *   locks -> what is at the address? -> nks-audit of the home -> nobody else writes to nks.db -> the schema there
 *   -> rows copied (db/move.h) -> both sides read again and compared -> who moved it, in the trail there
 *   -> nks-audit of the copy -> nks.conf is replaced: from here on the home is there
 *   -> nks.db becomes nks.db.moved-TIME, mode 0400 -> the mark "moving" there goes
 *
 * Killed before nks.conf is replaced, the home is as it was, and the next move to that address begins again: it knows
 * its own by the mark. Killed after, the next work on the home does the rest (nks_home_moved_aside).
 *
 * Order of calls: begin; then either try, or audit, copy, open, audit, switch; end always. The run is the home's, with
 * its lock; its fault is where faults go.
 */
#include "db/move.h"
#include "stage/run.h"

struct nks_home_move {
    struct nks_run *run;
    const char *address;
    const char *audit; /* path of nks-audit */
    int receive_lock, backup_lock;
    struct nks_move *tables;
    struct nks_db *to;
    bool again; /* an earlier one was cut short: what it left is taken away */
    int found;  /* how nks-audit ended */
    char aside[NKS_PATH_MAX];
};

/* NKS_REFUSED (MOVE-DONE): it is on PostgreSQL already; (DB-IN-USE): the address is not free. */
NKS_CHECKED enum nks_status nks_home_move_begin(struct nks_home_move *move);
/* Reads all of the home's rows. */
NKS_CHECKED enum nks_status nks_home_move_try(struct nks_home_move *move);
/* nks-audit, as a program of its own, of the home as it is, or with `copied` of the copy: MOVE-UNPROVED where it finds
 * anything. */
NKS_CHECKED enum nks_status nks_home_move_audit(struct nks_home_move *move, bool copied);
NKS_CHECKED enum nks_status nks_home_move_copy(struct nks_home_move *move);
/* A run on the copy, to record there who moved it; `options` are those of the home's run. */
NKS_CHECKED enum nks_status nks_home_move_open(struct nks_home_move *move, struct nks_run **out);
/* On success the home's run is closed, and `moved` is the home's from here on, with its lock. */
NKS_CHECKED enum nks_status nks_home_move_switch(struct nks_home_move *move, struct nks_run *moved);
void nks_home_move_end(struct nks_home_move *move);

/* In a home on PostgreSQL a whole nks.db gets the name nks.db.moved-TIME, for a move that was cut short behind its
 * switch. `out` (NULL: not asked for) is that name; empty where there was none. */
NKS_CHECKED enum nks_status nks_home_moved_aside(const char *home, const struct nks_conf *conf, nks_time now,
                                                 char out[NKS_PATH_MAX], struct nks_fault *fault);

/* nks.conf with the address as [home] database; allocated. */
NKS_CHECKED enum nks_status nks_conf_with_database(struct nks_text conf, const char *address, char **out,
                                                   struct nks_fault *fault);
/* Gives the file `next` the owner and the mode of `conf`. */
NKS_CHECKED enum nks_status nks_conf_same_rights(const char *conf, const char *next, struct nks_fault *fault);
#endif
