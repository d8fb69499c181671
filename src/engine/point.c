#include "engine/point.h"

#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"

static bool same_scalar(const struct dln_scalar *choice, const json_t *value)
{
    switch (choice->kind) {
    case DLN_SCALAR_NULL: return json_is_null(value);
    case DLN_SCALAR_BOOL: return json_is_boolean(value) && json_is_true(value) == choice->truth;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_REAL:
        return json_is_number(value) && json_number_value(value) == choice->number;
    case DLN_SCALAR_TEXT:
        return json_is_string(value) && strcmp(json_string_value(value), choice->text) == 0;
    case DLN_SCALAR_JSON: break;
    }
    return false;
}

/* A JSON value as a parameter's x; text is read as if a person had typed it. */
static bool read_value(const struct dln_param *param, const json_t *value, bool anywhere, double *x,
                       struct dln_error *err)
{
    char number[DLN_NUM_TEXT_MAX];
    for (size_t i = 0; i < param->n_choices; i++) {
        if (!same_scalar(&param->choices[i], value)) continue;
        *x = (double)i;
        return true;
    }
    const char *text = json_string_value(value);
    if (!text && json_is_number(value)) {
        (void)dln_num_short(json_number_value(value), number);
        text = number;
    }
    if (!text) return dln_fail(err, DLN_INVALID, "'%.100s' cannot have this value", param->name);
    struct dln_error why = {0};
    if (!dln_param_parse(param, text, x, &why)) {
        const bool is_wrong = why.code == DLN_USAGE; /* for whoever typed it */
        return dln_fail(err, is_wrong ? DLN_INVALID : why.code, "%s", why.text);
    }
    if (anywhere || dln_param_contains(param, *x)) return true;
    char low[DLN_NUM_TEXT_MAX];
    char high[DLN_NUM_TEXT_MAX];
    (void)dln_num_short(param->low, low);
    (void)dln_num_short(param->high, high);
    return dln_fail(err, DLN_INVALID,
                    "'%.100s' cannot be %.100s: it is outside the space%s%s%s%s%s", param->name,
                    text, param->step > 0 ? " (in steps from " : " (", low, " to ", high, ")");
}

static bool read_params(const struct dln_space *space, json_t *params, bool anywhere, double *x,
                        struct dln_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(params, name, value)
    {
        const size_t i = dln_space_find(space, name);
        if (i == SIZE_MAX)
            return dln_fail(err, DLN_INVALID, "no parameter is named '%.100s'", name);
        if (!read_value(&space->params[i], value, anywhere, &x[i], err)) return false;
    }
    return true;
}

/* Values that contradict the space's own constraints are refused while they are complete. */
static bool is_allowed(const struct dln_space *space, const double *x, struct dln_error *err)
{
    size_t broken = 0;
    double *copy = calloc(space->n + 1, sizeof *copy);
    if (!copy) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (space->n > 0) memcpy(copy, x, space->n * sizeof *x);
    const bool ok = !dln_space_activate(space, copy) || dln_space_allows(space, copy, &broken);
    free(copy);
    if (ok) return true;
    return dln_fail(err, DLN_INVALID, "the values break the constraint '%.200s'",
                    space->constraints[broken].text);
}

bool dln_point_read(const struct dln_space *space, json_t *params, double *x, struct dln_error *err)
{
    return read_params(space, params, false, x, err) && is_allowed(space, x, err);
}

bool dln_point_read_anywhere(const struct dln_space *space, json_t *params, double *x,
                             struct dln_error *err)
{
    return read_params(space, params, true, x, err);
}
