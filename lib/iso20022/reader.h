#ifndef NKS_ISO20022_READER_H
#define NKS_ISO20022_READER_H
/*
 * The reader: turns the bytes of one file into frames (frame.h). It runs as a program of its own, in a jail, because
 * what it reads may have been written by anybody. The parent's side is spawn.h.
 *
 * Order of calls: nks_reader_prepare, enter the jail, nks_reader_main. After prepare nothing is opened and nothing is
 * asked of the system but memory, so that the jail can forbid the rest.
 *
 * A file that cannot be accepted is a result: FINDING frames and END with `complete` 0. After a finding no HEADER,
 * GROUP or PAYMENT is sent; frames sent before it are worth nothing, which is why only END with `complete` 1 counts.
 * The schema is checked up to the frame that is sent.
 *
 * What a record holds: HEADER the GrpHdr; PAYMENT the CdtTrfTxInf; GROUP all of PmtInf before its first CdtTrfTxInf,
 * and the end of PmtInf, so that its tokens are balanced. GROUP_END has no payload. REPORT, REPORT_GROUP and
 * REPORT_PAYMENT likewise, of CstmrPmtStsRpt, OrgnlPmtInfAndSts and TxInfAndSts, but only what frame.h says.
 */
#include "base/status.h"

/* LATER: a pipe failed or there was no memory, which says nothing about the file. */
enum nks_reader_exit {
    NKS_READER_EXIT_DONE = 0,
    NKS_READER_EXIT_LATER = 4,
    NKS_READER_EXIT_NO_JAIL = 6,
    NKS_READER_EXIT_BUG = 8
};

/* The ceilings. A message of a payer stays far below every one of them. */
struct nks_reader_limits {
    uint64_t file_bytes; /* what one delivery may be; also bounds all counters */
    uint64_t tag_bytes;  /* the parser holds a tag, comment or instruction in memory until it is whole */
    uint64_t run_bytes;  /* bytes between two tags: the longest text written as character references, and then some */
    uint64_t payments;   /* more than twice the largest run there is, the tax refunds */
    uint32_t groups;     /* a group costs the parent a row, a payment a part of a slice */
    uint32_t attributes; /* of one tag, namespaces included: the parser compares each with each */
    uint32_t depth;      /* of elements: our deepest path has 12 */
    uint32_t text_bytes; /* of one element, in UTF-8: what a token's length can say */
    uint32_t names;      /* distinct names: the parser never forgets one */
    uint32_t findings;   /* a person corrects the first ones and sends again */
};
extern const struct nks_reader_limits nks_reader_limits;

/* Once per process, before the jail. */
void nks_reader_prepare(void);
/* Reads the file from `in_fd` to its end, writes frames to `out_fd`. Returns an exit code: DONE when END was written.
 */
NKS_CHECKED int nks_reader_main(int in_fd, int out_fd);
/* The same with other ceilings. */
NKS_CHECKED int nks_reader_run(int in_fd, int out_fd, const struct nks_reader_limits *limits);

#endif
