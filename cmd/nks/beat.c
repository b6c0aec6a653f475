/* The heartbeat of `nks run`, and what status says of it. */
#include "nks.h"

#include "stage/heartbeat.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOUR_MINUTES = 60, MINUTE_SECONDS = 60 };

/* A heartbeat that cannot be written is told and changes nothing: the night matters more. */
static void put(struct nks_app *app, const struct nks_heartbeat *beat)
{
    struct nks_fault unwritten;
    nks_fault_clear(&unwritten);
    if (nks_heartbeat_write(app_home(app), beat, &unwritten) != NKS_OK)
        fprintf(stderr, "nks: %s: the heartbeat could not be written\n", unwritten.code);
}

void beat_begin(struct nks_app *app)
{
    put(app, &(struct nks_heartbeat){.working = true, .began = app->run->now, .pid = getpid()});
}

static void next_words(struct nks_app *app, struct nks_heartbeat *beat)
{
    struct nks_look_steps steps;
    struct nks_fault kept = app->run->fault;
    if (beat->code[0] != '\0')
        snprintf(beat->next, sizeof beat->next, "nks help %s", beat->code);
    else if (nks_look_next_steps(app->run, &steps) == NKS_OK && steps.count > 0)
        snprintf(beat->next, sizeof beat->next, "%s%s%s", steps.rows[0].words,
                 steps.rows[0].command[0] != '\0' ? ": " : "", steps.rows[0].command);
    app->run->fault = kept;
}

void beat_end(struct nks_app *app, int code)
{
    nks_time began = app->run->now, ended = app->now != 0 ? app->now : nks_sys_now();
    struct nks_heartbeat beat = {
        .began = began, .ended = ended, .pid = getpid(), .exit = code, .counts = app->run->counts};
    if (app->run->fault.status != NKS_OK)
        memcpy(beat.code, app->run->fault.code, sizeof beat.code);
    next_words(app, &beat);
    put(app, &beat);
}

/* Only with the home's lock: the heartbeat of a run that is at work is left alone. */
void beat_failed(struct nks_app *app, int code)
{
    char path[NKS_PATH_MAX];
    struct nks_fault busy;
    int lock = -1;
    nks_fault_clear(&busy);
    bool silent = code == EXIT_BUSY || strcmp(app->fault.code, "ALARM-STANDS") == 0;
    if (silent || !nks_path_join(path, app_home(app), "nks.conf") || !nks_sys_exists(path) ||
        !nks_path_join(path, app_home(app), "run.lock") || nks_sys_lock(path, &lock, &busy) != NKS_OK)
        return;
    nks_time now = app->now != 0 ? app->now : nks_sys_now();
    struct nks_heartbeat beat = {.began = now, .ended = now, .pid = getpid(), .exit = code};
    memcpy(beat.code, app->fault.code, sizeof beat.code);
    snprintf(beat.next, sizeof beat.next, "nks help %s", beat.code);
    put(app, &beat);
    (void)close(lock);
}

void beat_show(struct nks_app *app)
{
    static const struct column columns[] = {
        {"state", "last run", CELL_TEXT}, {"began", "began", CELL_TEXT}, {"ended", "ended", CELL_TEXT},
        {"ago", "ago", CELL_TEXT},        {"exit", "exit", CELL_TEXT},   {"code", "code", CELL_TEXT},
    };
    struct nks_heartbeat beat;
    char ended[NKS_TIME_TEXT] = "";
    if (!nks_heartbeat_read(app->run->home, &beat))
        return;
    if (!beat.working && beat.ended != 0)
        nks_time_format(beat.ended, ended);
    int64_t minutes = (app->run->now - (beat.working ? beat.began : beat.ended)) / MINUTE_SECONDS;
    struct table *table = table_begin(&app->out, "heartbeat", "The last run", columns, 6, true);
    table_text(table, beat.working ? "working" : "ended");
    table_time(table, beat.began);
    table_text(table, ended);
    table_printf(table, "%lld h %lld min", (long long)(minutes / HOUR_MINUTES), (long long)(minutes % HOUR_MINUTES));
    if (beat.working)
        table_text(table, "");
    else
        table_printf(table, "%lld", (long long)beat.exit);
    table_text(table, beat.code);
    table_end(table);
}
