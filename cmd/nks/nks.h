#ifndef NKS_CMD_NKS_H
#define NKS_CMD_NKS_H
/*
 * The program nks: the table of commands, and what every command gets. A command presents; what it knows comes from
 * lib/stage. It returns its exit code; nks.c has the only exit().
 */
#include "codes.h"
#include "out.h"
#include "stage/look.h"

enum option { /* places in nks_app.values; the table is in nks.c */
              OPTION_HOME,
              OPTION_KEYS,
              OPTION_JSON,
              OPTION_QUIET,
              OPTION_VERBOSE,
              OPTION_NOW,
              OPTION_HELP,
              OPTION_VERSION,
              OPTION_TEST,
              OPTION_FULL,
              OPTION_DRY_RUN,
              OPTION_BATCH,
              OPTION_FAIL_ON,
              OPTION_STATE,
              OPTION_PAYER,
              OPTION_LIMIT,
              OPTION_ALL,
              OPTION_OUT,
              OPTION_NIGHT,
              OPTION_LANGUAGE,
              OPTION_AGREEMENT,
              OPTION_CENTRALS,
              OPTION_SENDER,
              OPTION_REASON,
              OPTION_LOOKS,
              OPTION_UNMASKED,
              OPTION_FROM,
              OPTION_BY_HAND,
              OPTION_REJECTED,
              OPTION_TO,
              OPTION_CENTRAL,
              OPTION_PERSON,
              OPTION_PERSON_KEY,
              OPTION_ROLES,
              OPTION_KEY,
              OPTION_DECLINE,
              OPTION_WAIT,
              OPTION_CERT,
              OPTION_APPROVER,
              OPTION_APPROVER_KEY,
              OPTION_NEW_JOURNAL,
              OPTION_DUE,
              OPTION_SETTLE,
              OPTION_MARKDOWN,
              OPTION_DATABASE,
              OPTIONS
};
#define OPTION_BIT(option) (UINT64_C(1) << (option))

struct option_row {
    const char *name;  /* "--home" */
    char letter;       /* 'q', or 0 */
    const char *value; /* what follows: "DIR"; NULL: nothing */
    const char *words;
    bool global;
};
const struct option_row *option_table(void); /* OPTIONS rows */

struct nks_app;
struct command {
    const char *name; /* one to three words */
    int (*fn)(struct nks_app *app);
    uint64_t options; /* beside the global ones */
    int min, max;     /* operands; max -1: any number */
    const char *operands, *summary, *text;
    const char *exits; /* the exit codes it can give, as digits */
    const char *example;
};
const struct command *command_table(size_t *count);
const struct command *command_find(const char *name); /* NULL: none */

struct nks_app {
    const struct command *command;
    const char *values[OPTIONS]; /* NULL: not given */
    const char **operands;
    int operand_count;
    struct out out;
    nks_time now; /* --now; 0: the clock */
    char reader[NKS_PATH_MAX];
    bool working;     /* the home is opened to change it: an integrity fault raises the alarm */
    bool clearing;    /* an alarm may stand (run.h) */
    int wait_seconds; /* for the home's lock */
    struct nks_run *run;
    struct nks_fault fault;
};

/* Opens the home; what goes wrong is told, and *exit_code set. */
NKS_CHECKED bool app_open(struct nks_app *app, bool lock, bool read_only, int *exit_code);
/* --home and --keys, or what stands for them; keys NULL: beside the home. */
const char *app_home(const struct nks_app *app);
const char *app_keys(const struct nks_app *app);
/* The path of another program of nks, which lies beside this one; empty when it does not fit. */
void app_beside(char out[NKS_PATH_MAX], const char *program);
/* Tells the fault; returns the exit code. An integrity fault of a working command marks the home (stage/alarm.h). */
int app_fault(struct nks_app *app, const struct nks_fault *fault);
/* After a call on the run: 0, or the fault told. */
int app_result(struct nks_app *app, enum nks_status status);
int app_usage(struct nks_app *app, const char *fmt, ...) NKS_PRINTF(2, 3);
/* The batch of --batch or an operand. */
NKS_CHECKED bool app_batch(struct nks_app *app, const char *name, int64_t *batch_id, int *exit_code);

/* --reason, which what changes state by hand must have; else usage (stop.c). */
NKS_CHECKED bool app_reason(struct nks_app *app, int *exit_code);

/* help.c */
int help_command(const struct command *command);
int help_program(FILE *stream);

/* What was odd in answers of banks, by answer and kind (run.c). Nothing where nothing was. */
void present_odd(struct nks_app *app, const struct nks_odd_row *rows, size_t count);

/* alarm.c: the alarm of the home as a row; false where none stands. */
NKS_CHECKED bool alarm_show(struct nks_app *app, const char *home);

/* beat.c: the heartbeat of a run: at its begin, at its end, and where it could not begin; its row in status. */
void beat_begin(struct nks_app *app);
void beat_end(struct nks_app *app, int code);
void beat_failed(struct nks_app *app, int code);
void beat_show(struct nks_app *app);

/* keys.c: one line on standard error when the certificate that signs files is about to end: on every day of the bands
 * (always), or only on the days that nks_expiry_speaks names. EXIT_PERSON from 7 days before on. */
int keys_warn(struct nks_app *app, bool always);

/* keys_signer.c: "signed by signer 3", "unsigned", "bad: CONTENT", "not judged". */
enum { SIGNED_WORDS_MAX = 48 };
NKS_CHECKED enum nks_status signed_words(struct nks_run *run, int64_t delivery_id, char out[SIGNED_WORDS_MAX]);
/* keys_signer.c: one line on standard error for each signer in use that is about to end, where its party has no later
 * one; `always` as for keys_warn. EXIT_PERSON where one ends within 7 days. */
int signers_warn(struct nks_app *app, bool always);

/* one function per command or family */
int command_init(struct nks_app *app);
int command_config(struct nks_app *app);
int command_import(struct nks_app *app);
int command_stage(struct nks_app *app);
int command_run(struct nks_app *app);
int command_status(struct nks_app *app);
int command_list(struct nks_app *app);
int command_show(struct nks_app *app);
int command_explain(struct nks_app *app);
int command_stop(struct nks_app *app);
int command_replay(struct nks_app *app);
int command_delivered(struct nks_app *app);
int command_recall(struct nks_app *app);
int command_report(struct nks_app *app);
int command_trail(struct nks_app *app);
int command_approve(struct nks_app *app);
int command_keys_person_make(struct nks_app *app);
int command_keys_person_add(struct nks_app *app);
int command_keys_person_end(struct nks_app *app);
int command_keys_person_list(struct nks_app *app);
int command_check(struct nks_app *app);
int command_verify(struct nks_app *app);
int command_erase(struct nks_app *app);
int command_backup(struct nks_app *app);
int command_backup_check(struct nks_app *app);
int command_restore(struct nks_app *app);
int command_reconcile(struct nks_app *app);
int command_migrate(struct nks_app *app);
int command_alarm(struct nks_app *app);
int command_alarm_clear(struct nks_app *app);
int command_keys_list(struct nks_app *app);
int command_keys_check(struct nks_app *app);
int command_keys_rotate(struct nks_app *app);
int command_signer_import(struct nks_app *app);
int command_signer_list(struct nks_app *app);
int command_signer_end(struct nks_app *app);
int command_help(struct nks_app *app);

#endif
