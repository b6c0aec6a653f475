#ifndef NKS_TEST_XML_JUDGE_H
#define NKS_TEST_XML_JUDGE_H
/*
 * What the tests of the writers share: a sink in memory, and libxml2's judgement under a schema. ISO's own schemas are
 * not part of the source tree; they are looked for in NKS_SHARED, else in ../shared beside it. A schema that is not
 * there judges nothing and says so once.
 */
#include "iso20022/xmlout.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NKS_SOURCE_DIR
#define NKS_SOURCE_DIR "."
#endif

enum { SINK_BYTES = 16 * 1024 * 1024 };
struct sink {
    char *bytes;
    size_t len;
    enum nks_status answer;
};

static inline enum nks_status sink_write(void *context, const void *data, size_t len, struct nks_fault *fault)
{
    struct sink *sink = context;
    (void)fault;
    if (sink->answer != NKS_OK)
        return sink->answer;
    ck_assert_uint_le(sink->len + len, SINK_BYTES);
    memcpy(sink->bytes + sink->len, data, len);
    sink->len += len;
    return NKS_OK;
}

static inline void sink_reset(struct sink *sink)
{
    if (sink->bytes == NULL)
        sink->bytes = malloc(SINK_BYTES);
    ck_assert_ptr_nonnull(sink->bytes);
    sink->len = 0;
    sink->answer = NKS_OK;
}

static inline void shared_path(char path[1024], const char *file)
{
    const char *shared = getenv("NKS_SHARED");
    int len = snprintf(path, 1024, "%s/%s", shared != NULL ? shared : NKS_SOURCE_DIR "/../shared", file);
    ck_assert_int_lt(len, 1024);
}

struct judge {
    xmlSchemaPtr schema;
    char name[1024];
};

NKS_PRINTF(2, 3) static inline void judge_silent(void *context, const char *message, ...)
{
    (void)context;
    (void)message;
}

NKS_PRINTF(2, 3) static inline void judge_tell(void *context, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    vfprintf(context, message, args);
    va_end(args);
}

static inline void judge_open(struct judge *judge, const char *path)
{
    int len = snprintf(judge->name, sizeof judge->name, "%s", path);
    ck_assert_int_lt(len, (int)sizeof judge->name);
    judge->schema = NULL;
    if (access(path, R_OK) != 0) {
        printf("skipped: no schema %s\n", path);
        return;
    }
    xmlSchemaParserCtxtPtr context = xmlSchemaNewParserCtxt(path);
    xmlSchemaSetParserErrors(context, judge_tell, judge_silent, stderr);
    judge->schema = xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
    ck_assert_msg(judge->schema != NULL, "%s", path);
}

static inline void judge_open_shared(struct judge *judge, const char *file)
{
    char path[1024];
    shared_path(path, file);
    judge_open(judge, path);
}

static inline void judge_close(struct judge *judge)
{
    xmlSchemaFree(judge->schema);
}

/* The document, which the caller frees; the test fails when it is not well-formed. */
static inline xmlDocPtr judge_read(const char *bytes, size_t len)
{
    xmlDocPtr doc = xmlReadMemory(bytes, (int)len, "out.xml", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    ck_assert_msg(doc != NULL, "not well-formed:\n%.*s", (int)len, bytes);
    return doc;
}

static inline void judge_valid(const struct judge *judge, xmlDocPtr doc, const char *bytes, size_t len)
{
    if (judge->schema == NULL)
        return;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(judge->schema);
    xmlSchemaSetValidErrors(context, judge_tell, judge_silent, stderr);
    int verdict = xmlSchemaValidateDoc(context, doc);
    xmlSchemaFreeValidCtxt(context);
    ck_assert_msg(verdict == 0, "not valid under %s:\n%.*s", judge->name, (int)len, bytes);
}

#endif
