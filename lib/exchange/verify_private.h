#ifndef NKS_EXCHANGE_VERIFY_PRIVATE_H
#define NKS_EXCHANGE_VERIFY_PRIVATE_H
/* The parts of nks_verify: verify.c walks and tells, verify_file.c judges one file, verify_manifest.c a folder's. */
#include "exchange/verify.h"
#include "iso20022/prolog.h"

enum { VERIFY_READ_SIZE = 256 * 1024 };

struct verify_entry { /* a file that is no signature */
    const char *name;
    enum nks_verify_kind kind;
    enum nks_verify_verdict verdict;
    const char *words;
    bool hashed, listed;
    uint64_t bytes;
    uint8_t hash[NKS_HASH_SIZE];
    nks_time signed_at;
    size_t cert;
    char message_id[NKS_MESSAGE_ID_MAX];
    uint64_t payments;
    struct nks_sum sum;
};

extern const char verify_changed[]; /* words for NKS_VERIFY_CHANGED */

struct verify_folder {
    char path[NKS_PATH_MAX], relative[NKS_PATH_MAX];
    struct nks_sys_list names;    /* signatures too */
    struct verify_entry *entries; /* in the order of their names */
    size_t count;
};

struct verify {
    const struct nks_verify_options *options;
    struct nks_verify_result *result;
    struct nks_fault *fault;
    struct nks_pin pins[NKS_CERTS_MAX];
    struct verify_folder **folders; /* judged, and told at the end */
    size_t folder_count;
    int64_t files; /* in all of them */
    char *buffer;  /* VERIFY_READ_SIZE */
    char p7s[NKS_P7S_MAX + 1];
    char head[NKS_PROLOG_MAX]; /* the first bytes of the file at hand */
    size_t head_len;
};

/* The graver verdict stands; of two alike the first. `words` is not copied. */
void verify_say(struct verify_entry *entry, enum nks_verify_verdict verdict, const char *words);
/* NULL: there is none of that name. */
struct verify_entry *verify_entry_find(const struct verify_folder *folder, const char *name);
bool verify_name_there(const struct verify_folder *folder, const char *name);
/* Of something that is no entry. */
NKS_CHECKED enum nks_status verify_tell(struct verify *verify, const struct nks_verify_found *found);

NKS_CHECKED enum nks_status verify_file(struct verify *verify, const struct verify_folder *folder,
                                        struct verify_entry *entry);
/* Opens a file; *fd -1: it cannot be, which is said of the entry. */
NKS_CHECKED enum nks_status verify_open(struct verify *verify, const char *path, struct verify_entry *entry,
                                        enum nks_verify_verdict verdict, const char *words, int *fd);
/* verify_order.c: reads an order whose signature is good: what its header says, and is it what its payments come to. */
NKS_CHECKED enum nks_status verify_order(struct verify *verify, const char *path, struct verify_entry *entry);
/* Marks what the manifests of the folder name. */
NKS_CHECKED enum nks_status verify_manifests(struct verify *verify, struct verify_folder *folder);

#endif
