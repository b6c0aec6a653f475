#ifndef NKS_TEST_FUZZ_H
#define NKS_TEST_FUZZ_H
/*
 * What fuzz targets share. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput: any bytes at all go in, and
 * beside not crashing, what it states with MUST has to hold. Its seeds are the files of corpus/NAME; one that begins
 * with "found-" is an input that once broke something.
 *
 * Under libFuzzer (sh scripts/fuzz.sh NAME SECONDS) the library drives it; else standalone.c does: the corpus, and a
 * fixed number of changes to it.
 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline struct nks_text fuzz_text(const uint8_t *data, size_t size)
{
    return (struct nks_text){(const char *)data, size};
}

/* A file in memory that holds the bytes and stands at its start; the same one every time. */
static inline int fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("nks-fuzz", MFD_CLOEXEC);
    MUST(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    MUST(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

#endif
