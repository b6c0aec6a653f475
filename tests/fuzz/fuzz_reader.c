/*
 * The reader in this process, over any file: its frames pass the parent's check, and it either accepts all of the file
 * or says why not. What it accepts is well-formed for libxml2 as a whole too.
 */
#include "../unit/reader_run.h"

#include "fuzz.h"

#include <libxml/parser.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reader_run run;
    reader_run(&run, (const char *)data, size);
    const char *fault = reader_run_fault(&run, size);
    if (fault != NULL)
        fprintf(stderr, "%s\n", fault);
    MUST(fault == NULL);
    MUST(!run.complete || run.document.version != NKS_PAIN001_UNKNOWN || run.document.report != NKS_REPORT_NONE);
    if (run.complete) {
        xmlDocPtr doc = xmlReadMemory((const char *)data, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
        MUST(doc != NULL && doc->intSubset == NULL);
        xmlFreeDoc(doc);
    }
    return 0;
}
