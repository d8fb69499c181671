#include "engine/point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"

/* ── read ──────────────────────────────────────────────────────────────────────────────────────*/

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
static bool read_value(const struct dln_param *param, const json_t *value, double *x,
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
    if (!dln_param_parse(param, text, x, err)) return dln_wrap(err, "'%.100s'", param->name);
    if (dln_param_contains(param, *x)) return true;
    return dln_fail(err, DLN_INVALID, "'%.100s' cannot be %.100s: it is outside the space",
                    param->name, text);
}

static bool read_params(const struct dln_space *space, json_t *params, double *x,
                        struct dln_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(params, name, value)
    {
        const size_t i = dln_space_find(space, name);
        if (i == SIZE_MAX)
            return dln_fail(err, DLN_INVALID, "no parameter is named '%.100s'", name);
        if (!read_value(&space->params[i], value, &x[i], err)) return false;
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
    return read_params(space, params, x, err) && is_allowed(space, x, err);
}

/* ── complete ──────────────────────────────────────────────────────────────────────────────────*/

bool dln_point_complete(dln_proposer *proposer, const struct dln_space *space, int64_t number,
                        const double *x, int64_t budget_trials, double *whole,
                        struct dln_new_trial *out, struct dln_error *err)
{
    if (space->n > 0) memcpy(whole, x, space->n * sizeof *x);
    *out = (struct dln_new_trial){.x = whole,
                                  .strategy = "enqueued",
                                  .why = "values given by hand",
                                  .predicted_mean = (double)NAN,
                                  .predicted_sd = (double)NAN};
    if (dln_space_activate(space, whole)) return true;

    struct dln_error why = {0};
    struct dln_proposal proposal;
    if (dln_proposer_ask(proposer, number, x, budget_trials, &proposal, &why)) {
        out->x = proposal.x;
        out->why = proposal.why;
        out->memo = proposal.memo;
        out->predicted_mean = proposal.mean;
        out->predicted_sd = proposal.sd;
        return true;
    }
    if (why.code != DLN_EXHAUSTED) return dln_fail(err, why.code, "%s", why.text);
    dln_space_initial(space, whole);
    for (size_t i = 0; i < space->n; i++) {
        if (!isnan(x[i])) whole[i] = x[i];
    }
    (void)dln_space_activate(space, whole);
    return true;
}

/* ── known ─────────────────────────────────────────────────────────────────────────────────────*/

const struct dln_view_trial *dln_point_known(const struct dln_study *study,
                                             const struct dln_history_view *view, const double *x)
{
    if (study->duplicates != DLN_DUPLICATES_REUSE || study->n_limits > 0) return NULL;
    for (size_t i = 0; i < view->n; i++) {
        const struct dln_view_trial *trial = &view->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || trial->loss[0] != trial->loss[0]) continue;
        if (dln_space_same(&study->space, trial->x, x)) return trial;
    }
    return NULL;
}
