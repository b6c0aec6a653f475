/* The table of stages, and the run over all of them. */
#include "stage/lost.h"

static const struct nks_stage stages[] = {
    {"collect", "take the answers of the centrals", nks_stage_collect, true},
    {"ingest", "read received files: check, answer, cut into slices", nks_stage_ingest, true},
    {"decide", "resolve, offset and route in one pass", nks_stage_decide, true},
    {"emit", "write order files and status reports", nks_stage_emit, true},
    {"deliver", "publish what is written, signature first", nks_stage_deliver, true},
    {"receive", "take files from the drop folders into the spool", nks_stage_receive, false},
    {"resolve", "find each payee's account in the register", nks_stage_resolve, false},
    {"offset", "let public debt take its part", nks_stage_offset, false},
    {"route", "one leg for the rest, or reject", nks_stage_route, false},
};

const struct nks_stage *nks_stages(size_t *count)
{
    *count = sizeof stages / sizeof stages[0];
    return stages;
}

/* One pass is enough: every stage works until nothing is left for it, and none makes work for an earlier one but
 * collect, whose reports emit writes in the same pass. */
static enum nks_status pass(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_lost_days(run));
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        if (stages[i].in_run)
            NKS_TRY(stages[i].fn(run, batch_id));
    }
    return NKS_OK;
}

enum nks_status nks_stage_all(struct nks_run *run, int64_t batch_id)
{
    NKS_TRY(nks_run_ready(run));
    /* A drop folder that a person must mend holds up its own files only: the night goes on, and the fault is told
     * after. */
    enum nks_status received = nks_stage_receive(run, batch_id);
    if (received != NKS_OK && received != NKS_FAILED)
        return received;
    struct nks_fault kept = run->fault;
    nks_fault_clear(&run->fault);
    enum nks_status status = pass(run, batch_id);
    if (status != NKS_OK && status != NKS_HELD)
        return status;
    if (status == NKS_HELD) /* what waits for a person has its seal all the same */
        kept = run->fault;
    nks_fault_clear(&run->fault);
    NKS_TRY(nks_run_seal(run));
    run->fault = kept;
    return status == NKS_HELD ? status : received;
}
