/*
 * Summary -> page. The stylesheet is a part of the program, and the transformation may do nothing but turn one tree
 * into another: no file, no network, no folder, no other document, no extension.
 */
#include "report/report_private.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <libxslt/documents.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>

#include <stdlib.h>
#include <string.h>

extern const char nks_report_sheet[];
extern const unsigned long nks_report_sheet_len;

enum { TEMPLATE_DEPTH_MAX = 200, VARIABLES_MAX = 2000 };

static const char doctype[] = "<!DOCTYPE html>\n";

static void silent(void *context, const char *words, ...)
{
    (void)context;
    (void)words;
}

/* Nothing is ever loaded: there is one stylesheet and one document, both in memory. */
static xmlDocPtr load_nothing(const xmlChar *uri, xmlDictPtr dict, int options, void *context, xsltLoadType type)
{
    (void)uri;
    (void)dict;
    (void)options;
    (void)context;
    (void)type;
    return NULL;
}

static bool forbid_all(xsltSecurityPrefsPtr prefs)
{
    static const xsltSecurityOption options[] = {XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE,
                                                 XSLT_SECPREF_CREATE_DIRECTORY, XSLT_SECPREF_READ_NETWORK,
                                                 XSLT_SECPREF_WRITE_NETWORK};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid) != 0)
            return false;
    }
    return true;
}

static xmlDocPtr parse(const char *bytes, size_t len)
{
    return xmlReadMemory(bytes, (int)len, NULL, "UTF-8",
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
}

/* The stylesheet takes over its document. */
static xsltStylesheetPtr stylesheet(void)
{
    xmlDocPtr doc = xmlReadMemory(nks_report_sheet, (int)nks_report_sheet_len, NULL, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xsltStylesheetPtr sheet = doc != NULL ? xsltParseStylesheetDoc(doc) : NULL;
    if (sheet == NULL)
        xmlFreeDoc(doc);
    return sheet;
}

static xmlDocPtr apply(xsltStylesheetPtr sheet, xmlDocPtr summary)
{
    xmlDocPtr page = NULL;
    xsltSecurityPrefsPtr prefs = xsltNewSecurityPrefs();
    xsltTransformContextPtr context = xsltNewTransformContext(sheet, summary);
    if (prefs != NULL && context != NULL && forbid_all(prefs) && xsltSetCtxtSecurityPrefs(prefs, context) == 0) {
        context->maxTemplateDepth = TEMPLATE_DEPTH_MAX;
        context->maxTemplateVars = VARIABLES_MAX;
        xsltSetTransformErrorFunc(context, NULL, silent);
        page = xsltApplyStylesheetUser(sheet, summary, NULL, NULL, NULL, context);
        if (page != NULL && context->state != XSLT_STATE_OK) {
            xmlFreeDoc(page);
            page = NULL;
        }
    }
    xsltFreeTransformContext(context);
    xsltFreeSecurityPrefs(prefs);
    return page;
}

static enum nks_status take(xmlBufferPtr buffer, struct nks_page *page, struct nks_fault *fault)
{
    const size_t head = sizeof doctype - 1, len = (size_t)xmlBufferLength(buffer);
    if (len > NKS_REPORT_PAGE_MAX - head)
        return nks_fault_set(fault, NKS_FAILED, "REPORT-BIG", "the page is beyond its ceiling");
    page->bytes = malloc(head + len + 1);
    if (page->bytes == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the page");
    memcpy(page->bytes, doctype, head);
    memcpy(page->bytes + head, xmlBufferContent(buffer), len);
    page->len = head + len;
    page->bytes[page->len] = '\0';
    return NKS_OK;
}

/* As XHTML, so that an empty element is written in the one way that both HTML and XML understand. */
static enum nks_status save(xmlDocPtr doc, struct nks_page *page, struct nks_fault *fault)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlSaveCtxtPtr context =
        buffer != NULL ? xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_XHTML | XML_SAVE_NO_DECL) : NULL;
    bool good = context != NULL && xmlSaveDoc(context, doc) >= 0;
    good = context != NULL && xmlSaveClose(context) >= 0 && good;
    enum nks_status status =
        good ? take(buffer, page, fault) : nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory to write the page");
    xmlBufferFree(buffer);
    return status;
}

enum nks_status nks_report_transform(const struct nks_summary *summary, struct nks_page *page, struct nks_fault *fault)
{
    enum nks_status status = NKS_OK;
    xsltSetGenericErrorFunc(NULL, silent);
    xmlSetGenericErrorFunc(NULL, silent);
    xsltSetLoaderFunc(load_nothing);
    xmlDocPtr source = parse(summary->bytes, summary->len), result = NULL;
    xsltStylesheetPtr sheet = stylesheet();
    if (sheet != NULL && source != NULL)
        result = apply(sheet, source);
    status = result != NULL ? save(result, page, fault)
                            : nks_fault_set(fault, NKS_FAILED, "REPORT-SHEET", "the page could not be made");
    xmlFreeDoc(result);
    xmlFreeDoc(source);
    xsltFreeStylesheet(sheet);
    xsltCleanupGlobals();
    return status;
}
