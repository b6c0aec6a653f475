#ifndef NKS_STAGE_BACKUP_PRIVATE_H
#define NKS_STAGE_BACKUP_PRIVATE_H
/* What making and putting back a backup share. */
#include "stage/backup.h"

enum { NKS_BACKUP_LIST_MAX = 1 << 30, NKS_BACKUP_NAME_MAX = 128 };

struct nks_backup_file {
    char name[NKS_BACKUP_NAME_MAX]; /* "archive/000000000001.nks" */
    int64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
};
typedef enum nks_status (*nks_backup_file_fn)(void *context, const struct nks_backup_file *file,
                                              struct nks_fault *fault);
/* Each line of a list whose signature holds; `hash` is the list's. */
NKS_CHECKED enum nks_status nks_backup_each(const char *keys_dir, const char *path, uint8_t hash[NKS_HASH_SIZE],
                                            nks_backup_file_fn fn, void *context, struct nks_fault *fault);
/* Copies into a new file, synced; size and hash are of what was read. */
NKS_CHECKED enum nks_status nks_backup_copy(const char *from, const char *to, struct nks_backup_file *file,
                                            struct nks_fault *fault);
/* A folder with all that is in it, so many levels deep; links are no part of it. One that is not there is NKS_OK. */
NKS_CHECKED enum nks_status nks_tree_remove(const char *path, int depth, struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_backup_size(const char *path, const struct nks_backup_file *file,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_backup_join(char out[NKS_PATH_MAX], const char *dir, const char *name,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_backup_damaged(const char *name, const char *how, struct nks_fault *fault);
#endif
