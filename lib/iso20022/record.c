#include "iso20022/record.h"
#include "iso20022/rendered.h"

#include <string.h>

enum { TEXT_HEAD = 3, CCY_HEAD = 2 };

void nks_record_start(struct nks_record *record)
{
    record->len = 0;
    record->text_len = 0;
    record->rendered = 0;
    record->slot_count = 0;
    memset(record->seen, 0, sizeof record->seen);
}

static bool has_room(const struct nks_record *record, size_t len)
{
    return len <= NKS_RECORD_TOKENS_MAX - record->len;
}

static void fill_slot(struct nks_record *record, enum nks_slot slot, uint32_t at, size_t len)
{
    if (slot == NKS_SLOT_NONE || nks_record_has(record, slot))
        return;
    record->seen[(unsigned)slot / 64] |= (uint64_t)1 << ((unsigned)slot % 64);
    record->slots[record->slot_count++] = (struct nks_record_slot){(uint16_t)slot, (uint16_t)len, at};
}

bool nks_record_open(struct nks_record *record, enum nks_element element)
{
    if (!has_room(record, 1))
        return false;
    record->tokens[record->len++] = (char)element;
    record->rendered += nks_rendered_tags((unsigned)element);
    return true;
}

bool nks_record_close(struct nks_record *record)
{
    if (!has_room(record, 1))
        return false;
    record->tokens[record->len++] = (char)NKS_TOKEN_END;
    return true;
}

bool nks_record_ccy(struct nks_record *record, struct nks_text ccy, enum nks_slot slot)
{
    if (ccy.len == 0)
        return true;
    if (ccy.len > UINT8_MAX || !has_room(record, CCY_HEAD + ccy.len))
        return false;
    char *at = record->tokens + record->len;
    at[0] = (char)NKS_TOKEN_CCY;
    at[1] = (char)ccy.len;
    memcpy(at + CCY_HEAD, ccy.ptr, ccy.len);
    fill_slot(record, slot, record->len + CCY_HEAD, ccy.len);
    record->len += CCY_HEAD + (uint32_t)ccy.len;
    record->rendered += NKS_RENDERED_CCY + 6 * (uint32_t)ccy.len;
    return true;
}

bool nks_record_text(struct nks_record *record, const char *text, size_t len)
{
    if (len > NKS_RECORD_TEXT_MAX - record->text_len || !has_room(record, TEXT_HEAD + record->text_len + len))
        return false;
    memcpy(record->tokens + record->len + TEXT_HEAD + record->text_len, text, len);
    record->text_len += (uint32_t)len;
    return true;
}

struct nks_text nks_record_text_view(const struct nks_record *record)
{
    return (struct nks_text){record->tokens + record->len + TEXT_HEAD, record->text_len};
}

void nks_record_text_drop(struct nks_record *record)
{
    record->text_len = 0;
}

void nks_record_text_end(struct nks_record *record, enum nks_slot slot)
{
    uint32_t len = record->text_len;
    if (len == 0)
        return;
    char *at = record->tokens + record->len;
    at[0] = (char)NKS_TOKEN_TEXT;
    at[1] = (char)(len & 0xFF);
    at[2] = (char)(len >> 8);
    bool plain;
    record->rendered += nks_rendered_text(at + TEXT_HEAD, len, &plain);
    fill_slot(record, slot, record->len + TEXT_HEAD, len);
    record->len += TEXT_HEAD + len;
    record->text_len = 0;
}

struct nks_text nks_record_head(const struct nks_record *record, char out[NKS_RECORD_HEAD_MAX])
{
    uint32_t tokens_at = (uint32_t)(sizeof(struct nks_record_head) + record->slot_count * sizeof record->slots[0]);
    struct nks_record_head head = {tokens_at + record->len, tokens_at, record->rendered, record->slot_count, 0};
    memcpy(out, &head, sizeof head);
    char *at = out + sizeof head;
    for (size_t i = 0; i < record->slot_count; i++) {
        struct nks_record_slot slot = record->slots[i];
        slot.at += tokens_at;
        memcpy(at, &slot, sizeof slot);
        at += sizeof slot;
    }
    return (struct nks_text){out, tokens_at};
}
