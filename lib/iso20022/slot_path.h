#ifndef NKS_ISO20022_SLOT_PATH_H
#define NKS_ISO20022_SLOT_PATH_H
/*
 * Which element of a message fills which slot (frame.h), as a table of paths, compiled at start into a tree that is
 * walked along with the document: a step is one look-up by element number.
 */
#include "iso20022/frame.h"
#include "iso20022/token.h"

enum { NKS_PATH_NOWHERE = 0, NKS_PATH_ROOT = 1, NKS_PATH_NODES = 192, NKS_PATH_ELEMENTS = 160 };

/* The elements that begin a record. */
enum nks_path_place { NKS_PLACE_NONE, NKS_PLACE_HEADER, NKS_PLACE_GROUP, NKS_PLACE_PAYMENT };

struct nks_paths {
    uint16_t count;
    uint8_t slot[NKS_PATH_NODES];     /* enum nks_slot of the element's text */
    uint8_t ccy_slot[NKS_PATH_NODES]; /* of its Ccy attribute */
    uint8_t place[NKS_PATH_NODES];    /* enum nks_path_place */
    uint8_t child[NKS_PATH_NODES][NKS_PATH_ELEMENTS];
};

/* The rows of one version of pain.001. */
void nks_paths_compile(struct nks_paths *paths, enum nks_pain001_version version);
/* Those of a report, which is none but NONE. */
void nks_paths_compile_report(struct nks_paths *paths, enum nks_report_version report);

/* The node of a child; NKS_PATH_NOWHERE where no path leads. */
static inline uint8_t nks_paths_step(const struct nks_paths *paths, uint8_t node, enum nks_element element)
{
    return (unsigned)element < NKS_PATH_ELEMENTS ? paths->child[node][element] : NKS_PATH_NOWHERE;
}

#endif
