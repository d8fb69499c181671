#include "store/json_slice.h"

#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"

static void skip_blanks(struct dln_json_walk *walk)
{
    while (walk->at < walk->end && strchr(" \t\r\n", *walk->at) && *walk->at)
        walk->at++;
}

static bool take(struct dln_json_walk *walk, char c)
{
    skip_blanks(walk);
    if (walk->at == walk->end || *walk->at != c) return false;
    walk->at++;
    return true;
}

/* The end of the string that starts at `at`, or NULL. */
static const char *string_end(const char *at, const char *end)
{
    for (const char *p = at + 1; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (*p == '"') {
            return p + 1;
        }
    }
    return NULL;
}

/* One value of any kind: brackets are counted, not checked against each other. */
static bool take_value(struct dln_json_walk *walk, struct dln_slice *out)
{
    skip_blanks(walk);
    const char *const start = walk->at;
    const char *p = start;
    size_t depth = 0;
    while (p < walk->end) {
        const char c = *p;
        if (c == '"') {
            p = string_end(p, walk->end);
            if (!p) return false;
        } else if (c == '[' || c == '{') {
            depth++;
            p++;
        } else if (depth > 0 && (c == ']' || c == '}')) {
            depth--;
            p++;
        } else if (depth == 0 && (c == ',' || c == ']' || c == '}' || c == ':')) {
            break;
        } else {
            p++;
        }
    }
    if (depth > 0 || p == start) return false;
    walk->at = p;
    while (p > start && strchr(" \t\r\n", p[-1]))
        p--;
    *out = (struct dln_slice){start, (size_t)(p - start)};
    return out->len > 0;
}

static bool start(struct dln_json_walk *walk, struct dln_slice text, char open)
{
    *walk =
        (struct dln_json_walk){.at = text.at, .end = text.len > 0 ? text.at + text.len : text.at};
    walk->is_broken = !take(walk, open);
    return !walk->is_broken;
}

bool dln_json_walk_object(struct dln_json_walk *walk, struct dln_slice text)
{
    return start(walk, text, '{');
}

bool dln_json_walk_array(struct dln_json_walk *walk, struct dln_slice text)
{
    return start(walk, text, '[');
}

/* True when another member or element follows. */
static bool goes_on(struct dln_json_walk *walk, char close)
{
    if (walk->is_broken || walk->is_over) return false;
    if (take(walk, close)) {
        walk->is_over = true;
        return false;
    }
    if (walk->is_started && !take(walk, ',')) {
        walk->is_broken = true;
        return false;
    }
    walk->is_started = true;
    return true;
}

bool dln_json_walk_member(struct dln_json_walk *walk, struct dln_slice *key,
                          struct dln_slice *value)
{
    if (!goes_on(walk, '}')) return false;
    if (!take_value(walk, key) || key->at[0] != '"' || !take(walk, ':') ||
        !take_value(walk, value)) {
        walk->is_broken = true;
        return false;
    }
    return true;
}

bool dln_json_walk_element(struct dln_json_walk *walk, struct dln_slice *value)
{
    if (!goes_on(walk, ']')) return false;
    if (!take_value(walk, value)) {
        walk->is_broken = true;
        return false;
    }
    return true;
}

bool dln_slice_is(struct dln_slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.at, text, slice.len) == 0;
}

const char *dln_slice_string(struct dln_slice slice, struct dln_arena *arena)
{
    const bool is_quoted = slice.len >= 2 && slice.at[0] == '"' && slice.at[slice.len - 1] == '"';
    if (!is_quoted) return dln_arena_copy_len(arena, slice.at, slice.len);
    if (!memchr(slice.at, '\\', slice.len)) {
        return dln_arena_copy_len(arena, slice.at + 1, slice.len - 2);
    }
    json_t *value = NULL;
    const char *text = NULL;
    if (dln_json_read(slice.at, slice.len, &value, NULL)) {
        const char *decoded = json_string_value(value);
        if (decoded) text = dln_arena_copy(arena, decoded);
        json_decref(value);
        return text;
    }
    return dln_arena_copy_len(arena, slice.at + 1, slice.len - 2);
}

struct dln_slice dln_slice_member(struct dln_slice object, const char *name,
                                  struct dln_arena *arena)
{
    struct dln_json_walk walk;
    struct dln_slice key;
    struct dln_slice value;
    dln_json_walk_object(&walk, object);
    while (dln_json_walk_member(&walk, &key, &value)) {
        const bool may_be = key.len == strlen(name) + 2 || memchr(key.at, '\\', key.len);
        const char *text = may_be ? dln_slice_string(key, arena) : NULL;
        if (text && strcmp(text, name) == 0) return value;
    }
    return (struct dln_slice){"", 0};
}

bool dln_slice_number(struct dln_slice slice, double *out)
{
    if (dln_slice_is(slice, "NaN")) {
        *out = NAN;
        return true;
    }
    if (dln_slice_is(slice, "Infinity") || dln_slice_is(slice, "-Infinity")) {
        *out = slice.at[0] == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (slice.len == 0) return false;
    const char first = slice.at[0];
    if (first != '-' && (first < '0' || first > '9')) return false;
    return dln_num_parse(slice.at, slice.len, out);
}

void dln_python_real(struct dln_strbuf *out, double x)
{
    if (isnan(x)) {
        dln_strbuf_add(out, "NaN");
    } else if (isinf(x)) {
        dln_strbuf_add(out, x > 0 ? "Infinity" : "-Infinity");
    } else {
        char text[DLN_NUM_TEXT_MAX];
        dln_strbuf_add_len(out, text, dln_num_repr(x, text));
    }
}
