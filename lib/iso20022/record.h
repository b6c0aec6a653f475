#ifndef NKS_ISO20022_RECORD_H
#define NKS_ISO20022_RECORD_H
/*
 * A record (frame.h) while the reader builds it. Text is collected in its final place, so that it is copied once.
 * Order: start, then per element open, ccy, text*, text_end or text_drop, close. False: the record would get too long.
 */
#include "iso20022/frame.h"
#include "iso20022/token.h"

enum {
    NKS_RECORD_HEAD_MAX = sizeof(struct nks_record_head) + NKS_SLOTS_MAX * sizeof(struct nks_record_slot),
    NKS_RECORD_TOKENS_MAX = NKS_RECORD_MAX - NKS_RECORD_HEAD_MAX,
    NKS_RECORD_TEXT_MAX = UINT16_MAX, /* what a token's length can say */
};

struct nks_record {
    uint32_t len;      /* of the tokens */
    uint32_t text_len; /* of the text being collected behind them */
    uint32_t rendered;
    uint16_t slot_count;
    uint64_t seen[(NKS_SLOTS_MAX + 63) / 64]; /* slots that are filled: a bit each */
    struct nks_record_slot slots[NKS_SLOTS_MAX];
    char tokens[NKS_RECORD_TOKENS_MAX];
};

void nks_record_start(struct nks_record *record);
/* Whether a slot is filled. */
static inline bool nks_record_has(const struct nks_record *record, enum nks_slot slot)
{
    return (record->seen[(unsigned)slot / 64] >> ((unsigned)slot % 64) & 1) != 0;
}
NKS_CHECKED bool nks_record_open(struct nks_record *record, enum nks_element element);
NKS_CHECKED bool nks_record_ccy(struct nks_record *record, struct nks_text ccy, enum nks_slot slot);
NKS_CHECKED bool nks_record_close(struct nks_record *record);

/* Another piece of text of the present element. */
NKS_CHECKED bool nks_record_text(struct nks_record *record, const char *text, size_t len);
/* What was collected. */
struct nks_text nks_record_text_view(const struct nks_record *record);
/* Makes a token of it, if it is not empty, and fills the slot, if it is one and still empty. */
void nks_record_text_end(struct nks_record *record, enum nks_slot slot);
void nks_record_text_drop(struct nks_record *record);

/* The bytes of the head and the slots; the tokens follow them. */
struct nks_text nks_record_head(const struct nks_record *record, char out[NKS_RECORD_HEAD_MAX]);

#endif
