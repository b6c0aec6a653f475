#ifndef NKS_VAULT_STREAM_H
#define NKS_VAULT_STREAM_H
/*
 * Files of any size, encrypted in chunks, memory constant. Used for the spool and the archive.
 * Format: magic "NKSE1\0", purpose byte, the wrapped file key (60 bytes), then chunks:
 *   flags (1: bit 0 last chunk, bit 1 zstd) | length n (4, big endian) | n encrypted bytes | tag (16)
 * A chunk holds 256 KiB of plain text, the last one what is left (the empty file is one empty chunk), at zstd level 1
 * or stored where that is no shorter. The file key is random per file and wrapped by the purpose's sub-key for this
 * owner (delivery or out-file id); a nonce is the chunk's counter; associated data are purpose, owner, counter, flags,
 * length. A file that was cut, extended, changed, reordered, or lies in another's place is NKS_INTEGRITY, code
 * STREAM-BAD.
 */
#include "base/file.h"
#include "vault/cipher.h"

struct nks_stream_writer;
struct nks_stream_reader;

/*
 * Writes to `fd`, which stays the caller's (fsync and close are his). After a failed write the writer is closed and the
 * file is void: write it again from the start.
 */
NKS_CHECKED enum nks_status nks_stream_write_open(const struct nks_keys *keys, enum nks_key_purpose purpose,
                                                  int64_t owner, int fd, struct nks_stream_writer **out,
                                                  struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_stream_write(struct nks_stream_writer *writer, const void *data, size_t len,
                                             struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_stream_write_end(struct nks_stream_writer *writer,
                                                 struct nks_fault *fault); /* last chunk */
void nks_stream_write_free(struct nks_stream_writer *writer);

NKS_CHECKED enum nks_status nks_stream_read_open(const struct nks_keys *keys, enum nks_key_purpose purpose,
                                                 int64_t owner, int fd, struct nks_stream_reader **out,
                                                 struct nks_fault *fault);
/*
 * The next piece: *data points into the reader until the next call; *len 0 at the end. Each piece is authentic; that
 * the file is whole is known only at the end.
 */
NKS_CHECKED enum nks_status nks_stream_read(struct nks_stream_reader *reader, const void **data, size_t *len,
                                            struct nks_fault *fault);
void nks_stream_read_free(struct nks_stream_reader *reader);

/*
 * Destroys the file's key and the file: writes zeros over its head, which alone holds the key, syncs, removes. A file
 * that is not there is NKS_OK. The caller syncs the folder.
 */
NKS_CHECKED enum nks_status nks_stream_destroy(const char *path, struct nks_fault *fault);

#endif
