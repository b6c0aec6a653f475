/*
 * Payment slips: what is taken for one has the numbers of its kortart, and is read again as itself. The input is
 * kortart, creditor number and reference, a line each.
 */
#include "denmark/slip.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text reference = fuzz_text(data, size);
    struct nks_text kortart = nks_text_cut(&reference, '\n'), creditor = nks_text_cut(&reference, '\n');
    struct nks_slip slip, again;
    if (nks_slip_parse(kortart, creditor, reference, &slip) != NKS_SLIP_GOOD)
        return 0;
    struct nks_text kind = nks_text_from(slip.kortart), id = nks_text_from(slip.payment_id);
    MUST(nks_slip_kortart_known(kind) && nks_slip_creditor_valid(kind, creditor) && nks_slip_id_valid(kind, id));
    MUST(nks_slip_parse(kind, creditor, id, &again) == NKS_SLIP_GOOD);
    MUST(strcmp(slip.kortart, again.kortart) == 0 && strcmp(slip.payment_id, again.payment_id) == 0);
    return 0;
}
