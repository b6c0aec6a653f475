#ifndef NKS_DB_MOVE_PRIVATE_H
#define NKS_DB_MOVE_PRIVATE_H
/*
 * What the files of a move share.
 *
 *   move.c         the catalogue; rows copied
 *   move_prove.c   both sides read again
 *   move_target.c  what stands where it goes to
 */
#include "db/engine.h"

enum { MOVE_TABLES_MAX = 256, MOVE_PROGRESS_ROWS = 1024 };

/* Whether a column of another engine takes this value; else MOVE-VALUE. `row` counts from 1. */
NKS_CHECKED enum nks_status nks_move_fits(const struct nks_move_table *table, const struct nks_value *values,
                                          int64_t row, struct nks_fault *fault);
/* One row more went through. */
void nks_move_passed(struct nks_move *move);
/* Runs `form`, in which % stands for the name of the table, on that. */
NKS_CHECKED enum nks_status nks_move_script(struct nks_db *db, const char *form, const char *table,
                                            struct nks_fault *fault);

#endif
