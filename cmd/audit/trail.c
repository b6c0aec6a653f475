/*
 * The trail: every link follows the one before, and the seals outside the database, which name each other, find the
 * links that they name. So a link that was changed, taken out or added shows, and so does a tail that was cut off or a
 * copy of the home that is older than its seals.
 */
#include "audit.h"
#include "trail/trail.h"
#include "vault/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEALS_MAX = 100000, SEAL_BYTES_MAX = 64 * 1024 * 1024, SIGNATURE_HEX = 2 * NKS_SIGNATURE_SIZE };

static const char seal_form[] = "# nks seal 1\tdate ";
static const char previous_word[] = "\tprevious ";
static const char signature_word[] = "# signature ";

/* ---- chains */

/* Only a look names holders, and no other link need be asked: held_check finds rows that name one. */
static enum nks_status holders_check(struct audit *audit, struct nks_trail *trail, const struct nks_trail_link *link)
{
    static const uint8_t none[NKS_HASH_SIZE];
    bool good = true;
    if (!link->binds_holders || memcmp(link->holders, none, sizeof none) == 0)
        return NKS_OK;
    NKS_TRY(nks_trail_holders_check(trail, link, &good, &audit->fault));
    if (!good)
        audit_find(audit, "is of a look at other data than its row of a holder says");
    return NKS_OK;
}

/* A row that names a link which does not know of it. */
static enum nks_status held_check(struct audit *audit, struct nks_trail *trail)
{
    static const uint8_t none[NKS_HASH_SIZE];
    static struct nks_trail_link made;
    for (int64_t chain = -1, link = 0;;) {
        bool found = false;
        NKS_TRY(nks_trail_next_held(trail, &chain, &link, &found, &audit->fault));
        if (!found)
            return NKS_OK;
        audit_looked(audit);
        enum nks_status status = nks_trail_next(trail, chain, link - 1, &made, &found, &audit->fault);
        audit_at(audit, "trail_holder chain %lld link %lld", (long long)chain, (long long)link);
        if (status == NKS_INTEGRITY) { /* told with its chain */
            nks_fault_clear(&audit->fault);
            continue;
        }
        NKS_TRY(status);
        if (!found || made.link != link || (made.binds_holders && memcmp(made.holders, none, sizeof none) == 0))
            audit_find(audit, "names a link that is no look at somebody's data");
    }
}

static enum nks_status chain_check(struct audit *audit, struct nks_trail *trail, int64_t chain)
{
    static struct nks_trail_link links[2];
    const struct nks_trail_link *before = NULL;
    for (int64_t at = 0;; at++) {
        struct nks_trail_link *link = &links[at % 2];
        bool found = false;
        enum nks_status status =
            nks_trail_next(trail, chain, before == NULL ? 0 : before->link, link, &found, &audit->fault);
        audit_at(audit, "trail_link chain %lld link %lld", (long long)chain, (long long)link->link);
        bool damaged = status == NKS_INTEGRITY;
        NKS_TRY(audit_take_fault(audit, status));
        if (!damaged && !found)
            return NKS_OK;
        audit_looked(audit);
        if (!damaged && !nks_trail_follows(before, link))
            audit_find(audit, "does not follow the link before it");
        if (!damaged)
            NKS_TRY(holders_check(audit, trail, link));
        before = link;
    }
}

struct batch_chains {
    struct nks_trail *trail;
    int64_t first; /* the first batch that was read when there was a trail: older ones have no beginning in it */
};

static enum nks_status first_chain_find(struct audit *audit, struct batch_chains *chains)
{
    static struct nks_trail_link link;
    chains->first = INT64_MAX;
    for (int64_t chain = 0;;) {
        int64_t last = 0;
        bool found = false;
        enum nks_status status = nks_trail_next_chain(chains->trail, chain, &chain, &last, &found, &audit->fault);
        if (status == NKS_OK && !found)
            return NKS_OK;
        if (status == NKS_OK)
            status = nks_trail_next(chains->trail, chain, 0, &link, &found, &audit->fault);
        if (status == NKS_INTEGRITY) { /* told with its chain */
            nks_fault_clear(&audit->fault);
            continue;
        }
        NKS_TRY(status);
        if (found && link.action == NKS_TRAIL_INGEST) {
            chains->first = chain;
            return NKS_OK;
        }
    }
}

/* A batch that was received has a chain of its own. */
static enum nks_status batch_chain_check(struct audit *audit, void *context, const struct audit_batch *batch)
{
    static struct nks_trail_link link;
    const struct batch_chains *chains = context;
    bool found = false;
    if (batch->origin != NKS_ORIGIN_SENDER || batch->id < chains->first)
        return NKS_OK;
    enum nks_status status = nks_trail_next(chains->trail, batch->id, 0, &link, &found, &audit->fault);
    if (status == NKS_INTEGRITY) { /* told with its chain */
        nks_fault_clear(&audit->fault);
        return NKS_OK;
    }
    if (status == NKS_OK && !found) {
        audit_at(audit, "trail_link chain %lld", (long long)batch->id);
        audit_find(audit, "the batch has no trail");
    }
    return status;
}

/* ---- seals */

struct seal_file {
    const char *name;
    char *data;
    size_t len, signed_len; /* of all, and of the lines under the signature */
    uint8_t hash[NKS_HASH_SIZE];
    char previous[NKS_HASH_HEX];
};

static bool hex_read(const char *text, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len; i++) {
        char one[3] = {text[2 * i], text[2 * i + 1], '\0'};
        char *end = NULL;
        unsigned long value = strtoul(one, &end, 16);
        if (end != one + 2 || one[0] == '-' || one[0] == '+' || one[0] == ' ')
            return false;
        out[i] = (uint8_t)value;
    }
    return true;
}

/* Finds the signature line, which is the last one. */
static bool seal_split(struct seal_file *seal, uint8_t signature[NKS_SIGNATURE_SIZE])
{
    size_t tail = sizeof signature_word - 1 + SIGNATURE_HEX + 1;
    if (seal->len < tail || seal->data[seal->len - 1] != '\n')
        return false;
    const char *line = seal->data + seal->len - tail;
    seal->signed_len = seal->len - tail;
    return (seal->signed_len == 0 || line[-1] == '\n') &&
           memcmp(line, signature_word, sizeof signature_word - 1) == 0 &&
           hex_read(line + sizeof signature_word - 1, NKS_SIGNATURE_SIZE, signature);
}

static enum nks_status signature_check(struct audit *audit, struct seal_file *seal)
{
    uint8_t signature[NKS_SIGNATURE_SIZE], hash[NKS_HASH_SIZE];
    if (!seal_split(seal, signature)) {
        audit_find(audit, "is not a whole seal");
        return NKS_OK;
    }
    nks_hash_once(seal->data, seal->signed_len, hash);
    return audit_take_fault(audit, nks_sign_verify(audit->keys, hash, sizeof hash, signature, &audit->fault));
}

/* One line "chain TAB link TAB hash": the link must be there with that hash. */
static enum nks_status head_check(struct audit *audit, struct nks_trail *trail, const char *line)
{
    static struct nks_trail_link link;
    long long chain = 0, number = 0;
    char hex[NKS_HASH_HEX], hash[NKS_HASH_HEX] = "";
    bool found = false;
    if (sscanf(line, "%lld\t%lld\t%64[0-9a-f]", &chain, &number, hash) != 3) {
        audit_find(audit, "has a line that names no chain");
        return NKS_OK;
    }
    enum nks_status status = nks_trail_next(trail, chain, number - 1, &link, &found, &audit->fault);
    if (status == NKS_INTEGRITY) { /* told with its chain */
        nks_fault_clear(&audit->fault);
        return NKS_OK;
    }
    NKS_TRY(status);
    nks_hex(link.hash, NKS_HASH_SIZE, hex);
    if (!found || link.link != number)
        audit_find(audit,
                   "names link %lld of chain %lld, which is not there: the trail was cut, or the database is older",
                   number, chain);
    else if (strcmp(hex, hash) != 0)
        audit_find(audit, "names another link %lld of chain %lld than the one that is there", number, chain);
    return NKS_OK;
}

static enum nks_status heads_check(struct audit *audit, struct nks_trail *trail, struct seal_file *seal,
                                   const char *previous_hex)
{
    char date[NKS_DATE_TEXT] = "", expected[40];
    const char *end = seal->data + seal->signed_len;
    const char *line = memchr(seal->data, '\n', seal->signed_len);
    size_t form_len = sizeof seal_form - 1, date_len = sizeof date - 1, word_len = sizeof previous_word - 1;
    bool good = line != NULL && (size_t)(line - seal->data) > form_len + date_len + word_len &&
                memcmp(seal->data, seal_form, form_len) == 0 &&
                memcmp(seal->data + form_len + date_len, previous_word, word_len) == 0;
    if (good)
        memcpy(date, seal->data + form_len, date_len);
    snprintf(expected, sizeof expected, "seal-%s.tsv", date);
    const char *previous = seal->data + form_len + date_len + word_len;
    size_t previous_len = strlen(previous_hex);
    if (!good || strcmp(expected, seal->name) != 0) {
        audit_find(audit, "is not the seal of the day in its name");
        return NKS_OK;
    }
    if ((size_t)(line - previous) != previous_len || memcmp(previous, previous_hex, previous_len) != 0)
        audit_find(audit, "does not follow the seal before it: one was changed or taken away");
    for (line++; line < end; line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1) {
        audit_looked(audit);
        NKS_TRY(head_check(audit, trail, line));
    }
    return NKS_OK;
}

/* The newest seal as it was before the picture: a run may write it again meanwhile. */
static enum nks_status seal_read(struct audit *audit, const char *path, struct seal_file *seal)
{
    const struct audit_seals *seals = audit->seals;
    if (strcmp(seals->list.names[seals->list.count - 1], seal->name) != 0)
        return nks_file_read(path, SEAL_BYTES_MAX, &seal->data, &seal->len, &audit->fault);
    seal->data = malloc(seals->newest_len + 1);
    seal->len = seals->newest_len;
    if (seal->data == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for a seal; try again later");
    memcpy(seal->data, seals->newest, seals->newest_len);
    return NKS_OK;
}

/* Of a sealed day the seal names every chain that the table of days has for it. Whether the newest one does is known
 * only where nothing was sealed since it was read. */
static enum nks_status chains_compare(struct audit *audit, const char *path, const struct seal_file *seal)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    nks_date day = 0;
    uint8_t hash[NKS_HASH_SIZE];
    int64_t lines = 0, size = 0;
    NKS_TRY(nks_hash_file(path, hash, &size, &audit->fault));
    struct nks_text date = {seal->data + sizeof seal_form - 1, NKS_DATE_TEXT - 1};
    if (memcmp(hash, seal->hash, sizeof hash) != 0 || !nks_date_parse(date, false, &day))
        return NKS_OK;
    for (size_t i = 0; i < seal->signed_len; i++)
        lines += seal->data[i] == '\n';
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_trail_day_chains, &stmt, &audit->fault));
    nks_bind_int(stmt, "day", day);
    NKS_TRY(nks_stmt_one(stmt, &found, &audit->fault));
    int64_t chains = found ? nks_column_int(stmt, 0) : 0;
    bool sealed = chains == 0 || nks_column_int(stmt, 1) != 0;
    nks_stmt_end(stmt);
    if (sealed && chains != lines - 1)
        audit_find(audit, "names %lld chains, table trail_day has %lld of that day", (long long)lines - 1,
                   (long long)chains);
    return NKS_OK;
}

static enum nks_status seal_check(struct audit *audit, struct nks_trail *trail, const char *dir, const char *name,
                                  char previous_hex[NKS_HASH_HEX])
{
    char path[NKS_PATH_MAX];
    struct seal_file seal = {.name = name};
    audit_at(audit, "seal %s", name);
    if (!nks_path_join(path, dir, name))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    NKS_TRY(seal_read(audit, path, &seal));
    int64_t before = audit->all_findings + audit->findings;
    enum nks_status status = signature_check(audit, &seal);
    if (status == NKS_OK && audit->all_findings + audit->findings == before)
        status = heads_check(audit, trail, &seal, previous_hex);
    nks_hash_once(seal.data, seal.len, seal.hash);
    nks_hex(seal.hash, sizeof seal.hash, previous_hex);
    if (status == NKS_OK && audit->all_findings + audit->findings == before)
        status = chains_compare(audit, path, &seal);
    free(seal.data);
    return status;
}

/* Days that the database calls sealed have their seal; days that wait for one are work in progress. */
static enum nks_status days_check(struct audit *audit, const char *dir)
{
    struct nks_stmt *stmt = NULL;
    int64_t waiting = 0;
    NKS_TRY(nks_stmt_start(audit->db, &nks_sql_audit_trail_days, &stmt, &audit->fault));
    for (;;) {
        bool row = false;
        NKS_TRY(nks_stmt_step(stmt, &row, &audit->fault));
        if (!row)
            break;
        char date[NKS_DATE_TEXT], name[40], path[NKS_PATH_MAX];
        nks_date_format((nks_date)nks_column_int(stmt, 0), date);
        bool sealed = nks_column_int(stmt, 1) != 0;
        snprintf(name, sizeof name, "seal-%s.tsv", date);
        waiting += !sealed;
        audit_at(audit, "seal %s", name);
        if (sealed && (!nks_path_join(path, dir, name) || !nks_sys_exists(path)))
            audit_find(audit, "is missing");
    }
    if (waiting > 0)
        audit_note(audit, "%lld days of the trail wait for their seal, which the next run writes", (long long)waiting);
    return NKS_OK;
}

static bool is_seal(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".part") != 0;
}

enum nks_status audit_seals_read(struct audit *audit)
{
    struct audit_seals *seals = calloc(1, sizeof *seals);
    char dir[NKS_PATH_MAX], path[NKS_PATH_MAX];
    audit->seals = seals;
    if (seals == NULL)
        return nks_fault_set(&audit->fault, NKS_RETRY, "MEMORY", "no memory for the seals; try again later");
    if (!nks_seal_dir(audit->home, dir))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    if (!nks_sys_exists(dir))
        return NKS_OK;
    NKS_TRY(nks_sys_list(dir, SEALS_MAX, false, &seals->list, &audit->fault));
    while (seals->list.count > 0 && !is_seal(seals->list.names[seals->list.count - 1]))
        free(seals->list.names[--seals->list.count]);
    if (seals->list.count == 0)
        return NKS_OK;
    if (!nks_path_join(path, dir, seals->list.names[seals->list.count - 1]))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    return nks_file_read(path, SEAL_BYTES_MAX, &seals->newest, &seals->newest_len, &audit->fault);
}

void audit_seals_free(struct audit_seals *seals)
{
    if (seals == NULL)
        return;
    nks_sys_list_free(&seals->list);
    free(seals->newest);
    free(seals);
}

/* Those that were there before the picture of the tables was taken: a newer one may name links that are not in it. */
static enum nks_status seals_check(struct audit *audit, struct nks_trail *trail)
{
    char dir[NKS_PATH_MAX], previous_hex[NKS_HASH_HEX] = "-";
    const struct nks_sys_list *list = &audit->seals->list;
    if (!nks_seal_dir(audit->home, dir))
        return nks_fault_set(&audit->fault, NKS_FAILED, "PATH-LONG", "the path of the home is too long");
    NKS_TRY(days_check(audit, dir));
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < list->count && status == NKS_OK; i++) {
        if (is_seal(list->names[i]))
            status = seal_check(audit, trail, dir, list->names[i], previous_hex);
    }
    return status;
}

enum nks_status audit_check_trail(struct audit *audit)
{
    struct nks_trail *trail = NULL;
    NKS_TRY(nks_trail_open(audit->db, audit->keys, 0, "nks-audit", &trail, &audit->fault));
    struct batch_chains chains = {.trail = trail};
    enum nks_status status = NKS_OK;
    for (int64_t chain = -1; status == NKS_OK;) {
        int64_t last = 0;
        bool found = false;
        status = nks_trail_next_chain(trail, chain, &chain, &last, &found, &audit->fault);
        if (status == NKS_INTEGRITY)
            status = audit_take_fault(audit, status);
        if (status != NKS_OK || !found)
            break;
        status = chain_check(audit, trail, chain);
    }
    if (status == NKS_OK)
        status = held_check(audit, trail);
    if (status == NKS_OK)
        status = first_chain_find(audit, &chains);
    if (status == NKS_OK)
        status = audit_each_batch(audit, batch_chain_check, &chains);
    if (status == NKS_OK)
        status = seals_check(audit, trail);
    nks_trail_close(trail);
    return status;
}
