#ifndef NKS_TEST_READER_RUN_H
#define NKS_TEST_READER_RUN_H
/*
 * The reader in this process, without its jail, over bytes in memory: what it said, checked as the parent checks it
 * (frame_in.h). For tests that ask it many thousand times; the two memory files are made once and used again.
 *
 * What must hold for any bytes at all is asked of every run: reader_run_fault names what does not.
 */
#include "iso20022/frame_in.h"
#include "iso20022/reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct reader_run {
    /* Called for every frame; may be NULL. */
    void (*frame)(void *context, const struct nks_reader_frame *frame);
    void *context;

    int exit;
    bool garbage, ended, complete;
    struct nks_frame_document document;
    struct nks_frame_end end;
    uint32_t findings;
    struct nks_frame_finding finding[NKS_FINDINGS_MAX];
    char text[NKS_FINDINGS_MAX][304];
};

static inline void reader_run_keep(struct reader_run *run, const struct nks_reader_frame *frame)
{
    if (frame->kind == NKS_FRAME_DOCUMENT) {
        run->document = frame->document;
    } else if (frame->kind == NKS_FRAME_FINDING && run->findings < NKS_FINDINGS_MAX) {
        run->finding[run->findings] = frame->finding;
        if (!nks_text_copy(frame->text, run->text[run->findings++], sizeof run->text[0]))
            abort(); /* longer than the parent's check lets through */
    } else if (frame->kind == NKS_FRAME_END) {
        run->ended = true;
        run->end = frame->end;
        run->complete = frame->end.complete == 1;
    }
    if (run->frame != NULL)
        run->frame(run->context, frame);
}

static inline void reader_run_take(struct reader_run *run, int fd)
{
    static struct nks_frame_in frames;
    struct nks_reader_frame frame;
    enum nks_frame_in_state state = NKS_FRAME_IN_MORE;
    nks_frame_in_init(&frames);
    while (state != NKS_FRAME_IN_GARBAGE) {
        size_t room;
        char *at = nks_frame_in_room(&frames, &room);
        ssize_t got = read(fd, at, room);
        if (got <= 0)
            break;
        frames.to += (size_t)got;
        while ((state = nks_frame_in_take(&frames, &frame)) == NKS_FRAME_IN_FRAME)
            reader_run_keep(run, &frame);
    }
    run->garbage = state == NKS_FRAME_IN_GARBAGE || frames.from != frames.to;
}

/* An empty memory file, standing at its start. */
static inline int reader_run_file(int *fd)
{
    if (*fd < 0)
        *fd = memfd_create("nks-test", MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, 0) != 0 || lseek(*fd, 0, SEEK_SET) != 0)
        abort();
    return *fd;
}

static inline void reader_run(struct reader_run *run, const char *bytes, size_t len)
{
    static int in = -1, out = -1;
    static bool prepared;
    if (!prepared)
        nks_reader_prepare();
    prepared = true;
    run->findings = 0;
    run->garbage = run->ended = run->complete = false;
    reader_run_file(&in);
    reader_run_file(&out);
    for (size_t done = 0; done < len;) {
        ssize_t wrote = write(in, bytes + done, len - done);
        if (wrote <= 0)
            abort();
        done += (size_t)wrote;
    }
    if (lseek(in, 0, SEEK_SET) != 0)
        abort();
    run->exit = nks_reader_run(in, out, &nks_reader_limits);
    if (lseek(out, 0, SEEK_SET) != 0)
        abort();
    reader_run_take(run, out);
}

/* NULL where all is as it must be, whatever the bytes were. */
static inline const char *reader_run_fault(const struct reader_run *run, size_t len)
{
    if (run->exit != NKS_READER_EXIT_DONE)
        return "the reader did not leave with 0";
    if (run->garbage)
        return "the frames are garbage";
    if (!run->ended)
        return "there is no END";
    if (run->complete != (run->findings == 0))
        return "complete, with a finding; or neither";
    if (run->end.bytes > len)
        return "more bytes read than there are";
    return run->complete && run->end.bytes != len ? "accepted without being read to the end" : NULL;
}

#endif
