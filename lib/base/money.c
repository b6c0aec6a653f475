#include "base/money.h"

#include <string.h>

enum { ISO_DIGITS_MAX = 18, SUM_DECIMALS = 5 };

/*
 * ISO 4217, list one: the codes in use and the decimals of each. Those without decimals of their own (metals, units of
 * account, XXX, XTS) are no money and stand not here. The common ones come first to be found at once.
 */
static const struct currency {
    char code[4];
    int decimals;
} currency_table[] = {
    {"DKK", 2}, {"EUR", 2}, {"SEK", 2}, {"NOK", 2}, {"USD", 2}, {"GBP", 2}, {"AED", 2}, {"AFN", 2}, {"ALL", 2},
    {"AMD", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2}, {"AWG", 2}, {"AZN", 2}, {"BAM", 2}, {"BBD", 2}, {"BDT", 2},
    {"BHD", 3}, {"BIF", 0}, {"BMD", 2}, {"BND", 2}, {"BOB", 2}, {"BOV", 2}, {"BRL", 2}, {"BSD", 2}, {"BTN", 2},
    {"BWP", 2}, {"BYN", 2}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2}, {"CHE", 2}, {"CHF", 2}, {"CHW", 2}, {"CLF", 4},
    {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"COU", 2}, {"CRC", 2}, {"CUP", 2}, {"CVE", 2}, {"CZK", 2}, {"DJF", 0},
    {"DOP", 2}, {"DZD", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2}, {"FJD", 2}, {"FKP", 2}, {"GEL", 2}, {"GHS", 2},
    {"GIP", 2}, {"GMD", 2}, {"GNF", 0}, {"GTQ", 2}, {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HTG", 2}, {"HUF", 2},
    {"IDR", 2}, {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0},
    {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2}, {"KRW", 0}, {"KWD", 3}, {"KYD", 2}, {"KZT", 2},
    {"LAK", 2}, {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MGA", 2},
    {"MKD", 2}, {"MMK", 2}, {"MNT", 2}, {"MOP", 2}, {"MRU", 2}, {"MUR", 2}, {"MVR", 2}, {"MWK", 2}, {"MXN", 2},
    {"MXV", 2}, {"MYR", 2}, {"MZN", 2}, {"NAD", 2}, {"NGN", 2}, {"NIO", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3},
    {"PAB", 2}, {"PEN", 2}, {"PGK", 2}, {"PHP", 2}, {"PKR", 2}, {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2},
    {"RSD", 2}, {"RUB", 2}, {"RWF", 0}, {"SAR", 2}, {"SBD", 2}, {"SCR", 2}, {"SDG", 2}, {"SGD", 2}, {"SHP", 2},
    {"SLE", 2}, {"SOS", 2}, {"SRD", 2}, {"SSP", 2}, {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2},
    {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2}, {"TRY", 2}, {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2},
    {"UGX", 0}, {"USN", 2}, {"UYI", 0}, {"UYU", 2}, {"UYW", 4}, {"UZS", 2}, {"VED", 2}, {"VES", 2}, {"VND", 0},
    {"VUV", 0}, {"WST", 2}, {"XAF", 0}, {"XCD", 2}, {"XCG", 2}, {"XOF", 0}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2},
    {"ZMW", 2}, {"ZWG", 2},
};

static const struct currency *currency_find(const char *code)
{
    for (size_t i = 0; i < sizeof currency_table / sizeof currency_table[0]; i++) {
        if (strcmp(currency_table[i].code, code) == 0)
            return &currency_table[i];
    }
    return NULL;
}

bool nks_currency_known(const char *currency)
{
    return currency_find(currency) != NULL;
}

int nks_currency_decimals(const char *currency)
{
    const struct currency *found = currency_find(currency);
    return found != NULL ? found->decimals : 2;
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

bool nks_sum_writable(struct nks_sum sum)
{
    /* whole digits and decimals as they will be written: at least two decimals, or all five */
    static const uint64_t coarse = 10000000000000000, fine = 10000000000000;
    nks_int128 unit = power_of_ten(SUM_DECIMALS);
    bool has_fine = sum.scaled % (nks_int128)power_of_ten(SUM_DECIMALS - 2) != 0;
    return sum.scaled >= 0 && sum.scaled / unit < (has_fine ? fine : coarse);
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
