/*
 * The schema of a home: the steps of all modules. Before a step is applied to a database that has data the file is
 * copied, so that an upgrade that goes wrong has a way back.
 */
#include "stage/schema.h"

#include "stage/backup.h"

#include "agreement_sql.h"
#include "central_sql.h"
#include "debt_sql.h"
#include "exchange_sql.h"
#include "payment_sql.h"
#include "person_sql.h"
#include "register_sql.h"
#include "trail_sql.h"
#include "ventekonto_sql.h"

#include <stdio.h>
#include <string.h>

enum { MIGRATIONS_MAX = 64 };

struct steps {
    struct nks_migration all[MIGRATIONS_MAX];
    size_t count;
};

static void steps_gather(struct steps *steps)
{
    const struct {
        const struct nks_migration *steps;
        unsigned long count;
    } modules[] = {
        {nks_migrations_agreement, nks_migrations_agreement_count},
        {nks_migrations_central, nks_migrations_central_count},
        {nks_migrations_register, nks_migrations_register_count},
        {nks_migrations_debt, nks_migrations_debt_count},
        {nks_migrations_ventekonto, nks_migrations_ventekonto_count},
        {nks_migrations_payment, nks_migrations_payment_count},
        {nks_migrations_exchange, nks_migrations_exchange_count},
        {nks_migrations_trail, nks_migrations_trail_count},
        {nks_migrations_person, nks_migrations_person_count},
    };
    steps->count = 0;
    for (size_t m = 0; m < sizeof modules / sizeof modules[0]; m++) {
        for (unsigned long i = 0; i < modules[m].count && steps->count < MIGRATIONS_MAX; i++)
            steps->all[steps->count++] = modules[m].steps[i];
    }
}

enum nks_status nks_home_migrate(struct nks_db *db, nks_time now, struct nks_fault *fault)
{
    struct steps steps;
    steps_gather(&steps);
    return nks_db_migrate(db, steps.all, steps.count, now, fault);
}

enum nks_status nks_home_schema_applied(struct nks_db *db, size_t *applied, struct nks_fault *fault)
{
    struct steps steps;
    size_t missing = 0;
    steps_gather(&steps);
    return nks_db_schema_check(db, steps.all, steps.count, applied, &missing, fault);
}

enum nks_status nks_home_schema_check(struct nks_db *db, struct nks_fault *fault)
{
    struct steps steps;
    size_t applied = 0, missing = 0;
    steps_gather(&steps);
    NKS_TRY(nks_db_schema_check(db, steps.all, steps.count, &applied, &missing, fault));
    return missing == 0 ? NKS_OK
                        : nks_fault_set(fault, NKS_FAILED, "DB-OLDER",
                                        "the database is from an older nks: the next nks run brings it up to date, "
                                        "with a copy before");
}

enum nks_status nks_home_catalogue(struct nks_db *db, nks_db_catalogue_fn fn, void *context, struct nks_fault *fault)
{
    struct steps steps;
    steps_gather(&steps);
    return nks_db_catalogue_compare(db, steps.all, steps.count, fn, context, fault);
}

static enum nks_status refuse(void *context, const char *kind, const char *name, enum nks_db_difference difference)
{
    static const char *const words[] = {[NKS_DB_FOREIGN] = "nks did not make",
                                        [NKS_DB_MISSING] = "is missing",
                                        [NKS_DB_CHANGED] = "is not as nks made it"};
    char object[64];
    snprintf(object, sizeof object, "%s", name);
    nks_text_plain(object);
    return nks_fault_set(context, NKS_FAILED, "DB-FOREIGN", "the database has a %s that %s: %s; run nks-audit", kind,
                         words[difference], object);
}

enum nks_status nks_home_catalogue_check(struct nks_db *db, struct nks_fault *fault)
{
    return nks_home_catalogue(db, refuse, fault, fault);
}

/* HOME/nks.db.before-20261123T021000Z, whole or not at all. */
static enum nks_status copy_before(struct nks_db *db, const char *path, nks_time now, struct nks_fault *fault)
{
    char stamp[NKS_STAMP_TEXT], copy[NKS_PATH_MAX], part[NKS_PATH_MAX];
    nks_stamp_format(now, stamp);
    int len = snprintf(copy, sizeof copy, "%s.before-%s", path, stamp);
    int part_len = snprintf(part, sizeof part, "%s.before.part", path);
    if (len < 0 || len >= (int)sizeof copy || part_len >= (int)sizeof part)
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    NKS_TRY(nks_sys_unlink(part, fault)); /* of a try that was cut short */
    NKS_TRY(nks_db_copy(db, part, NULL, NULL, fault));
    return nks_sys_rename_over(part, copy, fault);
}

enum nks_status nks_home_upgrade(struct nks_db *db, const char *path, nks_time now, struct nks_migrated *told,
                                 struct nks_fault *fault)
{
    *told = (struct nks_migrated){.count = 0};
    struct steps steps;
    size_t applied = 0, missing = 0;
    steps_gather(&steps);
    NKS_TRY(nks_db_schema_check(db, steps.all, steps.count, &applied, &missing, fault));
    if (missing == 0)
        return NKS_OK;
    if (applied > 0 && !nks_db_is_address(path)) /* else a backup of the server's is the way back */
        NKS_TRY(copy_before(db, path, now, fault));
    return nks_db_migrate_told(db, steps.all, steps.count, now, told, fault);
}
