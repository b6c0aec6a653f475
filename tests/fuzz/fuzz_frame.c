/*
 * What the parent believes of a reader that may be anything: whole frames come out in order, their records hold
 * together, and pieces of any size give the same frames. The first byte of the input is the size of the pieces.
 */
#include "iso20022/frame_in.h"
#include "iso20022/token.h"

#include "fuzz.h"

enum { FRAMES_MAX = 1 << 16 };

static void check_record(const struct nks_reader_frame *frame)
{
    MUST(nks_record_check(frame->record));
    for (int slot = 1; slot < NKS_SLOT_COUNT; slot++) {
        struct nks_text text = nks_record_slot(frame->record, (enum nks_slot)slot);
        MUST(text.len == 0 || (text.ptr >= frame->record.ptr && text.len <= frame->record.len));
        MUST(nks_text_is_utf8(text));
    }
    struct nks_text rest = nks_record_tokens(frame->record);
    int depth = 0;
    for (struct nks_token token; (token = nks_token_next(&rest)).kind != NKS_TOKEN_IS_END_OF_DATA;) {
        depth += (token.kind == NKS_TOKEN_IS_OPEN) - (token.kind == NKS_TOKEN_IS_CLOSE);
        MUST(depth >= 0 && depth <= NKS_TOKEN_DEPTH);
        MUST(token.kind != NKS_TOKEN_IS_OPEN || nks_element_name(token.element) != NULL);
    }
    MUST(depth == 0);
}

static bool has_record(enum nks_frame_kind kind)
{
    return kind == NKS_FRAME_HEADER || kind == NKS_FRAME_GROUP || kind == NKS_FRAME_PAYMENT ||
           kind == NKS_FRAME_REPORT || kind == NKS_FRAME_REPORT_GROUP || kind == NKS_FRAME_REPORT_PAYMENT;
}

struct told {
    bool garbage, complete;
    uint32_t frames;
    uint8_t kinds[FRAMES_MAX];
};

static void take(struct nks_text bytes, size_t step, struct told *told)
{
    static struct nks_frame_in in;
    struct nks_reader_frame frame;
    memset(told, 0, offsetof(struct told, kinds));
    nks_frame_in_init(&in);
    while (bytes.len > 0 && !told->garbage) {
        size_t room;
        char *at = nks_frame_in_room(&in, &room);
        MUST(room > 0);
        size_t len = bytes.len < step ? bytes.len : step;
        len = len < room ? len : room;
        memcpy(at, bytes.ptr, len);
        in.to += len;
        bytes = nks_text_slice(bytes, len, bytes.len);
        enum nks_frame_in_state state;
        while ((state = nks_frame_in_take(&in, &frame)) == NKS_FRAME_IN_FRAME) {
            if (has_record(frame.kind))
                check_record(&frame);
            MUST(!told->complete);
            told->complete = frame.kind == NKS_FRAME_END && frame.end.complete == 1;
            if (told->frames < FRAMES_MAX)
                told->kinds[told->frames++] = (uint8_t)frame.kind;
        }
        told->garbage = state == NKS_FRAME_IN_GARBAGE;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told whole, pieces;
    if (size == 0)
        return 0;
    take(fuzz_text(data + 1, size - 1), size, &whole);
    take(fuzz_text(data + 1, size - 1), 1 + (size_t)data[0], &pieces);
    MUST(whole.frames == pieces.frames && memcmp(whole.kinds, pieces.kinds, whole.frames) == 0);
    MUST(whole.garbage == pieces.garbage && whole.complete == pieces.complete);
    return 0;
}
