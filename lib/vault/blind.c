#include "vault/blind.h"
#include "vault/keys_private.h"

#include <string.h>

enum { HMAC_SIZE = 32 };

enum nks_status nks_blind(struct nks_keys *keys, const char *kind, struct nks_text id, struct nks_blind *out,
                          struct nks_fault *fault)
{
    uint8_t hmac[HMAC_SIZE];
    size_t len = 0;
    if (keys->blind == NULL)
        return nks_keys_need_secret(fault);
    /* Without a key the context starts again with the one it has. The terminator of `kind` parts it from the id. */
    if (EVP_MAC_init(keys->blind, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(keys->blind, (const uint8_t *)kind, strlen(kind) + 1) != 1 ||
        (id.len > 0 && EVP_MAC_update(keys->blind, (const uint8_t *)id.ptr, id.len) != 1) ||
        EVP_MAC_final(keys->blind, hmac, &len, sizeof hmac) != 1 || len != HMAC_SIZE)
        return nks_vault_crypto_fault(fault, "compute an HMAC");
    out->key = (int64_t)nks_get_be64(hmac);
    out->check = (int64_t)nks_get_be64(hmac + 8);
    return NKS_OK;
}
