#include "base/money.h"

#include <string.h>

enum { ISO_DIGITS_MAX = 18, SUM_DECIMALS = 5 };

/* ISO 4217 list one: the currencies that have not two decimals. The common ones stand first to be found at once. */
static const struct {
    char code[4];
    int decimals;
} currency_table[] = {
    {"DKK", 2}, {"EUR", 2}, {"SEK", 2}, {"NOK", 2}, {"USD", 2}, {"GBP", 2}, {"BIF", 0}, {"CLP", 0},
    {"DJF", 0}, {"GNF", 0}, {"ISK", 0}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"PYG", 0}, {"RWF", 0},
    {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"BHD", 3},
    {"IQD", 3}, {"JOD", 3}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4},
};

int nks_currency_decimals(const char *currency)
{
    for (size_t i = 0; i < sizeof currency_table / sizeof currency_table[0]; i++) {
        if (strcmp(currency_table[i].code, currency) == 0)
            return currency_table[i].decimals;
    }
    return 2;
}

bool nks_currency_is_form(struct nks_text code)
{
    if (code.len != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (code.ptr[i] < 'A' || code.ptr[i] > 'Z')
            return false;
    }
    return true;
}

int32_t nks_currency_number(const char *currency)
{
    if (!nks_currency_is_form(nks_text_from(currency)))
        return -1;
    return ((currency[0] - 'A') * 26 + (currency[1] - 'A')) * 26 + (currency[2] - 'A');
}

/* A number that is no currency gives an empty text. */
void nks_currency_name(int32_t number, char out[4])
{
    memset(out, 0, 4);
    if (number < 0 || number >= 26 * 26 * 26)
        return;
    for (int i = 2; i >= 0; i--) {
        out[i] = (char)('A' + number % 26);
        number /= 26;
    }
}

/* ---- reading */

/* An unsigned decimal without the zeros that do not count: the digits before and after the point. */
struct decimal {
    struct nks_text whole, fraction;
};

static bool decimal_read(struct nks_text text, struct decimal *out)
{
    struct nks_text rest = text;
    out->whole = nks_text_cut(&rest, '.');
    out->fraction = rest;
    bool has_point = out->whole.len < text.len;
    if (!nks_text_all_digits(out->whole) || (has_point && !nks_text_all_digits(rest)))
        return false;
    while (out->whole.len > 0 && out->whole.ptr[0] == '0')
        out->whole = nks_text_slice(out->whole, 1, out->whole.len);
    while (out->fraction.len > 0 && out->fraction.ptr[out->fraction.len - 1] == '0')
        out->fraction.len--;
    return true;
}

/* The decimal in units of 10^-decimals. At most 18 digits and 5 decimals: 23 digits fit 128 bits by far. */
static nks_int128 decimal_scale(const struct decimal *decimal, size_t decimals)
{
    nks_int128 value = 0;
    for (size_t i = 0; i < decimal->whole.len; i++)
        value = value * 10 + (decimal->whole.ptr[i] - '0');
    for (size_t i = 0; i < decimals; i++)
        value = value * 10 + (i < decimal->fraction.len ? decimal->fraction.ptr[i] - '0' : 0);
    return value;
}

enum nks_amount_fault nks_money_parse(struct nks_text text, const char *currency, struct nks_money *out)
{
    struct decimal decimal;
    size_t decimals = (size_t)nks_currency_decimals(currency);
    if (!nks_currency_is_form(nks_text_from(currency)) || !decimal_read(text, &decimal))
        return NKS_AMOUNT_FORM;
    if (decimal.whole.len + decimal.fraction.len > ISO_DIGITS_MAX)
        return NKS_AMOUNT_RANGE;
    if (decimal.fraction.len > decimals)
        return NKS_AMOUNT_DECIMALS;
    nks_int128 minor = decimal_scale(&decimal, decimals);
    if (minor > INT64_MAX)
        return NKS_AMOUNT_RANGE;
    out->minor = (int64_t)minor;
    memcpy(out->currency, currency, sizeof out->currency);
    return NKS_AMOUNT_GOOD;
}

/* ---- writing */

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static uint64_t power_of_ten(int exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* "." and exactly `decimals` digits, or nothing. */
static void put_fraction(struct nks_buf *buf, uint64_t value, int decimals)
{
    if (decimals == 0)
        return;
    nks_buf_char(buf, '.');
    for (uint64_t place = power_of_ten(decimals - 1); place > 0; place /= 10)
        nks_buf_char(buf, (char)('0' + value / place % 10));
}

void nks_money_format(struct nks_buf *buf, struct nks_money money)
{
    int decimals = nks_currency_decimals(money.currency);
    uint64_t unit = power_of_ten(decimals), value = magnitude(money.minor);
    if (money.minor < 0)
        nks_buf_char(buf, '-');
    nks_buf_u64(buf, value / unit);
    put_fraction(buf, value % unit, decimals);
}

static void put_grouped(struct nks_buf *buf, uint64_t value)
{
    char memory[24];
    struct nks_buf digits;
    nks_buf_init(&digits, memory, sizeof memory);
    nks_buf_u64(&digits, value);
    for (size_t i = 0; i < digits.len; i++) {
        if (i > 0 && (digits.len - i) % 3 == 0)
            nks_buf_char(buf, ',');
        nks_buf_char(buf, memory[i]);
    }
}

void nks_money_format_people(struct nks_buf *buf, struct nks_money money)
{
    int decimals = nks_currency_decimals(money.currency);
    uint64_t unit = power_of_ten(decimals), value = magnitude(money.minor);
    if (money.minor < 0)
        nks_buf_char(buf, '-');
    put_grouped(buf, value / unit);
    put_fraction(buf, value % unit, decimals);
    nks_buf_char(buf, ' ');
    nks_buf_str(buf, money.currency);
}

/* ---- arithmetic */

bool nks_minor_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

bool nks_money_add(struct nks_money a, struct nks_money b, struct nks_money *out)
{
    int64_t sum;
    if (strcmp(a.currency, b.currency) != 0 || __builtin_add_overflow(a.minor, b.minor, &sum))
        return false;
    *out = a;
    out->minor = sum;
    return true;
}

bool nks_money_sub(struct nks_money a, struct nks_money b, struct nks_money *out)
{
    int64_t difference;
    if (strcmp(a.currency, b.currency) != 0 || __builtin_sub_overflow(a.minor, b.minor, &difference))
        return false;
    *out = a;
    out->minor = difference;
    return true;
}

bool nks_sum_add(struct nks_sum *sum, struct nks_money money)
{
    nks_int128 factor = (nks_int128)power_of_ten(SUM_DECIMALS - nks_currency_decimals(money.currency)), total;
    if (__builtin_add_overflow(sum->scaled, money.minor * factor, &total))
        return false;
    sum->scaled = total;
    return true;
}

bool nks_sum_parse(struct nks_text text, struct nks_sum *out)
{
    struct decimal decimal;
    if (!decimal_read(text, &decimal) || decimal.whole.len + decimal.fraction.len > ISO_DIGITS_MAX ||
        decimal.fraction.len > SUM_DECIMALS)
        return false;
    out->scaled = decimal_scale(&decimal, SUM_DECIMALS);
    return true;
}

bool nks_sum_read(struct nks_text text, struct nks_sum *out)
{
    enum { STORED_DIGITS_MAX = 33 }; /* times 10^5 still within 128 bits */
    struct decimal decimal;
    if (!decimal_read(text, &decimal) || decimal.whole.len > STORED_DIGITS_MAX || decimal.fraction.len > SUM_DECIMALS)
        return false;
    out->scaled = decimal_scale(&decimal, SUM_DECIMALS);
    return true;
}

bool nks_sum_equal(struct nks_sum a, struct nks_sum b)
{
    return a.scaled == b.scaled;
}

void nks_sum_format(struct nks_buf *buf, struct nks_sum sum)
{
    __extension__ typedef unsigned __int128 wide;
    wide value = sum.scaled < 0 ? 0 - (wide)sum.scaled : (wide)sum.scaled;
    uint64_t fraction = (uint64_t)(value % 100000);
    char memory[40];
    size_t at = sizeof memory;
    value /= 100000;
    do {
        memory[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    if (sum.scaled < 0)
        memory[--at] = '-';
    nks_buf_text(buf, (struct nks_text){memory + at, sizeof memory - at});
    int decimals = SUM_DECIMALS;
    while (decimals > 2 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    put_fraction(buf, fraction, decimals);
}
