/* The database by the engine's own check, and its catalogue: the tables and indexes that nks makes and no
 * others, no trigger and no view. */
#include "audit.h"

#include "stage/run.h"
#include "stage/schema.h"

#include <stdio.h>

enum { OBJECT_MAX = 64 }; /* of a name that somebody else chose */

static enum nks_status differs(void *context, const char *kind, const char *name, enum nks_db_difference difference)
{
    static const char *const words[] = {[NKS_DB_FOREIGN] = "nks did not make it",
                                        [NKS_DB_MISSING] = "it is missing",
                                        [NKS_DB_CHANGED] = "it is not as nks made it"};
    struct audit *audit = context;
    char object[OBJECT_MAX];
    snprintf(object, sizeof object, "%s", name);
    nks_text_plain(object);
    audit_at(audit, "catalogue %s %s", kind, object);
    audit_find(audit, "%s", words[difference]);
    audit->foreign = true;
    return NKS_OK;
}

enum nks_status audit_check_database(struct audit *audit)
{
    audit_looked(audit);
    char path[NKS_PATH_MAX];
    NKS_TRY(nks_home_database(audit->home, path, &audit->fault));
    audit_at(audit, "%s", nks_db_is_address(path) ? "the database" : "file nks.db");
    NKS_TRY(audit_take_fault(audit, nks_db_check(audit->db, &audit->fault)));
    return audit_take_fault(audit, nks_home_catalogue(audit->db, differs, audit, &audit->fault));
}
