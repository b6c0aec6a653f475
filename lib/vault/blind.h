#ifndef NKS_VAULT_BLIND_H
#define NKS_VAULT_BLIND_H
/*
 * The blind key of an id: HMAC-SHA256(index key, kind | id). The first 8 bytes are the index (not unique), the next 8
 * the check column that every look-up compares. Without the index key neither gives an id away.
 */
#include "vault/keys.h"

struct nks_blind {
    int64_t key, check;
};

/* `kind` is a short literal domain such as "CPR", "CVR", "msgid", "e2e". Reuses a context in `keys`: one thread. */
NKS_CHECKED enum nks_status nks_blind(struct nks_keys *keys, const char *kind, struct nks_text id,
                                      struct nks_blind *out, struct nks_fault *fault);
#endif
