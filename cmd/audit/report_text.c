/* The scanner of reports. */
#include "report_text.h"

#include <string.h>

void report_text_begin(struct report_text *text)
{
    memset(text, 0, sizeof *text);
}

static int64_t number_of(struct report_text *text)
{
    uint64_t value = 0;
    if (!nks_text_number((struct nks_text){text->value, text->value_len}, INT64_MAX / 2, &value))
        text->odd = true;
    return (int64_t)value;
}

/* ---- what elements say when they end */

static void group_number(struct report_text *text)
{
    if (text->in_group)
        text->group_said = number_of(text);
}

static void count_number(struct report_text *text)
{
    text->now = (struct report_count){.payments = number_of(text)};
}

static void count_status(struct report_text *text)
{
    struct nks_text value = {text->value, text->value_len};
    text->odd |= !nks_text_copy(value, text->now.status, sizeof text->now.status);
}

static void count_sum(struct report_text *text)
{
    text->odd |= !nks_sum_read((struct nks_text){text->value, text->value_len}, &text->now.sum);
}

static void count_end(struct report_text *text)
{
    if (text->in_group)
        text->group_counted += text->now.payments;
    else if (text->count < REPORT_STATUSES)
        text->counts[text->count++] = text->now;
    else
        text->odd = true;
}

/* A correction has the number of its group as the payer wrote it, and payments of some of them. */
static void group_end(struct report_text *text)
{
    text->odd |= text->group_said != 0 && text->group_counted > text->group_said;
    text->group_counted = text->group_said = 0;
}

static void payment_status(struct report_text *text)
{
    text->named++;
}

static void group_begin(struct report_text *text)
{
    text->in_group = true;
}

static void tag_end(struct report_text *text)
{
    static const struct {
        const char *tag;
        void (*fn)(struct report_text *text);
    } tags[] = {
        {"/OrgnlNbOfTxs", group_number},   {"/DtldNbOfTxs", count_number}, {"/DtldSts", count_status},
        {"/DtldCtrlSum", count_sum},       {"/NbOfTxsPerSts", count_end},  {"OrgnlPmtInfAndSts", group_begin},
        {"/OrgnlPmtInfAndSts", group_end}, {"/TxSts", payment_status},
    };
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (text->tag_len == strlen(tags[i].tag) && memcmp(text->tag, tags[i].tag, text->tag_len) == 0)
            tags[i].fn(text);
    }
    text->value_len = 0;
}

/* A longer tag or text than fits is cut: none that is looked for is so long. */
static void byte_add(char *into, size_t *len, char byte)
{
    if (*len < REPORT_TEXT)
        into[(*len)++] = byte;
}

void report_text_add(struct report_text *text, const void *data, size_t len)
{
    const char *bytes = data;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '<') {
            text->in_tag = true;
            text->tag_len = 0;
        } else if (bytes[i] == '>') {
            text->in_tag = false;
            tag_end(text);
        } else if (text->in_tag) {
            byte_add(text->tag, &text->tag_len, bytes[i]);
        } else {
            byte_add(text->value, &text->value_len, bytes[i]);
        }
    }
}

int64_t report_text_of(const struct report_text *text, const char *status)
{
    int64_t payments = 0;
    for (size_t i = 0; i < text->count; i++)
        payments += strcmp(text->counts[i].status, status) == 0 ? text->counts[i].payments : 0;
    return payments;
}
