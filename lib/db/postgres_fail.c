/* What errors of PostgreSQL mean, by the SQLSTATE that stands with each. */
#include "db/postgres_private.h"

#include <stdio.h>
#include <string.h>

struct state_row {
    const char *prefix; /* of the SQLSTATE */
    enum nks_status status;
    const char *code;
    const char *advice;
};

/* A whole state stands before its class. */
static const struct state_row state_table[] = {
    {"40001", NKS_RETRY, "DB-CONFLICT", "another transaction came between: try again later"},
    {"40P01", NKS_RETRY, "DB-CONFLICT", "two transactions waited for each other: try again later"},
    {"55P03", NKS_RETRY, "DB-BUSY", "another program is writing: try again later"},
    {"57014", NKS_RETRY, "DB-BUSY", "the server stopped it after its time limit: try again later"},
    {"25P03", NKS_RETRY, "DB-CONNECTION", "the server ended the connection after its time limit: try again later"},
    {"22003", NKS_FAILED, "DB-SCHEMA", "a column is narrower than nks made it: widen it"},
    {"3F000", NKS_FAILED, "DB-PERMISSION", "there is no schema to work in: look at search_path and the roles"},
    {"53100", NKS_RETRY, "DB-FULL", "the disk of the server is full: make room and try again"},
    {"53200", NKS_RETRY, "MEMORY", "there is no memory left on the server: try again later"},
    {"53", NKS_RETRY, "DB-CONNECTION", "the server has no room for this: try again later"},
    {"57P", NKS_RETRY, "DB-CONNECTION", "the server ended the connection: try again later"},
    {"08", NKS_RETRY, "DB-CONNECTION", "the connection broke: try again later"},
    {"58", NKS_RETRY, "DB-IO", "the server's disk did not obey: try again, then look at the server's log"},
    {"XX001", NKS_INTEGRITY, "DB-DAMAGED", "the database is damaged: stop and restore a backup"},
    {"XX002", NKS_INTEGRITY, "DB-DAMAGED", "an index is damaged: stop and restore a backup"},
    {"25006", NKS_FAILED, "DB-PERMISSION", "the database may only be read here: look at the role"},
    {"42501", NKS_FAILED, "DB-PERMISSION", "the role has no right to this: look at the roles"},
    {"28", NKS_FAILED, "DB-PERMISSION", "the role may not come in: look at the roles"},
};
static const struct state_row state_other = {"", NKS_FAILED, "DB-SQL", "a defect of the program"};

static const struct state_row *row_of(const char *state)
{
    for (size_t i = 0; i < sizeof state_table / sizeof state_table[0]; i++) {
        if (strncmp(state, state_table[i].prefix, strlen(state_table[i].prefix)) == 0)
            return &state_table[i];
    }
    return &state_other;
}

void nks_pg_one_line(const char *text, char out[PG_MESSAGE_MAX])
{
    size_t at = 0;
    for (; *text != '\0' && at + 1 < PG_MESSAGE_MAX; text++)
        out[at++] = (unsigned char)*text < ' ' ? ' ' : *text;
    while (at > 0 && out[at - 1] == ' ')
        at--;
    out[at] = '\0';
}

/* Names of the schema that stand with an error: "unique constraint a_pkey of a". They hold no value. */
static void names_of(const PGresult *result, const char *state, char out[PG_MESSAGE_MAX])
{
    static const struct {
        int field;
        const char *word;
    } fields[] = {
        {PG_DIAG_CONSTRAINT_NAME, "constraint"}, {PG_DIAG_TABLE_NAME, "table"}, {PG_DIAG_COLUMN_NAME, "column"}};
    struct nks_buf buf;
    nks_buf_init(&buf, out, PG_MESSAGE_MAX - 1);
    nks_buf_printf(&buf, "error %s", state);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *name = PQresultErrorField(result, fields[i].field);
        if (name != NULL)
            nks_buf_printf(&buf, ", %s %s", fields[i].word, name);
    }
    out[buf.len] = '\0';
}

enum nks_status nks_pg_fail(const PGresult *result, const char *name, bool has_values, struct nks_fault *fault)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char message[PG_MESSAGE_MAX];
    if (state == NULL) /* libpq's own: the server said nothing more */
        return nks_pg_lost(name, fault);
    if (has_values || words == NULL)
        names_of(result, state, message);
    else
        nks_pg_one_line(words, message);
    const struct state_row *row = row_of(state);
    return nks_fault_set(fault, row->status, row->code, "%s: %s (%s)", name, message, row->advice);
}

bool nks_pg_is_retry(const char *state)
{
    return row_of(state)->status == NKS_RETRY;
}

enum nks_status nks_pg_fail_connect(const char *state, const char *message, struct nks_fault *fault)
{
    const struct state_row *row = row_of(state);
    return row == &state_other
               ? nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION", "%s (look at the address and the role)", message)
               : nks_fault_set(fault, row->status, row->code, "%s (%s)", message, row->advice);
}

enum nks_status nks_pg_lost(const char *name, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "DB-CONNECTION", "%s: the connection to the database broke: try again later",
                         name);
}
