/* Single values: a node becomes a C value, or an error that says what would be right. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/num.h"
#include "study/reader.h"
#include "study/scalar.h"
#include "study/words.h"

static bool is_nothing(const struct dln_node *node)
{
    return node->kind == DLN_NODE_SCALAR && node->is_plain && node->count == 0;
}

/* "'what' is …, not a list"; always false. */
static bool fail_kind(struct dln_reader *r, const struct dln_node *node, const char *what,
                      const char *expected)
{
    static const char *const kinds[] = {
        [DLN_NODE_SCALAR] = "a single value", [DLN_NODE_LIST] = "a list", [DLN_NODE_MAP] = "a map"};
    if (is_nothing(node)) return dln_read_fail(r, node, "%.80s has no value", what);
    return dln_read_fail(r, node, "%.80s is %.200s, not %s", what, expected, kinds[node->kind]);
}

/* The same with the name of a key. */
static bool fail_key(struct dln_reader *r, const struct dln_node *node, const char *key,
                     const char *expected)
{
    char what[100];
    if (snprintf(what, sizeof what, "'%.80s'", key) < 0) what[0] = '\0';
    return fail_kind(r, node, what, expected);
}

bool dln_read_expect_list(struct dln_reader *r, const struct dln_node *node, const char *what,
                          const char *example)
{
    char expected[200];
    if (snprintf(expected, sizeof expected, "a list such as %s", example) < 0) expected[0] = '\0';
    if (node->kind != DLN_NODE_LIST) return fail_key(r, node, what, expected);
    if (node->count == 0) return dln_read_fail(r, node, "'%.80s' is empty", what);
    return true;
}

bool dln_read_expect_map(struct dln_reader *r, const struct dln_node *node, const char *what,
                         const char *example)
{
    char expected[200];
    if (snprintf(expected, sizeof expected, "a map such as %s", example) < 0) expected[0] = '\0';
    if (node->kind != DLN_NODE_MAP) return fail_key(r, node, what, expected);
    if (node->count == 0) return dln_read_fail(r, node, "'%.80s' is empty", what);
    return true;
}

bool dln_read_scalar(struct dln_reader *r, const struct dln_node *node, struct dln_scalar *out)
{
    struct dln_scalar scalar;
    if (!dln_scalar_of_node(node, r->arena, &scalar)) return dln_read_no_memory(r);
    if (isinf(scalar.number)) {
        return dln_read_fail(r, node, "'%.80s' is too large for a number", node->text);
    }
    *out = scalar;
    return true;
}

bool dln_read_number(struct dln_reader *r, const struct dln_node *node, const char *what,
                     double *out)
{
    struct dln_scalar scalar = {0};
    if (node->kind == DLN_NODE_SCALAR && !dln_read_scalar(r, node, &scalar)) return false;
    if (scalar.kind == DLN_SCALAR_INT || scalar.kind == DLN_SCALAR_REAL) {
        *out = scalar.number;
        return true;
    }
    if (node->kind == DLN_NODE_SCALAR && node->count > 0) {
        return dln_read_fail(r, node, "'%.80s' is a number, not '%.80s'", what, node->text);
    }
    return fail_key(r, node, what, "a number");
}

bool dln_read_whole(struct dln_reader *r, const struct dln_node *node, const char *what, double low,
                    double high, double *out)
{
    double number = 0;
    if (!dln_read_number(r, node, what, &number)) return false;
    if (number != floor(number)) {
        return dln_read_fail(r, node, "'%.80s' is a whole number, not %.80s", what, node->text);
    }
    if (number < low && low <= 1) {
        return dln_read_fail(r, node, "'%.80s' must be %.0f or more", what, low);
    }
    if (number < low || number > high) {
        return dln_read_fail(r, node, "'%.80s' must lie between %.0f and %.0f", what, low, high);
    }
    *out = number;
    return true;
}

bool dln_read_truth(struct dln_reader *r, const struct dln_node *node, const char *what, bool *out)
{
    struct dln_scalar scalar = {0};
    if (node->kind == DLN_NODE_SCALAR && !dln_read_scalar(r, node, &scalar)) return false;
    if (scalar.kind != DLN_SCALAR_BOOL) {
        return dln_read_fail(r, node, "'%.80s' is true or false", what);
    }
    *out = scalar.truth;
    return true;
}

static bool copy_text(struct dln_reader *r, const struct dln_node *node, const char **out)
{
    const char *text = dln_arena_copy(r->arena, node->text);
    if (!text) return dln_read_no_memory(r);
    *out = text;
    return true;
}

bool dln_read_text(struct dln_reader *r, const struct dln_node *node, const char *what,
                   const char **out)
{
    if (node->kind != DLN_NODE_SCALAR) return fail_key(r, node, what, "a text");
    if (node->count == 0) return dln_read_fail(r, node, "'%.80s' is empty", what);
    return copy_text(r, node, out);
}

/* Fails with the nearest of the words, or all of them. */
static bool fail_word(struct dln_reader *r, const struct dln_node *node, const char *what,
                      const char *const *words)
{
    struct dln_nearest nearest = {.wanted = node->text};
    struct dln_strbuf list = {0};
    for (size_t i = 0; words[i]; i++) {
        dln_nearest_offer(&nearest, words[i]);
        dln_strbuf_addf(&list, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    if (!dln_strbuf_ok(&list)) {
        dln_read_no_memory(r);
    } else if (nearest.best) {
        dln_read_fail(r, node, "'%.80s' cannot be '%.80s'; did you mean '%s'?", what, node->text,
                      nearest.best);
    } else {
        dln_read_fail(r, node, "'%.80s' cannot be '%.80s'; it is %s", what, node->text,
                      dln_strbuf_text(&list));
    }
    dln_strbuf_release(&list);
    return false;
}

bool dln_read_word(struct dln_reader *r, const struct dln_node *node, const char *what,
                   const char *const *words, int *out)
{
    if (node->kind != DLN_NODE_SCALAR || node->count == 0) {
        return fail_key(r, node, what, "a word");
    }
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) != 0) continue;
        *out = i;
        return true;
    }
    return fail_word(r, node, what, words);
}

bool dln_read_name(struct dln_reader *r, const struct dln_node *node, const char *what,
                   const char **out)
{
    if (node->kind != DLN_NODE_SCALAR) return fail_kind(r, node, what, "a text");
    if (node->count == 0) return dln_read_fail(r, node, "%.80s is empty", what);
    const char *name = node->text;
    size_t characters = 0;
    for (size_t i = 0; name[i]; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool is_c1 = c == 0xC2 && (unsigned char)name[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7F || is_c1) {
            return dln_read_fail(r, node, "%.80s must not contain control characters", what);
        }
        characters += (c & 0xC0) != 0x80;
    }
    if (characters > DLN_PARAM_NAME_MAX) {
        return dln_read_fail(r, node, "%.80s is longer than %d characters", what,
                             DLN_PARAM_NAME_MAX);
    }
    return copy_text(r, node, out);
}

/* ── commands ──────────────────────────────────────────────────────────────────────────────────*/

static bool split_command(struct dln_reader *r, const struct dln_node *node, struct dln_words *out)
{
    size_t offset = 0;
    switch (dln_words_split(node->text, r->arena, &out->n, &out->word, &offset)) {
    case DLN_SPLIT_OK: break;
    case DLN_SPLIT_OPEN_QUOTE:
        return dln_read_fail_inside(r, node, offset, "a quote is not closed");
    case DLN_SPLIT_OPEN_BRACE:
        return dln_read_fail_inside(r, node, offset, "'{args:' has no closing brace");
    case DLN_SPLIT_TRAILING_ESCAPE:
        return dln_read_fail_inside(r, node, offset, "a backslash at the end escapes nothing");
    case DLN_SPLIT_NO_MEMORY: return dln_read_no_memory(r);
    }
    const char *sign = dln_words_shell_sign(out->n, out->word);
    if (!sign) return true;
    return dln_read_warn(
        r, node,
        "there is no shell between dialin and the program: '%.20s' reaches it as a "
        "word; for a shell write [sh, -c, '…', sh, …]",
        sign);
}

bool dln_read_words(struct dln_reader *r, const struct dln_node *node, const char *what,
                    struct dln_words *out)
{
    struct dln_words words = {.line = node->line, .column = node->column};
    if (node->kind == DLN_NODE_MAP) {
        return dln_read_fail(r, node,
                             "'%s' is a command line, not a map; one that begins with a brace is "
                             "put in quotes",
                             what);
    }
    if (node->kind == DLN_NODE_SCALAR) {
        if (!split_command(r, node, &words)) return false;
    } else {
        const char **list = DLN_ARENA_ARRAY(r->arena, const char *, node->count);
        if (!list) return dln_read_no_memory(r);
        for (const struct dln_node *item = node->first; item; item = item->next) {
            if (item->kind != DLN_NODE_SCALAR) {
                return dln_read_fail(r, item,
                                     "a word of '%s' is a text; one with { } or [ ] is put in "
                                     "quotes",
                                     what);
            }
            list[words.n] = dln_arena_copy(r->arena, item->text);
            if (!list[words.n++]) return dln_read_no_memory(r);
        }
        words.word = list;
    }
    if (words.n == 0 || words.word[0][0] == '\0') {
        return dln_read_fail(r, node, "'%s' names no program", what);
    }
    *out = words;
    return true;
}

/* ── maps of plain values ──────────────────────────────────────────────────────────────────────*/

bool dln_read_named(struct dln_reader *r, const struct dln_node *map, const char *what, size_t *n,
                    struct dln_named_scalar **out)
{
    struct dln_named_scalar *list = DLN_ARENA_ARRAY(r->arena, struct dln_named_scalar, map->count);
    if (!list) return dln_read_no_memory(r);
    size_t count = 0;
    for (const struct dln_node *key = map->first; key; key = key->next->next) {
        struct dln_named_scalar *named = &list[count++];
        named->line = key->line;
        named->column = key->column;
        if (!dln_read_name(r, key, what, &named->name)) return false;
        if (!dln_read_scalar(r, key->next, &named->value)) return false;
    }
    *n = count;
    *out = list;
    return true;
}

bool dln_read_method(struct dln_reader *r, const struct dln_node *node, const char *what,
                     const char *const *names, struct dln_method *out)
{
    const struct dln_node *name = node;
    const struct dln_node *settings = NULL;
    if (node->kind == DLN_NODE_LIST || (node->kind == DLN_NODE_MAP && node->count != 1)) {
        return dln_read_fail(r, node, "'%s' is one name, or {name: {settings}}", what);
    }
    if (node->kind == DLN_NODE_MAP) {
        name = node->first;
        settings = name->next;
    }
    int index = 0;
    if (!dln_read_word(r, name, what, names, &index)) return false;
    struct dln_method method = {.name = names[index], .line = name->line, .column = name->column};
    if (settings && !(settings->kind == DLN_NODE_SCALAR && settings->count == 0)) {
        if (settings->kind != DLN_NODE_MAP) {
            return dln_read_fail(r, settings, "the settings of '%s' are a map: {%s: {name: value}}",
                                 method.name, method.name);
        }
        struct dln_named_scalar *list = NULL;
        if (!dln_read_named(r, settings, "a setting's name", &method.n_settings, &list)) {
            return false;
        }
        method.settings = list;
    }
    *out = method;
    return true;
}

bool dln_read_expr(struct dln_reader *r, const struct dln_node *node, const char *what,
                   const struct dln_expr **out)
{
    if (node->kind != DLN_NODE_SCALAR) {
        return fail_kind(r, node, what, "an expression (one with [ ] or { } is put in quotes)");
    }
    size_t column = 1;
    struct dln_error inner = {0};
    if (dln_expr_parse(node->text, r->arena, out, &column, &inner)) return true;
    if (inner.code == DLN_NOMEM) return dln_read_no_memory(r);
    return dln_read_fail_inside(r, node, column - 1, "%s", inner.text);
}

bool dln_read_value(struct dln_reader *r, const struct dln_node *at, const struct dln_param *param,
                    const struct dln_scalar *scalar, double *x)
{
    if (dln_scalar_to_value(scalar, param, x)) return true;
    if (param->kind == DLN_PARAM_FLAG) {
        return dln_read_fail(r, at, "'%.80s' is true or false, not '%.80s'", param->name,
                             scalar->text);
    }
    if (param->kind == DLN_PARAM_CHOICE) {
        struct dln_error inner = {0};
        double index = 0;
        if (dln_param_parse(param, scalar->text, &index, &inner)) {
            return dln_read_fail(r, at,
                                 "'%.80s' is a choice of '%.80s' in another form: a text in "
                                 "quotes is not a number or a word",
                                 scalar->text, param->name);
        }
        if (inner.code == DLN_NOMEM) return dln_read_no_memory(r);
        return dln_read_fail(r, at, "%s", inner.text);
    }
    const bool is_number = scalar->kind == DLN_SCALAR_INT || scalar->kind == DLN_SCALAR_REAL;
    if (!is_number) {
        return dln_read_fail(r, at, "'%.80s' is a number, not '%.80s'", param->name, scalar->text);
    }
    char low[DLN_NUM_TEXT_MAX];
    char high[DLN_NUM_TEXT_MAX];
    char step[DLN_NUM_TEXT_MAX];
    dln_num_short(param->low, low);
    dln_num_short(param->high, high);
    dln_num_short(param->step, step);
    if (scalar->number < param->low || scalar->number > param->high) {
        return dln_read_fail(r, at, "%.80s lies outside the range of '%.80s', %s to %s",
                             scalar->text, param->name, low, high);
    }
    if (param->kind == DLN_PARAM_INT && scalar->number != floor(scalar->number)) {
        return dln_read_fail(r, at, "'%.80s' is a whole number, not %.80s", param->name,
                             scalar->text);
    }
    return dln_read_fail(r, at, "%.80s is not a step of '%.80s', which goes from %s to %s by %s",
                         scalar->text, param->name, low, high, step);
}
