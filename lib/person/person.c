/* Operators: their rows, roles and the rule of the second person. */
#include "person/person_private.h"

#include "base/pack.h"
#include "person_sql.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    int role;
    const char *name;
} roles_table[] = {{NKS_ROLE_OPERATOR, "operator"}, {NKS_ROLE_APPROVER, "approver"}, {NKS_ROLE_LOOKER, "looker"}};
enum { ROLES = sizeof roles_table / sizeof roles_table[0] };

bool nks_roles_read(struct nks_text text, int *roles)
{
    *roles = 0;
    for (bool more = true; more;) {
        const char *comma = text.len == 0 ? NULL : memchr(text.ptr, ',', text.len);
        size_t len = comma == NULL ? text.len : (size_t)(comma - text.ptr);
        int role = 0;
        for (size_t i = 0; i < ROLES; i++) {
            if (nks_text_is((struct nks_text){text.ptr, len}, roles_table[i].name))
                role = roles_table[i].role;
        }
        if (role == 0)
            return false;
        *roles |= role;
        more = comma != NULL;
        size_t taken = comma == NULL ? text.len : len + 1;
        text = (struct nks_text){text.ptr + taken, text.len - taken};
    }
    return *roles != 0;
}

void nks_roles_format(int roles, char out[NKS_ROLES_TEXT])
{
    struct nks_buf buf;
    nks_buf_init(&buf, out, NKS_ROLES_TEXT - 1);
    for (size_t i = 0; i < ROLES; i++) {
        if ((roles & roles_table[i].role) != 0)
            nks_buf_printf(&buf, "%s%s", buf.len > 0 ? "," : "", roles_table[i].name);
    }
    out[buf.len] = '\0';
}

enum nks_second nks_second_person(const struct nks_proposal *proposal, const struct nks_person *first,
                                  const struct nks_person *second)
{
    if (proposal->state != NKS_PROPOSAL_OPEN)
        return NKS_SECOND_STATE;
    if (strcmp(first->name, second->name) == 0 || memcmp(first->key, second->key, sizeof first->key) == 0)
        return NKS_SECOND_SAME;
    return (second->roles & NKS_ROLE_APPROVER) != 0 ? NKS_SECOND_GOOD : NKS_SECOND_ROLE;
}

/* ---- opening */

enum nks_status nks_persons_open(struct nks_db *db, struct nks_keys *keys, struct nks_persons **out,
                                 struct nks_fault *fault)
{
    *out = NULL;
    struct nks_persons *persons = calloc(1, sizeof *persons);
    if (persons == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for persons; try again later");
    persons->db = db;
    enum nks_status status = nks_cipher_open(keys, NKS_KEY_PERSON, &persons->cipher, fault);
    if (status != NKS_OK) {
        nks_persons_close(persons);
        return status;
    }
    *out = persons;
    return NKS_OK;
}

void nks_persons_close(struct nks_persons *persons)
{
    if (persons == NULL)
        return;
    nks_cipher_free(persons->cipher);
    free(persons);
}

enum nks_status nks_person_damaged(const char *what, int64_t id, struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_INTEGRITY, "PERSON-ROW",
                         "%s %lld is not what was stored; do not restart, run nks-audit", what, (long long)id);
}

enum nks_status nks_person_next_id(struct nks_persons *persons, const struct nks_sql *last, int64_t *id,
                                   struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(persons->db, last, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *id = found ? nks_column_int(stmt, 0) + 1 : 1;
    nks_stmt_end(stmt);
    return NKS_OK;
}

/* ---- rows */

static struct nks_place place_of(int64_t id)
{
    return (struct nks_place){"person", "details", id, 0, 1};
}

/* The clear columns are repeated, so that one that is changed shows. */
static enum nks_status person_pack(struct nks_persons *persons, const struct nks_person *person, uint8_t *out,
                                   size_t *len, struct nks_fault *fault)
{
    char memory[NKS_PERSON_RECORD];
    struct nks_buf buf;
    struct nks_place place = place_of(person->id);
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_text(&buf, nks_text_from(person->name));
    nks_pack_int(&buf, person->ended);
    nks_pack_int(&buf, person->roles);
    nks_pack_int(&buf, person->since);
    nks_pack_text(&buf, (struct nks_text){(const char *)person->key, sizeof person->key});
    *len = buf.len + NKS_CIPHER_OVERHEAD;
    return nks_cipher_encrypt(persons->cipher, &place, buf.ptr, buf.len, out, fault);
}

static enum nks_status person_unpack(struct nks_persons *persons, struct nks_stmt *stmt, struct nks_person *person,
                                     struct nks_fault *fault)
{
    char plain[NKS_PERSON_RECORD], name[NKS_PARTY_MAX];
    struct nks_text record = nks_column_bytes(stmt, 3);
    *person = (struct nks_person){.id = nks_column_int(stmt, 0), .ended = nks_column_int(stmt, 2)};
    struct nks_place place = place_of(person->id);
    bool good = nks_text_copy(nks_column_text(stmt, 1), person->name, sizeof person->name) &&
                record.len >= NKS_CIPHER_OVERHEAD && record.len <= sizeof plain;
    if (!good)
        return nks_person_damaged("person", person->id, fault);
    NKS_TRY(nks_cipher_decrypt(persons->cipher, &place, record.ptr, record.len, plain, fault));
    struct nks_unpack unpack = {.rest = {plain, record.len - NKS_CIPHER_OVERHEAD}};
    good = nks_text_copy(nks_unpack_text(&unpack), name, sizeof name) && strcmp(name, person->name) == 0;
    good = nks_unpack_int(&unpack) == person->ended && good;
    person->roles = (int)nks_unpack_int(&unpack);
    person->since = nks_unpack_int(&unpack);
    struct nks_text key = nks_unpack_text(&unpack);
    if (!good || key.len != sizeof person->key || !nks_unpack_done(&unpack))
        return nks_person_damaged("person", person->id, fault);
    memcpy(person->key, key.ptr, sizeof person->key);
    return NKS_OK;
}

static enum nks_status read_one(struct nks_persons *persons, struct nks_stmt *stmt, struct nks_person *person,
                                bool *found, struct nks_fault *fault)
{
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    enum nks_status status = *found ? person_unpack(persons, stmt, person, fault) : NKS_OK;
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_person_find(struct nks_persons *persons, const char *name, struct nks_person *person, bool *found,
                                struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_person_find, &stmt, fault));
    nks_bind_text(stmt, "name", nks_text_from(name));
    return read_one(persons, stmt, person, found, fault);
}

enum nks_status nks_person_next(struct nks_persons *persons, int64_t after, struct nks_person *person, bool *found,
                                struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_person_next, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    return read_one(persons, stmt, person, found, fault);
}

enum nks_status nks_person_count(struct nks_persons *persons, int64_t *count, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    bool found = false;
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_person_count, &stmt, fault));
    NKS_TRY(nks_stmt_one(stmt, &found, fault));
    *count = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return NKS_OK;
}

enum nks_status nks_persons_in_force(struct nks_persons *persons, struct nks_persons_count *count,
                                     struct nks_fault *fault)
{
    struct nks_person person = {.id = 0};
    *count = (struct nks_persons_count){0, 0};
    for (;;) {
        bool found = false;
        NKS_TRY(nks_person_next(persons, person.id, &person, &found, fault));
        if (!found)
            return NKS_OK;
        count->operators += person.ended == 0 && (person.roles & NKS_ROLE_OPERATOR) != 0;
        count->approvers += person.ended == 0 && (person.roles & NKS_ROLE_APPROVER) != 0;
    }
}

bool nks_person_spare(const struct nks_persons_count *now, const struct nks_person *person)
{
    bool operates = (person->roles & NKS_ROLE_OPERATOR) != 0, approves = (person->roles & NKS_ROLE_APPROVER) != 0;
    return (!approves || now->approvers > 2) && (!operates || now->operators > 1);
}

bool nks_founders_good(int first, int second)
{
    bool operates = (first & NKS_ROLE_OPERATOR) != 0, approves = (first & NKS_ROLE_APPROVER) != 0;
    bool other_operates = (second & NKS_ROLE_OPERATOR) != 0, other_approves = (second & NKS_ROLE_APPROVER) != 0;
    if (second == 0)
        return operates || approves;
    return (operates || other_operates) && (!operates || other_approves) && (!other_operates || approves);
}

/* Two persons are told apart by key, so no key stands for two. */
enum nks_status nks_person_is_new(struct nks_persons *persons, const struct nks_person *wanted, struct nks_fault *fault)
{
    struct nks_person other = {.id = 0};
    for (;;) {
        bool found = false;
        NKS_TRY(nks_person_next(persons, other.id, &other, &found, fault));
        if (!found)
            return NKS_OK;
        if (memcmp(other.key, wanted->key, sizeof other.key) == 0)
            return nks_fault_set(fault, NKS_REFUSED, "PERSON-EXISTS",
                                 "person %s %s this key; each person has a key of its own, and a new one after an end",
                                 other.name, other.ended == 0 ? "has" : "had");
        if (other.ended == 0 && strcmp(other.name, wanted->name) == 0)
            return nks_fault_set(fault, NKS_REFUSED, "PERSON-EXISTS",
                                 "person %s is in force; each person has an id of its own", other.name);
    }
}

enum nks_status nks_person_add(struct nks_persons *persons, struct nks_person *person, struct nks_fault *fault)
{
    uint8_t record[NKS_PERSON_RECORD];
    size_t len = 0;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_person_is_new(persons, person, fault));
    NKS_TRY(nks_person_next_id(persons, &nks_sql_person_last, &person->id, fault));
    NKS_TRY(person_pack(persons, person, record, &len, fault));
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_person_insert, &stmt, fault));
    nks_bind_int(stmt, "person_id", person->id);
    nks_bind_text(stmt, "name", nks_text_from(person->name));
    nks_bind_int(stmt, "ended_at", person->ended);
    nks_bind_bytes(stmt, "details", record, len);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_person_end(struct nks_persons *persons, const struct nks_person *person, nks_time now,
                               struct nks_fault *fault)
{
    struct nks_person ended = *person;
    uint8_t record[NKS_PERSON_RECORD];
    size_t len = 0;
    int64_t changed = 0;
    struct nks_stmt *stmt = NULL;
    ended.ended = now;
    NKS_TRY(person_pack(persons, &ended, record, &len, fault));
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_person_end, &stmt, fault));
    nks_bind_int(stmt, "person_id", ended.id);
    nks_bind_int(stmt, "ended_at", ended.ended);
    nks_bind_bytes(stmt, "details", record, len);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    return changed == 1 ? NKS_OK : nks_person_damaged("person", ended.id, fault);
}
