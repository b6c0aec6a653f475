#include "iso20022/pattern.h"

#include <string.h>

/*
 * Compiled as a position automaton (Glushkov): every letter of the expression, with repetitions written out, is a
 * position; a set of positions is a word of 64 bits; the sets that can be reached are the states.
 */
enum { POSITIONS = 64, OTHER = 128, REPEAT_MAX = 64, NESTING_MAX = 8 };

struct compiler {
    struct nks_text rest;
    unsigned positions, nesting;
    bool failed;
    bool letters[POSITIONS][NKS_PATTERN_BYTES];
    uint64_t follow[POSITIONS];
};

/* A part of the expression: where it may begin and end, and whether it may be empty. */
struct part {
    uint64_t first, last;
    bool empty;
};

static const struct part nothing = {0, 0, true};

static struct part alternation(struct compiler *compiler);

static bool peek(const struct compiler *compiler, char c)
{
    return compiler->rest.len > 0 && compiler->rest.ptr[0] == c;
}

static char take(struct compiler *compiler)
{
    if (compiler->rest.len == 0) {
        compiler->failed = true;
        return '\0';
    }
    char c = compiler->rest.ptr[0];
    compiler->rest = nks_text_slice(compiler->rest, 1, compiler->rest.len);
    return c;
}

static bool accept(struct compiler *compiler, char c)
{
    if (!peek(compiler, c))
        return false;
    (void)take(compiler);
    return true;
}

static void follow(struct compiler *compiler, uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < compiler->positions; i++) {
        if (from >> i & 1)
            compiler->follow[i] |= to;
    }
}

static struct part concatenate(struct compiler *compiler, struct part a, struct part b)
{
    follow(compiler, a.last, b.first);
    return (struct part){
        .first = a.first | (a.empty ? b.first : 0),
        .last = b.last | (b.empty ? a.last : 0),
        .empty = a.empty && b.empty,
    };
}

/* ---- letters and classes */

static bool *position_new(struct compiler *compiler, struct part *part)
{
    static bool spare[NKS_PATTERN_BYTES]; /* written when the compilation has failed, never read */
    if (compiler->positions == POSITIONS) {
        compiler->failed = true;
        *part = nothing;
        return spare;
    }
    uint64_t bit = (uint64_t)1 << compiler->positions;
    *part = (struct part){bit, bit, false};
    return compiler->letters[compiler->positions++];
}

static void letters_all_but(bool *letters, const char *without)
{
    for (int c = 0; c < NKS_PATTERN_BYTES; c++)
        letters[c] = c == 0 || c == OTHER || strchr(without, c) == NULL;
}

static void letter_add(struct compiler *compiler, bool *letters, char c)
{
    if ((unsigned char)c >= OTHER)
        compiler->failed = true;
    else
        letters[(unsigned char)c] = true;
}

/* `\-`, `\.` and their like are the sign itself; the other escapes are names of classes. */
static char escaped_sign(struct compiler *compiler)
{
    char c = take(compiler);
    if (c == '\0' || strchr("\\|.-^?*+{}()[]", c) == NULL)
        compiler->failed = true;
    return c;
}

static char class_letter(struct compiler *compiler)
{
    return accept(compiler, '\\') ? escaped_sign(compiler) : take(compiler);
}

static void class_letters(struct compiler *compiler, bool *letters)
{
    if (peek(compiler, '^'))
        compiler->failed = true;
    while (!compiler->failed && !accept(compiler, ']')) {
        char from = class_letter(compiler), to = from;
        if (accept(compiler, '-'))
            to = class_letter(compiler);
        for (int c = (unsigned char)from; c <= (unsigned char)to; c++)
            letter_add(compiler, letters, (char)c);
    }
}

static struct part group(struct compiler *compiler)
{
    if (++compiler->nesting > NESTING_MAX)
        compiler->failed = true;
    struct part part = compiler->failed ? nothing : alternation(compiler);
    compiler->nesting--;
    if (!accept(compiler, ')'))
        compiler->failed = true;
    return part;
}

static struct part atom(struct compiler *compiler)
{
    struct part part;
    if (accept(compiler, '('))
        return group(compiler);
    bool *letters = position_new(compiler, &part);
    char c = take(compiler);
    if (c == '[')
        class_letters(compiler, letters);
    else if (c == '.')
        letters_all_but(letters, "\n\r");
    else if (c == '\\' && accept(compiler, 'S'))
        letters_all_but(letters, " \t\n\r");
    else if (c == '\\')
        letter_add(compiler, letters, escaped_sign(compiler));
    else if (strchr("?*+{}])^", c) != NULL)
        compiler->failed = true;
    else
        letter_add(compiler, letters, c);
    return part;
}

/* ---- repetitions */

struct quantity {
    unsigned least, most;
    bool unbounded;
};

static unsigned number(struct compiler *compiler)
{
    unsigned value = 0;
    if (compiler->rest.len == 0 || compiler->rest.ptr[0] < '0' || compiler->rest.ptr[0] > '9')
        compiler->failed = true;
    while (compiler->rest.len > 0 && compiler->rest.ptr[0] >= '0' && compiler->rest.ptr[0] <= '9' &&
           value <= REPEAT_MAX)
        value = 10 * value + (unsigned)(take(compiler) - '0');
    if (value > REPEAT_MAX)
        compiler->failed = true;
    return value;
}

static struct quantity quantity(struct compiler *compiler)
{
    if (accept(compiler, '?'))
        return (struct quantity){0, 1, false};
    if (accept(compiler, '*'))
        return (struct quantity){0, 1, true};
    if (accept(compiler, '+'))
        return (struct quantity){1, 1, true};
    if (!accept(compiler, '{'))
        return (struct quantity){1, 1, false};
    struct quantity found = {.least = number(compiler)};
    found.most = accept(compiler, ',') ? number(compiler) : found.least;
    if (!accept(compiler, '}') || found.most == 0 || found.least > found.most)
        compiler->failed = true;
    return found;
}

static struct part repeat(struct compiler *compiler)
{
    struct nks_text begin = compiler->rest;
    struct part one = atom(compiler);
    struct quantity times = quantity(compiler);
    struct nks_text end = compiler->rest;
    if (times.unbounded)
        follow(compiler, one.last, one.first);
    one.empty = one.empty || times.least == 0;
    struct part all = one;
    for (unsigned i = 1; i < times.most && !compiler->failed; i++) {
        compiler->rest = begin; /* the same letters again, as new positions */
        one = atom(compiler);
        one.empty = one.empty || i >= times.least;
        all = concatenate(compiler, all, one);
    }
    compiler->rest = end;
    return all;
}

static struct part sequence(struct compiler *compiler)
{
    struct part all = nothing;
    while (!compiler->failed && compiler->rest.len > 0 && !peek(compiler, '|') && !peek(compiler, ')'))
        all = concatenate(compiler, all, repeat(compiler));
    return all;
}

static struct part alternation(struct compiler *compiler)
{
    struct part all = sequence(compiler);
    while (!compiler->failed && accept(compiler, '|')) {
        struct part other = sequence(compiler);
        all = (struct part){all.first | other.first, all.last | other.last, all.empty || other.empty};
    }
    return all;
}

/* ---- states */

struct states {
    uint64_t sets[NKS_PATTERN_STATES]; /* the positions just matched; of START none */
    unsigned count;
};

static uint64_t step(const struct compiler *compiler, uint64_t may_follow, int letter)
{
    uint64_t matched = 0;
    for (unsigned i = 0; i < compiler->positions; i++) {
        if ((may_follow >> i & 1) && compiler->letters[i][letter])
            matched |= (uint64_t)1 << i;
    }
    return matched;
}

static uint64_t after(const struct compiler *compiler, uint64_t matched)
{
    uint64_t may_follow = 0;
    for (unsigned i = 0; i < compiler->positions; i++) {
        if (matched >> i & 1)
            may_follow |= compiler->follow[i];
    }
    return may_follow;
}

static bool state_of(struct states *states, uint64_t matched, uint8_t *state)
{
    *state = NKS_PATTERN_DEAD;
    if (matched == 0)
        return true;
    for (unsigned i = NKS_PATTERN_START + 1; i < states->count; i++) {
        if (states->sets[i] == matched) {
            *state = (uint8_t)i;
            return true;
        }
    }
    if (states->count == NKS_PATTERN_STATES)
        return false;
    *state = (uint8_t)states->count;
    states->sets[states->count++] = matched;
    return true;
}

static bool states_build(const struct compiler *compiler, struct part all, struct nks_pattern *pattern)
{
    struct states states = {.count = NKS_PATTERN_START + 1};
    for (unsigned i = NKS_PATTERN_START; i < states.count; i++) {
        uint64_t may_follow = i == NKS_PATTERN_START ? all.first : after(compiler, states.sets[i]);
        pattern->accepts[i] = i == NKS_PATTERN_START ? all.empty : (states.sets[i] & all.last) != 0;
        for (int letter = 0; letter < NKS_PATTERN_BYTES; letter++) {
            if (!state_of(&states, step(compiler, may_follow, letter), &pattern->next[i][letter]))
                return false;
        }
    }
    return true;
}

bool nks_pattern_compile(struct nks_text expression, struct nks_pattern *pattern)
{
    struct compiler compiler = {.rest = expression};
    memset(pattern, 0, sizeof *pattern);
    struct part all = alternation(&compiler);
    return !compiler.failed && compiler.rest.len == 0 && states_build(&compiler, all, pattern);
}

bool nks_pattern_matches(const struct nks_pattern *pattern, struct nks_text text)
{
    unsigned state = NKS_PATTERN_START;
    for (size_t i = 0; i < text.len && state != NKS_PATTERN_DEAD; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        state = pattern->next[state][c < OTHER ? c : OTHER];
    }
    return pattern->accepts[state];
}
