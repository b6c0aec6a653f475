#ifndef NKS_TEST_OFFICIAL_H
#define NKS_TEST_OFFICIAL_H
/*
 * What ISO's own schema says of a message, chosen by the namespace of its root as a receiver would. The schemas are
 * looked for as xml_judge.h does.
 *
 * Order of calls: official_open, official_judge as often as wanted, official_close.
 */
#include "xml_judge.h"

#include <dirent.h>
#include <libxml/tree.h>

enum official_verdict {
    OFFICIAL_NO_XML,    /* not well-formed */
    OFFICIAL_NO_SCHEMA, /* of a namespace that we have no schema for */
    OFFICIAL_INVALID,
    OFFICIAL_VALID,
};

struct official {
    enum official_verdict verdict;
    char version[64]; /* pain.001.001.09; empty: a namespace of another kind, or none */
    xmlDocPtr doc;    /* the caller frees it; NULL where the bytes are no XML */
};

struct official_schema {
    char version[64];
    struct judge judge;
    xmlSchemaValidCtxtPtr context;
};
enum { OFFICIAL_SCHEMAS = 32 };
static struct official_schema official_schemas[OFFICIAL_SCHEMAS];
static xmlParserCtxtPtr official_parser;

static inline void official_ignore(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
}

/* Once, before the reader is prepared: it then forbids libxml2 to open any file. */
static inline void official_open(void)
{
    struct dirent **names;
    char folder[1024];
    shared_path(folder, "iso20022");
    int count = scandir(folder, &names, NULL, alphasort);
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        char path[1024 + 260];
        int len = (int)strlen(names[i]->d_name) - 4;
        if (len > 4 && strncmp(names[i]->d_name, "pain.", 5) == 0 && strcmp(names[i]->d_name + len, ".xsd") == 0) {
            ck_assert_uint_lt(used, OFFICIAL_SCHEMAS);
            struct official_schema *schema = &official_schemas[used++];
            snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
            snprintf(schema->version, sizeof schema->version, "%.*s", len, names[i]->d_name);
            judge_open(&schema->judge, path);
            schema->context = xmlSchemaNewValidCtxt(schema->judge.schema);
            ck_assert_ptr_nonnull(schema->context);
            xmlSchemaSetValidStructuredErrors(schema->context, official_ignore, NULL);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

/* NULL: there is no schema of this version. */
static inline xmlSchemaValidCtxtPtr official_context(const char *version)
{
    for (size_t i = 0; i < OFFICIAL_SCHEMAS; i++) {
        if (version[0] != '\0' && strcmp(official_schemas[i].version, version) == 0)
            return official_schemas[i].context;
    }
    return NULL;
}

static inline bool official_present(void)
{
    return official_context("pain.001.001.03") != NULL && official_context("pain.001.001.09") != NULL;
}

static inline void official_close(void)
{
    for (size_t i = 0; i < OFFICIAL_SCHEMAS; i++) {
        xmlSchemaFreeValidCtxt(official_schemas[i].context);
        judge_close(&official_schemas[i].judge);
    }
    xmlFreeParserCtxt(official_parser);
    xmlCleanupParser();
}

static inline void official_version(struct official *official)
{
    static const char prefix[] = "urn:iso:std:iso:20022:tech:xsd:";
    const xmlNode *root = xmlDocGetRootElement(official->doc);
    const char *uri = root == NULL || root->ns == NULL ? "" : (const char *)root->ns->href;
    bool ours = strncmp(uri, prefix, sizeof prefix - 1) == 0 && strlen(uri) < sizeof prefix + 60;
    snprintf(official->version, sizeof official->version, "%.63s", ours ? uri + sizeof prefix - 1 : "");
}

static inline struct official official_judge(const char *bytes, size_t len)
{
    struct official official = {OFFICIAL_NO_XML, "", NULL};
    if (official_parser == NULL)
        official_parser = xmlNewParserCtxt();
    /* A CDATA section is text like any other (XML Infoset); libxml2's schemas take an empty one for content. */
    official.doc = xmlCtxtReadMemory(official_parser, bytes, (int)len, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    if (official.doc == NULL)
        return official;
    official_version(&official);
    xmlSchemaValidCtxtPtr context = official_context(official.version);
    if (context == NULL)
        official.verdict = OFFICIAL_NO_SCHEMA;
    else
        official.verdict = xmlSchemaValidateDoc(context, official.doc) == 0 ? OFFICIAL_VALID : OFFICIAL_INVALID;
    return official;
}

#endif
