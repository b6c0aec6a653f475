#ifndef NKS_PERSON_PERSON_PRIVATE_H
#define NKS_PERSON_PERSON_PRIVATE_H
/* Private to lib/person. */
#include "person/person.h"

struct nks_persons {
    struct nks_db *db;
    struct nks_cipher *cipher;
};
enum { NKS_PERSON_RECORD = 2048 };

enum nks_status nks_person_damaged(const char *what, int64_t id, struct nks_fault *fault);
/* The number after the last one that the statement gives. */
NKS_CHECKED enum nks_status nks_person_next_id(struct nks_persons *persons, const struct nks_sql *last, int64_t *id,
                                               struct nks_fault *fault);
#endif
