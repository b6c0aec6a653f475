/* The making of keys: the first of a home, and newer generations beside them. */
#include "vault/keys.h"
#include "vault/keys_private.h"

#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SERIAL_SIZE = 16,
    CERT_DAYS = 3652, /* ten years */
    CERT_EARLY_S = NKS_CERT_EARLY_S,
};

/* What nks_keys_make generates before it writes anything. */
struct nks_fresh {
    uint8_t master[NKS_KEY_SIZE], index[NKS_KEY_SIZE];
    EVP_PKEY *sign_key, *file_key;
    X509 *file_cert;
};

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

static bool cert_validity(X509 *cert, int64_t from_time)
{
    ASN1_TIME *from = ASN1_TIME_adj(NULL, (time_t)from_time, 0, -CERT_EARLY_S);
    ASN1_TIME *to = ASN1_TIME_adj(NULL, (time_t)from_time, CERT_DAYS, 0);
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

static bool fresh_make(struct nks_fresh *fresh, int64_t now)
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

static void fresh_wipe(struct nks_fresh *fresh)
{
    EVP_PKEY_free(fresh->sign_key);
    EVP_PKEY_free(fresh->file_key);
    X509_free(fresh->file_cert);
    OPENSSL_cleanse(fresh, sizeof *fresh);
}

/* ---- from fresh keys to the bytes of a file */

static bool give_master(const struct nks_fresh *fresh, BIO *bio)
{
    return BIO_write(bio, fresh->master, NKS_KEY_SIZE) == NKS_KEY_SIZE;
}

static bool give_index(const struct nks_fresh *fresh, BIO *bio)
{
    return BIO_write(bio, fresh->index, NKS_KEY_SIZE) == NKS_KEY_SIZE;
}

static bool give_sign_pub(const struct nks_fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PUBKEY(bio, fresh->sign_key) == 1;
}

static bool give_sign_key(const struct nks_fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, fresh->sign_key, NULL, NULL, 0, NULL, NULL) == 1;
}

static bool give_file_cert(const struct nks_fresh *fresh, BIO *bio)
{
    return PEM_write_bio_X509(bio, fresh->file_cert) == 1;
}

static bool give_file_key(const struct nks_fresh *fresh, BIO *bio)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, fresh->file_key, NULL, NULL, 0, NULL, NULL) == 1;
}

/* The files in the order of writing: the secret one is last, and a generation is there when it is. */
static const struct made_file {
    const char *stem, *end;
    bool (*give)(const struct nks_fresh *fresh, BIO *bio);
    enum nks_key_family family;
    bool secret;
} made_files[] = {
    {"sign", "pub", give_sign_pub, NKS_FAMILY_SIGN, false},  {"file", "crt", give_file_cert, NKS_FAMILY_FILE, false},
    {"master", "key", give_master, NKS_FAMILY_MASTER, true}, {"index", "key", give_index, NKS_FAMILY_INDEX, true},
    {"sign", "key", give_sign_key, NKS_FAMILY_SIGN, true},   {"file", "key", give_file_key, NKS_FAMILY_FILE, true},
};
enum { MADE_FILES = sizeof made_files / sizeof made_files[0] };

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

static enum nks_status give_file(const char *path, const struct made_file *file, const struct nks_fresh *fresh,
                                 struct nks_fault *fault)
{
    char *data = NULL;
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

static enum nks_status file_path(char path[NKS_PATH_MAX], const char *dir, const struct made_file *file,
                                 struct nks_fault *fault)
{
    return nks_key_path(path, dir, file->stem, file->end, 1, fault);
}

static enum nks_status refuse_existing(const char *dir, struct nks_fault *fault)
{
    for (size_t i = 0; i < MADE_FILES; i++) {
        char path[NKS_PATH_MAX];
        NKS_TRY(file_path(path, dir, &made_files[i], fault));
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
        if (file_path(path, dir, &made_files[i], NULL) != NKS_OK || nks_sys_unlink(path, NULL) != NKS_OK)
            return; /* the next make names the file that is left */
    }
}

static enum nks_status write_all(const char *dir, const struct nks_fresh *fresh, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    size_t written = 0;
    struct nks_keys *keys = NULL;
    for (; written < MADE_FILES && status == NKS_OK; written += status == NKS_OK) {
        char path[NKS_PATH_MAX];
        status = file_path(path, dir, &made_files[written], fault);
        if (status == NKS_OK)
            status = give_file(path, &made_files[written], fresh, fault);
    }
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
    struct nks_fresh fresh = {.sign_key = NULL};
    enum nks_status status;
    if (fresh_make(&fresh, now))
        status = write_all(dir, &fresh, fault);
    else
        status = nks_vault_crypto_fault(fault, "make keys");
    fresh_wipe(&fresh);
    return status;
}

/* ---- the next generation */

/* What an interrupted rotation left: no generation yet, for its secret file never got its name. */
static enum nks_status remove_left(const char *path, struct nks_fault *fault)
{
    return nks_sys_exists(path) ? nks_sys_unlink(path, fault) : NKS_OK;
}

/* The public half stands under its name before the secret one gets its own: one rename makes the generation. */
static enum nks_status rotate_files(const char *dir, enum nks_key_family family, int generation,
                                    const struct nks_fresh *fresh, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], fresh_path[NKS_PATH_MAX];
    for (size_t i = 0; i < MADE_FILES; i++) {
        const struct made_file *file = &made_files[i];
        if (file->family != family)
            continue;
        NKS_TRY(nks_key_path(path, dir, file->stem, file->end, generation, fault));
        NKS_TRY(nks_key_path(fresh_path, dir, file->stem, file->secret ? "key.new" : file->end, generation, fault));
        NKS_TRY(remove_left(fresh_path, fault));
        NKS_TRY(give_file(fresh_path, file, fresh, fault));
        NKS_TRY(nks_sys_fsync_dir(dir, fault));
        nks_sys_point(file->secret ? "keys.secret" : "keys.public");
    }
    NKS_TRY(nks_sys_rename(fresh_path, path, fault));
    nks_sys_point("keys.renamed");
    return nks_sys_fsync_dir(dir, fault);
}

enum nks_status nks_keys_rotate(const char *dir, enum nks_key_family family, int64_t from, int *generation,
                                struct nks_fault *fault)
{
    struct nks_keys *keys = NULL;
    if (family == NKS_FAMILY_INDEX)
        return nks_fault_set(fault, NKS_REFUSED, "KEY-INDEX",
                             "the index key changes only with a re-keying import: see \"Changing the index key\" in "
                             "doc/operate.md");
    NKS_TRY(nks_keys_load(dir, &keys, fault));
    *generation = keys->generations[family] + 1;
    nks_keys_free(keys);
    if (*generation > NKS_KEY_GENERATIONS)
        return nks_fault_set(fault, NKS_REFUSED, "KEY-GENERATIONS",
                             "there are %d generations of this key, the most that are kept", NKS_KEY_GENERATIONS);
    struct nks_fresh fresh = {.sign_key = NULL};
    enum nks_status status = fresh_make(&fresh, from) ? rotate_files(dir, family, *generation, &fresh, fault)
                                                      : nks_vault_crypto_fault(fault, "make keys");
    fresh_wipe(&fresh);
    NKS_TRY(status);
    NKS_TRY(nks_keys_load(dir, &keys, fault)); /* what was written must be what can be read */
    nks_keys_free(keys);
    return NKS_OK;
}
