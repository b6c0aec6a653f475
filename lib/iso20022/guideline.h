#ifndef NKS_ISO20022_GUIDELINE_H
#define NKS_ISO20022_GUIDELINE_H
/*
 * A usage guideline: which elements may stand where in a message, how often, and which texts they may have. Compiled
 * at start from the schemas in schemas/, which are the only place where the rules stand; asked element by element while
 * the message is read, in a few steps of a table and without memory of its own. tests/unit/test_guideline.c holds it
 * against libxml2's own validation by the same schemas, and against ISO's.
 *
 * Of XML Schema our schemas use, and this knows: global and included types; content that is one sequence or one choice
 * of elements, or a text with the attribute Ccy; a sequence with more elements behind those of another; texts
 * restricted by length, code list and pattern; another name for a type; date, dateTime, boolean. What a type is made
 * of is declared before it. A schema with anything else does not compile.
 *
 * Order of calls: compile; then for every element nks_guideline_enter with the place of the parent (that of the
 * document for the root), nks_guideline_attribute for every attribute, nks_guideline_leave.
 */
#include "iso20022/frame.h"
#include "iso20022/pattern.h"
#include "iso20022/token.h"

enum {
    NKS_GUIDELINE_TYPES = 192,
    NKS_GUIDELINE_PARTICLES = 512,
    NKS_GUIDELINE_CODES = 128,
    NKS_GUIDELINE_CODE_LEN = 12,
    NKS_GUIDELINE_PATTERNS = 24,
    NKS_GUIDELINE_NO_TYPE = 0,  /* below an element that should not be there nothing is checked */
    NKS_GUIDELINE_DOCUMENT = 1, /* the document itself: its only child is the root */
};

enum nks_guideline_content { NKS_CONTENT_NONE, NKS_CONTENT_SEQUENCE, NKS_CONTENT_CHOICE, NKS_CONTENT_TEXT };
enum nks_guideline_base { NKS_BASE_STRING, NKS_BASE_DAY, NKS_BASE_INSTANT, NKS_BASE_FLAG };

struct nks_guideline_type {
    uint8_t content;           /* enum nks_guideline_content */
    uint8_t base;              /* of a text: enum nks_guideline_base */
    uint8_t pattern;           /* number + 1; 0: none */
    uint8_t ccy;               /* the type of the attribute Ccy, which must be there; 0: no attribute */
    uint16_t first, count;     /* of particles, or of codes */
    uint32_t min_len, max_len; /* characters */
};
struct nks_guideline_particle {
    uint8_t element, type;
    uint32_t min, max;
};
struct nks_guideline {
    uint32_t type_count, particle_count, code_count, pattern_count;
    struct nks_guideline_type types[NKS_GUIDELINE_TYPES];
    struct nks_guideline_particle particles[NKS_GUIDELINE_PARTICLES];
    char codes[NKS_GUIDELINE_CODES][NKS_GUIDELINE_CODE_LEN];
    struct nks_pattern patterns[NKS_GUIDELINE_PATTERNS];
};

/* An open element: its type, and how far its content has come. */
struct nks_guideline_place {
    uint8_t type;
    bool broken;   /* its content was found wrong: that is told once */
    uint16_t at;   /* the particle met last, counted from the type's first */
    uint32_t seen; /* how many of it */
};

enum nks_guideline_fault {
    NKS_GUIDELINE_GOOD,
    NKS_GUIDELINE_UNEXPECTED,   /* the element may not stand here */
    NKS_GUIDELINE_IN_TEXT,      /* the parent may have no elements in it */
    NKS_GUIDELINE_MISSING,      /* the element ends before its content is whole */
    NKS_GUIDELINE_TEXT_BETWEEN, /* there is text between its elements */
    NKS_GUIDELINE_TOO_SHORT,
    NKS_GUIDELINE_TOO_LONG,
    NKS_GUIDELINE_FORM,
    NKS_GUIDELINE_NO_CODE,      /* not one of the allowed codes */
    NKS_GUIDELINE_ATTRIBUTE,    /* an attribute that is not allowed */
    NKS_GUIDELINE_NO_ATTRIBUTE, /* one is missing */
};

/* False: the embedded schemas of this version are not what this header says; a test would have told. */
NKS_CHECKED bool nks_guideline_compile(enum nks_pain001_version version, struct nks_guideline *guideline);
struct nks_guideline_place nks_guideline_document(void);

/* A child opens: `child` becomes its place. After a fault it is one below which nothing is checked, unless the parent
 * knows an element of that name. */
enum nks_guideline_fault nks_guideline_enter(const struct nks_guideline *guideline, struct nks_guideline_place *parent,
                                             enum nks_element element, struct nks_guideline_place *child);
bool nks_guideline_wants_ccy(const struct nks_guideline *guideline, const struct nks_guideline_place *place);
/* The value of the attribute Ccy of an element that wants it. */
enum nks_guideline_fault nks_guideline_ccy(const struct nks_guideline *guideline,
                                           const struct nks_guideline_place *place, struct nks_text value);
/* The element ends; `text` is what stood in it outside of elements, since the last of them. */
enum nks_guideline_fault nks_guideline_leave(const struct nks_guideline *guideline,
                                             const struct nks_guideline_place *place, struct nks_text text);
/* False: it has elements in it, or none, and blanks between them mean nothing. */
bool nks_guideline_is_text(const struct nks_guideline *guideline, const struct nks_guideline_place *place);
/* The elements that could come next, at most `max`; gives how many there are. */
size_t nks_guideline_expected(const struct nks_guideline *guideline, const struct nks_guideline_place *place,
                              enum nks_element *out, size_t max);

#endif
