#ifndef NKS_VAULT_KEYS_H
#define NKS_VAULT_KEYS_H
/*
 * The keys of one home. They live in a directory outside the home, mode 0700, files mode 0400 (an auditor's copy of the
 * two public files may be readable by all, but writable by nobody else):
 *   master.key  32 random bytes: encrypts; sub-keys come from it by HKDF-SHA256 with a purpose as info
 *   index.key   32 random bytes: blinds ids (vault/blind.h)
 *   sign.key    Ed25519 private key (PEM PKCS #8): signs the legs of a slice
 *   sign.pub    its public key (PEM): enough for the auditor
 *   file.key    ECDSA P-256 private key (PEM): signs the files we publish (CMS)
 *   file.crt    its self-signed certificate (PEM), 10 years
 * Newer generations lie beside them: master-0002.key, sign-0002.key, sign-0002.pub, file-0002.key, file-0002.crt. What
 * is written is written under the newest; what older ones wrote stays readable as long as they are there. A generation
 * is there when its secret file is, which gets its name last, by one rename. Order of calls: nks_keys_make once (init);
 * nks_keys_load; …; nks_keys_free, which wipes. Secret memory is locked (mlock where permitted) and not dumped. Errors:
 * NKS_FAILED, codes KEY-MISSING, KEY-MODE (open to others), KEY-FORM (not a key, or not the other half of its pair),
 * KEY-OWNER, KEY-EXISTS, KEY-PUBLIC (a secret key is needed, public ones are loaded); the line says which file and what
 * to do.
 */
#include "base/status.h"
#include "base/text.h"

struct nks_keys;

enum nks_key_purpose { /* each has its own sub-key; append only: the names are the HKDF info */
                       NKS_KEY_SPOOL,
                       NKS_KEY_ARCHIVE,
                       NKS_KEY_BATCH_WRAP,
                       NKS_KEY_AGREEMENT,
                       NKS_KEY_REGISTER,
                       NKS_KEY_DEBT,
                       NKS_KEY_DECISION,
                       NKS_KEY_VENTEKONTO,
                       NKS_KEY_EXCHANGE,
                       NKS_KEY_TRAIL,
                       NKS_KEY_PERSON,
                       NKS_KEY_COUNT
};

NKS_CHECKED enum nks_status nks_keys_make(const char *dir, int64_t now,
                                          struct nks_fault *fault); /* refuses existing keys */
/* Everything, for the stages. */
NKS_CHECKED enum nks_status nks_keys_load(const char *dir, struct nks_keys **out, struct nks_fault *fault);
/* sign.pub and file.crt only, for an auditor without secrets. */
NKS_CHECKED enum nks_status nks_keys_load_public(const char *dir, struct nks_keys **out, struct nks_fault *fault);

enum nks_key_family { NKS_FAMILY_MASTER, NKS_FAMILY_INDEX, NKS_FAMILY_SIGN, NKS_FAMILY_FILE, NKS_FAMILIES };
enum { NKS_KEY_GENERATIONS = 16 }; /* at one a year, more than the longest time anything is kept */
const char *nks_key_family_name(enum nks_key_family family); /* "master"; NULL: none */
/*
 * Makes the next generation; never touches an older one. May be killed at any instant and called again. `from`: when
 * the certificate begins to sign (family FILE), else not looked at. Keys that are loaded do not change: load again.
 * NKS_REFUSED: KEY-INDEX (changes by a re-keying import only), KEY-GENERATIONS.
 */
NKS_CHECKED enum nks_status nks_keys_rotate(const char *dir, enum nks_key_family family, int64_t from, int *generation,
                                            struct nks_fault *fault);

/* What can be said of a key without giving it away. */
struct nks_key_facts {
    char file[32];
    enum nks_key_family family;
    int generation;
    bool newest;          /* what is written now is written under it */
    int64_t from, until;  /* of a certificate: when it signs, and when it ends; else 0 */
    char fingerprint[65]; /* SHA-256 of the public half in hex; empty for master and index */
};
/* Each generation of each family, in order, into `facts`; `now` tells which certificate signs. */
size_t nks_keys_facts(const struct nks_keys *keys, int64_t now,
                      struct nks_key_facts facts[NKS_FAMILIES * NKS_KEY_GENERATIONS]);
/* The last second in which the certificate that signs at `now` is good. */
int64_t nks_keys_file_until(const struct nks_keys *keys, int64_t now);
int nks_keys_generation(const struct nks_keys *keys, enum nks_key_family family); /* the newest */
bool nks_keys_locked(const struct nks_keys *keys); /* the sub-keys are locked in memory */
bool nks_keys_has_secrets(const struct nks_keys *keys);
void nks_keys_free(struct nks_keys *keys);

#endif
