/*
 * schemas/ into tables. The files were embedded at build time; a tree of each is made once and let go.
 */
#include "iso20022/guideline.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

extern const char nks_schema_common[], nks_schema_pain_001_001_03[], nks_schema_pain_001_001_09[];
extern const unsigned long nks_schema_common_len, nks_schema_pain_001_001_03_len, nks_schema_pain_001_001_09_len;

/* An xs:include names a file of this list; nothing is ever looked for outside of it. */
static const struct {
    const char *name, *text;
    const unsigned long *len;
} files[] = {
    {"common.xsd", nks_schema_common, &nks_schema_common_len},
    {"pain.001.001.03.xsd", nks_schema_pain_001_001_03, &nks_schema_pain_001_001_03_len},
    {"pain.001.001.09.xsd", nks_schema_pain_001_001_09, &nks_schema_pain_001_001_09_len},
};
enum { FILES = sizeof files / sizeof files[0] };

static const char *const entry_files[] = {
    [NKS_PAIN001_03] = "pain.001.001.03.xsd",
    [NKS_PAIN001_09] = "pain.001.001.09.xsd",
};

struct compiler {
    struct nks_guideline *guideline;
    xmlDocPtr documents[FILES];
    xmlNodePtr nodes[NKS_GUIDELINE_TYPES]; /* of named types */
    xmlNodePtr root;                       /* the global element */
};

static const char *attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *found = node->properties; found != NULL; found = found->next) {
        if (strcmp((const char *)found->name, name) == 0 && found->children != NULL)
            return (const char *)found->children->content;
    }
    return NULL;
}

static bool is_node(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

static xmlNodePtr element_from(xmlNodePtr node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static xmlNodePtr first_child(const xmlNode *node)
{
    return element_from(node->children);
}

static xmlNodePtr after(const xmlNode *node)
{
    return element_from(node->next);
}

static bool number_of(const char *text, uint32_t *value)
{
    uint64_t wide = 0;
    if (text == NULL || !nks_text_number(nks_text_from(text), UINT32_MAX, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

/* ---- names first: types may be used before they are declared */

static bool declare(struct compiler *compiler, xmlNodePtr node)
{
    struct nks_guideline *guideline = compiler->guideline;
    if (guideline->type_count == NKS_GUIDELINE_TYPES || attribute(node, "name") == NULL)
        return false;
    compiler->nodes[guideline->type_count++] = node;
    return true;
}

static bool load(struct compiler *compiler, const char *name);

static bool declare_any(struct compiler *compiler, xmlNodePtr node)
{
    if (is_node(node, "include")) {
        const char *name = attribute(node, "schemaLocation");
        return name != NULL && load(compiler, name);
    }
    if (is_node(node, "element")) {
        bool first = compiler->root == NULL;
        compiler->root = node;
        return first;
    }
    return (is_node(node, "simpleType") || is_node(node, "complexType")) && declare(compiler, node);
}

static bool load(struct compiler *compiler, const char *name)
{
    size_t i = 0;
    while (i < FILES && strcmp(files[i].name, name) != 0)
        i++;
    if (i == FILES)
        return false;
    if (compiler->documents[i] != NULL)
        return true; /* included twice is included */
    compiler->documents[i] = xmlReadMemory(files[i].text, (int)*files[i].len, NULL, NULL, XML_PARSE_NONET);
    if (compiler->documents[i] == NULL)
        return false;
    bool good = true;
    for (xmlNodePtr node = first_child(xmlDocGetRootElement(compiler->documents[i])); node != NULL && good;
         node = after(node))
        good = declare_any(compiler, node);
    return good;
}

/* The number of a named type, or of xs:boolean, which alone is used without a name of ours; 0: none. */
static uint8_t type_find(const struct compiler *compiler, const char *name)
{
    for (uint32_t i = NKS_GUIDELINE_DOCUMENT + 1; name != NULL && i < compiler->guideline->type_count; i++) {
        const char *declared = compiler->nodes[i] == NULL ? "xs:boolean" : attribute(compiler->nodes[i], "name");
        if (strcmp(declared, name) == 0)
            return (uint8_t)i;
    }
    return NKS_GUIDELINE_NO_TYPE;
}

/* ---- texts */

static const struct {
    const char *name;
    enum nks_guideline_base base;
} base_names[] = {
    {"xs:string", NKS_BASE_STRING},
    {"xs:date", NKS_BASE_DAY},
    {"xs:dateTime", NKS_BASE_INSTANT},
};

static bool base_find(const char *name, uint8_t *base)
{
    for (size_t i = 0; name != NULL && i < sizeof base_names / sizeof base_names[0]; i++) {
        if (strcmp(base_names[i].name, name) == 0) {
            *base = (uint8_t)base_names[i].base;
            return true;
        }
    }
    return false;
}

static bool pattern_add(struct compiler *compiler, const char *value, struct nks_guideline_type *type)
{
    struct nks_guideline *guideline = compiler->guideline;
    if (type->pattern != 0 || guideline->pattern_count == NKS_GUIDELINE_PATTERNS)
        return false;
    type->pattern = (uint8_t)(guideline->pattern_count + 1);
    return nks_pattern_compile(nks_text_from(value), &guideline->patterns[guideline->pattern_count++]);
}

static bool code_add(struct compiler *compiler, const char *value, struct nks_guideline_type *type)
{
    struct nks_guideline *guideline = compiler->guideline;
    if (guideline->code_count == NKS_GUIDELINE_CODES)
        return false;
    if (type->count++ == 0)
        type->first = (uint16_t)guideline->code_count;
    return nks_text_copy(nks_text_from(value), guideline->codes[guideline->code_count++], NKS_GUIDELINE_CODE_LEN);
}

static bool facet_add(struct compiler *compiler, const xmlNode *node, struct nks_guideline_type *type)
{
    const char *value = attribute(node, "value");
    if (value == NULL)
        return false;
    if (is_node(node, "minLength"))
        return number_of(value, &type->min_len);
    if (is_node(node, "maxLength"))
        return number_of(value, &type->max_len);
    if (is_node(node, "pattern"))
        return pattern_add(compiler, value, type);
    return is_node(node, "enumeration") && code_add(compiler, value, type);
}

/* A day's form is known to the code that looks at it, so a pattern must have seen to it. */
static bool text_type(struct compiler *compiler, const xmlNode *restriction, struct nks_guideline_type *type)
{
    type->content = NKS_CONTENT_TEXT;
    type->max_len = UINT32_MAX;
    bool good = is_node(restriction, "restriction") && base_find(attribute(restriction, "base"), &type->base);
    for (const xmlNode *facet = first_child(restriction); facet != NULL && good; facet = after(facet))
        good = facet_add(compiler, facet, type);
    return good && (type->base == NKS_BASE_STRING || type->pattern != 0);
}

/* Text of a type that was declared before, with the attribute Ccy. */
static bool amount_type(struct compiler *compiler, const xmlNode *extension, struct nks_guideline_type *type)
{
    uint8_t base = type_find(compiler, attribute(extension, "base"));
    const xmlNode *ccy = first_child(extension);
    if (base == NKS_GUIDELINE_NO_TYPE || ccy == NULL || !is_node(ccy, "attribute") || after(ccy) != NULL)
        return false;
    *type = compiler->guideline->types[base];
    type->ccy = type_find(compiler, attribute(ccy, "type"));
    return type->content == NKS_CONTENT_TEXT && type->ccy != NKS_GUIDELINE_NO_TYPE &&
           strcmp(attribute(ccy, "name"), "Ccy") == 0 && strcmp(attribute(ccy, "use"), "required") == 0;
}

/* ---- elements */

static bool occurrence(const xmlNode *node, const char *name, uint32_t *value)
{
    const char *text = attribute(node, name);
    *value = 1;
    if (text != NULL && strcmp(text, "unbounded") == 0) {
        *value = UINT32_MAX;
        return true;
    }
    return text == NULL || number_of(text, value);
}

static bool particle_add(struct compiler *compiler, const xmlNode *node)
{
    struct nks_guideline *guideline = compiler->guideline;
    const char *name = attribute(node, "name");
    if (!is_node(node, "element") || name == NULL || guideline->particle_count == NKS_GUIDELINE_PARTICLES)
        return false;
    struct nks_guideline_particle *particle = &guideline->particles[guideline->particle_count++];
    particle->element = (uint8_t)nks_element_find(nks_text_from(name));
    particle->type = type_find(compiler, attribute(node, "type"));
    return particle->element != NKS_ELEMENT_NONE && particle->type != NKS_GUIDELINE_NO_TYPE &&
           occurrence(node, "minOccurs", &particle->min) && occurrence(node, "maxOccurs", &particle->max);
}

/* Every element of a choice stands there once. */
static bool elements_type(struct compiler *compiler, const xmlNode *content, struct nks_guideline_type *type)
{
    struct nks_guideline *guideline = compiler->guideline;
    bool choice = is_node(content, "choice");
    bool good = (choice || is_node(content, "sequence")) && content->properties == NULL;
    type->content = choice ? NKS_CONTENT_CHOICE : NKS_CONTENT_SEQUENCE;
    type->first = (uint16_t)guideline->particle_count;
    for (const xmlNode *node = first_child(content); node != NULL && good; node = after(node)) {
        good = particle_add(compiler, node);
        const struct nks_guideline_particle *last = &guideline->particles[guideline->particle_count - 1];
        good = good && (!choice || (last->min == 1 && last->max == 1));
    }
    type->count = (uint16_t)(guideline->particle_count - type->first);
    return good;
}

/* ---- all */

/* Amounts take over a text: those come first. */
static bool fill_texts(struct compiler *compiler)
{
    bool good = true;
    for (uint32_t i = NKS_GUIDELINE_DOCUMENT + 1; i < compiler->guideline->type_count && good; i++) {
        const xmlNode *node = compiler->nodes[i], *inner = node == NULL ? NULL : first_child(node);
        if (node == NULL)
            compiler->guideline->types[i] =
                (struct nks_guideline_type){.content = NKS_CONTENT_TEXT, .base = NKS_BASE_FLAG, .max_len = UINT32_MAX};
        else if (is_node(node, "simpleType"))
            good = inner != NULL && text_type(compiler, inner, &compiler->guideline->types[i]);
    }
    return good;
}

static bool fill_elements(struct compiler *compiler)
{
    bool good = true;
    for (uint32_t i = NKS_GUIDELINE_DOCUMENT + 1; i < compiler->guideline->type_count && good; i++) {
        const xmlNode *node = compiler->nodes[i], *inner = node == NULL ? NULL : first_child(node);
        struct nks_guideline_type *type = &compiler->guideline->types[i];
        if (node == NULL || !is_node(node, "complexType"))
            continue;
        const xmlNode *extension = inner != NULL && is_node(inner, "simpleContent") ? first_child(inner) : NULL;
        good = inner != NULL && after(inner) == NULL &&
               (extension != NULL ? amount_type(compiler, extension, type) : elements_type(compiler, inner, type));
    }
    return good;
}

static bool fill_document(struct compiler *compiler)
{
    struct nks_guideline *guideline = compiler->guideline;
    guideline->types[NKS_GUIDELINE_DOCUMENT] = (struct nks_guideline_type){
        .content = NKS_CONTENT_SEQUENCE, .first = (uint16_t)guideline->particle_count, .count = 1};
    return compiler->root != NULL && particle_add(compiler, compiler->root);
}

bool nks_guideline_compile(enum nks_pain001_version version, struct nks_guideline *guideline)
{
    struct compiler compiler = {.guideline = guideline};
    memset(guideline, 0, sizeof *guideline);
    if ((size_t)version >= sizeof entry_files / sizeof entry_files[0] || entry_files[version] == NULL)
        return false;
    guideline->type_count = NKS_GUIDELINE_DOCUMENT + 2; /* the one behind the document is xs:boolean, with no node */
    bool good = load(&compiler, entry_files[version]) && fill_texts(&compiler) && fill_elements(&compiler) &&
                fill_document(&compiler);
    for (size_t i = 0; i < FILES; i++)
        xmlFreeDoc(compiler.documents[i]);
    return good;
}
