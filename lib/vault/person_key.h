#ifndef NKS_VAULT_PERSON_KEY_H
#define NKS_VAULT_PERSON_KEY_H
/*
 * The signing key of a person: Ed25519, a private key file (PEM PKCS #8, mode 0400) that only this person can read, and
 * its public half (32 bytes) that the home knows. The private key is read, used once and wiped.
 * Errors: KEY-MISSING, KEY-MODE (others can read it), KEY-FORM (no Ed25519 key), KEY-EXISTS (NKS_FAILED all);
 * SIGN-BAD (NKS_REFUSED here: it is the input that is wrong).
 */
#include "vault/sign.h"

enum { NKS_PERSON_KEY_SIZE = 32 };

/* Makes FILE (private) and FILE.pub; refuses files that are there. */
NKS_CHECKED enum nks_status nks_person_key_make(const char *path, struct nks_fault *fault);
/* The public half, from a file with the public key in PEM. */
NKS_CHECKED enum nks_status nks_person_key_public(const char *path, uint8_t key[NKS_PERSON_KEY_SIZE],
                                                  struct nks_fault *fault);
/* Signs with the private key in FILE; `key` is its public half. */
NKS_CHECKED enum nks_status nks_person_key_sign(const char *path, const void *message, size_t len,
                                                uint8_t signature[NKS_SIGNATURE_SIZE], uint8_t key[NKS_PERSON_KEY_SIZE],
                                                struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_person_key_verify(const uint8_t key[NKS_PERSON_KEY_SIZE], const void *message,
                                                  size_t len, const uint8_t signature[NKS_SIGNATURE_SIZE],
                                                  struct nks_fault *fault);
#endif
