/* Signing keys of persons. */
#include "vault/person_key.h"

#include "base/file.h"
#include "vault/keys_private.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_MAX = 4096 };

static enum nks_status not_a_key(const char *what, struct nks_fault *fault)
{
    ERR_clear_error();
    return nks_fault_set(fault, NKS_FAILED, "KEY-FORM", "the person's key file is not an Ed25519 %s key in PEM", what);
}

/* Without it OpenSSL asks the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *context)
{
    (void)buf, (void)size, (void)writing, (void)context;
    return -1;
}

static enum nks_status pem_read(const char *path, bool secret, EVP_PKEY **out, struct nks_fault *fault)
{
    char *data = NULL;
    size_t len = 0;
    NKS_TRY(nks_file_read(path, PEM_MAX, &data, &len, fault));
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    EVP_PKEY *key = bio == NULL ? NULL
                    : secret    ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                                : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    OPENSSL_cleanse(data, len);
    free(data);
    if (key != NULL && EVP_PKEY_is_a(key, "ED25519") == 1) {
        *out = key;
        return NKS_OK;
    }
    EVP_PKEY_free(key);
    return not_a_key(secret ? "private" : "public", fault);
}

static enum nks_status raw_public(const EVP_PKEY *key, uint8_t out[NKS_PERSON_KEY_SIZE], struct nks_fault *fault)
{
    size_t len = NKS_PERSON_KEY_SIZE;
    bool good = EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == NKS_PERSON_KEY_SIZE;
    return good ? NKS_OK : nks_vault_crypto_fault(fault, "read a person's public key");
}

enum nks_status nks_person_key_public(const char *path, uint8_t key[NKS_PERSON_KEY_SIZE], struct nks_fault *fault)
{
    EVP_PKEY *pem = NULL;
    NKS_TRY(pem_read(path, false, &pem, fault));
    enum nks_status status = raw_public(pem, key, fault);
    EVP_PKEY_free(pem);
    return status;
}

/* Two persons are told apart by their keys: a key that others can read tells nobody apart. */
static enum nks_status mode_check(const char *path, struct nks_fault *fault)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MISSING",
                             "the person's key file is not there, or not for this user: name it with --person-key");
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MODE", "others can read the person's key file: chmod 0400 it");
    return NKS_OK;
}

enum nks_status nks_person_key_sign(const char *path, const void *message, size_t len,
                                    uint8_t signature[NKS_SIGNATURE_SIZE], uint8_t key[NKS_PERSON_KEY_SIZE],
                                    struct nks_fault *fault)
{
    EVP_PKEY *pem = NULL;
    size_t size = NKS_SIGNATURE_SIZE;
    NKS_TRY(mode_check(path, fault));
    NKS_TRY(pem_read(path, true, &pem, fault));
    enum nks_status status = raw_public(pem, key, fault);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, pem) == 1 &&
                EVP_DigestSign(context, signature, &size, message, len) == 1 && size == NKS_SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pem);
    return status != NKS_OK || good ? status : nks_vault_crypto_fault(fault, "sign with a person's key");
}

enum nks_status nks_person_key_verify(const uint8_t key[NKS_PERSON_KEY_SIZE], const void *message, size_t len,
                                      const uint8_t signature[NKS_SIGNATURE_SIZE], struct nks_fault *fault)
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key, NKS_PERSON_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = public_key != NULL && context != NULL &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                EVP_DigestVerify(context, signature, NKS_SIGNATURE_SIZE, message, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    ERR_clear_error();
    return good
               ? NKS_OK
               : nks_fault_set(fault, NKS_REFUSED, "SIGN-BAD", "a person's signature does not hold for what was asked");
}

/* ---- make */

static enum nks_status write_new(const char *path, BIO *bio, mode_t mode, struct nks_fault *fault)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    int fd = -1;
    if (len <= 0)
        return nks_vault_crypto_fault(fault, "write a person's key in PEM");
    NKS_TRY(nks_sys_create(path, &fd, fault));
    enum nks_status status = nks_sys_chmod(fd, mode, fault);
    if (status == NKS_OK)
        status = nks_sys_write(fd, data, (size_t)len, fault);
    if (status == NKS_OK)
        status = nks_sys_fsync(fd, fault);
    enum nks_status closed = nks_sys_close(fd, fault);
    return status == NKS_OK ? closed : status;
}

static enum nks_status pair_write(const char *path, EVP_PKEY *key, struct nks_fault *fault)
{
    char public_path[NKS_PATH_MAX];
    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= (int)sizeof public_path)
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the path of the key file is too long");
    if (nks_sys_exists(path) || nks_sys_exists(public_path))
        return nks_fault_set(fault, NKS_FAILED, "KEY-EXISTS", "there is a key already; choose another file");
    BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
    bool good = secret != NULL && open != NULL &&
                PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                PEM_write_bio_PUBKEY(open, key) == 1;
    enum nks_status status = good ? NKS_OK : nks_vault_crypto_fault(fault, "write a person's key in PEM");
    if (status == NKS_OK)
        status = write_new(path, secret, S_IRUSR, fault);
    if (status == NKS_OK)
        status = write_new(public_path, open, S_IRUSR | S_IRGRP | S_IROTH, fault);
    BIO_free(secret);
    BIO_free(open);
    return status;
}

enum nks_status nks_person_key_make(const char *path, struct nks_fault *fault)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    enum nks_status status =
        key == NULL ? nks_vault_crypto_fault(fault, "make a person's key") : pair_write(path, key, fault);
    EVP_PKEY_free(key);
    return status;
}
