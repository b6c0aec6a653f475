#ifndef NKS_CMD_IMPORT_SIGNED_H
#define NKS_CMD_IMPORT_SIGNED_H
/*
 * Automatic imports: a file F with a signature F.p7s by a certificate in import.crt of the keys directory needs no
 * person. A signature is good once: the links of signed imports in the trail are the memory, so it cannot be emptied
 * unseen. An older signature of the same kind of import is not taken after a newer one, because it would bring back
 * what the newer file changed.
 *
 * Order of calls: import_signature_take; where it holds: import_signature_begin, the import, import_signature_end.
 */
#include "nks.h"

struct import_signature {
    bool holds; /* false: there is none, or no certificate to hold it against */
    uint8_t content[NKS_HASH_SIZE];
    nks_time at; /* signed */
};
/* A signature that does not hold, or that says no time or one to come, is refused (IMPORT-SIGNATURE), not passed over.
 */
NKS_CHECKED enum nks_status import_signature_take(struct nks_app *app, const char *path,
                                                  struct import_signature *signature);
/* NKS_REFUSED: taken before (IMPORT-REPLAYED), or older than one that was taken (IMPORT-OLD). From here on the next
 * commit's link remembers it. */
NKS_CHECKED enum nks_status import_signature_begin(struct nks_app *app, const struct import_signature *signature);
/* An import that changed nothing made no link: it gets one, or the file could come again when it would change much. */
NKS_CHECKED enum nks_status import_signature_end(struct nks_app *app, const struct import_signature *signature);

#endif
