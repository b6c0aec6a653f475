/* Names, numbers and message ids of our files: each is made of the others. */
#include "audit.h"

#include <stdio.h>
#include <string.h>

static bool ends_in_number(const char *text, size_t len, int64_t number)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%04lld", (long long)number);
    return count > 0 && len > (size_t)count && memcmp(text + len - count, digits, (size_t)count) == 0;
}

/* nks-REF-s0001 of the message id NKS-REF-S0001: the first word and the letter of the kind are small. */
static bool stem_of(const char *message_id, char out[NKS_MESSAGE_ID_MAX])
{
    static const char first[] = "NKS-";
    const char *last = strrchr(message_id, '-');
    snprintf(out, NKS_MESSAGE_ID_MAX, "%s", message_id);
    if (strncmp(message_id, first, sizeof first - 1) != 0 || last < message_id + sizeof first - 1 || last[1] < 'A' ||
        last[1] > 'Z')
        return false;
    memcpy(out, "nks-", sizeof first - 1);
    out[last + 1 - message_id] = (char)(last[1] - 'A' + 'a');
    return true;
}

bool audit_name_numbered(const char *name, int64_t number)
{
    return ends_in_number(name, strcspn(name, "."), number);
}

bool audit_name_fits(const char *name, const char *message_id, int64_t number, bool repeats)
{
    char own[NKS_MESSAGE_ID_MAX];
    size_t stem = strcspn(name, "."), id_len = strlen(message_id);
    const char *rest = name + (id_len < stem ? id_len : stem);
    return ends_in_number(message_id, id_len, number) && stem_of(message_id, own) && strncmp(name, own, id_len) == 0 &&
           (rest[0] == '.' || (repeats && strncmp(rest, "-again-", strlen("-again-")) == 0));
}
