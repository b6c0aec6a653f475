#include "base/party.h"

bool nks_party_valid(struct nks_text id)
{
    if (id.len == 0 || id.len >= NKS_PARTY_MAX || id.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}
