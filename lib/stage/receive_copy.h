#ifndef NKS_STAGE_RECEIVE_COPY_H
#define NKS_STAGE_RECEIVE_COPY_H
/*
 * Private to lib/stage: the copy of a file in .taken/, and whether what lies there still is what was copied.
 *
 * What is judged later is the copy; its hash is the delivery's. A sender that still holds the file open, or who puts
 * another in its place, must not lose bytes: a file in .taken/ is removed only when it is what was copied.
 */
#include "stage/receive_signature.h"

/* Copies it, encrypted, into the spool under the delivery's number, and sets the delivery's bytes and hash. *copied:
 * what the file was then. *whole is false when it was written to meanwhile, or is gone; there is no copy then. */
NKS_CHECKED enum nks_status nks_taken_copy(struct nks_run *run, const char *path, struct nks_signature_in *signature,
                                           struct nks_delivery *delivery, struct nks_sys_moment *copied, bool *whole);
/* Right after the copy: by what the system says of the file. A file that is gone is the same. */
NKS_CHECKED enum nks_status nks_taken_is_copy(struct nks_run *run, const char *path,
                                              const struct nks_sys_moment *copied, bool *same);
/* Of an earlier try: by the hash of the row. */
NKS_CHECKED enum nks_status nks_taken_is_delivery(struct nks_run *run, const char *path, int64_t id, bool *same);

#endif
