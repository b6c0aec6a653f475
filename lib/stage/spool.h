#ifndef NKS_STAGE_SPOOL_H
#define NKS_STAGE_SPOOL_H
/*
 * Private to lib/stage: the bytes of a received file, read from its encrypted copy in the spool for the stage that
 * judges it. That a copy is authentic and of this number says the stream; that it is the file whose row this is says
 * its SHA-256 alone: another database may have given the same number to another file.
 *
 * Order of calls: open, piece after piece, end before anything is decided by them, close (also after a fault).
 */
#include "stage/run.h"

struct nks_hash;
struct nks_stream_reader;
struct nks_spool {
    struct nks_run *run;
    const struct nks_delivery *delivery;
    struct nks_stream_reader *stream;
    struct nks_hash *hash;
    int fd;
    int64_t fed; /* bytes given out */
};

/* The delivery stays the caller's. */
NKS_CHECKED enum nks_status nks_spool_open(struct nks_spool *spool, struct nks_run *run,
                                           const struct nks_delivery *delivery);
/* Empty at the end; it stays until the next call. */
NKS_CHECKED enum nks_status nks_spool_piece(struct nks_spool *spool, struct nks_text *piece, struct nks_fault *fault);
/* Reads what nobody asked for, too. NKS_INTEGRITY (SPOOL-CHANGED): these are not the bytes that were received. */
NKS_CHECKED enum nks_status nks_spool_end(struct nks_spool *spool, struct nks_fault *fault);
void nks_spool_close(struct nks_spool *spool);

#endif
