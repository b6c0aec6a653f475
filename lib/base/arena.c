#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct nks_arena_block {
    struct nks_arena_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

void nks_arena_init(struct nks_arena *arena, size_t ceiling)
{
    *arena = (struct nks_arena){.ceiling = ceiling};
}

static struct nks_arena_block *block_new(struct nks_arena *arena, size_t size)
{
    size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    if (want > arena->ceiling - arena->used)
        return NULL;
    struct nks_arena_block *block = malloc(sizeof *block + want);
    if (block == NULL)
        return NULL;
    *block = (struct nks_arena_block){.size = want};
    arena->used += want;
    return block;
}

void *nks_arena_alloc(struct nks_arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) / align * align;
    while (arena->current != NULL && arena->current->size - arena->current->used < size && arena->current->next != NULL)
        arena->current = arena->current->next;
    if (arena->current == NULL || arena->current->size - arena->current->used < size) {
        struct nks_arena_block *block = block_new(arena, size);
        if (block == NULL)
            return NULL;
        if (arena->current == NULL)
            arena->first = block;
        else
            arena->current->next = block;
        arena->current = block;
    }
    void *memory = arena->current->bytes + arena->current->used;
    arena->current->used += size;
    return memset(memory, 0, size);
}

void nks_arena_reset(struct nks_arena *arena)
{
    for (struct nks_arena_block *block = arena->first; block != NULL; block = block->next)
        block->used = 0;
    arena->current = arena->first;
}

void nks_arena_free(struct nks_arena *arena)
{
    struct nks_arena_block *block = arena->first;
    while (block != NULL) {
        struct nks_arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->first = arena->current = NULL;
    arena->used = 0;
}
