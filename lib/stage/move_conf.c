/* The switch of a move: nks.conf names the new database, and the old one gets another name. */
#include "stage/backup.h"
#include "stage/move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_BITS = 07777 };

static const char words[] = "# on PostgreSQL; without this line it is nks.db in the home\ndatabase = ";

static bool is_header(struct nks_text line, bool *is_home)
{
    line = nks_text_trim(line);
    *is_home = nks_text_starts(line, "[home]");
    return nks_text_starts(line, "[");
}

/* An empty `database =`, which names nothing: a key may stand once only. */
static bool is_database(struct nks_text line)
{
    line = nks_text_trim(line);
    size_t len = strlen("database");
    return nks_text_starts(line, "database") &&
           nks_text_starts(nks_text_trim(nks_text_slice(line, len, line.len - len)), "=");
}

static void put_address(struct nks_buf *buf, const char *address)
{
    nks_buf_str(buf, words);
    nks_buf_str(buf, address);
    nks_buf_char(buf, '\n');
}

enum nks_status nks_conf_with_database(struct nks_text conf, const char *address, char **out, struct nks_fault *fault)
{
    size_t room = conf.len + strlen(address) + sizeof words + 32;
    struct nks_buf buf;
    bool in_home = false, done = false;
    *out = malloc(room);
    if (*out == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for nks.conf; try again later");
    nks_buf_init(&buf, *out, room - 1);
    while (conf.len > 0) {
        struct nks_text line = nks_text_cut(&conf, '\n');
        if (in_home && is_database(line))
            continue;
        nks_buf_text(&buf, line);
        nks_buf_char(&buf, '\n');
        bool is_home = false;
        if (!is_header(line, &is_home))
            continue;
        in_home = is_home;
        if (is_home && !done)
            put_address(&buf, address);
        done = done || is_home;
    }
    if (!done) {
        nks_buf_str(&buf, "[home]\n");
        put_address(&buf, address);
    }
    (*out)[buf.len] = '\0';
    return NKS_OK;
}

enum nks_status nks_conf_same_rights(const char *conf, const char *next, struct nks_fault *fault)
{
    struct stat info, made;
    bool good = stat(conf, &info) == 0 && stat(next, &made) == 0;
    bool same = good && info.st_uid == made.st_uid && info.st_gid == made.st_gid;
    good = good && (same || chown(next, info.st_uid, info.st_gid) == 0) && chmod(next, info.st_mode & MODE_BITS) == 0;
    return good ? NKS_OK
                : nks_fault_set(fault, NKS_FAILED, "FILE-PERMISSION",
                                "the new nks.conf cannot be given owner and mode of the old one; move the home as its "
                                "owner");
}

enum { STAMPED_SAME_MAX = 1000 };

/* HOME/nks.db.moved-TIME, or -2 and so on where one is there. */
static enum nks_status aside_name(const char *path, nks_time now, char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    char stamp[NKS_STAMP_TEXT];
    nks_stamp_format(now, stamp);
    int len = snprintf(out, NKS_PATH_MAX, "%s.moved-%s", path, stamp);
    for (int n = 2; len < NKS_PATH_MAX && nks_sys_exists(out) && n <= STAMPED_SAME_MAX; n++)
        len = snprintf(out, NKS_PATH_MAX, "%s.moved-%s-%d", path, stamp, n);
    return len < NKS_PATH_MAX
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

/* With a write-ahead log beside it the file is not whole, and nothing of a move. */
enum nks_status nks_home_moved_aside(const char *home, const struct nks_conf *conf, nks_time now,
                                     char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], log[NKS_PATH_MAX], aside[NKS_PATH_MAX];
    if (out != NULL)
        out[0] = '\0';
    if (!nks_path_join(path, home, "nks.db") || !nks_path_join(log, home, "nks.db-wal"))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    if (conf->database[0] == '\0' || !nks_sys_exists(path) || nks_sys_exists(log))
        return NKS_OK;
    NKS_TRY(aside_name(path, now, aside, fault));
    NKS_TRY(nks_sys_rename(path, aside, fault));
    NKS_TRY(nks_sys_fsync_dir(home, fault));
    if (out != NULL)
        memcpy(out, aside, sizeof aside);
    /* Not through a descriptor: closing that would take away the locks of a connection of ours. */
    return chmod(aside, S_IRUSR) == 0
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "FILE-PERMISSION", "the mode of nks.db.moved could not be changed");
}
