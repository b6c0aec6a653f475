/*
 * The first bytes of a file, and the look at all of them before the parser: pieces of any size give the same verdict,
 * and nothing that passes holds a zero byte or a document type declaration outside of values and comments.
 */
#include "iso20022/prescan.h"
#include "iso20022/prolog.h"

#include "fuzz.h"

enum { TAG_BYTES = 300, RUN_BYTES = 500 };

/* All bytes in pieces of `step`: how many were good, and what was found. */
static struct nks_prescan_result scan(struct nks_text bytes, size_t step)
{
    struct nks_prescan prescan;
    struct nks_prescan_result all = {0, 0, NULL}, one;
    nks_prescan_init(&prescan, &(struct nks_prescan_limits){TAG_BYTES, RUN_BYTES});
    while (bytes.len > 0 && all.kind == 0) {
        size_t len = bytes.len < step ? bytes.len : step;
        one = nks_prescan_bytes(&prescan, bytes.ptr, len);
        MUST(one.good <= len && (one.kind != 0) == (one.text != NULL) && (one.kind != 0 || one.good == len));
        all = (struct nks_prescan_result){all.good + one.good, one.kind, one.text};
        bytes = nks_text_slice(bytes, len, bytes.len);
    }
    return all;
}

static void check_prolog(struct nks_text text)
{
    struct nks_prolog prolog, early;
    struct nks_prolog_fault fault = {0, 0, NULL}, ignored = {0, 0, NULL};
    enum nks_prolog_state state = nks_prolog_read(text, true, &prolog, &fault);
    MUST(state != NKS_PROLOG_MORE);
    if (state == NKS_PROLOG_FAULT) {
        MUST(fault.kind != 0 && fault.text != NULL);
        return;
    }
    MUST((prolog.version == NKS_PAIN001_UNKNOWN) != (prolog.report == NKS_REPORT_NONE));
    MUST(prolog.skip == 0 || prolog.encoding == NKS_UTF8);
    MUST(nks_prolog_namespace(&prolog)[0] != '\0');
    MUST(memmem(text.ptr, text.len, nks_prolog_namespace(&prolog), strlen(nks_prolog_namespace(&prolog))) != NULL);
    /* fewer bytes: the same, or not enough yet */
    for (size_t len = 0; len < text.len; len += 1 + len / 8) {
        enum nks_prolog_state then = nks_prolog_read(nks_text_slice(text, 0, len), false, &early, &ignored);
        MUST(then == NKS_PROLOG_MORE || (then == NKS_PROLOG_FOUND && early.version == prolog.version &&
                                         early.report == prolog.report && early.encoding == prolog.encoding));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nks_text text = fuzz_text(data, size);
    if (size == 0)
        return 0;
    check_prolog(text);
    struct nks_prescan_result whole = scan(text, size), bytes = scan(text, 1), sevens = scan(text, 7);
    MUST(whole.kind == bytes.kind && whole.text == bytes.text && whole.kind == sevens.kind);
    MUST(memchr(text.ptr, 0, whole.good) == NULL && memchr(text.ptr, 0, bytes.good) == NULL);
    return 0;
}
