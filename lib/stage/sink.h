#ifndef NKS_STAGE_SINK_H
#define NKS_STAGE_SINK_H
/*
 * Where an out file's bytes go while it is written: into the hash, into staging, and encrypted into the archive. Behind
 * the first megabyte a thread does this on the second core, while the writer goes on.
 *
 * Order of calls: open; write (by nks_xmlout) …; finish, which waits, syncs and gives the hash; close in any case.
 */
#include "stage/run.h"
#include "vault/stream.h"

struct nks_sink_thread;
struct nks_out_sink {
    struct nks_run *run;
    int staging, archive;
    struct nks_hash *hash;
    struct nks_stream_writer *stream;
    struct nks_sink_thread *thread; /* NULL for a small file */
    int64_t bytes;
    int64_t entries;    /* set by the writer */
    struct nks_sum sum; /* set by the writer */
};
NKS_CHECKED enum nks_status nks_out_sink_open(struct nks_run *run, int64_t file_id, struct nks_out_sink *sink);
/* For nks_xmlout: context is a nks_out_sink. */
NKS_CHECKED enum nks_status nks_out_sink_write(void *context, const void *data, size_t len, struct nks_fault *fault);
/* All bytes are on the disk afterwards. */
NKS_CHECKED enum nks_status nks_out_sink_finish(struct nks_out_sink *sink, uint8_t hash[NKS_HASH_SIZE]);
void nks_out_sink_close(struct nks_out_sink *sink);
#endif
