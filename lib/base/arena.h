#ifndef NKS_BASE_ARENA_H
#define NKS_BASE_ARENA_H
/*
 * Memory with a ceiling: one arena per run or per slice, reset as a whole, no allocation per payment.
 * An arena is used by one thread. Pointers stay valid until nks_arena_reset or nks_arena_free.
 */
#include "base/status.h"

struct nks_arena_block;
struct nks_arena {
    struct nks_arena_block *first, *current;
    size_t ceiling; /* bytes in all; a request beyond it gives NULL */
    size_t used;    /* bytes held from the system */
};

void nks_arena_init(struct nks_arena *arena, size_t ceiling);
/* Zeroed memory aligned for any type, or NULL when the ceiling or the system says no. */
NKS_CHECKED void *nks_arena_alloc(struct nks_arena *arena, size_t size);
/* Forgets every allocation but keeps the memory for the next use. */
void nks_arena_reset(struct nks_arena *arena);
void nks_arena_free(struct nks_arena *arena);

#endif
