/* A file that is done only as it was agreed upon. */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, READ_END = 0, WRITE_END = 1 };

struct content {
    int file, ends[2];
    uint8_t expected[NKS_HASH_SIZE];
    pthread_t feeder;
    struct nks_hash *hash;
    bool other; /* than the expected file */
    char pieces[2][PIECE];
};

static bool give(struct content *content, const char *bytes, size_t len)
{
    struct nks_fault unimportant = {.status = NKS_OK}; /* a reader that went away says why itself */
    return nks_sys_write(content->ends[WRITE_END], bytes, len, &unimportant) == NKS_OK;
}

static void feed_all(struct content *content)
{
    static const char poison[] = {'\0', '\n'};
    struct nks_fault unimportant = {.status = NKS_OK};
    uint8_t hash[NKS_HASH_SIZE];
    size_t held = 0, got = 0;
    int piece = 0;
    for (;; piece = !piece) {
        if (nks_sys_read(content->file, content->pieces[piece], PIECE, &got, &unimportant) != NKS_OK)
            break;
        nks_hash_add(content->hash, content->pieces[piece], got);
        if (got == 0)
            break;
        if (held > 0 && !give(content, content->pieces[!piece], held))
            return;
        held = got;
    }
    nks_hash_end(content->hash, hash);
    content->other = unimportant.status != NKS_OK || memcmp(hash, content->expected, sizeof hash) != 0;
    if (content->other)
        (void)give(content, poison, sizeof poison);
    else if (held > 0)
        (void)give(content, content->pieces[!piece], held);
}

static void *feed(void *context)
{
    struct content *content = context;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* a write to nobody is an error here, not an end of the program */
    feed_all(content);
    close(content->ends[WRITE_END]);
    content->ends[WRITE_END] = -1;
    return NULL;
}

static enum nks_status start(struct content *content, const char *path, struct nks_fault *fault)
{
    content->hash = nks_hash_new();
    if (content->hash == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to read a file; try again later");
    NKS_TRY(nks_sys_open_read(path, &content->file, fault));
    if (pipe2(content->ends, O_CLOEXEC) != 0)
        return nks_fault_set(fault, NKS_RETRY, "FILE-IO", "no pipe to be had; try again later");
    if (pthread_create(&content->feeder, NULL, feed, content) != 0)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no thread to be had; try again later");
    return NKS_OK;
}

static void content_free(struct content *content)
{
    const int fds[] = {content->file, content->ends[READ_END], content->ends[WRITE_END]};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    nks_hash_free(content->hash);
    explicit_bzero(content->pieces, sizeof content->pieces);
    free(content);
}

enum nks_status content_open(const char *path, const uint8_t hash[NKS_HASH_SIZE], struct content **out,
                             struct nks_fault *fault)
{
    struct content *content = calloc(1, sizeof *content);
    *out = NULL;
    if (content == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to read a file; try again later");
    content->file = content->ends[READ_END] = content->ends[WRITE_END] = -1;
    memcpy(content->expected, hash, NKS_HASH_SIZE);
    enum nks_status status = start(content, path, fault);
    if (status == NKS_OK)
        *out = content;
    else
        content_free(content);
    return status;
}

int content_fd(const struct content *content)
{
    return content->ends[READ_END];
}

bool content_close(struct content *content)
{
    close(content->ends[READ_END]); /* a feeder that still writes ends by that */
    content->ends[READ_END] = -1;
    pthread_join(content->feeder, NULL);
    bool same = !content->other;
    content_free(content);
    return same;
}
