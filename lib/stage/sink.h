#ifndef NKS_STAGE_SINK_H
#define NKS_STAGE_SINK_H
/* Where an out file's bytes go while it is written: into staging, into the hash, and encrypted into the archive. */
#include "stage/run.h"
#include "vault/stream.h"

struct nks_out_sink {
    struct nks_run *run;
    int staging, archive;
    struct nks_hash *hash;
    struct nks_stream_writer *stream;
    int64_t bytes;
    int64_t entries;       /* set by the writer */
    struct nks_sum sum;    /* set by the writer */
};
/* For nks_xmlout: context is a nks_out_sink. */
NKS_CHECKED enum nks_status nks_out_sink_write(void *context, const void *data, size_t len, struct nks_fault *fault);
#endif
