#include "denmark/slip.h"

#include <string.h>

/* Digits of the creditor number and of the payment id, check digit included; 0: it has none, a text is sent instead. */
static const struct row {
    char kortart[3];
    size_t creditor_min, creditor_max, id;
} rows[] = {
    {"01", 7, 8, 0}, {"04", 7, 8, 16}, {"15", 7, 8, 16}, {"71", 8, 8, 15}, {"73", 8, 8, 0}, {"75", 8, 8, 16},
};
enum { ROWS = sizeof rows / sizeof rows[0], KORTART = 2, ID_OF_71 = 15 };

static const struct row *row_of(struct nks_text kortart)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (nks_text_is(kortart, rows[i].kortart))
            return &rows[i];
    }
    return NULL;
}

bool nks_slip_kortart_known(struct nks_text kortart)
{
    return row_of(kortart) != NULL;
}

bool nks_slip_creditor_valid(struct nks_text kortart, struct nks_text creditor)
{
    if (!nks_text_all_digits(creditor))
        return false;
    for (size_t i = 0; i < ROWS; i++) {
        if ((kortart.len == 0 || nks_text_is(kortart, rows[i].kortart)) && creditor.len >= rows[i].creditor_min &&
            creditor.len <= rows[i].creditor_max)
            return true;
    }
    return false;
}

/* Modulus 10: from the right, every second digit counts double, 9 taken off where that is more than 9. */
static bool mod10_good(struct nks_text digits)
{
    int sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.ptr[digits.len - 1 - i] - '0';
        int product = i % 2 == 0 ? digit : digit * 2;
        sum += product > 9 ? product - 9 : product;
    }
    return sum % 10 == 0;
}

bool nks_slip_id_valid(struct nks_text kortart, struct nks_text payment_id)
{
    const struct row *row = row_of(kortart);
    if (row == NULL || payment_id.len != row->id)
        return false;
    return payment_id.len == 0 || (nks_text_all_digits(payment_id) && mod10_good(payment_id));
}

/* ---- what a payer wrote */

/* "FIK71", "GIK04", "71" -> the two digits; the empty text for anything else. */
static struct nks_text kortart_of(struct nks_text name)
{
    if (nks_text_starts(name, "FIK") || nks_text_starts(name, "GIK"))
        name = nks_text_slice(name, 3, name.len);
    return row_of(name) != NULL ? name : (struct nks_text){NULL, 0};
}

static bool is_mark(char c)
{
    return c == '#' || c == '+' || c == '<' || c == '/' || c == '-' || c == ' ';
}

static struct nks_text skip_marks(struct nks_text text)
{
    while (text.len > 0 && is_mark(text.ptr[0]))
        text = nks_text_slice(text, 1, text.len);
    return text;
}

/* Takes a kortart off the front of `rest`: one with a mark behind it, one alone, or one whose id follows at once. */
static struct nks_text cut_kortart(struct nks_text *rest)
{
    struct nks_text text = skip_marks(*rest), front = nks_text_slice(text, 0, KORTART);
    const struct row *row = row_of(front);
    struct nks_text after = nks_text_slice(text, KORTART, text.len);
    bool marked = after.len == 0 || is_mark(after.ptr[0]);
    if (row == NULL || (!marked && after.len != row->id))
        return (struct nks_text){NULL, 0};
    *rest = skip_marks(after);
    return front;
}

enum nks_slip_fault nks_slip_parse(struct nks_text kortart, struct nks_text creditor, struct nks_text reference,
                                   struct nks_slip *out)
{
    memset(out, 0, sizeof *out);
    struct nks_text told = kortart_of(nks_text_trim(kortart)), id = nks_text_trim(reference);
    const struct row *row = row_of(told);
    /* An id alone that begins as a kortart does: its length tells that it is one of the kind that was told. */
    bool alone = row != NULL && row->id > 0 && id.len == row->id && nks_text_all_digits(id);
    struct nks_text written = alone || id.len == 0 ? (struct nks_text){NULL, 0} : cut_kortart(&id);
    if (written.len == 0 && told.len == 0 && id.len == ID_OF_71)
        written = NKS_TEXT("71");
    struct nks_text kind = written.len > 0 ? written : told;
    if (!nks_slip_creditor_valid(kind, creditor))
        return NKS_SLIP_CREDITOR;
    if (kind.len == 0)
        return NKS_SLIP_KORTART;
    if ((told.len > 0 && !nks_text_equal(told, kind)) || !nks_slip_id_valid(kind, id))
        return NKS_SLIP_REFERENCE;
    return nks_text_copy(kind, out->kortart, sizeof out->kortart) &&
                   nks_text_copy(id, out->payment_id, sizeof out->payment_id)
               ? NKS_SLIP_GOOD
               : NKS_SLIP_REFERENCE;
}
