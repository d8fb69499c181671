/* Values and keys as the formats of config files have them. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/nearest.h"
#include "dialin/num.h"
#include "dialin/text.h"
#include "exec/config_slots.h"

/* ── text ──────────────────────────────────────────────────────────────────────────────────────*/

/*
 * Between double quotes, with escapes that YAML and TOML both know. What is no control character
 * stays UTF-8: YAML has no surrogate pairs as JSON has.
 */
static void put_quoted(const char *text, size_t len, struct dln_strbuf *out)
{
    dln_strbuf_add_char(out, '"');
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        const size_t step = dln_text_decode(text + i, len - i, &code);
        const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 ||
                                code == 0x2029 || code == 0xFEFF;
        if (code == '"' || code == '\\') {
            dln_strbuf_addf(out, "\\%c", (char)code);
        } else if (code == '\n' || code == '\t' || code == '\r') {
            dln_strbuf_add(out, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
        } else if (is_control) {
            dln_strbuf_addf(out, "\\u%04X", (unsigned)code);
        } else {
            dln_strbuf_add_len(out, text + i, step);
        }
        i += step;
    }
    dln_strbuf_add_char(out, '"');
}

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        const char low = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (low != *b) return false;
    }
    return *a == *b;
}

/* A word that every YAML reader, old or new, takes for text. */
static bool is_plain_yaml(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-./";
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    if (text[0] == '\0' || !strchr(letters, text[0]) || text[strspn(text, more)] != '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (same_word(text, words[i])) return false;
    }
    return true;
}

static const char *put_ini_text(const char *text, struct dln_strbuf *out)
{
    const size_t len = strlen(text);
    if (strpbrk(text, "\r\n")) return "INI has no way to write a text of several lines";
    if (len > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[len - 1]))) {
        return "INI loses blanks at the ends of a text";
    }
    dln_strbuf_add(out, text);
    return NULL;
}

static const char *put_text(enum dln_config_format as, const char *text, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    switch (as) {
    case DLN_CONFIG_JSON: dln_json_string(&w, text); return NULL;
    case DLN_CONFIG_INI: return put_ini_text(text, out);
    case DLN_CONFIG_YAML:
        if (is_plain_yaml(text)) {
            dln_strbuf_add(out, text);
        } else {
            put_quoted(text, strlen(text), out);
        }
        return NULL;
    case DLN_CONFIG_TOML: put_quoted(text, strlen(text), out); return NULL;
    case DLN_CONFIG_TEXT:
    case DLN_CONFIG_NONE: break;
    }
    dln_strbuf_add(out, text);
    return NULL;
}

/* ── numbers ───────────────────────────────────────────────────────────────────────────────────*/

static void put_real(enum dln_config_format as, double number, struct dln_strbuf *out)
{
    char text[DLN_NUM_TEXT_MAX];
    (void)dln_num_repr(number, text);
    char *exponent = strchr(text, 'e');
    if (as == DLN_CONFIG_YAML && !isfinite(number)) {
        dln_strbuf_add(out, isnan(number) ? ".nan" : number > 0 ? ".inf" : "-.inf");
    } else if (as == DLN_CONFIG_YAML && exponent && !strchr(text, '.')) {
        dln_strbuf_add_len(out, text, (size_t)(exponent - text));
        dln_strbuf_add(out, ".0"); /* YAML 1.1 takes 1e-05 for text */
        dln_strbuf_add(out, exponent);
    } else {
        dln_strbuf_add(out, text);
    }
}

/* ── lists and maps ────────────────────────────────────────────────────────────────────────────*/

static const char *put_json(enum dln_config_format as, const json_t *value, struct dln_strbuf *out);

static const char *put_list(enum dln_config_format as, const json_t *list, struct dln_strbuf *out)
{
    const char *trouble = NULL;
    dln_strbuf_add_char(out, '[');
    for (size_t i = 0; i < json_array_size(list) && !trouble; i++) {
        if (i > 0) dln_strbuf_add(out, ", ");
        trouble = put_json(as, json_array_get(list, i), out);
    }
    dln_strbuf_add_char(out, ']');
    return trouble;
}

static const char *put_map(enum dln_config_format as, json_t *map, struct dln_strbuf *out)
{
    const char *trouble = NULL;
    const char *key;
    json_t *value;
    bool is_first = true;
    dln_strbuf_add_char(out, '{');
    json_object_foreach(map, key, value)
    {
        if (trouble) break;
        if (!is_first) dln_strbuf_add(out, ", ");
        is_first = false;
        put_quoted(key, strlen(key), out);
        dln_strbuf_add(out, as == DLN_CONFIG_TOML ? " = " : ": ");
        trouble = put_json(as, value, out);
    }
    dln_strbuf_add_char(out, '}');
    return trouble;
}

/* Depth is bounded by the reader of JSON. */
static const char *put_json(enum dln_config_format as, const json_t *value, struct dln_strbuf *out)
{
    char number[32];
    struct dln_scalar scalar = {.kind = DLN_SCALAR_NULL, .text = "None"};
    if (json_is_array(value)) return put_list(as, value, out);
    if (json_is_object(value)) {
        json_t *map = json_incref((json_t *)(uintptr_t)value);
        const char *trouble = put_map(as, map, out);
        json_decref(map);
        return trouble;
    }
    if (json_is_boolean(value)) {
        scalar.kind = DLN_SCALAR_BOOL;
        scalar.truth = json_is_true(value);
    } else if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        scalar.kind = DLN_SCALAR_INT;
        scalar.text = number;
    } else if (json_is_real(value)) {
        scalar.kind = DLN_SCALAR_REAL;
        scalar.number = json_real_value(value);
    } else if (json_is_string(value)) {
        scalar.kind = DLN_SCALAR_TEXT;
        scalar.text = json_string_value(value);
    }
    return dln_config_put(as, &scalar, out);
}

static const char *put_structure(enum dln_config_format as, const char *text,
                                 struct dln_strbuf *out)
{
    json_t *tree;
    if (as == DLN_CONFIG_JSON || as == DLN_CONFIG_INI || as == DLN_CONFIG_TEXT) {
        dln_strbuf_add(out, text); /* one line of JSON */
        return NULL;
    }
    if (!dln_json_read(text, strlen(text), &tree, NULL)) return "the value cannot be read";
    const char *trouble = put_json(as, tree, out);
    json_decref(tree);
    return trouble;
}

/* ── all ───────────────────────────────────────────────────────────────────────────────────────*/

const char *dln_config_put(enum dln_config_format as, const struct dln_scalar *value,
                           struct dln_strbuf *out)
{
    switch (value->kind) {
    case DLN_SCALAR_NULL:
        if (as == DLN_CONFIG_TOML) return "TOML has no null";
        if (as == DLN_CONFIG_INI) return "INI has no null";
        dln_strbuf_add(out, as == DLN_CONFIG_TEXT ? value->text : "null");
        return NULL;
    case DLN_SCALAR_BOOL: dln_strbuf_add(out, value->truth ? "true" : "false"); return NULL;
    case DLN_SCALAR_INT: dln_strbuf_add(out, value->text); return NULL;
    case DLN_SCALAR_REAL: put_real(as, value->number, out); return NULL;
    case DLN_SCALAR_TEXT: return put_text(as, value->text, out);
    case DLN_SCALAR_JSON: return put_structure(as, value->text, out);
    }
    return "the value is not understood";
}

void dln_config_put_key(enum dln_config_format as, const char *key, size_t len,
                        struct dln_strbuf *out)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    bool is_bare = len > 0;
    for (size_t i = 0; i < len; i++)
        is_bare = is_bare && strchr(bare, key[i]);
    const bool may_be_bare = as == DLN_CONFIG_INI || (as == DLN_CONFIG_TOML && is_bare);
    if (may_be_bare) {
        dln_strbuf_add_len(out, key, len);
    } else {
        put_quoted(key, len, out);
    }
}

/* ── a file from nothing ───────────────────────────────────────────────────────────────────────*/

/* Whether the name lies in the group "a.b." (of `len` bytes). */
static bool is_inside(const char *name, const char *group, size_t len)
{
    return strncmp(name, group, len) == 0;
}

/* The first part of what is left of a name behind its group. */
static size_t part_len(const char *name, size_t group_len)
{
    return strcspn(name + group_len, ".");
}

/*
 * The members of a group, in the order in which they come first; groups within it are written where
 * their first member stands. Depth is bounded by the dots of a name.
 */
static const char *put_group(enum dln_config_format as, size_t n, const struct dln_entry *entries,
                             const char *group, size_t group_len, size_t depth,
                             struct dln_strbuf *out)
{
    const char *trouble = NULL;
    bool is_first = true;
    for (size_t i = 0; i < n && !trouble; i++) {
        const char *name = entries[i].name;
        if (!is_inside(name, group, group_len)) continue;
        const size_t len = part_len(name, group_len);
        bool is_done = false; /* as a part of a group that came before */
        for (size_t k = 0; k < i; k++) {
            is_done = is_done || (is_inside(entries[k].name, name, group_len + len) &&
                                  entries[k].name[group_len + len] == '.');
        }
        if (is_done) continue;
        if (!is_first || as == DLN_CONFIG_JSON) {
            dln_strbuf_add(out, as == DLN_CONFIG_JSON && !is_first ? ",\n" : "\n");
        }
        is_first = false;
        for (size_t k = 0; k < depth; k++)
            dln_strbuf_add(out, "  ");
        dln_config_put_key(as, name + group_len, len, out);
        const bool is_group = name[group_len + len] == '.';
        dln_strbuf_add(out, as == DLN_CONFIG_YAML && is_group ? ":\n" : ": ");
        if (!is_group) {
            trouble = dln_config_put(as, &entries[i].value, out);
            continue;
        }
        if (as == DLN_CONFIG_JSON) dln_strbuf_add_char(out, '{');
        trouble = put_group(as, n, entries, name, group_len + len + 1, depth + 1, out);
        if (as != DLN_CONFIG_JSON) continue;
        dln_strbuf_add_char(out, '\n');
        for (size_t k = 0; k < depth; k++)
            dln_strbuf_add(out, "  ");
        dln_strbuf_add_char(out, '}');
    }
    return trouble;
}

/* a.b.c = 1 */
static const char *put_toml(size_t n, const struct dln_entry *entries, struct dln_strbuf *out)
{
    const char *trouble = NULL;
    for (size_t i = 0; i < n && !trouble; i++) {
        for (const char *part = entries[i].name;; part++) {
            const size_t len = strcspn(part, ".");
            dln_config_put_key(DLN_CONFIG_TOML, part, len, out);
            part += len;
            if (*part == '\0') break;
            dln_strbuf_add_char(out, '.');
        }
        dln_strbuf_add(out, " = ");
        trouble = dln_config_put(DLN_CONFIG_TOML, &entries[i].value, out);
        dln_strbuf_add_char(out, '\n');
    }
    return trouble;
}

/* The section is what stands before the last dot; names without one go to DEFAULT. */
static size_t section_len(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

static const char *put_ini(size_t n, const struct dln_entry *entries, struct dln_strbuf *out)
{
    const char *trouble = NULL;
    for (size_t i = 0; i < n; i++) {
        const size_t len = section_len(entries[i].name);
        bool is_done = false;
        for (size_t k = 0; k < i; k++) {
            is_done = is_done || (section_len(entries[k].name) == len &&
                                  strncmp(entries[k].name, entries[i].name, len) == 0);
        }
        if (is_done) continue;
        dln_strbuf_addf(out, "%s[%.*s]\n", out->len > 0 ? "\n" : "", len > 0 ? (int)len : 7,
                        len > 0 ? entries[i].name : "DEFAULT");
        for (size_t k = i; k < n && !trouble; k++) {
            const char *name = entries[k].name;
            if (section_len(name) != len || strncmp(name, entries[i].name, len) != 0) continue;
            dln_strbuf_addf(out, "%s = ", name + len + (len > 0));
            trouble = dln_config_put(DLN_CONFIG_INI, &entries[k].value, out);
            dln_strbuf_add_char(out, '\n');
        }
    }
    return trouble;
}

const char *dln_config_put_all(enum dln_config_format as, size_t n, const struct dln_entry *entries,
                               struct dln_strbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(entries[i].name);
        for (size_t k = 0; k < n && as != DLN_CONFIG_INI; k++) {
            if (k != i && is_inside(entries[k].name, entries[i].name, len) &&
                entries[k].name[len] == '.') {
                return "one name is a value and a group of others at once";
            }
        }
    }
    if (as == DLN_CONFIG_TOML) return put_toml(n, entries, out);
    if (as == DLN_CONFIG_INI) return put_ini(n, entries, out);
    if (as == DLN_CONFIG_JSON) dln_strbuf_add_char(out, '{');
    const char *trouble = put_group(as, n, entries, "", 0, as == DLN_CONFIG_JSON ? 1 : 0, out);
    dln_strbuf_add(out, as == DLN_CONFIG_JSON ? "\n}\n" : "\n");
    return trouble;
}
