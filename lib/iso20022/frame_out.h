#ifndef NKS_ISO20022_FRAME_OUT_H
#define NKS_ISO20022_FRAME_OUT_H
/* Frames (frame.h) into a pipe, through a buffer. A failed write is kept: later calls do nothing. */
#include "iso20022/frame.h"

enum { NKS_FRAME_OUT_BUFFER = 256 * 1024 };

struct nks_frame_out {
    int fd;
    bool failed;
    size_t used;
    char buffer[NKS_FRAME_OUT_BUFFER];
};

void nks_frame_out_init(struct nks_frame_out *out, int fd);
/* The parts of the payload stand one after the other; in all at most NKS_FRAME_MAX bytes. */
void nks_frame_out_put(struct nks_frame_out *out, enum nks_frame_kind kind, const struct nks_text *parts, size_t count);
/* False when any write failed. */
NKS_CHECKED bool nks_frame_out_flush(struct nks_frame_out *out);

#endif
