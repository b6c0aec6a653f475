/* Folders of ours that are removed as a whole. */
#include "stage/backup_private.h"

enum { ENTRIES_MAX = 10000000 };

static enum nks_status files_remove(const char *path, struct nks_fault *fault)
{
    struct nks_sys_list list = {NULL, 0, false};
    NKS_TRY(nks_sys_list(path, ENTRIES_MAX, false, &list, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        char one[NKS_PATH_MAX];
        status = nks_backup_join(one, path, list.names[i], fault);
        if (status == NKS_OK)
            status = nks_sys_unlink(one, fault);
    }
    nks_sys_list_free(&list);
    return status;
}

enum nks_status nks_tree_remove(const char *path, int depth, struct nks_fault *fault)
{
    struct nks_sys_list list = {NULL, 0, false};
    if (!nks_sys_exists(path) || depth == 0)
        return NKS_OK;
    NKS_TRY(nks_sys_list(path, ENTRIES_MAX, true, &list, fault));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list.count && status == NKS_OK; i++) {
        char one[NKS_PATH_MAX];
        status = nks_backup_join(one, path, list.names[i], fault);
        if (status == NKS_OK)
            status = nks_tree_remove(one, depth - 1, fault);
    }
    nks_sys_list_free(&list);
    if (status == NKS_OK)
        status = files_remove(path, fault);
    return status == NKS_OK ? nks_sys_rmdir(path, fault) : status;
}
