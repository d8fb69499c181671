/*
 * Search spaces of other programs: a sweep of Weights & Biases (YAML or JSON: method, metric,
 * parameters), a search space of NNI (JSON: NAME: {_type, _value}), or the sweeper of a Hydra
 * configuration (hydra.sweeper.params: NAME: override, as its Optuna sweeper reads them). What has
 * no equal here is refused by its name, not guessed.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "cli/import.h"
#include "dialin/json.h"
#include "dialin/num.h"

enum { DEPTH_MAX = 12, SWEEP_BYTES_MAX = 1024 * 1024 };

/* ── YAML as JSON ──────────────────────────────────────────────────────────────────────────────*/

/* A plain scalar by YAML's core rules; a quoted one is text. */
static json_t *scalar(const yaml_event_t *event)
{
    const char *const text = (const char *)event->data.scalar.value;
    double x;
    int64_t whole;
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return json_string(text);
    if (!text[0] || strcmp(text, "~") == 0 || strcmp(text, "null") == 0) return json_null();
    if (strcmp(text, "true") == 0) return json_true();
    if (strcmp(text, "false") == 0) return json_false();
    if (dln_num_parse_int(text, strlen(text), &whole)) return json_integer(whole);
    if (dln_num_parse(text, strlen(text), &x) && isfinite(x)) return json_real(x);
    return json_string(text);
}

struct level { /* a list or a map that is being filled */
    json_t *value;
    char *key; /* of a map: waits for its value */
};

static bool put(struct level *level, json_t *value)
{
    if (!value) return false;
    if (json_is_array(level->value)) return json_array_append_new(level->value, value) == 0;
    if (!level->key) {
        const char *const text = json_string_value(value);
        char number[DLN_NUM_TEXT_MAX];
        if (json_is_number(value)) dln_num_short(json_number_value(value), number);
        level->key = text ? strdup(text) : json_is_number(value) ? strdup(number) : NULL;
        json_decref(value);
        return level->key != NULL;
    }
    const bool ok = json_object_set_new(level->value, level->key, value) == 0;
    free(level->key);
    level->key = NULL;
    return ok;
}

/* NULL: not YAML that a sweep is made of (aliases and tags are not). */
static json_t *read_yaml(const char *text, size_t len)
{
    yaml_parser_t parser;
    struct level levels[DEPTH_MAX] = {{NULL, NULL}};
    size_t depth = 0;
    json_t *root = NULL;
    bool ok = yaml_parser_initialize(&parser) != 0;
    if (!ok) return NULL;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    bool is_over = false;
    while (ok && !is_over) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) break;
        json_t *begun = NULL;
        if (event.type == YAML_STREAM_END_EVENT) is_over = true;
        if (event.type == YAML_ALIAS_EVENT) ok = false;
        if (event.type == YAML_MAPPING_START_EVENT) begun = json_object();
        if (event.type == YAML_SEQUENCE_START_EVENT) begun = json_array();
        if (event.type == YAML_SCALAR_EVENT)
            ok = depth > 0 && put(&levels[depth - 1], scalar(&event));
        if (begun && (depth == DEPTH_MAX || (depth == 0 && root))) {
            json_decref(begun);
            ok = false;
        } else if (begun) {
            if (depth == 0) root = begun;
            ok = depth == 0 || put(&levels[depth - 1], begun);
            if (ok) levels[depth++] = (struct level){begun, NULL};
        }
        if (event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT) {
            free(levels[--depth].key);
        }
        yaml_event_delete(&event);
    }
    while (depth > 0)
        free(levels[--depth].key);
    yaml_parser_delete(&parser);
    if (ok && is_over) return root;
    json_decref(root);
    return NULL;
}

/* ── parameters ────────────────────────────────────────────────────────────────────────────────*/

struct sweep {
    struct dln_arena *arena;
    struct dln_space *space;
    struct dln_error *err;
};

static bool no_memory(struct sweep *s)
{
    return dln_fail(s->err, DLN_NOMEM, "out of memory");
}

static struct dln_param *add_param(struct sweep *s, const char *name)
{
    if (s->space->n == DLN_SPACE_MAX) return NULL;
    struct dln_param *const param = &s->space->params[s->space->n++];
    *param = (struct dln_param){.name = dln_arena_copy(s->arena, name)};
    return param->name ? param : NULL;
}

static bool fill_choice(struct sweep *s, const json_t *value, struct dln_scalar *out)
{
    *out = (struct dln_scalar){.kind = DLN_SCALAR_NULL, .text = "null"};
    if (json_is_boolean(value)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_BOOL, .truth = json_is_true(value)};
    } else if (json_is_integer(value)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_INT, .number = json_number_value(value)};
    } else if (json_is_real(value)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_REAL, .number = json_number_value(value)};
    } else if (json_is_string(value)) {
        out->kind = DLN_SCALAR_TEXT;
        out->text = dln_arena_copy(s->arena, json_string_value(value));
    } else if (!json_is_null(value)) {
        char *const text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        out->kind = DLN_SCALAR_JSON;
        out->text = text ? dln_arena_copy(s->arena, text) : NULL;
        free(text);
    }
    return out->text != NULL || out->kind == DLN_SCALAR_BOOL || out->kind == DLN_SCALAR_INT ||
           out->kind == DLN_SCALAR_REAL;
}

static bool add_choices(struct sweep *s, const char *name, const json_t *values)
{
    const size_t n = json_array_size(values);
    if (n == 0) return dln_fail(s->err, DLN_INVALID, "'%.80s' has no values", name);
    struct dln_param *const param = add_param(s, name);
    struct dln_scalar *const choices = DLN_ARENA_ARRAY(s->arena, struct dln_scalar, n);
    if (!param || !choices) return no_memory(s);
    for (size_t i = 0; i < n; i++) {
        if (!fill_choice(s, json_array_get(values, i), &choices[i])) return no_memory(s);
    }
    param->kind = DLN_PARAM_CHOICE;
    param->choices = choices;
    param->n_choices = n;
    param->high = (double)(n - 1);
    return true;
}

struct range {
    double low, high, step;
    bool is_int, log;
};

static bool add_range(struct sweep *s, const char *name, struct range range)
{
    if (!isfinite(range.low) || !isfinite(range.high) || range.low > range.high ||
        (range.log && !(range.low > 0))) {
        return dln_fail(s->err, DLN_INVALID, "'%.80s' has no range that makes sense", name);
    }
    struct dln_param *const param = add_param(s, name);
    if (!param) return no_memory(s);
    param->kind = range.is_int ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
    param->low = range.low;
    param->high = range.high;
    param->log = range.log && !(range.step > 0);
    param->step = range.step > 0 ? range.step : range.is_int ? 1 : 0;
    if (range.step > 0) param->high = dln_param_last_step(range.low, range.high, range.step);
    return true;
}

static double number_in(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static bool unknown_kind(struct sweep *s, const char *name, const char *kind)
{
    return dln_fail(s->err, DLN_UNSUPPORTED,
                    "'%.80s' is drawn by '%.40s', which a study file cannot say: give it as "
                    "uniform, log_uniform_values or values",
                    name, kind);
}

/* ── Weights & Biases ──────────────────────────────────────────────────────────────────────────*/

static bool wandb_range(struct sweep *s, const char *name, const json_t *of)
{
    const char *kind = json_string_value(json_object_get(of, "distribution"));
    const bool are_whole =
        json_is_integer(json_object_get(of, "min")) && json_is_integer(json_object_get(of, "max"));
    struct range range = {.low = number_in(of, "min"), .high = number_in(of, "max")};
    if (!kind) kind = are_whole ? "int_uniform" : "uniform";
    const double step = number_in(of, "q");
    if (strcmp(kind, "int_uniform") == 0) {
        range.is_int = true;
    } else if (strcmp(kind, "q_uniform") == 0) {
        range.step = isnan(step) ? 1 : step;
    } else if (strcmp(kind, "log_uniform_values") == 0 ||
               strcmp(kind, "q_log_uniform_values") == 0) {
        range.log = true;
    } else if (strcmp(kind, "log_uniform") == 0) { /* bounds are exponents of e */
        range.log = true;
        range.low = exp(range.low);
        range.high = exp(range.high);
    } else if (strcmp(kind, "uniform") != 0) {
        return unknown_kind(s, name, kind);
    }
    return add_range(s, name, range);
}

static bool wandb_params(struct sweep *s, const json_t *params, const char *prefix, int depth);

static bool wandb_param(struct sweep *s, const char *name, const json_t *of, int depth)
{
    const json_t *const values = json_object_get(of, "values");
    const json_t *const value = json_object_get(of, "value");
    const json_t *const nested = json_object_get(of, "parameters");
    if (nested && depth < DEPTH_MAX) return wandb_params(s, nested, name, depth + 1);
    if (values) return add_choices(s, name, values);
    if (value) {
        json_t *const one = json_pack("[O]", value);
        const bool ok = one ? add_choices(s, name, one) : no_memory(s);
        json_decref(one);
        return ok;
    }
    if (json_object_get(of, "min") && json_object_get(of, "max")) return wandb_range(s, name, of);
    const char *const kind = json_string_value(json_object_get(of, "distribution"));
    return unknown_kind(s, name, kind ? kind : "something");
}

static bool wandb_params(struct sweep *s, const json_t *params, const char *prefix, int depth)
{
    const char *key;
    const json_t *of;
    if (!json_is_object(params)) {
        return dln_fail(s->err, DLN_INVALID, "'parameters' must map names to definitions");
    }
    json_object_foreach((json_t *)(uintptr_t)params, key, of)
    {
        const char *const name = prefix ? dln_arena_printf(s->arena, "%s.%s", prefix, key) : key;
        if (!name) return no_memory(s);
        if (!wandb_param(s, name, of, depth)) return false;
    }
    return true;
}

/* ── NNI ───────────────────────────────────────────────────────────────────────────────────────*/

static bool nni_param(struct sweep *s, const char *name, const json_t *of)
{
    const char *const kind = json_string_value(json_object_get(of, "_type"));
    const json_t *const values = json_object_get(of, "_value");
    if (!kind || !json_is_array(values)) {
        return dln_fail(s->err, DLN_INVALID, "'%.80s' has no _type or no _value", name);
    }
    if (strcmp(kind, "choice") == 0) return add_choices(s, name, values);
    const json_t *const third = json_array_get(values, 2);
    struct range range = {.low = json_number_value(json_array_get(values, 0)),
                          .high = json_number_value(json_array_get(values, 1))};
    if (strcmp(kind, "randint") == 0) { /* its upper end does not belong to it */
        range.is_int = true;
        range.high -= 1;
    } else if (strcmp(kind, "quniform") == 0) {
        range.step = json_number_value(third);
    } else if (strcmp(kind, "loguniform") == 0 || strcmp(kind, "qloguniform") == 0) {
        range.log = true;
    } else if (strcmp(kind, "uniform") != 0) {
        return unknown_kind(s, name, kind);
    }
    return add_range(s, name, range);
}

static bool nni_params(struct sweep *s, const json_t *root)
{
    const char *key;
    const json_t *of;
    json_object_foreach((json_t *)(uintptr_t)root, key, of)
    {
        if (!nni_param(s, key, of)) return false;
    }
    return true;
}

/* ── Hydra ─────────────────────────────────────────────────────────────────────────────────────*/

enum { ARGUMENTS_MAX = 100, ARGUMENT_BYTES_MAX = 200 };

struct call { /* interval(1, 8), or a bare list with the name "" */
    char name[16];
    size_t n;
    char arguments[ARGUMENTS_MAX][ARGUMENT_BYTES_MAX];
};

/* Splits at the commas outside brackets and quotes; false: too much, or not closed. */
static bool split_arguments(const char *text, size_t len, struct call *call)
{
    int depth = 0;
    char quote = '\0';
    size_t from = 0;
    call->n = 0;
    for (size_t i = 0; i <= len; i++) {
        const char c = i < len ? text[i] : ',';
        const bool is_end = i == len || (c == ',' && depth == 0 && !quote);
        if (!is_end) {
            if (quote) {
                if (c == quote) quote = '\0';
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else {
                depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
            }
            continue;
        }
        size_t end = i;
        while (from < end && text[from] == ' ')
            from++;
        while (end > from && text[end - 1] == ' ')
            end--;
        if (call->n == ARGUMENTS_MAX || end - from >= ARGUMENT_BYTES_MAX) return false;
        char *const argument = call->arguments[call->n++];
        memcpy(argument, text + from, end - from);
        argument[end - from] = '\0';
        from = i + 1;
    }
    return depth == 0 && !quote;
}

static bool read_call(const char *text, struct call *call)
{
    const size_t len = strlen(text);
    const size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    call->name[0] = '\0';
    if (word > 0 && word < sizeof call->name && text[word] == '(' && text[len - 1] == ')') {
        memcpy(call->name, text, word);
        call->name[word] = '\0';
        return split_arguments(text + word + 1, len - word - 2, call);
    }
    return split_arguments(text, len, call);
}

/* One of a list: a number, true, null, 'text' or text. */
static json_t *hydra_scalar(const char *text)
{
    const size_t len = strlen(text);
    double x;
    int64_t whole;
    if (len > 1 && (text[0] == '\'' || text[0] == '"') && text[len - 1] == text[0]) {
        return json_stringn(text + 1, len - 2);
    }
    if (strcmp(text, "null") == 0) return json_null();
    if (strcmp(text, "true") == 0) return json_true();
    if (strcmp(text, "false") == 0) return json_false();
    if (dln_num_parse_int(text, len, &whole)) return json_integer(whole);
    if (dln_num_parse(text, len, &x) && isfinite(x)) return json_real(x);
    return json_string(text);
}

static bool hydra_choices(struct sweep *s, const char *name, const struct call *call)
{
    json_t *const list = json_array();
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < call->n; i++)
        ok = json_array_append_new(list, hydra_scalar(call->arguments[i])) == 0;
    ok = ok ? add_choices(s, name, list) : no_memory(s);
    json_decref(list);
    return ok;
}

static bool hydra_range(struct sweep *s, const char *name, const struct call *call, bool log)
{
    struct range range = {.log = log, .is_int = strcmp(call->name, "range") == 0};
    double numbers[3] = {(double)NAN, (double)NAN, 1};
    for (size_t i = 0; i < call->n && i < 3; i++) {
        const char *const text = call->arguments[i];
        int64_t whole;
        if (!dln_num_parse(text, strlen(text), &numbers[i])) numbers[i] = (double)NAN;
        range.is_int = range.is_int && dln_num_parse_int(text, strlen(text), &whole);
    }
    if (call->n < 2 || call->n > 3 || !(numbers[2] > 0)) {
        return dln_fail(s->err, DLN_INVALID, "'%.80s': %s needs two numbers", name, call->name);
    }
    range.low = numbers[0];
    range.high = numbers[1];
    if (strcmp(call->name, "range") == 0 && !log) range.step = numbers[2];
    return add_range(s, name, range);
}

static bool hydra_param(struct sweep *s, const char *name, const json_t *of)
{
    const char *text = json_string_value(of);
    struct call call;
    bool log = false, is_int = false;
    if (!text) { /* one value, or a list */
        json_t *const one =
            json_is_array(of) ? json_incref((json_t *)(uintptr_t)of) : json_pack("[O]", of);
        const bool ok = one ? add_choices(s, name, one) : no_memory(s);
        json_decref(one);
        return ok;
    }
    bool ok = read_call(text, &call);
    while (ok && ((strcmp(call.name, "tag") == 0 && call.n == 2) ||
                  (strcmp(call.name, "int") == 0 && call.n == 1))) {
        char inner[ARGUMENT_BYTES_MAX];
        (void)snprintf(inner, sizeof inner, "%s", call.arguments[call.n - 1]);
        if (call.n == 2 && strcmp(call.arguments[0], "log") == 0) log = true;
        if (call.n == 1) is_int = true;
        ok = read_call(inner, &call);
    }
    if (!ok) return dln_fail(s->err, DLN_INVALID, "'%.80s' is not closed, or too long", name);
    if (!call.name[0] || strcmp(call.name, "choice") == 0) return hydra_choices(s, name, &call);
    if (strcmp(call.name, "interval") != 0 && strcmp(call.name, "range") != 0) {
        return dln_fail(s->err, DLN_UNSUPPORTED,
                        "'%.80s' is drawn by '%s', which a study file cannot say: give it as "
                        "interval, range or choice",
                        name, call.name);
    }
    if (!hydra_range(s, name, &call, log)) return false;
    struct dln_param *const param = &s->space->params[s->space->n - 1];
    if (is_int && param->kind == DLN_PARAM_FLOAT) {
        param->kind = DLN_PARAM_INT;
        param->step = param->step > 0 ? param->step : 1;
    }
    return true;
}

static bool hydra_params(struct sweep *s, const json_t *params)
{
    const char *key;
    const json_t *of;
    json_object_foreach((json_t *)(uintptr_t)params, key, of)
    {
        if (!hydra_param(s, key + strspn(key, "+"), of)) return false;
    }
    return true;
}

/* ── the file ──────────────────────────────────────────────────────────────────────────────────*/

static json_t *read_file(const char *path, struct dln_error *err)
{
    FILE *const file = fopen(path, "rb");
    if (!file) {
        const int why = errno;
        dln_fail_errno(err, why, "open '%s'", path);
        if (why == ENOENT) err->code = DLN_NOT_FOUND;
        return NULL;
    }
    struct dln_strbuf text = {0};
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0 && text.len < SWEEP_BYTES_MAX)
        dln_strbuf_add_len(&text, bytes, n);
    fclose(file);
    json_t *root = NULL;
    if (!dln_json_read(dln_strbuf_text(&text), text.len, &root, NULL)) {
        root = read_yaml(dln_strbuf_text(&text), text.len);
    }
    dln_strbuf_release(&text);
    if (!root || !json_is_object(root)) {
        json_decref(root);
        dln_fail(err, DLN_INVALID,
                 "'%s' is neither a sweep of Weights & Biases or Hydra nor a search space "
                 "of NNI",
                 path);
        return NULL;
    }
    return root;
}

bool import_sweep(const char *path, struct dln_arena *arena, struct import_sweep *out,
                  struct dln_error *err)
{
    json_t *const root = read_file(path, err);
    if (!root) return false;
    *out = (struct import_sweep){.space.params =
                                     DLN_ARENA_ARRAY(arena, struct dln_param, DLN_SPACE_MAX)};
    struct sweep sweep = {.arena = arena, .space = &out->space, .err = err};
    const json_t *const params = json_object_get(root, "parameters");
    const json_t *const metric = json_object_get(root, "metric");
    const json_t *const sweeper = json_object_get(json_object_get(root, "hydra"), "sweeper");
    const json_t *const hydra = json_object_get(sweeper, "params");
    const char *const goal = json_string_value(sweeper ? json_object_get(sweeper, "direction")
                                                       : json_object_get(metric, "goal"));
    const char *const name = json_string_value(json_object_get(metric, "name"));
    const char *const program = json_string_value(json_object_get(root, "program"));
    bool ok = out->space.params || no_memory(&sweep);
    ok = ok && (hydra    ? hydra_params(&sweep, hydra)
                : params ? wandb_params(&sweep, params, NULL, 0)
                         : nni_params(&sweep, root));
    if (ok && out->space.n == 0) ok = dln_fail(err, DLN_INVALID, "'%s' has no parameters", path);
    if (ok && name) out->metric = dln_arena_copy(arena, name);
    if (ok && program) out->program = dln_arena_copy(arena, program);
    out->maximize = goal && strcmp(goal, "maximize") == 0;
    json_decref(root);
    return ok || dln_wrap(err, "%s", path);
}
