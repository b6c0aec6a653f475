#ifndef NKS_DENMARK_SLIP_H
#define NKS_DENMARK_SLIP_H
/*
 * Danish payment slips (FIK and GIK, "indbetalingskort"): a kortart of two digits, the creditor's number, and for some
 * kinds a payment id whose last digit is a check digit (modulus 10).
 *
 *   kortart  creditor number  payment id
 *   01       7 or 8 digits    none (text instead)     giro
 *   04, 15   7 or 8 digits    16 digits               giro
 *   71       8 digits         15 digits               FIK
 *   73       8 digits         none (text instead)     FIK
 *   75       8 digits         16 digits               FIK
 *
 * Sources: which kinds there are and where they stand in a message, Bank Connect (bankconnect.dk) and the Danish rules
 * of Peppol (DK-R-010, 71#, 73# and 75# before the id); the check digit, Business::DK::FI.
 */
#include "base/text.h"

enum { NKS_SLIP_ID_MAX = 16 };

enum nks_slip_fault {
    NKS_SLIP_GOOD,
    NKS_SLIP_CREDITOR,  /* no creditor number of that kortart */
    NKS_SLIP_KORTART,   /* not told, or none of the table */
    NKS_SLIP_REFERENCE, /* missing, one too many, or wrong in length or check digit */
};

struct nks_slip {
    char kortart[3]; /* "71" */
    char payment_id[NKS_SLIP_ID_MAX + 1];
};

/* True for a kortart of the table. */
bool nks_slip_kortart_known(struct nks_text kortart);
/* The creditor number by its kortart; an empty kortart admits what any of them does. */
bool nks_slip_creditor_valid(struct nks_text kortart, struct nks_text creditor);
/* The payment id with its check digit; for 01 and 73 the empty text, and nothing else, is right. */
bool nks_slip_id_valid(struct nks_text kortart, struct nks_text payment_id);

/*
 * Reads what a payer wrote as the creditor reference of a slip: "71#026840149965328", "+71<026840149965328", "71/…",
 * "71 …", "71026840149965328" or, where `kortart` tells the kind, the id alone. 15 digits alone are a 71: no other kind
 * has as many. `kortart` is what another element said, with or without FIK or GIK in front ("FIK71"); it may be empty,
 * and where both say one they must be the same. `creditor` is the creditor number.
 */
NKS_CHECKED enum nks_slip_fault nks_slip_parse(struct nks_text kortart, struct nks_text creditor,
                                               struct nks_text reference, struct nks_slip *out);

#endif
