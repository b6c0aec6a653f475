#include "base/party.h"

enum { CPR_DIGITS = 10 }; /* ids are folder names and reach logs: nothing that could be a CPR number */

bool nks_party_valid(struct nks_text id)
{
    if (id.len == 0 || id.len >= NKS_PARTY_MAX || id.ptr[0] == '-')
        return false;
    size_t digits = 0;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits == CPR_DIGITS)
            return false;
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}
