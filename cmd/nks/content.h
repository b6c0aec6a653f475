#ifndef NKS_CMD_CONTENT_H
#define NKS_CMD_CONTENT_H
/*
 * A file that is done only as it was agreed upon: known by its SHA-256, read once more while it is used. Whoever reads
 * gets the bytes through a pipe; the last piece is held back until the hash of all is known. If it is another, a zero
 * byte comes instead, which no import takes, and imports are all or nothing: so nothing of a changed file is stored.
 *
 * Order of calls: content_open; read from content_fd to the end; content_close, which says whether it was the file.
 */
#include "base/file.h"

struct content;
NKS_CHECKED enum nks_status content_open(const char *path, const uint8_t hash[NKS_HASH_SIZE], struct content **out,
                                         struct nks_fault *fault);
int content_fd(const struct content *content);
/* False when the file was read to its end and had another hash, or could not be read. A reader that stopped early has
 * its own fault. */
bool content_close(struct content *content);

#endif
