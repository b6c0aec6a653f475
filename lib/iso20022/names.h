#ifndef NKS_ISO20022_NAMES_H
#define NKS_ISO20022_NAMES_H
/*
 * The distinct names of a document, by address: libxml2 keeps one copy of every name (its dictionary), so a name that
 * was seen before is known by its pointer and its element number costs one look-up. The count is a ceiling: the
 * dictionary never forgets.
 */
#include "iso20022/token.h"

enum { NKS_NAMES_SLOTS = 8192 }; /* a power of two, above twice the ceiling of names */

struct nks_names {
    uint32_t count, ceiling;
    struct {
        const unsigned char *name;
        enum nks_element element;
    } slots[NKS_NAMES_SLOTS];
};

void nks_names_init(struct nks_names *names, uint32_t ceiling);
/* For a name that is not in place `i`. */
NKS_CHECKED bool nks_names_add_slowly(struct nks_names *names, const unsigned char *name, size_t i,
                                      enum nks_element *element);

static inline size_t nks_names_place(const unsigned char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)name * 0x9E3779B97F4A7C15u; /* Fibonacci hashing */
    return (size_t)(hash >> 51) & (NKS_NAMES_SLOTS - 1);
}

/* False when the name is one too many. NULL is no name and true. */
NKS_CHECKED static inline bool nks_names_add(struct nks_names *names, const unsigned char *name,
                                             enum nks_element *element)
{
    size_t i = nks_names_place(name);
    *element = names->slots[i].element;
    return names->slots[i].name == name || nks_names_add_slowly(names, name, i, element);
}

#endif
