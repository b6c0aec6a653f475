#ifndef NKS_BASE_MONEY_H
#define NKS_BASE_MONEY_H
/*
 * Money: integer minor units with their currency, and checked arithmetic. Never a float.
 *
 * The number of decimals belongs to the currency (ISO 4217: DKK 2, JPY 0, KWD 3); the table is in money.c. A currency
 * that the table does not know counts 2 decimals.
 * A control sum (ISO 20022 CtrlSum) adds amounts of any currency as plain decimal numbers; it is kept in units of
 * 0.00001 in 128 bits, so that 18-digit amounts times 10^15 transactions do not overflow.
 */
#include "base/text.h"

struct nks_money {
    int64_t minor;    /* minor units, e.g. øre */
    char currency[4]; /* "DKK", terminated */
};

/* True for a code of ISO 4217 that is in use as money: not XXX, XTS, metals and the like. */
bool nks_currency_known(const char *currency);
/* How many decimals the currency has. */
int nks_currency_decimals(const char *currency);
/* True for three upper-case letters. */
bool nks_currency_is_form(struct nks_text code);
/* The three letters as one number for a column (A..Z base 26), and back. 0 is AAA; -1 where the form is wrong. */
int32_t nks_currency_number(const char *currency);
void nks_currency_name(int32_t number, char out[4]);

enum nks_amount_fault {
    NKS_AMOUNT_GOOD,
    NKS_AMOUNT_FORM,     /* not digits with at most one point; sign, exponent, blanks */
    NKS_AMOUNT_DECIMALS, /* more non-zero decimals than the currency has */
    NKS_AMOUNT_RANGE,    /* more than 18 digits, or beyond 64 bits */
};

/*
 * Reads an ISO 20022 decimal ("1300.00", "5", ".5" is not accepted) into minor units. Zeros beyond the currency's
 * decimals are accepted ("1.50000"). Zero is accepted here; whether a payment may be zero is the caller's rule.
 */
NKS_CHECKED enum nks_amount_fault nks_money_parse(struct nks_text text, const char *currency, struct nks_money *out);

/* Appends "1300.00" (as many decimals as the currency has, always). */
void nks_money_format(struct nks_buf *buf, struct nks_money money);
/* For people: "1.300,00 kr." style is not used; "1,300.00 DKK". */
void nks_money_format_people(struct nks_buf *buf, struct nks_money money);

/* False on another currency or overflow; `out` is then untouched. */
NKS_CHECKED bool nks_money_add(struct nks_money a, struct nks_money b, struct nks_money *out);
NKS_CHECKED bool nks_money_sub(struct nks_money a, struct nks_money b, struct nks_money *out);
NKS_CHECKED bool nks_minor_add(int64_t a, int64_t b, int64_t *out);

__extension__ typedef __int128 nks_int128;
struct nks_sum {
    nks_int128 scaled; /* units of 10^-5 */
};

NKS_CHECKED bool nks_sum_add(struct nks_sum *sum, struct nks_money money); /* false on overflow: sum untouched */
/* An ISO 20022 DecimalNumber >= 0: 18 digits. More than 5 non-zero decimals are refused: no amounts add up to them. */
NKS_CHECKED bool nks_sum_parse(struct nks_text text, struct nks_sum *out);
/* Reads what nks_sum_format wrote into a column, also beyond the 18 digits that a message may carry. */
NKS_CHECKED bool nks_sum_read(struct nks_text text, struct nks_sum *out);
bool nks_sum_equal(struct nks_sum a, struct nks_sum b);
/* True when the sum fits into the 18 digits that a message's sums may have (DecimalNumber): 16 before the point and two
 * behind, or 13 and five. What is bigger must be refused before it is written. */
bool nks_sum_writable(struct nks_sum sum);
/* Appends with at least two decimals and no further trailing zeros: "1300.00", "7.125". */
void nks_sum_format(struct nks_buf *buf, struct nks_sum sum);

#endif
