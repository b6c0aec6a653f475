#include "iso20022/names.h"

#include <string.h>

void nks_names_init(struct nks_names *names, uint32_t ceiling)
{
    memset(names, 0, sizeof *names);
    names->ceiling = ceiling < NKS_NAMES_SLOTS / 2 ? ceiling : NKS_NAMES_SLOTS / 2;
}

bool nks_names_add_slowly(struct nks_names *names, const unsigned char *name, size_t i, enum nks_element *element)
{
    *element = NKS_ELEMENT_NONE;
    if (name == NULL)
        return true;
    while (names->slots[i].name != NULL && names->slots[i].name != name)
        i = (i + 1) & (NKS_NAMES_SLOTS - 1);
    if (names->slots[i].name == NULL) {
        if (names->count == names->ceiling)
            return false;
        names->count++;
        names->slots[i].name = name;
        names->slots[i].element = nks_element_find(nks_text_from((const char *)name));
    }
    *element = names->slots[i].element;
    return true;
}
