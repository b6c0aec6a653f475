/* The slice in memory: payments, legs, details; ids of legs. */
#include "payment/payment.h"

#include "base/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CEILING = 24 * 1024 * 1024, LEGS_AT_FIRST = 4096, DETAILS_AT_FIRST = 256 * 1024 };

struct nks_text nks_payment_record(const struct nks_slice *slice, const struct nks_payment *payment)
{
    if (payment->record_at > slice->details_len || payment->record_len > slice->details_len - payment->record_at)
        return (struct nks_text){NULL, 0};
    return (struct nks_text){slice->details + payment->record_at, payment->record_len};
}

void nks_payment_currency(const struct nks_payment *payment, char out[4])
{
    nks_currency_name(payment->currency, out);
}

struct nks_slice *nks_slice_new(void)
{
    struct nks_slice *slice = calloc(1, sizeof *slice);
    if (slice == NULL)
        return NULL;
    slice->payments = calloc(NKS_SLICE_PAYMENTS, sizeof *slice->payments);
    slice->legs = calloc(LEGS_AT_FIRST, sizeof *slice->legs);
    slice->details = malloc(DETAILS_AT_FIRST);
    if (slice->payments == NULL || slice->legs == NULL || slice->details == NULL) {
        free(slice->payments);
        free(slice->legs);
        free(slice->details);
        free(slice);
        return NULL;
    }
    slice->leg_cap = LEGS_AT_FIRST;
    slice->details_cap = DETAILS_AT_FIRST;
    nks_arena_init(&slice->arena, ARENA_CEILING);
    return slice;
}

void nks_slice_reset(struct nks_slice *slice)
{
    struct nks_slice kept = *slice;
    memset(slice, 0, sizeof *slice);
    slice->payments = kept.payments;
    slice->legs = kept.legs;
    slice->leg_cap = kept.leg_cap;
    slice->details = kept.details;
    slice->details_cap = kept.details_cap;
    slice->arena = kept.arena;
    nks_arena_reset(&slice->arena);
}

void nks_slice_free(struct nks_slice *slice)
{
    if (slice == NULL)
        return;
    explicit_bzero(slice->details, slice->details_cap);
    nks_arena_free(&slice->arena);
    free(slice->payments);
    free(slice->legs);
    free(slice->details);
    free(slice);
}

static enum nks_status no_memory(struct nks_fault *fault)
{
    return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for a slice; end other programs or add memory");
}

static enum nks_status details_grow(struct nks_slice *slice, size_t need, struct nks_fault *fault)
{
    if (need <= slice->details_cap)
        return NKS_OK;
    size_t want = slice->details_cap * 2 > need ? slice->details_cap * 2 : need;
    char *grown = realloc(slice->details, want);
    if (grown == NULL)
        return no_memory(fault);
    slice->details = grown;
    slice->details_cap = want;
    return NKS_OK;
}

enum nks_status nks_slice_add(struct nks_slice *slice, const struct nks_payment *payment, struct nks_text record,
                              struct nks_fault *fault)
{
    if (slice->count == NKS_SLICE_PAYMENTS || record.len > NKS_SLICE_DETAILS - slice->details_len)
        return nks_fault_set(fault, NKS_REFUSED, "SLICE-FULL", "the slice is full");
    NKS_TRY(details_grow(slice, slice->details_len + record.len, fault));
    struct nks_payment *added = &slice->payments[slice->count];
    *added = *payment;
    added->n = (uint32_t)++slice->count;
    added->record_at = (uint32_t)slice->details_len;
    added->record_len = (uint32_t)record.len;
    memcpy(slice->details + slice->details_len, record.ptr, record.len);
    slice->details_len += record.len;
    slice->rejected += payment->state == NKS_PAYMENT_REJECTED;
    return NKS_OK;
}

struct nks_account *nks_slice_account(struct nks_slice *slice, const struct nks_account *account)
{
    struct nks_account *copy = nks_arena_alloc(&slice->arena, sizeof *copy);
    if (copy != NULL)
        *copy = *account;
    return copy;
}

static enum nks_status legs_grow(struct nks_slice *slice, struct nks_fault *fault)
{
    if (slice->leg_count < slice->leg_cap)
        return NKS_OK;
    if (slice->leg_cap >= NKS_SLICE_LEGS)
        return nks_fault_set(fault, NKS_FAILED, "SLICE-LEGS", "a slice has more than %d legs", NKS_SLICE_LEGS);
    size_t want = slice->leg_cap * 2 < NKS_SLICE_LEGS ? slice->leg_cap * 2 : NKS_SLICE_LEGS;
    struct nks_leg *grown = realloc(slice->legs, want * sizeof *grown);
    if (grown == NULL)
        return no_memory(fault);
    slice->legs = grown;
    slice->leg_cap = want;
    return NKS_OK;
}

/* Debt legs come in one pass over the payments, the payee's in another: behind them, legs of a payment are apart until
 * nks_slice_legs_sort. Shifting them into place one by one would cost the square of a slice. */
enum nks_status nks_slice_legs_sort(struct nks_slice *slice, struct nks_fault *fault)
{
    if (slice->legs_sorted_to == slice->leg_count)
        return NKS_OK;
    struct nks_leg *sorted = malloc(slice->leg_cap * sizeof *sorted);
    if (sorted == NULL)
        return no_memory(fault);
    uint32_t at = 0;
    for (size_t i = 0; i < slice->count; i++) {
        slice->payments[i].first_leg = at;
        at += slice->payments[i].legs;
    }
    for (size_t i = 0; i < slice->leg_count; i++) {
        const struct nks_leg *leg = &slice->legs[i];
        sorted[slice->payments[leg->n - 1].first_leg + leg->leg_no - 1] = *leg;
    }
    free(slice->legs);
    slice->legs = sorted;
    slice->legs_sorted_to = slice->leg_count;
    return NKS_OK;
}

enum nks_status nks_slice_leg_add(struct nks_slice *slice, struct nks_payment *payment, enum nks_leg_kind kind,
                                  int64_t amount_minor, int64_t central, const struct nks_destination *to,
                                  struct nks_fault *fault)
{
    assert(amount_minor > 0);
    NKS_TRY(legs_grow(slice, fault));
    struct nks_destination *copy = nks_arena_alloc(&slice->arena, sizeof *copy);
    if (copy == NULL)
        return no_memory(fault);
    *copy = *to;
    size_t at = slice->leg_count;
    /* Sorted so far, and this one belongs behind the last: still sorted. */
    if (slice->legs_sorted_to == at && (at == 0 || slice->legs[at - 1].n <= payment->n))
        slice->legs_sorted_to++;
    if (payment->legs == 0)
        payment->first_leg = (uint32_t)at;
    payment->legs++;
    slice->legs[at] = (struct nks_leg){
        .n = payment->n,
        .generation = slice->generation,
        .leg_no = (uint16_t)payment->legs,
        .kind = (uint8_t)kind,
        .state = NKS_LEG_PLANNED,
        .amount_minor = amount_minor,
        .central = central,
        .to = copy,
    };
    slice->leg_count++;
    return NKS_OK;
}

void nks_leg_id(const char *batch_ref, int32_t slice_number, const struct nks_leg *leg, char out[NKS_LEG_ID_MAX])
{
    struct nks_buf buf;
    nks_buf_init(&buf, out, NKS_LEG_ID_MAX - 1);
    nks_buf_char(&buf, 'N');
    nks_buf_str(&buf, batch_ref);
    const uint64_t parts[] = {(uint64_t)slice_number, leg->n, leg->leg_no, leg->generation};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        nks_buf_char(&buf, '-');
        nks_buf_u64(&buf, parts[i]);
    }
    assert(!buf.overflow); /* 1 + 16 + 4 hyphens + 5 + 5 + 2 + 2 digits: 35 */
    out[buf.len] = '\0';
}

bool nks_leg_id_parse(struct nks_text id, struct nks_leg_address *out)
{
    struct nks_text rest = nks_text_trim(id);
    struct nks_text ref = nks_text_cut(&rest, '-');
    uint64_t slice = 0, n = 0, leg = 0, generation = 0;
    if (ref.len != NKS_BATCH_REF + 1 || ref.ptr[0] != 'N')
        return false;
    if (!nks_text_number(nks_text_cut(&rest, '-'), NKS_SLICES_MAX, &slice) ||
        !nks_text_number(nks_text_cut(&rest, '-'), NKS_SLICE_PAYMENTS, &n) ||
        !nks_text_number(nks_text_cut(&rest, '-'), 99, &leg) || !nks_text_number(rest, 99, &generation))
        return false;
    if (slice == 0 || n == 0 || leg == 0 || generation == 0)
        return false;
    if (!nks_text_copy(nks_text_slice(ref, 1, ref.len), out->ref, sizeof out->ref))
        return false;
    out->slice_number = (int32_t)slice;
    out->n = (uint32_t)n;
    out->leg_no = (uint16_t)leg;
    out->generation = (uint16_t)generation;
    return true;
}

void nks_leg_uetr(const char *leg_id, char out[37])
{
    uint8_t hash[NKS_HASH_SIZE];
    char hex[2 * 16 + 1];
    nks_hash_once(leg_id, strlen(leg_id), hash);
    /* The official pattern of a UETR wants version 4 and variant 10: the bits are set so, the rest comes from the hash.
     */
    hash[6] = (uint8_t)((hash[6] & 0x0F) | 0x40);
    hash[8] = (uint8_t)((hash[8] & 0x3F) | 0x80);
    nks_hex(hash, 16, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
