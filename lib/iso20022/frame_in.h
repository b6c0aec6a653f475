#ifndef NKS_ISO20022_FRAME_IN_H
#define NKS_ISO20022_FRAME_IN_H
/*
 * Frames out of a pipe, in the parent. Bytes go in as they come; frames come out checked and in order, or the stream is
 * garbage for good.
 */
#include "iso20022/spawn.h"

enum { NKS_FRAME_IN_BUFFER = 1024 * 1024 };

struct nks_frame_in {
    size_t from, to; /* the bytes not yet taken */
    enum nks_frame_kind last;
    bool in_group, header_seen;
    enum nks_report_version report; /* NONE: an order */
    uint32_t groups, findings;
    uint64_t payments;
    bool ended;
    char buffer[NKS_FRAME_IN_BUFFER];
};

void nks_frame_in_init(struct nks_frame_in *in);
/* Room for bytes to be read; never empty when every whole frame was taken. The caller adds what it read to `to`. */
char *nks_frame_in_room(struct nks_frame_in *in, size_t *room);

enum nks_frame_in_state { NKS_FRAME_IN_FRAME, NKS_FRAME_IN_MORE, NKS_FRAME_IN_GARBAGE };
/* The next frame. Its texts are valid until nks_frame_in_room. */
enum nks_frame_in_state nks_frame_in_take(struct nks_frame_in *in, struct nks_reader_frame *frame);

#endif
