#include "vault/keys.h"
#include "vault/keys_private.h"

#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
    CONTENT_MAX = 8192, /* the longest file, the certificate, has under 1 KiB */
    SERIAL_SIZE = 16,
    CERT_DAYS = 3652,    /* ten years */
    CERT_EARLY_S = 3600, /* a central's clock may be behind ours */
};

/* Append only and never renamed: what is stored was encrypted under these names. */
static const char *const purpose_names[NKS_KEY_COUNT] = {
    [NKS_KEY_SPOOL] = "spool",         [NKS_KEY_ARCHIVE] = "archive",       [NKS_KEY_BATCH_WRAP] = "batch-wrap",
    [NKS_KEY_AGREEMENT] = "agreement", [NKS_KEY_REGISTER] = "register",     [NKS_KEY_DEBT] = "debt",
    [NKS_KEY_DECISION] = "decision",   [NKS_KEY_VENTEKONTO] = "ventekonto", [NKS_KEY_EXCHANGE] = "exchange",
};

struct content {
    size_t len;
    uint8_t bytes[CONTENT_MAX];
};

/* What nks_keys_make generates before it writes anything. */
struct fresh {
    uint8_t master[NKS_KEY_SIZE], index[NKS_KEY_SIZE];
    EVP_PKEY *sign_key, *file_key;
    X509 *file_cert;
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

enum nks_status nks_keys_sub(const struct nks_keys *keys, enum nks_key_purpose purpose, const uint8_t **sub,
                             struct nks_fault *fault)
{
    if (nks_key_purpose_name(purpose) == NULL)
        return nks_fault_set(fault, NKS_FAILED, "KEY-PURPOSE", "there is no key purpose %d: a defect", (int)purpose);
    if (!keys->has_secrets)
        return nks_keys_need_secret(fault);
    *sub = keys->sub[purpose];
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
    (void)mlock(keys, sizeof *keys);
    (void)madvise(keys, sizeof *keys, MADV_DONTDUMP);
    return keys;
}

void nks_keys_free(struct nks_keys *keys)
{
    if (keys == NULL)
        return;
    EVP_MAC_CTX_free(keys->blind);
    EVP_PKEY_free(keys->sign_key);
    EVP_PKEY_free(keys->sign_pub);
    EVP_PKEY_free(keys->file_key);
    X509_free(keys->file_cert);
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

static bool take_master(struct nks_keys *keys, const struct content *content)
{
    if (content->len != NKS_KEY_SIZE)
        return false;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    bool good = context != NULL;
    for (size_t i = 0; i < NKS_KEY_COUNT && good; i++)
        good = derive(context, content, purpose_names[i], keys->sub[i]);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

static bool take_index(struct nks_keys *keys, const struct content *content)
{
    if (content->len != NKS_KEY_SIZE)
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

static bool take_sign_pub(struct nks_keys *keys, const struct content *content)
{
    keys->sign_pub = pem_key(content, false, "ED25519");
    return keys->sign_pub != NULL;
}

static bool take_sign_key(struct nks_keys *keys, const struct content *content)
{
    keys->sign_key = pem_key(content, true, "ED25519");
    return keys->sign_key != NULL && EVP_PKEY_eq(keys->sign_key, keys->sign_pub) == 1;
}

static bool take_file_cert(struct nks_keys *keys, const struct content *content)
{
    BIO *bio = BIO_new_mem_buf(content->bytes, (int)content->len);
    if (bio == NULL)
        return false;
    keys->file_cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    EVP_PKEY *key = keys->file_cert == NULL ? NULL : X509_get0_pubkey(keys->file_cert);
    return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key);
}

static bool take_file_key(struct nks_keys *keys, const struct content *content)
{
    keys->file_key = pem_key(content, true, "EC");
    return keys->file_key != NULL && X509_check_private_key(keys->file_cert, keys->file_key) == 1;
}

/* ---- from fresh keys to the bytes of a file */

static bool give_master(const struct fresh *fresh, BIO *bio)
{
    return BIO_write(bio, fresh->master, NKS_KEY_SIZE) == NKS_KEY_SIZE;
}

static bool give_index(const struct fresh *fresh, BIO *bio)
{
    return BIO_write(bio, fresh->index, NKS_KEY_SIZE) == NKS_KEY_SIZE;
}

static bool give_sign_pub(const struct fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PUBKEY(bio, fresh->sign_key) == 1;
}

static bool give_sign_key(const struct fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, fresh->sign_key, NULL, NULL, 0, NULL, NULL) == 1;
}

static bool give_file_cert(const struct fresh *fresh, BIO *bio)
{
    return PEM_write_bio_X509(bio, fresh->file_cert) == 1;
}

static bool give_file_key(const struct fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, fresh->file_key, NULL, NULL, 0, NULL, NULL) == 1;
}

/* The files of a key directory. A public file stands before its secret one, which is checked against it. */
static const struct key_file {
    const char *name;
    bool secret;
    bool (*take)(struct nks_keys *keys, const struct content *content);
    bool (*give)(const struct fresh *fresh, BIO *bio);
    const char *form; /* what the file must be, for the fault */
} key_files[] = {
    {"sign.pub", false, take_sign_pub, give_sign_pub, "an Ed25519 public key in PEM"},
    {"file.crt", false, take_file_cert, give_file_cert, "an X.509 certificate in PEM on an ECDSA P-256 key"},
    {"master.key", true, take_master, give_master, "32 bytes"},
    {"index.key", true, take_index, give_index, "32 bytes"},
    {"sign.key", true, take_sign_key, give_sign_key, "the Ed25519 private key in PEM that belongs to sign.pub"},
    {"file.key", true, take_file_key, give_file_key, "the ECDSA P-256 private key in PEM that belongs to file.crt"},
};
enum { KEY_FILES = sizeof key_files / sizeof key_files[0] };

static enum nks_status file_path(char path[NKS_PATH_MAX], const char *dir, const char *name, struct nks_fault *fault)
{
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

static enum nks_status check_dir(const char *dir, struct nks_fault *fault)
{
    struct stat info;
    if (stat(dir, &info) != 0 || !S_ISDIR(info.st_mode))
        return missing(dir, fault);
    /* Others may look at the names; who can write here can put keys of his own in place of ours. */
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MODE", "others can write to the key directory: chmod 0700 %s",
                             dir);
    return NKS_OK;
}

static enum nks_status check_mode(int fd, const struct key_file *file, const char *path, struct nks_fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return nks_fault_set(fault, NKS_FAILED, "KEY-FORM", "%s is not a regular file", path);
    mode_t refused = file->secret ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
    if ((info.st_mode & refused) != 0)
        return nks_fault_set(fault, NKS_FAILED, "KEY-MODE", "others can %s %s: chmod 0400 %s",
                             file->secret ? "read" : "write", file->name, path);
    return NKS_OK;
}

static enum nks_status file_load(const char *dir, const struct key_file *file, struct nks_keys *keys,
                                 struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    struct content content = {.len = 0};
    int fd = -1;
    enum nks_status status = file_path(path, dir, file->name, fault);
    if (status != NKS_OK)
        return status;
    if (!nks_sys_exists(path))
        return missing(path, fault);
    NKS_GOTO(out, status, nks_sys_open_read(path, &fd, fault));
    NKS_GOTO(out, status, check_mode(fd, file, path, fault));
    NKS_GOTO(out, status, nks_sys_read(fd, content.bytes, sizeof content.bytes, &content.len, fault));
    if (!file->take(keys, &content)) {
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

static enum nks_status load(const char *dir, bool secrets, struct nks_keys **out, struct nks_fault *fault)
{
    *out = NULL;
    NKS_TRY(check_dir(dir, fault));
    struct nks_keys *keys = keys_new();
    if (keys == NULL)
        return nks_vault_memory_fault(fault);
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < KEY_FILES && status == NKS_OK; i++) {
        if (secrets || !key_files[i].secret)
            status = file_load(dir, &key_files[i], keys, fault);
    }
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

/* ---- make */

static bool cert_serial(X509 *cert)
{
    uint8_t bytes[SERIAL_SIZE];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7F) | 0x40); /* positive and of fixed length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return good;
}

static bool cert_names(X509 *cert)
{
    static const unsigned char name[] = "nks file signature";
    X509_NAME *subject = X509_NAME_new();
    bool good = subject != NULL && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
                X509_set_subject_name(cert, subject) == 1 && X509_set_issuer_name(cert, subject) == 1;
    X509_NAME_free(subject);
    return good;
}

static bool cert_validity(X509 *cert, int64_t now)
{
    ASN1_TIME *from = ASN1_TIME_adj(NULL, (time_t)now, 0, -CERT_EARLY_S);
    ASN1_TIME *to = ASN1_TIME_adj(NULL, (time_t)now, CERT_DAYS, 0);
    bool good = from != NULL && to != NULL && X509_set1_notBefore(cert, from) == 1 && X509_set1_notAfter(cert, to) == 1;
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return good;
}

static bool cert_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static X509 *cert_make(EVP_PKEY *key, int64_t now)
{
    X509 *cert = X509_new();
    bool good = cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && cert_serial(cert) && cert_names(cert) &&
                cert_validity(cert, now) && X509_set_pubkey(cert, key) == 1 &&
                cert_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
                cert_extension(cert, NID_key_usage, "critical,digitalSignature") &&
                cert_extension(cert, NID_subject_key_identifier, "hash") && X509_sign(cert, key, EVP_sha256()) > 0;
    if (good)
        return cert;
    X509_free(cert);
    return NULL;
}

static bool fresh_make(struct fresh *fresh, int64_t now)
{
    if (RAND_priv_bytes(fresh->master, NKS_KEY_SIZE) != 1 || RAND_priv_bytes(fresh->index, NKS_KEY_SIZE) != 1)
        return false;
    fresh->sign_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    fresh->file_key = EVP_EC_gen("P-256");
    if (fresh->sign_key == NULL || fresh->file_key == NULL)
        return false;
    fresh->file_cert = cert_make(fresh->file_key, now);
    return fresh->file_cert != NULL;
}

static void fresh_wipe(struct fresh *fresh)
{
    EVP_PKEY_free(fresh->sign_key);
    EVP_PKEY_free(fresh->file_key);
    X509_free(fresh->file_cert);
    OPENSSL_cleanse(fresh, sizeof *fresh);
}

/* Writes a file that must not be there yet, mode 0400, and waits for the disk. */
static enum nks_status write_new(const char *path, const void *data, size_t len, struct nks_fault *fault)
{
    int fd = -1;
    NKS_TRY(nks_sys_create(path, &fd, fault));
    enum nks_status status;
    NKS_GOTO(out, status, nks_sys_chmod(fd, S_IRUSR, fault));
    NKS_GOTO(out, status, nks_sys_write(fd, data, len, fault));
    NKS_GOTO(out, status, nks_sys_fsync(fd, fault));
out:;
    enum nks_status closed = nks_sys_close(fd, fault);
    status = status == NKS_OK ? closed : status;
    if (status != NKS_OK && nks_sys_unlink(path, fault) != NKS_OK)
        return status; /* the first fault stands */
    return status;
}

static enum nks_status file_write(const char *dir, const struct key_file *file, const struct fresh *fresh,
                                  struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    char *data = NULL;
    NKS_TRY(file_path(path, dir, file->name, fault));
    BIO *bio = BIO_new(BIO_s_secmem());
    if (bio == NULL)
        return nks_vault_memory_fault(fault);
    enum nks_status status;
    long len = file->give(fresh, bio) ? BIO_get_mem_data(bio, &data) : 0;
    if (len > 0)
        status = write_new(path, data, (size_t)len, fault);
    else
        status = nks_vault_crypto_fault(fault, "write a key in PEM");
    BIO_free(bio); /* wipes, too: BIO_s_secmem clears what it held */
    return status;
}

static enum nks_status refuse_existing(const char *dir, struct nks_fault *fault)
{
    for (size_t i = 0; i < KEY_FILES; i++) {
        char path[NKS_PATH_MAX];
        NKS_TRY(file_path(path, dir, key_files[i].name, fault));
        if (nks_sys_exists(path))
            return nks_fault_set(fault, NKS_FAILED, "KEY-EXISTS",
                                 "%s is there already, and nks never replaces a key: name another directory with "
                                 "--keys DIR or NKS_KEYS",
                                 path);
    }
    return NKS_OK;
}

/* Takes back the first `count` files, so that a failed make can be tried again. */
static void take_back(const char *dir, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char path[NKS_PATH_MAX];
        if (file_path(path, dir, key_files[i].name, NULL) != NKS_OK || nks_sys_unlink(path, NULL) != NKS_OK)
            return; /* the next make names the file that is left */
    }
}

static enum nks_status write_all(const char *dir, const struct fresh *fresh, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    size_t written = 0;
    struct nks_keys *keys = NULL;
    for (; written < KEY_FILES && status == NKS_OK; written += status == NKS_OK)
        status = file_write(dir, &key_files[written], fresh, fault);
    if (status == NKS_OK)
        status = nks_sys_fsync_dir(dir, fault);
    if (status == NKS_OK)
        status = nks_keys_load(dir, &keys, fault); /* what was written must be what can be read */
    nks_keys_free(keys);
    if (status != NKS_OK)
        take_back(dir, written);
    return status;
}

enum nks_status nks_keys_make(const char *dir, int64_t now, struct nks_fault *fault)
{
    NKS_TRY(nks_sys_mkdir(dir, S_IRWXU, fault));
    NKS_TRY(refuse_existing(dir, fault));
    struct fresh fresh = {.sign_key = NULL};
    enum nks_status status;
    if (fresh_make(&fresh, now))
        status = write_all(dir, &fresh, fault);
    else
        status = nks_vault_crypto_fault(fault, "make keys");
    fresh_wipe(&fresh);
    return status;
}
