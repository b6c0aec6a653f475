/* The engine PostgreSQL: not there yet. */
#include "db/engine.h"

enum nks_status nks_postgres_open(const struct nks_db_options *options, struct nks_db **out, struct nks_fault *fault)
{
    (void)options, (void)out;
    return nks_fault_set(fault, NKS_FAILED, "DB-MISSING", "this nks has no engine for such an address");
}
