#ifndef NKS_TEST_XML_TIMES_H
#define NKS_TEST_XML_TIMES_H
/* What libxml2's validator gets wrong about dates, for tests that ask it what ISO's schema says. */
#include "base/text.h"

#include <libxml/tree.h>
#include <string.h>

/*
 * XML Schema part 2, 4.3.6: blanks around a date or a time do not count. libxml2 2.9 forgets that where a type has no
 * further facet, as ISO's dates have none. True: something was taken away, so it is worth asking again.
 */
static inline bool xml_trim_times(xmlNodePtr node)
{
    bool changed = false;
    for (xmlNodePtr n = xmlFirstElementChild(node); n != NULL; n = xmlNextElementSibling(n)) {
        size_t len = strlen((const char *)n->name);
        const char *end = (const char *)n->name + (len < 2 ? len : len - 2);
        changed = xml_trim_times(n) || changed;
        if ((strcmp(end, "Dt") != 0 && strcmp(end, "Tm") != 0) || xmlFirstElementChild(n) != NULL)
            continue;
        xmlChar *text = xmlNodeGetContent(n);
        struct nks_text trimmed = nks_text_trim(nks_text_from((const char *)text));
        if (trimmed.len < strlen((const char *)text)) {
            xmlNodeSetContentLen(n, BAD_CAST trimmed.ptr, (int)trimmed.len);
            changed = true;
        }
        xmlFree(text);
    }
    return changed;
}

#endif
