/* `space`: parameter definitions. The keys of a definition may stand in any order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"
#include "study/reader.h"
#include "study/scalar.h"

static const struct dln_scalar flag_choices[] = {
    {.kind = DLN_SCALAR_BOOL, .truth = false, .number = 0, .text = "False"},
    {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1, .text = "True"},
};

/* The nodes of one definition, before they are made sense of together. */
struct definition {
    const char *name;
    const struct dln_node *node; /* the whole */
    const struct dln_node *real, *whole, *choice, *flag;
    const struct dln_node *log, *step, *initial, *ordered, *when, *was;
};

#define NODE_FIELD(key, member)                                                              \
    {                                                                                        \
        .name = (key), .kind = DLN_FIELD_NODE, .offset = offsetof(struct definition, member) \
    }

static const struct dln_field definition_fields[] = {
    NODE_FIELD("float", real),
    NODE_FIELD("int", whole),
    NODE_FIELD("choice", choice),
    NODE_FIELD("flag", flag),
    NODE_FIELD("log", log),
    NODE_FIELD("step", step),
    NODE_FIELD("default", initial),
    NODE_FIELD("ordered", ordered),
    NODE_FIELD("when", when),
    NODE_FIELD("was", was),
    {0},
};

static const char *const definition_example =
    "{float: [0.0, 0.5]}, {int: [1, 8]}, {choice: [a, b]} "
    "or {flag: true}";

/* ── ranges ────────────────────────────────────────────────────────────────────────────────────*/

static bool read_bounds(struct dln_reader *r, const struct dln_node *node, struct dln_param *param)
{
    const bool is_int = param->kind == DLN_PARAM_INT;
    const char *kind = is_int ? "int" : "float";
    if (node->kind != DLN_NODE_LIST || node->count != 2) {
        return dln_read_fail(r, node, "'%s' takes [low, high], such as %s", kind,
                             is_int ? "[1, 8]" : "[0.0, 0.5]");
    }
    const struct dln_node *low = node->first;
    const struct dln_node *high = low->next;
    if (!dln_read_number(r, low, "low", &param->low)) return false;
    if (!dln_read_number(r, high, "high", &param->high)) return false;
    const struct dln_node *const bounds[] = {low, high};
    for (size_t i = 0; is_int && i < 2; i++) {
        const struct dln_node *bound = bounds[i];
        const double value = i == 0 ? param->low : param->high;
        if (value != floor(value)) {
            return dln_read_fail(r, bound,
                                 "a bound of 'int' is a whole number, not %.80s; a real "
                                 "one is a 'float'",
                                 bound->text);
        }
        if (fabs(value) > DLN_INT_MAX) {
            return dln_read_fail(r, bound, "a bound of 'int' is at most 2^53, not %.80s",
                                 bound->text);
        }
    }
    if (param->low > param->high) {
        return dln_read_fail(r, low, "'low' must not be above 'high' (%.40s and %.40s)", low->text,
                             high->text);
    }
    if (!isfinite(param->high - param->low)) {
        return dln_read_fail(r, low, "the range from %.40s to %.40s is too wide", low->text,
                             high->text);
    }
    return true;
}

static bool read_step(struct dln_reader *r, const struct dln_node *node, struct dln_param *param)
{
    double step;
    if (param->log) {
        return dln_read_fail(r, node, "'step' and 'log' exclude each other; remove one of them");
    }
    if (!dln_read_number(r, node, "step", &step)) return false;
    if (!(step > 0)) return dln_read_fail(r, node, "'step' must be above 0");
    if (param->kind == DLN_PARAM_INT && (step != floor(step) || step > DLN_INT_MAX)) {
        return dln_read_fail(r, node, "the 'step' of an 'int' is a whole number, not %.80s",
                             node->text);
    }
    if ((param->high - param->low) / step > DLN_INT_MAX) {
        return dln_read_fail(r, node, "'step' is too small for the range: more than 2^53 values");
    }
    const double last = dln_param_last_step(param->low, param->high, step);
    param->step = step;
    if (last == param->high) return true;
    char given[DLN_NUM_TEXT_MAX];
    char lowered[DLN_NUM_TEXT_MAX];
    dln_num_short(param->high, given);
    dln_num_short(last, lowered);
    param->high = last;
    return dln_read_warn(r, node, "'high' of '%.80s' is lowered from %s to %s, the last step",
                         param->name, given, lowered);
}

static bool read_range(struct dln_reader *r, const struct definition *def, struct dln_param *param)
{
    const bool is_int = def->whole != NULL;
    const struct dln_node *bounds = is_int ? def->whole : def->real;
    param->kind = is_int ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
    if (!read_bounds(r, bounds, param)) return false;
    if (def->ordered) {
        return dln_read_fail(r, def->ordered, "'ordered' belongs to a choice; numbers are ordered");
    }
    if (def->log && !dln_read_truth(r, def->log, "log", &param->log)) return false;
    if (param->log && (is_int ? param->low < 1 : param->low <= 0)) {
        return dln_read_fail(r, bounds->first, "'log' needs a 'low' %s, not %.40s",
                             is_int ? "of 1 or more" : "above 0", bounds->first->text);
    }
    if (is_int) param->step = 1;
    return !def->step || read_step(r, def->step, param);
}

/* ── choices ───────────────────────────────────────────────────────────────────────────────────*/

static bool warn_words(struct dln_reader *r, const struct dln_node *item)
{
    if (r->has_warned_words || !dln_scalar_misleads(item)) return true;
    r->has_warned_words = true;
    return dln_read_warn(r, item,
                         "'%s' is a text here; only true, false and null are words, and quotes "
                         "make a text plain to see",
                         item->text);
}

static bool is_number(const struct dln_scalar *scalar)
{
    return scalar->kind == DLN_SCALAR_BOOL || scalar->kind == DLN_SCALAR_INT ||
           scalar->kind == DLN_SCALAR_REAL;
}

/* Equal ones side by side, those in the order of the file. */
static int by_scalar(const void *a, const void *b)
{
    const struct dln_scalar *left = *(const struct dln_scalar *const *)a;
    const struct dln_scalar *right = *(const struct dln_scalar *const *)b;
    if (is_number(left) != is_number(right)) return is_number(left) ? -1 : 1;
    if (is_number(left) && left->number != right->number) {
        return left->number < right->number ? -1 : 1;
    }
    if (!is_number(left) && left->kind != right->kind) return left->kind < right->kind ? -1 : 1;
    const int order = dln_scalar_equal(left, right) ? 0 : strcmp(left->text, right->text);
    if (order != 0) return order;
    return left < right ? -1 : left > right;
}

static bool refuse_repeated(struct dln_reader *r, const struct dln_node *list,
                            const struct dln_scalar *choices)
{
    const size_t n = list->count;
    const struct dln_scalar **sorted = malloc(n * sizeof *sorted);
    if (!sorted) return dln_read_no_memory(r);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &choices[i];
    qsort(sorted, n, sizeof *sorted, by_scalar);
    const struct dln_scalar *again = NULL;
    for (size_t i = 1; i < n; i++) {
        if (!dln_scalar_equal(sorted[i - 1], sorted[i])) continue;
        if (!again || sorted[i] < again) again = sorted[i];
    }
    free(sorted);
    if (!again) return true;
    const struct dln_node *item = list->first;
    for (size_t i = 0; item && &choices[i] != again; i++)
        item = item->next;
    return dln_read_fail(r, item, "the choice '%.80s' is repeated", again->text);
}

static bool read_choices(struct dln_reader *r, const struct definition *def,
                         struct dln_param *param)
{
    const struct dln_node *list = def->choice;
    param->kind = DLN_PARAM_CHOICE;
    if (list->kind != DLN_NODE_LIST) {
        return dln_read_fail(r, list, "'choice' takes a list, such as [sgd, adamw]");
    }
    if (list->count == 0) return dln_read_fail(r, list, "'choice' needs at least one value");
    struct dln_scalar *choices = DLN_ARENA_ARRAY(r->arena, struct dln_scalar, list->count);
    if (!choices) return dln_read_no_memory(r);
    size_t n = 0;
    for (const struct dln_node *item = list->first; item; item = item->next) {
        if (!dln_read_scalar(r, item, &choices[n++])) return false;
        if (!warn_words(r, item)) return false;
    }
    param->choices = choices;
    param->n_choices = n;
    param->high = (double)(n - 1);
    if (!refuse_repeated(r, list, choices)) return false;
    return !def->ordered || dln_read_truth(r, def->ordered, "ordered", &param->ordered);
}

static bool read_flag(struct dln_reader *r, const struct definition *def, struct dln_param *param)
{
    bool truth = false;
    if (!dln_read_truth(r, def->flag, "flag", &truth)) return false;
    if (!truth) {
        return dln_read_fail(r, def->flag,
                             "write flag: true; a flag is tried on and off, and "
                             "'default: false' makes off the default");
    }
    if (def->ordered) return dln_read_fail(r, def->ordered, "'ordered' belongs to a choice");
    param->kind = DLN_PARAM_FLAG;
    param->choices = flag_choices;
    param->n_choices = 2;
    param->high = 1;
    return true;
}

/* ── a parameter ───────────────────────────────────────────────────────────────────────────────*/

static bool read_initial(struct dln_reader *r, const struct dln_node *node, struct dln_param *param)
{
    struct dln_scalar scalar;
    if (!dln_read_scalar(r, node, &scalar)) return false;
    if (!dln_read_value(r, node, param, &scalar, &param->initial)) return false;
    param->has_initial = true;
    return true;
}

static bool read_was(struct dln_reader *r, const struct dln_node *node, struct dln_param *param)
{
    struct dln_scalar scalar;
    param->has_was = true;
    /* the range may have been narrowed since */
    if (param->n_choices == 0) return dln_read_number(r, node, "was", &param->was);
    if (!dln_read_scalar(r, node, &scalar)) return false;
    if (!dln_read_value(r, node, param, &scalar, &param->was)) return false;
    return true;
}

/* Exactly one of float, int, choice, flag. */
static bool check_kind(struct dln_reader *r, const struct definition *def)
{
    const struct dln_node *const kinds[] = {def->real, def->whole, def->choice, def->flag};
    const struct dln_node *first = NULL;
    for (size_t i = 0; i < 4; i++) {
        if (!kinds[i]) continue;
        if (first) {
            return dln_read_fail(r, kinds[i],
                                 "'%.80s' is one of float, int, choice and flag, not "
                                 "two of them",
                                 def->name);
        }
        first = kinds[i];
    }
    if (!first) {
        return dln_read_fail(r, def->node, "'%.80s' needs one of %s", def->name,
                             definition_example);
    }
    return true;
}

static bool read_definition(struct dln_reader *r, const struct definition *def,
                            struct dln_param *param)
{
    const bool is_range = def->real || def->whole;
    if (!is_range && (def->log || def->step)) {
        return dln_read_fail(r, def->log ? def->log : def->step,
                             "'%s' belongs to 'float' and 'int'", def->log ? "log" : "step");
    }
    if (is_range) {
        if (!read_range(r, def, param)) return false;
    } else if (def->choice) {
        if (!read_choices(r, def, param)) return false;
    } else if (!read_flag(r, def, param)) {
        return false;
    }
    if (def->initial && !read_initial(r, def->initial, param)) return false;
    if (def->was && !read_was(r, def->was, param)) return false;
    if (!def->when) return true;
    if (!dln_read_expr(r, def->when, "a condition", &param->when)) return false;
    param->when_text = dln_arena_copy(r->arena, def->when->text);
    return param->when_text ? true : dln_read_no_memory(r);
}

bool dln_read_space(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    struct dln_space *space = &r->study->space;
    if (!dln_read_expect_map(r, value, "space", "'lr: {float: [1e-5, 1e-1], log: true}'")) {
        return false;
    }
    if (value->count > DLN_SPACE_MAX) {
        return dln_read_fail(r, value, "a space has at most %d parameters, not %u", DLN_SPACE_MAX,
                             (unsigned)value->count);
    }
    space->params = DLN_ARENA_ARRAY(r->arena, struct dln_param, value->count);
    r->when = DLN_ARENA_ARRAY(r->arena, const struct dln_node *, value->count);
    if (!space->params || !r->when) return dln_read_no_memory(r);
    for (const struct dln_node *name = value->first; name; name = name->next->next) {
        const struct dln_node *node = name->next;
        struct dln_param *param = &space->params[space->n];
        if (!dln_read_name(r, name, "a parameter's name", &param->name)) return false;
        if (node->kind != DLN_NODE_MAP) {
            return dln_read_fail(r, node, "'%.80s' needs one of %s", param->name,
                                 definition_example);
        }
        struct definition def = {.name = param->name, .node = node};
        if (!dln_read_map(r, node, "a parameter", definition_fields, &def)) return false;
        if (!check_kind(r, &def) || !read_definition(r, &def, param)) return false;
        r->when[space->n++] = def.when;
    }
    return true;
}
