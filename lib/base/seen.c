#include "base/seen.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024, SLOTS_MAX = 2 * NKS_SEEN_MAX };

/* The slot that has the key, or the free one where it belongs. There is always a free one: half of them are. */
static size_t slot_of(const uint64_t *keys, size_t slots, uint64_t key)
{
    size_t at = (size_t)(key % slots);
    while (keys[at] != 0 && keys[at] != key)
        at = (at + 1) % slots;
    return at;
}

static bool grow(struct nks_seen *seen)
{
    size_t slots = seen->slots == 0 ? SLOTS_FIRST : 2 * seen->slots;
    uint64_t *keys = calloc(slots, sizeof *keys);
    if (keys == NULL)
        return false;
    for (size_t i = 0; i < seen->slots; i++) {
        if (seen->keys[i] != 0)
            keys[slot_of(keys, slots, seen->keys[i])] = seen->keys[i];
    }
    free(seen->keys);
    seen->keys = keys;
    seen->slots = slots;
    return true;
}

static uint64_t key_of(struct nks_text text)
{
    uint8_t hash[NKS_HASH_SIZE];
    uint64_t key = 0;
    nks_hash_once(text.ptr, text.len, hash);
    memcpy(&key, hash, sizeof key);
    return key | (key == 0);
}

enum nks_status nks_seen_add(struct nks_seen *seen, struct nks_text text, enum nks_seen_answer *answer,
                             struct nks_fault *fault)
{
    uint64_t key = key_of(text);
    *answer = NKS_SEEN_FULL;
    if (2 * seen->count >= seen->slots && seen->slots < SLOTS_MAX && !grow(seen))
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the ids of a file");
    size_t at = slot_of(seen->keys, seen->slots, key);
    if (seen->keys[at] == key) {
        *answer = NKS_SEEN_BEFORE;
    } else if (seen->count < NKS_SEEN_MAX) {
        seen->keys[at] = key;
        seen->count++;
        *answer = NKS_SEEN_NEW;
    }
    return NKS_OK;
}

void nks_seen_free(struct nks_seen *seen)
{
    free(seen->keys);
    *seen = (struct nks_seen){.keys = NULL};
}
