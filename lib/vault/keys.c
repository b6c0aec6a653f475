#include "vault/keys.h"
#include "vault/keys_private.h"

#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_MAX = 8192 }; /* the longest file, the certificate, has under 1 KiB */

/* Append only and never renamed: what is stored was encrypted under these names. */
static const char *const purpose_names[NKS_KEY_COUNT] = {
    [NKS_KEY_SPOOL] = "spool",         [NKS_KEY_ARCHIVE] = "archive",       [NKS_KEY_BATCH_WRAP] = "batch-wrap",
    [NKS_KEY_AGREEMENT] = "agreement", [NKS_KEY_REGISTER] = "register",     [NKS_KEY_DEBT] = "debt",
    [NKS_KEY_DECISION] = "decision",   [NKS_KEY_VENTEKONTO] = "ventekonto", [NKS_KEY_EXCHANGE] = "exchange",
    [NKS_KEY_TRAIL] = "trail",         [NKS_KEY_PERSON] = "person",
};

struct content {
    size_t len;
    uint8_t bytes[CONTENT_MAX];
};

/* ---- faults and sub-keys, for the whole vault */

enum nks_status nks_vault_crypto_fault(struct nks_fault *fault, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    enum nks_status status = nks_fault_set(fault, NKS_FAILED, "VAULT-CRYPTO", "OpenSSL could not %s (%s)", what,
                                           reason == NULL ? "no reason given" : reason);
    ERR_clear_error();
    return status;
}

enum nks_status nks_vault_memory_fault(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the vault: try again when the machine has some");
}

enum nks_status nks_keys_need_secret(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "KEY-PUBLIC",
                         "this needs the secret keys, and only the public ones are loaded");
}

const char *nks_key_purpose_name(enum nks_key_purpose purpose)
{
    return (size_t)purpose < NKS_KEY_COUNT ? purpose_names[purpose] : NULL;
}

enum nks_status nks_keys_sub(const struct nks_keys *keys, enum nks_key_purpose purpose, int generation,
                             const uint8_t **sub, struct nks_fault *fault)
{
    if (nks_key_purpose_name(purpose) == NULL)
        return nks_fault_set(fault, NKS_FAILED, "KEY-PURPOSE", "there is no key purpose %d: a defect", (int)purpose);
    if (!keys->has_secrets)
        return nks_keys_need_secret(fault);
    *sub = keys->sub[generation - 1][purpose];
    return NKS_OK;
}

bool nks_keys_has_secrets(const struct nks_keys *keys)
{
    return keys->has_secrets;
}

/* ---- memory */

static struct nks_keys *keys_new(void)
{
    /* Pages of its own, so that locking and hiding them from dumps touches nothing else. Both are best effort: an
     * ordinary user may have no right to lock memory. */
    struct nks_keys *keys = mmap(NULL, sizeof *keys, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (keys == MAP_FAILED)
        return NULL;
    keys->locked = mlock(keys, sizeof *keys) == 0;
    (void)madvise(keys, sizeof *keys, MADV_DONTDUMP);
    return keys;
}

void nks_keys_free(struct nks_keys *keys)
{
    if (keys == NULL)
        return;
    EVP_MAC_CTX_free(keys->blind);
    EVP_PKEY_free(keys->sign_key);
    for (int i = 0; i < NKS_KEY_GENERATIONS; i++) {
        EVP_PKEY_free(keys->sign_pub[i]);
        EVP_PKEY_free(keys->file_key[i]);
        X509_free(keys->file_cert[i]);
    }
    OPENSSL_cleanse(keys, sizeof *keys);
    (void)munmap(keys, sizeof *keys);
}

/* ---- from the bytes of a file into the keys */

static bool derive(EVP_KDF_CTX *context, const struct content *master, const char *info, uint8_t out[NKS_KEY_SIZE])
{
    /* OpenSSL only reads these, but its parameters know no const. */
    struct content key = *master;
    char digest[] = "SHA256", name[32];
    size_t len = strlen(info);
    memcpy(name, info, len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.bytes, key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, name, len),
        OSSL_PARAM_construct_end(),
    };
    bool good = EVP_KDF_derive(context, out, NKS_KEY_SIZE, params) == 1;
    OPENSSL_cleanse(&key, sizeof key);
    EVP_KDF_CTX_reset(context);
    return good;
}

static bool take_master(struct nks_keys *keys, int at, const struct content *content)
{
    if (content->len != NKS_KEY_SIZE)
        return false;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    bool good = context != NULL;
    for (size_t i = 0; i < NKS_KEY_COUNT && good; i++)
        good = derive(context, content, purpose_names[i], keys->sub[at][i]);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

static bool take_index(struct nks_keys *keys, int at, const struct content *content)
{
    if (at != 0 || content->len != NKS_KEY_SIZE)
        return false;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    keys->blind = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    return keys->blind != NULL && EVP_MAC_init(keys->blind, content->bytes, content->len, params) == 1;
}

/* Without it OpenSSL asks the terminal for the passphrase of an encrypted PEM. */
static int no_passphrase(char *buf, int size, int writing, void *context)
{
    (void)buf, (void)size, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *pem_key(const struct content *content, bool secret, const char *type)
{
    BIO *bio = BIO_new_mem_buf(content->bytes, (int)content->len);
    if (bio == NULL)
        return NULL;
    EVP_PKEY *key = secret ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                           : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_is_a(key, type) != 1) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32];
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool take_sign_pub(struct nks_keys *keys, int at, const struct content *content)
{
    keys->sign_pub[at] = pem_key(content, false, "ED25519");
    return keys->sign_pub[at] != NULL;
}

static bool take_sign_key(struct nks_keys *keys, int at, const struct content *content)
{
    EVP_PKEY_free(keys->sign_key); /* only the newest signs */
    keys->sign_key = pem_key(content, true, "ED25519");
    return keys->sign_key != NULL && EVP_PKEY_eq(keys->sign_key, keys->sign_pub[at]) == 1;
}

static bool take_file_cert(struct nks_keys *keys, int at, const struct content *content)
{
    BIO *bio = BIO_new_mem_buf(content->bytes, (int)content->len);
    if (bio == NULL)
        return false;
    keys->file_cert[at] = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    EVP_PKEY *key = keys->file_cert[at] == NULL ? NULL : X509_get0_pubkey(keys->file_cert[at]);
    return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key);
}

static bool take_file_key(struct nks_keys *keys, int at, const struct content *content)
{
    keys->file_key[at] = pem_key(content, true, "EC");
    return keys->file_key[at] != NULL && X509_check_private_key(keys->file_cert[at], keys->file_key[at]) == 1;
}

/* The files of a key directory. A public file stands before its secret one, which is checked against it. */
static const struct key_file {
    const char *stem, *end; /* master.key, master-0002.key, … */
    enum nks_key_family family;
    bool secret;
    bool (*take)(struct nks_keys *keys, int at, const struct content *content);
    const char *form; /* what the file must be, for the fault */
} key_files[] = {
    {"sign", "pub", NKS_FAMILY_SIGN, false, take_sign_pub, "an Ed25519 public key in PEM"},
    {"file", "crt", NKS_FAMILY_FILE, false, take_file_cert, "an X.509 certificate in PEM on an ECDSA P-256 key"},
    {"master", "key", NKS_FAMILY_MASTER, true, take_master, "32 bytes"},
    {"index", "key", NKS_FAMILY_INDEX, true, take_index, "32 bytes"},
    {"sign", "key", NKS_FAMILY_SIGN, true, take_sign_key,
     "the Ed25519 private key in PEM that belongs to its .pub file"},
    {"file", "key", NKS_FAMILY_FILE, true, take_file_key,
     "the ECDSA P-256 private key in PEM that belongs to its .crt file"},
};
enum { KEY_FILES = sizeof key_files / sizeof key_files[0] };

const char *nks_key_family_name(enum nks_key_family family)
{
    static const char *const names[NKS_FAMILIES] = {[NKS_FAMILY_MASTER] = "master",
                                                    [NKS_FAMILY_INDEX] = "index",
                                                    [NKS_FAMILY_SIGN] = "sign",
                                                    [NKS_FAMILY_FILE] = "file"};
    return (size_t)family < NKS_FAMILIES ? names[family] : NULL;
}

enum nks_status nks_key_path(char path[NKS_PATH_MAX], const char *dir, const char *stem, const char *end,
                             int generation, struct nks_fault *fault)
{
    char name[64];
    if (generation == 1)
        snprintf(name, sizeof name, "%s.%s", stem, end);
    else
        snprintf(name, sizeof name, "%s-%04d.%s", stem, generation, end);
    if (nks_path_join(path, dir, name))
        return NKS_OK;
    return nks_fault_set(fault, NKS_FAILED, "KEY-MISSING",
                         "the path of the key directory is too long: use a shorter one");
}

/* ---- load */

static enum nks_status missing(const char *path, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "KEY-MISSING",
                         "%s is not there, or not for this user: make keys with `nks init`, or name their directory "
                         "with --keys DIR or NKS_KEYS",
                         path);
}

/* Ours, or root's, who can read all anyway (systemd gives credentials as root). */
static bool owner_good(const struct stat *info)
{
    return info->st_uid == geteuid() || info->st_uid == 0;
}

static enum nks_status owner_fault(const char *path, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "KEY-OWNER",
                         "%s belongs to another user, who could read or replace it: chown it to the user of nks", path);
}

static enum nks_status check_dir(const char *dir, bool secrets, struct nks_fault *fault)
{
    struct stat info;
    if (stat(dir, &info) != 0 || !S_ISDIR(info.st_mode))
        return missing(dir, fault);
    /* Others may look at the names; who can write here can put keys of his own in place of ours. */
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MODE", "others can write to the key directory: chmod 0700 %s",
                             dir);
    return !secrets || owner_good(&info) ? NKS_OK : owner_fault(dir, fault);
}

static enum nks_status check_mode(int fd, const struct key_file *file, const char *path, struct nks_fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return nks_fault_set(fault, NKS_FAILED, "KEY-FORM", "%s is not a regular file", path);
    mode_t refused = file->secret ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
    if ((info.st_mode & refused) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MODE", "others can %s %s: chmod 0400 %s",
                             file->secret ? "read" : "write", path, path);
    return !file->secret || owner_good(&info) ? NKS_OK : owner_fault(path, fault);
}

static enum nks_status file_load(const char *dir, const struct key_file *file, int generation, struct nks_keys *keys,
                                 struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    struct content content = {.len = 0};
    int fd = -1;
    enum nks_status status = nks_key_path(path, dir, file->stem, file->end, generation, fault);
    if (status != NKS_OK)
        return status;
    if (!nks_sys_exists(path))
        return missing(path, fault);
    NKS_GOTO(out, status, nks_sys_open_read(path, &fd, fault));
    NKS_GOTO(out, status, check_mode(fd, file, path, fault));
    NKS_GOTO(out, status, nks_sys_read(fd, content.bytes, sizeof content.bytes, &content.len, fault));
    if (!file->take(keys, generation - 1, &content)) {
        ERR_clear_error();
        status = nks_fault_set(fault, NKS_FAILED, "KEY-FORM", "%s is not %s: restore it from the backup of the keys",
                               path, file->form);
    }
out:
    OPENSSL_cleanse(&content, sizeof content);
    if (fd >= 0) {
        enum nks_status closed = nks_sys_close(fd, fault);
        status = status == NKS_OK ? closed : status;
    }
    return status;
}

/* A generation is there when its last file is: the secret one, or for an auditor the public one. Without a gap. */
static enum nks_status count_generations(const char *dir, enum nks_key_family family, bool secrets, int *count,
                                         struct nks_fault *fault)
{
    static const char *const public_ends[NKS_FAMILIES] = {[NKS_FAMILY_SIGN] = "pub", [NKS_FAMILY_FILE] = "crt"};
    const char *end = secrets ? "key" : public_ends[family];
    *count = 1;
    if (end == NULL || family == NKS_FAMILY_INDEX)
        return NKS_OK;
    for (int generation = 2; generation <= NKS_KEY_GENERATIONS; generation++) {
        char path[NKS_PATH_MAX];
        NKS_TRY(nks_key_path(path, dir, nks_key_family_name(family), end, generation, fault));
        if (!nks_sys_exists(path))
            break;
        *count = generation;
    }
    return NKS_OK;
}

static enum nks_status load_all(const char *dir, bool secrets, struct nks_keys *keys, struct nks_fault *fault)
{
    for (int family = 0; family < NKS_FAMILIES; family++)
        NKS_TRY(count_generations(dir, (enum nks_key_family)family, secrets, &keys->generations[family], fault));
    for (size_t i = 0; i < KEY_FILES; i++) {
        if (!secrets && key_files[i].secret)
            continue;
        for (int generation = 1; generation <= keys->generations[key_files[i].family]; generation++)
            NKS_TRY(file_load(dir, &key_files[i], generation, keys, fault));
    }
    return NKS_OK;
}

static enum nks_status load(const char *dir, bool secrets, struct nks_keys **out, struct nks_fault *fault)
{
    *out = NULL;
    NKS_TRY(check_dir(dir, secrets, fault));
    struct nks_keys *keys = keys_new();
    if (keys == NULL)
        return nks_vault_memory_fault(fault);
    enum nks_status status = load_all(dir, secrets, keys, fault);
    if (status != NKS_OK) {
        nks_keys_free(keys);
        return status;
    }
    keys->has_secrets = secrets;
    *out = keys;
    return NKS_OK;
}

enum nks_status nks_keys_load(const char *dir, struct nks_keys **out, struct nks_fault *fault)
{
    return load(dir, true, out, fault);
}

enum nks_status nks_keys_load_public(const char *dir, struct nks_keys **out, struct nks_fault *fault)
{
    return load(dir, false, out, fault);
}

bool nks_keys_locked(const struct nks_keys *keys)
{
    return keys->locked;
}
