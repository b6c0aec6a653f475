#ifndef NKS_AGREEMENT_AGREEMENT_PRIVATE_H
#define NKS_AGREEMENT_AGREEMENT_PRIVATE_H
/* Between the files of this room: a row of the CSV, an agreement, its terms as they are stored. */
#include "agreement/agreement.h"
#include "base/csv.h"
#include "vault/cipher.h"

enum {
    NKS_AGREEMENT_COLUMNS = 24,
    NKS_AGREEMENT_TERMS_MAX =
        64 * 1024, /* a row of CSV has at most 16 KiB, and each of its texts gets 8 bytes of length */
};
extern const struct nks_csv_column nks_agreement_columns[NKS_AGREEMENT_COLUMNS];

/* NKS_REFUSED as nks_csv_refuse. Texts lie in the row. */
NKS_CHECKED enum nks_status nks_agreement_take(const struct nks_csv_row *row, struct nks_agreement *a,
                                               struct nks_fault *fault);
/* The refusal of a row whose sender and payer stand in that line too. */
enum nks_status nks_agreement_refuse_twice(const struct nks_csv_row *row, int64_t line, struct nks_fault *fault);

/* At most NKS_AGREEMENT_TERMS_MAX bytes of a row that was taken. */
void nks_agreement_pack(struct nks_buf *buf, const struct nks_agreement *a);
/* NKS_INTEGRITY (AGREEMENT-ROW) when it is not what was stored. Both texts and the struct lie in `plain`. */
NKS_CHECKED enum nks_status nks_agreement_open(struct nks_cipher *cipher, int64_t id, int64_t version,
                                               struct nks_text bytes, char *plain, size_t size,
                                               struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_agreement_read(int64_t id, int64_t version, struct nks_text sender,
                                               struct nks_text payer, struct nks_text plain, struct nks_agreement *out,
                                               struct nks_fault *fault);
#endif
