#include "stage/alarm.h"

#include "base/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MARK_MAX = 1024 };

static enum nks_status path_of(const char *home, const char *name, char out[NKS_PATH_MAX], struct nks_fault *fault)
{
    return nks_path_join(out, home, name)
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "PATH-LONG", "the home's path is too long; move it up");
}

static void take_line(char *line, struct nks_alarm *out)
{
    char *value = strchr(line, '=');
    if (value == NULL)
        return;
    *value++ = '\0';
    if (strcmp(line, "code") == 0 && !nks_text_copy(nks_text_from(value), out->code, sizeof out->code))
        out->code[0] = '\0';
    if (strcmp(line, "batch") == 0)
        out->batch = strtoll(value, NULL, 10);
    if (strcmp(line, "time") == 0 && !nks_time_parse(nks_text_from(value), &out->time))
        out->time = 0;
}

void nks_alarm_look(const char *home, struct nks_alarm *out)
{
    char path[NKS_PATH_MAX], *text = NULL, *rest = NULL;
    size_t len = 0;
    struct nks_fault unread;
    nks_fault_clear(&unread);
    *out = (struct nks_alarm){.stands = false};
    if (path_of(home, "alarm", path, &unread) != NKS_OK || !nks_sys_exists(path))
        return;
    out->stands = true;
    if (nks_file_read(path, MARK_MAX, &text, &len, &unread) == NKS_OK) {
        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
            take_line(line, out);
        free(text);
    }
    if (out->code[0] == '\0')
        snprintf(out->code, sizeof out->code, "?");
}

enum nks_status nks_alarm_check(const char *home, struct nks_fault *fault)
{
    struct nks_alarm alarm;
    nks_alarm_look(home, &alarm);
    if (!alarm.stands)
        return NKS_OK;
    return nks_fault_set(fault, NKS_INTEGRITY, "ALARM-STANDS",
                         "an integrity alarm stands (%s): nothing is begun until nks-audit is clean and `nks alarm "
                         "clear` has taken it away",
                         alarm.code);
}

static size_t mark_write(char text[MARK_MAX], const char *code, int64_t batch, nks_time time)
{
    char when[NKS_TIME_TEXT] = "";
    if (time != 0)
        nks_time_format(time, when);
    int len = snprintf(text, MARK_MAX, "code=%s\nbatch=%" PRId64 "\ntime=%s\n", code, batch, when);
    return len > 0 && len < MARK_MAX ? (size_t)len : 0;
}

enum nks_status nks_alarm_raise(const char *home, const struct nks_fault *why, nks_time now, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], text[MARK_MAX];
    NKS_TRY(path_of(home, "alarm", path, fault));
    if (nks_sys_exists(path))
        return NKS_OK;
    return nks_file_replace(path, text, mark_write(text, why->code, why->batch, now), 0600, fault);
}

static enum nks_status prove(const char *home, const char *keys, const char *audit, struct nks_fault *fault)
{
    char program[NKS_PATH_MAX], home_word[NKS_PATH_MAX + 8], keys_word[NKS_PATH_MAX + 8];
    char home_option[] = "--home", keys_option[] = "--keys", quiet[] = "-q";
    int found = 0;
    snprintf(program, sizeof program, "%s", audit);
    snprintf(home_word, sizeof home_word, "%s", home);
    snprintf(keys_word, sizeof keys_word, "%s", keys != NULL ? keys : "");
    char *const words[] = {program, quiet, home_option, home_word, keys != NULL ? keys_option : NULL, keys_word, NULL};
    NKS_TRY(nks_program_run(words, &found, fault));
    return found == 0 ? NKS_OK
                      : nks_fault_set(fault, NKS_INTEGRITY, "ALARM-UNPROVED",
                                      "the alarm stands: nks-audit ended with %d. Run nks-audit to see what it names, "
                                      "mend or restore that, and clear the alarm again",
                                      found);
}

/* The record first: a kill in between leaves the alarm standing. */
static enum nks_status take_away(const char *home, const char *reason, nks_time now, struct nks_fault *fault)
{
    struct nks_alarm alarm;
    char mark[NKS_PATH_MAX], record[NKS_PATH_MAX], text[MARK_MAX], when[NKS_TIME_TEXT];
    nks_alarm_look(home, &alarm);
    nks_time_format(now, when);
    size_t len = mark_write(text, alarm.code, alarm.batch, alarm.time);
    int more = snprintf(text + len, sizeof text - len, "cleared=%s\nreason=%s\n", when, reason);
    if (more < 0 || (size_t)more >= sizeof text - len)
        return nks_fault_set(fault, NKS_REFUSED, "REASON-LONG", "the reason is too long; say it in fewer words");
    NKS_TRY(path_of(home, "alarm", mark, fault));
    NKS_TRY(path_of(home, "alarm.cleared", record, fault));
    NKS_TRY(nks_file_replace(record, text, len + (size_t)more, 0600, fault));
    NKS_TRY(nks_sys_unlink(mark, fault));
    return nks_sys_fsync_dir(home, fault);
}

enum nks_status nks_alarm_clear(const char *home, const char *keys, const char *audit, const char *reason, nks_time now,
                                struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    int lock = -1;
    NKS_TRY(path_of(home, "run.lock", path, fault));
    NKS_TRY(nks_sys_lock(path, &lock, fault));
    enum nks_status status = prove(home, keys, audit, fault);
    if (status == NKS_OK)
        status = take_away(home, reason, now, fault);
    (void)close(lock);
    return status;
}
