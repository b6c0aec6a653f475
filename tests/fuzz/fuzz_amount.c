/* Amounts and sums: what is read is written the same, and the two ways of reading agree. */
#include "base/money.h"

#include "fuzz.h"

enum { SCALE = 100000 }; /* of a sum: money.h */

static void same_again(struct nks_money money)
{
    char memory[64];
    struct nks_buf buf;
    struct nks_money again;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_money_format(&buf, money);
    MUST(!buf.overflow);
    MUST(nks_money_parse(nks_buf_view(&buf), money.currency, &again) == NKS_AMOUNT_GOOD);
    MUST(again.minor == money.minor && memcmp(again.currency, money.currency, 4) == 0);
}

static void sum_again(struct nks_sum sum)
{
    char memory[64];
    struct nks_buf buf;
    struct nks_sum again;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_sum_format(&buf, sum);
    MUST(!buf.overflow && nks_sum_read(nks_buf_view(&buf), &again) && nks_sum_equal(sum, again));
}

static void parse(struct nks_text text, const char *currency)
{
    struct nks_money money;
    struct nks_sum written, counted = {0};
    if (nks_money_parse(text, currency, &money) != NKS_AMOUNT_GOOD)
        return;
    MUST(money.minor >= 0);
    same_again(money);
    MUST(nks_sum_parse(text, &written));
    MUST(nks_sum_add(&counted, money) && nks_sum_equal(written, counted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const currencies[] = {"DKK", "JPY", "KWD", "XXX", "CLF"};
    struct nks_text text = fuzz_text(data, size);
    struct nks_sum sum;
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++)
        parse(text, currencies[i]);
    if (nks_sum_parse(text, &sum)) {
        MUST(sum.scaled >= 0 && sum.scaled / SCALE < (nks_int128)1000000000000000000);
        sum_again(sum);
    }
    if (nks_sum_read(text, &sum))
        sum_again(sum);
    return 0;
}
