/* What the auditor says: a table for people, or JSON Lines. */
#include "audit.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 400, NOTES_MAX = 32, JSON_VERSION = 1 };

struct audit_output {
    struct audit_style style;
    const char *check;
    bool failed;
    const struct audit_equation *lines; /* kept for the end */
    size_t line_count;
    size_t notes;
    char note[NOTES_MAX][AUDIT_NOTE_MAX];
};

static const struct {
    const char *words, *json;
} class_names[AUDIT_CLASSES] = {
    [AUDIT_SENT] = {"sent", "sent"},
    [AUDIT_REJECTED] = {"rejected", "rejected"},
    [AUDIT_STOPPED] = {"stopped", "stopped"},
    [AUDIT_RETURNED] = {"returned", "returned"},
    [AUDIT_VENTEKONTO] = {"ventekonto", "ventekonto"},
    [AUDIT_NOT_DUE] = {"not yet due", "not_yet_due"},
    [AUDIT_IN_PROCESS] = {"in process", "in_process"},
};
static const char *const ran_names[] = {[AUDIT_RAN] = "full",
                                        [AUDIT_RAN_PARTLY] = "public part",
                                        [AUDIT_LEFT_OUT] = "left out",
                                        [AUDIT_CANNOT] = "cannot look"};

struct audit_output *audit_output_new(const struct audit_style *style)
{
    struct audit_output *output = calloc(1, sizeof *output);
    if (output != NULL)
        output->style = *style;
    return output;
}

bool audit_output_free(struct audit_output *output)
{
    if (output == NULL)
        return true;
    bool good = fflush(stdout) == 0 && ferror(stdout) == 0 && !output->failed;
    free(output);
    return good;
}

/* Takes the reference. */
static void json_line(struct audit_output *output, json_t *line)
{
    if (line == NULL || json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) != 0 || putchar('\n') == EOF)
        output->failed = true;
    json_decref(line);
}

void audit_looked(struct audit *audit)
{
    audit->looked++;
}

void audit_at(struct audit *audit, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(audit->place, sizeof audit->place, fmt, args);
    va_end(args);
}

void audit_at_leg(struct audit *audit, int64_t slice_id, int64_t n, int64_t generation, int64_t leg_no)
{
    audit_at(audit, "leg slice_id %lld n %lld generation %lld leg_no %lld", (long long)slice_id, (long long)n,
             (long long)generation, (long long)leg_no);
}

void audit_find(struct audit *audit, const char *fmt, ...)
{
    struct audit_output *output = audit->output;
    char words[WORDS_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    audit->findings++;
    audit->all_findings++;
    if (audit->findings > AUDIT_FINDINGS_SHOWN)
        return;
    if (output->style.json)
        json_line(output, json_pack("{s:i, s:s, s:s, s:s, s:s}", "v", JSON_VERSION, "type", "finding", "check",
                                    output->check, "where", audit->place, "what", words));
    else
        printf("FINDING %s: %s: %s\n", output->check, audit->place, words);
}

enum nks_status audit_take_fault(struct audit *audit, enum nks_status status)
{
    if (status != NKS_INTEGRITY)
        return status;
    audit_find(audit, "%s", audit->fault.line);
    nks_fault_clear(&audit->fault);
    return NKS_OK;
}

/* Notes of a person's table stand under it. */
void audit_note(struct audit *audit, const char *fmt, ...)
{
    struct audit_output *output = audit->output;
    char words[AUDIT_NOTE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if (output->style.json)
        json_line(output, json_pack("{s:i, s:s, s:s, s:s}", "v", JSON_VERSION, "type", "note", "check", output->check,
                                    "words", words));
    else if (output->notes < NOTES_MAX)
        memcpy(output->note[output->notes++], words, sizeof words);
}

void audit_output_begin(struct audit *audit, size_t checks)
{
    struct audit_output *output = audit->output;
    output->check = "";
    if (output->style.json)
        json_line(output, json_pack("{s:i, s:s, s:I, s:s}", "v", JSON_VERSION, "type", "audit", "checks",
                                    (json_int_t)checks, "keys", audit->secrets ? "secret" : "public"));
    else if (!output->style.quiet)
        printf("%-12s %12s %9s  %-11s %s\n", "check", "looked at", "findings", "how", "what");
}

void audit_output_check_begin(struct audit *audit, const struct audit_check *check)
{
    audit->looked = audit->findings = 0;
    audit->place[0] = '\0';
    audit->output->check = check->name;
}

void audit_output_check_end(struct audit *audit, const struct audit_check *check, enum audit_ran ran)
{
    struct audit_output *output = audit->output;
    if (audit->findings > AUDIT_FINDINGS_SHOWN && !output->style.json)
        printf("FINDING %s: and %lld more\n", check->name, (long long)(audit->findings - AUDIT_FINDINGS_SHOWN));
    if (output->style.json)
        json_line(output, json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:I}", "v", JSON_VERSION, "type", "check", "name",
                                    check->name, "words", check->words, "how", ran_names[ran], "looked",
                                    (json_int_t)audit->looked, "findings", (json_int_t)audit->findings));
    else if (!output->style.quiet)
        printf("%-12s %12lld %9lld  %-11s %s\n", check->name, (long long)audit->looked, (long long)audit->findings,
               ran_names[ran], check->words);
    if (ran == AUDIT_LEFT_OUT)
        audit_note(audit, "left out without the secret keys: %s: %s", check->name, check->words);
    else if (ran == AUDIT_RAN_PARTLY)
        audit_note(audit, "left out without the secret keys: %s: %s", check->name, check->left_out);
}

/* ---- the equation */

static void total_of(const struct audit_equation *line, int64_t *payments, struct nks_sum *sum)
{
    *payments = 0;
    sum->scaled = 0;
    for (size_t i = 0; i < AUDIT_CLASSES; i++) {
        *payments += line->payments[i];
        sum->scaled += line->sums[i].scaled;
    }
}

static void equation_json(struct audit_output *output, const struct audit_equation *line)
{
    int64_t payments = 0;
    struct nks_sum sum;
    total_of(line, &payments, &sum);
    json_t *json = json_pack("{s:i, s:s, s:s, s:I, s:s}", "v", JSON_VERSION, "type", "equation", "currency",
                             line->currency, "payments", (json_int_t)payments, "sum", audit_sum_show(sum).text);
    for (size_t i = 0; i < AUDIT_CLASSES && json != NULL; i++) {
        json_t *part = json_pack("{s:I, s:s}", "payments", (json_int_t)line->payments[i], "sum",
                                 audit_sum_show(line->sums[i]).text);
        if (json_object_set_new(json, class_names[i].json, part) != 0)
            output->failed = true;
    }
    if (json != NULL && json_object_set_new(json, "carried_on",
                                            json_pack("{s:I, s:s}", "payments", (json_int_t)line->carried, "sum",
                                                      audit_sum_show(line->carried_sum).text)) != 0)
        output->failed = true;
    json_line(output, json);
}

static void equation_text(const struct audit_equation *line)
{
    int64_t payments = 0;
    struct nks_sum sum;
    total_of(line, &payments, &sum);
    printf("\n%-14s %12s %24s\n", line->currency, "payments", "sum");
    for (size_t i = 0; i < AUDIT_CLASSES; i++)
        printf("%c %-12s %12lld %24s\n", i == 0 ? ' ' : '+', class_names[i].words, (long long)line->payments[i],
               audit_sum_show(line->sums[i]).text);
    printf("= %-12s %12lld %24s\n", "all", (long long)payments, audit_sum_show(sum).text);
    if (line->carried > 0)
        printf("  %-12s %12lld %24s\n", "carried on", (long long)line->carried, audit_sum_show(line->carried_sum).text);
}

static void equation_print(struct audit_output *output)
{
    for (size_t i = 0; i < output->line_count; i++) {
        if (output->style.json)
            equation_json(output, &output->lines[i]);
        else if (!output->style.quiet)
            equation_text(&output->lines[i]);
    }
}

void audit_print_equation(struct audit *audit, const struct audit_equation *lines, size_t count)
{
    audit->output->lines = lines;
    audit->output->line_count = count;
}

void audit_output_end(struct audit *audit, int exit_code)
{
    struct audit_output *output = audit->output;
    output->check = "";
    equation_print(output);
    if (output->style.json) {
        json_line(output, json_pack("{s:i, s:s, s:I, s:i}", "v", JSON_VERSION, "type", "result", "findings",
                                    (json_int_t)audit->all_findings, "exit", exit_code));
        return;
    }
    for (size_t i = 0; i < output->notes && !output->style.quiet; i++)
        printf("%s%s\n", i == 0 ? "\n" : "", output->note[i]);
    if (output->style.quiet)
        return;
    if (audit->db == NULL && audit->all_findings > 0) /* of a sample, which has no home */
        printf("\n%lld finding(s).\n", (long long)audit->all_findings);
    else if (audit->all_findings > 0)
        printf("\n%lld finding(s). Stop: run no stage before a person has looked.\n"
               "`nks help AUDIT-NAME`, with the name of the check, says what is safe and what to do.\n",
               (long long)audit->all_findings);
    else if (exit_code == 0)
        printf("\nNo findings.\n");
}
