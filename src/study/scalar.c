#include "study/scalar.h"

#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"

/* ── typing ────────────────────────────────────────────────────────────────────────────────────*/

static bool all_of(const char *text, const char *allowed)
{
    return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

/* 0x1F and 0o17: whole numbers in the core schema. */
static bool parse_based(const char *text, double *out)
{
    const bool is_hex = strncmp(text, "0x", 2) == 0;
    if (!is_hex && strncmp(text, "0o", 2) != 0) return false;
    if (!all_of(text + 2, is_hex ? "0123456789abcdefABCDEF" : "01234567")) return false;
    double sum = 0;
    for (const char *p = text + 2; *p; p++) {
        const int digit = *p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10;
        sum = sum * (is_hex ? 16 : 8) + digit;
    }
    *out = sum;
    return sum <= DLN_INT_MAX;
}

/* -007 → -7, +5 → 5; numbers of any length keep their digits. */
static const char *normal_int(const char *text, struct dln_arena *arena)
{
    const bool is_negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+') text++;
    while (text[0] == '0' && text[1] != '\0')
        text++;
    return dln_arena_printf(arena, "%s%s", is_negative && text[0] != '0' ? "-" : "", text);
}

static bool type_number(const char *text, struct dln_arena *arena, struct dln_scalar *out)
{
    double number;
    if (parse_based(text, &number)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_INT, .number = number};
    } else {
        const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
        const bool may_be = (digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.';
        if (!may_be || !dln_num_parse(text, strlen(text), &number)) return false;
        if (all_of(digits, "0123456789")) {
            *out = (struct dln_scalar){
                .kind = DLN_SCALAR_INT, .number = number, .text = normal_int(text, arena)};
            return true;
        }
        *out = (struct dln_scalar){.kind = DLN_SCALAR_REAL, .number = number};
    }
    char shown[DLN_NUM_TEXT_MAX];
    if (out->kind == DLN_SCALAR_INT) {
        dln_num_short(number, shown);
    } else {
        dln_num_repr(number, shown);
    }
    out->text = dln_arena_copy(arena, shown);
    return true;
}

static bool type_scalar(const struct dln_node *node, struct dln_arena *arena,
                        struct dln_scalar *out)
{
    const char *text = node->text;
    *out = (struct dln_scalar){.kind = DLN_SCALAR_TEXT};
    if (node->is_plain) {
        if (text[0] == '\0' || strcmp(text, "null") == 0 || strcmp(text, "~") == 0) {
            *out = (struct dln_scalar){.kind = DLN_SCALAR_NULL, .text = "None"};
            return true;
        }
        const bool truth = strcmp(text, "true") == 0;
        if (truth || strcmp(text, "false") == 0) {
            *out = (struct dln_scalar){.kind = DLN_SCALAR_BOOL,
                                       .truth = truth,
                                       .number = truth,
                                       .text = truth ? "True" : "False"};
            return true;
        }
        if (type_number(text, arena, out)) return out->text != NULL;
    }
    out->text = dln_arena_copy(arena, text);
    return out->text != NULL;
}

/* Depth is bounded by the tree's. */
static bool write_json(const struct dln_node *node, struct dln_arena *arena,
                       struct dln_json_writer *w)
{
    if (node->kind == DLN_NODE_LIST) {
        dln_json_array(w);
        for (const struct dln_node *item = node->first; item; item = item->next) {
            if (!write_json(item, arena, w)) return false;
        }
        dln_json_end_array(w);
        return true;
    }
    if (node->kind == DLN_NODE_MAP) {
        dln_json_object(w);
        for (const struct dln_node *key = node->first; key; key = key->next->next) {
            dln_json_key(w, key->text);
            if (!write_json(key->next, arena, w)) return false;
        }
        dln_json_end_object(w);
        return true;
    }
    struct dln_scalar scalar;
    if (!type_scalar(node, arena, &scalar)) return false;
    switch (scalar.kind) {
    case DLN_SCALAR_NULL: dln_json_null(w); break;
    case DLN_SCALAR_BOOL: dln_json_bool(w, scalar.truth); break;
    case DLN_SCALAR_REAL:
        if (isfinite(scalar.number)) {
            dln_json_double(w, scalar.number);
        } else {
            dln_json_string(w, node->text); /* beyond a double: the digits are kept */
        }
        break;
    case DLN_SCALAR_TEXT: dln_json_string(w, scalar.text); break;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_JSON: dln_json_raw(w, scalar.text); break;
    }
    return true;
}

bool dln_scalar_of_node(const struct dln_node *node, struct dln_arena *arena,
                        struct dln_scalar *out)
{
    if (node->kind == DLN_NODE_SCALAR) return type_scalar(node, arena, out);
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    const bool ok = write_json(node, arena, &w) && dln_strbuf_ok(&json);
    const char *text = ok ? dln_arena_copy_len(arena, dln_strbuf_text(&json), json.len) : NULL;
    dln_strbuf_release(&json);
    *out = (struct dln_scalar){.kind = DLN_SCALAR_JSON, .text = text};
    return text != NULL;
}

static bool is_number(const struct dln_scalar *scalar)
{
    return scalar->kind == DLN_SCALAR_INT || scalar->kind == DLN_SCALAR_REAL ||
           scalar->kind == DLN_SCALAR_BOOL;
}

bool dln_scalar_equal(const struct dln_scalar *a, const struct dln_scalar *b)
{
    if (a->kind == DLN_SCALAR_INT && b->kind == DLN_SCALAR_INT)
        return strcmp(a->text, b->text) == 0;
    if (is_number(a) && is_number(b)) return a->number == b->number;
    return a->kind == b->kind && strcmp(a->text, b->text) == 0;
}

bool dln_scalar_misleads(const struct dln_node *node)
{
    static const char *const words[] = {"yes",  "Yes",  "YES",   "no",    "No",   "NO",
                                        "on",   "On",   "ON",    "off",   "Off",  "OFF",
                                        "True", "TRUE", "False", "FALSE", "Null", "NULL"};
    if (node->kind != DLN_NODE_SCALAR || !node->is_plain) return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(node->text, words[i]) == 0) return true;
    }
    return false;
}

/* ── quantities ────────────────────────────────────────────────────────────────────────────────*/

struct unit {
    const char *name;
    double factor;
};

/* A number ≥ 0 followed by a unit, letter case aside. */
static bool parse_quantity(const char *text, const struct unit *units, size_t n_units, double *out)
{
    if (text[0] < '0' || text[0] > '9') return false;
    double number;
    const size_t len = dln_num_scan(text, strlen(text), &number);
    const char *unit = text + len;
    for (size_t i = 0; i < n_units; i++) {
        const char *name = units[i].name;
        size_t k = 0;
        while (name[k] && (name[k] | 0x20) == (unit[k] | 0x20))
            k++;
        if (name[k] || unit[k]) continue;
        *out = number * units[i].factor;
        return true;
    }
    return false;
}

bool dln_duration_parse(const char *text, double *seconds)
{
    static const struct unit units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    return parse_quantity(text, units, sizeof units / sizeof units[0], seconds);
}

bool dln_size_parse(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {
        {"B", 1},         {"kB", 1e3},         {"MB", 1e6},
        {"GB", 1e9},      {"TB", 1e12},        {"KiB", 1024},
        {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776},
    };
    double size;
    if (!parse_quantity(text, units, sizeof units / sizeof units[0], &size)) return false;
    if (size > DLN_INT_MAX) return false;
    *bytes = (int64_t)size;
    return true;
}

bool dln_scalar_to_value(const struct dln_scalar *scalar, const struct dln_param *param, double *x)
{
    if (param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG) {
        for (size_t i = 0; i < param->n_choices; i++) {
            if (!dln_scalar_equal(scalar, &param->choices[i])) continue;
            *x = (double)i;
            return true;
        }
        return false;
    }
    if (scalar->kind != DLN_SCALAR_INT && scalar->kind != DLN_SCALAR_REAL) return false;
    if (!dln_param_contains(param, scalar->number)) return false;
    *x = scalar->number;
    return true;
}
