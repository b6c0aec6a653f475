#include "iso20022/prescan.h"

#include <string.h>

enum state {
    BETWEEN,     /* outside of markup */
    OPENED,      /* after < */
    DECLARED,    /* after <! */
    TAG,         /* in a start or end tag */
    VALUE,       /* in an attribute value */
    INSTRUCTION, /* after <? */
    COMMENT,     /* after <!- */
    CDATA,       /* after <![ */
};

struct cursor {
    struct nks_prescan *scan;
    const char *at, *end;
    struct nks_prescan_result result;
};

void nks_prescan_init(struct nks_prescan *scan, const struct nks_prescan_limits *limits)
{
    *scan = (struct nks_prescan){.limits = *limits};
}

static bool fault(struct cursor *c, uint32_t kind, const char *text)
{
    c->result.kind = kind;
    c->result.text = text;
    return false;
}

static void enter(struct cursor *c, enum state state)
{
    c->scan->state = (uint8_t)state;
    c->scan->length = 0;
    c->scan->tail[0] = c->scan->tail[1] = 0;
}

/* Steps over `len` bytes of the present run or tag. */
static bool pass(struct cursor *c, size_t len, uint64_t limit, const char *text)
{
    c->at += len;
    c->scan->length += len;
    return c->scan->length <= limit || fault(c, NKS_FINDING_CEILING, text);
}

static const char tag_too_long[] = "a tag, comment or processing instruction is longer than the reader takes";
static const char run_too_long[] = "the text between two tags is longer than the reader takes";

/* The > of a tag that has only a name; NULL where there is more to see. All of ASCII that a name is made of in our
 * messages stands behind '?'; blanks, quotation marks, =, < and > stand before it, and <? begins no tag. */
static const char *end_of_plain_tag(const char *at, const char *end)
{
    at += at[1] == '/' ? 2 : 1;
    while (at < end && (unsigned char)*at > '?')
        at++;
    return at < end && *at == '>' ? at : NULL;
}

/*
 * Steps over the common case, tags without attributes and what follows them, from one < to the next: when these are no
 * further apart than a tag may be long, neither the tag nor the text is too long. Stops at a < that needs a closer
 * look.
 */
static void skip_plain_tags(struct cursor *c)
{
    uint64_t limit =
        c->scan->limits.tag_bytes < c->scan->limits.run_bytes ? c->scan->limits.tag_bytes : c->scan->limits.run_bytes;
    while (c->end - c->at >= 3) {
        const char *close = end_of_plain_tag(c->at, c->end);
        const char *next = close == NULL ? NULL : memchr(close, '<', (size_t)(c->end - close));
        if (next == NULL || (uint64_t)(next - c->at) > limit)
            return;
        c->at = next;
    }
}

static bool between(struct cursor *c)
{
    size_t left = (size_t)(c->end - c->at);
    const char *found = memchr(c->at, '<', left);
    if (found == NULL)
        return pass(c, left, c->scan->limits.run_bytes, run_too_long);
    if (!pass(c, (size_t)(found - c->at), c->scan->limits.run_bytes, run_too_long))
        return false;
    skip_plain_tags(c);
    enter(c, OPENED);
    c->at++;
    return true;
}

static bool opened(struct cursor *c)
{
    if (*c->at == '!') {
        enter(c, DECLARED);
        c->at++;
    } else if (*c->at == '?') {
        enter(c, INSTRUCTION);
        c->at++;
    } else {
        enter(c, TAG);
    }
    return true;
}

/* After <! a document has a comment or a CDATA section; anything else belongs to a document type. */
static bool declared(struct cursor *c)
{
    if (*c->at != '-' && *c->at != '[')
        return fault(c, NKS_FINDING_FORBIDDEN, "a document type declaration or an entity is not allowed");
    enter(c, *c->at == '-' ? COMMENT : CDATA);
    c->at++;
    return true;
}

/* Tags are short: most end within ten bytes. */
static bool tag(struct cursor *c)
{
    const char *p = c->at;
    while (p < c->end && *p != '>' && *p != '"' && *p != '\'')
        p++;
    bool quoted = p < c->end && *p != '>';
    if (!pass(c, (size_t)(p - c->at) + quoted, c->scan->limits.tag_bytes, tag_too_long))
        return false;
    if (quoted) {
        c->scan->state = VALUE;
        c->scan->quote = *p;
    } else if (p < c->end) {
        enter(c, BETWEEN);
        c->at++;
    }
    return true;
}

static bool value(struct cursor *c)
{
    size_t left = (size_t)(c->end - c->at);
    const char *found = memchr(c->at, c->scan->quote, left);
    if (!pass(c, found == NULL ? left : (size_t)(found - c->at) + 1, c->scan->limits.tag_bytes, tag_too_long))
        return false;
    if (found != NULL)
        c->scan->state = TAG;
    return true;
}

/* Comments end with -->, CDATA sections with ]]>, processing instructions with ?>. */
static bool at_end(const struct nks_prescan *scan)
{
    switch (scan->state) {
    case COMMENT:
        return scan->tail[0] == '-' && scan->tail[1] == '-' && scan->length >= 3; /* <!--> is not whole */
    case CDATA:
        return scan->tail[0] == ']' && scan->tail[1] == ']';
    default:
        return scan->tail[1] == '?';
    }
}

static bool until_end(struct cursor *c)
{
    struct nks_prescan *scan = c->scan;
    while (c->at < c->end) {
        char byte = *c->at++;
        if (byte == '>' && at_end(scan)) {
            enter(c, BETWEEN);
            return true;
        }
        scan->tail[0] = scan->tail[1];
        scan->tail[1] = byte;
        if (++scan->length > scan->limits.tag_bytes)
            return fault(c, NKS_FINDING_CEILING, tag_too_long);
    }
    return true;
}

static bool (*const steps[])(struct cursor *) = {
    [BETWEEN] = between, [OPENED] = opened,         [DECLARED] = declared, [TAG] = tag,
    [VALUE] = value,     [INSTRUCTION] = until_end, [COMMENT] = until_end, [CDATA] = until_end,
};

struct nks_prescan_result nks_prescan_bytes(struct nks_prescan *scan, const char *bytes, size_t len)
{
    const char *zero = memchr(bytes, 0, len);
    size_t usable = zero == NULL ? len : (size_t)(zero - bytes);
    struct cursor c = {scan, bytes, bytes + usable, {0, 0, NULL}};
    while (c.at < c.end && steps[scan->state](&c))
        ;
    if (c.result.kind == 0 && zero != NULL)
        (void)fault(&c, NKS_FINDING_SYNTAX, "a zero byte is not allowed");
    c.result.good = (size_t)(c.at - bytes);
    return c.result;
}
