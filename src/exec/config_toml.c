/*
 * The values of a TOML 1.0 file: tables, dotted and quoted keys, strings of all four kinds, arrays,
 * inline tables. Only as much is understood as it takes to find where a value begins and ends.
 */
#include <inttypes.h>
#include <string.h>

#include "exec/config_slots.h"

enum { DEPTH_MAX = 64 };

struct walk {
    const char *title, *text;
    size_t at, len;
    struct dln_slots *slots;
    struct dln_error *err;
    struct dln_strbuf path;
    int depth;
};

static bool fail(const struct walk *walk, const char *sentence)
{
    return dln_slots_fail(walk->title, walk->text, walk->at, walk->err, sentence);
}

static char here(const struct walk *walk)
{
    return walk->at < walk->len ? walk->text[walk->at] : '\0';
}

static void skip_blanks(struct walk *walk)
{
    while (here(walk) == ' ' || here(walk) == '\t')
        walk->at++;
}

static void skip_line(struct walk *walk)
{
    while (walk->at < walk->len && walk->text[walk->at] != '\n')
        walk->at++;
}

/* Blanks, line ends and comments. */
static void skip_space(struct walk *walk)
{
    for (;;) {
        while (walk->at < walk->len && strchr(" \t\r\n", walk->text[walk->at]))
            walk->at++;
        if (here(walk) != '#') return;
        skip_line(walk);
    }
}

/* ── strings ───────────────────────────────────────────────────────────────────────────────────*/

static bool skip_string(struct walk *walk)
{
    const char quote = here(walk);
    const char triple[] = {quote, quote, quote, '\0'};
    const size_t start = walk->at;
    const bool is_long = strncmp(walk->text + walk->at, triple, 3) == 0;
    walk->at += is_long ? 3 : 1;
    while (walk->at < walk->len) {
        const char c = here(walk);
        if (c == '\\' && quote == '"') {
            walk->at += 2;
        } else if (is_long && strncmp(walk->text + walk->at, triple, 3) == 0) {
            walk->at += 3;
            while (here(walk) == quote) /* up to two of them belong to the text */
                walk->at++;
            return true;
        } else if (!is_long && c == quote) {
            walk->at++;
            return true;
        } else if (!is_long && c == '\n') {
            break;
        } else {
            walk->at++;
        }
    }
    walk->at = start;
    return fail(walk, "the text is not closed");
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

/* a."b c".d, behind the path; stops before what follows. */
static bool read_key(struct walk *walk)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    for (;;) {
        skip_blanks(walk);
        const size_t start = walk->at;
        size_t from = start;
        size_t to;
        if (here(walk) == '"' || here(walk) == '\'') {
            if (!skip_string(walk)) return false;
            from++;
            to = walk->at - 1;
        } else {
            walk->at += strspn(walk->text + walk->at, bare);
            to = walk->at;
            if (to == from) return fail(walk, "a key is expected here");
        }
        if (walk->path.len > 0) dln_strbuf_add_char(&walk->path, '.');
        dln_strbuf_add_len(&walk->path, walk->text + from, to - from);
        skip_blanks(walk);
        if (here(walk) != '.') return true;
        walk->at++;
    }
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

static bool read_value(struct walk *walk);

static bool read_pair(struct walk *walk)
{
    const size_t path_len = walk->path.len;
    if (!read_key(walk)) return false;
    if (here(walk) != '=') return fail(walk, "a key needs '=' and a value");
    walk->at++;
    if (!read_value(walk)) return false;
    dln_strbuf_cut(&walk->path, path_len);
    return true;
}

static bool read_members(struct walk *walk, bool is_table)
{
    const size_t path_len = walk->path.len;
    const char close = is_table ? '}' : ']';
    walk->at++;
    skip_space(walk);
    for (int64_t index = 0; here(walk) != close; index++) {
        if (walk->at >= walk->len) return fail(walk, "a bracket is not closed");
        if (is_table) {
            if (!read_pair(walk)) return false;
        } else {
            dln_strbuf_addf(&walk->path, "%s%" PRId64, path_len > 0 ? "." : "", index);
            if (!read_value(walk)) return false;
            dln_strbuf_cut(&walk->path, path_len);
        }
        skip_space(walk);
        if (here(walk) == ',') {
            walk->at++;
            skip_space(walk);
        } else if (walk->at < walk->len && here(walk) != close) {
            return fail(walk,
                        is_table ? "',' or '}' is expected here" : "',' or ']' is expected here");
        }
    }
    walk->at++;
    return true;
}

static bool read_value(struct walk *walk)
{
    /* of numbers, dates and truths */
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "+-_.: \t";
    skip_blanks(walk);
    const struct dln_slot slot = {.name = dln_strbuf_text(&walk->path), .start = walk->at};
    const size_t made = dln_slots_add(walk->slots, &slot);
    if (made == SIZE_MAX || !dln_strbuf_ok(&walk->path)) {
        return dln_fail(walk->err, DLN_NOMEM, "out of memory");
    }
    const char first = here(walk);
    if (first == '[' || first == '{') {
        if (walk->depth == DEPTH_MAX) return fail(walk, "it is nested too deep");
        walk->depth++;
        if (!read_members(walk, first == '{')) return false;
        walk->depth--;
    } else if (first == '"' || first == '\'') {
        if (!skip_string(walk)) return false;
    } else {
        walk->at += strspn(walk->text + walk->at, plain);
        if (walk->at < walk->len && !strchr(",]}#\r\n", here(walk))) {
            return fail(walk, "a value is expected here; a text stands in quotes");
        }
        while (walk->at > slot.start && strchr(" \t", walk->text[walk->at - 1]))
            walk->at--;
        if (walk->at == slot.start) return fail(walk, "a value is expected here");
    }
    walk->slots->slot[made].end = walk->at;
    return true;
}

/* ── lines ─────────────────────────────────────────────────────────────────────────────────────*/

/* How often a name has been an item of an array of tables. */
static int64_t count_tables(const struct dln_slots *slots, const char *name)
{
    int64_t n = 0;
    for (size_t i = 0; i < slots->n; i++)
        n += slots->slot[i].trouble && strcmp(slots->slot[i].name, name) == 0;
    return n;
}

/* [a.b], or [[a.b]], whose items are a.b.0, a.b.1 … */
static bool read_header(struct walk *walk)
{
    const size_t start = walk->at;
    const bool is_array = walk->text[walk->at + 1] == '[';
    walk->at += is_array ? 2 : 1;
    dln_strbuf_cut(&walk->path, 0);
    if (!read_key(walk)) return false;
    if (strncmp(walk->text + walk->at, is_array ? "]]" : "]", is_array ? 2 : 1) != 0) {
        return fail(walk, "']' is expected here");
    }
    walk->at += is_array ? 2 : 1;
    const struct dln_slot slot = {.name = dln_strbuf_text(&walk->path),
                                  .start = start,
                                  .end = walk->at,
                                  .trouble = "it is a table"};
    const int64_t index = is_array ? count_tables(walk->slots, slot.name) : 0;
    if (!dln_strbuf_ok(&walk->path) || dln_slots_add(walk->slots, &slot) == SIZE_MAX) {
        return dln_fail(walk->err, DLN_NOMEM, "out of memory");
    }
    if (is_array) dln_strbuf_addf(&walk->path, ".%" PRId64, index);
    return true;
}

static bool read_lines(struct walk *walk)
{
    while (skip_space(walk), walk->at < walk->len) {
        if (!(here(walk) == '[' ? read_header(walk) : read_pair(walk))) return false;
        skip_blanks(walk);
        if (here(walk) == '#') skip_line(walk);
        if (here(walk) == '\r') walk->at++;
        if (walk->at < walk->len && here(walk) != '\n') {
            return fail(walk, "the line should end here");
        }
    }
    return true;
}

bool dln_config_scan_toml(const char *title, const char *text, size_t len, struct dln_slots *slots,
                          struct dln_error *err)
{
    struct walk walk = {.title = title, .text = text, .len = len, .slots = slots, .err = err};
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) walk.at = 3;
    const bool ok = read_lines(&walk);
    dln_strbuf_release(&walk.path);
    return ok;
}
