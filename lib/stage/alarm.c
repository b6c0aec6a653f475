#include "stage/alarm.h"

#include "base/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MARK_MAX = NKS_ALARM_MARK_MAX, AUDIT_HELD = 5 };

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
    if (strcmp(line, "raised") == 0)
        out->raised = strtoll(value, NULL, 10);
    if (strcmp(line, "time") == 0 && !nks_time_parse(nks_text_from(value), &out->time))
        out->time = 0;
}

/* The mark, or what is left of one that was being taken away. */
static bool mark_find(const char *home, char out[NKS_PATH_MAX])
{
    return nks_path_join(out, home, "alarm") &&
           (nks_sys_exists(out) || (nks_path_join(out, home, "alarm.clearing") && nks_sys_exists(out)));
}

void nks_alarm_look(const char *home, struct nks_alarm *out)
{
    char path[NKS_PATH_MAX], *text = NULL, *rest = NULL;
    size_t len = 0;
    struct nks_fault unread;
    nks_fault_clear(&unread);
    *out = (struct nks_alarm){.raised = 1};
    if (!mark_find(home, path))
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

static size_t mark_write(char text[MARK_MAX], const struct nks_alarm *alarm)
{
    char when[NKS_TIME_TEXT] = "", raised[40] = "";
    if (alarm->time != 0)
        nks_time_format(alarm->time, when);
    if (alarm->raised > 1)
        snprintf(raised, sizeof raised, "raised=%" PRId64 "\n", alarm->raised);
    int len =
        snprintf(text, MARK_MAX, "code=%s\nbatch=%" PRId64 "\ntime=%s\n%s", alarm->code, alarm->batch, when, raised);
    return len > 0 && len < MARK_MAX ? (size_t)len : 0;
}

enum nks_status nks_alarm_raise(const char *home, const struct nks_fault *why, nks_time now, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX], text[MARK_MAX];
    struct nks_alarm alarm;
    if (strcmp(why->code, "ALARM-STANDS") == 0 || strcmp(why->code, "ALARM-UNPROVED") == 0)
        return NKS_OK;
    NKS_TRY(path_of(home, "alarm", path, fault));
    nks_alarm_look(home, &alarm);
    if (alarm.stands) {
        alarm.raised += alarm.raised < INT64_MAX;
    } else {
        alarm = (struct nks_alarm){.batch = why->batch, .time = now, .raised = 1};
        snprintf(alarm.code, sizeof alarm.code, "%s", why->code);
    }
    return nks_file_replace(path, text, mark_write(text, &alarm), 0600, fault);
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
    if (found == AUDIT_HELD)
        return nks_fault_set(fault, NKS_INTEGRITY, "ALARM-UNPROVED",
                             "the alarm stands: the home was put back from a backup and not reconciled, so nks-audit "
                             "cannot judge its files. Run nks reconcile, and clear the alarm again");
    return found == 0 ? NKS_OK
                      : nks_fault_set(fault, NKS_INTEGRITY, "ALARM-UNPROVED",
                                      "the alarm stands: nks-audit ended with %d. Run nks-audit to see what it names, "
                                      "mend or restore that, and clear the alarm again",
                                      found);
}

/* ---- the end of an alarm */

static enum nks_status mark_read(const char *path, char text[MARK_MAX], size_t *len, struct nks_fault *fault)
{
    char *read = NULL;
    NKS_TRY(nks_file_read(path, MARK_MAX, &read, len, fault));
    memcpy(text, read, *len);
    free(read);
    return NKS_OK;
}

/* Whether the mark at `path` is the one that was proved. */
static enum nks_status mark_compare(const char *path, const struct nks_alarm_clearing *clearing,
                                    struct nks_fault *fault)
{
    char text[MARK_MAX];
    size_t len = 0;
    NKS_TRY(mark_read(path, text, &len, fault));
    return len == clearing->len && memcmp(text, clearing->mark, len) == 0
               ? NKS_OK
               : nks_fault_set(fault, NKS_INTEGRITY, "ALARM-UNPROVED",
                               "the alarm stands: it was raised again meanwhile. Run nks-audit, and clear it again");
}

enum nks_status nks_alarm_prove(const char *home, const char *keys, const char *audit,
                                struct nks_alarm_clearing *clearing, struct nks_fault *fault)
{
    char path[NKS_PATH_MAX];
    *clearing = (struct nks_alarm_clearing){.lock = -1};
    NKS_TRY(path_of(home, "run.lock", path, fault));
    NKS_TRY(nks_sys_lock(path, &clearing->lock, fault));
    nks_alarm_look(home, &clearing->alarm);
    if (!mark_find(home, path))
        return nks_fault_set(fault, NKS_REFUSED, "NOT-FOUND", "no alarm stands any more");
    NKS_TRY(mark_read(path, clearing->mark, &clearing->len, fault));
    NKS_TRY(prove(home, keys, audit, fault));
    return mark_find(home, path) ? mark_compare(path, clearing, fault) : NKS_OK;
}

static enum nks_status record_write(const char *home, const struct nks_alarm_clearing *clearing, const char *reason,
                                    nks_time now, struct nks_fault *fault)
{
    char record[NKS_PATH_MAX], text[MARK_MAX], when[NKS_TIME_TEXT];
    nks_time_format(now, when);
    size_t len = mark_write(text, &clearing->alarm);
    int more = snprintf(text + len, sizeof text - len, "cleared=%s\nreason=%s\n", when, reason);
    if (more < 0 || (size_t)more >= sizeof text - len)
        return nks_fault_set(fault, NKS_REFUSED, "REASON-LONG", "the reason is too long; say it in fewer words");
    NKS_TRY(path_of(home, "alarm.cleared", record, fault));
    return nks_file_replace(record, text, len + (size_t)more, 0600, fault);
}

/* The mark gets another name before it is compared: who raises an alarm from then on makes a new one, which stays. */
enum nks_status nks_alarm_take_away(const char *home, const struct nks_alarm_clearing *clearing, const char *reason,
                                    nks_time now, struct nks_fault *fault)
{
    char mark[NKS_PATH_MAX], moved[NKS_PATH_MAX];
    NKS_TRY(record_write(home, clearing, reason, now, fault));
    NKS_TRY(path_of(home, "alarm", mark, fault));
    NKS_TRY(path_of(home, "alarm.clearing", moved, fault));
    if (nks_sys_exists(mark))
        NKS_TRY(nks_sys_rename_over(mark, moved, fault));
    NKS_TRY(mark_compare(moved, clearing, fault)); /* another one stands on under its new name */
    NKS_TRY(nks_sys_unlink(moved, fault));
    return nks_sys_fsync_dir(home, fault);
}

void nks_alarm_clearing_end(struct nks_alarm_clearing *clearing)
{
    if (clearing->lock >= 0)
        (void)close(clearing->lock);
    clearing->lock = -1;
}
