#include "stage/sink.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 1024 * 1024, CHUNK = 512 * 1024, CHUNKS = 3 };

struct nks_sink_thread {
    struct nks_out_sink *sink;
    struct nks_fault fault;
    enum nks_status status;
    char *chunk[CHUNKS];
    size_t len[CHUNKS];
    size_t filled, taken; /* chunks handed over, chunks done; the writer fills chunk `filled % CHUNKS` */
    size_t used;          /* bytes in the chunk being filled */
    bool end;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
};

static enum nks_status pass_on(struct nks_out_sink *sink, const void *data, size_t len, struct nks_fault *fault)
{
    nks_hash_add(sink->hash, data, len);
    NKS_TRY(nks_sys_write(sink->staging, data, len, fault));
    return nks_stream_write(sink->stream, data, len, fault);
}

/* ---- the thread */

static void *thread_main(void *argument)
{
    struct nks_sink_thread *thread = argument;
    for (;;) {
        pthread_mutex_lock(&thread->mutex);
        while (thread->taken == thread->filled && !thread->end)
            pthread_cond_wait(&thread->changed, &thread->mutex);
        bool over = thread->taken == thread->filled;
        size_t at = thread->taken % CHUNKS;
        enum nks_status status = thread->status;
        pthread_mutex_unlock(&thread->mutex);
        if (over)
            return NULL;
        if (status == NKS_OK)
            status = pass_on(thread->sink, thread->chunk[at], thread->len[at], &thread->fault);
        pthread_mutex_lock(&thread->mutex);
        thread->status = status;
        thread->taken++;
        pthread_cond_broadcast(&thread->changed);
        pthread_mutex_unlock(&thread->mutex);
    }
}

static void thread_free(struct nks_sink_thread *thread)
{
    for (size_t i = 0; i < CHUNKS; i++)
        free(thread->chunk[i]);
    pthread_mutex_destroy(&thread->mutex);
    pthread_cond_destroy(&thread->changed);
    free(thread);
}

static enum nks_status thread_start(struct nks_out_sink *sink, struct nks_fault *fault)
{
    struct nks_sink_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to write a file");
    thread->sink = sink;
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    bool whole = true;
    for (size_t i = 0; i < CHUNKS; i++) {
        thread->chunk[i] = malloc(CHUNK);
        whole = whole && thread->chunk[i] != NULL;
    }
    if (!whole || pthread_create(&thread->thread, NULL, thread_main, thread) != 0) {
        thread_free(thread);
        return nks_fault_set(fault, NKS_RETRY, "THREAD", "no second worker can be started; try again later");
    }
    sink->thread = thread;
    return NKS_OK;
}

/* Hands the chunk over and waits for room; tells what became of the earlier ones. */
static enum nks_status chunk_hand_over(struct nks_sink_thread *thread, struct nks_fault *fault)
{
    pthread_mutex_lock(&thread->mutex);
    thread->len[thread->filled % CHUNKS] = thread->used;
    thread->filled++;
    thread->used = 0;
    pthread_cond_broadcast(&thread->changed);
    while (thread->filled - thread->taken == CHUNKS)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    enum nks_status status = thread->status;
    pthread_mutex_unlock(&thread->mutex);
    if (status != NKS_OK && fault->status == NKS_OK)
        *fault = thread->fault;
    return status;
}

static enum nks_status thread_write(struct nks_sink_thread *thread, const char *data, size_t len,
                                    struct nks_fault *fault)
{
    while (len > 0) {
        size_t room = CHUNK - thread->used;
        size_t part = len < room ? len : room;
        memcpy(thread->chunk[thread->filled % CHUNKS] + thread->used, data, part);
        thread->used += part;
        data += part;
        len -= part;
        if (thread->used == CHUNK)
            NKS_TRY(chunk_hand_over(thread, fault));
    }
    return NKS_OK;
}

/* Waits until everything is written; the sink is single-threaded again. */
static enum nks_status thread_end(struct nks_out_sink *sink, struct nks_fault *fault)
{
    struct nks_sink_thread *thread = sink->thread;
    if (thread == NULL)
        return NKS_OK;
    enum nks_status status = thread->used > 0 ? chunk_hand_over(thread, fault) : NKS_OK;
    pthread_mutex_lock(&thread->mutex);
    thread->end = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->thread, NULL);
    if (status == NKS_OK && thread->status != NKS_OK) {
        status = thread->status;
        *fault = thread->fault;
    }
    thread_free(thread);
    sink->thread = NULL;
    return status;
}

/* ---- the sink */

enum nks_status nks_out_sink_write(void *context, const void *data, size_t len, struct nks_fault *fault)
{
    struct nks_out_sink *sink = context;
    sink->bytes += (int64_t)len;
    if (sink->thread == NULL && sink->bytes > SMALL)
        NKS_TRY(thread_start(sink, fault));
    return sink->thread != NULL ? thread_write(sink->thread, data, len, fault) : pass_on(sink, data, len, fault);
}

enum nks_status nks_out_sink_open(struct nks_run *run, int64_t file_id, struct nks_out_sink *sink)
{
    *sink = (struct nks_out_sink){.run = run, .staging = -1, .archive = -1};
    char staging[NKS_PATH_MAX], archive[NKS_PATH_MAX];
    NKS_TRY(nks_run_staging_path(run, file_id, staging));
    NKS_TRY(nks_run_archive_path(run, file_id, archive));
    /* Leftovers of a try that was killed before its row. */
    NKS_TRY(nks_sys_unlink(staging, &run->fault));
    NKS_TRY(nks_sys_unlink(archive, &run->fault));
    sink->hash = nks_hash_new();
    if (sink->hash == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory to write a file");
    NKS_TRY(nks_sys_create(staging, &sink->staging, &run->fault));
    NKS_TRY(nks_sys_create(archive, &sink->archive, &run->fault));
    return nks_stream_write_open(run->keys, NKS_KEY_ARCHIVE, file_id, sink->archive, &sink->stream, &run->fault);
}

enum nks_status nks_out_sink_finish(struct nks_out_sink *sink, uint8_t hash[NKS_HASH_SIZE])
{
    struct nks_run *run = sink->run;
    char staging[NKS_PATH_MAX], archive[NKS_PATH_MAX];
    NKS_TRY(thread_end(sink, &run->fault));
    NKS_TRY(nks_stream_write_end(sink->stream, &run->fault));
    NKS_TRY(nks_sys_fsync(sink->staging, &run->fault));
    NKS_TRY(nks_sys_fsync(sink->archive, &run->fault));
    NKS_TRY(nks_run_path(run, staging, "staging", NULL, NULL));
    NKS_TRY(nks_run_path(run, archive, "archive", NULL, NULL));
    NKS_TRY(nks_sys_fsync_dir(staging, &run->fault));
    NKS_TRY(nks_sys_fsync_dir(archive, &run->fault));
    nks_hash_end(sink->hash, hash);
    return NKS_OK;
}

void nks_out_sink_close(struct nks_out_sink *sink)
{
    struct nks_fault unimportant = {.status = NKS_OK}; /* whoever closes without finish has a fault already */
    enum nks_status status = thread_end(sink, &unimportant);
    (void)status;
    nks_stream_write_free(sink->stream);
    nks_hash_free(sink->hash);
    if (sink->staging >= 0)
        close(sink->staging);
    if (sink->archive >= 0)
        close(sink->archive);
}
