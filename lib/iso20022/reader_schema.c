#include "iso20022/reader_state.h"

#include <libxml/tree.h>
#include <string.h>

/* Embedded at build time from schemas/. */
extern const char nks_schema_common[], nks_schema_pain_001_001_03[], nks_schema_pain_001_001_09[];
extern const unsigned long nks_schema_common_len, nks_schema_pain_001_001_03_len, nks_schema_pain_001_001_09_len;

static xmlDocPtr read_embedded(const char *text, unsigned long len)
{
    return xmlReadMemory(text, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
}

static xmlDocPtr read_guideline(enum nks_pain001_version version)
{
    return version == NKS_PAIN001_03 ? read_embedded(nks_schema_pain_001_001_03, nks_schema_pain_001_001_03_len)
                                     : read_embedded(nks_schema_pain_001_001_09, nks_schema_pain_001_001_09_len);
}

static xmlNodePtr find_include(xmlNodePtr schema)
{
    for (xmlNodePtr node = schema->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "include") == 0)
            return node;
    }
    return NULL;
}

/*
 * Puts the declarations of common.xsd in the place of the xs:include. It has no target namespace and takes that of the
 * file that includes it (XML Schema part 1, 4.2.1); as a part of that file it does. This way libxml2 is never asked to
 * find a file.
 */
static bool splice_common(xmlDocPtr guideline)
{
    xmlNodePtr include = find_include(xmlDocGetRootElement(guideline));
    if (include == NULL)
        return true;
    xmlDocPtr common = read_embedded(nks_schema_common, nks_schema_common_len);
    if (common == NULL)
        return false;
    bool good = true;
    for (xmlNodePtr node = xmlDocGetRootElement(common)->children; node != NULL && good; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        xmlNodePtr copy = xmlDocCopyNode(node, guideline, 1);
        good = copy != NULL && xmlAddPrevSibling(include, copy) != NULL;
    }
    xmlUnlinkNode(include);
    xmlFreeNode(include);
    xmlFreeDoc(common);
    return good;
}

/*
 * Takes the namespace out of the guideline: on_start compares it, by pointer (reader_sax.c). Otherwise libxml2 compares
 * "name|namespace" letter by letter, some sixty of them for every element, which is a fifth of all the time it takes.
 */
static void drop_namespace(xmlNodePtr schema)
{
    (void)xmlUnsetProp(schema, (const xmlChar *)"targetNamespace");
    for (xmlNsPtr *link = &schema->nsDef; *link != NULL; link = &(*link)->next) {
        if ((*link)->prefix == NULL) {
            xmlNsPtr unused = *link;
            *link = unused->next;
            xmlFreeNs(unused);
            return;
        }
    }
}

static xmlSchemaPtr compile(xmlDocPtr guideline)
{
    drop_namespace(xmlDocGetRootElement(guideline));
    xmlSchemaParserCtxtPtr context = splice_common(guideline) ? xmlSchemaNewDocParserCtxt(guideline) : NULL;
    xmlSchemaPtr schema = context == NULL ? NULL : xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
    return schema;
}

/*
 * xmlSchemaSAXPlug with no callbacks of the user gives the validator's own: ours then call them, in the order we want
 * and with text in one piece, instead of having every event doubled.
 */
bool nks_validator_open(struct nks_reader_state *reader)
{
    struct nks_validator *validator = &reader->validator;
    validator->guideline = read_guideline(reader->prolog.version);
    validator->schema = validator->guideline == NULL ? NULL : compile(validator->guideline);
    if (validator->schema == NULL)
        return false;
    validator->context = xmlSchemaNewValidCtxt(validator->schema);
    if (validator->context == NULL)
        return false;
    xmlSchemaSetValidStructuredErrors(validator->context, nks_finding_schema, reader);
    validator->plug = xmlSchemaSAXPlug(validator->context, &validator->sax, &validator->data);
    return validator->plug != NULL;
}

bool nks_validator_is_content(const struct nks_validator *validator)
{
    return validator->context != NULL && xmlSchemaIsValid(validator->context) == 1;
}

void nks_validator_close(struct nks_validator *validator)
{
    if (validator->plug != NULL)
        (void)xmlSchemaSAXUnplug(validator->plug);
    xmlSchemaFreeValidCtxt(validator->context);
    xmlSchemaFree(validator->schema);
    xmlFreeDoc(validator->guideline);
}
