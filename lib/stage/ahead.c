#include "stage/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFERS = 2 };

struct nks_ahead {
    struct nks_run *run, *own;
    struct nks_ahead_work work;
    struct nks_batch batch;
    struct nks_slice *free[BUFFERS]; /* to be filled */
    size_t free_count;
    struct nks_slice *ready; /* filled, not yet taken */
    bool done, stop;         /* no more slices; the run wants no more */
    enum nks_status status;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running;
};

enum nks_status nks_step_batch(struct nks_step_context *step, int64_t batch_id)
{
    struct nks_run *run = step->run;
    if (step->batch->id == batch_id)
        return NKS_OK;
    bool found = false;
    nks_batch_close(step->batch);
    NKS_TRY(nks_batch_load(run->payments, batch_id, step->batch, &found, &run->fault));
    step->agreement = nks_agreement_by_id(&run->agreements, step->batch->agreement_id);
    if (!found || step->agreement == NULL)
        return nks_fault_set(&run->fault, NKS_INTEGRITY, "BATCH-ROW", "batch %lld or its agreement is missing",
                             (long long)batch_id);
    return NKS_OK;
}

/* An empty buffer, or NULL when the run wants no more. */
static struct nks_slice *buffer_take(struct nks_ahead *ahead)
{
    struct nks_slice *slice = NULL;
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && (ahead->free_count == 0 || ahead->ready != NULL))
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    if (!ahead->stop)
        slice = ahead->free[--ahead->free_count];
    pthread_mutex_unlock(&ahead->mutex);
    return slice;
}

static void hand_over(struct nks_ahead *ahead, struct nks_slice *slice, enum nks_status status)
{
    pthread_mutex_lock(&ahead->mutex);
    if (status == NKS_OK && slice->id != 0) {
        ahead->ready = slice;
    } else {
        ahead->free[ahead->free_count++] = slice;
        ahead->status = status;
        ahead->done = true;
    }
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
}

static void *thread_main(void *argument)
{
    struct nks_ahead *ahead = argument;
    struct nks_step_context step = {.run = ahead->own, .batch = &ahead->batch};
    int64_t id = 0;
    for (bool more = true; more;) {
        struct nks_slice *slice = buffer_take(ahead);
        if (slice == NULL)
            break;
        nks_slice_reset(slice);
        step.slice = slice;
        enum nks_status status = ahead->work.next(ahead->own, ahead->work.context, id, &id);
        if (status == NKS_OK && id != 0)
            status = nks_step_batch(&step, nks_slice_batch(id));
        if (status == NKS_OK && id != 0)
            status = ahead->work.prepare(&step, ahead->work.context, id);
        more = status == NKS_OK && id != 0;
        hand_over(ahead, slice, status);
    }
    return NULL;
}

static enum nks_status own_open(struct nks_ahead *ahead)
{
    struct nks_run_options options = ahead->run->options;
    options.lock = false;
    options.read_only = true;
    options.progress = NULL;
    NKS_TRY(nks_run_open(&options, &ahead->own, &ahead->run->fault));
    /* One instant for the whole run. */
    ahead->own->now = ahead->run->now;
    ahead->own->today = ahead->run->today;
    for (size_t i = 0; i < BUFFERS; i++) {
        ahead->free[i] = nks_slice_new();
        if (ahead->free[i] == NULL)
            return nks_fault_set(&ahead->run->fault, NKS_RETRY, "MEMORY", "no memory for a slice");
        ahead->free_count++;
    }
    return NKS_OK;
}

enum nks_status nks_ahead_start(struct nks_run *run, const struct nks_ahead_work *work, struct nks_ahead **out)
{
    struct nks_ahead *ahead = calloc(1, sizeof *ahead);
    if (ahead == NULL)
        return nks_fault_set(&run->fault, NKS_RETRY, "MEMORY", "no memory for a second worker");
    ahead->run = run;
    ahead->work = *work;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    enum nks_status status = own_open(ahead);
    if (status == NKS_OK && pthread_create(&ahead->thread, NULL, thread_main, ahead) != 0)
        status = nks_fault_set(&run->fault, NKS_RETRY, "THREAD", "no second worker can be started; try again later");
    ahead->running = status == NKS_OK;
    if (status != NKS_OK) {
        nks_ahead_stop(ahead);
        return status;
    }
    *out = ahead;
    return NKS_OK;
}

enum nks_status nks_ahead_next(struct nks_ahead *ahead, struct nks_slice **slice)
{
    pthread_mutex_lock(&ahead->mutex);
    while (ahead->ready == NULL && !ahead->done)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    *slice = ahead->ready;
    ahead->ready = NULL;
    enum nks_status status = *slice == NULL ? ahead->status : NKS_OK;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    if (status != NKS_OK && ahead->run->fault.status == NKS_OK)
        ahead->run->fault = ahead->own->fault;
    return status;
}

void nks_ahead_give_back(struct nks_ahead *ahead, struct nks_slice *slice)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->free[ahead->free_count++] = slice;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
}

void nks_ahead_stop(struct nks_ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->stop = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    if (ahead->running)
        pthread_join(ahead->thread, NULL);
    if (ahead->ready != NULL)
        ahead->free[ahead->free_count++] = ahead->ready;
    for (size_t i = 0; i < ahead->free_count; i++)
        nks_slice_free(ahead->free[i]);
    nks_batch_close(&ahead->batch);
    nks_run_close(ahead->own);
    pthread_mutex_destroy(&ahead->mutex);
    pthread_cond_destroy(&ahead->changed);
    free(ahead);
}
