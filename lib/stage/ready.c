/* Before the night: room on the disk and folders that take files, so that a run that cannot end is not begun. */
#include "stage/journal.h"
#include "stage/run.h"

enum {
    FOLDERS_MAX = 20000,
    FILES_MAX = 100000, /* of one folder; more than one night takes */
    /* A received file is kept as its encrypted copy and as rows, and what goes out of it is staged, then kept as an
     * encrypted copy too: four times its bytes at most. */
    ROOM_TIMES = 4,
    MIB = 1024 * 1024,
};

static const char *const written_to[] = {"spool", "staging", "archive", "out/central", "out/payer", "out/sender"};

/* What cannot be looked at counts nothing: receive tells it. */
static int64_t folder_bytes(const char *dir)
{
    struct nks_sys_list list = {NULL, 0, false};
    struct nks_fault unseen;
    int64_t sum = 0;
    nks_fault_clear(&unseen);
    if (nks_sys_list(dir, FILES_MAX, false, &list, &unseen) == NKS_OK) {
        for (size_t i = 0; i < list.count; i++) {
            char path[NKS_PATH_MAX];
            int64_t size = 0;
            nks_time changed;
            if (nks_path_join(path, dir, list.names[i]) && nks_sys_stat(path, &size, &changed, &unseen) == NKS_OK &&
                size < INT64_MAX / ROOM_TIMES / 2 - sum)
                sum += size;
        }
    }
    nks_sys_list_free(&list);
    return sum;
}

static int64_t waiting_bytes(const char *root)
{
    struct nks_sys_list list = {NULL, 0, false};
    struct nks_fault unseen;
    int64_t sum = 0;
    nks_fault_clear(&unseen);
    if (nks_sys_list(root, FOLDERS_MAX, true, &list, &unseen) == NKS_OK) {
        for (size_t i = 0; i < list.count; i++) {
            char dir[NKS_PATH_MAX];
            int64_t bytes = nks_path_join(dir, root, list.names[i]) ? folder_bytes(dir) : 0;
            sum += bytes < INT64_MAX / ROOM_TIMES / 2 - sum ? bytes : 0;
        }
    }
    nks_sys_list_free(&list);
    return sum;
}

enum nks_status nks_run_may_sign(struct nks_run *run)
{
    char when[NKS_TIME_TEXT];
    nks_time until = nks_keys_file_until(run->keys, run->now);
    if (run->now <= until)
        return NKS_OK;
    nks_time_format(until, when);
    return nks_fault_set(
        &run->fault, NKS_HELD, "KEY-EXPIRED",
        "the certificate that signs files ended at %s: nothing is published until nks keys rotate file "
        "has made another",
        when);
}

enum nks_status nks_run_ready(struct nks_run *run)
{
    NKS_TRY(nks_run_journal(run));
    char path[NKS_PATH_MAX];
    int64_t waiting = 0, free_bytes = 0;
    for (size_t i = 0; i < sizeof written_to / sizeof written_to[0]; i++) {
        NKS_TRY(nks_run_path(run, path, written_to[i], NULL, NULL));
        NKS_TRY(nks_sys_may_write(path, &run->fault));
    }
    NKS_TRY(nks_run_path(run, path, "in/sender", NULL, NULL));
    waiting += waiting_bytes(path);
    NKS_TRY(nks_run_path(run, path, "in/central", NULL, NULL));
    waiting += waiting_bytes(path);
    NKS_TRY(nks_sys_free_bytes(run->home, &free_bytes, &run->fault));
    int64_t needed = waiting / MIB * ROOM_TIMES + ROOM_TIMES + run->conf.min_free_mib;
    if (run->conf.min_free_mib == 0 || free_bytes / MIB >= needed)
        return NKS_OK;
    return nks_fault_set(&run->fault, NKS_RETRY, "DISK-FULL",
                         "nothing was begun: %lld MiB are free on the disk of the home, this night wants %lld; make "
                         "room, or see min_free_mib in nks.conf",
                         (long long)(free_bytes / MIB), (long long)needed);
}
