/*
 * schemas/ into tables. The files were embedded at build time; a tree of each is made once and let go.
 */
#include "iso20022/guideline.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define SCHEMAS(FILE)                                                                                                  \
    FILE("common.xsd", common)                                                                                         \
    FILE("message.xsd", message)                                                                                       \
    FILE("until-08.xsd", until_08)                                                                                     \
    FILE("until-09.xsd", until_09)                                                                                     \
    FILE("until-11.xsd", until_11)                                                                                     \
    FILE("from-08.xsd", from_08)                                                                                       \
    FILE("from-08-to-11.xsd", from_08_to_11)                                                                           \
    FILE("from-09.xsd", from_09)                                                                                       \
    FILE("from-09-to-11.xsd", from_09_to_11)                                                                           \
    FILE("from-10.xsd", from_10)                                                                                       \
    FILE("pain.001.001.03.xsd", pain_001_001_03)                                                                       \
    FILE("pain.001.001.08.xsd", pain_001_001_08)                                                                       \
    FILE("pain.001.001.09.xsd", pain_001_001_09)                                                                       \
    FILE("pain.001.001.10.xsd", pain_001_001_10)                                                                       \
    FILE("pain.001.001.11.xsd", pain_001_001_11)                                                                       \
    FILE("pain.001.001.12.xsd", pain_001_001_12)

#define DECLARE(file, symbol)                                                                                          \
    extern const char nks_schema_##symbol[];                                                                           \
    extern const unsigned long nks_schema_##symbol##_len;
SCHEMAS(DECLARE)

/* An xs:include names a file of this list; nothing is ever looked for outside of it. */
static const struct {
    const char *name, *text;
    const unsigned long *len;
} files[] = {
#define EMBEDDED(file, symbol) {file, nks_schema_##symbol, &nks_schema_##symbol##_len},
    SCHEMAS(EMBEDDED)};
enum { FILES = sizeof files / sizeof files[0] };

static const char *const entry_files[] = {
#define NKS_PAIN001_VERSION(number, digits) [number] = "pain.001.001." #digits ".xsd",
#include "iso20022/version.def"
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

/* A type that was declared before, under another name. */
static bool text_alias(const struct compiler *compiler, const xmlNode *restriction, struct nks_guideline_type *type)
{
    *type = compiler->guideline->types[type_find(compiler, attribute(restriction, "base"))];
    return type->content == NKS_CONTENT_TEXT;
}

/* A day's form is known to the code that looks at it, so a pattern must have seen to it. */
static bool text_type(struct compiler *compiler, const xmlNode *restriction, struct nks_guideline_type *type)
{
    bool good = is_node(restriction, "restriction");
    if (good && first_child(restriction) == NULL)
        return text_alias(compiler, restriction, type);
    type->content = NKS_CONTENT_TEXT;
    type->max_len = UINT32_MAX;
    good = good && base_find(attribute(restriction, "base"), &type->base);
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

/* To the end of the type's own. Every element of a choice stands there once. */
static bool elements_add(struct compiler *compiler, const xmlNode *content, struct nks_guideline_type *type)
{
    struct nks_guideline *guideline = compiler->guideline;
    bool choice = type->content == NKS_CONTENT_CHOICE, good = content->properties == NULL;
    for (const xmlNode *node = first_child(content); node != NULL && good; node = after(node)) {
        good = particle_add(compiler, node);
        const struct nks_guideline_particle *last = &guideline->particles[guideline->particle_count - 1];
        good = good && (!choice || (last->min == 1 && last->max == 1));
    }
    type->count = (uint16_t)(guideline->particle_count - type->first);
    return good;
}

static bool elements_type(struct compiler *compiler, const xmlNode *content, struct nks_guideline_type *type)
{
    bool choice = is_node(content, "choice");
    type->content = choice ? NKS_CONTENT_CHOICE : NKS_CONTENT_SEQUENCE;
    type->first = (uint16_t)compiler->guideline->particle_count;
    return (choice || is_node(content, "sequence")) && elements_add(compiler, content, type);
}

/* The elements of a type that was declared before, and perhaps more behind them. */
static bool extended_type(struct compiler *compiler, const xmlNode *extension, struct nks_guideline_type *type)
{
    struct nks_guideline *guideline = compiler->guideline;
    const struct nks_guideline_type *base = &guideline->types[type_find(compiler, attribute(extension, "base"))];
    const xmlNode *more = first_child(extension);
    *type = *base;
    if (more == NULL)
        return base->content == NKS_CONTENT_SEQUENCE || base->content == NKS_CONTENT_CHOICE;
    if (base->content != NKS_CONTENT_SEQUENCE || !is_node(more, "sequence") || after(more) != NULL ||
        guideline->particle_count + base->count > NKS_GUIDELINE_PARTICLES)
        return false;
    type->first = (uint16_t)guideline->particle_count;
    memcpy(&guideline->particles[type->first], &guideline->particles[base->first],
           base->count * sizeof guideline->particles[0]);
    guideline->particle_count += base->count;
    return elements_add(compiler, more, type);
}

/* What the content of a complexType is called says how it is read. */
static const struct {
    const char *name;
    bool (*read)(struct compiler *, const xmlNode *, struct nks_guideline_type *);
} derived[] = {{"simpleContent", amount_type}, {"complexContent", extended_type}};

static bool complex_type(struct compiler *compiler, const xmlNode *content, struct nks_guideline_type *type)
{
    for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++) {
        const xmlNode *extension = is_node(content, derived[i].name) ? first_child(content) : NULL;
        if (extension != NULL)
            return is_node(extension, "extension") && derived[i].read(compiler, extension, type);
    }
    return elements_type(compiler, content, type);
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
        good = inner != NULL && after(inner) == NULL && complex_type(compiler, inner, type);
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
