#include "store/distribution.h"

#include <math.h>
#include <string.h>

#include "dialin/json.h"

enum { CHOICES_MAX = 100000 }; /* of one parameter; the text itself is at most 64 MiB */

/* ── writing ───────────────────────────────────────────────────────────────────────────────────*/

static void add_int(struct dln_strbuf *out, double x)
{
    dln_strbuf_addf(out, "%.0f", x);
}

static bool is_digits(const char *text)
{
    if (*text == '-') text++;
    return *text && text[strspn(text, "0123456789")] == '\0';
}

void dln_choice_write(const struct dln_scalar *choice, struct dln_strbuf *out)
{
    switch (choice->kind) {
    case DLN_SCALAR_NULL: dln_strbuf_add(out, "null"); break;
    case DLN_SCALAR_BOOL: dln_strbuf_add(out, choice->truth ? "true" : "false"); break;
    case DLN_SCALAR_INT:
        if (fabs(choice->number) > DLN_INT_MAX && choice->text && is_digits(choice->text)) {
            dln_strbuf_add(out, choice->text);
        } else {
            add_int(out, choice->number);
        }
        break;
    case DLN_SCALAR_REAL: dln_python_real(out, choice->number); break;
    case DLN_SCALAR_TEXT:
    case DLN_SCALAR_JSON: {
        struct dln_json_writer writer = {.out = out};
        dln_json_string(&writer, choice->text ? choice->text : "");
        break;
    }
    }
}

static void add_member(struct dln_strbuf *out, const char *key, double value, bool is_real)
{
    dln_strbuf_addf(out, "\"%s\": ", key);
    if (is_real) {
        dln_python_real(out, value);
    } else {
        add_int(out, value);
    }
}

static void write_modern(const struct dln_param *param, struct dln_strbuf *out)
{
    const char *log = param->log ? "true" : "false";
    switch (param->kind) {
    case DLN_PARAM_FLOAT:
        dln_strbuf_add(out, "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": ");
        if (param->step > 0) {
            dln_python_real(out, param->step);
        } else {
            dln_strbuf_add(out, "null");
        }
        dln_strbuf_add(out, ", ");
        add_member(out, "low", param->low, true);
        dln_strbuf_add(out, ", ");
        add_member(out, "high", param->high, true);
        dln_strbuf_addf(out, ", \"log\": %s}}", log);
        break;
    case DLN_PARAM_INT:
        dln_strbuf_addf(out, "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": %s, ", log);
        add_member(out, "step", param->step > 0 ? param->step : 1, false);
        dln_strbuf_add(out, ", ");
        add_member(out, "low", param->low, false);
        dln_strbuf_add(out, ", ");
        add_member(out, "high", param->high, false);
        dln_strbuf_add(out, "}}");
        break;
    case DLN_PARAM_CHOICE:
    case DLN_PARAM_FLAG:
        dln_strbuf_add(out,
                       "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [");
        for (size_t i = 0; i < param->n_choices; i++) {
            if (i > 0) dln_strbuf_add(out, ", ");
            dln_choice_write(&param->choices[i], out);
        }
        dln_strbuf_add(out, "]}}");
        break;
    }
}

static const struct legacy {
    const char *name;
    enum dln_distribution_form form;
    bool is_int, is_log;
    const char *first_key; /* of the step, which stands before or after the bounds */
    const char *last_key;
} legacies[] = {
    {"UniformDistribution", DLN_FORM_UNIFORM, false, false, NULL, NULL},
    {"LogUniformDistribution", DLN_FORM_LOG_UNIFORM, false, true, NULL, NULL},
    {"DiscreteUniformDistribution", DLN_FORM_DISCRETE_UNIFORM, false, false, NULL, "q"},
    {"IntUniformDistribution", DLN_FORM_INT_UNIFORM, true, false, "step", NULL},
    {"IntLogUniformDistribution", DLN_FORM_INT_LOG_UNIFORM, true, true, "step", NULL},
};
enum { LEGACY_COUNT = sizeof legacies / sizeof legacies[0] };

void dln_distribution_write(const struct dln_param *param, enum dln_distribution_form form,
                            struct dln_strbuf *out)
{
    for (size_t i = 0; i < LEGACY_COUNT; i++) {
        const struct legacy *legacy = &legacies[i];
        if (legacy->form != form) continue;
        const bool is_real = !legacy->is_int;
        dln_strbuf_addf(out, "{\"name\": \"%s\", \"attributes\": {", legacy->name);
        if (legacy->first_key) {
            add_member(out, legacy->first_key, param->step > 0 ? param->step : 1, is_real);
            dln_strbuf_add(out, ", ");
        }
        add_member(out, "low", param->low, is_real);
        dln_strbuf_add(out, ", ");
        add_member(out, "high", param->high, is_real);
        if (legacy->last_key) {
            dln_strbuf_add(out, ", ");
            add_member(out, legacy->last_key, param->step, is_real);
        }
        dln_strbuf_add(out, "}}");
        return;
    }
    write_modern(param, out);
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

struct attributes {
    struct dln_slice low, high, step, log, choices; /* len 0: not given */
};

static void note_attribute(struct attributes *found, struct dln_slice key, struct dln_slice value)
{
    if (dln_slice_is(key, "\"low\"")) found->low = value;
    if (dln_slice_is(key, "\"high\"")) found->high = value;
    if (dln_slice_is(key, "\"step\"") || dln_slice_is(key, "\"q\"")) found->step = value;
    if (dln_slice_is(key, "\"log\"")) found->log = value;
    if (dln_slice_is(key, "\"choices\"")) found->choices = value;
}

static bool read_choice(struct dln_slice slice, struct dln_arena *arena, struct dln_scalar *out)
{
    struct dln_scalar choice = {.kind = DLN_SCALAR_JSON};
    if (dln_slice_is(slice, "null")) {
        choice.kind = DLN_SCALAR_NULL;
        choice.text = "None";
    } else if (dln_slice_is(slice, "true") || dln_slice_is(slice, "false")) {
        choice.kind = DLN_SCALAR_BOOL;
        choice.truth = slice.at[0] == 't';
        choice.number = choice.truth;
        choice.text = choice.truth ? "True" : "False";
    } else if (slice.at[0] == '"') {
        choice.kind = DLN_SCALAR_TEXT;
        choice.text = dln_slice_string(slice, arena);
    } else if (dln_slice_number(slice, &choice.number)) {
        const char *text = dln_arena_copy_len(arena, slice.at, slice.len);
        choice.kind = text && is_digits(text) ? DLN_SCALAR_INT : DLN_SCALAR_REAL;
        choice.text = text;
        if (text && !isfinite(choice.number) && choice.kind == DLN_SCALAR_REAL) {
            choice.text = isnan(choice.number) ? "nan" : choice.number > 0 ? "inf" : "-inf";
        }
    } else {
        choice.text = dln_arena_copy_len(arena, slice.at, slice.len);
    }
    *out = choice;
    return choice.text != NULL;
}

static bool read_choices(struct dln_slice text, struct dln_arena *arena, struct dln_param *out,
                         struct dln_error *err)
{
    struct dln_json_walk walk;
    struct dln_slice element;
    size_t n = 0;
    if (dln_json_walk_array(&walk, text)) {
        while (dln_json_walk_element(&walk, &element))
            n++;
    }
    if (!walk.is_over || n == 0 || n > CHOICES_MAX) {
        return dln_fail(err, DLN_INVALID, "a categorical distribution has no readable choices");
    }
    struct dln_scalar *choices = DLN_ARENA_ARRAY(arena, struct dln_scalar, n);
    if (!choices) return dln_fail(err, DLN_NOMEM, "out of memory");
    dln_json_walk_array(&walk, text);
    for (size_t i = 0; i < n && dln_json_walk_element(&walk, &element); i++) {
        if (!read_choice(element, arena, &choices[i])) {
            return dln_fail(err, DLN_NOMEM, "out of memory");
        }
    }
    out->choices = choices;
    out->n_choices = n;
    out->high = (double)(n - 1);
    return true;
}

/* Bounds as Optuna's constructors want them, the high one lowered to the last step. */
static bool read_range(const struct attributes *found, struct dln_param *param,
                       struct dln_error *err)
{
    const bool is_int = param->kind == DLN_PARAM_INT;
    if (!dln_slice_number(found->low, &param->low) ||
        !dln_slice_number(found->high, &param->high)) {
        return dln_fail(err, DLN_INVALID, "a distribution lacks a bound");
    }
    if (!isfinite(param->low) || !isfinite(param->high) || param->low > param->high) {
        return dln_fail(err, DLN_INVALID, "a distribution has no range between its bounds");
    }
    if (found->step.len > 0 && !dln_slice_is(found->step, "null")) {
        if (!dln_slice_number(found->step, &param->step) || !(param->step > 0) ||
            !isfinite(param->step)) {
            return dln_fail(err, DLN_INVALID, "a distribution has a step that is not above 0");
        }
    }
    if (found->log.len > 0) param->log = dln_slice_is(found->log, "true");
    if (is_int) {
        param->low = trunc(param->low);
        param->high = trunc(param->high);
        param->step = param->step >= 1 ? trunc(param->step) : 1;
        if (fabs(param->low) > DLN_INT_MAX || fabs(param->high) > DLN_INT_MAX) {
            return dln_fail(err, DLN_INVALID, "a distribution has bounds beyond 2^53");
        }
    }
    if (param->log && param->low <= 0) {
        return dln_fail(err, DLN_INVALID, "a logarithmic distribution starts at or below 0");
    }
    if (param->log) param->step = is_int ? 1 : 0;
    if (param->step > 0) param->high = dln_param_last_step(param->low, param->high, param->step);
    return true;
}

/* Kind, and what the class name alone says. */
static bool read_class(struct dln_slice class, struct dln_param *param,
                       enum dln_distribution_form *form, struct dln_error *err)
{
    static const struct {
        const char *name, *type;
        enum dln_param_kind kind;
    } modern[] = {
        {"\"FloatDistribution\"", "\"float\"", DLN_PARAM_FLOAT},
        {"\"IntDistribution\"", "\"int\"", DLN_PARAM_INT},
        {"\"CategoricalDistribution\"", "\"categorical\"", DLN_PARAM_CHOICE},
    };
    *form = DLN_FORM_MODERN;
    for (size_t i = 0; i < sizeof modern / sizeof modern[0]; i++) {
        if (!dln_slice_is(class, modern[i].name) && !dln_slice_is(class, modern[i].type)) continue;
        param->kind = modern[i].kind;
        return true;
    }
    for (size_t i = 0; i < LEGACY_COUNT; i++) {
        const size_t len = strlen(legacies[i].name);
        if (class.len != len + 2 || memcmp(class.at + 1, legacies[i].name, len) != 0) continue;
        param->kind = legacies[i].is_int ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
        param->log = legacies[i].is_log;
        *form = legacies[i].form;
        return true;
    }
    return dln_fail(err, DLN_INVALID, "a distribution is of an unknown class %.*s",
                    (int)(class.len < 80 ? class.len : 80), class.at);
}

bool dln_distribution_read(struct dln_slice text, struct dln_arena *arena, struct dln_param *out,
                           enum dln_distribution_form *form, struct dln_error *err)
{
    struct dln_json_walk walk;
    struct dln_slice key;
    struct dln_slice value;
    struct dln_slice class = {"", 0};
    struct attributes found = {0};
    dln_json_walk_object(&walk, text);
    while (dln_json_walk_member(&walk, &key, &value)) {
        if (dln_slice_is(key, "\"name\"") || dln_slice_is(key, "\"type\"")) class = value;
        if (!dln_slice_is(key, "\"attributes\"")) {
            note_attribute(&found, key, value); /* the short form has them at the top */
            continue;
        }
        struct dln_json_walk inner;
        dln_json_walk_object(&inner, value);
        while (dln_json_walk_member(&inner, &key, &value))
            note_attribute(&found, key, value);
    }
    if (!walk.is_over) return dln_fail(err, DLN_INVALID, "a distribution is not valid JSON");

    struct dln_param param = {.name = ""};
    enum dln_distribution_form read;
    if (!read_class(class, &param, &read, err)) return false;
    const bool ok = param.kind == DLN_PARAM_CHOICE ? read_choices(found.choices, arena, &param, err)
                                                   : read_range(&found, &param, err);
    if (!ok) return false;
    *out = param;
    if (form) *form = read;
    return true;
}

bool dln_choice_same(const struct dln_scalar *a, const struct dln_scalar *b)
{
    const bool a_is_number =
        a->kind == DLN_SCALAR_BOOL || a->kind == DLN_SCALAR_INT || a->kind == DLN_SCALAR_REAL;
    const bool b_is_number =
        b->kind == DLN_SCALAR_BOOL || b->kind == DLN_SCALAR_INT || b->kind == DLN_SCALAR_REAL;
    if (a_is_number != b_is_number) return false;
    if (a_is_number) {
        return a->number == b->number || (isnan(a->number) && isnan(b->number));
    }
    const bool a_is_null = a->kind == DLN_SCALAR_NULL;
    if (a_is_null || b->kind == DLN_SCALAR_NULL) return a->kind == b->kind;
    return strcmp(a->text, b->text) == 0;
}
