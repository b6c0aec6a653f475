#ifndef NKS_ISO20022_CAMT055_H
#define NKS_ISO20022_CAMT055_H
/*
 * The request to a bank to call payments back: camt.055.001.08. Valid under the official schema: ids are cut to the
 * length of the standard. Why is always CUST (asked for by the customer): no words of a person go to the bank.
 * Order of calls: begin { file_begin { payment }* file_end }* end.
 */
#include "base/date.h"
#include "base/money.h"
#include "iso20022/xmlout.h"

struct nks_camt055_head {
    const char *id; /* of the message: Assgnmt/Id */
    nks_time created;
    struct nks_text from, to; /* names: ours, the bank's */
    int64_t payments;
    struct nks_sum sum;
};
struct nks_camt055_file { /* the order file whose payments are called back, and their group */
    struct nks_text message_id, message_name, group_id;
    nks_time created;
};
struct nks_camt055_payment {
    const char *instr_id;
    struct nks_text end_to_end_id; /* left out when empty */
    const char *uetr;              /* NULL: none was sent */
    struct nks_money amount;
};
void nks_camt055_begin(struct nks_xmlout *out, const struct nks_camt055_head *head);
void nks_camt055_file_begin(struct nks_xmlout *out, const struct nks_camt055_file *file);
void nks_camt055_payment_write(struct nks_xmlout *out, const struct nks_camt055_payment *payment);
void nks_camt055_file_end(struct nks_xmlout *out);
void nks_camt055_end(struct nks_xmlout *out);

#endif
