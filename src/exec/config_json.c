/* The values of a JSON file: jansson says whether it is one, then a walk says where they stand. */
#include <inttypes.h>
#include <string.h>

#include "dialin/json.h"
#include "exec/config_slots.h"

struct walk {
    const char *text;
    size_t at, len;
    struct dln_slots *slots;
    struct dln_strbuf path;
    bool failed;
};

static void skip_blanks(struct walk *walk)
{
    while (walk->at < walk->len && strchr(" \t\r\n", walk->text[walk->at]))
        walk->at++;
}

static void skip_string(struct walk *walk)
{
    for (walk->at++; walk->at < walk->len && walk->text[walk->at] != '"'; walk->at++)
        walk->at += walk->text[walk->at] == '\\';
    walk->at++;
}

/* A key with its escapes resolved, behind the path. */
static void add_key(struct walk *walk, size_t start)
{
    json_t *key = json_loadb(walk->text + start, walk->at - start, JSON_DECODE_ANY, NULL);
    if (!key) walk->failed = true;
    if (walk->path.len > 0) dln_strbuf_add_char(&walk->path, '.');
    dln_strbuf_add(&walk->path, key ? json_string_value(key) : "");
    json_decref(key);
}

static void walk_value(struct walk *walk);

/* Members of a list or map, from behind the bracket to behind the closing one. */
static void walk_members(struct walk *walk, bool is_map)
{
    const size_t path_len = walk->path.len;
    const char close = is_map ? '}' : ']';
    walk->at++;
    skip_blanks(walk);
    for (int64_t index = 0; walk->at < walk->len && walk->text[walk->at] != close; index++) {
        if (is_map) {
            const size_t start = walk->at;
            skip_string(walk);
            add_key(walk, start);
            skip_blanks(walk);
            walk->at++; /* the colon */
        } else {
            dln_strbuf_addf(&walk->path, "%s%" PRId64, path_len > 0 ? "." : "", index);
        }
        walk_value(walk);
        dln_strbuf_cut(&walk->path, path_len);
        skip_blanks(walk);
        if (walk->at < walk->len && walk->text[walk->at] == ',') walk->at++;
        skip_blanks(walk);
    }
    walk->at++;
}

/* Depth was bounded when the text was read. */
static void walk_value(struct walk *walk)
{
    skip_blanks(walk);
    const struct dln_slot slot = {.name = dln_strbuf_text(&walk->path), .start = walk->at};
    const size_t made = dln_slots_add(walk->slots, &slot);
    if (made == SIZE_MAX || !dln_strbuf_ok(&walk->path)) walk->failed = true;
    if (walk->failed || walk->at >= walk->len) {
        walk->at = walk->len;
        return;
    }
    const char first = walk->text[walk->at];
    if (first == '{' || first == '[') {
        walk_members(walk, first == '{');
    } else if (first == '"') {
        skip_string(walk);
    } else {
        walk->at += strcspn(walk->text + walk->at, ",]} \t\r\n");
    }
    walk->slots->slot[made].end = walk->at;
}

bool dln_config_scan_json(const char *title, const char *text, size_t len, struct dln_slots *slots,
                          struct dln_error *err)
{
    struct dln_error inner = {0};
    json_t *tree;
    if (!dln_json_read(text, len, &tree, &inner)) {
        return dln_fail(err, inner.code, "%.300s: %.500s", title, inner.text);
    }
    json_decref(tree);
    struct walk walk = {.text = text, .len = len, .slots = slots};
    walk_value(&walk);
    dln_strbuf_release(&walk.path);
    return walk.failed ? dln_fail(err, DLN_NOMEM, "out of memory") : true;
}
