#include "base/file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_FIRST = 8 * 1024, HASH_CHUNK = 256 * 1024 };

bool nks_path_join(char out[NKS_PATH_MAX], const char *dir, const char *name)
{
    size_t len = strlen(dir);
    const char *between = len == 0 || dir[len - 1] == '/' ? "" : "/";
    int wrote = snprintf(out, NKS_PATH_MAX, "%s%s%s", dir, between, name);
    return wrote >= 0 && wrote < NKS_PATH_MAX;
}

/* The folder of `path`: what stands before the last '/', "." without one, "/" for a file of the root. */
static bool path_dir(char out[NKS_PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return nks_text_copy(NKS_TEXT("."), out, NKS_PATH_MAX);
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    return nks_text_copy((struct nks_text){path, len}, out, NKS_PATH_MAX);
}

/* Makes room for more than `len` bytes and a terminator, and never for more than ceiling + 1 (and the terminator). */
static bool grow(char **data, size_t *room, size_t ceiling)
{
    size_t more = *room == 0 ? READ_FIRST : *room * 2;
    if (more > ceiling + 1)
        more = ceiling + 1;
    char *moved = realloc(*data, more + 1);
    if (moved == NULL)
        return false;
    *data = moved;
    *room = more;
    return true;
}

/* The size is not asked beforehand: the file may grow while it is read. One byte beyond the ceiling tells. */
static enum nks_status read_whole(int fd, size_t ceiling, char **data, size_t *len, struct nks_fault *fault)
{
    size_t room = 0, got = 0;
    do {
        if (!grow(data, &room, ceiling))
            return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a file; try again later");
        NKS_TRY(nks_sys_read(fd, *data + *len, room - *len, &got, fault));
        *len += got;
        if (*len > ceiling)
            return nks_fault_set(fault, NKS_REFUSED, "FILE-BIG", "the file has more than %zu bytes; give a smaller one",
                                 ceiling);
    } while (*len == room);
    (*data)[*len] = '\0';
    return NKS_OK;
}

enum nks_status nks_file_read(const char *path, size_t ceiling, char **data, size_t *len, struct nks_fault *fault)
{
    int fd;
    *data = NULL;
    *len = 0;
    NKS_TRY(nks_sys_open_read(path, &fd, fault));
    enum nks_status status = read_whole(fd, ceiling, data, len, fault);
    enum nks_status closed = nks_sys_close(fd, fault);
    if (status == NKS_OK)
        status = closed;
    if (status != NKS_OK) {
        free(*data);
        *data = NULL;
        *len = 0;
    }
    return status;
}

static enum nks_status write_new(const char *path, const void *data, size_t len, mode_t mode, struct nks_fault *fault)
{
    int fd;
    NKS_TRY(nks_sys_create(path, &fd, fault));
    enum nks_status status = nks_sys_write(fd, data, len, fault);
    if (status == NKS_OK)
        status = nks_sys_chmod(fd, mode, fault);
    if (status == NKS_OK)
        status = nks_sys_fsync(fd, fault);
    enum nks_status closed = nks_sys_close(fd, fault);
    return status == NKS_OK ? closed : status;
}

enum nks_status nks_file_replace(const char *path, const void *data, size_t len, mode_t mode, struct nks_fault *fault)
{
    char temporary[NKS_PATH_MAX], dir[NKS_PATH_MAX];
    int wrote = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (wrote < 0 || (size_t)wrote >= sizeof temporary || !path_dir(dir, path))
        return nks_fault_set(fault, NKS_FAILED, "FILE-KIND", "a path is too long; use a shorter one for the home");
    NKS_TRY(nks_sys_unlink(temporary, fault)); /* what an earlier run left when it was killed */
    enum nks_status status = write_new(temporary, data, len, mode, fault);
    nks_sys_point("file.written");
    if (status == NKS_OK)
        status = nks_sys_rename_over(temporary, path, fault);
    if (status != NKS_OK) {
        /* The first fault is the one to tell; a temporary file left behind harms nobody. */
        enum nks_status ignored = nks_sys_unlink(temporary, NULL);
        (void)ignored;
        return status;
    }
    nks_sys_point("file.renamed");
    return nks_sys_fsync_dir(dir, fault);
}

/* ---- SHA-256 */

struct nks_hash {
    EVP_MD *algorithm; /* fetched once: looking it up costs more than hashing a short text */
    EVP_MD_CTX *context;
};

/* SHA-256 over memory does not fail. If it ever did, going on with a wrong hash would be worse than stopping. */
static void must(int result)
{
    if (result != 1)
        abort();
}

struct nks_hash *nks_hash_new(void)
{
    struct nks_hash *hash = calloc(1, sizeof *hash);
    if (hash == NULL)
        return NULL;
    hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->algorithm == NULL || hash->context == NULL ||
        EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1) {
        nks_hash_free(hash);
        return NULL;
    }
    return hash;
}

void nks_hash_reset(struct nks_hash *hash)
{
    must(EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL));
}

void nks_hash_add(struct nks_hash *hash, const void *data, size_t len)
{
    if (len > 0)
        must(EVP_DigestUpdate(hash->context, data, len));
}

void nks_hash_end(struct nks_hash *hash, uint8_t out[NKS_HASH_SIZE])
{
    must(EVP_DigestFinal_ex(hash->context, out, NULL));
}

void nks_hash_free(struct nks_hash *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->algorithm);
    free(hash);
}

void nks_hash_once(const void *data, size_t len, uint8_t out[NKS_HASH_SIZE])
{
    must(EVP_Digest(len == 0 ? "" : data, len, out, NULL, EVP_sha256(), NULL));
}

static enum nks_status hash_stream(int fd, struct nks_hash *hash, char *chunk, int64_t *size, struct nks_fault *fault)
{
    size_t got;
    *size = 0;
    do {
        NKS_TRY(nks_sys_read(fd, chunk, HASH_CHUNK, &got, fault));
        nks_hash_add(hash, chunk, got);
        *size += (int64_t)got;
    } while (got == HASH_CHUNK);
    return NKS_OK;
}

enum nks_status nks_hash_file(const char *path, uint8_t out[NKS_HASH_SIZE], int64_t *size, struct nks_fault *fault)
{
    int fd;
    NKS_TRY(nks_sys_open_read(path, &fd, fault));
    struct nks_hash *hash = nks_hash_new();
    char *chunk = malloc(HASH_CHUNK);
    enum nks_status status = hash != NULL && chunk != NULL
                                 ? hash_stream(fd, hash, chunk, size, fault)
                                 : nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a hash; try again later");
    if (status == NKS_OK)
        nks_hash_end(hash, out);
    free(chunk);
    nks_hash_free(hash);
    enum nks_status closed = nks_sys_close(fd, fault);
    return status == NKS_OK ? closed : status;
}
