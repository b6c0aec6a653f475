#include "iso20022/frame.h"
#include "iso20022/rendered.h"
#include "iso20022/token.h"

#include <string.h>

/*
 * A record comes from a process that has read hostile bytes, and is kept for years. It is checked byte by byte, once;
 * everybody after that trusts it. This runs for every payment, hence one pass, no calls in the common case.
 */

enum { HEAD = sizeof(struct nks_record_head), SLOT = sizeof(struct nks_record_slot) };
_Static_assert(HEAD == 16 && SLOT == 8, "the records of frame.h have no padding");
_Static_assert((int)NKS_SLOT_COUNT <= (int)NKS_SLOTS_MAX, "a record has room for every slot once");

static struct nks_record_head read_head(const char *record)
{
    struct nks_record_head head;
    memcpy(&head, record, sizeof head);
    return head;
}

static struct nks_record_slot read_slot(const char *record, size_t i)
{
    struct nks_record_slot slot;
    memcpy(&slot, record + HEAD + i * SLOT, sizeof slot);
    return slot;
}

static bool head_is_sound(const struct nks_record_head *head, size_t len)
{
    return head->size == len && head->slots <= NKS_SLOTS_MAX && head->flags == 0 &&
           head->tokens_at == HEAD + (uint32_t)head->slots * SLOT && head->tokens_at < head->size;
}

static bool is_utf8(const char *text, size_t len)
{
    return nks_text_is_utf8((struct nks_text){text, len});
}

/* What stands in the element so far: after its end this is what its parent has. */
enum content { OPENED, WITH_CCY, WITH_TEXT, WITH_CHILDREN };

struct walk {
    const unsigned char *at, *end;
    int depth;
    enum content content;
    uint64_t rendered;
};

static bool walk_text(struct walk *walk)
{
    if (walk->content > WITH_CCY || walk->depth == 0 || walk->end - walk->at < 3)
        return false;
    size_t len = (size_t)walk->at[1] | (size_t)walk->at[2] << 8;
    const char *text = (const char *)walk->at + 3;
    if (len == 0 || (size_t)(walk->end - walk->at) - 3 < len)
        return false;
    bool plain;
    walk->rendered += nks_rendered_text(text, len, &plain);
    if (!plain && !is_utf8(text, len))
        return false;
    walk->content = WITH_TEXT;
    walk->at += 3 + len;
    return true;
}

static bool walk_ccy(struct walk *walk)
{
    if (walk->content != OPENED || walk->depth == 0 || walk->end - walk->at < 2)
        return false;
    size_t len = walk->at[1];
    if (len == 0 || (size_t)(walk->end - walk->at) - 2 < len || !is_utf8((const char *)walk->at + 2, len))
        return false;
    walk->rendered += NKS_RENDERED_CCY + 6 * (uint32_t)len;
    walk->content = WITH_CCY;
    walk->at += 2 + len;
    return true;
}

static bool walk_open(struct walk *walk, bool first)
{
    uint32_t bytes = nks_rendered_tags(*walk->at);
    if (bytes == 0 || walk->content == WITH_TEXT || walk->depth >= NKS_TOKEN_DEPTH || (walk->depth == 0 && !first))
        return false;
    walk->rendered += bytes;
    walk->depth++;
    walk->content = OPENED;
    walk->at++;
    return true;
}

static bool walk_close(struct walk *walk)
{
    if (walk->depth == 0)
        return false;
    walk->depth--;
    walk->content = WITH_CHILDREN;
    walk->at++;
    return true;
}

/* One element, balanced, and nothing after it. */
static bool tokens_are_sound(const char *tokens, size_t len, uint64_t *rendered)
{
    const unsigned char *start = (const unsigned char *)tokens;
    struct walk walk = {.at = start, .end = start + len, .content = OPENED};
    while (walk.at < walk.end) {
        unsigned char token = *walk.at;
        bool sound = token == NKS_TOKEN_END    ? walk_close(&walk)
                     : token == NKS_TOKEN_TEXT ? walk_text(&walk)
                     : token == NKS_TOKEN_CCY  ? walk_ccy(&walk)
                                               : walk_open(&walk, walk.at == start);
        if (!sound)
            return false;
    }
    *rendered = walk.rendered;
    return walk.depth == 0 && walk.content == WITH_CHILDREN;
}

/*
 * A slot is the whole text of one element, so that what the business reads is what the order file will say: its token's
 * header stands before it, and the element's end behind it. No UTF-8 text holds 0xFC, 0xFD or 0xFE, so these bytes
 * are where they seem to be.
 */
static bool slot_is_sound(const struct nks_record_slot *slot, const char *record, const struct nks_record_head *head)
{
    const unsigned char *bytes = (const unsigned char *)record;
    if (slot->id == NKS_SLOT_NONE || slot->id >= NKS_SLOT_COUNT || slot->len == 0)
        return false;
    if (slot->at < head->tokens_at + 3 || slot->at >= head->size || slot->len >= head->size - slot->at)
        return false;
    if (slot->id == NKS_SLOT_INSTD_AMT_CCY) {
        if (bytes[slot->at - 2] != NKS_TOKEN_CCY || bytes[slot->at - 1] != slot->len)
            return false;
    } else {
        unsigned len = bytes[slot->at - 2] | (unsigned)bytes[slot->at - 1] << 8;
        if (bytes[slot->at - 3] != NKS_TOKEN_TEXT || len != slot->len || bytes[slot->at + slot->len] != NKS_TOKEN_END)
            return false;
    }
    bool plain;
    (void)nks_rendered_text(record + slot->at, slot->len, &plain);
    return plain || is_utf8(record + slot->at, slot->len);
}

static bool slots_are_sound(const char *record, const struct nks_record_head *head)
{
    uint64_t seen[(NKS_SLOTS_MAX + 63) / 64] = {0};
    for (size_t i = 0; i < head->slots; i++) {
        struct nks_record_slot slot = read_slot(record, i);
        if (!slot_is_sound(&slot, record, head) || (seen[slot.id / 64] >> slot.id % 64 & 1) != 0)
            return false;
        seen[slot.id / 64] |= (uint64_t)1 << slot.id % 64;
    }
    return true;
}

bool nks_record_check(struct nks_text bytes)
{
    if (bytes.len < HEAD || bytes.len > NKS_RECORD_MAX)
        return false;
    struct nks_record_head head = read_head(bytes.ptr);
    if (!head_is_sound(&head, bytes.len))
        return false;
    uint64_t rendered = 0;
    return tokens_are_sound(bytes.ptr + head.tokens_at, head.size - head.tokens_at, &rendered) &&
           rendered <= head.rendered && head.rendered <= (uint64_t)NKS_RENDERED_PER_BYTE * head.size &&
           slots_are_sound(bytes.ptr, &head);
}

struct nks_text nks_record_slot(struct nks_text record, enum nks_slot wanted)
{
    struct nks_record_head head = read_head(record.ptr);
    for (size_t i = 0; i < head.slots; i++) {
        struct nks_record_slot slot = read_slot(record.ptr, i);
        if (slot.id == (uint16_t)wanted)
            return (struct nks_text){record.ptr + slot.at, slot.len};
    }
    return (struct nks_text){NULL, 0};
}

/* The slots of the copy: those behind the changed text move by `delta` bytes. */
static void move_slots(struct nks_text record, const struct nks_record_slot *changed, int64_t delta, char *out)
{
    struct nks_record_head head = read_head(record.ptr);
    for (size_t i = 0; i < head.slots; i++) {
        struct nks_record_slot slot = read_slot(record.ptr, i);
        if (slot.id == changed->id)
            slot.len = (uint16_t)(slot.len + delta);
        else if (slot.at > changed->at)
            slot.at = (uint32_t)(slot.at + delta);
        memcpy(out + HEAD + i * SLOT, &slot, sizeof slot);
    }
}

static bool find_slot(struct nks_text record, enum nks_slot wanted, struct nks_record_slot *out)
{
    struct nks_record_head head = read_head(record.ptr);
    for (size_t i = 0; i < head.slots; i++) {
        *out = read_slot(record.ptr, i);
        if (out->id == (uint16_t)wanted)
            return true;
    }
    return false;
}

struct nks_text nks_record_replace(struct nks_text record, enum nks_slot slot, struct nks_text text, char *out,
                                   size_t size)
{
    const struct nks_text none = {NULL, 0};
    struct nks_record_head head = read_head(record.ptr);
    struct nks_record_slot old;
    bool plain;
    if (!find_slot(record, slot, &old) || text.len == 0 || text.len > UINT16_MAX)
        return none;
    size_t len = record.len - old.len + text.len, after = old.at + old.len;
    if (len > size || len > NKS_RECORD_MAX)
        return none;
    memcpy(out, record.ptr, old.at);
    memcpy(out + old.at, text.ptr, text.len);
    memcpy(out + old.at + text.len, record.ptr + after, record.len - after);
    out[old.at - 2] = (char)(text.len & 0xFF); /* the token's length, token.h */
    out[old.at - 1] = (char)(text.len >> 8);
    head.size = (uint32_t)len;
    head.rendered += nks_rendered_text(text.ptr, text.len, &plain);
    memcpy(out, &head, sizeof head);
    move_slots(record, &old, (int64_t)text.len - (int64_t)old.len, out);
    const struct nks_text copy = {out, len};
    return nks_record_check(copy) ? copy : none;
}

struct nks_text nks_record_tokens(struct nks_text record)
{
    struct nks_record_head head = read_head(record.ptr);
    return (struct nks_text){record.ptr + head.tokens_at, head.size - head.tokens_at};
}

uint32_t nks_record_rendered(struct nks_text record)
{
    return read_head(record.ptr).rendered;
}
