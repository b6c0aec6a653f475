/*
 * The way to the server: what the address says and what it leaves open, encryption, and why there was no connection.
 */
#include "db/postgres_private.h"

#include <stdio.h>
#include <string.h>

enum {
    OPTIONS_MAX = 64, /* of an address */
    STATE_LEN = 5,    /* an SQLSTATE */
};

/* ---- the address */

static const char *const strong[] = {"require", "verify-ca", "verify-full"};

static bool is_strong(const char *mode)
{
    for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++) {
        if (mode != NULL && strcmp(mode, strong[i]) == 0)
            return true;
    }
    return false;
}

static const char *option_value(const PQconninfoOption *options, const char *name)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (strcmp(options->keyword, name) == 0)
            return options->val;
    }
    return NULL;
}

/* Only sockets of this machine: each host of the list is a folder, and none has an address beside it. */
static bool is_socket(const char *hosts, const char *addresses)
{
    if (addresses != NULL && addresses[0] != '\0')
        return false;
    for (const char *host = hosts; host != NULL; host = strchr(host, ',')) {
        host += *host == ',';
        if (*host != '\0' && *host != ',' && *host != '/')
            return false;
    }
    return true;
}

/* What the address says, or else the environment. */
static const char *either(const PQconninfoOption *given, const PQconninfoOption *otherwise, const char *name)
{
    const char *value = option_value(given, name);
    return value != NULL ? value : option_value(otherwise, name);
}

static enum nks_status tls_missing(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-TLS",
                         "the connection to the database is not encrypted: use sslmode=verify-full, or a socket of "
                         "this machine");
}

struct words {
    const char *names[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    int count;
};

static void word_add(struct words *words, const char *name, const char *value)
{
    if (words->count < OPTIONS_MAX && value != NULL) {
        words->names[words->count] = name;
        words->values[words->count++] = value;
    }
}

/* What the address leaves open. The mode of TLS is never weaker than `require`; a socket does not ask for it. */
static void words_complete(struct words *words, const PQconninfoOption *given, const PQconninfoOption *otherwise,
                           bool writes)
{
    word_add(words, "client_encoding", "UTF8");
    word_add(words, "fallback_application_name", "nks");
    if (option_value(given, "connect_timeout") == NULL)
        word_add(words, "connect_timeout", "10");
    if (option_value(given, "sslmode") == NULL && !is_strong(option_value(otherwise, "sslmode")))
        word_add(words, "sslmode", "require");
    /* A server that is gone without a word is noticed in a minute, not in the two hours of the system. */
    static const char *const alive[][2] = {{"keepalives_idle", "30"},
                                           {"keepalives_interval", "10"},
                                           {"keepalives_count", "3"},
                                           {"tcp_user_timeout", "60000"}};
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++) {
        if (option_value(given, alive[i][0]) == NULL)
            word_add(words, alive[i][0], alive[i][1]);
    }
    if (writes && option_value(given, "target_session_attrs") == NULL)
        word_add(words, "target_session_attrs", "primary"); /* of several hosts the one that is no replica */
}

static bool is_number(const char *text)
{
    return text == NULL || text[strspn(text, "0123456789,")] == '\0';
}

static bool is_address(const char *address, const PQconninfoOption *given)
{
    const char *sign = strchr(address, '@');
    return given != NULL && is_number(option_value(given, "port")) && (sign == NULL || strchr(sign + 1, '@') == NULL);
}

/* For people: a socket's folder behind the name, as in an address; nothing of users and passwords. */
void nks_db_shown(const char *path, char *out, size_t size)
{
    PQconninfoOption *given = nks_db_is_address(path) ? PQconninfoParse(path, NULL) : NULL;
    PQconninfoOption *otherwise = given == NULL ? NULL : PQconndefaults();
    const PQconninfoOption *told = is_address(path, given) ? given : NULL;
    const char *host = told == NULL ? NULL : either(told, otherwise, "host");
    const char *port = told == NULL ? NULL : either(told, otherwise, "port");
    const char *name = option_value(told, "dbname");
    bool is_folder = host != NULL && *host == '/';
    if (!nks_db_is_address(path))
        snprintf(out, size, "%s", path);
    else
        snprintf(out, size, "postgresql://%s%s%s/%s%s%s", host == NULL || is_folder ? "" : host,
                 port == NULL || is_folder ? "" : ":", port == NULL || is_folder ? "" : port, name == NULL ? "" : name,
                 is_folder ? "?host=" : "", is_folder ? host : "");
    PQconninfoFree(given);
    PQconninfoFree(otherwise);
}

/* ---- no connection */

static enum nks_status away(const char *message, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "DB-CONNECTION", "%s (try again later)", message);
}

static enum nks_status not_ours(const char *message, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-PERMISSION", "%s (look at the address and the role)", message);
}

/* libpq has no other sign for it than its words; what the server itself says has a state, and is not looked at here. */
static bool is_tls(const char *message)
{
    return strstr(message, "SSL") != NULL || strstr(message, "certificate") != NULL;
}

static enum nks_status no_tls(const char *message, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_FAILED, "DB-TLS", "%s (look at sslmode, sslrootcert and the certificate)", message);
}

/* The state at the end of a line, as PQERRORS_SQLSTATE writes it: "…FATAL:  53300". */
static bool line_state(const char *line, size_t len, char out[STATE_LEN + 1])
{
    static const char mark[] = ":  ";
    if (len < sizeof mark - 1 + STATE_LEN || memcmp(line + len - STATE_LEN - 3, mark, sizeof mark - 1) != 0)
        return false;
    memcpy(out, line + len - STATE_LEN, STATE_LEN);
    out[STATE_LEN] = '\0';
    return strspn(out, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == STATE_LEN;
}

/* Of several servers one that may be asked again later counts, else the last. */
static bool state_of(const char *message, char out[STATE_LEN + 1])
{
    bool found = false;
    for (const char *line = message; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char state[STATE_LEN + 1];
        if (line_state(line, len, state) && (!found || !nks_pg_is_retry(out))) {
            memcpy(out, state, sizeof state);
            found = true;
        }
        line += len + (line[len] == '\n');
    }
    return found;
}

/* Whether there is a server after all, which only is no primary: a replica that waits to become one. */
static bool is_replica(const struct words *words)
{
    struct words any = *words;
    for (int i = 0; i < any.count; i++) {
        if (strcmp(any.names[i], "target_session_attrs") == 0)
            any.values[i] = "any";
    }
    PGconn *conn = PQconnectdbParams(any.names, any.values, 0);
    bool is = PQstatus(conn) == CONNECTION_OK;
    PQfinish(conn);
    return is;
}

/* Asks a server that answers once more, and to say why as a state; or it comes in now. */
static enum nks_status ask_again(const struct words *words, PGconn *conn, const char *message, struct nks_fault *fault)
{
    char state[STATE_LEN + 1];
    (void)PQsetErrorVerbosity(conn, PQERRORS_SQLSTATE);
    PQreset(conn);
    (void)PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    if (PQstatus(conn) == CONNECTION_OK)
        return NKS_OK;
    if (state_of(PQerrorMessage(conn), state))
        return nks_pg_fail_connect(state, message, fault);
    if (is_tls(message))
        return no_tls(message, fault);
    return is_replica(words) ? away(message, fault) : not_ours(message, fault);
}

/* Whether the server is there: then it was asked for the wrong thing, else one may ask again later. */
static enum nks_status not_connected(const struct words *words, PGconn *conn, struct nks_fault *fault)
{
    char message[PG_MESSAGE_MAX];
    nks_pg_one_line(conn == NULL ? "no memory" : PQerrorMessage(conn), message);
    switch (PQpingParams(words->names, words->values, 0)) {
    case PQPING_OK:
        return conn == NULL ? away(message, fault) : ask_again(words, conn, message, fault);
    case PQPING_NO_RESPONSE:
        return is_tls(message) ? no_tls(message, fault) : away(message, fault);
    case PQPING_REJECT: /* it starts, ends or recovers */
        return away(message, fault);
    case PQPING_NO_ATTEMPT:
        break;
    }
    return not_ours(message, fault);
}

/* ---- connecting */

/* The library does not print; but a commit that did not wait for its replica is told by a warning alone. */
static void on_notice(void *context, const PGresult *notice)
{
    struct pg *db = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    db->warned = db->warned || (severity != NULL && strcmp(severity, "WARNING") == 0);
}

static enum nks_status connect_with(struct pg *db, const struct words *words, struct nks_fault *fault)
{
    db->conn = PQconnectdbParams(words->names, words->values, 0);
    if (PQstatus(db->conn) != CONNECTION_OK)
        NKS_TRY(not_connected(words, db->conn, fault));
    PQsetNoticeReceiver(db->conn, on_notice, db);
    if (!is_socket(PQhost(db->conn), PQhostaddr(db->conn)) && !PQsslInUse(db->conn))
        return tls_missing(fault);
    const char *encoding = PQparameterStatus(db->conn, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return nks_fault_set(
            fault, NKS_FAILED, "DB-ENCODING",
            "the database is not in UTF8: names would not fit into it; make it with createdb -E UTF8 -T "
            "template0");
    return PQenterPipelineMode(db->conn) == 1 ? NKS_OK : nks_pg_lost("open", fault);
}

/* nks.conf is no place for a password; with a sign in it that means something else, its rest would be taken for a host
 * or a port, and told. */
static enum nks_status address_check(const char *address, const PQconninfoOption *given, struct nks_fault *fault)
{
    if (!is_address(address, given))
        return nks_fault_set(fault, NKS_FAILED, "DB-ADDRESS",
                             "the address of the database is none: postgresql://HOST/NAME?sslmode=verify-full");
    return option_value(given, "password") == NULL
               ? NKS_OK
               : nks_fault_set(fault, NKS_FAILED, "DB-ADDRESS",
                               "the address of the database holds a password: use a certificate, or PGPASSFILE");
}

enum nks_status nks_pg_connect(struct pg *db, const char *address, bool writes, struct nks_fault *fault)
{
    struct words words = {.count = 0};
    PQconninfoOption *given = PQconninfoParse(address, NULL), *otherwise = PQconndefaults();
    const char *mode = either(given, otherwise, "sslmode");
    bool socket = is_socket(either(given, otherwise, "host"), either(given, otherwise, "hostaddr"));
    enum nks_status status = address_check(address, given, fault);
    if (status == NKS_OK && option_value(given, "sslmode") != NULL && !is_strong(mode) && !socket)
        status = tls_missing(fault);
    for (const PQconninfoOption *one = given; one != NULL && one->keyword != NULL; one++)
        word_add(&words, one->keyword, one->val);
    words_complete(&words, given, otherwise, writes);
    if (status == NKS_OK)
        status = connect_with(db, &words, fault);
    PQconninfoFree(given);
    PQconninfoFree(otherwise);
    return status;
}
