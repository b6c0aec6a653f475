#ifndef NKS_BASE_TEXT_H
#define NKS_BASE_TEXT_H
/*
 * Text is (pointer, length): it is not terminated and not owned. A buffer is fixed memory that is filled from the
 * front; what does not fit sets `overflow` and is cut, and the caller asks once at the end.
 */
#include "base/status.h"

struct nks_text {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes, UTF-8 unless said otherwise */
};

#define NKS_TEXT(literal) ((struct nks_text){(literal), sizeof(literal) - 1})

struct nks_text nks_text_from(const char *terminated); /* NULL gives the empty text */
bool nks_text_equal(struct nks_text a, struct nks_text b);
bool nks_text_is(struct nks_text a, const char *terminated);
int nks_text_compare(struct nks_text a, struct nks_text b); /* bytewise, like memcmp */
bool nks_text_starts(struct nks_text a, const char *prefix);
struct nks_text nks_text_trim(struct nks_text a); /* without blanks, tabs and line ends on both sides */
bool nks_text_all_digits(struct nks_text a);      /* false for the empty text */
struct nks_text nks_text_slice(struct nks_text a, size_t from, size_t len);

/* Takes the part before the first `separator` off the front of `rest` and returns it; `rest` becomes what follows. */
struct nks_text nks_text_cut(struct nks_text *rest, char separator);

/* Copies into a terminated array of `size` bytes. Returns false (and terminates the cut text) when it does not fit. */
NKS_CHECKED bool nks_text_copy(struct nks_text a, char *out, size_t size);

/* Reads an unsigned decimal number of at most `max`; false for anything else, blanks and signs included. */
NKS_CHECKED bool nks_text_number(struct nks_text a, uint64_t max, uint64_t *out);

/* True when every byte sequence is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool nks_text_is_utf8(struct nks_text a);
/* Fit for one line of a log, a terminal, JSON or XML: control characters become '?', a character that was cut at the
 * end goes, and where the rest is not UTF-8, so does every byte beyond ASCII. For names that others gave. */
void nks_text_plain(char *text);

struct nks_buf {
    char *ptr;
    size_t len, cap;
    bool overflow;
};

void nks_buf_init(struct nks_buf *buf, char *memory, size_t cap);
void nks_buf_text(struct nks_buf *buf, struct nks_text text);
void nks_buf_str(struct nks_buf *buf, const char *terminated);
void nks_buf_char(struct nks_buf *buf, char c);
void nks_buf_u64(struct nks_buf *buf, uint64_t value);
void nks_buf_i64(struct nks_buf *buf, int64_t value);
void nks_buf_printf(struct nks_buf *buf, const char *fmt, ...) NKS_PRINTF(2, 3);
struct nks_text nks_buf_view(const struct nks_buf *buf);

/* Writes bytes as lower-case hexadecimal; `out` holds 2 * len + 1. */
void nks_hex(const uint8_t *bytes, size_t len, char *out);
/* Reads exactly 2 * len hexadecimal digits. */
NKS_CHECKED bool nks_unhex(struct nks_text hex, uint8_t *bytes, size_t len);

/* Crockford's base 32 (no I, L, O, U) of the first `digits` * 5 bits of `bytes`; `out` holds digits + 1. */
void nks_base32(const uint8_t *bytes, size_t digits, char *out);

#endif
