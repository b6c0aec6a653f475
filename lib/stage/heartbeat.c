#include "stage/heartbeat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEAT_MAX = 2048 };

static const char *when(nks_time time, char out[NKS_TIME_TEXT])
{
    out[0] = '\0';
    if (time != 0)
        nks_time_format(time, out);
    return out;
}

enum nks_status nks_heartbeat_write(const char *home, const struct nks_heartbeat *beat, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], text[BEAT_MAX], began[NKS_TIME_TEXT], ended[NKS_TIME_TEXT];
    if (!nks_path_join(path, home, "heartbeat"))
        return nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
    const struct nks_run_counts *counts = &beat->counts;
    int len = snprintf(text, sizeof text,
                       "state=%s\nbegan=%s\nended=%s\npid=%" PRId64 "\nexit=%" PRId64 "\ncode=%s\nreceived=%" PRId64
                       "\naccepted=%" PRId64 "\nrefused=%" PRId64 "\nrejected=%" PRId64 "\norders=%" PRId64
                       "\npublished=%" PRId64 "\nnext=%s\n",
                       beat->working ? "working" : "ended", when(beat->began, began), when(beat->ended, ended),
                       beat->pid, beat->exit, beat->code, counts->received, counts->accepted, counts->refused,
                       counts->rejected, counts->orders, counts->published, beat->next);
    return nks_file_replace(path, text, (size_t)len, 0600, fault);
}

static void take_line(char *line, struct nks_heartbeat *out)
{
    char *value = strchr(line, '=');
    if (value == NULL)
        return;
    *value++ = '\0';
    struct nks_text text = nks_text_from(value);
    if (strcmp(line, "state") == 0)
        out->working = strcmp(value, "working") == 0;
    else if (strcmp(line, "began") == 0 && !nks_time_parse(text, &out->began))
        out->began = 0;
    else if (strcmp(line, "ended") == 0 && !nks_time_parse(text, &out->ended))
        out->ended = 0;
    else if (strcmp(line, "pid") == 0)
        out->pid = strtoll(value, NULL, 10);
    else if (strcmp(line, "exit") == 0)
        out->exit = strtoll(value, NULL, 10);
    else if (strcmp(line, "code") == 0 && !nks_text_copy(text, out->code, sizeof out->code))
        out->code[0] = '\0';
}

bool nks_heartbeat_read(const char *home, struct nks_heartbeat *out)
{
    char path[NKS_PATH_MAX], *text = NULL, *rest = NULL;
    size_t len = 0;
    struct nks_fault unread;
    nks_fault_clear(&unread);
    *out = (struct nks_heartbeat){.working = false};
    if (!nks_path_join(path, home, "heartbeat") || !nks_sys_exists(path) ||
        nks_file_read(path, BEAT_MAX, &text, &len, &unread) != NKS_OK)
        return false;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        take_line(line, out);
    free(text);
    return out->began != 0;
}
