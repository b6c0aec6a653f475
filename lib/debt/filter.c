/* Who may have a debt: a Bloom filter over the blind keys, which are uniform already and need no hashing of their own.
 */
#include "debt/debt_private.h"
#include "debt_sql.h"

#include <stdlib.h>

enum { BITS_LOG2 = 23, PROBES = 5, WORD_BITS = 64 };

/* Five places out of one 64-bit key (Kirsch and Mitzenmacher: two hashes are enough to make more). */
static size_t place(int64_t key, unsigned probe)
{
    uint64_t low = (uint64_t)key, high = ((uint64_t)key >> 32) | 1;
    return (size_t)((low + probe * high) & (((uint64_t)1 << BITS_LOG2) - 1));
}

static void put(uint64_t *filter, int64_t key)
{
    for (unsigned probe = 0; probe < PROBES; probe++) {
        size_t at = place(key, probe);
        filter[at / WORD_BITS] |= (uint64_t)1 << at % WORD_BITS;
    }
}

static bool has(const uint64_t *filter, int64_t key)
{
    for (unsigned probe = 0; probe < PROBES; probe++) {
        size_t at = place(key, probe);
        if ((filter[at / WORD_BITS] >> at % WORD_BITS & 1) == 0)
            return false;
    }
    return true;
}

static enum nks_status fill(struct nks_debt *debt, uint64_t *filter, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(debt->db, &nks_sql_debt_holders, &stmt, fault));
    for (bool row = true;;) {
        NKS_TRY(nks_stmt_step(stmt, &row, fault));
        if (!row)
            return NKS_OK;
        put(filter, nks_column_int(stmt, 0));
    }
}

enum nks_status nks_debt_maybe(struct nks_debt *debt, int64_t holder_key, bool *maybe, struct nks_fault *fault)
{
    if (debt->filter == NULL) {
        uint64_t *filter = calloc(((size_t)1 << BITS_LOG2) / WORD_BITS, sizeof *filter);
        if (filter == NULL)
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the debts; try again later");
        enum nks_status status = fill(debt, filter, fault);
        if (status != NKS_OK) {
            free(filter);
            return status;
        }
        debt->filter = filter;
    }
    *maybe = has(debt->filter, holder_key);
    return NKS_OK;
}

void nks_debt_filter_forget(struct nks_debt *debt)
{
    free(debt->filter);
    debt->filter = NULL;
}
