/* The rules for one payment: a table, one row per rule, tried in this order; the first broken one gives the reason. */
#include "payment/payment.h"

static bool group_id(const struct nks_payment_facts *facts)
{
    return facts->group_repeated;
}

static bool debtor_account(const struct nks_payment_facts *facts)
{
    return !facts->debtor_account_allowed;
}

static bool debtor_id(const struct nks_payment_facts *facts)
{
    return facts->debtor_is_other;
}

static bool central(const struct nks_payment_facts *facts)
{
    return !facts->central_known;
}

static bool date_form(const struct nks_payment_facts *facts)
{
    return !facts->date_good;
}

static bool date_past(const struct nks_payment_facts *facts)
{
    return facts->date_past;
}

static bool date_beyond(const struct nks_payment_facts *facts)
{
    return facts->date_beyond;
}

static bool currency(const struct nks_payment_facts *facts)
{
    return !facts->currency_good;
}

static bool amount_form(const struct nks_payment_facts *facts)
{
    return facts->amount_fault != NKS_AMOUNT_GOOD;
}

static bool amount_zero(const struct nks_payment_facts *facts)
{
    return facts->amount_minor <= 0;
}

static bool amount_above(const struct nks_payment_facts *facts)
{
    return facts->above_max;
}

static bool ydelsesart(const struct nks_payment_facts *facts)
{
    return !facts->ydelsesart_allowed;
}

static bool payee_id(const struct nks_payment_facts *facts)
{
    return facts->payee == NKS_PAYEE_BAD;
}

static bool slip_creditor(const struct nks_payment_facts *facts)
{
    return facts->slip == NKS_SLIP_CREDITOR;
}

static bool slip_kortart(const struct nks_payment_facts *facts)
{
    return facts->slip == NKS_SLIP_KORTART;
}

static bool slip_reference(const struct nks_payment_facts *facts)
{
    return facts->slip == NKS_SLIP_REFERENCE;
}

static bool creditor_account(const struct nks_payment_facts *facts)
{
    return facts->account == NKS_CREDITOR_ACCOUNT_BAD;
}

static bool bic(const struct nks_payment_facts *facts)
{
    return facts->bic_bad;
}

static bool reference(const struct nks_payment_facts *facts)
{
    return facts->reference_bad;
}

static bool address(const struct nks_payment_facts *facts)
{
    return facts->abroad && facts->address_missing;
}

static bool characters(const struct nks_payment_facts *facts)
{
    return facts->abroad && facts->characters_bad;
}

static bool payee_missing(const struct nks_payment_facts *facts)
{
    return facts->payee == NKS_PAYEE_NONE && facts->account == NKS_CREDITOR_ACCOUNT_NONE;
}

static const struct nks_payment_rule rules[] = {
    {NKS_REASON_DUPLICATE_GROUP, group_id},  {NKS_REASON_DEBTOR_ACCOUNT, debtor_account},
    {NKS_REASON_DEBTOR_ID, debtor_id},       {NKS_REASON_NO_CENTRAL, central},
    {NKS_REASON_DATE_FORM, date_form},       {NKS_REASON_DATE_PAST, date_past},
    {NKS_REASON_DATE_HORIZON, date_beyond},  {NKS_REASON_CURRENCY, currency},
    {NKS_REASON_AMOUNT_FORM, amount_form},   {NKS_REASON_AMOUNT_ZERO, amount_zero},
    {NKS_REASON_MAX_PAYMENT, amount_above},  {NKS_REASON_YDELSESART, ydelsesart},
    {NKS_REASON_PAYEE_ID, payee_id},         {NKS_REASON_SLIP_CREDITOR, slip_creditor},
    {NKS_REASON_SLIP_KORTART, slip_kortart}, {NKS_REASON_SLIP_REFERENCE, slip_reference},
    {NKS_REASON_CREDITOR_BIC, bic},          {NKS_REASON_CREDITOR_ACCOUNT, creditor_account},
    {NKS_REASON_RF_REFERENCE, reference},    {NKS_REASON_CREDITOR_ADDRESS, address},
    {NKS_REASON_CHARACTERS, characters},     {NKS_REASON_PAYEE_MISSING, payee_missing},
};

const struct nks_payment_rule *nks_payment_rules(size_t *count)
{
    *count = sizeof rules / sizeof rules[0];
    return rules;
}

enum nks_reason nks_payment_check(const struct nks_payment_facts *facts)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].broken(facts))
            return rules[i].reason;
    }
    return NKS_REASON_NONE;
}
