#include "iso20022/frame_out.h"

#include "base/fault_point.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "frames and records are little endian and copied as they are");
_Static_assert(NKS_FRAME_OUT_BUFFER >= NKS_FRAME_MAX + 8, "a frame fits the buffer");

void nks_frame_out_init(struct nks_frame_out *out, int fd)
{
    out->fd = fd;
    out->failed = false;
    out->used = 0;
}

bool nks_frame_out_flush(struct nks_frame_out *out)
{
    for (size_t done = 0; done < out->used && !out->failed;) {
        bool fails = nks_fault_point(true);
        ssize_t wrote = fails ? -1 : write(out->fd, out->buffer + done, nks_fault_short(out->used - done));
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote == 0 || errno != EINTR)
            out->failed = true;
    }
    out->used = 0;
    return !out->failed;
}

static void put(struct nks_frame_out *out, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(out->buffer + out->used, bytes, len);
    out->used += len;
}

void nks_frame_out_put(struct nks_frame_out *out, enum nks_frame_kind kind, const struct nks_text *parts, size_t count)
{
    uint32_t head[2] = {(uint32_t)kind, 0};
    for (size_t i = 0; i < count; i++)
        head[1] += (uint32_t)parts[i].len;
    if (out->used + sizeof head + head[1] > sizeof out->buffer && !nks_frame_out_flush(out))
        return;
    put(out, head, sizeof head);
    for (size_t i = 0; i < count; i++)
        put(out, parts[i].ptr, parts[i].len);
}
