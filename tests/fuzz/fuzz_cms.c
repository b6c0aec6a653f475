/* Signatures of others: any bytes are read to a verdict, and without a pinned certificate it is never a good one. */
#include "vault/cms_verify.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_fault fault = {.status = NKS_OK};
    struct nks_cms *cms = NULL;
    size_t which = 1;
    MUST(nks_cms_open(data, size, &cms, &fault) == NKS_OK);
    nks_time when = 0;
    (void)!nks_cms_signing_time(cms, &when);
    nks_cms_add(cms, "hi\n", 3);
    enum nks_cms_verdict verdict = nks_cms_judge(cms, NULL, 0, 0, &which);
    MUST(which == 0 && (verdict == NKS_CMS_FORM || verdict == NKS_CMS_ALGORITHM || verdict == NKS_CMS_SIGNER));
    nks_cms_free(cms);
    return 0;
}
