#ifndef NKS_ISO20022_SPAWN_H
#define NKS_ISO20022_SPAWN_H
/*
 * The parent's side of the reader (reader.h): starts the program, feeds it the bytes of one file and takes its frames.
 * Nothing the reader says is believed before it was checked here: lengths, order of frames, counts, records, texts.
 *
 * Order of calls: open, pump, close; close also after an error. One reader serves one file. One thread.
 *
 * A reader that dies, hangs or talks nonsense is no error: the file is refused, and `end` says what happened. Errors
 * are those of the machine (NKS_RETRY: no pipe, no process) and NKS_FAILED, code READER-START: the program cannot be
 * started.
 */
#include "iso20022/frame.h"

enum nks_reader_end {
    NKS_READER_DONE, /* END came, the reader left with 0: `complete` in the END frame says whether the file is good */
    NKS_READER_DIED, /* by a signal or with an exit code */
    NKS_READER_LOST, /* ended from outside, by a failing pipe or for want of memory: nothing is known of the file */
    NKS_READER_GARBAGE, /* frames that are none */
    NKS_READER_NO_JAIL, /* nothing was read: the machine must be mended, exit 6 */
    NKS_READER_TIME, /* nothing moved for NKS_READER_IDLE_SECONDS, or too much computing time for a file of its size */
};
const char *nks_reader_end_name(enum nks_reader_end end); /* "done", "died" … */

enum { NKS_READER_IDLE_SECONDS = 30 };

/* One frame, checked and taken apart. Texts are valid until the callback returns. */
struct nks_reader_frame {
    enum nks_frame_kind kind;
    struct nks_frame_document document; /* DOCUMENT */
    struct nks_frame_place place;       /* HEADER, GROUP, PAYMENT, and those of a report */
    struct nks_text record;             /* the same: nks_record_check was true, its root is the right one */
    struct nks_frame_finding finding;   /* FINDING */
    struct nks_text text;               /* FINDING: UTF-8, one line */
    struct nks_frame_end end;           /* END */
};

/* What the caller gives and takes. A status other than NKS_OK kills the reader and is what pump returns. */
struct nks_reader_calls {
    void *user;
    /* The next piece of the file, of any size; it stays valid until the next call. Empty at the end of the file. */
    enum nks_status (*source)(void *user, struct nks_text *piece, struct nks_fault *fault);
    enum nks_status (*frame)(void *user, const struct nks_reader_frame *frame, struct nks_fault *fault);
};

struct nks_reader_usage {
    int wait_status;        /* as waitpid gives it; a reader that was killed by us shows SIGKILL */
    int64_t peak_rss_bytes; /* Linux counts the caller's own memory at the moment of the start with it */
    int64_t cpu_us;
};

struct nks_reader;
/* `program` is an absolute path; `file_bytes` (0: unknown) sets the limit of computing time. */
NKS_CHECKED enum nks_status nks_reader_open(const char *program, int64_t file_bytes, struct nks_reader **reader,
                                            struct nks_fault *fault);
NKS_CHECKED enum nks_status nks_reader_pump(struct nks_reader *reader, const struct nks_reader_calls *calls,
                                            enum nks_reader_end *end, struct nks_fault *fault);
/* Kills what still runs, waits for it, frees. NULL is allowed for both. */
void nks_reader_close(struct nks_reader *reader, struct nks_reader_usage *usage);

#endif
