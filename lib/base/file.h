#ifndef NKS_BASE_FILE_H
#define NKS_BASE_FILE_H
/* Small files whole, paths, and SHA-256. Streams of big files are in vault/stream.h. */
#include "base/sys.h"

enum { NKS_PATH_MAX = 1024, NKS_HASH_SIZE = 32, NKS_HASH_HEX = 65 };

/* Joins with '/'; false when it does not fit. */
NKS_CHECKED bool nks_path_join(char out[NKS_PATH_MAX], const char *dir, const char *name);

/* Reads a file of at most `ceiling` bytes (more: NKS_REFUSED, FILE-BIG); *data is malloc'ed, is the caller's and has a
 * terminator after *len bytes. */
NKS_CHECKED enum nks_status nks_file_read(const char *path, size_t ceiling, char **data, size_t *len,
                                          struct nks_fault *fault);
/* Writes NAME.tmp in the same directory, fsyncs, renames over NAME (replacing it), fsyncs the directory. */
NKS_CHECKED enum nks_status nks_file_replace(const char *path, const void *data, size_t len, mode_t mode,
                                             struct nks_fault *fault);

struct nks_hash;                                 /* SHA-256 in progress */
NKS_CHECKED struct nks_hash *nks_hash_new(void); /* NULL: no memory */
void nks_hash_reset(struct nks_hash *hash);
void nks_hash_add(struct nks_hash *hash, const void *data, size_t len);
void nks_hash_end(struct nks_hash *hash, uint8_t out[NKS_HASH_SIZE]); /* may be reset and used again */
void nks_hash_free(struct nks_hash *hash);
/* For single texts; many are faster with nks_hash_new and nks_hash_reset. */
void nks_hash_once(const void *data, size_t len, uint8_t out[NKS_HASH_SIZE]);
NKS_CHECKED enum nks_status nks_hash_file(const char *path, uint8_t out[NKS_HASH_SIZE], int64_t *size,
                                          struct nks_fault *fault);

#endif
