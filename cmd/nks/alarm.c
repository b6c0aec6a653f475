/* alarm: the integrity alarm that stands, and its end. */
#include "authorize.h"

#include "stage/alarm.h"

#include <stdio.h>

bool alarm_show(struct nks_app *app, const char *home)
{
    static const struct column columns[] = {
        {"code", "alarm", CELL_TEXT}, {"batch", "batch", CELL_NUMBER}, {"time", "since", CELL_TEXT}};
    struct nks_alarm alarm;
    nks_alarm_look(home, &alarm);
    if (!alarm.stands)
        return false;
    struct table *table = table_begin(&app->out, "alarm", "An integrity alarm stands", columns, 3, true);
    table_text(table, alarm.code);
    table_optional(table, alarm.batch);
    if (alarm.time != 0)
        table_time(table, alarm.time);
    else
        table_text(table, "");
    table_end(table);
    return true;
}

int command_alarm(struct nks_app *app)
{
    if (alarm_show(app, app_home(app))) {
        out_note(&app->out, "next: nks-audit names what is wrong; when it is clean, nks alarm clear --reason TEXT");
        return EXIT_INTEGRITY;
    }
    if (app->out.form == OUT_TABLE)
        puts("No alarm stands.");
    return EXIT_DONE;
}

/* One line of the record: no control characters, and nothing that looks like a CPR number. */
static bool reason_take(const char *words, char out[NKS_FAULT_LINE_MAX])
{
    if (words == NULL || words[0] == '\0' || !nks_text_copy(nks_text_from(words), out, NKS_FAULT_LINE_MAX))
        return false;
    for (const char *at = out; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ')
            return false;
    }
    nks_name_mask(out);
    return true;
}

static enum nks_status link_add(struct nks_app *app, const struct nks_alarm *alarm, const char *reason)
{
    struct nks_run *run = app->run;
    const struct nks_trail_entry entry = {
        .action = NKS_TRAIL_ALARM_CLEARED, .number = alarm->batch, .reason = reason, .detail = alarm->code};
    return nks_run_link(run, &entry);
}

/* Under the home's lock, which `clearing` holds: so the run is opened without it. */
static int clear(struct nks_app *app, const struct nks_alarm_clearing *clearing, const char *reason)
{
    int code = EXIT_DONE;
    app->clearing = true;
    if (!app_open(app, false, false, &code) || !app_by_person(app, &code))
        return code;
    code = app_result(app, link_add(app, &clearing->alarm, reason));
    if (code != EXIT_DONE)
        return code;
    nks_sys_point("alarm.linked");
    code = app_result(app, nks_alarm_take_away(app_home(app), clearing, reason, app->run->now, &app->fault));
    if (code == EXIT_DONE)
        out_note(&app->out, "nks-audit found nothing: the alarm is cleared; next: nks run");
    return code;
}

int command_alarm_clear(struct nks_app *app)
{
    char reason[NKS_FAULT_LINE_MAX], audit[NKS_PATH_MAX];
    struct nks_alarm_clearing clearing;
    if (!reason_take(app->values[OPTION_REASON], reason))
        return app_usage(app, "alarm clear needs --reason TEXT, one line");
    nks_alarm_look(app_home(app), &clearing.alarm);
    if (!clearing.alarm.stands) {
        out_note(&app->out, "no alarm stands");
        return EXIT_DONE;
    }
    app_beside(audit, "nks-audit");
    int code = app_result(app, nks_alarm_prove(app_home(app), app_keys(app), audit, &clearing, &app->fault));
    if (code == EXIT_DONE)
        code = clear(app, &clearing, reason);
    nks_alarm_clearing_end(&clearing);
    return code;
}
