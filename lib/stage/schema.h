#ifndef NKS_STAGE_SCHEMA_H
#define NKS_STAGE_SCHEMA_H
/* The schema of a home's database: made, checked, brought up to date. */
#include "base/date.h"
#include "base/file.h"
#include "db/db.h"

/* Applies the schema of every module; part of init. */
NKS_CHECKED enum nks_status nks_home_migrate(struct nks_db *db, nks_time now, struct nks_fault *fault);
/* How many steps of the schema a database has; 0: no home's. */
NKS_CHECKED enum nks_status nks_home_schema_applied(struct nks_db *db, size_t *applied, struct nks_fault *fault);
/* For those that only read: NKS_FAILED, DB-NEWER or DB-OLDER. */
NKS_CHECKED enum nks_status nks_home_schema_check(struct nks_db *db, struct nks_fault *fault);
/* What stands in a database that is up to date and is not of this program, or the other way round (db.h). */
NKS_CHECKED enum nks_status nks_home_catalogue(struct nks_db *db, nks_db_catalogue_fn fn, void *context,
                                               struct nks_fault *fault);
/* The first of these as a fault: NKS_FAILED, DB-FOREIGN. */
NKS_CHECKED enum nks_status nks_home_catalogue_check(struct nks_db *db, struct nks_fault *fault);
/* Brings a database up to date; one in a file that has data is copied to PATH.before-TIME first. An older program
 * refuses a newer database (DB-NEWER). `told`: the steps, for the trail. */
NKS_CHECKED enum nks_status nks_home_upgrade(struct nks_db *db, const char *path, nks_time now,
                                             struct nks_migrated *told, struct nks_fault *fault);
#endif
