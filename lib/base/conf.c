#include "base/conf.h"
#include "base/file.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* inih reads into 200 bytes, line end and terminator included, and would take the rest of a longer line for a new one.
 */
enum { CONF_BYTES_MAX = 64 * 1024, CONF_LINE_MAX = 190 };

struct conf {
    const struct nks_conf_key *keys;
    size_t count;
    void *target;
    bool *seen; /* one per key */
    struct nks_text rest;
    int line; /* the last one given to inih */
    enum nks_status status;
    struct nks_fault *fault;
};

NKS_PRINTF(3, 4)
static void conf_stop(struct conf *conf, const char *code, const char *fmt, ...);

/* ---- values: one setter per type; each says what it expects where it refuses */

static bool is_choice(struct nks_text value, const char *choices)
{
    struct nks_text rest = nks_text_from(choices);
    while (rest.len > 0) {
        if (nks_text_equal(value, nks_text_cut(&rest, '|')))
            return true;
    }
    return false;
}

static void set_text(struct conf *conf, const struct nks_conf_key *key, struct nks_text value, void *field)
{
    if (key->choices != NULL && !is_choice(value, key->choices))
        conf_stop(conf, "CONF-VALUE", "%s must be one of %s", key->key, key->choices);
    else if (value.len >= key->size)
        conf_stop(conf, "CONF-VALUE", "%s may have at most %zu bytes", key->key, key->size - 1);
    else if (!nks_text_copy(value, field, key->size))
        conf_stop(conf, "CONF-VALUE", "%s is too long", key->key);
}

static void set_number(struct conf *conf, const struct nks_conf_key *key, struct nks_text value, void *field)
{
    bool negative = nks_text_starts(value, "-");
    uint64_t magnitude;
    bool good = nks_text_number(nks_text_slice(value, negative ? 1 : 0, value.len), INT64_MAX, &magnitude);
    int64_t number = good ? (negative ? -(int64_t)magnitude : (int64_t)magnitude) : 0;
    if (!good || number < key->min || number > key->max)
        conf_stop(conf, "CONF-VALUE", "%s must be a whole number from %lld to %lld", key->key, (long long)key->min,
                  (long long)key->max);
    else
        memcpy(field, &number, sizeof number);
}

static void set_bool(struct conf *conf, const struct nks_conf_key *key, struct nks_text value, void *field)
{
    bool yes = nks_text_is(value, "yes") || nks_text_is(value, "true");
    if (!yes && !nks_text_is(value, "no") && !nks_text_is(value, "false"))
        conf_stop(conf, "CONF-VALUE", "%s must be yes or no", key->key);
    else
        memcpy(field, &yes, sizeof yes);
}

static void (*const setters[])(struct conf *, const struct nks_conf_key *, struct nks_text, void *) = {
    [NKS_CONF_TEXT] = set_text, [NKS_CONF_NUMBER] = set_number, [NKS_CONF_BOOL] = set_bool};

/* ---- lines */

static void conf_stop(struct conf *conf, const char *code, const char *fmt, ...)
{
    char text[NKS_FAULT_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    conf->status = nks_fault_set(conf->fault, NKS_FAILED, code, "%s; correct the file", text);
    nks_fault_where(conf->fault, "nks.conf line %d", conf->line);
}

static bool section_known(const struct conf *conf, struct nks_text name)
{
    for (size_t i = 0; i < conf->count; i++) {
        if (nks_text_is(name, conf->keys[i].section))
            return true;
    }
    return false;
}

/* A section without keys would not be told to us by inih; so sections are looked at here. */
static void section_check(struct conf *conf, struct nks_text line)
{
    struct nks_text name = nks_text_slice(line, 1, line.len - 1);
    if (line.ptr[line.len - 1] != ']')
        conf_stop(conf, "CONF-LINE", "a section is written [name]");
    else if (!section_known(conf, nks_text_slice(name, 0, name.len - 1)))
        conf_stop(conf, "CONF-SECTION", "there is no such section");
}

/* inih would cut the value off at " ;" without a word and keep " #" in it. */
static bool has_comment(struct nks_text line)
{
    for (size_t i = 1; i < line.len; i++) {
        if ((line.ptr[i] == '#' || line.ptr[i] == ';') && (line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return true;
    }
    return false;
}

static void line_check(struct conf *conf, struct nks_text line)
{
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return;
    if (line.len > CONF_LINE_MAX)
        conf_stop(conf, "CONF-LINE", "a line may have %d bytes", CONF_LINE_MAX);
    else if (memchr(line.ptr, '\0', line.len) != NULL || !nks_text_is_utf8(line))
        conf_stop(conf, "CONF-LINE", "the line is not UTF-8 text");
    else if (has_comment(line))
        conf_stop(conf, "CONF-LINE", "a comment stands on a line of its own");
    else if (line.ptr[0] == '[')
        section_check(conf, line);
}

/* The reader of inih, like fgets: one line without blanks in front (inih takes an indented line for a continuation). */
static char *next_line(char *out, int size, void *stream)
{
    struct conf *conf = stream;
    if (conf->status != NKS_OK || conf->rest.len == 0)
        return NULL;
    struct nks_text line = nks_text_trim(nks_text_cut(&conf->rest, '\n'));
    conf->line++;
    line_check(conf, line);
    if (conf->status != NKS_OK)
        return NULL;
    if (line.len > 0 && (line.ptr[0] == '#' || line.ptr[0] == ';'))
        line.len = 0; /* comments may be of any length */
    if (!nks_text_copy(line, out, (size_t)size))
        return NULL;
    return out;
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
    struct conf *conf = user;
    for (size_t i = 0; i < conf->count; i++) {
        const struct nks_conf_key *key = &conf->keys[i];
        if (strcmp(key->section, section) != 0 || strcmp(key->key, name) != 0)
            continue;
        if (conf->seen[i])
            conf_stop(conf, "CONF-DOUBLE", "%s stands twice in its section", key->key);
        else
            setters[key->type](conf, key, nks_text_from(value), (char *)conf->target + key->offset);
        conf->seen[i] = true;
        return conf->status == NKS_OK;
    }
    conf_stop(conf, "CONF-KEY", "there is no such key in this section");
    return 0;
}

static enum nks_status conf_parse(struct conf *conf)
{
    if (nks_text_starts(conf->rest, "\xEF\xBB\xBF"))
        conf->rest = nks_text_slice(conf->rest, 3, conf->rest.len);
    int wrong = ini_parse_stream(next_line, conf, on_value, conf);
    if (conf->status == NKS_OK && wrong != 0) {
        conf->line = wrong;
        conf_stop(conf, "CONF-LINE", "the line is neither [section] nor key = value");
    }
    return conf->status;
}

enum nks_status nks_conf_read(const char *path, const struct nks_conf_key *keys, size_t count, void *target,
                              struct nks_fault *fault)
{
    char *data;
    size_t len;
    enum nks_status status = nks_file_read(path, CONF_BYTES_MAX, &data, &len, fault);
    if (status == NKS_REFUSED && fault != NULL) /* not an input: a person must mend the configuration */
        fault->status = NKS_FAILED;
    if (status != NKS_OK)
        return status == NKS_REFUSED ? NKS_FAILED : status;
    struct conf conf = {.keys = keys, .count = count, .target = target, .rest = {data, len}, .fault = fault};
    conf.seen = calloc(count + 1, sizeof *conf.seen);
    status = conf.seen == NULL ? nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for nks.conf; try again later")
                               : conf_parse(&conf);
    free(conf.seen);
    free(data);
    return status;
}
