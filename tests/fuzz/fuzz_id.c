/* Numbers of people and companies: what is read has the one form that its kind has, and is read again as itself. */
#include "base/party.h"
#include "denmark/holder.h"

#include "fuzz.h"

static void check_cpr(struct nks_text text)
{
    struct nks_cpr cpr, again;
    if (nks_cpr_parse(text, &cpr) != NKS_CPR_GOOD)
        return;
    MUST(strlen(cpr.digits) == NKS_CPR_DIGITS && nks_text_all_digits(nks_text_from(cpr.digits)));
    MUST(nks_cpr_parse(nks_text_from(cpr.digits), &again) == NKS_CPR_GOOD && strcmp(cpr.digits, again.digits) == 0);
    nks_date born = nks_cpr_birth_date(&cpr);
    MUST(born >= nks_date_from_ymd(1858, 1, 1) && born <= nks_date_from_ymd(2057, 12, 31));
    (void)nks_cpr_modulus11(&cpr);
}

static void check_company(struct nks_text text)
{
    char cvr[NKS_CVR_DIGITS + 1], se[NKS_CVR_DIGITS + 1], again[NKS_CVR_DIGITS + 1], pnr[NKS_PNR_DIGITS + 1];
    if (nks_cvr_parse(text, cvr) == NKS_CVR_GOOD) {
        MUST(strlen(cvr) == NKS_CVR_DIGITS && cvr[0] != '0');
        MUST(nks_cvr_parse(nks_text_from(cvr), again) == NKS_CVR_GOOD && strcmp(cvr, again) == 0);
        MUST(nks_se_parse(text, se) == NKS_CVR_GOOD && strcmp(cvr, se) == 0);
    }
    if (nks_pnr_parse(text, pnr))
        MUST(strlen(pnr) == NKS_PNR_DIGITS && nks_text_all_digits(nks_text_from(pnr)));
    if (nks_gln_valid(text))
        MUST(text.len == 13);
    if (nks_lei_valid(text))
        MUST(text.len == 20);
}

static void check_holder(struct nks_text text)
{
    char id[NKS_HOLDER_ID_MAX], again[NKS_HOLDER_ID_MAX];
    for (int kind = NKS_HOLDER_NONE; kind <= NKS_HOLDER_FOREIGN; kind++) {
        if (!nks_holder_parse((enum nks_holder_kind)kind, text, id))
            continue;
        MUST(kind != NKS_HOLDER_NONE && id[0] != '\0' && strlen(id) < sizeof id);
        MUST(nks_holder_parse((enum nks_holder_kind)kind, nks_text_from(id), again) && strcmp(id, again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text text = fuzz_text(data, size);
    check_cpr(text);
    check_company(text);
    check_holder(text);
    if (nks_party_valid(text))
        MUST(text.len > 0 && text.len < NKS_PARTY_MAX && memchr(text.ptr, '/', text.len) == NULL);
    return 0;
}
