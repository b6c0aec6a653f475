#include "iso20022/guideline.h"

#include <string.h>

struct nks_guideline_place nks_guideline_document(void)
{
    return (struct nks_guideline_place){.type = NKS_GUIDELINE_DOCUMENT};
}

/* ---- content */

/* The particle that takes the element, from where the place stands: what is left out on the way must be optional. */
static const struct nks_guideline_particle *next_in_sequence(const struct nks_guideline_type *type,
                                                             const struct nks_guideline_particle *particles,
                                                             enum nks_element element,
                                                             struct nks_guideline_place *parent)
{
    uint32_t seen = parent->seen;
    for (uint16_t i = parent->at; i < type->count; i++, seen = 0) {
        if (particles[i].element == element && seen < particles[i].max) {
            parent->at = i;
            parent->seen = seen + 1;
            return &particles[i];
        }
        if (seen < particles[i].min)
            return NULL;
    }
    return NULL;
}

static const struct nks_guideline_particle *one_of_choice(const struct nks_guideline_type *type,
                                                          const struct nks_guideline_particle *particles,
                                                          enum nks_element element, struct nks_guideline_place *parent)
{
    for (uint16_t i = 0; i < type->count && parent->seen == 0; i++) {
        if (particles[i].element == element) {
            parent->at = i;
            parent->seen = 1;
            return &particles[i];
        }
    }
    return NULL;
}

/* A known element in a wrong place is read on as what it is, so that more than the first mistake is found. */
static uint8_t type_by_name(const struct nks_guideline_type *type, const struct nks_guideline_particle *particles,
                            enum nks_element element)
{
    for (uint16_t i = 0; i < type->count; i++) {
        if (particles[i].element == element)
            return particles[i].type;
    }
    return NKS_GUIDELINE_NO_TYPE;
}

enum nks_guideline_fault nks_guideline_enter(const struct nks_guideline *guideline, struct nks_guideline_place *parent,
                                             enum nks_element element, struct nks_guideline_place *child)
{
    const struct nks_guideline_type *type = &guideline->types[parent->type];
    const struct nks_guideline_particle *particles = &guideline->particles[type->first], *found = NULL;
    *child = (struct nks_guideline_place){.type = NKS_GUIDELINE_NO_TYPE};
    if (type->content == NKS_CONTENT_SEQUENCE)
        found = next_in_sequence(type, particles, element, parent);
    else if (type->content == NKS_CONTENT_CHOICE)
        found = one_of_choice(type, particles, element, parent);
    if (found != NULL) {
        child->type = found->type;
        return NKS_GUIDELINE_GOOD;
    }
    if (type->content == NKS_CONTENT_NONE || parent->broken)
        return NKS_GUIDELINE_GOOD;
    parent->broken = true;
    if (type->content == NKS_CONTENT_TEXT)
        return NKS_GUIDELINE_IN_TEXT;
    child->type = type_by_name(type, particles, element);
    return NKS_GUIDELINE_UNEXPECTED;
}

static bool is_whole(const struct nks_guideline_type *type, const struct nks_guideline_particle *particles,
                     const struct nks_guideline_place *place)
{
    if (type->content == NKS_CONTENT_CHOICE)
        return place->seen > 0;
    uint32_t seen = place->seen;
    for (uint16_t i = place->at; i < type->count; i++, seen = 0) {
        if (seen < particles[i].min)
            return false;
    }
    return true;
}

size_t nks_guideline_expected(const struct nks_guideline *guideline, const struct nks_guideline_place *place,
                              enum nks_element *out, size_t max)
{
    const struct nks_guideline_type *type = &guideline->types[place->type];
    const struct nks_guideline_particle *particles = &guideline->particles[type->first];
    size_t count = 0;
    uint32_t seen = place->seen;
    if (type->content != NKS_CONTENT_SEQUENCE && (type->content != NKS_CONTENT_CHOICE || seen > 0))
        return 0;
    for (uint16_t i = place->at; i < type->count; i++, seen = 0) {
        if (seen < particles[i].max) {
            if (count < max)
                out[count] = (enum nks_element)particles[i].element;
            count++;
        }
        if (type->content == NKS_CONTENT_SEQUENCE && seen < particles[i].min)
            break;
    }
    return count;
}

/* ---- texts */

static unsigned digits(const char *at, size_t count)
{
    unsigned value = 0;
    for (size_t i = 0; i < count; i++)
        value = 10 * value + (unsigned)(at[i] - '0');
    return value;
}

/* The pattern has seen to the form: what is left is whether such a day, time or zone exists (XML Schema part 2, 3.2.7
 * and 3.2.9; a year 0000 does not). */
static bool is_day(const char *at)
{
    static const uint8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = digits(at, 4), month = digits(at + 5, 2), day = digits(at + 8, 2);
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= lengths[month] + (unsigned)(leap && month == 2);
}

static bool is_zone(struct nks_text zone)
{
    enum { MINUTES_MAX = 14 * 60 };
    if (zone.len != 6)
        return true; /* none, or Z */
    unsigned minutes = digits(zone.ptr + 4, 2);
    return minutes < 60 && digits(zone.ptr + 1, 2) * 60 + minutes <= MINUTES_MAX;
}

/* 24:00:00 is the end of the day. */
static bool is_time(struct nks_text time)
{
    unsigned hour = digits(time.ptr, 2), minute = digits(time.ptr + 3, 2), second = digits(time.ptr + 6, 2);
    bool none_over = minute == 0 && second == 0;
    for (size_t i = 8; i < time.len; i++)
        none_over = none_over && (time.ptr[i] == '.' || time.ptr[i] == '0');
    return (hour < 24 || (hour == 24 && none_over)) && minute < 60 && second < 60;
}

static bool is_base_day(struct nks_text text)
{
    return is_day(text.ptr) && is_zone(nks_text_slice(text, 10, text.len));
}

static bool is_base_instant(struct nks_text text)
{
    size_t zone = 19;
    while (zone < text.len && (text.ptr[zone] == '.' || (text.ptr[zone] >= '0' && text.ptr[zone] <= '9')))
        zone++;
    return is_day(text.ptr) && is_time(nks_text_slice(text, 11, zone - 11)) &&
           is_zone(nks_text_slice(text, zone, text.len));
}

static bool is_base_flag(struct nks_text text)
{
    return nks_text_is(text, "true") || nks_text_is(text, "false") || nks_text_is(text, "1") || nks_text_is(text, "0");
}

static bool is_base_string(struct nks_text text)
{
    (void)text;
    return true;
}

/* Blanks around all but strings do not count (whiteSpace, XML Schema part 2, 4.3.6). Around days and instants libxml2's
 * validator takes some of them only; so that we never take more than whoever validates with it, we take none. */
static const struct {
    bool trimmed;
    bool (*is)(struct nks_text);
} bases[] = {
    [NKS_BASE_STRING] = {false, is_base_string},
    [NKS_BASE_DAY] = {false, is_base_day},
    [NKS_BASE_INSTANT] = {false, is_base_instant},
    [NKS_BASE_FLAG] = {true, is_base_flag},
};

static uint32_t characters(struct nks_text text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

static bool is_code(const struct nks_guideline *guideline, const struct nks_guideline_type *type, struct nks_text text)
{
    for (uint16_t i = 0; i < type->count; i++) {
        if (nks_text_is(text, guideline->codes[type->first + i]))
            return true;
    }
    return type->count == 0;
}

static enum nks_guideline_fault text_fault(const struct nks_guideline *guideline, const struct nks_guideline_type *type,
                                           struct nks_text text)
{
    if (bases[type->base].trimmed)
        text = nks_text_trim(text);
    if (text.len < type->min_len || (type->min_len > 1 && characters(text) < type->min_len))
        return NKS_GUIDELINE_TOO_SHORT;
    if (text.len > type->max_len && characters(text) > type->max_len)
        return NKS_GUIDELINE_TOO_LONG;
    if (!is_code(guideline, type, text))
        return NKS_GUIDELINE_NO_CODE;
    if (type->pattern != 0 && !nks_pattern_matches(&guideline->patterns[type->pattern - 1], text))
        return NKS_GUIDELINE_FORM;
    return bases[type->base].is(text) ? NKS_GUIDELINE_GOOD : NKS_GUIDELINE_FORM;
}

bool nks_guideline_is_text(const struct nks_guideline *guideline, const struct nks_guideline_place *place)
{
    return guideline->types[place->type].content == NKS_CONTENT_TEXT;
}

bool nks_guideline_wants_ccy(const struct nks_guideline *guideline, const struct nks_guideline_place *place)
{
    return guideline->types[place->type].ccy != 0;
}

enum nks_guideline_fault nks_guideline_ccy(const struct nks_guideline *guideline,
                                           const struct nks_guideline_place *place, struct nks_text value)
{
    return text_fault(guideline, &guideline->types[guideline->types[place->type].ccy], value);
}

enum nks_guideline_fault nks_guideline_leave(const struct nks_guideline *guideline,
                                             const struct nks_guideline_place *place, struct nks_text text)
{
    const struct nks_guideline_type *type = &guideline->types[place->type];
    if (type->content == NKS_CONTENT_NONE || place->broken)
        return NKS_GUIDELINE_GOOD;
    if (type->content == NKS_CONTENT_TEXT)
        return text_fault(guideline, type, text);
    if (nks_text_trim(text).len > 0)
        return NKS_GUIDELINE_TEXT_BETWEEN;
    return is_whole(type, &guideline->particles[type->first], place) ? NKS_GUIDELINE_GOOD : NKS_GUIDELINE_MISSING;
}
