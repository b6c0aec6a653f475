#ifndef NKS_STAGE_RECEIVE_SIGNATURE_H
#define NKS_STAGE_RECEIVE_SIGNATURE_H
/*
 * Private to lib/stage: the signature NAME.p7s beside a received file NAME.
 *
 * The signature is moved into .taken/ before its file, and removed there before its file, once the row TAKEN holds it.
 * So a file in .taken/ that has no row yet has its signature there with it, whenever a run is killed.
 *
 * Order of calls: nks_signature_fetch; nks_signature_open; nks_signature_add for all bytes of the file;
 * nks_signature_save in the transaction of the row; nks_signature_close; nks_signature_remove.
 */
#include "stage/run.h"

struct nks_taking { /* a file being taken */
    struct nks_run *run;
    enum nks_source source;
    const char *party, *dir, *taken, *name;
};
struct nks_signature_in {
    const struct nks_taking *taking;
    enum nks_signature_rule rule;
    char *p7s; /* NULL: there is none */
    size_t len;
    struct nks_cms *cms; /* NULL: none, or not judged */
};

/* What the sender's agreements, or the central, ask for on the run's day. */
enum nks_signature_rule nks_signature_rule_of(const struct nks_run *run, enum nks_source source, const char *party);
/* Moves the signature into .taken/. `dropped`: when the file, which still lies in the drop folder, was last changed; 0:
 * it lies in .taken/ already. *wait: the file is to be left for a later run. */
NKS_CHECKED enum nks_status nks_signature_fetch(const struct nks_taking *taking, nks_time dropped, bool *wait);
NKS_CHECKED enum nks_status nks_signature_open(const struct nks_taking *taking, struct nks_signature_in *signature);
/* One whose file does not come: old, and neither in the drop folder nor in .taken/ is there a file for it. Or one that
 * fits no file, for its capital letters. `taking->name` is the signature's own name. */
NKS_CHECKED enum nks_status nks_signature_is_alone(const struct nks_taking *taking, bool *alone);
void nks_signature_add(struct nks_signature_in *signature, const void *data, size_t len);
/* Judges it with the party's signers at the run's instant, and stores verdict and bytes; nothing where there is none.
 */
NKS_CHECKED enum nks_status nks_signature_save(struct nks_signature_in *signature, int64_t delivery_id);
void nks_signature_close(struct nks_signature_in *signature);
NKS_CHECKED enum nks_status nks_signature_remove(const struct nks_taking *taking);

/* The reason for which a delivery is not read: NONE when its signature is as the rule wants it. */
NKS_CHECKED enum nks_status nks_signature_refuses(struct nks_run *run, const struct nks_delivery *delivery,
                                                  enum nks_reason *reason);

#endif
